"""`interlith init`: by content, never over an edit."""

from __future__ import annotations

from pathlib import Path

from interlith.workbench.declaring.measurements_file import read_rows
from interlith.workbench.initialise import initialise
from interlith.workbench.opening import open_study

from .folders import rows, write_cell


def test_files_are_found_by_content_not_by_name(tmp_path: Path) -> None:
    write_cell(tmp_path / "cells" / "bare_1.txt")
    write_cell(tmp_path / "cells" / "bare_2.csv")
    (tmp_path / "notes.csv").write_text("date,who\n2026-01-01,mk\n")
    (tmp_path / ".hidden.csv").write_text("x")
    done = initialise(tmp_path)
    assert done.added == ("cells/bare_1.txt", "cells/bare_2.csv")
    assert [item.path for item in done.left_out] == ["notes.csv"]
    found = read_rows(tmp_path / "measurements.csv")
    assert [(row.cells["sample"], row.cells["replicate"]) for row in found] == [("bare", "1"), ("bare", "2")]


def test_what_init_writes_opens_as_a_study(tmp_path: Path) -> None:
    write_cell(tmp_path / "bare_1.csv")
    write_cell(tmp_path / "C0.5La #1.csv", rows(2))
    initialise(tmp_path)
    text = (tmp_path / "study.yaml").read_text()
    assert 25 <= len(text.splitlines()) <= 35
    study = open_study(tmp_path)
    assert study.reference == "bare"
    assert set(study.variants) == {"bare", "C0.5La"}
    assert len(study["cycling"]) == 2
    assert any(gap.where.startswith("measurements.csv, cell G2") for gap in study.gaps)


def test_running_again_appends_and_never_overwrites(tmp_path: Path) -> None:
    write_cell(tmp_path / "bare_1.csv")
    initialise(tmp_path)
    table, study = tmp_path / "measurements.csv", tmp_path / "study.yaml"
    edited = table.read_text().replace("bare_1.csv,cycling,bare,", "bare_1.csv,cycling,bare,b7")
    table.write_bytes(edited.replace("\n", "\r\n").rstrip("\r\n").encode())
    study.write_text("study: mine\n")
    before = table.read_bytes()
    write_cell(tmp_path / "bare_2.csv")
    done = initialise(tmp_path)
    assert done.added == ("bare_2.csv",)
    assert table.read_bytes().startswith(before)
    assert study.read_text() == "study: mine\n"
    assert [row.file for row in read_rows(table)] == ["bare_1.csv", "bare_2.csv"]
    again = table.read_bytes()
    assert initialise(tmp_path).added == ()
    assert table.read_bytes() == again


def test_appending_keeps_the_columns_of_an_edited_table(tmp_path: Path) -> None:
    write_cell(tmp_path / "bare_1.csv")
    (tmp_path / "measurements.csv").write_text("file;technique;sample;note\nbare_1.csv;cycling;bare;mine\n")
    write_cell(tmp_path / "bare_2.csv")
    initialise(tmp_path)
    assert (tmp_path / "measurements.csv").read_text().splitlines()[2] == "bare_2.csv;cycling;bare;"


def test_restarted_tests_share_a_replicate(tmp_path: Path) -> None:
    write_cell(tmp_path / "bare_1.csv")
    write_cell(tmp_path / "bare_1_part2.csv", rows(1))
    write_cell(tmp_path / "bare_2.csv")
    done = initialise(tmp_path)
    found = {row.file: row.cells for row in read_rows(tmp_path / "measurements.csv")}
    assert set(done.restarted) == {"bare_1.csv", "bare_1_part2.csv"}
    assert found["bare_1_part2.csv"]["replicate"] == found["bare_1.csv"]["replicate"] == "1"
    assert found["bare_2.csv"]["replicate"] == "2"


def test_a_name_that_yaml_would_misread_is_quoted(tmp_path: Path) -> None:
    folder = tmp_path / "no"
    write_cell(folder / "1.5_a: b_1.csv")
    initialise(folder)
    assert open_study(folder).name == "no"


def test_a_mapping_in_study_yaml_reaches_the_reader_and_new_variants_are_named(tmp_path: Path) -> None:
    lines = ["t;I;U"] + [f"{60 * k};{0.001 if k % 20 < 10 else -0.001};{3 + 0.01 * (k % 20)}" for k in range(60)]
    (tmp_path / "odd_1.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "study.yaml").write_text(
        "study: x\nsamples: {bare: {}}\nanalyses:\n"
        "  cycling: {mapping: {test_time: t, current: I, voltage: U}, units: {test_time: s, current: A, voltage: V}}\n"
    )
    done = initialise(tmp_path)
    assert done.added == ("odd_1.csv",)
    assert done.undeclared == ("odd",)


def test_appending_to_a_utf_16_table_keeps_its_encoding(tmp_path: Path) -> None:
    write_cell(tmp_path / "bare_1.csv")
    (tmp_path / "measurements.csv").write_text(
        "file\ttechnique\tsample\nbare_1.csv\tcycling\tbare\n", encoding="utf-16"
    )
    write_cell(tmp_path / "bare_2.csv", rows(2))
    initialise(tmp_path)
    assert [row.file for row in read_rows(tmp_path / "measurements.csv")] == ["bare_1.csv", "bare_2.csv"]


def test_tables_of_other_programs_are_no_raw_files(tmp_path: Path) -> None:
    write_cell(tmp_path / "bare_1.csv")
    (tmp_path / "icp.csv").write_text("# software: ICP 1\nsample,Ni [wt%]\nbare,14\n")
    (tmp_path / "study.yaml").write_text("study: x\nexternal: [icp.csv]\n")
    assert [item.path for item in initialise(tmp_path).left_out] == []
