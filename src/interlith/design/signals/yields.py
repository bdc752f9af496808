"""Surface or bulk: does electron yield tell a dopant in a layer from the same dose spread through the particle?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from interlith.crystal.phases import phase
from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain, uncertain
from interlith.design.recording import answer, digest_of, number
from interlith.design.reported import audited
from interlith.design.signals.amounts import per_area
from interlith.design.signals.asking import Asked, Escape, Placed, escape_depth, placed
from interlith.design.signals.propagating import DRAWS, Propagated, drawn, propagate
from interlith.design.signals.yield_figures import figures
from interlith.design.signals.yield_findings import compared, distinguished, located
from interlith.errors import StudyError
from interlith.model import Citation, Finding, Observable, Statement

Text = str | float | Uncertain

FRAZER = Citation(
    "frazer2003",
    "Frazer et al., Surface Science 537 (2003) 161, 10.1016/S0039-6028(03)00613-7",
    "@article{frazer2003, author = {Frazer, B. H. and Gilbert, B. and Sonderegger, B. R. and De Stasio, G.}, "
    "title = {The probing depth of total electron yield in the sub-keV range: TEY-XAS and X-PEEM}, "
    "journal = {Surface Science}, volume = {537}, pages = {161}, year = {2003}, doi = {10.1016/S0039-6028(03)00613-7}}",
)


def electron_yield(
    *, depth: Text, layer: Text, radius: Text | None = None, edge: Text | None = None, shape: str = "sphere",
    against: str = "homogeneous", dose: Text | None = None, against_dose: Text | None = None,
    uncertainty: str | float | None = None, measured: str | float | None = None, escape: Escape = "nearest",
    depth_is: str = "escape depth", truncation: float = 1 / 3, structure: str | Path | Structure | None = None,
    element: str = "dopant", reported: Mapping[str, str] | None = None,
) -> Statement:  # fmt: skip
    """Electron yield of a dopant at the surface of particles against the same dose elsewhere.

    Parameters
    ----------
    depth
        Depth of electron yield, ``20 nm`` or ``15-25 nm``; `depth_is` says which: the ``escape depth`` L of exp(-d / L), or the
        depth from which ``95 %`` of the electrons come (3.0 L).
    layer
        Where the dopant of the first sample is: the thickness of the outermost layer (``0.4-0.8 nm``), or a profile with its
        width: ``exponential 5 nm``, ``erfc 5 nm``, ``linear 5 nm``.
    radius, edge, shape, truncation
        Size and shape, layer included; see `interlith.physics.electron_yield.body`. The radius of a polyhedron is that of its
        corners.
    against
        Where the dopant of the second sample is, in the same words, or ``homogeneous``.
    dose, against_dose
        Doses of both samples, ``0.5 +- 0.02 at%``; the second is by default the same number, weighed for itself.
    uncertainty
        Relative standard uncertainty of a measured ratio of the two signals, ``10 %``: whether they would be told apart.
    measured
        The measured ratio with its standard uncertainty, ``2.0 +- 0.2``.
    escape
        ``nearest`` or ``straight``: what the depth of an atom is; see `interlith.physics.electron_yield`.
    structure, element
        Host crystal and dopant: with them and `dose` (atoms per transition metal) the dopant per surface area is given.
    reported
        Numbers from elsewhere by quantity, to be checked.

    Raises
    ------
    StudyError
        If a size, a place or an option makes no sense.
    UnitError
        If a number cannot be read.

    Notes
    -----
    Two ratios: per atom of dopant at equal flux (``yield_contrast``), and with each signal divided by that of the host in its
    own sample (``yield_contrast_to_host``), in which a layer also weakens the host. Saturation by absorption and a layer's own
    escape depth are left out.
    """
    inputs, places = _declared(radius, edge, depth, depth_is, layer, against, dose, against_dose)
    asked = Asked(shape, "radius" if edge is None else "edge", truncation, escape, *places, inputs)
    if escape == "straight" and shape != "sphere":
        raise StudyError(
            "Straight escape carries uncertainties for spheres only; leave escape='nearest' or take a sphere."
        )
    host = None if structure is None else phase(structure)
    draws = drawn(inputs)
    contrast = propagate(asked.contrast, inputs, draws)
    found = {
        "yield_contrast": contrast,
        "yield_contrast_to_host": propagate(asked.contrast_to_host, inputs, draws),
        "escaping_share_at_surface": propagate(lambda values: asked.share(places[0], values), inputs, draws),
        "escaping_share_elsewhere": propagate(lambda values: asked.share(places[1], values), inputs, draws),
    }
    observables = _numbers(found, asked, host, element)
    if host is not None and dose is not None:
        observables += per_area(host, element, asked, draws)
    findings, share = _concluded(asked, found, element, uncertainty, measured)
    observables += share
    findings += audited(observables, reported)
    return _answer(asked, observables, findings, depth_is, measured)


def _concluded(
    asked: Asked,
    found: Mapping[str, Propagated],
    element: str,
    uncertainty: str | float | None,
    measured: str | float | None,
) -> tuple[list[Finding], list[Observable]]:
    """Findings, and the share at the surface where a ratio was measured."""
    contrast = found["yield_contrast"]
    findings = [compared(asked, found, element)]
    if uncertainty is not None:
        findings.append(distinguished(asked, contrast, uncertainty))
    if measured is None:
        return findings, []
    finding, share = located(asked, contrast, measured, element)
    return [*findings, finding], [share]


def _declared(
    radius: Text | None, edge: Text | None, depth: Text, depth_is: str, layer: Text, against: str, dose: Text | None,
    against_dose: Text | None,
) -> tuple[dict[str, Uncertain], tuple[Placed, Placed]]:  # fmt: skip
    """The inputs by name, and both places of the dopant."""
    size = radius if edge is None else edge
    if size is None or (radius is not None and edge is not None):
        raise StudyError("The particle needs either a radius or an edge; write for instance radius='80 nm'.")
    name = "radius" if edge is None else "edge"
    surface, widths = placed(layer, "layer thickness")
    other, more = placed(against, "width of the other profile")
    inputs = {name: uncertain(size, "nm", f"the {name}")} | widths | more
    inputs["escape depth"] = escape_depth(depth, depth_is)
    if dose is not None:
        inputs["dose"] = uncertain(dose, "1", "the dose")
        inputs["other dose"] = uncertain(dose if against_dose is None else against_dose, "1", "the other dose")
    return inputs, (surface, other)


def _numbers(found: Mapping[str, Propagated], asked: Asked, host: Structure | None, element: str) -> list[Observable]:
    source = digest_of(host) if host is not None else ""
    sample = f"{element} in {host.name if host is not None else asked.shape}"
    method = f"escape {asked.escape}"
    return [
        number(
            quantity,
            item.value,
            "1",
            item.components,
            sample=sample,
            source=source,
            method=method,
            low=item.low,
            high=item.high,
        )
        for quantity, item in found.items()
    ]


def _answer(
    asked: Asked, observables: list[Observable], findings: list[Finding], depth_is: str, measured: str | float | None
) -> Statement:
    options = {name: f"{item.value:g} {item.unit}" for name, item in asked.inputs.items()}
    options |= {"shape": asked.shape, "escape": asked.escape, "depth_is": depth_is, "measured": str(measured or "")}
    words = (
        "The electron yield of a dopant is the mean of exp(-d / L) over its atoms, d being "
        + (
            "the distance to the nearest surface"
            if asked.escape == "nearest"
            else "the straight way out, over all directions"
        )
        + f" of a {asked.shape} and L the escape depth. Declared uncertainties were propagated by {DRAWS} draws."
    )
    data = {"profiles": (asked.surface, asked.other)}
    return answer(
        "electron_yield", observables, options=options, words=words, findings=findings, figures=figures(asked, measured),
        data=data, citations=(FRAZER,),
    )  # fmt: skip
