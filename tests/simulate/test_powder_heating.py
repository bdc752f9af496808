"""Simulated heating studies: expansion, uptake and new phases add up to what is in the patterns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.simulate.powder_heating import simulate_heating
from interlith.simulate.powder_heating_recipes import HEATING, HOT_VOLUME, SPLIT, VOLUME, uptake_to
from interlith.simulate.powder_truth import PowderTruth

STATES = (25.0, 400.0, 700.0, 750.0, 800.0, 850.0)


@pytest.fixture(scope="module")
def opened(study: tuple[Path, PowderTruth]) -> il.model.Study:
    return il.open_study(study[0])


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PowderTruth]:
    folder = tmp_path_factory.mktemp("heating")
    truth = simulate_heating(
        folder, temperatures=STATES, limits=(21.0, 26.0), temperature_scatter=0.0, counting_time=2.0, seed=3
    )
    return folder, truth


def test_the_files_say_their_temperature(study: tuple[Path, PowderTruth], opened: il.model.Study) -> None:
    _, truth = study
    assert opened.unread == ()
    assert len(opened.measurements) == len(HEATING) * len(STATES)
    found = {one.source.path: (one.sample.name, one.state["temperature"].value) for one in opened.measurements}
    for row in truth.patterns.rows(named=True):
        name, temperature = found[row["file"]]
        assert name == row["sample"]
        assert temperature == pytest.approx(row["temperature"], abs=1e-3)


def test_volumes_are_those_aimed_at(study: tuple[Path, PowderTruth]) -> None:
    _, truth = study
    assert truth.at("mixture_Ar_01", "LLTO_cell_volume", 25.0) == pytest.approx(VOLUME, abs=0.01)
    assert truth.at("mixture_Ar_01", "LLTO_cell_volume", 700.0) == pytest.approx(HOT_VOLUME, abs=0.01)
    alone = truth.at("LLTO_Ar_01", "LLTO_cell_volume", 700.0)
    assert VOLUME < alone < HOT_VOLUME
    assert truth.at("LLTO_Ar_01", "lithium_uptake", 700.0) == 0.0


def test_expansion_and_composition_make_up_the_volume(study: tuple[Path, PowderTruth]) -> None:
    _, truth = study
    own = truth.of("mixture_Ar_01")
    volume = own["LLTO_cell_volume"].to_numpy()
    parts = (1 + own["LLTO_cell_volume_expansion"].to_numpy()) * (1 + own["LLTO_cell_volume_composition"].to_numpy())
    np.testing.assert_allclose(volume / volume[0], parts, rtol=1e-12)
    assert own["LLTO_cell_volume_composition"][1] == 0.0  # at 400 degC it begins
    alone = truth.of("LLTO_Ar_01")["LLTO_cell_volume"].to_numpy()
    np.testing.assert_allclose(alone / alone[0] - 1, own["LLTO_cell_volume_expansion"].to_numpy(), rtol=1e-9)
    assert uptake_to(HOT_VOLUME).at(700.0) == pytest.approx(own["lithium_uptake"][2])


def test_new_phases_come_with_their_onset(study: tuple[Path, PowderTruth], opened: il.model.Study) -> None:
    _, truth = study
    for name, onset in (("mixture_Ar_01", 750.0), ("mixture_O2_01", 775.0)):
        assert truth.values[name]["LaTMO3_onset"] == onset
        own = truth.of(name)
        there = own["LaTMO3_weight_fraction"].to_numpy() > 0
        assert there.tolist() == [temperature > onset for temperature in STATES]
        shares = own.select(pl.sum_horizontal("^.*_weight_fraction$")).to_series().to_list()
        assert shares == pytest.approx([1.0] * len(STATES))
    last = next(one for one in opened.measurements if one.source.path.endswith("mixture_Ar_01_6.xrdml"))
    frame = last.payload.frame.collect()  # type: ignore[union-attr]
    line = frame.filter(pl.col("two_theta").is_between(22.45, 22.8))["intensity"].mean()
    beside = frame.filter(pl.col("two_theta").is_between(21.2, 21.6))["intensity"].mean()
    assert line > 1.3 * beside  # type: ignore[operator]
    assert truth.at("mixture_Ar_01", "LaTMO3_cell_a", 750.0) == pytest.approx(3.915)


def test_a_drift_of_the_height_is_in_the_truth(tmp_path: Path) -> None:
    recipe = replace(SPLIT[1], name="alone")
    truth = simulate_heating(
        tmp_path, recipes=(recipe,), temperatures=(25.0, 437.5, 850.0), limits=(30.0, 34.0), drift=0.05, specimens=2
    )
    heights = truth.of("alone_01")["displacement"].to_numpy()
    assert heights - heights[0] == pytest.approx([0.0, 0.025, 0.05])
    scatter = truth.patterns["true_temperature"] - truth.patterns["temperature"]
    assert 0 < scatter.abs().max() < 2  # type: ignore[operator]
    assert truth.of("alone_02")["displacement"][0] != heights[0]


def test_temperatures_must_rise(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="must rise"):
        simulate_heating(tmp_path, temperatures=(25.0, 25.0))
    with pytest.raises(StudyError, match="needs a specimen"):
        simulate_heating(tmp_path, specimens=0)
