"""How far apart are charge and discharge at one state of charge?"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.model import Result
from interlith.model.observable import SCHEMA, finish
from interlith.techniques.cycling.records import how, quality_table

METHODS = (
    "At a state of charge x the charge curve is read where it has passed the share x of its own charge and the discharge "
    "curve where the share x of its own is left; their difference is the hysteresis, half of it the overpotential."
)


def hysteresis(result: Result, *, at: float = 0.5) -> Result:
    """Voltage hysteresis (V) and overpotential (V) at a state of charge, for every cycle with both half-cycles complete.

    Parameters
    ----------
    result
        A summary (see `summarise`).
    at
        State of charge between 0 and 1.

    Returns
    -------
    Result with ``voltage_hysteresis_at_soc`` and ``overpotential_at_soc``; the state is the cycle.

    Raises
    ------
    StudyError
        If `at` does not lie between 0 and 1.

    Notes
    -----
    The assumption that fails first: that both half-cycles span the same range of composition; a charge with side reactions
    does not. The overpotential is half the hysteresis, which takes charge and discharge for equally slow.
    """
    if not 0.0 < at < 1.0:
        raise StudyError(f"at is {at:g}; give a state of charge between 0 and 1.")
    cycles, curves = result.data["cycles"], result.data["curves"]
    whole = (
        cycles.filter(pl.col("charge_complete").fill_null(False) & pl.col("discharge_complete").fill_null(False))
        if cycles.height
        else cycles
    )
    if whole.is_empty():
        return _result(finish(pl.DataFrame(schema={name: pl.String for name in SCHEMA})).clear(), at, result)
    up = _voltages(curves, whole, "charge", at)
    down = _voltages(curves, whole, "discharge", 1.0 - at)
    rows = whole.select("sample", "cycle").with_columns(
        pl.Series("value", up[0] - down[0]), pl.Series("size", np.hypot(up[1], down[1]))
    )
    names = result.table.unique("sample", maintain_order=True).select(
        "sample", "variant", "batch", "replicate", "source"
    )
    rows = rows.join(names, on="sample", how="left", maintain_order="left")
    return _result(
        finish(
            pl.concat(
                [
                    _observables(rows, "voltage_hysteresis_at_soc", 1.0, at),
                    _observables(rows, "overpotential_at_soc", 0.5, at),
                ]
            )
        ),
        at,
        result,
    )


def _voltages(
    curves: pl.DataFrame, cycles: pl.DataFrame, direction: str, share: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Voltage of each half-cycle where it has passed a share of its charge, and the spread of the points around it."""
    wanted = cycles.select(
        "sample", pl.col(f"{direction}_half_cycle").alias("half_cycle"), pl.col(f"{direction}_charge").alias("total")
    ).with_row_index("_row")
    points = curves.join(wanted, on=["sample", "half_cycle"], how="inner", maintain_order="left").with_columns(
        (pl.col("charge") / pl.col("total") - share).alias("away")
    )
    below = (
        points.filter(pl.col("away") <= 0)
        .group_by("_row")
        .agg(pl.col("away", "voltage").sort_by("away").last().name.suffix("_below"))
    )
    above = (
        points.filter(pl.col("away") > 0)
        .group_by("_row")
        .agg(pl.col("away", "voltage").sort_by("away").first().name.suffix("_above"))
    )
    both = wanted.join(below, on="_row", how="left").join(above, on="_row", how="left").sort("_row")
    weight = -pl.col("away_below") / (pl.col("away_above") - pl.col("away_below"))
    step = pl.col("voltage_above") - pl.col("voltage_below")
    found = both.select(
        (pl.col("voltage_below") + weight * step).alias("voltage"), (step.abs() / 12.0**0.5).alias("std")
    )
    return found.get_column("voltage").to_numpy(), found.get_column("std").to_numpy()


def _observables(rows: pl.DataFrame, quantity: str, factor: float, at: float) -> pl.DataFrame:
    source = pl.concat_str([pl.lit("sampling:"), "sample", pl.lit("/hysteresis/"), pl.col("cycle").cast(pl.String)])
    part = pl.struct(source.alias("source"), (factor * pl.col("size")).alias("size"))
    known = pl.col("value").is_finite()
    cycle = pl.col("cycle").cast(pl.Float64)
    return rows.select(
        pl.lit(quantity).alias("quantity"), pl.when(known).then(factor * pl.col("value")).alias("value"), pl.lit("V").alias("unit"),
        "sample", "variant", "batch", "replicate", pl.lit("cycling").alias("technique"), "cycle", pl.lit("cycle").alias("state"),
        cycle.alias("state_value"), cycle.alias("state_low"), cycle.alias("state_high"), pl.lit("1").alias("state_unit"),
        pl.lit(f"at {100 * at:g} % state of charge").alias("method"), pl.lit("").alias("fit"), "source",
        pl.when(known).then(pl.lit("")).otherwise(pl.lit("the curve does not reach this state of charge")).alias("flag"),
        pl.when(known).then(pl.concat_list([part])).alias("components"),
    )  # fmt: skip


def _result(table: pl.DataFrame, at: float, result: Result) -> Result:
    quality = quality_table(
        [
            {"sample": name, "step": "hysteresis", "ok": True, "reason": ""}
            for name in result.table.get_column("sample").unique(maintain_order=True)
        ]
    )
    return Result(
        "cycling",
        "hysteresis",
        table,
        {},
        quality,
        how("difference of the curves at one state of charge", {"at": at}, METHODS),
    )
