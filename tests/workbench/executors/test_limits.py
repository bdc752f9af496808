"""Does a worker get its share of the machine, and do messages name what a user knows?"""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from interlith.workbench.executors import fates, limits
from interlith.workbench.running.jobs import FileWords, Job


def test_workers_share_what_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_group_memory", lambda: 8_000_000_000)
    available = min(8_000_000_000, psutil.virtual_memory().available)
    assert limits.memory_share(2) == pytest.approx(0.75 * available / 2, rel=0.2)
    assert limits.memory_share(10_000) == limits.LEAST_MEMORY


def test_the_limit_of_a_container_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {
        "/proc/self/cgroup": "0::/batch/job_7\n",
        "/sys/fs/cgroup/batch/job_7/memory.max": "max\n",
        "/sys/fs/cgroup/batch/job_7/memory.stat": "anon 100\nfile 5\n",
        "/sys/fs/cgroup/batch/memory.max": "6000000000\n",
        "/sys/fs/cgroup/batch/memory.stat": "anon 1000000000\nfile 4000000000\n",
    }

    def read_text(path: Path) -> str:
        try:
            return words[path.as_posix()]
        except KeyError:
            raise FileNotFoundError(path) from None

    monkeypatch.setattr(Path, "read_text", read_text)
    assert limits._group_memory() == 5_000_000_000
    words.clear()
    assert limits._group_memory() > 10**18


def test_threads_are_shared_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "cores", lambda: 16)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = limits.thread_words(4)
    assert found["POLARS_MAX_THREADS"] == "4"
    assert "OMP_NUM_THREADS" not in found
    assert set(limits.thread_words(99).values()) == {"1"}


def test_many_files_are_counted() -> None:
    files = tuple(FileWords(f"cells/B1_{part}.nda", "", "", 0) for part in range(5))
    job = Job("0", "cycling", "summary", "B1", files=files)
    assert fates.subject(job) == "cycling summary of B1 (cells/B1_0.nda, cells/B1_1.nda, cells/B1_2.nda and 2 more)"
    job = Job("0", "cycling", "read", "cells/B1.nda", files=(FileWords("cells/B1.nda", "", "", 0),))
    assert fates.subject(job) == "cycling read of cells/B1.nda"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended by itself with exit status 0"),
        (3221225477, "ended by itself with exit status 3221225477"),
        (-11, "died with SIGSEGV (a compiled library touched memory that is not its own)"),
        (-1, "died with SIGHUP (a signal from outside)"),
        (-99, "died with signal 99"),
    ],
)
def test_the_end_of_a_process_in_words(status: int, words: str) -> None:
    assert fates.died(status) == words
