"""How much of an element is one monolayer on a facet of particles, and what do dose, size and thickness say of each other?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from interlith.crystal.structure import Structure
from interlith.design.covering.asking import Asked, Call, Phase, Text, ask, printed_digits
from interlith.design.covering.audits import audits
from interlith.design.covering.citations import cited
from interlith.design.covering.faces import FaceRule
from interlith.design.covering.figures import figures
from interlith.design.covering.findings import findings
from interlith.design.covering.numbers import Answered, work_out
from interlith.design.recording import answer
from interlith.model import Statement


def coverage(
    structure: str | Path | Structure, *, facet: ArrayLike = (1, 1, 1), shape: str = "octahedron",
    edge: Text | None = None, radius: Text | None = None, diameter: Text | None = None, element: str = "La",
    counted: float | Mapping[str, float] | Sequence[str] | None = None, termination: int | None = None,
    transition_metals: Sequence[str] | None = None, faces: FaceRule | None = None,
    surface_energies: Mapping[Any, Text] | None = None, truncation: float | None = None, aspect: float | None = None,
    sizes: Mapping[str, Any] | None = None, roughness: Text | None = None, specific_surface: Text | None = None,
    dose: str | None = None, threshold: str | None = None, coating: Phase | Mapping[str, Any] | None = None,
    thickness: Text | None = None, shell: str = "rounded", basis: str = "host",
    measured: Mapping[str, Mapping[str, str]] | None = None, reported: Mapping[str, str | float] | None = None,
) -> Statement:  # fmt: skip
    """One monolayer on particles, as at%, wt% and thickness; a dose in monolayers; the size that a threshold tells.

    Parameters
    ----------
    structure, facet
        Host, and the facet on which atoms are counted.
    shape, truncation, aspect, surface_energies
        One of `interlith.crystal.shapes.NAMES`, or ``wulff`` with energies by facet, ``{"111": "0.60 J/m^2"}``. Truncation: share
        of the edge cut off at each corner of an octahedron; aspect: height of a prism over its width.
    edge, radius, diameter
        One size: edge; radius to the outermost corners; diameter of the sphere of equal volume (nm).
    element, counted, termination
        Whose dose it is, and what one monolayer holds for each primitive mesh of the facet: one atom of `element` (default),
        a number, ``{"La": 1, "TM": 1}``, or ``["TM"]``, elements or site labels of the topmost layer of the host's
        `termination`, each of which takes one.
    transition_metals
        Atoms of the host that a dose is relative to (default: its transition metals).
    faces
        ``facet`` (default): all faces hold as much for each area as the facet; ``own``: each what its own mesh holds (default
        of Wulff shapes); ``only``: nothing but the faces equivalent to the facet.
    sizes
        Distribution about the size, ``{"kind": "log-normal", "sigma": "0.30 +- 0.03", "weight": "number"}``, ``normal`` with
        ``std``, or a list ``{"diameter": [...], "weight": "volume"}``; see `interlith.design.covering.sizes.declared_sizes`.
    roughness, specific_surface
        True over smooth surface; or the surface itself (BET, m^2/g), which then takes the place of that of the shape.
    dose, threshold
        ``0.5 at%`` (of TM), ``0.5 at% of La+TM``, ``1 wt% of host plus coating``, ``1 wt% La``, ``2 monolayers``.
    coating, thickness, shell
        Phase: a structure, or ``{"formula": "Li3ScF6", "density": "2.6 g/cm^3"}``; its thickness (nm); ``rounded`` (the same
        distance everywhere) or ``faceted`` (sharp edges).
    basis
        The whole of wt% that does not say its own: ``host``, ``host plus element``, ``host plus coating``, ``product``.
    measured, reported
        Measured thresholds for the figure, ``{"LNMO": {"dose": "0.5 +- 0.1 at%", "edge": "176 nm"}}``; numbers of a paper to
        check, by quantity.

    Returns
    -------
    Statement
        Numbers, sentences, and in ``data`` the table ``shapes``: one monolayer on each shape over a range of sizes.

    Raises
    ------
    StudyError, UnitError, ReadError
        If something is missing, contradicts the rest or cannot be read.

    Notes
    -----
    The continuum of large particles: atoms at edges and corners belong to two faces, which matters by the spacing of layers
    over the size. The host keeps its metals: a coating takes none from it. The assumption that fails first is that all of the
    element is on the surface.
    """
    call = Call(
        structure, facet, shape, {"edge": edge, "radius": radius, "diameter": diameter}, element, counted, termination,
        transition_metals, faces, surface_energies, truncation, aspect, sizes, roughness, specific_surface, dose, threshold,
        coating, thickness, shell, basis, measured,
    )  # fmt: skip
    answered = work_out(ask(call))
    drawn, tables = figures(answered)
    return answer(
        "coverage", answered.observables, options=_options(answered), words=_words(answered),
        findings=(*findings(answered), *audits(answered, reported, printed_digits(call, answered.asked))), figures=drawn, data=tables,
        citations=cited(answered.asked),
    )  # fmt: skip


def _options(answered: Answered) -> dict[str, Any]:
    asked = answered.asked
    made: dict[str, Any] = {
        "structure": asked.host.name, "facet": list(asked.facet), "shape": asked.shape.name, "size": asked.size_is,
        "element": asked.element, "counted": asked.surface.words, "faces": asked.surface.rule,
        "transition_metals": list(asked.metals), "sizes": asked.sizes.words(0.0), "shell": asked.shell_is,
        "basis": asked.basis, "coating": asked.coating.words if asked.coating else "",
    }  # fmt: skip
    for name, given in asked.inputs.items():
        made[name.replace(" ", "_")] = (
            f"{given.shape} {given.value:.6g} ({given.low:.6g} to {given.high:.6g}) {given.unit}"
        )
    return made


def _words(answered: Answered) -> str:
    asked = answered.asked
    return f"{_ratio_words(asked)} Uncertainties: each declared input and cell parameter by central difference and 4000 draws."


def _ratio_words(asked: Asked) -> str:
    surface = (
        "the declared specific surface"
        if "specific surface" in asked.inputs
        else f"the surface to volume of {asked.shape.name}"
    )
    return (
        f"Atoms of one monolayer over metals of the host: {surface} times the areal density ({asked.surface.words}) over the "
        f"number of {', '.join(asked.metals)} for each volume of {asked.host.name}, both from its cell."
    )
