"""How does a study say what is refined: phases, instrument, what moves, between which bounds?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from interlith.errors import StudyError, UnitError, nearest
from interlith.layouts.instrument_facts import InstrumentFacts
from interlith.layouts.instrument_files import chosen_bank, facts_in
from interlith.layouts.instrument_toml import KEYS, checked_values
from interlith.model.recording import declared
from interlith.numerics.fitting.parameters import Sum, Tie
from interlith.physics.powder.instrument import Instrument
from interlith.techniques.diffraction.instruments import known_instrument
from interlith.techniques.diffraction.named_files import crystals, file_of
from interlith.techniques.diffraction.option_values import number, quantity, texts, words_of
from interlith.techniques.diffraction.refinement.amounts import Element
from interlith.techniques.diffraction.refinement.chain import STARTS
from interlith.techniques.diffraction.refinement.pattern import Pattern
from interlith.techniques.diffraction.refinement.plans import Plan, Stage
from interlith.techniques.diffraction.refinement.setup import Setup
from interlith.techniques.diffraction.refinement.standards import Standard
from interlith.techniques.diffraction.refinement_phases import phases

#: Word under ``analyses: diffraction:`` -> what it says.
SENTENCES: dict[str, str] = {
    "phases": "structures that are refined: [LNMO.cif, LaMnO3.cif], by name {spinel: LNMO.cif}, or with words {spinel: {file: LNMO.cif, refine: [cell, size, strain], u_iso: all, texture: [0, 0, 1]}}",
    "instrument": "instrument file (id22.toml, .prm, .instprm, .irf), a word (Cu, synchrotron, neutron), or its numbers {wavelengths: [0.7748], gauss: [0, 0, 0.0004]}",
    "background": "number of polynomials of the background, 1 to 40",
    "humps": "broad humps of glass or of a holder in the background, each with its place and full width: [[22 deg, 8 deg]]",
    "start": "where the refinement of each pattern begins: previous, forward, backward, fresh or nearest-good",
    "refine": "what is refined of instrument and mounting: [zero, displacement, gauss_w, lorentz_x]",
    "fixed": "names that are held although they would be refined: [LNMO_microstrain, '*_texture']",
    "values": "where names start, or stay if they are fixed: {LNMO_cell_a: 8.17 angstrom, zero: 0.01 deg}",
    "bounds": "lowest and highest values of names: {LNMO_cell_a: [8.1 angstrom, 8.2 angstrom]}, or released for none but those of physics",
    "ties": "names that follow from others: {LNMO_O1_u_iso: LNMO_Mn1_u_iso}, or with factors {B_scale: {A_scale: 0.5, constant: 0}}",
    "sums": "sums that are kept: [{of: [A_Ni1_occupancy, A_Mn1_occupancy], equals: 1}]",
    "plan": "names that are set free one stage after the other: [['*_scale', 'background_*'], ['*_cell_*']]",
    "texture": "auto: textures are looked for in what the refined patterns leave over, and told as choices",
    "offered": "crystals that may account for peaks that the phases leave over: [LaNiO3.cif]; shipped ones of the same elements by default",
    "element_fraction": "share of an element that one phase holds: {element: La, phase: LaMnO3, per: [Ni, Mn]}",
    "standard": "crystalline standard that was mixed in, with its weight over that of the mixture: {phase: corundum, added: 0.2 +- 0.001}, or one for each specimen, added: {S1: 0.2 +- 0.001}",
}  # fmt: skip
#: All that a refinement reads.
WORDS = (*SENTENCES, "limits", "masks", "skip", "wavelength", "against")
#: Ends of names -> unit of their values.
_UNITS = {
    "_cell_a": "angstrom", "_cell_b": "angstrom", "_cell_c": "angstrom", "_cell_alpha": "deg", "_cell_beta": "deg", "_cell_gamma": "deg",
    "_u_iso": "angstrom^2", "_overall_u": "angstrom^2",
}  # fmt: skip
_COMMON_UNITS = {
    "zero": "deg",
    "displacement": "mm",
    "displacement_across": "mm",
    "lorentz_x": "deg",
    "lorentz_y": "deg",
}
RELEASED = "released"
#: An instrument, angles and a background that names of parameters do not depend on.
_ANY, _ANGLES, _BACKGROUND = Instrument((1.5406,)), (10.0, 90.0), 8


def pattern_of(options: Mapping[str, Any]) -> Pattern:
    """What is refined, by words of a study that were read (`options.plain`).

    Raises
    ------
    StudyError
        If phases have one name, or a number is outside what is allowed.
    """
    bounds = options.get("bounds")
    pattern = Pattern(
        options["phases"], instrument=options.get("instrument"), background=options.get("background"), limits=options.get("limits"),
        masks=options.get("masks"), refine=options.get("refine"), fixed=options.get("fixed", ()), start=options.get("values"),
        bounds=None if bounds == RELEASED else bounds, ties=(*options.get("ties", ()), *options.get("sums", ())),
        plan=options.get("plan"), wavelength=options.get("wavelength"), unbounded=bounds == RELEASED,
        texture=options.get("texture"),
    )  # fmt: skip
    return replace(pattern, humps=options["humps"]) if options.get("humps") else pattern


def check(options: Mapping[str, Any]) -> None:
    """Refuse words of a refinement that do not go together, before any pattern is read.

    Parameters
    ----------
    options
        Read by `options.plain`.

    Raises
    ------
    StudyError
        If no phase is named, or a name is that of no phase or parameter.
    ReadError
        If the instrument is one for time of flight.
    """
    given = [word for word in SENTENCES if options.get(word) is not None]
    if not given:
        return
    if "phases" not in given:
        raise StudyError(f"{given[0]} needs phases: name the structures that are refined, phases: [LNMO.cif].")
    pattern = pattern_of(options)
    asked = [("standard", one.phase) for one in options.get("standard", {}).values()]
    if options.get("element_fraction") is not None:
        asked.append(("element_fraction", options["element_fraction"].phase))
    for word, name in asked:
        if name not in pattern.names:
            raise StudyError(f"{word}: the phase is '{name}'; {nearest(name, pattern.names)}.")
    if pattern.instrument is not None:
        _check_instrument(pattern)
    setup = Setup(pattern, _ANY, 0.0, False, pattern.background or _BACKGROUND, _ANGLES[1])
    model = setup.model(np.linspace(*_ANGLES, 64))
    for tie in pattern.ties:
        for name in (*tie.terms, *((tie.name,) if isinstance(tie, Tie) else ())):
            if name not in model.names:
                raise StudyError(f"ties or sums name '{name}'; {nearest(name, model.names)}.")


def _check_instrument(pattern: Pattern) -> None:
    try:
        known_instrument(pattern.instrument, None, wavelength=pattern.wavelength)
    except StudyError:
        # The data may say the wavelength that is missing here.
        known_instrument(pattern.instrument, {"wavelengths": [1.0]}, wavelength=pattern.wavelength)


def _instrument(value: Any) -> Any:
    """An instrument file, a word, or the numbers of an instrument."""
    given = file_of(value)
    if given is not None:
        return _bank(*given, None)
    if not isinstance(value, Mapping):
        if not isinstance(value, str):
            raise StudyError(
                f"instrument is '{value}'; name a file, a word such as Cu or synchrotron, or write its numbers."
            )
        return value
    if "file" in value:
        words = words_of(value, ("file", "bank"), "instrument")
        inner = file_of(words["file"])
        if inner is None:
            raise StudyError(f"instrument: there is no file {words['file']} in the study folder.")
        return _bank(*inner, words.get("bank"))
    words = words_of(value, tuple(KEYS), "instrument")
    return replace(InstrumentFacts("Interlith", source="study.yaml"), **checked_values(dict(words), "instrument"))


def _bank(file: str, text: str, bank: Any) -> InstrumentFacts:
    found = chosen_bank(facts_in(text, file), None if bank is None else int(bank), file)
    return replace(found, source=found.source or file)


def _background(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 40:
        raise StudyError(f"background is '{value}'; write a number of polynomials from 1 to 40.")
    return value


def _start(value: Any) -> str:
    if value not in STARTS:
        raise StudyError(f"start is '{value}'; {nearest(str(value), STARTS)}.")
    return str(value)


def _value(name: str, value: Any, what: str) -> float:
    """A number in the unit that the parameter of this name has."""
    unit = _COMMON_UNITS.get(name) or next((unit for end, unit in _UNITS.items() if name.endswith(end)), "")
    return quantity(value, unit, f"{what}: {name}") if unit else number(value, f"{what}: {name}")


def _values(value: Any) -> dict[str, float]:
    if not isinstance(value, Mapping):
        raise StudyError(f"values is '{value}'; write names with numbers, {{LNMO_cell_a: 8.17 angstrom}}.")
    return {str(name): _value(str(name), one, "values") for name, one in value.items()}


def _bounds(value: Any) -> Any:
    if value == RELEASED:
        return value
    if not isinstance(value, Mapping):
        raise StudyError(
            f"bounds is '{value}'; write names with two numbers, {{LNMO_cell_a: [8.1, 8.2]}}, or {RELEASED}."
        )
    found = {}
    for name, two in value.items():
        if not isinstance(two, (list, tuple)) or len(two) != 2:
            raise StudyError(f"bounds: {name} is '{two}'; write two numbers in brackets.")
        low, high = (_value(str(name), one, "bounds") for one in two)
        if not low < high:
            raise StudyError(f"bounds: {name} runs from {low:g} to {high:g}; the first must be the smaller.")
        found[str(name)] = (low, high)
    return found


def _terms(value: Any, what: str) -> dict[str, float]:
    if isinstance(value, (str, list, tuple)):
        return dict.fromkeys(texts(value, what), 1.0)
    if not isinstance(value, Mapping) or not value:
        raise StudyError(f"{what} is '{value}'; write names in brackets, or names with factors.")
    return {str(name): number(one, f"{what}: {name}") for name, one in value.items()}


def _ties(value: Any) -> tuple[Tie, ...]:
    if not isinstance(value, Mapping):
        raise StudyError(f"ties is '{value}'; write names with what they follow, {{A_O1_u_iso: A_Mn1_u_iso}}.")
    found = []
    for name, one in value.items():
        words = dict(one) if isinstance(one, Mapping) else one
        constant = number(words.pop("constant", 0.0), f"ties: {name}: constant") if isinstance(words, dict) else 0.0
        found.append(Tie(str(name), _terms(words, f"ties: {name}"), constant))
    return tuple(found)


def _sums(value: Any) -> tuple[Sum, ...]:
    listed = [value] if isinstance(value, Mapping) else value
    if not isinstance(listed, (list, tuple)):
        raise StudyError(f"sums is '{value}'; write [{{of: [A_Ni1_occupancy, A_Mn1_occupancy], equals: 1}}].")
    found = []
    for one in listed:
        words = words_of(one, ("of", "equals"), "sums")
        terms = _terms(words.get("of"), "sums: of")
        if len(terms) < 2:
            raise StudyError(f"sums: of is '{words.get('of')}'; a sum needs two names or more.")
        found.append(Sum(terms, number(words.get("equals", 0.0), "sums: equals")))
    return tuple(found)


def _plan(value: Any) -> Plan:
    if not isinstance(value, (list, tuple)) or not value:
        raise StudyError(f"plan is '{value}'; write stages in brackets, [['*_scale', 'background_*'], ['*_cell_*']].")
    stages = []
    for one in value:
        words = words_of(one, ("frees", "rounds"), "plan") if isinstance(one, Mapping) else {"frees": one}
        rounds = words.get("rounds", 10)
        if isinstance(rounds, bool) or not isinstance(rounds, int) or rounds < 1:
            raise StudyError(f"plan: rounds is '{rounds}'; write a whole number from 1.")
        stages.append(Stage(texts(words.get("frees"), "plan: frees"), rounds))
    return Plan(tuple(stages))


def _element(value: Any) -> Element:
    words = words_of(value, ("element", "phase", "per"), "element_fraction")
    for word in ("element", "phase"):
        if word not in words:
            raise StudyError(
                f"element_fraction: {word} is missing; write {{element: La, phase: LaMnO3, per: [Ni, Mn]}}."
            )
    return Element(str(words["element"]), str(words["phase"]), texts(words.get("per", ()), "element_fraction: per"))


def _standard(value: Any) -> dict[str, Standard]:
    """Standards by the name of a specimen or variant; under an empty name that of all."""
    words = words_of(value, ("phase", "added"), "standard")
    for word in ("phase", "added"):
        if word not in words:
            raise StudyError(f"standard: {word} is missing; write {{phase: corundum, added: 0.2 +- 0.001}}.")
    added = words["added"] if isinstance(words["added"], Mapping) else {"": words["added"]}
    return {str(name): _weighed(str(words["phase"]), one) for name, one in added.items()}


def _weighed(phase: str, given: Any) -> Standard:
    try:
        added, std = declared(given, "1", "standard: added")
    except UnitError as error:
        raise StudyError(str(error)) from error
    if math.isinf(std):
        raise StudyError(f"standard: added is '{given}'; write how sure the weighing is, {added:g} +- 0.001.")
    return Standard(phase, added, std)


def _humps(value: Any) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(one, (list, tuple)) and len(one) == 2 for one in value
    ):
        raise StudyError(f"humps is '{value}'; write place and full width of each in brackets, [[22 deg, 8 deg]].")
    found = tuple((quantity(place, "deg", "humps"), quantity(width, "deg", "humps")) for place, width in value)
    if any(width <= 0 for _, width in found):
        raise StudyError(f"humps is '{value}'; a width must be above 0 deg.")
    return found


def _texture(value: Any) -> str:
    if value != "auto":
        raise StudyError(
            f"texture is '{value}'; write auto, or a plane at a phase: {{spinel: {{file: LNMO.cif, texture: [1, 1, 1]}}}}."
        )
    return "auto"


#: Word -> how its value is read.
READ: dict[str, Callable[[Any], Any]] = {
    "phases": phases, "instrument": _instrument, "background": _background, "start": _start,
    "refine": lambda value: texts(value, "refine"), "fixed": lambda value: texts(value, "fixed"), "values": _values, "bounds": _bounds,
    "ties": _ties, "sums": _sums, "plan": _plan, "element_fraction": _element, "standard": _standard,
    "humps": _humps, "texture": _texture, "offered": lambda value: crystals(value, "offered"),
}  # fmt: skip
