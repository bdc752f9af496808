"""Which figures show a refinement: patterns beside their model, residuals and numbers along the series, shares of the phases?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Figure, Line, Marker, Panel, Result
from interlith.techniques.diffraction.figures_pattern import Shown, pattern_figure
from interlith.techniques.diffraction.figures_state import parameters_figure, stack_figure
from interlith.techniques.diffraction.figures_words import state_label

Array = NDArray[np.float64]

#: Specimens that are drawn.
MOST_SPECIMENS = 6
#: Specimens of which first, last and worst pattern are drawn; of more only the worst.
_FEW = 2
#: Ends of the names of what is drawn of a phase along a series, and of shares.
_OF_PHASE = (
    "cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma", "cell_volume", "crystallite_size", "microstrain",
    "weight_fraction",
)  # fmt: skip
_SHARES = "_weight_fraction"
_ABSOLUTE = "_absolute_weight_fraction"
_ONSET = "_onset"


@dataclass(frozen=True, slots=True)
class Group:
    """What is drawn together: a specimen, or a chain of several.

    Parameters
    ----------
    name
        Of the specimen; empty for a chain.
    stem
        Ends the names of its files.
    refined, table
        Its patterns and observables.
    onsets
        Quantity -> onset, low and high in the unit of the state.
    """

    name: str
    stem: str
    refined: pl.DataFrame
    table: pl.DataFrame
    onsets: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    @property
    def of(self) -> str:
        """Words behind a title."""
        return f" of {self.name}" if self.name else ""

    @property
    def along(self) -> str:
        """Label of the state axis."""
        row = self.refined.row(0, named=True)
        return state_label(str(row["state_name"]), str(row["state_unit"] or ""))


def refinement_figures(result: Result, appeared: Result | None = None) -> list[Figure]:
    """Patterns with their models, residuals and numbers along each series, shares stacked.

    Parameters
    ----------
    result
        Of the step ``refine``.
    appeared
        Of the step ``new_phases``: where a phase appears is shown beside its share.
    """
    if "refined" not in result.data or "curves" not in result.data:
        return []
    groups = _groups(result, None if appeared is None else appeared.table)
    made: list[Figure | None] = []
    for group in groups:
        made += _patterns(group, result, few=len(groups) <= _FEW)
        if group.refined.height > 1:
            made += [_residuals(group), *_numbers(group), _stack(group)]
    return [one for one in made if one is not None]


def _groups(result: Result, appeared: pl.DataFrame | None) -> list[Group]:
    refined: pl.DataFrame = result.data["refined"]
    names = refined.get_column("sample").unique(maintain_order=True).to_list()
    if len(names) > 1 and refined.get_column("pattern").n_unique() == refined.height:
        # Numbered through: one chain over several specimens, drawn as one line.
        table = result.table.with_columns(sample=pl.lit("series"), variant=pl.lit(""))
        return [Group("", "", refined, table)]
    several = len(names) > 1
    return [
        Group(
            str(name) if several else "", f"_{place + 1}" if several else "", refined.filter(pl.col("sample") == name),
            result.table.filter(pl.col("sample") == name), {} if appeared is None else _onsets(appeared.filter(pl.col("sample") == name)),
        )
        for place, name in enumerate(names[:MOST_SPECIMENS])
    ]  # fmt: skip


def _onsets(appeared: pl.DataFrame) -> dict[str, tuple[float, float, float]]:
    """Share of a phase -> where it appears, with its interval."""
    rows = appeared.filter(pl.col("quantity").str.ends_with(_ONSET))
    return {
        f"{quantity.removesuffix(_ONSET)}{_SHARES}": (value, low, high)
        for quantity, value, low, high in rows.select("quantity", "value", "low", "high").iter_rows()
    }


def _patterns(group: Group, result: Result, *, few: bool) -> list[Figure]:
    """First, last and worst pattern, or the worst only."""
    curves: pl.DataFrame = result.data["curves"]
    samples = group.refined.get_column("sample").unique().to_list()
    kept = curves.filter(pl.col("sample").is_in(samples)).get_column("pattern").unique().to_list()
    rows = group.refined.filter(pl.col("pattern").is_in(kept) & pl.col("goodness").is_finite())
    if not rows.height:
        return []
    words: dict[int, list[str]] = {}
    worst = rows.sort("goodness", descending=True).row(0, named=True)
    first, last = rows.row(0, named=True), rows.row(rows.height - 1, named=True)
    for word, row in (("first", first), ("last", last), ("worst", worst)) if few else (("worst", worst),):
        words.setdefault(int(row["pattern"]), []).append(word)
    alone = rows.height == 1
    made = []
    for number, said in words.items():
        row = rows.filter(pl.col("pattern") == number).row(0, named=True)
        mine = (pl.col("sample") == row["sample"]) & (pl.col("pattern") == number)
        title = (
            f"Refined pattern{group.of}" if alone else f"Refined pattern {number}{group.of}, the {' and '.join(said)}"
        )
        name = f"refinement{group.stem}" + ("" if alone else f"_{said[0]}")
        made.append(pattern_figure(_shown(result, mine), name, title, _caption(row)))
    return made


def _shown(result: Result, mine: pl.Expr) -> Shown:
    curve = result.data["curves"].filter(mine)
    lines = result.data["reflections"].filter(mine) if "reflections" in result.data else None
    reflections: dict[str, Array] = {}
    if lines is not None and lines.height:
        for (phase,), part in lines.partition_by("phase", as_dict=True, maintain_order=True).items():
            reflections[str(phase)] = part.get_column("two_theta").to_numpy()
    columns = [
        curve.get_column(name).cast(pl.Float64).to_numpy()
        for name in ("two_theta", "observed", "std", "calculated", "background")
    ]
    return Shown(columns[0], columns[1], columns[2], columns[3], columns[4], reflections)


def _caption(row: Mapping[str, object]) -> str:
    r_wp, r_exp, goodness = (float(str(row[name])) for name in ("r_wp", "r_exp", "goodness"))
    failed = "" if row["good"] else f" Not used: {row['reason']}."
    held = f" Too weak to show a cell or width: {row['held']}." if row["held"] else ""
    return (
        f"{row['file']}. R_wp {100 * r_wp:.2f} %, expected {100 * r_exp:.2f} %, goodness of fit {goodness:.2f}; {row['refined']} names "
        f"refined against {row['points']} points.{held}{failed}"
    )


def _residuals(group: Group) -> Figure | None:
    """R_wp, expected and reached, and the goodness of fit of every pattern."""
    rows = group.refined.filter(pl.col("r_wp").is_finite()).sort("state")
    if rows.height < 2:
        return None
    x = rows.get_column("state").cast(pl.Float64).to_numpy()
    reached, expected, goodness = (rows.get_column(name).to_numpy() for name in ("r_wp", "r_exp", "goodness"))
    bad = ~rows.get_column("good").to_numpy()
    first = [
        Line(x, 100 * reached, label="reached", style="both", colour=0),
        Line(x, 100 * expected, label="expected", dashed=True, colour=3),
    ]
    second = [Line(x, goodness, style="both", colour=0)]
    if bad.any():
        first.append(Line(x[bad], 100 * reached[bad], label="not used", style="points", colour=2))
        second.append(Line(x[bad], goodness[bad], label="not used", style="points", colour=2))
    count = int(group.refined.height - rows.height)
    away = f" {count} patterns could not be refined at all." if count else ""
    return Figure(
        f"refinement_quality{group.stem}", f"Quality of the refinement{group.of}",
        f"{rows.height} patterns; a goodness of fit of 1 is what the weights promise.{away}",
        (
            Panel(group.along, "R_wp / %", tuple(first)),
            Panel(group.along, "Goodness of fit", tuple(second), markers=(Marker(1.0, "", "y"),)),
        ),
        width=2, columns=2, tags=("diffraction",),
    )  # fmt: skip


def _numbers(group: Group) -> list[Figure | None]:
    """What was refined of each phase along the series, and shares of elements and of what is amorphous."""
    made: list[Figure | None] = []
    quantities = group.table.get_column("quantity").unique(maintain_order=True).to_list()
    for place, phase in enumerate(phases_of(quantities)):
        wanted = [f"{phase}_{end}" for end in _OF_PHASE if f"{phase}_{end}" in quantities]
        made.append(
            parameters_figure(
                group.table, wanted, f"refined_{place + 1}{group.stem}", f"{phase} along the series{group.of}",
                "Standard uncertainties take neighbouring residuals as alike.", onsets=group.onsets,
            )
        )  # fmt: skip
    more = [one for one in quantities if one == "element_fraction" or one.endswith(_ABSOLUTE)]
    made.append(
        parameters_figure(group.table, more, f"refined_shares{group.stem}", f"Shares along the series{group.of}", "")
    )
    return made


def phases_of(quantities: Sequence[str]) -> list[str]:
    """Names of the phases in names of quantities, in order."""
    ends = tuple(f"_{end}" for end in _OF_PHASE)
    found: dict[str, None] = {}
    for one in quantities:
        end = next((end for end in sorted(ends, key=len, reverse=True) if one.endswith(end)), None)
        if end is not None and not one.endswith(_ABSOLUTE):
            found[one.removesuffix(end)] = None
    return list(found)


def _stack(group: Group) -> Figure | None:
    """Weight fractions on top of each other."""
    rows = group.table.filter(pl.col("quantity").str.ends_with(_SHARES) & ~pl.col("quantity").str.ends_with(_ABSOLUTE))
    if rows.get_column("quantity").n_unique() < 2:
        return None
    places = rows.group_by("state_value", maintain_order=True).len().get_column("state_value").to_numpy()
    shares = {}
    for (quantity,), part in rows.partition_by("quantity", as_dict=True, maintain_order=True).items():
        at = pl.DataFrame({"state_value": places}).join(
            part.group_by("state_value", maintain_order=True).first(),
            on="state_value",
            how="left",
            maintain_order="left",
        )
        columns = [at.get_column(name).cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("value", "std")]
        shares[str(quantity).removesuffix(_SHARES)] = (columns[0], columns[1])
    return stack_figure(
        places, shares, f"weight_fractions{group.stem}", f"Shares of the phases{group.of}", "Shares of the crystalline mass.",
        along_label=group.along,
    )  # fmt: skip
