"""Which of the six cell parameters may symmetry choose freely, and how does each move the spacings?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.phase_sums import as_indices
from interlith.crystal.reflections import check_cell
from interlith.crystal.structure import Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: The six parameters in their usual order.
NAMES = ("a", "b", "c", "alpha", "beta", "gamma")
#: Elements of the metric tensor that define it.
_PLACES = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
#: Below this share of the largest, a singular value is zero: samples of a nonlinear relation leave 1e-3, rounding 1e-12.
_RANK = 1e-8


@dataclass(frozen=True, eq=False)
class CellFreedom:
    """The cell parameters as linear functions of the independent ones.

    Parameters
    ----------
    names
        Independent parameters, such as ``("a", "c")``.
    matrix, constant
        ``six = matrix @ free + constant`` (angstrom, deg), shapes (6, k) and (6,).
    """

    names: tuple[str, ...]
    matrix: Array
    constant: Array

    def six(self, free: ArrayLike) -> Array:
        """All six parameters (angstrom, deg), shape (6,), of the independent ones, shape (k,)."""
        found: Array = self.matrix @ np.asarray(free, dtype=float) + self.constant
        return found

    def free(self, six: Sequence[float] | Array) -> Array:
        """The independent ones that come closest to six given parameters, shape (k,)."""
        found = np.linalg.lstsq(self.matrix, np.asarray(six, dtype=float) - self.constant, rcond=None)[0]
        return np.asarray(found, dtype=np.float64)


def cell_freedom(structure: Structure) -> CellFreedom:
    """The independent cell parameters of a crystal, from the metric tensors that its operations leave unchanged.

    Parameters
    ----------
    structure
        In any setting in which six parameters depend linearly on the free ones: all conventional ones, and rhombohedral
        axes.

    Raises
    ------
    StudyError
        If the cell contradicts the operations, or the setting ties its parameters in another way (a primitive cell of a
        body-centred tetragonal crystal: its angles follow from the axial ratio).

    Notes
    -----
    The assumption that fails first: that the listed symmetry is the true one. A cell listed with less symmetry is free in
    more parameters than the lattice shows.
    """
    check_cell(structure)
    kept = _invariant_metrics(structure)
    samples = _sampled(structure.cell.metric, kept)
    moves = samples - samples[0]
    # Lengths and angles in one scale, so that one tolerance serves both.
    scale = np.array([*structure.cell.parameters[:3], *np.degrees(np.ones(3))])
    sizes = np.linalg.svd(moves / scale, compute_uv=False)
    if np.count_nonzero(sizes > _RANK * sizes[0]) != len(kept):
        raise StudyError(
            f"{structure.name}: on these axes the six cell parameters are no linear functions of the {len(kept)} independent "
            "ones (angles follow from ratios of edges); take the conventional cell, symmetry.standardised(structure)."
        )
    chosen: list[int] = []
    for place in range(6):
        trial = np.linalg.svd((moves / scale)[:, [*chosen, place]], compute_uv=False)
        if len(chosen) < len(kept) and trial[-1] > _RANK * sizes[0]:
            chosen.append(place)
    matrix = _tidy(np.linalg.lstsq(moves[:, chosen], moves, rcond=None)[0].T)
    constant = _tidy((samples - samples[:, chosen] @ matrix.T).mean(axis=0))
    return CellFreedom(tuple(NAMES[place] for place in chosen), matrix, constant)


def spacings_with_slopes(cell_six: Sequence[float] | Array, hkl: ArrayLike) -> tuple[Array, Array]:
    """1/d^2 of reflections and its derivatives by the six cell parameters.

    Parameters
    ----------
    cell_six
        a, b, c (angstrom), alpha, beta, gamma (deg).
    hkl
        Indices, shape (n, 3).

    Returns
    -------
    1/d^2 (1/angstrom^2), shape (n,), and its derivatives (1/angstrom^3 for edges, 1/angstrom^2/deg for angles), shape (n, 6).

    Raises
    ------
    StudyError
        If `hkl` has another shape.

    Notes
    -----
    With the metric tensor G and v = G^-1 h, d(1/d^2) = -v dG v; G v = h makes the terms of the edges -2 v_i h_i / a_i.

    References
    ----------
    International Tables for Crystallography A (2016), chapter 1.5, metric tensors.
    """
    indices = as_indices(hkl)
    a, b, c = (float(value) for value in cell_six[:3])
    angles = np.radians(np.asarray(cell_six[3:], dtype=float))
    # cos(90 deg) must not leave 6e-17 in a metric.
    cosines = np.where(np.asarray(cell_six[3:]) == 90.0, 0.0, np.cos(angles))
    edges = np.array([a, b, c])
    cosine = np.array([[1, cosines[2], cosines[1]], [cosines[2], 1, cosines[0]], [cosines[1], cosines[0], 1]])
    inverse = np.linalg.inv(np.outer(edges, edges) * cosine)
    v = indices @ inverse
    slopes = np.empty((len(indices), 6))
    slopes[:, :3] = -2 * v * indices / edges
    across = v[:, [1, 0, 0]] * v[:, [2, 2, 1]]
    slopes[:, 3:] = across * (2 * np.array([b * c, a * c, a * b]) * np.sin(angles) * (np.pi / 180))
    return np.einsum("ni,ni->n", v, indices), slopes


def _invariant_metrics(structure: Structure) -> Array:
    """An orthonormal basis of the symmetric matrices G with R^T G R = G for all rotations, shape (k, 3, 3)."""
    turns = structure.point_group.astype(np.float64)
    units = np.zeros((6, 3, 3))
    for place, (row, column) in enumerate(_PLACES):
        units[place, row, column] = units[place, column, row] = 1.0
    means = np.einsum("gji,pjk,gkl->pil", turns, units, turns) / len(turns)
    projector = np.array([[mean[row, column] for row, column in _PLACES] for mean in means]).T
    left, sizes, _ = np.linalg.svd(projector)
    basis = left[:, : np.count_nonzero(sizes > 1e-6)]
    return np.asarray(np.einsum("pk,pij->kij", basis, units), dtype=np.float64)


def _sampled(metric: Array, kept: Array) -> Array:
    """Six parameters of cells around a metric, each of the symmetry, shape (m, 6): the first is the metric itself."""
    flat = kept.reshape(len(kept), 9)
    centre = (np.linalg.lstsq(flat.T, metric.ravel(), rcond=None)[0] @ flat).reshape(3, 3)
    rng = np.random.default_rng(8)
    smallest = np.linalg.eigvalsh(centre)[0]
    moves = rng.uniform(-1, 1, (4 * len(kept) + 4, len(kept))) * (0.1 * smallest)
    every = centre + np.concatenate([np.zeros((1, 9)), moves @ flat]).reshape(-1, 3, 3)
    return _six_of(every)


def _six_of(metrics: Array) -> Array:
    lengths = np.sqrt(np.diagonal(metrics, axis1=1, axis2=2))
    pairs = ((1, 2), (0, 2), (0, 1))
    cosines = [metrics[:, i, j] / (lengths[:, i] * lengths[:, j]) for i, j in pairs]
    return np.column_stack([lengths, *(np.degrees(np.arccos(cosine)) for cosine in cosines)])


def _tidy(values: Array) -> Array:
    """Whole numbers where rounding errors are all that keeps a value from being one; 0 and never -0."""
    whole = np.rint(values)
    return np.asarray(np.where(np.abs(values - whole) < 1e-7, whole, values) + 0.0)
