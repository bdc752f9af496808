"""How many digits of the NIST certified values come out, beside lmfit and SciPy on the same sets and starts?

Run: ``python benchmarks/nist_strd.py``; prints a table for ``docs/benchmarks.md``. The sets are read from
``certified/nist_strd`` in the folder ``INTERLITH_DATA``. Every program gets the same exact derivatives and is used with its
default options; digits are those of the worst parameter and the worst standard deviation, 11 at most, and the evaluations
of the model (SciPy, lmfit: of the residuals).
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is loaded

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from interlith.numerics.fitting import fit

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from tests.certified.nist_models import Set, derivatives, evaluate, problem, read  # noqa: E402
from tests.certified.test_nist_strd import right_digits  # noqa: E402

Array = NDArray[np.float64]
Answer = tuple[Array, Array, int, bool]


def ours(data: Set, start: Array) -> Answer:
    found = fit(problem(data, start))
    return found.values[0], found.std[0], int(found.steps[0]), bool(found.converged[0] and not found.reason(0))


def scaled(data: Set, values: Array) -> Array:
    """Standard deviations by the Jacobian at the answer, as every program's documentation has it."""
    jacobian = derivatives(data.name, data.x, values[None])[0].T
    residual = evaluate(data.name, data.x, values[None])[0] - data.y
    variance = float(residual @ residual) / (len(data.y) - len(values))
    try:
        upper = np.linalg.qr(jacobian, mode="r")
        inverse = np.linalg.inv(upper)
    except np.linalg.LinAlgError:
        return np.full(len(values), np.nan)
    return np.asarray(np.sqrt(variance * (inverse @ inverse.T).diagonal()))


def scipy_by(method: str) -> Callable[[Set, Array], Answer]:
    def run(data: Set, start: Array) -> Answer:
        found = least_squares(
            lambda b: evaluate(data.name, data.x, b[None])[0] - data.y, start, method=method,
            jac=lambda b: derivatives(data.name, data.x, b[None])[0].T,
        )  # fmt: skip
        return found.x, scaled(data, found.x), int(found.nfev), bool(found.success)

    return run


def lmfit_by(derived: bool) -> Callable[[Set, Array], Answer]:
    import lmfit

    def run(data: Set, start: Array) -> Answer:
        names = [f"b{k + 1}" for k in range(len(start))]
        parameters = lmfit.Parameters()
        for name, value in zip(names, start, strict=True):
            parameters.add(name, value=value)
        values = lambda p: np.array([p[name].value for name in names])  # noqa: E731
        options = (
            {"Dfun": lambda p: derivatives(data.name, data.x, values(p)[None])[0], "col_deriv": True} if derived else {}
        )
        found = lmfit.minimize(
            lambda p: evaluate(data.name, data.x, values(p)[None])[0] - data.y, parameters, **options
        )
        size = [found.params[name].stderr for name in names]
        return (
            values(found.params),
            np.array([np.nan if one is None else one for one in size]),
            int(found.nfev),
            bool(found.success),
        )

    return run


def programs() -> dict[str, Callable[[Set, Array], Answer]]:
    found = {"interlith fit": ours, "scipy trf": scipy_by("trf"), "scipy lm": scipy_by("lm")}
    try:
        found |= {"lmfit, Dfun": lmfit_by(True), "lmfit": lmfit_by(False)}
    except ImportError:
        print("(lmfit is not installed)", file=sys.stderr)
    return found


def main() -> None:
    folder = Path(os.environ.get("INTERLITH_DATA", REPOSITORY.parent / "shared" / "data")) / "certified" / "nist_strd"
    if not folder.is_dir():
        sys.exit(f"{folder} is absent; set INTERLITH_DATA to the folder that holds 'certified'.")
    runs = programs()
    print(
        "Digits of the values / of the standard deviations, evaluations; '!': fewer than 6 or 5 and called a success.\n"
    )
    print(f"| set, start | {' | '.join(runs)} |")
    print(f"|---|{'---|' * len(runs)}")
    good, silent, spent = (dict.fromkeys(runs, 0) for _ in range(3))
    seconds = dict.fromkeys(runs, 0.0)
    for path in sorted(folder.glob("*.dat")):
        data = read(path)
        for number, start in enumerate(data.starts):
            cells = []
            for name, run in runs.items():
                began = time.process_time()
                try:
                    with np.errstate(all="ignore"), warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        values, std, evaluations, success = run(data, start)
                except ValueError as error:
                    cells.append(f"refused ({str(error)[:30]})")
                    continue
                seconds[name] += time.process_time() - began
                one, two = right_digits(values, data.values, data.name), right_digits(std, data.std, data.name)
                right = one >= 6 and (two >= 5 or data.name == "Lanczos1")
                good[name] += right
                silent[name] += success and not right
                spent[name] += evaluations
                mark = "!" if success and not right else ("failed" if not right else "")
                cells.append(f"{max(one, 0.0):.1f} / {max(two, 0.0):.1f}, {evaluations} {mark}")
            print(f"| {data.name} {number + 1} | {' | '.join(cells)} |")
    print(f"| **right, of 54** | {' | '.join(str(count) for count in good.values())} |")
    print(f"| **fewer digits, called a success** | {' | '.join(str(count) for count in silent.values())} |")
    print(f"| **evaluations** | {' | '.join(str(count) for count in spent.values())} |")
    print(f"| **CPU (s)** | {' | '.join(f'{count:.1f}' for count in seconds.values())} |")


if __name__ == "__main__":
    main()
