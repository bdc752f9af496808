"""Which outcome and which rivals belong to one sample or state, and which of their errors are its own?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.evidence.selection import Source, check_reasons, observables_of, words_at
from interlith.model import Observable
from interlith.units import factor

Array = NDArray[np.float64]

#: Independent comparisons below which nothing is attributed.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Table:
    """Outcome and rivals, one row a sample (or state of a sample, or variant); column 0 is the outcome.

    Parameters
    ----------
    names, variants
        Of the rows.
    units
        Of the columns.
    values, own
        (units), shape (n, 1 + p): values, and standard uncertainty from sources that no other row of the column has;
        ``inf`` where a size is unknown.
    together
        (product of units), shape (n, p): covariance of outcome and rival from sources that both have in one row.
    shared
        Source -> (units), shape (n, 1 + p): signed sizes of what several rows of a column have in common.
    unknown
        Sources of several rows that are of unknown size.
    nuisance
        Shape (n, q): what every explanation contains, a constant or one column a variant.
    basis
        What the rows are, in words: ``14 samples``, ``12 samples within 3 variants``.
    blocked
        Why nothing can be attributed whatever the values; empty where it can.
    identifiers
        Of the observables behind the rows.
    """

    names: tuple[str, ...]
    variants: tuple[str, ...]
    units: tuple[str, ...]
    values: Array
    own: Array
    together: Array
    shared: Mapping[str, Array]
    unknown: tuple[str, ...]
    nuisance: Array
    basis: str
    blocked: str
    identifiers: tuple[str, ...]
    within: bool = False

    def turned(self, matrix: Array, names: Sequence[str], variants: Sequence[str]) -> Table:
        """Rows combined linearly: means over a variant, or changes from state to state."""
        square = np.square(matrix)
        known = np.where(np.isfinite(self.own), self.own, 0.0)
        own = np.where((matrix != 0) @ ~np.isfinite(self.own), math.inf, np.sqrt(square @ np.square(known)))
        return replace(
            self,
            names=tuple(names),
            variants=tuple(variants),
            values=matrix @ self.values,
            own=own,
            together=square @ self.together,
            shared={source: matrix @ sizes for source, sizes in self.shared.items()},
            nuisance=np.ones((len(names), 1)),
        )


def joined(
    source: Source,
    quantities: Sequence[str],
    *,
    against: str | None,
    at: Mapping[str, float],
    exclude: Mapping[str, str],
) -> Table:
    """Rows in which the outcome and every rival have a value.

    Raises
    ------
    StudyError
        If a quantity or state does not exist, a sample has several values, or an exclusion has no reason.
    """
    check_reasons(exclude)
    everything = list(observables_of(source))
    known = {item.quantity for item in everything}
    columns = []
    for quantity in quantities:
        if quantity not in known:
            raise StudyError(f"There is no observable '{quantity}'; {nearest(quantity, known)}.")
        chosen = [
            item
            for item in everything
            if item.quantity == quantity
            and item.value is not None
            and math.isfinite(item.value)
            and item.sample not in exclude
        ]
        columns.append(_keyed(chosen, quantity, against, at))
    if against is not None and not any(math.isfinite(place) for _, place in columns[0]):
        axes = {item.state.name for item in everything if item.quantity == quantities[0] and item.state is not None}
        raise StudyError(f"No value of {quantities[0]} has the state '{against}'; {nearest(against, axes)}.")
    keys = [key for key in columns[0] if all(_found(column, key) is not None for column in columns)]
    rows = [[_found(column, key) for column in columns] for key in keys]
    table = _table([[item for item in row if item is not None] for row in rows], len(quantities))
    if against is not None:
        return _changes(table, keys)
    return _grouped(table)


_Key = tuple[str, float]


def _keyed(
    items: Sequence[Observable], quantity: str, against: str | None, at: Mapping[str, float]
) -> dict[_Key, Observable]:
    found: dict[_Key, Observable] = {}
    for item in items:
        place = _place(item, against)
        if place is None or not _is_at(item, at):
            continue
        key = (item.sample, place)
        if key in found:
            raise StudyError(
                f"{item.sample} has two values of {quantity} {words_at(at) if at else ''}".rstrip()
                + (f" at {against} {place:g}" if against and math.isfinite(place) else "")
                + "; pass at={...} for one state, against= for a state axis, or one method."
            )
        found[key] = item
    if not found:
        raise StudyError(f"No sample has {quantity} {words_at(at) if at else f'with the state {against}'}.")
    return found


def _place(item: Observable, against: str | None) -> float | None:
    """Place on the axis; nan for a value that holds for the whole sample, `None` for one of another axis."""
    if against is None:
        return math.inf
    if item.state is not None and item.state.name == against:
        return item.state.value
    if against == "cycle" and item.cycle is not None:
        return float(item.cycle)
    return math.inf if item.state is None else None


def _is_at(item: Observable, at: Mapping[str, float]) -> bool:
    """Whether a value is of the state; one without any state holds at all of them."""
    for name, value in at.items():
        state = item.state
        if name == "cycle" and item.cycle is not None:
            if item.cycle != value:
                return False
            continue
        there = state is None or state.low <= value <= state.high or math.isclose(state.value, value, rel_tol=1e-9)
        if state is not None and state.name == name and not there:
            return False
    return True


def _found(column: Mapping[_Key, Observable], key: _Key) -> Observable | None:
    return column.get(key, column.get((key[0], math.inf)))


def _table(rows: Sequence[Sequence[Observable]], width: int) -> Table:
    units = tuple(item.unit for item in rows[0]) if rows else ("",) * width
    counts = [Counter(source for row in rows for source in row[column].components) for column in range(width)]
    count = len(rows)
    values, own = np.zeros((count, width)), np.zeros((count, width))
    together = np.zeros((count, width - 1))
    shared: dict[str, Array] = {}
    unknown: dict[str, None] = {}
    for number, row in enumerate(rows):
        alone: list[dict[str, float]] = []
        for column, item in enumerate(row):
            scale = 1.0 if item.unit == units[column] else factor(item.unit, units[column])
            values[number, column] = (item.value or 0.0) * scale
            alone.append({})
            for source, size in item.components.items():
                if counts[column][source] == 1:
                    alone[-1][source] = size * scale
                elif math.isinf(size):
                    unknown[source] = None
                else:
                    shared.setdefault(source, np.zeros((count, width)))[number, column] = size * scale
            own[number, column] = math.hypot(*alone[-1].values(), 0.0) if item.components else math.inf
        for column in range(1, width):
            sizes = [alone[0][source] * size for source, size in alone[column].items() if source in alone[0]]
            together[number, column - 1] = math.fsum(size for size in sizes if math.isfinite(size))
    first = [row[0] for row in rows]
    return Table(
        names=tuple(item.sample for item in first),
        variants=tuple(item.variant for item in first),
        units=units,
        values=values,
        own=own,
        together=together,
        shared=shared,
        unknown=tuple(unknown),
        nuisance=np.ones((count, 1)),
        basis=f"{count} samples",
        blocked="",
        identifiers=tuple(item.id for row in rows for item in row if item.id),
    )


def _changes(table: Table, keys: Sequence[_Key]) -> Table:
    """Changes from state to state within a sample: what a sample keeps, and a common drift along the axis, drop out."""
    order = sorted(range(len(keys)), key=lambda number: keys[number])
    pairs = [
        (one, two) for one, two in pairwise(order) if keys[one][0] == keys[two][0] and keys[two][1] > keys[one][1]
    ]  # fmt: skip
    matrix = np.zeros((len(pairs), len(keys)))
    for number, (one, two) in enumerate(pairs):
        matrix[number, one], matrix[number, two] = -1.0, 1.0
    names = [f"{keys[two][0]} to {keys[two][1]:g}" for _, two in pairs]
    made = table.turned(matrix, names, [table.variants[two] for _, two in pairs])
    steps = np.array([keys[two][1] - keys[one][1] for one, two in pairs])
    samples = len({keys[two][0] for _, two in pairs})
    basis = f"{len(pairs)} changes of state of {samples} {'sample' if samples == 1 else 'samples'}"
    return _enough(replace(made, nuisance=steps[:, None] if len(pairs) else np.zeros((0, 1)), basis=basis))


def _grouped(table: Table) -> Table:
    """Samples alone, samples within their variants, or means of many variants."""
    names = list(dict.fromkeys(table.variants))
    count, groups = len(table.names), len(names)
    if groups in (1, count) or "" in names:
        return _enough(table)
    if count - groups >= FEWEST:
        columns = np.array([[float(variant == name) for name in names] for variant in table.variants])
        return replace(table, nuisance=columns, basis=f"{count} samples within {groups} variants", within=True)
    return means(table)


def means(table: Table) -> Table:
    """Means of variants, for what differs between them only."""
    names = list(dict.fromkeys(table.variants))
    matrix = np.array([[float(variant == name) for variant in table.variants] for name in names])
    made = table.turned(matrix / matrix.sum(axis=1, keepdims=True), names, names)
    made = replace(made, basis=f"the means of {len(names)} variants", within=False)
    if len(names) - 1 < FEWEST:
        count = len(table.names)
        why = (
            f"{count} samples of {len(names)} variants are {len(names)} points where the rivals differ between variants"
        )
        return replace(made, blocked=f"{why}, and at least {FEWEST + 1} are needed")
    return made


def _enough(table: Table) -> Table:
    count, taken = len(table.names), table.nuisance.shape[1]
    if count - taken >= FEWEST:
        return table
    return replace(
        table, blocked=f"there are {table.basis} with all of these quantities, and at least {FEWEST + taken} are needed"
    )
