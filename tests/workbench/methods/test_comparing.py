"""One spectrum, two programs: numbers side by side, why they differ, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from interlith.app.main import app
from interlith.errors import StudyError
from interlith.model import How, Observable, Result, Series, State, Statement, to_frame
from interlith.physics.circuits.fitting import fit_circuit
from interlith.reporting import report
from interlith.workbench.initialise import initialise
from interlith.workbench.methods import fits, relaxation
from interlith.workbench.methods.comparing import compare_methods
from interlith.workbench.methods.evidence import table

from ..external.impedance import samples
from .spectrum import CIRCUIT, FREQUENCY, impedance, write_raw

Z = impedance()
UNIT = fit_circuit(FREQUENCY, Z, CIRCUIT, weights="unit")
OURS = fit_circuit(FREQUENCY, Z, CIRCUIT)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return write_raw(tmp_path / "cell_3.csv", Z)


def _saved(
    folder: Path, values: np.ndarray, std: np.ndarray | None, circuit: str = "R0-p(R1,CPE1)-p(R2,CPE2)-W1"
) -> Path:
    path = folder / "circuit.json"
    path.write_text(json.dumps(samples.impedance_py(circuit, values.tolist(), None if std is None else std.tolist())))
    return path


def _verdicts(found: Statement) -> dict[str, object]:
    return {one.quantity: one.details["verdict"] for one in found if one.kind == "compare_methods"}


def test_the_same_fit_is_the_same(tmp_path: Path, raw: Path) -> None:
    found = compare_methods(raw, _saved(tmp_path, OURS.values[0], OURS.std[0]))
    assert _verdicts(found) == dict.fromkeys(CIRCUIT.names, "same")
    assert found[0].verdict == "supported"
    assert "of 8 numbers 8 same" in found[0].statement
    assert all(one.details["error_ratio"] == pytest.approx(1, rel=1e-3) for one in found[1:])


def test_other_weights_are_told_and_the_larger_error_is_named(tmp_path: Path, raw: Path) -> None:
    found = compare_methods(raw, _saved(tmp_path, UNIT.values[0], UNIT.std[0]))
    assert "minimum for unit weights" in found[0].statement
    assert "ours is for modulus weights" in found[0].statement
    assert set(_verdicts(found).values()) <= {"same", "within the stated error"}
    first = next(one for one in found if one.quantity == "R0")
    ratio = UNIT.std[0][0] / OURS.std[0][0]
    assert first.details["error_ratio"] == pytest.approx(ratio, rel=1e-3)
    assert f"the error of impedance.py is the larger, {ratio:.2g} times" in first.statement
    difference = UNIT.values[0][0] - OURS.values[0][0]
    assert first.details["over_our_error"] == pytest.approx(abs(difference) / OURS.std[0][0], rel=1e-2)
    again = compare_methods(raw, _saved(tmp_path, UNIT.values[0], UNIT.std[0]), weights="unit")
    assert set(_verdicts(again).values()) == {"same"}


def test_a_changed_number_is_different(tmp_path: Path, raw: Path) -> None:
    values = OURS.values[0].copy()
    values[1] += 3 * OURS.std[0][1]
    found = compare_methods(raw, _saved(tmp_path, values, OURS.std[0]))
    assert _verdicts(found)["R1"] == "different"
    assert found[0].verdict == "contradicted"
    assert "minimum for none of the weightings" in found[0].statement


def test_another_definition_shows_as_a_curve_that_misses_the_spectrum(tmp_path: Path, raw: Path) -> None:
    values = OURS.values[0].copy()
    values[5] *= 2.0  # Q2 as if it were defined per half
    found = compare_methods(raw, _saved(tmp_path, values, None))
    assert _verdicts(found)["Q2"] == "no error stated"
    assert _verdicts(found)["R1"] == "same"
    assert "miss the spectrum by" in found[0].statement
    assert found[0].verdict == "contradicted"


def test_arcs_in_another_order_are_paired(tmp_path: Path, raw: Path) -> None:
    order = [0, 4, 5, 6, 1, 2, 3, 7]
    found = compare_methods(raw, _saved(tmp_path, OURS.values[0][order], OURS.std[0][order]))
    assert set(_verdicts(found).values()) == {"same"}
    assert any("another order" in caveat and "R2 is our R1" in caveat for caveat in found[0].caveats)


def test_what_they_held_we_hold_too(tmp_path: Path, raw: Path) -> None:
    held = fit_circuit(FREQUENCY, Z, CIRCUIT, parameters={"Q2_exponent": 0.9})
    path = tmp_path / "circuit.json"
    keep = [k for k, name in enumerate(CIRCUIT.names) if name != "Q2_exponent"]
    saved = samples.impedance_py(
        "R0-p(R1,CPE1)-p(R2,CPE2)-W1", held.values[0][keep].tolist(), held.std[0][keep].tolist(), {"CPE2_1": 0.9}
    )
    path.write_text(json.dumps(saved))
    verdicts = _verdicts(compare_methods(raw, path))
    assert verdicts.pop("Q2_exponent") == "held fixed"
    assert set(verdicts.values()) == {"same"}


def test_without_the_technique_what_they_held_is_held_as_well(
    tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fits, "techniques", dict)
    held = fit_circuit(FREQUENCY, Z, CIRCUIT, parameters={"Q2_exponent": 0.9})
    keep = [k for k, name in enumerate(CIRCUIT.names) if name != "Q2_exponent"]
    saved = samples.impedance_py(
        "R0-p(R1,CPE1)-p(R2,CPE2)-W1", held.values[0][keep].tolist(), held.std[0][keep].tolist(), {"CPE2_1": 0.9}
    )
    path = tmp_path / "circuit.json"
    path.write_text(json.dumps(saved))
    verdicts = _verdicts(compare_methods(raw, path))
    assert set(verdicts.values()) == {"same", "held fixed"}


def test_the_points_that_they_masked_are_masked_when_their_weights_are_looked_for(tmp_path: Path) -> None:
    spoiled = Z.copy()
    spoiled[20] *= 1.2
    raw = write_raw(tmp_path / "cell_3.csv", spoiled)
    kept = np.arange(len(Z)) != 20
    theirs = fit_circuit(FREQUENCY[kept], Z[kept], CIRCUIT, weights="unit").values[0]
    parameters = {
        "R_1": {"R": (theirs[0], 0.1)}, "R_2": {"R": (theirs[1], 0.1)}, "Q_1": {"Y": (theirs[2], 1e-7), "n": (theirs[3], 0.01)},
        "R_3": {"R": (theirs[4], 0.1)}, "Q_2": {"Y": (theirs[5], 1e-5), "n": (theirs[6], 0.01)},
        "W_1": {"Y": (1 / (math.sqrt(2) * theirs[7]), 1e-4)},
    }  # fmt: skip
    plain = {element: {name: (float(a), b) for name, (a, b) in row.items()} for element, row in parameters.items()}
    path = tmp_path / "project.json"
    path.write_text(samples.project(FREQUENCY.tolist(), spoiled.tolist(), (20,), "", "[R(RQ)(RQ)W]", plain))
    found = compare_methods(raw, path)
    assert "minimum for unit weights (to" in found[0].statement
    assert any("used 49 points, we 50" in caveat for caveat in found[0].caveats)


def test_numbers_of_another_raw_file_have_errors_of_their_own(tmp_path: Path) -> None:
    one, two = "ab" * 32, "cd" * 32
    ours = Observable("capacity", 130.0, "mAh/g", "bare", {"counter:a": 1.0}, source=f"sha256:{one}")
    result = Result("cycling", "summary", to_frame([ours]), {}, pl.DataFrame(), How("cycling", "ours"))
    path = tmp_path / "table.csv"
    for raw, verdict in ((one, "different"), (two, "within the stated error")):
        path.write_text(
            f"# software: BTSDA 8\n# raw: {raw}\nsample,quantity,value,unit,std\nbare,capacity,132.5,mAh/g,1\n"
        )
        assert _verdicts(compare_methods(result, path)) == {"capacity": verdict}


def test_printed_digits_count(tmp_path: Path, raw: Path) -> None:
    """Three digits of an export are no difference, however small our error."""
    rows = ["Element,Parameter,Value,Std. err. (%),Unit,Fixed"]
    value = dict(zip(CIRCUIT.names, OURS.values[0].tolist(), strict=True))
    for element, name, number in (
        ("R_1", "R", value["R0"]), ("R_2", "R", value["R1"]), ("Q_1", "Y", value["Q1"]), ("Q_1", "n", value["Q1_exponent"]),
        ("R_3", "R", value["R2"]), ("Q_2", "Y", value["Q2"]), ("Q_2", "n", value["Q2_exponent"]),
        ("W_1", "Y", 1 / (math.sqrt(2) * value["W1"])),
    ):  # fmt: skip
        rows.append(f"{element},{name},{number:.2e},nan,,No")
    path = tmp_path / "fit.csv"
    path.write_text("\n".join(rows))
    with pytest.raises(StudyError, match="does not say which circuit"):
        compare_methods(raw, path)
    found = compare_methods(raw, path, circuit="R(RQ)(RQ)W")
    assert set(_verdicts(found).values()) == {"same"}
    path.write_text("\n".join(rows).replace(f"{value['R1']:.2e}", f"{value['R1'] + 1.01:.2e}"))
    assert _verdicts(compare_methods(raw, path, circuit="R(RQ)(RQ)W"))["R1"] == "no error stated"


def test_a_project_is_tied_by_its_points_and_fitted_over_them(tmp_path: Path, raw: Path) -> None:
    parameters = {
        f"{symbol}_{number}": {name: (float(OURS.values[0][k]), float(OURS.std[0][k])) for name, k in rows.items()}
        for symbol, number, rows in (
            ("R", 1, {"R": 0}), ("R", 2, {"R": 1}), ("Q", 1, {"Y": 2, "n": 3}), ("R", 3, {"R": 4}), ("Q", 2, {"Y": 5, "n": 6}),
        )
    } | {"W_1": {"Y": (float(1 / (math.sqrt(2) * OURS.values[0][7])), 1e-4)}}  # fmt: skip
    code = "[R(RQ)(RQ)W]"
    text = samples.project(FREQUENCY.tolist(), Z.tolist(), (0, 7), "", code, parameters)
    path = tmp_path / "project.json"
    path.write_text(text)
    found = compare_methods(raw, path)
    assert set(_verdicts(found).values()) == {"same"}
    assert any("used 48 points, we 50" in caveat for caveat in found[0].caveats)
    other = samples.project(FREQUENCY.tolist(), (1.01 * Z).tolist(), (), "", code, parameters)
    path.write_text(other)
    assert any("not those of this spectrum" in caveat for caveat in compare_methods(raw, path)[0].caveats)


def test_the_name_of_another_file_is_said(tmp_path: Path, raw: Path) -> None:
    text = samples.ZVIEW.replace("cell_3.z", "cell_4.z")
    path = tmp_path / "fit.txt"
    path.write_text(text)
    found = compare_methods(raw, path, circuit="R0-(R1|Q1)-Wo1", names={"Rs": "R0"})
    assert any(
        "names 'cell_4.z', which is not the name of this file (cell_3.csv)" in caveat for caveat in found[0].caveats
    )
    assert found[0].verdict == "contradicted"


def test_a_table_of_numbers_meets_our_fit_or_our_results(tmp_path: Path, raw: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        f"# software: Excel\nsample,quantity,value,unit,std\nmine,R1,{float(OURS.values[0][1]) + 0.3!r},ohm,0.2\nmine,Foo,1,V,\n"
    )
    with pytest.raises(StudyError, match="name the circuit"):
        compare_methods(raw, path)
    found = compare_methods(raw, path, circuit=CIRCUIT.text)
    assert _verdicts(found) == {"R1": "within the stated error"}
    assert any("no counterpart of ours: Foo" in caveat for caveat in found[0].caveats)


def test_any_technique_is_compared_by_quantity_sample_and_state(tmp_path: Path) -> None:
    """Lattice parameters of another program against temperature."""
    states = [State("temperature", t, t, t, "degC") for t in (25.0, 400.0)]
    ours = [
        Observable("a", value, "angstrom", "bare", {"fit:a": 2e-4}, state=state)
        for value, state in zip((8.170, 8.205), states, strict=True)
    ]
    result = Result("diffraction", "refined", to_frame(ours), {}, pl.DataFrame(), How("diffraction", "ours"))
    path = tmp_path / "gsas.csv"
    path.write_text(
        "# software: GSAS-II 5.2\nsample,quantity,value,unit,std,state,state_value,state_unit\n"
        "bare,a,8.1701,angstrom,0.0003,temperature,25,degC\nbare,a,0.8207,nm,0.00003,temperature,400,degC\n"
    )
    found = compare_methods(result, path)
    assert [one.details["verdict"] for one in found if one.kind == "compare_methods"] == [
        "within the stated error",
        "different",
    ]
    assert found[0].verdict == "contradicted"
    assert found[2].estimate == pytest.approx(0.002)
    path.write_text(path.read_text().replace("bare,a", "bare,b"))
    with pytest.raises(StudyError, match="quantity b against a of ours"):
        compare_methods(result, path)


def test_several_spectra_need_a_number(tmp_path: Path) -> None:
    first, second = write_raw(tmp_path / "a.csv", Z), write_raw(tmp_path / "b.csv", impedance(2))
    from interlith.workbench.reading import as_series

    series = as_series([first, second], technique="impedance")
    path = _saved(tmp_path, OURS.values[0], OURS.std[0])
    with pytest.raises(StudyError, match="2 spectra come into question"):
        compare_methods(series, path)


class _Technique:
    """Stands for a technique with the verb ``fit`` or ``drt``."""

    def __init__(self, **verbs: Callable[..., Result]) -> None:
        self.verbs = verbs


def test_the_verb_of_the_technique_fits_where_there_is_one(
    tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []

    def fit(series: Series, circuit: str, *, weights: str = "modulus") -> Result:
        called.append((len(series), circuit, weights))
        values = zip(CIRCUIT.names, OURS.values[0].tolist(), OURS.std[0].tolist(), CIRCUIT.units, strict=True)
        items = [Observable(name, value, unit, "cell_3", {"fit:x": std}) for name, value, std, unit in values]
        return Result("impedance", "fit", to_frame(items), {}, pl.DataFrame(), How("impedance", "ours"))

    monkeypatch.setattr(fits, "techniques", lambda: MappingProxyType({"impedance": _Technique(fit=fit)}))
    found = compare_methods(raw, _saved(tmp_path, OURS.values[0], OURS.std[0]), weights="noise")
    assert called == [(1, CIRCUIT.text, "noise")]
    assert set(_verdicts(found).values()) == {"same"}


def test_distributions(tmp_path: Path, raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "drt.txt"
    path.write_text(samples.DRTTOOLS)

    def drt(series: Series) -> Result:
        frame = pl.DataFrame({"time_constant": [1e-3, 1e-2, 1e-1, 1.0], "gamma": [1.0, 8.0, 20.0, 5.0]})
        return Result("impedance", "drt", to_frame([]), {"curve": frame}, pl.DataFrame(), How("impedance", "ours"))

    monkeypatch.setattr(relaxation, "techniques", dict)
    with pytest.raises(StudyError, match="no distribution of ours"):
        compare_methods(raw, path)
    monkeypatch.setattr(relaxation, "techniques", lambda: {"impedance": _Technique(drt=drt)})
    found = compare_methods(raw, path)
    assert found[0].details["distance"] == pytest.approx(0, abs=1e-12)
    assert found[0].verdict == "descriptive"
    assert "1 of 1 peaks are in both" in found[0].statement
    (figure,) = found.figures
    assert [line.label for line in figure.panels[0].lines] == ["ours", "DRTtools"]
    path.write_text("tau (s),gamma (ohm)\n0.12,21\n")
    listed = compare_methods(raw, path)
    assert listed[1].details["decades"] == pytest.approx(math.log10(1.2))


def test_the_report_takes_it_and_the_table_shows_it(tmp_path: Path, raw: Path) -> None:
    found = compare_methods(raw, _saved(tmp_path, UNIT.values[0], UNIT.std[0]))
    rows = table(found.findings)
    assert [row[0] for row in rows] == list(CIRCUIT.names)
    assert rows[0][1] == "ohm"
    page = report([found], tmp_path / "report.html")
    assert "minimum for unit weights" in page.read_text(encoding="utf-8")


def test_the_command(tmp_path: Path, raw: Path) -> None:
    path = _saved(tmp_path, UNIT.values[0], UNIT.std[0])
    run = CliRunner()
    done = run.invoke(app, ["compare-methods", str(raw), str(path)])
    assert done.exit_code == 0
    assert "minimum for unit weights" in done.stdout
    assert "within the stated error" in done.stdout
    assert "Q1_exponent" in done.stdout
    (tmp_path / "fit.txt").write_text(samples.ZVIEW.replace("Rs\t", "Rsol\t"))
    done = run.invoke(app, ["compare-methods", str(raw), str(path), str(tmp_path / "fit.txt")])
    assert done.exit_code == 3
    assert "does not say which circuit it fitted" in done.stdout
    done = run.invoke(
        app,
        ["compare-methods", str(raw), str(tmp_path / "fit.txt"), "--circuit", "R0-(R1|Q1)-Wo1", "--name", "Rsol=R0"],
    )
    assert done.exit_code == 0
    assert "miss the spectrum" in done.stdout
    assert isinstance(run.invoke(app, ["compare-methods", str(raw), str(path), "--name", "R0"]).exception, StudyError)


def test_the_example_of_impedance_py_is_told_by_its_values_alone(tmp_path: Path, data_folder: Path) -> None:
    """Its example spectrum as impedance.py 1.7.1 fits it: unweighted, over the points below the axis."""
    values = np.array([
        0.01651872610668747, 0.008676550450509217, 3.3214256565218916, 0.005389962824567038, 0.06309274319731348,
        232.52043254714042, 0.21954182844734904,
    ])  # fmt: skip
    std = np.array([1.5422764e-4, 1.9127374e-4, 0.18953669, 2.0579901e-4, 1.93974e-3, 16.226956, 1.7543252e-2])
    path = _saved(tmp_path, values, std, "R0-p(R1,C1)-p(R2-Wo1,C2)")
    found = compare_methods(data_folder / "impedance" / "impedancepy__exampleData.csv", path)
    assert "minimum for unit weights over the points with a negative imaginary part" in found[0].statement
    assert _verdicts(found)["C2"] == "different"


def test_a_study_finds_the_spectrum_by_the_name_of_its_file(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    write_raw(folder / "cell_3.csv", Z)
    write_raw(folder / "cell_4.csv", impedance(2))
    initialise(folder)
    rows = ["Parameter\tValue\tError / %"]
    for name, k in (
        ("Resistance 1", 0), ("Resistance 2", 1), ("CPE Q 1", 2), ("CPE Alpha 1", 3), ("Resistance 3", 4), ("CPE Q 2", 5),
        ("CPE Alpha 2", 6),
    ):  # fmt: skip
        rows.append(f"{name}\t{float(OURS.values[0][k])!r}\t{100 * float(OURS.std[0][k] / OURS.values[0][k])!r}")
    path = tmp_path / "fit.txt"
    path.write_text("RelaxIS 3.0 Fit results\nFile: cell_3.csv\nModel: R-(R)(P)-(R)(P)\n" + "\n".join(rows))
    found = compare_methods(folder, path)
    assert "cell_3.csv#sha256" in found[0].statement
    assert "cell_4" not in found[0].statement
    # Without the Warburg element their numbers are none of ours.
    assert found[0].verdict == "contradicted"
    path.write_text(path.read_text().replace("cell_3.csv", "cell_9.csv"))
    with pytest.raises(StudyError, match=r"evaluated 'cell_9.csv', and 2 spectra come into question"):
        compare_methods(folder, path)


def test_weights_are_not_told_from_coarse_digits_or_one_number(tmp_path: Path, raw: Path) -> None:
    rows = ["Element,Parameter,Value,Std. err. (%),Unit,Fixed"]
    value = dict(zip(CIRCUIT.names, UNIT.values[0].tolist(), strict=True))
    for element, name, number in (
        ("R_1", "R", value["R0"]), ("R_2", "R", value["R1"]), ("Q_1", "Y", value["Q1"]), ("Q_1", "n", value["Q1_exponent"]),
        ("R_3", "R", value["R2"]), ("Q_2", "Y", value["Q2"]), ("Q_2", "n", value["Q2_exponent"]),
        ("W_1", "Y", 1 / (math.sqrt(2) * value["W1"])),
    ):  # fmt: skip
        rows.append(f"{element},{name},{number:.6e},1,,No")
    path = tmp_path / "fit.csv"
    path.write_text("\n".join(rows))
    assert "minimum for unit weights (to" in compare_methods(raw, path, circuit="R(RQ)(RQ)W")[0].statement
    coarse = [",".join([*row.split(",")[:2], f"{float(row.split(',')[2]):.1e}", "1,,No"]) for row in rows[1:]]
    path.write_text("\n".join([rows[0], *coarse]))
    assert "the minimum for unit" not in compare_methods(raw, path, circuit="R(RQ)(RQ)W")[0].statement
