"""Does a printed number follow from the other printed numbers, given how far each of them was rounded?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from interlith.evidence.auditing.amounts import base_factor
from interlith.evidence.auditing.claims import ClaimsFile, Statement, list_claims, read_claims
from interlith.evidence.auditing.printed import LAST_DIGIT, read_printed
from interlith.evidence.auditing.weighing import TOLERANCE, Used, Weighed, used_in, weigh
from interlith.model import Finding
from interlith.model.finding import Verdict

__all__ = ["audit", "list_claims"]

#: From this ratio on a gap is told as a factor, not in per cent.
_FAR = 3.0
_WORDS: Mapping[str, Verdict] = {"holds": "supported", "contradicts": "contradicted", "undecidable": "undecided"}


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
    sides is the same number. A range (``10-20 nm``) stands for any number in it: ``=`` holds where one side lies in the
    other and contradicts where they are apart, ``<`` and ``precedes()`` hold where they do for all numbers of the ranges.
    """
    file = read_claims(claims)
    return tuple(_finding(file, item) for item in file.statements)


def _finding(file: ClaimsFile, item: Statement) -> Finding:
    used = used_in(item, file)
    place = f"{file.name}, line {item.line}" if item.line else file.name
    weighed = weigh(item, file, used, place)
    caveats = _caveats(item, file, used, weighed, place)
    lacking = [name for name, value in used.numbers.items() if value.missing]
    whole = [name for name, value in used.numbers.items() if value.whole]
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
            **_ends_by_name(weighed),
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


def _ends_by_name(weighed: Weighed) -> dict[str, float]:
    named = (("left", weighed.left_ends), ("right", weighed.right_ends))
    return {f"{side}_{end}": pair[k] for side, pair in named if pair for k, end in enumerate(("low", "high"))}


def _percent(share: float) -> float | None:
    return 100.0 * share if math.isfinite(share) else None


def _caveats(item: Statement, file: ClaimsFile, used: Used, weighed: Weighed, place: str) -> tuple[str, ...]:
    caveats = []
    whole = [name for name, value in used.numbers.items() if value.whole]
    if whole and weighed.verdict != "undecidable":
        looser = {
            name: read_printed(f"{value.value:.0f}. {value.unit}", LAST_DIGIT, what=name) if value.whole else value
            for name, value in used.numbers.items()
        }
        second = weigh(item, file, Used(looser, used.ranges), place)
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
    left, right = (
        _shown(side, pair, unit)
        for side, pair in ((weighed.left, weighed.left_ends), (weighed.right, weighed.right_ends))
    )
    sides = f"{left} against {right} {unit}".rstrip()
    gap = _gap_words(weighed)
    if weighed.verdict == "contradicts":
        sigma = f", {abs(weighed.size):.1f} combined standard uncertainties" if math.isfinite(weighed.size) else ""
        if item.claim.relation == "within" and weighed.gap == 0:
            gap, sigma = "it reaches out of the range", ""
        return f"{text} does not follow from the printed numbers: {sides} ({gap}{sigma})."
    if weighed.verdict == "undecidable":
        return f"{text} is undecidable: {sides} ({gap}): {weighed.reason}."
    return f"{text} holds: {sides} ({gap})."


def _shown(side: float, pair: tuple[float, float] | None, unit: str) -> str:
    factor, offset, _ = base_factor(unit)
    return " to ".join(f"{(number - offset) / factor:.5g}" for number in pair or (side,))


def _gap_words(weighed: Weighed) -> str:
    if weighed.ranges:
        return (
            "the two meet"
            if weighed.gap == 0
            else f"their nearest ends are {_signed(abs(weighed.gap)).lstrip('+')} apart"
        )
    gap = f"the left side is {_apart(weighed)}"
    if weighed.high - weighed.low > TOLERANCE and gap.endswith("off"):
        gap += f", {_signed(weighed.low)} to {_signed(weighed.high)} within the printed digits"
    return gap


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
    """The unit that a reader knows a side by: that of a printed number or range which is a whole side, or an end of one,
    else base units."""
    for side in (item.claim.left, item.claim.right):
        node = side.parts[0] if side.kind == "call" and side.text in ("low", "high", "mid") else side
        if node.kind in ("name", "quoted") and node.text in file.values:
            return file.values[node.text].unit
    return ""
