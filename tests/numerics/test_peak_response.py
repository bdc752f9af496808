"""Response: heights and significances are those of a weighted fit of a peak and a straight line."""

import numpy as np
import pytest

from interlith.numerics.peak_response import FWHM, CurveSums, response


@pytest.mark.parametrize("count", [30, 211])
def test_the_response_is_that_of_a_weighted_fit(count):
    rng = np.random.default_rng(count)
    x = 0.1 * np.arange(count)
    y, std = rng.normal(size=count) + 50 * np.exp(-0.5 * ((x - 1.5) / 0.2) ** 2), rng.uniform(0.5, 2.0, size=count)
    std[7] = np.nan
    width = 0.6
    stand, height = response(CurveSums.of(x, y, std, 1.1), width)
    sigma = width / FWHM
    for place in (0, 3, 15, count - 1):
        u = x - x[place]
        near = (np.abs(u) < 1.15) & np.isfinite(std)  # four standard deviations, rounded up to points
        design = np.column_stack([np.exp(-0.5 * (u / sigma) ** 2), np.ones(count), u])[near] / std[near, None]
        covariance = np.linalg.inv(design.T @ design)
        best = covariance @ design.T @ (y[near] / std[near])
        assert height[place] == pytest.approx(best[0], rel=1e-6, abs=1e-6)
        assert stand[place] == pytest.approx(best[0] / covariance[0, 0] ** 0.5, rel=1e-6, abs=1e-6)
