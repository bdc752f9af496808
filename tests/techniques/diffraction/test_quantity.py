"""Do scale factors become the right shares, with uncertainties that repetition confirms?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity import (
    AMORPHOUS,
    Fractions,
    mole_fractions,
    weight_fractions,
    with_standard,
)

NAMES = ("corundum", "zincite", "fluorite")
MASSES = np.array([611.77, 162.76, 312.30])  # u in the cell: 6 Al2O3, 2 ZnO, 4 CaF2
VOLUMES = np.array([254.8, 47.62, 163.05])  # angstrom^3
TRUE = np.array([0.5512, 0.1525, 0.2963])
SCALES = 3.7e-3 * TRUE / MASSES / VOLUMES
SPREAD = np.diag((0.01 * SCALES) ** 2) + np.outer(0.004 * SCALES, 0.004 * SCALES)


def found() -> Fractions:
    return weight_fractions(NAMES, SCALES, MASSES, VOLUMES, parts={"fit": SPREAD})


def test_scales_give_the_weights_that_they_were_made_from() -> None:
    assert found().values == pytest.approx(TRUE / TRUE.sum(), rel=1e-12)


def test_uncertainty_is_that_of_repetition() -> None:
    drawn = np.random.default_rng(4).multivariate_normal(SCALES, SPREAD, size=40_000)
    shares = np.array([weight_fractions(NAMES, one, MASSES, VOLUMES).values for one in drawn[:8_000]])
    assert found().std == pytest.approx(shares.std(axis=0), rel=0.03)
    assert found().covariance == pytest.approx(np.cov(shares.T), abs=0.04 * found().std.max() ** 2)


@given(st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=6), st.floats(1e-3, 1e3))
def test_shares_add_up_and_forget_the_common_factor(scales: list[float], factor: float) -> None:
    size = len(scales)
    names = [f"p{one}" for one in range(size)]
    parts = {"fit": np.diag((0.1 * np.array(scales)) ** 2)}
    one = weight_fractions(names, scales, np.ones(size), np.ones(size), parts=parts)
    other = weight_fractions(names, factor * np.array(scales), np.ones(size), np.ones(size))
    assert one.values.sum() == pytest.approx(1.0)
    assert other.values == pytest.approx(one.values, rel=1e-9)
    assert np.abs(one.covariance.sum(axis=1)).max() < 1e-12


def test_an_error_common_to_all_scales_cancels() -> None:
    common = weight_fractions(NAMES, SCALES, MASSES, VOLUMES, parts={"fit": np.outer(SCALES, SCALES)})
    assert common.std.max() < 1e-12


def test_moles_of_a_hydrate_and_its_oxide() -> None:
    weights = weight_fractions(
        ("light", "heavy"), [1.0, 1.0], [1.0, 1.0], [1.0, 1.0], parts={"fit": np.diag([0.01, 0.01])}
    )
    moles = mole_fractions(weights, [50.0, 150.0])
    assert moles.values == pytest.approx([0.75, 0.25])
    assert moles.basis == "mole"
    step = 1e-6
    shifted = mole_fractions(Fractions(weights.names, weights.values + np.array([step, -step])), [50.0, 150.0])
    slope = (shifted.values[0] - moles.values[0]) / step
    assert moles.std[0] == pytest.approx(abs(slope) * weights.std[0], rel=1e-4)


def test_a_standard_shows_what_is_amorphous() -> None:
    # 20 % of standard; of the specimen 30 % are glass, 42 % alpha, 28 % beta.
    crystalline = np.array([0.20, 0.8 * 0.42, 0.8 * 0.28])
    seen = Fractions(
        ("standard", "alpha", "beta"), crystalline / crystalline.sum(), {"fit": np.diag([1e-4, 1e-4, 1e-4])}
    )
    absolute = with_standard(seen, "standard", 0.20, 0.001)
    assert absolute.names == ("alpha", "beta", AMORPHOUS)
    assert absolute.values == pytest.approx([0.42, 0.28, 0.30])
    assert absolute.values.sum() == pytest.approx(1.0)
    more = with_standard(seen, "standard", 0.201)
    assert np.sqrt(np.diag(absolute.parts["standard"])) == pytest.approx(
        np.abs(more.values - absolute.values), rel=0.02
    )
    assert np.abs(absolute.covariance.sum(axis=0)).max() < 1e-12


def test_wrong_shares_are_refused() -> None:
    with pytest.raises(StudyError, match="scale of zincite is -1"):
        weight_fractions(NAMES, [1.0, -1.0, 1.0], MASSES, VOLUMES)
    with pytest.raises(StudyError, match="volume of fluorite is nan"):
        weight_fractions(NAMES, SCALES, MASSES, [1.0, 1.0, np.nan])
    with pytest.raises(StudyError, match="All scale factors are zero"):
        weight_fractions(NAMES, np.zeros(3), MASSES, VOLUMES)
    with pytest.raises(StudyError, match="did you mean 'corundum'"):
        with_standard(found(), "corundun", 0.1)
    with pytest.raises(StudyError, match=r"share of the standard corundum is 1\.2"):
        with_standard(found(), "corundum", 1.2)
    with pytest.raises(StudyError, match="not seen at all"):
        with_standard(weight_fractions(("a", "b"), [0.0, 1.0], [1, 1], [1, 1]), "a", 0.1)


def test_causes_add_up_as_squares() -> None:
    once = found().with_part("model", np.diag([1e-4, 0.0, 1e-4]))
    twice = once.with_part("model", np.diag([1e-4, 0.0, 1e-4]))
    assert once.std[0] ** 2 == pytest.approx(found().std[0] ** 2 + 1e-4)
    assert twice.parts["model"][0, 0] == pytest.approx(2e-4)
    assert twice.std[1] == pytest.approx(found().std[1])
