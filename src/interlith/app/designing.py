"""What does `interlith design` print and write?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from interlith.app.exits import FINE, INCOMPLETE
from interlith.app.printing import echo, finding_lines
from interlith.app.progress import Progress
from interlith.errors import StudyError


def design_study(study: Path, output: Path | None) -> int:
    """``il.report(design("study.yaml").answers, ...)``.

    Raises
    ------
    StudyError
        If the study asks for no design or for an unknown one, or the output is a file.
    """
    from interlith.reporting import write_report
    from interlith.reporting.write import gather
    from interlith.workbench.running.designs import design

    target = output or (study if study.is_dir() else study.parent) / "results" / "design"
    if target.exists() and not target.is_dir():
        raise StudyError(f"--output {target} is a file; name a folder.")
    with Progress("designing") as progress:
        progress(0, 2, "structures")
        made = design(study)
        progress(1, 2, "report")
        outcome = gather(list(made.answers), target / "design") if made.answers else None
        if outcome is not None:
            outcome = replace(outcome, study=replace(outcome.study, name=made.name))
        page = None if outcome is None else write_report(outcome, target)
    for answer in made.answers:
        echo(finding_lines(answer.findings))
    for step, reason in made.failures:
        typer.echo(f"failed: {step}: {reason}")
    if page is not None:
        typer.echo(f"report: {page}")
    return INCOMPLETE if made.failures else FINE
