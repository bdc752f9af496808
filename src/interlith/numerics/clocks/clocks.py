"""How do two clocks relate, and how surely is a time on the one a time on the other?

``log time = time + offset + drift (time - middle)``. The two numbers come from events that both logs show, by weighted
least squares over pairs that `event_matching` finds, or are declared.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from interlith.errors import FitError
from interlith.numerics.clocks.event_matching import RIVAL_CHANCE, Match, correspond
from interlith.numerics.clocks.event_proposals import Marks, Window

Array = NDArray[np.float64]

#: Clocks of instruments are not further apart than this: 1000 ppm are 86 s a day.
LARGEST_DRIFT = 1e-3
#: Odds against another correspondence below which none is taken. At 1000, one of 2000 logs of equal cycles with missing
#: and spurious events was related wrongly: the gaps of one log happened to fit those of the other after a shift.
LEAST_ODDS = 1e5
#: Probability below which residuals are said to be too small, or too much alike, for independent errors.
_COMMON = 0.01
_FEWEST_FOR_MEMORY = 10
#: Trust in the declared errors where the residuals are smaller: errors of sampling are there even if a few events hide it.
#: Measured: four events sampled every 10 s on both sides covered 0.89 without it, 0.93 with it.
_TRUST = 0.03


@dataclass(frozen=True, slots=True)
class Mapped:
    """Times on the other clock (s): value, standard uncertainty and interval, shape (n,) each."""

    time: Array
    std: Array
    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class Clock:
    """A relation of two clocks: ``log time = time + offset + drift (time - middle)``.

    Parameters
    ----------
    offset
        Log clock minus own clock at `middle` (s).
    drift
        Seconds that the log clock gains in a second of the own clock; 5e-5 is 50 ppm.
    middle
        Time on the own clock (s) at which `offset` holds; the weighted mean of the events, so that a fitted offset and
        drift are uncorrelated.
    covariance
        Of offset (s) and drift, shape (2, 2).
    dof
        Degrees of freedom of the residual scatter; inf where nothing was fitted.
    residual_std
        Standard deviation of the residuals (s), nan where nothing was fitted.
    pairs
        Indices of the paired events in both logs, shape (k, 2).
    times, residuals, stds
        Own time of the paired events, log time minus relation, and declared standard uncertainty (s), shape (k,).
    common
        Whether the errors of the events are alike (both logs sampled in step with the events, a clock that wanders), so
        that they do not average out; the covariance then does not fall with the number of events.
    match
        How the correspondence was found, `None` where nothing was fitted.
    """

    offset: float
    drift: float
    middle: float
    covariance: Array
    dof: float = math.inf
    residual_std: float = math.nan
    pairs: NDArray[np.intp] = field(default_factory=lambda: np.empty((0, 2), dtype=np.intp))
    times: Array = field(default_factory=lambda: np.empty(0))
    residuals: Array = field(default_factory=lambda: np.empty(0))
    stds: Array = field(default_factory=lambda: np.empty(0))
    common: bool = False
    match: Match | None = None

    @property
    def offset_std(self) -> float:
        """Standard uncertainty of the offset (s)."""
        return math.sqrt(float(self.covariance[0, 0]))

    @property
    def drift_std(self) -> float:
        """Standard uncertainty of the drift."""
        return math.sqrt(float(self.covariance[1, 1]))

    def quantile(self, level: float = 0.95) -> float:
        """Standard uncertainties on each side of an interval: Student t, normal where nothing was fitted."""
        return quantile(level, self.dof)

    def offset_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval of the offset (s)."""
        half = self.quantile(level) * self.offset_std
        return self.offset - half, self.offset + half

    def drift_interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval of the drift."""
        half = self.quantile(level) * self.drift_std
        return self.drift - half, self.drift + half

    def to_log(self, time: ArrayLike, *, level: float = 0.95) -> Mapped:
        """Times on the log's clock.

        Parameters
        ----------
        time
            On the own clock (s), shape (n,).
        level
            Level of the interval.
        """
        times = np.atleast_1d(np.asarray(time, dtype=float))
        return self._mapped(times + self.offset + self.drift * (times - self.middle), self._std(times), level)

    def from_log(self, time: ArrayLike, *, level: float = 0.95) -> Mapped:
        """Times on the own clock, the inverse of `to_log`; parameters likewise."""
        times = np.atleast_1d(np.asarray(time, dtype=float))
        own = self.middle + (times - self.middle - self.offset) / (1 + self.drift)
        return self._mapped(own, self._std(own) / (1 + self.drift), level)

    def _std(self, times: Array) -> Array:
        x = times - self.middle
        variance = self.covariance[0, 0] + 2 * x * self.covariance[0, 1] + x * x * self.covariance[1, 1]
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))

    def _mapped(self, times: Array, std: Array, level: float) -> Mapped:
        half = self.quantile(level) * std
        return Mapped(times, std, times - half, times + half)


def quantile(level: float, dof: float) -> float:
    """Two-sided quantile of Student's t; of the normal distribution where `dof` is infinite."""
    tail = (1 + level) / 2
    return float(special.ndtri(tail) if math.isinf(dof) else special.stdtrit(dof, tail))


