"""Which words and habits do LAND/LANDT exports have, be they text or workbook?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.column_names import Column, split, unit_factor
from interlith.layouts.dates import iso
from interlith.layouts.implied_mass import implied_mass
from interlith.layouts.lazy_text import Remark

VOCABULARY = {
    **dict.fromkeys(("record", "recordno", "recno", "记录序号"), "vendor_record"),
    **dict.fromkeys(("cycleno", "cycleindex", "cycle", "循环序号", "循环号"), "vendor_cycle"),
    **dict.fromkeys(("stepno", "stepindex", "step", "工步序号", "工步号"), "vendor_step"),
    **dict.fromkeys(("stepstatus", "stepstate", "state", "stepname", "状态", "工步状态"), "vendor_step_type"),
    **dict.fromkeys(("testtime", "test", "测试时间"), "test_time"),
    **dict.fromkeys(("steptime", "步骤时间", "工步时间"), "step_time"),
    **dict.fromkeys(("current", "amps", "电流"), "current"),
    **dict.fromkeys(("voltage", "volts", "电压"), "voltage"),
    **dict.fromkeys(("capacity", "容量"), "capacity_counter"),
    "chargecapacity": "charge_counter",
    "dischargecapacity": "discharge_counter",
    **dict.fromkeys(("energy", "能量"), "energy_counter"),
    "chargeenergy": "charge_energy_counter",
    "dischargeenergy": "discharge_energy_counter",
    **dict.fromkeys(("systime", "datetimeisostring", "系统时间"), "wall_clock"),
    **dict.fromkeys(("auxtemp", "temperature1"), "temperature"),
}
#: Units that the names Amps and Volts say by themselves.
UNITS = {"current": "A", "voltage": "V"}
_SLASHED = frozenset({"voltage/v", "电压/v", "voltage/mv"})
_OWN = frozenset({"record", "index", "记录序号", "systime", "系统时间", "stepstatus", "stepstate", "cycleno"})
_SPECIFIC = ("specap", "scapacity", "比容量")


def confidence(names: Sequence[str], found: set[str]) -> float:
    """Confidence that a header is LANDT's; other vendors that share some of its words are turned down."""
    if {"channelindex", "datetimeisostring", "stepname"} <= found:
        return 0.95
    spelled = {name.replace(" ", "").casefold() for name in names}
    own = len(found & _OWN)
    if spelled & _SLASHED and any(name.startswith(("testtime", "测试时间", "test-time")) for name in spelled) and own:
        return 0.95 if own > 1 else 0.8
    return 0.0


def preamble(lines: Sequence[str], delimiter: str) -> dict[str, str]:
    """Header lines ``name: value`` before the table; fields after the first are joined to it."""
    found: dict[str, str] = {}
    for line in lines:
        text = " ".join(field.strip() for field in line.split(delimiter) if field.strip())
        name, mark, value = text.partition(":")
        if mark and name.strip():
            found[name.strip()] = value.strip()
    return found


def resolution_remarks(columns: Sequence[Column], samples: Callable[[int], Sequence[str]]) -> list[Remark]:
    """Warn where the printed step of current or counter is coarse against the largest value in the rows looked at."""
    found: list[Remark] = []
    for column in columns:
        if column.kind != "number" or column.quantity not in ("current", "charge_counter", "discharge_counter"):
            continue
        values = [text for text in samples(column.position) if text.replace(".", "").strip("-+ ").isdigit()]
        decimals = max((len(text.partition(".")[2]) for text in values), default=0)
        largest = max((abs(float(text)) for text in values), default=0.0)
        step = 10.0**-decimals
        if largest > 0 and step / largest > 0.005:
            found.append(
                Remark(
                    "coarse_resolution",
                    f"'{column.name}' is printed in steps of {step * column.factor:.3g} while its largest value seen is "
                    f"{largest * column.factor:.3g}: rounding is up to {50 * step / largest:.0f} %.",
                    f"column {column.position + 1}",
                )
            )
    return found


def without_dead_sensor(
    frame: pl.LazyFrame, columns: Sequence[Column], samples: Callable[[int], Sequence[str]]
) -> tuple[pl.LazyFrame, list[Remark]]:
    """Leave out a temperature that is exactly zero in every row looked at: no sensor was connected."""
    column = next((item for item in columns if item.quantity == "temperature"), None)
    if column is None or "temperature" not in frame.collect_schema().names():
        return frame, []
    values = samples(column.position)
    if values and all(text.strip("0.") == "" for text in values if text):
        remark = Remark(
            "no_temperature_sensor", f"'{column.name}' is exactly 0 throughout and was left out.", "", "note"
        )
        return frame.drop("temperature"), [remark]
    return frame, []


def proposals(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Active mass implied by a specific capacity beside the capacity."""
    places = {split(name).stem: position for position, name in enumerate(names)}
    total = next((places[stem] for stem in ("capacity", "容量") if stem in places), None)
    specific = next((places[stem] for stem in _SPECIFIC if stem in places), None)
    unit = split(names[total]).unit if total is not None else None
    if total is None or specific is None or unit is None:
        return {}
    try:
        factor = unit_factor(unit, "capacity_counter", column=names[total], where="header")
    except ReadError:
        return {}
    whole = [row for row in rows if len(row) > max(total, specific)]
    mass = implied_mass([row[total] for row in whole], [row[specific] for row in whole], factor=factor)
    return {"active_mass": mass} if mass else {}


def test_of(columns: Sequence[Column], samples: Callable[[int], Sequence[str]]) -> dict[str, str]:
    """Start of the test, from the first wall clock."""
    column = next((item for item in columns if item.quantity == "wall_clock"), None)
    first = next(iter(samples(column.position)), "") if column is not None else ""
    return {"start": iso(first)} if first else {}
