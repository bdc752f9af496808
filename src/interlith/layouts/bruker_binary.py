"""How are bytes of a binary file read so that no header can make the reader run away?

Every read is checked against the end of the file, and a count of points against the bytes that are left, before anything is made.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

#: Largest file (bytes) that is taken into memory, and most ranges of one.
LARGEST, MOST_RANGES = 1_000_000_000, 100_000


@dataclass(frozen=True, slots=True)
class Bytes:
    """The bytes of a file with its name for errors."""

    data: bytes
    where: str

    def take(self, kind: str, at: int, what: str) -> Any:
        """One little-endian number: ``I`` and ``H`` unsigned, ``i`` signed, ``f`` and ``d`` real.

        Raises
        ------
        ReadError
            If the file ends before it.
        """
        size = struct.calcsize("<" + kind)
        if at < 0 or at + size > len(self.data):
            raise ReadError(
                f"{self.where}: byte {at}: the file ends after {len(self.data)} bytes, before {what}; it is cut short. Copy it again."
            )
        return struct.unpack_from("<" + kind, self.data, at)[0]

    def real(self, kind: str, at: int, what: str) -> float:
        """One finite real number.

        Raises
        ------
        ReadError
            If the file ends before it or it is not finite.
        """
        value = float(self.take(kind, at, what))
        if not np.isfinite(value):
            raise ReadError(f"{self.where}: byte {at}: {what} is no finite number; the file is damaged.")
        return value

    def text(self, at: int, size: int) -> str:
        """A text of fixed width, up to its first zero; empty behind the end of the file."""
        raw = self.data[at : at + size].partition(b"\0")[0]
        try:
            return raw.decode("utf-8").strip()
        except UnicodeDecodeError:
            return raw.decode("cp1252", errors="replace").strip()

    def singles(self, at: int, count: int, stride: int, what: str) -> NDArray[np.float64]:
        """Real numbers of single precision at the head of each of many records.

        Raises
        ------
        ReadError
            If the file holds fewer bytes than the header promises.
        """
        if stride < 4 or count < 0 or at + count * stride > len(self.data):
            raise ReadError(
                f"{self.where}: byte {at}: the header names {count} points of {stride} bytes, but {max(0, len(self.data) - at)} bytes "
                f"are left for {what}; the file is cut short or damaged. Copy it again."
            )
        records = np.frombuffer(self.data, dtype=np.uint8, count=count * stride, offset=at).reshape(count, stride)
        with np.errstate(invalid="ignore"):  # signalling nan, which is no measurement, and is told as such
            return np.ascontiguousarray(records[:, :4]).view("<f4").ravel().astype(np.float64)

    def singles_after(self, at: int, count: int, stride: int, skip: int, kind: str) -> NDArray[np.float64]:
        """Numbers ``skip`` bytes inside each record; the records must have been checked by `singles`."""
        size = struct.calcsize(kind)
        records = np.frombuffer(self.data, dtype=np.uint8, count=count * stride, offset=at).reshape(count, stride)
        with np.errstate(invalid="ignore"):
            return np.ascontiguousarray(records[:, skip : skip + size]).view("<" + kind).ravel().astype(np.float64)


@dataclass(frozen=True, slots=True)
class Range:
    """One range of a binary file as its header describes it.

    Parameters
    ----------
    axis
        Name of the scan or drive; empty where the version has no such word.
    start, step
        Of the scanned axis (deg).
    values
        What was recorded, shape (n,).
    positions
        Measured two theta of each point (deg), where recorded; else start and step hold.
    time
        Counting time of a step (s); `None` where unknown.
    about
        The rest of the header.
    """

    axis: str
    start: float
    step: float
    values: NDArray[np.float64]
    positions: NDArray[np.float64] | None = None
    time: float | None = None
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawFile:
    """Version, ranges, words for ``metadata["instrument"]``, start (ISO), the rest of the header, and bytes not accounted for."""

    version: int
    ranges: tuple[Range, ...]
    instrument: dict[str, Any]
    start: str
    header: dict[str, Any]
    left: int = 0


def loaded(path: Path) -> Bytes:
    """All bytes of a file.

    Raises
    ------
    ReadError
        If it cannot be opened or is larger than is read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ReadError(
                f"{path}: {path.stat().st_size} bytes are more than is read of one pattern file ({LARGEST})."
            )
        return Bytes(path.read_bytes(), str(path))
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error


def check_step(raw: Bytes, at: int, start: float, step: float, count: int) -> None:
    """Refuse a scan that no goniometer makes.

    Raises
    ------
    ReadError
        If the step is zero or not finite, or the angles leave a full turn.
    """
    last = start + step * max(0, count - 1)
    if step == 0 or not np.isfinite(last) or max(abs(start), abs(last)) > 720:
        raise ReadError(
            f"{raw.where}: byte {at}: {count} steps of {step:g} deg from {start:g} deg are no scan; the header is damaged."
        )


def tube(anode: str, first: float, second: float, ratio: float) -> dict[str, Any]:
    """Words for ``metadata["instrument"]`` from what all versions say of the tube; zeros and nonsense are left out."""
    found: dict[str, Any] = {"radiation": "x-ray"}
    if anode.isalpha():
        found["anode"] = anode.capitalize()
    if 0.05 < first < 10:
        paired = 0.05 < second < 10 and second != first and ratio != 0
        found["wavelengths"] = [first, second] if paired else [first]
        if paired and 0 < ratio < 2:
            found["ratio"] = ratio
    return found


def left_over(raw: Bytes, at: int, ranges: Sequence[Range]) -> int:
    """Bytes other than zero behind the last range: what headers did not account for.

    Raises
    ------
    ReadError
        If as much is left as another record of every point would take: the points were then read at a wrong stride.
    """
    rest = raw.data[at:].rstrip(b"\0")
    if len(rest) >= 4 * max(1, sum(item.values.size for item in ranges)):
        raise ReadError(
            f"{raw.where}: byte {at}: {len(rest)} bytes are left behind the last range, more than its points take; the file is of a layout "
            "that is not known. Export it as .xy or .uxd."
        )
    return len(rest)


def decimal(value: float) -> float:
    """A number of single precision as the decimal number it was made from, to seven digits."""
    return float(f"{value:.7g}")
