"""Peaks of single patterns, crystals that account for them, and lines that tell rivals apart; patterns simulated from structures."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from interlith.crystal.phases import phase
from interlith.errors import StudyError
from interlith.model import Measurement, Sample, Series, Source
from interlith.model.measurement import Table
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.techniques.diffraction.candidates import candidates, telling_peaks
from interlith.techniques.diffraction.peaks import peaks

TUBE = Instrument((1.5406, 1.5444), 0.5, gauss=(0.0, 0.0, 0.006), lorentz=(0.02, 0.02))
X = np.arange(20.0, 80.0, 0.02)


def pattern(seed: int, heights: dict[str, float], zero: float = 0.0) -> Series:
    """Counts of phases whose strongest lines have these heights, over 60 of background."""
    made = PatternModel(X, tuple(phase_lines(phase(name), TUBE, 80, name=name) for name in heights), TUBE, background=1)
    values = made.start
    values[made.place_of("zero")] = zero
    values[made.place_of("background_0")] = 60
    for number, (name, height) in enumerate(heights.items()):
        values[made.place_of(f"{name}_scale")] *= height / made.phase_intensity(values, number).max()
    counts = np.random.default_rng(seed).poisson(made.intensity(values)).astype(float)
    columns = {"two_theta": X, "intensity": counts}
    source = Source(f"{seed}.xy", hashlib.sha256(counts.tobytes()).hexdigest(), counts.nbytes, "simulated", "1")
    facts = {"instrument": {"wavelengths": [1.5406, 1.5444], "ratio": 0.5}}
    table = Table(pl.DataFrame(columns).lazy(), tuple(columns))
    return Series((Measurement(Sample("S"), "diffraction", source, table, {}, facts),))


def test_positions_of_single_peaks_are_as_sure_as_they_say() -> None:
    truth = np.degrees(2 * np.arcsin(1.5406 / 2 * np.sqrt(np.array([3, 8, 11, 16, 19])) / phase("Si").cell.a))
    pulls = []
    for seed in range(12):
        table = peaks(pattern(seed, {"Si": 3000.0})).table.filter(pl.col("quantity").str.ends_with("_position"))
        for place in truth:
            near = table.filter((pl.col("value") - place).abs() < 0.1)
            assert near.height == 1, place
            pulls.append((near.item(0, "value") - place) / near.item(0, "std"))
    # 60 pulls: their root mean square is known to 0.09.
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1.0, abs=0.3)
    assert abs(np.mean(pulls)) < 0.4


def test_a_pattern_without_a_peak_gives_none_and_says_so() -> None:
    found = peaks(pattern(1, {"Si": 0.01}))
    assert found.table.height == 0
    assert "no peak stands out" in found.quality.item(0, "reason")


@pytest.mark.parametrize("mixture", [("corundum", "NiO"), ("rutile", "zincite")])
def test_a_mixture_is_found_among_all_shipped_crystals(mixture: tuple[str, str]) -> None:
    series = pattern(7, {mixture[0]: 2500.0, mixture[1]: 1200.0}, zero=0.05)
    found = candidates(series).data["mixture"]
    assert set(found["phase"]) == set(mixture)


def test_the_rest_that_nobody_explains_is_told() -> None:
    found = candidates(pattern(8, {"corundum": 2000.0, "NiO": 2000.0}), "corundum")
    (said,) = (flag for flag in found.flags["S"] if flag.code == "unexplained_peaks")
    assert int(said.message.split()[0]) > 20


@pytest.mark.parametrize("width", [0.005, 0.03, 0.1])
def test_rhombohedral_lines_split_where_cubic_ones_do_not(width: float) -> None:
    told = telling_peaks(phase("LaTMO3"), phase("LaAlO3"), 0.7748, 8, 40, width=width)
    assert any("splits" in one.said for one in told)
    # h00 of the cubic cell has one spacing in the rhombohedral one: never named as split.
    edge = phase("LaTMO3").cell.a
    single = np.degrees(2 * np.arcsin(0.7748 / 2 / edge * np.array([1.0, 2.0])))
    assert all(min(abs(one.position - place) for place in single) > 0.05 for one in told if "splits" in one.said)


def test_two_wavelengths_without_a_ratio_are_told_and_two_tubes_refused() -> None:
    (item,) = pattern(3, {"Si": 2000.0})
    bare = replace(item, original_metadata={"instrument": {"wavelengths": [1.5406, 1.5444]}})
    assert [flag.code for flag in peaks(Series((bare,))).flags["S"]] == ["ratio_assumed"]
    other = replace(item, original_metadata={"instrument": {"wavelengths": [1.78897, 1.79285], "ratio": 0.5}}, part=1)
    with pytest.raises(StudyError, match=r"1\.5406 and 1\.5444.*1\.78897 and 1\.79285"):
        peaks(Series((item, other)))
