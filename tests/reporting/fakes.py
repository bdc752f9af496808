"""Which outcomes does the reporting room get to show? Made up here: one, six or two hundred cells, and hostile words."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.model import (
    Band,
    Choice,
    Citation,
    Figure,
    Finding,
    Flag,
    Gap,
    How,
    Line,
    Marker,
    Measurement,
    Panel,
    Primary,
    Replication,
    Result,
    Sample,
    Source,
    Study,
    StudyOutcome,
    Table,
    Unread,
    Variant,
)
from interlith.model.observable import finish

HOSTILE = ('<script>alert("x")</script>', "=cmd|' /C calc'!A0", "a&b\"c'd", "$\\frac{1}{0}$")
VARIANTS = ("bare", "C0.5La", "C1La", "C2La")


def make_outcome(
    cells: int = 6,
    cycles: int = 200,
    *,
    names: tuple[str, ...] = (),
    variants: int = 2,
    simulated: bool = False,
    findings: bool = True,
    seed: int = 7,
) -> StudyOutcome:
    """A study of cells that fade, with everything a report may meet; numbers are invented but hang together."""
    samples = _samples(cells, variants, names)
    table, cycle_table = _numbers(samples, cycles, seed)
    reference = "bare" if variants > 1 else None
    study = Study(
        name="LNMO with a La wetting layer",
        folder=Path("study"),
        reference=reference,
        replication=Replication("cell", "batch"),
        primary=Primary("capacity_retention", {"cycle": float(cycles)}, "at_least", 0.05, text="at least +5 %"),
        variants={name: Variant(name) for name in VARIANTS[:variants]},
        samples=samples,
        measurements=tuple(_measurement(sample, number) for number, sample in enumerate(samples)),
        unread=(Unread("cells/old.mpr", "BioLogic .mpr files are not read.", "Export as text: File, Export, .mpt."),),
        gaps=(
            Gap(f"measurements.csv, row {cells}, active_mass", "No confirmed mass", "its capacities are in mAh"),
            Gap("study.yaml, cells: current_accuracy", "Accuracy of the current is not declared", "lower bounds only"),
        ),
        analyses={"cycling": {"reference_cycle": 4}},
        simulated=simulated,
    )
    result = _result(table, cycle_table)
    return StudyOutcome(
        study=study,
        results=(result,),
        observables=table,
        findings=_findings(table, samples, cycles) if findings and variants > 1 and cells > 1 else (),
        figures=_figures(table, samples, simulated),
        choices=result.choices,
        failures=(("cycling, GITT, bare_1", "The pulses are 2 s long; the formula needs at least 10 points a pulse."),),
        seconds=12.3,
    )


def _samples(cells: int, variants: int, names: tuple[str, ...]) -> tuple[Sample, ...]:
    made = []
    for number in range(cells):
        variant = VARIANTS[number * variants // cells] if cells >= variants else VARIANTS[0]
        name = names[number] if number < len(names) else f"{variant}_{number + 1:02d}"
        made.append(Sample(name, variant, f"b{number % 2 + 1}", str(number + 1), "half_cathode"))
    return tuple(made)


def _identity(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


def _measurement(sample: Sample, number: int) -> Measurement:
    digest = _identity("raw", sample.name)
    flags = (
        Flag("counter_rounded", "The counter is rounded to 0.1 mAh; the integral is used.", "column 7", "note"),
        Flag("clock_jumps_back", "The wall clock jumps back by 3601 s at row 20112.", "row 20112"),
    )
    return Measurement(
        sample=sample,
        technique="cycling",
        source=Source(f"cells/{sample.name}.ndax", digest, 4_210_000 + number, "neware_ndax", "1"),
        payload=Table(pl.LazyFrame({"voltage": [4.0]}), ("voltage",)),
        flags=flags[: 1 + number % 2],
    )


def _numbers(samples: tuple[Sample, ...], cycles: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    random = np.random.default_rng(seed)
    number = np.arange(1, cycles + 1)
    pieces, wide = [], []
    for place, sample in enumerate(samples):
        fade = (0.00055 if sample.variant == "bare" else 0.0003) * (1 + 0.12 * random.normal())
        capacity = 131.5 * (1 + 0.01 * random.normal()) * (1 - fade * number) + random.normal(0, 0.06, cycles)
        last_cell = place == len(samples) - 1 and len(samples) > 1
        unit, scale = ("mAh", 0.0045) if last_cell else ("mAh/g", 1.0)
        mass = [] if last_cell else [("mass", 0.02)]
        values = {
            "discharge_capacity": (capacity * scale, unit, [*mass, ("counter", 0.0004)]),
            "coulombic_efficiency": (99.4 + random.normal(0, 0.05, cycles), "%", [("counter", 0.0006)]),
            "capacity_retention": (100 * capacity / capacity[3], "%", [("counter", 0.0006)]),
            "discharge_mean_voltage": (4.62 - 2e-4 * number, "V", []),
        }
        for quantity, (column, its_unit, kinds) in values.items():
            pieces.append(_series(sample, quantity, column, its_unit, kinds, number))
        wide.append(
            pl.DataFrame(
                {"sample": sample.name, "cycle": number, "discharge_capacity": capacity * 4.5e-6}
            ).with_columns(flag=pl.lit(""))
        )
        ice = np.array([None if place == 0 else 84.0 + random.normal()], dtype=object)
        pieces.append(_single(sample, "initial_coulombic_efficiency", ice[0], "%", 0.21, "incomplete half-cycle"))
        pieces.append(_single(sample, "capacity_decay", -fade * 100, "%/cycle", 0.0011, ""))
    return finish(pl.concat(pieces, how="diagonal_relaxed")), pl.concat(wide)


def _series(
    sample: Sample, quantity: str, column: np.ndarray, unit: str, kinds: list[tuple[str, float]], number: np.ndarray
) -> pl.DataFrame:
    frame = _base(sample, quantity, unit, pl.DataFrame({"value": column, "cycle": number}))
    detail = {"mass": sample.name, "counter": f"{sample.name}/discharge"}
    parts = [pl.struct(source=pl.lit(f"{kind}:{detail[kind]}"), size=pl.col("value") * share) for kind, share in kinds]
    return frame.with_columns(
        components=pl.concat_list(parts)
        if parts
        else pl.lit([], dtype=pl.List(pl.Struct({"source": pl.String, "size": pl.Float64}))),
        state=pl.lit("cycle"),
        state_unit=pl.lit("1"),
        state_value=pl.col("cycle").cast(pl.Float64),
        state_low=pl.col("cycle").cast(pl.Float64),
        state_high=pl.col("cycle").cast(pl.Float64),
        id=pl.format(
            "{}{}", pl.lit(_identity(sample.name, quantity)[:10]), pl.col("cycle").cast(pl.String).str.zfill(6)
        ),
    )


def _single(sample: Sample, quantity: str, value: float | None, unit: str, std: float, flag: str) -> pl.DataFrame:
    parts = [[{"source": f"fit:{sample.name}/{quantity}", "size": std}]]
    frame = pl.DataFrame(
        {"value": [value], "components": parts, "flag": [flag if value is None else ""]},
        schema_overrides={"value": pl.Float64},
    )
    return _base(sample, quantity, unit, frame).with_columns(id=pl.lit(_identity(sample.name, quantity)[:16]))


def _base(sample: Sample, quantity: str, unit: str, frame: pl.DataFrame) -> pl.DataFrame:
    words = {
        "study": "lnmo", "sample": sample.name, "variant": sample.variant, "batch": sample.batch,
        "replicate": sample.replicate, "technique": "cycling", "quantity": quantity, "unit": unit,
        "method": "own half-cycle", "source": f"sha256:{_identity('raw', sample.name)}",
    }  # fmt: skip
    return frame.with_columns(**{name: pl.lit(word) for name, word in words.items()})


def _result(table: pl.DataFrame, cycles: pl.DataFrame) -> Result:
    first = table.get_column("source")[0].removeprefix("sha256:")[:12]
    choices = (
        Choice(f"cells/a.ndax#sha256:{first}/half_cycle/37", "step_type", "charge", "pause", 0.12,
               ("discharge_capacity", "capacity_retention"), "The current falls to zero for 12 s in the middle of the step."),
        Choice("cycling", "reference_cycle", "4", "3", 0.55,
               ("capacity_retention",), "Declared in study.yaml; formation lasts three cycles."),
        Choice("cells/b.ndax#sha256:03ab99e1c5d7/join", "cycle_join", "joined", "two tests", 0.81,
               ("discharge_capacity",), "The second file starts 4 s of device time after the first ends."),
        Choice("cells/b.ndax#sha256:03ab99e1c5d7/column/7", "column", "capacity", "energy", 0.97, (), "Its unit is mAh."),
    )  # fmt: skip
    cite = Citation(
        "weppner1977", "W. Weppner and R. A. Huggins, J. Electrochem. Soc. 124, 1569 (1977)",
        "@article{weppner1977,\n  author = {Weppner, W. and Huggins, R. A.},\n  doi = {10.1149/1.2133112},\n}",
    )  # fmt: skip
    how = How(
        "cycling", "own half-cycles", {"reference_cycle": 4, "normalise": "active_mass"},
        {"polars": "2.1.0", "numpy": "2.4.0"}, (cite,),
        "Half-cycles were found from the sign of the measured current; capacities are counter differences checked "
        "against the integral of the current over device time.",
    )  # fmt: skip
    quality = pl.DataFrame({"sample": ["bare_01"], "step": ["dQ/dV"], "ok": [True], "reason": [""]})
    return Result("cycling", "summary", table, {"cycles": cycles}, quality, how, choices)


def _findings(table: pl.DataFrame, samples: tuple[Sample, ...], cycles: int) -> tuple[Finding, ...]:
    ids = table.filter((pl.col("quantity") == "capacity_retention") & (pl.col("cycle") == cycles)).select(
        "id", "variant"
    )
    made = []
    for variant in dict.fromkeys(item.variant for item in samples if item.variant != "bare"):
        mine = [row["id"] for row in ids.iter_rows(named=True) if row["variant"] in ("bare", variant)]
        units = {name: sum(item.variant == name for item in samples) for name in (variant, "bare")}
        few = min(units.values()) < 2
        details: dict[str, Any] = {
            "endpoint": "primary", "criterion_limit": 5.0, "criterion_reading": "relative change: at least +5 %",
            "cells_for_80_percent_power": 6, "cells_for_80_percent_power_low": 4, "cells_for_80_percent_power_high": 21,
            "effect_for_power": "the declared criterion", "degrees_of_freedom": 4.0,
        }  # fmt: skip
        made.append(
            Finding(
                kind="ratio",
                statement=f"{variant} keeps 5.3 % (95 % interval 3.1 to 7.5 %, {units[variant]} and {units['bare']} cells) "
                f"more of its capacity than bare at cycle {cycles}; the criterion 'at least +5 %' is neither met nor missed "
                "for sure (probability 64 % that it is met).",
                verdict="descriptive" if few else "undecided",
                quantity="capacity_retention",
                estimate=5.31,
                low=3.12,
                high=7.5,
                unit="%",
                probability=None if few else 0.64,
                units=units,
                supporting=tuple(mine[1:]),
                opposing=tuple(mine[:1]),
                caveats=("One variant scatters 3.4 times as much as the other.",),
                details=details,
            )
        )
    made.append(
        Finding("audit", "areal_end / areal = 81.1 % contradicts the 81.8 % of the abstract by 0.7 %.", "contradicted",
                estimate=0.991, low=0.989, high=0.994, caveats=("Rounding of the last printed digit is included.",))
    )  # fmt: skip
    made.append(
        Finding("equivalence", "The mean voltage did not change by more than 3 mV.", "supported", "discharge_mean_voltage",
                0.4, -1.9, 2.7, unit="mV", units={"bare": 3, "C0.5La": 3})
    )  # fmt: skip
    return tuple(made)


def _figures(table: pl.DataFrame, samples: tuple[Sample, ...], simulated: bool) -> tuple[Figure, ...]:
    panels = []
    for quantity, label in (
        ("discharge_capacity", "Discharge capacity / mAh g⁻¹"), ("capacity_retention", "Capacity retention / %"),
        ("coulombic_efficiency", "Coulombic efficiency / %"),
    ):  # fmt: skip
        lines, bands = _curves(table.filter((pl.col("quantity") == quantity) & (pl.col("unit") != "mAh")), samples)
        panels.append(Panel("Cycle", label, lines, bands))
    reference = replace(panels[1], markers=(Marker(80.0, "80 %", "y"),))
    rate = np.array([0.1, 0.5, 1.0, 2.0])
    known = Line(rate, np.array([131.0, 124.0, 118.0, 101.0]), "bare", "bare", samples[0].name, np.full(4, 2.6), "both")
    unknown = Line(rate, np.array([130.0, 126.0, 121.0, 110.0]), "C0.5La", "C0.5La", "", np.full(4, np.inf), "both")
    curves = tuple(
        Line(np.linspace(0, 131 - n / 20, 300), 4.75 - 0.02 * np.arange(300) / 300 - 0.9 * np.linspace(0, 1, 300) ** 12,
             f"cycle {n}", "bare", samples[0].name)
        for n in (1, 50, 100, 200)
    )  # fmt: skip
    return (
        Figure("capacity", "Capacity over cycles", "Thin: cells. Thick: mean. Shaded: one standard deviation between cells.",
               (panels[0],), simulated=simulated),
        Figure("retention", "Retention over cycles", "Relative to cycle 4.", (reference,), simulated=simulated),
        Figure("overview", "Retention and efficiency", "All replicates overlaid.", (reference, panels[2]), 2, 2, simulated),
        Figure("rate", "Rate capability", "Bars: one standard uncertainty.",
               (Panel("Rate / h⁻¹", "Discharge capacity / mAh g⁻¹", (known, unknown), log_x=True),), simulated=simulated),
        Figure("curves", "Discharge curves", "One cell.", (Panel("Capacity / mAh g⁻¹", "Voltage / V", curves),),
               simulated=simulated),
    )  # fmt: skip


def _curves(frame: pl.DataFrame, samples: tuple[Sample, ...]) -> tuple[tuple[Line, ...], tuple[Band, ...]]:
    lines, bands = [], []
    for sample in samples:
        own = frame.filter(pl.col("sample") == sample.name).sort("cycle")
        if own.height:
            x, y = own["cycle"].cast(pl.Float64).to_numpy(), own["value"].to_numpy()
            lines.append(Line(x, y, "", sample.variant, sample.name, faint=True, observable=own["quantity"][0]))
    for variant in dict.fromkeys(item.variant for item in samples):
        mine = frame.filter(pl.col("variant") == variant)
        mean = mine.group_by("cycle").agg(pl.col("value").mean(), pl.col("value").std().alias("s")).sort("cycle")
        count = mine["sample"].n_unique()
        x, y, s = mean["cycle"].cast(pl.Float64).to_numpy(), mean["value"].to_numpy(), mean["s"].to_numpy()
        lines.append(Line(x, y, f"{variant}, mean of {count}", variant))
        if count > 1:
            bands.append(Band(x, y - s, y + s, f"{variant}: ± s between cells", variant))
    return tuple(lines), tuple(bands)
