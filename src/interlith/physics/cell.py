"""Which voltage does a cell show under a cycler's step, and how much charge and energy pass exactly?

A cell is its open-circuit curve, an ohmic and a charge-transfer overpotential, and one relaxing overpotential (RC).
Constant-current steps and rests have closed forms, so charge and energy are exact at every time; a voltage hold is
integrated with the current linear between its nodes, and those nodes are the truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from interlith.errors import StudyError
from interlith.physics.ocv import Array, OpenCircuit

#: 2 R T / F at 298.15 K (V); R and F are exact in the SI (CODATA 2018).
_TAFEL = 2 * 8.31446261815324 * 298.15 / 96485.33212
SECONDS_PER_HOUR = 3600.0
_GRID = 257
#: Times that the grid zooms in on the crossing of a limit: 256^-5 of the step is below 1 ns.
_ZOOMS = 4
#: Change of voltage after which a cycler makes a further record (V).
_VOLTAGE_STEP = 0.02
_REFINEMENTS = 3
#: Records of a hold are not made more often than this (s).
_SHORTEST_RECORD = 0.1


@dataclass(frozen=True, slots=True)
class Ageing:
    """What a cycle costs.

    Parameters
    ----------
    capacity_loss
        Share of the initial capacity lost per cycle (linear).
    resistance_growth
        Growth per cycle of all resistances, as a share of their initial value (linear).
    voltage_fade
        Fall of the open-circuit curve per cycle (V).
    side_share, first_side_share
        Share of the charge that goes into side reactions while the working electrode is first converted (charge of a
        cathode half-cell or full cell, discharge of an anode half-cell), in general and in the first cycle.
    """

    capacity_loss: float = 0.0
    resistance_growth: float = 0.0
    voltage_fade: float = 0.0
    side_share: float = 0.0
    first_side_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as made.

    Parameters
    ----------
    curve
        Open-circuit curve.
    capacity
        Charge from state of charge 0 to 1 (Ah).
    resistance
        Ohmic (ohm).
    exchange_current
        Of the charge transfer (A): overpotential ``2RT/F asinh(I / 2 I0)``.
    relaxation_resistance, relaxation_time
        Of the relaxing overpotential (ohm, s).
    kind
        ``half_cathode``, ``half_anode`` or ``full``: fixes which direction comes first.
    first_curve, first_capacity
        Where the very first half-cycle follows another curve (oxygen plateau of a Li-rich oxide): that curve and its
        charge (Ah). Afterwards the cell goes on along `curve` from the same open-circuit voltage.
    ageing
        Change per cycle.
    """

    curve: OpenCircuit
    capacity: float
    resistance: float
    exchange_current: float
    relaxation_resistance: float = 0.0
    relaxation_time: float = 300.0
    kind: str = "half_cathode"
    first_curve: OpenCircuit | None = None
    first_capacity: float = 0.0
    ageing: Ageing = Ageing()

    @property
    def first_sign(self) -> int:
        """Sign of the current of the first half-cycle: +1 charges."""
        return -1 if self.kind == "half_anode" else 1


@dataclass(frozen=True, slots=True)
class Condition:
    """A cell in one cycle: its parameters after ageing; `shift` (V) moves the curve, `side` is the lost share."""

    curve: OpenCircuit
    capacity: float
    resistance: float
    exchange_current: float
    relaxation_resistance: float
    relaxation_time: float
    shift: float
    side: float
    side_sign: int

    def overpotential(self, current: float) -> float:
        """Ohmic and charge-transfer overpotential (V)."""
        return current * self.resistance + _TAFEL * math.asinh(current / (2 * self.exchange_current))

    def useful(self, current: float) -> float:
        """Share of a current that changes the state of charge."""
        return 1.0 - self.side if current * self.side_sign > 0 else 1.0


@dataclass(frozen=True, slots=True)
class State:
    """Where a cell is: state of charge (0 to 1) and relaxing overpotential (V)."""

    charge_state: float
    polarisation: float = 0.0


@dataclass(frozen=True, slots=True)
class Segment:
    """One step as it truly was, at the times of its records.

    Parameters
    ----------
    time
        Since the start of the step (s), shape (n,), first 0, last the end.
    current, voltage
        (A, V), shape (n,).
    charge, energy
        Signed, since the start of the step (Ah, Wh), exact, shape (n,).
    end
        State after the step.
    reached
        Whether the step ended at its limit (voltage or current) rather than by its duration.
    """

    time: Array
    current: Array
    voltage: Array
    charge: Array
    energy: Array
    end: State
    reached: bool


