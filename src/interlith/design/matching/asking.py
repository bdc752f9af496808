"""What was asked of a registry, in numbers?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.facets import Indices
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.design.inputs import uncertain
from interlith.design.matching.faces import Miller, face_pairs
from interlith.design.matching.search import check_bounds
from interlith.errors import StudyError
from interlith.physics.elasticity import check_stable, rotate
from interlith.physics.stiffness import elastic

Array = NDArray[np.float64]
Phase = str | Path | Structure
Stiffness = str | Mapping[str, Any] | Array | Sequence[Sequence[float]] | None


@dataclass(frozen=True, eq=False)
class Asked:
    """Crystals, faces and bounds of a search.

    Parameters
    ----------
    host, film, pairs
        Crystals and pairs of faces.
    area, strain, tolerance
        Bounds (angstrom^2, relative) and radius for shared anions (angstrom); `tolerance` is `None` where they are not asked.
    multiples
        Whether multiples of common cells are listed.
    stiffness
        Of the film in the axes of its cell (GPa), shape (6, 6), and words on where it comes from; `None` if not declared.
    detail
        Pair of faces whose best match is spelt out; `None` for the first of the front.
    """

    host: Structure
    film: Structure
    pairs: tuple[tuple[Indices, Indices], ...]
    area: float
    strain: float
    tolerance: float | None
    multiples: bool
    stiffness: tuple[Array, str] | None
    detail: tuple[Indices, Indices] | None


def ask(
    host: Phase, film: Phase, miller: Miller, area: str | float, strain: str | float, tolerance: str | float | None,
    multiples: bool, stiffness: Stiffness, detail: Sequence[Any] | None,
) -> Asked:  # fmt: skip
    """Read what was asked.

    Raises
    ------
    StudyError, UnitError, ReadError
        If it is wrong.
    """
    on, onto = phase(host), phase(film)
    bounds = (
        uncertain(area, "angstrom^2", "the area").value,
        uncertain(strain, "1", "the strain", positive=False).value,
    )
    check_bounds(*bounds)
    radius = None if tolerance is None else uncertain(tolerance, "angstrom", "the tolerance for shared anions").value
    if radius is not None and radius > 1.3:
        raise StudyError(
            f"A tolerance of {radius:g} angstrom lets an anion share with several neighbours; write up to 1.3 angstrom."
        )
    chosen = None if detail is None else face_pairs(on, onto, [detail])[0]
    pairs = face_pairs(on, onto, miller)
    if chosen is not None and chosen not in pairs:
        raise StudyError(
            f"detail names faces {chosen[0]} and {chosen[1]}, which are not among those searched (miller)."
        )
    return Asked(on, onto, pairs, *bounds, radius, bool(multiples), film_stiffness(onto, stiffness), chosen)


def film_stiffness(film: Structure, given: Stiffness) -> tuple[Array, str] | None:
    """Stiffness in the Cartesian axes of the film's cell (GPa), and words.

    Parameters
    ----------
    film
        The crystal.
    given
        A row of the table or constants (`interlith.physics.stiffness.elastic`), or a (6, 6) matrix in the axes of the cell, x
        along a.

    Raises
    ------
    StudyError
        If it is none, or a cubic stiffness is given for a cell without right angles.
    """
    if given is None:
        return None
    if not isinstance(given, (str, Mapping)):
        matrix = np.asarray(given, dtype=float)
        check_stable(matrix, what="The stiffness of the film")
        return matrix, "declared as a matrix"
    row = elastic(given)
    if row.crystal_class == "cubic" and not film.cell.alpha == film.cell.beta == film.cell.gamma == 90.0:
        raise StudyError(
            f"The stiffness of {row.name} is that of a cubic crystal, the cell of {film.name} has other angles; give a matrix of "
            "6 by 6 in its axes (x along a, GPa)."
        )
    if not row.along_c:
        return row.stiffness, row.words
    vectors = film.cell.vectors
    z = vectors[2] / np.linalg.norm(vectors[2])
    y = vectors[1] - (vectors[1] @ z) * z
    y = y / np.linalg.norm(y)
    return np.asarray(rotate(row.stiffness, np.array([np.cross(y, z), y, z]).T)), row.words
