"""What do the words above a pattern in a text say of tube, specimen and scan?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from interlith.layouts import dates
from interlith.layouts.powder_scans import ZERO_CELSIUS

_PAIR = re.compile(r"[\s#!;'\"*/%]*(?P<key>[^\W\d][^=:]{0,60}?)\s*[=:]\s*(?P<value>\S.*?)[\s;]*$")
_VALUE = re.compile(r"['\"]?(?P<value>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>[^\s\d,;'\"]*)")
_DATE = re.compile(r"[\s#!;']*(\d{4}[.\-/]\d\d[.\-/]\d\d[ T]\d\d:\d\d(?::\d\d)?)\s*$")
#: Elements of X-ray tubes.
ANODES = ("Cu", "Co", "Mo", "Cr", "Fe", "Ag", "W", "Ga", "In", "Ti", "Rh")
#: Units of a wavelength in angstrom; SI prefixes.
_LENGTHS = {"a": 1.0, "å": 1.0, "angstrom": 1.0, "angstroms": 1.0, "ang": 1.0, "nm": 10.0, "m": 1e10, "pm": 0.01}
#: Wavelengths (angstrom) that powders are measured with: from 250 keV X-rays to cold neutrons.
_SHORTEST, _LONGEST = 0.04, 10.0
_FIRST = re.compile(r"(calibrated)?(wavelength|lambda|lamda|lam|wl)(kalpha|ka|alpha|a)?1?$|(kalpha|ka|alpha)1?$")
_SECOND = re.compile(r"(wavelength|lambda|lamda|lam|wl)(kalpha|ka|alpha|a)?2$|(kalpha|ka|alpha)2$")
_RATIO = re.compile(
    r"(wl|wavelength|intensity|lambda|kalpha|ka|alpha)?ratio|ratioalpha21|(i|kalpha|ka|alpha)2(i|kalpha|ka|alpha)1$"
)
_START = re.compile(
    r"scantime|(scan|measurement)?start(ed|time)*|measurement(date|time|datetime)|date(of)?measure\w*|datemeasured|scandate"
)
_STEP_TIME = re.compile(r"timeperstep|(step|counting|count)time|steptime|scansteptime")


def words_of(lines: Sequence[str]) -> dict[str, str]:
    """Pairs of key and value, as printed; of a key that is said twice, the first."""
    found: dict[str, str] = {}
    for line in lines:
        if dated := _DATE.match(line):
            found.setdefault("date", dated[1])
        elif pair := _PAIR.match(line):
            found.setdefault(pair["key"].strip(), pair["value"].strip().strip("'\""))
    return found


def folded(key: str) -> str:
    """A key in small letters and digits only, Greek letters spelled out and a bracketed unit left out."""
    text = re.sub(r"[(\[][^)\]]*[)\]]", "", key).casefold()
    text = text.replace("α", "alpha").replace("λ", "lambda").replace("θ", "theta")
    return re.sub(r"[^a-z0-9]", "", text)


def instrument_of(words: Mapping[str, str]) -> dict[str, Any]:
    """Words of ``metadata["instrument"]``: only what the header says."""
    plain = {folded(key): value for key, value in reversed(list(words.items()))}
    found: dict[str, Any] = {}
    first, second = (
        next(
            (length for key, value in words.items() if pattern.match(folded(key)) and (length := _length(key, value))),
            None,
        )
        for pattern in (_FIRST, _SECOND)
    )
    if first is not None:
        found["wavelengths"] = [first] if second is None else [first, second]
    ratio = next((_plain_number(value) for key, value in plain.items() if _RATIO.match(key)), None)
    if ratio is None and second is not None:
        ratio = _plain_number(plain.get("r", ""))
    if ratio is not None and second is not None and 0 < ratio <= 1:
        found["ratio"] = ratio
    anode = next((plain[key] for key in ("anode", "target", "tubeanode", "anodematerial") if key in plain), "")
    if anode.strip()[:2].strip().capitalize() in ANODES:
        found["anode"] = anode.strip()[:2].strip().capitalize()
    told = " ".join(plain.get(key, "") for key in ("radiation", "probe", "radiationtype", "source")).casefold()
    if "neutron" in told or "x-ray" in told or "xray" in told or "anode" in found:
        found["radiation"] = "neutron" if "neutron" in told else "x-ray"
    time = next((_plain_number(value) for key, value in plain.items() if _STEP_TIME.fullmatch(key)), None)
    if time is not None and time > 0:
        found["counting_time"] = time
    return found


def state_of(words: Mapping[str, str]) -> dict[str, tuple[float, float, float]]:
    """Temperature (degC): value, and half its last printed digit to either side; only where its unit is printed."""
    for key, value in words.items():
        if not re.match(r"(sample|specimen)?temp(erature)?$", folded(key)):
            continue
        match = _VALUE.match(value)
        bracket = re.search(r"[(\[]\s*([^)\]]*?)\s*[)\]]", key)
        unit = (bracket[1] if bracket else match["unit"] if match else "").replace("°", "").replace("deg", "").strip()
        if match is None or unit not in ("K", "C", "Kelvin", "Celsius"):
            continue
        read, half = float(match["value"]), half_digit(match["value"])
        shift = ZERO_CELSIUS if unit[0] == "K" else 0.0
        if not 0 < read + ZERO_CELSIUS - shift < 5000:
            continue
        return {"temperature": tuple(round(number - shift, 9) for number in (read, read - half, read + half))}  # type: ignore[dict-item]
    return {}


def start_of(words: Mapping[str, str]) -> str:
    """When the scan began, as ISO text, where a word says so; a date without a word may be that of an export."""
    for key, value in words.items():
        if _START.fullmatch(folded(key)) and (found := iso(value)):
            return found
    return ""


def iso(written: str) -> str:
    """ISO text of a date with a time, months in figures or English; empty where it is none."""
    text = re.sub(r"\s+", " ", written.strip().strip("'\"")).replace(",", "")
    for pattern in (
        "%b %d %Y %H:%M:%S.%f",
        "%b %d %Y %H:%M:%S",
        "%d-%b-%Y %H:%M:%S",
        "%d-%b-%Y %H:%M",
        "%d-%B-%Y %H:%M",
    ):
        try:
            return datetime.strptime(text, pattern).isoformat(timespec="seconds")
        except ValueError:
            continue
    found = dates.iso(text.replace(".", "-", 2) if re.match(r"\d{4}\.\d\d\.\d\d ", text) else text)
    try:
        return found if datetime.fromisoformat(found) and "T" in found else ""
    except ValueError:
        return ""


def half_digit(printed: str) -> float:
    """Half a unit of the last digit of a printed number."""
    mantissa, _, power = printed.casefold().partition("e")
    exponent = int(power[:5] or 0) - len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** max(-300, min(exponent, 300))


def _plain_number(text: str) -> float | None:
    match = _VALUE.match(text.strip())
    return float(match["value"]) if match else None


def _length(key: str, text: str) -> float | None:
    """A wavelength in angstrom; `None` where the number is none that a powder is measured with."""
    match = _VALUE.match(text)
    if match is None:
        return None
    bracket = re.search(r"[(\[]\s*([^)\]]*?)\s*[)\]]", key)
    unit = (match["unit"] or (bracket[1] if bracket else "")).casefold().strip("()[]")
    value = float(match["value"]) * _LENGTHS.get(unit, 1.0)
    if unit and unit not in _LENGTHS:
        return None
    return float(f"{value:.9g}") if _SHORTEST <= value <= _LONGEST else None
