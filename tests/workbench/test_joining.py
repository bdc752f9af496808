"""States come from another log: within bounds that hold the truth, or not at all and with a flag."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Measurement, Replication, Sample, Series, State, Study, Table
from interlith.numerics.clocks.events import events
from interlith.simulate.clocks import Setting, TwoLogs, frames, measured, two_logs
from interlith.workbench.declaring.schema import JoinWords
from interlith.workbench.declaring.study_file import read_study_file
from interlith.workbench.joining.relating import relate_clocks
from interlith.workbench.joining.states import Joined, join_state
from interlith.workbench.joining.study_joining import joined

MARKERS = ("marker", "current")


@pytest.fixture(scope="module")
def logs() -> TwoLogs:
    return two_logs(Setting(), 3)


def join(logs: TwoLogs, **words: object) -> Joined:
    """Forty frames of five minutes joined by events; `words` change the call."""
    given: dict[str, object] = {
        "events": measured(logs.own, "own"), "marker": MARKERS, "exposure": "5 min", "quantities": ["voltage"],
    } | words  # fmt: skip
    log = given.pop("log", measured(logs.log, "cycler.csv"))
    series = given.pop("series", frames(logs, count=40, exposure=300.0))
    return join_state(series, log, **given)  # type: ignore[arg-type]


def codes(item: Joined | Measurement) -> set[str]:
    return {flag.code for flag in item.flags}


def ramp(
    times: np.ndarray, values: np.ndarray, *, name: str = "ramp.csv", quantity: str = "temperature"
) -> Measurement:
    return measured(pl.DataFrame({"test_time": times, quantity: values}), name)


def shot(*starts: float) -> Series:
    """Measurements that start at these times (s)."""
    template = frames(two_logs(Setting(duration=4000.0, events=2), 1), count=1, exposure=1.0)[0]
    return Series(
        tuple(
            replace(
                template, source=replace(template.source, path=f"shot {number}"),
                state={"time": State("time", start, start, start, "s")},
            )
            for number, start in enumerate(starts)
        )
    )  # fmt: skip


def test_the_true_state_lies_within_its_bounds_at_every_moment(logs: TwoLogs) -> None:
    done = join(logs)
    assert abs(done.clock.offset - 600.0 - 50e-6 * done.clock.middle) < 4 * done.clock.offset_std
    for item in done.series:
        state, start = item.state["voltage"], item.state["time"].value
        during = logs.voltage(start + np.linspace(0, 300, 301))
        assert state.low <= during.min()
        assert during.max() <= state.high
        assert state.low <= state.value <= state.high
        assert state.unit == "V"
        # As if the clocks were known.
        assert state.value == pytest.approx(during.mean(), abs=0.02)


def test_a_wrong_clock_would_be_seen(logs: TwoLogs) -> None:
    """The bounds are no wider than they must be: ten minutes beside, they miss the truth."""
    done = join(logs, offset="0 +- 1 s", drift="50 ppm")
    missed = [
        not item.state["voltage"].low
        <= logs.voltage(np.array([item.state["time"].value + 150]))[0]
        <= item.state["voltage"].high
        for item in done.series
        if "voltage" in item.state
    ]
    assert sum(missed) > len(missed) / 2


def test_exposure_widens_the_state(logs: TwoLogs) -> None:
    widths = []
    for exposure in ("0 s", "1 min", "10 min"):
        states = [item.state.get("voltage") for item in join(logs, exposure=exposure).series]
        widths.append(np.mean([state.high - state.low for state in states if state]))
    assert widths[0] < widths[1] < widths[2]


def test_an_uncertain_clock_widens_the_state(logs: TwoLogs) -> None:
    known, vague = (join(logs, offset=f"600 +- {std} s", drift="50 ppm", exposure="1 s") for std in (1, 60))
    for one, other in zip(known.series, vague.series, strict=True):
        if "voltage" in other.state:
            assert (
                one.state["voltage"].high - one.state["voltage"].low
                < other.state["voltage"].high - other.state["voltage"].low
            )
            assert one.state["voltage"].value == pytest.approx(other.state["voltage"].value)


def test_the_correspondence_is_a_choice_with_its_runner_up(logs: TwoLogs) -> None:
    (choice,) = join(logs).choices
    assert choice.field == "clock"
    assert choice.target.startswith("cycler.csv#sha256:")
    assert choice.target.endswith("/clock")
    assert choice.value.startswith("offset 60")
    assert choice.margin > 0.99
    assert choice.moves == ("voltage",)
    assert join(logs, offset="10 min", drift="50 ppm").choices == ()


def test_equal_cycles_ask_for_a_rough_offset() -> None:
    equal = two_logs(Setting(equal=True, missing=(0, 0), spurious=(0, 0)), 5)
    with pytest.raises(FitError, match="more than one way"):
        join(equal)
    done = join(equal, near="10 min")
    assert abs(done.clock.offset - 600.0 - 50e-6 * done.clock.middle) < 4 * done.clock.offset_std


def test_outside_the_log_there_is_no_state(logs: TwoLogs) -> None:
    short = measured(logs.log.filter(pl.col("test_time") < 20_000), "cycler.csv")
    done = join(logs, log=short, offset="600 +- 3 s", drift="50 ppm")
    for item in done.series:
        inside = item.state["time"].value + 300 + 600 + 10 < 20_000
        assert ("voltage" in item.state) == inside
        assert ("join_outside_log" in codes(item)) == (not inside)
    assert "join_outside_log" in codes(done)


def test_a_gap_in_the_log_gives_no_state_and_a_slow_rest_does() -> None:
    times = np.concatenate((np.arange(0, 1000.0, 5), np.arange(3000.0, 4000.0, 5), np.arange(4000.0, 8000.0, 200)))
    log = ramp(times, 25 + times / 100)
    done = join_state(shot(500.0, 2000.0, 2995.0, 6000.0), log, offset=0, drift=0, exposure="60 s")
    assert ["temperature" in item.state for item in done.series] == [True, False, False, True]
    assert [codes(item) for item in done.series] == [set(), {"join_gap"}, {"join_gap"}, set()]
    assert done.series[0].state["temperature"].value == pytest.approx(25 + 5.3)


def test_the_mean_is_weighted_by_time() -> None:
    log = ramp(np.array([0.0, 10.0, 20.0, 100.0, 200.0]), np.array([0.0, 1.0, 2.0, 2.0, 0.0]))
    done = join_state(shot(10.0), log, offset=0, drift=0, exposure="90 s")
    assert done.series[0].state["temperature"].value == pytest.approx((15 + 160) / 90)


@pytest.mark.parametrize("switch", [512.0, 538.0])
def test_a_peak_between_samples_lies_within_the_bounds(switch: float) -> None:
    """A voltage that climbs to a switch between two samples reached more than either sample shows."""
    times = np.arange(0.0, 1000.0, 30.0)
    fall = np.where(times < switch, 3.0 + times / 1000, 2.5 + times / 1000)
    (item,) = join_state(shot(480.0), ramp(times, fall, quantity="voltage"), offset=0, drift=0, exposure="60 s").series
    assert item.state["voltage"].high >= 3.0 + switch / 1000
    assert item.state["voltage"].low <= 2.5 + switch / 1000


def test_the_noise_of_two_samples_does_not_pass_for_the_state() -> None:
    random = np.random.default_rng(12)
    log = ramp(np.arange(0, 10_000.0, 10), 3.7 + 1e-3 * random.standard_normal(1000), quantity="voltage")
    done = join_state(shot(*np.linspace(100, 9800, 200)), log, offset=0, drift=0, exposure="0 s")
    within = [item.state["voltage"].low <= 3.7 <= item.state["voltage"].high for item in done.series]
    assert np.mean(within) > 0.95


def test_declared_accuracy_widens_and_its_absence_is_told(logs: TwoLogs) -> None:
    plain = measured(logs.log, "cycler.csv")
    sure = replace(plain, sample=Sample("log", voltage_accuracy=0.01))
    one, other = join(logs, log=plain), join(logs, log=sure)
    assert "accuracy_unknown" in codes(one)
    assert "accuracy_unknown" not in codes(other)
    for thin, wide in zip(one.series, other.series, strict=True):
        assert wide.state["voltage"].high - thin.state["voltage"].high == pytest.approx(1.96 * 0.01, rel=0.02)


def test_a_log_that_restarts_is_taken_where_its_events_fit(logs: TwoLogs) -> None:
    other = two_logs(Setting(events=9, duration=20_000.0, offset=0.0), 8).log
    twice = measured(pl.concat([other, logs.log]), "cycler.csv")
    done = join(logs, log=twice)
    assert "log_restarts" in codes(done)
    assert done.clock.offset == pytest.approx(join(logs).clock.offset)
    with pytest.raises(StudyError, match="restarts 1 times"):
        join(logs, log=twice, offset="10 min", drift=0)


def test_a_declared_state_stays_and_a_contradiction_is_told() -> None:
    log = ramp(np.arange(0, 1000.0), np.full(1000, 100.0))
    first, second = shot(100.0, 300.0)
    said = {"temperature": State("temperature", 25.0, 24.5, 25.5, "degC")}
    agreed = {"temperature": State("temperature", 100.0, 99.5, 100.5, "degC")}
    series = Series((replace(first, state=first.state | said), replace(second, state=second.state | agreed)))
    done = join_state(series, log, offset=0, drift=0, exposure="10 s")
    assert done.series[0].state["temperature"].value == 25.0
    assert codes(done.series[0]) == {"join_contradicts"}
    assert codes(done.series[1]) == set()


def test_a_wall_clock_may_say_roughly_and_never_silently(logs: TwoLogs) -> None:
    began = datetime(2026, 3, 1, 12, tzinfo=UTC)
    wall = pl.Series("wall_clock", [began + timedelta(seconds=t - 600) for t in logs.log["test_time"]])
    log = measured(logs.log.with_columns(wall.dt.replace_time_zone(None)), "cycler.csv")
    epoch = began.timestamp()
    own = measured(logs.own.with_columns(pl.col("test_time") + epoch), "own")
    done = join(
        logs,
        log=log,
        events=own,
        near="wall clock",
        time=[epoch + 1000.0 * k for k in range(40)][1:36] + [epoch + 1e4] * 5,
    )
    assert "near_from_wall_clock" in codes(done)
    assert done.clock.to_log([epoch + 1000.0]).time[0] == pytest.approx(1600.05, abs=8)
    with pytest.raises(StudyError, match="no wall clock"):
        join(logs, near="wall clock")


def test_starts_from_a_header_are_wall_clocks() -> None:
    log = ramp(np.arange(0, 1000.0), np.arange(0, 1000.0))
    (item,) = shot(0.0)
    dated = replace(item, state={}, original_metadata={"start": "1970-01-01T00:05:00"})
    done = join_state(dated, log, offset=0, drift=0, exposure="10 s")
    assert done.series[0].state["temperature"].value == pytest.approx(305.0)
    assert "join_by_wall_clock" in codes(done.series[0])
    with pytest.raises(StudyError, match="says when it started"):
        join_state(replace(item, state={}, original_metadata={}), log, offset=0, drift=0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"offset": "600"}, "without a unit"),
        ({"offset": "10 mg"}, "cannot be turned"),
        ({"events": None}, "name a log kept by their own clock"),
        ({"quantities": ["voltag"]}, "did you mean 'voltage'"),
        ({"marker": "lamp"}, "no column 'lamp'"),
        ({"time": [1.0, 2.0]}, "2 starts for 40"),
        ({"near": "wall clock"}, "no wall clock"),
    ],
)
def test_errors_say_what_to_write(logs: TwoLogs, words: dict[str, object], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        join(logs, **words)


def test_a_table_without_device_time_is_no_log(logs: TwoLogs) -> None:
    bare = replace(measured(logs.log, "x"), payload=Table(logs.log.lazy(), ("voltage",)))
    with pytest.raises(StudyError, match="no table over device time"):
        join(logs, log=bare)


def test_clocks_relate_by_logs_or_by_their_events(logs: TwoLogs) -> None:
    by_logs = relate_clocks(measured(logs.own, "own"), measured(logs.log, "log"), marker=MARKERS)
    own = events(logs.own["test_time"].to_numpy(), logs.own["marker"].to_numpy())
    other = events(logs.log["test_time"].to_numpy(), logs.log["current"].to_numpy())
    by_events = relate_clocks(own, other)
    assert by_events.offset == pytest.approx(by_logs.offset)
    rough = relate_clocks(own, other, drift="50 +- 20 ppm")
    assert rough.drift_std == pytest.approx(20e-6)


def test_temperature_ramps_are_events_too() -> None:
    """A furnace log against the thermocouple of the diffractometer, whose clock is 10 minutes and 50 ppm apart."""
    random = np.random.default_rng(2)
    knots = np.array([0, 1500, 4100, 7300, 9000, 15_000, 17_500, 25_000.0])
    levels = np.array([25, 25, 200, 200, 420, 420, 600, 600.0])
    own, other = np.arange(0, 24_000.0, 7), np.arange(0, 24_000.0, 20)
    one = ramp(own, np.interp(own, knots, levels) + 0.3 * random.standard_normal(own.size), name="own")
    two = ramp(600 + other * 1.00005, np.interp(other, knots, levels) + 0.2 * random.standard_normal(other.size))
    clock = relate_clocks(one, two)
    assert len(clock.pairs) == 6
    assert abs(clock.offset - 600 - 50e-6 * clock.middle) < 4 * clock.offset_std
    assert clock.offset_std < 5


def study(logs: TwoLogs, folder: Path, block: dict[str, object]) -> Study:
    own, cycler = measured(logs.own, "frames.csv"), measured(logs.log, "cycler/operando.csv")
    shots = frames(logs, count=3, exposure=300.0)
    return Study(
        name="in situ", folder=folder, reference=None, replication=Replication(), primary=None, variants={}, samples=(),
        measurements=(*shots[:2], cycler) if isinstance(shots, tuple) else (shots[0], shots[1], cycler),
        excluded=((shots[2], "sample moved"), (own, "a log only")), join=block,
    )  # fmt: skip


def test_the_join_block_of_a_study_is_applied(logs: TwoLogs, tmp_path: Path) -> None:
    block = {
        "diffraction": {
            "log": "cycler/operando.csv", "events": "frames.csv", "marker": ["marker", "current"], "offset": "auto",
            "exposure": "5 min", "quantities": ["voltage"],
        }
    }  # fmt: skip
    done = joined(study(logs, tmp_path, block))
    assert done.failures == ()
    assert set(done.joins) == {"diffraction"}
    assert all("voltage" in item.state for item in done.study["diffraction"])
    assert "voltage" in done.study.excluded[0][0].state
    assert done.study["cycling"][0].state == {}


def test_a_join_that_fails_leaves_the_rest_alone(logs: TwoLogs, tmp_path: Path) -> None:
    block = {"diffraction": {"log": "cycler/operando.csv"}, "raman": {"log": "cycler/operando.csv"}}
    given = study(logs, tmp_path, block)
    done = joined(given)
    assert [where for where, _ in done.failures] == ["join, diffraction", "join, raman"]
    assert "declare both offset and drift" in done.failures[0][1]
    assert done.study.measurements == given.measurements
    with pytest.raises(StudyError, match="leaves the study folder"):
        joined(given, {"diffraction": JoinWords(log="../elsewhere.csv")})
    with pytest.raises(StudyError, match="join: diffraction"):
        joined(given, {"diffraction": {"log": "a", "offset": "soon"}})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{log: a.csv, ofset: auto}", "did you mean 'offset'"),
        ("{log: a.csv, offset: 600}", "time with its unit"),
        ("{log: a.csv, drift: 50 s}", "50 ppm"),
        ("{offset: auto}", "`join.diffraction.log` is missing"),
        ("{log: a.csv, exposure: auto}", "19 min"),
    ],
)
def test_words_of_the_study_file(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"study: x\njoin:\n  diffraction: {line}\n", encoding="utf-8")
    with pytest.raises(StudyError, match="line") as refusal:
        read_study_file(path)
    assert said in str(refusal.value)


def test_the_example_of_the_study_file_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        "study: x\njoin:\n  diffraction: {log: cycler/operando.mpr, offset: auto, exposure: 19 min}\n", encoding="utf-8"
    )
    words = read_study_file(path).join["diffraction"]
    assert words == {"log": "cycler/operando.mpr", "offset": "auto", "exposure": "19 min"}


def named_shots(*names: str) -> Series:
    """Measurements that say nothing of their time, by file name."""
    template = shot(0.0)[0]
    return Series(
        tuple(
            replace(template, state={}, source=replace(template.source, path=f"operando/{name}.txt")) for name in names
        )
    )


def test_measurements_that_follow_each_other_are_joined_by_their_numbers() -> None:
    log = ramp(np.arange(0.0, 4000.0, 10.0), 20 + np.arange(0.0, 4000.0, 10.0) / 100)
    done = join_state(named_shots("1", "10", "2"), log, offset=0, drift=0, every="1000 s")
    found = [item.state["temperature"].value for item in done.series]
    assert found == pytest.approx([25.0, 45.0, 35.0])
    assert [item.state["test_time"].value for item in done.series] == pytest.approx(
        [500 / 3600, 2500 / 3600, 1500 / 3600]
    )
    assert done.series[0].state["test_time"].unit == "h"
    assert "join_order_from_names" in codes(done)
    # What is known of the step to half of its last digit grows with the number of steps.
    spans = [item.state["test_time"].high - item.state["test_time"].low for item in done.series]
    assert spans[0] < spans[2] < spans[1]
    assert spans[1] * 3600 == pytest.approx(1000 + 2 * 1.0, abs=0.01)


def test_a_measurement_after_the_log_keeps_its_time() -> None:
    log = ramp(np.arange(0.0, 1500.0, 10.0), np.arange(0.0, 1500.0, 10.0))
    done = join_state(named_shots("a_1", "a_2"), log, offset=0, drift=0, every="1000 s")
    assert ["temperature" in item.state for item in done.series] == [True, False]
    assert done.series[1].state["test_time"].value == pytest.approx(1500 / 3600)
    assert "join_outside_log" in codes(done.series[1])


def test_headers_that_hold_the_time_of_an_export_are_refused() -> None:
    base = datetime(2022, 9, 19, 19, 37, 16, tzinfo=UTC)
    items = [
        replace(item, original_metadata={"start": (base + timedelta(seconds=number / 2)).isoformat()})
        for number, item in enumerate(named_shots("1", "2", "3"))
    ]
    log = ramp(np.arange(0.0, 4000.0, 10.0), np.arange(0.0, 4000.0, 10.0))
    with pytest.raises(StudyError, match=r"within 1 s, though each took 1140 s.*every: 19 min"):
        join_state(Series(tuple(items)), log, offset=0, drift=0, exposure="19 min")


def test_charge_is_counted_from_the_beginning_of_the_log() -> None:
    times = np.arange(0.0, 7201.0, 10.0)
    frame = pl.DataFrame(
        {"test_time": times, "voltage": 3 + times / 1e4, "current": np.where(times < 3600, 1e-3, -5e-4)}
    )
    log = measured(frame, "cycler.csv")
    done = join_state(shot(1800.0, 7190.0), log, offset=0, drift=0, exposure="0 s", quantities=["voltage", "charge"])
    assert [item.state["charge"].unit for item in done.series] == ["mAh", "mAh"]
    assert done.series[0].state["charge"].value == pytest.approx(0.5, abs=1e-3)
    assert done.series[1].state["charge"].value == pytest.approx(0.5, abs=3e-3)
    with pytest.raises(StudyError, match="specific_charge"):
        join_state(shot(1800.0), log, offset=0, drift=0, exposure="0 s", quantities=["specific_charge"])


def pattern_series(
    offset: float, *, count: int = 240, exposure: float = 600.0, seed: int = 3
) -> tuple[Series, Measurement]:
    """Simulated patterns of a peak that moves with the charge, by their own clock, and the cycler's log `offset` ahead."""
    random = np.random.default_rng(seed)
    span = count * exposure
    switches = np.array([0.0, 0.17, 0.2, 0.33, 0.37, 0.52, 0.56, 0.73, 0.76, 0.9]) * span
    levels = np.array([0.0, 1.0, 1.0, 0.1, 0.1, 0.95, 0.95, 0.05, 0.05, 0.9])
    x = np.arange(20.0, 24.0, 0.02)

    def charge(time: np.ndarray) -> np.ndarray:
        return np.interp(time, switches, levels)

    items = []
    for number in range(count):
        moments = number * exposure + exposure * np.linspace(0.05, 0.95, 7)
        places = 21.6 + 0.6 * charge(moments)
        height = 400 * np.exp(-4 * np.log(2) * ((x[:, None] - places) / 0.2) ** 2).mean(axis=1) + 60
        frame = pl.DataFrame({"two_theta": x, "intensity": random.poisson(height).astype(float)})
        template = measured(frame, f"frames/{number}.xy")
        items.append(replace(template, technique="diffraction"))
    seconds = np.arange(0.0, span, 30.0)
    stage = np.searchsorted(switches, seconds, side="right")
    current = np.array([0.0, 1e-3, 0.0, -1e-3, 0.0, 1e-3, 0.0, -1e-3, 0.0, 1e-3, 0.0])[stage]
    log = pl.DataFrame({"test_time": seconds + offset, "voltage": 3.5 + charge(seconds) / 2, "current": current})
    return Series(tuple(items)), measured(log, "cycler.csv")


def test_patterns_themselves_relate_the_clocks() -> None:
    series, log = pattern_series(600.0)
    done = join_state(
        series, log, every="600 s", events="patterns", drift=0, near="0 +- 30 min", quantities=["voltage"]
    )
    assert abs(done.clock.offset - 600.0) < 3 * done.clock.offset_std
    assert done.clock.offset_std < 300
    (choice,) = done.choices
    assert choice.field == "clock"
    assert choice.margin > 0.99
    assert "bends of the patterns" in choice.reason
    assert "clock_from_patterns" in codes(done)
    inside = [item.state["voltage"] for item in done.series if "voltage" in item.state]
    assert len(inside) > 230


def test_patterns_that_do_not_change_relate_nothing() -> None:
    series, log = pattern_series(600.0)
    still = Series(
        tuple(replace(series[0], source=replace(series[0].source, path=f"frames/{k}.xy")) for k in range(60))
    )
    with pytest.raises(FitError, match="declare the offset"):
        join_state(still, log, every="600 s", events="patterns", drift=0)
