"""What is left of a run when nothing in it may tell whose it is?

The whole outcome is made anew with neutral names, and everything that leaves (tables, report, figures, catalogue) is
written from that: no finished file is edited, so none can be forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from interlith.model import (
    Choice,
    Decision,
    Declared,
    Figure,
    FileRecord,
    Finding,
    Flag,
    Gap,
    Measurement,
    Panel,
    Primary,
    Result,
    Sample,
    StepRecord,
    Study,
    StudyOutcome,
    Table,
    Unread,
    Variant,
    read_target,
)
from interlith.workbench.declaring.attached import briefly
from interlith.workbench.declaring.schema import READER_WORDS
from interlith.workbench.provenance.naming_anew import WITHHELD, Names, names_of
from interlith.workbench.running.identity import COLUMNS, identifier

#: Columns of tables whose words are ours.
_OURS = frozenset(
    (
        "id",
        "study",
        "technique",
        "quantity",
        "unit",
        "state",
        "state_unit",
        "includes",
        "fit",
        "direction",
        "step",
        "of",
        "name",
    )
)


def anonymised(outcome: StudyOutcome, salt: bytes, *, folder: Path | None = None) -> tuple[StudyOutcome, Names]:
    """The outcome with neutral names, salted hashes and without free text of people, dates and vendor metadata.

    Parameters
    ----------
    outcome
        What was run.
    salt
        Secret of the user: with it the same study gets the same hashes again, without it no hash can be guessed.
    folder
        Where the neutral study is said to lie.

    Returns
    -------
    tuple
        The outcome, and which neutral name stands for which: to be kept by the user, never in the package.

    Notes
    -----
    The numbers themselves are not changed. The assumption that fails first: that nobody else holds the same numbers,
    since who has them in a table beside the names can find the names.
    """
    names = names_of(outcome, salt)
    old_keys = _keys(outcome)
    tables: dict[str, str] = {}
    results = tuple(_result(item, names, old_keys, tables) for item in outcome.results)
    observables = _observables(outcome.observables, names, old_keys, tables)
    study = _study(outcome.study, names, folder or Path("study"))
    # A design tells which coating is planned, whatever it is called.
    designed = {finding.statement for one in outcome.designs for finding in one.findings}
    drawn = {figure.name for one in outcome.designs for figure in one.figures}
    made = replace(
        outcome, study=study, results=results, observables=observables.with_columns(pl.lit(study.name).alias("study")),
        findings=tuple(_finding(item, names, tables) for item in outcome.findings
                       if item.kind != "audit" and item.statement not in designed),
        figures=tuple(_figure(item, names) for item in outcome.figures if item.name not in drawn),
        choices=tuple(_choice(item, names) for item in outcome.choices),
        failures=tuple((names.text(step), names.text(reason)) for step, reason in outcome.failures),
        records=tuple(_record(item, names) for item in outcome.records), created="", seconds=0.0,
        designs=(),
    )  # fmt: skip
    return made, names


def _keys(outcome: StudyOutcome) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for record in outcome.records:
        found.setdefault((record.technique, record.specimen), []).append(record.key)
    return found


def _observables(
    table: pl.DataFrame, names: Names, keys: Mapping[tuple[str, str], list[str]], seen: dict[str, str]
) -> pl.DataFrame:
    """Rows with neutral names; the identifier is made again from the salted key, so that it still proves its step."""
    made = _frame(table, names)
    rows = zip(
        table.select("id", "technique", *COLUMNS).iter_rows(named=True), made.select(COLUMNS).iter_rows(named=True), strict=True
    )  # fmt: skip
    found = []
    for old, new in rows:
        given = old["id"] or ""
        if given and given not in seen:
            mine = keys.get((old["technique"] or "", old["sample"] or ""), ())
            key = next((one for one in mine if identifier(one, old) == given), "")
            seen[given] = identifier(names.hash(key), new) if key else names.hash(given)[:16]
        found.append(seen.get(given, ""))
    made = made.with_columns(pl.Series("id", found, dtype=pl.String))
    if "components" not in made.columns:
        return made
    sources = (
        made.get_column("components")
        .explode(empty_as_null=True, keep_nulls=True)
        .struct.field("source")
        .drop_nulls()
        .unique()
    )
    told = {source: _source(source, names) for source in sources}
    part = pl.element().struct
    return made.with_columns(
        pl.col("components").list.eval(
            pl.when(pl.element().is_not_null()).then(
                pl.struct(
                    part.field("source").replace_strict(told, default=None, return_dtype=pl.String), part.field("size")
                )
            )
        )
    )


def _source(source: str, names: Names) -> str:
    """``mass:B1_02`` -> ``mass:S2``."""
    kind, mark, detail = source.partition(":")
    first, slash, rest = detail.partition("/")
    exact = names.samples.get(first) or names.batches.get(first) or names.variants.get(first)
    return f"{kind}{mark}{exact}{slash}{names.text(rest)}" if exact else f"{kind}{mark}{names.text(detail)}"


def _frame(table: pl.DataFrame, names: Names) -> pl.DataFrame:
    """A table with neutral names: names in their columns exactly, other text as text, no moments of the calendar."""
    exact = {"sample": names.samples, "variant": names.variants, "batch": names.batches, "replicate": names.replicates}
    columns = []
    for name, kind in table.schema.items():
        if isinstance(kind, (pl.Datetime, pl.Date, pl.Time)):
            continue
        if kind != pl.String or name in _OURS:
            columns.append(pl.col(name))
            continue
        words = table.get_column(name).drop_nulls().unique().to_list()
        change = names.source if name == "source" else names.text
        told = {word: exact.get(name, {}).get(word) or change(word) for word in words}
        columns.append(pl.col(name).replace_strict(told, default=None, return_dtype=pl.String))
    return table.select(columns)


def _result(item: Result, names: Names, keys: Mapping[tuple[str, str], list[str]], seen: dict[str, str]) -> Result:
    how = replace(
        item.how, method=names.text(item.how.method), options=names.anything(dict(item.how.options)),
        methods_text=names.text(item.how.methods_text),
    )  # fmt: skip
    return replace(
        item, table=_observables(item.table, names, keys, seen),
        data={name: _frame(frame, names) for name, frame in item.data.items() if isinstance(frame, pl.DataFrame)},
        quality=_frame(item.quality, names), how=how, choices=tuple(_choice(one, names) for one in item.choices),
        flags={names.samples.get(name, names.text(name)): tuple(_flag(one, names) for one in flags)
               for name, flags in item.flags.items()},
    )  # fmt: skip


def _flag(item: Flag, names: Names) -> Flag:
    return replace(item, message=names.text(item.message), where=names.text(item.where))


def _choice(item: Choice, names: Names) -> Choice:
    return replace(
        item, target=names.target(item.target), value=names.text(item.value), runner_up=names.text(item.runner_up),
        reason=names.text(item.reason) if item.who == "automatic" else WITHHELD, who=names.person(item.who),
        effects=tuple(replace(one, sample=names.samples.get(one.sample, names.text(one.sample))) for one in item.effects),
    )  # fmt: skip


def _finding(item: Finding, names: Names, seen: Mapping[str, str]) -> Finding:
    details: dict[str, float | int | str | None] = {}
    for name, value in item.details.items():
        exact = names.variants.get(value) if isinstance(value, str) else None
        details[name] = exact or (names.text(value) if isinstance(value, str) else value)
    return replace(
        item, statement=names.text(item.statement), caveats=tuple(names.text(words) for words in item.caveats),
        units={names.variants.get(name, names.text(name)): count for name, count in item.units.items()}, details=details,
        supporting=tuple(seen.get(one, names.hash(one)[:16]) for one in item.supporting),
        opposing=tuple(seen.get(one, names.hash(one)[:16]) for one in item.opposing),
    )  # fmt: skip


def _figure(item: Figure, names: Names) -> Figure:
    return replace(
        item, name=names.text(item.name), title=names.text(item.title), caption=names.text(item.caption),
        panels=tuple(_panel(panel, names) for panel in item.panels), tags=tuple(names.text(one) for one in item.tags),
    )  # fmt: skip


def _panel(panel: Panel, names: Names) -> Panel:
    lines = tuple(
        replace(
            one, label=names.text(one.label), variant=names.variants.get(one.variant, names.text(one.variant)),
            sample=names.samples.get(one.sample, names.text(one.sample)),
        )
        for one in panel.lines
    )  # fmt: skip
    bands = tuple(
        replace(one, label=names.text(one.label), variant=names.variants.get(one.variant, names.text(one.variant)))
        for one in panel.bands
    )
    return replace(
        panel, x_label=names.text(panel.x_label), y_label=names.text(panel.y_label), title=names.text(panel.title),
        lines=lines, bands=bands, markers=tuple(replace(one, label=names.text(one.label)) for one in panel.markers),
        meshes=tuple(replace(one, label=names.text(one.label)) for one in panel.meshes),
        notes=tuple(replace(one, text=names.text(one.text)) for one in panel.notes),
        x_names=tuple((place, names.text(word)) for place, word in panel.x_names),
        y_names=tuple((place, names.text(word)) for place, word in panel.y_names),
    )  # fmt: skip


def _record(item: StepRecord, names: Names) -> StepRecord:
    files = tuple(
        FileRecord(
            names.file(one.path), names.hash(one.sha256), rounded(one.size), one.reader, one.reader_version, one.part
        )
        for one in item.files
    )
    specimen = names.samples.get(item.specimen) or names.files.get(item.specimen) or names.text(item.specimen)
    decisions = tuple(
        {
            "target": names.target(str(one.get("target"))), "field": one.get("field"),
            "value": names.anything(one.get("value")), "was": names.anything(one.get("was")), "reason": WITHHELD,
            "who": names.person(str(one.get("who") or "")), "date": "",
        }
        for one in item.decisions
    )  # fmt: skip
    return replace(
        item, key=names.hash(item.key), specimen=specimen, files=files, decisions=decisions, reason=names.text(item.reason),
        inputs={name: tuple(names.hash(key) for key in keys) for name, keys in item.inputs.items()},
        options=_options(item.options, names), agreed=names.anything(dict(item.agreed)), seconds=0.0, cached=False,
    )  # fmt: skip


def _options(words: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Without those of the reader: names of columns are words of a vendor or of the laboratory."""
    return {
        name: names.anything(briefly(value, digest=False)) for name, value in words.items() if name not in READER_WORDS
    }


