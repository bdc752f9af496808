"""Which processes does a signed distribution show?

A negative loop is a process with a negative resistance. Pieces of one sign are processes where they differ from zero by more than chance; two processes of one
sign that overlap stay one.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from interlith.numerics.relaxation.bands import Bands
from interlith.numerics.relaxation.kernel import integral_weights, window
from interlith.numerics.relaxation.processes import Peaks, processes

Array = NDArray[np.float64]

#: Ripples below this share of the highest value are none of the cell.
_LOWEST = 0.1


def signed_peaks(of: Bands, *, probability: float, draws: int, seed: int) -> Peaks:
    """As `interlith.numerics.relaxation.peaks.peaks`."""
    gamma, _ = of.draws(draws, seed=seed)
    centre = of.gamma(of.centre[: of.size])
    every = np.concatenate([centre[None], gamma])
    spread = gamma.std(axis=0)
    pieces, certain = [], []
    for first, last in _pieces(centre, of.grid.inside):
        top = first + int(np.argmax(np.abs(centre[first:last])))
        sure = float(ndtr(abs(centre[top]) / max(spread[top], 1e-300)))
        if sure >= 0.5 + probability / 2 and abs(centre[top]) > _LOWEST * np.abs(centre[of.grid.inside]).max():
            pieces.append((first, last))
            certain.append(sure)
    return processes(of, *_values(of, every, pieces), np.array(certain), np.zeros(len(pieces), dtype=bool))


def _pieces(centre: Array, inside: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of nodes of one sign, split at the lowest node between two tops of which it is below half."""
    within = np.flatnonzero(inside)
    first, last = int(within[0]), int(within[-1]) + 1
    changes = [first, *(first + 1 + np.flatnonzero(np.diff(np.sign(centre[first:last])) != 0)).tolist(), last]
    found: list[tuple[int, int]] = []
    for start, end in pairwise(changes):
        size = np.abs(centre[start:end])
        tops = [
            i
            for i in range(size.size)
            if size[i] == size[max(0, i - 3) : i + 4].max() and size[i] > 0.02 * np.abs(centre).max()
        ]
        begin = start
        for one, two in pairwise(tops):
            valley = one + int(np.argmin(size[one : two + 1]))
            if size[valley] < 0.5 * min(size[one], size[two]):
                found.append((begin, start + valley))
                begin = start + valley
        found.append((begin, end))
    return found


def _values(of: Bands, every: Array, pieces: list[tuple[int, int]]) -> tuple[Array, Array, Array]:
    grid = of.grid
    weights = integral_weights(grid.log_tau, *window(grid.frequency))
    values = np.zeros((len(every), len(pieces), 3))
    for number, (first, last) in enumerate(pieces):
        sign = 1.0 if every[0, first:last].sum() >= 0 else -1.0
        part = every[:, first:last]
        resistance = part @ weights[first:last]
        middle = np.average(grid.log_tau[first:last], weights=np.abs(every[0, first:last]))
        size = np.maximum(sign * part, 0.0)
        place = (size @ grid.log_tau[first:last]) / np.maximum(size.sum(axis=1), 1e-300)
        values[:, number] = np.stack(
            [
                resistance,
                np.where(size.sum(axis=1) > 0, place, middle),
                np.abs(resistance) / np.maximum(size.max(axis=1), 1e-300) / np.log(10),
            ],
            axis=1,
        )
    return values, values[:, :, 0], values[:1]
