"""Which terms beside the distribution does a spectrum need: an inductance, a Warburg tail, a series capacitance?

A term is taken in if the fit without it would be improved by three standard uncertainties or more, with a positive coefficient: a score test,
which costs no second fit. A distribution that still rises where the window ends can be a tail as well: there both are solved and the evidence decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.data import project, span
from interlith.numerics.relaxation.kernel import CAPACITY, TERMS, WARBURG
from interlith.numerics.relaxation.solver import State, Task, _weights, gamma_of, model_of, solve

Array = NDArray[np.float64]

#: Improvement of the squares that a term must bring.
_NEEDED = 9.0
#: A distribution that rises over the last so much of the window, in ln tau, may be a tail.
_RISE = 1.0


def gains(task: Task, state: State) -> Array:
    """By how much each term that is not allowed yet would lower the squares, shape (m, 4); zero where its sign would be wrong."""
    std, _, _ = _weights(task, state)
    weight = task.used / std**2
    data = project(span(task.grid), task.data, weight)
    residual = task.data - model_of(task, state)
    score = (weight * residual) @ (task.grid.terms / span(task.grid).scale)
    jacobian = _jacobian(task, state)
    cross = data.terms.transpose(0, 2, 1) @ np.concatenate(
        [data.columns(jacobian, task.grid.basis), data.terms * task.allowed[:, None, :]], axis=2
    )
    known = state.covariance[:, : cross.shape[2], : cross.shape[2]]
    left = (data.terms**2).sum(axis=1) - ((cross @ known) * cross).sum(axis=2)
    made = np.where((score > 0) & ~task.allowed, score**2 / np.maximum(left, 1e-12 * (data.terms**2).sum(axis=1)), 0.0)
    return np.asarray(made)


def _jacobian(task: Task, state: State) -> Array:
    if task.prior.logarithmic:
        return gamma_of(task, state.values)
    return np.repeat(task.scale[:, None], task.grid.log_tau.size, axis=1)


def solve_with_terms(task: Task, groups: Sequence[Sequence[str]]) -> tuple[Task, State]:
    """Solve, take in the terms that are needed, and solve again where some were.

    Parameters
    ----------
    task
        With the terms that are there in any case.
    groups
        Names of `TERMS` that may be needed; of each group the one that helps most is taken first.
    """
    state = solve(task)
    for _ in range(sum(len(group) for group in groups)):
        gain = gains(task, state)
        allowed = task.allowed.copy()
        for group in groups:
            places = [TERMS.index(name) for name in group]
            best = gain[:, places].argmax(axis=1)
            for number, place in enumerate(places):
                allowed[(best == number) & (gain[:, place] > _NEEDED), place] = True
        changed = np.flatnonzero((allowed != task.allowed).any(axis=1))
        if not changed.size:
            break
        task = replace(task, allowed=allowed)
        _again(task, state, changed)
    if any(WARBURG in group for group in groups):
        for name in (WARBURG, CAPACITY):
            task = _tail_instead(task, state, name)
    return task, state


def _tail_instead(task: Task, state: State, name: str) -> Task:
    """Give a tail to the members whose distribution rises at the slow end of the window, where the evidence is for it."""
    place = TERMS.index(name)
    last = np.flatnonzero(task.grid.inside)[-1]
    back = last - round(_RISE / task.grid.width)
    height = gamma_of(task, state.values)
    rising = (height[:, last] > height[:, back]) & (height[:, last] > 0) & ~task.allowed[:, place]
    members = np.flatnonzero(rising)
    if not members.size:
        return task
    allowed = task.allowed.copy()
    allowed[members, place] = True
    tried = replace(task, allowed=allowed)
    part = solve(tried.of(members))
    better = (part.evidence > state.evidence[members]) & (part.terms[:, place] > 0)
    allowed[members[~better], place] = False
    _put(state, members[better], part, np.flatnonzero(better))
    return replace(task, allowed=allowed)


def _again(task: Task, state: State, members: NDArray[np.intp]) -> None:
    """Solve some members anew and write them back."""
    # From the start: a distribution that had to stand in for a missing term is a poor place to begin.
    _put(state, members, solve(task.of(members)), np.arange(members.size))


def _put(state: State, members: NDArray[np.intp], part: State, chosen: NDArray[np.intp]) -> None:
    state.put(members, part.of(chosen))
    for name in ("covariance", "evidence", "freedom", "cost"):
        getattr(state, name)[members] = getattr(part, name)[chosen]
