"""A number that the spectrum cannot hold is a bound; what follows from parameters carries their covariance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.physics.circuits import Circuit, derived, fit_circuit, judged
from tests.physics.circuits.spectra import FREQUENCY, TRUTH, TWO_ARCS, noisy

SOLID = "R0-(R1|Q1)-(R2|Q2)-Ws1"
SOLID_TRUTH = [10.0, 5.0, 1e-5, 0.9, 30.0, 1e-4, 0.85, 40.0, 10.0]


def test_numbers_that_are_seen_have_intervals_that_hold_the_truth() -> None:
    found = fit_circuit(FREQUENCY, noisy(TWO_ARCS, TRUTH, count=200), TWO_ARCS)
    verdicts = judged(found)
    for k, name in enumerate(found.names):
        held = [one[name].low <= TRUTH[k] <= one[name].high for one in verdicts]
        assert all(one[name].value is not None and not one[name].flag for one in verdicts)
        assert 0.91 <= np.mean(held) <= 0.98, name


def test_diffusion_beyond_the_lowest_frequency_is_a_bound() -> None:
    long, short = (np.logspace(6, end, 70) for end in (-3, -1))
    full = judged(fit_circuit(long, noisy(SOLID, SOLID_TRUTH, frequency=long, noise=0.01), SOLID))[0]
    assert full["Ws1_resistance"].value == pytest.approx(40.0, rel=0.05)
    cut = judged(fit_circuit(short, noisy(SOLID, SOLID_TRUTH, frequency=short, noise=0.01, count=20), SOLID))
    for one in cut:
        bound = one["Ws1_resistance"]
        assert bound.value is None
        assert 0 < bound.low <= 40.0 < bound.high == math.inf
        assert "at least" in bound.flag
        assert "lies above what the frequencies reach" in bound.flag
        assert one["Ws1_time_constant"].value is None
        assert one["R2"].value == pytest.approx(30.0, rel=0.1)


def test_an_arc_above_the_highest_frequency_is_a_bound() -> None:
    frequency = np.logspace(3, -2, 50)
    spectrum = noisy("R0-(R1|C1)", [10.0, 50.0, 2e-8], frequency=frequency, noise=1e-4)
    one = judged(fit_circuit(frequency, spectrum, "R0-(R1|C1)"))[0]
    assert one["R1"].value is None
    assert one["R1"].low <= 50.0
    assert "below what the frequencies reach" in one["R1"].flag or "not" in one["R1"].flag


def test_a_missing_process_is_no_number() -> None:
    spectra = noisy("R0-(R1|Q1)", [10.0, 50.0, 1e-4, 0.9], count=3)
    verdicts = judged(fit_circuit(FREQUENCY, spectra, "R0-(R1|Q1)-(R2|Q2)"))
    doubted = [
        sum(bool(one[name].flag) for name in ("R1", "R2", "Q1", "Q2", "Q1_exponent", "Q2_exponent")) for one in verdicts
    ]
    assert min(doubted) >= 1


def test_an_ideal_capacitor_under_a_constant_phase_is_said() -> None:
    spectra = noisy("R0-(R1|C1)", [10.0, 50.0, 1e-4], count=12)
    found = fit_circuit(FREQUENCY, spectra, "R0-(R1|Q1)")
    verdicts = [one["Q1_exponent"] for one in judged(found)]
    at = [one for one in verdicts if one.value == 1.0]
    assert 2 <= len(at) <= 10  # about half: noise points inwards or outwards
    assert all("ideal" in one.flag and one.low < 1.0 == one.high for one in at)


def test_a_held_parameter_is_told() -> None:
    found = fit_circuit(FREQUENCY, noisy(TWO_ARCS, TRUTH), TWO_ARCS, parameters={"W1": 6.0})
    one = judged(found)[0]["W1"]
    assert (one.value, one.low, one.high, one.flag) == (6.0, 6.0, 6.0, "held at a given value")


@pytest.mark.parametrize(
    "text", [TWO_ARCS, "R0-(R1|C1)-K1", "R0-Zarc1-Ws1", "R0-(Q1|R1-(R2|C2))-TLMR1", "R0-R5-(R1|Q1)-HN1"]
)
def test_derivatives_of_what_follows(text: str) -> None:
    circuit = Circuit(text)
    values = dict(zip(circuit.names, np.random.default_rng(1).uniform(0.4, 0.9, len(circuit.names)), strict=True))
    for number in derived(circuit, values):
        for name in circuit.names:
            ends = []
            for sign in (1, -1):
                moved = values | {name: values[name] * (1 + sign * 1e-6)}
                ends.append(next(one.value for one in derived(circuit, moved) if one.quantity == number.quantity))
            slope = (ends[0] - ends[1]) / (2e-6 * values[name])
            assert number.slopes.get(name, 0.0) == pytest.approx(slope, rel=1e-5, abs=1e-7 * abs(number.value)), (
                number.quantity,
                name,
            )


def test_formulas_of_what_follows() -> None:
    circuit = Circuit("R0-(R1|Q1)-Ws1-C2")
    values = dict(zip(circuit.names, [4.0, 20.0, 1e-3, 0.8, 7.0, 1.0, 1.0], strict=True))
    found = {one.quantity: one.value for one in derived(circuit, values)}
    tau = (20 * 1e-3) ** (1 / 0.8)
    assert found["R1_time_constant"] == pytest.approx(tau)
    assert found["R1_frequency"] == pytest.approx(1 / (2 * np.pi * tau))
    assert found["R1_capacitance"] == pytest.approx(tau / 20)
    assert found["R1_capacitance_brug"] == pytest.approx(1e-3 ** (1 / 0.8) * (1 / 4 + 1 / 20) ** (1 - 1 / 0.8))
    assert found["ohmic_resistance"] == 4.0
    assert found["polarisation_resistance"] == pytest.approx(27.0)


def test_what_is_made_of_the_fit_has_pulls_of_unit_width() -> None:
    found = fit_circuit(FREQUENCY, noisy(TWO_ARCS, TRUTH, count=200), TWO_ARCS)
    truth = {one.quantity: one.value for one in derived(found.circuit, dict(zip(found.names, TRUTH, strict=True)))}
    pulls: dict[str, list[float]] = {}
    for member in range(200):
        for one in derived(found.circuit, dict(zip(found.names, found.values[member], strict=True))):
            parts = found.components(one.slopes, "fit:x", member)
            size = math.sqrt(sum(part**2 for part in parts.values()))
            pulls.setdefault(one.quantity, []).append((one.value - truth[one.quantity]) / size)
    assert {"R1_capacitance", "R2_capacitance_brug", "polarisation_resistance"} <= set(pulls)
    for quantity, values in pulls.items():
        assert np.std(values) == pytest.approx(1.0, abs=0.16), quantity


def test_a_resistance_that_is_not_there_does_not_keep_the_others_from_being_found() -> None:
    """Without a series resistance the logarithm of R0 runs down a plateau; it is told as an upper bound."""
    frequency = np.logspace(2, -2, 40)
    spectra = noisy("(R1|Q1)-(R2|Q2)", [500.0, 1e-4, 0.8, 900.0, 5e-3, 0.8], frequency=frequency, count=12)
    found = fit_circuit(frequency, spectra, "R0-(R1|Q1)-(R2|Q2)")
    assert found.converged.all()
    assert found.pinned.any()
    for member, one in enumerate(judged(found)):
        if found.pinned[member, 0]:
            assert one["R0"].value is None
            assert one["R0"].low == 0.0
            assert 0.01 < one["R0"].high < 50.0
            assert found.components("R0", "fit:x", member) == {"fit:x/R0": math.inf}
        assert one["R2"].value == pytest.approx(900.0, rel=0.1)
        assert math.isfinite(found.uncertainty("R2", member))


def test_what_is_no_spectrum_fails_alone() -> None:
    good = noisy(TWO_ARCS, TRUTH, count=2)
    spectra = np.stack([good[0], np.full(FREQUENCY.size, 5.0 + 0j), -good[0], good[1]])
    found = fit_circuit(FREQUENCY, spectra, TWO_ARCS)
    verdicts = judged(found)
    if found.converged[2]:
        # Resistances cannot be negative: a fit that ends leaves over twice the spectrum.
        assert verdicts[2]["R1"].value is None
        assert "misses this spectrum" in verdicts[2]["R1"].flag
    for member in (1, 2):
        assert all(verdicts[member][name].value is None or verdicts[member][name].flag for name in ("R1", "R2", "W1"))
    np.testing.assert_allclose(found.values[[0, 3]], fit_circuit(FREQUENCY, good, TWO_ARCS).values, rtol=1e-4)
