"""How many atoms of a crystal lie in a particle, and how many of them in its outermost layer?

Atoms are counted along rows of the lattice: the part of a row inside a convex body is one interval, so that a particle of
ten million atoms costs the time and memory of its cross section only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.numerics.polyhedra import Polyhedron

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Atoms this far (angstrom) outside of a face through lattice planes still lie on it: rounding of positions.
ON_FACE = 1e-4
#: Rows of the lattice treated at once.
_ROWS = 200_000


@dataclass(frozen=True, eq=False)
class Particle:
    """A convex particle cut from a crystal, its axes those of the structure (a along x, b in the xy plane).

    Parameters
    ----------
    structure
        The crystal.
    body
        Faces (angstrom), or the radius of a sphere (angstrom).
    origin
        Point of the crystal at the centre of coordinates, in units of the cell edges, shape (3,).
    """

    structure: Structure
    body: Polyhedron | float
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def count(self, atoms: ArrayLike | None = None) -> Integers:
        """Positions inside, for each atom of the cell (or of `atoms`, indices into ``structure.atoms``), shape (n,)."""
        wanted = _wanted(self.structure, atoms)
        totals = np.zeros(len(wanted), dtype=np.int64)
        for place, low, high, _ in self._rows(wanted):
            np.add.at(totals, place, np.maximum(high - low + 1, 0))
        return totals

    def outer(self, depth: float | ArrayLike, atoms: ArrayLike | None = None) -> Integers:
        """Positions less than `depth` (angstrom) below any face, each once, for each atom, shape (n,).

        Parameters
        ----------
        depth
            One for all faces, or one for each plane of the body; with a little less than the spacing of the planes of a face
            this is its outermost layer.
        atoms
            As in `count`.
        """
        inner: Polyhedron | float
        try:
            if isinstance(self.body, Polyhedron):
                inner = self.body.moved(-np.asarray(depth, dtype=float))
            else:
                inner = self.body - float(np.asarray(depth))
        except ValueError:
            return self.count(atoms)
        if not isinstance(inner, Polyhedron) and inner < 0:
            return self.count(atoms)
        return self.count(atoms) - Particle(self.structure, inner, self.origin).count(atoms)

    def positions(self, atoms: ArrayLike | None = None) -> Iterator[tuple[Integers, Array]]:
        """Blocks of atoms: indices into ``structure.atoms``, shape (n,), and positions (angstrom), shape (n, 3)."""
        wanted = _wanted(self.structure, atoms)
        vectors = self.structure.cell.vectors
        for place, low, high, start in self._rows(wanted):
            counts = np.maximum(high - low + 1, 0)
            row = np.repeat(np.arange(len(place)), counts)
            step = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(low, counts)
            yield wanted[place[row]], start[row] + step[:, None] * vectors[2]

    def _rows(self, wanted: Integers) -> Iterator[tuple[Integers, Integers, Integers, Array]]:
        """Rows along c: place in `wanted`, first and last step inside, and the position at step 0 (angstrom)."""
        vectors = self.structure.cell.vectors
        basis = self.structure.atoms.fractions[wanted] - np.asarray(self.origin)
        bounds = self._bounds()
        first, last = (np.floor(bounds[:, 0]).astype(int) - 2, np.ceil(bounds[:, 1]).astype(int) + 2)
        j = np.arange(first[1], last[1] + 1)
        block = max(1, _ROWS // max(1, len(j) * len(wanted)))
        for start in range(first[0], last[0] + 1, block):
            i = np.arange(start, min(start + block, last[0] + 1))
            grid = np.stack(np.meshgrid(i, j, np.arange(len(wanted)), indexing="ij"), axis=-1).reshape(-1, 3)
            shift = np.stack([grid[:, 0], grid[:, 1], np.zeros(len(grid))], axis=1)
            origin = (basis[grid[:, 2]] + shift) @ vectors
            low, high = self._inside(origin, vectors[2])
            kept = high >= low
            yield grid[kept, 2], low[kept], high[kept], origin[kept]

    def _bounds(self) -> Array:
        """Least and largest coordinate of the particle in units of the cell edges, shape (3, 2)."""
        inverse = np.linalg.inv(self.structure.cell.vectors)
        if isinstance(self.body, Polyhedron):
            corners = self.body.vertices @ inverse
            return np.stack([corners.min(axis=0), corners.max(axis=0)], axis=1)
        reach = self.body * np.linalg.norm(inverse, axis=0)
        return np.stack([-reach, reach], axis=1)

    def _inside(self, origin: Array, step: Array) -> tuple[Integers, Integers]:
        """First and last whole k with origin + k step inside; the last is below the first where none is."""
        if not isinstance(self.body, Polyhedron):
            radius = self.body + ON_FACE
            square = float(step @ step)
            middle = -(origin @ step) / square
            across = np.linalg.norm(origin + middle[:, None] * step, axis=1)
            half = np.sqrt(np.maximum(radius**2 - across**2, 0.0) / square)
            half = np.where(across <= radius, half, -1.0)
            return _whole(middle - half, middle + half)
        low = np.full(len(origin), -np.inf)
        high = np.full(len(origin), np.inf)
        for normal, distance in zip(self.body.normals, self.body.distances, strict=True):
            room = distance + ON_FACE - origin @ normal
            slope = float(step @ normal)
            if abs(slope) < 1e-9 * float(np.linalg.norm(step)):
                high = np.where(room < 0, -np.inf, high)
            elif slope > 0:
                high = np.minimum(high, room / slope)
            else:
                low = np.maximum(low, room / slope)
        return _whole(low, high)


def _whole(low: Array, high: Array) -> tuple[Integers, Integers]:
    empty = ~(high >= low)
    first, last = np.ceil(np.where(empty, 1.0, low)), np.floor(np.where(empty, 0.0, high))
    return first.astype(np.int64), last.astype(np.int64)


def _wanted(structure: Structure, atoms: ArrayLike | None) -> Integers:
    if atoms is None:
        return np.arange(len(structure.atoms))
    found = np.asarray(atoms, dtype=np.int64).ravel()
    if found.size and not (found.min() >= 0 and found.max() < len(structure.atoms)):
        raise StudyError(f"{structure.name} has {len(structure.atoms)} atoms in its cell; indices begin at 0.")
    return found


def expected_count(particle: Particle, atoms: ArrayLike | None = None) -> tuple[Array, Array]:
    """Positions that volume and heights of layers give, and the size of what they leave out, for each atom, shapes (n,).

    Parameters
    ----------
    particle
        A polyhedron whose faces are lattice planes.
    atoms
        As in `Particle.count`.

    Returns
    -------
    counts
        Expected number.
    edges
        Sum over the edges of length times d d' / (v sin angle), with d, d' the spacings of the lattice planes of both faces
        and v the volume of the cell: the positions in one layer of each face that meet at an edge.

    Raises
    ------
    StudyError
        If the particle is a sphere, or a face is no lattice plane.

    Notes
    -----
    A stack of planes of spacing d whose topmost lies by e below a face holds as much as a volume that ends d / 2 above that
    plane: the face adds its area times (d / 2 - e) to the volume of the particle. What is left is the rounding of layers at
    edges: with two sawtooth waves of height 1 / 2 a quarter of `edges` where the layers of both faces are in step, seldom
    more than half of it. Relative to all atoms it falls with the square of the size. Where faces pass through lattice
    points these are the coefficients of Ehrhart's polynomial.

    References
    ----------
    M. Beck, S. Robins, Computing the Continuous Discretely, 2nd ed. (2015), chapters 3 to 5 (10.1007/978-1-4939-2969-6).
    """
    body, structure = particle.body, particle.structure
    if not isinstance(body, Polyhedron):
        raise StudyError(
            "A sphere has no lattice planes as faces; the mean over its places in the crystal is its volume."
        )
    cell = structure.cell
    fractions = structure.atoms.fractions[_wanted(structure, atoms)] - np.asarray(particle.origin)
    spacing = np.array([float(cell.spacing(plane_of(structure, normal))) for normal in body.normals])
    below = (body.distances + ON_FACE - fractions @ cell.vectors @ body.normals.T) % spacing - ON_FACE
    counts = (body.volume + (spacing / 2 - below) @ body.areas) / cell.volume
    pairs, lengths, angles = body.edges
    beside = [
        [place for place, face in enumerate(body.faces) if int(one) in face and int(other) in face]
        for one, other in pairs
    ]
    met = np.array([spacing[first] * spacing[second] for first, second in beside])
    left = float((lengths * met / np.sin(angles)).sum()) / cell.volume
    return counts, np.full(len(counts), left)


def plane_of(structure: Structure, normal: ArrayLike) -> tuple[int, int, int]:
    """Smallest whole indices of the lattice plane with a normal (Cartesian), shape (3,).

    Raises
    ------
    StudyError
        If no indices up to 24 fit.
    """
    along = structure.cell.vectors @ np.asarray(normal, dtype=float)
    along = along / np.abs(along).max()
    for most in range(1, 25):
        whole = np.rint(along * most)
        if float(np.abs(along * most - whole).max()) < 1e-6:
            return (int(whole[0]), int(whole[1]), int(whole[2]))
    raise StudyError(f"No lattice plane of {structure.name} has the normal {np.asarray(normal).tolist()}.")
