"""Jobs that go wrong for one specimen only; named to executors as ``tests.workbench.disturbed:...``."""

from __future__ import annotations

import os
import signal
import time

from interlith.workbench.running.jobs import Done, Job
from interlith.workbench.running.performing import perform
from interlith.workbench.store import Store


def poisoned(job: Job, store: Store) -> Done:
    """The summary of one cell takes its process along."""
    if job.step == "summary" and job.specimen == "bare_1":
        os.kill(os.getpid(), signal.SIGSEGV)
    return perform(job, store)


def hung(job: Job, store: Store) -> Done:
    """The fade of one cell never ends."""
    if job.step == "fade" and job.specimen == "coated_2":
        time.sleep(600)
    return perform(job, store)


def greedy(job: Job, store: Store) -> Done:
    """The differential curves of one cell take more memory than there is."""
    if job.step == "differential" and job.specimen == "bare_2":
        held = [bytearray(os.urandom(1 << 20)) * 16 for _ in range(200)]
        time.sleep(60)
        del held
    return perform(job, store)
