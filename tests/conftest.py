"""What every test may use: the folder of real files, found through ``INTERLITH_DATA``, and how examples are drawn.

A change is checked on the same examples everywhere; ``INTERLITH_EXAMPLES=new`` draws others, to look for what nobody thought of.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("new", derandomize=False)
settings.load_profile(os.environ.get("INTERLITH_EXAMPLES", "same"))

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of its own for every test, so that none finds what another computed."""
    folder = tmp_path_factory.mktemp("store")
    monkeypatch.setenv("INTERLITH_STORE", str(folder))
    return folder


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder with the shared real files (``../shared/data`` beside the repository unless ``INTERLITH_DATA`` says else)."""
    folder = Path(os.environ.get("INTERLITH_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "cycling").is_dir():
        pytest.skip(f"the real files are absent: {folder}; set INTERLITH_DATA to the folder that holds 'cycling'")
    return folder


@pytest.fixture(scope="session")
def cycling_folder(data_folder: Path) -> Path:
    """Folder with the real cycler files."""
    return data_folder / "cycling"
