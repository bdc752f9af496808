"""How is one entry of `decisions.yaml` added, changed or taken out while every other word of a hand-edited file stays?"""

from __future__ import annotations

import codecs
import io
import math
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from interlith.errors import StudyError
from interlith.workbench.declaring.study_file import LARGEST_BYTES

#: Words of an entry, in the order in which they are written.
WORDS = ("target", "field", "value", "was", "reason", "who", "date")
#: Marks at the head of a file and what the text behind them is written in.
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
#: Text that needs no quotes as far as its letters go; whether YAML takes it for a text is asked of YAML.
_PLAIN = re.compile(r"[^\W_](?:[\w./+%(),;'°^&=@~-]|:(?=\S)|(?<=\S)#| (?=\S))*")
#: Characters that must not stand in YAML as they are.
_HIDDEN = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """Words of one entry and the line on which it begins; the values are plain Python scalars, else as YAML gives them."""

    words: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Page:
    """Text of a file and how its bytes are written: encoding, mark at the head and line ending."""

    text: str = ""
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def newline(self) -> str:
        """The line ending of the first line; the plain one where there is none yet."""
        found = re.search(r"\r\n|\n|\r", self.text)
        return found[0] if found else "\n"

    def data(self, text: str) -> bytes:
        """Another text as bytes of this file."""
        return self.mark + text.encode(self.encoding)


def read_page(path: Path) -> Page:
    """Text of a file written by hand, whatever mark an editor put in front of it; empty where there is no file.

    Raises
    ------
    StudyError
        If it is too large or no text.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return Page()
    if size > LARGEST_BYTES:
        raise StudyError(f"{path.name} has {size:,} bytes; a file written by hand has less than 2 MB.")
    data = path.read_bytes()
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    encoding = _MARKS.get(mark, "utf-8")
    try:
        return Page(data[len(mark) :].decode(encoding), encoding, mark)
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name} is not UTF-8 at byte {error.start + len(mark)}; save it as UTF-8.") from error


def entries(text: str, name: str) -> list[Entry]:
    """The entries of a text; none where it holds comments only.

    Raises
    ------
    StudyError
        Naming the line where it is not YAML, no list, or an entry is no mapping.
    """
    raw = _load(text, name)
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise StudyError(f"{name}, line 1: this is no list; each entry begins with `- target: ...`.")
    found = []
    marks: Any = getattr(raw, "lc")  # noqa: B009 - only the round-trip loader's lists know their lines
    for number, item in enumerate(raw):
        line = marks.item(number)[0] + 1
        if not isinstance(item, dict):
            raise StudyError(f"{name}, line {line}: this entry has no words; write `- target: ...` and `field: ...`.")
        found.append(Entry({str(key): _scalar(value) for key, value in item.items()}, line))
    return found


def added(page: Page, words: Mapping[str, Any]) -> str:
    """The text with one entry more at its end."""
    text, end = page.text, page.newline
    column = 0
    before = entries(text, "decisions.yaml")
    if before:
        column = len(text) - len(text.lstrip(" ")) if text.lstrip(" ").startswith("-") else _column(text)
    lines = [f"{word}: {_written(word, value)}" for word, value in words.items()]
    block = "".join(f"{' ' * column}{'- ' if k == 0 else '  '}{line}{end}" for k, line in enumerate(lines))
    glue = "" if not text or text.endswith(("\n", "\r")) else end
    wanted = [*(entry.words for entry in before), dict(words)]
    return _agreed(text + glue + block, wanted) or _rewritten(page, wanted, lambda data: data.append(dict(words)))


def changed(page: Page, number: int, words: Mapping[str, Any]) -> str:
    """The text with other values in one entry (from 0); comments beside and between the words stay."""
    wanted = [dict(entry.words) for entry in entries(page.text, "decisions.yaml")]
    wanted[number] |= dict(words)
    return _agreed(_spliced(page, number, words), wanted) or _rewritten(
        page, wanted, lambda data: data[number].update(dict(words))
    )


def removed(page: Page, number: int) -> str:
    """The text without one entry (from 0); comments above and below it stay."""
    text = page.text
    wanted = [entry.words for entry in entries(text, "decisions.yaml")]
    del wanted[number]
    item = _items(text)[number]
    first, last = _begin(text, item), _end(text, item)
    return _agreed(text[:first] + text[last:], wanted) or _rewritten(page, wanted, lambda data: data.pop(number))


def scalar(value: str | float | bool) -> str:
    """A value as it stands in YAML: plain where that reads as the same text everywhere, else in double quotes.

    Raises
    ------
    StudyError
        If it is no finite number, or holds what cannot be written as text.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StudyError(f"{value} is no number that can be decided; write a finite one.")
        return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise StudyError(f"{value!r} holds a character that is no text; write it without.") from error
    if _PLAIN.fullmatch(value) and all(_read(value, version) == value for version in ((1, 2), (1, 1))):
        return value
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _HIDDEN.sub(lambda found: _escape(found[0]), quoted) + '"'


