"""Simulated dose series: what is beyond the threshold is found in the second phase, atom by atom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interlith as il
from interlith.errors import StudyError
from interlith.simulate.powder_doses import simulate_doses, weight_fraction
from interlith.simulate.powder_recipes import Dosed
from interlith.simulate.powder_truth import PowderTruth

SERIES = (Dosed("D", 0.6, slope=0.8), Dosed("C", 0.4))
LIMITS = (14.0, 20.0)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PowderTruth]:
    folder = tmp_path_factory.mktemp("doses")
    return folder, simulate_doses(folder, series=SERIES, limits=LIMITS, spread=0.0, seed=3)


def test_every_file_is_read_with_its_dose(study: tuple[Path, PowderTruth]) -> None:
    folder, truth = study
    opened = il.open_study(folder)
    assert opened.unread == ()
    assert len(opened.measurements) == truth.patterns.height == 16
    for item, row in zip(opened.measurements, truth.patterns.rows(named=True), strict=True):
        assert item.source.path == row["file"]
        assert item.sample.name == row["sample"]
        assert item.state["dose"].value == row["dose"]
        assert item.original_metadata["instrument"]["wavelengths"] == [0.7748]


def test_what_the_host_does_not_hold_is_in_the_second_phase(study: tuple[Path, PowderTruth]) -> None:
    _, truth = study
    host, second = il.phase("LNMO"), il.phase("LaTMO3")
    for row in truth.patterns.rows(named=True):
        dosed = next(one for one in SERIES if one.name == row["series"])
        beyond = max(0.0, row["dose"] - dosed.threshold) * dosed.slope
        assert row["LaTMO3_element_fraction"] == pytest.approx(beyond)
        share = row["LaTMO3_weight_fraction"]
        # One gram: atoms of La and of the metals in each phase by molar mass; LNMO has two metals, LaTMO3 one La and one metal.
        lanthanum = share / second.mass
        metals = lanthanum + (1 - share) / (host.mass / 8) * 2
        assert 100 * lanthanum / metals == pytest.approx(beyond, abs=1e-12)


def test_the_threshold_is_where_the_line_ends(study: tuple[Path, PowderTruth]) -> None:
    _, truth = study
    for one in SERIES:
        seen = truth.patterns.filter((pl.col("series") == one.name) & (pl.col("LaTMO3_element_fraction") > 0))
        slope, start = np.polyfit(seen["dose"].to_numpy(), seen["LaTMO3_element_fraction"].to_numpy(), 1)
        assert -start / slope == pytest.approx(truth.values[one.name]["threshold"])
        assert slope == pytest.approx(truth.values[one.name]["slope"])
    assert truth.at("D0.7_01", "dose", 0.7) == 0.7


def test_the_line_of_the_second_phase_grows_with_it(study: tuple[Path, PowderTruth]) -> None:
    folder, truth = study
    areas = []
    for item in il.open_study(folder).measurements:
        frame = item.payload.frame.collect()  # type: ignore[union-attr]
        line = frame.filter(pl.col("two_theta").is_between(15.9, 16.6))["intensity"].to_numpy().mean()
        below = frame.filter(pl.col("two_theta").is_between(16.9, 17.3))["intensity"].to_numpy().mean()
        areas.append(float(line - below))
    share = truth.patterns["LaTMO3_weight_fraction"].to_numpy()
    assert np.corrcoef(areas, share)[0, 1] > 0.99


def test_specimens_scatter_where_asked(tmp_path: Path) -> None:
    truth = simulate_doses(
        tmp_path, series=(Dosed("C", 0.4),), doses=(0.9,), replicates=6, spread=0.1, limits=(15.8, 16.6), seed=1
    )
    found = truth.patterns["LaTMO3_element_fraction"].to_numpy()
    assert 0.02 < found.std() < 0.12
    assert found.mean() == pytest.approx(0.5, abs=0.08)


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    host, second = il.phase("LNMO"), il.phase("LaTMO3")
    assert weight_fraction(1.0, host, second) == pytest.approx(1.0)
    with pytest.raises(StudyError, match="leave no LNMO"):
        weight_fraction(1.2, host, second)
    with pytest.raises(StudyError, match="must hold La"):
        weight_fraction(0.1, host, il.phase("NiO"))
    with pytest.raises(StudyError, match="doses from 0 on"):
        simulate_doses(tmp_path, doses=(-0.1, 0.5))
