"""What does a coverage say in words: monolayer, dose, threshold, sizes, and which atoms were counted?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from interlith.crystal.shapes import named_shape
from interlith.design.covering.asking import ROUGHNESS, SURFACE, THICKNESS, Asked
from interlith.design.covering.densities import an, plane
from interlith.design.covering.doses import Dose
from interlith.design.covering.numbers import SIZE_NAMES, Answered
from interlith.design.covering.sizes import WIDTH
from interlith.model import Finding, Observable
from interlith.model.finding import Verdict
from interlith.notation import significant, with_uncertainty

#: A threshold is one monolayer if its interval holds 1; without an interval, if it is nearer than this.
NEAR = 0.1
#: A finite-size term above this stands beside the monolayer.
LARGE = 0.02


def findings(answered: Answered) -> tuple[Finding, ...]:
    """Sentences in the order of a report."""
    made = [_monolayer(answered), *_faces(answered), *_radius(answered), *_sizes(answered)]
    if answered.asked.dose is not None:
        made.append(_dose(answered))
    if answered.has("thickness_monolayers"):
        made.append(_thick(answered))
    if answered.asked.threshold is not None:
        made += _threshold(answered)
    made += [
        _measured(item, answered) for item in answered.observables if item.quantity == "measured_threshold_monolayers"
    ]
    return tuple(made)


def surface_words(asked: Asked) -> str:
    """``an octahedron with an edge of 176 nm``, or the specific surface."""
    if SURFACE in asked.inputs:
        return (
            f"{with_uncertainty(asked.inputs[SURFACE].value, asked.inputs[SURFACE].size, 'm^2/g')} of {asked.host.name}"
        )
    item = asked.inputs[asked.size_is]
    spread = (
        ""
        if asked.sizes.kind == "one"
        else f" ({asked.sizes.words(asked.inputs[WIDTH].value if WIDTH in asked.inputs else 0.0)})"
    )
    rough = f" and a roughness factor of {asked.inputs[ROUGHNESS].value:.3g}" if ROUGHNESS in asked.inputs else ""
    return (
        f"{an(asked.shape.name)} with {an(asked.shape.words(asked.size_is))} of "
        f"{item.value:.5g} nm{spread}{rough}"
    )  # fmt: skip


def written(answered: Answered, quantity: str, digits: int = 4) -> str:
    """A number with its uncertainty where that is known, else to some digits."""
    item = answered[quantity]
    if math.isfinite(item.std) and item.std > 0:
        return with_uncertainty(item.value, item.std, item.unit)
    unit = "" if item.unit == "1" else f" {item.unit}"
    return f"{significant(item.value, digits)}{unit}"


def caveats(answered: Answered, item: Observable) -> tuple[str, ...]:
    """Inputs of unknown uncertainty, and notes of the structures."""
    labels = {source: name for name, source in answered.asked.labels.items()}
    names = [
        labels.get(source, source.partition(":")[2]) for source, size in item.components.items() if math.isinf(size)
    ]
    words = f"No uncertainty was declared of {listed(names)}: the interval is not known."
    return (*((words,) if names else ()), *answered.asked.notes)


def listed(names: Sequence[str]) -> str:
    """``the edge, a of LNMO and the dose``."""
    known = [
        name if name[:2] in ("a ", "b ", "c ") or name.startswith(("alpha", "beta", "gamma")) else f"the {name}"
        for name in names
    ]
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} and {known[-1]}" if known else ""


def declared_dose(asked: Asked, dose: Dose) -> str:
    """``0.5 at% La of TM``, as it was written."""
    scale = 1.0 if dose.kind == "monolayers" else 100.0
    return f"{scale * dose.number.value:.4g} {dose.words(asked.element, asked.coating_name)}"


def _ends(item: Observable) -> tuple[float, float]:
    return item.interval() if math.isfinite(item.std) else (-math.inf, math.inf)


def _monolayer(answered: Answered) -> Finding:
    asked = answered.asked
    mesh = significant(asked.counted.area, 4)
    counted = (
        f"{asked.surface.words}; the mesh of {plane(asked.facet)} has {mesh} angstrom^2, so {written(answered, 'areal_density')} "
        f"over {written(answered, 'volumetric_density')} TM ({', '.join(asked.metals)})"
    )
    ratio = ""
    if SURFACE not in asked.inputs:
        named = asked.size_is or ("edge" if asked.shape.edge > 0 else "diameter")
        ratio = f" N_S/N_V is {written(answered, 'surface_prefactor')} / {asked.shape.words(named)} of {an(asked.shape.name)}."
    if not asked.has_surface:
        statement = f"One monolayer on {asked.host.name}: {counted}.{ratio}"
        item = answered["surface_prefactor"]
        return Finding("monolayer", statement, "descriptive", item.quantity, item.value, *_ends(item), unit=item.unit,
                       caveats=caveats(answered, item))  # fmt: skip
    item = answered["monolayer_dose"]
    statement = (
        f"One monolayer on {surface_words(asked)} is {written(answered, 'monolayer_dose')} {asked.element} of TM "
        f"({written(answered, 'monolayer_share_of_all')} of {asked.element} plus TM, "
        f"{written(answered, 'monolayer_element_mass_of_host')} {asked.element} of host, "
        f"{written(answered, 'monolayer_element_mass_of_host_plus_element')} of host plus {asked.element}). "
        f"Counted: {counted}.{ratio}"
    )
    if answered.has("monolayer_all_counted"):
        statement += f" All counted atoms together are {written(answered, 'monolayer_all_counted')} of TM."
    return Finding("monolayer", statement, "descriptive", item.quantity, item.value, *_ends(item), unit="at%",
                   caveats=(*caveats(answered, item), *_assumed(answered)))  # fmt: skip


def _assumed(answered: Answered) -> tuple[str, ...]:
    asked, found = answered.asked, []
    if asked.shape.axes and math.isnan(asked.surface.own):
        found.append(
            f"The faces of {an(asked.shape.name)} are no facets of {asked.host.name}; its shape stands for area and volume only."
        )
    if asked.has_size and SURFACE not in asked.inputs and (end := answered.value("finite_size_term")) > LARGE:
        found.append(
            f"Particles so small end within a layer: by that their ratio of surface to volume may differ by {100 * end:.2g} %."
        )
    if asked.size_is == "edge" and asked.shape.edge_is != "edge":
        found.append(f"Edge is the {asked.shape.edge_is}.")
    return tuple(found)


def _faces(answered: Answered) -> Iterator[Finding]:
    """What the faces' own meshes would hold, where that differs."""
    if not answered.has("monolayer_dose_own_faces"):
        return
    asked, item = answered.asked, answered["monolayer_dose_own_faces"]
    yield Finding(
        "faces",
        f"The faces of the {asked.shape.name} are {asked.surface.own_words}; with their own meshes one monolayer is "
        f"{written(answered, 'monolayer_dose_own_faces')} {asked.element} of TM instead of {written(answered, 'monolayer_dose')} "
        f"with {plane(asked.facet)} everywhere (faces: own counts so).",
        "descriptive", item.quantity, item.value, *_ends(item), unit="at%",
    )  # fmt: skip


