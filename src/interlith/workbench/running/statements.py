"""What do the statements say that `study.yaml` asks for under ``evidence:``?

evidence:
  - onset: {quantity: capacity_retention, against: cycle, form: kink}
  - order: {}
  - balance: {terms: {lost: {quantity: lithium_lost, sample: S1}, gained: {quantity: oxidation, sample: S1, coefficient: -1}}}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from interlith.errors import InterlithError, StudyError, nearest
from interlith.model import Observable, Statement, Study
from interlith.workbench.contrasts import one_unit
from interlith.workbench.running.asked import check_entries

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

#: Statements that read the whole table of observables.
OF_TABLE = ("onset", "threshold", "crossover", "optimum", "mixture", "attribution", "trend")
#: Statements that read earlier statements, or single numbers that the study picks out.
OF_ONSETS, OF_NUMBERS = ("order",), {"convergence": "items", "balance": "terms"}
STATEMENTS = (*OF_TABLE, *OF_ONSETS, *OF_NUMBERS)
_PICKED = ("quantity", "sample", "variant", "at", "coefficient")


@cache
def functions() -> Mapping[str, Callable[..., Statement]]:
    """Statement -> the function of `interlith.evidence`; statistics take a second to import, so only when asked for."""
    from interlith import evidence

    return {name: getattr(evidence, name) for name in STATEMENTS}


def check_statements(entries: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Refuse an unknown option of a statement before anything runs.

    Raises
    ------
    StudyError
        Naming the entry and the nearest allowed option, or the option that is missing.
    """
    check_entries("evidence", entries, functions(), hidden=("source", "onsets", "simulated"))


def stated(study: Study, table: pl.DataFrame) -> tuple[list[Statement], list[tuple[str, str]]]:
    """Every statement that the study asks for, and those that could not be made with the reason.

    Parameters
    ----------
    study
        Whose ``evidence:`` is followed.
    table
        All observables, external ones included.
    """
    made: list[Statement] = []
    onsets: list[Statement] = []
    failures: list[tuple[str, str]] = []
    left_out = {item.sample.name: reason for item, reason in study.excluded}
    kept = {item.sample.name for item in study.measurements}
    for name, options in study.evidence:
        words = dict(options) | {"simulated": study.simulated}
        if name in OF_TABLE:
            absent = {sample: reason for sample, reason in left_out.items() if sample not in kept}
            words["exclude"] = absent | dict(options.get("exclude") or {})
        try:
            made.append(_one(name, words, table, onsets))
        except InterlithError as error:
            failures.append((f"evidence, {name} of {options.get('quantity', 'the study')}", str(error)))
            continue
        if name == "onset":
            onsets.append(made[-1])
    return made, failures


def _one(name: str, words: dict[str, Any], table: pl.DataFrame, onsets: Sequence[Statement]) -> Statement:
    function = functions()[name]
    if name in OF_ONSETS:
        if not onsets:
            raise StudyError("No onset stands before it in study.yaml; write the `onset` entries first.")
        return function(list(onsets), **words)
    if name in OF_NUMBERS:
        entries = words.pop(OF_NUMBERS[name])
        if not isinstance(entries, Mapping) or not entries:
            raise StudyError(f"`{OF_NUMBERS[name]}` must name numbers: {{name: {{quantity: ..., sample: ...}}, ...}}.")
        chosen = {label: _picked(str(label), entry, table) for label, entry in entries.items()}
        if name == "balance":
            return function({label: (number, factor) for label, (number, factor) in chosen.items()}, **words)
        return function({label: number for label, (number, _) in chosen.items()}, **words)
    quantity = words.pop("quantity")
    if "between" in words:
        words["between"] = tuple(words["between"])
    kept, apart = one_unit(table, quantity)
    made = function(kept, quantity, **words)
    return replace(made, findings=tuple(replace(item, caveats=(*item.caveats, *apart)) for item in made.findings))


def _picked(label: str, entry: Any, table: pl.DataFrame) -> tuple[Observable, float]:
    """The one observable that an entry describes, and its coefficient.

    Raises
    ------
    StudyError
        If it is no mapping, holds an unknown word, or describes no number or several.
    """
    import polars as pl

    from interlith.evidence.selection import select
    from interlith.model import from_frame

    if not isinstance(entry, Mapping) or "quantity" not in entry:
        raise StudyError(f"'{label}' must be {{quantity: ..., sample: ..., at: {{cycle: 5}}}}.")
    for word in entry:
        if word not in _PICKED:
            raise StudyError(f"'{label}' holds '{word}'; {nearest(str(word), _PICKED)}.")
    rows = table
    for column in ("sample", "variant"):
        if entry.get(column) is not None:
            rows = rows.filter(pl.col(column) == str(entry[column]))
    quantity = str(entry["quantity"])
    state = {str(name): float(value) for name, value in (entry.get("at") or {}).items()}
    if state:
        found = list(select(rows, quantity, state, {}).used)
    else:
        found = from_frame(rows.filter((pl.col("quantity") == quantity) & pl.col("value").is_not_null()))
    if len(found) != 1:
        raise StudyError(
            f"'{label}' describes {len(found)} numbers of {quantity}; name the sample and the state so that it is one."
        )
    return found[0], float(entry.get("coefficient", 1.0))
