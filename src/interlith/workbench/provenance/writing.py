"""What does a run leave behind, so that anybody can later ask where its numbers come from?

``results/catalogue.sqlite`` holds the steps of the last run: which bytes, options, decisions and code each took in. It
does not say which step made which number, since the identifier of a number already proves it (see
`interlith.workbench.provenance.origin`). It holds no path of the machine: files are named relative to the study folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from interlith.model import Declared, FileRecord, Measurement, Sample, StepRecord, Study, StudyOutcome
from interlith.workbench.declaring.attached import attached_files
from interlith.workbench.declaring.design_files import design_files

CATALOGUE = "catalogue.sqlite"
#: Layout of the tables; a reader refuses another.
LAYOUT = 1
#: Files of the user that the numbers depend on, beside the raw files.
STUDY_FILES = ("study.yaml", "measurements.csv", "decisions.yaml", "claims.yaml")
#: Declared numbers of a specimen that a component of an uncertainty may go back to.
DECLARED = ("active_mass", "area", "loading", "one_C")
Rows = Iterable[tuple[Any, ...]]

TABLES = {
    "run": "study TEXT, created TEXT, interlith TEXT, simulated INTEGER, seconds REAL, numbers INTEGER",
    "study_files": "path TEXT, sha256 TEXT, size INTEGER",
    "files": "number INTEGER PRIMARY KEY, path TEXT, sha256 TEXT, size INTEGER, reader TEXT, reader_version TEXT, part INTEGER",
    "specimens": "sample TEXT, variant TEXT, batch TEXT, replicate TEXT, cell_kind TEXT, declared TEXT",
    "code": "number INTEGER PRIMARY KEY, hash TEXT, modules TEXT, versions TEXT",
    "settings": "number INTEGER PRIMARY KEY, options TEXT, agreed TEXT",
    "steps": "number INTEGER PRIMARY KEY, key TEXT, technique TEXT, step TEXT, specimen TEXT, settings INTEGER, code INTEGER, fate TEXT, reason TEXT, seconds REAL, cached INTEGER",
    "step_files": "step INTEGER, file INTEGER",
    "inputs": "step INTEGER, name TEXT, key TEXT",
    "decisions": "number INTEGER PRIMARY KEY, words TEXT",
    "step_decisions": "step INTEGER, decision INTEGER",
    "choices": "number INTEGER PRIMARY KEY, target TEXT, field TEXT, value TEXT, runner_up TEXT, margin REAL, moves TEXT, reason TEXT, who TEXT, effects TEXT",
    "methods": "technique TEXT, step TEXT, method TEXT, words TEXT, options TEXT, versions TEXT, citations TEXT",
    "flags": "sample TEXT, file TEXT, code TEXT, message TEXT, place TEXT, severity TEXT",
    "findings": "number INTEGER PRIMARY KEY, kind TEXT, quantity TEXT, statement TEXT, verdict TEXT, estimate REAL, low REAL, high REAL, unit TEXT, probability REAL, supporting TEXT, opposing TEXT",
}
INDEXES = (
    "CREATE INDEX step_key ON steps(key)",
    "CREATE INDEX step_specimen ON steps(specimen, technique)",
    "CREATE INDEX step_file ON step_files(step)",
    "CREATE INDEX step_input ON inputs(step)",
    "CREATE INDEX step_decision ON step_decisions(step)",
)


def write_provenance(outcome: StudyOutcome, folder: str | Path) -> Path:
    """Write ``catalogue.sqlite`` of a run, replacing that of an earlier one in one move.

    Parameters
    ----------
    outcome
        What was run.
    folder
        ``results/`` of the study; made if it is not there.

    Returns
    -------
    pathlib.Path
        The catalogue.
    """
    target = Path(folder) / CATALOGUE
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{CATALOGUE}.{os.getpid()}.tmp")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(draft)) as database:
            # Nobody else sees the draft, and it is synced once before the move: no journal is needed.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            database.execute(f"PRAGMA user_version = {LAYOUT}")
            for name, columns in TABLES.items():
                database.execute(f"CREATE TABLE {name} ({columns})")
            _fill(database, outcome)
            for words in INDEXES:
                database.execute(words)
            database.commit()
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _fill(database: sqlite3.Connection, outcome: StudyOutcome) -> None:
    study, clean = outcome.study, _Cleaner(outcome.study.folder)
    run = (
        study.name,
        outcome.created,
        version("interlith"),
        outcome.simulated,
        outcome.seconds,
        outcome.observables.height,
    )
    _insert(database, "run", [run])
    _insert(database, "study_files", _study_files(study))
    _insert(database, "specimens", [_specimen(sample, clean) for sample in study.samples])
    _steps(database, outcome, clean)
    _insert(
        database,
        "choices",
        (
            (
                number, clean.target(item.target), item.field, item.value, item.runner_up, item.margin,
                _json(item.moves), clean.text(item.reason), item.who, _json([asdict(one) for one in item.effects]),
            )
            for number, item in enumerate(outcome.choices)
        ),
    )  # fmt: skip
    _insert(database, "methods", _methods(outcome))
    _insert(database, "flags", (row for item in study.measurements for row in _flags(item, clean)))
    _insert(
        database,
        "findings",
        (
            (
                number, item.kind, item.quantity, clean.text(item.statement), item.verdict, item.estimate, item.low,
                item.high, item.unit, item.probability, _json(item.supporting), _json(item.opposing),
            )
            for number, item in enumerate(outcome.findings, start=1)
        ),
    )  # fmt: skip


def _steps(database: sqlite3.Connection, outcome: StudyOutcome, clean: _Cleaner) -> None:
    files, codes, settings, decisions = _Numbered(), _Numbered(), _Numbered(), _Numbered()
    for item in (*outcome.study.measurements, *(one for one, _ in outcome.study.excluded)):
        files.of(_file(item, clean))
    steps, step_files, inputs, step_decisions = [], [], [], []
    words = _Texts()
    for number, record in enumerate(outcome.records):
        code = codes.of((record.code, words.of(record.modules), words.of(record.versions)))
        setting = settings.of((words.of(record.options), words.of(record.agreed)))
        specimen = clean.path(record.specimen)
        steps.append(
            (
                number, record.key, record.technique, record.step, specimen, setting, code, record.fate,
                clean.text(record.reason), record.seconds, record.cached,
            )
        )  # fmt: skip
        step_files += [
            (number, files.of((clean.path(one.path), one.sha256, one.size, one.reader, one.reader_version, one.part)))
            for one in record.files
        ]
        inputs += [(number, name, key) for name, keys in record.inputs.items() for key in keys]
        step_decisions += [(number, decisions.of((clean.text(_json(dict(one))),))) for one in record.decisions]
    for name, rows in (("files", files), ("code", codes), ("settings", settings), ("decisions", decisions)):
        _insert(database, name, rows.rows())
    for name, found in (
        ("steps", steps), ("step_files", step_files), ("inputs", inputs), ("step_decisions", step_decisions),
    ):  # fmt: skip
        _insert(database, name, found)


class _Numbered:
    """Rows that many steps share, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}

    def of(self, row: tuple[Any, ...]) -> int:
        return self._numbers.setdefault(row, len(self._numbers))

    def rows(self) -> Rows:
        return ((number, *row) for row, number in self._numbers.items())


