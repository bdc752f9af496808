"""Which half-cycles make a cycle, and which of the two comes first?"""

from __future__ import annotations

import polars as pl

from interlith.model import Sample

#: Direction that leads a cycle, by the kind of cell: a cathode gives its lithium first, an anode takes it first.
LEADING = {"half_cathode": "charge", "full": "charge", "half_anode": "discharge"}
#: What to declare where the kind is missing.
UNDECLARED = "kind of cell not declared: set cells: kind in study.yaml to half_cathode, half_anode or full"

_TAKEN = (
    "half_cycle", "charge", "charge_std", "charge_method", "counter_charge", "integral_charge", "energy", "energy_std",
    "mean_voltage", "mean_voltage_std", "cc_charge", "cv_charge", "mean_current", "cc_current", "rate", "voltage_start",
    "voltage_end", "voltage_min", "voltage_max", "rest_voltage_after", "pulses", "gaps", "complete", "joined", "join_std",
    "flag", "start_time", "end_time",
)  # fmt: skip


def number_cycles(half_cycles: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """Add ``cycle`` (own number) to a half-cycle table, behind ``half_cycle``.

    A half-cycle before the first leading one is in cycle 0. Where the kind of cell is not declared the first half-cycle
    leads: only the counting depends on it, efficiencies are then not given.
    """
    first = half_cycles.item(0, "direction")
    leading = LEADING.get(sample.cell_kind or "", first)
    cycle = (pl.col("direction") == leading).cast(pl.Int64).cum_sum().alias("cycle")
    return half_cycles.with_columns(cycle, pl.lit(sample.name).alias("sample"))


def with_rates(half_cycles: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """Add ``rate`` (1/h): current of the constant-current part over the declared 1C; null if undeclared."""
    one = one_c_current(sample)
    if one is None:
        return half_cycles.with_columns(pl.lit(None, dtype=pl.Float64).alias("rate"))
    return half_cycles.with_columns((pl.coalesce("cc_current", "mean_current") / one).alias("rate"))


def one_c_current(sample: Sample) -> float | None:
    """Current that is 1C for this specimen (A), or `None` where 1C, mass or area is missing or unconfirmed."""
    declared = sample.one_C
    if declared is None or not declared.confirmed:
        return None
    if declared.unit == "A":
        return declared.value
    base = sample.area if declared.unit == "A/m^2" else sample.active_mass
    if base is None or not base.confirmed or base.value <= 0:
        return None
    return declared.value * base.value


def cycle_table(half_cycles: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """One row a cycle: ``charge_*`` and ``discharge_*`` columns of its two half-cycles, ratios where both are complete.

    ``charge_capacity`` and ``discharge_capacity`` (Ah) are null where the half-cycle is incomplete or contradicts itself;
    ``charge_charge`` and ``discharge_charge`` hold what was counted so far.
    """
    every = half_cycles.group_by("cycle", maintain_order=True).agg(
        pl.first("vendor_cycle"), pl.last("vendor_cycle_last"), pl.first("start_time"), pl.last("end_time")
    )
    for direction in ("charge", "discharge"):
        every = every.join(_one_way(half_cycles, direction), on="cycle", how="left")
    every = every.with_columns(
        pl.when(pl.col(f"{way}_complete")).then(f"{way}_charge").alias(f"{way}_capacity")
        for way in ("charge", "discharge")
    )
    return _with_ratios(every, sample).with_columns(pl.lit(sample.name).alias("sample")).sort("cycle")


def _one_way(half_cycles: pl.DataFrame, direction: str) -> pl.DataFrame:
    several = f"more than one {direction} in this cycle: rows are missing between them"
    return (
        half_cycles.filter(pl.col("direction") == direction)
        .group_by("cycle", maintain_order=True)
        .agg(*[pl.first(name) for name in _TAKEN], pl.len().alias("count"))
        .with_columns(
            (pl.col("complete") & (pl.col("count") == 1)).alias("complete"),
            pl.when(pl.col("count") > 1).then(pl.lit(several)).otherwise("flag").alias("flag"),
        )
        .drop("count")
        .rename({name: f"{direction}_{name}" for name in _TAKEN})
    )


def _with_ratios(table: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    given, taken = (
        ("discharge", "charge") if LEADING.get(sample.cell_kind or "") == "charge" else ("charge", "discharge")
    )
    if sample.cell_kind not in LEADING:
        empty = pl.lit(None, dtype=pl.Float64)
        ratios = [empty.alias("coulombic_efficiency"), empty.alias("energy_efficiency")]
    else:
        both = pl.col("charge_capacity").is_not_null() & pl.col("discharge_capacity").is_not_null()
        ratios = [
            pl.when(both).then(pl.col(f"{given}_charge") / pl.col(f"{taken}_charge")).alias("coulombic_efficiency"),
            # Energy flows into every cell on charge: its efficiency is discharge over charge for each kind.
            pl.when(both).then(pl.col("discharge_energy") / pl.col("charge_energy")).alias("energy_efficiency"),
        ]
    hysteresis = pl.col("charge_mean_voltage") - pl.col("discharge_mean_voltage")
    complete = pl.col("charge_capacity").is_not_null() & pl.col("discharge_capacity").is_not_null()
    return table.with_columns(*ratios, pl.when(complete).then(hysteresis).alias("voltage_hysteresis"))


def vendor_table(steps: pl.DataFrame, half_cycles: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    """What one gets by trusting the vendor's cycle number: sums over everything that carries it (Ah).

    Columns ``sample``, ``part`` (a restarted test counts its cycles anew), ``vendor_cycle``, ``vendor_charge_capacity``, ``vendor_discharge_capacity``, ``loops`` (own
    half-cycles of one direction in it; above one the vendor's cycle is not a cycle) and ``first_own_cycle``.
    """
    own = half_cycles.select("half_cycle", "cycle")
    moving = steps.filter((pl.col("direction") != 0) & pl.col("vendor_cycle").is_not_null()).join(
        own, on="half_cycle", how="left", maintain_order="left"
    )
    sums = {
        f"vendor_{way}_capacity": pl.col("charge").filter(pl.col("direction") == sign).sum()
        for way, sign in (("charge", 1), ("discharge", -1))
    }
    loops = [pl.col("half_cycle").filter(pl.col("half_direction") == sign).n_unique() for sign in (1, -1)]
    return (
        moving.group_by("part", "vendor_cycle", maintain_order=True)
        .agg(**sums, loops=pl.max_horizontal(*loops).cast(pl.Int64), first_own_cycle=pl.col("cycle").first())
        .select(pl.lit(sample.name).alias("sample"), "part", "vendor_cycle", *sums, "loops", "first_own_cycle")
    )
