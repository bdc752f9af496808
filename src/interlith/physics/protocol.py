"""What does a cell do over a whole cycling test, and what are the true numbers of every half-cycle?

A protocol is the cycler's programme: formation, cycles at one rate, periodic slow check-ups, a rate test, titration
pulses, a voltage hold after charge, rests, and one interruption (power cut) with a restart on a new clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from interlith.errors import StudyError
from interlith.physics.cell import (
    SECONDS_PER_HOUR,
    Cell,
    Condition,
    Segment,
    State,
    change_curve,
    condition,
    constant_current,
    hold,
    rest,
)

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Titration:
    """Pulses in the discharge of some cycles: duration of pulse and rest (s), rate (1/h)."""

    cycles: tuple[int, ...]
    pulse: float = 600.0
    rest: float = 1800.0
    rate: float = 0.1


@dataclass(frozen=True, slots=True)
class Interruption:
    """A power cut: in which half-cycle, after which share of its nominal time, and how long the pause was (s)."""

    half_cycle: int
    after: float = 0.4
    pause: float = 5 * SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Protocol:
    """A cycler programme.

    Parameters
    ----------
    one_C
        Current called 1C (A, as the cycler measures it).
    lower, upper
        Voltage window (V).
    cycles
        Number of cycles.
    rate, formation_rate, formation_cycles
        Rate (1/h) of ordinary and of the first cycles.
    check_every, check_rate
        A slow cycle after every so many ordinary ones (0: never), and its rate.
    rate_test, rate_test_cycles
        Rates tested directly after formation, each for so many cycles.
    hold_cut_off
        Rate below which the voltage hold after charge ends; `None`: no hold.
    rest, first_rest
        Rest after every half-cycle, and at the very start (s).
    rows
        Approximate number of records in a half-cycle at full capacity.
    titration
        Pulses instead of constant current in the discharge of some cycles.
    """

    one_C: float
    lower: float
    upper: float
    cycles: int
    rate: float = 1.0
    formation_rate: float = 0.1
    formation_cycles: int = 3
    check_every: int = 0
    check_rate: float = 0.1
    rate_test: tuple[float, ...] = ()
    rate_test_cycles: int = 5
    hold_cut_off: float | None = None
    rest: float = 600.0
    first_rest: float = 3600.0
    rows: int = 100
    titration: Titration | None = None

    def rate_of(self, cycle: int) -> float:
        """Rate (1/h) of a cycle (from 1)."""
        if cycle <= self.formation_cycles:
            return self.formation_rate
        later = cycle - self.formation_cycles
        tested = len(self.rate_test) * self.rate_test_cycles
        if later <= tested:
            return self.rate_test[(later - 1) // self.rate_test_cycles]
        return self.check_rate if self.is_check_up(cycle) else self.rate

    def is_check_up(self, cycle: int) -> bool:
        """Whether a cycle is one of the periodic slow ones."""
        later = cycle - self.formation_cycles - len(self.rate_test) * self.rate_test_cycles
        return self.check_every > 0 and later > 0 and later % (self.check_every + 1) == 0


@dataclass(frozen=True, slots=True)
class CellTest:
    """A finished test.

    Parameters
    ----------
    rows
        True records before any measurement error: ``part``, ``test_time`` (of the part), ``elapsed`` (s since the
        first record, pauses included), ``step_time``, ``vendor_cycle``, ``vendor_step``, ``step_type``, ``half_cycle``
        (0 before the first), ``current``, ``voltage``, ``charge``, ``energy`` (signed, since the start of the step).
    half_cycles
        Truth: ``half_cycle``, ``cycle``, ``direction``, ``rate``, ``charge`` (Ah), ``energy`` (Wh), ``mean_voltage``,
        ``cc_charge``, ``hold_charge`` (Ah), ``voltage_start``, ``voltage_end`` (V), ``pulses``, ``joined``.
    """

    rows: pl.DataFrame
    half_cycles: pl.DataFrame


def cycle_cell(
    cell: Cell,
    protocol: Protocol,
    *,
    interruption: Interruption | None = None,
    current_gain: float = 0.0,
    voltage_offset: float = 0.0,
    accessible: Sequence[float] | None = None,
) -> CellTest:
    """Run a protocol on a cell.

    Parameters
    ----------
    cell, protocol
        What is cycled, and how.
    interruption
        A power cut and restart, if any.
    current_gain, voltage_offset
        Relative error of the cycler's current and error of its voltage (V): the cycler controls what it measures, so
        the true current is ``set / (1 + gain)`` and the true limits are shifted.
    accessible
        Factor on the capacity in each cycle, for instance of a room whose temperature swings; 1 in all if `None`.

    Raises
    ------
    StudyError
        If a voltage limit cannot be reached, or the cell has no capacity left.

    Notes
    -----
    No charge passes between the last record before a power cut and the cut itself.
    """
    log = _Log()
    bench = _Bench(cell, protocol, interruption, 1.0 / (1.0 + current_gain), voltage_offset)
    now = condition(cell, 1, first_half=True)
    state = State(1.0 if cell.first_sign < 0 else 0.0)
    if cell.first_sign > 0:
        state = State(max(now.curve.find(protocol.lower - voltage_offset), 1e-4))
    log.add(rest(now, state, protocol.first_rest), cycle=1, step=1, kind="rest")
    for half in range(1, 2 * protocol.cycles + 1):
        before, now = now, condition(cell, (half + 1) // 2, first_half=half == 1)
        if accessible is not None:
            now = replace(now, capacity=now.capacity * accessible[(half - 1) // 2])
        if half == 2 and cell.first_curve is not None:
            state = change_curve(before, now, state)
        state = _half_cycle(bench, log, now, state, half)
    return CellTest(log.frame(), log.truth())


@dataclass(frozen=True, slots=True)
class _Bench:
    cell: Cell
    protocol: Protocol
    interruption: Interruption | None
    scale: float
    offset: float


def _half_cycle(bench: _Bench, log: _Log, now: Condition, state: State, half: int) -> State:
    protocol, cycle = bench.protocol, (half + 1) // 2
    sign = bench.cell.first_sign * (1 if half % 2 else -1)
    rate = protocol.rate_of(cycle)
    limit = (protocol.upper if sign > 0 else protocol.lower) - bench.offset
    step = 2 if half % 2 else 5
    log.start(half, cycle, "charge" if sign > 0 else "discharge", rate)
    titration = protocol.titration
    if titration is not None and cycle in titration.cycles and sign < 0:
        state = _titrate(bench, log, now, state, limit, step)
    else:
        current = sign * rate * protocol.one_C * bench.scale
        state = _run_current(bench, log, now, state, half, current, limit, step)
    if sign > 0 and protocol.hold_cut_off is not None:
        cut_off = protocol.hold_cut_off * protocol.one_C * bench.scale
        done = hold(now, state, limit, cut_off=cut_off, longest=4 * SECONDS_PER_HOUR)
        log.add(done, cycle=cycle, step=step + 1, kind="charge_hold")
        state = done.end
    if protocol.rest > 0:
        resting = rest(now, state, protocol.rest)
        log.add(resting, cycle=cycle, step=step + 2, kind="rest")
        state = resting.end
    return state


def _run_current(
    bench: _Bench, log: _Log, now: Condition, state: State, half: int, current: float, limit: float, step: int
) -> State:
    kind = "charge" if current > 0 else "discharge"
    cycle = (half + 1) // 2
    nominal = SECONDS_PER_HOUR * bench.protocol.one_C / abs(current)
    interval = max(1.0, round(nominal / bench.protocol.rows))
    cut = bench.interruption
    if cut is not None and cut.half_cycle == half:
        done = constant_current(now, state, current, limit=limit, longest=cut.after * nominal, interval=interval)
        log.add(done, cycle=cycle, step=step, kind=kind)
        log.restart(cut.pause, cycle)
        state = rest(now, done.end, cut.pause).end
    done = constant_current(now, state, current, limit=limit, longest=math.inf, interval=interval)
    log.add(done, cycle=cycle, step=step, kind=kind)
    return done.end


def _titrate(bench: _Bench, log: _Log, now: Condition, state: State, limit: float, step: int) -> State:
    titration, protocol = bench.protocol.titration, bench.protocol
    if titration is None:
        raise StudyError("A titration needs its pulse and rest times.")
    current = -titration.rate * protocol.one_C * bench.scale
    for _ in range(10_000):
        interval = titration.pulse / 20
        done = constant_current(now, state, current, limit=limit, longest=titration.pulse, interval=interval)
        log.add(done, cycle=log.cycle, step=step, kind="discharge")
        if done.reached:
            return done.end
        resting = rest(now, done.end, titration.rest)
        log.add(resting, cycle=log.cycle, step=step + 1, kind="rest")
        state = resting.end
    raise StudyError("The titration does not come to an end within 10,000 pulses; use longer pulses.")


@dataclass
class _Log:
    """Collects segments as arrays and half-cycles as sums; one part a restart."""

    pieces: list[dict[str, Any]] = field(default_factory=list)
    halves: list[dict[str, Any]] = field(default_factory=list)
    clock: float = 0.0
    elapsed: float = 0.0
    part: int = 0
    cycle: int = 1
    cycle_offset: int = 0

    def start(self, half: int, cycle: int, direction: str, rate: float) -> None:
        self.cycle = cycle
        self.halves.append(
            {
                "half_cycle": half, "cycle": cycle, "direction": direction, "rate": rate, "charge": 0.0,
                "energy": 0.0, "mean_voltage": 0.0, "cc_charge": 0.0, "hold_charge": 0.0, "voltage_start": math.nan,
                "voltage_end": math.nan, "pulses": 0, "joined": False,
            }
        )  # fmt: skip

    def restart(self, pause: float, cycle: int) -> None:
        self.part += 1
        self.clock = 0.0
        self.elapsed += pause
        self.cycle_offset = cycle - 1
        self.halves[-1]["joined"] = True

    def add(self, segment: Segment, *, cycle: int, step: int, kind: str) -> None:
        size = len(segment.time)
        self.pieces.append(
            {
                "size": size, "part": self.part, "cycle": cycle - self.cycle_offset, "step": step, "kind": kind,
                "half": self.halves[-1]["half_cycle"] if self.halves else 0, "clock": self.clock,
                "elapsed": self.elapsed, "segment": segment,
            }
        )  # fmt: skip
        self.clock += float(segment.time[-1])
        self.elapsed += float(segment.time[-1])
        if kind != "rest":
            self._count(segment, kind)

    def _count(self, segment: Segment, kind: str) -> None:
        truth = self.halves[-1]
        charge, energy = abs(float(segment.charge[-1])), abs(float(segment.energy[-1]))
        truth["charge"] += charge
        truth["energy"] += energy
        truth["hold_charge" if kind == "charge_hold" else "cc_charge"] += charge
        truth["mean_voltage"] = truth["energy"] / truth["charge"] if truth["charge"] else math.nan
        if truth["pulses"] == 0:
            truth["voltage_start"] = float(segment.voltage[0])
        truth["voltage_end"] = float(segment.voltage[-1])
        truth["pulses"] += 1

    def frame(self) -> pl.DataFrame:
        import polars as pl

        sizes = np.array([piece["size"] for piece in self.pieces])

        def spread(name: str) -> Any:
            return np.repeat(np.array([piece[name] for piece in self.pieces]), sizes)

        def joined(name: str) -> Any:
            return np.concatenate([getattr(piece["segment"], name) for piece in self.pieces])

        step_time = joined("time")
        return pl.DataFrame(
            {
                "part": spread("part"), "test_time": spread("clock") + step_time,
                "elapsed": spread("elapsed") + step_time, "step_time": step_time, "vendor_cycle": spread("cycle"),
                "vendor_step": spread("step"), "step_type": _repeat_words(self.pieces, sizes),
                "half_cycle": spread("half"), "current": joined("current"), "voltage": joined("voltage"),
                "charge": joined("charge"), "energy": joined("energy"),
            }
        )  # fmt: skip

    def truth(self) -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame(self.halves)


def _repeat_words(pieces: Sequence[dict[str, Any]], sizes: Any) -> pl.Series:
    import polars as pl

    kinds = sorted({piece["kind"] for piece in pieces})
    codes = np.repeat(np.array([kinds.index(piece["kind"]) for piece in pieces]), sizes)
    return pl.Series("step_type", kinds).gather(codes)
