"""A study of simulated patterns beside a cycler's log without header, from raw files to tracks against charge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import interlith as il
from interlith.crystal.writing import write_cif
from interlith.errors import StudyError
from interlith.formats import cycler_bare
from interlith.model import StudyOutcome
from interlith.techniques.diffraction.example import RATIO, WAVELENGTHS, angle, simulated

EVERY = 600.0
COUNT = 24
STUDY = """study: simulated operando
simulated: true
join:
  diffraction:
    {log: cell/charge.txt, every: 600 s, offset: 0 +- 5 s, drift: 0, quantities: [voltage, specific_charge]}
analyses:
  cycling: {mapping: {test_time: 1, voltage: 2, current: 3}, units: {voltage: V, current: mA/g}, positive_current: both}
  diffraction:
    against: test_time
    limits: [17 deg, 50 deg]
    tracks: {'003': 18.7 deg, '101': 36.6 deg}
    candidates: [mine.cif, NiO]
"""


def _temperatures() -> np.ndarray:
    """A cell that grows and shrinks as the example does on heating: charge takes the place of temperature."""
    up = np.minimum(np.arange(COUNT), COUNT - 1 - np.arange(COUNT))
    return 25.0 + 50.0 * up


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("operando")
    (made / "cell").mkdir()
    (made / "xrd").mkdir()
    random = np.random.default_rng(5)
    x = np.round(16 + 0.03 * np.arange(1134), 4)
    for number, temperature in enumerate(_temperatures(), start=1):
        counts = random.poisson(simulated(x, float(temperature)))
        head = f"# Lambda1 = {WAVELENGTHS[0]}\n# Lambda2 = {WAVELENGTHS[1]}\n# R = {RATIO}\n"
        rows = "\n".join(f"{angle:.4f} {count}" for angle, count in zip(x, counts, strict=True))
        (made / "xrd" / f"{number}.xy").write_text(f"{head}{rows}\n", encoding="ascii")
    # The log ends before the last two patterns.
    time = np.arange(0.0, (COUNT - 2) * EVERY, 10.0)
    half = COUNT / 2 * EVERY
    voltage = 3.5 + np.where(time < half, time, 2 * half - time) / 1e4
    frame = pl.DataFrame({"test_time": time, "voltage": voltage, "current": np.where(time < half, 2e-4, -2e-4)})
    cycler_bare.write(frame, made / "cell" / "charge.txt", {"active_mass": 2e-6})
    (made / "mine.cif").write_text(write_cif(il.phase("NCM111")), encoding="utf-8")
    (made / "study.yaml").write_text(STUDY, encoding="utf-8")
    # In the order in which a listing puts them: 1, 10, 11, ...
    names = sorted(f"xrd/{number}.xy" for number in range(1, COUNT + 1))
    table = ["file,technique,sample,batch,replicate", *(f"{name},diffraction,oxide,b1,1" for name in names)]
    (made / "measurements.csv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return made


def _run(folder: Path) -> StudyOutcome:
    return il.run(folder, store=folder / "store", execute="inline")


@pytest.fixture(scope="module")
def outcome(folder: Path) -> StudyOutcome:
    return _run(folder)


def test_everything_was_read_and_nothing_failed(outcome: StudyOutcome) -> None:
    assert outcome.study.unread == ()
    assert outcome.failures == ()
    assert [result.name for result in outcome.results] == ["patterns", "tracks", "new_peaks", "candidates"]


def test_each_pattern_has_the_charge_of_its_time(outcome: StudyOutcome) -> None:
    patterns = outcome.results[0].data["patterns"].sort("test_time")
    assert patterns["file"].to_list() == [f"xrd/{number}.xy" for number in range(1, COUNT + 1)]
    hours = (np.arange(COUNT) + 0.5) * EVERY / 3600
    np.testing.assert_allclose(patterns["test_time"].to_numpy(), hours, atol=1e-9)
    known = patterns.filter(pl.col("specific_charge").is_not_null())
    # Widened by the uncertainty of the offset, the first pattern begins before the log and the last but two ends behind it.
    assert known["file"].to_list() == [f"xrd/{number}.xy" for number in range(2, COUNT - 2)]
    half = COUNT / 2 * EVERY / 3600
    truth = 100.0 * np.where(hours < half, hours, 2 * half - hours)[1 : COUNT - 3]  # 0.2 mA per 2 mg: 100 mA/g
    inside = (known["specific_charge_low"].to_numpy() <= truth) & (truth <= known["specific_charge_high"].to_numpy())
    assert inside.all()


def test_tracks_follow_the_truth(outcome: StudyOutcome) -> None:
    rows = outcome.results[1].table.filter(pl.col("quantity") == "peak_003_position").sort("state_value")
    assert rows.height >= COUNT - 2
    places = np.round(rows["state_value"].to_numpy() * 3600 / EVERY - 0.5).astype(int)
    truth = np.array([angle((0, 0, 3), float(_temperatures()[place]), WAVELENGTHS[0]) for place in places])
    pulls = (rows["value"].to_numpy() - truth) / rows["std"].to_numpy()
    assert 0.6 < pulls.std() < 1.5
    assert abs(pulls.mean()) < 0.8


def test_figures_show_map_windows_and_tracks(outcome: StudyOutcome) -> None:
    names = {figure.name for figure in outcome.figures}
    assert {"patterns", "windows", "tracks", "tracks_specific_charge"} <= names
    assert all(figure.simulated for figure in outcome.figures)


def test_a_changed_structure_is_ranked_again_and_nothing_else(folder: Path, outcome: StudyOutcome) -> None:
    del outcome
    again = _run(folder)
    assert all(record.cached for record in again.records)
    records = [record for record in again.records if record.step == "candidates"]
    assert "mine.cif (sha256" in str(records[0].options)
    assert "data_" not in str(records[0].options)
    text = (folder / "mine.cif").read_text(encoding="utf-8")
    (folder / "mine.cif").write_text(text.replace("_cell_length_c", "_cell_length_c ") + "\n", encoding="utf-8")
    changed = _run(folder)
    assert {record.step for record in changed.records if not record.cached} == {"candidates"}


def test_a_wrong_word_stops_the_run_before_anything(folder: Path) -> None:
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    try:
        (folder / "study.yaml").write_text(text.replace("18.7 deg", "18.7 mm"), encoding="utf-8")
        with pytest.raises(StudyError, match="tracks: 003"):
            _run(folder)
        (folder / "study.yaml").write_text(text.replace("every: 600 s", "every: 600"), encoding="utf-8")
        with pytest.raises(StudyError, match="every"):
            _run(folder)
    finally:
        (folder / "study.yaml").write_text(text, encoding="utf-8")
