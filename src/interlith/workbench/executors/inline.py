"""How are jobs done one after the other in this process?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from interlith.workbench.executors.attempt import PERFORM, attempt, load, open_store
from interlith.workbench.executors.protocol import Perform, Progress
from interlith.workbench.running.jobs import Done, Job


class Inline:
    """Jobs one after the other in this process: no start-up, no copy, no limits, and a crash takes everything along.

    Parameters
    ----------
    store_root
        Folder of the store.
    store
        The store, where it is open already.
    perform
        Who does the jobs; by default `interlith.workbench.running.performing.perform`.
    """

    name = "inline"

    def __init__(self, store_root: Path, *, store: Any = None, perform: Perform | None = None) -> None:
        self._root = store_root
        self._store = store
        self._perform = perform

    def prepare(self, jobs: int) -> None:
        """Nothing to prepare."""

    def run(self, jobs: Iterable[Job], *, progress: Progress | None = None) -> Iterator[Done]:
        """Do jobs in their order. See `Executor.run`."""
        perform = self._perform or load(PERFORM)
        for job in jobs:
            done = attempt(job, perform, self._opened)
            if progress is not None:
                progress(done)
            yield done

    def close(self) -> None:
        """Nothing was started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> Any:
        if self._store is None:
            self._store = open_store(self._root)
        return self._store
