"""Which runs do the tests of provenance look at? A simulated study, and made-up step records that hang together."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import polars as pl

from interlith.model import FileRecord, StepRecord, StudyOutcome
from interlith.reporting.tables import write_observables
from interlith.simulate.demo import BARE, COATED
from interlith.simulate.study import simulate_study
from interlith.workbench.provenance.writing import write_provenance
from interlith.workbench.running.identity import identify
from interlith.workbench.running.run import run

MODULES = {"interlith.techniques.cycling.summary": "0123456789ab", "interlith.physics.counting": "ba9876543210"}
VERSIONS = {"numpy": "2.4.0", "polars": "2.1.0"}


def key_of(*words: str) -> str:
    return hashlib.sha256("/".join(words).encode()).hexdigest()


def with_records(outcome: StudyOutcome) -> StudyOutcome:
    """A made-up outcome as a run that keeps records gives it."""
    files: dict[str, list[FileRecord]] = {}
    for item in outcome.study.measurements:
        source = item.source
        one = FileRecord(source.path, source.sha256, source.size, source.reader, source.reader_version, item.part)
        files.setdefault(item.sample.name, []).append(one)
    records, tables = [], []
    for name, raw in files.items():
        counts = tuple(key_of("count", one.sha256) for one in raw)
        for key, one in zip(counts, raw, strict=True):
            records.append(_record(key, "count", one.path, (one,), {}))
        for result in outcome.results:
            key = key_of(result.name, name)
            inputs = {"count": counts} if result.name == "summary" else {"summary": (key_of("summary", name),)}
            table = identify(result.table.filter(pl.col("sample") == name), key)
            agreed = {"reference_cycle": 3} if result.name == "retention" else {}
            options = {"normalise": "active_mass"} if result.name == "summary" else {}
            record = _record(key, result.name, name, tuple(raw), inputs)
            records.append(replace(record, options=options, agreed=agreed))
            tables.append(table)
    return replace(outcome, observables=pl.concat(tables), records=tuple(records))


def _record(
    key: str, step: str, specimen: str, files: tuple[FileRecord, ...], inputs: dict[str, tuple[str, ...]]
) -> StepRecord:
    return StepRecord(
        key, "cycling", step, specimen, files, inputs, code=key_of("code", step), modules=MODULES, versions=VERSIONS,
        seconds=0.25,
    )  # fmt: skip


def finished(folder: Path, store: Path) -> StudyOutcome:
    """A small simulated study with its results, catalogue and store."""
    simulate_study(
        folder, variants=(BARE, COATED), cells_per_variant=2, cycles=12, seed=5, restarted=1, title="Miller's LNMO powders",
        primary="{capacity_retention: {cycle: 12}}",
    )  # fmt: skip
    outcome = run(folder, store=store)
    write_observables(outcome.observables, folder / "results")
    write_provenance(outcome, folder / "results")
    return outcome
