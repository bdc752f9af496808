"""What came out of running a whole study: everything a report shows, and nothing that it must work out itself?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlith.model.choice import Choice
from interlith.model.figure import Figure
from interlith.model.finding import Finding
from interlith.model.record import StepRecord
from interlith.model.result import Result
from interlith.model.statement import Statement
from interlith.model.study import Study

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class StudyOutcome:
    """A study that was run.

    Parameters
    ----------
    study
        What was asked, of which specimens and files; unread files and gaps included.
    results
        One entry an analysis that ran, in the order of the study.
    observables
        All numbers, columns of `interlith.model.SCHEMA` and ``components``, identifiers filled in.
    findings
        What evidence concluded; the primary endpoint first where one is declared.
    figures
        Declared as data.
    choices
        Every automatic decision, those of the joins and readers included.
    failures
        Steps that failed: which step, and the sentence that says why and what to do.
    seconds
        Wall time of the run (s); 0 where unknown.
    created
        When, as ISO text; empty leaves the date out, which makes two reports of one outcome equal byte for byte.
    records
        One entry a step result, those from the store included: where each number comes from.
    designs
        Answers to what the study asks for under ``design:``; their findings and figures stand among the others.
    """

    study: Study
    results: tuple[Result, ...]
    observables: pl.DataFrame
    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()
    choices: tuple[Choice, ...] = ()
    failures: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    created: str = ""
    records: tuple[StepRecord, ...] = ()
    designs: tuple[Statement, ...] = ()

    @property
    def only_designed(self) -> bool:
        """Whether everything follows from structures and declared numbers, and nothing was measured."""
        return bool(self.designs) and not self.study.measurements and not self.results

    @property
    def simulated(self) -> bool:
        """Whether any number rests on simulated raw data; every page, figure and table must then say so."""
        return self.study.simulated or any(figure.simulated for figure in self.figures)
