"""Between which two states does a refined phase first appear, and between which is it gone again?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Flag, Given, Observable, Result, Series, Step
from interlith.model.recording import Recorder
from interlith.numerics.first_appearance import Appearance, first_appearance
from interlith.techniques.diffraction.appearances import in_states

Array = NDArray[np.float64]

_RECORDER = Recorder("diffraction")
METHODS = (
    "A phase first appears within the interval of states that a likelihood ratio does not reject (95 %) for a share that grows from nothing, suddenly, evenly "
    "or slowly at first; the interval ends at the first share that stands out of the noise. The chance of a false alarm is 5 % over all phases of a specimen. "
    "That a share cannot be negative is allowed for. Where a phase goes away the same is asked of the series from its end."
)
_SHARE = "_weight_fraction"
#: A share below this ended at the bound 0.
_AT_BOUND = 1e-9
#: Normal deviate that 95 % lie below.
_ONE_SIDED = 1.6448536269514722
#: Patterns below which nothing is said.
_LEAST_KNOWN = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """One phase of one specimen, shape (n,): numbers of the patterns, states, shares, their standard uncertainty by counting and misfit, and
    that by misfit alone."""

    pattern: Array
    state: Array
    share: Array
    std: Array
    misfit: Array

    def backward(self) -> _Shares:
        """From the end, numbers rising again."""
        rest = (one[::-1] for one in (self.state, self.share, self.std, self.misfit))
        return _Shares(self.pattern[-1] - self.pattern[::-1], *rest)


def new_phases(refined: Result, *, names: tuple[str, ...] = ()) -> Result:
    """First and last appearances of phases in a refined series.

    Parameters
    ----------
    refined
        Of `interlith.techniques.diffraction.refinement.refining.refine`; with two phases or more.
    names
        Only these phases; all by default.

    Returns
    -------
    Result
        Observables ``<phase>_onset`` and ``<phase>_end`` in the unit of the state with the interval as bounds, for phases that were not
        there from the first pattern, or not to the last. `data`: ``appearances``, one row a phase and end.

    Raises
    ------
    StudyError
        If the result is no refinement with shares, or has no phase of a name.

    Notes
    -----
    Noise is the part of the uncertainty by counting and by misfit: causes that change all shares alike do not make a phase appear. Misfit gives
    a phase that is not there a share in all patterns, which no averaging takes away: a phase is told only if it stands out beyond 95 % of the misfit
    of every pattern, and its interval holds both what follows with that taken off and without. The assumption that fails first: that the misfit
    that is found is all there is; lines of a phase that nobody named are taken by others.
    """
    return run(Given(Series(()), results={"refine": (refined,)}, options={"names": names} if names else {}))


def run(given: Given) -> Result:
    """Appearances of the phases of all specimens of a refinement."""
    before = given.result("refine")
    if "refined" not in before.data:
        raise StudyError("new_phases asks for a refinement; hand over the result of il.diffraction.refine.")
    table = before.data["refined"]
    shares = [one for one in before.observables() if _is_share(one)]
    phases = list(dict.fromkeys(one.quantity.removesuffix(_SHARE) for one in shares))
    if not phases:
        raise StudyError("The refinement holds no shares; an appearance needs two phases or more with structures.")
    for name in given.options.get("names", ()):
        if name not in phases:
            raise StudyError(f"The refinement has no phase '{name}'; {nearest(name, phases)}.")
    wanted = given.options.get("names") or phases
    made: list[Observable] = []
    rows: list[Mapping[str, Any]] = []
    flags: dict[str, tuple[Flag, ...]] = {}
    quality: list[tuple[str, str, bool, str]] = []
    for sample in dict.fromkeys(one.sample for one in shares):
        own = [one for one in shares if one.sample == sample]
        count = len({one.fit for one in own if one.value is not None})
        if count < _LEAST_KNOWN and not given.options.get("names"):
            # Nobody asked for it: single patterns are no series that failed.
            said = f"An appearance needs {_LEAST_KNOWN} patterns with a share; there are {count}."
            flags[sample] = (Flag("new_phases", said, "", "note"),)
            continue
        found = []
        for name in wanted:
            try:
                ends = _ends(_shares(own, name, table, sample), len(phases))
            except FitError as error:
                quality.append((sample, f"new_phases, {name}", False, str(error)))
                continue
            quality.append((sample, f"new_phases, {name}", True, ""))
            found += [(name, word, row) for word, row in ends]
        rows += [{"sample": sample, "phase": name, "end": word, **row} for name, word, row in found]
        told = [_observable(own[0], name, word, row) for name, word, row in found if _is_told(row)]
        made += told
        open_ = [_open(name, word, row) for name, word, row in found if row["present"] and not _is_told(row)]
        said = " ".join([f"{len(told)} appearances and ends lie within the series.", *filter(None, open_)])
        flags[sample] = (Flag("new_phases", said, "", "note"),)
    return _RECORDER.result(
        "new_phases", made, method="likelihood of first appearance", options=given.options, quality=quality,
        data={"appearances": pl.DataFrame(rows, infer_schema_length=None)} if rows else {}, words=METHODS, flags=flags,
    )  # fmt: skip


def _is_share(one: Observable) -> bool:
    return one.quantity.endswith(_SHARE) and not one.quantity.endswith(f"_absolute{_SHARE}")


def _is_told(row: Mapping[str, Any]) -> bool:
    return bool(row["present"]) and row["low"] is not None and row["value"] is not None


def _open(name: str, word: str, row: Mapping[str, Any]) -> str:
    """What is known of a phase that may have been there from the first pattern, or to the last; empty where it certainly was."""
    if row["value"] is None or row["high"] is None:
        return ""
    if word == "onset":
        return f"{name} is there by {row['high']:g} at the latest, perhaps from the first pattern on."
    return f"{name} is there to {row['high']:g} at least, perhaps to the last pattern."


def _shares(own: Sequence[Observable], name: str, table: pl.DataFrame, sample: str) -> _Shares:
    """Shares of one phase in the order of the patterns; in states, or in numbers of patterns where there is none."""
    mine = table.filter(pl.col("sample") == sample)
    states = dict(zip(mine["pattern"].to_list(), mine["state"].to_list(), strict=True))
    found = []
    for one in own:
        if one.quantity == f"{name}{_SHARE}" and one.value is not None:
            number = int(one.fit.split()[-1])
            state = states.get(number)
            at = float(number) if state is None else float(state)
            counting, misfit = (_part(one, f"/{word}/") for word in ("fit", "model"))
            found.append((number, at, one.value, math.hypot(counting, misfit), misfit))
    pattern, place, share, std, wrong = np.array(sorted(found), dtype=float).reshape(-1, 5).T
    return _Shares(pattern, place, share, std, wrong)


def _part(one: Observable, cause: str) -> float:
    """Standard uncertainty by one cause."""
    return math.sqrt(sum(size**2 for source, size in one.components.items() if cause in source))


def _ends(shares: _Shares, phases: int) -> list[tuple[str, dict[str, Any]]]:
    """``onset`` and ``end`` with their rows.

    Raises
    ------
    FitError
        If there are too few shares.
    """
    if shares.pattern.size < _LEAST_KNOWN:
        raise FitError(f"An appearance needs {_LEAST_KNOWN} patterns with a share; there are {shares.pattern.size}.")
    found = []
    for word, series in (("onset", shares), ("end", shares.backward())):
        one = _appearance(series, phases)
        row = in_states(one, series.pattern, series.state)
        if word == "end":
            last = float(shares.pattern[-1])
            ends = [None if row[key] is None else last - row[key] for key in ("last_pattern", "first_pattern")]
            row |= {"first_pattern": ends[0], "last_pattern": ends[1]}
        found.append((word, row))
    return found


def _appearance(series: _Shares, phases: int) -> Appearance:
    cut = series.share < _AT_BOUND
    plain, wary = (
        first_appearance(series.pattern, series.share - off, series.std, places=float(phases), cut=cut)
        for off in (0.0, _ONE_SIDED * series.misfit)
    )
    if not (plain.present and wary.present):
        return wary
    return replace(wary, low=min(plain.low, wary.low), high=max(plain.high, wary.high))


def _observable(like: Observable, name: str, word: str, row: Mapping[str, Any]) -> Observable:
    low, high = float(row["low"]), float(row["high"])
    return Observable(
        f"{name}_{word}", float(row["value"]), like.state.unit if like.state else "", like.sample,
        {f"noise:{like.sample}/{word}/{name}": (high - low) / 4.0}, like.variant, like.batch, like.replicate, "diffraction", low=low, high=high,
        method="likelihood of first appearance", source=like.source,
    )  # fmt: skip


def _wanted(options: Mapping[str, Any]) -> bool:
    given = options.get("phases")
    return given is not None and len(given) > 1


STEP = Step("new_phases", run, after=("refine",), wanted=_wanted)