def doses_of_size(answered: Answered, value: float) -> list[tuple[str, float]]:
    """Readings of a bare size (nm): words and the monolayer (at%) that each leads to; the declared one is left out."""
    asked = answered.asked
    per_area = float(
        answered.model.areal(answered.centre, element=True)[0] / answered.model.volumetric(answered.centre)[0]
    )
    rough = asked.inputs[ROUGHNESS].value if ROUGHNESS in asked.inputs else 1.0
    spread = float(answered.model.effective(answered.centre)[0]) / asked.inputs[asked.size_is].value
    found = []
    shapes = (
        [asked.shape, named_shape("sphere")]
        if asked.shape.body is not None
        else [asked.shape, named_shape("octahedron")]
    )
    for shape in shapes:
        readings = [("edge", value), ("radius", value), ("diameter", value), ("diameter", 2 * value)]
        for size_is, length in readings:
            if (size_is == "edge" and not shape.edge > 0) or (
                shape is asked.shape and size_is == asked.size_is and length == value
            ):
                continue
            if shape.body is None and (
                (size_is == "diameter" and length != value) or {asked.size_is, size_is} == {"radius", "diameter"}
            ):
                continue
            words = f"a radius of the sphere of equal volume of {significant(value, 4)} nm" if length != value else (
                f"{an(shape.words(size_is))} of {significant(value, 4)} nm")  # fmt: skip
            dose = 100 * shape.surface_to_volume(size_is) / length * per_area * rough / spread
            found.append((f"{an(shape.name)} with {words}", dose))
    return found


