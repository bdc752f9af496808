"""Which peak of one curve is which peak of the next, along a series in which peaks move, cross, appear and vanish?

One assignment for the whole series, so that it reads the same forwards and backwards: every sighting is linked to at most one later one, at the
cost of how far position, width and size are from where the courses before and behind lead.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.peak_crossings import untangled
from interlith.numerics.peak_sightings import Sightings, parts_of

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

#: Spread of ln width and ln size from one sighting to the next; share of the width that a position may wander beyond its course.
_LOG_WIDTH, _LOG_SIZE, _WANDER = 0.30, 0.5, 0.15
#: Members that a peak may be missing from within one link, the cost of each, and the cost above which no link is made.
SKIP, _PER_GAP, _DEAREST = 4, 2.0, 16.0
#: Sightings before (or behind) a link that tell the course, and how often courses and links are found in turn.
_COURSE, _LOOKS = 6, 4


def identities(seen: Sightings) -> Rows:
    """Identity of each sighting, from 0 by the mean position, shape (n,).

    Notes
    -----
    A minimum-cost path cover: an assignment of sightings as ends to sightings as beginnings of links. The first look has no
    courses; the next ones measure a link from where the last sightings before it, and the first ones behind it, lead, so that peaks that
    cross keep their names. The assumption that fails first: courses that are straight over six sightings; a peak that turns
    just where it crosses another of the same width and size may leave with the other's name.
    """
    count = seen.member.size
    if not count:
        return np.zeros(0, dtype=np.intp)
    pairs = _near(seen)
    ahead, behind = np.zeros((3, count)), np.zeros((3, count))
    chain = np.arange(count)
    for _ in range(_LOOKS):
        links = _linked(seen, pairs, ahead, behind)
        new = _chains(links)
        if np.array_equal(new, chain):
            break
        chain = new
        ahead, behind = _courses(seen, chain)
    return _by_position(untangled(seen, chain), seen.position)


def _near(seen: Sightings) -> tuple[Rows, Rows]:
    """Sightings that might be one peak: a later member, not farther apart than two widths."""
    order = np.argsort(seen.member, kind="stable")
    bounds = np.searchsorted(seen.member[order], np.arange(int(seen.member.max()) + 2))
    rows = [order[low:high] for low, high in pairwise(bounds)]
    first, second = [], []
    for number, mine in enumerate(rows):
        for other in rows[number + 1 : number + 2 + SKIP]:
            apart = np.abs(seen.position[mine][:, None] - seen.position[other][None])
            i, j = np.nonzero(apart < 2.0 * np.maximum(seen.width[mine][:, None], seen.width[other][None]))
            first.append(mine[i])
            second.append(other[j])
    empty = np.zeros(0, dtype=np.intp)
    return (np.concatenate(first), np.concatenate(second)) if first else (empty, empty)


def _linked(seen: Sightings, pairs: tuple[Rows, Rows], ahead: Array, behind: Array) -> Rows:
    """For each sighting the one that follows it, -1 where none."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    i, j = pairs
    count = seen.member.size
    gap = (seen.member[j] - seen.member[i]).astype(np.float64)
    cost = _PER_GAP * (gap - 1.0)
    wide = np.minimum(seen.width[i], seen.width[j])
    noise = seen.spread[i] ** 2 + seen.spread[j] ** 2 + (_WANDER * wide) ** 2 * gap
    values = (seen.position, np.log(np.maximum(seen.width, 1e-300)), np.log(np.maximum(seen.size, 1e-300)))
    for number, (value, spread) in enumerate(
        zip(values, (noise, _LOG_WIDTH**2 * gap, _LOG_SIZE**2 * gap), strict=True)
    ):
        # Seen from both sides: where the course before leads, and where the one behind comes from.
        miss = value[j] - value[i]
        cost += 0.5 * ((miss - ahead[number, i] * gap) ** 2 + (miss - behind[number, j] * gap) ** 2) / spread
    good = cost < _DEAREST
    own = np.arange(count)
    # Every sighting may also end, at the price of the dearest link; weights of a sparse matching must not be zero.
    rows, columns = np.concatenate([i[good], own]), np.concatenate([j[good], count + own])
    weights = np.concatenate([cost[good], np.full(count, _DEAREST)]) + 1.0
    table = coo_array((weights, (rows, columns)), shape=(count, 2 * count)).tocsr()
    matched, to = min_weight_full_bipartite_matching(table)
    links = np.full(count, -1, dtype=np.intp)
    links[matched] = np.where(to < count, to, -1)
    return links


def _chains(links: Rows) -> Rows:
    chain = np.full(links.size, -1, dtype=np.intp)
    begun = np.ones(links.size, dtype=np.bool_)
    begun[links[links >= 0]] = False
    for number, first in enumerate(np.flatnonzero(begun).tolist()):
        here = first
        while here >= 0:
            chain[here] = number
            here = int(links[here])
    return chain


def _courses(seen: Sightings, chain: Rows) -> tuple[Array, Array]:
    """Change of position, ln width and ln size per member, from the sightings up to each and from those from it on, shape (3, n)."""
    ahead, behind = np.zeros((3, chain.size)), np.zeros((3, chain.size))
    values = np.array([seen.position, np.zeros(chain.size), np.zeros(chain.size)])
    for rows in parts_of(seen, chain):
        if rows.size < 3:
            continue
        time = seen.member[rows].astype(np.float64)
        for place in range(rows.size):
            for table, part in (
                (ahead, slice(max(0, place - _COURSE + 1), place + 1)),
                (behind, slice(place, place + _COURSE)),
            ):
                t = time[part]
                if t.size < 3:
                    continue
                # A slope is shrunk by its own uncertainty: three noisy sightings tell little about where a peak goes.
                u = t - t.mean()
                norm = float(u @ u)
                noise = (seen.spread[rows[part]] ** 2).mean() + (0.05 * seen.width[rows[place]]) ** 2
                slope = values[:, rows[part]] @ u / norm
                table[0, rows[place]] = slope[0] * slope[0] ** 2 / (slope[0] ** 2 + noise / norm) if slope[0] else 0.0
    return ahead, behind


def _by_position(chain: Rows, position: Array) -> Rows:
    _, own = np.unique(chain, return_inverse=True)
    mean = np.bincount(own, weights=position) / np.bincount(own)
    rank = np.empty(mean.size, dtype=np.intp)
    rank[np.argsort(mean, kind="stable")] = np.arange(mean.size)
    return np.asarray(rank[own], dtype=np.intp)
