"""Attenuation lengths near known ones; overlayers equal closed forms; etching keeps the amount."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.physics.attenuation import Lengths, flat, flat_thickness, shard_thickness, sphere
from interlith.physics.attenuation_lengths import (
    Material,
    attenuation_length,
    average_matrix_length,
    inelastic_mean_free_path,
    material_from,
)
from interlith.physics.sputtering import Etching, layer_left, signals, sphere_signals

SILICA = Material("SiO2", {"Si": 1, "O": 2}, 2.2, gap=9.0)


def test_lengths_of_known_solids() -> None:
    # Optical data of 10.1002/sia.740210302 and later: 1.2 nm in gold at 1 keV, 3.1 nm in silicon and 3.8 nm in silica at 1.4 keV.
    gold = Material("Au", {"Au": 1}, 19.3)
    assert float(inelastic_mean_free_path(1000.0, gold)) == pytest.approx(1.23, abs=0.08)
    assert float(inelastic_mean_free_path(1400.0, Material("Si", {"Si": 1}, 2.33, 1.1))) == pytest.approx(3.1, abs=0.15)
    assert float(inelastic_mean_free_path(1400.0, SILICA)) == pytest.approx(3.8, abs=0.3)
    for formula in ("S3", "S4"):
        assert float(attenuation_length(1400.0, gold, formula)) == pytest.approx(1.35, rel=0.1)
    assert float(attenuation_length(1400.0, SILICA)) < float(inelastic_mean_free_path(1400.0, SILICA))
    assert np.diff(average_matrix_length([300.0, 600.0, 1200.0])).min() > 0


def test_materials_by_formula() -> None:
    made = material_from("LaMnO3", 6.5)
    assert made.number_density("La") == pytest.approx(6.5 / 241.84 * 602.214, rel=1e-4)
    assert made.mean_number == pytest.approx((57 + 25 + 24) / 5)
    with pytest.raises(StudyError, match="not a chemical"):
        material_from("Xq2O3", 5.0)
    with pytest.raises(StudyError, match="holds no Ni"):
        made.number_density("Ni")
    with pytest.raises(StudyError, match="outside"):
        attenuation_length(20.0, made)
    with pytest.raises(StudyError, match="S3"):
        attenuation_length(500.0, made, "S5")  # type: ignore[arg-type]


@given(st.floats(0.01, 8), st.floats(0.5, 4), st.floats(0.5, 4), st.floats(0, 70))
def test_flat_layers_come_back(thickness: float, own: float, other: float, angle: float) -> None:
    layer, below = flat(thickness, 1.0, Lengths(own, other, own, other), angle)
    assert flat_thickness(float(layer / below), own, other, angle) == pytest.approx(thickness, rel=1e-6)


@given(st.floats(0.2, 1e4), st.floats(0.001, 5), st.floats(0.3, 3))
def test_core_and_shell_of_one_material_are_one_sphere(radius: float, thickness: float, length: float) -> None:
    shell, core = sphere(radius, thickness, 1.0, Lengths(length, length, length, length))
    x = 2 * (radius + thickness) / length
    whole = 1 - 2 * (1 - (1 + x) * math.exp(-x)) / x**2
    assert float(shell + core) == pytest.approx(whole, rel=1e-6)


def test_large_spheres_average_flat_layers_over_angles() -> None:
    lengths = Lengths(1.0, 1.7, 1.3, 2.0)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    cosine = 0.5 * (nodes + 1)
    angles = np.degrees(np.arccos(cosine))
    mean = [float((part * cosine * weights).sum()) for part in flat(0.8, 0.6, lengths, angles)]
    found = [float(part) for part in sphere(1e5, 0.8, 0.6, lengths)]
    assert found == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("radius", [3.0, 20.0, 80.0, 5000.0])
@pytest.mark.parametrize("thickness", [0.3, 1.0, 2.0])
def test_shards_formula_is_near(radius: float, thickness: float) -> None:
    lengths = Lengths(1.0, 0.9, 1.1, 1.0)
    shell, core = sphere(radius, thickness, 1.0, lengths)
    assert shard_thickness(float(shell / core), lengths, radius) == pytest.approx(thickness, rel=0.1)


@given(st.floats(0.1, 10), st.floats(0.2, 4))
def test_etching_keeps_the_amount(thickness: float, mixing: float) -> None:
    depths = np.linspace(0, thickness + 40 * mixing, 20001)
    share, below = layer_left(depths, thickness, mixing)
    assert np.trapezoid(share, depths) == pytest.approx(thickness, rel=1e-4)
    # What is gone and what is left add up at every depth as well.
    gone = np.concatenate([[0.0], np.cumsum(0.5 * (share[1:] + share[:-1]) * np.diff(depths))])
    assert np.allclose(gone + share * mixing + below, thickness, atol=1e-4 * (thickness + mixing))


def test_profiles_begin_as_an_overlayer_and_end_as_the_substrate() -> None:
    etching = Etching(0.9, 1.4, 1.5, 0.5, angle=30.0)
    layer, below = signals(np.array([0.0, 60.0]), 0.8, 0.7, etching)
    first = flat(0.8, 0.7, Lengths(0.9, 1.4, 1.0, 1.0), 30.0)
    assert [layer[0], below[0]] == pytest.approx([float(part) for part in first], rel=1e-12)
    assert layer[1] == pytest.approx(0.0, abs=1e-12)
    assert below[1] == pytest.approx(1.0, abs=1e-9)
    sharp, _ = signals(np.array([0.79, 0.81]), 0.8, 1.0, Etching(0.9, 1.4))
    assert sharp[0] > 0
    assert sharp[1] == 0


@pytest.mark.parametrize("angle", [0.0, 45.0, 54.7])
def test_shadowed_sides_of_spheres_keep_their_shell(angle: float) -> None:
    etching = Etching(1.0, 1.5)
    thin, _ = sphere_signals([0.0, 500.0], 1e-3, 1.0, etching, ion_angle=angle)
    assert thin[1] / thin[0] == pytest.approx(angle / 180, abs=0.015)
    thick, _ = sphere_signals([0.0, 1e6], 40.0, 1.0, etching, ion_angle=angle)
    assert thick[1] / thick[0] == pytest.approx((1 - math.cos(math.radians(angle))) / 2, abs=0.015)
