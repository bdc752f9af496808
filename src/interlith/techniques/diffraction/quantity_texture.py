"""Do grains of a phase lie along an axis, and along which, judged before anything is refined again?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.structure import Structure

Array = NDArray[np.float64]
Axis = tuple[int, int, int]

#: Texture is taken up when it lowers chi squared by this share at least: one half per cent of R_wp, more than sizes of steps and
#: shapes of lines leave open in a laboratory pattern.
LEAST = 0.01
#: First number of the tetragonal, the trigonal and the cubic groups, and of the orthorhombic ones.
_ORTHORHOMBIC, _TETRAGONAL, _CUBIC = 16, 75, 195
#: Groups of the calcite and corundum families; calcite cleaves on (104).
_RHOMBOHEDRAL_C = (161, 167)


def texture_axes(structure: Structure) -> tuple[Axis, ...]:
    """Axes along which grains of a phase may lie: plate normals and needle axes of its crystal system.

    Notes
    -----
    Cubic grains are taken to lie anyhow. Monoclinic and orthorhombic ones may be plates or needles along any axis, uniaxial ones
    along c; carbonates of the calcite family cleave on (104).
    """
    if structure.number >= _CUBIC:
        return ()
    if structure.number >= _TETRAGONAL:
        cleaves = structure.number in _RHOMBOHEDRAL_C and "C" in structure.composition
        return ((0, 0, 1), (1, 0, 4)) if cleaves else ((0, 0, 1),)
    return ((0, 0, 1), (0, 1, 0), (1, 0, 0))


def expected_gains(added: ArrayLike, jacobian: ArrayLike, residual: ArrayLike) -> Array:
    """By how much chi squared would fall if one more parameter were free, each alone.

    Parameters
    ----------
    added
        Slopes of the calculated intensity by the candidates over the standard uncertainty of the points, shape (k, n).
    jacobian
        The same of what is free already, shape (p, n).
    residual
        Observed less calculated over the standard uncertainty, shape (n,).

    Returns
    -------
    Shape (k,). Exact for a linear parameter, first order otherwise (score test).

    References
    ----------
    C. R. Rao, Math. Proc. Camb. Philos. Soc. 44 (1948) 50-57, 10.1017/S0305004100023987.
    """
    new, old, misfit = (np.asarray(one, dtype=float) for one in (added, jacobian, residual))
    size = np.sqrt((old**2).sum(axis=1))
    basis = old[size > 0] / size[size > 0][:, None]
    ways, powers, _ = np.linalg.svd(basis.T, full_matrices=False)
    kept = ways[:, powers > 1e-10 * powers[0]] if len(powers) else ways
    alone = new - (new @ kept) @ kept.T
    left = misfit - kept @ (kept.T @ misfit)
    length = (alone**2).sum(axis=1)
    told = length > 1e-12 * np.maximum((new**2).sum(axis=1), 1e-300)
    return np.where(told, (alone @ left) ** 2 / np.where(told, length, 1.0), 0.0)
