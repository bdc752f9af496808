"""Distributions of simulated spectra: truth, bands, terms beside them, and what cannot be described."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.numerics.relaxation import distributions
from tests.numerics.relaxation.spectra import FREQUENCY, OMEGA, TWO, arcs, gamma_of, noisy


def test_truth_bands_and_polarisation() -> None:
    found = distributions(FREQUENCY, noisy(arcs(*TWO), 40))
    inside = found.grid.inside
    truth = gamma_of(found.grid.log_tau, *TWO)[inside]
    off = np.linalg.norm(found.gamma[:, inside] - truth, axis=1) / np.linalg.norm(truth)
    assert np.median(off) < 0.065
    held = (found.low[:, inside] < truth) & (truth < found.high[:, inside])
    assert 0.90 < held.mean() < 0.99
    exact = found.grid.integral @ gamma_of(found.grid.log_tau, *TWO)
    pulls = (found.polarisation - exact) / found.polarisation_std
    assert 0.7 < pulls.std() < 1.3
    assert found.ohmic == pytest.approx(15.0, rel=0.02)
    assert np.median(found.noise[:, 1]) == pytest.approx(0.005, rel=0.15)
    assert found.converged.all()
    assert not any(found.reasons)
    assert (found.low > 0).all()


def test_order_of_frequencies_and_batches_do_not_matter() -> None:
    data = noisy(arcs(*TWO), 3)
    together = distributions(FREQUENCY, data)
    turned = distributions(FREQUENCY[::-1], data[1, ::-1])
    np.testing.assert_allclose(turned.gamma[0], together.gamma[1], rtol=1e-5)


def test_resistances_scale() -> None:
    data = noisy(arcs(*TWO), 1)
    one, larger = distributions(FREQUENCY, data), distributions(FREQUENCY, 1e3 * data)
    np.testing.assert_allclose(larger.polarisation, 1e3 * one.polarisation, rtol=1e-3)


@pytest.mark.parametrize(
    ("extra", "place", "size"),
    [(2e-6 * OMEGA, 1, 2e-6), (8 * (1 - 1j) / np.sqrt(OMEGA.imag), 2, 8.0), (1 / (0.02 * OMEGA), 3, 50.0)],
    ids=["inductance", "warburg", "capacity"],
)
def test_terms_are_found_and_nothing_else(extra: np.ndarray, place: int, size: float) -> None:
    found = distributions(FREQUENCY, noisy(arcs(*TWO) + extra, 6))
    assert found.allowed[:, place].all()
    assert found.allowed[:, 1:].sum() == 6
    assert (np.abs(found.terms[:, place] - size) < 4 * found.terms_std[:, place]).all()
    plain = distributions(FREQUENCY, noisy(arcs(*TWO), 6))
    assert not plain.allowed[:, 1:].any()


def test_points_that_are_left_out_do_not_count() -> None:
    data = noisy(arcs(*TWO), 1)
    wild = data.copy()
    wild[0, 30] *= 3.0
    used = np.ones(80, dtype=bool)
    used[30] = False
    left_out, clean = distributions(FREQUENCY, wild, used=used), distributions(FREQUENCY, data, used=used)
    np.testing.assert_allclose(left_out.gamma, clean.gamma, rtol=1e-6)


def test_a_negative_loop_is_told_and_a_signed_distribution_describes_it() -> None:
    data = noisy(arcs(*TWO) - 30 / (1 + (OMEGA * 2.0) ** 0.85), 3)
    found, signed = distributions(FREQUENCY, data), distributions(FREQUENCY, data, signed=True)
    assert all("signed" in reason or "stand still" in reason for reason in found.reasons)
    assert (found.misfit > 4).all()
    assert not any(signed.reasons)
    assert (signed.evidence > found.evidence + 20).all()
    assert (signed.gamma.min(axis=1) < -3).all()


def test_neighbours_help_along_a_series() -> None:
    along = np.linspace(0, 1, 12)
    data = np.concatenate(
        [noisy(arcs((50 * (1 + q), 3e-5, 0.82), TWO[1]), 1, noise=0.02, seed=int(90 * q)) for q in along]
    )
    alone, smooth = distributions(FREQUENCY, data), distributions(FREQUENCY, data, along=along)
    inside = alone.grid.inside
    truth = np.stack([gamma_of(alone.grid.log_tau, (50 * (1 + q), 3e-5, 0.82), TWO[1]) for q in along])[:, inside]
    off = [np.linalg.norm(one.gamma[:, inside] - truth) / np.linalg.norm(truth) for one in (alone, smooth)]
    assert off[1] < 0.9 * off[0]


def test_what_is_no_spectrum_is_refused() -> None:
    with pytest.raises(ValueError, match="last axis"):
        distributions(FREQUENCY, np.ones((2, 5), dtype=complex))
    with pytest.raises(ValueError, match="positive"):
        distributions(-FREQUENCY, arcs(*TWO))
    with pytest.raises(ValueError, match="at least 8"):
        distributions(FREQUENCY, arcs(*TWO), used=np.arange(80) < 5)
    with pytest.raises(ValueError, match="half a decade"):
        distributions(np.linspace(100.0, 101.0, 20), np.ones(20, dtype=complex))
