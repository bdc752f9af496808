"""Relaxation times over a series: observables with state and sources, names, bounds, choices, steps."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Decision, Series, read_target
from interlith.model.step import Given
from interlith.techniques.impedance.bare import spectrum
from interlith.techniques.impedance.relaxation import STEP, drt
from interlith.techniques.impedance.relaxation_processes import named, process_table
from tests.numerics.relaxation.spectra import FREQUENCY, OMEGA, TWO, arcs, noisy


def _series(*spectra: np.ndarray) -> Series:
    return Series(
        tuple(
            spectrum(FREQUENCY, one, sample="C5", variant="coated", state={"voltage": 3.8 + 0.1 * k})
            for k, one in enumerate(spectra)
        )
    )


@pytest.fixture(scope="module")
def plain() -> Series:
    return _series(*(noisy(arcs((50.0 + 10 * k, 3e-5, 0.82), TWO[1]), 1, seed=k)[0] for k in range(3)))


def test_observables_carry_state_interval_and_sources(plain: Series) -> None:
    found = drt(plain)
    assert found.name == "relaxation"
    first = found.observables("P1_resistance")
    assert [one.state.value for one in first if one.state is not None] == pytest.approx([3.8, 3.9, 4.0])
    for k, one in enumerate(first):
        assert abs(one.value - 50 - 10 * k) < 3 * one.std
        assert one.low < one.value < one.high
        assert {source.partition(":")[0] for source in one.components} <= {"fit", "model"}
    (tau, *_), (capacitance, *_) = found.observables("P2_time_constant"), found.observables("P2_capacitance")
    (resistance, *_) = found.observables("P2_resistance")
    assert capacitance.value == pytest.approx(tau.value / resistance.value)
    parts = {
        source: capacitance.components.get(source, 0.0) / capacitance.value + size / resistance.value
        for source, size in resistance.components.items()
    }
    spread = math.hypot(
        *(parts[source] - tau.components[source] / tau.value for source in parts if source.startswith("fit"))
    )
    assert spread < 1e-9
    assert {"high_frequency_resistance", "window_polarisation_resistance", "P1_width"} <= set(
        found.table.get_column("quantity")
    )
    assert found.quality.get_column("ok").all()


def test_tables_hold_map_and_fit(plain: Series) -> None:
    found = drt(plain)
    table = found.data["distribution"]
    assert table.get_column("number").unique().to_list() == [1, 2, 3]
    assert table.select((pl.col("low") < pl.col("gamma")) & (pl.col("gamma") < pl.col("high"))).to_series().all()
    assert table.get_column("tau").max() <= 1 / (2 * math.pi * FREQUENCY.min()) * 1.001
    residual = found.data["spectra"].get_column("residual_real").to_numpy()
    assert 0.8 < residual.std() < 1.1
    assert found.data["peaks"].get_column("peak").unique().sort().to_list() == ["P1", "P2"]


def test_only_a_declared_table_gives_names(plain: Series) -> None:
    found = drt(plain, processes="sulfide_halide_solid_cell")
    quantities = set(found.table.get_column("quantity"))
    assert {"interphase_resistance", "charge_transfer_resistance", "charge_transfer_capacitance"} <= quantities
    assert "P1_resistance" not in quantities
    assert {(one.field, one.value) for one in found.choices} == {
        ("process", "interphase"),
        ("process", "charge_transfer"),
    }
    own = drt(plain, processes={"slow": ["1 ms", "0.1 s"]})
    assert {"P1_resistance", "slow_resistance"} <= set(own.table.get_column("quantity"))


def test_gaps_and_two_in_one_range_stay_unnamed() -> None:
    table = process_table("sulfide_halide_solid_cell")
    names, choices = named("C5", "C5.mpr", {1: 5e-6, 2: 2e-5, 3: 4e-4, 4: 0.02, 5: 0.3}, table)
    assert names == {4: "charge_transfer"}
    by_peak = {one.target.rpartition("/")[2]: one for one in choices}
    assert by_peak["P5"].value == "P5"
    assert "no declared range" in by_peak["P5"].reason
    assert "both lie" in by_peak["P2"].reason
    assert by_peak["P5"].margin < 0.6
    assert by_peak["P4"].margin > by_peak["P5"].margin


@pytest.mark.parametrize("wrong", ["sulfide", 3, {"x": [1, 2, 3]}, {"x": ["1 s", "1 ms"]}, {}])
def test_wrong_tables_are_refused(wrong: object) -> None:
    with pytest.raises(StudyError, match="processes"):
        process_table(wrong)


def test_what_lies_beyond_the_window_is_a_bound() -> None:
    seen = FREQUENCY >= 0.1
    z = noisy(arcs(TWO[0], TWO[1], (100.0, 30.0, 0.85)), 1)[0]
    found = drt(Series((spectrum(FREQUENCY[seen], z[seen], sample="C1"),)), processes="sulfide_halide_solid_cell")
    (bound,) = found.observables("diffusion_resistance")
    assert bound.value is None
    assert "at least" in bound.flag
    assert "slow end" in bound.flag


def test_a_negative_loop_is_flagged_proposed_and_decided() -> None:
    series = _series(noisy(arcs(*TWO) - 30 / (1 + (OMEGA * 2.0) ** 0.85), 1)[0])
    found = drt(series)
    assert "follow each other" in found.quality.item(0, "reason")
    (choice,) = [one for one in found.choices if one.field == "signed"]
    assert (choice.value, choice.runner_up) == ("false", "true")
    assert found.flags["C5"]
    decided = drt(series, decisions=[Decision(read_target(choice.target), "signed", True, "a loop")])
    assert decided.quality.item(0, "reason") == ""
    assert decided.data["peaks"].get_column("resistance").min() < -5


def test_words_of_the_step(plain: Series) -> None:
    made = STEP.run(Given(plain, options={"drt": {"smooth": "state"}, "processes": "sulfide_halide_solid_cell"}))
    assert made.how.options["smooth"] == "state"
    with pytest.raises(StudyError, match="spike"):
        STEP.run(Given(plain, options={"drt": {"spike": True}}))
    with pytest.raises(StudyError, match="smooth"):
        drt(plain, smooth="voltage")
    with pytest.raises(StudyError, match="signed"):
        drt(plain, signed="maybe")


def test_too_few_points_are_told(plain: Series) -> None:
    with pytest.raises(FitError, match="usable points"):
        drt(plain, window=[1e4, 2e4])
