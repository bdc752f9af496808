"""What do the two DIFFRAC layouts of Bruker .raw hold: version 3 (``RAW1.01``) and 4 (``RAW4.00``)?

Version 3 is a table of offsets; version 4 a chain of segments, each with its kind and length, among which a range begins with the
kind 0 or 160. Where the points of a range begin follows from lengths that the headers name, never from fixed offsets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.bruker_binary import MOST_RANGES, Bytes, Range, RawFile, check_step, decimal, left_over, tube

_HEAD_3, _RANGE_3, _LEAST_3 = 712, 304, 260
#: What version 3 scans, by its code.
_SCANS_3 = {
    0: "Locked Coupled", 1: "Unlocked Coupled", 2: "Detector Scan", 3: "Rocking Curve", 4: "Chi", 5: "Phi", 6: "X-Drive", 7: "Y-Drive",
    8: "Z-Drive", 129: "PSD Fixed Scan", 130: "PSD Fast Scan",
}  # fmt: skip
#: Bit of the record that says that each point has its measured two theta.
_HAS_TWO_THETA = 1
_HEAD_4, _RANGE_4 = 61, 160
_TEXT, _TUBE, _DRIVE = 10, 30, 50
_RANGES = (0, 160)
_STATUS = {1: "done", 2: "active", 3: "aborted", 4: "interrupted"}


def version_3(raw: Bytes) -> RawFile:
    """Ranges of version 3: a header of 712 bytes, then for each range a header, further headers and its records.

    Raises
    ------
    ReadError
        If the file ends early or a header is damaged.
    """
    told = int(raw.take("I", 12, "the number of ranges"))
    if not 0 < told <= MOST_RANGES:
        raise ReadError(f"{raw.where}: byte 12: {told} ranges; the header is damaged, or the measurement never began.")
    first, second, ratio = (decimal(raw.real("d", spot, "a wavelength")) for spot in (624, 632, 648))
    instrument = tube(raw.text(608, 4), first, second, ratio)
    radius = raw.real("f", 564, "the radius")
    if 10 < radius < 3000:
        instrument["radius"] = decimal(radius)
    ranges: list[Range] = []
    at = _HEAD_3
    for order in range(told):
        made, at = _range_3(raw, at, order + 1)
        ranges.append(made)
    status = int(raw.take("I", 8, "the status"))
    header = {
        "status": _STATUS.get(status, str(status)), "date": raw.text(16, 10), "time": raw.text(26, 10), "user": raw.text(36, 72),
        "site": raw.text(108, 218), "sample": raw.text(326, 60), "comment": raw.text(386, 160),
    }  # fmt: skip
    start = started(header["date"], header["time"])
    return RawFile(3, tuple(ranges), instrument, start, header, left_over(raw, at, ranges))


def _range_3(raw: Bytes, at: int, order: int) -> tuple[Range, int]:
    length = int(raw.take("I", at, f"the header of range {order}"))
    if not _LEAST_3 <= length <= 65_536:
        raise ReadError(f"{raw.where}: byte {at}: a range header of {length} bytes is none; the file is damaged.")
    count = int(raw.take("I", at + 4, "the number of points"))
    theta, start, step = (raw.real("d", at + spot, "start or step") for spot in (8, 16, 176))
    time = decimal(raw.real("f", at + 192, "the counting time"))
    code, mask, size, more = (
        int(raw.take("I", at + spot, "the layout of the records")) for spot in (196, 248, 252, 256)
    )
    check_step(raw, at + 176, start, step, count)
    stride = size if size >= 4 else 4
    begin = at + length + more
    values = raw.singles(begin, count, stride, f"range {order}")
    positions = None
    if mask & _HAS_TWO_THETA and stride >= 12:
        positions = raw.singles_after(begin, count, stride, 4, "d")
        if count and not (np.isfinite(positions).all() and abs(positions[0] - start) < 1.0):
            raise ReadError(
                f"{raw.where}: byte {begin}: the measured angles of range {order} do not begin near its start ({start:g} deg); the "
                "records are of an unknown layout. Export the range as .xy or .uxd."
            )
    kilovolts, milliamps = (int(raw.take("I", at + spot, "the generator")) for spot in (224, 228))
    about = {"theta": theta, "generator_kV": kilovolts, "generator_mA": milliamps}
    name = _SCANS_3.get(code, f"code {code}")
    return Range(name, start, step, values, positions, time if time > 0 else None, about), begin + stride * count


@dataclass(frozen=True, slots=True)
class _Drive:
    """A drive of a range of version 4: its name, whether it is marked as the one that moved, and where it began (deg)."""

    name: str
    moved: bool
    position: float


def version_4(raw: Bytes) -> RawFile:
    """Ranges of version 4, found by walking its segments to the end of the file.

    Raises
    ------
    ReadError
        If a segment or range reaches beyond the end, or there is no range.
    """
    header: dict[str, Any] = {"date": raw.text(12, 12), "time": raw.text(24, 10)}
    instrument: dict[str, Any] = {"radiation": "x-ray"}
    ranges: list[Range] = []
    at = _HEAD_4
    while at + 8 <= len(raw.data):
        kind, length = int(raw.take("I", at, "a segment")), int(raw.take("I", at + 4, "a segment"))
        if kind in _RANGES:
            made, at = _range_4(raw, at, len(ranges) + 1)
            ranges.append(made)
            continue
        _fits(raw, at, length)
        if kind == _TEXT and length >= 36:
            header[raw.text(at + 12, 24).casefold()] = raw.text(at + 36, length - 36)
        elif kind == _TUBE and length >= 120:
            first, second, ratio = (decimal(raw.real("d", at + spot, "a wavelength")) for spot in (80, 88, 104))
            instrument = tube(raw.text(at + 116, 4), first, second, ratio)
        at += length
    if not ranges:
        raise ReadError(
            f"{raw.where}: the file ends after {len(raw.data)} bytes without a range of points; it is cut short."
        )
    return RawFile(4, tuple(ranges), instrument, started(header["date"], header["time"]), header)


def _fits(raw: Bytes, at: int, length: int) -> None:
    if length < 8 or at + length > len(raw.data):
        raise ReadError(
            f"{raw.where}: byte {at}: a segment of {length} bytes does not fit into the {len(raw.data) - at} bytes left; the file is cut "
            "short or damaged. Copy it again."
        )


def _range_4(raw: Bytes, at: int, order: int) -> tuple[Range, int]:
    scan = raw.text(at + 32, 24)
    start, step = (raw.real("d", at + spot, f"start or step of range {order}") for spot in (72, 80))
    count, size, extra = (int(raw.take("I", at + spot, "the layout of the records")) for spot in (88, 136, 140))
    raw.take("f", at + _RANGE_4 - 4, "the end of the range header")
    check_step(raw, at + 80, start, step, count)
    begin = at + _RANGE_4 + extra
    values = raw.singles(begin, count, size, f"range {order}")
    drives = _drives(raw, at + _RANGE_4, extra)
    stored = raw.take("f", at + 92, "the time of a step")
    about: dict[str, Any] = {
        "scan": scan, "time_per_step_as_stored": float(stored), "used_wavelength": raw.take("d", at + 112, "the wavelength"),
        "drives": {drive.name: drive.position for drive in drives},
    }  # fmt: skip
    return Range(_axis(scan, drives, start), start, step, values, None, None, about), begin + size * count


def _drives(raw: Bytes, at: int, extra: int) -> list[_Drive]:
    found: list[_Drive] = []
    end = at + extra
    while at < end:
        kind, length = int(raw.take("I", at, "a segment")), int(raw.take("I", at + 4, "a segment"))
        _fits(raw, at, length)
        if kind == _DRIVE and length >= 64:
            moved = int(raw.take("I", at + 8, "a drive")) != 0
            found.append(_Drive(raw.text(at + 12, 24), moved, float(raw.take("d", at + 56, "a drive"))))
        at += length
    if at != end:
        raise ReadError(
            f"{raw.where}: byte {end}: the segments of a range do not end where its points begin; the file is damaged."
        )
    return found


def _axis(scan: str, drives: list[_Drive], start: float) -> str:
    """What was scanned: the drive marked as moved, where its position is the start of the range; else the name of the scan."""
    moved = [drive for drive in drives if drive.moved and abs(drive.position - start) < 0.01]
    names = {drive.name for drive in moved}
    return names.pop() if len(names) == 1 else scan


def started(date: str, time: str) -> str:
    """ISO text of the date (month first, years of two or four digits) and time of versions 3 and 4; empty where they are none."""
    for pattern in (
        "%m/%d/%Y %H:%M:%S",
        "%m/%d/%y %H:%M:%S",
        "%d.%m.%Y %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d/%m/%y %H:%M:%S",
    ):
        try:
            return datetime.strptime(f"{date} {time}", pattern).isoformat()
        except ValueError:
            continue
    return ""


def positions(found: Range) -> NDArray[np.float64]:
    """Positions of all points (deg): as measured, or from start and step."""
    if found.positions is not None:
        return found.positions
    return found.start + found.step * np.arange(found.values.size, dtype=np.float64)
