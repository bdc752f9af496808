"""Clocks are related by events: truth recovered with intervals that cover, and refused where the events do not settle it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.clocks.clocks import Clock, declared, relate
from interlith.numerics.clocks.events import Events, events, noise

OFFSET, DRIFT = 600.0, 50e-6
UNIFORM = 1 / math.sqrt(12)


def sampled(times: np.ndarray, step: float, random: np.random.Generator) -> tuple[np.ndarray, float]:
    """Times as a log sampled every `step` knows them: the middle between two samples."""
    phase = random.uniform(0, step)
    return phase + (np.floor((np.sort(times) - phase) / step) + 0.5) * step, step * UNIFORM


def drawn(
    random: np.random.Generator, *, count: int = 8, duration: float = 36_000.0, steps: tuple[float, float] = (10.0, 1.0),
    missing: float = 0.0, spurious: int = 0, late: float = 0.0, offset: float = OFFSET, drift: float = DRIFT,
) -> dict[str, object]:  # fmt: skip
    """Arguments of `relate` for two logs of the same events."""
    true = np.sort(random.uniform(0, duration, count))
    sides = []
    for number, step in enumerate(steps):
        seen = true[random.random(count) >= missing]
        seen = np.concatenate((seen, random.uniform(0, duration, spurious)))
        seen = seen + late * random.standard_normal(seen.size)
        sides.append(sampled(seen + (offset + drift * seen if number else 0.0), step, random))
    (first, first_std), (second, second_std) = sides
    span = (-60.0, duration + 60.0)
    return {
        "first": first, "second": second, "first_std": first_std, "second_std": second_std, "first_span": span,
        "second_span": tuple(end + offset + drift * end for end in span),
    }  # fmt: skip


def off(clock: Clock, *, offset: float = OFFSET, drift: float = DRIFT) -> float:
    """Fitted minus true offset (s)."""
    return clock.offset - offset - drift * clock.middle


def test_a_step_lies_between_its_bounds_and_is_not_late() -> None:
    random = np.random.default_rng(1)
    errors, pulls, inside = [], [], 0
    for _ in range(300):
        time = np.arange(0, 4000.0, 20.0) + random.uniform(0, 20)
        at = random.uniform(500, 3500)
        found = events(time, (time >= at) + 0.02 * random.standard_normal(time.size))
        assert len(found) == 1
        inside += bool(found.low[0] <= at <= found.high[0])
        errors.append(found.time[0] - at)
        pulls.append(errors[-1] / found.std[0])
    assert inside == 300
    assert abs(np.mean(errors)) < 4 * 20 * UNIFORM / math.sqrt(300)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.1)


def test_one_wild_sample_and_a_ramp_are_no_steps() -> None:
    time = np.arange(0.0, 200.0)
    signal = np.where(time < 120, 0.0, np.minimum((time - 120) / 40, 1.0))
    signal[50] = 9.0
    assert len(events(time, signal)) == 0


def test_a_sample_that_averages_over_the_switching_widens_the_bounds() -> None:
    time = np.arange(0.0, 40.0, 2.0)
    signal = np.where(time < 20, 0.0, 1.0)
    signal[10] = 0.4
    found = events(time, signal)
    assert (found.low[0], found.high[0]) == (17.5, 22.5)
    assert found.size[0] == pytest.approx(1.0)


def test_an_event_in_a_gap_of_the_log_has_wide_bounds() -> None:
    time = np.concatenate((np.arange(0.0, 100.0), np.arange(700.0, 800.0)))
    found = events(time, (time > 300).astype(float))
    assert (found.low[0], found.high[0]) == (98.5, 700.5)


def test_two_rows_of_one_time_are_as_sure_as_the_time_was_printed() -> None:
    """As a cycler writes the end of a step and the start of the next."""
    time = np.concatenate((np.arange(0.0, 10.0), [9.0], np.arange(10.0, 20.0))) / 10
    found = events(time, np.arange(time.size) >= 10)
    assert found.time[0] == pytest.approx(0.9)
    assert found.std[0] == pytest.approx(0.1 * UNIFORM)


def test_the_ends_of_temperature_ramps_have_unit_pulls() -> None:
    knots, slopes = np.array([0, 3000, 6000, 9000, 15_000, 20_000, 31_000]), np.array([0, 0.1, 0, -0.1, 0.05, 0])
    levels = 25 + np.concatenate(([0], np.cumsum(slopes * np.diff(knots))))
    random = np.random.default_rng(2)
    pulls = []
    for _ in range(150):
        time = np.arange(0, 30_000, 10.0) + random.uniform(0, 10)
        found = events(time, np.interp(time, knots, levels) + 0.1 * random.standard_normal(time.size), kind="slope")
        assert len(found) == 5
        pulls.append((found.time - knots[1:-1]) / found.std)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.12)
    assert abs(np.mean(pulls)) < 0.15


def test_noise_is_that_of_a_sample_whatever_the_steps() -> None:
    random = np.random.default_rng(3)
    time = np.cumsum(random.uniform(0.5, 5, 5000))
    signal = np.sign(np.sin(time / 700)) + 1e-4 * time + 0.03 * random.standard_normal(time.size)
    assert noise(time, signal) == pytest.approx(0.03, rel=0.08)


def test_a_clock_that_goes_back_is_refused() -> None:
    with pytest.raises(FitError, match="goes back at sample 3"):
        events([0.0, 5.0, 1.0, 2.0], [0.0, 0.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("count", "steps", "missing", "spurious", "late"),
    [(8, (10.0, 1.0), 0.0, 0, 0.0), (4, (10.0, 3.0), 0.0, 0, 0.0), (12, (30.0, 5.0), 0.1, 1, 2.0)],
)
def test_intervals_cover(count: int, steps: tuple[float, float], missing: float, spurious: int, late: float) -> None:
    """A small form of `benchmarks/clock_coverage.py`: the 99.9 % interval of each coverage holds 0.95."""
    random = np.random.default_rng(4)
    hits, repeats, kept = np.zeros(3), 400, 0
    for _ in range(repeats):
        given = drawn(random, count=count, steps=steps, missing=missing, spurious=spurious, late=late)
        try:
            clock = relate(**given)  # type: ignore[arg-type]
        except FitError:
            continue
        kept += 1
        assert abs(off(clock)) < 10 * max(steps)
        moment = random.uniform(0, 36_000)
        there = clock.to_log(moment)
        hits += [
            abs(off(clock)) <= clock.quantile() * clock.offset_std,
            clock.drift_interval()[0] <= DRIFT <= clock.drift_interval()[1],
            there.low[0] <= moment + OFFSET + DRIFT * moment <= there.high[0],
        ]
    assert kept > 0.97 * repeats
    for number in hits:
        assert stats.binomtest(int(number), kept, 0.95).pvalue > 1e-3, (hits / kept).round(3)


@pytest.mark.parametrize(("offset", "drift"), [(-3 * 86_400.0, 900e-6), (5.0, -900e-6), (2e9, 0.0)])
def test_any_offset_and_large_drifts_are_found(offset: float, drift: float) -> None:
    given = drawn(np.random.default_rng(5), count=30, duration=5e5, missing=0.2, spurious=6, offset=offset, drift=drift)
    clock = relate(**given)  # type: ignore[arg-type]
    assert abs(off(clock, offset=offset, drift=drift)) < 5 * clock.offset_std
    assert abs(clock.drift - drift) < 5 * clock.drift_std
    assert not clock.common


def test_a_log_that_covers_a_part_of_the_events_is_enough() -> None:
    random = np.random.default_rng(6)
    true = np.sort(random.uniform(0, 1e6, 120))
    part = true[(true > 5e5) & (true < 6.5e5)]
    clock = relate(true + 0.0, part + OFFSET + DRIFT * part, first_std=3.0, second_std=3.0)
    assert len(clock.pairs) == part.size
    assert np.array_equal(true[clock.pairs[:, 0]], part)


def test_every_pair_is_the_right_one() -> None:
    random = np.random.default_rng(7)
    true = np.sort(random.uniform(0, 36_000, 20))
    own, other = np.delete(true, [3, 11]), np.delete(true, [0, 11, 15])
    clock = relate(
        np.sort(np.append(own, 12_345.0)), other + OFFSET, first_std=2.0, second_std=2.0,
        first_span=(0, 36_000), second_span=(600, 36_600),
    )  # fmt: skip
    assert len(clock.pairs) == 16
    assert np.allclose(clock.residuals, 0.0, atol=1e-6)
    assert clock.match is not None
    # Two missing here, two there, one of its own.
    assert clock.match.unmatched == 4


def test_equal_cycles_are_refused_and_a_rough_offset_settles_them() -> None:
    own = 300.0 + 1800.0 * np.arange(20)
    given = {"first": own, "second": own + OFFSET, "first_std": 3.0, "second_std": 1.0}
    with pytest.raises(FitError, match="more than one way") as refusal:
        relate(**given)  # type: ignore[arg-type]
    assert "near='10 min'" in str(refusal.value)
    clock = relate(**given, near=500.0, tolerance=600.0)  # type: ignore[arg-type]
    assert clock.offset == pytest.approx(OFFSET)
    with pytest.raises(FitError, match="more than one way"):
        relate(**given, near=500.0, tolerance=3000.0)  # type: ignore[arg-type]


def test_a_few_pauses_among_equal_cycles_settle_them() -> None:
    own = np.cumsum(np.where(np.isin(np.arange(40), (7, 19, 20, 33)), 2611.0, 1800.0))
    clock = relate(own, own + OFFSET, first_std=3.0, second_std=1.0)
    assert clock.offset == pytest.approx(OFFSET)
    assert clock.match is not None
    assert math.log(1e5) <= clock.match.lead < math.inf
    assert clock.match.rival != pytest.approx(OFFSET, abs=100)


@pytest.mark.parametrize("seed", range(12))
def test_unrelated_logs_are_refused(seed: int) -> None:
    random = np.random.default_rng(seed)
    one, other = (np.sort(random.uniform(0, 36_000, 10)) for _ in range(2))
    with pytest.raises(FitError, match="declare"):
        relate(one, other, first_std=3.0, second_std=3.0)


def test_few_pairs_may_be_chance() -> None:
    own, other = np.array([0.0, 5000.0, 9000.0, 30_000.0]), np.array([0.0, 5003.0, 9004.0, 21_000.0])
    with pytest.raises(FitError, match=r"3 of 4 and 4 events pair .* unrelated logs would match"):
        relate(own, other, first_std=20.0, second_std=20.0)
    assert len(relate(own, other, first_std=20.0, second_std=20.0, near=0.0, tolerance=60.0).pairs) == 3


def test_cycles_that_are_not_quite_equal_are_told_apart() -> None:
    own = np.cumsum(1800 + 9 * np.random.default_rng(11).standard_normal(30))
    clock = relate(own, own + OFFSET, first_std=3.0, second_std=1.0)
    assert clock.offset == pytest.approx(OFFSET)
    assert clock.match is not None
    assert math.isfinite(clock.match.lead)


@pytest.mark.parametrize("count", [20, 200])
def test_noise_does_not_decide_between_equal_cycles(count: int) -> None:
    """The scatter of a wrong shift is smaller by luck as often as not; no number of events makes luck an argument."""
    for seed in range(25):
        random = np.random.default_rng(seed)
        true = 1800.54 * np.arange(count) + random.uniform(0, 1800)
        (first, first_std), (second, second_std) = sampled(true, 10.3, random), sampled(true + OFFSET, 4.7, random)
        with pytest.raises(FitError, match="more than one way"):
            relate(first, second, first_std=first_std, second_std=second_std, near=1000.0, tolerance=1700.0)


def test_events_seen_later_than_declared_widen_the_interval() -> None:
    random = np.random.default_rng(8)
    true = np.sort(random.uniform(0, 36_000, 20))
    seen = true + OFFSET + 10 * random.standard_normal(20)
    clock = relate(true, seen, first_std=1.0, second_std=1.0)
    assert len(clock.pairs) >= 19
    assert 5 < clock.residual_std < 20
    assert abs(clock.offset - OFFSET) < 4 * clock.offset_std


def test_errors_that_are_alike_do_not_average_out() -> None:
    """Events in step with the samples of both logs: every one is late by the same unknown part of an interval."""
    own = 60.0 * np.array([5, 31, 47, 100, 118, 190, 260, 301, 388, 420, 507, 580])
    clock = relate(own + 7.0, own + OFFSET, first_std=60 * UNIFORM, second_std=1.0)
    assert clock.common
    assert clock.offset_std > 0.9 * 60 * UNIFORM
    assert abs(clock.drift) < 2 * clock.drift_std


def test_held_values_are_held_with_their_uncertainty() -> None:
    given = drawn(np.random.default_rng(9), count=10)
    held = relate(**given, drift=(DRIFT, 5e-6))  # type: ignore[arg-type]
    assert (held.drift, held.drift_std, held.dof) == (DRIFT, pytest.approx(5e-6), 9)
    start = relate(**given, offset=(OFFSET, 2.0), at=0.0)  # type: ignore[arg-type]
    assert (start.offset, start.offset_std, start.middle) == (OFFSET, 2.0, 0.0)
    assert abs(start.drift - DRIFT) < 4 * start.drift_std
    # The declared two seconds at the start are all that is uncertain there, and pull the drift.
    assert start.to_log([0.0]).std[0] == pytest.approx(2.0)
    # What the offset is off at the start, the drift makes good in the middle of the events.
    assert 0.5 < start.to_log([np.mean(start.times)]).std[0] < 1.9


def test_there_and_back_again() -> None:
    clock = declared(600.0, 50e-6, offset_std=10.0, drift_std=5e-6, at=1000.0)
    times = np.array([0.0, 1000.0, 1e6])
    there = clock.to_log(times)
    assert there.time[1] == 1600.0
    assert there.std[2] == pytest.approx(math.hypot(10.0, 5e-6 * 999_000))
    assert (there.high - there.low)[1] == pytest.approx(2 * 1.959964 * 10)
    back = clock.from_log(there.time)
    assert np.allclose(back.time, times, atol=1e-6)
    assert np.allclose(back.std, there.std / (1 + 50e-6))


def test_too_little_is_said_to_be_so() -> None:
    with pytest.raises(FitError, match="shows no event"):
        relate([], [1.0], first_std=1.0, second_std=1.0)
    with pytest.raises(FitError, match="are needed"):
        relate([0.0, 900.0], [600.0, 1500.0], first_std=1.0, second_std=1.0, near=600.0, tolerance=10.0)
    with pytest.raises(FitError, match="positive"):
        relate([0.0, 900.0], [600.0, 1500.0], first_std=0.0, second_std=1.0)
    one = relate([100.0], [700.0], first_std=3.0, second_std=4.0, near=590.0, tolerance=20.0, drift=(0.0, 0.0))
    assert (one.offset, one.offset_std) == (600.0, 5.0)
    assert math.isinf(one.dof)


def test_events_know_their_number() -> None:
    assert len(Events(*(np.zeros(3) for _ in range(5)))) == 3
