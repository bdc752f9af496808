"""How does one unsigned counter for both directions become a counter for each, where it begins anew as the procedure says?

Such a counter begins at zero in each step, or runs on over steps of one direction, or runs back in a step of the other direction
after a pulse. What it added in a record is therefore the change since the record before or, after a beginning, the value itself:
of the two, the one that the current can have passed.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

_SIDES = (
    ("capacity_counter", "charge_counter", "discharge_counter"),
    ("energy_counter", "charge_energy_counter", "discharge_energy_counter"),
)


def in_two_counters(frame: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Replace unsigned counters by counters that accumulate over the whole test, one for each direction.

    Parameters
    ----------
    frame
        With ``capacity_counter`` (Ah) and ``energy_counter`` (Wh), where present, beside ``test_time`` (s), ``current`` (A,
        signed) and ``vendor_step``; with ``step_time`` (s) and ``vendor_cycle`` where the vendor prints them.
    names
        Names of its columns. Without a charge counter or a step number nothing is changed.

    Notes
    -----
    Assumes that the first record of a step comes soon after its beginning, or that the counter was set back there: where the
    change and the value are alike near to what the current can have passed, the nearer is taken. The direction is that of the
    current of the record, or of the last current before it: the last piece of a step is printed with the first row of rest.
    """
    if not {"capacity_counter", "vendor_step", "current", "test_time"} <= set(names):
        return frame
    counter, current = pl.col("capacity_counter").forward_fill().fill_null(0.0), pl.col("current").fill_null(0.0)
    begins = pl.col("vendor_step").ne_missing(pl.col("vendor_step").shift(1))
    if "vendor_cycle" in names:
        begins = begins | pl.col("vendor_cycle").ne_missing(pl.col("vendor_cycle").shift(1))
    passed = pl.col("test_time").diff().fill_null(0.0)
    if "step_time" in names:
        begins = begins | (pl.col("step_time").diff() < 0).fill_null(value=False)
        passed = pl.min_horizontal(passed, pl.col("step_time"))
    expected = current.abs() * passed / 3600
    changed = counter.diff()
    set_back = (begins | (changed < 0)) & ((counter - expected).abs() < (changed.abs() - expected).abs())
    frame = frame.with_columns(
        set_back.fill_null(value=True).alias("_anew"),
        pl.when(current != 0).then(current.sign()).forward_fill().fill_null(0.0).alias("_side"),
    )
    out = []
    for both, up, down in _SIDES:
        if both in names:
            value = pl.col(both).forward_fill().fill_null(0.0)
            added = pl.when(pl.col("_anew")).then(value).otherwise(value.diff().fill_null(0.0)).abs()
            out.append(pl.when(pl.col("_side") > 0).then(added).otherwise(0.0).cum_sum().alias(up))
            out.append(pl.when(pl.col("_side") < 0).then(added).otherwise(0.0).cum_sum().alias(down))
    dropped = [both for both, _, _ in _SIDES if both in names]
    return frame.with_columns(out).drop([*dropped, "_anew", "_side"])
