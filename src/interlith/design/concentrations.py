"""How many moles of an element does a litre of a phase hold, and what content would a reported number need?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from interlith.crystal import concentration as crystal_concentration
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.design.inputs import uncertain
from interlith.design.recording import answer, components, digest_of, number
from interlith.design.reported import audited
from interlith.errors import StudyError
from interlith.model import Finding, Observable, Statement
from interlith.notation import significant, with_uncertainty

#: A number of atoms for each formula unit, or a range: ``0.33``, ``"0.33-0.35"``.
Content = str | float | Sequence[str | float]


def concentration(
    structure: str | Path | Structure,
    element: str,
    *,
    sites: Sequence[str] | None = None,
    content: Content | None = None,
    reported: Mapping[str, str | float] | None = None,
) -> Statement:
    """Concentration of an element in a crystal (mol/L), beside a reported one.

    Parameters
    ----------
    structure
        A structure, a CIF, or the name of a shipped one.
    element
        What is counted.
    sites
        Labels of sites, if only those count.
    content
        Atoms for each formula unit where the sample differs from the structure: ``0.34``, ``"0.33-0.35"``,
        ``"0.34 +- 0.01"``. The cell stays that of the structure.
    reported
        Reported numbers by quantity: ``{"concentration": "10.0 mol/L"}``.

    Returns
    -------
    Numbers ``concentration`` (mol/L), ``content`` (atoms for each formula unit) and ``number_density`` (1/angstrom^3), and
    ``content_needed`` where a concentration is reported.

    Raises
    ------
    StudyError
        If the element or a site does not occur, or the structure does not say how many formula units its cell holds.
    UnitError
        If a reported number cannot be read.

    Notes
    -----
    The assumption that fails first: occupancies and cell of the structure are those of the sample.
    """
    crystal = phase(structure)
    own = crystal_concentration.concentration(crystal, elements=[element], sites=sites)
    if not crystal.formula_units:
        raise StudyError(
            f"{crystal.name} does not say how many formula units its cell holds; add _cell_formula_units_Z to the CIF."
        )
    values = _values(crystal, own, element, content)
    extra, findings = _needed(crystal, element, sites, *values[:2], reported)
    observables = (*values, *extra)
    said = Finding(
        "concentration",
        f"{own.atoms}: {with_uncertainty(values[0].value, values[0].std, 'mol/L')}, {significant(values[1].value or 0.0, 4)} "
        f"for each formula unit of {significant(own.volume / crystal.formula_units, 4)} angstrom^3.",
        "descriptive", "concentration", values[0].value, *values[0].interval(), unit="mol/L",
        caveats=(*crystal.notes, *own.notes),
    )  # fmt: skip
    options = {"structure": crystal.name, "element": element, "sites": sites, "content": content}
    words = (
        f"The concentration of {element} in {crystal.name} is the number of its atoms in the cell, occupancies counted, over "
        "the volume of the cell."
    )
    return answer("concentration", observables, options=options, words=words, findings=(said, *findings))


def _values(
    crystal: Structure, own: crystal_concentration.Concentration, element: str, content: Content | None
) -> tuple[Observable, Observable, Observable]:
    """Concentration, content and number density, of the structure or of a declared content in its cell."""
    units, source = crystal.formula_units, digest_of(crystal)
    counted = own.count / units
    value, density = own.value, own.density
    parts = {f"calibration:{crystal.name} {name}": size for name, size in own.components.items()}
    held: dict[str, float] = {
        source: size * counted / value for source, size in parts.items() if "occupancy" in source and value
    }
    if content is not None:
        given = uncertain(content, "1", f"the content of {element}")
        scale = given.value / counted if counted else 0.0
        if not counted:
            raise StudyError(f"{crystal.name} holds no {element}; a content cannot be declared for it.")
        parts = {name: size * scale for name, size in parts.items() if "occupancy" not in name}
        held = components({f"content of {element}": (1.0, given)})
        parts |= components({f"content of {element}": (value / counted, given)})
        counted, value, density = given.value, value * scale, density * scale
    per_density = density / value
    return (
        number("concentration", value, "mol/L", parts, sample=crystal.name, source=source),
        number("content", counted, "1", held, sample=crystal.name, source=source),
        number("number_density", density, "1/angstrom^3", {name: size * per_density for name, size in parts.items()},
               sample=crystal.name, source=source),
    )  # fmt: skip


def _needed(
    crystal: Structure,
    element: str,
    sites: Sequence[str] | None,
    ours: Observable,
    held: Observable,
    reported: Mapping[str, str | float] | None,
) -> tuple[tuple[Observable, ...], tuple[Finding, ...]]:
    """The content that a reported concentration asks for, and whether it agrees."""
    if not reported or "concentration" not in reported:
        return (), audited((ours,), reported)
    stated = uncertain(reported["concentration"], "mol/L", "the reported concentration")
    asked = crystal_concentration.content(
        crystal, stated.value, elements=[element], sites=sites, stated_std=0.0 if math.isnan(stated.std) else stated.std
    )
    parts = {f"calibration:{crystal.name} {name}": size for name, size in asked.components.items()}
    needed = number("content_needed", asked.value, "1", parts, sample=crystal.name, source=ours.source)
    (found, *others) = audited((ours,), reported)
    if found.verdict == "contradicted":
        tail = (
            f" It needs {significant(asked.value, 3)} {element} for each formula unit, where there are "
            f"{significant(held.value, 3)}."
        )
        found = replace(found, statement=found.statement + tail)
    return (needed,), (found, *others)
