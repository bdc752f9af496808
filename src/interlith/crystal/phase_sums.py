"""What part of a structure factor is geometry alone: the sum of phases over all images of a site?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.structure import Integers, Site, Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]
#: Real or complex.
Numbers = NDArray[Any]

#: Rows of reflections times columns of atoms that are worked on at once: some MB, so that they stay in the cache.
_AT_ONCE = 1 << 18
#: A grid of indices is worked out whole while it has at most this many points for each reflection.
_SPARSE = 16
#: Two fractions this close are one position (images by symmetry agree to rounding).
_SAME = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Images:
    """Atoms over which phases are summed: those that centring or an inversion at the origin relate are counted, not listed.

    Parameters
    ----------
    fractions
        Shape (m, 3).
    weights
        How many atoms each row stands for, divided by the number of centring translations, shape (m,).
    starts
        First row of each distinct position, shape (p,).
    column
        Distinct position of each site, shape (number of sites,).
    centrings
        Pure translations, shape (c, 3).
    real
        Whether the sums are real: there is an inversion at the origin.
    tensors
        Anisotropic displacements as coefficients of h^2 k^2 l^2 hk hl kl in the exponent, shape (m, 6); `None` without.
    """

    fractions: Array
    weights: Array
    starts: Integers
    column: Integers
    centrings: Array
    real: bool
    tensors: Array | None


@lru_cache(maxsize=64)
def images(structure: Structure) -> Images:
    """The atoms of a structure, prepared for `phase_sums`."""
    inversion = has_inversion_at_origin(structure)
    atoms = structure.atoms
    groups: dict[tuple[object, ...], int] = {}
    column = np.zeros(len(structure.sites), dtype=np.int64)
    places: list[Array] = []
    weights: list[Array] = []
    tensors: list[Array] = []
    starts: list[int] = []
    # Sites come one after the other in `atoms`.
    edges = np.concatenate([[0], np.cumsum([site.multiplicity for site in structure.sites])])
    for number, site in enumerate(structure.sites):
        orbit = atoms.fractions[edges[number] : edges[number + 1]]
        key = (*np.round(orbit[0], 8).tolist(), len(orbit), site.u_aniso)
        if key in groups:
            column[number] = groups[key]
            continue
        rows, counts = _representatives(orbit, structure.centrings, inversion)
        column[number] = groups[key] = len(groups)
        starts.append(sum(map(len, places)))
        places.append(orbit[rows])
        weights.append(counts)
        tensors.append(_tensors(structure, site, orbit, rows))
    return Images(
        np.concatenate(places), np.concatenate(weights), np.array(starts), column, structure.centrings, inversion,
        np.concatenate(tensors) if any(site.u_aniso is not None for site in structure.sites) else None,
    )  # fmt: skip


def phase_sums(structure: Structure, hkl: ArrayLike, *, displaced: bool = True) -> Numbers:
    """Sums of exp(2 pi i h x) over the images of each distinct position in the cell.

    Parameters
    ----------
    structure
        The crystal.
    hkl
        Indices, shape (n, 3).
    displaced
        Whether each term carries the factor of its anisotropic displacement (isotropic ones are no geometry).

    Returns
    -------
    Shape (n, p) for the p distinct positions in the order of ``images(structure).column``; real where the crystal has an
    inversion at the origin; exactly 0 where the centring forbids the reflection.

    Raises
    ------
    StudyError
        If `hkl` has another shape.
    """
    prepared = images(structure)
    indices = as_indices(hkl)
    found = np.zeros((len(indices), len(prepared.starts)), dtype=np.float64 if prepared.real else np.complex128)
    allowed = np.flatnonzero(centred(prepared.centrings, indices))
    if not len(allowed):
        return found
    grid = None if displaced and prepared.tensors is not None else _grid(indices[allowed])
    if grid is not None:
        found[allowed] = _summed_on_grid(prepared, *grid)
    else:
        step = max(1, _AT_ONCE // len(prepared.weights))
        for start in range(0, len(allowed), step):
            rows = allowed[start : start + step]
            found[rows] = _summed(prepared, indices[rows], displaced)
    return found * len(prepared.centrings)


def _grid(hkl: Array) -> tuple[Array, Array, Integers, Integers, int] | None:
    """Indices as points of a grid of distinct pairs and distinct third indices; `None` where they fill little of it.

    Returns
    -------
    Pairs (with 0 in place of the third index), shape (a, 3); third indices, shape (b,); the place of each reflection among
    either, shape (n,); and which index is the third.
    """
    if len(hkl) < 16 or not np.array_equal(hkl, np.rint(hkl)):
        return None
    low = hkl.min(axis=0)
    sizes = (hkl.max(axis=0) - low + 1).astype(np.int64)
    third = int(np.argmax(sizes))
    first, second = (axis for axis in range(3) if axis != third)
    codes = ((hkl[:, first] - low[first]) * sizes[second] + hkl[:, second] - low[second]).astype(np.int64)
    distinct, place = np.unique(codes, return_inverse=True)
    if len(distinct) * int(sizes[third]) > _SPARSE * len(hkl):
        return None
    pairs = np.zeros((len(distinct), 3))
    pairs[:, first] = distinct // sizes[second] + low[first]
    pairs[:, second] = distinct % sizes[second] + low[second]
    thirds = np.arange(sizes[third]) + low[third]
    return pairs, thirds, place, (hkl[:, third] - low[third]).astype(np.int64), third


def _summed_on_grid(
    prepared: Images, pairs: Array, thirds: Array, row: Integers, column: Integers, third: int
) -> Numbers:
    """The sums as matrix products: the phase of a pair of indices and that of the third index add up."""
    left = (2 * math.pi) * (pairs @ prepared.fractions.T)
    right = (2 * math.pi) * np.outer(prepared.fractions[:, third], thirds)
    cosines, sines = np.cos(left) * prepared.weights, np.sin(left) * prepared.weights
    others = np.cos(right), np.sin(right)
    ends = [*prepared.starts[1:].tolist(), len(prepared.weights)]
    found = np.empty((len(row), len(ends)), dtype=np.float64 if prepared.real else np.complex128)
    for place, (start, end) in enumerate(zip(prepared.starts.tolist(), ends, strict=True)):
        part = slice(start, end)
        real = cosines[:, part] @ others[0][part] - sines[:, part] @ others[1][part]
        if prepared.real:
            found[:, place] = real[row, column]
        else:
            imaginary = sines[:, part] @ others[0][part] + cosines[:, part] @ others[1][part]
            found[:, place] = real[row, column] + 1j * imaginary[row, column]
    return found


def _summed(prepared: Images, hkl: Array, displaced: bool) -> Numbers:
    phases = (2 * math.pi) * (hkl @ prepared.fractions.T)
    weights: Array = prepared.weights
    if displaced and prepared.tensors is not None:
        weights = weights * np.exp(-products(hkl) @ prepared.tensors.T)
    real = np.add.reduceat(np.cos(phases) * weights, prepared.starts, axis=1)
    if prepared.real:
        return np.asarray(real)
    return np.asarray(real + 1j * np.add.reduceat(np.sin(phases) * weights, prepared.starts, axis=1))


def as_indices(hkl: ArrayLike) -> Array:
    """Indices as a float array of shape (n, 3).

    Raises
    ------
    StudyError
        If the shape is another.
    """
    indices = np.asarray(hkl, dtype=np.float64)
    if indices.ndim != 2 or indices.shape[1] != 3:
        raise StudyError(f"Indices come as rows h k l, shape (n, 3), not {indices.shape}; write [[1, 1, 1], ...].")
    return indices


def products(hkl: Array) -> Array:
    """h^2, k^2, l^2, hk, hl, kl of indices, shape (n, 6)."""
    h, k, m = hkl.T
    return np.stack([h * h, k * k, m * m, h * k, h * m, k * m], axis=1)


def centred(centrings: Array, hkl: Array) -> NDArray[np.bool_]:
    """Whether each reflection fits the lattice with its centring translations, shape (n,)."""
    if len(centrings) == 1:
        return np.ones(len(hkl), dtype=bool)
    phases = hkl @ centrings.T
    return np.asarray(np.all(np.abs(phases - np.rint(phases)) < 1e-4, axis=1))


def has_inversion_at_origin(structure: Structure) -> bool:
    """Whether -x is equivalent to x, up to a lattice translation."""
    inverting = np.all(structure.rotations == -np.eye(3, dtype=np.int64), axis=(1, 2))
    gaps = structure.translations[inverting][:, None, :] - structure.centrings[None, :, :]
    gaps -= np.rint(gaps)
    return bool(np.any(np.all(np.abs(gaps) < _SAME, axis=-1)))


def _representatives(orbit: Array, centrings: Array, inversion: bool) -> tuple[Integers, Array]:
    """Rows of an orbit that no centring (and no inversion) relates, and how many primitive atoms each stands for."""
    if len(orbit) == 1:
        return np.zeros(1, dtype=np.int64), np.ones(1) / len(centrings)
    free = np.ones(len(orbit), dtype=bool)
    rows, counts = [], []
    for row in range(len(orbit)):
        if not free[row]:
            continue
        others = orbit[row] + centrings
        if inversion:
            others = np.concatenate([others, centrings - orbit[row]])
        gaps = orbit[:, None, :] - others[None, :, :]
        gaps -= np.rint(gaps)
        reached = free & np.any(np.all(np.abs(gaps) < _SAME, axis=2), axis=1)
        free &= ~reached
        rows.append(row)
        counts.append(np.count_nonzero(reached) / len(centrings))
    return np.array(rows), np.array(counts)


def _tensors(structure: Structure, site: Site, orbit: Array, rows: Integers) -> Array:
    """Exponents of the anisotropic displacement of each listed image, turned by symmetry, shape (len(rows), 6)."""
    if site.u_aniso is None:
        return np.zeros((len(rows), 6))
    made = rotated_tensors(structure, site, orbit)[rows]
    return np.stack(
        [made[:, 0, 0], made[:, 1, 1], made[:, 2, 2], 2 * made[:, 0, 1], 2 * made[:, 0, 2], 2 * made[:, 1, 2]], axis=1
    )


def rotated_tensors(structure: Structure, site: Site, orbit: Array) -> Array:
    """Dimensionless displacement tensors beta (exponent h beta h) of all images of a site, shape (len(orbit), 3, 3).

    The tensor of the listed position is averaged over the operations that leave the position in place, so that each image
    has one tensor whichever operation leads to it.
    """
    u11, u22, u33, u12, u13, u23 = site.u_aniso or (0.0,) * 6
    lengths = np.linalg.norm(structure.cell.reciprocal, axis=1)
    tensor = np.array([[u11, u12, u13], [u12, u22, u23], [u13, u23, u33]]) * np.outer(lengths, lengths)
    gaps = orbit - np.asarray(site.fraction)
    gaps -= np.rint(gaps)
    listed = orbit[int(np.argmin(np.linalg.norm(gaps @ structure.cell.vectors, axis=1)))]
    reached = structure.rotations @ listed + structure.translations
    made = np.zeros((len(orbit), 3, 3))
    for place, image in enumerate(orbit):
        gaps = reached - image
        gaps -= np.rint(gaps)
        turns = structure.rotations[np.all(np.abs(gaps) < _SAME, axis=1)]
        made[place] = (turns @ tensor @ np.swapaxes(turns, 1, 2)).mean(axis=0)
    return 2 * math.pi**2 * made
