"""What is known of the changes of one curve: are there any, of which form, where, and what widens their intervals?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from interlith.errors import FitError
from interlith.evidence.curves import Array, Curve
from interlith.evidence.kernel import quantile
from interlith.numerics.changes.change_forms import BETWEEN_STATES, Form, Mask, family
from interlith.numerics.changes.change_models import SEVERAL, Model, fitted
from interlith.numerics.changes.change_points import Position, Values, locate, values_of
from interlith.numerics.changes.change_tests import (
    Largest,
    Presence,
    count_changes,
    fitted_parameters,
    largest,
    plural,
    polynomial,
    presence,
    settle,
    several,
)
from interlith.numerics.outliers import deleted_residuals

AUTO: tuple[Form, ...] = ("kink", "step", "plateau_end", "plateau_start")
SIGNS: Mapping[str, int] = {"any": 0, "rise": 1, "fall": -1}
#: Chance below which a point is named an outlier (over all points), and the share of points that may be.
OUTLYING, MOST_OUTLIERS = 0.01, 0.15
#: Fewest points of which one can be named an outlier of a curve with up to five parameters.
FEWEST_TO_NAME = 8


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller of `onset` asked for."""

    forms: tuple[Form, ...]
    number: int | None
    direction: str
    degree: int
    errors: str
    states: str
    outliers: str
    level: float

    @property
    def sign(self) -> int:
        """1 for a rise, -1 for a fall, 0 for either."""
        return SIGNS[self.direction]


