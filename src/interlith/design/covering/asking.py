"""What was declared for a coverage: host, facet, shape, size, dose, coating, and how sure are they?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from interlith.crystal.elements import atomic_mass, checked_symbol
from interlith.crystal.facets import Indices, checked_hkl, mesh
from interlith.crystal.phases import phase
from interlith.crystal.shapes import SIZES, WULFF, Shape, named_shape
from interlith.crystal.structure import Structure
from interlith.design.covering.coating import DENSITY, Coating, Shell, faceted_shell, read_coating, rounded_shell
from interlith.design.covering.densities import (
    Counted,
    Rule,
    cell_inputs,
    cell_name,
    counted_on,
    exponents,
    host_metals,
    mesh_area,
    occupancy_name,
    plane,
)
from interlith.design.covering.doses import Dose, Masses, mass_basis, read_dose
from interlith.design.covering.faces import FaceRule, Surface, energy_inputs, surface_of, wulff_of
from interlith.design.covering.sizes import SAMPLED, Sizes, declared_sizes
from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError, nearest
from interlith.units import parse

Text = str | float | Sequence[str | float] | Uncertain
Phase = str | Path | Structure

ROUGHNESS, SURFACE, DOSE, THRESHOLD, THICKNESS = (
    "roughness", "specific surface", "dose", "threshold", "thickness",
)  # fmt: skip
SHELLS = ("rounded", "faceted")


@dataclass(frozen=True)
class Call:
    """The arguments of the verb, see there."""

    structure: Phase
    facet: ArrayLike
    shape: str
    sizes_given: Mapping[str, Text | None]
    element: str
    counted: Rule
    termination: int | None
    transition_metals: Sequence[str] | None
    faces: FaceRule | None
    surface_energies: Mapping[Any, Text] | None
    truncation: float | None
    aspect: float | None
    sizes: Mapping[str, Any] | None
    roughness: Text | None
    specific_surface: Text | None
    dose: str | None
    threshold: str | None
    coating: Phase | Mapping[str, Any] | None
    thickness: Text | None
    shell: str
    basis: str
    measured: Mapping[str, Mapping[str, str]] | None


@dataclass(frozen=True)
class Measured:
    """A measured threshold: name, dose, and the size that it was measured at (nm) with its name."""

    name: str
    dose: Dose
    size_is: str
    size: Uncertain


@dataclass(frozen=True)
class Asked:
    """Everything declared.

    `powers` are the powers by which a quantity (``volume`` of the cell, ``area`` of the mesh, ``surface`` of the shape and so
    on) goes with each input; `labels` the sources of inputs that are not declared by the user.
    """

    host: Structure
    facet: Indices
    shape: Shape
    size_is: str
    sizes: Sizes
    element: str
    metals: tuple[str, ...]
    counted: Counted
    surface: Surface
    rule: Rule
    coating: Coating | None
    shell: Shell | None
    shell_is: str
    basis: Any
    masses: Masses
    metal_count: float
    dose: Dose | None
    threshold: Dose | None
    measured: tuple[Measured, ...]
    inputs: dict[str, Uncertain] = field(default_factory=dict)
    powers: dict[str, dict[str, float]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    film: Structure | None = None

    @property
    def where(self) -> str:
        """Host and facet, the name of the sample of every number."""
        return f"{self.host.name} {plane(self.facet)}"

    @property
    def what(self) -> str:
        """Which atoms are counted over which."""
        return f"{self.surface.words}; TM: {', '.join(self.metals)} of {self.host.name}"

    @property
    def spacing(self) -> float:
        """Distance of neighbouring lattice planes of the facet (angstrom)."""
        return mesh(self.host, self.facet).spacing

    @property
    def has_size(self) -> bool:
        """Whether a size was declared."""
        return bool(self.size_is)

    @property
    def has_surface(self) -> bool:
        """Whether surface over volume is known, from size or specific surface."""
        return self.has_size or SURFACE in self.inputs

    @property
    def coating_name(self) -> str:
        """Name of the coating phase, empty where there is none."""
        return self.coating.name if self.coating else ""


def ask(call: Call) -> Asked:
    """Read what was declared.

    Raises
    ------
    StudyError, UnitError, ReadError
        If something cannot be read, is missing or contradicts the rest.
    """
    host, facet = phase(call.structure), checked_hkl(call.facet)
    element = checked_symbol(call.element)
    metals = host_metals(host, call.transition_metals)
    counted = counted_on(host, facet, call.counted, element, metals=metals, termination=call.termination)
    inputs, labels = _crystal_inputs(host, metals)
    shape, energies = _shape(call, host)
    inputs |= energies
    size_is, centre, declared = _size(call, shape)
    inputs |= declared
    sizes = declared_sizes(call.sizes, centre)
    inputs |= sizes.inputs
    if sizes.size_is:
        size_is = sizes.size_is
        inputs[size_is] = _exact(sizes.mean, "nm")
        labels[SAMPLED] = "sampling:particle sizes"
    coating, film = read_coating(call.coating, element) if call.coating is not None else (None, None)
    if coating:
        # A coating of the same phase as the host shares its cell: one input, one cause.
        inputs |= {name: item for name, item in coating.inputs.items() if name not in inputs}
        labels |= coating.labels
    surface = surface_of(host, facet, counted, shape, call.faces, call.counted, element, metals, energies)
    _optional(call, inputs)
    name = coating.name if coating else ""
    basis = mass_basis(call.basis, element=element, coating=name)
    formula = film.formula if film is not None else name
    doses = {
        label: read_dose(text, element=element, coating=name, basis=call.basis, what=f"the {label}", formula=formula)
        for label, text in ((DOSE, call.dose), (THRESHOLD, call.threshold)) if text is not None
    }  # fmt: skip
    inputs |= {label: item.number for label, item in doses.items()}
    count = math.fsum(host.composition[metal] for metal in metals)
    masses = Masses(host.mass / count, atomic_mass(element), coating.mass if coating else math.nan)
    powers = {"volume": exponents(host, lambda cell: cell.volume), "area": exponents(host, mesh_area(host, facet))}
    powers = {key: {cell_name(host, item): power for item, power in found.items()} for key, found in powers.items()}
    powers |= dict(surface.powers)
    if coating:
        powers["coating volume"] = dict(coating.powers)
    return Asked(
        host, facet, shape, size_is, sizes.sizes, element, metals, counted, surface, call.counted, coating,
        _shell(call.shell, shape) if coating else None, call.shell, basis, masses, count, doses.get(DOSE),
        doses.get(THRESHOLD), _measured(call, shape, element, name), inputs, powers, labels, _notes(host, film, metals), film,
    )  # fmt: skip


def _exact(value: float, unit: str) -> Uncertain:
    return Uncertain(value, 0.0, unit, value, value, "exact")


def _crystal_inputs(host: Structure, metals: tuple[str, ...]) -> tuple[dict[str, Uncertain], dict[str, str]]:
    """Cell and occupancies of metals where an uncertainty is stated."""
    cell = cell_inputs(host)
    found = {cell_name(host, name): item for name, item in cell.items()}
    labels = {cell_name(host, name): f"calibration:{host.name} {name}" for name in cell}
    for site in host.sites:
        if site.element in metals and site.occupancy_std > 0:
            low, high = site.occupancy - site.occupancy_std, site.occupancy + site.occupancy_std
            name = occupancy_name(host, site.label)
            labels[name] = f"calibration:{host.name} occupancy of {site.label}"
            found[name] = Uncertain(site.occupancy, site.occupancy_std, "1", low, high, "normal")
    return found, labels


def _shape(call: Call, host: Structure) -> tuple[Shape, dict[str, Uncertain]]:
    if call.surface_energies is not None and call.shape.casefold() not in (WULFF, "octahedron"):
        raise StudyError(f"surface_energies make a Wulff shape, not a {call.shape}; write shape: wulff.")
    if call.surface_energies is None and call.shape.casefold() != WULFF:
        return named_shape(call.shape, truncation=call.truncation, aspect=call.aspect), {}
    if not call.surface_energies:
        raise StudyError("A Wulff shape needs surface_energies, such as {'111': '0.60 J/m^2', '100': '0.75 J/m^2'}.")
    if call.truncation is not None or call.aspect is not None:
        raise StudyError("Truncation and aspect ratio of a Wulff shape follow from surface_energies; leave them out.")
    energies = energy_inputs(call.surface_energies)
    return wulff_of(host, {name: item.value for name, item in energies.items()}), energies


def _size(call: Call, shape: Shape) -> tuple[str, float, dict[str, Uncertain]]:
    """Which size was declared, its value (nm, nan if none), and the input."""
    given = [name for name in SIZES if call.sizes_given.get(name) is not None]
    if len(given) > 1:
        raise StudyError(f"Give one size, not {' and '.join(given)}: they follow from each other for a shape.")
    if not given:
        return "", math.nan, {}
    name = given[0]
    shape.length(name)
    text = call.sizes_given[name]
    assert text is not None
    item = uncertain(text, "nm", f"the {shape.words(name)}")
    return name, item.value, {name: item}


def _optional(call: Call, inputs: dict[str, Uncertain]) -> None:
    """Roughness, specific surface and thickness, where declared."""
    if call.roughness is not None:
        inputs[ROUGHNESS] = uncertain(call.roughness, "1", "the roughness factor")
        if inputs[ROUGHNESS].value < 1:
            raise StudyError("A roughness factor is true over smooth surface, at least 1.")
    if call.specific_surface is not None:
        inputs[SURFACE] = uncertain(call.specific_surface, "m^2/g", "the specific surface")
    if call.thickness is not None:
        if call.coating is None:
            raise StudyError(
                "A thickness needs the phase that is so thick; declare coating, such as {formula: Li3ScF6, density: 2.6 g/cm^3}."
            )
        inputs[THICKNESS] = uncertain(call.thickness, "nm", "the thickness of the coating")


def _shell(name: str, shape: Shape) -> Shell:
    if name not in SHELLS:
        raise StudyError(f"There is no shell '{name}'; {nearest(name, SHELLS)}.")
    return rounded_shell(shape) if name == "rounded" else faceted_shell(shape)


def _measured(call: Call, shape: Shape, element: str, coating: str) -> tuple[Measured, ...]:
    found = []
    for name, item in (call.measured or {}).items():
        given = [size for size in SIZES if size in item]
        if len(given) != 1 or "dose" not in item or len(item) != 2:
            raise StudyError(
                f"measured {name} must have a dose and one of edge, radius or diameter, such as {{dose: 0.5 at%, edge: 176 nm}}."
            )
        shape.length(given[0])
        dose = read_dose(item["dose"], element=element, coating=coating, basis=call.basis, what=f"the dose of {name}")
        if dose.kind == "monolayers":
            raise StudyError(f"The measured dose of {name} is to be compared with monolayers; give it in at% or wt%.")
        found.append(Measured(str(name), dose, given[0], uncertain(item[given[0]], "nm", f"the {given[0]} of {name}")))
    return tuple(found)


def _notes(host: Structure, film: Structure | None, metals: tuple[str, ...]) -> tuple[str, ...]:
    partly = sorted({
        f"{site.label} ({site.occupancy:.4g})" for site in host.sites
        if site.element in metals and site.occupancy < 1 and math.isnan(site.occupancy_std)
        and not _shared(host, site.label)
    })  # fmt: skip
    unsure = (f"Occupancies without a stated uncertainty count as exact: {', '.join(partly)}.",) if partly else ()
    return (*host.notes, *(film.notes if film is not None else ()), *unsure)


def _shared(host: Structure, label: str) -> bool:
    """Whether the position of a site is full once all elements on it are added: then only the mixture is in doubt."""
    own = next(site for site in host.sites if site.label == label)
    total = sum(
        site.occupancy
        for site in host.sites
        if max(abs(a - b) for a, b in zip(site.fraction, own.fraction, strict=True)) < 1e-3
    )
    return abs(total - 1) < 2e-3


def printed_digits(call: Call, asked: Asked) -> dict[str, float]:
    """Input -> half its last printed digit over its value, for what is written with digits: declared texts and cells."""
    density = call.coating.get("density") if isinstance(call.coating, Mapping) else None
    texts = dict(call.sizes_given) | {
        DOSE: call.dose, THRESHOLD: call.threshold, THICKNESS: call.thickness, SURFACE: call.specific_surface,
        ROUGHNESS: call.roughness, DENSITY: density,
    }  # fmt: skip
    found = {}
    for name, item in asked.inputs.items():
        text = texts.get(name, item.value if asked.labels.get(name, "").startswith("calibration:") else None)
        if isinstance(text, (str, float, int)):
            # Words behind a number ("1 wt% La of host") are no part of it.
            digits = re.match(r"\s*[\d.]+(?:[eE][-+]?\d+)?", text if isinstance(text, str) else repr(text))
            given = parse(digits[0]) if digits else None
            if given is not None and given.value:
                found[name] = given.resolution / 2 / given.value
    return found
