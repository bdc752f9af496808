"""What does an instrument parameter file of GSAS-II (.instprm) say?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np

from interlith.errors import ReadError
from interlith.layouts.instrument_facts import (
    USUAL_RANGE,
    VARIANCE_TO_SQUARED_WIDTH,
    InstrumentFacts,
    checked_widths,
    number,
)

_BANK = re.compile(r"#\s*Bank\s+(\d+)", re.IGNORECASE)
_GEOMETRY = {"bragg-brentano": "bragg-brentano", "debye-scherrer": "debye-scherrer"}
#: Types of histograms of constant wavelength that our profile can follow.
_TYPES = {"PXC": "x-ray", "PNC": "neutron"}


def is_gsas2(text: str) -> bool:
    """Whether a text begins as an instrument parameter file of GSAS-II."""
    first = text.lstrip("\ufeff \r\n").split("\n", 1)[0]
    return first.startswith("#") and "GSAS-II" in first and "instrument" in first.lower()


def read_gsas2(text: str, file: str) -> tuple[InstrumentFacts, ...]:
    """Every bank of an instrument parameter file of GSAS-II.

    Raises
    ------
    ReadError
        If a value that is needed is missing, is no number, or the type of histogram is one that is not modelled.

    Notes
    -----
    U, V, W are coefficients of a *variance* in centidegrees^2, X, Y, Z of a full width in centidegrees
    (X / cos(theta) + Y tan(theta) + Z), Zero is in degrees. SH/L is the sum of S/L and H/L; it is split in halves, to which
    the profile is blind as long as both are about equal. With an azimuth A, P cos^2 A + (1 - P) sin^2 A is polarised
    perpendicular to the diffraction plane.

    References
    ----------
    B. H. Toby, R. B. Von Dreele, J. Appl. Crystallogr. 46 (2013) 544, 10.1107/S0021889813003531; GSAS-II documentation,
    "CW instrument parameters" of the data tree.
    """
    found = []
    for bank, words in _banks(text, file):
        found.append(_facts(words, bank, f"{file}, bank {bank}" if bank else file))
    if not found:
        raise ReadError(f"{file} has the first line of GSAS-II and no parameters.")
    return tuple(found)


def _banks(text: str, file: str) -> list[tuple[int, dict[str, str]]]:
    """Number (0 if none) and ``key: value`` of each bank; several may stand in one line, longer values in triple quotes."""
    banks: list[tuple[int, dict[str, str]]] = []
    lines = iter(text.lstrip("\ufeff").splitlines())
    for line in lines:
        if line.lstrip().startswith("#"):
            found = _BANK.search(line)
            if found or not banks:
                banks.append((int(found[1]) if found else 0, {}))
            continue
        if not banks or not line.strip():
            continue
        rest = line
        for quote in ("'''", '"""'):
            while rest.count(quote) == 1:
                more = next(lines, None)
                if more is None:
                    raise ReadError(f"{file}: a text in triple quotes has no end.")
                rest += "\n" + more
        pieces = [rest] if "'''" in rest or '"""' in rest else rest.split(";")
        for piece in pieces:
            key, colon, value = piece.partition(":")
            if colon:
                banks[-1][1][key.strip()] = value.strip().strip("'\"").strip()
    return [(int(float(words.get("Bank") or bank or 0)), words) for bank, words in banks if words]


def _facts(words: Mapping[str, str], bank: int, where: str) -> InstrumentFacts:
    kind = words.get("Type", "")
    name = words.get("InstrName", "")
    if kind[2:3] == "T":
        radiation = {"X": "x-ray", "N": "neutron"}.get(kind[1:2], "")
        return InstrumentFacts("GSAS-II", name, bank or 1, radiation, time_of_flight=True, words=words)
    if kind[:3] not in _TYPES:
        raise ReadError(
            f"{where}: histograms of the type '{kind}' have a profile that is not modelled; allowed: {', '.join(_TYPES)}."
        )

    def value(key: str, default: float = 0.0) -> float:
        return number(words[key], f"{where}, {key}") if words.get(key) else default

    radiation = _TYPES[kind[:3]]
    wavelengths = tuple(value(key) for key in ("Lam", "Lam1", "Lam2") if value(key) > 0)
    if not wavelengths:
        raise ReadError(f"{where}: there is no wavelength (Lam, or Lam1 and Lam2).")
    share, azimuth = value("Polariz.", math.nan), math.radians(value("Azimuth"))
    share = share * math.cos(azimuth) ** 2 + (1 - share) * math.sin(azimuth) ** 2
    scale = VARIANCE_TO_SQUARED_WIDTH * 1e-4
    gauss = (scale * value("U"), scale * value("V"), scale * value("W"))
    lorentz, notes = (value("X") / 100, value("Y") / 100), []
    if value("Z"):
        gauss, lorentz, said = _without_constant(gauss, lorentz, value("Z") / 100, where)
        notes.append(said)
    half = value("SH/L", math.nan) / 2
    geometry = _GEOMETRY.get(words.get("Diff-type", "").casefold(), "")
    return InstrumentFacts(
        "GSAS-II", name, bank or 1, radiation, wavelengths=wavelengths,
        ratio=value("I(L2)/I(L1)", math.nan) if len(wavelengths) == 2 else math.nan,
        polarisation=math.nan if radiation == "neutron" else share, monochromator=math.nan if radiation == "neutron" else 0.0,
        zero=value("Zero"), gauss=gauss, lorentz=lorentz, sample_ratio=half, slit_ratio=half, geometry=geometry,
        radius=value("Gonio. radius", value("Gonio.radius", math.nan)), words=words, notes=tuple(notes),
    )  # fmt: skip


def _without_constant(
    gauss: tuple[float, float, float], lorentz: tuple[float, float], constant: float, where: str
) -> tuple[tuple[float, float, float], tuple[float, float], str]:
    """The widths without a constant Lorentzian term, which ours lack."""
    two_theta = np.linspace(*USUAL_RANGE, 200)
    theta = np.radians(two_theta / 2)
    tangent = np.tan(theta)
    squared = gauss[0] * tangent**2 + gauss[1] * tangent + gauss[2]
    width = lorentz[0] / np.cos(theta) + lorentz[1] * tangent + constant
    what = f"A constant Lorentzian width, Z = {100 * constant:g} centidegrees,"
    found, said = checked_widths(two_theta, np.sqrt(np.maximum(squared, 0)), width, what=what, where=where)
    return found.gauss, found.lorentz, said
