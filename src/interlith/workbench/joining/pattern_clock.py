"""How does the clock of a series relate to that of a log, if the measurements themselves show when the cell was switched?

Patterns of a cell change smoothly while a current flows, and bend where it is switched on, off or round. These bends stand for
the log on the own clock that an operando folder lacks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError
from interlith.model import Choice, Flag, Measurement, Series, Table
from interlith.numerics.clocks.clocks import LEAST_ODDS, Clock, quantile
from interlith.numerics.clocks.kinks import KinkOffset, kink_offset
from interlith.workbench.joining.exposures import Exposures, told
from interlith.workbench.joining.logs import Log, marked
from interlith.workbench.joining.relating import Related, Words, rough_offset

Array = NDArray[np.float64]

#: Word for `events`: the measurements themselves show when something was switched.
PATTERNS = "patterns"
#: Drift that is taken to be possible where none is declared: a poor quartz (50 ppm are 4.3 s a day).
_DRIFT_STD = 50e-6
#: Columns of the common grid; components of the change that are looked at; a component that is no noise resembles its neighbours so much.
_COLUMNS, _COMPONENTS, _ALIKE = 800, 2, 0.5
#: A place of the patterns changes where neighbours in time are alike by so many standard deviations.
_MOVING = 4.0
#: Frames unlike their neighbours by this many deviations are left out.
_ODD = 8.0
_POSITIONS = ("two_theta", "scattering_vector", "time_of_flight")


def related_by_patterns(
    items: Series, taken: Exposures, runnings: tuple[Log, ...], words: Words, quantities: Sequence[str]
) -> tuple[Related, tuple[Choice, ...]]:
    """The relation of the clocks by the bends of the patterns, and the choice of it.

    Parameters
    ----------
    items, taken
        The measurements and when they were taken.
    runnings
        Of the log.
    words
        What is declared: drift, near and tolerance, the column of the events in the log.
    quantities
        States that rest on the relation.

    Raises
    ------
    StudyError
        If the clock of the log restarts, or the measurements are no patterns.
    FitError
        If the bends do not settle the relation.
    """
    if len(runnings) > 1:
        raise StudyError(f"{runnings[0].name}: its clock restarts {len(runnings) - 1} times; split the file.")
    log = runnings[0]
    known = np.flatnonzero(np.isfinite(taken.start))
    order = known[np.argsort(taken.start[known], kind="stable")]
    start, stop = taken.start[order], taken.start[order] + taken.duration[order]
    at = float((start[0] + stop[-1]) / 2)
    gain, gain_std = (0.0, _DRIFT_STD) if words.drift == "auto" else _told_drift(words.drift)
    switched = at + (marked(log, words.columns()[1]).time - at) / (1 + gain)
    near, tolerance = rough_offset(words, log)
    if near is None:
        near, tolerance = log.span[0] - float(start[0]), min(log.span[1] - log.span[0], float(stop[-1] - start[0])) / 2
    signals, kept = _signals([items[int(one)] for one in order])
    found = kink_offset(start[kept], stop[kept], signals, switched, near=near, tolerance=tolerance)
    if found.lead < math.log(LEAST_ODDS):
        raise FitError(
            f"The bends of the patterns fit the events of {log.name} in more than one way: offset {found.offset:.4g} s, or {found.rival:.4g} s "
            f"(odds {math.exp(min(found.lead, 20.0)):.3g} to 1). Say roughly where it lies (near, tolerance), or declare it."
        )
    clock = Clock(found.offset, gain, at, np.diag([found.std**2, gain_std**2]), dof=found.dof)
    return Related(clock, log, _notes(log, words, found, kept)), (_choice(log, found, quantities),)


def _told_drift(text: str | float) -> tuple[float, float]:
    said = told(text, "1", what="drift")
    return said.value, said.std


def _signals(items: Sequence[Measurement]) -> tuple[Array, NDArray[np.intp]]:
    """Leading changes of the patterns, shape (k, p), and which measurements they belong to."""
    curves = [_curve(item) for item in items]
    low, high = max(one[0][0] for one in curves), min(one[0][-1] for one in curves)
    if not low < high:
        raise FitError("The patterns have no range in common, so their changes cannot be followed.")
    edges = np.linspace(low, high, _COLUMNS + 1)
    heights = np.array([_binned(position, height, edges) for position, height in curves])
    heights = heights[:, np.all(np.isfinite(heights), axis=0)]
    kept = _like_their_neighbours(np.sqrt(np.maximum(heights, 0.0)))
    left, size, _ = np.linalg.svd(_summed_changes(heights[kept]), full_matrices=False)
    scores = left[:, :_COMPONENTS] * size[:_COMPONENTS]
    alike = [
        float(one[1:] @ one[:-1] / max(one @ one, np.finfo(float).tiny)) for one in (scores - scores.mean(axis=0)).T
    ]
    smooth = [number for number, share in enumerate(alike) if share > _ALIKE]
    if not smooth:
        raise FitError("The patterns do not change from one to the next beyond their noise; declare the offset.")
    return scores[:, smooth], kept


def _summed_changes(heights: Array) -> Array:
    """Changes of the patterns where they change at all, summed along the pattern, shape (k, n).

    A peak that moves changes a sum along the pattern evenly with its position, where the height at one place goes up and down.
    """
    change = heights - heights.mean(axis=0)
    # Equal patterns differ by rounding only, which is no change.
    size = np.maximum((change**2).sum(axis=0), 1e-12 * (heights**2).sum(axis=0) + np.finfo(float).tiny)
    moving = (change[1:] * change[:-1]).sum(axis=0) / size > _MOVING / math.sqrt(len(heights))
    if not moving.any():
        raise FitError("The patterns do not change from one to the next beyond their noise; declare the offset.")
    # Each run of places that change is summed by itself: the noise of one does not run into the next.
    first = np.flatnonzero(np.diff(np.concatenate(([False], moving, [False])).astype(int)) == 1)
    total = np.cumsum(np.where(moving, change, 0.0), axis=1)
    before = np.concatenate((np.zeros((len(change), 1)), total), axis=1)
    places = np.flatnonzero(moving)
    run = np.searchsorted(first, places, side="right") - 1
    return np.asarray(total[:, places] - before[:, first[run]])


def _curve(item: Measurement) -> tuple[Array, Array]:
    columns = item.payload.columns if isinstance(item.payload, Table) else ()
    axis = next((name for name in _POSITIONS if name in columns), None)
    if axis is None or "intensity" not in columns or not isinstance(item.payload, Table):
        raise StudyError(
            f"{item.source.path} is no pattern, so events: {PATTERNS} does not serve; name a log on its clock."
        )
    frame = item.payload.frame.select(axis, "intensity").collect().drop_nulls().sort(axis)
    if frame.height < 2:
        raise FitError(f"{item.source.path} holds no curve; leave it out.")
    return frame.get_column(axis).to_numpy().astype(float), frame.get_column("intensity").to_numpy().astype(float)


def _binned(position: Array, height: Array, edges: Array) -> Array:
    """Means over the cells of a grid; interpolated where a cell holds no point."""
    cell = np.searchsorted(edges, position, side="right") - 1
    inside = (cell >= 0) & (cell < edges.size - 1)
    count = np.bincount(cell[inside], minlength=edges.size - 1).astype(float)
    total = np.bincount(cell[inside], weights=height[inside], minlength=edges.size - 1)
    between = np.interp((edges[1:] + edges[:-1]) / 2, position, height)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1.0), between))


def _like_their_neighbours(roots: Array) -> NDArray[np.intp]:
    """Frames that are like the frames around them: a lost beam or a bubble says nothing about the cell."""
    apart = np.empty(len(roots))
    for number in range(len(roots)):
        around = [k for k in range(max(0, number - 3), min(len(roots), number + 4)) if k != number]
        apart[number] = np.abs(roots[number] - np.median(roots[around], axis=0)).mean()
    middle = np.median(apart)
    spread = 1.4826 * np.median(np.abs(apart - middle))
    return np.flatnonzero(apart <= middle + _ODD * max(float(spread), 1e-3 * float(middle)))


def _notes(log: Log, words: Words, found: KinkOffset, kept: NDArray[np.intp]) -> tuple[Flag, ...]:
    notes = [
        Flag(
            "clock_from_patterns", f"The clocks were related by {found.kinks} bends of the patterns; a bend that nobody switched (a phase "
            "transition) shifts them, and nothing shows it.", log.name, "note",
        )
    ]  # fmt: skip
    if words.drift == "auto":
        notes.append(
            Flag(
                "clock_drift_assumed",
                f"No drift is declared; 0 +- {1e6 * _DRIFT_STD:.0f} ppm is taken.",
                log.name,
                "note",
            )
        )
    left_out = found.used.size - int(found.used.sum())
    if left_out:
        notes.append(
            Flag(
                "frames_unlike",
                f"{left_out} of {kept.size} patterns were not used to relate the clocks.",
                log.name,
                "note",
            )
        )
    return (*log.flags, *notes)


def _choice(log: Log, found: KinkOffset, quantities: Sequence[str]) -> Choice:
    half = quantile(0.95, found.dof) * found.std
    rival = "no other offset" if math.isnan(found.rival) else f"offset {found.rival:.4g} s"
    margin = 1.0 - math.exp(-found.lead) if math.isfinite(found.lead) else 1.0 - found.chance
    reason = (
        f"At this offset {found.kinks} events of the log fall on bends of the patterns; a smooth course without bends would follow as well with "
        f"a probability of {found.chance:.1g}."
    )
    target = f"{log.name}#sha256:{log.sha256[:12]}/clock"
    return Choice(
        target, "clock", f"offset {found.offset:.4g} +- {half:.2g} s", rival, margin, tuple(quantities), reason
    )
