"""Is a phase that a pattern hardly shows looked for where other patterns of the series show it?"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from interlith.model import Result, State
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import LAB, measured, model_of, series, strength, truth

ANGLES = np.arange(30.0, 70.0, 0.03)
#: Counts at the strongest point of rock salt: nothing, hardly anything, plenty.
COUNTS = (0.0, 12.0, 1500.0, 1800.0)
EDGE = 4.150
#: The structure as it came has another cell and other grains.
PATTERN = Pattern(
    [Phase("LNMO"), Phase("NiO", size=300.0)],
    instrument=LAB,
    background=3,
    refine=("displacement",),
    start={"NiO_cell_a": 4.185},
)


def _series(counts: tuple[float, ...] = COUNTS) -> Result:
    model = model_of(("LNMO", "NiO"), ANGLES)
    items = []
    for number, most in enumerate(counts):
        values = truth(model, LNMO_cell_a=8.17, NiO_cell_a=EDGE)
        values[model.place_of("NiO_inverse_size")] = 1 / 25
        values[model.place_of("LNMO_scale")] = strength(model, values, "LNMO", 3000.0)
        values[model.place_of("NiO_scale")] = strength(model, values, "NiO", most) if most else 0.0
        heat = {"temperature": State("temperature", 25.0 + number, 25.0 + number, 25.0 + number, "degC")}
        counted = np.random.default_rng(number).poisson(model.intensity(values)).astype(float)
        items.append(measured(ANGLES, counted, number, heat))
    return refine(series(*items), PATTERN)


@pytest.fixture(scope="module")
def made() -> Result:
    return _series()


def _named(made: Result, name: str) -> list[float]:
    return made.data["parameters"].filter(pl.col("name") == name).sort("pattern")["value"].to_list()


def test_cell_and_widths_come_from_the_nearest_pattern_that_shows_them(made: Result) -> None:
    assert made.data["refined"].sort("pattern")["held"].to_list() == ["NiO", "NiO", "", ""]
    for name, true, near in (("NiO_cell_a", EDGE, 2e-3), ("NiO_inverse_size", 1 / 25, 0.01)):
        values = _named(made, name)
        assert values[0] == values[1] == values[2] != values[3]
        assert values[0] == pytest.approx(true, abs=near)


def test_the_bound_of_a_share_holds_where_the_cell_came_wrong(made: Result) -> None:
    shares = made.table.filter(pl.col("quantity") == "NiO_weight_fraction").sort("state_value")
    true = shares["value"][2] * COUNTS[1] / COUNTS[2]
    assert shares["low"][0] == 0.0
    assert shares["low"][1] <= true <= shares["high"][1]
    assert shares["value"][1] > 0.3 * true


def test_nobody_knows_better_where_no_pattern_shows_it() -> None:
    alone = _series((0.0, 0.0))
    assert _named(alone, "NiO_cell_a") == [4.185, 4.185]
