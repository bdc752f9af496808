"""What did the last run of a study take by itself, so that a correction can say what it replaces?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from interlith.errors import StudyError

if TYPE_CHECKING:
    from interlith.model.decision import Value

AUTOMATIC = "automatic"


def recorded_choices(folder: Path) -> tuple[tuple[str, ...], Callable[[str, str], Value | None]]:
    """Targets of all choices of the last run, and a look-up of what it had taken; empty where it left no record."""
    from interlith.workbench.provenance.recorded import read_provenance

    try:
        with read_provenance(folder / "results") as known:
            choices = known.choices()
    except StudyError:
        choices = ()
    taken = {(one.target, one.field): one.value if one.who == AUTOMATIC else one.runner_up for one in choices}

    def recorded(target: str, field: str) -> Value | None:
        found = taken.get((target, field))
        return _declared(folder, target, field) if found is None else found

    return tuple(dict.fromkeys(one.target for one in choices)), recorded


def _declared(folder: Path, target: str, field: str) -> Value | None:
    """What the files of the study say there, which is what a decision goes before."""
    if field == "include":
        from interlith.workbench.declaring.measurements_file import read_rows

        path = target.partition("#sha256:")[0]
        return next((row.include for row in read_rows(folder / "measurements.csv") if row.file == path), None)
    from interlith.workbench.declaring.study_file import read_study_file

    word = read_study_file(folder / "study.yaml").analyses.get(target, {}).get(field)
    return word if isinstance(word, (str, int, float)) else None
