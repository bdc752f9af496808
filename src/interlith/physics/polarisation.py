"""What flows through a cell that is held at a voltage, once and after it has polarised?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_TERMS = 400


def relaxing(time: ArrayLike, level: float, amplitudes: Sequence[float], times: Sequence[float]) -> Array:
    """A level with relaxations on top, A + sum B exp(-t/tau), shape of `time`.

    Parameters
    ----------
    time, times
        (s).
    level, amplitudes
        Current or voltage.
    """
    t = np.asarray(time, dtype=float)
    return np.asarray(level + sum(b * np.exp(-t / tau) for b, tau in zip(amplitudes, times, strict=True)))


def blocked(time: ArrayLike, level: float, amplitude: float, relaxation: float) -> Array:
    """Current of a mixed conductor whose ions are blocked at both ends, held at a voltage: A + B sum exp(-n^2 t/tau).

    Parameters
    ----------
    time
        (s), positive.
    level
        Electronic current (A).
    amplitude
        (A); the current falls with the root of time at first and exponentially in the end.
    relaxation
        L^2 / (pi^2 D) of the slowest mode that the symmetry allows (s).

    References
    ----------
    Yokota 1961, 10.1143/JPSJ.16.2213.
    """
    t = np.asarray(time, dtype=float)
    n = np.arange(1, _TERMS + 1)[:, None]
    return np.asarray(
        level + amplitude * np.exp(-np.minimum(n**2 * t.ravel() / relaxation, 700.0)).sum(axis=0).reshape(t.shape)
    )


def bruce_vincent(
    voltage: float, initial: float, steady: float, before: float, after: float
) -> tuple[float, dict[str, float]]:
    """Transference number of the ion that is not blocked, and its derivatives.

    Parameters
    ----------
    voltage
        Applied (V).
    initial, steady
        Current at first and in the steady state (A).
    before, after
        Resistance of the interfaces before and after (ohm).

    Returns
    -------
    tuple
        t+ = I_s (V - I_0 R_0) / (I_0 (V - I_s R_s)), and its derivative by each argument; nan where an interface takes all of the voltage.

    References
    ----------
    Evans, Vincent and Bruce 1987, 10.1016/0032-3861(87)90394-6, equation 12.
    """
    first, last = voltage - initial * before, voltage - steady * after
    if initial == 0 or first * voltage <= 0 or last * voltage <= 0:
        return math.nan, {}
    value = steady * first / (initial * last)
    return value, {
        "voltage": value * (1 / first - 1 / last),
        "initial": -value * (1 / initial + before / first),
        "steady": value * (1 / steady + after / last) if steady else first / (initial * last),
        "before": -value * initial / first,
        "after": value * steady / last,
    }
