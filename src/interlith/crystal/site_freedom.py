"""How may an atom move, and how may its displacement tensor be shaped, without breaking the symmetry of its site?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.structure import SAME_ATOM, Integers, Site, Structure
from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]

#: Components of a displacement tensor in the order of `Site.u_aniso`.
COMPONENTS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
#: Below this, an entry of an exact fraction of small whole numbers is zero.
_ZERO = 1e-9


def position_freedom(structure: Structure, site: Site | str | int) -> tuple[tuple[str, ...], Array]:
    """Shifts of a site that keep its symmetry.

    Parameters
    ----------
    structure
        The crystal.
    site
        A site of it, its label, or its place in the list.

    Returns
    -------
    Names of the free coordinates, of "x", "y", "z", and the matrix of shape (3, k) with ``shift = matrix @ free shifts``: a
    site at x, -x, z has ``("x", "z")`` and the columns (1, -1, 0) and (0, 0, 1). Nothing is free at a fixed position: (3, 0).

    Raises
    ------
    StudyError
        If there is no such site.

    Notes
    -----
    A position listed within 0.05 angstrom of a symmetry element counts as on it, as everywhere in a structure.
    """
    turns = site_rotations(structure, site)
    return _named(turns.mean(axis=0))


def floating_origin(structure: Structure) -> tuple[tuple[str, ...], Array]:
    """Directions in which all atoms may shift together and change nothing: those of a polar group.

    Returns
    -------
    Names and matrix of shape (3, k) as `position_freedom`; empty, (3, 0), where the symmetry fixes the origin. One free
    coordinate of the structure must be held for each column.
    """
    return _named(structure.point_group.mean(axis=0))


def tensor_freedom(structure: Structure, site: Site | str | int) -> Array:
    """Displacement tensors that the symmetry of a site allows.

    Parameters
    ----------
    structure, site
        As `position_freedom`.

    Returns
    -------
    Shape (6, k): ``(U11, U22, U33, U12, U13, U23) = matrix @ free``, where each free number is the component in the first
    row that its column fills, on the axes of CIF (``_atom_site_aniso_U_ij``).

    Raises
    ------
    StudyError
        If there is no such site.

    References
    ----------
    K. N. Trueblood et al., Acta Crystallogr. A 52 (1996) 770, 10.1107/S0108767396005697, definition of U_ij.
    """
    return independent_columns(_tensor_projector(structure, site))


def symmetrised_tensor(structure: Structure, site: Site | str | int, six: ArrayLike) -> Array:
    """The mean of a tensor U11 U22 U33 U12 U13 U23 over the operations of a site, shape (6,).

    Raises
    ------
    StudyError
        If there is no such site.
    """
    found: Array = _tensor_projector(structure, site) @ np.asarray(six, dtype=float)
    return found


def tensor_names(matrix: Array) -> tuple[str, ...]:
    """Names of the free components of `tensor_freedom`, such as ``("u11", "u33")``."""
    leads = [int(np.flatnonzero(column)[0]) for column in matrix.T]
    return tuple(f"u{COMPONENTS[lead][0] + 1}{COMPONENTS[lead][1] + 1}" for lead in leads)


def isotropic_tensor(structure: Structure, u_iso: float) -> Array:
    """The tensor U11 U22 U33 U12 U13 U23 (angstrom^2), shape (6,), of equal displacements in all directions."""
    reciprocal = structure.cell.reciprocal
    lengths = np.linalg.norm(reciprocal, axis=1)
    cosines = reciprocal @ reciprocal.T / np.outer(lengths, lengths)
    return np.array([u_iso * cosines[row, column] for row, column in COMPONENTS])


def site_number(structure: Structure, site: Site | str | int) -> int:
    """The place of a site in the list of a structure.

    Raises
    ------
    StudyError
        If there is no such site, or a label is borne by several.
    """
    if isinstance(site, int):
        if not 0 <= site < len(structure.sites):
            raise StudyError(f"{structure.name} has the sites 0 to {len(structure.sites) - 1}, not {site}.")
        return site
    label = site if isinstance(site, str) else site.label
    found = [place for place, one in enumerate(structure.sites) if one.label == label]
    if not isinstance(site, str) and len(found) > 1:
        found = [place for place in found if structure.sites[place] == site]
    if not found:
        raise StudyError(
            f"{structure.name} has no site '{label}'; {nearest(label, [one.label for one in structure.sites])}."
        )
    if len(found) > 1:
        raise StudyError(f"{structure.name} has {len(found)} sites '{label}'; give the place in the list, from 0.")
    return found[0]


def exact_position(structure: Structure, number: int) -> Array:
    """The listed position of a site put exactly on its symmetry element, in [0, 1), shape (3,)."""
    start = sum(site.multiplicity for site in structure.sites[:number])
    found: Array = structure.atoms.fractions[start]
    return found


def site_rotations(structure: Structure, site: Site | str | int) -> Integers:
    """Rotation parts of the operations that leave a site in place, up to lattice translations, shape (g, 3, 3).

    Raises
    ------
    StudyError
        If there is no such site.
    """
    position = exact_position(structure, site_number(structure, site))
    gaps = structure.rotations @ position + structure.translations - position
    gaps -= np.rint(gaps)
    kept = np.linalg.norm(gaps @ structure.cell.vectors, axis=1) < SAME_ATOM
    found: Integers = structure.rotations[kept]
    return found


def independent_columns(projector: Array) -> Array:
    """A basis of what a projector keeps, each column with 1 in its first row that is not zero, and 0 there in the others.

    Parameters
    ----------
    projector
        Shape (n, n).
    """
    rows = projector.T.copy()
    lead = 0
    for column in range(rows.shape[1]):
        if lead == len(rows):
            break
        best = lead + int(np.argmax(np.abs(rows[lead:, column])))
        if abs(rows[best, column]) < _ZERO:
            continue
        rows[[lead, best]] = rows[[best, lead]]
        rows[lead] /= rows[lead, column]
        others = np.arange(len(rows)) != lead
        rows[others] -= np.outer(rows[others, column], rows[lead])
        rows[np.abs(rows) < _ZERO] = 0.0
        lead += 1
    return rows[:lead].T.copy()


def _tensor_projector(structure: Structure, site: Site | str | int) -> Array:
    turns = site_rotations(structure, site).astype(np.float64)
    lengths = np.linalg.norm(structure.cell.reciprocal, axis=1)
    # beta = U a*_i a*_j turns as R beta R^T.
    scale = np.outer(lengths, lengths)
    projector = np.zeros((6, 6))
    for place in range(6):
        unit = _symmetric(np.eye(6)[place]) * scale
        mean = (turns @ unit @ np.swapaxes(turns, 1, 2)).mean(axis=0) / scale
        projector[:, place] = [mean[row, column] for row, column in COMPONENTS]
    return projector


def _symmetric(six: Array) -> Array:
    u11, u22, u33, u12, u13, u23 = six
    return np.array([[u11, u12, u13], [u12, u22, u23], [u13, u23, u33]])


def _named(projector: Array) -> tuple[tuple[str, ...], Array]:
    matrix = independent_columns(projector)
    return tuple("xyz"[int(np.flatnonzero(column)[0])] for column in matrix.T), matrix
