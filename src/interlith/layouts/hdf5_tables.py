"""Which tables of named columns does an HDF5 file hold, without following it anywhere or trusting its sizes?

A table is a dataset of named fields, a group of columns of one length, or a frame as pandas stores it (``fixed`` or
``table``). Links to other files or places, virtual and external datasets are never followed, sizes are checked before a byte
is read, pickled columns are left alone.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: Groups within groups, objects of a file, bytes of a chunk and of a dataset that are looked at, at most.
DEEPEST, MOST_OBJECTS, LARGEST_CHUNK, LARGEST = 8, 5_000, 256_000_000, 4_000_000_000
#: Largest ratio of a dataset to its stored bytes, above some size (bytes).
RATIO, RATIO_FROM = 300, 50_000_000
#: Filters that every HDF5 library has: deflate, shuffle, checksum, szip, n-bit, scale-offset; and lzf of h5py.
_FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
#: A list of names as PyTables writes it behind a block of columns.
_NAMES = re.compile(rb"\(lp\d+\n(?:V[^\n]*\np\d+\na)*\.?")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column lies: dataset, its field (if it has fields) and its position in the field or dataset (if that is wide)."""

    dataset: str
    field: str | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """A table: its place in the file, how many rows it has and where its columns lie."""

    name: str
    rows: int
    places: Mapping[str, Place]


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading; whatever goes wrong inside becomes a refusal.

    Raises
    ------
    ReadError
        If the file is no HDF5 file, damaged, or holds something that is not followed.
    """
    h5py = importlib.import_module("h5py")  # has no types, and takes long: only where it is needed
    try:
        with path.open("rb") as handle:
            head = handle.read(8)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if head != SIGNATURE:
        raise ReadError(f"{path}: this is no HDF5 file: byte 0 is {head!r}.")
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except ReadError:
        raise
    except Exception as error:  # the library fails in any way on damaged bytes
        raise ReadError(
            f"{path}: the HDF5 file is damaged ({type(error).__name__}: {error}); copy it again."
        ) from error


def tables(file: Any, path: Path) -> list[Columns]:
    """Tables of the file by place, outermost first. Only names are read.

    Raises
    ------
    ReadError
        If it has more objects than is sane.
    """
    h5py = importlib.import_module("h5py")
    found: list[Columns] = []
    seen: set[int] = set()
    groups: list[tuple[Any, int]] = [(file, 0)]
    looked = 0
    while groups:
        group, depth = groups.pop(0)
        members: dict[str, Any] = {}
        for name in group:
            looked += 1
            if looked > MOST_OBJECTS:
                raise ReadError(
                    f"{path}: the HDF5 file has more than {MOST_OBJECTS} objects; it is no table of a cycler."
                )
            item = group.get(name) if isinstance(group.get(name, getlink=True), h5py.HardLink) else None
            if isinstance(item, h5py.Dataset) and not item.is_virtual and not item.external:
                members[name] = item
            elif isinstance(item, h5py.Group) and depth < DEEPEST and not name.startswith("_i_"):
                address = int(h5py.h5o.get_info(item.id).addr)
                if address not in seen:
                    seen.add(address)
                    groups.append((item, depth + 1))
        found += _tables_of(group, members)
    return found


def _tables_of(group: Any, members: Mapping[str, Any]) -> list[Columns]:
    blocks = _blocks(members)
    if blocks:
        return [Columns(str(group.name), next(iter(blocks.values())), _block_columns(members, blocks))]
    found, by_length = [], dict[int, dict[str, Place]]()
    for name, dataset in members.items():
        if dataset.dtype.names and dataset.ndim == 1:
            found.append(Columns(str(dataset.name), len(dataset), _fields(dataset)))
        elif dataset.ndim == 1 and dataset.dtype.kind in "iufS":
            by_length.setdefault(len(dataset), {})[name] = Place(str(dataset.name))
    return found + [Columns(str(group.name), rows, places) for rows, places in by_length.items() if len(places) > 1]


def _fields(dataset: Any) -> dict[str, Place]:
    """Fields of a table; a field of several columns has their names beside it."""
    found: dict[str, Place] = {}
    for name in dataset.dtype.names or ():
        kind = dataset.dtype[name]
        if kind.shape == () and kind.kind in "iufS":
            found[name] = Place(str(dataset.name), name)
        elif len(kind.shape) == 1 and kind.base.kind in "iufS":
            names = _pickled_names(dataset.attrs.get(f"{name}_kind"))
            if len(names) == kind.shape[0]:
                found |= {column: Place(str(dataset.name), name, spot) for spot, column in enumerate(names)}
    return found


def _pickled_names(raw: Any) -> list[str]:
    """Names from the one plain form in which lists of texts are written; nothing is unpickled."""
    data = raw if isinstance(raw, bytes) else raw.tobytes() if isinstance(raw, np.bytes_) else b""
    if not _NAMES.fullmatch(data):
        return []
    return [name.decode("ascii", errors="replace") for name in re.findall(rb"V([^\n]*)\np\d+\na", data)]


def _blocks(members: Mapping[str, Any]) -> dict[int, int]:
    """Numbers of the blocks of a stored frame that hold plain numbers, and their rows."""
    found: dict[int, int] = {}
    for name, values in members.items():
        block = re.fullmatch(r"block(\d{1,3})_values", name)
        items = members.get(f"block{block[1]}_items") if block else None
        if (
            block
            and items is not None
            and values.ndim == 2
            and values.dtype.kind in "iuf"
            and items.shape == values.shape[1:]
        ):
            found[int(block[1])] = int(values.shape[0])
    return found if len(set(found.values())) == 1 else {}


def _block_columns(members: Mapping[str, Any], blocks: Mapping[int, int]) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for block in blocks:
        items, values = members[f"block{block}_items"], members[f"block{block}_values"]
        if items.dtype.kind != "S" or items.dtype.itemsize > 256 or items.shape[0] > 1000:
            continue
        _checked(items)
        for spot, name in enumerate(items[()]):
            found[bytes(name).decode("utf-8", errors="replace")] = Place(str(values.name), None, spot)
    return found


def is_text(file: Any, table: Columns, column: str) -> bool:
    """Whether a column holds texts."""
    place = table.places[column]
    kind = file[place.dataset].dtype
    return bool((kind[place.field].base if place.field is not None else kind).kind == "S")


def numbers(file: Any, table: Columns, column: str) -> NDArray[np.float64]:
    """A numeric column as it stands.

    Raises
    ------
    ReadError
        If it is no number, or its dataset would unpack to more than is sane or needs a filter that is not installed.
    """
    place = table.places[column]
    dataset = file[place.dataset]
    _checked(dataset)
    values = (
        dataset[place.field]
        if place.field is not None
        else dataset[:, place.position]
        if dataset.ndim == 2
        else dataset[()]
    )
    if place.field is not None and place.position is not None:
        values = values[:, place.position]
    if values.dtype.kind not in "iuf":
        raise ReadError(f"{file.filename}: the column '{column}' of {table.name} holds texts, not numbers.")
    return np.asarray(values, dtype=np.float64)


def first_row(file: Any, table: Columns) -> dict[str, object]:
    """Numbers and texts of the first row of a small table."""
    found: dict[str, object] = {}
    for column, place in table.places.items():
        dataset = file[place.dataset]
        _checked(dataset)
        row = dataset[0]
        value = row[place.field] if place.field is not None else row
        if place.position is not None:
            value = value[place.position]
        found[column] = bytes(value).decode("utf-8", errors="replace") if isinstance(value, bytes) else float(value)
    return found


def _checked(dataset: Any) -> None:
    """Refuse a dataset whose sizes are absurd before anything of it is unpacked."""
    where = f"{dataset.file.filename}: the dataset {dataset.name}"
    made = dataset.id.get_create_plist()
    foreign = [made.get_filter(spot)[0] for spot in range(made.get_nfilters())]
    if not _FILTERS.issuperset(foreign):
        raise ReadError(
            f"{where} is packed in a way that HDF5 itself does not know (filter {foreign}); save it with gzip."
        )
    size, stored = math.prod(dataset.shape) * dataset.dtype.itemsize, dataset.id.get_storage_size()
    chunk = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    if size > LARGEST or (size > RATIO_FROM and size > RATIO * stored) or (dataset.chunks and chunk > LARGEST_CHUNK):
        raise ReadError(
            f"{where} says that {stored} stored bytes are {size} bytes in chunks of {chunk}, above what is allowed ({LARGEST} "
            f"bytes, ratio {RATIO}, chunks of {LARGEST_CHUNK}); it is damaged."
        )
