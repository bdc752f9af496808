"""Which linear combination of responses can every spectrum take that obeys the Kramers-Kronig relations?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: Standard deviations of coefficients that are tried, in units of |Z|; spectra of batteries come out at about 0.1.
PRIOR = 10.0 ** np.arange(-3.0, 0.01, 0.25)


def ladder(frequency: Array, window: tuple[float, float], *, per_decade: float, beyond: float) -> Complex:
    """Responses of unit elements: resistance, inductance, capacitance, and resistance-capacitance elements.

    Parameters
    ----------
    frequency
        (Hz), shape (n,).
    window
        Lowest and highest frequency (Hz) that the time constants are chosen for.
    per_decade, beyond
        Time constants in a decade, and decades by which they reach over either end of the window.

    Returns
    -------
    ndarray
        Shape (n, p). As an admittance, the same responses are a conductance, a capacitance, an inductance and series of both.
    """
    omega = 2 * np.pi * frequency
    low, high = -np.log10(2 * np.pi * window[1]) - beyond, -np.log10(2 * np.pi * window[0]) + beyond
    times = np.logspace(low, high, int(np.ceil((high - low) * per_decade)) + 1)
    first = np.stack([np.ones(omega.size), 1j * omega, 1 / (1j * omega)], axis=1)
    return np.concatenate([first, 1 / (1 + 1j * omega[:, None] * times)], axis=1)


def stacked(values: Complex) -> Array:
    """Real parts, then imaginary parts, along the first axis."""
    return np.concatenate([values.real, values.imag])


@dataclass(frozen=True, slots=True)
class Ridge:
    """A ladder fitted with a prior of one size on all coefficients, that size taken from the evidence.

    Parameters
    ----------
    left, right
        Singular vectors of the weighted columns, shapes (2n, k) and (k, p).
    singular
        Singular values, shape (k,).
    strength
        Prior variance of a coefficient over the variance of the noise.
    coefficients
        Most probable ones, shape (p,).
    residuals
        Of the weighted data, shape (2n,).
    variance
        Of the weighted data about the fit, from the directions that the ladder leaves free.
    freedom
        How many such directions there are.
    """

    left: Array
    right: Array
    singular: Array
    strength: float
    coefficients: Array
    residuals: Array
    variance: float
    freedom: float

    @property
    def shares(self) -> Array:
        """Of every singular direction, the share that the data and not the prior determine, shape (k,)."""
        gain = self.strength * self.singular**2
        return np.asarray(gain / (1 + gain))

    def predicted_variance(self, columns: Array) -> Array:
        """Covariance of new weighted data of unit noise in pairs, `columns` of shape (2, m, p); shape (m, 2, 2)."""
        rotated = columns @ self.right.T
        inside = np.einsum("cmk,k,dmk->mcd", rotated, self.strength * (self.shares - 1), rotated)
        # What the data say nothing about keeps the variance of the prior.
        outside = self.strength * (
            np.einsum("cmp,dmp->mcd", columns, columns) - np.einsum("cmk,dmk->mcd", rotated, rotated)
        )
        return np.asarray(np.eye(2) - inside + outside)

    def left_out(self) -> tuple[Array, Array]:
        """Each point against the fit of all others: residual, shape (n, 2), and its variance for unit noise, (n, 2, 2)."""
        half = self.left.shape[0] // 2
        pairs = self.left.reshape(2, half, -1)
        block = np.eye(2) - np.einsum("cnk,k,dnk->ncd", pairs, self.shares, pairs)
        variance = np.linalg.inv(block)
        return np.einsum("ncd,dn->nc", variance, self.residuals.reshape(2, half)), np.asarray(variance)


def ridge(columns: Array, data: Array) -> Ridge:
    """Fit weighted data of about unit size by weighted columns of about unit size.

    Parameters
    ----------
    columns
        Shape (2n, p).
    data
        Shape (2n,).

    Notes
    -----
    The size of the coefficients is where the evidence is highest, noise integrated out at its best value; it replaces the
    number of elements of the classical test, and neither follows noise nor leaves structure behind. A bound on that size
    keeps the ladder from describing what no physical spectrum can be: without one, every function on a finite window can be.

    References
    ----------
    D. J. C. MacKay, Neural Computation 4 (1992) 415, 10.1162/neco.1992.4.3.415, eq. 2.7.
    """
    left, singular, right = np.linalg.svd(columns, full_matrices=False)
    seen = left.T @ data
    rest = max(float(data @ data - seen @ seen), 1e-24 * float(data @ data))
    # For a prior of a given size the noise follows by fixed-point iteration of its most probable value.
    variance = np.full(PRIOR.shape, max(rest / max(data.size - singular.size, 1), 1e-24))
    for _ in range(12):
        gain = (PRIOR**2 / variance)[:, None] * singular**2
        free = data.size - (gain / (1 + gain)).sum(axis=1)
        misfit = rest + np.square(seen / (1 + gain)).sum(axis=1)
        variance = misfit / np.maximum(free, 1.0)
    gain = (PRIOR**2 / variance)[:, None] * singular**2
    quadratic = (rest + (seen**2 / (1 + gain)).sum(axis=1)) / variance
    evidence = -0.5 * (np.log1p(gain).sum(axis=1) + data.size * np.log(variance) + quadratic)
    best = int(np.argmax(evidence))
    strength = float(PRIOR[best] ** 2 / variance[best])
    share = gain[best] / (1 + gain[best])
    coefficients = right.T @ (np.where(singular > 0, share / np.maximum(singular, 1e-300), 0.0) * seen)
    residuals = data - left @ (share * seen)
    return Ridge(left, right, singular, strength, coefficients, residuals, float(variance[best]), float(free[best]))
