"""What does an instrument resolution file of FullProf (.irf) say?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError
from interlith.layouts.instrument_facts import USUAL_RANGE, InstrumentFacts, checked_widths, is_number, number

Array = NDArray[np.float64]

#: Words of files for time of flight.
_FLIGHT = frozenset({"TOFRG", "D2TOF", "ZD2TOF", "ZD2TOT", "TWOTH", "ALFBE", "ALFBT", "SIGMA"})
_WORDS = frozenset({
    "JOBT", "TITLE", "IRFTYPE", "WAVE", "THRG", "CTHM", "RKK", "ASYMM", "GEOM", "PSD", "UVWXYZ", "UVWXYZ1", "UVWXYZ2",
    "N_POINTS",
})  # fmt: skip
#: How the title says which resolution function the file is for: ``ires: 1``, ``(Res=1)``.
_KIND = re.compile(r"(?:ireso?|res)\s*[:=]\s*(\d+)", re.IGNORECASE)
_KNOWN_KINDS = (1, 2, 3, 4)


def is_fullprof(text: str) -> bool:
    """Whether a text is an instrument resolution file of FullProf: by its words, or by a title and rows of six numbers."""
    rows = _rows(text)
    first = {words[0].upper() for _, words in rows if words}
    if first & {"UVWXYZ", "UVWXYZ1", "N_POINTS", "WAVE"} or len(first & _FLIGHT) >= 2:
        return True
    head = text[:2_000]
    named = _KIND.search(head) is not None or "resolution function" in head.casefold()
    return named and any(len(words) == 6 and all(map(is_number, words)) for _, words in rows[:4])


def read_fullprof(text: str, file: str) -> tuple[InstrumentFacts, ...]:
    """The instrument of a resolution file of FullProf.

    Parameters
    ----------
    text
        The file: with key words (WAVE, UVWXYZ, ASYMM, ...), or a title and one row of U V W X Y Z for each wavelength.
    file
        Its name, for messages.

    Raises
    ------
    ReadError
        If the resolution function is not known, or a row is no row of numbers.

    Notes
    -----
    For Res = 1, H_G^2 = (U tan + V) tan + W and H_L = X tan + Y / cos + Z with full widths in degrees: its X is our Y and its
    Y our X. For Res = 2 and 3 the angle stands in place of its tangent, Res = 4 is a table; these, and Z, are carried over as
    the U, V, W, X, Y that come closest. K (RKK) and cos^2 of the monochromator (CTHM) enter as
    1 - K + K CTHM cos^2(2 theta).

    References
    ----------
    J. Rodriguez-Carvajal, Physica B 192 (1993) 55, 10.1016/0921-4526(93)90108-I; FullProf manual, instrument resolution
    file.
    """
    rows = _rows(text)
    where = file
    words = {name[0].upper(): " ".join(name[1:]) for _, name in rows if name and not is_number(name[0])}
    if len(_FLIGHT & set(words)) >= 2:
        title = text.lstrip("\ufeff").strip().splitlines()[0]
        return (InstrumentFacts("FullProf", title.strip("! "), 1, "neutron", time_of_flight=True, words=words),)
    known = {key: value for key, value in words.items() if key in _WORDS}
    if known:
        return (_with_words(rows, known, where),)
    return (_without_words(text, rows, where),)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Line number and words of the lines that are no comments."""
    found = []
    for place, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        bare = re.split("[!#]", line, maxsplit=1)[0].split()
        if bare:
            found.append((place, bare))
    return found


def _numbers(text: str, count: int, where: str) -> list[float]:
    words = text.split()
    if len(words) < count:
        raise ReadError(f"{where}: {count} numbers are needed, '{text}' has {len(words)}.")
    return [number(word, where) for word in words[:count]]


def _with_words(rows: list[tuple[int, list[str]]], words: Mapping[str, str], where: str) -> InstrumentFacts:
    job = words.get("JOBT", "").upper()
    radiation = {"X": "x-ray", "N": "neutron"}.get(job[:1], "")
    waves = [number(word, f"{where}, WAVE") for word in words.get("WAVE", "").split()]
    two = len(waves) >= 3 and waves[2] > 0 and waves[1] != waves[0]
    share = 1 - _numbers(words["RKK"], 1, f"{where}, RKK")[0] if words.get("RKK") else math.nan
    cosine = _numbers(words["CTHM"], 1, f"{where}, CTHM")[0] if words.get("CTHM") else math.nan
    asymmetry = _numbers(words["ASYMM"], 2, f"{where}, ASYMM") if words.get("ASYMM") else [math.nan, math.nan]
    low, high = USUAL_RANGE
    if words.get("THRG"):
        low, _, high = _numbers(words["THRG"], 3, f"{where}, THRG")
    notes: list[str] = []
    if words.get("N_POINTS"):
        gauss, lorentz = _from_table(rows, words, where, notes)
    else:
        first = words.get("UVWXYZ") or words.get("UVWXYZ1", "")
        coefficients = _numbers(first, 6, f"{where}, UVWXYZ")
        if words.get("UVWXYZ2") and _numbers(words["UVWXYZ2"], 6, f"{where}, UVWXYZ2") != coefficients:
            notes.append("The second wavelength has widths of its own; those of the first are carried over.")
        gauss, lorentz = _from_function(coefficients, 1, (low, high), where, notes)
    if words.get("PSD") and _numbers(words["PSD"], 1, f"{where}, PSD")[0] != 0:
        notes.append("The incidence angle of a position-sensitive detector (PSD) is not carried over.")
    if not math.isnan(cosine) and not 0 <= cosine <= 1:
        raise ReadError(f"{where}: CTHM is cos^2 of an angle, 0 to 1; got {cosine:g}.")
    return InstrumentFacts(
        "FullProf", words.get("TITLE", ""), 1, radiation, wavelengths=(waves[0], waves[1]) if two else tuple(waves[:1]),
        ratio=waves[2] if two else math.nan, polarisation=share,
        monochromator=math.nan if math.isnan(cosine) else math.degrees(math.acos(math.sqrt(cosine))), gauss=gauss,
        lorentz=lorentz, sample_ratio=asymmetry[0], slit_ratio=asymmetry[1], geometry=_geometry(words.get("GEOM", "")),
        words=words, notes=tuple(notes),
    )  # fmt: skip


