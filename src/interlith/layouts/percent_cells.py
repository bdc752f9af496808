"""Which cells of a workbook (.xlsx) are shown in per cent, so that 0.05 stands there as "5 %"?

The usual readers give the stored number alone; a unit "%" beside it would then make it a hundred times too small.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from interlith.errors import ReadError
from interlith.layouts import archives

#: Number formats 9 and 10 of ECMA-376 part 1, 18.8.30: ``0%`` and ``0.00%``.
_BUILT_IN = frozenset({9, 10})
_CELL = re.compile(r"(?P<letters>[A-Z]{1,3})(?P<row>\d+)")
#: Text in quotes or behind a backslash is printed as it is and scales nothing.
_LITERAL = re.compile(r'"[^"]*"|\\.')
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def percent_cells(path: Path) -> dict[str, frozenset[tuple[int, int]]]:
    """Sheet name -> (row, column) of the cells with a per-cent format, both counted from 0.

    Raises
    ------
    ReadError
        If the workbook is damaged or larger than is sane.
    """
    archives.members(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            styles = _percent_styles(_text(archive, "xl/styles.xml")) if "xl/styles.xml" in names else frozenset()
            if not styles:
                return {}
            return {
                sheet: _cells(_text(archive, member), styles)
                for sheet, member in _members(archive).items()
                if member in names
            }
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise ReadError(f"{path}: the workbook is damaged ({error}); save it again.") from error


def _text(archive: zipfile.ZipFile, member: str) -> str:
    return archive.read(member).decode("utf-8", errors="replace")


def _elements(text: str, tag: str) -> Iterator[dict[str, str]]:
    """Attributes of all elements of one name. No parser: only start tags are needed, and no entity can be expanded."""
    for found in re.finditer(rf"<(?:\w+:)?{tag}\b([^>]*)>", text):
        yield {name: unescape(one or other) for name, one, other in _ATTRIBUTE.findall(found[1])}


def _percent_styles(text: str) -> frozenset[int]:
    own = {
        int(item["numFmtId"])
        for item in _elements(text, "numFmt")
        if "%" in _LITERAL.sub("", item.get("formatCode", ""))
    }
    formats = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", text, re.DOTALL)
    found = _elements(formats[0], "xf") if formats else iter(())
    return frozenset(k for k, item in enumerate(found) if int(item.get("numFmtId", 0)) in own | _BUILT_IN)


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> member of the archive that holds it."""
    relations = _elements(_text(archive, "xl/_rels/workbook.xml.rels"), "Relationship")
    targets = {item.get("Id", ""): item.get("Target", "") for item in relations}
    found = {}
    for item in _elements(_text(archive, "xl/workbook.xml"), "sheet"):
        relation = next((value for name, value in item.items() if name.endswith(":id")), "")
        target = targets.get(relation, "")
        found[item.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _cells(text: str, styles: frozenset[int]) -> frozenset[tuple[int, int]]:
    found = set()
    for item in _elements(text, "c"):
        if int(item.get("s", 0)) in styles and (place := _CELL.fullmatch(item.get("r", ""))):
            found.add((int(place["row"]) - 1, column_number(place["letters"])))
    return frozenset(found)


def column_number(letters: str) -> int:
    """``A`` -> 0, ``AB`` -> 27."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def column_letters(number: int) -> str:
    """0 -> ``A``, 27 -> ``AB``."""
    letters, rest = "", number + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters
