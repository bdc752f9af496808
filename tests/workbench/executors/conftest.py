"""What the tests of execution share: children that find the toys, a store, and a look for orphans."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from interlith.workbench.executors.processes import Processes
from tests.conftest import REPOSITORY
from tests.workbench.executors import toys


@pytest.fixture(scope="session", autouse=True)
def findable() -> Iterator[None]:
    """Child processes find the toys."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
        yield


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Callable[..., Processes]]:
    """Makes executors over the toys and closes them."""
    made: list[Processes] = []

    def make(workers: int = 2, time_limit: float = 20.0, memory_limit: int = 2_000_000_000) -> Processes:
        made.append(
            Processes(
                tmp_path / "store", workers=workers, time_limit=time_limit, memory_limit=memory_limit,
                perform=toys.PERFORM,
            )
        )  # fmt: skip
        return made[-1]

    yield make
    for one in made:
        one.close()


def gone(pid: int, *, within: float = 3.0) -> bool:
    """Whether a process ends (or is a zombie that nobody waits for) within some seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False
