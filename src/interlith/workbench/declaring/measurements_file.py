"""Which raw file belongs to which cell and state, and which cell of `measurements.csv` is wrong?"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from interlith.errors import StudyError, UnitError, nearest
from interlith.model import State
from interlith.units import convert, parse, quantity_kind
from interlith.workbench.declaring.schema import TECHNIQUE_WORDS

#: Columns in the order in which `init` writes them (see the example in the documentation).
COLUMNS = (
    "include", "file", "technique", "sample", "batch", "replicate", "active_mass", "active_mass_source", "area",
    "electrolyte", "cycle", "voltage", "temperature", "dose", "depth", "note",
)  # fmt: skip
#: Columns that hold a state of the measurement.
STATES = ("cycle", "voltage", "temperature", "dose", "depth")
FROM_NAME = "from name"
#: Placeholder of a number that is no state: the files of a row then stand in its order.
NUMBER = "number"
#: Marks a proposal that normalises nothing until a person removes the word.
UNCONFIRMED = "unconfirmed"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Row:
    """One file of `measurements.csv`, placeholders expanded, texts stripped; `line` counts from 1 with the header."""

    line: int
    file: str
    include: bool
    cells: Mapping[str, str]
    states: Mapping[str, State] = field(default_factory=dict)

    def where(self, column: str) -> str:
        """The cell as a spreadsheet names it: ``measurements.csv, cell G3 (active_mass)``."""
        letter = chr(ord("A") + COLUMNS.index(column)) if column in COLUMNS else "?"
        return f"measurements.csv, cell {letter}{self.line} ({column})"


def read_rows(path: Path) -> list[Row]:
    """Read and check `measurements.csv`; comma, semicolon or tab between the cells.

    Raises
    ------
    StudyError
        Naming every wrong cell at once.
    """
    if not path.is_file():
        raise StudyError(
            f"There is no measurements.csv in {path.parent}; write one with `interlith init {path.parent}`."
        )
    table = list(csv.reader(io.StringIO(read_text(path)), delimiter=delimiter_of(path)))
    if not table:
        raise StudyError(f"measurements.csv in {path.parent} is empty; write one with `interlith init {path.parent}`.")
    header = [name.strip() for name in table[0]]
    problems = [
        f"measurements.csv, line 1: there is no column '{name}'; {nearest(name, COLUMNS)}."
        for name in header
        if name not in COLUMNS
    ]
    problems += [
        f"measurements.csv, line 1: the column '{name}' is missing."
        for name in ("file", "technique", "sample")
        if name not in header
    ]
    if len(set(header)) != len(header):
        problems.append("measurements.csv, line 1: a column occurs twice.")
    if problems:
        raise StudyError("\n".join(problems))
    rows: list[Row] = []
    for line, cells in enumerate(table[1:], start=2):
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        rows += _read_line(path.parent, line, header, cells, problems)
    seen: dict[str, int] = {}
    for row in rows:
        if row.include and row.file in seen:
            problems.append(f"{row.where('file')}: '{row.file}' stands already on line {seen[row.file]}.")
        seen.setdefault(row.file, row.line)
    if problems:
        raise StudyError("\n".join(problems))
    return rows


def read_text(path: Path) -> str:
    """Text of a spreadsheet export in whatever encoding it has."""
    return path.read_bytes().decode(encoding_of(path), errors="replace")


def encoding_of(path: Path) -> str:
    """What a spreadsheet saved as: UTF-16 or UTF-8 with a mark, plain UTF-8, else the Western European code page."""
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def delimiter_of(path: Path) -> str:
    """The delimiter of the header line."""
    first = read_text(path).split("\n", 1)[0]
    return max(",;\t", key=first.count)


def _read_line(folder: Path, line: int, header: list[str], cells: list[str], problems: list[str]) -> list[Row]:
    texts = {name: (cells[k].strip() if k < len(cells) else "") for k, name in enumerate(header)}
    row = Row(line, texts["file"].replace("\\", "/"), True, texts)
    include = texts.get("include", "yes").casefold() or "yes"
    if include not in ("yes", "no"):
        problems.append(f"{row.where('include')} is '{include}'; write yes or no.")
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        problems.append(
            f"measurements.csv, line {line}: {len(cells)} cells under {len(header)} columns; a comma in a cell needs quotes."
        )
    if texts["technique"] not in TECHNIQUE_WORDS:
        problems.append(
            f"{row.where('technique')} is '{texts['technique']}'; {nearest(texts['technique'], TECHNIQUE_WORDS)}."
        )
    for column in ("active_mass", "area"):
        _check_unit(row, column, problems)
    if include == "no" and not texts.get("note"):
        problems.append(f"{row.where('note')}: the file is excluded without a reason; write why.")
    found = []
    for name, captured in _expand(folder, row, problems):
        states = _states(row, captured, problems)
        found.append(Row(line, name, include == "yes", texts, states))
    return found


def _check_unit(row: Row, column: str, problems: list[str]) -> None:
    text = row.cells.get(column, "")
    if not text:
        return
    kind = quantity_kind(column)
    try:
        value = parse(text, what=f"the {column.replace('_', ' ')}")
        if not value.unit:
            raise UnitError(f"'{text}' has no unit; write for instance '{text} {kind.shown}'.")
        size = convert(value.value, value.unit, kind.unit)
    except UnitError as error:
        problems.append(f"{row.where(column)}: {error}")
        return
    if size <= 0:
        problems.append(f"{row.where(column)} is '{text}'; it must be positive.")


def _expand(folder: Path, row: Row, problems: list[str]) -> list[tuple[str, dict[str, str]]]:
    """Files behind a name with placeholders: ``eis/C5_cycle{cycle}.mpr`` -> each file with its cycle."""
    names = _PLACEHOLDER.findall(row.file)
    if not names or (folder / row.file).is_file():
        return [(row.file, {})]
    unknown = [name for name in names if name not in (*STATES, NUMBER)]
    if unknown:
        problems.append(f"{row.where('file')}: no state '{unknown[0]}'; {nearest(unknown[0], (*STATES, NUMBER))}.")
        return []
    parts = _PLACEHOLDER.split(row.file)
    regex = "".join(
        re.escape(part) if k % 2 == 0 else rf"(?P<{part}>[-+]?\d+(?:\.\d+)?)" for k, part in enumerate(parts)
    )
    parent = (folder / row.file).parent
    found = []
    for path in sorted(parent.iterdir()) if parent.is_dir() else []:
        relative = path.relative_to(folder).as_posix()
        match = re.fullmatch(regex, relative)
        if match:
            found.append((relative, match.groupdict()))
    if NUMBER in names:
        found.sort(key=lambda one: float(one[1][NUMBER]))
    if not found:
        problems.append(f"{row.where('file')}: no file matches '{row.file}'.")
    return found


def _states(row: Row, captured: dict[str, str], problems: list[str]) -> dict[str, State]:
    states = {}
    for name in STATES:
        text = row.cells.get(name, "")
        if text == FROM_NAME:
            if name not in captured:
                problems.append(f"{row.where(name)} says '{FROM_NAME}', but the file name has no {{{name}}}.")
                continue
            text = captured[name]
            if quantity_kind(name).shown != "1":
                text = f"{text} {quantity_kind(name).shown}"
        if text:
            try:
                states[name] = state(name, text)
            except UnitError as error:
                problems.append(f"{row.where(name)}: {error}")
    return states


def state(name: str, text: str) -> State:
    """A declared state in shown units; its interval is half the last printed digit unless an uncertainty stands there.

    Raises
    ------
    UnitError
        If the text is no number or has the wrong unit.
    """
    kind = quantity_kind(name)
    value = parse(text, what=name)
    shown = value.unit if name == "dose" and value.unit else kind.shown
    if name != "cycle" and not value.unit:
        raise UnitError(f"{name} is '{text}' without a unit; write for instance '{text} {kind.shown}'.")
    value = value.to(shown) if value.unit else value
    half = 1.959963984540054 * value.std if value.std == value.std else value.resolution / 2
    half = 0.0 if name == "cycle" else half
    return State(name, value.value, value.value - half, value.value + half, shown)
