"""What does the pattern of several phases on an instrument look like, and how does it change with each named parameter?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.phase_lines import LEAST_SQUARE, PhaseLines
from interlith.physics.powder.profile import CUT, LINE_TERMS, Lines, profile_sum, profile_terms

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: What the instrument and the mounting of the specimen add to a pattern, in the order of the first parameters: shift of the
#: zero (deg) and of the specimen (mm), roughness of its surface (1), U, V, W (deg^2), X, Y (deg), S/L and H/L.
COMMON = (
    "zero", "displacement", "roughness", "gauss_u", "gauss_v", "gauss_w", "lorentz_x", "lorentz_y", "sample_ratio", "slit_ratio",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class PatternModel:
    """A powder pattern as a function of named parameters.

    Parameters
    ----------
    two_theta
        (deg), shape (n,), rising.
    phases
        Lines of every phase.
    instrument
        Its widths and divergence are the start.
    background
        Number of Chebyshev polynomials.
    cut
        Part of its height at which a line ends.

    Raises
    ------
    StudyError
        If two phases have one name, or angles do not rise.

    Notes
    -----
    Roughness q weakens low angles by exp(q - q / sin(theta)), the form of a surface whose pits shade each other; it is
    common to all phases. The assumption that fails first: one absorption for all phases, which is what weighs wrongly
    where heavy and light grains are mixed.

    References
    ----------
    P. Suortti, J. Appl. Crystallogr. 5 (1972) 325, 10.1107/S0021889872009707 (surface roughness).
    """

    two_theta: Array
    phases: tuple[PhaseLines, ...]
    instrument: Instrument
    background: int = 6
    cut: float = CUT
    names: tuple[str, ...] = field(init=False)
    _curves: Array = field(init=False)

    def __post_init__(self) -> None:
        words = [phase.name for phase in self.phases]
        if len(set(words)) < len(words):
            raise StudyError(f"Every phase of a pattern needs a name of its own; got {', '.join(words)}.")
        if self.two_theta.size < 2 or not np.all(np.diff(self.two_theta) > 0):
            raise StudyError("The angles of a pattern must rise from point to point.")
        names = [*COMMON, *(f"background_{number}" for number in range(self.background))]
        names += [f"{phase.name}_{one}" for phase in self.phases for one in phase.names]
        first, last = self.two_theta[0], self.two_theta[-1]
        place = (2 * self.two_theta - first - last) / (last - first)
        curves = np.polynomial.chebyshev.chebvander(place, max(self.background - 1, 0)).T[: self.background]
        object.__setattr__(self, "names", tuple(names))
        object.__setattr__(self, "_curves", np.ascontiguousarray(curves))

    @property
    def start(self) -> Array:
        """Values of a specimen in its place, with no background, and phases as they were given, shape (p,)."""
        one = self.instrument
        common = [0.0, 0.0, 0.0, *one.gauss, *one.lorentz, one.sample_ratio, one.slit_ratio]
        return np.concatenate([common, np.zeros(self.background), *(phase.start for phase in self.phases)])

    def place_of(self, name: str) -> int:
        """Where a parameter stands.

        Raises
        ------
        StudyError
            If there is no such parameter.
        """
        if name not in self.names:
            raise StudyError(f"The pattern has no parameter '{name}'; it has {', '.join(self.names)}.")
        return self.names.index(name)

    def slice_of(self, phase: int) -> slice:
        """Where the parameters of a phase stand."""
        before = len(COMMON) + self.background + sum(len(one.names) for one in self.phases[:phase])
        return slice(before, before + len(self.phases[phase].names))

    def background_of(self, values: Array) -> Array:
        """Background, shape (n,)."""
        return np.asarray(values[len(COMMON) : len(COMMON) + self.background] @ self._curves)

    def intensity(self, values: Array) -> Array:
        """Calculated intensity, shape (n,), at the values of `names`, shape (p,)."""
        lines, _ = self.lines(values)
        return profile_sum(self.two_theta, lines, cut=self.cut) + self.background_of(values)

    def phase_intensity(self, values: Array, phase: int) -> Array:
        """Calculated intensity of one phase alone, shape (n,)."""
        lines, _ = self.lines(values, only=(phase,))
        return profile_sum(self.two_theta, lines, cut=self.cut)

    def with_slopes(self, values: Array, moving: Mask | None = None) -> tuple[Array, Array]:
        """Calculated intensity and its slopes by every parameter.

        Parameters
        ----------
        values
            Of `names`, shape (p,).
        moving
            Parameters whose slopes are wanted, shape (p,); all by default. Those of the others are 0.

        Returns
        -------
        Shapes (n,) and (p, n).
        """
        wanted = np.ones(len(self.names), dtype=bool) if moving is None else moving
        lines, chain = self.lines(values)
        found, slopes = profile_terms(self.two_theta, lines, chain[:, :, wanted], cut=self.cut)
        out = np.zeros((len(self.names), self.two_theta.size))
        out[wanted] = slopes
        curves = slice(len(COMMON), len(COMMON) + self.background)
        out[curves] = np.where(wanted[curves, None], self._curves, 0.0)
        return found + self.background_of(values), out

    def lines(self, values: Array, only: Sequence[int] | None = None) -> tuple[Lines, Array]:
        """All lines of the pattern, those of the first wavelength of the first phase first, and their chain (k, 6, p)."""
        instrument = replace(self.instrument, gauss=_three(values[3:6]), lorentz=(float(values[6]), float(values[7])))
        pieces, chains = [], []
        for number in range(len(self.phases)) if only is None else only:
            for wavelength, weight in instrument.lines:
                piece, chain = self._placed(values, instrument, number, wavelength, weight)
                pieces.append(piece)
                chains.append(chain)
        place, area, gauss, lorentz = np.concatenate(pieces, axis=1) if pieces else np.zeros((4, 0))
        chain = np.concatenate(chains) if chains else np.zeros((0, len(LINE_TERMS), len(self.names)))
        chain[:, 4, 8] = chain[:, 5, 9] = 1.0
        return Lines(place, area, gauss, lorentz, float(values[8]), float(values[9])), chain

    def _placed(
        self, values: Array, instrument: Instrument, number: int, wavelength: float, weight: float
    ) -> tuple[Array, Array]:
        """Lines of one phase and wavelength where the instrument sees them (4, n), and their chain (n, 6, p)."""
        part = self.slice_of(number)
        found, inner = self.phases[number].lines(values[part], instrument, wavelength)
        theta = found[0]
        by_theta = np.full(len(theta), np.degrees(2.0))
        place = np.degrees(2 * theta) + values[0]
        chain = np.zeros((len(theta), len(LINE_TERMS), len(self.names)))
        chain[:, 0, 0] = 1.0
        if instrument.radius > 0:
            shift, bend = instrument.displacement(theta)
            place, by_theta = place + values[1] * shift, by_theta + values[1] * bend
            chain[:, 0, 1] = shift
        chain[:, :4, part] = inner.transpose(1, 0, 2)
        chain[:, 0, part] *= by_theta[:, None]
        sine, tangent = np.sin(theta), np.tan(theta)
        factor = weight * np.exp(values[2] * (1 - 1 / sine))
        area = found[1] * factor
        chain[:, 1, part] *= factor[:, None]
        chain[:, 1, part] += (area * values[2] * np.cos(theta) / sine**2)[:, None] * inner[0]
        chain[:, 1, 2] = area * (1 - 1 / sine)
        # A line held at the least width does not follow U, V and W.
        half = np.where(found[2] ** 2 > 1.0001 * LEAST_SQUARE, 1 / (2 * found[2]), 0.0)
        chain[:, 2, 3], chain[:, 2, 4], chain[:, 2, 5] = half * tangent**2, half * tangent, half
        chain[:, 3, 6], chain[:, 3, 7] = 1 / np.cos(theta), tangent
        return np.stack([place, area, found[2], found[3]]), chain


def _three(values: Array) -> tuple[float, float, float]:
    u, v, w = values.tolist()
    return u, v, w
