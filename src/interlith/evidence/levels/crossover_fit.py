"""What is the difference of two curves at any state, and how wide is its interval there?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from interlith.errors import StudyError, nearest
from interlith.evidence.causes.trend_fit import Errors, weights_of
from interlith.evidence.curves import Curve
from interlith.evidence.kernel import Plan, contrast, degrees_of_freedom, half_width, plan
from interlith.numerics.levels.curve_rows import interpolation_rows, polynomial_rows
from interlith.numerics.trends.weighted_line import weighted_line

Array = NDArray[np.float64]
Degree = int | Literal["auto", "interpolation"]

#: Highest degree that is tried; probability of a bend below which a higher one is taken (generous, since a bend that is
#: missed moves the crossing, one too many only widens its interval).
MOST_DEGREE, _BEND = 3, 0.10


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two curves: its specimens and, for one specimen, how it scatters about its polynomial."""

    name: str
    curves: tuple[Curve, ...]

    @property
    def low(self) -> float:
        """Smallest state that all specimens reach."""
        return max(float(curve.x.min()) for curve in self.curves)

    @property
    def high(self) -> float:
        """Largest state that all specimens reach."""
        return min(float(curve.x.max()) for curve in self.curves)

    @property
    def samples(self) -> tuple[str, ...]:
        """Specimens behind it."""
        return tuple(dict.fromkeys(name for curve in self.curves for name in curve.samples))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """Identifiers of the observables behind it."""
        return tuple(name for curve in self.curves for name in curve.identifiers)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two curves to be held against each other; `replicated` where the scatter of specimens is the error."""

    first: Side
    second: Side
    degree: int | Literal["interpolation"]
    errors: Errors
    level: float
    replicated: bool
    layout: Plan

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both."""
        return self.first, self.second

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Of the first side, then of the second."""
        return (*self.first.curves, *self.second.curves)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Sources of unknown size that the curves share."""
        return tuple(dict.fromkeys(name for curve in self.curves for name in curve.unknown if self._common(name)))

    def _common(self, source: str) -> bool:
        """Whether a source counts: what one specimen has alone is in the scatter of specimens already."""
        if not self.replicated:
            return True
        return sum(source in curve.shared or source in curve.unknown for curve in self.curves) > 1

    def heights(self, at: Array) -> tuple[list[Array], list[Array]]:
        """Rows of weights and heights of every curve at states, shapes (g, n) and (g,)."""
        rows = [self._rows(curve, at) for curve in self.curves]
        return rows, [row @ curve.y for row, curve in zip(rows, self.curves, strict=True)]

    def _rows(self, curve: Curve, at: Array) -> Array:
        std = weights_of(curve, self.errors)[0]
        if self.degree == "interpolation":
            return interpolation_rows(curve.x, std, at)
        return polynomial_rows(curve.x, std, self.degree, at)

    def side_heights(self, at: Array) -> tuple[Array, Array]:
        """Mean height of either side at states, shape (g,) each."""
        heights = self.heights(at)[1]
        count = len(self.first.curves)
        return np.mean(heights[:count], axis=0), np.mean(heights[count:], axis=0)

    def difference(self, at: Array) -> tuple[Array, Array]:
        """Second less first, and the half-width of its interval, shape (g,) each."""
        middle, spread, dof, shared = self.parts(at)
        known = np.sqrt(sum((size**2 for size in shared.values()), np.zeros(at.size)))
        return middle, half_width(spread, dof, self.level, shared=known)

    def parts(self, at: Array) -> tuple[Array, Array, Array, dict[str, Array]]:
        """Difference, its standard error and degrees of freedom from the scatter, and shared sources, each (g,)."""
        rows, heights = self.heights(at)
        weights = self.layout.weights
        shared = {
            source: np.sum(
                [
                    weight * (row @ curve.shared[source])
                    for weight, row, curve in zip(weights, rows, self.curves, strict=True)
                    if source in curve.shared
                ],
                axis=0,
            )
            for source in sorted({name for curve in self.curves for name in curve.shared})
            if self._common(source)
        }
        if self.replicated:
            values = np.stack(heights, axis=-1)
            middle, spread = contrast(values, self.layout)
            return middle, spread, degrees_of_freedom(values, self.layout), shared
        spreads, dofs = zip(
            *(_scatter(curve, row, self.degree, self.errors) for curve, row in zip(self.curves, rows, strict=True)),
            strict=True,
        )
        squares = np.square(spreads)
        total = squares.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            below = sum(square**2 / dof for square, dof in zip(squares, dofs, strict=True))
            welch = np.where(below > 0, total**2 / below, math.inf)
        return heights[1] - heights[0], np.sqrt(total), np.asarray(welch), shared


