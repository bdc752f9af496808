"""A technique says what it brings; nouns are an addition that none needs."""

from __future__ import annotations

from dataclasses import fields

from interlith.model import Technique


def test_nouns_may_be_left_out_and_are_not_shared() -> None:
    def one() -> Technique:
        return Technique("a", "table", (), lambda *_: (), {}, lambda: None, lambda _: (), {})  # type: ignore[arg-type, return-value]

    first, second = one(), one()
    assert first.nouns == {}
    assert first.nouns is not second.nouns


def test_every_field_is_described() -> None:
    text = Technique.__doc__ or ""
    assert [one.name for one in fields(Technique) if f"\n    {one.name}\n" not in text] == []
