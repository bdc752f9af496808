"""Which public real files does `interlith demo --real` run on, and how do they become a study?

Nothing here is simulated; the module stands beside the simulator because both write the study of a demo.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from interlith.errors import MissingDependency, ReadError
from interlith.simulate.declarations import measurements_text

Progress = Callable[[int, int, str], None]
#: Where a local mirror of the example data lies; nothing is downloaded then.
MIRROR_VARIABLE = "INTERLITH_DATA"
_RAW = "raw"


@dataclass(frozen=True, slots=True)
class RealFile:
    """A public file: its path in a mirror, where it comes from, its digest and licence, and what it shows."""

    file: str
    repository: str
    commit: str
    path: str
    sha256: str
    bytes: int
    licence: str
    variant: str
    note: str

    @property
    def name(self) -> str:
        """File name without folders."""
        return self.file.rpartition("/")[2]

    @property
    def url(self) -> str:
        """Address of exactly this version."""
        return f"https://raw.githubusercontent.com/{self.repository}/{self.commit}/{self.path}"


@dataclass(frozen=True, slots=True)
class RealDemo:
    """A study over real files: its folder, the copied files, where they were taken from."""

    folder: Path
    files: tuple[RealFile, ...]
    mirror: Path | None


def real_files() -> tuple[RealFile, ...]:
    """The files of the demo, from ``reference/real_files.toml``."""
    text = (files("interlith.reference") / "real_files.toml").read_text(encoding="utf-8")
    return tuple(RealFile(**entry) for entry in tomllib.loads(text)["file"])


def write_real_demo(
    folder: str | Path, *, mirror: str | Path | None = None, progress: Progress | None = None
) -> RealDemo:
    """Copy or fetch the real files into a folder and declare a study over them.

    Parameters
    ----------
    folder
        Made if needed.
    mirror
        Folder that holds the files under the paths of ``real_files.toml``; by default that of the environment variable
        ``INTERLITH_DATA``. Without either, the files are fetched once from their public repositories by pooch.
    progress
        Called as ``progress(done, total, name)`` after each file.

    Raises
    ------
    ReadError
        If a file is missing in the mirror, cannot be fetched, or differs from the recorded digest.

    Notes
    -----
    No masses, areas or cell kinds are published with these files, so none are declared: capacities stay in mAh and the
    report lists what is missing. The cells are different devices; nothing is compared.
    """
    root = Path(folder)
    (root / _RAW).mkdir(parents=True, exist_ok=True)
    source = mirror or os.environ.get(MIRROR_VARIABLE) or None
    place = Path(source) if source is not None else None
    wanted = real_files()
    for number, item in enumerate(wanted):
        found = _from_mirror(item, place) if place is not None else _fetch(item)
        _check_digest(item, found)
        shutil.copyfile(found, root / _RAW / item.name)
        if progress is not None:
            progress(number + 1, len(wanted), item.name)
    _declare(root, wanted)
    return RealDemo(root, wanted, place)


def _from_mirror(item: RealFile, mirror: Path) -> Path:
    path = mirror / item.file
    if not path.is_file():
        raise ReadError(
            f"The mirror {mirror} (INTERLITH_DATA) has no file {item.file}; complete the mirror, or unset INTERLITH_DATA "
            f"to fetch the file from {item.url}."
        )
    return path


def _fetch(item: RealFile) -> Path:
    try:
        import pooch
    except ImportError as error:
        raise MissingDependency(
            "Fetching the real files needs pooch; install interlith with its dependencies."
        ) from error
    store = pooch.create(
        path=pooch.os_cache("interlith"),
        base_url="",
        registry={item.name: f"sha256:{item.sha256}"},
        urls={item.name: item.url},
    )
    pooch.get_logger().setLevel("WARNING")
    try:
        return Path(store.fetch(item.name))
    except (OSError, ValueError) as error:
        raise ReadError(
            f"{item.url} cannot be fetched ({error}); try again with a connection, or set INTERLITH_DATA to a folder that "
            f"holds {item.file}."
        ) from error


def _check_digest(item: RealFile, path: Path) -> None:
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != item.sha256:
        raise ReadError(
            f"{path} has the SHA-256 {found[:12]}..., but {item.repository} at {item.commit[:12]} holds "
            f"{item.sha256[:12]}...: the file was changed or is incomplete; fetch it again from {item.url}."
        )


def _declare(root: Path, wanted: tuple[RealFile, ...]) -> None:
    samples = "\n".join(f'  {item.variant}: {{note: "{item.note}"}}' for item in wanted)
    (root / "study.yaml").write_text(
        f"""# Public real files; sources and licences stand in sources.txt. Masses, areas and kinds of cell are not published
# with them, so they are not declared here: capacities stay in mAh.
study: Public real cycler files
replication: {{unit: cell}}

samples:
{samples}

cells: {{}}

analyses:
  cycling: {{}}
""",
        encoding="utf-8",
        newline="\n",
    )
    rows = [
        {
            "include": "yes", "file": f"{_RAW}/{item.name}", "technique": "cycling", "sample": item.variant,
            "replicate": "1", "note": item.note,
        }
        for item in wanted
    ]  # fmt: skip
    (root / "measurements.csv").write_text(measurements_text(rows), encoding="utf-8", newline="\n")
    lines = [
        f"{item.name}\n  source:  https://github.com/{item.repository}, commit {item.commit}, {item.path}\n"
        f"  licence: {item.licence}\n  sha256:  {item.sha256}\n"
        for item in wanted
    ]
    (root / "sources.txt").write_text("\n".join(lines), encoding="utf-8", newline="\n")