def _scatter(curve: Curve, rows: Array, degree: int | Literal["interpolation"], errors: Errors) -> tuple[Array, float]:
    """Standard error of heights of one curve, shape (g,), and its degrees of freedom."""
    std, _ = weights_of(curve, errors)
    size = np.sqrt(np.square(rows) @ np.square(std))
    if errors == "stated":
        return size, math.inf
    if degree == "interpolation":
        back, used = interpolation_rows(curve.x, std, curve.x), np.unique(curve.x).size
    else:
        back, used = polynomial_rows(curve.x, std, degree, curve.x), degree + 1
    dof = len(curve) - used
    scale = math.sqrt(float(np.square((curve.y - back @ curve.y) / std).sum()) / dof)
    return size * scale, float(dof)


def make_pair(
    found: Sequence[Curve], between: tuple[str, str], *, degree: Degree, errors: Errors, level: float
) -> Pair:
    """Put the curves of two variants, or two curves, side by side.

    Raises
    ------
    StudyError
        If there is no such curve or variant, the two reach no common range, or they have too few points.
    """
    first, second = (_side(found, name) for name in between)
    if first.name == second.name:
        raise StudyError(f"between names '{first.name}' twice; a curve does not cross itself, name two.")
    replicated = len(first.curves) > 1 and len(second.curves) > 1
    if not replicated:
        first, second = (_single(side) for side in (first, second))
    curves = (*first.curves, *second.curves)
    chosen = _chosen_degree(curves, degree, errors) if degree == "auto" else degree
    _check_points(curves, chosen, errors, replicated)
    low, high = max(first.low, second.low), min(first.high, second.high)
    if not low < high:
        raise StudyError(
            f"{first.name} reaches from {first.low:g} to {first.high:g} and {second.name} from {second.low:g} to "
            f"{second.high:g}: without a common range of {curves[0].axis} no crossing can be asked."
        )
    layout = plan([number >= len(first.curves) for number in range(len(curves))], range(len(curves)))
    return Pair(first, second, chosen, errors, level, replicated, layout)


def _side(found: Sequence[Curve], name: str) -> Side:
    chosen = tuple(curve for curve in found if curve.variant == name) or tuple(
        curve for curve in found if curve.name == name
    )
    if not chosen:
        names = {curve.name for curve in found} | {curve.variant for curve in found if curve.variant}
        raise StudyError(f"between names '{name}', and there is no such curve; {nearest(name, names)}.")
    return Side(name, chosen)


def _single(side: Side) -> Side:
    if len(side.curves) == 1:
        return side
    raise StudyError(
        f"{side.name} has {len(side.curves)} specimens and the other side one: the scatter of specimens is known on one side "
        "only. Name one specimen of each, or pass by='variant' to take all points of a variant as one curve."
    )


def _chosen_degree(curves: Sequence[Curve], degree: Degree, errors: Errors) -> int:
    """The lowest degree at which no curve shows a bend beyond it; one for all, so that all bend alike."""
    for tried in range(1, MOST_DEGREE):
        bends = [_bend(curve, tried, errors) for curve in curves]
        told = [bend for bend in bends if math.isfinite(bend)]
        if not told:
            return tried
        # The chances of several specimens are put together (Fisher), or many of them would always show a bend.
        total = -2.0 * float(np.log(np.maximum(told, 1e-300)).sum())
        if stats.chi2.sf(total, 2 * len(told)) >= _BEND:
            return tried
    return MOST_DEGREE


def _bend(curve: Curve, degree: int, errors: Errors) -> float:
    std, _ = weights_of(curve, errors)
    scaled = errors == "scaled"
    if np.unique(curve.x).size < degree + 2 or (scaled and len(curve) < degree + 3):
        return math.nan
    return float(weighted_line(curve.x, curve.y, std, scaled=scaled, degree=degree).bent)


def _check_points(
    curves: Sequence[Curve], degree: int | Literal["interpolation"], errors: Errors, replicated: bool
) -> None:
    for curve in curves:
        states = np.unique(curve.x).size
        needed = 2 if degree == "interpolation" else int(degree) + 1
        if states < needed:
            raise StudyError(
                f"{curve.name} has {states} states of {curve.axis}; {_words(degree)} needs {needed}. Take a lower degree."
            )
        free = len(curve) - (states if degree == "interpolation" else needed)
        if not replicated and errors == "scaled" and free < 1:
            raise StudyError(
                f"{curve.name} leaves no scatter about {_words(degree)}: take a lower degree, several specimens a variant, or "
                "errors='stated'."
            )


def _words(degree: int | Literal["interpolation"]) -> str:
    return "straight pieces" if degree == "interpolation" else f"a polynomial of degree {degree}"


def shape_words(degree: int | Literal["interpolation"]) -> str:
    """``straight lines``, ``parabolas``, ``cubic curves`` or ``straight pieces between states``."""
    if degree == "interpolation":
        return "straight pieces between states"
    return {0: "constants", 1: "straight lines", 2: "parabolas", 3: "cubic curves"}[degree]


def bends_left(pair: Pair) -> float:
    """Least probability, over all curves, of so much bend beyond the polynomial; nan where it cannot be tested."""
    if pair.degree == "interpolation":
        return math.nan
    told = [_bend(curve, pair.degree, pair.errors) for curve in pair.curves]
    known = [bend for bend in told if math.isfinite(bend)]
    return min(1.0, min(known) * len(known)) if known else math.nan
