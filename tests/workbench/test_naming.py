"""What names of files say, in the habits of real labs."""

from __future__ import annotations

import pytest

from interlith.workbench.declaring.naming import Named, make_unique, read_names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["bare_01", "bare_02"], [("bare", "1"), ("bare", "2")]),
        (["bare cell 3"], [("bare", "3")]),
        (["C0.5La #2"], [("C0.5La", "2")]),
        (["LNMO_1", "LNMO_C_1"], [("LNMO", "1"), ("LNMO_C", "1")]),
        (["NMC_1", "NM_1"], [("NMC", "1"), ("NM", "1")]),
        (["bare_25C_1"], [("bare_25C", "1")]),
        (["NCM811"], [("NCM811", "1")]),
        (["bare1", "bare2"], [("bare", "1"), ("bare", "2")]),
        (["LiMn2O4"], [("LiMn2O4", "1")]),
        (["no_1"], [("no", "1")]),
        (["LNMO_bare_c01_C10_formation", "LNMO_bare_c01_cycling"], [("LNMO_bare", "1"), ("LNMO_bare", "1")]),
        (["bare_1_cycle1-100"], [("bare", "1")]),
        (["cells/1"], [("1", "1")]),
        (["电池_1"], [("电池", "1")]),
        (["bare_1_01_OCV_C04", "bare_1_02_GCPL_C04"], [("bare", "1"), ("bare", "1")]),
        (["LNMO coated_01_PEIS_CA1"], [("LNMO coated", "1")]),
    ],
)
def test_variant_and_replicate(names: list[str], expected: list[tuple[str, str]]) -> None:
    found = read_names(names)
    assert [(found[name].variant, found[name].replicate) for name in names] == expected


def test_formation_and_cycling_are_one_cell() -> None:
    found = read_names(["a_c01_C10_formation", "a_c01_cycling", "a_c02_cycling"])
    assert found["a_c01_C10_formation"].cell == found["a_c01_cycling"].cell
    assert found["a_c01_cycling"].cell != found["a_c02_cycling"].cell


@pytest.mark.parametrize("second", ["bare_1_part2", "bare_1 (2)", "bare_1_restart", "bare_1-cont"])
def test_a_continuation_belongs_to_the_file_that_it_continues(second: str) -> None:
    found = read_names(["bare_1", second])
    assert found[second].cell == "bare_1"
    assert found["bare_1"].part < found[second].part


def test_a_name_that_looks_like_a_part_but_continues_nothing_stays() -> None:
    assert read_names(["bare (2)"])["bare (2)"].cell == "bare (2)"


def test_a_chain_of_techniques_is_one_cell_and_one_name_on_two_channels_is_two() -> None:
    found = read_names(["a_02_GCPL_C04", "a_01_OCV_C04", "a_03_PEIS_C04", "a_02_GCPL_C05"])
    assert {found[name].cell for name in ("a_01_OCV_C04", "a_02_GCPL_C04", "a_03_PEIS_C04")} == {"a_C04"}
    assert [found[name].part for name in ("a_01_OCV_C04", "a_02_GCPL_C04", "a_03_PEIS_C04")] == [1, 2, 3]
    cells = make_unique(found, {})
    assert sorted(cells.values()) == [("", "1"), ("", "2")]


def test_equal_names_in_two_folders_are_two_cells() -> None:
    names = read_names(["2026-01-12/bare_1", "2026-02-03/bare_1", "2026-02-03/bare_2"])
    cells = make_unique(names, {named.cell: named.cell.rpartition("/")[0] for named in names.values()})
    assert cells["2026-01-12/bare_1"] == ("2026-01-12", "1")
    assert cells["2026-02-03/bare_1"] == ("2026-02-03", "1")


def test_no_two_cells_are_made_one() -> None:
    names = read_names(["bare_1", "bare_01", "bare-1"])
    cells = make_unique(names, {})
    assert len(set(cells.values())) == 3


def test_thousands_of_cells_of_one_name_get_one_number_each() -> None:
    names = {f"f{k}/bare_1": Named("bare", "1", f"f{k}/bare_1", 0) for k in range(3000)}
    names["g/bare_2"] = Named("bare", "2", "g/bare_2", 0)
    cells = make_unique(names, {})
    assert sorted(int(replicate) for _, replicate in cells.values()) == list(range(1, 3002))
    assert cells["f0/bare_1"] == ("", "1")


def test_a_number_without_a_separator_counts_where_the_sibling_lies_in_another_folder() -> None:
    found = read_names(["a/bare1", "b/bare1"])
    assert {named.replicate for named in found.values()} == {"1"}
    assert {named.variant for named in found.values()} == {"bare"}
