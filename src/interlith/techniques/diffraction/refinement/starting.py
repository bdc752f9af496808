"""Where does the refinement of a pattern begin that has no neighbour: places of the lines, scales, background?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.backgrounds import baseline
from interlith.numerics.nonnegative import amounts_of
from interlith.physics.powder.pattern_model import PatternModel
from interlith.techniques.diffraction.refinement.setup import AXIAL, Setup

Array = NDArray[np.float64]

#: How far lines may stand away at the start: relative change of all edges, and shift of all lines (deg).
_STRETCH, _SHIFT = 0.02, 0.25
#: Lines that are looked at, and by how much the places they are moved to must be better than the places they had.
_STRONGEST, _BETTER = 40, 1.25
#: Where a roughness, S/L and H/L begin that are 0, and what is 0.
_BEGIN, _AT_BOUND = 0.02, 1e-6
#: Width (deg) that the pattern is smoothed by at least, before lines are looked for in it.
_SMOOTHED = 0.08


def first_values(setup: Setup, model: PatternModel, intensity: Array, std: Array) -> Array:
    """Values of all names for a pattern that nothing is known of, shape (p,).

    Parameters
    ----------
    setup
        Of the series.
    model
        On the grid of the pattern.
    intensity, std
        Observed, shape (n,).

    Notes
    -----
    All edges of a phase are stretched alike and all lines shifted until they stand where the pattern is high, if that is clearly
    better; then background and scales, in which the pattern is linear, are solved for together, scales not negative.
    """
    values = model.start.copy()
    at = {name: place for place, name in enumerate(model.names)}
    values[at["zero"]] = setup.zero
    for one in setup.pattern.phases:
        if f"{one.name}_inverse_size" in at:
            values[at[f"{one.name}_inverse_size"]] = 1 / one.size
            values[at[f"{one.name}_microstrain"]] = one.strain
    for name, value in setup.pattern.start.items():
        values[at[name]] = value
    _align(setup, model, values, intensity, std)
    with_scales(setup, model, values, intensity, std)
    return inside(setup, model, values)


def inside(setup: Setup, model: PatternModel, values: Array) -> Array:
    """Values that begin a little inside bounds at which a slope is one-sided, or none: lines lean by the square of S/L, shape (p,)."""
    wanted, out = setup.wanted(model), values.copy()
    for name in ("roughness", *AXIAL):
        place = model.place_of(name)
        if wanted[place] and out[place] < _AT_BOUND:
            out[place] = _BEGIN
    return out


def with_scales(setup: Setup, model: PatternModel, values: Array, intensity: Array, std: Array) -> None:
    """Put the background and the scales of the phases at the best values for the others; scales are not negative."""
    terms = [place for place, name in enumerate(model.names) if name.startswith("background_")]
    scales = [model.place_of(f"{one.name}_scale") for one in setup.pattern.phases]
    unit = values.copy()
    unit[terms] = 0.0
    unit[scales] = 1.0
    curves = []
    for place in terms:
        one = np.zeros_like(values)
        one[place] = 1.0
        curves.append(model.background_of(one))
    columns = np.vstack([*curves, *(model.phase_intensity(unit, number) for number in range(len(scales)))])
    count = len(terms)
    found = amounts_of(columns / std, intensity / std, np.arange(len(columns)) < count)
    values[terms] = found[:count]
    values[scales] = np.maximum(found[count:], 1e-12 * max(float(found[count:].max(initial=0.0)), 1e-30))


def _align(setup: Setup, model: PatternModel, values: Array, intensity: Array, std: Array) -> None:
    """Stretch the cells and shift the lines to where the pattern is high, where that is clearly better."""
    x = model.two_theta
    step = float(np.median(np.diff(x)))
    below = baseline(x, intensity, std)
    above = np.maximum(intensity - np.interp(x, below.x, below.level), 0.0)
    wide = max(3, 2 * round(_SMOOTHED / step / 2) + 1)
    # Square roots: one strong line must not outvote all others.
    smooth = np.sqrt(np.convolve(above, np.ones(wide) / wide, mode="same"))
    wanted = setup.wanted(model)
    names = [name for name in ("displacement", "zero") if wanted[model.place_of(name)]]
    shifts = (
        np.arange(-_SHIFT, _SHIFT + 1e-9, _SMOOTHED / 4)
        if names and not setup.pattern.start.keys() & set(names)
        else np.zeros(1)
    )
    stretches = np.arange(-_STRETCH, _STRETCH + 1e-9, 5e-4)
    chosen: float | None = None
    sticks = {number: _sticks(model, values, number) for number in range(len(setup.phases))}
    order = sorted(sticks, key=lambda number: -_score(x, smooth, *sticks[number]))
    for number in order:
        position, height = sticks[number]
        if not position.size:
            continue
        edges = _edges(setup, model, number, wanted)
        table = np.array([
            [_score(x, smooth, _stretched(position, one) + shift, height) for shift in (shifts if chosen is None else [chosen])]
            for one in (stretches if edges else [0.0])
        ])  # fmt: skip
        row, column = np.unravel_index(int(np.argmax(table)), table.shape)
        before = _score(x, smooth, position + (chosen or 0.0), height)
        if table[row, column] < _BETTER * max(before, 1e-12):
            continue
        if chosen is None:
            chosen = float(shifts[column])
        if edges:
            values[edges] *= 1 + stretches[row]
    if chosen and names:
        theta = np.radians(np.median(x) / 2)
        unit = float(setup.instrument.displacement(np.array([theta]))[0][0]) if names[0] == "displacement" else 1.0
        values[model.place_of(names[0])] += chosen / unit


def place_weak(
    setup: Setup, model: PatternModel, values: Array, names: set[str], intensity: Array, std: Array
) -> Array:
    """Values with phases that are not seen yet stretched to where something is left over, shape (p,).

    Parameters
    ----------
    names
        Of those phases; the others are taken as they are.
    """
    out = values.copy()
    x, wanted = model.two_theta, setup.wanted(model)
    left = np.maximum(intensity - model.intensity(values), 0.0)
    smooth = np.convolve(left / std, np.ones(5) / 5, mode="same")
    stretches = np.arange(-_STRETCH / 2, _STRETCH / 2 + 1e-9, 2e-4)
    for number, phase in enumerate(setup.phases):
        edges = _edges(setup, model, number, wanted) if phase.name in names else []
        if not edges:
            continue
        unit = out.copy()
        unit[model.place_of(f"{phase.name}_scale")] = 1.0
        position, height = _sticks(model, unit, number)
        scores = np.array([_score(x, smooth, _stretched(position, one), height) for one in stretches])
        best = int(np.argmax(scores))
        if scores[best] > _BETTER * max(_score(x, smooth, position, height), 1e-12):
            out[edges] *= 1 + stretches[best]
    return out


def _sticks(model: PatternModel, values: Array, number: int) -> tuple[Array, Array]:
    """Places (deg) and heights of the strongest lines of a phase inside the pattern."""
    lines, _ = model.lines(values, only=(number,))
    inside = (lines.position > model.two_theta[0]) & (lines.position < model.two_theta[-1])
    position, area = lines.position[inside], lines.area[inside]
    best = np.argsort(-area)[:_STRONGEST]
    return position[best], np.sqrt(np.maximum(area[best], 0.0))


def _stretched(position: Array, stretch: float) -> Array:
    """Places of lines (deg) of a cell whose edges are longer by a share."""
    sine = np.sin(np.radians(position / 2)) / (1 + stretch)
    return np.asarray(2 * np.degrees(np.arcsin(np.minimum(sine, 1.0))))


def _score(x: Array, smooth: Array, position: Array, height: Array) -> float:
    if not position.size:
        return 0.0
    return float(np.interp(position, x, smooth, left=0.0, right=0.0) @ height / np.sqrt(height @ height + 1e-300))


def _edges(setup: Setup, model: PatternModel, number: int, wanted: NDArray[np.bool_]) -> list[int]:
    """Places of the lengths of a phase's cell, if they are refined."""
    phase = setup.phases[number]
    places = [model.place_of(f"{phase.name}_cell_{one}") for one in phase.freedom.names if one in ("a", "b", "c")]
    return places if all(wanted[places]) else []
