"""Do observables fall into the curves that a reader expects, with shared errors kept apart?"""

import math

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.evidence.curves import curves
from interlith.model import Observable, State


def point(x, y, *, sample="s", variant="v", parts=None, unit="ohm", axis="temperature", axis_unit="degC", quantity="r"):
    parts = {f"fit:{sample}/{x}": 0.1} if parts is None else parts
    state = State(axis, x, x - 1, x + 2, axis_unit)
    return Observable(quantity, y, unit, sample, parts, variant=variant, state=state)


def test_one_curve_a_sample_ordered_by_state_with_shared_sources_apart():
    items = [
        point(20, 2.0, parts={"fit:a": 0.3, "area:s": 0.2}),
        point(10, 1.0, parts={"fit:b": 0.4, "area:s": 0.1}),
        point(10, 7.0, sample="t", parts={"fit:c": 0.4}),
    ]
    first, second = curves(items, "r", against="temperature")
    assert (first.name, second.name) == ("s", "t")
    assert first.x.tolist() == [10, 20]
    assert first.y.tolist() == [1, 2]
    assert first.x_low.tolist() == [9, 19]
    assert first.x_high.tolist() == [12, 22]
    np.testing.assert_allclose(first.own, [0.4, 0.3])
    np.testing.assert_allclose(first.shared["area:s"], [0.1, 0.2])
    assert first.propagate(np.array([1.0, -1.0])) == pytest.approx({"area:s": -0.1})


def test_a_source_shared_by_two_curves_is_shared_in_both():
    items = [point(1, 1.0, sample=name, parts={"calibration:meter": 0.1}) for name in ("s", "t")]
    for curve in curves(items, "r", against="temperature", by="sample"):
        assert "calibration:meter" in curve.shared
        assert curve.own.tolist() == [0.0]


def test_a_dose_series_is_one_curve():
    items = [point(d, d, sample=f"D{d}", variant=f"D{d}", axis="dose", axis_unit="%") for d in (0.3, 0.5, 0.7)]
    (curve,) = curves(items, "r", against="dose")
    assert len(curve) == 3
    assert curve.samples == ("D0.3", "D0.5", "D0.7")
    named = curves(items, "r", against="dose", by={"D0.3": "low", "D0.5": "low"})
    assert [item.name for item in named] == ["low"]


def test_units_are_made_one():
    items = [point(0, 1000.0, unit="mohm"), point(373.15, 2.0, unit="ohm", axis_unit="K")]
    (curve,) = curves(items, "r", against="temperature")
    np.testing.assert_allclose(curve.y, [1000.0, 2000.0])
    np.testing.assert_allclose(curve.x, [0.0, 100.0])


def test_unknown_errors_stay_unknown():
    items = [
        point(1, 1.0, parts={}),
        point(2, 2.0, parts={"mass:s": math.inf}),
        point(3, 2.0, parts={"mass:s": math.inf}),
    ]
    (curve,) = curves(items, "r", against="temperature")
    assert math.isinf(curve.own[0])
    assert curve.unknown == ("mass:s",)
    assert math.isinf(curve.propagate(np.ones(3))["mass:s"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": "resistence"}, "no observable 'resistence'"),
        ({"against": "voltage"}, "has the state 'voltage'"),
        ({"by": "colour"}, "by is 'colour'"),
        ({"exclude": {"s": " "}}, "has no reason"),
        ({"by": {"w": "a"}}, "names none of the variants"),
    ],
)
def test_refusals_name_what_is_there(change, words):
    asked = {"quantity": "r", "against": "temperature"} | change
    with pytest.raises(StudyError, match=words):
        curves([point(1, 1.0), point(2, 1.0)], **asked)


def test_a_specimen_without_mass_is_named() -> None:
    items = [point(1, 1.0, unit="mAh/g"), point(2, 1.0, unit="mAh", sample="t")]
    with pytest.raises(StudyError, match=r"t has the r in mAh, others in mAh/g: leave it out"):
        curves(items, "r", against="temperature", by="variant")
