"""What does a person ask for when patterns are refined, and what comes back?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Flag, Observable, Result, Series
from interlith.model.recording import QualityRow, Recorder
from interlith.techniques.diffraction.instruments import Known, known_instrument
from interlith.techniques.diffraction.refinement.amounts import Element
from interlith.techniques.diffraction.refinement.chain import STARTS, Refined, Start, refined_series
from interlith.techniques.diffraction.refinement.members import Member, chosen_numbers, members_of
from interlith.techniques.diffraction.refinement.numbers import numbers_of
from interlith.techniques.diffraction.refinement.one import Fitted
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.quality import FAR, not_fixed
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.tables import curve_tables, parameter_table, pattern_table

_RECORDER = Recorder("diffraction")
METHODS = (
    "Structures were refined against the whole pattern by weighted least squares: pseudo-Voigt lines after Thompson, Cox and Hastings with "
    "axial divergence after Finger, Cox and Jephcoat, Chebyshev background. Counts were weighted by the model, other intensities by their "
    "stated uncertainties. Standard uncertainties take neighbouring residuals as alike (Berar and Lelann)."
)
#: Correlation beyond which two names are hardly told apart.
_HARDLY = 0.995


def refine(
    series: Series, pattern: Pattern, *, start: str = "previous", only: str | Collection[int] | None = None,
    earlier: Result | None = None, skip: Collection[int] = (), against: str | None = None, element: Element | None = None,
) -> Result:  # fmt: skip
    """Refine structures against one pattern or a series of them.

    Parameters
    ----------
    series
        Patterns of one specimen: tables with ``two_theta`` and ``intensity``, in order.
    pattern
        Phases, instrument, background and what of them moves.
    start
        ``previous`` (forward): each from the last good one; ``backward``; ``fresh``: each by itself; ``nearest-good``: from the
        nearest good one of `earlier` or of this refinement.
    only
        Numbers of the patterns that are refined, from 0: ``812:840`` or a list.
    earlier
        A refinement of the same series, whose good patterns may start others.
    skip
        Numbers of patterns left out.
    against
        State along which the series goes; the likeliest one by default.
    element
        Share of an element in one phase that is asked for.

    Returns
    -------
    Result
        Observables of every good pattern, named after its phases: ``LNMO_cell_a`` (angstrom), ``LNMO_cell_volume`` (angstrom^3),
        ``LNMO_crystallite_size`` (nm), ``LNMO_microstrain``, ``LNMO_weight_fraction``, ``LNMO_mole_fraction``, and ``element_fraction``.
        `data`: ``refined`` (a row a pattern: residuals, what was held, what the data cannot tell apart), ``parameters`` (value, standard
        uncertainty as stated and inflated, of every name), ``curves`` and ``reflections``. `quality`: each pattern, and why it failed.

    Raises
    ------
    FitError
        If there is no pattern, or none could be refined.
    StudyError
        If a word is not understood, the wavelength is unknown, or a name is that of no parameter.

    Notes
    -----
    The assumption that fails first: that the phases given are all there are.

    References
    ----------
    Rietveld 1969, 10.1107/S0021889869006558. Thompson, Cox and Hastings 1987, 10.1107/S0021889887087090. Berar and Lelann 1991,
    10.1107/S0021889890008391.
    """
    if start not in STARTS:
        raise StudyError(f"start is '{start}'; {nearest(start, STARTS)}.")
    numbers = chosen_numbers(only) if isinstance(only, str) else only
    made: list[Observable] = []
    quality: list[QualityRow] = []
    tables: dict[str, list[pl.DataFrame]] = {"refined": [], "parameters": [], "curves": [], "reflections": []}
    flags: dict[str, tuple[Flag, ...]] = {}
    for name, part in series.by_sample().items():
        done = _specimen(part, pattern, start, numbers, _known(earlier, name), skip, against)
        setup, refined, noticed = done
        notes = list(noticed)
        for one in refined:
            quality.append((name, f"pattern {one.member.number}", one.good, one.reason))
            if one.good:
                said = numbers_of(setup, one, element=element)
                made += said.observables
                notes += [Flag("shares_not_told", text, f"pattern {one.member.number}") for text in said.notes]
        curves, lines = curve_tables(name, setup, refined)
        for word, table in (
            ("refined", pattern_table(name, refined)), ("parameters", parameter_table(name, refined)), ("curves", curves),
            ("reflections", lines),
        ):  # fmt: skip
            if table.width:
                tables[word].append(table)
        flags[name] = (*notes, *_noticed(refined))
    if not made:
        raise FitError(next((row[3] for row in quality if row[3]), "No pattern could be refined."))
    data = {word: pl.concat(parts, how="diagonal_relaxed") for word, parts in tables.items() if parts}
    return _RECORDER.result(
        "refine",
        made,
        method="Rietveld refinement",
        options=_told(pattern, start),
        quality=quality,
        data=data,
        words=METHODS,
        flags=flags,
    )


def _specimen(
    series: Series, pattern: Pattern, start: str, numbers: Collection[int] | None, known: Mapping[int, Mapping[str, float]],
    skip: Collection[int], against: str | None,
) -> tuple[Setup, list[Refined], list[Flag]]:  # fmt: skip
    members, flags = members_of(
        series, against=against, limits=pattern.limits, masks=pattern.masks, skip=skip, only=numbers
    )  # fmt: skip
    usable = [one for one in members if one.points is not None]
    if not usable:
        raise FitError(members[0].reason)
    found = known_instrument(pattern.instrument, usable[0].item.original_metadata, wavelength=pattern.wavelength)
    setup = setup_of(pattern, found, usable)
    flags += [Flag("instrument_assumed", text, "", "note") for text in (*found.notes, *found.assumed)]
    word: Start = start  # type: ignore[assignment]
    return setup, refined_series(setup, members, start=word, known=known), flags


def setup_of(pattern: Pattern, known: Known, members: Sequence[Member]) -> Setup:
    """What all patterns of a series share."""
    last = max(float(one.points.two_theta[-1]) for one in members if one.points is not None)
    return Setup(pattern, known.instrument, known.zero, known.widths_known, pattern.background or 8, last)


def _known(earlier: Result | None, sample: str) -> dict[int, dict[str, float]]:
    """Values of names by pattern, of the good patterns of an earlier refinement."""
    if earlier is None:
        return {}
    if not {"refined", "parameters"} <= earlier.data.keys():
        raise StudyError("earlier is no refinement; hand over the result of il.diffraction.refine.")
    good = earlier.data["refined"].filter(pl.col("good") & (pl.col("sample") == sample)).get_column("pattern").to_list()
    rows = earlier.data["parameters"].filter((pl.col("sample") == sample) & pl.col("pattern").is_in(good))
    return {
        int(part.item(0, "pattern")): dict(
            zip(part.get_column("name").to_list(), part.get_column("value").to_list(), strict=True)
        )
        for part in rows.partition_by("pattern")
    }


def _noticed(refined: Sequence[Refined]) -> list[Flag]:
    """What a person must know of the refined patterns."""
    flags = []
    good = [one for one in refined if one.good and one.fitted is not None]
    fits = [one.fitted for one in good if one.fitted is not None]
    goodness = np.sqrt([max(one.reduced_cost, 0.0) for one in fits])
    far = (goodness < FAR[0]) | (goodness > FAR[1])
    if far.any():
        said = (
            f"Goodness of fit is far from 1 in {int(far.sum())} of {len(fits)} patterns (median {np.median(goodness[far]):.2f}): standard "
            "uncertainties by the stated weights are not to be trusted; those given are widened for residuals that run together."
        )
        flags.append(Flag("goodness_far_from_one", said))
    named: dict[str, int] = {}
    hardly: dict[str, int] = {}
    for one in fits:
        groups = not_fixed(one)
        for group in groups:
            text = " and ".join(group)
            named[text] = named.get(text, 0) + 1
        for text in _hardly(one, {name for group in groups for name in group}):
            hardly[text] = hardly.get(text, 0) + 1
    for text, count in named.items():
        flags.append(Flag("not_identified", f"The data do not fix {text} ({_of(count, len(fits))}).", text))
    for text, count in hardly.items():
        flags.append(
            Flag("hardly_told_apart", f"The data hardly tell {text} apart ({_of(count, len(fits))}).", text, "note")
        )
    return flags


def _hardly(fitted: Fitted, known: Collection[str]) -> list[str]:
    spread = np.sqrt(np.maximum(np.diag(np.where(np.isfinite(fitted.covariance), fitted.covariance, 0.0)), 0.0))
    unit = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    alike = np.where(np.isfinite(fitted.covariance), fitted.covariance, 0.0) * unit[:, None] * unit
    rows, columns = np.nonzero(np.triu(np.abs(alike), 1) > _HARDLY)
    names = fitted.model.names
    return [
        f"{names[row]} and {names[column]}"
        for row, column in zip(rows, columns, strict=True)
        if not names[row].startswith("background_") and not (names[row] in known and names[column] in known)
    ]


def _of(count: int, whole: int) -> str:
    return "one pattern" if whole == 1 else f"{count} of {whole} patterns"


def _told(pattern: Pattern, start: str) -> dict[str, Any]:
    return {"phases": list(pattern.names), "start": start, "limits": pattern.limits, "fixed": list(pattern.fixed)}
