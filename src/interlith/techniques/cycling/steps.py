"""Which steps did one specimen go through, over all parts of a restarted test, on one device time?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from interlith.errors import ReadError
from interlith.model import Choice, Flag, Measurement
from interlith.physics.counting import Counted
from interlith.physics.counting_checks import Notice
from interlith.techniques.cycling.counted import MOVES, count_rows
from interlith.techniques.cycling.parts import Part, arrange
from interlith.techniques.cycling.sign import current_sign


@dataclass(frozen=True, slots=True)
class Specimen:
    """Steps and curves of one specimen: the parts one after the other.

    `steps` has the columns of `interlith.physics.counting.Counted.steps` with ``part`` in front; times are merged device
    times and step numbers run on. `curves` likewise. `parts` are the measurements that ``part`` counts, from 0;
    `kept_order` the first digits of files that stay where they were declared although their clock says otherwise.
    """

    steps: pl.DataFrame
    curves: pl.DataFrame
    flags: tuple[Flag, ...]
    choices: tuple[Choice, ...]
    resolution: dict[str, float]
    clock_continues: tuple[bool, ...]
    parts: tuple[Measurement, ...] = ()
    kept_order: tuple[str, ...] = ()


def read_steps(
    measurements: Sequence[Measurement], counted: Sequence[Counted] | None = None, *, as_declared: Collection[str] = ()
) -> Specimen:
    """Put the parts of a test behind each other.

    Parameters
    ----------
    measurements
        Parts of one test, in order.
    counted
        What each of them holds; counted now where it is not given.
    as_declared
        First digits of the SHA-256 of files that stay in the declared order.

    Raises
    ------
    ReadError
        If a measurement is no table with time, current and voltage.

    Notes
    -----
    The wall clock is never used. Where the device time of a part starts again, the part is set to begin when the one
    before it ended; how long the cell stood in between is then unknown. Rows that stand in two parts are counted once,
    see `interlith.techniques.cycling.parts.arrange`.
    """
    known = [_count(item) for item in measurements] if counted is None else counted
    read = [Part(item, found) for item, found in zip(measurements, known, strict=True)]
    flags = [flag for item in measurements for flag in item.flags]
    for part in read:
        flags += [_flag(part.item, notice) for notice in part.counted.notices]
    arranged = arrange(read, _count, MOVES, as_declared=as_declared)
    flags += arranged.flags
    choices = [*arranged.choices]
    for part in arranged.parts:
        choices += _choices(part.item, part.counted)
    used_parts = [part.counted for part in arranged.parts]
    steps, curves, continues = _behind_each_other(used_parts)
    resolution = {name: max(found.resolution.get(name, 0.0) for found in used_parts) for name in ("current", "voltage")}
    used = tuple(part.item for part in arranged.parts)
    wrong = current_sign(steps, used[0].source.path)
    flags += [] if wrong is None else [wrong]
    return Specimen(
        steps, curves, tuple(dict.fromkeys(flags)), tuple(choices), resolution, tuple(continues), used, arranged.kept
    )


def target(item: Measurement, part: str) -> str:
    """Name of a part of a file that survives renaming: path, start of the digest, and the part."""
    return f"{item.source.path}#sha256:{item.source.sha256[:12]}/{part}"


def _count(item: Measurement, frame: pl.LazyFrame | None = None) -> Counted:
    try:
        return count_rows(item.payload, frame)
    except ReadError as error:
        raise ReadError(f"{item.source.path}: {error}") from error


def _flag(item: Measurement, notice: Notice) -> Flag:
    # Physics stands above the model and knows no flags; its notices carry the same fields.
    place = f"{item.source.path}, {notice.where}" if notice.where else item.source.path
    return Flag(notice.code, notice.message, place, notice.severity)


def _choices(item: Measurement, found: Counted) -> list[Choice]:
    made = [
        Choice(target(item, one.part), one.field, one.value, one.runner_up, one.margin, MOVES, one.reason)
        for one in found.decisions
    ]
    made += _charge_choices(item, found.steps)
    return made


def _charge_choices(item: Measurement, steps: pl.DataFrame) -> list[Choice]:
    """One choice a method that replaced the vendor's counter."""
    if "charge_method" not in steps.columns:
        return []
    replaced = steps.filter(
        (pl.col("direction") != 0) & (pl.col("charge_method") != "counter") & pl.col("counter_charge").is_not_null()
        & pl.col("charge").is_not_null() & pl.col("charge_std").is_not_null() & pl.col("counter_std").is_not_null()
    )  # fmt: skip
    made = []
    for (method,), group in replaced.group_by("charge_method", maintain_order=True):
        row = group.sort("charge", descending=True).row(0, named=True)
        margin = 1.0 - row["charge_std"] / row["counter_std"] if row["counter_std"] else 0.0
        words = "the steps of the coarse counter" if method == "counter_ticks" else "the integral of the current"
        made.append(
            Choice(
                target(item, f"step/{row['step']}"), "charge_method", str(method), "counter", float(margin), MOVES,
                f"in {group.height} steps the charge is taken from {words}: in step {row['step']} "
                f"{1e3 * row['charge']:.6g} +- {1e3 * row['charge_std']:.2g} mAh, where the counter says "
                f"{1e3 * row['counter_charge']:.6g} +- {1e3 * row['counter_std']:.2g} mAh.",
            )
        )  # fmt: skip
    return made


def _behind_each_other(counted: Sequence[Counted]) -> tuple[pl.DataFrame, pl.DataFrame, list[bool]]:
    steps, curves, continues = [], [], []
    end, before = None, 0
    for part, found in enumerate(counted):
        if found.steps.height == 0 or "start_time" not in found.steps.columns:
            continue
        first = float(found.steps.item(0, "start_time"))
        runs_on = end is not None and first >= end
        shift = 0.0 if end is None or runs_on else end - first
        if end is not None:
            continues.append(runs_on)
        steps.append(
            found.steps.with_columns(
                pl.lit(part, dtype=pl.Int64).alias("part"),
                pl.col("step") + before,
                pl.col("start_time", "end_time") + shift,
            )
        )
        curves.append(found.curves.with_columns(pl.col("step") + before, pl.col("time") + shift))
        end = float(str(steps[-1].get_column("end_time").max()))
        before += found.steps.height
    if not steps:
        return pl.DataFrame(), pl.DataFrame(), []
    return pl.concat(steps, how="vertical_relaxed"), pl.concat(curves), continues
