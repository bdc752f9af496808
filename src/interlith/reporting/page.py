"""What does the one page hold, from the decision on its first sheet down to the raw bytes?"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import interlith
from interlith.model import Figure, Finding, Measurement, StudyOutcome
from interlith.reporting import decision, numbers
from interlith.reporting.choices import choice_groups, corrections, moved_text
from interlith.reporting.designed import leading
from interlith.reporting.draw import picture
from interlith.reporting.explained import origins
from interlith.reporting.forest import forest
from interlith.reporting.headline import Column, Spread, columns, sampled, spreads, state_text
from interlith.reporting.inline import inline
from interlith.reporting.methods import methods
from interlith.reporting.objections import flags_of
from interlith.reporting.style import Style, style_for
from interlith.reporting.trace import included, traced, traces

#: Figures stand in the page up to this many bytes of SVG; any beyond are linked, so that the page stays quick.
MOST_PICTURE_BYTES = 7_000_000
MOST_COVER_BYTES = 1_200_000
#: Columns of numbers of the table of cells that fit side by side on A4.
COLUMNS_ON_PAPER = 5
#: Findings on page 1 of a design.
MOST_FINDINGS = 8
#: Rows of flags shown; the rest is counted.
MOST_FLAGS = 400


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure in the page: its picture, or a link where the page would get too heavy."""

    number: int
    figure: Figure
    svg: Markup | None
    stem: str
    note: str


def render(outcome: StudyOutcome, *, pictures: Mapping[str, bytes] | None = None, beside: bool = True) -> str:
    """The whole report as one HTML text that asks no other machine for anything.

    Parameters
    ----------
    outcome
        What was run.
    pictures
        SVG by figure stem if already drawn; missing ones are drawn here.
    beside
        Whether the CSV, SVG and PDF files lie beside the page; only then it links to them.
    """
    style = style_of(outcome)
    page = decision.page_one(outcome)
    shown = columns(outcome)
    variants = _variants(outcome)
    sheets = _sheets(outcome, style, pictures or {})
    script = _resource("page.js")
    numbered = traced(outcome, shown)
    behind, raw = origins(outcome, numbered), _raw(outcome)
    told = traces(outcome, numbered, behind)
    context: dict[str, Any] = {
        "outcome": outcome, "study": outcome.study, "page": page, "simulated": outcome.simulated, "beside": beside,
        "effects": _effects(page, outcome), "forest": _forest(page, outcome, style),
        "columns": shown, "included": [included(column.rows(outcome.observables)) for column in shown], "cells": _cells(outcome, shown), "headline": _headline(outcome, shown, page),
        "spreads": _by_column(spreads(outcome.observables, shown, variants)), "sampled": sampled(outcome),
        "sheets": sheets, "cover": _cover(outcome, sheets, len(page.primary)), "choices": choice_groups(outcome), "corrections": corrections(outcome),
        "traces": told, "known_ids": {item.id for item in told}, "raw": raw, "origins": behind,
        "known_sources": {anchor: item.source.path for item, anchor in raw if anchor}, "methods": methods((*outcome.results, *outcome.designs), outcome=outcome),
        "per_print": COLUMNS_ON_PAPER, "flags": _flags(outcome), "most_flags": MOST_FLAGS, "leading": leading(outcome, MOST_FINDINGS), "quality": _quality(outcome), "style": style,
        "variants": variants, "version": interlith.__version__, "gaps": decision.gap_groups(outcome.study.gaps),
        "css": Markup(_resource("page.css")), "script": Markup(script), "script_hash": _hash(script),
    }  # fmt: skip
    return _environment().get_template("report.html").render(context)


def style_of(outcome: StudyOutcome) -> Style:
    """The looks of this study's variants, the same in every figure."""
    # What a design draws (faces, layers, lines) is no variant of the study: each of its figures has its own colours.
    designed = {figure.name for one in outcome.designs for figure in one.figures}
    panels = [panel for figure in outcome.figures if figure.name not in designed for panel in figure.panels]
    drawn = [line.variant for panel in panels for line in panel.lines]
    drawn += [band.variant for panel in panels for band in panel.bands]
    return style_for(_variants(outcome), outcome.study.reference, drawn)


