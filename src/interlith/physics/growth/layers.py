"""Does the next layer of a strained film pay, and which growth mode follows?

Energies are per area of the interface (J/m^2), counted from the bare host and a large, relaxed crystal of the film. Layer n
costs its strain energy and brings the gain of its place: the first one replaces the surface of the host by the interface and
the surface of the film (gain = gamma_host - gamma_film - gamma_interface), later ones cover film by film.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: Growth modes in the order of the numbers that `mode` gives.
MODES = ("Frank-van der Merwe", "Stranski-Krastanov", "Volmer-Weber")
#: From GPa angstrom to J/m^2: 1e9 times 1e-10.
PER_AREA = 0.1


def elastic_energy(modulus: ArrayLike, strain: ArrayLike, thickness: ArrayLike) -> Any:
    """Strain energy per area (J/m^2), M e^2 h, of a film strained by the same in all directions of its plane.

    Parameters
    ----------
    modulus
        Biaxial modulus M(hkl) (GPa), any shape that goes with the others.
    strain, thickness
        Strain in the plane, and thickness (angstrom).
    """
    return (
        PER_AREA
        * np.asarray(modulus, dtype=float)
        * np.asarray(strain, dtype=float) ** 2
        * np.asarray(thickness, dtype=float)
    )


def implied_modulus(energy: ArrayLike, strain: ArrayLike, thickness: ArrayLike) -> Any:
    """Biaxial modulus (GPa) that a strain energy per area (J/m^2) of a layer of a thickness (angstrom) stands for."""
    return np.asarray(energy, dtype=float) / (
        PER_AREA * np.asarray(strain, dtype=float) ** 2 * np.asarray(thickness, dtype=float)
    )


def wetting_gain(host: ArrayLike, film: ArrayLike, interface: ArrayLike) -> Any:
    """Gain of the first layer (J/m^2) from the energies of the three surfaces that change (J/m^2).

    References
    ----------
    E. Bauer, Z. Kristallogr. 110 (1958) 372, 10.1524/zkri.1958.110.1-6.372.
    """
    return np.asarray(host, dtype=float) - np.asarray(film, dtype=float) - np.asarray(interface, dtype=float)


def marginal(elastic: ArrayLike, gain: ArrayLike, later: ArrayLike = 0.0, *, count: int = 6) -> Array:
    """Energy that each layer adds (J/m^2), shape (..., count).

    Parameters
    ----------
    elastic
        Strain energy of one layer (J/m^2), shape (...).
    gain, later
        Gain of the first and of every later layer (J/m^2), shape (...).
    count
        Number of layers.
    """
    cost, first, rest = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (elastic, gain, later)))
    steps = np.repeat((cost - rest)[..., None], count, axis=-1)
    steps[..., 0] = cost - first
    return steps


def cumulative(elastic: ArrayLike, gain: ArrayLike, later: ArrayLike = 0.0, *, count: int = 6) -> Array:
    """Energy of 0, 1, ... `count` layers (J/m^2), shape (..., count + 1)."""
    cost, first, rest = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (elastic, gain, later)))
    number = np.arange(count + 1, dtype=float)
    # In closed form: a running sum of a million layers would lose six digits.
    energies: Array = (cost - rest)[..., None] * number - (first - rest)[..., None] * (number > 0)
    return energies


def mode(elastic: ArrayLike, gain: ArrayLike, later: ArrayLike = 0.0) -> NDArray[np.int64]:
    """Growth mode as an index into `MODES`, shape (...).

    The criterion is the sign of what the next layer adds: Volmer-Weber if the first layer does not pay, Stranski-Krastanov if
    the first does and a later one does not, Frank-van der Merwe if all do. A layer that adds exactly nothing pays.

    Notes
    -----
    Equilibrium against a large relaxed crystal of the film. What fails first is equilibrium: a film that is supersaturated,
    or too cold to move, grows on in layers where this says islands.
    """
    steps = marginal(elastic, gain, later, count=2)
    codes = np.where(steps[..., 0] > 0, 2, np.where(steps[..., 1] > 0, 1, 0))
    return np.asarray(codes, dtype=np.int64)


def boundary_gain(modulus: ArrayLike, misfit: ArrayLike, spacing: ArrayLike) -> Any:
    """Gain (J/m^2) below which the first layer does not pay: the strain energy of one layer."""
    return elastic_energy(modulus, misfit, spacing)


def boundary_misfit(modulus: ArrayLike, gain: ArrayLike, spacing: ArrayLike) -> Any:
    """Misfit above which a layer with a gain (J/m^2) does not pay; the inverse of `boundary_gain`."""
    return np.sqrt(
        np.maximum(np.asarray(gain, dtype=float), 0.0)
        / (PER_AREA * np.asarray(modulus, dtype=float) * np.asarray(spacing, dtype=float))
    )
