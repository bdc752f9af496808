"""What does `interlith decide` print when somebody corrects a choice, looks at the corrections or takes one back?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from interlith.app.exits import FINE
from interlith.errors import StudyError

if TYPE_CHECKING:
    from interlith.model import Decision
    from interlith.model.decision import Value

FILE = "decisions.yaml"
#: ``recorded(target, field)``: what the last run had taken there by itself, `None` where that is not known.
Recorded = Callable[[str, str], "Value | None"]


def decide_choice(
    folder: Path,
    target: str | None = None,
    field: str | None = None,
    value: str | None = None,
    *,
    reason: str | None = None,
    who: str | None = None,
    undo: bool = False,
    listing: bool = False,
    known: Iterable[str] = (),
    recorded: Recorded | None = None,
) -> int:
    """``il.decide(folder, target, field, value, reason=...)``, ``il.undo(folder, target, field)``.

    Parameters
    ----------
    folder
        The study.
    target, field, value, reason, who
        As typed.
    undo, listing
        Take the decision on this field back; list what was decided.
    known
        Targets that the last run recorded.
    recorded
        Looks up what the last run had taken.

    Raises
    ------
    StudyError
        If something is missing or wrong: nothing was written.
    """
    if listing or not (target or field or value or reason or undo):
        return _list(folder)
    if undo:
        if not (target and field) or value:
            raise StudyError("--undo takes TARGET FIELD; `interlith decide --list` shows what was decided.")
        return _undo(folder, target, field)
    if not (target and field and value is not None):
        raise StudyError(
            'Write `interlith decide TARGET FIELD VALUE --reason "..."`; the report prints the line for each choice.'
        )
    return _decide(folder, target, field, value, reason=reason or "", who=who, known=tuple(known), recorded=recorded)


def _decide(
    folder: Path,
    target: str,
    field: str,
    value: str,
    *,
    reason: str,
    who: str | None,
    known: tuple[str, ...],
    recorded: Recorded | None,
) -> int:
    from interlith.workbench.corrections.decision_targets import resolve
    from interlith.workbench.corrections.decisions import decide, typed_value, undo_command
    from interlith.workbench.discovery import techniques

    found = resolve(folder, target, techniques=techniques(), known=known)
    was = recorded(found.text, field) if recorded is not None else None
    made = decide(folder, found.text, field, typed_value(field, value), reason=reason, who=who, was=was)
    if found.note:
        typer.echo(f"note: {found.note}")
    typer.echo(f"decided: {_line(made)}")
    typer.echo(
        f"next: `interlith run {_folder(folder)}` computes what depends on it; take it back with `{undo_command(made)}{_at(folder)}`"
    )
    return FINE


def _undo(folder: Path, target: str, field: str) -> int:
    from interlith.workbench.corrections.decisions import undo

    typer.echo(f"taken back: {_line(undo(folder, target, field))}")
    typer.echo(f"next: `interlith run {_folder(folder)}` computes what depends on it")
    return FINE


def _list(folder: Path) -> int:
    from interlith.workbench.corrections.decision_entries import checked
    from interlith.workbench.corrections.decisions_file import read_page

    if not (folder / "study.yaml").is_file():
        raise StudyError(f"{folder} is no study: it has no study.yaml; name the folder of the study (-C FOLDER).")
    # What stands there is told as it stands; whether the fields exist is for a run, which loads the techniques.
    decided = checked(read_page(folder / FILE), FILE, None)
    for one in decided:
        typer.echo(f"line {one.line}: {_line(one)}")
    if not decided:
        typer.echo("nothing was decided; every choice is the one of the software or of study.yaml")
    return FINE


def _line(one: Decision) -> str:
    was = f" (was {_said(one.was)})" if one.was is not None else ""
    by = ", ".join(word for word in (one.who, one.date) if word)
    return f"{one.target.text}: {one.field} is {_said(one.value)}{was}: {one.reason}" + (f" [{by}]" if by else "")


def _said(value: Value) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _folder(folder: Path) -> str:
    from interlith.workbench.corrections.decisions import quoted

    return quoted(str(folder))


def _at(folder: Path) -> str:
    return "" if str(folder) == "." else f" -C {_folder(folder)}"
