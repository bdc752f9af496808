"""Do the records of an Arbin file agree with themselves: their order, the sign of the current, units that are not printed?"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark

Floats = NDArray[np.float64]

#: Least share of the charge that must speak for one sign of the current.
LEAST_SHARE = 0.9
#: A ratio of integral to counter outside of this means other units.
SAME_UNIT = (0.5, 2.0)


def current_sign(current: Floats, charge: Floats, discharge: Floats) -> int:
    """1 if the charge counter grows under positive current, -1 under negative, 0 if the records do not tell.

    Only records whose current has the sign of the one before are asked, so that switches do not count.
    """
    if len(current) < 2:
        return 0
    with np.errstate(invalid="ignore", over="ignore"):
        direction = np.where(np.sign(current[1:]) == np.sign(current[:-1]), np.sign(current[1:]), 0.0)
        passed = np.nan_to_num(np.maximum(np.diff(charge), 0.0)) - np.nan_to_num(np.maximum(np.diff(discharge), 0.0))
    agreeing = float(np.sum(np.abs(passed)[(direction * passed) > 0]))
    against = float(np.sum(np.abs(passed)[(direction * passed) < 0]))
    told = agreeing + against
    if told <= 0:
        return 0
    return 1 if agreeing >= LEAST_SHARE * told else -1 if against >= LEAST_SHARE * told else 0


def integral_ratio(time: Floats, current: Floats, charge: Floats, discharge: Floats) -> float:
    """Integral of the current (in Ah, were time in s and current in A) over what the counters add; nan if neither tells."""
    if len(time) < 2:
        return math.nan
    with np.errstate(invalid="ignore", over="ignore"):
        steady = np.sign(current[1:]) * np.sign(current[:-1]) > 0
        passed = np.nan_to_num(np.maximum(np.diff(charge), 0.0)) + np.nan_to_num(np.maximum(np.diff(discharge), 0.0))
        integral = np.abs(0.5 * (current[1:] + current[:-1]) * np.diff(time)) / 3600.0
    used = steady & np.isfinite(integral) & (passed > 0)
    counted = float(passed[used].sum())
    return float(integral[used].sum()) / counted if used.sum() >= 2 and counted > 0 else math.nan


def frame_ratio(frame: pl.DataFrame) -> float:
    """`integral_ratio` of a table; nan where it has no counters."""
    names = ("test_time", "current", "charge_counter", "discharge_counter")
    if not set(names) <= set(frame.columns):
        return math.nan
    return integral_ratio(*(_floats(frame, name) for name in names))


def judge_units(ratio: float, where: str) -> Remark:
    """What to say of units that are not printed, once the counters have been asked.

    Raises
    ------
    ReadError
        If current, time and counters cannot be in A, s and Ah together.
    """
    assumed = "No units are printed; Arbin's own were taken: s, V, A, Ah, Wh, degC"
    if math.isnan(ratio):
        return Remark("units_assumed", f"{assumed}. The records looked at have no current to check that.", "", "note")
    if SAME_UNIT[0] <= ratio <= SAME_UNIT[1]:
        return Remark(
            "units_assumed",
            f"{assumed}. The integral of the current is {ratio:.4g} of the counters, as it must be.",
            "",
            "note",
        )
    raise ReadError(
        f"{where}: no units are printed, and the integral of the current over the time is {ratio:.4g} times what the counters "
        "say, so the numbers are not in A, s and Ah together. Export with units in the header."
    )


def signed(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Remark]]:
    """Give the current the sign by which charging is positive, as the counters tell it."""
    if not {"charge_counter", "discharge_counter"} <= set(frame.columns):
        return frame, []
    told = current_sign(*(_floats(frame, name) for name in ("current", "charge_counter", "discharge_counter")))
    if told >= 0:
        return frame, []
    return frame.with_columns(-pl.col("current")), [sign_remark()]


def sign_remark() -> Remark:
    """What to say of a current that was turned round."""
    return Remark(
        "sign_from_counters",
        "The charge counter grows under negative current, against Arbin's habit; the sign of the current was turned round.",
    )


def _floats(frame: pl.DataFrame, name: str) -> Floats:
    return frame.get_column(name).cast(pl.Float64).fill_null(float("nan")).to_numpy()


def in_order(frame: pl.DataFrame, where: str) -> tuple[pl.DataFrame, list[Remark]]:
    """Records in the order of their number, which the column ``data_point`` holds, each once; the column is dropped.

    Raises
    ------
    ReadError
        If two records of one number contradict each other.
    """
    remarks: list[Remark] = []
    if not frame.get_column("data_point").is_sorted():
        frame = frame.sort("data_point", maintain_order=True)
        text = "The records do not lie in their order; they were sorted by Data_Point."
        remarks.append(Remark("records_sorted", text, "", "note"))
    numbers = frame.get_column("data_point").drop_nulls()
    if (numbers.diff() == 0).any():
        once = _each_once(frame, where)
        text = f"{frame.height - once.height} records stand in the file twice, alike; each was taken once."
        remarks.append(Remark("repeated_records", text))
        frame, numbers = once, once.get_column("data_point").drop_nulls()
    gaps = numbers.diff().drop_nulls()
    missing = int((gaps - 1).sum()) if gaps.len() else 0
    if missing:
        at = numbers[int((gaps > 1).arg_max() or 0)]
        remarks.append(
            Remark(
                "records_missing", f"{missing} records are missing by their numbers, the first after Data_Point {at}."
            )
        )
    return frame.drop("data_point"), remarks


def _each_once(frame: pl.DataFrame, where: str) -> pl.DataFrame:
    once = frame.unique(maintain_order=True)
    numbers = once.get_column("data_point").drop_nulls()
    twice = numbers.filter(numbers.is_duplicated())
    if twice.len():
        raise ReadError(
            f"{where}: {twice.n_unique()} record numbers stand for several different records, the first is Data_Point "
            f"{twice[0]}; several tests may lie in one file. Export each test on its own."
        )
    return once


def finite(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Remark]]:
    """Replace infinities and nan, which mean that nothing was measured, by nulls."""
    remarks = []
    for name, dtype in frame.schema.items():
        if dtype != pl.Float64:
            continue
        bad = int((~frame.get_column(name).is_finite()).fill_null(value=False).sum())
        if bad:
            frame = frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name))
            remarks.append(Remark("not_a_number", f"{bad} values of {name} are no numbers and were left empty."))
    return frame, remarks
