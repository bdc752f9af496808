"""What does a person ask for when patterns are refined, and what comes back?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from interlith.crystal.phases import phases
from interlith.crystal.structure import Structure
from interlith.errors import FitError, StudyError, nearest
from interlith.model import Choice, Flag, Observable, Result, Series
from interlith.model.recording import QualityRow, Recorder
from interlith.techniques.diffraction.instruments import Known, known_instrument
from interlith.techniques.diffraction.refinement.amounts import Element
from interlith.techniques.diffraction.refinement.background import asked_of, chosen_background
from interlith.techniques.diffraction.refinement.chain import STARTS, Refined, Start
from interlith.techniques.diffraction.refinement.displacements import displacements_off
from interlith.techniques.diffraction.refinement.earlier import as_earlier
from interlith.techniques.diffraction.refinement.few import refined_after_few
from interlith.techniques.diffraction.refinement.leftover import (
    left_over,
    left_over_table,
    plausible,
    proposals,
    told_left_over,
)
from interlith.techniques.diffraction.refinement.members import Member, chosen_numbers, members_of
from interlith.techniques.diffraction.refinement.noticed import noticed as noticed_of
from interlith.techniques.diffraction.refinement.numbers import numbers_of
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.standards import Standard
from interlith.techniques.diffraction.refinement.tables import (
    curve_tables,
    model_tables,
    parameter_table,
    pattern_table,
)
from interlith.techniques.diffraction.refinement.texture import with_textures
from interlith.techniques.diffraction.refinement.unseen import with_seen_shapes

_RECORDER = Recorder("diffraction")
METHODS = (
    "Structures were refined against the whole pattern by weighted least squares: pseudo-Voigt lines after Thompson, Cox and Hastings with "
    "axial divergence after Finger, Cox and Jephcoat, Chebyshev background. Counts were weighted by the model, other intensities by their "
    "stated uncertainties. Standard uncertainties take neighbouring residuals as alike (Berar and Lelann)."
)


def refine(
    series: Series, pattern: Pattern, *, start: str = "previous", only: str | Collection[int] | None = None,
    earlier: Result | None = None, skip: Collection[int] = (), against: str | None = None, element: Element | None = None,
    standard: Standard | None = None, offered: Sequence[Structure | str | Path] | None = None,
) -> Result:  # fmt: skip
    """Refine structures against one pattern or a series of them.

    Parameters
    ----------
    series
        Patterns, tables with ``two_theta`` and ``intensity``. One that was ordered along a state (``order_by``) is refined in that
        order as one chain, whosever the patterns are; otherwise each specimen is a chain of its own.
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
        State along which the series goes; by default that it was ordered by, or the likeliest one.
    element
        Share of an element in one phase that is asked for.
    standard
        What was weighed and mixed in: absolute shares follow, with what is amorphous.
    offered
        Crystals that may account for peaks that the phases leave over; shipped ones of the same elements by default. None is added
        by itself: the best is the runner-up of a choice.

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
    gathered = _Gathered()
    if not len(series):
        raise FitError("The series holds no pattern with two theta and intensity.")
    chains = {None: series} if series.axis is not None else {**series.by_sample()}
    for sample, part in chains.items():
        known = _known(earlier, sample)
        chain = refined_chain(
            part,
            as_earlier(pattern, earlier, sample),
            start,
            numbers,
            known,
            skip,
            against or series.axis,
            None if offered is None else phases(*offered),
            _costs(earlier, sample),
        )
        gathered.add(chain, element, standard)
    if not gathered.observables:
        why = next((f" {name}, {where}: {reason}" for name, where, _, reason in gathered.quality if reason), "")
        raise FitError(f"No pattern could be refined.{why}")
    return _RECORDER.result(
        "refine", gathered.observables, method="Rietveld refinement", options=_told(pattern, start), quality=gathered.quality,
        data={word: pl.concat(parts, how="diagonal_relaxed") for word, parts in gathered.tables.items()}, words=METHODS,
        flags=gathered.flags, choices=gathered.choices,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chain:
    """Patterns that were refined one after the other, what they share, and what was noticed and chosen."""

    setup: Setup
    refined: Sequence[Refined]
    flags: Sequence[Flag]
    choices: Sequence[Choice]
    left_over: pl.DataFrame


@dataclass(slots=True)
class _Gathered:
    """What the chains of a refinement come to together."""

    observables: list[Observable] = field(default_factory=list)
    quality: list[QualityRow] = field(default_factory=list)
    tables: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    flags: dict[str, tuple[Flag, ...]] = field(default_factory=dict)
    choices: list[Choice] = field(default_factory=list)

    def add(self, chain: Chain, element: Element | None, standard: Standard | None) -> None:
        """One chain."""
        setup, refined, noticed = chain.setup, chain.refined, chain.flags
        self.choices += chain.choices
        notes: dict[str, list[Flag]] = {}
        for one in refined:
            name, where = one.member.item.sample.name, f"pattern {one.member.number}"
            own = notes.setdefault(name, list(noticed))
            self.quality.append((name, where, one.good, one.reason))
            if one.good:
                said = numbers_of(setup, one, element=element, standard=standard)
                self.observables += said.observables
                own += [Flag("shares_not_told", text, where) for text in said.notes]
        curves, lines = curve_tables(setup, refined)
        structures, beam = model_tables(setup, refined)
        for word, table in (
            ("refined", pattern_table(refined)), ("parameters", parameter_table(refined)), ("curves", curves), ("reflections", lines),
            ("structures", structures), ("instrument", beam),
            ("left_over", chain.left_over),
        ):  # fmt: skip
            if table.width:
                self.tables.setdefault(word, []).append(table)
        for name, told in notes.items():
            self.flags[name] = (*told, *noticed_of([one for one in refined if one.member.item.sample.name == name]))


def refined_chain(
    series: Series, pattern: Pattern, start: str, numbers: Collection[int] | None, known: Mapping[int, Mapping[str, float]],
    skip: Collection[int], against: str | None, offered: Sequence[Structure] | None = None, before: Mapping[int, float] | None = None,
) -> Chain:  # fmt: skip
    """The patterns of a series refined in order; see `refine`."""
    members, flags = members_of(
        series, against=against, limits=pattern.limits, masks=pattern.masks, skip=skip, only=numbers
    )  # fmt: skip
    usable = [one for one in members if one.points is not None]
    if not usable:
        raise FitError(members[0].reason)
    found = known_instrument(pattern.instrument, usable[0].item.original_metadata, wavelength=pattern.wavelength)
    flags += [Flag("instrument_assumed", text, "", "note") for text in (*found.notes, *found.assumed)]
    word: Start = start  # type: ignore[assignment]
    terms, told = (pattern.background, None) if pattern.background else chosen_background(asked_of(usable))
    setup = setup_of(pattern, found, usable, terms)
    setup, refined, choices = refined_after_few(setup, members, told, word, known, before)
    if any(one.texture == "auto" for one in pattern.phases):
        setup, refined, judged = with_textures(setup, refined)
        choices += judged
    if start != "fresh":
        refined = with_seen_shapes(setup, refined)
    flags += displacements_off(setup, refined)
    left = left_over(refined)
    if left:
        choices += proposals(setup, refined, left, plausible(setup) if offered is None else offered)
        flags.append(Flag("peaks_left_over", told_left_over(left), f"pattern {left[0].number}"))
    return Chain(setup, refined, flags, choices, left_over_table(refined, left))


def setup_of(pattern: Pattern, known: Known, members: Sequence[Member], background: int) -> Setup:
    """What all patterns of a series share."""
    last = max(float(one.points.two_theta[-1]) for one in members if one.points is not None)
    return Setup(
        pattern, known.instrument, known.zero, known.widths_known, background, last, axial_known=known.axial_known
    )


def _known(earlier: Result | None, sample: str | None) -> dict[int, dict[str, float]]:
    """Values of names by pattern, of the good patterns of an earlier refinement; of one specimen or of a chain of all."""
    if earlier is None:
        return {}
    if not {"refined", "parameters"} <= earlier.data.keys():
        raise StudyError("earlier is no refinement; hand over the result of il.diffraction.refine.")
    mine = pl.lit(True) if sample is None else pl.col("sample") == sample
    good = earlier.data["refined"].filter(pl.col("good") & mine).get_column("pattern").to_list()
    rows = earlier.data["parameters"].filter(mine & pl.col("pattern").is_in(good))
    return {
        int(part.item(0, "pattern")): dict(
            zip(part.get_column("name").to_list(), part.get_column("value").to_list(), strict=True)
        )
        for part in rows.partition_by("pattern")
    }


def _costs(earlier: Result | None, sample: str | None) -> dict[int, float]:
    """Chi squared per degree of freedom by pattern, of the good patterns of an earlier refinement."""
    if earlier is None:
        return {}
    rows = earlier.data["refined"].filter(pl.col("good"))
    rows = rows if sample is None else rows.filter(pl.col("sample") == sample)
    return {int(number): float(size) ** 2 for number, size in rows.select("pattern", "goodness").iter_rows()}


def _told(pattern: Pattern, start: str) -> dict[str, Any]:
    return {"phases": list(pattern.names), "start": start, "limits": pattern.limits, "fixed": list(pattern.fixed)}
