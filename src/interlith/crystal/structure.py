"""Which atoms are where in a crystal, how many of each, and how heavy is that?"""

from __future__ import annotations

import copy
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.cell import Cell
from interlith.crystal.elements import atomic_mass
from interlith.errors import StudyError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Images of a site closer than this (angstrom) are one atom: printed coordinates such as 0.333 miss a special position by
#: so little, and no two atoms of a crystal come near each other by so much.
SAME_ATOM = 0.05
#: Refined occupancies come out a little above 1; more than this is no share of a position.
MOST_FILLED = 1.1
#: Avogadro's number times 1e-24, from g/mol per angstrom^3 to g/cm^3: exact since 2019 (SI Brochure, 9th ed.).
_PER_MOLE = 0.602214076


@dataclass(frozen=True, slots=True)
class Site:
    """One atom of the asymmetric unit; several elements on one position are several sites.

    Parameters
    ----------
    label, element
        Name in the list and chemical symbol.
    fraction
        Position in units of the cell edges.
    occupancy
        Share of the position that this element fills, 0 to 1.
    charge
        Oxidation number, `None` if not declared.
    isotope
        Mass number, `None` for the natural mixture.
    u_iso, u_aniso
        Mean square displacement (angstrom^2): isotropic, nan if unknown; and U11 U22 U33 U12 U13 U23, or `None`.
    wyckoff, multiplicity
        Letter (empty if not worked out) and number of images in the cell (0 until the structure is built).
    fraction_std, occupancy_std, u_iso_std
        Standard uncertainties, nan where unknown.
    """

    label: str
    element: str
    fraction: tuple[float, float, float]
    occupancy: float = 1.0
    charge: float | None = None
    isotope: int | None = None
    u_iso: float = math.nan
    u_aniso: tuple[float, float, float, float, float, float] | None = None
    wyckoff: str = ""
    multiplicity: int = 0
    fraction_std: tuple[float, float, float] = (math.nan, math.nan, math.nan)
    occupancy_std: float = math.nan
    u_iso_std: float = math.nan


@dataclass(frozen=True, slots=True)
class Atoms:
    """All atoms of a cell; those that share a position stand in separate rows.

    Parameters
    ----------
    elements
        Chemical symbols, length n.
    fractions
        Positions in [0, 1), shape (n, 3).
    occupancies, charges
        Shape (n,); charge nan where not declared.
    site
        Index of the site each atom is an image of, shape (n,).
    """

    elements: tuple[str, ...]
    fractions: Array
    occupancies: Array
    charges: Array
    site: Integers

    def __len__(self) -> int:
        return len(self.elements)


