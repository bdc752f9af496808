"""Do numbers of a refined pattern say no more than the pattern does: at bounds, for large grains, where little is explained?"""

from __future__ import annotations

import math

import numpy as np

from interlith.model import Observable, Result
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import ANGLES, LAB, measured, model_of, series, strength, truth

MODEL = model_of(("LNMO",))


def refined(size: float, seed: int = 1, **words: object) -> Result:
    """A simulated pattern of grains of a size (nm), refined."""
    values = truth(MODEL, LNMO_inverse_size=1 / size)
    values[MODEL.place_of("LNMO_scale")] = strength(MODEL, values, "LNMO", 3000.0)
    counts = np.random.default_rng(seed).poisson(MODEL.intensity(values)).astype(float)
    given = {"background": 3, "refine": ("displacement",)} | words
    return refine(series(measured(ANGLES, counts)), Pattern(Phase("LNMO"), instrument=LAB, **given), offered=[])


def number(found: Result, quantity: str) -> Observable:
    (one,) = found.observables(f"LNMO_{quantity}")
    return one


def test_a_size_has_an_interval_of_sizes_that_is_not_even_about_it() -> None:
    one = number(refined(60.0), "crystallite_size")
    assert one.value is not None
    assert one.low is not None
    assert one.high is not None
    assert 0 < one.low < 60.0 < one.high
    assert one.high - one.value > one.value - one.low


def test_grains_too_large_to_be_told_have_a_lower_bound_and_no_value() -> None:
    for seed in range(4):
        one = number(refined(3e4, seed), "crystallite_size")
        assert one.value is None
        assert one.low is not None
        assert 100.0 < one.low < 3e4
        assert "lower bound" in one.flag


def test_what_ended_at_its_bound_has_no_uncertainty_that_anybody_knows() -> None:
    found = refined(60.0, bounds={"LNMO_cell_a": (8.0, 8.168)})
    for quantity in ("cell_a", "cell_volume"):
        one = number(found, quantity)
        assert math.isinf(one.std)
        assert "ended at its bound" in one.flag


def test_a_strain_has_no_interval_below_zero() -> None:
    values = truth(MODEL, LNMO_microstrain=5e-5)
    values[MODEL.place_of("LNMO_scale")] = strength(MODEL, values, "LNMO", 1000.0)
    for seed in range(4):
        counts = np.random.default_rng(seed).poisson(MODEL.intensity(values)).astype(float)
        pattern = Pattern(Phase("LNMO"), instrument=LAB, background=3, refine=("displacement",))
        one = number(refine(series(measured(ANGLES, counts)), pattern, offered=[]), "microstrain")
        assert one.low is not None
        assert one.low >= 0
        assert one.high is not None
        assert one.high > 5e-5


def test_a_fit_that_explains_little_is_told() -> None:
    both = model_of(("LNMO", "NiO"))
    values = truth(both)
    for name, peak in (("LNMO", 1500.0), ("NiO", 6000.0)):
        values[both.place_of(f"{name}_scale")] = strength(both, values, name, peak)
    counts = np.random.default_rng(2).poisson(both.intensity(values)).astype(float)
    found = refine(
        series(measured(ANGLES, counts)),
        Pattern("LNMO", instrument=LAB, background=3, refine=("displacement",)),
        offered=[],
    )
    assert "little_explained" in {flag.code for flags in found.flags.values() for flag in flags}
    assert "little_explained" not in {flag.code for flags in refined(60.0).flags.values() for flag in flags}
