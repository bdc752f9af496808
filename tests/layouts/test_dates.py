"""Dates understood here are those that polars understands, pattern by pattern."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.layouts.dates import PATTERNS, iso, pattern_of

NUMBERS = st.tuples(
    st.sampled_from(["2026", "1999", "26", "0007"]),
    st.sampled_from(["01", "1", "12", "13", "31"]),
    st.sampled_from(["01", "9", "13", "30", "31"]),
    st.sampled_from(["00", "7", "23", "24"]),
    st.sampled_from(["00", "59", "60", "5"]),
    st.sampled_from(["00", "59", "60"]),
    st.sampled_from(["", ".5", ".123", ".1239999", ".1234567890", "."]),
)


def _written(parts: tuple[str, ...], pattern: str) -> str:
    for word, part in zip(("%Y", "%m", "%d", "%H", "%M", "%S", "%.f"), parts, strict=True):
        pattern = pattern.replace(word, part)
    return pattern


def _by_polars(texts: list[str]) -> str | None:
    probe = pl.Series(texts, dtype=pl.String)
    fits = (p for p in PATTERNS if probe.str.to_datetime(p, strict=False, time_unit="ms").null_count() == 0)
    return next(fits, None)


@given(st.lists(NUMBERS, min_size=1, max_size=3), st.sampled_from(PATTERNS), st.sampled_from(PATTERNS))
@settings(max_examples=300, deadline=None)
def test_the_pattern_is_the_one_that_polars_finds(parts: list[tuple[str, ...]], one: str, other: str) -> None:
    texts = [_written(item, one if k % 2 == 0 else other) for k, item in enumerate(parts)]
    assert pattern_of(texts) == _by_polars(texts)


@given(NUMBERS, st.sampled_from(PATTERNS))
@settings(max_examples=200, deadline=None)
def test_the_date_is_the_one_that_polars_reads(parts: tuple[str, ...], pattern: str) -> None:
    text = _written(parts, pattern)
    found = _by_polars([text])
    if found is None:
        assert iso(text) == text
    else:
        date = pl.Series([text]).str.to_datetime(found, strict=False, time_unit="ms")[0]
        assert iso(text) == date.isoformat(timespec="milliseconds" if date.microsecond else "seconds")


@pytest.mark.parametrize("texts", [[], ["yesterday"], ["2026-03-02 08:00:00", "12"]])
def test_what_is_no_date_has_no_pattern(texts: list[str]) -> None:
    assert pattern_of(texts) is None
