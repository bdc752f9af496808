"""What does the catalogue of a run answer: which steps, which inputs, which bytes, which choices?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from interlith.errors import StudyError
from interlith.model import Choice, Citation, Effect, FileRecord, Flag, How, StepRecord
from interlith.workbench.provenance.writing import (
    CATALOGUE,
    LAYOUT,
    STUDY_FILES,
    digest_of_file,
    file_record,
    step_record,
)

#: SQLite takes this many question marks in one statement everywhere.
MOST_MARKS = 500
_STEP = (
    "SELECT steps.*, settings.options, settings.agreed, code.hash, code.modules, code.versions FROM steps "
    "JOIN settings ON settings.number = steps.settings JOIN code ON code.number = steps.code "
)


class Provenance:
    """The catalogue of one run, open for reading; a context manager.

    Parameters
    ----------
    path
        ``catalogue.sqlite``.

    Raises
    ------
    StudyError
        If it is not there, damaged or of another layout.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise StudyError(f"There is no {path.name} in {path.parent}; run the study to make it.")
        self._database = sqlite3.connect(path)
        self._database.row_factory = sqlite3.Row
        try:
            self._database.execute("PRAGMA query_only = ON")
            layout = self._database.execute("PRAGMA user_version").fetchone()[0]
            if layout != LAYOUT:
                raise StudyError(f"{path} has layout {layout}, this version reads {LAYOUT}; run the study again.")
            self.run: Mapping[str, Any] = dict(self._database.execute("SELECT * FROM run").fetchone())
        except (sqlite3.DatabaseError, TypeError) as error:
            self._database.close()
            raise StudyError(f"{path} is damaged ({error}); run the study again.") from error
        except StudyError:
            self._database.close()
            raise

    def __enter__(self) -> Provenance:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def records(
        self, *, technique: str | None = None, specimen: str | None = None, keys: Iterable[str] | None = None
    ) -> tuple[StepRecord, ...]:
        """Steps of the run, in its order: all, or those of a technique, a specimen, or with some keys."""
        wanted = {"technique": technique, "specimen": specimen}
        given = {name: word for name, word in wanted.items() if word is not None}
        where = " AND ".join(f"steps.{name} = ?" for name in given) or "1"
        if keys is None:
            rows = self._rows(f"{_STEP} WHERE {where} ORDER BY steps.number", tuple(given.values()))
            return self._told(rows, everything=not given)
        found = []
        asked = list(dict.fromkeys(keys))
        for start in range(0, len(asked), MOST_MARKS):
            piece = asked[start : start + MOST_MARKS]
            marks = ", ".join("?" * len(piece))
            found += self._rows(f"{_STEP} WHERE {where} AND steps.key IN ({marks})", (*given.values(), *piece))
        return self._told(sorted(found, key=lambda row: int(row["number"])), everything=False)

    def _told(self, rows: Sequence[sqlite3.Row], *, everything: bool) -> tuple[StepRecord, ...]:
        numbers = None if everything else [int(row["number"]) for row in rows]
        files: dict[int, list[FileRecord]] = {}
        known: dict[int, FileRecord] = {}
        columns = "step, files.number, path, sha256, size, reader, reader_version, part"
        for step, number, *rest in self._of(
            f"SELECT {columns} FROM step_files JOIN files ON files.number = file", numbers
        ):
            files.setdefault(step, []).append(known.setdefault(number, file_record(tuple(rest))))
        inputs: dict[int, dict[str, tuple[str, ...]]] = {}
        for step, name, key in self._of("SELECT step, name, key FROM inputs", numbers):
            mine = inputs.setdefault(step, {})
            mine[name] = (*mine.get(name, ()), key)
        decisions: dict[int, list[Mapping[str, Any]]] = {}
        for step, words in self._of(
            "SELECT step, words FROM step_decisions JOIN decisions ON number = decision", numbers
        ):
            decisions.setdefault(step, []).append(json.loads(words))
        # Thousands of steps share a few texts: each is taken apart once.
        words = cache(json.loads)
        return tuple(
            step_record(
                dict(row), tuple(files.get(row["number"], ())), inputs.get(row["number"], {}),
                tuple(decisions.get(row["number"], ())), words,
            )
            for row in rows
        )  # fmt: skip

    def _of(self, words: str, numbers: Sequence[int] | None) -> list[sqlite3.Row]:
        if numbers is None:
            return self._rows(f"{words} ORDER BY step", ())
        found: list[sqlite3.Row] = []
        for start in range(0, len(numbers), MOST_MARKS):
            piece = numbers[start : start + MOST_MARKS]
            found += self._rows(f"{words} WHERE step IN ({', '.join('?' * len(piece))})", tuple(piece))
        return found

    def _rows(self, words: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        try:
            return self._database.execute(words, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise StudyError(f"{CATALOGUE} is damaged ({error}); run the study again.") from error

    def files(self) -> tuple[FileRecord, ...]:
        """All raw files of the run, those of excluded specimens included."""
        rows = self._rows("SELECT path, sha256, size, reader, reader_version, part FROM files ORDER BY number", ())
        return tuple(file_record(tuple(row)) for row in rows)

    def choices(self) -> tuple[Choice, ...]:
        """All automatic choices of the run."""
        names = ("target", "field", "value", "runner_up", "margin", "moves", "reason", "who", "effects")
        made = []
        for row in self._rows(f"SELECT {', '.join(names)} FROM choices ORDER BY number", ()):
            words = dict(zip(names, row, strict=True))
            words["moves"] = tuple(json.loads(words["moves"]))
            words["effects"] = tuple(Effect(**one) for one in json.loads(words["effects"]))
            made.append(Choice(**words))
        return tuple(made)

    def how(self, technique: str, step: str) -> How | None:
        """Method, options, versions and citations of a step, as its result told them."""
        rows = self._rows("SELECT * FROM methods WHERE technique = ? AND step = ?", (technique, step))
        if not rows:
            return None
        row = rows[0]
        citations = tuple(Citation(**one) for one in json.loads(row["citations"]))
        return How(
            technique, row["method"], json.loads(row["options"]), json.loads(row["versions"]), citations, row["words"]
        )

    def declared(self, sample: str) -> Mapping[str, Any]:
        """Declared numbers of a specimen by name, each with value, unit, std, source and confirmed."""
        rows = self._rows("SELECT declared FROM specimens WHERE sample = ?", (sample,))
        return dict(json.loads(rows[0][0])) if rows else {}

    def specimens(self) -> list[dict[str, Any]]:
        """All specimens with their declarations."""
        rows = self._rows("SELECT * FROM specimens", ())
        return [dict(row) | {"declared": json.loads(row["declared"])} for row in rows]

    def flags(self, sample: str) -> tuple[tuple[str, Flag], ...]:
        """What readers and self-checks noticed in the files of a specimen, with the file."""
        rows = self._rows("SELECT file, code, message, place, severity FROM flags WHERE sample = ?", (sample,))
        return tuple((row["file"], Flag(*tuple(row)[1:])) for row in rows)

    def findings_of(self, identifier: str) -> tuple[tuple[int, str], ...]:
        """Findings that rest on a number: number of the finding, and its statement."""
        rows = self._rows(
            "SELECT number, statement FROM findings WHERE instr(supporting || opposing, ?) > 0 ORDER BY number",
            (f'"{identifier}"',),
        )
        return tuple((int(row["number"]), str(row["statement"])) for row in rows)

    def study_files(self) -> tuple[str, ...]:
        """Names of the files that the user wrote and the run rested on, crystal structures of designs among them."""
        return tuple(str(row["path"]) for row in self._rows("SELECT path FROM study_files ORDER BY path", ()))

    def changed_since(self, study: Path) -> tuple[str, ...]:
        """Files of the user that no longer hold the bytes of the run."""
        known = {row["path"]: row["sha256"] for row in self._rows("SELECT path, sha256 FROM study_files", ())}
        found = []
        for name in dict.fromkeys((*STUDY_FILES, *known)):
            path = study / name
            now = digest_of_file(path)[0] if path.is_file() else None
            if now != known.get(name):
                found.append(name)
        return tuple(found)


def read_provenance(folder: str | Path) -> Provenance:
    """Open the catalogue of a run.

    Parameters
    ----------
    folder
        ``results/`` of the study.

    Raises
    ------
    StudyError
        If there is none, or it is damaged or of another layout.
    """
    return Provenance(Path(folder) / CATALOGUE)
