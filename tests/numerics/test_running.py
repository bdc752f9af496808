"""Running windows and stiff curves against SciPy."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.linalg import solveh_banded

from interlith.errors import FitError
from interlith.numerics.running import running_mean, running_median, stiff_curve


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 60), st.integers(0, 10**6), st.booleans())
def test_running_medians_are_those_of_scipy(n: int, width: int, seed: int, ties: bool) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 5, n).astype(float) if ties else random.normal(size=n)
    for ours, theirs in (("edge", "nearest"), ("symmetric", "reflect")):
        assert np.array_equal(
            running_median(values, width, ends=ours), ndimage.median_filter(values, width, mode=theirs)
        )
        assert np.allclose(
            running_mean(values, width, ends=ours), ndimage.uniform_filter1d(values, width, mode=theirs), atol=1e-12
        )


@pytest.mark.parametrize("n", [4, 5, 300])
@pytest.mark.parametrize("stiffness", [1e-3, 1.0, 1e6])
def test_a_stiff_curve_solves_its_equations(n: int, stiffness: float) -> None:
    random = np.random.default_rng(n)
    weight, y = random.uniform(0.1, 3.0, n), random.normal(size=n)
    second = np.diff(np.eye(n), 2, axis=0)
    whole = np.diag(weight) + stiffness * second.T @ second
    found = stiff_curve(weight, y, stiffness)
    assert np.allclose(whole @ found, weight * y, rtol=1e-8, atol=1e-9 * stiffness)
    if n > 4:
        bands = np.array([np.pad(np.diag(whole, -k), (0, k)) for k in range(3)])
        assert np.allclose(found, solveh_banded(bands, weight * y, lower=True), rtol=1e-6, atol=1e-8)


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(FitError, match="weights above zero"):
        stiff_curve(np.zeros(10), np.ones(10), 1.0)
    with pytest.raises(FitError, match="got 0 and 3"):
        running_median(np.zeros(0), 3, ends="edge")
    with pytest.raises(FitError, match="got 4 and 0"):
        running_mean(np.zeros(4), 0, ends="edge")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the compiler is loaded")
def test_a_baseline_needs_neither_compiler_nor_scipy() -> None:
    running_median(np.ones(5), 3, ends="edge")
    code = (
        "import sys, numpy as np; from interlith.numerics.backgrounds import baseline; "
        "x = np.linspace(0, 1, 3000); y = 100 + 50 * x + np.random.default_rng(1).normal(0, 10, x.size); "
        "found = baseline(x, y, np.full(x.size, 10.0)); print([name in sys.modules for name in ('scipy.linalg', 'scipy.ndimage', 'numba')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["[False,", "False,", "False]"]
