"""How strong is each powder reflection, and how does every parameter of the atoms change that?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.atom_columns import Chosen, Column, chosen_columns, site_tensor
from interlith.crystal.cell import Cell, cell_of
from interlith.crystal.orbit_sums import OrbitSum, orbit_sums
from interlith.crystal.phase_sums import as_indices
from interlith.crystal.radiation import Custom, Probe, XRays
from interlith.crystal.structure import Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

#: Exponent of an isotropic displacement: T = exp(-2 pi^2 U / d^2).
_FACTOR = 2 * math.pi**2


@dataclass(frozen=True, eq=False, slots=True)
class _State:
    """What one set of values gives: by site the sums of full sites (n, s), terms of images by site, T and occupancies."""

    bare_real: Array | Complex
    bare_imaginary: Array | Complex
    amplitudes: Complex
    occupancies: Array
    terms: tuple[Complex, ...]
    real: Complex
    imaginary: Complex
    factor: Array
    lengths: Array


class Strengths:
    """|F|^2 of the reflections of a powder as a function of named parameters of the atoms.

    Parameters
    ----------
    structure
        The crystal: its positions, occupancies and displacements are the start, its operations stay.
    hkl
        Reflections, shape (n, 3), such as ``reflections(structure, ...).hkl``.
    probe
        As in `structure_factors`.
    positions, u_iso, u_aniso, occupancies
        Sites whose coordinates, isotropic U (angstrom^2), anisotropic U_ij (angstrom^2) and occupancies are parameters:
        labels, places in the list, or ``"all"``. Only coordinates and components that the symmetry of the site allows become
        parameters; all elements of one position move together; ``positions="all"`` leaves out one coordinate for each direction
        in which the origin floats. A site of `u_aniso` without a tensor starts at its isotropic U.
    overall
        Whether there is ``overall_u`` (angstrom^2), added to the displacement of every site, from 0.
    unknown_displacement
        U (angstrom^2) of sites that declare none.

    Raises
    ------
    StudyError
        If a site does not exist, has a tensor and is asked for isotropic U, or its element is in no table.

    Notes
    -----
    A powder shows the mean of h k l and -h -k -l, which differ in a crystal without centre whose atoms absorb; with
    amplitudes f' + i f'' the mean is |sum f' T S|^2 + |sum f'' T S|^2 for phase sums S. Sums of phases are worked out once for
    positions that do not move. The assumption that fails first: as in `structure_factors`, average occupancies.

    References
    ----------
    International Tables for Crystallography B (2010), section 1.2.
    """

    def __init__(
        self, structure: Structure, hkl: ArrayLike, probe: Probe | None = None, *, positions: Chosen = (), u_iso: Chosen = (),
        u_aniso: Chosen = (), occupancies: Chosen = (), overall: bool = False, unknown_displacement: float = 0.0,
    ) -> None:  # fmt: skip
        self.structure = structure
        self.hkl = as_indices(hkl)
        self._probe = probe or XRays()
        self._orbits, self._orbit_of = orbit_sums(structure, self.hkl)
        self.columns, self.start = chosen_columns(
            structure, self._orbit_of, positions, u_iso, u_aniso, occupancies, overall, unknown_displacement
        )
        refined = {column.sites[0] for column in self.columns if column.kind == "u_aniso"}
        self._tensors: list[Array | None] = []
        self._u_iso = np.zeros(len(structure.sites))
        for number, site in enumerate(structure.sites):
            tensor = None
            if number in refined or site.u_aniso is not None:
                tensor = site_tensor(structure, number, unknown_displacement)
            elif not math.isnan(site.u_iso):
                self._u_iso[number] = site.u_iso
            else:
                self._u_iso[number] = unknown_displacement
            self._tensors.append(tensor)
        self._occupancies = np.array([site.occupancy for site in structure.sites])
        self._along = {
            place: self._orbit(column.sites[0]).along(column.direction)
            for place, column in enumerate(self.columns)
            if column.kind == "position"
        }
        self._cached_amplitudes: tuple[tuple[float, ...], Complex] | None = None
        self._cached_sums: dict[int, tuple[bytes, tuple[Complex, Complex]]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters: ``O1_x``, ``O1_u_iso``, ``O1_u11``, ``O1_occupancy``, ``overall_u``."""
        return tuple(column.name for column in self.columns)

    def squares(self, values: ArrayLike | None = None, cell: Sequence[float] | Array | None = None) -> Array:
        """|F|^2, the mean of h k l and -h -k -l (square of the unit of the probe), shape (n,).

        Parameters
        ----------
        values
            Of the parameters, shape (p,); `start` by default.
        cell
            Six cell parameters (angstrom, deg) in place of those of the structure: they move s, and thereby form factors and
            displacements.

        Raises
        ------
        StudyError
            If the number of values is another.
        """
        return _squared(self._state(values, cell))

    def with_slopes(
        self, values: ArrayLike | None = None, cell: Sequence[float] | Array | None = None
    ) -> tuple[Array, Array]:
        """|F|^2 as `squares`, and its derivatives by the parameters, shapes (n,) and (n, p).

        Raises
        ------
        StudyError
            As `squares`.

        Notes
        -----
        There is no derivative by the cell, which changes |F|^2 through s alone: beside the positions of the reflections this is
        of second order in a refinement.
        """
        state = self._state(values, cell)
        slopes = np.empty((len(self.hkl), len(self.columns)))
        for number, column in enumerate(self.columns):
            real, imaginary = self._moved(number, column, state)
            slopes[:, number] = 2 * ((state.real.conj() * real).real + (state.imaginary.conj() * imaginary).real)
        return _squared(state), slopes

    def turned(self, weights: Array, values: ArrayLike | None = None) -> Array:
        """Second derivatives of |F|^2 by coordinates, shape (p, p), summed over the reflections with `weights` (n,).

        Those by other parameters are left out (0).

        Raises
        ------
        StudyError
            As `squares`.
        """
        state = self._state(values, None)
        places = [number for number, column in enumerate(self.columns) if column.kind == "position"]
        out = np.zeros((len(self.columns), len(self.columns)))
        moved = {number: self._moved(number, self.columns[number], state) for number in places}
        for first in places:
            for second in places:
                total = sum((one.conj() * two).real for one, two in zip(moved[first], moved[second], strict=True))
                for number in set(self.columns[first].sites) & set(self.columns[second].sites):
                    along = self._along[first] * self._along[second]
                    bent = -self._orbit(number).added(along * state.terms[number])
                    weight = state.occupancies[number] * state.amplitudes[:, number]
                    total = total + (state.real.conj() * weight.real * bent).real
                    total = total + (state.imaginary.conj() * weight.imag * bent).real
                out[first, second] = 2 * float(weights @ total)
        return out

    def _moved(self, place: int, column: Column, state: _State) -> tuple[Any, Any]:
        """Derivatives of the two sums by one parameter, each of shape (n,)."""
        if column.kind == "overall_u":
            return state.factor * state.real, state.factor * state.imaginary
        site = column.sites[0]
        if column.kind in ("u_iso", "occupancy"):
            scale = 1.0 if column.kind == "occupancy" else state.occupancies[site] * state.factor
            return scale * state.bare_real[:, site], scale * state.bare_imaginary[:, site]
        real, imaginary = np.zeros((2, len(self.hkl)), dtype=np.complex128)
        orbit, slopes = self._orbit(site), dict[int, Complex]()
        for number in column.sites:
            terms, weight = state.terms[number], state.occupancies[number] * state.amplitudes[:, number]
            if column.kind == "position":
                # Elements of one position without tensors share their terms.
                if id(terms) not in slopes:
                    slopes[id(terms)] = orbit.slope_by_shift(terms, self._along[place])
                slope = slopes[id(terms)]
            else:
                slope = orbit.added(orbit.exponents(column.direction, state.lengths) * terms)
            real += weight.real * slope
            imaginary += weight.imag * slope
        return real, imaginary

    def _state(self, values: ArrayLike | None, cell: Sequence[float] | Array | None) -> _State:
        theta = self.start if values is None else np.asarray(values, dtype=float)
        if theta.shape != self.start.shape:
            raise StudyError(
                f"{len(self.columns)} parameters were chosen ({', '.join(self.names)}), not {theta.shape}."
            )
        box = self.structure.cell if cell is None else cell_of(list(cell))
        reciprocal = box.reciprocal
        inverse_square = np.sum((self.hkl @ reciprocal) ** 2, axis=1)
        lengths = np.linalg.norm(reciprocal, axis=1)
        occupancies, u_iso, common = self._occupancies.copy(), self._u_iso.copy(), 0.0
        for value, column in zip(theta.tolist(), self.columns, strict=True):
            if column.kind == "occupancy":
                occupancies[column.sites[0]] = value
            elif column.kind == "u_iso":
                u_iso[column.sites[0]] = value
            elif column.kind == "overall_u":
                common = value
        factor = -_FACTOR * inverse_square
        displaced = np.exp(factor[:, None] * (u_iso + common))
        amplitudes = self._amplitudes(box, inverse_square) * displaced
        pairs = [self._sum(number, theta, lengths) for number in range(len(self._tensors))]
        sums = np.stack([total for _, total in pairs], axis=1)
        bare = amplitudes.real * sums, amplitudes.imag * sums
        return _State(
            *bare, amplitudes, occupancies, tuple(terms for terms, _ in pairs), bare[0] @ occupancies,
            bare[1] @ occupancies, factor, lengths,
        )  # fmt: skip

    def _amplitudes(self, box: Cell, inverse_square: Array) -> Complex:
        """f of each site at each reflection, shape (n, s), kept until the cell moves."""
        if self._cached_amplitudes is not None and self._cached_amplitudes[0] == box.parameters:
            return self._cached_amplitudes[1]
        distinct, rows = np.unique(np.round(np.sqrt(inverse_square), 12), return_inverse=True)
        found = np.empty((len(rows), len(self._tensors)), dtype=np.complex128)
        made: dict[tuple[object, ...], Any] = {}
        for number, site in enumerate(self.structure.sites):
            own = isinstance(self._probe, Custom)
            key: tuple[object, ...] = (number,) if own else (site.element, site.charge, site.isotope)
            if key not in made:
                made[key] = np.asarray(self._probe.amplitude(site, distinct / 2))[rows]
            found[:, number] = made[key]
        self._cached_amplitudes = (box.parameters, found)
        return found

    def _orbit(self, number: int) -> OrbitSum:
        return self._orbits[int(self._orbit_of[number])]

    def _sum(self, number: int, theta: Array, lengths: Array) -> tuple[Complex, Complex]:
        """Terms and sum of the phases of a site, kept until its position or tensor moves."""
        tensor = self._tensors[number]
        shift, moved = np.zeros(3), None if tensor is None else tensor.copy()
        for value, first, column in zip(theta.tolist(), self.start.tolist(), self.columns, strict=True):
            if number not in column.sites:
                continue
            if column.kind == "position":
                shift += (value - first) * column.direction
            elif column.kind == "u_aniso" and moved is not None:
                moved += (value - first) * column.direction
        # Sites on one position without tensors share their sum.
        place = number if moved is not None else -1 - int(self._orbit_of[number])
        key = shift.tobytes() + (b"" if moved is None else moved.tobytes() + lengths.tobytes())
        if self._cached_sums.get(place, (b"", None))[0] != key:
            orbit = self._orbit(number)
            terms = orbit.moved(shift)
            if moved is not None:
                terms = terms * orbit.damping(moved, lengths)
            self._cached_sums[place] = (key, (terms, orbit.added(terms)))
        return self._cached_sums[place][1]


def _squared(state: _State) -> Array:
    real, imaginary = state.real, state.imaginary
    return np.asarray(real.real**2 + real.imag**2 + imaginary.real**2 + imaginary.imag**2)
