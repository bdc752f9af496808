"""Loops: the normal equations are those of the profile and its slopes."""

import numpy as np
import pytest

from interlith.physics.powder import line_loops
from interlith.physics.powder.line_groups import CUT, drawn
from interlith.physics.powder.line_shape import WIDTH_TERMS, Radiation, peaks_of
from interlith.physics.powder.profile import Lines, profile_terms

X = np.arange(34.0, 39.0, 0.02)
VALUES = np.array([36.0, 36.5, 37.2, 100.0, 50.0, 20.0, 0.2, 0.3, 0.15, 0.4, 0.6, 0.5, 10.0, 3.0])


@pytest.mark.parametrize(
    "radiation",
    [Radiation((1.5406, 1.5444), 0.5), Radiation((0.8,)), Radiation((1.5406, 1.5444), 0.5, 0.02, 0.03)],
    ids=["doublet", "single", "asymmetric"],
)
def test_the_normal_equations_are_those_of_the_profile(radiation):
    lines = VALUES[:12].reshape(4, 3)
    place, area, gauss, lorentz, chain = (one[0] for one in peaks_of(radiation, *(row[None] for row in lines)))
    peaks = Lines(place, area, gauss, lorentz, radiation.low_ratio, radiation.high_ratio)
    y, slopes = profile_terms(X, peaks, chain)
    assert drawn(X, radiation, *lines) == pytest.approx(y, rel=1e-5)
    u = (X - X.mean()) / (0.5 * np.ptp(X))
    jacobian = np.vstack([slopes, np.ones(X.size), u])
    observed = y + 10 + 3 * u + np.random.default_rng(1).normal(size=X.size)
    weight = np.random.default_rng(2).uniform(0.5, 2.0, size=X.size)
    free = np.ones((2, 14), bool)
    free[1, [1, 6, 10]] = False
    twice = [np.tile(one, 2) for one in (X, observed, weight)]
    cost, gradient, hessian = line_loops.normal_equations(
        *twice, np.array([0, X.size, 2 * X.size]), free, np.tile(VALUES, (2, 1)), np.array([1, 0]), WIDTH_TERMS,
        radiation.numbers, CUT,
    )  # fmt: skip
    rest = y + 10 + 3 * u - observed
    assert cost == pytest.approx([(weight * rest**2).sum()] * 2, rel=1e-5)
    for row, wanted in enumerate((free[1], free[0])):
        own = jacobian * wanted[:, None]
        assert gradient[row] == pytest.approx(own @ (weight * rest), abs=1e-5 * np.abs(gradient).max())
        assert hessian[row] == pytest.approx((own * weight) @ own.T, rel=1e-5, abs=1e-6 * np.abs(hessian).max())
