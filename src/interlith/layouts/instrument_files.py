"""Which instrument does a file describe, whichever program wrote it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from interlith.errors import ReadError, StudyError, nearest
from interlith.layouts.instrument_facts import InstrumentFacts, read_instrument_text
from interlith.layouts.instrument_fullprof import is_fullprof, read_fullprof
from interlith.layouts.instrument_gsas import is_gsas, read_gsas
from interlith.layouts.instrument_gsas2 import is_gsas2, read_gsas2
from interlith.layouts.instrument_toml import KEYS, instrument_text, is_own, parsed_instrument


def _read_own(text: str, file: str) -> tuple[InstrumentFacts, ...]:
    values, std = parsed_instrument(text, file)
    return (replace(InstrumentFacts("Interlith"), **values, std=std),)


_READERS: tuple[tuple[Callable[[str], bool], Callable[[str, str], tuple[InstrumentFacts, ...]]], ...] = (
    (is_gsas2, read_gsas2), (is_gsas, read_gsas), (is_own, _read_own), (is_fullprof, read_fullprof),
)  # fmt: skip


def instrument_facts(path: str | Path) -> tuple[InstrumentFacts, ...]:
    """What an instrument file says, ours or that of another program, one entry a bank.

    Parameters
    ----------
    path
        GSAS (.prm, .inst), GSAS-II (.instprm), FullProf (.irf) or our own (.toml); told apart by content. Files for time of
        flight are read as well: their words are there, and nothing else.

    Raises
    ------
    ReadError
        If the content is none of these, or damaged.
    """
    file = Path(path)
    return facts_in(read_instrument_text(file), file.name)


def facts_in(text: str, file: str) -> tuple[InstrumentFacts, ...]:
    """What the text of an instrument file says, one entry a bank; `file` is its name, for messages.

    Raises
    ------
    ReadError
        As `instrument_facts`.
    """
    reader = next((read for is_it, read in _READERS if is_it(text)), None)
    if reader is None:
        raise ReadError(
            f"{file} is no instrument file that is known: GSAS (cards INS), GSAS-II (.instprm), FullProf (.irf) or the "
            "TOML that write_instrument_file makes."
        )
    return reader(text, file)


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


def instrument_bank(path: str | Path, *, bank: int | None = None) -> InstrumentFacts:
    """The one instrument of a file, or the bank of it that is asked for.

    Raises
    ------
    ReadError, StudyError
        As `instrument_facts` and `chosen_bank`.
    """
    return chosen_bank(instrument_facts(path), bank, Path(path).name)


def write_instrument_file(
    instrument: InstrumentFacts | Mapping[str, Any], path: str | Path, *, std: Mapping[str, Any] | None = None
) -> Path:
    """Write an instrument to a file of ours.

    Parameters
    ----------
    instrument
        What a file said, or values by the keys of `instrument_toml.KEYS`.
    path
        The file, which is made or replaced.
    std
        Standard uncertainties by the same keys; those of `instrument` where absent.

    Raises
    ------
    StudyError
        If a key is unknown, or the instrument is for time of flight.
    """
    if isinstance(instrument, InstrumentFacts):
        if instrument.time_of_flight:
            raise StudyError("An instrument for time of flight cannot be written: time of flight is not modelled yet.")
        values = {one.name: getattr(instrument, one.name) for one in fields(instrument) if one.name in KEYS}
        std = instrument.std if std is None else std
    else:
        values = dict(instrument)
    for key in [*values, *(std or {})]:
        if key not in KEYS:
            raise StudyError(f"An instrument has no '{key}'; {nearest(key, KEYS)}.")
    target = Path(path)
    target.write_text(instrument_text(values, std or {}), encoding="utf-8", newline="\n")
    return target
