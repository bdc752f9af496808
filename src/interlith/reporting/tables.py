"""Which numbers leave as files: every observable, and every plotted number, as CSV that a spreadsheet may open safely?

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula, and sample names, notes and file
names come from outside. Text that a spreadsheet could run gets an apostrophe in front in the CSV (`guard`); numbers
are numbers and are not touched. The Parquet file beside it holds every text as it is and is the one for programs.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import polars as pl

from interlith.model import SCHEMA, Band, Figure, Line, Mesh, Note, Panel
from interlith.reporting.numbers import with_uncertainty
from interlith.reporting.whole import whole

__all__ = ["figure_numbers", "guard", "guard_text", "with_uncertainty", "write_figure_numbers", "write_observables"]

#: Cells that a spreadsheet would evaluate. A leading sign is let through where only a plain name or number follows
#: (``-20 degC``, ``+5 %``): nothing in it can call a function or a program.
FORMULA = r"^(?:\s*[=@＝＠]|[\t\r\n]|\s*[+\-＋－][^\n]*[^\w\s.,%°/+\-])"


def guard(frame: pl.DataFrame) -> pl.DataFrame:
    """Put an apostrophe in front of every text that a spreadsheet would run as a formula."""
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(FORMULA)).then(pl.concat_str(pl.lit("'"), name)).otherwise(name).alias(name)
        for name in texts
    )


def guard_text(text: str) -> str:
    """`guard` for one text."""
    return str(guard(pl.DataFrame({"text": [text]})).item())


def write_observables(observables: pl.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write ``observables.csv`` (columns of `SCHEMA`) and ``observables.parquet`` (components as well).

    Returns
    -------
    tuple
        The two paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table, exact = folder / "observables.csv", folder / "observables.parquet"
    whole(table, guard(observables.select(SCHEMA)).write_csv().encode())
    content = io.BytesIO()
    observables.write_parquet(content, compression="zstd")
    whole(exact, content.getvalue())
    return table, exact


def figure_numbers(figure: Figure) -> pl.DataFrame:
    """All plotted numbers of a figure, one row a point, in the order in which they are drawn.

    Columns: panel (from 1), element (``line``, ``band``, ``marker``, ``mesh`` or ``note``), label, variant, sample, observable, x_label,
    y_label, x, y, std (one sigma; ``inf`` unknown; null if the curve carries none), low, high, value (of a map).
    """
    pieces = []
    for number, panel in enumerate(figure.panels, start=1):
        lines = [_line(line) for line in panel.lines]
        bands = [_band(band) for band in panel.bands]
        marks = [_mark(marker.at, marker.label, marker.axis) for marker in panel.markers]
        maps = [_mesh(mesh) for mesh in panel.meshes]
        notes = [_note(note) for note in panel.notes]
        pieces += [_named(piece, number, panel) for piece in (*lines, *bands, *marks, *maps, *notes)]
    return pl.concat(pieces) if pieces else pl.DataFrame(schema=_COLUMNS)


def write_figure_numbers(figure: Figure, path: Path) -> Path:
    """Write `figure_numbers` as CSV."""
    return whole(path, guard(figure_numbers(figure)).write_csv().encode())


_COLUMNS: dict[str, type[pl.DataType]] = {
    "panel": pl.Int64, "element": pl.String, "label": pl.String, "variant": pl.String, "sample": pl.String,
    "observable": pl.String, "x_label": pl.String, "y_label": pl.String, "x": pl.Float64, "y": pl.Float64,
    "std": pl.Float64, "low": pl.Float64, "high": pl.Float64, "value": pl.Float64,
}  # fmt: skip


def _line(line: Line) -> pl.DataFrame:
    columns = {"x": _floats(line.x), "y": _floats(line.y)} | ({} if line.std is None else {"std": _floats(line.std)})
    words = {"element": "line", "label": line.label, "variant": line.variant}
    return pl.DataFrame(columns).with_columns(
        **{name: pl.lit(word) for name, word in words.items()},
        sample=pl.lit(line.sample),
        observable=pl.lit(line.observable),
    )


def _band(band: Band) -> pl.DataFrame:
    columns = {"x": _floats(band.x), "low": _floats(band.low), "high": _floats(band.high)}
    return pl.DataFrame(columns).with_columns(
        element=pl.lit("band"), label=pl.lit(band.label), variant=pl.lit(band.variant)
    )


def _mark(at: float, label: str, axis: str) -> pl.DataFrame:
    return pl.DataFrame({axis: [float(at)]}).with_columns(element=pl.lit("marker"), label=pl.lit(label))


def _mesh(mesh: Mesh) -> pl.DataFrame:
    x, y = np.meshgrid(_floats(mesh.x), _floats(mesh.y))
    columns = {"x": x.ravel(), "y": y.ravel(), "value": _floats(mesh.values).ravel()}
    return pl.DataFrame(columns).with_columns(element=pl.lit("mesh"), label=pl.lit(mesh.label))


def _note(note: Note) -> pl.DataFrame:
    return pl.DataFrame({"x": [float(note.x)], "y": [float(note.y)]}).with_columns(
        element=pl.lit("note"), label=pl.lit(note.text)
    )


def _named(piece: pl.DataFrame, number: int, panel: Panel) -> pl.DataFrame:
    named = piece.with_columns(panel=pl.lit(number), x_label=pl.lit(panel.x_label), y_label=pl.lit(panel.y_label))
    missing = [pl.lit(None, dtype=kind).alias(name) for name, kind in _COLUMNS.items() if name not in named.columns]
    return named.with_columns(missing).select(pl.col(name).cast(kind) for name, kind in _COLUMNS.items())


def _floats(values: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.asarray(values, dtype=np.float64)
