"""Which curve belongs to one or several changes at given positions, and how do the positions follow the values?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from interlith.errors import FitError
from interlith.numerics.changes.change_forms import (
    BETWEEN_STATES,
    Array,
    Family,
    Form,
    Profile,
    beyond,
    family,
    hinge,
    profile,
)
from interlith.numerics.changes.change_points import Values

#: Candidates of each position where one, two or three are searched together, and most changes that are.
_GRID = {1: 60, 2: 30, 3: 20}
MOST = 3
#: Forms of which there may be several; a plateau that ends and one that begins make a ramp.
SEVERAL = ("kink", "step", "plateau_end")


@dataclass(frozen=True, slots=True)
class Model:
    """A curve with changes at given positions, fitted to values.

    Parameters
    ----------
    form, at
        Form and positions, shape (m,).
    coefficients, covariance
        Of the columns of `design`, shapes (p,) and (p, p); the covariance includes the scatter unless sizes are known.
    left, dof
        Weighted sum of squares left, and points less parameters, the positions included.
    gradient
        Derivatives of the positions with respect to the values, shape (m, n); zero for steps, which stay in their gap.
    """

    form: Form
    at: Array
    coefficients: Array
    covariance: Array
    left: float
    dof: int
    gradient: Array

    def curve(self, x: Array) -> Array:
        """The fitted curve at any x, shape (k,)."""
        return np.asarray(design(self.form, x, self.at) @ self.coefficients, dtype=np.float64)

    @property
    def sizes(self) -> Array:
        """Size of each change (slope for a kink, height for a step), shape (m,); one for both ends of a ramp."""
        return np.asarray(self.coefficients[_common(self.form, np.zeros(1)).shape[1] :], dtype=np.float64)


def _common(form: Form, x: Array) -> Array:
    return np.column_stack([np.ones_like(x), x]) if form in ("kink", "jump") else np.ones((len(x), 1))


def tuples(form: Form, x: Array, at: Array) -> Array:
    """Columns of several changes: positions (g, m) -> shape (g, k, n)."""
    if at.shape[1] == 1:
        return family(form, x).columns(at[:, 0])
    if form == "plateau_end" and at.shape[1] == 2:
        return (hinge(x, at[:, 0]) - hinge(x, at[:, 1]))[:, None, :]
    single = beyond if form == "step" else hinge
    return np.stack([single(x, at[:, number]) for number in range(at.shape[1])], axis=1)


def design(form: Form, x: Array, at: Array) -> Array:
    """All columns of a model with changes at the positions `at`, shape (n, p)."""
    columns = family_columns(form, x, at)
    return np.column_stack([_common(form, x), columns.T])


def family_columns(form: Form, x: Array, at: Array) -> Array:
    """Columns of the changes alone, shape (k, n), also where x does not reach over the axis."""
    if len(at) == 1 and form == "plateau_start":
        return -hinge(-x, -at)
    if len(at) == 1 and form == "jump":
        return np.concatenate([beyond(x, at), hinge(x, at)])
    if len(at) == 1:
        return beyond(x, at) if form == "step" else hinge(x, at)
    return np.asarray(tuples(form, x, at[None, :])[0], dtype=np.float64)


def fitted(values: Values, form: Form, at: Array) -> Model:
    """Weighted least squares with the changes at given positions."""
    x = values.x
    columns = design(form, x, at) * values.root[:, None]
    inverse = np.linalg.pinv(columns)
    coefficients = inverse @ values.weighted
    left = float(((values.weighted - columns @ coefficients) ** 2).sum())
    dof = len(values) - columns.shape[1] - len(at)
    scale = 1.0 if values.known else (left / dof if dof > 0 else np.inf)
    moving = _derivatives(form, x, at, coefficients)
    gradient = np.zeros((len(at), len(values)))
    if moving is not None:
        everything = np.column_stack([columns, moving * values.root[:, None]])
        gradient = np.linalg.pinv(everything, rcond=1e-10)[columns.shape[1] :] * values.root[None, :]
    return Model(form, at, coefficients, inverse @ inverse.T * scale, left, dof, gradient)


def _derivatives(form: Form, x: Array, at: Array, coefficients: Array) -> Array | None:
    """Derivative of the curve with respect to each position, shape (n, m)."""
    if form in BETWEEN_STATES:
        return None
    after = beyond(x, at).T
    sizes = coefficients[_common(form, x).shape[1] :]
    if form == "plateau_start":
        return np.asarray(-sizes[0] * (1.0 - after), dtype=np.float64)
    if form == "plateau_end" and len(at) == 2:
        return np.asarray(after * np.array([-sizes[0], sizes[0]]), dtype=np.float64)
    return np.asarray(-after * sizes[None, :], dtype=np.float64)


def candidates(form: Form, values: Values, number: int, *, sign: int = 0) -> Profile:
    """Profile over all sets of `number` positions on a grid.

    Raises
    ------
    FitError
        If so many changes are not searched for, this form comes singly only, or there are too few states.
    """
    if number == 1:
        members = family(form, values.x)
        places = members.positions(_GRID[1])
        return profile(members.common, members.columns(places), places, values.root, sign=sign)
    if form not in SEVERAL or (form == "plateau_end" and number > 2) or number > MOST:
        raise FitError(
            f"{number} changes of the form {form.replace('_', ' ')} cannot be searched for; up to {MOST} kinks or steps, "
            "or 2 with the form plateau_end (a ramp between two plateaus)."
        )
    members = family(form, values.x)
    places = members.positions(_GRID[number])
    if len(places) > _GRID[number]:
        places = places[np.linspace(0, len(places) - 1, _GRID[number]).astype(int)]
    apart = 0.0 if form in BETWEEN_STATES else 0.999 * float(np.median(np.diff(members.states)))
    sets = [each for each in combinations(places, number) if min(np.diff(each)) >= apart]
    if not sets:
        raise FitError(f"{len(members.states)} states are too few for {number} changes.")
    at = np.array(sets, dtype=np.float64)
    return profile(
        _common(form, values.x), tuples(form, values.x, at), at, values.root, sign=sign if form == "plateau_end" else 0
    )


def one_of(form: Form, x: Array, at: Array, number: int, *, moving: bool) -> Family:
    """Family in which one of several changes moves between its neighbours.

    Parameters
    ----------
    at, number
        All positions, and which one moves.
    moving
        Whether the others may follow to first order (their derivatives join the common columns), so that their own
        uncertainty is in the set of this one.
    """
    whole = family(form, x)
    others = np.delete(at, number)
    low = at[number - 1] if number > 0 else whole.low
    high = at[number + 1] if number + 1 < len(at) else whole.high
    common = _common(form, x)
    if form == "plateau_end" and len(at) == 2:
        fixed = hinge(x, others)[0]
        extra = [beyond(x, others).T] if moving else []
        order = 1.0 if number == 0 else -1.0

        def columns(places: Array) -> Array:
            return np.asarray((order * (hinge(x, places) - fixed))[:, None, :], dtype=np.float64)

        return Family(form, np.column_stack([common, *extra]), columns, low, high, whole.states)
    single = beyond if form == "step" else hinge
    extra = [single(x, others).T]
    if moving and form not in BETWEEN_STATES:
        extra.append(beyond(x, others).T)
    return Family(
        form, np.column_stack([common, *extra]), lambda places: single(x, places)[:, None, :], low, high, whole.states
    )
