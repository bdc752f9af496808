"""Tables of NREL and of the Battery Archive: the real excerpt against its published summary, spectra, and tables of cycles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import battery_archive, nrel_csv
from interlith.model import Reading, Table
from interlith.physics.counting import count, self_check
from interlith.workbench.reading import recognise
from tests.formats.samples import make
from tests.formats.samples.archives import ARCHIVE, NREL, SWEEP, nrel_lines
from tests.formats.samples.common import ROWS, table

CYCLES = (
    "Cycle_Index,Start_Time,End_Time,Test_Time (s),Min_Current (A),Max_Current (A),Min_Voltage (V),Max_Voltage (V),"
    "Charge_Capacity (Ah),Discharge_Capacity (Ah)\n1,0,1,2,3,4,5,6,7,8\n"
)


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


def test_the_excerpt_equals_its_summary(cycling_folder: Path) -> None:
    """Charges of the cycles whose rows the excerpt keeps; cycles 4 and 5 hold more than the summary's last charge."""
    path = cycling_folder / "battdat_p492-13-raw.csv"
    reading = nrel_csv.read(path, {})
    frame = _frame(reading)
    assert frame.height == 2021 - 78
    summary = pl.read_csv(cycling_folder / "battdat_p492-13-summary.csv", null_values="NaN", infer_schema_length=None)
    passed = (
        frame.select("vendor_cycle", pl.col("charge_counter", "discharge_counter").diff().fill_null(0.0))
        .group_by("vendor_cycle")
        .sum()
        .sort("vendor_cycle")
    )
    truth = {row["Cycle_Index"]: (row["Q_chg"] or 0.0, row["Q_dis"] or 0.0) for row in summary.iter_rows(named=True)}
    for cycle, charge, discharge in passed.iter_rows():
        if cycle not in (4, 5):
            assert (charge, discharge) == pytest.approx(truth[cycle], abs=2e-8), cycle
    assert passed.row(3)[2] == pytest.approx(truth[4][1], abs=2e-8)
    assert passed.row(3)[1] == pytest.approx(0.01112004 + truth[4][0], abs=2e-8)
    assert frame["wall_clock"][0].isoformat(timespec="seconds") == "2020-01-02T10:37:01"
    found = {notice.code for notice in self_check(count(reading.payload.frame, reading.payload.columns))}  # type: ignore[union-attr]
    assert "counter_disagrees" not in found


def test_the_spectrum_of_the_excerpt(cycling_folder: Path) -> None:
    path = cycling_folder / "battdat_p492-13-raw.csv"
    reading = nrel_csv.read(path, {})
    (spectrum,) = reading.within
    assert isinstance(spectrum.payload, Table)
    data = spectrum.payload.frame.collect()
    raw = pl.read_csv(path, null_values="NaN", infer_schema_length=None).filter(pl.col("Frequency_Hz").is_not_null())
    assert data.height == raw.height == 78
    assert data["frequency"].to_list() == raw["Frequency_Hz"].to_list()
    assert data["impedance_real"].to_list() == raw["Z_Real_Ohm"].to_list()
    assert data["impedance_imaginary"].to_list() == raw["Z_Imag_Ohm"].to_list()
    assert spectrum.technique == "impedance"
    assert spectrum.state["voltage"].value == pytest.approx((3.65278096 + 3.65491722) / 2)
    assert spectrum.state["cycle"].value == 7
    assert spectrum.where == "rows 1263-1340"
    assert "-3.7865 V" in _codes(reading)["voltage_of_records"]


def test_the_summary_is_refused(cycling_folder: Path) -> None:
    path = cycling_folder / "battdat_p492-13-summary.csv"
    claimed = recognise(path).format
    assert claimed is not None
    assert claimed.name == "nrel_csv"
    with pytest.raises(ReadError, match="one row for each cycle"):
        nrel_csv.read(path, {})


def test_an_own_table_with_a_sweep(tmp_path: Path) -> None:
    reading = nrel_csv.read(make("nrel_csv", tmp_path), {})
    got, want = _frame(reading), table()
    assert got.height == ROWS
    np.testing.assert_allclose(got["current"], want["current"], atol=1e-6)
    for name in ("charge_counter", "discharge_counter"):
        assert got[name].max() == pytest.approx(want[name].max(), abs=1e-9)
    (spectrum,) = reading.within
    data = spectrum.payload.frame.collect()  # type: ignore[union-attr]
    assert data.rows() == [(frequency, real, imaginary) for frequency, real, imaginary, _ in SWEEP]
    assert spectrum.state["voltage"].value == pytest.approx(
        (want["voltage"][ROWS // 3 - 1] + want["voltage"][ROWS // 3]) / 2
    )


def test_a_rising_frequency_begins_a_new_spectrum(tmp_path: Path) -> None:
    lines = nrel_lines(10)
    lines[13:13] = lines[10:13]
    path = tmp_path / "x.csv"
    path.write_text("\n".join([NREL, *lines]) + "\n")
    assert [one.where for one in nrel_csv.read(path, {}).within] == ["rows 11-13", "rows 14-16"]


def test_a_negated_imaginary_part_is_told(tmp_path: Path) -> None:
    lines = [line.replace(",0.2,", ",0.2,", 1) if ",301," not in line else _negated(line) for line in nrel_lines()]
    path = tmp_path / "x.csv"
    path.write_text("\n".join([NREL, *lines]) + "\n")
    assert "phase_contradicts" in _codes(nrel_csv.read(path, {}))


def _negated(line: str) -> str:
    parts = line.split(",")
    parts[12] = f"{-float(parts[12]):g}"
    return ",".join(parts)


def test_another_unit_of_the_impedance_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("\n".join([NREL.replace("Z_Real_Ohm", "Z_Real_mOhm"), *nrel_lines()]) + "\n")
    with pytest.raises(ReadError, match="'Z_Real_mOhm' is not in ohm"):
        nrel_csv.read(path, {})


def test_a_series_of_the_archive(tmp_path: Path) -> None:
    reading = battery_archive.read(make("battery_archive", tmp_path), {})
    got, want = _frame(reading), table()
    np.testing.assert_allclose(got["current"], want["current"], atol=1e-6)
    np.testing.assert_allclose(got["charge_counter"], want["charge_counter"], atol=1e-9)
    # The cell's own temperature goes before that of its surroundings, wherever they stand.
    assert got["temperature"].to_list() == [25.3] * ROWS
    assert not reading.flags


def test_a_reversed_current_of_the_archive_is_turned_round(tmp_path: Path) -> None:
    path = make("battery_archive", tmp_path)
    text = (
        path.read_text().replace(",0.001250,", ",x,").replace(",-0.001250,", ",0.001250,").replace(",x,", ",-0.001250,")
    )
    path.write_text(text)
    reading = battery_archive.read(path, {})
    np.testing.assert_allclose(_frame(reading)["current"], table()["current"], atol=1e-6)
    assert "sign_from_counters" in _codes(reading)


def test_a_sensor_that_is_not_there(tmp_path: Path) -> None:
    path = make("battery_archive", tmp_path)
    path.write_text(path.read_text().replace(",24.9,25.3", ",,"))
    assert "temperature" not in _frame(battery_archive.read(path, {})).columns


def test_the_archives_cycles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x_cycle_data.csv"
    path.write_text(CYCLES)
    claimed = recognise(path).format
    assert claimed is not None
    assert claimed.name == "battery_archive"
    with pytest.raises(ReadError, match="one row for each cycle"):
        battery_archive.read(path, {})
    assert ARCHIVE
