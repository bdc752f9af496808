"""What does a study get of diffraction without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.model import Result, Series
from interlith.model.stepping import in_steps
from interlith.numerics.fitting.parameters import Sum, Tie
from interlith.techniques.diffraction import (
    candidates,
    expansion,
    new_peaks,
    new_phases,
    peaks,
    refined_files,
    refinement_step,
    study_steps,
    survey,
    tracks,
)
from interlith.techniques.diffraction.options import check_options
from interlith.techniques.diffraction.refinement.amounts import Element
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase
from interlith.techniques.diffraction.refinement.plans import Plan, Stage
from interlith.techniques.diffraction.refinement.refining import refine
from interlith.techniques.diffraction.refinement.standards import Standard

#: The steps of this technique in order, each in the module of its verb.
STEPS = (
    survey.STEP, peaks.STEP, tracks.STEP, new_peaks.STEP, study_steps.EXPANSION, study_steps.CANDIDATES, refinement_step.WHOLE,
    refinement_step.STEP, new_phases.STEP,
)  # fmt: skip

VERBS: dict[str, Callable[..., Result]] = {
    "patterns": survey.patterns,
    "peaks": peaks.peaks,
    "tracks": tracks.tracks,
    "new_peaks": new_peaks.new_peaks,
    "expansion": expansion.expansion,
    "candidates": candidates.candidates,
    "refine": refine,
    "new_phases": new_phases.new_phases,
    "cif": refined_files.cif,
}

NOUNS: dict[str, type] = {
    "Pattern": Pattern, "Phase": Phase, "Plan": Plan, "Stage": Stage, "Tie": Tie, "Sum": Sum, "Element": Element, "Standard": Standard,
}  # fmt: skip


def analyse(series: Series, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Everything the report shows of diffraction: a map of the patterns; tracks of peaks and what follows from them on request.

    Parameters
    ----------
    series
        Patterns.
    options
        Words of ``analyses: diffraction:``, see `interlith.techniques.diffraction.options.OPTIONS`.

    Raises
    ------
    StudyError
        If a word or a value is not understood; nothing has been computed then.
    """
    check_options(options)
    return in_steps(STEPS, series, options, technique="diffraction")
