"""Where does a legend stand so that it hides no data, and how do long names fit beside a picture?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Sheet
from matplotlib.legend import Legend
from matplotlib.path import Path
from matplotlib.transforms import Bbox, ScaledTranslation

from interlith.model import Figure, Panel
from interlith.reporting.style import COLUMN_MM, MM_PER_INCH

#: Legend entries at most; and within the axes, before the legend moves below them.
MAX_LEGEND, MOST_INSIDE = 8, 4
#: Width of a letter over the font size (DejaVu Sans, mixed text); room (pt) of a handle; of y label and ticks.
LETTER, HANDLE, BESIDE = 0.6, 24.0, 46.0
#: From the axes down past ticks and label (pt).
BELOW = 27.0
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


def plain(words: str) -> str:
    """Words without control characters, which XML cannot hold."""
    return _CONTROL.sub(" ", words)


def wrapped(words: str, letters: int) -> str:
    """Words over as many lines as they need, broken after spaces, ``_``, ``-`` and ``.``, else anywhere."""
    if len(words) <= letters:
        return words
    lines = [""]
    for piece in re.findall(r"[^ _.-]*[ _.-]*", words):
        rest = piece
        if len(lines[-1] + rest.rstrip()) > letters and lines[-1]:
            lines.append("")
        while len(rest.rstrip()) > letters:
            lines[-1], rest = rest[:letters], rest[letters:]
            lines.append("")
        lines[-1] += rest
    return "\n".join(line.rstrip() for line in lines if line.strip())


def panel_letters(figure: Figure, font_size: float) -> int:
    """How many letters fit over one panel."""
    width = 72 * COLUMN_MM[figure.width] / MM_PER_INCH / max(1, min(figure.columns, len(figure.panels)))
    return int((width - BESIDE) / (LETTER * font_size))


def add_legends(sheet: Sheet, figure: Figure) -> None:
    """Legends inside the axes where they are free, below them elsewhere; the sheet grows, the panels do not shrink."""
    size = float(mpl.rcParams["font.size"]) - 0.5
    letters = panel_letters(figure, size) - int(HANDLE / (LETTER * size))
    kept = [_kept(axes, panel) for axes, panel in zip(list(sheet.axes), figure.panels, strict=True)]
    if _is_shared(figure):
        _shared(sheet, figure, max(kept, key=lambda one: len(one[1])), size)
        return
    lines = 0
    for axes, panel, (handles, labels) in zip(list(sheet.axes), figure.panels, kept, strict=True):
        lone = len(labels) == 1 and len(figure.panels) == 1 and not panel.bands and len(panel.lines) == 1
        if not labels or lone:
            continue
        if len(labels) <= MOST_INSIDE and max(map(len, labels)) <= 0.8 * letters:
            legend = _finished(axes.legend(handles, labels, loc="best"))
            if not covers(sheet, axes, legend):
                continue
            legend.remove()
        lines = max(lines, _below(axes, handles, labels, letters))
    if lines:
        rows = -(-len(figure.panels) // max(1, min(figure.columns, len(figure.panels))))
        _grow(sheet, rows * _height(lines, size))


def covers(sheet: Sheet, axes: Axes, legend: Legend) -> bool:
    """Whether a legend lies on a curve, a band or words, or does not fit into its axes."""
    sheet.draw_without_rendering()
    renderer: Any = None
    box = legend.get_window_extent(renderer)
    frame = axes.get_window_extent()
    if box.x0 < frame.x0 - 1 or box.x1 > frame.x1 + 1 or box.y0 < frame.y0 - 1 or box.y1 > frame.y1 + 1:
        return True
    if any(box.overlaps(text.get_window_extent()) for text in axes.texts):
        return True
    for line in axes.get_lines():
        points = line.get_transform().transform(np.column_stack(line.get_data()).astype(float))
        points = points[np.isfinite(points).all(axis=1)]
        if len(points) and _on(points, box, joined=line.get_linestyle() not in ("None", "none", "")):
            return True
    for band in axes.collections:
        transform = band.get_transform()
        for path in band.get_paths():
            if transform.transform_path(path).intersects_bbox(box, filled=True):
                return True
    return False


def _on(points: Any, box: Bbox, *, joined: bool) -> bool:
    inside = (points[:, 0] >= box.x0) & (points[:, 0] <= box.x1) & (points[:, 1] >= box.y0) & (points[:, 1] <= box.y1)
    if inside.any():
        return True
    return joined and len(points) > 1 and bool(Path(points).intersects_bbox(box, filled=False))


def _entries(panel: Panel) -> dict[str, tuple[str, bool]]:
    """Legend words -> variant and whether it is a replicate; replicates go first where the legend gets too long."""
    found = {line.label: (line.variant, line.faint) for line in reversed(panel.lines) if line.label}
    found = dict(reversed(found.items()))
    return found | {band.label: (band.variant, False) for band in panel.bands if band.label}


def _is_shared(figure: Figure) -> bool:
    """Whether one legend says it for all panels: of three or more, the fullest holds every entry of the others."""
    panels = [_entries(panel) for panel in figure.panels if panel.lines]
    fullest = max(panels, key=len, default={})
    if len(panels) < 2 or not fullest:
        return False
    if len(panels) == 2:
        return panels[0].keys() == panels[1].keys()
    return all(entries.items() <= fullest.items() for entries in panels)


def _kept(axes: Axes, panel: Panel) -> tuple[list[Any], list[str]]:
    """Handles and words of a panel, lines before bands, at most `MAX_LEGEND`."""
    handles, labels = axes.get_legend_handles_labels()
    bands = {plain(band.label) for band in panel.bands}
    order = sorted(range(len(labels)), key=lambda place: labels[place] in bands)
    kept = {labels[place]: handles[place] for place in order}
    if len(kept) > MAX_LEGEND:
        entries = {plain(words): where for words, where in _entries(panel).items()}
        kept = {words: handle for words, handle in kept.items() if not entries.get(words, ("", False))[1]}
    return list(kept.values())[:MAX_LEGEND], list(kept)[:MAX_LEGEND]


def _columns(labels: Sequence[str], letters: int, width: float, size: float) -> int:
    longest = min(letters, max(map(len, labels)))
    return max(1, min(len(labels), 4, int(width / (longest * LETTER * size + HANDLE))))


def _below(axes: Axes, handles: list[Any], labels: list[str], letters: int) -> int:
    """A legend under the axes; returns how many lines of text it has."""
    size = float(mpl.rcParams["font.size"]) - 0.5
    columns = _columns(labels, letters, letters * LETTER * size + HANDLE, size)
    words = [wrapped(label, letters) for label in labels]
    figure = axes.get_figure()
    down = ScaledTranslation(0, -BELOW / 72, figure.dpi_scale_trans) if figure is not None else None
    transform = axes.transAxes if down is None else axes.transAxes + down
    _finished(
        axes.legend(
            handles, words, loc="upper center", bbox_to_anchor=(0.5, 0.0), bbox_transform=transform, ncols=columns,
            borderaxespad=0.0,
        )
    )  # fmt: skip
    return _lines(words, columns)


def _shared(sheet: Sheet, figure: Figure, kept: tuple[list[Any], list[str]], size: float) -> None:
    handles, labels = kept
    width = 72 * COLUMN_MM[figure.width] / MM_PER_INCH - 12
    letters = int((width - HANDLE) / (LETTER * size))
    columns = _columns(labels, letters, width, size)
    words = [wrapped(label, letters) for label in labels]
    _finished(sheet.legend(handles, words, loc="outside lower center", ncols=columns))
    _grow(sheet, _height(_lines(words, columns), size))


def _lines(words: Sequence[str], columns: int) -> int:
    tall = max(word.count("\n") + 1 for word in words)
    return tall * -(-len(words) // columns)


def _height(lines: int, size: float) -> float:
    """Height (inch) of a legend of so many lines."""
    return 0.08 + lines * 1.45 * size / 72


def _grow(sheet: Sheet, height: float) -> None:
    width, now = sheet.get_size_inches()
    sheet.set_size_inches(width, now + height)


def _finished(legend: Legend) -> Legend:
    for text in legend.get_texts():
        # Names are shown as written: a dollar sign in a sample name starts no formula.
        text.set_parse_math(False)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1.0)
    return legend
