"""Which specimens lie so far from the others of their variant that keeping them is a choice to be told?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from interlith.errors import InterlithError
from interlith.model import Choice, Effect, Finding, Result, Study
from interlith.notation import significant, unit_text
from interlith.workbench.contrasts import contrast
from interlith.workbench.corrections.decision_targets import DIGITS
from interlith.workbench.corrections.decisions import included
from interlith.workbench.corrections.influence import AUTOMATIC, places

if TYPE_CHECKING:
    import polars as pl

Headlines = Mapping[str, Literal["ratio", "difference"]]
#: Probability, over all specimens and quantities looked at together, below which a specimen is told.
DOUBT = 0.05
#: Told at most; a study where more stand out has another trouble than single cells.
MOST_DOUBTFUL = 5
REASON = "left out to see what hangs on it"


def files_of(study: Study) -> dict[str, tuple[str, ...]]:
    """Targets ``path#sha256:first-12-hex`` of the files of every specimen, in the order of their parts."""
    found: dict[str, tuple[str, ...]] = {}
    for item in sorted(study.measurements, key=lambda one: one.part):
        target = f"{item.source.path}#sha256:{item.source.sha256[:DIGITS]}"
        found[item.sample.name] = (*found.get(item.sample.name, ()), target)
    return found


def doubtful(
    study: Study, table: pl.DataFrame, headlines: Headlines, *, results: Sequence[Result] = ()
) -> tuple[Choice, ...]:
    """The most doubtful inclusions, as choices in the field ``include``; nothing is ever left out by itself.

    Parameters
    ----------
    study
        Declarations; the primary endpoint alone is looked at where there is one, else every headline quantity.
    table
        The observables of the specimens that count.
    headlines
        Quantities and how they are compared.
    results
        What holds the conditions of the measurements, for the contrasts with and without.

    Notes
    -----
    Each specimen is compared with the others of its variant (at least two) by its studentised deleted residual; the
    probability is multiplied by the number of all comparisons (Bonferroni), and a specimen is told below 0.05. Three
    cells of a variant leave one degree of freedom: only a gross outlier stands out there. Assumption that fails first:
    one outlier a variant; two on the same side hide each other.
    """
    cycles = _looked_at(study, table, headlines)
    groups = [(quantity, group) for quantity in cycles for group in _groups(table, quantity, cycles[quantity])]
    tests = sum(len(group["value"]) for _, group in groups)
    found = []
    for quantity, group in groups:
        for k, (residual, chance) in enumerate(_residuals(group)):
            if chance * tests < DOUBT:
                found.append((chance * tests, quantity, group, k, residual))
    found.sort(key=lambda one: one[0])
    files, told = files_of(study), dict[str, Choice]()
    for margin, quantity, group, k, residual in found:
        sample = group["sample"][k]
        if sample in files and sample not in told:
            kind = headlines.get(quantity, "ratio")
            moved = _without(study, table, group, k, (quantity, cycles[quantity], kind), results)
            words = _reason(group, k, quantity, cycles[quantity], residual, margin, len(files[sample]))
            who, kept = _kept_by(study, files[sample][0])
            told[sample] = Choice(
                files[sample][0], "include", "yes", "no", margin, (quantity,), kept + words, who, effects=moved
            )
    return tuple(told.values())[:MOST_DOUBTFUL]


def _kept_by(study: Study, target: str) -> tuple[str, str]:
    """Who keeps a specimen: a person who said so, with the reason, else nobody but the software."""
    _, decision = included(study.decisions, target.rpartition(":")[2], declared=True)
    if decision is None:
        return AUTOMATIC, ""
    return decision.who or "a person", f"kept ({decision.reason}): "


def _looked_at(study: Study, table: pl.DataFrame, headlines: Headlines) -> dict[str, int | None]:
    primary = study.primary
    quantities = list(headlines) if primary is None else [primary.quantity]
    return places(table, quantities, {} if primary is None else primary.at)


