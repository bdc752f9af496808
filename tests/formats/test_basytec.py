"""Basytec texts: the real file against its own columns, and own-written variants of units, locales, separators and counters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import basytec
from interlith.model import Reading
from interlith.physics.counting import count, self_check
from tests.formats.samples.common import table

ABOUT = (
    "~Resultfile from Basytec Battery Test System\n~Date and Time of Data Converting: 07.07.2023 10:55:58\n~\n"
    "~Name of Test: form\n~Battery: cell 3\n~Testchannel: 18 CH14\n~Start of Test: 05.05.2025 14:36:06\n~\n"
)


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


def _read(folder: Path, text: str, encoding: str = "cp1252") -> Reading:
    path = folder / "x.txt"
    path.write_bytes(text.encode(encoding))
    assert basytec.sniff(path.read_bytes()[:65_536], path) >= 0.9
    return basytec.read(path, {})


def _loop(words: tuple[str, str], time: float, current: float) -> list[tuple[float, str, float, float]]:
    """Time, word, current and net charge of 20 records of charge and 20 of discharge."""
    out = []
    for n in range(40):
        way = 1.0 if n < 20 else -1.0
        net = current * time * (n if n < 20 else 39 - n)
        out.append((n * time, words[0] if n < 20 else words[1], way * current, net))
    return out


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    frame = table().with_columns(pl.lit(24.5).alias("temperature"))
    basytec.write(frame, path, {"start": "2026-01-02T03:04:05", "battery": "B12"})
    reading = basytec.read(path, {})
    got = _frame(reading)
    for name, digit in (("test_time", 1e-6), ("current", 1e-12), ("voltage", 1e-12)):
        np.testing.assert_allclose(got[name], frame[name], atol=0.51 * digit, rtol=0)
    for name in ("charge_counter", "discharge_counter", "charge_energy_counter", "discharge_energy_counter"):
        np.testing.assert_allclose(got[name], frame[name], atol=1e-12)
    assert got["temperature"].to_list() == [24.5] * frame.height
    assert reading.test == {"test_id": "x", "barcode": "B12", "start": "2026-01-02T03:04:05"}
    assert not reading.flags


def test_the_real_file(cycling_folder: Path) -> None:
    path = cycling_folder / "pyprobe_sample_data_basytec.txt"
    reading = basytec.read(path, {})
    frame = _frame(reading)
    raw = pl.read_csv(path, separator="\t", skip_rows=12, infer_schema_length=None)
    assert frame.height == raw.height == 74
    for name, column in (
        ("test_time", "~Time[s]"), ("voltage", "U[V]"), ("current", "I[A]"), ("charge_counter", "Ah[Ah]"),
        ("charge_energy_counter", "Wh[Wh]"), ("step_time", "t-Step[s]"), ("vendor_step", "Line"),
    ):  # fmt: skip
        assert frame[name].to_list() == raw[column].to_list(), name
    assert frame["charge_counter"][-1] == pytest.approx(0.001248916998009, abs=1e-15)
    assert frame["discharge_counter"].max() == 0.0
    assert frame["temperature"][0] == 25.47953
    assert frame["vendor_step_type"].unique(maintain_order=True).to_list() == ["Pause", "Charge"]
    assert reading.test == {
        "test_id": "test", "barcode": "cell", "channel": "1814 CH14 XCTS_40", "start": "2023-06-19T17:56:53",
    }  # fmt: skip
    assert not reading.flags
    assert not self_check(count(reading.payload.frame, reading.payload.columns))  # type: ignore[union-attr]


def test_hours_with_decimal_commas_and_german_words(tmp_path: Path) -> None:
    """Currents without sign take it from the words; the discharge counter is printed negative."""
    names = "~Zeit[h]\tDataSet\tt-Step[h]\tZeile\tBefehl\tU[V]\tI[mA]\tAh[mAh]\tAh-Cyc-Charge\tAh-Cyc-Discharge\tT1[°C]\tCyc-Count\n"
    rows = "".join(
        f"{time:.6f}\t{n}\t{time:.6f}\t3\t{word}\t2.875\t{abs(current):.3f}\t{net:.6f}\t{max(0.0, net if n < 20 else 19.0):.6f}"
        f"\t{0.0 if n < 20 else -(n - 20):.6f}\t25.5\t1\n"
        for n, (time, word, current, net) in enumerate(_loop(("Laden", "Entladen"), 0.01, 100.0))
    ).replace(".", ",")  # fmt: skip
    reading = _read(tmp_path, ABOUT + names + rows)
    frame = _frame(reading)
    assert frame["test_time"][-1] == pytest.approx(39 * 36.0)
    assert frame["current"].to_list() == pytest.approx([0.1] * 20 + [-0.1] * 20)
    assert frame["charge_counter"][-1] == pytest.approx(0.019)
    assert frame["discharge_counter"][-1] == pytest.approx(0.019)
    assert frame["temperature"][0] == 25.5
    assert "sign_from_step_type" in _codes(reading)


def test_a_signed_net_charge_becomes_two_counters(tmp_path: Path) -> None:
    """Blanks between the fields, and a date with its time in one column."""
    names = "~Time[h] DataSet DateTime t-Step[h] Line Command U[V] I[A] Ah[Ah] T1[°C] Cyc-Count State\n"
    rows = "".join(
        f"{time:.6f} {n + 1} 05.05.2025 14:36:{n:02d} {time % 0.2:.6f} {3 + n // 20} {word} 2.875 {current} {net:.9f} 25 1 1\n"
        for n, (time, word, current, net) in enumerate(_loop(("Charge", "Discharge"), 0.01, 0.1))
    )  # fmt: skip
    reading = _read(tmp_path, ABOUT + names + rows)
    frame = _frame(reading)
    assert frame["charge_counter"][-1] == pytest.approx(0.019)
    assert frame["discharge_counter"][-1] == pytest.approx(0.019)
    assert frame["wall_clock"][1].isoformat() == "2025-05-05T14:36:01"
    assert frame["temperature"].to_list() == [25.0] * 40
    assert reading.test["channel"] == "18 CH14"


def test_a_first_line_without_its_mark(tmp_path: Path) -> None:
    rows = "".join(f"{n}.0\t{3.5 + 0.01 * n:.3f}\t{0.5 if n < 4 else -0.5}\n" for n in range(8))
    reading = _read(tmp_path, "Resultfile from Basytec Battery Test System\n~Time[s]\t~U[V]\t~I[A]\n" + rows)
    got = _frame(reading)
    assert got.columns == ["test_time", "voltage", "current"]
    assert (got["voltage"][7], got["current"][7], got["test_time"][7]) == (3.57, -0.5, 7.0)


def test_durations(tmp_path: Path) -> None:
    text = ABOUT + "~Time[h:min:s]\tU[V]\tI[A]\tCommand\n0:00:01.5\t3.5\t0.1\tCharge\n30:00:02.5\t3.5\t0.1\tCharge\n"
    assert _frame(_read(tmp_path, text))["test_time"].to_list() == [1.5, 108002.5]


def test_specific_values_are_no_currents(tmp_path: Path) -> None:
    names, row = "~Time[h]\tU[V]\tI[A/kg]\tAh[Ah/kg]\tCommand\n", "1.0\t3.5\t100\t2\tCharge\n2.0\t3.5\t100\t2\tCharge\n"
    with pytest.raises(ReadError, match="'A/kg', which is no unit of current"):
        _read(tmp_path, ABOUT + names + row)
    both = "~Time[h]\tU[V]\tI[A/kg]\tI[mA]\tAh[Ah/kg]\tCommand\n1.0\t3.5\t100\t50\t2\tCharge\n2.0\t3.5\t100\t50\t2\tCharge\n"
    reading = _read(tmp_path, ABOUT + both)
    assert _frame(reading)["current"].to_list() == [0.05, 0.05]
    assert "'Ah/kg'" in _codes(reading)["column_left_out"]


def test_counters_without_a_printed_unit_are_left_out(tmp_path: Path) -> None:
    text = (
        ABOUT
        + "~Time[h]\tU[V]\tI[A]\tAh-Cyc-Charge\tAh-Cyc-Discharge\tCommand\n1\t3.5\t0.1\t5\t5\tCharge\n2\t3.5\t0.1\t6\t5\tCharge\n"
    )
    assert "charge_counter" not in _frame(_read(tmp_path, text)).columns


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (ABOUT, "no line names a time"),
        (ABOUT + "~Time[h]\tU[V]\tI[A]\n", "no row of numbers follows"),
        (ABOUT + "~Time[h]\tU[kV]\tI[A]\n1\t2\t3\n", "no unit of voltage"),
        (ABOUT + "~Time\tU[V]\tI[A]\n1\t2\t3\n", "without a unit"),
        (ABOUT + "~Time[h]\tU[V]\tI[A]\n1\t2\tx\n2\t2\t1\n", "not a number"),
    ],
)
def test_broken_texts_are_refused(text: str, match: str, tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(text)
    with pytest.raises(ReadError, match=match):
        basytec.read(path, {})
