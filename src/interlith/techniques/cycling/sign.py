"""Does the sign of the current agree with the voltage: does a charge raise it and a discharge lower it?"""

from __future__ import annotations

import polars as pl

from interlith.model import Flag

#: Constant-current steps that pass at least this share of the largest of their direction tell the sign.
LONG_SHARE = 0.2
#: So many of them are needed in each direction.
LEAST_STEPS = 2
#: The sign is doubted if more than this share of their charge moves the voltage the other way.
DOUBTED_SHARE = 0.5
#: Charging at a higher mean voltage than discharging, beyond this (V), is right whatever the voltage does in a step.
POLARISED = 1e-3
#: What half-cycles say.
WITHHELD = "the current seems to have the wrong sign: withheld"


def current_sign(steps: pl.DataFrame, where: str = "") -> Flag | None:
    """A flag if the voltage falls in what the file calls charge and rises in what it calls discharge.

    Parameters
    ----------
    steps
        Steps of one test, see `interlith.physics.counting.Counted.steps`.
    where
        File, for the flag.

    Notes
    -----
    Counted are constant-current steps, weighted by charge, and only if charges do not lie above discharges in voltage: in a
    symmetric cell the voltage may fall during a charge. The assumption that fails first: that current charges a cell
    to a higher voltage.
    """
    if steps.is_empty():
        return None
    size = pl.coalesce("charge", "integral_charge").abs()
    moving = (
        steps.filter((pl.col("direction") != 0) & (pl.col("control") == "cc"))
        .with_columns(size.alias("size"), ((pl.col("voltage_end") - pl.col("voltage_start")) * pl.col("direction")).alias("rise"))
        .filter((pl.col("size") > 0) & (pl.col("size") >= LONG_SHARE * pl.col("size").max().over("direction")))
    )  # fmt: skip
    ways = {way: moving.filter(direction=way) for way in (1, -1)}
    if any(rows.height < LEAST_STEPS for rows in ways.values()):
        return None
    level = {way: float(str(_level(rows))) for way, rows in ways.items()}
    against = float(str(moving.filter(pl.col("rise") < 0).get_column("size").sum()))
    share = against / float(str(moving.get_column("size").sum()))
    if share <= DOUBTED_SHARE or level[1] > level[-1] + POLARISED:
        return None
    return Flag(
        "current_sign",
        f"The voltage falls while the current is positive and rises while it is negative, in {100 * share:.0f} % of the charge of "
        f"the {moving.height} long steps at constant current (charge at {level[1]:.3f} V, discharge at {level[-1]:.3f} V on average): "
        "discharge seems to be logged as positive. Capacities are withheld; declare positive_current: discharge under "
        "analyses: cycling, or correct the export.",
        where,
        "error",
    )


def _level(rows: pl.DataFrame) -> object:
    """Mean voltage, weighted by charge; the middle of a step where its mean is withheld."""
    middle = 0.5 * (pl.col("voltage_start") + pl.col("voltage_end"))
    voltage = pl.coalesce("mean_voltage", middle)
    return rows.select((voltage * pl.col("size")).sum() / pl.col("size").sum()).item()


def withheld(half_cycles: pl.DataFrame) -> pl.DataFrame:
    """Half-cycles without charge, energy and mean voltage: with the sign unknown it is not known which way they went."""
    names = (
        "charge", "charge_std", "counter_charge", "counter_std", "integral_charge", "integral_std", "energy", "energy_std",
        "mean_voltage", "mean_voltage_std", "cc_charge", "cv_charge",
    )  # fmt: skip
    words = pl.concat_str(
        [pl.when(pl.col("flag") != "").then("flag"), pl.lit(WITHHELD)], separator="; ", ignore_nulls=True
    )
    return half_cycles.with_columns(
        *[pl.lit(None, dtype=pl.Float64).alias(name) for name in names], pl.lit(False).alias("complete"), words.alias("flag"),
    )  # fmt: skip
