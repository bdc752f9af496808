"""Which states of a study's measurements stand in another log, as its `join:` says?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from interlith.errors import InterlithError, StudyError
from interlith.model import Measurement, Sample, Series, Study
from interlith.workbench.declaring.schema import READER_WORDS, JoinWords
from interlith.workbench.joining.pattern_clock import PATTERNS
from interlith.workbench.joining.states import Joined, joined_states
from interlith.workbench.reading import measure


@dataclass(frozen=True, slots=True)
class StudyJoins:
    """A study whose measurements know the joined states.

    Parameters
    ----------
    study
        The study; measurements of techniques without a join are untouched.
    joins
        Technique -> how the states came about.
    failures
        Technique and sentence where a join could not be made; its measurements stay as they were.
    """

    study: Study
    joins: Mapping[str, Joined] = field(default_factory=dict)
    failures: tuple[tuple[str, str], ...] = ()


def joined(study: Study, words: Mapping[str, JoinWords | Mapping[str, Any]] | None = None) -> StudyJoins:
    """Apply the `join:` block of a study.

    Parameters
    ----------
    study
        The study, its files read.
    words
        Technique -> words of `JoinWords`; those of the study by default.

    Raises
    ------
    StudyError
        If a word is unknown or a path leaves the study folder: nothing was joined.
    """
    block = study.join if words is None else words
    checked = {technique: _checked(technique, entry) for technique, entry in block.items()}
    done: dict[str, Joined] = {}
    failures: list[tuple[str, str]] = []
    for technique, entry in checked.items():
        named = (entry.log, None if entry.events == PATTERNS else entry.events)
        paths = [_inside(study, technique, path) for path in named if path]
        items = [item for item in study.measurements if item.technique == technique]
        items += [item for item, _ in study.excluded if item.technique == technique]
        if not items:
            failures.append((f"join, {technique}", f"The study holds no readable '{technique}' measurement to join."))
            continue
        try:
            done[technique] = _join(study, Series(tuple(items)), entry, paths)
        except InterlithError as error:
            failures.append((f"join, {technique}", str(error)))
    return StudyJoins(_with_states(study, done), done, tuple(failures))


def _checked(technique: str, entry: JoinWords | Mapping[str, Any]) -> JoinWords:
    if isinstance(entry, JoinWords):
        return entry
    try:
        return JoinWords.model_validate(dict(entry))
    except ValidationError as error:
        first = error.errors()[0]
        word = ".".join(str(part) for part in first["loc"])
        raise StudyError(f"study.yaml, join: {technique}: {word}: {first['msg']}.") from error


def _inside(study: Study, technique: str, path: str) -> Path:
    found = study.folder / path
    if not found.resolve().is_relative_to(study.folder.resolve()) and not Path(path).is_absolute():
        raise StudyError(f"study.yaml, join: {technique}: '{path}' leaves the study folder.")
    return found


def _join(study: Study, series: Series, words: JoinWords, paths: list[Path]) -> Joined:
    logs = [_log(study, path) for path in paths]
    return joined_states(
        series,
        logs[0],
        quantities=words.quantities,
        offset=words.offset,
        drift=words.drift,
        exposure=words.exposure,
        every=words.every,
        time=words.time,
        events=PATTERNS if words.events == PATTERNS else logs[1] if len(logs) > 1 else None,
        near=words.near,
        tolerance=words.tolerance,
        marker=words.marker,
    )


def _log(study: Study, path: Path) -> Measurement | Path:
    """A log that the study has read already is not read again: its declarations of accuracy come with it.

    Any other is read as the study's own cycler files are: in the columns that ``analyses: cycling:`` declares.
    """
    everything = (*study.measurements, *(item for item, _ in study.excluded))
    known = next((item for item in everything if study.folder / item.source.path == path), None)
    if known is not None:
        return known
    words = {name: value for name, value in study.analyses.get("cycling", {}).items() if name in READER_WORDS}
    return measure(path, Sample(path.stem, variant=path.stem), name=str(path.name), options=words) if words else path


def _with_states(study: Study, done: Mapping[str, Joined]) -> Study:
    found = {(item.source.path, item.source.sha256, item.inner): item for one in done.values() for item in one.series}

    def known(item: Measurement) -> Measurement:
        return found.get((item.source.path, item.source.sha256, item.inner), item)

    return replace(
        study,
        measurements=tuple(known(item) for item in study.measurements),
        excluded=tuple((known(item), reason) for item, reason in study.excluded),
    )
