"""Do the current, the time and the counters of the first records agree in unit and sign?"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

#: Share of the counted charge that must speak for a sign.
LEAST_SHARE = 0.9


def integral_over_counters(frame: pl.DataFrame) -> float:
    """Integral of the current (Ah, were it in A over s) over what the counters add; nan where neither tells.

    Only records are asked whose current has the sign of the one before, and in which a counter grows.
    """
    names = [name for name in ("charge_counter", "discharge_counter", "capacity_counter") if name in frame.columns]
    rows = frame.select("test_time", "current", *names).drop_nulls()
    if rows.height < 3 or not names:
        return math.nan
    time, current = rows["test_time"].to_numpy(), rows["current"].to_numpy()
    grown = np.sum([np.maximum(np.diff(rows[name].to_numpy()), 0.0) for name in names], axis=0)
    passed = np.abs(0.5 * (current[1:] + current[:-1]) * np.diff(time)) / 3600.0
    used = (np.sign(current[1:]) * np.sign(current[:-1]) > 0) & (grown > 0)
    counted = float(grown[used].sum())
    return float(passed[used].sum()) / counted if used.sum() >= 2 and counted > 0 else math.nan


def sign_by_counters(frame: pl.DataFrame) -> int:
    """1 if the charge counter grows under positive current, -1 under negative, 0 if the records do not tell."""
    if not {"current", "charge_counter", "discharge_counter"} <= set(frame.columns):
        return 0
    rows = frame.select("current", "charge_counter", "discharge_counter").drop_nulls()
    if rows.height < 2:
        return 0
    current, charge, discharge = (column.to_numpy() for column in rows.iter_columns())
    way = np.where(np.sign(current[1:]) == np.sign(current[:-1]), np.sign(current[1:]), 0.0)
    gained = np.maximum(np.diff(charge), 0.0) - np.maximum(np.diff(discharge), 0.0)
    agreeing, against = (
        float(gained[way * gained > 0] @ way[way * gained > 0]),
        float(-(gained[way * gained < 0] @ way[way * gained < 0])),
    )
    told = agreeing + against
    return 0 if told <= 0 else 1 if agreeing >= LEAST_SHARE * told else -1 if against >= LEAST_SHARE * told else 0
