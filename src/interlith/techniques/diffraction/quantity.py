"""How much of each phase is there, by weight and by number, and how sure is that, given the scale factors of a refinement?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError, nearest

Array = NDArray[np.float64]
#: Name of what no reflection belongs to.
AMORPHOUS = "amorphous"


@dataclass(frozen=True, eq=False, slots=True)
class Fractions:
    """Shares of a whole that add up to one.

    Parameters
    ----------
    names
        Of the phases.
    values
        Shape (n,).
    parts
        Cause of uncertainty -> covariance, shape (n, n): ``fit``, ``model``, ``absorption``, ``standard``.
    basis
        ``weight`` or ``mole``.
    """

    names: tuple[str, ...]
    values: Array
    parts: Mapping[str, Array] = field(default_factory=dict)
    basis: str = "weight"

    @property
    def covariance(self) -> Array:
        """Over all causes, shape (n, n)."""
        total = np.zeros((len(self.names), len(self.names)))
        return total + sum(self.parts.values(), start=np.zeros_like(total))

    @property
    def std(self) -> Array:
        """Standard uncertainties over all causes, shape (n,)."""
        return np.sqrt(np.clip(np.diag(self.covariance), 0.0, None))

    def of(self, name: str) -> int:
        """Place of a phase.

        Raises
        ------
        StudyError
            If there is none of that name.
        """
        if name not in self.names:
            raise StudyError(f"There is no phase {name}; {nearest(name, self.names)}.")
        return self.names.index(name)

    def with_part(self, cause: str, covariance: Array) -> Fractions:
        """The same shares with one more cause of uncertainty, independent of the others."""
        added = self.parts[cause] + covariance if cause in self.parts else covariance
        return Fractions(self.names, self.values, {**self.parts, cause: added}, self.basis)


def weight_fractions(
    names: Sequence[str],
    scales: ArrayLike,
    masses: ArrayLike,
    volumes: ArrayLike,
    *,
    parts: Mapping[str, ArrayLike] | None = None,
    factors: ArrayLike = 1.0,
) -> Fractions:
    """Weight fractions of the crystalline part from scale factors.

    Parameters
    ----------
    names
        Of the phases, n of them.
    scales
        Factors S of calculated intensities ``S m |F|^2 L P A`` (any unit common to the phases), shape (n,).
    masses
        Of all atoms in the cell, Z M (u), shape (n,).
    volumes
        Of the cells (angstrom^3), shape (n,).
    parts
        Cause -> covariance of the scales, shape (n, n).
    factors
        Particle absorption factors of the phases, see `quantity_absorption`; shape (n,) or one number.

    Raises
    ------
    StudyError
        If no phase scatters at all, or a number is negative or not finite.

    Notes
    -----
    w = S Z M V / tau over its sum. The assumption that fails first: every crystallite is seen in proportion to its weight, so
    no amorphous part, no texture beyond the model, no grains that absorb more than their neighbours.

    References
    ----------
    R. J. Hill, C. J. Howard, J. Appl. Crystallogr. 20 (1987) 467-474, 10.1107/S0021889887086199.
    """
    size = len(names)
    scale, mass, volume, factor = (
        np.broadcast_to(np.asarray(one, dtype=float), (size,)) for one in (scales, masses, volumes, factors)
    )
    for what, one, least in (("scale", scale, 0.0), ("mass", mass, 1e-12), ("volume", volume, 1e-12)):
        wrong = np.flatnonzero(~(np.isfinite(one) & (one >= least)))
        if len(wrong):
            raise StudyError(
                f"The {what} of {names[wrong[0]]} is {one[wrong[0]]:g}; a share needs a number that is not negative."
            )
    per_scale = mass * volume / factor
    amount = scale * per_scale
    total = float(amount.sum())
    if total <= 0:
        raise StudyError(
            "All scale factors are zero: there is nothing to share out; check the phases and the range of angles."
        )
    values = amount / total
    slope = (np.diag(per_scale) - np.outer(values, per_scale)) / total
    return Fractions(
        tuple(names),
        values,
        {cause: _moved(slope, np.asarray(one, dtype=float)) for cause, one in (parts or {}).items()},
    )


def mole_fractions(fractions: Fractions, molar_masses: ArrayLike) -> Fractions:
    """Shares by number of formula units.

    Parameters
    ----------
    fractions
        By weight.
    molar_masses
        Of one formula unit (g/mol), shape (n,).
    """
    per_weight = 1.0 / np.asarray(molar_masses, dtype=float)
    total = float((fractions.values * per_weight).sum())
    values = fractions.values * per_weight / total
    slope = (np.diag(per_weight) - np.outer(values, per_weight)) / total
    return Fractions(
        fractions.names, values, {cause: _moved(slope, one) for cause, one in fractions.parts.items()}, "mole"
    )


def with_standard(fractions: Fractions, standard: str, added: float, added_std: float = 0.0) -> Fractions:
    """Shares of the specimen before a weighed crystalline standard was mixed in, with what is amorphous.

    Parameters
    ----------
    fractions
        Of the crystalline part by weight, the standard among them.
    standard
        Its name.
    added, added_std
        Weight of the standard over the weight of the whole mixture, and its standard uncertainty (1).

    Returns
    -------
    Fractions
        The other phases and ``amorphous``, the sum being one. ``amorphous`` below zero says that the standard is seen too
        strongly or that there is none.

    Raises
    ------
    StudyError
        If the standard is not among the phases, or its share is not between 0 and 1.

    Notes
    -----
    w_i = (x_i / x_s) s / (1 - s), x from the refinement, s weighed. The assumption that fails first: that the standard is as
    crystalline as it is taken for; a few per cent of amorphous surface in it shift the amorphous part by as much.
    """
    place = fractions.of(standard)
    if not 0 < added < 1:
        raise StudyError(f"The share of the standard {standard} is {added:g}; write a number between 0 and 1.")
    seen = fractions.values
    if seen[place] <= 0:
        raise StudyError(f"The standard {standard} was not seen at all; without it no absolute shares follow.")
    others = [one for one in range(len(seen)) if one != place]
    ratio = added / (1.0 - added)
    found = seen[others] / seen[place] * ratio
    slope = np.zeros((len(others) + 1, len(seen)))
    slope[np.arange(len(others)), others] = ratio / seen[place]
    slope[:-1, place] = -found / seen[place]
    slope[-1] = -slope[:-1].sum(axis=0)
    weighed = np.append(found, -found.sum()) / (added * (1.0 - added))
    parts = {cause: _moved(slope, one) for cause, one in fractions.parts.items()}
    parts["standard"] = added_std**2 * np.outer(weighed, weighed)
    names = (*(fractions.names[one] for one in others), AMORPHOUS)
    return Fractions(names, np.append(found, 1.0 - found.sum()), parts)


def _moved(slope: Array, covariance: Array) -> Array:
    moved: Array = slope @ covariance @ slope.T
    return (moved + moved.T) / 2.0
