"""How is an onset drawn: values, fitted pieces and interval, and under them the likelihood ratio with its critical value?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from interlith.evidence.onsets.onset_curve import Analysis
from interlith.evidence.onsets.onset_words import FORM_WORDS, axis_unit
from interlith.evidence.wording import axis_label, named, number
from interlith.model import Figure, Observable
from interlith.model.figure import Array, Band, Line, Marker, Panel
from interlith.numerics.changes.change_forms import BETWEEN_STATES
from interlith.numerics.changes.change_tests import polynomial


def onset_figure(item: Analysis, observables: Sequence[Observable], level: float, simulated: bool) -> Figure:
    """Figure of one curve."""
    curve = item.curve
    x_label = axis_label(curve.axis, curve.axis_unit)
    limits = _limits(curve.x)
    sure = curve.own if np.isfinite(curve.own).all() and (curve.own > 0).any() else None
    kept = item.kept if len(item.kept) else np.ones(len(curve), dtype=np.bool_)
    lines = [
        Line(curve.x[kept], curve.y[kept], curve.name if curve.name != "all" else "measured", curve.variant,
             curve.samples[0] if len(curve.samples) == 1 else "", None if sure is None else sure[kept], "points")
    ]  # fmt: skip
    if not kept.all():
        lines.append(Line(curve.x[~kept], curve.y[~kept], "left out", "", "", None, "points", faint=True))
    bands, markers, panels = list[Band](), list[Marker](), list[Panel]()
    top = _y_limits(curve.y, sure)
    if item.model is not None:
        lines += _pieces(item, limits)
        for one, observable in zip(item.placed, observables, strict=True):
            half = (one.high - one.low) / 2
            label = f"{100 * level:.4g} % interval" if not bands else ""
            ends = np.clip(np.array([one.low, one.high]), *limits)
            bands.append(Band(ends, np.full(2, top[0]), np.full(2, top[1]), label))
            markers.append(
                Marker(float(observable.value or one.value), f"{number(one.value, half)} {axis_unit(curve)}".rstrip())
            )
        panels.append(_ratio(item, x_label, limits, level))
    elif item.values is not None:
        grid = np.array([curve.x[0], curve.x[-1]])
        lines.append(Line(grid, _straight(item, grid), "straight line", curve.variant, dashed=True))
    first = Panel(
        x_label,
        axis_label(curve.quantity, curve.unit),
        tuple(lines),
        tuple(bands),
        tuple(markers),
        x_limits=limits,
        y_limits=top,
    )
    words = f"{FORM_WORDS[item.form]}; points with their standard uncertainty" if item.placed else "No onset is found"
    return Figure(
        f"onset_of_{curve.quantity}_{curve.name}".replace(" ", "_").replace("/", "_"),
        f"Onset of the {named(curve.quantity)}" + ("" if curve.name == "all" else f", {curve.name}"),
        words[0].upper() + words[1:] + ". The set of positions below the critical value is the interval."
        if item.placed
        else words + ".",
        (first, *panels), width=2 if panels else 1, columns=2, simulated=simulated,
    )  # fmt: skip


def _limits(x: Array) -> tuple[float, float]:
    room = 0.05 * float(x[-1] - x[0])
    return float(x[0]) - room, float(x[-1]) + room


def _y_limits(y: Array, std: Array | None) -> tuple[float, float]:
    size = np.zeros_like(y) if std is None else std
    low, high = float((y - size).min()), float((y + size).max())
    room = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + 4.5 * room


def _pieces(item: Analysis, limits: tuple[float, float]) -> list[Line]:
    assert item.model is not None
    curve, lines = item.curve, list[Line]()
    edges = [float(curve.x[0]), *item.model.at.tolist(), float(curve.x[-1])]
    for number_, (start, stop) in enumerate(pairwise(edges)):
        inside = 1e-9 * (edges[-1] - edges[0])
        grid = np.array([start + inside, stop - inside])
        label = "fitted" if number_ == 0 else ""
        lines.append(Line(np.array([start, stop]), item.model.curve(grid), label, curve.variant, dashed=True))
    return lines


def _straight(item: Analysis, grid: Array) -> Array:
    values = item.values
    assert values is not None
    columns = polynomial(values.x, 1) * values.root[:, None]
    shape = np.column_stack([np.ones(2), [-1.0, 1.0]])
    return np.asarray(shape @ (np.linalg.pinv(columns) @ values.weighted), dtype=np.float64)


def _ratio(item: Analysis, x_label: str, limits: tuple[float, float], level: float) -> Panel:
    lines, bands = list[Line](), list[Band]()
    low, high = _zoom(item, limits)
    discrete = item.form in BETWEEN_STATES
    style: Literal["both", "line"] = "both" if discrete else "line"
    heights = [one.position.critical[one.position.probability > 1e-2].max(initial=1.0) for one in item.placed]
    top = 2.5 * float(max(heights))
    if discrete:
        near = [
            one.position.statistic[(one.position.positions > low) & (one.position.positions < high)]
            for one in item.placed
        ]
        top = max(top, *(1.1 * float(each.max(initial=0.0)) for each in near))
    for place, one in enumerate(item.placed):
        found, first = one.position, place == 0
        for heights_, name, variant, dashed in (
            (found.statistic, "likelihood ratio", item.curve.variant, False),
            (found.critical, f"critical at {100 * level:.4g} %", "", True),
        ):
            shown = heights_ <= 2.0 * top
            lines.append(
                Line(
                    found.positions[shown], heights_[shown], name if first else "", variant, style=style, dashed=dashed
                )
            )
        ends = np.array([found.low, found.high])
        bands.append(Band(ends, np.zeros(2), np.full(2, top), "not rejected" if first else ""))
    return Panel(x_label, "Likelihood ratio (F)", tuple(lines), tuple(bands), x_limits=(low, high), y_limits=(0.0, top))


def _zoom(item: Analysis, limits: tuple[float, float]) -> tuple[float, float]:
    low = min(one.position.low for one in item.placed)
    high = max(one.position.high for one in item.placed)
    room = (2.5 if item.form in BETWEEN_STATES else 0.5) * (high - low)
    return max(limits[0], low - room), min(limits[1], high + room)
