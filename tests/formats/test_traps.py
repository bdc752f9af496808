"""Number styles, encodings and broken rows in delimited text: read rightly or refused, never misread."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.formats import generic_csv, landt_csv, neware_csv
from interlith.layouts.column_names import split, unit_factor
from interlith.layouts.dates import iso
from interlith.layouts.lazy_text import clock_expression, refusal
from interlith.physics.step_words import step_word
from tests.formats.samples import table

MAPPING = {"mapping": {"test_time": "t/s", "current": "I/mA", "voltage": "U/V"}}
HEADER = "t/s;I/mA;U/V"


def _read(folder: Path, text: str | bytes, options: dict[str, object] | None = None) -> pl.DataFrame:
    path = folder / "x.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return generic_csv.FORMAT.read(path, options or MAPPING).payload.frame.collect()  # type: ignore[union-attr]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_decimal_comma_is_found(tmp_path: Path, newline: str, mark: str) -> None:
    frame = _read(tmp_path, newline.join([mark + HEADER, "0;0;0,1377", "1;1,5;0,1379", "2;1,5;0,138", ""]))
    assert frame["voltage"].to_list() == [0.1377, 0.1379, 0.138]
    assert frame["current"].to_list() == [0.0, 0.0015, 0.0015]


def test_a_decimal_comma_that_could_be_thousands_is_refused(tmp_path: Path) -> None:
    text = f"{HEADER}\n0;1,234;3,377\n1;1,235;3,378\n"
    with pytest.raises(ReadError, match=r"1\.234 or 1234"):
        _read(tmp_path, text)
    frame = _read(tmp_path, text, {**MAPPING, "decimal": ","})
    assert frame["voltage"].to_list() == [3.377, 3.378]


@pytest.mark.parametrize("number", ["1.234,5", "1,234.5", "1,234,567"])
def test_thousands_separators_are_refused_with_line_and_column(tmp_path: Path, number: str) -> None:
    with pytest.raises(ReadError, match=r"line 3, column 'I/mA'.*thousands"):
        _read(tmp_path, f"{HEADER}\n0;0;3.5\n1;{number};3.5\n")


def test_a_decimal_comma_between_commas_is_refused_because_columns_shift(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"line 2 has 4 fields.*names only 3"):
        _read(tmp_path, "t/s,I/mA,U/V\n0,0,0,1377\n1,0,0,1378\n")


def test_a_quoted_decimal_comma_is_read(tmp_path: Path) -> None:
    frame = _read(tmp_path, 't/s,I/mA,U/V\n0,0,"0,1377"\n1,0,"0,1378"\n')
    assert frame["voltage"].to_list() == [0.1377, 0.1378]


def test_a_decimal_comma_deep_in_the_file_is_no_number(tmp_path: Path) -> None:
    rows = "".join(f"{number};1.5;3.5\n" for number in range(60_000))
    text = f"{HEADER}\n{rows}60000;1,5;3.5\n" + "".join(f"{number};1.5;3.5\n" for number in range(60_001, 90_000))
    path = tmp_path / "x.csv"
    path.write_text(text)
    frame = generic_csv.FORMAT.read(path, MAPPING).payload.frame  # type: ignore[union-attr]
    with pytest.raises(pl.exceptions.ComputeError) as caught:
        frame.collect()
    message = str(refusal(caught.value, str(path)))
    assert "'1,5' is not a number" in message
    assert "byte" in message


def test_a_repeated_header_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="line 4 repeats the header"):
        _read(tmp_path, f"{HEADER}\n0;0;3.5\n1;0;3.5\n{HEADER}\n2;0;3.5\n")


def test_a_word_among_numbers_is_refused_with_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"line 3, column 'U/V' holds 'overflow'"):
        _read(tmp_path, f"{HEADER}\n0;0;3.5\n1;0;overflow\n")


def test_a_row_cut_short_at_the_end_is_left_out_and_flagged(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{HEADER}\n0;0;3.5\n1;0;3.6\n2;0")
    reading = generic_csv.FORMAT.read(path, MAPPING)
    assert reading.payload.frame.collect()["voltage"].to_list() == [3.5, 3.6]  # type: ignore[union-attr]
    assert "truncated" in {flag.code for flag in reading.flags}


def test_the_last_row_without_line_end_is_kept(tmp_path: Path) -> None:
    assert _read(tmp_path, f"{HEADER}\n0;0;3.5\n1;0;3.6")["voltage"].to_list() == [3.5, 3.6]


@pytest.mark.parametrize("rows", [10, 40_000])
def test_blank_rows_at_the_end_are_left_out(tmp_path: Path, rows: int) -> None:
    body = "".join(f"{number};1;3.5\n" for number in range(rows))
    frame = _read(tmp_path, f"{HEADER}\n{body};;\n;;\n;;\n")
    assert frame.height == rows
    assert frame["test_time"][-1] == rows - 1
    assert sum(frame.null_count().row(0)) == 0


def test_trailing_empty_fields_do_not_shift(tmp_path: Path) -> None:
    assert _read(tmp_path, f"{HEADER}\n0;0;3.5;\n1;0;3.6;\n")["voltage"].to_list() == [3.5, 3.6]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_every_delimiter(tmp_path: Path, delimiter: str) -> None:
    text = f"made by me\n\n{HEADER}\n0;0;3.5\n1;2;3.6\n".replace(";", delimiter)
    assert _read(tmp_path, text)["current"].to_list() == [0.0, 0.002]


def test_what_was_not_measured_is_null(tmp_path: Path) -> None:
    frame = _read(tmp_path, f"{HEADER}\n0;0;3.5\n1;-;NaN\n2;0;3.5\n")
    assert frame["voltage"].to_list() == [3.5, None, 3.5]
    assert frame["current"].to_list() == [0.0, None, 0.0]


def test_padded_fields_are_numbers(tmp_path: Path) -> None:
    assert _read(tmp_path, f"{HEADER}\n 0 ; 0;3.5 \n1;\t2;3.6\n")["current"].to_list() == [0.0, 0.002]


def test_utf16_with_its_mark(tmp_path: Path) -> None:
    assert _read(tmp_path, f"{HEADER}\n0;0;3.5\n1;2;3.6\n".encode("utf-16"))["current"].to_list() == [0.0, 0.002]


def test_paths_with_blanks_umlauts_and_brackets(tmp_path: Path) -> None:
    folder = tmp_path / "Zelle Nr. 3 [März] ä"
    folder.mkdir()
    assert _read(folder, f"{HEADER}\n0;0;3.5\n1;2;3.6\n").height == 2


@pytest.mark.parametrize(
    ("words", "options", "match"),
    [
        ("t;I/mA;U/V", {"mapping": {"test_time": "t", "current": "I/mA", "voltage": "U/V"}}, "without a unit"),
        ("t/s;I;U/V", {"mapping": {"test_time": "t/s", "current": "I", "voltage": "U/V"}}, "has no unit"),
        ("t/s;I/mV;U/V", {"mapping": {"test_time": "t/s", "current": "I/mV", "voltage": "U/V"}}, "no unit of current"),
        (HEADER, {"mapping": {"test_time": "t/s", "current": "I/mA", "voltage": "U/v "}}, "did you mean 'U/V'"),
        (HEADER, {"mapping": {"test_time": "t/s", "current": "I/mA"}}, "it needs test_time .*, current and voltage"),
        (HEADER, {"mapping": {"test_time": "t/s", "currant": "I/mA", "voltage": "U/V"}}, "did you mean 'current'"),
        (HEADER, {"mapping": "voltage"}, "column name for each quantity"),
        (HEADER, {**MAPPING, "decimal": ":"}, "decimal is ':'"),
        (HEADER, {**MAPPING, "positive_current": "dis"}, "positive_current is 'dis'"),
    ],
)
def test_wrong_declarations_are_sentences(tmp_path: Path, words: str, options: dict[str, object], match: str) -> None:
    with pytest.raises(ReadError, match=match):
        _read(tmp_path, f"{words}\n0;0;3.5\n1;2;3.6\n", options)


def test_declared_units_go_before_those_of_the_header(tmp_path: Path) -> None:
    frame = _read(
        tmp_path, f"{HEADER}\n0;1;3.5\n1;2;3.6\n", {**MAPPING, "units": {"current": "µA", "test_time": "min"}}
    )
    assert frame["current"].to_list() == pytest.approx([1e-6, 2e-6])
    assert frame["test_time"].to_list() == [0.0, 60.0]


def test_a_positive_discharge_can_be_declared(tmp_path: Path) -> None:
    frame = _read(tmp_path, f"{HEADER}\n0;1;3.5\n1;2;3.6\n", {**MAPPING, "positive_current": "discharge"})
    assert frame["current"].to_list() == [-0.001, -0.002]


def test_without_a_mapping_the_message_is_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Time [h];I/mA;Potential (V);Room\n0;0;3.5;7\n1;0;3.5;7\n")
    with pytest.raises(ReadError) as caught:
        generic_csv.FORMAT.read(path, {})
    message = str(caught.value)
    assert 'mapping: {test_time: "Time [h]", current: "I/mA", voltage: "Potential (V)"}' in message
    assert "units" not in message.split("write into study.yaml:")[1].split(" . ")[0]
    declared = {"mapping": {"test_time": "Time [h]", "current": "I/mA", "voltage": "Potential (V)"}}
    assert generic_csv.FORMAT.read(path, declared).payload.frame.collect()["test_time"].to_list() == [0.0, 3600.0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "stem", "unit"),
    [
        ("Current(µA)", "current", "µA"),
        ("Voltage/V", "voltage", "V"),
        ("Test Time / s", "testtime", "s"),
        ("Voltage [V]", "voltage", "V"),
        ("charging_capacity_ah", "chargingcapacity", "ah"),
        ("test_time_second", "testtime", "second"),
        ("TestTime/Sec.", "testtime", "Sec."),
        ("DChg. Spec. Cap.(mAh/g)", "dchgspeccap", "mAh/g"),
        ("Step Type", "steptype", None),
        ("\ufeffDataPoint", "datapoint", None),
    ],
)
def test_column_names_come_apart(name: str, stem: str, unit: str | None) -> None:
    assert (split(name).stem, split(name).unit) == (stem, unit)


@pytest.mark.parametrize(
    ("unit", "quantity", "factor"),
    [
        ("mA", "current", 1e-3),
        ("µA", "current", 1e-6),
        ("μA", "current", 1e-6),
        ("mV", "voltage", 1e-3),
        ("mAs", "capacity_counter", 1e-3 / 3600),
        ("mA.h", "capacity_counter", 1e-3),
        ("mWs", "energy_counter", 1e-3 / 3600),
        ("min", "test_time", 60.0),
        ("h", "test_time", 3600.0),
    ],
)
def test_units_become_inside_units(unit: str, quantity: str, factor: float) -> None:
    assert unit_factor(unit, quantity, column="x", where="y") == pytest.approx(factor, rel=1e-15)


def _clock(seconds: float, style: str) -> str:
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    part = f"{seconds - whole:.3f}"[1:]
    if style == "days":
        return f"{hours // 24}d {hours % 24:02d}:{rest // 60:02d}:{rest % 60:02d}{part}"
    if style == "dash":
        return f"{hours // 24}-{hours % 24:02d}:{rest // 60:02d}:{rest % 60:02d}"
    if style == "milli":
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}{part}"
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


@pytest.mark.parametrize("style", ["plain", "milli", "days", "dash"])
@given(ticks=st.lists(st.integers(min_value=0, max_value=4 * 10**11), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_durations_come_back(style: str, ticks: list[int]) -> None:
    exact = [tick / 1000 if style in ("milli", "days") else float(tick // 1000) for tick in ticks]
    texts = [_clock(value, style) for value in exact]
    expression = clock_expression(pl.col("x"), texts)
    assert expression is not None
    got = pl.DataFrame({"x": texts}).select(expression).to_series().to_list()
    assert got == pytest.approx(exact, abs=6e-4 if style in ("milli", "days") else 0)


@pytest.mark.parametrize(
    ("word", "direction", "control"),
    [
        ("Rest", "rest", ""),
        ("R", "rest", ""),
        ("CC Chg", "charge", "cc"),
        ("CC DChg", "discharge", "cc"),
        ("CCCV_DChg", "discharge", "cccv"),
        ("CV Chg", "charge", "cv"),
        ("D_CC", "discharge", "cc"),
        ("C_CV", "charge", "cv"),
        ("CCD", "discharge", "cc"),
        ("CCC", "charge", "cc"),
        ("RateD", "discharge", "cc"),
        ("RateC", "charge", "cc"),
        ("discharge CC", "discharge", "cc"),
        ("charge CC", "charge", "cc"),
        ("恒流放电", "discharge", "cc"),
        ("恒流恒压充电", "charge", "cccv"),
        ("静置", "rest", ""),
        ("Pulse", "", ""),
    ],
)
def test_step_words(word: str, direction: str, control: str) -> None:
    assert (step_word(word).direction, step_word(word).control) == (direction, control)


def test_other_vendors_text_is_not_claimed(tmp_path: Path) -> None:
    arbin = b"Data_Point,Test_Time,DateTime,Step_Time,Step_Index,Cycle_Index,Current,Voltage,Charge_Capacity\n1,0,0,0,1,1,0,3,0\n"
    arbin_units = b"Data Point,Date Time,Test Time (s),Step Time (s),Cycle Index,Step Index,Current (A),Voltage (V)\n1,x,3,3,1,1,0,3\n"
    for module in (neware_csv, landt_csv):
        assert module.FORMAT.sniff(arbin, tmp_path) == 0.0
        assert module.FORMAT.sniff(arbin_units, tmp_path) == 0.0
    neware = tmp_path / "n.csv"
    neware_csv.write(table(), neware, {})
    assert landt_csv.FORMAT.sniff(neware.read_bytes(), neware) == 0.0
    landt = tmp_path / "l.csv"
    landt_csv.write(table(), landt, {})
    assert neware_csv.FORMAT.sniff(landt.read_bytes(), landt) == 0.0


CLOCK = {"mapping": {"test_time": "Time", "current": "I/mA", "voltage": "U/V"}}


def _clocks(seconds: list[int], *, whole: bool = False) -> str:
    text = "Time;I/mA;U/V\n"
    for second in seconds:
        hours = second // 3600 if whole else second // 3600 % 24
        text += f"{hours:02d}:{second // 60 % 60:02d}:{second % 60:02d};1.5;3.5\n"
    return text


def test_the_time_of_day_runs_on_past_midnight(tmp_path: Path) -> None:
    seconds = list(range(85_000, 85_000 + 3 * 86_400, 1800))
    path = tmp_path / "x.csv"
    path.write_text(_clocks(seconds))
    reading = generic_csv.FORMAT.read(path, CLOCK)
    assert reading.payload.frame.collect()["test_time"].to_list() == seconds  # type: ignore[union-attr]
    assert [flag.message for flag in reading.flags if flag.code == "time_of_day"] == [
        "The time column holds the time of day and passes midnight 3 times; each time a day was added."
    ]


def test_a_duration_of_more_than_a_day_is_no_time_of_day(tmp_path: Path) -> None:
    seconds = [0, 3600, 90_000, 3600, 7200]
    path = tmp_path / "x.csv"
    path.write_text(_clocks(seconds, whole=True))
    reading = generic_csv.FORMAT.read(path, CLOCK)
    assert reading.payload.frame.collect()["test_time"].to_list() == seconds  # type: ignore[union-attr]
    assert not reading.flags


def test_a_duration_that_begins_anew_is_not_taken_for_midnight(tmp_path: Path) -> None:
    seconds = [*range(0, 50_000, 1000), *range(0, 50_000, 1000)]
    path = tmp_path / "x.csv"
    path.write_text(_clocks(seconds))
    reading = generic_csv.FORMAT.read(path, CLOCK)
    assert reading.payload.frame.collect()["test_time"].to_list() == seconds  # type: ignore[union-attr]


@given(start=st.integers(0, 86_399), steps=st.lists(st.integers(0, 3600), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_records_less_than_an_hour_apart_keep_their_distances(
    tmp_path_factory: pytest.TempPathFactory, start: int, steps: list[int]
) -> None:
    seconds = [start]
    for step in steps:
        seconds.append(seconds[-1] + step)
    path = tmp_path_factory.mktemp("clock") / "x.csv"
    path.write_text(_clocks(seconds))
    got = generic_csv.FORMAT.read(path, CLOCK).payload.frame.collect()["test_time"]  # type: ignore[union-attr]
    assert got.to_list() == seconds


def test_a_year_that_no_calendar_has_is_left_as_text(tmp_path: Path) -> None:
    assert iso("-2026-01-02 03:04:05") == "-2026-01-02 03:04:05"
