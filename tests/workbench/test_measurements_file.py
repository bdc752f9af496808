"""`measurements.csv`: what is wrong is named with its cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.workbench.declaring.measurements_file import read_rows

from .folders import HEADER


def write(folder: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "measurements.csv"
    path.write_bytes((header + "".join(f"{line}\n" for line in lines)).encode(encoding))
    return path


def test_the_example_of_the_design_is_read(tmp_path: Path) -> None:
    (tmp_path / "eis").mkdir()
    for cycle in (1, 100):
        (tmp_path / "eis" / f"C5_01_cycle{cycle}.mpr").touch()
    path = write(
        tmp_path,
        "yes,cells/B1_01.ndax,cycling,bare,b1,1,4.41 mg,balance,,LP30,,,26 degC,,,",
        "yes,eis/C5_01_cycle{cycle}.mpr,impedance,C0.5La,b1,1,,,,,from name,,,,,",
        "no,cells/B1_03.ndax,cycling,bare,b1,3,4.48 mg,balance,,LP30,,,26 degC,,,leaked on opening",
    )
    rows = read_rows(path)
    assert [row.file for row in rows] == [
        "cells/B1_01.ndax", "eis/C5_01_cycle1.mpr", "eis/C5_01_cycle100.mpr", "cells/B1_03.ndax",
    ]  # fmt: skip
    assert [row.include for row in rows] == [True, True, True, False]
    assert rows[2].states["cycle"].value == 100
    temperature = rows[0].states["temperature"]
    assert (temperature.value, temperature.low, temperature.high) == (26, 25.5, 26.5)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("yes,a.csv,cyling,bare,,1,,,,,,,,,,", "cell C2 .technique. is 'cyling'; did you mean 'cycling'"),
        ("yes,a.csv,cycling,bare,,1,4.41,,,,,,,,,", "cell G2 .active_mass.: .*no unit"),
        ('yes,a.csv,cycling,bare,,1,"4,41 mg",,,,,,,,,', "cell G2 .active_mass.: .*decimal point"),
        ("yes,a.csv,cycling,bare,,1,-4 mg,,,,,,,,,", "cell G2 .active_mass.*must be positive"),
        ("yes,a.csv,cycling,bare,,1,,,1 cm,,,,,,,", "cell I2 .area"),
        ("maybe,a.csv,cycling,bare,,1,,,,,,,,,,", "cell A2 .include. is 'maybe'; write yes or no"),
        ("no,a.csv,cycling,bare,,1,,,,,,,,,,", "cell P2 .note.*without a reason"),
        ("yes,a.csv,cycling,bare,,1,,,,,,,26,,,", "cell M2 .temperature.*without a unit"),
        ("yes,a_{dos}.csv,cycling,bare,,1,,,,,,,,,,", "cell B2 .file.: no state 'dos'; did you mean 'dose'"),
        ("yes,a.csv,cycling,bare,,1,,,,,from name,,,,,", "cell K2 .cycle. says 'from name'"),
        ("yes,a.csv,cycling,bare,,1,,,,,,,,,,,too much", "17 cells under 16 columns"),
    ],
)
def test_errors_name_the_cell(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        read_rows(write(tmp_path, line))


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    line = "yes,a.csv,cycling,bare,,1,,,,,,,,,,"
    with pytest.raises(StudyError, match="stands already on line 2"):
        read_rows(write(tmp_path, line, line))


def test_an_unknown_column_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="did you mean 'active_mass'"):
        read_rows(write(tmp_path, header=HEADER.replace("active_mass,", "activ_mass,")))


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-8"), (";", "cp1252")])
def test_what_spreadsheets_save_is_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    line = "yes,Zellen/größe 1.csv,cycling,bare,,1,4.41 mg,Waage,,,,,,,,über Nacht".replace(",", delimiter)
    rows = read_rows(write(tmp_path, line, header=HEADER.replace(",", delimiter), encoding=encoding))
    assert rows[0].file == "Zellen/größe 1.csv"
    assert rows[0].cells["note"] == "über Nacht"


def test_blank_lines_and_comments_are_skipped(tmp_path: Path) -> None:
    assert read_rows(write(tmp_path, "", "# a comment", ",,,,,,,,,,,,,,,")) == []


def test_numbered_files_are_one_row_in_their_order(tmp_path: Path) -> None:
    for number in (1, 2, 10, 100):
        (tmp_path / f"p_{number}.txt").write_text("x", encoding="utf-8")
    (tmp_path / "log.txt").write_text("x", encoding="utf-8")
    text = "file,technique,sample,replicate\np_{number}.txt,diffraction,oxide,1\n"
    (tmp_path / "measurements.csv").write_text(text, encoding="utf-8")
    rows = read_rows(tmp_path / "measurements.csv")
    assert [row.file for row in rows] == ["p_1.txt", "p_2.txt", "p_10.txt", "p_100.txt"]
    assert all(not row.states for row in rows)
