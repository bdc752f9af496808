"""In which pattern does a vendor write dates?

Asking polars costs a millisecond a question, which is most of what a small file costs; dates that are written strictly are
therefore understood here, and polars is asked about all others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import polars as pl

#: Patterns in the order in which they are tried; where two fit, the first is taken.
PATTERNS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M:%S%.f",
    "%m/%d/%Y %I:%M:%S %p",
    "%Y-%m-%d %I:%M:%S %p",
)
_PARTS = {
    "%Y": r"(?P<year>\d{4})",
    "%m": r"(?P<month>\d\d)",
    "%d": r"(?P<day>\d\d)",
    "%H": r"(?P<hour>\d\d)",
    "%M": r"(?P<minute>\d\d)",
    "%S": r"(?P<second>\d\d)",
    "%.f": r"(?:\.(?P<part>\d{1,9}))?",
}
_FIELDS = ("year", "month", "day", "hour", "minute", "second")
_STRICT = {
    pattern: re.compile(re.sub(r"%\.?\w|\.", lambda found: _PARTS.get(found[0], re.escape(found[0])), pattern))
    for pattern in PATTERNS
    if "%p" not in pattern
}


def pattern_of(texts: Sequence[str]) -> str | None:
    """The first pattern that all texts are written in; `None` if there is none, or no text."""
    if not texts:
        return None
    for pattern in PATTERNS:
        if _excluded(texts[0], pattern):
            continue
        if all(_strictly(text, pattern) is not None for text in dict.fromkeys(texts)) or _asked(texts, pattern):
            return pattern
    return None


def iso(text: str) -> str:
    """A vendor's date as ISO text; the text itself where its pattern is not known."""
    plain = text.strip()
    pattern = pattern_of([plain])
    if pattern is None:
        return plain
    found = _strictly(plain, pattern)
    if found is None:
        try:
            found = pl.Series([plain], dtype=pl.String).str.to_datetime(pattern, strict=False, time_unit="ms")[0]
        except (ValueError, OverflowError):  # polars knows years that no calendar of Python's has
            return plain
    return found.isoformat(timespec="milliseconds" if found.microsecond else "seconds")


def _excluded(text: str, pattern: str) -> bool:
    """Whether a text surely is not in a pattern: another sign behind its first number, or a T where none belongs."""
    sign = re.match(r"\s*[+-]?\d+\s*([-/.])", text)
    return (sign is not None and sign[1] != pattern[2]) or ("T" in text) != ("T" in pattern)


def _strictly(text: str, pattern: str) -> datetime | None:
    """The date to a millisecond where it is written in full digits; `None` says nothing."""
    strict = _STRICT.get(pattern)
    found = strict.fullmatch(text) if strict is not None else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(found[name]) for name in _FIELDS)
    try:
        return datetime(year, month, day, hour, minute, second, int((found["part"] or "0").ljust(3, "0")[:3]) * 1000)
    except ValueError:
        return None


def _asked(texts: Sequence[str], pattern: str) -> bool:
    probe = pl.Series(texts, dtype=pl.String)
    return probe.str.to_datetime(pattern, strict=False, time_unit="ms").null_count() == 0
