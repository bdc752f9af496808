"""Diffraction: from powder patterns to cells, fractions, and peaks followed through a series."""

from __future__ import annotations

from interlith.model import Technique
from interlith.techniques.diffraction.analysis import NOUNS, STEPS, VERBS, analyse
from interlith.techniques.diffraction.example import example
from interlith.techniques.diffraction.figures import figures
from interlith.techniques.diffraction.options import OPTIONS, check_options

__all__ = ["TECHNIQUE"]

TECHNIQUE = Technique(
    name="diffraction",
    payload="table",
    needs=("intensity",),
    analyse=analyse,
    options=OPTIONS,
    example=example,
    figures=figures,
    verbs=VERBS,
    nouns=NOUNS,
    headlines={},
    steps=STEPS,
    check=check_options,
)
