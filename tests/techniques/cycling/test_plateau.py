"""Share above a split voltage: truth, its uncertainty from the split, holds and noise left out, the knee found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from interlith.errors import StudyError, UnitError
from interlith.model import Observable, Result
from interlith.techniques.cycling.plateau import plateau_share
from tests.techniques.cycling.real_files import summary_of
from tests.techniques.cycling.synthetic import Array, MadeCell, summary

LEVEL = np.linspace(3.4, 4.7, 60_000)


def lrmo(share: float) -> Array:
    """Charge below each level: a slope around 3.95 V and the oxygen plateau at 4.52 V, `share` of it above 4.45 V."""
    slope, plateau = special.ndtr((LEVEL - 3.95) / 0.11), special.ndtr((LEVEL - 4.53) / 0.02)

    def above(curve: Array) -> float:
        return float(1 - np.interp(4.45, LEVEL, curve / curve[-1]))

    weight = (share - above(slope)) / (above(plateau) - above(slope))
    total = weight * plateau / plateau[-1] + (1 - weight) * slope / slope[-1]
    return np.asarray(total - total[0])


def charged(
    share: float, *, noise: float = 0.0, points: int = 900, seed: int = 1, capacity: float = 310.0, **changes: object
) -> MadeCell:
    total = lrmo(share)
    charge = np.linspace(0, total[-1], points)
    voltage = np.interp(charge, total, LEVEL) + noise * np.random.default_rng(seed).standard_normal(points)
    ampere_hours = charge / total[-1] * capacity * 4e-6
    return MadeCell("L1", np.array([capacity]), curves=((1, "charge", ampere_hours, voltage),), counter=1e-5, **changes)  # type: ignore[arg-type]


def share_of(result: Result) -> Observable:
    (found,) = result.observables("plateau_share")
    return found


@pytest.mark.parametrize("truth", [60.9, 52.8])
@pytest.mark.parametrize("noise", [0.0, 2e-3])
def test_the_published_shares_come_back(truth: float, noise: float) -> None:
    result = plateau_share(summary([charged(truth / 100, noise=noise)]))
    found = share_of(result)
    assert found.value == pytest.approx(truth, abs=0.15)
    (capacity,) = result.observables("plateau_capacity")
    assert capacity.value == pytest.approx(truth / 100 * 310, rel=3e-3)
    assert capacity.unit == "mAh/g"


def test_the_uncertainty_is_the_slope_of_the_share_times_that_of_the_split() -> None:
    cell = charged(0.609)
    found = share_of(plateau_share(summary([cell]), split="4.51 V", split_std="5 mV"))
    total = lrmo(0.609)
    per_volt = (np.interp(4.511, LEVEL, total) - np.interp(4.509, LEVEL, total)) / 0.002 / total[-1]
    assert found.components["split:L1"] == pytest.approx(-100 * per_volt * 5e-3, rel=0.05)
    assert found.components["mass:L1"] == 0.0
    assert found.std < 1.5 * abs(found.components["split:L1"])


def test_pulls_over_splits_that_people_would_have_chosen() -> None:
    random = np.random.default_rng(4)
    made = summary([charged(0.609)])
    pulls = []
    total = lrmo(0.609)
    truth = 100 * (1 - np.interp(4.52, LEVEL, total) / total[-1])
    for split in 4.52 + 0.004 * random.standard_normal(150):
        found = share_of(plateau_share(made, split=float(split), split_std="4 mV"))
        assert found.value is not None
        pulls.append((found.value - truth) / found.std)
    assert 0.85 < np.std(pulls) < 1.15


def test_a_declared_voltage_accuracy_counts_with_the_opposite_sign() -> None:
    found = share_of(
        plateau_share(summary([charged(0.609, voltage=np.array([4.1]), voltage_accuracy=2e-3)]), split_std="2 mV")
    )
    assert found.components["voltage:L1"] == pytest.approx(-found.components["split:L1"], rel=0.2)


def test_a_hold_at_the_end_is_not_on_the_branch() -> None:
    total = lrmo(0.6)
    charge = np.linspace(0, total[-1], 800)
    voltage = np.interp(charge, total, LEVEL)
    held = np.linspace(total[-1], 1.3 * total[-1], 100)[1:]
    cell = MadeCell(
        "L1", np.array([400.0]),
        curves=((1, "charge", np.concatenate([charge, held]) * 1e-3, np.concatenate([voltage, np.full(99, 4.7)]),
                 np.arange(899) < 800),),
    )  # fmt: skip
    assert share_of(plateau_share(summary([cell]))).value == pytest.approx(60.0, abs=0.2)


def test_the_knee_is_found_and_recorded_as_a_choice() -> None:
    result = plateau_share(summary([charged(0.609, noise=5e-4)]), split=None)
    (choice,) = result.choices
    assert choice.field == "split_voltage"
    assert 4.2 < float(choice.value.split()[0]) < 4.47
    assert 0 < choice.margin <= 1
    assert share_of(result).value == pytest.approx(60.9, abs=3)


def test_what_cannot_be_split_gives_null_with_the_reason() -> None:
    straight = MadeCell(
        "S1", np.array([300.0]), curves=((1, "charge", np.linspace(0, 1e-3, 500), np.linspace(3.5, 4.7, 500)),)
    )
    found = share_of(plateau_share(summary([straight]), split=None))
    assert found.value is None
    assert "no minimum between two maxima" in found.flag
    cut = charged(0.6, incomplete=(1,))
    assert "incomplete" in share_of(plateau_share(summary([cut]))).flag
    assert "no charge in cycle 7" in share_of(plateau_share(summary([cut]), cycle=7)).flag
    with pytest.raises(StudyError, match="did you mean 'charge'"):
        plateau_share(summary([cut]), direction="charging")
    with pytest.raises(UnitError):
        plateau_share(summary([cut]), split="4.45 mAh")


@settings(max_examples=25, deadline=None)
@given(split=st.floats(3.5, 4.65), step=st.floats(0.001, 0.05), scale=st.floats(0.01, 100))
def test_the_share_falls_with_the_split_and_knows_no_scale(split: float, step: float, scale: float) -> None:
    low = share_of(plateau_share(summary([charged(0.5)]), split=split)).value
    high = share_of(plateau_share(summary([charged(0.5)]), split=split + step)).value
    other = share_of(plateau_share(summary([charged(0.5, capacity=310 * scale)]), split=split)).value
    assert low is not None
    assert high is not None
    assert 0 <= high <= low <= 100
    assert other == pytest.approx(low, rel=1e-9)


def test_a_real_spinel(cycling_folder: Path) -> None:
    result = plateau_share(
        summary_of(cycling_folder, "DLR__LiLNMOHydra0b__20221125__POCV__25degC__Basytec.bdf.csv"), split=None
    )
    (choice,) = result.choices
    # Between the Mn3+/4+ step near 4.0 V and the nickel plateaus, or between the two nickel plateaus at 4.70 and 4.75 V.
    assert {round(float(text.split()[0]), 1) for text in (choice.value, choice.runner_up)} == {4.4, 4.7}
    assert result.data["splits"].filter(pl.col("branch_charge") > 6e-3).height == 1
