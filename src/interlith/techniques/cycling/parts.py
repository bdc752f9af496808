"""Which rows of a restarted test occur in two of its files, and in which order do the files follow?

Vendors export a running test again and again: a later file then repeats rows of an earlier one, or holds all of it. Rows
that stand in two files are counted once. Only device time, voltage and current tell; the wall clock is never used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Choice, Flag, Measurement, Table
from interlith.physics.counting import Counted

#: Rows compared at most; files that agree over so many rows are one test.
MOST_ROWS = 50_000
#: So many rows in a row must agree before they are one and the same.
LEAST_ROWS = 2
#: Rows are the same within this (s), and within the last digit of voltage and current.
SAME_TIME = 1e-3
#: Share of the compared rows that must agree: an export may leave single rows out at its end.
SAME_SHARE = 0.99
#: What the vendor counts tells two alike stretches of one test apart, where both files hold it.
NUMBERS = ("vendor_cycle", "vendor_step", "capacity_counter", "charge_counter", "discharge_counter")
#: Files follow each other on one clock if no more than this lies between them (s; share of the time until then).
PAUSE_SECONDS, PAUSE_SHARE = 300.0, 0.01
#: A clock that was set back begins within this of zero (s).
FRESH_CLOCK = 3600.0

#: Hex digits of a digest that name a file.
DIGITS = 12

Recount = Callable[[Measurement, pl.LazyFrame], Counted]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a test, counted."""

    item: Measurement
    counted: Counted

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put anywhere."""
        return self.counted.steps.height == 0 or "start_time" not in self.counted.steps.columns

    @property
    def first(self) -> float:
        """Device time of the first row (s)."""
        return float(self.counted.steps.item(0, "start_time"))

    @property
    def last(self) -> float:
        """Latest device time (s)."""
        return float(str(self.counted.steps.get_column("end_time").max()))


@dataclass(frozen=True, slots=True)
class Arranged:
    """Parts in order without repeated rows, and what was done to them.

    `kept` are the first digits of files that stay behind the others although their clock says otherwise.
    """

    parts: tuple[Part, ...]
    flags: tuple[Flag, ...]
    choices: tuple[Choice, ...]
    kept: tuple[str, ...] = ()


def arrange(
    parts: Sequence[Part], recount: Recount, moves: tuple[str, ...], *, as_declared: Collection[str] = ()
) -> Arranged:
    """Put the parts in the order of their clock where it runs on over them, and leave repeated rows out.

    Parameters
    ----------
    parts
        Files of one test in declared order.
    recount
        Counts a shortened file.
    moves
        Headline quantities that depend on the order.
    as_declared
        First digits of the SHA-256 of files that stay where they were declared.

    Notes
    -----
    Of two files of which one holds all rows of the other, the longer is kept. Where the end of one is the start of the
    next, the next is counted from the last common row on. The assumption that fails first: that no two different
    stretches of a test agree in every digit of time, voltage and current.
    """
    flags: list[Flag] = []
    choices: list[Choice] = []
    kept: list[Part] = []
    stayed: list[str] = []
    for part in parts:
        if part.empty:
            kept.append(part)
            continue
        spot, digits = _place(part, kept), part.item.source.sha256[:DIGITS]
        if spot < len(kept) and digits in as_declared:
            stayed.append(digits)
            spot = len(kept)
        if spot < len(kept):
            choices.append(_moved(part, kept[spot], moves))
            flags.append(_order_flag(part, kept[spot]))
        kept.insert(spot, part)
    return Arranged(tuple(_without_repeats(kept, recount, flags)), tuple(flags), tuple(choices), tuple(stayed))


def _place(part: Part, kept: Sequence[Part]) -> int:
    """Where a part belongs among those before it: in front of the first that its clock runs into."""
    for spot, other in enumerate(kept):
        if not other.empty and part.first < other.first and (_runs_into(part, other) or _shared(part, other)):
            return spot
    return len(kept)


def _runs_into(part: Part, other: Part) -> bool:
    """Whether `other` begins right where `part` ends, in time and in voltage."""
    pause = other.first - part.last
    if not 0.0 <= pause <= max(PAUSE_SECONDS, PAUSE_SHARE * part.last):
        return False
    start, end = part.counted.steps.get_column("voltage_start"), part.counted.steps.get_column("voltage_end")
    behind, ahead = other.counted.steps.get_column("voltage_end"), other.counted.steps.get_column("voltage_start")
    return bool(abs(end[-1] - ahead[0]) <= abs(behind[-1] - start[0]))


def _shared(early: Part, late: Part) -> int:
    """Rows compared and found the same in both, from where `late` begins; 0 if they are not the same."""
    if not early.first - SAME_TIME <= late.first < early.last or not _voltage_fits(early, late):
        return 0
    until = min(early.last, late.last) + SAME_TIME
    numbers = [name for name in NUMBERS if all(name in _table(part).columns for part in (early, late))]
    one, two = (_rows(part, late.first - SAME_TIME, until, numbers) for part in (early, late))
    slack = np.array([
        SAME_TIME, *(0.51 * max(part.counted.resolution.get(name, 0.0) for part in (early, late)) + 1e-12 for name in ("voltage", "current")),
        *[1e-9] * len(numbers),
    ])  # fmt: skip
    # Two steps meet at one time, so that the first of several rows at that time need not be the one.
    for begin in range(int(np.count_nonzero(one[:, 0] <= late.first + SAME_TIME))):
        count = min(len(one) - begin, len(two))
        same = np.all(np.abs(one[begin : begin + count] - two[:count]) <= slack, axis=1)
        if count >= LEAST_ROWS and float(same.mean()) >= SAME_SHARE:
            return count
    return 0


def _voltage_fits(early: Part, late: Part) -> bool:
    """Cheap test before rows are read: was the voltage of the early part there where the late one begins?"""
    steps = early.counted.steps.filter(
        pl.lit(late.first).is_between(pl.col("start_time") - SAME_TIME, pl.col("end_time") + SAME_TIME)
    )
    voltage = float(late.counted.steps.item(0, "voltage_start"))
    slack = early.counted.resolution.get("voltage", 0.0) + late.counted.resolution.get("voltage", 0.0)
    near = (pl.col("voltage_min") - slack <= voltage) & (voltage <= pl.col("voltage_max") + slack)
    return steps.filter(near).height > 0


def _rows(part: Part, begin: float, end: float, numbers: Sequence[str]) -> NDArray[np.float64]:
    """Time, voltage and current of the readable rows in a span of time, and what the vendor counts (absent: -1)."""
    names = ("test_time", "voltage", "current")
    finite = pl.all_horizontal(pl.col(name).is_finite() for name in names)
    frame = _table(part).frame.select(pl.col(name).cast(pl.Float64) for name in (*names, *numbers))
    inside = frame.filter(finite & pl.col("test_time").is_between(begin, end)).head(MOST_ROWS)
    return inside.with_columns(pl.col(name).fill_null(-1.0) for name in numbers).collect().to_numpy()


def _table(part: Part) -> Table:
    assert isinstance(part.item.payload, Table)  # only tables were counted
    return part.item.payload


def _without_repeats(parts: Sequence[Part], recount: Recount, flags: list[Flag]) -> list[Part]:
    kept: list[Part] = []
    for part in parts:
        now: Part | None = part
        for other in [] if part.empty else [one for one in kept if not one.empty]:
            if now is None:
                break
            now = _against(other, now, kept, recount, flags)
        if now is not None:
            kept.append(now)
    return kept


def _against(other: Part, part: Part, kept: list[Part], recount: Recount, flags: list[Flag]) -> Part | None:
    """What is left of a part beside one before it; the one before is taken out of `kept` if the part holds all of it."""
    backwards = part.first < other.first
    if not (_shared(part, other) if backwards else _shared(other, part)):
        if other.first + FRESH_CLOCK < part.first < other.last:
            flags.append(_unclear_flag(other, part))
        return part
    if part.last <= other.last and not backwards:
        flags.append(_repeat_flag(part, other))
        return None
    if part.first <= other.first + SAME_TIME:
        flags.append(_repeat_flag(other, part))
        kept.remove(other)
        return part
    skipped = _rows_before(part, other.last)
    flags.append(_overlap_flag(part, other, skipped))
    found = recount(part.item, _table(part).frame.slice(skipped))
    rows = [pl.col(name) + skipped for name in ("first_row", "last_row")]
    return Part(part.item, replace(found, steps=found.steps.with_columns(rows), notices=part.counted.notices))


def _rows_before(part: Part, time: float) -> int:
    """Rows in front of the first at that time; that one stays, so that the interval after it is counted."""
    late = _table(part).frame.select("test_time").with_row_index("_row").filter(pl.col("test_time") >= time - SAME_TIME)
    return int(late.head(1).collect().item(0, "_row"))


def _repeat_flag(part: Part, other: Part) -> Flag:
    name, whole = part.item.source.path, other.item.source.path
    return Flag(
        "parts_overlap",
        f"All rows of {name} stand in {whole} too: {name} is left out, nothing is counted twice. List each file of a test once.",
        name,
    )


def _overlap_flag(part: Part, other: Part, rows: int) -> Flag:
    name = part.item.source.path
    return Flag(
        "parts_overlap",
        f"{name} begins with {rows + 1} rows that stand in {other.item.source.path} too, until {other.last:.6g} s: they are "
        "counted once.",
        f"{name}, rows 1-{rows + 1}",
    )  # fmt: skip


def _order_flag(part: Part, other: Part) -> Flag:
    return Flag(
        "parts_order",
        f"By the device clock {part.item.source.path} ({part.first:.6g} to {part.last:.6g} s) comes before "
        f"{other.item.source.path} (from {other.first:.6g} s), although it is listed later; the order of the clock is used. "
        "Correct the order in measurements.csv.",
        part.item.source.path,
    )


def _unclear_flag(other: Part, part: Part) -> Flag:
    return Flag(
        "parts_clock_unclear",
        f"The clock of {part.item.source.path} begins at {part.first:.6g} s, inside the time of {other.item.source.path} "
        f"({other.first:.6g} to {other.last:.6g} s), but its rows are not those of that file: it is put behind it as if the "
        "clock had been set back. Check that both belong to one test.",
        part.item.source.path,
    )


def _moved(part: Part, other: Part, moves: tuple[str, ...]) -> Choice:
    source = part.item.source
    return Choice(
        f"{source.path}#sha256:{source.sha256[:DIGITS]}/part/{part.item.part}", "part_order", "device clock", "declared order", 0.5,
        moves, f"{source.path} ends at {part.last:.6g} s and {other.item.source.path} begins at {other.first:.6g} s on one "
        "running clock: it is put in front of it.",
    )  # fmt: skip
