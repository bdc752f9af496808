"""How are all patterns of a series shown at once, beside the voltage or temperature that the specimen had?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.model import Band, Figure, Line, Mesh, Panel

Array = NDArray[np.float64]

#: Cells of a map at most, along the pattern and along the series: more than the dots of a page.
MOST_COLUMNS, MOST_ROWS = 900, 400
#: Windows beside each other at most.
MOST_WINDOWS = 6
#: Shares of the cells at the ends of the colours: a strong reflection of a collector would leave all else dark.
_BEYOND = (0.01, 0.97)


@dataclass(frozen=True, slots=True)
class Course:
    """A state along the series: value and bounds, shape (m,), nan where unknown; `label` with its unit."""

    label: str
    value: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class Track:
    """A peak along the series: its position in each member, shape (m,), nan where it is not there."""

    name: str
    position: Array


@dataclass(frozen=True, slots=True)
class Map:
    """All patterns of a series on one grid.

    Parameters
    ----------
    position
        Common grid (deg or other), ascending, shape (n,).
    intensity
        Shape (m, n), nan where a member has no point.
    along
        Place of each member, such as its time, shape (m,).
    position_label, along_label
        Of the axes, with units.
    """

    position: Array
    intensity: Array
    along: Array
    along_label: str
    position_label: str = "2θ / deg"


def contour_figure(
    shown: Map, name: str, title: str, caption: str, *, course: Course | None = None, tracks: Sequence[Track] = (),
) -> Figure:  # fmt: skip
    """A map of the square root of the intensity, tracks of peaks upon it, and the state beside it on one axis.

    Parameters
    ----------
    shown
        The patterns.
    name, title, caption
        Of the figure.
    course
        The state beside the map.
    tracks
        Peaks to be drawn upon it.
    """
    known = _in_order(shown.along)
    limits = (float(shown.position[0]), float(shown.position[-1]))
    picture = _picture(shown, known, limits, tracks, quantiles=_BEYOND, bar=True)
    least, most = (100 * (1 - _BEYOND[1]), 100 * _BEYOND[0])
    said = f"{caption} Colours by the square root of the intensity; the strongest {least:.0f} % and the weakest {most:.0f} % are one colour."
    if course is None or not np.isfinite(course.value[known]).any():
        return Figure(name, title, said, (picture,), width=2, heights=(1.2,), tags=("diffraction",))
    return Figure(
        name, title, said, (_beside(course, shown, known), picture), width=2, columns=2, heights=(1.2,), widths=(0.34, 1.0),
        shared="y", tags=("diffraction",),
    )  # fmt: skip


def windows_figure(
    shown: Map, name: str, title: str, caption: str, *, course: Course | None, tracks: Sequence[Track], margin: float
) -> Figure | None:
    """The map around each track, the tracks upon it, beside the state; `None` where no track is known.

    Parameters
    ----------
    shown, name, title, caption, course, tracks
        As for `contour_figure`; of more tracks than fit, the first are drawn.
    margin
        How far each window reaches beyond its track (in the unit of the positions).
    """
    known = _in_order(shown.along)
    panels = [] if course is None else [_beside(course, shown, known)]
    for track in [one for one in tracks if np.isfinite(one.position[known]).any()][:MOST_WINDOWS]:
        inside = track.position[known]
        limits = (float(np.nanmin(inside) - margin), float(np.nanmax(inside) + margin))
        panel = _picture(shown, known, limits, (track,), quantiles=(0.02, 0.995), bar=False)
        panels.append(replace(panel, title=track.name))
    if len(panels) == (course is not None):
        return None
    widths = tuple([0.8] * (course is not None) + [1.0] * (len(panels) - (course is not None)))
    return Figure(
        name, title, f"{caption} Each window has colours of its own.", tuple(panels), width=2, columns=len(panels), heights=(1.9,),
        widths=widths, shared="y", tags=("diffraction",),
    )  # fmt: skip


def _in_order(along: Array) -> NDArray[np.intp]:
    order = np.argsort(along, kind="stable")
    return np.asarray(order[np.isfinite(along[order])])


def _picture(
    shown: Map, known: NDArray[np.intp], limits: tuple[float, float], tracks: Sequence[Track], *,
    quantiles: tuple[float, float], bar: bool,
) -> Panel:  # fmt: skip
    inside = (shown.position >= limits[0]) & (shown.position <= limits[1])
    x, y, values = _binned(shown.position[inside], shown.along[known], shown.intensity[np.ix_(known, inside)])
    root = np.sqrt(np.maximum(values, 0.0))
    finite = root[np.isfinite(root)]
    if finite.size:
        root = np.clip(root, *np.quantile(finite, quantiles))
    meshes = (Mesh(x, y, root, "√ intensity", bar=bar),) if x.size and y.size else ()
    lines = tuple(
        Line(track.position[known], shown.along[known], sample=track.name, colour=2)
        for track in tracks
        if np.isfinite(track.position[known]).any()
    )
    return Panel(
        shown.position_label,
        shown.along_label,
        lines,
        meshes=meshes,
        x_limits=limits,
        y_limits=_span(shown.along[known]),
    )


def _span(along: Array) -> tuple[float, float]:
    if along.size == 0:
        return 0.0, 1.0
    if along.size == 1:
        return float(along[0]) - 0.5, float(along[0]) + 0.5
    # As the cells of a map reach: half way to the neighbour.
    return float(1.5 * along[0] - 0.5 * along[1]), float(1.5 * along[-1] - 0.5 * along[-2])


def _beside(course: Course, shown: Map, known: NDArray[np.intp]) -> Panel:
    along = shown.along
    lines = [Line(course.value[known], along[known], colour=0)]
    # What the state was meanwhile, as a line from the least to the most: a band would run along the wrong axis.
    for member in known:
        ends = np.array([course.low[member], course.high[member]])
        if np.isfinite(ends).all() and ends[1] > ends[0]:
            lines.append(Line(ends, np.full(2, along[member]), faint=True))
    return Panel(course.label, shown.along_label, tuple(lines), y_limits=_span(along[known]))


def _binned(position: Array, along: Array, intensity: Array) -> tuple[Array, Array, Array]:
    """Means over neighbouring points and members where there are more than can be seen."""
    for axis, most in ((1, MOST_COLUMNS), (0, MOST_ROWS)):
        size = intensity.shape[axis]
        step = -(-size // most)
        if step <= 1:
            continue
        starts = np.arange(0, size, step)
        known = np.isfinite(intensity)
        total = np.add.reduceat(np.where(known, intensity, 0.0), starts, axis=axis)
        count = np.add.reduceat(known.astype(float), starts, axis=axis)
        intensity = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
        counts = np.diff(np.append(starts, size))
        if axis == 1:
            position = np.add.reduceat(position, starts) / counts
        else:
            along = np.add.reduceat(along, starts) / counts
    return position, along, intensity


def tracks_figure(
    along: Array, tracks: Sequence[tuple[str, Array, Array]], name: str, title: str, caption: str, *, along_label: str,
    value_label: str, columns: int = 2,
) -> Figure:  # fmt: skip
    """One panel a peak: position (or another of its numbers) with its standard uncertainty along the series.

    Parameters
    ----------
    along
        Place of each member, shape (m,).
    tracks
        Name, value and standard uncertainty of each, shape (m,).
    name, title, caption, along_label, value_label
        Words.
    columns
        Panels beside each other.
    """
    panels = []
    for peak, value, std in tracks:
        known = np.isfinite(value) & np.isfinite(along)
        order = np.flatnonzero(known)[np.argsort(along[known], kind="stable")]
        width = 1.96 * np.where(np.isfinite(std[order]), std[order], np.nan)
        band = Band(along[order], value[order] - width, value[order] + width, label="95 % of the fit")
        bands = (band,) if np.isfinite(width).any() else ()
        panels.append(
            Panel(
                along_label,
                value_label,
                (Line(along[order], value[order], style="both", sample=peak),),
                bands,
                title=peak,
            )
        )
    return Figure(
        name, title, caption, tuple(panels), width=1 if len(panels) == 1 else 2, columns=min(columns, max(1, len(panels))),
        tags=("diffraction",),
    )  # fmt: skip
