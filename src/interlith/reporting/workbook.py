"""How does a colleague who works in a spreadsheet get the numbers, with units, and without a formula hidden in a name?

Text is always written as text: xlsxwriter's guessing of formulas, links and numbers is off, and text and numbers go
through different calls. An infinite uncertainty is the word "unknown", a missing value an empty cell with its flag.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from interlith.model import SCHEMA, StudyOutcome
from interlith.reporting.choices import choice_groups, corrections, moved_text
from interlith.reporting.decision import page_one
from interlith.reporting.headline import Column, columns
from interlith.reporting.methods import methods
from interlith.reporting.numbers import interval_text, pretty_unit, probability_text
from interlith.units import QUANTITIES

#: Cells a sheet; beyond this a spreadsheet is the wrong tool and the sheet says where the rest is.
MOST_CELLS = 400_000
MOST_TEXT = 32_000
_BAD_FILE_TEXT = {number: " " for number in range(32) if number not in (9, 10)}

Cell = str | float | int | bool | None
Row = Sequence[Cell]


class _Book:
    """One workbook and its formats."""

    def __init__(self, path: Path, *, simulated: bool) -> None:
        safe = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.file = xlsxwriter.Workbook(str(path), safe | {"constant_memory": True, "in_memory": False})
        self.simulated = simulated
        self.head = self.file.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#f1efe9"}
        )
        self.note = self.file.add_format({"italic": True, "font_color": "#555555"})
        self.warn = self.file.add_format({"bold": True, "font_color": "#a33b00"})
        self.text = self.file.add_format({"valign": "top"})
        self.wrap = self.file.add_format({"valign": "top", "text_wrap": True})
        self.number = self.file.add_format({"valign": "top", "num_format": "0.0000"})
        self.small = self.file.add_format({"valign": "top", "num_format": "0.000E+00"})
        self.whole = self.file.add_format({"valign": "top", "num_format": "0"})

    def sheet(
        self, name: str, head: Sequence[str], rows: Iterable[Row], widths: Sequence[float], *, note: str = ""
    ) -> None:
        """A table with a frozen head; `note` stands above it."""
        sheet = self.file.add_worksheet(name)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        top = 0
        if self.simulated:
            sheet.write_string(top, 0, "SIMULATED DATA: not measured.", self.warn)
            top += 1
        if note:
            sheet.write_string(top, 0, note, self.note)
            top += 1
        for place, words in enumerate(head):
            sheet.write_string(top, place, words, self.head)
        sheet.freeze_panes(top + 1, 1)
        last = top
        for last, row in enumerate(rows, start=top + 1):
            for place, cell in enumerate(row):
                self._write(sheet, last, place, cell, wide=place < len(widths) and widths[place] >= 40)
        if head and last > top:
            sheet.autofilter(top, 0, last, len(head) - 1)

    def _write(self, sheet: Any, row: int, place: int, cell: Cell, *, wide: bool) -> None:
        if cell is None:
            return
        if isinstance(cell, str):
            sheet.write_string(row, place, _clean(cell), self.wrap if wide else self.text)
        elif isinstance(cell, bool):
            sheet.write_boolean(row, place, cell)
        elif isinstance(cell, float) and not math.isfinite(cell):
            sheet.write_string(row, place, "" if math.isnan(cell) else "unknown", self.text)
        elif isinstance(cell, int) or (float(cell).is_integer() and abs(cell) < 1e9):
            sheet.write_number(row, place, cell, self.whole)
        else:
            sheet.write_number(row, place, cell, self.number if 1e-3 <= abs(cell) < 1e7 else self.small)


def write_workbook(outcome: StudyOutcome, path: Path) -> Path:
    """Write ``results.xlsx``: Summary, Findings, Observables, Cycles, Choices, Unread and Methods."""
    book = _Book(path, simulated=outcome.simulated)
    try:
        _summary(book, outcome)
        _findings(book, outcome)
        _observables(book, outcome)
        _cycles(book, outcome)
        _choices(book, outcome)
        _unread(book, outcome)
        _methods(book, outcome)
    finally:
        book.file.close()
    return path


def _clean(text: str) -> str:
    cleaned = text.translate(_BAD_FILE_TEXT)
    return cleaned if len(cleaned) <= MOST_TEXT else cleaned[:MOST_TEXT] + " …"


def _summary(book: _Book, outcome: StudyOutcome) -> None:
    page = page_one(outcome)
    rows: list[Row] = [("Study", outcome.study.name), ("Question", page.question), ("Verdict", page.verdict)]
    rows.append(("In words", page.sentence))
    for _, item in page.primary:
        rows.append(("Effect", f"{item.statement} ({interval_text(item.low, item.high, item.unit, level=item.level)})"))
        rows.append(("Probability of the criterion", probability_text(item.probability)))
    rows += [("Against", entry.text) for entry in page.against]
    rows += [("Missing", f"{', '.join(gap.places)}: {gap.what} {gap.consequence}") for gap in page.gaps]
    rows += [("Next", step) for step in page.next_steps]
    shown = columns(outcome)
    rows += [("", ""), ("Headline numbers", "value, standard uncertainty (one sigma), unit")]
    for column in shown:
        rows += list(_headline_rows(column, outcome.observables))
    book.sheet("Summary", ("What", "Words", "Value", "Std", "Unit", "Flag"), rows, (34, 90, 12, 12, 12, 40))


def _headline_rows(column: Column, observables: pl.DataFrame) -> Iterable[Row]:
    name = f"{column.label}, {column.where}" if column.where else column.label
    for row in column.rows(observables).iter_rows(named=True):
        yield (name, row["sample"], row["value"], row["std"], column.unit_shown, row["flag"])


def _findings(book: _Book, outcome: StudyOutcome) -> None:
    head = (
        "No.", "Verdict", "Statement", "Kind", "Quantity", "Estimate", "Low", "High", "Level", "Unit",
        "Probability", "Units of replication", "Caveats", "Details",
    )  # fmt: skip
    rows = (
        (
            number, item.verdict, item.statement, item.kind, item.quantity, item.estimate, item.low, item.high,
            item.level, item.unit, item.probability, _pairs(item.units), " ".join(item.caveats), _pairs(item.details),
        )
        for number, item in enumerate(outcome.findings, start=1)
    )  # fmt: skip
    widths = (6, 14, 70, 12, 22, 11, 11, 11, 8, 10, 11, 24, 60, 60)
    book.sheet("Findings", head, rows, widths)


def _observables(book: _Book, outcome: StudyOutcome) -> None:
    frame, note = outcome.observables.select(SCHEMA), ""
    most = MOST_CELLS // len(SCHEMA)
    if frame.height > most:
        pieces = [column.rows(frame) for column in columns(outcome)]
        kept = pl.concat(pieces).head(most) if pieces else frame.head(most)
        note = f"Headline numbers only: {kept.height} of {frame.height} rows. All are in observables.csv and .parquet."
        frame = kept
    narrow = [16 if name in ("id", "quantity", "method", "source", "flag") else 11 for name in SCHEMA]
    book.sheet("Observables", SCHEMA, frame.iter_rows(), narrow, note=note)


def _cycles(book: _Book, outcome: StudyOutcome) -> None:
    found = [result.data["cycles"] for result in outcome.results if isinstance(result.data.get("cycles"), pl.DataFrame)]
    if not found:
        book.sheet("Cycles", ("No table of cycles came out of this study",), (), (60,))
        return
    frame, note = pl.concat(found, how="diagonal_relaxed"), "Inside units: s, V, A, Ah, Wh."
    plain = [name for name, kind in frame.schema.items() if not kind.is_nested()]
    most = MOST_CELLS // max(1, len(plain))
    if frame.height > most:
        step = -(-frame.height // most)
        note += f" Every {step}th row of {frame.height}; all are in observables.csv."
        frame = frame.gather_every(step)
    head = [f"{name} / {_column_unit(name)}" if _column_unit(name) else name for name in plain]
    rows = (tuple(_cell(cell) for cell in row) for row in frame.select(plain).iter_rows())
    book.sheet("Cycles", head, rows, [13] * len(plain), note=note)


def _choices(book: _Book, outcome: StudyOutcome) -> None:
    head = (
        "Rank",
        "Field",
        "Taken",
        "Runner-up",
        "Margin",
        "Moves",
        "Reason",
        "Who",
        "Targets",
        "First targets",
        "With the runner-up",
        "To correct it",
    )
    rows = (
        (
            item.number, item.field, item.value, item.runner_up, item.margin, ", ".join(item.moves), item.reason,
            item.who, len(item.targets), "; ".join(item.targets[:50]), "; ".join(moved_text(one) for one in item.effects[:12]), item.command,
        )
        for item in choice_groups(outcome)
    )  # fmt: skip
    book.sheet(
        "Choices", head, rows, (6, 20, 20, 20, 9, 30, 60, 12, 9, 60, 60, 60), note="By influence, the largest first."
    )
    decided = [
        (one.decision.target.text, one.decision.field, one.value, one.was, one.decision.reason, one.decision.who, one.decision.date, one.vanished)
        for one in corrections(outcome)
    ]  # fmt: skip
    if decided:
        columns = ("Target", "Field", "Value", "Instead of", "Reason", "Who", "When", "Why it has no effect")
        book.sheet("Corrections", columns, decided, (60, 20, 20, 20, 60, 12, 12, 60), note="Entries of decisions.yaml.")


def _unread(book: _Book, outcome: StudyOutcome) -> None:
    study = outcome.study
    rows: list[Row] = [("unread file", item.path, item.reason, item.remedy) for item in study.unread]
    rows += [("failed step", step, message, "") for step, message in outcome.failures]
    rows += [("missing", gap.where, gap.what, gap.consequence) for gap in study.gaps]
    rows += [("excluded", item.source.path, reason, "") for item, reason in study.excluded]
    book.sheet("Unread", ("What", "Where", "Reason", "What to do, or what depends on it"), rows, (14, 44, 70, 70))


def _methods(book: _Book, outcome: StudyOutcome) -> None:
    made = methods((*outcome.results, *outcome.designs), outcome=outcome)
    rows: list[Row] = [("Methods", text) for text in made.paragraphs]
    rows += [("Software", f"{name} {version}") for name, version in made.software]
    rows += [("Cite", item.text) for item in made.citations]
    rows += [("BibTeX", item.bibtex) for item in made.citations]
    book.sheet("Methods", ("What", "Text"), rows, (14, 120))


def _pairs(mapping: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in mapping.items())


def _column_unit(name: str) -> str:
    kind = QUANTITIES.get(name)
    return pretty_unit(kind.unit) if kind is not None and kind.unit not in ("", "1") else ""


def _cell(value: object) -> Cell:
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return str(value)
