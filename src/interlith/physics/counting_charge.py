"""How much charge did a step pass: what does the counter say, what the integral, and how sure is each?

Three numbers are made for every step and the surest is taken:

``counter``
    increments of the vendor's counter; its uncertainty is the last digit of the counter.
``integral``
    trapezoid of the current over device time; its uncertainty is the last digit of the current, which is the same error
    in every row of a constant-current step and does not average out, or, where there is a counter, the disagreement with
    it that the file shows as a rule; and the steps of the current between rows.
``counter_ticks``
    for a counter so coarse that it stands still over many rows: it is exact in the rows where it steps, so that charge
    between the first and the last step is known to the length of a sampling interval, and the rest of the step is
    scaled from it by the integral.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interlith.physics.counting_points import Points
from interlith.physics.counting_runs import Flags, Floats, Integers, Runs
from interlith.physics.counting_switch import Tail, tails
from interlith.physics.resolution import credible, resolution

SECONDS_AN_HOUR = 3600.0
#: Standard deviation of a rectangular distribution of unit width.
RECTANGULAR = 1.0 / np.sqrt(12.0)
#: Counter and integral may differ by this share beyond their uncertainties before the file contradicts itself ...
AGREEMENT = 0.005
#: ... and beyond this share no number is given at all.
CONTRADICTION = 0.05
#: A counter is read at its steps if it made at least so many, and stood still in most rows.
LEAST_TICKS = 5
ROWS_A_TICK = 3

#: The counter is replaced by a number with an uncertainty so many times smaller.
MUCH_SURER = 3.0

COUNTER, INTEGRAL, TICKS = "counter", "integral", "counter_ticks"


@dataclass(frozen=True, slots=True)
class Charges:
    """Charge of every run (Ah, positive in the direction of the run), each shape (n,); nan where there is none.

    `lead` is the part of the integral that lies before the first row; `gap` is what the counter says passed between the
    run before and this one where there are no rows for a while. `reset` marks counters set back at the start of the run.
    `turned_back` marks runs beside a clock that runs back. `tail` is the end of each run without a row, which `counter` includes.
    """

    charge: Floats
    std: Floats
    method: list[str]
    counter: Floats
    counter_std: Floats
    integral: Floats
    integral_std: Floats
    ticks: Floats
    ticks_std: Floats
    lead: Floats
    gap: Floats
    reset: Flags
    disagrees: Flags
    withheld: Flags
    turned_back: Flags
    current_resolution: float
    tail: Tail


def charges(runs: Runs, direction: Integers, gap: Flags, points: Points) -> Charges:
    """Weigh counter against integral for every run.

    Parameters
    ----------
    runs
        Runs of a file.
    direction
        Shape (n,): 1 charging, -1 discharging, 0 rest.
    gap
        Shape (n,): true where no rows were written for a while before the run.
    points
        Curve points, from which the last printed digit of current and voltage and the regular intervals are found.

    Notes
    -----
    The assumption that fails first: a counter that resets falls below half of its last value when it does.
    """
    lead, integral, sampling = _integral(runs, gap)
    integral, lead = integral * direction, lead * direction
    step = credible(resolution(points.current), points.current, others=_printed(runs, points.voltage))
    digit = _digit(runs, step)
    formal = np.hypot(sampling, digit)
    counter, counter_std, passed_in_gap, reset, tail = _counter(runs, direction, gap, points)
    mismatch = _mismatch(counter, integral, counter_std)
    # Where a counter checks the current, what it shows takes the place of what the last digit might hide.
    integral_std = formal if mismatch is None else np.hypot(sampling, mismatch * np.abs(integral))
    ticks, ticks_std = _ticks(runs, direction, integral, counter, counter_std, digit, sampling)
    floor = 1e-5 * float(np.nanmax(np.abs(integral), initial=0.0))
    with np.errstate(invalid="ignore"):
        apart = np.abs(counter - integral)
        larger = np.fmax(np.abs(counter), np.abs(integral))
        allowed = 2.0 * np.hypot(counter_std, formal) + floor
        moving = direction != 0
        disagrees = moving & (apart > AGREEMENT * larger + allowed)
        withheld = moving & (apart > CONTRADICTION * larger + allowed)
    charge, std, method = _surest(
        ((COUNTER, counter, counter_std), (TICKS, ticks, ticks_std), (INTEGRAL, integral, integral_std))
    )
    turned_back, lost = _turned_back(runs, direction, counter, reset)
    # Where the clock runs back the counter is all there is.
    charge, std = np.where(turned_back, counter, charge), np.where(turned_back, counter_std, std)
    # Two readings that contradict each other bound the truth between them.
    charge = np.where(disagrees, counter, charge)
    std = np.where(disagrees, np.fmax(std, apart / np.sqrt(3.0)), std)
    method = [COUNTER if bad else word for word, bad in zip(method, disagrees | (turned_back & ~lost), strict=True)]
    return Charges(
        charge, std, method, counter, counter_std, integral, integral_std, ticks, ticks_std, lead, passed_in_gap,
        reset, disagrees, withheld | lost, turned_back, step, tail,
    )  # fmt: skip


def _printed(runs: Runs, voltages: Floats) -> float:
    """Decimal step of the counters, or where there is none of the voltage: exports print like columns alike."""
    names = [f"{side}_{name}" for side in ("up", "down") for name in ("end", "tick_value_start", "tick_value_end")]
    counters = np.concatenate([getattr(runs, name) for name in names])
    return resolution(counters) if np.nanmax(counters, initial=0.0) > 0 else resolution(voltages)


def _integral(runs: Runs, gap: Flags) -> tuple[Floats, Floats, Floats]:
    """Lead and whole integral (Ah, signed), and the standard uncertainty from sampling (Ah).

    Between the last row of one step and the first of the next the switch happened somewhere: half the interval goes to
    either. Cyclers that write a row at the switch leave nothing to decide. A current that changes from row to row is taken
    for noise, whose trapezoid is off by half the sum of squares of its steps; a ramp is integrated better than that. Both
    ends of a step are known to the last digit of the clock.
    """
    count = len(runs)
    wait = np.zeros(count)
    wait[1:] = runs.time_start[1:] - runs.time_end[:-1]
    wait[gap | runs.back | (wait < 0)] = 0.0
    jump = np.zeros(count)
    jump[1:] = runs.current_start[1:] - runs.current_end[:-1]
    before = 0.5 * runs.current_start * wait
    after = np.append(0.5 * runs.current_end[:-1] * wait[1:], 0.0)
    border = (jump * wait) ** 2
    inner = np.maximum(runs.charge_square_end - runs.charge_square_start, 0.0)
    switch = RECTANGULAR**2 * (border + np.append(border[1:], 0.0))
    clock = resolution(np.concatenate([runs.time_start, runs.time_end]))
    level = np.abs(runs.charge) / np.where(runs.duration > 0, runs.duration, np.inf)
    ends = 2.0 * (RECTANGULAR * clock * level) ** 2
    whole = runs.charge + before + after
    return (
        before / SECONDS_AN_HOUR,
        whole / SECONDS_AN_HOUR,
        np.sqrt(0.5 * inner + switch + ends) / SECONDS_AN_HOUR,
    )


def _digit(runs: Runs, step: float) -> Floats:
    """Uncertainty (Ah) from the last digit of the current: common to all rows where the printed current stands still."""
    steady = runs.current_max - runs.current_min <= 2.0 * step
    share = np.where(steady, 1.0, 1.0 / np.sqrt(np.maximum(runs.rows, 1)))
    size: Floats = RECTANGULAR * step * runs.duration * share / SECONDS_AN_HOUR
    return size


def _counter(runs: Runs, direction: Integers, gap: Flags, points: Points) -> tuple[Floats, Floats, Floats, Flags, Tail]:
    up, up_lead, up_reset = _increments(runs.up_start, runs.up_end)
    down, down_lead, down_reset = _increments(runs.down_start, runs.down_end)
    rising = direction >= 0
    inside, lead = np.where(rising, up, down), np.where(rising, up_lead, down_lead)
    reset = np.where(rising, up_reset, down_reset).astype(np.bool_)
    known = gap & ~up_reset & ~down_reset
    passed_in_gap = np.where(known, np.where(up_lead > 0, up_lead, -down_lead), np.nan)
    lead = np.where(gap & ~reset, 0.0, lead)
    # What the counter adds between the last row under current and the first row of rest, or of the other direction,
    # belongs to the step before; one counter for both directions cannot tell in whose part it moved.
    shared = np.array_equal(runs.up_end, runs.down_end, equal_nan=True)
    ended = (direction[1:] == 0) if shared else (direction[1:] != direction[:-1])
    trailing = np.zeros(len(runs))
    trailing[:-1] = np.where(
        ended & ~gap[1:], np.where(direction[:-1] > 0, np.where(up_reset, 0.0, up_lead)[1:],
                          np.where(down_reset, 0.0, down_lead)[1:]), 0.0,
    )  # fmt: skip
    counter = np.where(direction == 0, inside, inside + lead + trailing)
    # A counter at zero tells nothing of being set back only where it has stood there all along.
    resets = (up_reset | (runs.up_start == 0.0), down_reset | (runs.down_start == 0.0))
    tail = tails(runs, direction, gap, resets, points)
    std = np.hypot(_counter_std(runs, direction, reset), tail.charge_std)
    return counter + tail.charge, std, passed_in_gap, reset, tail


def _turned_back(runs: Runs, direction: Integers, counter: Floats, reset: Flags) -> tuple[Flags, Flags]:
    """Runs under current at whose border the clock runs back, and those of which no charge is known because of it.

    A counter that simply goes on is not affected; one that falls, or the integral, cannot tell what passed there.
    """
    moving = direction != 0
    back = runs.back.copy()
    back[0] = False
    falls = np.zeros(len(runs), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        falls[1:] = (runs.up_start[1:] < runs.up_end[:-1]) | (runs.down_start[1:] < runs.down_end[:-1])
    # Where a new step begins under a clock set back, its counter may begin at zero too.
    falls &= back & ~(reset & (runs.up_start == 0.0) & (runs.down_start == 0.0))
    beside = back | np.append(back[1:], False)
    uncertain = falls | np.append(falls[1:], False)
    return moving & beside, moving & beside & (uncertain | ~np.isfinite(counter))


def _increments(start: Floats, end: Floats) -> tuple[Floats, Floats, Flags]:
    """Increment inside each run, increment between it and the run before, and whether the counter was set back."""
    lead = np.zeros(start.size)
    reset = np.zeros(start.size, dtype=np.bool_)
    if start.size > 1:
        change = start[1:] - end[:-1]
        with np.errstate(invalid="ignore"):
            reset[1:] = (change < 0) & (start[1:] < 0.5 * end[:-1])
        lead[1:] = np.where(reset[1:], start[1:], np.maximum(change, 0.0))
    reset[0] = bool(start.size) and float(start[0]) == 0.0
    return end - start, lead, reset


def _counter_std(runs: Runs, direction: Integers, reset: Flags) -> Floats:
    """Uncertainty of an increment (Ah) from the last digit of the counter, at one end or at both."""
    std = np.full(len(runs), np.nan)
    for side, which in (("up", direction > 0), ("down", direction < 0)):
        end, start = getattr(runs, f"{side}_end"), getattr(runs, f"{side}_start")
        known = which & np.isfinite(end)
        ticks = getattr(runs, f"{side}_ticks")[known]
        first, last = getattr(runs, f"{side}_tick_value_start")[known], getattr(runs, f"{side}_tick_value_end")[known]
        step = _counter_step(np.abs(end[known]), np.concatenate([first, last]))
        # A counter that stepped often has steps no coarser than their mean height.
        with np.errstate(invalid="ignore"):
            height = np.where(ticks > 1, np.abs(last - first) / np.maximum(ticks - 1, 1), np.inf)
        step = np.fmin(step, height)
        begins_at_zero = reset[known] | (start[known] == 0.0)
        std[known] = RECTANGULAR * step * np.where(begins_at_zero, 1.0, np.sqrt(2.0))
    return std


def _counter_step(size: Floats, others: Floats) -> Floats:
    """Printed step at each size: exports with fixed significant digits print small charges finer than large ones."""
    pool = np.abs(np.concatenate([size, others]))
    pool = pool[np.isfinite(pool) & (pool > 0)]
    decades = np.floor(np.log10(pool))
    wanted = np.floor(np.log10(np.maximum(size, 1e-15)))
    step = np.zeros(size.size)
    for value in np.unique(wanted):
        step[wanted == value] = resolution(pool[decades == value])
    return step


def _mismatch(counter: Floats, integral: Floats, counter_std: Floats) -> float | None:
    """Median relative disagreement of counter and integral over the file; `None` where no counter is fine enough."""
    with np.errstate(invalid="ignore", divide="ignore"):
        clear = (np.abs(counter) > 10.0 * counter_std) & (np.abs(integral) > 0)
        apart = np.abs(counter[clear] - integral[clear]) / np.abs(integral[clear])
        # A counter cannot vouch for more than its own resolution.
        seen = counter_std[clear] / np.abs(counter[clear])
    return max(float(np.median(apart)), float(np.median(seen))) if apart.size else None


def _ticks(
    runs: Runs,
    direction: Integers,
    integral: Floats,
    counter: Floats,
    counter_std: Floats,
    digit: Floats,
    sampling: Floats,
) -> tuple[Floats, Floats]:
    """Charge from the rows where a coarse counter steps, and its standard uncertainty (Ah)."""
    rising = direction > 0

    def of(name: str) -> Floats:
        chosen: Floats = np.where(rising, getattr(runs, f"up_{name}"), getattr(runs, f"down_{name}"))
        return chosen

    with np.errstate(invalid="ignore", divide="ignore"):
        counted = of("tick_value_end") - of("tick_value_start")
        drawn = np.abs(of("tick_charge_end") - of("tick_charge_start")) / SECONDS_AN_HOUR
        lasted = of("tick_time_end") - of("tick_time_start")
        sampled = runs.duration / np.maximum(runs.rows - 1, 1)
        charge = counted * integral / drawn
        timing = charge * np.sqrt(2.0) * RECTANGULAR * sampled / lasted
        outside = np.where(runs.current_min == runs.current_max, 0.0, digit * np.maximum(1.0 - drawn / integral, 0.0))
        # A row that stands out spoils the share of the step that lies outside its first and last step of the counter.
        spoiled = np.minimum(sampling / drawn, 1.0) * counter_std / RECTANGULAR
        std = np.hypot(np.hypot(timing, outside), spoiled)
        # A counter that is cut off instead of rounded lags by up to one step, so one step of play is allowed.
        usable = (
            (direction != 0)
            & (of("ticks") >= LEAST_TICKS)
            & (of("ticks") * ROWS_A_TICK < runs.rows)
            & (counted > 0)
            & (drawn > 0)
            & (np.abs(charge - counter) <= 1.05 * counter_std / RECTANGULAR)
        )
    return np.where(usable, charge, np.nan), np.where(usable, std, np.nan)


def _surest(offers: tuple[tuple[str, Floats, Floats], ...]) -> tuple[Floats, Floats, list[str]]:
    names = [name for name, _, _ in offers]
    values = np.stack([value for _, value, _ in offers])
    stds = np.stack([np.where(np.isfinite(value), std, np.inf) for _, value, std in offers])
    # The first offer, the vendor's own counter, yields only to one that is clearly surer.
    weight = np.array([1.0] + [MUCH_SURER] * (len(offers) - 1))[:, None]
    best = np.argmin(stds * weight, axis=0)
    columns = np.arange(values.shape[1])
    value, std = values[best, columns], stds[best, columns]
    return value, std, [names[number] for number in best]
