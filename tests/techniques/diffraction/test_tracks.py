"""Tracks over a simulated series: positions, swings, limits where a peak is not there, and the first appearance."""

import hashlib

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.model import Measurement, Sample, Series, Source, State
from interlith.model.measurement import Table
from interlith.physics.powder.line_groups import drawn
from interlith.physics.powder.line_shape import Radiation
from interlith.techniques.diffraction.new_peaks import new_peaks
from interlith.techniques.diffraction.peak_names import edges, indices, label
from interlith.techniques.diffraction.tracks import tracks

TUBE = Radiation((1.5406, 1.5444), 0.5)
X = np.arange(17.0, 40.0, 0.02)
COUNT = 24
VOLTAGE = np.linspace(3.6, 4.4, COUNT)


def _angle(spacing):
    return np.degrees(2 * np.arcsin(1.5406 / 2 / spacing))


def _truth(k):
    c = 14.2 + 0.25 * np.sin(np.pi * k / (COUNT - 1))
    a = 2.86 - 0.03 * k / COUNT
    third = 1.0 / np.sqrt(4 / 3 / a**2 + 1 / c**2)
    born = max(0.0, k - 14) / 9.0
    return np.array([_angle(c / 3), _angle(third), 30.0]), np.array([300.0, 120.0, 40.0 * born])


def _series(seed=1, spoil=None):
    rng, items = np.random.default_rng(seed), []
    for k in range(COUNT):
        place, area = _truth(k)
        y = rng.poisson(150 + drawn(X, TUBE, place, area, np.array([0.15, 0.2, 0.2]), np.full(3, 0.5))).astype(float)
        if spoil == k:
            y = y[::-1].copy()
        columns = {"two_theta": X, "intensity": y}
        source = Source(f"{k}.xy", hashlib.sha256(y.tobytes()).hexdigest(), y.nbytes, "made", "1")
        state = {"voltage": State("voltage", VOLTAGE[k], VOLTAGE[k], VOLTAGE[k], "V")}
        facts = {"instrument": {"wavelengths": [1.5406, 1.5444], "ratio": 0.5}}
        items.append(
            Measurement(
                Sample("S1"),
                "diffraction",
                source,
                Table(pl.DataFrame(columns).lazy(), tuple(columns)),
                state,
                facts,
                part=k,
            )
        )
    return Series(tuple(items), "voltage")


@pytest.fixture(scope="module")
def found():
    return tracks(_series(), tracks={"003": _truth(0)[0][0], "101": _truth(0)[0][1], "new": 30.0}, cell="hexagonal")


def test_positions_follow_the_truth_within_their_uncertainty(found):
    pulls = []
    for one in found.observables("peak_003_position"):
        k = int(np.argmin(np.abs(VOLTAGE - one.state.value)))
        pulls.append((one.value - _truth(k)[0][0]) / one.std)
    assert len(pulls) == COUNT
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1.0, abs=0.4)


def test_edges_follow_from_two_named_peaks(found):
    c = np.array([(one.value, one.std) for one in found.observables("cell_c")])
    truth = 14.2 + 0.25 * np.sin(np.pi * np.arange(COUNT) / (COUNT - 1))
    assert np.abs((c[:, 0] - truth) / c[:, 1]).max() < 4.5
    assert found.observables("cell_a")[0].value == pytest.approx(2.86, abs=5 * found.observables("cell_a")[0].std)


def test_the_swing_is_that_of_the_spacing(found):
    (one,) = found.observables("peak_003_d_swing")
    assert one.value == pytest.approx(0.25 / 3, abs=5 * one.std + 0.002)
    assert one.std < 0.002


def test_what_is_not_there_yet_has_an_upper_bound(found):
    early = [one for one in found.observables("peak_new_area") if one.state.value < VOLTAGE[12]]
    assert len(early) >= 10
    assert all(one.value is None and one.high > 0 and one.low == 0.0 for one in early)


def test_the_new_peak_appears_within_its_interval(found):
    rows = new_peaks(found, names=("new",)).data["appearances"]
    assert rows.item(0, "present")
    assert rows.item(0, "low") <= VOLTAGE[14] + 1e-9
    assert VOLTAGE[14] <= rows.item(0, "high")


def test_a_corrupt_pattern_is_left_out_and_named():
    one = tracks(_series(2, spoil=9), tracks={"003": _truth(0)[0][0]})
    assert any(flag.code == "odd_patterns" and "9" in flag.where for flag in one.flags["S1"])
    assert len(one.observables("peak_003_position")) == COUNT - 1


def test_a_track_that_is_nowhere_is_told_with_its_neighbours():
    one = tracks(_series(), tracks={"104": 25.0})
    row = one.quality.row(0, named=True)
    assert not row["ok"]
    assert "nearest begin at" in row["reason"]


def test_an_unknown_system_is_refused():
    with pytest.raises(StudyError, match="hexagonal"):
        tracks(_series(), tracks={"003": 18.7}, cell="hexagonl")


@pytest.mark.parametrize(
    ("name", "hkl"), [("003", (0, 0, 3)), ("1 0 -4", (1, 0, -4)), ("(101)", (1, 0, 1)), ("main", None)]
)
def test_names_are_read_as_indices(name, hkl):
    assert indices(name) == hkl


def test_labels_hold_letters_and_digits_only():
    assert label("1 0 -4") == "10m4"


def test_one_peak_does_not_fix_two_edges():
    assert edges("hexagonal", [(0, 0, 3)], np.array([4.7]), np.array([0.001])) is None
