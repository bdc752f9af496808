"""What must somebody be able to do who does jobs for us?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol, Self

from interlith.workbench.running.jobs import Done, Job

#: Does one job with a store: `interlith.workbench.running.performing.perform`, or its stand-in in a test.
Perform = Callable[[Job, Any], Done]
Progress = Callable[[Done], None]


class Executor(Protocol):
    """Does jobs, here or elsewhere; a context manager, so that nothing is left running.

    Parameters
    ----------
    name
        The words it was asked for with: ``inline``, ``processes``, ``cluster`` or an address.
    """

    @property
    def name(self) -> str:
        """The words it was asked for with."""

    def prepare(self, jobs: int) -> None:
        """Start what so many jobs will need, while the caller still makes them; never necessary."""

    def run(self, jobs: Iterable[Job], *, progress: Progress | None = None) -> Iterator[Done]:
        """Do jobs; answers come in the order of completion, exactly one a job.

        A job that fails, dies, hangs or grows is an answer, never an exception. Jobs are taken from the iterable as they
        are needed. A caller who stops listening stops the jobs that are under way. One run at a time.

        Raises
        ------
        StudyError
            If nothing can be done at all (no worker starts, the cluster went away).
        """

    def close(self) -> None:
        """Stop everything that was started; may be called twice."""

    def __enter__(self) -> Self:
        """The executor itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `close`."""
