"""Was a half-cycle finished, or did the file, the power or the operator end it?"""

from __future__ import annotations

import numpy as np
import polars as pl

#: A half-cycle reached its usual end if it ends within this (V), or this share of the voltage window, of the others.
END_VOLTS, END_SHARE = 0.005, 0.01
#: One that ends at constant voltage must also have come down to this many times the usual last current.
END_CURRENT = 1.1
#: With several others to compare with, they show how well the end is kept: so many times their largest distance from the
#: middle, and no less than this (V).
END_SPREADS, END_STEADY = 3.0, 0.002
#: Half-cycles are alike if their main currents differ by less than this share.
SAME_CURRENT = 0.1
#: A stretch that passes less than this share of the charge of the half-cycle before it, and ends this share of the window
#: away from where any of its kind ended, is a pulse at the end of a file and no half-cycle.
TINY_SHARE, FAR_SHARE = 0.2, 0.2
#: A counter that is not at zero in the first row of a file has counted this share of the step before it.
STARTED_BEFORE = 0.01


def completed(table: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """Judge every half-cycle by what follows it, and where nothing follows by where the others of its kind end.

    Adds ``complete`` and ``incomplete``, the reason as words or null.

    Notes
    -----
    A half-cycle is finished if the program of the cycler went on to something else in the same file: a rest or the other
    direction. The last one in a file is finished only if it ends where its like usually end. With nothing to compare
    with it is not known, and unknown counts as unfinished. The assumption that fails first: that an operator who stops a
    half-cycle early by hand does not let the program go on.
    """
    last_step = steps.group_by("part").agg(pl.col("step").max().alias("part_end"))
    followed = (
        table.join(last_step.rename({"part": "part_last"}), on="part_last", how="left", maintain_order="left")
        .select(pl.col("step_last") < pl.col("part_end"))
        .to_series()
        .to_numpy()
    )
    usual = _at_usual_end(table, followed)
    begun = _begun_before(table, steps)
    tiny = _tiny(table)
    complete = (followed | usual) & ~begun & ~tiny
    way = table.get_column("half_direction").to_numpy()
    few = np.where(way > 0, np.count_nonzero(followed & (way > 0)), np.count_nonzero(followed & (way < 0)))
    reason = np.where(
        begun, "incomplete: the file begins inside it",
        np.where(tiny, "incomplete: a pulse, far from the end of any half-cycle of its kind", np.where(few > 0, "incomplete: the file ends before its usual end",
                 "incomplete: the file ends here and there is none of its kind to compare with")),
    )  # fmt: skip
    return table.with_columns(
        pl.Series("complete", complete), pl.Series("incomplete", np.where(complete, "", reason)).replace("", None)
    )


def _alike(table: pl.DataFrame, row: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    way = table.get_column("half_direction").to_numpy()
    return np.asarray(way == way[row])


def _at_usual_end(
    table: pl.DataFrame, followed: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    end = table.get_column("voltage_end").to_numpy()
    current = np.abs(table.get_column("current_end").to_numpy())
    main = table.get_column("cc_current").fill_null(np.nan).to_numpy()
    held = (table.get_column("last_control") == "cv").fill_null(False).to_numpy()
    window = float(str(table.get_column("voltage_max").max())) - float(str(table.get_column("voltage_min").min()))
    found = np.zeros(table.height, dtype=np.bool_)
    for row in np.flatnonzero(~followed):
        others = followed & _alike(table, int(row))
        if not others.any():
            continue
        apart = np.abs(end[others] - float(np.median(end[others])))
        allowed = max(END_VOLTS, END_SHARE * window)
        if others.sum() > 1:
            # Where the others end at one voltage to the millivolt, this one does too if it was finished.
            allowed = min(allowed, max(END_STEADY, END_SPREADS * float(apart.max())))
        close = abs(end[row] - float(np.median(end[others]))) <= allowed
        alike = others & (np.abs(main - main[row]) <= SAME_CURRENT * main[row])
        if alike.any():
            # A second step at a lower current belongs to the half-cycle.
            close = close and current[row] <= END_CURRENT * float(np.median(current[alike]))
        holding = others & held
        if holding.sum() * 2 > others.sum():
            close = close and bool(held[row]) and current[row] <= END_CURRENT * float(np.median(current[holding]))
        found[row] = close
    return found


def _tiny(table: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True for a stretch that is small beside the half-cycle before it and ended nowhere near an end."""
    size = table.select(pl.coalesce("charge", "integral_charge").fill_null(0.0)).to_series().to_numpy()
    way = table.get_column("half_direction").to_numpy()
    end = table.get_column("voltage_end").to_numpy()
    high, low = float(np.nanmax(end)), float(np.nanmin(end))
    small = np.zeros(table.height, dtype=np.bool_)
    small[1:] = size[1:] < TINY_SHARE * size[:-1]
    away = np.where(way > 0, high - end, end - low) > FAR_SHARE * (high - low)
    return np.asarray(small & away)


def _begun_before(table: pl.DataFrame, steps: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """True for a half-cycle in whose middle a file begins: its first row is under current and the counter has run."""
    firsts = steps.filter(pl.col("step") == pl.col("step").min().over("part"))
    moving = steps.filter((pl.col("direction") != 0) & pl.col("counter_charge").is_not_null())
    # Only a counter that starts each step at zero tells; a counter that never resets says nothing.
    resets = moving.height > 1 and float(
        str(moving.select((pl.col("counter_start") <= STARTED_BEFORE * pl.col("counter_charge")).mean()).item())
    ) > 0.5  # fmt: skip
    found = np.zeros(table.height, dtype=np.bool_)
    if not resets:
        return found
    late = firsts.filter(
        (pl.col("direction") != 0) & (pl.col("counter_start") > STARTED_BEFORE * pl.col("counter_charge"))
    )
    numbers = late.filter(pl.col("part") == 0).get_column("half_cycle").drop_nulls().to_list()
    return table.get_column("half_cycle").is_in(numbers).to_numpy()
