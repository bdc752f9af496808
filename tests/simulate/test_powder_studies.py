"""What a simulated study asks for is what the technique understands, and a run of it finds the truth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import interlith as il
from interlith.simulate.powder import simulate_lab
from interlith.simulate.powder_doses import simulate_doses
from interlith.simulate.powder_heating import simulate_heating
from interlith.simulate.powder_operando import simulate_operando
from interlith.simulate.powder_recipes import SWING, Dosed
from interlith.techniques.diffraction.options import check_options

WRITERS: dict[str, Callable[[Path], object]] = {
    "lab": lambda folder: simulate_lab(folder, limits=(15.0, 50.0), step=0.1),
    "doses": lambda folder: simulate_doses(folder, doses=(0.3, 0.9), replicates=1, limits=(8.0, 20.0), step=0.05),
    "operando": lambda folder: simulate_operando(folder, patterns=3, limits=(8.5, 20.0), step=0.1),
    "swing": lambda folder: simulate_operando(folder, recipes=SWING, patterns=3, limits=(8.5, 20.0), step=0.1),
    "heating": lambda folder: simulate_heating(folder, temperatures=(25.0, 800.0), limits=(20.0, 50.0), step=0.1),
}


@pytest.mark.parametrize("name", list(WRITERS))
def test_the_technique_understands_the_words(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    study = il.open_study(tmp_path)
    words = dict(study.analyses["diffraction"])
    assert {"phases", "tracks"} & set(words)
    check_options(words)
    assert study.simulated


def test_the_names_of_planes_stay_texts(tmp_path: Path) -> None:
    WRITERS["swing"](tmp_path)
    assert list(il.open_study(tmp_path).analyses["diffraction"]["tracks"]) == ["(003)", "(101)"]


def test_a_dose_series_gives_its_second_phase_back(tmp_path: Path) -> None:
    truth = simulate_doses(
        tmp_path, series=(Dosed("C", 0.4),), doses=(0.8, 1.2), replicates=1, limits=(8.0, 20.0), step=0.01, seed=5
    )
    outcome = il.run(tmp_path, store=tmp_path / "store", execute="inline")
    table = next(one for one in outcome.results if one.name == "refine").table
    for row in truth.patterns.rows(named=True):
        found = table.filter((pl.col("sample") == row["sample"]) & (pl.col("quantity") == "element_fraction"))
        pull = (found.item(0, "value") - row["LaTMO3_element_fraction"] / 100) / found.item(0, "std")
        assert abs(pull) < 3
        assert found.item(0, "value") > 3 * found.item(0, "std")
