"""What do the output files of FullProf (.out, .sum, and .seq of a sequence) say: cells, fractions, R values?"""

from __future__ import annotations

import math
import re

from interlith.errors import StudyError
from interlith.workbench.external.diffraction.refinement import CELL, Refinement, Stated, number, phase_quantity

_BANNER = re.compile(r"PROGRAM\s+FullProf\.2k\s*\(Version\s+(?P<version>[\w.]+)", re.IGNORECASE)
_NUMBER = r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?)"
_DATA = re.compile(r"=>\s*DAT-file\s*code\s*:\s*(?P<name>\S+)")
_ALL = re.compile(r"RELIABILITY FACTORS WITH ALL NON-EXCLUDED POINTS FOR PATTERN:\s*(\d+)", re.IGNORECASE)
_SOME = re.compile(r"RELIABILITY FACTORS FOR POINTS WITH BRAGG CONTRIBUTIONS", re.IGNORECASE)
_CONVENTIONAL = re.compile(
    rf"Conventional Rietveld Rp,Rwp,Re and Chi2:\s*{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}"
)
_PLAIN = re.compile(r"R-factors \(not corrected for background\) for Pattern:\s*(\d+)", re.IGNORECASE)
_FOUR = re.compile(rf"Rp:\s*{_NUMBER}\s+Rwp:\s*{_NUMBER}\s+Rexp:\s*{_NUMBER}\s+Chi2:\s*{_NUMBER}")
_FRACTIONS = re.compile(r"BRAGG R-Factors and weight fractions for Pattern #\s*(\d+)", re.IGNORECASE)
_PHASE = re.compile(r"=>\s*Phase:\s*(?P<number>\d+)\s+(?P<name>\S.*?)\s*$")
_BRAGG = re.compile(
    rf"Bragg R-factor:\s*{_NUMBER}\s+Vol:\s*{_NUMBER}\s*\(\s*(?P<vol>[^)]*)\)\s*Fract\(%\):\s*{_NUMBER}"
    r"(?:\s*\(\s*(?P<fract>[^)]*)\))?"
)
_FINAL = "SYMBOLIC NAMES AND FINAL VALUES AND SIGMA OF REFINED PARAMETERS"
_REFINED = re.compile(rf"Parameter number\s+\d+\s*:\s*(?P<name>\S+)\s+{_NUMBER}\s*\(\s*\+/-\s*{_NUMBER}\s*\)")
_CELL_NAME = re.compile(
    r"Cell_(?P<which>A|B|C|Alp\w*|Bet\w*|Gam\w*)_ph(?P<phase>\d+)(?:_pat(?P<pattern>\d+))?$", re.IGNORECASE
)
_START = re.compile(r"^NEW_REFINEMENT\s+(?P<name>\S+)")
_GLOBAL = re.compile(rf"^GLOBAL_CHI_2\s+{_NUMBER}")
_ROW = re.compile(rf"^\s+(?P<place>\d+)\s+(?P<name>\S+)\s+{_NUMBER}\s+{_NUMBER}\s*$")
_ANGLES = {"alp": "cell_alpha", "bet": "cell_beta", "gam": "cell_gamma"}
#: What the agreement values of FullProf are that it calls conventional.
_CORRECTED = "the background is subtracted from the observed intensities in its denominator"


def is_fullprof_output(text: str) -> bool:
    """Whether a text is an output or summary of FullProf, or the results of a sequence."""
    head = text[:8_000]
    return _BANNER.search(head) is not None or (_START.search(head) is not None and "GLOBAL_CHI_2" in head)


def read_fullprof_output(text: str, file: str) -> tuple[Refinement, ...]:
    """Refinements in an output of FullProf: one a pattern, or one a member of a sequence.

    Parameters
    ----------
    text
        Of the .out, .sum or .seq file.
    file
        Its name, for messages.

    Raises
    ------
    StudyError
        If it holds no result.

    Notes
    -----
    R values that FullProf calls conventional have the background subtracted; they come in as
    ``r_wp_background_corrected`` and ``r_exp_background_corrected``, since those with background are smaller by far. The goodness
    of fit is the root of Chi2, which is the same for both. Of the cell, only refined parameters have an uncertainty and come in.
    """
    if _START.search(text[:8_000]) and "GLOBAL_CHI_2" in text[:8_000]:
        return _sequence(text, file)
    banner = _BANNER.search(text[:8_000])
    version = banner["version"] if banner else ""
    raws = [match["name"] for match in _DATA.finditer(text)]
    patterns: dict[int, Refinement] = {}
    names: dict[int, str] = {}
    pattern, phase, kind = 1, 0, ""
    lines = text.splitlines()
    for place, line in enumerate(lines):
        where = f"{file}, line {place + 1}"
        if match := (_ALL.search(line) or _PLAIN.search(line) or _FRACTIONS.search(line)):
            pattern, kind = int(match[1]), "plain" if _PLAIN.search(line) else "all"
        elif _SOME.search(line):
            kind = "some"
        elif match := _PHASE.search(line):
            phase = int(match["number"])
            names[phase] = match["name"]
        else:
            raw = raws[pattern - 1] if pattern <= len(raws) else ""
            one = patterns.setdefault(pattern, Refinement("FullProf", version, raw, f"pattern {pattern}"))
            _agreement(line, kind, one.numbers, where)
            _fraction(line, names.get(phase, ""), one.numbers, where)
    _cells(lines, names, patterns, file)
    kept = tuple(one for one in patterns.values() if one.numbers)
    if not kept:
        raise StudyError(f"{file} is an output of FullProf without results; the refinement stopped before its end.")
    return kept


