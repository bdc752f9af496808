"""What do the two DIFFRAC-AT layouts of Siemens and Bruker .raw hold: version 1 (``RAW ``) and 2 (``RAW2``)?"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from interlith.errors import ReadError
from interlith.layouts.bruker_binary import MOST_RANGES, Bytes, Range, RawFile, check_step, decimal, left_over, tube
from interlith.layouts.powder_scans import ZERO_CELSIUS

#: Bytes before the points of a range of version 1, with and without the word ``RAW `` that early files wrote only once.
_HEAD_1, _WORD = 156, b"RAW "
_HEAD_2, _LEAST_2 = 256, 48
#: What version 1 writes for an angle that is not known.
_UNKNOWN = -1e6
_DATE = re.compile(r"(\d{1,2})[-./ ](\w{2,9})[-./ ](\d{2,4})\D+(\d{1,2}):(\d{2})(?::(\d{2}))?")


def version_1(raw: Bytes) -> RawFile:
    """Ranges of version 1: a header of 156 bytes each, then real numbers of single precision.

    Raises
    ------
    ReadError
        If the file ends early or a header is damaged.
    """
    ranges: list[Range] = []
    instrument: dict[str, Any] = {}
    header: dict[str, Any] = {}
    at = 0
    while True:
        # Offsets are those of a header with its word; where a later range lacks the word, it begins four bytes later.
        base = at if not ranges or raw.data[at : at + 4] == _WORD else at - 4
        count = int(raw.take("I", base + 4, f"the number of points of range {len(ranges) + 1}"))
        time, step = (decimal(raw.real("f", base + spot, "time or step")) for spot in (8, 12))
        start = decimal(raw.real("f", base + 24, "the first angle"))
        follows = int(raw.take("I", base + 152, "the number of following ranges"))
        check_step(raw, base + 12, start, step, count)
        values = raw.singles(base + _HEAD_1, count, 4, f"range {len(ranges) + 1}")
        if not ranges:
            first, second = (decimal(raw.real("f", spot, "a wavelength")) for spot in (72, 76))
            instrument = tube("", first, second, float("nan"))
            header = {"sample": raw.text(40, 32)}
        angles = {name: raw.real("f", base + spot, name) for name, spot in (("theta", 28), ("khi", 32), ("phi", 36))}
        about: dict[str, Any] = {name: value for name, value in angles.items() if value != _UNKNOWN}
        about["scan_mode"] = int(raw.take("I", base + 16, "the scan mode"))
        ranges.append(Range("", start, step, values, None, time if time > 0 else None, about))
        at = base + _HEAD_1 + 4 * count
        if follows == 0:
            break
        if len(ranges) >= MOST_RANGES:
            raise ReadError(f"{raw.where}: byte {base + 152}: more than {MOST_RANGES} ranges; the header is damaged.")
    return RawFile(1, tuple(ranges), instrument, "", header, left_over(raw, at, ranges))


def version_2(raw: Bytes) -> RawFile:
    """Ranges of version 2: a file header of 256 bytes, then a header of its own length before each range.

    Raises
    ------
    ReadError
        If the file ends early or a header is damaged.
    """
    told = int(raw.take("H", 4, "the number of ranges"))
    first, second, ratio = (decimal(raw.real("f", spot, "a wavelength")) for spot in (190, 194, 198))
    date = raw.text(168, 20)
    at, ranges = _HEAD_2, list[Range]()
    for order in range(told):
        length = int(raw.take("H", at, f"the header of range {order + 1}"))
        if length < _LEAST_2:
            raise ReadError(
                f"{raw.where}: byte {at}: a range header of {length} bytes is too short; the file is damaged."
            )
        count = int(raw.take("H", at + 2, "the number of points"))
        time, step, start = (decimal(raw.real("f", at + spot, "time, step or start")) for spot in (8, 12, 16))
        check_step(raw, at + 12, start, step, count)
        kelvin = int(raw.take("H", at + 46, "the temperature"))
        about = {"temperature": kelvin - ZERO_CELSIUS} if 0 < kelvin < 4000 else {}
        values = raw.singles(at + length, count, 4, f"range {order + 1}")
        ranges.append(Range("", start, step, values, None, time if time > 0 else None, about))
        at += length + 4 * count
    if not ranges:
        raise ReadError(f"{raw.where}: byte 4: the header names no range; the measurement was stopped before it began.")
    instrument = tube(raw.text(188, 2), first, second, ratio)
    return RawFile(2, tuple(ranges), instrument, _start(date), {"date": date}, left_over(raw, at, ranges))


def _start(date: str) -> str:
    """ISO text of a date of version 2, such as ``02-Apr-1998, 15:23``; empty where it is written otherwise."""
    found = _DATE.search(date)
    if found is None:
        return ""
    day, month, year, hour, minute, second = found.groups()
    century = "%Y" if len(year) == 4 else "%y"
    name = "%m" if month.isdigit() else "%b"
    try:
        clock = datetime.strptime(
            f"{day} {month[:3] if name == '%b' else month} {year} {hour}:{minute}:{second or '00'}",
            f"%d {name} {century} %H:%M:%S",
        )
    except ValueError:
        return ""
    return clock.isoformat()
