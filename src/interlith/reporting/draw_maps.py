"""How are a map in colours and the words beside a point drawn?"""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.text import Annotation
from numpy.typing import NDArray

from interlith.model import Mesh, Note
from interlith.reporting.legend import plain
from interlith.reporting.style import NEUTRAL

Array = NDArray[np.float64]

#: Even in print in grey and for every kind of colour vision: brightness alone tells the order.
COLOURS = "viridis"
#: On a logarithmic scale, what lies more than this below the highest value is drawn as the lowest.
DECADES = 4.0


def add_mesh(axes: Axes, mesh: Mesh) -> None:
    """A map with its colour bar beside the axes; every value fills the cell around its centre."""
    values = np.ma.masked_invalid(mesh.values)
    scale: Normalize
    if mesh.log:
        values = np.ma.masked_less_equal(values, 0.0)
        top = float(values.max()) if values.count() else 1.0
        scale = LogNorm(top * 10.0**-DECADES, top, clip=True)
    else:
        scale = Normalize(float(values.min()), float(values.max())) if values.count() else Normalize(0.0, 1.0)
    logs = [which == "log" for which in (axes.get_xscale(), axes.get_yscale())]
    borders = [edges(places, log=log) for places, log in zip((mesh.x, mesh.y), logs, strict=True)]
    if any(logs) or min(values.shape) < 2:
        drawn: Any = axes.pcolormesh(*borders, values, cmap=COLOURS, norm=scale, rasterized=True, zorder=0.5)
    else:
        # An image: a map of hundreds of patterns takes seconds cell by cell.
        drawn = axes.pcolorfast(*borders, values, cmap=COLOURS, norm=scale, zorder=0.5)
    if not mesh.bar:
        return
    # Inside the axes of the panel: the list of panels stays what it is.
    place = axes.inset_axes((1.02, 0.0, 0.035, 1.0))
    bar = axes.figure.colorbar(drawn, cax=place)
    bar.set_label(plain(mesh.label), labelpad=2.0)
    bar.outline.set_linewidth(0.4)
    place.tick_params(width=0.5, length=2.0)


def edges(centres: Array, *, log: bool) -> Array:
    """Borders (n + 1,) of the cells around some centres (n,): half way, on the logarithm where the axis is one."""
    places = np.log(centres) if log else np.asarray(centres, dtype=np.float64)
    if places.size == 1:
        ends: Array = places[0] + np.array([-0.5, 0.5])
        return np.asarray(np.exp(ends)) if log else ends
    middle = (places[1:] + places[:-1]) / 2
    found: Array = np.concatenate([[2 * places[0] - middle[0]], middle, [2 * places[-1] - middle[-1]]])
    return np.asarray(np.exp(found)) if log else found


def add_note(axes: Axes, note: Note) -> Annotation:
    """Words beside a point, above and to the right of it."""
    return axes.annotate(
        plain(note.text), (note.x, note.y), xytext=(2.5, 2.5), textcoords="offset points", color=NEUTRAL,
        fontsize=mpl.rcParams["font.size"] - 1.5, ha="left", va="bottom", zorder=4.0,
    )  # fmt: skip