def declared(offset: float, drift: float, *, offset_std: float, drift_std: float, at: float) -> Clock:
    """A relation that somebody states: `offset` (s) at own time `at` (s), `drift`, and their standard uncertainties."""
    return Clock(offset, drift, at, np.diag([offset_std**2, drift_std**2]))


def relate(
    first: ArrayLike,
    second: ArrayLike,
    *,
    first_std: ArrayLike,
    second_std: ArrayLike,
    first_span: tuple[float, float] | None = None,
    second_span: tuple[float, float] | None = None,
    near: float | None = None,
    tolerance: float = math.inf,
    at: float | None = None,
    offset: tuple[float, float] | None = None,
    drift: tuple[float, float] | None = None,
    largest_drift: float = LARGEST_DRIFT,
) -> Clock:
    """Relate two clocks by the events that both logs show.

    Events may be missing from either log, and either may show events of its own.

    Parameters
    ----------
    first, second
        Times of events on the own and on the log's clock (s), shapes (n,) and (m,).
    first_std, second_std
        Their standard uncertainties (s), one number or one an event; an event seen between two samples has their
        distance over the root of twelve (`interlith.numerics.clocks.events`).
    first_span, second_span
        Time that each log covers (s); from its first to its last event by default. What happened outside is not missing.
    near, tolerance, at
        The offset at own time `at` (s, the mean of the first events by default) lies within `near` +- `tolerance` (s).
    offset
        Declared offset at `at` and its standard uncertainty (s): it is held, only the drift is fitted.
    drift
        Declared drift and its standard uncertainty: it is held, only the offset is fitted.
    largest_drift
        Drifts beyond this are not looked for.

    Raises
    ------
    FitError
        If fewer than three pairs are found (one where the drift is held and `near` is given), if unrelated logs would
        match as well, or if another correspondence does nearly as well, as with equal cycles; the message names it.

    Notes
    -----
    The covariance is scaled by chi^2 over degrees of freedom (with a little trust in the declared errors where it is
    below 1) and intervals are Student's. Where the residuals are
    smaller than their declared errors allow (p < 0.01), or neighbours are alike (p < 0.01), the errors are taken to be
    common to all events: the offset is then as uncertain as one event, the drift as two at a typical distance.
    Fails first: an event that one instrument always sees late shifts the offset by as much, and no residual shows it.
    """
    if offset is not None and drift is not None:
        raise FitError("Offset and drift are both declared, so events have nothing to say; use `declared`.")
    marks = _marks(first, second, first_std, second_std, first_span, second_span)
    place = marks.middle if at is None else at
    if offset is not None:
        near, tolerance = offset[0], 4 * offset[1] + 10 * _typical(marks)
    window = Window(drift[0] if drift else 0.0, 4 * drift[1] if drift else largest_drift, near, tolerance, place)
    match = correspond(marks, window)
    _accept(marks, match, near, 1 if drift and near is not None else 2 if drift or offset else 3)
    return _fit(marks, match, offset, drift, place)


def _marks(
    first: ArrayLike, second: ArrayLike, first_std: ArrayLike, second_std: ArrayLike,
    first_span: tuple[float, float] | None, second_span: tuple[float, float] | None,
) -> Marks:  # fmt: skip
    sides = []
    for name, times, stds in (("first", first, first_std), ("second", second, second_std)):
        found = np.asarray(times, dtype=float)
        std = np.broadcast_to(np.asarray(stds, dtype=float), found.shape)
        if found.ndim != 1 or found.size == 0:
            raise FitError(f"The {name} log shows no event, so its clock cannot be related; declare offset and drift.")
        if not np.all(np.isfinite(found)) or not np.all(np.isfinite(std)) or np.any(std <= 0):
            raise FitError(
                f"Times and standard uncertainties of the {name} events must be finite, the latter positive."
            )
        order = np.argsort(found, kind="stable")
        sides.append((found[order], std[order], (float(found.min()), float(found.max()))))
    (a, a_std, a_span), (b, b_std, b_span) = sides
    return Marks(a, b, a_std, b_std, first_span or a_span, second_span or b_span)


