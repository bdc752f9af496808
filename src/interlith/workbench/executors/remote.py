"""What runs on a worker of a cluster? The same supervised child as at home, so that the limits and messages are the same.

The dask worker itself does no job: it hands the job to a child of its own. A crash, a hang or a flood of memory is
thus an answer of the child's, and a dask worker only dies when it is killed from outside; its child dies with it, and
dask gives the job to another.
"""

from __future__ import annotations

import hashlib
import os
import platform
import signal
import threading
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from interlith.errors import InterlithError
from interlith.workbench.executors.processes import Processes
from interlith.workbench.running.jobs import Job

#: First word of what `do` returns.
DONE, TROUBLE = "done", "trouble"
#: Libraries that make numbers; they must be the same wherever a number is made.
LIBRARIES = ("numpy", "polars", "scipy")

_Terms = tuple[str, str, float, int, int]
_lock = threading.Lock()
_idle: list[tuple[_Terms, Processes]] = []
_busy: list[tuple[str, Processes]] = []


def do(
    job_text: str,
    run: str,
    store: str,
    perform: str,
    time_limit: float,
    memory_limit: int,
    sharing: int,
    must_see: bool,
) -> str:
    """Do one job in a child of this dask worker.

    Parameters
    ----------
    job_text
        The job as JSON.
    run
        Name of the run that wants it.
    store
        Folder of the store.
    perform
        Who does the job, as ``module:function``.
    time_limit, memory_limit
        As for `Processes`; 0 for its defaults.
    sharing
        Workers on this machine, among which cores and memory are divided.
    must_see
        Whether a raw file that is absent here is trouble of the cluster rather than of the job.

    Returns
    -------
        ``done`` and the answer as JSON, or ``trouble`` and a sentence that concerns the whole run.
    """
    job = Job.from_json(job_text)
    absent = [file.path for file in job.files if must_see and not os.path.exists(file.path)]
    if absent:
        return f"{TROUBLE} The worker on {platform.node()} does not see {absent[0]}."
    terms = (store, perform, time_limit, memory_limit, sharing)
    pool = _borrow(run, terms)
    try:
        (done,) = pool.run([job])
    except InterlithError as error:
        return f"{TROUBLE} The worker on {platform.node()}: {error}"
    finally:
        with _lock:
            _busy.remove((run, pool))
            _idle.append((terms, pool))
    return f"{DONE} {done.to_json()}"


def release(run: str, *, broken_off: bool) -> None:
    """Stop the idle children of this dask worker, and with a run that is broken off those that work for it."""
    if broken_off:
        with _lock:
            busy = [pool for other, pool in _busy if other == run]
        for pool in busy:
            pool.stop()
    with _lock:
        idle, _idle[:] = list(_idle), []
    for _, pool in idle:
        pool.close()


def dask_setup(worker: Any) -> None:
    """Called by dask when a worker of an own cluster starts: Ctrl-C is the business of the process that started it."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def look(path: str) -> tuple[str, str, str]:
    """Name of this machine, what a file holds here (empty if it is absent), and the `fingerprint`."""
    try:
        words = Path(path).read_text()
    except OSError:
        words = ""
    return platform.node(), words, fingerprint()


@cache
def fingerprint() -> str:
    """Versions of Python and the numerical libraries with a hash of our sources: equal code makes equal numbers."""
    top = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(top.rglob("*.py")):
        digest.update(f"{path.relative_to(top).as_posix()}\0".encode() + path.read_bytes())
    words = [f"interlith sources {digest.hexdigest()[:12]}", f"Python {'.'.join(platform.python_version_tuple()[:2])}"]
    return ", ".join([*words, *(f"{name} {_version(name)}" for name in LIBRARIES)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def _borrow(run: str, terms: _Terms) -> Processes:
    """An idle child on the same terms, or a new one; those on other terms belong to runs that are over."""
    store, perform, time_limit, memory_limit, sharing = terms
    with _lock:
        stale = [pool for other, pool in _idle if other != terms]
        same = [pool for other, pool in _idle if other == terms]
        pool = same.pop() if same else Processes(
            Path(store), workers=1, time_limit=time_limit or None, memory_limit=memory_limit or None, sharing=sharing,
            perform=perform,
        )  # fmt: skip
        _idle[:] = [(terms, other) for other in same]
        _busy.append((run, pool))
    for other in stale:
        other.close()
    return pool
