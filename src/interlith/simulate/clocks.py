"""What do two logs of one experiment show whose clocks do not agree, and where does the truth lie?

A cycler switches its current at irregular times; a second instrument (a camera, a furnace, a detector) sees most of the
switches, misses some, sees some that are none, and has a clock of its own. Everything here is simulated.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Measurement, Sample, Series, Source, State, Table

Array = NDArray[np.float64]

#: Current (A) of a charge or discharge, and what it does to the voltage (V): at once, and by relaxation (s).
_CURRENT = 1e-3
_RESISTANCE_STEP = 0.05
_RELAXED_STEP = 0.08
_RELAXATION = 900.0


@dataclass(frozen=True, slots=True)
class Setting:
    """How two logs are kept.

    Parameters
    ----------
    events
        Times at which the cycler switches.
    duration
        Of the experiment (s).
    offset, drift
        Log clock minus own clock at own time zero (s), and what the log clock gains in a second.
    sampling
        Sampling interval of the own log and of the cycler's (s).
    jitter
        Standard deviation of each sampling instant, as a share of the interval, for both logs.
    latency
        Standard deviation of the delay with which each log shows an event (s).
    missing, spurious
        Probability that a log does not show an event, and expected number of its own events for each true one.
    noise
        Standard deviation of a sample of the marker, in units of its step, and of the voltage (V).
    lead
        Time that both logs run before the first and after the last event (s).
    equal
        Whether all pauses between events are alike: then nothing tells one cycle from the next.
    in_step
        Whether the cycler switches only at multiples of this time on its clock (s); with logs sampled in step as well,
        all events err alike. 0 for any time.
    """

    events: int = 12
    duration: float = 36_000.0
    offset: float = 600.0
    drift: float = 50e-6
    sampling: tuple[float, float] = (10.0, 5.0)
    jitter: tuple[float, float] = (0.05, 0.05)
    latency: tuple[float, float] = (0.0, 0.0)
    missing: tuple[float, float] = (0.1, 0.0)
    spurious: tuple[float, float] = (0.1, 0.0)
    noise: tuple[float, float] = (0.02, 2e-4)
    lead: float = 300.0
    equal: bool = False
    in_step: float = 0.0


@dataclass(frozen=True, slots=True)
class TwoLogs:
    """Two simulated logs of one experiment.

    Parameters
    ----------
    own
        Log kept by the own clock: ``test_time`` (s), ``marker`` (a lamp that changes with the current).
    log
        Log of the cycler by its clock: ``test_time`` (s), ``current`` (A), ``voltage`` (V).
    switches
        True times of the switches on the own clock (s).
    setting
        With the true offset and drift.
    """

    own: pl.DataFrame
    log: pl.DataFrame
    switches: Array
    setting: Setting

    def log_time(self, time: Array) -> Array:
        """True time on the cycler's clock of own times (s)."""
        return np.asarray(time + self.setting.offset + self.setting.drift * time)

    def voltage(self, time: Array) -> Array:
        """True voltage (V) at own times (s)."""
        return _voltage(np.asarray(time, dtype=float), self.switches, self.setting.duration)


def two_logs(setting: Setting, seed: int | np.random.Generator) -> TwoLogs:
    """Simulate both logs.

    Parameters
    ----------
    setting
        How they are kept.
    seed
        Of the random numbers, or their generator.
    """
    random = np.random.default_rng(seed)
    switches = _switches(setting, random)
    if setting.in_step:
        there = np.round((switches * (1 + setting.drift) + setting.offset) / setting.in_step) * setting.in_step
        switches = (there - setting.offset) / (1 + setting.drift)
    end = setting.duration + 2 * setting.lead
    made = []
    for side in (0, 1):
        gain = 0.0 if side == 0 else setting.drift
        shift = 0.0 if side == 0 else setting.offset
        # Each instrument samples in step with its own clock, not with the experiment.
        clock = _clock(setting.sampling[side], setting.jitter[side], shift, shift + end * (1 + gain), random)
        true = (clock - shift) / (1 + gain)
        seen = _seen(switches, setting, side, end, random)
        made.append((clock, true, np.searchsorted(seen, true) % 2))
    (own_clock, _, lamp), (log_clock, log_true, on) = made
    marker = lamp + setting.noise[0] * random.standard_normal(lamp.size)
    current = _CURRENT * (1 - 2.0 * on) * (1 + 1e-3 * random.standard_normal(on.size))
    voltage = _voltage(log_true, switches, setting.duration) + setting.noise[1] * random.standard_normal(on.size)
    return TwoLogs(
        pl.DataFrame({"test_time": own_clock, "marker": marker}),
        pl.DataFrame({"test_time": log_clock, "current": current, "voltage": voltage}),
        switches,
        setting,
    )


