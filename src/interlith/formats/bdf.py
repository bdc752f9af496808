"""What does a file in the Battery Data Format hold: text, packed or not, parquet, Arrow or JSON lines?

Names are either machine-readable (``test_time_second``) or labels (``Test Time / s``). Both fix the unit, which is usually but
not always the one of the standard; a positive current charges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import archives, current_sign, device_time, net_charge, time_scale, typed_table
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import Column, fold, split, understand
from interlith.layouts.lazy_text import NULLS, Remark
from interlith.layouts.text_layout import header_rows, layout_of
from interlith.layouts.text_table import TextTable, assemble, names_cycling
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
    **dict.fromkeys(("temperaturet1", "surfacetemperaturet1"), "temperature"),
    **dict.fromkeys(("unixtime", "datetime", "datetimeisostring", "datetimeiso"), "wall_clock"),
}
#: Columns of either direction, used where a table has none for each.
NET = {
    **dict.fromkeys(("netcapacity", "stepcapacity"), "capacity_counter"),
    **dict.fromkeys(("netenergy", "stepenergy"), "energy_counter"),
}
#: Words that end a machine-readable name, and the unit that each means.
_ENDS = {
    "second": "s", "millisecond": "ms", "microsecond": "us", "minute": "min", "hour": "h", "day": "d",
    "volt": "V", "millivolt": "mV", "microvolt": "uV",
    "ampere": "A", "milliampere": "mA", "microampere": "uA", "nanoampere": "nA",
    "ampere_hour": "Ah", "milliampere_hour": "mAh", "ah": "Ah", "mah": "mAh", "coulomb": "coulomb",
    "watt_hour": "Wh", "milliwatt_hour": "mWh", "wh": "Wh", "mwh": "mWh", "celsius": "degC", "kelvin": "kelvin",
}  # fmt: skip
#: Quantities that a table can do without. A converter may keep the vendor's own columns of them, without units, beside those
#: that it named as the standard does.
_MEASURED = frozenset(
    {"step_time", "temperature", "capacity_counter", "energy_counter", "charge_counter", "discharge_counter"}
    | {"charge_energy_counter", "discharge_energy_counter"}
)
#: Records by which the unit of the time is judged.
FIRST = 1000
_LABELS = frozenset({"testtime/s", "voltage/v", "current/a"})
_LABEL = re.compile(r"(?P<stem>test time|voltage|current) / \S+$", re.IGNORECASE)
_MACHINE = re.compile(r"(?P<stem>test_time|voltage|current)_(?P<end>[a-z_]+)$")
_NEEDED = frozenset({"testtime", "voltage", "current"})
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
    """Confidence from the three names that every BDF table has, in text or in the schema of a typed table."""
    if head.startswith(archives.GZIP):
        head = archives.gunzip_head(head)
    typed = typed_table.opened(path, head)
    if typed is not None:
        return 0.97 if _is_bdf(typed.collect_schema().names()) else 0.0
    return 0.97 if any(_is_bdf(row) for _, _, row in header_rows(head)) else 0.0


def _is_bdf(names: Sequence[str]) -> bool:
    """Whether time, voltage and current are named as the standard names them, in whatever unit."""
    names = [name.strip().strip("\ufeff") for name in names]
    if {name.replace(" ", "").casefold() for name in names} >= _LABELS:
        return True
    found = {fold(match["stem"]) for name in names if (match := _LABEL.match(name))}
    found |= {fold(match["stem"]) for name in names if (match := _MACHINE.match(name)) and match["end"] in _ENDS}
    return found >= _NEEDED


def _spelled(name: str) -> str:
    """A machine-readable name as a label: ``current_milliampere`` -> ``current / mA``."""
    plain = name.strip()
    for end in sorted(_ENDS, key=len, reverse=True):
        if plain.casefold().endswith(f"_{end}"):
            return f"{plain[: -len(end) - 1]} / {_ENDS[end]}"
    return plain


def _vocabulary(names: Sequence[str]) -> dict[str, str]:
    """Meaning of the names of one table: with a counter for each direction it needs no net one."""
    spelled = {_spelled(name): split(_spelled(name)).stem for name in names}
    both = {VOCABULARY.get(stem) for stem in spelled.values()}
    return VOCABULARY if {"charge_counter", "discharge_counter"} <= both else VOCABULARY | NET


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a BDF table lazily; a time column in another unit than its name says is refused or flagged.

    Raises
    ------
    ReadError
        If the three needed columns are missing, or a unit or type is not understood.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(65_536)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    typed = typed_table.opened(path, head)
    if typed is None and head.startswith((typed_table.PARQUET, typed_table.ARROW, typed_table.FEATHER_1)):
        raise ReadError(f"{path}: the table is damaged, of an old kind or holds no column; save it again as parquet.")
    if typed is not None:
        frame, names, remarks = _typed(typed, path)
        last = frame.select(pl.col("test_time").last()).collect().item()
        first = None
    else:
        content = archives.gunzip(path) if head.startswith(archives.GZIP) else None
        table, left_out = _text(path, options.get("decimal"), content)
        frame, names, remarks = table.frame, table.layout.names, [*table.remarks, *left_out]
        last = _last_time(table)
        first = _first_records(table)
    frame, scaling = _scaled(frame, last, first, options, path)
    frame = net_charge.in_two_counters(frame, frame.collect_schema().names())
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={"columns": names},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in [*remarks, *scaling]),
        test=_test(path),
    )


def _text(path: Path, decimal: str | None, content: bytes | None) -> tuple[TextTable, list[Remark]]:
    layout = layout_of(
        path,
        lambda row: names_cycling([_spelled(name) for name in row], VOCABULARY),
        missing="no line names a time, a current and a voltage as BDF does; export the record data with all columns.",
        decimal=decimal,
        content=content,
    )
    left_out: list[str] = []
    columns = _understood(layout.names, str(path), left_out)
    return assemble(layout, columns), [*_unchecked(columns), *(Remark("column_left_out", text) for text in left_out)]


def _unchecked(columns: Sequence[Column]) -> list[Remark]:
    """A current in a unit of its own, where nothing else in the file would show a wrong one."""
    found = {item.quantity: item for item in columns}
    if "current" not in found or found["current"].factor == 1.0 or {"charge_counter", "capacity_counter"} & set(found):
        return []
    message = (
        f"The column '{found['current'].name}' is not in A, the unit of the standard, and there is no capacity to check it by: were "
        "its name wrong, every charge would be."
    )
    return [Remark("unit_unchecked", message)]


def _understood(names: Sequence[str], where: str, left_out: list[str]) -> tuple[Column, ...]:
    vocabulary = _vocabulary(names)
    spelled = [_spelled(name) for name in names]
    parts = [split(name) for name in spelled]
    labelled = {vocabulary.get(part.stem) for part in parts if part.unit is not None} - {None}
    for at, part in enumerate(parts):
        quantity = vocabulary.get(part.stem)
        if part.unit is not None or quantity is None:
            continue
        if quantity in labelled:
            spelled[at] = ""
        elif quantity in _MEASURED:
            spelled[at] = ""
            left_out.append(f"The column '{names[at]}' has no unit, so it is none of the standard, and was left out.")
    columns = understand(spelled, vocabulary, where=where, left_out=left_out)
    return tuple(replace(item, name=names[item.position]) for item in columns)


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


def _typed(typed: pl.LazyFrame, path: Path) -> tuple[pl.LazyFrame, tuple[str, ...], list[Remark]]:
    names = tuple(typed.collect_schema().names())
    left_out: list[str] = []
    columns = _understood(names, str(path), left_out)
    missing = {"test_time", "voltage", "current"} - {column.quantity for column in columns}
    if missing:
        raise ReadError(
            f"{path}: the BDF table has no column for {', '.join(sorted(missing))}; it has {', '.join(names)}."
        )
    frame = typed_table.canonical(typed, columns, where=str(path))
    known = set(frame.collect_schema().names())
    frame, signs = device_time.signed(
        frame, known, contradicted="vendor_step_type" in known and current_sign.contradicted(frame)
    )
    return frame, names, [*signs, *(Remark("column_left_out", text) for text in left_out)]


def _test(path: Path) -> dict[str, str]:
    """BDF file names are ``institution__cell__date__...``: cell and date, as far as the name has them."""
    parts = path.name.split("__")
    return {"barcode": parts[1], "start": parts[2]} if len(parts) > 3 and split(parts[1]).stem else {}


FORMAT = Format(
    name="bdf",
    title="Battery Data Format",
    patterns=("*.bdf.csv", "*.bdf.csv.gz", "*.bdf.parquet", "*.bdf.feather", "*.bdf.json", "*.bdf"),
    sniff=sniff,
    read=read,
    source="battery-data-alliance/battery-data-format (Apache-2.0), its ontology labels and reference files",
    versions_seen=("machine-readable names", "preferred labels", "packed text", "parquet", "Arrow", "JSON lines"),
    write=write,
    reads=(
        "text (also gzip), parquet, Arrow and JSON lines, in base units or others that the names say; a time in "
        "another unit than its name says is found"
    ),
    limits="columns of nested types; packed text that grows beyond all measure",
)
