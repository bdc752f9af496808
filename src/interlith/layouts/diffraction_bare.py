"""Are columns of numbers without names a powder pattern?

What speaks for it: a first column that rises in even steps within the angles of a goniometer, and a second one of whole counts, or
a third one that behaves as the uncertainty of the second. A table with less than that could be anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from interlith.layouts.diffraction_columns import Columns
from interlith.layouts.photon_counts import are_whole

Array = NDArray[np.float64]

#: Fewest rows in which a pattern can be seen, and steps (deg) and angles (deg) that goniometers and detectors make.
_FEWEST = 20
_STEPS = (1e-4, 1.0)
_ANGLES = (-30.0, 180.0)
#: Largest departure of a step from the others: printed digits.
_UNEVEN = 0.3
#: Endings of names that mean nothing but a pattern with, or without, uncertainties; they decide nothing alone.
_ENDINGS = (".xy", ".xye", ".xyd")


def even_angles(position: Array) -> bool:
    """Whether a column rises in even steps within the angles of a goniometer."""
    if position.size < _FEWEST or not np.isfinite(position).all():
        return False
    steps = np.diff(position)
    middle = float(np.median(steps))
    inside = _ANGLES[0] <= position[0] and position[-1] <= _ANGLES[1]
    return bool(inside and _STEPS[0] <= middle <= _STEPS[1] and np.max(np.abs(steps - middle)) <= _UNEVEN * middle)


def behaves_as_std(intensity: Array, std: Array) -> bool:
    """Whether a column is positive and rises with the square root of another, as the uncertainty of counts does."""
    good = np.isfinite(intensity) & np.isfinite(std) & (intensity > 0) & (std > 0)
    if good.sum() < _FEWEST or good.mean() < 0.5:
        return False
    y, e = np.log(intensity[good]), np.log(std[good])
    if np.ptp(y) < 1e-9 or np.ptp(e) < 1e-9:
        return False
    slope = float(np.cov(y, e)[0, 1] / np.var(y))
    return bool(np.corrcoef(y, e)[0, 1] > 0.3 and 0.15 <= slope <= 0.85)


def evidence(values: Array, name: str) -> str:
    """What shows that rows without names, shape (n, columns), are a pattern; empty where nothing does."""
    if values.shape[1] not in (2, 3) or not even_angles(values[:, 0]):
        return ""
    intensity = values[:, 1]
    # Whole numbers that hardly change are a counter of rows or a flag.
    whole = are_whole(intensity) and float(np.nanmax(intensity)) >= 5 and np.unique(intensity).size > 3
    ending = Path(name).suffix.casefold()
    if values.shape[1] == 3:
        if behaves_as_std(intensity, values[:, 2]):
            return "the third column behaves as the uncertainty of the second"
        positive = bool(np.all(values[:, 2] >= 0) and np.any(values[:, 2] > 0))
        return "the ending .xye means position, intensity and uncertainty" if ending == ".xye" and positive else ""
    if whole:
        return "the first column rises in even steps of an angle and the second one holds whole counts"
    if ending in _ENDINGS:
        return "the first column rises in even steps of an angle and the ending of the name is that of a pattern"
    return ""


def columns_of(width: int) -> Columns:
    """Two theta, intensity and uncertainty in this order."""
    return Columns("two_theta", 0, 1, 2 if width == 3 else None)


def what_speaks_against(values: Array) -> str:
    """Why rows without names are not taken for a pattern."""
    first, last = float(values[0, 0]), float(values[-1, 0])
    if values.shape[1] > 3:
        return f"{values.shape[1]} columns have no names"
    if not (_ANGLES[0] <= min(first, last) and max(first, last) <= _ANGLES[1]):
        return f"the first column runs from {first:g} to {last:g}, which is no two theta"
    if not even_angles(values[:, 0]):
        return "the first column does not rise in even steps of an angle"
    if values.shape[1] == 3:
        return "the third column does not behave as the uncertainty of the second"
    return "the second column holds no whole counts"


def head_values(rows: Sequence[Sequence[str]]) -> Array:
    """Numbers of the rows in the head of a file, decimal comma or point; nan where a field is none. Never raises."""

    def value(field: str) -> float:
        try:
            return float(field.replace(",", "."))
        except ValueError:
            return float("nan")

    return np.array([[value(field) for field in row] for row in rows], dtype=np.float64)
