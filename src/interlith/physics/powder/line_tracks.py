"""How do the lines of a series of patterns move, and how much of each is there where it is not seen?

Lines are searched in every pattern, fitted, and linked to tracks; then every pattern is fitted once more with all tracks: where a track is not
seen its area is measured at the place where it would be, so that its absence has a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.peak_search import search, threshold
from interlith.numerics.peak_sightings import sightings
from interlith.numerics.peak_tracks import identities
from interlith.physics.powder.line_groups import drawn
from interlith.physics.powder.line_patterns import (
    PROFILE,
    SAME,
    Curve,
    Fitted,
    Starts,
    fit_patterns,
    joined,
    residual_starts,
    starts_of,
    usual_share,
    worth_keeping,
)
from interlith.physics.powder.line_shape import Radiation

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

#: Significance of the area below which a fitted line is dropped; one-sided 95 % quantile for upper limits.
LEAST_AREA, ONE_SIDED = 4.0, 1.6448536269514722
#: A track of a series holds at least so many sightings, or in a short series all but one.
FEWEST = 3
#: How far, in widths, the place of a hidden line may be from its course.
ROAM = 0.4
#: Tolerances of the fits on the way.
_FIRST, _SECOND = 0.3, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Lines over a series, by their mean position; arrays have the shape (t, m) for t tracks and m patterns.

    Parameters
    ----------
    position, width, area
        (deg, deg, intensity x deg); position and width are nan where a line is not seen, its area then is what a fit finds at its
        place, which noise makes negative half of the time; nan where it hides under another or outside the pattern.
    position_std, width_std, area_std
        Standard uncertainties, widened by the goodness of fit.
    seen
        Where a line stands out of the noise.
    hidden
        Where another line is so near that the two cannot be told apart.
    expected
        (deg) Where a line is or would be: between sightings along its course, beyond them where it was last.
    fits
        The fit of each pattern, its lines labelled by track.
    least
        Significance that a search asked for.
    """

    position: Array
    width: Array
    area: Array
    position_std: Array
    width_std: Array
    area_std: Array
    seen: Mask
    hidden: Mask
    expected: Array
    fits: tuple[Fitted, ...]
    least: float

    @property
    def limit(self) -> Array:
        """Upper limit (95 %, one-sided) of areas where a line is not seen, shape (t, m)."""
        return np.where(self.seen, math.nan, np.maximum(self.area, 0.0) + ONE_SIDED * self.area_std)


def found_lines(
    curves: Sequence[Curve], radiation: Radiation, *, narrow: float, wide: float, false_alarms: float = 0.05
) -> tuple[list[Fitted], float]:
    """Lines of every pattern by themselves, and the significance that was asked of them.

    Parameters
    ----------
    curves
        Patterns.
    narrow, wide
        Smallest and largest width of a line (deg).
    false_alarms
        Chance that noise alone makes a line anywhere in the whole series.
    """
    span = sum(float(curve.x[-1] - curve.x[0]) for curve in curves)
    least = threshold(span, narrow, wide, false_alarms=false_alarms)
    starts = []
    for curve in curves:
        twins = (np.nan_to_num(radiation.twin(curve.x)[0], nan=1e9), radiation.ratio) if radiation.doublet else None
        seen = search(curve.x, curve.y, curve.std, narrow=narrow, wide=wide, least=least, doublet=twins)
        starts.append(starts_of(seen.position, seen.width, seen.height, seen.significance))
    first = fit_patterns(curves, starts, radiation, tolerance=_FIRST)
    more = []
    for curve, one in zip(curves, first, strict=True):
        usual = _usual_width(one)
        new = residual_starts(curve, one, radiation, narrow=min(max(narrow, 0.5 * usual), wide), wide=wide, least=least)
        more.append(
            joined(one.again(worth_keeping(one, LEAST_AREA, unsettled=True), usual=usual_share(one), width=usual), new)
        )
    second = fit_patterns(curves, more, radiation, tolerance=_SECOND)
    kept = [one.again(worth_keeping(one, LEAST_AREA, unsettled=True), usual=usual_share(one)) for one in second]
    return [_picked(one, worth_keeping(one, LEAST_AREA)) for one in fit_patterns(curves, kept, radiation)], least


