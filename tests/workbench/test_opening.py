"""Opening a study: what is read, what is missing, what is left unread."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.workbench.opening import open_study

from .folders import rows, write_cell, write_study


def test_a_study_is_read(tmp_path: Path) -> None:
    study = open_study(write_study(tmp_path / "Größe und Länge"))
    assert len(study["cycling"]) == 4
    assert [sample.name for sample in study.samples] == ["bare_1", "bare_2", "coated_1", "coated_2"]
    mass = study.samples[0].active_mass
    assert mass is not None
    assert mass.value == pytest.approx(7.1e-6)
    assert mass.std == pytest.approx(0.02 * 7.1e-6)
    assert study.samples[0].area is not None
    assert study.samples[0].area.source == "study.yaml"
    assert study["cycling"][0].state["temperature"].value == 26


def test_a_missing_mass_is_a_gap_with_its_cell(tmp_path: Path) -> None:
    study = open_study(write_study(tmp_path))
    masses = [gap for gap in study.gaps if "active mass" in gap.what]
    assert [gap.where for gap in masses] == ["measurements.csv, cell G5 (active_mass)"]
    assert study.samples[3].active_mass is None


def test_an_unconfirmed_mass_normalises_nothing(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("7.1 mg,balance", "7.1 mg,vendor header (unconfirmed)", 1))
    study = open_study(folder)
    assert study.samples[0].active_mass is not None
    assert not study.samples[0].active_mass.confirmed
    assert any("cell H2 (active_mass_source)" in gap.where for gap in study.gaps)


def test_an_undeclared_uncertainty_is_infinite(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    text = (folder / "study.yaml").read_text().replace(", active_mass_uncertainty: 2 %", "")
    (folder / "study.yaml").write_text(text)
    study = open_study(folder)
    assert study.samples[0].active_mass is not None
    assert math.isinf(study.samples[0].active_mass.std)


def test_a_damaged_file_loses_only_itself(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    (folder / "cells" / "bare_2.csv").write_bytes(b"\x00\xff garbage \x00" * 50)
    (folder / "cells" / "coated_1.csv").write_bytes(b"")
    study = open_study(folder)
    assert len(study.measurements) == 2
    assert [item.path for item in study.unread] == ["cells/bare_2.csv", "cells/coated_1.csv"]
    assert "0 bytes" in study.unread[1].reason


def test_a_missing_file_is_unread(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    (folder / "cells" / "bare_2.csv").unlink()
    assert [item.path for item in open_study(folder).unread] == ["cells/bare_2.csv"]


def test_restarted_files_are_parts_of_one_specimen(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    write_cell(folder / "cells" / "bare_1_part2.csv", rows(1))
    table = folder / "measurements.csv"
    table.write_text(table.read_text() + "yes,cells/bare_1_part2.csv,cycling,bare,b1,1,,,,,,,26 degC,,,\n")
    series = open_study(folder)["cycling"].by_sample()["bare_1"]
    assert [item.part for item in series] == [0, 1]
    assert series[1].sample.active_mass is not None


def test_an_unknown_variant_names_cell_and_nearest(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace(",coated,", ",coatet,", 1))
    with pytest.raises(StudyError, match=r"cell D4 .* did you mean 'coated'"):
        open_study(folder)


def test_a_path_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = write_study(tmp_path / "study")
    write_cell(tmp_path / "elsewhere.csv")
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("cells/bare_1.csv", "../elsewhere.csv"))
    assert "leaves the study folder" in open_study(folder).unread[0].reason


def test_excluded_cells_are_read_but_kept_apart(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    table = folder / "measurements.csv"
    lines = table.read_text().splitlines()
    lines[1] = "no" + lines[1].removeprefix("yes") + "leaked"
    table.write_text("\n".join(lines) + "\n")
    study = open_study(folder)
    assert len(study.measurements) == 3
    assert [(item.sample.name, reason) for item, reason in study.excluded] == [("bare_1", "leaked")]


def test_the_same_bytes_are_not_two_replicates(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    (folder / "cells" / "bare_2.csv").write_bytes((folder / "cells" / "bare_1.csv").read_bytes())
    study = open_study(folder)
    assert [item.path for item in study.unread] == ["cells/bare_2.csv"]
    assert "same bytes as cells/bare_1.csv (line 2)" in study.unread[0].reason


def test_two_masses_of_one_cell_are_refused_with_both_cells(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    write_cell(folder / "cells" / "bare_1_part2.csv", rows(1))
    table = folder / "measurements.csv"
    table.write_text(table.read_text() + "yes,cells/bare_1_part2.csv,cycling,bare,b1,1,5.5 mg,balance,,,,,,,,\n")
    with pytest.raises(StudyError, match=r"cell G2 .* 7.1 mg and .*cell G6 .* 5.5 mg"):
        open_study(folder)


def test_files_without_a_replicate_number_stay_apart(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace(",bare,b1,1,", ",bare,b1,,").replace(",bare,b1,2,", ",bare,b1,,"))
    study = open_study(folder)
    assert len(study["cycling"].where(variant="bare").by_sample()) == 2
    assert any("cell F2 (replicate)" in gap.where for gap in study.gaps)


def test_an_implausible_loading_is_a_gap(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    table = folder / "measurements.csv"
    table.write_text(table.read_text().replace("7.1 mg", "7.1 g", 1))
    assert any("6.28e+03 mg/cm^2" in gap.what for gap in open_study(folder).gaps)


def test_cycler_files_that_no_row_names_are_told_and_notes_are_not(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    write_cell(folder / "late" / "bare_9.csv", rows(2))
    (folder / "late" / "cell.cex").write_bytes(b"LAND\x00\x01\x02" * 30)
    (folder / "notes.txt").write_text("opened the box at noon")
    unread = {item.path: item.reason for item in open_study(folder).unread}
    assert set(unread) == {"late/bare_9.csv", "late/cell.cex"}
    assert "no row" in unread["late/bare_9.csv"]
    assert "export" in unread["late/cell.cex"].casefold()


def test_the_kind_of_a_variant_goes_before_that_of_the_study(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    text = (folder / "study.yaml").read_text()
    (folder / "study.yaml").write_text(text.replace("coated: {parent: bare,", "coated: {kind: full, parent: bare,"))
    kinds = {sample.variant: sample.cell_kind for sample in open_study(folder).samples}
    assert kinds == {"bare": "half_cathode", "coated": "full"}
