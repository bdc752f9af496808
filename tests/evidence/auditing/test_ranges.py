"""Are printed ranges read as they were meant, and do their relations hold only where they must?"""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError, UnitError
from interlith.evidence import audit
from interlith.evidence.auditing.amounts import amount
from interlith.evidence.auditing.expressions import PREDICATES, evaluate, parse_expression
from interlith.evidence.auditing.printed import read_printed
from interlith.evidence.auditing.ranges import RANGE_FUNCTIONS, Range
from interlith.model import Finding

DOCS = Path(__file__).resolve().parents[3] / "docs"


def one(claim: str, **values: str) -> Finding:
    return audit({"values": values, "claims": [claim]})[0]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("10-20 nm", 10, 20, "nm"), ("10 - 20 nm", 10, 20, "nm"), ("10\u201320 nm", 10, 20, "nm"), ("10\u221220 nm", 10, 20, "nm"),
        ("10 to 20 nm", 10, 20, "nm"), ("10..20 nm", 10, 20, "nm"), ("10 ... 20 nm", 10, 20, "nm"), ("10 \u2026 20 nm", 10, 20, "nm"),
        ("0.22-0.29 J/m^2", 0.22, 0.29, "J/m^2"), ("380 .. 450 degC", 380, 450, "degC"), ("1e-3-1e-1 s", 1e-3, 1e-1, "s"),
        ("-10--5 mV", -10, -5, "mV"), ("\u221210 .. \u22125 mV", -10, -5, "mV"), ("-5-10 mV", -5, 10, "mV"), ("1-2", 1, 2, ""),
        ("3-4 nm^-2", 3, 4, "nm^-2"), ("29.-30. nm", 29, 30, "nm"), ("4.940(1)-4.950(1) nm", 4.94, 4.95, "nm"), ("1...5", 1, 5, ""),
    ],
)  # fmt: skip
def test_ranges_as_they_are_printed(text: str, low: float, high: float, unit: str) -> None:
    found = read_printed(text, "last printed digit", what="x")
    assert found.ends is not None
    assert [end.value for end in found.ends] == [low, high]
    assert {end.unit for end in found.ends} == {unit}
    assert found.unit == unit


def test_each_end_may_have_its_own_unit_and_rounds_for_itself() -> None:
    low, high = read_printed("300 mV to 0.5 V", "last printed digit", what="x").ends or ()
    assert (low.value, low.unit, low.half, low.whole) == (300, "mV", 0, True)
    assert (high.value, high.unit, high.half, high.whole) == (0.5, "V", 0.05, False)
    low, high = read_printed("4.940(2)-4.95 nm", "none", what="x").ends or ()
    assert (low.std, high.half) == (pytest.approx(0.002), 0)


@pytest.mark.parametrize(
    "text", ["1e-6 1/K", "3.46 nm-2", "3.46 nm^-2", "131 +- 2 mAh/g", "-5 mV", "1.5e-3 S/cm", "2.5 W m-1 K-1", "4.940(1) nm"]
)  # fmt: skip
def test_numbers_with_a_dash_in_them_stay_numbers(text: str) -> None:
    assert read_printed(text, "none", what="x").ends is None


@pytest.mark.parametrize(
    "text", ["20-10 nm", "5-5 nm", "10 -20 nm", "10 nm-20 nm", "10~20 nm", "2024-05-06", "1-2-3 nm", "1,5-2 nm", "1-", "1e999", "1e999-2 m", "1e5--", "1 - nm"]
)  # fmt: skip
def test_what_may_be_meant_otherwise_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        read_printed(text, "none", what="x")


