"""Do the numbers of a text have their digits in groups (``136,344.95``, ``136.344,95``), and which sign is the decimal one?

Nothing is taken for a group before other numbers of the same file prove the decimal sign.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

_GROUPED = {sign: re.compile(rf"[-+]?[1-9]\d{{0,2}}(?:\{sign}\d{{3}})+$") for sign in ",."}
_BOTH = {
    sign: re.compile(rf"[-+]?[1-9]\d{{0,2}}(?:\{sign}\d{{3}})+\{other}\d+$") for sign, other in ((",", "."), (".", ","))
}
#: A fraction that is no group of three digits, a zero before the sign, or an exponent behind: surely a decimal sign.
_DECIMAL = {
    sign: re.compile(
        rf"[-+]?(?:0*\{sign}\d+|\d+\{sign}(?:\d{{1,2}}|\d{{4,}})|\d{{4,}}\{sign}\d+|\d+\{sign}\d+[eE][-+]?\d+)$"
    )
    for sign in ",."
}
_SIGNED = re.compile(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?")
_WHOLE = re.compile(r"\d+")
_OTHER = {",": ".", ".": ","}


@dataclass(frozen=True, slots=True)
class Style:
    """The decimal sign and the sign between groups of digits."""

    decimal: str
    group: str


def style_of(columns: Sequence[Sequence[str | None]]) -> Style | None:
    """The style of numbers with groups; `None` where there are no groups, or the columns do not prove their style.

    A number with both signs, or with two groups, proves the style of the whole file. Without one, the other sign must be a
    decimal sign somewhere, and each column with groups must hold whole numbers without them too: ``3.450`` may be a voltage.
    """
    signed = [{text.strip() for text in column if text and ("," in text or "." in text)} for column in columns]
    numbers = [{text for text in texts if _SIGNED.fullmatch(text)} for texts in signed]
    whole = [any(text and _WHOLE.fullmatch(text.strip()) for text in column) for column in columns]
    for group, decimal in ((",", "."), (".", ",")):
        grouped = [(place, {text for text in texts if group in text}) for place, texts in enumerate(numbers)]
        grouped = [(place, texts) for place, texts in grouped if texts]
        matching = all(
            _GROUPED[group].match(text) or _BOTH[group].match(text) for _, texts in grouped for text in texts
        )
        if not grouped or not matching:
            continue
        if any(_BOTH[group].match(text) or text.count(group) > 1 for _, texts in grouped for text in texts):
            return Style(decimal, group)
        if all(whole[place] for place, _ in grouped) and any(
            _DECIMAL[decimal].match(text) for texts in numbers for text in texts
        ):
            return Style(decimal, group)
    return None


def ungrouped(column: pl.Expr, group: str) -> pl.Expr:
    """Take the signs between groups out; a field whose groups are not of three digits stays as it is, and is no number."""
    decimal = _OTHER[group]
    pattern = rf"^[-+]?[1-9]\d{{0,2}}(?:\{group}\d{{3}})+(?:\{decimal}\d*)?$"
    return (
        pl.when(column.str.contains(group, literal=True) & column.str.contains(pattern))
        .then(column.str.replace_all(group, "", literal=True))
        .otherwise(column)
    )


def plain(text: str, group: str) -> str:
    """As `ungrouped`, of one field."""
    decimal = _OTHER[group]
    pattern = rf"[-+]?[1-9]\d{{0,2}}(?:\{group}\d{{3}})+(?:\{decimal}\d*)?"
    return text.replace(group, "") if re.fullmatch(pattern, text) else text
