"""Files that `analyses:` names are part of what is computed: their text stands for their name, and a change changes the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.workbench.declaring.attached import attached, attached_files, briefly

WORDS = {
    "diffraction": {"phases": ["a.cif", "LNMO.cif"], "instrument": {"file": "i.toml"}, "plan": "cell"},
    "cycling": {"mapping": {"current": "a.cif"}},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.cif").write_text("data_a", encoding="utf-8")
    (tmp_path / "i.toml").write_text("[instrument]", encoding="utf-8")
    return tmp_path


def test_a_text_stands_for_the_name_of_each_file_in_the_folder(folder: Path) -> None:
    found = attached(WORDS, folder)
    assert found["diffraction"]["phases"] == [{"file": "a.cif", "text": "data_a"}, "LNMO.cif"]
    assert found["diffraction"]["instrument"] == {"file": {"file": "i.toml", "text": "[instrument]"}}
    assert found["diffraction"]["plan"] == "cell"
    # Words of the reader name columns, not files.
    assert found["cycling"] == WORDS["cycling"]
    assert attached_files(found) == ("a.cif", "i.toml")


def test_a_changed_file_gives_other_words_and_people_see_its_digest(folder: Path) -> None:
    before = attached(WORDS, folder)
    (folder / "a.cif").write_text("data_b", encoding="utf-8")
    after = attached(WORDS, folder)
    assert before != after
    shown = [briefly(one)["diffraction"]["phases"] for one in (before, after)]
    assert all(words[0].startswith("a.cif (sha256 ") and words[1] == "LNMO.cif" for words in shown)
    assert shown[0] != shown[1]
    assert briefly(before, digest=False)["diffraction"]["phases"] == ["a.cif", "LNMO.cif"]


def test_a_file_outside_the_study_is_refused(folder: Path) -> None:
    (folder / "study").mkdir()
    with pytest.raises(StudyError, match=r"phases: '\.\./a\.cif' leaves"):
        attached({"diffraction": {"phases": ["../a.cif"]}}, folder / "study")


def test_what_is_no_text_is_refused(folder: Path) -> None:
    (folder / "a.cif").write_bytes(b"data\0")
    with pytest.raises(StudyError, match="bytes of 0"):
        attached(WORDS, folder)
