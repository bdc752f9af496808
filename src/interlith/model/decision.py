"""What did a person decide against, or in confirmation of, an automatic choice?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from interlith.errors import StudyError

#: ``path#sha256:first-12-hex[/part/number]``; the path is for people, the digest says which bytes are meant.
_TARGET = re.compile(r"(?P<path>.*)#sha256:(?P<digest>[0-9a-f]{12})[0-9a-f]*(?:/(?P<part>.+))?", re.DOTALL)

Value = str | float | int | bool


@dataclass(frozen=True, slots=True)
class Target:
    """What a decision is about: bytes of a file and a part of what they hold, or a whole technique.

    Parameters
    ----------
    text
        As written: ``cells/B1_02.ndax#sha256:9f2c41d0a7b3/half_cycle/37``, or ``cycling`` for a whole technique.
    path, digest
        Path of the file, and the first twelve hex digits of its SHA-256; both empty for a whole technique.
    part
        ``half_cycle/37``, ``plateau_share`` ...; empty for the whole file.
    """

    text: str
    path: str
    digest: str
    part: str

    @property
    def technique(self) -> str:
        """Name of the technique that is meant as a whole; empty where bytes are meant."""
        return "" if self.digest else self.text


def read_target(text: str) -> Target:
    """Take a target apart.

    Raises
    ------
    StudyError
        If it names neither bytes nor a technique.
    """
    found = _TARGET.fullmatch(text.strip())
    if found is not None:
        return Target(text.strip(), found["path"], found["digest"], found["part"] or "")
    if re.fullmatch(r"[a-z_]+", text.strip()):
        return Target(text.strip(), "", "", "")
    raise StudyError(
        f"'{text}' is no target; write path#sha256:first-12-hex/part/number as the report and `interlith explain` print it, "
        "or the name of a technique."
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """One entry of `decisions.yaml`: an automatic choice corrected or confirmed by a person, with the reason.

    Parameters
    ----------
    target
        What it is about.
    field
        Property of the target: ``step_type``, ``cycle_join``, ``include``, ``reference_cycle``, ``split_voltage`` ...
    value, was
        What holds now, and what the software had taken when the decision was written.
    reason, who, date
        Why, who and when (ISO text), for the report.
    line
        Line of `decisions.yaml`, for messages; 0 where it was made in memory.
    """

    target: Target
    field: str
    value: Value
    reason: str
    who: str = ""
    date: str = ""
    was: Value | None = None
    line: int = 0

    @property
    def essence(self) -> tuple[str, str, Value]:
        """What enters a step key: the bytes and part, the field and the value; not the words beside them or the path."""
        target = self.target
        return (f"{target.digest}/{target.part}" if target.digest else target.text, self.field, self.value)


def touching(
    decisions: Iterable[Decision], technique: str, digests: Iterable[str], fields: Iterable[str]
) -> tuple[Decision, ...]:
    """Decisions about the whole technique or about some bytes, in one of some fields.

    Parameters
    ----------
    decisions
        All of them.
    technique
        Name of the technique.
    digests
        SHA-256 (hex) of the files.
    fields
        Fields that matter.
    """
    short = {digest[:12] for digest in digests}
    wanted = set(fields)
    return tuple(
        one
        for one in decisions
        if one.field in wanted and (one.target.digest in short if one.target.digest else one.target.text == technique)
    )
