"""How is one job done, wherever it is done?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith.errors import InterlithError, MissingDependency
from interlith.model import Decision, Declared, Given, Measurement, Refusal, Result, Sample, Series, Step, read_target
from interlith.numerics.threads import one_thread
from interlith.workbench.discovery import formats, technique, techniques
from interlith.workbench.reading import read_file
from interlith.workbench.running.identity import identify
from interlith.workbench.running.jobs import Done, FileWords, Job
from interlith.workbench.running.readings import Words, changed, measurement_of, refusal_words, words_of
from interlith.workbench.store.damage import Damaged

if TYPE_CHECKING:
    from interlith.workbench.store import Store

#: The step of a job that reads a file; it is followed at once by the steps over files, so that nothing is read twice.
READ = "read"
#: Said of a file that somebody writes to while we read it: what was found belongs to no bytes that anybody could name.
CHANGED = "the file was changed or removed while it was read; run again once nobody writes to it."


class LostInputError(Exception):
    """The store has lost the result of an earlier step; its key is the argument."""


def perform(job: Job, store: Store) -> Done:
    """Do one job and keep what comes of it.

    A step that the data do not allow is done too: its refusal is kept. What depends on this machine rather than on the
    data (a missing library, a full disk) is raised or told, never kept.
    """
    began = time.monotonic()
    try:
        done = _read(job, store) if job.step == READ else _take(job, store)
    except LostInputError as lost:
        done = Done(job.key, "missing", str(lost))
    except MissingDependency as error:
        done = Done(job.key, "failed", str(error))
    return replace(done, seconds=time.monotonic() - began)


def step_of(job: Job) -> Step:
    """The step that a job asks for.

    Raises
    ------
    StudyError
        If the technique is not installed here.
    """
    return next(step for step in technique(job.technique).steps if step.name == job.step)


def words_read(step: Step, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a step reads and that have a value."""
    return {word: options[word] for word in step.words if options.get(word) is not None}


def decisions_of(job: Job) -> tuple[Decision, ...]:
    """The decisions of a job."""
    return tuple(Decision(**{**words, "target": read_target(words["target"])}) for words in job.decisions)


def _read(job: Job, store: Store) -> Done:
    """Read a file, remember what its head says, and take the steps over files named in the inputs of the job."""
    (file,) = job.files
    try:
        reading = read_file(Path(file.path), format_name=file.format, options=file.options)[1]
        words: Words = words_of(reading)
    except MissingDependency:
        raise
    except InterlithError as error:
        said = _placeless(str(error), job)
        if _of_the_machine(error) or changed(file):
            return Done(job.key, "failed", said)
        return Done(job.key, documents={job.key: refusal_words(said)})
    item = measurement_of(
        words, file, Sample(""), key=job.key, version=formats()[file.format].version, technique=job.technique
    )
    item = replace(item, payload=reading.payload)
    kept: dict[str, Result | Refusal] = {}
    known = techniques().get(job.technique)
    for step in known.steps if known is not None else ():
        # What was passed over before is not passed over again because its note was lost.
        for key in set(job.inputs.get(step.name, ())) - store.has(job.inputs.get(step.name, ())):
            decisions = tuple(one for one in decisions_of(job) if one.field in step.decides)
            given = Given(Series((item,)), {}, words_read(step, job.options), {}, decisions)
            kept[key] = _attempt(step, given, job, key)
    if changed(file):
        return Done(job.key, "failed", CHANGED)
    return replace(_keep(job.key, kept, store), documents={job.key: words})


def _placeless(said: str, job: Job) -> str:
    """Without the folder: equal bytes elsewhere are refused in the same words."""
    for file in job.files:
        said = said.replace(f"{file.path}: ", "")
    return said


def _of_the_machine(error: BaseException) -> bool:
    """Whether a disk or a network is behind an error rather than what a file holds: another time it may go well."""
    cause = error.__cause__
    return isinstance(cause, OSError) or (cause is not None and _of_the_machine(cause))


def _take(job: Job, store: Store) -> Done:
    step = step_of(job)
    results = {name: tuple(_load(store, key) for key in keys) for name, keys in job.inputs.items()}
    sample = sample_of(job.sample)
    items = tuple(_measurement(file, sample, job.technique) for file in job.files) if step.reads else ()
    given = Given(Series(items), results, dict(job.options), dict(job.agreed), decisions_of(job))
    found = _attempt(step, given, job, job.key)
    if any(changed(file) for file in job.files):
        return Done(job.key, "failed", CHANGED)
    return _keep(job.key, {job.key: found}, store)


def _keep(key: str, kept: Mapping[str, Result | Refusal], store: Store) -> Done:
    entries = {name: store.put(name, found) for name, found in kept.items()}
    refused = {name: found.reason for name, found in kept.items() if isinstance(found, Refusal)}
    return Done(key, entries=entries, refused=refused)


def _attempt(step: Step, given: Given, job: Job, key: str) -> Result | Refusal:
    try:
        with one_thread():
            found = step.run(given)
    except MissingDependency:
        raise
    except Damaged as damage:
        raise LostInputError(damage.key) from damage
    except InterlithError as error:
        sample = job.specimen if step.over == "specimen" else ""
        return Refusal(job.technique, step.name, sample, _placeless(str(error), job))
    return replace(found, table=identify(found.table, key))


def _load(store: Store, key: str) -> Result:
    found = store.result(key)
    if not isinstance(found, Result):
        raise LostInputError(key)
    return found


def _measurement(file: FileWords, sample: Sample, technique_name: str) -> Measurement:
    return measurement_of(
        file.reading, file, sample, key=file.key, version=formats()[file.format].version, technique=technique_name
    )


def sample_of(words: Mapping[str, Any]) -> Sample:
    """The specimen of `interlith.workbench.running.keys.sample_words`."""
    if not words:
        return Sample("")
    declared = ("active_mass", "area", "loading", "one_C")
    found = {name: Declared(**words[name]) if words.get(name) else None for name in declared}
    return Sample(**{**words, **found})
