"""What does every analysis over cycles take out of the summary, and how does it hand its numbers back?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.model import Choice, Citation, Flag, How, Observable, Result, State, to_frame
from interlith.model.observable import KINDS, RANDOM_KINDS
from interlith.model.recording import versions_of
from interlith.techniques.cycling.records import no_observables
from interlith.units import parse_rate

Array = NDArray[np.float64]

#: Sources that multiply every capacity of a cell alike, so that they leave a ratio within the cell exactly.
MULTIPLIERS = frozenset({"mass", "area", "loading", "current"})
_RANDOM_PREFIXES = [prefix for prefix, kind in KINDS.items() if kind in RANDOM_KINDS]
#: Currents that differ by less than this (relative) are one rate: set points repeat to much better than that.
SAME_CURRENT = 0.05
#: Mean currents, where nothing was held constant, scatter with the course of the cell: they are one rate within this.
SAME_MEAN_CURRENT = 0.20
#: A declared rate is met within this (relative): the active mass behind a C-rate is seldom known better.
SAME_RATE = 0.15


@dataclass(frozen=True, slots=True)
class Cell:
    """Whose numbers these are."""

    sample: str
    variant: str = ""
    batch: str = ""
    replicate: str = ""

    def observable(
        self, quantity: str, value: float | None, unit: str, components: Mapping[str, float] | None = None, *,
        cycle: int | None = None, state: State | None = None, method: str = "", fit: str = "", flag: str = "",
        low: float | None = None, high: float | None = None,
    ) -> Observable:  # fmt: skip
        """An observable of this cell; a value that is not finite becomes null."""
        known = value is not None and math.isfinite(value)
        return Observable(
            quantity=quantity, value=value if known else None, unit=unit, sample=self.sample,
            components=dict(components or {}) if known else {}, variant=self.variant, batch=self.batch,
            replicate=self.replicate, technique="cycling", state=state, cycle=cycle, method=method, fit=fit,
            flag=flag, low=low if known else None, high=high if known else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scale:
    """How charge (Ah) of a cell is shown: factor, unit, and the relative size of what is uncertain in the factor."""

    factor: float
    unit: str
    relative: Mapping[str, float]

    def components(self, value: float) -> dict[str, float]:
        """Components of a shown value that is proportional to charge."""
        return {source: size * value for source, size in self.relative.items()}


def cycle_state(cycle: int) -> State:
    """The state of an observable of one cycle."""
    return State("cycle", float(cycle), float(cycle), float(cycle), "1")


def need(summary: Result, *names: str) -> list[pl.DataFrame]:
    """Tables of the summary.

    Raises
    ------
    StudyError
        If one is missing: the result is not a summary of cycling.
    """
    for name in names:
        if name not in summary.data:
            raise StudyError(
                f"The result '{summary.name}' holds no table '{name}'; pass the result of cycling.summarise. "
                f"{nearest(name, summary.data)}."
            )
    return [summary.data[name] for name in names]


def cells(summary: Result) -> list[Cell]:
    """The cells of a summary, in order of first appearance; those without observables are known by name only."""
    named = {
        row[0]: Cell(*(text or "" for text in row))
        for row in summary.table.select("sample", "variant", "batch", "replicate").unique(maintain_order=True).rows()
    }
    (halves,) = need(summary, "half_cycles")
    for sample in halves.get_column("sample").unique(maintain_order=True):
        named.setdefault(sample, Cell(sample))
    return list(named.values())


def target_of(summary: Result, sample: str, part: str) -> str:
    """How a choice about one cell is called, so that a person can decide it: first file, start of its digest, part.

    The name of the cell stands for the file where a summary does not say from which files it comes.
    """
    known = summary.data.get("sources")
    files = None if known is None else known.filter(pl.col("sample") == sample)
    if files is None or files.is_empty():
        return f"{sample}/{part}"
    path, digest = files.select("path", "sha256").row(0)
    return f"{path}#sha256:{digest[:12]}/{part}"


def flagged(found: Result, sample: str, more: Sequence[Flag]) -> Result:
    """A result with more flags of one cell."""
    if not more:
        return found
    return replace(found, flags={**found.flags, sample: (*found.flags.get(sample, ()), *more)})


def split_by_sample(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """One frame a sample."""
    return {str(key[0]): part for key, part in frame.partition_by("sample", as_dict=True, maintain_order=True).items()}


def values_of(summary: Result, quantity: str) -> dict[str, pl.DataFrame]:
    """Rows of one per-cycle quantity by sample, ordered by own cycle number; incomplete ones with null value are kept.

    Raises
    ------
    StudyError
        If the summary has no such quantity per cycle.
    """
    rows = summary.table.filter((pl.col("quantity") == quantity) & pl.col("cycle").is_not_null())
    if rows.is_empty():
        known = summary.table.filter(pl.col("cycle").is_not_null()).get_column("quantity").unique().to_list()
        raise StudyError(f"The summary has no quantity '{quantity}' per cycle; {nearest(quantity, known)}.")
    return split_by_sample(rows.sort("sample", "cycle", maintain_order=True))


def scale_of(summary: Result) -> dict[str, Scale]:
    """How each cell's charge is shown, read off its own capacities: mAh/g where a confirmed mass normalises, else mAh."""
    (halves,) = need(summary, "half_cycles")
    shown = summary.table.filter(
        pl.col("quantity").is_in(["charge_capacity", "discharge_capacity"]) & pl.col("value").is_not_null()
    ).with_columns(pl.col("quantity").str.strip_suffix("_capacity").alias("direction"))
    joined = shown.join(
        halves.select("sample", "cycle", "direction", "charge"), on=["sample", "cycle", "direction"], how="inner"
    ).filter((pl.col("charge") > 0) & (pl.col("value") > 0))
    scales = {name: Scale(1e3, "mAh", {}) for name in halves.get_column("sample").unique()}
    for name, rows in split_by_sample(joined).items():
        row = rows.sort("value", descending=True).row(0, named=True)
        relative = {
            part["source"]: part["size"] / row["value"]
            for part in row["components"] or ()
            if part["source"].partition(":")[0] in MULTIPLIERS
        }
        scales[name] = Scale(row["value"] / row["charge"], row["unit"], relative)
    return scales


