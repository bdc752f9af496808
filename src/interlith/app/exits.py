"""Which exit code does a command end with, and what does the user see of an error?"""

from __future__ import annotations

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
        sys.stderr.write("Interrupted; nothing further was written.\n")
        return INTERRUPTED
    except OSError as error:
        sys.stderr.write(
            f"{error.filename or 'a file'}: {error.strerror or error}; choose another folder or free it.\n"
        )
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
