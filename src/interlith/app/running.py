"""What does `interlith run` do and print, and when is there nothing to do?"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from interlith.app.exits import FINE, INCOMPLETE
from interlith.app.printing import LONGEST_LIST, finding_lines, quoted, rest, unread_lines
from interlith.app.progress import Progress
from interlith.errors import StudyError, nearest

if TYPE_CHECKING:
    from interlith.model import StudyOutcome

#: Beside the results: which run wrote them, what it said and what it left.
STAMP = "run.json"
#: Above this size (bytes) a file beside the results is none of ours.
LARGEST_BYTES = 1 << 28


@dataclass(frozen=True, slots=True)
class Means:
    """Who does the work, as typed: see `interlith.run`. `memory_limit` in GiB, `fresh` writes the results in any case."""

    execute: str = "auto"
    workers: int | None = None
    time_limit: float | None = None
    memory_limit: float | None = None
    fresh: bool = False


def run_folder(folder: Path, output: Path | None, means: Means) -> int:
    """``outcome = il.run(folder, execute=...); il.report(outcome, ...)``.

    Raises
    ------
    StudyError
        If the study or an option is wrong: nothing ran.
    """
    _check(output, means)
    from interlith.workbench.running.run import finish as conclude
    from interlith.workbench.running.run import prepare
    from interlith.workbench.running.session import session

    target, began = output or folder / "results", time.monotonic()
    memory = None if means.memory_limit is None else int(means.memory_limit * 2**30)
    with (
        Progress("running") as progress,
        session(
            execute=means.execute, workers=means.workers, time_limit=means.time_limit, memory_limit=memory, progress=progress
        ) as work,
    ):  # fmt: skip
        prepared = prepare(folder, work)
        said = None if means.fresh else _said_before(target, prepared.key)
        if said is None:
            outcome = conclude(prepared, work, began=began)
    if said is not None:
        seconds = time.monotonic() - began
        typer.echo(
            f"nothing changed: all {prepared.steps} steps are in the store ({seconds:.1f} s); the run before said:"
        )
        for line in said["lines"]:
            typer.echo(line)
        return int(said["code"])
    return finish(outcome, target, key=prepared.key)


def run_whole(folder: Path) -> tuple[StudyOutcome, str]:
    """The outcome of a study whatever was said before, and the key of everything that its report shows."""
    from interlith.workbench.running.run import finish as conclude
    from interlith.workbench.running.run import prepare
    from interlith.workbench.running.session import session

    began = time.monotonic()
    with Progress("running") as progress, session(progress=progress) as work:
        prepared = prepare(folder, work)
        return conclude(prepared, work, began=began), prepared.key


def _check(output: Path | None, means: Means) -> None:
    """Refuse what makes no sense before anything is read: a study that needs no work would not notice."""
    from interlith.workbench.executors.addresses import allowed_address
    from interlith.workbench.executors.choosing import WORDS

    if output is not None and output.exists() and not output.is_dir():
        raise StudyError(f"--output {output} is a file; name a folder.")
    for value, name in (
        (means.workers, "--workers"), (means.time_limit, "--time-limit"), (means.memory_limit, "--memory-limit"),
    ):  # fmt: skip
        if value is not None and not value > 0:
            raise StudyError(f"{name} is {value:g}; it must be above zero.")
    if "://" in means.execute:
        allowed_address(means.execute)
    elif means.execute not in ("auto", *WORDS):
        raise StudyError(
            f"--executor '{means.execute}' names none; {nearest(means.execute, ('auto', *WORDS))}, or the address of a dask "
            "scheduler (tls://host:port)."
        )


def finish(outcome: StudyOutcome, output: Path, *, key: str = "") -> int:
    """Write the results of a study and print what a person must know first."""
    _, lines, code = _write(outcome, output, key)
    for line in lines:
        typer.echo(line)
    return code


def written(outcome: StudyOutcome, output: Path, *, key: str = "") -> Path:
    """The report of a study, written with its results, and nothing printed."""
    return _write(outcome, output, key)[0]


def _write(outcome: StudyOutcome, output: Path, key: str) -> tuple[Path, list[str], int]:
    """Write the results of a study: its page, what a person must know first, and the exit code."""
    from interlith.reporting import write_report
    from interlith.workbench.provenance.writing import write_provenance

    # Without its stamp a folder that was written half is written again.
    (output / STAMP).unlink(missing_ok=True)
    with Progress("writing") as progress:
        progress(0, 2, "provenance")
        write_provenance(outcome, output)
        progress(1, 2, "report")
        page = write_report(outcome, output)
    lines = _lines(outcome, page)
    code = INCOMPLETE if outcome.study.unread or outcome.failures else FINE
    if key:
        _stamp(output, key, lines, code)
    return page, lines, code


def _lines(outcome: StudyOutcome, page: Path) -> list[str]:
    study = outcome.study
    taken = sum(not record.cached for record in outcome.records)
    steps = f"{taken} of {len(outcome.records)} steps taken" if outcome.records else ""
    left_out = f" ({len(study.excluded)} more left out, with reasons)" if study.excluded else ""
    specimens = len({item.sample.name for item in study.measurements})
    lines = [
        f"{study.name}: {len(study.measurements)} files{left_out}, {specimens} specimens, {outcome.observables.height:,} numbers "
        f"in {outcome.seconds:.1f} s" + (f"; {steps}, the others were in the store" if taken < len(outcome.records) else "")
    ]  # fmt: skip
    compared = [finding for finding in outcome.findings if finding.kind != "audit"]
    lines += finding_lines(compared[:6])
    audits = [finding for finding in outcome.findings if finding.kind == "audit"]
    for verdict in ("contradicted", "undecided"):
        lines += finding_lines([finding for finding in audits if finding.verdict == verdict])
    if study.decisions:
        lines.append(
            f"decided by people: {len(study.decisions)}, see `interlith decide --list -C {quoted(study.folder)}`"
        )
    if study.gaps:
        lines.append(
            f"missing: {len(study.gaps)} entries, see `interlith check {quoted(study.folder)}`; first: {study.gaps[0].where}"
        )
    lines += unread_lines(study.unread, "unread")
    failed = list(dict.fromkeys(_failed(step, reason) for step, reason in outcome.failures))
    lines += failed[:LONGEST_LIST] + rest(len(failed))
    return [*lines, f"report: {page}"]


def _failed(step: str, reason: str) -> str:
    return f"failed: {reason}" if reason.startswith(step) else f"failed: {step}: {reason}"


def _stamp(output: Path, key: str, lines: Sequence[str], code: int) -> None:
    """Say in one move, as the last of all, that the results are whole."""
    words = {"key": key, "code": code, "lines": list(lines), "files": _digests(output)}
    draft = output / f".{STAMP}.{os.getpid()}"
    draft.write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")
    draft.replace(output / STAMP)


def _said_before(output: Path, key: str) -> dict[str, Any] | None:
    """What the run said that left these results, if they are all still there and nothing they rest on has changed."""
    try:
        words = json.loads((output / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(words, dict) and words.get("key") == key and words.get("files") == _digests(output)
    return words if whole else None


def _digests(output: Path) -> dict[str, str]:
    """What lies in a folder by name: SHA-256 (hex), or the size (bytes) of what is too large to be one of ours."""
    found = {}
    for path in sorted(output.rglob("*")):
        if path.is_file() and path.name != STAMP and not path.name.startswith(f".{STAMP}"):
            size = path.stat().st_size
            with path.open("rb") as handle:
                told = hashlib.file_digest(handle, "sha256").hexdigest() if size <= LARGEST_BYTES else str(size)
            found[path.relative_to(output).as_posix()] = told
    return found
