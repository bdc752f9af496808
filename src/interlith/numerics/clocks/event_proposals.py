"""Which relations of two clocks do the events of their logs propose at all?

Every pair of events of the one log whose distance recurs in the other proposes an offset and a drift; each proposal is
then fitted again and again to the events that it predicts well enough, from its two events outwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: A pair further apart than this many of its declared standard uncertainties is no pair.
GATE = 5.0
#: Pairs of events that propose relations, and proposals kept.
MOST_ANCHORS = 240
MOST_PROPOSALS = 3000
MOST_CELLS = 400_000
_ROUNDS = 7
_ALWAYS = 6
#: Proposals kept after a round.
_KEPT = {0: 800, 1: 300, 3: 80}


@dataclass(frozen=True, slots=True)
class Marks:
    """Events of two logs: times and standard uncertainties (s), ascending, and the time that each log covers (s)."""

    first: Array
    second: Array
    first_std: Array
    second_std: Array
    first_span: tuple[float, float]
    second_span: tuple[float, float]

    @property
    def middle(self) -> float:
        """Time on the first clock about which relations are written (s)."""
        return float(self.first.mean())


@dataclass(frozen=True, slots=True)
class Window:
    """Where to look: drift at most `drift_limit` about `drift`; `second` minus `first` at time `at` within `near` +-
    `tolerance` (s), anywhere where `near` is `None`."""

    drift: float = 0.0
    drift_limit: float = 1e-3
    near: float | None = None
    tolerance: float = math.inf
    at: float = 0.0


def proposals(marks: Marks, window: Window, inflation: float) -> tuple[Array, Array]:
    """Offsets at the middle (s) and drifts of distinct relations, the best supported first.

    Parameters
    ----------
    marks
        The events.
    window
        Where to look.
    inflation
        Factor on the declared standard uncertainties.
    """
    offsets, drifts, normals = _propose(marks, window, inflation)
    if offsets.size == 0:
        return offsets, drifts
    counts = np.ones(offsets.size)
    for number in range(_ROUNDS):
        offsets, drifts, normals, counts = _grow(marks, window, inflation, offsets, drifts, normals)
        if number in _KEPT:
            kept = _distinct(marks, inflation, offsets, drifts, counts)[: _KEPT[number]]
            offsets, drifts, normals, counts = offsets[kept], drifts[kept], normals[kept], counts[kept]
    kept = _distinct(marks, inflation, offsets, drifts, counts)
    # What pairs a third of the best is no rival of it; a few are kept for the case that the best is chance itself.
    kept = np.concatenate((kept[:_ALWAYS], kept[_ALWAYS:][counts[kept[_ALWAYS:]] > counts[kept[:1]] / 3]))
    return offsets[kept], drifts[kept]


def _anchors(count: int) -> tuple[Index, Index]:
    """Pairs of events that propose: all of them where they are few, else near and far ones spread over the log."""
    if count * (count - 1) // 2 <= MOST_ANCHORS:
        first, second = np.triu_indices(count, 1)
        return first, second
    steps = [1, 2, 3]
    while steps[-1] * 1.7 < count - 1:
        steps.append(int(steps[-1] * 1.7) + 1)
    each = max(1, MOST_ANCHORS // len(steps))
    pairs = {
        (int(start), int(start) + step) for step in steps for start in np.linspace(0, count - 1 - step, each).round()
    }
    chosen = np.array(sorted(pairs), dtype=np.intp)
    return chosen[:, 0], chosen[:, 1]


def _propose(marks: Marks, window: Window, inflation: float) -> tuple[Array, Array, Array]:
    """Relations from pairs whose distance recurs: offset at the middle, drift, normal matrix (p, 3)."""
    if marks.first.size == 1 or marks.second.size == 1 or window.drift_limit == 0.0:
        return _single(marks, window, inflation)
    one, two = _anchors(marks.first.size)
    apart = marks.first[two] - marks.first[one]
    kept = apart > 0
    one, two, apart = one[kept], two[kept], apart[kept]
    std = inflation * np.sqrt(
        marks.first_std[one] ** 2 + marks.first_std[two] ** 2 + 2 * np.median(marks.second_std) ** 2
    )
    slack = 4 * std + window.drift_limit * apart
    wanted = marks.second[None, :] + apart[:, None] * (1 + window.drift)
    start = np.searchsorted(marks.second, wanted - slack[:, None])
    stop = np.searchsorted(marks.second, wanted + slack[:, None])
    start = np.maximum(start, np.arange(marks.second.size)[None, :] + 1)
    counts = np.maximum(stop - start, 0).ravel()
    total = int(counts.sum())
    if total == 0:
        return _single(marks, window, inflation)
    flat = np.repeat(np.arange(counts.size), counts)
    within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    anchor, three = np.divmod(flat, marks.second.size)
    four = start.ravel()[flat] + within
    normals = _normal_of_two(marks, window, inflation, one[anchor], two[anchor], three, four)
    offsets, drifts = solved(normals)
    return _chosen(marks, window, inflation, offsets, drifts, normals)


def _single(marks: Marks, window: Window, inflation: float) -> tuple[Array, Array, Array]:
    """Relations from single pairs: each event of the one log with each of the other, at the drift in the window."""
    step = max(1, marks.first.size * marks.second.size // (20 * MOST_PROPOSALS))
    one, two = (
        grid.ravel() for grid in np.meshgrid(np.arange(0, marks.first.size, step), np.arange(marks.second.size))
    )
    x = marks.first[one] - marks.middle
    weight = 1 / (inflation**2 * (marks.first_std[one] ** 2 + marks.second_std[two] ** 2))
    normals = normals_of(weight, x, marks.second[two] - marks.first[one]) + prior(window)
    offsets, drifts = solved(normals)
    return _chosen(marks, window, inflation, offsets, drifts, normals)


def _chosen(
    marks: Marks, window: Window, inflation: float, offsets: Array, drifts: Array, normals: Array
) -> tuple[Array, Array, Array]:
    """Only proposals in the window, the most voted for where there are too many."""
    kept = np.arange(offsets.size)
    if window.near is not None:
        there = offsets + drifts * (window.at - marks.middle)
        doubt = GATE * np.sqrt(_spread(normals, np.array([window.at - marks.middle]))[:, 0])
        kept = kept[np.abs(there - window.near) <= window.tolerance + doubt]
    most = min(MOST_PROPOSALS, max(50, MOST_CELLS // marks.first.size))
    if kept.size > most:
        kept = kept[_distinct(marks, inflation, offsets[kept], drifts[kept], np.ones(kept.size))][:most]
    return offsets[kept], drifts[kept], normals[kept]


def prior(window: Window) -> Array:
    """Weak knowledge of the drift: the limit is two standard deviations of it."""
    weight = 4 / max(window.drift_limit, 1e-12) ** 2
    return np.array([0.0, 0.0, weight, 0.0, weight * window.drift])


def normals_of(weight: Array, x: Array, y: Array) -> Array:
    """Normal equations of single observations: sums of w, w x, w x^2, w y, w x y; shape (..., 5)."""
    return np.stack((weight, weight * x, weight * x * x, weight * y, weight * x * y), axis=-1)


def _normal_of_two(
    marks: Marks, window: Window, inflation: float, one: Index, two: Index, three: Index, four: Index
) -> Array:
    total = np.broadcast_to(prior(window), (one.size, 5)).copy()
    for i, j in ((one, three), (two, four)):
        weight = 1 / (inflation**2 * (marks.first_std[i] ** 2 + marks.second_std[j] ** 2))
        total += normals_of(weight, marks.first[i] - marks.middle, marks.second[j] - marks.first[i])
    return total


def solved(normals: Array) -> tuple[Array, Array]:
    """Offset and drift of normal equations, shape (p,) each."""
    a, b, c, d, e = (normals[..., k] for k in range(5))
    determinant = np.maximum(a * c - b * b, np.finfo(float).tiny)
    return (c * d - b * e) / determinant, (a * e - b * d) / determinant


def _spread(normals: Array, x: Array) -> Array:
    """Variance of the relation at times x (from the middle), shape (p, n)."""
    a, b, c = (normals[:, k, None] for k in range(3))
    determinant = np.maximum(a * c - b * b, np.finfo(float).tiny)
    return np.asarray(np.maximum((c - 2 * b * x + a * x * x) / determinant, 0.0))


def _grow(
    marks: Marks, window: Window, inflation: float, offsets: Array, drifts: Array, normals: Array
) -> tuple[Array, Array, Array, Array]:
    """Fit each relation again to the events that it predicts well enough to tell them from their neighbours."""
    x = marks.first - marks.middle
    expected = marks.first + offsets[:, None] + drifts[:, None] * x
    partner = nearest(marks.second, expected)
    apart = marks.second[partner] - expected
    variance = inflation**2 * (marks.first_std**2 + marks.second_std[partner] ** 2)
    doubt = _spread(normals, x)
    spacing = (marks.second[-1] - marks.second[0]) / max(marks.second.size - 1, 1)
    # Where the prediction is vaguer than the spacing of events, the nearest one is anybody's guess.
    taken = (np.abs(apart) <= GATE * np.sqrt(variance + doubt)) & (doubt <= np.maximum(variance, (0.1 * spacing) ** 2))
    weight = np.where(taken, 1 / variance, 0.0)
    observed = marks.second[partner] - marks.first
    fitted = np.stack(
        [weight.sum(1), weight @ x, weight @ (x * x), (weight * observed).sum(1), (weight * observed) @ x], axis=-1
    ) + prior(window)
    counts = taken.sum(1)
    normals = np.where((counts > 0)[:, None], fitted, normals)
    offsets, drifts = solved(normals)
    return offsets, drifts, normals, counts.astype(float)


def nearest(sorted_times: Array, wanted: Array) -> Index:
    after = np.clip(np.searchsorted(sorted_times, wanted), 1, max(sorted_times.size - 1, 1))
    if sorted_times.size == 1:
        return np.zeros(wanted.shape, dtype=np.intp)
    before = after - 1
    closer = wanted - sorted_times[before] <= sorted_times[after] - wanted
    return np.where(closer, before, after)


def _distinct(marks: Marks, inflation: float, offsets: Array, drifts: Array, counts: Array) -> Index:
    """One of each group of relations that place the ends of the log alike, the best supported first."""
    std = inflation * math.sqrt(float(np.median(marks.first_std)) ** 2 + float(np.median(marks.second_std)) ** 2)
    width = max(4 * std, 1e-9)
    half = max(float(np.ptp(marks.first)) / 2, 1.0)
    cells = np.stack((np.round((offsets - drifts * half) / width), np.round((offsets + drifts * half) / width)), axis=1)
    order = np.argsort(-counts, kind="stable")
    _, first, votes = np.unique(cells[order], axis=0, return_index=True, return_counts=True)
    best = order[first]
    return np.asarray(best[np.lexsort((-votes, -counts[best]))])
