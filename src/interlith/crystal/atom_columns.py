"""Which numbers of the atoms of a crystal are parameters, and what does each of them move?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.elements import atomic_mass
from interlith.crystal.site_freedom import (
    floating_origin,
    isotropic_tensor,
    position_freedom,
    site_number,
    symmetrised_tensor,
    tensor_freedom,
    tensor_names,
)
from interlith.crystal.structure import Integers, Structure
from interlith.errors import StudyError

Array = NDArray[np.float64]
#: Labels of sites, their places in the list, or "all".
Chosen = Sequence[str | int] | str
Kind = Literal["position", "u_iso", "u_aniso", "occupancy", "overall_u"]


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """One parameter of the atoms.

    Parameters
    ----------
    name
        ``O1_x``, ``O1_u_iso``, ``O1_u11``, ``O1_occupancy`` or ``overall_u``.
    kind
        What it is.
    sites
        Places of the sites that it acts on: all elements of a position for ``position``, every site for ``overall_u``.
    direction
        What one unit of it adds: to x, y, z, shape (3,), or to U11 U22 U33 U12 U13 U23, shape (6,); empty otherwise.
    """

    name: str
    kind: Kind
    sites: tuple[int, ...]
    direction: Array


def chosen_columns(
    structure: Structure, orbit_of: Integers, positions: Chosen, u_iso: Chosen, u_aniso: Chosen, occupancies: Chosen,
    overall: bool, unknown: float,
) -> tuple[tuple[Column, ...], Array]:  # fmt: skip
    """The parameters that were asked for and their values in the structure.

    Parameters
    ----------
    structure
        The crystal.
    orbit_of
        Number of the distinct position of each site.
    positions, u_iso, u_aniso, occupancies, overall
        See `Strengths`.
    unknown
        U (angstrom^2) of sites that declare none.

    Returns
    -------
    Columns and values, shape (p,).

    Raises
    ------
    StudyError
        If a site does not exist, or has a tensor and is asked for isotropic U.
    """
    found = _position_columns(structure, orbit_of, positions)
    tensors = _numbers(structure, u_aniso)
    labels = site_labels(structure)
    for number in _numbers(structure, u_iso):
        site = structure.sites[number]
        if number in tensors or (site.u_aniso is not None and u_iso != "all"):
            raise StudyError(
                f"{structure.name}, site {labels[number]}: its displacement is a tensor; ask for it among u_aniso, or give the "
                "site an isotropic U."
            )
        if site.u_aniso is None:
            start = unknown if math.isnan(site.u_iso) else site.u_iso
            found.append((Column(f"{labels[number]}_u_iso", "u_iso", (number,), np.zeros(0)), start))
    for number in tensors:
        matrix, values = tensor_freedom(structure, number), site_tensor(structure, number, unknown)
        for name, column in zip(tensor_names(matrix), matrix.T, strict=True):
            start = float(values[int(np.flatnonzero(column)[0])])
            found.append((Column(f"{labels[number]}_{name}", "u_aniso", (number,), column), start))
    for number in _numbers(structure, occupancies):
        start = structure.sites[number].occupancy
        found.append((Column(f"{labels[number]}_occupancy", "occupancy", (number,), np.zeros(0)), start))
    if overall:
        found.append((Column("overall_u", "overall_u", tuple(range(len(structure.sites))), np.zeros(0)), 0.0))
    return tuple(column for column, _ in found), np.array([start for _, start in found])


def site_tensor(structure: Structure, number: int, unknown: float) -> Array:
    """U11 U22 U33 U12 U13 U23 (angstrom^2) of a site, shape (6,), with the symmetry of its position."""
    site = structure.sites[number]
    if site.u_aniso is None:
        return isotropic_tensor(structure, unknown if math.isnan(site.u_iso) else site.u_iso)
    return symmetrised_tensor(structure, number, site.u_aniso)


def _position_columns(structure: Structure, orbit_of: Integers, positions: Chosen) -> list[tuple[Column, float]]:
    found: list[tuple[Column, float]] = []
    labels = site_labels(structure)
    held = _held(structure) if positions == "all" else set()
    seen: set[int] = set()
    for number in _numbers(structure, positions):
        orbit = int(orbit_of[number])
        if orbit in seen:
            continue
        seen.add(orbit)
        together = tuple(np.flatnonzero(orbit_of == orbit).tolist())
        names, matrix = position_freedom(structure, number)
        for name, direction in zip(names, matrix.T, strict=True):
            if (number, name) in held:
                continue
            start = structure.sites[number].fraction["xyz".index(name)]
            found.append((Column(f"{labels[number]}_{name}", "position", together, direction), start))
    return found


def _held(structure: Structure) -> set[tuple[int, str]]:
    """One coordinate for each direction in which the origin floats: that of the heaviest site that has it."""
    names, _ = floating_origin(structure)
    found: set[tuple[int, str]] = set()
    weights = [site.occupancy * atomic_mass(site.element, site.isotope) for site in structure.sites]
    for name in names:
        for number in sorted(range(len(weights)), key=lambda place: -weights[place]):
            if name in position_freedom(structure, number)[0]:
                first = _first_of_position(structure, number)
                found.add((first, name))
                break
    return found


def _first_of_position(structure: Structure, number: int) -> int:
    place = structure.sites[number].fraction
    return next(other for other, site in enumerate(structure.sites) if np.allclose(site.fraction, place, atol=1e-6))


def _numbers(structure: Structure, chosen: Chosen) -> list[int]:
    if chosen == "all":
        return list(range(len(structure.sites)))
    if isinstance(chosen, str):
        raise StudyError(f"Sites are a list of labels such as ['{chosen}'], or 'all'.")
    return list(dict.fromkeys(site_number(structure, site) for site in chosen))


def site_labels(structure: Structure) -> list[str]:
    """Labels, with the place in the list where a label occurs twice."""
    labels = [site.label for site in structure.sites]
    return [f"{label}_{place}" if labels.count(label) > 1 else label for place, label in enumerate(labels)]
