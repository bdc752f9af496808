"""What does a fit of ZView say: the table Element, Freedom, Value, Error, Error %, or a line a file of a batch fit?"""

from __future__ import annotations

import math
import re

from interlith.errors import StudyError
from interlith.workbench.external.impedance.evaluation import Evaluation, Stated
from interlith.workbench.external.impedance.lines import after, cells_of, decimal_of, folded, number, raw_name, rows_of

_TABLE = ("element", "freedom", "value", "error", "error%")
_BATCH = re.compile(
    r"^(?P<label>[A-Za-z]\w*)(?:-(?P<name>[A-Za-z]\w*))?\((?P<kind>\+|±|x|error|error%)\)$", re.IGNORECASE
)
_POINTS = re.compile(r"Selected Points\s*\((?P<low>\d+)\s*-\s*(?P<high>\d+)\)", re.IGNORECASE)
_VERSION = re.compile(r"ZView\w*\s+(?:Version\s+)?(?P<version>\d[\w.]*)", re.IGNORECASE)


def is_zview(text: str) -> bool:
    """Whether a text holds a table of fitted elements, or of a batch fit."""
    return any(_is_table(cells) or _is_batch(cells) for _, cells in rows_of(text[:20_000]))


def _is_table(cells: tuple[str, ...]) -> bool:
    return folded(cells)[:5] == _TABLE


def _is_batch(cells: tuple[str, ...]) -> bool:
    found = folded(cells)
    return any("chi-sqr" in cell for cell in found) and sum(bool(_BATCH.match(cell)) for cell in found) >= 2


def read_zview(text: str, file: str) -> tuple[Evaluation, ...]:
    """The fits in a text of ZView.

    Raises
    ------
    StudyError
        If a number is none: file and line are named.
    """
    rows = list(rows_of(text))
    at = next(k for k, (_, cells) in enumerate(rows) if _is_table(cells) or _is_batch(cells))
    line = text.splitlines()[rows[at][0] - 1]
    delimiter = "\t" if "\t" in line else ("," if "," in line else ";" if ";" in line else "")
    decimal = decimal_of(text, delimiter)
    if _is_batch(rows[at][1]):
        return _batch(text, rows[at][0], delimiter, decimal, file)
    return (_single(text, rows[at][0], delimiter, decimal, file),)


def _single(text: str, header: int, delimiter: str, decimal: str, file: str) -> Evaluation:
    parameters: dict[str, dict[str, Stated]] = {}
    for place, line in enumerate(text.splitlines()[header:], start=header + 1):
        cells = cells_of(line, delimiter or None)
        if not line.strip() or cells[0].endswith(":"):
            break
        label, _, name = cells[0].partition("-")
        where = f"{file}, line {place}"
        if len(cells) < 4 or not label:
            raise StudyError(
                f"{where}: {len(cells)} cells where element, freedom, value and error belong; export it again."
            )
        value, resolution = number(cells[2], decimal, where=where)
        error = number(cells[3], decimal, where=where)[0]
        fixed = cells[1].casefold().startswith("fixed")
        if label in parameters and name in parameters[label]:
            raise StudyError(f"{where}: {cells[0]} stands in the table twice; export one fit a file.")
        parameters.setdefault(label, {})[name] = Stated(
            value, error if error > 0 and not fixed else math.inf, "", fixed, resolution, f"line {place}"
        )
    points = _POINTS.search(text)
    checks = {
        name: (value, "1")
        for name, words in (("chi_squared", "Chi-Squared"), ("weighted_sum_of_squares", "Weighted Sum of Squares"))
        if math.isfinite(value := number(after(text, words) or "nan", decimal, where=f"{file}, {words}")[0])
    }
    raw, spectrum = raw_name(after(text, "Data File"))
    return Evaluation(
        "ZView", _version(text), "zview", parameters, "", raw, spectrum, None, after(text, "Type of Weighting"),
        1 + int(points["high"]) - int(points["low"]) if points and int(points["high"]) else None, None, checks,
    )  # fmt: skip


def _version(text: str) -> str:
    found = _VERSION.search(text)
    return found["version"] if found else ""


def _batch(text: str, header: int, delimiter: str, decimal: str, file: str) -> tuple[Evaluation, ...]:
    lines = text.splitlines()
    names = cells_of(lines[header - 1], delimiter or None)
    found = []
    for place, line in enumerate(lines[header:], start=header + 1):
        cells = cells_of(line, delimiter or None)
        if not line.strip():
            continue
        if len(cells) < len(names):
            raise StudyError(f"{file}, line {place}: {len(cells)} cells under {len(names)} columns; export it again.")
        values: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
        checks: dict[str, tuple[float, str]] = {}
        raw = ""
        for head, cell in zip(names, cells, strict=False):
            match = _BATCH.match(re.sub(r"\s+", "", head))
            if match:
                kind = match["kind"].casefold()
                read = number(cell, decimal, where=f"{file}, line {place} ({head})")
                values.setdefault((match["label"], match["name"] or ""), {})[kind] = read
            elif "chi-sqr" in head.casefold():
                checks["chi_squared"] = (number(cell, decimal, where=f"{file}, line {place} ({head})")[0], "1")
            elif "file" in head.casefold() and not cell.isdigit():
                raw = cell
        parameters: dict[str, dict[str, Stated]] = {}
        for (label, name), row in values.items():
            value, resolution = row.get("+") or row.get("±") or row.get("x") or (math.nan, 0.0)
            error = row.get("error", (math.nan, 0.0))[0]
            held = "x" in row
            parameters.setdefault(label, {})[name] = Stated(
                value, error if error > 0 and not held else math.inf, "", held, resolution, f"line {place}"
            )
        name, spectrum = raw_name(raw)
        found.append(
            Evaluation(
                "ZView", _version(text), "zview", parameters, "", name, spectrum, checks=checks, place=f"line {place}"
            )
        )
    if not found:
        raise StudyError(f"{file} has the header of a batch fit of ZView but no line below it; export it again.")
    return tuple(found)
