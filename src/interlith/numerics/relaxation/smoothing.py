"""How much do the spectra of a series have in common, and what does each gain from its neighbours?

The coefficients of each member are expected near those of its neighbours, interpolated along the axis of the series. How near is taken from the series itself: the scatter
between neighbours beyond what their own uncertainties explain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.solver import State, Task, solve

Array = NDArray[np.float64]

#: Times that neighbours and strength are looked at anew.
_SWEEPS = 3
#: Rounds in which uncertainty travels along the series.
_ROUNDS = 12
#: Neighbours differ by curves that keep their sign over about this much of ln tau.
_REACH = 1.0
#: Bounds of the scatter between neighbours in log gamma.
_LEAST, _LARGEST = 0.02, 3.0


def along_series(task: Task, state: State, along: Array) -> tuple[Task, State]:
    """Solve again with the neighbours of each member in its prior.

    Parameters
    ----------
    task, state
        All members with what each says alone.
    along
        Place of each member on the axis of the series, shape (m,).

    Notes
    -----
    Assumed first: what happens along the series happens gradually. A sudden change is smeared over its two neighbours as far as the data there are weak. The uncertainty
    of the neighbours enters the bands, as if both erred together.
    """
    if len(along) < 3:
        return task, state
    left, right, weight = _neighbours(along)
    for _ in range(_SWEEPS):
        toward = weight[:, None] * state.values[left] + (1 - weight[:, None]) * state.values[right]
        scatter = _scatter(task, state, toward, left, right, weight)
        task = replace(task, toward=toward, pull=np.full(len(along), 1 / (scatter**2 * _REACH)))
        state = solve(task, state, warm=0)
    state.covariance = _with_neighbours(task, state.covariance, left, right, weight)
    return task, state


def _with_neighbours(
    task: Task, covariance: Array, left: NDArray[np.intp], right: NDArray[np.intp], weight: Array
) -> Array:
    """Covariances that count what is not known of the neighbours, which are taken to err together."""
    assert task.pull is not None
    size = task.grid.basis.shape[1]
    passed = covariance[:, :, :size] * (task.pull * task.prior.spacing)[:, None, None]
    made = covariance
    for _ in range(_ROUNDS):
        held = made[:, :size, :size]
        other = weight[:, None, None] * held[left] + (1 - weight[:, None, None]) * held[right]
        made = covariance + passed @ other @ passed.transpose(0, 2, 1)
    return made


def _neighbours(along: Array) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
    """Left and right neighbour of each member and the weight of the left one; at an end both are the next one."""
    order = np.argsort(along, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    left = order[np.where(place > 0, place - 1, 1)]
    right = order[np.where(place < order.size - 1, place + 1, order.size - 2)]
    span = along[right] - along[left]
    inner = np.abs(span) > 0
    weight = np.where(inner, (along[right] - along) / np.where(inner, span, 1.0), 0.5)
    return left, right, np.clip(weight, 0.0, 1.0)


def _scatter(
    task: Task, state: State, toward: Array, left: NDArray[np.intp], right: NDArray[np.intp], weight: Array
) -> float:
    """Standard deviation between a member and what its neighbours suggest, beyond their own uncertainties."""
    size = state.values.shape[1]
    own = np.diagonal(state.covariance, axis1=1, axis2=2)[:, :size]
    other = weight[:, None] ** 2 * own[left] + (1 - weight[:, None]) ** 2 * own[right]
    expected = own + other
    known = 1 / (expected + 0.05**2) ** 2
    square = (state.values - toward) ** 2 - expected
    # Two neighbours differ by about one and a half times what one differs from the mean course.
    found = float((known * square).sum() / known.sum()) / 1.5
    return float(np.clip(np.sqrt(max(found, 0.0)), _LEAST, _LARGEST))
