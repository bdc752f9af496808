"""A circuit is read as it was meant, in three spellings, and refused with the place of the mistake."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import FitError
from interlith.physics.circuits import ELEMENTS, Circuit
from interlith.physics.circuits.grammar import parse
from interlith.physics.circuits.tree import Leaf, Node, Parallel, Series, joined, leaves, mapped, written


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("R0-(R1|Q1)-(R2-W1)", "R0-(R1|Q1)-R2-W1"),
        (" R0 - ( R1 | C1 ) ", "R0-(R1|C1)"),
        ("R0-p(R1,CPE1)-p(R2-Wo1,C2)", "R0-(R1|Q1)-(R2-Wo1|C2)"),
        ("R_0-p(R_1,C_1)", "R0-(R1|C1)"),
        ("[R(RC)(R[WQ])]", "R0-(R1|C1)-(R2|W1-Q1)"),
        ("R(RC)(R[WQ])", "R0-(R1|C1)-(R2|W1-Q1)"),
        ("R-(R|Q)-(R|Q)-W", "R0-(R1|Q1)-(R2|Q2)-W1"),
        ("(R|C)-(R|C)", "(R1|C1)-(R2|C2)"),
        ("R3-(R|Q)", "R3-(R1|Q1)"),
        ("TLM-Zarc-TLMQ", "TLM1-Zarc1-TLM2"),
        ("R1|C1-L1", "R1|C1-L1"),
    ],
)
def test_spellings_have_one_canonical_text(text: str, canonical: str) -> None:
    assert Circuit(text).text == canonical


def test_series_binds_closer_than_parallel() -> None:
    assert parse("R2-Wo1|C2").tree == parse("(R2-Wo1)|C2").tree != parse("R2-(Wo1|C2)").tree


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("R0-(R1|Q1", "the end at position 10; expected '-', '|', or ')' for the bracket of position 4"),
        ("R0--R1", "'-' at position 4; expected an element"),
        ("R0-X1", "'X' at position 4"),
        ("R0-R0", "R0 twice, again at position 4"),
        ("R0-(R1|Q1)(R2|Q2)", "'(' at position 11; expected '-', '|' or the end"),
        ("R0-p(R1,C1", "a comma, or ')' for the bracket of position 4"),
        ("R0)", "')' at position 3"),
        ("[R(RC]", "']' at position 6; expected ')' for the bracket of position 3"),
        ("[R{R=x}]", "position 4; expected name=value"),
        ("[R{R=1]", "the end at position 8; expected '}' for the brace of position 3"),
        ("[R{S=1}]", "gives R a 'S'"),
        ("(" * 60 + "R1" + ")" * 60, "deeper than 40"),
        ("[" * 60 + "R" + "]" * 60, "deeper than 40"),
        ("R٣", "position 2"),
    ],
)
def test_mistakes_are_named_with_their_place(text: str, words: str) -> None:
    with pytest.raises(FitError) as told:
        Circuit(text)
    assert words in str(told.value)


def test_values_in_braces_are_starts_bounds_and_fixed_values() -> None:
    circuit = Circuit("[R{R=250}(R{R=5F/1/10:ct}C{C=1e-6})(R[W{Y=0.1}Q{Y=1e-5,n=0.8}])]")
    assert circuit.given["R0"] == {"start": 250.0}
    assert circuit.given["R1"] == {"start": 5.0, "fixed": 1.0, "low": 1.0, "high": 10.0}
    assert circuit.given["Q1_exponent"] == {"start": 0.8}
    assert circuit.given["W1"]["start"] == pytest.approx(1 / (0.1 * 2**0.5))


def test_other_parameterisations_of_finite_diffusion_are_turned_into_ours() -> None:
    circuit = Circuit("[Wo{Y=0.5,B=3}G{Y=0.1,k=4}]")
    assert circuit.given["Wo1_resistance"]["start"] == pytest.approx(6.0**0.5)
    assert circuit.given["Wo1_time_constant"]["start"] == pytest.approx(3.0)
    assert circuit.given["G1_resistance"]["start"] == pytest.approx(1 / (0.1 * 2))
    assert circuit.given["G1_time_constant"]["start"] == pytest.approx(0.25)


_SYMBOLS = st.sampled_from(sorted(ELEMENTS))
_TREES = st.recursive(
    _SYMBOLS.map(lambda symbol: Leaf(symbol, 1)),
    lambda inner: st.tuples(st.sampled_from([Series, Parallel]), st.lists(inner, min_size=2, max_size=4)).map(
        lambda pair: joined(pair[0], pair[1])
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(_TREES)
def test_written_and_read_again_is_the_same(tree: Node) -> None:
    counted = mapped(tree, {k: Leaf(leaf.symbol, k) for k, leaf in enumerate(leaves(tree))})
    again = parse(written(counted)).tree
    assert written(again) == written(counted)
    assert [leaf.name for leaf in leaves(again)] == [leaf.name for leaf in leaves(counted)]


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="RCLQWKG()[]{}|-,p01=Fos ", max_size=20))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    told = ""
    try:
        canonical = Circuit(text).text
    except FitError as error:
        told = str(error)
    assert told.endswith(".") if told else Circuit(canonical).text == canonical