def _radius(answered: Answered) -> Iterator[Finding]:
    """A radius of a body with corners is read in several ways."""
    asked = answered.asked
    if asked.size_is != "radius" or asked.shape.body is None or SURFACE in asked.inputs:
        return
    value = asked.inputs["radius"].value
    others = [item for item in doses_of_size(answered, value) if "radius" in item[0]]
    words = ", ".join(f"{name} {significant(dose, 2)} at%" for name, dose in others)
    yield Finding(
        "size",
        f"A radius of {significant(value, 4)} nm to the corners makes one monolayer {significant(answered.value('monolayer_dose'), 2)} "
        f"at%; other readings of the same number: {words}.",
        "descriptive", "monolayer_dose",
    )  # fmt: skip


def _sizes(answered: Answered) -> Iterator[Finding]:
    asked = answered.asked
    if asked.sizes.kind == "one":
        return
    name = f"effective_{SIZE_NAMES[asked.size_is]}"
    width = asked.inputs[WIDTH].value if WIDTH in asked.inputs else 0.0
    factor = float(answered.model.effective(answered.centre)[0]) / asked.inputs[asked.size_is].value
    item, tails = answered[name], ""
    if answered.has("monolayer_dose_of_large_particles"):
        tails = (
            f" Where every particle keeps its own {asked.element}, those with the largest 5 % of the volume are full at "
            f"{written(answered, 'monolayer_dose_of_large_particles', 2)}, those with the smallest 5 % at "
            f"{written(answered, 'monolayer_dose_of_small_particles', 2)}: so wide is a threshold."
        )
    centre = {"log-normal": "median", "normal": "mean"}.get(asked.sizes.kind, "mean of the list")
    yield Finding(
        "size distribution",
        f"The particles ({asked.sizes.words(width)}) have the surface to volume of one size of {written(answered, name)}, "
        f"{significant(factor, 4)} times the {centre}: one monolayer takes {significant(1 / factor, 4)} times the dose of that {centre}.{tails}",
        "descriptive", name, item.value, *_ends(item), unit="nm", caveats=caveats(answered, item),
    )  # fmt: skip


def _dose(answered: Answered) -> Finding:
    asked = answered.asked
    assert asked.dose is not None
    declared = declared_dose(asked, asked.dose)
    element, coating = asked.element, asked.coating_name
    whole = [
        ("at%", "TM", "dose_of_TM", f"{element} of TM"), ("at%", "TM plus element", "dose_share_of_all", f"of {element} plus TM"),
        ("element", "host", "dose_element_mass_of_host", f"{element} of host"),
        ("element", "host plus element", "dose_element_mass_of_host_plus_element", f"{element} of host plus {element}"),
        ("coating", "host", "dose_coating_mass_of_host", f"{coating} of host"),
        ("coating", "host plus coating", "dose_coating_mass_of_host_plus_coating", f"{coating} of host plus {coating}"),
    ]  # fmt: skip
    own = (asked.dose.what if asked.dose.kind == "wt%" else asked.dose.kind, asked.dose.basis)
    parts = [
        f"{written(answered, name)} {words}" for what, basis, name, words in whole if answered.has(name) and (what, basis) != own
    ]  # fmt: skip
    statement = f"A dose of {declared} is {', '.join(parts)}"
    item = answered["dose_of_TM"]
    if answered.has("monolayers"):
        item = answered["monolayers"]
        statement += (
            f": {written(answered, 'monolayers', 3)} monolayers ({asked.surface.words}) on {surface_words(asked)}"
        )
    if answered.has("coating_thickness"):
        statement += f", {written(answered, 'coating_thickness', 3)} of {asked.coating_name} if it is closed"
    return Finding("dose", statement + ".", "descriptive", item.quantity, item.value, *_ends(item), unit=item.unit,
                   caveats=caveats(answered, item))  # fmt: skip


