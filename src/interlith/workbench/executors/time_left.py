"""How long will the rest take, when reading a file takes a hundred times as long as the steps after it?"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable

#: Jobs of a kind that are remembered: recent ones tell more, because files come in the order of their size.
MEMORY = 50
#: A job of a kind that was never seen (s): what a step over a specimen takes.
GUESS = 0.05


class TimeLeft:
    """Time left, from how long jobs of each kind took lately and how many are done at once.

    Parameters
    ----------
    clock
        Gives the time (s).
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._waiting: Counter[str] = Counter()
        self._took: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MEMORY))
        self._spent = 0.0

    def expect(self, kind: str, count: int = 1) -> None:
        """So many more jobs of a kind are to be done."""
        self._waiting[kind] += count

    def finish(self, kind: str, seconds: float) -> None:
        """A job of a kind is done; it took so long (s)."""
        self._waiting[kind] = max(0, self._waiting[kind] - 1)
        self._took[kind].append(seconds)
        self._spent += seconds

    def left(self) -> float | None:
        """Time left (s); `None` while nothing is known."""
        elapsed = self._clock() - self._began
        if elapsed <= 0 or self._spent <= 0:
            return None
        work = sum(count * self._mean(kind) for kind, count in self._waiting.items())
        return work * elapsed / self._spent

    def _mean(self, kind: str) -> float:
        took = self._took.get(kind)
        return sum(took) / len(took) if took else GUESS