@dataclass(frozen=True, eq=False)
class Structure:
    """A crystal structure.

    Parameters
    ----------
    name
        Short name of the phase.
    cell
        Its unit cell, to which positions and indices refer.
    sites
        The asymmetric unit.
    rotations, translations
        All symmetry operations of the cell, centring included: x' = R x + t, shapes (n, 3, 3) and (n, 3).
    space_group, number
        Hermann-Mauguin symbol with its setting, and the number; ``P 1`` and 1 where nothing is known.
    source
        Where the facts come from.
    formula_units
        Formula units in the cell; 0 where not declared.
    notes
        Sentences on what had to be assumed or looks wrong; shown beside every number that rests on the structure.

    Raises
    ------
    StudyError
        If an occupancy is outside 0 to 1, or there is no site.
    """

    name: str
    cell: Cell
    sites: tuple[Site, ...]
    rotations: Integers
    translations: Array
    space_group: str = "P 1"
    number: int = 1
    source: str = ""
    formula_units: float = 0.0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.sites:
            raise StudyError(f"{self.name} has no atoms; a structure needs at least one site.")
        for site in self.sites:
            if not 0 <= site.occupancy <= MOST_FILLED:
                raise StudyError(
                    f"{self.name}, site {site.label}: occupancy {site.occupancy:g} is outside 0 to 1; write the share of the "
                    "position that the element fills."
                )
        counts = tuple(
            replace(site, multiplicity=len(orbit)) for site, orbit in zip(self.sites, self._orbits, strict=True)
        )
        object.__setattr__(self, "sites", counts)

    def with_cell(self, cell: Cell, *, name: str = "") -> Structure:
        """The same atoms in a cell of other edges or angles that its symmetry allows; positions of atoms are not looked for again.

        Parameters
        ----------
        cell
            The other cell.
        name
            Another name; the same by default.
        """
        found = copy.copy(self)
        for word in ("atoms", "positions"):
            found.__dict__.pop(word, None)
        object.__setattr__(found, "cell", cell)
        object.__setattr__(found, "name", name or self.name)
        return found

    @cached_property
    def _orbits(self) -> tuple[Array, ...]:
        return tuple(_orbit(site.fraction, self.rotations, self.translations, self.cell) for site in self.sites)

    @cached_property
    def atoms(self) -> Atoms:
        """Every atom of the cell."""
        counts = [len(orbit) for orbit in self._orbits]
        site = np.repeat(np.arange(len(self.sites)), counts)
        charges = [math.nan if one.charge is None else one.charge for one in self.sites]
        return Atoms(
            tuple(self.sites[place].element for place in site),
            np.concatenate(self._orbits),
            np.array([one.occupancy for one in self.sites])[site],
            np.array(charges, dtype=float)[site],
            site,
        )

    @cached_property
    def positions(self) -> Array:
        """Cartesian positions of `atoms` (angstrom), shape (n, 3)."""
        return self.atoms.fractions @ self.cell.vectors

    @cached_property
    def composition(self) -> dict[str, float]:
        """Element -> atoms in the cell, partial occupancies counted as such."""
        found: dict[str, float] = {}
        for site in self.sites:
            found[site.element] = found.get(site.element, 0.0) + site.occupancy * site.multiplicity
        return found

    @property
    def units_in_cell(self) -> float:
        """Formula units in the cell; where their number is not declared, those of the smallest whole numbers."""
        return float(self.formula_units or _common_divisor(self.composition.values()))

    @property
    def formula(self) -> str:
        """Chemical formula of one formula unit."""
        units = self.units_in_cell
        return formula_text({element: count / units for element, count in self.composition.items()})

    @cached_property
    def mass(self) -> float:
        """Molar mass of the contents of one cell (g/mol)."""
        return math.fsum(
            site.occupancy * site.multiplicity * atomic_mass(site.element, site.isotope) for site in self.sites
        )

    @property
    def density(self) -> float:
        """Density (g/cm^3)."""
        return self.mass / (self.cell.volume * _PER_MOLE)

    @cached_property
    def point_group(self) -> Integers:
        """Different rotation parts of the operations, shape (n, 3, 3), acting on fractional positions."""
        return np.unique(self.rotations, axis=0)

    @cached_property
    def centrings(self) -> Array:
        """Pure translations of the cell, the zero included, shape (n, 3), in [0, 1)."""
        pure = np.all(self.rotations == np.eye(3, dtype=int), axis=(1, 2))
        return np.unique(np.round(self.translations[pure] % 1.0, 9) % 1.0, axis=0)

    def select(self, *, elements: Sequence[str] | None = None, sites: Sequence[str] | None = None) -> Integers:
        """Indices into `atoms` of some elements or of sites by label.

        Raises
        ------
        StudyError
            If a name does not occur.
        """
        from interlith.errors import nearest

        labels = [site.label for site in self.sites]
        for asked, known, what in ((elements, list(self.composition), "element"), (sites, labels, "site")):
            for word in asked or ():
                if word not in known:
                    raise StudyError(f"{self.name} has no {what} '{word}'; {nearest(word, known)}.")
        kept = [
            place
            for place, element in enumerate(self.atoms.elements)
            if (elements is None or element in elements)
            and (sites is None or labels[int(self.atoms.site[place])] in sites)
        ]
        return np.array(kept, dtype=np.int64)


def _common_divisor(counts: Collection[float]) -> float:
    whole = [round(count) for count in counts]
    exact = all(abs(count - number) < 1e-6 for count, number in zip(counts, whole, strict=True))
    return float(math.gcd(*whole)) if exact and any(whole) else 1.0


def simple_structure(
    name: str, cell: Cell, elements: Sequence[str], fractions: Sequence[Sequence[float]] | Array, *, source: str = ""
) -> Structure:
    """A structure without symmetry from a list of atoms; `fractions` has shape (n, 3)."""
    sites = tuple(
        Site(f"{element}{place + 1}", element, (float(x), float(y), float(z)))
        for place, (element, (x, y, z)) in enumerate(zip(elements, fractions, strict=True))
    )
    return Structure(name, cell, sites, np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)), source=source)


def formula_text(composition: dict[str, float]) -> str:
    """``LiNi0.5Mn1.5O4`` from a composition: metals as listed, anions last; counts to four decimals."""
    anions = ("N", "P", "O", "S", "F", "Cl", "Br", "I")
    order = sorted(
        composition, key=lambda element: (element in anions, anions.index(element) if element in anions else 0)
    )
    parts = []
    for element in order:
        count = f"{composition[element]:.4f}".rstrip("0").rstrip(".")
        if count != "0":
            parts.append(element + ("" if count == "1" else count))
    return "".join(parts)


def _orbit(fraction: tuple[float, float, float], rotations: Integers, translations: Array, cell: Cell) -> Array:
    """All images of a position in the cell, itself first; a position close to a symmetry element is put on it."""
    start = np.asarray(fraction, dtype=float)
    images = rotations @ start + translations
    shift = images - start
    shift -= np.round(shift)
    near = np.linalg.norm(shift @ cell.vectors, axis=1) < SAME_ATOM
    exact = start + shift[near].mean(axis=0)
    # What moves is the position that is listed, whichever operation comes first.
    images = np.concatenate([exact[None], rotations @ exact + translations]) % 1.0
    images[images > 1 - 1e-9] = 0.0
    kept: list[Array] = []
    for image in images:
        if kept:
            gaps = np.asarray(kept) - image
            gaps -= np.round(gaps)
            if np.linalg.norm(gaps @ cell.vectors, axis=1).min() < SAME_ATOM:
                continue
        kept.append(image)
    return np.asarray(kept)
