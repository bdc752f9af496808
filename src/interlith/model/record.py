"""What did one step of a run take in, with which code and options, and how did it end?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FileRecord:
    """Raw bytes that a step looked at: `path` relative to the study folder, never a path of the machine."""

    path: str
    sha256: str
    size: int
    reader: str = ""
    reader_version: str = ""
    part: int = 0


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a run for one file or specimen: all that `interlith explain` needs to find the way back.

    Parameters
    ----------
    key
        Step key; the number's identifier follows from it and from the number's row.
    technique, step, specimen
        What was done for whom; `specimen` is the sample's name, or the file's for steps over files.
    files
        Raw bytes behind it, those of its inputs included.
    inputs
        Keys of the results of earlier steps, by step.
    options
        Option words that it read, with their values.
    agreed
        What all specimens have in common for this step.
    decisions
        Decisions of people that touched it: ``target``, ``field``, ``value``, ``was``, ``reason``, ``who``, ``date``.
    code
        Code version of the step.
    modules
        First-party module -> short hash of its source; records of one step may share the mapping.
    versions
        Library -> version.
    fate, reason
        ``done``, ``refused`` (the data do not allow it), ``failed`` ... and the sentence where it is not ``done``.
    seconds
        Wall time of the step (s); 0 where unknown or cached.
    cached
        Whether the result came from the store.
    """

    key: str
    technique: str
    step: str
    specimen: str
    files: tuple[FileRecord, ...] = ()
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    agreed: Mapping[str, Any] = field(default_factory=dict)
    decisions: tuple[Mapping[str, Any], ...] = ()
    code: str = ""
    modules: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    fate: str = "done"
    reason: str = ""
    seconds: float = 0.0
    cached: bool = False
