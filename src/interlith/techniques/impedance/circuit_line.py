"""Which spectra of a series have a second set of values, as good as the one that was found, that agrees with the others?

Elements of different forms can change roles: where a sweep ends early, a diffusion element describes the slow arc and an arc the
rest of the diffusion about as well as the other way round. One spectrum alone does not tell; its neighbours do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from interlith.physics.circuits import CircuitFit, Verdict, fit_circuit, judged
from interlith.techniques.impedance.spectra import Spectrum

#: Fewest spectra of which most can be right, and ln of a factor by which a value stands apart from their median.
_FEWEST, _APART = 4, math.log(3.0)
#: A set of values is as good if its information criterion is higher by this at most: a factor of 150 in likelihood, less
#: than what it takes to believe that elements change roles between neighbours.
_AS_GOOD = 10.0


def in_line(
    spectra: Sequence[Spectrum], found: CircuitFit, parameters: Mapping[str, Any]
) -> dict[int, tuple[CircuitFit, int, Mapping[str, Verdict]]]:
    """Fits that take the place of others, by the number of the spectrum: fit, its member, what it determines.

    Parameters
    ----------
    spectra
        As they were fitted.
    found
        Their fits, each for itself.
    parameters
        What the user holds or bounds.
    """
    good = found.converged & (found.values > 0).all(axis=1)
    if good.sum() < _FEWEST:
        return {}
    inner = np.where(found.logarithmic, np.log(np.where(good[:, None], found.values, 1.0)), found.values)
    middle = np.median(inner[good], axis=0)
    away = np.abs(inner - middle)[:, found.logarithmic].max(axis=1) > _APART
    apart = np.flatnonzero(away | ~good)
    if not apart.size:
        return {}
    starts = np.where(found.logarithmic, np.exp(np.where(found.logarithmic, middle, 0.0)), middle)
    asked = {name: _with_start(parameters.get(name), float(starts[k])) for k, name in enumerate(found.names)}
    frequency, impedance = stacked([spectra[int(k)] for k in apart])
    again = fit_circuit(frequency, impedance, found.circuit, weights=found.weights, parameters=asked, starts=1)
    points = 2.0 * again.used.sum(axis=1)
    better = again.solution.cost <= found.solution.cost[apart] * np.exp(_AS_GOOD / points)
    taken = np.flatnonzero(again.converged & (better | ~good[apart]))
    verdicts = judged(again) if taken.size else []
    return {int(apart[k]): (again, int(k), verdicts[k]) for k in taken}


def _with_start(given: Any, start: float) -> Any:
    """What the user said of a parameter, with a start where he gave none and does not hold it."""
    if given is None:
        return {"start": start}
    if isinstance(given, Mapping) and "start" not in given and not given.get("fixed"):
        return {**given, "start": start}
    return given


def stacked(spectra: Sequence[Spectrum]) -> tuple[np.ndarray[Any, np.dtype[np.float64]], np.ndarray[Any, Any]]:
    """Used points of all spectra as tables (m, n), nan where a spectrum has none."""
    most = max(one.frequency.size for one in spectra)
    frequency = np.full((len(spectra), most), np.nan)
    impedance = np.full((len(spectra), most), np.nan + 0j)
    for row, one in enumerate(spectra):
        frequency[row, : one.frequency.size] = one.frequency
        impedance[row, : one.frequency.size] = np.where(one.used, one.impedance, np.nan)
    return frequency, impedance
