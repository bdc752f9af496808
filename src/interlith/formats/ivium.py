"""What does an Ivium data file (.idf) hold?

Behind a few control bytes stand settings (``Method=TR``, ``Tasks=4``, ``starttime=...``), then blocks ``primary_data`` with the
count of columns, the count of rows, and rows of numbers without names. Public readers agree on what the three columns are for
transients and task lists: time (s), current (A), potential (V), and for impedance: real part, imaginary part (ohm), frequency (Hz);
all other methods are refused. Oxidation of the working electrode is positive, which charges the cell if that is the positive
electrode.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from interlith.errors import ReadError
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import Printed, Spectra, spectra
from interlith.layouts.lazy_text import Remark
from interlith.model import Flag, Format, Reading, Table

_EXPORT = (
    "open it in IviumSoft and export the data as text with time, current and potential, then declare the columns with a "
    "mapping"
)
#: Methods whose three columns are known.
TRANSIENT = frozenset({"tr", "transients", "transient", "mixedmode"})
IMPEDANCE = frozenset({"impedance", "eis"})
#: Bytes in which the settings must end, and the least bytes that a number takes in its row.
LONGEST_SETTINGS = 4_000_000
LEAST_NUMBER = 2
_BLOCK = re.compile(rb"primary_data[^\n]*\n\s*(\d{1,9})\s*\r?\n\s*(\d{1,12})\s*\r?\n")
_METHOD = re.compile(rb"\bMethod=([^\r\n]{1,60})")
_MARKS = (b"Method=", b"Mconfig", b"starttime=", b"primary_data", b"QR=")


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the settings that stand behind the control bytes."""
    del path
    found = sum(mark in head for mark in _MARKS)
    return 0.9 if b"Version=" in head[:200] and found >= 2 else 0.0


def technique_of(head: bytes, path: Path) -> str:
    """``impedance`` or ``cycling``, from the method in the settings; never raises."""
    del path
    found = _METHOD.search(head)
    return "impedance" if found is not None and _is_impedance(found[1].decode("latin-1")) else "cycling"


def _is_impedance(method: str) -> bool:
    return method.strip().casefold() in IMPEDANCE


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a transient, a list of tasks or spectra.

    Raises
    ------
    ReadError
        If the file is of another method, has other columns, or is damaged.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    settings = _settings(path, text)
    impedance = _is_impedance(settings.get("Method", ""))
    if not impedance:
        _refuse_other_methods(path, settings)
    blocks = [_rows(path, text, found) for found in _BLOCK.finditer(text)]
    if not blocks:
        raise ReadError(f"{path}: no block 'primary_data' with its count of columns and rows; the file is cut short.")
    if impedance:
        made = _spectra(path, blocks, options)
        return Reading(
            payload=Table(made.frame.lazy(), tuple(made.frame.columns)),
            metadata=settings,
            flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in made.remarks),
            test=_test(settings),
        )
    rows = np.concatenate(blocks)
    if np.any(np.diff(rows[:, 0]) < 0):
        place = int(np.argmax(np.diff(rows[:, 0]) < 0)) + 1
        raise ReadError(
            f"{path}: the first column falls at row {place + 1} ({rows[place - 1, 0]:g} to {rows[place, 0]:g}), so it is no "
            f"time of a whole test; {_EXPORT}."
        )
    frame = pl.DataFrame({name: rows[:, at] for at, name in enumerate(("test_time", "current", "voltage"))})
    message = "The file does not name its columns; they were taken as time (s), current (A) and potential (V)."
    return Reading(
        payload=Table(frame.lazy(), tuple(frame.columns)),
        metadata=settings,
        flags=(Flag("columns_by_position", message, "primary_data", "note"),),
        test=_test(settings),
    )


