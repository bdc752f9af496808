"""Tracks of simulated patterns: lines that cross keep their names, strong ones are seen everywhere, positions are as sure as they say."""

import numpy as np
import pytest

from interlith.physics.powder.line_groups import drawn
from interlith.physics.powder.line_patterns import Curve
from interlith.physics.powder.line_shape import Radiation
from interlith.physics.powder.line_tracks import track_lines

TUBE = Radiation((1.5406, 1.54439), 0.497)
X = np.arange(34.0, 38.0, 0.0144)


def crossing(seed, lines, members=50):
    """Patterns, true positions (m, k) and widths of lines that all meet about half way."""
    rng = np.random.default_rng([seed, lines])
    away = (np.arange(members) - rng.uniform(0.4, 0.6) * members)[:, None]
    slope = rng.permutation(np.linspace(-1, 1, lines) * rng.uniform(0.018, 0.035)) + rng.uniform(-0.003, 0.003, lines)
    place = 36 + rng.normal(size=lines) * 0.05 + slope * away + rng.uniform(-1, 1, lines) * 1e-4 * away**2
    area = np.exp(rng.uniform(np.log(60), np.log(350), lines) + 0.004 * rng.normal(size=lines) * away)
    width = rng.uniform(0.1, 0.2, lines)
    curves = []
    for at, size in zip(place, area, strict=True):
        clean = 500 + drawn(X, TUBE, at, size, width, np.full(lines, 0.5))
        curves.append(Curve(X, rng.poisson(clean).astype(float), np.sqrt(clean)))
    return curves, place, width


def clear_of_others(place, width):
    """Where no other line is within two widths, shape (m, k)."""
    apart = np.abs(place[:, :, None] - place[:, None])
    reach = 2.0 * np.maximum(width[:, None], width[None])
    return (apart + np.eye(width.size) * 9.0 > reach).all(axis=2)


@pytest.mark.parametrize("lines", [2, 3])
def test_lines_that_cross_keep_their_names(lines):
    broken, pulls, whole = [], [], 0
    for seed in range(4 if lines == 2 else 6):
        curves, place, width = crossing(seed, lines)
        found = track_lines(curves, TUBE, narrow=0.06, wide=0.6)
        for line in range(lines):
            rows = np.flatnonzero(clear_of_others(place, width)[:, line])
            miss = np.where(found.seen[:, rows], np.abs(found.position[:, rows] - place[rows, line]), 9.0)
            own = np.argmin(miss, axis=0)
            there = miss.min(axis=0) < 0.06
            early, late = (own[there & part] for part in (rows < 20, rows > 30))
            whole += 1
            if np.bincount(early).argmax() != np.bincount(late).argmax() or there.mean() < 0.9:
                broken.append((seed, line))
            picked = own[there], rows[there]
            pulls += ((found.position[picked] - place[rows[there], line]) / found.position_std[picked]).tolist()
    # Where three lines meet, one series in ten may still be told wrongly; nearest neighbours fail in half of them.
    assert len(broken) <= (0 if lines == 2 else 2), broken
    assert np.median(np.abs(pulls)) / 0.6745 == pytest.approx(1.0, abs=0.12)


def test_a_line_that_turns_round_keeps_its_name_and_a_strong_one_is_seen_in_every_pattern():
    rng = np.random.default_rng(7)
    curves = []
    for k in range(40):
        at = np.array([35.0 + 0.02 * (20 - abs(20 - k)), 37.0])
        clean = 80 + drawn(X, TUBE, at, np.array([25.0, 400.0]), np.array([0.15, 0.26]), np.full(2, 0.6))
        curves.append(Curve(X, rng.poisson(clean).astype(float), np.sqrt(clean)))
    found = track_lines(curves, TUBE, narrow=0.05, wide=0.8)
    often = found.seen.mean(axis=1)
    assert sorted(np.round(found.position[often > 0.95, 0], 1)) == [35.0, 37.0]
    strong = int(np.argmax(np.nanmedian(found.area, axis=1)))
    assert found.seen[strong].all()
