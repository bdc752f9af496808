"""How much of x is spent at each y, and how steep is y along x, when y is noisy, quantised and does not always rise?

Turning noisy samples into a derivative divides by differences that may be zero or negative. Both functions here avoid
that: the first counts, the second fits, and each has one stated resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError

Array = NDArray[np.float64]

#: Grid points per standard deviation of the kernel, and how many of these lie beyond the ends of the data.
_FINENESS = 5
_MARGIN = 5
_MOST_POINTS = 200_000


@dataclass(frozen=True, slots=True)
class Density:
    """Amount of x per unit of y at one resolution.

    Parameters
    ----------
    level, density
        Grid of y (evenly spaced) and dx/dy on it, shape (m,).
    resolution
        Standard deviation of the Gaussian kernel, in units of y: what is narrower is shown this wide.
    total
        Sum of all x, equal to the integral of the density.
    nodes, amounts
        The samples of y and the x that belongs to each, shape (n,): from these the noise is propagated.
    noise
        Standard deviation of a single y.
    """

    level: Array
    density: Array
    resolution: float
    total: float
    nodes: Array
    amounts: Array
    noise: float

    @property
    def spacing(self) -> float:
        """Distance of grid points."""
        return float(self.level[1] - self.level[0])

    def height_std(self, at: float) -> float:
        """Standard uncertainty of the density at a level, from the noise of y."""
        return self.noise * float(np.sqrt((self.amounts**2 * _kernel(at - self.nodes, self.resolution, 1) ** 2).sum()))

    def slope_std(self, at: float) -> float:
        """Standard uncertainty of the slope of the density at a level."""
        return self.noise * float(np.sqrt((self.amounts**2 * _kernel(at - self.nodes, self.resolution, 2) ** 2).sum()))

    def area_std(self, low: float, high: float) -> float:
        """Standard uncertainty of the amount between two levels held fixed."""
        difference = _kernel(high - self.nodes, self.resolution, 0) - _kernel(low - self.nodes, self.resolution, 0)
        return self.noise * float(np.sqrt((self.amounts**2 * difference**2).sum()))

    def amount(self, low: float, high: float) -> float:
        """Amount of x between two levels."""
        edges = np.concatenate([[self.level[0] - self.spacing / 2], self.level + self.spacing / 2])
        running = np.concatenate([[0.0], np.cumsum(self.density) * self.spacing])
        return float(np.interp(high, edges, running) - np.interp(low, edges, running))


def noise_of(y: ArrayLike) -> float:
    """Standard deviation of the noise of an evenly traced curve, from its third differences.

    Parameters
    ----------
    y
        Samples in order, shape (n,). A trend, a slope and a curvature leave no trace in third differences.

    Notes
    -----
    At least the quantum over the square root of twelve (`quantum_of`): on a flat stretch of quantised samples all
    differences are zero although none of the values is known better. Structure narrower than four samples counts as
    noise, so that sparse curves get too large a noise rather than too small a one.
    """
    values = np.asarray(y, dtype=float)
    floor = quantum_of(values) / 12**0.5
    if len(values) < 8:
        return float(floor)
    third = np.diff(values, 3)
    spread = float(np.median(np.abs(third))) / 0.6744897501960817 / 20**0.5
    return max(spread, floor)


def quantum_of(y: ArrayLike) -> float:
    """Step of a quantised reading: the smallest one of which all others are multiples; 0 where there is none.

    Readings taken at every so many millivolts repeat no value and yet know nothing between the steps of the converter.
    """
    values = np.asarray(y, dtype=float)
    steps = np.diff(np.unique(np.round(values, 8)))
    if len(steps) < 3:
        return float(steps.min()) if len(steps) else 0.0
    smallest = float(steps.min())
    multiples = steps[steps < 50 * smallest] / smallest
    # Printing rounds a step of the converter, so that its multiples are met to a tenth only.
    whole = np.abs(multiples - np.round(multiples)) < 0.1
    return smallest if len(multiples) >= 0.5 * len(steps) and whole.mean() > 0.9 else 0.0


def resolution_of(y: ArrayLike) -> float:
    """Resolution at which a density along y is honest: coarser than quantum, noise, sampling and a 400th of the range."""
    values = np.asarray(y, dtype=float)
    span = float(np.ptp(values))
    steps = np.abs(np.diff(values))
    typical = float(np.median(steps)) if len(steps) else 0.0
    return max(2.0 * quantum_of(values), 4.0 * noise_of(values), 3.0 * typical, span / 400.0)


def density_along(x: ArrayLike, y: ArrayLike, *, resolution: float, joined: ArrayLike | None = None) -> Density:
    """Amount of x per unit of y (for a half-cycle, charge per volt) by counting, not by dividing.

    Parameters
    ----------
    x
        Rising coordinate, shape (n,).
    y
        Level at each x, shape (n,); need not be monotonic.
    resolution
        Standard deviation of the Gaussian kernel, in units of y.
    joined
        Whether a sample and the next belong together, shape (n - 1,); amounts across a gap are left out.

    Raises
    ------
    FitError
        If fewer than eight samples are joined, or the resolution is not positive.

    Notes
    -----
    Every piece of x between two samples is spread evenly over the levels between them; then the sum is convolved with
    the kernel. The result is never negative, and its integral is the total of x whatever the noise: the density of a
    non-monotonic curve counts all passages through a level. Noise of standard deviation s widens the kernel to
    ``sqrt(resolution^2 + s^2)`` and shifts nothing. The assumption that fails first: y varies little between samples
    compared with the resolution.

    References
    ----------
    Local time (occupation density) of a function: Geman and Horowitz 1980, 10.1214/aop/1176994824.
    """
    coordinate, level = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    keep = np.ones(len(coordinate) - 1, dtype=bool) if joined is None else np.asarray(joined, dtype=bool)
    if keep.sum() < 8:
        raise FitError(f"A density needs at least eight joined samples; found {int(keep.sum())}.")
    if not resolution > 0:
        raise FitError(f"The resolution of a density must be positive; found {resolution:g}.")
    amounts = np.where(keep, np.diff(coordinate), 0.0)
    spacing = resolution / _FINENESS
    used = np.concatenate([level[:-1][keep], level[1:][keep]])
    first = float(used.min()) - _MARGIN * resolution
    count = int(np.ceil((float(used.max()) + _MARGIN * resolution - first) / spacing)) + 1
    if count > _MOST_POINTS:
        raise FitError(f"A resolution of {resolution:g} over a range of {np.ptp(used):g} needs {count} grid points.")
    level_grid: Array = first + spacing * np.arange(count, dtype=float)
    edges: Array = np.append(level_grid, level_grid[-1] + spacing) - spacing / 2
    running = _running(level[:-1][keep], level[1:][keep], amounts[keep], edges, spacing)
    from scipy import ndimage  # as in peaks: not before something is smoothed

    smooth = ndimage.gaussian_filter1d(np.diff(running) / spacing, _FINENESS, mode="constant", truncate=6.0)
    nodes = np.zeros(len(coordinate))
    nodes[:-1] += amounts / 2
    nodes[1:] += amounts / 2
    total = float(amounts.sum())
    return Density(level_grid, smooth, resolution, total, level, nodes, noise_of(level))


def _running(start: Array, end: Array, amounts: Array, edges: Array, spacing: float) -> Array:
    """Amount below each edge: exact for pieces spread evenly between their ends."""
    middle, half = (start + end) / 2, np.maximum(np.abs(end - start), 0.01 * spacing) / 2
    rate = amounts / (2 * half)
    knots = np.concatenate([middle - half, middle + half])
    order = np.argsort(knots, kind="stable")
    knots, rates = knots[order], np.cumsum(np.concatenate([rate, -rate])[order])
    below = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(knots))])
    return cast(Array, np.interp(edges, knots, below))


def _kernel(distance: Array, width: float, derivative: int) -> Array:
    z = distance / width
    value = np.exp(-0.5 * z**2) / (width * (2 * np.pi) ** 0.5)
    if derivative == 0:
        return cast(Array, value)
    return cast(Array, -value * z / width if derivative == 1 else value * (z**2 - 1) / width**2)


def local_slope(
    x: ArrayLike, y: ArrayLike, at: ArrayLike, *, resolution: float, noise: float | None = None
) -> tuple[Array, Array]:
    """Slope of y along x by local parabolas with Gaussian weights, and its standard uncertainty.

    Parameters
    ----------
    x, y
        Samples, shape (n,); `x` does not fall.
    at
        Where the slope is wanted, shape (m,).
    resolution
        Standard deviation of the weights, in units of x.
    noise
        Standard deviation of a single y; estimated by `noise_of` where `None`.

    Returns
    -------
    slope, std
        Shape (m,); nan where fewer than four samples carry weight.

    Notes
    -----
    Errors of single samples are taken as independent. Nothing is said of structure narrower than the resolution.

    References
    ----------
    Fan and Gijbels, Local Polynomial Modelling, 10.1201/9780203748725, section 3.1.
    """
    coordinate, level, points = (np.asarray(item, dtype=float) for item in (x, y, at))
    spread = noise_of(level) if noise is None else noise
    slopes, stds = np.full(len(points), np.nan), np.full(len(points), np.nan)
    begin, end = (np.searchsorted(coordinate, points + side * 4 * resolution) for side in (-1, 1))
    span = np.arange(max(int((end - begin).max(initial=0)), 1))
    near = np.minimum(begin[:, None] + span, len(coordinate) - 1)
    z = (coordinate[near] - points[:, None]) / resolution
    weight = np.exp(-0.5 * z**2) * (span < (end - begin)[:, None])
    square = z * z
    weighted = (weight, weight * z, weight * square, weight * square * z, weight * square * square)
    moments = np.stack([item.sum(axis=1) for item in weighted])
    gram = np.moveaxis(moments[np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4]])], 2, 0)
    enough = ((weight > 0.01).sum(axis=1) >= 4) & (np.linalg.det(gram) > 1e-6 * moments[0] ** 3)
    if enough.any():
        row = np.linalg.inv(gram[enough])[:, 1]
        share = sum(row[:, k : k + 1] * weighted[k][enough] for k in range(3))
        slopes[enough] = (share * level[near[enough]]).sum(axis=1) / resolution
        stds[enough] = spread * np.sqrt((share**2).sum(axis=1)) / resolution
    return slopes, stds