class _Texts:
    """JSON of mappings, many of which are the same object."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[object, str]] = {}

    def of(self, words: Mapping[str, Any]) -> str:
        # The object is kept beside its text, so that its identity cannot be given to another one.
        found = self._seen.get(id(words))
        if found is None:
            found = self._seen[id(words)] = (words, _json(dict(words)))
        return found[1]


class _Cleaner:
    """Takes the place of the study on this machine out of paths and sentences."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        places = {str(folder), folder.as_posix(), str(self.folder), self.folder.as_posix()}
        roots = sorted((place for place in places if Path(place).is_absolute()), key=len, reverse=True)
        self._roots = re.compile("|".join(re.escape(root) + r"[/\\]?" for root in roots)) if roots else None

    def path(self, text: str) -> str:
        if not os.path.isabs(text):
            return text
        try:
            return Path(os.path.relpath(text, self.folder)).as_posix()
        except ValueError:  # another drive
            return Path(text).name

    def target(self, text: str) -> str:
        path, mark, rest = text.partition("#sha256:")
        return f"{self.path(path)}{mark}{rest}" if mark else text

    def text(self, text: str) -> str:
        return self._roots.sub("", text) if self._roots is not None and text else text


def _file(item: Measurement, clean: _Cleaner) -> tuple[Any, ...]:
    source = item.source
    return (clean.path(source.path), source.sha256, source.size, source.reader, source.reader_version, item.part)


