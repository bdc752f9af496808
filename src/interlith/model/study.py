"""What is compared, how is it replicated, what is missing, and which files could not be read?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from interlith.errors import StudyError, nearest
from interlith.model.decision import Decision
from interlith.model.measurement import Measurement
from interlith.model.sample import Sample, Variant
from interlith.model.series import Series


@dataclass(frozen=True, slots=True)
class Replication:
    """The independent unit (``cell``, ``electrode`` or ``batch``), the group that correlates units, declared spreads.

    `spread` maps a quantity to a relative between-unit standard deviation with a source, for use below two units.
    """

    unit: str = "cell"
    group: str | None = None
    spread: Mapping[str, tuple[float, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Primary:
    """The one declared endpoint: quantity, state (``{"cycle": 200}``) and criterion (``at_least`` or ``at_most``).

    `criterion` is a relative change in the reference where `relative` is true, else a value in `unit`.
    """

    quantity: str
    at: Mapping[str, float]
    sense: str | None = None
    criterion: float | None = None
    relative: bool = True
    unit: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing that the user can fill: file, cell or key, and what depends on it."""

    where: str
    what: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that was not read, why, and what to do."""

    path: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """A folder of raw files with its declarations; made by `interlith.open_study`.

    `decisions` are the corrections of `decisions.yaml`, `external` the tables of other programs, `join` what the study
    says of states that stand in another log, `evidence` and `design` the statements it asks for with their options.
    """

    name: str
    folder: Path
    reference: str | None
    replication: Replication
    primary: Primary | None
    variants: Mapping[str, Variant]
    samples: tuple[Sample, ...]
    measurements: tuple[Measurement, ...]
    excluded: tuple[tuple[Measurement, str], ...] = ()
    unread: tuple[Unread, ...] = ()
    gaps: tuple[Gap, ...] = ()
    analyses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    simulated: bool = False
    decisions: tuple[Decision, ...] = ()
    external: tuple[str, ...] = ()
    join: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    evidence: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    design: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def __getitem__(self, technique: str) -> Series:
        """All included measurements of a technique.

        Raises
        ------
        StudyError
            If the study holds none: the message lists the techniques it has.
        """
        found = tuple(item for item in self.measurements if item.technique == technique)
        if not found:
            have = {item.technique for item in self.measurements}
            raise StudyError(f"The study has no readable '{technique}' measurement; {nearest(technique, have)}.")
        return Series(found)

    @property
    def techniques(self) -> tuple[str, ...]:
        """Techniques that have at least one readable measurement."""
        return tuple(dict.fromkeys(item.technique for item in self.measurements))
