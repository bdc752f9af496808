"""Which numbers stand in a table of results from another program, one a row or one a cell, and what is said beside each?"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from interlith.errors import StudyError, nearest
from interlith.workbench.external.grid import Cell, Grid, is_remark, read_grids

#: Column -> what it holds.
COLUMNS: dict[str, str] = {
    "sample": "specimen or variant",
    "batch": "batch, where several specimens share variant and replicate",
    "replicate": "replicate number as in measurements.csv",
    "technique": "xps, diffraction ...",
    "quantity": "name of the number",
    "value": "the number, with unit and +- standard uncertainty if they stand in the cell",
    "unit": "unit of value, std, low and high",
    "std": "one standard uncertainty",
    "low": "lower end of an interval",
    "high": "upper end of an interval",
    "level": "level of the interval, 95 % if absent",
    "state": "state axis: cycle, voltage, temperature ...",
    "state_value": "where on it",
    "state_unit": "unit of state_value",
    "cycle": "cycle number",
    "software": "the program that made the number",
    "version": "its version",
    "raw": "raw file that it evaluated: name or sha256",
    "method": "what it did, in words",
    "uncertainty_includes": "counting fit calibration model replicate",
    "shared": "name of a cause that rows with the same name share",
    "note": "anything",
}
#: Columns of numbers: only there a comma can be a decimal sign.
NUMBERS = ("value", "std", "low", "high", "level", "state_value")
_NO_DEFAULT = frozenset({"value", "std", "low", "high"})
_DECIMALS = {".": ".", ",": ",", "point": ".", "comma": ","}
_HEADED = re.compile(r"^(?P<name>.+?)\s*(?:\[(?P<square>[^\[\]]*)\]|\((?P<round>[^()]*)\))$")
_DEFAULT = re.compile(r"^#+\s*(?P<key>[A-Za-z][\w \-]*?)\s*[:=]\s*(?P<text>.+)$")
_SPREAD = re.compile(r"^(?P<name>.+?)[\s_]+(?:std|sd|sigma|esd|standard uncertainty)$", re.IGNORECASE)
_SEPARATED = re.compile(r"\d+(?:[.,]\d+)+")


@dataclass(frozen=True, slots=True)
class Line:
    """One number: its texts by column, defaults filled in, and the places they come from."""

    grid: Grid
    row: int
    cells: Mapping[str, str]
    columns: Mapping[str, int] = field(default_factory=dict)

    def where(self, name: str) -> str:
        """The place of one cell for messages."""
        return self.grid.where(self.row, self.columns.get(name), name)

    @property
    def place(self) -> str:
        """A short unique place for provenance: ``row 4``, ``Ni!C4``."""
        column = self.columns.get("value")
        return self.grid.where(self.row, column).partition(", ")[2]


def read_lines(path: Path) -> tuple[Line, ...]:
    """All numbers of a table.

    Raises
    ------
    StudyError
        Naming every wrong header and cell at once: file, line or cell, and the allowed words.
    """
    problems: list[str] = []
    lines: list[Line] = []
    grids = read_grids(path)
    headed = [(grid, found) for grid in grids if (found := _head(grid)) is not None]
    if not headed:
        listed = f" Its sheets are {', '.join(grid.sheet for grid in grids)}." if grids[0].sheet else ""
        raise StudyError(
            f"{path.name} has no header line with the column 'sample'.{listed} Columns: {', '.join(COLUMNS)}."
        )
    for grid, (defaults, header_at) in headed:
        lines += _lines(grid, defaults, header_at, problems)
    if problems:
        raise StudyError("\n".join(dict.fromkeys(problems)))
    if not lines:
        raise StudyError(f"{path.name} has a header but no number below it.")
    return tuple(lines)


def fold(name: str) -> str:
    """``State Value`` -> ``state_value``."""
    return re.sub(r"[\s\-_]+", "_", name.strip().strip("\ufeff").casefold())


def _head(grid: Grid) -> tuple[list[tuple[int, str]], int] | None:
    """Remarks above the header, and the position of the header among the rows; `None` if no row names a sample."""
    remarks = []
    for at, (number, cells) in enumerate(grid.rows):
        texts = [str(cell).strip() for cell in cells if str(cell).strip()]
        if is_remark(texts[0]):
            # A key and its text may stand in two cells; a text with the delimiter in it was cut into several.
            first, rest = texts[0], ", ".join(texts[1:])
            whole = f"{first}, {rest}" if _DEFAULT.match(first) else f"{first.rstrip(' :=')}: {rest}"
            remarks.append((number, whole if rest else first))
        elif any(fold(text) == "sample" for text in texts):
            return remarks, at
    return None


@dataclass(frozen=True, slots=True)
class _Column:
    """What one column holds: a field of the format, or in a wide sheet a quantity (value or its std) with its unit."""

    position: int
    field: str
    unit: str = ""
    quantity: str = ""


def _lines(grid: Grid, remarks: list[tuple[int, str]], header_at: int, problems: list[str]) -> list[Line]:
    defaults = _defaults(grid, remarks, problems)
    number, names = grid.rows[header_at]
    columns = _columns(grid, number, [str(name) for name in names], defaults, problems)
    body = [row for row in grid.rows[header_at + 1 :] if not is_remark(next(str(c) for c in row[1] if str(c) != ""))]
    decimal = _decimal(grid, body, columns, defaults.pop("decimal", ""), problems)
    for row, cells in body:
        if len(cells) > len(names) and any(str(cell) for cell in cells[len(names) :]):
            problems.append(
                f"{grid.where(row)}: {len(cells)} cells under {len(names)} columns; a comma in a cell needs quotes."
            )
    if problems:
        return []
    wide = any(column.quantity for column in columns)
    return [line for row, cells in body for line in _of_row(grid, row, cells, columns, defaults, decimal, wide)]


def _defaults(grid: Grid, remarks: list[tuple[int, str]], problems: list[str]) -> dict[str, str]:
    """What lines such as ``# software: CasaXPS 2.3.26`` say; other remarks are nobody's business."""
    found: dict[str, str] = {}
    allowed = [name for name in COLUMNS if name not in _NO_DEFAULT] + ["decimal"]
    for number, text in remarks:
        match = _DEFAULT.match(text)
        if match is None:
            continue
        key = fold(match["key"])
        if key in allowed:
            found[key] = match["text"].strip().strip('"').strip()
        elif key in _NO_DEFAULT or difflib.get_close_matches(key, allowed, n=1, cutoff=0.8):
            problems.append(f"{grid.where(number)}: '{match['key']}' cannot be declared; {nearest(key, allowed)}.")
    return found


