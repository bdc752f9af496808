"""Where does a number come from: which curve, fit, choices, options, code and raw bytes?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith.errors import InterlithError
from interlith.model import Choice, FileRecord, Result, StepRecord
from interlith.model.observable import kind_of
from interlith.notation import significant, unit_text, with_uncertainty
from interlith.workbench.provenance.explanation import Bytes, Explanation, Link, Part
from interlith.workbench.provenance.origin import find_row, maker, places
from interlith.workbench.provenance.recorded import Provenance, read_provenance
from interlith.workbench.provenance.stretches import Stretch, curve_points, fit_rows, stretches

if TYPE_CHECKING:
    import polars as pl

    from interlith.workbench.store import Store

Progress = Callable[[int, int, str], None]
#: Bytes read at once when a file is compared with what the run read.
CHUNK = 1 << 22
_FETCH = "run the study again to bring it back"


def explain(
    identifier: str,
    folder: str | Path = ".",
    *,
    verify: bool = True,
    store: Store | Path | str | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """Walk from a number to its curve, fit, choices, options, code and raw bytes.

    Parameters
    ----------
    identifier
        As in the column ``id``; its first six or more digits do where they are unique.
    folder
        The study, or its results.
    verify
        Read the raw files and tell whether they still hold the bytes of the run.
    store
        Where results are kept; the default one otherwise.
    progress
        Called as ``progress(bytes done, bytes in all, name)`` while files are read.

    Returns
    -------
    Explanation
        ``print(found.text())``, ``found.json()``, ``found.curve``.

    Raises
    ------
    StudyError
        If there are no results, no catalogue, or no number or more than one with this identifier.

    Notes
    -----
    Which step made the number is not looked up but proved: the identifier is a hash of the step's key and of the
    number's row, and is made again from each step of the run until one fits. The assumption that fails first: that the
    table and the catalogue are of the same run; then no step fits, and the explanation says so.
    """
    study, results = places(folder)
    row = find_row(identifier, results)
    with read_provenance(results) as known:
        record = maker(row, known)
        chain = _chain(record, known) if record is not None else None
        found = Explanation(
            id=row["id"], number=row, run=dict(known.run), chain=chain, parts=_parts(row, known),
            findings=known.findings_of(row["id"]), notes=_first_notes(study, known, record),
            how=known.how(record.technique, record.step) if record is not None else None,
        )  # fmt: skip
        raw = _raw_files(found.steps, row, known)
        found = replace(found, files=_compared(raw, study, verify, progress))
        found = _with_curve(found, raw, store)
        records = found.steps
        return replace(
            found,
            choices=_touching(known.choices(), row, raw, found.stretches),
            decisions=_decisions(records),
        )


def _first_notes(study: Path, known: Provenance, record: StepRecord | None) -> tuple[str, ...]:
    notes = []
    changed = known.changed_since(study) if (study / "study.yaml").is_file() else ()
    if changed:
        notes.append(
            f"These results are older than {', '.join(changed)}, which changed after the run: run the study again."
        )
    if record is None:
        notes.append(
            "No step of the last run gives this identifier, so its origin cannot be proved: the table and the catalogue are "
            "of different runs. Run the study again."
        )
    return tuple(notes)


def _chain(record: StepRecord, known: Provenance) -> Link:
    """The steps before a step, down to the raw files; each step is fetched once."""
    fetched: dict[str, StepRecord] = {record.key: record}
    waiting = {key for keys in record.inputs.values() for key in keys}
    while waiting:
        found = known.records(keys=waiting)
        fetched |= {one.key: one for one in found}
        missing = waiting - set(fetched)
        waiting = {key for one in found for keys in one.inputs.values() for key in keys} - set(fetched) - missing
    links: dict[str, Link] = {}

    def link(one: StepRecord) -> Link:
        if one.key not in links:
            before = [fetched[key] for keys in one.inputs.values() for key in keys if key in fetched and key != one.key]
            links[one.key] = Link(one, tuple(link(item) for item in before))
        return links[one.key]

    return link(record)


def _raw_files(steps: Sequence[StepRecord], row: Mapping[str, Any], known: Provenance) -> tuple[FileRecord, ...]:
    files = {(one.path, one.sha256): one for record in steps for one in record.files}
    if not files:
        said = str(row["source"] or "")
        files = {(one.path, one.sha256): one for one in known.files() if one.sha256 in said}
    return tuple(sorted(files.values(), key=lambda one: (one.part, one.path)))


def _compared(files: Sequence[FileRecord], study: Path, verify: bool, progress: Progress | None) -> tuple[Bytes, ...]:
    """What lies on disk now beside what the run read."""
    total, done, found = sum(one.size for one in files), 0, []
    for one in files:
        path = study / one.path
        if not path.is_file():
            found.append(Bytes(one, "missing"))
        elif not verify:
            found.append(Bytes(one, "not checked"))
        elif path.stat().st_size != one.size:
            found.append(Bytes(one, "changed"))
        else:
            now = digest(path, partial(_report, progress, done, total, one.path))
            found.append(Bytes(one, "same" if now == one.sha256 else "changed", now))
        done += one.size
    return tuple(found)


def _report(progress: Progress | None, before: int, total: int, name: str, done: int) -> None:
    if progress is not None:
        progress(before + done, total, name)


def digest(path: Path, told: Callable[[int], None]) -> str:
    """SHA-256 (hex) of a file of any size; `told` is called with the bytes read so far."""
    made, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            made.update(piece)
            done += len(piece)
            told(done)
    return made.hexdigest()


def _with_curve(found: Explanation, raw: Sequence[FileRecord], place: Store | Path | str | None) -> Explanation:
    """Add what the results in the store say: half-cycles and the words of the fit."""
    from interlith.workbench.store import Store

    if found.chain is None:
        return found
    opened = place if isinstance(place, Store) else Store.open(None if place is None else Path(place), catalogue=False)
    try:
        own = _load(opened, found.steps[0].key)
        holder = next(
            ((record, result) for record in found.steps if (result := _load(opened, record.key)) is not None
             and {"half_cycles", "curves"} <= set(result.data)), None,
        )  # fmt: skip
    finally:
        if opened is not place:
            opened.close()
    notes = found.notes
    if own is None:
        notes = (*notes, f"The result of this step is no longer in the store: {_FETCH} with its curve and fit.")
    fit = fit_rows(found.number, own) if own is not None else {}
    found = replace(found, notes=notes, fit=fit)
    if holder is None:
        return found
    record, result = holder
    rows = stretches(found.number, result, raw)
    place_again = place if not isinstance(place, Store) else place.root
    points = partial(_points, record.key, place_again, found.number, rows) if rows else None
    return replace(found, stretches=rows, _points=points)


def _points(key: str, place: Path | str | None, row: Mapping[str, Any], rows: Sequence[Stretch]) -> pl.DataFrame | None:
    from interlith.workbench.store import Store

    opened = Store.open(None if place is None else Path(place), catalogue=False)
    try:
        result = _load(opened, key)
    finally:
        opened.close()
    return None if result is None else curve_points(row, result, rows)


def _load(store: Store, key: str) -> Result | None:
    try:
        found = store.result(key)
    except InterlithError:
        return None
    return found if isinstance(found, Result) else None


def _touching(
    choices: Sequence[Choice], row: Mapping[str, Any], raw: Sequence[FileRecord], rows: Sequence[Stretch]
) -> tuple[Choice, ...]:
    """Choices about these bytes or the whole technique that move this quantity, the least clear first."""
    short = {one.sha256[:12] for one in raw}
    found = []
    for choice in choices:
        path, mark, rest = choice.target.partition("#sha256:")
        said, _, part = rest.partition("/")
        about = said[:12] in short if mark else path.partition("/")[0] == row["technique"]
        if re.fullmatch(r"half_cycle/\d+", part) and rows:
            about = about and _reaches(int(part.split("/")[1]), choice.field, rows)
        if about and (row["quantity"] in choice.moves or not choice.moves):
            found.append(choice)
    return tuple(sorted(found, key=lambda choice: (not choice.moves, choice.margin)))


def _reaches(half_cycle: int, field: str, rows: Sequence[Stretch]) -> bool:
    """Whether a choice about a half-cycle can touch others: joining and counting cycles shifts the numbers of later ones."""
    numbers = [one.half_cycle for one in rows]
    return half_cycle in numbers or (field.startswith("cycle") and half_cycle < max(numbers))


def _decisions(records: Sequence[StepRecord]) -> tuple[Mapping[str, Any], ...]:
    found = {(str(one.get("target")), str(one.get("field"))): one for record in records for one in record.decisions}
    return tuple(found.values())


_WORDS = {
    "counter": "digits and agreement of the charge counter",
    "sampling": "sampling and noise of the integrated current",
    "noise": "noise",
    "fit": "scatter about the fit",
    "join": "what nobody logged around a restart",
    "split": "where the split voltage lies",
    "replicate": "scatter between units",
    "batch": "scatter between batches",
    "temperature": "temperature",
    "rate": "rate",
    "model": "the model",
}
#: Kind of component -> declared number that it goes back to, its shown unit, and words.
_FROM = {
    "mass": ("active_mass", "active mass"),
    "area": ("area", "electrode area"),
    "loading": ("loading", "loading"),
    "rate": ("one_C", "current declared as 1C"),
}
_GAIN = {"current": ("current_accuracy", "gain of the current"), "voltage": ("voltage_accuracy", "voltage")}


def _parts(row: Mapping[str, Any], known: Provenance) -> tuple[Part, ...]:
    declared = known.declared(row["sample"] or "")
    parts = [
        Part(one["source"], kind_of(one["source"]), float(one["size"]), _source_words(one["source"], declared))
        for one in row["components"] or ()
    ]
    return tuple(sorted(parts, key=lambda part: -abs(part.size)))


def _source_words(source: str, declared: Mapping[str, Any]) -> str:
    """A source in words: ``active mass of B1_02: 4.52 ± 0.02 mg, from balance``."""
    prefix, _, detail = source.partition(":")
    if prefix in _FROM and isinstance(declared.get(_FROM[prefix][0]), Mapping):
        name, words = _FROM[prefix]
        return f"{words} of {detail}: {_declared_words(name, declared[name])}"
    if prefix in _GAIN and declared.get(_GAIN[prefix][0]) is not None:
        name, words = _GAIN[prefix]
        size = declared[name]
        told = f"{significant(100 * size, 2)} %" if prefix == "current" else f"{significant(1e3 * size, 2)} mV"
        return f"{words} of {detail}: declared accuracy {told}"
    words = _WORDS.get(prefix, prefix)
    return f"{words}, {detail.replace('/', ' ')}" if detail else words


def _declared_words(name: str, number: Mapping[str, Any]) -> str:
    from interlith.units import QUANTITIES, factor

    shown = QUANTITIES[name].shown if QUANTITIES[name].unit == number["unit"] else number["unit"]
    scale = factor(number["unit"], shown) if shown != number["unit"] else 1.0
    unknown = number["std"] == float("inf")
    value = significant(scale * number["value"], 5) + unit_text(shown)
    told = f"{value}, declared without an uncertainty" if unknown else with_uncertainty(
        scale * number["value"], scale * number["std"], shown
    )  # fmt: skip
    return f"{told}, from {number['source']}" if number["source"] else told
