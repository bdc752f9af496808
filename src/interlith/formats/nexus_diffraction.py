"""What does a NeXus or HDF5 file of diffraction patterns hold: one, or thousands read as they are needed?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts import hdf5_tables, nexus_find, nexus_heaps, nexus_instrument, nexus_stack, nexus_writing
from interlith.layouts.lazy_text import Remark
from interlith.layouts.nexus_find import Stack, attribute
from interlith.model import Flag, Format, Reading, State, Table

_UNITS = {"temperature": "degC", "voltage": "V"}


def sniff(head: bytes, path: Path) -> float:
    """Confidence from signals and axes; low for any other NeXus file, so that it is refused with a reason."""
    if not head.startswith(hdf5_tables.SIGNATURE):
        return 0.0
    try:
        with nexus_heaps.opened(path) as file:
            found = nexus_find.stacks(file, path)
            if found:
                return 0.95 if found[0].named else 0.7
            return 0.4 if any(attribute(item, "NX_class") for item, _ in nexus_find.groups(file, path)) else 0.0
    except ReadError:
        return 0.35  # so that it is refused with the reason


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read the patterns of the one signal that has an axis of two theta, scattering vector or time of flight.

    The option ``dataset`` names the group or signal, where a file has several.

    Raises
    ------
    ReadError
        If the file is damaged, holds no pattern or several sets of them, or pictures that have to be integrated first.
    """
    remarks: list[Remark] = []
    with nexus_heaps.opened(path) as file:
        stack = _chosen(file, path, str(options.get("dataset", "")))
        instrument, start, about = nexus_instrument.words(file, path, remarks)
        per_frame, began = nexus_instrument.per_frame(file, stack, remarks)
    survey = nexus_stack.surveyed(path, stack)
    remarks += nexus_stack.remarks(survey, stack)
    frame = nexus_stack.lazily(path, stack, per_frame, weights=bool(stack.errors or survey.bad))
    if not stack.frames:
        frame = frame.drop("frame").collect().lazy()
    start = start or began
    states = {
        name: State(name, about[name], about[name], about[name], _UNITS[name]) for name in _UNITS if name in about
    }
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata={
            "instrument": instrument, "signal": stack.signal, "axis": stack.position, "errors": stack.errors,
            "frames": max(1, stack.frames), "dead_frames": survey.dead,
        } | about,
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in remarks),
        test={"start": start} if start else {},
        state=states,
    )  # fmt: skip


def _chosen(file: Any, path: Path, wanted: str) -> Stack:
    """The patterns to read: the wanted, the default of the file, or the only ones."""
    found = nexus_find.stacks(file, path)
    if wanted:
        fitting = [item for item in found if wanted.strip("/") in (item.group.strip("/"), item.signal.strip("/"))]
        if not fitting:
            listed = ", ".join(item.signal for item in found) or "none"
            raise ReadError(f"{path}: there is no set of patterns '{wanted}'; the file holds: {listed}.")
        return fitting[0]
    if not found:
        raise ReadError(f"{path}: {_what_else(file, path)}")
    named = [item for item in found if item.named] or found
    default = _default(file)
    preferred = [item for item in named if default and item.group == default] or named
    if len({item.signal for item in preferred}) > 1:
        listed = ", ".join(item.signal for item in preferred[:6])
        raise ReadError(
            f"{path}: the file holds {len(preferred)} sets of patterns ({listed}) and does not name one as its default; name one as the "
            "option dataset."
        )
    if azimuth := nexus_find.azimuthal(file[preferred[0].group], path):
        raise ReadError(
            f"{path}: {preferred[0].signal} runs around the beam ('{azimuth}'): it is a picture, not a set of patterns; integrate over the "
            "azimuth first."
        )
    return preferred[0]


def _default(file: Any) -> str:
    """Group that the file names as its default."""
    group = file
    for _ in range(nexus_find.DEEPEST):
        name = attribute(group, "default")
        inner = group.get(name) if name else None
        if inner is None or not hasattr(inner, "keys"):
            break
        group = inner
    return str(group.name)


def _what_else(file: Any, path: Path) -> str:
    """What a file without patterns holds."""
    pictures = [
        str(item.name)
        for _, members in nexus_find.groups(file, path)
        for item in members.values()
        if item.ndim >= 2 and min(item.shape[-2:]) > 64 and item.dtype.kind in "iuf"
    ]
    if pictures:
        return f"the file holds pictures of a detector ({pictures[0]}) and no pattern; integrate them first, for instance with pyFAI."
    return (
        "no dataset of this HDF5 file lies beside an axis of two theta, scattering vector or time of flight; write one NXdata group with "
        "signal and axes."
    )


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write one or many simulated patterns; see `interlith.layouts.nexus_writing.stack`."""
    nexus_writing.stack(frame, path, metadata)


FORMAT = Format(
    name="nexus_diffraction",
    title="NeXus or HDF5 stack of patterns (.nxs, .h5)",
    patterns=("*.nxs", "*.nx5", "*.h5", "*.hdf5", "*.hdf"),
    sniff=sniff,
    read=read,
    write=write,
    technique="diffraction",
    source="the NeXus standard (https://manual.nexusformat.org, NXdata) and the output that pyFAI documents "
    "(https://pyfai.readthedocs.io)",
    versions_seen=("NXdata with signal and axes", "signal=1 on the dataset", "groups without classes"),
    reads="one or thousands of patterns over two theta, scattering vector or time of flight, read as they are needed, with "
    "uncertainties, times, temperatures and voltages of the frames",
    limits="pictures of detectors and cakes; links to other files, virtual datasets and filters that are not installed; a damaged length of a text in an attribute can make the HDF5 library reserve gigabytes for a moment",
)
