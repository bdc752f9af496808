"""How large is the contrast of two groups of units, and how wide is its interval, for one study or for thousands?

The estimate is a weighted sum of unit values and its variance a sum of squares of weighted sums, so that one plan made
from the layout of the study serves any number of repeats at once. Two groups of independent units give the difference
of means with separate variances; units that share a batch are kept together (bias-reduced cluster variance). Degrees
of freedom follow from the layout, and for independent units from the scatter of either group as well.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

#: Eigenvalues below this share of the largest are taken as zero when a residual block is inverted.
_RANK_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Plan:
    """What the layout of a study fixes before any value is known.

    Parameters
    ----------
    weights
        (1), shape (n,): estimate = values @ weights.
    scores
        (1), shape (c, n): variance of the estimate = sum over clusters of (values @ scores.T)**2.
    degrees
        Degrees of freedom of that variance (Satterthwaite, equal variances as working model).
    independent
        Whether every unit is a cluster of its own; then the scatter of each group may correct the degrees of freedom.
    """

    weights: Array
    scores: Array
    degrees: float
    independent: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """The uncertainty of a contrast: from the scatter of units with its degrees of freedom, and from shared causes."""

    scatter: float
    degrees: float
    shared: float = 0.0

    def half_width(self, level: float) -> float:
        """Half of the two-sided interval at `level`; the two parts add in quadrature after widening each."""
        return float(half_width(np.asarray(self.scatter), self.degrees, level, shared=self.shared))

    def probability_above(self, distance: float, level: float = 0.95) -> float:
        """Probability that the true effect exceeds the estimate minus `distance` (Student t, consistent with `level`).

        0.975 exactly where the lower end of the two-sided 95 % interval touches the criterion.
        """
        half = self.half_width(level)
        if math.isinf(half) or math.isnan(half):
            return math.nan
        if half == 0:
            return 1.0 if distance > 0 else 0.0
        return float(stats.t.cdf(distance * quantile(level, self.degrees) / half, self.degrees))


def plan(in_variant: Sequence[bool], clusters: Sequence[Hashable]) -> Plan:
    """Plan of the difference of two group means, with units of one cluster taken as correlated.

    Parameters
    ----------
    in_variant
        Shape (n,): true for units of the variant, false for units of the reference.
    clusters
        Shape (n,): label of the independent cluster of each unit; all different for independent units.

    Notes
    -----
    Assumption that fails first: equal scatter in both variants. The variance itself does not need it, the degrees of
    freedom do; see `degrees_of_freedom` for independent units.

    References
    ----------
    Bell and McCaffrey, Survey Methodology 28 (2002) 169; Pustejovsky and Tipton, 10.1080/07350015.2016.1247004, eq. 5-8.
    """
    group = np.asarray(in_variant, dtype=bool)
    design = np.column_stack([~group, group]).astype(np.float64)
    inverse = np.diag(1.0 / design.sum(axis=0))
    contrast = np.array([-1.0, 1.0]) @ inverse @ design.T
    residual = np.eye(len(group)) - design @ inverse @ design.T
    labels = list(dict.fromkeys(clusters))
    scores = np.zeros((len(labels), len(group)))
    for number, label in enumerate(labels):
        rows = np.array([item == label for item in clusters])
        scores[number] = contrast[rows] @ _inverse_root(residual[np.ix_(rows, rows)]) @ residual[rows]
    gram = scores @ scores.T
    total = float((gram**2).sum())
    degrees = float(np.trace(gram)) ** 2 / total if total > 0 else 0.0
    return Plan(contrast, scores, degrees, len(labels) == len(group))


def _inverse_root(block: Array) -> Array:
    values, vectors = np.linalg.eigh(block)
    kept = values > _RANK_TOLERANCE * max(1.0, float(values.max(initial=0.0)))
    roots = np.where(kept, 1.0 / np.sqrt(np.where(kept, values, 1.0)), 0.0)
    return np.asarray((vectors * roots) @ vectors.T, dtype=np.float64)


def contrast(values: Array, layout: Plan) -> tuple[Array, Array]:
    """Estimate and standard error.

    Parameters
    ----------
    values
        (any unit), shape (..., n): unit values on the working scale, logarithms for a ratio.
    layout
        From `plan`.

    Returns
    -------
    estimate, standard error
        (as values), shape (...).
    """
    estimate = values @ layout.weights
    return estimate, np.sqrt(np.square(values @ layout.scores.T).sum(axis=-1))


def degrees_of_freedom(values: Array, layout: Plan) -> Array:
    """Degrees of freedom of a contrast: half way between those of equal scatter and Welch's.

    Parameters
    ----------
    values
        (any unit), shape (..., n).
    layout
        From `plan`.

    Returns
    -------
    (1), shape (...). Those of the layout alone where units share clusters or a group has fewer than two units.

    Notes
    -----
    Faster fading cells scatter more, so equal scatter cannot be taken for granted; Welch's degrees of freedom in turn are
    wide by half at two units a group. Measured over 400,000 draws, coverage of the 95 % interval at n = 2, 3, 6 a group: equal
    scatter 0.964 0.957 0.952; scatter 2.2 times 0.954 0.944 0.945; 3 times 0.945 0.935 0.941.

    References
    ----------
    Welch 1947, 10.1093/biomet/34.1-2.28.
    """
    first, second = layout.weights > 0, layout.weights < 0
    shape = values.shape[:-1]
    if not layout.independent or min(first.sum(), second.sum()) < 2:
        return np.full(shape, layout.degrees)
    parts = [values[..., group].var(axis=-1, ddof=1) / group.sum() for group in (first, second)]
    total = parts[0] + parts[1]
    below = parts[0] ** 2 / (first.sum() - 1) + parts[1] ** 2 / (second.sum() - 1)
    welch = np.divide(total**2, below, out=np.full(shape, layout.degrees), where=below > 0)
    return np.asarray(0.5 * (layout.degrees + welch), dtype=np.float64)


def quantile(level: float, degrees: float) -> float:
    """Two-sided quantile of Student's t; 12.706 at 95 % and one degree of freedom, normal at infinite degrees."""
    if math.isinf(degrees):
        return float(stats.norm.ppf(0.5 + level / 2))
    return float(stats.t.ppf(0.5 + level / 2, degrees)) if degrees > 0 else math.inf


