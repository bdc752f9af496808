"""What does a file name say: which variant, which cell of it, which part of a test?

Names are a habit of each lab, so everything here is a proposal that `init` writes down for the user to correct. Two rules
hold: two cells are never made one by guessing, and a composition such as ``NCM811`` is not cell 811 of ``NCM``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

#: A continuation: ``bare_1_part2``, ``bare_1 (2)``, ``bare_1_restart``.
_PART = re.compile(
    r"^(?P<stem>.+?)(?:[\s_\-]*\((?P<bracket>\d+)\)|[\s_\-]+(?:part|teil)[\s_\-]*(?P<part>\d+)"
    r"|[\s_\-]+(?P<word>restart(?:ed)?|cont(?:inued)?|rest)[\s_\-]*(?P<again>\d*))$",
    re.IGNORECASE,
)
#: EC-Lab and BT-Lab write each technique of a chain into a file of its own: ``bare_1_02_GCPL_C04``, the channel at the end.
_CHAIN = re.compile(
    r"^(?P<base>.+?)_(?P<number>\d{2,3})_(?:OCV|GCPL\d*|SGCPL|MB|CA|CP|CV|CVA|LSV|SPEIS|SGEIS|PEIS|GEIS|PITT|PCGA|GPI|PPI|LP|"
    r"BCD|CED|CLD|CPW|APGC|EVT|ZIR|TI|WAIT|PAUSE|LOOP)_(?P<channel>C[A-Z]?\d{1,3})$"
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
    paths = list(dict.fromkeys(stems))
    matches = {path: _PART.match(path) for path in paths}
    parts = Counter(match["stem"] for match in matches.values() if match)
    known = set(paths)
    cells = {path: _in_chain(path) or _without_part(path, match, known, parts) for path, match in matches.items()}
    tight = _tight_variants(shown for _, _, shown in cells.values())
    found = {}
    for path, (cell, part, shown) in cells.items():
        folder, _, name = shown.rpartition("/")
        variant, replicate = _number(name, tight)
        found[path] = Named(variant or folder.rpartition("/")[2] or "sample", replicate, cell, part)
    return found


def _in_chain(path: str) -> tuple[str, int, str] | None:
    """As `_without_part`, for a file of a chain of techniques; one name on two channels is two cells."""
    match = _CHAIN.match(path)
    if match is None:
        return None
    return f"{match['base']}_{match['channel']}", int(match["number"]), match["base"]


def _without_part(
    path: str, match: re.Match[str] | None, known: Set[str], parts: Mapping[str, int]
) -> tuple[str, int, str]:
    """The cell behind a name, the place of the file in its test, and the name that tells variant and number."""
    cell, part = path, 0
    if match:
        stem = match["stem"]
        number = match["bracket"] or match["part"] or match["again"]
        # A relative is the file that it continues, or another continuation of it.
        if stem in known or parts[stem] > 1:
            cell, part = stem, int(number) if number else 2
    folder, slash, name = cell.rpartition("/")
    shorter = _PHASE.sub("", name)
    if shorter != name and shorter:
        cell = folder + slash + (_RATE.sub("", shorter) or shorter)
    return cell, part, cell


def _tight_variants(cells: Iterable[str]) -> Counter[str]:
    """How many cells have a name such as ``bare1``, by what stands before the number."""
    found = (_TIGHT.match(cell.rpartition("/")[2]) for cell in dict.fromkeys(cells))
    return Counter(match["variant"] for match in found if match)


def _number(name: str, tight: Mapping[str, int]) -> tuple[str, str]:
    match = _NUMBER.match(name)
    if match:
        return match["variant"], str(int(match["number"]))
    near = _TIGHT.match(name)
    if near and tight[near["variant"]] > 1:
        return near["variant"], str(int(near["number"]))
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
    taken: dict[tuple[str, str, str], int] = {}
    for cell, named in cells.items():
        batch = batches.get(cell, "") if named.variant in clashing else ""
        done[cell] = (batch, _free(taken, named.variant, batch, named.replicate))
    return done


def _free(taken: dict[tuple[str, str, str], int], variant: str, batch: str, replicate: str) -> str:
    """The next free number, which is then taken; `taken` keeps for each number where to look on."""
    passed, at = [], replicate
    while (variant, batch, at) in taken:
        passed.append((variant, batch, at))
        at = str(taken[passed[-1]])
    for key in (*passed, (variant, batch, at)):
        taken[key] = int(at) + 1
    return at
