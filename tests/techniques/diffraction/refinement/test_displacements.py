"""Are wrong displacements told that nobody refines, and right ones left alone? Simulated patterns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.model import Series
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.pattern import UNKNOWN_DISPLACEMENT, Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import LAB, measured, strength

ANGLES = np.arange(25.0, 110.0, 0.04)
BEAM = replace(LAB, geometry="debye-scherrer", wavelengths=LAB.wavelengths[:1], ratio=0.0)


def _series(more: float) -> Series:
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
    values[model.place_of("NaCl_scale")] = strength(model, values, "NaCl", 6000.0)
    counts = np.random.default_rng(4).poisson(model.intensity(values)).astype(float)
    return Series((measured(ANGLES, counts, 0),))


def _flags(more: float, *moves: str) -> list[str]:
    pattern = Pattern([Phase("NaCl", refine=("cell", "size", "strain", *moves))], instrument=BEAM, background=3)
    found = refine(_series(more), pattern)
    return [one.message for one in found.flags["S1"] if one.code == "displacements_off"]


def test_a_displacement_that_is_assumed_wrongly_is_told_with_its_size() -> None:
    (said,) = _flags(0.004)
    assert "NaCl" in said
    assert "overall" in said
    told = float(said.split("displacement of ")[1].split()[0])
    assert told == pytest.approx(0.004, abs=0.001)


def test_a_right_one_and_one_that_is_refined_are_left_alone() -> None:
    assert not _flags(0.0)
    assert not _flags(0.004, "overall")
