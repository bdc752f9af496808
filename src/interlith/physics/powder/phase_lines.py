"""Which lines does one phase put into a pattern, and how do they change with its cell, size, strain, texture and structure?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.cell_freedom import CellFreedom, cell_freedom, spacings_with_slopes
from interlith.crystal.intensities import Strengths
from interlith.crystal.radiation import Neutrons, XRays
from interlith.crystal.reflections import reflections
from interlith.crystal.strain_terms import PreferredOrientation, preferred_orientation
from interlith.crystal.structure import Structure
from interlith.errors import FitError, StudyError
from interlith.physics.powder.instrument import Instrument

Array = NDArray[np.float64]
Chosen = Sequence[str | int] | str

#: Shape factor between the Lorentzian width of a line and the volume-weighted size of crystallites: a sphere by its integral
#: breadth has 1.07, by its full width 0.89; A. L. Patterson, Phys. Rev. 56 (1939) 978, 10.1103/PhysRev.56.978.
SCHERRER = 0.9
#: Structures are listed to this much beyond the last angle (relative, in d), so that a cell may drift.
PADDING = 0.02
#: A squared Gaussian width of zero is this (deg^2), so that its slope is a number; one below zero by more than the square of
#: 0.003 deg, which no instrument resolves, is refused.
LEAST_SQUARE, _REFUSED = 1e-10, 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class PhaseLines:
    """Reflections of one phase with what their intensities hang on.

    Parameters
    ----------
    name
        Of the phase; begins the names of its parameters.
    structure
        Its crystal structure.
    hkl, multiplicity
        Reflections, shapes (n, 3) and (n,).
    freedom
        Independent parameters of its cell.
    strengths
        Squares of its structure factors.
    orientation
        Preferred orientation; `None` for none.
    last
        1/d^2 (1/angstrom^2) at the last angle asked for. Lines beyond it are listed since cells drift; their widths are not judged.
    """

    name: str
    structure: Structure
    hkl: Array
    multiplicity: Array
    freedom: CellFreedom
    strengths: Strengths
    orientation: PreferredOrientation | None = None
    last: float = math.inf
    names: tuple[str, ...] = field(init=False)
    _fixed: Array | None = field(init=False)

    def __post_init__(self) -> None:
        texture = ("texture",) if self.orientation is not None else ()
        words = ("scale", *(f"cell_{one}" for one in self.freedom.names), "inverse_size", "microstrain", *texture)
        object.__setattr__(self, "names", (*words, *self.strengths.names))
        fixed = self.strengths.squares() if not self.strengths.names else None
        object.__setattr__(self, "_fixed", fixed)

    @property
    def start(self) -> Array:
        """Values of a perfect powder of the structure as it was given, scale 1, shape (p,)."""
        cell = self.structure.cell
        six = np.array([cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma])
        texture = [1.0] if self.orientation is not None else []
        return np.concatenate([[1.0], self.freedom.free(six), [0.0, 0.0], texture, self.strengths.start])

    def lines(self, values: Array, instrument: Instrument, wavelength: float) -> tuple[Array, Array]:
        """Lines of one wavelength: what each is, and its slopes by `names`.

        Parameters
        ----------
        values
            Of `names`: scale, cell (angstrom, deg), inverse size (1/nm), microstrain (1), March coefficient, structure; shape (p,).
        instrument
            Its widths, Lorentz and polarisation factors.
        wavelength
            (angstrom).

        Returns
        -------
        Shape (4, n): theta (rad), area (without the weight of the wavelength), Gaussian and Lorentzian full width (deg); and slopes
        (4, n, p). Lines that the wavelength cannot reach have area 0.

        Raises
        ------
        FitError
            If a squared Gaussian width is negative at a line.

        Notes
        -----
        Area = scale x multiplicity x |F|^2 x Lorentz and polarisation x texture. Slopes by the cell leave out that form factors
        follow the angle. The assumption that fails first: sizes and strains alike in all directions.
        """
        count = len(self.freedom.names)
        square, by_cell = spacings_with_slopes(self.freedom.six(values[1 : 1 + count]), self.hkl)
        sine = wavelength / 2 * np.sqrt(square)
        seen = sine < 1
        theta = np.arcsin(np.where(seen, sine, 0.5))
        sine, cosine = np.sin(theta), np.cos(theta)
        tangent = sine / cosine
        found, slopes = np.zeros((4, len(square))), np.zeros((4, len(square), len(self.names)))
        found[0] = theta
        turned = (wavelength**2 / (8 * sine * cosine))[:, None] * (by_cell @ self.freedom.matrix)
        slopes[0, :, 1 : 1 + count] = turned
        found[1], by_theta = self._areas(values, instrument, theta, slopes[1])
        found[1], slopes[1] = found[1] * seen, slopes[1] * seen[:, None]
        slopes[1, :, 1 : 1 + count] += (by_theta * seen)[:, None] * turned
        u, v, w = instrument.gauss
        variance = u * tangent**2 + v * tangent + w
        judged = seen & (square <= self.last)
        if np.any(judged & (variance < -_REFUSED)):
            place = math.degrees(2 * theta[int(np.argmin(np.where(judged, variance, np.inf)))])
            raise FitError(
                f"U, V, W = {u:.4g}, {v:.4g}, {w:.4g} deg^2 give {self.name} a squared Gaussian width of {variance[judged].min():.3g} deg^2 "
                f"at {place:.2f} deg; it must not be negative there. Raise W, or V towards zero."
            )
        found[2] = np.sqrt(np.maximum(variance, LEAST_SQUARE))
        bend = np.where(variance > LEAST_SQUARE, (2 * u * tangent + v) / (2 * found[2] * cosine**2), 0.0)
        slopes[2, :, 1 : 1 + count] = bend[:, None] * turned
        x, y = instrument.lorentz
        # 0.1 nm an angstrom.
        unit = math.degrees(SCHERRER * 0.1 * wavelength)
        wide = x + unit * values[1 + count]
        strained = y + math.degrees(4) * values[2 + count]
        found[3] = wide / cosine + strained * tangent
        slopes[3, :, 1 : 1 + count] = ((wide * sine + strained) / cosine**2)[:, None] * turned
        slopes[3, :, 1 + count], slopes[3, :, 2 + count] = unit / cosine, math.degrees(4) * tangent
        return found, slopes

    def _areas(self, values: Array, instrument: Instrument, theta: Array, slopes: Array) -> tuple[Array, Array]:
        """Areas (n,) and their slopes by theta (n,); those by scale, texture and structure go into `slopes` (n, p)."""
        place = 3 + len(self.freedom.names)
        factor, factor_slope = instrument.lorentz_polarisation(theta)
        texture, texture_slope = np.ones(len(theta)), np.zeros(len(theta))
        inner = place
        if self.orientation is not None:
            texture, texture_slope = self.orientation.factors(float(values[place]))
            inner += 1
        if self._fixed is not None:
            squares, by_structure = self._fixed, np.zeros((len(theta), 0))
        else:
            squares, by_structure = self.strengths.with_slopes(values[inner:])
        bare = self.multiplicity * squares
        unit = bare * factor * texture
        slopes[:, 0] = unit
        if self.orientation is not None:
            slopes[:, place] = values[0] * bare * factor * texture_slope
        slopes[:, inner:] = (values[0] * self.multiplicity * factor * texture)[:, None] * by_structure
        return values[0] * unit, values[0] * bare * texture * factor_slope


def phase_lines(
    structure: Structure, instrument: Instrument, two_theta_max: float, *, name: str, positions: Chosen = (), u_iso: Chosen = (),
    u_aniso: Chosen = (), occupancies: Chosen = (), overall: bool = False, texture: ArrayLike | None = None,
    unknown_displacement: float = 0.0,
) -> PhaseLines:  # fmt: skip
    """Lines of a structure up to an angle.

    Parameters
    ----------
    structure
        The crystal.
    instrument
        Its radiation says how strongly atoms scatter.
    two_theta_max
        (deg).
    name
        Of the phase.
    positions, u_iso, u_aniso, occupancies
        Sites (labels or places, or ``all``) whose coordinates, displacements (angstrom^2) or occupancies are parameters.
    overall
        Whether a displacement common to all sites is a parameter.
    texture
        Indices of the plane that crystallites lie on, shape (3,); its March coefficient is a parameter then.
    unknown_displacement
        U (angstrom^2) of sites without one.

    Raises
    ------
    StudyError
        If there is no reflection up to the angle.
    """
    shortest = instrument.wavelengths[0]
    probe = Neutrons() if instrument.radiation == "neutron" else XRays(shortest)
    limit = shortest / (2 * math.sin(math.radians(min(two_theta_max, 179.0) / 2)))
    listed = reflections(structure, d_min=max(limit * (1 - PADDING), shortest / 2 * 1.0001))
    if not len(listed):
        raise StudyError(
            f"{name} has no reflection up to {two_theta_max:g} deg at {shortest:g} angstrom; its cell is {structure.cell.a:g} by "
            f"{structure.cell.b:g} by {structure.cell.c:g} angstrom."
        )
    strengths = Strengths(
        structure, listed.hkl, probe, positions=positions, u_iso=u_iso, u_aniso=u_aniso, occupancies=occupancies, overall=overall,
        unknown_displacement=unknown_displacement,
    )  # fmt: skip
    orientation = None if texture is None else preferred_orientation(structure, listed.hkl, np.asarray(texture))
    return PhaseLines(
        name, structure, np.asarray(listed.hkl, dtype=float), np.asarray(listed.multiplicity, dtype=float), cell_freedom(structure),
        strengths, orientation, 1 / limit**2,
    )  # fmt: skip
