"""Under which conditions was a cycle measured, so that unlike ones are not compared unawares?"""

from __future__ import annotations

import polars as pl

from interlith.model import Series

#: Two cells count as measured alike while they differ by less than this (V; relative; degC).
VOLTAGE_TOLERANCE = 0.02
RATE_TOLERANCE = 0.10
TEMPERATURE_TOLERANCE = 2.0

SCHEMA = {
    "sample": pl.String, "state": pl.String, "state_value": pl.Float64, "name": pl.String, "value": pl.Float64,
    "tolerance": pl.Float64, "unit": pl.String,
}  # fmt: skip


def conditions(half_cycles: pl.DataFrame, series: Series) -> pl.DataFrame:
    """Voltage window and C-rate or current of every cycle, and the declared temperature of every cell.

    Parameters
    ----------
    half_cycles
        Table of half-cycles as in the summary.
    series
        The measurements, for their declared mass and temperature.

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
    parts = [
        _rows(
            done.filter(pl.col("direction") == "charge"), "upper_voltage", "voltage_max", pl.lit(VOLTAGE_TOLERANCE), "V"
        ),
        _rows(
            done.filter(pl.col("direction") == "discharge"),
            "lower_voltage",
            "voltage_min",
            pl.lit(VOLTAGE_TOLERANCE),
            "V",
        ),
    ]
    for direction in ("charge", "discharge"):
        rated = done.filter((pl.col("direction") == direction) & pl.col("rate").is_not_null())
        parts.append(_rows(rated, f"{direction}_rate", "rate", pl.col("rate") * RATE_TOLERANCE, "1/h"))
    if done.get_column("rate").null_count():
        parts += _currents(done, series)
    temperatures = [
        (item.sample.name, None, None, "temperature", item.state["temperature"].value, TEMPERATURE_TOLERANCE, "degC")
        for item in series
        if "temperature" in item.state
    ]
    parts.append(
        pl.DataFrame(temperatures, schema=SCHEMA, orient="row").unique(
            subset="sample", keep="first", maintain_order=True
        )
    )
    return pl.concat(parts)


def _currents(done: pl.DataFrame, series: Series) -> list[pl.DataFrame]:
    """Constant currents on one basis, or nothing where the cells do not share one."""
    names = set(done.get_column("sample").unique().to_list())
    masses: dict[str, float] = {}
    unknown = 0
    for item in series:
        mass = item.sample.active_mass
        if item.sample.name not in names:
            continue
        if mass is not None and mass.confirmed and mass.value > 0:
            masses[item.sample.name] = mass.value
        elif mass is not None:
            unknown += 1
    if unknown or (masses and set(masses) != names):
        return []
    # 1 A/kg is 1 mA/g.
    divisor = (
        pl.col("sample").cast(pl.String).replace_strict(masses, return_dtype=pl.Float64) if masses else pl.lit(1e-3)
    )
    word, unit = ("specific_current", "mA/g") if masses else ("current", "mA")
    held = done.filter(pl.col("cc_current").is_not_null()).with_columns(
        (pl.col("cc_current").abs() / divisor).alias("_shown")
    )
    return [
        _rows(
            held.filter(pl.col("direction") == way), f"{way}_{word}", "_shown", pl.col("_shown") * RATE_TOLERANCE, unit
        )
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
