"""Where does a noisy curve hold narrow peaks on a slowly varying background, and how far do they stand out of the noise?

The curve is compared with a peak of every width from which any straight line has been taken out: the answer in units of its own noise
needs no background, and its largest values are the peaks.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.peak_response import FWHM, CurveSums, response

Array = NDArray[np.float64]

#: Widths that are tried grow by this factor; a width wrong by half of it costs 2 % of the significance; the narrowest that has so much of the best is taken.
_FACTOR = 1.35
_NEARLY = 0.93
#: Two candidates nearer than this share of the wider one's width are one.
_APART = 0.7
#: Squared significance of one wide peak over that of narrower ones under it, summed, above which it takes their place.
_TOGETHER = 2.0
#: Expected value of the absolute normal deviate at the median.
_MEDIAN = 0.6744897501960817
#: Curves that are enough to tell together how noise varies along x; points of a running median of one curve.
_MANY, _FEWEST = 5, 151


@dataclass(frozen=True, slots=True)
class Candidates:
    """Peaks of one curve by rising position, each shape (k,).

    Parameters
    ----------
    position, width
        (as x): top, and full width at half maximum of the Gaussian that stands out most.
    height
        (as y): of that Gaussian above its surroundings.
    significance
        Its height in standard uncertainties.
    """

    position: Array
    width: Array
    height: Array
    significance: Array

    def __len__(self) -> int:
        return int(self.position.size)

    def only(self, kept: ArrayLike) -> Candidates:
        """Those of a mask or of a list of places."""
        rows = np.asarray(kept)
        return Candidates(self.position[rows], self.width[rows], self.height[rows], self.significance[rows])


def threshold(span: float, narrow: float, wide: float, *, false_alarms: float = 0.01) -> float:
    """Significance that noise alone exceeds anywhere in a search with at most this chance.

    Parameters
    ----------
    span, narrow, wide
        (one unit): length searched over, summed over all curves; smallest and largest width looked for.

    Raises
    ------
    FitError
        If a length is not positive, or the chance is not between 0 and 1.

    Notes
    -----
    Expected number of upward crossings of a level by the response at every width, as if widths were independent; they are
    not, so that the chance is a little smaller than asked for.

    References
    ----------
    Rice 1945, 10.1002/j.1538-7305.1945.tb00453.x.
    """
    if not (span > 0 and 0 < narrow <= wide and 0 < false_alarms < 1):
        raise FitError(
            f"A threshold needs lengths above zero and a chance between 0 and 1; got {span:g}, {narrow:g}, {wide:g}, {false_alarms:g}."
        )
    turns = span * float((FWHM / widths_between(narrow, wide)).sum()) / (2.0 * math.pi)
    return math.sqrt(2.0 * math.log(max(turns / false_alarms, 2.0)))


def scatter(y: ArrayLike, std: ArrayLike, *, window: int | None = None) -> Array:
    """Scatter from point to point over the stated standard uncertainties, along each curve; 1 where they are right.

    Parameters
    ----------
    y, std
        Curves on one grid, shape (m, n) or (n,); points without a finite, positive uncertainty are left out.
    window
        Points that are taken together; a tenth of the curve by default, and less where curves share how it varies.

    Returns
    -------
    Array
        Shape of `y`.

    Notes
    -----
    Running medians of second differences, which peaks wider than about five points leave alone; of five curves or more each has its own
    size, and how it varies along x is that of all together. The assumption that fails first: that neighbours err independently; in
    data that were binned or smoothed they do not, and the number is too small.
    """
    values, sizes = np.asarray(y, dtype=np.float64), np.asarray(std, dtype=np.float64)
    table, spread = np.atleast_2d(values), np.atleast_2d(sizes)
    good = np.isfinite(table) & np.isfinite(spread) & (spread > 0)
    whole = good[:, :-2] & good[:, 1:-1] & good[:, 2:]
    if table.shape[1] < 10 or not whole.any():
        return np.ones(values.shape)
    data, size = np.where(good, table, 0.0), np.where(good, spread, 1.0)
    bend = np.abs(data[:, :-2] - 2.0 * data[:, 1:-1] + data[:, 2:])
    ratio = bend / np.sqrt(size[:, :-2] ** 2 + 4.0 * size[:, 1:-1] ** 2 + size[:, 2:] ** 2) / _MEDIAN
    ratio = np.where(whole, ratio, math.nan)
    many = len(table) >= _MANY
    length = window or max(_FEWEST if not many else _FEWEST // 4, table.shape[1] // (40 if many else 10))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a curve without a good point has no median
        level = np.nanmedian(ratio, axis=1, keepdims=True)
        level = np.where(np.isfinite(level) & (level > 0), level, 1.0)
        shape = np.nanmedian(ratio / level, axis=0)[None] * level if many else ratio
    along = np.array([_running(row, length) for row in (shape / level if many else shape)])
    if many:
        along = along[:1] * level
    return np.pad(along, ((0, 0), (1, 1)), mode="edge").reshape(values.shape)


def _running(values: Array, length: int) -> Array:
    """Running median over a window, points without a number left out, then smoothed over a third of it."""
    from scipy import ndimage

    whole = np.where(np.isfinite(values), values, np.nanmedian(values) if np.isfinite(values).any() else 1.0)
    odd = min(length, whole.size) // 2 * 2 + 1
    middle = ndimage.median_filter(whole, odd, mode="reflect")
    return np.asarray(ndimage.uniform_filter1d(middle, max(1, odd // 3), mode="reflect"), dtype=np.float64)


def widths_between(narrow: float, wide: float) -> Array:
    """Widths to be tried from the narrowest to the widest, shape (w,)."""
    count = 1 + max(0, math.ceil(math.log(wide / narrow) / math.log(_FACTOR)))
    return np.asarray(np.geomspace(narrow, wide, count) if count > 1 else np.array([narrow]))


def search(
    x: ArrayLike, y: ArrayLike, std: ArrayLike, *, narrow: float, wide: float, least: float = 4.5,
    doublet: tuple[Array, float] | None = None,
) -> Candidates:  # fmt: skip
    """Peaks of one curve.

    Parameters
    ----------
    x
        Rising, shape (n,); the step should vary little over a peak.
    y, std
        Curve and its standard uncertainties, shape (n,); points without a finite, positive uncertainty are left out.
    narrow, wide
        (as x): smallest and largest full width at half maximum looked for.
    least
        Smallest significance, see `threshold`.
    doublet
        Where every peak is followed by a weaker twin: position of the twin of a peak at each x, shape (n,), and its share of the
        height; a candidate that such a twin explains is left out.

    Raises
    ------
    FitError
        If the shapes differ, x does not rise or a width is not positive.

    Notes
    -----
    For each width and place the height h of a Gaussian g and a straight line are fitted to the points within four standard deviations
    by weighted least squares; what is looked at is h over its standard uncertainty. The assumption that fails first: a background that is
    straight over two widths of a peak. A shoulder that is nearer than the width of its neighbour is no candidate here: search the residuals of a fit.
    """
    place, values, sizes = (np.asarray(one, dtype=np.float64) for one in (x, y, std))
    if place.ndim != 1 or place.shape != values.shape or place.shape != sizes.shape or place.size < 8:
        raise FitError(
            f"A search needs x, y and std of one shape with eight points or more; got {place.shape}, {values.shape}, {sizes.shape}."
        )
    if not (np.diff(place) > 0).all() or not 0 < narrow <= wide:
        raise FitError("A search needs rising x, and widths above zero of which the first is the smaller one.")
    tried = widths_between(narrow, wide)
    sums = CurveSums.of(place, values, sizes, float(tried[-1]))
    found = [response(sums, width) for width in tried]
    stand = np.array([one[0] for one in found])
    rows = _narrow_first(place, stand, tried, least)
    if not rows:
        return Candidates(*(np.zeros(0) for _ in range(4)))
    picked = [(row, _scale(stand[:, row] if last is None else stand[: last + 1, row])) for row, last in rows]
    order = sorted(picked, key=lambda one: -stand[one[1], one[0]])
    kept = _untwinned(place, order, tried, np.array([one[1] for one in found]), doublet)
    where, scale = np.array([one[0] for one in kept], dtype=np.intp), np.array([one[1] for one in kept], dtype=np.intp)
    heights = np.array([found[k][1][i] for i, k in kept])
    return Candidates(_tops(place, stand, where, scale), tried[scale], heights, stand[scale, where])


def _scale(stand: Array) -> int:
    """The narrowest width that stands out nearly as much as the best: a wider one also knows its background better."""
    return int(np.argmax(stand >= _NEARLY * stand.max()))


def _narrow_first(x: Array, stand: Array, tried: Array, least: float) -> list[tuple[int, int | None]]:
    """Places of peaks, and up to which width each may be taken: a wide one that covers two narrow ones is neither."""
    places = np.zeros(0, dtype=np.intp)
    last = np.zeros(
        0, dtype=np.intp
    )  # the number of the widest that each may take; all of them where there is no limit
    free = tried.size - 1
    for number, width in enumerate(tried):
        curve = stand[number]
        top = np.zeros(curve.size, dtype=np.bool_)
        top[1:-1] = (curve[1:-1] >= curve[:-2]) & (curve[1:-1] > curve[2:]) & (curve[1:-1] > least)
        for row in np.flatnonzero(top).tolist():
            near = np.flatnonzero(np.abs(x[places] - x[row]) < _APART * width)
            if not near.size:
                places, last = np.append(places, row), np.append(last, free)
            elif near.size == 1 and last[near[0]] == free:
                if curve[row] > stand[: number + 1, places[near[0]]].max():
                    places[near[0]] = row
            elif curve[row] ** 2 > _TOGETHER * _squares(stand, places[near], np.minimum(last[near], number - 1)):
                # Noise on the top of a wide peak, not two peaks: those together stand out no less than what covers both.
                places, last = np.append(np.delete(places, near), row), np.append(np.delete(last, near), free)
            else:
                last[near] = np.where(last[near] == free, number - 1, last[near])
    return sorted((int(row), None if limit == free else int(limit)) for row, limit in zip(places, last, strict=True))


def _squares(stand: Array, places: NDArray[np.intp], last: NDArray[np.intp]) -> float:
    """Sum over places of the squares of how far each stands out at the widths it may have, at most."""
    return float(sum(stand[: end + 1, row].max() ** 2 for row, end in zip(places, last, strict=True)))


def _untwinned(
    x: Array, order: list[tuple[int, int]], tried: Array, height: Array, doublet: tuple[Array, float] | None
) -> list[tuple[int, int]]:
    """Places and widths by position, without those that are the twin of a stronger one."""
    kept: list[tuple[int, int]] = []
    for row, scale in order:
        twin = False
        for other, wide in kept:
            if doublet is None:
                break
            weak = height[scale, row] < 1.5 * doublet[1] * height[wide, other]
            twin |= bool(weak and abs(x[row] - doublet[0][other]) < 0.5 * max(tried[scale], tried[wide]))
        if not twin:
            kept.append((row, scale))
    return sorted(kept)


def _tops(x: Array, stand: Array, rows: NDArray[np.intp], scale: NDArray[np.intp]) -> Array:
    """Positions of maxima between the points, from a parabola through three of them."""
    before, here, after = stand[scale, rows - 1], stand[scale, rows], stand[scale, rows + 1]
    bend = before - 2.0 * here + after
    shift = np.divide(0.5 * (before - after), bend, out=np.zeros_like(bend), where=bend < 0)
    return np.asarray(x[rows] + np.clip(shift, -1, 1) * 0.5 * (x[rows + 1] - x[rows - 1]))
