"""What does the listing (.lst) of a refinement with GSAS-II say: cells, fractions, R values, one pattern or a sequence?"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from interlith.errors import StudyError
from interlith.workbench.external.diffraction.refinement import CELL, Refinement, Stated, number, phase_quantity

_BANNER = "General Structure Analysis System-II Crystal Structure Refinement"
_VERSION = re.compile(r"GSAS-II\s+(?:version|revision)\s*[:=]?\s*([\w.]+)", re.IGNORECASE)
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
_SEQUENCE = re.compile(r"^\s*Refinement results for histogram(?:\s+id\s+\d+)?:\s*(?P<name>v?\s*PWDR .*)$")
_PHASE = re.compile(r"^\s*Result for phase:\s*(?P<phase>.+?)\s*$")
_BOTH = re.compile(r"^\s*Phase:\s*(?P<phase>.+?)\s+in histogram:\s*(?P<name>.+?)\s*$")
_HISTOGRAM = re.compile(r"^\s*Histogram:\s*(?P<name>.+?)\s+histogram Id:\s*\d+\s*$")
_OVERALL = re.compile(rf"^\s*wR =\s*{_NUMBER}%,\s*chi\*\*2 =\s*{_NUMBER},\s*GOF =\s*{_NUMBER}")
_OWN = re.compile(rf"Final refinement wR =\s*{_NUMBER}%")
_LEAST = re.compile(rf"wRmin =\s*{_NUMBER}%")
_FRACTION = re.compile(
    rf"Phase fraction\s*:\s*{_NUMBER},\s*sig\s*{_NUMBER}\s*Weight fraction\s*:\s*{_NUMBER},\s*sig\s*{_NUMBER}"
)
_BRAGG = re.compile(rf"Final refinement RF, RF\^2 =\s*{_NUMBER}%,\s*{_NUMBER}%")
_WATSON = re.compile(rf"Durbin-Watson statistic =\s*{_NUMBER}")
_STRAINED = re.compile(r"resulting cell parameters:\s*(?P<text>.+)$")
_PARAMETER = re.compile(
    rf"\b(?P<name>a|b|c|alpha|beta|gamma|vol\w*)\s*=\s*{_NUMBER}(?:\((?P<std>\d+)\))?", re.IGNORECASE
)
#: Widths of the label and of each column in the tables of names, values and esds.
_LABEL, _WIDE = 9, 12
_NAMES = dict(zip(("a", "b", "c", "alpha", "beta", "gamma", "volume"), CELL, strict=True))


def is_gsas2_listing(text: str) -> bool:
    """Whether a text begins as a listing of GSAS-II."""
    return _BANNER in text[:2_000]


def read_gsas2_listing(text: str, file: str) -> tuple[Refinement, ...]:
    """Refinements in a listing of GSAS-II: one a pattern.

    Parameters
    ----------
    text
        The listing.
    file
        Its name, for messages.

    Raises
    ------
    StudyError
        If it holds no result.

    Notes
    -----
    Its standard uncertainties are multiplied by the goodness of fit (covariance times GOF^2). A sequence prints R values of
    each pattern and, in its listing, no cells: these are in the table that GSAS-II saves (docs: external results).
    """
    found = _VERSION.search(text[:4_000])
    version = found[1] if found else ""
    lines = text.splitlines()
    starts = [place for place, line in enumerate(lines) if _SEQUENCE.match(line)]
    if starts:
        return tuple(_sequence(lines, starts, version, file))
    return _single(lines, version, file)


def _sequence(lines: list[str], starts: list[int], version: str, file: str) -> Iterator[Refinement]:
    for count, (start, end) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True), start=1):
        match = _SEQUENCE.match(lines[start])
        name = match["name"] if match else ""
        one = Refinement("GSAS-II", version, _raw(name), f"histogram {count}")
        for place in range(start, end):
            _overall(lines[place], one.numbers, f"{file}, line {place + 1}", common=False)
        yield one


def _single(lines: list[str], version: str, file: str) -> tuple[Refinement, ...]:
    patterns: dict[str, Refinement] = {}
    common: dict[str, Stated] = {}
    phase = histogram = ""
    for place, line in enumerate(lines):
        where = f"{file}, line {place + 1}"
        if match := _PHASE.match(line):
            phase, histogram = match["phase"], ""
        elif match := _BOTH.match(line):
            phase, histogram = match["phase"], match["name"]
            _pattern(patterns, histogram, version)
        elif match := _HISTOGRAM.match(line):
            phase, histogram = "", match["name"]
            _pattern(patterns, histogram, version)
        elif line.strip() == "New unit cell:":
            common |= _cell(lines[place + 1 : place + 4], phase, where)
        elif histogram:
            _of_pattern(line, phase, patterns[histogram].numbers, where)
        else:
            _overall(line, common, where, common=True)
    if not patterns:
        raise StudyError(f"{file} is a listing of GSAS-II without results; the refinement stopped or refined nothing.")
    for one in patterns.values():
        several = len(patterns) > 1
        for name, stated in common.items():
            note = f"one number for {len(patterns)} patterns" if several else stated.note
            one.numbers.setdefault(name, Stated(stated.value, stated.std, stated.unit, several, note))
    return tuple(patterns.values())


def _pattern(patterns: dict[str, Refinement], name: str, version: str) -> None:
    patterns.setdefault(name, Refinement("GSAS-II", version, _raw(name), name))


def _raw(histogram: str) -> str:
    """File of a histogram: ``OH_00.fxye`` of ``PWDR OH_00.fxye Bank 1``."""
    name = re.sub(r"^v?\s*PWDR\s+", "", histogram.strip())
    return re.sub(r"\s+(?:Bank\s+\d+|Scan\s+\d+.*)$", "", name)


def _overall(line: str, numbers: dict[str, Stated], where: str, *, common: bool) -> None:
    if match := _OVERALL.match(line):
        numbers["goodness_of_fit"] = Stated(number(match[3], where), common=common)
        numbers["r_wp"] = Stated(number(match[1], where) / 100, common=common)


def _of_pattern(line: str, phase: str, numbers: dict[str, Stated], where: str) -> None:
    """Numbers of one line about a pattern, or about a phase in it."""
    if match := _OWN.search(line):
        numbers["r_wp"] = Stated(number(match[1], where) / 100)
    if match := _LEAST.search(line):
        numbers["r_exp"] = Stated(number(match[1], where) / 100)
    if match := _WATSON.search(line):
        numbers["durbin_watson"] = Stated(number(match[1], where))
    if not phase:
        return
    if match := _BRAGG.search(line):
        numbers[phase_quantity(phase, "r_f")] = Stated(number(match[1], where) / 100)
    if match := _FRACTION.search(line):
        # A number that was not refined has sig 0: that is unknown, not exact.
        std = number(match[4], where) or math.nan
        numbers[phase_quantity(phase, "weight_fraction")] = Stated(number(match[3], where), std)
    if match := _STRAINED.search(line):
        for found in _PARAMETER.finditer(match["text"]):
            name = _cell_name(found["name"])
            if found["std"]:
                value = found[2]
                numbers[phase_quantity(phase, name)] = Stated(
                    number(value, where), _last_digits(value, found["std"]), CELL[name]
                )


def _cell_name(word: str) -> str:
    return _NAMES["volume" if word.casefold().startswith("vol") else word.casefold()]


def _last_digits(value: str, std: str) -> float:
    """0.0003 of ``4.1569(3)``."""
    decimals = len(value.partition(".")[2])
    return int(std) * 10.0**-decimals


def _cell(block: list[str], phase: str, where: str) -> dict[str, Stated]:
    """The refined parameters of a cell; those that symmetry ties or holds have no uncertainty and are left out."""
    rows = {line[:_LABEL].strip(" :"): line[_LABEL:] for line in block}
    if not {"names", "values", "esds"} <= set(rows):
        raise StudyError(
            f"{where}: behind 'New unit cell:' stand no names, values and esds; export the refinement again."
        )
    found: dict[str, Stated] = {}
    for place in range(len(_NAMES)):
        span = slice(place * _WIDE, (place + 1) * _WIDE)
        word, value, std = (rows[row][span].strip() for row in ("names", "values", "esds"))
        if word.casefold() in _NAMES and value and std:
            name = _NAMES[word.casefold()]
            found[phase_quantity(phase, name)] = Stated(number(value, where), number(std, where), CELL[name])
    return found
