"""Which format is this file, and what does it hold?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlith.errors import ReadError, nearest
from interlith.model import Format, Measurement, Reading, Sample, Series, Source, State
from interlith.workbench.discovery import formats

#: Bytes that a format may look at to recognise itself.
HEAD_BYTES = 65_536
#: Below this confidence no format claims a file.
LEAST_CONFIDENCE = 0.3


@dataclass(frozen=True, slots=True)
class Recognised:
    """The format that claims a file and how sure it is; `None` if none does."""

    format: Format | None
    confidence: float


def recognise(path: Path) -> Recognised:
    """Find the format of a file by its content.

    Raises
    ------
    ReadError
        If the file cannot be opened or is empty.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(HEAD_BYTES)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if not head:
        raise ReadError(f"{path}: the file is empty (0 bytes); copy it again from the instrument.")
    scored = [(item.sniff(head, path), item.name) for item in formats().values()]
    confidence, name = max(scored, default=(0.0, ""))
    if confidence < LEAST_CONFIDENCE:
        return Recognised(None, confidence)
    return Recognised(formats()[name], confidence)


def read_file(
    path: Path, *, format_name: str | None = None, options: Mapping[str, Any] | None = None
) -> tuple[Format, Reading]:
    """Read a file with the format that its content names, or with a declared one.

    Raises
    ------
    ReadError
        If no format claims the file or the reader refuses: the message says where and what to do.
    """
    if format_name is not None:
        if format_name not in formats():
            raise ReadError(f"{path}: there is no format '{format_name}'; {nearest(format_name, formats())}.")
        found = formats()[format_name]
    else:
        claimed = recognise(path).format
        if claimed is None:
            raise ReadError(f"{path}: {no_reader()}")
        found = claimed
    return found, found.read(path, options or {})


def no_reader() -> str:
    """What to do with a file that no format claims."""
    return (
        "no reader knows this content. Export it as delimited text and declare its columns under "
        "`analyses: cycling: mapping:` in study.yaml, or remove the row."
    )


def digest(path: Path, *, progress: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file, read in blocks."""
    with path.open("rb") as handle:
        if progress is None:
            return hashlib.file_digest(handle, "sha256").hexdigest()
        found = hashlib.sha256()
        while block := handle.read(1 << 22):
            found.update(block)
            progress(len(block))
        return found.hexdigest()


def measure(
    path: Path,
    sample: Sample,
    *,
    name: str | None = None,
    technique: str | None = None,
    state: Mapping[str, State] | None = None,
    options: Mapping[str, Any] | None = None,
    part: int = 0,
) -> Measurement:
    """Read one file into a measurement; `name` is its path as the study writes it.

    Raises
    ------
    ReadError
        If the file cannot be read, or feeds another technique than the one declared.
    """
    found, reading = read_file(path, options=options)
    if technique is not None and found.technique != technique:
        raise ReadError(
            f"{path}: this is {found.title}, which feeds '{found.technique}', but measurements.csv declares '{technique}'; "
            "correct the column technique."
        )
    source = Source(name or path.name, digest(path), path.stat().st_size, found.name, found.version, path.resolve())
    return Measurement(
        sample, found.technique, source, reading.payload, state or {}, reading.metadata, reading.flags, part
    )


def as_series(data: object, *, kind: str | None = None) -> Series:
    """Take a series, a measurement, a path or several of them; a path becomes a series of one.

    Parameters
    ----------
    data
        `Series`, `Measurement`, path, or a list of these.
    kind
        Kind of cell (``half_cathode``, ``half_anode``, ``full``) for bare paths, where no study declares it.

    Raises
    ------
    ReadError
        If a path cannot be read.
    TypeError
        If the data are of another type.
    """
    if isinstance(data, Series):
        return data
    if isinstance(data, Measurement):
        return Series((data,))
    if isinstance(data, (str, Path)):
        path = Path(data)
        return Series((measure(path, Sample(name=path.stem, variant=path.stem, cell_kind=kind)),))
    if isinstance(data, (list, tuple)):
        return Series(tuple(item for entry in data for item in as_series(entry, kind=kind)))
    raise TypeError(f"{type(data).__name__} is no series, measurement or path of a raw file.")
