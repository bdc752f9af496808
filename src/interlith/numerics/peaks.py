"""Where are the peaks of a density, how sure are position, height and area, and which peak is which along a series?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.smoothing import Density

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Peak:
    """One peak: position, height, area between its valleys, full width at half maximum, and what noise does to each.

    `prominence` is how far it stands above the higher valley. `position_bias` estimates how far the kernel moved the top of
    an asymmetric peak, from how far a kernel twice as wide would move it. `at_edge` marks a peak nearer to an end of the data than
    two resolutions: its flank is cut off.
    """

    position: float
    position_std: float
    position_bias: float
    height: float
    height_std: float
    area: float
    area_std: float
    low: float
    high: float
    width: float
    prominence: float
    at_edge: bool


def find_peaks(density: Density, *, least: float = 0.03, significance: float = 7.0) -> list[Peak]:
    """Peaks of a density, ordered by position.

    Parameters
    ----------
    density
        From `interlith.numerics.smoothing.density_along`.
    least
        Smallest prominence as a share of the highest peak.
    significance
        Smallest prominence in standard uncertainties of the height; noise alone reaches five somewhere along a curve.

    Notes
    -----
    The uncertainties are first order in the noise of single samples: that of the position is the standard uncertainty of
    the density's slope at the top over its curvature there. The area runs from valley to valley down to zero, without
    a baseline; its uncertainty is that at fixed valleys. The resolution lowers and widens narrow peaks: a
    Gaussian peak of standard deviation w appears with ``sqrt(w^2 + resolution^2)``. The assumption that fails first:
    a shoulder without a maximum is no peak here.
    """
    from scipy import ndimage, signal  # a warm run looks for no peaks, and this import takes half a second

    values = density.density
    highest = float(values.max())
    tops, found = signal.find_peaks(
        values, prominence=least * highest, distance=max(1, round(2 * density.resolution / density.spacing))
    )
    kept = [
        (int(top), float(prominence))
        for top, prominence in zip(tops, found["prominences"], strict=True)
        if prominence >= significance * density.height_std(float(density.level[top]))
    ]
    peaks = []
    wide = ndimage.gaussian_filter1d(values, 3**0.5 * density.resolution / density.spacing, mode="constant")
    for number, (top, prominence) in enumerate(kept):
        left = 0 if number == 0 else _valley(values, kept[number - 1][0], top)
        right = len(values) - 1 if number == len(kept) - 1 else _valley(values, top, kept[number + 1][0])
        peaks.append(_measured(density, top, left, right, prominence, wide))
    return peaks


def _valley(values: Array, start: int, end: int) -> int:
    return start + int(np.argmin(values[start : end + 1]))


def _measured(density: Density, top: int, left: int, right: int, prominence: float, wide: Array) -> Peak:
    values, level, spacing = density.density, density.level, density.spacing
    before, here, after = values[top - 1], values[top], values[top + 1]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    position = float(level[top] + shift * spacing)
    curvature = abs(float(bend)) / spacing**2
    slope_std = density.slope_std(position)
    low, high = float(level[left]), float(level[right])
    inside = density.nodes[density.amounts > 0]
    margin = 2 * density.resolution
    return Peak(
        position=position,
        position_std=slope_std / curvature if curvature > 0 else math.inf,
        # The shift grows with the square of the width: four times it at twice the width, hence a third of the difference.
        position_bias=(_climbed(wide, top, left, right) - top - shift) * spacing / 3,
        height=float(here - 0.25 * (before - after) * shift),
        height_std=density.height_std(position),
        area=density.amount(low, high),
        area_std=density.area_std(low, high),
        low=low,
        high=high,
        width=_width(values, top, left, right) * spacing,
        prominence=prominence,
        at_edge=bool(position < inside.min() + margin or position > inside.max() - margin),
    )


def _climbed(values: Array, start: int, left: int, right: int) -> float:
    """Position on the grid of the maximum that is reached uphill from a point, between two bounds."""
    here = start
    while here > left and values[here - 1] > values[here]:
        here -= 1
    while here < right and values[here + 1] > values[here]:
        here += 1
    if here in (left, right):
        return float(here)
    before, top, after = values[here - 1], values[here], values[here + 1]
    bend = before - 2 * top + after
    return here + (0.5 * float((before - after) / bend) if bend < 0 else 0.0)


def _width(values: Array, top: int, left: int, right: int) -> float:
    """Full width at half maximum in grid steps; nan where a valley is higher than half the peak."""
    half = values[top] / 2
    flank, other = values[left : top + 1][::-1], values[top : right + 1]
    if flank.min() > half or other.min() > half:
        return math.nan
    return _crossing(flank, half) + _crossing(other, half)


def _crossing(values: Array, level: float) -> float:
    index = int(np.argmax(values <= level))
    if index == 0:
        return 0.0
    return index - 1 + float((values[index - 1] - level) / (values[index - 1] - values[index]))


@dataclass(slots=True)
class Identity:
    """A peak as it was last seen."""

    name: int
    position: float
    size: float


def track(
    series: Sequence[Sequence[tuple[float, float]]], *, gate: float, known: Sequence[Identity] = ()
) -> tuple[list[list[int]], list[Identity]]:
    """Give every peak of every member of a series an identity that it keeps.

    Parameters
    ----------
    series
        Members in order; each a sequence of (position, size > 0) ordered by position.
    gate
        Largest shift from one sighting to the next, in units of the position.
    known
        Identities from before (another specimen); their names are kept.

    Returns
    -------
    names
        One list a member, in the order of its peaks.
    identities
        All identities, each as last seen.

    Notes
    -----
    Each member is aligned with the identities by dynamic programming: pairs keep their order, so that two peaks never
    swap when one of them disappears; an identity that is missing waits where it was last seen. A pair gains
    ``1 - (shift / gate)^2 - (ln size ratio / 3)^2``. Two peaks that truly cross are renamed; this is the assumption
    that fails first.
    """
    alive = [Identity(item.name, item.position, item.size) for item in known]
    names: list[list[int]] = []
    for member in series:
        alive.sort(key=lambda item: item.position)
        pairs = _aligned(alive, member, gate)
        row = []
        for index, (position, size) in enumerate(member):
            held = pairs.get(index)
            if held is None:
                held = Identity(1 + max((item.name for item in alive), default=0), position, size)
                alive.append(held)
            held.position, held.size = position, size
            row.append(held.name)
        names.append(row)
    return names, sorted(alive, key=lambda item: item.name)


def _aligned(alive: Sequence[Identity], member: Sequence[tuple[float, float]], gate: float) -> dict[int, Identity]:
    ordered = list(alive)
    best = np.zeros((len(ordered) + 1, len(member) + 1))
    gains = np.full((len(ordered), len(member)), -math.inf)
    for i, item in enumerate(ordered):
        for j, (position, size) in enumerate(member):
            change = math.log(size / item.size) if size > 0 and item.size > 0 else 0.0
            gains[i, j] = 1.0 - ((position - item.position) / gate) ** 2 - (change / 3.0) ** 2
            best[i + 1, j + 1] = max(best[i, j + 1], best[i + 1, j], best[i, j] + max(gains[i, j], 0.0))
    pairs: dict[int, Identity] = {}
    i, j = len(ordered), len(member)
    while i > 0 and j > 0:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs[j] = ordered[i]
    return pairs
