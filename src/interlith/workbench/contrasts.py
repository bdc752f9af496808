"""Which variants are compared in what, at which state, and were they measured alike?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from interlith import evidence
from interlith.errors import StudyError
from interlith.model import Finding, Result, Study, Technique

if TYPE_CHECKING:
    import polars as pl

Conditions = dict[str, dict[str, tuple[float, float, str]]]


def gather(results: Sequence[Result]) -> pl.DataFrame:
    """The observables of several results in one table.

    Raises
    ------
    StudyError
        If there is no result.
    """
    import polars as pl

    if not results:
        raise StudyError("There is no result to take observables from; run an analysis first.")
    return pl.concat([result.table for result in results], how="vertical")


def headlines_of(techniques: Sequence[Technique]) -> dict[str, Literal["ratio", "difference"]]:
    """Quantities that are compared between variants by default, and how."""
    return {name: kind for technique in techniques for name, kind in technique.headlines.items()}


def conditions(results: Sequence[Result], at: Mapping[str, float]) -> Conditions:
    """Conditions of each specimen at a state, from what the techniques noted: window, rate, temperature.

    Techniques keep them in ``data["conditions"]``: sample, state, state_value, name, value, tolerance, unit.
    """
    import polars as pl

    found: Conditions = {}
    for result in results:
        frame = result.data.get("conditions")
        if frame is None:
            continue
        wanted = pl.lit(False)
        for name, value in at.items():
            wanted = wanted | ((pl.col("state") == name) & (pl.col("state_value") == value))
        rows = frame.filter(pl.col("state").is_null() | wanted).drop_nulls("value")
        for row in rows.iter_rows(named=True):
            found.setdefault(row["sample"], {})[row["name"]] = (row["value"], row["tolerance"], row["unit"])
    return found


def contrast(
    table: pl.DataFrame,
    quantity: str,
    *,
    at: Mapping[str, float],
    to: str | None,
    kind: Literal["ratio", "difference"] = "ratio",
    study: Study | None,
    results: Sequence[Result],
    excluded: Mapping[str, str] | None = None,
    secondary: int | None = None,
    allow_unlike: bool = False,
    level: float = 0.95,
) -> tuple[Finding, ...]:
    """Compare every variant with the reference in one quantity; see `interlith.evidence.compare`.

    `excluded` maps specimens whose observables are in the table to the reason why they do not count.

    Raises
    ------
    StudyError
        If no reference is known, or `evidence.compare` refuses.
    """
    reference = to or (study.reference if study else None)
    if reference is None:
        raise StudyError("No reference variant is declared; write `reference: bare` into study.yaml or pass to='bare'.")
    reasons = excluded or {}
    kept, apart = one_unit(table, quantity)
    findings = evidence.compare(
        kept,
        quantity,
        at=at,
        to=reference,
        kind=kind,
        study=study,
        number_of_secondary=secondary,
        conditions=conditions(results, at or _own_state(kept, quantity)),
        exclude={name: reason for name, reason in reasons.items() if name in set(kept.get_column("sample"))},
        allow_unlike=allow_unlike,
        level=level,
    )
    apart += _absent(table, quantity, reasons)
    return tuple(replace(finding, caveats=(*finding.caveats, *apart)) for finding in findings)


def _absent(table: pl.DataFrame, quantity: str, excluded: Mapping[str, str]) -> tuple[str, ...]:
    """Specimens that have other numbers but none of this quantity: the ones that died early are the ones to miss."""
    import polars as pl

    have = set(table.filter(pl.col("quantity") == quantity).get_column("sample"))
    lost = sorted(set(table.get_column("sample")) - have - set(excluded))
    words = quantity.replace("_", " ")
    return tuple(f"{name} has no value of {words} at all; who leaves it out favours its variant." for name in lost)


def _own_state(table: pl.DataFrame, quantity: str) -> dict[str, float]:
    """State at which a quantity that exists once a specimen was measured: the first cycle of an initial efficiency."""
    import polars as pl

    cycles = table.filter(pl.col("quantity") == quantity).get_column("cycle").drop_nulls().unique().to_list()
    return {"cycle": float(cycles[0])} if len(cycles) == 1 else {}


def one_unit(table: pl.DataFrame, quantity: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Leave out specimens whose value is in a unit of another dimension (mAh among mAh/g: no mass), and say so."""
    import polars as pl

    rows = table.filter((pl.col("quantity") == quantity) & pl.col("value").is_not_null())
    counts = rows.group_by("unit").agg(pl.col("sample").n_unique().alias("n")).sort("n", "unit", descending=True)
    if counts.height < 2:
        return table, ()
    unit = counts.item(0, "unit")
    other = sorted(rows.filter(pl.col("unit") != unit).get_column("sample").unique())
    odd = (pl.col("quantity") == quantity) & (pl.col("unit") != unit)
    left = set(table.filter(~odd & (pl.col("quantity") == quantity)).get_column("variant"))
    lost = sorted(set(rows.get_column("variant")) - left)
    if lost:
        raise StudyError(
            f"{quantity} of {', '.join(lost)} is not in {unit} like that of the others, because no mass or area is "
            "confirmed; fill it in measurements.csv (see `interlith check`)."
        )
    caveat = f"left out because its value is not in {unit} (no confirmed mass or area): {', '.join(other)}"
    return table.filter(~odd), (caveat,)


