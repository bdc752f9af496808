"""What is known of one way to lay a film on a host?"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.cell import Cell
from interlith.crystal.facets import Indices, Mesh
from interlith.crystal.structure import Structure
from interlith.design.matching.faces import direction_text, face_text, uncentred
from interlith.design.matching.strain import Strain, along_and_across, dislocations, strain_of
from interlith.numerics.coincidence import sum_lattice, whole_multiple

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shared:
    """Anions that fall on each other.

    Parameters
    ----------
    share
        Pairs within the tolerance for each anion of the denser layer, 0 to 1.
    host_layer, film_layer
        Indices of the layers (`interlith.crystal.facets.layers`) that were overlaid.
    shift
        Shift of the film on the host (angstrom, axes of the host's facet), shape (2,).
    pairs, host_count, film_count
        Anions of the common cell that meet, and in each layer.
    """

    share: float
    host_layer: int
    film_layer: int
    shift: tuple[float, float]
    pairs: float
    host_count: float
    film_count: float


def _index(matrix: Integers) -> int:
    (a, b), (c, d) = matrix.tolist()
    return abs(int(a * d - b * c))


@dataclass(frozen=True, eq=False)
class Match:
    """A common cell of a host and a film face.

    Parameters
    ----------
    host, film
        The crystals.
    host_mesh, film_mesh
        Meshes of their faces; the film is laid on with its normal up, but turned over where `hand` is -1.
    host_matrix, film_matrix
        Edges of the common cell in units of the mesh vectors, shape (2, 2).
    mapped
        Map of row vectors from the axes of the film's face to those of the host's, shape (2, 2).
    hand, variants
        As in `interlith.numerics.coincidence.Coincidences`.
    multiple
        1 for the smallest common cell of this map; n for a cell that holds it n times.
    shared
        Anions that fall on each other; `None` where they were not looked at.
    """

    host: Structure
    film: Structure
    host_mesh: Mesh
    film_mesh: Mesh
    host_matrix: Integers
    film_matrix: Integers
    mapped: Array
    hand: int = 1
    variants: int = 1
    multiple: int = 1
    shared: Shared | None = field(default=None)

    @property
    def host_hkl(self) -> Indices:
        """Face of the host."""
        return self.host_mesh.hkl

    @property
    def film_hkl(self) -> Indices:
        """Face of the film."""
        return self.film_mesh.hkl

    @property
    def name(self) -> str:
        """``film (111) || host (111)``."""
        return (
            f"{self.film.name} {face_text(self.film_hkl)} || {self.host.name} {face_text(self.host_hkl)}, "
            f"{self.host_count}:{self.film_count} at {abs(self.angle):.4g} deg{', turned over' if self.hand < 0 else ''}"
        )

    @cached_property
    def host_count(self) -> int:
        """Host meshes in the common cell."""
        return _index(self.host_matrix)

    @cached_property
    def film_count(self) -> int:
        """Film meshes in the common cell."""
        return _index(self.film_matrix)

    @cached_property
    def conventional(self) -> tuple[int, int]:
        """Numbers of meshes without centring of host and film in the smallest multiple that holds whole ones of both."""
        onto = (uncentred(self.host_mesh), uncentred(self.film_mesh))
        if all(np.array_equal(one, np.eye(2)) for one in onto):
            return self.host_count, self.film_count
        form = whole_multiple(self.host_matrix, onto[0], self.film_matrix, onto[1])
        times = abs(round(float(np.linalg.det(form))))
        sizes = [abs(round(float(np.linalg.det(one)))) for one in onto]
        return times * self.host_count // sizes[0], times * self.film_count // sizes[1]

    @property
    def area(self) -> float:
        """Area of the common cell on the host (angstrom^2)."""
        return self.host_count * self.host_mesh.area

    @property
    def film_area(self) -> float:
        """Area of the same cell of the film before it is strained (angstrom^2)."""
        return self.film_count * self.film_mesh.area

    @cached_property
    def strain(self) -> Strain:
        """Strain of the film."""
        return strain_of(self.mapped)

    @property
    def misfit(self) -> float:
        """Largest principal misfit, without sign: what the search is bounded by."""
        return float(np.abs(self.strain.principal).max())

    @cached_property
    def root_mean_square(self) -> float:
        """Root mean square of the two principal misfits: what matches are ranked by."""
        return float(np.sqrt(np.mean(self.strain.principal**2)))

    @property
    def angle(self) -> float:
        """Rotation (deg) from the x axis of the film's face to that of the host's, right-handed about the host's normal."""
        mirror = np.diag([1.0, self.hand])
        turned = mirror @ self.mapped
        angle = np.degrees(np.arctan2(turned[0, 1] - turned[1, 0], turned[0, 0] + turned[1, 1]))
        return float(round(angle, 9)) + 0.0

    @cached_property
    def cell(self) -> Array:
        """Edges of the common cell in the axes of the host's face (angstrom), shape (2, 2)."""
        return np.asarray(self.host_matrix @ self.host_mesh.in_plane)

    @property
    def directions(self) -> tuple[str, str]:
        """Lattice directions of host and film along the first edge of the common cell."""
        return (
            direction_text(self.host_matrix[0] @ self.host_mesh.indices),
            direction_text(self.film_matrix[0] @ self.film_mesh.indices),
        )

    @cached_property
    def along_and_across(self) -> tuple[float, float, float]:
        """Misfit along the first edge of the common cell, across it, and shear (rad)."""
        return along_and_across(self.film_matrix[0] @ self.film_mesh.in_plane, self.strain)

    @cached_property
    def shifts(self) -> Array:
        """Shortest translations that keep the pattern of both lattices, axes of the host's face (angstrom), shape (2, 2)."""
        (a, b), (c, d) = self.film_matrix.tolist()
        size = a * d - b * c
        numerator = np.array([[d, -b], [-c, a]]) @ self.host_matrix * (1 if size > 0 else -1)
        return np.asarray(sum_lattice(numerator, abs(size)) / abs(size) @ self.host_mesh.in_plane)

    @property
    def dislocations(self) -> tuple[Array, Array]:
        """Burgers vectors and spacings (angstrom) for the two principal misfits; see `strain.dislocations`."""
        turned = self.strain.directions @ self.mapped
        turned = turned / np.linalg.norm(turned, axis=1)[:, None]
        return dislocations(self.shifts, self.strain.principal, turned)

    def edges_for(self, host: Cell, film: Cell) -> tuple[Array, Array]:
        """Edges of the same common cell for other lattice parameters (angstrom), host and film, shape (2, 3) each."""
        return (
            np.asarray(self.host_matrix @ self.host_mesh.indices @ host.vectors),
            np.asarray(self.film_matrix @ self.film_mesh.indices @ film.vectors),
        )

    def principal_for(self, host: Cell, film: Cell) -> Array:
        """Principal misfits for other lattice parameters, the larger first, shape (2,): to carry their uncertainty along."""
        on, onto = self.edges_for(host, film)
        ratios = np.linalg.eigvals(np.linalg.solve(onto @ onto.T, on @ on.T)).real
        return np.asarray(np.sort(np.sqrt(ratios))[::-1] - 1)

    def misfits_for(self, host: Cell, film: Cell) -> tuple[float, float]:
        """Misfits along and across the first edge for other lattice parameters."""
        lengths, areas = [], []
        for pair in self.edges_for(host, film):
            lengths.append(float(np.linalg.norm(pair[0])))
            areas.append(float(np.linalg.norm(np.cross(pair[0], pair[1]))))
        along = lengths[0] / lengths[1]
        return along - 1, areas[0] / areas[1] / along - 1

    def row(self) -> dict[str, Any]:
        """The match as a row of a table."""
        first, second = self.strain.principal
        along, across, _ = self.along_and_across
        _, spacing = self.dislocations
        hosts, films = self.conventional
        return {
            "host_face": face_text(self.host_hkl), "film_face": face_text(self.film_hkl),
            "host_meshes": self.host_count, "film_meshes": self.film_count, "conventional": f"{hosts}:{films}",
            "multiple": self.multiple, "area": self.area, "film_area": self.film_area, "misfit": self.misfit,
            "misfit_rms": self.root_mean_square, "misfit_1": float(first), "misfit_2": float(second),
            "misfit_along": along, "misfit_across": across, "rotation": self.angle,
            "host_direction": self.directions[0], "film_direction": self.directions[1],
            "turned_over": self.hand < 0, "variants": self.variants,
            "shared_anions": None if self.shared is None else self.shared.share,
            "dislocation_spacing_1": float(spacing[0]), "dislocation_spacing_2": float(spacing[1]),
        }  # fmt: skip
