"""What does an instrument parameter file of GSAS (.prm, .inst: cards that begin with INS) say?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from interlith.errors import ReadError
from interlith.layouts.instrument_facts import VARIANCE_TO_SQUARED_WIDTH, InstrumentFacts, is_number, number

#: Coefficients of the profile functions of constant wavelength in the order of the file: GSAS manual, LAUR 86-748 (2004),
#: "CW profile functions", and the same lists in EXPGUI (readexp.tcl). Those behind the last one depend on the Laue class.
COEFFICIENTS: dict[int, tuple[str, ...]] = {
    1: ("GU", "GV", "GW", "asym", "F1", "F2"),
    2: ("GU", "GV", "GW", "LX", "LY", "trns", "asym", "shft", "GP", "stec", "ptec", "sfec"),
    3: ("GU", "GV", "GW", "GP", "LX", "LY", "S/L", "H/L", "trns", "shft", "stec", "ptec", "sfec"),
    4: ("GU", "GV", "GW", "GP", "LX", "ptec", "trns", "shft", "sfec", "S/L", "H/L", "eta"),
    5: ("GU", "GV", "GW", "GP", "LX", "LY", "S/L", "H/L", "trns", "shft", "stec", "ptec", "sfec"),
}
#: Which function is taken where a bank lists several: those with the asymmetry that we have, then those with more widths.
PREFERRED = (3, 5, 4, 2, 1)
#: Anodes by the number on the card IRAD, in the order of the manual; 0 is none of them.
ANODES = ("Cr", "Fe", "Cu", "Mo", "Ag", "Ti", "Co", "Ta", "W")
_CARD = re.compile(r"INS\s", re.IGNORECASE)
#: What the coefficients mean that are not carried over.
_LEFT = {
    "asym": "asymmetry of the older kind (no S/L and H/L)", "F1": "shape term F1", "F2": "shape term F2",
    "trns": "transparency of the sample", "shft": "displacement of the sample", "stec": "strain along an axis",
    "ptec": "size along an axis", "sfec": "broadening by stacking faults",
}  # fmt: skip


def is_gsas(text: str) -> bool:
    """Whether a text has cards of an instrument parameter file of GSAS."""
    return any(line[:4].upper() == "INS " and "ICONS" in line[:12].upper() for line in text.splitlines())


def read_gsas(text: str, file: str) -> tuple[InstrumentFacts, ...]:
    """Every bank of an instrument parameter file of GSAS.

    Parameters
    ----------
    text
        The file.
    file
        Its name, for messages.

    Raises
    ------
    ReadError
        If a card that is needed is missing or holds something else than numbers.

    Notes
    -----
    Units of GSAS for constant wavelength: GU, GV, GW, GP are coefficients of a *variance* in centidegrees^2, so that FWHM^2
    (deg^2) has 8 ln 2 / 10^4 times them; GP / cos^2(theta) is GP tan^2(theta) + GP and goes into U and W exactly. LX, LY are
    full widths and ZERO a shift in centidegrees.

    References
    ----------
    A. C. Larson, R. B. Von Dreele, General Structure Analysis System, Los Alamos National Laboratory Report LAUR 86-748
    (2004), instrument parameter file; CW profile functions.
    """
    cards = _cards(text)
    kind = cards.get((0, "HTYPE"), "").split()
    if not kind:
        raise ReadError(f"{file} has no card HTYPE, which says X-rays or neutrons; it is no complete file of GSAS.")
    banks = sorted({bank for bank, name in cards if name == "ICONS"})
    return tuple(_bank(cards, bank, kind[0].upper(), file) for bank in banks)


def _cards(text: str) -> dict[tuple[int, str], str]:
    """Bank (0 for the whole file) and name of a card -> its fields from column 13 on."""
    found: dict[tuple[int, str], str] = {}
    for line in text.splitlines():
        if not _CARD.match(line):
            continue
        key = line.expandtabs().ljust(12)
        bank, name = key[3:6].strip(), key[6:12].strip().upper()
        found.setdefault((int(bank) if bank.isdigit() else 0, name), key[12:])
    return found


def _bank(cards: Mapping[tuple[int, str], str], bank: int, kind: str, file: str) -> InstrumentFacts:
    words = {name: value.strip() for (own, name), value in cards.items() if own in (0, bank)}
    name = words.get("INAME") or words.get("I HEAD", "")
    radiation = {"X": "x-ray", "N": "neutron"}.get(kind[1:2], "")
    if kind[2:3] == "T":
        return InstrumentFacts("GSAS", name, bank, radiation, time_of_flight=True, words=words)
    if kind[2:3] != "C" or not radiation:
        raise ReadError(
            f"{file}: histograms of the type {kind} are not read; allowed: PXC (X-rays) and PNC (neutrons) of one wavelength."
        )
    where = f"{file}, bank {bank}"
    icons = cards[bank, "ICONS"]
    first, second, zero, polarisation, way, ratio = _icons(icons, where)
    if not first > 0:
        raise ReadError(f"{where}: the card ICONS holds no wavelength.")
    two = second > 0
    share, monochromator, notes = _polarisation(radiation, polarisation, way, where)
    function, values, said = _profile(cards, bank, where)
    gauss, lorentz, left = _widths(function, values)
    anode = words.get("IRAD", "").split()
    if anode and anode[0].isdigit() and 1 <= int(anode[0]) <= len(ANODES):
        words["anode"] = ANODES[int(anode[0]) - 1]
    return InstrumentFacts(
        "GSAS", name, bank, radiation, wavelengths=(first, second) if two else (first,), ratio=ratio if two else math.nan,
        polarisation=share, monochromator=monochromator, zero=zero / 100, gauss=gauss, lorentz=lorentz,
        sample_ratio=values.get("S/L", math.nan), slit_ratio=values.get("H/L", math.nan), words=words,
        notes=(*notes, *said, *left),
    )  # fmt: skip


def _icons(card: str, where: str) -> tuple[float, float, float, float, int, float]:
    """Wavelengths, zero, POLA, IPOLA and KRATIO: fields of fixed columns, some of which may be blank."""
    spans = {"lambda 1": (0, 10), "lambda 2": (10, 20), "ZERO": (20, 30), "POLA": (40, 50), "IPOLA": (50, 55)}
    spans["KRATIO"] = (55, 65)
    found = []
    for name, (start, end) in spans.items():
        text = card[start:end].strip()
        found.append(number(text, f"{where}, card ICONS, {name}") if text else math.nan)
    first, second, zero, share, way, ratio = found
    return first, second, 0.0 if math.isnan(zero) else zero, share, 0 if math.isnan(way) else int(way), ratio


def _polarisation(radiation: str, value: float, way: int, where: str) -> tuple[float, float, list[str]]:
    """Polarised fraction and monochromator angle (deg) of POLA and IPOLA.

    With IPOLA 0, POLA is the polarised fraction. With IPOLA 1 it is cos^2 of two theta of a monochromator (Azaroff). Source:
    R. B. Von Dreele on the Rietveld mailing list, 9 October 2002 (CCP14, "Graphite monochromator and GSAS").
    """
    if radiation == "neutron" or math.isnan(value):
        return math.nan, math.nan, []
    if way == 0:
        return value, 0.0, []
    if way != 1 or not value > 0:
        raise ReadError(f"{where}: POLA {value:g} with IPOLA {way} is not known; allowed are IPOLA 0 and 1.")
    if value <= 1:
        return 0.5, math.degrees(math.acos(math.sqrt(value))), []
    return (
        1 / (1 + value),
        0.0,
        [f"POLA {value:g} is no cos^2 of an angle; it is carried over as a polarised fraction."],
    )


def _profile(cards: Mapping[tuple[int, str], str], bank: int, where: str) -> tuple[int, dict[str, float], list[str]]:
    """Number of the profile function, its coefficients by name, and what else the bank lists."""
    sets: dict[int, dict[str, float]] = {}
    for (own, name), card in cards.items():
        found = re.fullmatch(r"PRCF(\d)", name)
        if own != bank or not found:
            continue
        head = card.split()
        function, count = int(number(head[0], where)), int(number(head[1], where))
        if function not in COEFFICIENTS:
            raise ReadError(f"{where}: profile function {function} is not known; allowed: 1 to 5.")
        lines = [
            cards[bank, f"PRCF{found[1]}{line}"] for line in "123456789" if (bank, f"PRCF{found[1]}{line}") in cards
        ]
        sets.setdefault(function, _coefficients(lines, function, count, f"{where}, card {name}"))
    chosen = next((function for function in PREFERRED if function in sets), None)
    if chosen is None:
        return 0, {}, ["It lists no profile function."]
    others = [str(function) for function in sets if function != chosen]
    said = [f"Of its profile functions, {chosen} is taken (it also lists {', '.join(others)})."] if others else []
    return chosen, sets[chosen], said


def _coefficients(lines: list[str], function: int, count: int, where: str) -> dict[str, float]:
    """Values by name; some files print the names beside the numbers."""
    names = COEFFICIENTS[function]
    values: list[float] = []
    for line in lines:
        fields = [line[start : start + 15] for start in range(0, 60, 15)]
        if all(is_number(text) for text in fields if text.strip()):
            values += [number(text, where) for text in fields if text.strip()]
        else:
            values += [number(word, where) for word in line.split() if word not in (*names, "GU", "GP")]
    if len(values) < min(count, len(names)):
        raise ReadError(f"{where}: {count} coefficients are announced, {len(values)} are there.")
    return dict(zip(names, values, strict=False))


def _widths(
    function: int, values: Mapping[str, float]
) -> tuple[tuple[float, float, float] | None, tuple[float, float] | None, list[str]]:
    if not function:
        return None, None, []
    scale = VARIANCE_TO_SQUARED_WIDTH * 1e-4
    scherrer = values.get("GP", 0.0)
    u, v, w = (scale * values.get(name, 0.0) for name in ("GU", "GV", "GW"))
    gauss = (u + scale * scherrer, v, w + scale * scherrer)
    lorentz = (values.get("LX", 0.0) / 100, values.get("LY", 0.0) / 100)
    left = [
        f"{name} = {value:g} ({_LEFT[name]}) is not carried over."
        for name, value in values.items()
        if name in _LEFT and value != 0
    ]
    if function == 1:
        lorentz = (0.0, 0.0)
    return gauss, lorentz, left
