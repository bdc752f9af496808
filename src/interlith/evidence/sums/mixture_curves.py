"""How do a curve and its would-be parts come onto the same states, with the errors that this costs?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.evidence.curves import Curve, curves
from interlith.evidence.selection import Source, observables_of
from interlith.numerics.sums.mixing import Mixing
from interlith.units import factor

Array = NDArray[np.float64]

#: Common states over free parameters that are enough to leave interpolation alone.
SPARE = 2


@dataclass(frozen=True, slots=True)
class Aligned:
    """Target (first) and parts on common states.

    Parameters
    ----------
    names
        Of target and parts.
    x
        (axis unit), shape (m,).
    y
        (unit), shape (k, m).
    own
        (unit squared), shape (k, m, m): covariance of errors that a curve has alone, interpolation included.
    shared
        Source -> (unit), shape (k, m).
    unknown
        Sources of unknown size.
    sized
        Whether the size of the own errors is known.
    interpolated
        Whether values were interpolated, and how many states of the target were left out.
    specimens
        Of each curve.
    curves
        As they were read.
    """

    names: tuple[str, ...]
    x: Array
    y: Array
    own: Array
    shared: Mapping[str, Array]
    unknown: tuple[str, ...]
    sized: bool
    interpolated: bool
    left_out: int
    specimens: tuple[tuple[str, ...], ...]
    curves: tuple[tuple[Curve, ...], ...]

    def problem(self, *, sum_to_one: bool, non_negative: bool, offset: bool, scale: bool) -> Mixing:
        """The same as arrays, with the conditions on the weights."""
        count, places = len(self.y) - 1, self.x.size
        sources = np.array(list(self.shared.values())).reshape(len(self.shared), count + 1, places)
        parts, own = self.y[1:], self.own
        if offset:
            parts = np.vstack([parts, np.ones(places)])
            own = np.concatenate([own, np.zeros((1, places, places))])
            sources = np.concatenate([sources, np.zeros((len(sources), 1, places))], axis=1)
        tied = sum_to_one and not scale
        rows = np.zeros((int(tied), len(parts)))
        rows[:, :count] = 1.0
        low = 0.0 if non_negative else -math.inf
        high = 1.0 if sum_to_one and non_negative else math.inf
        return Mixing(self.y[0], parts, own, sources, rows, np.ones(int(tied)), count, scale, low, high)


def align(
    source: Source,
    quantity: str,
    against: str,
    names: Sequence[str],
    exclude: Mapping[str, str] | None,
    states: str,
    fewest: int,
) -> Aligned:
    """Curves by name (of variants, else of specimens) on common or interpolated states."""
    everything = list(observables_of(source))
    groups = [_specimens(everything, quantity, against, name, exclude) for name in names]
    unit = groups[0][0].unit
    common = _common(groups)
    use = common.size >= fewest if states == "auto" else states == "common"
    x = common if use else _inside(groups)
    if x.size < fewest:
        raise StudyError(
            f"{', '.join(names)} have {x.size} states of {against} {'in common' if use else 'in the range of all'}; {fewest} are "
            f"needed. Measure all at the same {against}, or fewer parts."
        )
    y, own, shared, unknown, sized = [], [], dict[str, Array](), dict[str, None](), True
    size = _largest(groups)
    for number, group in enumerate(groups):
        rows = [_onto(curve, x, use, size) for curve in group]
        for curve in group:
            sized = sized and bool(np.isfinite(curve.own).all())
            unknown |= dict.fromkeys(curve.unknown)
        scale = np.array([1.0 if curve.unit == unit else factor(curve.unit, unit) for curve in group])
        values = np.array([row[0] for row in rows]) * scale[:, None]
        mean = values.mean(axis=0)
        y.append(mean)
        own.append(sum(row[1] * s**2 for row, s in zip(rows, scale, strict=True)) / len(rows) ** 2)
        for (_, _, matrix), curve, s in zip(rows, group, scale, strict=True):
            for name, sizes in curve.shared.items():
                shared.setdefault(name, np.zeros((len(groups), x.size)))[number] += s * (matrix @ sizes) / len(rows)
        if len(rows) > 1:
            # The covariance of a mean over specimens is the sum of squares of their deviations: one source each.
            for curve, value in zip(group, values, strict=True):
                place = shared.setdefault(f"replicate:mixture/{curve.name}", np.zeros((len(groups), x.size)))
                place[number] = (value - mean) / math.sqrt(len(rows) * (len(rows) - 1))
    target = groups[0][0]
    return Aligned(
        tuple(names), x, np.array(y), np.array(own), shared, tuple(unknown), sized, not use,
        max(0, len(target) - x.size), tuple(tuple(s for c in group for s in c.samples) for group in groups),
        tuple(groups),
    )  # fmt: skip


def _specimens(
    everything: Sequence[object], quantity: str, against: str, name: str, exclude: Mapping[str, str] | None
) -> tuple[Curve, ...]:
    # All curves are made in one call so that a source common to two of them is known as shared.
    made = curves(everything, quantity, against=against, by="sample", exclude=exclude)  # type: ignore[arg-type]
    chosen = tuple(curve for curve in made if curve.variant == name) or tuple(c for c in made if c.name == name)
    if not chosen:
        known = {curve.variant for curve in made if curve.variant} | {curve.name for curve in made}
        raise StudyError(
            f"There is no variant or specimen '{name}' with {quantity} against {against}; {nearest(name, known)}."
        )
    short = [curve.name for curve in chosen if len(curve) < 2]
    if short:
        raise StudyError(f"{', '.join(short)} has a single state of {against}; a mixture needs curves.")
    for curve in chosen:
        if (np.diff(curve.x) <= 0).any():
            raise StudyError(
                f"{curve.name} has two values of {quantity} at one {against}; average them or exclude one."
            )
    return chosen


def _overlap(curve: Curve, x: float) -> bool:
    slack = 1e-9 * max(1.0, abs(x))
    return bool(((curve.x_low - slack <= x) & (x <= curve.x_high + slack)).any())


def _common(groups: Sequence[Sequence[Curve]]) -> Array:
    first = groups[0][0]
    rest = [curve for group in groups for curve in group if curve is not first]
    return np.array([x for x in first.x if all(_overlap(curve, float(x)) for curve in rest)])


def _inside(groups: Sequence[Sequence[Curve]]) -> Array:
    low = max(float(curve.x[0]) for group in groups for curve in group)
    high = min(float(curve.x[-1]) for group in groups for curve in group)
    x = groups[0][0].x
    return x[(x >= low - 1e-12) & (x <= high + 1e-12)]


def _largest(groups: Sequence[Sequence[Curve]]) -> float:
    sizes = np.concatenate([curve.own for group in groups for curve in group])
    known = sizes[np.isfinite(sizes) & (sizes > 0)]
    return float(known.max()) if known.size else 1.0


def _onto(curve: Curve, x: Array, common: bool, size: float) -> tuple[Array, Array, Array]:
    """Values, covariance of own errors, and the matrix that led there."""
    matrix = np.zeros((x.size, len(curve)))
    curved = np.zeros(x.size)
    bend = _bends(curve)
    for row, at in enumerate(x):
        nearest_place = int(np.argmin(np.abs(curve.x - at)))
        if common or abs(curve.x[nearest_place] - at) <= 1e-9 * max(1.0, abs(at)):
            matrix[row, nearest_place] = 1.0
            continue
        right = int(np.clip(np.searchsorted(curve.x, at), 1, len(curve) - 1))
        left, width = right - 1, float(curve.x[right] - curve.x[right - 1])
        share = (at - curve.x[left]) / width
        matrix[row, [left, right]] = 1.0 - share, share
        # The error of a straight line between two points of a curve with second derivative b is b h1 h2 / 2 at most.
        curved[row] = 0.5 * share * (1.0 - share) * width**2 * max(bend[left], bend[right])
    sizes = np.where(np.isfinite(curve.own), curve.own, size)
    # Exactly known points would make the matrix singular.
    sizes = np.maximum(sizes, 1e-9 * max(size, float(np.abs(curve.y).max())))
    return matrix @ curve.y, (matrix * sizes**2) @ matrix.T + np.diag(curved**2), matrix


def _bends(curve: Curve) -> Array:
    """Size of the second derivative at each point beyond what the errors of the points explain."""
    if len(curve) < 3:
        return np.full(len(curve), 0.0)
    x, y = curve.x, curve.y
    own = np.where(np.isfinite(curve.own), curve.own, 0.0)
    h1, h2 = x[1:-1] - x[:-2], x[2:] - x[1:-1]
    weights = np.array([2 / (h1 * (h1 + h2)), -2 / (h1 * h2), 2 / (h2 * (h1 + h2))])
    seen = weights[0] * y[:-2] + weights[1] * y[1:-1] + weights[2] * y[2:]
    noise = (weights[0] * own[:-2]) ** 2 + (weights[1] * own[1:-1]) ** 2 + (weights[2] * own[2:]) ** 2
    inner = np.sqrt(np.maximum(seen**2 - noise, 0.0))
    return np.concatenate([inner[:1], inner, inner[-1:]])
