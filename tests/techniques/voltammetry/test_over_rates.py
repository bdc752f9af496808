"""Powers of the scan rate, shares and diffusion coefficients against truth; and refusals where a condition fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Declared, Result, Series
from interlith.physics.voltammetry import Couple
from interlith.techniques.voltammetry.b_value import b_value
from interlith.techniques.voltammetry.diffusion import diffusion
from interlith.techniques.voltammetry.options import check_options
from interlith.techniques.voltammetry.peaks import peaks
from interlith.techniques.voltammetry.shares import shares
from tests.techniques.voltammetry.scans import AREA, BOUND, SOLVED, measured, scan

RATES = (0.02, 0.05, 0.1, 0.2, 0.5)


def over_rates(
    couples: list[Couple], *, resistance: float = 0.0, capacitance: float = 2e-6, rates: tuple[float, ...] = RATES
) -> Result:
    """Peaks of one specimen at all scan rates."""
    items = [
        measured(
            scan(couples, rate, seed=k, noise=2e-7, resistance=resistance, capacitance=capacitance, cycles=2),
            part=k, area=Declared(AREA, "m^2", 0.01 * AREA),
        )
        for k, rate in enumerate(rates)
    ]  # fmt: skip
    return peaks(Series(tuple(items)))


@pytest.fixture(scope="module")
def solved() -> Result:
    """A reversible couple in solution."""
    return over_rates([SOLVED])


def only(result: Result, quantity: str) -> dict[str, object]:
    """The row of one number."""
    return result.table.filter(pl.col("quantity") == quantity).row(0, named=True)


def test_the_power_is_one_half_in_solution_and_one_at_the_surface(solved: Result) -> None:
    for result, true in ((solved, 0.5), (over_rates([BOUND]), 1.0)):
        row = only(b_value(result), "anodic_peak_1_b_value")
        assert row["low"] < true < row["high"]
        assert row["std"] < 0.02
    with pytest.raises(FitError, match="three scan rates"):
        b_value(over_rates([SOLVED], rates=(0.1, 0.2)))


def test_an_ohmic_drop_bends_the_points_and_is_told() -> None:
    row = only(
        b_value(over_rates([BOUND], resistance=2000.0, rates=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0))), "anodic_peak_1_b_value"
    )
    assert row["value"] < 0.95
    assert "bend" in str(row["flag"])


def test_shares_of_a_double_layer_and_a_solution_are_those_that_were_put_in() -> None:
    capacitance = 2e-4
    with_layer, without = (over_rates([SOLVED], capacitance=size) for size in (capacitance, 0.0))
    found = shares(with_layer)
    for direction in ("anodic", "cathodic"):
        table = found.table.filter(pl.col("quantity") == f"{direction}_capacitive_share").sort("state_value")
        assert (np.diff(table["value"].to_numpy()) > 0).all()
        curve = found.data["shares"].filter(pl.col("direction") == direction)
        sign = 1 if direction == "anodic" else -1
        assert sign * curve["k1"].median() == pytest.approx(capacitance, rel=0.15)
        row = table.row(table.height - 1, named=True)
        grid = curve["voltage"].to_numpy()
        own = (
            without.data["curves"]
            .filter((pl.col("direction") == direction) & (pl.col("part") == 4) & (pl.col("cycle") == 2))
            .sort("voltage")
        )
        bare = sign * np.interp(grid, own["voltage"], own["current"]).mean()
        true = 100 * capacitance * 0.5 / (capacitance * 0.5 + bare)
        assert row["low"] < true < row["high"]


def test_peaks_that_move_make_the_share_doubtful_and_say_so() -> None:
    found = shares(over_rates([BOUND], resistance=1000.0))
    assert "the peak moves by" in str(found.table.item(0, "flag"))
    with pytest.raises(FitError, match="three"):
        shares(over_rates([BOUND], rates=(0.1, 0.2)))


def test_the_diffusion_coefficient_is_recovered_with_the_declared_uncertainties(solved: Result) -> None:
    area = "1 +- 0.01 cm^2"
    found = only(
        diffusion(solved, electrons=1, concentration="1 +- 0.02 mmol/L", area=area, temperature="25 +- 1 degC"),
        "anodic_peak_1_diffusion",
    )
    assert abs(float(str(found["value"])) - 1e-5) < 3 * float(str(found["std"]))
    assert float(str(found["std"])) == pytest.approx(1e-5 * np.hypot(0.02, 0.04), rel=0.15)
    unknown = only(
        diffusion(solved, electrons=1, concentration="1 mmol/L", area=area, temperature="25 +- 1 degC"),
        "anodic_peak_1_diffusion",
    )
    assert unknown["std"] == np.inf
    with pytest.raises(StudyError, match="needs the area"):
        diffusion(solved, electrons=1, concentration="1 mmol/L")


@pytest.mark.parametrize(
    ("couple", "resistance", "words"),
    [
        (BOUND, 0.0, "not with its root"),
        (replace(SOLVED, rate_constant=2e-5), 0.0, "separation"),
        (SOLVED, 150.0, "separation"),
        (replace(SOLVED, thickness=2e-5), 0.0, "diffusion layers deep"),
    ],
    ids=["surface couple", "slow transfer", "ohmic drop", "thin layer"],
)  # fmt: skip
def test_where_a_condition_fails_there_is_no_coefficient(couple: Couple, resistance: float, words: str) -> None:
    result = diffusion(
        over_rates([couple], resistance=resistance), electrons=1, concentration="1 +- 0.02 mmol/L", area="1 +- 0.01 cm^2",
        temperature="25 +- 1 degC", thickness="20 um",
    )  # fmt: skip
    row = only(result, "anodic_peak_1_diffusion")
    assert row["value"] is None
    assert words in str(row["flag"])
    assert not result.quality.item(0, "ok")
    assert (~result.data["conditions"]["holds"]).any()


def test_a_wrong_number_of_electrons_is_noticed(solved: Result) -> None:
    found = diffusion(
        solved, electrons=2, concentration="1 +- 0.02 mmol/L", area="1 +- 0.01 cm^2", temperature="25 +- 1 degC"
    )
    assert "the half-width is" in str(found.table.item(0, "flag"))


def test_words_that_are_not_understood_are_named() -> None:
    for options, words in (
        ({"scanrate": "1 mV/s"}, "did you mean 'scan_rate'"),
        ({"scan_rate": "1 mV"}, "scan_rate"),
        ({"baseline": "spline"}, "'spline' is unknown"),
        ({"shares": 3}, "neither on nor off"),
        ({"diffusion": {"electrons": 0.5}}, "whole number"),
        ({"diffusion": {"radius": "1 um"}}, "'radius' is unknown"),
        ({"resistance": {"S1": "-3 ohm"}}, "positive"),
    ):
        with pytest.raises(StudyError, match=words):
            check_options(options)
