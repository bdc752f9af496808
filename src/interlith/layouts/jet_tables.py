"""Which tables and columns does a Microsoft Jet database hold, and what stands in their rows?

Columns of fixed width are decoded for all rows at once; texts only for small tables. A field that the null mask of its row
marks as absent comes out as nan, `None` or masked, never as the bytes that happen to lie there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.layouts import jet_pages
from interlith.layouts.jet_pages import JET3, Database, Rows, number, row_at, structured

Floats = NDArray[np.float64]

#: Numeric types of a column: code -> how its bytes are read.
NUMBERS = {2: "u1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "<f4", 7: "<f8", 8: "<f8"}
BOOLEAN, MONEY, TEXT, MEMO = 1, 5, 10, 12
FIXED = 1
#: Columns of one table, pages of one definition and rows of a table whose texts are read, at most.
MOST_COLUMNS, MOST_PAGES, MOST_TEXTS = 255, 64, 20_000
#: The list of tables: its definition, the type of a table in it, and the flags of the tables of the system itself.
CATALOGUE, TABLE, SYSTEM = 2, 1, 0x80000002


@dataclass(frozen=True, slots=True)
class Field:
    """A column: name, type code, number in the null mask, whether fixed, offset of its bytes or place among the texts."""

    name: str
    kind: int
    number: int
    fixed: bool
    offset: int


@dataclass(frozen=True, slots=True)
class Definition:
    """A table: page of its definition, rows that it says it has, columns."""

    page: int
    rows: int
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The column of a name, whatever its case."""
        return next((item for item in self.fields if item.name.casefold() == name.casefold()), None)


def definition(database: Database, page: int) -> Definition:
    """Read the definition of a table, which may run over several pages.

    Raises
    ------
    ReadError
        If it is damaged.
    """
    layout = database.layout
    data, following, seen = database.page(page).tobytes(), page, {page}
    while True:
        head = database.page(following)
        if head[0] != jet_pages.DEFINITION_PAGE:
            raise database.damaged(following, "the definition of a table was expected here")
        following = number(head, 4, 4)
        if following == 0:
            break
        if following in seen or len(seen) >= MOST_PAGES:
            raise database.damaged(following, "the definition of a table runs in a circle")
        seen.add(following)
        data += database.page(following)[8:].tobytes()
    raw = np.frombuffer(data, dtype=np.uint8)
    columns, indexes = number(raw, layout.column_count, 2), number(raw, layout.index_count, 4)
    at = layout.columns_at + layout.index_size * indexes
    names_at = at + layout.column_size * columns
    if not 0 < columns <= MOST_COLUMNS or names_at > len(raw):
        raise database.damaged(page, f"a table cannot have {columns} columns and {indexes} indexes")
    names = _names(database, page, raw, names_at, columns)
    fields = tuple(_field(database, raw[at + layout.column_size * place :], name) for place, name in enumerate(names))
    return Definition(page, number(raw, layout.row_count, 4), fields)


def _names(database: Database, page: int, raw: jet_pages.Bytes, at: int, count: int) -> list[str]:
    width = 1 if database.layout is JET3 else 2
    found = []
    for _ in range(count):
        size = number(raw, at, width)
        text = raw[at + width : at + width + size].tobytes()
        at += width + size
        if not size or at > len(raw):
            raise database.damaged(page, "the names of the columns run out of their table")
        found.append(text.decode("cp1252" if width == 1 else "utf-16-le", errors="replace"))
    return found


def _field(database: Database, raw: jet_pages.Bytes, name: str) -> Field:
    if database.layout is JET3:
        place, texts, flags, offset = number(raw, 1, 2), number(raw, 3, 2), int(raw[13]), number(raw, 14, 2)
    else:
        place, texts, flags, offset = number(raw, 5, 2), number(raw, 7, 2), int(raw[15]), number(raw, 21, 2)
    fixed = bool(flags & FIXED)
    return Field(name, int(raw[0]), place, fixed, offset if fixed else texts)


