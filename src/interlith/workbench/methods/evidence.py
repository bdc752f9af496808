"""How does a comparison of programs read: one finding a number, one for the whole, a table, and a figure?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from interlith.evidence.kernel import quantile
from interlith.evidence.wording import difference_unit, named, number
from interlith.model import Figure, Finding, Line, Observable, Panel
from interlith.model.figure import Band
from interlith.model.finding import Verdict
from interlith.workbench.methods.causes import Cause
from interlith.workbench.methods.numbers import VERDICTS, Compared, Word

KIND, SUMMARY = "compare_methods", "compare_methods_summary"
SAME_DATA = "Both programs evaluated the same noise, so their errors are not independent: the same method differs by rounding only."


@dataclass(frozen=True, slots=True)
class Comparison:
    """All numbers of one evaluation of another program beside ours.

    Parameters
    ----------
    program
        Its name.
    subject
        What was evaluated, in words: ``C5_01 at 4.7 V, circuit R0-(R1|Q1)``.
    pairs
        The numbers that both have.
    cause
        What the difference comes from, where it was looked for.
    alone
        Numbers of theirs that have no counterpart of ours.
    caveats
        Sentences that must stand beside it.
    same_data
        Whether both evaluated the same measurement.
    """

    program: str
    subject: str
    pairs: tuple[Compared, ...]
    cause: Cause | None = None
    alone: tuple[Observable, ...] = ()
    caveats: tuple[str, ...] = ()
    same_data: bool = True
    level: float = 0.95
    details: dict[str, float | int | str | None] = field(default_factory=dict)


def findings(one: Comparison) -> tuple[Finding, ...]:
    """The summary, then one finding a number."""
    return (_summary(one), *(_finding(pair, one) for pair in one.pairs))


def _finding(pair: Compared, one: Comparison) -> Finding:
    ours, half = pair.ours, quantile(one.level, math.inf)
    known = [std for std in (pair.own, pair.std) if math.isfinite(std)]
    spread = (max if one.same_data else math.hypot)(*known) if len(known) == 2 else math.inf
    unit = difference_unit(ours.unit)
    text = (
        f"{named(ours.quantity)} of {_where(ours)}: {one.program} gives {_stated(pair.value, pair.std)}{_tail(ours.unit)}, ours is "
        f"{_stated(ours.value or 0.0, pair.own)}{_tail(ours.unit)}; {_difference_words(pair, one.program)}: {pair.verdict}."
    )
    identities = tuple(item.id or f"{item.sample}/{item.quantity}" for item in (ours, pair.theirs))
    verdict = VERDICTS[pair.verdict]
    return Finding(
        KIND, text, verdict, ours.quantity, pair.difference, pair.difference - half * spread, pair.difference + half * spread,
        one.level, unit, supporting=identities if verdict == "supported" else (),
        opposing=identities if verdict == "contradicted" else (), caveats=(SAME_DATA,) if one.same_data else (),
        details={
            "sample": ours.sample, "verdict": pair.verdict, "ours": ours.value, "ours_std": pair.own, "external": pair.value,
            "external_std": pair.std, "over_our_error": pair.over_own, "error_ratio": pair.error_ratio,
            "printed_digit": pair.resolution or None, "program": one.program, "unit": ours.unit,
        },
    )  # fmt: skip


def _where(item: Observable) -> str:
    state = item.state
    if state is None or state.name == "spectrum":
        return item.sample
    return f"{item.sample} at {named(state.name)} {state.value:g}{_tail(state.unit)}"


def _tail(unit: str) -> str:
    return "" if unit in ("", "1") else f" {unit}"


def _stated(value: float, std: float) -> str:
    if not math.isfinite(std) or std <= 0:
        return f"{value:.6g}"
    if not 1e-3 <= abs(value) < 1e6 and value:
        # Few units of a constant phase are near one: digits of the error, in powers of ten.
        digits = max(1, min(9, 2 + math.floor(math.log10(abs(value))) - math.floor(math.log10(std))))
        return f"{value:.{digits - 1}e} +- {std:.1e}"
    return f"{number(value, std)} +- {number(std, std)}"


def _difference_words(pair: Compared, program: str) -> str:
    words = f"difference {pair.difference:.2g}{_tail(difference_unit(pair.ours.unit))}"
    if pair.over_own is not None:
        words += f", {pair.over_own:.2g} of our standard errors"
    ratio = pair.error_ratio
    if ratio is not None and not 0.9 <= ratio <= 1.1:
        whose = f"the error of {program}" if ratio > 1 else "our error"
        words += f"; {whose} is the larger, {max(ratio, 1 / ratio):.2g} times"
    return words


def _summary(one: Comparison) -> Finding:
    count: dict[Word, int] = {word: sum(pair.verdict == word for pair in one.pairs) for word in VERDICTS}
    judged = len(one.pairs) - count["held fixed"]
    words = ", ".join(f"{number} {word}" for word, number in count.items() if number)
    text = f"{one.program} and ours on {one.subject}: of {len(one.pairs)} numbers {words or 'none can be compared'}."
    if one.cause is not None and count["same"] < judged:
        text += f" {one.cause.sentence}"
    verdict: Verdict = "undecided"
    if count["different"] or (one.cause is not None and one.cause.kind == "misses"):
        verdict = "contradicted"
    elif judged and count["no error stated"] == 0:
        verdict = "supported"
    largest = max((pair.over_own for pair in one.pairs if pair.over_own is not None), default=None)
    alone = (
        [f"{len(one.alone)} numbers of theirs have no counterpart of ours: {_listed(one.alone)}."] if one.alone else []
    )
    details: dict[str, float | int | str | None] = {
        "program": one.program, "compared": len(one.pairs), **{word.replace(" ", "_"): number for word, number in count.items()},
        "largest_over_our_error": largest, "cause": one.cause.sentence if one.cause else None,
        "misfit_ours": one.cause.ours if one.cause else None, "misfit_external": one.cause.theirs if one.cause else None,
    }  # fmt: skip
    return Finding(
        SUMMARY, text, verdict, level=one.level, caveats=(*one.caveats, *alone), details=details | one.details,
    )  # fmt: skip


def _listed(items: Sequence[Observable]) -> str:
    names = list(dict.fromkeys(item.quantity for item in items))
    return ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")


HEADER = ("parameter", "unit", "ours", "theirs", "difference", "/ our error", "error ratio", "verdict")


def table(found: Sequence[Finding]) -> tuple[tuple[str, ...], ...]:
    """Rows under `HEADER` of the findings of numbers.

    Parameters
    ----------
    found
        Of `findings`; summaries are left out.
    """
    rows = []
    for one in found:
        if one.kind != KIND:
            continue
        details = {key: value for key, value in one.details.items()}
        ours, std, value, error = (_float(details[key]) for key in ("ours", "ours_std", "external", "external_std"))
        over, ratio = details["over_our_error"], details["error_ratio"]
        rows.append((
            one.quantity, str(details["unit"]), _stated(ours, std), _stated(value, error), f"{value - ours:.2g}",
            "" if over is None else f"{_float(over):.2g}", "" if ratio is None else f"{_float(ratio):.2g}", str(details["verdict"]),
        ))  # fmt: skip
    return tuple(rows)


def _float(value: float | int | str | None) -> float:
    return float(value) if value is not None else math.nan


def figure(one: Comparison, name: str, *, simulated: bool = False) -> Figure | None:
    """Differences over our standard errors, with their error where they state one; `None` where nothing can be drawn."""
    drawn = [pair for pair in one.pairs if pair.over_own is not None]
    if not drawn:
        return None
    places = np.arange(1.0, len(drawn) + 1)
    height = np.array([pair.difference / pair.own for pair in drawn])
    spread = np.array([pair.std / pair.own if math.isfinite(pair.std) else 0.0 for pair in drawn])
    half = quantile(one.level, math.inf)
    ends = np.array([0.5, len(drawn) + 0.5])
    label = f"{100 * one.level:.4g} % of our error alone"
    return Figure(
        name,
        f"{one.program} beside ours",
        f"{one.program} minus ours over our standard error, {one.subject}. Bars: one standard error as {one.program} states it. "
        "Both rest on the same noise, so that points scatter less than the band.",
        (
            Panel(
                "", "Difference / our standard error",
                (Line(places, height, one.program, variant=one.program, std=spread, style="points"),),
                (Band(ends, np.full(2, -half), np.full(2, half), label),),
                x_names=tuple((float(x), named(pair.ours.quantity)) for x, pair in zip(places, drawn, strict=True)),
            ),
        ),
        simulated=simulated,
    )  # fmt: skip
