"""Where does the refinement of a pattern begin that has no neighbour: places of the lines, scales, background?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.backgrounds import baseline
from interlith.physics.powder.free_lines import FreeLines, le_bail_update
from interlith.physics.powder.pattern_model import PatternModel
from interlith.techniques.diffraction.refinement.scaled import Scaled, scaled
from interlith.techniques.diffraction.refinement.setup import AXIAL, Setup

Array = NDArray[np.float64]

#: How far lines may stand away at the start: relative change of all edges, and shift of all lines (deg).
_STRETCH, _SHIFT = 0.02, 0.25
#: Lines that are looked at, and by how much the places they are moved to must be better than the places they had.
_STRONGEST, _BETTER = 40, 1.25
#: Where a roughness, S/L and H/L begin that are 0, and what is 0.
_BEGIN, _AT_BOUND = 0.02, 1e-6
#: Times that areas without a structure are shared out at the start.
_SHARED = 5
#: Bins (deg) in which phases are compared with a pattern, and how lines are blurred over them.
_BIN = 0.04
_BLUR = np.exp(-0.5 * (np.arange(-4, 5) / 1.3) ** 2)


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
    values = begun(setup, model)
    _align(setup, model, values, intensity, std)
    values = scaled(model, values, intensity, std).values
    free = [one.name for one in setup.phases if isinstance(one, FreeLines)]
    if free:
        for _ in range(_SHARED):
            values = le_bail_update(model, values, intensity, std=std, phases=free)
    return inside(setup, model, values)


def begun(setup: Setup, model: PatternModel) -> Array:
    """Values of all names before anything is looked for, shape (p,)."""
    values = model.start.copy()
    at = {name: place for place, name in enumerate(model.names)}
    values[at["zero"]] = setup.zero
    for one in setup.pattern.phases:
        for word in ("", "_along", "_across"):
            if f"{one.name}_inverse_size{word}" in at:
                values[at[f"{one.name}_inverse_size{word}"]] = 1 / one.size
            if f"{one.name}_microstrain{word}" in at:
                values[at[f"{one.name}_microstrain{word}"]] = one.strain
    for name, value in setup.pattern.start.items():
        values[at[name]] = value
    return values


def inside(setup: Setup, model: PatternModel, values: Array) -> Array:
    """Values that begin a little inside bounds at which a slope is one-sided, or none: lines lean by the square of S/L, shape (p,)."""
    wanted, out = setup.wanted(model), values.copy()
    for name in ("roughness", *AXIAL):
        place = model.place_of(name)
        if wanted[place] and out[place] < _AT_BOUND:
            out[place] = _BEGIN
    return out


def _align(setup: Setup, model: PatternModel, values: Array, intensity: Array, std: Array) -> None:
    """Stretch the cells and shift the lines to where the pattern is high, where that is clearly better.

    The phase that accounts for most, wherever it may be moved to, is placed first and its lines are taken away; all lines are
    shifted alike.
    """
    x = model.two_theta
    below = baseline(x, intensity, std)
    edges = np.arange(x[0], x[-1] + _BIN, _BIN)
    places = np.digitize(x, edges) - 1
    count = np.maximum(np.bincount(places, minlength=edges.size), 1)
    left = (
        np.bincount(
            places, weights=np.maximum(intensity - np.interp(x, below.x, below.level), 0.0), minlength=edges.size
        )
        / count
    )
    wanted = setup.wanted(model)
    names = [
        name for name in ("displacement", "zero") if wanted[model.place_of(name)] and name not in setup.pattern.start
    ]
    most = round(_SHIFT / _BIN) if names else 0
    shifts: Sequence[int] = range(-most, most + 1)
    rest = list(range(len(setup.phases)))
    while rest:
        found = [_best(setup, model, values, number, left, edges, shifts) for number in rest]
        best = max(found, key=lambda one: one.score)
        place = rest.pop(found.index(best))
        if best.score > _BETTER * best.before:
            values[_edges(setup, model, place, wanted)] *= 1 + best.stretch
            shift, drawn = best.shift, best.drawn
        else:
            shift, drawn = (0 if len(shifts) > 1 else shifts[0]), best.as_was
        if len(shifts) > 1 and shift:
            _shift_all(setup, model, values, names[0], shift * _BIN)
        shifts = [shift]
        power = float(drawn @ drawn)
        left = np.maximum(left - (float(left @ drawn) / power if power > 0 else 0.0) * drawn, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """How well a phase accounts for a pattern at best: score, stretch, shift in bins, its lines there, and both as it was."""

    score: float
    stretch: float
    shift: int
    drawn: Array
    before: float
    as_was: Array


def _best(
    setup: Setup, model: PatternModel, values: Array, number: int, left: Array, edges: Array, shifts: Sequence[int]
) -> _Placed:  # fmt: skip
    position, height = _sticks(model, values, number)
    area = height**2
    root = np.sqrt(left)
    moves = _edges(setup, model, number, setup.wanted(model))
    best: tuple[float, float, int, Array] | None = None
    before, as_was = 0.0, np.zeros_like(left)
    for stretch in np.arange(-_STRETCH, _STRETCH + 1e-9, 1e-3) if moves else [0.0]:
        drawn = _drawn(edges, _stretched(position, float(stretch)), area)
        half = np.sqrt(drawn)
        size = float(np.sqrt(half @ half)) or 1.0
        for shift in shifts:
            score = float(np.roll(half, shift) @ root) / size
            if abs(stretch) < 1e-9 and shift in (0, shifts[0] if len(shifts) == 1 else 0):
                before, as_was = score, np.roll(drawn, shift)
            if best is None or score > best[0]:
                best = (score, float(stretch), shift, np.roll(drawn, shift))
    assert best is not None
    return _Placed(*best, before, as_was)


def _drawn(edges: Array, position: Array, area: Array) -> Array:
    """Lines drawn into bins with a width that forgives small errors of place, shape (bins,)."""
    places = np.clip(np.digitize(position, edges) - 1, 0, edges.size - 1)
    sticks = np.bincount(places, weights=area, minlength=edges.size)
    return np.asarray(np.convolve(sticks, _BLUR, mode="same"), dtype=np.float64)


def _shift_all(setup: Setup, model: PatternModel, values: Array, name: str, shift: float) -> None:
    """Move all lines by an angle (deg), with the name that does it."""
    theta = np.radians(np.array([np.median(model.two_theta)]) / 2)
    unit = float(setup.instrument.displacement(theta)[0][0]) if name == "displacement" else 1.0
    values[model.place_of(name)] += shift / unit


def place_weak(setup: Setup, model: PatternModel, now: Scaled, names: set[str], intensity: Array, std: Array) -> Array:
    """Values with phases that are not seen yet stretched to where something is left over, shape (p,).

    Parameters
    ----------
    now
        The pattern as it fits.
    names
        Of those phases; the others are taken as they are.
    """
    out = now.values.copy()
    x, wanted = model.two_theta, setup.wanted(model)
    left = np.maximum(intensity - now.calculated, 0.0)
    smooth = np.convolve(left / std, np.ones(5) / 5, mode="same")
    stretches = np.arange(-_STRETCH / 2, _STRETCH / 2 + 1e-9, 2e-4)
    for number, phase in enumerate(setup.phases):
        edges = _edges(setup, model, number, wanted) if phase.name in names else []
        if not edges:
            continue
        unit = out.copy()
        unit[model.place_of(f"{phase.name}_scale")] = 1.0
        position, height = _sticks(model, unit, number)
        sine = np.sin(np.radians(position / 2)) / (1 + stretches[:, None])
        scores = _scores(x, smooth, 2 * np.degrees(np.arcsin(np.minimum(sine, 1.0))), height)
        best = int(np.argmax(scores))
        if scores[best] > _BETTER * max(float(_scores(x, smooth, position, height)), 1e-12):
            out[edges] *= 1 + stretches[best]
    return out


def _sticks(model: PatternModel, values: Array, number: int) -> tuple[Array, Array]:
    """Places (deg) and heights of the strongest lines of a phase inside the pattern."""
    lines = model.lines(values, only=(number,))
    inside = (lines.position > model.two_theta[0]) & (lines.position < model.two_theta[-1])
    position, area = lines.position[inside], lines.area[inside]
    best = np.argsort(-area)[:_STRONGEST]
    return position[best], np.sqrt(np.maximum(area[best], 0.0))


def _stretched(position: Array, stretch: float) -> Array:
    """Places of lines (deg) of a cell whose edges are longer by a share."""
    sine = np.sin(np.radians(position / 2)) / (1 + stretch)
    return np.asarray(2 * np.degrees(np.arcsin(np.minimum(sine, 1.0))))


def _scores(x: Array, smooth: Array, position: Array, height: Array) -> Array:
    """How high the pattern is at the places of lines (..., n), weighted by their heights (n,), shape (...)."""
    return np.asarray(np.interp(position, x, smooth, left=0.0, right=0.0) @ height / np.sqrt(height @ height + 1e-300))


def _edges(setup: Setup, model: PatternModel, number: int, wanted: NDArray[np.bool_]) -> list[int]:
    """Places of the lengths of a phase's cell, if they are refined."""
    phase = setup.phases[number]
    places = [model.place_of(f"{phase.name}_cell_{one}") for one in phase.freedom.names if one in ("a", "b", "c")]
    return places if all(wanted[places]) else []
