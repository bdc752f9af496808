"""Which headline numbers hang on which choice, seen by taking the steps again with the runner-up?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlith.model import Choice, Decision, Result, Study
from interlith.workbench.contrasts import gather, headlines_of
from interlith.workbench.corrections.decision_entries import fields_of
from interlith.workbench.corrections.doubtful import doubtful, files_of
from interlith.workbench.corrections.influence import as_decision, effects
from interlith.workbench.running.session import Session
from interlith.workbench.running.taking import Taken
from interlith.workbench.running.waves import Unit, Waves
from interlith.workbench.store import Store

if TYPE_CHECKING:
    import polars as pl

#: Steps that one choice is worth; what needs more is told without numbers.
MOST_STEPS = 60


def weighed(
    study: Study, taken: Sequence[Taken], choices: Sequence[Choice], table: pl.DataFrame, store: Store
) -> tuple[Choice, ...]:
    """All choices by influence, the doubtful ones with the headline numbers as they would be with the runner-up.

    Steps taken with a runner-up are kept in the store like any other: whoever then decides for it waits for nothing.
    """
    techniques = [one.technique for one in taken]
    headlines = headlines_of(techniques)
    fields = fields_of(techniques)
    files = files_of(study)
    work = Session(store, "inline")

    def redo(choice: Choice) -> pl.DataFrame | None:
        decision = as_decision(choice, fields=fields, files=files)
        return None if decision is None else _again(study, taken, decision, work)

    results = [result for one in taken for result in one.results]
    found = (*choices, *doubtful(study, table, headlines, results=results))
    return effects(found, table, redo, headlines, at={} if study.primary is None else study.primary.at)


def _again(study: Study, taken: Sequence[Taken], decision: Decision, work: Session) -> pl.DataFrame | None:
    """Observables of the specimens that a decision touches; `None` where nobody asks for it or it takes too long."""
    tables = []
    for one in taken:
        if any(decision.field in step.decides for step in one.waves.steps):
            touched = [unit for unit in one.waves.units if not unit.excluded and _touches(decision, unit, one)]
            results = _steps_again(study, one, decision, touched, work) if touched else []
            if results is None:
                return None
            tables += results
    return gather(tables) if tables else None


def _touches(decision: Decision, unit: Unit, taken: Taken) -> bool:
    target = decision.target
    if not target.digest:
        return target.text == taken.technique.name
    return any(digest.startswith(target.digest) for digest in unit.digests)


def _steps_again(
    study: Study, taken: Taken, decision: Decision, touched: Sequence[Unit], work: Session
) -> list[Result] | None:
    """Results of all steps for some specimens with one decision more; `None` if too many steps would be taken."""
    whole = not decision.target.digest
    others = [
        one for one in study.decisions
        if (one.target.digest, one.target.part, one.target.technique, one.field)
        != (decision.target.digest, decision.target.part, decision.target.technique, decision.field)
    ]  # fmt: skip
    waves = Waves(
        taken.technique, study, work, decisions=(*others, decision), only=[unit.name for unit in touched],
        agreements=None if whole else taken.waves.agreements,
    )  # fmt: skip
    results: list[Result] = []
    # Not what the store lacks: what is told must not hang on what somebody tried before.
    known = {key for wave in taken.waves.waves.values() for key in wave.keys.values()}
    left = MOST_STEPS
    for step in waves.steps:
        wave = waves.plan(step)
        left -= len(set(wave.keys.values()) - known)
        if left < 0:
            return None
        waves.take(wave)
        found = waves.load(wave, [name for name in wave.keys if name not in wave.failed])
        results += [one for one in found.values() if one.table.height]
    return results
