"""Exports of impedance programs: which numbers come in, under which name, in which unit, how sure, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.model import Observable
from interlith.workbench.external.impedance.reading import is_export, read_export, read_impedance_results

from . import samples


def _written(folder: Path, text: str, name: str = "fit.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _numbers(path: Path, **options: object) -> dict[str, Observable]:
    found = read_impedance_results(path, **options).observables()  # type: ignore[arg-type]
    assert len({item.quantity for item in found}) == len(found)
    return {item.quantity: item for item in found}


def test_a_fit_of_zview(tmp_path: Path) -> None:
    path = _written(tmp_path, samples.ZVIEW, "arc.mdl")
    found = _numbers(path, names={"Rs": "R0"})
    assert {name for name in found if not name.startswith(("chi", "weighted"))} == {
        "R0", "R1", "Q1", "Q1_exponent", "Wo1_resistance", "Wo1_time_constant",
    }  # fmt: skip
    assert (found["Q1"].value, found["Q1"].std, found["Q1"].unit) == (1.004e-5, 8.0e-8, "s^n/ohm")
    assert found["Q1"].includes == {"fit"}
    assert (found["Wo1_time_constant"].value, found["Wo1_time_constant"].unit) == (1.52, "s")
    assert found["R0"].method == "external: ZView 3.5"
    assert found["R0"].flag.startswith("external; its raw file 'cell_3.z' is not here")
    assert found["chi_squared"].value == 0.00012
    row = read_impedance_results(path).data["evaluations"].row(0, named=True)
    assert (row["raw"], row["points"], row["weights"], row["circuit"]) == ("cell_3.z", 58, "Calc-Modulus", "")


def test_a_label_in_words_keeps_its_name_until_it_is_given_one_of_ours(tmp_path: Path) -> None:
    text = samples.ZVIEW.replace("R1\t", "Rct\t")
    kept = _numbers(_written(tmp_path, text))["Rct"]
    assert (kept.value, kept.unit) == (100.2, "1")
    assert "not an element of ours" in kept.flag
    named = _numbers(_written(tmp_path, text), names={"Rct": "R1", "Rs": "R0"})
    assert named["R1"].value == 100.2
    with pytest.raises(StudyError, match=r"no element 'Rx'; did you mean 'R"):
        read_export(_written(tmp_path, text), names={"Rx": "R1"})


def test_a_warburg_of_zview_with_a_free_exponent_is_not_ours(tmp_path: Path) -> None:
    text = samples.ZVIEW.replace("Wo1-P\tFixed(X)\t0.5", "Wo1-P\tFree(+)\t0.46")
    path = _written(tmp_path, text)
    found = _numbers(path)
    assert "Wo1_resistance" not in found
    assert found["Wo1-R"].value == 300.4
    assert "not an element of ours" in found["Wo1-R"].flag
    assert "exponent is 0.46 and not 0.5" in read_impedance_results(path).data["evaluations"].item(0, "notes")


def test_a_batch_of_zview_with_decimal_commas_has_an_evaluation_a_file(tmp_path: Path) -> None:
    result = read_impedance_results(_written(tmp_path, samples.ZVIEW_BATCH))
    assert result.data["evaluations"].get_column("raw").to_list() == ["a.z", "b.z"]
    first, second = (
        {item.quantity: item for item in result.observables() if item.sample == name} for name in ("a", "b")
    )
    assert (first["R1"].value, first["R1"].std) == (20.1, 0.2)
    assert (second["Q1"].value, second["Q1_exponent"].std) == (2.0e-5, 0.02)
    assert math.isinf(first["R2"].std)
    assert "held fixed" in first["R2"].flag
    assert result.table.get_column("id").n_unique() == result.table.height


def test_a_fit_of_relaxis_knows_its_circuit_and_which_spectrum(tmp_path: Path) -> None:
    path = _written(tmp_path, samples.RELAXIS)
    found = _numbers(path)
    assert set(found) == {"R0", "L1", "R1", "Q1", "Q1_exponent", "R2", "Q2", "Q2_exponent"}
    assert found["R2"].std == pytest.approx(300.4 * 0.0083)
    assert math.isinf(found["Q2_exponent"].std), "an error of 0 is none"
    row = read_impedance_results(path).data["evaluations"].row(0, named=True)
    assert (row["circuit"], row["raw"], row["spectrum"]) == ("R0-L1-(R1|Q1)-(R2|Q2)", "cell_3.mpr", 2)
    assert row["weights"] == "Proportional"


def test_tables_of_pyimpspec(tmp_path: Path) -> None:
    found = _numbers(_written(tmp_path, samples.PYIMPSPEC_CSV), circuit="[R(RQ)W]")
    assert set(found) == {"R0", "R1", "Q1", "Q1_exponent", "W1"}
    assert found["R1"].value == 300.4
    assert found["W1"].value == pytest.approx(1 / (math.sqrt(2) * 0.02))
    assert found["W1"].std == pytest.approx(0.01 / (math.sqrt(2) * 0.02))
    path = _written(tmp_path, samples.PYIMPSPEC_MARKDOWN)
    found = _numbers(path)
    assert found["R1"].std == pytest.approx(20.01 * 0.006)
    assert math.isinf(found["C1"].std)
    assert found["log10_pseudo_chi_squared"].value == -3.44
    row = read_impedance_results(path).data["evaluations"].row(0, named=True)
    assert (row["points"], row["weights"]) == (60, "boukamp")


def test_a_kramers_kronig_test_of_pyimpspec(tmp_path: Path) -> None:
    found = _numbers(_written(tmp_path, samples.KRAMERS_KRONIG))
    assert found["kramers_kronig_elements"].value == 19
    assert (found["kramers_kronig_noise"].value, found["kramers_kronig_noise"].unit) == (0.18, "%")
    assert math.isinf(found["kramers_kronig_noise"].std)


def test_a_circuit_of_impedance_py_with_constants(tmp_path: Path) -> None:
    saved = samples.impedance_py(
        "R0-p(R1,CPE1)-Wo1", [20.0, 1e-5, 0.9, 300.0, 1.5], [0.1, 1e-7, 0.001, 2.0, 0.1], {"R1": 100.0}
    )
    path = _written(tmp_path, json.dumps(saved), "circuit.json")
    found = _numbers(path)
    assert set(found) == {"R0", "R1", "Q1", "Q1_exponent", "Wo1_resistance", "Wo1_time_constant"}
    assert "held fixed" in found["R1"].flag
    assert (found["Wo1_time_constant"].value, found["Wo1_time_constant"].std) == (1.5, 0.1)
    assert read_impedance_results(path).data["evaluations"].item(0, "circuit") == "R0-(R1|Q1)-Wo1"


def test_a_project_of_deareis_carries_its_points(tmp_path: Path) -> None:
    text = samples.project(
        [100.0, 10.0, 1.0], [1 - 1j, 2 - 2j, 3 - 1j], (1,), "/home/me/cell.mpr", "!V=1![R{R=1}(R{R=2}C{C=3})]",
        {"R_1": {"R": (20.0, 0.1)}, "R_2": {"R": (100.0, 0.2)}, "C_1": {"C": (1e-5, None)}},
    )  # fmt: skip
    path = _written(tmp_path, text, "project.json")
    result = read_impedance_results(path)
    assert result.data["evaluations"].get_column("raw").to_list() == ["cell.mpr"] * 3
    assert result.data["evaluations"].item(0, "weights") == "boukamp"
    assert result.data["carried"].filter(evaluation=1).get_column("frequency").to_list() == [100.0, 1.0]
    found = {item.quantity: item for item in result.observables() if "fit 1" in item.fit}
    assert {"R0", "R1", "C1"} <= set(found)
    assert (found["R1"].value, found["R1"].std) == (100.0, 0.2)
    curve = result.data["distributions"]
    assert curve.get_column("time_constant").to_list() == [0.001, 0.01, 0.1]
    assert curve.get_column("gamma").to_list() == [2.0, 5.0, 1.0]
    assert curve.get_column("low").is_nan().all(), "both ends of its band are one column: no band"
    assert next(item.value for item in result.observables("kramers_kronig_residual")) == pytest.approx(1.0)


def test_a_distribution_of_drttools(tmp_path: Path) -> None:
    result = read_impedance_results(_written(tmp_path, samples.DRTTOOLS))
    assert result.data["distributions"].get_column("gamma").to_list() == [1.0, 8.0, 20.0, 5.0]
    assert next(iter(result.observables("ohmic_resistance"))).value == 20.0
    band = read_impedance_results(_written(tmp_path, samples.DRTTOOLS_BAND)).data["distributions"]
    assert band.get_column("high").to_list() == [2.0, 9.0, 22.0]
    assert band.get_column("low").to_list() == [0.5, 7.0, 18.0]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (samples.ZVIEW.replace("100.2", "1oo.2"), "fit.txt", r"fit.txt, line 4 holds '1oo.2'"),
        (samples.ZVIEW.replace("R1\t", "Rs\t"), "fit.txt", r"line 4: Rs stands in the table twice"),
        (samples.PYIMPSPEC_CSV.replace("300.4", "big"), "fit.csv", r"fit.csv, line 3 holds 'big'"),
        (samples.PYIMPSPEC_CSV * 2, "fit.csv", r"line 8: a second table of parameters"),
        (samples.RELAXIS.replace("20.01", "?"), "fit.txt", r"line 7 holds '\?'"),
        (samples.ZVIEW.replace("R1\tFree(+)\t", "R1 Free(+) "), "fit.txt", r"line 4: 3 cells where element"),
        (samples.ZVIEW_BATCH.replace("0,85\t0,02", "0,85"), "fit.txt", r"line 3: 11 cells under 12 columns"),
        (samples.RELAXIS.replace("CPE Q 1\t1.004E-5\t0.80", "CPE Q 1\t1.004E-5"), "fit.txt", r"line 10 holds .F s"),
        (samples.PYIMPSPEC_CSV.replace("300.4", "3e999"), "fit.csv", r"line 3 holds '3e999'"),
        (json.dumps({**samples.impedance_py("R0", [1.0], None), "Parameters": "x"}), "c.json", r"not as impedance.py saves"),
        (samples.ZVIEW.replace("Rs", "R\0s"), "fit.txt", r"no export that is known"),
        (samples.DRTTOOLS.replace("20.0", "x"), "drt.txt", r"line 5 holds 'x'"),
        (json.dumps(samples.impedance_py("R0-R1", [1.0], None)), "c.json", r"1 values for the 2 free parameters"),
        (json.dumps(samples.impedance_py("R0-Foo1", [1.0], None)), "c.json", r"the element Foo1, whose parameters"),
        (json.dumps({**samples.impedance_py("R0", [1.0], None), "Fit": False}), "c.json", r"before it was fitted"),
        ('{"data_sets": [{}], "fits": {}, "simulations": [], "version": 6}', "p.json", r"data set 1 is not as DearEIS"),
        ("frequency,real,imaginary\n1,2,3\n", "raw.csv", r"no export that is known"),
        ("{" * 100_000, "deep.json", r"no export that is known"),
    ],
)  # fmt: skip
def test_what_is_damaged_or_unknown_is_refused_with_its_place(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        read_impedance_results(_written(tmp_path, text, name))


def test_raw_files_and_plain_tables_are_no_exports(tmp_path: Path) -> None:
    spectrum = "RelaxIS 3.0 Spectrum export\nData: Frequency\tData: Z'\tData: Z''\n1\t2\t-3\n"
    table = "# software: ZView 3.5\nsample,quantity,value,unit,std\nbare,R1,20,ohm,1\n"
    for text in (spectrum, table, "frequency,real,imaginary\n1,2,-3\n", ""):
        assert not is_export(_written(tmp_path, text))
    assert not is_export(tmp_path / "missing.txt")
    for text in (
        samples.ZVIEW,
        samples.ZVIEW_BATCH,
        samples.RELAXIS,
        samples.PYIMPSPEC_CSV,
        samples.PYIMPSPEC_MARKDOWN,
    ):
        assert is_export(_written(tmp_path, text))


def test_a_raw_file_beside_the_export_is_tied_by_its_bytes(tmp_path: Path) -> None:
    raw = _written(tmp_path, "anything", "cell_3.z")
    found = _numbers(_written(tmp_path, samples.ZVIEW))
    import hashlib

    digest = hashlib.sha256(raw.read_bytes()).hexdigest()
    assert found["R1"].source.endswith(f"of sha256:{digest}")
    assert "raw file" not in found["R1"].flag
    assert found["R1"].sample == "cell_3"