def _spectra(path: Path, blocks: list[npt.NDArray[np.float64]], options: Mapping[str, Any]) -> Spectra:
    """Spectra of real part, imaginary part and frequency, a block each; the last column must look like a frequency.

    Raises
    ------
    ReadError
        If it does not.
    """
    for block in blocks:
        frequency = block[:, 2]
        steps = np.sign(np.diff(frequency))
        if (frequency <= 0).any() or abs(steps.sum()) < 0.5 * steps.size:
            raise ReadError(
                f"{path}: byte 0: the third column of an impedance block ({frequency[0]:g}, {frequency[-1]:g} ...) is no frequency that "
                f"rises or falls; {_EXPORT}."
            )
    rows = np.concatenate(blocks)
    columns = {"frequency": rows[:, 2], "real": rows[:, 0], "imaginary": rows[:, 1]}
    columns["number"] = np.repeat(np.arange(1.0, len(blocks) + 1), [len(block) for block in blocks])
    message = (
        "The file does not name its columns; they were taken as real part, imaginary part (ohm) and frequency (Hz)."
    )
    said = Remark("columns_by_position", message, "primary_data", "note")
    return spectra(Printed(columns, named=False, remarks=(said,)), told(options, path), where=str(path))


def _settings(path: Path, text: bytes) -> dict[str, str]:
    if b"Version=" not in text[:200]:
        raise ReadError(f"{path}: byte 0 begins no Ivium data file (no 'Version='); {_EXPORT}.")
    end = text.find(b"primary_data", 0, LONGEST_SETTINGS)
    lines = text[: end if end >= 0 else LONGEST_SETTINGS].decode("latin-1").splitlines()
    found: dict[str, str] = {}
    for line in lines[1:]:
        key, equals, value = line.partition("=")
        if equals and key.isprintable() and "." not in key:
            found.setdefault(key.strip(), value.strip())
    return found


def _refuse_other_methods(path: Path, settings: Mapping[str, str]) -> None:
    method = settings.get("Method", "")
    if method.casefold() not in TRANSIENT and "Tasks" not in settings:
        raise ReadError(
            f"{path}: an Ivium file of the method '{method or 'unknown'}', whose columns are not known publicly; {_EXPORT}."
        )


def _rows(path: Path, text: bytes, found: re.Match[bytes]) -> npt.NDArray[np.float64]:
    columns, count, start = int(found[1]), int(found[2]), found.end()
    if columns != 3:
        raise ReadError(
            f"{path}: byte {found.start()}: a block of {columns} columns, but only three are known; {_EXPORT}."
        )
    if count * columns * LEAST_NUMBER > len(text) - start:
        raise ReadError(
            f"{path}: byte {found.start()}: the block announces {count} rows, more than the {len(text) - start} bytes behind it "
            "can hold; the file is cut short. Copy it again."
        )
    lines = text[start:].split(b"\n", count)[:count]
    fields = [line.split() for line in lines]
    try:
        if len(lines) < count or any(len(row) != columns for row in fields):
            raise ValueError
        made = np.array(fields, dtype=np.bytes_).astype(np.float64)
    except ValueError:
        raise _first_wrong(path, lines, count, start) from None
    if not np.isfinite(made).all():
        raise ReadError(f"{path}: byte {start}: a row of the block holds a number that is not finite; copy it again.")
    return made


def _first_wrong(path: Path, lines: list[bytes], count: int, start: int) -> ReadError:
    for number, line in enumerate(lines):
        try:
            right = len([float(field) for field in line.split()]) == 3
        except ValueError:
            right = False
        if not right:
            shown = line[:60].decode("latin-1").strip()
            return ReadError(
                f"{path}: byte {start}: row {number + 1} of {count} is '{shown}' instead of three numbers; copy the file again."
            )
        start += len(line) + 1
    return ReadError(f"{path}: byte {start}: the block ends after {len(lines)} of {count} rows; copy the file again.")


def _test(settings: Mapping[str, str]) -> dict[str, str]:
    try:
        start = datetime.strptime(settings.get("starttime", ""), "%d/%m/%Y %H:%M:%S")
    except ValueError:
        return {}
    return {"start": start.isoformat()}


FORMAT = Format(
    name="ivium",
    title="Ivium .idf, .ids",
    patterns=("*.idf", "*.ids"),
    sniff=sniff,
    read=read,
    source="what public readers say of transients and task lists (Battery-Intelligence-Lab/galv, BSD-2-Clause; jmstrat/Echem.Data)",
    versions_seen=("Version=11 as described",),
    technique_of=technique_of,
    reads="transients and task lists: time, current, potential; impedance: a spectrum a block, the sign by what the numbers say",
    limits="all other methods; data blocks of other than three columns",
)
