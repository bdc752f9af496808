"""What does a study get of diffraction without asking, and what on request?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from interlith.model import Result, Series
from interlith.model.stepping import in_steps
from interlith.techniques.diffraction import candidates, expansion, new_peaks, peaks, study_steps, survey, tracks
from interlith.techniques.diffraction.options import check_options

#: The steps of this technique in order, each in the module of its verb.
STEPS = (survey.STEP, peaks.STEP, tracks.STEP, new_peaks.STEP, study_steps.EXPANSION, study_steps.CANDIDATES)

VERBS: dict[str, Callable[..., Result]] = {
    "patterns": survey.patterns,
    "peaks": peaks.peaks,
    "tracks": tracks.tracks,
    "new_peaks": new_peaks.new_peaks,
    "expansion": expansion.expansion,
    "candidates": candidates.candidates,
}


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
