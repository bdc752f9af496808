"""What do the designs say that `study.yaml` asks for under ``design:``?

design:
  - coverage: {structure: LNMO.cif, facet: [1, 1, 1], shape: octahedron, edge: 176 nm, element: La}
  - registry: {host: LNMO.cif, film: LaTMO3.cif, miller: 1}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from interlith.errors import InterlithError, StudyError
from interlith.model import Statement
from interlith.workbench.declaring.study_file import designs, read_study_file
from interlith.workbench.running.asked import Entries, check_entries

Failures = list[tuple[str, str]]


@cache
def functions() -> Mapping[str, Callable[..., Statement]]:
    """Design -> the function of `interlith.design`."""
    from interlith import design

    return {name: getattr(design, name) for name in design.FROM_STRUCTURES}


def check_designs(entries: Entries) -> None:
    """Refuse an unknown or missing option before anything runs.

    Raises
    ------
    StudyError
        As `interlith.workbench.running.asked.check_entries`.
    """
    check_entries("design", entries, functions())


def designed(entries: Entries, folder: Path) -> tuple[list[Statement], Failures]:
    """Every design that a study asks for, and those that could not be made with the reason.

    Parameters
    ----------
    entries
        Name and options of each.
    folder
        Of the study: CIFs that it names are looked for there before shipped ones.
    """
    made: list[Statement] = []
    failures: Failures = []
    for name, options in entries:
        try:
            made.append(functions()[name](**{word: _located(value, folder) for word, value in options.items()}))
        except InterlithError as error:
            failures.append((f"design, {name} of {_subject(options)}", str(error)))
    return made, failures


@dataclass(frozen=True, slots=True)
class Designed:
    """Answers to a study file: its `name`, the `answers` in order, and `failures` as (entry, reason)."""

    name: str
    answers: tuple[Statement, ...]
    failures: tuple[tuple[str, str], ...]


def design(source: str | Path) -> Designed:
    """The designs of a study file alone: it needs no raw files and no `measurements.csv`.

    Parameters
    ----------
    source
        `study.yaml`, another file with the same words, or the folder that holds it.

    Raises
    ------
    StudyError
        If the file is missing or wrong, or asks for no design.
    """
    path = Path(source)
    path = path / "study.yaml" if path.is_dir() else path
    words = read_study_file(path)
    entries = designs(words)
    if not entries:
        raise StudyError(
            f"{path.name} asks for no design; write under `design:` for instance "
            "'- coverage: {structure: LNMO.cif, facet: [1, 1, 1], shape: octahedron, edge: 176 nm, element: La}'."
        )
    check_designs(entries)
    answers, failures = designed(entries, path.parent)
    return Designed(words.study, tuple(answers), tuple(failures))


def _located(value: Any, folder: Path) -> Any:
    """The path of a CIF that lies in the study's folder; everything else as it is."""
    if isinstance(value, str) and value.endswith(".cif") and (folder / value).is_file():
        return str(folder / value)
    return value


def _subject(options: Mapping[str, Any]) -> str:
    named = [str(options[word]) for word in ("structure", "host", "film") if word in options]
    return " and ".join(named) or "the study"
