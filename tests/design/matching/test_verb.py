"""The registry as an answer: findings, numbers, tables, figures and audits."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from interlith.design.matching.interfaces import interface
from interlith.design.matching.verb import registry
from interlith.errors import StudyError, UnitError
from interlith.physics.stiffness import isotropic
from interlith.reporting.draw import picture
from tests.crystal.crystals import layered, monoclinic, perovskite, spinel


def test_the_answer_for_spinel_and_perovskite() -> None:
    found = registry(spinel(std=0.001), perovskite(), reported={"misfit": "5 %"})
    assert "9 pairs of faces" in found[0].statement
    assert "(111) on (111)" in found[0].statement
    assert "5.28 %" in found[1].statement
    assert "75.0 % of the anions" in found[1].statement
    assert found[2].verdict == "supported"
    table = found.data["table"]
    first = table.row(0, named=True)
    assert (first["host_face"], first["film_face"], first["conventional"]) == ("(111)", "(111)", "1:4")
    assert first["front"]
    assert len(table) == len(found.data["matches"])
    assert table["area"].is_sorted()
    assert found.data["pareto"].equals(table.filter(pl.col("front") | pl.col("front_on_face")))
    cubic = table.filter((pl.col("host_face") == "(100)") & (pl.col("film_face") == "(100)")).row(0, named=True)
    assert cubic["conventional"] == "1:4"
    assert found.how is not None
    assert found.how.method == "registry"


def test_the_uncertainty_of_the_cells_is_carried() -> None:
    found = registry(spinel(std=0.001), spinel(a=8.0, std=0.002), miller=[[[1, 1, 1], [1, 1, 1]]], area=30.0)
    misfit = next(one for one in found.observables if one.quantity == "misfit")
    assert misfit.value == pytest.approx(100 * (8.17 / 8.0 - 1))
    assert misfit.components["calibration:spinel a"] == pytest.approx(100 * 0.001 / 8.0, rel=1e-4)
    assert misfit.components["calibration:spinel a (film)"] == pytest.approx(-100 * 8.17 / 64 * 0.002, rel=1e-4)
    alone = registry(spinel(std=0.001), spinel(std=0.001), miller=[[[1, 1, 1], [1, 1, 1]]], area=30.0)
    assert next(one for one in alone.observables if one.quantity == "misfit").std == pytest.approx(0.0, abs=1e-6)
    area = next(one for one in found.observables if one.quantity == "common_area")
    assert area.value == pytest.approx(8.17**2 * math.sqrt(3) / 4)
    unknown = registry(spinel(std=0.001), perovskite(), area=30.0).number("misfit_along")
    assert math.isinf(unknown.components["calibration:perovskite a"])
    assert unknown.components["calibration:spinel a"] == pytest.approx(100 * 0.001 / 8.17 * (8.17 / 7.76), rel=1e-4)


def test_a_stiffness_adds_the_energy_of_a_layer() -> None:
    """M e^2 t of an isotropic film: 200 GPa / 0.7 at 5.28 % over one repeat of 2.240 angstrom."""
    found = registry(
        spinel(), perovskite(), area=30.0, stiffness={"class": "isotropic", "E": 200, "nu": 0.3},
    )  # fmt: skip
    energy = found.number("strain_energy_per_repeat").value
    assert energy == pytest.approx(200e9 / 0.7 * 0.0528351**2 * 3.88e-10 / math.sqrt(3), rel=1e-4)
    assert found.number("strain_normal").value == pytest.approx(-100 * 2 * 0.3 / 0.7 * 0.0528351, rel=1e-4)
    assert "stores" in found[1].statement
    matrix = registry(spinel(), perovskite(), area=30.0, stiffness=isotropic(200.0, 0.0))
    assert matrix.number("strain_normal").value == pytest.approx(0.0)


def test_reported_cells_and_vacuum_are_audited() -> None:
    found = registry(
        spinel(), perovskite(a=3.905), area=30.0,
        reported={"film_a": "0.3905 angstrom", "host_a": "8.17 angstrom", "vacuum": "1.5 A".replace("A", "angstrom")},
    )  # fmt: skip
    audits = {one.quantity: one for one in found if one.kind == "audit"}
    assert audits["film_a"].verdict == "contradicted"
    assert "10^-1 looks like a slip of units" in audits["film_a"].statement
    assert audits["host_a"].verdict == "supported"
    assert audits["vacuum"].verdict == "contradicted"
    assert "15 angstrom (1.5 nm)" in audits["vacuum"].statement
    enough = registry(spinel(), perovskite(), area=30.0, reported={"vacuum": "1.5 nm"})
    assert enough[2].verdict == "supported"


def test_nothing_fits_is_said_with_the_nearest_miss() -> None:
    found = registry(spinel(), perovskite(), area=30.0, strain="1 %")
    assert len(found) == 1
    assert "nothing fits" in found[0].statement
    assert "5.28 % of misfit" in found[0].statement
    assert found.data["matches"] == ()
    assert found.data["table"].is_empty()
    assert found.figures == ()
    assert "allow a larger area" in registry(spinel(), perovskite(), area="1 angstrom^2")[0].statement


def test_a_pair_of_faces_can_be_spelt_out() -> None:
    found = registry(spinel(), perovskite(), detail=[[1, 0, 0], [1, 0, 0]])
    assert found[1].statement.startswith("perovskite (100) on spinel (100)")
    with pytest.raises(StudyError, match="not among those searched"):
        registry(spinel(), perovskite(), detail=[[2, 1, 0], [1, 0, 0]])


def test_without_anions_the_front_has_two_goals() -> None:
    found = registry(spinel(), perovskite(), tolerance=None)
    assert all(one.shared is None for one in found.data["matches"])
    assert found.data["table"]["shared_anions"].is_null().all()
    front = found.data["table"].filter("front")
    assert front["misfit_rms"].is_sorted(descending=True)
    assert interface(found.data["matches"][0]).shortest[0] > 1.8


def test_multiples_are_marked() -> None:
    found = registry(spinel(), perovskite(), area=70.0, strain="5.3 %", multiples=True)
    table = found.data["table"]
    cube = table.filter((pl.col("host_face") == "(100)") & (pl.col("host_meshes") == 2) & (pl.col("film_meshes") == 4))
    assert set(cube["multiple"]) == {2}
    assert "1:4" in set(cube["conventional"])


def test_figures_draw_and_hold_the_atoms_of_both_layers() -> None:
    found = registry(spinel(), perovskite())
    front, cell = found.figures
    drawn = sum(len(line.x) for line in front.panels[0].lines)
    assert drawn == len(found.data["matches"])
    labels = {line.label for line in cell.panels[1].lines}
    assert labels == {"common cell", "O, host", "O, film", "La, film"}
    assert cell.panels[0].equal
    for figure in found.figures:
        assert picture(figure, "png").startswith(b"\x89PNG")


def test_crystals_of_low_symmetry_and_turned_over_films() -> None:
    found = registry(monoclinic(), layered(), area=80.0, strain="4 %")
    assert set(found.data["table"]["turned_over"]) == {True, False} or not found.data["table"]["turned_over"].any()
    assert all(0 <= share <= 1 for share in found.data["table"]["shared_anions"])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"area": "4 nm"}, UnitError, "angstrom"),
        ({"area": "9 m^2"}, StudyError, "cannot be searched"),
        ({"strain": "60 %"}, StudyError, "0 to 25 %"),
        ({"tolerance": "3 angstrom"}, StudyError, r"up to 1\.3"),
        ({"stiffness": np.eye(3)}, StudyError, "6 by 6"),
        ({"reported": {"misfitt": "5 %"}}, StudyError, "misfit"),
    ],
)
def test_wrong_questions_are_refused(options: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        registry(spinel(), perovskite(), **options)  # type: ignore[arg-type]


def test_a_cubic_stiffness_needs_a_cell_with_right_angles() -> None:
    with pytest.raises(StudyError, match="6 by 6 in its axes"):
        registry(spinel(), layered(), stiffness={"class": "cubic", "C11": 300, "C12": 100, "C44": 100})
