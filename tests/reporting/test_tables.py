"""Do the exported tables hold the numbers as they are, and no formula that somebody hid in a name?"""

import zipfile
from xml.etree import ElementTree

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from python_calamine import CalamineWorkbook

from interlith.model import SCHEMA
from interlith.reporting import figure_numbers, write_observables
from interlith.reporting.tables import guard, guard_text, write_figure_numbers
from interlith.reporting.workbook import write_workbook
from tests.reporting.fakes import HOSTILE, make_outcome

COLUMNS = (
    "id,study,sample,variant,batch,replicate,technique,quantity,value,std,low,high,level,unit,std_random,"
    "std_systematic,includes,state,state_value,state_low,state_high,state_unit,cycle,method,fit,source,flag"
)


@pytest.fixture(scope="module")
def outcome():
    return make_outcome(6, 30, names=HOSTILE, simulated=True)


def test_observables_have_the_promised_columns_and_read_back_exactly(outcome, tmp_path) -> None:
    table, exact = write_observables(outcome.observables, tmp_path)
    assert table.read_text(encoding="utf-8").splitlines()[0] == COLUMNS
    assert_frame_equal(pl.read_parquet(exact), outcome.observables)
    back = pl.read_csv(table, schema_overrides={"fit": pl.String, "flag": pl.String})
    assert back.columns == list(SCHEMA)
    assert set(back["sample"]) == {guard_text(name) for name in outcome.observables["sample"].unique()}
    assert "'" + HOSTILE[1] in set(back["sample"])
    for name in ("value", "std", "low", "high", "std_random", "std_systematic"):
        assert back[name].to_list() == outcome.observables[name].to_list()


def test_unknown_and_missing_survive_in_csv(outcome, tmp_path) -> None:
    table, _ = write_observables(outcome.observables, tmp_path)
    back = pl.read_csv(table)
    voltage = back.filter(pl.col("quantity") == "discharge_mean_voltage")
    assert voltage["std"].is_infinite().all()
    missing = back.filter((pl.col("quantity") == "initial_coulombic_efficiency") & pl.col("value").is_null())
    assert missing["flag"].to_list() == ["incomplete half-cycle"]
    assert missing["std"].to_list() == [None]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "@SUM(1)",
        "+cmd|'x'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "\t=1",
        "\r=1",
        " =1",
        "＝1",
        "-(1)",
    ],
)
def test_formulas_are_disarmed(text: str) -> None:
    assert guard_text(text) == "'" + text


@pytest.mark.parametrize("text", ["bare", "-20 degC", "+5 %", "C0.5La", "-20C_cell_1", "a=b", "1-2", "−5", "", "it's"])
def test_names_are_left_alone(text: str) -> None:
    assert guard_text(text) == text


def test_numbers_are_never_touched() -> None:
    frame = pl.DataFrame({"x": [-1.5, None], "text": ["=1", None]})
    assert guard(frame)["x"].to_list() == [-1.5, None]
    assert guard(frame)["text"].to_list() == ["'=1", None]


def test_figure_numbers_round_trip(outcome, tmp_path) -> None:
    figure = outcome.figures[1]
    back = pl.read_csv(write_figure_numbers(figure, tmp_path / "f.csv"), infer_schema_length=None)
    told = figure_numbers(figure)
    assert back.height == told.height
    for name in ("x", "y", "low", "high"):
        assert back[name].to_list() == told[name].to_list()
    assert back.filter(pl.col("element") == "marker")["y"].to_list() == [80.0]


def test_workbook_has_its_sheets_and_no_formula(outcome, tmp_path) -> None:
    path = write_workbook(outcome, tmp_path / "results.xlsx")
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["Summary", "Findings", "Observables", "Cycles", "Choices", "Unread", "Methods"]
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/sheet"):
                root = ElementTree.fromstring(archive.read(name))
                space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
                assert not list(root.iter(f"{space}f")), name
                assert not list(root.iter(f"{space}hyperlink")), name
                assert list(root.iter(f"{space}pane")), name
    for name in book.sheet_names:
        assert "SIMULATED" in str(book.get_sheet_by_name(name).to_python()[0][0])


def test_workbook_numbers_are_the_observables(outcome, tmp_path) -> None:
    path = write_workbook(outcome, tmp_path / "results.xlsx")
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Observables").to_python()
    head = next(place for place, row in enumerate(rows) if row[0] == "id")
    assert tuple(rows[head]) == SCHEMA
    value, sample, std = (SCHEMA.index(name) for name in ("value", "sample", "std"))
    told = rows[head + 1 :]
    assert len(told) == outcome.observables.height
    assert [row[value] or None for row in told] == pytest.approx(outcome.observables["value"].to_list())
    assert [row[sample] for row in told] == outcome.observables["sample"].to_list()
    assert "unknown" in {row[std] for row in told}


def test_a_long_table_is_cut_with_words(outcome, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("interlith.reporting.workbook.MOST_CELLS", 2000)
    path = write_workbook(outcome, tmp_path / "results.xlsx")
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Observables").to_python()
    assert f"of {outcome.observables.height} rows" in rows[1][0]
    assert len(rows) < 100
