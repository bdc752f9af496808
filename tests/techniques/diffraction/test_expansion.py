"""Expansion and composition: pulls of one, nothing beyond the reference."""

import numpy as np
import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Sample, State
from interlith.model.recording import Recorder
from interlith.techniques.diffraction.expansion import expansion

T = np.linspace(25.0, 850.0, 34)
REFERENCE = np.linspace(25.0, 800.0, 20)


def _grown(t):
    return 1 + 3e-5 * (t - 25) + 4e-9 * (t - 25) ** 2


def _result(t, volume, name, state="temperature"):
    recorder = Recorder("diffraction")
    made = [
        recorder.number(Sample(name), "cell_volume", float(v), "angstrom^3", {f"noise:{name}/{k}": 0.02}, source="", state=State(state, float(x), float(x), float(x), "degC"))
        for k, (x, v) in enumerate(zip(t, volume, strict=True))
    ]  # fmt: skip
    return recorder.result("x", made, method="", options={}, quality=[])


def _pair(rng):
    uptake = np.where(T > 450, 0.1 * (1 - np.exp(-(T - 450) / 100)), 0.0)
    mixture = 118.55 * _grown(T) * (1 + uptake * 2.2 / 118.55) + rng.normal(size=T.size) * 0.02
    return (
        _result(T, mixture, "mix"),
        _result(REFERENCE, 118.5 * _grown(REFERENCE) + rng.normal(size=20) * 0.02, "alone"),
        uptake,
    )


def test_uptake_is_covered():
    rng = np.random.default_rng(1)
    pulls = []
    for _ in range(40):
        measured, reference, uptake = _pair(rng)
        found = expansion(measured, reference, per_lithium="1.1 +- 0.0001 angstrom^3", formulas=2)
        pulls += [
            (one.value - uptake[k]) / one.std
            for k, one in enumerate(found.observables("lithium_uptake"))
            if k and one.value is not None
        ]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)
    assert np.mean(np.abs(pulls) < 1.96) > 0.92


def test_nothing_is_said_beyond_the_reference():
    measured, reference, _ = _pair(np.random.default_rng(2))
    found = expansion(measured, reference)
    beyond = [one for one in found.observables("cell_volume_composition") if one.state.value > 810]
    assert beyond
    assert all(one.value is None and "beyond" in one.flag for one in beyond)
    assert found.flags["mix"][0].code == "beyond_reference"


def test_pure_expansion_leaves_nothing_for_composition():
    rng = np.random.default_rng(3)
    reference = _result(REFERENCE, 118.5 * _grown(REFERENCE) + rng.normal(size=20) * 0.02, "alone")
    found = expansion(_result(T[:20], 121.0 * _grown(T[:20]) + rng.normal(size=20) * 0.02, "own"), reference)
    assert all(abs(one.value) < 4 * one.std for one in found.observables("cell_volume_composition")[1:])
    coefficient = found.observables("linear_expansion")[0]
    assert coefficient.value == pytest.approx(1.05e-5, rel=0.05)


def test_other_states_and_unknown_quantities_are_refused():
    measured, reference, _ = _pair(np.random.default_rng(4))
    with pytest.raises(StudyError, match="cell_volume"):
        expansion(measured, reference, quantity="cell_volum")
    with pytest.raises(FitError, match="temperature"):
        expansion(_result(T, 118 * _grown(T), "mix", state="voltage"), reference)
