"""How are jobs done on a dask cluster: an own one on this machine, or one that somebody runs?"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from interlith.errors import MissingDependency, StudyError
from interlith.workbench.executors import remote
from interlith.workbench.executors.addresses import allowed_address, security_of
from interlith.workbench.executors.attempt import PERFORM
from interlith.workbench.executors.fates import subject
from interlith.workbench.executors.limits import cores, memory_share
from interlith.workbench.executors.protocol import Progress
from interlith.workbench.running.jobs import Done, Job

#: Jobs given to dask before the first is answered, a thread of its workers: enough to hide its
#: delays of some 10 ms, few enough not to burden the scheduler of others.
IN_FLIGHT = 20
#: A scheduler that does not answer within so long (s) is not there; one without workers gets so long to find some.
CONNECT_LIMIT, WORKERLESS_LIMIT = 20.0, 60.0
#: Between two looks (s) at a silent scheduler, and at the number of its workers.
PATIENCE, LOOK_INTERVAL = 0.5, 5.0
_GUARD = (
    "A script that starts a cluster must keep its calls under `if __name__ == '__main__':`, because every worker imports "
    "the script first."
)


class Cluster:
    """Jobs on a dask cluster; each dask worker keeps a supervised child that does them (`remote`).

    Parameters
    ----------
    store_root
        Folder of the store.
    address
        Of a dask scheduler, ``tls://host:port`` or ``tcp://127.0.0.1:port``; without one an own cluster is started on
        this machine. The workers must see the store and the raw files under the same paths, and have the same
        Interlith and numerical libraries: both is checked.
    workers
        Worker processes of an own cluster; by default the cores that this process may use.
    time_limit, memory_limit
        As for `Processes`, for each child.
    perform
        Who does the jobs, as ``module:function``.

    Raises
    ------
    StudyError
        If the address is not allowed.
    MissingDependency
        If dask.distributed is absent.

    Notes
    -----
    An own cluster listens on 127.0.0.1 without a password, as dask does: on a machine that you share with people whom
    you do not trust, take ``processes``. A script that starts one must keep its calls under
    ``if __name__ == "__main__":``. When this process is killed in the middle of a run on somebody's cluster, the jobs that
    were under way end there, within the time limit; their results are in the store for the next run.
    """

    def __init__(
        self,
        store_root: Path,
        address: str | None = None,
        *,
        workers: int | None = None,
        time_limit: float | None = None,
        memory_limit: int | None = None,
        perform: str = PERFORM,
    ) -> None:
        if find_spec("distributed") is None:
            raise MissingDependency(
                "dask.distributed is needed to work on a cluster; install it with `pip install 'interlith[cluster]'`."
            )
        self.name = address or "cluster"
        self._address = allowed_address(address) if address else None
        self._root = Path(store_root).absolute()
        self._workers = workers or cores()
        self._terms = (str(self._root), perform, time_limit or 0.0, memory_limit or 0)
        self._sharing = self._workers
        self._threads = self._workers
        self._cluster: Any = None
        self._client: Any = None
        self._run = uuid.uuid4().hex
        self._numbers = count()
        self._looked = self._peopled = 0.0

    def prepare(self, jobs: int) -> None:
        """Start or reach the cluster."""
        if jobs > 0:
            self._connect()

    def run(self, jobs: Iterable[Job], *, progress: Progress | None = None) -> Iterator[Done]:
        """Do jobs on the cluster. See `Executor.run`."""
        self._looked = self._peopled = time.monotonic()
        waiting, under_way = iter(jobs), dict[str, tuple[Any, Job]]()
        events: SimpleQueue[Any] = SimpleQueue()
        finished = False
        try:
            while True:
                self._submit(waiting, under_way, events)
                if not under_way:
                    break
                for done in self._answers(under_way, self._finished(events)):
                    if progress is not None:
                        progress(done)
                    yield done
            finished = True
        finally:
            if not finished:
                self._break_off([future for future, _ in under_way.values()])

    def close(self) -> None:
        """Leave the cluster, and stop it if it is an own one."""
        self._release(broken_off=False)
        client, cluster, self._client, self._cluster = self._client, self._cluster, None, None
        if client is not None:
            client.close()
        if cluster is not None:
            cluster.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(self, waiting: Iterator[Job], under_way: dict[str, tuple[Any, Job]], events: SimpleQueue[Any]) -> None:
        while len(under_way) < IN_FLIGHT * self._threads:
            job = next(waiting, None)
            if job is None:
                return
            client = self._connect()
            key = f"interlith-{self._run}-{next(self._numbers)}"
            future = client.submit(
                remote.do,
                job.to_json(),
                self._run,
                *self._terms,
                self._sharing,
                self._cluster is None,
                key=key,
                pure=False,
            )
            under_way[key] = (future, job)
            future.add_done_callback(events.put)

    def _finished(self, events: SimpleQueue[Any]) -> list[Any]:
        """Futures that have come to an end: waits for the first."""
        found: list[Any] = []
        while not found or not events.empty():
            with contextlib.suppress(Empty):
                found.append(events.get(timeout=PATIENCE))
            self._check_alive()
        return found

    def _check_alive(self) -> None:
        """Look now and then whether anybody works; dask gives up on a worker that is killed while it starts, we do not."""
        if self._client.status != "running":
            raise StudyError(
                f"The scheduler at {self._place()} no longer answers. What was finished is kept; run again when it is back."
            )
        now = time.monotonic()
        if now - self._looked < LOOK_INTERVAL:
            return
        threads = sum(self._client.nthreads().values())
        self._looked, self._peopled = now, now if threads else self._peopled
        if now - self._peopled > WORKERLESS_LIMIT:
            raise StudyError(
                f"The scheduler at {self._place()} has had no workers for {WORKERLESS_LIMIT:.0f} s. What was finished is "
                "kept; start workers and run again."
            )
        if self._cluster is not None and threads < self._workers:
            self._cluster.scale(self._workers)

    def _answers(self, under_way: dict[str, tuple[Any, Job]], futures: list[Any]) -> Iterator[Done]:
        good = [future for future in futures if future.status == "finished"]
        words = dict(zip((future.key for future in good), self._client.gather(good), strict=True))
        for future in futures:
            job = under_way.pop(future.key)[1]
            if future.key not in words:
                yield self._mishap(future, job)
                continue
            kind, _, text = words[future.key].partition(" ")
            if kind == remote.TROUBLE:
                raise StudyError(f"{text} The store and the raw files must have the same paths on all workers.")
            yield Done.from_json(text)

    def _mishap(self, future: Any, job: Job) -> Done:
        """A job that dask could not have done."""
        if future.status != "error":
            raise StudyError(
                f"The scheduler at {self._place()} has dropped {subject(job)}: it was restarted, or somebody cancelled the "
                "work. What was finished is kept; run again."
            )
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            how = "the dask workers that had it were killed from outside, several times; they may be short of memory"
        else:
            how = f"dask could not do it: {type(error).__name__}: {error}"
        return Done(job.key, "crashed", f"{subject(job)}: {how}. Nothing else is lost.")

    def _break_off(self, futures: list[Any]) -> None:
        if self._client is not None and self._client.status == "running":
            with contextlib.suppress(OSError, TimeoutError):
                self._client.cancel(futures, force=True)
        self._release(broken_off=True)
        self._run = uuid.uuid4().hex  # a job of the old run that begins now must not be taken for one of the next

    def _release(self, *, broken_off: bool) -> None:
        """Stop our children on the workers; what does not answer has none or ends them itself."""
        if self._client is not None and self._client.status == "running":
            with contextlib.suppress(OSError, TimeoutError):
                self._client.run(remote.release, self._run, broken_off=broken_off, on_error="ignore")

    def _place(self) -> str:
        return self._address or "127.0.0.1"

    def _connect(self) -> Any:
        if self._client is None:
            try:
                if self._address is None:
                    self._start()
                else:
                    self._join(self._address)
            except BaseException:
                self.close()
                raise
        return self._client

    def _start(self) -> None:
        dask, distributed = _dask()
        if multiprocessing.parent_process() is not None:
            raise StudyError(_GUARD)
        store, perform, time_limit, memory_limit = self._terms
        # Each child is supervised by its own dask worker; dask's limit would take that one along.
        self._terms = (store, perform, time_limit, memory_limit or memory_share(self._workers))
        try:
            # A dashboard that is off still answers on a port that others may want: any free port, and nothing to see.
            with dask.config.set({"distributed.scheduler.http.routes": []}):
                self._cluster = distributed.LocalCluster(
                    n_workers=self._workers, threads_per_worker=1, processes=True, protocol="tcp://", host="127.0.0.1",
                    dashboard_address="127.0.0.1:0", scheduler_kwargs={"dashboard": False}, memory_limit=0,
                    silence_logs=logging.CRITICAL, preload=[remote.__name__],
                    security=distributed.Security(require_encryption=False),
                )  # fmt: skip
        except (RuntimeError, OSError, TimeoutError) as error:
            raise StudyError(
                f"A dask cluster could not be started on this machine ({error}). {_GUARD} Or use `processes`."
            ) from error
        self._client = distributed.Client(self._cluster, set_as_default=False)

    def _join(self, address: str) -> None:
        distributed = _dask()[1]
        try:
            self._client = distributed.Client(
                address, security=security_of(address), timeout=CONNECT_LIMIT, set_as_default=False
            )  # fmt: skip
            self._client.wait_for_workers(1, timeout=WORKERLESS_LIMIT)
        except (OSError, TimeoutError) as error:
            what = "no dask scheduler answers" if self._client is None else "the scheduler has no workers"
            raise StudyError(f"{address}: {what} ({error}). Start it, or name another address.") from error
        self._check_workers(address)
        threads = self._client.nthreads()
        hosts: dict[str, int] = {}
        for worker, number in threads.items():
            host = worker.rpartition(":")[0]
            hosts[host] = hosts.get(host, 0) + number
        self._threads, self._sharing = sum(threads.values()), max(hosts.values())

    def _check_workers(self, address: str) -> None:
        """Whether the workers see the store, and compute with the same code."""
        self._root.mkdir(parents=True, exist_ok=True)
        token = uuid.uuid4().hex
        mark = self._root / f"seen-{token}"
        mark.write_text(token)
        try:
            found = self._client.run(remote.look, str(mark), on_error="return")
        finally:
            os.unlink(mark)
        for worker, answer in found.items():
            if isinstance(answer, BaseException):
                raise StudyError(f"{address}: the worker {worker} cannot run Interlith: {answer}. Install it there.")
            node, words, code = answer
            if words != token:
                raise StudyError(
                    f"{address}: the worker {worker} on {node} does not see the store {self._root}. Put the store and the "
                    "study on a disk that all workers have under the same path (INTERLITH_STORE)."
                )
            if code != remote.fingerprint():
                raise StudyError(
                    f"{address}: the worker {worker} on {node} has {code}; here is {remote.fingerprint()}. Equal keys must "
                    "mean equal numbers: install the same versions there."
                )


def _dask() -> tuple[Any, Any]:
    """The two packages, without the types that only half of them has."""
    return import_module("dask"), import_module("distributed")
