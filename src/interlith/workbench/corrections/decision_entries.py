"""What is wrong with an entry of `decisions.yaml`, and on which line?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from interlith.errors import StudyError, nearest
from interlith.model import Decision, Technique, read_target
from interlith.model.decision import Value
from interlith.workbench.corrections.decisions_file import WORDS, Entry, Page, entries

#: Fields that every study knows, whatever its techniques; their values are yes or no.
YES_NO = {
    "include": "whether the whole file counts: yes or no",
    "use": "whether this point or part of the data counts: yes or no",
}
_TRUE, _FALSE = ("yes", "true", "on"), ("no", "false", "off")
_MISSING = {
    "target": "write path#sha256:first-12-hex/part/number as the report prints it.",
    "field": "write the property of the target that is decided, for instance step_type.",
    "reason": "a decision needs a reason, it stands in the report.",
}


def fields_of(techniques: Iterable[Technique]) -> dict[str, str]:
    """Fields that a person may decide, each with one sentence that names the allowed values."""
    found = dict(YES_NO)
    for technique in techniques:
        for step in technique.steps:
            found |= step.decides
    return found


def checked(page: Page, name: str, fields: Mapping[str, str] | None) -> tuple[Decision, ...]:
    """The decisions of a page.

    Raises
    ------
    StudyError
        Naming the line of everything that is wrong.
    """
    problems: list[str] = []
    found: list[Decision] = []
    lines: dict[tuple[str, str], int] = {}
    for entry in entries(page.text, name):
        one = decision_of(entry, fields, problems)
        if one is None:
            continue
        same = one.essence[:2]
        if same in lines:
            problems.append(
                f"line {one.line}: {one.field} of {one.target.text} is decided already on line {lines[same]}; "
                "keep one of the two entries."
            )
        lines.setdefault(same, one.line)
        found.append(one)
    if problems:
        raise StudyError("\n".join(f"{name}, {problem}" for problem in problems))
    return tuple(found)


def decision_of(entry: Entry, fields: Mapping[str, str] | None, problems: list[str]) -> Decision | None:
    """One entry checked; what is wrong with it goes to `problems`."""
    words, where, before = entry.words, f"line {entry.line}: ", len(problems)
    problems += [f"{where}there is no word '{word}'; {nearest(word, WORDS)}." for word in words if word not in WORDS]
    texts = {word: _text(words, word) for word in ("target", "field", "reason", "who", "date")}
    for word in ("target", "field", "reason"):
        if not texts[word]:
            problems.append(f"{where}`{word}` is missing or empty; " + _MISSING[word])
    values = {word: _value(texts["field"], words.get(word), word, where, problems) for word in ("value", "was")}
    if words.get("value") is None:
        problems.append(f"{where}`value` is missing; write what holds instead of the automatic choice.")
    if texts["field"] and fields is not None and texts["field"] not in fields:
        problems.append(
            f"{where}'{texts['field']}' is no field that can be decided; {nearest(texts['field'], fields)}."
        )
    if texts["date"] and not _is_date(texts["date"]):
        problems.append(f"{where}the date is '{texts['date']}'; write it as 2026-11-20.")
    try:
        target = read_target(texts["target"]) if texts["target"] else None
    except StudyError as error:
        problems.append(f"{where}{error}")
        target = None
    if target is not None and texts["field"] == "include" and (target.part or not target.digest):
        problems.append(f"{where}`include` is about a whole file; write the target without its part.")
    value = values["value"]
    if len(problems) > before or target is None or value is None:
        return None
    who, date = texts["who"], texts["date"]
    return Decision(target, texts["field"], value, texts["reason"], who, date, values["was"], entry.line)


def _text(words: Mapping[str, Any], word: str) -> str:
    value = words.get(word)
    return "" if value is None else str(value).strip() if isinstance(value, (str, int, float)) else repr(value)


def _value(field: str, value: Any, word: str, where: str, problems: list[str]) -> Value | None:
    if value is None:
        return None
    if not isinstance(value, (str, int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        problems.append(f"{where}`{word}` is no single text, number or yes/no; write one, in quotes if need be.")
        return None
    if field not in YES_NO or isinstance(value, bool):
        return value
    said = str(value).strip().casefold()
    if said not in (*_TRUE, *_FALSE):
        problems.append(f"{where}`{word}` of {field} is '{value}'; write yes or no.")
        return None
    return said in _TRUE


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
