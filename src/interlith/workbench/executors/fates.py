"""What does the user read when a job did not end well, and what is to be done about it?"""

from __future__ import annotations

import contextlib
import errno
import re
import signal
import traceback
from collections.abc import Iterator

from interlith.errors import InterlithError
from interlith.workbench.running.jobs import Done, Fate, Job

#: Files named in a message before the rest is counted.
MOST_FILES = 3
#: The disk or the quota is full.
FULL_DISK = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
#: How libraries that wrap the system's error say that the disk is full: Rust, C, SQLite, HDF5.
_FULL_WORDS = re.compile(r"no space left on device|disk quota exceeded|os error 28\b|(database or )?disk is full", re.I)
#: How Rust and C++ say before they abort that they got no memory.
_NO_MEMORY_WORDS = re.compile(r"memory allocation of \d+ bytes failed|std::bad_alloc|cannot allocate memory", re.I)
#: First place that `faulthandler` names: where the process was when it died.
_PLACE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>\S+)')
_SIGNAL_WORDS = {
    "SIGSEGV": "a compiled library touched memory that is not its own",
    "SIGBUS": "a file became shorter while it was being read, or memory is broken",
    "SIGABRT": "a compiled library gave up",
    "SIGFPE": "a compiled library divided by zero",
    "SIGILL": "a compiled library was built for another processor",
    "SIGKILL": "killed from outside; most often the system was out of memory",
    "SIGTERM": "asked to stop from outside",
    "SIGXCPU": "over the limit of processor time of this account",
}


def subject(job: Job) -> str:
    """The job and its files: ``cycling summary of B1_02 (cells/B1_02.ndax)``."""
    names = [file.name for file in job.files if file.name != job.specimen]
    if not names:
        return job.label
    rest = len(names) - MOST_FILES
    shown = ", ".join(names[:MOST_FILES]) + (f" and {rest} more" if rest > 0 else "")
    return f"{job.label} ({shown})"


def failed(job: Job, error: BaseException) -> Done:
    """An exception out of a job: the disk is full, there is no memory, one of our errors, or a bug."""
    fate: Fate = "failed"
    if _disk_is_full(error):
        fate = "full"
        reason = (
            f"{subject(job)}: the disk of the store is full ({_last_line(error)}). Free space, for instance with "
            "`interlith clean`, and run again: what was finished is kept."
        )
    elif isinstance(error, MemoryError):
        fate = "large"
        reason = f"{subject(job)}: there was not enough memory ({_last_line(error)}). {_less_at_once()}"
    elif isinstance(error, InterlithError):
        reason = f"{subject(job)}: {error}"
    else:
        reason = f"{subject(job)}: a bug of ours or of a library: {_last_line(error)}{_raised_at(error)}. {_go_on(job)}"
    return Done(job.key, fate, reason)


def late(job: Job, limit: float, *, seconds: float, memory: int = 0) -> Done:
    """The job ran longer than the limit (s) and was stopped."""
    reason = (
        f"{subject(job)}: stopped after {_span(limit)}, the time limit of a step. Raise the limit, or {_aside(job)}"
    )
    return Done(job.key, "late", reason, seconds, memory)


def large(job: Job, limit: int, *, seconds: float, memory: int) -> Done:
    """The process of the job grew over the limit (bytes) and was stopped."""
    reason = (
        f"{subject(job)}: stopped at {_size(memory)} of resident memory; the limit of a worker is {_size(limit)}. "
        f"{_less_at_once()}"
    )
    return Done(job.key, "large", reason, seconds, memory)


def crashed(job: Job, status: int, said: str, *, seconds: float = 0.0, times: int = 1) -> Done:
    """The process of the job died: with an exit status (negative: a signal) and its last words on the error stream."""
    if _NO_MEMORY_WORDS.search(said):
        last = next(line for line in reversed(said.splitlines()) if _NO_MEMORY_WORDS.search(line))
        return Done(
            job.key, "large", f"{subject(job)}: there was not enough memory ({last}). {_less_at_once()}", seconds
        )
    how = f"the process that did it {died(status)}{_died_at(said)}"
    again = "" if times < 2 else f", {times} times"
    advice = _less_at_once() if status == -9 else _go_on(job)
    return Done(job.key, "crashed", f"{subject(job)}: {how}{again}. Nothing else is lost. {advice}", seconds)


def garbled(job: Job, line: bytes, *, seconds: float = 0.0) -> Done:
    """The process of the job answered something that is no answer."""
    shown = line[:40].decode("utf-8", "backslashreplace")
    reason = f"{subject(job)}: the process that did it answered {shown!r}, which is no answer, and was replaced. {_go_on(job)}"
    return Done(job.key, "crashed", reason, seconds)


def died(status: int) -> str:
    """How a process ended: ``died with SIGSEGV (a compiled library touched memory that is not its own)``."""
    if status >= 0:
        return f"ended by itself with exit status {status}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-status).name
        meaning = _SIGNAL_WORDS.get(name, "a signal from outside")
        return f"died with {name} ({meaning})"
    return f"died with signal {-status}"


def _aside(job: Job) -> str:
    return "take the file out of measurements.csv." if job.files else "exclude the specimen."


def _go_on(job: Job) -> str:
    word = "file" if len(job.files) == 1 else "specimen"
    return f"The rest of the study does not depend on it; please report it with the {word}, or {_aside(job)}"


def _less_at_once() -> str:
    return "Raise the memory limit, or use fewer workers, so that each may have more."


def _last_line(error: BaseException) -> str:
    return " ".join(traceback.format_exception_only(error)[-1].split())


def _raised_at(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    return f" at {_short(frames[-1].filename)}, line {frames[-1].lineno} in {frames[-1].name}"


def _died_at(said: str) -> str:
    found = _PLACE.search(said)
    return f" in {_short(found['file'])}, line {found['line']} ({found['name']})" if found else ""


def _short(path: str) -> str:
    """The last two parts of a path: a message travels further than the folders of this machine should."""
    return "/".join(path.replace("\\", "/").split("/")[-2:])


def _span(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 120 else f"{seconds / 60:.3g} min"


def _size(count: int) -> str:
    return f"{count / 1e9:.3g} GB" if count >= 1e9 else f"{count / 1e6:.3g} MB"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _disk_is_full(error: BaseException) -> bool:
    return any(
        (isinstance(link, OSError) and link.errno in FULL_DISK) or _FULL_WORDS.search(str(link))
        for link in _chain(error)
    )
