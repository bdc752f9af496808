"""What does a study get of cycling without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from interlith.errors import FitError, InterlithError
from interlith.model import Choice, Result, Series
from interlith.techniques.cycling.derivative import AREA_SCHEMA, DQDV_SCHEMA, DVDQ_SCHEMA, PEAK_SCHEMA, differential
from interlith.techniques.cycling.fade import LINE_SCHEMA, POINT_SCHEMA, fade
from interlith.techniques.cycling.options import OPTIONS, check_options, is_off
from interlith.techniques.cycling.plateau import plateau_share
from interlith.techniques.cycling.rates import BLOCK_SCHEMA, rate_table
from interlith.techniques.cycling.retention import retention
from interlith.techniques.cycling.summary import how, quality_table, summarise
from interlith.techniques.cycling.titration import diffusion

__all__ = ["OPTIONS", "VERBS", "analyse", "check_options", "derive"]


#: Tables of an analysis that failed: what draws them finds their columns.
_EMPTY: dict[str, dict[str, Any]] = {
    "retention": {"left_out": {"sample": pl.String, "cycle": pl.Int64, "reason": pl.String}},
    "fade": {"points": POINT_SCHEMA, "lines": LINE_SCHEMA},
    "rate_table": {"blocks": BLOCK_SCHEMA},
    "differential": {"dqdv": DQDV_SCHEMA, "dvdq": DVDQ_SCHEMA, "peaks": PEAK_SCHEMA, "areas": AREA_SCHEMA},
}


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
        If a word or a value is not understood; nothing has been computed then.
    """
    check_options(options)
    given = {word: value for word, value in options.items() if value is not None}
    summary = summarise(series, normalise=str(given.get("normalise", "active_mass")))
    if not summary.table.height:
        return (summary,)
    kept, lines = _loss(summary, given)
    table = _attempt("rate_table", summary, lambda: rate_table(summary, blocks=given.get("rate_blocks")))
    later = [
        _asked(kept, "reference_cycle" in given),
        _asked(lines, "fade_window" in given),
        _asked(table, "rate_blocks" in given),
    ]
    if not is_off(given.get("dqdv")):
        peaks = _attempt("differential", summary, lambda: differential(summary, **_words(given.get("dqdv"))))
        later.append(_asked(peaks, "dqdv" in given))
    if "plateau" in given:
        share = _attempt("plateau_share", summary, lambda: plateau_share(summary, **_words(given["plateau"])))
        later.append(share)
    if "titration" in given:
        pulses = _attempt("diffusion", summary, lambda: diffusion(summary, series=series, **_words(given["titration"])))
        later.append(pulses)
    return (summary, *(item for item in later if item is not None))


def derive(summary: Result, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Retention and decay of a summary, as `analyse` makes them; nothing for another result.

    Raises
    ------
    StudyError
        If a word or a value of the options is not understood.
    """
    check_options(options)
    if summary.name != "summary" or not summary.table.height:
        return ()
    found = _loss(summary, {word: value for word, value in options.items() if value is not None})
    return tuple(item for item in found if item is not None)


def _loss(summary: Result, given: Mapping[str, Any]) -> tuple[Result | None, Result]:
    window = given.get("fade_window")
    lines = _attempt("fade", summary, lambda: fade(
        summary, reference_cycle=given.get("reference_cycle"), exclude_rate=given.get("exclude_rate"),
        window=None if window is None else (window[0], window[1]),
    ))  # fmt: skip
    return _retention(summary, lines, given), lines


def _attempt(name: str, summary: Result, run: Callable[[], Result]) -> Result:
    """What an analysis gives; where it cannot be made, a result without rows whose quality says why."""
    try:
        return run()
    except InterlithError as error:
        return _failed(name, summary, str(error))


def _failed(name: str, summary: Result, reason: str) -> Result:
    """A result without rows: one step failed, the others stand."""
    samples = summary.table.get_column("sample").unique(maintain_order=True).to_list()
    rows = [{"sample": sample, "step": name.replace("_", " "), "ok": False, "reason": reason} for sample in samples]
    data = {table: pl.DataFrame(schema=schema) for table, schema in _EMPTY.get(name, {}).items()}
    return Result(
        technique="cycling", name=name, table=summary.table.clear(), data=data, quality=quality_table(rows),
        how=how("none", {}, ""), flags=summary.flags,
    )  # fmt: skip


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
        return _attempt("retention", summary, lambda: retention(
            summary, reference_cycle=declared, exclude_rate=options.get("exclude_rate")
        ))  # fmt: skip
    known = lines.data.get("lines")
    if known is None or known.is_empty():
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


def _words(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The words under one option that have a value; a split without one is looked for in the curve."""
    return {word: value for word, value in (given or {}).items() if value is not None or word == "split"}


VERBS: dict[str, Callable[..., Result]] = {
    "summarise": summarise,
    "retention": retention,
    "fade": fade,
    "rate_table": rate_table,
    "plateau_share": plateau_share,
    "differential": differential,
    "diffusion": diffusion,
}
