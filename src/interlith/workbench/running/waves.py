"""Which steps of a technique have their results in the store already, and which must be taken?

Step after step over all specimens. A result is found by its key, so a step is taken again exactly where something that
its key names has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, TypeVar

from interlith.model import (
    Agreement,
    Choice,
    Decision,
    Effect,
    Measurement,
    Refusal,
    Result,
    Sample,
    Step,
    Study,
    Technique,
)
from interlith.workbench.declaring.schema import READER_WORDS
from interlith.workbench.running.code_versions import code_of
from interlith.workbench.running.files import decided_about, decision_words
from interlith.workbench.running.jobs import FileWords, Job
from interlith.workbench.running.keys import digest_of, file_step_key, sample_words, specimen_step_key
from interlith.workbench.running.performing import words_read
from interlith.workbench.running.readings import file_words
from interlith.workbench.running.session import Session
from interlith.workbench.store import Damaged

#: A lost input is computed again at most so often before a step is given up.
MOST_ROUNDS = 3
#: An entry that is found damaged so often in turn is given up.
MOST_ATTEMPTS = 3
LOST = "the store keeps losing results; check its disk with `interlith verify`."
Agree = Callable[[Mapping[str, Sequence[Result]], Mapping[str, Any], Sequence[Decision]], Agreement]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Unit:
    """What one step is taken for: a specimen with the measurements of all its parts, or one of its files.

    `excluded` where a person left the specimen out; it is analysed all the same and shown apart.
    """

    name: str
    sample: Sample
    items: tuple[Measurement, ...]
    excluded: bool = False

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of its files."""
        return tuple(item.source.sha256 for item in self.items)

    def files(self) -> tuple[Unit, ...]:
        """One unit a file."""
        return tuple(
            Unit(f"{self.name}, part {number}", self.sample, (item,), self.excluded)
            for number, item in enumerate(self.items)
        )


def units_of(study: Study, technique: str) -> tuple[Unit, ...]:
    """The specimens of a technique, those that a person left out behind the others."""
    found: list[Unit] = []
    for excluded, items in ((False, study.measurements), (True, tuple(item for item, _ in study.excluded))):
        groups: dict[str, list[Measurement]] = {}
        for item in items:
            if item.technique == technique:
                groups.setdefault(item.sample.name, []).append(item)
        for name, members in groups.items():
            ordered = tuple(sorted(members, key=lambda item: item.part))
            found.append(Unit(f"{name} (left out)" if excluded else name, members[0].sample, ordered, excluded))
    return tuple(found)


@dataclass(slots=True)
class Wave:
    """One step over all units: the key of each result, what was refused or failed, and why.

    Parameters
    ----------
    step, agreement
        What is done, and what all specimens have in common for it.
    units, keys, jobs
        By name: whom for, the key, and the job that would compute it.
    refused
        By name: why the data do not allow it.
    failed
        By name: the fate and the reason.
    """

    step: Step
    agreement: Agreement
    units: dict[str, Unit] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)

    def stands(self, name: str) -> bool:
        """Whether there is a result for a unit."""
        return name in self.keys and name not in self.refused and name not in self.failed

    def fate(self, name: str) -> str:
        """``done``, ``refused``, or how it failed."""
        return self.failed[name][0] if name in self.failed else "refused" if name in self.refused else "done"