def _groups(table: pl.DataFrame, quantity: str, cycle: int | None) -> list[dict[str, Any]]:
    """Values of each variant with enough specimens, in the unit that most of them have."""
    import polars as pl

    from interlith.numerics.outliers import FEWEST

    rows = table.filter((pl.col("quantity") == quantity) & pl.col("value").is_finite())
    if cycle is not None:
        rows = rows.filter(pl.col("cycle") == cycle)
    if rows.is_empty():
        return []
    unit = rows.group_by("unit").len().sort("len", "unit", descending=True).item(0, "unit")
    parts = rows.filter(pl.col("unit") == unit).sort("sample").partition_by("variant", maintain_order=True)
    return [
        part.select("sample", "variant", "value", "std_random", "unit").to_dict(as_series=False)
        for part in parts
        if part.height >= FEWEST and part.get_column("sample").n_unique() == part.height
    ]


def _residuals(group: Mapping[str, list[Any]]) -> list[tuple[float, float]]:
    import numpy as np

    from interlith.numerics.outliers import deleted_residuals

    known = [std for std in group["std_random"] if std is not None and math.isfinite(std)]
    residuals, chances = deleted_residuals(
        np.array(group["value"], dtype=np.float64), least_scatter=float(np.median(known)) if known else 0.0
    )
    return list(zip(residuals.tolist(), chances.tolist(), strict=True))


def _reason(
    group: Mapping[str, list[Any]], k: int, quantity: str, cycle: int | None, residual: float, chance: float, parts: int
) -> str:
    others = [value for j, value in enumerate(group["value"]) if j != k]
    unit, place = unit_text(group["unit"][k]), "" if cycle is None else f" at cycle {cycle}"
    several = "" if parts < 2 else f" It has {parts} files; each must be left out."
    return (
        f"{quantity.replace('_', ' ')} of {group['sample'][k]}{place} is {significant(group['value'][k], 4)}{unit}, the other "
        f"{len(others)} of {group['variant'][k]} lie between {significant(min(others), 4)} and {significant(max(others), 4)}{unit} "
        f"(deleted residual {residual:.3g}, probability {chance:.2g} over all specimens); nothing is left out without a "
        f"person and a reason.{several}"
    )


def _without(
    study: Study, table: pl.DataFrame, group: Mapping[str, list[Any]], k: int,
    what: tuple[str, int | None, Literal["ratio", "difference"]], results: Sequence[Result],
) -> tuple[Effect, ...]:  # fmt: skip
    """Contrasts of the variant with and without the specimen where they can be made, and the variant's mean."""
    quantity, cycle, kind = what
    values, state = group["value"], "" if cycle is None else f"cycle {cycle}"
    count, mean = len(values), sum(values) / len(values)
    scatter = math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)
    other = (sum(values) - values[k]) / (count - 1)
    variant = group["variant"][k]
    mean_effect = Effect(quantity, f"the mean of {variant}", state, mean, other, scatter or None, group["unit"][k])
    if study.reference is None:
        return (mean_effect,)
    at = {} if cycle is None else {"cycle": float(cycle)}
    try:
        pairs = [
            contrast(table, quantity, at=at, to=None, kind=kind, study=study, results=results, excluded=left, allow_unlike=True)
            for left in ({}, {group["sample"][k]: REASON})
        ]  # fmt: skip
    except InterlithError:
        return (mean_effect,)
    made = []
    for one, two in zip(*pairs, strict=False):
        name = one.details.get("variant")
        if name == two.details.get("variant") and variant in (name, study.reference):
            words = f"{name} against {study.reference}"
            made.append(Effect(quantity, words, state, one.estimate, two.estimate, _std(one), one.unit))
    return (*made, mean_effect)


def _std(found: Finding) -> float | None:
    """Standard uncertainty behind the interval of a contrast."""
    from scipy import stats

    degrees = found.details.get("degrees_of_freedom")
    if found.low is None or found.high is None or not math.isfinite(found.high - found.low):
        return None
    finite = isinstance(degrees, (int, float)) and math.isfinite(degrees) and degrees > 0
    half = float(stats.t.ppf(0.5 + found.level / 2, float(str(degrees)) if finite else 1e9))
    return (found.high - found.low) / 2 / half
