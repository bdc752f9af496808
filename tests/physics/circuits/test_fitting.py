"""Circuits are found without starts, with honest uncertainties, alone, in batches and along series."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.errors import FitError
from interlith.physics.circuits import Circuit, fit_circuit
from tests.physics.circuits.spectra import FREQUENCY, TRUTH, TWO_ARCS, noisy


def test_pulls_have_unit_width() -> None:
    found = fit_circuit(FREQUENCY, noisy(TWO_ARCS, TRUTH, count=250), TWO_ARCS)
    pulls = (found.values - TRUTH) / found.std
    assert found.converged.all()
    assert np.abs(pulls.mean(axis=0)).max() < 0.2
    assert np.abs(pulls.std(axis=0) - 1).max() < 0.14  # three standard errors of 250
    assert found.scatter.mean() == pytest.approx(0.005, rel=0.01)
    assert "scaled by chi squared" in found.basis


def test_weights_from_the_model_leave_no_bias_at_strong_noise() -> None:
    truth = [10.0, 50.0, 1e-4, 0.9]
    found = fit_circuit(FREQUENCY, noisy("R0-(R1|Q1)", truth, count=250, noise=0.05), "R0-(R1|Q1)")
    pulls = (found.values - truth) / found.std
    assert np.abs(pulls.mean(axis=0)).max() < 0.2


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("L1-R0-(R1|Q1)", [1e-6, 10.0, 50.0, 1e-4, 0.9]),
        ("R0-(R1|C1)-(R2-Wo1|C2)", [5.0, 20.0, 1e-5, 10.0, 60.0, 2.0, 1e-3]),
        ("R0-(R1|Q1)-Ws1", [5.0, 20.0, 1e-5, 0.85, 40.0, 1.5]),
        ("R0-(Q1|R1-(R2|Q2))", [5.0, 1e-5, 0.9, 20.0, 40.0, 1e-3, 0.8]),
        ("R0-TLM1", [5.0, 60.0, 5e-3, 0.9]),
        ("TLMR1", [60.0, 30.0, 5e-3, 0.9]),
        ("R0-G1", [5.0, 60.0, 0.3]),
        ("R0-HN1", [5.0, 60.0, 0.01, 0.9, 0.6]),
        ("R0-K1-K2-K3", [5.0, 10.0, 1e-4, 20.0, 1e-2, 30.0, 0.5]),
        ("R0-(R1|Q1)-(R2|Q2)-(R3|Q3)", [5.0, 10.0, 1e-6, 0.9, 20.0, 1e-4, 0.85, 30.0, 1e-2, 0.9]),
        ("R0-(R1|Q1)-C2", [5.0, 20.0, 1e-5, 0.85, 0.05]),
    ],
)
def test_other_circuits_are_found_without_starts(text: str, truth: list[float]) -> None:
    found = fit_circuit(FREQUENCY, noisy(text, truth, count=8, seed=11), text)
    assert found.converged.all()
    assert np.abs((found.values - truth) / found.std).max() < 4.5
    assert found.scatter == pytest.approx(np.full(8, 0.005), rel=0.3)


def test_alone_or_in_a_batch_or_in_another_order_is_the_same() -> None:
    spectra = noisy(TWO_ARCS, TRUTH, count=5)
    batch = fit_circuit(FREQUENCY, spectra, TWO_ARCS)
    alone = fit_circuit(FREQUENCY[::-1], spectra[3, ::-1], TWO_ARCS)
    assert np.abs((alone.values[0] - batch.values[3]) / batch.std[3]).max() < 1e-2
    np.testing.assert_allclose(alone.std[0], batch.std[3], rtol=1e-3)


def test_grids_may_differ_and_points_may_be_missing() -> None:
    first, second = noisy(TWO_ARCS, TRUTH, count=2)
    other = np.logspace(4.9, -1.9, 40)
    third = noisy(TWO_ARCS, TRUTH, frequency=other, seed=5)[0]
    frequency, impedance = np.full((3, 55), np.nan), np.full((3, 55), np.nan + 0j)
    frequency[0], impedance[0] = FREQUENCY, first
    frequency[1], impedance[1] = FREQUENCY, np.where(np.arange(55) % 9 == 4, np.nan, second)
    frequency[2, :40], impedance[2, :40] = other, third
    together = fit_circuit(frequency, impedance, TWO_ARCS)
    alone = fit_circuit(other, third, TWO_ARCS)
    assert np.abs((together.values[2] - alone.values[0]) / alone.std[0]).max() < 1e-2
    assert np.abs((together.values - TRUTH) / together.std).max() < 4.5
    assert together.solution.dof.tolist() == [102.0, 90.0, 72.0]


def test_the_first_arc_is_the_fastest_whatever_the_text_says() -> None:
    spectra = noisy(TWO_ARCS, TRUTH)
    found = fit_circuit(FREQUENCY, spectra, "R0-(R2|Q2)-(R1|Q1)-W1")
    assert found.value("R1") == pytest.approx(30.0, rel=0.05)
    assert found.value("R2") == pytest.approx(80.0, rel=0.05)


def test_held_and_bounded_parameters() -> None:
    spectra = noisy(TWO_ARCS, TRUTH)
    held = fit_circuit(FREQUENCY, spectra, TWO_ARCS, parameters={"W1": 6.0, "Q1_exponent": {"high": 0.88}})
    assert held.value("W1") == 6.0
    assert held.uncertainty("W1") == 0.0
    assert held.value("Q1_exponent") <= 0.88
    braces = fit_circuit(FREQUENCY, spectra, "[R(RQ)(RQ)W{sigma=6F}]")
    assert braces.value("W1") == 6.0
    started = fit_circuit(FREQUENCY, spectra, TWO_ARCS, parameters={"R1": {"start": 29.0}})
    assert started.value("R1") == pytest.approx(30.0, rel=0.05)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"parameters": {"R9": 1.0}}, "no parameter 'R9'"),
        ({"parameters": {"R1": {"begin": 1.0}}}, "'begin' of R1"),
        ({"parameters": {"R1": -1.0}}, "must be positive"),
        ({"parameters": {"Q1_exponent": 1.2}}, "from 0.2 to 1"),
        ({"parameters": {"R1": {"fixed": 1}}}, "has no value"),
        ({"parameters": {"R1": {"low": 3.0, "high": 2.0}}}, "put them in order"),
        ({"parameters": {"R0": 1.0}, "shared": ["R0"]}, "held, and shared"),
        ({"smooth": {"R1": 0.0}}, "give a positive number"),
        ({"weights": "modules"}, "did you mean 'modulus'"),
    ],
)
def test_what_cannot_be_done_is_refused(said: dict[str, object], words: str) -> None:
    with pytest.raises(FitError) as told:
        fit_circuit(FREQUENCY, noisy(TWO_ARCS, TRUTH), TWO_ARCS, **said)  # type: ignore[arg-type]
    assert words in str(told.value)


def test_data_that_are_no_spectrum_are_refused() -> None:
    spectrum = noisy("R0-(R1|C1)", [1.0, 2.0, 1e-3])[0]
    with pytest.raises(FitError, match="3 free parameters"):
        fit_circuit(FREQUENCY[:1], spectrum[:1], "R0-(R1|C1)")
    with pytest.raises(FitError, match="positive one"):
        fit_circuit(-FREQUENCY, spectrum, "R0-(R1|C1)")
    with pytest.raises(FitError, match="no usable point"):
        fit_circuit(FREQUENCY, spectrum * np.nan, "R0-(R1|C1)")
    with pytest.raises(FitError, match="do not belong"):
        fit_circuit(FREQUENCY[:7], spectrum, "R0-(R1|C1)")


def test_given_uncertainties_are_taken_at_their_word() -> None:
    clean = Circuit("R0-(R1|Q1)").impedance([10.0, 50.0, 1e-4, 0.9], FREQUENCY)
    random = np.random.default_rng(2)
    shape = (300, FREQUENCY.size)
    spectra = clean + 0.2 * (random.standard_normal(shape) + 1j * random.standard_normal(shape))
    found = fit_circuit(FREQUENCY, spectra, "R0-(R1|Q1)", std=np.full(FREQUENCY.size, 0.2))
    doubted = fit_circuit(FREQUENCY, spectra[:1], "R0-(R1|Q1)", std=np.full(FREQUENCY.size, 0.4))
    pulls = (found.values - [10.0, 50.0, 1e-4, 0.9]) / found.std
    assert np.abs(pulls.std(axis=0) - 1).max() < 0.13
    assert found.basis.startswith("stated")
    np.testing.assert_allclose(doubted.std[0] / found.std[0], 2.0, rtol=0.02)


def test_a_noise_of_two_parts_is_found() -> None:
    clean = Circuit("R0-(R1|Q1)-C2").impedance([1.0, 50.0, 1e-4, 0.9, 0.01], FREQUENCY)
    size = np.sqrt(0.3**2 + (0.002 * np.abs(clean)) ** 2)
    random = np.random.default_rng(4)
    shape = (160, FREQUENCY.size)
    spectra = clean + size * (random.standard_normal(shape) + 1j * random.standard_normal(shape))
    found = fit_circuit(FREQUENCY, spectra, "R0-(R1|Q1)-C2", weights="noise")
    modulus = fit_circuit(FREQUENCY, spectra, "R0-(R1|Q1)-C2")
    ratio = found.sizes * found.scatter[:, None] / size
    assert np.median(ratio) == pytest.approx(1.0, abs=0.1)
    pulls = (found.values - [1.0, 50.0, 1e-4, 0.9, 0.01]) / found.std
    assert np.abs(pulls.std(axis=0) - 1).max() < 0.17
    errors = [np.abs(one.values[:, 1] - 50.0).mean() for one in (found, modulus)]
    assert errors[0] < 0.7 * errors[1]


def test_a_shared_parameter_is_one_number_and_better_known() -> None:
    spectra = noisy(TWO_ARCS, TRUTH, count=6)
    alone = fit_circuit(FREQUENCY, spectra, TWO_ARCS)
    shared = fit_circuit(FREQUENCY, spectra, TWO_ARCS, shared=["W1", "Q2_exponent"])
    place = shared.names.index("W1")
    assert np.ptp(shared.values[:, place]) == 0.0
    assert shared.std[0, place] < 0.6 * alone.std[:, place].mean()
    assert abs(shared.values[0, place] - 6.0) < 4 * shared.std[0, place]


def test_shared_sources_cancel_and_sizes_are_those_of_the_covariance() -> None:
    found = fit_circuit(FREQUENCY, noisy(TWO_ARCS, TRUTH, count=3), TWO_ARCS, shared=["W1"])
    first, second = (found.components("W1", f"fit:{k}", k, common="fit:all") for k in range(2))
    assert first == pytest.approx(second)
    assert np.sqrt(sum(size**2 for size in first.values())) == pytest.approx(found.uncertainty("W1"), rel=1e-6)
    other = found.components("R2", "fit:0", 0, common="fit:all")
    assert np.sqrt(sum(size**2 for size in other.values())) == pytest.approx(found.uncertainty("R2"), rel=1e-6)
    assert set(other) & set(first)


def test_smoothness_along_a_series_steadies_it() -> None:
    drift = np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.01, 25)))
    circuit = Circuit(TWO_ARCS)
    truth = np.tile(TRUTH, (25, 1))
    truth[:, circuit.index("R1")] *= drift
    random = np.random.default_rng(6)
    clean = circuit.impedance(truth, FREQUENCY)
    spectra = clean * (1 + 0.03 * (random.standard_normal(clean.shape) + 1j * random.standard_normal(clean.shape)))
    alone = fit_circuit(FREQUENCY, spectra, circuit)
    smooth = fit_circuit(FREQUENCY, spectra, circuit, smooth={"R1": 0.01})
    place = circuit.index("R1")
    scatter = [np.std(one.values[:, place] - truth[:, place]) for one in (alone, smooth)]
    assert scatter[1] < 0.75 * scatter[0]


def test_noiseless_data_are_met_exactly() -> None:
    found = fit_circuit(FREQUENCY, Circuit(TWO_ARCS).impedance(TRUTH, FREQUENCY), TWO_ARCS)
    np.testing.assert_allclose(found.values[0], TRUTH, rtol=1e-4)


def test_units_of_the_size_do_not_matter() -> None:
    """A cell of micro-ohms and one of giga-ohms are the same problem."""
    spectra = noisy(TWO_ARCS, TRUTH)
    base = fit_circuit(FREQUENCY, spectra, TWO_ARCS)
    for factor in (1e-6, 1e9):
        scaled = fit_circuit(FREQUENCY, factor * spectra, TWO_ARCS)
        np.testing.assert_allclose(scaled.value("R2") / factor, base.value("R2"), rtol=1e-4)
        np.testing.assert_allclose(scaled.value("Q1") * factor, base.value("Q1"), rtol=1e-4)


def test_what_the_data_cannot_tell_apart_does_not_spoil_its_neighbours() -> None:
    spectra = np.concatenate([noisy("R0-(R1|Q1)", [10.0, 50.0, 1e-4, 0.9]), noisy("R0-(R1|Q1)-(R2|Q2)", [10.0, 50.0, 1e-4, 0.9, 40, 0.02, 0.9])])  # fmt: skip
    found = fit_circuit(FREQUENCY, spectra, "R0-(R1|Q1)-(R2|Q2)")
    alone = fit_circuit(FREQUENCY, spectra[1], "R0-(R1|Q1)-(R2|Q2)")
    np.testing.assert_allclose(found.values[1], alone.values[0], rtol=1e-4)
    assert found.relative_std[0].max() > 0.3  # one arc only: the second is not there to be known
