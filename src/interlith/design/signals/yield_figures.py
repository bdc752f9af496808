"""How do electron yields run with the size of the particles and the escape depth?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from interlith.design.inputs import uncertain
from interlith.design.signals.asking import Asked
from interlith.design.signals.propagating import drawn
from interlith.model import Figure
from interlith.model.figure import Band, Line, Marker, Panel

Array = NDArray[np.float64]

_POINTS, _DRAWS = 40, 200


def figures(asked: Asked, measured: str | float | None) -> tuple[Figure, ...]:
    """Contrast and shares against the size, and against the escape depth."""
    panels = []
    for name, words in ((asked.size_is, asked.size_is.capitalize()), ("escape depth", "Escape depth")):
        panels += [_contrast(asked, name, words, measured), _shares(asked, name, words)]
    caption = (
        f"Electron yield of a dopant in a {asked.shape}, loss by "
        + ("the distance to the nearest surface. " if asked.escape == "nearest" else "the straight way out. ")
        + "Band: 95 % of the draws of the other declared inputs. Dashed: declared value of the axis."
    )
    return (Figure("electron_yield", "Electron yield: surface or bulk", caption, tuple(panels), width=2, columns=2),)


def _axis(asked: Asked, name: str) -> Array:
    centre = asked.inputs[name].value
    return np.geomspace(centre / 8.0, centre * 8.0, _POINTS)


def _values(asked: Asked, name: str) -> dict[str, Array]:
    values = {key: np.full(_POINTS, item.value) for key, item in asked.inputs.items()}
    return values | {name: _axis(asked, name)}


def _contrast(asked: Asked, name: str, words: str, measured: str | float | None) -> Panel:
    axis = _axis(asked, name)
    rest = {key: item[:_DRAWS] for key, item in drawn(asked.inputs).items() if key != name}
    made = np.stack([asked.contrast(rest | {name: np.full(_DRAWS, place)}) for place in axis])
    bands = ()
    if np.ptp(made, axis=1).max() > 0:
        low, high = np.quantile(made, [0.025, 0.975], axis=1)
        bands = (Band(axis, low, high, "95 % of draws"),)  # type: ignore[assignment]
    markers = [Marker(asked.inputs[name].value, "declared"), Marker(1.0, "no contrast", "y")]
    if measured is not None:
        ratio = uncertain(measured, "1", "the measured ratio")
        markers.append(Marker(ratio.value, "measured", "y"))
    line = Line(axis, asked.contrast(_values(asked, name)), "surface over other place")
    return Panel(f"{words} / nm", "Ratio of electron yields", (line,), bands, tuple(markers), log_x=True, log_y=True)


def _shares(asked: Asked, name: str, words: str) -> Panel:
    axis, values = _axis(asked, name), _values(asked, name)
    lines = (
        Line(axis, asked.share(asked.surface, values), "at the surface", variant="surface"),
        Line(axis, asked.share(asked.other, values), asked.other.kind, variant="other"),
    )
    return Panel(
        f"{words} / nm", "Share of electrons that get out", lines, markers=(Marker(asked.inputs[name].value, ""),),
        y_limits=(0.0, 1.05), log_x=True,
    )  # fmt: skip
