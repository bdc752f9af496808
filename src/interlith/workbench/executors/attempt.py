"""How is one job tried so that whatever goes wrong in it comes back as words?"""

from __future__ import annotations

import contextlib
import importlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from interlith.errors import InterlithError
from interlith.workbench.executors.fates import failed
from interlith.workbench.executors.protocol import Perform
from interlith.workbench.running.jobs import Done, Job

#: What does the jobs, by name, so that it can be named to another process.
PERFORM = "interlith.workbench.running.performing:perform"


def load(dotted: str) -> Perform:
    """The function ``module:name``."""
    module, _, name = dotted.partition(":")
    return cast(Perform, getattr(importlib.import_module(module), name))


def load_ahead(dotted: str) -> Perform:
    """The function, with everything imported that its first job will want; what is missing is told by that job."""
    perform = load(dotted)
    importlib.import_module("interlith.workbench.store")
    if dotted == PERFORM:
        from interlith.workbench.discovery import formats, techniques

        for discover in (formats, techniques):
            with contextlib.suppress(InterlithError):
                # All values: a technique is imported when it is looked up.
                tuple(discover().values())
    return perform


def open_store(root: Path) -> Any:
    """The store as workers see it: entry files, no catalogue."""
    from interlith.workbench.store import Store

    return Store.open(root, catalogue=False)


def attempt(job: Job, perform: Perform, store: Callable[[], Any]) -> Done:
    """Try a job; only an interruption from the keyboard comes out as an exception.

    Parameters
    ----------
    job
        What to do.
    perform
        Who does it.
    store
        Gives the open store; called here, so that a store that cannot be opened is an answer too.
    """
    began = time.monotonic()
    try:
        done = perform(job, store())
        done.to_json()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic of polars and SystemExit are no Exceptions, and cost one job all the same
        done = failed(job, error)
    return replace(done, seconds=done.seconds or time.monotonic() - began, memory=done.memory or peak_memory())


def peak_memory() -> int:
    """Largest resident memory (bytes) that this process ever had; 0 where the system does not say."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else 1024 * largest
