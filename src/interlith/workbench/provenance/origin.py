"""Which row of the results does an identifier mean, and which step made it?"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlith.errors import StudyError
from interlith.model import StepRecord
from interlith.notation import state_text, title
from interlith.workbench.provenance.recorded import Provenance
from interlith.workbench.running.identity import COLUMNS, identifier

if TYPE_CHECKING:
    import polars as pl

OBSERVABLES = "observables.parquet"
#: An identifier may be shortened to this many digits where it stays unique.
SHORTEST = 6


def places(folder: str | Path) -> tuple[Path, Path]:
    """The study folder and its results, whichever of the two was named.

    Raises
    ------
    StudyError
        If there are no results: the message names what was looked for.
    """
    given = Path(folder)
    for study, results in ((given, given / "results"), (given.resolve().parent, given)):
        if (results / OBSERVABLES).is_file():
            return study, results
    if not given.is_dir():
        raise StudyError(f"There is no folder {given}.")
    raise StudyError(
        f"There are no results in {given / 'results'}; run `interlith run {given}` first, or name the folder that holds "
        f"{OBSERVABLES}."
    )


def find_row(words: str, results: Path) -> dict[str, Any]:
    """The row of the observables with an identifier, which may be shortened.

    Raises
    ------
    StudyError
        If nothing or more than one number has it.
    """
    import polars as pl

    wanted = words.strip().lower()
    path = results / OBSERVABLES
    if len(wanted) < SHORTEST or set(wanted) - set("0123456789abcdef"):
        raise StudyError(
            f"'{words}' is no identifier; it is {SHORTEST} to 16 of the digits 0-9 and a-f, as the column id of "
            f"{results / 'observables.csv'} and the report show it."
        )
    found = pl.scan_parquet(path).filter(pl.col("id").str.starts_with(wanted)).collect()
    if found.height == 1:
        return found.row(0, named=True)
    if found.height > 1:
        told = [f"{row['id']} ({_words(row)})" for row in found.head(4).iter_rows(named=True)]
        more = f" and {found.height - 4} more" if found.height > 4 else ""
        raise StudyError(f"'{words}' fits {found.height} numbers: {', '.join(told)}{more}; write more digits.")
    raise StudyError(
        f"No number of {path} has the identifier '{words}'{_close(wanted, path)}. An identifier changes with everything that "
        "could change its number (raw bytes, options, decisions, code): one from an older report is found in that report."
    )


def _close(wanted: str, path: Path) -> str:
    import polars as pl

    near = pl.scan_parquet(path).select("id").filter(pl.col("id").str.starts_with(wanted[:4])).head(50).collect()
    close = difflib.get_close_matches(wanted, near.get_column("id").to_list(), n=1, cutoff=0.7)
    return f"; the nearest is {close[0]}" if close else ""


def _words(row: Mapping[str, Any]) -> str:
    place = state_text(row["state"], row["state_value"], row["state_unit"])
    return f"{title(row['quantity'] or '').lower()} of {row['sample']}{f' at {place}' if place else ''}"


def maker(row: Mapping[str, Any], known: Provenance) -> StepRecord | None:
    """The step that made a number, proved by its identifier; `None` if none of the run fits.

    Steps of the same technique and specimen are tried first, then all of the technique, then all.
    """
    technique, sample = row["technique"] or "", row["sample"] or ""
    for records in (
        known.records(technique=technique, specimen=sample),
        known.records(technique=technique),
        known.records(),
    ):
        found = proved(row, records)
        if found is not None:
            return found
    return None


def proved(row: Mapping[str, Any], records: Sequence[StepRecord]) -> StepRecord | None:
    """The one of some steps whose key gives the identifier of a number."""
    return next((record for record in records if identifier(record.key, row) == row["id"]), None)


def makers(frame: pl.DataFrame, records: Sequence[StepRecord]) -> dict[str, StepRecord]:
    """The step of each of many numbers, by identifier; those that no step proves are left out."""
    by_specimen: dict[tuple[str, str], list[StepRecord]] = {}
    for record in records:
        by_specimen.setdefault((record.technique, record.specimen), []).append(record)
    found: dict[str, StepRecord] = {}
    for row in frame.select("id", "technique", *COLUMNS).iter_rows(named=True):
        made = proved(row, by_specimen.get((row["technique"] or "", row["sample"] or ""), ()))
        if made is not None:
            found[row["id"]] = made
    return found
