"""What does a study get of voltammetry without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.model import Result, Series
from interlith.model.stepping import in_steps
from interlith.techniques.voltammetry import b_value, diffusion, peaks, scans, shares
from interlith.techniques.voltammetry.options import check_options

#: The steps of this technique in order, each in the module of its verb.
STEPS = (scans.STEP, peaks.STEP, b_value.STEP, shares.STEP, diffusion.STEP)

VERBS: dict[str, Callable[..., Result]] = {
    "peaks": peaks.peaks,
    "b_value": b_value.b_value,
    "shares": shares.shares,
    "diffusion": diffusion.diffusion,
}


def analyse(series: Series, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Everything the report shows of voltammetry: sweeps, peaks, and over scan rates b-values and shares; diffusion on request.

    Parameters
    ----------
    series
        Voltammograms.
    options
        Words of ``analyses: voltammetry:``, see `interlith.techniques.voltammetry.options.OPTIONS`.

    Raises
    ------
    StudyError
        If a word or a value is not understood; nothing has been computed then.
    """
    check_options(options)
    return in_steps(STEPS, series, options, technique="voltammetry")
