"""One untouched protocol from a pattern and phases to shares: stages, texture judged by a score, all parts of the doubt.

Stands on the model of the pattern directly with a small Levenberg-Marquardt of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from interlith.crystal.phases import phase
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import COMMON, PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.quantity import Fractions
from interlith.techniques.diffraction.quantity_shares import Refined, shares
from interlith.techniques.diffraction.quantity_texture import Axis, chosen_axes, expected_gains, texture_axes

Array = NDArray[np.float64]
#: U of sites whose structure has none (angstrom^2): B = 0.6.
UNKNOWN = 0.0076
TERMS = 10
#: Endings and beginnings of the parameters that each stage frees.
STAGES = (
    ("background_", "_scale", "displacement"),
    ("_inverse_size", "gauss_w"),
    ("_cell_",),
    ("_microstrain", "roughness", "_texture"),
)
BOUNDS = {
    "roughness": (0.0, 1.0), "displacement": (-0.8, 0.8), "gauss_w": (4e-4, 0.04), "_scale": (0.0, np.inf),
    "_inverse_size": (0.0, 0.5), "_microstrain": (0.0, 0.02), "_texture": (0.3, 3.0),
}  # fmt: skip


@dataclass(eq=False)
class Fit:
    """A model at its best values."""

    model: PatternModel
    values: Array
    free: NDArray[np.bool_]
    y: Array
    std: Array
    calculated: Array
    slopes: Array
    residual: Array

    @property
    def chi_squared(self) -> float:
        """Sum of squares over standard uncertainties."""
        return float(self.residual @ self.residual)

    @property
    def r_wp(self) -> float:
        """Weighted profile R."""
        return float(np.sqrt(self.chi_squared / ((self.y / self.std) ** 2).sum()))

    def named(self) -> dict[str, float]:
        """Values by name."""
        return dict(zip(self.model.names, self.values.tolist(), strict=True))


def _limits(model: PatternModel) -> tuple[Array, Array]:
    low, high = np.full(len(model.names), -np.inf), np.full(len(model.names), np.inf)
    for place, name in enumerate(model.names):
        for word, (least, most) in BOUNDS.items():
            if name == word or name.endswith(word):
                low[place], high[place] = least, most
        if "_cell_" in name:
            low[place], high[place] = np.sort(model.start[place] * np.array([0.98, 1.02]))
    return low, high


def _best(fit: Fit, rounds: int, tolerance: float) -> Fit:
    """Levenberg-Marquardt within bounds over the free parameters."""
    low, high = _limits(fit.model)
    rows, damping = np.flatnonzero(fit.free), 1e-3
    for _ in range(rounds):
        slopes = fit.slopes[rows] / fit.std
        size = np.sqrt((slopes**2).sum(axis=1))
        size[size == 0] = 1.0
        slopes = slopes / size[:, None]
        matrix, pull = slopes @ slopes.T, slopes @ fit.residual
        better = None
        for _ in range(8):
            step, inside = np.zeros(len(rows)), np.ones(len(rows), dtype=bool)
            for _ in range(3):
                step[:] = 0.0
                own = matrix[np.ix_(inside, inside)] + damping * np.eye(inside.sum())
                step[inside] = np.linalg.solve(own, pull[inside])
                aim = fit.values[rows] + step / size
                stuck = inside & (
                    ((aim < low[rows]) & (fit.values[rows] <= low[rows]))
                    | ((aim > high[rows]) & (fit.values[rows] >= high[rows]))
                )
                if not stuck.any():
                    break
                inside &= ~stuck
            values = fit.values.copy()
            values[rows] = np.clip(fit.values[rows] + step / size, low[rows], high[rows])
            residual = (fit.y - fit.model.intensity(values)) / fit.std
            if residual @ residual < fit.chi_squared:
                better = values
                break
            damping = 8 * max(damping, 1e-4)
        if better is None:
            break
        before, fit = fit.chi_squared, _at(fit.model, better, fit.free, fit.y, fit.std)
        damping = max(damping / 8, 1e-8)
        if before - fit.chi_squared < tolerance * before:
            break
    return fit


def _at(model: PatternModel, values: Array, free: NDArray[np.bool_], y: Array, std: Array) -> Fit:
    calculated, slopes = model.with_slopes(values, free)
    return Fit(model, values, free, y, std, calculated, slopes, (y - calculated) / std)


def _freed(model: PatternModel, stages: int) -> NDArray[np.bool_]:
    words = [word for stage in STAGES[:stages] for word in stage]
    return np.array(
        [any(word in name if "_cell_" in word else name.startswith(word) or name.endswith(word) for word in words) for name in model.names]
    )  # fmt: skip


def refine(
    x: Array, y: Array, names: Sequence[str], instrument: Instrument, *, texture: Mapping[str, Axis] | None = None, start: Fit | None = None
) -> Fit:  # fmt: skip
    """Stages from scales to strains, or all at once from an earlier fit."""
    std = np.sqrt(np.maximum(y, 1.0))
    phases = tuple(
        phase_lines(
            phase(name), instrument, float(x[-1]), name=name, texture=(texture or {}).get(name), unknown_displacement=UNKNOWN
        )
        for name in names
    )  # fmt: skip
    model = PatternModel(x, phases, instrument, background=TERMS)
    values, place = model.start.copy(), {name: number for number, name in enumerate(model.names)}
    if start is not None:
        for name, value in start.named().items():
            if name in place:
                values[place[name]] = value
        return _best(_at(model, values, _freed(model, len(STAGES)), y, std), 25, 1e-4)
    for name in names:
        values[place[f"{name}_inverse_size"]], values[place[f"{name}_microstrain"]] = 1 / 50, 5e-4
    curves = np.polynomial.chebyshev.chebvander((2 * x - x[0] - x[-1]) / (x[-1] - x[0]), TERMS - 1).T
    columns = np.vstack([curves, -curves, [model.phase_intensity(values, number) for number in range(len(names))]])
    size = np.sqrt((columns**2).sum(axis=1))
    found = nnls((columns / size[:, None] / std).T, y / std)[0] / size
    values[len(COMMON) : len(COMMON) + TERMS] = found[:TERMS] - found[TERMS : 2 * TERMS]
    for number, name in enumerate(names):
        values[place[f"{name}_scale"]] = max(float(found[2 * TERMS + number]), 1e-12)
    for stage in range(1, len(STAGES) + 1):
        if stage == len(STAGES):
            values[place["roughness"]] = 0.02
        last = stage == len(STAGES)
        fit = _best(_at(model, values, _freed(model, stage), y, std), 25 if last else 8, 1e-4 if last else 1e-3)
        values = fit.values.copy()
    return fit


def textures(fit: Fit, names: Sequence[str], instrument: Instrument) -> dict[str, Axis]:
    """Axes of texture that a score test finds worth refining."""
    free = fit.slopes[fit.free] / fit.std
    named = fit.named()
    gains: dict[str, list[tuple[Axis, float]]] = {}
    for name in names:
        gains[name] = []
        for axis in texture_axes(phase(name)):
            alone = phase_lines(
                phase(name), instrument, float(fit.model.two_theta[-1]), name=name, texture=axis, unknown_displacement=UNKNOWN
            )  # fmt: skip
            model = PatternModel(fit.model.two_theta, (alone,), instrument, background=1)
            values = np.array(
                [named.get(word, value) if not word.startswith("background") else 0.0 for word, value in zip(model.names, model.start, strict=True)]
            )  # fmt: skip
            moving = np.array([word == f"{name}_texture" for word in model.names])
            _, slopes = model.with_slopes(values, moving)
            gains[name].append((axis, float(expected_gains(slopes[moving] / fit.std, free, fit.residual)[0])))
    return chosen_axes(gains, fit.chi_squared)


def quantified(
    x: Array, y: Array, names: Sequence[str], instrument: Instrument
) -> tuple[Fit, Fractions, dict[str, Axis], float]:
    """Fit, shares, textures and CPU seconds of one pattern."""
    began = time.process_time()
    fit = refine(x, y, names, instrument)
    axes = textures(fit, names, instrument)
    if axes:
        fit = refine(x, y, names, instrument, texture=axes, start=fit)
    rows = np.flatnonzero(fit.free)
    crystals = []
    for number, name in enumerate(names):
        part = fit.model.phases[number]
        own = fit.values[fit.model.slice_of(number)]
        cell = part.freedom.six(own[1 : 1 + len(part.freedom.names)])
        crystals.append(replace(part.structure, name=name, cell=type(part.structure.cell)(*map(float, cell))))
    scales = np.array([int(np.flatnonzero(rows == fit.model.place_of(f"{name}_scale"))[0]) for name in names])
    found = shares(
        Refined(
            crystals, scales, fit.values[rows], fit.slopes[rows] / fit.std, fit.residual,
            fit.calculated - fit.model.background_of(fit.values), fit.std, fit.model.two_theta, instrument.wavelengths[0],
            fit.named()["roughness"],
        )
    )  # fmt: skip
    return fit, found, axes, time.process_time() - began
