"""Which words and habits does Arbin have, be it a database, a text, a workbook or HDF5?

Arbin's own software works in s, V, A, Ah and Wh; its database and some exports print no units at all. Counters of charge and
energy are unsigned, one for each direction, and a positive current charges.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.column_names import Column, fold, split
from interlith.layouts.lazy_text import Remark

Floats = NDArray[np.float64]

#: Auxiliary inputs and thermocouples are numbered from 1.
_INPUTS = range(1, 129)
VOCABULARY = {
    "testtime": "test_time",
    "steptime": "step_time",
    **dict.fromkeys(("datetime", "datetimeutc"), "wall_clock"),
    "stepindex": "vendor_step",
    "cycleindex": "vendor_cycle",
    "current": "current",
    "voltage": "voltage",
    "chargecapacity": "charge_counter",
    "dischargecapacity": "discharge_counter",
    "chargeenergy": "charge_energy_counter",
    "dischargeenergy": "discharge_energy_counter",
    **dict.fromkeys(("temperature", "auxtemperature", "celltemperature", "surfacetemp"), "temperature"),
    **{f"auxtemperature{place}": "temperature" for place in _INPUTS},
    **{f"temperature{place}": "temperature" for place in _INPUTS},
}
#: What Arbin's numbers are in where a header prints no unit.
UNITS = {
    "test_time": "s",
    "step_time": "s",
    "current": "A",
    "voltage": "V",
    "charge_counter": "Ah",
    "discharge_counter": "Ah",
    "charge_energy_counter": "Wh",
    "discharge_energy_counter": "Wh",
    "temperature": "C",
}
_NEEDED = (
    re.compile(r"test[ _]?time\s*(\([^()]*\))?", re.IGNORECASE),
    re.compile(r"current\s*(\([^()]*\))?", re.IGNORECASE),
    re.compile(r"voltage\s*(\([^()]*\))?", re.IGNORECASE),
)
_POINT = re.compile(r"data[ _]?point", re.IGNORECASE)
_OWN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"step[ _]time\s*(\([^()]*\))?", r"step[ _]index", r"cycle[ _]index", r"date[ _]?time",
        r"(dis)?charge[ _]capacity\s*(\([^()]*\))?", r"(dis)?charge[ _]energy\s*(\([^()]*\))?",
        r"internal[ _]resistance.*", r"dv/dt.*", r"tc_counter\d+", r"aux_.*", r"aci_phase_angle.*", r"is_fc_data",
    )
)  # fmt: skip
#: Words of others' tables that share Arbin's names.
_OTHERS = frozenset(
    {"stepname", "steptype", "stepstatus", "status", "channelindex", "datetimeisostring", "environmenttemperature"}
)
#: Records looked at for signs and units, and the least share of charge that must speak for a verdict.
LEAST_SHARE = 0.9
#: A ratio of integral to counter outside of this means other units.
SAME_UNIT = (0.5, 2.0)


def confidence(names: Sequence[str]) -> float:
    """Confidence that a header is Arbin's, from the spelling of its names; tables of others are turned down."""
    plain = [name.strip().strip("\ufeff").strip('"').strip() for name in names]
    if not all(any(pattern.fullmatch(name) for name in plain) for pattern in _NEEDED):
        return 0.0
    if _OTHERS & {split(name).stem for name in plain}:
        return 0.0
    own = sum(any(pattern.fullmatch(name) for name in plain) for pattern in _OWN)
    point = any(_POINT.fullmatch(name) for name in plain)
    if point and own >= 2:
        return 0.96
    return 0.9 if own >= 5 else 0.5 if own >= 3 else 0.0


def units_of(names: Sequence[str]) -> dict[str, str]:
    """Units to read by where the header prints none: Arbin's own, if none of time, current and voltage has one."""
    printed = [
        split(name).unit for name in names if VOCABULARY.get(split(name).stem) in ("test_time", "current", "voltage")
    ]
    return dict(UNITS) if not any(printed) else {"temperature": "C"}