def rounded(size: int) -> int:
    """A file size to one digit: the exact one points at a public file nearly as well as its hash."""
    return round(size, 1 - len(str(size))) if size else 0


def _study(study: Study, names: Names, folder: Path) -> Study:
    samples = {id(item): _sample(item, names) for item in study.samples}
    kept = [(item, reason) for item, reason in study.excluded]
    variants = {
        names.variants.get(name, name): Variant(names.variants.get(name, name), names.variants.get(one.parent or ""))
        for name, one in study.variants.items()
    }
    primary = study.primary
    if primary is not None:
        primary = Primary(
            primary.quantity, primary.at, primary.sense, primary.criterion, primary.relative, primary.unit, ""
        )
    spread = {name: (size, WITHHELD) for name, (size, _) in study.replication.spread.items()}
    return replace(
        study, name="Study", folder=folder, reference=names.variants.get(study.reference or ""),
        replication=replace(study.replication, spread=spread), primary=primary, variants=variants,
        samples=tuple(samples.values()), measurements=tuple(_measurement(item, names) for item in study.measurements),
        excluded=tuple((_measurement(item, names), WITHHELD) for item, _ in kept),
        unread=tuple(Unread(names.file(one.path), names.text(one.reason), names.text(one.remedy)) for one in study.unread),
        gaps=tuple(Gap(names.text(one.where), names.text(one.what), names.text(one.consequence)) for one in study.gaps),
        analyses={name: _options(words, names) for name, words in study.analyses.items()},
        decisions=tuple(_decision(one, names) for one in study.decisions), external=tuple(names.file(one) for one in study.external), join={}, evidence=(), design=(),
    )  # fmt: skip


