"""Do the two sides of a claim agree for any numbers that round to the printed ones?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from interlith.errors import StudyError, UnitError
from interlith.evidence.auditing.amounts import Amount, Array, amount
from interlith.evidence.auditing.claims import ClaimsFile, Statement
from interlith.evidence.auditing.expressions import Node, evaluate
from interlith.evidence.auditing.printed import Printed
from interlith.evidence.auditing.ranges import Range, Value, ends
from interlith.model.observable import NORMAL_95

#: An equality that holds only because its bounds are wider than this is not confirmed by holding.
WIDEST = 0.2
TOLERANCE = 1e-9
#: Beyond this many rounded numbers in one claim, corners of the box are drawn instead of listed.
_MOST_CORNERS = 12


@dataclass(frozen=True, slots=True)
class Used:
    """Printed numbers behind a claim in order, the two ends of a range apart; `ranges`: name -> names of its ends."""

    numbers: Mapping[str, Printed]
    ranges: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Both sides of a claim in base units, their relative gap with hard bounds, and what was decided.

    `gap` is (left - right) / |right|, between the nearest ends where a side is a range and zero where they meet; `low`
    and `high` its bounds over all numbers that round to the printed ones, widened by 1.96 printed standard
    uncertainties; `size` the gap in combined standard uncertainties. `left` and `right` are the middles of ranges.
    """

    verdict: str
    reason: str = ""
    left: float = math.nan
    right: float = math.nan
    gap: float = math.nan
    low: float = math.nan
    high: float = math.nan
    size: float = math.nan
    left_ends: tuple[float, float] | None = None
    right_ends: tuple[float, float] | None = None

    @property
    def ranges(self) -> bool:
        """Whether a side is a range."""
        return self.left_ends is not None or self.right_ends is not None


@dataclass(frozen=True, slots=True)
class _Gaps:
    """Relative differences at every corner: nearest and farthest numbers of the sides, and how far one lies inside.

    `below` and `above` are left minus right at their ends, equal for two numbers; `inside` is the smaller distance of the
    ends of the left side from those of the right one, positive where it lies inside, and `around` that of the right in
    the left.
    """

    below: Array
    above: Array
    inside: Array
    around: Array


def used_in(item: Statement, file: ClaimsFile) -> Used:
    """Printed numbers behind a claim, those of derived names included."""
    found: dict[str, Printed] = {}
    ranges: dict[str, tuple[str, str]] = {}
    seen: set[str] = set()

    def visit(node: Node) -> None:
        for name in node.names():
            if name in file.derived and name not in seen:
                seen.add(name)
                visit(file.derived[name])
            elif name in file.values:
                printed = file.values[name]
                if printed.ends is None:
                    found[name] = printed
                else:
                    ranges[name] = (f"{name} (low end)", f"{name} (high end)")
                    found.update(zip(ranges[name], printed.ends, strict=True))

    visit(item.claim.left)
    visit(item.claim.right)
    return Used(found, ranges)


def weigh(item: Statement, file: ClaimsFile, used: Used, place: str) -> Weighed:
    """Evaluate both sides at all corners of the box of rounding and decide.

    Raises
    ------
    StudyError
        If units do not fit, or ranges are used in a way that has no meaning: the message names the place.
    """
    lacking = [name for name, value in used.numbers.items() if value.missing]
    if lacking:
        return Weighed("undecidable", f"the source gives no value for {', '.join(lacking)}")
    try:
        left, right = _sides(item, file, _assembled(_corners(used.numbers), used))
        _check(item.claim.relation, left, right)
        scale = abs(_middle(right)) or abs(_middle(left)) or 1.0
        gaps = _gaps(left, right, scale)
        finite = bool(np.isfinite(gaps.below).all() and np.isfinite(gaps.above).all())
        parts = _sensitivities(item, file, used, scale) if finite else np.full((2, len(used.numbers)), math.nan)
    except (UnitError, StudyError) as error:
        raise StudyError(f"{place}: '{item.claim.text}': {error}.") from error
    if not np.isfinite(parts).all():
        return Weighed("undecidable", "a side is not a finite number (a division by zero, or the root of a negative)")
    printed = np.array([not math.isnan(value.std) for value in used.numbers.values()], dtype=bool)
    slack = NORMAL_95 * np.sqrt(np.square(parts[:, printed]).sum(axis=1))
    ranged = isinstance(left, Range) or isinstance(right, Range)
    verdict, reason = _verdict(item.claim.relation, gaps, (float(slack[0]), float(slack[1])), ranged=ranged)
    near, far = float(gaps.below[0]), float(gaps.above[0])
    gap = 0.0 if near < 0 < far else min(near, far, key=abs)
    total = float(np.sqrt(np.square(parts[0 if gap == near else 1]).sum()))
    return Weighed(
        verdict,
        reason,
        _middle(left),
        _middle(right),
        gap,
        float(gaps.below.min() - slack[0]),
        float(gaps.above.max() + slack[1]),
        gap / total if total > TOLERANCE else math.inf,
        _nominal_ends(left),
        _nominal_ends(right),
    )


def _sides(item: Statement, file: ClaimsFile, values: Mapping[str, Value]) -> tuple[Value, Value]:
    left = evaluate(item.claim.left, values, file.derived)
    right = evaluate(item.claim.right, values, file.derived)
    return left, right


