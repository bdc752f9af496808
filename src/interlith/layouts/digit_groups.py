"""Do the numbers of a text have their digits in groups (``136,344.95``, ``136.344,95``), and which sign is the decimal one?

Nothing is taken for a group before other numbers of the same file prove the decimal sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

_GROUPED = {sign: re.compile(rf"[-+]?\d{{1,3}}(?:\{sign}\d{{3}})+$") for sign in ",."}
_BOTH = {
    sign: re.compile(rf"[-+]?\d{{1,3}}(?:\{sign}\d{{3}})+\{other}\d+$") for sign, other in ((",", "."), (".", ","))
}
#: A fraction that is no group of three digits, a zero before the sign, or an exponent behind: surely a decimal sign.
_DECIMAL = {
    sign: re.compile(
        rf"[-+]?(?:0*\{sign}\d+|\d+\{sign}(?:\d{{1,2}}|\d{{4,}})|\d{{4,}}\{sign}\d+|\d+\{sign}\d+[eE][-+]?\d+)$"
    )
    for sign in ",."
}
_OTHER = {",": ".", ".": ","}


@dataclass(frozen=True, slots=True)
class Style:
    """The decimal sign and the sign between groups of digits."""

    decimal: str
    group: str


def style_of(fields: Iterable[str]) -> Style | None:
    """The style of numbers with groups; `None` where there are no groups, or the fields do not prove their style."""
    texts = {text.strip() for text in fields if "," in text or "." in text}
    for group, decimal in ((",", "."), (".", ",")):
        with_group = [text for text in texts if group in text and (text[:1].isdigit() or text[:1] in "+-")]
        numbers = [text for text in with_group if re.fullmatch(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?", text)]
        if not numbers or not all(_GROUPED[group].match(text) or _BOTH[group].match(text) for text in numbers):
            continue
        proven = any(_BOTH[group].match(text) or text.count(group) > 1 for text in numbers) or any(
            _DECIMAL[decimal].match(text) for text in texts
        )
        if proven:
            return Style(decimal, group)
    return None


def ungrouped(column: pl.Expr, group: str) -> pl.Expr:
    """Take the signs between groups out; a field whose groups are not of three digits stays as it is, and is no number."""
    decimal = _OTHER[group]
    pattern = rf"^[-+]?\d{{1,3}}(?:\{group}\d{{3}})+(?:\{decimal}\d*)?$"
    return (
        pl.when(column.str.contains(group, literal=True) & column.str.contains(pattern))
        .then(column.str.replace_all(group, "", literal=True))
        .otherwise(column)
    )


def plain(text: str, group: str) -> str:
    """As `ungrouped`, of one field."""
    decimal = _OTHER[group]
    pattern = rf"[-+]?\d{{1,3}}(?:\{group}\d{{3}})+(?:\{decimal}\d*)?"
    return text.replace(group, "") if re.fullmatch(pattern, text) else text
