"""Are grains that absorb more than their surroundings counted in full?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.errors import StudyError
from interlith.techniques.diffraction import quantity_absorption
from interlith.techniques.diffraction.quantity import Fractions, weight_fractions
from interlith.techniques.diffraction.quantity_absorption import (
    absorption_part,
    attenuation,
    corrected,
    grain_radius,
    mean_attenuation,
    particle_factor,
)

COPPER = 1.5406  # angstrom


def test_factor_is_the_mean_over_rays_drawn_at_random() -> None:
    draw = np.random.default_rng(3)
    points = draw.uniform(-1.0, 1.0, size=(400_000, 3))
    points = points[(points**2).sum(axis=1) < 1.0]
    x, y = points[:, 0], points[:, 1]
    rest = 1.0 - (points**2).sum(axis=1)
    path = x + np.sqrt(rest + x**2) - y + np.sqrt(rest + y**2)  # in along x, out along y
    for contrast in (-0.4, 0.1, 0.8):
        assert particle_factor(contrast) == pytest.approx(np.exp(-contrast * path).mean(), rel=0.002)


def test_factor_starts_with_one_and_a_half_radii() -> None:
    step = 1e-5
    assert particle_factor(0.0) == pytest.approx(1.0)
    assert (particle_factor(step) - particle_factor(-step)) / (2 * step) == pytest.approx(-1.5, rel=1e-5)
    assert np.all(np.diff(particle_factor(np.linspace(-1, 2, 31))) < 0)


def test_attenuation_of_solids_at_copper() -> None:
    # Mass attenuation of Al2O3 about 31.7, ZnO 49.5 cm^2/g at Cu K alpha (International Tables C, 4.2.4.3), within 4 %.
    assert attenuation(phase("corundum"), COPPER) == pytest.approx(31.7 * 3.99e-4, rel=0.04)
    assert attenuation(phase("zincite"), COPPER) == pytest.approx(49.5 * 5.68e-4, rel=0.04)


def test_correction_brings_back_what_grains_took() -> None:
    true, mu, rho = np.array([0.3, 0.7]), np.array([0.0017, 0.0483]), np.array([2.1, 3.9])
    radii = np.array([4.0, 2.0])
    factor = particle_factor((mu - mean_attenuation(true, mu, rho)) * radii)
    seen = true * factor / (true * factor).sum()
    assert seen[0] > 0.33
    found, told = corrected(Fractions(("light", "heavy"), seen, {"fit": np.diag([1e-6, 1e-6])}), mu, rho, radii)
    assert found.values == pytest.approx(true, abs=1e-7)
    assert told == pytest.approx(factor, rel=1e-6)
    assert found.std[0] == pytest.approx(found.std[1])


def test_alike_grains_need_no_correction_and_carry_no_doubt() -> None:
    seen = weight_fractions(("a", "b"), [0.4, 0.6], [1, 1], [1, 1])
    same, _ = corrected(seen, [0.03, 0.03], [4.0, 5.0], 10.0)
    assert same.values == pytest.approx(seen.values)
    assert np.abs(absorption_part(seen, [0.03, 0.03], [4.0, 5.0], 10.0)).max() < 1e-12


def test_doubt_grows_with_the_contrast_and_the_grains() -> None:
    seen = weight_fractions(("light", "heavy"), [0.5, 0.5], [1, 1], [1, 1])

    def doubt(heavy: float, radius: float) -> float:
        return float(np.sqrt(absorption_part(seen, [0.01, heavy], [4.0, 5.0], radius)[0, 0]))

    assert 0 < doubt(0.02, 1.0) < doubt(0.05, 1.0) < doubt(0.05, 3.0) < 0.5
    assert doubt(0.05, 0.0) == 0.0


def test_rough_surfaces_speak_of_grains() -> None:
    assert grain_radius(0.08, 0.04) == pytest.approx(2.0)
    assert grain_radius(-0.02, 0.04) == 1.0
    assert grain_radius(0.002, 0.04, usual=(0.0, 9.0)) == pytest.approx(0.05)
    assert grain_radius(0.08, 0.0017) == 5.0
    with pytest.raises(StudyError, match="negative radius"):
        corrected(weight_fractions(("a", "b"), [1, 1], [1, 1], [1, 1]), [1, 1], [1, 1], -1.0)


def test_few_paths_stand_for_all_of_them() -> None:
    draw = np.random.default_rng(1)
    paths, weights = draw.uniform(0, 2, 5000), draw.random(5000)
    weights /= weights.sum()
    few, shares = quantity_absorption._few(paths, weights)
    for contrast in (-4.0, -0.3, 0.0, 0.5, 4.0):
        assert shares @ np.exp(-contrast * few) == pytest.approx(weights @ np.exp(-contrast * paths), rel=1e-11)
