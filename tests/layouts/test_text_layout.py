"""What the readers of text share: the short ways must find what the long ones found."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.formats import bdf
from interlith.layouts import landt_words, likely_columns, neware_words
from interlith.layouts.column_names import split
from interlith.layouts.lazy_text import NULLS, _stands_alone
from interlith.layouts.text_layout import DELIMITERS, decode, fields, header_rows, is_text, is_word
from interlith.layouts.text_table import NEEDED, header_of

FIELDS = st.sampled_from(
    ["", " ", "-", "--", "NaN", "nan ", " N/A", '"-"', "-1.5", "1e-5", "Rest", "None", "2026-03-02", "a-"]
)


@given(
    st.lists(st.lists(FIELDS, min_size=1, max_size=4), min_size=1, max_size=4),
    st.sampled_from(DELIMITERS),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_marks_for_nothing_are_found_wherever_a_field_is_one(
    rows: list[list[str]], delimiter: str, ended: bool
) -> None:
    text = ("\r\n".join(delimiter.join(row) for row in rows) + ("\n" if ended else "")).encode()
    mark = re.escape(delimiter)
    pattern = rf'(?:^|[{mark}"])[ \t]*({"|".join(NULLS)})[ \t]*(?=[{mark}"\r\n])'
    wanted = {found.decode() for found in re.findall(pattern.encode(), text, re.MULTILINE)}
    assert {word for word in NULLS if _stands_alone(word.encode(), text, delimiter.encode())} == wanted


def test_no_name_of_a_column_begins_with_a_digit() -> None:
    usual = {word for words in likely_columns._LIKELY.values() for word in words}
    for vocabulary in (bdf.VOCABULARY, neware_words.VOCABULARY, landt_words.VOCABULARY, usual):
        assert [name for name in vocabulary if not is_word(name)] == []


HEADER = st.sampled_from(
    ["Time(s)", '"Voltage/V"', " Current (mA)", "#test_time_second", "voltage_volt", "1", "-2.5", "", "x;y", "\ufeffTestTime/Sec",
     "current_ampere", "Current/mA", "Total Time", "00:00:01", "+", "--"]
)  # fmt: skip


@given(st.lists(st.lists(HEADER, min_size=1, max_size=6), min_size=1, max_size=6), st.sampled_from(DELIMITERS))
@settings(max_examples=400, deadline=None)
def test_the_header_is_the_first_line_that_names_what_is_needed(rows: list[list[str]], delimiter: str) -> None:
    head = "\r\n".join(delimiter.join(row) for row in rows).encode()
    for vocabulary in (bdf.VOCABULARY, neware_words.VOCABULARY, landt_words.VOCABULARY):
        assert header_of(head, vocabulary) == _header_the_long_way(head, vocabulary)


def _header_the_long_way(head: bytes, vocabulary: dict[str, str]) -> tuple[str, ...]:
    for line in decode(head)[0].split("\n"):
        for delimiter in DELIMITERS:
            row = fields(line.rstrip("\r"), delimiter)
            found = {vocabulary.get(split(field).stem) for field in row}
            if delimiter in line and found >= NEEDED and found & {"test_time", "step_time"}:
                return tuple(field.strip().strip("\ufeff") for field in row)
    return ()


@pytest.mark.parametrize(
    ("head", "text"),
    [(b"a,b\n", True), (b"a\x00b", False), (b"", False), (b"\x01\x02\x03", False), (b"\xff\xfea\x00", True)],
)
def test_text_is_told_from_bytes(head: bytes, text: bool) -> None:
    assert is_text(head) == text
    if not text:
        assert header_rows(head) == ()
