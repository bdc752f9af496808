"""What does a Maccor text hold: a raw export (.001, .txt; tabs), or one of MIMS (csv or tabs, decimal point or comma)?

The counters are unsigned, serve both directions and begin anew as the procedure says; they are taken apart. Where the current is printed without sign, the letter of the state
gives it. Dates stand in the order of the computer's locale; one that is not proven is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import counter_checks, current_sign, device_time, maccor_words, shared_counter
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import Column, split, understand
from interlith.layouts.date_order import Order, order_of, seconds_of
from interlith.layouts.lazy_text import NULLS, Remark, refusal, scan
from interlith.layouts.text_layout import Layout, decode, is_text, layout_of
from interlith.layouts.text_table import blank_rows, header_of, names_cycling
from interlith.model import Flag, Format, Reading, Table
from interlith.physics.step_words import translate

_LETTERS = {
    **{("rest", control): "R" for control in ("", "cc", "cv")},
    **{("charge", control): "C" for control in ("", "cc", "cv", "cccv")},
    **{("discharge", control): "D" for control in ("", "cc", "cv", "cccv")},
}
#: A temperature outside of this (degC) is none: no sensor was connected.
COLDEST, HOTTEST = -100.0, 500.0
#: Dates that are looked at.
DATES = 60
#: Parts of a day (s) by which a time of day must fall for a new day.
HALF_DAY = 43_200.0
_MILLIVOLTS = "The table is in milliamperes and its numbers under 'Volts' are beyond any cell's, so they were taken as millivolts."
_OF_DAY = re.compile(r"\d{1,2}:\d\d:\d\d(?: ?[AaPp][Mm])?$")


@dataclass
class _Clock:
    """The wall clock as an expression, the start of the test, and what must be said of them."""

    column: pl.Expr | None = None
    start: datetime | None = None
    remarks: list[Remark] = field(default_factory=list)


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as a raw export with signed current: 0.1 ms, 1e-10 A, Ah and Wh, 1e-8 V.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle``, ``vendor_step`` and ``vendor_step_type`` are needed too.
    path
        File to write.
    metadata
        ``start`` (ISO text; adds the column DPt Time), ``filename``, ``procedure`` and ``comment``.

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start", "filename", "procedure", "comment"))
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step", "vendor_step_type"))
    words = frame.get_column("vendor_step_type").cast(pl.String).unique().drop_nulls().to_list()
    zero = pl.lit(0.0)
    out = [
        pl.int_range(1, pl.len() + 1).alias("Rec#"),
        pl.col("vendor_cycle").alias("Cyc#"),
        pl.col("vendor_step").alias("Step"),
        writing.fixed(pl.col("test_time"), 4).alias("Test (Sec)"),
        writing.fixed(pl.col("step_time"), 4).alias("Step (Sec)"),
        writing.fixed(pl.col("capacity_counter") if "capacity_counter" in frame.columns else zero, 10).alias("Amp-hr"),
        writing.fixed(pl.col("energy_counter") if "energy_counter" in frame.columns else zero, 10).alias("Watt-hr"),
        writing.fixed(pl.col("current"), 10).alias("Amps"),
        writing.fixed(pl.col("voltage"), 8).alias("Volts"),
        translate(pl.col("vendor_step_type"), _LETTERS, words).alias("State"),
        pl.lit(1).alias("ES"),
    ]
    day = "" if start is None else start.strftime("%m/%d/%Y")
    if start is not None:
        out.append(writing.dates(start).dt.strftime("%m/%d/%Y %H:%M:%S").alias("DPt Time"))
    name, procedure = metadata.get("filename", path.name), metadata.get("procedure", "simulated.000")
    comment = metadata.get("comment", "")
    first = f"Today's Date {day}  Date of Test:\t{day}\t Filename:\t{name} Procedure: {procedure}\tComment/Barcode: {comment}\r\n"
    table = frame.select(out).write_csv(separator="\t", line_terminator="\r\n", quote_style="never")
    path.write_bytes((first + table).encode("cp1252", errors="replace"))


def sniff(head: bytes, path: Path) -> float:
    """Confidence from Maccor's first words and the names of its columns."""
    del path
    if not is_text(head):
        return 0.0
    begins = decode(head[:200])[0].lstrip('\ufeff "').casefold().startswith("today's date")
    names = header_of(head, maccor_words.VOCABULARY)
    return maccor_words.confidence(names, begins) if names else 0.5 * begins


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a Maccor text lazily.

    Raises
    ------
    ReadError
        If no header names time, current and voltage, numbers are in a style that could be misread, or the direction of the
        current is lost.
    """
    layout = layout_of(
        path,
        lambda row: names_cycling(row, maccor_words.VOCABULARY),
        missing="no line names a time (Test or TestTime), a current (Amps) and a voltage (Volts) as Maccor does; export the "
        "records with all columns.",
        decimal=options.get("decimal"),
        grouped=True,
    )
    names = maccor_words.plain_names(layout.names, layout.head_rows[:200])
    left_out: list[str] = []
    understood = understand(
        names, maccor_words.VOCABULARY, where=str(path), units=maccor_words.UNITS, left_out=left_out
    )
    try:
        frame, remarks = _records(layout, understood, path)
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(path)) from error
    if maccor_words.says_volts_means_millivolts(layout.names, layout.head_rows[:200]):
        remarks.append(Remark("units_assumed", _MILLIVOLTS))
    header = maccor_words.preamble(layout.preamble)
    clock = _clock(layout, understood, header)
    if "wall_clock" in frame.collect_schema().names():
        frame = (
            frame.drop("wall_clock") if clock.column is None else frame.with_columns(clock.column.alias("wall_clock"))
        )
    remarks = [
        *remarks,
        *clock.remarks,
        *_impedance(layout, understood),
        *(Remark("column_left_out", text) for text in left_out),
    ]
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={**header, "columns": layout.names, "encoding": layout.encoding},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        proposals=maccor_words.proposals(header),
        test=maccor_words.test_of(header, clock.start),
    )


def _records(layout: Layout, understood: tuple[Column, ...], path: Path) -> tuple[pl.LazyFrame, list[Remark]]:
    kept = [_as_text(column) for column in understood if not _dead(layout, column)]
    frame, remarks = scan(layout, kept)
    if len(kept) < len(understood):
        remarks.append(Remark("no_temperature_sensor", "The temperature is none; no sensor was connected.", "", "note"))
    names = set(frame.collect_schema().names())
    if blank_rows(layout):
        frame = frame.filter(pl.col("current").is_not_null() | pl.col("voltage").is_not_null())
        remarks.append(Remark("blank_rows", "Blank rows between the records were left out.", "", "note"))
    frame, more = device_time.from_step_time(frame, names)
    remarks += more
    frame, signs = current_sign.settled(frame, str(path))
    remarks += signs
    current = next(column for column in understood if column.quantity == "current")
    if split(current.name).unit is None and split(current.name).stem != "amps":
        remarks += _assumed(frame, path)
    return shared_counter.in_two_counters(frame, frame.collect_schema().names()), remarks


def _as_text(column: Column) -> Column:
    """Dates are read here, since their order must be proven first."""
    return column if column.kind != "date" else Column(column.position, column.name, column.quantity, "text")


def _dead(layout: Layout, column: Column) -> bool:
    if column.quantity != "temperature":
        return False
    texts = [text.replace(",", ".") for text in layout.column(column.position) if text and text not in NULLS]
    values = [float(text) for text in texts if re.fullmatch(r"[-+]?\d+\.?\d*", text)]
    return not values or all(value == 0.0 or not COLDEST < value < HOTTEST for value in values)


def _assumed(frame: pl.LazyFrame, path: Path) -> list[Remark]:
    """Numbers without units must agree among themselves: integral of the current with the counter."""
    said = "No units are printed; Maccor's own were taken (A, V, Ah, Wh, degC)"
    if "capacity_counter" not in frame.collect_schema().names():
        return [Remark("units_assumed", f"{said}, without a counter to check them by.")]
    ratio = counter_checks.integral_over_counters(frame.head(current_sign.FIRST).collect())
    if math.isnan(ratio):
        return [Remark("units_assumed", f"{said}; no current flows in the records looked at.", "", "note")]
    if not 0.5 <= ratio <= 2.0:
        raise ReadError(
            f"{path}: no units are printed, and the integral of the current is {ratio:.4g} times what the capacity says, so they "
            "are not in A and Ah together. Export with units in the header."
        )
    return [Remark("units_assumed", f"{said}; the integral of the current is {ratio:.4g} of the capacity.", "", "note")]


def _impedance(layout: Layout, understood: tuple[Column, ...]) -> list[Remark]:
    column = next((item for item in understood if item.quantity == "vendor_step_type"), None)
    count = layout.column(column.position).count("FRA") if column else 0
    text = (
        f"{count} records say FRA: an impedance was measured, but its spectrum is not in this text; read the file of the "
        "analyser beside it."
    )
    return [Remark("spectrum_elsewhere", text, "", "note")] if count else []


def _clock(layout: Layout, understood: tuple[Column, ...], header: Mapping[str, str]) -> _Clock:
    column = next((item for item in understood if item.quantity == "wall_clock"), None)
    spelled = maccor_words.spelled_date(header)
    if column is None:
        return _Clock(start=spelled)
    time = next((item for item in understood if item.quantity == "test_time"), None)
    rows = [
        row
        for row in (*layout.head_rows, *layout.tail_rows)
        if len(row) > column.position and row[column.position].strip()
    ]
    rows = rows[:: max(1, len(rows) // DATES)] + rows[-1:]
    texts = [row[column.position].strip() for row in rows]
    if texts and all(map(_OF_DAY.match, texts)):
        return _of_day(texts[0], spelled)
    seconds = [seconds_of(row[time.position], time.factor) for row in rows] if time is not None else []
    beside = [header[label] for label in ("Today's Date", "Date of Test") if label in header]
    order = order_of(
        texts, seconds=[] if None in seconds else [s for s in seconds if s is not None], beside=beside, spelled=spelled
    )
    if not order.pattern:
        return _Clock(remarks=[_undated(order, texts)])
    read_as = pl.col("wall_clock").str.strip_chars().str.to_datetime(order.pattern, strict=False, time_unit="ms")
    first = pl.select(pl.lit(texts[0]).str.to_datetime(order.pattern, strict=False, time_unit="ms")).item()
    return _Clock(read_as, first)


def _undated(order: Order, texts: list[str]) -> Remark:
    if order.ambiguous:
        text = f"'{texts[0]}' could have the day or the month first, and nothing in the file proves which; the dates were left out."
        return Remark("date_ambiguous", text, "", "warning")
    shown = texts[0] if texts else ""
    return Remark("clock_not_understood", f"The dates in 'DPt Time' ('{shown}') are not understood.", "", "note")


def _of_day(first: str, spelled: datetime | None) -> _Clock:
    """A time of day without a date runs on from the date of the test; each fall by half a day is a midnight."""
    if spelled is None:
        text = f"The clock prints the time of day only ('{first}') and the date of the test is not proven; it was left out."
        return _Clock(remarks=[Remark("clock_without_date", text, "", "note")])
    pattern = "%I:%M:%S %p" if first[-1] in "mM" else "%H:%M:%S"
    began = datetime.strptime(first, pattern)
    day = spelled.replace(hour=0, minute=0, second=0, microsecond=0)
    of_day = pl.col("wall_clock").str.to_time(pattern, strict=False).cast(pl.Int64) / 1e9
    days = (of_day.diff().fill_null(0.0) < -HALF_DAY).cast(pl.Int64).cum_sum()
    column = pl.lit(day).cast(pl.Datetime("ms")) + pl.duration(
        milliseconds=((of_day + 86_400.0 * days) * 1000).round(0).cast(pl.Int64)
    )
    text = "The clock prints the time of day only; it was counted on from the date of the test, a day at each midnight."
    start = day + timedelta(hours=began.hour, minutes=began.minute, seconds=began.second)
    return _Clock(column.cast(pl.Datetime("ms")), start, [Remark("time_of_day", text, "", "note")])


FORMAT = Format(
    name="maccor_text",
    title="Maccor text export (.001, .txt, .csv)",
    patterns=("*.0[0-9][0-9]", "*.[0-9][0-9][0-9]", "*.txt", "*.csv"),
    sniff=sniff,
    read=read,
    source="Maccor files in public data sets and the layouts that public readers describe (TRI-AMDD/beep, ROVI-org/"
    "battery-data-toolkit, ImperialCollegeLondon/PyProBE, jepegit/cellpy, battery-data-alliance/battery-data-format)",
    versions_seen=(
        "raw export, signed",
        "raw export, unsigned with state",
        "raw export with day counts",
        "in mA",
        "MIMS csv",
    ),
    write=write,
    reads=(
        "raw and MIMS exports; signed and unsigned currents by their state letters; days, hours, minutes or "
        "seconds; digit groups and decimal comma where the file proves them"
    ),
    limits=(
        "spectra of a frequency analyser (they are in its own file); dates whose day and month cannot be told "
        "(left out, with a flag)"
    ),
)
