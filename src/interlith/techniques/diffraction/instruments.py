"""Which instrument took a pattern, from a file, from what the data say, or from what is usual, and what of it was assumed?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from interlith.errors import ReadError, StudyError, nearest
from interlith.layouts.instrument_facts import InstrumentFacts
from interlith.layouts.instrument_files import instrument_bank
from interlith.physics.powder.instrument import GEOMETRIES, RADIATIONS, Instrument
from interlith.techniques.diffraction.radiation_lines import (
    Lines,
    agreed_lines,
    alone,
    anodes,
    asked_lines,
    said_lines,
    tube_lines,
)
from interlith.techniques.diffraction.usual_instruments import completed, kind_of, shown

#: What is merged, and by how much two statements may differ before it is told (relative; monochromator: deg).
_MERGED = {"radiation": 0.0, "geometry": 0.0, "radius": 0.01, "monochromator": 0.5, "polarisation": 0.02}
#: Words that name a kind of instrument.
_KINDS = {"neutron": "neutrons", "neutrons": "neutrons", "synchrotron": "synchrotron"}
_SHAPE = ("gauss", "lorentz", "sample_ratio", "slit_ratio")
#: Uncertainties of these are handed on under the names that a pattern has for its parameters.
_PARTS = {"gauss": ("gauss_u", "gauss_v", "gauss_w"), "lorentz": ("lorentz_x", "lorentz_y")}


@dataclass(frozen=True, slots=True)
class Known:
    """An instrument, and where each of its numbers comes from.

    Parameters
    ----------
    instrument
        Complete; only its radius may be nan, where a displacement of the specimen has no meaning.
    zero
        Observed minus true two theta (deg).
    std
        Standard uncertainties that an instrument file states, by the names of the parameters of a pattern: ``zero``, ``gauss_u`` to
        ``gauss_w``, ``lorentz_x``, ``lorentz_y``, ``sample_ratio``, ``slit_ratio``; others by their own.
    notes
        Sentences on what was taken where statements differ, and on what a file says and is not carried over.
    assumed
        Sentences on what nobody said and was taken as usual.
    widths_known
        Whether someone said how wide lines are.
    axial_known
        Whether someone said how far the beam diverges along the axis.
    """

    instrument: Instrument
    zero: float
    std: Mapping[str, float]
    notes: tuple[str, ...]
    assumed: tuple[str, ...]
    widths_known: bool = False
    axial_known: bool = False


def known_instrument(
    source: str | Path | Instrument | InstrumentFacts | None, metadata: Mapping[str, Any] | None, *,
    wavelength: float | None = None, bank: int | None = None, folder: Path | None = None,
) -> Known:  # fmt: skip
    """The instrument of a pattern.

    Parameters
    ----------
    source
        Path of an instrument file (GSAS, GSAS-II, FullProf or our TOML), what such a file says, an instrument, or one word: an anode
        (``Cu``: both K-alpha lines; ``Cu K-alpha 1``: one), ``neutron`` or ``synchrotron``. Nothing: only the data say.
    metadata
        What the file of the data says of its instrument, its ``metadata["instrument"]`` or the metadata around it.
    wavelength
        (angstrom) of the stronger line; wins over files.
    bank
        Which one of an instrument file with several.
    folder
        Where a path is looked for.

    Raises
    ------
    StudyError
        If no one says the wavelength, or two statements are of different instruments.
    ReadError
        If the instrument file cannot be read, or is for time of flight.

    Notes
    -----
    An instrument file wins over the data, and a person over both. What nobody says is taken from what is usual for a tube, a
    synchrotron or neutrons, with a sentence in `assumed`. The assumption that fails first: usual widths. They are where a fit begins;
    size and strain from widths that were refined with the specimen are those of both.
    """
    named, kind = _by_word(source)
    facts, file = (None, f"The instrument {source}") if kind else _facts(source, bank, folder)
    told = _stated(facts) | ({"radiation": "neutron" if kind == "neutrons" else "x-ray"} if kind else {})
    said = _said(metadata)
    notes = list(facts.notes) if facts is not None else []
    own = named if kind else said_lines(told, file)
    theirs = said_lines(said, "The data file")
    if wavelength is None:
        lines = agreed_lines(own, theirs, (file, "the data file"))
    else:
        lines = asked_lines(own if own.wavelengths else theirs, wavelength)
    if not lines.wavelengths:
        raise StudyError(
            "The wavelength is unknown: neither the data nor an instrument file says it. Give wavelength (angstrom), an instrument file, "
            f"or a tube by its anode ({', '.join(anodes())})."
        )
    merged = _merged(told, _words(said), file, notes)
    kind = kind or kind_of(merged, said, lines)
    assumed = list(lines.assumed)
    if kind == "tube" and len(lines.wavelengths) == 1 and not own.wavelengths:
        assumed += alone(lines.wavelengths[0])
    zero, widths_known = merged.pop("zero", 0.0), "gauss" in merged
    axial_known = "sample_ratio" in merged or "slit_ratio" in merged
    instrument = Instrument(wavelengths=lines.wavelengths, ratio=lines.ratio, **completed(merged, kind, assumed))
    std = _uncertain(facts.std) if facts is not None else {}
    return Known(instrument, zero, std, (*notes, *lines.notes), tuple(assumed), widths_known, axial_known)


def facts_of(instrument: Instrument, *, zero: float = 0.0, std: Mapping[str, float] | None = None) -> InstrumentFacts:
    """What an instrument file of ours should say of an instrument: the way back, for `write_instrument_file`.

    Parameters
    ----------
    instrument
        To be saved.
    zero
        Observed minus true two theta (deg).
    std
        Standard uncertainties, named as in `Known`; of several numbers under one key those that are missing become 0.
    """
    two = len(instrument.wavelengths) == 2
    given = std or {}
    kept = {name: value for name, value in given.items() if name in ("zero", "sample_ratio", "slit_ratio", "ratio")}
    parts = {name: tuple(given.get(part, 0.0) for part in own) for name, own in _PARTS.items() if set(own) & set(given)}
    return InstrumentFacts(
        "Interlith", instrument.name, 1, instrument.radiation, wavelengths=instrument.wavelengths,
        ratio=instrument.ratio if two else math.nan, polarisation=instrument.polarisation, monochromator=instrument.monochromator,
        zero=zero, gauss=instrument.gauss, lorentz=instrument.lorentz, sample_ratio=instrument.sample_ratio,
        slit_ratio=instrument.slit_ratio, geometry=instrument.geometry, radius=instrument.radius, source=instrument.source,
        std={**kept, **parts},
    )  # fmt: skip


def _by_word(source: object) -> tuple[Lines, str]:
    """Lines that one word names, and the kind of instrument; nothing where it names none."""
    if not isinstance(source, str):
        return Lines(), ""
    word = source.strip()
    if word in _KINDS:
        return Lines(), _KINDS[word]
    lines = tube_lines(word)
    return (Lines(), "") if lines is None else (lines, "tube")


def _facts(
    source: str | Path | Instrument | InstrumentFacts | None, bank: int | None, folder: Path | None
) -> tuple[InstrumentFacts | None, str]:
    """What an instrument file says, and its name for sentences."""
    if source is None:
        return None, ""
    if isinstance(source, Instrument):
        return facts_of(source), "The instrument"
    if isinstance(source, InstrumentFacts):
        if source.time_of_flight:
            raise ReadError(
                f"The instrument {source.name or source.program} is for time of flight, which is not modelled yet."
            )
        return source, f"The instrument file {source.name}".rstrip()
    path = Path(source) if folder is None else folder / source
    if not path.is_file() and not path.suffix:
        raise StudyError(
            f"The instrument '{source}' is neither a file nor a known word; "
            f"{nearest(str(source), [*anodes(), 'neutron', 'synchrotron'])}, or the path of a .prm, .instprm, .irf or .toml file."
        )
    found = instrument_bank(path, bank=bank)
    return replace(found, source=found.source or path.name), path.name


def _stated(facts: InstrumentFacts | None) -> dict[str, Any]:
    """What an instrument file says; nothing that is empty or nan."""
    if facts is None:
        return {}
    names = ("wavelengths", "ratio", "zero", "name", "source", *_MERGED, *_SHAPE)
    found = {name: getattr(facts, name) for name in names}
    if not any((*(facts.gauss or ()), *(facts.lorentz or ()))):
        found["gauss"] = found["lorentz"] = None  # peaks without width are no statement
    return {name: value for name, value in found.items() if _is_said(value)}


def _is_said(value: object) -> bool:
    if isinstance(value, int | float):
        return math.isfinite(value)
    if isinstance(value, tuple):
        return bool(value) and all(map(math.isfinite, value))
    return bool(value)


def _said(metadata: Mapping[str, Any] | None) -> Mapping[str, Any]:
    given = metadata or {}
    inner = given.get("instrument")
    return inner if isinstance(inner, Mapping) else given


def _words(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the data say that an instrument has, as far as it is understood."""
    found: dict[str, Any] = {}
    for name, allowed in (("radiation", RADIATIONS), ("geometry", GEOMETRIES)):
        if said.get(name) in allowed:
            found[name] = said[name]
    for name in ("radius", "monochromator", "polarisation"):
        value = said.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            found[name] = float(value)
    if "anode" in said:
        found.setdefault("radiation", "x-ray")
    return found


