"""How wide do size and strain of the crystallites of one phase make each of its lines?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.strain_terms import isotropic_strain, preferred_orientation, strain_terms
from interlith.crystal.structure import Structure
from interlith.errors import FitError, StudyError, nearest

Array = NDArray[np.float64]

SIZES = ("isotropic", "uniaxial")
STRAINS = ("isotropic", "uniaxial", "stephens")
#: Strain at which Stephens' terms start: at zero their slopes have no end.
_START = 2e-4
#: Least square of d^2 times the width in 1/d^2: a strain of 3e-8; below minus the second it is refused.
_LEAST, _REFUSED = 1e-14, -1e-12


class Broadened(NamedTuple):
    """Inverse size (1/nm) and strain (1) that each line sees, shape (n,), with slopes by the parameters (n, p), and of the strain by 1/d^2."""

    inverse_size: Array
    strain: Array
    size_slopes: Array
    strain_slopes: Array
    strain_by_square: Array


@dataclass(frozen=True, slots=True, eq=False)
class Broadening:
    """Size and strain of one phase as functions of named parameters.

    Parameters
    ----------
    count
        Number of reflections.
    size, strain
        ``isotropic``, ``uniaxial``, and for strain ``stephens``.
    along
        Squared cosine of the angle between the normal of each reflection and the axis, shape (n,).
    terms
        What each of Stephens' terms adds to the squared width in 1/d^2, shape (n, k).
    term_names, term_start
        Names of these terms and where they start (1/angstrom^4), shape (k,).

    Notes
    -----
    Isotropic: `inverse_size` (1/nm) and `microstrain`. Uniaxial: `inverse_size_along` and `_across` are the axes of an ellipsoid, whose
    columns along a direction are as long as its diameter; `microstrain_along` and `_across` are independent distributions whose
    Lorentzian widths add with cos^2 and sin^2. Stephens: the full width in 1/d^2 is the root of the sum of the terms. Strain is that
    of a line of full width 4 strain tan(theta) (rad). The assumption that fails first: all lines are Lorentzians of one kind; angles to
    the axis stay those of the cell as it was given.

    References
    ----------
    P. W. Stephens, J. Appl. Crystallogr. 32 (1999) 281, 10.1107/S0021889898006001.
    """

    count: int
    size: str = "isotropic"
    strain: str = "isotropic"
    along: Array | None = None
    terms: Array | None = None
    term_names: tuple[str, ...] = ()
    term_start: tuple[float, ...] = ()
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        first = ("inverse_size",) if self.size == "isotropic" else ("inverse_size_along", "inverse_size_across")
        second = {"isotropic": ("microstrain",), "uniaxial": ("microstrain_along", "microstrain_across")}
        object.__setattr__(self, "names", first + second.get(self.strain, self.term_names))

    @property
    def start(self) -> Array:
        """No broadening, and for Stephens' terms nearly none, shape (p,)."""
        found = np.zeros(len(self.names))
        if self.strain == "stephens":
            found[-len(self.term_start) :] = self.term_start
        return found

    def of(self, values: Array, square: Array) -> Broadened:
        """Broadening of each line.

        Parameters
        ----------
        values
            Of `names`, shape (p,).
        square
            1/d^2 (1/angstrom^2), shape (n,).

        Raises
        ------
        FitError
            If Stephens' terms give a line a squared width below zero.
        """
        shape = (self.count, len(self.names))
        by_size, by_strain, by_square = np.zeros(shape), np.zeros(shape), np.zeros(self.count)
        count = 1 if self.size == "isotropic" else 2
        if count == 1:
            inverse = np.full(self.count, values[0])
            by_size[:, 0] = 1.0
        else:
            inverse = self._ellipsoid(values[0], values[1], by_size)
        if self.strain == "isotropic":
            strain = np.full(self.count, values[count])
            by_strain[:, count] = 1.0
        elif self.strain == "uniaxial":
            by_strain[:, count], by_strain[:, count + 1] = self._along, 1 - self._along
            strain = by_strain @ values
        else:
            strain = self._stephens(values[count:], square, by_strain[:, count:])
            by_square = -strain / square
        return Broadened(inverse, strain, by_size, by_strain, by_square)

    @property
    def _along(self) -> Array:
        return np.zeros(self.count) if self.along is None else self.along

    def _ellipsoid(self, along: float, across: float, slopes: Array) -> Array:
        """Inverse diameters of an ellipsoid (1/nm), shape (n,)."""
        cosine, sine = self._along, 1 - self._along
        found = np.sqrt(along**2 * cosine + across**2 * sine)
        safe = np.where(found > 0, found, 1.0)
        # At no size effect at all a slope is that of one axis alone.
        slopes[:, 0] = np.where(found > 0, along * cosine / safe, np.sqrt(cosine))
        slopes[:, 1] = np.where(found > 0, across * sine / safe, np.sqrt(sine))
        return np.asarray(found)

    def _stephens(self, values: Array, square: Array, slopes: Array) -> Array:
        terms = np.zeros((self.count, 0)) if self.terms is None else self.terms
        relative = terms @ values / square**2
        if relative.min() < _REFUSED:
            raise FitError(
                f"Stephens' terms {', '.join(f'{name} = {one:.3g}' for name, one in zip(self.term_names, values, strict=True))} give a line "
                f"a squared width of {relative.min():.3g} (relative to 1/d^4); it must not be negative for any reflection."
            )
        root = np.sqrt(np.maximum(relative, _LEAST))
        slopes[:] = terms / (8 * root * square**2)[:, None]
        return np.asarray(root / 4)


