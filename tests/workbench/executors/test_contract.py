"""Do all executors keep the same promise?"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.workbench.executors import Executor, executor
from interlith.workbench.executors.cluster import Cluster
from interlith.workbench.executors.inline import Inline
from interlith.workbench.executors.processes import Processes
from tests.workbench.executors import toys
from tests.workbench.executors.toys import toy

LIMITS = {"workers": 2, "time_limit": 3.0, "memory_limit": 300_000_000}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module", params=["inline", "processes", "cluster"])
def any_executor(request: pytest.FixtureRequest, store: Path, findable: None) -> Iterator[Executor]:
    with ExitStack() as stack:
        if request.param == "inline":
            yield stack.enter_context(Inline(store, perform=toys.perform))
        else:
            kind = {"processes": Processes, "cluster": Cluster}[request.param]
            yield stack.enter_context(kind(store, perform=toys.PERFORM, **LIMITS))


def test_every_job_is_answered_exactly_once(any_executor: Executor) -> None:
    told: list[str] = []
    jobs = (toy(f"{number:03}", say=number) for number in range(100))
    found = list(any_executor.run(jobs, progress=lambda done: told.append(done.key)))
    assert sorted(done.key for done in found) == [f"{number:03}" for number in range(100)]
    assert told == [done.key for done in found]
    assert all(done.documents[done.key]["said"] == str(int(done.key)) for done in found)


def test_no_jobs_no_answers(any_executor: Executor) -> None:
    assert list(any_executor.run([])) == []


def test_equal_keys_are_two_jobs(any_executor: Executor) -> None:
    assert [done.key for done in any_executor.run([toy("a"), toy("a")])] == ["a", "a"]


def test_failures_cost_themselves(any_executor: Executor) -> None:
    bad = {"bug": "failed", "ours": "failed", "panic": "failed", "memory error": "large", "full": "full"}
    jobs = [toy(what, what) for what in bad] + [toy(f"{number}") for number in range(20)]
    found = {done.key: done.fate for done in any_executor.run(jobs)}
    assert found == bad | {f"{number}": "done" for number in range(20)}


def test_words_of_all_scripts_arrive(any_executor: Executor) -> None:
    (done,) = any_executor.run([toy("Zelle Würzburg №1\n", say="µ\u2028\n\r Ω")])
    assert (done.key, done.documents[done.key]["said"]) == ("Zelle Würzburg №1\n", "µ\u2028\n\r Ω")


def test_crashes_hangs_and_floods_cost_themselves(any_executor: Executor) -> None:
    if any_executor.name == "inline":
        pytest.skip("in this process a crash takes everything along")
    jobs = [
        toy("late", "stubborn", seconds=30), toy("crashed", "segfault"), toy("large", "allocate", megabytes=400, seconds=9),
        toy("exit", "exit"), toy("killed", "kill self", signal=signal.SIGKILL), *(toy(f"{n}") for n in range(20)),
    ]  # fmt: skip
    found = {done.key: done for done in any_executor.run(jobs)}
    assert len(found) == 25
    assert [found[key].fate for key in ("late", "crashed", "large", "exit", "killed")] == [
        "late", "crashed", "large", "crashed", "crashed",
    ]  # fmt: skip
    assert 3.0 < found["late"].seconds < 4.0
    assert {found[f"{n}"].fate for n in range(20)} == {"done"}


def test_killed_once_is_done_at_the_second_try(any_executor: Executor, tmp_path: Path) -> None:
    if any_executor.name == "inline":
        pytest.skip("this process is not to be killed")
    jobs = [toy("hit", "kill once", mark=str(tmp_path / "mark")), *(toy(f"{n}") for n in range(10))]
    assert {done.fate for done in any_executor.run(jobs)} == {"done"}


def test_after_a_run_that_was_broken_off_comes_another(any_executor: Executor) -> None:
    answers = any_executor.run([toy("a"), toy("b", "sleep", seconds=1), toy("c")])
    next(answers)
    answers.close()
    assert {done.key for done in any_executor.run([toy("d"), toy("e")])} == {"d", "e"}


@pytest.mark.parametrize(
    ("words", "options", "said"),
    [
        ("proceses", {}, "did you mean 'processes'"),
        ("processes", {"workers": 0}, "number of workers is 0"),
        ("processes", {"time_limit": -1.0}, "time limit is -1.0"),
        ("tcp://node7.example:8786", {}, "Start the scheduler and the workers with `--protocol tls`"),
        ("tcp://192.0.2.7:8786", {}, "is not this machine"),
        ("tcp://[2001:db8::1]:8786", {}, "is not this machine"),
        ("tls://node7:8786", {}, "distributed.comm.tls.ca-file is not set"),
        ("ucx://127.0.0.1:1", {}, "no address of a dask scheduler"),
        ("tcp://127.0.0.1", {}, "no address of a dask scheduler"),
        ("tcp://127.0.0.1:x", {}, "no address of a dask scheduler"),
    ],
)
def test_words_that_mean_nothing_are_refused(tmp_path: Path, words: str, options: dict[str, float], said: str) -> None:
    with pytest.raises(StudyError, match=said.replace("(", r"\(")):
        executor(words, store_root=tmp_path, **options)


def test_words_choose_and_an_executor_stays(tmp_path: Path) -> None:
    assert executor(None, store_root=tmp_path).name == "inline"
    own = executor("processes", store_root=tmp_path)
    assert own.name == "processes"
    assert executor(own, store_root=tmp_path) is own
