"""How is an order drawn: the onsets of each specimen on one axis, and the distance of every pair against zero?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from interlith.evidence.onsets.order_events import Group, chance_words
from interlith.evidence.wording import named
from interlith.model import Figure
from interlith.model.figure import Line, Marker, Panel

if TYPE_CHECKING:
    from interlith.evidence.onsets.order import Pair


def order_figure(
    groups: Sequence[Group],
    pairs: Mapping[str, Sequence[Pair]],
    events: Sequence[str],
    unit: str,
    level: float,
    simulated: bool,
) -> Figure:
    """Two panels a variant or specimen."""
    shown = "" if unit == "1" else f" / {unit}"
    panels: list[Panel] = []
    for group in groups:
        panels += [_onsets(group, events, shown), _distances(group.name, pairs[group.name], shown)]
    caption = (
        f"Left: onsets of each specimen with {100 * level:.4g} % intervals; one that was not found is drawn from the end of its axis on. "
        "Right: distribution of the distance of each pair; what lies right of zero is the probability of the order named."
    )
    return Figure("order_of_onsets", "Order of onsets", caption, tuple(panels), width=2, columns=2, simulated=simulated)


def _onsets(group: Group, events: Sequence[str], shown: str) -> Panel:
    lines = list[Line]()
    for place, event in enumerate(events):
        first = True
        for row, sample in enumerate(group.specimens):
            one = group.events[event].get(sample)
            if one is None:
                continue
            y = row + 1 + 0.5 * (place / max(1, len(events) - 1) - 0.5)
            label = named(event) if first else ""
            if one.value is None:
                if one.state is not None:
                    ends = np.array([one.state.value, one.state.value + 0.06 * (one.state.high - one.state.low)])
                    lines.append(
                        Line(ends, np.full(2, y), f"{label} (none found)" if label else "", event, dashed=True)
                    )
                    first = False
                continue
            low, high = one.interval()
            if math.isfinite(low) and math.isfinite(high):
                lines.append(Line(np.array([low, high]), np.full(2, y), "", event))
            lines.append(Line(np.array([one.value]), np.array([y]), label, event, style="points"))
            first = False
    limits = (0.5, len(group.specimens) + 0.5)
    names = tuple((row + 1.0, sample) for row, sample in enumerate(group.specimens))
    return Panel(f"Onset{shown}", "", tuple(lines), title=group.name, y_limits=limits, y_names=names)


def _distances(name: str, pairs: Sequence[Pair], shown: str) -> Panel:
    lines = list[Line]()
    for number, pair in enumerate(pairs):
        if pair.distance is None:
            continue
        low, high = np.quantile(pair.distance, [0.002, 0.998])
        heights, edges = np.histogram(
            pair.distance, bins=60, range=(low, high) if high > low else (low - 1, low + 1), density=True
        )
        words = f"{named(pair.first)} before {named(pair.second)}: {chance_words(pair.probability)}"
        lines.append(Line(0.5 * (edges[1:] + edges[:-1]), heights, words, f"pair {number + 1}"))
    top = max((float(line.y.max()) for line in lines), default=1.0)
    return Panel(
        f"Second onset minus first{shown}",
        "Probability density",
        tuple(lines),
        markers=(Marker(0.0, ""),),
        title=name,
        y_limits=(0.0, 1.1 * top),
    )
