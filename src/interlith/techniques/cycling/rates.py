"""Which capacity does a cell give at which rate, and how much comes back afterwards?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from interlith.model import Choice, Given, Observable, Result, State, Step
from interlith.model.observable import RANDOM_KINDS, kind_of
from interlith.techniques.cycling.decided import BLOCKS, about, misplaced, told
from interlith.techniques.cycling.over_cycles import (
    MULTIPLIERS,
    SAME_CURRENT,
    SAME_RATE,
    Cell,
    alike,
    cells,
    currents,
    flagged,
    propagated,
    result,
    target_of,
    values_of,
)
from interlith.techniques.cycling.rate_blocks import DeclaredBlock, declared_block

#: A longer block is ageing, not a rate test: its mean mixes both and is withheld.
LONGEST_BLOCK = 20
#: Fewer rates are formation and cycling, not a rate test.
LEAST_RATES = 3
#: Within a rate test no rate comes back more often than this on average; check-ups within long cycling do.
MOST_VISITS = 2
#: A capacity that runs this far (relative) through its block makes the mean depend on the length of the block.
DRIFT = 0.05

#: Headline quantities that hang on the blocks.
MOVES = ("rate_capacity", "rate_recovery")
#: Columns of the table of blocks, also where it is empty.
BLOCK_SCHEMA = {
    "sample": pl.String, "variant": pl.String, "block": pl.Int64, "first_cycle": pl.Int64, "last_cycle": pl.Int64,
    "complete_cycles": pl.Int64, "current": pl.Float64, "rate": pl.Float64, "mean": pl.Float64, "first": pl.Float64,
    "last": pl.Float64, "unit": pl.String, "again": pl.Boolean, "flag": pl.String,
}  # fmt: skip

METHODS = (
    "The rate table gives the mean over all complete cycles of each block of equal current (the first of the block "
    "included), beside its first and last cycle; recovery is the mean of the block back at the first rate over that of the "
    "first block."
)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive cycles at one rate: own cycle numbers, current (A) and C-rate of the direction asked for."""

    cycles: tuple[int, ...]
    current: float | None
    rate: float | None
    flag: str = ""

    @property
    def state(self) -> State | None:
        """The rate as a state: C-rate where 1C is declared, else current in mA."""
        if self.rate is not None:
            return State("rate", self.rate, self.rate * (1 - SAME_CURRENT), self.rate * (1 + SAME_CURRENT), "1/h")
        if self.current is None:
            return None
        shown = 1e3 * self.current
        return State("current", shown, shown * (1 - SAME_CURRENT), shown * (1 + SAME_CURRENT), "mA")


