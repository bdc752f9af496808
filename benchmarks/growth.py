"""Growth modes: limits against closed forms, shares of draws against the normal distribution, island sizes, and time.

    python benchmarks/growth.py

Peer for the tensors: pymatgen's elasticity in the same run. All data are simulated or from the table of stiffness.
"""

from __future__ import annotations

import argparse
import math
import time
from statistics import NormalDist

import numpy as np

from interlith.design.growing import growth
from interlith.physics.elasticity import averages, biaxial_modulus, rotate, to_tensor
from interlith.physics.growth.dislocations import Dislocation, critical_thickness, film_energy
from interlith.physics.growth.islands import Shape, island_size, surface_cost
from interlith.physics.growth.layers import cumulative, elastic_energy, mode
from interlith.physics.stiffness import isotropic, table
from shares import shown

#: A mode is a share of this many draws.
DRAWS = 2000


def limits() -> None:
    """Largest relative difference from closed forms."""
    rows: list[tuple[str, float]] = []
    cubic = [row for row in table().values() if row.crystal_class == "cubic"]
    for facet, form in (
        ((0, 0, 1), lambda a, b, c: a + b - 2 * b * b / a),
        ((1, 1, 1), lambda a, b, c: 6 * c * (a + 2 * b) / (a + 2 * b + 4 * c)),
        ((1, 1, 0), lambda a, b, c: (a + 2 * b) * (a - b + 6 * c) / (2 * (a + b + 2 * c))),
    ):
        worst = max(
            abs(
                biaxial_modulus(row.stiffness, facet) / form(*(row.constants[key] for key in ("C11", "C12", "C44"))) - 1
            )
            for row in cubic
        )
        rows.append((f"M({''.join(map(str, facet))}) of {len(cubic)} cubic rows", worst))
    oxide = table()["ZnO_computed"]
    c = oxide.constants
    basal = c["C11"] + c["C12"] - 2 * c["C13"] ** 2 / c["C33"]
    rows.append(("M of the hexagonal basal plane", abs(biaxial_modulus(oxide.stiffness, (0, 0, 1)) / basal - 1)))
    rows.append(
        ("M of an isotropic film, E/(1 - nu)", abs(biaxial_modulus(isotropic(200, 0.25), (3, 1, 2)) * 0.75 / 200 - 1))
    )
    energies = cumulative(0.16, 0.25, 0.03, count=1_000_000)
    rows.append(("one layer: strain less gain", abs(energies[1] / (0.16 - 0.25) - 1)))
    rows.append(
        ("10^6 layers less 10^6 times (strain less later gain)", abs((energies[-1] - 1e6 * 0.13) / (0.03 - 0.25) - 1))
    )
    line = Dislocation(3.84, 60.0, 0.28, 60.0, 60.0)
    modulus = 2 * 60 * 1.28 / 0.72
    thin = film_energy(modulus, 0.01, 3.0, line) / elastic_energy(modulus, 0.01, 3.0) - 1
    rows.append(("film thinner than critical: M f^2 h", abs(thin)))
    thick = film_energy(modulus, 0.01, 1e12, line) / (0.1 * 2 * 0.01 * line.line_energy(1e12) / line.across) - 1
    rows.append(("film of 100 m: 2 f L(h)/(b cos lambda)", abs(thick)))
    h = critical_thickness(modulus, 0.01, line)
    b = 3.84
    printed = b * (1 - 0.28 * 0.25) / (8 * math.pi * 0.01 * 1.28 * 0.5) * (math.log(h / b) + 1)
    rows.append(("Matthews-Blakeslee balance at 1 %", abs(h / printed - 1)))
    size = island_size(Shape(40.0), surface_cost(Shape(40.0), 1.1), 0.4).stable
    rows.append(("island, 3 gamma tan(theta/2)/w", abs(size / (3 * 1.1 * math.tan(math.radians(20)) / 0.04) - 1)))
    print("| limit | relative difference |\n|---|---|")
    for name, found in rows:
        print(f"| {name} | {found:.1e} |")


def tensors() -> None:
    """Rotated tensors and averages beside pymatgen, and the time of both."""
    from pymatgen.core.elasticity import ElasticTensor
    from pymatgen.core.operations import SymmOp

    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    rotation *= np.linalg.det(rotation)
    worst, ours, theirs = 0.0, 0.0, 0.0
    bulk = 0.0
    for row in table().values():
        stiffness = row.stiffness
        start = time.process_time()
        for _ in range(20):
            mine = rotate(stiffness, rotation)
        ours += time.process_time() - start
        tensor = ElasticTensor.from_voigt(stiffness)
        start = time.process_time()
        for _ in range(20):
            turned = tensor.transform(SymmOp.from_rotation_and_translation(rotation, (0, 0, 0)))
        theirs += time.process_time() - start
        worst = max(
            worst, float(np.max(np.abs(to_tensor(mine) - np.asarray(turned)))) / float(np.max(np.abs(stiffness)))
        )
        mean = averages(stiffness)
        bulk = max(bulk, abs(mean.bulk / tensor.k_vrh - 1), abs(mean.shear / tensor.g_vrh - 1))
    count = 20 * len(table())
    print("\n| against pymatgen | largest relative difference | ours / ms | pymatgen / ms |\n|---|---|---|---|")
    print(
        f"| rotation of {len(table())} tensors | {worst:.1e} | {1e3 * ours / count:.3f} | {1e3 * theirs / count:.3f} |"
    )
    print(f"| Voigt-Reuss-Hill means | {bulk:.1e} | | |")