def stems(figures: tuple[Figure, ...]) -> list[str]:
    """A safe and unique file stem for every figure, whatever it calls itself."""
    taken: list[str] = []
    for figure in figures:
        word = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in figure.name)
        stem = word.strip("_").lower()[:60] or "figure"
        number, name = 1, stem
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.append(name)
    return taken


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("interlith.reporting", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "quantity": numbers.title, "probability": numbers.probability_text, "bytes": numbers.bytes_text,
        "thin": _thin, "significant": numbers.significant, "unit": numbers.pretty_unit,
        "short": numbers.short, "elide": numbers.elide, "decimal": _decimal, "moved": moved_text, "sentence": _sentence, "day": _day,
    }  # fmt: skip
    made.globals |= {
        "with_uncertainty": numbers.with_uncertainty, "interval": numbers.interval_text, "effect": numbers.effect_text, "state_text": state_text,
        "number": _number,
    }  # fmt: skip
    return made


def _resource(name: str) -> str:
    return files("interlith.reporting").joinpath("templates", name).read_text(encoding="utf-8").strip()


def _hash(script: str) -> str:
    """The policy lets this one script run and no other, not even one that slipped through the escaping."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _thin(text: str) -> str:
    """Numbers and units held together by narrow spaces that do not break."""
    return text.replace(" ± ", "\u202f±\u202f").replace(" × ", "\u202f×\u202f").replace(" ", "\u202f")


def _sentence(text: str) -> str:
    """Begin with a capital, unless the first word is a name."""
    return text[:1].upper() + text[1:] if re.match(r"[a-z]+[ ,]", text) else text


def _day(text: str) -> str:
    """A moment as people write it: ``2026-11-21T05:48:55+00:00`` -> ``2026-11-21 05:48 UTC``."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*(?:\+00:00|Z)$", r"\1 \2 UTC", text)


def _decimal(value: float | None) -> str:
    return numbers.NOTHING if value is None else f"{value:.2f}"


def _number(value: float | None, std: float | None) -> str:
    """A number for a table whose head says the unit and explains the question mark."""
    if value is None:
        return numbers.NOTHING
    if std is None or std == float("inf"):
        return f"{numbers.significant(value, 4)} ± ?"
    return numbers.with_uncertainty(value, std)


def _variants(outcome: StudyOutcome) -> list[str]:
    seen = outcome.observables.get_column("variant").drop_nulls().unique(maintain_order=True).to_list()
    names = [name for name in dict.fromkeys([*outcome.study.variants, *seen]) if name in seen]
    reference = outcome.study.reference
    if reference in names:
        names.remove(reference)
        names.insert(0, reference)
    return names or [""]


def _who(item: Finding, outcome: StudyOutcome) -> tuple[str, str]:
    """The variant that an effect speaks of, and the one it is compared with."""
    variant, reference = item.details.get("variant"), item.details.get("reference")
    names = [name for name in item.units if name != outcome.study.reference]
    first = str(variant) if variant else names[0] if names else ""
    second = str(reference) if reference else outcome.study.reference or ""
    return first, second


def _effects(page: decision.PageOne, outcome: StudyOutcome) -> list[dict[str, Any]]:
    made = []
    for number, item in page.primary:
        variant, reference = _who(item, outcome)
        made.append(
            {
                "number": number,
                "finding": item,
                "variant": variant,
                "reference": reference,
                "flags": flags_of(item, outcome),
            }
        )
    return made


def _forest(page: decision.PageOne, outcome: StudyOutcome, style: Style) -> Markup:
    findings = [item for _, item in page.primary]
    names = [_who(item, outcome)[0] for item in findings]
    labels = [name or numbers.title(item.quantity) for name, item in zip(names, findings, strict=True)]
    return forest(findings, labels, style, names) if findings else Markup("")


def _headline(outcome: StudyOutcome, shown: tuple[Column, ...], page: decision.PageOne) -> list[dict[str, Any]]:
    """Numbers for page 1 where nothing is compared: the first columns of the first specimens."""
    if page.primary:
        return []
    made = []
    for column in shown[:7]:
        rows = column.rows(outcome.observables)
        made.append({"column": column, "rows": rows.head(2).to_dicts(), "more": max(0, rows.height - 2)})
    return made


def _by_column(rows: list[Spread]) -> list[tuple[Column, list[Spread]]]:
    gathered: dict[Column, list[Spread]] = {}
    for row in rows:
        gathered.setdefault(row.column, []).append(row)
    return list(gathered.items())


