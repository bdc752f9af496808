"""Where does a curve change, and which positions do the data not reject?

A likelihood has cusps along the position of a change, so its ratio follows no chi-squared distribution. Here every position is tested
against the best one by the distribution that the ratio has if the position were the true one, given what the data say of
all else (level, slope, size of the change, scatter). Given those, the residuals point anywhere with equal chance, which can
be simulated, and the test is exact at any number of points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import optimize, special, stats
from scipy.stats import qmc

from interlith.errors import FitError
from interlith.numerics.changes.change_forms import Array, Family, Mask, Profile, Whole, profile

#: Draws for all positions, and for those near the critical value.
FIRST_DRAWS, DRAWS = 256, 4096
#: Positions tested, and positions over the whole axis that compete with them.
TESTED, RIVALS = 35, 40
_DENSE = 500
#: Draws worked on at once, so that they stay in the cache of the processor.
_BLOCK = 256
_ONE_SIGMA = math.erf(math.sqrt(0.5))


@dataclass(frozen=True, slots=True)
class Values:
    """Points of a curve, ready for weighted least squares.

    Parameters
    ----------
    x, y
        Shape (n,), ordered by x; several points may have the same x.
    root
        One over the standard uncertainty of each point, shape (n,); only relative where `known` is false.
    known
        Whether these sizes are taken at their word; if not, the scatter about the model gives the scale.
    """

    x: Array
    y: Array
    root: Array
    known: bool = False

    @property
    def weighted(self) -> Array:
        """Values over their standard uncertainty, shape (n,)."""
        return self.y * self.root

    def __len__(self) -> int:
        return int(self.x.size)

    def only(self, kept: Mask) -> Values:
        """The points of a mask."""
        return Values(self.x[kept], self.y[kept], self.root[kept], self.known)


@dataclass(frozen=True, slots=True)
class Position:
    """A position of a change with the set that is not rejected.

    Parameters
    ----------
    value, low, high
        Best position, hull of the set at the level asked for.
    std
        Half of the set at 68.3 %; for a step at least that of a value anywhere in the gap.
    open_low, open_high
        Whether the set reaches the end of the axis, beyond which nothing is known.
    pieces
        Number of disjoint parts of the set.
    positions, statistic, critical, probability
        Along the tested positions, shape (g,): the likelihood ratio as variance ratio, its critical value, and the
        probability of one at least as large.
    """

    value: float
    low: float
    high: float
    std: float
    open_low: bool
    open_high: bool
    pieces: int
    positions: Array
    statistic: Array
    critical: Array
    probability: Array


def values_of(x: Array, y: Array, size: Array | None = None, *, known: bool = False) -> Values:
    """Order and check points.

    Parameters
    ----------
    x, y
        Shape (n,).
    size
        Standard uncertainty of each value, shape (n,), positive; equal ones by default.
    known
        Whether `size` is absolute.

    Raises
    ------
    FitError
        If shapes differ, a number is not finite, or a size is not positive.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    size = np.ones_like(y) if size is None else np.asarray(size, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.shape != size.shape:
        raise FitError(f"A change needs x, y and sizes of one shape (n,); found {x.shape}, {y.shape} and {size.shape}.")
    if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(size).all() and (size > 0).all()):
        raise FitError("A change needs finite values and positive finite sizes; leave incomplete points out.")
    order = np.argsort(x, kind="stable")
    return Values(x[order], y[order], 1.0 / size[order], known)


@lru_cache(maxsize=6)
def draws(count: int, size: int) -> Array:
    """Standard normal draws, evenly spread and each with its negative, the same at every call; shape (count, size), read-only.

    The negatives make every test blind to the sign of the values; the even spread (scrambled Sobol points) keeps the error of a
    probability near 0.05 below 0.003 at few points.
    """
    half = (count + 1) // 2
    if size <= qmc.Sobol.MAXDIM:
        spread = qmc.Sobol(size, scramble=True, seed=20261127).random_base2(max(1, math.ceil(math.log2(half))))[:half]
        one = special.ndtri(np.clip(spread, 1e-12, 1.0 - 1e-12))
    else:
        one = np.random.default_rng([20261127, count, size]).standard_normal((half, size))
    made = np.stack([one, -one], axis=1).reshape(2 * half, size)[:count]
    made.setflags(write=False)
    return made


def best(values: Values, members: Family, *, sign: int = 0) -> tuple[float, float]:
    """Best position and the sum of weighted squares left there.

    The position of a step is the middle of its gap.
    """
    found = _dense(values, members, sign)
    gains = found.gains(values.weighted)
    at = int(gains.argmax())
    value, gain = float(found.positions[at]), float(gains[at])
    if not members.between_states:
        value, gain = _sharpened(values, members, sign, found, at, gain)
    return value, max(float(found.left(values.weighted)) - gain, 0.0)


