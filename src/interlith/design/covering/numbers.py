"""Which numbers does a coverage have, each with its uncertainty by cause?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.shapes import SIZES
from interlith.design.covering.asking import DOSE, SURFACE, THICKNESS, Asked
from interlith.design.covering.doses import BASES, Basis, Dose, What, basis_words
from interlith.design.covering.model import Model
from interlith.design.covering.sizes import WIDTH
from interlith.design.covering.surfaces import Values
from interlith.design.recording import digest_of, number
from interlith.design.signals.propagating import Propagated, drawn, propagate
from interlith.errors import StudyError
from interlith.model import Observable

Array = NDArray[np.float64]

#: Draws for intervals.
DRAWS = 4000
#: Particles that hold the smallest and largest 5 % of the volume.
TAILS = {"small": 0.05, "large": 0.95}
SIZE_NAMES = {"edge": "edge", "radius": "circumradius", "diameter": "equal_volume_diameter"}


@dataclass(frozen=True)
class Spec:
    """A number: quantity, unit, what it is in words, and how it follows from the inputs."""

    quantity: str
    unit: str
    words: str
    function: Callable[[Values], Array]
    flag: str = ""


@dataclass(frozen=True)
class Answered:
    """The numbers of a question, and what further sentences and figures are worked out with."""

    asked: Asked
    model: Model
    observables: tuple[Observable, ...] = ()
    found: dict[str, Propagated] = field(default_factory=dict)

    def __getitem__(self, quantity: str) -> Observable:
        return next(item for item in self.observables if item.quantity == quantity)

    def has(self, quantity: str) -> bool:
        """Whether there is a number of that name."""
        return any(item.quantity == quantity for item in self.observables)

    def value(self, quantity: str) -> float:
        """Its value."""
        found = self[quantity].value
        assert found is not None
        return found

    @cached_property
    def centre(self) -> dict[str, Array]:
        """Every input at its declared value."""
        return {name: np.array([item.value]) for name, item in self.asked.inputs.items()}


def work_out(asked: Asked) -> Answered:
    """All numbers.

    Raises
    ------
    StudyError
        If a dose cannot be turned into atoms.
    """
    model = Model(asked)
    draws = drawn(asked.inputs, count=DRAWS)
    source = digest_of(asked.host, *([asked.film] if asked.film is not None else []))
    rows, found = [], {}
    for spec in specs(asked, model):
        made = propagate(lambda values, spec=spec: _shaped(spec, values), asked.inputs, draws, sources=asked.labels)  # type: ignore[misc]
        if not np.isfinite(made.value):
            raise StudyError(f"The {spec.quantity.replace('_', ' ')} cannot be worked out from what was declared.")
        found[spec.quantity] = made
        rows.append(
            number(
                spec.quantity, made.value, spec.unit, made.components, sample=asked.where, source=source, low=made.low,
                high=made.high, method=f"{spec.words}; counted: {asked.what}", flag=spec.flag,
            )
        )  # fmt: skip
    rows += list(_thresholds_met(asked, model, source))
    return Answered(asked, model, tuple(rows), found)


def within_digits(answered: Answered, digits: Mapping[str, float]) -> tuple[Observable, ...]:
    """The numbers with inputs of undeclared uncertainty known to half of their last printed digit.

    Parameters
    ----------
    answered
        The numbers as declared.
    digits
        Input -> relative half width of its last printed digit.
    """
    inputs = dict(answered.asked.inputs)
    for name, half in digits.items():
        item = inputs[name]
        if math.isnan(item.std) and half > 0:
            reach = half * abs(item.value)
            inputs[name] = replace(
                item, std=reach / math.sqrt(3), low=item.value - reach, high=item.value + reach, shape="uniform"
            )  # fmt: skip
    again = work_out(replace(answered.asked, inputs=inputs))
    return tuple(replace(item, low=None, high=None) for item in again.observables)


def _shaped(spec: Spec, values: Values) -> Array:
    """The function with the shape of its inputs, also where it depends on none of them."""
    shape = np.broadcast_shapes(*(np.shape(item) for item in values.values())) if values else (1,)
    return np.array(np.broadcast_to(spec.function(values), shape))


def specs(asked: Asked, model: Model) -> Iterator[Spec]:
    """The numbers that can be had from what was declared."""
    yield Spec("areal_density", "1/nm^2", "counted atoms over the area of the facet", model.facet_density)
    yield Spec("volumetric_density", "1/nm^3", "metals over the volume of the cell", model.volumetric)
    size = asked.size_is
    named = size or ("edge" if asked.shape.edge > 0 else "diameter")
    yield Spec(
        "surface_prefactor", "nm",
        f"all counted atoms over metals of one {asked.shape.name} times its {asked.shape.words(named)}",
        lambda values: model.prefactor(values, named),
    )  # fmt: skip
    if asked.has_size:
        yield from _geometry(asked, model)
    if SURFACE in asked.inputs:
        yield Spec(
            "equivalent_diameter", "nm",
            f"of the sphere with the volume of one smooth {asked.shape.name} that has the declared specific surface",
            lambda values: model.shape_factor(values, "diameter") / model.surface(values),
        )  # fmt: skip
    if asked.has_surface:
        yield from _monolayer(asked, model)
    if asked.dose is not None:
        yield from _dose(asked, model, "dose", model.dosed)
    if asked.threshold is not None:
        yield from _threshold(asked, model)
    if asked.coating is not None:
        yield from _coating(asked, model)


def _geometry(asked: Asked, model: Model) -> Iterator[Spec]:
    shape = asked.shape
    for size_is in SIZES:
        if size_is == "edge" and not shape.edge > 0:
            continue
        factor = shape.length(size_is) / shape.length(asked.size_is)
        words = f"{shape.words(size_is)} of the {shape.name}"
        yield Spec(SIZE_NAMES[size_is], "nm", words, lambda values, f=factor: f * values[asked.size_is])  # type: ignore[misc]
    if WIDTH in asked.inputs or asked.sizes.kind == "listed":
        yield Spec(
            f"effective_{SIZE_NAMES[asked.size_is]}", "nm", "<l^3>/<l^2> by number, the one size of the same surface to volume",
            model.effective,
        )  # fmt: skip
    rough = " times the roughness factor" if "roughness" in asked.inputs else ""
    yield Spec("surface_to_volume", "1/nm", f"of the shape{rough}", model.geometric)
    yield Spec(
        "geometric_specific_surface", "m^2/g", f"of the shape{rough}, host of the density of its cell", model.specific
    )
    yield Spec(
        "finite_size_term", "1",
        f"half the spacing of layers ({asked.spacing:.4g} angstrom) times surface over volume: relative, at most, where a particle ends within a layer",
        lambda values: 0.05 * asked.spacing * model.smooth(values),
    )  # fmt: skip
    if SURFACE in asked.inputs:
        yield Spec(
            "implied_roughness", "1", "declared specific surface over that of the smooth shape",
            lambda values: values[SURFACE] * model.host_density(values) * 1e-3 / model.smooth(values),
        )  # fmt: skip


def _monolayer(asked: Asked, model: Model) -> Iterator[Spec]:
    where = f"one monolayer on {'the declared specific surface' if SURFACE in asked.inputs else 'the shape'}"
    yield from _dose(asked, model, "monolayer", model.monolayer, where)
    if asked.sizes.kind != "one" and SURFACE not in asked.inputs:
        for name, share in TAILS.items():
            yield Spec(
                f"monolayer_dose_of_{name}_particles", "at%",
                f"{asked.element} over TM, one monolayer on particles below which {100 * share:g} % of the volume lies",
                lambda values, q=share: 100 * model.monolayer_at(values, q),  # type: ignore[misc]
            )  # fmt: skip
    if abs(asked.counted.every / asked.counted.element - 1) > 1e-12:
        yield Spec(
            "monolayer_all_counted", "at%", f"all counted atoms over metals, {where}",
            lambda values: 100 * model.monolayer(values, element=False),
        )  # fmt: skip
    own = asked.surface.own
    if own == own and asked.surface.rule != "own" and abs(own / asked.surface.element - 1) > 1e-9:
        factor = own / asked.surface.element
        yield Spec(
            "monolayer_dose_own_faces", "at%", f"each face with its own mesh: {asked.surface.own_words}",
            lambda values: 100 * factor * model.monolayer(values),
        )  # fmt: skip


def _dose(
    asked: Asked, model: Model, stem: str, atoms: Callable[[Values], Array], where: str = ""
) -> Iterator[Spec]:  # fmt: skip
    """One amount in all its units: of metals, of all, of mass, of monolayers."""
    element, coating = asked.element, asked.coating_name
    tail = f", {where}" if where else ", the declared dose"
    yield Spec(
        f"{stem}_dose" if where else "dose_of_TM",
        "at%",
        f"{element} over TM of the host{tail}",
        lambda values: 100 * atoms(values),
    )
    yield Spec(
        f"{stem}_share_of_all", "at%", f"{element} over {element} plus TM{tail}",
        lambda values: 100 * atoms(values) / (1 + atoms(values)),
    )  # fmt: skip
    weighed: list[tuple[What, Basis]] = [
        ("element", basis) for basis in BASES if coating or basis != "host plus coating"
    ]
    weighed += [("coating", basis) for basis in ("host", "host plus coating")] if coating else []
    for what, basis in weighed:
        yield Spec(
            f"{stem}_{what}_mass_of_{basis.replace(' ', '_')}", "wt%",
            f"mass of {element if what == 'element' else coating} over {basis_words(basis, element, coating)}{tail}",
            lambda values, w=what, b=basis: 100 * model.share(atoms(values), w, b),  # type: ignore[misc]
        )  # fmt: skip
    if not where and asked.has_surface:
        yield Spec(
            "monolayers",
            "1",
            "declared dose over that of one monolayer",
            lambda values: atoms(values) / model.monolayer(values),
        )


def _threshold(asked: Asked, model: Model) -> Iterator[Spec]:
    for size_is in SIZES:
        if size_is == "edge" and not asked.shape.edge > 0:
            continue
        yield Spec(
            f"threshold_{SIZE_NAMES[size_is]}", "nm",
            f"{asked.shape.words(size_is)} of the {asked.shape.name} whose monolayer is the threshold",
            lambda values, s=size_is: model.threshold_size(values, s),  # type: ignore[misc]
        )  # fmt: skip
    if asked.sizes.kind != "one" and asked.sizes.kind != "listed":
        centre = "median" if asked.sizes.kind == "log-normal" else "mean"
        yield Spec(
            f"threshold_{centre}_{SIZE_NAMES[asked.size_is]}", "nm", f"{centre} of the distribution whose monolayer is the threshold",
            lambda values: model.threshold_size(values, asked.size_is, effective=False),
        )  # fmt: skip
    if asked.has_surface:
        yield Spec(
            "threshold_monolayers", "1", "threshold over the dose of one monolayer on the declared surface",
            lambda values: model.atoms(asked.threshold, values["threshold"], values) / model.monolayer(values),  # type: ignore[arg-type]
        )  # fmt: skip


def _coating(asked: Asked, model: Model) -> Iterator[Spec]:
    coating = asked.coating
    assert coating is not None
    what = f"of closed {coating.words}"
    if asked.has_surface:
        shell = (
            asked.shell.words if model.exact_shell and asked.shell is not None else "thin film on the declared surface"
        )
        yield Spec(
            "monolayer_thickness", "nm", f"{what} with the {asked.element} of one monolayer; {shell}",
            lambda values: model.thickness(model.volume_ratio(model.monolayer(values), values), values),
        )  # fmt: skip
        if asked.dose is not None:
            yield Spec(
                "coating_thickness", "nm", f"{what} at the declared dose; {shell}",
                lambda values: model.thickness(model.volume_ratio(model.dosed(values), values), values),
            )  # fmt: skip
        if asked.dose is None and THICKNESS in asked.inputs:
            where = f"of {asked.coating_name} of the declared thickness"
            yield from _dose(asked, model, "thickness", lambda values: _per_metal(model, values), where)
            yield Spec(
                "thickness_monolayers", "1", f"{asked.element} of the declared thickness over that of one monolayer",
                lambda values: _per_metal(model, values) / model.monolayer(values),
            )  # fmt: skip
    if asked.has_size and asked.dose is not None and not model.exact_shell:
        yield Spec(
            "smooth_coating_thickness", "nm", f"{what} at the declared dose, on smooth particles",
            lambda values: model.thickness(model.volume_ratio(model.dosed(values), values), values, smooth=True),
        )  # fmt: skip
    if asked.dose is not None and asked.dose.kind != "monolayers" and THICKNESS in asked.inputs:
        yield Spec(
            "needed_specific_surface",
            "m^2/g",
            "that the declared dose covers with the declared thickness",
            model.needed_surface,
        )
        if asked.has_surface:
            yield Spec(
                "needed_over_declared_surface", "1", "specific surface that dose and thickness need over the declared one",
                model.needed_over_declared,
            )  # fmt: skip


def _per_metal(model: Model, values: Values) -> Array:
    """Atoms of the element for each metal at the declared thickness."""
    one = model.volume_ratio(np.ones(()), values)
    return model.ratio_of_thickness(values) / one


def _thresholds_met(asked: Asked, model: Model, source: str) -> Iterator[Observable]:
    """Measured thresholds in monolayers at the size that they were measured at."""
    for item in asked.measured:
        inputs = asked.inputs | {DOSE_OF: item.dose.number, SIZE_OF: item.size}

        def ratio(values: Values, dose: Dose = item.dose, size_is: str = item.size_is) -> Array:
            one = model.prefactor(values, size_is, element=True) / values[SIZE_OF]
            return model.atoms(dose, values[DOSE_OF], values) / one

        labels = asked.labels | {
            DOSE_OF: f"declared:threshold of {item.name}",
            SIZE_OF: f"declared:{item.size_is} of {item.name}",
        }
        made = propagate(ratio, inputs, drawn(inputs, count=DRAWS), sources=labels)
        yield number(
            "measured_threshold_monolayers", made.value, "1", made.components, sample=item.name, source=source, low=made.low,
            high=made.high, method=f"threshold over the dose of one monolayer at the {item.size_is}; counted: {asked.what}",
        )  # fmt: skip


DOSE_OF, SIZE_OF = "measured dose", "measured size"
__all__ = ["DOSE", "Answered", "Spec", "specs", "work_out"]
