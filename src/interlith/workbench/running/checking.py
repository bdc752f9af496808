"""What must a person mend before a study can be trusted: what is missing, unread, or says something against itself?"""

from __future__ import annotations

from pathlib import Path

from interlith.model import Flag, Study
from interlith.workbench.discovery import techniques
from interlith.workbench.executors import Executor
from interlith.workbench.opening import opened
from interlith.workbench.running.run import check_options
from interlith.workbench.running.session import Progress, Session, session
from interlith.workbench.running.waves import Waves
from interlith.workbench.store import Store

Flags = list[tuple[str, Flag]]


def check(
    folder: str | Path,
    *,
    progress: Progress | None = None,
    store: Store | Path | str | None = None,
    execute: str | Executor = "auto",
) -> tuple[Study, Flags]:
    """Open a study and pass once over the rows of every file.

    Returns
    -------
    tuple
        The study, and what readers and the self-checks of the files noticed: path and flag. What the passes found is
        kept, so that a run does not repeat them.

    Raises
    ------
    StudyError
        If the study is wrong or asks for an unknown option.
    """
    with session(store=store, execute=execute, progress=progress) as work:
        study = opened(Path(folder), work, ahead=True)
        for name, options in study.analyses.items():
            if name in techniques():
                check_options(techniques()[name], options)
        flags = [(item.source.path, flag) for item in study.measurements for flag in item.flags]
        for name in study.techniques:
            flags += _of_files(study, name, work)
    return study, list(dict.fromkeys(flags))


def _of_files(study: Study, name: str, work: Session) -> Flags:
    """What the steps over files noticed, and why one of them was not possible."""
    found: Flags = []
    if name not in techniques():
        return found
    waves = Waves(techniques()[name], study, work)
    for step in waves.steps:
        if step.over != "file":
            continue
        wave = waves.plan(step)
        waves.take(wave)
        results = waves.load(wave, [one for one in wave.keys if one not in wave.failed])
        for unit_name, result in results.items():
            path = wave.units[unit_name].items[0].source.path
            found += [(path, flag) for flags in result.flags.values() for flag in flags]
        reasons = {**wave.refused, **{one: reason for one, (_, reason) in wave.failed.items()}}
        for unit_name, reason in reasons.items():
            found.append((wave.units[unit_name].items[0].source.path, Flag(step.name, reason, "", "error")))
    return found