def _cells(outcome: StudyOutcome, shown: tuple[Column, ...]) -> list[dict[str, Any]]:
    """One row a specimen with its headline numbers, variants in order."""
    samples = {item.name: item for item in outcome.study.samples}
    frame = outcome.observables
    names = frame.select("sample", "variant", "batch", "replicate").unique("sample", maintain_order=True)
    values: dict[str, list[Mapping[str, Any] | None]] = {
        row["sample"]: [None] * len(shown) for row in names.iter_rows(named=True)
    }
    for place, column in enumerate(shown):
        for row in column.rows(frame).select("sample", "value", "std", "flag", "id").iter_rows(named=True):
            values[row["sample"]][place] = row
    order = {name: place for place, name in enumerate(_variants(outcome))}
    made = [
        row | {"known": samples.get(row["sample"]), "numbers": values[row["sample"]]}
        for row in names.iter_rows(named=True)
    ]
    return sorted(made, key=lambda row: (order.get(row["variant"], len(order)), row["sample"] or ""))


def _sheets(outcome: StudyOutcome, style: Style, pictures: Mapping[str, bytes]) -> list[Sheet]:
    made, total = [], 0
    for number, (figure, stem) in enumerate(zip(outcome.figures, stems(outcome.figures), strict=True), start=1):
        svg = pictures[stem] if stem in pictures else picture(figure, "svg", style=style)
        total += len(svg)
        kept = inline(svg, figure, f"fig{number}") if total <= MOST_PICTURE_BYTES else None
        made.append(Sheet(number, figure, kept, stem, _figure_note(figure, style)))
    return made


def _cover(outcome: StudyOutcome, sheets: list[Sheet], effects: int) -> tuple[Sheet, Markup] | None:
    """The figure of the primary endpoint for page 1, if it is small enough to stand there."""
    primary = outcome.study.primary
    narrow = [sheet for sheet in sheets if sheet.figure.width == 1 and len(sheet.figure.panels) == 1 and sheet.svg]
    if not narrow or effects > 3:
        return None

    def fits(sheet: Sheet) -> bool:
        names = {line.observable for panel in sheet.figure.panels for line in panel.lines}
        return primary is not None and (primary.quantity in names or primary.quantity in sheet.figure.tags)

    chosen = next((sheet for sheet in narrow if fits(sheet)), narrow[0])
    svg = chosen.svg
    if svg is None or len(svg) > MOST_COVER_BYTES:
        return None
    # The same picture stands twice on the page: the second needs identifiers of its own.
    return chosen, Markup(svg.replace(f"fig{chosen.number}-", "cover-"))


def _figure_note(figure: Figure, style: Style) -> str:
    lines = [line for panel in figure.panels for line in panel.lines]
    words = []
    if any(line.std is not None and bool((line.std == float("inf")).all()) and line.std.size for line in lines):
        words.append("Hollow points: uncertainty unknown.")
    if sum(line.x.size for line in lines) > style.rasterise_above:
        words.append("Curves are an image; the CSV holds every point.")
    return " ".join(words)


def _flags(outcome: StudyOutcome) -> list[dict[str, str]]:
    """What readers and checks noticed, by file and specimen, the gravest first."""
    found: dict[tuple[str, ...], None] = {}
    for item in (*outcome.study.measurements, *(kept for kept, _ in outcome.study.excluded)):
        for flag in item.flags:
            found[(flag.severity, item.source.path, flag.code, flag.message, flag.where)] = None
    for result in outcome.results:
        for name, flags in result.flags.items():
            for flag in flags:
                found[(flag.severity, name, flag.code, flag.message, flag.where)] = None
    rank = {"error": 0, "warning": 1, "note": 2}
    names = ("severity", "place", "code", "message", "where")
    ordered = sorted(found, key=lambda entry: (rank.get(entry[0], 3), entry[1]))
    return [dict(zip(names, entry, strict=True)) for entry in ordered]


def _raw(outcome: StudyOutcome) -> list[tuple[Measurement, str]]:
    """Raw files, each with the anchor that origins link to; the same bytes twice get one anchor."""
    seen: set[str] = set()
    made = []
    for item in outcome.study.measurements:
        anchor = item.source.sha256[:12]
        made.append((item, "" if anchor in seen else anchor))
        seen.add(anchor)
    return made


def _quality(outcome: StudyOutcome) -> list[dict[str, Any]]:
    """Steps that did not work for a specimen, from the quality tables of all results, unless told among the failures."""
    made: list[dict[str, Any]] = []
    told = {message for _, message in outcome.failures}
    for result in outcome.results:
        if "ok" not in result.quality.columns:
            continue
        failed = result.quality.filter(~pl.col("ok").fill_null(value=False)).head(200)
        rows = [row for row in failed.iter_rows(named=True) if row["reason"] not in told]
        made += [{"technique": result.technique, "name": result.name} | row for row in rows]
    return made