def condition(cell: Cell, cycle: int, *, first_half: bool = False) -> Condition:
    """The cell in a cycle (from 1); `first_half` in the very first half-cycle."""
    ageing, aged = cell.ageing, cycle - 1
    remaining = 1.0 - ageing.capacity_loss * aged
    growth = 1.0 + ageing.resistance_growth * aged
    if remaining <= 0.02 or growth <= 0:
        raise StudyError(f"The simulated cell has no capacity left in cycle {cycle}; lower its loss or stop earlier.")
    special = first_half and cell.first_curve is not None
    return Condition(
        curve=cell.first_curve if special and cell.first_curve is not None else cell.curve,
        capacity=cell.first_capacity if special else cell.capacity * remaining,
        resistance=cell.resistance * growth,
        exchange_current=cell.exchange_current / growth,
        relaxation_resistance=cell.relaxation_resistance * growth,
        relaxation_time=cell.relaxation_time,
        shift=-ageing.voltage_fade * aged,
        side=ageing.first_side_share if cycle == 1 else ageing.side_share,
        side_sign=cell.first_sign,
    )


def change_curve(before: Condition, after: Condition, state: State) -> State:
    """Carry a state from one curve to another at equal open-circuit voltage."""
    voltage = float(before.curve.at(state.charge_state)) + before.shift - after.shift
    return replace(state, charge_state=after.curve.find(voltage))


def constant_current(
    now: Condition, state: State, current: float, *, limit: float, longest: float, interval: float
) -> Segment:
    """Pass a constant current (A, positive charges) up to a voltage limit (V) or a duration (s).

    Records are made every `interval` seconds, where the voltage has moved by about 20 mV, and at the end.

    Raises
    ------
    StudyError
        If neither the limit nor the duration can be reached within the open-circuit curve.
    """
    sign = 1.0 if current > 0 else -1.0
    rate = now.useful(current) * current / SECONDS_PER_HOUR / now.capacity
    room = ((1.0 if current > 0 else 0.0) - state.charge_state) / rate
    last = min(longest, max(room, 0.0))

    def miss(time: Array) -> Array:
        return sign * (_voltage_under(now, state, current, rate, time) - limit)

    grid = np.linspace(0.0, last, _GRID)
    beyond = np.flatnonzero(miss(grid) >= 0)
    reached = beyond.size > 0
    if not reached and longest > room:
        raise StudyError(
            f"The simulated cell cannot reach {limit:g} V at {current:g} A: its curve ends before; change the limit."
        )
    if reached:
        for _ in range(_ZOOMS):
            first = int(beyond[0])
            grid = np.linspace(grid[max(first - 1, 0)], grid[first], _GRID)
            beyond = np.flatnonzero(miss(grid) >= 0)
        last = float(grid[beyond[0]])
    count = int(np.floor(last / interval * (1 - 1e-12)))
    time = np.append(np.arange(count + 1) * interval, last) if last > 0 else np.zeros(1)
    for _ in range(_REFINEMENTS):
        time = _refined(time, _voltage_under(now, state, current, rate, time))
    return _constant_current_records(now, state, current, rate, time, reached)


def _refined(time: Array, voltage: Array) -> Array:
    """More records where the voltage moves fast, on a 0.1 s raster as a cycler's condition on voltage gives them."""
    pieces = np.minimum(np.ceil(np.abs(np.diff(voltage)) / _VOLTAGE_STEP), 10).astype(np.int64).clip(1)
    if not len(pieces) or pieces.max() == 1:
        return time
    start = np.repeat(time[:-1], pieces)
    within = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    inserted = start + np.where(within > 0, np.round(within * np.repeat(np.diff(time) / pieces, pieces), 1), 0.0)
    return np.unique(np.append(inserted[inserted < time[-1]], time[-1]))


def _voltage_under(now: Condition, state: State, current: float, rate: float, time: Array) -> Array:
    steady = current * now.relaxation_resistance
    relaxing = steady + (state.polarisation - steady) * np.exp(-time / now.relaxation_time)
    fixed = now.shift + now.overpotential(current)
    return now.curve.at(state.charge_state + rate * time) + fixed + relaxing


