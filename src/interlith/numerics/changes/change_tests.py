"""Is there a change at all, of which form, and is there one more? Answered with the search over positions accounted for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from interlith.errors import FitError
from interlith.numerics.changes.change_forms import PARAMETERS, Array, Form, Profile, family, orthonormal
from interlith.numerics.changes.change_models import MOST, candidates, design, one_of
from interlith.numerics.changes.change_points import Position, Values, best, draws, locate

#: Draws under the curve without the change, and how many decide where they decide clearly.
NULL_DRAWS, FEW_DRAWS = 16384, 1024
_NUMBERS_AT_ONCE = 3_000_000


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether values need a change.

    Parameters
    ----------
    probability
        Of an improvement at least this large if there were none, the best form and position being searched for anew.
    form
        The best form.
    scores
        Form -> Bayes information criterion of its best position; lower is better.
    """

    probability: float
    form: Form
    scores: Mapping[Form, float]


def polynomial(x: Array, degree: int) -> Array:
    """Columns of a curve without a change, shape (n, degree + 1), of the axis scaled to -1 ... 1."""
    return np.polynomial.legendre.legvander(2.0 * (x - x.min()) / (x.max() - x.min()) - 1.0, degree)


def presence(values: Values, forms: tuple[Form, ...], *, degree: int = 1, number: int = 1, sign: int = 0) -> Presence:
    """Test a polynomial (0 constant, 1 line, 2 parabola) against curves with a change.

    Parameters
    ----------
    values, forms
        Points, and the forms to choose from; forms with more parameters than the points allow are passed over.
    degree
        Of the polynomial.
    number
        Of changes, all at once.
    sign
        1 for a rise, -1 for a fall, 0 for either.

    Raises
    ------
    FitError
        If the points allow no form, or leave nothing over from the polynomial.

    Notes
    -----
    Given the fitted polynomial (and its residual length), the residuals point anywhere with equal chance if it is true;
    up to 16,384 such draws go through the same search over forms and positions. The level is exact for every
    polynomial of the degree with normal errors of known relative size.
    """
    spare = 0 if values.known else 1
    allowed = tuple(form for form in forms if fitted_parameters(form, number) + spare <= len(values))
    if not allowed or len(values) < degree + 2 + spare:
        raise FitError(f"{len(values)} points are too few for a {' or '.join(forms).replace('_', ' ')}.")
    profiles = {form: candidates(form, values, number, sign=sign) for form in allowed}
    rows = orthonormal(polynomial(values.x, degree) * values.root[:, None])
    penalties = {form: fitted_parameters(form, number) * math.log(len(values)) for form in allowed}

    def improvement(data: Array) -> Array:
        least = np.min([_score(values, found, data) + penalties[form] for form, found in profiles.items()], axis=0)
        # Without a scale to divide by, what the polynomial itself leaves differs from draw to draw.
        return np.asarray((_rest(rows, data) if values.known else 0.0) - least, dtype=np.float64)

    chance = _chance(values, rows, improvement, _most(len(values), *profiles.values()))
    scores = {form: float(_score(values, found, values.weighted)) + penalties[form] for form, found in profiles.items()}
    return Presence(chance, min(scores, key=lambda form: scores[form]), scores)


def one_more(values: Values, form: Form, at: Array, *, sign: int = 0) -> float:
    """Probability of an improvement as large as that by one more change if the changes at `at` were all.

    Both numbers of changes are searched for anew in every draw.
    """
    rows = orthonormal(design(form, values.x, at) * values.root[:, None])
    few = candidates(form, values, len(at), sign=sign)
    many = candidates(plural(form), values, len(at) + 1, sign=sign)

    def improvement(data: Array) -> Array:
        return _score(values, few, data) - _score(values, many, data)

    return _chance(values, rows, improvement, _most(len(values), few, many))


def several(values: Values, form: Form, number: int, *, level: float = 0.95, sign: int = 0) -> tuple[Position, ...]:
    """Positions of several changes, each with its set while the others follow to first order.

    Raises
    ------
    FitError
        If there are too few points or states for so many changes.
    """
    at = settle(values, form, number, sign=sign)
    return tuple(
        locate(
            values,
            one_of(form, values.x, at, each, moving=True),
            level=level,
            sign=sign if form == "plateau_end" else 0,
        )
        for each in range(number)
    )


def settle(values: Values, form: Form, number: int, *, sign: int = 0) -> Array:
    """Best positions of several changes: the best set of a grid, then each in turn, shape (m,)."""
    found = candidates(form, values, number, sign=sign)
    at = np.atleast_1d(found.positions[int(found.gains(values.weighted).argmax())]).copy()
    if number == 1:
        return at
    for _ in range(6):
        before = at.copy()
        for each in range(number):
            at[each] = best(values, one_of(form, values.x, at, each, moving=False))[0]
        if np.abs(at - before).max() <= 1e-5 * float(np.ptp(values.x)):
            break
    return at


