"""How are routes to one quantity drawn: each with its interval, what they say together, and the one that stands apart?"""

from __future__ import annotations

import math

import numpy as np

from interlith.evidence.kernel import quantile
from interlith.evidence.sums.convergence_routes import Read
from interlith.evidence.wording import axis_label, named
from interlith.model import Band, Figure, Line, Marker, Panel
from interlith.numerics.sums.routes import Mean


def convergence_figure(
    read: Read,
    stated: Mean | None,
    wide: Mean | None,
    apart: str | None,
    quantity: str,
    unit: str,
    level: float,
    simulated: bool,
) -> Figure:
    """Forest plot, first route on top."""
    rows = len(read.routes) + len(read.bounds) + len(read.unjudged)
    place, lines, bands, markers = rows, [], [], []
    names: list[tuple[float, str]] = []
    for route in read.routes:
        half = quantile(level, route.degrees)
        ends = (route.value - half * route.lower, route.value + half * route.upper)
        far = route.name == apart
        lines.append(
            _interval(place, ends, route.value, "stands apart" if far else "route", "stands apart" if far else "route")
        )
        names.append((float(place), route.name))
        place -= 1
    span = _span(read, wide, level)
    for bound in read.bounds:
        end = span[0] if bound.upper else span[1]
        lines.append(Line(np.array([end, bound.limit]), np.array([place, place], dtype=float), "bound", dashed=True))
        names.append((float(place), f"{bound.name} ({'below' if bound.upper else 'above'})"))
        place -= 1
    for name, value, _ in read.unjudged:
        at = np.array([span[0] if value is None else value])
        where, unknown = np.array([float(place)]), np.array([math.inf])
        lines.append(Line(at, where, "uncertainty unknown, left out", std=unknown, style="points"))
        names.append((float(place), name))
        place -= 1
    if wide is not None and stated is not None:
        middle = float(wide.value)
        ends = (middle - float(wide.half), middle + float(wide.half))
        edge = np.array([-0.5, rows + 0.7])
        bands.append(
            Band(
                np.array(ends),
                np.full(2, edge[0]),
                np.full(2, edge[1]),
                f"{100 * level:.4g} % interval with room for scatter",
                "together",
            )
        )
        lines.append(_interval(0, ends, middle, "together", "together"))
        markers.append(Marker(middle, ""))
        names.append((0.0, "together"))
    label = axis_label(quantity, unit)
    panel = Panel(
        label, "", tuple(lines), tuple(bands), tuple(markers),
        x_limits=span, y_limits=(-0.5, rows + 0.7), y_names=tuple(names),
    )  # fmt: skip
    return Figure(
        name=f"convergence_{quantity}",
        title=f"Routes to the {named(quantity)}",
        caption=f"Bars are {100 * level:.4g} % intervals of each route; the band is that of all routes together.",
        panels=(panel,),
        width=2,
        simulated=simulated,
        tags=("convergence",),
    )


def _interval(place: float, ends: tuple[float, float], value: float, label: str, variant: str) -> Line:
    return Line(np.array([ends[0], value, ends[1]]), np.full(3, float(place)), label, variant=variant, style="both")


def _span(read: Read, wide: Mean | None, level: float) -> tuple[float, float]:
    ends: list[float] = [value for _, value, _ in read.unjudged if value is not None]
    ends += [bound.limit for bound in read.bounds]
    for route in read.routes:
        half = quantile(level, route.degrees)
        ends += [route.value - half * route.lower, route.value + half * route.upper]
    if wide is not None and len(read.routes) > 2:
        ends += [float(wide.value - wide.half), float(wide.value + wide.half)]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin
