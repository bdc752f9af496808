"""How does the sum of phases over the images of one position change as the position or its displacement tensor moves?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.phase_sums import centred, has_inversion_at_origin, images, products
from interlith.crystal.site_freedom import COMPONENTS, exact_position
from interlith.crystal.structure import Integers, Structure

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: exp(-2 pi^2 h U h) for U in units of the reciprocal edges.
_FACTOR = 2 * math.pi**2


@dataclass(frozen=True, eq=False, slots=True)
class OrbitSum:
    """Images of one position that neither centring nor an inversion at the origin relates, prepared for a list of indices.

    Parameters
    ----------
    terms
        Weight times exp(2 pi i h x) of each image at the listed position, shape (n, m).
    turned
        Indices as seen from the listed position, h R of each image, shape (n, m, 3).
    real
        Whether the inversion at the origin makes the sum real.
    """

    terms: Complex
    turned: Array
    real: bool

    def moved(self, shift: Array) -> Complex:
        """The terms after a shift of the position (fractions of the edges), shape (3,)."""
        if not np.any(shift):
            return self.terms
        return np.asarray(self.terms * np.exp((2j * math.pi) * (self.turned @ shift)))

    def damping(self, tensor: Array, lengths: Array) -> Array:
        """exp(-2 pi^2 h U h) of each image, shape (n, m).

        Parameters
        ----------
        tensor
            U11 U22 U33 U12 U13 U23 (angstrom^2), with the symmetry of the site.
        lengths
            Of the reciprocal edges (1/angstrom), shape (3,).
        """
        return np.asarray(np.exp(self.exponents(tensor, lengths)))

    def exponents(self, tensor: Array, lengths: Array) -> Array:
        """-2 pi^2 h U h of each image, shape (n, m); linear in the tensor."""
        scaled = [
            (1 if i == j else 2) * value * lengths[i] * lengths[j]
            for value, (i, j) in zip(tensor, COMPONENTS, strict=True)
        ]
        n, m, _ = self.turned.shape
        # h^2 k^2 l^2 hk hl kl stand in the order of the components.
        flat: Array = products(self.turned.reshape(n * m, 3)) @ np.asarray(scaled)
        return -_FACTOR * flat.reshape(n, m)

    def added(self, terms: Complex) -> Complex:
        """The sum over the images, shape (n,)."""
        total = terms.sum(axis=1)
        return np.asarray(total.real + 0j) if self.real else np.asarray(total)

    def along(self, direction: Array) -> Array:
        """2 pi h R of each image along a direction (fractions of the edges), shape (n, m): how its phase turns in a shift."""
        return np.asarray((2 * math.pi) * (self.turned @ direction))

    def slope_by_shift(self, terms: Complex, along: Array) -> Complex:
        """Derivative of the sum by a shift, from `along` its direction, shape (n,)."""
        if self.real:
            return np.asarray(-np.einsum("nm,nm->n", along, terms.imag) + 0j)
        return np.asarray(1j * np.einsum("nm,nm->n", along, terms))


def orbit_sums(structure: Structure, hkl: Array) -> tuple[tuple[OrbitSum, ...], Integers]:
    """Prepare the distinct positions of a structure.

    Parameters
    ----------
    structure
        The crystal.
    hkl
        Indices, shape (n, 3).

    Returns
    -------
    The sums, and which of them each site has, shape (number of sites,).
    """
    bare = replace(structure, sites=tuple(replace(site, u_aniso=None) for site in structure.sites))
    prepared = images(bare)
    allowed = centred(prepared.centrings, hkl) * float(len(prepared.centrings))
    ends = [*prepared.starts[1:].tolist(), len(prepared.weights)]
    inversion = has_inversion_at_origin(structure)
    found = []
    for place, (start, end) in enumerate(zip(prepared.starts.tolist(), ends, strict=True)):
        first = int(np.flatnonzero(prepared.column == place)[0])
        positions = prepared.fractions[start:end]
        turns = _turns(structure, exact_position(structure, first), positions)
        weights = prepared.weights[start:end] * allowed[:, None]
        terms = weights * np.exp((2j * math.pi) * (hkl @ positions.T))
        found.append(OrbitSum(terms, np.einsum("ni,mij->nmj", hkl, turns), inversion))
    return tuple(found), prepared.column


def _turns(structure: Structure, listed: Array, positions: Array) -> Array:
    """The rotation part of an operation that leads from the listed position to each image, shape (m, 3, 3)."""
    reached = structure.rotations @ listed + structure.translations
    made = np.empty((len(positions), 3, 3))
    for place, image in enumerate(positions):
        gaps = reached - image
        gaps -= np.rint(gaps)
        made[place] = structure.rotations[int(np.argmin(np.abs(gaps).max(axis=1)))]
    return made
