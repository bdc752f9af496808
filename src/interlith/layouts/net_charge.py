"""How does one column of net charge, which rises on charge and falls on discharge, become a counter for each direction?

Vendors differ and change over versions: the column goes on over the whole test, or begins anew in each step, or counts up in
either direction. Increments are therefore taken from row to row, and their direction from the current.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from interlith.layouts.lazy_text import Remark

#: Charge (Ah) by which a printed counter may differ from what the current can have passed.
TOLERANCE = 1e-7
#: Factor of the charge that the current can have passed above which an increment is no increment but a new beginning.
SURELY = 2.0
#: Share of the increments that must contradict the current before it is said.
CONTRADICTED = 0.5
_SIDES = (
    ("capacity_counter", "charge_counter", "discharge_counter"),
    ("energy_counter", "charge_energy_counter", "discharge_energy_counter"),
)


def in_two_counters(frame: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Replace net charge and energy by counters that accumulate over the whole test, one for each direction.

    Parameters
    ----------
    frame
        With the net charge as ``capacity_counter`` (Ah) and the net energy as ``energy_counter`` (Wh), where present, beside
        ``test_time`` (s) and ``current`` (A).
    names
        Names of its columns.

    Notes
    -----
    An increment belongs to the direction of the current of its row, or of the row before where that alone has its sign: the
    last piece of a step is often printed with the first row of the next. Where a counter begins anew, the new value is the
    increment; this is seen from a jump that the current cannot have passed, to a value that the step itself can have. Assumes
    that a column that begins anew does so together for charge and energy.
    """
    if "capacity_counter" not in names:
        return frame.drop([name for name in ("energy_counter",) if name in names])
    charge, current = pl.col("capacity_counter").forward_fill(), pl.col("current").fill_null(0.0)
    before = current.shift(1).fill_null(0.0)
    passed = pl.max_horizontal(current.abs(), before.abs()) * pl.col("test_time").diff() / 3600
    within = current.abs() * pl.col("step_time") / 3600 if "step_time" in names else passed
    moved = charge.diff().fill_null(0.0)
    anew = (moved.abs() > SURELY * passed + TOLERANCE) & (charge.abs() <= SURELY * within + TOLERANCE)
    frame = frame.with_columns(
        moved.alias("_moved"), anew.fill_null(value=False).alias("_anew"), current.sign().alias("_now")
    )
    now, last, way = pl.col("_now"), pl.col("_now").shift(1).fill_null(0.0), pl.col("_moved").sign()
    ended = ~pl.col("_anew") & (way != 0) & (last == way) & (now != way)
    side = pl.when(ended).then(last).when(now != 0).then(now).when(last != 0).then(last).otherwise(way)
    frame = frame.with_columns(side.alias("_side"))
    out: list[pl.Expr] = []
    for net, up, down in _SIDES:
        if net in names:
            value = pl.col(net).forward_fill()
            amount = pl.when(pl.col("_anew")).then(value).otherwise(value.diff().fill_null(0.0)).abs()
            for name, sign in ((up, 1.0), (down, -1.0)):
                out.append(pl.when(pl.col("_side") == sign).then(amount).otherwise(0.0).cum_sum().alias(name))
    dropped = [name for name in ("capacity_counter", "energy_counter") if name in names]
    return frame.with_columns(out).drop([*dropped, "_moved", "_anew", "_now", "_side"])


def remarks_on(charge: Sequence[float], current: Sequence[float]) -> list[Remark]:
    """What the first rows say of the sign of a net charge column beside the current."""
    moved = {1: [0.0, 0.0], -1: [0.0, 0.0]}
    for row in range(1, min(len(charge), len(current))):
        step = charge[row] - charge[row - 1]
        if current[row] * current[row - 1] > 0 and abs(step) > 0:
            way = 1 if current[row] > 0 else -1
            moved[way][0 if step * way > 0 else 1] += abs(step)
    against = {way: wrong > CONTRADICTED * (right + wrong) > 0 for way, (right, wrong) in moved.items()}
    if against[1]:
        return [
            Remark(
                "sign_contradicts_counter",
                "The charge counter falls while the current is positive; charge and discharge may be swapped. The direction "
                "was taken from the current.",
                severity="error",
            )
        ]
    if against[-1]:
        return [
            Remark(
                "counter_without_sign",
                "The charge counter rises in either direction; the direction was taken from the current.",
                severity="note",
            )
        ]
    return []
