"""How is a structure written as CIF or POSCAR, so that it comes back equal?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from interlith.crystal.structure import Structure

_AXES = ("x", "y", "z")


def write_cif(structure: Structure) -> str:
    """Text of a CIF with all operations listed; standard uncertainties in brackets where known.

    Notes
    -----
    Numbers without an uncertainty keep twelve decimals and come back equal; an uncertainty is printed to two digits and its
    number to the same decimal, as CIF demands, so that such a number comes back rounded.
    """
    cell = structure.cell
    lines = [f"data_{_word(structure.name)}", *_header(structure)]
    for kind, names, values, stds in (
        ("length", ["a", "b", "c"], cell.parameters[:3], cell.std[:3]),
        ("angle", ["alpha", "beta", "gamma"], cell.parameters[3:], cell.std[3:]),
    ):
        lines += [
            f"_cell_{kind}_{name} {_number(value, std)}" for name, value, std in zip(names, values, stds, strict=True)
        ]
    if structure.formula_units:
        lines.append(f"_cell_formula_units_Z {structure.formula_units:g}")
    lines += [f"_space_group_name_H-M_alt '{structure.space_group}'", f"_space_group_IT_number {structure.number}"]
    lines += ["loop_", "_space_group_symop_operation_xyz"]
    lines += [f"'{operation_text(r, t)}'" for r, t in zip(structure.rotations, structure.translations, strict=True)]
    return "\n".join([*lines, *_site_lines(structure), *_tensor_lines(structure), ""])


def _header(structure: Structure) -> list[str]:
    lines = [f"_chemical_formula_sum '{_spaced(structure)}'"]
    if structure.source:
        lines += ["_interlith_source", ";", structure.source.replace("\n;", "\n ;"), ";"]
    return lines


def _spaced(structure: Structure) -> str:
    return " ".join(f"{element}{count:.6g}" for element, count in structure.composition.items())


def _site_lines(structure: Structure) -> list[str]:
    lines = ["loop_", "_atom_site_label", "_atom_site_type_symbol", "_atom_site_fract_x", "_atom_site_fract_y"]
    lines += ["_atom_site_fract_z", "_atom_site_occupancy", "_atom_site_U_iso_or_equiv"]
    for site in structure.sites:
        place = [_number(value, std) for value, std in zip(site.fraction, site.fraction_std, strict=True)]
        displacement = "?" if math.isnan(site.u_iso) else _number(site.u_iso, site.u_iso_std)
        filled = _number(site.occupancy, site.occupancy_std)
        kind = f"{site.isotope or ''}{site.element}{_charge_text(site.charge)}"
        lines.append(" ".join([site.label, kind, *place, filled, displacement]))
    return lines


def _tensor_lines(structure: Structure) -> list[str]:
    rows = [site for site in structure.sites if site.u_aniso is not None]
    if not rows:
        return []
    names = [f"_atom_site_aniso_U_{place}" for place in ("11", "22", "33", "12", "13", "23")]
    lines = ["loop_", "_atom_site_aniso_label", *names]
    return lines + [
        " ".join([site.label, *(_number(value, math.nan) for value in site.u_aniso or ())]) for site in rows
    ]


def operation_text(rotation: Sequence[Sequence[int]] | np.ndarray, translation: Sequence[float] | np.ndarray) -> str:
    """``-y,x-y,z+1/3`` of an operation x' = R x + t, shapes (3, 3) and (3,)."""
    parts = []
    for row, shift in zip(rotation, translation, strict=True):
        text = ""
        for factor, axis in zip(row, _AXES, strict=True):
            if factor:
                size = "" if abs(factor) == 1 else f"{abs(int(factor))}*"
                text += ("-" if factor < 0 else "+" if text else "") + size + axis
        twelfths = round(float(shift) % 1.0 * 24)
        if twelfths % 24:
            common = math.gcd(twelfths, 24)
            text += f"+{twelfths // common}/{24 // common}"
        parts.append(text)
    return ",".join(parts)


def write_poscar(structure: Structure, *, frozen: Sequence[bool] | None = None) -> str:
    """Text of a POSCAR (VASP 5) of all atoms, grouped by element.

    Parameters
    ----------
    structure
        Must have fully occupied sites.
    frozen
        For each atom of ``structure.atoms``, whether it is held (selective dynamics); `None` writes no such flags.

    Raises
    ------
    StudyError
        If a site is partly occupied: a calculation needs whole atoms.
    """
    from interlith.errors import StudyError

    atoms = structure.atoms
    for site in structure.sites:
        if site.occupancy < 1 - 1e-6:
            raise StudyError(
                f"{structure.name}, site {site.label} is filled to {site.occupancy:g}; a calculation needs whole atoms: order "
                "the structure first."
            )
    if frozen is not None and len(frozen) != len(atoms):
        raise StudyError(f"frozen has {len(frozen)} entries for {len(atoms)} atoms; give one for each.")
    order = list(dict.fromkeys(atoms.elements))
    rows = sorted(range(len(atoms)), key=lambda place: order.index(atoms.elements[place]))
    lines = [structure.name, "1.0"]
    lines += [" ".join(f"{value:20.14f}" for value in vector) for vector in structure.cell.vectors]
    lines += [" ".join(order), " ".join(str(atoms.elements.count(element)) for element in order)]
    lines += ["Selective dynamics"] if frozen is not None else []
    lines.append("Direct")
    for place in rows:
        flags = "" if frozen is None else " F F F" if frozen[place] else " T T T"
        lines.append(" ".join(f"{value:.14f}" for value in atoms.fractions[place]) + flags)
    return "\n".join(lines) + "\n"


def _word(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_.+" else "_" for letter in name) or "structure"


def _number(value: float, std: float) -> str:
    if math.isfinite(std) and std > 0:
        decimals = max(0, 1 - math.floor(math.log10(std)))
        return f"{value:.{decimals}f}({round(std * 10**decimals)})"
    return f"{value:.12f}".rstrip("0").rstrip(".") or "0"


def _charge_text(charge: float | None) -> str:
    if charge is None:
        return ""
    return f"{abs(charge):g}{'-' if charge < 0 else '+'}"
