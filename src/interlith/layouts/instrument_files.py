"""Which instrument does a file describe, whichever program wrote it?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from interlith.errors import ReadError, StudyError
from interlith.layouts.instrument_facts import InstrumentFacts, read_instrument_text
from interlith.layouts.instrument_fullprof import is_fullprof, read_fullprof
from interlith.layouts.instrument_gsas import is_gsas, read_gsas
from interlith.layouts.instrument_gsas2 import is_gsas2, read_gsas2

_READERS: tuple[tuple[Callable[[str], bool], Callable[[str, str], tuple[InstrumentFacts, ...]]], ...] = (
    (is_gsas2, read_gsas2), (is_gsas, read_gsas), (is_fullprof, read_fullprof),
)  # fmt: skip


def instrument_facts(path: str | Path) -> tuple[InstrumentFacts, ...]:
    """What an instrument file of another program says, one entry a bank.

    Parameters
    ----------
    path
        GSAS (.prm, .inst), GSAS-II (.instprm) or FullProf (.irf); told apart by content. Files for time of flight are
        read as well: their words are there, and nothing else.

    Raises
    ------
    ReadError
        If the content is none of these, or damaged.
    """
    file = Path(path)
    text = read_instrument_text(file)
    reader = next((read for is_it, read in _READERS if is_it(text)), None)
    if reader is None:
        raise ReadError(
            f"{file.name} is no instrument file that is known: GSAS (cards INS), GSAS-II (.instprm), FullProf (.irf) or the "
            "TOML that write_instrument makes."
        )
    return reader(text, file.name)


def chosen_bank(banks: Sequence[InstrumentFacts], bank: int | None, file: str) -> InstrumentFacts:
    """The bank asked for, or the only one.

    Raises
    ------
    StudyError
        If several are there and none is named, or there is no such bank.
    ReadError
        If it is for time of flight.
    """
    numbers = [one.bank for one in banks]
    if bank is None and len(banks) > 1:
        raise StudyError(f"{file} describes the banks {', '.join(map(str, numbers))}; name one, bank={numbers[0]}.")
    found = [one for one in banks if bank is None or one.bank == bank]
    if not found:
        raise StudyError(f"{file} has no bank {bank}; allowed: {', '.join(map(str, numbers))}.")
    if found[0].time_of_flight:
        raise ReadError(
            f"{file}, bank {found[0].bank}, describes a time-of-flight instrument; time of flight is not modelled yet. Its "
            "words can be read with instrument_facts."
        )
    return found[0]


def known(value: float, default: float) -> float:
    """A number, or a default in place of nan."""
    return default if math.isnan(value) else value
