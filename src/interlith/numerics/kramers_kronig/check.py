"""Does a spectrum obey the Kramers-Kronig relations, at which points does it not, and did the cell drift under it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import FitError
from interlith.numerics.kramers_kronig.ladder import Ridge, ladder, ridge, stacked
from interlith.numerics.kramers_kronig.noise import Region, by_region, profile, two_terms
from interlith.numerics.kramers_kronig.points import Weighted, standing_apart
from interlith.numerics.kramers_kronig.statistics import Free, alike, along, free_part, shape_probability

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Complex = NDArray[np.complex128]

#: Fewest points of a test, and adjacent failing points that are no longer single errors.
_LEAST, _RUN = 8, 3


@dataclass(frozen=True, slots=True)
class Settings:
    """How spectra are tested.

    Parameters
    ----------
    per_decade, beyond
        Time constants in a decade, and decades beyond the window.
    representation
        ``impedance``, or ``admittance`` for what is stable at controlled voltage only (a negative resistance at low frequency).
    limit
        Relative size below which a misfit, though significant, is no failure.
    level
        Share of good spectra that may fail by chance.
    """

    per_decade: float = 5.0
    beyond: float = 1.0
    representation: str = "impedance"
    limit: float = 0.007
    level: float = 0.05


@dataclass(frozen=True, slots=True)
class Check:
    """What the test of one spectrum found; arrays are in the order of the data.

    Parameters
    ----------
    frequency, impedance, used
        As given, shape (n,).
    verdict
        ``passes``, ``fails at points``, ``drifts``, ``fails`` or ``undecided``.
    failing
        Points that all the others contradict, shape (n,).
    chance
        Probability of each point to stand so far from the others, shape (n,); nan where unused.
    residuals
        (Z - fit) / |Z|, complex, shape (n,); of a failing or unused point against the fit without it.
    misfit
        Root mean square of both parts of (Z - fit) / |Z| for one fit of all used points, failing ones included: the classical
        residual.
    noise
        Relative standard deviation of real and of imaginary part, root mean square over the spectrum.
    noise_terms
        a (ohm) and b of the variance a^2 + b^2 |Z|^2.
    noise_regions
        The relative noise decade by decade.
    shape
        Probability of residuals at least as smooth.
    size
        Largest local mean of the residuals, relative to |Z|.
    drift, drift_std, drift_chance
        Relative change of the impedance (of its part that is not at the highest frequency, where that fits better) from the
        start to the end of the sweep, its standard uncertainty and the probability of such a change by chance.
    freedom
        Directions of the data that the ladder leaves free.
    """

    frequency: Array
    impedance: Complex
    used: Bools
    verdict: str
    failing: Bools
    chance: Array
    residuals: Complex
    misfit: float
    noise: float
    noise_terms: tuple[float, float]
    noise_regions: tuple[Region, ...]
    shape: float
    size: float
    drift: float
    drift_std: float
    drift_chance: float
    freedom: float


def kramers_kronig(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    used: ArrayLike | None = None,
    time: ArrayLike | None = None,
    settings: Settings | None = None,
) -> tuple[Check, ...]:
    """Test spectra, each for itself.

    Parameters
    ----------
    frequency
        (Hz), shape (n,) for all or (b, n), in any order.
    impedance
        (ohm), complex, shape (n,) or (b, n); not finite where there is no point.
    used
        Points to use, shape (n,) or (b, n); all by default.
    time
        When each point was measured (s), shape (n,) or (b, n); by default the sweep goes from high to low frequency and a
        point takes as long as its period.
    settings
        How.

    Raises
    ------
    FitError
        If shapes do not agree or a frequency is not positive.

    Notes
    -----
    What a linear, causal and stable system can answer is a sum of resistance-capacitance elements of either sign (Boukamp);
    here 5 a decade, their size held by the evidence instead of their number by a criterion. Three questions are asked of
    what is left: does a point stand apart from the others, are residuals smoother than scatter, do they have the shape of a
    change during the sweep. The assumption that fails first: scatter independent from point to point.

    References
    ----------
    B. A. Boukamp, J. Electrochem. Soc. 142 (1995) 1885, 10.1149/1.2044210, eqs. 9-14.
    M. Schoenleber, D. Klotz, E. Ivers-Tiffee, Electrochim. Acta 131 (2014) 20, 10.1016/j.electacta.2014.01.034 (the classical
    choice of the order, which this replaces).
    """
    values = np.atleast_2d(np.asarray(impedance, dtype=complex))
    rates = np.broadcast_to(np.asarray(frequency, dtype=float), values.shape)
    taken = np.ones(values.shape, bool) if used is None else np.broadcast_to(np.asarray(used, bool), values.shape)
    if not (rates > 0).all():
        raise FitError(f"Frequencies must be positive; found {float(np.nanmin(rates))} Hz.")
    times = None if time is None else np.broadcast_to(np.asarray(time, dtype=float), values.shape)
    chosen = settings or Settings()
    return tuple(
        _one(rates[k], values[k], taken[k], None if times is None else times[k], chosen) for k in range(len(values))
    )


def _one(frequency: Array, impedance: Complex, used: Bools, time: Array | None, settings: Settings) -> Check:
    order = np.argsort(frequency)
    back = np.argsort(order)
    known = np.isfinite(impedance) & (np.abs(impedance) > 0)
    usable = (used & known)[order]
    if usable.sum() < _LEAST:
        return _undecided(frequency, impedance, used)
    work = _Work(frequency[order], np.where(known, impedance, 1.0)[order], usable, settings)
    work.search()
    found = work.judged(None if time is None else time[order])
    return Check(
        frequency, impedance, used, work.verdict(*found), work.failing[back], work.chance[back],
        np.where(known, work.relative()[back], np.nan), work.misfit(), work.noise, work.terms(), work.regions(), *found[:2], *found[2:],
        work.fit.freedom,
    )  # fmt: skip


def _undecided(frequency: Array, impedance: Complex, used: Bools) -> Check:
    n, nan = frequency.size, float("nan")
    nothing = np.full(n, np.nan)
    return Check(
        frequency, impedance, used, "undecided", np.zeros(n, bool), nothing, nothing * (1 + 1j), nan, float("inf"),
        (float("inf"), float("inf")), (), nan, nan, nan, float("inf"), nan, 0.0,
    )  # fmt: skip


class _Work:
    """One spectrum by rising frequency, and what is known of it so far."""

    def __init__(self, frequency: Array, impedance: Complex, usable: Bools, settings: Settings) -> None:
        self.place = np.log10(frequency)
        self.frequency, self.usable, self.settings = frequency, usable, settings
        self.data = 1 / impedance if settings.representation == "admittance" else impedance
        inside = frequency[usable]
        self.responses = ladder(
            frequency, (inside.min(), inside.max()), per_decade=settings.per_decade, beyond=settings.beyond
        )
        self.scale = _running_median(np.abs(self.data), usable)
        self.scatter = np.ones((2, frequency.size))
        self.failing = np.zeros(frequency.size, bool)
        self.fit: Ridge
        self.chance: Array
        self.apart: Array
        self.weighted: Weighted

    def search(self) -> None:
        """Failing points, with weights that follow the fit and the scatter."""
        for again in range(3):
            self.weighted = self._weights()
            # Before the noise of each region is known, only gross errors may be told from it.
            level = 0.6 * self.settings.level * (1e-4 if again == 0 else 1.0)
            self.failing, self.fit, self.chance, self.apart = standing_apart(
                self.weighted, self.usable, level, tolerance=self.settings.limit / 4
            )
            if again < 2:
                self._reweight()

    def _weights(self) -> Weighted:
        scaled = self.responses / self.scale[:, None]
        columns = np.stack([scaled.real, scaled.imag]) / self.scatter[:, :, None]
        inside = columns[:, self.usable]
        self.norms = np.sqrt(np.square(inside).sum(axis=(0, 1)) / inside.shape[1])
        data = self.data / self.scale
        return Weighted(columns / self.norms, np.stack([data.real, data.imag]) / self.scatter)

    def _reweight(self) -> None:
        kept = self.usable & ~self.failing
        size = np.abs(self.model())
        self.scale = np.maximum(size, 1e-6 * np.median(size[kept]))
        sizes = profile(self._relative_scatter(kept), self.place[kept])
        for part in range(2):
            self.scatter[part] = np.interp(self.place, self.place[kept], sizes[part])

    def model(self) -> Complex:
        """The fit, in the representation, shape (n,)."""
        return np.asarray(self.responses @ (self.fit.coefficients / self.norms))

    def relative(self) -> Complex:
        """Residuals relative to the size of the fit, as impedances."""
        model = self.model()
        if self.settings.representation == "admittance":
            return np.asarray((1 / self.data - 1 / model) * np.abs(model))
        return np.asarray((self.data - model) / np.abs(model))

    @property
    def noise(self) -> float:
        """Relative noise, root mean square over both parts."""
        return float(np.sqrt(self.fit.variance * np.mean(self.scatter[:, self.usable] ** 2)))

    def misfit(self) -> float:
        """Root mean square of both parts of the residuals of one fit of all usable points, weighted by |Z| alone."""
        scaled = self.responses[self.usable] / np.abs(self.data[self.usable])[:, None]
        columns = stacked(scaled)
        data = self.data[self.usable] / np.abs(self.data[self.usable])
        found = ridge(columns / np.sqrt(np.square(columns).mean(axis=0) * 2), stacked(data))
        return float(np.sqrt(np.mean(found.residuals**2)))

    def _relative_scatter(self, kept: Bools) -> Array:
        """Residuals of the kept points relative to |Z|, widened by what the fit has taken of them, shape (2, m)."""
        _, variance = self.fit.left_out()
        own = self.fit.residuals.reshape(2, -1) * np.sqrt(np.einsum("ncc->cn", variance))
        return np.asarray(own * self.scatter[:, kept])

    def terms(self) -> tuple[float, float]:
        """Noise as a^2 + b^2 |Z|^2."""
        kept = self.usable & ~self.failing
        size = np.abs(self.model()[kept])
        size = 1 / size if self.settings.representation == "admittance" else size
        return two_terms((self._relative_scatter(kept) * size) ** 2, size)

    def regions(self) -> tuple[Region, ...]:
        """Relative noise by decade."""
        kept = self.usable & ~self.failing
        return by_region(self._relative_scatter(kept), self.place[kept])

    def judged(self, time: Array | None) -> tuple[float, float, float, float, float]:
        """Probability of the shape, size of the misfit, and drift with standard uncertainty and probability."""
        kept = self.usable & ~self.failing
        free = free_part(self.fit, self.weighted.rows(kept)[1])
        place = self.place[kept]
        kernel = alike(place, 0.35)
        shape = shape_probability(free, kernel)
        own = (free.residuals.reshape(2, -1)) * self.scatter[:, kept]
        weights = np.exp(-0.5 * ((place[:, None] - place) / 0.2) ** 2)
        local = own @ (weights / weights.sum(axis=0))
        size = float(np.sqrt(np.square(local).sum(axis=0)).max())
        return shape, size, *self._drift(free, kept, time, kernel)

    def _drift(self, free: Free, kept: Bools, time: Array | None, kernel: Array) -> tuple[float, float, float]:
        elapsed = np.cumsum(1 / self.frequency[::-1])[::-1] if time is None else time
        elapsed = elapsed[kept]
        if not np.isfinite(elapsed).all() or np.ptp(elapsed) == 0:
            return 0.0, float("inf"), 1.0
        progress = (elapsed - elapsed.min()) / np.ptp(elapsed)
        model = self.model()[kept]
        best = (0.0, float("inf"), 1.0)
        for changing in (model, model - model[-1]):
            shape = changing * progress / self.scale[kept]
            direction = (np.stack([shape.real, shape.imag]) / self.scatter[:, kept]).reshape(-1)
            found = along(free, direction, kernel, tolerance=self.settings.limit / 4)
            if found[2] < best[2]:
                best = found
        sign = -1.0 if self.settings.representation == "admittance" else 1.0
        return sign * best[0], best[1], min(2 * best[2], 1.0)

    def verdict(self, shape: float, size: float, drift: float, drift_std: float, drift_chance: float) -> str:
        """The verdict in words."""
        level, limit = 0.3 * self.settings.level, self.settings.limit
        many = self.failing.sum() > 0.25 * self.usable.sum() or _longest(self.failing[self.usable]) >= _RUN
        drifts = drift_chance < level and abs(drift) > limit
        misfits = shape < level and size > limit
        if many or (misfits and not (drifts and drift_chance < shape)):
            return "fails"
        if drifts:
            return "drifts"
        return "fails at points" if self.failing.any() else "passes"


def _longest(marked: Bools) -> int:
    """Length of the longest run."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    return int((ends[1::2] - ends[::2]).max()) if ends.size else 0


def _running_median(size: Array, usable: Bools) -> Array:
    """Median of five neighbours among the usable points; the nearest of them elsewhere."""
    known = size[usable]
    padded = np.pad(known, 2, mode="reflect")
    median = np.median(np.stack([padded[k : k + known.size] for k in range(5)]), axis=0)
    at = np.flatnonzero(usable)
    nearest = np.abs(np.arange(size.size)[:, None] - at).argmin(axis=1)
    return np.asarray(median[nearest])
