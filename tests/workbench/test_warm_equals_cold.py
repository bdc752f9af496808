"""Never does a run with a store say anything that a run without one would not: numbers, identifiers and words alike."""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.model import StudyOutcome
from interlith.physics.counting import count as physics_count
from interlith.techniques.cycling import counted
from interlith.workbench.corrections import weighing
from interlith.workbench.running import performing
from interlith.workbench.running.jobs import Done, Job
from interlith.workbench.running.run import prepare, run
from interlith.workbench.running.session import session
from interlith.workbench.store import Store

from .edited_study import Edited, differences, raw_files, said

Change = Callable[[Edited], None]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    return Edited(tmp_path / "study", random.Random(0))


def warm_and_cold(edited: Edited, own_store: Path, tmp_path: Path, *changes: Change) -> StudyOutcome:
    """Run after each change with the same store, compare the last with a run of an empty one."""
    warm: dict[str, Any] = {}
    for change in changes:
        change(edited)
        edited.write()
        warm, edited.outcome = said(edited.folder, own_store)
    cold, outcome = said(edited.folder, tmp_path / "cold")
    assert differences(warm, cold) == []
    assert outcome is not None
    return outcome


def sequence(seed: int, edits: int, tmp_path: Path) -> None:
    study = Edited(tmp_path / f"study {seed}", random.Random(seed))
    for number in range(edits + 1):
        if number:
            study.edit()
        warm, study.outcome = said(study.folder, tmp_path / f"warm {seed}")
        cold, _ = said(study.folder, tmp_path / f"cold {seed}_{number}")
        told = f"seed {seed}: {study.told}"
        assert differences(warm, cold) == [], told
        if study.outcome is not None:
            identifiers = study.outcome.observables.get_column("id")
            assert identifiers.n_unique() == len(identifiers), told
            assert not (identifiers == "").any(), told


def test_edits_at_random(tmp_path: Path) -> None:
    sequence(1, 3, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 300))
def test_many_edits_at_random(seed: int, tmp_path: Path) -> None:
    sequence(seed, 8, tmp_path)


def target(edited: Edited, name: str) -> str:
    return f"{name}#sha256:{hashlib.sha256(edited.files[name]).hexdigest()[:12]}"


def decided(reason: str, who: str, *, above: int = 0) -> Change:
    """Three decisions, of which one finds nothing to decide about; `above` that many more stand before them."""

    def change(edited: Edited) -> None:
        first = target(edited, "cells/bare_1.csv")
        second = target(edited, "cells/bare_2.csv")
        words = {"reason": reason, "who": who}
        edited.decisions = [
            *[{"target": second, "field": "include", "value": "yes", **words}][:above],
            {"target": f"{first}/step/1", "field": "charge_method", "value": "integral", **words},
            {"target": f"{first}/half_cycle/99", "field": "step_type", "value": "pause", **words},
            {"target": "cycling", "field": "reference_cycle", "value": 2, **words},
        ]

    return change


def moved(edited: Edited) -> None:
    for one in edited.decisions:
        one["target"] = one["target"].replace("cells/", "elsewhere/")


def test_words_of_a_decision_are_told_as_they_are_now(edited: Edited, own_store: Path, tmp_path: Path) -> None:
    outcome = warm_and_cold(
        edited, own_store, tmp_path, decided("one", "XY"), decided("another", "ZW", above=1), moved
    )  # fmt: skip
    people = {(one.reason, one.who) for one in outcome.choices if one.who != "automatic"}
    assert people == {("another", "ZW")}


def test_contradicting_decisions_about_two_files_of_a_cell_have_one_order(
    edited: Edited, own_store: Path, tmp_path: Path
) -> None:
    def contradicting(edited: Edited) -> None:
        one, two = "cells/bare_1.csv", "cells/bare_1_part2.csv"
        edited.files[one], edited.files[two] = raw_files()[7], raw_files()[8]
        edited.rows.append(edited.rows[0] | {"file": two})
        edited.decisions = [
            {"target": f"{target(edited, name)}/fade", "field": "reference_cycle", "value": value, "reason": "seen"}
            for name, value in ((one, 1), (two, 2))
        ]

    def swapped(edited: Edited) -> None:
        edited.decisions.reverse()

    warm_and_cold(edited, own_store, tmp_path, contradicting, swapped)