def probabilities(repeats: int, seed: int) -> None:
    """How often the interval of a share of draws holds the probability that it estimates."""
    random = np.random.default_rng(seed)
    held = {"Volmer-Weber": 0, "Frank-van der Merwe": 0}
    from scipy.stats import beta

    for _ in range(repeats):
        gain, cost, later = random.uniform(0.1, 0.3), random.uniform(0.1, 0.3), random.uniform(0.0, 0.3)
        widths = random.uniform(0.02, 0.08, 3)
        drawn = [random.normal(middle, width, DRAWS) for middle, width in zip((cost, gain, later), widths, strict=True)]
        codes = mode(*drawn)
        weber = NormalDist().cdf((cost - gain) / math.hypot(widths[0], widths[1]))
        grid = np.linspace(cost - 8 * widths[0], cost + 8 * widths[0], 2001)
        from scipy.stats import norm

        frank = float(
            np.trapezoid(
                norm.pdf(grid, cost, widths[0]) * norm.sf(grid, gain, widths[1]) * norm.sf(grid, later, widths[2]), grid
            )
        )
        for name, code, truth in (("Volmer-Weber", 2, weber), ("Frank-van der Merwe", 0, frank)):
            count = int(np.sum(codes == code))
            low = 0.0 if count == 0 else float(beta.ppf(0.025, count, DRAWS - count + 1))
            high = 1.0 if count == DRAWS else float(beta.ppf(0.975, count + 1, DRAWS - count))
            held[name] += low <= truth <= high
    print(f"\n| probability from {DRAWS} draws | share of {repeats} intervals that hold the truth (95 %) |\n|---|---|")
    for name, hits in held.items():
        print(f"| {name} | {shown(hits, repeats)} |")


def intervals(repeats: int, seed: int) -> None:
    """How often the interval of a number holds the truth that the declared inputs scatter around."""
    random = np.random.default_rng(seed)
    names = ("first_layer_energy", "largest_wetting_misfit", "stable_island_size")
    held = dict.fromkeys(names, 0)
    for repeat in range(repeats):
        gain, cost, surface = random.uniform(0.2, 0.3), random.uniform(0.1, 0.2), random.uniform(0.8, 1.4)
        seen = (random.normal(gain, 0.02), random.normal(cost, 0.01), random.normal(surface, 0.1))
        answer = growth(
            "host",
            "film",
            gain=f"{seen[0]:.6f} +- 0.02 J/m^2",
            elastic_cost=f"{seen[1]:.6f} +- 0.01 J/m^2 at 5 %",
            surface_energy_film=f"{seen[2]:.6f} +- 0.1 J/m^2",
            layer_spacing="4.000 +- 0.001 angstrom",
            facet_angle="45.00 +- 0.01 deg",
            samples=600,
            seed=repeat,
        )
        density = cost / 4e-10
        truths = (cost - gain, 5 * math.sqrt(gain / cost), 6e9 * surface * math.tan(math.radians(22.5)) / density)
        for name, truth in zip(names, truths, strict=True):
            low, high = answer.number(name).interval()
            held[name] += low <= truth <= high
    print(f"\n| number | share of {repeats} intervals that hold the truth (95 %) |\n|---|---|")
    for name, hits in held.items():
        print(f"| {name.replace('_', ' ')} | {shown(hits, repeats)} |")


def wetting_layer() -> None:
    """The published wetting layer, with what its island size rests on."""
    base = {"gain": "0.22-0.29 J/m^2", "elastic_cost": "0.16 J/m^2 at 5 %", "layer_spacing": "3.88 angstrom"}
    cases = (
        ("as published", {}),
        ("surface energy 1.0(1) J/m^2", {"surface_energy_film": "1.0 +- 0.1 J/m^2"}),
        ("islands relax 60-100 %", {"relaxed": "0.6-1.0"}),
        ("cost uncertain by 20 %", {"elastic_cost": "0.16 +- 0.032 J/m^2 at 5 %"}),
        (
            "cost and gain uncertain by 0.05 J/m^2",
            {"gain": "0.255 +- 0.05 J/m^2", "elastic_cost": "0.16 +- 0.05 J/m^2 at 5 %"},
        ),
        ("misfit 5.28 %", {"misfit": "5.28 %"}),
        ("with a full dislocation network", {"stiffness": "SrTiO3", "burgers": "3.88 angstrom"}),
    )
    print("\n| inputs | P(Stranski-Krastanov) | island stable from / nm (95 %) | CPU s |\n|---|---|---|---|")
    for name, more in cases:
        start = time.process_time()
        answer = growth("LNMO", "LaMnO3", **{**base, **more})
        taken = time.process_time() - start
        share = answer.number("probability_stranski_krastanov")
        quantity = "stable_island_size_with_network" if "burgers" in more else "stable_island_size"
        size = answer.number(quantity)
        low, high = size.interval()
        print(
            f"| {name} | {share.value:.4f} +- {share.std:.4f} | {size.value:.1f} ({low:.1f}-{high:.1f}) | {taken:.2f} |"
        )


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--answers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    limits()
    tensors()
    probabilities(given.repeats, given.seed)
    intervals(given.answers, given.seed)
    wetting_layer()


if __name__ == "__main__":
    main()
