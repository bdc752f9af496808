"""How do resistances and other numbers of spectra change along voltage, temperature, cycle or dose?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from interlith.model import Figure, Line, Panel, Result
from interlith.techniques.impedance.figures_words import STATES

#: Endings of quantities with the word on the axis; resistances of a circuit without a name are R0, R1 ...
_WORDS = {"resistance": "Resistance", "time_constant": "Time constant", "capacitance": "Capacitance"}
#: Result -> what of it is drawn.
_OF = {"circuit": ("resistance", "time_constant", "capacitance"), "relaxation": ("resistance", "time_constant")}
_UNITS = {"ohm": "Ω", "ohm*cm^2": "Ω cm²", "ohm cm^2": "Ω cm²"}
#: Panels of one figure.
MOST_PANELS = 6


def state_figures(results: Sequence[Result]) -> list[Figure | None]:
    """One figure for each sort of number that has a value at two states or more.

    Parameters
    ----------
    results
        Results of this technique.
    """
    made: list[Figure | None] = []
    told = any(item.name == "circuit" and item.table.height for item in results)
    for item in results:
        # Where a circuit names the resistances, those of unnamed processes would only say them again.
        if item.table.height and item.name in _OF and not (told and item.name == "relaxation"):
            known = item.table.filter(pl.col("value").is_not_null() & pl.col("state").is_not_null())
            made += [_figure(known, item.name, ending) for ending in _OF[item.name]]
    return made


def _figure(known: pl.DataFrame, name: str, ending: str) -> Figure | None:
    word = _WORDS[ending]
    names = pl.col("quantity").str.ends_with(ending)
    if ending == "resistance":
        # The resistance in series is one number under two names.
        names = names | pl.col("quantity").str.contains(r"^R[1-9]\d*$")
    rows = known.filter(names)
    panels = []
    for (quantity, unit, state), part in rows.partition_by(
        "quantity", "unit", "state", as_dict=True, maintain_order=True
    ).items():
        if part.get_column("state_value").n_unique() < 2:
            continue
        panels.append(_panel(part, str(quantity), str(unit), str(state), word, log=ending != "resistance"))
    if not panels:
        return None
    title = f"{word}s along the series" if name == "circuit" else f"{word}s of the processes along the series"
    caption = (
        f"{word}s of every spectrum; bars are one standard uncertainty of the fit, not the spread from cell to cell."
    )
    return Figure(f"{name}_{ending}", title, caption, tuple(panels[:MOST_PANELS]), width=2, columns=2)


def _panel(part: pl.DataFrame, quantity: str, unit: str, state: str, word: str, *, log: bool) -> Panel:
    lines = []
    for (sample,), own in part.partition_by("sample", as_dict=True, maintain_order=True).items():
        own = own.sort("state_value")
        values = own.get_column("value").to_numpy()
        std = own.get_column("std").to_numpy()
        lines.append(
            Line(
                own.get_column("state_value").to_numpy(), values, str(sample), str(own.item(0, "variant") or ""), str(sample),
                std=np.where(np.isfinite(std), std, np.nan), style="both",
            )
        )  # fmt: skip
    title = quantity.replace("_", " ")
    positive = all((line.y > 0).all() for line in lines)
    return Panel(
        STATES.get(state, state.capitalize()), f"{word} / {_UNITS.get(unit, unit)}", tuple(lines), title=title,
        log_y=log and positive,
    )  # fmt: skip
