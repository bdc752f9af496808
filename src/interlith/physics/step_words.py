"""What does a vendor's word for a step say: rest, charge or discharge, at constant current or voltage?"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

_REST = ("rest", "r", "ocv", "open circuit", "pause", "pau", "idle", "静置", "搁置", "暂停")
_DISCHARGE = re.compile(r"d_?ch|discharge|\bdis\b|^d_|ccd|cpd|crd|rated|cccv_?d|^d$|entlad|^ela$|放电")
_CHARGE = re.compile(r"chg|charge|^c_|ccc|cpc|ratec|cccv_?c|^c$|^cha$|laden|ladung|^lad$|充电")


@dataclass(frozen=True, slots=True)
class StepWord:
    """`direction` is ``rest``, ``charge``, ``discharge`` or empty; `control` is ``cc``, ``cv``, ``cccv`` or empty."""

    direction: str
    control: str


def step_word(text: str) -> StepWord:
    """Read a vendor's step word such as ``CC DChg``, ``CCCV_Chg``, ``D_CC``, ``CCD``, ``discharge CC`` or ``恒流充电``.

    Notes
    -----
    A word that is not understood gives empty strings; nothing is guessed from it.
    """
    word = text.strip().casefold()
    if word in _REST:
        return StepWord("rest", "")
    direction = "discharge" if _DISCHARGE.search(word) else "charge" if _CHARGE.search(word) else ""
    constant_voltage = "cv" in word or "恒压" in word or "potentiostatic" in word
    constant_current = bool(re.search(r"cc(?!hg)|rate|恒流|galvanostatic", word))
    if constant_voltage and constant_current:
        return StepWord(direction, "cccv")
    if constant_voltage:
        return StepWord(direction or ("charge" if word == "cv" else ""), "cv")
    return StepWord(direction, "cc" if constant_current else "")


def is_discharge(words: pl.Expr) -> pl.Expr:
    """True in rows whose step word says discharge; the pattern is that of `step_word`."""
    return words.cast(pl.String).str.to_lowercase().str.contains(_DISCHARGE.pattern)


def translate(words: pl.Expr, spelling: dict[tuple[str, str], str], known: list[str]) -> pl.Expr:
    """Respell step words for another vendor; words that are not understood stay as they are.

    Parameters
    ----------
    words
        The column.
    spelling
        ``(direction, control)`` to the vendor's word.
    known
        The distinct words in the column.
    """
    table = {}
    for text in known:
        word = step_word(text)
        table[text] = spelling.get((word.direction, word.control), text)
    return words.cast(pl.String).replace(table) if table else words
