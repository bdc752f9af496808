"""Cell cycling: from rows of a cycler to capacities, efficiencies, retention and what they rest on."""

from __future__ import annotations

from interlith.model import Technique
from interlith.techniques.cycling.analysis import OPTIONS, STEPS, VERBS, analyse, derive
from interlith.techniques.cycling.example import example
from interlith.techniques.cycling.figures import figures
from interlith.techniques.cycling.overpotential import hysteresis

__all__ = ["TECHNIQUE"]

TECHNIQUE = Technique(
    name="cycling",
    payload="table",
    needs=("test_time", "current", "voltage"),
    analyse=analyse,
    options=OPTIONS,
    example=example,
    figures=figures,
    verbs={**VERBS, "hysteresis": hysteresis},
    headlines={
        "capacity_retention": "ratio",
        "discharge_capacity": "ratio",
        "initial_coulombic_efficiency": "difference",
        "discharge_mean_voltage": "difference",
        "capacity_decay": "difference",
        "mean_voltage_decay": "difference",
        "plateau_share": "difference",
    },
    derive=derive,
    steps=STEPS,
)
