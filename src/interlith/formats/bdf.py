"""What does a file in the Battery Data Format (csv or parquet) hold?

Names are either machine-readable (``test_time_second``) or labels (``Test Time / s``). Both fix the unit; a positive current
charges.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import table_writing as writing
from interlith.layouts import time_scale
from interlith.layouts.column_names import split, understand
from interlith.layouts.lazy_text import NULLS, Remark
from interlith.layouts.text_table import TextTable, header_of, read_text_table
from interlith.model import Flag, Format, Reading, Table

VOCABULARY = {
    "testtime": "test_time",
    "voltage": "voltage",
    "current": "current",
    **dict.fromkeys(("cyclecount", "cycleindex", "cycledimensionless"), "vendor_cycle"),
    **dict.fromkeys(("stepindex", "stepid", "stepcount"), "vendor_step"),
    "steptype": "vendor_step_type",
    "steptime": "step_time",
    **dict.fromkeys(("chargingcapacity", "chargecapacity", "stepchargingcapacity"), "charge_counter"),
    **dict.fromkeys(("dischargingcapacity", "dischargecapacity", "stepdischargingcapacity"), "discharge_counter"),
    **dict.fromkeys(("chargingenergy", "chargeenergy"), "charge_energy_counter"),
    **dict.fromkeys(("dischargingenergy", "dischargeenergy"), "discharge_energy_counter"),
    **dict.fromkeys(("ambienttemperature", "surfacetemperature", "temperature"), "temperature"),
    **dict.fromkeys(("datetime", "datetimeisostring"), "wall_clock"),
}
#: Records by which the unit of the time is judged.
FIRST = 1000
_MACHINE = frozenset({"test_time_second", "voltage_volt", "current_ampere"})
_LABELS = frozenset({"testtime/s", "voltage/v", "current/a"})
_WRITTEN = (
    ("test_time", "test_time_second", 6),
    ("voltage", "voltage_volt", 6),
    ("current", "current_ampere", 9),
    ("vendor_cycle", "cycle_count", 0),
    ("vendor_step", "step_index", 0),
    ("step_time", "step_time_second", 6),
    ("charge_counter", "charging_capacity_ah", 9),
    ("discharge_counter", "discharging_capacity_ah", 9),
    ("temperature", "ambient_temperature_celsius", 4),
)


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as BDF text (.bdf.csv): 1 us, 1 uV, 1 nA, 1 nAh.

    Raises
    ------
    StudyError
        If test time, current or voltage is missing, or `metadata` is not empty: BDF text has no header for it.
    """
    writing.start_of(metadata, ())
    frame = writing.completed(frame)
    out = [
        writing.fixed(pl.col(name), decimals).alias(label)
        for name, label, decimals in _WRITTEN
        if name in frame.columns
    ]
    frame.select(out).write_csv(path)


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the three names that every BDF table has, in text or at the end of a parquet file."""
    if head.startswith(b"PAR1"):
        return 0.97 if _is_bdf(_parquet_names(path)) else 0.0
    return 0.97 if _is_bdf(header_of(head, VOCABULARY)) else 0.0


def _is_bdf(names: tuple[str, ...]) -> bool:
    spelled = {name.replace(" ", "").casefold() for name in names}
    return spelled >= _MACHINE or spelled >= _LABELS


def _parquet_names(path: Path) -> tuple[str, ...]:
    try:
        return tuple(pl.scan_parquet(path, glob=False).collect_schema().names())
    except (pl.exceptions.PolarsError, OSError, ValueError):
        return ()


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read BDF text or parquet lazily; a time column in another unit than its name says is refused or flagged.

    Raises
    ------
    ReadError
        If the three needed columns are missing or a unit is not understood.
    """
    try:
        with path.open("rb") as handle:
            magic = handle.read(4)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if magic == b"PAR1":
        frame, names, remarks = _parquet(path)
        last = frame.select(pl.col("test_time").last()).collect().item()
        first = None
    else:
        table = read_text_table(path, VOCABULARY, title="BDF", decimal=options.get("decimal"))
        frame, names, remarks = table.frame, table.layout.names, list(table.remarks)
        last = _last_time(table)
        first = _first_records(table)
    frame, scaling = _scaled(frame, last, first, options, path)
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={"columns": names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in [*remarks, *scaling]),
        test=_test(path),
    )


