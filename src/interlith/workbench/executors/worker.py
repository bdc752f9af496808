"""What does a child process do: take orders, do jobs one after the other, answer, and never outlive its parent?

Orders and answers are lines: ``number job-as-JSON`` in, ``number answer-as-JSON`` out, and the words ``ready`` (after
the imports) and ``retire`` (it has grown and wants to be replaced). They go over copies of the standard streams; the
streams themselves are turned away, so that a library that prints or asks cannot disturb the talk.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from interlith.workbench.executors.attempt import PERFORM, attempt, load_ahead, open_store
from interlith.workbench.executors.lifeline import leave, tie
from interlith.workbench.executors.memory import own_memory
from interlith.workbench.running.jobs import Job

READY = b"ready\n"
RETIRE = b"retire\n"


@dataclass(slots=True)
class _Shelf:
    """The store, opened when the first job wants it."""

    root: Path
    store: Any = None

    def opened(self) -> Any:
        if self.store is None:
            self.store = open_store(self.root)
        return self.store


def main(arguments: Sequence[str] | None = None) -> None:
    """Work until the orders end."""
    words = _parse(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    faulthandler.enable(all_threads=False)
    orders, answers = _own_streams()
    tie(words.lifeline)
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(orders, waiting), daemon=True).start()
    perform = load_ahead(words.perform)
    shelf = _Shelf(Path(words.store))
    _say(answers, READY)
    while True:
        number, _, text = waiting.get().partition(b" ")
        done = attempt(Job.from_json(text.decode()), perform, shelf.opened)
        _say(answers, b"%s %s\n" % (number, done.to_json().encode()))
        if own_memory() > words.retire:
            _say(answers, RETIRE)
            leave()


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="interlith.workbench.executors.worker")
    parser.add_argument("--store", required=True)
    parser.add_argument("--perform", default=PERFORM)
    parser.add_argument("--lifeline", type=int, default=-1)
    parser.add_argument(
        "--retire", type=int, default=sys.maxsize, help="resident memory (bytes) that asks for a new process"
    )
    return parser.parse_args(arguments)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Copies of the standard input and output; prints go to the error stream from now on, questions find no answer."""
    orders = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return orders, answers


def _say(answers: BinaryIO, line: bytes) -> None:
    answers.write(line)
    answers.flush()


def _listen(orders: BinaryIO, waiting: SimpleQueue[bytes]) -> None:
    for line in orders:
        waiting.put(line)
    leave()


if __name__ == "__main__":
    main()
