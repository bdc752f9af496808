"""Which exit code does a command end with, and what does the user see of an error?"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

from interlith.errors import InterlithError

FINE = 0
BUG = 1
WRONG_INPUT = 2
INCOMPLETE = 3
INTERRUPTED = 130


def guarded(command: Callable[[], object]) -> int:
    """Run a command; our errors become sentences with exit code 2, everything unexpected is a bug with exit code 1."""
    import typer

    try:
        code = command()
    except InterlithError as error:
        sys.stderr.write(f"{error}\n")
        return WRONG_INPUT
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("Interrupted; steps that were finished are kept, and the same command goes on from there.\n")
        return INTERRUPTED
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'a file'}: {error.strerror or error}; {_remedy(error)}\n")
        return WRONG_INPUT
    except Exception as error:
        # typer brings its own copy of click in some versions, so the class of a usage error has no stable name.
        show = getattr(error, "show", None)
        if callable(show) and hasattr(error, "exit_code"):
            show()
            return WRONG_INPUT
        import traceback

        traceback.print_exc()
        sys.stderr.write("\nThis is a bug of Interlith, not of your data; please report the lines above.\n")
        return BUG
    return code if isinstance(code, int) else FINE


def _remedy(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return (
            "what was finished is kept. Free space, for instance with `interlith clean --keep 5GB`, or set INTERLITH_STORE to a "
            "folder on another disk; then the same command goes on from there."
        )
    return "choose another folder or free it."
