"""What does a Rigaku .ras hold: a text of headers and rows, of one or several scans?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts import powder_scans, rigaku_words
from interlith.layouts.bruker_binary import loaded
from interlith.layouts.lazy_text import Remark
from interlith.layouts.powder_scans import Scan
from interlith.model import Flag, Format, Reading, State, Table

_KEY = re.compile(r'^\*(?P<key>\S+)\s+"(?P<value>[^"]*)"?\s*$')
_OPENINGS = ("*RAS_DATA_START", "*RAS_HEADER_START")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first line."""
    del path
    first = head[:200].removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n", 1)[0].strip()
    return 0.98 if first.decode("ascii", errors="replace") in _OPENINGS else 0.0


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read all scans of two theta, one frame a scan.

    Raises
    ------
    ReadError
        If a row or header is damaged, or no scan is one of two theta: then it says what they are.
    """
    del options
    lines = _lines(path)
    remarks: list[Remark] = []
    scans: list[Scan] = []
    others: list[str] = []
    headers: list[Mapping[str, str]] = []
    for number, (header, rows) in enumerate(_blocks(lines, path, remarks), start=1):
        found = rigaku_words.scan_of(header, rows, f"{path}: scan {number}", remarks)
        if isinstance(found, str):
            others.append(found)
            continue
        scans.append(found)
        headers.append(header)
    remarks += powder_scans.only_patterns(scans, others, str(path))
    instruments = [rigaku_words.instrument_of(header, str(path), remarks) for header in headers]
    made = powder_scans.joined(scans, where=str(path))
    return Reading(
        payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
        metadata=_words(headers[0])
        | {
            "instrument": powder_scans.agreed(instruments, remarks) | powder_scans.steps(scans),
            "scans": powder_scans.told(scans),
        },
        flags=tuple(
            Flag(item.code, item.message, item.where, item.severity)
            for item in powder_scans.once((*remarks, *made.remarks))
        ),
        test={"start": made.start} if made.start else {},
        state={name: State(name, *values, "degC") for name, values in made.state.items()},
    )


def _lines(path: Path) -> list[str]:
    raw = loaded(path).data
    for encoding in ("utf-8-sig", "cp932", "cp1252"):
        try:
            return raw.decode(encoding).splitlines()
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1").splitlines()


def _blocks(lines: list[str], path: Path, remarks: list[Remark]) -> list[tuple[dict[str, str], NDArray[np.float64]]]:
    """Headers with their rows, in file order."""
    found: list[tuple[dict[str, str], NDArray[np.float64]]] = []
    header: dict[str, str] = {}
    first: int | None = None
    for number, line in enumerate(lines, start=1):
        word = line.strip()
        if first is not None and word != "*RAS_INT_END" and not word.startswith("*"):
            continue
        if first is not None:
            if word != "*RAS_INT_END":
                raise ReadError(f"{path}: line {number}: '{word[:40]}' stands among the rows; the file is damaged.")
            found.append((header, _rows(lines, first, number - 1, path)))
            first = None
        elif word == "*RAS_HEADER_START":
            header = {}
        elif word == "*RAS_INT_START":
            first = number
        elif match := _KEY.match(word):
            header[match["key"]] = match["value"].strip()
    if first is not None:
        found.append((header, _rows(lines, first, len(lines) - 1, path)))
        message = f"The rows of scan {len(found)} have no end (*RAS_INT_END): the file is cut short, and its last row was left out."
        remarks.append(Remark("truncated", message, f"line {len(lines)}"))
    if not found:
        raise ReadError(
            f"{path}: line {len(lines)}: the text has no *RAS_INT_START, so no row; it is no .ras or cut short."
        )
    return found


def _rows(lines: list[str], first: int, last: int, path: Path) -> NDArray[np.float64]:
    """Rows of two or three numbers, shape (n, columns)."""
    words = [line.split() for line in lines[first:last] if line.strip()]
    width = len(words[0]) if words else 3
    if words and not 2 <= width <= 3:
        raise ReadError(f"{path}: line {first + 1}: a row has {width} numbers, not position, intensity and attenuator.")
    try:
        return np.array(words, dtype=np.float64).reshape(len(words), width)
    except ValueError:
        place = next(spot for spot, row in enumerate(words) if len(row) != width or not _are_numbers(row))
        raise ReadError(
            f"{path}: line {first + place + 1}: '{' '.join(words[place])[:60]}' is no row of {width} numbers; the file is damaged."
        ) from None


def _are_numbers(row: list[str]) -> bool:
    try:
        [float(word) for word in row]
    except ValueError:
        return False
    return True


def _words(header: Mapping[str, str]) -> dict[str, Any]:
    """The vendor's header without its lists of axes, which are long and say little."""
    return {key: value for key, value in header.items() if value and not key.startswith("MEAS_COND_AXIS")}


FORMAT = Format(
    name="rigaku_ras",
    title="Rigaku SmartLab text (.ras)",
    patterns=("*.ras",),
    sniff=sniff,
    read=read,
    technique="diffraction",
    source="the words of such texts themselves; public readers agree that the third column multiplies the second",
    versions_seen=("RAS_RAW 1",),
    reads="all scans of two theta, one frame each, with attenuator factors, rates turned into counts, and start times",
    limits="rocking curves, pole figures and other scans without two theta",
)
