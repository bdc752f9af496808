"""Which numbers does a ranking of dopants consist of, and how uncertain is each?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain
from interlith.design.mixing.bonds import bond_strength
from interlith.design.mixing.draws import RADIUS, Dopant
from interlith.design.mixing.hosts import HostIon
from interlith.design.mixing.ranking import Ranked
from interlith.design.recording import digest_of, number
from interlith.model import Observable

Array = NDArray[np.float64]
_TAILS = (0.025, 0.5, 0.975)


@dataclass(frozen=True)
class Answered:
    """All that was worked out of a host and its dopants.

    Parameters
    ----------
    structure, hosts
        The host and its cations.
    ranked
        The dopants in order.
    temperature, dose, modulus, permittivity
        As declared (K, share of positions, GPa, 1).
    competing
        Standard deviation of what competing phases add (kJ/mol).
    charges
        How the oxidation numbers of the host were found.
    """

    structure: Structure
    hosts: tuple[HostIon, ...]
    ranked: Ranked
    temperature: Uncertain
    dose: Uncertain
    modulus: Uncertain
    permittivity: Uncertain
    competing: float
    charges: str

    @property
    def names(self) -> tuple[str, ...]:
        """Ions of the dopants in order."""
        return tuple(dopant.ion for dopant in self.ranked.dopants)

    def sample(self, dopant: Dopant) -> str:
        """``La3+ in LNMO``."""
        return f"{dopant.ion} in {self.structure.name}"


def observables(answered: Answered) -> tuple[Observable, ...]:
    """Numbers of every dopant, and radii and bonds of all ions."""
    source = digest_of(answered.structure)
    made: list[Observable] = []
    for place, dopant in enumerate(answered.ranked.dopants):
        made += _of_dopant(answered, place, dopant, source)
    return (*made, *_of_ions(answered))


def _of_dopant(answered: Answered, place: int, dopant: Dopant, source: str) -> list[Observable]:
    sample, way = answered.sample(dopant), dopant.usual
    ranked = answered.ranked
    low, middle, high = (float(value) for value in np.quantile(ranked.energies[place], _TAILS))
    count = ranked.energies.shape[1]
    found = [
        number(
            "solution_energy", middle, "kJ/mol", ranked.parts[place], sample=sample, source=source, low=low, high=high,
            method=f"lattice strain and charge, {way.where} most often", flag="an estimate, not a measured energy",
        )
    ]  # fmt: skip
    for name, values in (("strain_energy", way.strain), ("charge_energy", way.charge)):
        ends = [float(value) for value in np.quantile(values, _TAILS)]
        found.append(
            number(name, ends[1], "kJ/mol", {"model:lattice strain": float(np.std(values))}, sample=sample, source=source,
                   low=ends[0], high=ends[2], method=f"on {way.where}")
        )  # fmt: skip
    radius, site = _sizes(dopant, way.hosts, way.weights)
    blurred = 100 * math.hypot(RADIUS / site, RADIUS * radius / site**2)
    found.append(
        number("radius_mismatch", 100 * (radius / site - 1), "%", {"model:radii": blurred}, sample=sample, source=source,
               method=f"ionic radii, against {way.where}")
    )  # fmt: skip
    found.append(
        number("valence_mismatch", way.mismatch, "1", {}, sample=sample, source=source, method=f"against {way.where}")
    )
    shares = [100 * float(value) for value in np.quantile(ranked.dissolved[place], _TAILS)]
    found.append(
        number("solubility", shares[1], "%", {"model:solution energy": 100 * float(np.std(ranked.dissolved[place]))},
               sample=sample, source=source, low=shares[0], high=shares[2],
               flag="of the positions replaced; an estimate of the order of magnitude")
    )  # fmt: skip
    share = float(ranked.enough[place])
    found.append(
        number("probability_dissolves", share, "1", {"fit:draws": math.sqrt(max(share * (1 - share), 1 / count) / count)},
               sample=sample, source=source, method=f"dose of {100 * answered.dose.value:g} %",
               flag="given the inputs and the model")
    )  # fmt: skip
    return found


def _sizes(dopant: Dopant, hosts: tuple[HostIon, ...], weights: tuple[float, ...]) -> tuple[float, float]:
    """Radius of the dopant and of what it replaces, means over a way."""
    radius = sum(weight * dopant.radii[host.name] for host, weight in zip(hosts, weights, strict=True))
    site = sum(weight * host.radius for host, weight in zip(hosts, weights, strict=True))
    return radius, site


def _of_ions(answered: Answered) -> list[Observable]:
    made = []
    sizes = {host.name: host.radius for host in answered.hosts}
    for dopant in answered.ranked.dopants:
        for host in answered.hosts:
            if host.name in dopant.radii:
                sizes.setdefault(f"{dopant.ion} ({host.coordination})", dopant.radii[host.name])
    for name, value in sizes.items():
        made.append(
            number("ionic_radius", value, "angstrom", {"model:radii": RADIUS}, sample=name,
                   source="10.1107/S0567739476001551", method="Shannon 1976, effective ionic radius")
        )  # fmt: skip
    elements = dict.fromkeys(
        [*(host.element for host in answered.hosts), *(d.element for d in answered.ranked.dopants)]
    )
    for element in elements:
        bond = bond_strength(element)
        if bond is not None:
            parts = {"declared:handbook": math.inf if math.isnan(bond.std) else bond.std}
            made.append(
                number("bond_dissociation_energy", bond.value, "kJ/mol", parts, sample=f"{element}-O",
                       method="diatomic molecule in the gas, 298 K", source=bond.source,
                       flag="" if bond.checked else "number not yet compared with the source")
            )  # fmt: skip
    return made


def tables(answered: Answered) -> dict[str, pl.DataFrame]:
    """Tables ``ranking``, ``sites`` (all ways of all dopants) and ``probabilities`` (row dissolves better than column)."""
    ranked = answered.ranked
    middle = np.quantile(ranked.energies, _TAILS, axis=1)
    ranking = pl.DataFrame(
        {
            "dopant": answered.names, "best_on": [dopant.usual.where for dopant in ranked.dopants],
            "solution_energy": middle[1], "low": middle[0], "high": middle[2],
            "solubility_percent": 100 * np.median(ranked.dissolved, axis=1), "probability_dissolves": ranked.enough,
        }
    )  # fmt: skip
    rows = []
    for dopant in ranked.dopants:
        for way, share in zip(dopant.ways, dopant.shares, strict=True):
            radius, site = _sizes(dopant, way.hosts, way.weights)
            rows.append(
                {
                    "dopant": dopant.ion, "on": way.where, "share_best": float(share), "radius": radius, "site_radius": site,
                    "radius_mismatch_percent": 100 * (radius / site - 1), "valence_mismatch": way.mismatch,
                    "strain_sphere": float(np.median(way.sphere)), "strain_shell": float(np.median(way.shell)),
                    "shell_moved": way.moved, "charge_energy": float(np.median(way.charge)),
                    "energy": float(np.median(way.energy)),
                }
            )  # fmt: skip
    probabilities = pl.DataFrame(
        {"dopant": answered.names, **{name: ranked.above[:, place] for place, name in enumerate(answered.names)}}
    )
    return {"ranking": ranking, "sites": pl.DataFrame(rows), "probabilities": probabilities}
