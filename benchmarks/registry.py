"""Does the search for common cells miss anything that pymatgen finds, how long do both take, and which faces are on the front?

Run: ``python benchmarks/registry.py [--lattices 40] [--seed 1]``; prints three Markdown tables for ``docs/benchmarks.md``. CPU
seconds of one thread, both programs warm (each runs once before it is timed) and in the same run.

Completeness: pymatgen's matches (``ZSLGenerator``, lengths and angles within its tolerances, reduced bases only) are written as
the rational matrix Q that carries film onto host coordinates, merged by the point groups of both lattices, and looked up among
ours. Our strain bound is the largest principal misfit among pymatgen's own matches, so that its tolerances are expressed in ours.
"""

from __future__ import annotations

import argparse
import math
import os
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.facets import mesh
from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.design.matching.anions import with_shared
from interlith.design.matching.answers import fronts
from interlith.design.matching.faces import face_pairs, face_text, faces, uncentred
from interlith.design.matching.match import Match
from interlith.design.matching.search import search
from interlith.numerics.coincidence import coincidences, gauss_reduced, point_group

Array = NDArray[np.float64]
Key = tuple[int, ...]
AREA = 400.0


def seconds(task: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the faster of three runs after one that warms up, and the answer."""
    answer = task()
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        answer = task()
        best = min(best, time.process_time() - start)
    return best, answer


def key(film: NDArray[np.int64], host: NDArray[np.int64], on_film: Any, on_host: Any) -> Key:
    """Name of Q = film^-1 host up to the symmetries of both lattices."""
    size = round(float(np.linalg.det(film)))
    adjugate = np.array([[film[1, 1], -film[0, 1]], [-film[1, 0], film[0, 0]]])
    numerator = adjugate @ host * (1 if size > 0 else -1)
    divisor = math.gcd(abs(size), *(abs(int(entry)) for entry in numerator.ravel()))
    images = (on_film[:, None] @ (numerator // divisor) @ on_host[None]).reshape(-1, 4)
    return (abs(size) // divisor, *min(map(tuple, images.tolist())))


def theirs(matches: Sequence[Any], host: Array, film: Array) -> tuple[set[Key], float]:
    """Different matches of pymatgen, and the largest principal misfit among them."""
    groups = point_group(film), point_group(host)
    names, largest = set(), 0.0
    for found in matches:
        edges = [np.array(vectors)[:, :2] for vectors in (found.film_sl_vectors, found.substrate_sl_vectors)]
        whole = [
            np.rint(pair @ np.linalg.inv(basis)).astype(np.int64)
            for pair, basis in zip(edges, (film, host), strict=True)
        ]
        names.add(key(whole[0], whole[1], *groups))
        stretches = np.linalg.svd(np.linalg.solve(edges[0], edges[1]), compute_uv=False)
        largest = max(largest, float(np.abs(stretches - 1).max()))
    return names, largest


def lattice(random: np.random.Generator, kind: str) -> Array:
    a = random.uniform(2.5, 6.0)
    b = a * random.uniform(1.05, 1.9)
    made = {
        "hexagonal": [[a, 0], [-a / 2, a * math.sqrt(3) / 2]],
        "square": [[a, 0], [0, a]],
        "rectangular": [[a, 0], [0, b]],
        "centred": [[a, 0], [-a / 2, b]],
        "oblique": [[a, 0], [-a * random.uniform(0.05, 0.45), b]],
    }[kind]
    return gauss_reduced(np.array([made], dtype=float))[0][0]


def of_crystals(length: float) -> None:
    """The 36 pairs of faces of two cubic crystals: on primitive meshes, and on those of the conventional cells."""
    from pymatgen.analysis.interfaces.zsl import ZSLGenerator

    host, film = phase("LNMO"), phase("LaTMO3")
    for word in ("primitive", "conventional"):
        rows = np.zeros(4, dtype=int)
        for one, other in face_pairs(host, film, 2):
            planes = mesh(host, one), mesh(film, other)
            wide = [(uncentred(plane) if word == "conventional" else np.eye(2)) @ plane.in_plane for plane in planes]
            generator = ZSLGenerator(max_area=AREA, max_length_tol=length, max_area_ratio_tol=0.15)
            every = list(generator(*(np.column_stack([basis, np.zeros(2)]) for basis in reversed(wide))))
            names, largest = theirs(every, planes[0].in_plane, planes[1].in_plane)
            strain = max(largest, 1e-6) * (1 + 1e-9)
            found = coincidences(planes[0].in_plane, planes[1].in_plane, area=AREA, strain=strain)
            groups = point_group(planes[1].in_plane), point_group(planes[0].in_plane)
            mine = {key(f, h, *groups) for f, h in zip(found.film, found.host, strict=True)}
            rows += [len(every), len(names), len(names - mine), len(mine)]
        print(
            f"| {film.name} on {host.name}, {word} meshes, lengths to {100 * length:g} % | 36 | {rows[0]} | {rows[1]} | {rows[2]} | "
            f"{rows[3]} | - | - |"
        )


def completeness(count: int, seed: int) -> None:
    from pymatgen.analysis.interfaces.zsl import ZSLGenerator

    random = np.random.default_rng(seed)
    print(
        "| host on film | pairs | pymatgen, all | different | missing in ours | ours, same bounds | ours / s | pymatgen / s |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for length in (0.03, 0.06):
        of_crystals(length)
    kinds = [
        ("hexagonal", "hexagonal"), ("square", "square"), ("rectangular", "square"), ("centred", "hexagonal"),
        ("rectangular", "rectangular"), ("oblique", "rectangular"), ("oblique", "oblique"),
    ]  # fmt: skip
    area = 150.0
    for first, second in kinds:
        rows = np.zeros(4, dtype=int)
        spent = [0.0, 0.0]
        for _ in range(count):
            host, film = lattice(random, first), lattice(random, second)
            flat = [np.column_stack([basis, np.zeros(2)]) for basis in (film, host)]
            generator = ZSLGenerator(max_area=area, max_length_tol=0.05, max_angle_tol=0.02, max_area_ratio_tol=0.15)
            start = time.process_time()
            every = list(generator(*flat))
            spent[1] += time.process_time() - start
            names, largest = theirs(every, host, film)
            strain = max(largest, 1e-6) * (1 + 1e-9)
            # Their bound on the area holds for both sides, ours for the host.
            start = time.process_time()
            found = coincidences(host, film, area=area, strain=strain)
            spent[0] += time.process_time() - start
            groups = point_group(film), point_group(host)
            mine = {key(f, h, *groups) for f, h in zip(found.film, found.host, strict=True)}
            rows += [len(every), len(names), len(names - mine), len(mine)]
        print(
            f"| {first} on {second} | {count} | {rows[0]} | {rows[1]} | {rows[2]} | {rows[3]} | {spent[0]:.2f} | {spent[1]:.2f} |"
        )


def cubic_peer(structure: Structure) -> Any:
    """The crystal as pymatgen knows it, conventional cell."""
    from pymatgen.core import Lattice
    from pymatgen.core import Structure as Peer

    atoms = structure.atoms
    shown = dict[tuple[float, ...], dict[str, float]]()
    for element, fraction, share in zip(atoms.elements, atoms.fractions, atoms.occupancies, strict=True):
        shown.setdefault(tuple(np.round(fraction, 6)), {})[element] = float(share)
    return Peer(Lattice(structure.cell.vectors), list(shown.values()), list(shown))


def speed() -> None:
    from pymatgen.analysis.interfaces.substrate_analyzer import SubstrateAnalyzer
    from pymatgen.analysis.interfaces.zsl import ZSLGenerator

    host, film = phase("LNMO"), phase("LaTMO3")
    pairs = face_pairs(host, film, 2)
    planes = [(mesh(host, one).in_plane, mesh(film, other).in_plane) for one, other in pairs]
    print(f"| {film.name} on {host.name}, {len(pairs)} pairs of faces, {AREA:g} angstrom^2 | CPU s | cells |")
    print("|---|---|---|")
    spent, found = seconds(lambda: search(host, film, pairs, area=AREA, strain=0.06))
    print(f"| ours, misfit to 6 % | {spent:.3f} | {len(found)} |")
    spent, scored = seconds(lambda: with_shared(found))
    print(f"| ours, the anions that they share, in addition | {spent:.2f} | {len(scored)} |")

    def meshes(length: float) -> int:
        generator = ZSLGenerator(max_area=AREA, max_length_tol=length)
        return sum(
            1
            for one, other in planes
            for _ in generator(*(np.column_stack([basis, np.zeros(2)]) for basis in (other, one)))
        )

    for length in (0.03, 0.06):
        spent, count = seconds(lambda length=length: meshes(length))
        print(
            f"| pymatgen ZSLGenerator on the same meshes, lengths to {100 * length:g} % | {spent:.2f} | {count} with doubles |"
        )
    peers = cubic_peer(film), cubic_peer(host)

    def analysed() -> int:
        analyser = SubstrateAnalyzer(film_max_miller=2, substrate_max_miller=2, max_area=AREA)
        return sum(1 for _ in analyser.calculate(*peers))

    spent, count = seconds(analysed)
    print(f"| pymatgen SubstrateAnalyzer, conventional cells, lengths to 3 % | {spent:.2f} | {count} with doubles |")


def stack() -> None:
    """The four pairs of faces of an epitaxial stack."""
    substrate, electrolyte, cathode = phase("SrTiO3"), phase("LLTO_study"), phase("NCM111")
    listed = {
        "host": [list(one) for one in faces(electrolyte, 2)],
        "film": [*(list(one) for one in faces(cathode, 2) if one != (0, 0, 1)), [0, 0, 3], [1, 0, 4]],
    }
    print(
        "| film on host | cell | area / angstrom^2 | misfit, rms / % | anions shared / % | front, all faces | of its host face |"
    )
    print("|---|---|---|---|---|---|---|")
    sentences = []
    for host, film, miller, wanted in (
        (substrate, electrolyte, 2, [((1, 1, 1), (1, 1, 2)), ((1, 0, 0), (1, 0, 0))]),
        (electrolyte, cathode, listed, [((1, 1, 2), (0, 0, 3)), ((1, 0, 0), (1, 0, 4))]),
    ):
        found = with_shared(search(host, film, face_pairs(host, film, miller), area=150.0, strain=0.06))
        overall, own = fronts(found)
        for pair in wanted:
            print(_row(found, overall, own, pair))
        best = [
            f"{face_text(one.film_hkl)} on {face_text(one.host_hkl)}"
            for one, kept in zip(found, overall, strict=True)
            if kept
        ]
        sentences.append(f"Front of all faces, {film.name} on {host.name}, {len(found)} cells: {', '.join(best)}.")
    print("\n" + "\n".join(sentences))


def _row(found: Sequence[Match], overall: Sequence[bool], own: Sequence[bool], pair: tuple[Any, Any]) -> str:
    """The best cell of a pair of faces: on the front of all faces, else of its host face, else the smallest."""
    mine = [place for place, one in enumerate(found) if (one.host_hkl, one.film_hkl) == pair]
    if not mine:
        return f"| {pair} | none | - | - | - | no | no |"
    place = min(mine, key=lambda at: (not overall[at], not own[at], at))
    one = found[place]
    assert one.shared is not None
    return (
        f"| {one.film.name} {face_text(one.film_hkl)} on {one.host.name} {face_text(one.host_hkl)} | "
        f"{one.host_count}:{one.film_count} | {one.area:.1f} | {100 * one.root_mean_square:.3f} | "
        f"{100 * one.shared.share:.0f} | {'yes' if overall[place] else 'no'} | {'yes' if own[place] else 'no'} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lattices", type=int, default=30, help="random pairs of each kind of lattice")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    speed()
    print()
    completeness(given.lattices, given.seed)
    print()
    stack()


if __name__ == "__main__":
    main()
