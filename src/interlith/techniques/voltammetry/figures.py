"""Which figures show a voltammogram, and how it changes with cycles and scan rates?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from interlith.model import Band, Figure, Line, Panel, Result

#: Sweeps that are drawn of one specimen at most.
MOST_SWEEPS = 12
#: Specimens beside each other in one figure at most.
MOST_PANELS = 6


def figures(results: Sequence[Result]) -> list[Figure]:
    """Voltammograms, separation of the peaks, log current over log rate, shares; those whose result is missing are left out.

    Parameters
    ----------
    results
        Results of this technique.
    """
    named = {one.name: one for one in results}
    made: list[Figure | None] = []
    if "peaks" in named:
        made += [_voltammograms(named["peaks"]), _separation(named["peaks"])]
    if "b_value" in named:
        made.append(_powers(named["b_value"]))
    if "shares" in named:
        made += [_shares(named["shares"])]
    return [one for one in made if one is not None]


def _voltammograms(peaks: Result) -> Figure | None:
    panels = []
    for (sample,), own in list(peaks.data["curves"].partition_by("sample", as_dict=True, maintain_order=True).items())[
        :MOST_PANELS
    ]:
        unit, scale = _current_unit(own.get_column("current").to_numpy())
        rates = own.select("scan_rate", "part", "cycle").unique(maintain_order=True).rows()
        chosen = _last_of_each(rates)
        lines: list[Line] = []
        for rate, part, cycle in chosen[:MOST_SWEEPS]:
            pair = own.filter((pl.col("part") == part) & (pl.col("cycle") == cycle)).sort("sweep", maintain_order=True)
            lines.append(
                Line(
                    _numbers(pair, "voltage"),
                    scale * _numbers(pair, "current"),
                    label=_rate_text(float(rate)),
                    sample=str(sample),
                )
            )
        rows = peaks.data["peaks"].filter((pl.col("sample") == sample) & ~pl.col("shoulder"))
        for _, part, cycle in chosen[:MOST_SWEEPS]:
            tops = rows.filter((pl.col("part") == part) & (pl.col("cycle") == cycle))
            if tops.height:
                lines.append(
                    Line(_numbers(tops, "potential"), scale * _numbers(tops, "total_current"), style="points", sample=str(sample),
                         observable="peak_potential")
                )  # fmt: skip
        under = own.filter(
            (pl.col("part") == chosen[-1][1]) & (pl.col("cycle") == chosen[-1][2]) & pl.col("baseline").is_not_nan()
        )
        lines += [
            Line(_numbers(sweep, "voltage"), scale * _numbers(sweep, "baseline"), dashed=True, sample=str(sample))
            for sweep in under.partition_by("sweep", maintain_order=True)
        ]
        panels.append(Panel("Voltage / V", f"Current / {unit}", tuple(lines), title=str(sample)))
    if not panels:
        return None
    caption = "Last cycle of each scan rate; points: peaks; dashed: baselines under the peaks of the last curve."
    return Figure(
        "voltammograms", "Voltammograms", caption, tuple(panels), width=1 if len(panels) == 1 else 2, columns=min(len(panels), 2),
        tags=("voltammetry",),
    )  # fmt: skip


def _last_of_each(rates: Sequence[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Last whole cycle of each scan rate, the rates rising;"""
    kept: list[tuple[float, int, int]] = []
    for one in sorted(rates, key=lambda row: row[1:]):
        kept = [other for other in kept if abs(other[0] / one[0] - 1) > 0.02] + [one]
    return sorted(kept)


def _separation(peaks: Result) -> Figure | None:
    """Peak separation over the cycles, or over the scan rates where these change."""
    rows = peaks.table.filter(
        pl.col("quantity").str.contains(r"^peak_\d+_separation$") & pl.col("value").is_not_null()
    )  # fmt: skip
    if rows.height < 2:
        return None
    over_rates = rows.get_column("state_value").max() > 1.5 * rows.get_column("state_value").min()  # type: ignore[operator]
    axis = "state_value" if over_rates else "cycle"
    lines = []
    for (sample, quantity), own in rows.partition_by("sample", "quantity", as_dict=True, maintain_order=True).items():
        if over_rates:
            own = (
                own.sort("cycle")
                .group_by(pl.col("state_value").round_sig_figs(3), maintain_order=True)
                .last()
                .sort("state_value")
            )
        couple = str(quantity).split("_")[1]
        lines.append(
            Line(_numbers(own, axis), 1e3 * _numbers(own, "value"), std=1e3 * _numbers(own, "std"), style="both",
                 label=f"{sample}, couple {couple}", variant=str(own.item(0, "variant")), sample=str(sample), observable=str(quantity))
        )  # fmt: skip
    label = "Scan rate / V s⁻¹" if over_rates else "Cycle"
    panel = Panel(label, "Peak separation / mV", tuple(lines))
    caption = "Bars: one standard uncertainty; a staircase may shift all separations by up to its step."
    return Figure("peak_separation", "Separation of the peaks", caption, (panel,), tags=("voltammetry",))