def _dense(values: Values, members: Family, sign: int) -> Profile:
    positions = members.positions(_DENSE)
    return profile(members.common, members.columns(positions), positions, values.root, sign=sign)


def _sharpened(
    values: Values, members: Family, sign: int, found: Profile, at: int, gain: float
) -> tuple[float, float]:  # fmt: skip
    low, high = found.positions[max(at - 1, 0)], found.positions[min(at + 1, len(found.positions) - 1)]

    def loss(position: float) -> float:
        place = np.array([position])
        return -float(
            profile(members.common, members.columns(place), place, values.root, sign=sign).gains(values.weighted)[0]
        )

    if high <= low:
        return float(found.positions[at]), gain
    fine = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6 * (high - low)})
    return (float(fine.x), -float(fine.fun)) if -fine.fun > gain else (float(found.positions[at]), gain)


def locate(values: Values, members: Family, *, level: float = 0.95, sign: int = 0) -> Position:
    """Best position of a change and the set of positions that a likelihood-ratio test does not reject.

    Parameters
    ----------
    values, members
        Points and family of curves.
    level
        Confidence of the set.
    sign
        1 for a rise, -1 for a fall, 0 for either.

    Raises
    ------
    FitError
        If fewer points are there than parameters plus one.

    Notes
    -----
    The statistic at a position t is (S(t) - S_min) / s^2, S being the weighted sum of squares left and s^2 = S_min over its
    degrees of freedom (or 1 where sizes are known). Its null distribution is simulated given the sufficient
    statistics of the model with its change at t: fitted part and, unless known, the length of the residual. The test is exact for
    normal errors of known relative size whatever level, slopes and scatter are. The assumption that fails first: the form.
    A rounded onset is placed early or late by as much as it is round.

    References
    ----------
    Siegmund 1988, confidence sets in change-point problems, International Statistical Review 56, 31. Knowles, Siegmund and
    Zhang 1991, confidence regions in semilinear regression, 10.1093/biomet/78.1.15. Cunen, Hermansen and Hjort 2018,
    confidence distributions for change-points, 10.1016/j.jspi.2017.09.009.
    """
    k = members.columns(np.array([0.5 * (members.low + members.high)])).shape[1]
    dof = len(values) - members.common.shape[1] - k - 1
    if dof < (0 if values.known else 1):
        raise FitError(
            f"A {members.form.replace('_', ' ')} has {len(values) - dof} parameters; {len(values)} points are too few for it."
        )
    value, left = best(values, members, sign=sign)
    scale = 1.0 if values.known else max(left, 1e-24 * float((values.weighted**2).sum())) / dof
    region = _region(values, members, sign, left, scale * _generous(dof, values.known))
    tested = np.unique(np.append(region, value))
    everything = np.unique(np.concatenate([members.positions(RIVALS), tested]))
    found = profile(members.common, members.columns(everything), everything, values.root, sign=sign)
    rows = np.flatnonzero(np.isin(found.positions, tested))
    statistic, critical, chance = _tested(values, found, rows, level)
    places = found.positions[rows]
    return _position(members, value, places, (statistic / scale, critical / scale, chance), level)


def _generous(dof: int, known: bool) -> float:
    """Variance ratio beyond which no position can be in the set at any usual level."""
    return float(stats.chi2.isf(1e-6, 2)) if known else 4.0 * float(stats.f.isf(1e-4, 2, dof))


def _region(values: Values, members: Family, sign: int, left: float, above: float) -> Array:
    """Positions worth a test: those whose sum of squares is not hopelessly above the least one, evenly spaced."""
    found = _dense(values, members, sign)
    sums = found.left(values.weighted) - found.gains(values.weighted)
    near = np.flatnonzero(sums <= left + above)
    if not len(near):
        near = np.array([int(sums.argmin())])
    if members.between_states:
        low, high = max(near[0] - 1, 0), min(near[-1] + 1, len(sums) - 1)
        return found.positions[low : high + 1]
    low, high = found.positions[max(near[0] - 1, 0)], found.positions[min(near[-1] + 1, len(sums) - 1)]
    return np.linspace(low, high, TESTED)


