"""Which curves stand for a variant, and how are voltage profiles and dQ/dV drawn?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from interlith.model import Figure, Line, Panel, Result
from interlith.techniques.cycling.over_cycles import cells, scale_of, split_by_sample

#: Cycles drawn per variant, and variants that still fit on a sheet.
SHOWN_CYCLES = 3
MOST_VARIANTS = 6

_AXIS = {
    "mAh/g": "mAh g⁻¹",
    "mAh/cm^2": "mAh cm⁻²",
    "mAh/g/V": "mAh g⁻¹ V⁻¹",
    "mAh/V": "mAh V⁻¹",
    "mAh/cm^2/V": "mAh cm⁻² V⁻¹",
}


def profile_figure(summary: Result) -> Figure | None:
    """Voltage over charge of the first, a middle and the last complete cycle of one cell a variant."""
    halves, curves = summary.data.get("half_cycles"), summary.data.get("curves")
    if halves is None or curves is None or halves.is_empty() or curves.is_empty():
        return None
    scales, by_sample = scale_of(summary), split_by_sample(halves)
    chosen = _typical(summary)
    panels = []
    for variant, sample in chosen.items():
        cycles = _spread(_whole_cycles(by_sample[sample]))
        lines = []
        for row in by_sample[sample].filter(pl.col("cycle").is_in(cycles)).sort("half_cycle").iter_rows(named=True):
            curve = curves.filter((pl.col("sample") == sample) & (pl.col("half_cycle") == row["half_cycle"]))
            curve = curve.filter(pl.col("current") != 0)
            lines.append(
                Line(curve.get_column("charge").to_numpy() * scales[sample].factor, curve.get_column("voltage").to_numpy(),
                     label=f"cycle {row['cycle']}", variant=variant, sample=sample)
            )  # fmt: skip
        if lines:
            unit = scales[sample].unit
            panels.append(
                Panel(f"Capacity / {_AXIS.get(unit, unit)}", "Voltage / V", tuple(lines), title=_title(variant, sample))
            )
    return _sheet(
        "voltage_profiles", "Voltage profiles", panels, summary, chosen, "Charge and discharge each start at zero."
    )


def differential_figure(result: Result) -> Figure | None:
    """dQ/dV of the first, a middle and the last analysed cycle of one cell a variant; discharge is drawn downwards."""
    table = result.data.get("dqdv")
    if table is None or table.is_empty():
        return None
    chosen: dict[str, str] = {}
    for variant, part in table.partition_by("variant", as_dict=True, maintain_order=True).items():
        counts = (
            part.select("sample", "cycle")
            .unique()
            .group_by("sample")
            .len()
            .sort("len", "sample", descending=[True, False])
        )
        if len(chosen) < MOST_VARIANTS:
            chosen[str(variant[0] or "")] = counts.item(0, "sample")
    panels = []
    for variant, sample in chosen.items():
        own = table.filter(pl.col("sample") == sample)
        cycles = _spread(own.get_column("cycle").unique().to_list())
        lines = []
        for key, part in (
            own.filter(pl.col("cycle").is_in(cycles))
            .partition_by("cycle", "direction", as_dict=True, maintain_order=True)
            .items()
        ):
            sign = 1.0 if key[1] == "charge" else -1.0
            voltage, value = part.get_column("voltage").to_numpy(), sign * part.get_column("dqdv").to_numpy()
            lines.append(Line(voltage, value, label=f"cycle {key[0]}", variant=variant, sample=sample))
        unit = own.item(0, "unit")
        panels.append(
            Panel("Voltage / V", f"dQ/dV / {_AXIS.get(unit, unit)}", tuple(lines), title=_title(variant, sample))
        )
    peaks = sorted({round(1e3 * value, 3) for value in result.data["areas"].get_column("resolution").to_list()})
    text = f"Constant-current branch, resolution {' and '.join(f'{value:g} mV' for value in peaks)} (standard deviation of the kernel); discharge downwards."
    return _sheet("dqdv", "dQ/dV", panels, result, chosen, text)


def _sheet(
    name: str, title: str, panels: list[Panel], result: Result, chosen: Mapping[str, str], words: str
) -> Figure | None:
    if not panels:
        return None
    known = result.data.get("dqdv", result.table)
    counts = known.select("variant", "sample").unique().group_by("variant").len().rows()
    cells_of = {str(variant or ""): count for variant, count in counts}
    shown = ", ".join(f"{sample} (one of n = {cells_of.get(variant, 1)})" for variant, sample in chosen.items())
    caption = (
        f"{words} Shown: {shown}; the cell nearest to the median capacity of its variant."
        if name == "voltage_profiles"
        else f"{words} Shown: {shown}."
    )
    return Figure(
        name,
        title,
        caption,
        tuple(panels),
        width=1 if len(panels) == 1 else 2,
        columns=min(len(panels), 2),
        tags=("cycling",),
    )


def _title(variant: str, sample: str) -> str:
    return f"{variant}: {sample}" if variant and variant != sample else sample


def _typical(summary: Result) -> dict[str, str]:
    """The cell nearest to the median capacity of its variant, variants in order of appearance."""
    values = summary.table.filter((pl.col("quantity") == "discharge_capacity") & pl.col("value").is_not_null())
    means = dict(values.group_by("sample").agg(pl.col("value").median()).rows())
    by_variant: dict[str, list[str]] = {}
    curved = set(summary.data["curves"].get_column("sample").unique().to_list())
    for cell in cells(summary):
        if cell.sample in curved:
            by_variant.setdefault(cell.variant, []).append(cell.sample)
    chosen = {}
    for variant, names in list(by_variant.items())[:MOST_VARIANTS]:
        known = [name for name in names if name in means]
        middle = float(np.median([means[name] for name in known])) if known else 0.0
        chosen[variant] = min(known, key=lambda name: abs(means[name] - middle)) if known else names[0]
    return chosen


def _whole_cycles(halves: pl.DataFrame) -> list[int]:
    whole = (
        halves.group_by("cycle")
        .agg(pl.col("complete").all(), pl.len())
        .filter(pl.col("complete") & (pl.col("len") >= 2))
    )
    found = sorted(whole.get_column("cycle").to_list())
    return found or sorted(halves.get_column("cycle").unique().to_list())


def _spread(cycles: list[int]) -> list[int]:
    """First, middle and last."""
    ordered = sorted(cycles)
    if len(ordered) <= SHOWN_CYCLES:
        return ordered
    take = np.unique(np.linspace(0, len(ordered) - 1, SHOWN_CYCLES).round().astype(int))
    return [ordered[index] for index in take]
