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
from interlith.crystal.reflections import Reflections, reflections
from interlith.crystal.strain_terms import PreferredOrientation, preferred_orientation
from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.physics.powder.broadening import Broadening, broadening
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.placing import Reflected

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Chosen = Sequence[str | int] | str

#: Structures are listed to this much beyond the last angle (relative, in d), so that a cell may drift.
PADDING = 0.02


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
    broadening
        Size and strain; isotropic by default.

    Notes
    -----
    The order of the parameters: scale, cell, size, strain, texture, structure.
    """

    name: str
    structure: Structure
    hkl: Array
    multiplicity: Array
    freedom: CellFreedom
    strengths: Strengths
    orientation: PreferredOrientation | None = None
    last: float = math.inf
    broadening: Broadening = field(default_factory=lambda: Broadening(0))
    names: tuple[str, ...] = field(init=False)
    _kept: dict[str, tuple[bytes, Array, Array]] = field(init=False, default_factory=dict)
    _handed: list[tuple[bytes, float, Reflected]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        if self.broadening.count != len(self.hkl):
            object.__setattr__(self, "broadening", Broadening(len(self.hkl)))
        texture = ("texture",) if self.orientation is not None else ()
        words = ("scale", *(f"cell_{one}" for one in self.freedom.names), *self.broadening.names, *texture)
        object.__setattr__(self, "names", (*words, *self.strengths.names))

    @property
    def start(self) -> Array:
        """Values of a perfect powder of the structure as it was given, scale 1, shape (p,)."""
        cell = self.structure.cell
        six = np.array([cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma])
        texture = [1.0] if self.orientation is not None else []
        return np.concatenate([[1.0], self.freedom.free(six), self.broadening.start, texture, self.strengths.start])

    @property
    def unit(self) -> Array | None:
        """Nothing: strengths are those of the structure, and not yet what the instrument makes of them."""
        return None

    def reflected(self, values: Array, wanted: Mask | None = None) -> Reflected:
        """What the phase hands to the instrument.

        Parameters
        ----------
        values
            Of `names`: scale, cell (angstrom, deg), size (1/nm), strain (1), March coefficient, structure; shape (p,).
        wanted
            Parameters whose slopes are wanted, shape (p,); all by default. Those of the structure cost most.

        Notes
        -----
        Strength = scale x multiplicity x |F|^2 x texture. Slopes by the cell leave out that form factors follow the angle. Where the
        strengths hang on nothing that moves they are worked out once.
        """
        key = values[1:].tobytes() + (b"" if wanted is None else np.asarray(wanted).tobytes())
        if self._handed and self._handed[0][0] == key and self._handed[0][1] != 0:
            return _scaled(self._handed[0][2], float(values[0]), self._handed[0][1])
        found = self._worked_out(values, wanted)
        self._handed[:] = [(key, float(values[0]), found)]
        return found

    def _worked_out(self, values: Array, wanted: Mask | None) -> Reflected:
        cells = slice(1, 1 + len(self.freedom.names))
        widths = slice(cells.stop, cells.stop + len(self.broadening.names))
        slopes = np.zeros((4, len(self.hkl), len(self.names)))
        square, by_cell = self._spacings(values[cells])
        wide = self.broadening.of(values[widths], square)
        slopes[0, :, cells] = by_cell
        slopes[2, :, widths] = wide.size_slopes
        slopes[3, :, widths] = wide.strain_slopes
        slopes[3, :, cells] = wide.strain_by_square[:, None] * by_cell
        inner, texture = widths.stop, np.ones(len(square))
        if self.orientation is not None:
            texture, texture_slope = self.orientation.factors(float(values[inner]))
            inner += 1
        moved = wanted is None or bool(np.any(wanted[inner:]))
        squares, by_structure = self._squares(values[inner:], moved)
        bare = self.multiplicity * squares
        slopes[1, :, 0] = bare * texture
        if self.orientation is not None:
            slopes[1, :, inner - 1] = values[0] * bare * texture_slope
        if moved:
            slopes[1, :, inner:] = (values[0] * self.multiplicity * texture)[:, None] * by_structure
        return Reflected(square, values[0] * slopes[1, :, 0], wide.inverse_size, wide.strain, slopes, self.last)

    @property
    def count(self) -> int:
        """Number of reflections."""
        return len(self.hkl)

    def bent(self, values: Array, some: NDArray[np.intp], pull: Array) -> Array:
        """Sum of `pull` (n,) times the second slopes of the strengths by coordinates.

        Parameters
        ----------
        values
            Of `names`, shape (p,).
        some
            Places of the parameters that move, shape (m,); those that are no coordinates bend nothing here.
        pull
            Any number for each reflection, shape (n,).

        Returns
        -------
        Shape (m, m).
        """
        inner, out = len(self.names) - len(self.strengths.names), np.zeros((len(some), len(some)))
        own = some >= inner
        if any(self.strengths.columns[place].kind == "position" for place in some[own] - inner):
            weights = pull * values[0] * self.multiplicity
            if self.orientation is not None:
                weights = weights * self.orientation.factors(float(values[inner - 1]))[0]
            turned = self.strengths.turned(weights, values[inner:])
            out[np.ix_(own, own)] = turned[np.ix_(some[own] - inner, some[own] - inner)]
        return out

    def _spacings(self, cell: Array) -> tuple[Array, Array]:
        """1/d^2 (1/angstrom^2), shape (n,), and its slopes by the free cell parameters, kept until the cell moves."""
        key = cell.tobytes()
        kept = self._kept.get("cell")
        if kept is None or kept[0] != key:
            square, by_six = spacings_with_slopes(self.freedom.six(cell), self.hkl)
            kept = self._kept["cell"] = (key, square, by_six @ self.freedom.matrix)
        return kept[1], kept[2]

    def _squares(self, values: Array, moved: bool) -> tuple[Array, Array]:
        """|F|^2 (n,) and, where wanted, slopes by the structure; kept until the structure moves."""
        key = values.tobytes()
        kept = self._kept.get("squares")
        if kept is None or kept[0] != key or (moved and kept[2].shape[1] < len(values)):
            if moved and len(values):
                kept = (key, *self.strengths.with_slopes(values))
            else:
                kept = (key, self.strengths.squares(values), np.zeros((len(self.hkl), 0)))
            self._kept["squares"] = kept
        return kept[1], kept[2]


def _scaled(known: Reflected, scale: float, before: float) -> Reflected:
    """What a phase hands over at another scale, nothing else having changed."""
    if scale == before:
        return known
    slopes = known.slopes.copy()
    slopes[1, :, 1:] *= scale / before
    return known._replace(strength=scale * slopes[1, :, 0], slopes=slopes)


def phase_lines(
    structure: Structure, instrument: Instrument, two_theta_max: float, *, name: str, positions: Chosen = (), u_iso: Chosen = (),
    u_aniso: Chosen = (), occupancies: Chosen = (), overall: bool = False, texture: ArrayLike | None = None,
    unknown_displacement: float = 0.0, size: str = "isotropic", strain: str = "isotropic", axis: ArrayLike | None = None,
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
    size
        ``isotropic``: `inverse_size`; ``uniaxial``: `inverse_size_along` and `inverse_size_across` an axis (1/nm).
    strain
        ``isotropic``: `microstrain`; ``uniaxial``: `microstrain_along` and `microstrain_across`; ``stephens``: terms such as `s400` and
        `s220` (1/angstrom^4), which begin at an isotropic strain of 0.0002.
    axis
        Planes h k l whose normal is the axis of what is uniaxial, shape (3,).

    Raises
    ------
    StudyError
        If there is no reflection up to the angle, or symmetry forbids the axis.
    """
    listed, last = listed_lines(structure, instrument, two_theta_max, name)
    probe = Neutrons() if instrument.radiation == "neutron" else XRays(instrument.wavelengths[0])
    strengths = Strengths(
        structure, listed.hkl, probe, positions=positions, u_iso=u_iso, u_aniso=u_aniso, occupancies=occupancies, overall=overall,
        unknown_displacement=unknown_displacement,
    )  # fmt: skip
    orientation = None if texture is None else preferred_orientation(structure, listed.hkl, np.asarray(texture))
    return PhaseLines(
        name, structure, np.asarray(listed.hkl, dtype=float), np.asarray(listed.multiplicity, dtype=float), cell_freedom(structure),
        strengths, orientation, last, broadening(structure, np.asarray(listed.hkl), size=size, strain=strain, axis=axis),
    )  # fmt: skip


def listed_lines(
    structure: Structure, instrument: Instrument, two_theta_max: float, name: str
) -> tuple[Reflections, float]:
    """Reflections of a structure up to an angle (deg) and a little beyond, and 1/d^2 (1/angstrom^2) at that angle.

    Raises
    ------
    StudyError
        If there is none.
    """
    shortest = instrument.wavelengths[0]
    limit = shortest / (2 * math.sin(math.radians(min(two_theta_max, 179.0) / 2)))
    listed = reflections(structure, d_min=max(limit * (1 - PADDING), shortest / 2 * 1.0001))
    if not len(listed):
        raise StudyError(
            f"{name} has no reflection up to {two_theta_max:g} deg at {shortest:g} angstrom; its cell is {structure.cell.a:g} by "
            f"{structure.cell.b:g} by {structure.cell.c:g} angstrom."
        )
    return listed, 1 / limit**2
