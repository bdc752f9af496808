"""Which symmetry operations does a space group have, and do listed ones make a group?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

#: gemmi holds translations in this part of a cell edge.
_PARTS = 24
#: What the extension of a symbol means.
_SETTINGS = {"1": "origin 1", "2": "origin 2", "H": "hexagonal axes", "R": "rhombohedral axes"}
#: The largest space group in a conventional cell (F, m-3m) has 192 operations.
MOST_OPERATIONS = 192


@dataclass(frozen=True, slots=True)
class Group:
    """Symmetry operations of a cell with centring: x' = R x + t; shapes (n, 3, 3) and (n, 3)."""

    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]
    symbol: str
    number: int
    notes: tuple[str, ...] = ()


def named_group(name: str, system: str = "") -> Group | None:
    """Group by Hermann-Mauguin symbol, Hall symbol or number; `None` if unknown. `system` is the setting: 1, 2, H or R.

    Notes
    -----
    Where a symbol stands for two origins or for hexagonal and rhombohedral axes and does not say which, the usual one of
    databases is taken (origin 2, hexagonal axes) and a note says so.
    """
    import gemmi

    # 2_1 is a screw axis; elsewhere an underscore stands for a blank.
    plain = " ".join(re.sub(r"(?<=\d)_(?=\d)", "", name).replace("_", " ").split())
    # The library's types promise a group where it returns none.
    found: Any = None
    if plain.isdigit():
        found = gemmi.find_spacegroup_by_number(int(plain)) if 0 < int(plain) <= 230 else None
    if found is None:
        found = gemmi.find_spacegroup_by_name(_respelt(plain), prefer="2H")
    if found is None:
        found = _by_hall(plain) if _looks_like_hall(plain) else None
    if found is None:
        return None
    # A number alone leads to origin 1; databases print structures at the centre of symmetry.
    chosen = (gemmi.find_spacegroup_by_name(found.hm, prefer="2H") or found) if plain.isdigit() else found
    notes: tuple[str, ...] = ()
    if system and chosen.ext in _SETTINGS and ":" not in plain:
        chosen = gemmi.find_spacegroup_by_name(f"{chosen.hm}:{system}") or chosen
    elif chosen.ext in _SETTINGS and ":" not in plain and not _looks_like_hall(plain):
        said = _SETTINGS[chosen.ext]
        notes = (f"The symbol {plain} does not say its setting; {said} taken.",)
    return _group(chosen.operations(), chosen.xhm(), chosen.number, notes)


def _by_hall(symbol: str) -> Any:
    """Entry of the tables for a Hall symbol; `None` where it is none, also where it only looks like one."""
    import gemmi

    try:
        return gemmi.find_spacegroup_by_ops(gemmi.symops_from_hall(symbol))
    except (RuntimeError, ValueError):
        return None


def group_of_operations(listed: Sequence[str], named: Group | None, where: str) -> tuple[Group, tuple[str, ...]]:
    """Group of operations as a CIF lists them: ``x,y,z``, ``-y,x-y,z+1/3``; they win over a name.

    Raises
    ------
    ReadError
        If one cannot be read or together they are no group.
    """
    import gemmi

    if len(listed) > MOST_OPERATIONS:
        raise ReadError(f"{where} lists {len(listed)} symmetry operations; no space group has more than 192.")
    operations = []
    for place, text in enumerate(listed, start=1):
        try:
            operations.append(gemmi.Op(text.lower().replace(" ", "")))
        except (RuntimeError, ValueError) as error:
            raise ReadError(f"{where}: symmetry operation {place}, '{text[:60]}', cannot be read.") from error
    matrices = {(*np.ravel(op.rot), *(part % _PARTS for part in op.tran)) for op in operations}
    rotations = np.array([np.reshape(row[:9], (3, 3)) for row in sorted(matrices)]) // _PARTS
    translations = np.array([row[9:] for row in sorted(matrices)]) / _PARTS
    _check_group(rotations, translations, where)
    found = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(operations))
    symbol, number = (
        (found.xhm(), found.number) if found is not None else ("unnamed setting", named.number if named else 1)
    )
    notes: tuple[str, ...] = ()
    if named is not None and found is not None and named.number != found.number:
        notes = (
            f"The operations are those of {symbol} (number {number}), the name says {named.symbol}; operations taken.",
        )
    return Group(rotations.astype(np.int64), translations, symbol, number), notes


def _check_group(rotations: NDArray[np.int64], translations: NDArray[np.float64], where: str) -> None:
    """A set of operations is a group if every product of two is among them."""
    parts = np.rint(translations * _PARTS).astype(np.int64) % _PARTS
    keys = _keys(rotations, parts)
    if _keys(np.eye(3, dtype=np.int64)[None], np.zeros((1, 3), dtype=np.int64))[0] not in keys:
        raise ReadError(f"{where}: x,y,z is missing from the symmetry operations.")
    products = np.einsum("aij,bjk->abik", rotations, rotations).reshape(-1, 3, 3)
    shifts = (np.einsum("aij,bj->abi", rotations, parts) + parts[:, None, :]).reshape(-1, 3) % _PARTS
    if not np.all(np.isin(_keys(products, shifts), keys)):
        raise ReadError(
            f"{where}: the {len(keys)} symmetry operations are no group (a product of two is missing); the list is "
            "incomplete or wrong."
        )


def _keys(rotations: NDArray[np.int64], parts: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number an operation; entries of a rotation beyond -2 to 2 occur in no group and are kept apart."""
    found = np.zeros(len(rotations), dtype=np.int64)
    for column in np.clip(rotations.reshape(-1, 9), -3, 3).T:
        found = found * 7 + column + 3
    for column in parts.T:
        found = found * _PARTS + column
    return found


def _group(operations: object, symbol: str, number: int, notes: tuple[str, ...]) -> Group:
    pairs = [(op.rot, op.tran) for op in operations]  # type: ignore[attr-defined]
    rotations = np.array([rotation for rotation, _ in pairs], dtype=np.int64) // _PARTS
    translations = (np.array([translation for _, translation in pairs]) % _PARTS) / _PARTS
    return Group(rotations, translations, symbol, number, notes)


def _looks_like_hall(name: str) -> bool:
    # A Hall symbol begins with a centring letter and holds rotation numbers, often with quotes or a minus before the letter.
    first, _, rest = name.partition(" ")
    return (first.lstrip("-") in tuple("PABCIRSTF") and bool(rest) and any(mark in rest for mark in "'\"=*(")) or first[
        :1
    ] == "-"


def _respelt(name: str) -> str:
    """Databases mark the origin by a last letter (S, Z) and axes by H or R: ``F d -3 m Z`` -> ``F d -3 m:2``."""
    for letter, tag in (("S", ":1"), ("Z", ":2"), ("H", ":H"), ("R", ":R")):
        if name.endswith((f" {letter}", f":{letter.lower()}", f" :{letter}")):
            return name[:-2].rstrip(" :") + tag
    return name.replace(" :", ":")
