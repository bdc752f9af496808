"""Tables of other programs: what is believed, what is refused, and what is never mixed with our own numbers."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from interlith.errors import StudyError
from interlith.model import Observable, Study
from interlith.model.observable import to_frame
from interlith.workbench.external.reading import external_results, read_external, without_doubles
from interlith.workbench.opening import open_study

from .folders import write_study

SOFTWARE = "# software: CasaXPS 2.3.26\n"


def _table(folder: Path, text: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def _one(folder: Path, text: str) -> Observable:
    (found,) = read_external(_table(folder, text)).observables()
    return found


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return open_study(write_study(tmp_path_factory.mktemp("study")))


def test_a_long_table_becomes_a_result_marked_external(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        "# software: CasaXPS 2.3.26\n# a remark of the operator\n# method: Shirley\n"
        "Sample, Quantity ,VALUE,unit,std,Uncertainty includes\n"
        "bare,Ni fraction,25.1,at%,0.4,counting fit\n"
        "bare,binding energy,854.9 +- 0.1 eV,,,\n",
    )
    found = read_external(path)
    first, second = found.observables()
    assert (first.quantity, first.value, first.unit, first.std) == ("Ni_fraction", 25.1, "at%", 0.4)
    assert first.includes == {"counting", "fit"}
    assert (second.value, second.unit, second.std) == (854.9, "eV", 0.1)
    assert second.includes == {"model"}
    assert "not stated" in second.flag
    assert "not stated" not in first.flag
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert first.source == f"sha256:{digest}"
    assert first.method == "external: CasaXPS 2.3.26; Shirley"
    assert first.fit == "table.csv, line 5"
    assert first.flag.startswith("external")
    assert found.how.method == "external: CasaXPS 2.3.26"
    assert found.how.options["sha256"] == digest
    assert found.how.options["bytes"] == path.stat().st_size
    assert found.how.versions == {"CasaXPS": "2.3.26"}
    assert found.table.get_column("includes").to_list() == ["fit+noise", "external"]


@pytest.mark.parametrize(
    ("row", "value", "unit", "std"),
    [
        ("value\nbare,mass,4.41(3) mg", 4.41, "mg", 0.03),
        ("value,std\nbare,mass,4.41 mg,20 ug", 4.41, "mg", 0.02),
        ("value,std\nbare,mass,4.41 mg,1 %", 4.41, "mg", 0.0441),
        ("value [%],std\nbare,share,40,2 %", 40.0, "%", 2.0),
        ("value (mAh/g)\nbare,specific_capacity,(131 ± 2)", 131.0, "mAh/g", 2.0),
        ("value [degC],std [K]\nbare,onset,200,3", 200.0, "degC", 3.0),
        ("value,unit,low,high,level\nbare,d,10,nm,8,12,68.2689492 %", 10.0, "nm", 2.0),
        ("value,unit,low,high\nbare,d,10,nm,9.02,10.98", 10.0, "nm", 0.5),
        ("value,unit,std\nbare,d,10,nm,", 10.0, "nm", math.inf),
        ("value,unit,std\nbare,d,10,nm,0", 10.0, "nm", math.inf),
    ],
)
def test_values_units_and_uncertainties(tmp_path: Path, row: str, value: float, unit: str, std: float) -> None:
    found = _one(tmp_path, f"{SOFTWARE}sample,quantity,{row}\n")
    assert found.value == value
    assert found.unit == unit
    assert found.std == pytest.approx(std, rel=1e-3)
    assert ("uncertainty unknown" in found.flag) == math.isinf(std)


def test_an_asymmetric_interval_stays_as_it_is(tmp_path: Path) -> None:
    found = _one(tmp_path, f"{SOFTWARE}sample,quantity,value,unit,low,high,level\nbare,d,10,nm,9,14,0.9\n")
    assert (found.low, found.high, found.level) == (9.0, 14.0, 0.9)
    assert found.interval() == (9.0, 14.0)


def test_below_the_limit_and_not_measured_are_null_with_a_reason(tmp_path: Path) -> None:
    path = _table(tmp_path, f"{SOFTWARE}sample,quantity,value,unit\nbare,La,<0.05,wt%\nbare,Al,n.d.,wt%\n")
    low, none = read_external(path).observables()
    assert (low.value, none.value) == (None, None)
    assert "below 0.05 wt%" in low.flag
    assert "no value" in none.flag


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_spreadsheet_exports_of_other_countries(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "# software: Größe 3.1\nsample;quantity;value;unit;std\nbare;d;4,41;nm;0,02\nbare;e;12,5 ± 0,3;nm;\n"
    path = _table(tmp_path, text.replace(";", delimiter).replace("\n", "\r\n"), encoding=encoding)
    first, second = read_external(path).observables()
    assert (first.value, first.std) == (4.41, 0.02)
    assert (second.value, second.std) == (12.5, 0.3)
    assert first.method == "external: Größe 3.1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sample,quantity,value,unit\nbare,d,1,nm\n", ["line 2 (software)", "no number without the program"]),
        (f"{SOFTWARE}sample,quantity,value\nbare,d,1\n", ["line 3 (value)", "no unit"]),
        (f"{SOFTWARE}sample,quantity,value,unit\nbare,d,1,furlong2\n", ["furlong2", "not a unit"]),
        (f"{SOFTWARE}sample,quantity,value,unit\nbare,d,1 mm,nm\n", ["contradict"]),
        (f"{SOFTWARE}sample,quantity,value,unit\nbare,d,abc,nm\n", ["'abc'", "not a number"]),
        (f"{SOFTWARE}sample,quantity,value,unti\nbare,d,1,nm\n", ["no column 'unti'", "did you mean 'unit'"]),
        (f"{SOFTWARE}sample,quantity\nbare,d\n", ["column 'value' is missing"]),
        (f"{SOFTWARE}sample,value,unit\nbare,1,nm\n", ["column 'quantity' is missing"]),
        (f"{SOFTWARE}sample,quantity,value,unit,low\nbare,d,1,nm,0\n", ["both low and high"]),
        (f"{SOFTWARE}sample,quantity,value,unit,low,high\nbare,d,1,nm,2,3\n", ["not between"]),
        (f"{SOFTWARE}sample,quantity,value,unit,std\nbare,d,1 +- 1,nm,2\n", ["std is given twice"]),
        (f"{SOFTWARE}sample,quantity,value,unit,std\nbare,d,1,nm,-2\n", ["not negative"]),
        (f"{SOFTWARE}sample,quantity,value,unit,uncertainty_includes\nbare,d,1,nm,fitt\n", ["did you mean 'fit'"]),
        (f"{SOFTWARE}sample,quantity,value,unit,state\nbare,d,1,nm,voltage\n", ["go together"]),
        (f"{SOFTWARE}sample,quantity,value,unit,cycle\nbare,d,1,nm,two\n", ["(cycle)", "number of one cycle"]),
        (f"{SOFTWARE}sample;quantity;value;unit\nbare;d;1,234;nm\n", ["two numbers", "# decimal"]),
        (f"{SOFTWARE}sample;quantity;value;unit\nbare;d;1,5;nm\nbare;e;2.5;nm\n", ["decimal commas and points"]),
        (f"{SOFTWARE}sample;quantity;value;unit\nbare;d;1.234,5;nm\n", ["thousands separators"]),
        (f"{SOFTWARE}sample,quantity,value,unit\nbare,d,1,5,nm\n", ["needs quotes"]),
        ("# sofware: X\nsample,quantity,value,unit\nbare,d,1,nm\n", ["'sofware' cannot be declared", "'software'"]),
        ("name,quantity,value\nbare,d,1\n", ["no header line with the column 'sample'"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(StudyError) as raised:
        read_external(_table(tmp_path, text))
    assert str(raised.value).startswith("table.csv")
    assert [word for word in words if word not in str(raised.value)] == []


def test_all_wrong_lines_are_told_at_once(tmp_path: Path) -> None:
    path = _table(tmp_path, f"{SOFTWARE}sample,quantity,value,unit\nbare,d,x,nm\nbare,e,1,nm\nbare,f,y,nm\n")
    with pytest.raises(StudyError) as raised:
        read_external(path)
    assert [line.partition(" (")[0] for line in str(raised.value).splitlines()] == [
        "table.csv, line 3",
        "table.csv, line 5",
    ]


def test_a_declared_decimal_comma_settles_what_is_ambiguous(tmp_path: Path) -> None:
    found = _one(tmp_path, f"{SOFTWARE}# decimal: ,\nsample;quantity;value;unit\nbare;d;1,234;nm\n")
    assert found.value == 1.234


def test_a_wide_sheet_has_one_number_a_cell(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        "# software: ICP Expert 7.6\nsample,Ni [wt%],Ni std [wt%],Mn (wt%),La [ppm],note\n"
        "bare,14.2,0.1,45.3 ± 0.4,<5,first\nC0.5La,14.1,0.2,,812,\n",
    )
    found = read_external(path).observables()
    assert [(item.sample, item.quantity, item.value, item.unit) for item in found] == [
        ("bare", "Ni", 14.2, "wt%"),
        ("bare", "Mn", 45.3, "wt%"),
        ("bare", "La", None, "ppm"),
        ("C0.5La", "Ni", 14.1, "wt%"),
        ("C0.5La", "La", 812.0, "ppm"),
    ]
    assert [item.std for item in found][:2] == [0.1, 0.4]
    assert len({source for item in found for source in item.components}) == 3


def test_rows_are_independent_unless_a_shared_cause_is_named(tmp_path: Path) -> None:
    rows = "bare,Ni,20,wt%,2,{0}\ncoated,Ni,10,wt%,1,{0}\n"
    header = f"{SOFTWARE}sample,quantity,value,unit,std,shared\n"
    alone = read_external(_table(tmp_path, header + rows.format(""))).observables()
    common = read_external(_table(tmp_path, header + rows.format("standard solution"))).observables()
    assert alone[0].over(alone[1]).std == pytest.approx(2 * math.hypot(0.1, 0.1))
    assert common[0].over(common[1]).std == pytest.approx(0.0, abs=1e-12)


def _workbook(path: Path, rows: list[list[object]], percent: tuple[int, int] | None = None) -> Path:
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("empty")
    sheet = book.add_worksheet("Results & more")
    shown = book.add_format({"num_format": "0.0%"})
    dated = book.add_format({"num_format": "d mmm"})
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if percent == (row, column):
                sheet.write_number(row, column, float(str(cell)), shown)
            elif cell == "DATE":
                sheet.write_number(row, column, 45000, dated)
            elif cell != "":
                sheet.write(row, column, cell)
    book.close()
    return path


def test_a_workbook_with_typed_numbers_and_remarks_in_two_cells(tmp_path: Path) -> None:
    rows = [["# software", "GSAS-II 5.3"], [], ["sample", "quantity", "value [angstrom]", "std", "cycle"],
            ["bare", "lattice parameter", 8.1702, 0.0003, 3]]  # fmt: skip
    (found,) = read_external(_workbook(tmp_path / "gsas.xlsx", rows)).observables()
    assert (found.value, found.std, found.unit, found.cycle) == (8.1702, 0.0003, "angstrom", 3)
    assert found.state is not None
    assert (found.state.name, found.state.value) == ("cycle", 3.0)
    assert found.fit == "gsas.xlsx, sheet 'Results & more', cell C4"


def test_a_cell_shown_in_per_cent_is_not_a_hundred_times_too_small(tmp_path: Path) -> None:
    rows = [["# software: TGA 1"], ["sample", "quantity", "value", "unit"], ["bare", "mass loss", 0.05, "%"]]
    plain = read_external(_workbook(tmp_path / "a.xlsx", rows)).observables()
    shown = read_external(_workbook(tmp_path / "b.xlsx", rows, percent=(2, 2))).observables()
    assert plain[0].value == 0.05
    assert shown[0].value == 5.0


@pytest.mark.parametrize("column", [0, 2])
def test_a_cell_that_the_spreadsheet_made_a_date_is_refused(tmp_path: Path, column: int) -> None:
    row: list[object] = ["bare", "d", 1.5, "nm"]
    row[column] = "DATE"
    path = _workbook(tmp_path / "a.xlsx", [["# software: X 1"], ["sample", "quantity", "value", "unit"], row])
    with pytest.raises(StudyError, match=rf"cell {'AC'[column // 2]}3.*turned the (name|number) into a date"):
        read_external(path)


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (tmp_path / "b.pdf").write_bytes(b"%PDF")
    (tmp_path / "c.csv").write_bytes(b"")
    for name in ("a.xlsx", "b.pdf", "c.csv", "absent.csv"):
        with pytest.raises(StudyError, match=name.partition(".")[0]):
            read_external(tmp_path / name)


def test_samples_are_specimens_or_variants_of_the_study(tmp_path: Path, study: Study) -> None:
    path = _table(
        tmp_path,
        f"{SOFTWARE}sample,batch,replicate,quantity,value,unit\nbare_1,,,d,1,nm\nBARE,,,d,1,nm\nbare,b1,2,d,1,nm\ncoated,b1,,d,1,nm\n",
    )
    found = read_external(path, study=study).observables()
    assert [(item.sample, item.variant, item.batch, item.replicate) for item in found] == [
        ("bare_1", "bare", "b1", "1"),
        ("bare", "bare", "", ""),
        ("bare_2", "bare", "b1", "2"),
        ("coated_b1", "coated", "b1", ""),
    ]
    with pytest.raises(StudyError, match=r"line 3.*did you mean 'bare_1'"):
        read_external(_table(tmp_path, f"{SOFTWARE}sample,quantity,value,unit\nbare-1,d,1,nm\n"), study=study)
    with pytest.raises(StudyError, match="no specimen"):
        read_external(_table(tmp_path, f"{SOFTWARE}sample,replicate,quantity,value,unit\nbare,9,d,1,nm\n"), study=study)


def test_the_raw_file_is_found_by_name_and_by_digest(tmp_path: Path, study: Study) -> None:
    source = study.measurements[0].source
    rows = [source.path, source.path.rpartition("/")[2], source.sha256[:16], "sha256:" + "ab" * 32, "gone.vms"]
    lines = "".join(f"bare_1,d{k},1,nm,{raw}\n" for k, raw in enumerate(rows))
    table = read_external(_table(tmp_path, f"{SOFTWARE}sample,quantity,value,unit,raw\n{lines}"), study=study)
    found = [item.source.partition(" of sha256:")[2] for item in table.observables()]
    assert found == [source.sha256] * 3 + ["ab" * 32, ""]
    assert "'gone.vms' is not here" in table.observables()[4].flag


def test_a_misspelt_quantity_is_told_and_an_unknown_one_is_taken(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        f"{SOFTWARE}sample,quantity,value,unit\na,Discharge Capacty,1,mAh\na,Discharge Capacity,1,mAh\na,BET area,1,m^2/g\n",
    )
    near, known, unknown = read_external(path).observables()
    assert "was 'discharge_capacity' meant" in near.flag
    assert known.quantity == "discharge_capacity"
    assert (unknown.quantity, "meant" in unknown.flag) == ("BET_area", False)


def test_states_with_their_intervals(tmp_path: Path) -> None:
    path = _table(
        tmp_path,
        f"{SOFTWARE}sample,quantity,value,unit,state,state_value,state_unit\n"
        "a,d,1,nm,voltage,4.70,V\na,d,1,nm,Temperature,750 +- 2 degC,\na,d,1,nm,dwell time,30,min\n",
    )
    one, two, three = (item.state for item in read_external(path).observables())
    assert one is not None
    assert two is not None
    assert three is not None
    assert (one.name, one.value, one.low, one.high) == ("voltage", 4.7, pytest.approx(4.695), pytest.approx(4.705))
    assert (two.name, two.high) == ("temperature", pytest.approx(750 + 1.96 * 2, rel=1e-4))
    assert (three.name, three.value, three.unit) == ("dwell_time", 30.0, "min")


def test_study_yaml_names_tables_and_one_bad_table_loses_nothing(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    yaml = folder / "study.yaml"
    yaml.write_text(yaml.read_text() + "external: [good.csv, bad.csv, ../out.csv]\n")
    _table(folder, f"{SOFTWARE}sample,quantity,value,unit\nbare_1,d,1,nm\n", "good.csv")
    _table(folder, "sample,quantity,value,unit\nbare_1,d,1,nm\n", "bad.csv")
    results, failures = external_results(open_study(folder))
    assert [result.name for result in results] == ["external good.csv"]
    assert len(failures) == 2
    assert "bad.csv, line 2 (software)" in failures[0]
    assert "leaves the study folder" in failures[1]


def test_our_numbers_and_those_of_others_never_enter_one_contrast(tmp_path: Path) -> None:
    header = "sample,software,quantity,value,unit\n"
    own = to_frame([Observable("discharge_capacity", 1.0, "mAh", sample="bare_1", variant="bare")])
    first = read_external(_table(tmp_path, f"{header}a,X 1,discharge_capacity,1,mAh\na,X 1,Ni,1,wt%\n", "a.csv")).table
    second = read_external(_table(tmp_path, f"{header}b,X 1,Ni,2,wt%\nb,Y 2,Ni,3,wt%\nb,Y 2,Mn,3,wt%\n", "b.csv")).table
    table, told = without_doubles(own, [first, second])
    kept = table.select("quantity", "sample", "value").rows()
    assert kept == [("discharge_capacity", "bare_1", 1.0), ("Ni", "a", 1.0), ("Ni", "b", 2.0), ("Mn", "b", 3.0)]
    assert len(told) == 2
    assert table.columns == own.columns
    assert without_doubles(own, [])[0].equals(own)
    assert isinstance(table, pl.DataFrame)
