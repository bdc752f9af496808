"""How is a number with its uncertainty written, so that nobody reads more into it than was measured?"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal

UNKNOWN = "uncertainty unknown"
RESOLUTION = "resolution only"
#: A relative standard uncertainty below this is a resolution, not an accuracy: no cycler is calibrated so well, and its
#: digits would be read as if it were.
NEGLIGIBLE = 1e-5
NOTHING = "—"
#: Outside of 10^-4 ... 10^6 a power of ten is split off.
_SMALL, _LARGE = -4, 6
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_EXPONENT = re.compile(r"\^\(?(-?\d+)\)?")
_ACRONYMS = {
    "dqdv": "dQ/dV", "dvdq": "dV/dQ", "cv": "CV", "cc": "CC", "eis": "EIS", "gitt": "GITT", "one": "1", "ice": "ICE",
    "soc": "SOC", "xrd": "XRD",
}  # fmt: skip


def with_uncertainty(value: float | None, std: float | None, unit: str = "", *, flag: str = "") -> str:
    """Write a value with its standard uncertainty, both to the second significant digit of the uncertainty.

    Parameters
    ----------
    value
        In `unit`; `None` (or not a number) becomes a dash with its flag.
    std
        Standard uncertainty in `unit`; `None` or infinite is said in words, never taken for zero.
    unit
        As shown; ``1`` and the empty unit are not written.
    flag
        Words that explain a missing value.

    Notes
    -----
    An uncertainty below `NEGLIGIBLE` of the value is the resolution of a counter only: five digits are shown, and said
    to be no more than that.

    Examples
    --------
    >>> with_uncertainty(131.42, 2.64, "mAh/g")
    '131.4 ± 2.6 mAh/g'
    >>> with_uncertainty(0.3236199021, 4.9e-9, "mAh")
    '0.32362 mAh (resolution only)'
    >>> with_uncertainty(48.1, float("inf"), "ohm")
    '48.10 Ω (uncertainty unknown)'
    >>> with_uncertainty(None, None, "%", flag="incomplete half-cycle")
    '— (incomplete half-cycle)'
    """
    if value is None or not math.isfinite(value):
        return f"{NOTHING} ({flag})" if flag else NOTHING
    tail = unit_text(unit)
    if std is None or not math.isfinite(std):
        return f"{significant(value, 4)}{tail} ({UNKNOWN})"
    if std == 0:
        return f"{significant(value, 6)} ± 0{tail}"
    if std < NEGLIGIBLE * abs(value):
        return f"{significant(value, 5)}{tail} ({RESOLUTION})"
    power = _power(max(abs(value), std))
    scale = power if power < _SMALL or power >= _LARGE else 0
    digits = 1 - _power(_round(std, 1 - _power(std))) + scale
    body = f"{_fixed(value, digits, scale)} ± {_fixed(std, digits, scale)}"
    if scale:
        return f"({body}) × 10{str(scale).translate(_SUPERSCRIPT)}{tail}"
    return f"{body}{tail}"


def significant(value: float | None, digits: int = 4) -> str:
    """A number to some significant digits, without uncertainty, in positional notation where that is readable."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "−∞" if value < 0 else "∞"
    if value == 0:
        return "0"
    power = _power(_round(value, digits - 1 - _power(value)))
    scale = power if power < _SMALL or power >= _LARGE else 0
    body = _fixed(value, digits - 1 - power + scale, scale)
    return f"{body} × 10{str(scale).translate(_SUPERSCRIPT)}" if scale else body


