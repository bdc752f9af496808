"""Polarisation: from a cell held at a voltage or current to what conducts in it once ions or electrons are blocked."""

from __future__ import annotations

from interlith.model import Technique
from interlith.techniques.polarisation.analysis import STEPS, VERBS, analyse
from interlith.techniques.polarisation.conductivity import HEBB
from interlith.techniques.polarisation.example import example
from interlith.techniques.polarisation.figures import figures
from interlith.techniques.polarisation.options import OPTIONS, check_options
from interlith.techniques.polarisation.transference import BRUCE

__all__ = ["TECHNIQUE"]

TECHNIQUE = Technique(
    name="polarisation",
    payload="table",
    needs=("test_time", "voltage", "current"),
    analyse=analyse,
    options=OPTIONS,
    example=example,
    figures=figures,
    verbs=VERBS,
    headlines={"electronic_conductivity": "ratio", "ionic_conductivity": "ratio", "transference_number": "difference"},
    cites=(HEBB, BRUCE),
    steps=STEPS,
    check=check_options,
)
