"""How is a refined structure written, with the standard uncertainty of every number in brackets?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from interlith.crystal.structure import Structure
from interlith.crystal.writing import write_cif


@dataclass(frozen=True, slots=True)
class RefinedPhase:
    """A phase as it came out of a refinement.

    Parameters
    ----------
    structure
        With refined cell and sites and their standard uncertainties, 0 or nan for what was held.
    weight_fraction
        Share of the mass and its standard uncertainty, nan where not known.
    volume_std
        Standard uncertainty of the cell volume (angstrom^3), with the covariance of the cell.
    numbers
        Further refined numbers: name -> value, standard uncertainty, unit; such as size and strain.
    notes
        What a reader of the file must know.
    """

    structure: Structure
    weight_fraction: tuple[float, float] = (math.nan, math.nan)
    volume_std: float = math.nan
    numbers: Mapping[str, tuple[float, float, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def refined_cif(phase: RefinedPhase, *, block: str = "", more: Mapping[str, str] | None = None) -> str:
    """Text of the CIF of a phase.

    Parameters
    ----------
    phase
        The phase.
    block
        Name of the data block; by default that of the structure.
    more
        Further items of the block, name -> value as CIF writes it.

    Notes
    -----
    A number that was held has no brackets. Uncertainties are those of the refinement, to two digits.
    """
    structure = replace(phase.structure, name=block or phase.structure.name)
    head, *body = write_cif(structure).split("\n")
    lines = [head, *(f"{name} {value}" for name, value in (more or {}).items())]
    lines.append(f"_cell_volume {number(phase.structure.cell.volume, phase.volume_std)}")
    lines += [
        f"_chemical_formula_weight {phase.structure.mass / max(phase.structure.formula_units, 1.0):.4f}",
        f"_exptl_crystal_density_diffrn {phase.structure.density:.4f}",
    ]
    fraction, std = phase.weight_fraction
    if math.isfinite(fraction):
        lines.append(f"_pd_phase_mass_% {number(100 * fraction, 100 * std)}")
    words = [f"{name}: {number(value, std)} {unit}".rstrip() for name, (value, std, unit) in phase.numbers.items()]
    if words or phase.notes:
        lines += ["_refine_special_details", *semicolons([*words, *phase.notes])]
    return "\n".join([*lines, *body])


def number(value: float, std: float) -> str:
    """A number as CIF writes it: ``8.1700(12)``; six significant digits where nothing is known of its uncertainty, ``?`` for none."""
    if not math.isfinite(value):
        return "?"
    if not math.isfinite(std) or std <= 0:
        return f"{value:.6g}"
    decimals = 1 - math.floor(math.log10(std))
    if round(std * 10.0**decimals) >= 100:
        decimals -= 1
    if decimals <= 0:
        # Brackets count in the last printed digit, which is the unit here.
        return f"{value:.0f}({std:.0f})"
    return f"{value:.{decimals}f}({round(std * 10.0**decimals)})"


def semicolons(lines: list[str]) -> list[str]:
    """A text of several lines as CIF holds it; a semicolon at the beginning of a line would end it."""
    safe = [f" {line}" if line.startswith(";") else line for text in lines for line in text.splitlines() or [""]]
    return [";", *safe, ";"]


def quoted(text: str) -> str:
    """A word of one line in quotes."""
    clean = " ".join(text.split())
    if "'" not in clean:
        return f"'{clean}'"
    return f'"{clean}"' if '"' not in clean else "\n".join(["", *semicolons([clean])])
