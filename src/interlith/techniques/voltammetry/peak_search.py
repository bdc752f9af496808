"""Where does a sweep show peaks and shoulders, before anything is fitted?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.smoothing import noise_of

Array = NDArray[np.float64]

#: A peak stands out by this share of the range of the current and by so many times the noise of the smoothed current.
LEAST_SHARE, LEAST_NOISE = 0.03, 9.0
#: Points along a sweep on which peaks are looked for, and width of the smoothing as a share of its range.
GRID, SMOOTHED = 600, 1 / 60
#: Curvature of a shoulder as a share of the strongest one, and in standard deviations of its noise.
SHOULDER_SHARE, SHOULDER_NOISE = 0.2, 8.0


@dataclass(frozen=True, slots=True)
class Smooth:
    """A sweep on an even grid: smoothed current and its noise, curvature and its noise."""

    x: Array
    y: Array
    noise: float
    bend: Array
    bend_noise: float


def smoothed(x: Array, y: Array) -> Smooth:
    """A sweep on an even grid; `x` (V) rises along it but for noise, `y` (A) upwards, shape (n,)."""
    from scipy import signal  # takes a second to import

    edges = np.linspace(float(x.min()), float(x.max()), min(GRID, max(len(x) // 2, 20)) + 1)
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(place, minlength=len(edges) - 1)
    sums = np.bincount(place, weights=y, minlength=len(edges) - 1)
    centres = 0.5 * (edges[1:] + edges[:-1])
    known = counts > 0
    level = np.interp(centres, centres[known], sums[known] / counts[known])
    window = max(round(len(centres) * SMOOTHED) * 2 + 1, 7)
    # The double layer turns the current over within a few rows after a turn; smoothed, that step would ring like a peak.
    centres, level = centres[window // 2 + 1 :], level[window // 2 + 1 :]
    noise = noise_of(level)
    kernel = signal.savgol_coeffs(window, 2)
    smoothed = signal.savgol_filter(level, window, 2)
    spacing = float(centres[1] - centres[0])
    bend = signal.savgol_filter(level, 2 * window + 1, 4, deriv=2, delta=spacing)
    bend_kernel = signal.savgol_coeffs(2 * window + 1, 4, deriv=2, delta=spacing)
    return Smooth(
        centres,
        smoothed,
        noise * float(np.sqrt(kernel @ kernel)),
        bend,
        noise * float(np.sqrt(bend_kernel @ bend_kernel)),
    )


def tops_of(smooth: Smooth) -> list[int]:
    """Grid points of the maxima that stand out of noise and range."""
    from scipy import signal  # takes a second to import

    least = max(LEAST_NOISE * smooth.noise, LEAST_SHARE * float(np.ptp(smooth.y)))
    tops, _ = signal.find_peaks(smooth.y, prominence=max(least, 1e-300))
    edge = max(len(smooth.y) // 100, 2)
    return [int(top) for top in tops if edge <= top < len(smooth.y) - edge]


def half_width_of(smooth: Smooth, top: int) -> float:
    """From half of the height over the lowest current before the peak (since the last higher one) to the top (V)."""
    higher = np.flatnonzero(smooth.y[:top] > smooth.y[top])
    start = int(higher[-1]) + 1 if len(higher) else 0
    before = smooth.y[start : top + 1]
    lowest = start + int(np.argmin(before))
    half = 0.5 * (smooth.y[top] + smooth.y[lowest])
    rows = np.flatnonzero(smooth.y[lowest : top + 1] <= half)
    return float(smooth.x[top] - smooth.x[lowest + int(rows[-1])]) if len(rows) else float(smooth.x[1] - smooth.x[0])


def shoulders(smooth: Smooth, marks: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Places of strong curvature without a maximum (V along the sweep), each with the spacing of the grid: a peak hides there."""
    from scipy import signal  # takes a second to import

    hollow = -smooth.bend
    strongest = hollow.max(initial=0.0)
    least = max(SHOULDER_SHARE * float(strongest), SHOULDER_NOISE * smooth.bend_noise, 1e-300)
    found, _ = signal.find_peaks(hollow, height=least, prominence=least)
    edge = len(hollow) // 12
    spacing = float(smooth.x[1] - smooth.x[0])
    places = [float(smooth.x[top]) for top in found if edge < top < len(hollow) - edge]
    return [
        (place, spacing)
        for place in places
        if marks and all(abs(place - position) > 1.2 * width for position, width in marks)
    ]