def _tested(values: Values, found: Profile, rows: Whole, level: float) -> tuple[Array, Array, Array]:
    """Statistic, critical value and probability at some of the positions of a profile, each shape (r,)."""
    data, noise = values.weighted, draws(DRAWS, len(values))
    count, k, size = found.directions.shape
    flat = found.directions.reshape(count * k, size)
    shape = (-1, count, k)
    data_parts, noise_parts = (data @ flat.T).reshape(count, k), (noise @ flat.T).reshape(shape)
    overlap = (flat @ flat.T).reshape(count, k, count, k)
    total, lengths = float(found.left(data)), found.left(noise)
    gains = found.squares(data_parts)
    statistic = gains.max() - gains[rows]
    statistic = np.where(statistic <= 1e-10 * gains.max(), 0.0, statistic)
    critical, chance = np.zeros(len(rows)), np.zeros(len(rows))
    tail = 1.0 - level
    for number, row in enumerate(rows):
        ratios = np.zeros(0)
        while len(ratios) < DRAWS:
            block = slice(len(ratios), len(ratios) + _BLOCK)
            lot = (total, lengths[block])
            more = _null(data_parts, noise_parts[block], overlap[row], lot, int(row), found, values.known)
            ratios = np.concatenate([ratios, more])
            chance[number] = (1 + np.count_nonzero(ratios >= statistic[number])) / (len(ratios) + 1)
            # Far from the critical value a few draws are enough.
            if len(ratios) >= FIRST_DRAWS and abs(chance[number] - tail) > 3.3 * math.sqrt(tail / len(ratios)):
                break
        rank = min(len(ratios) - 1, round(level * len(ratios)))
        critical[number] = np.partition(ratios, rank)[rank]
    return statistic, critical, chance


def _null(
    data: Array,
    noise: Array,
    overlap: Array,
    lengths: tuple[float, Array],
    row: int,
    found: Profile,
    known: bool,
) -> Array:
    """Draws of the statistic if the change were at the position `row`, given everything else, shape (draws,)."""
    own, k = data[row], data.shape[1]
    factors = np.ones(len(noise))
    if not known:
        rest = np.sqrt(np.maximum(lengths[1] - (noise[:, row] ** 2).sum(axis=-1), 1e-300))
        factors = math.sqrt(max(lengths[0] - float((own**2).sum()), 0.0)) / rest
    # Scaled noise, less its part along the direction at `row`, plus the data's part there: one product of matrices.
    along = own[None, :] - factors[:, None] * noise[:, row]
    parts = along @ overlap.reshape(k, -1)
    parts += factors[:, None] * noise.reshape(len(noise), -1)
    own_gain = float(found.squares(own[None, :])[0])
    gains = found.squares(parts.reshape(noise.shape)).max(axis=-1) - own_gain
    # Where the position itself is the best one the difference is zero but for rounding.
    return np.asarray(np.where(gains <= 1e-10 * own_gain, 0.0, gains), dtype=np.float64)


def _position(
    members: Family, value: float, places: Array, tests: tuple[Array, Array, Array], level: float
) -> Position:  # fmt: skip
    statistic, critical, chance = tests
    tail = 1.0 - level
    low, high = _hull(members, places, chance, tail, value)
    one = _hull(members, places, chance, 1.0 - _ONE_SIGMA, value)
    std = 0.5 * (one[1] - one[0])
    if members.between_states:
        gap = members.gap(value)
        std = max((gap[1] - gap[0]) / math.sqrt(12.0), std if one != gap else 0.0)
    reach = 1e-5 * float(members.states[-1] - members.states[0])
    inside = chance > tail
    apart = _parts(inside, chance, tail)
    return Position(
        value=value,
        low=low,
        high=high,
        std=std,
        open_low=bool(low <= members.low + reach),
        open_high=bool(high >= members.high - reach),
        pieces=apart,
        positions=places,
        statistic=statistic,
        critical=critical,
        probability=chance,
    )


def _hull(members: Family, places: Array, chance: Array, tail: float, value: float) -> tuple[float, float]:
    inside = np.flatnonzero(chance > tail)
    if not len(inside):
        return (value, value)
    first, last = int(inside[0]), int(inside[-1])
    if members.between_states:
        return members.gap(float(places[first]))[0], members.gap(float(places[last]))[1]
    low, high = float(places[first]), float(places[last])
    if first > 0:
        low = _crossing(places, chance, first - 1, first, tail)
    if last < len(places) - 1:
        high = _crossing(places, chance, last + 1, last, tail)
    return min(low, value), max(high, value)


def _crossing(places: Array, chance: Array, outside: int, inside: int, tail: float) -> float:
    share = (chance[inside] - tail) / max(chance[inside] - chance[outside], 1e-300)
    return float(places[inside] + share * (places[outside] - places[inside]))


def _parts(inside: Mask, chance: Array, tail: float) -> int:
    """Number of disjoint parts; a dip to just below the tail between two parts is the noise of the draws."""
    parts, dip, began = 0, True, False
    for here, probability in zip(inside, chance, strict=True):
        if here and dip:
            parts, dip, began = parts + 1, False, True
        elif began and probability < 0.6 * tail:
            dip = True
    return max(parts, 1)
