"""How stiff is a crystal along a facet, and what does a film store when it is strained to fit one?

Stiffness tensors are (6, 6) matrices in Voigt order 11, 22, 33, 23, 13, 12 and in GPa; strains are tensor components (no
factor 2). Rotations act in the orthonormal (Mandel) basis, where a rotation of the crystal is an orthogonal matrix, so that
many tensors are rotated at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Tensor indices of the six Voigt components.
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
_ROOT = np.sqrt(2.0)
#: Voigt to Mandel: C_mandel = W C_voigt W with W = diag(1, 1, 1, sqrt 2, sqrt 2, sqrt 2).
_WEIGHT = np.array([1.0, 1.0, 1.0, _ROOT, _ROOT, _ROOT])
#: Voigt places that lie in the plane of a facet (11, 22, 12) and out of it (33, 23, 13), z along the normal.
_IN_PLANE = np.array([0, 1, 5])
_OUT_OF_PLANE = np.array([2, 3, 4])


def to_mandel(stiffness: ArrayLike) -> Array:
    """Stiffness in the orthonormal basis (GPa), shape (..., 6, 6): its eigenvalues are those of the tensor."""
    return np.asarray(stiffness, dtype=float) * np.outer(_WEIGHT, _WEIGHT)


def from_mandel(matrix: ArrayLike) -> Array:
    """Voigt stiffness (GPa), shape (..., 6, 6), of one in the orthonormal basis."""
    return np.asarray(matrix, dtype=float) / np.outer(_WEIGHT, _WEIGHT)


def to_tensor(stiffness: ArrayLike) -> Array:
    """Fourth-rank tensor (GPa), shape (3, 3, 3, 3), of a Voigt matrix."""
    matrix = np.asarray(stiffness, dtype=float)
    place = np.empty((3, 3), dtype=int)
    for number, (first, second) in enumerate(VOIGT):
        place[first, second] = place[second, first] = number
    made: Array = matrix[place[:, :, None, None], place[None, None, :, :]]
    return made


def from_tensor(tensor: ArrayLike) -> Array:
    """Voigt matrix (GPa), shape (6, 6), of a fourth-rank tensor with the minor symmetries."""
    values = np.asarray(tensor, dtype=float)
    first, second = (np.array(index) for index in zip(*VOIGT, strict=True))
    made: Array = values[first[:, None], second[:, None], first[None, :], second[None, :]]
    return made


def rotate(stiffness: ArrayLike, rotation: ArrayLike) -> Array:
    """The same stiffness in rotated axes (GPa), shape (..., 6, 6).

    Parameters
    ----------
    stiffness
        Voigt matrix (GPa), shape (..., 6, 6).
    rotation
        Rows are the new axes in the old ones, shape (3, 3): orthonormal.

    Raises
    ------
    StudyError
        If the rows are not orthonormal.

    References
    ----------
    M. M. Mehrabadi, S. C. Cowin, Q. J. Mech. Appl. Math. 43 (1990) 15, 10.1093/qjmam/43.1.15.
    """
    axes = np.asarray(rotation, dtype=float)
    if axes.shape != (3, 3) or not np.allclose(axes @ axes.T, np.eye(3), atol=1e-9):
        raise StudyError("The axes to rotate a stiffness into are not orthonormal; give three unit vectors as rows.")
    turned = np.empty((6, 6))
    for row, (i, j) in enumerate(VOIGT):
        for column, (k, m) in enumerate(VOIGT):
            both = axes[i, k] * axes[j, m] + axes[i, m] * axes[j, k]
            turned[row, column] = 0.5 * both * _WEIGHT[row] * _WEIGHT[column]
    return from_mandel(turned @ to_mandel(stiffness) @ turned.T)


def facet_frame(normal: ArrayLike, along: ArrayLike | None = None) -> Array:
    """Axes of a facet, shape (3, 3): rows x and y in the plane, z its normal.

    Parameters
    ----------
    normal
        Normal in the axes of the stiffness, any length, shape (3,).
    along
        Direction whose part in the plane is x; any direction in the plane if not given.

    Raises
    ------
    StudyError
        If the normal is zero or `along` is parallel to it.
    """
    z = np.asarray(normal, dtype=float)
    length = float(np.linalg.norm(z))
    if z.shape != (3,) or length == 0:
        raise StudyError("The normal of a facet needs three components that are not all zero.")
    z = z / length
    hint = np.eye(3)[int(np.argmin(np.abs(z)))] if along is None else np.asarray(along, dtype=float)
    x = hint - (hint @ z) * z
    size = float(np.linalg.norm(x))
    if size <= 1e-9 * max(float(np.linalg.norm(hint)), 1e-300):
        raise StudyError(
            "The direction along a facet is parallel to its normal; give one that has a part in the plane."
        )
    x = x / size
    return np.array([x, np.cross(z, x), z])


@dataclass(frozen=True)
class PlaneStress:
    """A film with a free surface.

    Parameters
    ----------
    stiffness
        Stress 11, 22, 12 (GPa) from strain 11, 22 and 2 x 12, shape (..., 3, 3).
    response
        Strain 33, 2 x 23 and 2 x 13 that leaves the surface free of stress, from the same, shape (..., 3, 3).
    """

    stiffness: Array
    response: Array


def plane_stress(stiffness: ArrayLike) -> PlaneStress:
    """Eliminate the strains out of the plane, exactly, so that no force acts on the surface.

    Parameters
    ----------
    stiffness
        Voigt matrix in the axes of the facet (GPa), shape (..., 6, 6); see `rotate` and `facet_frame`.

    Notes
    -----
    All three strains out of the plane are free, the two shears as well: on a facet of low symmetry they are not zero. Holds
    for a film thin against its host, which then stays unstrained; that fails first for islands and for thin hosts.
    """
    matrix = np.asarray(stiffness, dtype=float)
    inner = matrix[..., _IN_PLANE[:, None], _IN_PLANE]
    outer = matrix[..., _OUT_OF_PLANE[:, None], _OUT_OF_PLANE]
    mixed = matrix[..., _OUT_OF_PLANE[:, None], _IN_PLANE]
    response = -np.linalg.solve(outer, mixed)
    return PlaneStress(inner + np.swapaxes(mixed, -1, -2) @ response, response)


def in_plane(strain: ArrayLike) -> Array:
    """Strain 11, 22 and 2 x 12, shape (..., 3), of a number (the same along all directions) or of a tensor (..., 2, 2).

    Raises
    ------
    StudyError
        If a tensor is not symmetric.
    """
    values = np.asarray(strain, dtype=float)
    if values.ndim < 2:
        return np.stack([values, values, np.zeros_like(values)], axis=-1)
    if values.shape[-2:] != (2, 2) or not np.allclose(values, np.swapaxes(values, -1, -2), atol=1e-12):
        raise StudyError("A strain in a plane is one number or a symmetric tensor of shape (2, 2).")
    return np.stack([values[..., 0, 0], values[..., 1, 1], 2 * values[..., 0, 1]], axis=-1)


def energy_density(
    stiffness: ArrayLike, normal: ArrayLike, strain: ArrayLike, *, along: ArrayLike | None = None
) -> Any:
    """Elastic energy of a film with a free surface (GPa, the same as 1e9 J/m^3).

    Parameters
    ----------
    stiffness
        Voigt matrix in crystal axes (GPa), shape (6, 6).
    normal, along
        Facet and the direction that strain component 11 refers to, in crystal axes; see `facet_frame`.
    strain
        Strain of the film in the plane: a number, shape (...), or tensor components, shape (..., 2, 2).

    Raises
    ------
    StudyError
        If facet or strain are none, or a stiffness is not stable.
    """
    check_stable(stiffness)
    reduced = plane_stress(rotate(stiffness, facet_frame(normal, along))).stiffness
    values = in_plane(strain)
    result = 0.5 * np.einsum("...i,...ij,...j->...", values, reduced, values)
    return float(result) if np.ndim(result) == 0 else result


def biaxial_modulus(stiffness: ArrayLike, normal: ArrayLike) -> float:
    """M(hkl) (GPa): the energy density of a film strained by the same e in all directions of the plane is M e^2.

    For an isotropic film M = E / (1 - nu). Where the two stresses in the plane differ, it is their mean over e.

    Raises
    ------
    StudyError
        As `energy_density`.

    References
    ----------
    W. D. Nix, Metall. Trans. A 20 (1989) 2217, 10.1007/BF02666659 (closed forms for cubic facets).
    """
    return float(energy_density(stiffness, normal, 1.0))


def check_stable(stiffness: ArrayLike, *, what: str = "The stiffness") -> None:
    """Refuse a stiffness that is not symmetric and positive definite: such a crystal would deform by itself.

    Raises
    ------
    StudyError
        With the lowest eigenvalue.
    """
    matrix = np.asarray(stiffness, dtype=float)
    if matrix.shape[-2:] != (6, 6) or not np.all(np.isfinite(matrix)):
        raise StudyError(f"{what} is not a matrix of 6 by 6 finite numbers (GPa).")
    scale = float(np.max(np.abs(matrix)))
    if not np.allclose(matrix, np.swapaxes(matrix, -1, -2), atol=1e-6 * scale):
        raise StudyError(f"{what} is not symmetric; C12 and C21 must be the same, and so on.")
    lowest = float(np.min(np.linalg.eigvalsh(to_mandel(matrix))))
    if lowest <= 1e-9 * scale:
        raise StudyError(
            f"{what} is not positive definite: its lowest eigenvalue is {lowest:.3g} GPa, so a strain would release energy. "
            "Check signs and which constant is which (for cubic crystals C11 > |C12|, C11 + 2 C12 > 0, C44 > 0)."
        )


def compliance(stiffness: ArrayLike) -> Array:
    """Voigt compliance (1/GPa), shape (..., 6, 6), factors 2 and 4 as in the Voigt convention.

    Raises
    ------
    StudyError
        As `check_stable`.
    """
    check_stable(stiffness)
    return np.linalg.inv(np.asarray(stiffness, dtype=float))


@dataclass(frozen=True)
class Averages:
    """Bulk and shear modulus of a polycrystal without texture (GPa): upper (Voigt), lower (Reuss) bound, mean (Hill)."""

    bulk_voigt: float
    bulk_reuss: float
    shear_voigt: float
    shear_reuss: float

    @property
    def bulk(self) -> float:
        """Hill's mean of the bulk moduli (GPa)."""
        return 0.5 * (self.bulk_voigt + self.bulk_reuss)

    @property
    def shear(self) -> float:
        """Hill's mean of the shear moduli (GPa)."""
        return 0.5 * (self.shear_voigt + self.shear_reuss)

    @property
    def young(self) -> float:
        """Young's modulus (GPa) of the means."""
        return 9 * self.bulk * self.shear / (3 * self.bulk + self.shear)

    @property
    def poisson(self) -> float:
        """Poisson's ratio of the means."""
        return (3 * self.bulk - 2 * self.shear) / (2 * (3 * self.bulk + self.shear))


def averages(stiffness: ArrayLike) -> Averages:
    """Voigt, Reuss and Hill averages.

    Raises
    ------
    StudyError
        As `check_stable`.

    References
    ----------
    R. Hill, Proc. Phys. Soc. A 65 (1952) 349, 10.1088/0370-1298/65/5/307.
    """
    c = np.asarray(stiffness, dtype=float)
    s = compliance(c)

    def sums(matrix: Array) -> tuple[float, float, float]:
        diagonal = float(matrix[0, 0] + matrix[1, 1] + matrix[2, 2])
        mixed = float(matrix[0, 1] + matrix[0, 2] + matrix[1, 2])
        return diagonal, mixed, float(matrix[3, 3] + matrix[4, 4] + matrix[5, 5])

    normal, mixed, shear = sums(c)
    normal_s, mixed_s, shear_s = sums(s)
    return Averages(
        bulk_voigt=(normal + 2 * mixed) / 9,
        bulk_reuss=1 / (normal_s + 2 * mixed_s),
        shear_voigt=(normal - mixed + 3 * shear) / 15,
        shear_reuss=15 / (4 * normal_s - 4 * mixed_s + 3 * shear_s),
    )
