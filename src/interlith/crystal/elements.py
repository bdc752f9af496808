"""How heavy is an element or isotope, and is a word one?"""

from __future__ import annotations

from functools import cache

from interlith.errors import StudyError, nearest

#: Transition metals by the groups 3 to 12 of the periodic table without lanthanides and actinides.
TRANSITION_METALS = frozenset(
    (
        *("Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn"),
        *("Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd"),
        *("Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg"),
    )
)
ANIONS = ("O", "S", "Se", "F", "Cl", "Br", "I", "N", "P")


@cache
def symbols() -> tuple[str, ...]:
    """Chemical symbols from H to Og, and D."""
    import gemmi

    return (*(gemmi.Element(number).name for number in range(1, 119)), "D")


def checked_symbol(word: str) -> str:
    """The symbol as it is spelt: ``LA`` -> ``La``.

    Raises
    ------
    StudyError
        If it is no element.
    """
    spelt = word[:1].upper() + word[1:].lower()
    if spelt not in symbols():
        raise StudyError(f"'{word}' is no chemical element; {nearest(word, symbols()[:103])}.")
    return spelt


@cache
def atomic_mass(element: str, isotope: int | None = None) -> float:
    """Molar mass (g/mol) of the natural mixture, or of one isotope.

    Raises
    ------
    StudyError
        If there is no such element or isotope.
    """
    import gemmi

    symbol = checked_symbol(element)
    if isotope is None:
        return float(gemmi.Element(symbol).weight)
    import periodictable

    try:
        return float(periodictable.elements.symbol(symbol)[isotope].mass)
    except KeyError:
        known = periodictable.elements.symbol(symbol).isotopes
        raise StudyError(f"{symbol} has no isotope {isotope}; {nearest(str(isotope), map(str, known))}.") from None
