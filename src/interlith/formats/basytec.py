"""What does a Basytec result text hold?

Lines that begin with ``~`` tell of the test; the last of them is the header, with units in brackets: ``~Time[h]``, ``U[V]``,
``I[A]``. The separator is a tab, or blanks; numbers and words follow the locale of the computer (``0,0035``, ``Laden``).
``Ah[Ah]`` is signed net charge; ``Ah-Cyc-Charge`` and ``Ah-Cyc-Discharge`` count each direction within a cycle.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import current_sign, device_time, net_charge
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import fold, split, understand
from interlith.layouts.date_order import read_date
from interlith.layouts.lazy_text import Remark, refusal, scan
from interlith.layouts.text_layout import LARGEST_REWRITE, UTF16, Layout, decode, header_rows, layout_of
from interlith.layouts.text_table import blank_rows, names_cycling
from interlith.model import Flag, Format, Reading, Table
from interlith.physics.step_words import translate

VOCABULARY = {
    **dict.fromkeys(("time", "zeit"), "test_time"),
    "tstep": "step_time",
    "dataset": "vendor_record",
    "datetime": "wall_clock",
    **dict.fromkeys(("line", "zeile"), "vendor_step"),
    **dict.fromkeys(("command", "befehl"), "vendor_step_type"),
    **dict.fromkeys(("u", "voltage", "spannung"), "voltage"),
    **dict.fromkeys(("i", "current", "strom"), "current"),
    **dict.fromkeys(("cyccount", "cyc"), "vendor_cycle"),
    **dict.fromkeys(("t1", "temp", "temperature"), "temperature"),
}
#: Pairs of counters, in the order in which they are trusted, and the counters of one step or of the whole test.
_PAIRS = (
    ("charge_counter", "discharge_counter", ("ahcyccharge", "ahcycdischarge")),
    ("charge_counter", "discharge_counter", ("ahcyccharge0", "ahcycdischarge0")),
    ("charge_counter", "discharge_counter", ("ahchset", "ahdisset")),
    ("charge_energy_counter", "discharge_energy_counter", ("whcyccharge", "whcycdischarge")),
    ("charge_energy_counter", "discharge_energy_counter", ("whcyccharge0", "whcycdischarge0")),
)
_WORDS = {
    **{("rest", control): "Pause" for control in ("", "cc", "cv")},
    **{("charge", control): "Charge" for control in ("", "cc", "cv", "cccv")},
    **{("discharge", control): "Discharge" for control in ("", "cc", "cv", "cccv")},
}
_FIELD = re.compile(r"^~\s*(?P<label>[^:]+?)\s*:\s*(?P<value>.*?)\s*$")
_MOMENT = re.compile(rb"(?<=[ \t])(\d{1,2}\.\d{1,2}\.\d{4}) (?=\d{1,2}:\d\d:\d\d)")


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as a result text with decimal points: 1 us, 1e-12 V, A, Ah and Wh.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle``, ``vendor_step`` and ``vendor_step_type`` are needed too.
    path
        File to write.
    metadata
        ``start`` (ISO text), ``test`` and ``battery``.

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start", "test", "battery"))
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step", "vendor_step_type"))
    words = frame.get_column("vendor_step_type").cast(pl.String).unique().drop_nulls().to_list()
    out = [
        writing.fixed(pl.col("test_time"), 6).alias("~Time[s]"),
        pl.int_range(1, pl.len() + 1).alias("DataSet"),
        writing.fixed(pl.col("step_time"), 6).alias("t-Step[s]"),
        pl.col("vendor_step").alias("Line"),
        translate(pl.col("vendor_step_type"), _WORDS, words).alias("Command"),
        writing.fixed(pl.col("voltage"), 12).alias("U[V]"),
        writing.fixed(pl.col("current"), 12).alias("I[A]"),
    ]
    for sign, up, down in (
        ("Ah", "charge_counter", "discharge_counter"),
        ("Wh", "charge_energy_counter", "discharge_energy_counter"),
    ):
        if {up, down} <= set(frame.columns):
            gained = pl.col(up).diff().fill_null(0.0).clip(0.0) - pl.col(down).diff().fill_null(0.0).clip(0.0)
            out.append(writing.fixed(gained.cum_sum(), 12).alias(f"{sign}[{sign}]"))
            out.append(writing.fixed(pl.col(up), 12).alias(f"{sign}-Cyc-Charge"))
            out.append(writing.fixed(pl.col(down), 12).alias(f"{sign}-Cyc-Discharge"))
    if "temperature" in frame.columns:
        out.append(writing.fixed(pl.col("temperature"), 5).alias("T1[°C]"))
    out += [pl.col("vendor_cycle").alias("Cyc-Count"), pl.lit(1).alias("State")]
    began = "" if start is None else start.strftime("%d.%m.%Y %H:%M:%S")
    lines = [
        "~Resultfile from Basytec Battery Test System",
        "~",
        f"~Name of Test: {metadata.get('test', path.stem)}",
        f"~Battery: {metadata.get('battery', '')}",
        f"~Start of Test: {began}",
        "~",
    ]
    table = frame.select(out).write_csv(separator="\t", line_terminator="\r\n", quote_style="never")
    path.write_bytes(("\r\n".join(lines) + "\r\n" + table).encode("cp1252", errors="replace"))


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the lines that begin with ``~`` and the names with units in brackets."""
    del path
    first = head[:80].lstrip(b"\xef\xbb\xbf").decode("latin-1").casefold()
    if first.startswith(("~", "resultfile")) and "basytec" in first:
        return 0.97
    rows = header_rows(head) or _blank_separated(head)
    found = next((row for _, _, row in rows if row and row[0].strip("\ufeff ")[:1] in "~#" and _is_header(row)), None)
    return 0.9 if found is not None and any(name.strip().startswith("U[") for name in found) else 0.0


