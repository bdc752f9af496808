"""Refined phases and patterns come back out of their CIFs, by our reader and by another one."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import gemmi
import numpy as np
import polars as pl
import pytest

from interlith.crystal.phases import phase
from interlith.errors import StudyError
from interlith.model import Result, Series
from interlith.techniques.diffraction.example import example
from interlith.techniques.diffraction.refined_files import cif
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.refining import refine
from interlith.techniques.diffraction.survey import patterns as surveyed
from interlith.techniques.diffraction.writing_cif import number
from tests.techniques.diffraction.refined_series import patterns


@cache
def refined() -> Result:
    return refine(Series(patterns()[2:]), Pattern([Phase("NaCl", u_iso="all"), "Si"], background=3))


def test_cells_displacements_and_shares_come_back(tmp_path: Path) -> None:
    found = refined()
    files = cif(found, tmp_path).data["files"]
    assert files.get_column("name").to_list() == [
        "S1_0_NaCl.cif", "S1_0_Si.cif", "S1_0.cif", "S1_1_NaCl.cif", "S1_1_Si.cif", "S1_1.cif",
    ]  # fmt: skip
    back = phase(tmp_path / "S1_1_NaCl.cif")
    row = found.table.filter((pl.col("quantity") == "NaCl_cell_a") & (pl.col("fit") == "pattern 1")).row(0, named=True)
    assert back.cell.a == pytest.approx(row["value"], abs=0.06 * row["std"])
    assert back.cell.std[0] == pytest.approx(row["std"], rel=0.06)
    names = pl.col("name") == f"NaCl_{back.sites[0].label}_u_iso"
    value = found.data["parameters"].filter(names & (pl.col("pattern") == 1)).row(0, named=True)
    assert back.sites[0].u_iso == pytest.approx(value["value"], abs=0.06 * value["inflated"])
    column = gemmi.cif.read(str(tmp_path / "S1_1_NaCl.cif"))[0].find_values("_atom_site_U_iso_or_equiv")
    assert column[0] == number(value["value"], value["inflated"])
    small = gemmi.read_small_structure(str(tmp_path / "S1_1_NaCl.cif"))
    assert small.cell.a == pytest.approx(back.cell.a)
    assert {site.element.name for site in small.sites} == {"Na", "Cl"}


def test_points_and_residuals_come_back_from_the_powder_cif(tmp_path: Path) -> None:
    found = refined()
    cif(found, tmp_path, pattern=1)
    document = gemmi.cif.read(str(tmp_path / "S1_1.cif"))
    assert [block.name for block in document] == ["S1_1", "S1_1_NaCl", "S1_1_Si"]
    block = document[0]
    curve = found.data["curves"].filter(pl.col("pattern") == 1)
    for item, column in (("_pd_meas_2theta_scan", "two_theta"), ("_pd_calc_intensity_total", "calculated")):
        values = np.array([float(one) for one in block.find_values(item)])
        np.testing.assert_allclose(values, curve.get_column(column).to_numpy(), rtol=1e-6)
    row = found.data["refined"].row(1, named=True)
    assert float(block.find_value("_pd_proc_ls_prof_wR_factor")) == pytest.approx(row["r_wp"], abs=1e-5)
    assert not (tmp_path / "S1_0.cif").exists()


def test_other_results_and_patterns_are_refused() -> None:
    with pytest.raises(StudyError, match="no refined structures"):
        cif(surveyed(example().series))
    with pytest.raises(StudyError, match="S1"):
        cif(refined(), sample="S2")
    with pytest.raises(StudyError, match="No such pattern"):
        cif(refined(), pattern=7)
