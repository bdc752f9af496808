"""Is the first coulombic efficiency told apart where the cell was not fresh when cycle 1 began?"""

from __future__ import annotations

import pytest

from interlith.model import Observable
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import REST, Step, cell, cycles, logged, series


def _efficiency(plan: list[Step], kind: str, quantity: str = "initial_coulombic_efficiency") -> Observable:
    result = summarise(series(logged(plan), sample=cell(kind=kind)))
    return next(one for one in result.observables(quantity) if one.cycle == 1)


def test_a_cathode_that_is_discharged_first() -> None:
    plan = [(1000.0, -1e-3, 3.4, 3.0), REST, *cycles(2)]
    found = _efficiency(plan, "half_cathode")
    assert found.value == pytest.approx(98.0)
    assert "a discharge of 0.2778 mAh came before the first charge" in found.flag
    assert _efficiency(plan, "half_cathode", "coulombic_efficiency").flag == ""
    assert _efficiency(cycles(2), "half_cathode").flag == ""


def test_an_anode_that_already_holds_lithium() -> None:
    plan: list[Step] = [
        (1800.0, -1e-3, 0.6, 0.01),
        REST,
        (3600.0, 1e-3, 0.1, 1.5),
        REST,
        (3600.0, -1e-3, 1.4, 0.01),
        REST,
    ]
    for quantity in ("initial_coulombic_efficiency", "coulombic_efficiency"):
        found = _efficiency(plan, "half_anode", quantity)
        assert found.value == pytest.approx(200.0)
        assert "more than 110 %" in found.flag
    good: list[Step] = [(3600.0, -1e-3, 1.4, 0.01), REST, (3500.0, 1e-3, 0.1, 1.5), REST]
    assert _efficiency(good, "half_anode").flag == ""
