"""How does the ratio of two lines run with thickness, and which thickness and coverage go together?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from interlith.design.signals.estimating import solved
from interlith.design.signals.line_ratios import Sample
from interlith.model import Figure
from interlith.model.figure import Band, Line, Marker, Panel

if TYPE_CHECKING:
    from interlith.design.signals.overlayer_answers import Told

Array = NDArray[np.float64]

_POINTS = 80
_COVERAGES = (0.25, 0.5, 0.75, 1.0)


def figures(sample: Sample, told: Told) -> tuple[Figure, ...]:
    """Ratio against thickness for some coverages with the measured band; with two unknowns also the pairs that agree."""
    panels = [_ratios(sample, told)]
    if len(sample.free) == 2:
        panels.append(_agreeing(sample, told))
    words = "Band: measured ratio, two standard uncertainties either way. " if sample.ratios else ""
    caption = f"{sample.layer.name} on {sample.substrate.name}, attenuation lengths by {sample.formula}. {words}" + (
        "Right: coverage that gives each measured ratio at each thickness." if len(panels) == 2 else ""
    )
    return (
        Figure(
            "overlayer",
            "Overlayer by two photoelectron lines",
            caption,
            tuple(panels),
            width=2 if len(panels) > 1 else 1,
            columns=len(panels),
        ),
    )


def _values(sample: Sample, thickness: Array, coverage: float | Array) -> dict[str, Array]:
    rest = {name: np.full(thickness.shape, item.value) for name, item in sample.declared.items()}
    return rest | {
        "thickness": thickness,
        "coverage": np.broadcast_to(np.asarray(coverage, dtype=float), thickness.shape),
    }


def _axis(sample: Sample) -> Array:
    return np.linspace(0.01, 0.5, _POINTS) * sample.deepest


def _at(sample: Sample, place: int, axis: Array, cover: Array) -> Array:
    return sample.ratio(place, _values(sample, axis, cover))


def _ratios(sample: Sample, told: Told) -> Panel:
    axis, one = _axis(sample), sample.pairs[0]
    given = sample.declared.get("coverage")
    covers = _COVERAGES if given is None else (given.value,)
    lines = tuple(
        Line(axis, sample.ratio(0, _values(sample, axis, cover)), f"coverage {cover:g}", variant=f"coverage {cover:g}")
        for cover in covers
    )
    bands = tuple(
        Band(
            axis[[0, -1]], np.full(2, max(item.value - 2 * item.std, 1e-6)), np.full(2, item.value + 2 * item.std),
            f"measured, {sample.pairs[place].angle:g} deg" if len(sample.ratios) > 1 else "measured",
            variant=f"measured {place}",
        )
        for place, item in enumerate(sample.ratios[:1])
    )  # fmt: skip
    markers = []
    if told.fit is not None and "thickness" in sample.free:
        markers.append(Marker(told.fit["thickness"].value, "found"))
    elif "thickness" in sample.declared:
        markers.append(Marker(sample.declared["thickness"].value, "declared"))
    return Panel(
        "Thickness / nm", f"{one.line.name} over {one.substrate_line.name}", lines, bands, tuple(markers), log_y=True
    )


def _agreeing(sample: Sample, told: Told) -> Panel:
    axis = _axis(sample)
    lines = []
    for place, item in enumerate(sample.ratios):
        target = np.full(axis.shape, item.value)
        cover = solved(partial(_at, sample, place, axis), target, 0.0, 1.0)
        cover = np.where(cover > 1 - 1e-9, np.nan, cover)
        one = sample.pairs[place]
        lines.append(
            Line(axis, cover, f"{one.line.name}, {one.angle:g}°, {one.line.kinetic:.0f} eV", variant=f"pair {place}")
        )
    if told.fit is not None:
        found = [np.array([told.fit[name].value]) for name in ("thickness", "coverage")]
        lines.append(Line(found[0], found[1], "found", variant="found", style="points"))
    return Panel("Thickness / nm", "Coverage", tuple(lines), y_limits=(0.0, 1.05))
