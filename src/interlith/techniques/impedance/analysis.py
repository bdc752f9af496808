"""What does a study get of impedance without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.model import Result, Series
from interlith.model.stepping import in_steps
from interlith.techniques.impedance import (
    arrhenius,
    circuit,
    circuit_choice,
    conductivity,
    relaxation,
    validity,
)
from interlith.techniques.impedance.options import OPTIONS, check_options

__all__ = ["OPTIONS", "STEPS", "VERBS", "analyse", "check_options"]

#: The steps of this technique in order, each in the module of its verb.
STEPS = (
    validity.STEP,
    relaxation.STEP,
    circuit_choice.STEP,
    circuit.STEP,
    conductivity.STEP,
    arrhenius.STEP,
)


def analyse(series: Series, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Everything the report shows of impedance.

    Without asking: the Kramers-Kronig test and relaxation times. On request: circuits, conductivity, activation energy.

    Parameters
    ----------
    series
        Spectra.
    options
        Words of ``analyses: impedance:`` in `study.yaml`, see `OPTIONS`.

    Raises
    ------
    StudyError
        If a word or a value is not understood; nothing has been computed then.
    """
    check_options(options)
    return in_steps(STEPS, series, options, technique="impedance")


VERBS: dict[str, Callable[..., Result]] = {
    "validate": validity.validate,
    "choose": circuit_choice.choose,
    "fit": circuit.fit,
    "drt": relaxation.drt,
    "conductivity": conductivity.conductivity,
    "activation_energy": arrhenius.activation_energy,
}