def _check(relation: str, left: Value, right: Value) -> None:
    ends(left)[0].like(ends(right)[0], "compare")
    if relation == "within" and not isinstance(right, Range):
        raise UnitError("within(a, b) asks whether a lies in the range b; b is a number")
    if isinstance(left, Range) and isinstance(right, Range) and left.names & right.names:
        raise UnitError(
            f"the range '{sorted(left.names & right.names)[0]}' stands on both sides and would count as two numbers; "
            "rearrange so that it stands once, or take low() and high() of it"
        )


def _middle(value: Value) -> float:
    low, high = ends(value)
    return 0.5 * (float(np.ravel(low.values)[0]) + float(np.ravel(high.values)[0]))


def _nominal_ends(value: Value) -> tuple[float, float] | None:
    if isinstance(value, Amount):
        return None
    return float(np.ravel(value.low.values)[0]), float(np.ravel(value.high.values)[0])


def _gaps(left: Value, right: Value, scale: float) -> _Gaps:
    (a, b), (c, d) = ends(left), ends(right)
    with np.errstate(all="ignore"):  # not finite is an answer here: the claim is then undecidable
        below, above, first, last = (
            np.ravel((one.values - two.values) / scale) for one, two in ((a, d), (b, c), (a, c), (b, d))
        )
        inside = np.minimum(*np.broadcast_arrays(first, -last))
        around = np.minimum(*np.broadcast_arrays(-first, last))
    return _Gaps(below, above, inside, around)


def _verdict(relation: str, gaps: _Gaps, slack: tuple[float, float], *, ranged: bool) -> tuple[str, str]:
    low, high = float(gaps.below.min()) - slack[0], float(gaps.above.max()) + slack[1]
    if relation == "within":
        return _inside(gaps.inside, max(slack))
    if relation == "=":
        if low > TOLERANCE or high < -TOLERANCE:
            return "contradicts", ""
        return _meeting(gaps, max(slack)) if ranged else _narrow((high - low) / 2)
    if relation in (">", ">="):
        low, high = -high, -low
    strict = relation in ("<", ">", "precedes")
    if high < (-TOLERANCE if strict else TOLERANCE):
        return "holds", ""
    if low > (-TOLERANCE if strict else TOLERANCE):
        return "contradicts", ""
    return "undecidable", f"both are possible within the printed {'ranges' if ranged else 'digits'}"


def _narrow(half: float) -> tuple[str, str]:
    if half > WIDEST:
        return "undecidable", f"the printed digits leave {100 * half:.0f} % either way"
    return "holds", ""


def _inside(inside: Array, slack: float) -> tuple[str, str]:
    if inside.min() - slack >= -TOLERANCE:
        return "holds", ""
    if inside.max() + slack < -TOLERANCE:
        return "contradicts", ""
    return "undecidable", "both are possible within the printed digits"


def _meeting(gaps: _Gaps, slack: float) -> tuple[str, str]:
    """Two ranges that are not apart, or a number and a range."""
    if max(float(gaps.inside.max()), float(gaps.around.max())) + slack < -TOLERANCE:
        return "undecidable", "the ranges overlap in part"
    return _narrow(slack + max(float(np.ptp(gaps.below)), float(np.ptp(gaps.above))) / 2)


def _assembled(numbers: Mapping[str, Amount], used: Used) -> dict[str, Value]:
    """Drawn numbers by name, the two ends of a range put together again."""
    values: dict[str, Value] = dict(numbers)
    for name, (low, high) in used.ranges.items():
        values[name] = Range(numbers[low], numbers[high], frozenset((name,)))
    return values


def _corners(used: Mapping[str, Printed]) -> dict[str, Amount]:
    """Every number at its value (first place) and at all corners of the box that rounding allows."""
    rounded = [name for name, value in used.items() if value.half > 0]
    count = len(rounded)
    if count <= _MOST_CORNERS:
        signs = (
            np.array(np.meshgrid(*[[-1.0, 1.0]] * count, indexing="ij")).reshape(count, -1)
            if count
            else np.zeros((0, 0))
        )
    else:
        signs = np.random.default_rng(20260101).choice([-1.0, 1.0], size=(count, 2**_MOST_CORNERS))
    shifts = dict(zip(rounded, signs, strict=True))
    drawn = {}
    for name, value in used.items():
        values = np.array([value.value])
        if name in shifts:
            values = np.concatenate([values, value.value + value.half * shifts[name]])
        elif signs.size:
            values = np.full(1 + signs.shape[1], value.value)
        drawn[name] = amount(values, value.unit)
    return drawn


def _sensitivities(item: Statement, file: ClaimsFile, used: Used, scale: float) -> Array:
    """Standard uncertainty of either gap from each number, shape (2, n): printed std, or rounding as uniform."""
    parts = np.zeros((2, len(used.numbers)))
    for number, (name, value) in enumerate(used.numbers.items()):
        step = value.std if not math.isnan(value.std) else value.half / math.sqrt(3)
        drawn = {key: amount(np.full(2, other.value), other.unit) for key, other in used.numbers.items()}
        drawn[name] = amount(value.value + step * np.array([-1.0, 1.0]), value.unit)
        gaps = _gaps(*_sides(item, file, _assembled(drawn, used)), scale)
        for side, end in enumerate((gaps.below, gaps.above)):
            first, last = np.broadcast_to(end, (2,))
            with np.errstate(all="ignore"):
                parts[side, number] = 0.5 * (last - first)
    return parts
