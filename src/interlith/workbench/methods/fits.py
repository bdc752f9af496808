"""What do we get with the circuit that another program fitted, for the spectrum that it fitted?"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.model import Measurement, Observable, Result, Series
from interlith.physics.circuits.blocks import blocks_of
from interlith.physics.circuits.circuit import Circuit
from interlith.physics.circuits.fitting import fit_circuit
from interlith.techniques.impedance.spectra import Spectrum
from interlith.workbench.discovery import techniques

Array = NDArray[np.float64]
TECHNIQUE = "impedance"
#: More parts of one form than this are compared in the order in which they stand.
_MOST_PERMUTED = 5


@dataclass(frozen=True, slots=True)
class OurFit:
    """Our numbers for one circuit and spectrum.

    Parameters
    ----------
    circuit
        What was fitted.
    observables
        Name of the parameter -> number; its value is `None` where the spectrum gives only a bound.
    values, std
        (units of the parameters), shape (p,), in the order of the circuit, as fitted.
    words
        How: weights and who fitted.
    """

    circuit: Circuit
    observables: Mapping[str, Observable]
    values: Array
    std: Array
    words: str


def our_fit(
    spectrum: Spectrum,
    circuit: Circuit,
    *,
    held: Mapping[str, float],
    weights: str,
    measurement: Measurement | None = None,
) -> OurFit:
    """Fit a circuit to the used points of a spectrum.

    Parameters
    ----------
    spectrum
        Which one.
    circuit
        The circuit of the other program.
    held
        Name -> value of the parameters that the other program held: we hold them too.
    weights
        ``modulus``, ``unit`` or ``noise``.
    measurement
        The measurement that holds this spectrum and no other; with it the verb of the technique fits, where there is one.

    Raises
    ------
    FitError
        If the fit cannot be made.
    """
    if measurement is not None and (found := _by_verb(spectrum, circuit, held, weights, measurement)) is not None:
        return found
    frequency, impedance = spectrum.kept
    fit = fit_circuit(frequency, impedance, circuit, weights=weights, parameters=dict(held))
    if not fit.converged[0]:
        raise FitError(f"Our fit of {circuit.text} to {spectrum.target} did not converge: {fit.reason()}.")
    prefix = f"fit:{spectrum.name}"
    observables = {
        name: _observable(spectrum, name, float(fit.values[0, k]), circuit.units[k], fit.components(name, prefix))
        for k, name in enumerate(circuit.names)
    }
    return OurFit(circuit, observables, fit.values[0], fit.std[0], f"{weights} weights")


def _observable(spectrum: Spectrum, name: str, value: float, unit: str, components: Mapping[str, float]) -> Observable:
    sample = spectrum.sample
    return Observable(
        name, value, unit, sample.name, dict(components), sample.variant, sample.batch, sample.replicate, TECHNIQUE,
        spectrum.state, spectrum.cycle, source=f"sha256:{spectrum.source.sha256}",
    )  # fmt: skip


def _by_verb(
    spectrum: Spectrum, circuit: Circuit, held: Mapping[str, float], weights: str, measurement: Measurement
) -> OurFit | None:
    """What ``il.impedance.fit`` gives; `None` where there is no such verb, or it cannot hold what must be held."""
    technique = techniques().get(TECHNIQUE)
    verb = technique.verbs.get("fit") if technique is not None else None
    if verb is None:
        return None
    takes = inspect.signature(verb).parameters
    if "weights" not in takes or (held and "parameters" not in takes):
        return None
    options = {"weights": weights} | ({"parameters": dict(held)} if held else {})
    result = verb(Series((measurement,)), circuit.text, **options)
    items = {one.quantity: one for one in result.observables()}
    if not set(circuit.names) <= set(items):
        return None
    own = {name: items[name] for name in circuit.names}
    values, std = _fitted(result, own)
    if not np.isfinite(values).all():
        raise FitError(f"Our fit of {circuit.text} to {spectrum.target} has no value: {next(iter(own.values())).flag}.")
    return OurFit(circuit, own, values, std, f"{weights} weights")


def _fitted(result: Result, own: Mapping[str, Observable]) -> tuple[Array, Array]:
    """Fitted values and errors, those included that say too little to be a number of their own."""
    frame = result.data.get("parameters")
    if frame is not None and set(own) <= set(frame.columns) and frame.height == 1:
        row = frame.row(0, named=True)
        return np.array([row[name] for name in own]), np.array([row.get(f"{name}_std", math.inf) for name in own])
    values = [math.nan if one.value is None else one.value for one in own.values()]
    return np.array(values), np.array([one.std for one in own.values()])


def in_our_order(fit: OurFit, theirs: Mapping[str, float]) -> dict[str, str]:
    """Our name -> name under which the other program has the same part of the circuit.

    Parts of one form (two arcs) can stand in any order without changing the spectrum: they are paired so that the values lie
    closest, on a logarithmic scale.

    Parameters
    ----------
    fit
        Ours.
    theirs
        Name as in the circuit -> value, for those parameters that both have.
    """
    pairing = {name: name for name in fit.circuit.names}
    forms: dict[str, list[tuple[str, ...]]] = {}
    for block in blocks_of(fit.circuit):
        forms.setdefault(block.form, []).append(tuple(fit.circuit.names[block.columns]))
    for alike in forms.values():
        if 2 <= len(alike) <= _MOST_PERMUTED and all(name in theirs for part in alike for name in part):
            best = min(permutations(alike), key=lambda order: _apart(fit, theirs, alike, order))
            for part, other in zip(alike, best, strict=True):
                pairing |= dict(zip(part, other, strict=True))
    return pairing


def _apart(
    fit: OurFit, theirs: Mapping[str, float], alike: list[tuple[str, ...]], order: tuple[tuple[str, ...], ...]
) -> float:
    total = 0.0
    for part, other in zip(alike, order, strict=True):
        for name, there in zip(part, other, strict=True):
            own, value = float(fit.values[fit.circuit.index(name)]), theirs[there]
            total += abs(math.log(own / value)) if own > 0 and value > 0 else 100.0
    return total
