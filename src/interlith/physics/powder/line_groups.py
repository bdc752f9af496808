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

from interlith.numerics.fitting import Fit, Parameter, Parameters, Settings, fit
from interlith.numerics.fitting.losses import Loss
from interlith.numerics.fitting.problem import Normal
from interlith.physics.powder.line_shape import LEAST_SHARE, MOST_SHARE, WIDTH_TERMS, Radiation

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A width stays within these multiples of its start.
NARROWEST, WIDEST = 0.3, 3.0
#: Part of its height at which a line ends.
CUT = 3e-4
#: Evaluations at most: lines that need more are no lines that the data hold. On the way to another fit fewer will do.
_MOST_STEPS, _ON_THE_WAY = 40, 15


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
    most_steps = _MOST_STEPS if tolerance <= 0.05 else _ON_THE_WAY
    for rows in _batches(groups):
        problem = _problem([groups[row] for row in rows], radiation)
        with np.errstate(invalid="ignore"):  # a line at a bound that the data say nothing of
            outcome = fit(problem, errors="stated", retries=0, settings=Settings(tolerance, most_steps))
        for member, row in enumerate(rows):
            found[row] = _lines(outcome, member, groups[row])
    return [found[row] for row in range(len(groups))]


def drawn(x: Array, radiation: Radiation, position: Array, area: Array, width: Array, share: Array) -> Array:
    """Sum of lines without background, shape (n,)."""
    from interlith.physics.powder import line_loops

    if not position.size:
        return np.zeros(x.shape)
    table = np.array([position, area, width, share], dtype=np.float64)
    return line_loops.lines_drawn(np.ascontiguousarray(x, dtype=np.float64), table, WIDTH_TERMS, radiation.numbers, CUT)


def _batches(groups: Sequence[Group]) -> list[list[int]]:
    """Groups of one number of lines."""
    batches: dict[int, list[int]] = {}
    for row, group in enumerate(groups):
        batches.setdefault(group.position.size, []).append(row)
    return [batches[count] for count in sorted(batches)]


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Groups of as many lines, their points one behind the other, for the fitter."""

    parameters: Parameters
    points: NDArray[np.intp]
    first: NDArray[np.intp]
    x: Array
    y: Array
    weight: Array
    free: Mask
    radiation: Array

    @property
    def members(self) -> int:
        """Number of groups."""
        return int(self.points.size)

    def normal(self, values: Array, which: NDArray[np.intp], loss: Loss) -> Normal:
        """Normal equations of least squares; see `interlith.numerics.fitting.problem.Problem`."""
        del loss
        from interlith.physics.powder import line_loops

        cost, gradient, hessian = line_loops.normal_equations(
            self.x,
            self.y,
            self.weight,
            self.first,
            self.free,
            np.ascontiguousarray(values),
            which,
            WIDTH_TERMS,
            self.radiation,
            CUT,
        )
        return Normal(np.where(np.isnan(cost), np.inf, cost), gradient, hessian)


def _problem(groups: Sequence[Group], radiation: Radiation) -> _Problem:
    count = groups[0].position.size
    points = np.array([group.x.size for group in groups], dtype=np.intp)
    free = np.ones((len(groups), 4 * count + 2), dtype=np.bool_)
    held = np.array([group.held for group in groups])
    for place, row in ((0, 0), (2, 1), (3, 2)):
        free[:, place * count : (place + 1) * count] = ~held[:, row]
    x, y, std = (np.concatenate([getattr(group, name) for group in groups]) for name in ("x", "y", "std"))
    first = np.concatenate([[0], np.cumsum(points)]).astype(np.intp)
    return _Problem(Parameters(_items(groups, count)), points, first, x, y, std**-2.0, free, radiation.numbers)


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
