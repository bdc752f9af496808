"""Are cells found without a structure, and broadening that depends on direction, and humps of the background?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.errors import StudyError
from interlith.model import Series
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import ANGLES, LAB, measured, strength, truth


def _model(name: str, humps: tuple[tuple[float, float], ...] = (), **words: object) -> PatternModel:
    lines = phase_lines(phase(name), LAB, 90.0, name=name, unknown_displacement=0.0076, **words)  # type: ignore[arg-type]
    return PatternModel(ANGLES, (lines,), LAB, background=3, humps=humps)


def _counts(model: PatternModel, values: np.ndarray, seed: int = 1) -> Series:
    return Series((measured(ANGLES, np.random.default_rng(seed).poisson(model.intensity(values)).astype(float)),))


@pytest.mark.parametrize("intensities", ["le_bail", "pawley"])
def test_a_cell_is_found_without_a_structure(intensities: str) -> None:
    model = _model("LNMO")
    values = truth(model, LNMO_cell_a=8.19, displacement=0.05)
    values[model.place_of("LNMO_scale")] = strength(model, values, "LNMO", 3000.0)
    asked = Pattern([Phase("LNMO", intensities=intensities)], instrument=LAB, background=3, refine=("displacement",))  # type: ignore[arg-type]
    found = refine(_counts(model, values), asked)
    edge = found.observables("LNMO_cell_a")[0]
    assert abs(edge.value - 8.19) < 4 * edge.std
    assert edge.std < 5e-4
    goodness = found.data["refined"]["goodness"][0]
    assert goodness == pytest.approx(1.0, abs=0.06)
    assert not found.observables("LNMO_weight_fraction")


def test_plates_are_thin_along_their_axis() -> None:
    model = _model("NCM111", size="uniaxial", axis=(0, 0, 3))
    values = truth_uniaxial(model)
    asked = Pattern(
        [Phase("NCM111", size_shape="uniaxial", axis=(0, 0, 3), refine=("cell", "size"))], instrument=LAB, background=3,
        refine=("displacement",), start={"NCM111_microstrain": 0.0},
    )  # fmt: skip
    found = refine(_counts(model, values), asked)
    for name, size in (("along", 20.0), ("across", 80.0)):
        one = found.observables(f"NCM111_crystallite_size_{name}")[0]
        assert abs(one.value - size) < 4 * one.std
        assert one.std < 0.2 * size


def truth_uniaxial(model: PatternModel) -> np.ndarray:
    """Plates of 20 by 80 nm without strain."""
    values = model.start.copy()
    values[model.place_of("background_0")] = 200.0
    values[model.place_of("NCM111_inverse_size_along")] = 1 / 20
    values[model.place_of("NCM111_inverse_size_across")] = 1 / 80
    values[model.place_of("NCM111_scale")] = strength(model, values, "NCM111", 4000.0)
    return values


def test_a_hump_is_no_polynomial() -> None:
    model = _model("LNMO", humps=((24.0, 9.0),))
    values = truth(model, hump_0_area=1500.0)
    values[model.place_of("LNMO_scale")] = strength(model, values, "LNMO", 3000.0)
    series = _counts(model, values)
    plain = refine(series, Pattern(["LNMO"], instrument=LAB, background=3))
    humped = refine(series, Pattern(["LNMO"], instrument=LAB, background=3, humps=((26.0, 12.0),)))
    assert plain.data["refined"]["goodness"][0] > 1.1
    assert humped.data["refined"]["goodness"][0] == pytest.approx(1.0, abs=0.06)
    rows = dict(
        zip(
            humped.data["parameters"]["name"],
            zip(humped.data["parameters"]["value"], humped.data["parameters"]["inflated"], strict=True),
            strict=True,
        )
    )
    for name, expected in (("hump_0_position", 24.0), ("hump_0_area", 1500.0)):
        value, std = rows[name]
        assert abs(value - expected) < 4 * std


def test_stephens_terms_are_found() -> None:
    model = _model("LNMO", strain="stephens")
    values = model.start.copy()
    values[model.place_of("background_0")] = 200.0
    names = [name for name in model.names if name.startswith("LNMO_s") and name != "LNMO_scale"]
    for number, name in enumerate(names):
        values[model.place_of(name)] *= 9.0 * (1 + number)
    values[model.place_of("LNMO_scale")] = strength(model, values, "LNMO", 6000.0)
    asked = Pattern(
        [Phase("LNMO", strain_shape="stephens", refine=("cell", "strain"), size=1e6)], instrument=LAB, background=3, refine=("displacement",)
    )  # fmt: skip
    found = refine(_counts(model, values), asked)
    table = found.data["parameters"]
    for name in names:
        row = table.row(by_predicate=table_name(name), named=True)
        assert row["refined"]
        assert abs(row["value"] - values[model.place_of(name)]) < 4 * row["inflated"]


def table_name(name: str):
    """Rows of a name."""
    import polars as pl

    return pl.col("name") == name


def test_words_that_make_no_sense_are_refused() -> None:
    with pytest.raises(StudyError, match="needs its axis"):
        Phase("LNMO", size_shape="uniaxial")
    with pytest.raises(StudyError, match="stephens"):
        Phase("LNMO", strain_shape="stephen")
    with pytest.raises(StudyError, match="pawley"):
        Phase("LNMO", intensities="powley")  # type: ignore[arg-type]
