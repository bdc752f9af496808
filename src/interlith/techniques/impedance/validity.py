"""Which spectra, and which of their points, are those of a cell that was linear and steady while it was measured?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import StudyError, nearest
from interlith.model import Choice, Citation, Decision, Flag, Given, Result, Series, Step
from interlith.numerics.kramers_kronig import Check, Settings, kramers_kronig
from interlith.techniques.impedance.records import QualityRow, about, described, how, observable, result
from interlith.techniques.impedance.spectra import Spectrum, by_specimen, spectra_of, with_points
from interlith.techniques.impedance.validity_points import MOVES, decided_points, point_choice, words_of_decisions
from interlith.techniques.impedance.validity_series import along_series, common_residuals
from interlith.units import convert, parse

USE = "whether a point is used (target .../point/12.6 Hz, or .../spectrum/3/point/12.6 Hz): true or false"
BOUKAMP = Citation(
    "boukamp1995",
    "Boukamp 1995, J. Electrochem. Soc. 142, 1885",
    "@article{boukamp1995, author={Boukamp, B. A.}, title={A linear Kronig-Kramers transform test for immittance data "
    "validation}, journal={Journal of The Electrochemical Society}, volume={142}, pages={1885--1894}, year={1995}, "
    "doi={10.1149/1.2044210}}",
)
METHODS = (
    "Spectra were tested with the linear Kramers-Kronig relations (Boukamp), by a ladder of five resistance-capacitance "
    "elements a decade with an inductance and a capacitance, whose size was held by the evidence. Points that the others "
    "contradict, residuals smoother than scatter, and a change during the sweep count as failures at a probability of {level:g} % "
    "for a good spectrum, where they exceed {limit:g} % of |Z|."
)
_VERDICTS = {
    "fails": ("kramers_kronig_fails", "warning"),
    "drifts": ("drifts_during_sweep", "warning"),
    "fails at points": ("kramers_kronig_points", "note"),
    "undecided": ("kramers_kronig_undecided", "note"),
}


def validate(
    series: Series,
    *,
    window: Any = None,
    limit: str | None = None,
    representation: str = "impedance",
    against: str | None = None,
    decisions: Sequence[Decision] = (),
) -> Result:
    """Test every spectrum with the Kramers-Kronig relations.

    Parameters
    ----------
    series
        Spectra.
    window
        Lowest and highest frequency that is used: ``["0.1 Hz", "1 MHz"]``.
    limit
        Misfit that is forgiven, relative to |Z|: ``"0.7 %"`` by default.
    representation
        ``impedance``; ``admittance`` for cells that are stable at a controlled voltage only.
    against
        State that orders the spectra.
    decisions
        Points that a person uses or leaves out (field ``use``).

    Returns
    -------
    Result
        ``validity``: observables ``kramers_kronig_residual`` and ``noise`` (%); a choice for every failing point; data
        ``residuals`` (a row a point), ``spectra`` (a row a spectrum) and ``noise`` (a row a decade).

    Raises
    ------
    StudyError
        If an option is not understood.
    FitError
        If a measurement holds no spectrum.

    Notes
    -----
    Later steps take the points that are used here (`used_points`). The assumption that fails first: scatter independent from
    point to point. What a spectrum hides is not found: a change that is slow against the lowest frequency, and a smooth
    change at the end of the window, which a system with slower processes could answer as well.
    """
    return _validity(spectra_of(series, against=against, window=window), _settings(limit, representation), decisions)


def used_points(spectra: Sequence[Spectrum], validity: Result) -> tuple[Spectrum, ...]:
    """The same spectra with the points that the test, or a person, left out marked as unused."""
    return with_points(spectra, validity.data["residuals"])


def _step(given: Given) -> Result:
    spectra = spectra_of(given.series, against=given.options.get("against"), window=given.options.get("window"))
    settings = _settings(given.options.get("limit"), given.options.get("representation", "impedance"))
    return _validity(spectra, settings, given.decisions)


STEP = Step(
    "validity",
    _step,
    words=("window", "limit", "representation", "against"),
    decides={"use": USE},
    reads=True,
)


def _settings(limit: Any, representation: str) -> Settings:
    allowed = ("impedance", "admittance")
    if representation not in allowed:
        raise StudyError(f"representation is '{representation}'; {nearest(representation, allowed)}.")
    if limit is None:
        return Settings(representation=representation)
    value = parse(limit, what="limit")
    share = convert(value.value, value.unit, "1") if value.unit else math.nan
    if not 0 <= share < 0.5:
        raise StudyError(
            f"limit is '{limit}'; write the misfit that is forgiven as a share of |Z|, for instance 0.7 %."
        )
    return Settings(representation=representation, limit=share)


def _validity(spectra: Sequence[Spectrum], settings: Settings, decisions: Sequence[Decision]) -> Result:
    people = [decided_points(one, decisions) for one in spectra]
    checks = [_checked(one, ~left_out, settings) for one, (left_out, _, _) in zip(spectra, people, strict=True)]
    observables, quality, choices, rows, table, noise = [], [], [], [], [], []
    flags: dict[str, list[Flag]] = {}
    known: set[str] = set()
    for spectrum, check, (left_out, taken_back, told) in zip(spectra, checks, people, strict=True):
        failing = check.failing & ~taken_back
        choices += _choices(spectrum, check, told, settings)
        rows.append(_residuals(spectrum, check, (check.used & ~failing & ~left_out) | taken_back))
        table.append(_row(spectrum, check))
        noise += [
            about(spectrum) | {"low": one.low, "high": one.high, "noise": 100 * one.noise, "points": one.points}
            for one in check.noise_regions
        ]
        observables += _observables(spectrum, check)
        quality.append(_quality(spectrum, check))
        flags.setdefault(spectrum.sample.name, []).extend(_flag(spectrum, check))
        known |= told.keys()
    for name, own in by_specimen(spectra).items():
        mine = [check for one, check in zip(spectra, checks, strict=True) if one.sample.name == name]
        flags[name] += along_series(own, mine, settings.limit) + common_residuals(own, mine)
        flags[name] += words_of_decisions(own, decisions, known)
    options = {"limit": settings.limit, "representation": settings.representation, "level": settings.level}
    words = METHODS.format(level=100 * settings.level, limit=100 * settings.limit)
    return result(
        "validity",
        observables,
        data={"residuals": pl.concat(rows), "spectra": pl.DataFrame(table), "noise": _noise_table(noise)},
        quality=quality,
        record=how("linear Kramers-Kronig, evidence", options, words, (BOUKAMP,)),
        choices=choices,
        flags=flags,
    )


def _checked(spectrum: Spectrum, allowed: NDArray[np.bool_], settings: Settings) -> Check:
    used = spectrum.used & allowed
    return kramers_kronig(spectrum.frequency, spectrum.impedance, used=used, time=spectrum.time, settings=settings)[0]


def _choices(spectrum: Spectrum, check: Check, told: dict[str, Choice], settings: Settings) -> list[Choice]:
    made = [
        point_choice(spectrum, check, int(k), settings)
        for k in np.flatnonzero(check.failing)
        if spectrum.point(int(k)) not in told
    ]
    return made + list(told.values())


def _residuals(spectrum: Spectrum, check: Check, used: NDArray[np.bool_]) -> pl.DataFrame:
    count = spectrum.frequency.size
    return pl.DataFrame(
        {
            **{name: [value] * count for name, value in about(spectrum).items()},
            "point": np.arange(count), "frequency": spectrum.frequency, "residual_real": 100 * check.residuals.real,
            "residual_imaginary": 100 * check.residuals.imag, "chance": check.chance, "used": used,
            "failing": check.failing, "verdict": [check.verdict] * count,
        }
    )  # fmt: skip


def _row(spectrum: Spectrum, check: Check) -> dict[str, object]:
    return about(spectrum) | {
        "verdict": check.verdict, "points": int(check.used.sum()), "failing": int(check.failing.sum()),
        "misfit": 100 * check.misfit, "noise": 100 * check.noise, "noise_constant": check.noise_terms[0],
        "noise_relative": 100 * check.noise_terms[1], "shape_probability": check.shape, "smooth_misfit": 100 * check.size,
        "drift": 100 * check.drift, "drift_std": 100 * check.drift_std, "drift_probability": check.drift_chance,
    }  # fmt: skip


def _noise_table(rows: list[dict[str, object]]) -> pl.DataFrame:
    types = {
        "sample": pl.String, "variant": pl.String, "spectrum": pl.String, "number": pl.Int64, "state": pl.String,
        "state_value": pl.Float64, "state_unit": pl.String, "low": pl.Float64, "high": pl.Float64, "noise": pl.Float64,
        "points": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=types)


def _observables(spectrum: Spectrum, check: Check) -> list[Any]:
    method = "linear Kramers-Kronig"
    if check.verdict == "undecided":
        flag = "too few points for the test"
        return [
            observable(spectrum, name, None, "%", {}, method=method, flag=flag)
            for name in ("kramers_kronig_residual", "noise")
        ]
    spread = 1 / math.sqrt(2 * max(check.freedom, 1.0))
    source = f"noise:{spectrum.name}/kramers_kronig"
    flag = "" if check.verdict == "passes" else check.verdict
    return [
        observable(
            spectrum, name, 100 * value, "%", {source: 100 * value * spread}, method=method, flag=flag if name != "noise" else ""
        )
        for name, value in (("kramers_kronig_residual", check.misfit), ("noise", check.noise))
    ]  # fmt: skip


def _quality(spectrum: Spectrum, check: Check) -> QualityRow:
    # A spectrum that fails was tested all the same: what was found is a flag, and stands with every number of the spectrum.
    tested = check.verdict != "undecided"
    return spectrum.sample.name, "validity", tested, "" if check.verdict == "passes" else _sentence(spectrum, check)


def _flag(spectrum: Spectrum, check: Check) -> list[Flag]:
    if check.verdict == "passes":
        return []
    code, severity = _VERDICTS[check.verdict]
    return [Flag(code, _sentence(spectrum, check), spectrum.target, "note" if severity == "note" else "warning")]


def _sentence(spectrum: Spectrum, check: Check) -> str:
    """What was found in one spectrum, in words with numbers."""
    who = described(spectrum)
    if check.verdict == "undecided":
        return f"{who}: {int(check.used.sum())} points are too few for a Kramers-Kronig test."
    bad = spectrum.frequency[check.failing]
    points = ", ".join(f"{value:.3g}" for value in bad)
    left = (
        f"{bad.size} points that the others contradict ({points} Hz)" if bad.size > 1 else f"one point at {points} Hz"
    )
    if check.verdict == "fails at points":
        return f"{who} passes the Kramers-Kronig test without {left}."
    if check.verdict == "drifts":
        return (
            f"{who} changed by {100 * check.drift:.1f} +- {100 * check.drift_std:.1f} % during the sweep: its slow processes "
            f"are measured in another state than its fast ones."
        )
    if bad.size > 2:
        return (
            f"{who} fails the Kramers-Kronig test: residual {100 * check.misfit:.1f} % of |Z| at a noise of "
            f"{100 * check.noise:.2f} %; {left}. The cell was not steady, or the instrument was out of range there."
        )
    return (
        f"{who} fails the Kramers-Kronig test: a smooth misfit of up to {100 * check.size:.1f} % of |Z| at a noise of "
        f"{100 * check.noise:.2f} %, which no linear, steady cell gives."
    )


__all__ = ["MOVES", "STEP", "used_points", "validate"]
