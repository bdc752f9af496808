"""How are doses against sizes, the shape with its sizes, and the thickness of a coating drawn?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.shapes import NAMES, SIZES, Shape, named_shape
from interlith.design.covering.asking import SURFACE, THICKNESS, THRESHOLD, Asked
from interlith.design.covering.densities import an, plane
from interlith.design.covering.findings import surface_words
from interlith.design.covering.numbers import Answered
from interlith.design.covering.sizes import WIDTH, Weight
from interlith.model import Figure, Line, Marker, Panel
from interlith.notation import significant

Array = NDArray[np.float64]

#: Shapes that the dose is drawn for beside the declared one.
_BESIDE = ("octahedron", "truncated octahedron", "cube", "sphere")
#: Sizes drawn where nothing is declared (nm).
_FROM, _TO = 20.0, 2000.0
_DRAWN = 121
#: Where one looks at a shape from: no two of its corners fall together, (111) faces and (100) faces both show.
_VIEW = np.array([0.86, 0.36, 0.30])


def figures(answered: Answered) -> tuple[tuple[Figure, ...], dict[str, Any]]:
    """Figures, and the table of the first one."""
    first, table = dose_figure(answered)
    made = [first, shape_figure(answered)]
    if answered.has("coating_thickness"):
        made.append(thickness_figure(answered))
    return tuple(made), {"shapes": table}


def _stem(asked: Asked) -> str:
    return f"{asked.host.name}_{''.join(map(str, asked.facet))}_{asked.shape.name}".replace(" ", "_")


def _span(answered: Answered) -> tuple[float, float]:
    """Sizes (nm) drawn: a decade about those that are declared, measured or told by a threshold."""
    asked = answered.asked
    seen = [
        answered.value(name)
        for name in ("equal_volume_diameter", "threshold_equal_volume_diameter")
        if answered.has(name)
    ]
    seen += [item.size.value * asked.shape.diameter / asked.shape.length(item.size_is) for item in asked.measured]
    return (min(seen) / 5, max(seen) * 5) if seen else (_FROM, _TO)


def _shapes(asked: Asked) -> list[Shape]:
    beside = [named_shape(name) for name in _BESIDE if name in NAMES and name != asked.shape.name]
    return [asked.shape, *beside]


def dose_figure(answered: Answered) -> tuple[Figure, Any]:
    """Dose of one monolayer against size: the declared shape by its own size with points, and all shapes by volume."""
    import polars as pl

    asked, model, centre = answered.asked, answered.model, answered.centre
    low, high = _span(answered)
    diameters = np.geomspace(low, high, _DRAWN)
    per_area = float(model.areal(centre, element=True)[0] / model.volumetric(centre)[0])
    rough = float(centre["roughness"][0]) if "roughness" in centre else 1.0
    lines, rows = [], []
    for shape in _shapes(asked):
        dose = 100 * shape.surface_to_volume("diameter") * per_area * rough / diameters
        lines.append(Line(diameters, dose, shape.name, shape.name, dashed=shape is not asked.shape))
        rows += [(shape.name, size, value) for size, value in zip(diameters.tolist(), dose.tolist(), strict=True)]
    own = asked.size_is or ("edge" if asked.shape.edge > 0 else "diameter")
    factor = asked.shape.length(own) / asked.shape.diameter
    # Sizes of a distribution: the curve holds for its centre, the particles together for their effective size.
    spread = float(np.ravel(asked.sizes.effective(model.width(centre)))[0])
    prefactor = 100 * float(model.prefactor(centre, own, element=True)[0])
    drawn = [Line(factor * diameters, prefactor / (factor * diameters), "one size", asked.shape.name)]
    if spread != 1.0:
        drawn.append(
            Line(
                factor * diameters,
                prefactor / (spread * factor * diameters),
                f"centre of the sizes, {_sizes(asked)}",
                asked.shape.name,
                dashed=True,
            )
        )
    markers = (Marker(100 * _dose(answered), "threshold", "y"),) if asked.threshold is not None else ()
    mine = Panel(
        f"{asked.shape.words(own).capitalize()} / nm", f"{asked.element} in one monolayer / at% of TM", (*drawn, *_points(answered, own)),
        markers=markers, title=asked.shape.name.capitalize(), log_x=True, log_y=True,
        x_limits=(factor * low, factor * high),
    )  # fmt: skip
    every = Panel(
        "Diameter of the sphere of equal volume / nm", f"{asked.element} in one monolayer / at% of TM",
        (*lines, *_points(answered, "diameter")), markers=markers, title="Shapes of equal volume", log_x=True, log_y=True,
        x_limits=(low, high),
    )  # fmt: skip
    figure = Figure(
        f"coverage_dose_{_stem(asked)}", f"Dose of one monolayer on {asked.where}",
        f"{asked.element} per transition metal ({', '.join(asked.metals)}) that one monolayer takes: {asked.surface.words}. "
        "Left: the declared shape against its own size. Right: shapes of equal volume, each with this many atoms for each area. "
        "Points: declared and measured particles, error bars one standard uncertainty where declared.",
        (mine, every), width=2, columns=2, tags=("coverage",),
    )  # fmt: skip
    table = pl.DataFrame(
        rows,
        schema={"shape": pl.String, "equal_volume_diameter": pl.Float64, "monolayer_dose": pl.Float64},
        orient="row",
    )
    return figure, table


def _sizes(asked: Asked) -> str:
    return (
        asked.sizes.kind if WIDTH not in asked.inputs else f"{asked.sizes.kind} width {asked.inputs[WIDTH].value:.2g}"
    )


def _dose(answered: Answered) -> float:
    """Threshold as atoms for each metal."""
    asked = answered.asked
    assert asked.threshold is not None
    return float(np.ravel(answered.model.atoms(asked.threshold, answered.centre[THRESHOLD], answered.centre))[0])


def _points(answered: Answered, size_is: str) -> list[Line]:
    """Declared threshold at the declared size, and measured ones."""
    asked, found = answered.asked, []
    for item in asked.measured:
        factor = asked.shape.length(size_is) / asked.shape.length(item.size_is)
        dose = 100 * float(
            np.ravel(answered.model.atoms(item.dose, np.array([item.dose.number.value]), answered.centre))[0]
        )
        std = dose * item.dose.number.std / item.dose.number.value
        found.append(_point(factor * item.size.value, dose, std, item.name))
    if asked.has_size and asked.threshold is not None and asked.sizes.kind == "one" and not found:
        factor = asked.shape.length(size_is) / asked.shape.length(asked.size_is)
        std = 100 * _dose(answered) * asked.threshold.number.std / asked.threshold.number.value
        found.append(
            _point(
                factor * asked.inputs[asked.size_is].value, 100 * _dose(answered), std, f"threshold, {asked.host.name}"
            )
        )
    elif asked.has_size and not found:
        factor = asked.shape.length(size_is) / asked.shape.length(asked.size_is)
        size = float(answered.model.effective(answered.centre)[0])
        dose = 100 * float(answered.model.prefactor(answered.centre, asked.size_is, element=True)[0]) / size
        found.append(_point(factor * size, dose, math.nan, "declared particles"))
    return found


def _point(size: float, dose: float, std: float, name: str) -> Line:
    bars = np.array([std]) if std > 0 else None
    return Line(np.array([size]), np.array([dose]), name, name, std=bars, style="points")


def shape_figure(answered: Answered) -> Figure:
    """The shape as it is seen, and the distribution of its sizes by number and volume."""
    asked = answered.asked
    panels = [_outline(asked)]
    words = f"A{an(asked.shape.name)[1:]}; hidden edges dashed."
    if asked.sizes.kind != "one":
        panels.append(_distribution(answered))
        words += (
            " Right: shares of particles and of volume by size; the dashed line marks the one size with the same surface to "
            "volume as all particles."
        )
    faces = ", ".join(
        f"{plane(face.hkl)} {100 * face.share:.3g} %" for face in asked.shape.faces if face.hkl and face.share > 1e-12
    )  # fmt: skip
    axes = {"structure": f" of {asked.host.name}", "": ""}.get(asked.shape.axes, f" in {asked.shape.axes} axes")
    words += f" Faces{axes} with their share of the surface: {faces}." if faces else ""
    return Figure(
        f"coverage_shape_{_stem(asked)}", f"Particles of {asked.host.name}", words, tuple(panels),
        width=2 if len(panels) == 2 else 1, columns=len(panels), tags=("coverage",),
    )  # fmt: skip


def _outline(asked: Asked) -> Panel:
    shape, scale, unit = asked.shape, 1.0, f"/ {'edge' if asked.shape.edge > 0 else 'radius'}"
    if asked.has_size:
        scale, unit = asked.inputs[asked.size_is].value / shape.length(asked.size_is), "/ nm"
    elif not shape.edge > 0:
        scale = 1.0 / shape.circumradius
    if shape.body is None:
        turn = np.linspace(0, 2 * math.pi, 181)
        lines = [Line(scale * np.cos(turn), scale * np.sin(turn), "", shape.name)]
    else:
        lines = _edges(shape, scale)
    return Panel(f"x {unit}", f"y {unit}", tuple(lines), title=shape.name.capitalize(), equal=True)


def _edges(shape: Shape, scale: float) -> list[Line]:
    """Edges as seen from far away, those of families of faces in one colour, hidden ones dashed."""
    body = shape.body
    assert body is not None
    view = _VIEW / np.linalg.norm(_VIEW)
    right = np.cross([0.0, 0.0, 1.0], view)
    right /= np.linalg.norm(right)
    across = np.array([right, np.cross(view, right)])
    flat = scale * body.vertices @ across.T
    pairs, _, _ = body.edges
    lines = []
    for first, second in pairs:
        beside = [place for place, face in enumerate(body.faces) if int(first) in face and int(second) in face]
        seen = any(float(body.normals[place] @ view) > 0 for place in beside)
        ends = flat[[first, second]]
        lines.append(Line(ends[:, 0], ends[:, 1], "", shape.name, dashed=not seen, faint=not seen))
    return lines


def _distribution(answered: Answered) -> Panel:
    asked = answered.asked
    size = asked.inputs[asked.size_is].value
    effective = float(answered.model.effective(answered.centre)[0])
    label = f"{asked.shape.words(asked.size_is).capitalize()} / nm"
    marker = Marker(effective, f"{significant(effective, 3)} nm", "x")
    if asked.sizes.kind == "listed":
        lengths = asked.sizes.lengths
        number = asked.sizes.shares / (lengths**3 if asked.sizes.weight == "volume" else 1.0)
        order = np.argsort(lengths)
        lines = []
        for name, weight in (("number", number), ("volume", number * lengths**3)):
            share = 100 * np.cumsum(weight[order]) / weight.sum()
            lines.append(Line(size * lengths[order], share, f"by {name}", name, style="both"))
        return Panel(label, "Particles up to this size / %", tuple(lines), markers=(marker,), title="Sizes", log_x=True)
    width = asked.inputs[WIDTH].value
    reach = (3 * width + 3 * width**2, 3 * width + (3 * width**2 if asked.sizes.weight == "number" else 0.0))
    x = np.exp(np.linspace(-reach[0], reach[1], 241))
    if asked.sizes.kind == "normal":
        x = np.linspace(max(0.02, 1 - 3.5 * width), 1 + 4 * width, 241)
    weights: tuple[Weight, Weight] = ("number", "volume")
    lines = [Line(size * x, asked.sizes.density(x, width, weight), f"by {weight}", weight) for weight in weights]
    return Panel(label, "Share per ln of size", tuple(lines), markers=(marker,), title="Sizes", log_x=True)


def thickness_figure(answered: Answered) -> Figure:
    """Thickness of the declared dose against specific surface, with the declared surface and thickness."""
    asked, model = answered.asked, answered.model
    surface = asked.inputs[SURFACE].value if SURFACE in asked.inputs else answered.value("geometric_specific_surface")
    points = [surface] + (
        [answered.value("needed_specific_surface")] if answered.has("needed_specific_surface") else []
    )
    x = np.geomspace(min(points) / 5, max(points) * 5, _DRAWN)
    ratio = float(np.ravel(model.volume_ratio(model.dosed(answered.centre), answered.centre))[0])
    thin = ratio / (x * float(np.ravel(model.host_density(answered.centre))[0]) * 1e-3)
    lines = [
        Line(x, thin, "declared dose, thin film", "dose"),
        Line(
            np.array([surface]),
            np.array([answered.value("coating_thickness")]),
            surface_words(asked),
            "surface",
            style="points",
        ),
    ]
    markers = []
    if THICKNESS in asked.inputs:
        markers = [Marker(asked.inputs[THICKNESS].value, "declared thickness", "y")]
    panel = Panel(
        "Specific surface / m² g⁻¹", f"Thickness of {asked.coating_name} / nm", tuple(lines), markers=tuple(markers), log_x=True,
        log_y=True, x_limits=(float(x[0]), float(x[-1])),
    )  # fmt: skip
    assert asked.dose is not None
    return Figure(
        f"coverage_thickness_{_stem(asked)}", f"Thickness of {asked.coating_name} on {asked.host.name}",
        f"Mean thickness of a closed layer of {asked.coating.words if asked.coating else ''} that the declared dose makes, against the specific surface of the host. "
        "The point is the declared surface; a declared thickness is met where the line crosses it.",
        (panel,), tags=("coverage",),
    )  # fmt: skip


__all__ = ["SIZES", "dose_figure", "figures", "shape_figure", "thickness_figure"]
