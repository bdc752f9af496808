"""How are rival explanations drawn: the outcome against each rival with its fit, and what each is worth?"""

from __future__ import annotations

import numpy as np

from interlith.evidence.causes.attribution_table import Table
from interlith.evidence.causes.attribution_verdict import Asked, Judged
from interlith.evidence.kernel import quantile
from interlith.evidence.wording import axis_label, named
from interlith.model import Band, Figure, Line, Panel
from interlith.numerics.trends.rivals import Array

_DRAWN = 30


def figure_of(table: Table, judged: Judged | None, asked: Asked) -> Figure:
    """One panel a rival, and a last one with the probabilities of all explanations as bars."""
    panels = [_rival(table, judged, asked, number) for number in range(len(asked.rivals))]
    if judged is not None and judged.found is not None:
        panels.append(_bars(judged))
    taken = " less the mean of their variant" if table.within else ""
    what = f"Points: {table.basis}{taken}, with the outcome's own standard uncertainty. "
    fit = (
        f"Lines: slope on the rival alone, its own error corrected, with the {100 * asked.level:.4g} % band of the line. "
        "Bars: probability of each explanation among those named."
        if judged is not None and judged.found is not None
        else f"Not identifiable: {table.blocked or (judged.blocked if judged else '')}."
    )
    return Figure(
        f"attribution_{asked.quantity}",
        f"Rival explanations of the {named(asked.quantity)}",
        f"{what}{fit} Association, not cause.{' The data are simulated.' if asked.simulated else ''}",
        tuple(panels),
        width=2,
        columns=min(3, len(panels)),
        simulated=asked.simulated,
        tags=("attribution",),
    )


def _label(name: str, unit: str, table: Table) -> str:
    words = f"change of {named(name)}" if "changes" in table.basis else named(name)
    words += " less variant mean" if table.within else ""
    return axis_label(words, unit)


def _shown(table: Table, column: int) -> Array:
    """Values as they are compared: within variants, less the mean of the variant."""
    values = table.values[:, column]
    if not table.within:
        return values
    basis, _ = np.linalg.qr(table.nuisance)
    return np.asarray(values - basis @ (basis.T @ values))


def _rival(table: Table, judged: Judged | None, asked: Asked, number: int) -> Panel:
    x, y = _shown(table, 1 + number), _shown(table, 0)
    own = table.own[:, 0] if np.isfinite(table.own[:, 0]).all() and (table.own[:, 0] > 0).any() else None
    names = list(dict.fromkeys(table.variants))
    lines = []
    for name in names if len(names) < 8 else [""]:
        rows = np.array([len(names) >= 8 or variant == name for variant in table.variants], dtype=bool)
        label = name if 1 < len(names) < 8 and number == 0 else ""
        lines.append(Line(x[rows], y[rows], label, name, std=None if own is None else own[rows], style="points"))
    bands: tuple[Band, ...] = ()
    place = None if judged is None or judged.found is None else judged.place(number)
    if judged is not None and place is not None:
        line, bands = _fitted(x, y, judged, asked, place)
        lines.append(line)
    return Panel(
        _label(asked.rivals[number], table.units[1 + number], table),
        _label(asked.quantity, table.units[0], table),
        tuple(lines),
        bands,
    )


def _fitted(x: Array, y: Array, judged: Judged, asked: Asked, place: int) -> tuple[Line, tuple[Band, ...]]:
    found = judged.known
    slope, size = float(found.slope[place]), float(found.slope_std[place])
    grid = np.linspace(x.min(), x.max(), _DRAWN)
    middle = y.mean() + slope * (grid - x.mean())
    left = y - y.mean() - slope * (x - x.mean())
    level = np.sqrt(float(left @ left) / max(found.dof - 1, 1) / x.size)
    half = quantile(asked.level, max(found.dof - 1, 1)) * np.hypot(level, size * (grid - x.mean()))
    return Line(grid, middle, "", "fit", dashed=True), (Band(grid, middle - half, middle + half, "", "fit"),)


def _bars(judged: Judged) -> Panel:
    """Bars as bands, which a figure has; named below by number, and in the legend by name."""
    found = judged.known
    order = np.argsort(found.probability)[::-1][:6]
    bands = []
    for place, model in enumerate(order):
        subset = found.subsets[int(model)]
        name = " + ".join(named(judged.names[rival]) for rival in subset) or "none of them"
        chance = float(found.probability[int(model)])
        edges = np.array([place + 0.65, place + 1.35])
        bands.append(Band(edges, np.zeros(2), np.full(2, chance), f"{place + 1} {name}: {chance:.2f}", name))
    outline = Line(np.arange(1.0, len(order) + 1), found.probability[order], "", "probability", style="points")
    return Panel(
        "Explanation", "Probability", (outline,), tuple(bands), y_limits=(0.0, 1.08), x_limits=(0.4, len(order) + 0.6)
    )
