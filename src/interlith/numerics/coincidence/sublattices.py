"""Which larger cells share a coincidence, and which of them holds whole conventional cells of both lattices?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.numerics.coincidence.lattices import (
    gauss_reduced,
    hermite_forms,
    hermite_normal,
    point_group,
    sum_lattice,
)
from interlith.numerics.coincidence.search import Coincidences

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def multiples(found: Coincidences, host: ArrayLike, film: ArrayLike, *, area: float) -> tuple[Coincidences, Integers]:
    """All larger common cells of the same maps up to an area on the host.

    Parameters
    ----------
    found, host, film
        Primitive coincidences and the bases they were found for.
    area
        Largest area (unit of the bases, squared).

    Returns
    -------
    The multiples, without the primitive ones, and for each the index of the coincidence in `found` that it belongs to, shape
    (k,). Those that a symmetry of the coincidence itself makes equivalent stand once.
    """
    a, b = np.asarray(host, dtype=float), np.asarray(film, dtype=float)
    edges, owners = list[Integers](), list[int]()
    for place in range(len(found)):
        limit = int(area * (1 + 1e-9) / found.area[place])
        if limit < 2:
            continue
        forms = hermite_forms(limit)[1:]
        group = _symmetry(found.host[place], found.maps[place], a, b)
        images = hermite_normal(forms[:, None] @ group[None])
        keys = images[..., 0, 0] * (limit + 1) + images[..., 0, 1]
        kept = forms[forms[:, 0, 0] * (limit + 1) + forms[:, 0, 1] == keys.min(axis=1)]
        edges.append(kept)
        owners += [place] * len(kept)
    owner = np.array(owners, dtype=np.int64)
    same = found.take(owner)
    forms = np.concatenate(edges) if edges else np.zeros((0, 2, 2), dtype=np.int64)
    _, turned = gauss_reduced(forms @ same.host @ a)
    left = np.linalg.det(turned @ forms) < 0
    turned[left, 1] *= -1
    whole = turned @ forms
    size = same.area * np.abs(np.rint(np.linalg.det(forms))) if len(forms) else same.area
    made = Coincidences(
        whole @ same.host, whole @ same.film, same.maps, same.stretches, same.angle, same.hand, same.variants, size
    )
    return made, owner


def _symmetry(edges: Integers, mapped: Array, host: Array, film: Array) -> Integers:
    """Symmetries of the host lattice that are symmetries of the film on it as well, in units of the common cell."""
    reduced = gauss_reduced(host[None])[0][0]
    turns = np.linalg.inv(reduced) @ point_group(reduced) @ reduced
    kept = []
    for turn in turns:
        # The film before the strain must be carried onto itself by an orthogonal map.
        moved = mapped @ turn @ np.linalg.inv(mapped)
        whole = film @ moved @ np.linalg.inv(film)
        rigid = np.allclose(moved @ moved.T, np.eye(2), atol=1e-6)
        if rigid and np.allclose(whole, np.rint(whole), atol=1e-6):
            kept.append(np.rint((edges @ host) @ turn @ np.linalg.inv(edges @ host)).astype(np.int64))
    return np.array(kept)


def whole_multiple(edges: ArrayLike, onto: ArrayLike, other_edges: ArrayLike, other_onto: ArrayLike) -> Integers:
    """Smallest multiple of a common cell whose edges are whole vectors of a sublattice of each side.

    Parameters
    ----------
    edges, other_edges
        Edges of the common cell in units of the basis of one and of the other side, whole numbers, shape (2, 2).
    onto, other_onto
        Bases of the sublattices in the same units, such as the mesh without centring, whole numbers, shape (2, 2).

    Returns
    -------
    Its edges in units of the common cell, Hermite normal form, shape (2, 2).
    """
    columns, sizes = [], []
    for cell, sub in ((edges, onto), (other_edges, other_onto)):
        given = np.asarray(sub, dtype=np.int64)
        size = round(float(np.linalg.det(given)))
        adjugate = np.array([[given[1, 1], -given[0, 1]], [-given[1, 0], given[0, 0]]])
        columns.append(np.asarray(cell, dtype=np.int64) @ adjugate * (1 if size > 0 else -1))
        sizes.append(abs(size))
    both = np.concatenate([columns[0] * sizes[1], columns[1] * sizes[0]], axis=1)
    return whole_vectors(both, sizes[0] * sizes[1])


def whole_vectors(numerators: ArrayLike, denominator: int) -> Integers:
    """Basis of all whole x, shape (2,), for which ``x @ numerators / denominator`` is whole; `numerators` has shape (2, k).

    The answer is a Hermite normal form, shape (2, 2).
    """
    # They are dual to the lattice that the columns and Z^2 span.
    (a, b), (_, d) = sum_lattice(np.asarray(numerators, dtype=np.int64).T, denominator).tolist()
    dual = [[denominator // a, 0], [-denominator * b // (a * d), denominator // d]]
    return hermite_normal(dual)
