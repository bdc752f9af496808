"""Which atoms make one monolayer on a facet, and how many are they for each area; how many metals hold a volume?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from interlith.crystal.cell import Cell, cell_of
from interlith.crystal.elements import TRANSITION_METALS, checked_symbol
from interlith.crystal.facets import Indices, layers, mesh
from interlith.crystal.structure import Structure
from interlith.crystal.terminations import Termination, terminations
from interlith.design.inputs import Uncertain
from interlith.errors import StudyError, nearest
from interlith.notation import significant

#: What one monolayer is: atoms of the element per mesh, atoms by label per mesh, or atoms of the host that each take one.
Rule = float | Mapping[str, float] | Sequence[str] | None
METALS = "TM"


@dataclass(frozen=True)
class Counted:
    """One monolayer on a facet.

    Parameters
    ----------
    hkl, area
        The facet, and the area of its primitive mesh (angstrom^2).
    atoms
        Label -> atoms for each mesh: what is counted.
    element
        Atoms of the coating element among them.
    words
        The same as a sentence has it.
    """

    hkl: Indices
    area: float
    atoms: Mapping[str, float]
    element: float
    words: str

    @property
    def every(self) -> float:
        """All counted atoms for each mesh."""
        return math.fsum(self.atoms.values())


def an(word: str) -> str:
    """With its article: ``an octahedron``."""
    return f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"


def plane(hkl: Indices) -> str:
    """``(111)``, ``(1 0 -4)``: without spaces where no index is negative or of two digits."""
    apart = " " if any(not 0 <= index <= 9 for index in hkl) else ""
    return f"({apart.join(map(str, hkl))})"


def counted_on(
    structure: Structure, hkl: Indices, rule: Rule, element: str, *, metals: Sequence[str], termination: int | None = None
) -> Counted:  # fmt: skip
    """What one monolayer on a facet is.

    Parameters
    ----------
    structure, hkl
        Host and facet.
    rule
        `None`: one atom of `element` for each primitive mesh. A number: so many. A mapping such as ``{"La": 1, "TM": 1}``:
        these atoms, `element` among them. A list of elements, site labels or ``TM``: one of `element` for each such atom of
        the topmost layer of the host.
    element
        Of the coating.
    metals
        What ``TM`` stands for.
    termination
        For a list: index into ``terminations(structure, hkl)``; default: the first whose topmost layer holds such atoms.

    Raises
    ------
    StudyError
        If nothing is counted, a name does not occur, or there is no such termination.
    """
    area = mesh(structure, hkl).area
    if isinstance(rule, str):
        rule = [rule]
    if isinstance(rule, Sequence):
        count, words = _of_host(structure, hkl, rule, metals, termination)
        return Counted(hkl, area, {element: count}, count, f"1 {element} for each {words}")
    if termination is not None:
        raise StudyError("A termination matters only where atoms of the host are counted, such as counted: [TM].")
    atoms = {element: 1.0 if rule is None else float(rule)} if not isinstance(rule, Mapping) else dict(rule)
    if element not in atoms:
        raise StudyError(
            f"counted names {', '.join(atoms)} but not {element}, the element of the dose; add '{element}: 1'."
        )
    for label, count in atoms.items():
        if label != METALS:
            checked_symbol(label)
        if not 0 < count < math.inf:
            raise StudyError(f"counted has {count} {label} for each mesh; it must be positive.")
    parts = " and ".join(
        f"{significant(count, 4).rstrip('0').rstrip('.') if count % 1 else int(count)} {label}"
        for label, count in atoms.items()
    )
    return Counted(hkl, area, atoms, float(atoms[element]), f"{parts} per primitive {plane(hkl)} mesh")


def _of_host(
    structure: Structure, hkl: Indices, names: Sequence[str], metals: Sequence[str], termination: int | None
) -> tuple[float, str]:
    """Atoms of the topmost layer that the names stand for, for each mesh, and words."""
    cuts = terminations(structure, hkl)
    wanted = _selected(structure, names, metals)
    if termination is not None and not 0 <= termination < len(cuts):
        raise StudyError(f"{structure.name} {plane(hkl)} has {len(cuts)} terminations; write 0 to {len(cuts) - 1}.")
    stack = layers(structure, hkl)
    places = range(len(cuts)) if termination is None else [termination]
    for place in places:
        inside = [atom for atom in stack[cuts[place].layer].atoms if atom in wanted]
        count = float(structure.atoms.occupancies[inside].sum())
        if count > 0:
            return (
                count,
                f"{' or '.join(names)} of the topmost layer of {plane(hkl)}, termination {place} ({_layer_words(cuts[place])})",
            )
    raise StudyError(
        f"No topmost layer of {structure.name} {plane(hkl)}"
        f"{'' if termination is None else f', termination {termination},'} holds {' or '.join(names)}."
    )


def _layer_words(cut: Termination) -> str:
    parts = ", ".join(
        f"{significant(count, 3)} {element}" for element, count in cut.composition.items() if count > 1e-9
    )
    return f"{parts} per mesh"


def _selected(structure: Structure, names: Sequence[str], metals: Sequence[str]) -> set[int]:
    labels = [site.label for site in structure.sites]
    found: set[int] = set()
    for name in names:
        if name == METALS:
            found |= {int(atom) for atom in structure.select(elements=list(metals))}
        elif name in structure.composition:
            found |= {int(atom) for atom in structure.select(elements=[name])}
        elif name in labels:
            found |= {int(atom) for atom in structure.select(sites=[name])}
        else:
            raise StudyError(
                f"counted names '{name}', which is neither an element nor a site of {structure.name}; "
                f"{nearest(name, [METALS, *structure.composition, *labels])}."
            )
    return found


def host_metals(structure: Structure, asked: Sequence[str] | None) -> tuple[str, ...]:
    """Elements whose atoms a dose is relative to: the transition metals of the host, or those asked for.

    Raises
    ------
    StudyError
        If the host has none of them.
    """
    if asked is None:
        found = tuple(element for element in structure.composition if element in TRANSITION_METALS)
        if not found:
            raise StudyError(
                f"{structure.name} ({structure.formula}) has no transition metal; name the elements that the dose is relative "
                "to, such as transition_metals: [Al]."
            )
        return found
    structure.select(elements=list(asked))
    if not asked:
        raise StudyError("transition_metals is empty; name at least one element of the host.")
    return tuple(dict.fromkeys(asked))


def cell_inputs(structure: Structure) -> dict[str, Uncertain]:
    """The free parameters of the cell by name, ``a``, ``beta`` (angstrom, deg); those fixed by symmetry are left out."""
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    cell = structure.cell
    found = {}
    for name in _moving(cell).std_of(lambda item: item.volume + sum(item.parameters)):
        value, std = cell.parameters[names.index(name)], cell.std[names.index(name)]
        found[name] = Uncertain(value, std, "angstrom" if len(name) == 1 else "deg", value - std, value + std,
                                "normal" if std > 0 else "exact")  # fmt: skip
    return found


def cell_name(structure: Structure, parameter: str) -> str:
    """Name of the input that is a parameter of a cell."""
    return f"{parameter} of {structure.name}"


def occupancy_name(structure: Structure, label: str) -> str:
    """Name of the input that is the occupancy of a site."""
    return f"occupancy of {label} in {structure.name}"


def exponents(structure: Structure, quantity: Callable[[Cell], float]) -> dict[str, float]:
    """Parameter of the cell -> power by which a quantity goes with it, near the cell of the structure."""
    cell = structure.cell
    whole = float(quantity(cell))
    found = {}
    for name, size in _moving(cell).std_of(quantity).items():
        found[name] = size / (_SMALL * whole)
    return found


_SMALL = 1e-3


def _moving(cell: Cell) -> Cell:
    """The cell with a relative uncertainty of `_SMALL` in each parameter that is free to have one."""
    free = [value * _SMALL if place < 3 or value not in (90.0, 120.0) or std > 0 else 0.0
            for place, (value, std) in enumerate(zip(cell.parameters, cell.std, strict=True))]  # fmt: skip
    return cell_of(cell.parameters, free)


def mesh_area(structure: Structure, hkl: Indices) -> Callable[[Cell], float]:
    """Area of the primitive mesh of a facet as a function of the cell."""
    indices = mesh(structure, hkl).indices

    def area(cell: Cell) -> float:
        first, second = indices @ cell.vectors
        return float(np.linalg.norm(np.cross(first, second)))

    return area
