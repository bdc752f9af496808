"""Are rows read at once the same as rows read field by field, and is every doubtful row left to the careful way?"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import ReadError
from interlith.layouts import gsas_records
from interlith.layouts.gsas_bank import Bank, TimeMap
from interlith.layouts.gsas_powder import _sections, banks
from interlith.layouts.gsas_records import Records, records

ROWS = ["  50.000000 65.247734 11.584726 ", " 50.200000\t91.168869 13.679734", "", "   ", "50.4 8.3E+01 13."]
SIZES = struct.calcsize("d")


def bank(points: int, kind: str = "FXYE") -> Bank:
    return Bank(1, points, "CONS", (50.0, 0.2), kind, 1)


def told(rows: Sequence[str], points: int, kind: str, ended: bool) -> str:
    """What is read of the rows, or why nothing is."""
    try:
        found = records(bank(points, kind), rows, 2, "file", ended=ended)
    except ReadError as error:
        return str(error)
    return (
        repr([None if one is None else one.tobytes() for one in (found.position, found.intensity, found.std)])
        + found.cut
    )


def carefully(rows: Sequence[str], points: int, kind: str, ended: bool) -> str:
    """The same without the quick way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gsas_records, "_quick", lambda *_: None)
        return told(rows, points, kind, ended)


def test_plain_rows_are_read_at_once() -> None:
    quick = gsas_records._quick(ROWS, 3)
    assert quick is not None
    assert quick.tolist() == [[50.0, 65.247734, 11.584726], [50.2, 91.168869, 13.679734], [50.4, 83.0, 13.0]]
    assert gsas_records._quick(ROWS, 2) == pytest.approx(quick[:, :2], abs=0)
    assert gsas_records._quick(["1 2 3 4", "5 6 7 8"], 2) == pytest.approx(np.array([[1.0, 2.0], [5.0, 6.0]]), abs=0)


@pytest.mark.parametrize(
    "row",
    ["50.6 1.2.3 9", "50.6 1e 9", "50.6 . 9", "50.6 1-2 9", "50.6 7", "50.6 7 8 9", "50.6 nan 9", "50.6 1D5 9", "50.6 1_0 9",
     "1e999 7 8", "50.6\x0c7 8", "50.6\xa07 8", "50.6 \u0661 8", "50.6,7,8", "50.6 *** 9", "50.6 - 9"],
)  # fmt: skip
def test_a_doubtful_row_is_left_to_the_careful_way(row: str) -> None:
    assert gsas_records._quick([*ROWS, row], 3) is None
    for kind in ("FXYE", "FXY"):
        for ended in (True, False):
            rows = [*ROWS, row]
            assert told(rows, 4, kind, ended) == carefully(rows, 4, kind, ended)


def test_nothing_at_all_is_no_row() -> None:
    assert gsas_records._quick([], 3) is None
    assert gsas_records._quick(["", "  "], 3) is None
    assert (
        gsas_records._quick(["1 2 3 4", "5 6", "7 8"], 2) is None
    )  # nor are rows of different lengths, even if they add up
    assert records(bank(3), ["", " "], 2, "file", ended=True).intensity.size == 0


FIELD = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(0, 1e5).map(lambda one: f"{one:.6f}"),
    st.integers(0, 10**20).map(str),
    st.text("0123456789.eE+-", min_size=1, max_size=6),
    st.sampled_from(["nan", "***", "1D5", "1_0", "inf", "\u0661"]),
)
GAP = st.sampled_from([" ", " ", "  ", "\t", "\x0b", "\xa0"])


@st.composite
def row(draw: st.DrawFn) -> str:
    fields = draw(st.lists(FIELD, min_size=0, max_size=4))
    return draw(st.sampled_from(["", " "])) + "".join(field + draw(GAP) for field in fields)


@given(st.lists(row(), max_size=5), st.integers(1, 5), st.sampled_from(["FXYE", "FXY"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_both_ways_say_the_same(rows: list[str], points: int, kind: str, ended: bool) -> None:
    assert told(rows, points, kind, ended) == carefully(rows, points, kind, ended)


@given(st.lists(st.binary(min_size=SIZES, max_size=SIZES), min_size=1, max_size=20), st.integers(1, 17))
@settings(max_examples=100, deadline=None)
def test_numbers_are_rounded_as_everywhere(raw: list[bytes], digits: int) -> None:
    numbers = [value for one in raw if np.isfinite(value := struct.unpack("d", one)[0])]
    printed = [f"{value:.{digits}g}" for value in numbers]
    quick = gsas_records._quick([f"1 {text}" for text in printed], 2)
    assert (quick is None) == (not numbers)
    if quick is not None:
        assert quick[:, 1].tolist() == [float(text) for text in printed]


def test_a_last_row_without_its_end_may_be_cut() -> None:
    rows = ["1 2 3", "2 3 4", "3 4 5"]
    assert records(bank(4), rows, 2, "file", ended=False).cut == "3 4 5"
    assert records(bank(4), rows, 2, "file", ended=True).cut == ""
    whole: Records = records(bank(3), rows, 2, "file", ended=False)
    assert (whole.intensity.size, whole.cut) == (3, "")


def test_records_remarks_and_maps_between_rows_belong_where_they_stand() -> None:
    text = ["title", "# of the first", "BANK 1 2 2 CONS 1 2 0 0 FXY", "1 2", "# of the second", "Typo", "3 4", "BANK 2 9 9 CONS 1 2 0 0 FXY",
            "TIME_MAP 3 4 1 TIME_MAP 100", "       1     100      10     200", "5 6"]  # fmt: skip
    maps, found, first = _sections(text, "file")
    assert first == 2
    assert [one.number for one, _, _ in found] == [1, 2]
    assert [body for _, body, _ in found] == [["1 2", "", "Typo", "3 4"], ["", "", "5 6"]]
    assert [above for _, _, above in found] == [["title", "# of the first"], ["# of the second"]]
    assert list(maps) == [3]
    assert isinstance(maps[3], TimeMap)


def test_positions_that_go_up_as_often_as_down_are_refused() -> None:
    rows = [f"{at} 5 1" for at in (1, 2, 1, 2, 1)]
    with pytest.raises(ReadError, match="the position of point 3 goes back from 2 to 1"):
        banks(["title", "BANK 1 5 5 CONS 1 2 0 0 FXYE", *rows, ""], "file")
