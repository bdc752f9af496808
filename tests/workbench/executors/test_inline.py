"""Does an exception in a job come back as words, in this process too?"""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.workbench.executors.inline import Inline
from interlith.workbench.running.jobs import Done, Job
from tests.workbench.executors import toys
from tests.workbench.executors.toys import toy


@pytest.mark.parametrize(
    ("what", "fate", "words"),
    [
        ("bug", "failed", "a bug of ours or of a library: KeyError: 'absent' at executors/toys.py, line"),
        ("ours", "failed", "cycling summary of cell bad (cells/bad.ndax): no minimum in 37 cycles"),
        ("panic", "failed", "PanicException: called `Option::unwrap()` on a `None` value"),
        ("system exit", "failed", "SystemExit: 2"),
        ("no json", "failed", "TypeError"),
        ("memory error", "large", "there was not enough memory (MemoryError: Unable to allocate 80 GiB)"),
        ("full", "full", "the disk of the store is full"),
        ("wrapped full", "full", "what was finished is kept"),
    ],
)
def test_an_exception_is_an_answer(tmp_path: Path, what: str, fate: str, words: str) -> None:
    with Inline(tmp_path / "store", perform=toys.perform) as executor:
        found = list(executor.run([toy("a"), toy("bad", what), toy("b")]))
    assert [done.key for done in found] == ["a", "bad", "b"]
    assert [done.fate for done in found] == ["done", fate, "done"]
    assert words in found[1].reason


def test_a_store_that_cannot_be_opened_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (done,) = Inline(tmp_path / "file" / "store", perform=toys.perform).run([toy("a")])
    assert done.fate == "failed"


def test_an_interruption_goes_through(tmp_path: Path) -> None:
    def perform(job: Job, store: object) -> Done:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Inline(tmp_path, perform=perform).run([toy("a")]))


def test_jobs_are_taken_as_they_are_needed_and_told(tmp_path: Path) -> None:
    taken, told = [], []

    def jobs() -> object:
        for number in range(3):
            taken.append(number)
            yield toy(f"{number}")

    answers = Inline(tmp_path, perform=toys.perform).run(jobs(), progress=lambda done: told.append(done.key))
    assert next(answers).key == "0"
    assert (taken, told) == ([0], ["0"])
    assert len(list(answers)) == 2
    assert told == ["0", "1", "2"]
