"""Which observables does the distribution of one spectrum yield, with which sources of uncertainty?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from interlith.model import Observable
from interlith.numerics.relaxation import TERMS, WARBURG, Bands, Distributions, Peaks, window
from interlith.techniques.impedance.records import observable
from interlith.techniques.impedance.spectra import Spectrum

Array = NDArray[np.float64]
METHOD = "distribution of relaxation times"
_NORMAL_95 = 1.959963984540054


def observables_of(
    spectrum: Spectrum,
    found: Distributions,
    member: int,
    peaks: Peaks,
    numbers: NDArray[np.intp],
    names: Mapping[int, str],
    warning: str,
) -> list[Observable]:
    """Ohmic and polarisation resistance, and resistance, time constant, capacitance and width of each process."""
    fit = f"fit:{spectrum.name}/relaxation"
    made = _whole(spectrum, found, member, fit, warning)
    root = _root(peaks.covariance)
    for place, number in enumerate(numbers):
        name = names.get(int(number), f"P{number}")
        made += _process(spectrum, found.bands[member], peaks, place, name, root, fit, warning)
    return made


def _whole(spectrum: Spectrum, found: Distributions, member: int, fit: str, warning: str) -> list[Observable]:
    tail = found.allowed[member, 2:].any()
    inside = "resistance of the distribution within the measured window" + ("; the tail is apart" if tail else "")
    rows = [
        ("high_frequency_resistance", found.terms[member, 0], found.terms_std[member, 0], "ohm", warning),
        (
            "window_polarisation_resistance",
            found.polarisation[member],
            found.polarisation_std[member],
            "ohm",
            _joined(inside, warning),
        ),
    ]
    if found.allowed[member, 1]:
        rows.append(("inductance", found.terms[member, 1], found.terms_std[member, 1], "H", warning))
    if found.allowed[member, TERMS.index(WARBURG)]:
        rows.append(("warburg_coefficient", found.terms[member, 2], found.terms_std[member, 2], "ohm/s^0.5", warning))
    return [
        observable(spectrum, name, float(value), unit, {f"{fit}/{name}": float(std)}, method=METHOD, fit=fit, flag=flag)
        for name, value, std, unit, flag in rows
    ]


def _process(
    spectrum: Spectrum, bands: Bands, peaks: Peaks, place: int, name: str, root: Array, fit: str, warning: str
) -> list[Observable]:  # fmt: skip
    if peaks.side[place]:
        return _bounds(spectrum, bands, peaks, place, name, fit)
    resistance, log_tau, width = (float(value) for value in peaks.values[place])
    tau = math.exp(log_tau)
    shared = {f"{fit}/{k}": row for k, row in enumerate(root.T)}
    first = 3 * place
    off = peaks.separation[place]

    def parts(slopes: Array, sharing: float) -> dict[str, float]:
        own = {source: float(slopes @ row[first : first + 3]) for source, row in shared.items()}
        if sharing > 0:
            own[f"model:{spectrum.name}/separation/{place + 1}"] = sharing
        return own

    def spread(value: float, held: Mapping[str, float]) -> tuple[float, float]:
        ratio = math.exp(min(_NORMAL_95 * math.sqrt(sum(one * one for one in held.values())) / abs(value), 300.0))
        ends = sorted((value / ratio, value * ratio))
        return ends[0], ends[1]

    flag = warning
    fit_only = math.sqrt(max(float(peaks.covariance[first, first]), 0.0))
    if off[0] > 0.5 * fit_only and off[0] > 0.02 * abs(resistance):
        flag = _joined(
            "overlaps its neighbour: its share rests on flanks that go on straight in the logarithm", warning
        )
    capacitance = tau / resistance
    rows = [
        ("resistance", resistance, "ohm", parts(np.array([1.0, 0.0, 0.0]), off[0])),
        ("time_constant", tau, "s", parts(np.array([0.0, tau, 0.0]), tau * off[1])),
        (
            "capacitance",
            capacitance,
            "F",
            parts(np.array([-capacitance / resistance, capacitance, 0.0]), abs(capacitance / resistance) * off[0]),
        ),
    ]
    if not peaks.discrete[place]:
        rows.append(("width", width, "1", parts(np.array([0.0, 0.0, 1.0]), off[2])))
    made = []
    for quantity, value, unit, held in rows:
        low, high = spread(value, held)
        made.append(
            observable(
                spectrum, f"{name}_{quantity}", value, unit, held, method=METHOD, fit=fit, flag=flag, low=low, high=high
            )
        )
    return made


def _bounds(spectrum: Spectrum, bands: Bands, peaks: Peaks, place: int, name: str, fit: str) -> list[Observable]:
    """A process at the end of the window: its resistance is at least what lies inside."""
    fast, slow = window(bands.grid.frequency)
    side = peaks.side[place]
    edge = math.exp(fast if side == "fast" else slow)
    least = max(float(peaks.inside_low[place]), 0.0)
    flag = f"reaches beyond the {side} end of the measured window ({edge:.2g} s): a bound, at least {least:.3g} ohm"
    tau = math.exp(float(peaks.values[place, 1]))
    low, high = (0.0, max(edge, tau)) if side == "fast" else (min(edge, tau), math.inf)
    return [
        observable(
            spectrum, f"{name}_resistance", None, "ohm", {}, method=METHOD, fit=fit, flag=flag, low=least, high=math.inf
        ),
        observable(
            spectrum, f"{name}_time_constant", None, "s", {}, method=METHOD, fit=fit, flag=flag, low=low, high=high
        ),
    ]


def _root(covariance: Array) -> Array:
    """A square root of a covariance: columns are independent sources."""
    if not covariance.size:
        return covariance
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def _joined(*words: str) -> str:
    return "; ".join(word for word in words if word)
