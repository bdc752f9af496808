"""Which current would flow under a peak if there were no peak?

All of it in the coordinates of the sweep: `x` (V) rises in the order of the rows, `y` (A) is positive where peaks point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

KINDS = ("linear", "polynomial", "level", "zero")
#: A foot ends so many half-widths before the top, the next one where one leaves no room; a flank begins as far behind it.
CLEARANCES = (5.0, 4.0, 3.0)
CLEAR = 4.0
#: Rows at the least, and length in half-widths.
FEWEST, SHORTEST = 8, 0.75
#: Parts of the foot that are left out while the double layer is still being charged: the first that leaves a straight line.
SKIPPED = (0.03, 0.1, 0.25)
#: The current counts as back on its baseline below this share of the peak.
CLOSED = 0.05
#: A line whose extrapolation is less sure than this share of the peak must show a slope to be taken.
MOST_LEVER = 0.02


@dataclass(frozen=True, slots=True)
class Baseline:
    """A polynomial in x - origin: coefficients from the constant up with their covariance."""

    kind: str
    coefficients: Array
    covariance: Array
    origin: float

    def at(self, x: Array | float) -> Array:
        """Current (A), shape of `x`."""
        powers = np.vander(
            np.atleast_1d(np.asarray(x, dtype=float)) - self.origin, len(self.coefficients), increasing=True
        )
        return np.asarray(powers @ self.coefficients)

    def std(self, x: float) -> float:
        """Standard uncertainty of the current (A) at one place."""
        powers = (x - self.origin) ** np.arange(len(self.coefficients))
        return math.sqrt(max(float(powers @ self.covariance @ powers), 0.0))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies beside a peak: its top and half-width (V), rows of the foot before and of the flank behind, valley rows.

    `lowest` place of the valley before it (V); `crowded` where another peak leaves no foot of its own.
    """

    top: float
    half_width: float
    foot: NDArray[np.bool_]
    flank: NDArray[np.bool_]
    crowded: bool
    valley: NDArray[np.bool_]
    lowest: float


def surroundings(
    x: Array,
    y: Array,
    *,
    top: float,
    half_width: float,
    before: tuple[float, float] | None,
    behind: tuple[float, float] | None,
) -> Surroundings:
    """Rows that belong to no peak.

    Parameters
    ----------
    x, y
        Rows of the sweep, shape (n,).
    top, half_width
        Of the peak (V).
    before, behind
        Top and half-width of the neighbouring peaks.
    """
    start, end = float(x.min()), float(x.max())
    left = start if before is None else before[0] + CLEAR * before[1]
    foot = np.zeros(len(x), dtype=bool)
    for clear in CLEARANCES:
        right = top - clear * half_width
        for skipped in SKIPPED:
            begin = left + skipped * max(right - left, 0.0) if before is None else left
            foot = (x >= begin) & (x <= right)
            if not _enough(x, foot, half_width):
                break
            if _straight(x[foot], y[foot]):
                break
        if _enough(x, foot, half_width):
            break
    if not _enough(x, foot, half_width):
        foot = np.zeros(len(x), dtype=bool)
    stop = end - 0.01 * (end - start) if behind is None else behind[0] - CLEAR * behind[1]
    flank = np.zeros(len(x), dtype=bool)
    for clear in CLEARANCES[:2]:
        flank = (x >= top + clear * half_width) & (x <= stop)
        if _enough(x, flank, half_width):
            break
    if not _enough(x, flank, half_width):
        flank = np.zeros(len(x), dtype=bool)
    valley_from = start if before is None else before[0]
    between = (x > valley_from) & (x < top)
    valley, lowest = np.zeros(len(x), dtype=bool), valley_from
    if between.any():
        lowest = float(x[between][int(np.argmin(y[between]))])
        valley = between & (np.abs(x - lowest) <= 0.15 * half_width)
        valley |= between & (np.argsort(np.argsort(np.abs(x - lowest))) < 3)
    return Surroundings(top, half_width, foot, flank, not foot.any(), valley, lowest)


def outer(x: Array, y: Array, marks: Sequence[tuple[float, float]], height: float) -> NDArray[np.bool_] | None:
    """Rows before the first and behind the last peak, where the current comes back to what it was; `None` where it does not."""
    first = surroundings(x, y, top=marks[0][0], half_width=marks[0][1], before=None, behind=None)
    last = surroundings(x, y, top=marks[-1][0], half_width=marks[-1][1], before=None, behind=None)
    if not first.foot.any() or not last.flank.any():
        return None
    return first.foot | last.flank if _comes_back(x, y, first.foot, last.flank, height) < CLOSED else None


