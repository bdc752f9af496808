"""Where do jobs go, who keeps what comes of them, and how far is the work?"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from interlith.workbench.executors import Executor, executor
from interlith.workbench.running.jobs import Done, Job
from interlith.workbench.store import Store

Progress = Callable[[int, int, str], None]
#: The catalogue learns of finished jobs at least this often (s): so much is registered again after a power cut.
PATIENCE = 5.0
#: With at least so many jobs at once, child processes pay for their start.
MANY_JOBS = 24


@dataclass(slots=True)
class Session:
    """One store, one executor and one count of the work; what a run passes around instead of five arguments.

    Parameters
    ----------
    store
        Where results are kept.
    execute
        Words for the executor (``inline``, ``processes``, ``cluster``, an address), an executor, or ``auto``: child
        processes where there is much to do.
    workers, time_limit, memory_limit
        Of the executor: number of processes, seconds a step, bytes of resident memory a process.
    progress
        Called as ``progress(done, total, label)``.
    made, refused
        Keys of what was computed in this session, with the wall time of the job (s); those that were refused, and why.
    """

    store: Store
    execute: str | Executor = "auto"
    workers: int | None = None
    time_limit: float | None = None
    memory_limit: int | None = None
    progress: Progress | None = None
    done: int = 0
    total: int = 0
    made: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    _executor: Executor | None = None

    def do(self, jobs: Sequence[Job]) -> dict[str, Done]:
        """Do some jobs and tell the store what came of them; a job that fails is an entry, not an exception.

        Raises
        ------
        OSError
            If the disk is full: all that was finished before is kept.
        """
        if not jobs:
            return {}
        found: dict[str, Done] = {}
        labels = {job.key: job.label for job in jobs}
        try:
            self._gather(jobs, labels, found)
        finally:
            self.store.commit()
        return found

    def _gather(self, jobs: Sequence[Job], labels: dict[str, str], found: dict[str, Done]) -> None:
        committed = time.monotonic()
        for done in self._chosen(len(jobs)).run(jobs):
            if done.fate == "full":
                raise OSError(errno.ENOSPC, done.reason or os.strerror(errno.ENOSPC), str(self.store.root))
            found[done.key] = done
            self.store.put_documents(done.documents)
            self.store.register(done.entries)
            self.refused |= done.refused
            self.made |= dict.fromkeys((done.key, *done.entries), done.seconds)
            self.step(1, labels[done.key])
            if time.monotonic() - committed > PATIENCE:
                self.store.commit()
                committed = time.monotonic()

    def step(self, count: int, label: str) -> None:
        """Some pieces of the work are done."""
        self.done += count
        if self.progress is not None:
            self.progress(min(self.done, self.total), self.total, label)

    def _chosen(self, count: int) -> Executor:
        words = self.execute
        if words == "auto":
            words = "processes" if count >= MANY_JOBS else "inline"
        if not isinstance(words, str):
            return words
        if self._executor is None or self._executor.name != words:
            self.close()
            self._executor = executor(
                words, store_root=self.store.root, workers=self.workers, time_limit=self.time_limit,
                memory_limit=self.memory_limit, store=self.store if words == "inline" else None,
            )  # fmt: skip
        return self._executor

    def close(self) -> None:
        """Stop the executor that this session started; one that was handed over stays with its owner."""
        if self._executor is not None:
            self._executor.close()
            self._executor = None


@contextmanager
def session(
    *,
    store: Store | Path | str | None = None,
    execute: str | Executor = "auto",
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    progress: Progress | None = None,
) -> Iterator[Session]:
    """A session over an open store, over a folder, or over the default store; closes what it opened."""
    opened = store if isinstance(store, Store) else Store.open(None if store is None else Path(store))
    made = Session(opened, execute, workers, time_limit, memory_limit, progress)
    try:
        yield made
    finally:
        made.close()
        if opened is not store:
            opened.close()
