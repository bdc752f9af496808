"""What the writers print comes back exactly to the printed digit; layered, Chinese and workbook layouts mean the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError, StudyError
from interlith.formats import bdf, landt_csv, landt_xlsx, neware_csv, neware_ndax, neware_xlsx
from interlith.model import Reading
from tests.formats.samples import make, table

DIGITS = {
    "neware_csv": {"test_time": 1e-3, "current": 1e-8, "voltage": 1e-4, "charge_counter": 1e-8, "energy_counter": 1e-8},
    "landt_csv": {
        "test_time": 1e-3,
        "current": 1e-7,
        "voltage": 1e-4,
        "capacity_counter": 1e-7,
        "energy_counter": 1e-7,
    },
    "bdf": {"test_time": 1e-6, "current": 1e-9, "voltage": 1e-6, "charge_counter": 1e-9},
}
MODULES = {"neware_csv": neware_csv, "landt_csv": landt_csv, "bdf": bdf}
ROWS = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=10**12),
        st.floats(min_value=-20, max_value=20),
        st.floats(min_value=-0.5, max_value=6),
        st.floats(min_value=0, max_value=10),
    ),
    min_size=1,
    max_size=30,
)


def _frame(reading: Reading) -> pl.DataFrame:
    frame = reading.payload.frame  # type: ignore[union-attr]
    return frame.collect()


@pytest.mark.parametrize("name", list(MODULES))
@given(rows=ROWS)
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_numbers_come_back_to_the_printed_digit(
    name: str, rows: list[tuple[int, float, float, float]], tmp_path: Path
) -> None:
    time, current, voltage, charge = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    frame = pl.DataFrame(
        {
            "test_time": np.sort(time) / 1e3,
            "current": current,
            "voltage": voltage,
            "vendor_cycle": np.ones(len(time), dtype=int),
            "vendor_step": np.ones(len(time), dtype=int),
            "vendor_step_type": ["CC Chg"] * len(time),
            "charge_counter": charge,
            "discharge_counter": 0 * charge,
            "charge_energy_counter": 3 * charge,
            "discharge_energy_counter": 0 * charge,
        }
    )
    path = tmp_path / "out.csv"
    MODULES[name].write(frame, path, {})
    options = {"time_scale": 1} if name == "bdf" else {}
    back = _frame(MODULES[name].read(path, options))
    wanted = frame.with_columns(
        capacity_counter=pl.col("charge_counter"), energy_counter=pl.col("charge_energy_counter")
    )
    for column, digit in DIGITS[name].items():
        scaled = wanted[column].to_numpy() / digit
        np.testing.assert_allclose(
            back[column].to_numpy() / digit, np.round(scaled), rtol=1e-12, atol=1e-3, err_msg=column
        )


@pytest.mark.parametrize("name", list(MODULES))
def test_the_sample_comes_back_with_steps_and_words(name: str, tmp_path: Path) -> None:
    path = make(name, tmp_path)
    back = _frame(MODULES[name].read(path, {}))
    assert back["vendor_step"].to_list() == table()["vendor_step"].to_list()
    assert back["vendor_cycle"].to_list() == table()["vendor_cycle"].to_list()
    assert back["current"].sign().to_list() == table()["current"].sign().to_list()
    if name != "bdf":
        assert back["vendor_step_type"].n_unique() == 3
        assert str(back["wall_clock"][0]) == "2026-01-02 03:04:05"


def test_the_mass_behind_specific_columns_is_proposed(tmp_path: Path) -> None:
    for module in (neware_csv, landt_csv):
        path = tmp_path / "m.csv"
        module.write(table(), path, {"active_mass": "4.41 mg"})
        assert module.read(path, {}).proposals == {"active_mass": "4.41 mg"}


def test_contradicting_specific_columns_give_no_mass(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    neware_csv.write(table(), path, {"active_mass": "4.41 mg"})
    frame = pl.read_csv(path, infer_schema=False)
    spoiled = pl.when(pl.col("DataPoint") == "38").then(pl.lit("999.99")).otherwise(pl.col("Spec. Cap.(mAh/g)"))
    frame.with_columns(spoiled.alias("Spec. Cap.(mAh/g)")).write_csv(path)
    assert neware_csv.read(path, {}).proposals == {}


@pytest.mark.parametrize("module", [neware_csv, landt_csv])
def test_a_writer_says_what_is_missing(module: object, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no column vendor_cycle"):
        module.write(table().drop("vendor_cycle"), tmp_path / "x.csv", {})  # type: ignore[attr-defined]
    with pytest.raises(StudyError, match="did you mean 'active_mass'"):
        module.write(table(), tmp_path / "x.csv", {"activ_mass": "1 mg"})  # type: ignore[attr-defined]
    with pytest.raises(StudyError, match="not a date"):
        module.write(table(), tmp_path / "x.csv", {"start": "yesterday"})  # type: ignore[attr-defined]


def _layered(delimiter: str, indent: tuple[int, int, int] = (0, 1, 2)) -> str:
    first, second, third = (delimiter * number for number in indent)
    lines = [
        f"{first}Cycle ID{delimiter}Cap_Chg(mAh){delimiter}Cap_DChg(mAh)",
        f"{second}Step ID{delimiter}Step Name{delimiter}Step Time(h:min:s.ms)",
        f"{third}Record ID{delimiter}Time(h:min:s.ms){delimiter}Vol(mV){delimiter}Current(mA){delimiter}Capacity(mAh)",
    ]
    record = 0
    for cycle in (1, 2):
        lines.append(f"{first}{cycle}{delimiter}1.0{delimiter}1.0")
        for step, word, current in ((1, "Rest", 0.0), (2, "CC_Chg", 1.0), (3, "CC_DChg", -1.0)):
            lines.append(f"{second}{step}{delimiter}{word}{delimiter}00:00:30.000")
            for tick in range(4):
                record += 1
                values = [record, f"0:00:{tick * 10:02d}.000", 3000 + tick, current, abs(current) * tick / 360]
                lines.append(third + delimiter.join(str(value) for value in values))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("delimiter", "indent"), [(",", (0, 1, 2)), ("\t", (0, 1, 2)), ("\t", (0, 2, 3)), (";", (0, 1, 3))]
)
def test_a_layered_export_is_the_flat_one(tmp_path: Path, delimiter: str, indent: tuple[int, int, int]) -> None:
    path = tmp_path / "layered.txt"
    path.write_text(_layered(delimiter, indent))
    assert neware_csv.sniff(path.read_bytes(), path) > 0.9
    reading = neware_csv.read(path, {})
    frame = _frame(reading)
    assert frame.height == 24
    assert frame["vendor_cycle"].to_list() == [1] * 12 + [2] * 12
    assert frame["vendor_step"].to_list() == ([1] * 4 + [2] * 4 + [3] * 4) * 2
    assert frame["vendor_step_type"].unique(maintain_order=True).to_list() == ["Rest", "CC_Chg", "CC_DChg"]
    assert frame["voltage"].to_list()[:4] == pytest.approx([3.0, 3.001, 3.002, 3.003])
    assert frame["current"].min() == -0.001
    assert frame["test_time"].to_list() == [float(30 * (row // 4) + 10 * (row % 4)) for row in range(24)]
    assert "time_from_steps" in {flag.code for flag in reading.flags}


def test_a_layered_export_whose_cells_open_with_a_tab(tmp_path: Path) -> None:
    plain = tmp_path / "plain.csv"
    plain.write_text(_layered(","))
    quoted = [
        ",".join(cell and (cell if at == 0 else f'"\t{cell}"') for at, cell in enumerate([*line.split(","), "\t"]))
        for line in _layered(",").splitlines()
    ]
    path = tmp_path / "layered.csv"
    path.write_bytes(("\r\n".join(quoted) + "\r\n").encode("latin-1"))
    assert neware_csv.sniff(path.read_bytes(), path) > 0.9
    got, want = _frame(neware_csv.read(path, {})), _frame(neware_csv.read(plain, {}))
    assert got.select(want.columns).equals(want)
    assert got["current"].null_count() == 0


def test_a_layered_export_with_a_stray_indent_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "layered.csv"
    lines = _layered(",").splitlines()
    lines[7] = ",,," + lines[7].lstrip(",")
    path.write_text("\n".join(lines))
    with pytest.raises(ReadError, match="line 8 is indented by 3"):
        neware_csv.read(path, {})


def test_a_layered_record_before_its_step_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "layered.csv"
    lines = _layered(",").splitlines()
    path.write_text("\n".join([*lines[:3], *lines[5:]]))
    with pytest.raises(ReadError, match="before the cycle and step"):
        neware_csv.read(path, {})


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_a_chinese_export(tmp_path: Path, encoding: str) -> None:
    text = "数据序号,循环号,工步号,工步类型,时间,总时间,电流(A),电压(V),容量(Ah)\n" + "".join(
        f"{row},1,1,{word},00:00:{row:02d},00:00:{row:02d},{current},3.5,0\n"
        for row, (word, current) in enumerate([("静置", 0), ("恒流充电", 0.001), ("恒流放电", -0.001)])
    )
    path = tmp_path / "c.csv"
    path.write_bytes(text.encode(encoding))
    assert neware_csv.sniff(path.read_bytes(), path) > 0.9
    frame = _frame(neware_csv.read(path, {}))
    assert frame["vendor_step_type"].to_list() == ["静置", "恒流充电", "恒流放电"]
    assert frame["current"].to_list() == [0.0, 0.001, -0.001]


def test_micro_amperes_in_a_western_code_page(tmp_path: Path) -> None:
    text = (
        "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(µA),Voltage(mV),Capacity(mAs)\n"
        "1,1,1,CC Chg,00:00:00,00:00:00,1500,3500,0\n2,1,1,CC Chg,00:00:10,100:00:10,1500,3500.5,15.5\n"
    )
    path = tmp_path / "u.csv"
    path.write_bytes(text.encode("cp1252"))
    frame = _frame(neware_csv.read(path, {}))
    assert frame["current"].to_list() == [0.0015, 0.0015]
    assert frame["voltage"].to_list() == pytest.approx([3.5, 3.5005])
    assert frame["capacity_counter"].to_list() == pytest.approx([0, 15.5e-3 / 3600])
    assert frame["test_time"].to_list() == [0.0, 360010.0]


def test_counters_that_begin_as_integers_stay_numbers(tmp_path: Path) -> None:
    rows = "".join(f"{row},1,1,Rest,00:00:00,{row // 60:02d}:{row % 60:02d}:00,0,3.5,0\n" for row in range(20_000))
    path = tmp_path / "i.csv"
    path.write_text(
        "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(A),Voltage(V),Capacity(Ah)\n"
        + rows
        + "20000,1,2,CC Chg,00:00:00,400:00:00,0.00125,3.5,0.00012345\n"
    )
    frame = _frame(neware_csv.read(path, {}))
    assert frame["capacity_counter"][-1] == 0.00012345
    assert frame["current"][-1] == 0.00125


def test_magnitudes_get_their_sign_from_the_step_type(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    landt_csv.write(table().with_columns(pl.col("current").abs()), path, {})
    reading = landt_csv.read(path, {})
    assert _frame(reading)["current"].min() == pytest.approx(-1.25e-3)
    assert "sign_from_step_type" in {flag.code for flag in reading.flags}


@pytest.mark.parametrize(("module", "name"), [(landt_xlsx, "landt_xlsx"), (neware_xlsx, "neware_xlsx")])
def test_a_workbook_is_the_text(module: object, name: str, tmp_path: Path) -> None:
    back = _frame(module.read(make(name, tmp_path), {}))  # type: ignore[attr-defined]
    want = table()
    np.testing.assert_allclose(back["current"], want["current"], atol=1e-12)
    np.testing.assert_allclose(back["voltage"], want["voltage"], atol=1e-12)
    counter = (want["charge_counter"] + want["discharge_counter"]).to_numpy()
    np.testing.assert_allclose(back["capacity_counter"], counter, atol=1e-12)
    if name == "landt_xlsx":
        np.testing.assert_allclose(back["test_time"], want["test_time"], atol=1e-9)
    else:  # device time is the sum of the step times: the 10.5 s between steps are not in the file
        np.testing.assert_allclose(np.diff(back["test_time"])[1:19], 10.5)
        assert back["test_time"][-1] == pytest.approx(3 * 19 * 10.5)


def test_a_record_table_over_several_sheets_is_one(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for number in range(2):
        page = book.add_worksheet("Record-Tab" + "_2" * number)
        page.write_row(0, 0, ["Record", "StepStatus", "TestTime/Sec", "Voltage/V", "Current/mA"])
        for row in range(3):
            page.write_row(row + 1, 0, [3 * number + row, "Rest", 10.0 * (3 * number + row), 3.5, 0.0])
    book.close()
    assert _frame(landt_xlsx.read(path, {}))["test_time"].to_list() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]


def test_a_word_in_a_number_column_of_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.xlsx"
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("Record-Tab")
    page.write_row(0, 0, ["Record", "StepStatus", "TestTime/Sec", "Voltage/V", "Current/mA"])
    page.write_row(1, 0, [1, "Rest", 0.0, "3,5", 0.0])
    book.close()
    with pytest.raises(ReadError, match="'Voltage/V' holds '3,5' in record 1"):
        landt_xlsx.read(path, {})


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "bomb.ndax"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.ndc", b"\x00" * 80_000_000)
    with pytest.raises(ReadError, match="would unpack to 80000000 bytes"):
        neware_ndax.read(path, {})


def test_bdf_with_labels_and_parquet(tmp_path: Path) -> None:
    frame = table().select(
        pl.col("test_time").alias("Test Time / s"),
        pl.col("voltage").alias("Voltage / V"),
        pl.col("current").alias("Current / A"),
    )
    text, packed = tmp_path / "l.bdf.csv", tmp_path / "l.bdf.parquet"
    frame.write_csv(text)
    frame.write_parquet(packed)
    for path in (text, packed):
        assert bdf.sniff(path.read_bytes()[:65536], path) > 0.9
        assert _frame(bdf.read(path, {}))["voltage"].to_list() == pytest.approx(table()["voltage"].to_list())


def _slow(scale: float) -> pl.DataFrame:
    """A test of 60 h with two rests of whole minutes, its time column multiplied."""
    current = np.concatenate([np.zeros(61), np.full(7200, 1e-3), np.zeros(121), np.full(7200, -1e-3)])
    time = np.arange(len(current)) * 15.0
    return pl.DataFrame({"test_time_second": time * scale, "voltage_volt": 3.0 + 0 * time, "current_ampere": current})


def test_a_time_column_multiplied_by_3600_is_found_and_put_right(tmp_path: Path) -> None:
    path = tmp_path / "g.bdf.csv"
    _slow(3600.0).write_csv(path)
    reading = bdf.read(path, {})
    assert _frame(reading)["test_time"][-1] == pytest.approx(_slow(1.0)["test_time_second"][-1])
    assert "time_unit_contradiction" in {flag.code for flag in reading.flags}
    assert _frame(bdf.read(path, {"time_scale": 1}))["test_time"][1] == 15.0 * 3600
    _slow(1.0).write_csv(path)
    assert bdf.read(path, {}).flags == ()


def test_a_time_column_that_no_factor_explains_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.bdf.csv"
    _slow(3471.7).write_csv(path)
    with pytest.raises(ReadError, match="declare `time_scale`"):
        bdf.read(path, {})


def test_a_temperature_whose_unit_is_lost_is_left_out_and_flagged(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(A),Voltage(V),T1(furlong)\n"
        "1,1,1,Rest,00:00:00,00:00:00,0,3.5,25\n2,1,1,Rest,00:00:10,00:00:10,0,3.5,25\n"
    )
    reading = neware_csv.read(path, {})
    assert "temperature" not in _frame(reading).columns
    assert "column_left_out" in {flag.code for flag in reading.flags}


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
def test_degrees_in_one_sign(tmp_path: Path, encoding: str) -> None:
    text = (
        "DataPoint,Cycle Index,Step Index,Step Type,Time,Total Time,Current(A),Voltage(V),T1(℃)\n"
        "1,1,1,Rest,00:00:00,00:00:00,0,3.5,25.5\n2,1,1,Rest,00:00:10,00:00:10,0,3.5,25.5\n"
    )
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    assert _frame(neware_csv.read(path, {}))["temperature"].to_list() == [25.5, 25.5]
