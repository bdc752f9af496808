"""Which instruments and powders do simulated diffraction studies have, and what is known of their numbers?

Numbers with a source are those of the studies that the recipes are named after, as targets; all others are round numbers chosen to look like
such specimens. None of them is used by any analysis.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from interlith.physics.powder.instrument import Instrument
from interlith.simulate.powder_specimen import Haze, Ingredient, Mount

#: K-alpha 1 and 2 of copper (angstrom) of Hoelzer et al. 1997, 10.1103/PhysRevA.56.4554; the ratio is that of the statistical weights.
COPPER, COPPER_RATIO = (1.540593, 1.544427), 0.5
#: Widths and divergence of both instruments are chosen.
LAB = Instrument(
    COPPER, COPPER_RATIO, gauss=(0.003, -0.003, 0.004), lorentz=(0.012, 0.02), sample_ratio=0.02, slit_ratio=0.02, radius=240.0,
    name="simulated laboratory diffractometer", source="chosen, not that of an instrument",
)  # fmt: skip
#: 0.07748 nm as used by Zhu et al. (epitaxial LaTMO3 on LiNi0.5Mn1.5O4).
SYNCHROTRON = Instrument(
    (0.7748,), polarisation=0.99, gauss=(0.001, 0.0, 2e-4), lorentz=(0.004, 0.01), sample_ratio=1e-3, slit_ratio=1e-3,
    geometry="debye-scherrer", name="simulated synchrotron diffractometer", source="wavelength of Zhu et al.; the rest is chosen",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mixture:
    """One variant of a simulated laboratory study: its phases, how it sits, what lies below its lines, the variant that it is made from."""

    name: str
    ingredients: tuple[Ingredient, ...]
    mount: Mount = field(default_factory=Mount)
    haze: Haze = field(default_factory=Haze)
    parent: str | None = None


_GLASS = Haze(40.0, (120.0, 12.0), ((24.0, 9.0, 25.0),))
#: Three weighed mixtures of well-separated oxides and a fluoride.
WEIGHED = tuple(
    Mixture(
        name,
        tuple(
            Ingredient(phase, phase, weight, size=size)
            for phase, weight, size in zip(("corundum", "zincite", "fluorite"), shares, (220.0, 160.0, 120.0), strict=True)
        ),
        Mount(0.012, 0.03, 0.0),
        _GLASS,
    )
    for name, shares in (("M1", (0.30, 0.35, 0.35)), ("M2", (0.55, 0.15, 0.30)), ("M3", (0.15, 0.30, 0.55)))
)  # fmt: skip


def _layered(a: float, c: float, size: float, strain: float, coating: float) -> tuple[Ingredient, ...]:
    rest = 1 - coating
    made = (
        Ingredient(
            "layered",
            "NCM111",
            0.62 * rest,
            size=size,
            microstrain=strain,
            texture=((0, 0, 3), 0.9),
            cell={"a": a, "c": c},
        ),
        Ingredient("monoclinic", "Li2MnO3", 0.38 * rest, size=0.4 * size, microstrain=strain),
    )
    return (*made, Ingredient("Li3ScF6", "Li3ScF6", coating, size=20.0)) if coating else made


#: Bare and Li3ScF6-coated Li-rich oxide (phases and 1 wt% as in Lei et al., 10.1007/s40820-026-02209-5; cells, sizes and strains are
#: chosen): cells a little apart, lines a little wider when coated.
LAYERED = (
    Mixture("bare", _layered(2.8510, 14.2480, 90.0, 4e-4, 0.0), Mount(-0.008, 0.02, 0.02), _GLASS),
    Mixture("coated", _layered(2.8516, 14.2530, 80.0, 5e-4, 0.01), Mount(-0.008, -0.03, 0.02), _GLASS, parent="bare"),
)


@dataclass(frozen=True, slots=True)
class Dosed:
    """A series of doses: how much of the dopant the host or its surface holds, and what becomes of the rest.

    Parameters
    ----------
    name
        Begins the names of the variants.
    threshold
        Dose (at% of the transition metal) up to which there is no second phase.
    slope
        Share of the dopant beyond the threshold that goes into the second phase.
    structure
        Of the second phase.
    """

    name: str
    threshold: float
    slope: float = 1.0
    structure: str = "LaTMO3"


#: First secondary lines were seen from 0.7 at% on (added to the precursor) and 0.5 at% (added to finished crystals), Zhu et al.; the
#: thresholds between the doses are chosen.
DOPING, COATING = Dosed("D", 0.58), Dosed("C", 0.42)
#: (at% of the transition metal), as in Zhu et al.
DOSES = (0.3, 0.5, 0.7, 1.0)


@dataclass(frozen=True, slots=True)
class Birth:
    """A phase that appears: between which shares of the run it begins, its share by weight in the end, and the time (h) over which it grows."""

    phase: str
    earliest: float
    latest: float
    weight: float
    growth: float = 4.0


@dataclass(frozen=True, slots=True)
class Operando:
    """One cell of a simulated operando study.

    Parameters
    ----------
    name, parent
        As ``study.yaml`` declares them.
    phases
        The first is the active one, there from the beginning.
    extracted
        Share of the first charge (1) at which the relative edges are given, rising.
    edge_a, edge_c
        Edges of the active phase over those at the start, at `extracted`; smooth between.
    breathing
        Relative change of the edges of the other phases at full extraction.
    births
        Phases that appear.
    """

    name: str
    phases: tuple[Ingredient, ...]
    extracted: tuple[float, ...]
    edge_a: tuple[float, ...]
    edge_c: tuple[float, ...]
    breathing: float = -0.003
    births: tuple[Birth, ...] = ()
    parent: str | None = None


_OXIDE = Ingredient(
    "layered", "NCM111", 1.0, size=90.0, microstrain=3e-4, texture=((0, 0, 3), 0.95), cell={"a": 2.851, "c": 14.248}
)
_SPINEL = Ingredient("spinel", "LRM_S", 0.0, size=30.0, microstrain=5e-4, cell={"a": 8.145}, u_iso=0.0080)
_ROCKSALT = Ingredient("rocksalt", "NiO", 0.0, size=25.0, microstrain=5e-4, cell={"a": 4.155}, u_iso=0.0055)
#: c expands, then contracts on the oxygen plateau, less when coated (Lei et al., 10.1007/s40820-026-02209-5); sizes of the changes are chosen.
_COURSE = (0.0, 0.2, 0.42, 0.6, 0.8, 1.0)
_EDGE_A = (1.0, 0.992, 0.9845, 0.9825, 0.982, 0.9825)
_BARE_C, _COATED_C = (1.0, 1.0055, 1.0105, 1.0055, 0.9955, 0.988), (1.0, 1.0045, 1.0085, 1.006, 1.0005, 0.997)
#: A spinel and a rock salt appear in a bare cell: when and how much is chosen.
OPERANDO = (
    Operando(
        "bare", (_OXIDE, _SPINEL, _ROCKSALT), _COURSE, _EDGE_A, _BARE_C,
        births=(Birth("spinel", 0.3, 0.42, 0.12), Birth("rocksalt", 0.55, 0.7, 0.08)),
    ),
)  # fmt: skip
#: A bare and a coated cell without new phases.
SWING = (
    Operando("bare", (_OXIDE,), _COURSE, _EDGE_A, _BARE_C),
    Operando("coated", (_OXIDE,), _COURSE, _EDGE_A, _COATED_C, parent="bare"),
)
