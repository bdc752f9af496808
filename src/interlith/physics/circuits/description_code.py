"""What does a circuit description code such as ``[R{R=250}(RC)(R[WQ])]`` mean, values in braces included?

Square brackets hold parts in series, round ones parts in parallel, neighbours outside of any bracket are in series. In braces:
``{name=value}``, the value followed by ``F`` or ``f`` if it is fixed and by ``/low/high`` for bounds, and after a colon a label that is
not used. Names are those of pyimpspec; its other parameterisation of the Warburg elements is turned into ours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from interlith.errors import FitError, nearest
from interlith.physics.circuits.elements import ALIASES, ELEMENTS, SYMBOLS
from interlith.physics.circuits.tree import Leaf, Node, Parallel, Series, joined

#: (place of the element, suffix of its parameter) -> start, low, high, fixed.
Given = dict[tuple[int, str], dict[str, float]]
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_ENTRY = re.compile(
    rf"\s*([A-Za-z_]\w*)\s*=\s*({_NUMBER})\s*([Ff]?)\s*(?:/\s*({_NUMBER}|inf)?\s*)?(?:/\s*({_NUMBER}|inf)?\s*)?"
    r"(?:%\s*)?$"
)
#: Symbol -> name in the code -> suffix of ours.
_NAMES: dict[str, dict[str, str]] = {
    "R": {"R": ""}, "C": {"C": ""}, "L": {"L": ""}, "Q": {"Y": "", "Q": "", "n": "_exponent"}, "W": {"Y": "", "sigma": ""},
    "Wo": {"R": "_resistance", "tau": "_time_constant"}, "Ws": {"R": "_resistance", "tau": "_time_constant"},
    "G": {"R": "_resistance", "tau": "_time_constant"}, "K": {"R": "_resistance", "tau": "_time_constant"},
    "Zarc": {"R": "_resistance", "tau": "_time_constant", "n": "_exponent"},
    "HN": {"R": "_resistance", "tau": "_time_constant", "a": "_alpha", "b": "_beta"},
}  # fmt: skip


def read_code(text: str) -> tuple[Node, Given]:
    """Tree (not numbered) and values of a circuit description code.

    Raises
    ------
    FitError
        With the position, what stands there and what was expected.
    """
    reader = _Code(text)
    tree = reader.neighbours("")
    return tree, reader.given


class _Code:
    """Recursive descent over one code."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.given: Given = {}
        self.count = 0

    def neighbours(self, closing: str) -> Node:
        parts: list[Node] = []
        opened = self.at
        self.depth += 1
        if self.depth > 40:
            raise FitError(f"The circuit '{self.text[:60]}...' has brackets deeper than 40; write it more flatly.")
        while True:
            while self.at < len(self.text) and self.text[self.at].isspace():
                self.at += 1
            if self.at == len(self.text) or self.text[self.at] in "])":
                break
            parts.append(self.part())
        self.depth -= 1
        ending = self.text[self.at : self.at + 1]
        if not parts:
            raise self.wrong("an element, '[' or '('")
        if ending != closing:
            raise self.wrong(f"'{closing}' for the bracket of position {opened}" if closing else "the end")
        self.at += len(closing)
        return joined(Parallel if closing == ")" else Series, parts)

    def part(self) -> Node:
        sign = self.text[self.at]
        if sign in "[(":
            self.at += 1
            return self.neighbours("]" if sign == "[" else ")")
        symbol = next((one for one in SYMBOLS if self.text.startswith(one, self.at)), None)
        if symbol is None:
            raise self.wrong(f"an element ({', '.join(sorted(ELEMENTS))}), '[' or '('")
        leaf = Leaf(ALIASES.get(symbol, symbol), None, self.at)
        self.at += len(symbol)
        if self.text.startswith("{", self.at):
            self.values(leaf.symbol)
        self.count += 1
        return leaf

    def values(self, symbol: str) -> None:
        opened = self.at + 1
        ending = self.text.find("}", opened)
        if ending < 0:
            self.at = len(self.text)
            raise self.wrong(f"'}}' for the brace of position {opened}")
        inside = self.text[opened:ending].partition(":")[0]
        found: dict[str, dict[str, float]] = {}
        for entry in filter(str.strip, inside.split(",")):
            match = _ENTRY.match(entry)
            if match is None:
                self.at = opened + inside.find(entry)
                raise self.wrong("name=value, for instance R=250 or R=250F/100/400, in braces")
            name, value, fixed, low, high = match.groups()
            row = {"start": float(value)}
            row |= {"fixed": 1.0} if fixed else {}
            row |= {key: float(one) for key, one in (("low", low), ("high", high)) if one and one != "inf"}
            found[name] = row
        for suffix, row in _ours(symbol, found, self.text).items():
            self.given[self.count, suffix] = row
        self.at = ending + 1

    def wrong(self, expected: str) -> FitError:
        found = f"'{self.text[self.at]}'" if self.at < len(self.text) else "the end"
        return FitError(f"The circuit '{self.text}' has {found} at position {self.at + 1}; expected {expected}.")


def _ours(symbol: str, found: Mapping[str, dict[str, float]], text: str) -> dict[str, dict[str, float]]:
    """Suffix -> start and bounds in our parameters."""
    if symbol in ("Wo", "Ws") and {"Y", "B"} <= set(found):
        # coth(sqrt(B j w)) / sqrt(Y j w), as its release 5 has it: the time constant is B, the resistance sqrt(B / Y).
        width, slope = found["B"]["start"], found["Y"]["start"]
        return {"_resistance": {"start": math.sqrt(width / slope)}, "_time_constant": {"start": width}}
    if symbol == "G" and {"Y", "k"} <= set(found):
        rate, slope = found["k"]["start"], found["Y"]["start"]
        return {"_resistance": {"start": 1.0 / (slope * math.sqrt(rate))}, "_time_constant": {"start": 1.0 / rate}}
    names = _NAMES.get(symbol, {})
    made: dict[str, dict[str, float]] = {}
    for name, row in found.items():
        if name not in names:
            raise FitError(f"The circuit '{text}' gives {symbol} a '{name}'; {nearest(name, names or ['no values'])}.")
        made[names[name]] = _inverted(row) if (symbol, name) == ("W", "Y") else row
    return made


def _inverted(row: Mapping[str, float]) -> dict[str, float]:
    """A Warburg admittance Y as sigma = 1 / (Y sqrt(2)); the bounds change sides."""
    turn: Callable[[float], float] = lambda value: 1.0 / (value * math.sqrt(2.0))  # noqa: E731
    sides = {"low": "high", "high": "low"}
    return {
        sides.get(key, key): value if key == "fixed" else turn(value)
        for key, value in row.items()
        if key == "fixed" or value > 0
    }
