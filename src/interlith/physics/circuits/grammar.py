"""Which circuit does a text mean, in our spelling, that of impedance.py or the circuit description code?

::

    parallel = series { "|" series }
    series   = part { "-" part }
    part     = "(" parallel ")" | "p(" series { "," series } ")" | element
    element  = symbol [ number ]

``-`` binds closer than ``|``: ``R2-Wo1|C2`` is R2 and Wo1 in series, with C2 beside them. The circuit description code
(``[R(RC)(R[WQ])]``: square brackets for series, round ones for parallel, values in braces) is read by `description_code`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from interlith.errors import FitError
from interlith.physics.circuits.description_code import read_code
from interlith.physics.circuits.elements import ALIASES, SYMBOLS
from interlith.physics.circuits.tree import Leaf, Node, Parallel, Series, joined, leaves, mapped


@dataclass(frozen=True, slots=True)
class Parsed:
    """A circuit as a tree, numbered, with the starts, bounds and fixed values that stood in the text.

    `values`: name of a parameter -> ``start``, ``low``, ``high``, ``fixed`` as far as they were given.
    """

    tree: Node
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


#: Deeper brackets than this are no circuit that anybody fits, and would end in the recursion limit.
_DEEPEST = 40


def parse(text: str) -> Parsed:
    """Read a circuit.

    Parameters
    ----------
    text
        ``R0-(R1|Q1)-W1``, ``R0-p(R1,CPE1)-W1`` or ``[R(RQ)W]``. Elements without numbers get them, see `numbered`.

    Raises
    ------
    FitError
        If the text is no circuit: the message names the position, what stands there and what was expected.
    """
    if not text.strip():
        raise FitError("The circuit is empty; write for instance R0-(R1|Q1)-W1.")
    if _is_code(text):
        tree, given = read_code(text)
        done = numbered(tree, text)
        names = [leaf.name for leaf in leaves(done)]
        values = {names[place] + suffix: row for (place, suffix), row in given.items()}
        return Parsed(done, values)
    reader = _Reader(text)
    tree = reader.parallel()
    reader.end()
    return Parsed(numbered(tree, text))


def _is_code(text: str) -> bool:
    """Whether a text is a circuit description code: it has its brackets, or symbols side by side without a sign."""
    if "[" in text or "{" in text:
        return True
    return not re.search(r"[-|,\d]", text) and len(re.findall(r"[A-Z]", text)) > 1


class _Reader:
    """Recursive descent over one text."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0

    def parallel(self) -> Node:
        parts = [self.series()]
        while self.taken("|"):
            parts.append(self.series())
        return joined(Parallel, parts)

    def series(self) -> Node:
        parts = [self.part()]
        while self.taken("-"):
            parts.append(self.part())
        return joined(Series, parts)

    def part(self) -> Node:
        self.skip()
        if self.text.startswith("p(", self.at):
            return self.bracket(2, ",")
        if self.text.startswith("(", self.at):
            return self.bracket(1, "|")
        return self.element()

    def bracket(self, length: int, sign: str) -> Node:
        opened, self.at, self.depth = self.at, self.at + length, self.depth + 1
        if self.depth > _DEEPEST:
            raise FitError(
                f"The circuit '{self.text[:60]}...' has brackets deeper than {_DEEPEST}; write it more flatly."
            )
        parts = [self.parallel()]
        while sign == "," and self.taken(","):
            parts.append(self.parallel())
        if not self.taken(")"):
            expected = f"'-', '|', {'a comma, ' if sign == ',' else ''}or ')' for the bracket of position {opened + 1}"
            raise self.wrong(expected)
        self.depth -= 1
        return joined(Parallel, parts) if len(parts) > 1 else parts[0]

    def element(self) -> Leaf:
        start = self.at
        symbol = next((one for one in SYMBOLS if self.text.startswith(one, start)), None)
        if symbol is None:
            raise self.wrong(f"an element ({', '.join(sorted(set(SYMBOLS) - set(ALIASES)))}) or '('")
        self.at += len(symbol)
        digits = re.compile(r"_?(\d{1,6})(?!\d)", re.ASCII).match(self.text, self.at)
        if digits:
            self.at = digits.end()
        return Leaf(ALIASES.get(symbol, symbol), int(digits[1]) if digits else None, start)

    def end(self) -> None:
        self.skip()
        if self.at < len(self.text):
            raise self.wrong("'-', '|' or the end")

    def taken(self, sign: str) -> bool:
        self.skip()
        if self.text.startswith(sign, self.at):
            self.at += 1
            return True
        return False

    def skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def wrong(self, expected: str) -> FitError:
        found = f"'{self.text[self.at]}'" if self.at < len(self.text) else "the end"
        return FitError(f"The circuit '{self.text}' has {found} at position {self.at + 1}; expected {expected}.")


def numbered(tree: Node, text: str = "") -> Node:
    """Every element with a number of its own among those of its symbol.

    Where no element of a symbol has a number, they are counted from left to right: a resistor in series with everything
    is R0, all else counts from 1. Where some have numbers, the others get the lowest free ones.

    Raises
    ------
    FitError
        If a number is given twice.
    """
    found = leaves(tree)
    outer = {id(part) for part in (tree.parts if isinstance(tree, Series) else (tree,))}
    done: dict[int, Leaf] = {}
    for symbol in dict.fromkeys(leaf.symbol for leaf in found):
        places = [place for place, leaf in enumerate(found) if leaf.symbol == symbol]
        used = [number for place in places if (number := found[place].number) is not None]
        for number in used:
            if used.count(number) > 1:
                second = [found[place] for place in places if found[place].number == number][1]
                raise FitError(
                    f"The circuit '{text}' has {symbol}{number} twice, again at position {second.position + 1}; "
                    "give each element a number of its own."
                )
        alone = symbol == "R" and not used and id(found[places[0]]) in outer
        free = iter(number for number in range(0 if alone else 1, 2 * len(found) + 2) if number not in used)
        for place in places:
            own = found[place].number
            done[place] = Leaf(symbol, next(free) if own is None else own, found[place].position)
    return mapped(tree, done)
