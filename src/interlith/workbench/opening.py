"""What does a study folder hold, what is missing, and what could not be read?"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from interlith.errors import InterlithError, ReadError, StudyError, nearest
from interlith.model import Measurement, Sample, Study, Unread, Variant
from interlith.workbench import study_file
from interlith.workbench.gaps import find_gaps
from interlith.workbench.initialise import data_files
from interlith.workbench.measurements_file import Row, read_rows
from interlith.workbench.reading import measure, recognise
from interlith.workbench.schema import StudyWords
from interlith.workbench.specimens import identity_of, read_specimens

Progress = Callable[[int, int, str], None]
#: A file that no row names is spoken of only where its format is recognised with this confidence.
SURE = 0.4


def open_study(folder: str | Path, *, progress: Progress | None = None) -> Study:
    """Open a study: read its two files and every raw file named in them.

    A file that cannot be read goes to ``study.unread`` with the reason and the rest is read; what the user still has to
    fill in stands in ``study.gaps``.

    Parameters
    ----------
    folder
        The folder with `study.yaml` and `measurements.csv`.
    progress
        Called as ``progress(done, total, name)`` after each file.

    Raises
    ------
    StudyError
        If one of the two files is missing or wrong: the message names line or cell.
    """
    root = Path(folder)
    if not root.is_dir():
        raise StudyError(f"There is no folder {root}.")
    words = study_file.read_study_file(root / "study.yaml")
    rows = read_rows(root / "measurements.csv")
    _check_variants(words, rows)
    samples = read_specimens(words, rows)
    gaps = find_gaps(words, rows, samples)
    found = _read_rows(root, rows, samples, words, progress)
    return Study(
        name=words.study,
        folder=root,
        reference=words.reference,
        replication=study_file.replication(words),
        primary=study_file.primary(root / "study.yaml", words),
        variants=_variants(words, rows),
        samples=tuple(samples.values()),
        measurements=tuple(found.read),
        excluded=tuple(found.excluded),
        unread=(*found.unread, *_unlisted(root, {row.file for row in rows})),
        gaps=gaps,
        analyses=words.analyses,
        simulated=words.simulated,
    )


@dataclass(slots=True)
class _Found:
    """What the rows of the table came to."""

    read: list[Measurement] = field(default_factory=list)
    excluded: list[tuple[Measurement, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def _read_rows(
    root: Path,
    rows: list[Row],
    samples: Mapping[tuple[str, ...], Sample],
    words: StudyWords,
    progress: Progress | None,
) -> _Found:
    """Read every file that a row names; equal bytes are one measurement, whatever their names."""
    found = _Found()
    parts: dict[tuple[str, str], int] = {}
    seen: dict[str, Row] = {}
    for number, row in enumerate(rows):
        sample = samples[identity_of(row)]
        path = root / row.file
        key = (sample.name, row.cells["technique"])
        try:
            item = _read_row(root, row, sample, words, parts.get(key, 0))
        except InterlithError as error:
            # A file that the user has set aside with a reason need not be readable.
            if row.include:
                found.unread.append(Unread(row.file, str(error).replace(f"{path}: ", ""), ""))
        else:
            twin = seen.setdefault(item.source.sha256, row)
            if twin is not row and row.include:
                found.unread.append(
                    Unread(
                        row.file,
                        f"it holds the same bytes as {twin.file} (line {twin.line}); one measurement is not two replicates.",
                        "Remove the row.",
                    )
                )
            elif row.include:
                found.read.append(item)
                parts[key] = parts.get(key, 0) + 1
            else:
                found.excluded.append((item, row.cells.get("note", "")))
        if progress is not None:
            progress(number + 1, len(rows), row.file)
    return found


def _unlisted(root: Path, listed: set[str]) -> list[Unread]:
    """Files of a cycler that lie in the folder and that no row names; notes and pictures are nobody's business."""
    found = []
    for path in data_files(root):
        name = path.relative_to(root).as_posix()
        if name in listed:
            continue
        try:
            match = recognise(path)
        except ReadError as error:
            found.append(Unread(name, str(error).replace(f"{path}: ", "")))
            continue
        if match.format is None or match.confidence < SURE:
            continue
        reason = match.format.refuses or "no row of measurements.csv names it."
        remedy = (
            ""
            if match.format.refuses
            else "Add it with `interlith init`, with `no` in the column include if it does not belong here."
        )
        found.append(Unread(name, reason, remedy))
    return found


def _read_row(root: Path, row: Row, sample: Sample, words: StudyWords, part: int) -> Measurement:
    path = root / row.file
    if not path.resolve().is_relative_to(root.resolve()) and not os.path.isabs(row.file):
        raise StudyError(f"{row.where('file')}: '{row.file}' leaves the study folder.")
    technique = row.cells["technique"]
    options = words.analyses.get(technique, {})
    return measure(path, sample, name=row.file, technique=technique, state=row.states, options=options, part=part)


def _check_variants(words: StudyWords, rows: list[Row]) -> None:
    problems = [
        f"{row.where('sample')} is '{row.cells['sample']}', which study.yaml does not declare; {nearest(row.cells['sample'], words.samples)}."
        for row in rows
        if words.samples and row.cells["sample"] not in words.samples
    ]
    problems += [
        f"{row.where('sample')} is empty; write the variant that was measured."
        for row in rows
        if not row.cells["sample"]
    ]
    if words.reference and rows and not any(row.cells["sample"] == words.reference for row in rows):
        problems.append(f"study.yaml: no row of measurements.csv measures the reference '{words.reference}'.")
    if problems:
        raise StudyError("\n".join(dict.fromkeys(problems)))


def _variants(words: StudyWords, rows: list[Row]) -> dict[str, Variant]:
    declared = study_file.variants(words)
    return declared | {
        row.cells["sample"]: Variant(row.cells["sample"]) for row in rows if row.cells["sample"] not in declared
    }
