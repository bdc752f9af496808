"""Is the forward model of a cell consistent with itself: charge, energy, limits, relaxation?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.physics.cell import (
    Ageing,
    Cell,
    State,
    change_curve,
    condition,
    constant_current,
    hold,
    rest,
)
from interlith.physics.ocv import (
    Gallery,
    OpenCircuit,
    from_galleries,
    full_cell,
    graphite,
    li_rich,
    li_rich_first_charge,
    lnmo,
)

CURVES = {
    "lnmo": lnmo(),
    "li_rich": li_rich(),
    "li_rich_first_charge": li_rich_first_charge(),
    "graphite": graphite(),
    "full": full_cell(lnmo(), graphite()),
}


def make(side: float = 0.02, **changes: float) -> Cell:
    words: dict[str, float] = {"capacity": 6e-4, "resistance": 25.0, "exchange_current": 8e-4} | changes
    return Cell(
        lnmo(),
        relaxation_resistance=40.0,
        relaxation_time=300.0,
        ageing=Ageing(side_share=side, first_side_share=side),
        **words,
    )


@pytest.mark.parametrize("name", list(CURVES))
def test_open_circuit_curves_rise_everywhere(name: str) -> None:
    curve = CURVES[name]
    assert np.all(np.diff(curve.state) > 0)
    assert np.all(np.diff(curve.voltage) > 0)
    assert curve.state[0] == pytest.approx(0.0, abs=1e-9)
    assert curve.state[-1] == pytest.approx(1.0, abs=1e-9)
    some = np.linspace(0.01, 0.99, 57)
    assert [curve.find(float(curve.at(x))) for x in some] == pytest.approx(some, abs=1e-9)


@pytest.mark.parametrize("name", list(CURVES))
@given(ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=25, deadline=None)
def test_the_area_is_the_integral_of_the_curve(name: str, ends: tuple[float, float]) -> None:
    curve = CURVES[name]
    low, high = min(ends), max(ends)
    nodes = np.union1d([low, high], curve.state[(curve.state > low) & (curve.state < high)])
    assert float(curve.area(high) - curve.area(low)) == pytest.approx(np.trapezoid(curve.at(nodes), nodes), abs=1e-12)


def test_the_shapes_are_those_of_the_materials() -> None:
    spinel = lnmo()
    at_4v = spinel.find(4.3) - spinel.find(3.8)
    assert 0.04 < at_4v < 0.08
    assert spinel.find(4.8) - spinel.find(4.65) > 0.8
    oxygen = li_rich_first_charge()
    assert oxygen.find(4.56) - oxygen.find(4.44) > 0.5
    assert li_rich().find(4.56) - li_rich().find(4.44) < 0.1


def test_a_curve_that_falls_is_refused() -> None:
    with pytest.raises(StudyError, match="must rise"):
        OpenCircuit.from_nodes(np.array([0.0, 0.5, 1.0]), np.array([3.0, 4.0, 3.9]))
    with pytest.raises(StudyError, match="positive share"):
        from_galleries([Gallery(4.0, 0.0, 0.02)], lowest=3.0, highest=5.0)
    with pytest.raises(StudyError, match="more anode"):
        full_cell(lnmo(), graphite(), anode_excess=0.9)


@given(start=st.floats(0.02, 0.9), rate=st.floats(0.05, 3.0), side=st.floats(0.0, 0.2), minutes=st.floats(0.1, 15.0))
@settings(max_examples=60, deadline=None)
def test_charge_is_conserved_with_the_side_reaction(start: float, rate: float, side: float, minutes: float) -> None:
    cell = make(side)
    now = condition(cell, 1)
    for sign in (1, -1):
        done = constant_current(
            now, State(start), sign * rate * 6e-4, limit=4.9 if sign > 0 else 3.5, longest=60 * minutes, interval=20.0
        )
        moved = now.capacity * (done.end.charge_state - start)
        passed = done.charge[-1] * (1 - side if sign > 0 else 1.0)
        assert moved == pytest.approx(passed, abs=1e-9 * 6e-4)


@given(start=st.floats(0.03, 0.9), rate=st.floats(0.02, 2.0), polarisation=st.floats(-0.02, 0.02))
@settings(max_examples=30, deadline=None)
def test_energy_is_the_integral_of_voltage_and_current(start: float, rate: float, polarisation: float) -> None:
    now = condition(make(), 1)
    done = constant_current(
        now, State(start, polarisation), rate * 6e-4, limit=4.9, longest=math.inf, interval=0.05 / rate
    )
    numeric = np.trapezoid(done.voltage * done.current, done.time) / 3600
    assert done.energy[-1] == pytest.approx(numeric, rel=2e-7, abs=1e-12)
    assert done.charge[-1] == pytest.approx(np.trapezoid(done.current, done.time) / 3600, rel=1e-12, abs=1e-18)


def test_a_step_ends_at_its_limit_and_no_record_lies_beyond() -> None:
    now = condition(make(), 1)
    charged = constant_current(now, State(0.05), 3e-4, limit=4.9, longest=math.inf, interval=60.0)
    assert charged.reached
    assert charged.voltage[-1] == pytest.approx(4.9, abs=1e-6)
    assert np.all(charged.voltage[:-1] < 4.9)
    assert np.all(np.diff(charged.time) > 0)
    emptied = constant_current(now, charged.end, -3e-4, limit=3.5, longest=math.inf, interval=60.0)
    assert emptied.voltage[-1] == pytest.approx(3.5, abs=1e-6)
    assert np.all(emptied.voltage[:-1] > 3.5)
    short = constant_current(now, State(0.05), 3e-4, limit=4.9, longest=600.0, interval=60.0)
    assert not short.reached
    assert short.time[-1] == 600.0


def test_records_follow_fast_voltage_but_never_change_the_charge() -> None:
    now = condition(make(), 1)
    fine = constant_current(now, State(0.5), -6e-4, limit=3.5, longest=math.inf, interval=1.0)
    coarse = constant_current(now, State(0.5), -6e-4, limit=3.5, longest=math.inf, interval=300.0)
    assert coarse.charge[-1] == pytest.approx(fine.charge[-1], rel=1e-12)
    assert coarse.energy[-1] == pytest.approx(fine.energy[-1], rel=1e-12)
    assert np.abs(np.diff(coarse.voltage)).max() < 0.1


def test_a_limit_outside_the_curve_is_refused_by_name() -> None:
    with pytest.raises(StudyError, match=r"cannot reach 6 V"):
        constant_current(condition(make(), 1), State(0.5), 3e-4, limit=6.0, longest=math.inf, interval=60.0)
    with pytest.raises(StudyError, match="no capacity left"):
        condition(Cell(lnmo(), 6e-4, 1.0, 1e-3, ageing=Ageing(capacity_loss=0.01)), 120)


def test_a_rest_relaxes_to_the_open_circuit_voltage() -> None:
    now = condition(make(), 1)
    state = State(0.5, 0.03)
    done = rest(now, state, 3600.0)
    assert done.time[-1] == 3600.0
    assert np.all(np.diff(done.voltage) < 0)
    assert done.voltage[-1] == pytest.approx(float(lnmo().at(0.5)), abs=1e-5)
    assert done.voltage[0] == pytest.approx(float(lnmo().at(0.5)) + 0.03, abs=1e-12)
    assert done.charge[-1] == 0.0
    assert done.end.charge_state == 0.5


def test_a_hold_keeps_its_voltage_and_its_books() -> None:
    now = condition(make(side=0.0), 1)
    charged = constant_current(now, State(0.05), 6e-4, limit=4.9, longest=math.inf, interval=60.0)
    held = hold(now, charged.end, 4.9, cut_off=3e-5, longest=7200.0)
    assert held.reached
    assert held.current[0] == pytest.approx(6e-4, rel=1e-5)
    assert np.all(np.diff(held.current) < 0)
    assert held.current[-1] <= 3e-5
    moved = now.capacity * (held.end.charge_state - charged.end.charge_state)
    assert held.charge[-1] == pytest.approx(moved, abs=1e-12 * 6e-4)
    assert held.energy[-1] == pytest.approx(4.9 * held.charge[-1], rel=1e-12)
    shown = lnmo().at(held.end.charge_state) + now.overpotential(held.current[-1]) + held.end.polarisation
    assert float(shown) == pytest.approx(4.9, abs=1e-7)


@pytest.mark.parametrize("rate", [0.1, 1.0, 3.0])
def test_the_current_of_a_hold_never_turns_round(rate: float) -> None:
    now = condition(make(), 1)
    charged = constant_current(now, State(0.05), rate * 6e-4, limit=4.9, longest=math.inf, interval=60.0)
    held = hold(now, charged.end, 4.9, cut_off=0.02 * 6e-4, longest=7200.0)
    assert held.reached
    assert np.all(held.current > 0)
    assert np.all(np.diff(held.current) < 0)


def test_the_first_charge_of_a_li_rich_oxide_hands_over_at_equal_voltage() -> None:
    cell = Cell(li_rich(), 1e-3, 20.0, 1e-3, first_curve=li_rich_first_charge(), first_capacity=1.25e-3)
    first, later = condition(cell, 1, first_half=True), condition(cell, 1)
    state = change_curve(first, later, State(0.97))
    assert float(later.curve.at(state.charge_state)) == pytest.approx(float(first.curve.at(0.97)), abs=1e-9)
    assert first.capacity == 1.25e-3
    assert later.capacity == 1e-3
