"""Does the counting pass find the steps, weigh counter against integral, and notice files that contradict themselves?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.physics.counting import count, self_check
from interlith.physics.counting_checks import likely_cause
from interlith.physics.counting_vendor_cycles import loops
from interlith.physics.resolution import credible, resolution

Step = tuple[float, float, float, float]


def steps_frame(
    steps: list[Step], *, interval: float = 10.0, counter: bool = True, words: bool = True, digits: int | None = None
) -> pl.DataFrame:
    """Constant-current steps (seconds, ampere, first and last volt) as a cycler logs them, counter from zero each step."""
    parts, begin = [], 0.0
    for number, (seconds, current, first, last) in enumerate(steps, start=1):
        time = np.append(np.arange(0.0, seconds, interval), seconds)
        volt = np.linspace(first, last, time.size)
        charge = abs(current) * time / 3600.0
        frame = {
            "test_time": begin + time,
            "current": np.full(time.size, current),
            "voltage": volt,
            "vendor_cycle": np.ones(time.size, dtype=np.int64),
            "vendor_step": np.full(time.size, number),
        }
        if words:
            word = "Rest" if current == 0 else "CC Chg" if current > 0 else "CC DChg"
            frame["vendor_step_type"] = [word] * time.size
        if counter:
            frame["capacity_counter"] = charge if digits is None else np.round(charge, digits)
            mean = np.concatenate([[0.0], np.cumsum(0.5 * (volt[1:] + volt[:-1]) * np.diff(charge))])
            frame["energy_counter"] = mean
        parts.append(pl.DataFrame(frame))
        begin += seconds
    return pl.concat(parts)


def same_curves(one: pl.DataFrame, other: pl.DataFrame) -> None:
    """The same points, the charge to rounding."""
    assert one.drop("charge").equals(other.drop("charge"))
    assert one["charge"].to_numpy() == pytest.approx(other["charge"].to_numpy(), rel=1e-9, abs=1e-15)


CYCLE: list[Step] = [
    (600.0, 0.0, 3.0, 3.0),
    (3600.0, 1e-3, 3.1, 4.2),
    (600.0, 0.0, 4.15, 4.1),
    (3500.0, -1e-3, 4.0, 3.0),
    (600.0, 0.0, 3.1, 3.2),
]


def counted(frame: pl.DataFrame, **options: int):
    return count(frame.lazy(), frame.columns, **options)


def test_steps_of_a_plain_cycle() -> None:
    steps = counted(steps_frame(CYCLE)).steps
    assert steps["step_type"].to_list() == ["rest", "cc_charge", "rest", "cc_discharge", "rest"]
    assert steps["charge"].to_numpy() == pytest.approx([0, 1e-3, 0, 3500 / 3600 * 1e-3, 0])
    assert steps["mean_voltage"].to_list()[1] == pytest.approx(3.65, abs=1e-6)
    assert steps["first_row"].to_list()[0] == 1
    assert steps["rows"].sum() == steps_frame(CYCLE).height


def test_the_plain_cycle_is_not_flagged() -> None:
    found = counted(steps_frame(CYCLE))
    assert self_check(found) == ()
    assert found.decisions == ()


@settings(max_examples=25, deadline=None)
@given(size=st.integers(min_value=1, max_value=700), seed=st.integers(0, 1000))
def test_the_answer_does_not_depend_on_the_size_of_the_blocks(size: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    kinds = random.integers(-1, 2, 8)
    plan = [(float(random.integers(20, 900)), 1e-3 * float(k), 3.0 + 0.5 * k, 3.5 + 0.5 * k) for k in kinds]
    frame = steps_frame(plan)
    noise = np.where(frame["current"].to_numpy() == 0, 1e-8, 1e-7) * random.standard_normal(frame.height)
    frame = frame.with_columns(pl.col("current") + noise)
    whole, cut = counted(frame, batch_rows=100_000), counted(frame, batch_rows=size)
    assert cut.steps["step_type"].to_list() == whole.steps["step_type"].to_list()
    for name in ("first_row", "last_row", "charge", "charge_std", "mean_voltage", "voltage_min", "counter_charge"):
        assert cut.steps[name].fill_null(-1).to_numpy() == pytest.approx(
            whole.steps[name].fill_null(-1).to_numpy(), rel=1e-9, abs=1e-15
        )
    assert cut.curves.height == whole.curves.height
    assert cut.curves["charge"].to_numpy() == pytest.approx(whole.curves["charge"].to_numpy(), rel=1e-9, abs=1e-15)


def test_long_runs_are_thinned_alike_for_every_block_size() -> None:
    frame = steps_frame([(9000.0, 1e-3, 3.0, 4.0), (5000.0, -1e-3, 4.0, 3.0)], interval=1.0)
    whole = counted(frame)
    assert whole.curves.height < 1500
    ends = whole.curves.group_by("step").agg(pl.col("voltage").first().alias("a"), pl.col("voltage").last().alias("b"))
    assert ends.sort("step").select("a", "b").rows() == [(3.0, 4.0), (4.0, 3.0)]
    for size in (7, 64, 701, 9001, 9002):
        same_curves(counted(frame, batch_rows=size).curves, whole.curves)


@settings(max_examples=15, deadline=None)
@given(factor=st.sampled_from([1e-3, 0.1, 10.0, 1e3]))
def test_scaling_the_current_scales_the_charge(factor: float) -> None:
    frame = steps_frame(CYCLE)
    scaled = frame.with_columns(pl.col("current", "capacity_counter", "energy_counter") * factor)
    one, other = counted(frame).steps, counted(scaled).steps
    assert other["charge"].to_numpy() == pytest.approx(factor * one["charge"].to_numpy())
    assert other["step_type"].to_list() == one["step_type"].to_list()


def test_turning_the_sign_turns_charge_into_discharge() -> None:
    frame = steps_frame(CYCLE, words=False)
    turned = counted(frame.with_columns(-pl.col("current"))).steps
    straight = counted(frame).steps
    assert turned["direction"].to_list() == [-way for way in straight["direction"].to_list()]
    assert turned["charge"].to_list() == straight["charge"].to_list()


@settings(max_examples=10, deadline=None)
@given(keep=st.integers(2, 12))
def test_dropping_rows_moves_the_integral_within_its_uncertainty(keep: int) -> None:
    time = np.arange(0.0, 7201.0, 5.0)
    current = 1e-3 * np.exp(-time / 1500.0)
    frame = pl.DataFrame({"test_time": time, "current": current, "voltage": np.full(time.size, 4.2)})
    some = pl.concat([frame.gather_every(keep), frame.tail(1)]).unique("test_time", maintain_order=True)
    row = counted(some).steps.row(0, named=True)
    truth = 1e-3 * 1500.0 * (1 - np.exp(-7200.0 / 1500.0)) / 3600.0
    assert row["step_type"] == "cv_charge"
    assert row["charge_method"] == "integral"
    assert abs(row["charge"] - truth) < 3 * row["charge_std"]


def test_steps_are_found_without_any_vendor_marker() -> None:
    frame = steps_frame(CYCLE).select("test_time", "current", "voltage")
    steps = counted(frame).steps
    assert steps["step_type"].to_list() == ["rest", "cc_charge", "rest", "cc_discharge", "rest"]
    assert steps["charge"].to_numpy()[[1, 3]] == pytest.approx([1e-3, 3500 / 3600 * 1e-3], rel=1e-9)


def test_noise_around_zero_is_one_rest() -> None:
    frame = steps_frame(CYCLE, words=False)
    random = np.random.default_rng(1)
    frame = frame.with_columns(pl.col("current") + 5e-8 * random.standard_normal(frame.height))
    steps = counted(frame.select("test_time", "current", "voltage")).steps
    assert steps["step_type"].to_list() == ["rest", "cc_charge", "rest", "cc_discharge", "rest"]


def test_much_noise_is_merged_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = steps_frame([*CYCLE, (20000.0, 0.0, 3.2, 3.2)], words=False)
    random = np.random.default_rng(2)
    frame = frame.with_columns(pl.col("current") + 5e-8 * random.standard_normal(frame.height))
    frame = frame.select("test_time", "current", "voltage")
    plain = counted(frame)
    monkeypatch.setattr("interlith.physics.counting_pass.RUNS_BEFORE_COMPACTION", 50)
    merged = counted(frame, batch_rows=100)
    assert merged.steps["step_type"].to_list() == plain.steps["step_type"].to_list()
    assert merged.steps["charge"].to_numpy() == pytest.approx(plain.steps["charge"].to_numpy(), rel=1e-9)
    same_curves(merged.curves, plain.curves)


def held(words: bool) -> pl.DataFrame:
    """Constant current up to 4.2 V, then held there, all in one vendor step."""
    up = np.arange(0.0, 3000.0, 10.0)
    hold = np.arange(3000.0, 6001.0, 10.0)
    frame = pl.DataFrame(
        {
            "test_time": np.concatenate([up, hold]),
            "current": np.concatenate([np.full(up.size, 1e-3), 1e-3 * np.exp(-(hold - 3000.0) / 900.0)]),
            "voltage": np.concatenate([np.linspace(3.5, 4.2, up.size + 1)[:-1], np.full(hold.size, 4.2)]),
            "vendor_step": 1,
        }
    )
    return frame.with_columns(pl.lit("CCCV Chg").alias("vendor_step_type")) if words else frame


@pytest.mark.parametrize("words", [True, False])
def test_a_hold_inside_one_vendor_step_is_split_off(words: bool) -> None:
    steps = counted(held(words)).steps
    assert steps["step_type"].to_list() == ["cc_charge", "cv_charge"]
    assert steps["charge"].to_list()[0] == pytest.approx(3000e-3 / 3600, rel=2e-3)
    assert steps["charge"].to_list()[1] == pytest.approx(0.9 * (1 - np.exp(-3000 / 900)) / 3600, rel=5e-3)
    assert steps["end_time"].to_list()[0] == steps["start_time"].to_list()[1]


def test_the_energy_of_a_split_step_is_shared_by_energy() -> None:
    frame = held(True)
    passed = (
        pl.col("test_time").diff().fill_null(0.0)
        * 0.5
        * (pl.col("current") + pl.col("current").shift(1)).fill_null(0.0)
    )
    frame = frame.with_columns((passed / 3600.0).cum_sum().alias("capacity_counter"))
    middle = 0.5 * (pl.col("voltage") + pl.col("voltage").shift(1)).fill_null(0.0)
    frame = frame.with_columns((passed / 3600.0 * middle).cum_sum().alias("energy_counter"))
    # A steep start makes charge and energy differ in their shares.
    steep = frame.with_columns(pl.col("voltage") - 3.4, (pl.col("energy_counter") - 3.4 * pl.col("capacity_counter")))
    found = counted(steep)
    assert found.notices == ()
    for row in found.steps.iter_rows(named=True):
        assert row["energy_counter"] == pytest.approx(row["charge"] * row["mean_voltage"], rel=1e-3)


def test_a_coarse_counter_is_read_where_it_steps() -> None:
    true = 0.177e-3
    frame = steps_frame([(128000.0, -true, 1.0, 0.1), (64000.0, true, 0.1, 1.0)], digits=4)
    frame = frame.with_columns(pl.col("current").round(4))
    steps = counted(frame).steps
    for row, seconds in zip(steps.iter_rows(named=True), (128000.0, 64000.0), strict=True):
        truth = true * seconds / 3600
        assert row["charge_method"] == "counter_ticks"
        assert abs(row["charge"] - truth) < 3 * row["charge_std"]
        assert row["charge_std"] < 1e-3 * row["counter_std"] * 20
        assert abs(row["integral_charge"] - truth) > 0.1 * truth
        assert abs(row["integral_charge"] - truth) < 2 * row["integral_std"]
        assert row["flag"] == ""


def test_a_cut_off_counter_gives_the_same_charge_as_a_rounded_one() -> None:
    frame = steps_frame([(128000.0, -0.177e-3, 1.0, 0.1)])
    frame = frame.with_columns(pl.col("current").round(4), (pl.col("capacity_counter") * 1e4).floor() / 1e4)
    row = counted(frame).steps.row(0, named=True)
    assert row["charge_method"] == "counter_ticks"
    assert abs(row["charge"] - 0.177e-3 * 128000 / 3600) < 3 * row["charge_std"]


def test_counters_that_never_reset_give_the_same_charges() -> None:
    frame = steps_frame([*CYCLE, *CYCLE])
    up = pl.when(pl.col("current") > 0).then("capacity_counter").otherwise(0.0)
    down = pl.when(pl.col("current") < 0).then("capacity_counter").otherwise(0.0)

    def running(counter: pl.Expr) -> pl.Expr:
        step = counter.diff().fill_null(0.0)
        return pl.when(step > 0).then(step).otherwise(0.0).cum_sum() + 0.88

    frame = frame.with_columns(running(up).alias("charge_counter"), running(down).alias("discharge_counter")).drop(
        "capacity_counter", "energy_counter"
    )
    steps = counted(frame).steps.filter(pl.col("direction") != 0)
    assert steps["counter_charge"].to_numpy() == pytest.approx([1e-3, 3500 / 3600e3, 1e-3, 3500 / 3600e3], rel=1e-6)
    assert steps["flag"].to_list() == [""] * 4


@pytest.mark.parametrize(
    ("factor", "word"), [(1e3, "1000"), (3600.0, "3600"), (10.0, "factor of 10:"), (0.5, "factor of 2:")]
)
def test_a_wrong_unit_is_refused_and_named(factor: float, word: str) -> None:
    found = counted(steps_frame(CYCLE).with_columns(pl.col("current") * factor))
    notice = self_check(found)[0]
    assert notice.code == "counter_disagrees"
    assert notice.severity == "error"
    assert word in notice.message
    assert found.steps.filter(pl.col("direction") != 0)["charge"].null_count() == 2


def test_a_small_contradiction_is_flagged_and_widens_the_uncertainty() -> None:
    found = counted(steps_frame(CYCLE).with_columns(pl.col("current") * 1.02))
    row = found.steps.row(1, named=True)
    assert row["flag"] == "counter_disagrees"
    assert row["charge"] == pytest.approx(1e-3)
    assert row["charge_std"] == pytest.approx(2e-5 / 3**0.5, rel=1e-2)
    assert self_check(found)[0].severity == "warning"


def test_agreement_within_half_a_percent_is_quiet() -> None:
    assert self_check(counted(steps_frame(CYCLE).with_columns(pl.col("current") * 1.004))) == ()


def test_voltage_read_without_its_decimal_comma_is_refused() -> None:
    found = counted(steps_frame(CYCLE).with_columns(pl.col("voltage") * 1e4))
    assert "voltage_scale" in {item.code for item in self_check(found)}
    assert self_check(found)[0].severity == "error"


def test_energy_that_contradicts_charge_times_voltage_is_flagged() -> None:
    found = counted(steps_frame(CYCLE).with_columns(pl.col("energy_counter") * 1000.0))
    notice = next(item for item in self_check(found) if item.code == "energy_disagrees")
    assert "1000" in notice.message


def test_a_counter_that_moves_without_current_is_flagged() -> None:
    frame = steps_frame(CYCLE)
    resting = (pl.col("vendor_step") == 3) & (pl.col("test_time") > 4300)
    frame = frame.with_columns(pl.when(resting).then(5e-4).otherwise("capacity_counter").alias("capacity_counter"))
    assert "counter_moves_at_rest" in {item.code for item in self_check(counted(frame))}


def test_a_clock_that_runs_back_counts_nothing_there() -> None:
    frame = steps_frame(CYCLE, counter=False).with_row_index()
    frame = frame.with_columns(pl.when(pl.col("index") > 200).then(pl.col("test_time") - 500).otherwise("test_time"))
    found = counted(frame.drop("index"))
    assert "time_runs_back" in {item.code for item in self_check(found)}
    turned = found.steps.filter(pl.col("direction") == 1)
    # The integral cannot tell what passed there, so that no charge is given.
    assert turned["charge"].null_count() == turned.height == 2
    assert turned["flag"].to_list() == ["time_back_withheld"] * 2
    assert turned["integral_charge"].sum() == pytest.approx(1e-3, rel=1e-2)
    assert found.steps.filter(pl.col("direction") == -1)["flag"].to_list() == [""]


def test_a_counter_that_goes_on_is_believed_where_the_clock_runs_back() -> None:
    frame = steps_frame(CYCLE).with_row_index()
    later = pl.col("index") > 200
    set_back = frame.with_columns(
        pl.when(later).then(pl.col("test_time") - 5.0 - 10.0).otherwise("test_time").alias("test_time")
    )
    turned = counted(set_back.drop("index")).steps.filter(pl.col("direction") == 1)
    assert turned["flag"].to_list() == ["time_back"] * 2
    assert turned["charge"].sum() == pytest.approx(1e-3, rel=1e-6)


def test_a_repeated_block_of_rows_withholds_the_steps_at_its_seam() -> None:
    frame = steps_frame(CYCLE)
    steps = counted(pl.concat([frame[:300], frame[200:]])).steps.filter(pl.col("direction") == 1)
    assert steps["flag"].to_list() == ["time_back_withheld"] * 2
    assert steps["charge"].null_count() == 2


def test_rows_without_numbers_are_left_out_and_told() -> None:
    frame = steps_frame(CYCLE)
    holes = frame.with_columns(
        pl.when(pl.int_range(pl.len()).is_in([100, 101])).then(float("nan")).otherwise("voltage").alias("voltage"),
        pl.when(pl.int_range(pl.len()) == 150).then(None).otherwise("current").alias("current"),
    )
    for size in (13, 100_000):
        found = counted(holes, batch_rows=size)
        notice = self_check(found)[0]
        assert notice.code == "rows_unreadable"
        assert notice.where == "row 101"
        assert "3 rows" in notice.message
        assert found.steps["charge"].to_numpy() == pytest.approx(counted(frame).steps["charge"].to_numpy(), rel=1e-9)


def test_a_stretch_without_rows_is_a_gap_of_its_own() -> None:
    frame = steps_frame(CYCLE, words=False)
    late = frame.with_columns(
        pl.when(pl.col("test_time") > 2000).then(pl.col("test_time") + 7200).otherwise("test_time")
    )
    steps = counted(late).steps
    assert "gap" in steps["step_type"].to_list()
    assert steps.filter(pl.col("direction") == 1)["charge"].sum() == pytest.approx(1e-3, rel=1e-2)
    assert {item.code for item in self_check(counted(late))} == {"gaps"}


def test_slow_logging_is_no_gap() -> None:
    frame = steps_frame(CYCLE, interval=600.0)
    assert "gap" not in counted(frame).steps["step_type"].to_list()


def test_rest_at_the_start_of_a_charge_step_is_rest_and_a_decision() -> None:
    frame = steps_frame(CYCLE)
    frame = frame.with_columns(
        pl.when(pl.col("vendor_step") == 1).then(2).otherwise("vendor_step").alias("vendor_step"),
        pl.when(pl.col("vendor_step") == 1)
        .then(pl.lit("CC Chg"))
        .otherwise("vendor_step_type")
        .alias("vendor_step_type"),
    )
    found = counted(frame)
    assert found.steps["step_type"].to_list()[:2] == ["rest", "cc_charge"]
    assert [(item.value, item.runner_up) for item in found.decisions] == [("rest", "CC Chg")]


def test_one_resting_row_inside_a_step_belongs_to_it() -> None:
    frame = steps_frame(CYCLE)
    spots = [61, 200]
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()).is_in(spots)).then(0.0).otherwise("current").alias("current")
    )
    steps = counted(frame).steps
    assert steps["step_type"].to_list() == ["rest", "cc_charge", "rest", "cc_discharge", "rest"]


def test_an_empty_table_is_an_error_notice() -> None:
    found = counted(steps_frame(CYCLE).clear())
    assert found.steps.height == 0
    assert self_check(found)[0].severity == "error"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="voltage"):
        count(pl.LazyFrame({"test_time": [0.0]}), ["test_time", "current"])


def test_likely_causes() -> None:
    assert "1000" in likely_cause(1001.0)
    assert "1000" in likely_cause(1e-3)
    assert likely_cause(1.1) == ""


def test_resolution_of_printed_and_binary_numbers() -> None:
    random = np.random.default_rng(3)
    values = random.uniform(0.1, 4.0, 500)
    assert resolution(np.round(values, 4)) == 1e-4
    assert resolution(np.round(values * 1e-3, 8)) == 1e-8
    assert resolution(values.astype(np.float32).astype(np.float64)) < 1e-6
    assert resolution(np.zeros(3)) == 0.0


def test_landt_file_gives_the_current_that_its_print_hides(cycling_folder: Path) -> None:
    frame = landt(cycling_folder / "SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv")
    steps = counted(frame).steps.filter(pl.col("direction") != 0)
    assert steps["charge_method"].to_list() == ["counter_ticks"] * 3
    # Least squares through all 63, 32 and 13 steps of the counter gives 176.987, 176.986 and 176.990 uA.
    seconds = (steps["end_time"] - steps["start_time"]).to_numpy()
    assert steps["charge"].to_numpy() * 3.6e9 / seconds == pytest.approx([176.987, 176.986, 176.990], abs=0.05)
    assert steps["integral_charge"].to_numpy()[0] == pytest.approx(7.1438e-3, rel=1e-4)
    assert (steps["charge_std"] < 3e-7).all()


def landt(path: Path) -> pl.DataFrame:
    """The raw LANDT export under our names."""
    names = path.read_text().splitlines()[6].split(",")
    raw = pl.read_csv(path, has_header=False, skip_rows=7, infer_schema_length=None, new_columns=[*names, "rest"])
    return raw.select(
        test_time="test_time_s",
        current="current_A",
        voltage="voltage_V",
        vendor_cycle="cycle_index",
        vendor_step="step_index",
        vendor_step_type="step_name",
        charge_counter="charge_capacity_Ah",
        discharge_counter="discharge_capacity_Ah",
    )


def test_a_switch_between_two_rows_gives_half_the_interval_to_either_step() -> None:
    time = np.arange(0.0, 7201.0, 60.0)
    current = np.where((time > 1000) & (time < 5000), 1.003712e-3, 0.0)
    frame = pl.DataFrame({"test_time": time, "current": current, "voltage": 3.0 + time / 1e4})
    row = counted(frame).steps.filter(pl.col("direction") == 1).row(0, named=True)
    under = time[current > 0]
    assert row["charge"] == pytest.approx(1.003712e-3 * (under[-1] - under[0] + 60.0) / 3600.0)
    # The switch lies anywhere in the interval: rectangular, at both ends.
    assert row["charge_std"] == pytest.approx(2**0.5 * 60.0 * 1.003712e-3 / 12**0.5 / 3600.0, rel=2e-2)


def test_an_offset_at_rest_is_not_counted_into_the_charge_before_it() -> None:
    frame = steps_frame(CYCLE, counter=False).select("test_time", "voltage", pl.col("current") + 1e-8)
    steps = counted(frame).steps
    assert steps["step_type"].to_list() == ["rest", "cc_charge", "rest", "cc_discharge", "rest"]
    assert steps["rows"].to_list() == [61, 361, 61, 351, 61]


def test_without_a_counter_the_last_digit_of_the_current_is_one_error_in_all_rows() -> None:
    frame = steps_frame([(36000.0, 1.77e-4, 3.0, 4.0), (36000.0, -1.77e-4, 4.0, 3.0)], counter=False)
    for row in counted(frame.with_columns(pl.col("current", "voltage").round(4))).steps.iter_rows(named=True):
        assert row["charge"] == pytest.approx(2e-3)
        assert row["charge_std"] == pytest.approx(1e-3 / 12**0.5, rel=1e-2)


@pytest.mark.parametrize("counter", [True, False])
@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e-6])
def test_a_thousandth_of_the_current_in_the_rests_is_rest(counter: bool, words: bool, offset: float) -> None:
    frame = steps_frame(CYCLE, counter=counter, words=words)
    noise = 1e-6 * np.random.default_rng(3).standard_normal(frame.height) if offset == 0.0 else np.zeros(frame.height)
    still = pl.Series(noise + offset)
    frame = frame.with_columns(pl.when(pl.col("current") == 0).then(still).otherwise("current").alias("current"))
    found = counted(frame)
    assert found.steps["step_type"].to_list() == ["rest", "cc_charge", "rest", "cc_discharge", "rest"]
    assert found.steps["charge"].to_numpy() == pytest.approx([0, 1e-3, 0, 3500 / 3600e3, 0], rel=1e-3)
    assert found.notices == ()
    for size in (17, 300):
        assert counted(frame, batch_rows=size).steps["step_type"].to_list() == found.steps["step_type"].to_list()


@pytest.mark.parametrize("counter", [True, False])
@pytest.mark.parametrize("words", [True, False])
def test_a_step_at_a_hundredth_of_the_current_is_no_rest(counter: bool, words: bool) -> None:
    plan: list[Step] = [*CYCLE, (36000.0, 1e-5, 3.1, 3.6), (600.0, 0.0, 3.6, 3.6), (36000.0, -1e-5, 3.6, 3.1)]
    steps = counted(steps_frame(plan, counter=counter, words=words)).steps
    assert steps["step_type"].to_list()[-3:] == ["cc_charge", "rest", "cc_discharge"]
    assert steps["charge"].to_list()[-1] == pytest.approx(1e-4, rel=1e-6)


def test_much_noise_that_the_vendor_calls_rest_is_merged_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = steps_frame([*CYCLE, (20000.0, 0.0, 3.2, 3.2)])
    noise = pl.Series(2e-6 * np.random.default_rng(2).standard_normal(frame.height))
    frame = frame.with_columns(pl.when(pl.col("current") == 0).then(noise).otherwise("current").alias("current"))
    plain = counted(frame)
    monkeypatch.setattr("interlith.physics.counting_pass.RUNS_BEFORE_COMPACTION", 50)
    merged = counted(frame, batch_rows=100)
    assert plain.steps.height == 6
    assert merged.steps["step_type"].to_list() == plain.steps["step_type"].to_list()
    assert merged.steps["charge"].to_numpy() == pytest.approx(plain.steps["charge"].to_numpy(), rel=1e-9)
    same_curves(merged.curves, plain.curves)


@pytest.mark.parametrize("factor", [0.5, 0.98, 1.02, 1.1, 1.3])
def test_a_round_current_does_not_hide_a_wrong_counter(factor: float) -> None:
    frame = steps_frame(CYCLE).drop("energy_counter")
    wrong = frame.with_columns((pl.col("capacity_counter") * factor).round(8), pl.col("voltage").round(4))
    steps = counted(wrong).steps.filter(pl.col("direction") != 0)
    assert steps["flag"].str.starts_with("counter_").all()
    if abs(factor - 1.0) > 0.05:
        assert steps["charge"].null_count() == 2
    else:
        assert (steps["charge_std"] > 0.01 * steps["charge"]).all()


def test_a_round_current_without_a_counter_is_no_coarser_than_its_voltage() -> None:
    steps = counted(steps_frame(CYCLE, counter=False).with_columns(pl.col("voltage").round(4))).steps
    row = steps.row(1, named=True)
    assert row["charge"] == pytest.approx(1e-3)
    assert row["charge_std"] == pytest.approx(1e-4 / 12**0.5, rel=2e-2)


def test_few_round_numbers_do_not_show_their_resolution() -> None:
    still = np.full(50, 2e-3)
    assert credible(1e-3, still, others=1e-8) == pytest.approx(2e-6)
    assert credible(1e-3, still, others=1e-4) == 1e-4
    assert credible(1e-3, np.tile([2e-3, 2e-3, 3e-3], 10), others=1e-8) == 1e-3
    assert credible(1e-3, np.arange(1, 20) * 1e-3, others=1e-8) == 1e-3


@pytest.mark.parametrize("rest", [True, False])
@pytest.mark.parametrize("never_reset", [True, False])
def test_the_end_of_a_step_without_a_row_at_the_switch_is_counted(rest: bool, never_reset: bool) -> None:
    plan: list[Step] = []
    for seconds in (3610.0, 3625.0, 3650.0):
        plan += [(seconds, 1e-3, 3.1, 4.2), (600.0, 0.0, 4.1, 4.1), (seconds - 37.0, -1e-3, 4.1, 3.0)]
    plan = [step for step in plan if rest or step[1] != 0]
    frame = steps_frame(plan, interval=60.0).drop("energy_counter")
    if never_reset:
        sign = pl.col("current").sign()
        more = pl.col("capacity_counter").diff().fill_null(0.0).clip(0.0)
        frame = frame.with_columns(
            pl.when(sign > 0).then(more).otherwise(0.0).cum_sum().alias("charge_counter"),
            pl.when(sign < 0).then(more).otherwise(0.0).cum_sum().alias("discharge_counter"),
        ).drop("capacity_counter")
    final = pl.col("vendor_step") == pl.col("vendor_step").max()
    ended = (pl.col("vendor_step") != pl.col("vendor_step").shift(-1)).fill_null(False)
    steps = counted(frame.filter(~ended | final)).steps.filter(pl.col("direction") != 0)
    truth = np.array([abs(step[1]) * step[0] / 3600 for step in plan if step[1] != 0])
    assert steps["charge"].to_numpy() == pytest.approx(truth, rel=1e-6)
    assert (steps["flag"] == "").all()
    if not never_reset:
        # Up to one interval was in no row: the uncertainty says so.
        assert (steps["charge_std"].to_numpy()[:-1] > 1e-3 * 8.0 / 12**0.5 / 3600).all()
        whole = counted(frame).steps.filter(pl.col("direction") != 0)["mean_voltage"].to_numpy()
        assert (np.abs(steps["mean_voltage"].to_numpy() - whole) < 3 * steps["voltage_std"].to_numpy()).all()


def test_a_row_at_the_switch_leaves_no_unseen_end() -> None:
    frame = steps_frame([(3610.0, 1e-3, 3.1, 4.2), (600.0, 0.0, 4.1, 4.1), (3577.0, -1e-3, 4.1, 3.0)], interval=60.0)
    late = frame.with_columns(pl.col("test_time") + 20.0 * (pl.col("vendor_step") - 1))
    steps = counted(late).steps.filter(pl.col("direction") != 0)
    assert steps["counter_charge"].to_numpy() == pytest.approx([3.61 / 3600, 3.577 / 3600], rel=1e-9)
    assert (steps["counter_std"] < 1e-8).all()


def test_a_voltage_a_thousand_times_too_small_is_refused() -> None:
    small = counted(steps_frame(CYCLE, counter=False).with_columns(pl.col("voltage") * 1e-3))
    assert [(item.code, item.severity) for item in self_check(small)] == [("voltage_scale", "error")]
    symmetric = steps_frame([(3600.0, 1e-3, 3e-3, 4e-3), (3600.0, -1e-3, -3e-3, -4e-3)], counter=False)
    assert self_check(counted(symmetric)) == ()


def made_constant(seed: int, *, noise: float, clock: float) -> tuple[float, float, float]:
    """Charge of a noisy constant-current step by the pass, its uncertainty, and the truth (Ah); no counter."""
    random = np.random.default_rng(seed)
    end = 3000.0 + 60.0 * random.random()
    exact = np.append(np.arange(0.0, end, 30.0), end)
    time = np.round(exact / clock) * clock if clock else exact
    true = 1.2345678e-3
    current = true + noise * true * random.standard_normal(exact.size)
    frame = pl.DataFrame(
        {
            "test_time": time,
            "current": current,
            "voltage": 3.0 + exact / end + 1e-5 * random.standard_normal(exact.size),
        }
    )
    row = count(frame.lazy(), frame.columns).steps.filter(pl.col("direction") == 1).row(0, named=True)
    return row["charge"], row["charge_std"], true * end / 3600.0


@pytest.mark.parametrize(("noise", "clock"), [(1e-3, 0.0), (1e-5, 1.0), (1e-3, 1.0)])
def test_the_integral_knows_the_noise_of_its_current_and_the_digits_of_its_clock(noise: float, clock: float) -> None:
    found = [made_constant(seed, noise=noise, clock=clock) for seed in range(120)]
    pulls = [(charge - true) / std for charge, std, true in found]
    assert 0.3 < float(np.sqrt(np.mean(np.square(pulls)))) < 1.3


def _steps(cycles: list[tuple[int, int, float]]) -> pl.DataFrame:
    direction, vendor, charge = zip(*cycles, strict=True)
    null = [None] * len(cycles)
    return pl.DataFrame(
        {
            "direction": direction,
            "vendor_cycle": vendor,
            "charge": charge,
            "counter_charge": null,
            "integral_charge": null,
        },
        schema_overrides={"charge": pl.Float64, "counter_charge": pl.Float64, "integral_charge": pl.Float64},
    )


def test_a_vendor_cycle_that_holds_two_loops_is_told() -> None:
    clean = [(1, 1, 1.0), (0, 1, 0.0), (1, 1, 0.1), (-1, 1, 0.9), (1, 2, 1.0), (-1, 2, 0.9)]
    assert loops(_steps(clean)) == ""
    assert "cycle 2 holds 2 charges and 2 discharges" in loops(_steps([*clean, (1, 2, 0.5), (-1, 2, 0.4)]))
    # A pulse of another direction within a charge makes no loop.
    assert loops(_steps([(1, 1, 0.5), (-1, 1, 0.001), (1, 1, 0.5), (-1, 1, 0.9)])) == ""


def test_a_vendor_that_never_counts_says_nothing() -> None:
    assert loops(_steps([(1, 1, 1.0), (-1, 1, 0.9), (1, 1, 1.0), (-1, 1, 0.9)])) == ""


def _three_cycles(lost: int | None = None) -> pl.DataFrame:
    """Rests, charges and discharges whose last row stands where the next step begins; one row may be lost."""
    pieces = []
    for step in range(1, 13):
        way = (0.0, 1e-3, 0.0, -1e-3)[(step - 1) % 4]
        since = np.arange(21) * 60.0
        pieces.append(
            pl.DataFrame(
                {
                    "test_time": (step - 1) * 1200.0 + since, "current": np.full(21, way),
                    "voltage": 3.5 + 100 * way + 0.01 * np.sin(since),
                    "vendor_step": np.full(21, step),
                    "charge_counter": max(way, 0) * since / 3600, "discharge_counter": max(-way, 0) * since / 3600,
                }
            )
        )  # fmt: skip
    frame = pl.concat(pieces).with_row_index("row")
    return frame.filter(pl.col("row") != lost).drop("row") if lost is not None else frame.drop("row")


def test_the_last_row_of_a_step_is_missed_where_steps_end_with_a_row() -> None:
    whole = _three_cycles()
    assert not [one for one in count(whole.lazy(), whole.columns).notices if one.code == "rows_missing"]
    short = _three_cycles(lost=6 * 21 - 1)  # the last row of the second charge
    # A counter that starts anew in every step leaves the end of the step to the current: that is told as uncertain.
    assert [one.code for one in count(short.lazy(), short.columns).notices] == ["charge_uncertain"]
    bare = short.drop("charge_counter", "discharge_counter")
    said = [one for one in count(bare.lazy(), bare.columns).notices if one.code == "rows_missing"]
    assert [one.where for one in said] == [f"row {6 * 21 - 1}"]
