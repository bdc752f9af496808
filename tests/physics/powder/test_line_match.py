"""Matches: the right crystal explains its lines, also strained, beside another one."""

import numpy as np
import pytest

from interlith.crystal.phases import phase
from interlith.physics.powder.line_match import Seen, match, predicted_lines

WAVE = 1.5406


def _seen(tables, shift=0.0, strain=0.0):
    place = np.concatenate([one.two_theta(WAVE, shift, strain) for one, _ in tables])
    area = np.concatenate([size * one.intensity for one, size in tables])
    kept = np.isfinite(place) & (place > 15) & (place < 90) & (area > 2.0)
    order = np.argsort(place[kept])
    place, area = place[kept][order], area[kept][order]
    return Seen(place, np.full(place.size, 0.12), area, 0.02 * area + 0.2, 15.0, 90.0, 2.0)


def test_a_strained_and_shifted_crystal_is_recognised():
    table = predicted_lines(phase("Si"), WAVE, 15, 90)
    seen = _seen([(table, 1000.0)], 0.05, 0.004)
    found = match(table, seen, WAVE, seen.area)
    assert found.explained > 0.98
    assert found.strain == pytest.approx(0.004, abs=0.0008)
    assert found.zero == pytest.approx(0.05, abs=0.03)


def test_the_wrong_crystal_explains_little():
    seen = _seen([(predicted_lines(phase("Si"), WAVE, 15, 90), 1000.0)])
    other = match(predicted_lines(phase("NiO"), WAVE, 15, 90), seen, WAVE, seen.area)
    assert other.score < 0.1


def test_both_crystals_of_a_mixture_are_found():
    tables = [
        (predicted_lines(phase(name), WAVE, 15, 90), size) for name, size in (("corundum", 500.0), ("fluorite", 800.0))
    ]
    seen = _seen(tables)
    left = seen.area.copy()
    for table, _ in tables:
        found = match(table, seen, WAVE, left)
        assert found.score > 0.2
        left = left - found.area
    assert left.sum() < 0.1 * seen.area.sum()


def test_the_strongest_line_of_nickel_oxide_is_200():
    table = predicted_lines(phase("NiO"), WAVE, 30, 90)
    assert sorted(abs(int(k)) for k in table.hkl[np.argmax(table.intensity)]) == [0, 0, 2]
