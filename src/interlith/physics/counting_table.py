"""What does the step table of a file look like, one row a step?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from interlith.physics.counting_charge import RECTANGULAR, SECONDS_AN_HOUR, Charges
from interlith.physics.counting_points import Points
from interlith.physics.counting_runs import Flags, Floats, Runs
from interlith.physics.counting_steps import Kinds, Resolved

#: Sizes that the two parts of a split step share, by charge or by energy.
_SHARED = (
    "charge", "charge_std", "counter_charge", "counter_std", "integral_charge", "integral_std", "ticks_charge",
    "ticks_std", "energy_counter", "energy_integral",
)  # fmt: skip


def step_table(
    resolved: Resolved,
    found: Kinds,
    passed: Charges,
    points: Points,
    words: Mapping[int, str | None],
    columns: Mapping[str, str],
) -> pl.DataFrame:
    """Steps with their charges; holds are split off and gaps stand as steps of their own."""
    table = _runs_table(resolved, found, passed, words, columns)
    table = _with_holds(table, found, points)
    table = pl.concat([table, _gap_rows(resolved, passed, table.schema)]) if resolved.gap.any() else table
    return (
        table.sort("start_time_order", "order", maintain_order=True)
        .with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("step"))
        .drop("start_time_order", "order")
        .select("step", pl.exclude("step"))
    )


def curve_table(steps: pl.DataFrame, points: Points) -> pl.DataFrame:
    """Points of the steps under current, with the charge since the start of the step on the scale of the chosen charge."""
    used = steps.filter((pl.col("direction") != 0) & (pl.col("rows") > 0))
    first = used.get_column("first_row").to_numpy() - 1
    last = used.get_column("last_row").to_numpy() - 1
    if first.size == 0 or points.row.size == 0:
        return pl.DataFrame(
            {"step": [], "time": [], "current": [], "voltage": [], "charge": []},
            schema={"step": pl.Int64} | dict.fromkeys(("time", "current", "voltage", "charge"), pl.Float64),
        )
    spot = np.searchsorted(first, points.row, side="right") - 1
    inside = (spot >= 0) & (points.row <= last[np.maximum(spot, 0)])
    spot, kept = spot[inside], points.keep(inside)
    integral = used.get_column("integral_charge").to_numpy()
    chosen = used.get_column("charge").fill_null(np.nan).to_numpy()
    chosen = np.where(np.isfinite(chosen), chosen, integral)
    begin = used.get_column("running_charge").to_numpy()
    lead = used.get_column("lead").to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(integral > 0, chosen / integral, 1.0)
    sign = used.get_column("direction").to_numpy()
    charge = sign[spot] * (kept.charge - begin[spot]) / SECONDS_AN_HOUR + lead[spot]
    return pl.DataFrame(
        {
            "step": used.get_column("step").to_numpy()[spot],
            "time": kept.time,
            "current": kept.current,
            "voltage": kept.voltage,
            "charge": charge * scale[spot],
        }
    )


def _runs_table(
    resolved: Resolved, found: Kinds, passed: Charges, words: Mapping[int, str | None], columns: Mapping[str, str]
) -> pl.DataFrame:
    runs, direction = resolved.runs, resolved.direction
    control = pl.Series("control", found.control, dtype=pl.String)
    rising = direction >= 0
    first = np.where(rising, runs.up_start, runs.down_start)
    with np.errstate(invalid="ignore", divide="ignore"):
        charge = np.where(direction == 0, 0.0, np.where(passed.withheld, np.nan, passed.charge))
        passing = (direction != 0) & (runs.charge != 0)
        mean_voltage = np.where(
            passing, runs.energy / runs.charge, np.where(direction == 0, np.nan, runs.voltage_start)
        )
        spread = RECTANGULAR * np.sqrt(np.maximum(runs.energy_square_end - runs.energy_square_start, 0.0))
        voltage_std = np.where(passing, spread / np.abs(runs.charge), 0.0)
        mean_voltage, voltage_std = _with_tail(runs, passed, passing, mean_voltage, voltage_std)
    absent = pl.lit(None, dtype=pl.Int64)
    table = pl.DataFrame(
        {
            "start_time_order": np.arange(len(runs)), "order": np.zeros(len(runs), dtype=np.int64),
            "first_row": runs.row_start + 1, "last_row": runs.row_end + 1, "rows": runs.rows,
            "start_time": runs.time_start, "end_time": runs.time_end, "direction": direction, "control": control,
            "vendor_cycle": runs.cycle, "vendor_step": runs.step, "word": runs.word,
            "charge": charge, "charge_std": passed.std, "charge_method": passed.method,
            "counter_charge": passed.counter, "counter_std": passed.counter_std,
            "integral_charge": passed.integral, "integral_std": passed.integral_std,
            "ticks_charge": passed.ticks, "ticks_std": passed.ticks_std,
            "mean_voltage": mean_voltage, "voltage_std": voltage_std,
            "energy_counter": _energy_counter(runs, resolved),
            "energy_integral": np.abs(runs.energy) / SECONDS_AN_HOUR,
            "voltage_start": runs.voltage_start, "voltage_end": runs.voltage_end,
            "voltage_min": runs.voltage_min, "voltage_max": runs.voltage_max,
            "current_start": runs.current_start, "current_end": runs.current_end,
            "current_median": found.median_current, "running_charge": runs.charge_start, "lead": passed.lead,
            "counter_start": first,
            "flag": np.where(
                passed.turned_back, np.where(passed.withheld, "time_back_withheld", "time_back"),
                np.where(passed.withheld, "counter_contradicts", np.where(passed.disagrees, "counter_disagrees", "")),
            ),
        }
    )  # fmt: skip
    text = pl.Series([words.get(code) for code in range(-1, max(words, default=0) + 1)], dtype=pl.String)
    return table.with_columns(
        pl.when(pl.col("vendor_cycle") >= 0).then("vendor_cycle") if "cycle" in columns else absent.alias("vendor_cycle"),
        pl.when(pl.col("vendor_step") >= 0).then("vendor_step") if "step" in columns else absent.alias("vendor_step"),
        pl.lit(text).gather(pl.col("word") + 1).alias("vendor_step_type"),
        pl.col(
            "charge", "charge_std", "counter_charge", "counter_std", "ticks_charge", "ticks_std", "energy_counter",
            "counter_start", "mean_voltage",
        ).fill_nan(None),
        _step_type().alias("step_type"),
    ).drop("word").with_columns(pl.when(pl.col("charge").is_not_null()).then("charge_std"))  # fmt: skip


def _with_tail(runs: Runs, passed: Charges, passing: Flags, mean: Floats, std: Floats) -> tuple[Floats, Floats]:
    """Mean voltage and its uncertainty with the end of the step that has no row, the voltage carried on straight."""
    tail = passed.tail
    share = np.where(passing & (tail.charge > 0), tail.charge / np.abs(passed.counter), 0.0)
    carried = tail.slope * tail.seconds
    beyond = runs.voltage_end + 0.5 * carried
    moved = np.where(share > 0, share * (beyond - mean), 0.0)
    unsure = np.where(share > 0, share * np.hypot(RECTANGULAR * (beyond - mean), 0.5 * carried), 0.0)
    return mean + moved, np.hypot(std, unsure)


def _step_type() -> pl.Expr:
    """Name of a step: rest, cc_charge, cv_charge, charge, ... from direction and control."""
    way = pl.when(pl.col("direction") > 0).then(pl.lit("charge")).otherwise(pl.lit("discharge"))
    named = pl.when(pl.col("control") == "").then(way).otherwise(pl.concat_str([pl.col("control"), way], separator="_"))
    return pl.when(pl.col("direction") == 0).then(pl.lit("rest")).otherwise(named)


def _energy_counter(runs: Runs, resolved: Resolved) -> Floats:
    """What the vendor's energy counter adds over each step (Wh)."""
    total = np.full(len(runs), np.nan)
    for name, way in (("up_energy", 1), ("down_energy", -1)):
        start, end = getattr(runs, f"{name}_start"), getattr(runs, f"{name}_end")
        before = np.concatenate([start[:1], end[:-1]])
        with np.errstate(invalid="ignore"):
            lead = np.where(start < 0.5 * before, start, np.maximum(start - before, 0.0))
        lead = np.where(resolved.gap, 0.0, lead)
        total = np.where(resolved.direction == way, end - start + lead, total)
    return total


