"""Which lines does a cell put into a pattern when nothing is known of their strengths, after Pawley and after Le Bail?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.cell_freedom import CellFreedom, cell_freedom, spacings_with_slopes
from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.physics.powder.broadening import Broadening, broadening
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.phase_lines import listed_lines
from interlith.physics.powder.placing import AREA, Reflected
from interlith.physics.powder.profile import add_terms

if TYPE_CHECKING:
    from interlith.physics.powder.pattern_model import PatternModel

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Mask = NDArray[np.bool_]

#: Lines closer than this (relative, in 1/d^2) are one.
_ONE = 1e-9
#: Least factor by which an area is changed at once: one that went to nothing would never come back.
_SMALLER = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class FreeLines:
    """Reflections of one phase whose areas are parameters of their own.

    Parameters
    ----------
    name
        Of the phase; begins the names of its parameters.
    structure
        Cell and symmetry; its atoms are not looked at.
    hkl, multiplicity
        Reflections, shapes (n, 3) and (n,).
    freedom
        Independent parameters of its cell.
    broadening
        Size and strain.
    group
        Number of the area that each line belongs to, shape (n,); lines of one group share it by multiplicity.
    unit
        Lorentz and polarisation factor of the start at the first wavelength, shape (n,): an area is what the line of the first
        wavelength has in the pattern, at scale 1.
    last
        1/d^2 (1/angstrom^2) at the last angle asked for.

    Notes
    -----
    The order of the parameters: scale, cell, size, strain, areas. The scale is entangled with the areas: hold it. Pawley: the areas
    move. Le Bail: they are held, and `le_bail_update` gives them new values between two fits. The assumption that fails first: lines
    that overlap nearly have areas that the pattern fixes; Le Bail leaves those in the ratio in which they began.

    References
    ----------
    G. S. Pawley, J. Appl. Crystallogr. 14 (1981) 357, 10.1107/S0021889881009618.
    Le Bail, Duroy and Fourquet, Mater. Res. Bull. 23 (1988) 447, 10.1016/0025-5408(88)90019-0.
    """

    name: str
    structure: Structure
    hkl: Array
    multiplicity: Array
    freedom: CellFreedom
    broadening: Broadening
    group: Integers
    unit: Array
    last: float = math.inf
    names: tuple[str, ...] = field(init=False)
    _shares: Array = field(init=False)

    def __post_init__(self) -> None:
        words = ("scale", *(f"cell_{one}" for one in self.freedom.names), *self.broadening.names)
        total = np.bincount(self.group, weights=self.multiplicity)
        object.__setattr__(self, "names", (*words, *(f"area_{number}" for number in range(total.size))))
        object.__setattr__(self, "_shares", self.multiplicity / total[self.group])

    @property
    def count(self) -> int:
        """Number of reflections."""
        return len(self.hkl)

    @property
    def areas(self) -> slice:
        """Where the areas stand among `names`."""
        return slice(1 + len(self.freedom.names) + len(self.broadening.names), len(self.names))

    @property
    def start(self) -> Array:
        """Values of the cell as it was given, all areas 1, shape (p,)."""
        cell = self.structure.cell
        six = np.array([cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma])
        count = self.areas.stop - self.areas.start
        return np.concatenate([[1.0], self.freedom.free(six), self.broadening.start, np.ones(count)])

    def reflected(self, values: Array, wanted: Mask | None = None) -> Reflected:
        """What the phase hands to the instrument: see `interlith.physics.powder.phase_lines.PhaseLines.reflected`."""
        del wanted
        cells, areas = slice(1, 1 + len(self.freedom.names)), self.areas
        widths = slice(cells.stop, areas.start)
        square, by_six = spacings_with_slopes(self.freedom.six(values[cells]), self.hkl)
        by_cell = by_six @ self.freedom.matrix
        wide = self.broadening.of(values[widths], square)
        slopes = np.zeros((4, len(square), len(self.names)))
        slopes[0, :, cells] = by_cell
        slopes[2, :, widths], slopes[3, :, widths] = wide.size_slopes, wide.strain_slopes
        slopes[3, :, cells] = wide.strain_by_square[:, None] * by_cell
        slopes[1, :, 0] = values[areas][self.group] * self._shares
        slopes[1, np.arange(len(square)), areas.start + self.group] = values[0] * self._shares
        return Reflected(square, values[0] * slopes[1, :, 0], wide.inverse_size, wide.strain, slopes, self.last)

    def bent(self, values: Array, some: Integers, pull: Array) -> Array:
        """Nothing: areas are free and straight, shape (m, m). See `interlith.physics.powder.phase_lines.PhaseLines.bent`."""
        del values, pull
        return np.zeros((len(some), len(some)))


def free_lines(
    structure: Structure, instrument: Instrument, two_theta_max: float, *, name: str, nearer: float = 0.0,
    size: str = "isotropic", strain: str = "isotropic", axis: ArrayLike | None = None,
) -> FreeLines:  # fmt: skip
    """Lines of a cell and its symmetry up to an angle, with free areas.

    Parameters
    ----------
    structure
        Cell and symmetry.
    instrument
        Its wavelengths.
    two_theta_max
        (deg).
    name
        Of the phase.
    nearer
        Neighbours closer than this (deg) share one area too; by default only those that coincide.
    size, strain, axis
        As `interlith.physics.powder.phase_lines.phase_lines`.

    Raises
    ------
    StudyError
        If there is no reflection up to the angle, `nearer` is negative, or symmetry forbids the axis.
    """
    if not nearer >= 0:
        raise StudyError(f"Lines share an area where they are nearer than an angle in deg, 0 or more; got {nearer:g}.")
    listed, last = listed_lines(structure, instrument, two_theta_max, name)
    freedom = cell_freedom(structure)
    hkl = np.asarray(listed.hkl, dtype=float)
    cell = structure.cell
    square, _ = spacings_with_slopes([cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma], hkl)
    order = np.argsort(square, kind="stable")
    hkl, square = hkl[order], square[order]
    theta = np.arcsin(np.minimum(instrument.wavelengths[0] / 2 * np.sqrt(square), 1 - 1e-9))
    apart = (np.diff(square) > _ONE * square[1:]) & (np.degrees(2 * np.diff(theta)) >= nearer)
    group = np.concatenate([[0], np.cumsum(apart)]).astype(np.intp)
    unit, _ = instrument.lorentz_polarisation(theta)
    return FreeLines(
        name, structure, hkl, np.asarray(listed.multiplicity, dtype=float)[order], freedom,
        broadening(structure, hkl, size=size, strain=strain, axis=axis), group, unit, last,
    )  # fmt: skip


def le_bail_update(
    model: PatternModel, values: Array, observed: Array, *, std: Array | None = None, phases: Sequence[str] | None = None
) -> Array:  # fmt: skip
    """Values with the areas of free lines that share out the observed intensity among them, shape (p,).

    Parameters
    ----------
    model
        With at least one phase of `free_lines`.
    values
        Of its names, shape (p,).
    observed
        Intensity, shape (n,).
    std
        Standard uncertainties, shape (n,); alike by default.
    phases
        Names of the phases whose areas are given new values; all that are free by default.

    Raises
    ------
    StudyError
        If none of the phases has free lines.

    Notes
    -----
    Each area is multiplied by what its line sees of the observed over what it sees of the calculated intensity above the background,
    points weighted by the line and by their uncertainty. Lines that overlap keep the ratio in which they were, as after Le Bail; but the
    plain sum over a line that he takes gives its far flanks full weight, where a background that is a little low makes it grow, and
    lines and background then drift apart from one step to the next. The areas at which nothing changes are those of least squares without
    negative ones. Areas of lines outside the pattern stay; an area that is 0 stays 0.

    References
    ----------
    Le Bail, Duroy and Fourquet, Mater. Res. Bull. 23 (1988) 447, 10.1016/0025-5408(88)90019-0. Daube-Witherspoon and Muehllehner, IEEE
    Trans. Med. Imaging 5 (1986) 61, 10.1109/TMI.1986.4307748 (the multiplicative step).
    """
    chosen = [
        number
        for number, phase in enumerate(model.phases)
        if isinstance(phase, FreeLines) and (phases is None or phase.name in phases)
    ]
    if not chosen:
        raise StudyError(
            f"None of the phases {', '.join(phase.name for phase in model.phases)} has free lines; make one with free_lines."
        )
    below = model.background_of(values)
    weight = np.ones_like(observed) if std is None else 1 / std**2
    seen, promised = weight * (observed - below), weight * (model.intensity(values) - below)
    out = values.copy()
    for number in chosen:
        phase, part = model.phases[number], model.slice_of(number)
        assert isinstance(phase, FreeLines)
        own = np.arange(part.start + phase.areas.start, part.stop)
        lines, chain = model.moved_lines(values, only=(number,))
        area = np.zeros((len(lines.position), own.size, chain.shape[1]))
        area[:, :, AREA] = chain[:, AREA, own]
        shapes = np.zeros((own.size, model.two_theta.size))
        rows = np.arange(own.size)
        add_terms(model.two_theta, lines, area, rows, np.zeros(model.two_theta.size), shapes, cut=model.cut)
        before, after = shapes @ promised, shapes @ seen
        factor = np.divide(after, before, out=np.ones(own.size), where=before > 0)
        out[own] *= np.maximum(factor, _SMALLER)
    return out