def _study_files(study: Study) -> Rows:
    names = dict.fromkeys((*STUDY_FILES, *design_files(study.design, study.folder), *attached_files(study.analyses)))
    found = [(name, study.folder / name) for name in names]
    return [(name, *digest_of_file(path)) for name, path in found if path.is_file()]


def digest_of_file(path: Path) -> tuple[str, int]:
    """SHA-256 (hex) and size of a small file."""
    raw = path.read_bytes()
    return hashlib.sha256(raw).hexdigest(), len(raw)


def _specimen(sample: Sample, clean: _Cleaner) -> tuple[Any, ...]:
    declared: dict[str, Any] = {}
    for name in DECLARED:
        number = getattr(sample, name)
        if isinstance(number, Declared):
            declared[name] = asdict(number) | {"source": clean.text(number.source)}
    for name in ("current_accuracy", "voltage_accuracy"):
        if getattr(sample, name) is not None:
            declared[name] = getattr(sample, name)
    return (sample.name, sample.variant, sample.batch, sample.replicate, sample.cell_kind or "", _json(declared))


def _methods(outcome: StudyOutcome) -> Rows:
    for item in outcome.results:
        how = item.how
        yield (
            item.technique, item.name, how.method, how.methods_text, _json(dict(how.options)),
            _json(dict(how.versions)), _json([asdict(one) for one in how.citations]),
        )  # fmt: skip


def _flags(item: Measurement, clean: _Cleaner) -> Rows:
    path = clean.path(item.source.path)
    for flag in item.flags:
        yield (item.sample.name, path, flag.code, clean.text(flag.message), clean.text(flag.where), flag.severity)


def _insert(database: sqlite3.Connection, table: str, rows: Rows) -> None:
    marks = ", ".join("?" * (TABLES[table].count(",") + 1))
    database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def _json(words: Any) -> str:
    return json.dumps(words, ensure_ascii=False, separators=(",", ":"), default=str)


def file_record(row: tuple[Any, ...]) -> FileRecord:
    """A row of ``files`` without its number."""
    return FileRecord(*row)


def step_record(
    row: Mapping[str, Any],
    files: tuple[FileRecord, ...],
    inputs: Mapping[str, tuple[str, ...]],
    decisions: tuple[Mapping[str, Any], ...],
    words: Callable[[str], Mapping[str, Any]],
) -> StepRecord:
    """A record of joined rows of ``steps``, ``settings`` and ``code``; `words` reads a JSON text."""
    return StepRecord(
        key=row["key"], technique=row["technique"], step=row["step"], specimen=row["specimen"], files=files,
        inputs=inputs, options=words(row["options"]), agreed=words(row["agreed"]), decisions=decisions,
        code=row["hash"], modules=words(row["modules"]), versions=words(row["versions"]), fate=row["fate"],
        reason=row["reason"], seconds=row["seconds"], cached=bool(row["cached"]),
    )  # fmt: skip
