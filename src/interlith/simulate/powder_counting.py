"""What does a detector write down of an expected pattern, and what of it when something goes wrong?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: What may happen to a pattern: a stretch of the detector is dead, single points are saturated, the frame is empty, the beam was lost for a
#: part of the exposure.
MISHAPS = ("dead stretch", "saturated spikes", "empty frame", "dropped beam")
#: A counter of 20 bit is full here.
SATURATED = 2.0**20 - 1


@dataclass(frozen=True, slots=True)
class Mishap:
    """What happens to one pattern, by a word of `MISHAPS`."""

    pattern: int
    kind: str


def counted(expected: Array, seconds: float, random: np.random.Generator) -> Array:
    """Counts, shape (n,), of expected counts/s, shape (n,), in a counting time."""
    return np.asarray(random.poisson(expected * seconds), dtype=float)


def merged(counts: Array, seconds: float, detectors: float) -> tuple[Array, Array]:
    """Intensity (counts/s of one detector) and its standard uncertainty, as several detectors merged give them, shape (n,).

    Notes
    -----
    A point at which nothing was counted has the uncertainty of one count: programs that merge do not print zero.
    """
    norm = seconds * detectors
    return counts / norm, np.sqrt(np.maximum(counts, 1.0)) / norm


def mishaps(
    patterns: int, share: float, random: np.random.Generator, *, spared: Sequence[int] = ()
) -> tuple[Mishap, ...]:
    """Which patterns of a series something happens to: a share of them, the kinds in turn, in order of the patterns.

    Parameters
    ----------
    patterns
        How many there are.
    share
        Of them, 0 to 1.
    random
        Stream.
    spared
        Patterns to which nothing happens.
    """
    open_ones = np.setdiff1d(np.arange(patterns), np.asarray(spared, dtype=int))
    number = min(round(share * patterns), open_ones.size)
    chosen = random.permutation(open_ones)[:number]
    found = [Mishap(int(place), MISHAPS[order % len(MISHAPS)]) for order, place in enumerate(chosen)]
    return tuple(sorted(found, key=lambda one: one.pattern))


def spoiled(counts: Array, kind: str, random: np.random.Generator) -> Array:
    """Counts of a pattern that something happened to, shape (n,)."""
    found, size = counts.copy(), counts.size
    if kind == "dead stretch":
        length = int(random.integers(max(2, size // 25), max(3, size // 4)))
        first = int(random.integers(0, size - length))
        found[first : first + length] = 0.0
    elif kind == "saturated spikes":
        places = random.choice(size, size=min(size, int(random.integers(1, 6))), replace=False)
        found[places] = SATURATED
    elif kind == "empty frame":
        found[:] = 0.0
    else:
        found = np.asarray(random.binomial(counts.astype(np.int64), random.uniform(0.02, 0.4)), dtype=float)
    return found
