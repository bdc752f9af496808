"""What does a Novonix high-precision charger's text file hold?

Sections in brackets stand before the table: ``[Summary]`` with the cell, ``[Protocol]`` as text or, in newer versions, as one
line of JSON, ``[Data]``. Times are in hours. One capacity column rises on charge and falls on discharge; a current above zero
charges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import dates, net_charge
from interlith.layouts import table_writing as writing
from interlith.layouts.column_names import stems, understand
from interlith.layouts.lazy_text import Remark
from interlith.layouts.text_layout import BLOCK, Layout, decode, is_text, layout_of
from interlith.layouts.text_table import assemble, header_of, names_cycling
from interlith.model import Flag, Format, Reading, Table
from interlith.physics.step_words import step_word
from interlith.units import inside

VOCABULARY = {
    "dateandtime": "wall_clock",
    "cyclenumber": "vendor_cycle",
    "stepnumber": "vendor_step",
    "steptype": "vendor_step_type",
    "runtime": "test_time",
    "steptime": "step_time",
    "current": "current",
    **dict.fromkeys(("potential", "voltage"), "voltage"),
    "capacity": "capacity_counter",
    "energy": "energy_counter",
    "temperature": "temperature",
}
#: Numbers of the column Step Type as a public reader of these files names them (preparenovonix); a 1 also stands for
#: discharge in some versions, so its word has no direction.
STEP_TYPES = {
    "0": "OCV",
    "1": "CC",
    "2": "CC discharge",
    "7": "CC charge",
    "8": "CV charge",
    "9": "CC discharge",
    "10": "CV discharge",
}
#: Bytes in which ``[Data]`` must begin.
LONGEST_PROTOCOL = 16_000_000
_DATA = re.compile(rb"^\[Data\]", re.MULTILINE)
#: The line of names in quotes that hold commas, and all such lines.
_QUOTED = re.compile(rb'[",; \t]*\r?\n"[^"\r\n]*,[^"\r\n]*"[,; \t]*\r?\n')
_QUOTES = re.compile(r'^"([^"\r\n]*,[^"\r\n]*)"[,; \t]*(?=\r?$)', re.MULTILINE)
#: Largest file (bytes) whose lines are taken out of quotes in memory.
LARGEST_QUOTED = 1_000_000_000
_MAKER = re.compile(r"novonix\s+\w*hpc\s+data\s+file", re.IGNORECASE)
_OWN = frozenset({"dateandtime", "steptype", "runtime", "potential"})
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?$")
_NUMBERS = {("charge", "cc"): 1, ("discharge", "cc"): 2, ("charge", "cv"): 8, ("discharge", "cv"): 10}
_HEAD = """[Summary]
Novonix UHPC data file
Novonix
Channel: 01
Cell: simulated
Serial Number:
Description:
Protocol:
Mass (g): {mass}
Capacity (Ah): 1.000
Area (cm2): 1.000
CellID:
DC Offset Voltage (V): 0.00000
Started: {start}
Version: 2.13.0
[End Summary]
[Protocol]
[End Protocol]
[Data]
"""


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as a UHPC file: 1e-7 h, 1e-8 A, V, Ah and Wh, 1 mK.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle``, ``vendor_step`` and ``vendor_step_type`` are needed too.
    path
        File to write.
    metadata
        ``start`` (ISO text) and ``active_mass`` (text with unit).

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start", "active_mass")) or writing.start_of(
        {"start": "2000-01-01"}, ("start",)
    )
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step", "vendor_step_type"))
    words = frame.get_column("vendor_step_type").cast(pl.String)
    numbers = {text: str(_number_of(text)) for text in words.unique().drop_nulls()}
    mass = f"{inside(metadata['active_mass'], 'active_mass') * 1e3:.6f}" if "active_mass" in metadata else "1.000"
    out = [
        writing.dates(start).dt.strftime("%Y-%m-%d %H:%M:%S").alias("Date and Time"),  # type: ignore[arg-type]
        pl.col("vendor_cycle").alias("Cycle Number"),
        words.replace(numbers).alias("Step Type"),
        writing.fixed(pl.col("test_time") / 3600, 7).alias("Run Time (h)"),
        writing.fixed(pl.col("step_time") / 3600, 7).alias("Step Time (h)"),
        writing.fixed(pl.col("current"), 8).alias("Current (A)"),
        writing.fixed(pl.col("voltage"), 8).alias("Potential (V)"),
        writing.fixed(_net(frame, "charge_counter", "discharge_counter"), 8).alias("Capacity (Ah)"),
    ]
    if "temperature" in frame.columns:
        out.append(writing.fixed(pl.col("temperature"), 3).alias("Temperature (°C)"))
    out.append(writing.fixed(_net(frame, "charge_energy_counter", "discharge_energy_counter"), 8).alias("Energy (Wh)"))
    out.append(pl.col("vendor_step").alias("Step Number"))
    head = _HEAD.format(mass=mass, start=start)
    path.write_bytes((head + frame.select(out).write_csv()).encode("utf-8"))


def _number_of(text: str) -> int:
    word = step_word(text)
    return 0 if word.direction == "rest" else _NUMBERS.get((word.direction, word.control), 7)


def _net(frame: pl.DataFrame, up: str, down: str) -> pl.Expr:
    """Net amount over the test from two counters, which may begin anew in each step; from the current where absent."""
    if not {up, down} <= set(frame.columns):
        power = pl.col("current") * (pl.col("voltage") if "energy" in up else 1.0)
        area = 0.5 * (power + power.shift(1)) * pl.col("test_time").diff() / 3600
        return area.fill_null(0.0).cum_sum()
    total = pl.lit(0.0)
    for name, sign in ((up, 1.0), (down, -1.0)):
        step = pl.col(name).diff()
        total = total + sign * pl.when(step < 0).then(pl.col(name)).otherwise(step.fill_null(pl.col(name))).cum_sum()
    return total


def sniff(head: bytes, path: Path) -> float:
    """Confidence that the first bytes open with the summary of a Novonix data file."""
    del path
    if not is_text(head):
        return 0.0
    lines = [line.strip(' \r,;\t"\ufeff') for line in decode(head[:4000])[0].split("\n")[:40]]
    lines = [line for line in lines if line][:8]
    if any(_MAKER.match(line) for line in lines):
        return 0.97
    if not lines or lines[0].casefold() not in ("[summary]", "[data]"):
        return 0.0
    return 0.9 if stems(header_of(head, VOCABULARY)) >= _OWN else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a Novonix text file lazily.

    Raises
    ------
    ReadError
        If there is no table under ``[Data]``, or a column cannot be understood.
    """
    begins, quoted = _data_begins(path)
    content = _unquoted(path) if quoted else None
    layout = layout_of(
        path,
        lambda row: names_cycling(row, VOCABULARY),
        missing="no line under [Data] names Run Time, Current and Potential with units as Novonix does; export the data file "
        "with all columns.",
        decimal=options.get("decimal"),
        content=content,
        header_lines=LONGEST_PROTOCOL,
        head_bytes=begins + BLOCK,
    )
    left_out: list[str] = []
    columns = understand(layout.names, VOCABULARY, where=str(path), left_out=left_out)
    table = assemble(layout, columns)
    names = table.columns
    remarks = [*table.remarks, *(Remark("column_left_out", text) for text in left_out)]
    remarks += net_charge.remarks_on(_floats(layout, columns, "capacity_counter"), _floats(layout, columns, "current"))
    frame = net_charge.in_two_counters(table.frame, names)
    if "vendor_step_type" in names:
        frame = frame.with_columns(pl.col("vendor_step_type").replace(STEP_TYPES))
    summary = _summary(layout)
    proposals, doubtful = _proposals(summary)
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata=summary | {"columns": layout.names, "step_types": STEP_TYPES},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in [*remarks, *doubtful]),
        proposals=proposals,
        test=_test(summary),
    )


