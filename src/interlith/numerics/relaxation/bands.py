"""How well is one distribution known: bands, integrals, draws?

The most probable state with its covariance (Laplace's approximation). For a non-negative distribution it is normal in log gamma, so that bands are positive and not symmetric.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from interlith.numerics.relaxation.data import span
from interlith.numerics.relaxation.kernel import Grid, integral_weights, window
from interlith.numerics.relaxation.solver import State, Task, _weights, gamma_of

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """What is known of one spectrum.

    Parameters
    ----------
    grid, logarithmic, scale
        Nodes, and what the coefficients mean.
    centre, covariance
        Coefficients, terms and spikes, shape (p,) and (p, p).
    low, high
        Pointwise credible band (ohm), shape (k,).
    terms, terms_std
        Coefficients of the terms in their own units, shape (4,).
    spikes
        Resistance (ohm) and ln tau, and their standard uncertainties, shape (2, e, 2).
    polarisation, polarisation_std
        Over the window (ohm).
    noise
        (ohm), shape (2 n,).
    """

    grid: Grid
    logarithmic: bool
    scale: float
    centre: Array
    covariance: Array
    low: Array
    high: Array
    terms: Array
    terms_std: Array
    spikes: Array
    polarisation: float
    polarisation_std: float
    noise: Array

    @property
    def size(self) -> int:
        """Number of coefficients of the distribution."""
        return int(self.grid.basis.shape[1])

    def gamma(self, values: Array) -> Array:
        """The distribution (ohm) for coefficients (..., c)."""
        inner = values @ self.grid.basis.T
        return np.asarray(np.exp(np.clip(inner, -80, 80)) if self.logarithmic else inner * self.scale)

    def draws(self, count: int, *, seed: int = 0) -> tuple[Array, Array]:
        """Distributions (count, k) and spikes (count, e, 2: ln resistance, ln tau) drawn from the posterior."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        random = np.random.default_rng(seed)
        made = self.centre + random.standard_normal((count, root.shape[1])) @ root.T
        rest = made[:, self.size + 4 :]
        half = rest.shape[1] // 2
        return self.gamma(made[:, : self.size]), np.stack([rest[:, :half], rest[:, half:]], axis=2)

    def slopes(self, weights: Array) -> Array:
        """Derivatives of integrals `weights` (j, k) of the distribution by all parameters, shape (j, p)."""
        rate = self.gamma(self.centre[: self.size]) if self.logarithmic else np.full(self.grid.log_tau.size, self.scale)
        made = np.zeros((len(weights), self.centre.size))
        made[:, : self.size] = (weights * rate) @ self.grid.basis
        return made


def bands_of(task: Task, state: State, level: float) -> Bands:
    """What is known of a batch of one."""
    size, count = task.grid.basis.shape[1], state.spikes.shape[1]
    covariance = state.covariance[0]
    held = covariance[:size, :size]
    spread = np.sqrt(np.maximum(((task.grid.basis @ held) * task.grid.basis).sum(axis=1), 0.0))
    reach = float(norm.ppf(0.5 + level / 2)) * spread
    inner = task.grid.basis @ state.values[0]
    if task.prior.logarithmic:
        low, high = np.exp(np.clip(inner - reach, -700, 700)), np.exp(np.clip(inner + reach, -700, 700))
    else:
        low, high = (inner - reach) * task.scale[0], (inner + reach) * task.scale[0]
    scale = span(task.grid).scale
    std, _, _ = _weights(task, state)
    spikes = np.zeros((2, count, 2))
    spikes[0, :, 0], spikes[0, :, 1] = np.exp(state.spikes[0, :, 0]), state.spikes[0, :, 1]
    sizes = np.sqrt(np.maximum(np.diagonal(covariance)[size + 4 :], 0.0))
    spikes[1, :, 0], spikes[1, :, 1] = sizes[:count] * spikes[0, :, 0], sizes[count:]
    centre = np.concatenate([state.values[0], state.terms[0], state.spikes[0, :, 0], state.spikes[0, :, 1]])
    terms_std = np.where(task.allowed[0], np.sqrt(np.maximum(np.diagonal(covariance)[size : size + 4], 0.0)), 0.0)
    made = Bands(
        task.grid, task.prior.logarithmic, float(task.scale[0]), centre, covariance, low, high, state.terms[0] / scale,
        terms_std / scale, spikes, 0.0, 0.0, std[0],
    )  # fmt: skip
    return _with_polarisation(made, gamma_of(task, state.values)[0])


def _with_polarisation(made: Bands, gamma: Array) -> Bands:
    low, high = window(made.grid.frequency)
    weights = integral_weights(made.grid.log_tau, low, high)
    slope = made.slopes(weights[None])[0]
    inside = (made.spikes[0, :, 1] >= low) & (made.spikes[0, :, 1] <= high)
    count = made.spikes.shape[1]
    slope[made.size + 4 : made.size + 4 + count] = np.where(inside, made.spikes[0, :, 0], 0.0)
    value = float(weights @ gamma) + float(made.spikes[0, inside, 0].sum())
    return replace(made, polarisation=value, polarisation_std=float(np.sqrt(max(slope @ made.covariance @ slope, 0.0))))
