"""What does `interlith design` print and write?"""

from __future__ import annotations

from pathlib import Path

import typer

from interlith.app.exits import FINE, INCOMPLETE
from interlith.app.printing import echo, finding_lines
from interlith.app.progress import Progress
from interlith.errors import StudyError


def design_study(study: Path, output: Path | None) -> int:
    """``answers, failures = design("study.yaml"); il.report(answers, ...)``.

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
        answers, failures = design(study)
        progress(1, 2, "report")
        page = write_report(gather(answers, target / "design"), target) if answers else None
    for answer in answers:
        echo(finding_lines(answer.findings))
    for step, reason in failures:
        typer.echo(f"failed: {step}: {reason}")
    if page is not None:
        typer.echo(f"report: {page}")
    return INCOMPLETE if failures else FINE
