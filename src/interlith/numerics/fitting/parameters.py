"""Which numbers does a fit look for, between which bounds, and which follow from others?

A fit moves *independent* parameters ``u``; all parameters follow from them by one affine map, ``full = u @ matrix.T +
constant``, so that ties and sums cost nothing in the solver and their covariance is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError, nearest

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a model.

    Parameters
    ----------
    name
        Unique in its problem.
    start
        One number, or one for each member, shape (m,). A linear parameter needs none.
    low, high
        Bounds; one number or one for each member, shape (m,).
    fixed
        Held at its start; one truth value, or one for each member, shape (m,).
    shared
        One value for all members of the series instead of one each.
    linear
        The model is linear in it (an amplitude, a background coefficient): it is solved for, never damped.
    smooth
        Standard deviation of its change from one member to the next, if the series is to be smooth in it.
    scale
        Its typical size, for starts drawn anew; by default the start itself, or 1 where that is zero.
    """

    name: str
    start: ArrayLike = math.nan
    low: ArrayLike = -math.inf
    high: ArrayLike = math.inf
    fixed: ArrayLike = False
    shared: bool = False
    linear: bool = False
    smooth: float | None = None
    scale: float | None = None


@dataclass(frozen=True, slots=True)
class Tie:
    """``name = constant + sum of coefficient * other``; the tied parameter is not moved by itself, its bounds still hold."""

    name: str
    terms: Mapping[str, float]
    constant: float = 0.0