def planned(study: Study, table: pl.DataFrame, headlines: Sequence[str]) -> list[tuple[str, dict[str, float]]]:
    """Contrasts to make: the primary endpoint, then each headline quantity at the primary's state or the last common one."""
    import polars as pl

    plan: list[tuple[str, dict[str, float]]] = []
    if study.primary is not None:
        plan.append((study.primary.quantity, dict(study.primary.at)))
    wanted_cycle = study.primary.at.get("cycle") if study.primary is not None else None
    for quantity in headlines:
        rows = table.filter((pl.col("quantity") == quantity) & pl.col("value").is_not_null())
        if rows.is_empty() or rows.get_column("variant").n_unique() < 2:
            continue
        cycles = rows.get_column("cycle")
        repeated = rows.group_by("sample").len().get_column("len").max()
        at: dict[str, float] = {}
        if cycles.null_count() == 0 and isinstance(repeated, int) and repeated > 1:
            common = rows.group_by("cycle").agg(pl.col("sample").n_unique().alias("n")).sort("cycle")
            everyone = common.filter(pl.col("n") == rows.get_column("sample").n_unique()).get_column("cycle")
            if everyone.is_empty():
                continue
            cycle = (
                int(wanted_cycle)
                if wanted_cycle is not None and int(wanted_cycle) in everyone
                else int(everyone.to_list()[-1])
            )
            at = {"cycle": float(cycle)}
            inside = rows.filter(pl.col("cycle") == cycle)
            if inside.group_by("sample").len().get_column("len").max() != 1:
                # Several states in one cycle: the voltages along a charge.
                common_state = _last_common_state(inside)
                if common_state is None:
                    continue
                at |= common_state
        elif isinstance(repeated, int) and repeated > 1:
            common_state = _last_common_state(rows)
            if common_state is None:
                continue
            at = common_state
        if (quantity, at) not in plan:
            plan.append((quantity, at))
    return plan


def _last_common_state(rows: pl.DataFrame) -> dict[str, float] | None:
    """The highest state (voltage, temperature) at which every specimen has a value, in as few digits as name it."""
    names = rows.get_column("state").unique().to_list()
    if len(names) != 1 or names[0] is None:
        return None
    spans: dict[str, list[tuple[float, float]]] = {}
    for sample, value, low, high in rows.select("sample", "state_value", "state_low", "state_high").iter_rows():
        spans.setdefault(sample, []).append((min(low, value), max(high, value)))

    def common(place: float) -> bool:
        return all(any(low <= place <= high for low, high in own) for own in spans.values())

    for value in sorted(rows.get_column("state_value").drop_nulls().unique().to_list(), reverse=True):
        if common(value):
            short = (float(f"{value:.{digits}g}") for digits in range(2, 8))
            return {str(names[0]): next((place for place in short if common(place)), value)}
    return None
