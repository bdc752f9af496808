"""What does a file name say: which variant, which cell of it, which part of a test?

Names are a habit of each lab, so everything here is a proposal that `init` writes down for the user to correct. Two rules
hold: two cells are never made one by guessing, and a composition such as ``NCM811`` is not cell 811 of ``NCM``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: A continuation: ``bare_1_part2``, ``bare_1 (2)``, ``bare_1_restart``.
_PART = re.compile(
    r"^(?P<stem>.+?)(?:[\s_\-]*\((?P<bracket>\d+)\)|[\s_\-]+(?:part|teil)[\s_\-]*(?P<part>\d+)"
    r"|[\s_\-]+(?P<word>restart(?:ed)?|cont(?:inued)?|rest)[\s_\-]*(?P<again>\d*))$",
    re.IGNORECASE,
)
#: Words at the end of a name that say what was done, not to which cell; a rate counts only beside such a word.
_PHASE = re.compile(
    r"[\s_\-]+(?:formation|form|cycling|cycles?[\s_\-]*\d*(?:-\d+)?|cyc|rate[\s_\-]?test|rate|aging|ageing|longterm|checkup)$",
    re.IGNORECASE,
)
_RATE = re.compile(r"[\s_\-]+(?:C\d+|C-\d+|\d+(?:\.\d+)?C)$")
#: The number of a cell behind a separator, with or without a word: ``bare_01``, ``bare cell 3``, ``bare#2``, ``bare_c04``.
_NUMBER = re.compile(
    r"^(?P<variant>.+?)[\s_\-#]+(?:(?:cell|no|nr|rep|zelle)[\s_\-#.]*|c(?=\d))?(?P<number>\d{1,4})$", re.IGNORECASE
)
#: A number without a separator is a cell only where a sibling has another one.
_TIGHT = re.compile(r"^(?P<variant>.*?[^\d\s_\-#.])(?P<number>\d{1,2})$")


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says: variant, number of the cell, and its place among the files of one test (0: the first)."""

    variant: str
    replicate: str
    cell: str
    part: int


def read_names(stems: Iterable[str]) -> dict[str, Named]:
    """Read the names of all files together (paths without extension): siblings decide what a number means."""
    paths = list(stems)
    cells = {path: _without_part(path, paths) for path in paths}
    found = {}
    for path, (cell, part) in cells.items():
        folder, _, name = cell.rpartition("/")
        others = [other.rpartition("/")[2] for other, _ in cells.values() if other != cell]
        variant, replicate = _number(name, others)
        found[path] = Named(variant or folder.rpartition("/")[2] or "sample", replicate, cell, part)
    return found


def _without_part(path: str, paths: list[str]) -> tuple[str, int]:
    """The cell behind a name, and the place of the file in its test."""
    cell, part = path, 0
    match = _PART.match(path)
    if match:
        stem = match["stem"]
        number = match["bracket"] or match["part"] or match["again"]
        relatives = [other for other in paths if other != path and (other == stem or _stem_of(other) == stem)]
        if relatives:
            cell, part = stem, int(number) if number else 2
    folder, slash, name = cell.rpartition("/")
    shorter = _PHASE.sub("", name)
    if shorter != name and shorter:
        cell = folder + slash + (_RATE.sub("", shorter) or shorter)
    return cell, part


def _stem_of(path: str) -> str | None:
    match = _PART.match(path)
    return match["stem"] if match else None


def _number(name: str, others: list[str]) -> tuple[str, str]:
    match = _NUMBER.match(name)
    if match:
        return match["variant"], str(int(match["number"]))
    tight = _TIGHT.match(name)
    if tight:
        siblings = [other for other in map(_TIGHT.match, others) if other and other["variant"] == tight["variant"]]
        if siblings:
            return tight["variant"], str(int(tight["number"]))
    return name, "1"


def make_unique(names: Mapping[str, Named], batches: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Batch and replicate of every cell so that no two cells share variant, batch and replicate.

    Parameters
    ----------
    names
        Path without extension -> what its name says.
    batches
        Cell -> the folder that may serve as its batch.

    Returns
    -------
    Cell -> (batch, replicate). Where two folders hold the same name, the folder becomes the batch; where that does not
    tell them apart, later cells get the next free number.
    """
    cells: dict[str, Named] = {}
    for named in names.values():
        cells.setdefault(named.cell, named)
    together: dict[tuple[str, str], list[str]] = {}
    for cell, named in cells.items():
        together.setdefault((named.variant, named.replicate), []).append(cell)
    clashing = {named.variant for key, members in together.items() if len(members) > 1 for named in [cells[members[0]]]}
    done: dict[str, tuple[str, str]] = {}
    taken: set[tuple[str, str, str]] = set()
    for cell, named in cells.items():
        batch = batches.get(cell, "") if named.variant in clashing else ""
        replicate = named.replicate
        while (named.variant, batch, replicate) in taken:
            replicate = str(int(replicate) + 1)
        taken.add((named.variant, batch, replicate))
        done[cell] = (batch, replicate)
    return done
