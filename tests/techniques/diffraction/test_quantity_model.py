"""Does the misfit of a wrong model turn into an uncertainty of about the error that it makes?"""

from __future__ import annotations

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.techniques.diffraction.quantity_information import information
from interlith.techniques.diffraction.quantity_model import (
    beyond_counting,
    few_stretches,
    left_out_covariance,
    misfit_covariance,
    peak_blocks,
)

X = np.linspace(10.0, 90.0, 3_000)
PLACES = np.linspace(13.0, 87.0, 30)


def lines(heights: np.ndarray, width: float = 0.15) -> np.ndarray:
    return np.asarray((heights[:, None] * np.exp(-0.5 * ((X - PLACES[:, None]) / width) ** 2)).sum(axis=0))


def test_blocks_are_cut_between_peaks_and_hold_alike() -> None:
    heights = 100.0 * np.random.default_rng(1).uniform(0.5, 1.5, 30)
    bragg = lines(heights)
    blocks = peak_blocks(bragg, np.sqrt(bragg + 10.0), 10)
    assert blocks[0] == 0
    assert np.all(np.diff(blocks) >= 0)
    assert 8 <= blocks[-1] + 1 <= 10
    assert bragg[np.flatnonzero(np.diff(blocks))].max() < 5.0
    told = np.bincount(blocks, bragg / np.sqrt(bragg + 10.0))
    assert told.max() < 2.5 * told.mean()


def test_intensities_that_scatter_make_scales_uncertain_by_as_much() -> None:
    draw = np.random.default_rng(7)
    heights = np.where(np.arange(30) % 2 == 0, 500.0, 300.0)
    first, second = lines(heights * (np.arange(30) % 2 == 0)), lines(heights * (np.arange(30) % 2 == 1))
    pulls, counting = [], []
    for _ in range(300):
        seen = lines(heights * (1.0 + 0.08 * draw.standard_normal(30))) + 100.0
        seen = draw.poisson(seen).astype(float)
        std = np.sqrt(first + second + 100.0)
        slopes = np.array([first, second, np.ones_like(X)]) / std
        values, *_ = np.linalg.lstsq(slopes.T, seen / std, rcond=None)
        residual = (seen / std) - values @ slopes
        found = misfit_covariance(slopes, residual, peak_blocks(first + second, std, 30))
        pulls.append((values[:2] - 1.0) / np.sqrt(np.diag(found)[:2]))
        counting.append((values[:2] - 1.0) / np.sqrt(np.diag(np.linalg.inv(slopes @ slopes.T))[:2]))
    assert np.std(pulls) == pytest.approx(1.15, abs=0.2)
    assert np.std(counting) > 2.0


def test_scale_of_parameters_does_not_matter() -> None:
    draw = np.random.default_rng(2)
    slopes, residual, blocks = draw.standard_normal((3, 200)), draw.standard_normal(200), np.arange(200) // 10
    found = misfit_covariance(slopes, residual, blocks)
    factor = np.array([1.0, 1e8, 1e-6])
    again = misfit_covariance(slopes * factor[:, None], residual, blocks)
    assert again * np.outer(factor, factor) == pytest.approx(found, rel=1e-6)


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(StudyError, match="needs three"):
        misfit_covariance(np.ones((1, 4)), np.ones(4), [0, 0, 1, 1])
    with pytest.raises(StudyError, match="do not belong together"):
        misfit_covariance(np.ones((1, 4)), np.ones(5), [0, 0, 1, 1])
    with pytest.raises(StudyError, match="No intensity stands above"):
        peak_blocks(np.zeros(5), np.ones(5))


def test_beyond_counting_there_is_nothing_where_the_model_is_right() -> None:
    draw = np.random.default_rng(3)
    root = np.array([[2.0, 0.0], [1.0, 0.5]])
    counting = root @ root.T
    told = 0
    for _ in range(200):
        pulls = draw.standard_normal((24, 2)) @ root.T / np.sqrt(24)
        told += bool(np.abs(beyond_counting(pulls.T @ pulls, counting, 24)).max() > 0)
    assert told < 20
    wide = np.array([3.0, 1.0])
    found = beyond_counting(counting + 50 * np.outer(wide, wide), counting, 24)
    assert found == pytest.approx(50 * np.outer(wide, wide), rel=0.02, abs=1e-9)


