"""How far does a curve stand out of its noise at every place, compared with a narrow peak on a straight background?

The comparison with peaks of many widths shares its running sums and Fourier transforms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Full width at half maximum of a Gaussian in standard deviations.
FWHM = 2.0 * math.sqrt(2.0 * math.log(2.0))
#: The template reaches this many standard deviations out.
_REACH = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class CurveSums:
    """What the comparison with every width starts from: running sums and Fourier transforms of weights and weighted data.

    Parameters
    ----------
    step
        (as x), median.
    running
        Sums of weight, weight x place, weight x place^2, data, data x place up to each point, shape (5, n + 1 + 2 margin).
    waves
        Of weight and data, shape (2, m).
    count, margin, length
        Points n, points of the widest template on either side, points of the transforms.
    """

    step: float
    running: Array
    waves: NDArray[np.complex128]
    count: int
    margin: int
    length: int

    @classmethod
    def of(cls, x: Array, y: Array, std: Array, wide: float) -> CurveSums:
        """Of one curve, up to a width."""
        from scipy import fft

        step = float(np.median(np.diff(x)))
        good = np.isfinite(y) & np.isfinite(std) & (std > 0)
        weight = np.where(good, 1.0 / np.where(good, std, 1.0) ** 2, 0.0)
        data = np.where(good, y, 0.0) * weight
        place = np.arange(x.size, dtype=np.float64) - 0.5 * x.size
        sums = np.cumsum([weight, weight * place, weight * place**2, data, data * place], axis=1)
        margin = _half(wide / FWHM / step)
        running = np.pad(np.pad(sums, ((0, 0), (margin + 1, 0))), ((0, 0), (0, margin)), mode="edge")
        length = int(fft.next_fast_len(max(x.size, margin + 1) + margin, real=True))
        return cls(step, running, fft.rfft(np.array([weight, data]), length), x.size, margin, length)

    def moments(self, half: int) -> tuple[Array, Array, Array, Array, Array]:
        """Sums over u from -half to half of weight, weight u, weight u^2, data, data u about each point, zero beyond the ends."""
        place = np.arange(self.count, dtype=np.float64) - 0.5 * self.count
        high, low = self.margin + half + 1, self.margin - half
        zero, one, two, data, data_one = (
            self.running[:, high : high + self.count] - self.running[:, low : low + self.count]
        )
        return zero, one - place * zero, two - 2.0 * place * one + place**2 * zero, data, data_one - place * data

    def compared(self, shape: Array, offsets: Array) -> tuple[Array, Array, Array, Array]:
        """Sums over u of weight g, weight g u, weight g^2 and data g about each point, zero beyond the ends."""
        from scipy import fft

        half, templates = shape.size // 2, np.array([shape, shape * offsets, shape**2])
        kernels = np.zeros((3, self.length))
        kernels[:, : half + 1], kernels[:, self.length - half :] = templates[:, half:], templates[:, :half]
        waves = np.conj(fft.rfft(kernels))
        both = np.concatenate([self.waves[0] * waves, (self.waves[1] * waves[0])[None]])
        first, second, third, fourth = fft.irfft(both, self.length)[:, : self.count]
        return first, second, third, fourth


def _half(sigma: float) -> int:
    """Points on either side of a template of this standard deviation (points)."""
    return max(2, math.ceil(_REACH * sigma))


def response(sums: CurveSums, width: float) -> tuple[Array, Array]:
    """Height over its uncertainty, and height, of a Gaussian of this width at every point, shapes (n,)."""
    sigma = width / FWHM / sums.step
    half = _half(sigma)
    offsets = np.arange(-half, half + 1, dtype=np.float64)
    zero, one, two, data_zero, data_one = sums.moments(half)
    by_shape, by_slope, squared, product = sums.compared(np.exp(-0.5 * (offsets / sigma) ** 2), offsets)
    # The line (1, u) is projected out of the template: what is left has no sum and no first moment.
    determinant = zero * two - one**2
    usable = determinant > 1e-9 * np.maximum(zero * two, 1e-300)
    safe = np.where(usable, determinant, 1.0)
    a = (two * by_shape - one * by_slope) / safe
    b = (zero * by_slope - one * by_shape) / safe
    norm = squared - a * by_shape - b * by_slope
    score = product - a * data_zero - b * data_one
    usable &= norm > 1e-6 * np.maximum(squared, 1e-300)
    root = np.sqrt(np.where(usable, norm, 1.0))
    return np.where(usable, score / root, 0.0), np.where(usable, score / root**2, 0.0)
