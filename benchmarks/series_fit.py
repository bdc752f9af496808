"""What does one coupled series cost: 200 members with 30 parameters of their own and 10 in common?

Run: ``python benchmarks/series_fit.py [--members 200] [--seed 1] [--repeats 3]``; prints rows for ``docs/benchmarks.md``.
All data are simulated: 15 peaks on a background of ten common shapes, 120 points a member. One thread. The peak memory is
that of all arrays alive at once; the dense normal matrix of the series alone is told for comparison and never built.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from interlith.numerics.fitting import Curves, Parameter, Parameters, fit  # noqa: E402

Array = NDArray[np.float64]
PEAKS, SHARED, POINTS, WIDTH, NOISE = 15, 10, 120, 0.03, 0.05
LOCAL = 2 * PEAKS
X = np.linspace(0.0, 1.0, POINTS)
#: How far heights of about 2 wander from member to member: by 0.05 some come down to nothing, so that places are lost.
CASES = {"peaks that stay": 0.02, "peaks that vanish": 0.05}
CENTRES = np.linspace(0.02, 0.98, PEAKS)
SHAPES = np.random.default_rng(0).normal(size=(SHARED, POINTS))


def model(values: Array, _: object) -> tuple[Array, Array]:
    """Peaks with heights and places of their own; common shapes enter through tanh, so the whole is not linear."""
    derivatives = np.empty((len(values), LOCAL + SHARED, POINTS))
    bent = np.tanh(values[:, LOCAL:])
    found = bent @ SHAPES
    derivatives[:, LOCAL:] = (1 - bent**2)[:, :, None] * SHAPES
    for k in range(PEAKS):
        height, u = values[:, 2 * k, None], (X - values[:, 2 * k + 1, None]) / WIDTH
        shape = np.exp(-0.5 * u * u)
        derivatives[:, 2 * k] = shape
        derivatives[:, 2 * k + 1] = height * shape * u / WIDTH
        found += height * shape
    return found, derivatives


def simulated(members: int, seed: int, wander: float) -> tuple[Array, Array]:
    """Data (m, n) and true parameters (m, p); heights wander from member to member, in the hard case down to nothing."""
    random = np.random.default_rng(seed)
    truth = np.empty((members, LOCAL + SHARED))
    truth[:, 0:LOCAL:2] = 2 + np.cumsum(random.normal(0, wander, (members, PEAKS)), axis=0)
    truth[:, 0:LOCAL:2] = np.abs(truth[:, 0:LOCAL:2])
    truth[:, 1:LOCAL:2] = CENTRES + random.normal(0, 0.003, (members, PEAKS))
    truth[:, LOCAL:] = random.normal(0, 0.5, SHARED)
    return model(truth, None)[0] + random.normal(0, NOISE, (members, POINTS)), truth


def parameters(*, bounded: bool, smooth: float | None) -> Parameters:
    items = []
    for k in range(PEAKS):
        ends = {"low": CENTRES[k] - 0.02, "high": CENTRES[k] + 0.02} if bounded else {}
        items.append(Parameter(f"height{k}", 2.0, low=0.0 if bounded else -np.inf, smooth=smooth))
        items.append(Parameter(f"centre{k}", CENTRES[k], **ends))
    ends = {"low": -3.0, "high": 3.0} if bounded else {}
    items += [Parameter(f"common{k}", 0.1, shared=True, **ends) for k in range(SHARED)]
    return Parameters(items)


def main() -> None:
    chosen = argparse.ArgumentParser(description=__doc__)
    chosen.add_argument("--members", type=int, default=200)
    chosen.add_argument("--seed", type=int, default=1)
    chosen.add_argument("--repeats", type=int, default=3)
    options = chosen.parse_args()
    dense = (options.members * LOCAL + SHARED) ** 2 * 8 / 1e6
    print(
        f"{options.members} members, {LOCAL} local and {SHARED} common parameters; a dense normal matrix has {dense:.0f} MB.\n"
    )
    print(
        "| series | bounds | smooth | wall (s) | CPU (s) | steps | at a bound | peak memory (MB) | pulls, local | pulls, common |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, wander in CASES.items():
        observed, truth = simulated(options.members, options.seed, wander)
        for bounded in (False, True):
            for smooth in (None, wander):
                problem = Curves(parameters(bounded=bounded, smooth=smooth), observed, model, std=NOISE)
                row(name, problem, truth, options.repeats)


def row(name: str, problem: Curves, truth: Array, repeats: int) -> None:
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        found = fit(problem)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    tracemalloc.start()
    fit(problem)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    if not found.converged.all():
        print(f"NOT CONVERGED: {found.reason(int(np.argmin(found.converged)))}")
    pulls, inside = (found.values - truth) / found.std, found.side == 0
    local, common = pulls[:, :LOCAL][inside[:, :LOCAL]], pulls[0, LOCAL:][inside[0, LOCAL:]]
    bounded, smooth = (np.isfinite(problem.parameters.items[0].low), problem.parameters.items[0].smooth is not None)
    print(
        f"| {name} | {'yes' if bounded else 'no'} | {'heights' if smooth else 'no'} | {min(walls):.2f}-{max(walls):.2f} | "
        f"{min(cpus):.2f}-{max(cpus):.2f} | {found.steps[0]} | {int((~inside[:, :LOCAL]).sum() + (~inside[0, LOCAL:]).sum())} | "
        f"{peak:.0f} | {local.std():.3f} | {common.std():.2f} |"
    )


if __name__ == "__main__":
    main()
