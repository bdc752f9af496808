"""Which rivals can be judged by the samples there are, why not the others, and what is their evidence?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from interlith.errors import StudyError
from interlith.evidence.causes.attribution_table import Table, means
from interlith.evidence.causes.trend_fit import Errors
from interlith.evidence.wording import named
from interlith.numerics.trends.rivals import Array, Rivals, compare_rivals

#: Least share of a rival's variance that is not its error, and largest probability of so much variation by error alone.
RELIABLE, VARYING = 0.5, 0.01
#: Variance inflation from which on rivals are too alike (correlation 0.95 of two).
ALIKE = 10.0
#: Share of a correlation of one that an error common to outcome and rival may make.
COMMON = 0.1
#: Bayes factor below which two explanations are not told apart.
APART = 3.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asked for."""

    quantity: str
    rivals: tuple[str, ...]
    errors: Errors
    together: int
    level: float
    simulated: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """Evidence of the rivals that vary, and why any of them cannot be judged.

    Parameters
    ----------
    found
        Of the rivals in `kept`; `None` where none varies.
    kept, names
        Numbers and names of the rivals that are compared.
    still
        Rivals that do not vary beyond their error, left out of the comparison.
    reasons
        Number of a rival -> why it cannot be judged.
    common
        Correlation that errors common to outcome and rival would make by themselves, by rival.
    open
        Whether a rival that cannot be judged could explain the outcome as well: then no other is preferred to it.
    blocked
        Why nothing is compared; empty where something is.
    """

    found: Rivals | None
    kept: tuple[int, ...]
    names: tuple[str, ...]
    still: tuple[int, ...]
    reasons: Mapping[int, str]
    common: tuple[float, ...]
    open: bool
    blocked: str = ""

    @property
    def known(self) -> Rivals:
        """The evidence, where there is any."""
        assert self.found is not None
        return self.found

    @property
    def to_next(self) -> float:
        """Bayes factor of the best explanation to the next."""
        best = np.sort(self.known.log_bayes)[::-1]
        return math.exp(min(float(best[0] - best[1]), 700.0))

    def place(self, number: int) -> int | None:
        """Place of a rival among those that are compared."""
        return self.kept.index(number) if number in self.kept else None

    def compared(self, table: Table, asked: Asked) -> Rivals:
        """The same comparison with other values."""
        return _compared(table, asked, self.kept)


def settle(table: Table, asked: Asked) -> tuple[Table, Judged | None]:
    """The rows to compare, means of variants where nothing varies within them, and what they say; `None` if too few.

    Raises
    ------
    StudyError
        As `judge`.
    """
    if table.blocked:
        return table, None
    judged = judge(table, asked)
    if table.within and judged.found is None:
        table = means(table)
        judged = judged if table.blocked else judge(table, asked)
    return table, None if table.blocked else judged


def judge(table: Table, asked: Asked) -> Judged:
    """Compare the rivals that vary, and name those that cannot be judged.

    Raises
    ------
    StudyError
        If the outcome's own uncertainties are to be taken at their word and are unknown or zero.
    """
    every = tuple(range(len(asked.rivals)))
    first = _compared(table, asked, every)
    still = tuple(
        number for number in every if not (first.reliability[number] >= RELIABLE and first.varies[number] <= VARYING)
    )
    reasons = {number: _still(table, asked, number) for number in still}
    common = tuple(_common(table, number) for number in every)
    kept = tuple(number for number in every if number not in still)
    if not kept:
        why = "; ".join(about(asked.rivals[number], reasons[number]) for number in still)
        return Judged(None, (), (), still, reasons, common, True, why)
    found = first if len(kept) == len(every) else _compared(table, asked, kept)
    hidden = bool(still)
    for place, number in enumerate(kept):
        if not np.isfinite(table.own[:, 1 + number]).all():
            reasons[number] = "the error is not known, so its slope and evidence cannot be corrected for it"
            hidden = True
        elif common[number] > COMMON:
            reasons[number] = (
                f"it shares an error with the {named(asked.quantity)} that makes a correlation of {common[number]:.2f} by itself"
            )
            hidden = True
        elif found.alike[place] >= ALIKE:
            reasons[number] = _alike(table, asked, kept, number)
    names = tuple(asked.rivals[number] for number in kept)
    return Judged(found, kept, names, still, reasons, common, hidden)


def about(name: str, reason: str) -> str:
    """A reason with the name of the rival in place of ``it`` or ``its``."""
    if not reason.startswith("it "):
        return f"of the {named(name)} {reason}"
    return f"the {named(name)} {reason.removeprefix('it ')}"


def _compared(table: Table, asked: Asked, kept: tuple[int, ...]) -> Rivals:
    columns = [1 + number for number in kept]
    own = table.own[:, columns]
    return compare_rivals(
        table.values[:, 0],
        table.values[:, columns],
        np.where(np.isfinite(own), own, 0.0),
        y_std=_outcome_errors(table, asked),
        nuisance=table.nuisance,
        stated=asked.errors == "stated",
        together=asked.together,
        level=asked.level,
    )


def _outcome_errors(table: Table, asked: Asked) -> Array | None:
    own = table.own[:, 0]
    if np.isfinite(own).all() and (own > 0).all():
        return own
    if asked.errors == "stated":
        bad = [name for name, size in zip(table.names, own, strict=True) if not 0 < size < math.inf]
        raise StudyError(
            f"The own uncertainty of {asked.quantity} of {', '.join(bad[:3])} is unknown or zero, so it cannot be taken at its "
            "word; use errors='scaled', which takes the size from the scatter."
        )
    return None


def _still(table: Table, asked: Asked, number: int) -> str:
    if table.within:
        whole = float(np.var(table.values[:, 1 + number]))
        inner = _moved(table, table.values[:, 1 + number])
        if float(np.mean(inner**2)) < 0.5 * whole:
            return "it differs only between variants, where anything else that differs between them would look the same"
    return "it varies within its own error"


def _moved(table: Table, values: Array) -> Array:
    basis, _ = np.linalg.qr(table.nuisance)
    return np.asarray(values - basis @ (basis.T @ values))


def _common(table: Table, number: int) -> float:
    """Correlation of outcome and rival by the errors that both have in one row."""
    size = math.sqrt(
        float(
            np.mean(_moved(table, table.values[:, 0]) ** 2) * np.mean(_moved(table, table.values[:, 1 + number]) ** 2)
        )
    )
    return abs(float(np.mean(table.together[:, number]))) / size if size > 0 else 0.0


def _alike(table: Table, asked: Asked, kept: tuple[int, ...], number: int) -> str:
    moved = np.column_stack([_moved(table, table.values[:, 1 + other]) for other in kept])
    others = [other for other in kept if other != number]
    correlation = np.atleast_2d(np.corrcoef(moved, rowvar=False))[kept.index(number)]
    sizes = {other: abs(float(correlation[kept.index(other)])) for other in others}
    most = max(others, key=lambda other: sizes[other])
    return f"it is too like the {named(asked.rivals[most])} (correlation {sizes[most]:.2f} over {table.basis})"
