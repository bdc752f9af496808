"""Which format is this file, and what does it hold?"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from interlith.errors import ReadError, nearest
from interlith.model import Format, Measurement, Reading, Sample, Series, Source, State
from interlith.workbench.discovery import formats
from interlith.workbench.told_states import settled

#: Bytes that a format may look at to recognise itself.
HEAD_BYTES = 65_536
#: Below this confidence no format claims a file.
LEAST_CONFIDENCE = 0.3


@dataclass(frozen=True, slots=True)
class Recognised:
    """The format that claims a file, how sure it is, and the technique that the file feeds; `None` if none does."""

    format: Format | None
    confidence: float
    technique: str = ""


def recognise(path: Path) -> Recognised:
    """Find the format of a file by its content.

    Raises
    ------
    ReadError
        If the file cannot be opened, is no regular file, or is empty.
    """
    try:
        check_regular(path)
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
    claimed = formats()[name]
    return Recognised(claimed, confidence, _feeds(claimed, head, path))


def check_regular(path: Path) -> None:
    """Refuse what is no file before it is opened: a pipe without a writer would never answer.

    Raises
    ------
    ReadError
        If it is a folder, a pipe, a socket or a device.
    OSError
        If it is not there.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise ReadError(f"{path}: this is a folder; name a file in it.")
    if not stat.S_ISREG(mode):
        raise ReadError(f"{path}: this is a pipe, a socket or a device and no file; copy its content into a file.")


def _check_there(path: Path) -> None:
    try:
        check_regular(path)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error


def _feeds(claimed: Format, head: bytes, path: Path) -> str:
    return claimed.technique if claimed.technique_of is None else claimed.technique_of(head, path)


#: Techniques whose measurement is the same table of time, voltage and current: what a file of one holds, its row may declare as another.
ONE_TABLE = frozenset({"cycling", "voltammetry", "polarisation"})


def wrong_technique(claimed: Format, feeds: str, declared: str) -> str:
    """What to say of a file that feeds another technique than its row declares; empty where it is right."""
    if feeds == declared or {feeds, declared} <= ONE_TABLE:
        return ""
    return (
        f"this is {claimed.title}, which feeds '{feeds}', but measurements.csv declares '{declared}'; correct the column "
        "technique."
    )


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
        _check_there(path)
        found = formats()[format_name]
    else:
        claimed = recognise(path).format
        if claimed is None:
            raise ReadError(f"{path}: {no_reader()}")
        found = claimed
    return found, _read(found, path, options or {})


def _read(found: Format, path: Path, options: Mapping[str, Any]) -> Reading:
    """What a format reads; a table that turns out damaged while it is looked at is refused like any other damage."""
    from polars.exceptions import PolarsError

    from interlith.layouts.lazy_text import refusal

    try:
        return found.read(path, options)
    except PolarsError as error:
        raise refusal(error, str(path)) from error


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
    return measure_all(path, sample, name=name, technique=technique, state=state, options=options, part=part)[0]


def measure_all(
    path: Path,
    sample: Sample,
    *,
    name: str | None = None,
    technique: str | None = None,
    state: Mapping[str, State] | None = None,
    options: Mapping[str, Any] | None = None,
    part: int = 0,
) -> tuple[Measurement, ...]:
    """Read one file into its measurement and those of other techniques inside it, such as spectra between cycles.

    Raises
    ------
    ReadError
        As `measure`.
    """
    claimed = recognise(path)
    if claimed.format is None:
        raise ReadError(f"{path}: {no_reader()}")
    found, feeds = claimed.format, claimed.technique
    if technique is not None and (said := wrong_technique(found, feeds, technique)):
        raise ReadError(f"{path}: {said}")
    reading = _read(found, path, options or {})
    source = Source(name or path.name, digest(path), path.stat().st_size, found.name, found.version, path.resolve())
    known, flags = settled(state or {}, reading.state)
    whole = Measurement(
        sample, technique or feeds, source, reading.payload, known, reading.metadata, (*reading.flags, *flags), part
    )
    inner = (
        Measurement(
            sample, one.technique, source, one.payload, {**(state or {}), **one.state}, {"where": one.where}, (), number - 1,
            number,
        )
        for number, one in enumerate(reading.within, start=1)
    )  # fmt: skip
    return whole, *inner


def as_series(data: object, *, kind: str | None = None, technique: str | None = None) -> Series:
    """Take a series, a measurement, a path or several of them; a path becomes a series of what it holds.

    Parameters
    ----------
    data
        `Series`, `Measurement`, path, or a list of these.
    kind
        Kind of cell (``half_cathode``, ``half_anode``, ``full``) for bare paths, where no study declares it.
    technique
        Of a path, take the measurements of this technique: spectra inside a cycling file are ``impedance``. Without it,
        take the one that the file is about.

    Raises
    ------
    ReadError
        If a path cannot be read, or holds nothing for the technique.
    TypeError
        If the data are of another type.
    """
    if isinstance(data, Series):
        return data
    if isinstance(data, Measurement):
        return Series((data,))
    if isinstance(data, (str, Path)):
        path = Path(data)
        found = measure_all(path, Sample(name=path.stem, variant=path.stem, cell_kind=kind))
        if technique is None:
            return Series(found[:1])
        mine = tuple(item for item in found if item.technique == technique)
        if not mine and {found[0].technique, technique} <= ONE_TABLE:
            mine = (replace(found[0], technique=technique),)
        if not mine:
            raise ReadError(f"{path}: this file feeds '{found[0].technique}' and holds nothing for '{technique}'.")
        return Series(mine)
    if isinstance(data, (list, tuple)):
        return Series(tuple(item for entry in data for item in as_series(entry, kind=kind, technique=technique)))
    raise TypeError(f"{type(data).__name__} is no series, measurement or path of a raw file.")
