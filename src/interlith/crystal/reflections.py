"""Which reflections does a crystal have, how often does each occur in a powder, and which are absent?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.cell import Cell
from interlith.crystal.phase_sums import as_indices, centred, images, phase_sums
from interlith.crystal.structure import Integers, Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Lattice points searched at most: a cell of 100 angstrom to d = 0.5.
MOST_POINTS = 100_000_000
#: A sum of phases below this part of its terms is zero by position.
_ZERO = 1e-6
#: A reflection this close to the limit (relative) is still in.
_EDGE = 1e-9


@dataclass(frozen=True, eq=False)
class Reflections:
    """Reflections sorted by falling d, those of equal d by indices.

    Parameters
    ----------
    hkl
        One of each set of equivalents, with as few negative indices as possible, shape (n, 3).
    spacing
        d (angstrom), shape (n,).
    multiplicity
        Number of equivalents, with -h -k -l where `friedel`, shape (n,).
    near_zero
        Absent because every atom sits on a special position whose images cancel (222 of silicon): zero for atoms that are
        spheres, and weak for real ones; shape (n,).
    inside
        Whether d is within the limit asked for; the others are padding, shape (n,).
    friedel
        Whether h k l and -h -k -l count as one.
    """

    hkl: Integers
    spacing: Array
    multiplicity: Integers
    near_zero: Mask
    inside: Mask
    friedel: bool

    def __len__(self) -> int:
        return len(self.hkl)

    @property
    def q(self) -> Array:
        """2 pi / d (1/angstrom), shape (n,)."""
        return 2 * math.pi / self.spacing

    @property
    def s(self) -> Array:
        """sin(theta) / lambda = 1 / (2 d) (1/angstrom), shape (n,)."""
        return 0.5 / self.spacing

    def two_theta(self, wavelength: float) -> Array:
        """Scattering angle (deg) for a wavelength (angstrom), nan where it cannot be reached, shape (n,)."""
        sine = wavelength * self.s
        found: Array = np.degrees(2 * np.arcsin(np.where(sine <= 1, sine, math.nan)))
        return found

    def where(self, mask: ArrayLike) -> Reflections:
        """Only those that a mask (shape (n,)) or a list of rows selects."""
        rows = np.asarray(mask)
        return Reflections(
            self.hkl[rows], self.spacing[rows], self.multiplicity[rows], self.near_zero[rows], self.inside[rows],
            self.friedel,
        )  # fmt: skip


def smallest_spacing(
    *,
    d_min: float | None = None,
    two_theta_max: float | None = None,
    wavelength: float | None = None,
    q_max: float | None = None,
) -> float:
    """The d (angstrom) of a limit in d (angstrom), in two theta (deg) for a wavelength (angstrom), or in Q (1/angstrom).

    Raises
    ------
    StudyError
        If not exactly one limit is given, or it is impossible.
    """
    if sum(limit is not None for limit in (d_min, two_theta_max, q_max)) != 1:
        raise StudyError(
            "Give one limit: d_min (angstrom), two_theta_max (deg) with wavelength, or q_max (1/angstrom)."
        )
    found = d_min
    if q_max is not None:
        found = 2 * math.pi / q_max if q_max > 0 else math.nan
    if two_theta_max is not None:
        if wavelength is None or not wavelength > 0 or not 0 < two_theta_max <= 180:
            raise StudyError(
                "two_theta_max is an angle of 0 to 180 deg and needs a wavelength (angstrom), such as 1.5406; got "
                f"{two_theta_max:g} deg and {wavelength}."
            )
        found = wavelength / (2 * math.sin(math.radians(two_theta_max / 2)))
    if found is None or not (math.isfinite(found) and found > 0):
        raise StudyError(f"The limit of reflections must be positive; got d = {found} angstrom.")
    return found


def reflections(
    structure: Structure,
    *,
    d_min: float | None = None,
    two_theta_max: float | None = None,
    wavelength: float | None = None,
    q_max: float | None = None,
    d_max: float = math.inf,
    friedel: bool = True,
    padding: float = 0.0,
) -> Reflections:
    """Reflections of a crystal, equivalents merged, absences by symmetry left out.

    Parameters
    ----------
    structure
        The crystal; its operations, not its symbol, say what is equivalent and what is absent.
    d_min, two_theta_max, wavelength, q_max
        The limit, see `smallest_spacing`.
    d_max
        Largest d (angstrom).
    friedel
        `False` keeps h k l and -h -k -l apart where no operation joins them (anomalous scattering, electrons).
    padding
        Share of 1/d by which the list goes beyond the limits, marked in `inside`, so that it stays the same while a
        refinement moves the cell.

    Raises
    ------
    StudyError
        If the limits are impossible, the cell contradicts the operations, or there would be too many.

    Notes
    -----
    The assumption that fails first: three-dimensional order. Stacking faults broaden or move reflections of some indices.

    References
    ----------
    International Tables for Crystallography A (2016), chapter 1.6; absences: h R = h with h t not whole.
    """
    limit = smallest_spacing(d_min=d_min, two_theta_max=two_theta_max, wavelength=wavelength, q_max=q_max)
    if not 0 <= padding < 1:
        raise StudyError(f"padding is a share of 1/d from 0 to 1, such as 0.02; got {padding:g}.")
    check_cell(structure)
    longest, shortest = d_max / (1 - padding), limit / (1 + padding)
    hkl = _lattice_points(structure.cell, shortest, longest)
    hkl = hkl[centred(structure.centrings, hkl)]
    laue = _laue(structure, friedel)
    hkl = _one_of_each(hkl, laue)
    hkl = hkl[~absent(structure, hkl)]
    shown, multiplicity = _presented(hkl, laue)
    spacing = np.asarray(structure.cell.spacing(shown)) if len(shown) else np.zeros(0)
    # Equal up to rounding is equal: 333 and 511 of a cubic crystal.
    order = np.lexsort((*(-shown.T[::-1]), -np.round(np.log(spacing), 9)))
    shown, spacing, multiplicity = shown[order], spacing[order], multiplicity[order]
    inside = (spacing >= limit * (1 - _EDGE)) & (spacing <= d_max * (1 + _EDGE))
    return Reflections(shown, spacing, multiplicity, extinct(structure, shown), inside, friedel)


def lattice_reflections(structure: Structure, *, d_min: float) -> Integers:
    """All indices that the lattice with its centring has down to d_min (angstrom), none merged, shape (n, 3).

    Screw axes and glide planes are not looked at: what they forbid may be seen where a beam is scattered twice.

    Raises
    ------
    StudyError
        If d_min is impossible.
    """
    hkl = _lattice_points(structure.cell, smallest_spacing(d_min=d_min), math.inf)
    return hkl[centred(structure.centrings, hkl)].astype(np.int64)


def absent(structure: Structure, hkl: ArrayLike) -> Mask:
    """Whether reflections are absent by symmetry (centring, screw axes, glide planes), shape (n,).

    Raises
    ------
    StudyError
        If `hkl` is not of shape (n, 3).
    """
    indices = as_indices(hkl)
    found: Mask = ~centred(structure.centrings, indices)
    for rotation, shift in zip(*_shifting(structure), strict=True):
        kept = np.all(indices @ rotation == indices, axis=1)
        phase = indices @ shift
        found |= kept & (np.abs(phase - np.rint(phase)) > 1e-4)
    return found


def extinct(structure: Structure, hkl: ArrayLike) -> Mask:
    """Whether the phases of the images cancel for every occupied site, shape (n,): zero for spherical atoms.

    Raises
    ------
    StudyError
        If `hkl` is not of shape (n, 3).
    """
    sums = np.abs(phase_sums(structure, hkl, displaced=False))
    counts = np.zeros(sums.shape[1])
    for place, site in zip(images(structure).column, structure.sites, strict=True):
        counts[place] = max(counts[place], site.multiplicity * (site.occupancy > 0))
    return np.asarray(np.all(sums[:, counts > 0] < _ZERO * counts[counts > 0], axis=1))


def equivalents(structure: Structure, hkl: ArrayLike, *, friedel: bool = True) -> Integers:
    """All indices equivalent to one reflection, without repetition, shape (m, 3), the one asked for first.

    Raises
    ------
    StudyError
        If `hkl` is not three whole numbers.
    """
    start = np.asarray(hkl, dtype=float)
    if start.shape != (3,) or not np.all(start == np.rint(start)):
        raise StudyError(f"A reflection has three whole indices; got {start.tolist()}.")
    rotated = start.astype(np.int64) @ _laue(structure, friedel)
    found = np.unique(rotated, axis=0)[::-1]
    same = np.all(found == start, axis=1)
    return np.concatenate([found[same], found[~same]])


def unmerged(structure: Structure, merged: Reflections) -> tuple[Integers, Integers]:
    """Every equivalent of a list: indices, shape (m, 3), and the row of the list each belongs to, shape (m,)."""
    laue = _laue(structure, merged.friedel)
    every = np.einsum("ni,gij->ngj", merged.hkl, laue).reshape(-1, 3)
    rows = np.repeat(np.arange(len(merged)), len(laue))
    found = np.unique(np.column_stack([rows, -every]), axis=0)
    return -found[:, 1:], found[:, 0]


def laue_rotations(rotations: Integers, *, friedel: bool = True) -> Integers:
    """Different rotation parts, with their negatives where `friedel`, shape (g, 3, 3); indices turn as rows h R."""
    every = np.concatenate([rotations, -rotations]) if friedel else rotations
    return np.unique(every, axis=0)


@lru_cache(maxsize=64)
def _laue(structure: Structure, friedel: bool) -> Integers:
    return laue_rotations(structure.rotations, friedel=friedel)


@lru_cache(maxsize=64)
def _shifting(structure: Structure) -> tuple[Integers, Array]:
    """One operation of each rotation part, those without a translation left out: only they can forbid a reflection."""
    _, first = np.unique(structure.rotations, axis=0, return_index=True)
    shifts = structure.translations[first]
    kept = np.any(np.abs(shifts - np.rint(shifts)) > 1e-6, axis=1)
    return structure.rotations[first[kept]], shifts[kept]


def check_cell(structure: Structure) -> None:
    """Refuse a cell whose lengths and angles contradict the operations.

    Raises
    ------
    StudyError
        If an operation changes a length of the cell by more than 0.1 %.
    """
    metric = structure.cell.metric
    turned = np.swapaxes(structure.point_group, 1, 2) @ metric @ structure.point_group
    scale = np.sqrt(np.outer(np.diag(metric), np.diag(metric)))
    if np.any(np.abs(turned - metric) > 2e-3 * scale):
        words = " ".join(f"{value:g}" for value in structure.cell.parameters)
        raise StudyError(
            f"{structure.name}: the cell {words} does not have the symmetry of {structure.space_group}; check its edges and "
            "angles, or the setting (hexagonal or rhombohedral axes, unique axis)."
        )


def _lattice_points(cell: Cell, shortest: float, longest: float) -> Array:
    """Indices with d within limits, shape (n, 3)."""
    largest = [math.floor(edge / shortest * (1 + _EDGE)) for edge in cell.parameters[:3]]
    count = math.prod(2 * index + 1 for index in largest)
    if count > MOST_POINTS:
        raise StudyError(
            f"To d = {shortest:g} angstrom there are {count:.3g} indices to look at, more than {MOST_POINTS:.0e}; ask for a "
            "larger d."
        )
    h, k, m = (np.arange(-index, index + 1, dtype=np.float64) for index in largest)
    metric = cell.reciprocal @ cell.reciprocal.T
    square = (metric[0, 0] * h * h)[:, None, None] + (metric[1, 1] * k * k)[:, None] + metric[2, 2] * m * m
    square += 2 * metric[0, 1] * np.outer(h, k)[:, :, None] + 2 * metric[1, 2] * np.outer(k, m)
    square += 2 * metric[0, 2] * np.outer(h, m)[:, None, :]
    low = 1 / longest**2 if math.isfinite(longest) else 0.0
    mask = (square <= (1 / shortest**2) * (1 + 2 * _EDGE)) & (square >= low * (1 - 2 * _EDGE))
    mask[largest[0], largest[1], largest[2]] = False
    found = np.nonzero(mask)
    return np.stack([axis[place] for axis, place in zip((h, k, m), found, strict=True)], axis=1)


def _key_weights(hkl: Array) -> Array:
    """Weights that turn indices into one number which orders them by h, then k, then l; products stay exact in float64."""
    base = 4 * int(np.abs(hkl).max(initial=0)) + 3
    return np.array([base * base, base, 1], dtype=np.float64)


def _one_of_each(hkl: Array, laue: Integers) -> Array:
    """The largest of each set of equivalents, in the order of `_key_weights`."""
    weights = _key_weights(hkl)
    own = hkl @ weights
    for rotation in laue:
        kept = hkl @ (rotation @ weights) <= own
        # Copying costs as much as one more test.
        if np.count_nonzero(kept) < 0.9 * len(kept):
            hkl, own = hkl[kept], own[kept]
        else:
            own = np.where(kept, own, -math.inf)
    return hkl[own > -math.inf]


def _presented(hkl: Array, laue: Integers) -> tuple[Integers, Integers]:
    """The equivalent with the fewest negative indices (then the largest), and the number of equivalents."""
    weights = _key_weights(hkl)
    every = np.einsum("ni,gij->gnj", hkl, laue.astype(np.float64))
    keys = every @ weights
    fewest = keys - np.count_nonzero(every < 0, axis=2) * 4 * weights[0] * (np.abs(hkl).max(initial=0) + 1)
    best = np.argmax(fewest, axis=0)
    count = len(laue) // np.count_nonzero(keys == keys[best, np.arange(len(hkl))], axis=0) if len(hkl) else np.zeros(0)
    return every[best, np.arange(len(hkl))].astype(np.int64), np.asarray(count, dtype=np.int64)