def _last_time(table: TextTable) -> float:
    column = next((item for item in table.understood if item.quantity == "test_time"), None)
    if column is None:
        raise ReadError(
            f"{table.layout.path}: BDF needs test_time_second; the header is {', '.join(table.layout.names)}."
        )
    texts = [text for text in table.layout.column(column.position) if text]
    try:
        return float(texts[-1].replace(",", ".")) * column.factor
    except ValueError:
        return 0.0


def _first_records(table: TextTable) -> tuple[list[float], list[float]] | None:
    """Times (s as named) and currents (A) of the first records, from the rows that the layout holds already.

    `None` where these are not plain numbers, or too few of a larger file; they must then be read.
    """
    columns = {item.quantity: item for item in table.understood}
    rows = table.layout.head_rows
    found: list[list[float]] = []
    for name in ("test_time", "current"):
        column = columns.get(name)
        if (
            column is None
            or column.kind not in ("number", "duration")
            or (len(rows) < FIRST and table.layout.tail_rows)
        ):
            return None
        texts = [row[column.position].strip() if column.position < len(row) else "" for row in rows[:FIRST]]
        if any(not text or text in NULLS or ":" in text for text in texts):
            return None
        found.append([float(text.replace(",", ".")) * column.factor for text in texts])
    return found[0], found[1]


def _scaled(
    frame: pl.LazyFrame,
    last: float | None,
    records: tuple[list[float], list[float]] | None,
    options: Mapping[str, Any],
    path: Path,
) -> tuple[pl.LazyFrame, tuple[Remark, ...]]:
    """Times in seconds, after judging whether the column is in seconds or as `time_scale` declares."""
    if "time_scale" in options:
        try:
            scale = time_scale.TimeScale(float(options["time_scale"]))
        except (TypeError, ValueError) as error:
            raise ReadError(f"{path}: time_scale is '{options['time_scale']}', which is not a number.") from error
    else:
        both = frame.select("test_time", "current").drop_nulls()
        if records is None:
            first = both.head(FIRST).collect()
            records = (first["test_time"].to_list(), first["current"].to_list())
        scale = time_scale.TimeScale(1.0)
        if time_scale.suspicious(*records, last or 0.0):
            whole = both.collect()
            scale = time_scale.judge(whole["test_time"].to_list(), whole["current"].to_list(), where=str(path))
    if scale.factor == 1.0:
        return frame, scale.remarks
    names = [name for name in ("test_time", "step_time") if name in frame.collect_schema().names()]
    return frame.with_columns(pl.col(names) * scale.factor), scale.remarks


def _parquet(path: Path) -> tuple[pl.LazyFrame, tuple[str, ...], list[Remark]]:
    names = _parquet_names(path)
    if not names:
        raise ReadError(f"{path}: the parquet file is damaged or holds no column; copy it again.")
    columns = understand(names, VOCABULARY, where=str(path))
    missing = {"test_time", "voltage", "current"} - {column.quantity for column in columns}
    if missing:
        raise ReadError(
            f"{path}: the BDF table has no column for {', '.join(sorted(missing))}; it has {', '.join(names)}."
        )
    out = []
    for column in columns:
        value = pl.col(column.name)
        if column.kind in ("number", "duration"):
            value = value.cast(pl.Float64) * column.factor
        elif column.kind == "integer":
            value = value.cast(pl.Int64)
        elif column.kind == "text":
            value = value.cast(pl.String)
        else:
            continue
        out.append(value.alias(column.quantity))
    return pl.scan_parquet(path, glob=False).select(out), names, []


def _test(path: Path) -> dict[str, str]:
    """BDF file names are ``institution__cell__date__...``: cell and date, as far as the name has them."""
    parts = path.name.split("__")
    return {"barcode": parts[1], "start": parts[2]} if len(parts) > 3 and split(parts[1]).stem else {}


FORMAT = Format(
    name="bdf",
    title="Battery Data Format",
    patterns=("*.bdf.csv", "*.bdf.parquet", "*.bdf"),
    sniff=sniff,
    read=read,
    source="battery-data-alliance/battery-data-format (Apache-2.0), its ontology labels and reference files",
    versions_seen=("machine-readable names", "preferred labels"),
    write=write,
)
