"""What do many spectra at the same frequencies say about their distributions, in as few numbers as possible?

The impedance of any distribution lies in a space of some sixty dimensions, however fine the grid. Data and kernel are projected into it once for each
noise level: the sum of squares stays the same up to a constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.relaxation.kernel import Grid

Array = NDArray[np.float64]

#: Directions of the kernel below this share of its largest singular value carry nothing.
_NEGLECT = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The space of all impedances of a grid.

    Parameters
    ----------
    directions
        Orthonormal, shape (2 n, r).
    kernel, terms
        In these directions, shape (r, k) and (r, 4); terms in units of `scale`.
    scale
        (4,): largest size of each term, so that all coefficients are in ohm.
    """

    directions: Array
    kernel: Array
    terms: Array
    scale: Array


@lru_cache(maxsize=16)
def span(of: Grid) -> Span:
    """The space of a grid; kept for the next spectrum with the same frequencies."""
    left, values, _ = np.linalg.svd(of.kernel, full_matrices=False)
    left = left[:, values > _NEGLECT * values[0]]
    scale = np.abs(of.terms).max(axis=0)
    terms = of.terms / scale
    rest = terms - left @ (left.T @ terms)
    rest -= left @ (left.T @ rest)
    more, sizes, _ = np.linalg.svd(rest, full_matrices=False)
    directions = np.concatenate([left, more[:, sizes > 1e-9]], axis=1)
    return Span(directions, directions.T @ of.kernel, directions.T @ terms, scale)


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """Whitened data of m spectra.

    Parameters
    ----------
    data
        Shape (m, r).
    terms
        Of the model, whitened, shape (m, r, 4).
    rest
        What no distribution can explain, in squares of the noise, shape (m,).
    upper
        From directions of the span to the whitened space, shape (m, r, r).
    span
        These directions.
    """

    data: Array
    terms: Array
    rest: Array
    upper: Array
    span: Span

    def whiten(self, columns: Array) -> Array:
        """Parts of an impedance of each member, shape (m, e, 2 n), as columns, shape (m, r, e)."""
        return np.asarray(self.upper @ (columns @ self.span.directions).transpose(0, 2, 1))

    def seen(self, gamma: Array) -> Array:
        """What distributions (m, k) look like, whitened, shape (m, r)."""
        return np.asarray((self.upper @ (gamma @ self.span.kernel.T)[:, :, None])[:, :, 0])

    def columns(self, rate: Array, basis: Array) -> Array:
        """The same for distributions rate (m, k) times each column of basis (k, c), shape (m, r, c)."""
        return np.asarray(self.upper @ ((self.span.kernel[None] * rate[:, None, :]) @ basis))


def project(of: Span, data: Array, weight: Array) -> Projected:
    """Data (m, 2 n) with weights 1/variance (m, 2 n), zero for points that are left out."""
    size = of.directions.shape[1]
    # The data as one more direction: the factor of Cholesky then holds them whitened, and what no direction explains.
    normal = np.empty((len(data), size + 1, size + 1))
    normal[:, :size, :size] = (of.directions.T[None] * weight[:, None, :]) @ of.directions
    place = np.arange(size)
    normal[:, place, place] += 1e-13 * np.trace(normal[:, :size, :size], axis1=1, axis2=2)[:, None]
    normal[:, size, :size] = normal[:, :size, size] = (weight * data) @ of.directions
    whole = (weight * data**2).sum(axis=1)
    normal[:, size, size] = whole * (1 + 1e-11)
    root = np.asarray(np.linalg.cholesky(normal), dtype=float)
    whitened = root[:, size, :size]
    upper = root[:, :size, :size].transpose(0, 2, 1)
    rest = root[:, size, size] ** 2 - 1e-11 * whole
    return Projected(whitened, upper @ of.terms, np.maximum(rest, 0.0), upper, of)
