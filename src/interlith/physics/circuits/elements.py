"""Which elements may stand in a circuit, and what do other programs call them?"""

from __future__ import annotations

from interlith.errors import FitError, nearest
from interlith.physics.circuits import diffusion, lumped, porous, relaxing
from interlith.physics.circuits.element import Element

#: Symbol -> element, in the order of the documentation.
ELEMENTS: dict[str, Element] = {
    item.symbol: item for module in (lumped, diffusion, relaxing, porous) for item in module.ELEMENTS
}
#: Symbols of impedance.py and of the circuit description code -> ours.
ALIASES: dict[str, str] = {"CPE": "Q", "ZARC": "Zarc", "TLMQ": "TLM", "Ha": "HN"}
#: All that a reader looks for, longest first, so that Wo is not read as W.
SYMBOLS: tuple[str, ...] = tuple(sorted((*ELEMENTS, *ALIASES), key=lambda symbol: -len(symbol)))


def element(symbol: str) -> Element:
    """The element of a symbol or alias.

    Raises
    ------
    FitError
        If there is none.
    """
    found = ELEMENTS.get(ALIASES.get(symbol, symbol))
    if found is None:
        raise FitError(f"'{symbol}' is no element of a circuit; {nearest(symbol, (*ELEMENTS, *ALIASES))}.")
    return found
