"""The course of a simulated operando cell."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.simulate.powder_charging import CELL, MASS, charging


@pytest.mark.parametrize("pauses", [0, 3])
def test_the_first_charge_is_the_whole_charge(pauses: int) -> None:
    course = charging(0.1, pauses=pauses, whole_cycle=False, random=np.random.default_rng(1))
    assert course.extracted(np.array([0.0, course.end])).tolist() == pytest.approx([0.0, 1.0])
    assert np.all(np.diff(course.extracted(np.linspace(0, course.end, 500))) >= 0)
    assert course.voltage.max() == pytest.approx(CELL.material.upper, abs=1e-6)
    assert 200 < 1e3 * course.full / MASS / 1e3 < 400  # mAh/g


def test_pauses_stop_the_charge() -> None:
    course = charging(0.1, pauses=3, whole_cycle=True, random=np.random.default_rng(2))
    # A rest, four stretches with three pauses, and as many in the discharge.
    assert len(set(course.step.tolist())) == 15
    assert course.switches.size == 14
    for begin, end in zip(course.switches, [*course.switches[1:], course.end], strict=True):
        middle = np.linspace(begin + 1, end - 1, 5)
        flows = np.interp((begin + end) / 2, course.time, course.current) != 0
        moved = np.ptp(course.extracted(middle)) > 1e-6
        assert moved == flows
    assert course.extracted(np.array([course.end]))[0] < 0.5


def test_the_log_counts_what_passed() -> None:
    course = charging(0.1, pauses=1, whole_cycle=True, random=np.random.default_rng(3))
    log = course.log(np.random.default_rng(4), voltage_noise=1e-3)
    assert log["step_time"].min() == 0.0
    last = log.group_by("vendor_step", maintain_order=True).last()
    passed = float((last["charge_counter"].to_numpy() - last["discharge_counter"].to_numpy()).sum())
    assert passed == pytest.approx(float(course.charge[-1]), rel=1e-9)
    assert (log["voltage"].to_numpy() - course.voltage).std() == pytest.approx(1e-3, rel=0.1)
    assert set(log["vendor_step_type"].to_list()) == {"Rest", "CC Chg", "CC DChg"}
