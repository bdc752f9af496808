"""What does a study get of cycling without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Choice, Result, Series
from interlith.techniques.cycling.derivative import differential
from interlith.techniques.cycling.fade import fade
from interlith.techniques.cycling.plateau import plateau_share
from interlith.techniques.cycling.rates import rate_table
from interlith.techniques.cycling.retention import retention
from interlith.techniques.cycling.summary import summarise
from interlith.techniques.cycling.titration import diffusion

#: Words under ``analyses: cycling:`` in `study.yaml`.
OPTIONS = {
    "reference_cycle": "Own number of the cycle that counts as 100 % of the retention; by default the first at the usual rate.",
    "exclude_rate": "C-rate of check-up cycles to leave out of retention and decay, for instance C/10.",
    "normalise": "Basis of capacities: active_mass, area or none.",
    "fade_window": "First and last own cycle number of the decay, for instance [10, 200].",
    "rate_blocks": "Blocks of a rate test, for instance [{cycles: 1-5, rate: C/10}, {cycles: 6-10, rate: C/5}].",
    "plateau": "Share of a charge above a voltage: {split: 4.45 V, split_std: 0.02 V, cycle: 1, direction: charge}.",
    "dqdv": "dQ/dV: {cycles: [1, 10, 100], resolution: 5 mV}; off leaves it out.",
    "titration": "GITT: {particle_radius: 5 +- 1 um}, or molar_volume, molar_mass and contact_area.",
}
_PLATEAU = ("split", "split_std", "cycle", "direction")
_DQDV = ("cycles", "points", "resolution", "charge_share", "gate")
_TITRATION = ("particle_radius", "molar_volume", "molar_mass", "contact_area")


def analyse(series: Series, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Everything the report shows of cycling.

    Without asking: summary, retention, fade, dQ/dV and, where the currents are those of one, the rate test. On request:
    plateau share and GITT. What nobody asked for and the data do not hold is left out without a word; what was asked
    for and fails stands in the quality of its result.

    Parameters
    ----------
    series
        Measurements of cells.
    options
        Words of ``analyses: cycling:`` in `study.yaml`, see `OPTIONS`.

    Raises
    ------
    StudyError
        If a word under an option is unknown.
    """
    summary = summarise(series, normalise=str(options.get("normalise", "active_mass")))
    if not summary.table.height:
        return (summary,)
    excluded = options.get("exclude_rate")
    lines = fade(
        summary,
        reference_cycle=options.get("reference_cycle"),
        exclude_rate=excluded,
        window=None if "fade_window" not in options else tuple(options["fade_window"]),
    )
    later = [
        _asked(_retention(summary, lines, options), "reference_cycle" in options),
        _asked(lines, "fade_window" in options),
        _asked(rate_table(summary, blocks=options.get("rate_blocks")), "rate_blocks" in options),
    ]
    if options.get("dqdv") not in (False, "off"):
        words = _words(options.get("dqdv") or {}, "dqdv", _DQDV)
        later.append(_asked(differential(summary, **words), "dqdv" in options))
    if "plateau" in options:
        later.append(plateau_share(summary, **_words(options["plateau"], "plateau", _PLATEAU)))
    if "titration" in options:
        later.append(diffusion(summary, series=series, **_words(options["titration"], "titration", _TITRATION)))
    return (summary, *(item for item in later if item is not None))


def _asked(result: Result | None, asked: bool) -> Result | None:
    """Keep what was asked for as it is; of the rest, what the data hold, without its refusals."""
    if result is None or asked:
        return result
    if not result.table.height:
        return None
    return replace(result, quality=result.quality.filter("ok"))


def _retention(summary: Result, lines: Result, options: Mapping[str, Any]) -> Result | None:
    """Retention relative to the declared cycle, else to the first at the usual rate that all cells have."""
    declared = options.get("reference_cycle")
    if declared is not None:
        return retention(summary, reference_cycle=int(declared), exclude_rate=options.get("exclude_rate"))
    known = lines.data["lines"]
    if known.is_empty():
        return None
    starts = known.filter(pl.col("of") == "capacity").get_column("reference_cycle").drop_nulls().to_list()
    if not starts:
        return None
    usual, others = max(starts), sorted(set(starts) - {max(starts)})
    try:
        found = retention(summary, reference_cycle=usual, exclude_rate=options.get("exclude_rate"))
    except FitError:
        return None
    choice = Choice(
        "cycling", "reference_cycle", str(usual), str(others[0] if others else usual + 1), 0.5,
        ("capacity_retention",),
        f"no reference_cycle is declared; cycle {usual} is the first that every cell has at its usual rate.",
    )  # fmt: skip
    return replace(found, choices=(choice, *found.choices))


def _words(given: Any, option: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The words under one option, checked.

    Raises
    ------
    StudyError
        If they are no mapping, or one is unknown.
    """
    if not isinstance(given, Mapping):
        raise StudyError(f"analyses: cycling: {option} is '{given}'; write words in braces: {OPTIONS[option]}")
    for word in given:
        if word not in allowed:
            raise StudyError(f"analyses: cycling: {option}: '{word}' is unknown; {nearest(str(word), allowed)}.")
    return dict(given)


VERBS: dict[str, Callable[..., Result]] = {
    "summarise": summarise,
    "retention": retention,
    "fade": fade,
    "rate_table": rate_table,
    "plateau_share": plateau_share,
    "differential": differential,
    "diffusion": diffusion,
}
