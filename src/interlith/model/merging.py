"""How do results over the specimens of a study become the one result of each step that a person sees?

The same whether they were computed just now or come lazily out of a store: no table is touched before it is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from interlith.model.choice import Choice
from interlith.model.decision import Decision, read_target
from interlith.model.measurement import Flag
from interlith.model.observable import to_frame
from interlith.model.result import How, Result
from interlith.model.step import Agreement, Refusal, Step

if TYPE_CHECKING:
    import polars as pl

#: Behind the reason of a decision stands what the study file says, where the decision overrides it.
_OVERRIDDEN = re.compile(r" \[study\.yaml: [^\]]*\]$")
#: What a step comes to for one file or specimen.
Outcome = Result | Refusal


class MergedData(Mapping[str, Any]):
    """Tables of several results under one name each; a table is touched only when it is asked for, and then once.

    Frames of one name stand below each other. What is no frame (a dataset) is kept apart, as ``name/specimen``; going
    through the names takes a look at the first of each, which tells what it is.

    Parameters
    ----------
    results
        Results of one step, one a specimen.
    """

    def __init__(self, results: Iterable[Result]) -> None:
        self._parts: dict[str, list[tuple[str, Callable[[], Any]]]] = {}
        self._made: dict[str, Any] = {}
        self._first: dict[str, Any] = {}
        for number, result in enumerate(results):
            for name in result.data:
                # Of what lies in memory only the one table is held, so that the rest can go once it was put together.
                data = {name: result.data[name]} if isinstance(result.data, dict) else result.data
                part = partial(data.__getitem__, name)
                self._parts.setdefault(name, []).append((specimen_of(result) or str(number), part))

    def __getitem__(self, name: str) -> Any:
        if name in self._made:
            return self._made[name]
        base, _, sample = name.rpartition("/")
        if name in self._parts and not self._apart(name):
            self._made[name] = _below_each_other([self._first.pop(name), *(get() for _, get in self._parts[name][1:])])
            self._parts[name] = []
            return self._made[name]
        for one, get in self._parts.get(base, ()):
            if one == sample:
                self._made[name] = get()
                return self._made[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        base, _, sample = str(name).rpartition("/")
        return name in self._parts or any(sample == one for one, _ in self._parts.get(base, ()))

    def __iter__(self) -> Iterator[str]:
        for name, parts in tuple(self._parts.items()):
            if name in self._made or not self._apart(name):
                yield name
            else:
                yield from (f"{name}/{sample}" for sample, _ in parts)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _apart(self, name: str) -> bool:
        """Whether what stands under a name cannot be put together."""
        import polars as pl

        if name not in self._first:
            self._first[name] = self._parts[name][0][1]()
        return len(self._parts[name]) > 1 and not isinstance(self._first[name], pl.DataFrame)


def _below_each_other(values: Sequence[Any]) -> Any:
    import polars as pl

    if len(values) == 1:
        return values[0]
    filled = [value for value in values if value.width] or values[:1]
    # A column that some have (a pattern refined again) stays empty for the others.
    return pl.concat(filled, how="diagonal_relaxed")


class _Joined(Mapping[str, Any]):
    """Several mappings as one, the first that has a name answers; none is looked into before."""

    def __init__(self, *members: Mapping[str, Any]) -> None:
        self._members = members

    def __getitem__(self, name: str) -> Any:
        for member in self._members:
            if name in member:
                return member[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(name in member for member in self._members)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for member in self._members for name in member))

    def __len__(self) -> int:
        return len(list(iter(self)))


def specimen_of(result: Result) -> str:
    """The specimen that a result is about; empty for that of a file."""
    if result.quality.height:
        return str(result.quality.item(0, "sample"))
    return str(result.table.item(0, "sample")) if result.table.height else next(iter(result.flags), "")


def merged(results: Sequence[Result]) -> Result:
    """The results of one step over several specimens as one.

    Parameters
    ----------
    results
        At least one, in the order of the specimens.

    Returns
    -------
    Result
        Observables, tables and quality below each other, choices once each, flags by specimen; `data` is put together
        when it is asked for.
    """
    import polars as pl

    if len(results) == 1:
        return results[0]
    flags: dict[str, tuple[Flag, ...]] = {}
    for result in results:
        for sample, found in result.flags.items():
            flags[sample] = tuple(dict.fromkeys((*flags.get(sample, ()), *found)))
    return replace(
        results[0],
        table=pl.concat([result.table for result in results], how="vertical_relaxed"),
        data=MergedData(results),
        quality=pl.concat([result.quality for result in results], how="vertical_relaxed"),
        choices=tuple(dict.fromkeys(choice for result in results for choice in result.choices)),
        flags=flags,
    )


def parted(result: Result) -> dict[str, Result]:
    """A result over several specimens as one result each; tables without a column ``sample`` go to all of them."""
    import polars as pl

    made = {}
    for sample in result.table.get_column("sample").unique(maintain_order=True).to_list():
        mine = pl.col("sample") == sample
        data = {
            name: frame.filter(mine) if isinstance(frame, pl.DataFrame) and "sample" in frame.columns else frame
            for name, frame in result.data.items()
        }
        flags = {name: found for name, found in result.flags.items() if name == sample}
        quality = result.quality.filter(mine)
        made[str(sample)] = replace(result, table=result.table.filter(mine), data=data, quality=quality, flags=flags)
    return made


def refused(refusals: Iterable[Refusal]) -> pl.DataFrame:
    """Rows of the quality table that say why there is no result: columns ``sample``, ``step``, ``ok``, ``reason``."""
    import polars as pl

    rows = [(one.sample, one.step.replace("_", " "), False, one.reason) for one in refusals]
    return pl.DataFrame(
        rows, schema={"sample": pl.String, "step": pl.String, "ok": pl.Boolean, "reason": pl.String}, orient="row"
    )


def put_together(
    step: Step,
    outcomes: Mapping[str, Outcome],
    options: Mapping[str, Any],
    *,
    agreement: Agreement | None = None,
    decisions: Iterable[Decision] = (),
    hidden: Sequence[tuple[Mapping[str, Outcome], Agreement]] = (),
) -> Result | None:
    """What a person sees of one step over all specimens.

    Parameters
    ----------
    step
        The step.
    outcomes
        Result or refusal by specimen, in order.
    options
        Words of the technique; what nobody asked for and the data do not hold is left out without a word.
    agreement
        What the specimens have in common; its choices are told with those of the step.
    decisions
        Decisions of people: who decides about a step asks for it.
    hidden
        Outcomes and agreement of the steps that are not shown and follow this one: their numbers and tables stand with it.

    Returns
    -------
    Result or None
        `None` where there is nothing to show.
    """
    every = [(outcomes, agreement or Agreement()), *hidden]
    found = [
        _with_choices(merged(kept), agreement.choices)
        for by_name, agreement in every
        if (kept := [one for one in by_name.values() if isinstance(one, Result)])
    ]
    away = [one for by_name, _ in every for one in by_name.values() if isinstance(one, Refusal)]
    if not found and not away:
        return None
    result = _folded(found) if found else _nothing(away)
    wanted = list(decisions)
    result = replace(result, choices=tuple(restated(one, wanted) for one in result.choices))
    if not step.asked(options) and not any(one.field in step.decides for one in wanted):
        import polars as pl

        return replace(result, quality=result.quality.filter(pl.col("ok"))) if result.table.height else None
    return replace(result, quality=_in_order(result.quality, refused(away), list(outcomes))) if away else result


def assembled(
    steps: Sequence[Step],
    outcomes: Mapping[str, Mapping[str, Outcome]],
    options: Mapping[str, Any],
    *,
    agreements: Mapping[str, Agreement],
    decisions: Iterable[Decision] = (),
) -> tuple[Result, ...]:
    """What a person sees of a technique: one result a step that is shown.

    Parameters
    ----------
    steps
        All steps of the technique in order.
    outcomes
        By step and specimen.
    options, agreements, decisions
        As in `put_together`, agreements by step.

    Notes
    -----
    A step over specimens that is not shown belongs to the first step that it comes after: its tables and observables are
    found in the result of that one.
    """
    wanted = list(decisions)
    made = []
    for step in steps:
        if step.over == "file" or not step.shown or step.name not in outcomes:
            continue
        hidden = [
            (outcomes[other.name], agreements.get(other.name, Agreement()))
            for other in steps
            if not other.shown and other.after[:1] == (step.name,) and other.name in outcomes
        ]
        made.append(
            put_together(
                step, outcomes[step.name], options, agreement=agreements.get(step.name), decisions=wanted, hidden=hidden
            )
        )
    return tuple(result for result in made if result is not None)


def restated(choice: Choice, decisions: Iterable[Decision]) -> Choice:
    """A choice that a person took, with path, name and reason as `decisions.yaml` has them now.

    None of them enters a step key, so that a result out of a store may still tell earlier words, or those of somebody who
    only wanted to see what the number would become.
    """
    place = None
    for one in decisions:
        if one.field != choice.field or (choice.who == "automatic" and str(one.value) != choice.value):
            continue
        place = place or read_target(choice.target)
        about = (one.target.digest, one.target.part, one.target.technique)
        if about == (place.digest, place.part, place.technique):
            overridden = _OVERRIDDEN.search(choice.reason)
            reason = one.reason + (overridden[0] if overridden else "")
            return replace(choice, target=one.target.text, reason=reason, who=one.who or "a person")
    return choice


def _with_choices(result: Result, choices: Sequence[Choice]) -> Result:
    return replace(result, choices=tuple(dict.fromkeys((*choices, *result.choices)))) if choices else result


def _folded(found: Sequence[Result]) -> Result:
    """The result of a step with those of the hidden steps behind it."""
    import polars as pl

    first, *others = found
    if not others:
        return first
    tables = [one.table for one in found if one.table.height] or [first.table]
    flags = {sample: told for one in reversed(found) for sample, told in one.flags.items()}
    return replace(
        first,
        table=pl.concat(tables, how="vertical_relaxed"),
        data=_Joined(*(one.data for one in found)),
        quality=pl.concat([one.quality for one in found], how="vertical_relaxed"),
        choices=tuple(dict.fromkeys(choice for one in found for choice in one.choices)),
        flags={sample: flags[sample] for sample in dict.fromkeys(name for one in found for name in one.flags)},
    )


def _nothing(away: Sequence[Refusal]) -> Result:
    first = away[0]
    return Result(first.technique, first.step, to_frame(()), {}, refused(()), How(first.technique, "none"))


def _in_order(quality: pl.DataFrame, more: pl.DataFrame, samples: Sequence[str]) -> pl.DataFrame:
    """Both tables of quality, specimen by specimen."""
    import polars as pl

    both = pl.concat([quality, more], how="vertical_relaxed")
    place = pl.col("sample").replace_strict(samples, list(range(len(samples))), default=None, return_dtype=pl.Int64)
    return both.sort(place, maintain_order=True, nulls_last=True)
