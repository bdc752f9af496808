"""Result files of Rietveld programs: which numbers come in, under which name, how sure, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.evidence.agreement import agreement
from interlith.model import Observable
from interlith.workbench.external.diffraction.reading import is_refinement, read_diffraction_results
from interlith.workbench.external.reading import read_external

from . import samples

SPINEL = ([(8.17325, 0.00021), (8.17325, None), (8.17325, None), (90, None), (90, None), (90, None), (545.981, 0.042)],)
CUO = ([(4.68, 0.001), (3.42, 0.002), (5.13, 0.001), (90, None), (99.5, 0.01), (90, None), (81.1, 0.05)],)


def _written(folder: Path, text: str, name: str = "fit.lst") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _numbers(path: Path) -> dict[tuple[str, str], Observable]:
    found = read_diffraction_results(path).observables()
    assert len({(item.sample, item.quantity) for item in found}) == len(found)
    return {(item.sample, item.quantity): item for item in found}


def two_phases(histograms: list[str]) -> str:
    return samples.gsas2(histograms, {"CuCr2O4": (SPINEL[0], (0.995, 0.0004)), "CuO": (CUO[0], (0.005, 0.0004))})


def test_a_listing_of_gsas2(tmp_path: Path) -> None:
    found = _numbers(_written(tmp_path, two_phases(["PWDR OH_00.fxye Bank 1"])))
    cell = found["OH_00", "CuCr2O4_cell_a"]
    assert (cell.value, cell.std, cell.unit) == (8.17325, 0.00021, "angstrom")
    assert cell.includes == {"fit"}
    assert ("OH_00", "CuCr2O4_cell_b") not in found
    assert (found["OH_00", "CuO_cell_beta"].value, found["OH_00", "CuO_cell_beta"].unit) == (99.5, "deg")
    assert found["OH_00", "CuCr2O4_cell_volume"].unit == "angstrom^3"
    share = found["OH_00", "CuO_weight_fraction"]
    assert (share.value, share.std, share.unit) == (0.005, 0.0004, "1")
    assert found["OH_00", "r_wp"].value == pytest.approx(0.1293)
    assert found["OH_00", "r_exp"].value == pytest.approx(0.0601)
    assert found["OH_00", "goodness_of_fit"].value == 2.15
    assert found["OH_00", "durbin_watson"].value == 0.731
    assert found["OH_00", "CuO_r_f"].value == pytest.approx(0.0321)
    assert cell.method == "external: GSAS-II"
    assert "version of the program not stated" in cell.flag
    assert "its raw file 'OH_00.fxye' is not here" in cell.flag
    assert math.isinf(found["OH_00", "r_wp"].std)


def test_one_cell_for_several_patterns_moves_for_all_of_them(tmp_path: Path) -> None:
    found = _numbers(_written(tmp_path, two_phases(["PWDR a.xye", "PWDR b.xye Bank 1"])))
    first, second = found["a", "CuCr2O4_cell_a"], found["b", "CuCr2O4_cell_a"]
    assert set(first.components) == set(second.components)
    assert "one number for 2 patterns" in second.flag
    assert set(found["a", "CuO_weight_fraction"].components).isdisjoint(found["b", "CuO_weight_fraction"].components)
    assert found["b", "r_wp"].value == pytest.approx(0.1393)


def test_a_fraction_that_was_not_refined_is_not_exact(tmp_path: Path) -> None:
    text = samples.gsas2(["PWDR a.xye"], {"LaB6": (SPINEL[0], (1.0, None))})
    assert math.isinf(_numbers(_written(tmp_path, text))["a", "LaB6_weight_fraction"].std)


def test_a_cell_refined_by_strain_is_that_of_the_pattern(tmp_path: Path) -> None:
    text = samples.gsas2(
        ["PWDR a.xye"], {"NMC": ([], (1.0, None))}, strained="a=2.86543(12), c=14.2301(9), vol=101.18(2)"
    )
    found = _numbers(_written(tmp_path, text))
    assert (found["a", "NMC_cell_a"].value, found["a", "NMC_cell_a"].std) == pytest.approx((2.86543, 0.00012))
    assert (found["a", "NMC_cell_c"].value, found["a", "NMC_cell_c"].std) == pytest.approx((14.2301, 0.0009))
    assert (found["a", "NMC_cell_volume"].value, found["a", "NMC_cell_volume"].std) == pytest.approx((101.18, 0.02))


def test_a_sequence_of_gsas2(tmp_path: Path) -> None:
    names = {f"PWDR OH_{k:02d}.fxye Bank 1": (13.0 + k, 2.0 + k) for k in range(3)}
    result = read_diffraction_results(_written(tmp_path, samples.gsas2_sequence(names)))
    found = {(item.sample, item.quantity): item for item in result.observables()}
    assert [found[f"OH_{k:02d}", "r_wp"].value for k in range(3)] == pytest.approx([0.13, 0.14, 0.15])
    assert found["OH_02", "goodness_of_fit"].value == 4.0
    assert result.data["refinements"].get_column("raw").to_list() == ["OH_00.fxye", "OH_01.fxye", "OH_02.fxye"]


def test_an_output_of_fullprof(tmp_path: Path) -> None:
    found = _numbers(_written(tmp_path, samples.fullprof(), "spinel.out"))
    cell = found["scan_07", "LNMO_spinel_cell_a"]
    assert (cell.value, cell.std, cell.unit) == (8.1732456, 2.1e-4, "angstrom")
    assert cell.method == "external: FullProf 8.40"
    assert found["scan_07", "layered_cell_c"].value == 14.21
    volume = found["scan_07", "LNMO_spinel_cell_volume"]
    assert (volume.value, volume.std) == (545.981, 0.042)
    share = found["scan_07", "LNMO_spinel_weight_fraction"]
    assert (share.value, share.std) == pytest.approx((0.8859, 0.0225))
    assert math.isinf(found["scan_07", "layered_weight_fraction"].std)
    assert found["scan_07", "goodness_of_fit"].value == pytest.approx(math.sqrt(7.765))
    assert ("scan_07", "r_wp") not in found
    corrected = found["scan_07", "r_wp_background_corrected"]
    assert corrected.value == pytest.approx(0.169)
    assert "background is subtracted" in corrected.flag


def test_a_summary_of_fullprof_has_r_values_with_background(tmp_path: Path) -> None:
    text = samples.fullprof() + (
        " => R-factors (not corrected for background) for Pattern:  1\n"
        " => Rp: 3.31     Rwp: 4.53     Rexp:    1.63 Chi2:  7.73  L.S. refinement\n"
    )
    found = _numbers(_written(tmp_path, text, "spinel.sum"))
    assert found["scan_07", "r_wp"].value == pytest.approx(0.0453)
    assert found["scan_07", "r_exp"].value == pytest.approx(0.0163)


def test_a_sequence_of_fullprof_that_was_run_again_counts_once(tmp_path: Path) -> None:
    found = _numbers(_written(tmp_path, samples.SEQUENCE, "series.seq"))
    assert found["frame617", "phase_1_cell_a"].value == 2.8804715
    assert found["frame617", "phase_2_weight_fraction"].value == pytest.approx(0.86118271)
    assert found["frame617", "goodness_of_fit"].value == pytest.approx(math.sqrt(0.56182))
    assert found["frame616", "goodness_of_fit"].value == pytest.approx(0.7)
    assert ("frame616", "phase_1_cell_volume") not in found
    assert "version of the program not stated" in found["frame616", "phase_1_cell_a"].flag


def test_raw_bytes_beside_the_listing_are_named(tmp_path: Path) -> None:
    (tmp_path / "OH_00.fxye").write_text("raw", encoding="utf-8")
    found = _numbers(_written(tmp_path, two_phases(["PWDR OH_00.fxye Bank 1"])))
    assert " of sha256:" in found["OH_00", "r_wp"].source
    assert "not here" not in found["OH_00", "r_wp"].flag


def test_the_door_for_external_results_takes_them_and_they_are_compared(tmp_path: Path) -> None:
    first = read_external(_written(tmp_path, two_phases(["PWDR scan_07.xye"])))
    text = samples.fullprof().replace("LNMO spinel", "CuCr2O4")
    second = read_external(_written(tmp_path, text, "spinel.out"))
    assert (first.technique, first.name) == ("diffraction", "external fit.lst")
    assert first.how.options["software"] == "GSAS-II"
    verdicts = {
        item.statement.partition(" of scan_07")[0]: item.verdict for item in agreement(first.table, second.table)
    }
    assert verdicts["CuCr2O4 cell a"] == "supported"
    assert verdicts["goodness of fit"] == "undecided"


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    assert not is_refinement(_written(tmp_path, "quantity,value\n", "table.csv"))
    assert not is_refinement(tmp_path / "nothing.lst")
    with pytest.raises(StudyError, match="no result file that is known"):
        read_diffraction_results(_written(tmp_path, "quantity,value\n", "table.csv"))
    with pytest.raises(StudyError, match="without results"):
        read_diffraction_results(_written(tmp_path, "\n".join(samples.banner())))
    broken = two_phases(["PWDR a.xye"]).replace("  values:    8.173250", "  values:    8.17x250")
    with pytest.raises(StudyError, match=r"fit\.lst, line \d+: '8\.17x250' is no number"):
        read_diffraction_results(_written(tmp_path, broken))
