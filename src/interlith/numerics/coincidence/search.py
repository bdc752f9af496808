"""Which maps carry a plane lattice onto another so that they meet in a common cell, within an area and a strain?

Every coincidence of a film lattice B and a host lattice A is a map F with ``B F = Q A`` for a matrix Q of rational numbers, and
every such Q is one coincidence: its common cell is the set of all lattice points that both share, and larger common cells of the
same F are its multiples. The search runs over pairs of superlattices (Hermite normal forms), one of each set that symmetry makes
equivalent, and over all bases of them whose map stays within the strain; Q then tells doubles and multiples exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.numerics.coincidence.lattices import gauss_reduced, point_group, representatives

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Largest strain that is searched. The bases that have to be tried grow with it; no film is strained by a quarter.
MOST_STRAIN = 0.25
#: A bound holds to this share, so that a match at the bound itself is in.
_SLACK = 1e-9
#: Pairs of superlattices looked at at once.
_BATCH = 2_000_000


@dataclass(frozen=True, eq=False)
class Coincidences:
    """Common cells of a host and a film lattice, each once, by rising area and strain.

    Parameters
    ----------
    host, film
        Edges of the common cell in units of the host's and of the film's basis, shape (k, 2, 2); right-handed and reduced on
        the host.
    maps
        F, shape (k, 2, 2): a film vector v (row) becomes v F on the host; ``film @ B @ F = host @ A``.
    stretches
        Principal stretches of the film, the larger first, shape (k, 2).
    angle
        Rotation of the film from its axes to those of the host (deg), shape (k,); the smallest of all equivalent ones.
    hand
        1, or -1 where the film has to be turned over and no mirror line of a lattice makes this the same, shape (k,).
    variants
        Number of orientations of the film on the host that are equivalent to this one, itself included, shape (k,).
    area
        Of the common cell on the host, shape (k,).
    """

    host: Integers
    film: Integers
    maps: Array
    stretches: Array
    angle: Array
    hand: Integers
    variants: Integers
    area: Array

    def __len__(self) -> int:
        return len(self.area)

    @property
    def host_count(self) -> Integers:
        """Host cells in the common cell, shape (k,)."""
        return np.asarray(np.abs(_determinants(self.host)))

    @property
    def film_count(self) -> Integers:
        """Film cells in the common cell, shape (k,)."""
        return np.asarray(np.abs(_determinants(self.film)))

    @property
    def strain(self) -> Array:
        """Largest principal misfit, \\|stretch - 1\\|, shape (k,)."""
        return np.asarray(np.abs(self.stretches - 1).max(axis=1)) if len(self) else np.zeros(0)

    def take(self, places: ArrayLike) -> Coincidences:
        """Some of them, by index or mask."""
        chosen = np.asarray(places)
        return Coincidences(*(getattr(self, item.name)[chosen] for item in fields(self)))


def coincidences(host: ArrayLike, film: ArrayLike, *, area: float, strain: float) -> Coincidences:
    """All coincidences of two plane lattices.

    Parameters
    ----------
    host, film
        Bases of row vectors in one unit of length, shape (2, 2).
    area
        Largest area of the common cell on the host (that unit squared).
    strain
        Largest principal misfit \\|stretch - 1\\| of the film, 0 to `MOST_STRAIN`.

    Returns
    -------
    Each coincidence once: those that rotations and reflections of either lattice make equivalent are merged, multiples of a
    smaller common cell of the same map are left out (`interlith.numerics.coincidence.multiples` makes them).

    Raises
    ------
    ValueError
        If a basis has no area, or a bound is not positive or too large.

    Notes
    -----
    Complete: with reduced bases of both superlattices, a map within the strain has a basis change M of small whole numbers.
    Its first row is a vector not longer than hi/lo times the shortest (hi, lo = 1 +- strain), so its entries are at most
    1.155 hi/lo; all entries are at most 1.155 (hi/lo)^2, but for shears along the short edge of long cells,
    which are at most (hi - lo) (height / short edge) + 1.

    References
    ----------
    A. Zur, T. C. McGill, J. Appl. Phys. 55 (1984) 378, 10.1063/1.333084 (the problem, and reduced bases).
    """
    bases = [np.asarray(given, dtype=float) for given in (host, film)]
    if any(basis.shape != (2, 2) or not abs(np.linalg.det(basis)) > 0 for basis in bases):
        raise ValueError("A plane lattice needs two independent vectors, shape (2, 2).")
    if not area > 0 or not 0 <= strain <= MOST_STRAIN:
        raise ValueError(f"The area must be positive and the strain 0 to {MOST_STRAIN:g}.")
    (a, b), turned = gauss_reduced(np.array(bases))
    groups = (point_group(a), point_group(b))
    lo, hi = (1 - strain) * (1 - _SLACK), (1 + strain) * (1 + _SLACK)
    sizes = (abs(float(np.linalg.det(a))), abs(float(np.linalg.det(b))))
    limits = (int(area * (1 + _SLACK) / sizes[0]), int(area * (1 + _SLACK) / (sizes[1] * lo * lo)))
    on_host, on_film = _pairs(a, b, groups, limits, lo, hi)
    on_host, on_film = _primitive(on_host, on_film)
    found = _merged(on_host, on_film, a, b, groups)
    inside = (found.stretches[:, 0] <= hi) & (found.stretches[:, 1] >= lo)
    return _in_given_bases(found.take(inside), turned)


def _pairs(
    a: Array, b: Array, groups: tuple[Integers, Integers], limits: tuple[int, int], lo: float, hi: float
) -> tuple[Integers, Integers]:
    """Edges of common cells on the host and on the film, shapes (k, 2, 2), that lie within the stretches."""
    forms = [representatives(limit, group) for limit, group in zip(limits, groups, strict=True)]
    kept: list[tuple[Integers, Integers]] = [(np.zeros((0, 2, 2), dtype=np.int64),) * 2]
    if all(len(form) for form in forms):
        cells = []
        for form, basis in zip(forms, (a, b), strict=True):
            reduced, turned = gauss_reduced(form @ basis)
            cells.append((turned @ form, reduced @ np.swapaxes(reduced, 1, 2)))
        (host_edges, host_metric), (film_edges, film_metric) = cells
        for first, second in _alike(host_metric, film_metric, lo, hi):
            pair, change = _bases(host_metric[first], film_metric[second], lo, hi)
            # film edges S_f and host edges S_h are joined by S_f F = M S_h: bring M to the side of the film.
            kept.append((host_edges[first[pair]], _inverses(change) @ film_edges[second[pair]]))
    return np.concatenate([one for one, _ in kept]), np.concatenate([two for _, two in kept])


def _alike(host: Array, film: Array, lo: float, hi: float) -> Iterator[tuple[Integers, Integers]]:
    """Pairs, in batches, whose areas and two shortest lengths differ by no more than the stretches allow."""
    on_host, on_film = (np.sqrt(m[:, 0, 0] * m[:, 1, 1] - m[:, 0, 1] ** 2) for m in (host, film))
    # Both stand by rising index, so that the partners of one are a range.
    start = np.searchsorted(on_film, on_host / (hi * hi))
    counts = np.searchsorted(on_film, on_host / (lo * lo), side="right") - start
    ends = np.cumsum(counts)
    done = 0
    while done < len(host):
        upto = max(done + 1, int(np.searchsorted(ends, (ends[done - 1] if done else 0) + _BATCH, side="right")))
        some = counts[done:upto]
        first = np.repeat(np.arange(done, upto), some)
        second = np.arange(int(some.sum())) + np.repeat(start[done:upto] - (np.cumsum(some) - some), some)
        near = np.ones(len(first), dtype=bool)
        for place in (0, 1):
            ratio = host[first, place, place] / film[second, place, place]
            near &= (ratio >= lo * lo) & (ratio <= hi * hi)
        yield first[near], second[near]
        done = upto


def _bases(host: Array, film: Array, lo: float, hi: float) -> tuple[Integers, Integers]:
    """Index of the pair and basis change M, shapes (k,) and (k, 2, 2), of all maps within the stretches.

    ``host`` and ``film`` are metrics of reduced bases, shape (k, 2, 2).
    """
    sizes = [m[:, 0, 0] * m[:, 1, 1] - m[:, 0, 1] ** 2 for m in (host, film)]
    product = np.sqrt(sizes[0] / sizes[1])
    inverse = np.stack([film[:, 1, 1], -2 * film[:, 0, 1], film[:, 0, 0]], axis=1) / sizes[1][:, None]
    terms = inverse[:, :, None] * np.stack([host[:, 0, 0], host[:, 0, 1], host[:, 1, 1]], axis=1)[:, None, :]
    terms = terms.reshape(-1, 9)
    pairs, changes = [], []
    height = np.sqrt(sizes[0]) / host[:, 0, 0]
    reach = np.floor((hi - lo) * height + 1).astype(np.int64)
    entries = int(1.1547006 * (hi / lo) ** 2)
    for known, chosen in ((_changes(entries), None), (_shears(entries, int(reach.max(initial=0))), reach > entries)):
        if not len(known):
            continue
        rows = np.arange(len(host)) if chosen is None else np.flatnonzero(chosen)
        squares = terms[rows] @ _weights(known)
        two = 2 * product[rows][:, None]
        total, gap = np.sqrt(squares + two), np.sqrt(np.maximum(squares - two, 0))
        # Rounding of the square root; exact stretches follow for those that stay.
        kept = (total + gap <= 2 * hi + 1e-6) & (total - gap >= 2 * lo - 1e-6)
        row, which = np.nonzero(kept)
        pairs.append(rows[row])
        changes.append(known[which])
    return np.concatenate(pairs), np.concatenate(changes)


def _weights(changes: Integers) -> Array:
    """Coefficients of the sum of squared stretches, shape (9, k)."""
    p, q, r, s = (changes[:, i, j] for i in (0, 1) for j in (0, 1))
    rows = [p * p, 2 * p * q, q * q, p * r, p * s + q * r, q * s, r * r, 2 * r * s, s * s]
    return np.array(rows, dtype=float)


@lru_cache(maxsize=16)
def _changes(entries: int) -> Integers:
    """Whole-number matrices of determinant +-1 with entries up to a bound, one of each pair M, -M."""
    span = np.arange(-entries, entries + 1)
    grid = np.stack(np.meshgrid(span, span, span, span, indexing="ij"), axis=-1).reshape(-1, 4)
    p, q, r, s = grid.T
    kept = (np.abs(p * s - q * r) == 1) & ((p > 0) | ((p == 0) & (q > 0)))
    return np.asarray(grid[kept].reshape(-1, 2, 2), dtype=np.int64)


@lru_cache(maxsize=64)
def _shears(entries: int, reach: int) -> Integers:
    """(1 0; x +-1) with the larger x that long cells allow."""
    rows = [(1, 0, x, s) for x in range(-reach, reach + 1) if abs(x) > entries for s in (1, -1)]
    return np.array(rows, dtype=np.int64).reshape(-1, 2, 2)


def _primitive(host: Integers, film: Integers) -> tuple[Integers, Integers]:
    """Those whose common cell holds all shared points: others are multiples of a smaller one with the same map."""
    size = np.abs(_determinants(film))
    numerator = _adjugates(film) @ host
    first = np.gcd.reduce(np.abs(numerator).reshape(-1, 4), axis=1)
    second = np.abs(_determinants(numerator)) // np.maximum(first, 1)
    # Smith's form of Q is diag(first, second) / size; its denominators count the film points for each shared one.
    shared = (size // np.gcd(first, size)) * (size // np.gcd(second, size))
    kept = shared == size
    return host[kept], film[kept]


def _merged(host: Integers, film: Integers, a: Array, b: Array, groups: tuple[Integers, Integers]) -> Coincidences:
    """One of each set that the point groups of the lattices make equivalent, in its position of smallest rotation."""
    count = len(host)
    on_host, on_film = groups
    # -1 is in both groups: half of one is enough for all products.
    half = on_film[(on_film[:, 0, 0] > 0) | ((on_film[:, 0, 0] == 0) & (on_film[:, 0, 1] > 0))]
    size = np.abs(_determinants(film))
    numerator = _adjugates(film) @ host * np.sign(_determinants(film))[:, None, None]
    divisor = np.gcd(np.gcd.reduce(np.abs(numerator).reshape(-1, 4), axis=1), size)
    numerator, size = numerator // divisor[:, None, None], size // divisor
    images = half[None, :, None] @ numerator[:, None, None] @ on_host[None, None, :]
    keys = _keys(images.reshape(count, len(half) * len(on_host), 4))
    _, places = np.unique(np.stack([size, keys.min(axis=1)], axis=1), axis=0, return_index=True)
    sorted_keys = np.sort(keys[places], axis=1)
    distinct = 1 + np.count_nonzero(np.diff(sorted_keys, axis=1), axis=1)
    variants = distinct // len(on_film)
    best, hand = _smallest_rotation(images[places].reshape(len(places), len(half) * len(on_host), 2, 2), a, b)
    turn_film, turn_host = half[best // len(on_host)], on_host[best % len(on_host)]
    edges, other = host[places] @ turn_host, film[places] @ _inverses(turn_film)
    return _ordered(edges, other, a, b, hand, variants)


def _keys(rows: Integers) -> Integers:
    """One number for each row of whole numbers, shape (..., 4) -> (...)."""
    width = 2 * int(np.abs(rows).max(initial=0)) + 1
    if width**4 < 2**62:
        return np.asarray(rows @ np.array([width**3, width**2, width, 1], dtype=np.int64))
    _, names = np.unique(rows.reshape(-1, 4), axis=0, return_inverse=True)
    return np.asarray(names, dtype=np.int64).reshape(rows.shape[:-1])


def _smallest_rotation(images: Integers, a: Array, b: Array) -> tuple[Integers, Integers]:
    """Index of the image with the smallest rotation, film face up if it can be, and its hand."""
    maps = np.linalg.inv(b) @ images @ a
    hands = np.where(_determinants(maps) < 0, -1, 1)
    turns = np.abs(rotation(maps))
    # Smallest; of a rotation and its opposite the positive one.
    cost = np.round(turns, 7) + np.where(hands < 0, 1000.0, 0.0) + np.where(rotation(maps) < -1e-7, 1e-8, 0.0)
    best = np.argmin(cost, axis=1)
    return best, hands[np.arange(len(best)), best]


def rotation(maps: Array) -> Array:
    """Angle (deg) by which maps of row vectors turn, shape (...); a map that mirrors is taken after a mirror at its x axis."""
    sign = np.where(_determinants(maps) < 0, -1.0, 1.0)
    x, y = maps[..., 0, 0] + sign * maps[..., 1, 1], maps[..., 0, 1] - sign * maps[..., 1, 0]
    return np.asarray(np.degrees(np.arctan2(y, x)))


def _ordered(host: Integers, film: Integers, a: Array, b: Array, hand: Integers, variants: Integers) -> Coincidences:
    edges = host @ a
    left = _determinants(edges) < 0
    host, film = host.copy(), film.copy()
    host[left, 1] *= -1
    film[left, 1] *= -1
    edges = host @ a
    lengths = np.sum(edges * edges, axis=2)
    # Hexagonal cells get 120 deg, as crystallographers draw them.
    sharp = np.abs(np.sum(edges[:, 0] * edges[:, 1], axis=1) - lengths[:, 0] / 2) < 1e-7 * lengths[:, 0]
    sharp &= np.abs(lengths[:, 1] - lengths[:, 0]) < 1e-7 * lengths[:, 0]
    host[sharp, 1] -= host[sharp, 0]
    film[sharp, 1] -= film[sharp, 0]
    maps = np.linalg.inv(film @ b) @ (host @ a)
    stretches = np.asarray(np.linalg.svd(maps, compute_uv=False), dtype=np.float64).reshape(-1, 2)
    area = np.abs(_determinants(host @ a))
    found = Coincidences(host, film, maps, stretches, rotation(maps), hand, variants, area)
    return found.take(np.lexsort((np.round(rotation(maps), 7), np.round(found.strain, 10), np.round(area, 7))))


def _in_given_bases(found: Coincidences, turned: Integers) -> Coincidences:
    """Edges in units of the bases as given, not of the reduced ones."""
    return Coincidences(
        found.host @ turned[0], found.film @ turned[1], found.maps, found.stretches, found.angle, found.hand,
        found.variants, found.area,
    )  # fmt: skip


def _determinants(matrices: NDArray[Any]) -> NDArray[Any]:
    m = matrices
    return np.asarray(m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0])


def _adjugates(matrices: Integers) -> Integers:
    m = matrices
    rows = [m[..., 1, 1], -m[..., 0, 1], -m[..., 1, 0], m[..., 0, 0]]
    return np.stack(rows, axis=-1).reshape(m.shape)


def _inverses(changes: Integers) -> Integers:
    """Inverses of matrices of determinant +-1."""
    return np.asarray(_adjugates(changes) * _determinants(changes)[..., None, None])
