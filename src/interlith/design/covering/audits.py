"""Do the numbers of a coating agree with each other: dose, thickness and surface; and with those that were reported?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from interlith.design.covering.asking import SURFACE, THICKNESS, Asked
from interlith.design.covering.densities import an
from interlith.design.covering.doses import BASES, basis_words
from interlith.design.covering.findings import caveats, declared_dose, doses_of_size, listed, surface_words, written
from interlith.design.covering.numbers import SIZE_NAMES, Answered, within_digits
from interlith.design.reported import Hint, audited
from interlith.errors import UnitError
from interlith.model import Finding
from interlith.model.finding import Verdict
from interlith.notation import significant
from interlith.units import factor, parse

#: Names of reported numbers that say size, and the size that they mean.
_SIZE_OF = {f"threshold_{name}": size for size, name in SIZE_NAMES.items()}


def audits(
    answered: Answered, reported: Mapping[str, str | float] | None, digits: Mapping[str, float]
) -> tuple[Finding, ...]:
    """All checks.

    Parameters
    ----------
    answered
        What was worked out.
    reported
        Numbers of a paper by quantity.
    digits
        Input -> relative half width of its last printed digit.

    Raises
    ------
    StudyError, UnitError
        If a reported number is of no known quantity, or cannot be read.
    """
    found = [*_thickness(answered, digits), *_roughness(answered)]
    if reported:
        known = within_digits(answered, digits)
        by_digits = any(math.isinf(item.std) for item in answered.observables)
        note = (
            ("Inputs of undeclared uncertainty count as known to half of their last printed digit.",)
            if by_digits
            else ()
        )
        made = audited(known, reported, hints=hints(answered, reported))
        found += [replace(item, caveats=(*item.caveats, *note)) for item in made]
    found += _densities(answered, reported or {})
    return tuple(found)


def _thickness(answered: Answered, digits: Mapping[str, float]) -> Iterator[Finding]:
    """Whether dose, thickness and surface agree."""
    asked = answered.asked
    if not answered.has("needed_specific_surface"):
        return
    assert asked.dose is not None
    assert asked.coating is not None
    dose = declared_dose(asked, asked.dose)
    thickness = f"{asked.inputs[THICKNESS].value:.4g} nm"
    needs = (
        f"A dose of {dose} as a closed layer of {thickness} of {asked.coating.words} needs "
        f"{written(answered, 'needed_specific_surface', 2)}"
    )
    item = answered["needed_specific_surface"]
    if not answered.has("needed_over_declared_surface"):
        diameter = 6.0 / (answered.value("needed_specific_surface") * asked.host.density * 1e-3)
        yield Finding(
            "dose and thickness",
            f"{needs}: that of smooth spheres of {asked.host.name} with a diameter of {significant(diameter, 3)} nm.",
            "descriptive", item.quantity, item.value, *_ends(answered, item.quantity), unit="m^2/g",
            caveats=caveats(answered, item),
        )  # fmt: skip
        return
    ratio = answered.value("needed_over_declared_surface")
    agrees, blind = _agree(answered, digits)
    verdict: Verdict = "supported" if agrees else "contradicted"
    has = (
        f"declared are {surface_words(asked)}" if SURFACE in asked.inputs
        else f"{surface_words(asked)} has {written(answered, 'geometric_specific_surface', 2)}"
    )  # fmt: skip
    carried = f"it would carry {written(answered, 'coating_thickness', 2)}"
    if agrees:
        end = f"; {has}: dose, thickness and surface agree ({carried})."
    elif ratio > 1:
        end = (
            f"; {has}, so {carried}. Dose, thickness and surface contradict each other: {thickness} everywhere asks for "
            f"{significant(ratio, 2)} times the surface (a roughness factor, pores, smaller particles), or "
            f"{significant(100 * (1 - 1 / ratio), 2)} % of the coating lies elsewhere."
        )
    else:
        end = (
            f"; {has}, so {carried}. Dose, thickness and surface contradict each other: a layer of {thickness} covers "
            f"{significant(100 * ratio, 2)} % of the surface."
        )
    if SURFACE in asked.inputs and answered.has("smooth_coating_thickness"):
        end += f" Smooth particles of the declared size would carry {written(answered, 'smooth_coating_thickness', 2)}."
    more = (f"No uncertainty was declared of {listed(blind)}: the printed digits decide.",) if blind else ()
    yield Finding(
        "dose and thickness", needs + end, verdict, item.quantity, item.value, *_ends(answered, item.quantity), unit="m^2/g",
        caveats=(*more, *asked.notes), details={"ratio": ratio, "verdict": "holds" if agrees else "contradicts"},
    )  # fmt: skip


def _ends(answered: Answered, quantity: str) -> tuple[float, float]:
    item = answered[quantity]
    return item.interval() if math.isfinite(item.std) else (-math.inf, math.inf)


def _agree(answered: Answered, digits: Mapping[str, float]) -> tuple[bool, list[str]]:
    """Whether needed and declared surface agree within declared uncertainties and, where none are, printed digits."""
    parts = answered["needed_over_declared_surface"].components
    ratio = answered.value("needed_over_declared_surface")
    known = math.sqrt(math.fsum((size / ratio) ** 2 for size in parts.values() if math.isfinite(size)))
    labels = {source: name for name, source in answered.asked.labels.items()}
    blind = [labels.get(source, source.partition(":")[2]) for source, size in parts.items() if math.isinf(size)]
    loose = math.fsum(digits.get(name, 0.0) for name in blind)
    return abs(math.log(ratio)) <= 2 * known + loose + 1e-9, blind


def _roughness(answered: Answered) -> Iterator[Finding]:
    """What specific surface and size say of each other."""
    if not answered.has("implied_roughness"):
        return
    item, asked = answered["implied_roughness"], answered.asked
    assert item.value is not None
    low, high = _ends(answered, item.quantity)
    smooth = asked.inputs[SURFACE].value / item.value
    words = (
        f"The declared {significant(asked.inputs[SURFACE].value, 3)} m^2/g is {written(answered, 'implied_roughness', 2)} times the "
        f"{significant(smooth, 2)} m^2/g of smooth particles of the declared size ({an(asked.shape.name)})"
    )
    impossible = item.value < 1 and (high < 1 or not math.isfinite(item.std))
    yield Finding(
        "roughness", f"{words}: {'less than any surface of them can be.' if impossible else 'rough, porous, or smaller than declared.'}",
        "contradicted" if impossible and high < 1 else ("undecided" if impossible else "descriptive"),
        item.quantity, item.value, low, high, unit="1", caveats=caveats(answered, item),
    )  # fmt: skip


def hints(answered: Answered, reported: Mapping[str, str | float]) -> dict[str, list[Hint]]:
    """Other readings that would lead to a reported number."""
    asked = answered.asked
    found: dict[str, list[Hint]] = {}
    if asked.has_size and SURFACE not in asked.inputs:
        found["monolayer_dose"] = doses_of_size(answered, asked.inputs[asked.size_is].value)
        found["monolayer_dose"] += _readings(answered, "monolayer")
    if asked.dose is not None:
        found["dose_of_TM"] = _readings(answered, "dose")
    prefactor = answered.value("surface_prefactor")
    found["surface_prefactor"] = _other_sizes(asked, prefactor)
    if asked.surface.rule == "facet" and not {"areal_density", "volumetric_density"} & set(reported):
        found["surface_prefactor"] += _rounded(answered, prefactor)
    printed = _prefactor(reported)
    for quantity in _SIZE_OF:
        if answered.has(quantity):
            found[quantity] = [
                (f"the {other.removeprefix('threshold_').replace('_', ' ')}", answered.value(other))
                for other in _SIZE_OF if other != quantity and answered.has(other)
            ] + [(f"half the {quantity.removeprefix('threshold_').replace('_', ' ')}", answered.value(quantity) / 2)]  # fmt: skip
        if answered.has(quantity) and printed is not None and quantity == f"threshold_{SIZE_NAMES[_named(asked)]}":
            found[quantity].append(
                (f"the reported {reported['surface_prefactor']}", answered.value(quantity) * printed / prefactor)
            )
    for stem in ("monolayer", "dose"):
        names = [
            item.quantity
            for item in answered.observables
            if item.quantity.startswith(f"{stem}_") and "_mass_of_" in item.quantity
        ]
        for name in names:
            found[name] = [(_mass_words(asked, stem, other), answered.value(other)) for other in names if other != name]
    return found


def _mass_words(asked: Asked, stem: str, quantity: str) -> str:
    what, _, basis = quantity.removeprefix(f"{stem}_").partition("_mass_of_")
    whole = next(item for item in BASES if item.replace(" ", "_") == basis)
    return f"{asked.element if what == 'element' else asked.coating_name} of {basis_words(whole, asked.element, asked.coating_name)}"


def _readings(answered: Answered, stem: str) -> list[Hint]:
    """The same amount as another at% or wt%."""
    asked = answered.asked
    found = [(f"{asked.element} over {asked.element} plus TM", answered.value(f"{stem}_share_of_all"))]
    if answered.has("monolayer_all_counted") and stem == "monolayer":
        found.append(("counting all atoms of the layer", answered.value("monolayer_all_counted")))
    names = [
        item.quantity
        for item in answered.observables
        if item.quantity.startswith(f"{stem}_") and "_mass_of_" in item.quantity
    ]
    return found + [(f"wt% {_mass_words(asked, stem, name)}", answered.value(name)) for name in names]


def _other_sizes(asked: Asked, prefactor: float) -> list[Hint]:
    shape = asked.shape
    own = _named(asked)
    found = [
        (f"the {shape.words(size)} instead of the {shape.words(own)}", prefactor * shape.length(size) / shape.length(own))
        for size in SIZE_NAMES if size != own and (size != "edge" or shape.edge > 0)
    ]  # fmt: skip
    each = asked.counted.element / asked.counted.every
    if abs(each - 1) > 1e-12:
        found.append((f"counting {asked.element} alone", prefactor * each))
    else:
        found.append((f"counting {asked.element} and one metal", 2 * prefactor))
    return found


def _named(asked: Asked) -> str:
    """The size that the prefactor belongs to."""
    return asked.size_is or ("edge" if asked.shape.edge > 0 else "diameter")


def _prefactor(reported: Mapping[str, str | float]) -> float | None:
    """The reported prefactor (nm), where there is one."""
    if "surface_prefactor" not in reported:
        return None
    try:
        return _printed(reported["surface_prefactor"], "nm")
    except UnitError:
        return None


def _rounded(answered: Answered, prefactor: float) -> list[Hint]:
    """The prefactor from densities that were rounded on the way."""
    area, volume = answered.value("areal_density"), answered.value("volumetric_density")
    found = []
    for digits in (2, 3):
        rounded = float(f"{area:.{digits - 1}e}")
        found.append((f"an areal density rounded to {rounded:g} 1/nm^2", prefactor * rounded / area))
        both = float(f"{volume:.{digits - 1}e}")
        found.append(
            (f"densities rounded to {rounded:g} 1/nm^2 and {both:g} 1/nm^3", prefactor * rounded / area * volume / both)
        )
    return found


def _densities(answered: Answered, reported: Mapping[str, str | float]) -> Iterator[Finding]:
    """Which prefactor two reported densities lead to, as printed and with the powers of ten set right."""
    if not {"areal_density", "volumetric_density"} <= set(reported):
        return
    asked = answered.asked
    try:
        area = _printed(reported["areal_density"], "1/nm^2")
        volume = _printed(reported["volumetric_density"], "1/nm^3")
    except UnitError:
        return
    ours, prefactor = (
        answered.value("areal_density") / answered.value("volumetric_density"),
        answered.value("surface_prefactor"),
    )
    if not (area > 0 and volume > 0) or asked.surface.rule != "facet":
        return
    literal = prefactor * (area / volume) / ours
    power = (
        round(math.log10(area / answered.value("areal_density"))),
        round(math.log10(volume / answered.value("volumetric_density"))),
    )
    scaled = literal * 10.0 ** (power[1] - power[0])
    text = f"The reported densities lead to {significant(literal, 2)} nm / size for N_S/N_V"
    if power != (0, 0):
        text += (
            f" in their printed units; with the powers of ten set right (10^{-power[0]} and 10^{-power[1]}) to "
            f"{significant(scaled, 2)} nm"
        )
    printed = reported.get("surface_prefactor")
    verdict: Verdict = "supported" if power == (0, 0) and abs(literal / prefactor - 1) < 0.05 else "contradicted"
    if printed is not None:
        given = parse(str(printed))
        scale = factor(given.unit, "nm")
        half = given.resolution * scale / 2
        same = abs(scaled - given.value * scale) <= half * (1 + 1e-9)
        text += f", {'as' if same else 'not the'} reported {printed}"
        verdict = "supported" if same and power == (0, 0) else "contradicted"
    yield Finding("audit", f"{text}; ours is {significant(prefactor, 4)} nm.", verdict, "surface_prefactor", scaled, unit="nm",
                  details={"verdict": "holds" if verdict == "supported" else "contradicts", "literal": literal})  # fmt: skip


def _printed(text: str | float, unit: str) -> float:
    given = parse(text)
    return given.value * factor(given.unit, unit)
