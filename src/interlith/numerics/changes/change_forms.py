"""Which shapes can a curve with a change have, and which columns of a linear model do they mean at each position?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError, nearest

Array = NDArray[np.float64]
Whole = NDArray[np.intp]
Mask = NDArray[np.bool_]
#: ``kink``: a line that goes on with another slope; ``plateau_end``: constant, then a line; ``plateau_start``: a line, then
#: constant; ``step``: two levels; ``jump``: two lines that do not meet.
Form = Literal["kink", "step", "jump", "plateau_end", "plateau_start"]
FORMS: tuple[Form, ...] = get_args(Form)
#: Forms whose position lies between two neighbouring states and cannot be told any closer.
BETWEEN_STATES = frozenset({"step", "jump"})
#: Parameters of the mean, the position included.
PARAMETERS: dict[str, int] = {"kink": 4, "step": 3, "jump": 5, "plateau_end": 3, "plateau_start": 3}
#: A column that keeps less than this share of its square beside the common ones says nothing of its own.
_DEPENDENT = 1e-9


@dataclass(frozen=True, slots=True)
class Family:
    """All curves of one form, one for each position of one change.

    Parameters
    ----------
    form
        Name of the form.
    common
        Columns that every position has, shape (n, q).
    columns
        Positions (g,) -> further columns, shape (g, k, n).
    low, high
        Ends of the positions.
    states
        Distinct values of the axis, shape (d,).
    """

    form: Form
    common: Array
    columns: Callable[[Array], Array]
    low: float
    high: float
    states: Array

    @property
    def between_states(self) -> bool:
        """Whether only the pair of states around the change can be known."""
        return self.form in BETWEEN_STATES

    def positions(self, count: int) -> Array:
        """About `count` positions over the whole axis: every gap for a step, else evenly within each gap."""
        inner = self.states[(self.states > self.low) & (self.states < self.high)]
        edges = np.concatenate([[self.low], inner, [self.high]])
        if self.between_states:
            return np.asarray(0.5 * (edges[:-1] + edges[1:]), dtype=np.float64)
        if len(edges) > count:
            return np.linspace(self.low, self.high, count)
        each = max(1, count // (len(edges) - 1))
        shares = np.arange(each) / each
        steps = (edges[:-1, None] + np.diff(edges)[:, None] * shares[None, :]).ravel()
        return np.asarray(np.append(steps, self.high), dtype=np.float64)

    def gap(self, position: float) -> tuple[float, float]:
        """The two neighbouring states around a position."""
        after = int(np.clip(np.searchsorted(self.states, position), 1, len(self.states) - 1))
        return float(self.states[after - 1]), float(self.states[after])


def hinge(x: Array, at: Array) -> Array:
    """Zero up to each position and a line of slope one after it, shape (g, n)."""
    return np.maximum(x[None, :] - at[:, None], 0.0)


def beyond(x: Array, at: Array) -> Array:
    """Zero up to each position and one after it, shape (g, n)."""
    return np.asarray(x[None, :] > at[:, None], dtype=np.float64)


def family(form: Form, x: Array) -> Family:
    """The family of one change of a form over all points.

    Raises
    ------
    FitError
        If there is no such form.
    """
    if form not in FORMS:
        raise FitError(f"The form is '{form}'; {nearest(form, FORMS)}.")
    states = np.unique(x)
    level, line = np.ones((len(x), 1)), np.column_stack([np.ones_like(x), x])
    # At the very first state a kink is no kink; a trifle inside it is the same as anywhere in the first gap.
    inside = 1e-6 * float(states[-1] - states[0])
    ends = (float(states[0]), float(states[-1]))
    if form == "kink":
        return Family(form, line, lambda at: hinge(x, at)[:, None, :], ends[0] + inside, ends[1] - inside, states)
    if form == "plateau_end":
        return Family(form, level, lambda at: hinge(x, at)[:, None, :], ends[0], ends[1] - inside, states)
    if form == "plateau_start":
        return Family(form, level, lambda at: -hinge(-x, -at)[:, None, :], ends[0] + inside, ends[1], states)
    if form == "step":
        return Family(form, level, lambda at: beyond(x, at)[:, None, :], *ends, states)
    return Family(form, line, lambda at: np.stack([beyond(x, at), hinge(x, at)], axis=1), *ends, states)


@dataclass(frozen=True, slots=True)
class Profile:
    """Orthonormal directions that the columns of a model add at each position, for weighted values.

    Parameters
    ----------
    common
        Orthonormal rows of the common part, shape (q, n).
    positions
        Shape (g,), or (g, m) for m changes at once.
    directions
        Shape (g, k, n): orthonormal, orthogonal to `common`.
    lengths
        Shape (g,): length of the first column beside the common ones; its coefficient is projection over length.
    sign
        Size of the change by sign: 0 either, 1 rise, -1 fall (only where k is 1).
    """

    common: Array
    positions: Array
    directions: Array
    lengths: Array
    sign: int = 0

    def gains(self, values: Array) -> Array:
        """Sum of squares that the change explains at each position: values (..., n) -> (..., g)."""
        count, k, size = self.directions.shape
        parts = (values @ self.directions.reshape(count * k, size).T).reshape(*values.shape[:-1], count, k)
        return self.squares(parts)

    def squares(self, parts: Array) -> Array:
        """Projections (..., g, k) -> explained sums of squares (..., g), none for the direction not asked for."""
        if self.sign:
            parts = np.maximum(self.sign * parts, 0.0)
        if parts.shape[-1] == 1:
            return np.asarray(parts[..., 0] ** 2, dtype=np.float64)
        return np.asarray((parts**2).sum(axis=-1), dtype=np.float64)

    def left(self, values: Array) -> Array:
        """Sum of squares beside the common part: values (..., n) -> (...)."""
        rest = (values**2).sum(axis=-1) - ((values @ self.common.T) ** 2).sum(axis=-1)
        return np.asarray(np.maximum(rest, 0.0), dtype=np.float64)


def orthonormal(columns: Array) -> Array:
    """Orthonormal rows that span the columns (n, q), dependent ones left out: shape (<= q, n)."""
    scale = np.sqrt((columns**2).sum(axis=0))
    left, sizes, _ = np.linalg.svd(columns / np.where(scale > 0, scale, 1.0), full_matrices=False)
    return np.ascontiguousarray(left[:, sizes > 1e-8 * sizes.max()].T)


def profile(common: Array, columns: Array, positions: Array, root: Array, *, sign: int = 0) -> Profile:
    """Profile of a model; positions at which a column depends on the others are left out.

    Parameters
    ----------
    common, columns, positions
        Shapes (n, q), (g, k, n) and (g,) or (g, m).
    root
        Square roots of the weights, shape (n,).
    sign
        As in `Profile`.

    Raises
    ------
    FitError
        If no position is left.
    """
    rows = orthonormal(common * root[:, None])
    weighted = columns * root
    made = np.empty_like(weighted)
    lengths, kept = np.ones(len(columns)), np.ones(len(columns), dtype=bool)
    for number in range(columns.shape[1]):
        vector = weighted[:, number]
        before = (vector**2).sum(axis=-1)
        for _ in range(2):  # twice is enough against rounding
            vector = vector - (vector @ rows.T) @ rows
            for other in range(number):
                vector = vector - (vector * made[:, other]).sum(axis=-1)[:, None] * made[:, other]
        length = np.sqrt((vector**2).sum(axis=-1))
        kept &= length**2 > _DEPENDENT * np.maximum(before, 1e-300)
        made[:, number] = vector / np.where(length > 0, length, 1.0)[:, None]
        if number == 0:
            lengths = length
    if not kept.any():
        raise FitError("No position of a change can be told from the common part; more states are needed.")
    return Profile(rows, positions[kept], made[kept], lengths[kept], sign)
