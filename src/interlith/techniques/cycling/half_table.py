"""How much charge and energy did each half-cycle pass, at which voltage and current, and was it finished?"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from interlith.techniques.cycling.completeness import completed

#: Columns of the half-cycle table, in order.
COLUMNS = (
    "sample", "half_cycle", "cycle", "vendor_cycle", "vendor_cycle_last", "direction", "start_time", "end_time",
    "charge", "charge_std", "charge_method", "counter_charge", "counter_std", "integral_charge", "integral_std",
    "energy", "energy_std", "mean_voltage", "mean_voltage_std", "cc_charge", "cv_charge", "mean_current", "cc_current",
    "rate", "voltage_start", "voltage_end", "voltage_min", "voltage_max", "rest_voltage_before", "rest_voltage_after",
    "pulses", "gaps", "complete", "joined", "join_std", "flag", "first_row", "last_row", "part",
)  # fmt: skip
#: A half-cycle is withheld if steps without a charge may hold more than this share of it.
NEGLIGIBLE_SHARE = 1e-3
#: Flags of steps that a half-cycle inherits, with the words shown.
_INHERITED = {
    "counter_contradicts": "counter and integral contradict each other: withheld",
    "counter_disagrees": "counter and integral disagree",
    "gap": "rows missing inside",
    "time_back": "the device time runs back inside",
    "time_back_withheld": "the device time runs back inside: charge unknown there",
}


def half_cycle_table(steps: pl.DataFrame, *, continues: Sequence[bool] = ()) -> pl.DataFrame:
    """One row a half-cycle, without sample, cycle and rate.

    Parameters
    ----------
    steps
        Steps with their half-cycles, as `interlith.techniques.cycling.half_cycles.assign` returns them.
    continues
        For each border between parts, whether the device clock ran on over it.
    """
    inside = steps.filter(pl.col("half_cycle").is_not_null())
    if inside.is_empty():
        return pl.DataFrame()
    sums = _sums(inside)
    table = sums.join(_main_current(inside), on="half_cycle", how="left").join(
        _rests(steps), on="half_cycle", how="left"
    )
    table = table.join(_joins(inside, continues), on="half_cycle", how="left").sort("half_cycle")
    table = table.with_columns(pl.col("join_std").fill_null(0.0), pl.col("joined").fill_null(False))
    return _flagged(completed(table, steps), inside)


def _sums(inside: pl.DataFrame) -> pl.DataFrame:
    moving = pl.col("direction") != 0
    sign = pl.when(pl.col("direction") == pl.col("half_direction")).then(1.0).otherwise(-1.0)
    # What a counter says passed while no rows were written belongs to the half-cycle around it.
    unseen = pl.when(pl.col("step_type") == "gap").then(pl.col("charge").abs().fill_null(0.0)).otherwise(0.0)
    charge = pl.when(moving).then(sign * pl.col("charge")).otherwise(unseen)
    energy = pl.when(moving).then(sign * pl.col("charge") * pl.col("mean_voltage")).otherwise(
        unseen * 0.5 * (pl.col("voltage_start") + pl.col("voltage_end"))
    )  # fmt: skip
    integral = pl.col("charge_method") == "integral"
    std = pl.col("charge_std").filter(moving)
    # The last digit of the current is one and the same error in all steps; those of the counter are independent.
    random = std.filter(~integral.filter(moving)).pow(2).sum() + std.filter(integral.filter(moving)).sum().pow(2)
    voltage_std = (pl.col("voltage_std") * pl.col("charge")).filter(moving).pow(2).sum().sqrt()
    # A step without a charge takes the half-cycle with it unless it can hold next to nothing of it.
    could_be = pl.max_horizontal(pl.col("counter_charge").abs(), pl.col("integral_charge").abs()).fill_null(0.0)
    unknown = could_be.filter(moving & pl.col("charge").is_null()).sum()
    withheld = unknown > NEGLIGIBLE_SHARE * could_be.filter(moving).sum()
    # What a person took out as a pause happened to something else than this half-cycle.
    counts = pl.col("step_type") != "pause"
    first, last = pl.col("voltage_start").filter(moving).first(), pl.col("voltage_end").filter(moving).last()
    grouped = inside.group_by("half_cycle", maintain_order=True).agg(
        pl.first("half_direction"), pl.col("vendor_cycle").filter(moving).first(),
        pl.col("vendor_cycle").filter(moving).last().alias("vendor_cycle_last"),
        pl.first("start_time"), pl.last("end_time"),
        pl.when(~withheld).then(charge.sum()).alias("charge"), (random + unknown.pow(2)).sqrt().alias("charge_std"),
        pl.col("charge_method").filter(moving).sort_by(pl.col("integral_charge").filter(moving)).last(),
        *[pl.when(pl.col(name).filter(moving).is_not_null().all()).then((sign * pl.col(name)).filter(moving).sum()).alias(name)
          for name in ("counter_charge", "integral_charge")],
        pl.col("counter_std").filter(moving).pow(2).sum().sqrt(), pl.col("integral_std").filter(moving).sum(),
        pl.when(~withheld).then(energy.sum()).alias("energy"), voltage_std.alias("voltage_charge_std"),
        (sign * pl.col("charge")).filter(pl.col("control") == "cc").sum().alias("cc_charge"),
        (sign * pl.col("charge")).filter(pl.col("control") == "cv").sum().alias("cv_charge"),
        (pl.col("end_time") - pl.col("start_time")).filter(moving).sum().alias("seconds"),
        first.alias("voltage_start"), last.alias("voltage_end"), pl.col("voltage_min").filter(counts).min(), pl.col("voltage_max").filter(counts).max(),
        (pl.col("step_type") == "pulse").sum().alias("pulses"), (pl.col("step_type") == "gap").sum().alias("gaps"),
        pl.first("first_row"), pl.last("last_row"), pl.first("part"), pl.last("part").alias("part_last"),
        pl.first("step"), pl.last("step").alias("step_last"), pl.col("control").filter(moving).last().alias("last_control"),
        pl.col("current_end").filter(moving).last(),
    )  # fmt: skip
    mean = pl.col("energy") / pl.col("charge")
    return grouped.with_columns(
        pl.when(pl.col("half_direction") > 0).then(pl.lit("charge")).otherwise(pl.lit("discharge")).alias("direction"),
        pl.when(pl.col("charge") != 0).then(mean).alias("mean_voltage"),
        (pl.col("voltage_charge_std") / pl.col("charge")).alias("mean_voltage_std"),
        pl.when(pl.col("seconds") > 0).then(3600.0 * pl.col("charge") / pl.col("seconds")).alias("mean_current"),
    ).with_columns(
        ((pl.col("charge_std") * pl.col("mean_voltage")).pow(2) + pl.col("voltage_charge_std").pow(2))
        .sqrt().alias("energy_std")
    )  # fmt: skip


def _main_current(inside: pl.DataFrame) -> pl.DataFrame:
    """Median current of the constant-current step that passes most charge."""
    return (
        inside.filter((pl.col("control") == "cc") & (pl.col("direction") == pl.col("half_direction")))
        .sort("half_cycle", "charge", descending=[False, True], nulls_last=True)
        .group_by("half_cycle", maintain_order=True)
        .agg(pl.col("current_median").first().abs().alias("cc_current"))
    )


def _rests(steps: pl.DataFrame) -> pl.DataFrame:
    """Voltage at the end of the rest before and after each half-cycle."""
    resting = pl.when(pl.col("step_type") == "rest").then("voltage_end")
    numbered = steps.with_columns(
        pl.col("half_cycle").forward_fill().alias("before"),
        pl.col("half_cycle").backward_fill().alias("after"),
        resting.alias("rest"),
    )
    outside = numbered.filter(pl.col("half_cycle").is_null() & pl.col("rest").is_not_null())
    after = outside.group_by(pl.col("before").alias("half_cycle")).agg(pl.last("rest").alias("rest_voltage_after"))
    before = outside.group_by(pl.col("after").alias("half_cycle")).agg(pl.last("rest").alias("rest_voltage_before"))
    every = steps.select(pl.col("half_cycle").drop_nulls().unique(maintain_order=True))
    return every.join(before, on="half_cycle", how="left").join(after, on="half_cycle", how="left")


def _joins(inside: pl.DataFrame, continues: Sequence[bool]) -> pl.DataFrame:
    """Half-cycles that span a restart, and a bound on the charge that nobody logged there.

    Between the last row of one part and the end of its logging up to one sampling interval passed under current. The
    value leaves that charge out, so its standard uncertainty is the root mean square of a rectangular distribution from
    nothing to the whole interval, not its scatter about the middle. What the cell did while no part ran cannot be known from the files.
    """
    moving = inside.filter(pl.col("direction") != 0)
    usual = (pl.col("end_time") - pl.col("start_time")) / (pl.col("rows") - 1).clip(1)
    lost = usual * pl.col("current_end").abs() / 3600.0 / 3.0**0.5
    return (
        moving.with_columns(
            lost.alias("lost"), (pl.col("part").shift(-1).over("half_cycle") != pl.col("part")).alias("border")
        )
        .group_by("half_cycle", maintain_order=True)
        .agg(
            pl.col("lost").filter("border").pow(2).sum().sqrt().alias("join_std"),
            pl.col("border").any().alias("joined"),
        )
    )


def _flagged(table: pl.DataFrame, inside: pl.DataFrame) -> pl.DataFrame:
    found = inside.group_by("half_cycle").agg(pl.col("flag").filter(pl.col("flag") != "").unique(maintain_order=True))
    words = pl.col("flag").list.eval(pl.element().replace_strict(_INHERITED, default=pl.element()))
    certain = pl.col("charge").is_not_null() & pl.col("flag").list.contains("counter_contradicts")
    negligible = pl.col("flag").list.set_difference(["counter_contradicts"])
    found = found.join(table.select("half_cycle", "charge"), on="half_cycle").select(
        "half_cycle", pl.when(certain).then(negligible).otherwise("flag").alias("flag")
    )
    table = table.join(found.with_columns(words.list.join("; ").alias("flag")), on="half_cycle", how="left")
    parts = [
        pl.col("incomplete"),
        pl.when("joined").then(pl.lit("joined over a restart: partial, the time between the parts is unknown")),
        pl.when(pl.col("flag") != "").then("flag"),
    ]
    return table.with_columns(pl.concat_list(parts).list.drop_nulls().list.join("; ").alias("flag")).sort("half_cycle")
