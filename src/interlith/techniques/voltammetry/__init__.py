"""Voltammetry: from swept voltages to peaks, their couples, and how the current grows with the scan rate."""

from __future__ import annotations

from interlith.model import Technique
from interlith.techniques.voltammetry.analysis import STEPS, VERBS, analyse
from interlith.techniques.voltammetry.diffusion import RANDLES
from interlith.techniques.voltammetry.example import example
from interlith.techniques.voltammetry.figures import figures
from interlith.techniques.voltammetry.options import OPTIONS, check_options
from interlith.techniques.voltammetry.shares import DUNN

__all__ = ["TECHNIQUE"]

TECHNIQUE = Technique(
    name="voltammetry",
    payload="table",
    needs=("voltage", "current"),
    analyse=analyse,
    options=OPTIONS,
    example=example,
    figures=figures,
    verbs=VERBS,
    headlines={
        "peak_1_separation": "difference",
        "anodic_peak_1_b_value": "difference",
        "anodic_peak_1_diffusion": "ratio",
    },
    cites=(RANDLES, DUNN),
    steps=STEPS,
    check=check_options,
)
