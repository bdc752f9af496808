"""Distributions of sizes: moments against integrals and samples, number against volume, and what cannot be declared."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.design.covering.sizes import SAMPLED, WIDTH, Sizes, declared_sizes, sampling
from interlith.errors import StudyError


@given(st.floats(0.05, 0.6), st.sampled_from(["number", "volume"]))
def test_log_normal_moments_are_those_of_the_density(width, weight):
    sizes = Sizes("log-normal", weight)
    logs = np.linspace(-8, 8, 4001)
    for seen in ("number", "volume"):
        density = sizes.density(np.exp(logs), width, seen)
        assert np.trapezoid(density, logs) == pytest.approx(1.0, rel=1e-9)
    number = sizes.density(np.exp(logs), width, "number")
    for power in (1, 2, 3):
        assert sizes.moment(power, width) == pytest.approx(np.trapezoid(number * np.exp(power * logs), logs), rel=1e-8)
    volume = sizes.density(np.exp(logs), width, "volume")
    # By volume the same size is 1 / <1 / l>.
    assert sizes.effective(width) == pytest.approx(1 / np.trapezoid(volume * np.exp(-logs), logs), rel=1e-8)


def test_known_effective_sizes():
    assert Sizes("log-normal", "number").effective(0.3) == pytest.approx(math.exp(2.5 * 0.09))
    assert Sizes("log-normal", "volume").effective(0.3) == pytest.approx(math.exp(-0.5 * 0.09))
    assert Sizes("normal", "number").effective(0.2) == pytest.approx((1 + 3 * 0.04) / 1.04)
    assert Sizes().effective() == 1.0
    two = declared_sizes({"diameter": ["100 nm", "200 nm"], "weight": "number"}, math.nan)
    assert two.mean * two.sizes.effective() == pytest.approx(9e6 / 5e4)
    by_volume = declared_sizes({"diameter": ["100 nm", "200 nm"], "shares": [1, 8], "weight": "volume"}, math.nan)
    assert by_volume.mean * by_volume.sizes.effective() == pytest.approx(9e6 / 5e4)


def test_the_spread_of_a_measured_list_is_that_of_repeats():
    random = np.random.default_rng(4)
    made, told = [], []
    for _ in range(400):
        lengths = random.lognormal(math.log(100), 0.25, 200)
        sizes = Sizes("listed", "number", lengths / lengths.mean(), np.full(200, 1 / 200))
        made.append(math.log(lengths.mean() * float(sizes.effective())))
        told.append(sampling(sizes, 200))
    assert np.median(told) == pytest.approx(np.std(made), rel=0.12)


def test_inputs_of_declared_distributions():
    normal = declared_sizes({"kind": "normal", "std": "20 +- 2 nm", "weight": "number"}, 100.0)
    assert normal.inputs[WIDTH].value == pytest.approx(0.2)
    assert normal.inputs[WIDTH].std == pytest.approx(0.02)
    listed = declared_sizes({"radius": ["40 nm", "60 nm", "50 nm"], "weight": "number"}, math.nan)
    assert listed.size_is == "radius"
    assert 0 < listed.inputs[SAMPLED].std < 0.5
    assert math.isnan(
        declared_sizes({"edge": ["9 nm"], "shares": [1], "weight": "number"}, math.nan).inputs[SAMPLED].std
    )


@pytest.mark.parametrize(
    ("declared", "centre", "words"),
    [
        ({"kind": "log-normal", "sigma": 0.3}, 100.0, "particles or volume"),
        ({"kind": "gamma", "weight": "number"}, 100.0, "log-normal, normal"),
        ({"kind": "log-normal", "sigma": 0.3, "weight": "number"}, math.nan, "needs the size"),
        ({"kind": "log-normal", "weight": "number"}, 100.0, "needs sigma"),
        ({"kind": "log-normal", "std": 0.3, "weight": "number"}, 100.0, "sizes has 'std'"),
        ({"kind": "normal", "std": "20 nm", "weight": "volume"}, 100.0, "infinitely many small"),
        ({"kind": "normal", "std": "60 nm", "weight": "number"}, 100.0, "negative sizes"),
        ({"edge": ["10 nm"], "weight": "number"}, 100.0, "Give one size"),
        ({"edge": "10 nm", "weight": "number"}, math.nan, "must be a list"),
        ({"edge": ["10 nm", "20 nm"], "shares": [1], "weight": "number"}, math.nan, "one share"),
    ],
)
def test_wrong_declarations(declared, centre, words):
    with pytest.raises(StudyError, match=words):
        declared_sizes(declared, centre)
