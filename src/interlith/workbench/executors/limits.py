"""How much of this machine may a worker have?"""

from __future__ import annotations

import os
from pathlib import Path

import psutil

#: A step that takes longer (s) is taken for hung: the slowest of 70,000 files of a large study needs minutes.
TIME_LIMIT = 1800.0
#: Share of the memory available at the start that all workers together may have; the rest is for this process, the
#: page cache and everybody else.
MEMORY_SHARE = 0.75
#: No worker gets less (bytes): interpreter and numerical libraries alone need 150 MB.
LEAST_MEMORY = 400_000_000
#: Variables that say how many threads a library may start.
THREAD_WORDS = (
    "POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip


def cores() -> int:
    """Processor cores that this process may use, which a batch system may have made fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_share(workers: int) -> int:
    """Resident memory (bytes) that each of some workers may have.

    Notes
    -----
    Taken once, when the workers are first wanted: what other programs take later is not seen.
    """
    available = min(psutil.virtual_memory().available, _group_memory())
    return max(int(MEMORY_SHARE * available / workers), LEAST_MEMORY)


def thread_words(workers: int) -> dict[str, str]:
    """Variables for each of some workers, so that together they start one thread a core; what the user set stays."""
    share = str(max(1, cores() // max(1, workers)))
    return {word: share for word in THREAD_WORDS if word not in os.environ}


def _group_memory() -> int:
    """Memory (bytes) left in the control groups of this process (containers, batch systems): Linux, version 2."""
    left = 1 << 62
    try:
        line = next(line for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return left
    top = Path("/sys/fs/cgroup")
    folder = top / line[3:].lstrip("/")
    for level in (folder, *folder.parents):
        if not level.is_relative_to(top):
            break
        try:
            limit = (level / "memory.max").read_text().strip()
            # Pages of files count as used there although they are given back on demand: only `anon` is not.
            used = (level / "memory.stat").read_text().split(maxsplit=2)[1]
            left = min(left, left if limit == "max" else max(0, int(limit) - int(used)))
        except (OSError, ValueError, IndexError):
            continue
    return left
