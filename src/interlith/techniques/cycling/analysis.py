"""What does a study get of cycling without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.model import Result, Series
from interlith.model.stepping import in_steps, parted
from interlith.techniques.cycling import (
    conditions,
    counted,
    derivative_curves,
    fade,
    peak_names,
    plateau,
    rates,
    resolution,
    retention,
    summary,
    titration,
)
from interlith.techniques.cycling.derivative import differential
from interlith.techniques.cycling.options import OPTIONS, check_options

__all__ = ["OPTIONS", "STEPS", "VERBS", "analyse", "check_options", "derive"]

#: The steps of this technique in order, each in the module of its verb.
STEPS = (
    counted.STEP,
    summary.STEP,
    conditions.STEP,
    fade.STEP,
    retention.STEP,
    rates.STEP,
    resolution.STEP,
    derivative_curves.STEP,
    peak_names.STEP,
    plateau.STEP,
    titration.STEP,
)


def analyse(series: Series, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Everything the report shows of cycling.

    Without asking: summary, decay, retention, dQ/dV and, where the currents are those of one, the rate test. On request:
    plateau share and GITT. What nobody asked for and the data do not hold is left out without a word; what was asked
    for and fails stands in the quality of its result.

    Parameters
    ----------
    series
        Measurements of cells.
    options
        Words of ``analyses: cycling:`` in `study.yaml`, see `OPTIONS`.

    Raises
    ------
    StudyError
        If a word or a value is not understood; nothing has been computed then.
    """
    check_options(options)
    found = in_steps(STEPS, series, options, technique="cycling")
    if found and found[0].table.height:
        return found
    return (summary.whole(found[0] if found else None, str(options.get("normalise") or "active_mass")),)


def derive(result: Result, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Decay and retention of a summary, as `analyse` makes them; nothing for another result.

    Raises
    ------
    StudyError
        If a word or a value of the options is not understood.
    """
    check_options(options)
    if result.name != "summary" or not result.table.height:
        return ()
    known = {"summary": parted(result)}
    return in_steps((fade.STEP, retention.STEP), Series(()), options, technique="cycling", known=known)


VERBS: dict[str, Callable[..., Result]] = {
    "summarise": summary.summarise,
    "retention": retention.retention,
    "fade": fade.fade,
    "rate_table": rates.rate_table,
    "plateau_share": plateau.plateau_share,
    "differential": differential,
    "diffusion": titration.diffusion,
}