def _typical(marks: Marks) -> float:
    return math.hypot(float(np.median(marks.first_std)), float(np.median(marks.second_std)))


def _accept(marks: Marks, match: Match, near: float | None, fewest: int) -> None:
    """Refuse a correspondence that is too poor, that chance explains, or that has a rival."""
    found = f"{len(match.pairs)} of {marks.first.size} and {marks.second.size} events pair"
    remedy = "declare roughly where it lies (near='10 min'), or the offset itself"
    if len(match.pairs) < fewest:
        raise FitError(f"Only {found}, and {fewest} are needed to relate the clocks; {remedy}.")
    if near is None and match.chance > RIVAL_CHANCE:
        raise FitError(
            f"{found} at an offset of {match.offset:.6g} s, but unrelated logs would match as well with a probability of up "
            f"to {match.chance:.2g}; {remedy}."
        )
    if match.lead < math.log(LEAST_ODDS) - 1e-9:
        raise FitError(
            f"The clocks relate in more than one way: an offset of {match.offset:.6g} s pairs {len(match.pairs)} events and "
            f"leaves {match.unmatched} alone, one of {match.rival:.6g} s pairs {match.rival_pairs} and leaves "
            f"{match.rival_unmatched} (odds {math.exp(match.lead):.3g} to 1, {LEAST_ODDS:.0f} are needed), as with equal cycles; {remedy}, "
            f"to better than {abs(match.rival - match.offset) / 2:.3g} s."
        )


def _fit(
    marks: Marks, match: Match, offset: tuple[float, float] | None, drift: tuple[float, float] | None, at: float
) -> Clock:
    i, j = match.pairs.T
    times, apart = marks.first[i], marks.second[j] - marks.first[i]
    weight = 1 / (marks.first_std[i] ** 2 + marks.second_std[j] ** 2)
    middle = at if offset else float(np.average(times, weights=weight))
    x = times - middle
    slope, level = drift[0] if drift else 0.0, offset[0] if offset else 0.0
    spread, total = float(weight @ (x * x)), float(weight.sum())
    if not drift:
        if spread <= 0:
            raise FitError("All paired events stand at one time, so the drift cannot be fitted; declare it.")
        slope = float(weight @ (x * (apart - level))) / spread
    if not offset:
        level = float(weight @ (apart - slope * x)) / total
    residuals = apart - level - slope * x
    dof = times.size - (2 if not offset and not drift else 1)
    chi_square = float(weight @ residuals**2)
    common = _alike(residuals * np.sqrt(weight), chi_square, dof)
    seen = chi_square / dof if dof > 0 else 1.0
    scale = max(seen, (1 - _TRUST) * seen + _TRUST)
    factors = (max(1.0, scale) * times.size, max(1.0, scale) * max(times.size / 2, 1.0)) if common else (scale, scale)
    covariance = np.zeros((2, 2))
    covariance[0, 0] = offset[1] ** 2 if offset else factors[0] / total
    covariance[1, 1] = drift[1] ** 2 if drift else factors[1] / spread
    if offset:
        pull = float(weight @ x) / spread
        covariance[0, 1] = covariance[1, 0] = -pull * offset[1] ** 2
        covariance[1, 1] += pull**2 * offset[1] ** 2
    residual_std = math.sqrt(seen * times.size / total) if dof > 0 else math.nan
    return Clock(
        level, slope, middle, covariance, float(dof) if dof > 0 else math.inf, residual_std, match.pairs, times, residuals,
        1 / np.sqrt(weight), common, match,
    )  # fmt: skip


def _alike(scaled: Array, chi_square: float, dof: int) -> bool:
    """Whether residuals over their errors are too small or too much like their neighbours to be independent."""
    if dof < 1:
        return False
    if float(special.chdtr(dof, chi_square)) < _COMMON:
        return True
    if scaled.size < _FEWEST_FOR_MEMORY or chi_square == 0.0:
        return False
    memory = float(scaled[1:] @ scaled[:-1]) / chi_square
    # Residuals of a line are a little opposed to their neighbours by themselves.
    expected = -2.0 / scaled.size
    return (memory - expected) * math.sqrt(scaled.size) > float(special.ndtri(1 - _COMMON))
