"""How do strain and texture that depend on direction enter each reflection of a powder?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.cell import Cell
from interlith.crystal.phase_sums import as_indices
from interlith.crystal.reflections import equivalents, laue_rotations
from interlith.crystal.site_freedom import independent_columns
from interlith.crystal.structure import Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Exponents of h, k, l in the fifteen terms of fourth order, and the factor that each carries by convention.
POWERS = (
    (4, 0, 0), (0, 4, 0), (0, 0, 4), (2, 2, 0), (2, 0, 2), (0, 2, 2), (3, 1, 0), (3, 0, 1), (1, 3, 0), (1, 0, 3), (0, 3, 1),
    (0, 1, 3), (2, 1, 1), (1, 2, 1), (1, 1, 2),
)  # fmt: skip
FACTORS = np.array([1.0] * 3 + [3.0] * 3 + [2.0] * 6 + [4.0] * 3)


@dataclass(frozen=True, eq=False)
class StrainTerms:
    """The terms of anisotropic strain that a Laue class allows.

    Parameters
    ----------
    names
        Of the independent terms: ``("S400", "S220")`` for a cubic crystal.
    matrix
        The fifteen S_HKL in the order of `POWERS` are ``matrix @ free``, shape (15, k).
    """

    names: tuple[str, ...]
    matrix: Array

    def values(self, hkl: ArrayLike) -> Array:
        """What each independent term contributes to the variance of 1/d^2, shape (n, k): ``variance = values @ free``.

        Raises
        ------
        StudyError
            If `hkl` is not of shape (n, 3).
        """
        return _monomials(as_indices(hkl)) @ (FACTORS[:, None] * self.matrix)


def strain_terms(structure: Structure) -> StrainTerms:
    """Terms of fourth order in h k l that the operations of a crystal leave unchanged.

    Parameters
    ----------
    structure
        The crystal; only the rotation parts of its operations matter.

    Returns
    -------
    With the S_HKL in units of 1/angstrom^4: the width in 1/d^2 is the root of ``terms.values(hkl) @ S``, and the contribution
    to the full width at half maximum is that root times d^2 tan(theta) (rad), as far as S is taken for a width and not a
    standard deviation.

    Notes
    -----
    The convention of the printed tables: S_HKL multiplies h^H k^K l^L with a factor 1, 3, 2 or 4 for terms such as 400, 220,
    310 and 211; strain that is equal in all directions has S220 = 2/3 S400 in a cubic crystal (`isotropic_strain`). The list
    is complete for each class (4/m has S310, which is forbidden in 4/mmm). The assumption that fails first: one Gaussian or Lorentzian
    distribution of cells; a mixture of two compositions is none.

    References
    ----------
    P. W. Stephens, J. Appl. Crystallogr. 32 (1999) 281, 10.1107/S0021889898006001.
    """
    laue = laue_rotations(structure.rotations).astype(np.float64)
    rng = np.random.default_rng(4)
    points = rng.uniform(-1, 1, (60, 3))
    scaled = _monomials(points) * FACTORS
    turned = np.mean([_monomials(points @ turn) for turn in laue], axis=0) * FACTORS
    projector = np.linalg.lstsq(scaled, turned, rcond=None)[0]
    projector[np.abs(projector) < 1e-9] = 0.0
    matrix = independent_columns(projector)
    leads = [int(np.flatnonzero(column)[0]) for column in matrix.T]
    names = tuple("S" + "".join(map(str, POWERS[lead])) for lead in leads)
    return StrainTerms(names, matrix)


def isotropic_strain(structure: Structure, terms: StrainTerms) -> Array:
    """The free terms, shape (k,), for which the width in 1/d^2 is 1/d^2 itself: relative strain equal in all directions."""
    points = np.random.default_rng(5).uniform(-1, 1, (60, 3))
    fourth = np.sum((points @ structure.cell.reciprocal) ** 2, axis=1) ** 2
    return np.asarray(np.linalg.lstsq(terms.values(points), fourth, rcond=None)[0])


@dataclass(frozen=True, eq=False)
class PreferredOrientation:
    """March-Dollase texture about one direction, prepared for a list of reflections.

    Parameters
    ----------
    cosines_squared
        Of the angles between the direction and the equivalents of each reflection; those of all reflections one after the
        other, shape (m,).
    starts, counts
        First equivalent and number of equivalents of each reflection, shape (n,).
    """

    cosines_squared: Array
    starts: NDArray[np.int64]
    counts: NDArray[np.int64]

    def factors(self, ratio: float) -> tuple[Array, Array]:
        """Mean over the equivalents of (r^2 cos^2 + sin^2 / r)^(-3/2) and its derivative by r, shapes (n,).

        Parameters
        ----------
        ratio
            r: 1 without texture; below 1 where the planes lie along the surface of a flat sample in reflection (plates),
            above 1 for needles.

        Raises
        ------
        StudyError
            If the ratio is not positive.
        """
        if not ratio > 0:
            raise StudyError(f"The ratio of March and Dollase is positive, 1 without texture; got {ratio:g}.")
        along, across = self.cosines_squared, 1 - self.cosines_squared
        base = ratio**2 * along + across / ratio
        values = base**-1.5
        slopes = -1.5 * values / base * (2 * ratio * along - across / ratio**2)
        mean: Array = np.add.reduceat(values, self.starts) / self.counts
        slope: Array = np.add.reduceat(slopes, self.starts) / self.counts
        return mean, slope


def preferred_orientation(
    structure: Structure, hkl: ArrayLike, direction: ArrayLike, *, cell: Cell | None = None
) -> PreferredOrientation:
    """Prepare the texture factors of reflections.

    Parameters
    ----------
    structure
        The crystal.
    hkl
        Reflections, shape (n, 3).
    direction
        Indices h k l of the planes whose normal is preferred, (0, 0, 1) for plates of a layered oxide.
    cell
        In place of that of the structure.

    Raises
    ------
    StudyError
        If the direction is 0 0 0 or an index is not whole.

    Notes
    -----
    The mean over the sphere is 1, so that texture moves intensity and makes none. The assumption that fails first: one axis
    with rotational symmetry about the direction in which the planes are seen. Plates along the wall of a spun capillary give
    a ratio above 1, and the form is then an approximation.

    References
    ----------
    W. A. Dollase, J. Appl. Crystallogr. 19 (1986) 267, 10.1107/S0021889086089458, equation 3.
    """
    box = cell or structure.cell
    axis = np.asarray(direction, dtype=float)
    if axis.shape != (3,) or not np.any(axis):
        raise StudyError(
            f"A preferred direction is the normal of planes h k l, such as (0, 0, 1); got {axis.tolist()}."
        )
    sets = [equivalents(structure, row) for row in as_indices(hkl)]
    counts = np.array([len(one) for one in sets], dtype=np.int64)
    cosines = np.concatenate([box.normal(one) for one in sets]) @ box.normal(axis)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    return PreferredOrientation(np.minimum(cosines**2, 1.0), starts, counts)


def _monomials(hkl: Array) -> Array:
    """The fifteen products of fourth order, shape (n, 15)."""
    powers = hkl[:, :, None] ** np.arange(5)
    first, second, third = np.array(POWERS).T
    found: Array = powers[:, 0, first] * powers[:, 1, second] * powers[:, 2, third]
    return found
