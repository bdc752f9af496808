"""How is a balance drawn: as steps from term to term down to what is left, and along a state axis as a residual with its band?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from interlith.evidence.kernel import quantile
from interlith.evidence.sums.balance_terms import Sum
from interlith.evidence.wording import axis_label, named
from interlith.model import Band, Figure, Line, Marker, Panel

#: Half of the width of a bar, in places.
HALF = 0.28


def balance_figure(
    made: Sequence[Sum],
    level: float,
    quantity: str,
    unit: str,
    against: str | None,
    tolerance: float | None,
    simulated: bool,
) -> Figure:
    """Waterfall at one state; residual against the state where there are several."""
    shown = "" if unit == "1" else f" / {unit}"
    panels = [_waterfall(max(made, key=lambda item: abs(item.residual)), level, shown, against)]
    if len(made) > 1:
        panels.append(_along(made, level, shown, against or "", tolerance))
    axis = "; right: residual along the axis with a band that holds everywhere together" if len(made) > 1 else ""
    return Figure(
        name=f"balance_{quantity}",
        title=axis_label(quantity, "1"),
        caption=(
            "Each bar starts where the one before ended; error bars are intervals of the running sum's new term, the last bar "
            f"is what is left with its interval{axis}."
        ),
        panels=tuple(panels),
        width=2,
        columns=2 if len(panels) > 1 else 1,
        simulated=simulated,
        tags=("balance",),
    )


def _waterfall(item: Sum, level: float, unit: str, against: str | None) -> Panel:
    lines, bands, markers = [], [], []
    names: list[tuple[float, str]] = []
    base = -item.closes_to
    if item.closes_to:
        markers.append(Marker(-item.closes_to, "what it should add up to, with opposite sign", axis="y"))
    for place, term in enumerate(item.terms, start=1):
        top = base + term.value
        bands.append(_bar(place, base, top))
        half = quantile(level, term.degrees) * math.sqrt(sum(size**2 for size in term.sizes.values()))
        lines.append(_error(place, top, top - half, top + half))
        lines.append(Line(np.array([place - HALF, place + 1 + HALF]), np.array([top, top]), dashed=True))
        names.append((float(place), term.name))
        base = top
    last = len(item.terms) + 1
    low, high = item.interval(level)
    bands.append(_bar(last, 0.0, item.residual, "residual"))
    lines.append(_error(last, item.residual, low, high, "residual with its interval" if not item.unknown else "residual, at least this uncertain", "residual"))  # fmt: skip
    markers.append(Marker(0.0, "", axis="y"))
    names.append((float(last), "residual"))
    title = "" if item.state is None else f"{named(against or '')} {item.state:g}"
    return Panel(
        "", f"Running sum{unit}", tuple(lines), tuple(bands), tuple(markers), title, x_limits=(0.35, last + 0.6),
        x_names=tuple(names),
    )  # fmt: skip


def _bar(place: int, start: float, end: float, variant: str = "") -> Band:
    ends = np.array([place - HALF, place + HALF])
    low, high = sorted((start, end))
    return Band(ends, np.full(2, low), np.full(2, high), variant=variant)


def _error(place: int, at: float, low: float, high: float, label: str = "", variant: str = "") -> Line:
    return Line(np.array([place, place, place]), np.array([low, at, high]), label, variant=variant, style="both")


def _along(made: Sequence[Sum], level: float, unit: str, against: str, tolerance: float | None) -> Panel:
    x = np.array([item.state for item in made], dtype=float)
    ends = np.array([item.interval(level) for item in made])
    y = np.array([item.residual for item in made])
    markers = [Marker(0.0, "closed", axis="y")]
    if tolerance is not None:
        markers += [Marker(tolerance, "declared tolerance", axis="y"), Marker(-tolerance, "", axis="y")]
    state = next((o.state.unit for t in made[0].terms for o in t.observables if o.state is not None), "1")
    label = axis_label(against, state)
    band = Band(x, ends[:, 0], ends[:, 1], "band that holds everywhere together", variant="residual")
    return Panel(label, f"Residual{unit}", (Line(x, y, "residual", variant="residual", style="both"),), (band,), tuple(markers))  # fmt: skip