def _constant_current_records(
    now: Condition, state: State, current: float, rate: float, time: Array, reached: bool
) -> Segment:
    steady = current * now.relaxation_resistance
    decay = np.exp(-time / now.relaxation_time)
    fixed = now.shift + now.overpotential(current)
    charge_state = state.charge_state + rate * time
    area = (now.curve.area(charge_state) - float(now.curve.area(state.charge_state))) / rate
    relaxed = (state.polarisation - steady) * now.relaxation_time * -np.expm1(-time / now.relaxation_time)
    energy = current * (area + (fixed + steady) * time + relaxed) / SECONDS_PER_HOUR
    end = State(float(charge_state[-1]), float(steady + (state.polarisation - steady) * decay[-1]))
    return Segment(
        time=time,
        current=np.full_like(time, current),
        voltage=_voltage_under(now, state, current, rate, time),
        charge=current * time / SECONDS_PER_HOUR,
        energy=energy,
        end=end,
        reached=reached,
    )


def rest(now: Condition, state: State, duration: float) -> Segment:
    """Leave the cell without current for a duration (s); records get rarer with time."""
    first = np.concatenate(([0.0], 10.0 * 2.0 ** np.arange(24)))
    time = np.append(first[first < duration], duration)
    fading = state.polarisation * np.exp(-time / now.relaxation_time)
    zero = np.zeros_like(time)
    voltage = float(now.curve.at(state.charge_state)) + now.shift + fading
    end = replace(state, polarisation=float(fading[-1]))
    return Segment(time, zero, voltage, zero, zero, end, reached=True)


def hold(
    now: Condition, state: State, voltage: float, *, cut_off: float, longest: float, interval: float = 5.0
) -> Segment:
    """Hold a voltage (V) after a charge until the current falls below `cut_off` (A) or a duration (s) has passed.

    Records start `interval` seconds apart (closer while the current more than halves) and get rarer; the current is
    linear between them.
    """
    time, current = [0.0], [_hold_current(now, state, voltage, 0.0, math.nan)]
    step = interval
    while current[-1] > cut_off and time[-1] < longest:
        step = min(step, longest - time[-1])
        after = _hold_current(now, state, voltage, step, current[-1])
        while after < 0.5 * current[-1] and step > _SHORTEST_RECORD:
            step *= 0.5
            after = _hold_current(now, state, voltage, step, current[-1])
        mean = 0.5 * (current[-1] + after)
        state = _hold_state(now, state, mean, step)
        time.append(time[-1] + step)
        current.append(after)
        step *= 1.3
    times, currents = np.array(time), np.array(current)
    pieces = 0.5 * (currents[1:] + currents[:-1]) * np.diff(times) / SECONDS_PER_HOUR
    charge = np.concatenate(([0.0], np.cumsum(pieces)))
    return Segment(
        time=times,
        current=currents,
        voltage=np.full_like(times, voltage),
        charge=charge,
        energy=charge * voltage,
        end=state,
        reached=current[-1] <= cut_off,
    )


def _hold_state(now: Condition, state: State, mean: float, step: float) -> State:
    decay = math.exp(-step / now.relaxation_time)
    moved = now.useful(mean) * mean * step / SECONDS_PER_HOUR / now.capacity
    polarisation = state.polarisation * decay + mean * now.relaxation_resistance * (1 - decay)
    return State(state.charge_state + moved, polarisation)


def _hold_current(now: Condition, state: State, voltage: float, step: float, before: float) -> float:
    """Current (A) at which the cell shows the voltage after a step; the voltage rises with current: bracketed secant."""

    def excess(current: float) -> float:
        after = state if step == 0 else _hold_state(now, state, 0.5 * (before + current), step)
        shown = float(now.curve.at(after.charge_state)) + now.shift + now.overpotential(current) + after.polarisation
        return shown - voltage

    bound = 1e-9 + abs(before if step else now.exchange_current)
    while excess(bound) < 0 or excess(-bound) > 0:
        bound *= 2
    low, high = -bound, bound
    f_low, f_high, kept = excess(low), excess(high), 0
    for _ in range(100):
        middle = high - f_high * (high - low) / (f_high - f_low)
        f_middle = excess(middle)
        if abs(f_middle) < 1e-9 or high - low < 1e-15:
            return middle
        # Illinois rule: an end that stays twice counts half, else one end would creep.
        if f_middle > 0:
            high, f_high, f_low, kept = middle, f_middle, f_low * (0.5 if kept == 1 else 1.0), 1
        else:
            low, f_low, f_high, kept = middle, f_middle, f_high * (0.5 if kept == -1 else 1.0), -1
    return 0.5 * (low + high)
