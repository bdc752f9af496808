"""What does a growth mode say in sentences: which mode, up to which misfit, how stiff, how thick, how large?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from interlith.design.growing.numbers import MODE_NAMES, Answered
from interlith.design.reported import Hint
from interlith.model import Finding, Observable
from interlith.model.finding import Verdict
from interlith.notation import significant, unit_text, with_uncertainty
from interlith.physics.growth.layers import MODES

#: A mode is said to be found from this probability on.
_SURE = 0.95
#: A modulus that differs by more than this factor from the tabulated one is worth a word.
_ALIKE = 1.25


def findings(answered: Answered) -> tuple[Finding, ...]:
    """Mode, boundary, modulus, thickness and islands, in this order."""
    made = [_mode(answered), _boundary(answered), _modulus(answered)]
    if answered.has("critical_thickness"):
        made.append(_thickness(answered))
    return (*made, _islands(answered))


def caveats(answered: Answered) -> tuple[str, ...]:
    """What must stand beside every number of the answer."""
    asked = answered.asked
    said = list(asked.notes)
    if asked.rounded:
        said.append(
            f"Of {_list(asked.rounded)} only the rounding of the last digit is in; the true uncertainty is larger."
        )
    unknown = [name for name, given in answered.inputs.items() if math.isnan(given.std)]
    if unknown:
        said.append(f"No uncertainty of {_list(unknown)} was given: taken as exact.")
    return tuple(said)


def _list(names: tuple[str, ...] | list[str]) -> str:
    words = [f"the {name}" for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def short(value: float) -> str:
    """A number as a person writes it: three digits, no zeros behind."""
    return f"{value:.3g}"


def text(item: Observable) -> str:
    """Value with its interval in words."""
    if item.value is None:
        return item.flag
    low, high = item.interval()
    value = with_uncertainty(item.value, item.std, item.unit) if item.low is None else f"{significant(item.value, 3)}"
    if item.low is None:
        return value
    if low == high:
        return f"{value}{unit_text(item.unit)}"
    return f"{value} ({significant(low, 3)} to {significant(high, 3)}){unit_text(item.unit)}"


def _mode(answered: Answered) -> Finding:
    shares = answered.probabilities
    best = max(range(len(MODES)), key=lambda code: shares[code])
    item = answered[f"probability_{MODE_NAMES[best]}"]
    low, high = item.interval()
    count = len(next(iter(answered.draws.values())))
    sure = f"{significant(shares[best], 3)}" if shares[best] < 1 else f"at least {significant(low, 5)}"
    others = "; ".join(
        f"{MODES[code]} {significant(shares[code], 2)}"
        for code in range(len(MODES))
        if code != best and shares[code] > 0
    )
    statement = (
        f"{answered.asked.where} grows in the {MODES[best]} mode with a probability of {sure}"
        f"{f' ({others})' if others else ''}: the first layer adds {text(answered['first_layer_energy'])}, every later one "
        f"{text(answered['later_layer_energy'])}."
    )
    return Finding(
        "growth mode", statement, "supported" if low >= _SURE else "undecided", item.quantity, shares[best], low, high,
        unit="1", probability=shares[best],
        caveats=(
            f"The probability is that of the declared inputs, from {count} draws; equilibrium is assumed: a film that is "
            "supersaturated or too cold to rearrange grows on in layers.",
            *caveats(answered),
        ),
        details={name: share for name, share in zip(MODE_NAMES, shares, strict=True)},
    )  # fmt: skip


def _boundary(answered: Answered) -> Finding:
    item = answered["largest_wetting_misfit"]
    misfit = 100 * abs(answered.inputs["misfit"].value)
    assert item.value is not None
    # Without an interval nothing that was declared moves it: a host that is not wetted at any misfit.
    low, high = item.interval() if item.low is not None else (item.value, item.value)
    verdict: Verdict = "supported" if misfit < low else "contradicted" if misfit > high else "undecided"
    return Finding(
        "growth boundary",
        f"The first layer of {answered.asked.where} pays {f'up to a misfit of {text(item)}' if item.value else 'at no misfit'}; it "
        f"is {short(misfit)} %.",
        verdict, item.quantity, item.value, low, high, unit="%",
    )  # fmt: skip


def _modulus(answered: Answered) -> Finding:
    """What the strain energy stands for, beside what the stiffness says."""
    implied = answered["implied_modulus"]
    assert implied.value is not None
    layer, misfit = answered.inputs["layer spacing"].value, answered.asked.reference
    own = f"{short(layer)} angstrom"
    if "elastic cost" not in answered.inputs:
        statement = (
            f"A layer of {own} with a biaxial modulus of {text(implied)} stores {text(answered['layer_elastic_energy'])} at "
            f"{short(100 * abs(misfit))} % (E = M e^2 h)."
        )
        return Finding("modulus", statement, "descriptive", "implied_modulus", implied.value, unit="GPa")
    cost = answered.inputs["elastic cost"].value
    statement = (
        f"A strain energy of {short(cost)} J/m^2 at {short(100 * misfit)} % on a layer of {own} stands for a "
        f"biaxial modulus of {text(implied)} (E = M e^2 h)"
    )
    if not answered.has("stiffness_modulus") or answered.asked.row is None:
        return Finding(
            "modulus",
            f"{statement}.",
            "descriptive",
            "implied_modulus",
            implied.value,
            unit="GPa",
            caveats=answered.asked.notes,
        )
    stated = answered["stiffness_modulus"]
    assert stated.value is not None
    ratio = implied.value / stated.value
    name = answered.asked.row.name.removesuffix("_computed")
    alike = 1 / _ALIKE < ratio < _ALIKE
    statement += f"; the stiffness of {name} gives {significant(stated.value, 3)} GPa, {_off(ratio)}"
    if not alike:
        statement += _reading(answered, ratio)
    same = name in (answered.asked.film, "declared constants")
    verdict: Verdict = "supported" if alike else "contradicted" if same else "undecided"
    return Finding(
        "modulus", f"{statement}.", verdict, "implied_modulus", implied.value, unit="GPa", caveats=answered.asked.notes,
        details={"implied": implied.value, "stiffness": stated.value, "ratio": ratio},
    )  # fmt: skip


def _off(ratio: float) -> str:
    return f"so that the energy is that of a film {significant(ratio if ratio > 1 else 1 / ratio, 2)} times {'stiffer' if ratio > 1 else 'softer'}"


def _reading(answered: Answered, ratio: float) -> str:
    """The other reading of the energy that would bring both together."""
    layer = answered.inputs["layer spacing"].value
    said = f". A layer of {short(layer * ratio)} angstrom would bring both together"
    if 1 / _ALIKE < 2 * ratio < _ALIKE:
        twice = 2 * (answered["implied_modulus"].value or math.nan)
        said += f"; read as M e^2 h / 2, the energy of a film strained in one direction, it would stand for {short(twice)} GPa"
    return said


def _thickness(answered: Answered) -> Finding:
    forces, energies = answered["critical_thickness"], answered["critical_thickness_energy"]
    misfit = short(100 * abs(answered.inputs["misfit"].value))
    if forces.value is None:
        statement = (
            f"At a misfit of {misfit} % there is no critical thickness of {answered.asked.where}: {forces.flag}."
        )
    else:
        statement = (
            f"Misfit dislocations pay in {answered.asked.where} from {text(forces)} on (balance of forces), and by the balance "
            f"of whole energies from {text(energies)} on."
        )
    return Finding(
        "critical thickness", statement, "descriptive", "critical_thickness", forces.value, forces.low, forces.high,
        unit="nm", caveats=("Isotropic means of the stiffness; films often stay coherent beyond it because lines must form and glide.",),
    )  # fmt: skip


def _islands(answered: Answered) -> Finding:
    item = answered["stable_island_size"]
    asked = answered.asked
    words = (
        f"Relaxed islands of {asked.film} beat the strained film from a base of {text(item)} on, {text(answered['stable_island_height'])} "
        f"high; smaller than {text(answered['critical_island_size'])} they shrink"
        if item.value is not None
        else f"No island of {asked.film} is stable: {item.flag}"
    )
    if answered.has("stable_island_size_with_network") and item.value is not None:
        which = "declared network" if "network energy" in asked.inputs else "full network of misfit dislocations"
        words += f". With a {which} below them: from {text(answered['stable_island_size_with_network'])} on"
    said = [
        "Pyramids of one shape whose strain relaxes by the same share at all sizes; without a network the size is a lower bound."
    ]
    if int(answered.middle.mode) == MODES.index("Volmer-Weber"):
        said.append(
            "They stand on a wetted host here; on a host that does not wet they cover its bare surface instead."
        )
    if asked.assumed and item.value is not None:
        said.append(f"Nobody declared {_list(asked.assumed)}: the range is an assumption, and most of the interval.")
    return Finding(
        "islands", f"{words}.", "descriptive", "stable_island_size", item.value, item.low, item.high, unit="nm",
        caveats=(*said, *caveats(answered)),
    )  # fmt: skip


def hints(answered: Answered) -> Mapping[str, tuple[Hint, ...]]:
    """Other readings of numbers that people report."""
    size, height = answered["stable_island_size"], answered["stable_island_height"]
    found: dict[str, tuple[Hint, ...]] = {}
    if size.value is not None and height.value is not None:
        found["stable_island_size"] = (
            ("the radius of the base", size.value / 2), ("the height", height.value),
            ("the critical nucleus", 2 * size.value / 3),
        )  # fmt: skip
        if answered.has("stable_island_size_with_network"):
            other = answered["stable_island_size_with_network"].value
            if other is not None:
                found["stable_island_size"] += (("an island with a network of dislocations below it", other),)
    implied = answered["implied_modulus"].value
    if implied is not None:
        found["implied_modulus"] = (("an energy of M e^2 h / 2", 2 * implied),)
    return found


def surface_for(answered: Answered, size: float) -> str:
    """The surface energy at which islands are stable from a reported size (nm) on, as a sentence."""
    own = answered["stable_island_size"].value
    surface = answered.inputs["film surface energy"].value
    if not own:
        return ""
    needed = surface * size / own
    given = answered.inputs["film surface energy"]
    inside = given.low <= needed <= given.high
    return (
        f"Islands stable from {short(size)} nm on stand for a surface energy of {short(needed)} J/m^2 in this "
        f"model, {'inside' if inside else 'outside'} what is taken for it."
    )
