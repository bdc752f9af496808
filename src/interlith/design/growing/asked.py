"""What is known of a film on its host: energies, misfit, layer, stiffness, islands, each as sure as it was declared?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.facets import Indices, checked_hkl, mesh
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError
from interlith.physics.stiffness import Elastic, absent, elastic, known
from interlith.units import convert, parse

Array = NDArray[np.float64]
Text = str | float | Sequence[str | float] | Uncertain
Phase = str | Path | Structure

#: Surface energy of the film where none is declared (J/m^2): the span in which calculated energies of oxide surfaces mostly
#: lie. An assumption of ours, said beside every size that rests on it.
ASSUMED_SURFACE = "0.5-1.5 J/m^2"
#: Angle between island sides and base where none is declared (deg): from (111) to {110}, and from (111) to {100} or (100) to
#: {111}, the angles between the low-index faces of cubic crystals.
ASSUMED_ANGLE = "35.3-54.7 deg"


@dataclass(frozen=True)
class Asked:
    """The declared inputs of a growth mode.

    Parameters
    ----------
    host, film
        Names.
    facet, film_facet
        Facet of the host, and that of the film upon it.
    inputs
        Name -> declared number: some of ``gain``, ``host surface energy``, ``film surface energy``, ``interface energy``,
        ``later gain``, ``elastic cost`` (J/m^2), ``misfit`` (1), ``layer spacing`` (angstrom), ``facet angle`` (deg),
        ``relaxed share`` (1), ``network energy`` (J/m^2).
    reference
        Misfit at which the elastic cost holds; nan where there is none.
    strain
        Declared strain tensor in the plane, shape (2, 2), or `None`.
    row, normal, along
        Stiffness, and facet normal and x of the strain in its axes; `None` where no stiffness is known.
    burgers, beta, lambda_
        Of misfit dislocations (angstrom, deg, deg); burgers nan where not declared.
    assumed, rounded
        Inputs that nobody declared, and those of which only the rounding is known.
    notes
        Sentences that must stand beside the answer.
    """

    host: str
    film: str
    facet: Indices
    film_facet: Indices
    inputs: Mapping[str, Uncertain]
    reference: float
    strain: Array | None
    row: Elastic | None
    normal: Array | None
    along: Array | None
    burgers: float
    beta: float
    lambda_: float
    assumed: tuple[str, ...] = ()
    rounded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    structures: tuple[Structure, ...] = field(default=())

    @property
    def where(self) -> str:
        """Film on host, as sentences name it."""
        return f"{self.film} on {self.host} ({plane(self.facet)})"


def plane(hkl: Indices) -> str:
    """Miller indices without brackets, ``111``; apart where one has two digits or a sign: ``1 -1 0``."""
    words = [str(index) for index in hkl]
    return ("" if all(len(word) == 1 for word in words) else " ").join(words)


class Reader:
    """Collects declared numbers and what is known of them."""

    def __init__(self) -> None:
        self.inputs: dict[str, Uncertain] = {}
        self.rounded: list[str] = []
        self.assumed: list[str] = []

    def read(
        self,
        name: str,
        text: Text | None,
        unit: str,
        *,
        positive: bool = True,
        default: Text | None = None,
        rounds: bool = True,
    ) -> None:
        """Read an input where it is given, or take what is assumed of it."""
        if text is None:
            if default is None:
                return
            self.assumed.append(name)
            text = default
        given = uncertain(text, unit, f"the {name}", positive=positive)
        half = _rounding(text, unit) if given.shape == "exact" and given.value != 0 and rounds else 0.0
        if half > 0 and math.isnan(given.std):
            self.rounded.append(name)
            given = Uncertain(given.value, half / math.sqrt(3), unit, given.value - half, given.value + half, "uniform")
        self.inputs[name] = given


def _rounding(text: Text, unit: str) -> float:
    """Half the last printed digit, in `unit`; 0 for a bare number, which has no printed digits."""
    if not isinstance(text, str):
        return 0.0
    found = parse(text)
    return found.resolution / 2 * abs(convert(1.0, found.unit, unit) - convert(0.0, found.unit, unit))


def split_cost(text: Text) -> tuple[Text, float]:
    """``"0.16 J/m^2 at 5 %"`` -> the energy, and the strain (1) at which it holds; nan where none stands there.

    Raises
    ------
    StudyError
        If the strain is not one.
    """
    if not isinstance(text, str) or " at " not in text:
        return text, math.nan
    energy, _, strain = text.partition(" at ")
    value = uncertain(strain, "1", "the strain of the elastic cost").value
    if not 0 < value < 1:
        raise StudyError(
            f"The elastic cost holds at a strain of {strain}; write one between 0 and 100 %, such as 'at 5 %'."
        )
    return energy, value


def structure_of(source: Phase) -> tuple[str, Structure | None]:
    """Name and structure; a name of which no structure is known stands for itself."""
    if isinstance(source, str) and not source.endswith(".cif"):
        try:
            found = phase(source)
        except StudyError:
            return source, None
        return found.name or source, found
    found = phase(source)
    return found.name, found


def read_stiffness(
    film: str,
    structure: Structure | None,
    film_facet: Indices,
    source: str | Mapping[str, Any] | None,
    plane_of: ArrayLike | None,
) -> tuple[Elastic | None, Array | None, Array | None, tuple[str, ...]]:
    """Stiffness of a film, the normal of its facet and x of the facet in the axes of the stiffness; and notes.

    Raises
    ------
    StudyError
        If the stiffness asked for is not known, or the facet cannot be found in its axes.
    """
    row = known(film) if source is None else elastic(source)
    if row is None:
        where = absent().get(film, "no row in the table of stiffness")
        return None, None, None, (f"No stiffness of {film} was declared or tabulated ({where}).",)
    facet = film_facet if plane_of is None else checked_hkl(plane_of, what="The facet in the axes of the stiffness")
    name = row.name.removesuffix("_computed")
    notes: tuple[str, ...] = (f"Stiffness of {row.words}.",)
    if name not in (film, "declared constants"):
        notes = (f"The stiffness of {name} stands for that of {film}.", *notes)
    if row.crystal_class == "isotropic":
        return row, np.array([0.0, 0.0, 1.0]), None, notes
    cubic = structure is None or (structure.cell.alpha == structure.cell.beta == structure.cell.gamma == 90.0)
    if row.crystal_class == "cubic" and (plane_of is not None or cubic):
        return row, np.asarray(facet, dtype=float), None, notes
    if structure is None or row.crystal_class == "cubic":
        raise StudyError(
            f"The stiffness of {row.name} is that of a {row.crystal_class} crystal; facet ({plane(facet)}) of {film} cannot be "
            "placed in its axes without "
            + (
                "stiffness_facet, the same plane in cubic axes."
                if row.crystal_class == "cubic"
                else f"the structure of {film}; give its CIF as film."
            )
        )
    axes = _axes(structure) if row.along_c else np.eye(3)
    found = mesh(structure, facet)
    return row, axes @ found.normal, axes @ found.vectors[0], notes


def _axes(structure: Structure) -> Array:
    """Rows: axes with z along c and y in the plane of b and c, in those with x along a."""
    vectors = structure.cell.vectors
    z = vectors[2] / np.linalg.norm(vectors[2])
    y = vectors[1] - (vectors[1] @ z) * z
    y = y / np.linalg.norm(y)
    return np.array([np.cross(y, z), y, z])


def layer_spacing(structure: Structure | None, film: str, film_facet: Indices, given: Text | None) -> Text:
    """Thickness of one layer (angstrom): as declared, else one repeat of the lattice along the normal.

    Raises
    ------
    StudyError
        If neither is known.
    """
    if given is not None:
        return given
    if structure is None:
        raise StudyError(
            f"How thick one layer of {film} is follows from its structure; give a CIF as film, or layer_spacing such as "
            "'3.88 angstrom'."
        )
    return mesh(structure, film_facet).spacing