def _blank_separated(head: bytes) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    if b"U[" not in head or head[:2] in UTF16:
        return ()
    lines = decode(head)[0].split("\n", 400)[:400]
    return tuple((number, " ", tuple(line.split())) for number, line in enumerate(lines) if line[:1] in "~#")


def _plain(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the mark of the header; a specific value (``I[A/kg]``) is no name where an absolute one stands beside."""
    plain = [name.strip().lstrip("\ufeff").lstrip("~#").strip() for name in names]
    stems = [split(name).stem for name in plain]
    specific = [(split(name).unit or "").casefold().endswith(("/kg", "/g")) for name in plain]
    return tuple(
        "specific"
        if specific[place] and any(stem == other and not specific[at] for at, other in enumerate(stems))
        else plain[place]
        for place, stem in enumerate(stems)
    )


def _is_header(row: Sequence[str]) -> bool:
    return names_cycling(_plain(row), VOCABULARY)


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a Basytec text lazily.

    Raises
    ------
    ReadError
        If no header names time, voltage and current with their units, or numbers are in a style that could be misread.
    """
    layout = layout_of(
        path,
        _is_header,
        missing="no line names a time (~Time), a voltage (U) and a current (I) as Basytec does; export the results as text "
        "with all columns.",
        decimal=options.get("decimal"),
        delimiters=("\t", ";", ","),
        content=_tabbed(path),
        grouped=True,
    )
    names = _plain(layout.names)
    left_out: list[str] = []
    counters, units = _counters(names)
    try:
        understood = understand(names, VOCABULARY | counters, where=str(path), units=units, left_out=left_out)
        frame, remarks = scan(layout, understood)
        frame, more = _records(frame, layout, str(path))
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(path)) from error
    header = _header(layout)
    remarks = [*remarks, *more, *(Remark("column_left_out", text) for text in left_out)]
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={**header, "columns": layout.names, "encoding": layout.encoding},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        test=_test(header),
    )


