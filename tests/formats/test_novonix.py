"""Novonix: old and new layouts, counters that accumulate, begin anew or have no sign, and what the header does not say."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import novonix
from interlith.layouts.net_charge import in_two_counters
from interlith.model import Reading
from tests.formats.samples import table


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> set[str]:
    return {flag.code for flag in reading.flags}


def test_the_real_file_against_its_own_last_row(cycling_folder: Path) -> None:
    reading = novonix.read(cycling_folder / "pyprobe_sample_data_novonix.csv", {})
    frame = _frame(reading)
    assert frame.height == 207
    assert frame["charge_counter"][-1] == pytest.approx(1.70652976, abs=1e-9)
    assert frame["discharge_counter"].max() == 0.0
    assert frame["charge_energy_counter"][-1] == pytest.approx(6.84854718, abs=1e-8)
    assert frame["test_time"][-1] == pytest.approx(3.4131889 * 3600, abs=1e-3)
    assert np.trapezoid(frame["current"], frame["test_time"]) / 3600 == pytest.approx(1.70652976, rel=1e-4)
    assert frame["temperature"][0] == 24.644
    assert set(frame["vendor_step_type"]) == {"CC charge"}
    assert str(frame["wall_clock"][-1]) == "2025-07-19 18:51:08"
    assert reading.test["start"] == "2025-07-19T15:26:20"


def test_a_mass_that_nobody_typed_is_not_proposed(cycling_folder: Path) -> None:
    reading = novonix.read(cycling_folder / "pyprobe_sample_data_novonix.csv", {})
    assert reading.proposals == {"nominal_capacity": "5 Ah"}
    assert "Mass (g) 1.000" in next(flag.message for flag in reading.flags if flag.code == "placeholder")


def test_a_mass_that_somebody_typed_is_proposed(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    novonix.write(table(), path, {"active_mass": "4.41 mg"})
    assert novonix.read(path, {}).proposals == {"active_mass": "0.004410 g"}


OLD = """[Summary],,,
Novonix HPC data file
Novonix
Channel: 07
Cell: cell 12
Serial Number: AB-12
Mass (g): 0.0123
Capacity (Ah): 2.5
Area (cm^2): ****
Started: 1/3/2019 9:33:48 AM
Version: 3.0.2.1
[End Summary]
[Protocol]
Novonix HPC Protocol File
{protocol}[End Protocol]
[Data]
Date and Time,Cycle Number,Step Type,Run Time (h),Step Time (h),Current (mA),Potential (V),Capacity (mAh),Temperature (\xb0C)
"""


def _old(rows: list[tuple[object, ...]], *, lines: int = 900) -> bytes:
    protocol = "   [0 Save data if dT is greater than 30 seconds]\n" * lines
    body = "\n".join(",".join(map(str, row)) for row in rows)
    return (OLD.format(protocol=protocol) + body + "\n").encode("cp1252")


def test_the_old_layout_with_a_long_protocol(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    rows = [
        ("1/3/2019 9:59:50 AM", 1, 0, 0.0, 0.0, 0, 3.5, 10.0, 23.4),
        ("1/3/2019 10:59:50 AM", 1, 1, 1.0, 1.0, 5, 3.6, 15.0, 23.4),
        ("1/3/2019 11:59:50 AM", 1, 1, 2.0, 1.0, -5, 3.5, 10.0, 23.4),
        ("1/3/2019 12:59:50 PM", 2, 1, 3.0, 2.0, -5, 3.4, 5.0, 23.4),
    ]
    path.write_bytes(_old(rows, lines=9000))
    assert path.stat().st_size > 400_000
    assert novonix.sniff(path.read_bytes()[:65_536], path) > 0.9
    reading = novonix.read(path, {})
    frame = _frame(reading)
    assert frame["test_time"].to_list() == [0, 3600, 7200, 10800]
    assert frame["current"].to_list() == [0, 0.005, -0.005, -0.005]
    assert frame["charge_counter"].to_list() == pytest.approx([0, 0.005, 0.005, 0.005])
    assert frame["discharge_counter"].to_list() == pytest.approx([0, 0, 0.005, 0.010])
    assert str(frame["wall_clock"][3]) == "2019-01-03 12:59:50"
    assert frame["vendor_step_type"].to_list() == ["OCV", "CC", "CC", "CC"]
    assert reading.proposals == {"active_mass": "0.0123 g", "nominal_capacity": "2.5 Ah"}
    assert reading.test == {"channel": "07", "barcode": "AB-12", "start": "2019-01-03T09:33:48"}


def _net(style: str) -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    """A charge, a rest and a discharge of 11 rows each, the counter in one of three styles, and the truth."""
    step = np.repeat([1, 2, 3], 11)
    since = np.tile(np.arange(11) * 60.0, 3)
    current = np.choose(step - 1, [2.0, 0.0, -1.0])
    time = np.cumsum(np.r_[0.0, np.where(np.diff(since) < 0, 0.0, np.diff(since))])
    amount = np.r_[0.0, np.diff(time) * 0.5 * (current[1:] + current[:-1]) / 3600]
    charge = np.cumsum(np.clip(amount, 0, None))
    discharge = np.cumsum(np.clip(-amount, 0, None))
    if style == "signed":
        counter = charge - discharge
    else:
        within = np.where(step == 1, charge, np.where(step == 3, discharge, 0.0))
        counter = within if style == "unsigned" else np.where(step == 3, -within, within)
    frame = pl.DataFrame({"test_time": time, "step_time": since, "current": current, "capacity_counter": counter})
    return frame, charge, discharge


@pytest.mark.parametrize("style", ["signed", "unsigned", "anew"])
@pytest.mark.parametrize("with_step_time", [True, False])
def test_the_counters_are_the_same_in_every_style(style: str, with_step_time: bool) -> None:
    frame, charge, discharge = _net(style)
    frame = frame if with_step_time else frame.drop("step_time")
    got = in_two_counters(frame.lazy(), frame.columns).collect()
    np.testing.assert_allclose(got["charge_counter"], charge, atol=1e-12)
    np.testing.assert_allclose(got["discharge_counter"], discharge, atol=1e-12)
    assert "capacity_counter" not in got.columns


@given(
    st.lists(st.tuples(st.sampled_from([-2.0, -0.5, 0.0, 0.5, 2.0]), st.integers(2, 8)), min_size=1, max_size=8),
    st.sampled_from(["signed", "anew", "unsigned"]),
)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_any_protocol_gives_its_charges(steps: list[tuple[float, int]], style: str) -> None:
    time, since, current, counter = [], [], [], []
    now = net = up = down = 0.0
    for amps, rows in steps:
        begin = now
        for row in range(rows):
            time.append(now)
            since.append(now - begin)
            current.append(amps)
            own = amps * (now - begin) / 3600
            counter.append({"signed": net + own, "anew": own, "unsigned": abs(own)}[style])
            if row < rows - 1:
                now += 30.0
        net += amps * (now - begin) / 3600
        up += max(amps, 0.0) * (now - begin) / 3600
        down += max(-amps, 0.0) * (now - begin) / 3600
        now += 1e-3
    frame = pl.DataFrame({"test_time": time, "step_time": since, "current": current, "capacity_counter": counter})
    got = in_two_counters(frame.lazy(), frame.columns).collect()
    assert got["charge_counter"][-1] == pytest.approx(up, abs=1e-6)
    assert got["discharge_counter"][-1] == pytest.approx(down, abs=1e-6)


def test_the_last_piece_of_a_step_belongs_to_it() -> None:
    """The row that begins the discharge prints what the charge had still passed since its last row."""
    frame = pl.DataFrame(
        {
            "test_time": [0.0, 1800.0, 3600.0, 3600.1, 7200.1],
            "step_time": [0.0, 1800.0, 3600.0, 0.0, 3600.0],
            "current": [2.0, 2.0, 2.0, -1.0, -1.0],
            "capacity_counter": [0.0, 1.0, 1.999, 2.0, 1.0],
        }
    )
    got = in_two_counters(frame.lazy(), frame.columns).collect()
    assert got["charge_counter"].to_list() == pytest.approx([0, 1, 1.999, 2, 2])
    assert got["discharge_counter"].to_list() == pytest.approx([0, 0, 0, 0, 1])


def test_a_counter_against_its_current_is_said(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    rows = [("1/3/2019 9:59:50 AM", 1, 1, hour, hour, 5, 3.5, -5.0 * hour, 23.4) for hour in range(4)]
    path.write_bytes(_old(rows))
    reading = novonix.read(path, {})
    assert "sign_contradicts_counter" in _codes(reading)
    assert _frame(reading)["charge_counter"][-1] == pytest.approx(0.015)


def test_it_comes_back_to_the_printed_digit(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    novonix.write(table(), path, {"start": "2026-01-02T03:04:05"})
    back, truth = _frame(novonix.read(path, {})), table()
    np.testing.assert_allclose(back["test_time"], truth["test_time"], atol=2e-4)
    np.testing.assert_allclose(back["current"], truth["current"], atol=6e-9)
    np.testing.assert_allclose(back["voltage"], truth["voltage"], atol=6e-9)
    assert back["charge_counter"][-1] == pytest.approx(truth["charge_counter"].max(), abs=2e-8)
    assert back["discharge_counter"][-1] == pytest.approx(truth["discharge_counter"].max(), abs=2e-8)
    assert back["vendor_cycle"].to_list() == truth["vendor_cycle"].to_list()
    assert back["vendor_step"].to_list() == truth["vendor_step"].to_list()


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("Current (mA)", "Current", "has no unit"),
        ("Current (mA)", "Current (foo)", "no unit of current"),
        ("Potential (V)", "Something (V)", r"\[Data\]"),
        ("Run Time (h)", "Run Time", "without a unit"),
    ],
)
def test_what_is_not_understood_is_refused(old: str, new: str, match: str, tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    rows = [("1/3/2019 9:59:50 AM", 1, 1, hour, hour, 5, 3.5, 5.0 * hour, 23.4) for hour in range(4)]
    path.write_bytes(_old(rows).replace(old.encode(), new.encode()))
    with pytest.raises(ReadError, match=match):
        novonix.read(path, {})


@given(place=st.integers(0, 4000), noise=st.binary(min_size=1, max_size=20))
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_gives_a_read_error_or_a_reading(place: int, noise: bytes, tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    novonix.write(table(), path, {})
    raw = path.read_bytes()
    path.write_bytes(raw[:place] + noise + raw[place + len(noise) :])
    with contextlib.suppress(ReadError):
        assert isinstance(novonix.read(path, {}), Reading)
