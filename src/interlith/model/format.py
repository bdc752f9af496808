"""What must a file format provide so that a folder of raw files can be read?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith.model.measurement import Flag, Payload
from interlith.model.observable import State

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Within:
    """A measurement of another technique inside the same file: a spectrum that a cycling protocol took between its steps.

    Parameters
    ----------
    technique
        The technique that it feeds.
    payload
        Its data under inside names and units.
    state
        What the file says of the state it was taken in: ``voltage`` of the step before, ``cycle`` ...
    where
        Rows or step of the file, for people: ``rows 1201-1260``.
    """

    technique: str
    payload: Payload
    state: Mapping[str, State] = field(default_factory=dict)
    where: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader returns.

    Parameters
    ----------
    payload
        The data under inside names and units.
    metadata
        The vendor's header, as found.
    flags
        What the reader noticed while reading.
    proposals
        Numbers found in the header that the user may confirm, as text with unit: ``{"active_mass": "2.08 mg"}``.
    test
        Identity of the test for grouping restarted parts, as far as the vendor gives it: keys ``channel``,
        ``test_id``, ``start`` (ISO text), ``barcode``.
    within
        Measurements of other techniques inside the same file, in file order.
    state
        State that the file itself declares: ``temperature`` of a scan ... It becomes the state of the measurement where
        `measurements.csv` declares none; where both do and their intervals do not meet, the declared one stays and a flag
        says so.
    """

    payload: Payload
    metadata: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    proposals: Mapping[str, str] = field(default_factory=dict)
    test: Mapping[str, str] = field(default_factory=dict)
    within: tuple[Within, ...] = ()
    state: Mapping[str, State] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Format:
    """One vendor format: found by package scan and entry points.

    Parameters
    ----------
    name
        Stable word used in `measurements.csv`, errors and provenance: ``neware_ndax``.
    title
        For people: ``Neware .ndax``.
    patterns
        Lower-case glob patterns of file names, a hint only.
    sniff
        ``sniff(head, path) -> confidence`` in [0, 1] from the first 64 KiB of content; never raises, never trusts
        the extension alone.
    read
        ``read(path, options) -> Reading``; raises `ReadError` naming file and byte, line or column. A format that
        exists to refuse raises with the export to make.
    source
        Where the layout is known from (documentation, DOI, public repository).
    technique
        The technique that a file of this format feeds.
    technique_of
        ``technique_of(head, path) -> technique`` where it hangs on the content of the file; never raises.
    version
        Of the reader; enters provenance.
    versions_seen
        Vendor versions that tests cover.
    write
        ``write(frame, path, metadata)`` where the simulator needs it.
    refuses
        For vendor binaries that cannot be read: the sentence that names the export to make.
    reads, limits
        For people: what is read of such files, and what of them is refused or left out.
    """

    name: str
    title: str
    patterns: tuple[str, ...]
    sniff: Callable[[bytes, Path], float]
    read: Callable[[Path, Mapping[str, Any]], Reading]
    source: str
    technique: str = "cycling"
    technique_of: Callable[[bytes, Path], str] | None = None
    version: str = "1"
    versions_seen: tuple[str, ...] = ()
    write: Callable[[pl.DataFrame, Path, Mapping[str, Any]], None] | None = None
    refuses: str = ""
    reads: str = ""
    limits: str = ""