def _thick(answered: Answered) -> Finding:
    """What a declared thickness takes."""
    asked, item = answered.asked, answered["thickness_dose"]
    assert asked.coating is not None
    return Finding(
        "thickness",
        f"A closed layer of {asked.inputs[THICKNESS].value:.4g} nm of {asked.coating.words} on {surface_words(asked)} takes "
        f"{written(answered, 'thickness_dose')} {asked.element} of TM, {written(answered, 'thickness_coating_mass_of_host')} "
        f"{asked.coating.name} of host ({written(answered, 'thickness_coating_mass_of_host_plus_coating')} of host plus "
        f"{asked.coating.name}), {written(answered, 'thickness_monolayers', 3)} monolayers ({asked.surface.words}).",
        "descriptive", item.quantity, item.value, *_ends(item), unit="at%", caveats=caveats(answered, item),
    )  # fmt: skip


def _threshold(answered: Answered) -> list[Finding]:
    asked, shape = answered.asked, answered.asked.shape
    assert asked.threshold is not None
    declared = declared_dose(asked, asked.threshold)
    sizes = ", ".join(
        f"{shape.words(size)} {written(answered, f'threshold_{name}', 3)}"
        for size, name in SIZE_NAMES.items() if answered.has(f"threshold_{name}")
    )  # fmt: skip
    main = "threshold_edge" if answered.has("threshold_edge") else "threshold_equal_volume_diameter"
    item = answered[main]
    spread = "" if asked.sizes.kind == "one" else " (of the one size with the surface to volume of all particles)"
    found = [
        Finding(
            "threshold size",
            f"If a threshold of {declared} is one monolayer ({asked.surface.words}), the {shape.name} has: {sizes}{spread}.",
            "descriptive", main, item.value, *_ends(item), unit="nm", caveats=caveats(answered, item),
        )
    ]  # fmt: skip
    if answered.has("threshold_monolayers"):
        found.append(
            _met(answered["threshold_monolayers"], f"The threshold of {declared}", surface_words(asked), answered)
        )
    return found


def _met(item: Observable, what: str, where: str, answered: Answered) -> Finding:
    """Whether a threshold is one monolayer."""
    assert item.value is not None
    low, high = _ends(item)
    if math.isfinite(item.std):
        verdict: Verdict = "supported" if low <= 1 <= high else "contradicted"
        words = (
            "one monolayer is within its interval"
            if verdict == "supported"
            else "one monolayer is outside its interval"
        )
        number = with_uncertainty(item.value, item.std)
    else:
        verdict, number = "undecided", significant(item.value, 3)
        near = "close to" if abs(math.log(item.value)) < NEAR else ("more than" if item.value > 1 else "less than")
        words = f"{near} one, with an uncertainty that was not declared"
    return Finding(
        "threshold", f"{what} is {number} monolayers ({answered.asked.surface.words}) on {where}: {words}.",
        verdict, item.quantity, item.value, low, high, unit="1", caveats=caveats(answered, item),
    )  # fmt: skip


def _measured(item: Observable, answered: Answered) -> Finding:
    asked = answered.asked
    one = next(given for given in asked.measured if given.name == item.sample)
    where = f"{an(asked.shape.name)} with {an(asked.shape.words(one.size_is))} of {significant(one.size.value, 4)} nm"
    return _met(
        item,
        f"The threshold measured on {one.name}, {significant(100 * one.dose.number.value, 3)} {one.dose.words(asked.element, asked.coating_name)},",
        where,
        answered,
    )
