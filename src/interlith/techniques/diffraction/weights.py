"""How uncertain is each point of a pattern, what is that known from, and which points must not count?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.peak_search import scatter
from interlith.numerics.point_noise import noise_factor, unit_of
from interlith.numerics.unlikely_zeros import unlikely_zeros

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Basis = Literal["stated", "counts", "scaled counts", "scatter"]

#: Scatter over an expected one that is taken for the same.
SAME_SCATTER = (0.8, 1.25)
#: More negative points than this share, and the intensities are no counts of which a few are wrong.
_MOST_NEGATIVE = 0.01
#: Smaller numbers (of any unit) cannot be squared and divided by.
_TINY = 1e-100


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Standard uncertainties of a pattern and where they come from.

    Parameters
    ----------
    std
        (as the intensity), shape (n,): positive wherever a point is used, nan elsewhere.
    used
        Whether a point counts, shape (n,).
    basis
        ``stated`` by the file; ``counts``: the square root of the intensity; ``scaled counts``: the square root of the intensity times
        `factor`; ``scatter``: from neighbouring points alone.
    factor
        Intensity of one count; 1 for counts and where it has no meaning.
    notes
        Sentences: what was assumed, and how many points do not count.
    """

    std: Array
    used: Mask
    basis: Basis
    factor: float
    notes: tuple[str, ...]


def weights_of(intensity: ArrayLike, std: ArrayLike | None = None) -> Weights:
    """Standard uncertainties of the points of one pattern.

    Parameters
    ----------
    intensity
        In order along the scan, shape (n,); nan where there is none.
    std
        Stated standard uncertainties, shape (n,); zero, negative or nan for a point that must not count. `None` where the file states none.

    Raises
    ------
    FitError
        If the shapes differ.

    Notes
    -----
    Where nothing is stated, intensities that are whole multiples of one number and scatter as counts do are counts times that number. Others
    are taken for counts times what their scatter gives, also whole numbers that scatter otherwise: rounded rates and means. The assumption
    that fails first: that neighbouring points err independently.
    """
    y = np.asarray(intensity, dtype=np.float64)
    given = None if std is None else np.asarray(std, dtype=np.float64)
    if y.ndim != 1 or (given is not None and given.shape != y.shape):
        raise FitError(
            f"Weights need intensities of shape (n,) and uncertainties of the same; got {y.shape} and {None if given is None else given.shape}."
        )
    if given is not None:
        return _stated(y, given)
    there = np.isfinite(y)
    negative = there & (y < 0)
    if int(negative.sum()) > _MOST_NEGATIVE * max(1, int(there.sum())):
        return _from_scatter(y, there)
    dead = np.zeros(y.size, dtype=np.bool_)
    dead[there] = unlikely_zeros(y[there])
    used = there & ~negative & ~dead
    basis, factor, said = _counted(y[used])
    out = np.full(y.size, math.nan)
    # A point without a count is as uncertain as one of a single count.
    out[used] = np.sqrt(factor * np.maximum(y[used], factor))
    return Weights(out, used, basis, factor, (*said, *_left_out(there, negative, dead)))


def _stated(y: Array, given: Array) -> Weights:
    used = np.isfinite(y) & np.isfinite(given) & (given > 0)
    notes = []
    if not used.all():
        notes.append(f"{np.count_nonzero(~used)} of {y.size} points have no uncertainty and do not count.")
    ratio = math.sqrt(noise_factor(y[used], given[used] ** 2))
    if ratio < SAME_SCATTER[0] or ratio > SAME_SCATTER[1]:
        why = (
            "that they are too large or that neighbours do not err independently"
            if ratio < 1
            else "that they are too small"
        )
        notes.append(
            f"The scatter from point to point is about {_rough(ratio)} times the stated uncertainties, a sign {why}; they were kept."
        )
    return Weights(np.where(used, given, math.nan), used, "stated", 1.0, tuple(notes))


def _counted(y: Array) -> tuple[Basis, float, list[str]]:
    """What one count is, and how that is known."""
    unit = unit_of(y)
    factor = noise_factor(y, y)
    if unit is not None and unit < _TINY:
        unit = None
    if factor < _TINY:
        factor = math.nan
    if unit is not None and (math.isnan(factor) or _alike(factor, unit)):
        if unit == 1:
            return "counts", 1.0, []
        return (
            "scaled counts",
            unit,
            [f"All intensities are whole multiples of {unit:.6g} and scatter as counts times that."],
        )
    if math.isnan(factor):
        said = f"{y.size} points are too few, or too much alike, to tell what one count is; the square root of the intensity was taken."
        return "scaled counts", 1.0, [said]
    if unit == 1:
        said = (
            f"The intensities are whole numbers, but scatter about {_rough(math.sqrt(factor))} times as much as counts; they were taken for "
            "counts times the square of that."
        )
    else:
        said = f"The intensities are no counts; by their scatter from point to point they are counts times about {_rough(factor)}."
    return "scaled counts", factor, [said]


def _rough(number: float) -> str:
    """One digit, so that patterns of one series say the same."""
    return f"{float(f'{number:.1g}'):g}"


def _alike(factor: float, unit: float) -> bool:
    return SAME_SCATTER[0] < math.sqrt(factor / unit) < SAME_SCATTER[1]


def _from_scatter(y: Array, there: Mask) -> Weights:
    """Uncertainties of intensities from which something was subtracted: what neighbours say."""
    out = np.full(y.size, math.nan)
    size = scatter(y[there], np.ones(np.count_nonzero(there)))
    least = float(np.median(size)) * 1e-3
    out[there] = np.maximum(size, least if least > _TINY else 1.0)
    share = float(np.count_nonzero(y[there] < 0)) / max(1, int(there.sum()))
    said = (
        f"{100 * share:.0f} % of the intensities are negative: something was subtracted. Their uncertainties are the scatter of neighbouring "
        "points; strong peaks count for too much."
    )
    return Weights(out, there, "scatter", 1.0, (said, *_left_out(there, ~there & False, ~there & False)))


def _left_out(there: Mask, negative: Mask, dead: Mask) -> list[str]:
    found = []
    for mask, what in (
        (~there, "have no intensity"),
        (negative, "are negative"),
        (dead, "are zero where counting does not explain it"),
    ):
        if mask.any():
            found.append(f"{np.count_nonzero(mask)} of {there.size} points {what} and do not count.")
    return found
