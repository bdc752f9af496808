"""Displacements of atoms on one site are found, and left alone where a person has tied or held them."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlith.numerics.fitting.parameters import Tie
from interlith.physics.powder.instrument import Instrument
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.setup import Setup

CIF = """data_mixed
_cell_length_a 3.89
_cell_length_b 3.89
_cell_length_c 3.89
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'P m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
_atom_site_U_iso_or_equiv
La La 0 0 0 0.5 0.005
Ba Ba 0 0 0 0.5 0.005
Co Co 0.5 0.5 0.5 1 0.005
O O 0 0.5 0.5 1 0.005
"""
NEUTRONS = Instrument((1.5,), radiation="neutron", geometry="debye-scherrer", gauss=(0.1, -0.1, 0.1))


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.cif"
    path.write_text(CIF)
    return path


def setup(pattern: Pattern, *, axial_known: bool = True, widths_known: bool = True) -> Setup:
    return Setup(pattern, NEUTRONS, 0.0, widths_known, 3, 90.0, axial_known=axial_known)


def test_displacements_on_one_site_are_taken_as_equal(mixed: Path) -> None:
    made = setup(Pattern(Phase(mixed, name="P", u_iso="all")))
    assert made.one_site == (("P_La_u_iso", "P_Ba_u_iso"),)
    assert Tie("P_Ba_u_iso", {"P_La_u_iso": 1.0}) in made.ties


def test_sites_alone_or_tied_or_held_by_a_person_are_left(mixed: Path) -> None:
    assert setup(Pattern(Phase(mixed, name="P", u_iso=("La", "Co", "O")))).one_site == ()
    own = Tie("P_Ba_u_iso", {"P_La_u_iso": 1.2})
    tied = setup(Pattern(Phase(mixed, name="P", u_iso="all"), ties=[own]))
    assert tied.one_site == ()
    assert tied.ties == (own,)
    assert setup(Pattern(Phase(mixed, name="P", u_iso="all"), fixed=["P_Ba_u_iso"])).one_site == ()


def test_axial_divergence_is_refined_where_no_one_knows_it(mixed: Path) -> None:
    unknown = setup(Pattern(Phase(mixed, name="P")), axial_known=False)
    assert {"sample_ratio", "slit_ratio"} <= set(unknown.common)
    assert Tie("slit_ratio", {"sample_ratio": 1.0}) in unknown.ties
    assert "sample_ratio" not in setup(Pattern(Phase(mixed, name="P"))).common
    asked = setup(Pattern(Phase(mixed, name="P"), refine=("zero",)), axial_known=False)
    assert asked.ties == ()


def test_neutrons_of_unknown_widths_refine_all_three(mixed: Path) -> None:
    assert "gauss_*" in setup(Pattern(Phase(mixed, name="P")), widths_known=False).common
