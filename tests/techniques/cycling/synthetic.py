"""Summaries made by hand, so that analyses over cycles meet exactly known numbers. All of it is simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import How, Observable, Result, State, to_frame
from interlith.techniques.cycling.over_cycles import quality_frame

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MadeCell:
    """One simulated cell: per cycle discharge capacity (mAh/g), mean voltage (V), current (A); curves by half-cycle.

    A curve is (cycle, direction, charge in Ah, voltage in V) or has a fifth entry, the mask of the constant current.
    """

    sample: str
    capacity: Array
    voltage: Array | None = None
    current: Array | None = None
    rate: Array | None = None
    variant: str = "bare"
    mass: float | None = 4e-6
    mass_relative: float = 0.02
    counter: float = 0.0
    voltage_accuracy: float | None = None
    incomplete: Sequence[int] = ()
    curves: Sequence[tuple[object, ...]] = field(default_factory=tuple)


def summary(cells: Sequence[MadeCell]) -> Result:
    """A result named ``summary`` with half-cycles, curves and observables of discharge and charge."""
    observables: list[Observable] = []
    halves: list[dict[str, object]] = []
    curves: list[pl.DataFrame] = []
    for cell in cells:
        numbers = np.arange(1, len(cell.capacity) + 1)
        for index, cycle in enumerate(numbers.tolist()):
            for side, direction in enumerate(("charge", "discharge")):
                halves.append(_half(cell, index, cycle, 2 * index + side + 1, direction))
                observables += _observables(cell, index, cycle, direction)
        curves += [_curve(cell, *curve) for curve in cell.curves]
    types = {"rate": pl.Float64, "cc_current": pl.Float64}
    data = {
        "half_cycles": pl.DataFrame(halves, schema_overrides=types, infer_schema_length=None),
        "curves": pl.concat(curves) if curves else _curve(cells[0], 1, "charge", np.zeros(0), np.zeros(0)),
        "steps": pl.DataFrame(),
        "cycles": pl.DataFrame(),
    }
    quality = quality_frame([(cell.sample, "summary", True, "") for cell in cells])
    return Result("cycling", "summary", to_frame(observables), data, quality, How("cycling", "simulated"))


def _grams(cell: MadeCell) -> float:
    """mAh per shown unit: mAh/g where there is a mass, else the capacities are in mAh."""
    return 1.0 if cell.mass is None else 1e3 * cell.mass


def _half(cell: MadeCell, index: int, cycle: int, half_cycle: int, direction: str) -> dict[str, object]:
    charge = 1e-3 * float(cell.capacity[index]) * _grams(cell)
    complete = cycle not in cell.incomplete
    current = None if cell.current is None else float(cell.current[index])
    return {
        "sample": cell.sample, "half_cycle": half_cycle, "cycle": cycle, "direction": direction, "charge": charge,
        "charge_std": cell.counter * charge, "cc_charge": charge, "cv_charge": 0.0,
        "mean_current": current if current is not None else 1e-3, "cc_current": current,
        "rate": None if cell.rate is None else float(cell.rate[index]), "complete": complete,
        "flag": "" if complete else "cut short",
    }  # fmt: skip


def _observables(cell: MadeCell, index: int, cycle: int, direction: str) -> list[Observable]:
    state = State("cycle", cycle, cycle, cycle, "1")
    complete = cycle not in cell.incomplete
    value = float(cell.capacity[index])
    parts = {f"counter:{cell.sample}/{direction}/{cycle}": cell.counter * value} if cell.counter else {}
    if cell.mass is not None:
        parts[f"mass:{cell.sample}"] = -cell.mass_relative * value
    unit = "mAh" if cell.mass is None else "mAh/g"
    rows = [(f"{direction}_capacity", value, unit, parts)]
    if cell.voltage is not None:
        offset = {} if cell.voltage_accuracy is None else {f"voltage:{cell.sample}": cell.voltage_accuracy}
        rows.append((f"{direction}_mean_voltage", float(cell.voltage[index]), "V", offset))
    else:
        rows.append((f"{direction}_mean_voltage", 4.0, "V", {}))
    return [
        Observable(
            quantity, amount if complete else None, shown, cell.sample, pieces if complete else {}, variant=cell.variant,
            technique="cycling", state=state, cycle=cycle, flag="" if complete else "cut short",
        )
        for quantity, amount, shown, pieces in rows
    ]  # fmt: skip


def _curve(
    cell: MadeCell, cycle: int, direction: str, charge: Array, voltage: Array, on: NDArray[np.bool_] | None = None
) -> pl.DataFrame:
    count = len(charge)
    sign = 1.0 if direction == "charge" else -1.0
    return pl.DataFrame(
        {
            "sample": pl.Series([cell.sample] * count, dtype=pl.String),
            "half_cycle": pl.Series([2 * cycle - (direction == "charge")] * count, dtype=pl.Int64),
            "charge": charge, "voltage": voltage, "current": np.full(count, sign * 1e-3),
            "time": np.linspace(0.0, 36000.0, count) if count else np.zeros(0),
            "cc": np.ones(count, dtype=bool) if on is None else on,
        }
    )  # fmt: skip


def ar1(random: np.random.Generator, shape: tuple[int, int], correlation: float) -> Array:
    """Stationary AR(1) noise of unit variance, one series a row."""
    fresh = random.standard_normal(shape)
    noise = np.empty(shape)
    noise[:, 0] = fresh[:, 0]
    for step in range(1, shape[1]):
        noise[:, step] = correlation * noise[:, step - 1] + np.sqrt(1 - correlation**2) * fresh[:, step]
    return noise
