"""Are wrong displacements told that nobody refines, and right ones left alone? Simulated patterns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.crystal.phases import phase
from interlith.model import Result, Series
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.displacements import judged_phases
from interlith.techniques.diffraction.refinement.earlier import as_earlier
from interlith.techniques.diffraction.refinement.pattern import UNKNOWN_DISPLACEMENT, Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from interlith.techniques.diffraction.refinement.setup import Setup
from tests.techniques.diffraction.refinement.simulated import LAB, measured, strength

ANGLES = np.arange(25.0, 110.0, 0.04)
BEAM = replace(LAB, geometry="debye-scherrer", wavelengths=LAB.wavelengths[:1], ratio=0.0)


def _series(more: float, height: float = 6000.0) -> Series:
    lines = phase_lines(phase("NaCl"), BEAM, 112, name="NaCl", overall=True, unknown_displacement=UNKNOWN_DISPLACEMENT)
    model = PatternModel(ANGLES, (lines,), BEAM, background=3)
    values = model.start
    for name, value in (
        ("background_0", 60.0),
        ("NaCl_overall_u", more),
        ("NaCl_microstrain", 4e-4),
        ("NaCl_inverse_size", 0.01),
    ):
        values[model.place_of(name)] = value
    values[model.place_of("NaCl_scale")] = strength(model, values, "NaCl", height)
    counts = np.random.default_rng(4).poisson(model.intensity(values)).astype(float)
    return Series((measured(ANGLES, counts, 0),))


def _refined(more: float, **words: object) -> Result:
    return refine(_series(more), Pattern([Phase("NaCl", **words)], instrument=BEAM, background=3))  # type: ignore[arg-type]


def _flags(found: Result) -> list[str]:
    return [one.message for one in found.flags["S1"] if one.code == "displacements_off"]


def test_a_displacement_that_is_assumed_wrongly_is_refined_and_told_as_a_choice() -> None:
    found, held = _refined(0.004), _refined(0.004, displacement="structure")
    (made,) = (one for one in found.choices if one.field == "displacement")
    assert made.value == "refined"
    assert made.target.endswith("/NaCl")
    assert 0.2 < made.margin < 1
    assert not _flags(found)
    row = found.data["parameters"].filter(pl.col("name") == "NaCl_overall_u").row(0, named=True)
    assert row["refined"]
    assert row["value"] == pytest.approx(0.004, abs=4 * row["inflated"])
    # Where it stays wrong chi squared hardly shows it, but it is told with its size.
    assert not [one for one in held.choices if one.field == "displacement"]
    (said,) = _flags(held)
    assert float(said.split("displacement of ")[1].split()[0]) == pytest.approx(0.004, abs=0.001)
    strains = [one.observables("NaCl_microstrain")[0] for one in (found, held)]
    assert abs(strains[0].value - 4e-4) < 3 * strains[0].std


def test_one_that_is_refined_anyway_is_no_choice_and_a_right_one_is_told_as_right() -> None:
    asked, right = _refined(0.004, refine=("cell", "size", "strain", "overall")), _refined(0.0)
    assert not [one for one in asked.choices if one.field == "displacement"]
    for found in (asked, right, _refined(0.0, displacement="structure")):
        assert not _flags(found)
    row = right.data["parameters"].filter(pl.col("name") == "NaCl_overall_u").row(0, named=True)
    assert row["value"] == pytest.approx(0.0, abs=4 * row["inflated"])


def test_a_pattern_that_knows_no_better_than_the_structure_leaves_it() -> None:
    found = refine(_series(0.004, height=150.0), Pattern("NaCl", instrument=BEAM, background=3))
    assert not [one for one in found.choices if one.field == "displacement"]
    assert "NaCl_overall_u" not in found.data["parameters"].get_column("name").to_list()


def test_another_choice_of_names_is_not_added_to() -> None:
    found = _refined(0.004, refine=("cell", "size"))
    assert not [one for one in found.choices if one.field == "displacement"]
    assert _flags(found)


def test_a_part_that_is_refined_again_has_the_displacement_of_the_whole() -> None:
    pattern = Pattern("NaCl", instrument=BEAM, background=3)
    whole = refine(_series(0.004), pattern)
    again = refine(_series(0.004), pattern, earlier=whole, only="0", start="nearest-good")
    names = again.data["parameters"].filter("refined").get_column("name").to_list()
    assert "NaCl_overall_u" in names
    bare = as_earlier(pattern, _refined(0.0, displacement="structure"), None)
    assert [one.displacement for one in bare.phases] == ["structure"]
    assert "overall" not in bare.phases[0].refine


def test_a_surface_whose_roughness_is_refined_is_not_judged() -> None:
    flat = Setup(Pattern("NaCl", instrument=LAB, background=3), LAB, 0.0, True, 3, 112.0)
    beam = Setup(Pattern("NaCl", instrument=BEAM, background=3), BEAM, 0.0, True, 3, 112.0)
    assert judged_phases(flat) == []
    assert judged_phases(beam) == [0]
