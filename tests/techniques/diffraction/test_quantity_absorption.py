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
    corrected_weights,
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


def plainly_corrected(
    seen: np.ndarray, mu: np.ndarray, rho: np.ndarray, radii: np.ndarray, damping: float
) -> np.ndarray:
    """Weights that agree with the mean attenuation they are corrected with, by small steps from what is seen."""
    values = seen
    for _ in range(20_000):
        fresh = seen / particle_factor((mu - mean_attenuation(values, mu, rho)) * radii)
        step = damping * (fresh / fresh.sum() - values)
        values = values + step
        if np.abs(step).max() < 1e-16:
            break
    return values


def test_many_sets_of_grains_at_once_are_corrected_as_one_by_one() -> None:
    draw = np.random.default_rng(8)
    for size in (1, 2, 3, 5, 9):
        for coarse in (1.0, 10.0):
            seen, rho = draw.dirichlet(np.ones(size)), draw.uniform(2.0, 7.0, size)
            mu = draw.uniform(0.001, 0.1, size)
            radii = coarse * draw.uniform(0.0, 1.0, (4, size))
            found = corrected_weights(seen, mu, rho, radii)
            plain = np.array([plainly_corrected(seen, mu, rho, one, 0.5) for one in radii])
            assert np.abs(found - plain).max() < 1e-13
            single = corrected(Fractions(tuple("abcdefghi"[:size]), seen), mu, rho, radii[2])[0].values
            assert single == pytest.approx(found[2], rel=1e-12)


def test_of_several_weights_that_agree_those_next_to_what_is_seen_are_taken() -> None:
    # Coarse light grains among fine heavy ones: the more heavy ones there are, the stronger the light ones are seen.
    mu, rho, radii = np.array([0.0, 0.33]), np.array([2.0, 19.0]), np.array([15.0, 0.0])
    share = np.linspace(1e-4, 1 - 1e-4, 20_001)
    volumes = np.stack([1 - share, share], axis=1) / rho
    mean = (volumes @ mu) / volumes.sum(axis=1)
    factor = particle_factor((mu - mean[:, None]) * radii)
    for heavy in (0.05, 0.1, 0.2, 0.3):
        seen = np.array([1 - heavy, heavy])
        fresh = seen / factor
        agree = share[np.flatnonzero(np.diff(np.sign(fresh[:, 1] / fresh.sum(axis=1) - share)))]
        assert len(agree) > 1
        found = corrected_weights(seen, mu, rho, radii[None])[0]
        assert found[1] == pytest.approx(agree[0], abs=1e-4)
        assert found == pytest.approx(plainly_corrected(seen, mu, rho, radii, 0.1), abs=1e-6)


def test_grains_that_are_coarse_and_absorb_much_are_approached_by_short_steps() -> None:
    seen, mu, rho, radii = (
        np.array([0.315, 0.685]),
        np.array([0.3, 0.195]),
        np.array([14.0, 5.3]),
        np.array([3.0, 38.0]),
    )
    plain = plainly_corrected(seen, mu, rho, radii, 0.05)
    assert plain[0] > 0.99
    assert corrected_weights(seen, mu, rho, radii[None])[0] == pytest.approx(plain, abs=1e-9)


def test_the_doubt_is_that_of_grains_changed_one_after_the_other() -> None:
    draw = np.random.default_rng(4)
    seen, mu, rho = draw.dirichlet(np.ones(3)), draw.uniform(0.001, 0.1, 3), draw.uniform(2.0, 7.0, 3)
    shift = plainly_corrected(seen, mu, rho, np.full(3, 3.0), 0.5) - seen
    total = np.outer(shift, shift)
    for place in range(3):
        ends = [plainly_corrected(seen, mu, rho, 3.0 * np.where(np.arange(3) == place, by, 1.0), 0.5) for by in (0, 2)]
        total += np.outer(ends[1] - ends[0], ends[1] - ends[0]) / 4.0
    found = absorption_part(Fractions(("a", "b", "c"), seen), mu, rho, 3.0)
    assert found == pytest.approx(total, rel=1e-9)


def test_no_path_through_a_grain_is_longer_than_two_chords_across() -> None:
    assert quantity_absorption._paths()[0].max() < np.sqrt(8.0)
