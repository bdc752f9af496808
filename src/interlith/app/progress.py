"""How long will it still take? Shown only when it takes more than two seconds, and only to a person."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

#: Work shorter than this (s) shows no bar.
PATIENCE = 2.0


class Progress:
    """A progress bar with the time left, called as ``progress(done, total, label)``; a context manager."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, done: int, total: int, label: str) -> None:
        if self._bar is None:
            if time.monotonic() - self._began < PATIENCE or not sys.stderr.isatty():
                return
            self._start()
        self._bar.update(self._task, completed=done, total=total, description=f"{self._title}: {label}"[:60])

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("left"),
            TimeRemainingColumn(), console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._bar.start()
        self._task = self._bar.add_task(self._title, total=None)
