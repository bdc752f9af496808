"""What is a coating phase made of, and how thick is a closed shell of so much of it?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.elements import atomic_mass, checked_symbol
from interlith.crystal.phases import phase
from interlith.crystal.shapes import Shape
from interlith.crystal.structure import Structure
from interlith.design.covering.densities import cell_inputs, cell_name, exponents
from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

#: Avogadro's number times 1e-21, atoms per nm^3 for 1 mol/cm^3: exact since 2019 (SI Brochure, 9th ed.).
PER_CM3 = 602.214076
#: Input that is a declared density.
DENSITY = "density of the coating"
_PART = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d*)?|\.\d+)?")
#: Newton's steps from above converge quadratically; a thickness of the size of the particle takes six.
_STEPS = 60


@dataclass(frozen=True)
class Coating:
    """A coating phase.

    Parameters
    ----------
    name
        Short name or formula.
    mass
        For each atom of the element (g/mol).
    volume
        For each atom of the element (nm^3).
    inputs, powers
        Inputs that the volume rests on, and the power by which it goes with each of them.
    labels
        Input -> source of its component where it is not declared here.
    words
        What it rests on.
    """

    name: str
    mass: float
    volume: float
    inputs: Mapping[str, Uncertain] = field(default_factory=dict)
    powers: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    words: str = ""

    @property
    def density(self) -> float:
        """(g/cm^3)."""
        return self.mass / (self.volume * PER_CM3)


def read_coating(
    given: str | Path | Structure | Mapping[str, Any], element: str, *, folder: Path | None = None
) -> tuple[Coating, Structure | None]:
    """Read a coating phase.

    Parameters
    ----------
    given
        A structure, a CIF or the name of a shipped one; or ``{"formula": "Li3ScF6", "density": "2.6 g/cm^3"}``.
    element
        Whose atoms are counted.
    folder
        Where relative paths begin.

    Raises
    ------
    StudyError, UnitError, ReadError
        If it cannot be read, or does not hold the element.
    """
    if isinstance(given, Mapping):
        return _declared(given, element), None
    structure = phase(given, folder=folder)
    count = structure.composition.get(element, 0.0)
    _holds(count, element, structure.name, structure.composition)
    known = cell_inputs(structure)
    powers = exponents(structure, lambda cell: cell.volume)
    names = {name: cell_name(structure, name) for name in powers}
    made = Coating(
        structure.name, structure.mass / count, structure.cell.volume / 1000.0 / count,
        {names[name]: known[name] for name in powers}, {names[name]: power for name, power in powers.items()},
        {full: f"calibration:{structure.name} {name}" for name, full in names.items()},
        f"{structure.name} ({structure.formula}, {structure.density:.3g} g/cm^3 from its cell)",
    )  # fmt: skip
    return made, structure


def _declared(given: Mapping[str, Any], element: str) -> Coating:
    for name in given:
        if name not in ("formula", "density"):
            raise StudyError(f"coating has '{name}'; {nearest(str(name), ('formula', 'density'))}.")
    if not {"formula", "density"} <= set(given):
        raise StudyError(
            "A coating without structure needs formula and density, such as {formula: Li3ScF6, density: 2.6 g/cm^3}."
        )
    formula = str(given["formula"])
    atoms = composition_of(formula)
    count = atoms.get(element, 0.0)
    _holds(count, element, formula, atoms)
    density = uncertain(given["density"], "g/cm^3", "the density of the coating")
    mass = math.fsum(number * atomic_mass(symbol) for symbol, number in atoms.items()) / count
    volume = mass / density.value / PER_CM3
    return Coating(
        formula, mass, volume, {DENSITY: density}, {DENSITY: -1.0}, {}, f"{formula} of {density.value:.4g} g/cm^3"
    )


def _holds(count: float, element: str, name: str, atoms: Mapping[str, float]) -> None:
    if not count > 0:
        raise StudyError(f"The coating {name} holds no {element}; name an element that it has: {', '.join(atoms)}.")


def composition_of(formula: str) -> dict[str, float]:
    """Element -> atoms from a formula without brackets, ``Li3ScF6``, ``LaNi0.5Mn0.5O3``.

    Raises
    ------
    StudyError
        If it is none.
    """
    parts = _PART.findall(formula)
    if not parts or "".join(symbol + count for symbol, count in parts) != formula:
        raise StudyError(f"'{formula}' is no formula; write elements and numbers without brackets, such as Li3ScF6.")
    atoms: dict[str, float] = {}
    for symbol, count in parts:
        name = checked_symbol(symbol)
        atoms[name] = atoms.get(name, 0.0) + (float(count) if count else 1.0)
    return atoms


@dataclass(frozen=True)
class Shell:
    """A closed shell around particles of one shape: its volume for each of them is a t + m t^2 + c t^3.

    Parameters
    ----------
    volume, area, curvature, cubic
        Of the particle: volume V, surface a, m and c; in units in which the shape is given.
    words
        Which shell.
    """

    volume: float
    area: float
    curvature: float
    cubic: float
    words: str

    def ratio(self, thickness: ArrayLike, scale: ArrayLike, moments: tuple[Array, Array, Array] | None = None) -> Array:
        """Volume of shell over volume of particles.

        Parameters
        ----------
        thickness
            (nm), shape (n,) or a number.
        scale
            Nanometres for each unit of the shape, of the declared size.
        moments
            Means of the first, second and third power of size over declared size (default 1: one size).
        """
        t = np.asarray(thickness, dtype=float) / np.asarray(scale, dtype=float)
        first, second, third = moments or (np.ones(1), np.ones(1), np.ones(1))
        found = self.area * second * t + self.curvature * first * t**2 + self.cubic * t**3
        return np.asarray(found / (self.volume * third))

    def thickness(self, ratio: ArrayLike, scale: ArrayLike, moments: tuple[Array, Array, Array] | None = None) -> Array:
        """Thickness (nm) at which volume of shell over volume of particles is `ratio`; the same on particles of all sizes."""
        first, second, third = moments or (np.ones(1), np.ones(1), np.ones(1))
        wanted = np.asarray(ratio, dtype=float) * self.volume * third
        a, m = self.area * second, self.curvature * first
        # The left side is convex and rises from 0: from the thin-film value Newton's steps fall onto the root.
        t = wanted / a
        for _ in range(_STEPS):
            step = (((self.cubic * t + m) * t + a) * t - wanted) / ((3 * self.cubic * t + 2 * m) * t + a)
            t = t - step
            if bool((np.abs(step) <= 1e-14 * np.abs(t)).all()):
                break
        return np.asarray(t * np.asarray(scale, dtype=float))


def rounded_shell(shape: Shape) -> Shell:
    """All points outside of the particle that are no further from it than the thickness; round over edges and corners."""
    return Shell(
        shape.volume, shape.area, shape.curvature, 4.0 / 3.0 * math.pi,
        "no point further from the particle than the thickness, round over its edges",
    )  # fmt: skip


def faceted_shell(shape: Shape) -> Shell:
    """The shell that grows with all faces outwards and stays sharp at edges and corners.

    Raises
    ------
    StudyError
        If faces meet in another way once they have moved, so that no one formula holds.
    """
    words = "every face moved outwards by the thickness, sharp at its edges"
    if shape.body is None:
        return Shell(shape.volume, shape.area, shape.curvature, 4.0 / 3.0 * math.pi, words)
    from interlith.numerics.polyhedra import polyhedron

    _, lengths, angles = shape.body.edges
    used = shape.body.areas > 0
    corners = polyhedron(shape.body.normals[used], 1.0).volume
    made = Shell(shape.volume, shape.area, float(lengths @ np.tan(angles / 2)), corners, words)
    for step in (0.01, 0.3):
        t = step * shape.body.inradius
        grown = shape.body.moved(t).volume
        if not math.isclose(shape.volume * (1 + float(made.ratio(t, 1.0)[0])), grown, rel_tol=1e-9):
            raise StudyError(
                f"The faces of the {shape.name} meet in another way once a shell has grown; ask for shell: rounded."
            )
    return made
