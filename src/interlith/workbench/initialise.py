"""How does a folder of raw files become a study that the user only has to correct?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlith.errors import StudyError
from interlith.model import Unread
from interlith.workbench.declaring.data_files import data_files
from interlith.workbench.declaring.measurements_file import (
    COLUMNS,
    UNCONFIRMED,
    Row,
    delimiter_of,
    encoding_of,
    read_rows,
    read_text,
)
from interlith.workbench.declaring.naming import Named, make_unique, read_names
from interlith.workbench.declaring.study_file import read_study_file
from interlith.workbench.executors import Executor
from interlith.workbench.running.files import Found, look_at
from interlith.workbench.running.session import Session, session
from interlith.workbench.store import Store

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Initialised:
    """What `init` did: files written, rows added, files already listed, files left out with the reason."""

    written: tuple[Path, ...]
    added: tuple[str, ...]
    known: int
    left_out: tuple[Unread, ...]
    restarted: tuple[str, ...]
    undeclared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """What is kept of a file: thousands of readings with their tables would not fit into memory."""

    file: str
    technique: str
    start: str
    active_mass: str


def initialise(
    folder: str | Path,
    *,
    progress: Progress | None = None,
    store: Store | Path | str | None = None,
    execute: str | Executor = "auto",
) -> Initialised:
    """Look at every file of a folder by content and write `study.yaml` and `measurements.csv`, or append what is new.

    Masses found in vendor headers are proposed as "unconfirmed"; files that continue a test share its replicate number.
    An existing `study.yaml` is never touched, and `measurements.csv` only grows at its end. What the files hold is
    remembered in the store, so that opening the study reads nothing again.

    Parameters
    ----------
    folder
        The folder that holds the raw files, at any depth.
    progress
        Called as ``progress(done, total, name)`` after each file.
    store, execute
        As for `interlith.open_study`.

    Raises
    ------
    StudyError
        If the folder is missing or an existing `measurements.csv` is wrong.
    """
    root = Path(folder)
    if not root.is_dir():
        raise StudyError(f"There is no folder {root}; give the folder that holds the raw files.")
    table = root / "measurements.csv"
    known = {row.file for row in read_rows(table)} if table.exists() else set()
    options, external = _declared(root)
    names = [name for path in data_files(root) if (name := path.relative_to(root).as_posix()) not in known | external]
    with session(store=store, execute=execute, progress=progress) as work:
        found, left_out = _look(root, names, options, work)
    rows, restarted = _rows(found)
    written = []
    if rows or not table.exists():
        _append(table, rows)
        written.append(table)
    study = root / "study.yaml"
    undeclared = _undeclared(study, rows)
    if not study.exists():
        study.write_text(_study_text(root.resolve().name, rows), encoding="utf-8")
        written.append(study)
    return Initialised(
        tuple(written),
        tuple(row["file"] for row in rows),
        len(known),
        tuple(left_out),
        tuple(restarted),
        undeclared,
    )


def _undeclared(study: Path, rows: list[dict[str, str]]) -> tuple[str, ...]:
    """Variants of new rows that an existing `study.yaml` does not declare."""
    try:
        declared = read_study_file(study).samples
    except StudyError:
        return ()
    return tuple(dict.fromkeys(row["sample"] for row in rows if declared and row["sample"] not in declared))


def _look(
    root: Path, names: Sequence[str], options: Mapping[str, Mapping[str, Any]], work: Session
) -> tuple[list[_Found], list[Unread]]:
    """Recognise and read files that no row names yet; their technique is the one that their content feeds."""
    work.total += 2 * len(names)
    rows = [Row(0, name, True, {"technique": ""}) for name in names]
    found: list[_Found] = []
    left_out: list[Unread] = []
    for file in look_at(root, rows, options, (), work, ahead=False):
        reason = _refusal(file)
        if reason:
            left_out.append(Unread(file.row.file, reason.replace(f"{file.path}: ", "")))
            continue
        reading = file.reading or {}
        start, mass = reading["test"].get("start", ""), reading["proposals"].get("active_mass", "")
        found.append(_Found(file.row.file, file.technique, start, mass))
    return found, left_out


def _refusal(file: Found) -> str:
    """Why a file was not read; empty where it was."""
    if file.error or file.reading is None:
        return file.error or "it was not read."
    return str(file.reading.get("refused", ""))


def _declared(root: Path) -> tuple[Mapping[str, Mapping[str, Any]], frozenset[str]]:
    """What an existing `study.yaml` says to readers (a mapping of columns ...), and its tables of external results."""
    try:
        words = read_study_file(root / "study.yaml")
    except StudyError:
        return {}, frozenset()
    return words.analyses, frozenset(name.replace("\\", "/") for name in words.external)


def _rows(found: list[_Found]) -> tuple[list[dict[str, str]], list[str]]:
    names = read_names(_stem(item) for item in found)
    cells = make_unique(names, {named.cell: named.cell.rpartition("/")[0] for named in names.values()})
    tests: dict[tuple[str, str], list[_Found]] = {}
    for item in found:
        tests.setdefault((names[_stem(item)].cell, item.technique), []).append(item)
    rows, restarted = [], []
    for (cell, technique), members in tests.items():
        for k, item in enumerate(_in_order(members, names)):
            note = ""
            if len(members) > 1 and technique == "cycling":
                note = f"part {k + 1} of {len(members)} of a test that was restarted or goes on in another file"
                restarted.append(item.file)
            rows.append(_row(item, names[_stem(item)].variant, *cells[cell], note))
    return rows, restarted


def _row(item: _Found, variant: str, batch: str, replicate: str, note: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {
        "include": "yes",
        "file": item.file,
        "technique": item.technique,
        "sample": variant,
        "batch": batch,
        "replicate": replicate,
        "active_mass": item.active_mass,
        "active_mass_source": f"vendor header ({UNCONFIRMED})" if item.active_mass else "",
        "note": note,
    }


def _stem(item: _Found) -> str:
    """Path without extension; a dot inside a name such as C0.5La stays."""
    folder, slash, name = item.file.rpartition("/")
    return folder + slash + (name.rpartition(".")[0] or name)


def _in_order(members: list[_Found], names: Mapping[str, Named]) -> list[_Found]:
    """Parts of one test: by start where every file tells it, else the original before its continuations."""
    starts = [item.start for item in members]
    by_start = all(starts) and len(set(starts)) == len(starts)

    def place(item: _Found) -> tuple[str, int, list[tuple[int, str]]]:
        return (item.start if by_start else "", names[_stem(item)].part, _natural(item.file))

    return sorted(members, key=place)


def _natural(text: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


def _append(table: Path, rows: list[dict[str, str]]) -> None:
    """Add lines at the end and leave every byte before them as it was, in the encoding that the file has."""
    header, delimiter, ending, lead, encoding = list(COLUMNS), ",", "\n", "", "utf-8"
    if table.exists():
        text = read_text(table)
        encoding = {"utf-16": _utf_16(table), "utf-8-sig": "utf-8"}.get(encoding_of(table), encoding_of(table))
        delimiter = delimiter_of(table)
        ending = "\r\n" if "\r\n" in text else "\n"
        lead = "" if text.endswith(("\n", "\r")) or not text else ending
        header = [name.strip() for name in next(csv.reader([text.splitlines()[0]], delimiter=delimiter))]
    out = io.StringIO()
    writer = csv.DictWriter(out, header, delimiter=delimiter, lineterminator=ending, extrasaction="ignore")
    if not table.exists():
        writer.writeheader()
    writer.writerows(rows)
    with table.open("ab") as handle:
        handle.write((lead + out.getvalue()).encode(encoding, errors="replace"))


def _utf_16(table: Path) -> str:
    # The mark stands at the start of the file already; a second one in its middle would be read as a letter.
    return "utf-16-le" if table.read_bytes()[:2] == b"\xff\xfe" else "utf-16-be"


def _study_text(name: str, rows: list[dict[str, str]]) -> str:
    variants = list(dict.fromkeys(row["sample"] for row in rows)) or ["bare"]
    reference = next((v for v in variants if re.search(r"bare|pristine|ref|uncoated|blank", v, re.IGNORECASE)), None)
    samples = "\n".join(f"  {_word(variant)}: {{}}" for variant in variants)
    named = _word(reference) if reference else ""
    hash_if_none = "" if reference else "# "
    return f"""# Written by `interlith init`; every line is yours to edit. Lines behind a # are examples.
