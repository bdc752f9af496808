"""Jobs that behave, and jobs that do what a job must not: run in this process, in children, or on a cluster."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from interlith.errors import FitError
from interlith.workbench.running.jobs import Done, FileWords, Job

#: As the executors are told.
PERFORM = "tests.workbench.executors.toys:perform"


def toy(key: str, what: str = "echo", **options: Any) -> Job:
    """A job that does one of the toys."""
    files = (FileWords(f"cells/{key}.ndax", f"/data/cells/{key}.ndax", "00" * 32, 10),)
    return Job(key, "cycling", "summary", f"cell {key}", files=files, options={"what": what, **options})


def perform(job: Job, store: Any) -> Done:
    """Do what the options say."""
    note(job, "begun")
    said = _TOYS[job.options["what"]](job.options)
    note(job, "ended")
    return Done(job.key, documents={job.key: {"said": said, "pid": os.getpid(), "store": str(store.root)}})


def note(job: Job, word: str) -> None:
    """Leave a mark in a folder: which process has begun or ended the job."""
    folder = job.options.get("notes")
    if folder:
        Path(folder, f"{job.key}.{word}.{os.getpid()}").touch()


def _sleep(options: Mapping[str, Any]) -> str:
    time.sleep(options["seconds"])
    return "slept"


def _stubborn(options: Mapping[str, Any]) -> str:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(options["seconds"])
    return "slept"


def _compute(options: Mapping[str, Any]) -> str:
    """Hold the interpreter lock: `ctypes.PyDLL` does not let go of it."""
    ctypes.PyDLL(None).usleep(int(options["seconds"] * 1e6))
    return "computed"


def _allocate(options: Mapping[str, Any]) -> str:
    kept = [b"x" * 10_000_000 for _ in range(options["megabytes"] // 10)]
    time.sleep(options.get("seconds", 0.0))
    return f"{len(kept)} blocks"


def _keep(options: Mapping[str, Any]) -> str:
    """Not give memory back."""
    _KEPT.append(b"x" * (options["megabytes"] * 1_000_000))
    time.sleep(options["seconds"])
    return "kept"


def _spawn(options: Mapping[str, Any]) -> str:
    child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({options['seconds']})  # toy-grandchild"])
    if "note" in options:
        Path(options["note"]).write_text(str(child.pid))
    child.wait()
    return "waited"


def _spawn_hog(options: Mapping[str, Any]) -> str:
    script = f"import time; x = b'x' * {options['megabytes'] * 1_000_000}; time.sleep({options['seconds']})"
    subprocess.run([sys.executable, "-c", script], check=False)
    return "waited"


def _leave_behind(options: Mapping[str, Any]) -> str:
    """Start something and die without waiting for it."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(options["note"]).write_text(str(child.pid))
    os._exit(0)


def _kill_once(options: Mapping[str, Any]) -> str:
    """Be killed from outside at the first try."""
    mark = Path(options["mark"])
    if mark.exists():
        return "second try"
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def _print(options: Mapping[str, Any]) -> str:
    os.write(1, b"7 {garbage}\n" * 1000)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    return f"asked {sys.stdin.read()!r}"


def _garble(options: Mapping[str, Any]) -> str:
    """Write to every stream there is, the one with the answers included."""
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"\xff\x00 this is no answer\n")
        except OSError:
            continue
    return "garbled"


def _panic(options: Mapping[str, Any]) -> str:
    class PanicException(BaseException):
        """As polars has it."""

    raise PanicException("called `Option::unwrap()` on a `None` value")


def _wrapped_full(options: Mapping[str, Any]) -> str:
    try:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/store/x")
    except OSError as error:
        raise ValueError("could not write") from error


def _raise(error: BaseException) -> Callable[[Mapping[str, Any]], str]:
    def toy_that_raises(options: Mapping[str, Any]) -> str:
        raise error

    return toy_that_raises


def _kill_self(options: Mapping[str, Any]) -> str:
    os.kill(os.getpid(), options["signal"])
    time.sleep(5)
    return "never"


def _rust_out_of_memory(options: Mapping[str, Any]) -> str:
    os.write(2, b"memory allocation of 80000000000 bytes failed\n")
    os.abort()


_KEPT: list[bytes] = []
_TOYS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "echo": lambda options: str(options.get("say", "")),
    "sleep": _sleep,
    "stubborn": _stubborn,
    "compute": _compute,
    "allocate": _allocate,
    "keep": _keep,
    "spawn": _spawn,
    "spawn hog": _spawn_hog,
    "leave behind": _leave_behind,
    "kill once": _kill_once,
    "print": _print,
    "garble": _garble,
    "panic": _panic,
    "kill self": _kill_self,
    "close all": lambda options: str(os.closerange(3, 64)),
    "exit": lambda options: os._exit(options.get("status", 3)),
    "system exit": lambda options: sys.exit(2),
    "segfault": lambda options: str(ctypes.string_at(0)),
    "rust out of memory": _rust_out_of_memory,
    "bug": lambda options: str({}["absent"]),
    "ours": _raise(FitError("no minimum in 37 cycles")),
    "memory error": _raise(MemoryError("Unable to allocate 80 GiB")),
    "full": _raise(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/store/x")),
    "wrapped full": _wrapped_full,
    "environment": lambda options: ",".join(f"{word}={os.environ.get(word)}" for word in options["words"]),
    "no json": lambda options: object(),  # type: ignore[dict-item,return-value]
}