def _with_holds(table: pl.DataFrame, found: Kinds, points: Points) -> pl.DataFrame:
    """Split the steps that end in a constant-voltage part into two."""
    spots = np.flatnonzero(found.hold_point >= 0)
    if spots.size == 0:
        return table
    rows = {row["start_time_order"]: row for row in table[spots.tolist()].iter_rows(named=True)}
    made = []
    for spot in spots:
        made += _split(rows[int(spot)], found, points, int(spot))
    whole = table.filter(~pl.col("start_time_order").is_in(list(rows)))
    return pl.concat([whole, pl.DataFrame(made, schema=table.schema)])


def _split(row: dict[str, object], found: Kinds, points: Points, spot: int) -> list[dict[str, object]]:
    first, hold, last = int(found.first_point[spot]), int(found.hold_point[spot]), int(found.last_point[spot])
    passed = points.charge[last] - points.charge[first]
    share = float((points.charge[hold] - points.charge[first]) / passed) if passed else 1.0
    way = "charge" if row["direction"] == 1 else "discharge"
    before = dict(row) | {
        "last_row": int(points.row[hold]), "rows": int(points.row[hold]) - int(str(row["first_row"])) + 1,
        "end_time": float(points.time[hold]), "voltage_end": float(points.voltage[hold]),
        "current_end": float(points.current[hold]), "mean_voltage": _mean_voltage(points, first, hold),
        "current_median": float(np.median(points.current[first : hold + 1])),
        "step_type": f"cc_{way}" if row["control"] == "cc" else way,
    }  # fmt: skip
    after = dict(row) | {
        "order": 1, "first_row": int(points.row[hold]) + 1,
        "rows": int(str(row["last_row"])) - int(points.row[hold]),
        "start_time": float(points.time[hold]), "voltage_start": float(points.voltage[hold]),
        "current_start": float(points.current[hold]), "control": "cv", "step_type": f"cv_{way}",
        "mean_voltage": _mean_voltage(points, hold, last), "running_charge": float(points.charge[hold]), "lead": 0.0,
        "current_median": float(np.median(points.current[hold : last + 1])),
    }  # fmt: skip
    work = share * float(str(before["mean_voltage"]))
    whole = work + (1.0 - share) * float(str(after["mean_voltage"]))
    energy = work / whole if whole else share
    for part, portion, worked in ((before, share, energy), (after, 1.0 - share, 1.0 - energy)):
        voltage = points.voltage[first : hold + 1] if part is before else points.voltage[hold : last + 1]
        part["voltage_min"], part["voltage_max"] = float(voltage.min()), float(voltage.max())
        for name in _SHARED:
            size = part[name]
            weight = worked if name.startswith("energy") else portion
            part[name] = None if size is None else float(str(size)) * weight
    return [before, after]


