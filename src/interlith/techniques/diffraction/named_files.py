"""Which crystal does an option name: one that is shipped, a file of the study, or a path in a notebook?

A study hands over the text of each file that it names (``{file: name, text: ...}``), so that no step opens a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from interlith.crystal.cif import parse_cif
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.errors import StudyError


def file_of(value: Any) -> tuple[str, str] | None:
    """Name and text of a file that a study handed over, else `None`."""
    if isinstance(value, Mapping) and value.keys() == {"file", "text"}:
        return str(value["file"]), str(value["text"])
    return None


def crystal(value: Any, *, name: str = "") -> Structure:
    """The structure behind a word of an option.

    Parameters
    ----------
    value
        A structure, the name of a shipped one, a path, or a file of the study.
    name
        Of the phase; by default that of the file.

    Raises
    ------
    StudyError, ReadError
        If there is none, or the file is no CIF of a structure.
    """
    given = file_of(value)
    if given is not None:
        file, text = given
        return parse_cif(text, name=name or Path(file).stem, where=file)
    if not isinstance(value, (str, Path, Structure)):
        raise StudyError(f"A phase is '{value}'; name a CIF or a shipped structure, such as LNMO.cif.")
    return phase(value)


def crystals(value: Any, what: str) -> dict[str, Structure]:
    """Structures by the name of their phase: a list of files, or names with a file each.

    Parameters
    ----------
    value
        ``[LNMO.cif, LaNiO3.cif]`` or ``{spinel: LNMO.cif}``.
    what
        The word, for messages.

    Raises
    ------
    StudyError
        If two have one name, or it is neither a list nor a mapping.
    ReadError
        As `crystal`.
    """
    if isinstance(value, Mapping) and file_of(value) is None:
        return {str(name): crystal(one, name=str(name)) for name, one in value.items()}
    listed = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    found: dict[str, Structure] = {}
    for one in listed:
        structure = crystal(one)
        if structure.name in found:
            raise StudyError(f"{what} holds two phases named {structure.name}; give each a name, {{name: file}}.")
        found[structure.name] = structure
    if not found:
        raise StudyError(f"{what} is empty; name a CIF or a shipped structure.")
    return found


def shown(value: Any) -> Any:
    """A word for people: names of files in place of their texts."""
    given = file_of(value)
    if given is not None:
        return given[0]
    if isinstance(value, Mapping):
        return {name: shown(one) for name, one in value.items()}
    return [shown(one) for one in value] if isinstance(value, (list, tuple)) else value
