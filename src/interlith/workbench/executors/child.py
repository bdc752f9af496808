"""How does the parent hold one child process: start it, give it a job, hear its answer, stop it?"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from subprocess import PIPE
from typing import IO, Literal, cast

from interlith.workbench.executors.memory import kill_group, kill_tree
from interlith.workbench.executors.worker import READY, RETIRE
from interlith.workbench.running.jobs import Done, Job

#: Last bytes of the error stream that are kept for the message of a crash.
TAIL_BYTES = 4000
#: A child that has closed its answers is given so long (s) to end by itself.
LAST_BREATH = 1.0


@dataclass(slots=True)
class Task:
    """A job on its way: its number, and how often the process that did it was killed from outside."""

    number: int
    job: Job
    kills: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Why we stopped a child: the task it was at, for how long (s), and its resident memory (bytes)."""

    why: Literal["late", "large", "start"]
    number: int
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A child has answered."""

    child: Child
    number: int
    done: Done


@dataclass(frozen=True, slots=True)
class Ended:
    """A child has ended with an exit status (negative: a signal); `line` is what was no answer, where it wrote such."""

    child: Child
    status: int
    line: bytes = b""


class Child:
    """One child process, at one job at most.

    Parameters
    ----------
    arguments
        Of the worker: store, function, limits.
    environment
        Variables of the process.
    post
        Where `Answer` and `Ended` go; called from another thread.
    """

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], post: Callable[[Answer | Ended], None]
    ) -> None:
        self.task: Task | None = None
        self.ready = False
        self.retired = False
        self.stopped: Stop | None = None
        self.began = time.monotonic()
        self._since: float | None = None
        self._lock = threading.Lock()
        self._post = post
        self._said = b""
        self._lifeline = -1
        self._process = self._start(arguments, environment)
        self._threads = [
            threading.Thread(target=work, daemon=True, name=f"interlith-child-{self.pid}")
            for work in (self._listen, self._overhear)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Identifier of the process."""
        return self._process.pid

    @property
    def said(self) -> str:
        """The end of what it wrote to its error stream."""
        return self._said.decode("utf-8", "replace")

    def under_way(self) -> tuple[int, float] | None:
        """Number of its task and since when (`time.monotonic`) it is at it; `None` while it waits or starts."""
        with self._lock:
            if self._since is None or self.task is None:
                return None
            return self.task.number, self._since

    def give(self, task: Task) -> None:
        """Give it a job; a child that is still starting begins with it as soon as it is ready."""
        with self._lock:
            self.task = task
            self._since = time.monotonic() if self.ready else None
        # A child that has just died is heard of by its `Ended`.
        with contextlib.suppress(OSError, ValueError):
            stream = _stream(self._process.stdin)
            stream.write(f"{task.number} {task.job.to_json()}\n".encode())
            stream.flush()

    def take(self) -> Task | None:
        """Take its task back."""
        with self._lock:
            task, self.task, self._since = self.task, None, None
        return task

    def stop(self, stop: Stop) -> None:
        """Kill it with all its descendants, and remember why."""
        with self._lock:
            finished = self._since is None or self.task is None or self.task.number != stop.number
            if self.stopped or (finished and stop.why != "start"):
                return
            self.stopped = stop
        kill_tree(self.pid)

    def close(self) -> None:
        """Kill it, wait for it, and close what belongs to it."""
        kill_tree(self.pid)
        listening, overhearing = self._threads
        listening.join()
        overhearing.join(LAST_BREATH)  # a descendant with a session of its own may hold the stream open
        streams = [self._process.stdin, self._process.stdout]
        for stream in streams if overhearing.is_alive() else [*streams, self._process.stderr]:
            with contextlib.suppress(OSError):
                _stream(stream).close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def _start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        # -P: the folder of a study may hold files that are named like a module.
        command = [sys.executable, "-P", "-m", "interlith.workbench.executors.worker", *arguments]
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            return subprocess.Popen(
                command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment, creationflags=flags
            )  # fmt: skip
        theirs, self._lifeline = os.pipe()
        try:
            # An own session: Ctrl-C at the terminal reaches the parent alone, which then decides.
            return subprocess.Popen(
                [*command, "--lifeline", str(theirs)], stdin=PIPE, stdout=PIPE, stderr=PIPE, env=environment,
                pass_fds=(theirs,), start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(theirs)

    def _listen(self) -> None:
        strange = b""
        for line in _stream(self._process.stdout):
            if not self._hear(line):
                strange = line
                kill_tree(self.pid)
                break
        self._post(Ended(self, self._leave(), strange))

    def _hear(self, line: bytes) -> bool:
        """Take an answer; false if it is none."""
        if line == READY:
            with self._lock:
                self.ready = True
                self._since = time.monotonic() if self.task else None
            return True
        if line == RETIRE:
            self.retired = True
            return True
        number, _, text = line.partition(b" ")
        try:
            answer = Answer(self, int(number), Done.from_json(text.decode()))
        except (ValueError, TypeError):
            return False
        with self._lock:
            self._since = None
        self._post(answer)
        return True

    def _overhear(self) -> None:
        stream = cast(BufferedReader, self._process.stderr)
        while words := stream.read1(TAIL_BYTES):
            self._said = (self._said + words)[-TAIL_BYTES:]

    def _leave(self) -> int:
        """Exit status of a child that has closed its answers; nothing of its process group stays behind."""
        if not hasattr(os, "waitid"):
            try:
                status = self._process.wait(LAST_BREATH)
            except subprocess.TimeoutExpired:
                kill_tree(self.pid)
                status = self._process.wait()
            kill_group(self.pid)
            return status
        deadline = time.monotonic() + LAST_BREATH
        while not _over(self.pid) and time.monotonic() < deadline:
            time.sleep(0.002)
        kill_group(self.pid)  # before it is waited for, while the number still belongs to it
        return self._process.wait()


def _over(pid: int) -> bool:
    """Whether a child has ended; it is not waited for, so that nobody else gets its number."""
    if not hasattr(os, "waitid"):
        return True
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    except ChildProcessError:
        return True


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the stream was not opened")
    return stream
