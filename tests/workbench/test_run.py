"""Running a study: contrasts, exclusions, failures kept apart, identifiers."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.workbench.contrasts import conditions
from interlith.workbench.running.run import run

from .folders import rows, write_cell, write_study


def test_the_primary_endpoint_comes_first_and_the_rest_is_adjusted(tmp_path: Path) -> None:
    outcome = run(write_study(tmp_path))
    first, *others = outcome.findings
    assert first.quantity == "capacity_retention"
    assert first.details["endpoint"] == "primary"
    assert first.units == {"bare": 2, "coated": 2}
    assert others
    assert all(finding.details["endpoint"] == "secondary" for finding in others if finding.kind == "ratio")
    assert not outcome.failures


def test_the_number_is_the_one_of_the_files(tmp_path: Path) -> None:
    outcome = run(write_study(tmp_path))
    found = outcome.observables.filter((pl.col("quantity") == "capacity_retention") & (pl.col("cycle") == 3))
    values = dict(found.select("sample", "value").iter_rows())
    assert values["bare_1"] == pytest.approx(100 * (1 - 2 * 0.051), abs=0.02)
    assert values["coated_2"] == pytest.approx(100 * (1 - 2 * 0.012), abs=0.02)


def test_a_cell_without_mass_is_left_out_of_capacities_only_and_named(tmp_path: Path) -> None:
    outcome = run(write_study(tmp_path))
    capacity = next(finding for finding in outcome.findings if finding.quantity == "discharge_capacity")
    assert capacity.units == {"bare": 2, "coated": 1}
    assert any("coated_2" in caveat for caveat in capacity.caveats)


def test_excluded_cells_stand_beside(tmp_path: Path) -> None:
    folder = write_study(tmp_path, cells=3)
    table = folder / "measurements.csv"
    lines = table.read_text().splitlines()
    lines[1] = "no" + lines[1].removeprefix("yes") + "leaked"
    table.write_text("\n".join(lines) + "\n")
    outcome = run(folder)
    first = outcome.findings[0]
    assert first.units == {"bare": 2, "coated": 3}
    assert first.details["with_excluded_units"] == "3 and 3"
    assert "bare_1" not in set(outcome.observables.get_column("sample"))


def test_unlike_windows_are_refused_and_named(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    higher = rows(fade=0.01).with_columns(pl.col("voltage") + 0.2)
    write_cell(folder / "cells" / "coated_1.csv", higher)
    outcome = run(folder)
    assert not [finding for finding in outcome.findings if finding.kind != "audit"]
    assert any("upper voltage" in reason and "coated_1" in reason for _, reason in outcome.failures)


def test_conditions_hold_window_and_temperature(tmp_path: Path) -> None:
    outcome = run(write_study(tmp_path), contrasts=False)
    found = conditions(outcome.results, {"cycle": 2.0})["bare_1"]
    assert found["upper_voltage"][0] == pytest.approx(4.0, abs=1e-3)
    assert found["lower_voltage"][0] == pytest.approx(3.0, abs=1e-3)
    assert found["temperature"][0] == 26


def test_an_unknown_option_stops_before_anything_runs(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    (folder / "study.yaml").write_text((folder / "study.yaml").read_text().replace("reference_cycle", "reference_cyle"))
    with pytest.raises(StudyError, match="did you mean 'reference_cycle'"):
        run(folder)


def test_claims_beside_the_study_are_audited(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    (folder / "claims.yaml").write_text("source: us\nvalues: {a: 1.0 V, b: 2.0 V}\nclaims:\n  - a = b\n")
    audits = [finding for finding in run(folder).findings if finding.kind == "audit"]
    assert [finding.verdict for finding in audits] == ["contradicted"]


def test_identifiers_are_unique_and_follow_the_bytes(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    first = run(folder, contrasts=False).observables
    assert first.get_column("id").n_unique() == first.height
    assert first.get_column("id").equals(run(folder, contrasts=False).observables.get_column("id"))
    path = folder / "cells" / "bare_1.csv"
    path.write_bytes(path.read_bytes().replace(b"4.0000", b"4.0001", 1))
    second = run(folder, contrasts=False).observables
    touched = pl.col("sample") == "bare_1"
    assert not set(first.filter(touched).get_column("id")) & set(second.filter(touched).get_column("id"))
    assert first.filter(~touched).get_column("id").equals(second.filter(~touched).get_column("id"))


def test_a_row_damaged_far_down_costs_one_cell_and_is_named(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    path = folder / "cells" / "bare_1.csv"
    lines = rows(cycles=800).height
    write_cell(path, rows(cycles=800))
    text = path.read_text().splitlines()
    text[lines // 2] = text[lines // 2].replace(",", ",x", 8)
    path.write_text("\n".join(text) + "\n")
    outcome = run(folder, contrasts=False)
    assert [step for step, _ in outcome.failures] == ["cycling, summary, bare_1"]
    assert "bare_1.csv" in outcome.failures[0][1]
    assert set(outcome.observables.get_column("sample")) == {"bare_2", "coated_1", "coated_2"}


def test_a_variant_without_any_mass_is_named_with_the_cause(tmp_path: Path) -> None:
    folder = write_study(tmp_path)
    table = folder / "measurements.csv"
    lines = table.read_text().splitlines()
    lines = [line.replace("7.1 mg,balance", ",") if ",coated," in line else line for line in lines]
    table.write_text("\n".join(lines) + "\n")
    failures = dict(run(folder).failures)
    assert "no mass or area is confirmed" in failures["contrast of discharge_capacity"]
