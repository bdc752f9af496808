"""Does the catalogue of a run hold every step, no path of the machine, and nothing torn?"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.model import Choice, Effect, FileRecord, StepRecord
from interlith.workbench.provenance.recorded import read_provenance
from interlith.workbench.provenance.writing import TABLES, write_provenance
from tests.reporting.fakes import make_outcome
from tests.workbench.recorded_study import MODULES, VERSIONS, key_of, with_records


@pytest.fixture(scope="module")
def outcome():
    return with_records(make_outcome(4, 10))


def test_every_record_comes_back_as_it_was(outcome, tmp_path: Path) -> None:
    decided = {"target": "a#sha256:0123456789ab", "field": "include", "value": False, "reason": "leak", "who": "kd"}
    first, *rest = outcome.records
    records = (replace(first, decisions=(decided,), fate="refused", reason="no current flows"), *rest)
    write_provenance(replace(outcome, records=records), tmp_path)
    with read_provenance(tmp_path) as known:
        assert known.records() == records
        assert known.records(specimen="bare_01", technique="cycling") == tuple(
            one for one in records if one.specimen == "bare_01"
        )
        assert known.records(keys=[records[3].key, records[0].key]) == (records[0], records[3])
        assert {one.sha256 for one in known.files()} == {item.source.sha256 for item in outcome.study.measurements}


def test_choices_come_back_with_their_effects(outcome, tmp_path: Path) -> None:
    effect = Effect("capacity_retention", "bare_01", "cycle 10", 98.0, None, 0.1, "%")
    choice = Choice("cycling", "reference_cycle", "3", "4", 0.5, ("capacity_retention",), "first.", effects=(effect,))
    write_provenance(replace(outcome, choices=(choice,)), tmp_path)
    with read_provenance(tmp_path) as known:
        assert known.choices() == (choice,)
        assert known.how("cycling", "summary") == outcome.results[0].how


def test_no_path_of_the_machine_is_inside(outcome, tmp_path: Path) -> None:
    home = tmp_path / "Frau Müller" / "study"
    home.mkdir(parents=True)
    outside = tmp_path / "Frau Müller" / "data" / "x.csv"
    items = list(outcome.study.measurements)
    items[0] = replace(items[0], source=replace(items[0].source, path=str(outside)))
    study = replace(outcome.study, folder=home, measurements=tuple(items))
    file = FileRecord(str(outside), items[0].source.sha256, 10)
    records = tuple(
        replace(one, files=(file,), reason=f"{home}/cells/a.csv: row 3 is torn", specimen=str(home / "cells" / "a.csv"))
        for one in outcome.records
    )
    path = write_provenance(replace(outcome, study=study, records=records), tmp_path / "results")
    raw = path.read_bytes()
    assert b"Frau" not in raw
    assert str(tmp_path).encode() not in raw
    with read_provenance(tmp_path / "results") as known:
        assert known.records()[0].reason == "cells/a.csv: row 3 is torn"
        assert known.records()[0].files[0].path == "../data/x.csv"


def test_a_catalogue_that_cannot_be_written_leaves_the_old_one(outcome, tmp_path: Path) -> None:
    path = write_provenance(outcome, tmp_path)
    before = path.read_bytes()
    broken = replace(outcome.records[0], fate=object())  # type: ignore[arg-type]
    with pytest.raises(sqlite3.Error):
        write_provenance(replace(outcome, records=(broken,)), tmp_path)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", ["absent", "torn", "layout", "empty"])
def test_a_catalogue_that_cannot_be_read_is_told_in_words(outcome, tmp_path: Path, damage: str) -> None:
    path = write_provenance(outcome, tmp_path)
    if damage == "absent":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(b"SQLite format 3\0" + b"\x17" * 5000)
    elif damage == "layout":
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA user_version = 99")
    else:
        with closing(sqlite3.connect(path)) as database:
            database.execute("DELETE FROM run")
            database.commit()
    with pytest.raises(StudyError, match="run the study"):
        read_provenance(tmp_path)


def test_tables_hold_what_others_may_ask_of_them(outcome, tmp_path: Path) -> None:
    path = write_provenance(outcome, tmp_path)
    with closing(sqlite3.connect(path)) as database:
        counts = {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
    assert counts["run"] == 1
    assert counts["steps"] == len(outcome.records)
    assert counts["code"] == 2, "count and summary; specimens share the code of their step"
    assert counts["findings"] == len(outcome.findings)
    assert counts["choices"] == len(outcome.choices)
    assert counts["flags"] == sum(len(item.flags) for item in outcome.study.measurements)


def test_seventy_thousand_steps_are_written_in_seconds(tmp_path: Path) -> None:
    modules = {f"interlith.physics.part_{number}": "0123456789ab" for number in range(40)} | MODULES
    records = []
    for number in range(10_000):
        file = FileRecord(f"cells/x{number:05d}.csv", key_of("raw", str(number)), 1000, "generic_csv", "1")
        before: dict[str, tuple[str, ...]] = {}
        for step in ("count", "summary", "conditions", "fade", "retention", "rate_table", "differential"):
            key = key_of(step, str(number))
            records.append(
                StepRecord(key, "cycling", step, f"x{number:05d}", (file,), before, {"normalise": "area"}, code="0" * 64,
                           modules=modules, versions=VERSIONS)
            )  # fmt: skip
            before = {step: (key,)}
    outcome = replace(make_outcome(2, 5), records=tuple(records))
    began = time.process_time()
    path = write_provenance(outcome, tmp_path)
    assert time.process_time() - began < 3.0
    assert path.stat().st_size < 40_000_000
    with read_provenance(tmp_path) as known:
        began = time.process_time()
        assert len(known.records(technique="cycling", specimen="x00777")) == 7
        assert time.process_time() - began < 0.2
