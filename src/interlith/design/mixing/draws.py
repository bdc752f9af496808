"""What does a dopant cost on each site and in each way, over all that is uncertain?"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.bond_valence import ideal_length, pair
from interlith.crystal.radii import Spin, ion_of
from interlith.crystal.site_energy import bond_depth
from interlith.design.inputs import Uncertain
from interlith.design.mixing.hosts import HostIon, mean_radius
from interlith.design.mixing.strain import charge_energy, misfit_energy, shell_energy, site_modulus
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Relative standard uncertainty of the modulus of a site and of the stiffness of a bond: how far both estimates miss measured
#: bulk moduli of rock salts and perovskites (benchmarks/miscibility.py).
STIFFNESS = 0.25
#: Standard uncertainties (angstrom) of a tabulated radius and of the ideal length of a bond. Assumptions: both tables are
#: averages over crystals whose single bonds scatter by about as much.
RADIUS, LENGTH = 0.015, 0.02
#: Poisson's ratio of the host around a shell.
POISSON = (0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Shared:
    """Draws of what all dopants have in common, each shape (n,).

    Parameters
    ----------
    shell
        Whether the energy of the shell stands for the strain, instead of the elastic sphere.
    stiffness
        Factor on all stiffnesses of sites and bonds.
    shear
        Shear modulus of the host (GPa).
    permittivity
        Relative permittivity of the host.
    lonely
        Share of the energy of a lonely charge that is left when it is made up for nearby.
    own
        How far a site keeps the size of the ion it belongs to: 1, or takes the mean of the position: 0.
    """

    shell: NDArray[np.bool_]
    stiffness: Array
    shear: Array
    permittivity: Array
    lonely: Array
    own: Array


@dataclass(frozen=True, slots=True)
class Way:
    """One way of a dopant into the host: on one ion, or on two kinds at once so that charges cancel.

    Parameters
    ----------
    dopant
        Its ion.
    hosts
        The ions replaced, one or two.
    weights
        Shares of the dopant on each.
    mismatch
        Charge that is left over.
    strain, charge
        Energies (kJ/mol), shape (n,).
    sphere, shell
        Strain energy by each of the two estimates, shape (n,); the second nan where there are no bond-valence parameters.
    moved
        Mean displacement of the shell (angstrom).
    """

    dopant: str
    hosts: tuple[HostIon, ...]
    weights: tuple[float, ...]
    mismatch: float
    strain: Array
    charge: Array
    sphere: Array
    shell: Array
    moved: float

    @property
    def energy(self) -> Array:
        """Strain and charge together (kJ/mol), shape (n,)."""
        return self.strain + self.charge

    @property
    def where(self) -> str:
        """``Ni2+``, or ``Ni2+ and Mn4+ at once``."""
        names = [host.ion for host in self.hosts]
        return names[0] if len(names) == 1 else f"{' and '.join(names)} at once"


@dataclass(frozen=True, slots=True)
class Dopant:
    """A dopant with its ways into the host.

    Parameters
    ----------
    element, ion, charge
        What it is.
    ways
        All of them, those on one kind of ion first.
    missing
        Of which sites no energy could be worked out, and why.
    radii
        Host ion -> ionic radius (angstrom) of the dopant with as many neighbours.
    errors
        Draws of its own errors by name (angstrom), each shape (n,).
    """

    element: str
    ion: str
    charge: float
    ways: tuple[Way, ...]
    missing: tuple[str, ...]
    radii: Mapping[str, float]
    errors: Mapping[str, Array]

    @property
    def energy(self) -> Array:
        """Energy of the best way in each draw (kJ/mol), shape (n,)."""
        return np.asarray(np.min([way.energy for way in self.ways], axis=0), dtype=np.float64)

    @property
    def shares(self) -> Array:
        """Share of the draws in which each way is the best."""
        best = np.argmin([way.energy for way in self.ways], axis=0)
        return np.bincount(best, minlength=len(self.ways)) / len(best)

    @property
    def usual(self) -> Way:
        """The way that is best most often."""
        return self.ways[int(np.argmax(self.shares))]


def shared_draws(modulus: Uncertain, permittivity: Uncertain, count: int, random: np.random.Generator) -> Shared:
    """Draw what all dopants share."""
    poisson = random.uniform(*POISSON, count)
    return Shared(
        random.random(count) < 0.5, np.exp(random.normal(0.0, STIFFNESS, count)),
        modulus.sample(random, count) / (2 * (1 + poisson)), permittivity.sample(random, count),
        random.random(count), random.random(count),
    )  # fmt: skip


def host_noise(hosts: Sequence[HostIon], count: int, random: np.random.Generator) -> dict[str, Array]:
    """Errors of the radii of the host's ions (angstrom), the same for all dopants, by name."""
    return {
        host.name: random.normal(0.0, float(np.hypot(RADIUS, host.radius_doubt)), count) for host in hosts
    }  # fmt: skip


