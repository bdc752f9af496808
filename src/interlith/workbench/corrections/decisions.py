"""Which automatic choices did people correct or confirm, and how is one correction written or taken back?"""

from __future__ import annotations

import getpass
import os
import re
import shlex
from collections.abc import Iterable, Mapping
from datetime import date as Date  # noqa: N812 - `date` is a word of the file and of the public functions
from pathlib import Path, PurePosixPath
from typing import Any

from interlith.errors import StudyError, nearest
from interlith.model import Decision, Technique, read_target
from interlith.model.decision import Value
from interlith.workbench.corrections import decisions_file as file
from interlith.workbench.corrections.decision_entries import YES_NO, checked, decision_of, fields_of
from interlith.workbench.corrections.decision_targets import DIGITS, Digest, digest_of, resolve
from interlith.workbench.discovery import techniques as all_techniques

FILE = "decisions.yaml"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


def read_decisions(path: str | Path, *, fields: Mapping[str, str] | None = None) -> tuple[Decision, ...]:
    """Read and check `decisions.yaml`.

    Parameters
    ----------
    path
        The file, or the folder that holds it; without a file there is no decision.
    fields
        Fields that may be decided; those of all techniques by default.

    Raises
    ------
    StudyError
        Naming the line of every wrong entry at once.
    """
    place = Path(path) / FILE if Path(path).is_dir() else Path(path)
    page = file.read_page(place)
    if not page.text:
        return ()
    return checked(page, place.name, fields_of(all_techniques().values()) if fields is None else fields)


def decide(
    folder: str | Path,
    target: str,
    field: str,
    value: Value,
    *,
    reason: str,
    who: str | None = None,
    was: Value | None = None,
    date: str | None = None,
    known: Iterable[str] = (),
    digest: Digest = digest_of,
) -> Decision:
    """Correct or confirm one automatic choice: adds an entry to `decisions.yaml`, or replaces that of the same field.

    Parameters
    ----------
    folder
        The study.
    target
        As the report prints it, or shorter: ``B1_02/half_cycle/37``; the name of a technique for all its data.
    field, value
        What is decided: ``step_type``, ``pause``.
    reason
        Why; it stands in the report.
    who, date
        Who decided and when (ISO text); `INTERLITH_WHO`, else the name of the account, and today by default.
    was
        What the software had taken, where it is known.
    known
        Targets recorded by the last run; they tell which file of a restarted test is meant.
    digest
        SHA-256 of a file.

    Returns
    -------
    Decision
        As it now stands in the file.

    Raises
    ------
    StudyError
        If the target, the field, the value or the reason is not usable, or `decisions.yaml` cannot be read: the file is
        then left as it is.
    """
    root = Path(folder)
    known_techniques = all_techniques()
    if not (root / "study.yaml").is_file():
        raise StudyError(f"{root} is no study: it has no study.yaml; name the folder of the study (-C FOLDER).")
    found = resolve(root, target, techniques=known_techniques, known=known, digest=digest)
    words: dict[str, Any] = {
        "target": found.text, "field": field, "value": value, "was": was, "reason": reason.strip(),
        "who": whoever() if who is None else who, "date": date or Date.today().isoformat(),
    }  # fmt: skip
    problems: list[str] = []
    made = decision_of(file.Entry(words, 0), fields_of(known_techniques.values()), problems)
    if made is None:
        raise StudyError("\n".join(problem.removeprefix("line 0: ") for problem in problems))
    _check_technique(made, known_techniques)
    return _keep(root / FILE, made)


def undo(folder: str | Path, target: str, field: str, *, digest: Digest = digest_of) -> Decision:
    """Take a decision back: its entry leaves `decisions.yaml`, and what the software chose holds again.

    Raises
    ------
    StudyError
        If there is no such entry, or several fit: the message lists what there is.
    """
    place = Path(folder) / FILE
    page = file.read_page(place)
    there = checked(page, FILE, None)
    number = _meant(Path(folder), there, target.strip(), field, digest)
    text = file.removed(page, number)
    _write(place, page, text)
    return there[number]


def vanished(
    decisions: Iterable[Decision], digests: Mapping[str, str], techniques: Mapping[str, Technique]
) -> list[tuple[Decision, str]]:
    """Decisions that touch nothing, each with the sentence for the report.

    Parameters
    ----------
    decisions
        Those of the study.
    digests
        SHA-256 (hex) of every raw file of the study by its path, excluded ones included.
    techniques
        Techniques of the study by name.
    """
    here = {sha[:DIGITS]: path for path, sha in digests.items()}
    fields = fields_of(techniques.values())
    told = []
    for one in decisions:
        about = f"{FILE}, line {one.line}: {one.field} of {one.target.text}"
        remedy = f"remove the entry with `{undo_command(one)}`"
        if one.target.digest and one.target.digest not in here:
            told.append((one, f"{about} has no effect, {_why(one, digests, remedy)}"))
        elif not one.target.digest and one.target.text not in techniques:
            told.append((one, f"{about} has no effect, because the study has no such data; {remedy}."))
        elif one.field not in fields or (one.field == "use" and not _taken("use", techniques)):
            told.append((one, f"{about} has no effect, because no technique of this study asks for it; {remedy}."))
    return told


