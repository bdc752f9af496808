"""Does a whole test add up: rows against truth, fade against its parameters, restarts, rates, pulses?"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interlith.physics.cell import Ageing, Cell
from interlith.physics.cell_truth import true_values
from interlith.physics.ocv import graphite, li_rich, li_rich_first_charge, lnmo
from interlith.physics.protocol import CellTest, Interruption, Protocol, Titration, cycle_cell

CAPACITY, ONE_C = 6e-4, 5.6e-4


def spinel(**ageing: float) -> Cell:
    return Cell(lnmo(), CAPACITY, 25.0, 8e-4, 40.0, 300.0, ageing=Ageing(**ageing))


def programme(cycles: int, **words: object) -> Protocol:
    usual = {"one_C": ONE_C, "lower": 3.5, "upper": 4.9, "cycles": cycles, "hold_cut_off": 0.1, "rows": 60}
    return Protocol(**(usual | words))  # type: ignore[arg-type]


def integrals(test: CellTest) -> pl.DataFrame:
    """Charge (Ah) and energy (Wh) by plain trapezoid within each step of each part, summed by half-cycle."""
    step = pl.struct("part", "half_cycle", "vendor_cycle", "vendor_step").rle_id()
    width = pl.col("test_time").diff().over(step)
    power = pl.col("current") * pl.col("voltage")
    return (
        test.rows.filter((pl.col("half_cycle") > 0) & (pl.col("step_type") != "rest"))
        .with_columns(
            ((pl.col("current") + pl.col("current").shift(1).over(step)) / 2 * width / 3600).alias("dq"),
            ((power + power.shift(1).over(step)) / 2 * width / 3600).alias("de"),
        )
        .group_by("half_cycle", maintain_order=True)
        .agg(pl.col("dq").sum().abs(), pl.col("de").sum().abs())
        .sort("half_cycle")
    )


def test_the_rows_hold_the_stated_charge_and_energy() -> None:
    test = cycle_cell(spinel(capacity_loss=2e-3, side_share=5e-3, first_side_share=0.15), programme(8))
    found = integrals(test)
    truth = test.half_cycles
    assert found.get_column("dq").to_numpy() == pytest.approx(truth.get_column("charge").to_numpy(), rel=1e-9)
    assert found.get_column("de").to_numpy() == pytest.approx(truth.get_column("energy").to_numpy(), rel=2e-4)
    split = truth.get_column("cc_charge") + truth.get_column("hold_charge")
    assert split.to_numpy() == pytest.approx(truth.get_column("charge").to_numpy(), rel=1e-12)
    assert truth.filter(direction="charge").get_column("hold_charge").min() > 0


def test_a_restart_neither_adds_nor_loses_charge() -> None:
    cell = spinel(capacity_loss=1e-3, side_share=5e-3)
    cut = cycle_cell(cell, programme(8), interruption=Interruption(9, after=0.4, pause=7200.0))
    parts = cut.rows.partition_by("part", maintain_order=True)
    assert [part.get_column("test_time")[0] for part in parts] == [0.0, 0.0]
    assert parts[1].get_column("vendor_cycle")[0] == 1
    assert parts[1].get_column("elapsed")[0] - parts[0].get_column("elapsed")[-1] == pytest.approx(7200.0)
    assert parts[1].get_column("half_cycle")[0] == parts[0].get_column("half_cycle")[-1] == 9
    assert cut.half_cycles.filter("joined").get_column("half_cycle").to_list() == [9]
    assert integrals(cut).get_column("dq").to_numpy() == pytest.approx(
        cut.half_cycles.get_column("charge").to_numpy(), rel=1e-9
    )
    whole = cycle_cell(cell, programme(8))
    assert cut.half_cycles.get_column("charge")[8] == pytest.approx(whole.half_cycles.get_column("charge")[8], rel=0.01)


def test_fade_and_efficiency_are_those_of_the_parameters() -> None:
    ageing = {"capacity_loss": 1e-3, "side_share": 5e-3, "first_side_share": 0.15}
    test = cycle_cell(spinel(**ageing), programme(20, formation_cycles=1, check_every=0))
    values = true_values(test.half_cycles, active_mass=None, reference_cycle=2)
    assert values["capacity_decay", None] == pytest.approx(0.1, rel=0.03)
    assert values["capacity_retention", 20] == pytest.approx(100 * (1 - 19e-3) / (1 - 1e-3), abs=0.05)
    assert values["capacity_retention", 2] == 100.0
    assert values["initial_coulombic_efficiency", None] == pytest.approx(85.0, abs=0.1)
    assert values["coulombic_efficiency", 15] == pytest.approx(99.5, abs=0.15)
    per_mass = true_values(test.half_cycles, active_mass=4e-6)
    assert per_mass["discharge_capacity", 5] == pytest.approx(values["discharge_capacity", 5] / 4e-3)
    assert ("capacity_retention", 5) not in per_mass


def test_a_growing_resistance_lowers_the_voltage_and_the_capacity() -> None:
    calm = cycle_cell(spinel(), programme(30)).half_cycles.filter(direction="discharge")
    rising = cycle_cell(spinel(resistance_growth=0.02), programme(30)).half_cycles.filter(direction="discharge")
    assert calm.get_column("charge")[29] == pytest.approx(calm.get_column("charge")[10], rel=1e-6)
    assert rising.get_column("mean_voltage")[29] < rising.get_column("mean_voltage")[5] - 0.005
    assert rising.get_column("charge")[29] < rising.get_column("charge")[5]


def test_rates_come_in_the_declared_order() -> None:
    protocol = programme(
        20, formation_cycles=2, rate_test=(0.1, 0.5, 2.0), rate_test_cycles=2, check_every=4, rate=1.0, check_rate=0.05
    )
    rates = [protocol.rate_of(cycle) for cycle in range(1, 21)]
    assert rates[:8] == [0.1, 0.1, 0.1, 0.1, 0.5, 0.5, 2.0, 2.0]
    assert rates[8:] == [1.0] * 4 + [0.05] + [1.0] * 4 + [0.05] + [1.0] * 2
    truth = cycle_cell(spinel(), protocol).half_cycles.filter(direction="discharge")
    assert truth.get_column("rate").to_list() == rates
    by_rate = dict(zip(rates, truth.get_column("charge"), strict=True))
    assert by_rate[2.0] < by_rate[0.5] < by_rate[0.05]


def test_a_titration_is_one_half_cycle_of_many_pulses() -> None:
    plan = Titration(cycles=(2,), pulse=900.0, rest=1800.0, rate=0.2)
    test = cycle_cell(spinel(), programme(3, titration=plan))
    pulsed = test.half_cycles.row(3, named=True)
    assert pulsed["pulses"] > 15
    assert test.half_cycles.row(5, named=True)["pulses"] == 1
    assert pulsed["charge"] == pytest.approx(test.half_cycles.row(5, named=True)["charge"], rel=0.02)
    rows = test.rows.filter(pl.col("half_cycle") == 4)
    steps = rows.group_by(pl.col("step_type").rle_id().alias("run"), maintain_order=True).agg(
        pl.col("step_type").first()
    )
    assert steps.get_column("step_type").to_list()[:4] == ["discharge", "rest", "discharge", "rest"]


def test_the_cycler_controls_what_it_measures() -> None:
    test = cycle_cell(spinel(), programme(2), current_gain=0.01, voltage_offset=0.002)
    rows = test.rows.filter((pl.col("half_cycle") == 4) & (pl.col("step_type") == "discharge"))
    assert rows.get_column("current")[0] == pytest.approx(-0.1 * ONE_C / 1.01)
    assert rows.get_column("voltage")[-1] == pytest.approx(3.5 - 0.002, abs=1e-5)


def test_an_anode_half_cell_discharges_first() -> None:
    cell = Cell(graphite(), 2e-3, 20.0, 1e-3, kind="half_anode", ageing=Ageing(first_side_share=0.1))
    test = cycle_cell(cell, programme(2, one_C=2e-3, lower=0.01, upper=1.0, hold_cut_off=None))
    assert test.half_cycles.get_column("direction").to_list() == ["discharge", "charge"] * 2
    values = true_values(test.half_cycles, active_mass=None, kind="half_anode")
    assert values["initial_coulombic_efficiency", None] == pytest.approx(90.0, abs=2.5)


def test_the_oxygen_plateau_is_there_once() -> None:
    cell = Cell(
        li_rich(), 1.35e-3, 20.0, 1e-3, first_curve=li_rich_first_charge(), first_capacity=1.7e-3,
        ageing=Ageing(voltage_fade=5e-4),
    )  # fmt: skip
    test = cycle_cell(cell, programme(12, one_C=1.25e-3, lower=2.2, upper=4.7, hold_cut_off=None))
    for half, least, most in ((1, 0.45, 0.65), (3, 0.0, 0.15)):
        rows = test.rows.filter((pl.col("half_cycle") == half) & (pl.col("step_type") == "charge"))
        above = np.interp(4.44, rows.get_column("voltage"), rows.get_column("charge"))
        share = 1 - above / rows.get_column("charge")[-1]
        assert least < share < most
    voltage = test.half_cycles.filter(direction="discharge").get_column("mean_voltage")
    assert (voltage[11] - voltage[4]) * 1e3 / 7 == pytest.approx(-0.5, rel=0.1)
