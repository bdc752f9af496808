"""Whose raw file did another program evaluate?"""

from __future__ import annotations

from pathlib import Path

from interlith.model import Sample, Study
from interlith.workbench.reading import digest


def owner_of(raw: str, study: Study | None, path: Path) -> tuple[Sample, str]:
    """The specimen of an evaluation and the digest of its raw file; a stand-in named after the file, and nothing, if unknown.

    Parameters
    ----------
    raw
        Name of the raw file as the program states it; empty where it does not.
    study
        Where the raw file may belong to a specimen.
    path
        Of the results.
    """
    if raw and study is not None:
        wanted = raw.casefold()
        named = [item for item in study.measurements if item.source.path.rpartition("/")[2].casefold() == wanted]
        if len({item.source.sha256 for item in named}) == 1:
            return named[0].sample, named[0].source.sha256
    stem = Path(raw).stem if raw else path.stem
    beside = path.parent / raw if raw else None
    found = digest(beside) if study is None and beside is not None and beside.is_file() else ""
    return Sample(stem, variant=stem), found