@dataclass(frozen=True, slots=True)
class Sum:
    """``sum of coefficient * name = equals`` (occupancies, fractions, a charge): the last name follows from the others."""

    terms: Mapping[str, float]
    equals: float = 0.0

    def tie(self) -> Tie:
        """The sum solved for its last name.

        Raises
        ------
        FitError
            If it names fewer than two parameters, or the last one with a coefficient of zero.
        """
        *others, last = self.terms
        divisor = self.terms[last]
        if not others or divisor == 0:
            raise FitError(
                f"A sum needs two names or more, the last with a coefficient other than zero; found {dict(self.terms)}."
            )
        return Tie(last, {name: -self.terms[name] / divisor for name in others}, self.equals / divisor)


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a problem with their ties.

    Parameters
    ----------
    items
        In the order in which the model takes them.
    ties
        Ties and sums; a tie may refer to another tied parameter, a circle is refused.

    Raises
    ------
    FitError
        If a name occurs twice or is unknown, a parameter is tied twice or in a circle, or is tied and fixed, shared or
        smooth at once.
    """

    items: tuple[Parameter, ...]
    ties: tuple[Tie, ...] = ()
    matrix: Array = field(init=False)
    constant: Array = field(init=False)
    independent: tuple[int, ...] = field(init=False)

    def __init__(self, items: Iterable[Parameter], ties: Iterable[Tie | Sum] = ()) -> None:
        set_ = object.__setattr__
        set_(self, "items", tuple(items))
        set_(self, "ties", tuple(tie.tie() if isinstance(tie, Sum) else tie for tie in ties))
        _check(self.names, self.items, self.ties)
        matrix, constant, independent = _affine(self.names, self.ties)
        set_(self, "matrix", matrix)
        set_(self, "constant", constant)
        set_(self, "independent", independent)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(item.name for item in self.items)

    def __len__(self) -> int:
        return len(self.items)

    def index(self, name: str) -> int:
        """Place of a parameter.

        Raises
        ------
        FitError
            If there is none of this name.
        """
        if name not in self.names:
            raise FitError(f"The problem has no parameter '{name}'; {nearest(name, self.names)}.")
        return self.names.index(name)

    def table(self, attribute: str, members: int) -> Array:
        """`start`, `low`, `high` or `fixed` of every member and parameter, shape (m, p).

        Raises
        ------
        FitError
            If an array has not one number for each member.
        """
        told = [getattr(item, attribute) for item in self.items]
        if all(isinstance(one, (bool, int, float)) for one in told):
            return np.tile(np.array(told, dtype=np.float64), (members, 1))
        columns = []
        for item, one in zip(self.items, told, strict=True):
            value = np.asarray(one, dtype=np.float64)
            if value.ndim > 1 or (value.ndim == 1 and value.size != members):
                raise FitError(
                    f"{attribute} of '{item.name}' has the shape {value.shape}; give one number, or one for each of the "
                    f"{members} members."
                )
            columns.append(np.broadcast_to(value, (members,)))
        return np.ascontiguousarray(np.stack(columns, axis=1)) if columns else np.zeros((members, 0))

    def repeated(
        self, base: NDArray[np.intp], members: int, start: Array, held: Mapping[int, tuple[NDArray[np.intp], Array]]
    ) -> Parameters:
        """The same parameters for members `base` (b,) of `members`, started at `start` (b, p).

        Parameters
        ----------
        held
            Place of a parameter -> rows of the new members in which it is held, and at which values: an independent one is
            fixed there, a tied one gets equal bounds.
        """
        tables = {name: self.table(name, members)[base] for name in ("low", "high", "fixed")}
        for place, (rows, values) in held.items():
            if place in self.independent:
                tables["fixed"][rows, place] = 1.0
            else:
                tables["low"][rows, place] = values
                tables["high"][rows, place] = values
        items = [
            replace(
                item, start=start[:, place], low=tables["low"][:, place], high=tables["high"][:, place],
                fixed=tables["fixed"][:, place],
            )
            for place, item in enumerate(self.items)
        ]  # fmt: skip
        return Parameters(items, self.ties)

    def flags(self, attribute: str) -> Mask:
        """`shared` or `linear` of every independent parameter, shape (q,)."""
        return np.array([bool(getattr(self.items[place], attribute)) for place in self.independent], dtype=np.bool_)

    def smoothness(self) -> Array:
        """Standard deviation of the change between neighbours of every independent parameter, ``inf`` for none, shape (q,)."""
        sizes = [self.items[place].smooth for place in self.independent]
        return np.array([math.inf if size is None else size for size in sizes], dtype=np.float64)

    @property
    def tied(self) -> tuple[int, ...]:
        """Places of the parameters that follow from others."""
        moved = set(self.independent)
        return tuple(place for place in range(len(self.items)) if place not in moved)


def _check(names: Sequence[str], items: Sequence[Parameter], ties: Sequence[Tie]) -> None:
    if not names:
        raise FitError("A problem needs at least one parameter.")
    by_name = dict(zip(names, items, strict=True))
    if len(by_name) < len(names):
        name = next(name for name in names if list(names).count(name) > 1)
        raise FitError(f"Two parameters are called '{name}'; give each a name of its own.")
    targets = [tie.name for tie in ties]
    for tie in ties:
        for name in (tie.name, *tie.terms):
            if name not in by_name:
                raise FitError(f"A tie names '{name}', which is no parameter; {nearest(name, names)}.")
        if targets.count(tie.name) > 1:
            raise FitError(f"'{tie.name}' is tied twice; write one tie for it.")
        item = by_name[tie.name]
        if np.any(np.asarray(item.fixed)) or item.smooth is not None:
            raise FitError(
                f"'{tie.name}' is tied to {', '.join(tie.terms)} and fixed or smooth as well; leave out one of the two."
            )
    for item in items:
        # True only of ends in order; of one that is no number nothing is.
        if not np.all(np.less_equal(item.low, item.high)):
            raise FitError(
                f"The bounds of '{item.name}' are {item.low} and {item.high}; the lower one must not exceed the upper."
            )
        if item.smooth is not None and (not item.smooth > 0 or item.shared):
            raise FitError(
                f"'{item.name}' is smooth by {item.smooth}; give a positive number, for a parameter that is not shared."
            )


def _affine(names: Sequence[str], ties: Sequence[Tie]) -> tuple[Array, Array, tuple[int, ...]]:
    """Matrix and constant of the map from independent to all parameters, and the places of the independent ones."""
    place = {name: number for number, name in enumerate(names)}
    count = len(names)
    # One row a parameter: coefficients of all names, then the constant; tied names are substituted until none is left.
    rows = np.hstack([np.eye(count), np.zeros((count, 1))])
    for tie in ties:
        rows[place[tie.name]] = 0.0
        for name, coefficient in tie.terms.items():
            rows[place[tie.name], place[name]] += coefficient
        rows[place[tie.name], -1] = tie.constant
    tied = [place[tie.name] for tie in ties]
    for _ in range(len(tied) + 1):
        inner = rows[:, tied].copy()
        inner[[*tied], range(len(tied))] += 0.0
        if not inner.any():
            break
        replaced = rows.copy()
        replaced[:, tied] = 0.0
        rows = replaced + inner @ rows[tied]
    else:
        raise FitError(f"The ties of {', '.join(tie.name for tie in ties)} refer to each other in a circle.")
    independent = tuple(number for number in range(count) if number not in tied)
    return rows[:, list(independent)], rows[:, -1], independent