def dopant_ways(
    element: str, charge: float, hosts: Sequence[HostIon], shared: Shared, noise: Mapping[str, Array],
    random: np.random.Generator, spin: Mapping[str, Spin] | None = None,
) -> Dopant:  # fmt: skip
    """All ways of a dopant into the host.

    Raises
    ------
    StudyError
        If no way can be worked out.

    Notes
    -----
    Two kinds of host ions are replaced at once where one has a lower and one a higher charge: the dopant then makes up for
    itself. Interstitial places are not looked at.
    """
    ion = ion_of(element, charge)
    count = len(shared.own)
    radius_error, length_error = random.normal(0.0, RADIUS, count), random.normal(0.0, LENGTH, count)
    singles: list[Way] = []
    missing, radii = list[str](), dict[str, float]()
    for host in hosts:
        if host.element == element and abs(host.charge - charge) < 1e-6:
            missing.append(f"{host.name}: it is the same ion")
            continue
        try:
            size = mean_radius(element, charge, host.coordination, spin)
        except StudyError:
            missing.append(f"{host.name}: Shannon has no radius of {ion} with {host.coordination} neighbours")
            continue
        radii[host.name] = size.value
        own = size.value + radius_error * float(np.hypot(RADIUS, size.doubt)) / RADIUS
        singles.append(_single(ion, charge, own, length_error, host, shared, noise[host.name]))
    ways = [*singles, *_pairs(charge, singles)]
    if not ways:
        raise StudyError(
            f"{ion} has no way into the host: {'; '.join(missing)}. Declare another charge or other sites."
        )
    errors = {"radius": radius_error, "bond length": length_error}
    return Dopant(element, ion, charge, tuple(ways), tuple(missing), radii, errors)


def _single(
    ion: str, charge: float, own: Array, length_error: Array, host: HostIon, shared: Shared, noise: Array
) -> Way:
    site = shared.own * host.radius + (1 - shared.own) * host.position_radius + noise
    modulus = site_modulus(host.charge, host.length) * shared.stiffness
    sphere = misfit_energy(own, site, modulus)
    shell, moved = _shell(ion, charge, length_error, host, shared)
    used = shared.shell & np.isfinite(shell)
    mismatch = charge - host.charge
    lonely = charge_energy(mismatch, host.radius, shared.permittivity) * shared.lonely
    return Way(
        ion, (host,), (1.0,), mismatch, np.where(used, shell, sphere), lonely, sphere, shell, moved
    )  # fmt: skip


def _shell(ion: str, charge: float, error: Array, host: HostIon, shared: Shared) -> tuple[Array, float]:
    """Strain energy by bond valence; nan where there are no parameters of a pair."""
    try:
        parameters = pair(ion, host.anion)
        low, high = int(np.floor(host.charge + 1e-6)), int(np.ceil(host.charge - 1e-6))
        ends = [
            ideal_length(pair(ion_of(host.element, whole), host.anion), whole / host.coordination)
            for whole in (low, high)
        ]
    except StudyError:
        return np.full(len(error), np.nan), float("nan")
    wanted = ideal_length(parameters, charge / host.coordination)
    share = host.charge - low if high > low else 0.0
    given = shared.own * (ends[0] * (1 - share) + ends[1] * share) + (1 - shared.own) * host.length
    depth = bond_depth(ion, host.anion, wanted, parameters.b) * shared.stiffness
    energy, moved = shell_energy(wanted + error, given, host.coordination, depth, parameters.b, shared.shear)
    return energy, float(np.mean(moved))


def _pairs(charge: float, singles: Sequence[Way]) -> list[Way]:
    found: list[Way] = []
    for first, second in itertools.combinations(sorted(singles, key=lambda way: -way.mismatch), 2):
        if first.mismatch * second.mismatch >= 0:
            continue
        share = second.mismatch / (second.mismatch - first.mismatch)
        weights = (share, 1 - share)
        mixed = [share * one + (1 - share) * other for one, other in (
            (first.strain, second.strain), (first.sphere, second.sphere), (first.shell, second.shell))]  # fmt: skip
        found.append(
            Way(
                first.dopant, (*first.hosts, *second.hosts), weights, 0.0, mixed[0], np.zeros_like(first.charge),
                mixed[1], mixed[2], share * first.moved + (1 - share) * second.moved,
            )
        )  # fmt: skip
    return found