study: {_word(name)}
{hash_if_none}reference: {named or _word(variants[0])}{" " * 4}# the variant that the others are compared with
replication: {{unit: cell}}    # what counts as one independent unit: cell, electrode or batch
# replication: {{unit: cell, group: batch}}    # cells of one batch are not independent batches
# primary: {{capacity_retention: {{cycle: 200, at_least: +5 %}}}}    # the one endpoint that decides

# One entry a variant, named as in the column sample of measurements.csv:
samples:
{samples}
# example:  {{parent: bare, composition: LiNi0.5Mn1.5O4, steps: [{{coat: La, dose: 0.5 at% of TM, temperature: 750 degC}}]}}

# What holds for all cells. Nothing here has a default: without a mass, capacities stay in mAh.
cells:
  # kind: half_cathode    # half_cathode, half_anode or full: fixes the direction of every efficiency
  # one_C: 140 mA/g    # the current that is called 1C
  # area: 1.131 cm^2
  # area_uncertainty: 1 %
  # active_mass_uncertainty: 2 %
  # current_accuracy: 0.1 %    # of the cycler
  # voltage_accuracy: 1 mV

analyses:
  cycling: {{}}
  # cycling: {{reference_cycle: 4, exclude_rate: C/10}}    # retention against cycle 4, check-ups at C/10 left out
"""


def _word(text: str) -> str:
    """A YAML scalar: plain where that is safe, else in double quotes."""
    if re.fullmatch(r"[A-Za-z][\w .\-]*[\w]|[A-Za-z]", text) and text.casefold() not in {
        "yes",
        "no",
        "true",
        "false",
        "null",
        "on",
        "off",
        "y",
        "n",
    }:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