def rate_table(
    summary: Result,
    *,
    blocks: Sequence[Mapping[str, Any]] | None = None,
    quantity: str = "discharge_capacity",
) -> Result:
    """Capacity by blocks of equal rate, and what is recovered back at the first rate.

    Parameters
    ----------
    summary
        Result of `summarise`.
    blocks
        Declared blocks in order, each with ``cycles`` (``"1-5"`` or ``[1, 5]``: first and last own cycle number) and
        optionally ``rate`` (``C/10``) or ``current`` (``0.5 mA``), which are checked against the data. `None`: blocks
        are read off the current.
    quantity
        ``discharge_capacity`` or ``charge_capacity``, or areal ones.

    Returns
    -------
    Result
        Observables at the state ``rate`` (1/h; ``current`` in mA without a declared 1C): ``rate_capacity`` (mean of the
        block), ``rate_capacity_first``, ``rate_capacity_last``, ``rate_share`` (% of the first block); for a later
        block at a rate that was there before ``rate_capacity_return`` and, at the first rate, ``rate_recovery`` (%).
        `data["blocks"]`: one row a block.

    Raises
    ------
    StudyError
        If a declared block has no cycles or unknown words.

    Notes
    -----
    The mean keeps the first cycle of a block, although it starts from the state that the rate before it left: that is what
    a reader can redo from the table of cycles, and the first cycle stands beside it. Its uncertainty holds the scatter within
    the block; a drift within it counts as scatter. Blocks longer than 20 cycles age while they
    are measured: their mean is withheld, first and last are given.
    """
    direction = "charge" if "discharge" not in quantity else "discharge"
    declared = None if blocks is None else [declared_block(number, block) for number, block in enumerate(blocks, 1)]
    values, conditions = values_of(summary, quantity), currents(summary)
    observables: list[Observable] = []
    quality, tables = [], []
    choices: list[Choice] = []
    for cell in cells(summary):
        if cell.sample not in values or cell.sample not in conditions:
            quality.append((cell.sample, "rate table", False, f"there is no {quantity} of this cell"))
            continue
        known = conditions[cell.sample]
        found = (
            _detected(known, direction) if declared is None else [_checked(one, known, direction) for one in declared]
        )
        rates = {int(label) for label in alike([block.current for block in found]) if label >= 0}
        if declared is None and (len(rates) < LEAST_RATES or len(found) > MOST_VISITS * len(rates)):
            quality.append((cell.sample, "rate table", False, _no_test(len(rates), len(found))))
            continue
        if declared is None:
            place = target_of(summary, cell.sample, "rate_table")
            choices.append(_choice(place, found, known, direction))
        rows = _table(cell, found, values[cell.sample])
        observables += rows.observables
        tables.append(rows.frame)
        quality.append((cell.sample, "rate table", True, ""))
    data = {"blocks": pl.concat([pl.DataFrame(schema=BLOCK_SCHEMA), *tables])}
    return result(
        "rate_table", summary, observables, data=data, quality=quality, choices=choices,
        options={"blocks": None if blocks is None else [dict(block) for block in blocks], "quantity": quantity},
        method="blocks of equal current", methods_text=METHODS,
    )  # fmt: skip


def _no_test(rates: int, blocks: int) -> str:
    if rates < LEAST_RATES:
        found = "all cycles run at one rate" if rates < 2 else f"the cycles run at {rates} rates only"
        return (
            f"{found}: there is no rate test to tabulate; if there is one, declare rate_blocks under analyses: cycling"
        )
    return (
        f"the current changes {blocks - 1} times: that is cycling with check-ups rather than a rate test; declare "
        "rate_blocks under analyses: cycling"
    )


def _checked(declared: DeclaredBlock, known: pl.DataFrame, direction: str) -> Block:
    """A declared block, its flag saying where the data contradict the declaration."""
    rows = known.filter(pl.col("cycle").is_between(declared.first, declared.last))
    current, rate = _typical(rows, f"{direction}_current"), _typical(rows, f"{direction}_rate")
    words = []
    if rows.height == 0:
        words.append(f"there are no cycles {declared.first}-{declared.last}")
    if declared.rate is not None and rate is not None and abs(rate / declared.rate - 1) > SAME_RATE:
        words.append(f"declared {declared.rate:g} C, measured {rate:.3g} C")
    if declared.current is not None and current is not None and abs(current / declared.current - 1) > SAME_CURRENT:
        words.append(f"declared {1e3 * declared.current:.4g} mA, measured {1e3 * current:.4g} mA")
    if rows.height and len(set(alike(rows.get_column(f"{direction}_current").to_list()).tolist())) > 1:
        words.append("the current changes within the block")
    # What was measured counts; the declared rate only fills in where none can be derived.
    return Block(
        tuple(rows.get_column("cycle").to_list()), current, declared.rate if rate is None else rate, "; ".join(words)
    )


def _typical(rows: pl.DataFrame, column: str) -> float | None:
    value = rows.get_column(column).median()
    return float(value) if isinstance(value, (int, float)) else None


def _detected(known: pl.DataFrame, direction: str) -> list[Block]:
    """Runs of cycles whose current in this direction is the same; cycles without one belong to no block."""
    labels = alike(known.get_column(f"{direction}_current").to_list())
    rows = known.with_columns(pl.Series("_label", labels)).filter(pl.col("_label") >= 0)
    runs = rows.with_columns(pl.col("_label").rle_id().alias("_run"))
    return [
        Block(tuple(part.get_column("cycle").to_list()), _typical(part, f"{direction}_current"), _typical(part, f"{direction}_rate"))
        for part in runs.partition_by("_run", maintain_order=True)
    ]  # fmt: skip


