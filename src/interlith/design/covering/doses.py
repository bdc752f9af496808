"""What does a dose mean: atoms per metal of the host, a share of all metals, a share of mass, of what, of which whole?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.design.inputs import Uncertain, uncertain
from interlith.errors import StudyError, UnitError, nearest

Array = NDArray[np.float64]

Kind = Literal["at%", "wt%", "monolayers"]
What = Literal["element", "coating"]
Basis = Literal["TM", "TM plus element", "host", "host plus element", "host plus coating", "facet"]
BASES: tuple[Basis, ...] = ("host", "host plus element", "host plus coating")

_DOSE = re.compile(
    r"^\s*(?P<number>.*?[\d.)])\s*(?P<unit>at\.?\s*%|wt\.?\s*%|mol\.?\s*%|%|ML|monolayers?|layers?)"
    r"(?:\s+(?!of\b)(?P<what>[^\s]+))?(?:\s+of\s+(?P<basis>.+?))?\s*$",
    re.IGNORECASE,
)
_EXAMPLES = "'0.5 at%', '0.5 at% of La+TM', '1 wt% of host', '1 wt% of host plus coating' or '1 monolayer'"


@dataclass(frozen=True)
class Masses:
    """Molar masses for one metal of the host and one atom of the element (g/mol).

    Parameters
    ----------
    host
        Mass of host for each of its metals.
    element
        Of the coating element.
    coating
        Mass of coating for each atom of the element in it; nan where no coating is declared.
    """

    host: float
    element: float
    coating: float

    def share(self, atoms: ArrayLike, what: What, basis: Basis) -> Array:
        """Mass share of `atoms` of the element per metal of the host (1)."""
        x = np.asarray(atoms, dtype=float)
        added = x * (self.element if what == "element" else self.coating)
        whole = (
            self.host + {"host": 0.0, "host plus element": self.element, "host plus coating": self.coating}[basis] * x
        )
        return np.asarray(added / whole)

    def atoms(self, share: ArrayLike, what: What, basis: Basis) -> Array:
        """Atoms of the element per metal of the host from a mass share (1)."""
        w = np.asarray(share, dtype=float)
        each = self.element if what == "element" else self.coating
        more = {"host": 0.0, "host plus element": self.element, "host plus coating": self.coating}[basis]
        return np.asarray(w * self.host / (each - w * more))


@dataclass(frozen=True)
class Dose:
    """A declared dose.

    Parameters
    ----------
    kind, what, basis
        Its unit, what was weighed, and the whole that it is a share of.
    number
        Share (1), or number of monolayers.
    """

    kind: Kind
    what: What
    basis: Basis
    number: Uncertain

    def atoms(self, number: ArrayLike, masses: Masses, monolayer: Callable[[], Array] | None) -> Array:
        """Atoms of the element per metal of the host.

        Parameters
        ----------
        number
            The declared number, or draws of it.
        masses
            Of host and coating.
        monolayer
            Atoms of the element per metal in one monolayer; `None` where no size is declared.

        Raises
        ------
        StudyError
            If a dose in monolayers meets no size, or the share of mass is more than there can be.
        """
        value = np.asarray(number, dtype=float)
        if self.kind == "monolayers":
            if monolayer is None:
                raise StudyError(
                    "A dose in monolayers needs the size of the particles or their specific surface; declare one of them."
                )
            return np.asarray(value * monolayer())
        if self.kind == "at%":
            return value if self.basis == "TM" else np.asarray(value / (1.0 - value))
        found = masses.atoms(value, self.what, self.basis)
        if not bool((found >= 0).all()):
            raise StudyError(
                f"A dose of {100 * self.number.value:g} wt% of {self.what} is more than {self.basis} can hold."
            )
        return found

    def words(self, element: str, coating: str) -> str:
        """``at% of TM``, ``wt% of Li3ScF6 in host`` and so on."""
        if self.kind == "monolayers":
            return "monolayers"
        if self.kind == "at%":
            return f"at% {element} of {'TM' if self.basis == 'TM' else f'{element} plus TM'}"
        what = element if self.what == "element" else coating
        return f"wt% {what} of {basis_words(self.basis, element, coating)}"


def basis_words(basis: Basis, element: str, coating: str) -> str:
    """The whole of a share of mass, with names."""
    return {"host plus element": f"host plus {element}", "host plus coating": f"host plus {coating}"}.get(basis, basis)


def read_dose(
    text: str | float | Uncertain, *, element: str, coating: str, basis: str, what: str = "the dose", formula: str = ""
) -> Dose:  # fmt: skip
    """Read a dose.

    Parameters
    ----------
    text
        A number in ``at%`` (per TM of the host, or ``at% of La+TM``), ``wt%`` (of the coating where one is declared, else of
        the element; ``1 wt% La of host``), or ``monolayers``. A bare number or ``%`` is refused: it does not say of what.
    element, coating
        The element, and the name of the coating phase (empty where none is declared).
    basis
        The whole of a share of mass that does not say its own: ``host``, ``host plus element``, ``host plus coating`` or
        ``product`` (with the coating where one is declared, else with the element).
    what
        Words for messages.
    formula
        Of the coating, which may stand for its name.

    Raises
    ------
    UnitError
        If it has no unit of a dose.
    StudyError
        If the whole, or what was weighed, is not one of those that exist.
    """
    found = _DOSE.match(text) if isinstance(text, str) else None
    if found is None or found["unit"] == "%":
        raise UnitError(f"{what} is '{text}', which does not say of what; write for instance {_EXAMPLES}.")
    unit = found["unit"].casefold().replace(" ", "").replace(".", "")
    if unit == "mol%":
        raise UnitError(
            f"{what} is '{text}': mol% may count formula units or metals; write it as at%, such as {_EXAMPLES}."
        )
    if unit not in ("at%", "wt%"):
        return Dose("monolayers", "element", "facet", uncertain(found["number"], "1", what))
    number = uncertain(f"{found['number']} %", "1", what)
    if not number.value < 1:
        raise StudyError(f"{what} is '{text}'; a share stays below 100 %.")
    if unit == "at%":
        return Dose("at%", "element", _atomic(found["basis"], element, what), number)
    weighed: What = "coating" if coating else "element"
    named = (found["what"] or "").strip("()")
    if named and named in (element, "element"):
        weighed = "element"
    elif named and coating and named in (coating, formula, "coating"):
        weighed = "coating"
    elif named:
        allowed = dict.fromkeys(word for word in (element, coating, formula) if word)
        raise StudyError(f"{what} weighs '{named}'; {nearest(named, allowed)}.")
    return Dose("wt%", weighed, mass_basis(found["basis"] or basis, element=element, coating=coating), number)


def _atomic(words: str | None, element: str, what: str) -> Basis:
    text = (words or "TM").strip()
    if re.fullmatch(r"(all\s+)?(the\s+)?(TM|host|metals|transition metals)", text, re.IGNORECASE):
        return "TM"
    parts = {part.strip().casefold() for part in re.split(r"\+|\bplus\b|\band\b", text)}
    if parts == {element.casefold(), "tm"} or parts == {"element", "tm"}:
        return "TM plus element"
    raise StudyError(f"{what} is at% of '{text}'; {nearest(text, ('TM', f'{element}+TM'))}.")


def mass_basis(words: str, *, element: str, coating: str) -> Basis:
    """The whole of a share of mass, from words.

    Raises
    ------
    StudyError
        If it is none, or asks for a coating that is not declared.
    """
    text = re.sub(r"\s*\+\s*", " plus ", words.strip())
    known: dict[str, Basis] = {
        "host": "host", "host plus element": "host plus element", f"host plus {element}": "host plus element",
        "host plus coating": "host plus coating", f"host plus {coating}": "host plus coating",
        "product": "host plus coating" if coating else "host plus element",
    }  # fmt: skip
    folded = {name.casefold(): basis for name, basis in known.items()}
    if text.casefold() not in folded:
        raise StudyError(f"A share of mass is of '{words}'; {nearest(text, known)}.")
    basis = folded[text.casefold()]
    if basis == "host plus coating" and not coating:
        raise StudyError("A share of host plus coating needs the coating; declare it, such as coating: LaMnO3.")
    return basis
