"""How does a study ask for what a notebook asks with several results: candidates for its peaks, expansion against a reference specimen?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from interlith.errors import FitError, StudyError, nearest
from interlith.model import Agreement, Decision, Given, Observable, Result, Sample, State, Step
from interlith.techniques.diffraction.candidates import candidates
from interlith.techniques.diffraction.expansion import expansion
from interlith.techniques.diffraction.named_files import crystals, shown
from interlith.techniques.diffraction.options import plain
from interlith.techniques.diffraction.records import number, result


def run_candidates(given: Given) -> Result:
    """Crystals ranked against the first pattern of a specimen."""
    options = plain(given.options)
    asked = options["candidates"]
    structures = None if asked in (True, "on", "shipped") else list(crystals(asked, "candidates").values())
    found = candidates(
        given.series, structures, wavelength=options.get("wavelength"), limits=options.get("limits"), widths=options.get("widths")
    )  # fmt: skip
    sample = given.series[0].sample.name
    data = {
        name: frame.with_columns(sample=_column(sample)) if frame.width else frame for name, frame in found.data.items()
    }
    told = {**found.how.options, "candidates": shown(asked)}
    return result(
        "candidates", (), method=found.how.method, options=told, quality=found.quality.rows(), data=data, words=found.how.methods_text,
        citations=found.how.citations, choices=found.choices, flags=found.flags,
    )  # fmt: skip


def reference_agreed(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    """The cell of the reference specimen over temperature, for all specimens alike.

    Raises
    ------
    StudyError
        If no specimen or variant has the name of the reference.
    """
    del decisions
    asked = options["expansion"]
    wanted, quantity = str(asked["reference"]), str(asked.get("of", "cell_volume"))
    known: list[str] = []
    for one in results.get("tracks", ()):
        for row in one.table.iter_rows(named=True):
            if row["sample"] not in known:
                known += [row["sample"], row["variant"]]
    if wanted not in known:
        raise StudyError(f"expansion: reference is '{wanted}'; {nearest(wanted, known)}.")
    rows = [
        [row["sample"], row["value"], row["std"], row["state_value"], row["state_low"], row["state_high"], row["state"], row["state_unit"], row["unit"]]
        for one in results["tracks"]
        for row in one.table.iter_rows(named=True)
        if wanted in (row["sample"], row["variant"]) and row["quantity"] == quantity and row["value"] is not None
    ]  # fmt: skip
    return Agreement({"quantity": quantity, "rows": rows})


def run_expansion(given: Given) -> Result:
    """Expansion and composition of one specimen against the agreed reference."""
    asked, rows = given.options["expansion"], given.agreed["rows"]
    quantity = str(given.agreed["quantity"])
    if not rows:
        raise FitError(f"The reference {asked['reference']} has no {quantity}; name peaks that fix it (tracks, cell).")
    own = given.result("tracks")
    if rows[0][0] in own.table.get_column("sample").to_list():
        raise FitError("The reference is not compared with itself.")
    observables = [_observable(row, quantity, place) for place, row in enumerate(rows)]
    reference = result("reference", observables, method="", options={}, quality=())
    per_lithium = asked.get("per_lithium")
    return expansion(
        own, reference, quantity=quantity, degree=asked.get("degree"), per_lithium=None if per_lithium is None else str(per_lithium),
        formulas=float(asked.get("formulas", 1.0)),
    )  # fmt: skip


def _observable(row: Sequence[Any], quantity: str, place: int) -> Observable:
    sample, value, std, state, low, high, name, unit, own = row
    known = State(str(name), float(state), float(low), float(high), str(unit or ""))
    size = float(std) if std is not None else math.inf
    return number(
        Sample(str(sample)),
        quantity,
        float(value),
        str(own),
        {f"noise:{sample}/reference/{place}": size},
        source="reference",
        state=known,
    )


def _column(text: str) -> Any:
    import polars as pl

    return pl.lit(text)


def _wants_candidates(options: Mapping[str, Any]) -> bool:
    return options.get("candidates") not in (None, False, "off")


def _wants_expansion(options: Mapping[str, Any]) -> bool:
    return options.get("expansion") is not None


CANDIDATES = Step(
    "candidates",
    run_candidates,
    words=("candidates", "wavelength", "limits", "widths"),
    reads=True,
    wanted=_wants_candidates,
)
EXPANSION = Step(
    "expansion", run_expansion, after=("tracks",), words=("expansion",), agree=reference_agreed, wanted=_wants_expansion
)
