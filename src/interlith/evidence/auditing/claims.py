"""Which values and claims stand in a claims file, on which line, and how far was each number rounded?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from interlith.errors import StudyError, UnitError, nearest
from interlith.evidence.auditing.expressions import Claim, parse_claim, parse_expression
from interlith.evidence.auditing.expressions import Node as Expression
from interlith.evidence.auditing.printed import LAST_DIGIT, Printed, read_printed

LARGEST_BYTES = 1_000_000
MOST_CLAIMS = 1_000
EXPECTATIONS = ("holds", "contradicts", "undecidable")
_TOP = ("source", "values", "derived", "claims", "rounding", "note")
_NAME = re.compile(r"^[^\W\d]\w*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece of YAML: text, mapping or list, with its line; scalars stay text so that printed digits survive."""

    content: str | dict[str, Entry] | list[Entry]
    line: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim with what is expected of it and why."""

    claim: Claim
    line: int
    expect: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClaimsFile:
    """A claims file as read: printed numbers, derived names, claims in order."""

    name: str
    source: str
    values: Mapping[str, Printed]
    derived: Mapping[str, Expression]
    statements: tuple[Statement, ...]
    rounding: str


def list_claims() -> dict[str, Path]:
    """Claims files that come with Interlith: name -> file, to be passed to `audit` by name."""
    folder = Path(str(resources.files("interlith.reference") / "claims"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def read_claims(source: str | Path | Mapping[str, Any]) -> ClaimsFile:
    """Read a claims file by path or shipped name, or the same content as a mapping.

    Raises
    ------
    StudyError
        If it cannot be found or read: the message names file, line and the nearest allowed word.
    """
    if isinstance(source, Mapping):
        return _interpret(_from_python(source), "claims")
    shipped = list_claims()
    path = Path(source)
    if not path.is_file():
        if str(source) not in shipped:
            raise StudyError(
                f"There is no claims file '{source}', and none of that name is shipped; {nearest(str(source), shipped)}."
            )
        path = shipped[str(source)]
    if path.stat().st_size > LARGEST_BYTES:
        raise StudyError(
            f"{path.name} has {path.stat().st_size:,} bytes; a claims file has less than {LARGEST_BYTES:,}."
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name} is not UTF-8 at byte {error.start}; save it as UTF-8.") from error
    return _interpret(_from_yaml(text, path.name), path.name)


def _from_yaml(text: str, name: str) -> Entry:
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StudyError(f"{name}, line {line}: {error.problem or 'this is not YAML'}.") from error
    except (YAMLError, RecursionError) as error:
        raise StudyError(f"{name} is not YAML that can be read: {type(error).__name__}.") from error
    if node is None:
        raise StudyError(f"{name} is empty; it needs `values:` and `claims:`.")
    return _entry(node, name, 0)


def _entry(node: Node, name: str, depth: int) -> Entry:
    line = node.start_mark.line + 1
    if depth > 4:
        raise StudyError(f"{name}, line {line}: a claims file is not nested this deep.")
    if isinstance(node, ScalarNode):
        return Entry(str(node.value), line)
    if isinstance(node, SequenceNode):
        return Entry([_entry(item, name, depth + 1) for item in node.value], line)
    assert isinstance(node, MappingNode)
    content: dict[str, Entry] = {}
    for key, value in node.value:
        word, where = str(key.value), key.start_mark.line + 1
        if word in content:
            raise StudyError(f"{name}, line {where}: '{word}' stands here twice (first on line {content[word].line}).")
        entry = _entry(value, name, depth + 1)
        content[word] = Entry(entry.content, where)
    return Entry(content, line)


def _from_python(content: Any) -> Entry:
    if isinstance(content, Mapping):
        return Entry({str(key): _from_python(value) for key, value in content.items()}, 0)
    if isinstance(content, (list, tuple)):
        return Entry([_from_python(item) for item in content], 0)
    return Entry("" if content is None else str(content), 0)


def _interpret(entry: Entry, name: str) -> ClaimsFile:
    top = _mapping(entry, name, _TOP, "a claims file")
    for word in ("values", "claims"):
        if word not in top:
            raise StudyError(f"{name} has no `{word}:`; it needs `values:` and `claims:`.")
    rounding = _text(top["rounding"], name) if "rounding" in top else LAST_DIGIT
    values = {
        word: _printed(item, name, word, rounding)
        for word, item in _mapping(top["values"], name, None, "values").items()
    }
    derived = {}
    for word, item in (_mapping(top["derived"], name, None, "derived") if "derived" in top else {}).items():
        if word in values:
            raise StudyError(f"{_where(name, item)}: '{word}' is both a value and derived; rename one.")
        derived[word] = _placed(name, item, parse_expression)
    for word in (*values, *derived):
        if not _NAME.match(word) or word == "pi":
            raise StudyError(f"{name}: '{word}' is no name for a value; use letters, digits and _, and not pi.")
    content = top["claims"].content
    if not isinstance(content, list) or not content:
        raise StudyError(f"{_where(name, top['claims'])}: `claims:` is a list, each line beginning with '- '.")
    if len(content) > MOST_CLAIMS:
        raise StudyError(f"{name} holds {len(content)} claims; at most {MOST_CLAIMS} are read from one file.")
    statements = tuple(_statement(item, name) for item in content)
    _quoted(statements, derived.values(), values, name, rounding)
    _known(statements, derived, values, name)
    source = _text(top["source"], name) if "source" in top else ""
    return ClaimsFile(name, source, values, derived, statements, rounding)


def _where(name: str, entry: Entry) -> str:
    return f"{name}, line {entry.line}" if entry.line else name


def _mapping(entry: Entry, name: str, allowed: tuple[str, ...] | None, what: str) -> dict[str, Entry]:
    if not isinstance(entry.content, dict):
        raise StudyError(f"{_where(name, entry)}: {what} must be a mapping of names to values.")
    for word, item in entry.content.items():
        if allowed is not None and word not in allowed:
            raise StudyError(f"{_where(name, item)}: '{word}' is no word of {what}; {nearest(word, allowed)}.")
    return entry.content


def _text(entry: Entry, name: str) -> str:
    if not isinstance(entry.content, str):
        raise StudyError(f"{_where(name, entry)}: a text is needed here.")
    return entry.content


def _placed(name: str, entry: Entry, reader: Any) -> Any:
    try:
        return reader(_text(entry, name))
    except (StudyError, UnitError) as error:
        place = _where(name, entry)
        raise StudyError(str(error) if str(error).startswith(place) else f"{place}: {error}") from error


def _printed(entry: Entry, name: str, word: str, rounding: str) -> Printed:
    statement, where = "", entry
    if isinstance(entry.content, dict):
        parts = _mapping(entry, name, ("value", "statement", "rounding"), f"the value '{word}'")
        if "value" not in parts:
            raise StudyError(
                f"{_where(name, entry)}: '{word}' has no `value:`; leave it empty if the source gives none."
            )
        statement = _text(parts["statement"], name) if "statement" in parts else ""
        rounding = _text(parts["rounding"], name) if "rounding" in parts else rounding
        where = parts["value"]
    text = _text(where, name)
    try:
        return read_printed(text, rounding, what=f"'{word}'", statement=statement)
    except UnitError as error:
        raise StudyError(f"{_where(name, where)}: {error}") from error


def _statement(entry: Entry, name: str) -> Statement:
    if isinstance(entry.content, str):
        return Statement(_placed(name, entry, parse_claim), entry.line)
    parts = _mapping(entry, name, ("claim", "expect", "note"), "a claim")
    if "claim" not in parts:
        raise StudyError(f"{_where(name, entry)}: a claim written as a mapping needs `claim:`.")
    expect = _text(parts["expect"], name) if "expect" in parts else ""
    if expect and expect not in EXPECTATIONS:
        raise StudyError(f"{_where(name, parts['expect'])}: expect is '{expect}'; {nearest(expect, EXPECTATIONS)}.")
    note = _text(parts["note"], name) if "note" in parts else ""
    return Statement(_placed(name, parts["claim"], parse_claim), parts["claim"].line, expect, note)


def _quoted(
    statements: tuple[Statement, ...],
    derived: Iterable[Expression],
    values: dict[str, Printed],
    name: str,
    rounding: str,
) -> None:
    """Enter quoted values under their own text, so that one quoted twice is one number."""
    sides = [(side, item.line) for item in statements for side in (item.claim.left, item.claim.right)]
    for side, line in [*sides, *((item, 0) for item in derived)]:
        for word in side.names():
            if word[0] in "'\"" and word not in values:
                try:
                    values[word] = read_printed(word[1:-1], rounding, what=word)
                except UnitError as error:
                    raise StudyError(f"{name}{f', line {line}' if line else ''}: {error}") from error


def _known(
    statements: tuple[Statement, ...], derived: Mapping[str, Expression], values: Mapping[str, Printed], name: str
) -> None:
    allowed = [word for word in (*values, *derived) if word[0] not in "'\""]
    for item in statements:
        for side in (item.claim.left, item.claim.right):
            _check_names(side, allowed, values, f"{name}, line {item.line}" if item.line else name)
    for word, expression in derived.items():
        _check_names(expression, allowed, values, f"{name}, derived '{word}'")


def _check_names(side: Expression, allowed: list[str], values: Mapping[str, Printed], place: str) -> None:
    for word in side.names():
        if word not in values and word not in allowed:
            raise StudyError(f"{place}: there is no value '{word}'; {nearest(word, (*allowed, 'pi'))}.")