def count_changes(
    values: Values, form: Form, *, level: float = 0.95, most: int = MOST, sign: int = 0
) -> tuple[int, tuple[float, ...]]:  # fmt: skip
    """Number of changes, given that there is one: one more as long as it is told from none at the level.

    Returns
    -------
    number, probabilities
        One probability for each further change that was tried.
    """
    number, chances = 1, list[float]()
    while number < most:
        now = form if number == 1 else plural(form)
        try:
            chance = one_more(values, now, settle(values, now, number, sign=sign), sign=sign)
        except FitError:
            break
        if len(values) < fitted_parameters(plural(form), number + 1) + (0 if values.known else 1):
            break
        chances.append(chance)
        if chance >= 1.0 - level:
            break
        number += 1
    return number, tuple(chances)


def plural(form: Form) -> Form:
    """The form of several changes that goes on from one: either plateau becomes a ramp between two."""
    return "plateau_end" if form == "plateau_start" else form


def fitted_parameters(form: Form, number: int) -> int:
    """Parameters of a curve with several changes, the positions included."""
    if form == "plateau_end" and number == 2:
        return 4
    return PARAMETERS[form] + 2 * (number - 1)


def _most(points: int, *profiles: Profile) -> int:
    """Draws that are made at most: fewer where each is large, so that memory stays below some 50 MB."""
    largest_array = max(points, *(each.directions.shape[0] * each.directions.shape[1] for each in profiles))
    return int(np.clip(_NUMBERS_AT_ONCE // largest_array, FEW_DRAWS, NULL_DRAWS))


def _chance(values: Values, rows: Array, improvement: Callable[[Array], Array], most: int) -> float:
    """Share of draws that improve as much as the values do.

    The draws share with the values their part along `rows` and, unless sizes are known, the length of the rest. Where a few of
    them say that the share is near the usual levels, many are made.
    """
    data = values.weighted
    along = (data @ rows.T) @ rows
    rest = float(np.linalg.norm(data - along))
    observed = float(improvement(data[None, :])[0])
    chance = 1.0
    for count in (FEW_DRAWS, most):
        noise = draws(count, len(values))
        noise = noise - (noise @ rows.T) @ rows
        if not values.known:
            length = np.sqrt(np.maximum((noise**2).sum(axis=1), 1e-300))
            noise = noise * (rest / length)[:, None]
        drawn = improvement(along + noise)
        chance = float((1 + np.count_nonzero(drawn >= observed - 1e-9 * abs(observed))) / (count + 1))
        if not 0.005 < chance < 0.12:
            break
    return chance


def _rest(rows: Array, data: Array) -> Array:
    return np.asarray((data**2).sum(axis=-1) - ((data @ rows.T) ** 2).sum(axis=-1), dtype=np.float64)


def _score(values: Values, found: Profile, data: Array) -> Array:
    """Minus twice the largest log likelihood over the positions, constants apart, shape (...)."""
    left = np.maximum(found.left(data) - found.gains(data).max(axis=-1), 1e-20 * (data**2).sum(axis=-1) + 1e-300)
    return np.asarray(left if values.known else len(values) * np.log(left), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Largest:
    """The largest change that values still allow: departure from a straight line, and where it would begin."""

    departure: float
    position: float
    change: float
    change_error: float
    dof: int


def largest(values: Values, form: Form, *, quantile: float, sign: int = 0) -> Largest:
    """Upper bound of a change where none is found.

    Parameters
    ----------
    values, form, sign
        As in `presence`.
    quantile
        Of the standardised size of a change; the bound is the best size plus so many standard errors, at the position where
        the curve would then depart most from its best straight line.

    Returns
    -------
    Largest
        Also the change of the straight line itself over the axis with its standard error.
    """
    x, root = values.x, values.root
    members = family(form, x)
    found = candidates(form, values, 1)
    columns = members.columns(found.positions)[:, 0] * root
    rows = orthonormal(polynomial(x, 1) * root[:, None])
    off = np.abs(columns - (columns @ rows.T) @ rows) / root
    parts = np.einsum("gn,n->g", found.directions[:, 0], values.weighted)
    left = np.maximum(found.left(values.weighted) - found.gains(values.weighted), 0.0)
    dof = len(values) - members.common.shape[1] - found.directions.shape[1]
    scale = np.ones_like(left) if values.known else np.sqrt(left / max(dof, 1))
    sizes = np.maximum(sign * parts, 0.0) if sign else np.abs(parts)
    departures = (sizes + quantile * scale) / found.lengths * off.max(axis=1)
    worst = int(departures.argmax())
    line = np.column_stack([np.ones_like(x), x]) * root[:, None]
    inverse = np.linalg.pinv(line)
    slope = float(inverse[1] @ values.weighted)
    rest = float(((values.weighted - line @ (inverse @ values.weighted)) ** 2).sum())
    error = float(np.linalg.norm(inverse[1])) * (1.0 if values.known else math.sqrt(rest / max(len(x) - 2, 1)))
    reach = float(x[-1] - x[0])
    return Largest(float(departures[worst]), float(found.positions[worst]), slope * reach, error * reach, len(x) - 2)
