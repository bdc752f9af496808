"""How does a study become observables, findings and figures, with every failure kept apart?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith import evidence
from interlith.errors import InterlithError, StudyError, nearest
from interlith.model import Figure, Finding, Result, Series, Study, StudyOutcome, Technique
from interlith.model.observable import to_frame
from interlith.workbench.contrasts import contrast, gather, planned
from interlith.workbench.discovery import techniques
from interlith.workbench.identity import identify, step_key
from interlith.workbench.schema import READER_WORDS

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[int, int, str], None]
Failures = list[tuple[str, str]]


def run(study: Study | str | Path, *, contrasts: bool = True, progress: Progress | None = None) -> StudyOutcome:
    """Run every technique of a study, then the evidence.

    A specimen or step that fails becomes an entry in ``failures``; the rest goes on.

    Parameters
    ----------
    study
        A study, or its folder.
    contrasts
        Also compare variants and audit `claims.yaml`.
    progress
        Called as ``progress(done, total, label)``.

    Raises
    ------
    StudyError
        If `study.yaml` asks for an unknown option: nothing ran.
    """
    from interlith.workbench.opening import open_study

    began = time.monotonic()
    opened = study if isinstance(study, Study) else open_study(study, progress=progress)
    ready = {name: techniques()[name] for name in opened.techniques if name in techniques()}
    for name, technique in ready.items():
        check_options(technique, opened.analyses.get(name, {}))
    failures: Failures = []
    results: list[Result] = []
    figures: list[Figure] = []
    for number, (name, technique) in enumerate(ready.items()):
        found = _analyse(opened, technique, opened[name], failures)
        results += found
        if found:
            figures += _figures(technique, found, opened.simulated, failures)
        if progress is not None:
            progress(number + 1, len(ready) + 1, name)
    table = gather(results) if results else to_frame(())
    findings = _findings(opened, table, results, list(ready.values()), failures) if contrasts else []
    return StudyOutcome(
        study=opened,
        results=tuple(results),
        observables=table,
        findings=tuple(findings),
        figures=tuple(figures),
        choices=tuple(choice for result in results for choice in result.choices),
        failures=tuple(failures),
        seconds=time.monotonic() - began,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def check_options(technique: Technique, options: Mapping[str, Any]) -> None:
    """Refuse a word under ``analyses: <technique>:`` that the technique does not know.

    Raises
    ------
    StudyError
        Naming the nearest allowed word.
    """
    for word in options:
        allowed = {**technique.options, **READER_WORDS}
        if word not in allowed:
            raise StudyError(f"study.yaml, analyses: {technique.name}: '{word}' is unknown; {nearest(word, allowed)}.")


def _analyse(study: Study, technique: Technique, series: Series, failures: Failures) -> list[Result]:
    options = study.analyses.get(technique.name, {})
    try:
        found = technique.analyse(series, options)
    except InterlithError as error:
        failures.append((technique.name, str(error)))
        return []
    done = []
    for result in found:
        key = step_key(technique.name, result.name, options)
        done.append(replace(result, table=identify(result.table, study.name, key)))
        failed = result.quality.rows(named=True) if result.quality.height else []
        failures += [
            (f"{technique.name}, {row['step']}, {row['sample']}", row["reason"]) for row in failed if not row["ok"]
        ]
    return done


def _figures(technique: Technique, results: Sequence[Result], simulated: bool, failures: Failures) -> list[Figure]:
    try:
        return [replace(figure, simulated=simulated or figure.simulated) for figure in technique.figures(results)]
    except InterlithError as error:
        failures.append((f"{technique.name}, figures", str(error)))
        return []


def _findings(
    study: Study, table: pl.DataFrame, results: Sequence[Result], ready: Sequence[Technique], failures: Failures
) -> list[Finding]:
    findings: list[Finding] = []
    headlines = {name: kind for technique in ready for name, kind in technique.headlines.items()}
    if study.reference is not None and table.height:
        plan = planned(study, table, list(headlines))
        left_out, reasons = _excluded(study, ready, failures)
        everything, joined = (gather([*results, *left_out]), [*results, *left_out]) if left_out else (table, results)
        for quantity, at in plan:
            try:
                findings += contrast(
                    everything, quantity, at=at, to=None, kind=headlines.get(quantity, "ratio"), study=study, results=joined, excluded=reasons,
                    secondary=max(1, len(plan) - 1) * max(1, len(study.variants) - 1),
                )  # fmt: skip
            except InterlithError as error:
                failures.append((f"contrast of {quantity}", str(error)))
    claims = study.folder / "claims.yaml"
    if claims.exists():
        try:
            findings += evidence.audit(claims)
        except InterlithError as error:
            failures.append(("audit of claims.yaml", str(error)))
    return findings


def _excluded(study: Study, ready: Sequence[Technique], failures: Failures) -> tuple[list[Result], dict[str, str]]:
    """Results of the excluded specimens with their reasons, so that contrasts can be shown with and without them."""
    left_out: list[Result] = []
    reasons: dict[str, str] = {}
    for technique in ready:
        chosen = [(item, reason) for item, reason in study.excluded if item.technique == technique.name]
        if chosen:
            reasons |= {item.sample.name: reason for item, reason in chosen}
            left_out += _analyse(study, technique, Series(tuple(item for item, _ in chosen)), failures)
    return left_out, reasons
