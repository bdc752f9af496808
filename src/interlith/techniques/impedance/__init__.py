"""Impedance: from spectra to resistances, time constants and conductivities, and what they rest on."""

from __future__ import annotations

from interlith.model import Technique
from interlith.techniques.impedance.analysis import OPTIONS, STEPS, VERBS, analyse, check_options
from interlith.techniques.impedance.bare import taken
from interlith.techniques.impedance.example import example
from interlith.techniques.impedance.figures import figures

__all__ = ["TECHNIQUE"]

TECHNIQUE = Technique(
    name="impedance",
    payload="table",
    needs=("frequency", "impedance_real", "impedance_imaginary"),
    analyse=analyse,
    options=OPTIONS,
    example=example,
    figures=figures,
    verbs=VERBS,
    headlines={
        "charge_transfer_resistance": "ratio",
        "interphase_resistance": "ratio",
        "polarisation_resistance": "ratio",
        "ohmic_resistance": "ratio",
    },
    steps=STEPS,
    check=check_options,
    take=taken,
)
