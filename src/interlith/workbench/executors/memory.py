"""How much memory does a process hold that the system cannot take back, and who are its descendants?"""

from __future__ import annotations

import contextlib
import signal
import sys
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import psutil

#: A process may end, or belong to somebody else, at any moment while it is looked at.
GONE = (psutil.NoSuchProcess, psutil.AccessDenied)


def held_memory(process: psutil.Process) -> int:
    """Resident memory (bytes) of a process without the pages it shares with files; 0 once it is gone.

    Pages of a large file that is read through a memory map are resident too, but are given back on demand.
    """
    try:
        found = process.memory_info()
    except GONE:
        return 0
    return max(0, int(found.rss) - int(getattr(found, "shared", 0)))


def own_memory() -> int:
    """`held_memory` of this process."""
    return held_memory(_self())


def descendants(roots: Iterable[int]) -> dict[int, list[psutil.Process]]:
    """Children, grandchildren and so on of some processes, found in one pass over the table of processes."""
    children: dict[int, list[psutil.Process]] = defaultdict(list)
    for process in psutil.process_iter():
        with contextlib.suppress(*GONE):
            children[process.ppid()].append(process)
    return {root: _below(root, children) for root in roots}


def kill_tree(pid: int) -> None:
    """Kill a process that is not yet waited for, its process group and its descendants, at once and without asking.

    There is nothing to tidy up: results are written beside their place and renamed.
    """
    with contextlib.suppress(*GONE):
        below = psutil.Process(pid).children(recursive=True)
        kill_group(pid)
        for process in [*below, psutil.Process(pid)]:
            with contextlib.suppress(*GONE):
                process.kill()


def kill_group(pid: int) -> None:
    """Kill a process group, on systems that have them."""
    if sys.platform != "win32":
        import os

        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


@cache
def _self() -> psutil.Process:
    return psutil.Process()


def _below(root: int, children: dict[int, list[psutil.Process]]) -> list[psutil.Process]:
    found, queue = [], [root]
    while queue:
        for process in children.get(queue.pop(), []):
            found.append(process)
            queue.append(process.pid)
    return found
