"""What does a powder of known phases, cells and grains give on a diffractometer, before a quantum is counted?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.cell_freedom import spacings_with_slopes
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.errors import StudyError, nearest
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines

Array = NDArray[np.float64]

#: Mean square displacement (angstrom^2) of atoms of which neither the structure nor the recipe tells one: a round number within those of
#: oxides at room temperature (B = 0.4 to 0.8 angstrom^2).
DISPLACEMENT = 0.0065


@dataclass(frozen=True, slots=True)
class Ingredient:
    """A phase of a simulated powder.

    Parameters
    ----------
    name
        Of the phase in the truth; begins the names of its parameters.
    structure
        A shipped structure by name, or one at hand.
    weight
        Share by weight; those of a powder are divided by their sum.
    size
        Of crystallites (nm), as the Lorentzian width of lines says it.
    microstrain
        Root of the relative change of spacings (1), as the Lorentzian width says it.
    texture
        Plane that crystallites lie on and March coefficient; `None` for none.
    cell
        Parameters of the cell that differ from those of the structure: ``{"a": 8.171}`` (angstrom, deg).
    u_iso
        Mean square displacement (angstrom^2) of atoms of which the structure tells none.
    """

    name: str
    structure: str | Structure
    weight: float = 1.0
    size: float = 150.0
    microstrain: float = 0.0
    texture: tuple[tuple[int, int, int], float] | None = None
    cell: Mapping[str, float] = field(default_factory=dict)
    u_iso: float = DISPLACEMENT


@dataclass(frozen=True, slots=True)
class Haze:
    """What lies below the lines (counts/s): a level, air scatter that falls with the angle, humps of what is amorphous.

    Parameters
    ----------
    level
        Everywhere alike (counts/s).
    air
        At angle 0 (counts/s), and the angle over which it falls by e (deg).
    humps
        Middle (deg), full width (deg) and height (counts/s) of each.
    """

    level: float = 40.0
    air: tuple[float, float] = (150.0, 12.0)
    humps: tuple[tuple[float, float, float], ...] = ()

    def at(self, two_theta: Array) -> Array:
        """Expected counts/s, shape (n,), at two theta (deg), shape (n,)."""
        found = self.level + self.air[0] * np.exp(-two_theta / self.air[1])
        for middle, width, height in self.humps:
            found = found + height * np.exp(-4 * np.log(2) * ((two_theta - middle) / width) ** 2)
        return np.asarray(found)


@dataclass(frozen=True, slots=True)
class Mount:
    """How a specimen sits: shift of the zero (deg), displacement (mm), roughness of its surface (1)."""

    zero: float = 0.0
    displacement: float = 0.0
    roughness: float = 0.0


class Specimen:
    """A powder on an instrument: patterns for any shares, cells and grains.

    Parameters
    ----------
    ingredients
        Its phases; their numbers are those of the powder as it was made.
    instrument
        Instrument.
    two_theta
        (deg), shape (n,), rising.
    haze
        Background.
    highest
        Counts/s of the Bragg scattering at its highest point, for the powder as it was made.

    Raises
    ------
    StudyError
        If a phase has no share or a name is unknown.

    Notes
    -----
    Scale of a phase = weight fraction / (mass of its cell x volume of its cell), times one number for the whole powder. The assumption
    that fails first: grains absorb alike, and the absorption of the powder does not change with its composition.

    References
    ----------
    R. J. Hill, C. J. Howard, J. Appl. Crystallogr. 20 (1987) 467, 10.1107/S0021889887086199 (scale and weight).
    """

    def __init__(
        self, ingredients: Sequence[Ingredient], instrument: Instrument, two_theta: Array, *, haze: Haze, highest: float
    ) -> None:
        if not ingredients or sum(one.weight for one in ingredients) <= 0:
            raise StudyError("A simulated powder needs a phase with a share above 0.")
        self.ingredients, self.two_theta = tuple(ingredients), two_theta
        crystals = [phase(one.structure) for one in ingredients]
        self.structures = tuple(
            replace(crystal, name=one.name) for crystal, one in zip(crystals, ingredients, strict=True)
        )
        lines = [
            phase_lines(
                crystal, instrument, float(two_theta[-1]), name=one.name, unknown_displacement=one.u_iso,
                texture=None if one.texture is None else one.texture[0],
            )
            for crystal, one in zip(self.structures, ingredients, strict=True)
        ]  # fmt: skip
        self.model = PatternModel(two_theta, tuple(lines), instrument, background=0)
        self.haze = haze.at(two_theta)
        self._mass = np.array([crystal.mass for crystal in self.structures])
        self._places = {name: place for place, name in enumerate(self.model.names)}
        self._made = self._as_made()
        self.brightness = 1.0
        self.brightness = highest / float(self.bragg(self.values()).max())

    @property
    def weights(self) -> Array:
        """Shares by weight of the powder as it was made, shape (k,)."""
        found = np.array([one.weight for one in self.ingredients])
        return np.asarray(found / found.sum())

    def values(
        self, *, weights: Sequence[float] | Array | None = None, changed: Mapping[str, float] | None = None, mount: Mount | None = None
    ) -> Array:  # fmt: skip
        """Values of all parameters of the pattern, shape (p,).

        Parameters
        ----------
        weights
            Share by weight of each phase; as made by default.
        changed
            Parameters that differ from the powder as it was made: ``{"LNMO_cell_a": 8.18}``.
        mount
            How it sits.

        Raises
        ------
        StudyError
            If a parameter is unknown.
        """
        found, sits = self._made.copy(), mount or Mount()
        found[:3] = sits.zero, sits.displacement, sits.roughness
        for name, value in (changed or {}).items():
            if name not in self._places:
                raise StudyError(f"The simulated powder has no '{name}'; {nearest(name, self._places)}.")
            found[self._places[name]] = value
        shares = self.weights if weights is None else np.asarray(weights, dtype=float)
        for place, name in enumerate(one.name for one in self.ingredients):
            scale = self.brightness * shares[place] / (self._mass[place] * self.volume(place, found))
            found[self._places[f"{name}_scale"]] = scale
        return found

    def volume(self, place: int, values: Array) -> float:
        """Volume of the cell of a phase (angstrom^3)."""
        a, b, c, *angles = self._six(place, values).tolist()
        x, y, z = (np.cos(np.radians(one)) for one in angles)
        return float(a * b * c * np.sqrt(1 - x * x - y * y - z * z + 2 * x * y * z))

    def bragg(self, values: Array) -> Array:
        """Expected counts/s of the lines, shape (n,)."""
        return self.model.intensity(values)

    def expected(self, values: Array) -> Array:
        """Expected counts/s of lines and background, shape (n,)."""
        return np.asarray(self.bragg(values) + self.haze)

    def position(self, name: str, hkl: tuple[int, int, int], values: Array) -> float:
        """Where a reflection of a phase stands in the pattern (deg, first wavelength), shifts of the mount included; nan where it cannot be."""
        instrument = self.model.instrument
        sine = instrument.wavelengths[0] / (2 * self.spacing(name, hkl, values))
        if not sine < 1:
            return float("nan")
        theta = np.arcsin(np.array([sine]))
        shift = values[1] * instrument.displacement(theta)[0][0] if instrument.radius > 0 else 0.0
        return float(np.degrees(2 * theta[0]) + values[0] + shift)

    def spacing(self, name: str, hkl: tuple[int, int, int], values: Array) -> float:
        """Spacing of planes of a phase (angstrom)."""
        place = [one.name for one in self.ingredients].index(name)
        square, _ = spacings_with_slopes(self._six(place, values), np.array([hkl], dtype=float))
        return float(square[0] ** -0.5)

    def truth(self, values: Array, weights: Sequence[float] | Array | None = None) -> dict[str, float]:
        """What is true of one pattern by the names of observables: ``LNMO_weight_fraction``, ``LNMO_cell_a``, ``LNMO_crystallite_size`` ..."""
        found = {name: float(values[self._places[name]]) for name in ("zero", "displacement", "roughness")}
        shares = self.weights if weights is None else np.asarray(weights, dtype=float)
        for place, one in enumerate(self.ingredients):
            found[f"{one.name}_weight_fraction"] = float(shares[place])
            part = self.model.slice_of(place)
            for name, value in zip(self.model.names[part], values[part].tolist(), strict=True):
                word = name.removeprefix(f"{one.name}_")
                if word == "inverse_size":
                    found[f"{one.name}_crystallite_size"] = 1 / value if value > 0 else float("inf")
                else:
                    found[name] = value
            found[f"{one.name}_unknown_u_iso"] = one.u_iso
            found[f"{one.name}_cell_volume"] = self.volume(place, values)
        return found

    def _six(self, place: int, values: Array) -> Array:
        lines = self.model.phases[place]
        part = self.model.slice_of(place)
        return lines.freedom.six(values[part][1 : 1 + len(lines.freedom.names)])

    def _as_made(self) -> Array:
        """Values of the powder as it was made; scales come with `values`."""
        found = self.model.start
        for one in self.ingredients:
            told = {f"cell_{name}": value for name, value in one.cell.items()}
            told |= {"inverse_size": 1 / one.size, "microstrain": one.microstrain}
            told |= {} if one.texture is None else {"texture": one.texture[1]}
            for name, value in told.items():
                whole = f"{one.name}_{name}"
                if whole not in self._places:
                    raise StudyError(f"{one.name} has no independent '{name}'; {nearest(whole, self._places)}.")
                found[self._places[whole]] = value
        return found