def broadening(
    structure: Structure,
    hkl: Array,
    *,
    size: str = "isotropic",
    strain: str = "isotropic",
    axis: ArrayLike | None = None,
) -> Broadening:
    """Prepare size and strain of a phase for its reflections.

    Parameters
    ----------
    structure
        The crystal.
    hkl
        Reflections, shape (n, 3).
    size
        ``isotropic`` or ``uniaxial``.
    strain
        ``isotropic``, ``uniaxial`` or ``stephens``.
    axis
        Planes h k l whose normal is the axis of what is uniaxial, shape (3,).

    Raises
    ------
    StudyError
        If a word is unknown, an axis is missing, or symmetry turns the axis into others.
    """
    for word, known, what in ((size, SIZES, "size"), (strain, STRAINS, "strain")):
        if word not in known:
            raise StudyError(f"The {what} '{word}' is unknown; {nearest(word, known)}.")
    along = None
    if "uniaxial" in (size, strain):
        along = _cosines(structure, hkl, axis)
    if strain != "stephens":
        return Broadening(len(hkl), size, strain, along)
    found = strain_terms(structure)
    start: Sequence[float] = (isotropic_strain(structure, found) * (4 * _START) ** 2).tolist()
    return Broadening(
        len(hkl), size, strain, along, found.values(hkl), tuple(one.lower() for one in found.names), tuple(start)
    )


def _cosines(structure: Structure, hkl: Array, axis: ArrayLike | None) -> Array:
    """Squared cosines of the angles to the axis, shape (n,)."""
    if axis is None:
        raise StudyError("What is uniaxial needs its axis: the planes h k l whose normal it is, such as (0, 0, 1).")
    found = preferred_orientation(structure, hkl, axis)
    low = np.minimum.reduceat(found.cosines_squared, found.starts)
    high = np.maximum.reduceat(found.cosines_squared, found.starts)
    if np.any(high - low > 1e-6):
        raise StudyError(
            f"The symmetry of {structure.name or 'the crystal'} turns the axis {np.asarray(axis).tolist()} into others, so that reflections "
            "that coincide would differ in width; take the unique axis, or strain = 'stephens'."
        )
    return np.asarray((low + high) / 2)