def without_units(columns: Iterable[Column]) -> bool:
    """Whether the header prints no unit for the current."""
    return any(column.quantity == "current" and split(column.name).unit is None for column in columns)


def several_temperatures(names: Sequence[str]) -> list[Remark]:
    """A remark where the header names more temperatures than the one that is taken."""
    found = [name.strip() for name in names if VOCABULARY.get(split(name).stem) == "temperature"]
    if len(found) < 2:
        return []
    text = f"{len(found)} temperatures were recorded; '{found[0]}' was taken, the others were left out."
    return [Remark("several_temperatures", text, "", "note")]


def without_dead_sensor(
    frame: pl.LazyFrame, columns: Sequence[Column], samples: Callable[[int], Sequence[str]]
) -> tuple[pl.LazyFrame, list[Remark]]:
    """Leave out a temperature that is exactly zero in every row looked at: no sensor was connected."""
    column = next((item for item in columns if item.quantity == "temperature"), None)
    if column is None or "temperature" not in frame.collect_schema().names():
        return frame, []
    filled = [text for text in samples(column.position) if text]
    if filled and all(text.strip("-0.,") == "" for text in filled):
        text = f"'{column.name}' is exactly 0 throughout and was left out: no sensor was connected."
        return frame.drop("temperature"), [Remark("no_temperature_sensor", text, "", "note")]
    return frame, []


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
    point = frame.get_column("data_point")
    if not point.is_sorted():
        frame = frame.sort("data_point", maintain_order=True)
        remarks.append(
            Remark(
                "records_sorted", "The records do not lie in their order; they were sorted by Data_Point.", "", "note"
            )
        )
    numbers = frame.get_column("data_point").drop_nulls()
    if (numbers.diff() == 0).any():
        once = frame.unique(maintain_order=True)
        repeated = frame.height - once.height
        frame, numbers = once, once.get_column("data_point").drop_nulls()
        twice = numbers.filter(numbers.is_duplicated())
        if twice.len():
            raise ReadError(
                f"{where}: {twice.n_unique()} record numbers stand for several different records, the first is Data_Point "
                f"{twice[0]}; several tests may lie in one file. Export each test on its own."
            )
        remarks.append(
            Remark("repeated_records", f"{repeated} records stand in the file twice, alike; each was taken once.")
        )
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


def proposals(mass: object, specific: object, capacity: object) -> tuple[dict[str, str], list[Remark]]:
    """Active mass (header in g) and nominal capacity (header in Ah, or Ah/g times the mass); placeholders are told apart.

    Notes
    -----
    The header of the database prints no units; exports of the same header print ``MASS(g)``, ``Specific Capacity(Ah/g)`` and
    ``Capacity(Ah)``.
    """
    grams, per_gram, whole = _positive(mass), _positive(specific), _positive(capacity)
    found: dict[str, str] = {}
    remarks: list[Remark] = []
    if grams == 1.0:
        remarks.append(
            Remark(
                "placeholder_mass", "The header says a mass of exactly 1 g, which looks like a placeholder.", "", "note"
            )
        )
    elif grams:
        found["active_mass"] = f"{grams * 1e3:.6g} mg"
    if whole:
        found["nominal_capacity"] = f"{whole * 1e3:.6g} mAh"
    elif grams and grams != 1.0 and per_gram:
        found["nominal_capacity"] = f"{grams * per_gram * 1e3:.6g} mAh"
    return found, remarks


def _positive(value: object) -> float:
    try:
        size = float(str(value))
    except ValueError:
        return 0.0
    return size if math.isfinite(size) and size > 0 else 0.0


def named(header: Mapping[str, Any], *names: str) -> str:
    """The first filled value of a header under one of several spellings, as text."""
    folded = {fold(str(name)): value for name, value in header.items()}
    for name in names:
        value = folded.get(fold(name))
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else str(value).strip()
        if text and text.casefold() not in ("none", "nan"):
            return text
    return ""
