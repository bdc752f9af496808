"""How do ranges such as ``10-20 nm`` add, multiply, overlap and precede each other, for many drawn ends at once?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from interlith.errors import UnitError
from interlith.evidence.auditing.amounts import FUNCTIONS, Amount, Array, extreme, spelled

_INVERSE_TIME = (("[time]", -1.0),)
#: Functions of one argument that rise with it, so that ends go to ends.
_RISING = frozenset({"sqrt", "exp", "log", "ln", "log10"})


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers between two ends, in base units.

    `names` are the printed ranges it was made of: one that occurs twice in a side would be taken for two independent
    numbers, so that is refused.
    """

    low: Amount
    high: Amount
    names: frozenset[str] = frozenset()

    @property
    def dimensions(self) -> tuple[tuple[str, float], ...]:
        """Dimensions of both ends."""
        return self.low.dimensions


Value = Amount | Range


def ends(value: Value) -> tuple[Amount, Amount]:
    """Lower and upper end; a plain number is both."""
    return (value.low, value.high) if isinstance(value, Range) else (value, value)


def operate(kind: str, parts: Sequence[Value], plain: Callable[[list[Amount]], Amount]) -> Value:
    """An operator of the grammar on numbers or ranges; `plain` is what it does with numbers.

    Raises
    ------
    UnitError
        If dimensions do not fit, a range occurs twice, or an exponent is a range.
    """
    numbers = [part for part in parts if isinstance(part, Amount)]
    if len(numbers) == len(parts):
        return plain(numbers)
    names = _names(parts)
    if kind == "^":
        return _raised(parts, plain, names)
    first = ends(parts[0])
    if kind == "negative":
        return _range([plain([end]) for end in first], names)
    second = ends(parts[1])
    made = _range([plain([one, two]) for one in first for two in second], names)
    if kind == "/":
        # Between ends of unlike sign lies a zero: the quotient has no ends, which the audit reports as undecidable.
        with np.errstate(all="ignore"):
            crossing = second[0].values * second[1].values <= 0
        low, high = (np.where(crossing, np.nan, end.values) for end in (made.low, made.high))
        made = Range(Amount(low, made.dimensions), Amount(high, made.dimensions), names)
    return made


def apply(name: str, value: Value) -> Value:
    """A function of one argument on a number or a range.

    Raises
    ------
    UnitError
        If it does not rise with its argument (sin, cos, tan), or dimensions do not fit.
    """
    function = FUNCTIONS[name]
    if isinstance(value, Amount):
        return function(value)
    if name in _RISING:
        return Range(function(value.low), function(value.high), value.names)
    if name != "abs":
        raise UnitError(f"{name}() takes a number, not a range; take low() and high() of the range apart")
    made = _range([function(value.low), function(value.high)], value.names)
    return _down_to_zero(made, value)


def extreme_of(parts: Sequence[Value], *, largest: bool) -> Value:
    """The largest or smallest of numbers and ranges.

    Raises
    ------
    UnitError
        If dimensions differ, or a range occurs twice.
    """
    numbers = [part for part in parts if isinstance(part, Amount)]
    if len(numbers) == len(parts):
        return extreme(numbers, largest=largest)
    names = _names(parts)
    low, high = (extreme([ends(part)[side] for part in parts], largest=largest) for side in (0, 1))
    return Range(low, high, names)


def _names(parts: Sequence[Value]) -> frozenset[str]:
    seen: frozenset[str] = frozenset()
    for part in parts:
        own = part.names if isinstance(part, Range) else frozenset[str]()
        if seen & own:
            raise UnitError(
                f"the range '{sorted(seen & own)[0]}' stands here twice and would count as two numbers; "
                "rearrange so that it stands once, or take low() and high() of it"
            )
        seen |= own
    return seen


def _range(corners: Sequence[Amount], names: frozenset[str]) -> Range:
    stack = np.array(np.broadcast_arrays(*[corner.values for corner in corners]))
    dimensions = corners[0].dimensions
    return Range(Amount(stack.min(axis=0), dimensions), Amount(stack.max(axis=0), dimensions), names)