def track_lines(
    curves: Sequence[Curve], radiation: Radiation, *, narrow: float, wide: float, false_alarms: float = 0.05
) -> Tracks:
    """Lines over a series of patterns.

    Parameters
    ----------
    curves
        In the order of the series.
    narrow, wide, false_alarms
        As in `found_lines`.

    Notes
    -----
    The assumption that fails first: as in `interlith.numerics.peak_tracks.identities`.
    """
    fits, least = found_lines(curves, radiation, narrow=narrow, wide=wide, false_alarms=false_alarms)
    table = sightings(
        [one.position for one in fits],
        [one.std[0] for one in fits],
        [one.width for one in fits],
        [one.area for one in fits],
    )
    label = identities(table)
    fewest = min(FEWEST, max(1, len(curves) - 1))
    names = np.flatnonzero(np.bincount(label, minlength=1) >= fewest) if label.size else np.zeros(0, dtype=np.intp)
    own = np.split(label, np.cumsum([len(one) for one in fits])[:-1])
    paths = _paths(names, own, fits, len(curves))
    plans = []
    for member, (one, name) in enumerate(zip(fits, own, strict=True)):
        kept = np.isin(name, names)
        seen = replace(one.again(kept, usual=usual_share(one)), label=np.searchsorted(names, name[kept]))
        plans.append(_with_missing(seen, paths, member, curves[member]))
    final = fit_patterns(curves, plans, radiation)
    return _blended(_tracks(final, plans, paths, least, _shades(final, plans, radiation)), paths[1])


def _blended(found: Tracks, width: Array) -> Tracks:
    """Tracks whose uncertainties hold what a line that hides under them may do: shift, widen and enlarge them."""
    position_std, width_std, area_std = found.position_std.copy(), found.width_std.copy(), found.area_std.copy()
    members = np.arange(found.seen.shape[1])
    for row, member in zip(*np.nonzero(found.hidden), strict=True):
        own = np.flatnonzero(found.seen[row])
        if not own.size or not own[0] < member < own[-1]:
            continue
        # Between its sightings it is there: as large as it was last and next.
        size = float(np.interp(member, members[own], found.area[row, own]))
        apart = found.position[:, member] - found.expected[row, member]
        reach = np.maximum(width[:, member], width[row, member])
        for other in np.flatnonzero(found.seen[:, member] & (np.abs(apart) < 2.0 * reach)):
            share = size / max(size + float(found.area[other, member]), 1e-300)
            shift = share * max(abs(float(apart[other])), 0.5 * ROAM * float(width[row, member]))
            position_std[other, member] = math.hypot(position_std[other, member], shift)
            width_std[other, member] = math.hypot(width_std[other, member], 2.0 * shift)
            area_std[other, member] = math.hypot(area_std[other, member], size)
    return replace(found, position_std=position_std, width_std=width_std, area_std=area_std)


def _shades(final: Sequence[Fitted], plans: Sequence[Starts], radiation: Radiation) -> list[Array]:
    """What the imperfect profiles of the other lines may add to the area at each forced place, one array a pattern."""
    shades = []
    for one, plan in zip(final, plans, strict=True):
        shade = np.zeros(len(plan))
        order = np.flatnonzero(plan.forced)
        free = ~plan.forced
        others = drawn(
            plan.position[order], radiation, one.position[free], one.area[free], one.width[free], one.share[free]
        )
        shade[order] = PROFILE * others * plan.width[order]
        shades.append(shade)
    return shades


def _usual_width(found: Fitted) -> float:
    strong = found.significance > 30.0
    return float(np.median(found.width[strong if strong.any() else slice(None)])) if len(found) else 0.1


def _picked(one: Fitted, kept: Mask) -> Fitted:
    """Some of the lines of a fit; the groups stay as they are."""
    names = ("position", "area", "width", "share", "goodness", "trusted", "group")
    parts = {name: getattr(one, name)[kept] for name in names}
    return replace(one, starts=one.starts.only(kept), std=one.std[:, kept], **parts)


