"""Simulated powders: scales follow from weights, lines stand where cell and mount put them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.simulate.powder_recipes import LAB, SYNCHROTRON
from interlith.simulate.powder_specimen import Haze, Ingredient, Mount, Specimen
from interlith.techniques.diffraction.quantity import weight_fractions

X = np.round(20 + 0.01 * np.arange(6001), 6)
SHARP = replace(
    LAB, wavelengths=(1.54,), ratio=0.0, sample_ratio=0.0, slit_ratio=0.0, gauss=(0.0, 0.0, 4e-4), lorentz=(0.001, 0.0)
)


@pytest.fixture(scope="module")
def mixture() -> Specimen:
    made = (
        Ingredient("corundum", "corundum", 0.2, size=300.0),
        Ingredient("zincite", "zincite", 0.8, size=100.0, microstrain=1e-4),
    )
    return Specimen(made, SHARP, X, haze=Haze(), highest=1000.0)


@given(share=st.floats(0.01, 0.99), longer=st.floats(0.98, 1.02))
def test_weights_come_back_from_the_scales(mixture: Specimen, share: float, longer: float) -> None:
    made = mixture.values()
    edge = float(made[mixture.model.place_of("zincite_cell_a")]) * longer
    truth = mixture.truth(
        mixture.values(weights=[share, 1 - share], changed={"zincite_cell_a": edge}), [share, 1 - share]
    )
    scales = [truth["corundum_scale"], truth["zincite_scale"]]
    volumes = [truth["corundum_cell_volume"], truth["zincite_cell_volume"]]
    found = weight_fractions(("corundum", "zincite"), scales, [one.mass for one in mixture.structures], volumes)
    assert found.values[0] == pytest.approx(share, rel=1e-9)
    assert truth["zincite_cell_a"] == pytest.approx(edge)


def test_lines_stand_where_cell_and_mount_put_them(mixture: Specimen) -> None:
    for mount in (Mount(), Mount(zero=0.05), Mount(displacement=0.2), Mount(-0.03, -0.1)):
        values = mixture.values(mount=mount)
        place = mixture.position("corundum", (0, 1, 2), values)
        near = np.abs(X - place) < 0.3
        bragg = mixture.bragg(values)[near]
        assert X[near][int(np.argmax(bragg))] == pytest.approx(place, abs=0.006)
    shift = mixture.position("corundum", (0, 1, 2), mixture.values(mount=Mount(displacement=0.2))) - mixture.position(
        "corundum", (0, 1, 2), mixture.values()
    )
    theta = np.radians(25.6 / 2)
    assert shift == pytest.approx(-np.degrees(2 * 0.2 * np.cos(theta) / 240.0), rel=1e-3)
    assert np.isnan(mixture.position("corundum", (9, 9, 30), mixture.values()))


def test_the_highest_line_is_as_high_as_asked(mixture: Specimen) -> None:
    assert mixture.bragg(mixture.values()).max() == pytest.approx(1000.0)
    expected = mixture.expected(mixture.values())
    assert expected[0] == pytest.approx(40 + 150 * np.exp(-20 / 12), rel=0.05)


def test_a_hump_is_as_high_and_as_wide_as_declared() -> None:
    haze = Haze(0.0, (0.0, 1.0), ((25.0, 8.0, 30.0),))
    assert haze.at(np.array([25.0, 29.0, 21.0])).tolist() == pytest.approx([30.0, 15.0, 15.0])


def test_sizes_and_textures_are_in_the_truth() -> None:
    made = (Ingredient("layered", "NCM111", 1.0, size=80.0, texture=((0, 0, 3), 0.8), cell={"c": 14.3}),)
    specimen = Specimen(made, SYNCHROTRON, np.linspace(8, 30, 500), haze=Haze(), highest=10.0)
    truth = specimen.truth(specimen.values())
    assert truth["layered_crystallite_size"] == pytest.approx(80.0)
    assert truth["layered_texture"] == 0.8
    assert truth["layered_cell_c"] == 14.3
    assert specimen.spacing("layered", (0, 0, 3), specimen.values()) == pytest.approx(14.3 / 3)


def test_unknown_names_are_refused(mixture: Specimen) -> None:
    with pytest.raises(StudyError, match="no 'zincite_cell_b'"):
        mixture.values(changed={"zincite_cell_b": 3.0})
    with pytest.raises(StudyError, match="no independent 'cell_b'"):
        Specimen((Ingredient("zincite", "zincite", cell={"b": 3.0}),), SHARP, X, haze=Haze(), highest=1.0)
    with pytest.raises(StudyError, match="share above 0"):
        Specimen((), SHARP, X, haze=Haze(), highest=1.0)
