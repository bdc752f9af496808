"""Which figures show a series of patterns: all at once beside the state, and the peaks tracked through them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Figure, Line, Panel, Result
from interlith.techniques.diffraction.figures_contour import (
    Course,
    Map,
    Track,
    contour_figure,
    tracks_figure,
    windows_figure,
)
from interlith.techniques.diffraction.figures_words import first_known, numbered, state_label

Array = NDArray[np.float64]

#: What a map runs along, the likeliest first; what is drawn beside it; what tracks are drawn against.
ALONG = ("test_time", "time", "temperature", "dose", "cycle", "depth", "voltage")
BESIDE = ("voltage", "temperature", "specific_charge", "charge")
AGAINST = ("specific_charge", "charge", "voltage", "temperature", "dose")
#: Specimens whose patterns are drawn; tracks beside each other.
MOST_SPECIMENS, MOST_TRACKS = 6, 6
_POSITIONS = {
    "two_theta": "2θ / deg",
    "scattering_vector": "Scattering vector / Å⁻¹",
    "time_of_flight": "Time of flight / µs",
}
#: Windows reach this far beyond a track (deg).
_MARGIN = 0.5


@dataclass(frozen=True, slots=True)
class Specimen:
    """What is drawn of one specimen: its patterns (one row each), the map, and tracks on the same patterns."""

    name: str
    patterns: pl.DataFrame
    shown: Map
    tracks: tuple[tuple[str, pl.DataFrame], ...]

    @property
    def along(self) -> str:
        """The state that the map runs along; ``pattern`` where every pattern lacks one."""
        return along_of(self.patterns)


def series_figures(surveyed: Result, tracked: Result | None) -> list[Figure]:
    """Maps, windows around tracks, tracks along the series and against charge or voltage.

    Parameters
    ----------
    surveyed
        Of the step ``patterns``.
    tracked
        Of the step ``tracks``, `None` where there are none.
    """
    names = surveyed.data["patterns"].get_column("sample").unique(maintain_order=True).to_list()
    specimens = [_specimen(str(name), surveyed, tracked) for name in names]
    several = [one for one in specimens if one.patterns.height > 1][:MOST_SPECIMENS]
    made: list[Figure | None] = []
    for place, one in enumerate(several):
        own = f" of {one.name}" if len(several) > 1 else ""
        course = _course(one)
        drawn = [Track(_named(name), _at(one, frame, "position")) for name, frame in one.tracks]
        counted = f"{one.patterns.height} patterns" + (f" of {one.name}" if len(several) == 1 else "")
        made.append(
            contour_figure(
                one.shown, numbered("patterns", place, len(several)), f"All patterns{own}", f"{counted}.", course=course
            )
        )
        if drawn and one.shown.position_label == _POSITIONS["two_theta"]:
            made.append(
                windows_figure(
                    one.shown, numbered("windows", place, len(several)), f"Tracked peaks in the patterns{own}",
                    "Lines: fitted positions.", course=course, tracks=drawn, margin=_MARGIN,
                )
            )  # fmt: skip
        if drawn:
            made += _tracks(one, place, len(several), own)
    return [one for one in made if one is not None]


def along_of(patterns: pl.DataFrame) -> str:
    """The state that all patterns know, the likeliest first."""
    known = [name for name in ALONG if name in patterns.columns and patterns.get_column(name).null_count() == 0]
    changing = [name for name in known if patterns.get_column(name).n_unique() > 1]
    return changing[0] if changing else "pattern"


def _specimen(name: str, surveyed: Result, tracked: Result | None) -> Specimen:
    mine = pl.col("sample") == name
    patterns = surveyed.data["patterns"].filter(mine)
    grid = surveyed.data["grid"].filter(mine)
    rows = surveyed.data["map"].filter(mine)
    along = along_of(patterns)
    values = patterns.get_column(along).cast(pl.Float64).to_numpy()
    middle = np.array(
        [float(np.mean(values[first : last + 1])) for first, last in rows.select("first", "last").iter_rows()]
    )
    heights = np.array(rows.get_column("intensity").to_list(), dtype=np.float64).reshape(rows.height, -1)
    axis = str(grid.item(0, "axis")) if grid.height else "two_theta"
    shown = Map(grid.get_column("position").to_numpy(), heights, middle, _label(patterns, along), _POSITIONS[axis])
    return Specimen(name, patterns, shown, _tracks_of(name, patterns, tracked))


def _tracks_of(name: str, patterns: pl.DataFrame, tracked: Result | None) -> tuple[tuple[str, pl.DataFrame], ...]:
    """Named tracks of a specimen, each row with the number of its pattern in the survey."""
    if tracked is None:
        return ()
    tables = [tracked.data["tracks"], tracked.data["patterns"]]
    table, files = (one.filter(pl.col("sample") == name) if "sample" in one.columns else one for one in tables)
    whole = patterns.select("file", "frame", pl.col("pattern").alias("place"))
    placed = files.select("pattern", "file", pl.col("frame").cast(pl.Int64)).join(
        whole.with_columns(pl.col("frame").cast(pl.Int64)), on=["file", "frame"], how="inner"
    )
    known = table.filter((pl.col("name") != "") & pl.col("seen")).join(placed, on="pattern", how="inner")
    parts = known.partition_by("name", as_dict=True, maintain_order=True)
    return tuple((str(key[0]), part) for key, part in parts.items())[:MOST_TRACKS]


def _at(one: Specimen, track: pl.DataFrame, column: str) -> Array:
    """A number of a track for each row of the map, nan where the peak was not seen; the mean where rows stand for several."""
    whole = _by_pattern(one, track, column)
    rows = one.shown.intensity.shape[0]
    width = -(-one.patterns.height // max(rows, 1))
    found = np.full(rows, np.nan)
    for row in range(rows):
        part = whole[row * width : (row + 1) * width]
        if np.isfinite(part).any():
            found[row] = np.nanmean(part)
    return found


def _by_pattern(one: Specimen, track: pl.DataFrame, column: str) -> Array:
    found = np.full(one.patterns.height, np.nan)
    found[track.get_column("place").to_numpy()] = track.get_column(column).cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found


def _course(one: Specimen) -> Course | None:
    known = [name for name in BESIDE if name in one.patterns.columns and name != one.along]
    name = first_known(BESIDE, known)
    if name is None or one.along == "pattern":
        return None
    rows = one.shown.intensity.shape[0]
    width = -(-one.patterns.height // max(rows, 1))
    columns = []
    for part in (name, f"{name}_low", f"{name}_high"):
        values = one.patterns.get_column(part).cast(pl.Float64).fill_null(np.nan).to_numpy()
        columns.append(np.array([values[row * width : (row + 1) * width].mean() for row in range(rows)]))
    return Course(_label(one.patterns, name), *columns)


def _label(patterns: pl.DataFrame, name: str) -> str:
    column = f"{name}_unit"
    units = patterns.get_column(column).drop_nulls().unique().to_list() if column in patterns.columns else []
    return state_label(name, str(units[0]) if len(units) == 1 else "")


def _tracks(one: Specimen, place: int, whole: int, own: str) -> list[Figure]:
    along = one.patterns.get_column(one.along).cast(pl.Float64).to_numpy()
    rows = [
        (_named(name), _by_pattern(one, track, "position"), _by_pattern(one, track, "position_std"))
        for name, track in one.tracks
    ]
    said = "Standard uncertainties are those of the fits: errors of zero and height, alike in all patterns, are not in them."
    made = [
        tracks_figure(
            along, rows, numbered("tracks", place, whole), f"Positions of tracked peaks{own}", said,
            along_label=_label(one.patterns, one.along), value_label="2θ / deg", columns=3,
        )
    ]  # fmt: skip
    name = first_known(AGAINST, [one for one in one.patterns.columns])
    if name is not None and name != one.along:
        state = one.patterns.get_column(name).cast(pl.Float64).fill_null(np.nan).to_numpy()
        made.append(_against(one, rows, name, state, along, place, whole, own))
    return made


def _against(
    one: Specimen,
    rows: Sequence[tuple[str, Array, Array]],
    name: str,
    state: Array,
    along: Array,
    place: int,
    whole: int,
    own: str,
) -> Figure:
    """Tracks against charge or voltage: forth and back are drawn apart."""
    forth = _forth(state, along)
    panels = []
    for peak, value, std in rows:
        lines = []
        for part, label, colour in ((forth, "rising", 2), (~forth, "falling", 1)):
            known = np.isfinite(value) & np.isfinite(state) & part
            order = np.flatnonzero(known)[np.argsort(along[known], kind="stable")]
            if order.size:
                lines.append(
                    Line(
                        state[order],
                        value[order],
                        label=label,
                        std=std[order],
                        style="both",
                        sample=peak,
                        colour=colour,
                    )
                )
        panels.append(Panel(_label(one.patterns, name), "2θ / deg", tuple(lines), title=peak))
    words = _label(one.patterns, name).partition(" /")[0].lower()
    return Figure(
        numbered(f"tracks_{name}", place, whole), f"Positions of tracked peaks against {words}{own}",
        f"While the {words} rises and while it falls; bars: standard uncertainties of the fits. Patterns without a known {words} are not drawn.",
        tuple(panels), width=1 if len(panels) == 1 else 2, columns=min(3, len(panels)), tags=("diffraction",),
    )  # fmt: skip


def _forth(state: Array, along: Array) -> NDArray[np.bool_]:
    """Where a state rises from one pattern to the next."""
    order = np.argsort(along, kind="stable")
    known = order[np.isfinite(state[order])]
    rising = np.zeros(state.size, dtype=np.bool_)
    if known.size > 1:
        rising[known] = np.gradient(state[known]) >= 0
    return rising


def _named(name: str) -> str:
    return f"({name})" if name.replace(" ", "").replace("-", "").isdigit() and len(name) > 2 else f"peak {name}"
