"""Which cycles does a person declare as one block of a rate test, and at which rate?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interlith.errors import StudyError, nearest
from interlith.units import inside, parse_rate


@dataclass(frozen=True, slots=True)
class DeclaredBlock:
    """First and last own cycle number, C-rate and current (A) as declared."""

    first: int
    last: int
    rate: float | None
    current: float | None


def declared_block(number: int, block: Mapping[str, Any]) -> DeclaredBlock:
    """One block of a rate test as it stands in `study.yaml`.

    Raises
    ------
    StudyError
        If it has no cycles or an unknown word.
    UnitError
        If rate or current are none.
    """
    allowed = ("cycles", "rate", "current")
    for word in block:
        if word not in allowed:
            raise StudyError(
                f"Block {number} of the rate test has the unknown word '{word}'; {nearest(word, allowed)}."
            )
    given = block.get("cycles")
    # One cycle may stand alone: 5, and 1-5 is text.
    ends = [given] if isinstance(given, int) else given
    ends = ends.replace("–", "-").split("-") if isinstance(ends, str) else ends
    ends = list(ends) if isinstance(ends, (list, tuple)) else []
    try:
        numbers = [int(end) for end in ends]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) not in (1, 2) or numbers[0] > numbers[-1]:
        raise StudyError(
            f"Block {number} of the rate test has the cycles '{given}'; write first and last own cycle number, '1-5'."
        )
    rate = parse_rate(str(block["rate"])) if block.get("rate") is not None else None
    current = (
        inside(str(block["current"]), "current", what=f"current of block {number}") if block.get("current") else None
    )
    return DeclaredBlock(numbers[0], numbers[-1], rate, None if current is None else abs(current))
