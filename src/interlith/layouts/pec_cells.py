"""Which rows and columns of a PEC export belong to one cell?

An export may hold several cells: below each other, told by the columns Test, Cell and Cell ID, or beside each other, when the
header repeats itself. They are different samples and never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.column_names import Column, fold
from interlith.layouts.lazy_text import scan
from interlith.layouts.text_layout import Layout

#: Columns that say which cell a row belongs to.
IDENTITY = ("test", "cell", "cellid")
#: Last place of these columns up to which rows are told apart by how their bytes begin.
LEADING = 8
_BLOCK = 1 << 22


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell that is read: its columns begin at `first` and end before `last`; of several below each other, its `rows`."""

    first: int
    last: int
    rows: pl.Expr | None = None


def identity_of(layout: Layout, cell: Cell) -> dict[str, int]:
    """Folded name -> position of the columns that say which cell a row belongs to."""
    names = layout.names[cell.first : cell.last]
    return {fold(name): cell.first + at for at, name in enumerate(names) if fold(name) in IDENTITY}


def cell_of(layout: Layout, wanted: Any) -> Cell:
    """The one cell of a file, or the one that is wanted: its number, its ID, or ``test/cell``.

    Raises
    ------
    ReadError
        If there are several cells and none is wanted, or the wanted one is not there once: the message names them.
    """
    begins = [at for at, name in enumerate(layout.names) if fold(name) == "test"] or [0]
    blocks = [Cell(first, last) for first, last in zip(begins, [*begins[1:], len(layout.names)], strict=True)]
    cells: dict[tuple[str, ...], Cell] = {}
    for block in blocks:
        where = identity_of(layout, block)
        if len(blocks) == 1 and where and not _is_one(layout, where):
            cells |= {names: replace(block, rows=_rows_of(where, names)) for names in _all_below(layout, where)}
        else:
            first = layout.head_rows[0]
            own = tuple(first[at].strip() if at < len(first) else "" for at in where.values())
            if own in cells:
                raise ReadError(f"{layout.path}: the cell {'/'.join(own)} stands twice beside itself; export it alone.")
            cells[own] = block
    if wanted is None and len(cells) == 1:
        return next(iter(cells.values()))
    return _chosen(layout, cells, wanted)


def _chosen(layout: Layout, cells: Mapping[tuple[str, ...], Cell], wanted: Any) -> Cell:
    shown = ", ".join("/".join(part for part in names if part) for names in list(cells)[:12])
    if wanted is None:
        raise ReadError(
            f"{layout.path}: the file holds {len(cells)} cells (test/cell/ID: {shown}), which are different samples; export "
            "each cell into a file of its own, or declare `cell: ...` for this file."
        )
    text = str(wanted).strip()
    found = [names for names in cells if text in names or text in ("/".join(names), "/".join(names[:2]))]
    if len(found) != 1:
        raise ReadError(
            f"{layout.path}: the declared cell '{text}' is there {len(found)} times; the file holds (test/cell/ID) {shown}."
        )
    return cells[found[0]]


def _is_one(layout: Layout, where: Mapping[str, int]) -> bool:
    """Whether all rows are of one test and cell; told by how their bytes begin, where these columns come first."""
    last = max(where.values())
    if last > LEADING or layout.content is not None or layout.quoted:
        return len(_all_below(layout, where)) == 1
    first = layout.head_rows[0][: last + 1]
    prefix = "".join(f"{text}{layout.delimiter}" for text in first).encode(layout.encoding, errors="replace")
    same, lines, blank = 0, 0, 0
    with layout.path.open("rb") as handle:
        for _ in range(layout.data_line):
            handle.readline()
        while block := handle.read(_BLOCK):
            block += handle.readline()
            same += block.count(b"\n" + prefix) + block.startswith(prefix)
            blank += block.count(b"\n\n") + block.count(b"\n\r\n") + block.startswith((b"\n", b"\r\n"))
            lines += block.count(b"\n") + (not block.endswith(b"\n"))
    return same == lines - blank or len(_all_below(layout, where)) == 1


def _all_below(layout: Layout, where: Mapping[str, int]) -> list[tuple[str, ...]]:
    frame, _ = scan(layout, [Column(at, name, f"_{name}", "text") for name, at in where.items()])
    found = frame.drop_nulls(f"_{next(iter(where))}").unique(maintain_order=True).collect()
    return [tuple(str(text or "").strip() for text in row) for row in found.rows()]


def _rows_of(where: Mapping[str, int], names: Sequence[str]) -> pl.Expr:
    own = [pl.col(f"_{key}").fill_null("").str.strip_chars() == text for key, text in zip(where, names, strict=True)]
    return pl.all_horizontal(own)