def _columns(
    grid: Grid, row: int, names: list[str], defaults: Mapping[str, str], problems: list[str]
) -> tuple[_Column, ...]:
    taken = [_named(name) for name in names]
    wide = not any(name == "value" for name, _, _ in taken)
    found: list[_Column] = []
    for position, (name, text, unit) in enumerate(taken):
        if not text:
            continue
        if name in COLUMNS:
            found.append(_Column(position, name, unit))
        elif wide:
            spread = _SPREAD.match(text)
            others = {fold(other) for _, other, _ in taken}
            kind, quantity = ("std", spread["name"]) if spread and fold(spread["name"]) in others else ("value", text)
            found.append(_Column(position, kind, unit, quantity.strip()))
        else:
            problems.append(f"{grid.where(row, position)}: there is no column '{text}'; {nearest(name, COLUMNS)}.")
    keys = [(column.field, fold(column.quantity)) for column in found]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    problems += [f"{grid.where(row)}: the column '{quantity or name}' occurs twice." for name, quantity in twice]
    fields = {column.field for column in found}
    if wide and ("value" not in fields or any(not c.quantity and c.field in (*_NO_DEFAULT, "quantity") for c in found)):
        problems.append(f"{grid.where(row)}: the column 'value' is missing.")
    if not wide and "quantity" not in fields and "quantity" not in defaults:
        problems.append(f"{grid.where(row)}: the column 'quantity' is missing; name what the numbers are.")
    return tuple(found)