def _decision(one: Decision, names: Names) -> Decision:
    return Decision(
        target=read_target(names.target(one.target.text)), field=one.field, value=names.anything(one.value),
        reason=WITHHELD, who=names.person(one.who), was=names.anything(one.was), line=one.line,
    )  # fmt: skip


def _sample(item: Sample, names: Names) -> Sample:
    def declared(number: Declared | None) -> Declared | None:
        return None if number is None else replace(number, source="declared" if number.source else "")

    return Sample(
        name=names.samples.get(item.name, names.text(item.name)), variant=names.variants.get(item.variant, ""),
        batch=names.batches.get(item.batch, ""), replicate=names.replicates.get(item.replicate, ""), cell_kind=item.cell_kind,
        active_mass=declared(item.active_mass), area=declared(item.area), loading=declared(item.loading),
        one_C=declared(item.one_C), current_accuracy=item.current_accuracy, voltage_accuracy=item.voltage_accuracy,
    )  # fmt: skip


def _measurement(item: Measurement, names: Names) -> Measurement:
    source = item.source
    return replace(
        item, sample=_sample(item.sample, names), payload=Table(pl.LazyFrame(), ()), original_metadata={},
        source=replace(
            source, path=names.file(source.path), sha256=names.hash(source.sha256), size=rounded(source.size), absolute=None, key="",
            modified=0,
        ),
        flags=tuple(_flag(one, names) for one in item.flags),
    )  # fmt: skip


def seal(names: Names) -> str:
    """Digest of the salt: tells whether two packages were made with the same one, and gives nothing away."""
    return hashlib.sha256(b"interlith-salt" + names.salt).hexdigest()
