"""Where do the rows of a table lie in a Microsoft Jet database (.mdb, Arbin .res), page by page?

A file is a sequence of pages of 2 KiB (Jet 3) or 4 KiB (Jet 4). A table owns the data pages that its usage map lists; each of
these holds a directory of row starts, from the end of the page backwards. Every number taken from the file is checked against
the size of the page or file before it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

SIGNATURES = (b"Standard Jet DB", b"Standard ACE DB")
DATA_PAGE, DEFINITION_PAGE, MAP_PAGE = 1, 2, 5
#: Flags in a row start: the row is deleted or the target of a pointer; the row holds a pointer to where it was moved.
DELETED, POINTER, OFFSET = 0x8000, 0x4000, 0x1FFF
#: Pages looked at in one go.
CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Layout:
    """Places that differ between Jet 3 and Jet 4, in bytes."""

    page: int
    rows_at: int
    row_count: int
    column_count: int
    index_count: int
    used_pages: int
    columns_at: int
    index_size: int
    column_size: int


JET3 = Layout(2048, 8, 12, 25, 31, 35, 43, 8, 18)
JET4 = Layout(4096, 12, 16, 45, 51, 55, 63, 12, 25)


@dataclass(frozen=True, slots=True)
class Database:
    """An open database: its bytes, mapped and not read, and its page layout."""

    path: Path
    data: Bytes
    layout: Layout

    @property
    def pages(self) -> int:
        """How many whole pages the file has."""
        return len(self.data) // self.layout.page

    def page(self, number: int) -> Bytes:
        """The bytes of one page.

        Raises
        ------
        ReadError
            If the file ends before it.
        """
        if not 0 < number < self.pages:
            raise ReadError(
                f"{self.path}: the database refers to page {number}, but the file ends after page {self.pages - 1} (byte "
                f"{len(self.data)}); it was cut short or damaged, copy it again from the instrument."
            )
        return self.data[number * self.layout.page : (number + 1) * self.layout.page]

    def damaged(self, number: int, what: str) -> ReadError:
        """The refusal of a page, with its place in the file."""
        return ReadError(
            f"{self.path}: byte {number * self.layout.page} (page {number}): {what}; the database is damaged, copy it again "
            "from the instrument."
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Where the rows of a table lie: first byte in the file and length (bytes)."""

    start: Integers
    length: Integers


def is_database(head: bytes) -> bool:
    """Whether the first bytes are those of a Jet database. Never raises."""
    return head[4:19] in SIGNATURES


