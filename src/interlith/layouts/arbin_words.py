"""Which words and habits does Arbin have, be it a database, a text, a workbook or HDF5?

Arbin's own software works in s, V, A, Ah and Wh; its database and some exports print no units at all. Counters of charge and
energy are unsigned, one for each direction, and a positive current charges.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from interlith.layouts.column_names import Column, fold, split
from interlith.layouts.lazy_text import Remark

#: Auxiliary inputs and thermocouples are numbered from 1.
_INPUTS = range(1, 129)
VOCABULARY = {
    "datapoint": "vendor_record",
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


def confidence(names: Sequence[str]) -> float:
    """Confidence that a header is of Arbin's records, from the spelling of its names; tables of others are turned down."""
    return 0.0 if is_statistics(names) else _spelling(names)


def is_statistics(names: Sequence[str]) -> bool:
    """Whether a header is of Arbin's statistics, which have one row a cycle or step and else the names of records."""
    found = {split(name).stem for name in names}
    told = (
        "vmaxoncycle" in found
        or {"chargetime", "dischargetime"} <= found
        or any("efficiency" in stem for stem in found)
    )
    return told and _spelling(names) > 0


def _spelling(names: Sequence[str]) -> float:
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
