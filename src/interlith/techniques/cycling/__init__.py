"""Cell cycling: from rows of a cycler to capacities, efficiencies, retention and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlith.model import Example, Figure, Result, Series, Technique
from interlith.techniques.cycling.overpotential import hysteresis
from interlith.techniques.cycling.retention import retention
from interlith.techniques.cycling.summary import summarise

__all__ = ["TECHNIQUE", "analyse", "hysteresis", "retention", "summarise"]

OPTIONS = {
    "reference_cycle": "Cycle that counts as 100 % of the retention.",
    "exclude_rate": "C-rate of check-up cycles to leave out of retention and decay, for instance C/10.",
    "normalise": "Basis of capacities: active_mass, area or none.",
}


def analyse(series: Series, options: Mapping[str, Any]) -> tuple[Result, ...]:
    """Everything the report shows of cycling.

    Parameters
    ----------
    series
        Measurements of cells.
    options
        Words of ``analyses: cycling:`` in `study.yaml`, see `OPTIONS`.
    """
    summary = summarise(series, normalise=str(options.get("normalise", "active_mass")))
    results = [summary]
    if "reference_cycle" in options and summary.table.height:
        results.append(
            retention(
                summary, reference_cycle=int(options["reference_cycle"]), exclude_rate=options.get("exclude_rate")
            )
        )
    # Analyses over cycles (fade, rates, plateau, derivative, titration) are appended here.
    return tuple(results)


def _example() -> Example:
    from interlith.techniques.cycling.example import example

    return example()


def _figures(results: Sequence[Result]) -> Sequence[Figure]:
    from interlith.techniques.cycling.figures import figures

    return figures(results)


TECHNIQUE = Technique(
    name="cycling",
    payload="table",
    needs=("test_time", "current", "voltage"),
    analyse=analyse,
    options=OPTIONS,
    example=_example,
    figures=_figures,
    verbs={"summarise": summarise, "retention": retention, "hysteresis": hysteresis},
    headlines=("capacity_retention", "discharge_capacity", "initial_coulombic_efficiency", "discharge_mean_voltage"),
)
