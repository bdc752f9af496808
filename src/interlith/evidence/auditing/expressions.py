"""What does a claim such as ``areal = specific * loading`` say, read without running any code?

Grammar (nothing else is understood)::

    claim      = sum relation sum          relation = "=" | "<" | "<=" | ">" | ">="
               | predicate "(" sum "," sum ")"            predicate = "within" | "precedes"
    sum        = product (("+" | "-") product)*
    product    = signed (("*" | "/") signed)*
    signed     = ("-" | "+") signed | power
    power      = atom ("^" signed)?        right to left; "**" is read as "^"
    atom       = number | name | quoted value with unit | function "(" sum ("," sum)* ")" | "(" sum ")"

A plain number is exact (the 2 of a formula); a quoted one such as ``'3.46 nm^-2'`` is a printed value with its rounding,
and ``'10-20 nm'`` a printed range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from interlith.errors import StudyError, nearest
from interlith.evidence.auditing.amounts import FUNCTIONS, PI, Amount
from interlith.evidence.auditing.ranges import RANGE_FUNCTIONS, Value, apply, extreme_of, operate

LONGEST = 500
DEEPEST = 40
RELATIONS = ("<=", ">=", "=", "<", ">")
#: Relations written as a function; a claim is one of them, they are no numbers.
PREDICATES = ("within", "precedes")
_SEVERAL = ("min", "max")
_CALLED = (*FUNCTIONS, *_SEVERAL, *RANGE_FUNCTIONS)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)|(?P<name>[^\W\d]\w*)|(?P<quoted>'[^']*'|\"[^\"]*\")"
    r"|(?P<sign>\*\*|<=|>=|==|[-+*/^()=<>,·×÷−]))"
)
_SAME = {"**": "^", "==": "=", "·": "*", "×": "*", "÷": "/", "−": "-"}


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a parsed expression: ``number``, ``name``, ``quoted``, ``call``, or one of ``+ - * / ^ negative``."""

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Names of values in order of appearance, ``pi`` not among them; quoted values by their text with quotes."""
        own = (self.text,) if self.kind in ("name", "quoted") and self.text != "pi" else ()
        return tuple(dict.fromkeys((*own, *(name for part in self.parts for name in part.names()))))


@dataclass(frozen=True, slots=True)
class Claim:
    """Two sides and the relation between them, one of `RELATIONS` or of `PREDICATES`."""

    left: Node
    relation: str
    right: Node
    text: str


def parse_claim(text: str) -> Claim:
    """Read a claim.

    Raises
    ------
    StudyError
        If it is no claim of the grammar: the message marks the place.
    """
    parser = _Parser(text)
    if parser.peek() in PREDICATES and parser.follows("("):
        word = parser.take()
        left, right = parser.arguments(word, ("a", "b"), 0)
        parser.end()
        return Claim(left, word, right, text.strip())
    left = parser.sum(0)
    relation = parser.take()
    if relation not in RELATIONS:
        parser.fail("a claim needs one of = < <= > >= between its two sides", back=relation != "")
    right = parser.sum(0)
    if parser.peek() in RELATIONS:
        parser.fail("a claim has one relation only; split it into two claims")
    parser.end()
    return Claim(left, relation, right, text.strip())


def parse_expression(text: str) -> Node:
    """Read one expression without a relation.

    Raises
    ------
    StudyError
        If it is no expression of the grammar.
    """
    parser = _Parser(text)
    node = parser.sum(0)
    parser.end()
    return node


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        if len(text) > LONGEST:
            raise StudyError(f"The claim has {len(text)} characters; at most {LONGEST} are read.")
        self.tokens: list[tuple[str, str, int]] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            found = _TOKEN.match(text, place)
            if found is None:
                start = place + len(text[place:]) - len(text[place:].lstrip())
                raise StudyError(
                    f"'{text.strip()}' holds '{text[start]}' at character {start + 1}, which no claim may hold."
                )
            kind = str(found.lastgroup)
            self.tokens.append((kind, _SAME.get(found[kind], found[kind]), found.start(kind)))
            place = found.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def follows(self, sign: str) -> bool:
        return self.at + 1 < len(self.tokens) and self.tokens[self.at + 1][1] == sign

    def take(self) -> str:
        word = self.peek()
        self.at += 1
        return word

    def fail(self, why: str, *, back: bool = False) -> NoReturn:
        place = self.at - 1 if back else self.at
        where = f"at character {self.tokens[place][2] + 1}" if place < len(self.tokens) else "at its end"
        raise StudyError(f"'{self.text.strip()}' cannot be read {where}: {why}.")

    def end(self) -> None:
        if self.peek():
            self.fail(f"'{self.peek()}' is left over; an operator such as * may be missing before it")

    def sum(self, depth: int) -> Node:
        if depth > DEEPEST:
            self.fail(f"it is nested more than {DEEPEST} deep")
        node = self.product(depth)
        while self.peek() in ("+", "-"):
            node = Node(self.take(), parts=(node, self.product(depth)))
        return node

    def product(self, depth: int) -> Node:
        node = self.signed(depth)
        while self.peek() in ("*", "/"):
            node = Node(self.take(), parts=(node, self.signed(depth)))
        return node

    def signed(self, depth: int) -> Node:
        if depth > DEEPEST:
            self.fail(f"it is nested more than {DEEPEST} deep")
        if self.peek() == "-":
            self.take()
            return Node("negative", parts=(self.signed(depth + 1),))
        if self.peek() == "+":
            self.take()
            return self.signed(depth + 1)
        base = self.atom(depth)
        if self.peek() != "^":
            return base
        self.take()
        return Node("^", parts=(base, self.signed(depth + 1)))

    def atom(self, depth: int) -> Node:
        if self.at >= len(self.tokens):
            self.fail("something is missing")
        kind, word, _ = self.tokens[self.at]
        self.at += 1
        if kind in ("number", "quoted"):
            return Node(kind, word)
        if kind == "name" and self.peek() == "(":
            return self.call(word, depth)
        if kind == "name":
            return Node("name", word)
        if word != "(":
            self.fail(f"a number, a name or a bracket was expected, not '{word}'", back=True)
        node = self.sum(depth + 1)
        self.close()
        return node

    def call(self, word: str, depth: int) -> Node:
        if word in PREDICATES:
            self.at -= 1
            self.fail(f"{word}() is a claim by itself and no number; nothing may stand before or behind it")
        if word not in _CALLED:
            self.at -= 1
            self.fail(f"there is no function '{word}'; {nearest(word, (*_CALLED, *PREDICATES))}")
        if word in _SEVERAL:
            return Node("call", word, self.arguments(word, None, depth))
        names = RANGE_FUNCTIONS[word][0] if word in RANGE_FUNCTIONS else ("x",)
        return Node("call", word, self.arguments(word, names, depth))

    def arguments(self, word: str, names: tuple[str, ...] | None, depth: int) -> tuple[Node, ...]:
        if self.peek() != "(":
            self.fail(f"{word} is a function; a bracket must follow it")
        self.take()
        parts = [self.sum(depth + 1)]
        while self.peek() == ",":
            self.take()
            parts.append(self.sum(depth + 1))
        self.close()
        if names is not None and len(parts) != len(names):
            count = "one argument" if len(names) == 1 else f"two arguments ({', '.join(names)})"
            self.fail(f"{word}() takes {count}, not {len(parts)}", back=True)
        return tuple(parts)

    def close(self) -> None:
        if self.take() != ")":
            self.fail("a closing bracket is missing", back=self.at <= len(self.tokens))


def evaluate(node: Node, values: Mapping[str, Value], derived: Mapping[str, Node], depth: int = 0) -> Value:
    """Value of an expression, a number or a range; every name stands for the same drawn numbers wherever it occurs.

    Raises
    ------
    StudyError
        If derived names refer to each other in a circle.
    UnitError
        If dimensions do not fit.
    """
    if depth > 4 * DEEPEST:
        raise StudyError(f"'{node.text or node.kind}' is defined by itself, or nested too deep.")
    if node.kind == "number":
        return Amount(np.asarray(float(node.text)))
    if node.kind in ("name", "quoted"):
        if node.text == "pi":
            return PI
        return evaluate(derived[node.text], values, derived, depth + 1) if node.text in derived else values[node.text]
    parts = [evaluate(part, values, derived, depth + 1) for part in node.parts]
    if node.kind != "call":
        return operate(node.kind, parts, _OPERATORS[node.kind])
    if node.text in RANGE_FUNCTIONS:
        return RANGE_FUNCTIONS[node.text][1](*parts)
    if node.text in FUNCTIONS:
        return apply(node.text, parts[0])
    return extreme_of(parts, largest=node.text == "max")


_OPERATORS: Mapping[str, Callable[[list[Amount]], Amount]] = {
    "+": lambda parts: parts[0].plus(parts[1]),
    "-": lambda parts: parts[0].plus(parts[1], -1.0),
    "*": lambda parts: parts[0].times(parts[1]),
    "/": lambda parts: parts[0].times(parts[1], -1.0),
    "^": lambda parts: parts[0].raised(parts[1]),
    "negative": lambda parts: Amount(-parts[0].values, parts[0].dimensions),
}
