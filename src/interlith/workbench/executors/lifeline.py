"""How does a process make sure that it does not outlive the one that started it?

Two ties, both made by the child. The *lifeline* is a pipe on which nothing is ever written. Its other end is open in the
parent alone, so the kernel closes it when the parent ends, however it ends, and then sends SIGKILL to the whole process
group of the child: at once, whatever the child is computing and whichever lock it holds, grandchildren included (Linux).
The other tie works everywhere: a thread reads the orders of the parent and leaves when they end; a computation that
never lets go of the interpreter lock delays it.

The parent-death signal of Linux (``prctl``) is not used: it fires when the *thread* that started the child ends, and
leaves grandchildren behind.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys


def tie(lifeline: int) -> bool:
    """Let the kernel kill our process group when the other end of a pipe is closed; false where it cannot."""
    if sys.platform != "linux" or lifeline < 0:
        return False
    import fcntl

    try:
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    except OSError:
        return False
    watch = select.poll()
    watch.register(lifeline, 0)
    if watch.poll(0):  # it was closed before we were tied to it
        leave()
    return True


def leave() -> None:
    """End this process and its group at once."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        with contextlib.suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)
