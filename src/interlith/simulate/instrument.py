"""What does a cycler with errors write down of a true test?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from interlith.physics.protocol import CellTest

#: Words for the steps of `interlith.physics.protocol`; each format's writer respells them for its vendor.
STEP_WORDS = {"rest": "Rest", "charge": "CC Chg", "discharge": "CC DChg", "charge_hold": "CV Chg"}


@dataclass(frozen=True, slots=True)
class Instrument:
    """Errors of one cycler channel.

    Parameters
    ----------
    current_gain
        Relative error of the current, constant in time.
    voltage_offset
        Error of the voltage (V), constant in time.
    current_noise
        Relative standard deviation of the noise of each record's current.
    voltage_noise
        Standard deviation of the noise of each record's voltage (V).
    """

    current_gain: float = 0.0
    voltage_offset: float = 0.0
    current_noise: float = 0.0
    voltage_noise: float = 0.0


def record(test: CellTest, instrument: Instrument, random: np.random.Generator) -> tuple[pl.DataFrame, ...]:
    """Records in canonical columns, one table a part; vendor rounding comes with the format's writer.

    The counters start from zero in every step and integrate the measured current without its noise, as a cycler that
    samples much faster than it records.
    """
    rows = test.rows
    gain = 1.0 + instrument.current_gain
    current = rows.get_column("current").to_numpy() * gain
    current = current * (1.0 + instrument.current_noise * random.standard_normal(rows.height))
    voltage = rows.get_column("voltage").to_numpy() + instrument.voltage_offset
    voltage = voltage + instrument.voltage_noise * random.standard_normal(rows.height)
    charge = pl.col("charge") * gain
    energy = (pl.col("energy") + pl.col("charge") * instrument.voltage_offset) * gain
    measured = rows.select(
        "part",
        "test_time",
        "step_time",
        "vendor_cycle",
        "vendor_step",
        pl.col("step_type").replace(STEP_WORDS).alias("vendor_step_type"),
        pl.Series("current", current),
        pl.Series("voltage", voltage),
        charge.clip(lower_bound=0.0).alias("charge_counter"),
        (-charge).clip(lower_bound=0.0).alias("discharge_counter"),
        energy.clip(lower_bound=0.0).alias("charge_energy_counter"),
        (-energy).clip(lower_bound=0.0).alias("discharge_energy_counter"),
    )
    return tuple(part.drop("part") for part in measured.partition_by("part", maintain_order=True))
