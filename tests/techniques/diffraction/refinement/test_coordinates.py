"""Do refined coordinates belong to the atom that a file lists, in whichever order it lists its operations?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interlith.crystal.cif import parse_cif
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.crystal.writing import write_cif
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.refined_files import cif
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from tests.techniques.diffraction.refinement.simulated import ANGLES, LAB, measured, series, strength, truth

#: Shift of the oxygen, as a part of an edge.
AWAY = 0.008


def reversed_operations(text: str) -> str:
    """A CIF whose operations stand in the other order."""
    lines = text.splitlines()
    first = lines.index("_space_group_symop_operation_xyz") + 1
    last = next(number for number in range(first, len(lines)) if not lines[number].strip().strip("'").count(","))
    return "\n".join([*lines[:first], *reversed(lines[first:last]), *lines[last:]]) + "\n"


def moved(structure: Structure, along: int) -> Structure:
    """The structure with its oxygen elsewhere, its relations kept."""
    made = []
    for site in structure.sites:
        fraction = np.array(site.fraction)
        if site.element == "O":
            fraction = fraction + AWAY * np.array([1, 1, 0] if along == 0 else [0, 0, 1])
        made.append(replace(site, fraction=tuple(fraction.tolist())))
    return replace(structure, sites=tuple(made))


@pytest.mark.parametrize(("name", "coordinate", "along"), [("rutile", "x", 0), ("anatase", "z", 2)])
def test_an_atom_that_moved_is_found_where_it_is_and_written_there(
    name: str, coordinate: str, along: int, tmp_path: Path
) -> None:
    path = tmp_path / "oxide.cif"
    path.write_text(reversed_operations(write_cif(phase(name))))
    true = moved(phase(name), along)
    (oxygen,) = [site for site in true.sites if site.element == "O"]
    model = PatternModel(
        ANGLES, (phase_lines(true, LAB, 90.0, name="oxide", unknown_displacement=0.0076),), LAB, background=3
    )
    values = truth(model)
    values[model.place_of("oxide_scale")] = strength(model, values, "oxide", 20000.0)
    counts = np.random.default_rng(8).poisson(model.intensity(values)).astype(float)
    asked = Phase(path, name="oxide", positions="all", displacement="structure")
    found = refine(series(measured(ANGLES, counts)), Pattern(asked, instrument=LAB, refine=("displacement",)))
    row = found.data["parameters"].filter(found.data["parameters"]["name"] == f"oxide_{oxygen.label}_{coordinate}")
    value, std = float(row.item(0, "value")), float(row.item(0, "inflated"))
    assert std < AWAY / 20
    assert abs(value - oxygen.fraction[along]) < 4 * std
    files = cif(found).data["files"]
    again = parse_cif(files.filter(files["phase"] == "oxide").item(0, "text"))
    (written,) = [site for site in again.sites if site.element == "O"]
    assert np.array(written.fraction) == pytest.approx(np.array(oxygen.fraction), abs=5 * std)