@example("0e^0")
@example("0E/0")
@given(st.text(alphabet="0123456789.eE-+\u2212\u2013() nm^/to,~'", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_printed(text, "last printed digit", what="x")
    except UnitError:
        return
    assert (
        found.ends is None
        or found.ends[0].value < found.value < found.ends[1].value
        or found.ends[0].unit != found.unit
    )


def test_hostile_text_takes_no_time() -> None:
    begun = time.perf_counter()
    for text in ("1 " + "a " * 10_000, "1 nm" + " -" * 140, "1" + "-" * 290, "1 " + "x y " * 70 + "- 2 nm", "1.." * 90):
        with pytest.raises(UnitError):
            read_printed(text, "none", what="x")
    assert time.perf_counter() - begun < 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("low('10-20 nm')", 1e-8), ("high('10-20 nm')", 2e-8), ("width('10-20 nm')", 1e-8), ("mid('10-20 nm')", 1.5e-8),
        ("width('380-450 degC')", 70), ("overlap('0-10', '5-25')", 0.5), ("overlap('0-10', '2-4')", 1.0), ("overlap('0-1', '2-3')", 0.0),
        ("share_in('1e-7-1.0', '0.1-10')", 0.5), ("share_in('1-10', '100-1000')", 0.0), ("low(window('0.1 Hz', '1 MHz'))", 1 / (2e6 * math.pi)),
        ("high(window('0.1 Hz', '1 MHz'))", 10 / (2 * math.pi)), ("mid(2 * '1-3')", 4), ("mid('1-3' + 1)", 3), ("low(1 / '2-4')", 0.25),
        ("high(1 / '2-4')", 0.5), ("low('1-3' - '0-1')", 0), ("high('1-3' - '0-1')", 3), ("low(-'1-3')", -3), ("high('-3-2'^2)", 9),
        ("low('-3-2'^2)", 0), ("low(abs('-3-2'))", 0), ("high(abs('-3-2'))", 3), ("high(sqrt('4-9'))", 3), ("low('2-4'^-1)", 0.25),
        ("high(max('2-4', 3))", 4), ("low(max('2-4', 3))", 3), ("high(min('2-4', 3))", 3), ("mid(span(2, 4))", 3),
    ],
)  # fmt: skip
def test_functions_of_ranges(text: str, expected: float) -> None:
    side = evaluate(parse_expression(text), _quoted(text), {})
    assert not isinstance(side, Range)
    assert float(np.ravel(side.values)[0]) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def _quoted(text: str) -> dict[str, object]:
    made: dict[str, object] = {}
    for name in parse_expression(text).names():
        printed = read_printed(name[1:-1], "none", what=name)
        ends = printed.ends
        made[name] = (
            amount(printed.value, printed.unit)
            if ends is None
            else Range(*(amount(end.value, end.unit) for end in ends), frozenset((name,)))
        )
    return made


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("'380 degC' < '400-450 degC'", "supported"), ("'420 degC' < '400-450 degC'", "undecided"),
        ("'450 degC' < '400-450 degC'", "contradicted"), ("'450 degC' <= '400-450 degC'", "undecided"),
        ("precedes('1-2', '3-4')", "supported"), ("precedes('1-3', '2-4')", "undecided"), ("precedes('3-4', '1-2')", "contradicted"),
        ("precedes(1, 2)", "supported"), ("precedes(2, 2)", "contradicted"),
        ("15 = '10-20'", "supported"), ("'10-20' = 15", "supported"), ("20 = '10-20'", "supported"), ("21 = '10-20'", "contradicted"),
        ("'12-15' = '10-20'", "supported"), ("'10-20' = '12-15'", "supported"), ("'15-25' = '10-20'", "undecided"), ("'1-2' = '3-4'", "contradicted"),
        ("within(15, '10-20')", "supported"), ("within('15-25', '10-20')", "contradicted"), ("within('20.2', '10.-20.')", "undecided"),
        ("within('20.6', '10.-20.')", "contradicted"), ("within(25, '10-20')", "contradicted"),
        ("'0.29' = '0.22-0.28'", "supported"), ("'0.30' = '0.22-0.28'", "contradicted"), ("1 / '-1-1' = 1", "undecided"),
        ("'4' = '1-9' ^ (1/2)", "contradicted"), ("'10-20' >= 10", "supported"), ("'10-20' > 10", "undecided"),
        ("log10('0-1') < 1", "undecided"), ("1.02 = '1.00(1)-2.00(1)'", "supported"), ("0.985 = '1.00(1)-2.00(1)'", "supported"),
        ("0.975 = '1.00(1)-2.00(1)'", "contradicted"), ("overlap('1-3', '2-4') >= 0.5", "supported"), ("'5-6' + '1-2' = 7", "supported"),
    ],
)  # fmt: skip
def test_relations_of_ranges(claim: str, verdict: str) -> None:
    assert one(claim, unused="1").verdict == verdict


