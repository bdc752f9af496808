"""Does the vendor's cycle number hold one charge and one discharge each, so that sums by it mean a cycle?"""

from __future__ import annotations

import polars as pl

#: Half-cycles that move less than this share of the largest one of their vendor cycle (pulses, conditioning) make no loop.
SMALLEST = 0.01


def loops(steps: pl.DataFrame) -> str:
    """A sentence about vendor cycles that hold several charges or discharges; empty where there are none.

    Parameters
    ----------
    steps
        Steps of `interlith.physics.counting.Counted`.
    """
    if "vendor_cycle" not in steps.columns or steps.is_empty():
        return ""
    running = steps.filter((pl.col("direction") != 0) & pl.col("vendor_cycle").is_not_null())
    moved = pl.coalesce("charge", "counter_charge", "integral_charge").abs()
    # A half-cycle ends where the direction or the vendor's cycle changes.
    half = pl.struct("direction", "vendor_cycle").rle_id().alias("half")
    halves = running.group_by(half, maintain_order=True).agg(
        pl.first("direction"), pl.first("vendor_cycle"), moved.sum().alias("moved")
    )
    large = halves.filter(pl.col("moved") > SMALLEST * pl.col("moved").max().over("vendor_cycle"))
    # Two stretches of one direction with only pulses between them are one half-cycle.
    joined = large.filter(
        pl.struct("direction", "vendor_cycle").ne_missing(pl.struct("direction", "vendor_cycle").shift())
    )
    counts = joined.group_by("vendor_cycle", maintain_order=True).agg(
        (pl.col("direction") > 0).sum().alias("charges"), (pl.col("direction") < 0).sum().alias("discharges")
    )
    several = counts.filter((pl.col("charges") > 1) | (pl.col("discharges") > 1))
    # A vendor whose number never changes does not count cycles, and nobody sums by it.
    if several.is_empty() or counts.height == 1:
        return ""
    row = several.row(0, named=True)
    more = f" and {several.height - 1} more" if several.height > 1 else ""
    return (
        f"the vendor's cycle {row['vendor_cycle']}{more} holds {row['charges']} charges and {row['discharges']} discharges, "
        "which a sum by the vendor's number adds up; half-cycles are counted from the data."
    )
