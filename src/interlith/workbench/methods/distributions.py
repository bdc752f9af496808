"""How far apart are two distributions of relaxation times: as curves, peak by peak, and by a factor of convention?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from interlith.errors import StudyError

Array = NDArray[np.float64]
#: Points a decade of the common grid.
_GRID = 40
#: Least height of a peak over its surroundings, as a share of the highest.
_LEAST = 0.03
#: Farthest distance of two peaks that count as one (decades).
_NEAR = 0.5
_BETTER = 3.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Gamma (ohm per e-fold) against time constant (s), shape (n,), rising; the ends of its band (ohm) where there is one."""

    time_constant: Array
    gamma: Array
    low: Array | None = None
    high: Array | None = None


@dataclass(frozen=True, slots=True)
class PeakOf:
    """A peak: time constant (s), height (ohm) and area (ohm)."""

    time_constant: float
    height: float
    area: float


@dataclass(frozen=True, slots=True)
class Apart:
    """How two distributions differ.

    Parameters
    ----------
    distance
        Root of the integral of the squared difference over that of ours, over the range that both cover.
    areas
        (ohm) ours and theirs over that range.
    peaks
        Pairs of peaks; one of the two is `None` where the other has no counterpart within half a decade.
    convention
        What makes them agree much better, in words: decades instead of e-folds, 1 / f instead of 1 / (2 pi f); or empty.
    inside
        Share of that range (logarithmic) over which theirs lies in our band; `None` without a band.
    low, high
        (s) the range.
    outside
        Peaks that lie beyond it.
    """

    distance: float
    areas: tuple[float, float]
    inside: float | None
    peaks: tuple[tuple[PeakOf | None, PeakOf | None], ...]
    convention: str
    low: float
    high: float
    outside: int


def apart(ours: Curve, theirs: Curve) -> Apart:
    """Compare two distributions over the time constants that both cover.

    Raises
    ------
    StudyError
        If they have no range in common.
    """
    low = max(float(ours.time_constant[0]), float(theirs.time_constant[0]))
    high = min(float(ours.time_constant[-1]), float(theirs.time_constant[-1]))
    if not low < high:
        raise StudyError(
            f"The two distributions have no time constant in common: ours ends at {ours.time_constant[-1]:.3g} s, theirs begins at "
            f"{theirs.time_constant[0]:.3g} s."
        )
    grid = np.linspace(math.log(low), math.log(high), max(16, round(_GRID * math.log10(high / low))))
    own, other = _on(ours, grid), _on(theirs, grid)
    distance = _distance(own, other)
    areas = (float(np.trapezoid(own, grid)), float(np.trapezoid(other, grid)))
    every = (peaks_of(ours), peaks_of(theirs))
    within = tuple(tuple(one for one in side if low <= one.time_constant <= high) for side in every)
    outside = sum(len(side) for side in every) - sum(len(side) for side in within)
    return Apart(
        distance, areas, _inside(ours, other, grid), _paired(*within),
        _convention(ours, theirs, grid, distance), low, high, outside,
    )  # fmt: skip


def _inside(ours: Curve, other: Array, grid: Array) -> float | None:
    if ours.low is None or ours.high is None:
        return None
    low, high = (np.interp(grid, np.log(ours.time_constant), end) for end in (ours.low, ours.high))
    return float(np.mean((low <= other) & (other <= high)))


def _on(curve: Curve, grid: Array, shift: float = 0.0) -> Array:
    return np.interp(grid - shift, np.log(curve.time_constant), curve.gamma)


def _distance(own: Array, other: Array) -> float:
    size = float(np.sqrt(np.square(own).mean()))
    return float(np.sqrt(np.square(own - other).mean())) / size if size > 0 else math.inf


def _convention(ours: Curve, theirs: Curve, grid: Array, distance: float) -> str:
    own = _on(ours, grid)
    tried = {
        "their gamma is per decade, ours per e-fold (a factor of 2.303)": _on(theirs, grid) / math.log(10),
        "their time constant is 1 / f, ours 1 / (2 pi f)": _on(theirs, grid, -math.log(2 * math.pi)),
        "their time constant is 1 / f and their gamma per decade": _on(theirs, grid, -math.log(2 * math.pi))
        / math.log(10),
    }
    found = {words: _distance(own, other) for words, other in tried.items()}
    best = min(found, key=lambda words: found[words])
    return best if found[best] * _BETTER < distance else ""


def peaks_of(curve: Curve) -> tuple[PeakOf, ...]:
    """Peaks with the area between the valleys beside them, fastest first."""
    log, gamma = np.log(curve.time_constant), curve.gamma
    if not (gamma > 0).any():
        return ()
    # A curve that still rises at its end has no peak there, only a bound.
    tops = signal.find_peaks(gamma, prominence=_LEAST * float(gamma.max()))[0]
    found = []
    for number, top in enumerate(tops):
        before = 0 if number == 0 else int(tops[number - 1])
        behind = len(gamma) - 1 if number == len(tops) - 1 else int(tops[number + 1])
        left = before + int(np.argmin(gamma[before : top + 1]))
        right = int(top) + int(np.argmin(gamma[top : behind + 1]))
        area = float(np.trapezoid(gamma[left : right + 1], log[left : right + 1]))
        found.append(PeakOf(float(curve.time_constant[top]), float(gamma[top]), area))
    return tuple(found)


def _paired(ours: tuple[PeakOf, ...], theirs: tuple[PeakOf, ...]) -> tuple[tuple[PeakOf | None, PeakOf | None], ...]:
    """Each peak with the nearest of the other side, where each is the nearest of the other."""
    pairs: list[tuple[PeakOf | None, PeakOf | None]] = []
    taken: set[int] = set()
    for one in ours:
        near = min(range(len(theirs)), key=lambda k: _decades(one, theirs[k]), default=None)
        mutual = near is not None and min(ours, key=lambda other: _decades(other, theirs[near])) is one
        if near is not None and mutual and _decades(one, theirs[near]) <= _NEAR:
            pairs.append((one, theirs[near]))
            taken.add(near)
        else:
            pairs.append((one, None))
    pairs += [(None, other) for k, other in enumerate(theirs) if k not in taken]
    return tuple(sorted(pairs, key=lambda pair: (pair[0] or pair[1] or PeakOf(0, 0, 0)).time_constant))


def _decades(one: PeakOf, two: PeakOf) -> float:
    return abs(math.log10(one.time_constant / two.time_constant))