def _data_begins(path: Path) -> tuple[int, bool]:
    """Byte at which the table begins, behind a protocol that may be long (0 where no mark is found), and whether its lines
    stand in quotes, as a spreadsheet leaves lines that it took for one cell."""
    try:
        with path.open("rb") as handle:
            head = handle.read(LONGEST_PROTOCOL)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    found = _DATA.search(head)
    return (found.start(), _QUOTED.match(head, found.end()) is not None) if found else (0, False)


def _unquoted(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_QUOTED:
        raise ReadError(
            f"{path}: its lines stand in quotes in more than {LARGEST_QUOTED} bytes; export the file again."
        )
    return _QUOTES.sub(r"\1", decode(path.read_bytes())[0]).encode("utf-8")


def _floats(layout: Layout, columns: tuple[Any, ...], quantity: str) -> list[float]:
    """Numbers of a column in the first rows; empty where it is absent or one of them is none."""
    position = next((item.position for item in columns if item.quantity == quantity), None)
    texts = [row[position].strip() for row in layout.head_rows if position is not None and position < len(row)]
    texts = [text.replace(",", ".") if layout.decimal == "," else text for text in texts]
    return [float(text) for text in texts] if all(_NUMBER.match(text) for text in texts) else []


def _summary(layout: Layout) -> dict[str, str]:
    """The lines ``Key: value`` of the first section, as found."""
    found: dict[str, str] = {}
    for line in layout.preamble:
        text = line.strip(' \r,;\t"')
        if text.casefold().startswith("[end summary"):
            break
        key, colon, value = text.partition(":")
        if colon and not text.startswith("["):
            found.setdefault(key.strip(), value.strip())
    return found


def _proposals(summary: Mapping[str, str]) -> tuple[dict[str, str], list[Remark]]:
    """Mass and nominal capacity that somebody typed; what the software fills in by itself is no proposal."""
    found: dict[str, str] = {}
    left: list[str] = []
    for key, name, unit in (("Mass (g)", "active_mass", "g"), ("Capacity (Ah)", "nominal_capacity", "Ah")):
        text = summary.get(key, "")
        if not _NUMBER.match(text) or float(text) <= 0:
            continue
        if re.fullmatch(r"1\.0+", text):
            left.append(f"{key} {text}")
        else:
            found[name] = f"{text} {unit}"
    if not left:
        return found, []
    message = (
        f"The header has {' and '.join(left)}, which the software fills in where nobody typed a value; it was not proposed. "
        "Declare the mass of the cell."
    )
    return found, [Remark("placeholder", message, severity="note")]


def _test(summary: Mapping[str, str]) -> dict[str, str]:
    barcode = next((summary[key] for key in ("CellID", "Serial Number", "Cell") if summary.get(key)), "")
    found = {
        "channel": summary.get("Channel", ""),
        "barcode": barcode,
        "start": dates.iso(summary["Started"]) if summary.get("Started") else "",
    }
    return {key: text for key, text in found.items() if text}


FORMAT = Format(
    name="novonix",
    title="Novonix UHPC data file (.csv)",
    patterns=("*.csv",),
    sniff=sniff,
    read=read,
    source="public data files (ImperialCollegeLondon/PyProBE, BSD-3-Clause; BatLabLancaster/preparenovonix for the layout of "
    "versions 1.9 to 3.0 and the numbers of step types)",
    versions_seen=("UHPC 2.13.0", "HPC 3.0.2 layout"),
    write=write,
    reads=(
        "UHPC and HPC tables; the one capacity column split by its increments, its sign checked against the current"
    ),
    limits="a mass or capacity of exactly 1.000 is told as a placeholder and not proposed",
)
