"""Which resistances, capacitances and time constants do spectra have under an equivalent circuit, and how sure are they?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Choice, Citation, Given, Observable, Result, Series, Step
from interlith.physics.circuits import Circuit, CircuitFit, fit_circuit, judged
from interlith.techniques.impedance.circuit_choice import CIRCUIT, agree, choose_for, wanted_circuit
from interlith.techniques.impedance.circuit_line import in_line, stacked
from interlith.techniques.impedance.circuit_observables import Names, names_of, observables_of
from interlith.techniques.impedance.records import QualityRow, about, how, result
from interlith.techniques.impedance.spectra import Spectrum, by_specimen, spectra_of, with_points

BOUKAMP = Citation(
    "boukamp1986", "Boukamp 1986, Solid State Ionics 20, 31",
    "@article{boukamp1986, author={Boukamp, B. A.}, title={A nonlinear least squares fit procedure for analysis of immittance "
    "data of electrochemical systems}, journal={Solid State Ionics}, volume={20}, pages={31--44}, year={1986}, "
    "doi={10.1016/0167-2738(86)90031-7}}",
)  # fmt: skip
METHODS = (
    "Spectra were fitted with the equivalent circuit {circuit} by complex non-linear least squares ({weights}), positive parameters as "
    "logarithms, from starts found by a search over shapes; parts built alike are numbered from the fastest. Uncertainties come "
    "from the covariance ({basis}). A parameter that the spectrum does not fix, or whose process lies outside the measured "
    "frequencies, is given as a bound."
)
_WEIGHTS = {
    "modulus": "weights in proportion to 1/|Z|^2", "unit": "equal weights",
    "noise": "weights from a noise of constant and proportional part, estimated from the residuals",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a fit, see `fit`."""

    circuit: str = "auto"
    weights: str = "modulus"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    shared: tuple[str, ...] = ()
    smooth: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Options for the record of the result."""
        return {
            "circuit": self.circuit, "weights": self.weights, "parameters": dict(self.parameters),
            "shared": list(self.shared), "smooth": dict(self.smooth), "names": dict(self.names),
        }  # fmt: skip


def fit(
    series: Series,
    circuit: str = "auto",
    *,
    weights: str = "modulus",
    parameters: Mapping[str, Any] | None = None,
    shared: Sequence[str] = (),
    smooth: Mapping[str, float] | None = None,
    window: Any = None,
    names: Mapping[str, str] | None = None,
    against: str | None = None,
    validity: Result | None = None,
) -> Result:
    """Fit an equivalent circuit to every spectrum, with no starts from the user.

    Parameters
    ----------
    series
        Spectra.
    circuit
        ``R0-(R1|Q1)-(R2|Q2)-W1``: ``-`` is series and binds closer than ``|``, parallel. ``auto`` takes the one circuit of a ladder that
        all spectra speak for; the choice is told.
    weights
        ``modulus``, ``unit`` or ``noise``.
    parameters
        Name -> value that is held, or name -> ``start``, ``low``, ``high``, ``fixed`` (ohm, F, H, s ...).
    shared
        Names of parameters that have one value for all spectra of a specimen.
    smooth
        Name -> relative change from spectrum to spectrum if the series is to be smooth in it.
    window
        Lowest and highest frequency that is used: ``["0.1 Hz", "1 MHz"]``.
    names
        Element -> name of its resistance: ``{"R1": "interphase_resistance"}``.
    against
        State that orders the spectra.
    validity
        Result of `validate`: points that it left out are not fitted.

    Returns
    -------
    Result
        ``circuit``: observables ``R0``, ``Q1``, ``Q1_exponent``, ``R1_time_constant``, ``R1_capacitance``, ``polarisation_resistance`` ...
        of each spectrum; data ``spectra`` (a row a point: observed, fitted, residual) and ``parameters`` (a row a spectrum).

    Raises
    ------
    FitError
        If the circuit, a name or a value is wrong.
    StudyError
        If an option is not understood.

    Notes
    -----
    Numbers of one spectrum share their sources, so that what is common cancels in ratios. The assumption that fails first: that
    the circuit is right; a good fit does not show it.
    """
    spectra = spectra_of(series, against=against, window=window)
    if validity is not None:
        spectra = with_points(spectra, validity.data["residuals"])
    wanted = Wanted(circuit, weights, dict(parameters or {}), tuple(shared), dict(smooth or {}), dict(names or {}))
    choices: tuple[Choice, ...] = ()
    if circuit == "auto":
        text, choice = choose_for(spectra, None, weights)
        wanted, choices = _with_circuit(wanted, text), (choice,)
    return fitted(spectra, wanted, choices)


def _with_circuit(wanted: Wanted, circuit: str) -> Wanted:
    return Wanted(circuit, wanted.weights, wanted.parameters, wanted.shared, wanted.smooth, wanted.names)


def fitted(spectra: Sequence[Spectrum], wanted: Wanted, choices: Sequence[Choice] = ()) -> Result:
    """The result of one circuit for all spectra, see `fit`."""
    circuit = Circuit(wanted.circuit)
    names = names_of(circuit, wanted.names)
    free = sum(name not in wanted.parameters for name in circuit.names)
    enough = [one for one in spectra if 2 * one.used.sum() > free + 1]
    quality: list[QualityRow] = [
        (one.sample.name, f"circuit of spectrum {one.number}", False, f"{int(one.used.sum())} usable points are too few for {circuit}")
        for one in spectra if 2 * one.used.sum() <= free + 1
    ]  # fmt: skip
    if not enough:
        raise FitError(f"No spectrum has the points that {circuit} needs: more than {(free + 1) // 2}.")
    groups = list(by_specimen(enough).values()) if wanted.shared or wanted.smooth else [enough]
    observables: list[Observable] = []
    curves, rows, basis = [], [], ""
    for group in groups:
        whole = _solved(group, circuit, wanted)
        basis = whole.basis
        held = in_line(group, whole, wanted.parameters) if not (wanted.shared or wanted.smooth) else {}
        verdicts = judged(whole)
        for number, spectrum in enumerate(group):
            made, member, verdict = held.get(number, (whole, number, verdicts[number]))
            observables += observables_of(spectrum, made, member, verdict, names)
            curves.append(_curve(spectrum, made, member))
            rows.append(_row(spectrum, made, member))
            quality.append(
                (spectrum.sample.name, f"circuit of spectrum {spectrum.number}", bool(made.converged[member]), made.reason(member))
            )  # fmt: skip
    words = METHODS.format(circuit=circuit, weights=_WEIGHTS[wanted.weights], basis=basis)
    return result(
        "circuit", observables, data={"spectra": pl.concat(curves), "parameters": pl.DataFrame(rows)}, quality=quality,
        record=how(f"circuit {circuit}", wanted.record(), words, (BOUKAMP,)), choices=choices,
    )  # fmt: skip


def _solved(spectra: Sequence[Spectrum], circuit: Circuit, wanted: Wanted) -> CircuitFit:
    frequency, impedance = stacked(spectra)
    return fit_circuit(
        frequency, impedance, circuit, weights=wanted.weights, parameters=wanted.parameters, shared=wanted.shared,
        smooth=wanted.smooth,
    )  # fmt: skip


def _curve(spectrum: Spectrum, made: CircuitFit, member: int) -> pl.DataFrame:
    """Observed and fitted impedance of every point, those not used included; residuals in standard uncertainties."""
    fitted_ = made.circuit.impedance(made.values[member], spectrum.frequency)
    size = made.sizes[member, : spectrum.frequency.size] * (1.0 if made.weights == "given" else made.scatter[member])
    away = (spectrum.impedance - fitted_) / np.where(size > 0, size, np.nan)
    columns = {
        "frequency": spectrum.frequency, "impedance_real": spectrum.impedance.real,
        "impedance_imaginary": spectrum.impedance.imag, "fitted_real": fitted_.real, "fitted_imaginary": fitted_.imag,
        "residual_real": np.where(spectrum.used, away.real, np.nan),
        "residual_imaginary": np.where(spectrum.used, away.imag, np.nan), "used": spectrum.used,
    }  # fmt: skip
    own = [pl.lit(value).alias(name) for name, value in about(spectrum).items()]
    return (
        pl.DataFrame(columns)
        .with_columns(pl.col("residual_real", "residual_imaginary").fill_nan(None))
        .select(*own, pl.all())
    )


def _row(spectrum: Spectrum, made: CircuitFit, member: int) -> dict[str, object]:
    row = about(spectrum) | {"converged": bool(made.converged[member]), "scatter": float(made.scatter[member])}
    for k, name in enumerate(made.names):
        row |= {name: float(made.values[member, k]), f"{name}_std": float(made.std[member, k])}
    return row


def _step(given: Given) -> Result:
    options = given.options
    spectra = spectra_of(given.series, against=options.get("against"), window=options.get("window"))
    if "validity" in given.results:
        spectra = with_points(spectra, given.result("validity").data["residuals"])
    circuit = str(given.agreed.get("circuit") or options["circuit"])
    shared = options.get("shared") or ()
    names, parameters, smooth = (_table(options.get(word), word) for word in ("names", "parameters", "smooth"))
    wanted = Wanted(
        circuit, str(options.get("weights", "modulus")), parameters, (shared,) if isinstance(shared, str) else tuple(shared),
        smooth, names,
    )  # fmt: skip
    if wanted.weights not in _WEIGHTS:
        raise StudyError(f"weights is '{wanted.weights}'; {nearest(wanted.weights, _WEIGHTS)}.")
    return fitted(spectra, wanted)


def _table(value: Any, word: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise StudyError(f"{word} is '{value}'; write a name and a value a line, for instance R1: ...")
    return {str(name): one for name, one in value.items()}


STEP = Step(
    "circuit",
    _step,
    after=("validity", "circuit_choice"),
    words=("circuit", "weights", "parameters", "shared", "smooth", "window", "names", "against"),
    decides={"circuit": CIRCUIT},
    reads=True,
    agree=agree,
    wanted=wanted_circuit,
    asked=wanted_circuit,
)

__all__ = ["STEP", "Names", "Wanted", "fit", "fitted"]
