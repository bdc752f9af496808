"""How is a delimited text file laid out: encoding, delimiter, decimal sign, header line, first and last rows?

Only the first and the last block of the file are looked at, so that a file of gigabytes is opened in milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

from interlith.errors import ReadError
from interlith.layouts import digit_groups

#: Bytes looked at from each end of a file.
BLOCK = 262_144
#: Lines in which the header of the table must begin.
HEADER_LINES = 400
#: A text in a code page that polars cannot scan is rewritten in memory up to this size.
LARGEST_REWRITE = 2_000_000_000
#: Tables of fewer columns could be taken for the lines of a preamble.
LEAST_WIDTH = 4
UTF16 = (b"\xff\xfe", b"\xfe\xff")
DELIMITERS = (",", "\t", ";", "|")
#: Characters that occur in headers of Chinese exports and tell GBK from a Western code page.
_CHINESE = re.compile("[℃电流压容量循环工步时间温度状态记录功率]")
_CONTROL = bytes(code for code in range(1, 32) if code not in (9, 10, 12, 13, 26))
#: Start of a field that is a number or a date: no name of a column begins with a digit.
_DIGIT_FIRST = re.compile(r'[\s_\-.#:+"]*\d')
#: Starts of fields, whatever the delimiter, that are no number.
_WORDS = re.compile(r'(?:^|[,;|\t])[\s_\-.#:+"]*[^\s\d,;|_\-.#:+"]')
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$")
_COMMA_NUMBER = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?$")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+\.\d+$|[-+]?\d{1,3}(?:\.\d{3})+,\d+$|[-+]?\d{1,3}(?:,\d{3}){2,}$")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is to be read; `head_rows` and `tail_rows` are the first and last rows of the table, as fields."""

    path: Path
    encoding: str
    delimiter: str
    decimal: str
    names: tuple[str, ...]
    header_line: int
    data_line: int
    width: int
    head_rows: tuple[tuple[str, ...], ...]
    tail_rows: tuple[tuple[str, ...], ...]
    quoted: bool
    ascii_data: bool
    rows_to_drop: int = 0
    truncated: str = ""
    preamble: tuple[str, ...] = field(default=())
    content: bytes | None = None
    columns: tuple[tuple[str | None, ...], ...] = field(default=(), repr=False)
    group: str = ""

    def column(self, position: int) -> list[str]:
        """Fields of one column in the rows looked at, stripped; absent fields are left out."""
        texts = self._fields(position)
        return [text.strip() for text in texts] if _has_space(texts) else texts

    def padded(self, position: int) -> bool:
        """Whether a field of a column has blanks around it in the rows looked at."""
        texts = self._fields(position)
        return _has_space(texts) and any(text != text.strip() for text in texts)

    def _fields(self, position: int) -> list[str]:
        if position >= len(self.columns):
            return []
        return [text for text in self.columns[position] if text is not None]


def _has_space(texts: Sequence[str]) -> bool:
    joined = "".join(texts)
    return joined.split() != [joined] if joined else False


def decode(block: bytes) -> tuple[str, str]:
    """Decode the first block of a text file: UTF-8, UTF-16 by its mark, GBK by Chinese words, else Windows-1252."""
    if block[:2] in UTF16:
        return block.decode("utf-16", errors="replace"), "utf-16"
    try:
        return block.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        if error.start > len(block) - 4 and error.reason == "unexpected end of data":
            return block[: error.start].decode("utf-8-sig"), "utf-8"
    chinese = block.decode("gbk", errors="replace")
    if _CHINESE.search(chinese):
        return chinese, "gbk"
    return block.decode("cp1252", errors="replace"), "cp1252"


def is_text(head: bytes) -> bool:
    """Whether bytes look like text: no zero bytes (unless UTF-16 says so) and few control characters."""
    if head[:2] in UTF16:
        return True
    if not head or b"\x00" in head:
        return False
    control = len(head) - len(head.translate(None, _CONTROL))
    return control <= len(head) // 200


def fields(line: str, delimiter: str) -> list[str]:
    """Split one line; a quoted field may hold the delimiter."""
    if '"' not in line:
        return line.split(delimiter)
    parts: list[str] = []
    for match in re.finditer(rf'("(?:[^"]|"")*"|[^{re.escape(delimiter)}]*)(?:{re.escape(delimiter)}|$)', line):
        text = match[1]
        parts.append(text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text)
        if match.end() == len(line) and not match[0].endswith(delimiter):
            break
    return parts


def is_word(field: str) -> bool:
    """Whether a field may be the name of a column: neither blank nor a number or date."""
    return not _DIGIT_FIRST.match(field) and bool(field.strip())


def is_number(field: str) -> bool:
    """Whether a field is a number with a decimal point or comma."""
    text = field.strip()
    return bool(_NUMBER.match(text) or _COMMA_NUMBER.match(text))


