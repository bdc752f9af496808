"""What does an operando cell do while patterns are taken: a first cycle with pauses, as it truly was and as its cycler logs it?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.physics.cell import (
    SECONDS_PER_HOUR,
    Ageing,
    Condition,
    Segment,
    State,
    change_curve,
    condition,
    constant_current,
    rest,
)
from interlith.simulate.recipes import Recipe, make_cell

Array = NDArray[np.float64]

#: Li-rich oxide: the charge between the ends of its curve (Ah/kg) is chosen, the window is that of Lei et al., 10.1007/s40820-026-02209-5.
CELL = Recipe("cell", chemistry="li_rich", specific_capacity=255.0, ageing=Ageing(first_side_share=0.05))
#: True active mass (kg), time (s) between records while a current flows.
MASS, _RECORDS = 8e-6, 20.0
_WORDS = {1: "CC Chg", 0: "Rest", -1: "CC DChg"}


@dataclass(frozen=True, slots=True, eq=False)
class Charging:
    """The course of one cell.

    Parameters
    ----------
    time
        Since the cycler began (s), shape (n,).
    voltage, current
        (V, A), shape (n,).
    charge
        That has passed, discharge counted off (Ah), shape (n,).
    step
        Number of the step of the programme, shape (n,).
    switches
        When the current was switched (s), shape (k,).
    full
        Charge of the whole first charge (Ah).
    """

    time: Array
    voltage: Array
    current: Array
    charge: Array
    step: NDArray[np.int64]
    switches: Array
    full: float

    @property
    def end(self) -> float:
        """When the programme ends (s)."""
        return float(self.time[-1])

    def extracted(self, time: Array) -> Array:
        """Share of the first charge that has been passed, discharge counted off, shape of `time` (s)."""
        return np.asarray(np.interp(time, self.time, self.charge) / self.full)

    def voltage_at(self, time: Array) -> Array:
        """(V), shape of `time` (s)."""
        return np.asarray(np.interp(time, self.time, self.voltage))

    def log(self, random: np.random.Generator, *, voltage_noise: float = 2e-4) -> pl.DataFrame:
        """What the cycler writes down, in canonical columns; the voltage with noise (V)."""
        sign = np.sign(self.current).astype(int)
        frame = pl.DataFrame(
            {
                "test_time": self.time, "vendor_cycle": np.ones(self.time.size, dtype=np.int64), "vendor_step": self.step,
                "vendor_step_type": [_WORDS[one] for one in sign.tolist()], "current": self.current,
                "voltage": self.voltage + voltage_noise * random.standard_normal(self.time.size), "charge": self.charge,
            }
        )  # fmt: skip
        since = pl.col("charge") - pl.col("charge").first().over("vendor_step")
        return frame.with_columns(
            (pl.col("test_time") - pl.col("test_time").first().over("vendor_step")).alias("step_time"),
            since.clip(lower_bound=0.0).alias("charge_counter"), (-since).clip(lower_bound=0.0).alias("discharge_counter"),
        ).drop("charge")  # fmt: skip


def charging(
    rate: float, *, pauses: int, whole_cycle: bool, random: np.random.Generator, recipe: Recipe = CELL
) -> Charging:
    """A first charge, and perhaps the discharge, with pauses at irregular times.

    Parameters
    ----------
    rate
        (1/h) of the nominal capacity.
    pauses
        In each half-cycle, of 20 to 40 minutes.
    whole_cycle
        Whether the discharge belongs to it.
    random
        Stream, for the times of the pauses.
    recipe
        Of the cell.
    """
    cell = make_cell(recipe, active_mass=MASS)
    material, now = recipe.material, condition(cell, 1, first_half=True)
    current = rate * material.one_C * MASS
    state = State(max(now.curve.find(material.lower), 1e-4))
    pieces: list[Segment] = [rest(now, state, 0.5 * SECONDS_PER_HOUR)]
    hours = now.capacity / current * SECONDS_PER_HOUR
    state = _half(pieces, now, state, current, material.upper, _stretches(hours, pauses, random), random)
    charged = len(pieces)
    if whole_cycle:
        after = condition(cell, 1)
        state = change_curve(now, after, state)
        hours = after.capacity / current * SECONDS_PER_HOUR
        _half(pieces, after, state, -current, material.lower, _stretches(hours, pauses, random), random)
    return _joined(pieces, charged)


def _stretches(seconds: float, pauses: int, random: np.random.Generator) -> list[float]:
    """How long the current flows before each pause (s), then to the limit: at least half of an even share each."""
    share = seconds / (pauses + 1)
    return [share * float(random.uniform(0.5, 1.1)) for _ in range(pauses)] + [math.inf]


def _half(
    pieces: list[Segment], now: Condition, state: State, current: float, limit: float, stretches: list[float], random: np.random.Generator
) -> State:  # fmt: skip
    for longest in stretches:
        done = constant_current(now, state, current, limit=limit, longest=longest, interval=_RECORDS)
        pieces.append(done)
        state = done.end
        if done.reached:
            break
        pieces.append(rest(now, state, float(random.uniform(20.0, 40.0)) * 60.0))
        state = pieces[-1].end
    return state


def _joined(pieces: list[Segment], charged: int) -> Charging:
    """The steps one after the other."""
    begins = np.cumsum([0.0, *(float(one.time[-1]) for one in pieces)])
    passed = np.cumsum([0.0, *(float(one.charge[-1]) for one in pieces)])
    time = np.concatenate([one.time + begin for one, begin in zip(pieces, begins, strict=False)])
    charge = np.concatenate([one.charge + before for one, before in zip(pieces, passed, strict=False)])
    step = np.concatenate([np.full(one.time.size, place + 1) for place, one in enumerate(pieces)])
    return Charging(
        time, np.concatenate([one.voltage for one in pieces]), np.concatenate([one.current for one in pieces]), charge, step,
        begins[1:-1], float(passed[charged]),
    )  # fmt: skip