def open_database(path: Path) -> Database:
    """Map a database file.

    Raises
    ------
    ReadError
        If it cannot be opened, is no Jet database, is cut short or is encrypted.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(64)
            size = handle.seek(0, 2)
        data: Bytes = np.fromfile(path, dtype=np.uint8)
    except (OSError, ValueError) as error:
        raise ReadError(f"{path}: cannot be opened ({getattr(error, 'strerror', None) or error}).") from error
    if not is_database(head) or len(head) < 24:
        raise ReadError(f"{path}: this is no Jet database: byte 4 is {head[4:19]!r} instead of 'Standard Jet DB'.")
    layout = JET3 if head[20] == 0 else JET4
    if size % layout.page or size < 4 * layout.page:
        raise ReadError(
            f"{path}: {size} bytes are no whole number of pages of {layout.page} bytes: the file is cut short at byte {size}; "
            "copy it again from the instrument."
        )
    found = Database(path, np.asarray(data), layout)
    if found.page(2)[0] != DEFINITION_PAGE:
        raise found.damaged(2, "the list of tables is not where it belongs; the database may be encrypted")
    return found


def number(data: Bytes, at: int, size: int) -> int:
    """Unsigned little-endian number of `size` bytes."""
    return int.from_bytes(data[at : at + size].tobytes(), "little")


def owned_pages(database: Database, definition: int) -> Integers:
    """Data pages that a table owns, from its usage map, in file order.

    Raises
    ------
    ReadError
        If the map is damaged, names pages beyond the end of the file, or a page that belongs to another table.
    """
    at = database.layout.used_pages
    head = database.page(definition)
    row, holder = int(head[at]), number(head, at + 1, 3)
    mapped = _row_in(database, holder, row)
    kind = int(mapped[0]) if len(mapped) else -1
    if kind == 0 and len(mapped) >= 5:
        bits = np.flatnonzero(np.unpackbits(mapped[5:], bitorder="little"))
        found = number(mapped, 1, 4) + bits.astype(np.int64)
    elif kind == 1:
        found = _from_map_pages(database, mapped)
    else:
        raise database.damaged(holder, f"the usage map of a table is of the unknown kind {kind}")
    beyond = int((found >= database.pages).sum())
    if beyond:
        raise ReadError(
            f"{database.path}: {beyond} of {len(found)} pages with records lie beyond the end of the file (byte "
            f"{len(database.data)}); it was cut short, copy it again from the instrument."
        )
    _check_owner(database, definition, found)
    return found


def _from_map_pages(database: Database, mapped: Bytes) -> Integers:
    page_bits = (database.layout.page - 4) * 8
    found = []
    for place in range((len(mapped) - 1) // 4):
        holder = number(mapped, 1 + 4 * place, 4)
        if holder == 0:
            continue
        page = database.page(holder)
        if page[0] != MAP_PAGE:
            raise database.damaged(holder, "a page of the usage map is of another kind")
        bits = np.flatnonzero(np.unpackbits(page[4:], bitorder="little"))
        found.append(bits.astype(np.int64) + place * page_bits)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)


def _check_owner(database: Database, definition: int, pages: Integers) -> None:
    starts = pages * database.layout.page
    owner = sum(database.data[starts + 4 + place].astype(np.int64) << (8 * place) for place in range(4))
    wrong = np.flatnonzero((database.data[starts] != DATA_PAGE) | (owner != definition))
    if wrong.size:
        raise database.damaged(
            int(pages[wrong[0]]), f"a page listed for table {definition} is not one of its data pages"
        )


def strays(database: Database, definition: int, pages: Integers) -> int:
    """How many data pages say that they belong to a table whose usage map does not list them."""
    heads = database.data[: database.pages * database.layout.page].reshape(database.pages, -1)[:, :8]
    owner = np.ascontiguousarray(heads[:, 4:8]).view("<u4")[:, 0]
    claiming = (heads[:, 0] == DATA_PAGE) & (owner == definition)
    claiming[pages] = False
    return int(claiming.sum())


def rows_of(database: Database, pages: Integers) -> Rows:
    """Rows in the data pages of one table, in file order; deleted rows are left out, moved rows stand in their place.

    Raises
    ------
    ReadError
        If the directory of a page is damaged or a moved row is not where it should be.
    """
    starts, lengths = [], []
    for first in range(0, len(pages), CHUNK):
        made = _rows_in_chunk(database, pages[first : first + CHUNK])
        starts.append(made.start)
        lengths.append(made.length)
    empty = np.zeros(0, dtype=np.int64)
    return Rows(np.concatenate([empty, *starts]), np.concatenate([empty, *lengths]))


def _rows_in_chunk(database: Database, pages: Integers) -> Rows:
    size, at = database.layout.page, database.layout.rows_at
    base = pages * size
    counts = database.data[base + at].astype(np.int64) | (database.data[base + at + 1].astype(np.int64) << 8)
    crowded = np.flatnonzero(at + 2 + 2 * counts > size)
    if crowded.size:
        spot = int(crowded[0])
        raise database.damaged(int(pages[spot]), f"a page cannot hold {int(counts[spot])} rows")
    page = np.repeat(np.arange(len(pages)), counts)
    within = np.arange(len(page)) - np.repeat(np.cumsum(counts) - counts, counts)
    place = base[page] + at + 2 + 2 * within
    raw = database.data[place].astype(np.int64) | (database.data[place + 1].astype(np.int64) << 8)
    start = raw & OFFSET
    end = np.where(within == 0, size, np.concatenate([[size], start[:-1]]))
    wrong = np.flatnonzero((start > end) | (start < at + 2 + 2 * counts[page]))
    if wrong.size:
        spot = int(wrong[0])
        raise database.damaged(int(pages[page[spot]]), f"row {int(within[spot])} has no place within its page")
    moved = [int(spot) for spot in np.flatnonzero((raw & (DELETED | POINTER)) == POINTER)]
    first, length = base[page] + start, end - start
    for spot in moved:
        first[spot], length[spot] = _moved(database, int(first[spot]), int(pages[page[spot]]))
    live = (raw & DELETED) == 0
    return Rows(first[live], length[live])


def _moved(database: Database, at: int, page: int) -> tuple[int, int]:
    """Where a row lies that was moved to another page of its table."""
    pointer = number(database.data, at, 4)
    target = pointer >> 8
    own, other = database.page(page), database.page(target)
    if other[0] != DATA_PAGE or not np.array_equal(own[4:8], other[4:8]):
        raise database.damaged(page, f"a row was moved to page {target}, which is no data page of its table")
    start, end, flags = _place(database, target, pointer & 0xFF)
    if flags & POINTER:
        raise database.damaged(target, "a moved row points on")
    return target * database.layout.page + start, end - start


def _place(database: Database, page: int, row: int) -> tuple[int, int, int]:
    """Start and end of a row within its page, and its flags."""
    data, at = database.page(page), database.layout.rows_at
    count = number(data, at, 2)
    if row >= count or at + 2 + 2 * count > database.layout.page:
        raise database.damaged(page, f"there is no row {row} among {count}")
    raw = number(data, at + 2 + 2 * row, 2)
    end = number(data, at + 2 * row, 2) & OFFSET if row else database.layout.page
    if not at + 2 + 2 * count <= raw & OFFSET <= end <= database.layout.page:
        raise database.damaged(page, f"row {row} has no place within its page")
    return raw & OFFSET, end, raw & ~OFFSET


def _row_in(database: Database, page: int, row: int) -> Bytes:
    """The bytes of one row of a data page, whatever its flags."""
    data = database.page(page)
    if data[0] != DATA_PAGE:
        raise database.damaged(page, "a data page was expected here")
    start, end, _ = _place(database, page, row)
    return data[start:end]


def row_at(database: Database, pointer: int) -> Bytes:
    """The bytes of a row by its pointer: row number in the lowest byte, page above.

    Raises
    ------
    ReadError
        If there is no such row.
    """
    return _row_in(database, pointer >> 8, pointer & 0xFF)


def structured(data: Bytes, starts: Integers, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Records that begin anywhere in the file, copied out one by one without touching the bytes between."""
    if not len(starts):
        return np.zeros(0, dtype=dtype)
    view: NDArray[Any] = np.ndarray((len(data) - dtype.itemsize + 1,), dtype=dtype, buffer=data, strides=(1,))
    return view[starts]
