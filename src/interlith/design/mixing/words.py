"""What does a ranking of dopants say, on what does it rest, and what would change it?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.radii import known_radii, parse_ion, radius
from interlith.design.mixing.bonds import bond_strength
from interlith.design.mixing.draws import RADIUS, Dopant
from interlith.design.mixing.numbers import Answered
from interlith.design.recording import number
from interlith.design.reported import audited
from interlith.errors import StudyError, nearest
from interlith.model import Finding, Observable
from interlith.notation import significant

Array = NDArray[np.float64]

#: Probability from which a place in the order, or a dissolved dose, counts as supported.
SURE = 0.95
_REST = (
    "An estimate from tables: radii and bond valences of average oxides, an isotropic host, dilute and ideal solution, equilibrium "
    "with the dopant's own phases, whose energies are only in as a declared spread.",
)


def findings(answered: Answered, known: Iterable[Observable]) -> tuple[Finding, ...]:
    """The order, each dopant, what decides, and what the gas-phase bonds say."""
    ids = {(item.sample, item.quantity): item.id for item in known}
    made = [_order(answered)] if len(answered.names) > 1 else []
    for place, dopant in enumerate(answered.ranked.dopants):
        made.append(_dopant(answered, place, dopant, ids.get((answered.sample(dopant), "probability_dissolves"), "")))
    if len(answered.names) > 1:
        made.append(_decides(answered))
    return (*made, *_bonds(answered))


def _chance(share: float, count: int) -> str:
    """A probability from a count of draws: none or all of n leave 3 / n open (95 %)."""
    if share >= 1 - 3 / count:
        return f"at least {1 - 3 / count:.4g}"
    return f"at most {3 / count:.2g}" if share <= 3 / count else significant(share, 2)


def _percent(value: float) -> str:
    return significant(100 * value, 2) + " %"


def groups(names: tuple[str, ...], above: Array) -> list[list[int]]:
    """Places in the order that are told apart: a group ends where all of it stand above all that follow with `SURE`."""
    made: list[list[int]] = [[0]]
    for place in range(1, len(names)):
        if float(above[:place, place:].min()) >= SURE:
            made.append([])
        made[-1].append(place)
    return made


def _order(answered: Answered) -> Finding:
    names, above = answered.names, answered.ranked.above
    count = answered.ranked.energies.shape[1]
    steps = [float(above[place, place + 1]) for place in range(len(names) - 1)]
    pairs = ", ".join(
        f"{better} above {worse} {_chance(step, count)}"
        for better, worse, step in zip(names, names[1:], steps, strict=False)
    )
    told = [
        names[group[0]] if len(group) == 1 else f"{', '.join(names[place] for place in group)} (not told apart)"
        for group in groups(names, above)
    ]
    if len(told) == 1:
        statement = (
            f"The expected solubilities of {', '.join(names)} in {answered.structure.name} are not told apart: {pairs}."
        )
    else:
        statement = (
            f"Expected solubility in {answered.structure.name} falls in the order {', then '.join(told)}; probability of each "
            f"step: {pairs}."
        )
    return Finding(
        "solubility order", statement, "supported" if len(told) > 1 else "undecided", "solution_energy",
        probability=min(
            (float(above[: group[0], group[0] :].min()) for group in groups(names, above)[1:]), default=max(steps)
        ),
        caveats=_REST, details={f"{a} above {b}": step for a, b, step in zip(names, names[1:], steps, strict=False)},
    )  # fmt: skip


def _dopant(answered: Answered, place: int, dopant: Dopant, identifier: str) -> Finding:
    way, ranked = dopant.usual, answered.ranked
    share = float(ranked.enough[place])
    low, middle, high = np.quantile(ranked.energies[place], (0.025, 0.5, 0.975))
    dose = _percent(answered.dose.value)
    hot = f"{answered.temperature.value - 273.15:.0f} °C"
    sizes = ", ".join(
        f"{100 * (dopant.radii[host.name] / host.radius - 1):+.0f} % of the radius of {host.ion}" for host in way.hosts
    )
    charge = (
        "no charge left over" if abs(way.mismatch) < 1e-6
        else f"a charge of {way.mismatch:+g} to be made up for by {_helpers(answered, way.mismatch)}"
    )  # fmt: skip
    statement = (
        f"{dopant.ion} fits best on {way.where} ({_percent(float(dopant.shares.max()))} of the draws): {sizes}, {charge}. Energy of "
        f"solution {significant(float(middle), 2)} ({significant(float(low), 2)} to {significant(float(high), 2)}) kJ/mol; that "
        f"{dose} of the positions dissolve at {hot} has a probability of {_chance(share, ranked.energies.shape[1])}."
    )
    verdict = "supported" if share >= SURE else "contradicted" if share <= 1 - SURE else "undecided"
    caveats = list(_REST)
    if abs(way.mismatch) > 1e-6:
        caveats.append(
            "What makes up for the charge is not worked out; between nothing and all of the energy of a lonely charge is "
            "drawn, the same for all dopants."
        )
    if max(abs(dopant.radii[host.name] / host.radius - 1) for host in way.hosts) > 0.25:
        caveats.append("A mismatch above 25 % is outside linear elasticity; the energy is a scale.")
    caveats += [f"Not looked at: {words}." for words in dopant.missing]
    return Finding(
        "dissolves", statement, verdict, "probability_dissolves", float(middle), float(low), float(high),  # type: ignore[arg-type]
        unit="kJ/mol", probability=share, supporting=(identifier,) if identifier else (), caveats=tuple(caveats),
        details={"radius": float(np.mean(list(dopant.radii.values()))), "valence_mismatch": way.mismatch},
    )  # fmt: skip


def _helpers(answered: Answered, mismatch: float) -> str:
    """What could take up the opposite charge: metals of the host that change theirs, and vacancies."""
    from interlith.crystal.bond_valence import usual_charges

    found = []
    for host in answered.hosts:
        others = [charge for charge in usual_charges(host.element) if (charge - host.charge) * mismatch < 0]
        if others:
            nearest_one = min(others, key=lambda charge: abs(charge - host.charge))
            found.append(f"{host.ion} becoming {host.element}{nearest_one:.0f}+")
    vacancy = "vacancies of Li" if mismatch > 0 else "vacancies of the anion, or Li in between"
    return " or ".join(dict.fromkeys([*found, vacancy]))


def _decides(answered: Answered) -> Finding:
    """The inputs that part the closest neighbours in the order."""
    above = answered.ranked.above
    steps = [float(above[place, place + 1]) for place in range(len(answered.names) - 1)]
    place = int(np.argmin(steps))
    first, second = answered.ranked.parts[place], answered.ranked.parts[place + 1]
    apart = {source: second.get(source, 0.0) - first.get(source, 0.0) for source in {*first, *second}}
    largest = sorted(apart.items(), key=lambda item: -abs(item[1]))[:3]
    told = ", ".join(f"{source.partition(':')[2]} ({abs(size):.2g} kJ/mol)" for source, size in largest)
    one, other = answered.names[place], answered.names[place + 1]
    gap = float(np.median(answered.ranked.energies[place + 1] - answered.ranked.energies[place]))
    statement = (
        f"The least sure step is {one} above {other} ({significant(steps[place], 2)}, {significant(gap, 2)} kJ/mol apart). What "
        f"moves it most: {told}. The lattice parameter against dose of both, or a calculated energy of the competing phases, "
        "would settle it."
    )
    return Finding("what would change it", statement, "descriptive", "solution_energy", gap, unit="kJ/mol")


def _bonds(answered: Answered) -> tuple[Finding, ...]:
    own = {dopant.element: bond_strength(dopant.element) for dopant in answered.ranked.dopants}
    strengths = {element: bond.value for element, bond in own.items() if bond is not None}
    metals = {host.element: bond_strength(host.element) for host in answered.hosts if host.element != "Li"}
    told = ", ".join(f"{bond.element}-O {bond.value:.0f}" for bond in metals.values() if bond is not None)
    if not strengths or not told:
        return ()
    listed = ", ".join(
        f"{element}-O {value:.0f}" for element, value in sorted(strengths.items(), key=lambda item: -item[1])
    )
    statement = (
        f"Bonds of gas molecules, kJ/mol: {listed}; of the host: {told}. They order elements by their affinity to oxygen; a strong "
        "one holds oxygen where the dopant sits and helps its own oxide as much as its solution, so it does not enter the energy."
    )
    unchecked = [element for element in (*strengths, *metals) if (bond := bond_strength(element)) and not bond.checked]
    caveats = (f"Not yet compared with the source: {', '.join(dict.fromkeys(unchecked))}.",) if unchecked else ()
    return (Finding("bond strength", statement, "descriptive", "bond_dissociation_energy", caveats=caveats),)


def audits(answered: Answered, reported: Mapping[str, str | float] | None) -> tuple[Finding, ...]:
    """Reported radii and bond energies held against the tables: ``{"radius La3+": "0.1032 nm", "bond La-O": "798 kJ/mol"}``.

    Raises
    ------
    StudyError
        If a name is none of these.
    """
    made: list[Finding] = []
    for word, text in (reported or {}).items():
        kind, _, rest = word.strip().partition(" ")
        if kind not in ("radius", "bond") or not rest:
            raise StudyError(
                f"reported names '{word}'; {nearest(word, ('radius La3+', 'bond La-O'))}, with any ion or element."
            )
        ours, shown = _radius(rest) if kind == "radius" else _bond(rest)
        for finding in audited((ours,), {ours.quantity: text}):
            told = finding.statement.replace(ours.quantity.lower(), shown)
            made.append(replace(finding, statement=told, quantity=word))
    return tuple(made)


def _radius(ion: str) -> tuple[Observable, str]:
    rows = known_radii(ion)
    numbers = [int(key.split()[0]) for key in rows]
    count = 6 if 6 in numbers else numbers[0]
    found = radius(ion, count)
    quantity = f"radius {parse_ion(ion)[0]}"
    spin = f", {found.spin} spin" if found.spin else ""
    shown = f"radius of {found.ion}"
    return number(quantity, found.value, "angstrom", {"model:radii": RADIUS / 10}, sample=f"{found.ion} with {count} neighbours{spin}"), shown  # fmt: skip


def _bond(text: str) -> tuple[Observable, str]:
    element = text.partition("-")[0]
    found = bond_strength(element)
    if found is None:
        raise StudyError(f"There is no bond strength of {element}-O in the table.")
    return number(f"bond {element}", found.value, "kJ/mol", {"declared:handbook": math.inf if math.isnan(found.std) else found.std},
                  sample=f"{element}-O in the gas"), f"bond energy of {element}-O"  # fmt: skip
