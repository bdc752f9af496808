"""Which value does a relaxing current or voltage come to, and may the end of the record be taken for it?

Every law is linear but for its times, so that on a grid of these the level and its interval follow without a start value: the plausible
times and laws are averaged by how well they describe the record, and what the record cannot tell is wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from interlith.errors import FitError
from interlith.numerics.smoothing import noise_of

Array = NDArray[np.float64]

LAWS = ("constant", "one relaxation", "two relaxations", "diffusion")
#: Blocks into which a record is averaged, their lengths growing with time; fewest rows.
BLOCKS, FEWEST_ROWS = 80, 12
#: Times of relaxation: from the first block to this many times the record; points of one grid of them, and grids one after the other.
LONGEST, TIMES, ZOOMS = 10.0, 22, 6
#: Times whose log likelihood falls short of the best by more than this are out of the next grid.
_PLAUSIBLE = 12.0
#: A misfit (chi squared per degree of freedom) that exceeds one by so many of its standard deviations says that none of the laws holds.
MOST_MISFIT = 5.0
#: The end is taken as steady where it drifts over the last fifth by no more than this share of the level, or by less than its noise shows.
STEADY, LAST = 0.01, 0.2
#: And where the laws leave no more than this share of it between the end and the level.
NEAR = 0.05
#: The level is a number where half of its 95 % interval is below this share of it; else the end of the record is a bound.
SURE = 0.25
#: A diffusion has no start (its current diverges): this stands for many modes.
_TERMS = 40
#: Least distance of two relaxations (in the logarithm of their times), and nested grids for the faster one.
_APART, _NESTED = 0.25, 8
#: Gauss points of a block.
_GAUSS = 5


@dataclass(frozen=True, slots=True)
class Tail:
    """What a record comes to.

    `level` with `std`, `low` and `high` (95 %) of the averaged laws; `end` and `end_std` mean over the last fifth, `drift` change over that
    fifth with `drift_std`; `initial` and `initial_std` the averaged laws at time zero; `weights` of the laws; `time` longest plausible
    relaxation (s); `misfit` chi squared per degree of freedom (`free`) of the best law; `curve` that law over the `blocks` (time, mean, standard
    uncertainty).
    """

    level: float
    std: float
    low: float
    high: float
    end: float
    end_std: float
    drift: float
    drift_std: float
    initial: float
    initial_std: float
    weights: dict[str, float]
    time: float
    steady: bool
    misfit: float
    free: int
    blocks: tuple[Array, Array, Array]
    curve: Array

    @property
    def law(self) -> str:
        """The most plausible law."""
        return max(self.weights, key=lambda name: self.weights[name])

    @property
    def fits(self) -> bool:
        """Whether the best law describes the record within its noise."""
        return self.misfit <= 1.0 + MOST_MISFIT * math.sqrt(2.0 / max(self.free, 1))

    @property
    def told(self) -> bool:
        """Whether the level is a number and not only bounded by the end of the record."""
        return self.steady or (self.fits and self.high - self.low <= 2 * SURE * abs(self.level))


def tail_of(time: Array, value: Array, *, skip: float = 0.0) -> Tail:
    """Level that a record relaxes to.

    Parameters
    ----------
    time
        Since the step (s), shape (n,), rising.
    value
        Current or voltage, shape (n,).
    skip
        Rows before this time (s) are left out: charging of leads and range changes of the instrument.

    Raises
    ------
    FitError
        If fewer than twelve rows are left.

    Notes
    -----
    The assumption that fails first: that nothing else goes on. A reaction that has not begun yet, or a slow one that never ends, shows in
    no law; a straight drift at the end is told.
    """
    keep = time >= skip
    if keep.sum() < FEWEST_ROWS:
        raise FitError(f"a record of {int(keep.sum())} rows shows no tail; {FEWEST_ROWS} are needed.")
    record = _Record.of(time[keep], value[keep])
    fits = [_law(record, law) for law in LAWS]
    best = min(fits, key=lambda one: float(one.chi.min()) + one.times * math.log(len(record.mean)))
    place = int(np.argmin(best.chi))
    free = len(record.mean) - 1 - 2 * best.times
    residual = (record.mean - best.curve(record, place)) / record.std
    misfit = float(best.chi[place]) / max(free, 1)
    scale = max(misfit, 1.0) * _memory(residual)
    logs = [one.logs(scale, len(record.mean)) for one in fits]
    top = max(float(one.max()) for one in logs)
    weights = [np.exp(one - top) for one in logs]
    whole = sum(float(one.sum()) for one in weights)
    weight = np.concatenate(weights) / whole
    levels, initials = (np.concatenate([getattr(one, name) for one in fits]) for name in ("level", "initial"))
    spread, early = (
        math.sqrt(scale) * np.concatenate([getattr(one, name) for one in fits]) for name in ("level_std", "initial_std")
    )
    level, low, high, level_std = _mixed(levels, spread, weight)
    initial, _, _, initial_std = _mixed(initials, early, weight)
    longest = float(weight @ np.concatenate([one.longest for one in fits]))
    end, end_std, drift, drift_std = _end(time[keep], value[keep])
    # A drift of less than a hundredth may be the beginning of a long way: the laws must not lead far from the end either.
    near = max(NEAR * abs(end), 5.0 * end_std)
    steady = abs(drift) <= max(STEADY * abs(end), 2.0 * drift_std) and end - near <= low and high <= end + near
    return Tail(
        level, level_std, low, high, end, end_std, drift, drift_std, initial, initial_std,
        {one.law: float(own.sum()) / whole for one, own in zip(fits, weights, strict=True)}, longest, bool(steady), misfit, free,
        (record.time, record.mean, record.std), best.curve(record, place),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Record:
    """Means over blocks that grow with time: time (s), mean and its standard uncertainty.

    `nodes` (s) with their `share` of the block `place` stand for the rows where a law is averaged over a block.
    """

    nodes: Array
    place: NDArray[np.int64]
    share: Array
    time: Array
    mean: Array
    std: Array
    first: float
    span: float

    @classmethod
    def of(cls, time: Array, value: Array) -> _Record:
        start = time - time[0]
        length = float(start[-1])
        edges = np.unique(np.concatenate([[0.0], np.geomspace(max(length / 5000, float(start[1])), length, BLOCKS)]))
        place = np.clip(np.searchsorted(edges, start, side="right") - 1, 0, len(edges) - 2)
        _, begin, place, count = np.unique(place, return_index=True, return_inverse=True, return_counts=True)
        noise = max(noise_of(value), 1e-12 * float(np.abs(value).max(initial=0.0)), 1e-300)
        means = [np.bincount(place, weights=w) / count for w in (time, value)]
        positive = np.maximum(time, 1e-9 * length)
        nodes, owner, share = _nodes(positive, begin, count)
        first = max(float(positive[0]), float(time[1] - time[0]), length / 3000)
        return cls(nodes, owner, share, means[0], means[1], noise / np.sqrt(count), first, float(time[-1]))

    def blocks(self, column: Array) -> Array:
        """Means of a column over the blocks: of the law as of the record, however it bends within a block."""
        return np.asarray(np.bincount(self.place, weights=self.share * column))


def _nodes(time: Array, begin: NDArray[np.int64], count: NDArray[np.int64]) -> tuple[Array, NDArray[np.int64], Array]:
    """All rows of small blocks; Gauss points in place of the many rows of large ones."""
    points, weights = np.polynomial.legendre.leggauss(_GAUSS)
    nodes, owner, share = [], [], []
    for number, (one, many) in enumerate(zip(begin.tolist(), count.tolist(), strict=True)):
        own = time[one : one + many]
        if many > 2 * _GAUSS:
            half = 0.5 * float(own[-1] - own[0]) * many / (many - 1)
            own, part = 0.5 * float(own[-1] + own[0]) + half * points, weights / 2
        else:
            part = np.full(many, 1.0 / many)
        nodes.append(own)
        share.append(part)
        owner.append(np.full(len(own), number))
    return np.concatenate(nodes), np.concatenate(owner).astype(np.int64), np.concatenate(share)


@dataclass(frozen=True, slots=True)
class _Fits:
    """One law at every plausible time or pair of times, shape (m,): chi squared, level, value at time zero, share of the prior.

    `fast` amplitude of the first relaxation, or the spread of the logarithm of its time where that was let free.
    """

    law: str
    times: int
    chi: Array
    level: Array
    level_std: Array
    initial: Array
    initial_std: Array
    longest: Array
    prior: Array
    taus: Array
    fast: Array

    def logs(self, scale: float, blocks: int) -> Array:
        """Logarithm of the weight: likelihood, share of the times, and a log of the blocks for each relaxation."""
        return -0.5 * self.chi / scale + np.log(self.prior) - self.times * math.log(blocks)

    def curve(self, record: _Record, place: int) -> Array:
        """The law at one of its times, over the blocks."""
        columns = [np.ones(len(record.mean)), *(_column(record, self.law, float(tau)) for tau in self.taus[place])]
        design = np.stack(columns, axis=1)
        solution, _, _, _ = np.linalg.lstsq(design / record.std[:, None], record.mean / record.std, rcond=None)
        return np.asarray(design @ solution)


def theta(x: Array) -> Array:
    """Sum of exp(-n^2 x) over n from 1 on, shape of `x`; positive `x`.

    Notes
    -----
    Below one by Poisson's transformation, so that a few terms are exact everywhere.
    """
    small = np.minimum(x, 1.0)
    early = 0.5 * (np.sqrt(math.pi / small) * (1 + 2 * np.exp(-(math.pi**2) / small)) - 1)
    late = sum(np.exp(-np.minimum(n * n * x, 700.0)) for n in range(1, 6))
    return np.asarray(np.where(x < 1.0, early, late))


def _column(record: _Record, law: str, tau: float) -> Array:
    if law == "diffusion":
        return record.blocks(theta(record.nodes / tau))
    return record.blocks(np.exp(-np.minimum(record.nodes / tau, 700.0)))


def _law(record: _Record, law: str) -> _Fits:
    """A law at its plausible times: zoom into them until a grid resolves them."""
    if law == "constant":
        return _solved(record, law, np.zeros((1, 0)), np.ones(1))
    span, first = record.span, record.first
    low, high = limits = (math.log(first), math.log(LONGEST * span))
    found = None
    for _ in range(ZOOMS):
        axis = np.linspace(low, high, TIMES)
        prior = np.full(TIMES, (axis[1] - axis[0]) / (limits[1] - limits[0]))
        found = (
            _two(record, axis, prior, limits)
            if law == "two relaxations"
            else _solved(record, law, np.exp(axis)[:, None], prior)
        )
        free = max(len(record.mean) - 1 - 2 * found.times, 1)
        scale = max(float(found.chi.min()) / free, 1.0)
        good = axis[found.chi - found.chi.min() <= 2 * _PLAUSIBLE * scale]
        if len(good) >= 8:
            break
        low, high = (max(good.min() - axis[1] + axis[0], limits[0]), min(good.max() + axis[1] - axis[0], limits[1]))
    assert found is not None
    return found


def _two(record: _Record, slow: Array, prior: Array, limits: tuple[float, float]) -> _Fits:
    """Two relaxations at each slow time of a grid, with the best fast time for each and its spread.

    Notes
    -----
    The fast time is searched by nested grids; its uncertainty enters by the derivative of its column as one more column, and its share of
    the prior is the width of that peak.
    """
    closest = limits[0] - 1.0
    low, high = np.full(len(slow), closest), slow - _APART
    best = 0.5 * (low + high)
    for _ in range(_NESTED):
        share = np.linspace(0.0, 1.0, 9)
        grid = low[:, None] + share * (high - low)[:, None]
        pairs = np.stack([np.exp(grid.ravel()), np.exp(np.repeat(slow, 9))], axis=1)
        chi = _solved(record, "two relaxations", pairs, np.ones(len(pairs))).chi.reshape(len(slow), 9)
        place = np.argmin(chi, axis=1)
        best = grid[np.arange(len(slow)), place]
        width = (high - low) / 8
        low, high = np.maximum(best - width, closest), np.minimum(best + width, slow - _APART)
    pairs = np.exp(np.stack([best, slow], axis=1))
    plain = _solved(record, "two relaxations", pairs, prior)
    wide = _solved(record, "two relaxations", pairs, prior, moving=plain.fast)
    spread = np.minimum(np.sqrt(2 * math.pi) * wide.fast, slow - closest)
    return replace(
        plain, level_std=wide.level_std, initial_std=wide.initial_std, prior=prior * spread / (limits[1] - limits[0]),
        longest=np.exp(slow),
    )  # fmt: skip


def _solved(record: _Record, law: str, taus: Array, prior: Array, *, moving: Array | None = None) -> _Fits:
    """Linear least squares at every row of times at once, by the inner products of the columns.

    Parameters
    ----------
    record, law
        The record and its law.
    taus
        Times (s), shape (m, k).
    prior
        Share of each row of times.
    moving
        Amplitudes of the first column, shape (m,): the derivative by the logarithm of its time becomes one more column.
    """
    known = {float(tau): _column(record, law, float(tau)) for tau in np.unique(taus)}
    count = taus.shape[1]
    ones = np.ones(len(record.mean))
    design = np.stack([np.stack([ones, *(known[float(tau)] for tau in row)]) for row in taus])
    if moving is not None:
        step = 1e-4
        beside = np.stack([_column(record, law, float(row[0]) * (1 + step)) for row in taus])
        design = np.concatenate([design, (moving[:, None] * (beside - design[:, 1]) / step)[:, None]], axis=1)
    design = design / record.std
    y = record.mean / record.std
    gram = design @ design.transpose(0, 2, 1)
    size = np.sqrt(np.maximum(np.einsum("mii->mi", gram), 1e-300))
    scaled = gram / (size[:, :, None] * size[:, None, :]) + 1e-13 * np.eye(design.shape[1])
    inverse = np.linalg.inv(scaled) / (size[:, :, None] * size[:, None, :])
    solution = np.einsum("mij,mj->mi", inverse, design @ y)
    residual = y - np.einsum("mi,min->mn", solution, design)
    zero = np.zeros((len(taus), design.shape[1]))
    zero[:, : count + 1] = 1.0
    if law == "diffusion":
        zero[:, 1:] = _TERMS
    spread = np.sqrt(np.maximum(inverse[:, -1, -1], 0.0))
    return _Fits(
        law, count, (residual**2).sum(axis=1), solution[:, 0], np.sqrt(np.maximum(inverse[:, 0, 0], 0.0)),
        (zero * solution).sum(axis=1), np.sqrt(np.maximum(np.einsum("mi,mij,mj->m", zero, inverse, zero), 0.0)),
        taus.max(axis=1) if count else np.zeros(len(taus)), prior, taus,
        spread if moving is not None else solution[:, 1] if count else np.zeros(len(taus)),
    )  # fmt: skip


def _memory(residual: Array) -> float:
    """By how much neighbouring residuals of one sign widen the uncertainty of a level."""
    square = float(residual @ residual)
    memory = float(residual[1:] @ residual[:-1]) / square if square > 0 else 0.0
    memory = min(max(memory - 1 / len(residual), 0.0), 0.9)
    return (1 + memory) / (1 - memory)


def _mixed(values: Array, spreads: Array, weight: Array) -> tuple[float, float, float, float]:
    """Mean, 2.5 % and 97.5 % points and standard deviation of a mixture of normal distributions."""
    mean = float(weight @ values)
    std = math.sqrt(max(float(weight @ (spreads**2 + (values - mean) ** 2)), 0.0))
    kept = weight > 1e-7
    spreads = np.maximum(spreads, 1e-300)
    ends = []
    for level in (0.025, 0.975):
        low, high = float((values - 9 * spreads)[kept].min()), float((values + 9 * spreads)[kept].max())
        for _ in range(80):
            middle = 0.5 * (low + high)
            below = float(weight[kept] @ special.ndtr((middle - values[kept]) / spreads[kept])) / float(
                weight[kept].sum()
            )
            low, high = (middle, high) if below < level else (low, middle)
        ends.append(0.5 * (low + high))
    # A law of little weight may lie far off: the standard uncertainty is that of the interval, not of its tails.
    return mean, ends[0], ends[1], min(std, (ends[1] - ends[0]) / (2 * 1.959964))


def _end(time: Array, value: Array) -> tuple[float, float, float, float]:
    """Mean over the last fifth, its change there, and their standard uncertainties."""
    last = time >= time[-1] - LAST * (time[-1] - time[0])
    if last.sum() < 4:
        last = np.arange(len(time)) >= len(time) - 4
    t, y = time[last] - time[last].mean(), value[last]
    slope = float(t @ y) / float(t @ t)
    residual = y - y.mean() - slope * t
    variance = float(residual @ residual) / max(len(y) - 2, 1)
    memory = _memory(residual) if len(y) > 8 else 1.0
    noise = math.sqrt(variance * memory)
    span = float(np.ptp(time[last]))
    return float(y.mean()), noise / math.sqrt(len(y)), slope * span, noise / math.sqrt(float(t @ t)) * span
