"""What is claimed, on which observables does it rest, and what is the verdict?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["supported", "contradicted", "undecided", "descriptive"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement with the evidence for and against it.

    Parameters
    ----------
    kind
        ``ratio``, ``difference``, ``equivalence``, ``audit`` ...
    statement
        One sentence that stands alone in a report.
    verdict
        ``descriptive`` means: true of these specimens, no inference to others (below two units of replication).
    estimate, low, high, level, unit
        The effect and its interval; ``inf`` bounds where a kind of uncertainty is unknown.
    probability
        Probability that the declared criterion is met, where one was declared; `None` otherwise.
    units
        Number of independent units of replication by variant.
    supporting, opposing
        Identifiers of the observables for and against.
    caveats
        Sentences that must stand beside the number wherever it is shown.
    details
        Further numbers by name (adjusted level, cells for 80 % power, with and without exclusions ...).
    """

    kind: str
    statement: str
    verdict: Verdict
    quantity: str = ""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    unit: str = ""
    probability: float | None = None
    units: Mapping[str, int] = field(default_factory=dict)
    supporting: tuple[str, ...] = ()
    opposing: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    details: Mapping[str, float | int | str | None] = field(default_factory=dict)