def _down_to_zero(made: Range, base: Range) -> Range:
    inside = (base.low.values < 0) & (base.high.values > 0)
    return Range(Amount(np.where(inside, 0.0, made.low.values), made.dimensions), made.high, made.names)


def _raised(parts: Sequence[Value], plain: Callable[[list[Amount]], Amount], names: frozenset[str]) -> Range:
    base, exponent = parts
    if isinstance(exponent, Range) or not isinstance(base, Range):
        raise UnitError("an exponent must be one number, not a range")
    made = _range([plain([end, exponent]) for end in ends(base)], names)
    power = float(np.ravel(exponent.values)[0])
    if power > 0 and power % 2 == 0:
        return _down_to_zero(made, base)
    if power < 0:
        crossing = base.low.values * base.high.values <= 0
        low, high = (np.where(crossing, np.nan, end.values) for end in (made.low, made.high))
        return Range(Amount(low, made.dimensions), Amount(high, made.dimensions), names)
    return made


def _asked(name: str, value: Value) -> Range:
    if isinstance(value, Amount):
        raise UnitError(
            f"{name}() takes a range such as '10-20 nm', not a number; span(low, high) makes one of two numbers"
        )
    return value


def _width(value: Value) -> Amount:
    asked = _asked("width", value)
    return asked.high.plus(asked.low, -1.0)


def _mid(value: Value) -> Amount:
    asked = _asked("mid", value)
    return Amount(0.5 * (asked.low.values + asked.high.values), asked.dimensions)


def _shared(name: str, first: Value, second: Value, scale: Callable[[Array], Array]) -> tuple[Array, Array, Array]:
    """Length that two ranges share and the length of each, on a scale."""
    one, two = _asked(name, first), _asked(name, second)
    one.low.like(two.low, "compare")
    with np.errstate(all="ignore"):
        low_one, high_one, low_two, high_two = (scale(item.values) for item in (*ends(one), *ends(two)))
        shared = np.maximum(np.minimum(high_one, high_two) - np.maximum(low_one, low_two), 0.0)
    return shared, high_one - low_one, high_two - low_two


def _overlap(first: Value, second: Value) -> Amount:
    shared, one, two = _shared("overlap", first, second, lambda values: values)
    with np.errstate(all="ignore"):
        return Amount(np.asarray(shared / np.minimum(one, two)))


def _share_in(first: Value, second: Value) -> Amount:
    shared, _, whole = _shared("share_in", first, second, np.log)
    with np.errstate(all="ignore"):
        return Amount(np.asarray(shared / whole))


def _window(lowest: Value, highest: Value) -> Range:
    if not (isinstance(lowest, Amount) and isinstance(highest, Amount)):
        raise UnitError("window() takes two frequencies, not a range; write window(low(sweep), high(sweep))")
    for item in (lowest, highest):
        if item.dimensions != _INVERSE_TIME:
            raise UnitError(f"window() takes frequencies such as '0.1 Hz', not {spelled(item.dimensions)}")
    made = _span(lowest, highest, "window")
    turn = Amount(np.asarray(1.0 / (2.0 * np.pi)))
    return Range(turn.times(made.high, -1.0), turn.times(made.low, -1.0))


def _span(low: Value, high: Value, name: str = "span") -> Range:
    if not (isinstance(low, Amount) and isinstance(high, Amount)):
        raise UnitError("span() takes two numbers, not a range")
    low.like(high, "span")
    if np.ravel(low.values)[0] >= np.ravel(high.values)[0]:
        raise UnitError(f"{name}() takes the lower number first")
    # Rounding may let the ends pass each other at a corner; a range then shrinks to a point and does not turn over.
    return Range(low, Amount(np.maximum(low.values, high.values), high.dimensions))


#: Functions of ranges: name -> names of its arguments, and what it does.
RANGE_FUNCTIONS: Mapping[str, tuple[tuple[str, ...], Callable[..., Value]]] = {
    "low": (("a",), lambda value: _asked("low", value).low),
    "high": (("a",), lambda value: _asked("high", value).high),
    "width": (("a",), _width),
    "mid": (("a",), _mid),
    "overlap": (("a", "b"), _overlap),
    "share_in": (("a", "b"), _share_in),
    "span": (("low", "high"), _span),
    "window": (("lowest", "highest"), _window),
}
