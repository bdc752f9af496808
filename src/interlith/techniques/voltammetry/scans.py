"""Which sweeps and peaks does one specimen show, file by file?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Decision, Flag, Given, Measurement, Result, Step, Table
from interlith.techniques.voltammetry.baselines import KINDS
from interlith.techniques.voltammetry.options import resistance_of
from interlith.techniques.voltammetry.peak_fit import Found, find
from interlith.techniques.voltammetry.records import declared, result
from interlith.techniques.voltammetry.sweeps import Sweep, find_sweeps

Array = NDArray[np.float64]

#: Rows of a sweep that are kept for pictures and shares.
KEPT = 400
#: Measured and stated scan rate may differ by this share before it is told.
LIKE = 0.02
BASELINE = f"baseline under the peaks: {', '.join(KINDS)}; target a file, or voltammetry for all"
#: Words of vendors' headers for the scan rate, in lower case, with the unit they mean where they do not say one.
_RATE_WORDS = {"scanrate": "mV/s", "scan rate": "mV/s", "de/dt": "mV/s"}

SWEEPS = {
    "sample": pl.String, "part": pl.Int64, "sweep": pl.Int64, "cycle": pl.Int64, "direction": pl.String, "scan_rate": pl.Float64,
    "scan_rate_std": pl.Float64, "step": pl.Float64, "low": pl.Float64, "high": pl.Float64, "end_current": pl.Float64,
}  # fmt: skip
PEAKS = {
    "sample": pl.String, "part": pl.Int64, "sweep": pl.Int64, "cycle": pl.Int64, "direction": pl.String, "scan_rate": pl.Float64,
    "scan_rate_std": pl.Float64, "step": pl.Float64, "peak": pl.Int64, "shoulder": pl.Boolean, "potential": pl.Float64,
    "potential_std": pl.Float64, "potential_bend": pl.Float64, "other_potential": pl.Float64, "other_half_width": pl.Float64, "current": pl.Float64, "current_std": pl.Float64,
    "current_bend": pl.Float64, "other_current": pl.Float64, "total_current": pl.Float64, "half_width": pl.Float64,
    "half_width_std": pl.Float64, "charge": pl.Float64, "charge_std": pl.Float64, "other_charge": pl.Float64, "left_over": pl.Float64,
    "crowded": pl.Boolean, "baseline": pl.String, "runner_up": pl.String, "margin": pl.Float64, "reason": pl.String,
    "baseline_current": pl.Float64, "end_current": pl.Float64,
}  # fmt: skip
CURVES = {
    "sample": pl.String, "part": pl.Int64, "sweep": pl.Int64, "cycle": pl.Int64, "direction": pl.String, "scan_rate": pl.Float64,
    "voltage": pl.Float64, "current": pl.Float64, "baseline": pl.Float64,
}  # fmt: skip


def run(given: Given) -> Result:
    """Sweeps, peaks and thinned curves of one specimen, over all its files."""
    sweeps: list[dict[str, Any]] = []
    peaks: list[dict[str, Any]] = []
    curves: list[pl.DataFrame] = []
    flags: list[Flag] = []
    name = given.series[0].sample.name
    resistance = resistance_of(given.options, name)
    for part, item in enumerate(given.series):
        kind = _kind(given, item)
        told, rows, tops, traces = _file(item, part, given.options, kind, 0.0 if resistance is None else resistance[0])
        sweeps += rows
        peaks += tops
        curves += traces
        flags += told
    data = {
        "sweeps": pl.DataFrame(sweeps, schema=SWEEPS),
        "peaks": pl.DataFrame(peaks, schema=PEAKS),
        "curves": pl.concat([pl.DataFrame(schema=CURVES), *curves]),
    }
    return result(
        "sweeps", (), method="turning points of the voltage, local fits of the peaks", options=given.options,
        quality=[(name, "sweeps", True, "")], data=data, flags={name: tuple(dict.fromkeys(flags))},
    )  # fmt: skip


def _kind(given: Given, item: Measurement) -> str | None:
    """Baseline that a person decided or the study declares; `None` to choose."""
    decided = [one for one in given.decisions if one.field == "baseline" and _meant(one, item)]
    if not decided:
        kind = given.options.get("baseline")
        return None if kind is None else str(kind)
    value = str(decided[-1].value)
    if value not in KINDS:
        raise StudyError(f"{decided[-1].target.text}: baseline: '{value}' is unknown; {nearest(value, KINDS)}.")
    return value


def _meant(one: Decision, item: Measurement) -> bool:
    return not one.target.digest or item.source.sha256.startswith(one.target.digest)


def _file(
    item: Measurement, part: int, options: Mapping[str, Any], kind: str | None, resistance: float
) -> tuple[list[Flag], list[dict[str, Any]], list[dict[str, Any]], list[pl.DataFrame]]:
    time, voltage, current = _columns(item)
    stated = options.get("scan_rate")
    rate = None if stated is None else declared(stated, "V/s", "scan_rate")[0]
    try:
        found = find_sweeps(voltage, time, scan_rate=rate)
    except FitError as error:
        raise FitError(f"{item.source.path}: {error}") from error
    flags = [*item.flags, *_rate_flags(item, found)]
    inner = voltage - resistance * current
    rows: list[dict[str, Any]] = []
    tops: list[dict[str, Any]] = []
    traces = []
    for number, sweep in enumerate(found, 1):
        own = slice(sweep.start, sweep.stop)
        x, y = sweep.direction * inner[own], sweep.direction * current[own]
        end = float(np.mean(current[own][-3:]))
        head = {
            "sample": item.sample.name, "part": part, "sweep": number, "cycle": (number + 1) // 2,
            "direction": "anodic" if sweep.direction > 0 else "cathodic", "scan_rate": sweep.rate,
        }  # fmt: skip
        rows.append(
            head | {
                "scan_rate_std": sweep.rate_std, "step": sweep.step, "low": float(voltage[own].min()),
                "high": float(voltage[own].max()), "end_current": end,
            }
        )  # fmt: skip
        peaks = find(x, y, rate=sweep.rate, kind=kind)
        tops += [_peak_row(head, sweep, k, one, x, y, end) for k, one in enumerate(peaks, 1)]
        traces.append(_trace(head, sweep.direction, x, y, peaks))
    return flags, rows, tops, traces


def _columns(item: Measurement) -> tuple[Array | None, Array, Array]:
    if not isinstance(item.payload, Table) or not {"voltage", "current"} <= set(item.payload.columns):
        raise FitError(f"{item.source.path}: a voltammogram needs the columns voltage and current.")
    timed = "test_time" in item.payload.columns
    names = ["voltage", "current", *(["test_time"] if timed else [])]
    frame = item.payload.frame.select(names).drop_nulls().collect()
    voltage, current = (frame.get_column(name).to_numpy().astype(float) for name in names[:2])
    return (frame.get_column("test_time").to_numpy().astype(float) if timed else None), voltage, current


def _peak_row(
    head: Mapping[str, Any], sweep: Sweep, number: int, one: Found, x: Array, y: Array, end: float
) -> dict[str, Any]:
    sign = sweep.direction
    near = np.abs(x - one.position) <= 2 * max(float(np.ptp(x)) / len(x), 1e-12)
    base = float(one.line.at(one.position)[0]) if one.line is not None else math.nan
    total = one.height + base if one.line is not None else float(np.mean(y[near]))
    return {
        **head, "scan_rate_std": sweep.rate_std, "step": sweep.step, "peak": number, "shoulder": one.shoulder,
        "potential": sign * one.position, "potential_std": one.position_std, "potential_bend": one.bend, "other_potential": sign * one.other_position,
        "other_half_width": one.other_position - one.other_half_position,
        "current": sign * one.height, "current_std": one.height_std, "current_bend": one.height_bend,
        "other_current": sign * one.other_height, "total_current": sign * total,
        "half_width": one.position - one.half_position, "half_width_std": one.half_std, "charge": sign * one.charge,
        "charge_std": one.charge_std, "other_charge": sign * one.other_charge, "left_over": one.left_over, "crowded": one.crowded, "baseline": one.baseline,
        "runner_up": one.runner_up, "margin": one.margin, "reason": one.reason, "baseline_current": sign * base,
        "end_current": end,
    }  # fmt: skip


def _trace(head: Mapping[str, Any], sign: int, x: Array, y: Array, peaks: list[Found]) -> pl.DataFrame:
    """Means over stretches of equal length in voltage; the baseline where a peak stands on it."""
    count = min(KEPT, len(x))
    edges = np.linspace(float(x.min()), float(x.max()), count + 1)
    place = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, count - 1)
    number = np.bincount(place, minlength=count)
    kept = number > 0
    voltage, level = (np.bincount(place, weights=w, minlength=count)[kept] / number[kept] for w in (x, y))
    under = np.full(len(voltage), np.nan)
    for one in peaks:
        if one.line is not None:
            rows = (voltage >= one.low) & (voltage <= one.high)
            under[rows] = one.line.at(voltage[rows])
    frame = pl.DataFrame({"voltage": sign * voltage, "current": sign * level, "baseline": sign * under})
    return frame.with_columns([pl.lit(value).alias(name) for name, value in head.items()]).select(
        [pl.col(name).cast(kind) for name, kind in CURVES.items()]
    )


def _rate_flags(item: Measurement, found: list[Sweep]) -> list[Flag]:
    """Told where the header states another scan rate than the voltage shows."""
    stated = header_rate(item.original_metadata)
    measured = float(np.median([one.rate for one in found]))
    flags = []
    if stated is not None and abs(stated / measured - 1) > LIKE:
        flags.append(
            Flag(
                "scan_rate_disagrees",
                f"the header states {1e3 * stated:.4g} mV/s, the voltage moves by {1e3 * measured:.4g} mV/s, which is used.",
                item.source.path,
            )
        )
    return flags


def header_rate(metadata: Mapping[str, Any]) -> float | None:
    """Scan rate (V/s) that a vendor's header states; `None` where it states none that is understood."""
    for word, value in metadata.items():
        unit = _RATE_WORDS.get(str(word).strip().casefold())
        found = re.search(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?", str(value)) if unit else None
        if found and float(found.group()) > 0:
            scale = 1.0 if re.search(r"(?<!m)V/s", str(value)) else 1e-3
            return scale * float(found.group())
    return None


STEP = Step(
    "sweeps", run, words=("scan_rate", "resistance", "baseline"), decides={"baseline": BASELINE}, reads=True
)  # fmt: skip
