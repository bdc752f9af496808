"""What must somebody else know to do one piece of work for us, and what do they answer?

A job is words and numbers only, so that it travels as JSON to a child process or another machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

#: How a job ended. ``done``: the store holds its result or refusal. ``missing``: the store lacks an input, named in
#: `Done.reason`. The rest failed: a bug, the process died, it ran too long, it grew too large, the disk is full.
Fate = Literal["done", "missing", "failed", "crashed", "late", "large", "full"]


@dataclass(frozen=True, slots=True)
class FileWords:
    """One raw file of a job: `name` as the study writes it, where it lies, its bytes, how it is read and in which state.

    `modified` is the time of its last change (ns) when it was hashed, 0 where unknown; `state` maps a state variable to
    ``[value, low, high, unit]``; `key` is that of the reading and `reading` what it
    found (see `interlith.workbench.running.readings.words_of`), both empty for a job that reads; `inner` is the place of
    the measurement inside the file (see `interlith.model.Measurement`).
    """

    name: str
    path: str
    sha256: str
    size: int
    part: int = 0
    format: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, tuple[float, float, float, str]] = field(default_factory=dict)
    key: str = ""
    reading: Mapping[str, Any] = field(default_factory=dict)
    modified: int = 0
    inner: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One step for one file or specimen.

    Parameters
    ----------
    key
        Step key: the name of its result in the store.
    technique, step, specimen
        What is done for whom; a job with the step ``read`` reads a file and does the steps over files.
    files, sample
        The raw files, and the specimen's declarations as words; `sample` is empty for steps over files.
    inputs
        Keys of the results of earlier steps, by step.
    options, agreed, decisions
        As in `interlith.model.Given`; decisions as their fields, targets as text.
    """

    key: str
    technique: str
    step: str
    specimen: str
    files: tuple[FileWords, ...] = ()
    sample: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    agreed: Mapping[str, Any] = field(default_factory=dict)
    decisions: tuple[Mapping[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """For progress and messages: ``cycling summary of B1_02``."""
        return " ".join(word for word in (self.technique, self.step, "of", self.specimen) if word)

    def to_json(self) -> str:
        """The job as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Job:
        """The job of `to_json`."""
        words = json.loads(text)
        files = tuple(FileWords(**entry) for entry in words.pop("files"))
        inputs = {name: tuple(keys) for name, keys in words.pop("inputs").items()}
        decisions = tuple(words.pop("decisions"))
        return cls(files=files, inputs=inputs, decisions=decisions, **words)


@dataclass(frozen=True, slots=True)
class Done:
    """How a job ended.

    Parameters
    ----------
    key
        Of the job.
    fate, reason
        How it ended, and the sentence for the user where it failed; the missing key where the fate is ``missing``.
    seconds, memory
        Wall time (s) and peak resident memory of the process (bytes); 0 where unknown.
    documents
        Small notes for the catalogue by key (what a reader found in a file's head), written by the parent alone.
    entries
        Results written to the store: key -> size (bytes).
    refused
        Those of them that say that the data do not allow the step: key -> reason.
    """

    key: str
    fate: Fate = "done"
    reason: str = ""
    seconds: float = 0.0
    memory: int = 0
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    entries: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The answer as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Done:
        """The answer of `to_json`."""
        return cls(**json.loads(text))
