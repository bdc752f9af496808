"""What does one batch of 10,000 small fits cost beside lmfit and SciPy one by one, and are the minima the same?

Run: ``python benchmarks/small_fits.py [--fits 10000] [--peers 200] [--seed 1] [--repeats 3] [--case all]``; prints tables
for ``docs/benchmarks.md``. All data are simulated: four Gaussians on a linear background, 200 points. One thread; CPU
seconds of the process. Every program gets the same model, starts and, where it takes them, bounds; SciPy gets the analytic
Jacobian. ``--poisson`` prints the bias of fits to five counts a channel instead.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")  # before numpy is loaded
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from interlith.numerics.fitting import Curves, Fit, Normal, Parameter, Parameters, fit  # noqa: E402

Array = NDArray[np.float64]
PEAKS, POINTS = 4, 200
SIZE = 3 * PEAKS + 2
X = np.linspace(0.0, 10.0, POINTS)
LOW = np.array([0.0, 0.0, 0.05] * PEAKS + [-np.inf, -np.inf])
HIGH = np.array([np.inf, 11.0, 3.0] * PEAKS + [np.inf, np.inf])
NAMES = [f"{letter}{k}" for k in range(PEAKS) for letter in ("height", "centre", "width")] + ["level", "tilt"]
#: Distance of the peaks, noise; heights are 3 to 10, widths 0.25 to 0.6.
CASES = {"apart": (2.0, 0.2), "noisy": (2.0, 1.0), "overlapping": (1.2, 0.2)}


@dataclass(frozen=True)
class Data:
    y: Array
    std: float
    truth: Array
    start: Array


def simulated(count: int, seed: int, case: str) -> Data:
    distance, noise = CASES[case]
    random = np.random.default_rng(seed)
    truth = np.empty((count, SIZE))
    truth[:, 0:-2:3] = random.uniform(3, 10, (count, PEAKS))
    truth[:, 1:-2:3] = 5 + distance * (np.arange(PEAKS) - 1.5) + random.normal(0, 0.1 * distance, (count, PEAKS))
    truth[:, 2:-2:3] = random.uniform(0.25, 0.6, (count, PEAKS))
    truth[:, -2], truth[:, -1] = random.uniform(0, 2, count), random.uniform(-0.1, 0.1, count)
    start = truth.copy()
    start[:, 0:-2:3] *= random.uniform(0.6, 1.5, (count, PEAKS))
    start[:, 1:-2:3] += random.normal(0, 0.1 * distance, (count, PEAKS))
    start[:, 2:-2:3] *= random.uniform(0.6, 1.6, (count, PEAKS))
    start[:, -2:] = 0.5, 0.0
    y = gaussians(truth, None)[0] + random.normal(0, noise, (count, POINTS))
    return Data(y, noise, truth, start)


def gaussians(values: Array, _: object) -> tuple[Array, Array]:
    """Model and derivatives in NumPy."""
    count = len(values)
    model, derivatives = np.empty((count, POINTS)), np.empty((count, SIZE, POINTS))
    derivatives[:, -2], derivatives[:, -1] = 1.0, X
    np.multiply(values[:, -1, None], X, out=model)
    model += values[:, -2, None]
    u, part = np.empty((count, POINTS)), np.empty((count, POINTS))
    for k in range(PEAKS):
        height, centre, inverse = values[:, 3 * k, None], values[:, 3 * k + 1, None], 1.0 / values[:, 3 * k + 2, None]
        np.subtract(X, centre, out=u)
        u *= inverse
        np.multiply(u, u, out=part)
        part *= -0.5
        np.exp(part, out=part)
        derivatives[:, 3 * k] = part
        part *= height
        model += part
        part *= inverse
        part *= u
        derivatives[:, 3 * k + 1] = part
        part *= u
        derivatives[:, 3 * k + 2] = part
    return model, derivatives


def numba_kernel() -> Callable[[Array, object], tuple[Array, Array]]:
    import numba

    @numba.njit(fastmath=True, cache=False)
    def fill(values, x, model, derivatives):  # type: ignore[no-untyped-def]
        for b in range(values.shape[0]):
            model[b] = values[b, -2] + values[b, -1] * x
            derivatives[b, -2] = 1.0
            derivatives[b, -1] = x
            for k in range(PEAKS):
                height, centre, inverse = values[b, 3 * k], values[b, 3 * k + 1], 1.0 / values[b, 3 * k + 2]
                for i in range(x.size):
                    u = (x[i] - centre) * inverse
                    shape = np.exp(-0.5 * u * u)
                    slope = height * shape * u * inverse
                    model[b, i] += height * shape
                    derivatives[b, 3 * k, i] = shape
                    derivatives[b, 3 * k + 1, i] = slope
                    derivatives[b, 3 * k + 2, i] = slope * u

    def kernel(values: Array, _: object) -> tuple[Array, Array]:
        model, derivatives = np.empty((len(values), POINTS)), np.empty((len(values), SIZE, POINTS))
        fill(np.ascontiguousarray(values), X, model, derivatives)
        return model, derivatives

    return kernel


class Summed:
    """The same problem with its normal equations summed where the model is computed, in numba: no Jacobian is kept."""

    def __init__(self, data: Data, bounded: bool) -> None:
        import numba

        @numba.njit(fastmath=True, cache=False)
        def total(values, x, y, weight, which, cost, gradient, hessian):  # type: ignore[no-untyped-def]
            rows = np.empty((SIZE, x.size))
            rows[-2] = 1.0
            rows[-1] = x
            for b in range(values.shape[0]):
                residual = values[b, -2] + values[b, -1] * x - y[which[b]]
                for k in range(PEAKS):
                    height, centre, inverse = values[b, 3 * k], values[b, 3 * k + 1], 1.0 / values[b, 3 * k + 2]
                    for i in range(x.size):
                        u = (x[i] - centre) * inverse
                        shape = np.exp(-0.5 * u * u)
                        slope = height * shape * u * inverse
                        residual[i] += height * shape
                        rows[3 * k, i] = shape
                        rows[3 * k + 1, i] = slope
                        rows[3 * k + 2, i] = slope * u
                cost[b] = weight * np.sum(residual * residual)
                for one in range(SIZE):
                    slope = 0.0
                    for i in range(x.size):
                        slope += rows[one, i] * residual[i]
                    gradient[b, one] = weight * slope
                    for two in range(one + 1):
                        product = 0.0
                        for i in range(x.size):
                            product += rows[one, i] * rows[two, i]
                        hessian[b, one, two] = hessian[b, two, one] = weight * product

        self.parameters = problem(data, gaussians, bounded).parameters
        self.members = len(data.y)
        self.points = np.full(self.members, POINTS)
        self.data, self.total = data, total

    def normal(self, values: Array, which: NDArray[np.intp], loss: object) -> Normal:
        count = len(values)
        found = Normal(np.empty(count), np.empty((count, SIZE)), np.empty((count, SIZE, SIZE)))
        self.total(np.ascontiguousarray(values), X, self.data.y, self.data.std**-2, which, *found)
        found.cost[np.isnan(found.cost)] = np.inf
        return found


def jax_kernel() -> Callable[[Array, object], tuple[Array, Array]]:
    import jax.numpy as jnp

    from interlith.numerics.fitting.tracing import traced

    def one(p, x):  # type: ignore[no-untyped-def]
        peaks = p[: 3 * PEAKS].reshape(PEAKS, 3)
        shapes = jnp.exp(-0.5 * ((x[None] - peaks[:, 1:2]) / peaks[:, 2:3]) ** 2)
        return (peaks[:, :1] * shapes).sum(0) + p[-2] + p[-1] * x

    return traced(one, X)


def problem(data: Data, model: Callable[[Array, object], tuple[Array, Array]], bounded: bool) -> Curves:
    low, high = (LOW, HIGH) if bounded else (np.full(SIZE, -np.inf), np.full(SIZE, np.inf))
    items = [Parameter(name, data.start[:, k], low=low[k], high=high[k]) for k, name in enumerate(NAMES)]
    return Curves(Parameters(items), data.y, model, std=data.std)


def timed(what: Curves | Summed) -> tuple[Fit, float]:
    cpu = time.process_time()
    found = fit(what)
    return found, time.process_time() - cpu


@dataclass(frozen=True)
class Peer:
    """One by one: cost (k,) and parameters (k, p) of the first members, CPU seconds a fit."""

    name: str
    bounded: bool
    cost: Array
    seconds: float


def peers(data: Data, count: int) -> list[Peer]:
    import lmfit
    from scipy.optimize import least_squares

    def residual(p: Array, k: int) -> Array:
        return (gaussians(p[None], None)[0][0] - data.y[k]) / data.std

    def jacobian(p: Array, k: int) -> Array:
        return gaussians(p[None], None)[1][0].T / data.std

    def scipy_by(method: str, bounded: bool) -> Callable[[int], float]:
        bounds = (LOW, HIGH) if bounded else (-np.inf, np.inf)
        return lambda k: (
            2
            * float(least_squares(residual, data.start[k], jac=jacobian, bounds=bounds, method=method, args=(k,)).cost)
        )

    def lmfit_by(derived: bool, bounded: bool) -> Callable[[int], float]:
        def run(k: int) -> float:
            parameters = lmfit.Parameters()
            for place, name in enumerate(NAMES):
                ends = {"min": LOW[place], "max": HIGH[place]} if bounded else {}
                parameters.add(name, value=data.start[k, place], **ends)
            values = lambda p: np.array([p[name].value for name in NAMES])  # noqa: E731
            options = {"Dfun": lambda p: jacobian(values(p), k).T, "col_deriv": True} if derived else {}
            return float(lmfit.minimize(lambda p: residual(values(p), k), parameters, **options).chisqr)

        return run

    def lmfit_model(k: int) -> float:
        whole = lmfit.models.LinearModel()
        for peak in range(PEAKS):
            whole = whole + lmfit.models.GaussianModel(prefix=f"g{peak}_")
        parameters = whole.make_params(slope=data.start[k, -1], intercept=data.start[k, -2])
        for peak in range(PEAKS):
            height, centre, width = data.start[k, 3 * peak : 3 * peak + 3]
            parameters[f"g{peak}_amplitude"].set(height * width * np.sqrt(2 * np.pi), min=0)
            parameters[f"g{peak}_center"].set(centre, min=0, max=11)
            parameters[f"g{peak}_sigma"].set(width, min=0.05, max=3)
        return float(whole.fit(data.y[k], parameters, x=X, weights=1 / data.std).chisqr)

    runs = [
        ("scipy least_squares, trf (default)", False, scipy_by("trf", False)),
        ("scipy least_squares, lm", False, scipy_by("lm", False)),
        ("scipy least_squares, trf", True, scipy_by("trf", True)),
        ("lmfit, plain function", True, lmfit_by(False, True)),
        ("lmfit, Dfun", True, lmfit_by(True, True)),
        ("lmfit, sum of GaussianModel", True, lmfit_model),
    ]
    found = []
    for name, bounded, run in runs:
        run(0)
        cpu = time.process_time()
        cost = np.array([run(k) for k in range(count)])
        found.append(Peer(name, bounded, cost, (time.process_time() - cpu) / count))
    return found


def makers() -> dict[str, Callable[[Data, bool], Curves | Summed]]:
    """Ways to write the model."""
    found: dict[str, Callable[[Data, bool], Curves | Summed]] = {
        "NumPy": lambda data, bounded: problem(data, gaussians, bounded)
    }
    try:
        kernel = numba_kernel()
        found["numba"] = lambda data, bounded: problem(data, kernel, bounded)
        found["numba, summed"] = Summed
    except ImportError:
        print("(numba is not installed)", file=sys.stderr)
    try:
        traced_model = jax_kernel()
        found["JAX"] = lambda data, bounded: problem(data, traced_model, bounded)
    except ImportError:
        print("(JAX is not installed)", file=sys.stderr)
    return found


def compare(case: str, fits: int, count: int, seed: int, repeats: int) -> None:
    print(f"\nCase {case}: {fits:,} fits, peers on the first {count}, seed {seed}\n")
    data = simulated(fits, seed, case)
    ours: dict[tuple[str, bool], tuple[Fit, list[float]]] = {}
    few = Data(data.y[:64], data.std, data.truth[:64], data.start[:64])
    for bounded in (False, True):
        for name, make in makers().items():
            fit(make(few, bounded))  # compiles
            runs = [timed(make(data, bounded)) for _ in range(repeats)]
            ours[name, bounded] = (runs[0][0], [run[1] for run in runs])
    others = peers(data, count)
    names = [name for name, bounded in ours if bounded]
    print("| ours, model in | bounds | CPU a fit (µs) | converged | evaluations | peak of arrays (MB) |")
    print("|---|---|---|---|---|---|")
    for (name, bounded), (found, cpu) in ours.items():
        spread = f"{min(cpu) / fits * 1e6:.0f}-{max(cpu) / fits * 1e6:.0f}"
        tracemalloc.start()
        fit(makers()[name](data, bounded))
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        print(
            f"| {name} | {'yes' if bounded else 'no'} | {spread} | {found.converged.mean():.4f} | "
            f"{found.steps.mean():.1f} | {peak:.0f} |"
        )
    print(
        f"\n| program, one by one | bounds | CPU a fit (µs) | times ours ({' / '.join(names)}) | same | ours lower | ours higher |"
    )
    print("|---|---|---|---|---|---|---|")
    for peer in others:
        mine = ours["NumPy", peer.bounded][0].cost[:count]
        factors = [peer.seconds * fits / float(np.median(ours[name, peer.bounded][1])) for name in names]
        same = np.abs(mine / peer.cost - 1) <= 1e-6
        lower, higher = np.mean(~same & (mine < peer.cost)), np.mean(~same & (mine > peer.cost))
        print(
            f"| {peer.name} | {'yes' if peer.bounded else 'no'} | {peer.seconds * 1e6:.0f} | "
            f"{' / '.join(f'{factor:.1f}' for factor in factors)} | {same.mean():.3f} | {lower:.3f} | {higher:.3f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=10_000)
    parser.add_argument("--peers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--case", choices=[*CASES, "all"], default="all")
    parser.add_argument("--poisson", action="store_true")
    chosen = parser.parse_args()
    if chosen.poisson:
        poisson(chosen.fits, chosen.seed)
        return
    for case in CASES if chosen.case == "all" else [chosen.case]:
        compare(case, chosen.fits, chosen.peers, chosen.seed, chosen.repeats)


#: Height of four Gaussians in counts and level below them, counts a channel.
COUNTED = {
    "constant of 5": (0.0, 5.0),
    "four Gaussians of 10 on 5": (10.0, 5.0),
    "four Gaussians of 10 on 2": (10.0, 2.0),
}


def counts(count: int, seed: int, case: str) -> tuple[Array, Array]:
    """Counts (m, n), and the true parameters (p,)."""
    random = np.random.default_rng(seed)
    height, level = COUNTED[case]
    truth = np.zeros(SIZE)
    truth[0:-2:3], truth[1:-2:3], truth[2:-2:3], truth[-2] = height, [2.0, 4.0, 6.0, 8.0], 0.4, level
    return random.poisson(gaussians(truth[None], None)[0][0], (count, POINTS)).astype(float), truth


def poisson(fits: int, seed: int) -> None:
    print("| counts | method | parameter | bias (sigma) | +- | spread of pulls | left out |")
    print("|---|---|---|---|---|---|---|")
    for case in COUNTED:
        observed, truth = counts(fits, seed, case)
        free = [SIZE - 2] if case.startswith("constant") else list(range(SIZE - 1))
        items = []
        for k, name in enumerate(NAMES):
            low = 1e-6 if k == SIZE - 2 else LOW[k]
            items.append(
                Parameter(
                    name,
                    truth[k],
                    low=low,
                    high=HIGH[k],
                    fixed=k not in free,
                )
            )
        parameters = Parameters(items)
        runs = (
            ("Poisson likelihood", fit(Curves(parameters, observed, gaussians), loss="poisson")),
            (
                "least squares, std = sqrt(counts)",
                fit(Curves(parameters, observed, gaussians, std=np.sqrt(np.maximum(observed, 1)))),
            ),
        )
        for method, found in runs:
            good = (
                found.converged & np.isfinite(found.std[:, free]).all(axis=1) & (found.side[:, free] == 0).all(axis=1)
            )
            rows = [
                (NAMES[k], found.values[good, k] - truth[k], found.std[good, k])
                for k in free
                if k in (0, 1, 2, SIZE - 2)
            ]
            if case.startswith("four"):
                height, width = found.values[good, 0], found.values[good, 2]
                slope = np.stack([width, height], axis=1) * np.sqrt(2 * np.pi)
                inner = found.covariance[good][:, [0, 2]][:, :, [0, 2]]
                std = np.sqrt(np.einsum("bi,bij,bj->b", slope, inner, slope))
                rows.append(("area", (height * width - truth[0] * truth[2]) * np.sqrt(2 * np.pi), std))
            for name, error, std in rows:
                scale = float(np.median(std))
                print(
                    f"| {case} | {method} | {name} | {error.mean() / scale:+.3f} | {error.std() / scale / np.sqrt(good.sum()):.3f} | "
                    f"{(error / std).std():.3f} | {1 - good.mean():.4f} |"
                )


if __name__ == "__main__":
    main()
