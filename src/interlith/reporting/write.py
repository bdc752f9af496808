"""Which files does a finished study leave behind, and how does a notebook get a report of a few results?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import polars as pl

from interlith.errors import StudyError
from interlith.model import (
    Figure,
    Finding,
    Replication,
    Result,
    Sample,
    Statement,
    Study,
    StudyOutcome,
    Variant,
    to_frame,
)
from interlith.model.observable import dtypes
from interlith.reporting.draw import pictures
from interlith.reporting.page import render, stems, style_of
from interlith.reporting.style import Style
from interlith.reporting.tables import write_figure_numbers, write_observables
from interlith.reporting.whole import clear, draft, whole
from interlith.reporting.workbook import write_workbook
from interlith.workbench.discovery import techniques

MANIFEST = "figures.txt"
MANIFEST_HEAD = "# Files that the last run wrote here; the next run removes those that it does not write again."
KINDS = ("svg", "pdf", "csv")
#: The only names that `stems` gives: a list that somebody changed cannot lead out of the folder.
_OURS = re.compile(r"[a-z0-9_]+\.(?:svg|pdf|csv)")

_Kind = TypeVar("_Kind", Finding, Figure)


def write_report(outcome: StudyOutcome, folder: Path | str) -> Path:
    """Write everything that a run leaves: tables, figures, the workbook and the page.

    Parameters
    ----------
    outcome
        What was run.
    folder
        ``results/`` of the study; made if it is not there. Files of an earlier run are replaced, others left alone.

    Returns
    -------
    pathlib.Path
        ``report.html``; beside it ``observables.csv``, ``observables.parquet``, ``results.xlsx`` and, for each figure,
        ``figures/<name>.svg``, ``.pdf`` and ``.csv``, which ``figures/figures.txt`` lists.
    """
    folder = Path(folder)
    clear(folder)
    outcome = replace(outcome, figures=marked(outcome), observables=with_identifiers(outcome.observables))
    write_observables(outcome.observables, folder)
    drawn = write_figures(outcome.figures, folder / "figures", style=style_of(outcome))
    with draft(folder / "results.xlsx") as path:
        write_workbook(outcome, path)
    page = folder / "report.html"
    whole(page, render(outcome, pictures=drawn).encode())
    return page


def write_figures(figures: Sequence[Figure], folder: Path, *, style: Style) -> dict[str, bytes]:
    """Write SVG, PDF and CSV of every figure; returns the SVG by file stem.

    Notes
    -----
    ``figures.txt`` lists what was written. Files that an earlier run listed and this one does not write are removed,
    so that no figure of another state of the study stays; files that no run listed are never touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {}
    named = stems(tuple(figures))
    written = [f"{stem}.{kind}" for stem in named for kind in KINDS]
    earlier = listed(folder)
    # Listed before they are written: a run that is stopped half way leaves no figure that nobody would remove.
    _list_files(folder, dict.fromkeys([*written, *earlier]))
    for figure, stem in zip(figures, named, strict=True):
        made = pictures(figure, ("svg", "pdf"), style=style)
        drawn[stem] = made["svg"]
        for kind, content in made.items():
            whole(folder / f"{stem}.{kind}", content)
        write_figure_numbers(figure, folder / f"{stem}.csv")
    for name in earlier:
        if name not in written:
            (folder / name).unlink(missing_ok=True)
    _list_files(folder, written)
    return drawn


def listed(folder: Path) -> list[str]:
    """Files that an earlier run wrote into `folder`; names that no run of ours could have given are left out."""
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return []
    lines = manifest.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line for line in lines if _OURS.fullmatch(line) and not (folder / line).is_dir()]


def _list_files(folder: Path, names: Iterable[str]) -> None:
    text = "".join(f"{line}\n" for line in (MANIFEST_HEAD, *names))
    whole(folder / MANIFEST, text.encode())