def voltage_std(summary: Result) -> dict[str, tuple[str, float]]:
    """Source and size (V) of each cell's declared voltage accuracy, read off its mean voltages; absent if undeclared."""
    rows = summary.table.filter(pl.col("quantity").str.ends_with("mean_voltage") & pl.col("value").is_not_null())
    long = (
        rows.group_by("sample", maintain_order=True)
        .agg(pl.col("components").first())
        .explode("components", empty_as_null=True, keep_nulls=True)
        .unnest("components")
        .filter(pl.col("source").str.starts_with("voltage:"))
    )
    return {row["sample"]: (row["source"], abs(row["size"])) for row in long.iter_rows(named=True)}


def alike(values: Sequence[float | None] | Array, *, tolerance: float = SAME_CURRENT) -> NDArray[np.int64]:
    """Number the groups of positive values that lie within a relative tolerance of a neighbour; missing ones get -1."""
    numbers = np.array([math.nan if value is None else float(value) for value in values])
    labels = np.full(len(numbers), -1, dtype=np.int64)
    good = np.flatnonzero(np.isfinite(numbers) & (numbers > 0))
    if len(good) == 0:
        return labels
    order = good[np.argsort(numbers[good], kind="stable")]
    breaks = np.diff(np.log(numbers[order])) > math.log1p(tolerance)
    labels[order] = np.concatenate([[0], np.cumsum(breaks)])
    return labels


def currents(summary: Result) -> dict[str, pl.DataFrame]:
    """Per cell and own cycle: currents (A) and C-rates of charge and discharge, and whether both are complete.

    Columns cycle, charge_current, discharge_current, charge_rate, discharge_rate, complete and ``group``: cycles of one
    number ran at the same currents in both directions. The current is that of the constant-current branch, the mean where
    there is none. A direction that is missing in a cycle does not set it apart.
    """
    (halves,) = need(summary, "half_cycles")
    current = pl.coalesce("cc_current", "mean_current").abs()
    columns = []
    for direction in ("charge", "discharge"):
        here = pl.col("direction") == direction
        columns.append(current.filter(here).first().alias(f"{direction}_current"))
        columns.append(pl.col("cc_current").is_not_null().filter(here).first().alias(f"_{direction}_held"))
        columns.append(pl.col("rate").cast(pl.Float64).filter(here).first().abs().alias(f"{direction}_rate"))
    wide = (
        halves.group_by("sample", "cycle", maintain_order=True)
        .agg(*columns, pl.col("complete").all())
        .sort("sample", "cycle", maintain_order=True)
    )
    return {sample: _grouped(rows) for sample, rows in split_by_sample(wide).items()}


def _grouped(rows: pl.DataFrame) -> pl.DataFrame:
    labels = [_levels(rows, way) for way in ("charge", "discharge")]
    group = pl.Series("group", labels[0] * 1000 + labels[1])
    return rows.drop("_charge_held", "_discharge_held").with_columns(group)


