"""Where do the bends of a slow signal fall together with events of another clock, and how surely?

A signal that was measured frame by frame bends where something was switched: between the events it runs smoothly. The offset of
the clocks is found by least squares of a smooth curve with one free bend at each event, over all offsets in question.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Pieces of the smooth curve at most, and frames in each at least. Fewer, chosen by how well they fit, gave intervals that were too narrow
#: (pulls of width 1.1 to 1.3 where these gave 1.0 to 1.1).
_INTERVALS, _FRAMES = 10, 8
#: Frames that lie farther from the curve than this many standard deviations are left out, and how often that is looked at again.
_FAR, _ROUNDS = 5.0, 3
#: Offsets are tried at this share of a frame.
_STEP = 0.1
#: Events closer than this (frames) bend once.
_MERGED = 2.0
#: Frames around the best offset in which another is no rival.
_APART = 3.0


@dataclass(frozen=True, slots=True)
class KinkOffset:
    """The offset (s) that puts the events on the bends.

    Parameters
    ----------
    offset, std
        Other clock minus own clock, and its standard uncertainty.
    dof
        Degrees of freedom of the scatter.
    rival, lead
        The next best offset, nan where there is none, and the logarithm of the odds against it.
    chance
        Probability that a smooth signal without bends would follow as well somewhere in the range.
    kinks
        Events that lie within the frames.
    used
        Which frames were used, shape (m,).
    """

    offset: float
    std: float
    dof: float
    rival: float
    lead: float
    chance: float
    kinks: int
    used: NDArray[np.bool_]


def kink_offset(
    start: Array, stop: Array, signals: Array, events: Array, *, near: float, tolerance: float
) -> KinkOffset:
    """Offset of two clocks from bends in signals.

    Parameters
    ----------
    start, stop
        Exposure of each frame on the own clock (s), ascending, shape (m,).
    signals
        One or several signals of the frames, shape (m, p).
    events
        Times of the events on the other clock (s), shape (k,).
    near, tolerance
        The offset is looked for from ``near - tolerance`` to ``near + tolerance`` (s).

    Raises
    ------
    FitError
        If there are too few frames, no event lies within them, or the signals do not bend.

    Notes
    -----
    Fails first: a signal that bends by itself, without being switched (a phase transition), near an event; it shifts the offset, and
    no residual shows it.
    """
    middle = (start + stop) / 2
    if start.size < 3 * _FRAMES:
        raise FitError(f"{start.size} frames are too few to see a bend; at least {3 * _FRAMES} are needed.")
    frame = float(np.median(stop - start))
    if not frame > 0:
        raise FitError("The frames have no duration, so a bend cannot be placed among them.")
    events = _apart(np.sort(np.asarray(events, dtype=float)), _MERGED * frame)
    offsets = np.arange(near - tolerance, near + tolerance + _STEP * frame / 2, _STEP * frame)
    used = np.ones(start.size, dtype=np.bool_)
    for _ in range(_ROUNDS):
        profile = _Profile(start[used], stop[used], signals[used], events)
        best = float(offsets[int(np.argmin([profile.squares(offset).sum() for offset in offsets]))])
        rest = profile.rest(best)
        far = np.any(np.abs(rest) > _FAR * 1.4826 * np.median(np.abs(rest), axis=0), axis=1)
        if not far.any():
            break
        used[np.flatnonzero(used)[far]] = False
    kinks = int(((events - best > middle[0]) & (events - best < middle[-1])).sum())
    if kinks == 0:
        raise FitError(
            f"At no offset within {tolerance:g} s of {near:g} s does an event fall on a bend of the patterns."
        )
    return _judged(profile, offsets, frame, kinks, used)


def _apart(events: Array, least: float) -> Array:
    """Events that follow each other within `least` are one, at their middle: a rest between charge and discharge bends once."""
    if events.size == 0:
        return events
    groups = np.split(events, np.flatnonzero(np.diff(events) > least) + 1)
    return np.array([(group[0] + group[-1]) / 2 for group in groups])


class _Profile:
    """Sums of squares of the signals about a smooth curve with bends, as a function of the offset."""

    def __init__(self, start: Array, stop: Array, signals: Array, events: Array) -> None:
        self.start, self.stop, self.events = start, stop, events
        basis, _ = np.linalg.qr(_smooth((start + stop) / 2))
        self._basis = basis
        self.left = signals - basis @ (basis.T @ signals)
        self.columns = basis.shape[1]

    def bends(self, offset: float) -> Array:
        """What a bend at each event adds that the smooth curve has not, shape (m, k), orthogonal."""
        place = self.events - offset
        inside = (place > self.start[1]) & (place < self.stop[-2])
        if not inside.any():
            return np.zeros((self.start.size, 0))
        hinge = _averaged_hinge(self.start[:, None], self.stop[:, None], place[inside][None])
        hinge = hinge / np.abs(hinge).max(axis=0)
        hinge = hinge - self._basis @ (self._basis.T @ hinge)
        made, triangle = np.linalg.qr(hinge)
        good = np.abs(np.diag(triangle)) > 1e-6
        return np.asarray(made[:, good])

    def rest(self, offset: float) -> Array:
        """Residuals of each signal, shape (m, p)."""
        bends = self.bends(offset)
        return np.asarray(self.left - bends @ (bends.T @ self.left))

    def squares(self, offset: float) -> Array:
        """Sum of squared residuals of each signal over its own scatter without bends, shape (p,)."""
        whole = np.maximum((self.left**2).sum(axis=0), np.finfo(float).tiny)
        return np.asarray((self.rest(offset) ** 2).sum(axis=0) / whole)


def _judged(profile: _Profile, offsets: Array, frame: float, kinks: int, used: NDArray[np.bool_]) -> KinkOffset:
    """Best offset with its profile of the sum of squares."""
    rests = np.array([(profile.rest(offset) ** 2).sum(axis=0) for offset in offsets])
    place = int(np.argmin((rests / (profile.left**2).sum(axis=0)).sum(axis=1)))
    rest = profile.rest(float(offsets[place]))
    size, signals = rest.shape
    dof = max(1.0, size - profile.columns - kinks - 1.0)
    variance = np.maximum((rest**2).sum(axis=0) / dof, np.finfo(float).tiny) * _memory(rest)
    chi = (rests / variance).sum(axis=1)
    place = int(np.argmin(chi))
    best, std = _vertex(offsets, chi, place, frame)
    gain = ((profile.left**2).sum(axis=0) / variance).sum() - chi[place]
    tries = max(1.0, (offsets[-1] - offsets[0]) / frame)
    chance = min(1.0, tries * float(stats.f.sf(gain / (kinks * signals + 1), kinks * signals + 1, dof * signals)))
    if chance > 0.01:
        raise FitError(
            f"The patterns run as smoothly without a bend at the events (probability {chance:.2g} that it is noise); declare the offset."
        )
    away = np.abs(offsets - best) > max(_APART * frame, 5 * std)
    inner = np.concatenate(([False], (chi[1:-1] <= chi[:-2]) & (chi[1:-1] <= chi[2:]), [False])) & away
    if not inner.any():
        return KinkOffset(best, std, dof, math.nan, math.inf, chance, kinks, used)
    rival = int(np.flatnonzero(inner)[np.argmin(chi[inner])])
    return KinkOffset(best, std, dof, float(offsets[rival]), float(chi[rival] - chi[place]) / 2, chance, kinks, used)


def _vertex(offsets: Array, chi: Array, place: int, frame: float) -> tuple[float, float]:
    """Vertex of the parabola through the profile around its least point, and where it has risen by one; over at least one frame, within
    which the profile is not a parabola."""
    near = np.flatnonzero((chi < chi[place] + 4.0) | (np.abs(offsets - offsets[place]) <= frame / 2))
    near = near[(near >= place - 200) & (near <= place + 200)]
    x = (offsets[near] - offsets[place]) / frame
    curve, slope, _ = np.polyfit(x, chi[near] - chi[place], 2)
    if curve <= 0:
        return float(offsets[place]), frame
    shift = float(np.clip(-slope / (2 * curve), -1.0, 1.0))
    return float(offsets[place] + frame * shift), float(frame / math.sqrt(curve))


def _memory(rest: Array) -> float:
    """By how much neighbours that err alike raise the variance of what is fitted: (1 + r) / (1 - r), not below one."""
    share = [float(one[1:] @ one[:-1] / max(one @ one, np.finfo(float).tiny)) for one in rest.T]
    r = min(max(float(np.mean(share)), 0.0), 0.9)
    return (1 + r) / (1 - r)


def _smooth(middle: Array) -> Array:
    """Cubic splines, shape (m, q)."""
    from scipy.interpolate import BSpline

    intervals = int(np.clip(middle.size // _FRAMES, 1, _INTERVALS))
    inner = np.linspace(middle[0], middle[-1], intervals + 1)
    knots = np.concatenate((np.repeat(inner[0], 3), inner, np.repeat(inner[-1], 3)))
    return np.asarray(BSpline.design_matrix(middle, knots, 3).toarray())


def _averaged_hinge(start: Array, stop: Array, place: Array) -> Array:
    """Mean of ``max(t - place, 0)`` over each exposure."""
    squared = np.maximum(stop - place, 0.0) ** 2 - np.maximum(start - place, 0.0) ** 2
    return np.asarray(squared / (2 * (stop - start)))
