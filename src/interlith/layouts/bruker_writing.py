"""How are the four layouts of Siemens and Bruker .raw written, as far as readers need them?"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError


def content(frame: pl.DataFrame, metadata: Mapping[str, Any]) -> bytes:
    """Bytes of a file of one or several ranges.

    Parameters
    ----------
    frame
        Columns ``two_theta`` (deg, even steps), ``intensity`` (counts) and, where there are several ranges, ``frame``.
    metadata
        ``version`` (1 to 4, 3 unless told), ``instrument`` as readers give it, ``start`` (ISO text), ``sample``, and for version 4
        ``record`` (4 or 8 bytes a point).

    Raises
    ------
    ReadError
        If the version is another, or the steps of a range are not even, which these layouts cannot hold.
    """
    version = int(metadata.get("version", 3))
    writers = {1: _first, 2: _second, 3: _third, 4: _fourth}
    if version not in writers:
        raise ReadError(f"There is no version {version} of this layout; allowed: 1, 2, 3, 4.")
    parts = frame.partition_by("frame", maintain_order=True) if "frame" in frame.columns else [frame]
    ranges = [_range(part) for part in parts]
    return writers[version](ranges, metadata)


_Range = tuple[float, float, bytes, int]


def _range(part: pl.DataFrame) -> _Range:
    angle = part["two_theta"].to_numpy()
    step = float(angle[-1] - angle[0]) / (angle.size - 1) if angle.size > 1 else 0.01
    if not np.allclose(angle, angle[0] + step * np.arange(angle.size), rtol=0, atol=1e-6):
        raise ReadError("The steps of two theta are not even, which a .raw cannot hold; write .xrdml.")
    values = part["intensity"].fill_null(float("nan")).to_numpy().astype("<f4")
    return float(angle[0]), step, values.tobytes(), values.size


def _tube(metadata: Mapping[str, Any]) -> tuple[bytes, float, float, float, float]:
    about: Mapping[str, Any] = metadata.get("instrument", {})
    lines = [float(item) for item in about.get("wavelengths", [])] + [0.0, 0.0]
    anode = str(about.get("anode", "")).encode("ascii", errors="replace")
    return anode, lines[0], lines[1], float(about.get("ratio", 0.0)), float(about.get("counting_time", 0.0))


def _sample(metadata: Mapping[str, Any], size: int) -> bytes:
    return str(metadata.get("sample", "")).encode("cp1252", errors="replace")[:size]


def _put(room: bytearray, at: int, kind: str, *values: Any) -> None:
    struct.pack_into("<" + kind, room, at, *values)


def _first(ranges: list[_Range], metadata: Mapping[str, Any]) -> bytes:
    _, first, second, _, time = _tube(metadata)
    out = bytearray()
    for left, (start, step, points, count) in zip(range(len(ranges) - 1, -1, -1), ranges, strict=True):
        head = bytearray(156)
        _put(head, 0, "4sIff", b"RAW ", count, time, step)
        _put(head, 24, "ffff", start, -1e6, -1e6, -1e6)
        _put(head, 40, "32sff", _sample(metadata, 32).ljust(32), first, second)
        _put(head, 152, "I", left)
        out += head + points
    return bytes(out)


def _second(ranges: list[_Range], metadata: Mapping[str, Any]) -> bytes:
    anode, first, second, ratio, time = _tube(metadata)
    out = bytearray(256)
    _put(out, 0, "4sH", b"RAW2", len(ranges))
    begin = datetime.fromisoformat(str(metadata.get("start") or "2000-01-01T00:00:00"))
    _put(out, 168, "20s2sfff", begin.strftime("%d-%b-%Y, %H:%M").encode(), anode[:2], first, second, ratio)
    for start, step, points, count in ranges:
        head = bytearray(48)
        _put(head, 0, "HH", 48, count)
        _put(head, 8, "fff", time, step, start)
        out += head + points
    return bytes(out)


def _third(ranges: list[_Range], metadata: Mapping[str, Any]) -> bytes:
    anode, first, second, ratio, time = _tube(metadata)
    out = bytearray(712)
    begin = datetime.fromisoformat(str(metadata.get("start") or "2000-01-01T00:00:00"))
    _put(out, 0, "8sII", b"RAW1.01\0", 1, len(ranges))
    _put(out, 16, "10s10s", begin.strftime("%m/%d/%y").encode(), begin.strftime("%H:%M:%S").encode())
    _put(out, 326, "60s", _sample(metadata, 60))
    _put(out, 564, "f", float(metadata.get("instrument", {}).get("radius", 0.0)))
    _put(out, 608, "4s", anode[:4])
    _put(out, 616, "ddddd", first, first, second, 0.0, ratio)
    _put(out, 656, "4s", b"A")
    more = int(metadata.get("supplement", 0))
    for start, step, points, count in ranges:
        head = bytearray(304)
        _put(head, 0, "IIdd", 304, count, start / 2, start)
        _put(head, 176, "d", step)
        _put(head, 192, "fI", time, int(metadata.get("scan_code", 0)))
        _put(head, 240, "dIII", first, 0, 4, more)
        out += head + bytes(more) + points
    return bytes(out)


def _fourth(ranges: list[_Range], metadata: Mapping[str, Any]) -> bytes:
    anode, first, second, ratio, _ = _tube(metadata)
    out = bytearray(61)
    begin = datetime.fromisoformat(str(metadata.get("start") or "2000-01-01T00:00:00"))
    _put(out, 0, "8s", b"RAW4.00\0")
    _put(out, 12, "12s10s", begin.strftime("%m/%d/%Y").encode(), begin.strftime("%H:%M:%S").encode())
    sample = _sample(metadata, 200) + b"\n"
    out += struct.pack("<III24s", 10, 36 + len(sample), 0, b"SAMPLEID") + sample
    source = bytearray(120)
    _put(source, 0, "II", 30, 120)
    _put(source, 72, "ddddd", first, first, second, 0.0, ratio)
    _put(source, 116, "4s", anode[:4])
    out += source
    scan = str(metadata.get("scan", "Locked Coupled")).encode()
    size = int(metadata.get("record", 4))
    for start, step, points, count in ranges:
        drives = _drive(b"2Theta", False, start) + _drive(b"Theta", False, start / 2)
        drives += _drive(str(metadata.get("drive", "2Theta")).encode(), True, start)
        head = bytearray(160)
        _put(head, 32, "24s", scan)
        _put(head, 72, "ddI", start, step, count)
        _put(head, 112, "d", first)
        _put(head, 136, "II", size, len(drives))
        out += head + drives + _records(points, size)
    return bytes(out)


def _records(points: bytes, size: int) -> bytes:
    values = np.frombuffer(points, dtype="<f4")
    records = np.zeros((values.size, size), dtype=np.uint8)
    records[:, :4] = values[:, None].view(np.uint8)
    return records.tobytes()


def _drive(name: bytes, moved: bool, position: float) -> bytes:
    room = bytearray(92)
    _put(room, 0, "III24s", 50, 92, 2 if moved else 0, name)
    _put(room, 56, "d", position)
    return bytes(room)
