"""Which dopants dissolve in a host, which do not, and how sure is that?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from interlith.crystal.bond_valence import usual_charges
from interlith.crystal.charges import oxidation_numbers
from interlith.crystal.elements import checked_symbol
from interlith.crystal.phases import phase
from interlith.crystal.radii import Spin, parse_ion
from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain, uncertain
from interlith.design.mixing.citations import ADAMS, BLUNDY, BRICE, GAGNE, SHANNON
from interlith.design.mixing.draws import dopant_ways, host_noise, shared_draws
from interlith.design.mixing.figures import figures
from interlith.design.mixing.hosts import host_ions
from interlith.design.mixing.numbers import Answered, observables, tables
from interlith.design.mixing.ranking import rank
from interlith.design.mixing.words import audits, findings
from interlith.design.recording import answer
from interlith.errors import StudyError
from interlith.model import Statement

Text = str | float | Sequence[str | float] | Uncertain


def miscibility(
    host: str | Path | Structure, dopants: Sequence[str] = ("Al", "Ga", "Y", "La"), *,
    sites: Sequence[str] | None = None, charges: Mapping[str, float] | None = None,
    spin: Mapping[str, Spin] | None = None, youngs_modulus: Text = "87-191 GPa", permittivity: Text = "10-40",
    competing: Text = "20 kJ/mol", temperature: Text = "850 degC", dose: Text = "0.5 %", samples: int = 4000,
    seed: int = 0, reported: Mapping[str, str | float] | None = None,
) -> Statement:  # fmt: skip
    """Rank dopants by the energy that they need on the sites of a host.

    Parameters
    ----------
    host
        Name, CIF or structure. Numbers of neighbours and bond lengths are taken from it.
    dopants
        Elements with their usual charge, ``Al``, or ions, ``Mn3+``.
    sites
        Labels or elements that may be replaced; by default all cations.
    charges
        Element -> oxidation number, of the host or of a dopant; by default those that make the host neutral, and the usual one
        of the dopant.
    spin
        Ion -> ``low`` or ``high`` where it is not the usual one.
    youngs_modulus
        Of the host (GPa), for the lattice around a strained shell. The default spans the rows of LiMn2O4 and LiCoO2 in the table
        of stiffness.
    permittivity
        Relative, of the host. The default is a range for oxides, not a measurement.
    competing
        Standard deviation of what competing phases and bonding add to each dopant alone (kJ/mol).
    temperature, dose
        Of the synthesis; share of the replaced positions that is to dissolve.
    samples, seed
        Draws, and the seed that makes them the same each time.
    reported
        Radii and bond energies of a paper to check: ``{"radius La3+": "0.1032 nm", "bond La-O": "798 kJ/mol"}``.

    Returns
    -------
    Statement
        Findings: the order with its probabilities, each dopant, what would change the order, bond strengths. ``data``: tables
        ``ranking``, ``sites`` and ``probabilities``.

    Raises
    ------
    StudyError, UnitError
        If inputs cannot be read, or an ion has no radius.

    Notes
    -----
    The strain energy is drawn from two estimates in equal parts: an elastic sphere with the modulus of the site (Brice), and a
    shell of bonds that meets the dopant half-way (bond valence in a continuum). The assumption that fails first is that the
    phases that compete differ between dopants only by the declared spread: lanthanum has a perovskite to go to, aluminium has
    LiAlO2, and both are not worked out.

    References
    ----------
    J. C. Brice, J. Cryst. Growth 28 (1975) 249, 10.1016/0022-0248(75)90241-9; J. Blundy, B. Wood, Nature 372 (1994) 452,
    10.1038/372452a0; B. J. Wood, J. D. Blundy, Earth Planet. Sci. Lett. 188 (2001) 59; R. D. Shannon (1976),
    10.1107/S0567739476001551.
    """
    structure = phase(host)
    given = dict(charges or {})
    inputs = _inputs(youngs_modulus, permittivity, competing, temperature, dose)
    answered = _ranked(structure, _asked(dopants, given, structure), sites, given, spin, inputs, samples, seed)
    found = observables(answered)
    return answer(
        "miscibility", found, options=_options(answered, dopants, sites, given, samples, seed), words=_words(answered, samples),
        findings=(*findings(answered, found), *audits(answered, reported)), figures=figures(answered), data=tables(answered),
        citations=(SHANNON, BRICE, BLUNDY, GAGNE, ADAMS),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Inputs:
    """Declared numbers: GPa, 1, kJ/mol, K and a share."""

    modulus: Uncertain
    permittivity: Uncertain
    competing: Uncertain
    temperature: Uncertain
    dose: Uncertain


def _inputs(youngs_modulus: Text, permittivity: Text, competing: Text, temperature: Text, dose: Text) -> _Inputs:
    share = uncertain(dose, "1", "the dose")
    if not 0 < share.value < 1:
        raise StudyError(
            f"The dose is {share.value:g} of the positions; write a share between 0 and 1, such as '0.5 %'."
        )
    return _Inputs(
        uncertain(youngs_modulus, "GPa", "the Young's modulus of the host"),
        uncertain(permittivity, "1", "the permittivity of the host"),
        uncertain(competing, "kJ/mol", "the spread of competing phases"), uncertain(temperature, "K", "the temperature"), share,
    )  # fmt: skip


def _ranked(
    structure: Structure, dopants: Sequence[tuple[str, float]], sites: Sequence[str] | None, charges: Mapping[str, float],
    spin: Mapping[str, Spin] | None, inputs: _Inputs, samples: int, seed: int,
) -> Answered:  # fmt: skip
    """All ways of all dopants, drawn together and ranked."""
    inside = {element: charge for element, charge in charges.items() if element in structure.composition}
    hosts = host_ions(structure, sites=sites, charges=inside or None, spin=spin)
    random = np.random.default_rng(seed)
    shared = shared_draws(inputs.modulus, inputs.permittivity, samples, random)
    noise = host_noise(hosts, samples, random)
    made = [dopant_ways(element, charge, hosts, shared, noise, random, spin) for element, charge in dopants]
    ranked = rank(
        made, shared, noise, competing=np.abs(inputs.competing.sample(random, samples)),
        temperature=inputs.temperature.sample(random, samples), dose=inputs.dose.sample(random, samples), random=random,
    )  # fmt: skip
    return Answered(
        structure, hosts, ranked, inputs.temperature, inputs.dose, inputs.modulus, inputs.permittivity,
        inputs.competing.value, _charge_words(structure, inside),
    )  # fmt: skip


def _asked(dopants: Sequence[str], charges: Mapping[str, float], structure: Structure) -> list[tuple[str, float]]:
    """Element and charge of each dopant, each once."""
    if not dopants:
        raise StudyError("No dopant is named; write for instance dopants=('Al', 'La').")
    if isinstance(dopants, str):
        raise StudyError(f"dopants is the text '{dopants}'; write a list, such as ['{dopants}'].")
    found: dict[tuple[str, float], None] = {}
    for word in dopants:
        if word[-1:] in "+-" or word[-1:].isdigit():
            element, charge = parse_ion(word)
        else:
            element = checked_symbol(word)
            own = None if element in structure.composition else charges.get(element)
            charge = usual_charges(element)[0] if own is None else own  # type: ignore[assignment]
        if charge <= 0:
            raise StudyError(f"{word} is no cation; dopants on anion sites are not ranked.")
        found[element, float(charge)] = None
    return list(found)


def _charge_words(structure: Structure, declared: Mapping[str, float]) -> str:
    own = all(site.charge is not None for site in structure.sites)
    return (
        "of the structure"
        if own and not declared
        else oxidation_numbers(structure.composition, declared=declared).words
    )


def _options(
    answered: Answered, dopants: Sequence[str], sites: Sequence[str] | None, charges: Mapping[str, float], samples: int,
    seed: int,
) -> dict[str, Any]:  # fmt: skip
    declared = {
        "youngs_modulus": answered.modulus, "permittivity": answered.permittivity, "temperature": answered.temperature,
        "dose": answered.dose,
    }  # fmt: skip
    return {
        "host": answered.structure.name, "dopants": list(dopants), "sites": None if sites is None else list(sites),
        "charges": dict(charges), "competing": answered.competing, "samples": samples, "seed": seed,
        **{name: f"{one.shape} {one.value:.6g} ({one.low:.6g} to {one.high:.6g}) {one.unit}" for name, one in declared.items()},
    }  # fmt: skip


def _words(answered: Answered, samples: int) -> str:
    hosts = ", ".join(f"{host.ion} with {host.coordination} neighbours" for host in answered.hosts)
    return (
        f"Dopants of {answered.structure.name} on {hosts} (oxidation numbers: {answered.charges}): strain energy from Shannon's radii "
        "by the lattice-strain model with moduli of 1125 Z/d^3 GPa, or from bond valence with a shell relaxed in an isotropic "
        "host; charge by the energy of a point charge, left to a share between 0 and 1; the best site in each of "
        f"{samples} draws; competing phases as {answered.competing:g} kJ/mol of spread."
    )
