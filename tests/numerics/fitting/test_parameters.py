"""Ties, sums, chains and circles; tables of starts and bounds; refusals that say what to do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.errors import FitError
from interlith.numerics.fitting import Parameter, Parameters, Sum, Tie

numbers = st.floats(-10, 10).map(lambda value: round(value, 3))


def full(parameters: Parameters, inner: list[float]) -> dict[str, float]:
    values = parameters.matrix @ np.array(inner) + parameters.constant
    return dict(zip(parameters.names, values.tolist(), strict=True))


def three() -> list[Parameter]:
    return [Parameter(name, 1.0) for name in "abc"]


@given(numbers, numbers, numbers, numbers, numbers)
def test_a_tie_holds_at_every_place(one: float, two: float, constant: float, a: float, b: float) -> None:
    found = full(Parameters(three(), [Tie("c", {"a": one, "b": two}, constant)]), [a, b])
    assert found["c"] == pytest.approx(one * a + two * b + constant, abs=1e-9)
    assert (found["a"], found["b"]) == (a, b)


@given(st.lists(numbers.filter(lambda value: abs(value) > 0.01), min_size=3, max_size=3), numbers, numbers, numbers)
def test_a_sum_is_kept_exactly(factors: list[float], equals: float, a: float, b: float) -> None:
    terms = dict(zip("abc", factors, strict=True))
    found = full(Parameters(three(), [Sum(terms, equals)]), [a, b])
    size = sum(abs(terms[name] * found[name]) for name in terms) + abs(equals)
    assert sum(terms[name] * found[name] for name in terms) == pytest.approx(equals, abs=1e-12 * (1 + size))


@given(st.permutations(range(3)), numbers)
def test_a_chain_of_ties_does_not_hang_on_their_order(order: list[int], a: float) -> None:
    items = [Parameter(name, 1.0) for name in "abcd"]
    ties = [Tie("b", {"a": 2.0}, 1.0), Tie("c", {"b": 3.0, "a": 1.0}), Tie("d", {"c": -1.0}, 5.0)]
    found = full(Parameters(items, [ties[k] for k in order]), [a])
    b = 2 * a + 1
    assert found["b"] == pytest.approx(b)
    assert found["c"] == pytest.approx(3 * b + a)
    assert found["d"] == pytest.approx(5 - (3 * b + a))


def test_a_tie_to_a_constant_leaves_nothing_to_move() -> None:
    parameters = Parameters(three(), [Tie("b", {}, 4.0)])
    assert parameters.independent == (0, 2)
    assert parameters.tied == (1,)
    assert full(parameters, [7.0, 8.0]) == {"a": 7.0, "b": 4.0, "c": 8.0}


@pytest.mark.parametrize(
    "ties",
    [
        [Tie("a", {"b": 1.0}), Tie("b", {"a": 1.0})],
        [Tie("a", {"a": 0.5})],
        [Tie("a", {"b": 1.0}), Tie("b", {"c": 1.0}), Tie("c", {"a": 1.0})],
    ],
)
def test_circles_are_refused(ties: list[Tie]) -> None:
    with pytest.raises(FitError, match="in a circle"):
        Parameters(three(), ties)


@pytest.mark.parametrize(
    ("items", "ties", "words"),
    [
        ([], [], "at least one parameter"),
        ([Parameter("a", 1.0), Parameter("a", 2.0)], [], "Two parameters are called 'a'"),
        (three(), [Tie("d", {"a": 1.0})], "names 'd', which is no parameter"),
        (three(), [Tie("a", {"bb": 1.0})], "names 'bb', which is no parameter"),
        (three(), [Tie("a", {"b": 1.0}), Tie("a", {"c": 1.0})], "tied twice"),
        ([Parameter("a", 1.0, fixed=True), Parameter("b", 1.0)], [Tie("a", {"b": 1.0})], "fixed or smooth"),
        ([Parameter("a", 1.0, smooth=0.1), Parameter("b", 1.0)], [Tie("a", {"b": 1.0})], "fixed or smooth"),
        ([Parameter("a", 1.0, low=2.0, high=1.0)], [], "must not exceed"),
        ([Parameter("a", 1.0, low=float("nan"))], [], "must not exceed"),
        ([Parameter("a", 1.0, smooth=0.0)], [], "positive number"),
        ([Parameter("a", 1.0, smooth=1.0, shared=True)], [], "not shared"),
        (three(), [Sum({"a": 1.0}, 1.0)], "two names or more"),
        (three(), [Sum({"a": 1.0, "b": 0.0}, 1.0)], "coefficient other than zero"),
    ],
)
def test_wrong_parameters_are_refused_in_words(items: list[Parameter], ties: list[Tie | Sum], words: str) -> None:
    with pytest.raises(FitError, match=words):
        Parameters(items, ties)


def test_places_and_tables() -> None:
    parameters = Parameters([Parameter("a", [1.0, 2.0], low=0.0), Parameter("b", 3.0, fixed=[True, False])])
    assert parameters.index("b") == 1
    assert parameters.table("start", 2).tolist() == [[1.0, 3.0], [2.0, 3.0]]
    assert parameters.table("fixed", 2).tolist() == [[0.0, 1.0], [0.0, 0.0]]
    assert parameters.table("low", 2)[:, 0].tolist() == [0.0, 0.0]
    with pytest.raises(FitError, match="3 members"):
        parameters.table("start", 3)
    with pytest.raises(FitError, match="no parameter 'c'"):
        parameters.index("c")
