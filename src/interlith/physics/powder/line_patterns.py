"""Which lines does each pattern of a series hold, fitted in groups, each group with what its neighbours reach over to it taken off?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.peak_response import FWHM
from interlith.numerics.peak_search import search
from interlith.physics.powder.line_groups import Group, Lines, drawn, fit_groups
from interlith.physics.powder.line_shape import Radiation

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

#: Lines nearer than so many widths are fitted together, at most so many; a stretch reaches so many widths beyond its outer lines.
JOINED, MOST_JOINED, REACH, LEAST_REACH = 2.5, 6, 5.0, 1.2
#: Below these significances the share, and the width, of a line are not fitted but taken from the others.
FOR_SHARE, FOR_WIDTH = 40.0, 8.0
#: A residual counts as a line only beyond this share of the lines under it: no profile is known better.
PROFILE = 0.05
#: How far a position may go in one fit (in widths).
ROAM = 0.8
#: A line this near to a larger one (in widths) is a part of it.
SAME = 0.4
#: Shape of a line nobody knows yet.
USUAL_SHARE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One pattern: two theta (deg), intensity, standard uncertainties; shape (n,); points to be left out are not among them."""

    x: Array
    y: Array
    std: Array


@dataclass(frozen=True, slots=True, eq=False)
class Starts:
    """Lines of one pattern before a fit, by position.

    Parameters
    ----------
    position, width, share, area
        Starts, shape (k,).
    significance
        Area over its uncertainty, as far as known, shape (k,).
    roam
        How far a position may go (deg), shape (k,); 0 holds it.
    forced
        Lines that are held at position, width and shape: only their areas are asked for, and may be negative, shape (k,).
    label
        Number that a line keeps, shape (k,).
    """

    position: Array
    width: Array
    share: Array
    area: Array
    significance: Array
    roam: Array
    forced: Mask
    label: Rows

    def __len__(self) -> int:
        return int(self.position.size)

    def only(self, kept: NDArray[np.bool_] | Rows) -> Starts:
        """Those of a mask or list of places."""
        return Starts(*(getattr(self, name)[kept] for name in self.__slots__))


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Lines of one pattern after the fit, by position.

    Parameters
    ----------
    starts
        What was asked for.
    position, area, width, share
        Found, shape (k,), and `std` their standard uncertainties, shape (4, k).
    goodness
        Of the group of each line, shape (k,).
    trusted
        Whether the fit of its group converged away from bounds, shape (k,).
    group
        Number of the group of each line, shape (k,).
    groups
        The fits, by number.
    """

    starts: Starts
    position: Array
    area: Array
    width: Array
    share: Array
    std: Array
    goodness: Array
    trusted: Mask
    group: Rows
    groups: tuple[Lines, ...]

    def __len__(self) -> int:
        return int(self.position.size)

    @property
    def significance(self) -> Array:
        """Area over its standard uncertainty, shape (k,)."""
        return np.asarray(
            np.divide(
                self.area, self.std[1], out=np.zeros(len(self)), where=np.isfinite(self.std[1]) & (self.std[1] > 0)
            )
        )

    def again(
        self, kept: NDArray[np.bool_] | Rows, *, usual: float = USUAL_SHARE, width: float | None = None
    ) -> Starts:
        """Some of these lines as starts of another fit; weak ones take the usual shape, and width where it is given."""
        stand = self.significance
        weak = stand < FOR_SHARE
        share = np.where(weak, usual, self.share)
        wide = self.width if width is None else np.where(stand < FOR_WIDTH, width, self.width)
        starts = self.starts
        found = replace(
            starts, position=self.position, width=np.where(starts.forced, starts.width, wide), area=self.area, significance=stand,
            share=np.where(starts.forced, starts.share, share), roam=np.where(starts.roam > 0, ROAM * wide, 0.0),
        )  # fmt: skip
        return found.only(kept)


def starts_of(
    position: Array, width: Array, height: Array, significance: Array, *, share: float = USUAL_SHARE
) -> Starts:
    """Lines as a search found them."""
    count = position.size
    area = height * width / FWHM * math.sqrt(2.0 * math.pi)
    order = np.argsort(position, kind="stable")
    return Starts(
        position,
        width,
        np.full(count, share),
        area,
        significance,
        ROAM * width,
        np.zeros(count, bool),
        np.arange(count),
    ).only(order)


def joined(*parts: Starts) -> Starts:
    """Lines of several lists by position."""
    whole = Starts(*(np.concatenate([getattr(part, name) for part in parts]) for name in Starts.__slots__))
    return whole.only(np.argsort(whole.position, kind="stable"))


def fit_patterns(
    curves: Sequence[Curve], starts: Sequence[Starts], radiation: Radiation, *, passes: int = 1, tolerance: float = 0.02
) -> list[Fitted]:
    """Fit the lines of every pattern.

    Parameters
    ----------
    curves, starts
        Patterns and the lines of each.
    radiation
        Wavelengths and asymmetry.
    passes
        How often each group is fitted with the lines of the others taken off, as last known.
    tolerance
        As in `fit_groups`.

    Notes
    -----
    The assumption that fails first: that what a neighbour reaches over is known much better than the own area, so that its uncertainty can be left out.
    """
    known = list(starts)
    found: list[Fitted] = []
    for _ in range(passes):
        plans = [_groups(one, radiation) for one in known]
        groups: list[Group] = []
        for curve, one, plan in zip(curves, known, plans, strict=True):
            total = drawn(curve.x, radiation, one.position, one.area, one.width, one.share)
            groups += [_group(curve, one, rows, plan, radiation, total) for rows in plan]
        lines = fit_groups(groups, radiation, tolerance=tolerance)
        found, first = [], 0
        for one, plan in zip(known, plans, strict=True):
            found.append(_gathered(one, plan, lines[first : first + len(plan)]))
            first += len(plan)
        known = [one.again(np.arange(len(one)), usual=usual_share(one)) for one in found]
    return found


def usual_share(found: Fitted) -> float:
    """Lorentzian share of the lines that tell it, in the middle."""
    strong = found.trusted & (found.significance > 2 * FOR_SHARE) & ~found.starts.forced
    return float(np.median(found.share[strong])) if strong.any() else USUAL_SHARE


def residual_starts(
    curve: Curve, found: Fitted, radiation: Radiation, *, narrow: float, wide: float, least: float
) -> Starts:  # fmt: skip
    """Lines that a fit has left over.

    Parameters
    ----------
    narrow, wide, least
        Widths (deg) and significance, as in a search.
    """
    lines = drawn(curve.x, radiation, found.position, found.area, found.width, found.share)
    std = np.hypot(curve.std, PROFILE * lines)
    new = search(curve.x, curve.y - lines, std, narrow=narrow, wide=wide, least=least)
    if len(found):
        nearest = np.abs(new.position[:, None] - found.position[None]) / found.width[None]
        twins = np.abs(new.position[:, None] - radiation.twin(found.position)[0][None]) / found.width[None]
        new = new.only((nearest.min(axis=1) > SAME) & (~(twins < SAME)).all(axis=1))
    return starts_of(new.position, new.width, new.height, new.significance, share=usual_share(found))


def worth_keeping(found: Fitted, least: float, *, unsettled: bool = False) -> Mask:
    """Lines that stand out and are no part of a larger one, shape (k,).

    Parameters
    ----------
    least
        Significance of the area.
    unsettled
        Whether lines that stood out in the search and were lost in the fit, two in the place of one or at the end of their range, are
        kept for another fit, the larger first, where nothing else is near.
    """
    stands, known = found.significance >= least, np.isfinite(found.std[0])
    again = ~(stands & known) & (found.starts.significance >= least) & ~found.starts.forced & (found.area > 0)
    kept = np.zeros(len(found), dtype=np.bool_)
    steps = [(stands & known, found.significance, SAME), (again & unsettled, found.area, 1.0)]
    for wanted, rank, near in steps:
        for row in np.argsort(-rank, kind="stable"):
            if wanted[row]:
                width = np.maximum(found.width[kept], found.width[row])
                kept[row] = bool((np.abs(found.position[kept] - found.position[row]) > near * width).all())
    return kept


def _groups(one: Starts, radiation: Radiation) -> list[Rows]:
    """Places of the lines that are fitted together."""
    count = len(one)
    if not count:
        return []
    twin = radiation.twin(one.position)[0]
    right = np.where(np.isfinite(twin), twin, one.position)
    gap = (one.position[1:] - right[:-1]) / (0.5 * (one.width[1:] + one.width[:-1]))
    parts = np.split(np.arange(count), np.flatnonzero(gap > JOINED) + 1)
    found: list[Rows] = []
    while parts:
        part = parts.pop()
        if part.size <= MOST_JOINED:
            found.append(part)
            continue
        inner = gap[part[:-1]]
        # Ends are cut off only where they stand as far away as the middle does.
        cut = 1 + int(np.argmax(inner - 0.2 * np.abs(np.arange(inner.size) - (inner.size - 1) / 2)))
        parts += [part[:cut], part[cut:]]
    return sorted(found, key=lambda part: int(part[0]))


def _group(curve: Curve, one: Starts, rows: Rows, plan: Sequence[Rows], radiation: Radiation, total: Array) -> Group:
    low, high = _stretch(one, rows, radiation)
    first, last = np.searchsorted(curve.x, [low, high])
    # A stretch with fewer points than parameters is widened, at the end of a pattern to the inside.
    lacking = max(0, 5 * rows.size + 6 - int(last - first))
    first, last = max(0, int(first) - lacking), min(curve.x.size, int(last) + lacking)
    part = slice(first, last)
    own = one.only(rows)
    others = total[part] - drawn(curve.x[part], radiation, own.position, own.area, own.width, own.share)
    held = np.array(
        [
            own.forced | (own.roam <= 0),
            own.forced | (own.significance < FOR_WIDTH),
            own.forced | (own.significance < FOR_SHARE),
        ]
    )
    return Group(
        curve.x[part],
        curve.y[part] - others,
        curve.std[part],
        own.position,
        own.width,
        own.share,
        held,
        np.maximum(own.roam, 1e-9),
        own.forced,
    )


def _stretch(one: Starts, rows: Rows, radiation: Radiation) -> tuple[float, float]:
    """Ends of the part of a pattern that a group is fitted to (deg): up to the neighbours, at most some widths."""
    twin = radiation.twin(one.position)[0]
    right = np.where(np.isfinite(twin), twin, one.position)
    first, last = int(rows[0]), int(rows[-1])
    low, high = one.position[first] - REACH * one.width[first], right[last] + REACH * one.width[last]
    if first:
        low = max(low, right[first - 1] + 0.7 * one.width[first - 1])
    if last + 1 < len(one):
        high = min(high, one.position[last + 1] - 0.7 * one.width[last + 1])
    return (
        float(min(low, one.position[first] - LEAST_REACH * one.width[first])),
        float(max(high, right[last] + LEAST_REACH * one.width[last])),
    )


def _gathered(one: Starts, plan: Sequence[Rows], lines: Sequence[Lines]) -> Fitted:
    count = len(one)
    values, std = np.zeros((4, count)), np.full((4, count), math.inf)
    goodness, trusted, group = np.full(count, math.nan), np.zeros(count, bool), np.zeros(count, dtype=np.intp)
    for number, (rows, fit) in enumerate(zip(plan, lines, strict=True)):
        values[:, rows] = fit.position, fit.area, fit.width, fit.share
        std[:, rows] = fit.std
        goodness[rows], group[rows] = fit.goodness, number
        trusted[rows] = fit.converged & ~fit.bound
    return Fitted(one, values[0], values[1], values[2], values[3], std, goodness, trusted, group, tuple(lines))