def test_a_copy_that_is_set_aside_is_no_twin(edited: Edited, own_store: Path, tmp_path: Path) -> None:
    def copied(edited: Edited) -> None:
        edited.files["cells/copy.csv"] = edited.files["cells/bare_1.csv"]
        edited.rows.insert(0, edited.rows[0] | {"file": "cells/copy.csv", "include": "no", "note": "a copy"})

    outcome = warm_and_cold(edited, own_store, tmp_path, lambda _: None, copied)
    assert not outcome.study.unread
    assert len(outcome.study.measurements) == 4


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pass over the rows refuses short files, and says how short."""

    def count(frame: pl.LazyFrame, columns: Any) -> Any:
        rows = frame.select(pl.len()).collect().item()
        if rows < 300:
            raise ValueError(f"{rows} rows are too few")
        return physics_count(frame, columns)

    monkeypatch.setattr(counted, "count", count)


def short(rows: int, *names: str) -> Change:
    """Files with so many rows, or a few more: equal bytes would be one file."""

    def change(edited: Edited) -> None:
        for number, name in enumerate(names):
            lines = raw_files()[number].splitlines(keepends=True)
            edited.files[f"cells/{name}.csv"] = b"".join(lines[: rows + number + 1])

    return change


@pytest.mark.usefixtures("refusing")
@pytest.mark.parametrize("names", [("bare_1",), ("bare_1", "bare_2", "coated_1", "coated_2")])
def test_a_refused_file_is_told_with_its_own_reason(
    names: tuple[str, ...], edited: Edited, own_store: Path, tmp_path: Path
) -> None:
    outcome = warm_and_cold(edited, own_store, tmp_path, short(100, *names), short(110, *names))
    told = [reason for place, reason in outcome.failures if "summary" in place]
    assert len(told) == len(names)
    assert all(": 11" in reason and "rows are too few" in reason for reason in told)


def test_influence_does_not_hang_on_what_was_tried_before(
    edited: Edited, own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weighing, "MOST_STEPS", 5)

    def nothing(edited: Edited) -> None:
        edited.decisions = []

    def two(edited: Edited) -> None:
        edited.decisions = [{"target": "cycling", "field": "reference_cycle", "value": 2, "reason": "seen"}]

    outcome = warm_and_cold(edited, own_store, tmp_path, nothing, two, nothing, two, nothing)
    assert [one.effects for one in outcome.choices if one.target == "cycling"] == [()]


@pytest.mark.usefixtures("refusing")
def test_a_result_that_is_gone_while_its_note_is_not_is_made_again(edited: Edited, own_store: Path) -> None:
    short(100, "bare_1", "bare_2", "coated_1", "coated_2")(edited)
    edited.write()
    first, _ = said(edited.folder, own_store)
    assert len(first["failures"]) >= 4
    for path in own_store.rglob("*.zip"):
        path.unlink()
    second, _ = said(edited.folder, own_store)
    assert differences(first, second) == []


class Meddling:
    """Does jobs like any other, but somebody writes to the file while its rows are read."""

    name = "meddling"

    def __init__(self, path: Path, other: bytes, store: Path) -> None:
        self.path, self.other, self.store = path, other, store

    def run(self, jobs: Any, *, progress: Any = None) -> Any:
        with Store.open(self.store, catalogue=False) as store:
            for job in jobs:
                yield self._do(job, store)

    def _do(self, job: Job, store: Store) -> Done:
        if job.step == performing.READ and job.files[0].path == str(self.path):
            raw, times = self.path.read_bytes(), self.path.stat()
            self.path.write_bytes(self.other)
            done = performing.perform(job, store)
            self.path.write_bytes(raw)
            os.utime(self.path, ns=(times.st_atime_ns, times.st_mtime_ns))
            return done
        return performing.perform(job, store)

    def prepare(self, jobs: int) -> None: ...

    def close(self) -> None: ...


def test_what_was_read_while_somebody_wrote_is_not_kept(edited: Edited, own_store: Path, tmp_path: Path) -> None:
    path = edited.folder / "cells" / "bare_1.csv"
    while_writing = run(edited.folder, store=own_store, execute=Meddling(path, raw_files()[4], own_store))
    assert [one.path for one in while_writing.study.unread] == ["cells/bare_1.csv"]
    assert "changed" in while_writing.study.unread[0].reason
    warm_and_cold(edited, own_store, tmp_path, lambda _: None)


def test_a_disk_that_fails_once_is_not_remembered(
    edited: Edited, own_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        try:
            raise OSError(5, "Input/output error")
        except OSError as error:
            raise ReadError("cannot be opened (Input/output error).") from error

    monkeypatch.setattr(performing, "read_file", failing)
    assert len(run(edited.folder, store=own_store, execute="inline").study.unread) == 4
    monkeypatch.undo()
    outcome = warm_and_cold(edited, own_store, tmp_path, lambda _: None)
    assert not outcome.study.unread


def test_the_key_of_a_report_knows_every_byte(edited: Edited, own_store: Path) -> None:
    table = edited.folder / "measurements.csv"
    whole = table.read_bytes()

    def key() -> str:
        with session(store=own_store, execute="inline") as work:
            return prepare(edited.folder, work).key

    keys = []
    for note in ("Ä", "Ö"):
        first, second, *rest = whole.splitlines()
        table.write_bytes(b"\n".join([first, second + note.encode("cp1252"), *rest]) + b"\n")
        keys.append(key())
    table.write_bytes(whole)
    for name in ("one.csv", "two.csv"):
        (edited.folder / name).write_bytes(name.encode())
    study = edited.study
    for raw in (b"1", b"2"):
        (edited.folder / "raw.bin").write_bytes(raw)
        (edited.folder / "external.csv").write_text(
            "# software: A 1\nsample,quantity,value,unit,std,raw\nbare,porosity,30,%,1,raw.bin\n"
        )
        study["external"] = ["external.csv"]
        (edited.folder / "study.yaml").write_text(json.dumps(study))
        keys.append(key())
    assert len(set(keys)) == 4
