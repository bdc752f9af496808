"""Crystals of the tests, made by hand so that they rest on no shipped file."""

from __future__ import annotations

from interlith.crystal.cell import Cell
from interlith.crystal.groups import named_group
from interlith.crystal.structure import Site, Structure


def crystal(name: str, group: str, cell: Cell, sites: tuple[Site, ...], *, units: float = 0.0) -> Structure:
    """A structure of a named space group."""
    found = named_group(group)
    assert found is not None
    return Structure(
        name, cell, sites, found.rotations, found.translations, found.symbol, found.number, formula_units=units
    )


def spinel(a: float = 8.17, u: float = 0.2625, std: float = 0.0) -> Structure:
    """LiNi0.5Mn1.5O4, disordered."""
    cell = Cell(a, a, a, std=(std, std, std, 0.0, 0.0, 0.0))
    sites = (
        Site("Li", "Li", (0.125, 0.125, 0.125), charge=1),
        Site("Mn", "Mn", (0.5, 0.5, 0.5), 0.75, charge=4),
        Site("Ni", "Ni", (0.5, 0.5, 0.5), 0.25, charge=2),
        Site("O", "O", (u, u, u), charge=-2),
    )
    return crystal("spinel", "F d -3 m:2", cell, sites, units=8)


def perovskite(a: float = 3.88) -> Structure:
    """LaMnO3, cubic."""
    sites = (
        Site("La", "La", (0.5, 0.5, 0.5), charge=3),
        Site("Mn", "Mn", (0, 0, 0), charge=3),
        Site("O", "O", (0.5, 0, 0), charge=-2),
    )
    return crystal("perovskite", "P m -3 m", Cell(a, a, a), sites, units=1)


def layered(a: float = 2.8155, c: float = 14.0537, z: float = 0.2395) -> Structure:
    """LiCoO2 on hexagonal axes."""
    sites = (
        Site("Li", "Li", (0, 0, 0), charge=1),
        Site("Co", "Co", (0, 0, 0.5), charge=3),
        Site("O", "O", (0, 0, z), charge=-2),
    )
    return crystal("layered", "R -3 m:H", Cell(a, a, c, 90, 90, 120), sites, units=3)


def monoclinic() -> Structure:
    """Li2MnO3-like, C2/m."""
    sites = (
        Site("Mn", "Mn", (0, 0.167, 0), charge=4),
        Site("Li1", "Li", (0, 0.5, 0), charge=1),
        Site("Li2", "Li", (0, 0.661, 0.5), charge=1),
        Site("Li3", "Li", (0, 0, 0.5), charge=1),
        Site("O1", "O", (0.219, 0, 0.227), charge=-2),
        Site("O2", "O", (0.254, 0.321, 0.223), charge=-2),
    )
    return crystal("monoclinic", "C 1 2/m 1", Cell(4.937, 8.532, 5.030, 90, 109.46, 90), sites, units=4)
