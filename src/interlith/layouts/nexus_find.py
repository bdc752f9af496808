"""Where in a NeXus or HDF5 file do the patterns lie?

A pattern is a dataset of one or two dimensions beside an axis of two theta, scattering vector or time of flight: in a group of the
class NXdata with its signal and axes, or, without classes, in a group where names tell. Links out of the file, virtual and external
datasets are never followed, and sizes are checked before a byte is read.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from interlith.errors import ReadError
from interlith.layouts import hdf5_tables, nexus_words
from interlith.layouts.nexus_words import Quantity
from interlith.layouts.scan_axes import plain

#: Groups within groups and objects of a file that are looked at, at most.
DEEPEST, MOST_OBJECTS = 12, 20_000
#: Members of an attribute, and bytes of it, that are read at most.
_LONGEST_LIST, _LONGEST_TEXT = 64, 65_536


@dataclass(frozen=True, slots=True)
class Stack:
    """Patterns in one dataset.

    Parameters
    ----------
    group
        Where they lie.
    signal, errors, position
        Datasets of intensities, of their uncertainties (empty where there are none) and of the axis.
    axis
        What the axis is, and its unit.
    frames, points
        Size: `frames` is 0 where the dataset has one dimension.
    turned
        Whether the frames run along the last dimension.
    states
        Datasets with one number a frame, by what they are.
    named
        Whether the file itself names it a signal with axes, or the names were understood.
    """

    group: str
    signal: str
    errors: str
    position: str
    axis: Quantity
    frames: int
    points: int
    turned: bool
    states: Mapping[str, tuple[str, Quantity]] = field(default_factory=dict)
    named: bool = True


def _value(item: Any, name: str) -> Any:
    """An attribute, if it is one text or a short list; its size is looked at before it is read."""
    h5py = importlib.import_module("h5py")
    try:
        key = name.encode()
        if not h5py.h5a.exists(item.id, key):
            return None
        found = h5py.h5a.open(item.id, key)
        if math.prod(found.shape) > _LONGEST_LIST or math.prod(found.shape) * found.dtype.itemsize > _LONGEST_TEXT:
            return None
        return item.attrs[name]
    except Exception:  # attributes of exotic types, and damaged ones, fail in several ways
        return None


def attribute(item: Any, name: str) -> str:
    """An attribute as text; empty where it is missing or no text."""
    value = _value(item, name)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value if isinstance(value, str) else ""


def names(item: Any, name: str) -> list[str]:
    """An attribute that holds one or several names."""
    value = _value(item, name)
    if value is None:
        return []
    if isinstance(value, str | bytes):
        text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else value
        return [part for part in text.replace(",", ":").split(":") if part]
    return [
        part.decode("utf-8", errors="replace") if isinstance(part, bytes) else str(part)
        for part in np.asarray(value).ravel()
    ]


def groups(file: Any, path: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    """All groups with their datasets of numbers, outermost first; nothing outside the file.

    Raises
    ------
    ReadError
        If there are more objects than is sane.
    """
    h5py = importlib.import_module("h5py")
    waiting: list[tuple[Any, int]] = [(file, 0)]
    seen: set[int] = set()
    looked = 0
    while waiting:
        group, depth = waiting.pop(0)
        members: dict[str, Any] = {}
        for name in group:
            looked += 1
            if looked > MOST_OBJECTS:
                raise ReadError(
                    f"{path}: the HDF5 file has more than {MOST_OBJECTS} objects; export the patterns alone."
                )
            if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
                continue
            item = group.get(name)
            if item is None or item.file.filename != file.filename:
                continue
            if isinstance(item, h5py.Dataset):
                members[name] = item
            elif isinstance(item, h5py.Group) and depth < DEEPEST:
                address = int(h5py.h5o.get_info(item.id).addr)
                if address not in seen:
                    seen.add(address)
                    waiting.append((item, depth + 1))
        yield group, members


def stacks(file: Any, path: Path) -> list[Stack]:
    """All patterns of the file, those that it names itself first.

    Raises
    ------
    ReadError
        If an axis is two theta or a scattering vector in an unknown unit.
    """
    found: list[Stack] = []
    for group, members in groups(file, path):
        numeric = {name: item for name, item in members.items() if item.dtype.kind in "iuf" and item.ndim}
        declared = attribute(group, "NX_class") == "NXdata"
        signal = attribute(group, "signal") if declared else ""
        if declared and signal not in numeric:  # the older way names the signal by an attribute of the dataset
            signal = next((name for name, item in numeric.items() if str(_value(item, "signal")) in ("1", "b'1'")), "")
        candidates = [signal] if signal else [name for name in numeric if plain(name) in nexus_words.INTENSITY]
        for name in candidates:
            made = _stack(group, name, numeric, bool(signal), path)
            if made is not None:
                found.append(made)
    return sorted(found, key=lambda item: not item.named)


def _stack(group: Any, signal: str, members: Mapping[str, Any], named: bool, path: Path) -> Stack | None:
    dataset = members[signal]
    if dataset.ndim not in (1, 2) or not _plain(dataset):
        return None
    axes = names(group, "axes") or names(dataset, "axes")
    for name in [*axes, *(name for name in members if name not in axes)]:
        item = members.get(name)
        if item is None or name == signal or not _plain(item) or item.ndim > 2:
            continue
        where = f"{path}: {item.name}"
        quantity = nexus_words.position(
            name, attribute(item, "units") or attribute(item, "unit"), attribute(item, "long_name"), where
        )
        if quantity is None:
            continue
        turned = _orientation(dataset, item, axes.index(name) if name in axes else None)
        if turned is None:
            continue
        frames, points = (0, dataset.shape[0]) if dataset.ndim == 1 else dataset.shape[:: -1 if turned else 1]
        return Stack(
            str(group.name), str(dataset.name), _errors(signal, members, dataset), str(item.name), quantity, int(frames), int(points), turned,
            _states(members, int(frames), (signal, name)), named,
        )  # fmt: skip
    return None


def _plain(item: Any) -> bool:
    return not item.is_virtual and not item.external


def _orientation(dataset: Any, axis: Any, place: int | None) -> bool | None:
    """Whether frames run along the last dimension; `None` where the axis does not fit."""
    if axis.ndim == 2:
        return False if axis.shape == dataset.shape else None
    if dataset.ndim == 1:
        return False if axis.shape == dataset.shape else None
    first, last = (axis.shape[0] == size for size in dataset.shape)
    if first and last:  # a square: only the order of the axes can tell
        return place == 0
    return False if last else True if first else None


def _errors(signal: str, members: Mapping[str, Any], dataset: Any) -> str:
    wanted = (f"{signal}_errors", f"{signal}_error", f"{signal}_std", attribute(dataset, "uncertainties"))
    for name, item in members.items():
        if (name in wanted or plain(name) in nexus_words.ERRORS) and item.shape == dataset.shape and _plain(item):
            return str(item.name)
    return ""


def _states(members: Mapping[str, Any], frames: int, used: tuple[str, ...]) -> dict[str, tuple[str, Quantity]]:
    found: dict[str, tuple[str, Quantity]] = {}
    for name, item in members.items():
        if name in used or item.shape != (frames,) or not _plain(item):
            continue
        quantity = nexus_words.state(name, attribute(item, "units") or attribute(item, "unit"))
        if quantity is not None:
            found.setdefault(quantity.name, (str(item.name), quantity))
    return found


def azimuthal(group: Any, path: Path) -> str:
    """Name of an axis around the beam beside the signal, which makes it a picture; empty where there is none."""
    del path
    listed = [str(name) for name in group]
    for name in [*names(group, "axes"), *listed]:
        if plain(name) in nexus_words.AZIMUTH:
            item = group.get(name)
            if item is not None and getattr(item, "ndim", 0) == 1 and item.shape[0] > 1:
                return name
    return ""


def check(dataset: Any, path: Path) -> None:
    """Refuse a dataset that would unpack to more than is sane, or needs a filter that is not at hand.

    Raises
    ------
    ReadError
        If so.
    """
    h5py = importlib.import_module("h5py")
    size = math.prod(dataset.shape) * dataset.dtype.itemsize
    chunk = math.prod(dataset.chunks or (0,)) * dataset.dtype.itemsize
    stored = int(dataset.id.get_storage_size())
    crowded = size > hdf5_tables.RATIO_FROM and size > hdf5_tables.RATIO * max(stored, 1)
    if size > 64 * hdf5_tables.LARGEST or chunk > hdf5_tables.LARGEST_CHUNK or crowded:
        raise ReadError(
            f"{path}: {dataset.name} would unpack {stored} bytes to {size} in chunks of {chunk}, above what is allowed; write it anew "
            "in smaller chunks, if you trust it."
        )
    properties = dataset.id.get_create_plist()
    for order in range(properties.get_nfilters()):
        code, _, _, name = properties.get_filter(order)
        if not h5py.h5z.filter_avail(code):
            raise ReadError(
                f"{path}: {dataset.name} is packed with the filter {name.decode(errors='replace') or code}, which is not installed here; "
                "write it anew with gzip, for instance by `h5repack -f GZIP=4`."
            )
