"""How does an element of another program read in our parameters, and where do the definitions differ?

| program | element | impedance | ours |
|---|---|---|---|
| all | R, C, L | | the same |
| ZView | CPE-T, -P | 1 / (T (j w)^P) | Q = T, exponent = P |
| ZView | Wo-R, -T, -P | R coth((j w T)^P) / (j w T)^P | Wo only where P is 0.5 |
| ZView | Ws-R, -T, -P | R tanh((j w T)^P) / (j w T)^P | Ws only where P is 0.5 |
| pyimpspec 5 | Q: Y, n | 1 / (Y (j w)^n) | Q = Y, exponent = n |
| pyimpspec 5 | W: Y, n | 1 / (Y (j w)^n) | sigma = 1 / (sqrt(2) Y) where n is 0.5 |
| pyimpspec 5 | Wo, Ws: Y, B, n | coth or tanh((B j w)^n) / (Y j w)^n | tau = B, R = sqrt(B / Y) where n is 0.5 |
| pyimpspec 5 | G: Y, k, n | 1 / (Y (k + j w)^n) | tau = 1 / k, R = 1 / (Y sqrt(k)) where n is 0.5 |
| pyimpspec 5 | Ga, Ha, Zarc, K | R / (1 + (j w tau)^a)^b and its special cases | G, HN, Zarc, K |
| impedance.py | CPE, W, Wo, Ws, G, K, Zarc, TLMQ | ours | Q, W, Wo, Ws, G, K, Zarc, TLM |
| RelaxIS | P: Q, alpha; I | 1 / (Q (j w)^alpha); j w L | Q, exponent; L |

What is not in the table keeps its own name and is compared with nothing. Where one of our parameters is made of two of
theirs, its standard error would need their covariance, which no export holds: it is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from interlith.physics.circuits.element import UNITS
from interlith.physics.circuits.elements import ELEMENTS
from interlith.workbench.external.impedance.evaluation import Stated

_HALF = 1e-6
Stateds = Mapping[str, Stated]
#: Stated numbers of one element -> suffix of ours -> number in our unit, and words on a difference of definition.
Turn = Callable[[Stateds], tuple[dict[str, Stated], str] | None]


@dataclass(frozen=True, slots=True)
class Turned:
    """One element in our parameters: symbol, suffix -> number, words where definitions differ; or why it has none."""

    symbol: str
    parameters: Mapping[str, Stated]
    note: str = ""


def turned(dialect: str, symbol: str, stated: Stateds) -> Turned | None:
    """An element of another program in our parameters; `None` where it is not ours.

    Parameters
    ----------
    dialect
        Whose definitions hold.
    symbol
        Of the element, as the program writes it, without its number.
    stated
        Name of the parameter -> number.
    """
    ours, turn = _KNOWN.get(dialect, {}).get(symbol, ("", None))
    found = turn(stated) if turn is not None else None
    if found is None:
        return None
    units = {one.suffix: UNITS[one.kind] for one in ELEMENTS[ours].parameters}
    if set(found[0]) != set(units):
        return None
    return Turned(ours, {suffix: replace(found[0][suffix], unit=units[suffix]) for suffix in units}, found[1])


def why_not(dialect: str, symbol: str, stated: Stateds) -> str:
    """Why an element has no counterpart, in words."""
    if symbol not in _KNOWN.get(dialect, {}):
        return f"the element {symbol} has no counterpart of ours"
    power = next((stated[name] for name in ("P", "n") if name in stated), None)
    if power is not None and abs(power.value - 0.5) > _HALF:
        return f"its exponent is {power.value:.4g} and not 0.5, so its numbers are those of another element than our {symbol}"
    return f"the parameters {', '.join(stated) or 'of it'} are not those of our {symbol}"


def symbol_of(label: str) -> str:
    """Symbol of an element: ``CPE1`` and ``CPE_1`` -> ``CPE``; a label without a number stays as it is."""
    return re.sub(r"_?\d+$", "", label)


def _same(**names: str) -> Turn:
    """Parameters that only change their name: theirs -> suffix of ours."""
    wanted = {key.strip("_").replace("none", ""): suffix for key, suffix in names.items()}

    def turn(stated: Stateds) -> tuple[dict[str, Stated], str] | None:
        return ({suffix: stated[name] for name, suffix in wanted.items()}, "") if set(wanted) <= set(stated) else None

    return turn


def _indexed(*suffixes: str) -> Turn:
    """Parameters in order: impedance.py numbers them from 0."""
    return _same(**({"none": suffixes[0]} if len(suffixes) == 1 else {f"_{k}": one for k, one in enumerate(suffixes)}))


def _square_root(name: str, turn: Turn) -> Turn:
    """An element that is ours only where its exponent is 0.5; absent it is 0.5."""

    def checked(stated: Stateds) -> tuple[dict[str, Stated], str] | None:
        power = stated.get(name)
        return turn(stated) if power is None or abs(power.value - 0.5) <= _HALF else None

    return checked


def _warburg(stated: Stateds) -> tuple[dict[str, Stated], str] | None:
    if "Y" not in stated or not stated["Y"].value > 0:
        return None
    admittance = stated["Y"]
    sigma = 1.0 / (math.sqrt(2.0) * admittance.value)
    share = sigma / admittance.value
    note = "W is turned from an admittance Y into sigma = 1 / (sqrt(2) Y)"
    return {"": _scaled(admittance, sigma, share)}, note


def _finite_diffusion(stated: Stateds) -> tuple[dict[str, Stated], str] | None:
    if not {"Y", "B"} <= set(stated) or not min(stated["Y"].value, stated["B"].value) > 0:
        return None
    admittance, time = stated["Y"], stated["B"]
    resistance = math.sqrt(time.value / admittance.value)
    size = 0.5 * resistance * max(admittance.resolution / admittance.value, time.resolution / time.value)
    made = _of_two(admittance, time, resistance, size)
    note = "Y and B are read as in pyimpspec 5, R = sqrt(B / Y) and tau = B; the error of R would need their covariance"
    return {"_resistance": made, "_time_constant": time}, note


def _gerischer(stated: Stateds) -> tuple[dict[str, Stated], str] | None:
    if not {"Y", "k"} <= set(stated) or not min(stated["Y"].value, stated["k"].value) > 0:
        return None
    admittance, rate = stated["Y"], stated["k"]
    resistance = 1.0 / (admittance.value * math.sqrt(rate.value))
    size = resistance * max(admittance.resolution / admittance.value, 0.5 * rate.resolution / rate.value)
    time = _scaled(rate, 1.0 / rate.value, 1.0 / rate.value**2)
    note = "Y and k are turned into R = 1 / (Y sqrt(k)) and tau = 1 / k; the error of R would need their covariance"
    return {"_resistance": _of_two(admittance, rate, resistance, size), "_time_constant": time}, note


def _scaled(stated: Stated, value: float, slope: float) -> Stated:
    return replace(stated, value=value, std=stated.std * slope, resolution=stated.resolution * slope)


def _of_two(one: Stated, two: Stated, value: float, resolution: float) -> Stated:
    """A number made of two: its error follows only where one of them was held."""
    return Stated(value, math.inf, "", one.fixed and two.fixed, resolution, one.place)


_RESISTOR = _same(none="")
_LINE = _same(R="_resistance", tau="_time_constant")
_KNOWN: dict[str, dict[str, tuple[str, Turn]]] = {
    "zview": {
        "R": ("R", _RESISTOR), "C": ("C", _RESISTOR), "L": ("L", _RESISTOR), "CPE": ("Q", _same(T="", P="_exponent")),
        "Wo": ("Wo", _square_root("P", _same(R="_resistance", T="_time_constant"))),
        "Ws": ("Ws", _square_root("P", _same(R="_resistance", T="_time_constant"))),
    },
    "relaxis": {
        "R": ("R", _RESISTOR), "C": ("C", _RESISTOR), "I": ("L", _RESISTOR), "P": ("Q", _same(Q="", alpha="_exponent")),
    },
    "pyimpspec": {
        "R": ("R", _same(R="")), "C": ("C", _same(C="")), "L": ("L", _same(L="")), "Q": ("Q", _same(Y="", n="_exponent")),
        "W": ("W", _square_root("n", _warburg)), "Wo": ("Wo", _square_root("n", _finite_diffusion)),
        "Ws": ("Ws", _square_root("n", _finite_diffusion)), "G": ("G", _square_root("n", _gerischer)),
        "Ga": ("G", _square_root("n", _LINE)), "K": ("K", _LINE),
        "Zarc": ("Zarc", _same(R="_resistance", tau="_time_constant", n="_exponent")),
        "Ha": ("HN", _same(R="_resistance", tau="_time_constant", a="_alpha", b="_beta")),
    },
    "impedance_py": {
        "R": ("R", _indexed("")), "C": ("C", _indexed("")), "L": ("L", _indexed("")), "W": ("W", _indexed("")),
        "CPE": ("Q", _indexed("", "_exponent")), "Wo": ("Wo", _indexed("_resistance", "_time_constant")),
        "Ws": ("Ws", _indexed("_resistance", "_time_constant")), "G": ("G", _indexed("_resistance", "_time_constant")),
        "K": ("K", _indexed("_resistance", "_time_constant")),
        "Zarc": ("Zarc", _indexed("_resistance", "_time_constant", "_exponent")),
        "TLMQ": ("TLM", _indexed("_ionic_resistance", "_interface", "_exponent")),
    },
}  # fmt: skip
