"""How thick is an overlayer and how much does it cover, by the ratio of two photoelectron lines?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain
from interlith.design.recording import answer
from interlith.design.reported import audited
from interlith.design.signals.line_ratios import Sample, read_sample
from interlith.design.signals.overlayer_answers import forward, inverse
from interlith.design.signals.overlayer_figures import figures
from interlith.model import Citation, Finding, Statement
from interlith.physics.attenuation_lengths import Formula

SEAH = Citation(
    "seah2012", "Seah, Surface and Interface Analysis 44 (2012) 1353, 10.1002/sia.5033",
    "@article{seah2012, author = {Seah, M. P.}, title = {Simple universal curve for the energy-dependent electron attenuation "
    "length for all materials}, journal = {Surface and Interface Analysis}, volume = {44}, pages = {1353}, year = {2012}, "
    "doi = {10.1002/sia.5033}}",
)  # fmt: skip
TANUMA = Citation(
    "tanuma1994", "Tanuma, Powell and Penn, Surface and Interface Analysis 21 (1994) 165, 10.1002/sia.740210302",
    "@article{tanuma1994, author = {Tanuma, S. and Powell, C. J. and Penn, D. R.}, title = {Calculations of electron inelastic "
    "mean free paths. V}, journal = {Surface and Interface Analysis}, volume = {21}, pages = {165}, year = {1994}, "
    "doi = {10.1002/sia.740210302}}",
)  # fmt: skip


def overlayer(
    *, layer: str | Path | Structure, substrate: str | Path | Structure, line: str, substrate_line: str,
    measured: str | float | Sequence[Mapping[str, str | float]] | None = None, photon: str | float = "Al Ka",
    geometry: str = "flat", radius: str | float | Uncertain | None = None, thickness: str | float | Uncertain | None = None,
    coverage: str | float | Uncertain | None = None, angle: str | float = "0 deg", ratio_is: str = "atomic",
    formula: Formula = "S3", length_uncertainty: str | float | None = None, layer_gap: str | float | None = None,
    substrate_gap: str | float | None = None, reported: Mapping[str, str] | None = None,
) -> Statement:  # fmt: skip
    """Thickness and coverage of an overlayer from XPS, or the ratio that a declared one gives.

    Parameters
    ----------
    layer, substrate
        Materials: a structure (``LNMO``, a CIF) or formula and density, ``LaMnO3, 6.6 g/cm^3``.
    line, substrate_line
        Lines of an element that only the layer holds, and of one of the substrate: ``La 3d5/2``, ``Ni 2p3/2 at 855 eV``.
    measured
        The ratio of the first line to the second with its standard uncertainty, ``0.35 +- 0.03``; or several, each a mapping with
        ``ratio`` and what differs from the other arguments: ``angle``, ``photon``, ``line``, ``substrate_line``.
    photon
        Source or energy: ``Al Ka``, ``2000 eV``.
    geometry
        ``flat``, ``sphere`` (a shell round particles; needs the `radius` of the core), or ``islands``: flat, coverage unknown.
    radius
        Of the core (nm).
    thickness, coverage
        Declared where known; the other is then looked for. A coverage of ``free`` looks for both. Without either: a closed layer.
    angle
        Emission from the surface normal.
    ratio_is
        ``atomic`` (at% over at%), ``cross section`` or ``pure``; see `interlith.design.signals.pairs.pair`.
    formula
        Attenuation lengths: ``S3``, ``S4`` or ``TPP-2M``.
    length_uncertainty
        Their relative standard uncertainty, common to all lines in one material (default: that of the formula, 10-12 %).
    layer_gap, substrate_gap
        Band gaps (eV), which lengthen attenuation lengths.
    reported
        Numbers from elsewhere by quantity, to be checked.

    Raises
    ------
    StudyError
        If lines, materials or options do not go together, or a measured ratio has no uncertainty.
    UnitError
        If a number cannot be read.
    FitError
        If no layer agrees with several measured ratios.

    Notes
    -----
    One ratio cannot give thickness and coverage: then both are bounds and the finding says so. The assumption that fails
    first: a clean surface; carbon on top weakens the line of lower kinetic energy more.
    """
    sample = read_sample(
        layer=layer, substrate=substrate, line=line, substrate_line=substrate_line, measured=measured, photon=photon,
        geometry=geometry, radius=radius, thickness=thickness, coverage=coverage, angle=angle, ratio_is=ratio_is,
        formula=formula, length_uncertainty=length_uncertainty, layer_gap=layer_gap, substrate_gap=substrate_gap,
    )  # fmt: skip
    told = inverse(sample) if sample.ratios else forward(sample)
    findings: tuple[Finding, ...] = (*told.findings, *audited(told.observables, reported))
    return answer(
        "overlayer", told.observables, options=sample.options, words=_words(sample), findings=findings,
        figures=figures(sample, told), data={"pairs": sample.pairs}, packages=("xraydb",),
        citations=(TANUMA,) if formula == "TPP-2M" else (SEAH,),
    )  # fmt: skip


def _words(sample: Sample) -> str:
    lengths = sample.pairs[0].lengths
    return (
        f"Intensities of {sample.pairs[0].line.name} and {sample.pairs[0].substrate_line.name} were modelled by straight-line "
        f"attenuation in a {'shell round spheres' if sample.sphere else 'flat overlayer'} of {sample.layer.name} on "
        f"{sample.substrate.name} with effective attenuation lengths by {sample.formula} "
        f"({float(lengths.layer_in_layer):.2f} and {float(lengths.substrate_in_layer):.2f} nm in the layer), uncertain by "  # type: ignore[arg-type]
        f"{100 * sample.declared['attenuation length in the layer'].std:.0f} % in either material."
    )
