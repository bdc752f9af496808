"""How far do lines stand from where the model has them, and which cells and shifts of the zero follow, before a fit begins?

A fit feels a line only over its own width. Where a cell has drifted by several widths between two patterns, each strong line is
first looked for near its place, and the cells are solved for from all shifts together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.profile import pseudo_voigt_width

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Lines of a phase that are looked for, and of all; widths that a line is looked for on either side, at least this far (deg); likeness that is believed.
_OF_PHASE, _LINES, _WIDTHS, _FAR, _ALIKE = 24, 80, 6.0, 0.04, 0.7
#: Height over scatter of a line that is believed.
_SEEN = 4.0
#: Usual drift: of an edge (relative), an angle (deg), the zero (deg) or displacement (mm). Shifts must outweigh them.
_DRIFT, _TURN, _ZERO = 5e-3, 0.3, 0.05
#: Shifts are believed to this part of a width at best.
_FINE = 0.1


def shifted(
    model: PatternModel, values: Array, wanted: Mask, intensity: Array, std: Array, *, far: float = _FAR
) -> Array:
    """Values with cells and zero moved to where the lines stand, shape (p,).

    Parameters
    ----------
    model, values
        The pattern as a function of its names, and their values, shape (p,).
    wanted
        Names that may move, shape (p,).
    intensity, std
        Observed, shape (n,).
    far
        How far a line is looked for at least (deg).
    """
    moving = (
        np.array(
            [("_cell_" in name or name in ("zero", "displacement", "displacement_across")) for name in model.names]
        )
        & wanted
    )
    if not moving.any():
        return values
    lines, chain = model.moved_lines(values, moving)
    x, background = model.two_theta, model.background_of(values)
    calculated, above = model.intensity(values) - background, intensity - background
    width, _ = pseudo_voigt_width(lines.gauss, lines.lorentz)
    inside = (lines.position > x[0]) & (lines.position < x[-1]) & (lines.area > 0)
    strength = np.where(inside, lines.area / width, 0.0)
    rows, shifts, errors = [], [], []
    for row in _strongest(model, strength):
        if strength[row] <= 0:
            break
        found = _shift(x, calculated, above, std, float(lines.position[row]), float(width[row]), far)
        if found is not None:
            rows.append(int(row))
            shifts.append(found)
            errors.append(max(_FINE * float(width[row]), 1e-5))
    if len(rows) < 2:
        return values
    slopes = chain[rows, 0] / np.array(errors)[:, None]
    prior = np.array([_drift(name, value) for name, value, one in zip(model.names, values, moving, strict=True) if one])
    step = _robust(slopes, np.array(shifts) / np.array(errors), 1 / prior)
    out = values.copy()
    out[moving] += step
    return out


def _strongest(model: PatternModel, strength: Array) -> NDArray[np.intp]:
    """Rows of the strongest lines of each phase, the strongest first."""
    count, first, found = len(model.instrument.lines), 0, []
    for phase in model.phases:
        last = first + count * phase.count
        found.append(first + np.argsort(-strength[first:last])[:_OF_PHASE])
        first = last
    rows = np.concatenate(found)
    return np.asarray(rows[np.argsort(-strength[rows])][:_LINES])


def _shift(
    x: Array, calculated: Array, above: Array, std: Array, position: float, width: float, far: float
) -> float | None:
    """By how much (deg) the pattern is like the model near a line; `None` where it is not."""
    half, reach = 1.2 * width, max(_WIDTHS * width, far)
    low, high = np.searchsorted(x, [position - half, position + half])
    step = (x[high - 1] - x[low]) / max(high - 1 - low, 1) if high - low > 2 else 0.0
    if step <= 0:
        return None
    most = int(reach / step)
    first, last = low - most, high + most
    if first < 0 or last > x.size or most < 1:
        return None
    template = calculated[low:high] - calculated[low:high].mean()
    size = float(np.sqrt(template @ template))
    scatter = float(np.median(std[low:high]))
    if size <= _SEEN * scatter:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(above[first:last], high - low)
    centred = windows - windows.mean(axis=1, keepdims=True)
    power = np.sqrt((centred**2).sum(axis=1))
    # A window of mere scatter is like nothing: it must hold some of what the line has.
    alike = centred @ template / (size * np.maximum(power, 0.3 * size + scatter))
    best = int(np.argmax(alike))
    if alike[best] < _ALIKE:
        return None
    return float((best - most) * step)


def _drift(name: str, value: float) -> float:
    if "_cell_" not in name:
        return _ZERO
    return _TURN if name.endswith(("alpha", "beta", "gamma")) else _DRIFT * abs(value)


def _robust(slopes: Array, shifts: Array, stiffness: Array) -> Array:
    """Step that explains most of the shifts, some of which are of other lines."""
    weight = np.ones(len(shifts))
    step: Array = np.zeros(slopes.shape[1])
    for _ in range(12):
        matrix = (slopes * weight[:, None]).T @ slopes + np.diag(stiffness**2)
        step = np.asarray(np.linalg.solve(matrix, (slopes * weight[:, None]).T @ shifts))
        left = np.abs(shifts - slopes @ step)
        scale = max(1.0, 1.5 * float(np.median(left)))
        weight = 1 / (1 + (left / scale) ** 2) ** 2
    return np.asarray(step)
