"""``interlith run`` in a process of its own, timed."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ran:
    """Wall and CPU seconds, and peak memory (MB) of the largest process so far."""

    wall: float
    cpu: float
    memory: float


def ran(folder: Path) -> Ran:
    """A study with an empty store beside it, on one thread; a study with open questions (exit 3) counts as run."""
    environment = os.environ | {
        "INTERLITH_STORE": str(folder / "store"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "interlith", "run", str(folder)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stdout + done.stderr)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(wall, cpu, after.ru_maxrss / 1024)
