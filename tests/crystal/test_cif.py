"""Is a CIF read as data: what it says, what it hides, and nothing else?"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.crystal.cif import parse_cif, read_cif
from interlith.crystal.writing import operation_text, write_cif, write_poscar
from interlith.errors import InterlithError, ReadError, StudyError
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel

HEAD = """data_x
_cell_length_a {a}
_cell_length_b {a}
_cell_length_c {a}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
"""
LOOP = """loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
"""
TEXT = HEAD.format(a="3.905(1)") + "_space_group_name_H-M_alt 'P m -3 m'\n" + LOOP


@pytest.mark.parametrize("made", [spinel, perovskite, layered, monoclinic])
def test_what_is_written_comes_back(made) -> None:
    first = made()
    again = parse_cif(write_cif(first), name=first.name)
    assert again.composition == first.composition
    assert (again.number, again.space_group, again.formula_units) == (
        first.number,
        first.space_group,
        first.formula_units,
    )
    assert [site.charge for site in again.sites] == [site.charge for site in first.sites]
    assert again.cell.parameters == pytest.approx(first.cell.parameters, rel=1e-12)
    order = [np.lexsort(np.round(one.atoms.fractions, 9).T) for one in (first, again)]
    assert again.atoms.fractions[order[1]] == pytest.approx(first.atoms.fractions[order[0]], abs=1e-9)


def test_numbers_keep_their_uncertainty_isotope_and_displacement() -> None:
    found = parse_cif(TEXT + "Sr Sr2+ 0.5 0.5 0.5 1\nTi 46Ti4+ 0 0 0 0.98(2)\nO O2- 0.5 0 0 .\n")
    assert found.cell.std[0] == pytest.approx(0.001)
    assert [site.charge for site in found.sites] == [2.0, 4.0, -2.0]
    assert found.sites[1].isotope == 46
    assert found.sites[1].occupancy_std == pytest.approx(0.02)
    assert found.sites[2].occupancy == 1.0
    assert found.formula == "SrTi0.98O3"
    assert np.isnan(found.sites[0].u_iso)


def test_displacements_of_either_kind() -> None:
    text = TEXT.replace("_occupancy", "_B_iso_or_equiv") + "Sr Sr 0.5 0.5 0.5 0.79\n"
    assert parse_cif(text).sites[0].u_iso == pytest.approx(0.79 / (8 * np.pi**2))
    tensor = "loop_\n_atom_site_aniso_label\n" + "".join(
        f"_atom_site_aniso_B_{i}\n" for i in ("11", "22", "33", "12", "13", "23")
    )
    found = parse_cif(text + tensor + "Sr 1 2 3 0 0 0\n")
    assert found.sites[0].u_aniso == pytest.approx(np.array([1, 2, 3, 0, 0, 0]) / (8 * np.pi**2))


def test_operations_win_over_a_wrong_name_and_it_is_said() -> None:
    loop = "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'-x,-y,-z'\n"
    found = parse_cif(
        HEAD.format(a=5) + "_symmetry_space_group_name_H-M 'P m -3 m'\n" + loop + LOOP + "O O 0.1 0.2 0.3 1\n"
    )
    assert found.number == 2
    assert "operations taken" in found.notes[0]


def test_an_origin_that_is_not_said_is_noted() -> None:
    text = TEXT.replace("P m -3 m", "F d -3 m") + "Si Si 0.125 0.125 0.125 1\n"
    found = parse_cif(text)
    assert len(found.atoms) == 8
    assert "origin 2 taken" in found.notes[0]
    assert len(parse_cif(text.replace("F d -3 m", "F d -3 m S")).atoms) == 16
    assert len(parse_cif(text.replace("data_x", "data_x\n_space_group_IT_coordinate_system_code 1")).atoms) == 16


def test_a_cell_in_nm_is_noticed() -> None:
    atoms = "Sr Sr 0.5 0.5 0.5 1\nTi Ti 0 0 0 1\nO O 0.5 0 0 1\n"
    found = parse_cif(TEXT.replace("3.905(1)", "0.3905") + atoms, name="SrTiO3")
    assert "look like nm, not angstrom" in found.notes[0]
    assert parse_cif(TEXT + atoms).notes == ()


def test_a_site_filled_twice_is_noticed() -> None:
    found = parse_cif(TEXT + "Mn Mn 0 0 0 0.8\nNi Ni 0 0 0 0.5\n")
    assert "filled 1.300 times" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no atom positions"),
        ("hello", "is not a CIF"),
        (TEXT, "lists no atoms"),
        (HEAD.format(a=3) + "loop_\n_a\n", "is not a CIF|no atom positions"),
        (HEAD.format(a=3) + LOOP + "O O 0 0 0 1\n", "names no space group"),
        (TEXT.replace("3.905(1)", "?") + "O O 0 0 0 1\n", "which is no number"),
        (TEXT.replace("_cell_length_a", "_cell_length_q") + "O O 0 0 0 1\n", "_cell_length_a is missing"),
        (TEXT + "O O 0 x 0 1\n", "is not three numbers"),
        (TEXT + "O O 0 1e9 0 1\n", "is not three numbers"),
        (TEXT + "Qq Qq 0 0 0 1\n", "names no chemical element"),
        (TEXT + "O O 0 0 0 nothing\n", "is no number"),
        (TEXT + "O O 0 0 0 7\n", "outside 0 to 1"),
        (HEAD.format(a=3) + "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'__import__(1)'\n" + LOOP + "O O 0 0 0 1\n", "cannot be read"),
        (HEAD.format(a=3) + "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'-y,x,z'\n" + LOOP + "O O 0 0 0 1\n", "are no group"),
        (HEAD.format(a=3) + "loop_\n_symmetry_equiv_pos_as_xyz\n'-x,y,z'\n" + LOOP + "O O 0 0 0 1\n", "are no group|missing"),
        (TEXT + "O O 0 0 0 1\n" + (TEXT + "O O 0 0 0 1\n").replace("data_x", "data_y"), "holds 2 structures"),
        (TEXT.replace("alpha 90", "alpha 250") + "O O 0 0 0 1\n", "write 0 to 180"),
    ],
)  # fmt: skip
def test_what_is_no_structure_is_refused(text: str, words: str) -> None:
    with pytest.raises(ReadError, match=words):
        parse_cif(text, where="x.cif")


def test_a_block_is_chosen_by_name() -> None:
    both = TEXT + "O O 0 0 0 1\n" + (TEXT + "Li Li 0 0 0 1\n").replace("data_x", "data_y")
    assert parse_cif(both, block="y").formula == "Li"
    with pytest.raises(ReadError, match="blocks with atoms: x, y"):
        parse_cif(both, block="z")


def test_files_that_are_missing_or_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="There is no file"):
        read_cif(tmp_path / "no.cif")
    large = tmp_path / "large.cif"
    large.write_bytes(b"#" * 20_000_001)
    with pytest.raises(ReadError, match="20,000,001 bytes"):
        read_cif(large)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(["spinel", "layered"]))
def test_a_damaged_cif_is_read_or_refused_with_a_sentence(seed: int, name: str) -> None:
    random_numbers = random.Random(seed)
    text = list(write_cif({"spinel": spinel, "layered": layered}[name]()))
    for _ in range(random_numbers.randint(1, 12)):
        place = random_numbers.randrange(len(text))
        text[place : place + random_numbers.randint(0, 3)] = random_numbers.choice(
            ["", "x", "\n", "9", "'", "_", "?", "\x00", ";\n"]
        )
    try:
        found = parse_cif("".join(text))
    except InterlithError as error:
        said = str(error)
    else:
        said = f"a cell of {found.cell.volume:.3g} angstrom^3"
        assert found.cell.volume > 0
    assert len(said) > 10


def test_real_files_are_what_they_are(data_folder: Path) -> None:
    folder = data_folder / "energetics" / "structures"
    found = {path.name: read_cif(path) for path in sorted(folder.glob("*.cif"))}
    assert found["SrTiO3_COD1512124.cif"].formula == "SrTiO3"
    assert found["SrTiO3_COD1512124.cif"].density == pytest.approx(5.14, abs=0.02)
    assert found["Y2O3_mp-2652.cif"].number == 206
    assert found["LiC6_mp-1001581.cif"].formula == "LiC6"
    assert all(not one.notes for one in found.values())


def test_operations_are_written_as_triplets() -> None:
    assert operation_text([[0, -1, 0], [1, -1, 0], [0, 0, 1]], [0, 0, 1 / 3]) == "-y,x-y,z+1/3"


def test_a_poscar_groups_elements_and_freezes() -> None:
    text = write_poscar(layered(), frozen=[place < 3 for place in range(12)])
    lines = text.splitlines()
    assert lines[5:8] == ["Li Co O", "3 3 6", "Selective dynamics"]
    assert [line[-5:] for line in lines[9:]].count("F F F") == 3
    with pytest.raises(StudyError, match="whole atoms"):
        write_poscar(spinel())
    with pytest.raises(StudyError, match="12 atoms"):
        write_poscar(layered(), frozen=[True])


def test_an_unknown_occupancy_is_told_and_a_refined_one_above_one_is_read() -> None:
    found = parse_cif(TEXT + "Sr Sr 0.5 0.5 0.5 ?\nTi Ti 0 0 0 1.002(4)\nO O 0.5 0 0 .\n")
    assert found.notes == ("The occupancy of Sr is unknown (?); 1 was taken.",)
    assert found.sites[1].occupancy == 1.002