def _merged(told: dict[str, Any], data: dict[str, Any], file: str, notes: list[str]) -> dict[str, Any]:
    """Both statements, the instrument file's first.

    Raises
    ------
    StudyError
        If one is of X-rays and the other of neutrons.
    """
    for name, within in _MERGED.items():
        if name not in told or name not in data:
            continue
        ours, theirs = told[name], data[name]
        if isinstance(ours, str):
            differ = ours != theirs
        else:
            differ = abs(ours - theirs) > within * (1.0 if name == "monochromator" else abs(ours))
        if differ and name == "radiation":
            raise StudyError(
                f"{file} is for {ours} and the data file says {theirs}; name the instrument file of this measurement."
            )
        if differ:
            notes.append(f"{file} says {name} {shown(ours)} and the data file {shown(theirs)}; the former was taken.")
    return {**data, **told}


def _uncertain(std: Mapping[str, Any]) -> dict[str, float]:
    """Standard uncertainties by the names of parameters; 0 and nan stand for those that are not known."""
    found: dict[str, float] = {}
    for name, value in std.items():
        values = value if isinstance(value, tuple | list) else (value,)
        names = _PARTS.get(name, (name,))
        found.update(zip(names, values, strict=False))
    return {name: float(value) for name, value in found.items() if 0 < value < math.inf}
