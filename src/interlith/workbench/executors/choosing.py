"""Which executor do some words mean?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from interlith.errors import StudyError, nearest
from interlith.workbench.executors.inline import Inline
from interlith.workbench.executors.protocol import Executor

#: Words for an executor; an address of a dask scheduler is the other way to name one.
WORDS = ("inline", "processes", "cluster")


def executor(
    words: str | Executor | None,
    *,
    store_root: Path,
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: int | None = None,
    store: Any = None,
) -> Executor:
    """The executor that some words mean.

    Parameters
    ----------
    words
        ``inline`` (also `None`), ``processes``, ``cluster`` (an own dask cluster on this machine), or the address of a
        dask scheduler: ``tls://host:port``, or ``tcp://127.0.0.1:port``. An executor is handed back as it is.
    store_root
        Folder of the store.
    workers
        Processes at once; by default the cores that this process may use.
    time_limit
        Longest time (s) of a step; by default 1,800. Not for ``inline``.
    memory_limit
        Largest resident memory (bytes) of a worker; by default three quarters of what is available, divided among the
        workers. Not for ``inline``.
    store
        The open store, for ``inline``.

    Raises
    ------
    StudyError
        If the words mean no executor, a number makes no sense, or an address is not allowed.
    MissingDependency
        If dask.distributed is needed and absent.
    """
    for value, what in ((workers, "number of workers"), (time_limit, "time limit"), (memory_limit, "memory limit")):
        if value is not None and not value > 0:
            raise StudyError(f"The {what} is {value}; it must be above zero.")
    if words is None or words == "inline":
        return Inline(store_root, store=store)
    if not isinstance(words, str):
        return words
    if words == "processes":
        from interlith.workbench.executors.processes import Processes

        return Processes(store_root, workers=workers, time_limit=time_limit, memory_limit=memory_limit)
    if words == "cluster" or "://" in words:
        from interlith.workbench.executors.cluster import Cluster

        address = None if words == "cluster" else words
        return Cluster(store_root, address, workers=workers, time_limit=time_limit, memory_limit=memory_limit)
    raise StudyError(
        f"'{words}' names no executor; {nearest(words, WORDS)}, or the address of a dask scheduler (tls://host:port)."
    )
