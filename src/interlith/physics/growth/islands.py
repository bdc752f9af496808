"""From which size on does a relaxed island beat the strained film of the same volume?

An island on the wetted host shows more surface than the film that it is made of, and stores less strain:
E(r) = S r^2 - R w v r^3 with r the radius of the circle inscribed in its base. It must grow over the maximum at r* = 2 S /
(3 R w v), the critical nucleus, and beats the film from r0 = S / (R w v) = 3/2 r* on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.errors import StudyError
from interlith.physics.growth.layers import PER_AREA

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shape:
    """A pyramid, whole or truncated, on a regular base.

    Parameters
    ----------
    facet_angle
        Angle between the sides and the base (deg), shape (...).
    sides
        Number of sides; 0 is a cone.
    flat
        Size of the top over that of the base: 0 a whole pyramid, towards 1 a plate.

    Raises
    ------
    StudyError
        If sides lie flat or stand beyond the vertical, or the top is larger than the base.
    """

    facet_angle: Any = 54.7356
    sides: int = 4
    flat: Any = 0.0

    def __post_init__(self) -> None:
        angle, flat = np.asarray(self.facet_angle, dtype=float), np.asarray(self.flat, dtype=float)
        if not np.all((angle > 0) & (angle < 90)):
            raise StudyError("The sides of an island stand at more than 0 and less than 90 deg to its base.")
        if not np.all((flat >= 0) & (flat < 1)) or self.sides in (1, 2) or self.sides < 0:
            raise StudyError("An island has at least 3 sides (0 for a cone) and a top smaller than its base.")

    @property
    def base(self) -> float:
        """Area of the base over r^2."""
        return math.pi if self.sides == 0 else self.sides * math.tan(math.pi / self.sides)

    @property
    def side(self) -> Any:
        """Area of all sides over r^2."""
        return self.base * (1 - np.asarray(self.flat) ** 2) / np.cos(np.radians(self.facet_angle))

    @property
    def top(self) -> Any:
        """Area of the flat top over r^2."""
        return self.base * np.asarray(self.flat) ** 2

    @property
    def volume(self) -> Any:
        """Volume over r^3."""
        return self.base * np.tan(np.radians(self.facet_angle)) * (1 - np.asarray(self.flat) ** 3) / 3

    @property
    def height(self) -> Any:
        """Height over r."""
        return np.tan(np.radians(self.facet_angle)) * (1 - np.asarray(self.flat))


def surface_cost(
    shape: Shape,
    surface: ArrayLike,
    *,
    wetted: ArrayLike | None = None,
    top: ArrayLike | None = None,
    network: ArrayLike = 0.0,
) -> Any:
    """Energy of the surface that an island adds, over r^2 (J/m^2), shape (...).

    Parameters
    ----------
    shape
        Its shape.
    surface
        Energy of its sides (J/m^2).
    wetted, top
        Energy of the surface that it covers, and of its top (J/m^2); both that of the sides if not given.
    network
        Energy of the interface below it (J/m^2): 0 where it is coherent, that of misfit dislocations where it is not.
    """
    sides = np.asarray(surface, dtype=float)
    covered = sides if wetted is None else np.asarray(wetted, dtype=float)
    upper = sides if top is None else np.asarray(top, dtype=float)
    return sides * shape.side + upper * shape.top + (np.asarray(network, dtype=float) - covered) * shape.base


@dataclass(frozen=True, slots=True)
class IslandSize:
    """Sizes of an island, shape (...): radius of the circle in its base (angstrom).

    Parameters
    ----------
    critical
        At the maximum of the energy: smaller islands shrink.
    stable
        From where on it beats the strained film of the same volume. 0 where it costs no surface; ``inf`` where no strain is
        relaxed.
    barrier
        Energy at the maximum (eV).
    """

    critical: Any
    stable: Any
    barrier: Any


#: Electronvolts in 1 J/m^2 times 1 angstrom^2: 1e-20 J over the elementary charge (SI Brochure, 9th ed.).
_ELECTRONVOLT = 1e-20 / 1.602176634e-19


def island_size(shape: Shape, cost: ArrayLike, density: ArrayLike, *, relaxed: ArrayLike = 1.0) -> IslandSize:
    """Critical and smallest stable island.

    Parameters
    ----------
    shape
        Its shape.
    cost
        Surface that it adds, over r^2 (J/m^2); see `surface_cost`.
    density
        Elastic energy density of the strained film (GPa).
    relaxed
        Share of it that the island relaxes, 0 to 1.

    Raises
    ------
    StudyError
        If the share is outside 0 to 1.

    Notes
    -----
    Islands do not interact, keep their shape, and their strain relaxes by the same share at every size. What fails first is
    the share: a low coherent pyramid relaxes less than a steep one, a dislocated one all but what its network costs
    (`interlith.physics.growth.dislocations.network_energy`). The film left beside the island keeps its thickness.

    References
    ----------
    J. Tersoff, F. K. LeGoues, Phys. Rev. Lett. 72 (1994) 3570, 10.1103/PhysRevLett.72.3570 (energy as surface times V^(2/3)
    less relaxation times V).
    """
    share = np.asarray(relaxed, dtype=float)
    if not np.all((share >= 0) & (share <= 1)):
        raise StudyError("The relaxed share of the strain of an island lies between 0 and 1.")
    gain = PER_AREA * share * np.asarray(density, dtype=float) * shape.volume
    paid = np.maximum(np.asarray(cost, dtype=float), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        stable = np.where(gain > 0, paid / gain, np.where(paid > 0, np.inf, 0.0))
    critical = 2 * stable / 3
    barrier = paid * critical**2 / 3 * _ELECTRONVOLT
    return IslandSize(critical[()], stable[()], barrier[()])


def island_energy(
    shape: Shape, cost: ArrayLike, density: ArrayLike, radius: ArrayLike, *, relaxed: ArrayLike = 1.0
) -> Any:
    """Energy (eV) of an island of a radius (angstrom) over the strained film of the same volume."""
    r = np.asarray(radius, dtype=float)
    gain = PER_AREA * np.asarray(relaxed, dtype=float) * np.asarray(density, dtype=float) * shape.volume
    return (np.asarray(cost, dtype=float) * r**2 - gain * r**3) * _ELECTRONVOLT