@dataclass(frozen=True, slots=True)
class Placed:
    """One change: position with everything that widens it, on the axis of the curve."""

    value: float
    low: float
    high: float
    position: Position
    parts: Mapping[str, float]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The changes of one curve.

    `presence` is `None` where the points are too few (`why` says so); `placed` is empty where there is no change, and
    `bound` then holds the largest one that is compatible. `kept` is false for points named outliers.
    """

    curve: Curve
    values: Values | None
    presence: Presence | None
    form: Form
    model: Model | None = None
    placed: tuple[Placed, ...] = ()
    bound: Largest | None = None
    smooth: float | None = None
    smooth_better: bool = False
    further: tuple[float, ...] = ()
    kept: Mask = field(default_factory=lambda: np.ones(0, dtype=np.bool_))
    notes: tuple[str, ...] = ()
    why: str = ""

    @property
    def rivals(self) -> list[tuple[Form, float]]:
        """Forms by their information criterion, best first."""
        return sorted(self.presence.scores.items(), key=lambda item: item[1]) if self.presence else []


def points_of(curve: Curve, errors: str) -> tuple[Values, tuple[str, ...]]:
    """Points of a curve with their sizes; unknown ones count as the largest known one, and never at their word."""
    own, notes = curve.own.copy(), list[str]()
    usable = np.isfinite(own) & (own > 0)
    known = errors == "stated" and bool(usable.all())
    if not usable.any():
        own = np.ones(len(curve))
        if errors == "stated":
            notes.append("No point has an uncertainty of its own that is known; their scatter was taken instead.")
    elif not usable.all():
        own[~usable] = own[usable].max()
        notes.append(
            f"{int((~usable).sum())} of {len(curve)} points have no known uncertainty of their own and count as the least "
            "certain of the others; the scatter gives the scale."
        )
    return values_of(curve.x, curve.y, own, known=known), tuple(notes)


def analyse(curve: Curve, options: Options) -> Analysis:
    """Everything about the changes of one curve."""
    values, notes = points_of(curve, options.errors)
    kept = np.ones(len(values), dtype=np.bool_)
    try:
        found = _presence(values, options)
        if options.outliers == "name":
            found, kept = _without_outliers(values, found.form, options)
    except FitError as error:
        return Analysis(curve, None, None, options.forms[0], notes=notes, why=str(error))
    used = values.only(kept)
    if found.probability >= 1.0 - options.level:
        return _absent(curve, used, found, options, kept, notes)
    form, number, further = found.form, options.number or 1, tuple[float, ...]()
    if options.number is None:
        form, number, further, found = _counted(used, found, options)
    form = form if number == 1 else plural(form)
    try:
        positions = _positions(used, form, number, options)
    except FitError as error:
        return Analysis(curve, None, None, form, notes=notes, why=str(error))
    model = fitted(used, form, np.array([each.value for each in positions]))
    placed = tuple(
        _widened(curve, each, _gradient(model, number, kept), form, options) for number, each in enumerate(positions)
    )
    smooth, better = _smooth(used, form, number, options) if options.degree < 2 else (found.probability, False)
    return Analysis(
        curve, used, found, form, model, placed, None, smooth, better, further, kept, notes
    )  # fmt: skip


def _presence(values: Values, options: Options) -> Presence:
    number = options.number or 1
    found = presence(values, options.forms, degree=options.degree, number=number, sign=options.sign)
    pairs = tuple(dict.fromkeys(plural(form) for form in options.forms if plural(form) in SEVERAL))
    if options.number is not None or not pairs:
        return found
    # A ramp in the middle departs little from the best line with a single change; the better of two tests counts double.
    try:
        two = presence(values, pairs, degree=options.degree, number=2, sign=options.sign)
    except FitError:
        return found
    return replace(found, probability=min(1.0, 2.0 * min(found.probability, two.probability)))


def _counted(
    values: Values, found: Presence, options: Options
) -> tuple[Form, int, tuple[float, ...], Presence]:  # fmt: skip
    """Number of changes of each form, and the form whose curve with so many describes the values best.

    A ramp is well described by three steps if steps are counted first, so forms are compared only after counting.
    """
    counted, scores = dict[Form, tuple[int, tuple[float, ...]]](), dict[Form, float]()
    for form in found.scores:
        number, further = count_changes(values, form, level=options.level, sign=options.sign)
        many = form if number == 1 else plural(form)
        left = max(fitted(values, many, settle(values, many, number, sign=options.sign)).left, 1e-300)
        scores[many] = (left if values.known else len(values) * math.log(left)) + fitted_parameters(
            many, number
        ) * math.log(len(values))
        counted[many] = number, further
    best = min(scores, key=lambda form: scores[form])
    return best, *counted[best], replace(found, form=best, scores=scores)


def _positions(values: Values, form: Form, number: int, options: Options) -> tuple[Position, ...]:
    if number > 1:
        return several(values, form, number, level=options.level, sign=options.sign)
    return (locate(values, family(form, values.x), level=options.level, sign=options.sign),)


def _absent(
    curve: Curve, values: Values, found: Presence, options: Options, kept: Mask, notes: tuple[str, ...]
) -> Analysis:  # fmt: skip
    form: Form = "kink" if "kink" in options.forms else found.form
    degrees = math.inf if values.known else max(1, len(values) - 3)
    bound = largest(values, form, quantile=quantile(options.level, degrees), sign=options.sign)
    return Analysis(curve, values, found, found.form, bound=bound, kept=kept, notes=notes)


def _smooth(values: Values, form: Form, number: int, options: Options) -> tuple[float | None, bool]:
    """Probability of so sharp a change if a parabola were true, and whether a parabola is the better description."""
    try:
        found = presence(values, (form,), degree=2, number=number, sign=options.sign)
    except FitError:
        return None, False
    columns = polynomial(values.x, 2) * values.root[:, None]
    rest = values.weighted - columns @ (np.linalg.pinv(columns) @ values.weighted)
    left = max(float(rest @ rest), 1e-300)
    score = (left if values.known else len(values) * math.log(left)) + 3 * math.log(len(values))
    return found.probability, score < found.scores[form]


def _without_outliers(values: Values, form: Form, options: Options) -> tuple[Presence, Mask]:
    """Presence and points kept when outliers are named.

    A curve with a change bends towards an outlier and then finds others, so the change is claimed only if it is also found
    without the outliers of the curve that has none.
    """
    kept = _kept(values, form, options)
    found = _presence(values.only(kept), options)
    sober = _presence(values.only(_kept(values, None, options)), options)
    return replace(found, probability=max(found.probability, sober.probability)), kept


def _kept(values: Values, form: Form | None, options: Options) -> Mask:
    """Points that are no outliers of the best curve with a change, or (`form` none) without: the worst leaves, then again."""
    kept = np.ones(len(values), dtype=np.bool_)
    for _ in range(int(MOST_OUTLIERS * len(values))):
        rest = values.only(kept)
        if form is None:
            columns = polynomial(rest.x, options.degree) * rest.root[:, None]
            residuals = rest.weighted - columns @ (np.linalg.pinv(columns) @ rest.weighted)
        else:
            model = fitted(rest, form, settle(rest, form, options.number or 1, sign=options.sign))
            residuals = (rest.y - model.curve(rest.x)) * rest.root
        if len(rest) < FEWEST_TO_NAME or float(np.abs(residuals).max()) == 0.0:
            break
        _, chances = deleted_residuals(residuals)
        worst = int(chances.argmin())
        if chances[worst] * len(rest) >= OUTLYING:
            break
        kept[np.flatnonzero(kept)[worst]] = False
    return kept


def _gradient(model: Model, number: int, kept: Mask) -> Array:
    whole = np.zeros(len(kept))
    whole[kept] = model.gradient[number]
    return whole


def _widened(curve: Curve, found: Position, gradient: Array, form: Form, options: Options) -> Placed:
    """Add what the points share, and the intervals of the states next to the change.

    A change lies between the last state before and the first one after, each somewhere in its own interval. For a step the
    ends of the set move by the whole interval of their state. For the other forms the uncertainty of the states (uniform
    in the interval) joins in quadrature, and never more than by the whole of it.
    """
    z = quantile(options.level, math.inf)
    everything = curve.propagate(gradient)
    unknown = tuple(source for source, size in everything.items() if math.isinf(size))
    parts = {source: size for source, size in everything.items() if math.isfinite(size) and size != 0.0}
    shared = z * math.sqrt(sum(size * size for size in parts.values()))
    below, above = _state_reach(curve, found.value)
    low, high = found.value - found.low, found.high - found.value
    if form in BETWEEN_STATES:
        low, high = low + _state_reach(curve, found.low)[0], high + _state_reach(curve, found.high)[1]
    else:
        low = min(math.hypot(low, z * below / math.sqrt(3.0)), low + below)
        high = min(math.hypot(high, z * above / math.sqrt(3.0)), high + above)
    if below + above > 0:
        owner = curve.samples[0] if len(curve.samples) == 1 else curve.name
        source = f"state:{owner}/{curve.axis}" + ("" if options.states == "common" else f"/{curve.quantity}")
        parts[source] = 0.5 * (below + above) / math.sqrt(3.0)
    return Placed(
        found.value,
        found.value - math.hypot(low, shared),
        found.value + math.hypot(high, shared),
        found,
        parts,
        unknown,
    )


def _state_reach(curve: Curve, at: float) -> tuple[float, float]:
    """How far the states next to a place may truly lie below and above what they are called."""
    states = np.unique(curve.x)
    after = int(np.clip(np.searchsorted(states, at), 1, len(states) - 1))
    near = (curve.x == states[after - 1]) | (curve.x == states[after])
    if np.any(curve.x == at):
        near = curve.x == at
    return float((curve.x - curve.x_low)[near].max()), float((curve.x_high - curve.x)[near].max())
