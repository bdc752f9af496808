"""Which levels of a design grid were tested, and which values belong to each?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.evidence.selection import Source, check_reasons, of_quantity, select
from interlith.evidence.wording import named
from interlith.model import Observable
from interlith.units import convert, factor, parse

Array = NDArray[np.float64]
#: A level along one axis, as a number or a text with its unit; and the levels of a variant.
OneLevel = float | str
Levels = Mapping[str, OneLevel | Sequence[OneLevel]]


@dataclass(frozen=True, slots=True)
class Grid:
    """Values at the levels of one or two axes.

    Parameters
    ----------
    axes, units
        Names of the axes, and of their units.
    levels
        Different levels in rising order, shape (k, d).
    member
        Number of the level of each value, shape (n,).
    values, own
        (unit), shape (n,): values, and standard uncertainties from sources that each has alone; ``inf`` if unknown.
    shared
        Source -> (unit), shape (n,): signed sizes of what several values have in common.
    unknown
        Shared sources of unknown size.
    """

    quantity: str
    unit: str
    axes: tuple[str, ...]
    units: tuple[str, ...]
    levels: Array
    member: NDArray[np.int64]
    values: Array
    own: Array
    shared: Mapping[str, Array]
    unknown: tuple[str, ...]
    observables: tuple[Observable, ...]
    caveats: tuple[str, ...]

    @property
    def counts(self) -> NDArray[np.int64]:
        """Values of each level, shape (k,)."""
        return np.bincount(self.member, minlength=len(self.levels))

    def name(self, number: int) -> str:
        """``0.5 at%`` or ``1 wt%, 700 degC``."""
        return ", ".join(self.place(axis, value) for axis, value in enumerate(self.levels[number]))

    def place(self, axis: int, value: float) -> str:
        """A level along one axis with its unit."""
        unit = "" if self.units[axis] in ("", "1") else f" {self.units[axis]}"
        return f"{value:g}{unit}"

    def matrix(self) -> Array:
        """Signed sizes of shared sources, shape (m, n)."""
        return np.array(list(self.shared.values())).reshape(-1, self.values.size)

    def of_means(self) -> Array:
        """Signed sizes of shared sources in the means of levels, shape (m, k)."""
        groups = np.eye(len(self.levels))[self.member]
        return np.asarray(self.matrix() @ groups / groups.sum(axis=0))


def read_grid(
    source: Source, quantity: str, over: tuple[str, ...], levels: Levels | None, at: Mapping[str, float],
    exclude: Mapping[str, str],
) -> Grid:  # fmt: skip
    """Values at levels that are declared by variant, or are the states of the observables.

    Raises
    ------
    StudyError
        If there is no such quantity, state or level, a sample has two values at one level, or fewer than two levels remain.
    """
    if len(over) not in (1, 2) or len(set(over)) != len(over):
        raise StudyError(f"over names {len(over)} axes ({', '.join(over)}); name one or two different ones.")
    if levels is None:
        items, places, units, words = _by_state(source, quantity, over, exclude)
    else:
        items, places, units, words = _by_variant(source, quantity, over, levels, at, exclude)
    rows, member = np.unique(np.array(places), axis=0, return_inverse=True)
    member = member.ravel()
    if len(rows) < 2:
        raise StudyError(f"{quantity} has values at one level of {' and '.join(over)} only; a best one needs two.")
    _refuse_doubles(items, member, quantity)
    scales = np.array([1.0 if item.unit == items[0].unit else factor(item.unit, items[0].unit) for item in items])
    values = np.array([item.value for item in items], dtype=float) * scales
    own, shared, unknown = _split(items, scales)
    return Grid(
        quantity, items[0].unit, over, units, rows, member, values, own, shared, unknown, tuple(items), words
    )  # fmt: skip


_Read = tuple[list[Observable], list[list[float]], tuple[str, ...], tuple[str, ...]]


def _by_state(source: Source, quantity: str, over: tuple[str, ...], exclude: Mapping[str, str]) -> _Read:
    if len(over) != 1:
        raise StudyError(
            f"An observable has one state; for the axes {' and '.join(over)} declare levels={{variant: (level, level)}}."
        )
    check_reasons(exclude)
    chosen = of_quantity(source, quantity)
    items = [
        item for item in chosen if item.state is not None and item.state.name == over[0] and item.sample not in exclude
    ]
    if not items:
        axes = {item.state.name for item in chosen if item.state is not None}
        raise StudyError(
            f"No value of {quantity} has the state '{over[0]}'; {nearest(over[0], axes)}. Levels may also be declared: "
            "levels={variant: level}."
        )
    states = [item.state for item in items if item.state is not None]
    unit = states[0].unit
    places = [[state.value if state.unit == unit else convert(state.value, state.unit, unit)] for state in states]
    words = tuple(f"{name} is excluded ({reason})." for name, reason in exclude.items())
    return items, places, (unit,), words


def _by_variant(
    source: Source, quantity: str, over: tuple[str, ...], levels: Levels, at: Mapping[str, float],
    exclude: Mapping[str, str],
) -> _Read:  # fmt: skip
    chosen = select(source, quantity, at, exclude)
    read = {variant: _levels_of(variant, value, over) for variant, value in levels.items()}
    units = tuple(next((row[axis][1] for row in read.values() if row[axis][1]), "") for axis in range(len(over)))
    present = {item.variant for item in chosen.used}
    lost = [variant for variant in levels if variant not in present]
    if len(lost) == len(levels):
        raise StudyError(f"levels names '{lost[0]}', and no such variant has {quantity}; {nearest(lost[0], present)}.")
    items = [item for item in chosen.used if item.variant in read]
    places = []
    for item in items:
        row = read[item.variant]
        places.append([
            value if unit in ("", units[axis]) else convert(value, unit, units[axis])
            for axis, (value, unit) in enumerate(row)
        ])  # fmt: skip
    beside = sorted(present - set(levels))
    words = [f"{variant} has a level and no value of {named(quantity)}." for variant in lost]
    words += (
        [f"{', '.join(beside)} {'has' if len(beside) == 1 else 'have'} no level and is left out."] if beside else []
    )
    return items, places, units, (*chosen.caveats, *words)


def _levels_of(variant: str, value: OneLevel | Sequence[OneLevel], over: tuple[str, ...]) -> list[tuple[float, str]]:
    told: Sequence[OneLevel] = (value,) if isinstance(value, str | int | float) else value
    if len(told) != len(over):
        raise StudyError(
            f"levels gives {len(told)} numbers for {variant}, and over names {len(over)} axes ({', '.join(over)})."
        )
    found = [parse(item, what=f"the {axis} of {variant}") for item, axis in zip(told, over, strict=True)]
    for item, axis in zip(found, over, strict=True):
        if not math.isfinite(item.value):
            raise StudyError(f"The {axis} of {variant} is {item.value}; a finite level is needed.")
    return [(item.value, item.unit) for item in found]


def _refuse_doubles(items: Sequence[Observable], member: NDArray[np.int64], quantity: str) -> None:
    seen: set[tuple[str, int]] = set()
    for item, level in zip(items, member, strict=True):
        key = (item.sample, int(level))
        if item.sample and key in seen:
            raise StudyError(
                f"{item.sample} has two values of {quantity} at one level; pass one state (at={{'cycle': 200}}) or one method."
            )
        seen.add(key)


def _split(items: Sequence[Observable], scales: Array) -> tuple[Array, dict[str, Array], tuple[str, ...]]:
    """Own uncertainties, shared sources of known size, and names of those of unknown size."""
    counts: dict[str, int] = {}
    for item in items:
        for source in item.components:
            counts[source] = counts.get(source, 0) + 1
    own, shared, unknown = np.zeros(len(items)), dict[str, Array](), dict[str, None]()
    for number, (item, scale) in enumerate(zip(items, scales, strict=True)):
        if not item.components:
            own[number] = math.inf
        for source, size in item.components.items():
            if counts[source] == 1:
                own[number] = math.hypot(own[number], size * scale)
            elif math.isinf(size):
                unknown[source] = None
            else:
                shared.setdefault(source, np.zeros(len(items)))[number] = size * scale
    return own, {name: sizes for name, sizes in shared.items() if name not in unknown}, tuple(unknown)
