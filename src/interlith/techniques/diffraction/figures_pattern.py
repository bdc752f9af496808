"""How is one pattern shown: observed and calculated, the reflections of each phase, and what is left over?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.model import Figure, Line, Marker, Panel

Array = NDArray[np.float64]

#: Points that are drawn of one pattern at most; beyond, neighbours are averaged.
MOST_POINTS = 6000
#: Reflections of one phase that are marked at most: more are a bar.
MOST_TICKS = 600
#: Places in the palette that the phases take, the first being that of the calculated line.
_COLOURS = (2, 1, 3, 4, 5, 6)
_AXES = {
    "two_theta": "2θ / deg", "scattering_vector": "Scattering vector / Å⁻¹", "time_of_flight": "Time of flight / µs",
    "d_spacing": "Spacing / Å",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """A pattern beside its model.

    Parameters
    ----------
    position
        Two theta (deg) or what `axis` says, ascending, shape (n,).
    observed, std
        Intensities and their standard uncertainties, shape (n,); a nan uncertainty marks a point without weight.
    calculated, background
        Of the model, shape (n,); nan where nothing was calculated.
    reflections
        Phase -> positions of its reflections.
    axis
        ``two_theta``, ``scattering_vector`` or ``time_of_flight``.
    """

    position: Array
    observed: Array
    std: Array
    calculated: Array
    background: Array
    reflections: Mapping[str, Array]
    axis: str = "two_theta"


def pattern_figure(shown: Shown, name: str, title: str, caption: str, *, linear: bool = False) -> Figure:
    """Observed points, calculated line and background by the square root of the intensity; ticks; weighted difference.

    Parameters
    ----------
    shown
        The pattern.
    name, title, caption
        Of the figure; what is drawn is added to the caption.
    linear
        Draw the intensity itself instead of its square root, which hides weak reflections.
    """
    x_label = _AXES.get(shown.axis, shown.axis)
    thin = _thinned(shown)
    lines = (
        Line(thin.position, thin.observed, label="observed", style="points", faint=True),
        Line(thin.position, thin.calculated, label="calculated", colour=2),
        Line(thin.position, thin.background, label="background", dashed=True, colour=3),
    )
    left = np.divide(
        thin.observed - thin.calculated, thin.std, out=np.full(thin.std.size, np.nan), where=thin.std > 0
    )  # fmt: skip
    limits = (float(shown.position[0]), float(shown.position[-1]))
    panels = [Panel(x_label, "Intensity", lines, title="", sqrt_y=not linear, x_limits=limits)]
    heights = [1.0]
    if shown.reflections:
        panels.append(_ticks(shown.reflections, x_label, limits))
        heights.append(0.06 + 0.06 * len(shown.reflections))
    residual = Line(thin.position, left, colour=1)
    panels.append(
        Panel(x_label, "Difference / σ", (residual,), markers=(Marker(0.0, "", "y"),), x_limits=limits)
    )  # fmt: skip
    heights.append(0.36)
    scale = "" if linear else " Heights by the square root of the intensity."
    averaged = thin.position.size < shown.position.size
    merged = f" {shown.position.size} points, averaged to {thin.position.size} for drawing." if averaged else ""
    return Figure(
        name, title, f"{caption}{scale} Difference in standard uncertainties of the points.{merged}", tuple(panels), width=2,
        heights=tuple(heights), shared="x", tags=("diffraction",),
    )  # fmt: skip


def _ticks(reflections: Mapping[str, Array], x_label: str, limits: tuple[float, float]) -> Panel:
    rows = list(reflections.items())[::-1]
    lines = []
    for place, (_, positions) in enumerate(rows):
        inside = positions[(positions >= limits[0]) & (positions <= limits[1])]
        kept = inside[:: max(1, -(-inside.size // MOST_TICKS))] if inside.size else np.array([np.nan])
        lines.append(
            Line(
                kept,
                np.full(kept.size, float(place)),
                style="ticks",
                colour=_COLOURS[(len(rows) - 1 - place) % len(_COLOURS)],
            )
        )
    names = tuple((float(place), phase) for place, (phase, _) in enumerate(rows))
    return Panel(x_label, " ", tuple(lines), y_names=names, y_limits=(-0.6, len(rows) - 0.4), x_limits=limits)


def _thinned(shown: Shown) -> Shown:
    """Neighbouring points averaged, so that no peak is left out and a page stays small."""
    step = -(-shown.position.size // MOST_POINTS)
    if step <= 1:
        return shown
    whole = shown.position.size // step * step
    by_row = (whole // step, step)

    def mean(values: Array) -> Array:
        return np.asarray(values[:whole].reshape(by_row).mean(axis=1))

    spread = np.sqrt((shown.std[:whole].reshape(by_row) ** 2).sum(axis=1)) / step
    return Shown(
        mean(shown.position), mean(shown.observed), spread, mean(shown.calculated), mean(shown.background), shown.reflections,
        shown.axis,
    )  # fmt: skip
