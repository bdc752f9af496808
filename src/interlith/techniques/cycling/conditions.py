"""Under which conditions was a cycle measured, so that unlike ones are not compared unawares?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from interlith.model import Agreement, Decision, Given, Result, Step
from interlith.techniques.cycling.records import how, no_observables, quality_table

#: Two cells count as measured alike while they differ by less than this (V; relative; degC).
VOLTAGE_TOLERANCE = 0.02
RATE_TOLERANCE = 0.10
TEMPERATURE_TOLERANCE = 2.0

#: Bases on which currents are compared; none where the cells do not share one.
PER_MASS, AS_THEY_ARE, NONE = "specific_current", "current", ""


def conditions(half_cycles: pl.DataFrame, declared: pl.DataFrame, *, basis: str) -> pl.DataFrame:
    """Voltage window and C-rate or current of every cycle, and the declared temperature of every cell.

    Parameters
    ----------
    half_cycles, declared
        Tables of the summary.
    basis
        What stands for the rate where a cell has none, see `agree`.

    Returns
    -------
    pl.DataFrame
        Columns sample, state (null: holds for the whole test), state_value, name, value, tolerance, unit.

    Notes
    -----
    The window is where the half-cycle ended, not where it was meant to end: a cell that was cut short differs from the others,
    as it should. The rate needs a declared 1C. Where a cell has none, the constant currents of all cells are compared: per
    active mass if all masses are declared and confirmed, as they are if none is, and not at all if some are.
    """
    done = half_cycles.filter(pl.col("complete"))
    window = pl.lit(VOLTAGE_TOLERANCE)
    parts = [
        _rows(done.filter(pl.col("direction") == "charge"), "upper_voltage", "voltage_max", window, "V"),
        _rows(done.filter(pl.col("direction") == "discharge"), "lower_voltage", "voltage_min", window, "V"),
    ]
    for direction in ("charge", "discharge"):
        rated = done.filter((pl.col("direction") == direction) & pl.col("rate").is_not_null())
        parts.append(_rows(rated, f"{direction}_rate", "rate", pl.col("rate") * RATE_TOLERANCE, "1/h"))
    if basis != NONE:
        parts += _currents(done, declared, basis)
    temperatures = declared.filter(pl.col("temperature").is_not_null()).select(
        "sample", pl.lit(None, dtype=pl.String).alias("state"), pl.lit(None, dtype=pl.Float64).alias("state_value"),
        pl.lit("temperature").alias("name"), pl.col("temperature").alias("value"),
        pl.lit(TEMPERATURE_TOLERANCE).alias("tolerance"), pl.lit("degC").alias("unit"),
    )  # fmt: skip
    return pl.concat([*parts, temperatures])


def agree(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    """On which basis currents of all cells are compared; on none where all have a C-rate, or not all have a mass."""
    rows = pl.concat([one.data["declared"] for one in results["summary"]]) if results["summary"] else None
    measured = None if rows is None else rows.filter(pl.col("complete") > 0)
    basis = NONE
    if measured is not None and measured.get_column("unrated").sum() and not measured.get_column("mass_doubted").any():
        known = measured.get_column("mass").count()
        basis = AS_THEY_ARE if not known else PER_MASS if known == measured.height else NONE
    return Agreement({"basis": basis})


def run(given: Given) -> Result:
    """The conditions of one specimen."""
    summary = given.result("summary")
    frame = conditions(summary.data["half_cycles"], summary.data["declared"], basis=str(given.agreed["basis"]))
    return Result(
        technique="cycling", name="conditions", table=no_observables(), data={"conditions": frame}, quality=quality_table(()),
        how=how("as measured", dict(given.agreed), ""),
    )  # fmt: skip


def _currents(done: pl.DataFrame, declared: pl.DataFrame, basis: str) -> list[pl.DataFrame]:
    """Constant currents on one basis."""
    # 1 A/kg is 1 mA/g.
    divisor = pl.col("mass") if basis == PER_MASS else pl.lit(1e-3)
    unit = "mA/g" if basis == PER_MASS else "mA"
    held = (
        done.filter(pl.col("cc_current").is_not_null())
        .join(declared.select("sample", "mass"), on="sample", how="left", maintain_order="left")
        .with_columns((pl.col("cc_current").abs() / divisor).alias("_shown"))
    )
    tolerance = pl.col("_shown") * RATE_TOLERANCE
    return [
        _rows(held.filter(pl.col("direction") == way), f"{way}_{basis}", "_shown", tolerance, unit)
        for way in ("charge", "discharge")
    ]


def _rows(frame: pl.DataFrame, name: str, column: str, tolerance: pl.Expr, unit: str) -> pl.DataFrame:
    return frame.select(
        pl.col("sample").cast(pl.String),
        pl.lit("cycle").alias("state"),
        pl.col("cycle").cast(pl.Float64).alias("state_value"),
        pl.lit(name).alias("name"),
        pl.col(column).cast(pl.Float64).alias("value"),
        tolerance.cast(pl.Float64).alias("tolerance"),
        pl.lit(unit).alias("unit"),
    )


STEP = Step("conditions", run, after=("summary",), agree=agree, shown=False)
