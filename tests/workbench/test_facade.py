"""What ``il.<technique>`` offers: verbs that take paths, nouns as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from interlith.model import Result, Series, Technique
from interlith.workbench.discovery import techniques
from interlith.workbench.facade import Verbs


@dataclass(frozen=True)
class Shape:
    """What is weighed."""

    name: str
    sides: int = 4


def weigh(series: Any, *, shape: Shape | None = None) -> Any:
    """Say what was given."""
    return series, shape


def no_result(series: Series, options: Any) -> tuple[Result, ...]:
    raise NotImplementedError


def toy(**more: Any) -> Technique:
    return Technique(
        "toy", "table", (), no_result, {}, lambda: pytest.fail("not asked for"), lambda results: (), {"weigh": weigh}, **more
    )  # fmt: skip


def test_nouns_are_found_and_are_the_types_themselves() -> None:
    room = Verbs(toy(nouns={"Shape": Shape}))
    assert room.Shape is Shape
    # A path as first argument of a verb becomes a series; that of a noun is left alone.
    assert room.Shape("cell.csv", sides=3) == Shape("cell.csv", 3)
    assert dir(room) == ["Shape", "weigh"]
    assert "Nouns: Shape." in (room.__doc__ or "")


def test_verbs_stay_what_they_are() -> None:
    room = Verbs(toy(nouns={"Shape": Shape}))
    series = Series(())
    assert room.weigh(series, shape=Shape("a")) == (series, Shape("a"))
    assert room.weigh.__name__ == "weigh"


def test_what_is_not_there_is_said_with_what_is() -> None:
    with pytest.raises(AttributeError, match=r"'toy' has no verb or noun 'Shap'; did you mean 'Shape'.*weigh"):
        _ = Verbs(toy(nouns={"Shape": Shape})).Shap


def test_a_technique_without_nouns_is_as_before() -> None:
    plain = Verbs(toy())
    assert dir(plain) == ["weigh"]
    assert plain.__doc__ == "Verbs of 'toy': weigh."
    with pytest.raises(AttributeError, match=r"'toy' has no verb 'Shape'; Allowed: weigh"):
        _ = plain.Shape


def test_no_noun_of_a_technique_hides_a_verb() -> None:
    found = techniques()
    assert "diffraction" in found
    for technique in found.values():
        assert not set(technique.nouns) & set(technique.verbs)
        assert all(isinstance(noun, type) for noun in technique.nouns.values())
        assert sorted([*technique.verbs, *technique.nouns]) == dir(Verbs(technique))
