"""Does a printed number follow from the other printed numbers, given how far each of them was rounded?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from interlith.errors import StudyError, UnitError
from interlith.evidence.amounts import Amount, Array, amount, base_factor
from interlith.evidence.claims import ClaimsFile, Printed, Statement, list_claims, read_claims, read_printed
from interlith.evidence.expressions import Node, evaluate
from interlith.model import Finding
from interlith.model.finding import Verdict
from interlith.model.observable import NORMAL_95

__all__ = ["audit", "list_claims"]

#: An equality that holds only because its bounds are wider than this is not confirmed by holding.
WIDEST = 0.2
#: Beyond this many rounded numbers in one claim, corners of the box are drawn instead of listed.
_MOST_CORNERS = 12
_TOLERANCE = 1e-9
#: From this ratio on a gap is told as a factor, not in per cent.
_FAR = 3.0
_WORDS: Mapping[str, Verdict] = {"holds": "supported", "contradicts": "contradicted", "undecidable": "undecided"}


@dataclass(frozen=True, slots=True)
class Weighed:
    """Both sides of a claim in base units, their relative gap with hard bounds, and what was decided.

    `gap` is (left - right) / |right|; `low` and `high` its bounds over all numbers that round to the printed ones,
    widened by 1.96 printed standard uncertainties; `size` the gap in combined standard uncertainties.
    """

    verdict: str
    reason: str = ""
    left: float = math.nan
    right: float = math.nan
    gap: float = math.nan
    low: float = math.nan
    high: float = math.nan
    size: float = math.nan


def audit(claims: str | Path | Mapping[str, Any]) -> tuple[Finding, ...]:
    """Check every claim of a claims file: one finding a claim, in order.

    Parameters
    ----------
    claims
        Path of a `claims.yaml`, the name of a shipped one (`list_claims`), or the same content as a mapping.

    Returns
    -------
    findings
        Verdict ``supported`` (holds), ``contradicted`` (cannot hold for any numbers that round to the printed ones) or
        ``undecided`` (a value is missing, or the printed digits are too few to tell). `estimate`, `low`, `high`: gap
        between the sides in per cent of the right one, with the bounds that rounding allows.

    Raises
    ------
    StudyError
        If the file cannot be read, a name is unknown, or the units of a claim do not fit: the message names the line.

    Notes
    -----
    Assumption that fails first: that numbers were rounded and not cut, and that whole numbers (10 mm, 60 parts) are
    nominal; where rounding them as well would change a verdict, a caveat says so. Bounds are taken at the corners of
    the box of rounding, exact where each number pushes the gap in one direction only. A number that occurs on both
    sides is the same number.
    """
    file = read_claims(claims)
    return tuple(_finding(file, item) for item in file.statements)


def _finding(file: ClaimsFile, item: Statement) -> Finding:
    used = _used(item, file)
    place = f"{file.name}, line {item.line}" if item.line else file.name
    weighed = _weigh(item, file, used, place)
    caveats = _caveats(item, file, used, weighed, place)
    lacking = [name for name, value in used.items() if value.missing]
    whole = [name for name, value in used.items() if value.whole]
    return Finding(
        kind="audit",
        statement=_sentence(item, file, weighed),
        verdict=_WORDS[weighed.verdict],
        quantity=item.claim.text,
        estimate=_percent(weighed.gap),
        low=_percent(weighed.low),
        high=_percent(weighed.high),
        level=0.95,
        unit="%",
        caveats=caveats,
        details={
            "verdict": weighed.verdict,
            "left": weighed.left if math.isfinite(weighed.left) else None,
            "right": weighed.right if math.isfinite(weighed.right) else None,
            "gap_in_standard_uncertainties": weighed.size if math.isfinite(weighed.size) else None,
            "missing": ", ".join(lacking),
            "taken_as_exact": ", ".join(whole),
            "expect": item.expect,
            "note": item.note,
            "source": file.source,
            "file": file.name,
            "line": item.line,
        },
    )


def _percent(share: float) -> float | None:
    return 100.0 * share if math.isfinite(share) else None


def _used(item: Statement, file: ClaimsFile) -> dict[str, Printed]:
    """Printed numbers behind a claim, those of derived names included, in order."""
    found: dict[str, Printed] = {}
    seen: set[str] = set()

    def visit(node: Node) -> None:
        for name in node.names():
            if name in file.derived and name not in seen:
                seen.add(name)
                visit(file.derived[name])
            elif name in file.values:
                found[name] = file.values[name]

    visit(item.claim.left)
    visit(item.claim.right)
    return found


def _weigh(item: Statement, file: ClaimsFile, used: Mapping[str, Printed], place: str) -> Weighed:
    lacking = [name for name, value in used.items() if value.missing]
    if lacking:
        return Weighed("undecidable", f"the source gives no value for {', '.join(lacking)}")
    try:
        corners = _corners(used)
        left = evaluate(item.claim.left, corners, file.derived)
        right = evaluate(item.claim.right, corners, file.derived)
        left.like(right, "compare")
        one, two = float(np.ravel(left.values)[0]), float(np.ravel(right.values)[0])
        scale = abs(two) or abs(one) or 1.0
        gaps = _gap(left.values, right.values, scale)
        parts = _sensitivities(item, file, used, scale)
    except (UnitError, StudyError) as error:
        raise StudyError(f"{place}: '{item.claim.text}': {error}.") from error
    if not (np.all(np.isfinite(gaps)) and np.all(np.isfinite(parts))):
        return Weighed("undecidable", "a side is not a finite number (a division by zero, or the root of a negative)")
    printed = np.array([not math.isnan(value.std) for value in used.values()], dtype=bool)
    slack = NORMAL_95 * float(np.sqrt(np.square(parts[printed]).sum()))
    total = float(np.sqrt(np.square(parts).sum()))
    low, high, gap = float(gaps.min()) - slack, float(gaps.max()) + slack, float(gaps[0])
    verdict, reason = _verdict(item.claim.relation, low, high)
    size = gap / total if total > _TOLERANCE else math.inf
    return Weighed(verdict, reason, one, two, gap, low, high, size)


def _gap(left: Array, right: Array, scale: float) -> Array:
    with np.errstate(all="ignore"):  # not finite is an answer here: the claim is then undecidable
        return np.ravel((left - right) / scale)


def _verdict(relation: str, low: float, high: float) -> tuple[str, str]:
    if relation == "=":
        if low > _TOLERANCE or high < -_TOLERANCE:
            return "contradicts", ""
        if (high - low) / 2 > WIDEST:
            return "undecidable", f"the printed digits leave {50 * (high - low):.0f} % either way"
        return "holds", ""
    if relation in (">", ">="):
        low, high = -high, -low
    strict = relation in ("<", ">")
    if high < (-_TOLERANCE if strict else _TOLERANCE):
        return "holds", ""
    if low > (-_TOLERANCE if strict else _TOLERANCE):
        return "contradicts", ""
    return "undecidable", "both are possible within the printed digits"


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


def _sensitivities(item: Statement, file: ClaimsFile, used: Mapping[str, Printed], scale: float) -> Array:
    """Standard uncertainty of the gap from each number, signed: printed std, or rounding as a uniform distribution."""
    parts = []
    for name, value in used.items():
        step = value.std if not math.isnan(value.std) else value.half / math.sqrt(3)
        drawn = {key: amount(np.full(2, other.value), other.unit) for key, other in used.items()}
        drawn[name] = amount(value.value + step * np.array([-1.0, 1.0]), value.unit)
        left, right = (
            np.broadcast_to(evaluate(side, drawn, file.derived).values, (2,))
            for side in (item.claim.left, item.claim.right)
        )
        gaps = _gap(left, right, scale)
        parts.append(float(gaps[1] - gaps[0]) / 2)
    return np.array(parts)


def _caveats(
    item: Statement, file: ClaimsFile, used: Mapping[str, Printed], weighed: Weighed, place: str
) -> tuple[str, ...]:
    caveats = []
    whole = [name for name, value in used.items() if value.whole]
    if whole and weighed.verdict != "undecidable":
        looser = {
            name: read_printed(f"{value.value:.0f}. {value.unit}", "last printed digit", what=name)
            if value.whole
            else value
            for name, value in used.items()
        }
        second = _weigh(item, file, looser, place)
        if second.verdict != weighed.verdict:
            caveats.append(
                f"Whole numbers are taken as exact ({', '.join(whole)}); were they rounded to their last digit, the claim "
                f"would be {'undecidable' if second.verdict == 'undecidable' else f'one that {second.verdict}'}."
            )
    if item.expect and item.expect != weighed.verdict:
        caveats.append(f"The file expects '{item.expect}', the numbers say '{weighed.verdict}'.")
    return tuple(caveats)


def _sentence(item: Statement, file: ClaimsFile, weighed: Weighed) -> str:
    text = f"The claim '{item.claim.text}'"
    if math.isnan(weighed.gap):
        return f"{text} is undecidable: {weighed.reason}."
    unit = _unit_of(item, file)
    factor, offset, _ = base_factor(unit)
    left, right = (f"{(side - offset) / factor:.5g}" for side in (weighed.left, weighed.right))
    sides = f"{left} against {right} {unit}".rstrip()
    gap = f"the left side is {_apart(weighed)}"
    if weighed.high - weighed.low > _TOLERANCE and gap.endswith("off"):
        gap += f", {_signed(weighed.low)} to {_signed(weighed.high)} within the printed digits"
    if weighed.verdict == "contradicts":
        sigma = f", {abs(weighed.size):.1f} combined standard uncertainties" if math.isfinite(weighed.size) else ""
        return f"{text} does not follow from the printed numbers: {sides} ({gap}{sigma})."
    if weighed.verdict == "undecidable":
        return f"{text} is undecidable: {sides} ({gap}): {weighed.reason}."
    return f"{text} holds: {sides} ({gap})."


def _apart(weighed: Weighed) -> str:
    ratio = abs(weighed.left / weighed.right) if weighed.right else math.nan
    if not 0 < ratio < math.inf or 1 / _FAR < ratio < _FAR:
        return f"{_signed(weighed.gap)} off"
    return f"{ratio:.3g} times the right one" if ratio > 1 else f"1/{1 / ratio:.3g} of the right one"


def _signed(share: float) -> str:
    percent = 100.0 * share
    if abs(percent) < 0.005:
        return "0 %"
    return f"{percent:+.3g} %" if abs(percent) < 1000 else f"{percent:+,.0f} %"


def _unit_of(item: Statement, file: ClaimsFile) -> str:
    """The unit that a reader knows a side by: that of a printed number which is a whole side, else base units."""
    for side in (item.claim.left, item.claim.right):
        if side.kind in ("name", "quoted") and side.text in file.values:
            return file.values[side.text].unit
    return ""