NUMBERS = st.integers(-50, 50)


@given(NUMBERS, st.integers(1, 40), NUMBERS, st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_relations_are_those_of_every_pair_of_numbers(a: int, b: int, c: int, d: int) -> None:
    found = one("x <= y", x=f"{a}..{a + b}", y=f"{c}..{c + d}").verdict
    truths = {x <= y for x in (a, a + b) for y in (c, c + d)}
    assert found == ("undecided" if len(truths) == 2 else ("supported" if truths == {True} else "contradicted"))
    turned = one("y >= x", x=f"{a}..{a + b}", y=f"{c}..{c + d}").verdict
    assert turned == found


@given(st.sampled_from(["x + y", "x - y", "x * y", "-x + y", "x * y - 3"]), st.lists(NUMBERS, min_size=2, max_size=2))
@settings(max_examples=60, deadline=None)
def test_arithmetic_holds_every_result(text: str, lows: list[int]) -> None:
    ranges = {name: Range(amount(float(low), ""), amount(low + 7.0, "")) for name, low in zip("xy", lows, strict=True)}
    side = evaluate(parse_expression(text), ranges, {})
    assert isinstance(side, Range)
    inner = np.linspace(0, 7, 8)
    x, y = (np.add(low, part) for low, part in zip(lows, np.meshgrid(inner, inner), strict=True))
    results = eval(text, {"__builtins__": {}}, {"x": x, "y": y})  # noqa: S307
    assert float(side.low.values) == pytest.approx(results.min())
    assert float(side.high.values) == pytest.approx(results.max())


def test_the_finding_shows_both_ends() -> None:
    found = one("layer = reach", layer="10-20 nm", reach="2 nm")
    assert found.verdict == "contradicted"
    assert "10 to 20 against 2 nm (their nearest ends are 400 % apart)" in found.statement
    assert (found.details["left_low"], found.details["left_high"]) == (pytest.approx(1e-8), pytest.approx(2e-8))
    assert "right_low" not in found.details
    assert found.estimate == pytest.approx(400)


def test_whole_ends_are_nominal_and_said_to_be() -> None:
    found = one("a = b", a="10-20 mm", b="20.3 mm")
    assert found.verdict == "contradicted"
    assert "a (low end), a (high end)" in found.caveats[0]


def test_a_missing_value_in_a_claim_with_ranges_is_undecidable() -> None:
    assert one("within(a, b)", a="", b="1-2").verdict == "undecided"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sin('1-2') = 1", "takes a number"), ("2 ^ '1-2' = 1", "exponent"), ("'1-2' * '1-2' = 1", "twice"), ("within(1, 2)", "b is a number"),
        ("span(2, 1) = 1", "lower number first"), ("span('1-2', 3) = 1", "two numbers"), ("window('1 MHz', '1 Hz') = '1 s'", "lower number first"),
        ("window(1, 2) = '1 s'", "frequencies such as"), ("overlap('1-2 m', '1-2 s') = 1", "cannot compare"), ("precedes(1)", "two arguments"),
        ("within = 1", "there is no value 'within'"), ("precedes(1, 2) = 1", "left over"), ("low(3) = 1", "takes a range"), ("low = 1", "there is no value 'low'"),
        ("max('1-2', '1-2') = 1", "twice"), ("withn(1, '1-2') = 1", "did you mean 'within'"),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_refused_with_words(text: str, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        one(text, unused="1")


def test_every_function_of_ranges_is_on_the_page() -> None:
    grammar = (DOCS / "evidence.md").read_text(encoding="utf-8").partition("### Grammar")[2]
    written = [f"{name}({', '.join(names)})" for name, (names, _) in RANGE_FUNCTIONS.items()]
    written += [f"{name}(a, b)" for name in PREDICATES]
    assert [name for name in written if f"`{name}`" not in grammar] == []
