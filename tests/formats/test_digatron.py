"""Digatron exports: own-written ones in the layouts that are public; units come from the file, never from habit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import digatron
from interlith.model import Reading
from tests.formats.samples.common import table
from tests.formats.samples.digatron import HEADER, UNITS, rows

GERMAN = (
    "Zeitstempel;Schritt;Zustand;Zeit;Programmdauer;Schrittdauer;Zyklus;Zyklusebene;Prozedur;Prozedurebene;AhAkku;AhLad;AhEla;"
    "AhStep;Energie;WhStep;Spannung;Strom;Temp1\n;;;;;;;;;;[Ah];[Ah];[Ah];[Ah];[Wh];[Wh];[V];[A];[°C]\n"
)


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _codes(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


def _read(folder: Path, text: str, encoding: str = "cp1252") -> Reading:
    path = folder / "x.csv"
    path.write_bytes(text.encode(encoding))
    assert digatron.sniff(path.read_bytes()[:65_536], path) >= 0.6
    return digatron.read(path, {})


def _english(header: str = HEADER, units: str = UNITS) -> str:
    about = ["Measurement ID,585", "Battery Name,cell 3", "Start Time,1/20/2026 1:00:00 PM", "Nominal Capacity, 3"]
    return "\n".join([*about, header, *([units] if units else []), *rows()]) + "\n"


def test_units_in_a_line_of_their_own(tmp_path: Path) -> None:
    reading = _read(tmp_path, _english())
    got, want = _frame(reading), table()
    np.testing.assert_allclose(got["test_time"], want["test_time"], atol=1e-3)
    np.testing.assert_allclose(got["current"], want["current"], atol=1e-5)
    for name in ("charge_counter", "discharge_counter", "charge_energy_counter", "discharge_energy_counter"):
        assert got[name].max() == pytest.approx(max(want[name].to_list()), abs=2e-9)
    assert reading.test == {"test_id": "585", "barcode": "cell 3", "start": "2026-01-20T13:00:00"}
    assert got["wall_clock"][0].isoformat() == "2026-01-20T13:04:05"
    assert reading.proposals == {}


def test_the_line_of_units_is_used(tmp_path: Path) -> None:
    frame = _frame(_read(tmp_path, _english(units=UNITS.replace("[V],[A],[Ah]", "[mV],[mA],[mAh]"))))
    assert max(frame["voltage"].to_list()) < 0.01
    assert frame["current"].max() == pytest.approx(1.25e-6)
    assert frame["charge_counter"].max() == pytest.approx(max(table()["charge_counter"].to_list()) * 1e-3, rel=1e-3)


def test_without_units_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="'Voltage' has no unit"):
        _read(tmp_path, _english(units=""))


def _hashed(scale: float, clock: bool = True) -> str:
    head = "Step,Status,Timestamp,Program Duration#s,Step Duration#s,AhCha#AH,AhDch#Ah,AhStep#Ah,Voltage#V,Current#A,Tenv#degC,T1#degC\n"
    return head + "".join(
        f"1,CHA,{f'2024-01-02T03:04:{n:02d}' if clock else ''},{n * scale:g},{n * scale:g},{n / 3600:.6f},0,0,3.5,1.0,24,25\n"
        for n in range(50)
    )


def test_units_behind_the_names(tmp_path: Path) -> None:
    reading = _read(tmp_path, _hashed(1.0))
    frame = _frame(reading)
    assert frame["test_time"].to_list() == list(range(50))
    assert frame["charge_counter"][-1] == pytest.approx(49 / 3600, abs=1e-6)
    assert frame["temperature"].to_list() == [25.0] * 50
    assert reading.test["start"] == "2024-01-02T03:04:00"
    assert not reading.flags


def test_milliseconds_behind_a_name_that_says_seconds(tmp_path: Path) -> None:
    reading = _read(tmp_path, _hashed(1000.0))
    assert _frame(reading)["test_time"].to_list() == list(range(50))
    assert "were divided by 1000" in _codes(reading)["time_in_milliseconds"]
    balance = _hashed(1000.0).replace("AhCha#AH,AhDch#Ah", "AhAccu#Ah,AhPrev#Ah")
    reading = _read(tmp_path, balance)
    assert _frame(reading)["test_time"].to_list() == list(range(50))
    assert "as fast as the clock" in _codes(reading)["time_in_milliseconds"]


def test_german_names_and_decimal_commas(tmp_path: Path) -> None:
    body = "".join(
        f"05.04.2016 10:00:{n:02d};1;ELA;0;25:00:{n:02d};00:00:{n:02d};1;1;x;1;{-n / 3600:.6f};0,0;{n / 3600:.6f};0;0;0;3,5;-1,0;25,3\n".replace(
            ".", ","
        ).replace("05,04,2016", "05.04.2016")
        for n in range(40)
    )
    reading = _read(tmp_path, "Auftragsnummer;7\nPrüfling;Zelle 1\n" + GERMAN + body)
    frame = _frame(reading)
    assert frame["test_time"].to_list() == [90000.0 + n for n in range(40)]
    assert frame["current"].to_list() == [-1.0] * 40
    assert frame["discharge_counter"][-1] == pytest.approx(39 / 3600, abs=1e-6)
    assert frame["temperature"][0] == 25.3
    assert reading.test == {"test_id": "7", "barcode": "Zelle 1", "start": "2016-04-05T10:00:00"}


def _step_times(anew: bool) -> str:
    head = "Zeitstempel;Schritt Nr.;Schritt Zeit;Zustand;Spannung;Strom;T_Batt;AhAkku\n;;[s];;[V];[A];[C];[Ah]\n"
    return head + "".join(
        f"05.04.2016 10:00:{n:02d};{1 + n // 20};{n % 20 if anew else n};LAD;3.5;{0.0 if n < 20 else 0.1};25.3;{0.1 * max(0, n - 20) / 3600:.7f}\n"
        for n in range(59)
    )


def test_step_times_are_summed_or_are_the_time_of_the_test(tmp_path: Path) -> None:
    summed = _read(tmp_path, _step_times(anew=True))
    assert _frame(summed)["test_time"][-1] == pytest.approx(58 - 2)
    assert "time_from_steps" in _codes(summed)
    whole = _read(tmp_path, _step_times(anew=False))
    assert _frame(whole)["test_time"].to_list() == list(range(59))
    assert "time_of_test" in _codes(whole)


def test_unsigned_currents_take_the_sign_of_the_status(tmp_path: Path) -> None:
    text = _english().replace("-0.00125", "0.00125")
    reading = _read(tmp_path, text)
    assert _frame(reading)["current"].min() == pytest.approx(-1.25e-3)
    assert "sign_from_step_type" in _codes(reading)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (_english().split(HEADER, maxsplit=1)[0], "no line names a time"),
        (_english(units=UNITS.replace("[A]", "[kA]")), "no unit of current"),
        (_english().replace(",DCH,", ",DCH,x", 1), "'x00:"),
    ],
)
def test_broken_texts_are_refused(text: str, match: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(ReadError, match=match):
        digatron.read(path, {})
