"""Are half-cycles what a chemist would call a charge or a discharge?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.physics.counting import count
from interlith.techniques.cycling.half_cycles import assign
from interlith.techniques.cycling.half_table import half_cycle_table
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import REST, Step, cell, cycles, logged, series


def halves(*parts: pl.DataFrame, kind: str | None = "half_cathode") -> pl.DataFrame:
    return summarise(series(*parts, sample=cell(kind=kind))).data["half_cycles"]


def test_plain_cycles() -> None:
    table = halves(logged(cycles(3)))
    assert table["direction"].to_list() == ["charge", "discharge"] * 3
    assert table["cycle"].to_list() == [1, 1, 2, 2, 3, 3]
    assert table["charge"].to_numpy() == pytest.approx([1e-3, 0.98e-3] * 3)
    assert table["complete"].all()
    assert table["mean_voltage"].to_list()[:2] == pytest.approx([3.65, 3.55])
    assert table["rest_voltage_after"].to_list() == [3.5] * 6
    assert table["rest_voltage_before"].to_list() == [None] + [3.5] * 5


def test_falling_currents_with_rests_are_one_discharge() -> None:
    stairs: list[Step] = [(3600.0, -1e-3, 4.1, 3.0), REST, (3000.0, -1e-4, 3.3, 3.0), REST, (9000.0, -5e-5, 3.2, 3.0)]
    table = halves(logged([(4500.0, 1e-3, 3.0, 4.2), REST, *stairs, REST]))
    assert table["direction"].to_list() == ["charge", "discharge"]
    assert table["charge"].to_list()[1] == pytest.approx(1e-3 + 3e-1 / 3600 + 0.45 / 3600)
    assert table["cc_current"].to_list()[1] == pytest.approx(1e-3)
    assert table["pulses"].to_list() == [0, 0]


def pulsed() -> list[Step]:
    """A charge, then a discharge in ten portions with a pulse each way after every portion."""
    steps: list[Step] = [(3600.0, 1e-3, 3.0, 4.2), REST]
    for number in range(10):
        top = 4.1 - 0.1 * number
        steps += [
            (360.0, -1e-3, top, top - 0.1), REST, (10.0, -2e-3, top - 0.15, top - 0.17), REST,
            (10.0, 1.5e-3, top, top + 0.02), REST,
        ]  # fmt: skip
    return [*steps, (360.0, -1e-3, 3.1, 3.0), REST]


def test_pulses_do_not_end_a_discharge() -> None:
    table = halves(logged(pulsed(), interval=2.0))
    assert table["direction"].to_list() == ["charge", "discharge"]
    net = (11 * 360 * 1e-3 + 100 * 2e-3 - 100 * 1.5e-3) / 3600
    assert table["charge"].to_list()[1] == pytest.approx(net)
    # The last portion is as short as the pulses, stands alone, and counts with them.
    assert table["pulses"].to_list()[1] == 31
    assert table["gaps"].to_list()[1] == 0


def test_the_curve_of_a_pulsed_discharge_ends_at_its_charge() -> None:
    result = summarise(series(logged(pulsed(), interval=2.0)))
    curve = result.data["curves"].filter(half_cycle=2)
    assert curve["charge"][0] == pytest.approx(0.0, abs=1e-12)
    assert curve["charge"][-1] == pytest.approx(result.data["half_cycles"]["charge"][1], rel=1e-6)
    assert (curve["time"].diff().drop_nulls() >= 0).all()


def test_a_pulse_at_the_end_of_a_file_is_no_charge() -> None:
    table = halves(logged([*cycles(2), (10.0, 1e-3, 3.5, 3.52), REST]))
    assert table["complete"].to_list() == [True] * 4 + [False]
    assert "pulse" in table["flag"].to_list()[-1]
    assert table["charge"].to_list()[3] == pytest.approx(0.98e-3)


def test_an_impedance_gap_does_not_end_a_charge() -> None:
    first = logged([(1800.0, 1e-3, 3.0, 3.6)], words=False, counter=False)
    second = logged(
        [(1800.0, 1e-3, 3.6, 4.2), REST, (3500.0, -1e-3, 4.1, 3.0), REST], begin=4000.0, words=False, counter=False
    )
    table = halves(pl.concat([first, second]))
    assert table["direction"].to_list() == ["charge", "discharge"]
    assert table["gaps"].to_list() == [1, 0]
    assert table["charge"].to_list()[0] == pytest.approx(1e-3, rel=1e-3)
    assert "rows missing" in table["flag"].to_list()[0]


def test_lost_rows_with_a_discharge_in_them_split_the_charges() -> None:
    first = logged([(3600.0, 1e-3, 3.0, 4.2)], words=False, counter=False)
    second = logged([(3600.0, 1e-3, 3.0, 4.2), REST], begin=20000.0, words=False, counter=False)
    table = halves(pl.concat([first, second]))
    assert table["direction"].to_list() == ["charge", "charge"]
    assert table["cycle"].to_list() == [1, 2]


def test_a_half_cycle_at_the_end_of_the_file_is_judged_by_its_like() -> None:
    plan = cycles(3)[:-1]
    whole = halves(logged(plan))
    assert whole["complete"].all()
    cut = halves(logged([*plan[:-1], (1800.0, -1e-3, 4.1, 3.6)]))
    assert cut["complete"].to_list() == [True] * 5 + [False]
    assert "before its usual end" in cut["flag"].to_list()[-1]


def test_a_hold_cut_short_is_incomplete() -> None:
    def charge(current: float) -> pl.DataFrame:
        steps: list[Step] = [(3600.0, 1e-3, 3.0, 4.2), (900.0, current, 4.2, 4.2)]
        return logged(steps)

    rows = logged([*cycles(2)])
    assert rows.height
    held = pl.DataFrame({"test_time": [float(t) for t in range(0, 3000, 20)]}).with_columns(
        current=1e-3 * (-pl.col("test_time") / 900).exp(), voltage=pl.lit(4.2)
    )
    up = logged([(3600.0, 1e-3, 3.0, 4.2)], words=False, counter=False)
    down = logged([REST, (3500.0, -1e-3, 4.1, 3.0), REST], words=False, counter=False)
    parts, begin = [], 0.0
    for part in (up, held, down, up, held.head(40)):
        parts.append(part.with_columns(pl.col("test_time") + begin))
        begin = parts[-1]["test_time"][-1] + 1.0
    table = halves(pl.concat(parts))
    assert table["direction"].to_list() == ["charge", "discharge", "charge"]
    assert table["complete"].to_list() == [True, True, False]
    assert table["cv_charge"].to_list()[0] > 0.2e-3


def test_a_single_charge_is_not_called_complete() -> None:
    table = halves(logged([REST, (3600.0, 1e-3, 3.0, 4.2)]))
    assert table["complete"].to_list() == [False]
    assert "none of its kind" in table["flag"][0]


def test_a_file_that_begins_inside_a_charge() -> None:
    rows = logged(cycles(2)).filter(pl.col("test_time") > 1800.0)
    table = halves(rows)
    assert table["complete"].to_list() == [False, True, True, True]
    assert "begins inside" in table["flag"][0]


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [("half_cathode", [0, 1, 1, 2]), ("full", [0, 1, 1, 2]), ("half_anode", [1, 1, 2, 2]), (None, [1, 1, 2, 2])],
)
def test_the_kind_of_cell_says_which_half_leads(kind: str | None, numbers: list[int]) -> None:
    plan = cycles(2)[2:] + cycles(1)[:2]
    assert halves(logged(plan), kind=kind)["cycle"].to_list() == numbers


def test_a_dying_cell_keeps_all_its_cycles() -> None:
    plan: list[Step] = []
    size = 3600.0
    for _ in range(30):
        plan += [(size, 1e-3, 3.1, 4.2), (0.97 * size, -1e-3, 4.1, 3.0)]
        size *= 0.8
    assert halves(logged(plan, interval=1.0)).height == 60


def test_neware_uio_holds_two_loops_in_one_vendor_cycle(cycling_folder: Path) -> None:
    from interlith.formats.neware_csv import FORMAT

    reading = FORMAT.read(cycling_folder / "neware_uio.csv", {})
    result = summarise(series(reading.payload.frame.select(reading.payload.columns), sample=cell(kind="half_anode")))
    table = result.data["half_cycles"]
    assert table["direction"].to_list() == ["discharge", "charge"] * 5
    own = table.filter(pl.col("direction") == "charge")
    assert (1e3 * own["charge"]).round(3).to_list() == [4.249, 4.247, 4.242, 3.593, 1.438]
    assert own["complete"].to_list() == [True] * 4 + [False]
    assert own["vendor_cycle"].to_list() == [1, 2, 3, 3, 4]
    vendor = result.data["vendor_cycles"].filter(vendor_cycle=3).row(0, named=True)
    assert 1e3 * vendor["vendor_charge_capacity"] == pytest.approx(7.835, abs=5e-4)
    assert vendor["loops"] == 2
    last = result.table.filter(quantity="charge_capacity", cycle=5).row(0, named=True)
    assert last["value"] is None
    assert "incomplete" in last["flag"]
    assert "cycle_number" in {choice.field for choice in result.choices}


@pytest.mark.parametrize("words", [True, False])
def test_noise_in_the_rests_makes_no_half_cycles(words: bool) -> None:
    rows = logged(cycles(3), words=words)
    noise = pl.Series(1e-6 * np.random.default_rng(5).standard_normal(rows.height))
    table = halves(rows.with_columns(pl.when(pl.col("current") == 0).then(noise).otherwise("current").alias("current")))
    assert table["direction"].to_list() == ["charge", "discharge"] * 3
    assert table["charge"].null_count() == 0
    assert table["rest_voltage_after"].null_count() <= 1


def test_a_negligible_contradiction_does_not_withhold_the_half_cycle() -> None:
    whole = logged([REST, (3600.0, 1e-3, 3.1, 4.2), REST, (3500.0, -1e-3, 4.1, 3.0), REST])
    counted = assign(count(whole.lazy(), whole.columns).steps.with_columns(pl.lit(0).alias("part")))
    tiny = counted.filter(pl.col("half_cycle") == 1).with_columns(
        pl.lit(None, dtype=pl.Float64).alias("charge"), pl.lit(0.0).alias("counter_charge"),
        pl.lit(5e-7).alias("integral_charge"), pl.lit("counter_contradicts").alias("flag"),
    )  # fmt: skip
    for share, known in ((1.0, True), (10.0, False)):
        bad = tiny.with_columns(pl.col("integral_charge") * share)
        table = half_cycle_table(pl.concat([counted.head(2), bad, counted.slice(2)]))
        assert table["charge"].is_not_null().to_list() == [known, True]
        assert ("contradict" in table["flag"][0]) is not known


def test_two_rows_in_the_wrong_order_withhold_the_half_cycle_around_them() -> None:
    rows = logged(cycles(2))
    order = np.arange(rows.height)
    order[[50, 51]] = [51, 50]
    table = halves(rows[order])
    assert table["charge"].is_null().to_list() == [True, False, False, False]
    assert "time runs back" in table["flag"][0]
    assert (table["flag"][1:] == "").all()
