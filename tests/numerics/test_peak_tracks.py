"""Tracks: names are kept through crossings, gaps, births and deaths."""

import numpy as np

from interlith.numerics.peak_sightings import sightings
from interlith.numerics.peak_tracks import identities


def _series(rng, members=100):
    rows, truth = [], []
    for k in range(members):
        place = np.array([36.0, 35.5 + 0.01 * k, 37.0 - 0.02 * k, 38.0 + 0.3 * np.sin(k / 15)])
        width, size = np.array([0.12, 0.2, 0.15, 0.3]), np.array([300.0, 80.0, 60.0, 50.0])
        there = np.array([True, True, k > 20, k < 80])
        for i in range(4):
            for j in range(4):
                there[i] &= not (size[j] > size[i] and abs(place[i] - place[j]) < 0.6 * max(width[i], width[j]))
        there &= rng.random(4) > 0.05
        noisy = place + rng.normal(size=4) * 0.03 * width
        order = np.flatnonzero(there)[np.argsort(noisy[there])]
        rows.append(
            (noisy[order], 0.03 * width[order], width[order], size[order] * np.exp(0.1 * rng.normal(size=order.size)))
        )
        truth.append(order)
    return sightings(*(list(column) for column in zip(*rows, strict=True))), np.concatenate(truth)


def test_names_are_kept_through_crossings_and_gaps():
    broken = 0
    for seed in range(12):
        seen, truth = _series(np.random.default_rng(seed))
        names = identities(seen)
        broken += sum(len(set(names[truth == k].tolist())) > 1 for k in range(4))
    assert broken <= 1


def test_the_series_reads_the_same_backwards():
    seen, _ = _series(np.random.default_rng(3))
    names = identities(seen)
    last = seen.member.max()
    order = np.argsort(last - seen.member, kind="stable")
    turned = identities(
        type(seen)(
            last - seen.member[order], seen.position[order], seen.spread[order], seen.width[order], seen.size[order]
        )
    )
    same = names[order][:, None] == names[order][None]
    assert np.array_equal(same, turned[:, None] == turned[None])


def test_peaks_far_apart_never_share_a_name():
    one = np.array([10.0, 12.0])
    names = identities(sightings([one] * 5, [one * 0 + 0.01] * 5, [one * 0 + 0.1] * 5, [one * 0 + 50.0] * 5))
    assert names.tolist() == [0, 1] * 5


def test_nothing_seen_has_no_names():
    assert identities(sightings([np.zeros(0)] * 3, [np.zeros(0)] * 3, [np.zeros(0)] * 3, [np.zeros(0)] * 3)).size == 0
