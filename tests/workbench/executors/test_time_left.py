"""Is the time left right when jobs differ a hundredfold and several run at once?"""

from __future__ import annotations

import pytest

from interlith.workbench.executors.time_left import GUESS, TimeLeft


def test_reading_does_not_count_for_the_steps_after_it() -> None:
    now = [0.0]
    left = TimeLeft(clock=lambda: now[0])
    left.expect("read", 100)
    left.expect("summary", 700)
    assert left.left() is None
    for _ in range(40):  # four at once, 2 s each
        now[0] += 0.5
        left.finish("read", 2.0)
    assert left.left() == pytest.approx(60 * 0.5 + 700 * GUESS / 4)
    for _ in range(60):
        now[0] += 0.5
        left.finish("read", 2.0)
    for _ in range(700):
        now[0] += 0.01 / 4
        left.finish("summary", 0.01)
    assert left.left() == 0.0


def test_recent_jobs_count() -> None:
    now = [0.0]
    left = TimeLeft(clock=lambda: now[0])
    left.expect("read", 300)
    for seconds in [1.0] * 100 + [3.0] * 100:
        now[0] += seconds
        left.finish("read", seconds)
    assert left.left() == pytest.approx(300.0)
