"""In which order do the dates of an instrument's text stand: day or month first, two or four digits of the year?

Instruments print dates as the locale of their computer says. ``04/01/2016`` alone says nothing; a day above 12, a month
written in letters, or the device time between two records prove the order. What is not proven is not used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TEXT = re.compile(
    r"(?P<a>\d{1,4}|[A-Za-z]{3,9})(?P<sign>[-/. ])(?P<b>\d{1,2}|[A-Za-z]{3,9})(?P=sign)(?P<c>\d{2,4})"
    r"(?:(?P<gap>,? |T)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<part>\.\d{1,9})?)?(?: ?(?P<half>[AaPp][Mm]))?)?$"
)
#: Difference between clock and device time (s, and share of the device time) by which an order is still possible.
SLACK, SHARE = 7200.0, 0.05
DAY = 86400.0
_DURATION = re.compile(r"\s*(?:(?P<d>\d+)d )?(?P<h>\d+):(?P<m>\d+):(?P<s>\d+(?:[.,]\d+)?)$")


@dataclass(frozen=True, slots=True)
class Order:
    """How dates are read: the pattern for polars, or no pattern where nothing is proven; `ambiguous` tells the two apart."""

    pattern: str = ""
    ambiguous: bool = False


def order_of(
    texts: Sequence[str], *, seconds: Sequence[float] = (), beside: Sequence[str] = (), spelled: datetime | None = None
) -> Order:
    """Find the pattern in which dates are written.

    Parameters
    ----------
    texts
        Dates with a time of day, in the order of the records.
    seconds
        Device time (s) of the same records; empty where unknown.
    beside
        Other dates of the same file in the same style, with or without a time of day.
    spelled
        A date near the first record whose order is not in doubt.

    Notes
    -----
    Assumes that all dates of a file stand in one order, and that clock and device time run alike to within `SHARE`.
    """
    found = [_TEXT.match(text) for text in texts]
    if not texts or not all(found):
        return Order()
    matches = [match for match in found if match]
    others = [match for match in map(_TEXT.match, beside) if match and match["sign"] == matches[0]["sign"]]
    possible = [order for order in _orders(matches[0]) if all(_read(match, order) for match in matches)]
    if len(possible) > 1:
        proven = [order for order in possible if all(_read(match, order) for match in others)]
        possible = proven or possible
    if len(possible) > 1:
        possible = [order for order in possible if _runs_alike(matches, order, seconds)]
        near = [order for order in possible if _near(_read(matches[0], order), spelled)]
        possible = near or possible
        # The same day read in either order is no doubt.
        if len({tuple(_read(match, order) for match in matches) for order in possible}) == 1:
            possible = possible[:1]
    if len(possible) != 1:
        return Order(ambiguous=True)
    return Order(_pattern(matches[0], possible[0]))


def read_date(text: str) -> datetime | None:
    """A date whose order is not in doubt, such as ``31/03/2016``, ``23-Nov-23 3:56:08 PM`` or ``2020-12-11``; else `None`."""
    match = _TEXT.match(text.strip())
    if match is None:
        return None
    read = {found for order in _orders(match) if (found := _read(match, order)) is not None}
    return read.pop() if len(read) == 1 else None


def seconds_of(text: str, factor: float) -> float | None:
    """Device time (s) of one record, from a duration or a number in a unit of `factor` seconds; `None` if it is neither."""
    match = _DURATION.match(text)
    if match:
        days, hours, minutes, seconds = (float((match[name] or "0").replace(",", ".")) for name in "dhms")
        return DAY * days + 3600.0 * hours + 60.0 * minutes + seconds
    plain = text.strip().replace(",", "") if "." in text else text.strip().replace(",", ".")
    return float(plain) * factor if re.fullmatch(r"\d+\.?\d*", plain) and not math.isnan(factor) else None


def _orders(match: re.Match[str]) -> tuple[str, ...]:
    """Possible orders, each as letters of year, month and day in their places."""
    if match["a"].isalpha():
        return ("mdy",)
    if match["b"].isalpha():
        return ("dmy",)
    if len(match["a"]) > 2:
        return ("ymd",)
    return ("dmy",) if match["sign"] == "." else ("mdy", "dmy")


def _read(match: re.Match[str], order: str) -> datetime | None:
    parts = dict(zip(order, (match["a"], match["b"], match["c"]), strict=True))
    month = parts["m"]
    if month.isalpha():
        if month[:3].casefold() not in _MONTHS:
            return None
        month = str(_MONTHS.index(month[:3].casefold()) + 1)
    if not parts["y"].isdigit() or not parts["d"].isdigit() or len(parts["y"]) not in (2, 4):
        return None
    year = int(parts["y"]) + (0 if len(parts["y"]) == 4 else 2000 if int(parts["y"]) < 69 else 1900)
    hour = int(match["hour"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"].casefold() == "pm" else 0)
    try:
        clock = time(hour, int(match["minute"] or 0), int(match["second"] or 0))
        return datetime.combine(date(year, int(month), int(parts["d"])), clock)
    except ValueError:
        return None


def _near(found: datetime | None, spelled: datetime | None) -> bool:
    return found is not None and spelled is not None and abs(found - spelled) <= timedelta(days=2)


def _runs_alike(matches: Sequence[re.Match[str]], order: str, seconds: Sequence[float]) -> bool:
    clocks = [_read(match, order) for match in matches]
    first, last = clocks[0], clocks[-1]
    if first is None or last is None:
        return False
    if any(a is not None and b is not None and (b - a).total_seconds() < -DAY for a, b in pairwise(clocks)):
        return False
    if len(seconds) != len(matches):
        return True
    passed = seconds[-1] - seconds[0]
    return abs((last - first).total_seconds() - passed) <= SLACK + SHARE * abs(passed)


def _pattern(match: re.Match[str], order: str) -> str:
    marks = {
        "d": "%d",
        "m": "%m",
        "y": "%Y" if len(dict(zip(order, match.group("a", "b", "c"), strict=True))["y"]) == 4 else "%y",
    }
    word = dict(zip(order, match.group("a", "b", "c"), strict=True))["m"]
    if word.isalpha():
        marks["m"] = "%b" if len(word) == 3 else "%B"
    day = match["sign"].join(marks[letter] for letter in order)
    if not match["hour"]:
        return day
    hour = "%I" if match["half"] else "%H"
    second = "" if match["second"] is None else ":%S%.f"
    half = "" if not match["half"] else (" %p" if match.string[match.start("half") - 1] == " " else "%p")
    return f"{day}{match['gap']}{hour}:%M{second}{half}"