def _tabbed(path: Path) -> bytes | None:
    """The text with tabs where it is separated by blanks, which a date with its time would else tear apart."""
    try:
        with path.open("rb") as handle:
            head = handle.read(65_536)
            size = handle.seek(0, 2)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if head[:2] in UTF16 or any(_is_header(row) for _, _, row in header_rows(head)):
        return None
    header = next((row for _, _, row in _blank_separated(head) if _is_header(row)), None)
    if header is None:
        return None
    if size > LARGEST_REWRITE:
        raise ReadError(f"{path}: {size} bytes separated by blanks; export it with tabs, it is too large to rewrite.")
    text = _MOMENT.sub(b"\\1\x01", path.read_bytes())
    lines = (
        line if line.startswith(b"~") and b"U[" not in line else b"\t".join(line.split()) for line in text.split(b"\n")
    )
    return decode(b"\n".join(lines).replace(b"\x01", b" "))[0].encode("utf-8")


def _counters(names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Words and units of the counters that are read: the units are printed once, at ``Ah[Ah]`` and ``Wh[Wh]``."""
    stems = {fold(split(name).stem): split(name).unit for name in names}
    words: dict[str, str] = {}
    units: dict[str, str] = {}
    for sign, up, down, net in (
        ("ah", "charge_counter", "discharge_counter", "capacity_counter"),
        ("wh", "charge_energy_counter", "discharge_energy_counter", "energy_counter"),
    ):
        printed = stems.get(sign)
        pair = next((pair for one, _, pair in _PAIRS if one == up and set(pair) <= set(stems)), None)
        if pair and (printed or stems[pair[0]]):
            words |= {pair[0]: up, pair[1]: down}
            if printed:
                units |= {up: printed, down: printed}
        elif printed:
            words[sign] = net
    if "charge_counter" in words.values() and "energy_counter" in words.values():
        words.pop("wh")
    return words, units


def _records(frame: pl.LazyFrame, layout: Layout, where: str) -> tuple[pl.LazyFrame, list[Remark]]:
    names = frame.collect_schema().names()
    remarks: list[Remark] = []
    if blank_rows(layout):
        frame = frame.filter(pl.col("current").is_not_null() | pl.col("voltage").is_not_null())
        remarks.append(Remark("blank_rows", "Blank rows between the records were left out.", "", "note"))
    frame, more = device_time.from_step_time(frame, set(names))
    frame, signs = current_sign.settled(frame, where)
    remarks += [*more, *signs]
    if "charge_counter" in names:
        counters = [name for name in names if name.endswith("_counter")]
        return frame.with_columns(pl.col(counters).abs()), remarks
    if "capacity_counter" in names:
        first = frame.select("capacity_counter", "current").head(current_sign.FIRST).collect().fill_null(0.0)
        remarks += net_charge.remarks_on(first["capacity_counter"].to_list(), first["current"].to_list())
    return net_charge.in_two_counters(frame, names), remarks


def _header(layout: Layout) -> dict[str, str]:
    found = (_FIELD.match(line.strip()) for line in layout.preamble)
    return {match["label"]: match["value"] for match in found if match and match["value"]}


def _test(header: Mapping[str, str]) -> dict[str, str]:
    labels = (("test_id", "Name of Test"), ("barcode", "Battery"), ("channel", "Testchannel"))
    found = {key: header[label] for key, label in labels if header.get(label)}
    start = read_date(header.get("Start of Test", ""))
    if start is not None:
        found["start"] = start.isoformat(timespec="seconds")
    return found


FORMAT = Format(
    name="basytec",
    title="Basytec result text (.txt)",
    patterns=("*.txt", "*.dat", "*.csv"),
    sniff=sniff,
    read=read,
    source="Basytec result files in public data sets and the layouts that public readers describe (ImperialCollegeLondon/"
    "PyProBE, battery-data-alliance/battery-data-format, eet-tub/pydpeet)",
    versions_seen=("6.x, tabs", "hours with decimal commas", "separated by blanks"),
    write=write,
    reads=("seconds, hours or clock times, decimal comma, English and German commands; charge split by its increments"),
    limits="columns per mass; units that are not printed",
)
