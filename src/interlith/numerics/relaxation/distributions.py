"""What is the distribution of relaxation times of a spectrum, or of a series, and how well is it known?

The question is put to many spectra at once. The answer is a distribution over ln tau with credible bands, the terms beside it, the noise, and
for each number its standard uncertainty.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.bands import Bands, bands_of
from interlith.numerics.relaxation.batches import joined
from interlith.numerics.relaxation.kernel import CAPACITY, INDUCTANCE, TERMS, WARBURG, Complex, Grid, grid
from interlith.numerics.relaxation.prior import prior
from interlith.numerics.relaxation.selection import solve_with_terms
from interlith.numerics.relaxation.smoothing import along_series
from interlith.numerics.relaxation.solver import TOGETHER, State, Task, gamma_of, model_of
from interlith.numerics.relaxation.spikes import with_spikes

Array = NDArray[np.float64]
Auto = bool | Literal["auto"]

#: Neighbouring residuals that follow each other by more than this many standard deviations are no noise.
_MISFIT = 4.0
#: Fewest points.
_FEWEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Distributions:
    """Distributions of m spectra over k nodes; tau = 1/(2 pi f).

    Parameters
    ----------
    grid
        Nodes; `tau` gives those within the window.
    signed
        Whether the distribution may be negative.
    gamma, low, high
        Per unit of ln tau (ohm), shape (m, k): most probable, and the ends of the pointwise credible band.
    level
        Of the band.
    terms, terms_std
        Ohmic resistance (ohm), inductance (H), Warburg coefficient (ohm/s^0.5), inverse series capacitance (1/F), shape (m, 4).
    allowed
        Which of them each spectrum has, shape (m, 4).
    polarisation, polarisation_std
        Integral of the distribution over the window (ohm), single relaxations included, shape (m,).
    spikes, spikes_std
        Resistance (ohm) and ln tau of single relaxations, shape (m, e, 2); not a number where a spectrum has fewer.
    noise
        Constant part (ohm) and share of |Z| (1), shape (m, 2).
    residuals
        Measured minus model (ohm), shape (m, n), complex; points in the order of `grid.frequency`.
    std
        Noise of real and imaginary part (ohm), shape (m, 2 n).
    misfit
        How strongly neighbouring residuals follow each other, in standard deviations, shape (m,).
    evidence
        ln of the marginal likelihood up to a constant of the data, shape (m,).
    freedom
        How many parameters the data have fixed, shape (m,).
    converged, reasons
        Per member, shape (m,).
    """

    grid: Grid
    signed: bool
    gamma: Array
    low: Array
    high: Array
    level: float
    terms: Array
    terms_std: Array
    allowed: NDArray[np.bool_]
    polarisation: Array
    polarisation_std: Array
    spikes: Array
    spikes_std: Array
    noise: Array
    residuals: Complex
    std: Array
    misfit: Array
    evidence: Array
    freedom: Array
    converged: NDArray[np.bool_]
    reasons: tuple[str, ...]
    bands: tuple[Bands, ...]

    @property
    def tau(self) -> Array:
        """Time constants of the nodes (s), shape (k,)."""
        return np.exp(self.grid.log_tau)

    @property
    def ohmic(self) -> Array:
        """Ohmic resistance (ohm), shape (m,)."""
        return self.terms[:, 0]

    def draws(self, member: int, count: int, *, seed: int = 0) -> tuple[Array, Array]:
        """Distributions drawn from what is known of one member (ohm), shape (count, k), and single relaxations (count, e, 2).

        Single relaxations come as ln of resistance (ohm) and ln tau.
        """
        return self.bands[member].draws(count, seed=seed)


def distributions(
    frequency: Array,
    impedance: Complex,
    *,
    used: NDArray[np.bool_] | None = None,
    std: Array | None = None,
    signed: bool = False,
    inductance: Auto = "auto",
    tail: Auto = "auto",
    spikes: bool = False,
    along: Array | None = None,
    level: float = 0.95,
) -> Distributions:
    """Distributions of relaxation times of spectra measured at the same frequencies.

    Parameters
    ----------
    frequency
        (Hz), shape (n,), in any order.
    impedance
        (ohm), shape (n,) or (m, n), complex; imaginary part negative where capacitive.
    used
        Shape (n,) or (m, n): points that take part; all by default.
    std
        Standard uncertainty (ohm) of each part of each point, shape (n,) or (m, n); by default the noise is estimated: a constant and a share of |Z|.
    signed
        Whether the distribution may be negative: for spectra with an inductive loop.
    inductance, tail
        Whether the model has a series inductance, and a Warburg element or series capacitance beside the distribution; ``"auto"`` takes them
        in where the data need them.
    spikes
        Whether narrow processes are tested for being single relaxations.
    along
        Places of the members on the axis of a series, shape (m,): neighbours are expected to be alike, by as much as the series shows.
    level
        Of the credible bands.

    Raises
    ------
    ValueError
        If shapes do not fit, frequencies are not positive, or a spectrum has fewer than 8 points in use.

    Notes
    -----
    Assumed first: linear, stationary spectra, noise that is independent from point to point. A distribution whose flanks fall much faster than those of a constant-phase
    element, or a process narrower than about half a decade, is described too smoothly; there the bands are too narrow.

    References
    ----------
    Effat and Ciucci, Electrochim. Acta 247, 1117 (2017), 10.1016/j.electacta.2017.07.050 (Bayesian bands of distributions).
    """
    frequency, data, mask, known = _ordered(frequency, impedance, used, std)
    of = grid(frequency)
    maybe, always = _groups(inductance, tail)
    pieces = []
    for first in range(0, len(data), TOGETHER):
        part = slice(first, first + TOGETHER)
        task = _task(of, data[part], mask[part], None if known is None else known[part], signed, always)
        pieces.append(solve_with_terms(task, maybe))
    task, state = joined(pieces)
    if along is not None and len(data) > 1:
        task, state = along_series(task, state, np.asarray(along, dtype=float))
    found: list[tuple[Task, State] | None] = [None] * len(data)
    if spikes and not signed:
        found = with_spikes(task, state)
    return _concluded(task, state, found, level)


def _ordered(
    frequency: Array, impedance: Complex, used: NDArray[np.bool_] | None, std: Array | None
) -> tuple[Array, Complex, NDArray[np.bool_], Array | None]:
    frequency = np.asarray(frequency, dtype=float)
    data = np.atleast_2d(np.asarray(impedance, dtype=complex))
    if frequency.ndim != 1 or data.ndim != 2 or data.shape[1] != frequency.size:
        raise ValueError(
            f"impedance has the shape {np.shape(impedance)}; its last axis must have the {frequency.size} frequencies."
        )
    if not (np.isfinite(frequency).all() and (frequency > 0).all()):
        raise ValueError("frequencies must be positive numbers (Hz).")
    mask = (
        np.ones(data.shape, dtype=bool) if used is None else np.broadcast_to(np.asarray(used, dtype=bool), data.shape)
    )
    mask = mask & np.isfinite(data)
    if mask.sum(axis=1).min() < _FEWEST:
        raise ValueError(
            f"spectrum {int(mask.sum(axis=1).argmin())} has {int(mask.sum(axis=1).min())} points in use; at least {_FEWEST} are needed."
        )
    if np.ptp(np.log(frequency)) < 1.0:
        raise ValueError("the frequencies span less than half a decade: there is no distribution to see.")
    order = np.argsort(-frequency, kind="stable")
    known = None if std is None else np.broadcast_to(np.asarray(std, dtype=float), data.shape)[:, order]
    # Points that do not take part still need a size: that of the others.
    middle = np.where(mask, data, 0.0).sum(axis=1, keepdims=True) / mask.sum(axis=1, keepdims=True)
    data = np.where(mask, data, middle)
    return frequency[order], data[:, order], mask[:, order], known


def _groups(inductance: Auto, tail: Auto) -> tuple[list[str], list[str]]:
    """Terms that may be needed, and those that are there in any case."""
    maybe: list[str] = []
    always = ["ohmic"]
    for asked, names in ((inductance, (INDUCTANCE,)), (tail, (WARBURG, CAPACITY))):
        if asked == "auto":
            maybe += names
        elif asked:
            always += names
    return maybe, always


def _task(of: Grid, data: Complex, mask: NDArray[np.bool_], std: Array | None, signed: bool, always: list[str]) -> Task:
    members = len(data)
    allowed = np.zeros((members, 4), dtype=bool)
    allowed[:, [TERMS.index(name) for name in always]] = True
    real = np.where(mask, data.real, np.nan)
    scale = (np.nanmax(real, axis=1) - np.nanmin(real, axis=1)) / (of.log_tau[-1] - of.log_tau[0])
    scale = np.maximum(scale, 1e-9 * np.abs(data).max(axis=1))
    return Task(
        of, prior(of, logarithmic=not signed), np.concatenate([data.real, data.imag], axis=1),
        np.concatenate([mask, mask], axis=1).astype(float), allowed,
        None if std is None else np.concatenate([std, std], axis=1), scale,
    )  # fmt: skip


def _concluded(task: Task, state: State, found: list[tuple[Task, State] | None], level: float) -> Distributions:
    members, count = len(task.data), task.grid.frequency.size
    chosen = [pair if pair is not None else (task.of(np.array([i])), state.single(i)) for i, pair in enumerate(found)]
    made = [bands_of(one, there, level) for one, there in chosen]
    most = max(there.spikes.shape[1] for _, there in chosen)
    gamma = np.concatenate([gamma_of(one, there.values) for one, there in chosen])
    residual = np.concatenate([one.data - model_of(one, there) for one, there in chosen])
    std = np.stack([one.noise for one in made])
    misfit = np.array([_follow(residual[i] / std[i], task.used[i], count) for i in range(members)])
    arrived = np.array([bool(there.arrived[0]) for _, there in chosen])
    reasons = tuple(_reason(bool(a), float(z)) for a, z in zip(arrived, misfit, strict=True))
    spikes = np.full((2, members, most, 2), np.nan)
    for i, one in enumerate(made):
        held = one.spikes.shape[1]
        spikes[:, i, :held] = one.spikes
    return Distributions(
        task.grid, not task.prior.logarithmic, gamma, np.stack([one.low for one in made]), np.stack([one.high for one in made]), level,
        np.stack([one.terms for one in made]), np.stack([one.terms_std for one in made]), task.allowed,
        np.array([one.polarisation for one in made]), np.array([one.polarisation_std for one in made]), spikes[0], spikes[1],
        np.sqrt(np.concatenate([there.noise for _, there in chosen])), residual[:, :count] + 1j * residual[:, count:], std, misfit,
        np.concatenate([there.evidence for _, there in chosen]), np.concatenate([there.freedom for _, there in chosen]),
        arrived & (np.abs(misfit) < np.inf), reasons, tuple(made),
    )  # fmt: skip


def _follow(residual: Array, used: Array, count: int) -> float:
    """How strongly neighbouring residuals of both parts follow each other, in standard deviations of noise that does not."""
    total, pairs = 0.0, 0
    for part in (slice(0, count), slice(count, 2 * count)):
        values = residual[part][used[part] > 0]
        values = values - values.mean()
        size = float((values**2).mean())
        if size > 0 and values.size > 3:
            total += float((values[1:] * values[:-1]).sum()) / size
            pairs += values.size - 1
    return total / np.sqrt(pairs) if pairs else 0.0


def _reason(arrived: bool, misfit: float) -> str:
    if not arrived:
        return "the search for the distribution did not stand still within its steps; look at the residuals."
    if misfit > _MISFIT:
        return (
            f"neighbouring residuals follow each other ({misfit:.1f} standard deviations): the spectrum is not described by a "
            "non-negative distribution with these terms; test it for validity, or allow a signed one."
        )
    return ""
