"""Which photoelectron line is meant, with which kinetic energy, and through which materials does it come?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from interlith.crystal.elements import checked_symbol
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.errors import StudyError, nearest
from interlith.physics.attenuation_lengths import Material, material_from, material_of
from interlith.units import convert, parse

#: Orbital -> level of X-ray notation; an orbital without its spin means the stronger line of the pair.
LEVELS = {
    "1s": "K", "2s": "L1", "2p1/2": "L2", "2p3/2": "L3", "3s": "M1", "3p1/2": "M2", "3p3/2": "M3", "3d3/2": "M4", "3d5/2": "M5",
    "4s": "N1", "4p1/2": "N2", "4p3/2": "N3", "4d3/2": "N4", "4d5/2": "N5", "4f5/2": "N6", "4f7/2": "N7", "5s": "O1",
    "5p1/2": "O2", "5p3/2": "O3",
}  # fmt: skip
_STRONGER = {"p": "3/2", "d": "5/2", "f": "7/2"}
_WEAKER = {"3/2": "1/2", "5/2": "3/2", "7/2": "5/2"}
_LINE = re.compile(
    r"^\s*(?P<element>[A-Z][a-z]?)\s*(?P<shell>[1-6])(?P<orbital>[spdf])\s*(?P<spin>[1357]/2)?(?:\s+(?:at\s+)?(?P<energy>[\d.]+)\s*eV)?\s*$"
)
_ANODE = re.compile(r"^\s*(?P<element>[A-Z][a-z]?)\s*(?P<series>[KL])\s*(?:a|alpha|α)1?\s*$")
#: Lines nearer than this (eV) share their intensity in a fit, satellites and backgrounds included.
NEAR = 10.0


@dataclass(frozen=True, slots=True)
class Photoline:
    """A photoelectron line: element, orbital (``3d5/2``), binding and kinetic energy (eV)."""

    element: str
    orbital: str
    binding: float
    kinetic: float

    @property
    def name(self) -> str:
        """``La 3d5/2``."""
        return f"{self.element} {self.orbital}"


def photon_energy(text: str | float) -> float:
    """Energy (eV) of ``Al Ka``, ``Mg Ka``, ``Ag La`` ... or of a number such as ``1486.6 eV``.

    Raises
    ------
    StudyError
        If it is neither.

    References
    ----------
    Characteristic lines: xraydb, after W. T. Elam et al., Radiat. Phys. Chem. 63 (2002) 121, 10.1016/S0969-806X(01)00227-4.
    """
    found = _ANODE.match(text) if isinstance(text, str) else None
    if found is None:
        if isinstance(text, str) and text.strip()[:1].isalpha():
            raise StudyError(f"'{text}' is no X-ray source; write for instance 'Al Ka', 'Ag La' or '1486.6 eV'.")
        given = parse(text, what="the photon energy")
        return given.value if given.unit == "" else convert(given.value, given.unit, "eV")
    import xraydb

    lines = xraydb.xray_lines(checked_symbol(found["element"]), initial_level="K" if found["series"] == "K" else "L3")
    name = f"{found['series']}a1"
    if name not in lines:
        raise StudyError(f"{found['element']} has no line {name}; write the photon energy in eV.")
    return float(lines[name].energy)


def read_line(text: str, photon: float, what: str) -> Photoline:
    """A line by element and orbital, ``La 3d5/2``, ``La 3d`` or, with its measured energy, ``La 3d5/2 at 834.5 eV``.

    Parameters
    ----------
    text
        The line; without an energy the binding energy of the element is taken, which chemistry shifts by a few eV: nothing for
        a kinetic energy of several hundred.
    photon
        Photon energy (eV).
    what
        Words for messages.

    Raises
    ------
    StudyError
        If the words are no line, nothing is known of its energy, or the photons cannot excite it.
    """
    found = _LINE.match(text)
    if found is None:
        raise StudyError(
            f"{what} is '{text}', which is no photoelectron line; write for instance 'La 3d5/2' or 'O 1s at 530 eV'."
        )
    element = checked_symbol(found["element"])
    orbital = found["shell"] + found["orbital"] + (found["spin"] or _STRONGER.get(found["orbital"], ""))
    binding = float(found["energy"]) if found["energy"] else _binding(element, orbital, what)
    if not photon > binding + 1.0:
        raise StudyError(
            f"Photons of {photon:g} eV do not excite {element} {orbital} at {binding:g} eV; take a harder source."
        )
    return Photoline(element, orbital, binding, photon - binding)


def _binding(element: str, orbital: str, what: str) -> float:
    import xraydb

    if orbital not in LEVELS:
        raise StudyError(f"{what}: there is no orbital {orbital}; {nearest(orbital, LEVELS)}.")
    edges = xraydb.xray_edges(element)
    if LEVELS[orbital] not in edges or not edges[LEVELS[orbital]].energy > 0:
        raise StudyError(
            f"{what}: no binding energy of {element} {orbital} is known here; write '{element} {orbital} at ... eV'."
        )
    return float(edges[LEVELS[orbital]].energy)


def overlap(first: Photoline, second: Photoline) -> str:
    """Sentence that two lines, or their spin-orbit partners, lie on each other, or nothing."""
    for one in _pair(first):
        for other in _pair(second):
            if abs(one.binding - other.binding) < NEAR:
                return (
                    f"{one.name} ({one.binding:.0f} eV) lies within {NEAR:g} eV of {other.name} ({other.binding:.0f} eV): the "
                    "measured areas are only as good as their separation, which is not in the uncertainty."
                )
    return ""


def _pair(line: Photoline) -> tuple[Photoline, ...]:
    partner = line.orbital[:2] + _WEAKER[line.orbital[2:]] if line.orbital[2:] in _WEAKER else ""
    if not partner:
        return (line,)
    try:
        split = _binding(line.element, partner, "") - _binding(line.element, line.orbital, "")
    except StudyError:
        return (line,)
    return line, Photoline(line.element, partner, line.binding + split, line.kinetic - split)


def read_material(source: str | Path | Structure, what: str, gap: str | float | None) -> Material:
    """A material: a shipped or given structure, or ``LaMnO3, 6.6 g/cm^3``.

    Raises
    ------
    StudyError
        If it is neither.
    UnitError
        If a density or a gap cannot be read.
    """
    width = 0.0
    if gap is not None:
        given = parse(gap, what=f"the band gap of the {what}")
        width = given.value if given.unit == "" else convert(given.value, given.unit, "eV")
    if isinstance(source, str) and "," in source:
        formula, _, density = source.partition(",")
        value = parse(density, what=f"the density of the {what}")
        return material_from(formula, convert(value.value, value.unit or "g/cm^3", "g/cm^3"), gap=width)
    return material_of(phase(source), gap=width)
