"""Which crystal does a user mean: one that is shipped, a file, or a structure at hand?"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from interlith.crystal.cif import read_cif
from interlith.crystal.structure import Structure
from interlith.errors import StudyError, nearest


@cache
def shipped() -> dict[str, Path]:
    """Structures that come with Interlith: name -> CIF; sources stand in the files."""
    folder = Path(str(resources.files("interlith.reference") / "structures"))
    return {path.stem: path for path in sorted(folder.glob("*.cif"))}


@cache
def shipped_elements(name: str) -> frozenset[str]:
    """Elements of a shipped structure by the list of its atoms, without building the crystal."""
    import gemmi

    symbols = gemmi.cif.read_file(str(shipped()[name])).sole_block().find_values("_atom_site_type_symbol")
    return frozenset(found[0] for one in symbols if (found := re.search(r"[A-Z][a-z]?", one)))


@cache
def entries() -> dict[str, Any]:
    """What is known of the shipped structures: name -> sources, density, distances, and whether all was seen."""
    text = (resources.files("interlith.reference") / "structures.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _shipped_phase(name: str) -> Structure:
    found = read_cif(shipped()[name])
    if entries().get(name, {}).get("checked", True):
        return found
    note = (
        f"Not every number of the shipped structure {name} was seen beside its source; where positions matter, use a CIF of "
        "your own."
    )
    return replace(found, notes=(*found.notes, note))


def phase(source: str | Path | Structure, *, folder: Path | None = None) -> Structure:
    """One crystal structure.

    Parameters
    ----------
    source
        A structure; the path of a CIF, taken from `folder` if it is relative; or the name of a shipped one, ``LNMO`` or
        ``LNMO.cif``. A file wins over a shipped one of the same name.
    folder
        Where relative paths begin (default: the working folder).

    Raises
    ------
    StudyError
        If there is neither a file nor a shipped structure of that name.
    ReadError
        If the file is no CIF of a structure.
    """
    if isinstance(source, Structure):
        return source
    path = Path(source) if folder is None else folder / source
    if path.is_file():
        return read_cif(path)
    name = str(source).removesuffix(".cif")
    if name in shipped():
        return _shipped_phase(name)
    raise StudyError(
        f"There is no file {source}, and no structure of that name is shipped; {nearest(name, shipped())}."
    )


def phases(*sources: str | Path | Structure, folder: Path | None = None) -> tuple[Structure, ...]:
    """Several crystal structures; see `phase`.

    Raises
    ------
    StudyError, ReadError
        As `phase`.
    """
    return tuple(phase(source, folder=folder) for source in sources)
