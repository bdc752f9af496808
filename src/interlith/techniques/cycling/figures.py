"""Which figures show cycling: what over the cycles, which curves, and which bands?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import special

from interlith.model import Band, Figure, Line, Marker, Panel, Result
from interlith.techniques.cycling.figures_curves import differential_figure, profile_figure
from interlith.techniques.cycling.over_cycles import SAME_CURRENT

Array = NDArray[np.float64]

#: Share of the cycles that must run at one current for the others to be check-ups.
MAJORITY = 0.6
#: Up to this many cycles single points are drawn on the line.
FEW_CYCLES = 60
#: Quantities over the cycles: figure, title, axis, quantities with the titles of their panels.
OVER_CYCLES = (
    ("capacity", "Capacity over the cycles", "Discharge capacity", (("discharge_capacity", ""),)),
    ("retention", "Capacity retention", "Capacity retention", (("capacity_retention", ""),)),
    ("coulombic_efficiency", "Coulombic efficiency", "Coulombic efficiency", (("coulombic_efficiency", ""),)),
    (
        "mean_voltage", "Mean voltage over the cycles", "Mean voltage",
        (("discharge_mean_voltage", "discharge"), ("charge_mean_voltage", "charge")),
    ),
    ("hysteresis", "Voltage hysteresis", "Voltage hysteresis", (("voltage_hysteresis", ""),)),
)  # fmt: skip
#: Quantities whose first cycles lie far from the rest, which they would flatten.
ZOOMED = frozenset({"coulombic_efficiency"})

_SUPERSCRIPT = {"mAh/g": "mAh g⁻¹", "mAh/cm^2": "mAh cm⁻²"}


@dataclass(frozen=True, slots=True)
class Group:
    """The cells of one variant: (cycle, value) of each; `apart` holds the cycles of a cell at another current."""

    variant: str
    cells: tuple[tuple[str, Array, Array], ...]
    apart: tuple[tuple[str, Array, Array], ...] = ()


def figures(results: Sequence[Result]) -> list[Figure]:
    """Figures of whatever results there are: over the cycles, voltage profiles, dQ/dV, rate test.

    Parameters
    ----------
    results
        Results of this technique; those that are missing leave their figure out.

    Notes
    -----
    One legend entry a variant, however many cells. All replicates are drawn: thin where a mean is drawn over them.
    """
    named = {item.name: item for item in results}
    made: list[Figure | None] = []
    tables = [item.table for item in results if item.table.height]
    everything = pl.concat(tables, how="vertical_relaxed") if tables else None
    if everything is not None:
        per_cycle = everything.filter(pl.col("cycle").is_not_null() & pl.col("value").is_not_null())
        other = checkups(named["summary"]) if "summary" in named else None
        made += [_over_cycles(per_cycle, *_named_reference(row, named), other=other) for row in OVER_CYCLES]
    if "summary" in named:
        made.append(profile_figure(named["summary"]))
    if "differential" in named:
        made.append(differential_figure(named["differential"]))
    if "rate_table" in named and "summary" in named:
        made.append(_rate_test(named["rate_table"], named["summary"]))
    return [item for item in made if item is not None]


def checkups(summary: Result) -> pl.DataFrame:
    """Cycles at another current than most of their cell: (sample, cycle).

    Notes
    -----
    As in the decay, by more than `SAME_CURRENT` in either direction. Where fewer than `MAJORITY` of the cycles of a cell share a
    current (a rate test) there is no usual one, and none of its cycles is a check-up.
    """
    halves = summary.data.get("half_cycles")
    if halves is None or halves.is_empty():
        return pl.DataFrame(schema={"sample": pl.String, "cycle": pl.Int64})
    usual = pl.col("cc_current").median().over("sample", "direction")
    other = ((pl.col("cc_current") / usual - 1.0).abs() > SAME_CURRENT).fill_null(value=False)
    judged: pl.DataFrame = (
        halves.with_columns(other.alias("other"))
        .group_by("sample", "cycle", maintain_order=True)
        .agg(pl.col("other").any())
    )
    few = pl.col("other").mean().over("sample") <= 1.0 - MAJORITY
    return judged.filter(pl.col("other") & few).select("sample", "cycle")


def _named_reference(
    row: tuple[str, str, str, tuple[tuple[str, str], ...]], named: Mapping[str, Result]
) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
    """Retention says of which cycle it is a part."""
    cycle = named["retention"].how.options.get("reference_cycle") if "retention" in named else None
    if row[0] != "retention" or cycle is None:
        return row
    return (row[0], f"Capacity retention relative to cycle {cycle}", f"{row[2]}|% of cycle {cycle}", row[3])


def _over_cycles(
    table: pl.DataFrame, name: str, title: str, axis: str, quantities: Sequence[tuple[str, str]],
    other: pl.DataFrame | None = None,
) -> Figure | None:  # fmt: skip
    panels: list[Panel] = []
    counts: dict[str, int] = {}
    zoomed = apart = False
    axis, _, told_unit = axis.partition("|")
    for quantity, heading in quantities:
        rows = table.filter(pl.col("quantity") == quantity)
        for unit, part in sorted(_by(rows, "unit").items()):
            groups = _groups(part, other)
            if max((len(cycles) for group in groups for _, cycles, _ in group.cells), default=0) < 2:
                continue
            panel, cut = _panel(groups, f"{axis} / {told_unit or _SUPERSCRIPT.get(unit, unit)}", heading, quantity)
            apart = apart or any(group.apart for group in groups)
            panels.append(panel)
            zoomed = zoomed or cut
            counts |= {group.variant: max(counts.get(group.variant, 0), len(group.cells)) for group in groups}
    if not panels:
        return None
    caption = _told(counts)
    if apart:
        caption += " Single points: cycles at another current than most (formation, check-ups), in no line and no mean."
    if zoomed:
        caption += f" First cycles{' and single points' if apart else ''} may lie outside the axis."
    return Figure(
        name,
        title,
        caption,
        tuple(panels),
        width=1 if len(panels) == 1 else 2,
        columns=min(len(panels), 2),
        tags=("cycling",),
    )


def _by(frame: pl.DataFrame, column: str) -> dict[str, pl.DataFrame]:
    return {
        str(key[0] or ""): part for key, part in frame.partition_by(column, as_dict=True, maintain_order=True).items()
    }


def _groups(rows: pl.DataFrame, other: pl.DataFrame | None = None) -> list[Group]:
    """Cells by variant, in order of first appearance; cycles in `other` stand apart."""
    outside = _series_by_variant(rows.join(other, on=["sample", "cycle"], how="semi")) if other is not None else {}
    kept = rows if other is None else rows.join(other, on=["sample", "cycle"], how="anti", maintain_order="left")
    return [Group(variant, cells, outside.get(variant, ())) for variant, cells in _series_by_variant(kept).items()]


def _series_by_variant(rows: pl.DataFrame) -> dict[str, tuple[tuple[str, Array, Array], ...]]:
    found = {}
    for variant, part in _by(rows, "variant").items():
        cells = []
        for sample, own in _by(part.sort("sample", "cycle", maintain_order=True), "sample").items():
            unique = own.unique("cycle", keep="first", maintain_order=True)
            cells.append(
                (sample, unique.get_column("cycle").to_numpy().astype(float), unique.get_column("value").to_numpy())
            )
        found[variant] = tuple(cells)
    return found


def _told(counts: dict[str, int]) -> str:
    """How many cells, and what lines and bands are."""
    numbers = ", ".join(f"{name or 'cells'}: n = {count}" for name, count in counts.items())
    words = f"{numbers}."
    if any(count >= 2 for count in counts.values()):
        words += " Thin lines are single cells, thick lines the mean over the cells that have a value at a cycle."
    if any(count >= 3 for count in counts.values()):
        words += " Bands are 95 % intervals of that mean (Student t; cell-to-cell scatter only)."
    if any(count == 2 for count in counts.values()):
        words += " With two cells the band is their range."
    return words


def _panel(groups: Sequence[Group], axis: str, heading: str, quantity: str) -> tuple[Panel, bool]:
    lines: list[Line] = []
    bands: list[Band] = []
    for group in groups:
        several = len(group.cells) >= 2
        for index, (sample, cycles, values) in enumerate(group.cells):
            few = len(cycles) <= FEW_CYCLES
            label = group.variant or sample if not several and index == 0 else ""
            lines.append(
                Line(cycles, values, label=label, variant=group.variant, sample=sample, faint=several,
                     style="both" if few and not several else "line", observable=quantity)
            )  # fmt: skip
        lines += [
            Line(
                cycles, values, variant=group.variant, sample=sample, faint=several, style="points", observable=quantity
            )
            for sample, cycles, values in group.apart
        ]
        if several:
            mean, band = _mean(group, quantity)
            lines.append(mean)
            bands += [] if band is None else [band]
    limits = _zoom(groups) if quantity in ZOOMED else None
    return Panel("Cycle", axis, tuple(lines), tuple(bands), title=heading, y_limits=limits), limits is not None


def _mean(group: Group, quantity: str) -> tuple[Line, Band | None]:
    """Mean over the cells at each cycle, and its band where at least two cells have a value."""
    cycles = np.unique(np.concatenate([own for _, own, _ in group.cells]))
    grid = np.full((len(group.cells), len(cycles)), np.nan)
    for row, (_, own, values) in enumerate(group.cells):
        grid[row, np.searchsorted(cycles, own)] = values
    known = np.isfinite(grid)
    count = known.sum(axis=0)
    filled = np.where(known, grid, 0.0)
    mean = filled.sum(axis=0) / count
    name = group.variant or "mean"
    line = Line(cycles, mean, label=f"{name} (n = {len(group.cells)})", variant=group.variant, observable=quantity)
    enough = count >= 2
    if enough.sum() < 2:
        return line, None
    if len(group.cells) == 2:
        low, high, words = filled[:, enough].min(axis=0), filled[:, enough].max(axis=0), "range of 2 cells"
    else:
        spread = np.sqrt((np.where(known, grid - mean, 0.0) ** 2).sum(axis=0)[enough] / (count[enough] - 1))
        half = special.stdtrit(count[enough] - 1, 0.975) * spread / np.sqrt(count[enough])
        low, high, words = mean[enough] - half, mean[enough] + half, "95 % interval of the mean"
    return line, Band(cycles[enough], low, high, label=f"{name}: {words}", variant=group.variant)


def _zoom(groups: Sequence[Group]) -> tuple[float, float] | None:
    """Limits around the bulk of the values, where single ones lie far outside; `None` where all fit."""
    values = np.concatenate([own for group in groups for _, _, own in group.cells])
    low, high = np.quantile(values, [0.05, 0.95])
    margin = max(0.5 * float(high - low), 0.1)
    apart = [own for group in groups for _, _, own in group.apart]
    every = np.concatenate([values, *apart])
    if len(values) < 10 or (every.min() > low - margin and every.max() < high + margin):
        return None
    return float(low) - margin, float(high) + margin


def _rate_test(table: Result, summary: Result) -> Figure | None:
    """Capacity of every cycle of the rate test, with the rates of its blocks."""
    blocks = table.data.get("blocks")
    if blocks is None or blocks.is_empty():
        return None
    quantity = str(table.how.options.get("quantity", "discharge_capacity"))
    spans = blocks.group_by("sample").agg(pl.col("first_cycle").min(), pl.col("last_cycle").max())
    rows = (
        summary.table.filter((pl.col("quantity") == quantity) & pl.col("value").is_not_null())
        .join(spans, on="sample", how="inner", maintain_order="left")
        .filter(pl.col("cycle").is_between(pl.col("first_cycle"), pl.col("last_cycle")))
    )
    panels: list[Panel] = []
    counts: dict[str, int] = {}
    for unit, part in sorted(_by(rows, "unit").items()):
        groups = _groups(part)
        panel, _ = _panel(
            groups, f"{quantity.replace('_', ' ').capitalize()} / {_SUPERSCRIPT.get(unit, unit)}", "", quantity
        )
        values = part.get_column("value").to_numpy()
        room = max(float(np.ptp(values)), 0.02 * float(values.max()))  # above the points, for the words of the markers
        limits = (float(values.min()) - 0.1 * room, float(values.max()) + 0.45 * room)
        markers = _rate_markers(blocks)
        panels.append(Panel(panel.x_label, panel.y_label, panel.lines, panel.bands, markers, y_limits=limits))
        counts |= {group.variant: len(group.cells) for group in groups}
    if not panels:
        return None
    caption = f"Dotted lines: where the rate changes. {_told(counts)}"
    return Figure("rate_test", "Rate test", caption, tuple(panels), columns=len(panels), tags=("cycling",))


def _rate_markers(blocks: pl.DataFrame) -> tuple[Marker, ...]:
    """First cycle of each block where all cells change the rate together; none where they do not."""
    starts = [tuple(part.get_column("first_cycle").to_list()) for part in blocks.partition_by("sample")]
    if len(set(starts)) != 1:
        return ()
    first = blocks.filter(pl.col("sample") == blocks.item(0, "sample"))
    return tuple(
        Marker(float(row["first_cycle"]) - 0.5, _rate_text(row))
        for row in first.iter_rows(named=True)
        if row["first_cycle"] is not None
    )


def _rate_text(row: dict[str, object]) -> str:
    rate, current = row["rate"], row["current"]
    if isinstance(rate, float):
        return f"C/{1 / rate:.3g}" if rate < 1 else f"{rate:.3g}C"
    return f"{1e3 * current:.3g} mA" if isinstance(current, float) else ""
