"""What does a study folder hold, what is missing, and what could not be read?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from interlith.errors import InterlithError, ReadError, StudyError, nearest
from interlith.model import Decision, Measurement, Sample, Study, Unread, Variant
from interlith.workbench.corrections.decisions import included, read_decisions
from interlith.workbench.declaring import study_file
from interlith.workbench.declaring.attached import attached
from interlith.workbench.declaring.data_files import data_files
from interlith.workbench.declaring.gaps import find_gaps
from interlith.workbench.declaring.measurements_file import Row, read_rows
from interlith.workbench.declaring.schema import StudyWords
from interlith.workbench.declaring.specimens import identity_of, read_specimens
from interlith.workbench.executors import Executor
from interlith.workbench.reading import recognise
from interlith.workbench.running.files import Found, look_at
from interlith.workbench.running.session import Session, session
from interlith.workbench.store import Store

Progress = Callable[[int, int, str], None]
#: A file that no row names is spoken of only where its format is recognised with this confidence.
SURE = 0.4


def open_study(
    folder: str | Path,
    *,
    progress: Progress | None = None,
    store: Store | Path | str | None = None,
    execute: str | Executor = "auto",
) -> Study:
    """Open a study: read its two files and the head of every raw file named in them.

    A file that cannot be read goes to ``study.unread`` with the reason and the rest is read; what the user still has to
    fill in stands in ``study.gaps``. What a file's head holds is remembered in the store, so that a second time only
    changed files are read; rows are read when somebody collects them.

    Parameters
    ----------
    folder
        The folder with `study.yaml` and `measurements.csv`.
    progress
        Called as ``progress(done, total, name)`` after each file.
    store
        An open store or its folder; by default that of ``INTERLITH_STORE``, else of the user's cache.
    execute
        Who reads: ``inline``, ``processes``, ``cluster``, the address of a scheduler, or ``auto``.

    Raises
    ------
    StudyError
        If one of the two files is missing or wrong: the message names line or cell.
    """
    with session(store=store, execute=execute, progress=progress) as work:
        return opened(Path(folder), work, ahead=False)


def opened(root: Path, work: Session, *, ahead: bool) -> Study:
    """`open_study` within a session; `ahead` also takes the steps over files while a file is open."""
    if not root.is_dir():
        raise StudyError(f"There is no folder {root}.")
    words = study_file.read_study_file(root / "study.yaml")
    rows = read_rows(root / "measurements.csv")
    _check_variants(words, rows)
    analyses = attached(words.analyses, root)
    decisions = read_decisions(root / "decisions.yaml")
    samples = read_specimens(words, rows)
    work.total += 2 * len(rows)
    files = look_at(root, rows, analyses, decisions, work, ahead=ahead)
    found = _sort(files, samples, decisions)
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
        unread=(*found.unread, *_unlisted(root, {*(row.file for row in rows), *_joined_logs(words)})),
        gaps=find_gaps(words, rows, samples),
        analyses=analyses,
        simulated=words.simulated,
        decisions=decisions,
        external=tuple(words.external),
        evidence=tuple((name, options or {}) for entry in words.evidence for name, options in entry.items()),
        design=study_file.designs(words),
        join=words.join,
    )


@dataclass(slots=True)
class _Sorted:
    """What the rows of the table came to."""

    read: list[Measurement] = field(default_factory=list)
    excluded: list[tuple[Measurement, str]] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def _sort(files: Sequence[Found], samples: Mapping[tuple[str, ...], Sample], decisions: Sequence[Decision]) -> _Sorted:
    """Which rows are measurements; equal bytes are one measurement, whatever their names."""
    found = _Sorted()
    parts: dict[tuple[str, str], int] = {}
    seen: dict[str, Row] = {}
    for file in files:
        row, sample = file.row, samples[identity_of(file.row)]
        include, decision = included(decisions, file.sha256, row.include)
        key = (sample.name, file.technique)
        try:
            item = file.measurement(sample, parts.get(key, 0))
        except InterlithError as error:
            # A file that the user has set aside with a reason need not be readable.
            if include:
                found.unread.append(Unread(row.file, str(error).replace(f"{file.path}: ", ""), ""))
            continue
        # A copy that the user has set aside stands in nobody's way.
        twin = seen.setdefault(item.source.sha256, row) if include else row
        if twin is not row:
            found.unread.append(_twin(row, twin))
        elif include:
            found.read.append(item)
            parts[key] = parts.get(key, 0) + 1
            for inner in file.within(sample):
                place = (sample.name, inner.technique)
                found.read.append(replace(inner, part=parts.get(place, 0)))
                parts[place] = parts.get(place, 0) + 1
        else:
            found.excluded.append((item, decision.reason if decision is not None else row.cells.get("note", "")))
    return found


def _twin(row: Row, twin: Row) -> Unread:
    return Unread(
        row.file,
        f"it holds the same bytes as {twin.file} (line {twin.line}); one measurement is not two replicates.",
        "Remove the row.",
    )


def _joined_logs(words: StudyWords) -> set[str]:
    """Files whose states the study joins: they need no row of their own."""
    named = (entry.get(word) for entry in words.join.values() for word in ("log", "events"))
    return {Path(name).as_posix() for name in named if isinstance(name, str)}


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
