"""Is a narrow process a single relaxation, one resistor with one capacitor?

No smooth distribution is narrow enough for it. Every narrow top is taken out of the distribution and offered as a single relaxation instead, with free
resistance and time constant; it stays where the evidence for it is strong.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.batches import joined
from interlith.numerics.relaxation.solver import TOGETHER, State, Task, gamma_of, solve

Array = NDArray[np.float64]

#: A top wider than this at half its height (ln tau) is no single relaxation.
_WIDEST = 0.7
#: How far around the top the distribution is taken out (ln tau).
_REACH = 1.2
#: Gain in ln evidence that a single relaxation must bring; resistance over its uncertainty.
_NEEDED, _SURE = 3.0, 3.0
#: Share of its resistance that may be left behind in its place.
_LEFT = 0.3
#: Most single relaxations of one spectrum.
_MOST = 4


def with_spikes(task: Task, state: State) -> list[tuple[Task, State] | None]:
    """Each member alone with its single relaxations, or `None` where it has none.

    Parameters
    ----------
    task, state
        A batch and its solution without single relaxations.

    Notes
    -----
    In rounds: the highest narrow top of every member that has one left is offered, all offers of a round are solved together.
    """
    members = len(task.data)
    best = [(task.of(np.array([member])), state.single(member)) for member in range(members)]
    found = [False] * members
    refused: list[list[float]] = [[] for _ in range(members)]
    waiting = list(range(members))
    while waiting:
        offers: dict[int, list[tuple[int, int, tuple[Task, State]]]] = {}
        for member in waiting:
            held = best[member][1].spikes.shape[1]
            place = _candidate(*best[member], refused[member]) if held < _MOST else None
            if place is not None:
                offers.setdefault(held, []).append((member, place, _offer(*best[member], place)))
        for group in offers.values():
            for first in range(0, len(group), TOGETHER):
                part = group[first : first + TOGETHER]
                tried_task, begun = joined([pair for _, _, pair in part])
                tried = solve(tried_task, begun)
                for number, (member, place, _) in enumerate(part):
                    one = (tried_task.of(np.array([number])), tried.single(number))
                    if one[1].evidence[0] > best[member][1].evidence[0] + _NEEDED and _sure(*one):
                        best[member], found[member] = one, True
                    else:
                        refused[member].append(float(task.grid.log_tau[place]))
        waiting = [member for group in offers.values() for member, _, _ in group]
    return [pair if known else None for pair, known in zip(best, found, strict=True)]


def _candidate(task: Task, state: State, refused: list[float]) -> int | None:
    """Node of the highest narrow top that was not refused yet."""
    gamma = gamma_of(task, state.values)[0]
    grid = task.grid
    within = np.flatnonzero(grid.inside)[1:-1]
    tops = [int(i) for i in within if gamma[i] > gamma[i - 1] and gamma[i] >= gamma[i + 1]]
    for top in sorted(tops, key=lambda i: -gamma[i]):
        if any(abs(grid.log_tau[top] - place) < 0.7 for place in refused):
            continue
        if gamma[top] > 0.02 * gamma.max() and _half_width(gamma, top) * grid.width < _WIDEST:
            return top
    return None


def _half_width(gamma: Array, top: int) -> float:
    """Full width at half height of a top, in nodes."""
    level = np.log(0.5 * gamma[top])
    reach = 0.0
    for side in (gamma[top:], gamma[top::-1]):
        below = side < 0.5 * gamma[top]
        if not below.any():
            return np.inf
        end = int(np.argmax(below))
        high, low = np.log(side[end - 1]), np.log(side[end])
        reach += end - 1 + (high - level) / (high - low)
    return float(reach)


def _offer(task: Task, state: State, top: int) -> tuple[Task, State]:
    """One more single relaxation at a node, the distribution levelled below it: what to solve, and where to begin."""
    grid = task.grid
    gamma = gamma_of(task, state.values)
    reach = round(_REACH / grid.width)
    first, last = max(top - reach, 0), min(top + reach, grid.log_tau.size - 1)
    line = np.log(gamma).copy()
    line[:, first : last + 1] = np.linspace(line[:, first], line[:, last], last - first + 1, axis=1)
    removed = np.maximum(((gamma - np.exp(line)) * grid.width).sum(axis=1), 1e-6 * gamma.max())
    proposal = np.stack([np.log(removed), np.full(1, grid.log_tau[top])], axis=1)[:, None, :]
    proposals = proposal if task.spikes is None else np.concatenate([task.spikes, proposal], axis=1)
    values = np.asarray(np.linalg.lstsq(grid.basis, line.T, rcond=None)[0].T, dtype=float)
    tried = replace(task, spikes=proposals)
    begun = replace(
        state, values=values, spikes=np.concatenate([state.spikes, proposal], axis=1), bends=np.zeros_like(state.bends),
        damping=np.ones(1), steps=np.zeros(1, dtype=np.intp), arrived=np.zeros(1, dtype=bool),
    )  # fmt: skip
    return tried, begun


def _sure(task: Task, state: State) -> bool:
    """Whether every single relaxation has a resistance well above its uncertainty, a place well inside, and none is doubled."""
    count = state.spikes.shape[1]
    variance = np.diagonal(state.covariance[0])[-2 * count :]
    places = np.sort(state.spikes[0, :, 1])
    lowest, highest = task.grid.log_tau[task.grid.inside][[0, -1]]
    apart = count < 2 or float(np.diff(places).min()) > 0.5
    return bool(
        not _left_behind(task, state)
        and apart
        and (variance[:count] < _SURE**-2).all()
        and lowest < places[0]
        and places[-1] < highest
    )


def _left_behind(task: Task, state: State) -> bool:
    """Whether a single relaxation leaves a top of some size behind in its place: then the process was broad."""
    gamma, grid = gamma_of(task, state.values)[0], task.grid
    inner = gamma[1:-1]
    tops = grid.log_tau[1:-1][(inner > gamma[:-2]) & (inner >= gamma[2:])]
    for size, place in state.spikes[0]:
        near = np.abs(grid.log_tau - place) < _REACH
        if (np.abs(tops - place) < _REACH).any() and gamma[near].sum() * grid.width > _LEFT * np.exp(size):
            return True
    return False
