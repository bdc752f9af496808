"""What do groups of overlapping lines, thousands at once, say of their positions, areas and widths, and how surely?

Each group is a stretch of one pattern with its lines on a straight background; all groups with as many lines are one problem of the
fitter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.fitting import Curves, Fit, Parameter, Parameters, Settings, fit
from interlith.physics.powder.line_shape import LEAST_SHARE, MOST_SHARE, Radiation, peaks_of
from interlith.physics.powder.profile import Lines as Peaks
from interlith.physics.powder.profile import profile_sum, profile_terms

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A width stays within these multiples of its start.
NARROWEST, WIDEST = 0.3, 3.0
#: Groups whose numbers of points differ by no more than this factor are padded to one length.
_PADDING = 1.5
#: Evaluations at most: lines that need more are no lines that the data hold.
_MOST_STEPS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A stretch of a pattern and the lines that start the fit.

    Parameters
    ----------
    x, y, std
        Two theta (deg), intensity and its standard uncertainties, shape (n,).
    position, width, share
        Starts of the lines (deg, deg, 1), shape (k,).
    held
        Which positions, widths and shares are no parameters, shape (3, k).
    roam
        How far a position may go (deg), shape (k,).
    signed
        Which areas may be negative, as noise makes them where there is nothing, shape (k,).
    """

    x: Array
    y: Array
    std: Array
    position: Array
    width: Array
    share: Array
    held: Mask
    roam: Array
    signed: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of one group as fitted.

    Parameters
    ----------
    position, area, width, share
        (deg, intensity x deg, deg, 1), shape (k,); the area is that of the first peak of a doublet, the share the Lorentzian one.
    covariance
        Of positions, areas, widths, shares and the background, in this order, shape (4 k + 2, 4 k + 2); widened by the goodness of fit
        where that is above one. ``inf`` on the diagonal where the data say nothing.
    background
        Level, and slope x half the stretch, at its middle.
    goodness
        Square root of chi squared per degree of freedom.
    points, converged, reason
        Number of points, how the fit ended.
    bound
        Whether position or width ended at a bound, shape (k,).
    """

    position: Array
    area: Array
    width: Array
    share: Array
    covariance: Array
    background: tuple[float, float]
    goodness: float
    points: int
    converged: bool
    reason: str
    bound: Mask

    @property
    def std(self) -> Array:
        """Standard uncertainties of positions, areas, widths and shares, shape (4, k)."""
        count = self.position.size
        return np.sqrt(np.diag(self.covariance)[: 4 * count]).reshape(4, count)


def fit_groups(groups: Sequence[Group], radiation: Radiation, *, tolerance: float = 0.02) -> list[Lines]:
    """Fit every group.

    Parameters
    ----------
    groups
        Stretches with starts.
    radiation
        Wavelengths and asymmetry of all of them.
    tolerance
        Share of a standard uncertainty that a parameter may still be away from the best.

    Notes
    -----
    The uncertainties are those of the stated ones of the points, widened by the goodness of fit where it is above one. The assumption that
    fails first: a background that is straight under a group; where it bends, areas take it up.
    """
    found: dict[int, Lines] = {}
    for rows in _batches(groups):
        problem = _problem([groups[row] for row in rows], radiation)
        with np.errstate(invalid="ignore"):  # a line at a bound that the data say nothing of
            outcome = fit(
                problem, errors="stated", retries=0, settings=Settings(tolerance=tolerance, most_steps=_MOST_STEPS)
            )
        for member, row in enumerate(rows):
            found[row] = _lines(outcome, member, groups[row])
    return [found[row] for row in range(len(groups))]


def drawn(x: Array, radiation: Radiation, position: Array, area: Array, width: Array, share: Array) -> Array:
    """Sum of lines without background, shape (n,)."""
    if not position.size:
        return np.zeros(x.shape)
    place, size, gauss, lorentz = (
        one[0] for one in peaks_of(radiation, position[None], area[None], width[None], share[None])[:4]
    )
    return profile_sum(x, Peaks(place, size, gauss, lorentz, radiation.low_ratio, radiation.high_ratio))


def _batches(groups: Sequence[Group]) -> list[list[int]]:
    """Groups of one number of lines and about one number of points."""
    order = sorted(range(len(groups)), key=lambda row: (groups[row].position.size, groups[row].x.size))
    batches: list[list[int]] = []
    for row in order:
        first = groups[batches[-1][0]] if batches else None
        group = groups[row]
        same = first is not None and first.position.size == group.position.size
        if first is not None and same and group.x.size <= max(_PADDING * first.x.size, first.x.size + 30):
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def _problem(groups: Sequence[Group], radiation: Radiation) -> Curves:
    count, longest = groups[0].position.size, max(group.x.size for group in groups)
    observed = np.full((len(groups), longest), math.nan)
    std = np.ones((len(groups), longest))
    for row, group in enumerate(groups):
        observed[row, : group.x.size], std[row, : group.x.size] = group.y, group.std
    grids = [group.x for group in groups]
    scaled = [_scaled(group.x) for group in groups]

    def model(values: Array, which: NDArray[np.intp]) -> tuple[Array, Array]:
        total = np.zeros((len(which), longest))
        slopes = np.zeros((len(which), 4 * count + 2, longest))
        place, size, gauss, lorentz, chain = peaks_of(
            radiation, *values[:, : 4 * count].reshape(-1, 4, count).transpose(1, 0, 2)
        )
        for row, member in enumerate(which.tolist()):
            x, u = grids[member], scaled[member]
            peaks = Peaks(place[row], size[row], gauss[row], lorentz[row], radiation.low_ratio, radiation.high_ratio)
            y, terms = profile_terms(x, peaks, chain[row])
            total[row, : x.size] = y + values[row, -2] + values[row, -1] * u
            slopes[row, : 4 * count, : x.size] = terms
            slopes[row, -2, : x.size], slopes[row, -1, : x.size] = 1.0, u
        return total, slopes

    return Curves(Parameters(_items(groups, count)), observed, model, std=std)


def _items(groups: Sequence[Group], count: int) -> list[Parameter]:
    position, width, share, roam = (
        np.array([getattr(group, name) for group in groups]) for name in ("position", "width", "share", "roam")
    )
    held = np.array([group.held for group in groups])
    least = np.where(np.array([group.signed for group in groups]), -math.inf, 0.0)
    level = np.array([np.median(group.y) for group in groups])
    size = np.array([max(float(np.ptp(group.y)), 1e-9) for group in groups])
    places, areas, widths, shares = [], [], [], []
    for k in range(count):
        at, wide = position[:, k], width[:, k]
        places.append(Parameter(f"position_{k}", at, at - roam[:, k], at + roam[:, k], fixed=held[:, 0, k]))
        areas.append(Parameter(f"area_{k}", 0.5 * size * wide, least[:, k], linear=True))
        widths.append(Parameter(f"width_{k}", wide, NARROWEST * wide, WIDEST * wide, fixed=held[:, 1, k]))
        shares.append(Parameter(f"share_{k}", share[:, k], LEAST_SHARE, MOST_SHARE, fixed=held[:, 2, k]))
    line = [Parameter("level", level, linear=True), Parameter("tilt", np.zeros(len(groups)), linear=True, scale=1.0)]
    return [*places, *areas, *widths, *shares, *line]


def _scaled(x: Array) -> Array:
    half = max(0.5 * float(x[-1] - x[0]), 1e-12)
    return np.asarray((x - 0.5 * (x[0] + x[-1])) / half)


def _lines(outcome: Fit, member: int, group: Group) -> Lines:
    count = group.position.size
    values, side = outcome.values[member], outcome.side[member]
    reduced = float(outcome.reduced_cost[member])
    wider = reduced if math.isfinite(reduced) and reduced > 1.0 else 1.0
    covariance = outcome.covariance[member].copy()
    # At a bound the one-sided distance stands for the standard uncertainty: an area of nothing still has one.
    at_bound = np.flatnonzero(np.isfinite(outcome.one_sided[member]))
    covariance[at_bound, at_bound] = outcome.one_sided[member][at_bound] ** 2
    # A position at the end of its range is none: nothing is known of it.
    lost = np.flatnonzero(side[:count])
    covariance[lost, lost] = math.inf
    position, area, width, share = (one.copy() for one in values[: 4 * count].reshape(4, count))
    return Lines(
        position, area, width, share, covariance * wider, (float(values[-2]), float(values[-1])),
        math.sqrt(reduced) if reduced >= 0 else math.nan, group.x.size, bool(outcome.converged[member]), outcome.reason(member),
        (side[:count] != 0) | (side[2 * count : 3 * count] != 0),
    )  # fmt: skip
