"""How well does another program agree with us over all numbers of a quantity, and is it systematically higher or lower?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from scipy import stats

from interlith.evidence.wording import named
from interlith.model import Finding, Observable
from interlith.model.finding import Verdict


@dataclass(frozen=True, slots=True)
class Compared:
    """One pair: its finding, the program, the difference over its standard uncertainty and theirs over ours."""

    finding: Finding
    program: str
    z: float | None
    ratio: float | None


def summaries(compared: Sequence[Compared], alone: Sequence[Observable], level: float) -> list[Finding]:
    """One finding a program and quantity: how many agree, median |z|, systematic ratio with its interval.

    Parameters
    ----------
    compared
        All pairs.
    alone
        External numbers without a counterpart of ours.
    level
        Of the intervals.

    Notes
    -----
    Of true agreements 1 - level fall outside by chance; the verdict is contradicted only where more pairs disagree than
    that explains (binomial, at the same level). Pairs count as independent there, and a shared error of the other
    program makes them fail together: that too is disagreement, but its count says nothing of how many causes it has.
    The interval of the median ratio comes from order statistics and needs no distribution (at least 6 pairs at 95 %).
    """
    groups: dict[tuple[str, str], list[Compared]] = {}
    for item in compared:
        groups.setdefault((item.program, item.finding.quantity), []).append(item)
    return [_summary(program, quantity, items, alone, level) for (program, quantity), items in groups.items()]


def _summary(
    program: str, quantity: str, items: Sequence[Compared], alone: Sequence[Observable], level: float
) -> Finding:
    count = {word: sum(item.finding.verdict == word for item in items) for word in ("supported", "contradicted")}
    decided = sum(count.values())
    ratios = sorted(item.ratio for item in items if item.ratio is not None and item.ratio > 0)
    sizes = [item.z for item in items if item.z is not None]
    low, high = median_interval(ratios, level)
    apart = low is not None and high is not None and not low <= 1.0 <= high
    unmatched = sum(item.quantity == quantity and program in item.method for item in alone)
    words = f"{named(quantity)}: {count['supported']} of {len(items)} numbers of {program} agree with ours"
    words += f", {count['contradicted']} disagree, {len(items) - decided} without verdict"
    if ratios:
        between = f" ({100 * level:.4g} % interval {low:.5g} to {high:.5g})" if low is not None else ""
        words += f"; theirs over ours is {median(ratios):.5g}{between} in the median"
    return Finding(
        kind="agreement_summary",
        statement=f"{words}.",
        verdict=_verdict(count["contradicted"], decided, level),
        quantity=quantity,
        estimate=median(ratios) if ratios else None,
        low=low,
        high=high,
        level=level,
        unit="1" if ratios else "",
        caveats=_caveats(program, apart, median(ratios) if ratios else 1.0, unmatched),
        details={
            "program": program, "compared": len(items), "agree": count["supported"], "disagree": count["contradicted"],
            "without_verdict": len(items) - decided, "without_counterpart": unmatched,
            "median_z": median(sizes) if sizes else None, "median_ratio": median(ratios) if ratios else None,
        },
    )  # fmt: skip


def _verdict(contradicted: int, decided: int, level: float) -> Verdict:
    if decided == 0:
        return "undecided"
    chance = float(stats.binom.sf(contradicted - 1, decided, 1 - level)) if contradicted else 1.0
    return "contradicted" if chance < 1 - level else "supported"


def median_interval(ordered: Sequence[float], level: float) -> tuple[float | None, float | None]:
    """Interval of the median of a distribution from its ordered draws, by order statistics; `None` if there are too few."""
    n = len(ordered)
    rank = int(stats.binom.ppf((1 - level) / 2, n, 0.5)) if n else 0
    return (ordered[rank - 1], ordered[n - rank]) if rank > 0 else (None, None)


def _caveats(program: str, apart: bool, ratio: float, unmatched: int) -> tuple[str, ...]:
    words = []
    if apart:
        side = "higher" if ratio > 1 else "lower"
        words.append(f"{program} is systematically {side}, by {100 * abs(ratio - 1):.2g} % in the median.")
    if unmatched:
        words.append(
            f"{unmatched} further numbers of {program} have no counterpart of ours at the same sample and state."
        )
    return tuple(words)
