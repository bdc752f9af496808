"""How much of a reference cycle is left at every later cycle, at one rate?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from interlith.errors import FitError
from interlith.model import Agreement, Choice, Decision, Given, Result, Step
from interlith.model.observable import finish
from interlith.techniques.cycling.decided import REFERENCE_CYCLE, about, about_all, cycle_of, misplaced, told
from interlith.techniques.cycling.over_cycles import at_declared_rate, cells, currents, flagged, rates_of
from interlith.techniques.cycling.records import how, quality_table

#: Headline quantities that hang on the reference cycle.
MOVES = ("capacity_retention",)
METHODS = (
    "Retention is the ratio to the reference cycle of the same cell. Cycles at other currents than the reference cycle (by "
    "more than 5 % in charge or discharge; 20 % where no current was held), or at an excluded rate, are check-ups and left "
    "out, as in the decay. Shared causes such as "
    "the mass of the cell cancel component by component."
)


def retention(
    result: Result,
    *,
    reference_cycle: int,
    exclude_rate: str | float | Sequence[str | float] | None = None,
    quantity: str = "discharge_capacity",
) -> Result:
    """Retention (%) of a capacity at every cycle relative to a named reference cycle.

    Parameters
    ----------
    result
        A summary (see `summarise`).
    reference_cycle
        Own number of the cycle that counts as 100 %.
    exclude_rate
        C-rate of cycles to leave out, as ``C/10`` or 0.1; needs a declared 1C. Cycles at another current than the
        reference cycle are always left out.
    quantity
        ``discharge_capacity``, ``charge_capacity`` or an areal one.

    Returns
    -------
    Result with ``capacity_retention`` and `data` ``left_out`` (sample, cycle, reason).

    Raises
    ------
    FitError
        If no specimen has the reference cycle.
    UnitError
        If `exclude_rate` is not a rate.

    Notes
    -----
    To first order in the uncertainties. The assumption that fails first: that the reference cycle is itself typical.
    """
    rows = result.table.filter(pl.col("quantity") == quantity)
    judged = _judged(result, reference_cycle, rates_of(exclude_rate))
    rows = rows.join(judged, on=["sample", "cycle"], how="left", maintain_order="left")
    kept = rows.filter(pl.col("left_out") == "")
    reference = kept.filter((pl.col("cycle") == reference_cycle) & pl.col("value").is_not_null())
    quality = _quality(rows, reference, reference_cycle)
    if rows.height and reference.is_empty():
        raise FitError(str(quality.get_column("reason")[0]))
    options: Mapping[str, object] = {
        "reference_cycle": reference_cycle, "exclude_rate": exclude_rate, "quantity": quantity,
    }  # fmt: skip
    return Result(
        technique="cycling", name="retention", table=_ratios(kept, reference, reference_cycle),
        data={"left_out": rows.filter(pl.col("left_out") != "").select("sample", "cycle", pl.col("left_out").alias("reason"))},
        quality=quality, how=how("ratio to the reference cycle", options, METHODS),
    )  # fmt: skip


def _judged(result: Result, reference_cycle: int, excluded: Sequence[float]) -> pl.DataFrame:
    """For every cycle the reason to leave it out, empty if it stays."""
    types = {"sample": pl.String, "cycle": pl.Int64, "left_out": pl.String}
    if result.data["half_cycles"].is_empty():
        return pl.DataFrame(schema=types)
    frames = []
    for sample, rows in currents(result).items():
        usual = rows.filter(pl.col("cycle") == reference_cycle)
        other = pl.lit(False) if usual.is_empty() else pl.col("group") != usual.item(0, "group")
        reasons = [
            *[pl.when(at_declared_rate([rate])).then(pl.lit(f"at the excluded rate {rate:g}C")) for rate in excluded],
            pl.when(pl.col("cycle") < reference_cycle).then(pl.lit("before the reference cycle")),
            pl.when(other).then(_at_another(usual)),
        ]
        frames.append(
            rows.select(
                pl.lit(sample).alias("sample"), pl.col("cycle").cast(pl.Int64),
                pl.coalesce(*reasons, pl.lit("")).alias("left_out"),
            )
        )  # fmt: skip
    return pl.concat(frames)


def _at_another(usual: pl.DataFrame) -> pl.Expr:
    """Words for a cycle at other currents than the reference cycle: charge / discharge in mA."""

    def shown(current: pl.Expr) -> pl.Expr:
        return (1e3 * current).round_sig_figs(3).cast(pl.String).fill_null("unknown")

    names = ("charge_current", "discharge_current")
    here = pl.concat_str([shown(pl.col(name)) for name in names], separator=" / ")
    there = [None if usual.is_empty() else usual.item(0, name) for name in names]
    words = pl.concat_str([shown(pl.lit(value, dtype=pl.Float64)) for value in there], separator=" / ")
    return pl.concat_str([pl.lit("at another rate: "), here, pl.lit(" instead of "), words, pl.lit(" mA")])


def _quality(rows: pl.DataFrame, reference: pl.DataFrame, reference_cycle: int) -> pl.DataFrame:
    good = set(reference.get_column("sample").to_list())
    made: list[dict[str, object]] = []
    for name in rows.get_column("sample").unique(maintain_order=True).to_list():
        mine = rows.filter(pl.col("sample") == name)
        at = mine.filter(pl.col("cycle") == reference_cycle)
        if name in good:
            reason = ""
        elif at.is_empty():
            last = max(mine.get_column("cycle").to_list())
            reason = f"{name} has no cycle {reference_cycle}, which is the reference: it has cycles up to {last}."
        else:
            row = at.row(0, named=True)
            why = row["left_out"] or row["flag"] or "no value"
            reason = f"the reference cycle {reference_cycle} of {name} cannot be used: {why}."
        made.append({"sample": name, "step": "retention", "ok": name in good, "reason": reason})
    return quality_table(made)


def _ratios(kept: pl.DataFrame, reference: pl.DataFrame, reference_cycle: int) -> pl.DataFrame:
    base = reference.select("sample", pl.col("value").alias("base"), pl.col("components").alias("base_components"))
    rows = kept.join(base, on="sample", how="inner", maintain_order="left").with_row_index("_row")
    rows = rows.with_columns((100.0 * pl.col("value") / pl.col("base")).alias("ratio"))
    parts = pl.concat(
        [
            _scaled(rows, "components", 100.0 / pl.col("base")),
            _scaled(rows, "base_components", -pl.col("ratio") / pl.col("base")),
        ]
    )
    infinite = pl.col("size").is_infinite()
    relative = pl.col("source").str.contains(r"^(mass|area|loading|current):")
    total = (
        parts.group_by("_row", "source", maintain_order=True)
        .agg(
            # A purely relative cause of a cell has the same sensitivity in both cycles: it cancels whatever its size.
            pl.when((infinite & relative).any()).then(0.0).when(infinite.any()).then(float("inf")).otherwise(pl.col("size").sum()).alias("size")
        )
        .group_by("_row", maintain_order=True)
        .agg(pl.struct("source", "size").alias("components"))
    )  # fmt: skip
    done = rows.drop("components").join(total, on="_row", how="left", maintain_order="left")
    flag = (
        pl.when(pl.col("value").is_null() & (pl.col("flag").fill_null("") == ""))
        .then(pl.lit("no value"))
        .otherwise("flag")
    )
    return finish(
        done.select(
            pl.lit("capacity_retention").alias("quantity"), pl.col("ratio").alias("value"), pl.lit("%").alias("unit"),
            "sample", "variant", "batch", "replicate", "technique", "state", "state_value", "state_low", "state_high",
            "state_unit", "cycle", pl.lit(f"ratio to cycle {reference_cycle}").alias("method"), "fit", "source", flag,
            pl.when(pl.col("ratio").is_not_null()).then("components").alias("components"),
        )
    )  # fmt: skip


def _scaled(rows: pl.DataFrame, column: str, factor: pl.Expr) -> pl.DataFrame:
    return (
        rows.filter(pl.col("ratio").is_not_null())
        .select("_row", factor.alias("factor"), pl.col(column).alias("part"))
        .explode("part", empty_as_null=True, keep_nulls=True)
        .unnest("part")
        .filter(pl.col("source").is_not_null())
        .select("_row", "source", (pl.col("size") * pl.col("factor")).alias("size"))
    )


def usual_reference(lines: Sequence[Result]) -> tuple[int, int] | None:
    """The latest of the cycles at which the cells begin their usual rate, and the next best; `None` where no cell does.

    Parameters
    ----------
    lines
        Results of the decay.
    """
    frames = [one.data["lines"].filter(pl.col("of") == "capacity") for one in lines]
    starts = {int(cycle) for frame in frames for cycle in frame.get_column("usual_reference").drop_nulls()}
    if not starts:
        return None
    usual = max(starts)
    return usual, min(starts - {usual}, default=usual + 1)


def _without(summaries: Sequence[Result], cycle: int) -> str:
    """Which cells have no such cycle: they get no retention, and nobody should have to find that out."""
    here = (pl.col("quantity") == "discharge_capacity") & (pl.col("cycle") == cycle) & pl.col("value").is_not_null()
    lost = [cell.sample for one in summaries if one.table.filter(here).is_empty() for cell in cells(one)]
    return (
        f" {', '.join(lost)} without a finished cycle {cycle} get no retention; declare an earlier one." if lost else ""
    )


def agree(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    """The reference cycle of all cells: what a person decided, else what is declared, else the usual one.

    Raises
    ------
    StudyError
        If the decision is no number of a cycle.
    """
    usual = usual_reference(results["fade"])
    asked_for, decision = options.get("reference_cycle"), about_all(decisions, "reference_cycle")
    if decision is not None:
        declared = "" if asked_for is None else str(asked_for)
        other = declared or (str(usual[0]) if usual else "none")
        choice = told(decision, other, (*MOVES, "capacity_decay"), declared=declared)
        return Agreement({"reference_cycle": cycle_of(decision)}, (choice,))
    if asked_for is not None or usual is None:
        return Agreement({} if asked_for is None else {"reference_cycle": asked_for})
    choice = Choice(
        "cycling", "reference_cycle", str(usual[0]), str(usual[1]), 0.5, MOVES,
        f"no reference_cycle is declared; from cycle {usual[0]} on every cell that has it runs at its usual rate."
        f"{_without(results['summary'], usual[0])}",
    )  # fmt: skip
    return Agreement({"reference_cycle": usual[0]}, (choice,))


def run(given: Given) -> Result:
    """Retention of one specimen.

    Raises
    ------
    FitError
        If it has no such cycle, or no cell has one.
    StudyError
        If a decision is no number of a cycle.
    """
    summary = given.result("summary")
    (sample,) = [cell.sample for cell in cells(summary)]
    agreed, own = given.agreed.get("reference_cycle"), about(given.decisions, "reference_cycle", "retention")
    reference = agreed if own is None else cycle_of(own)
    if reference is None:
        raise FitError("no cell has a complete cycle that could count as 100 %.")
    found = retention(summary, reference_cycle=reference, exclude_rate=given.options.get("exclude_rate"))
    choices = () if own is None else (told(own, str(agreed), MOVES),)
    places = {"reference_cycle": ("cycling", ".../retention", ".../fade")}
    flags = misplaced(given.decisions, places, ("retention", "fade"))
    return flagged(replace(found, choices=choices), sample, flags)


def asked(options: Mapping[str, Any]) -> bool:
    """Whether a study asks for the retention."""
    return options.get("reference_cycle") is not None


STEP = Step(
    "retention", run, after=("summary", "fade"), words=("reference_cycle", "exclude_rate"),
    decides={"reference_cycle": REFERENCE_CYCLE}, agree=agree, asked=asked,
)  # fmt: skip
