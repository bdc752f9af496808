"""What are the bytes of every file that the study names, who reads them, and what did the reader find?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from interlith.errors import InterlithError, ReadError, StudyError
from interlith.model import Decision, Measurement, Sample, read_target, touching
from interlith.workbench.corrections.decision_targets import DIGITS
from interlith.workbench.declaring.measurements_file import Row
from interlith.workbench.declaring.schema import READER_WORDS
from interlith.workbench.discovery import formats, techniques
from interlith.workbench.reading import check_regular, digest, no_reader, recognise, wrong_technique
from interlith.workbench.running.jobs import FileWords, Job
from interlith.workbench.running.keys import file_step_key, reading_key, recognition_key
from interlith.workbench.running.performing import READ, words_read
from interlith.workbench.running.readings import measurement_of, within_of
from interlith.workbench.running.session import Session

Options = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Found:
    """A row and its file: the bytes, the format that claims them and the technique that they feed, the key of the reading;
    `error` where it ends before.
    """

    row: Row
    path: Path
    sha256: str = ""
    size: int = 0
    modified: int = 0
    format: str = ""
    feeds: str = ""
    key: str = ""
    options: Mapping[str, Any] | None = None
    reading: Mapping[str, Any] | None = None
    error: str = ""

    @property
    def technique(self) -> str:
        """The technique that the row declares, or that the file feeds where nothing is declared yet."""
        return self.row.cells["technique"] or self.feeds

    def words(self, part: int = 0) -> FileWords:
        """For a job."""
        state = {name: (one.value, one.low, one.high, one.unit) for name, one in self.row.states.items()}
        return FileWords(
            self.row.file, str(self.path), self.sha256, self.size, part, self.format, dict(self.options or {}), state,
            self.key, dict(self.reading or {}), self.modified,
        )  # fmt: skip

    def measurement(self, sample: Sample, part: int) -> Measurement:
        """The measurement, its rows not read yet.

        Raises
        ------
        ReadError
            If the file could not be read: what the reader said.
        """
        if self.error:
            raise ReadError(self.error)
        reading = self.reading or {"refused": "it was not read."}
        if "refused" in reading:
            raise ReadError(reading["refused"])
        return measurement_of(
            reading, self.words(part), sample, key=self.key, version=formats()[self.format].version, technique=self.technique
        )  # fmt: skip

    def within(self, sample: Sample) -> tuple[Measurement, ...]:
        """The measurements of other techniques inside a file that was read."""
        return within_of(self.reading or {}, self.words(), sample, version=formats()[self.format].version)


def look_at(
    root: Path, rows: Sequence[Row], options: Options, decisions: Sequence[Decision], work: Session, *, ahead: bool
) -> list[Found]:
    """Find the bytes and the reading of every row; what the store does not remember is read now.

    Parameters
    ----------
    root, rows, options, decisions
        Of the study.
    work
        Store and executor.
    ahead
        Also take the steps over files while a file is open, as a run needs them.
    """
    found = [_bytes(root, row, work) for row in rows]
    _recognise(found, work)
    for one in found:
        if not one.error:
            one.options = {
                word: value for word, value in options.get(one.technique, {}).items() if word in READER_WORDS
            }
            told = {**one.options, **_beside(one.options, one.path.parent)}
            one.key = reading_key(one.sha256, formats()[one.format], told)
    known = work.store.documents({one.key for one in found if one.key})
    jobs: dict[str, Job] = {}
    for one in found:
        if one.key and one.key not in known and one.key not in jobs:
            jobs[one.key] = _job(one, options.get(one.technique, {}), decisions, ahead)
    ended = work.do(list(jobs.values()))
    known |= {done.key: dict(done.documents[done.key]) for done in ended.values() if done.key in done.documents}
    for one in found:
        one.reading = known.get(one.key)
        if one.key in ended and ended[one.key].fate != "done":
            one.error = ended[one.key].reason
    return found


def _bytes(root: Path, row: Row, work: Session) -> Found:
    path = root / row.file
    # A link that leads to itself has no end, which `Path.resolve` does not forgive.
    found = Found(row, Path(os.path.realpath(path)))
    try:
        if not found.path.is_relative_to(root.resolve()) and not os.path.isabs(row.file):
            raise StudyError(f"{row.where('file')}: '{row.file}' leaves the study folder.")
        check_regular(path)
        about = path.stat()
        found.size, found.modified = about.st_size, about.st_mtime_ns
        found.sha256 = work.store.digest(path)
    except InterlithError as error:
        found.error = str(error)
    except OSError as error:
        found.error = f"cannot be opened ({error.strerror or error})."
    else:
        if found.size == 0:
            found.error = "the file is empty (0 bytes); copy it again from the instrument."
    work.step(1, row.file)
    return found


def _beside(words: Any, folder: Path) -> dict[str, str]:
    """Digests of the files beside a data file that its reader is told to look into, such as one of frequencies."""
    if not isinstance(words, Mapping):
        return {}
    found: dict[str, str] = {}
    for word, said in words.items():
        path = folder / said if word == "file" and isinstance(said, str) else None
        found |= {f"beside: {said}": digest(path)} if path is not None and path.is_file() else _beside(said, folder)
    return found


def _recognise(found: Sequence[Found], work: Session) -> None:
    """Fill in the formats: what the store remembers, else by a look at the content."""
    keys = {
        id(one): recognition_key(one.sha256, one.path.suffix.casefold(), formats()) for one in found if not one.error
    }
    known = work.store.documents(set(keys.values()))
    fresh: dict[str, dict[str, Any]] = {}
    for one in found:
        if one.error:
            continue
        key = keys[id(one)]
        if key not in known:
            match = recognise(one.path)
            known[key] = fresh[key] = {
                "format": match.format.name if match.format else "",
                "confidence": match.confidence,
                "technique": match.technique,
            }
        one.format, one.feeds = known[key]["format"], known[key]["technique"]
        one.error = _mismatch(one)
    if fresh:
        work.store.put_documents(fresh)


def _mismatch(one: Found) -> str:
    if not one.format:
        return no_reader()
    return wrong_technique(formats()[one.format], one.feeds, one.technique)


def _job(one: Found, options: Mapping[str, Any], decisions: Sequence[Decision], ahead: bool) -> Job:
    inputs: dict[str, tuple[str, ...]] = {}
    about: list[Decision] = []
    known = techniques().get(one.technique)
    for step in known.steps if known is not None and ahead else ():
        if step.over == "file" and step.wanted(options):
            mine = decided_about(decisions, one.technique, {one.sha256: ""}, step.decides)
            inputs[step.name] = (file_step_key(one.technique, step, one.key, words_read(step, options), mine),)
            about += mine
    return Job(
        one.key, one.technique, READ, one.row.file, (one.words(),), inputs=inputs, options=dict(options),
        decisions=tuple(decision_words(decision) for decision in about),
    )  # fmt: skip


def decided_about(
    decisions: Iterable[Decision], technique: str, paths: Mapping[str, str], fields: Iterable[str]
) -> tuple[Decision, ...]:
    """Decisions for a step, alike however `decisions.yaml` is laid out, as their essences alone enter the step key.

    Parameters
    ----------
    decisions, technique, fields
        As for `interlith.model.touching`.
    paths
        SHA-256 (hex) of the files -> path, in the order of the parts; a decision about a later part comes later.
    """
    places = {digest[:DIGITS]: (number, path) for number, (digest, path) in enumerate(paths.items())}

    def place(one: Decision) -> tuple[int, str]:
        return places[one.target.digest][0] if one.target.digest else -1, str(one.essence)

    def told(one: Decision) -> Decision:
        target = one.target
        if not target.digest:
            return replace(one, line=0)
        part = f"/{target.part}" if target.part else ""
        text = f"{places[target.digest][1]}#sha256:{target.digest}{part}"
        return replace(one, target=read_target(text), line=0)

    return tuple(told(one) for one in sorted(touching(decisions, technique, paths, fields), key=place))


def decision_words(decision: Decision) -> dict[str, Any]:
    """A decision as a job carries it."""
    return {**asdict(decision), "target": decision.target.text}