def frames(logs: TwoLogs, *, count: int, exposure: float, sample: str = "simulated cell") -> Series:
    """Frames of the own instrument, evenly over the experiment, each with the state ``time`` (s, start of its exposure).

    Parameters
    ----------
    logs
        The two logs.
    count
        Number of frames.
    exposure
        Of one frame (s).
    sample
        Name of the specimen.
    """
    last = float(logs.own.get_column("test_time")[-1]) - exposure - logs.setting.lead
    starts = np.linspace(logs.setting.lead, last, count)
    specimen = Sample(sample, variant=sample)
    return Series(
        tuple(
            Measurement(
                specimen, "diffraction", _source(f"frame {number:04d}", f"{start!r}"),
                Table(pl.LazyFrame({"test_time": [float(start)]}), ("test_time",)),
                state={"time": State("time", float(start), float(start), float(start), "s")},
                original_metadata={"simulated": True},
            )
            for number, start in enumerate(starts)
        )
    )  # fmt: skip


def measured(frame: pl.DataFrame, name: str, *, technique: str = "cycling") -> Measurement:
    """A log as a measurement, as if it had been read from a file."""
    digest = hashlib.sha256(frame.to_numpy().tobytes()).hexdigest()
    return Measurement(
        Sample(name, variant=name), technique, Source(name, digest, int(frame.estimated_size()), "simulated", "1"),
        Table(frame.lazy(), tuple(frame.columns)), original_metadata={"simulated": True},
    )  # fmt: skip


def _source(name: str, words: str) -> Source:
    return Source(name, hashlib.sha256(words.encode()).hexdigest(), 0, "simulated", "1")


def _switches(setting: Setting, random: np.random.Generator) -> Array:
    if setting.equal:
        step = setting.duration / (setting.events + 1)
        return np.asarray(
            setting.lead + step * (np.arange(1, setting.events + 1) + random.uniform(-0.5, 0.5)), dtype=float
        )
    # No pause shorter than a few samples of either log: a cycler's protocol has none, and neither log would show it.
    least = 6 * max(setting.sampling)
    shares = random.exponential(size=setting.events + 1)
    room = max(setting.duration - least * (setting.events + 1), 0.0)
    return np.asarray(setting.lead + np.cumsum(least + room * shares / shares.sum())[:-1])


def _seen(switches: Array, setting: Setting, side: int, end: float, random: np.random.Generator) -> Array:
    kept = switches[random.random(switches.size) >= setting.missing[side]]
    own = random.uniform(0, end, random.poisson(setting.spurious[side] * switches.size))
    seen = np.concatenate((kept, own))
    return np.sort(seen + setting.latency[side] * random.standard_normal(seen.size))


def _clock(step: float, jitter: float, start: float, end: float, random: np.random.Generator) -> Array:
    ticks = np.arange(start + step * random.random(), end, step)
    return np.asarray(np.sort(ticks + step * jitter * random.standard_normal(ticks.size)))


def _voltage(time: Array, switches: Array, duration: float) -> Array:
    """A smooth course with a jump and a relaxation at every switch."""
    number = np.searchsorted(switches, time)
    sign = np.where(number % 2 == 0, 1.0, -1.0)
    since = time - np.concatenate(([-1e9], switches))[number]
    slow = 3.8 + 0.35 * np.sin(2 * np.pi * time / duration) + 0.1 * np.sin(14 * np.pi * time / duration)
    answer = _RESISTANCE_STEP + _RELAXED_STEP * (1 - 2 * np.exp(-since / _RELAXATION))
    return np.asarray(slow + sign * answer, dtype=float)
