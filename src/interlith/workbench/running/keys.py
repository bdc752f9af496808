"""What is the name of a result before it is computed: everything that could change it, and nothing else?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from interlith.model import Decision, Format, Sample, Step
from interlith.workbench.running.code_versions import code_of
from interlith.workbench.running.jobs import FileWords

#: Changes with what a kept result means: how a measurement is built for a step, what an identifier is made of.
ARRANGEMENT = 1


def digest_of(*parts: Any) -> str:
    """SHA-256 (hex) of words and numbers."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=_named).encode()).hexdigest()


def _named(value: Any) -> list[str]:
    """What JSON has no form for, with its type: a day is not the text that it is written as."""
    return [type(value).__name__, str(value)]


def recognition_key(sha256: str, suffix: str, formats: Mapping[str, Format]) -> str:
    """Key of which format claims some bytes; any edit of a format may change it."""
    return digest_of("recognised", sha256, suffix, _sniffers(tuple(formats.values())))


@cache
def _sniffers(formats: tuple[Format, ...]) -> str:
    return digest_of([(item.name, item.technique, code_of(item.sniff.__module__).hash) for item in formats])


def reading_key(sha256: str, format_: Format, options: Mapping[str, Any]) -> str:
    """Key of what a reader finds in some bytes."""
    return digest_of(
        "reading", sha256, format_.name, format_.version, code_of(format_.read.__module__).hash, dict(options)
    )


def file_step_key(
    technique: str, step: Step, reading: str, words: Mapping[str, Any], decisions: Iterable[Decision]
) -> str:
    """Key of a step over one file: no declaration of the specimen enters it, nor its name."""
    return digest_of(
        technique, step.name, code_of(step.run.__module__).hash, dict(words), _essences(decisions), reading
    )


def specimen_step_key(
    technique: str,
    step: Step,
    inputs: Mapping[str, Sequence[str]],
    *,
    words: Mapping[str, Any],
    agreed: Mapping[str, Any],
    decisions: Iterable[Decision],
    sample: Sample,
    files: Sequence[FileWords],
) -> str:
    """Key of a step over one specimen; its declarations and files enter where the step looks at measurements."""
    seen: list[Any] = []
    if step.reads:
        # The key of the reading stands for all that the reader found; states and flags may come from other logs.
        told = [
            (item.name, item.part, item.inner, item.key, dict(item.state), item.reading.get("flags", ()))
            for item in files
        ]
        seen = [sample_words(sample), told]
    code = code_of(step.run.__module__).hash
    named = {name: list(keys) for name, keys in inputs.items()}
    return digest_of(
        ARRANGEMENT, technique, step.name, code, dict(words), dict(agreed), _essences(decisions), named, seen
    )


def sample_words(sample: Sample) -> dict[str, Any]:
    """The declarations of a specimen as words and numbers; not the note, which no step may look at."""
    return {name: value for name, value in asdict(sample).items() if name != "note"}


def _essences(decisions: Iterable[Decision]) -> list[Any]:
    return sorted([list(one.essence) for one in decisions], key=str)
