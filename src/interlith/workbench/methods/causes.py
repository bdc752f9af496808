"""Why do the values of another program differ from ours: another spectrum or definition, other weights, other points?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from interlith.techniques.impedance.spectra import Spectrum
from interlith.workbench.methods.fits import OurFit
from interlith.workbench.methods.minima import AT_MINIMUM, minima

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]
#: Times our misfit, and share of |Z|, beyond which values do not describe a spectrum.
_MISSES = 3.0
_LEAST_MISS = 0.01
#: With fewer parameters some weighting fits by chance; with coarser digits (standard errors) or more that fit, none is told.
_FEWEST, _COARSEST, _MOST = 3, 0.3, 3


@dataclass(frozen=True, slots=True)
class Cause:
    """What can be told: one sentence, the misfits (share of |Z|, root mean square) of their curve and ours, what it is.

    `kind` is ``misses`` (their curve is not this spectrum), ``minimum`` (their weights and points are found) or ``unknown``.
    """

    sentence: str
    theirs: float
    ours: float
    kind: Literal["misses", "minimum", "unknown"]


def cause(
    spectrum: Spectrum,
    fit: OurFit,
    values: Mapping[str, float],
    *,
    held: Mapping[str, float],
    rounding: Mapping[str, float],
    carried: tuple[Array, Complex] | None,
) -> Cause | None:
    """Why the values of another program differ; `None` where they are not all there.

    Parameters
    ----------
    spectrum, fit
        The spectrum and our fit.
    values
        Our name -> their value.
    held
        Those that they held.
    rounding
        Our name -> half a unit of their last digit.
    carried
        Points that their export carries along, frequencies (Hz) and impedances (ohm).
    """
    if set(values) != set(fit.circuit.names):
        return None
    theirs = np.array([values[name] for name in fit.circuit.names])
    frequency, impedance = carried if carried is not None else spectrum.kept
    miss, own = (_misfit(fit, one, frequency, impedance) for one in (theirs, fit.values))
    free = np.array([name not in held for name in fit.circuit.names], dtype=np.bool_)
    known = free & (fit.std > 0) & np.isfinite(fit.std)
    digits = np.array([rounding.get(name, 0.0) for name in fit.circuit.names])
    slack = float((digits[known] / fit.std[known]).max(initial=0.0))
    found = minima(
        fit.circuit, theirs, free, fit.std, *_all_points(spectrum, carried), points=_subsets(spectrum, carried)
    )
    missed = miss > max(_MISSES * own, _LEAST_MISS)
    words = f"Their values, put into our formulas, miss the spectrum by {_share(miss)} of |Z| (ours by {_share(own)})"
    reach = max(AT_MINIMUM, 3 * slack)
    hits = [one for one in found if one.step <= min(reach, max(3 * slack, 10 * found[0].step))]
    if hits and (free.sum() < _FEWEST or reach > _COARSEST or len(hits) > _MOST):
        what = "parameters" if free.sum() < _FEWEST else "digits"
        return Cause(f"Which weights they used cannot be told from so few {what}.", miss, own, "unknown")
    if hits:
        step = max(one.step for one in hits)
        sentence = (
            f"Their values are the minimum for {' or '.join(one.words for one in hits)} (to {step:.2g} of our standard errors); ours is "
            f"for {fit.words}."
        )
        return Cause(f"{sentence} {words}." if missed else sentence, miss, own, "minimum")
    if missed:
        sentence = (
            f"{words}: another spectrum, another definition or unit of an element, or a fit that had not converged."
        )
        return Cause(sentence, miss, own, "misses")
    return Cause(
        "Their values are the minimum for none of the weightings that were tried: other points, ties, or a fit that had not "
        "converged.", miss, own, "unknown",
    )  # fmt: skip


def _misfit(fit: OurFit, values: Array, frequency: Array, impedance: Complex) -> float:
    made = np.asarray(fit.circuit.impedance(values, frequency))
    return float(np.sqrt(np.mean(np.square(np.abs(made - impedance) / np.abs(impedance)))))


def _all_points(spectrum: Spectrum, carried: tuple[Array, Complex] | None) -> tuple[Array, Complex]:
    return carried if carried is not None else (spectrum.frequency, spectrum.impedance)


def _subsets(spectrum: Spectrum, carried: tuple[Array, Complex] | None) -> dict[str, NDArray[np.bool_]]:
    """The points that may have been used, those first that need no words."""
    impedance = _all_points(spectrum, carried)[1]
    whole = np.ones(len(impedance), dtype=np.bool_)
    if carried is not None:
        return {"": whole}
    found = {"": spectrum.used}
    for words, mask in (("all points", whole), ("the points with a negative imaginary part", impedance.imag < 0)):
        if not any(np.array_equal(mask, one) for one in found.values()):
            found[words] = mask
    return found


def _share(share: float) -> str:
    return f"{100 * share:.2g} %"
