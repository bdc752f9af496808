"""What does `study.yaml` say, and on which line is it wrong?"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from interlith.errors import StudyError, UnitError, nearest
from interlith.model import Primary, Replication, Variant
from interlith.units import convert, parse
from interlith.workbench.declaring.schema import (
    HOST_WORDS,
    TECHNIQUE_WORDS,
    CellWords,
    JoinWords,
    ReplicationWords,
    StudyWords,
    VariantWords,
)

#: A study file is written by hand; anything larger is not one.
LARGEST_BYTES = 2_000_000


def load_yaml(path: Path) -> Any:
    """Read a YAML file without constructing objects; line numbers stay on the mappings.

    Raises
    ------
    StudyError
        If the file is missing, too large, not UTF-8 or not YAML: the message names the line.
    """
    if not path.is_file():
        raise StudyError(f"There is no {path.name} in {path.parent}; write one with `interlith init {path.parent}`.")
    if path.stat().st_size > LARGEST_BYTES:
        raise StudyError(f"{path.name} has {path.stat().st_size:,} bytes; a file written by hand has less than 2 MB.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name} is not UTF-8 at byte {error.start}; save it as UTF-8.") from error
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StudyError(f"{path.name}, line {line}: {error.problem or 'this is not YAML'}.") from error
    except YAMLError as error:
        raise StudyError(f"{path.name}: {error}.") from error


def read_study_file(path: Path) -> StudyWords:
    """Read and check `study.yaml`.

    Raises
    ------
    StudyError
        Naming the line and, for an unknown word, the nearest allowed one; all problems at once.
    """
    raw = load_yaml(path)
    if not isinstance(raw, dict):
        raise StudyError(f"{path.name} is empty or not a mapping; write one with `interlith init {path.parent}`.")
    problems: list[str] = []
    words: StudyWords | None = None
    try:
        # A section whose entries are all commented out reads as null; it means "nothing declared".
        words = StudyWords.model_validate({key: value for key, value in _plain(raw).items() if value is not None})
    except ValidationError as error:
        problems += [_say(path, raw, item) for item in error.errors()]
    for name in raw.get("analyses") or {}:
        if name not in TECHNIQUE_WORDS:
            line = _line(raw, ("analyses", name))
            problems.append(f"{path.name}, line {line}: '{name}' is no technique; {nearest(name, TECHNIQUE_WORDS)}.")
    if words is not None:
        problems += _references(path, raw, words)
    if problems or words is None:
        raise StudyError("\n".join(problems))
    return words


def variants(words: StudyWords) -> dict[str, Variant]:
    """The declared variants by name."""
    return {
        name: Variant(name, item.parent, item.composition, item.structure, tuple(item.steps))
        for name, item in words.samples.items()
    }


def designs(words: StudyWords) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Designs that are asked for with their options; the host is the declared structure of the reference by default."""
    declared = words.samples.get(words.reference or "")
    host = declared.structure if declared is not None else None
    found = []
    for entry in words.design:
        for name, options in entry.items():
            default = {HOST_WORDS[name]: host} if host is not None and name in HOST_WORDS else {}
            found.append((name, default | (options or {})))
    return tuple(found)


def replication(words: StudyWords) -> Replication:
    """The declared replication; spreads as relative numbers with their source."""
    spread = {}
    for quantity, item in words.replication.spread.items():
        value = parse(item.relative)
        spread[quantity] = (convert(value.value, value.unit, "1"), item.source)
    return Replication(words.replication.unit, words.replication.group, spread)


