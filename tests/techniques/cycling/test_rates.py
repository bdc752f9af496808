"""Rate tests: the published figures come back, masses leave recoveries, blocks are declared or found, long ones withheld."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError, UnitError
from interlith.model import Observable, Result
from interlith.techniques.cycling.rates import rate_table
from tests.techniques.cycling.real_files import summary_of
from tests.techniques.cycling.synthetic import MadeCell, summary

#: B4: rates and capacities as published, five cycles a block, then back.
RATES = (0.1, 0.2, 0.3, 0.5, 1.0, 0.1)
CAPACITIES = (242.3, 213.5, 195.6, 177.6, 136.8, 240.8)


def rate_cell(noise: float = 0.0, *, declared: bool = True, seed: int = 1, **changes: object) -> MadeCell:
    random = np.random.default_rng(seed)
    rate = np.repeat(RATES, 5)
    capacity = np.repeat(CAPACITIES, 5) + noise * random.standard_normal(30)
    current = 2.5e-3 * rate * (1 + 2e-3 * random.standard_normal(30))
    return MadeCell(
        "C1",
        capacity,
        current=current,
        rate=rate if declared else None,
        counter=1e-4,
        **changes,  # type: ignore[arg-type]
    )


def at(result: Result, quantity: str, value: float) -> Observable:
    (found,) = [
        item
        for item in result.observables(quantity)
        if item.state and math.isclose(item.state.value, value, rel_tol=0.02)
    ]
    return found


def test_the_published_rate_test_comes_back() -> None:
    result = rate_table(summary([rate_cell()]))
    for rate, capacity in zip(RATES[:5], CAPACITIES[:5], strict=True):
        assert at(result, "rate_capacity", rate).value == pytest.approx(capacity)
        assert at(result, "rate_share", rate).value == pytest.approx(100 * capacity / 242.3)
    assert at(result, "rate_capacity_return", 0.1).value == pytest.approx(240.8)
    assert at(result, "rate_recovery", 0.1).value == pytest.approx(100 * 240.8 / 242.3)
    assert result.data["blocks"].select("first_cycle", "last_cycle").rows()[0] == (1, 5)
    assert result.data["blocks"].get_column("again").to_list() == [False] * 5 + [True]


def test_the_mass_leaves_shares_and_recovery_even_where_its_uncertainty_is_unknown() -> None:
    result = rate_table(summary([rate_cell(mass_relative=math.inf)]))
    assert math.isinf(at(result, "rate_capacity", 0.5).std)
    recovery = at(result, "rate_recovery", 0.1)
    assert recovery.components["mass:C1"] == 0.0
    assert 0 < recovery.std < 0.1


def test_counters_of_different_cycles_are_independent() -> None:
    result = rate_table(summary([rate_cell()]))
    mean = at(result, "rate_capacity", 0.2)
    assert mean.part({"counting"}) == pytest.approx(1e-4 * 213.5 / math.sqrt(5), rel=1e-6)
    assert mean.part({"calibration"}) == pytest.approx(0.02 * 213.5, rel=1e-6)


def test_pulls_of_a_block_mean() -> None:
    pulls = []
    for seed in range(80):
        mean = at(rate_table(summary([rate_cell(1.0, seed=seed)])), "rate_capacity", 0.3)
        assert mean.value is not None
        pulls.append((mean.value - 195.6) / mean.part({"counting"}))
    # Five cycles: Student t with four degrees of freedom has a standard deviation of 1.41.
    assert 1.1 < np.std(pulls) < 1.7


def test_without_a_declared_rate_the_state_is_the_current() -> None:
    result = rate_table(summary([rate_cell(declared=False)]))
    state = at(result, "rate_capacity", 1.25).state
    assert state is not None
    assert (state.name, state.unit) == ("current", "mA")


def test_declared_blocks_are_checked_against_the_current() -> None:
    blocks = [
        {"cycles": "1-5", "rate": "C/10"},
        {"cycles": [6, 10], "rate": "C/2"},
        {"cycles": "11-18", "current": "0.75 mA"},
    ]
    result = rate_table(summary([rate_cell()]), blocks=blocks)
    flags = result.data["blocks"].get_column("flag").to_list()
    assert flags[0] == ""
    assert "declared 0.5 C, measured 0.2 C" in flags[1]
    assert "the current changes within the block" in flags[2]
    with pytest.raises(StudyError, match="did you mean 'cycles'"):
        rate_table(summary([rate_cell()]), blocks=[{"cycle": "1-5"}])
    with pytest.raises(StudyError, match="write first and last"):
        rate_table(summary([rate_cell()]), blocks=[{"cycles": "five"}])
    with pytest.raises(UnitError):
        rate_table(summary([rate_cell()]), blocks=[{"cycles": "1-5", "rate": "fast"}])


def test_cycling_with_formation_and_checkups_is_no_rate_test() -> None:
    current = np.full(300, 1e-3)
    current[::50] = 1e-4
    result = rate_table(summary([MadeCell("L1", np.linspace(150, 130, 300), current=current)]))
    assert result.table.is_empty()
    assert not result.quality.item(0, "ok")
    assert "rates only" in result.quality.item(0, "reason")


def test_a_long_block_gives_no_mean() -> None:
    current = np.repeat([1e-4, 2e-4, 1e-3], [3, 3, 100])
    result = rate_table(summary([MadeCell("L1", np.linspace(150, 130, 106), current=current)]))
    long = at(result, "rate_capacity", 1.0)
    assert long.value is None
    assert "age while they are measured" in long.flag
    assert at(result, "rate_capacity_first", 1.0).value is not None


def test_a_real_rate_test(cycling_folder: Path) -> None:
    result = rate_table(summary_of(cycling_folder, "fastnda_BTS85-36-6-5-110-20240424.ndax"))
    blocks = result.data["blocks"]
    assert blocks.height == 7
    assert blocks.get_column("complete_cycles").to_list() == [3] * 7
    assert blocks.get_column("mean").is_sorted(descending=True)
    assert result.table.filter(pl.col("quantity") == "rate_recovery").is_empty()
