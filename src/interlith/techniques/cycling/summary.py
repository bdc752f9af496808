"""What did every cycle of every specimen give: capacity, energy, voltage, efficiency?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import polars as pl

from interlith.errors import InterlithError, ReadError, StudyError, nearest
from interlith.model import Choice, Flag, How, Measurement, Result, Sample, Series
from interlith.model.observable import dtypes, finish
from interlith.techniques.cycling.components import NORMALISATIONS
from interlith.techniques.cycling.conditions import conditions
from interlith.techniques.cycling.cycles import cycle_table, number_cycles, vendor_table, with_rates
from interlith.techniques.cycling.half_cycles import assign
from interlith.techniques.cycling.half_table import COLUMNS, half_cycle_table
from interlith.techniques.cycling.observables import cycle_observables
from interlith.techniques.cycling.sign import withheld
from interlith.techniques.cycling.steps import MOVES, Specimen, read_steps, target

METHODS = (
    "Half-cycles are maximal stretches of net charge one way; rests, gaps and pulses below 20 % of the charge on either "
    "side do not end them. Charge is the vendor's counter or the trapezoid of the current over device time, whichever is "
    "surer where they agree; energy is charge times the mean voltage of the curve. Half-cycles that were not finished have "
    "no value."
)
_DROPPED = ("running_charge", "lead")


@dataclass(frozen=True, slots=True)
class _Parts:
    steps: pl.DataFrame
    half_cycles: pl.DataFrame
    cycles: pl.DataFrame
    vendor_cycles: pl.DataFrame
    curves: pl.DataFrame
    table: pl.DataFrame


def summarise(series: Series, *, normalise: str = "active_mass") -> Result:
    """Steps, half-cycles, cycles and their observables for every specimen of a series.

    Parameters
    ----------
    series
        Measurements with the quantities time, current and voltage. Parts of a restarted test (`Measurement.part`) are
        joined on device time, never on the wall clock.
    normalise
        Basis of the capacities and energies: ``active_mass`` (mAh/g), ``area`` (mAh/cm^2) or ``none`` (mAh). Where the
        mass or area is not declared or not confirmed, numbers stay in mAh and the flag says so.

    Returns
    -------
    Result with `data` ``steps``, ``half_cycles``, ``cycles``, ``vendor_cycles``, ``curves`` and
    ``conditions``.

    Raises
    ------
    StudyError
        If `normalise` is unknown.

    Notes
    -----
    Without a declared accuracy of the current there is no ``current:`` component: the standard uncertainty then leaves
    the gain error of the channel out, which ``includes`` shows. The assumption that fails first: that a half-cycle after
    which the program of the cycler went on was finished.
    """
    if normalise not in NORMALISATIONS:
        raise StudyError(f"normalise is '{normalise}'; {nearest(normalise, NORMALISATIONS)}.")
    found: list[_Parts] = []
    quality: list[dict[str, object]] = []
    choices: list[Choice] = []
    flags: dict[str, tuple[Flag, ...]] = {}
    for name, group in series.by_sample().items():
        try:
            specimen = read_steps(group.measurements)
            flags[name] = specimen.flags
            parts, made = _specimen(specimen.parts, specimen, normalise)
        except InterlithError as error:
            quality.append({"sample": name, "step": "summary", "ok": False, "reason": str(error)})
            continue
        found.append(parts)
        choices += [*specimen.choices, *made]
        quality.append({"sample": name, "step": "summary", "ok": True, "reason": ""})
    data = _data(found)
    if found:
        data["conditions"] = conditions(data["half_cycles"], series)
    return Result(
        technique="cycling", name="summary", table=_table(found), data=data, quality=quality_table(quality),
        how=how("own half-cycles", {"normalise": normalise}, METHODS), choices=tuple(choices), flags=flags,
    )  # fmt: skip


def how(method: str, options: Mapping[str, Any], words: str) -> How:
    """Record of an analysis of this technique."""
    versions = {name: version(name) for name in ("interlith", "polars", "numpy")}
    return How("cycling", method, dict(options), versions, (), words)


def quality_table(rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Quality rows with fixed columns."""
    types = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(list(rows), schema=types)


