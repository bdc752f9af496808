"""What does a ZPlot or ZView file (.z) hold, and how is one written?

Behind ``ZPLOT2 ASCII`` and a list of settings that ends with ``End Comments`` stand the points of one spectrum: frequency (Hz),
amplitude, bias, time (s), Z' and Z'' (ohm), and what the instrument said of each point.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError, StudyError
from interlith.layouts import dates
from interlith.layouts import table_writing as writing
from interlith.layouts.impedance_names import understand
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import printed, spectra
from interlith.layouts.impedance_text import Text, cells, head_lines, numbers_of, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table
from interlith.units import inside

_NAMES = ("Freq(Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range")
_END = "end comments"
_SETTING = re.compile(r"^\s*(?P<key>[^:]+?)\s*:\s*(?P<value>.*?)\s*$")


def _opens(lines: list[str]) -> bool:
    return bool(lines) and lines[0].strip().strip('\ufeff"').casefold().startswith("zplot2 ascii")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the words ``ZPLOT2 ASCII`` in the first line."""
    del path
    return 0.97 if _opens(head_lines(head, 3)) else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a .z.

    Raises
    ------
    ReadError
        If it does not open as one, its settings do not end, or a point is damaged.
    """
    options = told(options, path)
    text = text_of(path)
    if not _opens(list(text.lines[:1])):
        raise ReadError(f"{path}: line 1 is not 'ZPLOT2 ASCII', so this is no ZPlot or ZView file; copy it again.")
    end = next((at for at, line in enumerate(text.lines) if line.strip().casefold() == _END), None)
    if end is None:
        raise ReadError(
            f"{path}: line {len(text.lines)}: the settings do not end with 'End Comments', so no point was written; copy it again."
        )
    settings = {said["key"]: said["value"] for line in text.lines[1:end] if (said := _SETTING.match(line)) is not None}
    rows = [line for line in text.lines[end + 1 :] if line.strip()]
    if not rows:
        raise ReadError(
            f"{path}: line {end + 1}: no point stands behind 'End Comments'; the measurement was broken off."
        )
    delimiter = "\t" if "\t" in rows[0] else "," if "," in rows[0] else None
    names = _names(text, end)
    columns = understand(names, where=str(path), default_ohm=True)
    places = {column.key: column.position for column in columns}
    if "Err" in names:
        places["error"] = names.index("Err")
    found = numbers_of(text, places, start=end + 1, delimiter=delimiter, width=len(names))
    remarks = [*found.remarks, *_announced(settings, len(found.lines))]
    if "error" in found.columns and (wrong := int((found.columns["error"] != 0).sum())):
        remarks.append(Remark("instrument_error", f"{wrong} points carry the instrument's error mark."))
    kept = {key: values for key, values in found.columns.items() if key != "error"}
    made = spectra(printed(kept, columns, lines=found.lines, remarks=remarks), options, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata=settings,
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
        test=_test(settings),
    )


def _names(text: Text, end: int) -> list[str]:
    """Names in the line above ``End Comments``, or those that the layout always has."""
    for delimiter in ("\t", ","):
        names = cells(text.lines[end - 1], delimiter)
        if len(names) >= len(_NAMES) - 3 and names[0].casefold().startswith("freq"):
            return names
    return list(_NAMES)


def _announced(settings: Mapping[str, str], rows: int) -> list[Remark]:
    text = settings.get("Data Points", "")
    if not text.isdigit() or int(text) <= rows:
        return []
    return [Remark("truncated", f"The file announces {text} points and holds {rows}; it is cut short.")]


def _test(settings: Mapping[str, str]) -> dict[str, str]:
    """Start of the measurement; a date that can be read in two ways is left out."""
    parts = re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", settings.get("Date", ""))
    if parts is None or (int(parts[1]) <= 12 and int(parts[2]) <= 12 and parts[1] != parts[2]):
        return {}
    start = dates.iso(f"{parts[1]}/{parts[2]}/{parts[3]} {settings.get('Time', '')}")
    return {"start": start} if re.match(r"\d{4}-\d\d-\d\dT", start) else {}


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write one spectrum as ZPlot does: seven significant digits.

    Parameters
    ----------
    frame
        ``frequency`` (Hz), ``impedance_real``, ``impedance_imaginary`` (ohm), and ``test_time`` (s) where known.
    path
        File to write.
    metadata
        ``start`` (ISO text), ``area`` (text with unit) and ``voltage`` (V, at open circuit).

    Raises
    ------
    StudyError
        If a column is missing, the frame holds several spectra, or a key of `metadata` is unknown.
    """
    start = writing.start_of(metadata, ("start", "area", "voltage"))
    needed = ("frequency", "impedance_real", "impedance_imaginary")
    if missing := [name for name in needed if name not in frame.columns]:
        raise StudyError(f"A spectrum to be written has no column {', '.join(missing)}; it needs {', '.join(needed)}.")
    if "vendor_cycle" in frame.columns and frame["vendor_cycle"].n_unique() > 1:
        raise StudyError(
            f"A .z holds one spectrum, and the frame has {frame['vendor_cycle'].n_unique()}; write a file for each."
        )
    head = [
        "ZPLOT2 ASCII",
        "  Measured Data, ZPlot:       3.2c",
        "  Experiment Type:            Sweep Frequency, Control Voltage",
    ]
    if start is not None:
        head += [f"  Date:                       {start:%m-%d-%Y}", f"  Time:                       {start:%H:%M:%S}"]
    if "voltage" in metadata:
        head.append(f"  Open Circuit Potential (V): {float(metadata['voltage']):.6g}")
    area = inside(metadata["area"], "area") * 1e4 if "area" in metadata else 1.0
    head += ["  Begin Information:          Cell Information", f"    Surface Area:             {area:.6g}"]
    head += ["  End Information:            Cell Information", f"  Data Points:                {frame.height}"]
    head += ["  " + "\t".join(_NAMES), "End Comments"]
    times = frame["test_time"] if "test_time" in frame.columns else [0.0] * frame.height
    body = [
        f"{f:.6E}\t1.0000E-02\t0.0000E+00\t{time:.6E}\t{re:.6E}\t{im:.6E}\t0.0000E+00\t0\t4"
        for f, time, re, im in zip(
            frame["frequency"], times, frame["impedance_real"], frame["impedance_imaginary"], strict=True
        )
    ]
    path.write_text("\r\n".join([*head, *body]) + "\r\n", encoding="ascii", newline="")


FORMAT = Format(
    name="zplot",
    title="ZPlot and ZView .z",
    patterns=("*.z",),
    sniff=sniff,
    read=read,
    technique="impedance",
    source="public data files (ECSHackWeek/impedance.py, MIT) and the Zplot manual's list of columns",
    versions_seen=("ZPlot 3.2c",),
    write=write,
    reads="one spectrum: frequency, Z', Z'', time; settings as metadata; the instrument's error marks",
    limits="files broken off before their first point; mixed decimal signs",
)
