"""Atoms on the surface over metals of a particle: closed ratios against particles of up to ten million atoms that were built.

    python benchmarks/coverage_counting.py

Every particle is cut from a crystal with its faces on lattice planes. Counted are the lattice points of the outermost planes
(one for each primitive mesh, each once) over the metals inside. All particles are simulated. Also: how often intervals of a
threshold size hold the truth that declared inputs scatter around. pymatgen counts the same atoms where it is installed.
"""

from __future__ import annotations

import argparse
import math
import time

import numpy as np

from interlith.crystal.facets import mesh
from interlith.crystal.particles import Particle, expected_count, plane_of
from interlith.crystal.phases import phase
from interlith.crystal.shapes import Shape, named_shape, wulff
from interlith.crystal.structure import Structure
from interlith.design.covering import coverage
from interlith.numerics.polyhedra import Polyhedron, polyhedron
from shares import shown

ATOMS = (1e5, 1e6, 1e7)


def lattice(structure: Structure, first: int = 0) -> np.ndarray:
    """Atoms of the cell that centring makes of one of them."""
    atoms = structure.atoms
    gaps = atoms.fractions[:, None] - atoms.fractions[first] - structure.centrings
    near = np.abs(gaps - np.round(gaps)).max(axis=-1).min(axis=-1) < 1e-6
    return np.flatnonzero(near & (atoms.site == atoms.site[first]))


def positions(structure: Structure) -> np.ndarray:
    """One atom of each position, elements that share it once."""
    kept: list[int] = []
    for place, fraction in enumerate(structure.atoms.fractions):
        gaps = structure.atoms.fractions[kept] - fraction
        if not kept or np.abs(gaps - np.round(gaps)).max(axis=1).min() > 1e-4:
            kept.append(place)
    return np.array(kept)


