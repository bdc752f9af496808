"""What came out of one raw file, and which bytes did it come from?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from interlith.model.observable import State
from interlith.model.sample import Sample

if TYPE_CHECKING:
    import polars as pl
    import xarray as xr


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a reader or a self-check noticed and the user must see.

    Parameters
    ----------
    code
        Short stable word: ``counter_disagrees``, ``clock_jumps_back``, ``truncated`` ...
    message
        A sentence with the numbers.
    where
        Row, line, byte or step, as far as known.
    severity
        ``note`` (nothing lost), ``warning`` (numbers affected and marked) or ``error`` (numbers withheld).
    """

    code: str
    message: str
    where: str = ""
    severity: Literal["note", "warning", "error"] = "warning"


@dataclass(frozen=True, slots=True)
class Source:
    """The raw bytes behind a measurement: `path` relative to the study, digest, size, reader and its version.

    `key` names what the store remembers of the reading; it is made of the bytes, what the reader was told, and its code.
    `modified` is the time of the last change (ns) when the bytes were hashed, 0 where unknown.
    """

    path: str
    sha256: str
    size: int
    reader: str
    reader_version: str
    absolute: Path | None = None
    key: str = ""
    modified: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """Rows over time, lazy: columns carry the names and inside units of `interlith.units.QUANTITIES`."""

    frame: pl.LazyFrame
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrays:
    """Labelled arrays, lazy where large."""

    dataset: xr.Dataset


@dataclass(frozen=True, slots=True)
class Run:
    """A folder of calculation files with the digest of each member."""

    folder: Path
    members: Mapping[str, str]


Payload = Table | Arrays | Run


@dataclass(frozen=True, slots=True)
class Measurement:
    """One raw file read: who, in which state, from which bytes, and the payload.

    Parameters
    ----------
    sample
        The specimen.
    technique
        ``cycling``, ``impedance`` ...
    source
        The bytes.
    payload
        `Table`, `Arrays` or `Run`.
    state
        Declared or read state variables (temperature, cycle, voltage ...), each with its own uncertainty.
    original_metadata
        The vendor's own words, kept apart and never used silently.
    flags
        What the reader and the self-check noticed.
    part
        Position of this file among the parts of one restarted test, from 0.
    inner
        0 for the measurement that the file is about; from 1 for those of other techniques inside it, in file order.
    """

    sample: Sample
    technique: str
    source: Source
    payload: Payload
    state: Mapping[str, State] = field(default_factory=dict)
    original_metadata: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    part: int = 0
    inner: int = 0