def _without_words(text: str, rows: list[tuple[int, list[str]]], where: str) -> InstrumentFacts:
    """A title and one row of six coefficients for each wavelength, or a table of angle, H_G and H_L."""
    head = text[:2_000]
    found = _KIND.search(head)
    kind = int(found[1]) if found else 1
    if kind not in _KNOWN_KINDS:
        raise ReadError(f"{where}: resolution function Res = {kind} is not known; allowed: 1 to 4.")
    table = [
        [number(word, f"{where}, line {place}") for word in words]
        for place, words in rows
        if all(map(is_number, words))
    ]
    notes = [] if found else ["The file does not say which resolution function it is for; Res = 1 is taken."]
    if kind == 4:
        gauss, lorentz = _fitted(np.array([row[:3] for row in table if len(row) >= 3]), where, notes)
    else:
        six = [row for row in table if len(row) == 6]
        if not six:
            raise ReadError(f"{where}: there is no row U V W X Y Z.")
        if any(row != six[0] for row in six[1:]):
            notes.append("The second wavelength has widths of its own; those of the first are carried over.")
        gauss, lorentz = _from_function(six[0], kind, USUAL_RANGE, where, notes)
    title = text.lstrip("\ufeff").strip().splitlines()[0].strip("! ").strip()
    words = {"title": title, "Res": str(kind)}
    return InstrumentFacts("FullProf", title, gauss=gauss, lorentz=lorentz, words=words, notes=tuple(notes))


def _from_function(
    coefficients: list[float], kind: int, span: tuple[float, float], where: str, notes: list[str]
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    u, v, w, x, y, z = coefficients
    if kind == 1 and z == 0:
        return (u, v, w), (y, x)
    two_theta = np.linspace(*span, 200)
    theta = np.radians(two_theta / 2)
    gaussian = np.tan(theta) if kind in (1, 2) else two_theta
    squared = (u * gaussian + v) * gaussian + w
    width = (x * two_theta + y) * two_theta + z if kind in (2, 3) else x * np.tan(theta) + y / np.cos(theta) + z
    if np.any(squared < 0) or np.any(width < 0):
        raise ReadError(f"{where}: its resolution function is negative between {span[0]:g} and {span[1]:g} deg.")
    table = np.stack([two_theta, np.sqrt(squared), width], axis=1)
    return _fitted(table, where, notes, what=f"The resolution function Res = {kind}" + (" with Z" if z else ""))


def _from_table(
    rows: list[tuple[int, list[str]]], words: Mapping[str, str], where: str, notes: list[str]
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    count = int(_numbers(words["N_POINTS"], 1, f"{where}, N_POINTS")[0])
    start = next(place for place, (_, one) in enumerate(rows) if one[0].upper() == "N_POINTS")
    body = rows[start + 1 : start + 1 + count]
    if len(body) < count:
        raise ReadError(f"{where}: N_POINTS announces {count} rows, {len(body)} are there.")
    table = [_numbers(" ".join(one), 3, f"{where}, line {place}") for place, one in body]
    if any(len(one) > 3 for _, one in body):
        notes.append("Columns of shifts and of intensity corrections in its table are not carried over.")
    return _fitted(np.array(table), where, notes)


def _fitted(
    table: Array, where: str, notes: list[str], *, what: str = "A table of widths"
) -> tuple[tuple[float, float, float], tuple[float, float]]:
    if table.ndim != 2 or len(table) < 4:
        raise ReadError(f"{where}: a table of widths needs at least four rows of two theta, H_G and H_L.")
    two_theta, gauss, lorentz = table.T
    if np.any(two_theta <= 0) or np.any(two_theta >= 180) or np.any(gauss < 0) or np.any(lorentz < 0):
        raise ReadError(f"{where}: its table has angles outside 0 to 180 deg or negative widths.")
    found, said = checked_widths(two_theta, gauss, lorentz, what=what, where=where)
    notes.append(said)
    return found.gauss, found.lorentz


def _geometry(word: str) -> str:
    folded = word.casefold()
    if "brag" in folded or "brent" in folded:
        return "bragg-brentano"
    return "debye-scherrer" if "debye" in folded or "transmission" in folded or "capillary" in folded else ""
