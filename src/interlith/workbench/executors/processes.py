"""How are jobs done in child processes, so that a crash, a hang or a flood of memory costs one job?"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sized
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from interlith.errors import StudyError
from interlith.workbench.executors import fates
from interlith.workbench.executors.attempt import PERFORM
from interlith.workbench.executors.child import Answer, Child, Ended, Task
from interlith.workbench.executors.limits import TIME_LIMIT, cores, memory_share, thread_words
from interlith.workbench.executors.memory import kill_tree
from interlith.workbench.executors.protocol import Progress
from interlith.workbench.executors.supervision import Supervision
from interlith.workbench.running.jobs import Done, Job

#: The interpreter keeps a signal waiting while it waits for a lock on some systems: not longer than this (s).
PATIENCE = 0.5
#: Children that die one after the other before they are ready, by themselves or killed from outside; then there is no
#: point in starting another.
MOST_FALSE_STARTS, MOST_KILLED_STARTS = 5, 100
#: Exit status of a process killed from outside (SIGKILL).
KILLED = -9
#: Killed from outside so often, a job is given up: the first time may have been the system short of memory.
MOST_KILLS = 2
#: A child that holds more than this share of its limit after a job is replaced, so that no job pays for another.
RETIRE_SHARE = 0.5


class Processes:
    """Jobs in supervised child processes on this machine.

    Children are started when there are jobs for them, do one job at a time, stay for later runs, and die with this
    process, however it dies. See `interlith.workbench.executors.worker` and `.lifeline`.

    Parameters
    ----------
    store_root
        Folder of the store.
    workers
        Children at once; by default the cores that this process may use.
    time_limit
        Longest time (s) of a job; by default half an hour.
    memory_limit
        Largest resident memory (bytes) of a child with its descendants, without pages of files; by default three
        quarters of what is available, divided among the workers.
    sharing
        Workers among which cores and memory of this machine are divided; by default those of this executor.
    perform
        Who does the jobs, as ``module:function``.

    Notes
    -----
    Fails first where a job starts a process with a session of its own: that one outlives a killed parent. On Windows,
    descendants of a child do, and a death from outside cannot be told from another and is not tried again (untested).
    """

    name = "processes"

    def __init__(
        self,
        store_root: Path,
        *,
        workers: int | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
        sharing: int | None = None,
        perform: str = PERFORM,
    ) -> None:
        self._workers = workers or cores()
        self._time_limit = TIME_LIMIT if time_limit is None else time_limit
        self._memory_limit = memory_share(sharing or self._workers) if memory_limit is None else memory_limit
        self._arguments = ["--store", os.fspath(store_root), "--perform", perform]
        self._arguments += ["--retire", str(int(RETIRE_SHARE * self._memory_limit))]
        self._sharing = sharing
        self._children: list[Child] = []
        self._events: SimpleQueue[Answer | Ended] = SimpleQueue()
        self._numbers = count()
        self._false_starts = 0.0
        self._wanted = self._workers
        self._running = False
        self._stopping = False

    @property
    def pids(self) -> tuple[int, ...]:
        """Identifiers of the children there are now."""
        return tuple(child.pid for child in self._children)

    def prepare(self, jobs: int) -> None:
        """Start what so many jobs will need."""
        self._wanted = max(1, min(self._workers, jobs))
        while len(self._children) < self._wanted and jobs > 0:
            self._start()

    def run(self, jobs: Iterable[Job], *, progress: Progress | None = None) -> Iterator[Done]:
        """Do jobs in children. See `Executor.run`."""
        if self._running:
            raise RuntimeError("this executor is at another run; finish or close that iterator first")
        self._running, self._stopping = True, False
        if isinstance(jobs, Sized):
            self._wanted = max(1, min(self._workers, len(jobs)))
        queue = _Queue(iter(jobs), self._numbers)
        try:
            while not self._events.empty():  # what happened since the last run
                self._next(queue)
            with Supervision(
                lambda: tuple(self._children), time_limit=self._time_limit, memory_limit=self._memory_limit
            ):
                while self._assign(queue):
                    done = self._next(queue)
                    if done is not None:
                        self._assign(queue)  # before the caller takes its time
                        if progress is not None:
                            progress(done)
                        yield done
        finally:
            self._running = False
            for child in [one for one in self._children if one.task is not None]:
                self._drop(child)

    def stop(self) -> None:
        """End a run that is under way in another thread: its next answer is a `StudyError`."""
        self._stopping = True
        for pid in self.pids:
            kill_tree(pid)

    def close(self) -> None:
        """Stop all children."""
        for child in list(self._children):
            self._drop(child)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> Child:
        environment = os.environ | thread_words(self._sharing or self._wanted)
        child = Child(self._arguments, environment, self._events.put)
        self._children.append(child)
        return child

    def _drop(self, child: Child) -> None:
        self._children.remove(child)
        child.close()

    def _assign(self, queue: _Queue) -> bool:
        """Give every free child a job, and start children while there are jobs; whether anything is under way."""
        staying = [child for child in self._children if not child.retired]
        for child in staying:
            if child.task is None and (task := queue.take()):
                child.give(task)
        for _ in range(len(staying), self._workers):
            if task := queue.take():
                self._start().give(task)
        return any(child.task is not None for child in self._children)

    def _next(self, queue: _Queue) -> Done | None:
        try:
            event = self._events.get(timeout=PATIENCE)
        except Empty:
            return None
        if self._stopping:
            raise StudyError("The run was stopped; what was finished is kept.")
        child = event.child
        if child not in self._children:
            return None
        if isinstance(event, Ended):
            return self._bury(event, queue)
        self._false_starts = 0.0
        task = child.task
        if task is None or task.number != event.number:
            return None
        child.take()
        return event.done

    def _bury(self, event: Ended, queue: _Queue) -> Done | None:
        """What the end of a child means for its job: an answer, or another try."""
        child, under_way = event.child, event.child.under_way()
        seconds = time.monotonic() - under_way[1] if under_way else 0.0
        task = child.take()
        self._drop(child)
        if not child.ready:
            self._count_false_start(event)
        if task is None:
            return None
        stop = child.stopped
        if stop is not None and stop.number == task.number:
            if stop.why == "late":
                return fates.late(task.job, self._time_limit, seconds=stop.seconds, memory=stop.memory)
            return fates.large(task.job, self._memory_limit, seconds=stop.seconds, memory=stop.memory)
        if stop is not None or child.retired or not child.ready:
            queue.again(task)
            return None
        if event.line:
            return fates.garbled(task.job, event.line, seconds=seconds)
        task.kills += 1
        if event.status == KILLED and task.kills < MOST_KILLS:
            queue.later(task)
            return None
        return fates.crashed(task.job, event.status, child.said, seconds=seconds, times=task.kills)

    def _count_false_start(self, event: Ended) -> None:
        killed = event.status == KILLED and event.child.stopped is None
        self._false_starts += 1 / MOST_KILLED_STARTS if killed else 1 / MOST_FALSE_STARTS
        if self._false_starts < 1:
            return
        self._false_starts = 0.0
        last = (event.child.said.strip().splitlines() or ["it said nothing"])[-1]
        raise StudyError(
            "Worker processes die one after the other before they are ready; the last one "
            f"{fates.died(event.status)}: {last}. Without workers (the executor 'inline') the cause is shown in full."
        )


class _Queue:
    """Jobs that wait: those given back first, then new ones, and at the very end those whose process was killed."""

    def __init__(self, jobs: Iterator[Job], numbers: Iterator[int]) -> None:
        self._jobs = jobs
        self._numbers = numbers
        self._first: deque[Task] = deque()
        self._last: deque[Task] = deque()

    def take(self) -> Task | None:
        """The next job, or nothing."""
        if self._first:
            return self._first.popleft()
        for job in self._jobs:
            return Task(next(self._numbers), job)
        return self._last.popleft() if self._last else None

    def again(self, task: Task) -> None:
        """A job that was not begun, or was hit by accident: next in turn."""
        self._first.append(task)

    def later(self, task: Task) -> None:
        """A job whose process was killed: when the others are done, there may be more memory."""
        self._last.append(task)