def _specimen(items: Sequence[Measurement], specimen: Specimen, normalise: str) -> tuple[_Parts, list[Choice]]:
    sample = items[0].sample
    if specimen.steps.is_empty():
        raise ReadError(f"{items[0].source.path}: no row with time, current and voltage.")
    steps = assign(specimen.steps)
    half = half_cycle_table(steps, continues=specimen.clock_continues)
    if half.is_empty():
        raise ReadError(f"{items[0].source.path}: no current flows in this file, so there is no cycle to summarise.")
    half = with_rates(number_cycles(half, sample), sample)
    if any(flag.code == "voltage_scale" for flag in specimen.flags):
        nothing = pl.lit(None, dtype=pl.Float64)
        half = half.with_columns(
            nothing.alias(name) for name in ("energy", "energy_std", "mean_voltage", "mean_voltage_std")
        )
    if any(flag.code == "current_sign" for flag in specimen.flags):
        half = withheld(half)
    cycles = cycle_table(half, sample)
    vendor = vendor_table(steps, half, sample)
    table = cycle_observables(cycles, items[0], normalise=normalise, voltage_step=specimen.resolution["voltage"])
    curves = _curves(specimen.curves, steps, half, sample)
    kept = steps.drop(*_DROPPED).with_columns(pl.lit(sample.name).alias("sample"))
    return _Parts(kept, half.select(COLUMNS), cycles, vendor, curves, table), _choices(items, half, vendor)


def _choices(items: Sequence[Measurement], half: pl.DataFrame, vendor: pl.DataFrame) -> list[Choice]:
    made = []
    for row in half.filter(pl.col("joined") & pl.col("charge").is_not_null()).iter_rows(named=True):
        item = items[row["part"]]
        made.append(
            Choice(
                target(item, f"half_cycle/{row['half_cycle']}"), "cycle_join", "joined", "separate", 0.5, MOVES,
                f"the {row['direction']} was interrupted by a restart and goes on in the next file: its parts are added "
                f"to {1e3 * row['charge']:.6g} mAh; what happened between them is not known.",
            )
        )  # fmt: skip
    several = vendor.filter(pl.col("loops") > 1)
    if several.height:
        row = several.row(0, named=True)
        made.append(
            Choice(
                target(items[row["part"]], f"vendor_cycle/{row['vendor_cycle']}"), "cycle_number", "own half-cycles", "vendor", 0.9,
                MOVES,
                f"{several.height} of the vendor's cycles hold more than one loop: cycle {row['vendor_cycle']} holds "
                f"{row['loops']}, together {1e3 * row['vendor_charge_capacity']:.4g} mAh charge; own cycles are used.",
            )
        )  # fmt: skip
    return made


def _curves(curves: pl.DataFrame, steps: pl.DataFrame, half: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """Curve points of every half-cycle, the charge running on over its steps."""
    sign = pl.when(pl.col("direction") == pl.col("half_direction")).then(1.0).otherwise(-1.0)
    size = pl.when(pl.col("direction") != 0).then(sign * pl.coalesce("charge", "integral_charge")).otherwise(
        pl.col("charge").abs().fill_null(0.0)
    )  # fmt: skip
    inside = steps.filter(pl.col("half_cycle").is_not_null()).select(
        "step", "half_cycle", (pl.col("control") == "cc").alias("cc"), sign.alias("sign"),
        pl.col("start_time").first().over("half_cycle").alias("begin"),
        (size.cum_sum().over("half_cycle") - size).alias("before"),
    )  # fmt: skip
    return curves.join(inside, on="step", how="inner", maintain_order="left").select(
        pl.lit(sample.name).alias("sample"), "half_cycle", (pl.col("before") + pl.col("sign") * pl.col("charge")).alias("charge"),
        "voltage", "current", (pl.col("time") - pl.col("begin")).alias("time"), "cc",
    )  # fmt: skip


def _table(found: Sequence[_Parts]) -> pl.DataFrame:
    if not found:
        return finish(pl.DataFrame(schema=dtypes()))
    return finish(pl.concat([parts.table for parts in found], how="vertical_relaxed"))


def _data(found: Sequence[_Parts]) -> dict[str, pl.DataFrame]:
    names = ("steps", "half_cycles", "cycles", "vendor_cycles", "curves")
    if not found:
        return {name: pl.DataFrame() for name in names}
    return {name: pl.concat([getattr(parts, name) for parts in found], how="vertical_relaxed") for name in names}