def interval_text(low: float | None, high: float | None, unit: str = "", *, level: float = 0.95) -> str:
    """An interval to two significant digits of its half width: ``95 % interval 1.2 to 4.8 %``; open ends in words."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return "no interval"
    name = f"{100 * level:.4g} % interval"
    if math.isinf(low) and math.isinf(high):
        return f"{name} unknown"
    width = (high - low) / 2
    if math.isinf(width) or width == 0:
        ends = (significant(low, 4), significant(high, 4))
    else:
        digits = 1 - _power(width)
        power = _power(max(abs(low), abs(high), width))
        scale = power if power < _SMALL or power >= _LARGE else 0
        ends = (_fixed(low, digits + scale, scale), _fixed(high, digits + scale, scale))
        if scale:
            return f"{name} ({ends[0]} to {ends[1]}) × 10{str(scale).translate(_SUPERSCRIPT)}{unit_text(unit)}"
    return f"{name} {ends[0]} to {ends[1]}{unit_text(unit)}"


def effect_text(value: float | None, low: float | None, high: float | None, unit: str = "") -> str:
    """An effect to two significant digits of the half width of its interval."""
    if value is None or not math.isfinite(value):
        return NOTHING
    half = math.inf if low is None or high is None else (high - low) / 2
    if not math.isfinite(half) or half <= 0 or _power(max(abs(value), half)) not in range(_SMALL, _LARGE):
        return significant(value, 3) + unit_text(unit)
    return _fixed(value, 1 - _power(half), 0) + unit_text(unit)


def probability_text(probability: float | None) -> str:
    """A probability in words that never claim certainty."""
    if probability is None or math.isnan(probability):
        return NOTHING
    if probability > 0.999:
        return "> 99.9 %"
    if probability < 0.001:
        return "< 0.1 %"
    digits = 1 if probability > 0.99 or probability < 0.01 else 0
    return f"{100 * probability:.{digits}f} %"


def unit_text(unit: str | None) -> str:
    """A unit as it follows a number, with its space: ``" mAh/g"``, ``""`` for plain numbers."""
    if unit in (None, "", "1"):
        return ""
    return " " + pretty_unit(str(unit))


def pretty_unit(unit: str) -> str:
    """A unit with true exponents: ``mAh/cm^2`` -> ``mAh/cm²``, ``degC`` -> ``°C``."""
    text = _EXPONENT.sub(lambda found: found[1].translate(_SUPERSCRIPT), unit)
    return text.replace("degC", "°C").replace("ohm", "Ω")


def title(quantity: str) -> str:
    """A quantity as people say it: ``initial_coulombic_efficiency`` -> ``Initial coulombic efficiency``."""
    words = [_ACRONYMS.get(word, word) for word in quantity.replace("-", "_").split("_") if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:] if text[:2] not in ("dQ", "dV") else text


def short(text: str, most: int = 160) -> str:
    """A text cut to at most `most` letters: where a sentence ends late enough, else between two words, never in one.

    Examples
    --------
    >>> short("Bands are 95 % intervals of the mean.", 24)
    'Bands are 95 % …'
    """
    if len(text) <= most:
        return text
    kept = text[: most - 2]
    stop = max(kept.rfind(end) for end in (". ", "; ", ": "))
    if stop >= 0.7 * most:
        return f"{kept[: stop + 1]} …"
    space = kept.rfind(" ") if text[most - 2] != " " else len(kept)
    if space < 0.4 * most:
        return elide(text, most)
    words = kept[:space].rstrip(" ,;:(-–")
    # A number parted from its unit, or a small word at the end, says nothing.
    return f"{re.sub(r'(?: (?:of|the|a|an|in|at|to|and|or|with|for|is|are|that|from|by|intervals?))+$', '', words)} …"


def elide(name: str, most: int) -> str:
    """A name cut in its middle: names of cells differ at their ends.

    Examples
    --------
    >>> elide("SINTEF__LiGrR2032__2024-04-30__25degC__Landt", 20)
    'SINTEF__Li…gC__Landt'
    """
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return f"{name[: most - 1 - tail]}…{name[len(name) - tail :]}"


def bytes_text(size: int) -> str:
    """A file size: ``4.2 MB``."""
    number, names = float(size), ("B", "kB", "MB", "GB", "TB")
    place = 0
    while number >= 1000 and place < len(names) - 1:
        number, place = number / 1000, place + 1
    return f"{number:.0f} {names[place]}" if place == 0 else f"{number:.3g} {names[place]}"


def _power(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else 0


def _round(value: float, digits: int) -> float:
    return float(_fixed_decimal(value, digits))


def _fixed_decimal(value: float, digits: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN)


def _fixed(value: float, digits: int, scale: int) -> str:
    """Decimal text with a true minus; ``digits`` below zero rounds to tens and hundreds."""
    number = _fixed_decimal(float(Decimal(repr(float(value))).scaleb(-scale)), digits)
    text = f"{number:.{max(digits, 0)}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")
