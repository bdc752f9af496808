"""When are columns without names a pattern, and which third column is an uncertainty?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.layouts import diffraction_bare as bare

RNG = np.random.default_rng(5)
ANGLE = 10 + 0.02 * np.arange(500)
COUNTS = RNG.poisson(50 + 2000 * np.exp(-(((ANGLE - 14) / 0.2) ** 2))).astype(float)


@pytest.mark.parametrize(
    ("std", "counts"),
    [(np.sqrt(COUNTS), True), (np.sqrt(COUNTS / RNG.integers(1, 9, 500)), True), (0.3 * np.sqrt(COUNTS), True),
     (0.02 * COUNTS, False), (COUNTS - 3, False), (1000 / np.sqrt(COUNTS), False), (np.full(500, 7.0), False), (RNG.uniform(1, 9, 500), False),
     (np.linspace(60, 50, 500), False), (-np.sqrt(COUNTS), False), (np.full(500, np.nan), False)],
)  # fmt: skip
def test_an_uncertainty_rises_with_the_square_root(
    std: np.ndarray[tuple[int], np.dtype[np.float64]], counts: bool
) -> None:
    values = np.stack([ANGLE, COUNTS, std], axis=1)
    assert bare.behaves_as_std(COUNTS, std) == counts
    assert bool(bare.evidence(values, "a.txt")) == counts
    # The ending says what the third column is, but not that it is positive.
    assert bool(bare.evidence(values, "a.xye")) == bool(np.all(std > 0))


@pytest.mark.parametrize(
    ("position", "even"),
    [(ANGLE, True), (np.round(ANGLE, 2), True), (ANGLE[::-1], False), (ANGLE - 50, False), (ANGLE + 175, False), (1.2 * np.arange(100), False),
     (np.geomspace(10, 100, 200), False), (np.delete(ANGLE, 250), False), (ANGLE[:10], False)],
)  # fmt: skip
def test_even_angles(position: np.ndarray[tuple[int], np.dtype[np.float64]], even: bool) -> None:
    assert bare.even_angles(position) == even


def test_whole_numbers_that_hardly_change_are_no_counts() -> None:
    flags = np.stack([ANGLE, np.repeat([1.0, 2.0], 250)], axis=1)
    assert bare.evidence(flags, "a.txt") == ""
    assert "whole counts" in bare.evidence(np.stack([ANGLE, COUNTS], axis=1), "a.txt")