def _mean_voltage(points: Points, first: int, last: int) -> float:
    charge, voltage = points.charge[first : last + 1], points.voltage[first : last + 1]
    passed = float(charge[-1] - charge[0])
    if charge.size < 2 or passed == 0:
        return float(voltage[0])
    return float(np.sum(0.5 * (voltage[1:] + voltage[:-1]) * np.diff(charge)) / passed)


def _gap_rows(resolved: Resolved, passed: Charges, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """A step of its own for every stretch of time without rows."""
    runs = resolved.runs
    made = []
    for spot in np.flatnonzero(resolved.gap):
        row: dict[str, object] = dict.fromkeys(schema)
        unseen = float(passed.gap[spot])
        row |= {
            "start_time_order": int(spot), "order": -1, "first_row": int(runs.row_end[spot - 1]) + 1,
            "last_row": int(runs.row_start[spot]) + 1, "rows": 0, "start_time": float(runs.time_end[spot - 1]),
            "end_time": float(runs.time_start[spot]), "direction": 0, "control": "gap", "step_type": "gap",
            "charge": None if np.isnan(unseen) else unseen, "charge_method": "counter",
            "voltage_start": float(runs.voltage_end[spot - 1]), "voltage_end": float(runs.voltage_start[spot]),
            "flag": "gap" if np.isnan(unseen) else "", "lead": 0.0,
        }  # fmt: skip
        made.append(row)
    return pl.DataFrame(made, schema=dict(schema))
