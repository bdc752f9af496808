"""Which terms beside the distribution does a spectrum need: an inductance, a Warburg tail, a series capacitance?

A term is taken in if the fit without it would be improved by three standard uncertainties or more, with a positive coefficient: a score test,
which costs no second fit. A distribution that does not fall off where the window ends can be a tail as well: there both are solved and the evidence
decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.data import project, span
from interlith.numerics.relaxation.kernel import CAPACITY, INDUCTANCE, TERMS, WARBURG
from interlith.numerics.relaxation.solver import State, Task, _weights, gamma_of, model_of, solve

Array = NDArray[np.float64]

#: Improvement of the squares that a term must bring.
_NEEDED = 9.0
#: Steps that are enough to see which terms are needed.
_LOOK = 16
#: Steps of a trial with another tail.
_TRY = 24
#: Lead in ln evidence that a tail needs over a distribution with an open end, which a slow process beyond the window has too:
#: a Warburg element, a series capacitance.
_TAIL_NEEDED = (6.5, 10.0)
#: Lead in ln evidence that a series capacitance needs over a Warburg element.
_CLEARLY = 3.0
#: A distribution that does not fall to this share over the last so much of the window (ln tau) may be a tail.
_RISE, _FLAT = 1.0, 0.6


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


def solve_with_terms(task: Task, wanted: Sequence[str]) -> tuple[Task, State]:
    """Solve, take in the terms that are needed, and solve again where some were.

    Parameters
    ----------
    task
        With the terms that are there in any case.
    wanted
        Names of `TERMS` that may be needed.
    """
    state = solve(task, most=_LOOK)
    if INDUCTANCE in wanted:
        place = TERMS.index(INDUCTANCE)
        members = np.flatnonzero(gains(task, state)[:, place] > _NEEDED)
        if members.size:
            allowed = task.allowed.copy()
            allowed[members, place] = True
            task = replace(task, allowed=allowed)
            _again(task, state, members)
    _go_on(task, state)
    if WARBURG in wanted:
        task = _with_tail(task, state)
        _go_on(task, state)
    return task, state


def _go_on(task: Task, state: State) -> None:
    """Let the members walk on that have not arrived."""
    late = np.flatnonzero(~state.arrived)
    if late.size:
        _put(state, late, solve(task.of(late), state.of(late), warm=0), np.arange(late.size))


def _with_tail(task: Task, state: State) -> Task:
    """Give a tail to the members that the evidence is for, among those that ask for one.

    They ask by the score test, or because their distribution does not fall off where the window ends.
    """
    tails = [TERMS.index(name) for name in (WARBURG, CAPACITY)]
    members = np.flatnonzero(_open_end(task, state) | (gains(task, state)[:, tails] > _NEEDED).any(axis=1))
    if not members.size:
        return task
    tried = []
    for place in tails:
        allowed = task.allowed.copy()
        allowed[members, place] = True
        tried.append(solve(replace(task, allowed=allowed).of(members), most=_TRY))
    gain = np.stack(
        [np.where(one.terms[:, place] > 0, one.evidence, -np.inf) for one, place in zip(tried, tails, strict=True)]
    )
    # A capacitance beside a rising distribution can stand for a Warburg element: it must do clearly better.
    chosen = np.where(gain[1] > gain[0] + _CLEARLY, 1, 0)
    better = gain[chosen, np.arange(members.size)] > state.evidence[members] + np.array(_TAIL_NEEDED)[chosen]
    allowed = task.allowed.copy()
    for number, place in enumerate(tails):
        won = np.flatnonzero(better & (chosen == number))
        allowed[members[won], place] = True
        _put(state, members[won], tried[number], won)
    return replace(task, allowed=allowed)


def _open_end(task: Task, state: State) -> NDArray[np.bool_]:
    """Whether the distribution does not fall off at the slow end of the window, shape (m,)."""
    last = np.flatnonzero(task.grid.inside)[-1]
    back = last - round(_RISE / task.grid.width)
    height = gamma_of(task, state.values)
    return np.asarray((height[:, last] > _FLAT * height[:, back]) & (height[:, last] > 0))


def _again(task: Task, state: State, members: NDArray[np.intp]) -> None:
    """Solve some members anew and write them back."""
    # From the start: a distribution that had to stand in for a missing term is a poor place to begin.
    _put(state, members, solve(task.of(members), most=_LOOK), np.arange(members.size))


def _put(state: State, members: NDArray[np.intp], part: State, chosen: NDArray[np.intp]) -> None:
    state.put(members, part.of(chosen))
    for name in ("covariance", "evidence", "freedom", "cost"):
        getattr(state, name)[members] = getattr(part, name)[chosen]