def _paths(names: Rows, own: Sequence[Rows], fits: Sequence[Fitted], members: int) -> Array:
    """Expected position, width and share of every track in every member, shape (3, t, m)."""
    paths = np.full((3, names.size, members), math.nan)
    for row, name in enumerate(names.tolist()):
        where = [(member, int(np.flatnonzero(one == name)[0])) for member, one in enumerate(own) if (one == name).any()]
        time = np.array([member for member, _ in where], dtype=np.float64)
        for number, attribute in enumerate(("position", "width", "share")):
            values = np.array([getattr(fits[member], attribute)[place] for member, place in where])
            paths[number, row] = np.interp(np.arange(members), time, values) if number == 0 else np.median(values)
    return paths


def _with_missing(seen: Starts, paths: Array, member: int, curve: Curve) -> Starts:
    """The lines of a pattern and, forced to their places, the tracks that were not seen in it, unless hidden."""
    tracks = paths.shape[1]
    missing = np.setdiff1d(np.arange(tracks), seen.label)
    place, wide = paths[0, missing, member], paths[1, missing, member]
    inside = (place - wide > curve.x[0]) & (place + wide < curve.x[-1])
    if len(seen):
        apart = np.abs(place[:, None] - seen.position[None]) / np.maximum(wide[:, None], seen.width[None])
        inside &= apart.min(axis=1) > 2 * SAME
    kept: list[int] = []
    for row in np.flatnonzero(inside).tolist():
        if all(abs(place[row] - place[other]) > 2 * SAME * max(wide[row], wide[other]) for other in kept):
            kept.append(row)
    rows = np.array(kept, dtype=np.intp)
    count = rows.size
    forced = Starts(
        place[rows], wide[rows], paths[2, missing[rows], member], np.zeros(count), np.zeros(count), np.zeros(count), np.ones(count, bool),
        missing[rows],
    )  # fmt: skip
    return joined(seen, forced)


def _tracks(
    final: Sequence[Fitted], plans: Sequence[Starts], paths: Array, least: float, shades: Sequence[Array]
) -> Tracks:
    shape = paths.shape[1:]
    values, std = np.full((3, *shape), math.nan), np.full((3, *shape), math.nan)
    seen = np.zeros(shape, dtype=np.bool_)
    hidden: Mask = np.ones(shape, dtype=np.bool_)
    for member, (one, plan, shade) in enumerate(zip(final, plans, shades, strict=True)):
        rows = plan.label
        stands = ~plan.forced & (one.significance >= LEAST_AREA) & np.isfinite(one.std[0])
        for number, (value, size) in enumerate(
            ((one.position, one.std[0]), (one.width, one.std[2]), (one.area, np.hypot(one.std[1], shade)))
        ):
            known = np.ones(len(plan), dtype=bool) if number == 2 else stands
            values[number, rows, member] = np.where(known, value, math.nan)
            std[number, rows, member] = np.where(known, size, math.nan)
        seen[rows, member] = stands
        hidden[rows, member] = False
    return Tracks(
        values[0],
        values[1],
        values[2],
        std[0],
        std[1],
        std[2],
        seen,
        hidden,
        np.where(seen, values[0], paths[0]),
        tuple(final),
        least,
    )


def usual_widths(curves: Sequence[Curve], radiation: Radiation) -> tuple[float, float]:
    """Smallest and largest width (deg) worth looking for: three and a half steps, and three times what strong lines have."""
    widths = []
    step = float(np.median([np.median(np.diff(curve.x)) for curve in curves]))
    narrow = 3.5 * step
    for curve in curves[:: max(1, len(curves) // 8)]:
        twins = (np.nan_to_num(radiation.twin(curve.x)[0], nan=1e9), radiation.ratio) if radiation.doublet else None
        span = float(curve.x[-1] - curve.x[0])
        seen = search(
            curve.x,
            curve.y,
            curve.std,
            narrow=narrow,
            wide=max(min(40 * narrow, 0.1 * span), narrow),
            least=15.0,
            doublet=twins,
        )
        widths += seen.width.tolist()
    usual = float(np.median(widths)) if widths else 3.0 * narrow
    return narrow, max(3.0 * usual, 2.0 * narrow)
