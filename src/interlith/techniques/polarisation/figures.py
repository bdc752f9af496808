"""Which figures show how a held cell relaxes, and whether it is ohmic?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Figure, Line, Panel, Result

Array = NDArray[np.float64]

MOST_HOLDS = 8


def figures(results: Sequence[Result]) -> list[Figure]:
    """Records with their laws, and steady current over voltage; those whose result is missing are left out.

    Parameters
    ----------
    results
        Results of this technique.
    """
    named = {one.name: one for one in results}
    made: list[Figure | None] = []
    if "holds" in named:
        made += [_records(named["holds"]), _ohmic(named["holds"])]
    return [one for one in made if one is not None]


def _records(found: Result) -> Figure | None:
    traces, holds = found.data["traces"], found.data["holds"]
    panels = []
    for (sample,), own in traces.partition_by("sample", as_dict=True, maintain_order=True).items():
        held = own.item(0, "control") == "voltage"
        unit, scale = _unit(own.get_column("value").to_numpy(), "A" if held else "V")
        lines: list[Line] = []
        rows = holds.filter(pl.col("sample") == sample)
        for row in list(rows.iter_rows(named=True))[:MOST_HOLDS]:
            part = own.filter((pl.col("part") == row["part"]) & (pl.col("hold") == row["hold"]))
            label = f"{1e3 * row['voltage']:.3g} mV" if held else f"hold {row['hold']}: {1e6 * row['current']:.3g} µA"
            time = _numbers(part, "time")
            lines.append(
                Line(
                    time,
                    scale * _numbers(part, "value"),
                    std=scale * _numbers(part, "std"),
                    style="points",
                    label=label,
                    sample=str(sample),
                )
            )
            lines.append(Line(time, scale * _numbers(part, "law"), dashed=True, sample=str(sample)))
        panels.append(
            Panel(
                "Time after the step / s",
                f"{'Current' if held else 'Voltage'} / {unit}",
                tuple(lines),
                title=str(sample),
                log_x=True,
            )
        )
    if not panels:
        return None
    caption = "Points: means over stretches that grow with time; dashed: the law that describes each record best."
    return Figure(
        "polarisation", "Relaxation at a held voltage or current", caption, tuple(panels), width=1 if len(panels) == 1 else 2,
        columns=min(len(panels), 2), tags=("polarisation",),
    )  # fmt: skip


def _ohmic(found: Result) -> Figure | None:
    holds = found.data["holds"].filter(pl.col("told"))
    panels = []
    for (sample,), own in holds.partition_by("sample", as_dict=True, maintain_order=True).items():
        if own.height < 2:
            continue
        unit, scale = _unit(own.get_column("current").to_numpy(), "A")
        u, i = _numbers(own, "voltage"), scale * _numbers(own, "current")
        slope = float(u @ i) / float(u @ u)
        span = np.array([min(0.0, float(u.min())), max(0.0, float(u.max()))])
        lines = (
            Line(
                u,
                i,
                std=scale * _numbers(own, "current_std"),
                style="points",
                label="steady current",
                sample=str(sample),
                observable="steady_current",
            ),
            Line(span, slope * span, dashed=True, label="proportional", sample=str(sample)),
        )
        panels.append(Panel("Voltage / V", f"Steady current / {unit}", lines, title=str(sample)))
    if not panels:
        return None
    caption = (
        "Bars: one standard uncertainty. A point off the dashed line through zero is an offset or no ohmic conduction."
    )
    return Figure(
        "ohmic", "Steady current over voltage", caption, tuple(panels), width=1, columns=1, tags=("polarisation",)
    )


def _numbers(frame: pl.DataFrame, column: str) -> Array:
    return np.asarray(frame.get_column(column).to_numpy(), dtype=float)


def _unit(values: Array, base: str) -> tuple[str, float]:
    largest = float(np.abs(values).max(initial=0.0))
    for prefix, scale in (("", 1.0), ("m", 1e3), ("µ", 1e6)):
        if largest * scale >= 1:
            return prefix + base, scale
    return "n" + base, 1e9
