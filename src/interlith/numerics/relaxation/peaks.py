"""Which processes does a distribution show, and what resistance, time constant and width has each?

A top counts where it stands above the valleys beside it with the probability asked for. What lies between two tops is shared: each flank goes on straight in log gamma from where it is
steepest, and each node is divided in proportion. How much that rule decides is stated as a component of its own: the difference to a cut at the valley.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from interlith.numerics.relaxation.bands import Bands
from interlith.numerics.relaxation.kernel import TERMS, WARBURG, integral_weights, window
from interlith.numerics.relaxation.processes import Peaks, processes
from interlith.numerics.relaxation.signed import signed_peaks

Array = NDArray[np.float64]
Index = NDArray[np.intp]

#: A process is open to a side where log gamma falls by less than this over the last unit of ln tau, and still has this share of its top.
_FALL, _HIGH = 0.4, 0.05
_WARBURG = TERMS.index(WARBURG)
#: Draws from the posterior for uncertainties.
_DRAWS = 200
#: Tops lower than this share of the highest value are no processes; a single relaxation counts as this many times its resistance.
_LOWEST, _SHARP = 2e-3, 8.0


def peaks(of: Bands, *, probability: float = 0.95, draws: int = _DRAWS, seed: int = 0) -> Peaks:
    """Processes of one distribution.

    Parameters
    ----------
    of
        What is known of the distribution.
    probability
        That a top must have to count.
    draws, seed
        From the posterior, for the uncertainties.

    Notes
    -----
    Assumed first: flanks that go on as straight lines of log gamma under the neighbouring process. Where processes overlap within half a decade their shares rest on that.
    """
    if not of.logarithmic:
        return signed_peaks(of, probability=probability, draws=draws, seed=seed)
    inner = of.grid.basis @ of.centre[: of.size]
    tops, valleys, certain = _tops(of, inner, probability)
    gamma, spikes = of.draws(draws, seed=seed)
    every = np.concatenate([of.gamma(of.centre[: of.size])[None], gamma])
    values, inside, cut = _shares(of, np.log(every), tops, valleys)
    held = of.spikes.shape[1]
    if held:
        single = np.concatenate([np.stack([np.log(of.spikes[0, :, 0]), of.spikes[0, :, 1]], axis=1)[None], spikes])
        more = np.stack([np.exp(single[:, :, 0]), single[:, :, 1], np.zeros(single.shape[:2])], axis=2)
        values, inside, cut = (
            np.concatenate([values, more], 1),
            np.concatenate([inside, more[:, :, 0]], 1),
            np.concatenate([cut, more[:1]], 1),
        )
        certain = np.concatenate([certain, np.ones(held)])
    discrete = np.arange(values.shape[1]) >= len(tops)
    if of.terms[_WARBURG] > 0:
        tail = _tail(of, draws)
        values, inside = (
            np.concatenate([values, tail[:, None, :]], axis=1),
            np.concatenate([inside, tail[:, :1]], axis=1),
        )
        cut = np.concatenate([cut, tail[None, :1]], axis=1)
        certain, discrete = np.append(certain, 1.0), np.append(discrete, False)
    return processes(of, values, inside, cut, certain, discrete, open_ends=_open_ends(of, inner, tops))


def _open_ends(of: Bands, inner: Array, tops: Index) -> tuple[bool, bool]:
    """Whether the outermost processes do not fall off where the window ends: something beyond it is in them."""
    if not len(tops):
        return False, False
    within = np.flatnonzero(of.grid.inside)
    step = round(1.0 / of.grid.width)
    made = []
    for end, inward, top in ((within[0], step, tops[0]), (within[-1], -step, tops[-1])):
        falls = inner[end + inward] - inner[end]
        made.append(bool(falls < _FALL and inner[end] > inner[top] + np.log(_HIGH)))
    return made[0], made[1]


def _tail(of: Bands, draws: int) -> Array:
    """A Warburg tail as a process beyond the window: its resistance is at least the real part it has at the lowest frequency."""
    _, slow = window(of.grid.frequency)
    seen = 1 / np.sqrt(2 * np.pi * of.grid.frequency.min())
    random = np.random.default_rng(draws)
    size = of.terms[_WARBURG] + of.terms_std[_WARBURG] * np.concatenate([[0.0], random.standard_normal(draws)])
    return np.stack([seen * size, np.full(draws + 1, slow), np.zeros(draws + 1)], axis=1)


def _tops(of: Bands, inner: Array, probability: float) -> tuple[Index, Index, Array]:
    """Nodes of tops, of the valleys between them, and the probability of each top."""
    within = np.flatnonzero(of.grid.inside)
    part = inner[within]
    padded = np.concatenate([[-np.inf], part, [-np.inf]])
    tops = within[(part > padded[:-2]) & (part >= padded[2:])]
    # What a single relaxation leaves behind is judged beside it, not beside the rest.
    highest = max([float(inner[within].max()), *np.log(_SHARP * of.spikes[0, :, 0]).tolist()])
    tops = tops[inner[tops] > highest + np.log(_LOWEST)]
    while True:
        valleys = np.array([a + int(np.argmin(inner[a : b + 1])) for a, b in pairwise(tops)], dtype=np.intp)
        certain = _certainty(of, inner, tops, valleys)
        # A rise towards the end of the window is kept even where it is uncertain: as a bound it does no harm, in its neighbour it would.
        certain[((tops == within[0]) | (tops == within[-1])) & (certain > 0.5)] = 1.0
        if len(tops) < 2 or certain.min() >= probability:
            return tops, valleys, certain
        weakest = int(certain.argmin())
        # Of two tops with an uncertain valley between them, the lower one goes.
        tops = np.delete(tops, weakest)


def _certainty(of: Bands, inner: Array, tops: Index, valleys: Index) -> Array:
    """Probability that each top stands above the valleys beside it; the smaller of both sides, for the lower of two tops."""
    made = np.ones(len(tops))
    held = of.covariance[: of.size, : of.size]
    for number, valley in enumerate(valleys):
        lower = number if inner[tops[number]] <= inner[tops[number + 1]] else number + 1
        contrast = of.grid.basis[tops[lower]] - of.grid.basis[valley]
        spread = float(np.sqrt(max(contrast @ held @ contrast, 1e-300)))
        made[lower] = min(made[lower], float(ndtr((inner[tops[lower]] - inner[valley]) / spread)))
    return made


def _shares(of: Bands, inner: Array, tops: Index, valleys: Index) -> tuple[Array, Array, Array]:
    """Values (d, p, 3), resistance inside the window (d, p), and values by cuts at the valleys (1, p, 3) for log gamma (d, k)."""
    if not len(tops):
        return np.zeros((len(inner), 0, 3)), np.zeros((len(inner), 0)), np.zeros((1, 0, 3))
    grid = of.grid
    low, high = window(grid.frequency)
    inside = integral_weights(grid.log_tau, low, high)
    whole = integral_weights(grid.log_tau, grid.log_tau[0], grid.log_tau[-1])
    gamma = np.exp(inner)
    share = np.ones((len(inner), len(tops), grid.log_tau.size))
    if len(tops) > 1:
        flanks = np.stack([_own(inner, number, tops, valleys, grid.width) for number in range(len(tops))], axis=1)
        flanks -= flanks.max(axis=1, keepdims=True)
        share = np.exp(flanks)
        share /= share.sum(axis=1, keepdims=True)
    parts = share * gamma[:, None, :]
    beyond = _beyond(parts, grid.width)
    sharp = np.zeros((len(tops), grid.log_tau.size))
    edges = np.concatenate([[0], valleys, [grid.log_tau.size]])
    for number in range(len(tops)):
        sharp[number, edges[number] : edges[number + 1]] = 1.0
    pieces = (sharp * gamma[:1])[:, :]
    places, heights = _summits(inner, tops, valleys, grid.log_tau)
    resistance = parts @ whole + beyond
    values = np.stack([resistance, places, resistance / heights / np.log(10)], axis=2)
    blunt = pieces @ whole + beyond[0]
    cut = np.stack([blunt, places[0], blunt / heights[0] / np.log(10)], axis=1)[None]
    return values, parts @ inside, cut


def _beyond(parts: Array, width: float) -> Array:
    """Resistance beyond the nodes where the ends fall off: straight lines of log gamma go on."""
    made = np.zeros(parts.shape[:2])
    for end, before in ((0, 4), (-1, -5)):
        value, earlier = parts[..., end], parts[..., before]
        steep = np.log(np.maximum(earlier, 1e-300) / np.maximum(value, 1e-300)) / (4 * width)
        made += np.where(steep > 0.2, value / np.maximum(steep, 0.2), 0.0)
    return made


def _own(inner: Array, number: int, tops: Index, valleys: Index, width: float) -> Array:
    """Log gamma of one process as it would be alone, shape (d, k): its flanks go on straight from where they are steepest."""
    made = inner.copy()
    place = np.arange(inner.shape[1])
    slope = np.gradient(inner, width, axis=1)
    if number > 0:
        start, top = valleys[number - 1], tops[number]
        steep = start + int(np.argmax(slope[0, start : top + 1]))
        line = inner[:, [steep]] + np.maximum(slope[:, [steep]], 0.0) * width * (place - steep)
        made[:, :steep] = line[:, :steep]
    if number < len(valleys):
        top, end = tops[number], valleys[number]
        steep = top + int(np.argmin(slope[0, top : end + 1]))
        line = inner[:, [steep]] + np.minimum(slope[:, [steep]], 0.0) * width * (place - steep)
        made[:, steep + 1 :] = line[:, steep + 1 :]
    return made


def _summits(inner: Array, tops: Index, valleys: Index, log_tau: Array) -> tuple[Array, Array]:
    """Place (ln tau) and height (ohm) of the highest point of each process in each draw, shape (d, p)."""
    edges = np.concatenate([[0], valleys, [log_tau.size - 1]])
    width = log_tau[1] - log_tau[0]
    rows = np.arange(len(inner))
    places, heights = [], []
    for number, top in enumerate(tops):
        reach = round(1.5 / width)
        low, high = max(edges[number], top - reach, 1), min(edges[number + 1], top + reach, log_tau.size - 2)
        at = low + inner[:, low : high + 1].argmax(axis=1)
        at = np.clip(at, 1, log_tau.size - 2)
        left, middle, right = inner[rows, at - 1], inner[rows, at], inner[rows, at + 1]
        bend = left - 2 * middle + right
        move = np.where(bend < -1e-12, np.clip(0.5 * (left - right) / np.where(bend < -1e-12, bend, -1.0), -1, 1), 0.0)
        places.append(log_tau[at] + move * width)
        heights.append(np.exp(middle - 0.25 * (left - right) * move))
    return np.stack(places, axis=1), np.stack(heights, axis=1)
