"""What does the pattern of several phases on an instrument look like, and how does it change with each named parameter?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.physics.powder.backgrounds import Background
from interlith.physics.powder.chain_loops import fill_chain
from interlith.physics.powder.free_lines import FreeLines
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.phase_lines import PhaseLines
from interlith.physics.powder.placing import AREA, COMMON, GAUSS, POSITION, Placed, Together, placed
from interlith.physics.powder.profile import CUT, LINE_TERMS, Lines, add_terms, line_turns, profile_sum

__all__ = ["AREA", "COMMON", "GAUSS", "POSITION", "NormalEquations", "PatternModel", "PhaseOf"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Integers = NDArray[np.intp]
PhaseOf = PhaseLines | FreeLines


class NormalEquations(NamedTuple):
    """Cost = sum of weight x residual^2, gradient = J^T W r (q,), Hessian = J^T W J (q, q), with r = calculated - observed; calculated (n,).

    `bend` (q, q): sum of weight x residual x second slopes, as far as lines move.
    """

    cost: float
    gradient: Array
    hessian: Array
    calculated: Array
    bend: Array


class _Listed(NamedTuple):
    """Lines of some phases, those of each wavelength one behind the other: number of the phase among them and first line of each part;
    wavelength (angstrom), its weight, and 1/d^2 beyond which no width is judged of each line, shape (k,)."""

    numbers: list[int]
    starts: Integers
    wavelength: Array
    weight: Array
    last: Array


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
    humps
        Position and full width (deg) of broad humps of the background.

    Raises
    ------
    StudyError
        If two phases have one name, angles do not rise, or a hump has no width.

    Notes
    -----
    Parameters stand in the order: `COMMON`, background, humps, phases. What `COMMON` means stands in
    `interlith.physics.powder.placing.placed`. The axis is two theta at constant wavelength; time of flight would enter there and in the
    shape of a line (`profile`). The assumption that fails first: one absorption for all phases.
    """

    two_theta: Array
    phases: tuple[PhaseOf, ...]
    instrument: Instrument
    background: int = 6
    cut: float = CUT
    humps: tuple[tuple[float, float], ...] = ()
    names: tuple[str, ...] = field(init=False)
    _under: Background = field(init=False)
    _at: dict[str, int] = field(init=False)
    _rooms: list[Array] = field(init=False, default_factory=list)
    _kept: dict[tuple[int, ...], _Listed] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        words = [phase.name for phase in self.phases]
        if len(set(words)) < len(words):
            raise StudyError(f"Every phase of a pattern needs a name of its own; got {', '.join(words)}.")
        if self.two_theta.size < 2 or not np.all(np.diff(self.two_theta) > 0):
            raise StudyError("The angles of a pattern must rise from point to point.")
        object.__setattr__(self, "two_theta", np.ascontiguousarray(self.two_theta, dtype=float))
        object.__setattr__(self, "_under", Background(self.two_theta, self.background, self.humps))
        names = [*COMMON, *self._under.names]
        names += [f"{phase.name}_{one}" for phase in self.phases for one in phase.names]
        object.__setattr__(self, "names", tuple(names))
        object.__setattr__(self, "_at", {name: place for place, name in enumerate(names)})

    @property
    def start(self) -> Array:
        """Values of a specimen in its place, with no background, and phases as they were given, shape (p,)."""
        one = self.instrument
        known = dict(
            zip(("gauss_u", "gauss_v", "gauss_w", "lorentz_x", "lorentz_y"), (*one.gauss, *one.lorentz), strict=True)
        )
        known |= {"sample_ratio": one.sample_ratio, "slit_ratio": one.slit_ratio}
        common = [known.get(name, 0.0) for name in COMMON]
        return np.concatenate([common, self._under.start, *(phase.start for phase in self.phases)])

    def place_of(self, name: str) -> int:
        """Where a parameter stands.

        Raises
        ------
        StudyError
            If there is no such parameter.
        """
        if name not in self._at:
            raise StudyError(f"The pattern has no parameter '{name}'; it has {', '.join(self.names)}.")
        return self._at[name]

    def slice_of(self, phase: int) -> slice:
        """Where the parameters of a phase stand."""
        before = len(COMMON) + len(self._under.names) + sum(len(one.names) for one in self.phases[:phase])
        return slice(before, before + len(self.phases[phase].names))

    def background_of(self, values: Array) -> Array:
        """Polynomials and humps, shape (n,)."""
        return self._under.intensity(values[self._below])

    def intensity(self, values: Array) -> Array:
        """Calculated intensity, shape (n,), at the values of `names`, shape (p,)."""
        lines, *_ = self._lines(values, range(len(self.phases)), np.zeros(len(self.names), dtype=bool))
        return profile_sum(self.two_theta, lines, cut=self.cut) + self.background_of(values)

    def phase_intensity(self, values: Array, phase: int) -> Array:
        """Calculated intensity of one phase alone, shape (n,)."""
        lines, *_ = self._lines(values, (phase,), np.zeros(len(self.names), dtype=bool))
        return profile_sum(self.two_theta, lines, cut=self.cut)

    def with_slopes(self, values: Array, moving: Mask | None = None) -> tuple[Array, Array]:
        """Calculated intensity and its slopes by every parameter.

        Parameters
        ----------
        values
            Of `names`, shape (p,).
        moving
            Parameters whose slopes are wanted, shape (p,); all by default. Those of the others are 0 and cost nothing.

        Returns
        -------
        Shapes (n,) and (p, n).
        """
        wanted = np.ones(len(self.names), dtype=bool) if moving is None else np.asarray(moving, dtype=bool)
        out = np.zeros((len(self.names), self.two_theta.size))
        lines, chain, _ = self._lines(values, range(len(self.phases)), wanted)
        return self._evaluated(values, lines, chain, wanted, np.flatnonzero(wanted), out), out

    def normal(
        self, values: Array, moving: Mask, observed: Array, weight: Array, offset: Array | None = None
    ) -> NormalEquations:
        """Normal equations of least squares for the parameters that move.

        Parameters
        ----------
        values
            Of `names`, shape (p,).
        moving
            Parameters that move, shape (p,): q of them.
        observed, weight
            Intensity, and 1/std^2, shape (n,); a weight of 0 leaves a point out.
        offset
            Intensity beside the model, shape (n,).

        Raises
        ------
        FitError
            If values give no pattern.
        """
        wanted = np.asarray(moving, dtype=bool)
        count = int(np.count_nonzero(wanted))
        # The same memory again and again: fresh pages cost as much as the sums.
        slopes = self._rooms.pop() if self._rooms else np.empty((0, 0))
        if slopes.shape[0] != count:
            slopes = np.empty((count, self.two_theta.size))
        slopes.fill(0.0)
        lines, chain, by_strength = self._lines(values, range(len(self.phases)), wanted)
        calculated = self._evaluated(values, lines, chain, wanted, np.arange(count), slopes)
        if offset is not None:
            calculated = calculated + offset
        root = np.sqrt(weight)
        slopes *= root
        residual = (calculated - observed) * root
        bend = self._bent(values, wanted, lines, chain, by_strength, residual * root)
        found = NormalEquations(float(residual @ residual), slopes @ residual, slopes @ slopes.T, calculated, bend)
        self._rooms.append(slopes)
        return found

    def lines(self, values: Array, only: Sequence[int] | None = None) -> Lines:
        """All lines of the pattern, or those of some phases; those of the first wavelength of the first phase first."""
        phases = range(len(self.phases)) if only is None else only
        return self._lines(values, phases, np.zeros(len(self.names), dtype=bool))[0]

    def moved_lines(
        self, values: Array, moving: Mask | None = None, only: Sequence[int] | None = None
    ) -> tuple[Lines, Array]:
        """As `lines`, and their chain (k, 6, q) by the q parameters that move, all by default."""
        phases = range(len(self.phases)) if only is None else only
        wanted = np.ones(len(self.names), dtype=bool) if moving is None else np.asarray(moving, dtype=bool)
        found, chain, _ = self._lines(values, phases, wanted)
        return found, chain.transpose(0, 2, 1)

    @property
    def _below(self) -> slice:
        return slice(len(COMMON), len(COMMON) + len(self._under.names))

    def _evaluated(
        self, values: Array, lines: Lines, chain: Array, wanted: Mask, rows: Integers, slopes: Array
    ) -> Array:
        """Calculated intensity (n,); slopes of the q wanted parameters are put into their rows (q,)."""
        out = self.background_of(values)
        add_terms(self.two_theta, lines, chain, rows, out, slopes, cut=self.cut)
        below = wanted[self._below]
        first = int(np.count_nonzero(wanted[: self._below.start]))
        self._under.add_slopes(values[self._below], below, rows[first : first + np.count_nonzero(below)], slopes)
        return out

    def _bent(self, values: Array, wanted: Mask, lines: Lines, chain: Array, by_strength: Array, pull: Array) -> Array:
        """Sum of `pull` (n,) times second slopes by the q wanted parameters (q, q), as far as lines move and atoms do."""
        value, slope, turn = line_turns(self.two_theta, lines, pull, cut=self.cut)
        moves, gains = chain[:, :, POSITION], chain[:, :, AREA]
        mixed = (moves.T * slope) @ gains
        out = (moves.T * (turn * lines.area)) @ moves + mixed + mixed.T
        slots, first, copies = np.cumsum(wanted) - 1, 0, len(self.instrument.lines)
        for number, phase in enumerate(self.phases):
            part, last = self.slice_of(number), first + copies * phase.count
            some = np.flatnonzero(wanted[part])
            summed = (value * by_strength)[first:last].reshape(copies, phase.count).sum(axis=0)
            places = slots[part.start + some]
            out[np.ix_(places, places)] += phase.bent(values[part], some, summed)
            first = last
        return np.asarray(out)

    def _lines(self, values: Array, phases: Sequence[int], wanted: Mask) -> tuple[Lines, Array, Array]:
        """Lines, their chain (k, q, 6) by the q wanted parameters, and what a strength of 1 is as an area (k,)."""
        listed = self._listed(tuple(phases))
        parts = [self.slice_of(number) for number in phases]
        handed = [
            self.phases[number].reflected(values[part], wanted[part])
            for number, part in zip(phases, parts, strict=True)
        ]
        slots = np.cumsum(wanted) - 1
        common = dict(zip(COMMON, values[: len(COMMON)].tolist(), strict=True))
        if not parts:
            empty = np.zeros(0)
            none = Lines(empty, empty, empty, empty, common["sample_ratio"], common["slit_ratio"])
            return none, np.zeros((0, int(wanted.sum()), len(LINE_TERMS))), empty
        numbers, starts = listed.numbers, listed.starts
        square, strength, inverse, strain = (
            np.concatenate([handed[number][place] for number in numbers]) for place in range(4)
        )
        together = Together(square, strength, inverse, strain, listed.last, listed.wavelength, listed.weight)

        def factors(theta: Array) -> tuple[Array, Array]:
            return self._factors(theta, phases, numbers, starts)

        def named(line: int) -> str:
            return self.phases[phases[numbers[int(np.searchsorted(starts, line, side="right")) - 1]]].name

        found = placed(together, self.instrument, common, factors, named)
        position, area, gauss, lorentz = found.table
        lines = Lines(position, area, gauss, lorentz, common["sample_ratio"], common["slit_ratio"])
        chain = np.zeros((starts[-1], int(np.count_nonzero(wanted)), len(LINE_TERMS)))
        if not chain.size:
            return lines, chain, found.by_strength
        self._common(chain, found, wanted, slots)
        for number, first in zip(numbers, starts.tolist(), strict=False):
            used = np.flatnonzero(wanted[parts[number]])
            fill_chain(
                chain, first, handed[number].slopes, used, slots[parts[number].start + used], found.by_square, found.by_strength,
                found.by_inverse, found.by_strain,
            )  # fmt: skip
        return lines, chain, found.by_strength

    def _listed(self, phases: tuple[int, ...]) -> _Listed:
        """What lines of some phases have whatever the values are."""
        if phases not in self._kept:
            radiation = self.instrument.lines
            numbers = [number for number in range(len(phases)) for _ in radiation]
            counts = [self.phases[phases[number]].count for number in numbers]
            table = np.repeat(np.array(radiation * len(phases)).reshape(-1, 2), counts, axis=0)
            self._kept[phases] = _Listed(
                numbers, np.concatenate([[0], np.cumsum(counts, dtype=np.intp)]), np.ascontiguousarray(table[:, 0]),
                np.ascontiguousarray(table[:, 1]), np.repeat([self.phases[phases[number]].last for number in numbers], counts),
            )  # fmt: skip
        return self._kept[phases]

    def _common(self, chain: Array, found: Placed, wanted: Mask, slots: Integers) -> None:
        for name, (term, slope) in found.by_common.items():
            if wanted[self._at[name]]:
                chain[:, slots[self._at[name]], term] = slope
        for term, name in ((4, "sample_ratio"), (5, "slit_ratio")):
            if wanted[self._at[name]]:
                chain[:, slots[self._at[name]], term] = 1.0

    def _factors(
        self, theta: Array, phases: Sequence[int], numbers: Sequence[int], starts: Integers
    ) -> tuple[Array, Array]:
        """Lorentz and polarisation factor and its slope by theta, over that of the start where areas are free."""
        factor, slope = self.instrument.lorentz_polarisation(theta)
        for number, first, last in zip(numbers, starts[:-1].tolist(), starts[1:].tolist(), strict=True):
            unit = self.phases[phases[number]].unit
            if unit is not None:
                factor[first:last] /= unit
                slope[first:last] /= unit
        return factor, slope
