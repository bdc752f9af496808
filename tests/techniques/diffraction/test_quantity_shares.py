"""Are shares of a refined pattern complete in their doubt, and do observables keep their correlation?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity import Fractions
from interlith.techniques.diffraction.quantity_shares import Refined, described, shares, sources

ANGLE = np.linspace(20.0, 110.0, 3_000)
PLACES = np.linspace(23.0, 107.0, 40)
NAMES = ("corundum", "zincite")


def pattern(true: tuple[float, float], scatter: float = 0.0, seed: int = 1, names: tuple[str, str] = NAMES) -> Refined:
    """Two phases with alternating lines, their heights scattered, and the linear refinement of it."""
    draw = np.random.default_rng(seed)
    crystals = [phase(name) for name in names]
    per_scale = np.array([one.density * one.cell.volume**2 for one in crystals])
    lines = np.exp(-0.5 * ((ANGLE - PLACES[:, None]) / 0.12) ** 2)
    own = np.array([lines[::2].sum(axis=0), lines[1::2].sum(axis=0)]) * 2e3 * per_scale[:, None] / per_scale.max()
    strength = own.max(axis=1)
    scale = np.array(true) / per_scale * per_scale.max()
    heights = 1.0 + scatter * draw.standard_normal(len(PLACES))
    seen = (
        sum(scale[one] * strength[one] * (heights[one::2, None] * lines[one::2]).sum(axis=0) for one in (0, 1)) + 40.0
    )
    counts = draw.poisson(seen).astype(float)
    std = np.sqrt(np.maximum(counts, 1.0))
    slopes = np.array([own[0], own[1], np.ones_like(ANGLE)]) / std
    values, *_ = np.linalg.lstsq(slopes.T, counts / std, rcond=None)
    bragg = values[0] * own[0] + values[1] * own[1]
    return Refined(
        crystals, np.array([0, 1]), values, slopes, counts / std - values @ slopes, bragg, std, ANGLE, 1.5406
    )  # fmt: skip


def test_the_right_shares_come_out_with_all_parts() -> None:
    found = shares(pattern((0.6, 0.4)))
    assert found.names == NAMES
    assert found.values == pytest.approx([0.6, 0.4], abs=0.01)
    assert set(found.parts) == {"fit", "model", "displacement", "absorption"}
    assert np.abs(found.covariance.sum(axis=0)).max() < 1e-12
    parts = {cause: np.sqrt(one[0, 0]) for cause, one in found.parts.items()}
    assert parts["model"] < 1e-9 * parts["fit"]  # the model is right
    assert parts["absorption"] > 3 * parts["fit"]
    assert "(mostly displacement)" in described(found)["zincite"]  # lines as strong at high angles as at low ones


def test_scattered_intensities_widen_the_part_of_the_model_as_they_should() -> None:
    errors, said = [], []
    for seed in range(60):
        found = shares(pattern((0.5, 0.5), 0.15, seed))
        errors.append(found.values[0] - 0.5)
        said.append(np.sqrt(found.parts["model"][0, 0] + found.parts["fit"][0, 0]))
    assert np.std(np.array(errors) / np.array(said)) == pytest.approx(1.1, abs=0.3)


def test_guessed_displacements_make_shares_less_sure() -> None:
    known = pattern((0.5, 0.5))
    bare = [
        replace(one, sites=tuple(replace(site, u_iso=float("nan")) for site in one.sites)) for one in known.structures
    ]
    sure, guessed = shares(known), shares(replace(known, structures=bare))
    assert guessed.parts["displacement"] == pytest.approx(9.0 * sure.parts["displacement"], rel=1e-6)


def test_known_grains_correct_and_neutrons_need_none() -> None:
    seen = pattern((0.5, 0.5))
    plain, fine, coarse = shares(seen), shares(seen, radii=(0.01, 0.01)), shares(seen, radii=(3.0, 3.0))
    assert fine.values == pytest.approx(plain.values, abs=1e-3)
    assert coarse.values[0] < plain.values[0] - 0.01  # corundum absorbs less and was seen too strongly
    assert np.sqrt(fine.parts["absorption"][0, 0]) < 1e-3 < np.sqrt(coarse.parts["absorption"][0, 0])
    assert "absorption" not in shares(replace(seen, x_rays=False)).parts
    with pytest.raises(StudyError, match="1 sizes of grains for 2 phases"):
        shares(seen, radii=(1.0,))


def test_rough_surfaces_make_grains_likely() -> None:
    smooth = pattern((0.5, 0.5))
    rough = replace(smooth, roughness=0.08)
    assert shares(rough).std[0] > 1.5 * shares(smooth).std[0]


def test_observables_keep_the_covariance() -> None:
    draw = np.random.default_rng(3)
    shape = draw.standard_normal((3, 5))
    shape -= shape.mean(axis=0)
    covariance = shape @ shape.T * 1e-4
    found = sources(
        Fractions(("a", "b", "c"), np.full(3, 1 / 3), {"fit": covariance, "absorption": 2 * covariance}), "S1/p1"
    )
    names = sorted(set().union(*found))
    assert {name.rpartition("/")[0] for name in names} == {"fit:S1/p1/fit", "model:S1/absorption"}
    sizes = np.array([[one.get(name, 0.0) for name in names] for one in found])
    assert sizes @ sizes.T == pytest.approx(3 * covariance, abs=1e-15)
    assert len(names) == 5  # shares add up to one: two directions of the fit; a source a phase for the grains


def test_grains_and_displacements_are_the_same_in_all_patterns_of_a_specimen() -> None:
    first, second = (shares(pattern(true, seed=seed)) for true, seed in (((0.6, 0.4), 1), ((0.5, 0.5), 2)))
    one, other = sources(first, "S1/a"), sources(second, "S1/b")
    shared = one[0].keys() & other[0].keys()
    assert {name.rpartition("/")[0] for name in shared} == {"model:S1/absorption", "model:displacement"}
    apart = sum((one[0].get(name, 0.0) - other[0].get(name, 0.0)) ** 2 for name in one[0].keys() | other[0].keys())
    assert apart < 0.05 * (first.std[0] ** 2 + second.std[0] ** 2)
    assert sources(second, "S2/b")[0].keys() & one[0].keys() == {
        "model:displacement/corundum", "model:displacement/zincite",
    }  # fmt: skip


def test_scales_that_do_the_same_to_a_pattern_are_refused() -> None:
    one = pattern((0.6, 0.4))
    twin = one.jacobian.copy()
    twin[1] = 0.7 * twin[0]
    with pytest.raises(StudyError, match="does not fix the scales of corundum, zincite"):
        shares(replace(one, jacobian=twin))
    blind = one.jacobian.copy()
    blind[1] = 0.0
    with pytest.raises(StudyError, match="scales of zincite"):
        shares(replace(one, jacobian=blind))
