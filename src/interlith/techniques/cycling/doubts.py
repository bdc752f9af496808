"""Which half-cycles could as well have been taken for something else, and how clear was it?

Every rule that finds half-cycles compares a number with a threshold; its ratio to it says how clear the decision was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: A decision about the kind of a stretch that was clearer than this is not told: lists of choices stay short.
TOLD_MARGIN = 0.5
#: So many of one specimen are told at most, the least clear ones.
MOST_TOLD = 20


def margin(ratio: float) -> float:
    """How clear a comparison with a threshold is: 0 at the threshold, a half at twice or half of it, towards 1 far away."""
    if ratio <= 0:
        return 1.0
    return 1.0 - min(ratio, 1.0 / ratio)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One decision: `row` is the first step under current of what was decided about, counted from 0 over the specimen.

    `charge` (Ah) is what passed; `ratio` that of the number compared to its threshold.
    """

    row: int
    field: str
    value: str
    runner_up: str
    ratio: float
    direction: int = 0
    charge: float = 0.0

    @property
    def margin(self) -> float:
        """How clear it was."""
        return margin(self.ratio)


@dataclass(slots=True)
class Doubts:
    """Decisions as they were taken."""

    found: list[Doubt] = field(default_factory=list)

    def at_restart(self, row: int, back: float, *, joined: bool) -> None:
        """Rows are missing before a step, and the half-cycle goes on or begins anew."""
        words = ("joined", "separate") if joined else ("separate", "joined")
        self.found.append(Doubt(row, "cycle_join", *words, ratio=back))

    def at_rest(self, row: int, over: float, charge: float, direction: int, *, dropped: bool) -> None:
        """A stretch counts as rest or as half-cycle."""
        words = ("rest", _way(direction)) if dropped else (_way(direction), "rest")
        self._add(Doubt(row, "step_type", *words, over, direction, charge))

    def at_pulse(self, row: int, over: float, charge: float, direction: int, *, pulse: bool) -> None:
        """A stretch counts as pulse inside of another or as half-cycle."""
        words = ("pulse", _way(direction)) if pulse else (_way(direction), "pulse")
        self._add(Doubt(row, "step_type", *words, over, direction, charge))

    def _add(self, one: Doubt) -> None:
        if one.ratio > 0 and one.margin < TOLD_MARGIN:
            self.found.append(one)

    def told(self, kind: str) -> list[Doubt]:
        """Those of one field, in order; of many only the least clear."""
        mine = [one for one in self.found if one.field == kind]
        least = sorted(mine, key=lambda one: one.margin)[:MOST_TOLD] if kind == "step_type" else mine
        return sorted(least, key=lambda one: one.row)


def _way(direction: int) -> str:
    return "charge" if direction > 0 else "discharge"
