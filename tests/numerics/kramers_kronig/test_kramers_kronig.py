"""Good spectra pass, bad points are named alone, a changing cell is seen, and noise is what it was. All data are simulated."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.numerics.kramers_kronig import Check, Settings, kramers_kronig

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
FREQUENCY = np.logspace(5, -2, 60)
OMEGA = 2j * np.pi * FREQUENCY


def arc(resistance: float, time: float, exponent: float) -> Complex:
    return np.asarray(resistance / (1 + (OMEGA * time) ** exponent))


CIRCUITS: dict[str, Complex] = {
    "two arcs": 20 + arc(60, 1e-4, 0.85) + arc(100, 5e-2, 0.75),
    "spikes": 10 + arc(40, 1e-4, 1.0) + arc(80, 5e-2, 1.0),
    "inductive": 5 + arc(20, 1e-3, 0.9) + arc(30, 0.5, 0.8) + 2e-6 * OMEGA,
    "blocking": 50 + 1 / (1e-5 * OMEGA**0.92),
    "capacitor": 50 + arc(200, 3e-6, 0.9) + 1 / (OMEGA * 1e-6),
    "diffusion": 10 + arc(40, 1e-3, 0.85) + 8 * np.sqrt(2) / np.sqrt(OMEGA),
    "negative loop": 20 + arc(100, 1e-2, 0.9) - 20 / (1 + OMEGA * 2.0),
}
#: Nothing is forgiven.
STRICT = Settings(limit=0.0)


def noisy(impedance: Complex, noise: float | Array, seed: int) -> Complex:
    random = np.random.default_rng(seed)
    scatter = random.standard_normal(impedance.size) + 1j * random.standard_normal(impedance.size)
    return np.asarray(impedance + noise * np.abs(impedance) * scatter)


def check(impedance: Complex, settings: Settings | None = None) -> Check:
    return kramers_kronig(FREQUENCY, impedance, settings=settings)[0]


@pytest.mark.parametrize("noise", [3e-5, 3e-3])
def test_good_spectra_pass_and_tell_their_noise(noise: float) -> None:
    spectra = [noisy(impedance, noise, seed) for seed, impedance in enumerate(CIRCUITS.values())]
    found = kramers_kronig(FREQUENCY, np.array(spectra), settings=STRICT)
    assert [one.verdict for one in found].count("passes") >= len(found) - 1
    assert np.mean([one.noise for one in found]) == pytest.approx(noise, rel=0.1)
    assert all(one.size < 2 * noise for one in found)


def test_false_alarms_without_any_tolerance() -> None:
    alarms = sum(
        check(noisy(impedance, 2e-3, seed), STRICT).verdict != "passes"
        for impedance in CIRCUITS.values()
        for seed in range(15)
    )
    assert alarms <= 12  # 105 spectra at 5 %: more than 12 has a probability of 0.3 %


@pytest.mark.parametrize("name", ["two arcs", "blocking", "inductive"])
@pytest.mark.parametrize("place", [0, 20, 59])
def test_one_bad_point_is_named_and_its_neighbours_are_not(name: str, place: int) -> None:
    impedance = noisy(CIRCUITS[name], 1e-3, 5)
    impedance[place] *= 1.15 - 0.05j
    found = check(impedance)
    assert found.verdict == "fails at points"
    assert np.flatnonzero(found.failing).tolist() == [place]
    assert abs(found.residuals[place]) > 0.05
    assert np.abs(np.delete(found.residuals, place)).max() < 0.005
    assert found.noise == pytest.approx(1e-3, rel=0.3)


def test_a_factor_of_a_thousand_does_not_hide_the_next_one() -> None:
    impedance = noisy(CIRCUITS["two arcs"], 1e-3, 2)
    impedance[30] *= 1000
    impedance[41] *= 1.05
    assert np.flatnonzero(check(impedance).failing).tolist() == [30, 41]


def test_the_order_of_the_points_does_not_matter() -> None:
    impedance = noisy(CIRCUITS["two arcs"], 1e-3, 7)
    impedance[25] *= 1.1
    order = np.random.default_rng(1).permutation(60)
    first = check(impedance)
    second = kramers_kronig(FREQUENCY[order], impedance[order])[0]
    assert np.flatnonzero(second.failing).tolist() == np.flatnonzero(order == 25).tolist()
    assert np.allclose(second.residuals, first.residuals[order], atol=1e-9)


def test_units_of_impedance_and_frequency_do_not_matter() -> None:
    impedance = noisy(CIRCUITS["diffusion"], 1e-3, 7)
    one = check(impedance)
    other = kramers_kronig(FREQUENCY * 1e3, impedance * 1e-6)[0]
    assert np.allclose(one.residuals, other.residuals, atol=1e-9)
    assert other.shape == pytest.approx(one.shape, rel=1e-6)
    assert other.noise_terms[0] == pytest.approx(one.noise_terms[0] * 1e-6, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("name", ["two arcs", "diffusion", "spikes"])
def test_a_drift_during_the_sweep_is_told_with_its_size(name: str) -> None:
    elapsed = np.cumsum(1 / FREQUENCY)
    found = check(noisy(CIRCUITS[name] * (1 + 0.06 * elapsed / elapsed[-1]), 5e-4, 11))
    assert found.verdict == "drifts"
    assert found.drift == pytest.approx(0.06, abs=3 * found.drift_std)
    assert 0 < found.drift_std < 0.03


def test_the_time_of_the_points_is_taken_where_it_is_known() -> None:
    late = np.where(FREQUENCY < 30, 1.0, 0.0)
    impedance = noisy(CIRCUITS["two arcs"] * (1 + 0.03 * late), 5e-4, 3)
    found = kramers_kronig(FREQUENCY, impedance, time=late)[0]
    assert found.drift == pytest.approx(0.03, abs=0.01)


def test_what_no_linear_system_answers_fails() -> None:
    impedance = CIRCUITS["two arcs"]
    assert check(noisy(impedance.real * 1.06 + 1j * impedance.imag, 1e-3, 3)).verdict == "fails"


def test_an_unsteady_tail_fails_and_leaves_the_rest() -> None:
    impedance = noisy(CIRCUITS["diffusion"], 1e-3, 4)
    impedance[-4:] *= np.array([1.2, 0.7, 1.4, 0.6])
    found = check(impedance)
    assert found.verdict == "fails"
    assert set(np.flatnonzero(found.failing)) <= {56, 57, 58, 59}
    assert found.failing.sum() >= 3


def test_noise_of_regions_and_of_two_terms() -> None:
    impedance = CIRCUITS["diffusion"]
    louder = np.where(FREQUENCY < 0.5, 6e-3, 1e-3)
    regions = check(noisy(impedance, louder, 8)).noise_regions
    assert regions[0].noise > 3 * regions[-1].noise
    assert sum(region.points for region in regions) == 60
    random = np.random.default_rng(2)
    constant = impedance + 0.05 * (random.standard_normal(60) + 1j * random.standard_normal(60))
    a, b = check(constant).noise_terms
    assert a == pytest.approx(0.05, rel=0.25)
    assert b < 5e-4


def test_admittance_for_what_a_controlled_voltage_holds_stable() -> None:
    # A pole in the right half plane of the impedance, none in that of the admittance.
    admittance = 1 / 50 + OMEGA * 1e-5 - (1 / 40) / (1 + OMEGA * 0.05)
    impedance = noisy(1 / admittance, 1e-3, 6)
    assert check(impedance).verdict != "passes"
    assert check(impedance, Settings(representation="admittance")).verdict == "passes"


def test_unused_and_missing_points_are_left_alone() -> None:
    impedance = noisy(CIRCUITS["two arcs"], 1e-3, 9)
    impedance[:3] = np.nan
    impedance[50] *= 3
    used = np.ones(60, bool)
    used[50] = False
    found = kramers_kronig(FREQUENCY, impedance, used=used)[0]
    assert found.verdict == "passes"
    assert not found.failing.any()
    assert np.isnan(found.chance[[0, 1, 2, 50]]).all()
    assert abs(found.residuals[50]) > 1
    assert np.isnan(found.residuals[0])


def test_too_few_points_are_undecided_and_bad_frequencies_refused() -> None:
    few = kramers_kronig(FREQUENCY[:6], CIRCUITS["two arcs"][:6])[0]
    assert few.verdict == "undecided"
    assert np.isinf(few.noise)
    with pytest.raises(FitError, match="positive"):
        kramers_kronig(-FREQUENCY, CIRCUITS["two arcs"])
