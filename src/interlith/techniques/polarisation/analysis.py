"""What does a study get of polarisation without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.model import Result, Series
from interlith.model.stepping import in_steps
from interlith.techniques.polarisation import conductivity, holds, transference
from interlith.techniques.polarisation.options import check_options

#: The steps of this technique in order, each in the module of its verb.
STEPS = (holds.STEP, conductivity.STEP, transference.STEP)

VERBS: dict[str, Callable[..., Result]] = {
    "conductivity": conductivity.conductivity,
    "transference": transference.transference,
}


def analyse(series: Series, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Everything the report shows of polarisation: holds and conductivity; a transference number on request.

    Parameters
    ----------
    series
        Measurements at held voltages or currents.
    options
        Words of ``analyses: polarisation:``, see `interlith.techniques.polarisation.options.OPTIONS`.

    Raises
    ------
    StudyError
        If a word or a value is not understood; nothing has been computed then.
    """
    check_options(options)
    return in_steps(STEPS, series, options, technique="polarisation")
