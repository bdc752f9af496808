"""Which processes do spectra show without a circuit, and how do they change along a series?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Choice, Citation, Decision, Flag, Given, Observable, Result, Series, Step
from interlith.numerics.relaxation import Distributions, Peaks, distributions, peaks, track
from interlith.techniques.impedance.records import QualityRow, about, described, how, result
from interlith.techniques.impedance.relaxation_observables import observables_of
from interlith.techniques.impedance.relaxation_processes import Process, named, process_table
from interlith.techniques.impedance.relaxation_tables import curve_rows, distribution_rows, peak_rows, spectrum_row
from interlith.techniques.impedance.spectra import Spectrum, by_specimen, spectra_of, with_points

SIGNED = "whether a spectrum's distribution may be negative (target as in the choice): true or false"
BAYES = Citation(
    "effat2017", "Effat and Ciucci 2017, Electrochim. Acta 247, 1117",
    "@article{effat2017, author={Effat, Mohammed B. and Ciucci, Francesco}, title={Bayesian and hierarchical Bayesian based "
    "regularization for deconvolving the distribution of relaxation times from electrochemical impedance spectroscopy data}, "
    "journal={Electrochimica Acta}, volume={247}, pages={1117--1129}, year={2017}, doi={10.1016/j.electacta.2017.07.050}}",
)  # fmt: skip
METHODS = (
    "Distributions of relaxation times (tau = 1/(2 pi f)) were found from real and imaginary parts together; the logarithm of the distribution has a smoothness prior whose local "
    "strength, like the noise, follows from the marginal likelihood. Ohmic resistance{terms} are terms of the model. Bands are pointwise at 95 %. Processes are tops that stand above "
    "their valleys with 95 % probability, tracked along the series as one assignment; a process that reaches beyond the measured frequencies is given as a bound."
)
#: Gain in ln evidence from which a signed distribution is proposed.
_PROPOSED = 5.0
_FEWEST = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked, see `drt`."""

    signed: bool | str = "auto"
    spikes: bool | str = "auto"
    smooth: str | None = None
    processes: tuple[Process, ...] = ()
    declared: Any = None


def drt(
    series: Series,
    *,
    signed: bool | str = "auto",
    spikes: bool | str = "auto",
    smooth: str | None = None,
    processes: Any = None,
    window: Any = None,
    against: str | None = None,
    validity: Result | None = None,
    decisions: Sequence[Decision] = (),
) -> Result:
    """Distributions of relaxation times, their processes, and their course along the series.

    Parameters
    ----------
    series
        Spectra.
    signed
        Whether the distribution may be negative. ``auto``: it may not; a spectrum that cannot be described so is flagged, and a signed one proposed where
        the evidence is for it.
    spikes
        Whether narrow processes are tested for being a single resistor with a capacitor; ``auto`` does.
    smooth
        ``"state"``: neighbours along the series are expected to be alike, by as much as the series itself shows.
    processes
        Declared class of cell, ``sulfide_halide_solid_cell``, or ranges of time constants by name: ``{"charge_transfer": ["1 ms", "0.1 s"]}``. Without it
        peaks are P1, P2 ... by time constant.
    window
        Lowest and highest frequency that is used: ``["0.1 Hz", "1 MHz"]``.
    against
        State that orders the spectra.
    validity
        Result of `validate`: points that it left out are not used.
    decisions
        Spectra whose distribution is, or is not, signed (field ``signed``).

    Returns
    -------
    Result
        ``relaxation``: observables ``P1_resistance``, ``P1_time_constant``, ``P1_capacitance``, ``P1_width`` ..., ``window_polarisation_resistance``
        and ``high_frequency_resistance`` of each spectrum; data ``distribution`` (a row a spectrum and time constant: the map), ``peaks``, ``spectra`` (a row a point) and
        ``fits`` (a row a spectrum).

    Raises
    ------
    StudyError
        If an option is not understood.
    FitError
        If no spectrum has enough points.

    Notes
    -----
    tau = 1/(2 pi f). The assumption that fails first: that the cell was linear and steady; test with `validate`. Then: that processes are broader than
    single relaxations unless found as such, and overlap less than half a decade.
    """
    spectra = spectra_of(series, against=against, window=window)
    if validity is not None:
        spectra = with_points(spectra, validity.data["residuals"])
    return relaxation(spectra, _wanted(signed, spikes, smooth, processes), decisions)


