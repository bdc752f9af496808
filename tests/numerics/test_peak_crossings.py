"""Crossings: pieces before and behind are joined by where they lead, whatever was made of the sightings in between."""

import numpy as np
import pytest

from interlith.numerics.peak_crossings import untangled
from interlith.numerics.peak_sightings import Sightings


def _seen(rng, courses, *, size, width, hidden=()):
    rows = []
    for line, course in enumerate(courses):
        for member, place in enumerate(course):
            if (line, member) not in hidden:
                rows.append(
                    (
                        member,
                        place + 0.01 * rng.normal(),
                        0.01,
                        width[line],
                        size[line] * np.exp(0.05 * rng.normal()),
                        line,
                    )
                )
    rows.sort()
    table = np.array(rows)
    return Sightings(table[:, 0].astype(np.intp), *table[:, 1:5].T), table[:, 5].astype(np.intp)


@pytest.mark.parametrize("seed", range(6))
def test_names_exchanged_at_a_crossing_are_put_right(seed):
    rng = np.random.default_rng(seed)
    t = np.arange(60.0)
    courses = [36 + 0.02 * (t - 30), 36 - 0.015 * (t - 30), 36.02 + 0.002 * (t - 30)]
    hidden = {(line, member) for line in (0, 1) for member in range(26, 35)}
    seen, truth = _seen(rng, courses, size=(50.0, 60.0, 55.0), width=(0.12, 0.13, 0.12), hidden=hidden)
    wrong = truth.copy()
    late = seen.member > 30
    wrong[late] = (truth[late] + 1) % 3
    found = untangled(seen, wrong)
    clear = np.abs(seen.member - 30) > 12
    for line in range(3):
        assert np.unique(found[clear & (truth == line)]).size == 1
    assert np.unique(found[clear]).size == 3


def test_neighbours_that_never_part_stay_as_they_are():
    t = np.arange(80.0)
    seen, truth = _seen(np.random.default_rng(1), [36 + 0 * t, 36.1 + 0 * t], size=(50.0, 90.0), width=(0.15, 0.15))
    found = untangled(seen, truth)
    assert np.unique(np.stack([found, truth]), axis=1).shape[1] == 2


def test_a_line_that_ends_is_not_continued_by_one_of_another_size():
    t = np.arange(60.0)
    seen, truth = _seen(
        np.random.default_rng(2), [36 + 0 * t, 36 + 0 * t], size=(50.0, 900.0), width=(0.15, 0.15),
        hidden={(0, k) for k in range(25, 60)} | {(1, k) for k in range(35)},
    )  # fmt: skip
    found = untangled(seen, truth)
    assert np.unique(np.stack([found, truth]), axis=1).shape[1] == 2


def test_short_pieces_far_apart_are_not_joined():
    rows = [(k, 36 + 0.01 * (k % 2), 0.01, 0.1, 50.0) for k in range(6)]
    rows += [(60 + k, 36.9 + 0.01 * (k % 2), 0.01, 0.1, 50.0) for k in range(6)]
    table = np.array(rows)
    seen = Sightings(table[:, 0].astype(np.intp), *table[:, 1:5].T)
    chain = np.repeat([0, 1], 6).astype(np.intp)
    found = untangled(seen, chain)
    assert np.unique(found).size == 2
