"""Does a crash, a hang or a flood of memory cost one job, and do children never outlive their parent?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from interlith.errors import StudyError
from interlith.workbench.executors.processes import Processes
from tests.conftest import REPOSITORY
from tests.workbench.executors.conftest import gone
from tests.workbench.executors.toys import toy

Make = Callable[..., Processes]


def test_every_job_is_answered_once_by_few_children(processes: Make) -> None:
    pool = processes(workers=2)
    jobs = [toy(f"{number:04}", say=number) for number in range(400)]
    found = list(pool.run(iter(jobs)))
    assert sorted(done.key for done in found) == [job.key for job in jobs]
    assert all(done.fate == "done" and done.seconds > 0 and done.memory > 1_000_000 for done in found)
    assert {done.documents[done.key]["said"] for done in found} == {str(number) for number in range(400)}
    assert len({done.documents[done.key]["pid"] for done in found}) <= 2


def test_children_are_started_only_when_there_are_jobs_and_stay_for_the_next_run(processes: Make) -> None:
    pool = processes(workers=8)
    assert list(pool.run([])) == []
    assert pool.pids == ()
    list(pool.run([toy("a")]))
    first = pool.pids
    assert len(first) == 1
    list(pool.run([toy("b")]))
    assert pool.pids == first


def test_prepared_children_do_the_jobs(processes: Make) -> None:
    pool = processes(workers=2)
    pool.prepare(1)
    (pid,) = pool.pids
    (done,) = pool.run([toy("a")])
    assert done.documents["a"]["pid"] == pid


@pytest.mark.parametrize(
    ("what", "options", "fate", "words"),
    [
        ("segfault", {}, "crashed", "SIGSEGV (a compiled library touched memory that is not its own) in ctypes/__init__.py, line "),
        ("exit", {"status": 3}, "crashed", "ended by itself with exit status 3"),
        ("kill self", {"signal": signal.SIGBUS}, "crashed", "SIGBUS"),
        ("kill self", {"signal": signal.SIGTERM}, "crashed", "SIGTERM"),
        ("kill self", {"signal": signal.SIGKILL}, "crashed", "most often the system was out of memory), 2 times"),
        ("garble", {}, "crashed", "which is no answer, and was replaced"),
        ("close all", {}, "crashed", "the process that did it"),
        ("rust out of memory", {}, "large", "memory allocation of 80000000000 bytes failed"),
    ],
)  # fmt: skip
def test_a_poisoned_job_costs_itself_alone(
    processes: Make, what: str, options: dict[str, int], fate: str, words: str
) -> None:
    pool = processes(workers=2)
    jobs = [toy(f"{number:02}") for number in range(20)]
    jobs.insert(7, toy("bad", what, **options))
    found = {done.key: done for done in pool.run(jobs)}
    assert len(found) == 21
    assert {done.fate for key, done in found.items() if key != "bad"} == {"done"}
    assert found["bad"].fate == fate
    assert "cycling summary of cell bad (cells/bad.ndax): " in found["bad"].reason
    assert words in found["bad"].reason


def test_prints_and_questions_do_not_disturb_the_answers(processes: Make) -> None:
    (done,) = processes().run([toy("a", "print")])
    assert done.fate == "done"
    assert done.documents["a"]["said"] == "asked ''"


@pytest.mark.parametrize("what", ["sleep", "stubborn", "compute", "spawn"])
def test_a_hung_job_is_stopped_at_the_limit(processes: Make, what: str) -> None:
    pool = processes(workers=2, time_limit=1.5)
    found = {done.key: done for done in pool.run([toy("bad", what, seconds=30), *(toy(f"{n}") for n in range(5))])}
    assert found["bad"].fate == "late"
    assert 1.5 < found["bad"].seconds < 2.5
    assert "stopped after 1.5 s, the time limit of a step" in found["bad"].reason
    assert [done.fate for key, done in found.items() if key != "bad"] == ["done"] * 5


def test_a_stopped_job_takes_its_grandchildren_along(processes: Make, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    (late,) = processes(time_limit=2.0).run([toy("a", "spawn", seconds=30, note=str(note))])
    assert late.fate == "late"
    assert gone(int(note.read_text()))
    (crashed,) = processes().run([toy("b", "leave behind", note=str(note))])
    assert crashed.fate == "crashed"
    assert gone(int(note.read_text()))


@pytest.mark.parametrize("what", ["allocate", "spawn hog"])
def test_a_job_that_grows_is_stopped_and_says_so(processes: Make, what: str) -> None:
    pool = processes(workers=1, memory_limit=250_000_000)
    found = {done.key: done for done in pool.run([toy("bad", what, megabytes=600, seconds=30), toy("good")])}
    assert found["bad"].fate == "large"
    assert "the limit of a worker is 250 MB" in found["bad"].reason
    assert found["bad"].memory > 250_000_000
    assert found["good"].fate == "done"


def test_a_child_that_has_grown_is_replaced_between_jobs(processes: Make) -> None:
    pool = processes(workers=1, memory_limit=300_000_000)
    found = list(pool.run([toy(f"{number}", "keep", megabytes=120, seconds=0.3) for number in range(4)]))
    assert [done.fate for done in found] == ["done"] * 4  # the third job would be blamed for the first two
    assert len({done.documents[done.key]["pid"] for done in found}) == 4


def test_killed_once_from_outside_is_done_at_the_second_try(processes: Make, tmp_path: Path) -> None:
    pool = processes(workers=2)
    jobs = [toy("hit", "kill once", mark=str(tmp_path / "mark")), *(toy(f"{n}") for n in range(10))]
    found = {done.key: done for done in pool.run(jobs)}
    assert [done.fate for done in found.values()] == ["done"] * 11
    assert found["hit"].documents["hit"]["said"] == "second try"


def test_children_that_die_idle_are_replaced_without_a_word(processes: Make) -> None:
    pool = processes(workers=1)
    list(pool.run([toy("a")]))
    (pid,) = pool.pids
    os.kill(pid, signal.SIGSEGV)
    time.sleep(0.2)
    (done,) = pool.run([toy("b")])
    assert done.fate == "done"
    assert pool.pids != (pid,)


def test_no_worker_at_all_is_an_error_with_the_cause(tmp_path: Path) -> None:
    with Processes(tmp_path, workers=1, perform="tests.workbench.executors.absent:perform") as pool:
        with pytest.raises(
            StudyError, match=r"one after the other.*No module named 'tests.workbench.executors.absent'"
        ):
            list(pool.run([toy("a")]))
        assert pool.pids == ()


def test_a_caller_who_stops_listening_stops_the_jobs(processes: Make) -> None:
    pool = processes(workers=2)
    answers = pool.run([toy("a"), toy("b", "sleep", seconds=30), toy("c")])
    next(answers)
    busy = pool.pids
    answers.close()
    assert len(pool.pids) < len(busy)
    assert {done.key for done in pool.run([toy("d")])} == {"d"}


def test_a_long_job_text_and_a_caller_who_takes_his_time(processes: Make) -> None:
    pool = processes(workers=1, time_limit=1.0)
    found = []
    for done in pool.run([toy(f"{number}", say="x" * 300_000) for number in range(3)]):
        time.sleep(1.2)  # longer than the limit of a job: it is the job that is timed, not the caller
        found.append(done.fate)
    assert found == ["done"] * 3


def test_libraries_share_the_cores_and_the_words_of_the_user_stay(
    processes: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    (done,) = processes(workers=64).run(
        toy("a", "environment", words=["POLARS_MAX_THREADS", "OMP_NUM_THREADS"]) for _ in "1"
    )
    assert done.documents["a"]["said"] == "POLARS_MAX_THREADS=1,OMP_NUM_THREADS=7"


def test_one_run_at_a_time(processes: Make) -> None:
    pool = processes()
    first = pool.run([toy("a"), toy("b")])
    next(first)
    with pytest.raises(RuntimeError, match="another run"):
        next(pool.run([toy("c")]))
    first.close()


_PARENT = """
import sys
from pathlib import Path
from interlith.workbench.executors.processes import Processes
from tests.workbench.executors import toys
what, seconds, workers, note = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
pool = Processes(Path(sys.argv[5]), workers=workers, perform=toys.PERFORM)
jobs = [toys.toy(str(n), what, seconds=seconds, note=f"{note}.{n}") for n in range(1000)]
pool.prepare(workers)
print(*pool.pids, flush=True)
for done in pool.run(jobs):
    pass