def replace_file(path: Path, data: bytes) -> None:
    """Put bytes in place of a file in one step: whoever reads sees the old ones or the new ones, also after a crash."""
    goal = path.resolve()
    beside = goal.with_name(f".{goal.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        if goal.exists():
            beside.chmod(goal.stat().st_mode & 0o777)
        beside.replace(goal)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(goal.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _written(word: str, value: Any) -> str:
    """A day is written as people write it; YAML reads it as one, and so do we."""
    return value if word == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)) else scalar(value)


def _load(text: str, name: str) -> Any:
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StudyError(f"{name}, line {line}: {error.problem or 'this is not YAML'}.") from error
    except YAMLError as error:
        raise StudyError(f"{name}: {error}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        # A date such as 2026-13-45, a number without digits, or brackets nested a thousand deep.
        raise StudyError(f"{name}: a value cannot be read ({error}); put it in quotes.") from error


def _scalar(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def _read(text: str, version: tuple[int, int]) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = version
    try:
        return reader.load(text)
    except (YAMLError, ValueError):
        return None


def _escape(letter: str) -> str:
    known = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(letter)
    return known.get(letter) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _items(text: str) -> list[Node]:
    root = YAML(typ="rt", pure=True).compose(io.StringIO(text))
    return list(root.value) if isinstance(root, SequenceNode) else []


def _column(text: str) -> int:
    """Column of the dashes of a list that begins below comments."""
    first = _items(text)[0]
    begin = _begin(text, first)
    return len(text[begin:]) - len(text[begin:].lstrip(" "))


def _begin(text: str, item: Node) -> int:
    """Where the line with the dash of an entry begins."""
    at = _line_begin(text, item.start_mark.index)
    while at > 0 and not text[at:].lstrip(" ").startswith("-"):
        at = _line_begin(text, at - 1)
    return at


def _end(text: str, item: Node) -> int:
    """Where the last line of an entry ends, the comment beside it included and what follows left alone."""
    last: Node = item
    while not isinstance(last, ScalarNode) and last.value:
        last = last.value[-1][1] if isinstance(last, MappingNode) else last.value[-1]
    end = min(last.end_mark.index, len(text))
    # A block of text ends where the next thing begins: blank lines behind it are not its own.
    kept = len(text[:end].rstrip()) if text[_line_begin(text, end) : end].strip() == "" else end
    found = re.compile(r"\r\n|\n|\r").search(text, kept)
    return found.end() if found else len(text)


def _line_begin(text: str, at: int) -> int:
    if at > 0 and text[at - 1 : at + 1] == "\r\n":
        at -= 1
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _spliced(page: Page, number: int, words: Mapping[str, Any]) -> str:
    text, item = page.text, _items(page.text)[number]
    if not isinstance(item, MappingNode):
        return ""
    there = {key.value: value for key, value in item.value}
    now = entries(text, "decisions.yaml")[number].words
    missing = [f"{word}: {_written(word, value)}" for word, value in words.items() if word not in there]
    pieces = [(_end(text, item), _end(text, item), "")]
    if missing:
        at = _end(text, item)
        glue = "" if text[:at].endswith(("\n", "\r")) else page.newline
        indent = " " * item.start_mark.column
        pieces = [(at, at, glue + "".join(f"{indent}{line}{page.newline}" for line in missing))]
    for word, value in words.items():
        if word in there and repr(now[word]) != repr(value):
            node = there[word]
            first, last = node.start_mark.index, node.end_mark.index
            old = text[first:last]
            pieces.append((first, first + len(old.rstrip()), _written(word, value)))
    for first, last, new in sorted(pieces, reverse=True):
        text = text[:first] + new + text[last:]
    return text


def _agreed(text: str, wanted: Sequence[Mapping[str, Any]]) -> str:
    """The text if it reads as wanted, nothing otherwise."""
    try:
        found = [dict(entry.words) for entry in entries(text, "decisions.yaml")]
    except StudyError:
        return ""
    same = [list(map(repr, item.items())) for item in found] == [list(map(repr, item.items())) for item in wanted]
    # A text without any entry and without a comment is still one line, so that it never equals "did not work".
    return (text or "\n") if same else ""


def _rewritten(page: Page, wanted: Sequence[Mapping[str, Any]], change: Any) -> str:
    """Unusual layouts (one line of braces, anchors) are written anew by the YAML library, which keeps most comments."""
    writer = YAML(typ="rt", pure=True)
    writer.preserve_quotes, writer.width = True, 100_000
    data = writer.load(page.text)
    if not data:
        data = CommentedSeq()
    data = data if isinstance(data, (CommentedSeq, CommentedMap)) else CommentedSeq()
    change(data)
    stream = io.StringIO(newline="")
    writer.dump(data, stream)
    text = stream.getvalue().replace("\n", page.newline)
    if _agreed(text, wanted):
        return text
    raise StudyError(
        "decisions.yaml is laid out in a way that cannot be changed without loss; write the entry by hand, each word on a "
        "line of its own as in the documentation."
    )
