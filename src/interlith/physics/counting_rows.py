"""Are rows of a cycler file missing, written twice, in another order, or without some of their fields?

The vendor numbers the records of a file one by one; a number that is left out, or comes again, is a record lost or doubled,
whatever time and counters say. A field that is empty in a few rows and filled in all others was lost there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

#: Record numbers that jump, or columns that are empty, in more than this share of the rows are the vendor's way; so few are
#: not, however short the file.
USUAL_SHARE, FEW = 0.005, 3


@dataclass(slots=True)
class Jump:
    """The first place of its kind: row (from 1), the record number before it, and its own."""

    row: int
    before: int
    now: int


@dataclass(slots=True)
class Rows:
    """What was odd about the records as the vendor counts them, over a file."""

    rows: int = 0
    missing: int = 0
    lost: int = 0
    first_missing: Jump | None = None
    again: int = 0
    first_again: Jump | None = None
    empty: dict[str, int] = field(default_factory=dict)
    first_empty: dict[str, int] = field(default_factory=dict)
    _last: int | None = None
    _usual: int = 1

    def watch(self, frame: pl.DataFrame, columns: Mapping[str, str]) -> None:
        """Take in the next rows, readable or not."""
        for name, column in columns.items():
            if name in ("time", "current", "voltage"):
                continue
            series = frame.get_column(column)
            if count := series.null_count():
                self.empty[column] = self.empty.get(column, 0) + count
                self.first_empty.setdefault(column, self.rows + int(series.is_null().arg_max() or 0) + 1)
        if "record" in columns and frame.height:
            self._number(frame.get_column(columns["record"]))
        self.rows += frame.height

    def _number(self, series: pl.Series) -> None:
        numbers = series.fill_null(strategy="forward").fill_null(0).to_numpy()
        if self._last is None:
            # An export may hold every tenth record only.
            self._usual = max(1, int(np.median(np.diff(numbers)))) if numbers.size > 2 else 1
            self._last = int(numbers[0]) - self._usual
        step = np.diff(numbers, prepend=self._last)
        before, self._last = self._last, int(numbers[-1])
        odd = np.flatnonzero(step != self._usual)
        # Some vendors number anew from 0 or 1 in every step, cycle or sheet.
        odd = odd[numbers[odd] > 1]
        if odd.size == 0:
            return
        forward, again = odd[step[odd] > 0], odd[step[odd] < 1]
        self.missing += forward.size
        self.lost += int((step[forward] - self._usual).sum())
        self.again += again.size
        for spots, name in ((forward, "first_missing"), (again, "first_again")):
            if spots.size and getattr(self, name) is None:
                spot = int(spots[0])
                own = int(numbers[spot])
                setattr(self, name, Jump(self.rows + spot + 1, int(numbers[spot - 1]) if spot else before, own))

    @property
    def numbered(self) -> bool:
        """Whether the jumps are so few that the vendor numbers the records one by one."""
        return self.missing + self.again <= max(FEW, USUAL_SHARE * self.rows)

    def half_empty(self) -> dict[str, int]:
        """Columns that are empty in a few rows only, and in how many."""
        few = max(FEW, USUAL_SHARE * self.rows)
        return {name: count for name, count in self.empty.items() if count <= few and count < 0.5 * self.rows}
