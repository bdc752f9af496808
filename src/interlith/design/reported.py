"""Does a number that was reported follow from the structure, and if not, which slip would explain it?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from interlith.errors import StudyError, UnitError, nearest
from interlith.model import Finding, Observable
from interlith.notation import significant, title, unit_text, with_uncertainty
from interlith.units import factor, parse

#: Words and the number (in the unit of ours) that would have been found if the words were true.
Hint = tuple[str, float]
#: "about" stands for this relative uncertainty.
ABOUT = 0.1
#: Powers of ten that a slip of units explains: angstrom and nm, their squares and cubes, cm and m, percent.
_POWERS = (-30, -27, -24, -21, -20, -18, -16, -15, -14, -12, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1,
           1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 21, 24, 27, 30)  # fmt: skip


def audited(
    observables: Iterable[Observable],
    reported: Mapping[str, str | float] | None,
    *,
    hints: Mapping[str, Sequence[Hint]] | None = None,
    source: str = "",
) -> tuple[Finding, ...]:
    """Compare reported numbers with those that were worked out.

    Parameters
    ----------
    observables
        Those worked out.
    reported
        Quantity -> the number as printed, with its unit: ``{"areal_density": "3.4 1/nm^2"}``. ``about 1 m^2/g`` allows 10 %.
    hints
        Quantity -> other readings, each with its words and the number it leads to, in the unit of the observable.
    source
        Where the numbers were reported.

    Returns
    -------
    One finding for each reported number: ``supported`` where the printed digits and our uncertainty cover the difference, else
    ``contradicted``, with the reading that would explain it.

    Raises
    ------
    StudyError
        If a quantity is not among the observables.
    UnitError
        If a reported number cannot be read or has another dimension.

    Notes
    -----
    A number rounded to its last digit may be off by half of it. Where the uncertainty of ours is unknown the digits alone
    decide, and the finding says so.
    """
    known = {item.quantity: item for item in observables}
    found = []
    for quantity, text in (reported or {}).items():
        if quantity not in known:
            raise StudyError(f"reported names '{quantity}'; {nearest(quantity, known)}.")
        found.append(_one(known[quantity], quantity, text, (hints or {}).get(quantity, ()), source))
    return tuple(found)


def _one(ours: Observable, quantity: str, text: str | float, hints: Sequence[Hint], source: str) -> Finding:
    value, half = _printed(text, ours.unit, quantity)
    name = title(quantity).lower()
    where = f" ({source})" if source else ""
    if ours.value is None:
        return Finding(
            "audit", f"The reported {name} of {text}{where} cannot be checked: {ours.flag}.", "undecided", quantity,
            details={"verdict": "undecidable"},
        )  # fmt: skip
    low, high = _own(ours)
    apart = max(0.0, low - (value + half), (value - half) - high)
    agrees = apart <= 1e-12 * abs(value)
    own = with_uncertainty(ours.value, ours.std, ours.unit)
    caveats = (
        () if math.isfinite(ours.std) else ("The uncertainty of what ours rests on was not declared; digits decide.",)
    )
    miss = value / ours.value - 1 if ours.value else math.inf
    if agrees:
        statement = f"The reported {name} of {text}{where} agrees with {own} for {ours.sample}."
    else:
        reason = _explained(value, half, ours, hints)
        statement = (
            f"The reported {name} of {text}{where} contradicts {own} for {ours.sample}: it is {_times(miss)}"
            f"{'; ' + reason if reason else ''}."
        )
    return Finding(
        "audit", statement, "supported" if agrees else "contradicted", quantity, value, value - half, value + half,
        unit=ours.unit, supporting=(ours.id,) if ours.id else (), caveats=caveats,
        details={"verdict": "holds" if agrees else "contradicts", "ours": ours.value, "reported": value},
    )  # fmt: skip


def _own(ours: Observable) -> tuple[float, float]:
    """What our uncertainty allows: the stored interval, else two standard uncertainties; the value where none is known."""
    assert ours.value is not None
    if math.isinf(ours.std):
        return ours.value, ours.value
    if ours.low is not None and ours.high is not None:
        return ours.low, ours.high
    return ours.value - 2 * ours.std, ours.value + 2 * ours.std


def _printed(text: str | float, unit: str, quantity: str) -> tuple[float, float]:
    """A printed number in `unit`, and half the width that its digits or its uncertainty allow."""
    words = str(text).strip()
    about = words.lower().startswith(("about ", "~"))
    words = words[6:] if words.lower().startswith("about ") else words.lstrip("~")
    try:
        given = parse(words, what=f"reported {quantity}")
        if given.unit == "" and unit not in ("", "1"):
            raise UnitError(f"reported {quantity} is '{text}' without a unit; write for instance '{words} {unit}'.")
        scale = abs(factor(given.unit, unit))
    except UnitError as error:
        raise UnitError(f"reported {quantity}: {error}") from error
    half = 2 * given.std if math.isfinite(given.std) else given.resolution / 2
    if about:
        half = max(half, ABOUT * abs(given.value))
    return given.value * scale, half * scale


def _times(miss: float) -> str:
    ratio = miss + 1
    if ratio <= 0:
        return "of the other sign"
    if 0.5 < ratio < 2:
        return f"{significant(100 * abs(miss), 2)} % too {'large' if miss > 0 else 'small'}"
    return f"too {'large' if miss > 0 else 'small'} by a factor of {significant(max(ratio, 1 / ratio), 3)}"


def _explained(value: float, half: float, ours: Observable, hints: Sequence[Hint]) -> str:
    """The reading that would make it right, if one does."""
    assert ours.value is not None
    for words, other in hints:
        if abs(other - value) <= half + 1e-9 * abs(value):
            return f"{words} gives {significant(other, 4)}{unit_text(ours.unit)}"
    if value and ours.value and value / ours.value > 0:
        ratio = value / ours.value
        power = round(math.log10(ratio))
        left = ratio / 10.0**power
        if power in _POWERS and abs(left - 1) < max(0.05, half / abs(value)):
            tail = "" if abs(left - 1) * abs(value) <= half else f", and is then still {100 * abs(left - 1):.2g} % off"
            return f"a factor of 10^{power} looks like a slip of units{tail}"
    return ""
