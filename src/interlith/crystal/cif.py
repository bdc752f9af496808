"""What does a CIF say?

A CIF is data: symmetry operations are parsed, nothing in the file is ever executed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith.crystal.cell import Cell, cell_of
from interlith.crystal.checks import doubts
from interlith.crystal.elements import symbols
from interlith.crystal.groups import Group, group_of_operations, named_group
from interlith.crystal.structure import Site, Structure
from interlith.errors import ReadError, StudyError

if TYPE_CHECKING:
    import gemmi

#: A CIF of one crystal structure is text of some kB; with structure factors some MB.
LARGEST_BYTES = 20_000_000
MOST_SITES = 5_000
_CELL = ("a", "b", "c"), ("alpha", "beta", "gamma")
_OPERATIONS = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_NAMES = ("_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M")
_HALLS = ("_space_group_name_Hall", "_symmetry_space_group_name_Hall")
_NUMBERS = ("_space_group_IT_number", "_symmetry_Int_Tables_number")
_NUMBER = re.compile(r"^(?P<value>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\((?P<std>\d+)\))?$")
_TYPE = re.compile(r"^(?P<isotope>\d{1,3})?(?P<element>[A-Za-z]{1,2})(?P<charge>\d*\.?\d*[+-]|[+-]\d*)?")
_DOTTED = re.compile(r"^(\s*_\w+)\.(\w)", re.MULTILINE)
_SYSTEM = ("_space_group_IT_coordinate_system_code", "_symmetry_IT_coordinate_system_code")
_TENSOR = ("11", "22", "33", "12", "13", "23")
#: B = 8 pi^2 U.
_B_OVER_U = 8 * math.pi**2


def read_cif(path: str | Path, *, block: str | None = None) -> Structure:
    """Read a structure from a CIF.

    Parameters
    ----------
    path
        The file.
    block
        Name of the data block where several hold a structure.

    Raises
    ------
    ReadError
        If the file is no CIF, holds no structure or several, or contradicts itself.
    """
    file = Path(path)
    if not file.is_file():
        raise ReadError(f"There is no file {file}; give the path of a CIF.")
    size = file.stat().st_size
    if size > LARGEST_BYTES:
        raise ReadError(f"{file.name} has {size:,} bytes; a CIF of a structure has less than {LARGEST_BYTES:,}.")
    return parse_cif(file.read_bytes().decode("utf-8", errors="replace"), name=file.stem, where=file.name, block=block)


def parse_cif(text: str, *, name: str = "", where: str = "the CIF", block: str | None = None) -> Structure:
    """Read a structure from the text of a CIF; `name` is that of the phase, `where` stands in messages.

    Raises
    ------
    ReadError
        As `read_cif`.
    """
    from gemmi import cif

    try:
        document = cif.read_string(_undotted(text))
    except (ValueError, RuntimeError) as error:
        words = str(error).splitlines()[0] if str(error) else "it cannot be parsed"
        raise ReadError(f"{where} is not a CIF that can be read: {words}.") from error
    chosen = _chosen([one for one in document if one.find_loop("_atom_site_fract_x")], where, block)
    cell = _cell(chosen, where)
    group, notes = _group(chosen, where)
    sites = _sites(chosen, where)
    source = _source(chosen)
    try:
        structure = Structure(
            name or chosen.name, cell, sites, group.rotations, group.translations, group.symbol, group.number, source,
            _one(chosen, ("_cell_formula_units_Z",), where) or 0.0, notes,
        )  # fmt: skip
    except StudyError as error:
        raise ReadError(f"{where}: {error}") from error
    object.__setattr__(structure, "notes", (*notes, *_unknown_occupancies(chosen), *doubts(structure)))
    return structure


def _undotted(text: str) -> str:
    """Newer dictionaries write ``_cell.length_a`` for ``_cell_length_a``; both mean the same."""
    return _DOTTED.sub(r"\1_\2", text) if "_atom_site.fract_x" in text else text


def _chosen(blocks: list[gemmi.cif.Block], where: str, name: str | None) -> gemmi.cif.Block:
    names = ", ".join(one.name for one in blocks)
    if name is not None:
        for one in blocks:
            if one.name == name:
                return one
        raise ReadError(f"{where} has no structure in a block '{name}'; blocks with atoms: {names or 'none'}.")
    if not blocks:
        raise ReadError(f"{where} holds no atom positions (_atom_site_fract_x); it is no crystal structure.")
    if len(blocks) > 1:
        raise ReadError(f"{where} holds {len(blocks)} structures ({names}); say which with `block`.")
    return blocks[0]


def _value(text: str) -> tuple[float, float]:
    """A CIF number and its standard uncertainty; nan for ``?`` and ``.``."""
    found = _NUMBER.match(text.strip().strip("'\""))
    if found is None:
        return math.nan, math.nan
    number = float(found["value"])
    if found["std"] is None:
        return number, math.nan
    decimals = len(found["value"].lower().partition("e")[0].partition(".")[2])
    power = int(found["value"].lower().partition("e")[2] or 0)
    return number, int(found["std"]) * 10.0 ** (power - decimals)


def _one(block: gemmi.cif.Block, tags: Iterable[str], where: str) -> float | None:
    for tag in tags:
        text = block.find_value(tag)
        if text is not None and text not in ("?", "."):
            value, _ = _value(text)
            if not math.isfinite(value):
                raise ReadError(f"{where}: {tag} is {text[:40]}, which is no number.")
            return value
    return None


def _cell(block: gemmi.cif.Block, where: str) -> Cell:
    values, stds = [], []
    for kind, words in zip(("length", "angle"), _CELL, strict=True):
        for word in words:
            text = block.find_value(f"_cell_{kind}_{word}")
            value, std = _value(text) if text is not None else (math.nan, math.nan)
            if not math.isfinite(value):
                said = "is missing" if text is None else f"is {text[:40]}, which is no number"
                raise ReadError(f"{where}: _cell_{kind}_{word} {said}.")
            values.append(value)
            stds.append(std)
    try:
        return cell_of(values, stds)
    except StudyError as error:
        raise ReadError(f"{where}: {error}") from error


def _group(block: gemmi.cif.Block, where: str) -> tuple[Group, tuple[str, ...]]:
    """The operations as listed, else those of the group as named."""
    named = None
    codes = [(block.find_value(tag) or "").strip("'\" ").upper() for tag in _SYSTEM]
    system = next((code for code in codes if code in ("1", "2", "H", "R")), "")
    for tags in (_HALLS, _NAMES, _NUMBERS):
        for tag in tags:
            text = (block.find_value(tag) or "").strip().strip("'\"").strip()
            if named is None and text not in ("", "?", "."):
                named = named_group(text, system)
    for tag in _OPERATIONS:
        column = block.find_loop(tag)
        listed = [row.strip("'\"") for row in column] if column else []
        single = block.find_value(tag)
        if not listed and single is not None:
            listed = [single.strip("'\"")]
        if listed:
            return group_of_operations(listed, named, where)
    if named is None:
        raise ReadError(
            f"{where} names no space group that is known and lists no symmetry operations; add "
            "_space_group_name_H-M_alt or _space_group_symop_operation_xyz."
        )
    return named, named.notes


def _sites(block: gemmi.cif.Block, where: str) -> tuple[Site, ...]:
    tags = [
        "_atom_site_label", "?_atom_site_type_symbol", "_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z",
        "?_atom_site_occupancy", "?_atom_site_U_iso_or_equiv", "?_atom_site_B_iso_or_equiv", "?_atom_site_Wyckoff_symbol",
    ]  # fmt: skip
    table = block.find(tags)
    if len(table) == 0:
        raise ReadError(
            f"{where} lists no atoms with label and position; _atom_site_label and _fract_x, _y, _z are needed."
        )
    if len(table) > MOST_SITES:
        raise ReadError(f"{where} lists {len(table):,} sites; at most {MOST_SITES:,} are read.")
    tensors = _tensors(block)
    numbers = _oxidation_numbers(block)
    return tuple(_site([row.get(place) for place in range(len(tags))], tensors, numbers, where) for row in table)


def _unknown_occupancies(block: gemmi.cif.Block) -> tuple[str, ...]:
    """An occupancy that is left out is 1 by the dictionary; one that is marked as unknown is 1 by our guess only."""
    table = block.find(["_atom_site_label", "_atom_site_occupancy"])
    labels = [row[0].strip("'\"") for row in table if row[1].strip("'\"") == "?"]
    return (f"The occupancy of {', '.join(labels)} is unknown (?); 1 was taken.",) if labels else ()


def _site(cells: list[Any], tensors: dict[str, tuple[float, ...]], numbers: dict[str, float], where: str) -> Site:
    label, kind, x, y, z, occupancy, u, b, letter = (None if cell is None else str(cell).strip("'\"") for cell in cells)
    label = label or "?"
    place = [_value(text or "") for text in (x, y, z)]
    if not all(math.isfinite(value) and abs(value) < 100 for value, _ in place):
        raise ReadError(f"{where}, site {label}: the position {x} {y} {z} is not three numbers in units of the cell.")
    element, isotope, charge = _kind(kind or label, where, label)
    filled = (1.0, math.nan) if occupancy in (None, "?", ".") else _value(occupancy or "")
    if not math.isfinite(filled[0]):
        raise ReadError(f"{where}, site {label}: the occupancy '{occupancy}' is no number.")
    u_iso = _value(u or "")[0]
    if not math.isfinite(u_iso):
        u_iso = _value(b or "")[0] / _B_OVER_U
    tensor = tensors.get(label)
    return Site(
        label, element, (place[0][0], place[1][0], place[2][0]), filled[0],
        charge if charge is not None else numbers.get(kind or ""), isotope, u_iso,
        None if tensor is None else (tensor[0], tensor[1], tensor[2], tensor[3], tensor[4], tensor[5]),
        "" if letter in (None, "?", ".") else str(letter)[-1:], 0, (place[0][1], place[1][1], place[2][1]), filled[1],
    )  # fmt: skip


def _kind(word: str, where: str, label: str) -> tuple[str, int | None, float | None]:
    """Element, isotope and charge of a type symbol such as ``La3+``, ``7Li``, ``O2-`` or of a label such as ``Mn1``."""
    found = _TYPE.match(word)
    known = symbols()
    if found is not None:
        letters = found["element"]
        for length in (2, 1):
            spelt = letters[:1].upper() + letters[1:length].lower()
            if len(letters) >= length and spelt in known:
                if spelt == "D":
                    return "H", 2, None
                whole = length == len(letters)
                isotope = int(found["isotope"]) if found["isotope"] else None
                return spelt, isotope, _charge(found["charge"]) if whole else None
    raise ReadError(f"{where}, site {label}: '{word}' names no chemical element.")


def _charge(text: str | None) -> float | None:
    if not text:
        return None
    sign = -1.0 if "-" in text else 1.0
    digits = text.strip("+-")
    return sign * (float(digits) if digits else 1.0)


def _oxidation_numbers(block: gemmi.cif.Block) -> dict[str, float]:
    table = block.find(["_atom_type_symbol", "_atom_type_oxidation_number"])
    found = {row[0].strip("'\""): _value(row[1])[0] for row in table}
    return {symbol: number for symbol, number in found.items() if math.isfinite(number)}


def _tensors(block: gemmi.cif.Block) -> dict[str, tuple[float, ...]]:
    """Anisotropic displacements by label: U as given, or from B."""
    for kind, scale in (("U", 1.0), ("B", 1 / _B_OVER_U)):
        table = block.find(["_atom_site_aniso_label", *(f"_atom_site_aniso_{kind}_{place}" for place in _TENSOR)])
        found = {row[0].strip("'\""): tuple(scale * _value(row[place])[0] for place in range(1, 7)) for row in table}
        found = {label: values for label, values in found.items() if all(map(math.isfinite, values))}
        if found:
            return found
    return {}


def _source(block: gemmi.cif.Block) -> str:
    parts = []
    for tag, words in (
        ("_journal_paper_doi", "doi {}"), ("_citation_doi", "doi {}"), ("_cod_database_code", "COD {}"),
        ("_database_code_ICSD", "ICSD {}"), ("_interlith_source", "{}"),
    ):  # fmt: skip
        text = (block.find_value(tag) or "").strip().strip("'\";").strip()
        if text not in ("", "?", "."):
            parts.append(words.format(" ".join(text.split())[:500]))
    return "; ".join(parts)
