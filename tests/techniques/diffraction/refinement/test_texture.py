"""Is a texture found where there is one, told as a choice, and does it put the share right?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.errors import StudyError
from interlith.model import Result
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import ANGLES, LAB, measured, series, strength, truth

NAMES = ("NCM111", "NiO")
PATTERN = Pattern(NAMES, instrument=LAB, background=3, refine=("displacement",), texture="auto")


def _seen(march: float, seed: int) -> tuple[np.ndarray, float]:
    """Counts of platelets with a March coefficient beside rock salt, and the share of the platelets by weight."""
    planes = {"NCM111": (0, 0, 1)}
    lines = tuple(
        phase_lines(phase(one), LAB, float(ANGLES[-1]), name=one, texture=planes.get(one), unknown_displacement=0.0076)
        for one in NAMES
    )
    model = PatternModel(ANGLES, lines, LAB, background=3)
    values = truth(model, NCM111_texture=1.0)
    for one, peak in zip(NAMES, (6000.0, 3000.0), strict=True):
        values[model.place_of(f"{one}_scale")] = strength(model, values, one, peak)
    values[model.place_of("NCM111_texture")] = march
    crystals = [phase(one) for one in NAMES]
    weights = [
        values[model.place_of(f"{one.name}_scale")] * each.density * each.cell.volume**2
        for one, each in zip(lines, crystals, strict=True)
    ]
    return np.random.default_rng(seed).poisson(model.intensity(values)).astype(float), weights[0] / sum(weights)


def _share(found: Result) -> tuple[float, float]:
    row = found.table.filter(found.table["quantity"] == "NCM111_weight_fraction")
    return float(row.item(0, "value")), float(row.item(0, "std"))


def test_platelets_are_found_and_their_share_put_right() -> None:
    counts, true = _seen(0.7, 1)
    pattern = series(measured(ANGLES, counts))
    found = refine(pattern, PATTERN)
    told = next(one for one in found.choices if one.field == "texture")
    assert told.target.endswith("/NCM111")
    assert (told.value, told.runner_up) == ("0 0 1", "none")
    assert told.margin > 0.9
    value, std = _share(found)
    effect = told.effects[0]
    assert (effect.value, effect.std) == pytest.approx((value, std))
    without, _ = _share(refine(pattern, Pattern(NAMES, instrument=LAB, background=3, refine=("displacement",))))
    assert effect.other == pytest.approx(without)
    assert abs(value - true) < 0.004 < 0.01 < abs(without - true)
    names = found.data["parameters"].filter(found.data["parameters"]["name"] == "NCM111_texture")
    assert names.item(0, "value") == pytest.approx(0.7, abs=0.01)
    assert names.item(0, "refined")


def test_grains_that_lie_anyhow_stay_so() -> None:
    counts, true = _seen(1.0, 2)
    found = refine(series(measured(ANGLES, counts)), PATTERN)
    told = next(one for one in found.choices if one.field == "texture")
    assert (told.value, told.runner_up) == ("none", "0 0 1")
    assert not found.data["parameters"]["name"].str.ends_with("_texture").any()
    assert abs(_share(found)[0] - true) < 0.004


def test_what_was_said_of_a_phase_is_kept() -> None:
    asked = Pattern([Phase("NCM111", texture=(0, 0, 1)), "NiO"], texture="auto")
    assert [one.texture for one in asked.phases] == [(0, 0, 1), "auto"]
    assert [one.plane for one in asked.with_textures({}).phases] == [(0, 0, 1), None]
    with pytest.raises(StudyError, match="'auto'"):
        Phase("NCM111", texture="yes")
    with pytest.raises(StudyError, match="'auto'"):
        Pattern("NCM111", texture="yes")  # type: ignore[arg-type]
