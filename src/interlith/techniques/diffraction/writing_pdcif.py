"""How are a pattern and its refinement written for deposition: the measured points, the model, and the phases?

One block for the pattern and one a phase, in the words of the dictionaries of CIF core and of powder CIF. Every measured point is
there; the weight that it had in the refinement says which were used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from interlith.techniques.diffraction.writing_cif import RefinedPhase, number, quoted, refined_cif, semicolons

Array = NDArray[np.float64]

_POSITIONS = {
    "two_theta": "_pd_meas_2theta_scan", "time_of_flight": "_pd_meas_time_of_flight", "scattering_vector": "_pd_proc_recip_len_Q",
}  # fmt: skip
#: Steps that differ by less (in the unit of the positions) are one step: printed angles have four decimals.
_ALIKE = 2e-4


@dataclass(frozen=True, slots=True)
class WrittenPattern:
    """A measured pattern beside its model.

    Parameters
    ----------
    name
        Of the block.
    position
        As measured, not corrected, ascending, shape (n,); deg, us or 1/angstrom by `axis`.
    observed, weight
        Intensity and weight in the refinement (1/variance; 0 where the point was not used), shape (n,).
    calculated, background
        Of the model, shape (n,); nan where there is none.
    axis
        ``two_theta``, ``time_of_flight`` or ``scattering_vector``.
    counts
        Whether the intensities are counts.
    radiation, wavelengths, ratio
        ``x-ray`` or ``neutron``; one or two wavelengths (angstrom) and I(2)/I(1).
    agreement
        ``r_p``, ``r_wp``, ``r_exp``, ``goodness_of_fit`` (as ratios, not percent), ``parameters`` (their number).
    background_words, profile_words
        The functions in words.
    source
        Name and digest of the raw file.
    notes
        What a reader of the file must know.
    """

    name: str
    position: Array
    observed: Array
    weight: Array
    calculated: Array
    background: Array
    axis: str = "two_theta"
    counts: bool = True
    radiation: str = "x-ray"
    wavelengths: tuple[float, ...] = ()
    ratio: float = math.nan
    agreement: Mapping[str, float] = field(default_factory=dict)
    background_words: str = ""
    profile_words: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()


def pd_cif(pattern: WrittenPattern, phases: Sequence[RefinedPhase], *, software: str = "", date: str = "") -> str:
    """Text of the powder CIF of one refined pattern.

    Parameters
    ----------
    pattern
        Points and model.
    phases
        The phases in the model.
    software, date
        Name and version of what refined, and the ISO day; left out where empty.

    Notes
    -----
    Angles are those of the measurement: zero and displacement are part of the model, so no angle is corrected. An agreement index is
    printed as a ratio, as the dictionary defines it.
    """
    names = block_names(pattern.name, [phase.structure.name for phase in phases])
    lines = [f"data_{names[0]}", f"_pd_block_id {quoted(names[0])}"]
    lines += _made(software, date)
    lines += _radiation(pattern)
    lines += _range(pattern)
    lines += _agreement(pattern)
    if phases:
        lines += ["loop_", "_pd_phase_id", "_pd_phase_block_id", "_pd_phase_name", "_pd_phase_mass_%"]
        for place, (phase, block) in enumerate(zip(phases, names[1:], strict=True), start=1):
            share = number(100 * phase.weight_fraction[0], 100 * phase.weight_fraction[1])
            lines.append(f"{place} {quoted(block)} {quoted(phase.structure.name)} {share}")
    lines += _points(pattern)
    blocks = ["\n".join(lines)]
    for phase, block in zip(phases, names[1:], strict=True):
        more = {
            "_pd_block_id": quoted(block),
            "_pd_block_diffractogram_id": quoted(names[0]),
            "_pd_phase_name": quoted(phase.structure.name),
        }
        blocks.append(refined_cif(phase, block=block, more=more))
    return "\n\n".join(blocks) + "\n"


def block_names(pattern: str, phases: Sequence[str]) -> list[str]:
    """Names of the blocks: letters, digits and underscores, each once."""
    found: list[str] = []
    for name in (pattern, *(f"{pattern}_{phase}" for phase in phases)):
        plain = (
            "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-.") else "_" for sign in name) or "pattern"
        )
        count = 2
        unique = plain
        while unique.casefold() in {other.casefold() for other in found}:
            unique, count = f"{plain}_{count}", count + 1
        found.append(unique)
    return found


def _made(software: str, date: str) -> list[str]:
    lines = [f"_audit_creation_date {date}"] if date else []
    if software:
        lines += [f"_audit_creation_method {quoted(software)}", f"_computing_structure_refinement {quoted(software)}"]
    return lines


def _radiation(pattern: WrittenPattern) -> list[str]:
    lines = [f"_diffrn_radiation_probe {'x-ray' if pattern.radiation == 'x-ray' else pattern.radiation}"]
    if len(pattern.wavelengths) == 1:
        lines.append(f"_diffrn_radiation_wavelength {pattern.wavelengths[0]:.8g}")
    elif pattern.wavelengths:
        lines += [
            "loop_",
            "_diffrn_radiation_wavelength_id",
            "_diffrn_radiation_wavelength",
            "_diffrn_radiation_wavelength_wt",
        ]
        weights = (1.0, *([pattern.ratio] * (len(pattern.wavelengths) - 1)))
        lines += [
            f"{place} {wavelength:.8g} {number(weight, math.nan)}"
            for place, (wavelength, weight) in enumerate(zip(pattern.wavelengths, weights, strict=True), start=1)
        ]
    return lines


def _range(pattern: WrittenPattern) -> list[str]:
    lines = [f"_pd_meas_number_of_points {pattern.position.size}"]
    if pattern.axis == "two_theta":
        lines += [
            f"_pd_meas_2theta_range_min {pattern.position[0]:.6g}",
            f"_pd_meas_2theta_range_max {pattern.position[-1]:.6g}",
        ]
        steps = np.diff(pattern.position)
        if steps.size and np.ptp(steps) < _ALIKE:
            lines.append(f"_pd_meas_2theta_range_inc {float(steps.mean()):.6g}")
    left_out = _left_out(pattern)
    if left_out:
        lines += ["_pd_proc_info_excluded_regions", *semicolons(left_out)]
    return lines


def _left_out(pattern: WrittenPattern) -> list[str]:
    """Ranges of points that had no weight."""
    unused = pattern.weight <= 0
    if not unused.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([False], unused, [False])).astype(int)))
    return [
        f"{pattern.position[first]:.6g} to {pattern.position[last - 1]:.6g}"
        for first, last in zip(edges[::2], edges[1::2], strict=True)
    ]


def _agreement(pattern: WrittenPattern) -> list[str]:
    named = {
        "_pd_proc_ls_prof_R_factor": "r_p", "_pd_proc_ls_prof_wR_factor": "r_wp", "_pd_proc_ls_prof_wR_expected": "r_exp",
        "_refine_ls_goodness_of_fit_all": "goodness_of_fit",
    }  # fmt: skip
    lines = [
        f"{item} {pattern.agreement[name]:.5f}"
        for item, name in named.items()
        if math.isfinite(pattern.agreement.get(name, math.nan))
    ]
    if "parameters" in pattern.agreement:
        lines.append(f"_refine_ls_number_parameters {pattern.agreement['parameters']:.0f}")
    if pattern.background_words:
        lines += ["_pd_proc_ls_background_function", *semicolons([pattern.background_words])]
    if pattern.profile_words:
        lines += ["_pd_proc_ls_profile_function", *semicolons([pattern.profile_words])]
    said = [*([f"Raw file: {pattern.source}"] if pattern.source else []), *pattern.notes]
    return [*lines, "_pd_proc_ls_special_details", *semicolons(said)] if said else lines


def _points(pattern: WrittenPattern) -> list[str]:
    intensity = "_pd_meas_counts_total" if pattern.counts else "_pd_meas_intensity_total"
    lines = [
        "loop_", _POSITIONS[pattern.axis], intensity, "_pd_proc_ls_weight", "_pd_calc_intensity_total",
        "_pd_proc_intensity_bkg_calc",
    ]  # fmt: skip
    columns = zip(
        pattern.position.tolist(), pattern.observed.tolist(), pattern.weight.tolist(), pattern.calculated.tolist(),
        pattern.background.tolist(), strict=True,
    )  # fmt: skip
    lines += [
        f"{position:.8g} {_plain(observed)} {weight:.6g} {_plain(calculated)} {_plain(background)}"
        for position, observed, weight, calculated, background in columns
    ]
    return lines


def _plain(value: float) -> str:
    """A number to eight digits; ``.`` for what does not apply."""
    return f"{value:.8g}" if math.isfinite(value) else "."
