"""Where are the ranges of a binary Rigaku .raw, and is what their headers say true?

No description of the layout is public; three independent readers agree on blocks marked ``FI`` (file), ``PI`` (a range) and ``DA``
(its points). Each value is taken only where another confirms it: start, end and step must give the number of points, and the points
must end where the next block begins, or the file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from interlith.errors import ReadError
from interlith.layouts.bruker_binary import Bytes, Range, decimal

_FILE, _RANGE, _POINTS = b"FI", b"PI\0\0", b"DA\0\0"
#: Offsets from the mark of a range: times of start and end, then what precedes the angles, first and last angle, and step.
_TIMES, _BEFORE, _ANGLES = 30, 822, 826
#: Offsets from the mark of the points: their number, and the first of them; and of the wavelengths in the file.
_COUNT, _FIRST, _WAVES = 16, 20, 1212
_EXPORT = "export it from SmartLab Studio as .ras or .rasx"


def ranges_of(raw: Bytes) -> list[Range]:
    """All ranges.

    Raises
    ------
    ReadError
        If a block is missing, the file is cut short, or start, end, step and number of points contradict each other.
    """
    if not raw.data.startswith(_FILE):
        raise ReadError(f"{raw.where}: byte 0: the file begins with {raw.data[:4]!r}, a binary Rigaku .raw with 'FI'.")
    found: list[Range] = []
    at = raw.data.find(_RANGE)
    if at < 0:
        raise ReadError(
            f"{raw.where}: no block 'PI' of a range; this is a Rigaku .raw of a layout that is not known: {_EXPORT}."
        )
    while at >= 0:
        made, end = _range(raw, at, len(found) + 1)
        found.append(made)
        rest = raw.data[end:]
        if not rest.strip(b"\0"):
            break
        following = raw.data.find(_RANGE, end)
        if following < 0 or following - end > 4096:
            raise ReadError(
                f"{raw.where}: byte {end}: {len(rest)} bytes follow the points of range {len(found)}, and no block 'PI'; the number of "
                f"points is not the true one, so the layout is not known: {_EXPORT}."
            )
        at = following
    return found


def _range(raw: Bytes, at: int, order: int) -> tuple[Range, int]:
    start, last, step = (raw.real("f", at + _ANGLES + 4 * place, "an angle") for place in range(3))
    points = raw.data.find(_POINTS, at + _ANGLES + 12, at + _ANGLES + 8192)
    if points < 0:
        raise ReadError(f"{raw.where}: byte {at}: no block 'DA' of points follows range {order}: {_EXPORT}.")
    count = int(raw.take("I", points + _COUNT, "the number of points"))
    told = (last - start) / step + 1 if step else math.nan
    if not (
        math.isfinite(told)
        and abs(told - count) < 0.5
        and 1e-5 < abs(step) < 10
        and abs(start) < 200
        and abs(last) < 200
    ):
        raise ReadError(
            f"{raw.where}: byte {at + _ANGLES}: range {order} has {count} points, but {start:g} to {last:g} deg in steps of {step:g} deg; "
            f"these contradict each other, so the layout is not known: {_EXPORT}."
        )
    values = raw.singles(points + _FIRST, count, 4, f"range {order}")
    begin, end = (int(raw.take("i", at + _TIMES + 4 * place, "a time")) for place in range(2))
    about: dict[str, Any] = {"before_angles": raw.take("f", at + _BEFORE, "a header")}
    if 0 < begin <= end < 2**31 - 1 and end - begin < 30 * 86_400:
        about |= {"start": _clock(begin), "end": _clock(end)}
    # The end is printed more exactly than the step of single precision, so the step is taken from both ends.
    even = (decimal(last) - decimal(start)) / (count - 1) if count > 1 else decimal(step)
    return Range("", decimal(start), even, values, None, None, about), points + _FIRST + 4 * count


def _clock(seconds: int) -> str:
    """Seconds since 1970 as ISO text without a zone, since instruments count them in local or world time."""
    return datetime.fromtimestamp(seconds, tz=UTC).replace(tzinfo=None).isoformat()


def instrument_of(raw: Bytes) -> Mapping[str, Any]:
    """Wavelengths, where two numbers that can be K-alpha 1 and 2 stand at their place."""
    found: dict[str, Any] = {"radiation": "x-ray"}
    if len(raw.data) < _WAVES + 16:
        return found
    first, second = (float(raw.take("d", _WAVES + 8 * place, "a wavelength")) for place in range(2))
    if 0.1 < first < 5:
        pair = first < second < 1.02 * first  # K-alpha 2 is longer by less than 1 % for all anodes in use
        found["wavelengths"] = [first, second] if pair else [first]
    return found