def half_width(scatter: Array, degrees: Array | float, level: float, *, shared: Array | float = 0.0) -> Array:
    """Half of the two-sided interval: Student t for the scatter, normal for shared causes, added in quadrature.

    Parameters
    ----------
    scatter, shared
        (as the estimate), shape (...): standard error from the scatter of units; standard uncertainty of what all
        units have in common and no number of units averages out.
    degrees
        (1), shape (...) or one number: degrees of freedom of the scatter; none at all leaves the interval open.
    """
    normal = quantile(level, math.inf) * np.asarray(shared, dtype=np.float64)
    known = np.asarray(degrees, dtype=np.float64)
    if (np.isinf(known)).all():
        width = np.full_like(known, quantile(level, math.inf))
    else:
        width = np.where(known > 0, stats.t.ppf(0.5 + level / 2, np.where(known > 0, known, 1.0)), math.inf)
    with np.errstate(invalid="ignore"):
        student = np.where(np.isinf(width), math.inf, width * scatter)
    return np.hypot(student, normal)


def welch_half_width(first: Array, second: Array, level: float) -> float:
    """Half-width with Welch's degrees of freedom, shown beside the main interval; wider than needed at n = 2.

    Parameters
    ----------
    first, second
        (any unit), shape (n,), (m,), both at least two.
    """
    parts = np.array([first.var(ddof=1) / first.size, second.var(ddof=1) / second.size])
    error = float(parts.sum())
    if error == 0:
        return 0.0
    degrees = error**2 / float((parts**2 / np.array([first.size - 1, second.size - 1])).sum())
    return quantile(level, degrees) * math.sqrt(error)
