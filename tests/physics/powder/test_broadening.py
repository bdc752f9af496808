"""Size and strain by direction: against limits in which they must agree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cell_freedom import spacings_with_slopes
from interlith.crystal.phases import phase
from interlith.crystal.reflections import reflections
from interlith.crystal.strain_terms import isotropic_strain, strain_terms
from interlith.errors import FitError, StudyError
from interlith.physics.powder.broadening import Broadening, broadening

CORUNDUM, SILICON = phase("corundum"), phase("Si")
HKL = np.asarray(reflections(CORUNDUM, d_min=0.9).hkl, dtype=float)
CELL = CORUNDUM.cell
SQUARE = spacings_with_slopes([CELL.a, CELL.b, CELL.c, CELL.alpha, CELL.beta, CELL.gamma], HKL)[0]


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-4, 0.1), st.floats(1e-5, 0.01))
def test_equal_values_in_all_directions_are_isotropic(inverse: float, strain: float) -> None:
    both = broadening(CORUNDUM, HKL, size="uniaxial", strain="uniaxial", axis=(0, 0, 1))
    found = both.of(np.array([inverse, inverse, strain, strain]), SQUARE)
    plain = Broadening(len(HKL)).of(np.array([inverse, strain]), SQUARE)
    assert found.inverse_size == pytest.approx(plain.inverse_size, rel=1e-12)
    assert found.strain == pytest.approx(plain.strain, rel=1e-12)
    terms = broadening(CORUNDUM, HKL, strain="stephens")
    equal = isotropic_strain(CORUNDUM, strain_terms(CORUNDUM)) * (4 * strain) ** 2
    assert terms.of(np.array([inverse, *equal]), SQUARE).strain == pytest.approx(strain, rel=1e-9)


def test_along_and_across_are_seen_by_planes_along_and_across() -> None:
    both = broadening(CORUNDUM, HKL, size="uniaxial", strain="uniaxial", axis=(0, 0, 1))
    found = both.of(np.array([0.05, 0.01, 0.002, 0.001]), SQUARE)
    basal, prism = np.all(HKL[:, :2] == 0, axis=1), HKL[:, 2] == 0
    assert basal.any()
    assert prism.any()
    assert found.inverse_size[basal] == pytest.approx(0.05)
    assert found.inverse_size[prism] == pytest.approx(0.01)
    assert found.strain[basal] == pytest.approx(0.002)
    assert found.strain[prism] == pytest.approx(0.001)
    others = ~basal & ~prism
    assert np.all((found.inverse_size[others] > 0.01) & (found.inverse_size[others] < 0.05))


def test_perfect_crystals_have_slopes_that_are_numbers() -> None:
    both = broadening(CORUNDUM, HKL, size="uniaxial", strain="stephens", axis=(0, 0, 1))
    values = np.zeros(len(both.names))
    found = both.of(values, SQUARE)
    assert np.all(found.inverse_size == 0)
    assert found.strain.max() < 1e-7
    assert np.all(np.isfinite(found.size_slopes))
    assert np.all(np.isfinite(found.strain_slopes))
    assert np.all(found.size_slopes[:, :2].sum(axis=1) > 0)


def test_names_are_those_of_the_words() -> None:
    assert Broadening(3).names == ("inverse_size", "microstrain")
    cubic = broadening(SILICON, np.array([[1.0, 1, 1], [2, 2, 0]]), strain="stephens")
    assert cubic.names == ("inverse_size", "s400", "s220")
    assert np.all(cubic.start[1:] > 0)
    strain = cubic.of(cubic.start, np.array([0.1, 0.27])).strain
    cell = SILICON.cell.a
    expected = cubic.of(cubic.start, np.array([3, 8]) / cell**2).strain
    assert expected == pytest.approx(2e-4, rel=1e-9)
    assert strain != pytest.approx(2e-4, rel=1e-3)


def test_what_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(StudyError, match="size 'needles'"):
        broadening(CORUNDUM, HKL, size="needles")
    with pytest.raises(StudyError, match="strain 'stephen'"):
        broadening(CORUNDUM, HKL, strain="stephen")
    with pytest.raises(StudyError, match="needs its axis"):
        broadening(CORUNDUM, HKL, size="uniaxial")
    with pytest.raises(StudyError, match="turns the axis"):
        broadening(SILICON, np.array([[1.0, 1, 1], [2, 2, 0]]), strain="uniaxial", axis=(0, 0, 1))
    cubic = broadening(SILICON, np.array([[1.0, 1, 1], [2, 2, 0]]), strain="stephens")
    with pytest.raises(FitError, match="s400 = -1e-06"):
        cubic.of(np.array([0.0, -1e-6, 0.0]), np.array([0.1, 0.27]))
