"""What does a user get from a damaged file, and is it right, marked or silently wrong?

The whole path is taken: recognise, read, count, half-cycles as `interlith.techniques.cycling` reports them. A half-cycle
gives a number where its charge is known and it was finished; anything else is a number withheld.

``refused``
    a `ReadError`.
``equal``
    Every number is within 1 % of the undamaged file's, none is missing and none is new. After a copy that stopped early,
    half-cycles at the end may be missing; nothing in such a file says that more had been written.
``flagged``
    The numbers differ, and a person is told: the measurement has a flag of severity warning or error whose code the undamaged
    file does not have, or each number that differs is withheld or carries a word of its own.
``wrong``
    A number is more than 1 % off, missing or new, and nothing says so.
``crash``, ``hang``, ``memory``
    Another exception than `ReadError`; more than 10 s; more resident memory than the larger of 300 MB and 10 times the file.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from interlith.errors import ReadError
from interlith.model import Flag, Measurement, Reading, Sample, Source, Table
from interlith.physics.counting_checks import Notice
from interlith.techniques.cycling.counted import count_rows
from interlith.techniques.cycling.half_cycles import divide
from interlith.techniques.cycling.half_table import half_cycle_table
from interlith.techniques.cycling.sign import withheld
from interlith.techniques.cycling.steps import read_steps
from interlith.workbench.reading import read_file, recognise
from tests.formats.mutations import spectra
from tests.formats.mutations.bases import Base
from tests.formats.mutations.spectra import Points, pattern_points, points_of

#: A capacity that differs by more than this share is wrong.
TOLERANCE = 0.01
_SHORTER = (
    "truncate",
    "truncate_round",
    "truncate_at_line",
    "truncate_inside_number",
    "lose_lines",
    "lose_block",
    "blank_block",
)
OUTCOMES = ("refused", "flagged", "equal", "wrong", "crash", "hang", "memory")


@dataclass(frozen=True, slots=True)
class HalfCycle:
    """One half-cycle as a user sees it: direction, charge (Ah) or `None` where withheld, and the words beside it."""

    direction: str
    charge: float | None
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """What a file gives: half-cycles in order, the codes of warnings and errors, and spectra where it is one of impedance."""

    halves: tuple[HalfCycle, ...]
    codes: frozenset[str]
    spectra: tuple[Points, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one damaged file came out."""

    kind: str
    detail: str = ""
    seconds: float = 0.0


def tell(path: Path, base: Base) -> Told:
    """What a user is told of a file.

    Raises
    ------
    ReadError
        If it is refused.
    """
    claimed = recognise(path)
    del claimed
    found, reading = read_file(path, options=base.options)
    return _told(reading, path, found.name)


def _told(reading: Reading, path: Path, name: str) -> Told:
    assert isinstance(reading.payload, Table)
    if "frequency" in reading.payload.columns:
        return Told((), _codes(reading.flags), points_of(reading.payload.frame.collect()))
    if "intensity" in reading.payload.columns:
        return Told((), _codes(reading.flags), pattern_points(reading.payload.frame.collect()))
    source = Source(path.name, "0" * 64, 1, name, "1")
    item = Measurement(Sample("cell", "cell"), "cycling", source, reading.payload, flags=reading.flags)
    counted = count_rows(reading.payload)
    if counted.steps.height == 0 or "direction" not in counted.steps.columns:
        return Told((), _codes(counted.notices) | _codes(reading.flags))
    specimen = read_steps((item,), (counted,))
    codes = _codes(specimen.flags)
    steps, _ = divide(specimen.steps)
    half = half_cycle_table(steps)
    if half.is_empty():
        raise ReadError("no current flows in this file, so there is no cycle to summarise.")
    if "current_sign" in codes:
        half = withheld(half)
    rows = half.select(
        "direction", pl.when("complete").then("charge").alias("charge"), pl.col("flag").fill_null("")
    ).rows()
    halves = tuple(HalfCycle(way, charge, frozenset(filter(None, flag.split("; ")))) for way, charge, flag in rows)
    return Told(halves, codes)


def _codes(flags: Iterable[Flag | Notice]) -> frozenset[str]:
    return frozenset(flag.code for flag in flags if flag.severity != "note")


def judge(path: Path, base: Base, clean: Told | None, kind: str) -> Outcome:
    """Read a damaged file and say how it came out beside the undamaged one (`None` where that is refused)."""
    began = time.perf_counter()
    try:
        told = tell(path, base)
    except ReadError as error:
        return Outcome("refused", str(error), time.perf_counter() - began)
    except Exception as error:  # any other exception is what is looked for
        return Outcome("crash", f"{type(error).__name__}: {error}", time.perf_counter() - began)
    spent = time.perf_counter() - began
    word, detail = compare(clean or Told((), frozenset()), told, kind)
    return Outcome(word, detail, spent)


def compare(clean: Told, told: Told, kind: str) -> tuple[str, str]:
    """`equal`, `flagged` or `wrong`, and what differs."""
    shorter = kind.removeprefix("in_archive_") in _SHORTER
    differences, silent = _differences(clean.halves, told.halves, shorter=shorter)
    if clean.spectra or told.spectra:
        more = spectra.differences(clean.spectra, told.spectra, shorter=shorter)
        differences, silent = [*differences, *more], [*silent, *more]
    if not differences:
        return "equal", ""
    news = sorted(told.codes - clean.codes)
    if news:
        return "flagged", ", ".join(news)
    if not silent:
        return "flagged", "; ".join(differences)
    return "wrong", "; ".join(silent)


def _differences(
    clean: tuple[HalfCycle, ...], told: tuple[HalfCycle, ...], *, shorter: bool
) -> tuple[list[str], list[str]]:
    """All differences, and those that nothing beside the number tells."""
    differences: list[str] = []
    silent: list[str] = []
    if len(told) != len(clean) and not (shorter and len(told) < len(clean)):
        text = f"{len(told)} half-cycles instead of {len(clean)}"
        differences.append(text)
        marked = any(one.words - _words(clean) for one in told) or all(one.charge is None for one in told)
        if not marked:
            silent.append(text)
    for number, (before, now) in enumerate(zip(clean, told, strict=False), start=1):
        if now.charge is None:
            if before.charge is not None:
                differences.append(f"half-cycle {number} is withheld")
            continue
        if before.charge is None:
            off = before.direction != now.direction
            text = f"half-cycle {number} has a number that was withheld"
        else:
            off = before.direction != now.direction or abs(now.charge - before.charge) > TOLERANCE * abs(before.charge)
            text = f"half-cycle {number}: {now.direction} {1e3 * now.charge:.6g} instead of {before.direction} {1e3 * before.charge:.6g} mAh"
        if off or before.charge is None:
            differences.append(text)
            if not now.words - before.words:
                silent.append(text)
    return differences, silent


def _words(halves: tuple[HalfCycle, ...]) -> frozenset[str]:
    return frozenset(word for one in halves for word in one.words)