def tables(database: Database) -> dict[str, int]:
    """Names of the user's tables and the pages of their definitions.

    Raises
    ------
    ReadError
        If the list of tables is damaged.
    """
    catalogue = definition(database, CATALOGUE)
    wanted = [catalogue.field(name) for name in ("Id", "Type", "Flags", "Name")]
    if any(item is None for item in wanted):
        raise database.damaged(CATALOGUE, "the list of tables lacks a column")
    rows = jet_pages.rows_of(database, jet_pages.owned_pages(database, CATALOGUE))
    with np.errstate(invalid="ignore"):
        page, kind, flags = (
            np.nan_to_num(numbers(database, catalogue, rows, item)).astype(np.int64)
            for item in wanted[:3]
            if item is not None
        )
    names = texts(database, catalogue, rows, wanted[3]) if wanted[3] is not None else []
    found: dict[str, int] = {}
    for spot, text in enumerate(names):
        if text and kind[spot] == TABLE and not int(flags[spot]) & SYSTEM:
            found[text] = int(page[spot]) & 0xFFFFFF
    return found


def numbers(database: Database, table: Definition, rows: Rows, field: Field) -> Floats:
    """A numeric column of all rows; nan where the row has none. Every stored integer up to 2^53 is exact.

    Raises
    ------
    ReadError
        If the column is not numeric or a row is too short for it.
    """
    present = _present(database, table, rows, field)
    if field.kind == BOOLEAN:
        return present.astype(np.float64)
    code = NUMBERS.get(field.kind)
    if code is None or not field.fixed:
        raise database.damaged(table.page, f"the column '{field.name}' is of the type {field.kind} and not a number")
    head = 1 if database.layout is JET3 else 2
    value = np.dtype(code)
    dtype = np.dtype({"names": ["value"], "formats": [value], "offsets": [0], "itemsize": value.itemsize})
    at = rows.start + head + field.offset
    short = np.flatnonzero(present & (head + field.offset + value.itemsize > rows.length))
    if short.size:
        spot = int(rows.start[short[0]])
        raise database.damaged(spot // database.layout.page, f"a row ends before its column '{field.name}'")
    out = np.full(len(at), np.nan)
    out[present] = structured(database.data, at[present], dtype)["value"]
    return out / 1e4 if field.kind == MONEY else out


def texts(database: Database, table: Definition, rows: Rows, field: Field) -> list[str | None]:
    """A text column of a small table.

    Raises
    ------
    ReadError
        If the table is too large for it or a row is damaged.
    """
    if len(rows.start) > MOST_TEXTS:
        raise database.damaged(table.page, f"{len(rows.start)} rows are too many for the texts of '{field.name}'")
    present = _present(database, table, rows, field)
    out: list[str | None] = []
    for start, length, there in zip(rows.start, rows.length, present, strict=True):
        raw = _variable(database, database.data[start : start + length], field.offset) if there else None
        if raw is not None and field.kind == MEMO:
            raw = _long_value(database, raw)
        out.append(None if raw is None else _text(database, raw))
    return out


def _present(database: Database, table: Definition, rows: Rows, field: Field) -> NDArray[np.bool_]:
    """Whether each row has a value in a column; columns added after a row was written are absent from it."""
    if not len(rows.start):
        return np.zeros(0, dtype=np.bool_)
    smallest = int(np.argmin(rows.length))
    if rows.length[smallest] < 3:
        raise database.damaged(int(rows.start[smallest]) // database.layout.page, "a row is shorter than its own head")
    count = database.data[rows.start].astype(np.int64)
    if database.layout is not JET3:
        count |= database.data[rows.start + 1].astype(np.int64) << 8
    mask = (count + 7) // 8
    wrong = np.flatnonzero((count > MOST_COLUMNS) | (mask + 2 > rows.length))
    if wrong.size:
        spot = int(wrong[0])
        raise database.damaged(
            int(rows.start[spot]) // database.layout.page, f"a row says that it has {int(count[spot])} columns"
        )
    known = field.number < count
    # A row without columns has no such byte, and may end where the file does.
    at = np.minimum(rows.start + rows.length - mask + np.where(known, field.number // 8, 0), database.data.size - 1)
    present: NDArray[np.bool_] = known & ((database.data[at] >> (field.number % 8)) & 1).astype(np.bool_)
    return present


def _variable(database: Database, row: jet_pages.Bytes, place: int) -> jet_pages.Bytes | None:
    """The bytes of a field of variable length; `None` where the row has no such field or its places contradict."""
    if database.layout is JET3:
        return _variable_old(row, place)
    end = len(row) - (number(row, 0, 2) + 7) // 8
    count = number(row, max(end - 2, 0), 2)
    if end < 4 or place >= count or end - 4 - 2 * count < 2:
        return None
    first, last = number(row, end - 4 - 2 * place, 2), number(row, end - 6 - 2 * place, 2)
    return row[first:last] if 2 <= first <= last <= end else None


def _variable_old(row: jet_pages.Bytes, place: int) -> jet_pages.Bytes | None:
    """As `_variable` in Jet 3, whose places are single bytes; a table of jumps says where they pass a multiple of 256."""
    end = len(row) - (int(row[0]) + 7) // 8
    count = int(row[end - 1]) if end > 1 else 0
    jumps = (len(row) - 1) // 256
    at = end - 2 - jumps
    if place >= count or at - count < 1:
        return None
    if jumps and (at - count) // 256 < jumps:
        jumps -= 1
    found, passed = [], 0
    for spot in range(count + 1):
        while passed < jumps and spot == int(row[end - 2 - passed]):
            passed += 1
        found.append(int(row[at - spot]) + 256 * passed)
    first, last = found[place], found[place + 1]
    return row[first:last] if 1 <= first <= last <= end else None


def _long_value(database: Database, raw: jet_pages.Bytes) -> jet_pages.Bytes | None:
    """A memo: behind its head, in one row elsewhere, or in a chain of rows."""
    if len(raw) < 12:
        return None
    kind, pointer = int(raw[3]) & 0xC0, number(raw, 4, 4)
    if kind & 0x80:
        return raw[12:]
    if kind & 0x40:
        return row_at(database, pointer)
    parts: list[jet_pages.Bytes] = []
    while pointer and len(parts) < MOST_PAGES:
        part = row_at(database, pointer)
        if len(part) < 4:
            return None
        parts.append(part[4:])
        pointer = number(part, 0, 4)
    return np.concatenate(parts) if parts else None


def _text(database: Database, raw: jet_pages.Bytes) -> str:
    data = raw.tobytes()
    if database.layout is JET3:
        return data.decode("cp1252", errors="replace")
    if data[:2] != b"\xff\xfe":
        return data.decode("utf-16-le", errors="replace")
    parts = data[2:].split(b"\x00")
    return "".join(
        part.decode("utf-16-le" if place % 2 else "latin-1", errors="replace") for place, part in enumerate(parts)
    )


def cells(database: Database, table: Definition, rows: Rows, wanted: Sequence[str] = ()) -> list[dict[str, object]]:
    """A small table row by row, as name -> number, text or `None`; columns of other types are left out.

    Raises
    ------
    ReadError
        If the table is too large for it or damaged.
    """
    columns: dict[str, Sequence[object]] = {}
    for field in table.fields:
        if wanted and field.name not in wanted:
            continue
        if field.kind in (TEXT, MEMO) and not field.fixed:
            columns[field.name] = texts(database, table, rows, field)
        elif field.kind == BOOLEAN or (field.kind in NUMBERS and field.fixed):
            columns[field.name] = [
                None if np.isnan(value) else float(value) for value in numbers(database, table, rows, field)
            ]
    return [{name: column[spot] for name, column in columns.items()} for spot in range(len(rows.start))]
