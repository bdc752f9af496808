"""Where are the pulses of a titration, how does the voltage run in each, and how wrong is the short-time formula?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.numerics.smoothing import noise_of

Array = NDArray[np.float64]

#: Share of the root of the pulse's duration that is left out: ohmic drop, double layer and charge transfer.
SKIPPED_ROOT = 0.2
FEWEST_POINTS = 10
FEWEST_PULSES = 3
_FEWEST_REST_POINTS = 3
_TERMS = 1500


@dataclass(frozen=True, slots=True)
class Pulse:
    """One pulse between two rests.

    `before` and `after`: voltages (V) at the end of the rests; `slope` dE/dsqrt(t) (V/s^0.5) with `slope_std`; `bend`
    relative change of that slope along the pulse; `drift` dE/dt (V/s) at the end of the rest after, `rest_duration` (s); `noise` of a single voltage (V).
    """

    start: float
    duration: float
    current: float
    before: float
    after: float
    slope: float
    slope_std: float
    r2: float
    bend: float
    drift: float
    drift_std: float
    rest_duration: float
    noise: float

    @property
    def step(self) -> float:
        """Change of the equilibrium voltage (V)."""
        return self.after - self.before


def find_pulses(time: Array, current: Array, voltage: Array) -> list[Pulse]:
    """Pulses of a titration: at least three alike in sign and duration, each with a rest before and after.

    Parameters
    ----------
    time, current, voltage
        (s, A, V), shape (n,), in order.
    """
    if len(time) < FEWEST_PULSES * FEWEST_POINTS:
        return []
    size = np.abs(current)
    flowing = size[size > 1e-12]
    if len(flowing) == 0:
        return []
    sign = np.where(size > 0.05 * float(np.median(flowing)), np.sign(current), 0.0)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(sign)) + 1])
    ends = np.concatenate([starts[1:], [len(sign)]])
    found = []
    for index in range(1, len(starts) - 1):
        on = slice(int(starts[index]), int(ends[index]))
        rests = [slice(int(starts[k]), int(ends[k])) for k in (index - 1, index + 1)]
        if sign[on.start] == 0 or on.stop - on.start < FEWEST_POINTS:
            continue
        if any(sign[rest.start] != 0 or rest.stop - rest.start < _FEWEST_REST_POINTS for rest in rests):
            continue
        pulse = _measured(time, current, voltage, on, rests[0], rests[1])
        if pulse is not None:
            found.append(pulse)
    return _alike(found)


def _alike(pulses: list[Pulse]) -> list[Pulse]:
    """Those of usual duration: the last of a sequence is often cut by the voltage limit."""
    kept = []
    for sign in (1.0, -1.0):
        same = [pulse for pulse in pulses if math.copysign(1.0, pulse.current) == sign]
        if len(same) >= FEWEST_PULSES:
            usual = float(np.median([pulse.duration for pulse in same]))
            same = [pulse for pulse in same if abs(pulse.duration / usual - 1) < 0.2]
            kept += same if len(same) >= FEWEST_PULSES else []
    return sorted(kept, key=lambda pulse: pulse.start)


def _measured(time: Array, current: Array, voltage: Array, on: slice, rest: slice, later: slice) -> Pulse | None:
    level = current[on]
    middle = float(np.median(level))
    if np.median(np.abs(level / middle - 1)) > 0.05:
        return None
    # The first record of a pulse is often written with its onset, or one sampling step late: the rest before ends it.
    begin = _onset(time, on)
    duration = float(time[on.stop - 1]) - begin
    root = np.sqrt(np.maximum(time[on] - begin, 0.0))
    used = root >= SKIPPED_ROOT * math.sqrt(duration) if duration > 0 else np.zeros(len(root), dtype=bool)
    if used.sum() < FEWEST_POINTS // 2:
        return None
    slope, slope_std, r2, bend = _straight(root[used], voltage[on][used])
    noise = max(noise_of(voltage[on]), noise_of(voltage[later]), 1e-7)
    drift, drift_std = _drift(time[later], voltage[later], noise)
    return Pulse(
        begin, duration, middle, _level(voltage[rest]), _level(voltage[later]), slope, slope_std, r2, bend, drift, drift_std,
        float(time[later.stop - 1] - time[later.start]), noise,
    )  # fmt: skip


def _drift(time: Array, voltage: Array, noise: float) -> tuple[float, float]:
    """Slope of the voltage over the last fifth of a rest (at least three records) and its standard uncertainty."""
    final = time >= time[-1] - 0.2 * (time[-1] - time[0])
    if final.sum() < 3:
        final = np.arange(len(time)) >= len(time) - 3
    centred = time[final] - time[final].mean()
    norm = float(centred @ centred)
    if norm == 0:
        return math.inf, math.inf
    return float(centred @ voltage[final]) / norm, noise / math.sqrt(norm)


def _onset(time: Array, on: slice) -> float:
    """When the current started: between the last record of the rest and the first of the pulse."""
    first, before = float(time[on.start]), float(time[on.start - 1])
    usual = float(np.median(np.diff(time[on])))
    return max(before, first - usual)


def _level(voltage: Array) -> float:
    """Voltage at the end of a rest: the mean of the last three records, against the noise of a single one."""
    return float(np.mean(voltage[-3:]))


def _straight(root: Array, voltage: Array) -> tuple[float, float, float, float]:
    """Slope over the root of time, its standard uncertainty, R2, and relative change of the slope along the pulse."""
    centred = root - root.mean()
    norm = float(centred @ centred)
    total = voltage - voltage.mean()
    slope = float(centred @ total) / norm
    residual = total - slope * centred
    scatter = float(residual @ residual)
    std = math.sqrt(scatter / max(len(root) - 2, 1) / norm)
    r2 = 1 - scatter / float(total @ total) if float(total @ total) > 0 else 0.0
    square = float(np.polyfit(centred, total, 2)[0]) if len(root) > 3 else 0.0
    bend = 2 * square * float(np.ptp(root)) / slope if slope else math.inf
    return slope, std, r2, bend


def finite_size_bias(theta: float, shape: Literal["sphere", "plane"]) -> float:
    """Coefficient by the short-time formula over the true one, for an ideal particle.

    Parameters
    ----------
    theta
        D tau / L^2, with L volume over surface.
    shape
        ``sphere`` (radius 3 L) or ``plane`` (thickness L, sealed behind).

    Notes
    -----
    From the exact series for a constant flux into a particle at uniform concentration (Crank 1975, The Mathematics of
    Diffusion, equations 4.55 and 6.45), analysed as a pulse is.
    """
    if theta <= 0 or not math.isfinite(theta):
        return math.nan
    if theta < 1e-4:  # the series would need more terms; the leading error grows with the root of theta
        return 1 + (finite_size_bias(1e-4, shape) - 1) * math.sqrt(theta / 1e-4)
    moment = np.linspace(SKIPPED_ROOT, 1.0, 60) ** 2 * theta
    if shape == "plane":
        n = np.arange(1, _TERMS) * math.pi
        surface = moment + 1 / 3 - 2 * (np.exp(-np.outer(moment, n**2)) / n**2).sum(axis=1)
    else:
        roots = _roots()
        # In units of R: L = R/3, so that D t / R^2 = theta / 9, and a flux of one raises c by t / L.
        own = moment / 9
        surface = 3 * (3 * own + 1 / 5 - 2 * (np.exp(-np.outer(own, roots**2)) / roots**2).sum(axis=1))
    slope = float(np.polyfit(np.sqrt(moment), surface, 1)[0])
    return 4 / (math.pi * slope**2)


@cache
def _roots() -> Array:
    """Positive roots of tan(x) = x."""
    x = (np.arange(1, _TERMS) + 0.5) * math.pi
    found = x - 1 / x
    for _ in range(20):
        found = found - (np.sin(found) - found * np.cos(found)) / (found * np.sin(found))
    return np.asarray(found, dtype=float)