def _wanted(signed: Any, spikes: Any, smooth: Any, processes: Any) -> Wanted:
    for word, value in (("signed", signed), ("spikes", spikes)):
        if value not in (True, False, "auto"):
            raise StudyError(f"{word} is '{value}'; {nearest(str(value), ('auto', 'true', 'false'))}.")
    if smooth not in (None, "state"):
        raise StudyError(f"smooth is '{smooth}'; write state, or leave it out.")
    return Wanted(signed, spikes, smooth, process_table(processes), processes)


def relaxation(spectra: Sequence[Spectrum], wanted: Wanted, decisions: Sequence[Decision] = ()) -> Result:
    """The result for spectra with their used points, see `drt`."""
    enough = [one for one in spectra if int(one.used.sum()) >= _FEWEST]
    quality: list[QualityRow] = [
        (one.sample.name, f"relaxation of spectrum {one.number}", False, f"{int(one.used.sum())} usable points are too few for a distribution.")
        for one in spectra if int(one.used.sum()) < _FEWEST
    ]  # fmt: skip
    if not enough:
        raise FitError(f"No spectrum has the {_FEWEST} usable points that a distribution of relaxation times needs.")
    decided = {one.target.text: bool(one.value) for one in decisions if one.field == "signed"}
    solved = _solved(enough, wanted, decided)
    made: list[Observable] = []
    choices: list[Choice] = []
    tables: dict[str, list[Any]] = {"distribution": [], "peaks": [], "spectra": [], "fits": []}
    flags: dict[str, list[Flag]] = {}
    terms: set[int] = set()
    for group in by_specimen(enough).values():
        told = [solved[one.target] for one in group]
        identities = track([one.peaks.values[:, 1] for one in told], [one.peaks.values[:, 0] for one in told])
        names, more = _names(group, told, identities, wanted)
        choices += more
        for spectrum, one, numbers in zip(group, told, identities, strict=True):
            reason = one.found.reasons[one.member]
            warning = "not described by its distribution" if reason else ""
            made += observables_of(spectrum, one.found, one.member, one.peaks, numbers, names, warning)
            choices += one.choices
            terms |= set(np.flatnonzero(one.found.allowed[one.member]).tolist())
            tables["distribution"].append(distribution_rows(spectrum, one.found, one.member))
            tables["peaks"] += peak_rows(spectrum, one.peaks, numbers, names)
            tables["spectra"].append(curve_rows(spectrum, one.found, one.member))
            tables["fits"].append(spectrum_row(spectrum, one.found, one.member))
            solved_ = bool(one.found.converged[one.member])
            quality.append((spectrum.sample.name, f"relaxation of spectrum {spectrum.number}", solved_, reason))
            if reason:
                flags.setdefault(spectrum.sample.name, []).append(
                    Flag("distribution_does_not_fit", f"{described(spectrum)}: {reason}", spectrum.target, "warning")
                )
    words = METHODS.format(
        terms="".join(
            f", {name}"
            for k, name in ((1, "inductance"), (2, "a Warburg tail"), (3, "a series capacitance"))
            if k in terms
        )
    )
    options = {"signed": wanted.signed, "spikes": wanted.spikes, "smooth": wanted.smooth, "processes": wanted.declared}
    data = {
        "distribution": pl.concat(tables["distribution"]), "peaks": pl.DataFrame(tables["peaks"], infer_schema_length=None),
        "spectra": pl.concat(tables["spectra"]), "fits": pl.DataFrame(tables["fits"], infer_schema_length=None),
    }  # fmt: skip
    return result(
        "relaxation", made, data=data, quality=quality, record=how("distribution of relaxation times", options, words, (BAYES,)),
        choices=choices, flags=flags,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Solved:
    """One spectrum in its batch, its processes, and what was decided on the way."""

    found: Distributions
    member: int
    peaks: Peaks
    choices: tuple[Choice, ...]


def _solved(spectra: Sequence[Spectrum], wanted: Wanted, decided: Mapping[str, bool]) -> dict[str, Solved]:
    """Solve all spectra, those with equal frequencies in one batch; along a specimen's series where asked."""
    made: dict[str, Solved] = {}
    groups: dict[tuple[Any, ...], list[Spectrum]] = {}
    for one in spectra:
        signed = decided.get(one.target, wanted.signed is True)
        alone = one.sample.name if wanted.smooth else ""
        groups.setdefault((one.frequency.tobytes(), signed, alone), []).append(one)
    for (_, signed, _), group in groups.items():
        found = _batch(group, bool(signed), wanted)
        for member, one in enumerate(group):
            choices = list(_about_terms(one, found, member))
            if wanted.signed == "auto" and one.target not in decided and found.misfit[member] > 4.0:
                choices += _proposal(one, found, member)
            made[one.target] = Solved(found, member, peaks(found.bands[member]), tuple(choices))
    return made


def _batch(group: Sequence[Spectrum], signed: bool, wanted: Wanted) -> Distributions:
    data = np.stack([one.impedance for one in group])
    used = np.stack([one.used for one in group])
    along = np.array([one.state.value for one in group]) if wanted.smooth else None
    return distributions(
        group[0].frequency, data, used=used, signed=signed, spikes=wanted.spikes in (True, "auto"), along=along
    )


def _about_terms(spectrum: Spectrum, found: Distributions, member: int) -> list[Choice]:
    made = []
    words = {2: "a Warburg tail", 3: "a series capacitance"}
    for place, name in words.items():
        if found.allowed[member, place]:
            size, std = found.terms[member, place], found.terms_std[member, place]
            margin = float(min(1.0, size / (10 * std))) if std > 0 else 1.0
            made.append(
                Choice(
                    f"{spectrum.target}/tail", "tail", name, "part of the distribution", margin, ("window_polarisation_resistance",),
                    f"{described(spectrum)} still rises at its lowest frequency: {name} describes it with better evidence than the distribution.",
                )
            )  # fmt: skip
    for resistance, log_tau in found.spikes[member][np.isfinite(found.spikes[member][:, 0])]:
        made.append(
            Choice(
                f"{spectrum.target}/single/{np.exp(log_tau):.3g} s", "spike", "single relaxation", "narrow distribution", 0.9, ("P1_resistance",),
                f"{described(spectrum)}: {resistance:.4g} ohm at {np.exp(log_tau):.3g} s is narrower than a distribution can be told from.",
            )
        )  # fmt: skip
    return made


def _proposal(spectrum: Spectrum, found: Distributions, member: int) -> list[Choice]:
    """A signed distribution as the runner-up, where the evidence is for it."""
    other = distributions(spectrum.frequency, spectrum.impedance, used=spectrum.used, signed=True)
    gain = float(other.evidence[0] - found.evidence[member])
    if gain < _PROPOSED:
        return []
    return [
        Choice(
            spectrum.target, "signed", "false", "true", 0.0, ("window_polarisation_resistance",),
            f"{described(spectrum)}: a distribution with a negative part has the better evidence (by {gain:.0f} in ln); an inductive loop, or a cell that was not steady.",
        )
    ]  # fmt: skip


def _names(
    group: Sequence[Spectrum], told: Sequence[Solved], identities: Sequence[np.ndarray[Any, Any]], wanted: Wanted
) -> tuple[dict[int, str], list[Choice]]:
    """Names of the identities of one specimen."""
    places: dict[int, list[float]] = {}
    for one, numbers in zip(told, identities, strict=True):
        for number, log_tau in zip(numbers, one.peaks.values[:, 1], strict=True):
            places.setdefault(int(number), []).append(float(log_tau))
    taus = {number: float(np.exp(np.median(values))) for number, values in sorted(places.items())}
    return named(group[0].sample.name, group[0].target, taus, wanted.processes)


def _step(given: Given) -> Result:
    options = given.options
    spectra = spectra_of(given.series, against=options.get("against"), window=options.get("window"))
    if "validity" in given.results:
        spectra = with_points(spectra, given.result("validity").data["residuals"])
    words: Any = options.get("drt") or {}
    if not isinstance(words, Mapping):
        raise StudyError(f"drt is '{words}'; write words and values, for instance drt: {{smooth: state}}.")
    if unknown := set(words) - {"signed", "spikes", "smooth"}:
        raise StudyError(f"drt: '{min(unknown)}' is unknown; {nearest(min(unknown), ('signed', 'spikes', 'smooth'))}.")
    wanted = _wanted(
        words.get("signed", "auto"), words.get("spikes", "auto"), words.get("smooth"), options.get("processes")
    )
    return relaxation(spectra, wanted, given.decisions)


def wanted_drt(options: Mapping[str, Any]) -> bool:
    """Unless it is turned off."""
    return options.get("drt") not in (False, "off")


STEP = Step(
    "relaxation", _step, after=("validity",), words=("drt", "processes", "window", "against"), decides={"signed": SIGNED}, reads=True,
    wanted=wanted_drt,
)  # fmt: skip

__all__ = ["STEP", "Wanted", "about", "drt", "relaxation"]
