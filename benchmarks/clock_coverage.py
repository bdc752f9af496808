"""How often does the 95 % interval of a clock's offset and drift hold the truth, and how often is a state within its bounds?

Two simulated logs a repeat, 10 minutes and 50 ppm apart: rows, detection of events, correspondence, fit, and states joined
to measurements, all by the public functions. Relations that were refused are counted apart; a wrong correspondence is one
whose offset is off by more than ten sampling intervals.

Run: python benchmarks/clock_coverage.py [--repeats 2000] [--long 1000] [--only WORD]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from interlith.errors import FitError
from interlith.numerics.clocks.clocks import Clock
from interlith.simulate.clocks import Setting, TwoLogs, frames, measured, two_logs
from interlith.workbench.joining.states import join_state
from shares import shown

SEED = 20261121
MARKERS = ("marker", "current")
#: Exposure (s) of the measurements whose state is joined.
EXPOSURE = 300.0
BOTH = (0.1, 0.1)
SHAPES: dict[str, Setting] = {
    "12 events in 10 h, 10 and 5 s": Setting(),
    "8 events in 10 h, 30 and 1 s, none missing": Setting(events=8, sampling=(30, 1), missing=(0, 0), spurious=(0, 0)),
    "4 events in 10 h, 10 and 3 s, none missing": Setting(events=4, sampling=(10, 3), missing=(0, 0), spurious=(0, 0)),
    "12 events, 30 and 7 s, no jitter": Setting(sampling=(30, 7), jitter=(0, 0), missing=BOTH, spurious=BOTH),
    "20 events, 1 and 2 s": Setting(events=20, sampling=(1, 2), missing=BOTH, spurious=BOTH),
    "20 events, 10 and 1 s, seen late by 5 and 0.5 s (std)": Setting(
        events=20, sampling=(10, 1), latency=(5, 0.5), missing=BOTH, spurious=BOTH
    ),
    "24 events, 10 and 5 s, a quarter missing and spurious on both sides": Setting(
        events=24, missing=(0.25, 0.25), spurious=(0.25, 0.25)
    ),
    "30 days, 200 events, 30 and 10 s": Setting(
        events=200, duration=30 * 86_400, sampling=(30, 10), missing=BOTH, spurious=BOTH
    ),
    "stress: 4 events, 10 and 10 s, none missing": Setting(
        events=4, sampling=(10, 10), missing=(0, 0), spurious=(0, 0)
    ),
    "stress: 12 events, 30 and 30 s, no jitter": Setting(sampling=(30, 30), jitter=(0, 0), missing=BOTH, spurious=BOTH),
    "stress: 12 events in step with 30 and 30 s, no jitter": Setting(
        sampling=(30, 30), jitter=(0, 0), in_step=30.0, missing=BOTH, spurious=BOTH
    ),
    "stress: 20 equal cycles": Setting(events=20, equal=True, missing=(0.05, 0.05), spurious=(0.05, 0.05)),
    "20 equal cycles, near 10 min": Setting(events=20, equal=True, missing=(0.05, 0.05), spurious=(0.05, 0.05)),
}


@dataclass
class Tally:
    """What came of the repeats of one shape; pulls are turned into normal ones."""

    hits: dict[str, int] = field(default_factory=dict)
    pulls: list[tuple[float, float]] = field(default_factory=list)
    kept: int = 0
    refused: int = 0
    wrong: int = 0
    common: int = 0
    absent: int = 0

    def add(self, name: str, hit: bool) -> None:
        self.hits[name] = self.hits.get(name, 0) + int(hit)


def one(logs: TwoLogs, random: np.random.Generator, tally: Tally, near: str | None) -> None:
    """One repeat: join the states of five measurements and compare those of the third with the truth."""
    series = frames(logs, count=5, exposure=EXPOSURE)
    starts = np.sort(random.uniform(logs.setting.lead, logs.setting.duration, 5))
    try:
        joined = join_state(
            series, measured(logs.log, "log"), quantities=["voltage"], events=measured(logs.own, "own"), marker=MARKERS,
            time=starts.tolist(), exposure=f"{EXPOSURE} s", near=near, tolerance=None if near is None else "5 min",
        )  # fmt: skip
    except FitError:
        tally.refused += 1
        return
    tally.kept += 1
    clock, setting = joined.clock, logs.setting
    truth = setting.offset + setting.drift * clock.middle
    tally.wrong += abs(clock.offset - truth) > 10 * max(setting.sampling)
    tally.common += clock.common
    for name, value, (low, high) in (
        ("offset", truth, clock.offset_interval()),
        ("drift", setting.drift, clock.drift_interval()),
    ):
        tally.add(name, low <= value <= high)
    moment = np.array([random.uniform(0, setting.duration)])
    there = clock.to_log(moment)
    tally.add("time", bool(there.low[0] <= logs.log_time(moment)[0] <= there.high[0]))
    tally.pulls.append(
        (
            normal((clock.offset - truth) / clock.offset_std, clock),
            normal((clock.drift - setting.drift) / clock.drift_std, clock),
        )
    )
    state = joined.series[2].state.get("voltage")
    if state is None:
        tally.absent += 1
        return
    during = logs.voltage(starts[2] + np.linspace(0, EXPOSURE, 61))
    tally.add("middle", bool(state.low <= during[30] <= state.high))
    tally.add("throughout", bool(state.low <= during.min() and during.max() <= state.high))


def normal(pull: float, clock: Clock) -> float:
    """A Student pull as a normal one."""
    return float(stats.norm.ppf(np.clip(stats.t.cdf(pull, clock.dof), 1e-12, 1 - 1e-12)))


def row(name: str, setting: Setting, repeats: int) -> str:
    """One row of the table."""
    random = np.random.default_rng([SEED, *name.encode()])
    tally = Tally()
    began = time.perf_counter()
    for _ in range(repeats):
        one(two_logs(setting, random), random, tally, "10 min" if "near" in name else None)
    seconds = (time.perf_counter() - began) / repeats
    shares = [f"{tally.kept} | {tally.refused} | {tally.wrong} | {tally.common}"]
    shares += [shown(tally.hits.get(what, 0), tally.kept) for what in ("offset", "drift", "time")]
    stds = np.std(tally.pulls, axis=0) if tally.pulls else (np.nan, np.nan)
    shares.append(f"{stds[0]:.2f}, {stds[1]:.2f}")
    shares += [shown(tally.hits.get(what, 0), tally.kept - tally.absent) for what in ("middle", "throughout")]
    return f"| {name} | {' | '.join(shares)} | {1000 * seconds:.0f} ms |"


def main() -> None:
    """Print the table."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--repeats", type=int, default=2000)
    reader.add_argument("--long", type=int, default=1000, help="repeats of the 30 days")
    reader.add_argument("--only", default="", help="only shapes whose name holds this word")
    words = reader.parse_args()
    print("Simulated logs, offset 10 min, drift 50 ppm, level 0.95.\n")
    print(
        "| shape | kept | refused | wrong | alike | offset | drift | time | std of pulls | middle | throughout | a repeat |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for name, setting in SHAPES.items():
        if words.only in name:
            # The first shape is the one that is promised: five times as many.
            repeats = words.long if "days" in name else words.repeats * (5 if setting == Setting() else 1)
            print(row(name, setting, repeats), flush=True)


if __name__ == "__main__":
    main()
