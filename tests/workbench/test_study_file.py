"""`study.yaml`: what is wrong is named with its line and the nearest allowed word."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.workbench.declaring import study_file

EXAMPLE = """\
study: LNMO with a La wetting layer
reference: bare                          # the variant the others are compared with
replication: {unit: cell, group: batch}  # cells of one batch are not independent batches
primary: {capacity_retention: {cycle: 200, at_least: +5 %}}   # one declared endpoint

samples:
  bare:   {composition: LiNi0.5Mn1.5O4, structure: LNMO.cif}
  C0.5La: {parent: bare, steps: [{coat: La, dose: 0.5 at% of TM, temperature: 750 degC, hold: 1 h}]}

cells: {kind: half_cathode, one_C: 140 mA/g, area: 1.131 cm^2, area_uncertainty: 1 %, active_mass_uncertainty: 2 %}

analyses:
  cycling:     {reference_cycle: 4, exclude_rate: C/10}
  impedance:   {circuit: auto, processes: none}
  diffraction: {phases: [LNMO.cif, LaMnO3.cif], instrument: d8.toml, start: previous}

join:
  diffraction: {log: cycler/operando.mpr, offset: auto, exposure: 19 min}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example_of_the_design_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, EXAMPLE)
    words = study_file.read_study_file(path)
    assert words.reference == "bare"
    assert study_file.replication(words).group == "batch"
    endpoint = study_file.primary(path, words)
    assert endpoint is not None
    assert endpoint.quantity == "capacity_retention"
    assert endpoint.at == {"cycle": 200}
    assert (endpoint.sense, endpoint.criterion, endpoint.relative) == ("at_least", pytest.approx(0.05), True)
    assert words.analyses["cycling"]["exclude_rate"] == "C/10"
    assert study_file.variants(words)["C0.5La"].steps[0]["dose"] == "0.5 at% of TM"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("reference: bare ", "referense: bare ", 2, "did you mean 'reference'"),
        ("unit: cell", "unit: sell", 3, "Did you mean 'cell'"),
        ("one_C:", "one_c:", 10, "did you mean 'one_C'"),
        ("1.131 cm^2", "1.131", 10, "without a unit"),
        ("1.131 cm^2", "1.131 cm", 10, "cannot be turned"),
        ("140 mA/g", "140 mV", 10, "specific current"),
        ("  impedance: ", "  impedence: ", 14, "did you mean 'impedance'"),
        ("{parent: bare", "{parent: bear", 8, "did you mean 'bare'"),
        ("reference: bare", "reference: bar", 2, "did you mean 'bare'"),
        ("kind: half_cathode", "kind: half", 10, "half_cathode"),
    ],
)
def test_errors_name_line_and_nearest_word(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(StudyError) as caught:
        study_file.read_study_file(write(tmp_path, EXAMPLE.replace(old, new)))
    assert f"study.yaml, line {line}:" in str(caught.value)
    assert says in str(caught.value)


def test_all_problems_are_said_at_once(tmp_path: Path) -> None:
    text = EXAMPLE.replace("unit: cell", "unit: sell").replace("1.131 cm^2", "1.131")
    with pytest.raises(StudyError) as caught:
        study_file.read_study_file(write(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("study: [", "line"),
        ("study: a\nstudy: b\n", "line"),
        ("", "empty"),
        ("- a\n", "mapping"),
        ("study: !!python/object/apply:os.system [ls]\n", "study"),
    ],
)
def test_what_is_no_study_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        study_file.read_study_file(write(tmp_path, text))


def test_two_primary_endpoints_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "study: a\nprimary: {a: {cycle: 1}, b: {cycle: 2}}\n")
    with pytest.raises(StudyError, match="only one can be primary"):
        study_file.primary(path, study_file.read_study_file(path))


def test_a_section_of_comments_means_nothing_declared(tmp_path: Path) -> None:
    words = study_file.read_study_file(write(tmp_path, "study: a\ncells:\n  # kind: full\n"))
    assert words.cells.kind is None


def test_a_spread_needs_a_source(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="source"):
        study_file.read_study_file(write(tmp_path, "study: a\nreplication: {spread: {capacity: {relative: 3 %}}}\n"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("active_mass_uncertainty: 2 %", "active_mass_uncertainty: 2", "has no unit"),
        ("active_mass_uncertainty: 2 %", "active_mass_uncertainty: 200 %", "more than 50 %"),
        ("active_mass_uncertainty: 2 %", "active_mass_uncertainty: -2 %", "negative"),
        ("one_C: 140 mA/g", "one_C: 0 mA/g", "must be positive"),
        ("one_C: 140 mA/g", "one_C: -140 mA/g", "must be positive"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(StudyError, match=says):
        study_file.read_study_file(write(tmp_path, EXAMPLE.replace(old, new)))
