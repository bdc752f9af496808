"""What do the powders of a simulated heating study do: how do their cells grow, what do they take up, and what appears from which temperature on?

Numbers with a source are those of Lee et al., 10.1038/s41467-024-52226-4 (oxide cathode and lithium lanthanum titanate, in situ on heating), as
targets; all others are chosen. None of them is used by any analysis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlith.simulate.powder_specimen import Ingredient

#: Volume of the cell of LLTO (angstrom^3, two formula units) at room temperature and at 700 degC (Lee et al.).
VOLUME, HOT_VOLUME, HOT, ROOM = 118.55, 121.07, 700.0, 25.0
#: Volume (angstrom^3) by one lithium per formula unit, formula units in the cell. Chosen.
PER_LITHIUM, FORMULAS = 1.1, 2.0


@dataclass(frozen=True, slots=True)
class Growth:
    """Relative length of an edge over the temperature: 1 + linear (T - 25 degC) + square (T - 25 degC)^2; 1/K and 1/K^2."""

    linear: float
    square: float = 0.0

    def at(self, temperature: float) -> float:
        """Relative length at a temperature (degC)."""
        above = temperature - ROOM
        return 1 + self.linear * above + self.square * above * above


@dataclass(frozen=True, slots=True)
class Uptake:
    """Lithium per formula unit: none up to `begin`, then even up to `end` (degC), where it is `most`."""

    begin: float
    end: float
    most: float

    def at(self, temperature: float) -> float:
        """Lithium per formula unit at a temperature (degC)."""
        return self.most * min(max((temperature - self.begin) / (self.end - self.begin), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Product:
    """A phase that appears: from which temperature on (degC), share by weight gained by 100 K, and at most."""

    phase: Ingredient
    onset: float
    per_100: float
    most: float


@dataclass(frozen=True, slots=True)
class Heated:
    """One specimen of a simulated heating study.

    Parameters
    ----------
    name
        As ``study.yaml`` declares it.
    phases
        As mixed.
    growth
        Phase -> edge -> how it grows.
    uptake
        Of the phase `taker`; `None` for none.
    taker
        The phase that takes up lithium.
    products
        Phases that appear.
    gas
        In which it was heated.
    """

    name: str
    phases: tuple[Ingredient, ...]
    growth: Mapping[str, Mapping[str, Growth]]
    products: tuple[Product, ...] = ()
    uptake: Uptake | None = None
    taker: str = "LLTO"
    gas: str = "Ar"


#: Thermal expansion: chosen so that expansion alone explains most, and not all, of the volume at 700 degC.
LLTO_GROWTH = Growth(8.2e-6, 1.0e-9)
GROWTH: Mapping[str, Mapping[str, Growth]] = {
    "LLTO": {"a": LLTO_GROWTH, "c": LLTO_GROWTH},
    "NCM": {"a": Growth(1.2e-5), "c": Growth(1.6e-5)},
    "LaTMO3": {"a": Growth(1.25e-5)},
    "LiTiO2": {"a": Growth(1.1e-5), "c": Growth(1.1e-5)},
    "spinel": {"a": Growth(1.2e-5)},
}


def uptake_to(volume: float, growth: Growth = LLTO_GROWTH, *, begin: float = 400.0) -> Uptake:
    """The uptake that, beside thermal expansion, makes the volume of the cell (angstrom^3) at 700 degC; it begins at `begin` (degC)."""
    left = volume / (VOLUME * growth.at(HOT) ** 3) - 1
    return Uptake(begin, HOT, left * VOLUME / (PER_LITHIUM * FORMULAS))


_LLTO = Ingredient("LLTO", "LLTO_study", 0.5, size=160.0, microstrain=2e-4)
_NCM = Ingredient("NCM", "NCM111", 0.5, size=120.0, microstrain=2e-4)
#: The first line of the perovskite lies at 22.7 deg (3.915 angstrom) at 750 degC.
_PEROVSKITE = Ingredient("LaTMO3", "LaTMO3", 0.0, size=45.0, cell={"a": 3.915 / GROWTH["LaTMO3"]["a"].at(750.0)})
_LITIO2, _SPINEL = (
    Ingredient("LiTiO2", "LiTiO2", 0.0, size=40.0),
    Ingredient("spinel", "LRM_S", 0.0, size=40.0, cell={"a": 8.14}),
)


def products(onset: float) -> tuple[Product, ...]:
    """Perovskite, LiTiO2 and disordered spinel that appear from a temperature on (degC)."""
    return (
        Product(_PEROVSKITE, onset, 0.10, 0.15),
        Product(_LITIO2, onset, 0.07, 0.12),
        Product(_SPINEL, onset, 0.05, 0.10),
    )


def _three(gas: str, onset: float) -> tuple[Heated, ...]:
    return (
        Heated(f"mixture_{gas}", (_LLTO, _NCM), GROWTH, products(onset), uptake_to(HOT_VOLUME), gas=gas),
        Heated(f"LLTO_{gas}", (_LLTO,), GROWTH, gas=gas),
        Heated(f"NCM_{gas}", (_NCM,), GROWTH, gas=gas),
    )


#: The mixture and each powder alone, in both gases. That the products appear 25 K later in oxygen is chosen.
HEATING = (*_three("Ar", 750.0), *_three("O2", 775.0))
#: What the split of the volume needs: the mixture and the titanate alone, in argon.
SPLIT = HEATING[:2]