"""


def _parent(folder: Path, what: str, *, workers: int = 2, seconds: float = 20.0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _PARENT, what, str(seconds), str(workers), str(folder / "note"), str(folder / "store")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY, start_new_session=True,
    )  # fmt: skip


def _noted(folder: Path) -> list[int]:
    """Numbers of the grandchildren that wrote theirs down."""
    return [int(text) for note in folder.glob("note.*") if (text := note.read_text())]


@pytest.mark.parametrize(("what", "wait"), [("sleep", 0.0), ("sleep", 0.15), ("compute", 1.2), ("spawn", 1.2)])
def test_children_do_not_outlive_a_killed_parent(tmp_path: Path, what: str, wait: float) -> None:
    with _parent(tmp_path, what) as parent:
        pids = [int(word) for word in parent.stdout.readline().split()]
        time.sleep(wait)
        deadline = time.monotonic() + 30
        while what == "spawn" and len(_noted(tmp_path)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        parent.kill()
        grandchildren = _noted(tmp_path)
        assert what != "spawn" or len(grandchildren) == 2
        assert all(gone(pid) for pid in [*pids, *grandchildren])


def test_an_interruption_stops_children_at_once_and_goes_on(tmp_path: Path) -> None:
    with _parent(tmp_path, "sleep") as parent:
        pids = [int(word) for word in parent.stdout.readline().split()]
        time.sleep(1.0)
        began = time.monotonic()
        os.killpg(parent.pid, signal.SIGINT)
        words = parent.communicate(timeout=10)[1]
        assert time.monotonic() - began < 2.0
        assert words.count("Traceback") == 1  # that of the caller
        assert words.rstrip().endswith("KeyboardInterrupt")
        assert all(gone(pid, within=0.5) for pid in pids)


@pytest.mark.slow
def test_no_orphans_after_200_kills_of_the_parent(tmp_path: Path) -> None:
    for turn in range(200):
        with _parent(tmp_path, ("sleep", "compute", "spawn")[turn % 3]) as parent:
            pids = [int(word) for word in parent.stdout.readline().split()]
            time.sleep(0.006 * turn)
            parent.kill()
        grandchildren = [int(note.read_text() or 0) for note in tmp_path.glob("note.*")]
        assert all(gone(pid) for pid in [*pids, *(pid for pid in grandchildren if pid)]), turn
        for note in tmp_path.glob("note.*"):
            note.unlink()


@pytest.mark.slow
def test_200_random_kills_of_children_lose_nothing(processes: Make) -> None:
    from random import Random

    random, pool = Random(3), processes(workers=2)
    kills = 0
    over = threading.Event()

    def kill() -> None:
        nonlocal kills
        while kills < 200 and not over.is_set():
            time.sleep(random.uniform(0.02, 0.4))
            for pid in random.sample(pool.pids, min(1, len(pool.pids))):
                try:
                    psutil.Process(pid).kill()
                    kills += 1
                except psutil.NoSuchProcess:
                    continue

    killer = threading.Thread(target=kill)
    killer.start()
    waiting = {f"{number:04}": toy(f"{number:04}", "sleep", seconds=0.02) for number in range(2000)}
    answers: dict[str, int] = dict.fromkeys(waiting, 0)
    while waiting:
        found = list(pool.run(list(waiting.values())))
        assert sorted(done.key for done in found) == sorted(waiting)
        assert {done.fate for done in found} <= {"done", "crashed"}
        for done in found:
            if done.fate == "done":
                answers[done.key] += 1
                del waiting[done.key]
    over.set()
    killer.join()
    assert kills == 200
    assert set(answers.values()) == {1}
