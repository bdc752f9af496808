"""What does a text of CH Instruments hold: a spectrum or a voltammogram?

The second line names the technique, settings follow (``Scan Rate (V/s) = 0.05``), then a line of names and rows between commas. A
voltammogram has no time: it is the way along the potential over the scan rate. The sign of its current is what the software was
set to, and is told from the loop: over a cycle, oxidation on the way up lies above the way back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.impedance_names import fold, names_spectrum
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_table import read_table
from interlith.layouts.impedance_text import Text, cells, find_header, head_lines, numbers_of, table_end, text_of
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_MODEL = re.compile(r"^Instrument Model:\s*CHI", re.IGNORECASE)
_SETTING = re.compile(r"^(?P<key>[^=:]+?)\s*=\s*(?P<value>[-+\d.eE]+)\s*$")
_SCANS = ("cyclic voltammetry", "linear sweep voltammetry")
_MISSING = "no line names Freq/Hz, Z'/ohm and Z\"/ohm as CH Instruments does; save the data as text again."


def _potential(row: Sequence[str]) -> bool:
    folded = [fold(name) for name in row]
    return "potential/v" in folded and any(name in ("current/a", "i1/a") for name in folded)


def _technique(lines: Sequence[str]) -> str:
    return lines[1].strip().casefold() if len(lines) > 1 else ""


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the instrument's model and the names of a spectrum or a scan."""
    del path
    lines = head_lines(head)
    if not any(_MODEL.match(line.strip()) for line in lines[:20]):
        return 0.0
    return 0.93 if find_header(lines, lambda row: names_spectrum(row) or _potential(row)) is not None else 0.0


def technique_of(head: bytes, path: Path) -> str:
    """``impedance`` or ``voltammetry``, from the technique in the second line; never raises."""
    del path
    return "voltammetry" if _technique(head_lines(head, 4)).startswith(_SCANS) else "impedance"


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a spectrum or a voltammogram.

    Raises
    ------
    ReadError
        If no line names the columns of either, the scan rate is missing, or a number is not understood.
    """
    options = told(options, path)
    text = text_of(path)
    settings = _settings(text)
    if _technique(text.lines).startswith(_SCANS):
        frame, remarks = _scan(text, settings)
    else:
        made, _ = read_table(text, options, missing=_MISSING)
        frame, remarks = made.frame, list(made.remarks)
    return Reading(
        payload=Table(frame.lazy(), tuple(frame.columns)),
        metadata=settings,
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
    )


def _settings(text: Text) -> dict[str, str]:
    found = {}
    for line in text.lines[:80]:
        if said := _SETTING.match(line.strip()):
            found[said["key"]] = said["value"]
        elif ":" in line and not line.startswith(" "):
            key, _, value = line.partition(":")
            if key.strip().replace(" ", "").isalpha():
                found.setdefault(key.strip(), value.strip())
    return found


def _scan(text: Text, settings: Mapping[str, str]) -> tuple[pl.DataFrame, list[Remark]]:
    located = find_header(text.lines, _potential)
    if located is None:
        raise ReadError(f"{text.path}: no line names Potential/V and Current/A; save the data as text again.")
    header, delimiter = located
    names = [fold(name) for name in cells(text.lines[header], delimiter)]
    current = next(at for at, name in enumerate(names) if name in ("current/a", "i1/a"))
    start = header + 1
    found = numbers_of(
        text,
        {"voltage": names.index("potential/v"), "current": current},
        start=start,
        end=max(table_end(text, start, delimiter), start),
        delimiter=delimiter,
        width=len(names),
    )
    volts, amperes = found.columns["voltage"], found.columns["current"]
    if volts.size < 3 or not (np.isfinite(volts).all() and np.isfinite(amperes).all()):
        raise ReadError(
            f"{text.path}: line {header + 1}: fewer than three whole rows of potential and current follow; save it again."
        )
    time, remarks = _time(text, settings, volts)
    cycle, remarks_on_sign, sign = _cycles(volts, amperes)
    frame = pl.DataFrame(
        {
            "test_time": time,
            "voltage": volts,
            "current": sign * amperes,
            "vendor_cycle": pl.Series(cycle, dtype=pl.Int64),
        }
    )
    return frame, [*found.remarks, *remarks, *remarks_on_sign]


def _time(
    text: Text, settings: Mapping[str, str], volts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[Remark]]:
    written = settings.get("Scan Rate (V/s)", "")
    try:
        rate = float(written)
    except ValueError:
        rate = 0.0
    if not rate > 0:
        raise ReadError(
            f"{text.path}: 'Scan Rate (V/s)' is '{written}', so the potential gives no time; save the data with its header."
        )
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(volts)))])
    message = f"The file has no time: it is the way along the potential over the scan rate of {rate:g} V/s."
    return way / rate, [Remark("time_from_scan_rate", message, "", "note")]


def _cycles(volts: NDArray[np.float64], amperes: NDArray[np.float64]) -> tuple[NDArray[np.int64], list[Remark], float]:
    """Cycle of each row (two sweeps each), and the sign that makes oxidation positive, from the area of the loop."""
    steps = np.sign(np.diff(volts))
    moving = np.flatnonzero(steps)
    turns = moving[1:][steps[moving[1:]] != steps[moving[:-1]]]
    sweep = np.zeros(volts.size, dtype=np.int64)
    for turn in turns:
        sweep[turn + 1 :] += 1
    area = float(np.sum(0.5 * (amperes[1:] + amperes[:-1]) * np.diff(volts)))
    size = float(np.sum(np.abs(0.5 * (amperes[1:] + amperes[:-1]) * np.diff(volts))))
    if turns.size == 0 or abs(area) < 0.02 * size:
        message = "Nothing in the file says which sign oxidation has; the current was taken as printed."
        return 1 + sweep // 2, [Remark("current_sign_unknown", message)], 1.0
    if area > 0:
        return 1 + sweep // 2, [], 1.0
    message = "The loop says that reduction is printed positive (the software's default); the current was turned."
    return 1 + sweep // 2, [Remark("current_turned", message, "", "note")], -1.0


FORMAT = Format(
    name="ch_instruments",
    title="CH Instruments text",
    patterns=("*.txt", "*.csv"),
    sniff=sniff,
    read=read,
    technique="impedance",
    technique_of=technique_of,
    source="public exports of a CHI660E (ECSHackWeek/impedance.py, MIT; mikexstudios/impconv)",
    versions_seen=("CHI660E",),
    reads="A.C. impedance as impedance; cyclic and linear sweep voltammetry as voltammetry, with the time from the scan rate",
    limits="other techniques; scans without their rate",
)
