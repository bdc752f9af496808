"""What does one piece of evidence say, which numbers does it yield for further evidence, and how is it drawn?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interlith.model.figure import Figure
from interlith.model.finding import Finding
from interlith.model.observable import Observable


@dataclass(frozen=True, slots=True)
class Statement:
    """What a function of `interlith.evidence` answers.

    Parameters
    ----------
    findings
        One sentence each with estimate, interval and verdict; one a curve, pair or rival, as the function says.
    observables
        The numbers behind them with their uncertainty by component (an onset, an intercept, a weight), so that further
        evidence and ratios treat what they share as shared.
    figures
        At least one: the data as they were used, the model, the number and its interval.
    """

    findings: tuple[Finding, ...]
    observables: tuple[Observable, ...]
    figures: tuple[Figure, ...]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, index: int) -> Finding:
        return self.findings[index]
