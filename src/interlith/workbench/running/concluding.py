"""What do the results of a study say together: contrasts, audits, figures, and which choices matter?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from interlith import evidence
from interlith.errors import InterlithError, StudyError
from interlith.evidence.agreement import agreement
from interlith.model import Choice, Figure, Finding, Result, Statement, Study
from interlith.model.observable import to_frame
from interlith.workbench.contrasts import contrast, gather, headlines_of, planned
from interlith.workbench.corrections.weighing import weighed
from interlith.workbench.external.reading import without_doubles
from interlith.workbench.running.designs import designed
from interlith.workbench.running.session import Session
from interlith.workbench.running.statements import stated
from interlith.workbench.running.taking import Failures, Taken

if TYPE_CHECKING:
    import polars as pl


@dataclass(slots=True)
class Concluded:
    """What follows from the results of a study."""

    results: tuple[Result, ...]
    observables: pl.DataFrame
    findings: tuple[Finding, ...] = ()
    figures: tuple[Figure, ...] = ()
    choices: tuple[Choice, ...] = ()
    failures: Failures = field(default_factory=list)
    designs: tuple[Statement, ...] = ()


def conclude(
    study: Study, taken: Sequence[Taken], external: Sequence[Result], work: Session, *, contrasts: bool
) -> Concluded:
    """Figures, contrasts and audits of results that are all there; each failure becomes an entry."""
    import polars as pl

    failures: Failures = []
    figures = [figure for one in taken if one.results for figure in _figures(one, study.simulated, failures)]
    results = tuple(result for one in taken for result in one.results)
    own = gather(results) if results else to_frame(())
    table = gather((*results, *external)) if external else own
    choices: tuple[Choice, ...] = tuple(choice for result in results for choice in result.choices)
    findings: list[Finding] = []
    designs: list[Statement] = []
    if contrasts:
        findings = _findings(study, own, taken, external, failures)
        if study.design:
            designs, said = designed(study.design, study.folder)
            failures += said
        # A number from geometry is one more route to a quantity, but not one that was measured: evidence may use it, the
        # table of what was measured does not hold it.
        known = pl.concat([table, *(one.table for one in designs)], how="vertical") if designs else table
        made, said = stated(study, known)
        failures += said
        for statement in (*designs, *made):
            findings += statement.findings
            figures += statement.figures
        choices = weighed(study, taken, choices, own, work.store)
    return Concluded((*results, *external), table, tuple(findings), tuple(figures), choices, failures, tuple(designs))


def _figures(taken: Taken, simulated: bool, failures: Failures) -> list[Figure]:
    try:
        found = taken.technique.figures(taken.results)
        return [replace(figure, simulated=simulated or figure.simulated) for figure in found]
    except InterlithError as error:
        failures.append((f"{taken.technique.name}, figures", str(error)))
        return []


def _findings(
    study: Study, own: pl.DataFrame, taken: Sequence[Taken], external: Sequence[Result], failures: Failures
) -> list[Finding]:
    findings: list[Finding] = []
    table, _ = without_doubles(own, [result.table for result in external])
    if study.reference is not None and table.height:
        findings += _contrasts(study, table, taken, failures)
    if external:
        try:
            findings += agreement(own, gather(external))
        except StudyError as error:
            failures.append(("comparison with other programs", str(error)))
    claims = study.folder / "claims.yaml"
    if claims.exists():
        try:
            findings += evidence.audit(claims)
        except InterlithError as error:
            failures.append(("audit of claims.yaml", str(error)))
    return findings


def _contrasts(study: Study, table: pl.DataFrame, taken: Sequence[Taken], failures: Failures) -> list[Finding]:
    """Every planned contrast, with and without the specimens that a person left out."""
    import polars as pl

    headlines = headlines_of([one.technique for one in taken])
    results = [result for one in taken for result in one.results]
    left_out = [result for one in taken for result in one.left_out]
    everything = pl.concat([table, gather(left_out)], how="vertical") if left_out else table
    plan = planned(study, table, list(headlines))
    reasons = {item.sample.name: reason for item, reason in study.excluded}
    findings: list[Finding] = []
    for quantity, at in plan:
        try:
            findings += contrast(
                everything, quantity, at=at, to=None, kind=headlines.get(quantity, "ratio"), study=study,
                results=[*results, *left_out], excluded=reasons,
                secondary=max(1, len(plan) - 1) * max(1, len(study.variants) - 1),
            )  # fmt: skip
        except InterlithError as error:
            failures.append((f"contrast of {quantity}", str(error)))
    return findings
