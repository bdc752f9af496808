"""How is an export with cycle rows, step rows and record rows nested in one text made into one flat table?

Such an export opens with three headers, each indented by empty fields: cycle, step, record. The rows follow in the same
indentation; some versions print the first step of a cycle in the row of the cycle, behind its last field. Here the records
get the cycle, step and step type above them, and become a flat text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.column_names import split
from interlith.layouts.text_layout import DELIMITERS, decode, fields

#: A layered text is flattened in memory; beyond this size the flat export must be used.
LARGEST = 1_000_000_000
_CYCLE = frozenset({"cycleid", "cycleindex", "cycle", "循环号"})
_STEP = frozenset({"stepid", "stepindex", "step", "工步号"})
_TYPE = frozenset({"steptype", "stepname", "工步类型", "工步名称"})


def levels_of(text: str, names_records: Callable[[list[str]], bool]) -> tuple[str, tuple[list[str], ...]] | None:
    """Delimiter and the three headers of a layered text; `None` if it is not one."""
    lines = [line.rstrip("\r") for line in text.split("\n", 4)[:3]]
    if len(lines) < 3:
        return None
    for delimiter in DELIMITERS:
        rows = [fields(line, delimiter) for line in lines]
        indents = [_indent(row) for row in rows]
        if not indents[0] < indents[1] < indents[2]:
            continue
        heads = [{split(field).stem for field in row} for row in rows]
        if heads[0] & _CYCLE and heads[1] & _STEP and names_records(rows[2]):
            return delimiter, tuple(rows)
    return None


def flatten(path: Path, names_records: Callable[[list[str]], bool]) -> bytes | None:
    """Flat UTF-8 text of a layered export, or `None` if the file is not layered.

    Raises
    ------
    ReadError
        If a row has an indentation that no header has, or a record stands before its cycle and step.
    """
    with path.open("rb") as handle:
        head = handle.read(16_384)
    text, encoding = decode(head)
    found = levels_of(text, names_records)
    if found is None:
        return None
    if path.stat().st_size > LARGEST:
        raise ReadError(f"{path}: a layered export above {LARGEST} bytes; export the flat table instead.")
    whole = path.read_bytes().decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    if found[0] != "\t":
        whole = whole.replace('"\t', '"')  # BTS 7 opens each cell with a tab, so that spreadsheets take it for text
    return _flat(path, whole, *found)


def _flat(path: Path, whole: str, delimiter: str, headers: tuple[list[str], ...]) -> bytes:
    cycle_at, step_at, record_at = (_indent(row) for row in headers)
    lines = pl.DataFrame({"line": whole.split("\n")[3:]}).with_row_index("number", offset=4)
    lines = lines.with_columns(pl.col("line").str.strip_chars_end("\r"))
    lines = lines.filter(pl.col("line").str.replace_all(delimiter, "", literal=True).str.strip_chars() != "")
    mark = re.escape(delimiter)
    indent = pl.col("line").str.extract(rf"^((?:[ ]*{mark})*)", 1).str.count_matches(delimiter, literal=True)
    indent = indent.cast(pl.Int64).alias("indent")
    lines = _parted(path, lines.with_columns(indent), delimiter, headers).with_columns(indent)
    odd = lines.filter(~pl.col("indent").is_in([cycle_at, step_at, record_at]))
    if odd.height:
        raise ReadError(
            f"{path}: line {odd['number'][0]} is indented by {odd['indent'][0]} fields, but the headers of cycle, step and "
            f"record by {cycle_at}, {step_at} and {record_at}; export the file again, or export the flat table."
        )
    at = pl.col("indent")
    wanted = {
        "Cycle ID": (cycle_at, _position(headers[0], _CYCLE)),
        "Step ID": (step_at, _position(headers[1], _STEP)),
        "Step Type": (step_at, _position(headers[1], _TYPE)),
    }
    parts = pl.col("line").str.split(delimiter)
    lines = lines.with_columns(
        pl.when(at == level)
        .then(parts.list.get(position, null_on_oob=True).str.strip_chars(' \t"'))
        .forward_fill()
        .alias(name)
        for name, (level, position) in wanted.items()
        if position is not None
    )
    names = [name for name, (_, position) in wanted.items() if position is not None]
    records = lines.filter(at == record_at)
    if not records.height or records.select(pl.any_horizontal(pl.col(names[:2]).is_null().any())).item():
        raise ReadError(f"{path}: a record stands before the cycle and step it belongs to, or there is no record.")
    prefix = rf"^(?:[ ]*{mark}){{{record_at}}}"
    rest = pl.col("line").str.replace(prefix, "")
    rows = records.select(pl.concat_str([pl.col(name).fill_null("") for name in names] + [rest], separator=delimiter))
    header = delimiter.join([*names, *(field.strip() for field in headers[2][record_at:])])
    return "\n".join([header, *rows.to_series().to_list(), ""]).encode("utf-8")


def _parted(path: Path, lines: pl.DataFrame, delimiter: str, headers: tuple[list[str], ...]) -> pl.DataFrame:
    """Rows of a cycle that go on with its first step become two rows."""
    cycle_at, step_at = _indent(headers[0]), _indent(headers[1])
    own = _width(headers[0])
    steps = _width(headers[1]) - step_at
    parts = pl.col("line").str.split(delimiter)
    beyond = parts.list.slice(own).list.join("").str.strip_chars(' \t"') != ""
    glued = lines.filter((pl.col("indent") == cycle_at) & beyond)
    if not glued.height:
        return lines
    odd = glued.filter(
        pl.col("line").str.strip_chars_end(f"{delimiter} ").str.split(delimiter).list.len() > own + steps
    )
    if odd.height:
        raise ReadError(
            f"{path}: line {odd['number'][0]} has more fields than a cycle and a step have names ({own} and {steps}); export "
            "the flat table instead."
        )
    cycle, step = parts.list.head(own).list.join(delimiter), parts.list.slice(own).list.join(delimiter)
    two = pl.concat_list(cycle, pl.lit(delimiter * step_at) + step)
    inside = pl.col("number").is_in(glued["number"].implode())
    return lines.with_columns(pl.when(inside).then(two).otherwise(pl.concat_list("line"))).explode("line")


def _width(header: Sequence[str]) -> int:
    """Fields up to the last one that has a name."""
    return next((number for number in range(len(header), 0, -1) if header[number - 1].strip()), 0)


def _indent(row: Sequence[str]) -> int:
    return next((number for number, field in enumerate(row) if field.strip()), len(row))


def _position(header: Sequence[str], stems: frozenset[str]) -> int | None:
    return next((number for number, field in enumerate(header) if split(field).stem in stems), None)