def _choice(place: str, blocks: Sequence[Block], known: pl.DataFrame, direction: str) -> Choice:
    """How clearly the blocks stand apart: the smallest step of the current against the tolerance."""
    levels = [block.current for block in blocks if block.current]
    steps = [abs(math.log(after / before)) for before, after in itertools.pairwise(levels)]
    smallest = min(steps, default=math.inf)
    fewer = len(set(alike(known.get_column(f"{direction}_current").to_list(), tolerance=4 * SAME_CURRENT).tolist()))
    spans = ", ".join(f"{block.cycles[0]}-{block.cycles[-1]}" for block in blocks)
    return Choice(
        place, "blocks", spans, f"{fewer} rates at four times the tolerance",
        max(0.0, 1 - math.log1p(SAME_CURRENT) / smallest), MOVES,
        f"the {direction} current has {len(blocks)} runs of equal value within {100 * SAME_CURRENT:g} %.",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rows:
    observables: list[Observable]
    frame: pl.DataFrame


def _table(cell: Cell, blocks: Sequence[Block], values: pl.DataFrame) -> _Rows:
    observables: list[Observable] = []
    rows = []
    labels = alike([block.current for block in blocks])
    first_mean: Observable | None = None
    for number, (block, label) in enumerate(zip(blocks, labels, strict=True), 1):
        inside_block = values.filter(pl.col("cycle").is_in(list(block.cycles)) & pl.col("value").is_not_null())
        again = label >= 0 and label in labels[: number - 1]
        mean = _mean(cell, number, block, inside_block, "rate_capacity_return" if again else "rate_capacity", values)
        found = [mean]
        if not again:
            found += [_single(cell, block, inside_block, end, values) for end in ("first", "last")]
        if first_mean is None:
            first_mean = mean
        elif again and label == labels[0]:
            found.append(_share(cell, "rate_recovery", mean, first_mean, block))
        if not again:
            found.append(_share(cell, "rate_share", mean, first_mean, block))
        observables += [item for item in found if item is not None]
        rows.append(_row(cell, number, block, inside_block, mean, again))
    return _Rows(_unrepeated(observables), pl.DataFrame(rows, schema=BLOCK_SCHEMA))


def _unrepeated(observables: Sequence[Observable]) -> list[Observable]:
    """Keep the first of several returns to one rate: a quantity has one value at a state."""
    seen: dict[tuple[str, float | None], Observable] = {}
    for item in observables:
        seen.setdefault((item.quantity, item.state.value if item.state else None), item)
    return list(seen.values())


def _unit(values: pl.DataFrame) -> str:
    return str(values.item(0, "unit"))


def _mean(cell: Cell, number: int, block: Block, rows: pl.DataFrame, quantity: str, values: pl.DataFrame) -> Observable:
    what = f"block {number}, "
    count = rows.height
    if count == 0 or count > LONGEST_BLOCK:
        reason = "no complete cycle in the block" if count == 0 else (
            f"{count} cycles at one rate age while they are measured: no mean, see first and last"
        )  # fmt: skip
        flag = "; ".join(word for word in (block.flag, reason) if word)
        return cell.observable(quantity, None, _unit(values), state=block.state, method=what + "no mean", flag=flag)
    y = rows.get_column("value").to_numpy()
    shared, counted = propagated(rows, np.full(count, 1.0 / count))
    if counted > 0:
        shared[f"counter:{cell.sample}/rate_block/{number}"] = counted
    flag = block.flag
    if count > 1:
        shared[f"sampling:{cell.sample}/rate_block/{number}"] = math.sqrt(
            max(float(y.var(ddof=1)) / count - counted**2, 0.0)
        )
    else:
        flag = "; ".join(word for word in (flag, "a single cycle: no scatter within the block") if word)
    if abs(float(y[-1] - y[0])) > DRIFT * abs(float(y.mean())):
        flag = "; ".join(word for word in (flag, f"runs from {y[0]:.4g} to {y[-1]:.4g} within the block") if word)
    cycles = rows.get_column("cycle").to_list()
    return cell.observable(
        quantity, float(y.mean()), _unit(values), shared, state=block.state, flag=flag,
        method=what + f"mean of {count} complete cycles {cycles[0]}-{cycles[-1]}",
    )  # fmt: skip


def _single(cell: Cell, block: Block, rows: pl.DataFrame, end: str, values: pl.DataFrame) -> Observable:
    if rows.is_empty():
        return cell.observable(
            f"rate_capacity_{end}", None, _unit(values), state=block.state, flag="no complete cycle in the block"
        )
    row = rows.row(0 if end == "first" else -1, named=True)
    parts = {part["source"]: part["size"] for part in row["components"] or ()}
    return cell.observable(
        f"rate_capacity_{end}", row["value"], row["unit"], parts, state=block.state, cycle=row["cycle"],
        method=f"{end} complete cycle of the block, cycle {row['cycle']}", flag=row["flag"] or "",
    )  # fmt: skip


def _share(cell: Cell, quantity: str, part: Observable, whole: Observable, block: Block) -> Observable:
    """Ratio within one cell in percent: common factors leave it exactly, even where their size is unknown."""
    if part.value is None or whole.value is None:
        flag = part.flag or whole.flag
        return cell.observable(quantity, None, "%", state=block.state, flag=flag)
    if part is whole:
        return cell.observable(quantity, 100.0, "%", {f"counter:{cell.sample}/reference": 0.0}, state=block.state,
                               method="the first block is the reference")  # fmt: skip
    common = {name for name in {**part.components, **whole.components} if name.partition(":")[0] in MULTIPLIERS}
    ratio = 100.0 * part.value / whole.value
    components = dict.fromkeys(common, 0.0)
    for item, weight in ((part, 100.0 / whole.value), (whole, -ratio / whole.value)):
        for source, size in item.components.items():
            if source in common:
                continue
            if kind_of(source) in RANDOM_KINDS or math.isfinite(size):
                components[source] = components.get(source, 0.0) + weight * size
            else:
                components[source] = math.inf
    return cell.observable(
        quantity, ratio, "%", components, state=block.state, method=f"{part.method} over {whole.method}",
        flag="; ".join(dict.fromkeys(word for word in (part.flag, whole.flag) if word)),
    )  # fmt: skip


def _row(cell: Cell, number: int, block: Block, rows: pl.DataFrame, mean: Observable, again: bool) -> dict[str, Any]:
    values = rows.get_column("value").to_list()
    return {
        "sample": cell.sample, "variant": cell.variant, "block": number, "first_cycle": min(block.cycles, default=None),
        "last_cycle": max(block.cycles, default=None), "complete_cycles": rows.height, "current": block.current,
        "rate": block.rate, "mean": mean.value, "first": values[0] if values else None,
        "last": values[-1] if values else None, "unit": mean.unit, "again": bool(again), "flag": mean.flag,
    }  # fmt: skip


def run(given: Given) -> Result:
    """Rate test of one specimen.

    Raises
    ------
    StudyError
        If decided or declared blocks are none.
    """
    summary = given.result("summary")
    (sample,) = [cell.sample for cell in cells(summary)]
    blocks, own = given.options.get("rate_blocks"), about(given.decisions, "blocks", "rate_table")
    flags = misplaced(given.decisions, {"blocks": (".../rate_table",)}, ("rate_table",))
    if own is None:
        return flagged(rate_table(summary, blocks=blocks), sample, flags)
    found = rate_table(summary, blocks=[{"cycles": span.strip()} for span in str(own.value).split(",")])
    declared = ", ".join(str(block["cycles"]) for block in blocks or ())
    automatic = () if blocks else rate_table(summary).choices
    other = declared or (automatic[0].value if automatic else "no rate test")
    return flagged(replace(found, choices=(told(own, other, MOVES, declared=declared),)), sample, flags)


def asked(options: Mapping[str, Any]) -> bool:
    """Whether a study asks for the rate test."""
    return options.get("rate_blocks") is not None


STEP = Step("rate_table", run, after=("summary",), words=("rate_blocks",), decides={"blocks": BLOCKS}, asked=asked)
