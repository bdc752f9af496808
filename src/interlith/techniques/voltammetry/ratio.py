"""How do the two peak currents of a couple compare, although the current of the forward sweep still decays under the backward one?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from interlith.model import Choice, Effect, Measurement, Observable
from interlith.techniques.voltammetry.records import target

#: More of its height than this still flows behind a peak whose backward sweep has no baseline of its own.
OPEN = 0.05
#: Nicholson's formula holds within this for a reversible wave (by simulation); half-width of a rectangular distribution.
FORMULA = 0.03


def ratio_of(
    item: Measurement,
    anodic_row: Mapping[str, Any],
    cathodic_row: Mapping[str, Any],
    anodic: Observable,
    cathodic: Observable,
    rows: Sequence[Mapping[str, Any]],
) -> tuple[Observable, Choice | None]:
    """Anodic over cathodic peak current of one couple in one cycle, and how it was taken where there was a choice.

    Parameters
    ----------
    item
        The file.
    anodic_row, cathodic_row
        Rows of the table of peaks.
    anodic, cathodic
        Their currents.
    rows
        All peaks, to see whether the sweeps show other ones.

    Notes
    -----
    Where the first sweep of the cycle leaves a current that decays (a diffusing species), the second has no straight baseline, and the
    ratio is that of Nicholson: i_b0/i_f + 0.485 i_s/i_f + 0.086, with i_b0 and i_s the currents at the backward peak and at the turn over
    the level of the double layer. It assumes one reversible couple; the ratio of the two fitted heights is the runner-up.
    """
    couple = anodic_row["couple"]
    fitted = anodic.over(cathodic).times(-1.0)
    fitted = replace(fitted, quantity=f"peak_{couple}_current_ratio", method="heights over their baselines")
    first, second = sorted((anodic_row, cathodic_row), key=lambda row: int(row["sweep"]))
    alone = all(
        row["couple"] == couple or row["part"] != first["part"] or row["sweep"] not in (first["sweep"], second["sweep"])
        for row in rows
    )
    if (
        first["left_over"] <= OPEN
        or first["cycle"] > 1
        or not alone
        or fitted.value is None
        or first["baseline"] == "zero"
    ):
        return fitted, None
    forward = abs(first["current"])
    layer = abs(first["baseline_current"]) if first["baseline_current"] * first["current"] > 0 else 0.0
    back = abs(second["total_current"]) - layer if second["total_current"] * second["current"] > 0 else 0.0
    turn = abs(first["end_current"]) - layer if first["end_current"] * first["current"] > 0 else 0.0
    nicholson = (back + 0.485 * turn) / forward + 0.086
    value = nicholson if first is cathodic_row else 1.0 / nicholson
    parts = {
        name: size * value / fitted.value for name, size in fitted.components.items() if not name.endswith("/baseline")
    }
    own = f"{item.sample.name}/{item.source.sha256[:12]}/sweep/{second['sweep']}/{couple}"
    parts[f"model:{own}/formula"] = FORMULA * value / math.sqrt(3)
    made = replace(fitted, value=value, components=parts, method="Nicholson's formula", flag="")
    effect = Effect(
        made.quantity, item.sample.name, f"cycle {first['cycle']}", value, fitted.value, made.std, "1"
    )  # fmt: skip
    choice = Choice(
        target(item, "peak_current_ratio"), "peak_current_ratio", "Nicholson's formula", "heights over their baselines", 0.5,
        (made.quantity,),
        f"{100 * first['left_over']:.0f} % of the first peak still flow at the turn, so that the way back has no straight baseline.",
        effects=(effect,),
    )  # fmt: skip
    return made, choice
