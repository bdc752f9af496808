"""Conductivities against truth, bounds where the record ends too early, and what the user must declare."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interlith as il
from interlith.errors import FitError, StudyError
from interlith.model import Result, Series
from interlith.physics.polarisation import relaxing
from interlith.techniques.polarisation.conductivity import conductivity
from interlith.techniques.polarisation.holds import find_holds
from interlith.techniques.polarisation.options import check_options
from tests.techniques.polarisation.holds import held

GEOMETRY = {"thickness": "0.500 +- 0.005 mm", "diameter": "10 +- 0.05 mm"}
#: Cell constant (1/cm).
CELL = 0.05 / (math.pi * 0.25)


def only(result: Result, quantity: str) -> dict[str, object]:
    """The row of one number."""
    return result.table.filter(pl.col("quantity") == quantity).row(0, named=True)


def ohmic(
    resistance: float, offset: float = 0.0, cubic: float = 0.0, voltages: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4)
) -> Series:
    """Holds of a composite with a relaxation of 80 s."""
    steps = [
        (u, lambda t, u=u: relaxing(t, u / resistance + offset + cubic * u**3, (0.5 * u / resistance,), (80.0,)))
        for u in voltages
    ]
    return Series((held(steps, noise=1e-4 * 0.1 / resistance),))  # type: ignore[arg-type]


def test_the_conductivity_of_a_composite_is_recovered_with_geometry_in_its_uncertainty() -> None:
    result = conductivity(ohmic(50.0), blocks="ions", **GEOMETRY)  # type: ignore[arg-type]
    row = only(result, "electronic_conductivity")
    assert row["value"] == pytest.approx(CELL / 50.0, rel=1e-3)
    assert row["std"] == pytest.approx(CELL / 50.0 * math.hypot(0.01, 0.01), rel=0.02)
    (one,) = result.observables("electronic_conductivity")
    assert {"area:S1", "calibration:S1/thickness"} < set(one.components)
    assert row["flag"] == ""
    assert (
        only(conductivity(ohmic(50.0), blocks="electrons", **GEOMETRY), "ionic_conductivity")["value"] == row["value"]
    )  # type: ignore[arg-type]


def test_one_voltage_says_what_it_cannot_tell_and_an_undeclared_block_too() -> None:
    result = conductivity(ohmic(50.0, voltages=(0.4,)))
    row = only(result, "dc_resistance")
    assert row["value"] == pytest.approx(50.0, rel=1e-3)
    assert "an offset cannot be told" in str(row["flag"])
    assert "blocks" in str(row["flag"]) or "contacts block is not declared" in str(row["flag"])
    assert "resistance only" in result.quality.item(0, "reason")


def test_an_offset_is_taken_off_by_the_slope_and_a_bent_line_told() -> None:
    row = only(conductivity(ohmic(50.0, offset=2e-4)), "dc_resistance")
    assert row["value"] == pytest.approx(50.0, rel=2e-3)
    assert "offset" in str(row["flag"])
    assert "not ohmic" in str(only(conductivity(ohmic(50.0, cubic=0.1)), "dc_resistance")["flag"])


def test_leads_matter_for_a_good_conductor_and_are_asked_for() -> None:
    plain = only(conductivity(ohmic(2.0)), "dc_resistance")
    assert "leads and contacts are not declared" in str(plain["flag"])
    mended = only(conductivity(ohmic(2.0), lead_resistance="0.10 +- 0.02 ohm"), "dc_resistance")
    assert mended["value"] == pytest.approx(1.9, rel=1e-3)
    assert mended["std"] == pytest.approx(0.02, rel=0.05)
    assert "leads" not in str(mended["flag"])


def test_a_current_that_still_falls_is_an_upper_bound() -> None:
    falling = [(0.4, lambda t: relaxing(t, 1e-9, (8e-7, 4e-7), (100.0, 2e4)))]
    result = conductivity(Series((held(falling, noise=1e-9),)), blocks="ions", **GEOMETRY)  # type: ignore[arg-type]
    row = only(result, "electronic_conductivity")
    assert row["value"] is None
    assert str(row["flag"]).startswith("no more than")
    edge = float(str(row["flag"]).split()[3])
    assert CELL * 1e-9 / 0.4 < edge < 1.05 * CELL * 4e-7 / 0.4
    assert not result.quality.item(0, "ok")
    assert only(result, "steady_current")["value"] is None


def test_a_current_within_its_noise_is_an_upper_bound() -> None:
    nothing = [(0.4, lambda t: 0.0 * t)]
    row = only(conductivity(Series((held(nothing, noise=1e-9),))), "dc_resistance")
    assert row["value"] is None
    assert "does not stand out of its noise" in str(row["flag"])


def test_a_hold_at_constant_current_is_read_from_its_voltage_against_the_rest() -> None:
    steps = [(i, lambda t, i=i: relaxing(t, i * 1e3, (-0.4e3 * i,), (60.0,))) for i in (1e-5, -1e-5, 2e-5)]
    item = held(steps, noise=1e-6, rest=2.9, galvanostatic=True)  # type: ignore[arg-type]
    result = conductivity(Series((item,)), blocks="electrons", **GEOMETRY)  # type: ignore[arg-type]
    assert only(result, "ionic_resistance")["value"] == pytest.approx(1e3, rel=2e-3)
    assert only(result, "steady_voltage")["value"] == pytest.approx(1e-2, rel=5e-3)
    assert set(result.data["holds"]["control"]) == {"current"}


def test_a_curve_that_holds_nothing_is_refused() -> None:
    time = np.linspace(0, 1, 400)
    with pytest.raises(FitError, match="neither voltage nor current is held"):
        find_holds(3 + time, np.sin(3 * time))


def test_a_real_chronopotentiometry_is_bounded_and_not_told(data_folder: Path) -> None:
    path = data_folder / "impedance" / "hybriddrt__CP_SSB.mpr"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    result = il.polarisation.conductivity(path, blocks="electrons", thickness="0.5 mm", diameter="10 mm")
    holds = result.data["holds"]
    assert holds.height == 6
    assert holds["duration"].round(1).to_list() == [0.1, 0.1, 1.0, 1.0, 10.0, 10.0]
    assert holds["rest_voltage"][0] == pytest.approx(2.9236, abs=1e-3)
    assert not holds["told"].any()
    row = only(result, "ionic_resistance")
    assert row["value"] is None
    assert "no less than 1.76e+03 ohm" in str(row["flag"])


def test_words_that_are_not_understood_are_named() -> None:
    for options, words in (
        ({"block": "ions"}, "did you mean 'blocks'"),
        ({"blocks": "holes"}, "'holes' is unknown"),
        ({"thickness": "5"}, "thickness"),
        ({"diameter": {"S1": "-1 mm"}}, "positive"),
        ({"transference": {"before": "5 ohm"}}, "lacks after"),
        ({"transference": {"befor": "5 ohm"}}, "'befor' is unknown"),
    ):
        with pytest.raises(StudyError, match=words):
            check_options(options)
