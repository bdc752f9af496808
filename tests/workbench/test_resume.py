"""A run that is disturbed loses one step at most, and the next run goes on from there to the same table."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import polars as pl
import pytest

from interlith.model import StudyOutcome
from interlith.workbench.executors.processes import Processes
from interlith.workbench.running.run import run
from interlith.workbench.store import Store, verify
from interlith.workbench.store import writing as store_writing

from .folders import write_study

#: Seconds that no step of these tests needs.
SHORT = 8.0


def table(outcome: StudyOutcome) -> pl.DataFrame:
    """The numbers of an outcome."""
    return outcome.observables.select("id", "value", "std", "low", "high")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_study(tmp_path / "study")


def undisturbed(folder: Path, tmp_path: Path) -> pl.DataFrame:
    """The table of a run with a store of its own."""
    return table(run(folder, store=tmp_path / "quiet", execute="inline"))


@pytest.mark.parametrize(
    ("what", "step", "specimen", "words"),
    [
        ("poisoned", "summary", "bare_1", "SIGSEGV"),
        ("hung", "fade", "coated_2", "time limit"),
        ("greedy", "differential", "bare_2", "memory"),
    ],
)
def test_one_bad_step_costs_itself_and_is_told(
    folder: Path,
    tmp_path: Path,
    own_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    step: str,
    specimen: str,
    words: str,
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    limits = {"time_limit": SHORT, "memory_limit": 1 << 30}
    with Processes(own_store, workers=2, perform=f"tests.workbench.disturbed:{what}", **limits) as workers:
        disturbed = run(folder, execute=workers)
    told = dict(disturbed.failures)
    assert list(told) == [f"cycling, {step}, {specimen}"]
    assert words in told[f"cycling, {step}, {specimen}"]
    lost = {(record.step, record.specimen) for record in disturbed.records if record.fate != "done"}
    assert lost == {(step, specimen)}
    whole = run(folder, execute="inline")
    assert not whole.failures
    assert table(whole).equals(undisturbed(folder, tmp_path))
    again = {(record.step, record.specimen) for record in whole.records if not record.cached}
    assert (step, specimen) in again
    assert {name for _, name in again} == {specimen}


def test_a_full_disk_keeps_what_was_finished(
    folder: Path, tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = 17
    sync = os.fsync

    def full(handle: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(handle)

    monkeypatch.setattr(store_writing.os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as told:
        run(folder, execute="inline")
    assert told.value.errno == errno.ENOSPC
    monkeypatch.undo()
    monkeypatch.setenv("INTERLITH_STORE", str(own_store))
    with Store.open() as store:
        assert not verify(store).damaged
    resumed = run(folder, execute="inline")
    assert sum(record.cached for record in resumed.records) >= 8
    assert table(resumed).equals(undisturbed(folder, tmp_path))


def test_damage_in_the_store_is_computed_again(folder: Path, tmp_path: Path, own_store: Path) -> None:
    first = run(folder, execute="inline")
    entries = sorted(
        path
        for path in own_store.rglob("*")
        if path.is_file() and path.stat().st_size > 2000 and "sqlite" not in path.name
    )
    assert len(entries) > 20
    for path in entries:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 3] ^= 0xFF
        path.write_bytes(raw)
    second = run(folder, execute="inline")
    assert table(second).equals(table(first))
    assert [len(result.data) for result in second.results] == [len(result.data) for result in first.results]
    assert second.results[0].data["half_cycles"].equals(first.results[0].data["half_cycles"])


def test_a_lost_catalogue_costs_no_result(folder: Path, own_store: Path) -> None:
    first = run(folder, execute="inline")
    (catalogue,) = own_store.rglob("catalogue.sqlite")
    for path in catalogue.parent.glob("catalogue.sqlite*"):
        path.unlink()
    second = run(folder, execute="inline")
    assert all(record.cached for record in second.records)
    assert table(second).equals(table(first))


@pytest.mark.parametrize("executor", ["inline", "processes", "cluster"])
def test_killed_runs_resume_to_the_same_table(folder: Path, tmp_path: Path, own_store: Path, executor: str) -> None:
    if executor == "cluster":
        pytest.importorskip("distributed")
    truth = undisturbed(folder, tmp_path)
    for seconds in (1.4, 2.2, 3.5):
        command = [
            sys.executable,
            "-c",
            "from interlith.app.main import main; main()",
            "run",
            str(folder),
            "--executor",
            executor,
        ]
        child = subprocess.Popen(
            [*command, "--workers", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(seconds)
        child.kill()
        child.wait()
        with Store.open() as store:
            assert not verify(store).damaged
    assert table(run(folder, execute="inline")).equals(truth)


def test_two_runs_at_once_do_not_disturb_each_other(folder: Path, tmp_path: Path) -> None:
    truth = undisturbed(folder, tmp_path)
    found: list[pl.DataFrame] = []
    threads = [threading.Thread(target=lambda: found.append(table(run(folder, execute="inline")))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert all(one.equals(truth) for one in found)
