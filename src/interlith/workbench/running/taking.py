"""What came of all steps of a technique: one result a step over all specimens, and a record of each piece?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from interlith.model import FileRecord, Refusal, Result, StepRecord, Study, Technique
from interlith.model.merging import Outcome, put_together, restated
from interlith.workbench.declaring.attached import briefly
from interlith.workbench.running.code_versions import code_of
from interlith.workbench.running.identity import in_study
from interlith.workbench.running.keys import digest_of
from interlith.workbench.running.session import Session
from interlith.workbench.running.waves import Wave, Waves, sound
from interlith.workbench.store import Damaged

Failures = list[tuple[str, str]]
#: Flag of a decision that found nothing to decide about.
VANISHED = "decision_vanished"


@dataclass(slots=True)
class Taken:
    """The steps of one technique: results of the included specimens, of those left out, records and failures.

    `key` changes with any of the results; `waves` are kept for whoever wants to repeat a step with another decision.
    """

    technique: Technique
    waves: Waves
    results: list[Result] = field(default_factory=list)
    left_out: list[Result] = field(default_factory=list)
    records: list[StepRecord] = field(default_factory=list)
    failures: Failures = field(default_factory=list)
    key: str = ""


def take(technique: Technique, study: Study, work: Session) -> Taken:
    """Take every step of a technique that the study wants, and put the results of each together."""
    waves = Waves(technique, study, work)
    taken = Taken(technique, waves)
    work.total += sum(map(waves.count, waves.steps))
    for step in waves.steps:
        wave = waves.plan(step)
        waves.take(wave)
        waves.judge(wave)
    for step in waves.steps:
        wave = waves.waves[step.name]
        taken.records += [_record(waves, wave, name, work.made) for name in wave.keys]
        taken.failures += [
            (f"{technique.name}, {step.name}, {name}", reason) for name, (_, reason) in wave.failed.items()
        ]
        if step.shown and step.over == "specimen":
            for excluded, kept in ((False, taken.results), (True, taken.left_out)):
                result = _together(waves, wave, study, work, excluded=excluded)
                if result is not None:
                    kept.append(result)
                    taken.failures += _unwell(technique.name, result)
    fates = [(record.key, record.fate) for record in taken.records]
    taken.key = digest_of(technique.name, study.name, dict(waves.options), fates)
    return taken


def _together(waves: Waves, wave: Wave, study: Study, work: Session, *, excluded: bool) -> Result | None:
    """The results of one step over the included specimens, or over those left out, as one; remembered as a whole."""
    step = wave.step
    group = [wave, *waves.hidden_behind(step)]
    names = [[name for name, unit in one.units.items() if unit.excluded == excluded] for one in group]
    keys = [
        [(name, one.keys.get(name) or one.refused.get(name, ""), one.fate(name)) for name in mine]
        for one, mine in zip(group, names, strict=True)
    ]
    fields = {field for one in group for field in one.step.decides}
    decided = sorted([list(one.essence) for one in waves.decisions if one.field in fields], key=str)
    names_of = (study.name, waves.technique.name, step.name)
    key = digest_of("put together", names_of, dict(waves.options), decided, _code(), keys)
    known = work.store.document(key)
    if known is not None:
        whole = work.store.result(key)
        if isinstance(whole, Result):
            # Only essences are in the key: path, name and reason of a decision are told as they are now.
            told = tuple(restated(choice, waves.decisions) for choice in whole.choices)
            return replace(whole, choices=told, data=Later(known["data"], lambda: _put_together(waves, group, names)))
        if known["nothing"]:
            return None
    made, tables = sound(lambda: _named(_put_together(waves, group, names)))
    if made is not None:
        made = replace(made, table=in_study(made.table, study.name), data={})
        work.store.put(key, made)
        made = replace(made, data=Later(tables, lambda: _put_together(waves, group, names)))
    work.store.put_documents({key: {"data": tables, "nothing": made is None}})
    return made


def _named(result: Result | None) -> tuple[Result | None, list[str]]:
    """A result and the names of its tables, which may have to be looked into to be known."""
    return result, [] if result is None else sorted(result.data)


def _put_together(waves: Waves, group: Sequence[Wave], names: Sequence[Sequence[str]]) -> Result | None:
    """See `interlith.model.merging.put_together`; the first wave is the step, the others are hidden behind it."""
    told = []
    for wave, mine in zip(group, names, strict=True):
        found = waves.load(wave, [name for name in mine if wave.stands(name)])
        outcomes: dict[str, Outcome] = {}
        for name in mine:
            sample = wave.units[name].sample.name
            if name in found:
                outcomes[sample] = found[name]
            elif name in wave.refused:
                outcomes[sample] = Refusal(waves.technique.name, wave.step.name, sample, wave.refused[name])
        told.append((outcomes, wave.agreement))
    (first, agreement), *hidden = told
    return put_together(
        group[0].step, first, waves.options, agreement=agreement, decisions=waves.decisions, hidden=hidden
    )


def _code() -> str:
    """Version of what puts results together."""
    return code_of("interlith.model.merging").hash


class Later(Mapping[str, Any]):
    """Tables of results that are put together when the first is asked for.

    Parameters
    ----------
    names
        Of the tables.
    make
        Gives the result that holds them.
    """

    def __init__(self, names: Sequence[str], make: Callable[[], Result | None]) -> None:
        self._names = tuple(names)
        self._make = make
        self._made: Mapping[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return sound(lambda: self._look(name))

    def _look(self, name: str) -> Any:
        if self._made is None:
            found = self._make()
            self._made = {} if found is None else found.data
        try:
            return self._made[name]
        except Damaged:
            self._made = None
            raise

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _unwell(technique: str, result: Result) -> Failures:
    """Steps that the data did not allow, and decisions that found nothing to decide about."""
    rows = result.quality.rows(named=True) if result.quality.height else []
    found = [(f"{technique}, {row['step']}, {row['sample']}", row["reason"]) for row in rows if not row["ok"]]
    vanished = [flag.message for flags in result.flags.values() for flag in flags if flag.code == VANISHED]
    return found + [("decisions.yaml", message) for message in dict.fromkeys(vanished)]


def _record(waves: Waves, wave: Wave, name: str, made: Mapping[str, float]) -> StepRecord:
    step, unit, job = wave.step, wave.units[name], wave.jobs[name]
    code = code_of(step.run.__module__)
    sources = [(item.source, item.part) for item in unit.items]
    fate = wave.fate(name)
    reason = wave.failed[name][1] if name in wave.failed else wave.refused.get(name, "")
    return StepRecord(
        key=wave.keys[name],
        technique=waves.technique.name,
        step=step.name,
        specimen=unit.items[0].source.path if step.over == "file" else unit.sample.name,
        files=tuple(
            FileRecord(one.path, one.sha256, one.size, one.reader, one.reader_version, part) for one, part in sources
        ),
        inputs=job.inputs,
        options=briefly(job.options),
        agreed=wave.agreement.values,
        decisions=job.decisions,
        code=code.hash,
        modules=code.modules,
        versions=code.versions,
        fate=fate,
        reason=reason,
        seconds=made.get(wave.keys[name], 0.0),
        cached=wave.keys[name] not in made,
    )