def metals(structure: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Atoms that are metals of the host, and their occupancies."""
    found = np.flatnonzero([element in ("Ni", "Mn", "Co") for element in structure.atoms.elements])
    return found, structure.atoms.occupancies[found]


def cases(spinel: Structure, layered: Structure) -> list[tuple[str, Structure, dict[str, float], float, str]]:
    """Shape, crystal, options, step of its edge (angstrom) that keeps the faces on lattice planes, and facet."""
    a, h, c = spinel.cell.a, layered.cell.a, layered.cell.c
    # Heights that are whole cells: 8 for a plate with an edge of 160, 48 for a rod with one of 60 lattice steps.
    plate, rod = 8 * c / (math.sqrt(3) * 160 * h), 96 * c / (math.sqrt(3) * 60 * h)
    return [
        ("octahedron", spinel, {}, a * math.sqrt(2), "111"),
        ("truncated octahedron", spinel, {}, 6 * a / math.sqrt(2), "111"),
        ("cuboctahedron", spinel, {}, a / math.sqrt(2), "111"),
        ("cube", spinel, {}, 2 * a, "111"),
        ("plate", layered, {"aspect": plate}, 40 * h, "003"),
        ("rod", layered, {"aspect": rod}, 5 * h, "003"),
    ]


def scaled(shape: Shape, scale: float) -> Polyhedron:
    """The planes of a shape, multiplied."""
    assert shape.body is not None
    return polyhedron(shape.body.normals, shape.body.distances * scale)


def row(
    name: str, crystal: Structure, shape: Shape, body: Polyhedron, options: dict[str, object], first: int = 0
) -> str:
    """One line: counted over continuum less 1, what layers give, the rest over the edge term, and the time."""
    start = time.process_time()
    particle = Particle(crystal, body, tuple(crystal.atoms.fractions[first]))
    depth = [0.99 * mesh(crystal, plane_of(crystal, normal)).spacing for normal in body.normals]
    surface = int(particle.outer(depth, lattice(crystal, first)).sum())
    chosen, weight = metals(crystal)
    inside = float(particle.count(chosen) @ weight)
    everything = int(particle.count(positions(crystal)).sum())
    taken = time.process_time() - start
    expected, edges = expected_count(particle, chosen)
    answer = coverage(
        crystal,
        shape="wulff" if shape.axes == "structure" else shape.name.removeprefix("hexagonal "),
        faces="own",
        **options,
    )  # type: ignore[arg-type]
    continuum = answer.number("monolayer_dose").value / 100
    volume = body.volume / 1000 * answer.number("volumetric_density").value
    miss = surface / inside / continuum - 1
    term = volume / float(expected @ weight) - 1
    rest = (inside - float(expected @ weight)) / float(edges @ weight)
    meshes = surface - continuum * volume
    size = answer.number("equal_volume_diameter").value
    return (
        f"| {name} | {size:.1f} | {everything:,} | {100 * continuum:.4f} | {100 * surface / inside:.4f} | {100 * miss:+.3f} | "
        f"{100 * term:+.3f} | {meshes:+.0f} | {rest:+.3f} | {taken:.2f} |"
    )


def shapes() -> None:
    """Every shape at three sizes."""
    spinel, layered = phase("LNMO"), phase("NCM111")
    print(
        "| shape | diameter of equal volume / nm | atoms | N_S/N_V / at% | counted / at% | counted less continuum / % | from "
        "layers under the faces / % | surface less meshes | rest of the volume / edge term | CPU s |\n"
        "|---|---|---|---|---|---|---|---|---|---|"
    )
    density = {id(crystal): len(positions(crystal)) / crystal.cell.volume for crystal in (spinel, layered)}
    for name, crystal, options, step, facet in cases(spinel, layered):
        shape = named_shape(name, **options)
        for atoms in ATOMS:
            edge = math.cbrt(atoms / density[id(crystal)] / shape.volume)
            edge = step * math.ceil(edge / step - 1e-9)
            asked = {"edge": f"{edge / 10:.12f} +- 0 nm", "facet": [int(index) for index in facet], **options}
            if name == "octahedron":
                on_metal = int(metals(crystal)[0][0])
                print(row(f"{name}, corners on Li", crystal, shape, scaled(shape, edge), asked))
                print(row(f"{name}, corners on a metal", crystal, shape, scaled(shape, edge), asked, on_metal))
            else:
                print(row(name, crystal, shape, scaled(shape, edge), asked))
    heights = {(0, 0, 3): 18, (1, 0, 4): 30, (1, 1, 0): 60}
    energies = {hkl: count * mesh(layered, hkl).spacing for hkl, count in heights.items()}
    shape = wulff(layered, energies)
    words = {" ".join(map(str, hkl)): f"{energy:.12f} J/m^2" for hkl, energy in energies.items()}
    for atoms in ATOMS:
        scale = max(1, math.ceil(math.cbrt(atoms / density[id(layered)] / shape.volume) - 0.2))
        asked = {"diameter": f"{scale * shape.diameter / 10:.12f} nm", "surface_energies": words, "facet": [0, 0, 3]}
        print(row("wulff (003) (104) (110)", layered, shape, scaled(shape, scale), asked))


def spheres(places: int, seed: int) -> None:
    """Mean over places in the crystal of a shell of one layer over the metals."""
    crystal = phase("LNMO")
    depth = mesh(crystal, (1, 1, 1)).spacing
    random = np.random.default_rng(seed)
    chosen, weight = metals(crystal)
    print(
        "\n| sphere, radius / nm | atoms | counted / continuum | (1 - d/r + d^2/3r^2) | standard error | places |\n|---|---|---|---|---|---|"
    )
    for atoms in ATOMS:
        radius = math.cbrt(atoms / (len(positions(crystal)) / crystal.cell.volume) * 3 / 4 / math.pi)
        ratios = []
        for _ in range(places):
            particle = Particle(crystal, radius, tuple(random.uniform(size=3)))
            ratios.append(particle.outer(depth, lattice(crystal)).sum() / float(particle.count(chosen) @ weight))
        answer = coverage(crystal, shape="sphere", radius=f"{radius / 10:.12f} nm")
        found = np.array(ratios) / (answer.number("monolayer_dose").value / 100)
        part = 1 - depth / radius + depth**2 / 3 / radius**2
        print(
            f"| {radius / 10:.2f} | {atoms:.0e} | {found.mean():.5f} | {part:.5f} | {found.std() / math.sqrt(places):.5f} | {places} |"
        )


def intervals(repeats: int, seed: int) -> None:
    """How often the interval of a number holds the truth that the declared inputs scatter around."""
    random = np.random.default_rng(seed)
    held = dict.fromkeys(("threshold_edge", "monolayer_dose", "coating_thickness"), 0)
    for _ in range(repeats):
        edge, threshold, width = random.uniform(50, 500), random.uniform(0.1, 1.0), random.uniform(0.1, 0.4)
        dose, density = random.uniform(0.5, 2.0), random.uniform(2, 6)
        seen = [
            random.normal(item, part * item)
            for item, part in ((edge, 0.05), (threshold, 0.1), (width, 0.1), (dose, 0.03), (density, 0.02))
        ]
        exact = phase("LRM_O3prime")
        common = {"facet": (0, 0, 1), "element": "Sc"}
        answer = coverage(
            exact, edge=f"{seen[0]:.8f} +- {0.05 * edge:.8f} nm", threshold=f"{seen[1]:.8f} +- {0.1 * threshold:.8f} at%",
            sizes={"kind": "log-normal", "sigma": f"{seen[2]:.8f} +- {0.1 * width:.8f}", "weight": "number"},
            dose=f"{seen[3]:.8f} +- {0.03 * dose:.8f} wt%",
            coating={"formula": "Li3ScF6", "density": f"{seen[4]:.8f} +- {0.02 * density:.8f} g/cm^3"}, **common,
        )  # fmt: skip
        truth = coverage(
            exact, edge=f"{edge} nm", threshold=f"{threshold} at%", dose=f"{dose} wt%",
            sizes={"kind": "log-normal", "sigma": width, "weight": "number"},
            coating={"formula": "Li3ScF6", "density": f"{density} g/cm^3"}, **common,
        )  # fmt: skip
        for name in held:
            low, high = answer.number(name).interval()
            held[name] += low <= truth.number(name).value <= high
    print(f"\n| number | share of {repeats} intervals that hold the truth (95 %) |\n|---|---|")
    for name, hits in held.items():
        print(f"| {name.replace('_', ' ')} | {shown(hits, repeats)} |")


def peer() -> None:
    """The same octahedron by listing all atoms of a box, as is done with pymatgen's structures."""
    try:
        from pymatgen.core import Lattice
        from pymatgen.core import Structure as Theirs
    except ImportError:
        print("\npymatgen is not installed: no peer.")
        return
    crystal = phase("LNMO")
    chosen = positions(crystal)
    shape = named_shape("octahedron")
    print(
        "\n| octahedron, edge / nm | atoms, rows | CPU s | atoms, pymatgen supercell and mask | CPU s |\n|---|---|---|---|---|"
    )
    for steps in (8, 12):
        edge = steps * crystal.cell.a / math.sqrt(2)
        body = scaled(shape, edge)
        start = time.process_time()
        ours = int(Particle(crystal, body).count(chosen).sum())
        mine = time.process_time() - start
        start = time.process_time()
        reach = math.ceil(edge / math.sqrt(2) / crystal.cell.a) + 1
        made = Theirs(Lattice.cubic(crystal.cell.a), ["H"] * len(chosen), crystal.atoms.fractions[chosen])
        made.make_supercell([2 * reach] * 3)
        points = made.cart_coords - reach * crystal.cell.a
        theirs = int((points @ body.normals.T <= body.distances + 1e-4).all(axis=1).sum())
        print(f"| {edge / 10:.2f} | {ours:,} | {mine:.3f} | {theirs:,} | {time.process_time() - start:.2f} |")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--places", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    shapes()
    spheres(given.places, given.seed)
    intervals(given.repeats, given.seed)
    peer()


if __name__ == "__main__":
    main()
