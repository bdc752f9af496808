"""Two numbers of one measurement: the same, within the stated error, different, or not judged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from interlith.model import Observable, State
from interlith.workbench.methods.numbers import compared, pairs


def _number(
    value: float, std: float | None = None, unit: str = "ohm", source: str = "fit:a", **fields: object
) -> Observable:
    parts = {} if std is None else {source: std}
    return Observable("R1", value, unit, "cell", parts, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("theirs", "std", "resolution", "same_data", "verdict"),
    [
        (100.09, 1.0, 0.0, True, "same"),
        (100.4, 1.0, 1.0, True, "same"),
        (100.6, 1.0, 1.0, True, "within the stated error"),
        (101.9, 0.2, 0.0, True, "within the stated error"),
        (102.0, 0.2, 0.0, True, "different"),
        (102.0, 1.1, 0.0, True, "within the stated error"),
        (102.5, 1.0, 0.0, True, "different"),
        (102.5, 1.0, 0.0, False, "within the stated error"),
        (103.0, 1.0, 0.0, False, "different"),
        (102.5, None, 0.0, True, "no error stated"),
        (100.05, None, 0.0, True, "same"),
    ],
)
def test_the_verdict(theirs: float, std: float | None, resolution: float, same_data: bool, verdict: str) -> None:
    found = compared(_number(100.0, 1.0), _number(theirs, std), resolution=resolution, same_data=same_data)
    assert found is not None
    assert found.verdict == verdict
    assert found.difference == pytest.approx(theirs - 100)
    assert found.over_own == pytest.approx(theirs - 100)


def test_units_are_converted_and_what_cannot_be_is_not_compared() -> None:
    found = compared(_number(100.0, 1.0), _number(0.1, 0.002, "kohm"), resolution=0.001)
    assert found is not None
    assert (found.value, found.std, found.resolution) == pytest.approx((100.0, 2.0, 1.0))
    assert found.error_ratio == pytest.approx(2.0)
    assert compared(_number(100.0, 1.0), _number(0.1, 0.002, "F")) is None
    assert compared(_number(100.0, 1.0), Observable("R1", None, "ohm", flag="no value")) is None
    odd = compared(_number(1e-5, 1e-7, "s^n/ohm"), _number(1.2e-5, 1e-7, "s^n/ohm"))
    assert odd is not None
    assert odd.verdict == "different"


def test_calibration_is_left_out_over_the_same_bytes_and_kept_otherwise() -> None:
    ours = Observable("R1", 100.0, "ohm", "cell", {"fit:a": 1.0, "area:cell": 5.0})
    same, other = (compared(ours, _number(104.0, 1.0), same_data=flag) for flag in (True, False))
    assert same is not None
    assert other is not None
    assert (same.own, same.verdict) == (1.0, "different")
    assert (other.own, other.verdict) == (pytest.approx(math.hypot(1, 5)), "within the stated error")


def test_what_they_held_is_not_judged() -> None:
    found = compared(_number(100.0, 1.0), _number(300.0), held=True)
    assert found is not None
    assert found.verdict == "held fixed"


def test_two_evaluations_of_one_set_of_draws_are_called_different_in_at_most_five_per_cent() -> None:
    """Mean against median of the same 40 draws: errors of 1 and 1.25, correlation 0.8."""
    random = np.random.default_rng(5)
    draws = random.normal(size=(2_000, 40))
    mean, median = draws.mean(axis=1), np.median(draws, axis=1)
    std = 1 / math.sqrt(40)
    verdicts = [
        found.verdict
        for a, b in zip(mean, median, strict=True)
        if (found := compared(_number(a, std), _number(b, 1.2533 * std))) is not None
    ]
    assert len(verdicts) == 2_000
    assert verdicts.count("different") <= 0.05 * 2_000
    shifted = [compared(_number(a, std), _number(b + 4 * std, 1.2533 * std)) for a, b in zip(mean, median, strict=True)]
    assert sum(one is not None and one.verdict == "different" for one in shifted) > 0.95 * 2_000


def test_pairs_meet_at_one_sample_quantity_and_state() -> None:
    volts = [State("voltage", value, value - 0.005, value + 0.005, "V") for value in (4.3, 4.4)]
    ours = [_number(1.0, 0.1, state=volts[0]), _number(2.0, 0.1, state=volts[1])]
    millivolts = State("voltage", 4400.0, 4400.0, 4400.0, "mV")
    (found,) = pairs(ours, [_number(2.1, 0.1, state=millivolts)])
    assert found[0].value == 2.0
    assert pairs(ours, [_number(2.1, 0.1)]) == [], "without a state there are two candidates"
    assert len(pairs(ours[:1], [_number(2.1, 0.1)])) == 1
    assert pairs(ours, [_number(2.1, 0.1, state=State("temperature", 4.4, 4.4, 4.4, "degC"))]) == []