def test_a_fit_that_bends_to_its_strongest_peak_is_not_surer_for_it() -> None:
    draw = np.random.default_rng(9)
    blocks = np.repeat(np.arange(12), 5)
    heights = np.where(np.arange(12) == 4, 6.0, 1.0)
    slopes = np.repeat(heights, 5)[None]
    errors, plain, left = [], [], []
    for _ in range(400):
        wrong = np.repeat(0.1 * draw.standard_normal(12) * heights, 5)
        seen = slopes[0] + wrong
        value = float(slopes[0] @ seen / (slopes[0] @ slopes[0]))
        residual = seen - value * slopes[0]
        errors.append(value - 1.0)
        plain.append(misfit_covariance(slopes, residual, blocks)[0, 0])
        left.append(left_out_covariance(slopes, residual, blocks)[0, 0])
    true = np.std(errors)
    assert np.sqrt(np.mean(plain)) < 0.5 * true
    assert true < np.sqrt(np.mean(left)) * few_stretches(slopes, blocks)[0]


def test_few_stretches_widen_and_many_do_not() -> None:
    blocks = np.repeat(np.arange(40), 3)
    even = np.ones((1, 120))
    one = np.where(blocks == 7, 30.0, 1.0)[None]
    assert few_stretches(np.vstack([even, one]), blocks) == pytest.approx([1.0312, 2.1953], abs=1e-3)


def plainly(slopes: np.ndarray, residual: np.ndarray, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Covariances by misfit and by leaving stretches out, written down stretch by stretch."""
    size = np.sqrt((slopes**2).sum(axis=1))
    size[size == 0] = 1.0
    scaled = slopes / size[:, None]
    whole = scaled @ scaled.T
    pulls, moved = [], []
    for kind in np.unique(blocks):
        part = scaled[:, blocks == kind]
        pulls.append(part @ residual[blocks == kind])
        moved.append(np.linalg.pinv(whole - part @ part.T, rcond=1e-6, hermitian=True) @ pulls[-1])
    inverse, count = np.linalg.pinv(whole, hermitian=True), len(pulls)
    seen = inverse @ sum(np.outer(one, one) for one in pulls) @ inverse * count / (count - 1)
    without = sum(np.outer(one, one) for one in moved) * (count - 1) / count
    return seen / np.outer(size, size), without / np.outer(size, size)


@pytest.mark.parametrize("mixed", [False, True], ids=["ascending", "mixed"])
def test_all_stretches_at_once_say_the_same_as_one_by_one(mixed: bool) -> None:
    draw = np.random.default_rng(6)
    for count, size in ((3, 1), (7, 4), (24, 20)):
        points = 60 * count
        slopes = draw.standard_normal((size, points)) * 10.0 ** draw.uniform(-6, 6, size)[:, None]
        blocks = np.sort(draw.integers(0, count, points)) * 2 + 1
        if size > 2:
            slopes[1] = 0.0  # seen by nothing
            slopes[2] = np.where(blocks == 3, slopes[2], 0.0)  # seen by one stretch only
        if mixed:
            blocks = draw.permutation(blocks)
        residual = draw.standard_normal(points)
        seen, without = plainly(slopes, residual, blocks)
        sizes = np.sqrt((slopes**2).sum(axis=1))
        sizes[sizes == 0] = 1.0
        scale = np.outer(sizes, sizes)
        known = information(slopes)
        for told in (slopes, known):
            assert misfit_covariance(told, residual, blocks) * scale == pytest.approx(seen * scale, rel=1e-9, abs=1e-12)
            found = left_out_covariance(told, residual, blocks)
            assert found * scale == pytest.approx(without * scale, rel=1e-9, abs=1e-12)


def test_what_is_left_without_a_stretch_is_asked_only_where_there_is_misfit() -> None:
    counting, asked = np.eye(2), []

    def without() -> np.ndarray:
        asked.append(True)
        return 9.0 * np.eye(2)

    assert not beyond_counting(counting, counting, 24, without).any()
    assert not asked
    assert beyond_counting(50.0 * counting, counting, 24, without) == pytest.approx(8.0 * np.eye(2))
    assert len(asked) == 1