@lru_cache(maxsize=4)
def header_rows(head: bytes) -> tuple[tuple[int, str, tuple[str, ...]], ...]:
    """Rows in the first bytes of a file that may be a header: line (from 0), delimiter, fields; empty if it is no text.

    Every text format looks for its header in the same bytes, so they are taken apart once. Never raises.
    """
    if not is_text(head):
        return ()
    lines = decode(head)[0].split("\n", HEADER_LINES)[:HEADER_LINES]
    rows = [
        (number, delimiter, tuple(fields(line.rstrip("\r"), delimiter)))
        for number, line in enumerate(lines)
        if len(_WORDS.findall(line)) > 1
        for delimiter in DELIMITERS
        if delimiter in line
    ]
    # A row without two names in it names no time and no current or voltage.
    return tuple(item for item in rows if sum(map(is_word, item[2])) > 1)


def find_header(
    lines: Sequence[str],
    accept: Callable[[list[str]], bool],
    *,
    delimiters: Sequence[str] = DELIMITERS,
    header_lines: int = HEADER_LINES,
) -> tuple[int, str] | None:
    """First line, and its delimiter, that `accept` takes for the header of the table; `None` if there is none."""
    for number, line in enumerate(lines[:header_lines]):
        for delimiter in delimiters:
            if delimiter in line and accept(fields(line, delimiter)):
                return number, delimiter
    return None


def layout_of(
    path: Path,
    accept: Callable[[list[str]], bool],
    *,
    missing: str,
    decimal: str | None = None,
    delimiters: Sequence[str] = DELIMITERS,
    content: bytes | None = None,
    header_lines: int = HEADER_LINES,
    head_bytes: int = BLOCK,
    grouped: bool = False,
) -> Layout:
    """Lay out a delimited text file.

    Parameters
    ----------
    path
        The file.
    accept
        Whether a row of fields is the header of the table.
    missing
        Sentence that ends the message where no header is found: which columns are needed, what to do.
    decimal
        Declared decimal sign; `None` finds it from the numbers.
    delimiters
        Delimiters to try, in this order.
    content
        The text where it is not that of the file itself, as UTF-8; `path` then only serves messages.
    header_lines, head_bytes
        Lines in which the header must begin, and bytes looked at from the start of the file: more where a vendor prints
        a long protocol before its table.
    grouped
        Whether numbers with groups of digits (``136,344.95``) are read where the file proves their style, not refused.

    Raises
    ------
    ReadError
        If the file cannot be opened, holds no such header or no row, or mixes number styles: file and line are named.
    """
    head, tail, whole = _blocks(path, head_bytes) if content is None else _blocks_of(content)
    if head[:2] in UTF16:
        content = _rewritten(path)
        head, tail, whole = _blocks_of(content)
    text, encoding = decode(head)
    lines = text.split("\n")
    lines = [line.rstrip("\r") for line in (lines if whole else lines[:-1])]
    found = find_header(lines, accept, delimiters=delimiters, header_lines=header_lines)
    if found is None:
        raise ReadError(f"{path}: {missing}")
    number, delimiter = found
    names = tuple(field.strip().strip("\ufeff").strip() for field in fields(lines[number], delimiter))
    _refuse_rows_before(path, lines[:number], delimiter, len(names))
    start = number + 1
    while start < len(lines) and not _is_data(fields(lines[start], delimiter)):
        start += 1
    rows = [tuple(fields(line, delimiter)) for line in lines[start:]]
    if not rows:
        raise ReadError(f"{path}: line {number + 1} is the header of a table, but no row of numbers follows it.")
    _refuse_unnamed(path, names, rows, start)
    ending = _ending(tail, encoding, delimiter, rows)
    head_rows, tail_rows = (rows[: len(rows) - ending.dropped], ()) if whole else (rows, ending.rows)
    layout = Layout(
        path=path,
        encoding=encoding,
        delimiter=delimiter,
        decimal=decimal or ".",
        names=names,
        header_line=number,
        data_line=start,
        width=max(len(names), *(len(row) for row in (*rows, *tail_rows))),
        head_rows=tuple(head_rows),
        tail_rows=tuple(tail_rows),
        quoted=b'"' in head or b'"' in tail,
        ascii_data=encoding == "utf-8" or ("\n".join(lines[start:]) + tail.decode("latin-1")).isascii(),
        rows_to_drop=ending.dropped,
        truncated=ending.truncated,
        preamble=tuple(lines[:number]),
        content=content,
        columns=tuple(zip_longest(*head_rows, *tail_rows)),
    )
    if decimal is not None:
        return layout
    if grouped and (style := digit_groups.style_of(layout.columns)):
        return replace(layout, decimal=style.decimal, group=style.group)
    return _with_decimal(layout)


