"""How large is an ion with so many neighbours, in which spin state?"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

from interlith.errors import StudyError, nearest

Spin = Literal["low", "high"]
Kind = Literal["ionic", "crystal"]

_ION = re.compile(r"^(?P<element>[A-Z][a-z]?)(?P<count>\d*)(?P<sign>[+-])$")
_TURNED = re.compile(r"^(?P<element>[A-Z][a-z]?)(?P<sign>[+-])(?P<count>\d+)$")
#: One step in the coordination number changes a radius by about 0.07 angstrom in Shannon's table and the trend bends: what is
#: read between rows may be off by this part of the step between them. An assumption of ours.
BETWEEN = 0.25


@dataclass(frozen=True, slots=True)
class Radius:
    """The radius of an ion.

    Parameters
    ----------
    value
        Radius (angstrom).
    ion, coordination, spin, kind
        What it is the radius of; spin empty where Shannon tells none apart.
    interpolated
        Sentence on the rows it was read between, empty for a row of the table.
    doubt
        Standard uncertainty of the interpolation (angstrom), 0 for a row of the table.
    """

    value: float
    ion: str
    coordination: int
    spin: str
    kind: Kind
    interpolated: str = ""
    doubt: float = 0.0


def ion_of(element: str, charge: float) -> str:
    """Name of an ion: ``("La", 3)`` -> ``La3+``, ``("Li", 1)`` -> ``Li+``.

    Raises
    ------
    StudyError
        If the charge is zero or no whole number.
    """
    whole = round(charge)
    if whole == 0 or abs(charge - whole) > 1e-6:
        raise StudyError(f"{element} with a charge of {charge:g} is no ion; give a whole number that is not zero.")
    count = "" if abs(whole) == 1 else str(abs(whole))
    return f"{element}{count}{'+' if whole > 0 else '-'}"


def parse_ion(text: str) -> tuple[str, int]:
    """Element and charge of an ion: ``La3+`` or ``La+3`` -> ``("La", 3)``.

    Raises
    ------
    StudyError
        If it names no ion.
    """
    found = _ION.match(text.strip()) or _TURNED.match(text.strip())
    if found is None:
        raise StudyError(f"'{text}' names no ion; write element, number and sign, such as La3+, Li+ or O2-.")
    return found["element"], int(found["count"] or 1) * (1 if found["sign"] == "+" else -1)


@cache
def _document() -> dict[str, Any]:
    text = (resources.files("interlith.reference") / "shannon.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def known_radii(ion: str) -> dict[str, float]:
    """Ionic radii (angstrom) of an ion in the table by its key, such as ``6 high``.

    Raises
    ------
    StudyError
        If the ion is not in it.
    """
    name = ion_of(*parse_ion(ion))
    rows: dict[str, dict[str, float]] = _document()["ionic_radii"]
    if name not in rows:
        element = parse_ion(ion)[0]
        others = [other for other in rows if parse_ion(other)[0] == element]
        told = f"of {element} there are {', '.join(others)}" if others else nearest(name, rows)
        raise StudyError(f"There is no radius of {name} in Shannon's table as it is shipped; {told}.")
    return dict(rows[name])


def usual_spin(ion: str) -> str:
    """The spin state an ion usually has with six neighbours in oxides and halides; empty where none is told apart."""
    return str(_document()["usual_spin"].get(ion_of(*parse_ion(ion)), ""))


def radius(
    ion: str, coordination: int, spin: Spin | None = None, kind: Kind = "ionic", *, interpolate: bool = False
) -> Radius:
    """The radius of an ion after Shannon.

    Parameters
    ----------
    ion
        Such as ``Mn3+``.
    coordination
        Number of neighbours.
    spin
        ``low`` or ``high``; by default the usual one where the table tells them apart.
    kind
        ``ionic``: on the scale on which O2- with six neighbours has 1.40 angstrom; ``crystal``: 0.14 angstrom more for a
        cation and less for an anion.
    interpolate
        Whether a coordination without a row is read between its neighbours in the table; the answer then says so. Nothing is
        extrapolated.

    Raises
    ------
    StudyError
        If there is no such row; the message lists those there are.

    Notes
    -----
    Shannon's radii are averages over many crystals of oxides and fluorides: the assumption that fails first is that the bond
    is as covalent as it is on average there. Planar coordination is not returned unless it is the only one.

    References
    ----------
    R. D. Shannon, Acta Crystallogr. A 32 (1976) 751, 10.1107/S0567739476001551.
    """
    name = ion_of(*parse_ion(ion))
    if kind not in ("ionic", "crystal"):
        raise StudyError(f"'{kind}' is no kind of radius; {nearest(kind, ('ionic', 'crystal'))}.")
    if spin not in (None, "low", "high"):
        raise StudyError(f"'{spin}' is no spin state; {nearest(str(spin), ('low', 'high'))}.")
    rows = known_radii(name)
    shift = float(_document()["crystal_minus_ionic"]) * (0.0 if kind == "ionic" else 1.0)
    shift = shift if parse_ion(name)[1] > 0 else -shift
    exact = _row(rows, coordination, spin or usual_spin(name), asked=spin is not None)
    if exact is not None:
        return Radius(exact[0] + shift, name, coordination, exact[1], kind)
    if interpolate:
        between = _between(rows, coordination, spin or usual_spin(name))
        if between is not None:
            value, doubt, words = between
            return Radius(value + shift, name, coordination, spin or usual_spin(name), kind, words, doubt)
    wanted = f"{coordination} neighbours" + (f" and {spin} spin" if spin else "")
    there = "; ".join(f"{key}: {value:g}" for key, value in rows.items())
    raise StudyError(
        f"Shannon has no radius of {name} with {wanted}; there are (neighbours, spin: angstrom) {there}."
        + ("" if interpolate else " interpolate=True reads between rows.")
    )


def _row(rows: dict[str, float], coordination: int, spin: str, *, asked: bool) -> tuple[float, str] | None:
    """Value and spin of the row that fits; a row without spin serves all, unless a spin was asked for beside others."""
    found: dict[str, float] = {}
    for key, value in rows.items():
        parts = key.split()
        if int(parts[0]) == coordination and "square" not in parts:
            found[parts[-1] if parts[-1] in ("low", "high") else ""] = value
    if spin in found:
        return found[spin], spin
    if "" in found:
        return found[""], ""
    if not asked and len(found) == 1:
        only = next(iter(found))
        return found[only], only
    return None


def _between(rows: dict[str, float], coordination: int, spin: str) -> tuple[float, float, str] | None:
    numbers = sorted({int(key.split()[0]) for key in rows})
    points = {number: _row(rows, number, spin, asked=False) for number in numbers}
    known = {number: found[0] for number, found in points.items() if found is not None}
    below = max((number for number in known if number < coordination), default=None)
    above = min((number for number in known if number > coordination), default=None)
    if below is None or above is None:
        return None
    share = (coordination - below) / (above - below)
    value = known[below] * (1 - share) + known[above] * share
    doubt = BETWEEN * abs(known[above] - known[below])
    words = f"read between {below} ({known[below]:g}) and {above} neighbours ({known[above]:g} angstrom)"
    return value, doubt if math.isfinite(doubt) else 0.0, words
