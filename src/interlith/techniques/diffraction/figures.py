"""Which figures show diffraction: the patterns, the peaks tracked through them, refinements and what was refined?"""

from __future__ import annotations

from collections.abc import Sequence

from interlith.model import Figure, Result
from interlith.techniques.diffraction.figures_refinement import refinement_figures
from interlith.techniques.diffraction.figures_series import series_figures


def figures(results: Sequence[Result]) -> list[Figure]:
    """All figures of what was computed; those whose result is missing are left out.

    Parameters
    ----------
    results
        Results of this technique.
    """
    named = {one.name: one for one in results}
    made: list[Figure] = []
    if "patterns" in named:
        made += series_figures(named["patterns"], named.get("tracks"))
    if "refine" in named:
        made += refinement_figures(named["refine"], named.get("new_phases"))
    return made