def _powers(found: Result) -> Figure | None:
    ladders = found.data["ladders"]
    lines = []
    values = {(row["sample"], row["quantity"]): row for row in found.table.iter_rows(named=True)}
    for (sample, name), own in ladders.partition_by("sample", "name", as_dict=True, maintain_order=True).items():
        row = values[sample, f"{name}_b_value"]
        words = f"{sample}, {str(name).replace('_peak_', ' ')}: b = {row['value']:.3f} ± {row['std']:.3f}"
        size = np.log10(1e3 * _numbers(own, "current"))
        lines.append(
            Line(np.log10(_numbers(own, "scan_rate")), size, std=_numbers(own, "relative") / np.log(10.0), label=words, style="both", sample=str(sample),
                 observable=f"{name}_b_value")
        )  # fmt: skip
    if not lines:
        return None
    panel = Panel("log₁₀ (scan rate / V s⁻¹)", "log₁₀ (peak current / mA)", tuple(lines))
    return Figure(
        "b_value",
        "Peak current over scan rate",
        "Last cycle of each rate; b is the slope of this plot.",
        (panel,),
        tags=("voltammetry",),
    )


def _shares(found: Result) -> Figure | None:
    table = found.data["shares"]
    panels = []
    for (sample,), own in list(table.partition_by("sample", as_dict=True, maintain_order=True).items())[
        : MOST_PANELS // 2
    ]:
        unit, scale = _current_unit(own.get_column("current").to_numpy())
        rate = float(own.item(0, "scan_rate"))
        lines, bands = [], []
        for (direction,), part in own.partition_by("direction", as_dict=True, maintain_order=True).items():
            voltage, k1, std = (_numbers(part, name) for name in ("voltage", "k1", "k1_std"))
            first = direction == "anodic"
            lines.append(
                Line(voltage, scale * _numbers(part, "current"), label="measured" if first else "", sample=str(sample))
            )
            lines.append(
                Line(voltage, scale * k1 * rate, label="k₁ v" if first else "", dashed=True, sample=str(sample))
            )
            bands.append(
                Band(
                    voltage,
                    scale * (k1 - std) * rate,
                    scale * (k1 + std) * rate,
                    label="k₁ v, one sigma" if first else "",
                )
            )
        panels.append(
            Panel("Voltage / V", f"Current / {unit}", tuple(lines), tuple(bands), title=f"{sample}, {_rate_text(rate)}")
        )
        rows = found.table.filter(pl.col("sample") == sample)
        shown = []
        for (quantity,), part in rows.partition_by("quantity", as_dict=True, maintain_order=True).items():
            value = _numbers(part, "value")
            shown.append(
                Line(_numbers(part, "state_value"), value, std=_numbers(part, "std"), style="both", label=str(quantity).split("_")[0],
                     sample=str(sample), observable=str(quantity))
            )  # fmt: skip
        panels.append(Panel("Scan rate / V s⁻¹", "Share proportional to the rate / %", tuple(shown), title=str(sample)))
    if not panels:
        return None
    caption = "Left: the part of the current that is proportional to the scan rate, at the fastest one. Right: its share of the charge; bars one standard uncertainty."
    return Figure("shares", "Shares of the current", caption, tuple(panels), width=2, columns=2, tags=("voltammetry",))


def _numbers(frame: pl.DataFrame, column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(frame.get_column(column).to_numpy(), dtype=float)


def _current_unit(current: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[str, float]:
    """Unit in which the largest current has one to three digits before the point."""
    largest = float(np.abs(current).max(initial=0.0))
    for unit, scale in (("A", 1.0), ("mA", 1e3), ("µA", 1e6)):
        if largest * scale >= 1:
            return unit, scale
    return "nA", 1e9


def _rate_text(rate: float) -> str:
    return f"{rate:.3g} V s⁻¹" if rate >= 1 else f"{1e3 * rate:.3g} mV s⁻¹"
