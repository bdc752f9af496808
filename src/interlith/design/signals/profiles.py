"""How deep is a layer gone by etching, and what does a sputter profile say of its thickness and coverage?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from interlith.crystal.structure import Structure
from interlith.design.inputs import Uncertain, uncertain
from interlith.design.recording import answer
from interlith.design.reported import audited
from interlith.design.signals.etching import ASSUMED_MIXING, DEPTH_SCALE, Profile, read_depths
from interlith.design.signals.line_ratios import Sample, read_sample
from interlith.design.signals.overlayers import SEAH
from interlith.design.signals.profile_answers import fitted, predicted
from interlith.design.signals.profile_figures import figures
from interlith.errors import StudyError
from interlith.model import Citation, Statement
from interlith.physics.attenuation_lengths import Formula
from interlith.units import convert, parse

HOFMANN = Citation(
    "hofmann1998", "Hofmann, Journal of Surface Analysis 4 (1998) 9, arXiv:cond-mat/9807053",
    "@article{hofmann1998, author = {Hofmann, S.}, title = {Applications of the MRI-model in sputter depth profiling}, "
    "journal = {Journal of Surface Analysis}, volume = {4}, pages = {9}, year = {1998}, eprint = {cond-mat/9807053}}",
)  # fmt: skip
_NOT_MODELLED = "Preferential sputtering and shading between particles are not modelled."


def sputter_profile(
    *, layer: str | Path | Structure, substrate: str | Path | Structure, line: str, substrate_line: str,
    thickness: str | float | Uncertain | None = None, coverage: str | float | Uncertain | None = None,
    measured: Sequence[Mapping[str, str | float]] | None = None, rate: str | float | Uncertain | None = None,
    depth_uncertainty: str | float = "10 %", mixing: str | float | Uncertain | None = None, roughness: str | float = "0 nm",
    detection: str | float = "5 %", geometry: str = "flat", radius: str | float | Uncertain | None = None,
    ion_angle: str | float = "45 deg", photon: str | float = "Al Ka", angle: str | float = "0 deg",
    ratio_is: str = "atomic", formula: Formula = "S3", length_uncertainty: str | float | None = None,
    layer_gap: str | float | None = None, substrate_gap: str | float | None = None, reported: Mapping[str, str] | None = None,
) -> Statement:  # fmt: skip
    """Two photoelectron lines while ions take a layer away: where it vanishes, or what a measured profile says of it.

    Parameters
    ----------
    layer, substrate, line, substrate_line, photon, angle, ratio_is, formula, length_uncertainty, layer_gap, substrate_gap
        As in `interlith.design.overlayer`.
    thickness, coverage
        Of the layer: declared, to predict; with `measured` what is not declared is looked for (``free`` looks for the coverage
        too, else the layer is closed).
    measured
        Entries with ``depth`` and ``ratio``: ``{"depth": "0 nm", "ratio": "1.3 +- 0.1"}, {"depth": "2 nm", "ratio": "< 0.05"}``
        (a limit at 95 %). With a `rate` depths may be times.
    rate, depth_uncertainty
        ``2 +- 0.2 nm/min``; or the relative standard uncertainty of depths.
    mixing
        Width of the zone mixed by the ions (default 1-3 nm, an assumption).
    roughness
        Standard deviation of the etched depth.
    detection
        Share of its first intensity at which the layer's line counts as gone.
    geometry, radius, ion_angle
        ``flat``, ``islands`` or ``sphere`` (large particles; the angle between ions and analyser leaves their lee unetched).
    reported
        Numbers from elsewhere by quantity, to be checked.

    Raises
    ------
    StudyError
        If what was declared does not go together.
    UnitError
        If a number cannot be read.
    FitError
        If no layer agrees with the profile.
    """
    if geometry == "sphere" and radius is None:
        radius = "1000 nm"  # large; nothing here depends on it
    depths, ratios, scale = read_depths(measured, rate, depth_uncertainty)
    sample = read_sample(
        layer=layer, substrate=substrate, line=line, substrate_line=substrate_line, measured="1 +- 1" if measured else None,
        photon=photon, geometry=geometry, radius=radius, thickness=thickness,
        coverage="100 %" if coverage is None and geometry != "islands" else coverage, angle=angle, ratio_is=ratio_is,
        formula=formula, length_uncertainty=length_uncertainty, layer_gap=layer_gap, substrate_gap=substrate_gap,
    )  # fmt: skip
    words = {"measured": str(measured or ""), "ion_angle": str(ion_angle), "roughness": str(roughness)}
    sample = _etched(sample, scale, mixing, words, closed=coverage is None)
    profile = Profile(sample, depths, ratios, _length(roughness), _degrees(ion_angle))
    told = fitted(profile) if ratios else predicted(profile, _share(detection))
    return answer(
        "sputter_profile", told.observables, options=profile.sample.options, words=_words(profile),
        findings=(*told.findings, *audited(told.observables, reported)), figures=figures(profile, told),
        citations=(HOFMANN, SEAH), packages=("xraydb",),
    )  # fmt: skip


def _etched(
    sample: Sample, scale: Uncertain, mixing: str | float | Uncertain | None, words: Mapping[str, str], *, closed: bool
) -> Sample:
    """The sample with what belongs to etching: mixed zone, depth scale, and what is not modelled."""
    zone = uncertain(ASSUMED_MIXING if mixing is None else mixing, "nm", "the mixed zone")
    declared = {name: item for name, item in sample.declared.items() if name != "radius"}
    declared |= {"mixing": zone, DEPTH_SCALE: scale}
    if closed and "coverage" in declared:
        declared["coverage"] = Uncertain(1.0, 0.0, "1", 1.0, 1.0, "exact")
    assumed = (f"The mixed zone of {ASSUMED_MIXING} is an assumption.",) if mixing is None else ()
    caveats = (*sample.caveats, _NOT_MODELLED, *assumed)
    return replace(sample, declared=declared, caveats=caveats, options=sample.options | dict(words), ratios=())


def _share(text: str | float) -> float:
    given = parse(text, what="the share at which the line counts as gone")
    share = given.value * (0.01 if given.unit == "%" else 1.0)
    if not 0 < share < 1:
        raise StudyError(f"A detection share of {text} makes no sense; write for instance detection='5 %'.")
    return share


def _length(text: str | float) -> float:
    given = parse(text, what="the roughness")
    return given.value if given.unit == "" else convert(given.value, given.unit, "nm")


def _degrees(text: str | float) -> float:
    given = parse(text, what="the angle between ions and analyser")
    value = given.value if given.unit == "" else convert(given.value, given.unit, "deg")
    if not 0 <= value < 90:
        raise StudyError(f"An angle of {text} between ions and analyser is outside 0 to 90 deg.")
    return value


def _words(profile: Profile) -> str:
    return (
        "Sputter profiles were modelled by a mixed zone at the surface, roughness, and exponential attenuation "
        f"({profile.sample.formula}) as in the MRI model; depth scale, mixed zone and attenuation lengths were parameters held by "
        "their declared uncertainties."
    )