def _blocks(path: Path, head_bytes: int = BLOCK) -> tuple[bytes, bytes, bool]:
    try:
        with path.open("rb") as handle:
            head = handle.read(head_bytes)
            size = handle.seek(0, 2)
            whole = size <= len(head)
            handle.seek(max(0, size - BLOCK // 4))
            tail = handle.read(BLOCK // 4)
    except OSError as error:
        raise ReadError(f"{path}: cannot be opened ({error.strerror or error}).") from error
    if not head:
        raise ReadError(f"{path}: the file is empty (0 bytes); copy it again from the instrument.")
    if not is_text(head):
        raise ReadError(f"{path}: this is not text (a zero or control byte in the first {len(head)} bytes).")
    return head, tail, whole


def _refuse_unnamed(path: Path, names: Sequence[str], rows: Sequence[Sequence[str]], start: int) -> None:
    """A field without a name means that columns may have shifted, for instance by decimal commas between commas."""
    for offset, row in enumerate(rows):
        extra = [field for field in row[len(names) :] if field.strip()]
        if extra:
            raise ReadError(
                f"{path}: line {start + offset + 1} has {len(row)} fields, but the header names only {len(names)}; "
                f"'{extra[0]}' has no name, so columns may have shifted (decimal commas between commas?). Export with "
                "semicolons or tabs, or with a decimal point."
            )


def _refuse_rows_before(path: Path, lines: Sequence[str], delimiter: str, width: int) -> None:
    """Rows of the table above its header are not read, and would be missing without a word."""
    for number, line in enumerate(lines if width >= LEAST_WIDTH else (), start=1):
        row = fields(line, delimiter)
        if len(row) == width and sum(map(is_number, row)) * 2 > width:
            raise ReadError(
                f"{path}: line {number} is a row of numbers like those of the table, but stands above its header in line "
                f"{len(lines) + 1}: the lines of the file are in another order. Export it again."
            )


def _blocks_of(content: bytes) -> tuple[bytes, bytes, bool]:
    return content[:BLOCK], content[-BLOCK // 4 :], len(content) <= BLOCK


def _rewritten(path: Path) -> bytes:
    """UTF-16 text as UTF-8, in memory, since its blocks cannot be looked at one by one."""
    size = path.stat().st_size
    if size > LARGEST_REWRITE:
        raise ReadError(f"{path}: {size} bytes in UTF-16; save it as UTF-8, it is too large to rewrite.")
    return path.read_bytes().decode("utf-16", errors="replace").encode("utf-8")


def _is_data(row: Sequence[str]) -> bool:
    filled = [field.strip() for field in row if field.strip()]
    numbers = sum(bool(_NUMBER.match(field) or _COMMA_NUMBER.match(field)) for field in filled)
    return numbers >= 2


@dataclass(frozen=True, slots=True)
class _Ending:
    """How many rows at the end are blank or cut short, what the cut row says, and the last whole rows."""

    dropped: int
    truncated: str
    rows: tuple[tuple[str, ...], ...]


def _ending(tail: bytes, encoding: str, delimiter: str, rows: Sequence[tuple[str, ...]]) -> _Ending:
    lines = tail.decode(encoding, errors="replace").split("\n")
    ended = lines[-1] == ""
    lines = [line.rstrip("\r") for line in (lines[:-1] if ended else lines)]
    body = [tuple(fields(line, delimiter)) for line in lines[1:]] or list(rows)
    dropped, truncated = 0, ""
    usual = max((len(row) for row in rows[:200]), default=0)
    while body and not any(field.strip() for field in body[-1]):
        body.pop()
        dropped += 1
    if body and not ended and dropped == 0 and len(body[-1]) < usual:
        truncated = delimiter.join(body.pop())
        dropped += 1
    return _Ending(dropped, truncated, tuple(body[-200:]))


def _with_decimal(layout: Layout) -> Layout:
    """Find the decimal sign from the numbers; mixed styles are refused rather than guessed."""
    if layout.delimiter == "," and not layout.quoted:
        return layout
    commas = 0
    certain = False
    for offset, row in enumerate((*layout.head_rows, *layout.tail_rows)):
        if not any("," in raw for raw in row):
            continue
        for position, raw in enumerate(row):
            text = raw.strip()
            if "," not in text:
                continue
            where = _place(layout, offset, position)
            if _THOUSANDS.match(text):
                raise ReadError(
                    f"{where}: '{text}' has a thousands separator; export the file without it, or it would be misread."
                )
            if _COMMA_NUMBER.match(text):
                commas += 1
                digits = text.lstrip("+-").partition(",")
                certain |= len(digits[2]) != 3 or digits[0] in ("0", "")
    if not commas:
        return layout
    if not certain:
        raise ReadError(
            f"{layout.path}: numbers such as '1,234' could mean 1.234 or 1234; declare `decimal: \",\"` or export with "
            "a decimal point."
        )
    return replace(layout, decimal=",")


def _place(layout: Layout, offset: int, position: int) -> str:
    name = layout.names[position] if position < len(layout.names) else f"number {position + 1}"
    if offset < len(layout.head_rows):
        return f"{layout.path}: line {layout.data_line + offset + 1}, column '{name}'"
    return f"{layout.path}: near the end, column '{name}'"
