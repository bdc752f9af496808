"""Arbin .res: the public file against three other readers, and databases written here, whole and broken."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import arbin_res
from interlith.layouts import jet_pages, jet_tables
from interlith.model import Reading
from interlith.physics.counting import count
from tests.formats.samples import make, table
from tests.formats.samples.arbin import RECORD_COLUMNS, TEST_COLUMNS, database, header, records
from tests.formats.samples.jet import DOUBLE, INTEGER, LONG, SINGLE, TEXT, JetTable, write_database

PUBLIC = "20160805_test001_45_cc_01.res"
AUXILIARY = {"Test_ID": LONG, "Data_Point": LONG, "Auxiliary_Index": INTEGER, "Data_Type": INTEGER, "X": SINGLE}
NAMES = {"Channel_Index": INTEGER, "Auxiliary_Index": INTEGER, "Data_Type": INTEGER, "Nickname": TEXT, "Unit": TEXT}


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _flags(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


def _read(path: Path, *, old: bool = False, **tables: JetTable) -> Reading:
    write_database(path / "a.res", database(**tables), old=old)
    return arbin_res.FORMAT.read(path / "a.res", {})


def _changed(number: int, column: str, value: object) -> list[tuple[Any, ...]]:
    """The records with one value changed."""
    place = list(RECORD_COLUMNS).index(column)
    return [
        tuple(value if row[1] == number and spot == place else cell for spot, cell in enumerate(row))
        for row in records()
    ]


def test_capacities_of_all_cycles_equal_cellpy(cycling_folder: Path) -> None:
    reading = arbin_res.FORMAT.read(cycling_folder / PUBLIC, {})
    frame = _frame(reading)
    assert frame.height == 10_261
    assert sum(frame.null_count().row(0)) == 0
    want = pl.read_parquet(cycling_folder / "cellpy_golden_pipeline_smoke_summary.parquet").sort("cycle_num")
    got = frame.group_by("vendor_cycle", maintain_order=True).agg(
        pl.col("charge_counter", "discharge_counter").last() * 1e3, pl.col("test_time").last()
    )
    assert got["vendor_cycle"].to_list() == want["cycle_num"].to_list() == list(range(1, 19))
    np.testing.assert_allclose(got["charge_counter"], want["charge_capacity_absolute"], rtol=1e-12)
    np.testing.assert_allclose(got["discharge_counter"], want["discharge_capacity_absolute"], rtol=1e-12)
    np.testing.assert_allclose(got["test_time"], want["last_test_time"], rtol=1e-12)
    assert reading.flags == ()


def test_curves_of_two_cycles_equal_cellpy(cycling_folder: Path) -> None:
    """Specific capacity for 1 mg, carried on through discharge and charge and from one cycle to the next."""
    frame = _frame(arbin_res.FORMAT.read(cycling_folder / PUBLIC, {}))
    want = pl.read_parquet(cycling_folder / "cellpy_golden_curve_get_cap_forth_c12.parquet")
    parts, passed = [], 0.0
    for cycle in (1, 2):
        for step, counter in ((3, "discharge_counter"), (6, "charge_counter")):
            rows = frame.filter((pl.col("vendor_cycle") == cycle) & (pl.col("vendor_step") == step))
            parts.append(rows.select("voltage", (pl.col(counter) * 1e6 + passed).alias("capacity")))
            passed = float(parts[-1]["capacity"][-1])
    got = pl.concat(parts)
    assert got.height == want.height == 1866
    np.testing.assert_allclose(got["voltage"], want["potential"], rtol=1e-12)
    np.testing.assert_allclose(got["capacity"], want["capacity"], rtol=2e-5, atol=0.03)


def test_every_value_equals_mdb_export(cycling_folder: Path) -> None:
    program = shutil.which("mdb-export")
    if program is None:
        pytest.skip("mdb-export of mdbtools is not installed")
    text = subprocess.run(
        [program, cycling_folder / PUBLIC, "Channel_Normal_Table"], capture_output=True, check=True
    ).stdout
    want = pl.read_csv(io.BytesIO(text), infer_schema_length=None)
    opened = jet_pages.open_database(cycling_folder / PUBLIC)
    found = jet_tables.definition(opened, jet_tables.tables(opened)["Channel_Normal_Table"])
    rows = jet_pages.rows_of(opened, jet_pages.owned_pages(opened, found.page))
    assert len(found.fields) == len(want.columns) == 18
    for field in found.fields:
        digits = 1e-7 if field.kind == SINGLE else 1e-15
        np.testing.assert_allclose(jet_tables.numbers(opened, found, rows, field), want[field.name], rtol=digits)


@pytest.mark.parametrize("old", [False, True], ids=["Jet 4", "Jet 3"])
def test_written_databases_are_read_alike_by_other_readers(old: bool, tmp_path: Path) -> None:
    """The writer of these tests would be worth nothing if only our own reader understood it."""
    names = [header(Comments="c" * 150, Test_Name="n" * 120, Schedule_File_Name="s")]
    reading = _read(tmp_path, old=old, Global_Table=JetTable(TEST_COLUMNS, names))
    assert reading.metadata["Comments"] == "c" * 150
    assert reading.metadata["Item_ID"] == "LNMO-3"
    program = shutil.which("mdb-export")
    if program is None:
        pytest.skip("mdb-export of mdbtools is not installed")
    for name, rows in (("Channel_Normal_Table", 60), ("Global_Table", 1)):
        text = subprocess.run([program, tmp_path / "a.res", name], capture_output=True, check=True).stdout
        want = pl.read_csv(io.BytesIO(text), infer_schema_length=None)
        assert want.height == rows
    assert want["Comments"][0] == "c" * 150
    assert want["Item_ID"][0] == "LNMO-3"


def test_access_parser_reads_the_written_database_alike(tmp_path: Path) -> None:
    access_parser = pytest.importorskip("access_parser")
    path = make("arbin_res", tmp_path)
    other = access_parser.AccessParser(str(path)).parse_table("Channel_Normal_Table")
    want = pl.DataFrame({name: other[name] for name in ("Data_Point", "Test_Time", "Current")}).sort("Data_Point")
    got = _frame(arbin_res.FORMAT.read(path, {}))
    assert got["test_time"].to_list() == want["Test_Time"].to_list()
    assert got["current"].to_list() == want["Current"].to_list()


@pytest.mark.parametrize("old", [False, True], ids=["Jet 4", "Jet 3"])
def test_truth_of_the_sample(old: bool, tmp_path: Path) -> None:
    reading = _read(tmp_path, old=old)
    got, want = _frame(reading), table()
    for name in ("test_time", "charge_counter", "discharge_counter", "charge_energy_counter"):
        assert got[name].to_list() == want[name].to_list(), name
    for name in ("current", "voltage"):
        np.testing.assert_array_equal(got[name], want[name].cast(pl.Float32).cast(pl.Float64))
    assert got["vendor_step"].to_list() == want["vendor_step"].to_list()
    assert set(_flags(reading)) == {"records_sorted"}
    assert reading.proposals == {"active_mass": "1.25 mg", "nominal_capacity": "0.2 mAh"}
    assert reading.test["start"] == "2026-01-02T03:04:05"


def test_deleted_and_moved_rows(tmp_path: Path) -> None:
    rows = JetTable(RECORD_COLUMNS, records(), deleted=frozenset({5, 59}), moved=frozenset({0, 21, 40}))
    reading = _read(tmp_path, Channel_Normal_Table=rows)
    frame = _frame(reading)
    kept = [spot for spot in range(60) if spot not in (5, 59)]
    assert frame["test_time"].to_list() == table()["test_time"][kept].to_list()
    assert "1 records are missing" in _flags(reading)["records_missing"]
    assert "row_count_disagrees" not in _flags(reading)


@pytest.mark.parametrize("old", [False, True], ids=["Jet 4", "Jet 3"])
def test_pages_listed_on_a_page_of_their_own(old: bool, tmp_path: Path) -> None:
    """As in tables of more than 512 pages; mdb-export finds the same rows."""
    many = [(*row[:1], 60 * turn + row[1], *row[2:]) for turn in range(400) for row in records()]
    rows = JetTable(RECORD_COLUMNS, many, rows_a_page=12, wide_map=True)
    assert _frame(_read(tmp_path, old=old, Channel_Normal_Table=rows)).height == 24_000
    if program := shutil.which("mdb-export"):
        text = subprocess.run(
            [program, tmp_path / "a.res", "Channel_Normal_Table"], capture_output=True, check=True
        ).stdout
        assert text.count(b"\n") == 24_001


def test_absent_fields_are_null_and_not_the_bytes_there(tmp_path: Path) -> None:
    rows = JetTable(RECORD_COLUMNS, _changed(3, "Charge_Capacity", None))
    frame = _frame(_read(tmp_path, Channel_Normal_Table=rows))
    assert frame["charge_counter"].null_count() == 1
    assert frame["charge_counter"][2] is None


def test_rows_written_before_a_column_was_added(tmp_path: Path) -> None:
    """The table has a column more than the rows: it is absent from them, and what lies there is not read."""
    page = 4096 * write_database(tmp_path / "a.res", database())["Channel_Normal_Table"]
    raw = bytearray((tmp_path / "a.res").read_bytes())
    raw[page + 63 + 25 * 6 + 5 : page + 63 + 25 * 6 + 7] = (20).to_bytes(2, "little")
    (tmp_path / "a.res").write_bytes(raw)
    frame = _frame(arbin_res.FORMAT.read(tmp_path / "a.res", {}))
    assert frame["vendor_cycle"].null_count() == 60
    assert frame["vendor_step"].null_count() == 0


def test_a_count_of_rows_that_disagrees_is_told(tmp_path: Path) -> None:
    reading = _read(tmp_path, Channel_Normal_Table=JetTable(RECORD_COLUMNS, records(), said=75))
    assert "says that it has 75 rows, but 60 were found" in _flags(reading)["row_count_disagrees"]


def test_records_twice(tmp_path: Path) -> None:
    twice = [*records(), records()[7]]
    reading = _read(tmp_path, Channel_Normal_Table=JetTable(RECORD_COLUMNS, twice))
    assert _frame(reading).height == 60
    assert "1 records stand in the file twice" in _flags(reading)["repeated_records"]
    twice[-1] = _changed(8, "Voltage", 3.9)[7]
    with pytest.raises(ReadError, match="Data_Point 8"):
        _read(tmp_path, Channel_Normal_Table=JetTable(RECORD_COLUMNS, twice))


def test_several_tests_are_never_mixed(tmp_path: Path) -> None:
    tests = JetTable(TEST_COLUMNS, [header(), header(2, Test_Name="another", Channel_Index=9)])
    both = JetTable(RECORD_COLUMNS, [*records(), *records(2)])
    with pytest.raises(ReadError, match=r"holds 2 tests.*1 'a cell.*channel 7, 60 records.*2 'another' \(channel 9"):
        _read(tmp_path, Channel_Normal_Table=both, Global_Table=tests)
    alone = _read(tmp_path, Channel_Normal_Table=JetTable(RECORD_COLUMNS, records(2)), Global_Table=tests)
    assert alone.test["channel"] == "9"


def test_a_turned_current_is_told_and_turned_back(tmp_path: Path) -> None:
    place = list(RECORD_COLUMNS).index("Current")
    turned = [(*row[:place], -row[place], *row[place + 1 :]) for row in records()]
    reading = _read(tmp_path, Channel_Normal_Table=JetTable(RECORD_COLUMNS, turned))
    assert "sign_from_counters" in _flags(reading)
    np.testing.assert_allclose(_frame(reading)["current"], table()["current"], rtol=1e-7)


def test_temperatures_are_joined_by_record(tmp_path: Path) -> None:
    inputs = [(1, number, 1, 1, 20.0 + number) for number in range(60, 1, -1)]
    voltages = [(1, number, 0, 0, 3.0) for number in range(1, 61)]
    second = [(1, number, 4, 1, 99.0) for number in range(1, 61)]
    names = JetTable(NAMES, [(6, 1, 1, "T", "C"), (6, 4, 1, "T", "C"), (6, 0, 0, "U", "V")])
    aux = JetTable(AUXILIARY, [*inputs, *voltages, *second])
    reading = _read(tmp_path, Auxiliary_Table=aux, Aux_Global_Data_Table=names)
    temperature = _frame(reading)["temperature"].to_list()
    assert temperature == [None, *(20.0 + number for number in range(2, 61))]
    assert "2 thermocouples" in _flags(reading)["several_temperatures"]


def test_a_temperature_in_another_unit_is_left_out(tmp_path: Path) -> None:
    aux = JetTable(AUXILIARY, [(1, number, 0, 1, 77.0) for number in range(1, 61)])
    names = JetTable(NAMES, [(6, 0, 1, "T", "F")])
    reading = _read(tmp_path, Auxiliary_Table=aux, Aux_Global_Data_Table=names)
    assert "temperature" not in _frame(reading).columns
    assert "are in f, not in degC" in _flags(reading)["column_left_out"]


def test_placeholders_are_no_proposals(tmp_path: Path) -> None:
    for mass, code in ((1.0, {"placeholder_mass"}), (0.0, set())):
        tests = JetTable(TEST_COLUMNS, [header(MASS=mass, Specific_Capacity=0.0)])
        reading = _read(tmp_path, Global_Table=tests)
        assert reading.proposals == {}
        assert set(_flags(reading)) - {"records_sorted"} == code


def test_another_database_is_refused(tmp_path: Path) -> None:
    write_database(tmp_path / "a.mdb", {"Orders": JetTable({"Id": LONG, "Price": DOUBLE}, [(1, 2.0)])})
    with pytest.raises(ReadError, match=r"holds no Channel_Normal_Table.*it holds Orders"):
        arbin_res.FORMAT.read(tmp_path / "a.mdb", {})


def test_a_table_without_a_needed_column_or_row_is_refused(tmp_path: Path) -> None:
    fewer = {name: kind for name, kind in RECORD_COLUMNS.items() if name != "Voltage"}
    with pytest.raises(ReadError, match="has no column Voltage"):
        _read(tmp_path, Channel_Normal_Table=JetTable(fewer, [row[:9] + row[10:] for row in records()]))
    with pytest.raises(ReadError, match="holds no record"):
        _read(tmp_path, Channel_Normal_Table=JetTable(RECORD_COLUMNS, []))


def test_a_cut_at_any_page_or_within_is_refused(tmp_path: Path) -> None:
    raw = make("arbin_res", tmp_path).read_bytes()
    path = tmp_path / "cut.res"
    for size in [*range(0, len(raw), 4096), *range(100, len(raw), 3333)]:
        path.write_bytes(raw[:size])
        if size == len(raw) - 4096:
            continue
        with pytest.raises(ReadError, match=r"cut\.res"):
            arbin_res.FORMAT.read(path, {})


def test_a_public_file_cut_at_pages_is_refused_or_whole(cycling_folder: Path, tmp_path: Path) -> None:
    raw = (cycling_folder / PUBLIC).read_bytes()
    path = tmp_path / "cut.res"
    whole = _frame(arbin_res.FORMAT.read(cycling_folder / PUBLIC, {}))
    refused = 0
    for pages in range(5, 399, 13):
        path.write_bytes(raw[: pages * 4096])
        try:
            assert _frame(arbin_res.FORMAT.read(path, {})).equals(whole)
        except ReadError as error:
            assert "cut short" in str(error)  # noqa: PT017
            refused += 1
    assert refused > 20


@pytest.mark.parametrize("page", range(10))
def test_any_byte_of_a_page_header_may_be_wrong(page: int, tmp_path: Path) -> None:
    """Every byte of the head of every page, turned three ways: a refusal or a reading, and neither a hang nor a crash."""
    raw = make("arbin_res", tmp_path).read_bytes()
    path = tmp_path / "flipped.res"
    for place in range(64):
        for change in (0xFF, 0x01, 0x80):
            broken = bytearray(raw)
            broken[page * 4096 + place] ^= change
            path.write_bytes(broken)
            try:
                assert _frame(arbin_res.FORMAT.read(path, {})).height <= 61
            except ReadError as error:
                assert "flipped.res" in str(error)  # noqa: PT017


def test_circles_end(tmp_path: Path) -> None:
    place = write_database(tmp_path / "a.res", database())["Channel_Normal_Table"]
    raw = bytearray((tmp_path / "a.res").read_bytes())
    raw[place * 4096 + 4 : place * 4096 + 8] = place.to_bytes(4, "little")
    (tmp_path / "a.res").write_bytes(raw)
    with pytest.raises(ReadError, match="runs in a circle"):
        arbin_res.FORMAT.read(tmp_path / "a.res", {})


def test_the_self_check_finds_nothing_in_the_public_file(cycling_folder: Path) -> None:
    payload = arbin_res.FORMAT.read(cycling_folder / PUBLIC, {}).payload
    assert count(payload.frame, payload.columns).notices == ()  # type: ignore[union-attr]
