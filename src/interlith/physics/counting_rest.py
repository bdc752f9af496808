"""Which runs are rest, when a cycler's zero reading is a small number, noise of both signs, or an offset?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from interlith.physics.counting_runs import Flags, Floats, Integers, Runs
from interlith.physics.step_words import step_word

#: Currents below this share of the largest sustained current of the file are rest. Cyclers' zero readings lie near
#: 1e-4 of full scale (for instance -0.1 mA at 4.4 A in Arbin exports), the smallest deliberate ones (C/50 beside 10C)
#: at 2e-3.
REST_SHARE = 2e-4
#: One-signed currents up to this share are rest too, unless a counter moves along with them.
FAINT_SHARE = 1.5e-3
#: Up to this share of it a current may be rest; vendor's word, counter, signs and charge decide.
DOUBTFUL_SHARE = 0.01
#: Up to this share the vendor's word for rest is believed.
WORD_SHARE = 0.05
#: Noise of both signs passes less than this share on balance; a counter that moved less stood still.
CANCELLED, UNMOVED = 0.5, 0.3
#: A doubtful current that passes less than this share of the larger step beside it is rest.
NEGLIGIBLE_SHARE = 1e-3
#: So few rows may be the switching transient of a step of the same sign.
TRANSIENT_ROWS = 2
#: No cycler knows currents below this (A) from zero.
NO_CURRENT = 1e-13
SECONDS_AN_HOUR = 3600.0


def sustained_current(runs: Runs) -> float:
    """Largest mean current of any run of three rows or more (A): the scale against which rest is judged."""
    long = (runs.rows >= 3) & (runs.duration > 0)
    if not bool(long.any()):
        return 0.0
    return float(np.max(np.abs(runs.charge[long]) / runs.duration[long]))


def surely_rest(runs: Runs, words: Mapping[str | None, int]) -> Flags:
    """True for runs that no later row can turn into anything but rest: nearly zero, or small and called rest.

    Parameters
    ----------
    runs
        Runs seen so far; the scale of the current only grows.
    words
        Code of each of the vendor's words.
    """
    scale, size = sustained_current(runs), runs.largest_current
    codes = [code for text, code in words.items() if text is not None and step_word(text).direction == "rest"]
    sure: Flags = (size <= max(REST_SHARE * scale, NO_CURRENT)) | (
        np.isin(runs.word, codes) & (size <= WORD_SHARE * scale)
    )
    return sure


def directions(runs: Runs, words: Mapping[str | None, int]) -> Integers:
    """1 charging, -1 discharging, 0 rest for every run.

    Parameters
    ----------
    runs
        Runs of the whole file.
    words
        Code of each of the vendor's words.

    Notes
    -----
    A current of at most 1 % of the working current is judged by the stretch of such rows under one vendor marker. The
    assumption that fails first: that nobody passes a deliberate current below 0.15 % of another in the same file where
    there is no counter to show it.
    """
    still = surely_rest(runs, words)
    doubtful = ~still & (runs.largest_current <= DOUBTFUL_SHARE * sustained_current(runs))
    larger = np.where(np.abs(runs.current_max) >= np.abs(runs.current_min), runs.current_max, runs.current_min)
    way = np.where(still, 0.0, np.sign(larger)).astype(np.int64)
    if doubtful.any():
        way[doubtful & _rests(runs, still, doubtful, way)] = 0
    return way


def _rests(runs: Runs, still: Flags, doubtful: Flags, way: Integers) -> Flags:
    """Judge the stretches of small currents; one entry a run, of meaning where `doubtful`."""
    small = still | doubtful
    begins = ~small | ~np.append(False, small[:-1]) | runs.marked | runs.late | runs.reset | runs.back
    begins[0] = True
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(runs)) - 1
    charge = np.where(still, 0.0, runs.charge)
    passed = np.add.reduceat(np.abs(charge), first)
    net = np.abs(np.add.reduceat(charge, first))
    whole = np.abs(runs.charge_end[last] - runs.charge_start[first])
    counted = SECONDS_AN_HOUR * _moved(runs, first, last)
    known = np.isfinite(counted)
    with np.errstate(invalid="ignore"):
        stood = known & (counted < UNMOVED * np.maximum(whole, net))
    faint = np.maximum.reduceat(np.where(still, 0.0, runs.largest_current), first) <= FAINT_SHARE * sustained_current(
        runs
    )
    flips = np.minimum.reduceat(np.where(still, 2, way), first) * np.maximum.reduceat(np.where(still, -2, way), first)
    noise = (flips < 0) & (net <= CANCELLED * passed)
    beside = np.maximum(*_neighbours(np.where(small[first], 0.0, np.abs(runs.charge)[first])))
    negligible = passed <= NEGLIGIBLE_SHARE * beside
    rest = noise | stood | negligible | (faint & ~known)
    rest &= ~_transient(runs, first, last, way, small)
    return np.repeat(rest, last - first + 1)


def _moved(runs: Runs, first: Integers, last: Integers) -> Floats:
    """What the counters count over each stretch (Ah); nan where there is none."""
    up, down = runs.up_end[last] - runs.up_start[first], runs.down_end[last] - runs.down_start[first]
    moved: Floats = np.fmax(np.abs(up), np.abs(down))
    return moved


def _neighbours(size: Floats) -> tuple[Floats, Floats]:
    """The last size above zero before each entry and the first behind it; zero where there is none."""
    spot = np.arange(size.size)
    before = np.maximum.accumulate(np.where(size > 0, spot, -1))
    after = np.minimum.accumulate(np.where(size > 0, spot, size.size)[::-1])[::-1]
    padded = np.append(size, 0.0)
    return padded[before], padded[after]


def _transient(runs: Runs, first: Integers, last: Integers, way: Integers, small: Flags) -> Flags:
    """True for one or two rows under the marker and with the sign of the step before or behind."""
    rows = np.add.reduceat(runs.rows, first)
    brief = small[first] & (rows <= TRANSIENT_ROWS) & (last == first)
    before, after = np.maximum(first - 1, 0), np.minimum(last + 1, len(runs) - 1)
    of_before = (first > 0) & ~runs.marked[first] & ~small[before] & (way[before] == way[first])
    of_after = (last + 1 < len(runs)) & ~runs.marked[after] & ~small[after] & (way[after] == way[first])
    found: Flags = brief & (of_before | of_after)
    return found
