"""What impedance does a distribution of relaxation times have?

The distribution is gamma(ln tau) (ohm), tau = 1/(2 pi f) the time constant that a frequency sees best. It is a broken line between nodes that lie
much closer than any spectrum can resolve; the impedance of every hat of that line is an exact integral, so that no error of quadrature enters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.special import spence

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: Terms beside the distribution: their impedance for a coefficient of one.
OHMIC, INDUCTANCE, WARBURG, CAPACITY = "ohmic", "inductance", "warburg", "capacity"
TERMS = (OHMIC, INDUCTANCE, WARBURG, CAPACITY)
#: Distance of the coefficients in ln tau: a process narrower than about twice this looks like this.
SPACING = 0.3
#: Nodes of the broken line in one such distance.
FINENESS = 2
#: How far the distribution reaches beyond the window at each end, in ln tau.
MARGIN = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Nodes in ln tau for one set of frequencies, with what each contributes to the impedance.

    Parameters
    ----------
    frequency
        (Hz), shape (n,).
    log_tau
        Nodes, equally spaced, tau in s, shape (k,).
    inside
        Shape (k,): nodes within the window 1/(2 pi f) of the frequencies.
    kernel
        (1), shape (2 n, k): real and imaginary part of the impedance of a hat of height one.
    basis
        (1), shape (k, c): values of the cubic B-splines whose coefficients are solved for.
    terms
        (1), shape (2 n, 4): real and imaginary parts of `TERMS` for a coefficient of one.
    spacing
        Distance of the coefficients in ln tau.
    """

    frequency: Array
    log_tau: Array
    inside: NDArray[np.bool_]
    kernel: Array
    basis: Array
    terms: Array
    spacing: float

    @property
    def width(self) -> float:
        """Distance of two nodes in ln tau."""
        return float(self.log_tau[1] - self.log_tau[0])

    @property
    def integral(self) -> Array:
        """Weights that integrate a broken line over the window, shape (k,)."""
        return integral_weights(self.log_tau, *window(self.frequency))


def window(frequency: Array) -> tuple[float, float]:
    """Lowest and highest ln tau that the frequencies see, tau = 1/(2 pi f)."""
    return float(-np.log(2 * np.pi * np.max(frequency))), float(-np.log(2 * np.pi * np.min(frequency)))


def grid(frequency: Array, *, spacing: float = SPACING, margin: float = MARGIN) -> Grid:
    """Nodes and kernels for a set of frequencies; kept for the next spectrum with the same ones.

    Parameters
    ----------
    frequency
        (Hz), shape (n,), positive.
    spacing, margin
        Distance of the coefficients, and reach beyond the window, in ln tau.
    """
    return _grid(np.ascontiguousarray(frequency, dtype=float).tobytes(), spacing, margin)


@lru_cache(maxsize=16)
def _grid(raw: bytes, spacing: float, margin: float) -> Grid:
    frequency = np.frombuffer(raw, dtype=float)
    low, high = window(frequency)
    fast, slow = low - margin, high + margin
    pieces = max(8, int(np.ceil((slow - fast) / spacing)))
    log_tau = np.linspace(fast, slow, pieces * FINENESS + 1)
    # In units of the spacing, where knots are whole numbers and rounding cannot move a node past the last one.
    inner = np.clip(np.arange(log_tau.size) / FINENESS, 0.0, np.nextafter(pieces, 0.0))
    basis = np.asarray(BSpline.design_matrix(inner, np.arange(-3.0, pieces + 4.0), 3).toarray(), dtype=float)
    within = (log_tau >= low - 1e-9) & (log_tau <= high + 1e-9)
    return Grid(
        frequency, log_tau, within, parts(hat_impedance(frequency, log_tau)), basis, parts(term_impedance(frequency)),
        (slow - fast) / pieces,
    )  # fmt: skip


def hat_impedance(frequency: Array, log_tau: Array) -> Complex:
    """Impedance of a distribution that is a hat of height one at a node and zero at its neighbours, for every node.

    Parameters
    ----------
    frequency
        (Hz), shape (n,).
    log_tau
        Equally spaced nodes, shape (k,).

    Returns
    -------
    Complex
        (1), shape (n, k): the integral of hat(s) / (1 + 2 pi i f exp(s)) ds. The outermost hats are halves.

    Notes
    -----
    With x = ln(2 pi f tau), the second antiderivative of 1/(1 + i e^x) is x^2/2 + Li2(-i e^x); an integral over a hat is its second difference,
    which keeps twelve digits at the spacing used here.
    """
    step = float(log_tau[1] - log_tau[0])
    longer = np.concatenate([[log_tau[0] - step], log_tau, [log_tau[-1] + step]])
    x = np.log(2 * np.pi * frequency)[:, None] + longer[None, :]
    second = 0.5 * x * x + spence(1 + 1j * np.exp(np.minimum(x, 600.0)))
    first = x - np.log1p(1j * np.exp(np.minimum(x, 600.0)))
    whole = (second[:, 2:] - 2 * second[:, 1:-1] + second[:, :-2]) / step
    # Half hats at the ends: the integral of the line that falls to zero one step further in.
    whole[:, 0] = (second[:, 2] - second[:, 1]) / step - first[:, 1]
    whole[:, -1] = first[:, -2] - (second[:, -2] - second[:, -3]) / step
    return np.asarray(whole, dtype=complex)


def point_impedance(frequency: Array, log_tau: Array) -> Complex:
    """Impedance of single relaxations of 1 ohm: 1/(1 + 2 pi i f tau), shape (n, k)."""
    return np.asarray(1 / (1 + 2j * np.pi * frequency[:, None] * np.exp(log_tau)[None, :]), dtype=complex)


def term_impedance(frequency: Array) -> Complex:
    """Impedance of `TERMS` for coefficients of one, shape (n, 4): 1, i w, (1 - i)/sqrt(w), 1/(i w), w = 2 pi f."""
    omega = 2 * np.pi * frequency
    return np.stack([np.ones_like(omega) + 0j, 1j * omega, (1 - 1j) / np.sqrt(omega), -1j / omega], axis=1)


def parts(impedance: Complex) -> Array:
    """Real parts, then imaginary parts, along the first axis."""
    return np.concatenate([impedance.real, impedance.imag])


def integral_weights(log_tau: Array, low: float, high: float) -> Array:
    """Weights w, shape (k,), so that w @ gamma is the exact integral of the broken line from `low` to `high`."""
    step = float(log_tau[1] - log_tau[0])
    low, high = max(low, float(log_tau[0])), min(high, float(log_tau[-1]))
    weights = np.zeros(log_tau.size)
    if high <= low:
        return weights
    start = np.clip((low - log_tau[:-1]) / step, 0.0, 1.0)
    end = np.clip((high - log_tau[:-1]) / step, 0.0, 1.0)
    upper = 0.5 * (end**2 - start**2) * step
    weights[1:] += upper
    weights[:-1] += (end - start) * step - upper
    return weights
