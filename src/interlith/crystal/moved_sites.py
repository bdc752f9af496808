"""Which structure follows from values of the parameters of its cell and its atoms?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.atom_columns import Column, chosen_columns, site_labels, site_tensor
from interlith.crystal.cell import Cell, cell_of
from interlith.crystal.cell_freedom import cell_freedom
from interlith.crystal.orbit_sums import orbit_sums
from interlith.crystal.site_freedom import isotropic_tensor
from interlith.crystal.structure import Site, Structure

Array = NDArray[np.float64]
#: A value and its standard uncertainty, 0 for what was held.
Known = tuple[float, float]


def moved_structure(
    structure: Structure, values: Mapping[str, Known], *, unknown_displacement: float = 0.0
) -> Structure:
    """The structure at values of its parameters, with their standard uncertainties.

    Parameters
    ----------
    structure
        As it was when the parameters were named.
    values
        Name -> value and standard uncertainty: ``cell_a`` ... (angstrom, deg), and those of `interlith.crystal.intensities.Strengths`:
        ``O1_x``, ``O1_u_iso``, ``O1_u11`` (angstrom^2), ``O1_occupancy``, ``overall_u``. Others are left alone.
    unknown_displacement
        U (angstrom^2) that sites without one were taken to have.

    Raises
    ------
    StudyError
        If an occupancy is outside 0 to 1, or the cell is none.

    Notes
    -----
    Uncertainties of a coordinate that hangs on several parameters leave out that these are correlated; symmetry rarely makes one.
    """
    columns, starts = _columns(structure, set(values), unknown_displacement)
    shifts = [
        (column, values[column.name][0] - start, values[column.name][1])
        for column, start in zip(columns, starts, strict=True)
        if column.name in values
    ]
    overall = values.get("overall_u")
    sites = []
    for number, site in enumerate(structure.sites):
        mine = [one for one in shifts if number in one[0].sites]
        sites.append(_moved(structure, number, site, mine, overall, unknown_displacement))
    return replace(structure, cell=_cell(structure, values), sites=tuple(sites))


def _columns(structure: Structure, names: set[str], unknown: float) -> tuple[list[Column], list[float]]:
    labels = site_labels(structure)

    def having(ends: Sequence[str]) -> list[int]:
        return [number for number, label in enumerate(labels) if any(f"{label}_{end}" in names for end in ends)]

    _, orbit_of = orbit_sums(structure, np.array([[1, 1, 1]]))
    columns, start = chosen_columns(
        structure, orbit_of, having(("x", "y", "z")), having(("u_iso",)), having(("u11", "u22", "u33", "u12", "u13", "u23")),
        having(("occupancy",)), False, unknown,
    )  # fmt: skip
    return list(columns), start.tolist()


def _moved(
    structure: Structure, number: int, site: Site, shifts: Sequence[tuple[Column, float, float]], overall: Known | None, unknown: float
) -> Site:  # fmt: skip
    """One site with all that moves it."""
    place = np.array(site.fraction)
    place_variance, placed = np.zeros(3), False
    u_iso = unknown if math.isnan(site.u_iso) and site.u_aniso is None else site.u_iso
    u_std, occupancy, occupancy_std = math.nan, site.occupancy, math.nan
    tensor: Array | None = None if site.u_aniso is None else site_tensor(structure, number, unknown)
    for column, shift, std in shifts:
        if column.kind == "position":
            place, place_variance, placed = (
                place + column.direction * shift,
                place_variance + (column.direction * std) ** 2,
                True,
            )
        elif column.kind == "u_iso":
            u_iso, u_std = u_iso + shift, std
        elif column.kind == "u_aniso":
            tensor = (site_tensor(structure, number, unknown) if tensor is None else tensor) + column.direction * shift
        elif column.kind == "occupancy":
            occupancy, occupancy_std = occupancy + shift, std
    if overall is not None:
        if tensor is not None:
            tensor = tensor + isotropic_tensor(structure, overall[0])
        else:
            u_iso, u_std = u_iso + overall[0], math.hypot(0.0 if math.isnan(u_std) else u_std, overall[1])
    stds = np.sqrt(place_variance) if placed else np.full(3, math.nan)
    six = (
        None
        if tensor is None
        else (
            float(tensor[0]),
            float(tensor[1]),
            float(tensor[2]),
            float(tensor[3]),
            float(tensor[4]),
            float(tensor[5]),
        )
    )
    return replace(
        site, fraction=(float(place[0]), float(place[1]), float(place[2])), occupancy=float(occupancy), occupancy_std=occupancy_std,
        fraction_std=(float(stds[0]), float(stds[1]), float(stds[2])), u_iso=math.nan if six is not None else float(u_iso), u_iso_std=u_std,
        u_aniso=six,
    )  # fmt: skip


def _cell(structure: Structure, values: Mapping[str, Known]) -> Cell:
    freedom = cell_freedom(structure)
    known = [f"cell_{name}" for name in freedom.names]
    if not set(known) <= values.keys():
        return structure.cell
    six = freedom.six([values[name][0] for name in known])
    stds = np.sqrt(freedom.matrix**2 @ np.array([values[name][1] ** 2 for name in known]))
    return replace(cell_of([float(one) for one in six]), std=tuple(float(one) for one in stds))