def included(decisions: Iterable[Decision], digest: str, declared: bool) -> tuple[bool, Decision | None]:
    """Whether a file counts: what a person decided, else what `measurements.csv` says.

    Parameters
    ----------
    decisions
        Those of the study.
    digest
        SHA-256 (hex) of the file.
    declared
        Its column ``include``.

    Returns
    -------
    tuple
        Whether it counts, and the decision that says so, `None` where the table does; the reason of a decision against
        a file is the reason of its exclusion.
    """
    for one in decisions:
        if one.field == "include" and one.target.digest == digest[:DIGITS] and not one.target.part:
            return bool(one.value), one
    return declared, None


def typed_value(field: str, text: str) -> Value:
    """What a person typed as a value: numbers as numbers, yes and no where only these are allowed, else the text."""
    if field in YES_NO or not _NUMBER.fullmatch(text.strip()):
        return text.strip()
    return int(text) if re.fullmatch(r"-?\d+", text.strip()) else float(text)


def whoever() -> str:
    """Who decides: ``INTERLITH_WHO``, else the name of the account; nobody where there is none."""
    named = os.environ.get("INTERLITH_WHO", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def decide_command(target: str, field: str, value: Value | None = None) -> str:
    """The command that would decide, ready to paste but for the reason and, where it is not given, the value."""
    word = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    said = "VALUE" if value is None else quoted(word)
    return f'interlith decide {quoted(target)} {quoted(field)} {said} --reason "..."'


def undo_command(one: Decision) -> str:
    """The command that would take a decision back."""
    return command_to_undo(one.target.text, one.field)


def command_to_undo(target: str, field: str) -> str:
    """The command that would take back what was decided on a field of a target."""
    return f"interlith decide --undo {quoted(target)} {quoted(field)}"


def quoted(word: str) -> str:
    """A word as every shell takes it: double quotes where they are enough, those of POSIX where it holds more."""
    if re.fullmatch(r"[\w@%+=:,./-][\w@%+=:,./#-]*", word):
        return word
    return shlex.quote(word) if re.search(r'["$`\\!]', word) or not word else f'"{word}"'


def _check_technique(made: Decision, techniques: Mapping[str, Technique]) -> None:
    name = made.target.technique
    if not name:
        return
    allowed = {field for step in techniques[name].steps for field in step.decides}
    if made.field not in allowed:
        raise StudyError(f"'{made.field}' cannot be decided for all of {name}; {nearest(made.field, allowed)}.")


def _keep(place: Path, made: Decision) -> Decision:
    page = file.read_page(place)
    there = checked(page, FILE, None)
    same = [number for number, one in enumerate(there) if one.essence[:2] == made.essence[:2]]
    words = {
        "target": made.target.text, "field": made.field, "value": made.value, "was": made.was, "reason": made.reason,
        "who": made.who, "date": made.date,
    }  # fmt: skip
    words = {word: value for word, value in words.items() if value not in (None, "") or isinstance(value, bool)}
    text = file.changed(page, same[0], words) if same else file.added(page, words)
    _write(place, page, text)
    return next(one for one in checked(file.Page(text), FILE, None) if one.essence[:2] == made.essence[:2])


def _write(place: Path, page: file.Page, text: str) -> None:
    if file.read_page(place) != page:
        raise StudyError(f"{place.name} was changed by somebody else in this moment; nothing was written, try again.")
    file.replace_file(place, page.data(text))


def _meant(root: Path, there: tuple[Decision, ...], target: str, field: str, digest: Digest) -> int:
    """Which entry is meant: by its text, by the end of its path and its part, else by the bytes that the text names now."""
    mine = [number for number, one in enumerate(there) if one.field == field]
    fits = [number for number in mine if there[number].target.text == target] or [
        number for number in mine if target.replace("\\", "/") in _short(there[number])
    ]
    if not fits:
        try:
            full = read_target(resolve(root, target, techniques=all_techniques(), digest=digest).text)
            fits = [number for number in mine if there[number].essence[:2] == Decision(full, field, "", "").essence[:2]]
        except StudyError:
            fits = []
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise StudyError(
            f"'{target}' fits several entries; write one of: {', '.join(there[k].target.text for k in fits)}."
        )
    have = "; ".join(f"{one.target.text} {one.field} (line {one.line})" for one in there[:8])
    raise StudyError(f"No decision on {field} of '{target}' stands in {FILE}; it holds: {have or 'none'}.")


def _short(one: Decision) -> set[str]:
    """What a person may type for the target of an entry whose file need not be there any more."""
    path = PurePosixPath(one.target.path)
    tail = f"/{one.target.part}" if one.target.part else ""
    return {name + tail for name in (one.target.path, path.name, path.stem)}


def _why(one: Decision, digests: Mapping[str, str], remedy: str) -> str:
    path, gone = one.target.path, f"sha256:{one.target.digest}"
    now = digests.get(path)
    if now is None:
        return f"because the study holds no file with the bytes {gone} any more; put the file back or {remedy}."
    part = f"{path}/{one.target.part}" if one.target.part else path
    return (
        f"because the file was decided about as {gone} and its bytes changed (now sha256:{now[:DIGITS]}); decide again with "
        f"`{decide_command(part, one.field, one.value)}` or {remedy}."
    )


def _taken(field: str, techniques: Mapping[str, Technique]) -> bool:
    return any(field in step.decides for technique in techniques.values() for step in technique.steps)