class Waves:
    """The steps of one technique over the specimens of a study, planned and taken in order.

    Parameters
    ----------
    technique, study
        What is done with whom.
    work
        Store and executor.
    decisions
        Instead of those of the study.
    only
        Names of specimens to take.
    agreements
        By step, where they were found before; else they are found over the specimens taken.
    """

    def __init__(
        self,
        technique: Technique,
        study: Study,
        work: Session,
        *,
        decisions: Sequence[Decision] | None = None,
        only: Iterable[str] | None = None,
        agreements: Mapping[str, Agreement] | None = None,
    ) -> None:
        self.technique = technique
        given = study.analyses.get(technique.name, {})
        self.options: Mapping[str, Any] = {word: value for word, value in given.items() if value is not None}
        self.decisions = study.decisions if decisions is None else tuple(decisions)
        self.units = units_of(study, technique.name)
        if only is not None:
            wanted = set(only)
            self.units = tuple(unit for unit in self.units if unit.name in wanted)
        self.steps = [step for step in technique.steps if step.wanted(self.options)]
        self.waves: dict[str, Wave] = {}
        self._work = work
        self._agreements = dict(agreements or {})
        self._reader = {word: value for word, value in self.options.items() if word in READER_WORDS}
        self._words: dict[tuple[str, str, int], FileWords] = {}
        self._makers: dict[str, Job] = {}

    def count(self, step: Step) -> int:
        """Units of a step, those that will be refused included."""
        return sum(len(unit.items) for unit in self.units) if step.over == "file" else len(self.units)

    def plan(self, step: Step) -> Wave:
        """Keys and jobs of one step for all units whose earlier steps gave a result."""
        wave = Wave(step, self._agreement(step))
        words = words_read(step, self.options)
        for specimen in self.units:
            inputs = self._inputs(step, specimen)
            reason = self._file_refused(step, specimen)
            if reason:
                wave.units[specimen.name], wave.refused[specimen.name] = specimen, reason
            elif inputs is not None:
                for unit in specimen.files() if step.over == "file" else (specimen,):
                    self._plan_unit(wave, unit, inputs, words)
        self.waves[step.name] = wave
        return wave

    def take(self, wave: Wave) -> None:
        """Compute what the store lacks of a step; what fails is noted in the wave."""
        have = self._work.store.has(set(wave.keys.values()))
        names: dict[str, list[str]] = {}
        for name, key in wave.keys.items():
            names.setdefault(key, []).append(name)
        jobs = [wave.jobs[mine[0]] for key, mine in names.items() if key not in have]
        self._work.step(len(wave.keys) - len(jobs), f"{self.technique.name} {wave.step.name}")
        for _ in range(MOST_ROUNDS):
            ended = self._work.do(jobs)
            for key, done in ended.items():
                if done.fate not in ("done", "missing"):
                    wave.failed |= dict.fromkeys(names[key], (done.fate, done.reason))
            lost = {done.reason for done in ended.values() if done.fate == "missing"}
            if not lost:
                return
            for key in lost:
                self._again(key)
            jobs = [job for job in jobs if ended[job.key].fate == "missing"]
        for job in jobs:
            wave.failed |= dict.fromkeys(names[job.key], ("failed", LOST))

    def judge(self, wave: Wave) -> None:
        """Find out which units of a step the data do not allow; remembered for the step as a whole."""
        names = [name for name in wave.keys if name not in wave.failed]
        key = digest_of("refused by name", wave.step.name, [(name, wave.keys[name]) for name in names])
        known = self._work.store.document(key)
        if known is not None:
            wave.refused |= known
            return
        made, refused = self._work.made, self._work.refused
        wave.refused |= {name: refused[wave.keys[name]] for name in names if wave.keys[name] in refused}
        # What was computed just now needs no second look.
        self.load(wave, [name for name in names if wave.keys[name] not in made])
        if not set(names) & wave.failed.keys():
            # What was refused for the sake of a file has no key here: it is no news of these results.
            self._work.store.put_documents({key: {name: wave.refused[name] for name in names if name in wave.refused}})

    def hidden_behind(self, step: Step) -> list[Wave]:
        """Steps that are not shown and belong to this one, the first that they come after."""
        return [self.waves[other.name] for other in self.steps if not other.shown and other.after[:1] == (step.name,)]

    def load(self, wave: Wave, names: Iterable[str]) -> dict[str, Result]:
        """The results of a step by unit; refusals are noted in the wave, a damaged result is computed again."""
        found: dict[str, Result] = {}
        for name in names:
            one = self.fetch(wave.keys[name])
            if isinstance(one, Result):
                found[name] = one
            elif isinstance(one, Refusal):
                wave.refused[name] = one.reason
            else:
                wave.failed[name] = ("failed", LOST)
        return found

    def fetch(self, key: str) -> Result | Refusal | None:
        """What the store holds under a key; computed again if it is damaged."""
        found = self._work.store.result(key)
        if found is None:
            self._again(key)
            found = self._work.store.result(key)
        return found

    def _again(self, key: str) -> None:
        """Compute a result again, and before it those of its inputs that are lost as well."""
        waiting = [key]
        for _ in range(MOST_ROUNDS * (1 + len(self._makers))):
            if not waiting or waiting[-1] not in self._makers:
                return
            done = self._work.do([self._makers[waiting[-1]]])[waiting[-1]]
            if done.fate == "missing" and done.reason not in waiting:
                waiting.append(done.reason)
            else:
                waiting.pop()

    def _plan_unit(
        self, wave: Wave, unit: Unit, inputs: Mapping[str, tuple[str, ...]], words: Mapping[str, Any]
    ) -> None:
        step, technique = wave.step, self.technique.name
        over_file = step.over == "file"
        paths = {item.source.sha256: "" if over_file else item.source.path for item in unit.items}
        mine = decided_about(self.decisions, technique, paths, step.decides)
        files = tuple(self._file(item) for item in unit.items) if step.reads else ()
        if over_file:
            key = file_step_key(technique, step, unit.items[0].source.key, words, mine)
        else:
            key = specimen_step_key(
                technique, step, inputs, words=words, agreed=wave.agreement.values, decisions=mine, sample=unit.sample,
                files=files,
            )  # fmt: skip
        job = Job(
            key, technique, step.name, unit.items[0].source.path if over_file else unit.sample.name, files,
            {} if over_file or not step.reads else sample_words(unit.sample), inputs, words, wave.agreement.values,
            tuple(decision_words(one) for one in mine),
        )  # fmt: skip
        wave.units[unit.name], wave.keys[unit.name], wave.jobs[unit.name] = unit, key, job
        self._makers[key] = job

    def _inputs(self, step: Step, specimen: Unit) -> dict[str, tuple[str, ...]] | None:
        """Keys of the earlier results of a specimen; `None` if one of them is not there."""
        inputs: dict[str, tuple[str, ...]] = {}
        for name in step.after:
            wave = self.waves.get(name)
            if wave is None:
                return None
            names = [specimen.name] if wave.step.over == "specimen" else [unit.name for unit in specimen.files()]
            if not all(wave.stands(who) for who in names):
                return None
            inputs[name] = tuple(wave.keys[who] for who in names)
        return inputs

    def _file_refused(self, step: Step, specimen: Unit) -> str:
        """Why a step cannot be taken because of one of the files; empty if it can."""
        for wave in (self.waves[name] for name in step.after if name in self.waves):
            if wave.step.over == "file" and step.over == "specimen":
                for unit in specimen.files():
                    if unit.name in wave.refused:
                        return f"{unit.items[0].source.path}: {wave.refused[unit.name]}"
        return ""

    def _file(self, item: Measurement) -> FileWords:
        key = (item.source.path, item.sample.name, item.inner)
        if key not in self._words:
            self._words[key] = file_words(item, self._reader)
        return self._words[key]

    def _agreement(self, step: Step) -> Agreement:
        """What the included specimens have in common; remembered under the keys of what it was found from."""
        if step.agree is None:
            return Agreement()
        if step.name in self._agreements:
            return self._agreements[step.name]
        words = words_read(step, self.options)
        mine = sorted((one for one in self.decisions if one.field in step.decides), key=lambda one: str(one.essence))
        basis = {name: self._included(name) for name in step.after if name in self.waves}
        key = digest_of(
            "agreed", self.technique.name, step.name, code_of(step.agree.__module__).hash, words,
            [list(one.essence) for one in mine], basis,
        )  # fmt: skip
        known = self._work.store.document(key)
        if known is None:
            agreed = sound(partial(self._agreed, step.agree, basis, words, mine))
            known = {"values": dict(agreed.values), "choices": [asdict(choice) for choice in agreed.choices]}
            self._work.store.put_documents({key: known})
            # As it is remembered, so that the numbers that follow have the same keys now and later.
            known = self._work.store.document(key) or known
        agreement = Agreement(known["values"], tuple(choice_of(choice) for choice in known["choices"]))
        self._agreements[step.name] = agreement
        return agreement

    def _agreed(
        self, agree: Agree, basis: Mapping[str, Sequence[str]], words: Mapping[str, Any], mine: Sequence[Decision]
    ) -> Agreement:
        found = {
            name: [one for one in map(self.fetch, keys) if isinstance(one, Result)] for name, keys in basis.items()
        }
        return agree(found, words, mine)

    def _included(self, name: str) -> list[str]:
        wave = self.waves[name]
        return [key for who, key in wave.keys.items() if not wave.units[who].excluded and wave.stands(who)]

    @property
    def agreements(self) -> Mapping[str, Agreement]:
        """What was agreed, by step."""
        return dict(self._agreements)


def sound(make: Callable[[], Found]) -> Found:
    """What a function gives; tried again where it met a damaged entry, which the store has dropped by then."""
    met: Counter[str] = Counter()
    while True:
        try:
            return make()
        except Damaged as damage:
            met[damage.key] += 1
            if met[damage.key] == MOST_ATTEMPTS:
                raise


def choice_of(words: Mapping[str, Any]) -> Choice:
    """A choice from its words."""
    effects = tuple(Effect(**effect) for effect in words.get("effects", ()))
    return Choice(**{**words, "moves": tuple(words["moves"]), "effects": effects})
