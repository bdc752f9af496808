"""What does a Digatron export (BTS-600, Battery Manager) hold, in German or English?

The units stand in a line of their own below the header (``[V]``, ``[A]``, ``[Ah]``) or behind each name (``Voltage#V``); they
are never guessed. Charge is counted in each direction (``AhCha``/``AhLad``, ``AhDch``/``AhEla``) or as a balance (``AhAccu``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import counter_checks, current_sign, device_time, net_charge
from interlith.layouts.column_names import Column, split, understand
from interlith.layouts.date_order import order_of, read_date, seconds_of
from interlith.layouts.lazy_text import Remark, refusal, scan
from interlith.layouts.text_layout import BLOCK, Layout, decode, fields, header_rows, layout_of
from interlith.layouts.text_table import blank_rows, names_cycling
from interlith.model import Flag, Format, Reading, Table

VOCABULARY = {
    **dict.fromkeys(("progtime", "programtime", "programduration", "programmdauer", "programmzeit"), "test_time"),
    **dict.fromkeys(("steptime", "stepduration", "schrittdauer", "schrittzeit"), "step_time"),
    **dict.fromkeys(("timestamp", "zeitstempel"), "wall_clock"),
    **dict.fromkeys(("step", "stepno", "stepnr", "schritt", "schrittnr", "schrittnummer"), "vendor_step"),
    **dict.fromkeys(("status", "zustand"), "vendor_step_type"),
    **dict.fromkeys(("cycle", "zyklus"), "vendor_cycle"),
    **dict.fromkeys(("voltage", "spannung"), "voltage"),
    **dict.fromkeys(("current", "strom"), "current"),
    **dict.fromkeys(("ahcha", "ahlad"), "charge_counter"),
    **dict.fromkeys(("ahdch", "ahela"), "discharge_counter"),
    **dict.fromkeys(("whcha", "whlad"), "charge_energy_counter"),
    **dict.fromkeys(("whdch", "whela"), "discharge_energy_counter"),
    **dict.fromkeys(("temperature", "temp", "temp1", "t1", "tbatt", "logtemp001"), "temperature"),
}
#: Balances of charge and energy, which are read where the directions are not counted apart.
_BALANCES = {
    **dict.fromkeys(("ahaccu", "ahakku", "ahbal", "capacity", "kapazität"), "capacity_counter"),
    **dict.fromkeys(("whaccu", "whakku", "whbal", "energie"), "energy_counter"),
}
_OWN = (
    frozenset(VOCABULARY)
    | frozenset(_BALANCES)
    | {"cyclelevel", "zyklusebene", "procedure", "prozedur", "prozedurebene"}
)
_SURE = frozenset(
    {
        "progtime",
        "programduration",
        "programmdauer",
        "cyclelevel",
        "zyklusebene",
        "prozedurebene",
        "ahaccu",
        "ahakku",
        "ahlad",
    }
    | {"ahcha", "ahdch", "ahela", "schrittdauer", "schrittzeit", "stepduration", "ahstep"}
)
_UNIT = re.compile(r"\[(?P<unit>[^\[\]]*)\]$")
_LABELS = {
    "test_id": ("Measurement ID", "Auftragsnummer", "Order Number", "Program", "Programm"),
    "barcode": ("Battery Name", "Battery", "Prüfling", "Batterie", "Serial Number", "Seriennummer"),
    "channel": ("Circuit", "Channel", "Prüfkreis", "Kreis", "Kanal"),
}
_STARTS = ("Start Time", "Startzeit", "Start")
#: Dates that are looked at.
DATES = 60
#: Shares of 1000 within which times are milliseconds behind a name that says seconds.
MILLI = (950.0, 1050.0)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the names that only Digatron's software prints."""
    del path
    names = next((row for _, _, row in header_rows(head) if _accept(row)), ())
    stems = {split(_plain(name)).stem for name in names}
    sure, own = stems & _SURE, stems & _OWN
    return 0.95 if len(sure) >= 2 and len(own) >= 6 else 0.6 if len(sure) >= 1 and len(own) >= 6 else 0.0


def _plain(name: str) -> str:
    """``Voltage#V`` as ``Voltage (V)``."""
    text = name.strip().strip("\ufeff").strip('"')
    stem, sign, unit = text.rpartition("#")
    return f"{stem} ({unit})" if sign and stem and unit else text