def _agreement(line: str, kind: str, numbers: dict[str, Stated], where: str) -> None:
    """Agreement over all points; those over points with reflections alone are not compared."""
    if kind == "some":
        return
    if match := _CONVENTIONAL.search(line):
        _put(numbers, match.groups()[1:4], where, corrected=True)
    elif kind == "plain" and (match := _FOUR.search(line)):
        _put(numbers, match.groups()[1:4], where, corrected=False)


def _put(numbers: dict[str, Stated], values: tuple[str, ...], where: str, *, corrected: bool) -> None:
    weighted, expected, square = (number(value, where) for value in values)
    ending, note = ("_background_corrected", _CORRECTED) if corrected else ("", "")
    numbers[f"r_wp{ending}"] = Stated(weighted / 100, note=note)
    numbers[f"r_exp{ending}"] = Stated(expected / 100, note=note)
    if square >= 0:
        numbers["goodness_of_fit"] = Stated(math.sqrt(square))


def _fraction(line: str, phase: str, numbers: dict[str, Stated], where: str) -> None:
    match = _BRAGG.search(line)
    if not match or not phase:
        return
    bragg, volume, share = match[1], match[2], match[4]
    numbers[phase_quantity(phase, "r_bragg")] = Stated(number(bragg, where) / 100)
    numbers[phase_quantity(phase, "cell_volume")] = Stated(
        number(volume, where), _std(match["vol"]), CELL["cell_volume"]
    )
    numbers[phase_quantity(phase, "weight_fraction")] = Stated(
        number(share, where) / 100, _std(match["fract"] or "") / 100
    )


def _std(text: str) -> float:
    """A standard uncertainty; nan where stars stand in its place, or 0, which means that nothing was refined."""
    try:
        return float(text) or math.nan
    except ValueError:
        return math.nan


def _cells(lines: list[str], names: dict[int, str], patterns: dict[int, Refinement], file: str) -> None:
    """The refined cell parameters from the last table of refined parameters."""
    starts = [place for place, line in enumerate(lines) if _FINAL in line]
    for place in range(starts[-1] if starts else len(lines), len(lines)):
        match = _REFINED.search(lines[place])
        if not match:
            continue
        where = f"{file}, line {place + 1}"
        found = _cell_quantity(match["name"], names)
        if found is None:
            continue
        name, quantity, pattern = found
        stated = Stated(number(match[2], where), number(match[3], where) or math.nan, CELL[name])
        for key, one in patterns.items():
            if pattern in (0, key):
                one.numbers[quantity] = stated


def _cell_quantity(symbol: str, names: dict[int, str]) -> tuple[str, str, int] | None:
    """Name of the parameter, quantity and pattern (0 for all) of a symbolic name such as ``Cell_A_ph1_pat1``."""
    match = _CELL_NAME.match(symbol)
    if not match:
        return None
    which = match["which"].casefold()
    name = f"cell_{which}" if len(which) == 1 else _ANGLES[which[:3]]
    phase = int(match["phase"])
    return name, phase_quantity(names.get(phase, f"phase_{phase}"), name), int(match["pattern"] or 0)


def _sequence(text: str, file: str) -> tuple[Refinement, ...]:
    """Members of a sequence; a run that was repeated is appended to the same file, and the last one counts."""
    members: dict[str, Refinement] = {}
    one: Refinement | None = None
    for place, line in enumerate(text.splitlines(), start=1):
        where = f"{file}, line {place}"
        if match := _START.match(line):
            one = members[match["name"]] = Refinement("FullProf", "", match["name"], match["name"])
        elif one is None:
            continue
        elif match := _GLOBAL.match(line):
            one.numbers["goodness_of_fit"] = Stated(math.sqrt(number(match[1], where)))
        elif match := _ROW.match(line):
            _member_row(one.numbers, match["place"], match["name"], number(match[3], where), number(match[4], where))
    return tuple(members.values())


def _member_row(numbers: dict[str, Stated], place: str, symbol: str, value: float, std: float) -> None:
    uncertainty = std or math.nan
    phase = f"phase_{place}"
    if symbol.startswith("Weight_Fraction"):
        numbers[phase_quantity(phase, "weight_fraction")] = Stated(value / 100, uncertainty / 100)
    elif symbol.startswith("Unit_Cell_Volume"):
        numbers[phase_quantity(phase, "cell_volume")] = Stated(value, uncertainty, CELL["cell_volume"])
    elif symbol.startswith("R_Bragg"):
        numbers[phase_quantity(phase, "r_bragg")] = Stated(value / 100)
    elif (found := _cell_quantity(symbol, {})) is not None:
        name, quantity, _ = found
        numbers[quantity] = Stated(value, uncertainty, CELL[name])
