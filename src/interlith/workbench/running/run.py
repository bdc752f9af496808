"""How does a study become observables, findings and figures, with every failure kept apart?"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interlith.errors import StudyError, nearest
from interlith.model import Choice, Result, Study, StudyOutcome, Technique
from interlith.workbench.corrections.decisions import vanished
from interlith.workbench.declaring.attached import attached_files
from interlith.workbench.declaring.design_files import design_files
from interlith.workbench.declaring.schema import READER_WORDS
from interlith.workbench.discovery import techniques
from interlith.workbench.executors import Executor
from interlith.workbench.external.reading import external_results
from interlith.workbench.opening import opened
from interlith.workbench.running.code_versions import numerical_versions, package_hash
from interlith.workbench.running.designs import check_designs
from interlith.workbench.running.keys import digest_of
from interlith.workbench.running.session import Progress, Session, session
from interlith.workbench.running.statements import check_statements
from interlith.workbench.running.taking import Failures, Taken, take
from interlith.workbench.store import Store

#: Files of a study whose every byte may change what is reported.
STUDY_FILES = ("study.yaml", "measurements.csv", "decisions.yaml", "claims.yaml")


@dataclass(slots=True)
class Prepared:
    """A study whose steps are all taken; what is left to do follows from these results alone, and `key` names it."""

    study: Study
    taken: list[Taken]
    external: list[Result] = field(default_factory=list)
    joined: list[Choice] = field(default_factory=list)
    failures: Failures = field(default_factory=list)
    seconds: float = 0.0
    key: str = ""

    @property
    def computed(self) -> int:
        """Steps that were taken now."""
        return sum(not record.cached for taken in self.taken for record in taken.records)

    @property
    def steps(self) -> int:
        """Steps that there are."""
        return sum(len(taken.records) for taken in self.taken)


def run(
    study: Study | str | Path,
    *,
    contrasts: bool = True,
    progress: Progress | None = None,
    store: Store | Path | str | None = None,
    execute: str | Executor = "auto",
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
) -> StudyOutcome:
    """Run every technique of a study, then the evidence.

    Results of single steps are kept in the store under a key of all that made them; a second run, or one after a change
    or an interruption, takes only the steps whose key is new. A specimen or step that fails becomes an entry in
    ``failures``; the rest goes on.

    Parameters
    ----------
    study
        A study, or its folder.
    contrasts
        Also compare variants, audit `claims.yaml` and recompute headline numbers with the runner-up of doubtful choices.
    progress
        Called as ``progress(done, total, label)``.
    store
        An open store or its folder; by default that of ``INTERLITH_STORE``, else of the user's cache.
    execute
        Who does the work: ``inline`` (this process), ``processes`` (supervised child processes), ``cluster`` (an own
        local dask cluster), the address of a dask scheduler, an executor, or ``auto`` (processes where there is much to
        do).
    workers, time_limit, memory_limit
        Number of processes, seconds a step, bytes of resident memory a process.

    Raises
    ------
    StudyError
        If `study.yaml` asks for an unknown option: nothing ran.
    OSError
        If the disk is full: what was finished is kept, and the next run goes on from there.
    """
    began = time.monotonic()
    with session(
        store=store, execute=execute, workers=workers, time_limit=time_limit, memory_limit=memory_limit, progress=progress
    ) as work:  # fmt: skip
        prepared = prepare(study, work)
        return finish(prepared, work, contrasts=contrasts, began=began)


def finish(prepared: Prepared, work: Session, *, contrasts: bool = True, began: float) -> StudyOutcome:
    """Findings, figures and choices of a prepared study."""
    # Statistics take a second to import; a run that finds nothing changed does without them.
    from interlith.workbench.running.concluding import conclude

    concluded = conclude(prepared.study, prepared.taken, prepared.external, work, contrasts=contrasts)
    return StudyOutcome(
        study=prepared.study,
        results=concluded.results,
        observables=concluded.observables,
        findings=concluded.findings,
        figures=concluded.figures,
        choices=(*prepared.joined, *concluded.choices),
        failures=(*prepared.failures, *concluded.failures),
        seconds=time.monotonic() - began,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        records=tuple(record for taken in prepared.taken for record in taken.records),
        designs=concluded.designs,
    )


def prepare(study: Study | str | Path, work: Session) -> Prepared:
    """Open a study and take all steps of its techniques, as far as the store lacks them."""
    found = study if isinstance(study, Study) else opened(Path(study), work, ahead=True)
    ready = {name: techniques()[name] for name in found.techniques if name in techniques()}
    for name, technique in ready.items():
        check_options(technique, found.analyses.get(name, {}))
    if found.evidence:
        check_statements(found.evidence)
    if found.design:
        check_designs(found.design)
    found, choices, failures = _joined(found)
    prepared = Prepared(found, [take(technique, found, work) for technique in ready.values()], joined=choices)
    prepared.external, said = external_results(found, found.external)
    wanted = {name: _as_wanted(technique, found.analyses.get(name, {})) for name, technique in ready.items()}
    bytes_of = {
        item.source.path: item.source.sha256 for item in (*found.measurements, *(one for one, _ in found.excluded))
    }
    prepared.failures = [("decisions.yaml", said) for _, said in vanished(found.decisions, bytes_of, wanted)]
    prepared.failures += failures
    prepared.failures += [("external", sentence) for sentence in said]
    prepared.failures += [failure for taken in prepared.taken for failure in taken.failures]
    work.store.used({record.key for taken in prepared.taken for record in taken.records})
    prepared.key = _key(prepared)
    return prepared


def _joined(study: Study) -> tuple[Study, list[Choice], Failures]:
    """The study with the states that stand in other logs, as its ``join:`` says."""
    if not study.join:
        return study, [], []
    from interlith.workbench.joining.study_joining import joined

    done = joined(study)
    return done.study, [choice for join in done.joins.values() for choice in join.choices], list(done.failures)


def _as_wanted(technique: Technique, options: Mapping[str, Any]) -> Technique:
    """A technique with the steps that the study takes: a decision for another step would touch nothing."""
    given = {word: value for word, value in options.items() if value is not None}
    return replace(technique, steps=tuple(step for step in technique.steps if step.wanted(given)))


def check_options(technique: Technique, options: Mapping[str, Any]) -> None:
    """Refuse a word or value under ``analyses: <technique>:`` that the technique does not understand.

    Raises
    ------
    StudyError
        Naming the nearest allowed word.
    """
    for word in options:
        allowed = {**technique.options, **READER_WORDS}
        if word not in allowed:
            raise StudyError(f"study.yaml, analyses: {technique.name}: '{word}' is unknown; {nearest(word, allowed)}.")
    if technique.check is not None:
        technique.check(options)


def _key(prepared: Prepared) -> str:
    """Of everything that a report of this study shows."""
    study = prepared.study
    written = {
        name: hashlib.sha256((study.folder / name).read_bytes()).hexdigest()
        for name in (*STUDY_FILES, *design_files(study.design, study.folder), *attached_files(study.analyses))
        if (study.folder / name).is_file()
    }
    tables = [(result.how.options, result.table.get_column("id").to_list(), result.table.get_column("source").to_list())
              for result in prepared.external]  # fmt: skip
    told = [(item.path, item.reason, item.remedy) for item in study.unread]
    joined = [asdict(choice) for choice in prepared.joined]
    code = (package_hash(), numerical_versions())
    return digest_of(code, written, tables, told, joined, prepared.failures, [taken.key for taken in prepared.taken])