def _accept(row: Sequence[str]) -> bool:
    return names_cycling([_plain(name) for name in row], VOCABULARY)


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a Digatron text lazily.

    Raises
    ------
    ReadError
        If no header names time, voltage and current, no unit is printed for them, or times contradict the clock.
    """
    layout = layout_of(
        path,
        _accept,
        missing="no line names a time, a voltage and a current as Digatron does; export the records with all columns.",
        decimal=options.get("decimal"),
        grouped=True,
    )
    names = _with_units(layout)
    left_out: list[str] = []
    stems = {split(name).stem for name in names}
    words = VOCABULARY if stems & {"ahcha", "ahlad"} else VOCABULARY | _BALANCES
    understood = understand(names, words, where=str(path), left_out=left_out)
    texts = tuple(
        column if column.kind != "date" else Column(column.position, column.name, column.quantity, "text")
        for column in understood
    )
    header = _header(layout)
    try:
        frame, remarks = scan(layout, texts)
        frame, more = _timed(frame, layout, understood)
        frame, dated = _dated(frame, layout, understood, [header[name] for name in _STARTS if name in header])
        frame, counted = _records(frame, str(path))
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(path)) from error
    remarks = [*remarks, *more, *dated, *counted, *(Remark("column_left_out", text) for text in left_out)]
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={**header, "columns": layout.names, "encoding": layout.encoding},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        test=_test(header, layout, understood),
    )


def _with_units(layout: Layout) -> tuple[str, ...]:
    """Names with the units of the line below the header, where there is one."""
    names = tuple(_plain(name) for name in layout.names)
    below = _units_line(layout)
    if below is None:
        return names
    out = list(names)
    for place, text in enumerate(below[: len(names)]):
        match = _UNIT.match(text.strip())
        if match and match["unit"].strip() and split(names[place]).unit is None:
            out[place] = f"{names[place]} ({match['unit'].strip()})"
    return tuple(out)


def _units_line(layout: Layout) -> list[str] | None:
    if layout.data_line <= layout.header_line + 1:
        return None
    if layout.content is not None:
        head = layout.content[:BLOCK]
    else:
        with layout.path.open("rb") as handle:
            head = handle.read(BLOCK)
    lines = decode(head)[0].split("\n")[layout.header_line + 1 : layout.data_line]
    rows = (fields(line.rstrip("\r"), layout.delimiter) for line in lines)
    return next((row for row in rows if sum(bool(_UNIT.match(text.strip())) for text in row) >= 2), None)


def _timed(frame: pl.LazyFrame, layout: Layout, understood: Sequence[Column]) -> tuple[pl.LazyFrame, list[Remark]]:
    """Device time from the start: program time, or the sum of step times that begin anew in each step."""
    names = frame.collect_schema().names()
    if blank_rows(layout):
        frame = frame.filter(pl.col("current").is_not_null() | pl.col("voltage").is_not_null())
    if "test_time" in names:
        return frame, []
    if "vendor_step" in names:
        changed = pl.col("vendor_step").ne_missing(pl.col("vendor_step").shift(1)).slice(1)
        goes_on = (pl.col("step_time").diff() >= 0).slice(1)
        told = frame.select(changed.sum().alias("changes"), (changed & goes_on).sum().alias("on")).collect()
        if told["changes"].item() and told["on"].item() == told["changes"].item():
            name = next(column.name for column in understood if column.quantity == "step_time")
            text = f"'{name}' goes on over the changes of step, so it is the time of the whole test."
            return frame.rename({"step_time": "test_time"}), [Remark("time_of_test", text, "", "note")]
    return device_time.from_step_time(frame, set(names))


def _in_seconds(frame: pl.LazyFrame) -> tuple[pl.LazyFrame, list[Remark]]:
    """Times in milliseconds behind a name that says seconds are seen by the counters, or by the clock."""
    names = frame.collect_schema().names()
    first = frame.head(current_sign.FIRST).collect()
    ratio = math.nan
    if {"charge_counter", "discharge_counter"} <= set(names):
        ratio = counter_checks.integral_over_counters(first)
        beside = "The integral of the current is {} times the counters"
    if math.isnan(ratio) and "wall_clock" in names:
        both = first.select("test_time", pl.col("wall_clock").cast(pl.Int64) / 1e3).drop_nulls()
        passed = both["wall_clock"][-1] - both["wall_clock"][0] if both.height > 1 else 0.0
        ratio = (both["test_time"][-1] - both["test_time"][0]) / passed if passed > 0 else math.nan
        beside = "The device time runs {} times as fast as the clock"
    if math.isnan(ratio) or not MILLI[0] <= ratio <= MILLI[1]:
        return frame, []
    times = [name for name in ("test_time", "step_time") if name in names]
    text = f"{beside.format(f'{ratio:.4g}')}: the times are milliseconds, and were divided by 1000."
    return frame.with_columns(pl.col(times) / 1000.0), [Remark("time_in_milliseconds", text)]


def _dated(
    frame: pl.LazyFrame, layout: Layout, understood: Sequence[Column], beside: Sequence[str]
) -> tuple[pl.LazyFrame, list[Remark]]:
    column = next((item for item in understood if item.quantity == "wall_clock"), None)
    if column is None:
        return frame, []
    time = next((item for item in understood if item.quantity == "test_time"), None)
    places = [column.position] if time is None else [column.position, time.position]
    rows = [row for row in (*layout.head_rows, *layout.tail_rows) if len(row) > max(places) and row[places[0]].strip()]
    rows = rows[:: max(1, len(rows) // DATES)] + rows[-1:]
    texts = [row[column.position].strip() for row in rows]
    seconds = [seconds_of(row[time.position], time.factor) for row in rows] if time is not None else []
    order = order_of(
        texts, seconds=[] if None in seconds else [one for one in seconds if one is not None], beside=beside
    )
    if order.pattern:
        clock = pl.col("wall_clock").str.strip_chars().str.to_datetime(order.pattern, strict=False, time_unit="ms")
        return frame.with_columns(clock.alias("wall_clock")), []
    shown = texts[0] if texts else ""
    if order.ambiguous:
        text = f"'{shown}' could have the day or the month first, and nothing in the file proves which; the dates were left out."
        return frame.drop("wall_clock"), [Remark("date_ambiguous", text)]
    return frame.drop("wall_clock"), [
        Remark("clock_not_understood", f"The dates in '{column.name}' ('{shown}') are not understood.", "", "note")
    ]


def _records(frame: pl.LazyFrame, where: str) -> tuple[pl.LazyFrame, list[Remark]]:
    frame, scaled = _in_seconds(frame)
    frame, signs = current_sign.settled(frame, where)
    remarks = [*scaled, *signs]
    names = frame.collect_schema().names()
    if "charge_counter" in names:
        counters = [name for name in names if name.endswith("_counter")]
        return frame.with_columns(pl.col(counters).abs()), remarks
    if "capacity_counter" in names:
        first = frame.select("capacity_counter", "current").head(current_sign.FIRST).collect().fill_null(0.0)
        remarks += net_charge.remarks_on(first["capacity_counter"].to_list(), first["current"].to_list())
    return net_charge.in_two_counters(frame, names), remarks


def _header(layout: Layout) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in layout.preamble:
        parts = [part.strip().strip('"') for part in fields(line.strip().strip("\ufeff"), layout.delimiter)]
        filled = [part for part in parts if part]
        if len(filled) >= 2:
            found.setdefault(filled[0].rstrip(":"), " ".join(filled[1:]))
    return found


def _test(header: Mapping[str, str], layout: Layout, understood: Sequence[Column]) -> dict[str, str]:
    found = {}
    for key, labels in _LABELS.items():
        text = next((header[label] for label in labels if header.get(label)), "")
        if text:
            found[key] = text
    start = next((read_date(header[label]) for label in _STARTS if label in header), None)
    column = next((item for item in understood if item.quantity == "wall_clock"), None)
    if start is None and column is not None:
        start = next((read_date(text) for text in layout.column(column.position)[:1]), None)
    if start is not None:
        found["start"] = start.isoformat(timespec="seconds")
    return found


FORMAT = Format(
    name="digatron",
    title="Digatron text export (.csv, .txt)",
    patterns=("*.csv", "*.txt"),
    sniff=sniff,
    read=read,
    source="headers that public readers and data sets describe (LG HG2 data of McMaster University, eet-tub/pydpeet, "
    "battery-data-alliance/battery-data-format)",
    versions_seen=("Battery Manager 4, units in a line", "units behind names", "BTS-600, German"),
    reads="English and German names with units in their own line or behind the names",
    limits="files without units",
)
