"""How is a film strained that is laid on its host, what does that cost, and how far apart are the dislocations that relax it?

Axes are those of the facet of the film: x along the first vector of its mesh, z along its normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.numerics.coincidence import gauss_reduced
from interlith.physics.elasticity import check_stable, in_plane, plane_stress, rotate

Array = NDArray[np.float64]

#: GPa angstrom in J/m^2: 1e9 Pa times 1e-10 m.
_GPA_ANGSTROM = 0.1
#: Below this misfit two lattices are the same within any lattice parameter, and no dislocations are asked for.
NO_MISFIT = 1e-6


@dataclass(frozen=True, eq=False)
class Strain:
    """Strain of a film in the plane.

    Parameters
    ----------
    stretch
        Right stretch tensor U in the axes of the film's facet, symmetric, shape (2, 2): what is left of the map when its
        rotation is taken off.
    """

    stretch: Array

    @property
    def small(self) -> Array:
        """U - 1 (engineering strain without rotation), shape (2, 2): what a misfit of 5 % means."""
        return self.stretch - np.eye(2)

    @property
    def green_lagrange(self) -> Array:
        """(U^2 - 1) / 2, shape (2, 2)."""
        return (self.stretch @ self.stretch - np.eye(2)) / 2

    @property
    def hencky(self) -> Array:
        """ln U (true strain), shape (2, 2)."""
        values, vectors = np.linalg.eigh(self.stretch)
        return np.asarray(vectors @ np.diag(np.log(values)) @ vectors.T)

    @cached_property
    def principal(self) -> Array:
        """Principal misfits of the film, (host - film) / film, the larger first, shape (2,)."""
        return np.asarray(np.linalg.eigvalsh(self.stretch)[::-1] - 1)

    @property
    def directions(self) -> Array:
        """Unit vectors (rows) along which the principal misfits lie, before the rotation onto the host, shape (2, 2)."""
        return np.asarray(np.linalg.eigh(self.stretch)[1][:, ::-1].T)

    @property
    def area(self) -> float:
        """Change of area, relative."""
        return float(np.linalg.det(self.stretch) - 1)


def strain_of(mapped: ArrayLike) -> Strain:
    """Strain of a map of row vectors, film frame to host frame, shape (2, 2)."""
    gradient = np.asarray(mapped, dtype=float)
    values, vectors = np.linalg.eigh(gradient @ gradient.T)
    return Strain(np.asarray(vectors @ np.diag(np.sqrt(values)) @ vectors.T))


def along_and_across(film_edge: ArrayLike, strain: Strain) -> tuple[float, float, float]:
    """Misfit along a film direction, misfit of the distance between its rows, and the shear between both (rad).

    Parameters
    ----------
    film_edge
        The direction in the axes of the facet, shape (2,).
    strain
        Of the film.
    """
    edge = np.asarray(film_edge, dtype=float)
    along = edge / np.linalg.norm(edge)
    across = np.array([-along[1], along[0]])
    one, two = along @ strain.stretch, across @ strain.stretch
    length = float(np.linalg.norm(one))
    turn = float(np.pi / 2 - np.arccos(np.clip(one @ two / (length * np.linalg.norm(two)), -1, 1)))
    return length - 1, float(np.linalg.det(strain.stretch)) / length - 1, turn


@dataclass(frozen=True, eq=False)
class Elastic:
    """What a strained film stores.

    Parameters
    ----------
    density
        Energy density (GPa, the same as 1e9 J/m^3).
    normal
        Strain along the normal that leaves the surface free of stress.
    layer
        Energy of one repeat along the normal (J/m^2).
    """

    density: float
    normal: float
    layer: float


def elastic(stiffness: ArrayLike, frame: ArrayLike, strain: Strain, spacing: float) -> Elastic:
    """Plane stress in a film with a free surface.

    Parameters
    ----------
    stiffness
        Voigt matrix in the Cartesian axes of the film's cell (GPa), shape (6, 6).
    frame
        Axes of the facet as rows, shape (3, 3).
    strain
        Of the film; the small strain enters.
    spacing
        Height of one repeat (angstrom).

    Raises
    ------
    StudyError
        If the stiffness is none, or not stable.

    Notes
    -----
    Linear elasticity: fails first at misfits of several percent, where the choice of the strain tensor alone moves the energy
    by about as many percent.
    """
    check_stable(stiffness, what="The stiffness of the film")
    reduced = plane_stress(rotate(stiffness, frame))
    values = in_plane((strain.small + strain.small.T) / 2)
    density = float(0.5 * values @ reduced.stiffness @ values)
    return Elastic(density, float((reduced.response @ values)[0]), density * spacing * _GPA_ANGSTROM)


def dislocations(shifts: ArrayLike, misfits: ArrayLike, directions: ArrayLike) -> tuple[Array, Array]:
    """Edge component of the Burgers vector and spacing of the dislocations that take up each principal misfit.

    Parameters
    ----------
    shifts
        Basis of the translations that keep the pattern of both lattices, in the axes of the host (rows; angstrom), shape (2, 2).
    misfits
        Principal misfits of the film, shape (2,).
    directions
        Their directions on the host, unit rows, shape (2, 2).

    Returns
    -------
    Lengths b and spacings b / \\|misfit\\| (angstrom), shape (2,) each; ``inf`` where there is no misfit.

    Notes
    -----
    Burgers vectors are the shortest such translations; of these and their sums the one that lies best along the misfit serves
    it. With the misfit (host - film) / film and b on the host, host and film differ by one b over the spacing. Where a
    coincidence is large its translations are short: the dislocations are then secondary ones, whose energy may be too low
    to see.
    """
    basis = gauss_reduced(np.asarray(shifts, dtype=float)[None])[0][0]
    tried = np.array([(1, 0), (0, 1), (1, 1), (1, -1)]) @ basis
    parts = np.abs(tried @ np.asarray(directions, dtype=float).T)
    values = np.asarray(misfits, dtype=float)
    lengths = np.linalg.norm(tried, axis=1)
    if abs(values[0] - values[1]) < NO_MISFIT:
        # The same along all directions: the shortest translation, whatever its direction.
        edge = np.full(2, lengths.min())
    else:
        best = np.argmax(np.round(parts / lengths[:, None], 6) - 1e-9 * lengths[:, None], axis=0)
        edge = parts[best, [0, 1]]
    with np.errstate(divide="ignore"):
        spacing = np.where(np.abs(values) < NO_MISFIT, np.inf, edge / np.abs(values))
    return edge, spacing
