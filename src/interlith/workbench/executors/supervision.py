"""Which child has been at it for too long, or has grown too large?

A thread of its own looks ten times a second, so that a caller who is busy with the last answer delays no stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import psutil

from interlith.workbench.executors.child import Child, Stop
from interlith.workbench.executors.memory import GONE, descendants, held_memory

#: Between two looks (s).
INTERVAL = 0.1
#: Between two searches for grandchildren (s); a search reads the whole table of processes, and on a machine with
#: thousands of them gets at most this share of the time.
SEARCH_INTERVAL, SEARCH_SHARE = 1.0, 0.05
#: A child that is not ready after so long (s) never will be; a cold network disk needs half a minute for the imports.
START_LIMIT = 120.0


class Supervision:
    """Looks after children while it is entered.

    Parameters
    ----------
    children
        Gives the children as they are now.
    time_limit
        Longest time (s) of a job.
    memory_limit
        Largest resident memory (bytes) of a child with its descendants.
    """

    def __init__(self, children: Callable[[], Sequence[Child]], *, time_limit: float, memory_limit: int) -> None:
        self._children = children
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="interlith-supervision")
        self._below: dict[int, list[psutil.Process]] = {}
        self._next_search = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            children = self._children()
            now = time.monotonic()
            for child in children:
                if not child.ready and now - child.began > START_LIMIT:
                    child.stop(Stop("start", -1, now - child.began, 0))
            # What takes less than an interval is not worth a look.
            busy = [
                (child, found) for child in children if (found := child.under_way()) and now - found[1] > INTERVAL / 2
            ]
            self._search([child.pid for child, _ in busy], now)
            for child, (number, since) in busy:
                memory = self._memory(child)
                seconds = now - since
                if memory > self._memory_limit:
                    child.stop(Stop("large", number, seconds, memory))
                elif seconds > self._time_limit:
                    child.stop(Stop("late", number, seconds, memory))

    def _search(self, pids: list[int], now: float) -> None:
        if pids and now > self._next_search:
            self._below = descendants(pids)
            took = time.monotonic() - now
            self._next_search = now + max(SEARCH_INTERVAL, took / SEARCH_SHARE)

    def _memory(self, child: Child) -> int:
        try:
            own = held_memory(psutil.Process(child.pid))
        except GONE:
            return 0
        return own + sum(held_memory(process) for process in self._below.get(child.pid, ()))
