"""Circuits over a series: observables with state, sources and bounds; names, areas, choices, steps."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Decision, Series, read_target
from interlith.model.sample import Declared
from interlith.model.step import Given
from interlith.techniques.impedance import circuit_choice
from interlith.techniques.impedance.bare import spectrum
from interlith.techniques.impedance.circuit import STEP, fit
from interlith.techniques.impedance.circuit_choice import choose
from tests.physics.circuits.spectra import FREQUENCY, TRUTH, TWO_ARCS, noisy


def _series(count: int = 3, circuit: str = TWO_ARCS, values: object = TRUTH, *, noise: float = 0.005) -> Series:
    spectra = noisy(circuit, values, count=count, noise=noise)
    return Series(
        tuple(
            spectrum(FREQUENCY, one, sample="C5", variant="coated", state={"voltage": 3.8 + 0.1 * k})
            for k, one in enumerate(spectra)
        )
    )


def test_observables_carry_state_interval_and_sources() -> None:
    found = fit(_series(), "R0-(R1|Q1)-(R2|Q2)-W")
    (first, *_) = found.observables("R2")
    assert first.state is not None
    assert (first.state.name, first.state.value, first.sample, first.variant) == ("voltage", 3.8, "C5", "coated")
    assert first.value == pytest.approx(80.0, rel=0.05)
    assert first.low is not None
    assert first.high is not None
    assert first.low < first.value < first.high
    assert all(source.startswith("fit:") for source in first.components)
    assert first.source.startswith("sha256:")
    assert found.name == "circuit"
    quantities = set(found.table.get_column("quantity"))
    assert {"R0", "Q1_exponent", "W1", "R1_time_constant", "R2_capacitance", "polarisation_resistance"} <= quantities
    assert found.quality.get_column("ok").all()


def test_what_is_common_cancels_in_a_ratio() -> None:
    found = fit(_series(1), TWO_ARCS)
    total, second = found.observables("polarisation_resistance")[0], found.observables("R2")[0]
    independent = total.value / second.value * math.hypot(total.std / total.value, second.std / second.value)
    assert total.over(second).std < 0.7 * independent


def test_names_and_areas() -> None:
    series = _series(1)
    area = Declared(1.13e-4, "m^2", 0.02e-4, "die")
    (item,) = series.measurements
    series = Series((replace(item, sample=replace(item.sample, area=area)),))
    found = fit(series, TWO_ARCS, names={"R1": "interphase_resistance", "R2": "charge_transfer_resistance"})
    assert not found.observables("R1")
    assert found.observables("interphase_capacitance")[0].unit == "F"
    plain, areal = (found.observables(f"charge_transfer_{word}")[0] for word in ("resistance", "area_resistance"))
    assert areal.value == pytest.approx(plain.value * 1.13)
    assert areal.unit == "ohm cm^2"
    assert areal.components["area:C5"] == pytest.approx(plain.value * 0.02)
    with pytest.raises(FitError, match="no resistance 'R7'"):
        fit(series, TWO_ARCS, names={"R7": "charge_transfer_resistance"})
    with pytest.raises(FitError, match="one name"):
        fit(series, TWO_ARCS, names={"R1": "film_resistance", "R2": "film_resistance"})


def test_a_bound_is_no_value() -> None:
    series = _series(2, "R0-(R1|Q1)-Ws1", [10.0, 30.0, 1e-4, 0.85, 40.0, 10.0], noise=0.01)
    full, cut = (fit(series, "R0-(R1|Q1)-Ws1", window=window) for window in (None, ["0.1 Hz", "1 MHz"]))
    assert full.observables("Ws1_resistance")[0].value == pytest.approx(40.0, rel=0.1)
    row = cut.table.filter(pl.col("quantity") == "Ws1_resistance").row(0, named=True)
    assert row["value"] is None
    assert "at least" in row["flag"]
    total = cut.table.filter(pl.col("quantity") == "polarisation_resistance").row(0, named=True)
    assert total["value"] is None
    assert "Ws1_resistance is not a number here" in total["flag"]
    assert cut.observables("R1")[0].value == pytest.approx(30.0, rel=0.1)


def test_a_circuit_that_misses_something_is_told() -> None:
    found = fit(_series(1), "R0-(R1|Q1)")
    assert "residuals follow each other" in found.observables("R1")[0].flag
    right = fit(_series(1), TWO_ARCS)
    assert "residuals" not in right.observables("R1")[0].flag


def test_data_hold_every_point() -> None:
    found = fit(_series(2), TWO_ARCS, window=["1 Hz", "10 kHz"])
    spectra = found.data["spectra"]
    assert spectra.height == 2 * FREQUENCY.size
    inside = (FREQUENCY >= 1) & (FREQUENCY <= 1e4)
    assert spectra.get_column("used").sum() == 2 * inside.sum()
    used = spectra.filter("used")
    assert used.get_column("residual_real").std() == pytest.approx(1.0, abs=0.25)
    assert spectra.filter(~pl.col("used")).get_column("residual_real").null_count() == 2 * (~inside).sum()
    assert found.data["parameters"].get_column("R1_std").to_list() == pytest.approx(
        [one.std for one in found.observables("R1")]
    )


def test_a_spectrum_that_is_too_short_is_an_entry_of_quality() -> None:
    long = _series(1).measurements[0]
    short = spectrum(FREQUENCY[:5], noisy("R0-(R1|C1)", [1, 2, 1e-4])[0][:5], sample="C6", state={"voltage": 4.0})
    found = fit(Series((long, short)), "R0-(R1|Q1)-(R2|Q2)-(R3|Q3)")
    (bad,) = found.quality.filter(~pl.col("ok")).filter(pl.col("sample") == "C6").rows(named=True)
    assert "too few" in bad["reason"]
    with pytest.raises(FitError, match="No spectrum has the points"):
        fit(Series((short,)), "R0-(R1|Q1)-(R2|Q2)-(R3|Q3)")


def test_shared_and_smooth_along_the_series() -> None:
    series = _series(4)
    found = fit(series, TWO_ARCS, shared=["W1"], smooth={"R1": 0.05})
    first, second = found.observables("W1")[:2]
    assert first.value == second.value
    assert first.over(second).std == pytest.approx(0.0, abs=1e-9)


def test_the_circuit_is_chosen_and_the_choice_told() -> None:
    series = _series(2)
    found = fit(series)
    assert found.how.options["circuit"] == TWO_ARCS
    (choice,) = found.choices
    assert (choice.field, choice.value) == ("circuit", TWO_ARCS)
    assert choice.margin > 0.5
    assert "does not show which circuit" in choice.reason
    compared = choose(series, ["R0-(R1|Q1)", TWO_ARCS])
    assert compared.data["candidates"].height == 2
    assert compared.choices[0].runner_up == "R0-(R1|Q1)"


def test_steps_agree_on_one_circuit_and_take_a_persons() -> None:
    series = _series(1)
    other = Series(tuple(replace(one, sample=replace(one.sample, name="C6")) for one in series))
    options = {"circuit": "auto"}
    chosen = [circuit_choice.STEP.run(Given(one, options=options)) for one in (series, other)]
    assert STEP.agree is not None
    agreed = STEP.agree({"circuit_choice": chosen}, options, [])
    assert agreed.values == {"circuit": TWO_ARCS}
    found = STEP.run(Given(series, options=options, agreed=agreed.values))
    assert found.how.options["circuit"] == TWO_ARCS
    decision = Decision(read_target("impedance"), "circuit", "R-(R|Q)-W", "one arc only", "AB")
    mine = STEP.agree({"circuit_choice": chosen}, options, [decision])
    assert mine.values == {"circuit": "R0-(R1|Q1)-W1"}
    assert mine.choices[0].runner_up == TWO_ARCS
    assert STEP.agree({}, {"circuit": "R-(R|C)"}, []).values == {"circuit": "R0-(R1|C1)"}
    assert not STEP.wanted({})
    declared = circuit_choice.STEP.run(Given(series, options={"circuit": TWO_ARCS}))
    assert STEP.agree({"circuit_choice": [declared]}, {"circuit": TWO_ARCS}, []).values == {"circuit": TWO_ARCS}


def test_words_of_a_study_are_checked() -> None:
    given = Given(_series(1), options={"circuit": TWO_ARCS, "weights": "modules"})
    with pytest.raises(StudyError, match="did you mean 'modulus'"):
        STEP.run(given)
    with pytest.raises(StudyError, match="names is"):
        STEP.run(Given(_series(1), options={"circuit": TWO_ARCS, "names": "R1"}))


def test_points_left_out_are_not_fitted() -> None:
    series = _series(1)
    (item,) = series.measurements
    frame = item.payload.frame.collect()
    spoiled = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 20).then(3.0).otherwise(1.0).alias("f")
    ).with_columns(pl.col("impedance_real") * pl.col("f"))
    bad = Series((replace(item, payload=replace(item.payload, frame=spoiled.drop("f").lazy())),))
    validity = type("Validity", (), {"data": {"residuals": pl.DataFrame(
        {"spectrum": ["C5 (arrays)#sha256:" + item.source.sha256[:12]], "point": [20], "used": [False]}
    )}})()  # fmt: skip
    kept, without = fit(bad, TWO_ARCS), fit(bad, TWO_ARCS, validity=validity)
    assert np.abs(without.observables("R2")[0].value - 80.0) < 4 * without.observables("R2")[0].std
    assert kept.data["parameters"]["scatter"][0] > 3 * without.data["parameters"]["scatter"][0]


def test_a_small_part_that_is_a_bound_does_not_spoil_the_sum() -> None:
    """An arc of 1 % far above the highest frequency: its own resistance is a bound, the sum is a number that says so."""
    series = _series(1, "R0-(R1|C1)-(R2|C2)", [10.0, 0.8, 2e-7, 80.0, 1e-3], noise=1e-3)
    found = fit(series, "R0-(R1|C1)-(R2|C2)")
    assert found.observables("R1")[0].value is None
    total = found.observables("polarisation_resistance")[0]
    assert total.value == pytest.approx(80.8, rel=0.02)
    assert "R1 as fitted" in total.flag