def _named(name: str) -> tuple[str, str, str]:
    """Folded name, name and unit of a header: ``Value [mAh/g]`` -> ``value``, ``Value``, ``mAh/g``."""
    text = " ".join(name.split())
    found = _HEADED.match(text)
    if found:
        return fold(found["name"]), found["name"].strip(), (found["square"] or found["round"] or "").strip()
    return fold(text), text, ""


def _decimal(
    grid: Grid,
    body: list[tuple[int, tuple[Cell, ...]]],
    columns: tuple[_Column, ...],
    declared: str,
    problems: list[str],
) -> str:
    """The decimal sign of numbers that are text; mixed and ambiguous ones are refused rather than guessed."""
    if declared and declared not in _DECIMALS:
        problems.append(f"{grid.file}: decimal is '{declared}'; {nearest(declared, ('.', ','))}.")
        return "."
    first: dict[str, str] = {}
    certain = False
    for row, cells in body:
        for column in columns:
            cell = cells[column.position] if column.position < len(cells) else ""
            if column.field not in NUMBERS or not isinstance(cell, str):
                continue
            for token in _SEPARATED.findall(cell):
                where = f"{grid.where(row, column.position)} holds '{token}'"
                if len(re.findall(r"[.,]", token)) > 1:
                    problems.append(f"{where}; write numbers without thousands separators.")
                    continue
                sign = "," if "," in token else "."
                first.setdefault(sign, where)
                whole, _, digits = token.partition(sign)
                certain |= sign == "," and (len(digits) != 3 or whole == "0")
    sign = _DECIMALS.get(declared, "")
    other = {".": ",", ",": "."}.get(sign, "")
    if other in first:
        problems.append(f"{first[other]}, but the table declares the decimal sign '{sign}'.")
    elif not sign and len(first) == 2:
        problems.append(f"{first[',']} and {first['.']}: decimal commas and points in one table; use one of them.")
    elif not sign and "," in first and not certain:
        problems.append(
            f"{first[',']}, which could mean two numbers; write '# decimal: ,' at the top, or use decimal points."
        )
    return sign or ("," if "," in first else ".")


def _of_row(
    grid: Grid,
    row: int,
    cells: tuple[Cell, ...],
    columns: tuple[_Column, ...],
    defaults: Mapping[str, str],
    decimal: str,
    wide: bool,
) -> list[Line]:
    """The numbers of one row: one, or in a wide sheet one a filled cell."""
    common: dict[str, str] = dict(defaults)
    places: dict[str, int] = {}
    numbers: dict[str, Line] = {}
    for column in columns:
        text = _shown(cells[column.position] if column.position < len(cells) else "", column, decimal)
        if column.quantity:
            key = fold(column.quantity)
            line = numbers.setdefault(key, Line(grid, row, {"quantity": column.quantity}, {}))
            extra = {column.field: text} | ({"unit": column.unit} if column.field == "value" and column.unit else {})
            numbers[key] = replace(
                line, cells={**line.cells, **extra}, columns={**line.columns, column.field: column.position}
            )
            continue
        places[column.field] = column.position
        if text:
            common[column.field] = text
    if not wide:
        unit = next((column.unit for column in columns if column.field == "value"), "")
        if unit and not any(column.field == "unit" for column in columns):
            common["unit"] = unit
        return [Line(grid, row, common, places)]
    return [
        Line(grid, row, {**common, **line.cells}, {**places, **line.columns})
        for line in numbers.values()
        if line.cells.get("value") or line.cells.get("std")
    ]


def _shown(cell: Cell, column: _Column, decimal: str) -> str:
    """Text of a cell with a decimal point; a unit in the header of an uncertainty or a state goes behind its number."""
    if isinstance(cell, float):
        text = str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    elif decimal == "," and column.field in NUMBERS:
        text = re.sub(r"(?<=\d),(?=\d)", ".", cell)
    else:
        text = cell
    behind = column.unit and column.field != "value" and column.field in NUMBERS
    return f"{text} {column.unit}" if behind and re.fullmatch(r"[-+\d.eE]+", text) else text