def primary(path: Path, words: StudyWords) -> Primary | None:
    """The primary endpoint: ``{capacity_retention: {cycle: 200, at_least: +5 %}}``.

    Raises
    ------
    StudyError
        If there is more than one, or a criterion cannot be read.
    """
    if not words.primary:
        return None
    if len(words.primary) > 1:
        raise StudyError(
            f"{path.name}, primary: {len(words.primary)} endpoints ({', '.join(words.primary)}), but only one can be "
            "primary; keep the one that decides, all others are reported with adjustment for multiplicity."
        )
    ((quantity, rest),) = words.primary.items()
    at: dict[str, float] = {}
    sense, criterion, relative, unit, text = None, None, True, "", ""
    for key, value in rest.items():
        if key in ("at_least", "at_most"):
            try:
                parsed = parse(value, what=f"primary {quantity} {key}")
            except UnitError as error:
                raise StudyError(f"{path.name}, primary {quantity}: {error}") from error
            text = f"{key.replace('_', ' ')} {value}"
            sense, relative = key, parsed.unit == "%"
            criterion, unit = (parsed.value / 100, "1") if relative else (parsed.value, parsed.unit)
        else:
            try:
                at[key] = parse(value, what=f"primary {quantity} {key}").value
            except UnitError as error:
                raise StudyError(f"{path.name}, primary {quantity}, {key}: {error}") from error
    return Primary(quantity, at, sense, criterion, relative, unit, text)


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, float):
        return float(node)
    if isinstance(node, int):
        return int(node)
    return str(node)


def _line(raw: Any, keys: tuple[Any, ...]) -> int:
    """Line of the deepest key that can be found, from 1."""
    node, line = raw, 1
    for key in keys:
        if isinstance(node, dict):
            match = next((item for item in node if str(item) == str(key)), None)
            if match is None:
                break
            line = node.lc.key(match)[0] + 1 if hasattr(node, "lc") else line
            node = node[match]
        elif isinstance(node, list) and isinstance(key, int) and key < len(node):
            line = node.lc.item(key)[0] + 1 if hasattr(node, "lc") else line
            node = node[key]
        else:
            break
    return line


def _say(path: Path, raw: Any, error: Any) -> str:
    keys = tuple(error["loc"])
    where = f"{path.name}, line {_line(raw, keys)}"
    word = ".".join(str(key) for key in keys)
    if error["type"] == "extra_forbidden":
        allowed = _allowed(keys[:-1])
        return f"{where}: '{keys[-1]}' is not a word of `{'.'.join(map(str, keys[:-1])) or 'study.yaml'}`; {nearest(str(keys[-1]), allowed)}."
    if error["type"] == "missing":
        return f"{where}: `{word}` is missing; write for instance `{keys[-1]}: ...`."
    if error["type"] == "literal_error":
        allowed_text = error.get("ctx", {}).get("expected", "")
        close = difflib.get_close_matches(
            str(error["input"]), [item.strip(" '") for item in allowed_text.replace(" or ", ",").split(",")], n=1
        )
        hint = f" Did you mean '{close[0]}'?" if close else ""
        return f"{where}: `{word}` is '{error['input']}'.{hint} Allowed: {allowed_text}."
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: `{word}`: {message}"


def _allowed(keys: tuple[Any, ...]) -> list[str]:
    owners: dict[str, type[BaseModel]] = {
        "replication": ReplicationWords, "cells": CellWords, "samples": VariantWords, "join": JoinWords,
    }  # fmt: skip
    owner = owners.get(str(keys[0]), StudyWords) if keys else StudyWords
    return list(owner.model_fields)


def _references(path: Path, raw: Any, words: StudyWords) -> list[str]:
    problems = []
    if words.reference and words.samples and words.reference not in words.samples:
        problems.append(
            f"{path.name}, line {_line(raw, ('reference',))}: the reference '{words.reference}' is not among the "
            f"samples; {nearest(words.reference, words.samples)}."
        )
    for name, item in words.samples.items():
        if item.parent and item.parent not in words.samples:
            problems.append(
                f"{path.name}, line {_line(raw, ('samples', name, 'parent'))}: the parent '{item.parent}' of '{name}' is "
                f"not among the samples; {nearest(item.parent, words.samples)}."
            )
    return problems