def _levels(rows: pl.DataFrame, direction: str) -> NDArray[np.int64]:
    """Number the currents of one direction; those not held constant join the nearest level within the wider tolerance."""
    current = rows.get_column(f"{direction}_current").cast(pl.Float64).fill_null(math.nan).to_numpy()
    held = rows.get_column(f"_{direction}_held").fill_null(False).to_numpy()
    labels = alike(np.where(held, current, math.nan))
    known = np.unique(labels[labels >= 0])
    levels = np.array([np.median(current[labels == label]) for label in known])
    for spot in np.flatnonzero(~held & np.isfinite(current) & (current > 0)):
        away = np.abs(np.log(levels / current[spot]))
        if away.size and away.min() <= math.log1p(SAME_MEAN_CURRENT):
            labels[spot] = known[int(away.argmin())]
    rest = ~held & (labels < 0)
    others = alike(np.where(rest, current, math.nan), tolerance=SAME_MEAN_CURRENT)
    labels[others >= 0] = others[others >= 0] + len(known)
    found = labels[labels >= 0]
    labels[labels < 0] = np.bincount(found).argmax() if found.size else 0
    return labels


def at_declared_rate(rates: Sequence[float]) -> pl.Expr:
    """True where charge or discharge ran at one of these C-rates; false where no 1C is declared."""
    found = pl.lit(False)
    for rate in rates:
        for side in ("charge_rate", "discharge_rate"):
            found = found | ((pl.col(side) / rate - 1).abs() < SAME_RATE).fill_null(False)
    return found


def rates_of(given: str | float | Sequence[str | float] | None) -> list[float]:
    """C-rates (1/h) from one or several of ``C/10`` or 0.1.

    Raises
    ------
    UnitError
        If one is no C-rate.
    """
    every = [given] if isinstance(given, (str, float, int)) else list(given or ())
    return [parse_rate(rate) if isinstance(rate, str) else float(rate) for rate in every]


def propagated(rows: pl.DataFrame, weights: Array, *, ratio: bool = False) -> tuple[dict[str, float], float]:
    """What a linear combination of per-cycle values inherits: shared components by source, and the random part.

    Parameters
    ----------
    rows
        Observables in the order of `weights`.
    weights
        Weight of each value, shape (n,).
    ratio
        Whether the combination is homogeneous of degree zero, so that factors common to all values cancel exactly.
    """
    long = (
        rows.select("components", pl.Series("_weight", weights))
        .explode("components", empty_as_null=True, keep_nulls=True)
        .unnest("components")
        .filter(pl.col("source").is_not_null())
    )
    shared: dict[str, float] = {}
    is_random = pl.col("source").str.split(":").list.first().is_in(_RANDOM_PREFIXES)
    product = pl.col("size") * pl.col("_weight")
    random = float(long.filter(is_random).select((product**2).sum()).item() or 0.0)
    rest = long.filter(~is_random).group_by("source", maintain_order=True)
    for name, size, infinite in rest.agg(product.sum().alias("sum"), pl.col("size").is_infinite().any()).iter_rows():
        if ratio and name.partition(":")[0] in MULTIPLIERS:
            shared[name] = 0.0
        else:
            shared[name] = math.inf if infinite else float(size)
    return shared, math.sqrt(random)


def quality_frame(rows: Iterable[tuple[str, str, bool, str]]) -> pl.DataFrame:
    """The quality table: sample, step, ok, reason."""
    kinds = {"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}
    return pl.DataFrame(list(rows), schema=kinds, orient="row")


def result(
    name: str, summary: Result, observables: Sequence[Observable], *, data: Mapping[str, Any],
    quality: Iterable[tuple[str, str, bool, str]], options: Mapping[str, Any], method: str, methods_text: str,
    citations: tuple[Citation, ...] = (), choices: Sequence[Choice] = (),
) -> Result:  # fmt: skip
    """Put a result of this technique together."""
    how = How("cycling", method, dict(options), versions_of("numpy", "scipy", "polars"), citations, methods_text)
    sources = dict(
        summary.table.filter(pl.col("source").is_not_null() & (pl.col("source") != ""))
        .group_by("sample", maintain_order=True)
        .agg(pl.col("source").first())
        .rows()
    )
    sourced = [replace(item, source=item.source or sources.get(item.sample, "")) for item in observables]
    return Result(
        "cycling",
        name,
        to_frame(sourced) if sourced else no_observables(),
        dict(data),
        quality_frame(quality),
        how,
        tuple(choices),
        summary.flags,
    )
