"""What stands beside our distribution of relaxation times in that of another program?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from interlith.errors import StudyError
from interlith.model import Figure, Finding, Line, Panel, Result, Series
from interlith.workbench.discovery import techniques
from interlith.workbench.methods.distributions import Apart, Curve, PeakOf, apart, peaks_of
from interlith.workbench.methods.evaluations import Answer, Asked
from interlith.workbench.methods.evidence import SUMMARY
from interlith.workbench.methods.spectra import Place, place_of

_TIMES = ("time_constant", "tau")
_GAMMAS = ("gamma", "density", "distribution")
KIND = "compare_distributions"


def distribution_answer(result: Result, row: Mapping[str, Any], places: Sequence[Place], asked: Asked) -> Answer:
    """A distribution of another program beside ours of the same spectrum.

    Parameters
    ----------
    result, row
        External result of an impedance program, and the row of its ``evaluations``.
    places
        Spectra that come into question.
    asked
        How to compare.

    Raises
    ------
    StudyError
        If the spectrum cannot be told, or there is no distribution of ours.
    """
    import polars as pl

    program = f"{row['program']} {row['version']}".strip()
    place, told = place_of(
        places, raw=row["raw"], number=asked.spectrum or row["spectrum"], carried=None, program=program
    )
    frame = result.data["distributions"].filter(pl.col("evaluation") == row["evaluation"])
    theirs = Curve(frame.get_column("time_constant").to_numpy(), frame.get_column("gamma").to_numpy())
    ours = our_curve(place)
    if row["discrete"]:
        return Answer(_peaks_only(ours, theirs, program, place, told))
    found = apart(ours, theirs)
    return Answer(_findings(found, program, place, told, asked.level), (), _figure(ours, theirs, program, place, asked))


def our_curve(place: Place) -> Curve:
    """Our distribution of a spectrum, from the verb ``drt`` of the technique.

    Raises
    ------
    StudyError
        If there is no such verb, or its result holds no curve.
    """
    technique = techniques().get("impedance")
    verb = technique.verbs.get("drt") if technique is not None else None
    if verb is None or place.measurement is None:
        raise StudyError(
            f"{place.spectrum.target}: there is no distribution of ours to compare with; hand over the result of il.impedance.drt."
        )
    curve = curve_in(verb(Series((place.measurement,))))
    if curve is None:
        raise StudyError(f"{place.spectrum.target}: the result of il.impedance.drt holds no curve.")
    return curve


def curve_in(result: Result) -> Curve | None:
    """The curve in a result: the first table with a time constant and gamma."""
    for frame in result.data.values():
        columns = getattr(frame, "columns", ())
        time = next((name for name in _TIMES if name in columns), None)
        gamma = next((name for name in _GAMMAS if name in columns), None)
        if time is not None and gamma is not None:
            band = ("low", "high") if {"low", "high"} <= set(columns) else ()
            table = frame.select(time, gamma, *band).sort(time)
            return Curve(*(table.get_column(name).to_numpy() for name in table.columns))
    return None


def _findings(found: Apart, program: str, place: Place, told: tuple[str, ...], level: float) -> tuple[Finding, ...]:
    ours, theirs = found.areas
    both = sum(pair[0] is not None and pair[1] is not None for pair in found.peaks)
    text = (
        f"The distributions of {program} and ours of {place.spectrum.target} differ by {100 * found.distance:.3g} % (relative L2, "
        f"{found.low:.2g} s to {found.high:.2g} s); their area is {theirs:.4g} ohm, ours {ours:.4g} ohm; {both} of {len(found.peaks)} "
        "peaks are in both."
    )
    if found.outside:
        text += f" {found.outside} more lie outside that range."
    if found.convention:
        text += f" They agree much better if {found.convention}."
    if found.inside is not None:
        text += f" Theirs lies inside our 95 % band over {100 * found.inside:.0f} % of the range."
    notes = (*told, "A distribution depends on its regularisation: a difference of curves is no disagreement of data.")
    details: dict[str, float | int | str | None] = {
        "program": program, "distance": found.distance, "area_ours": ours, "area_external": theirs, "peaks_in_both": both,
        "convention": found.convention or None, "inside_our_band": found.inside,
    }  # fmt: skip
    summary = Finding(
        SUMMARY, text, "descriptive", "relaxation_distribution", found.distance, level=level, unit="1", caveats=notes,
        details=details,
    )  # fmt: skip
    return (summary, *(_peak(pair, program) for pair in found.peaks))


def _peak(pair: tuple[PeakOf | None, PeakOf | None], program: str) -> Finding:
    ours, theirs = pair
    if ours is not None and theirs is not None:
        decades = math.log10(theirs.time_constant / ours.time_constant)
        text = (
            f"Peak at {ours.time_constant:.3g} s with {ours.area:.4g} ohm: {program} has it at {theirs.time_constant:.3g} s "
            f"({decades:+.2f} decades) with {theirs.area:.4g} ohm."
        )
    else:
        only = ours or theirs or PeakOf(math.nan, math.nan, math.nan)
        owner, other = ("ours", program) if ours is not None else (program, "ours")
        text = f"Peak at {only.time_constant:.3g} s with {only.area:.4g} ohm of {owner} has no counterpart in {other}."
        decades = math.nan
    details: dict[str, float | int | str | None] = {
        "time_constant_ours": ours.time_constant if ours else None, "area_ours": ours.area if ours else None,
        "time_constant_external": theirs.time_constant if theirs else None, "area_external": theirs.area if theirs else None,
        "decades": None if math.isnan(decades) else decades,
    }  # fmt: skip
    return Finding(KIND, text, "descriptive", "relaxation_peak", details=details)


def _peaks_only(ours: Curve, theirs: Curve, program: str, place: Place, told: tuple[str, ...]) -> tuple[Finding, ...]:
    """An export that lists peaks: their places beside ours; heights say nothing of areas."""
    tops = peaks_of(ours)
    text = (
        f"{program} lists {len(theirs.gamma)} peaks of {place.spectrum.target}, we find {len(tops)}. Only places are compared: a "
        "height depends on the regularisation, an area is not in the export."
    )
    found = [
        Finding(SUMMARY, text, "descriptive", "relaxation_distribution", caveats=told, details={"program": program})
    ]
    for time in theirs.time_constant:
        near = min(tops, key=lambda top: abs(math.log(top.time_constant / time)), default=None)
        decades = None if near is None else math.log10(time / near.time_constant)
        words = (
            "ours has no peak"
            if near is None or decades is None
            else f"the nearest of ours is at {near.time_constant:.3g} s ({decades:+.2f} decades)"
        )
        found.append(Finding(
            KIND, f"{program} has a peak at {time:.3g} s; {words}.", "descriptive", "relaxation_peak",
            details={"time_constant_external": float(time), "decades": decades},
        ))  # fmt: skip
    return tuple(found)


def _figure(ours: Curve, theirs: Curve, program: str, place: Place, asked: Asked) -> Figure:
    lines = tuple(
        Line(np.asarray(one.time_constant), np.asarray(one.gamma), label, variant=label)
        for one, label in ((ours, "ours"), (theirs, program))
    )
    return Figure(
        asked.name, f"Distributions of {program} and ours",
        f"Distribution of relaxation times of {place.spectrum.target}, per e-fold of time constant.",
        (Panel("Time constant / s", "Gamma / ohm", lines, log_x=True),), simulated=asked.simulated,
    )  # fmt: skip
