"""How long does a first fit take in a fresh process, imports and compilation included, by source of the derivatives?

    python benchmarks/fitter_startup.py --repeats 5

Every row is the median of fresh processes: four Gaussians on a line, 200 points. *First* starts with an empty cache of compiled code, *later*
with the one that the first left. Simulated data.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

COMMON = """
import time, resource
begun = time.perf_counter()
import numpy as np
from interlith.numerics.fitting import Curves, Parameter, Parameters, fit
x = np.linspace(0.0, 10.0, 200)
true = np.array([5, 2, 0.4, 6, 4, 0.5, 4, 6, 0.3, 7, 8, 0.5, 1, 0.05])
parameters = Parameters([Parameter(f"p{k}", 1.05 * value) for k, value in enumerate(true)])
random = np.random.default_rng(1)
"""
KERNEL = """
def model(values, which):
    derivatives = np.empty((len(values), 14, 200))
    found = values[:, 12, None] + values[:, 13, None] * x
    for k in range(4):
        height, centre, width = (values[:, 3 * k + j, None] for j in range(3))
        u = (x - centre) / width
        derivatives[:, 3 * k] = np.exp(-0.5 * u * u)
        derivatives[:, 3 * k + 1] = height * derivatives[:, 3 * k] * u / width
        derivatives[:, 3 * k + 2] = derivatives[:, 3 * k + 1] * u
        found = found + height * derivatives[:, 3 * k]
    derivatives[:, 12], derivatives[:, 13] = 1.0, x
    return found, derivatives
"""
NUMBA = """
import numba
@numba.njit(cache=True)
def fill(values, x, found, derivatives):
    for b in range(values.shape[0]):
        for i in range(x.size):
            found[b, i] = values[b, 12] + values[b, 13] * x[i]
            derivatives[b, 12, i] = 1.0
            derivatives[b, 13, i] = x[i]
            for k in range(4):
                height, centre, width = values[b, 3 * k], values[b, 3 * k + 1], values[b, 3 * k + 2]
                u = (x[i] - centre) / width
                e = np.exp(-0.5 * u * u)
                derivatives[b, 3 * k, i] = e
                derivatives[b, 3 * k + 1, i] = height * e * u / width
                derivatives[b, 3 * k + 2, i] = height * e * u * u / width
                found[b, i] += height * e
def model(values, which):
    found, derivatives = np.empty((len(values), 200)), np.empty((len(values), 14, 200))
    fill(values, x, found, derivatives)
    return found, derivatives
"""
TRACED = """
from interlith.numerics.fitting.tracing import traced
import jax.numpy as jnp
def peaks(p, x):
    return (p[0:12:3, None] * jnp.exp(-0.5 * ((x - p[1:12:3, None]) / p[2:12:3, None]) ** 2)).sum(0) + p[12] + p[13] * x
model = traced(peaks, x)
"""
CHAINED = """
from interlith.numerics.fitting.tracing import chained, traced
import jax.numpy as jnp
def physics(p):  # heights, positions and widths from the parameters: the part that is traced
    return jnp.concatenate([p[:12] * 1.0, p[12:]])
by_hand = model
model = chained(traced(physics), by_hand)
"""
END = """
observed = model(true[None], np.zeros(1, dtype=np.intp))[0] + random.normal(0.0, 0.2, (1, 200))
found = fit(Curves(parameters, observed, model, std=0.2))
assert found.converged.all() and 0.6 < found.reduced_cost[0] < 1.5
ended = time.perf_counter()
again = fit(Curves(parameters, observed, model, std=0.2))
used = resource.getrusage(resource.RUSAGE_SELF)
print(ended - begun, time.perf_counter() - ended, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
SOURCES = {
    "NumPy kernel": KERNEL,
    "numba kernel": NUMBA,
    "JAX, traced": TRACED,
    "JAX chained with a NumPy kernel": KERNEL + CHAINED,
}


def once(source: str, folder: Path) -> tuple[float, ...]:
    """First fit, second fit (s), CPU seconds and MB of one fresh process."""
    script = folder / "first.py"
    script.write_text(COMMON + SOURCES[source] + END, encoding="utf-8")
    given = os.environ | {
        "INTERLITH_COMPILED": str(folder / "compiled"),
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "OPENBLAS_NUM_THREADS": "1",
    }
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True, env=given)
    return tuple(float(word) for word in done.stdout.split())


def main() -> None:
    """Print one row a source."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(
        "| derivatives | first process / s | later processes / s | next fit in the process / ms | CPU of a later process / s | MB |"
    )
    print("|---|---|---|---|---|---|")
    for source in SOURCES:
        first, later = [], []
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as name:
                first.append(once(source, Path(name)))
                later.append(once(source, Path(name)))
        median = [statistics.median(row[k] for row in later) for k in range(4)]
        ranges = [
            f"{statistics.median(v):.2f} ({min(v):.2f}-{max(v):.2f})"
            for v in ([r[0] for r in first], [r[0] for r in later])
        ]
        print(f"| {source} | {ranges[0]} | {ranges[1]} | {1e3 * median[1]:.0f} | {median[2]:.2f} | {median[3]:.0f} |")


if __name__ == "__main__":
    main()
