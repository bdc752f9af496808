"""Which undamaged file of a format is damaged?

Own-written files of several cycles, so that there are capacities to go wrong, and real files where ``INTERLITH_DATA`` has
some that the format claims; these are never copied into the repository.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError
from interlith.workbench.discovery import formats
from interlith.workbench.reading import recognise
from tests.formats.samples import SAMPLES, impedance
from tests.formats.samples.common import instead
from tests.formats.samples.diffraction_texts import with_std
from tests.formats.samples.diffraction_vendor import ABOUT, pattern

REPOSITORY = Path(__file__).resolve().parents[3]
#: Real files longer than this are cut (text, at a line end) or left out (bytes).
LARGEST = 300_000
#: Real files of one format that are damaged beside the own-written one.
MOST_REAL = 3
#: Lines of a long real text that stay as they are.
FIRST_LINES = 60
#: A column that changes in fewer lines than this share holds a step, a cycle or a word.
MARKER_SHARE = 0.01
#: Rows of the steps of one cycle: rest, charge at constant current, rest, discharge.
_STEPS = (("Rest", 5, 0.0), ("CC Chg", 26, 1.25e-3), ("Rest", 5, 0.0), ("CC DChg", 25, -1.25e-3))
_MAPPING = {"test_time": "test_time", "current": "current", "voltage": "voltage", "vendor_cycle": "cycle"}
#: What a writer must be told beside the rows.
_WORDS = {"cycler_bare": {"active_mass": 2e-6}}
_REAL_OPTIONS = {
    "custom_data_001.csv": {"mapping": _MAPPING, "units": {"test_time": "s", "current": "A", "voltage": "V"}},
}


@dataclass(frozen=True, slots=True)
class Base:
    """An undamaged file: its bytes, the end of its name, and what the reader is told."""

    name: str
    content: bytes
    suffix: str
    options: Mapping[str, Any] = field(default_factory=dict)


def cycles(count: int = 3, *, rows: int = 1) -> pl.DataFrame:
    """Cycles of a fading cell with counters that are exact integrals and start anew in every step; inside units.

    Parameters
    ----------
    count
        Cycles; a rest closes the last one, so that all half-cycles are finished.
    rows
        Factor on the rows of every step.
    """
    pieces: list[dict[str, Any]] = []
    begin, step = 0.0, 0
    for cycle in range(1, count + 1):
        steps = _STEPS if cycle < count else (*_STEPS, _STEPS[0])
        for word, size, current in steps:
            step += 1
            length = rows * size - (min(cycle, 8) if current else 0)
            since = np.arange(length) * 60.0 / rows
            share = since / (60.0 * size)
            level = (
                3.4 + 0.7 * share + 0.12 * np.sin(5.0 * share) if current > 0 else 4.1 - 0.7 * share - 0.1 * share**4
            )
            voltage = (
                np.full(length, 3.35 if step % 4 == 1 else 4.05) + 0.01 * np.exp(-since / 90) if not current else level
            )
            power = np.concatenate([[0.0], np.cumsum(0.5 * (voltage[1:] + voltage[:-1]) * np.diff(since))])
            pieces.append(
                {
                    "test_time": begin + since, "current": np.full(length, current), "voltage": np.round(voltage, 4),
                    "vendor_cycle": np.full(length, cycle), "vendor_step": np.full(length, step),
                    "vendor_step_type": [word] * length,
                    "charge_counter": max(current, 0.0) * since / 3600,
                    "discharge_counter": max(-current, 0.0) * since / 3600,
                    "charge_energy_counter": max(current, 0.0) * power / 3600,
                    "discharge_energy_counter": max(-current, 0.0) * power / 3600,
                }
            )  # fmt: skip
            begin += float(since[-1])
    return pl.concat([pl.DataFrame(piece) for piece in pieces])


def own(name: str, folder: Path) -> list[Base]:
    """The sample of a format with the rows of `cycles` where its writer takes them, else as it is."""
    sample = SAMPLES[name]
    target = folder / sample.file
    options = dict(sample.options)
    try:
        with instead(cycles()):
            sample.write(target)
        formats()[name].read(target, options)
    except Exception:  # a sample that is written row by row by hand does not take other rows
        sample.write(target)
    made = [Base("own", target.read_bytes(), "".join(target.suffixes), options)]
    if (write := formats()[name].write) is not None:
        technique = formats()[name].technique
        if technique == "diffraction":
            write(with_std(pattern(3)), target, ABOUT)
        else:
            write(impedance.frame() if technique == "impedance" else cycles(), target, _WORDS.get(name, {}))
        made.append(Base("written", target.read_bytes(), "".join(target.suffixes), options))
    return list({base.content: base for base in made}.values())


def real(name: str) -> list[Base]:
    """Real files that a format claims, cut to a sensible size; none where the folder is absent."""
    folder = Path(os.environ.get("INTERLITH_DATA", REPOSITORY.parent / "shared" / "data")) / "cycling"
    if not folder.is_dir():
        return []
    found = []
    for path in sorted(folder.iterdir(), key=lambda item: (item.stat().st_size, item.name)):
        try:
            claimed = recognise(path).format
        except ReadError:
            continue
        options = _REAL_OPTIONS.get(path.name, {})
        if claimed is None or claimed.name != name or (claimed.name == "generic_csv" and not options):
            continue
        content = path.read_bytes()
        if len(content) > LARGEST:
            if b"\x00" in content[:4096] or content.startswith(b"PK"):
                continue
            content = _thinned(content)
        found.append(Base(path.name, content, "".join(path.suffixes[-2:]), options))
    return found[:MOST_REAL]


def _thinned(content: bytes) -> bytes:
    """The start of a text and then every so many lines of the rest, and those where a step, a cycle or a word changes."""
    lines = content.splitlines(keepends=True)
    delimiter = max((b",", b"\t", b";"), key=lines[-1].count)
    rows = [line.split(delimiter) for line in lines]
    width = len(rows[-1])
    changes = [0] * width
    for before, row in zip(rows[FIRST_LINES:], rows[FIRST_LINES + 1 :], strict=False):
        for position in range(min(width, len(row), len(before))):
            changes[position] += row[position] != before[position]
    markers = [position for position, count in enumerate(changes) if 0 < count < MARKER_SHARE * len(rows)]
    every = len(content) // LARGEST + 1
    kept = {*range(FIRST_LINES), *range(FIRST_LINES, len(rows), every)}
    for number in range(FIRST_LINES, len(rows)):
        before, row = rows[number - 1], rows[number]
        if len(row) == len(before) and any(
            position < len(row) and row[position] != before[position] for position in markers
        ):
            kept |= {number - 1, number}
    return b"".join(lines[number] for number in sorted(kept))


def bases(name: str, folder: Path, *, with_real: bool = True) -> list[Base]:
    """All undamaged files of a format."""
    return [*(own(name, folder) if name in SAMPLES else []), *(real(name) if with_real else [])]
