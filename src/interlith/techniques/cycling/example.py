"""Which small simulated series with known truth stands for cycling in tests, documents and gallery?"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from interlith.model import Declared, Example, Measurement, Sample, Series, Source, State, Table
from interlith.physics.cell import Ageing, Cell
from interlith.physics.cell_truth import true_values
from interlith.physics.fluctuation import Fluctuation
from interlith.physics.ocv import lnmo
from interlith.physics.protocol import Protocol, cycle_cell

#: 1C of the example (A/kg = mA/g) and its electrode area (m^2, a disc of 12 mm).
_ONE_C = 140.0
_AREA = 1.131e-4
#: Relative standard uncertainty of mass and current; of the voltage (V).
_MASS, _CURRENT, _VOLTAGE = 0.01, 1e-3, 1e-3
_CYCLES, _FORMATION, _REFERENCE = 20, 2, 3
_SEED = 20

#: name, variant, replicate, loss of capacity and growth of resistance per cycle, ohm, share of first side reactions
_CELLS = (
    ("bare_1", "bare", "1", 2.0e-3, 8e-3, 25.0, 0.15),
    ("bare_2", "bare", "2", 2.3e-3, 9e-3, 27.0, 0.16),
    ("coated_1", "coated", "1", 0.8e-3, 3e-3, 24.0, 0.12),
)

#: Quantities of the example's truth.
_STATED = frozenset(
    {
        "charge_capacity", "discharge_capacity", "charge_mean_voltage", "discharge_mean_voltage",
        "coulombic_efficiency", "initial_coulombic_efficiency", "capacity_retention",
        "capacity_decay", "mean_voltage_decay",
    }
)  # fmt: skip


def example() -> Example:
    """Three simulated LNMO half-cells over twenty cycles: two of formation, one slow check-up, the others at 1C.

    Returns an `interlith.model.Example` whose truth is that of the forward model, before errors of mass, cycler and
    printing, which are drawn with the uncertainties that the samples declare.
    """
    random = np.random.default_rng(_SEED)
    made = [_one(cell, random) for cell in _CELLS]
    truth = {key: value for _, values in made for key, value in values.items()}
    options = {"reference_cycle": _REFERENCE, "exclude_rate": "C/10"}
    return Example(Series(tuple(measurement for measurement, _ in made)), truth, options)


def _one(
    cell: tuple[str, str, str, float, float, float, float], random: np.random.Generator
) -> tuple[Measurement, dict[tuple[str, str, int | None], float]]:
    name, variant, replicate, loss, growth, resistance, first_side = cell
    errors = random.standard_normal(3).tolist()
    declared = 4.4e-6
    mass = declared * (1 + _MASS * errors[0])
    gain, offset = _CURRENT * errors[1], _VOLTAGE * errors[2]
    model = Cell(
        curve=lnmo(),
        capacity=136.0 * mass,
        resistance=resistance,
        exchange_current=8e-4,
        relaxation_resistance=40.0,
        ageing=Ageing(capacity_loss=loss, resistance_growth=growth, side_share=4e-3, first_side_share=first_side),
    )
    protocol = Protocol(
        one_C=_ONE_C * declared, lower=3.5, upper=4.9, cycles=_CYCLES, formation_cycles=_FORMATION,
        check_every=9, hold_cut_off=0.05, rows=60,
    )  # fmt: skip
    swing = Fluctuation().draw(random, _CYCLES)
    test = cycle_cell(model, protocol, current_gain=gain, voltage_offset=offset, accessible=swing)
    frame = _printed(test.rows, gain, offset, random)
    ordinary = {cycle: protocol.rate_of(cycle) == protocol.rate for cycle in range(1, _CYCLES + 1)}
    values = true_values(
        test.half_cycles, active_mass=mass, reference_cycle=_REFERENCE, ordinary=ordinary, accessible=swing
    )
    sample = Sample(
        name=name,
        variant=variant,
        batch="b1",
        replicate=replicate,
        cell_kind="half_cathode",
        active_mass=Declared(declared, "kg", _MASS * declared, "simulated balance"),
        area=Declared(_AREA, "m^2", 0.01 * _AREA, "simulated"),
        one_C=Declared(_ONE_C, "A/kg", 0.0, "simulated"),
        current_accuracy=_CURRENT,
        voltage_accuracy=_VOLTAGE,
        note="simulated",
    )
    truth = {(name, quantity, cycle): value for (quantity, cycle), value in values.items() if quantity in _STATED}
    return _measurement(sample, frame), truth


def _printed(rows: pl.DataFrame, gain: float, offset: float, random: np.random.Generator) -> pl.DataFrame:
    """The records as a cycler prints them: with its errors, to 1 ms, 10 nA, 0.1 mV, 10 nAh and 10 nWh."""
    noisy = rows.get_column("voltage").to_numpy() + offset + 1e-4 * random.standard_normal(rows.height)
    charge = pl.col("charge") * (1 + gain)
    energy = (pl.col("energy") + pl.col("charge") * offset) * (1 + gain)
    words = {"rest": "Rest", "charge": "CC Chg", "discharge": "CC DChg", "charge_hold": "CV Chg"}
    return rows.select(
        pl.col("test_time").round(3),
        (pl.col("current") * (1 + gain)).round(8),
        pl.Series("voltage", noisy).round(4),
        "vendor_cycle",
        "vendor_step",
        pl.col("step_type").replace(words).alias("vendor_step_type"),
        pl.col("step_time").round(3),
        charge.clip(lower_bound=0.0).round(8).alias("charge_counter"),
        (-charge).clip(lower_bound=0.0).round(8).alias("discharge_counter"),
        energy.clip(lower_bound=0.0).round(8).alias("charge_energy_counter"),
        (-energy).clip(lower_bound=0.0).round(8).alias("discharge_energy_counter"),
    )


def _measurement(sample: Sample, frame: pl.DataFrame) -> Measurement:
    text = frame.write_csv().encode()
    return Measurement(
        sample=sample,
        technique="cycling",
        source=Source(f"simulated/{sample.name}.csv", hashlib.sha256(text).hexdigest(), len(text), "simulated", "1"),
        payload=Table(frame.lazy(), tuple(frame.columns)),
        state={"temperature": State("temperature", 25.0, 24.5, 25.5, "degC")},
        original_metadata={"statement": "simulated by the forward model of interlith.physics"},
    )