def _comes_back(x: Array, y: Array, foot: NDArray[np.bool_], flank: NDArray[np.bool_], height: float) -> float:
    """What the current behind a peak differs by from the foot before it, as a share of the peak, beyond its noise."""
    shares = []
    for degree in (0, 1):
        line = _fitted("", x, y, foot, degree, float(x[flank].mean()))
        rest = abs(float(np.median(y[flank] - line.at(x[flank]))))
        shares.append(max(rest - 2.0 * line.std(float(x[flank].mean())), 0.0) / height if height > 0 else math.inf)
    return min(shares)


def choose(
    x: Array, y: Array, around: Surroundings, height: float, common: NDArray[np.bool_] | None
) -> tuple[str, str, float, str]:
    """Kind, runner-up, margin (0 to 1) and the reason, from what the current does on both sides of the peak.

    Parameters
    ----------
    x, y, around, height
        The sweep, and the peak over a first guess.
    common
        Rows on both sides of all peaks, as from `outer`.
    """
    if common is not None:
        return (
            "polynomial", "level" if around.crowded else "linear", 0.8,
            "the current comes back behind the last peak to where it was before the first",
        )  # fmt: skip
    if around.crowded:
        return (
            "level",
            "zero",
            0.2,
            "no stretch before the peak is free of other peaks: the level of the valley before it",
        )
    line = made("linear", x, y, around)
    if line.std(around.top) > MOST_LEVER * height and abs(line.coefficients[1]) < 2 * math.sqrt(line.covariance[1, 1]):
        return "level", "linear", 0.3, "the foot is too short for a slope, and shows none"
    if not around.flank.any():
        return "linear", "level", 0.5, "the line through the foot, because nothing behind the peak is free of it"
    share = _comes_back(x, y, around.foot, around.flank, height)
    return (
        "linear", "level", float(min(1.0, max(share / CLOSED - 1.0, 0.0))),
        f"{100 * share:.0f} % of the peak still flows behind it: only its foot shows the baseline",
    )  # fmt: skip


def made(kind: str, x: Array, y: Array, around: Surroundings, common: NDArray[np.bool_] | None = None) -> Baseline:
    """Fit one kind of baseline; where its rows are missing, the next simpler one."""
    if kind == "zero":
        return Baseline("zero", np.zeros(1), np.zeros((1, 1)), around.top)
    both = common if common is not None else around.foot | around.flank
    if kind == "polynomial" and (common is not None or (around.foot.any() and around.flank.any())):
        curved = _fitted("polynomial", x, y, both, 2, around.top)
        bent = abs(curved.coefficients[2]) > 2 * math.sqrt(curved.covariance[2, 2])
        return curved if bent else _fitted("polynomial", x, y, both, 1, around.top)
    if kind in ("linear", "polynomial") and around.foot.any():
        return _fitted("linear", x, y, around.foot, 1, around.top)
    rows = around.foot if around.foot.any() else around.valley
    if not rows.any():
        return Baseline("zero", np.zeros(1), np.zeros((1, 1)), around.top)
    return _fitted("level", x, y, rows, 0, around.top)


def _fitted(kind: str, x: Array, y: Array, rows: NDArray[np.bool_], degree: int, origin: float) -> Baseline:
    found, covariance = polynomial(x[rows] - origin, y[rows], degree)
    return Baseline(kind, found, covariance, origin)


def polynomial(x: Array, y: Array, degree: int) -> tuple[Array, Array]:
    """Coefficients from the constant up and their covariance, from the scatter and its memory from row to row.

    Notes
    -----
    The covariance is widened by (1 + r) / (1 - r) with r the correlation of neighbouring residuals where that is positive.
    """
    scale = max(float(np.abs(x).max(initial=0.0)), 1e-12)
    columns = np.vander(x / scale, degree + 1, increasing=True)
    solution, _, _, _ = np.linalg.lstsq(columns, y, rcond=None)
    residual = y - columns @ solution
    free = max(len(x) - degree - 1, 1)
    variance = float(residual @ residual) / free
    memory = 0.0
    if len(x) > degree + 6 and variance > 0:
        memory = float(residual[1:] @ residual[:-1]) / float(residual @ residual) + (degree + 1) / len(x)
    memory = min(max(memory, 0.0), 0.9)
    covariance = np.linalg.pinv(columns.T @ columns) * variance * (1 + memory) / (1 - memory)
    powers = scale ** -np.arange(degree + 1, dtype=float)
    return solution * powers, covariance * np.outer(powers, powers)


def _enough(x: Array, rows: NDArray[np.bool_], half_width: float) -> bool:
    return bool(rows.sum() >= FEWEST and np.ptp(x[rows]) >= SHORTEST * half_width)


def _straight(x: Array, y: Array) -> bool:
    """Whether a parabola is no better than a line by more than its noise."""
    found, covariance = polynomial(x - x.mean(), y, 2)
    return bool(abs(found[2]) <= 3.0 * math.sqrt(max(covariance[2, 2], 0.0)))