def report(results: Iterable[Result | Statement | Finding | Figure] | StudyOutcome, path: Path | str) -> Path:
    """Write one self-contained HTML page of results, findings and figures, without a study around them.

    Parameters
    ----------
    results
        `Result`, `Statement`, `Finding` and `Figure` objects in any order, or a whole `StudyOutcome`; results are drawn as
        their technique draws them.
    path
        Of the page; nothing else is written.

    Raises
    ------
    StudyError
        If something else is handed over, or nothing at all.
    """
    outcome = results if isinstance(results, StudyOutcome) else gather(list(results), Path(path))
    outcome = replace(outcome, figures=marked(outcome), observables=with_identifiers(outcome.observables))
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    whole(target, render(outcome, beside=False).encode())
    return target


def gather(items: Sequence[object], path: Path) -> StudyOutcome:
    """An outcome around loose results; its study holds only what the results themselves say.

    Raises
    ------
    StudyError
        If an item is no Result, Statement, Finding or Figure, or there is none.
    """
    if not items:
        raise StudyError("The report was given nothing; hand it a list of results, findings or figures.")
    for item in items:
        if not isinstance(item, (Result, Statement, Finding, Figure)):
            raise StudyError(
                f"The report was given a {type(item).__name__}, which it cannot show. Allowed: Result, Statement, Finding, Figure."
            )
    found = tuple(item for item in items if isinstance(item, Result))
    tables = [table for table in map(_observables_of, items) if table is not None]
    table = pl.concat(tables, how="diagonal_relaxed") if tables else pl.DataFrame(schema=dtypes())
    specimens = table.select("sample", "variant", "batch", "replicate").unique("sample", maintain_order=True)
    samples = tuple(
        Sample(row["sample"] or "", row["variant"] or "", row["batch"] or "", row["replicate"] or "")
        for row in specimens.iter_rows(named=True)
    )
    names = dict.fromkeys(sample.variant for sample in samples if sample.variant)
    study = Study(
        name=path.stem, folder=path.parent, reference=None, replication=Replication(), primary=None,
        variants={name: Variant(name) for name in names}, samples=samples, measurements=(),
    )  # fmt: skip
    return StudyOutcome(
        study, found, table, _all_of(items, Finding), (*_drawn(found), *_all_of(items, Figure)),
        tuple(choice for item in found for choice in item.choices),
        designs=tuple(item for item in items if isinstance(item, Statement) and item.how is not None),
    )  # fmt: skip


def _drawn(results: Sequence[Result]) -> tuple[Figure, ...]:
    """The figures that each technique makes of its results; what came from elsewhere has none."""
    known = techniques()
    names = dict.fromkeys(result.technique for result in results if result.technique in known)
    return tuple(
        figure
        for name in names
        for figure in known[name].figures([result for result in results if result.technique == name and result.data])
    )


def _observables_of(item: object) -> pl.DataFrame | None:
    if isinstance(item, Result):
        return item.table
    return to_frame(item.observables) if isinstance(item, Statement) else None


def _all_of(items: Sequence[object], kind: type[_Kind]) -> tuple[_Kind, ...]:
    """Findings or figures, those inside statements among them, in order."""
    return tuple(part for item in items for part in _parts(item) if isinstance(part, kind))


def _parts(item: object) -> tuple[object, ...]:
    return (*item.findings, *item.figures) if isinstance(item, Statement) else (item,)


def marked(outcome: StudyOutcome) -> tuple[Figure, ...]:
    """Figures of a simulated study, each of which then says so."""
    if not outcome.study.simulated:
        return outcome.figures
    return tuple(replace(figure, simulated=True) for figure in outcome.figures)


def with_identifiers(table: pl.DataFrame) -> pl.DataFrame:
    """Fill identifiers that a run would have given: first 16 hex of sha256 of technique, sample, quantity and state."""
    empty = table.get_column("id").fill_null("") == ""
    if not empty.any():
        return table
    keys = ("technique", "sample", "quantity", "unit", "state", "state_value", "cycle", "method")
    words = table.filter(empty).select(
        pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in keys], separator="\x1f")
    )
    made = [hashlib.sha256(word.encode()).hexdigest()[:16] for word in words.to_series()]
    filled = table.with_row_index("_row")
    given = filled.filter(empty).select("_row").with_columns(pl.Series("_id", made, dtype=pl.String))
    joined = filled.join(given, on="_row", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("_id", "id").alias("id")).drop("_row", "_id")
