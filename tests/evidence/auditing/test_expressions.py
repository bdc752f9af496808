"""Does the grammar of claims read what it should, and nothing else?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError, UnitError
from interlith.evidence.auditing.amounts import amount
from interlith.evidence.auditing.expressions import LONGEST, evaluate, parse_claim, parse_expression


def number(text: str) -> float:
    found = evaluate(parse_expression(text), {}, {})
    assert found.dimensions == ()
    return float(found.values)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7), ("2 ^ 3 ^ 2", 512), ("-2 ^ 2", -4), ("2 ^ -1", 0.5), ("(1 + 2) * 3", 9), ("8 / 4 / 2", 1),
        ("5 - 3 - 1", 1), ("sqrt(2)^2", 2), ("2**3", 8), ("max(1, 3, 2) - min(1, 3)", 2), ("log10(1e3)", 3),
        ("exp(log(5))", 5), ("cos(pi)", -1), ("abs(-2.5)", 2.5), ("6 · 2 ÷ 3", 4), ("1 − 2", -1),
    ],
)  # fmt: skip
def test_arithmetic(text: str, value: float) -> None:
    assert number(text) == pytest.approx(value, rel=1e-12)


@given(st.lists(st.floats(0.1, 10), min_size=3, max_size=3), st.sampled_from("+-*/"), st.sampled_from("+-*/"))
@settings(max_examples=80, deadline=None)
def test_precedence_is_that_of_arithmetic(values: list[float], one: str, two: str) -> None:
    a, b, c = values
    do = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "/": lambda x, y: x / y}
    expected = do[one](a, do[two](b, c)) if one in "+-" and two in "*/" else do[two](do[one](a, b), c)
    assert number(f"{a!r} {one} {b!r} {two} {c!r}") == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_units_follow_the_arithmetic() -> None:
    values = {"q": amount(218.3, "mAh/g"), "l": amount(19.1, "mg/cm^2")}
    product = evaluate(parse_expression("q * l"), values, {})
    expected = amount(4.16953, "mAh/cm^2")
    assert product.dimensions == expected.dimensions
    assert float(product.values) == pytest.approx(float(expected.values))


def test_temperatures_become_kelvin() -> None:
    values = {"hot": amount(700.0, "degC"), "cold": amount(25.0, "degC")}
    assert float(evaluate(parse_expression("hot - cold"), values, {}).values) == pytest.approx(675.0)


@pytest.mark.parametrize(
    "text",
    [
        "a = ", "= a", "a b = 1", "a = 1 = 1", "(a = 1", "a) = 1", "__import__('os') = 1", "a.real = 1", "a[0] = 1", "a = 1; b",
        "lambda: 1 = 1", "a if b else c = 1", "a = $1", "foo(a) = 1", "sqrt(1, 2) = 1", "a", "1 + = 2", "'a' 'b' = 1",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(StudyError):
        parse_claim(text)


def test_length_and_depth_are_capped() -> None:
    with pytest.raises(StudyError, match="characters"):
        parse_claim("1" * LONGEST + " = 1")
    with pytest.raises(StudyError, match="deep"):
        parse_claim("(" * 100 + "1" + ")" * 100 + " = 1")
    with pytest.raises(StudyError, match="deep"):
        parse_claim("-" * 200 + "1 = 1")
    assert not math.isfinite(number("9^9^9^9"))


def test_nearest_function_is_named() -> None:
    with pytest.raises(StudyError, match="did you mean 'sqrt'"):
        parse_claim("sqr(2) = 1")


@pytest.mark.parametrize(
    ("text", "words"),
    [("m + s", "cannot add"), ("exp(m)", "pure number"), ("m ^ s", "exponent"), ("max(m, s)", "cannot compare")],
)
def test_dimensions_that_do_not_fit(text: str, words: str) -> None:
    values = {"m": amount(1.0, "m"), "s": amount(1.0, "s")}
    with pytest.raises(UnitError, match=words):
        evaluate(parse_expression(text), values, {})


@pytest.mark.parametrize("unit", ["C", "mV/degC"])
def test_ambiguous_units_are_refused_with_words(unit: str) -> None:
    with pytest.raises(UnitError, match="write"):
        amount(1.0, unit)


def test_circles_are_found() -> None:
    derived = {"a": parse_expression("b + 1"), "b": parse_expression("a + 1")}
    with pytest.raises(StudyError, match="itself"):
        evaluate(parse_expression("a"), {}, derived)


def test_many_values_at_once() -> None:
    values = {"x": amount(np.array([1.0, 2.0, 3.0]), "m")}
    assert evaluate(parse_expression("x^2"), values, {}).values.tolist() == [1.0, 4.0, 9.0]
