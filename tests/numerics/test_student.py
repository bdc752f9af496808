"""Quantiles of Student against SciPy and against tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from interlith.numerics.student import GAUSS, student


def test_quantiles_are_those_of_scipy() -> None:
    dof = np.concatenate([np.linspace(1, 40, 79), np.geomspace(41, 1e12, 60)]).reshape(-1, 1)
    assert np.allclose(student(dof), special.stdtrit(dof, 0.975), rtol=2e-12, atol=0)
    assert pytest.approx(special.ndtri(0.975), rel=1e-15) == GAUSS


def test_quantiles_of_a_table() -> None:
    assert student(4) == pytest.approx(2.776445, abs=1e-6)
    assert student(np.inf) == GAUSS
