"""Which figures show impedance: spectra, what is left of them, and resistances along the state?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.model import Figure, Line, Note, Panel, Result
from interlith.techniques.impedance.figures_relaxation import relaxation_figures
from interlith.techniques.impedance.figures_state import state_figures
from interlith.techniques.impedance.figures_words import drawn, hertz

Array = NDArray[np.float64]

#: Share of the size of a plot by which two frequencies on it must lie apart.
CLOSEST = 0.09


def figures(results: Sequence[Result]) -> list[Figure]:
    """Figures of whatever results there are.

    Parameters
    ----------
    results
        Results of this technique; those that are missing leave their figure out.

    Notes
    -----
    Axes of a Nyquist plot have equal scales, and frequencies stand at whole decades. Up to six spectra of a
    specimen are drawn, spread over its series; the tables hold all.
    """
    named = {item.name: item for item in results}
    made: list[Figure | None] = []
    # A result that every specimen was refused has no tables.
    named = {name: item for name, item in named.items() if item.data}
    if "circuit" in named:
        made += [_nyquist(named["circuit"]), _bode(named["circuit"])]
    if "validity" in named:
        made.append(_validity(named["validity"]))
    if "circuit" in named:
        made.append(_fit_residuals(named["circuit"]))
    if "relaxation" in named:
        made += relaxation_figures(named["relaxation"])
    made += state_figures(results)
    return [item for item in made if item is not None]


def _columns(one: pl.DataFrame, *names: str) -> list[Array]:
    return [one.get_column(name).cast(pl.Float64).to_numpy() for name in names]


def _nyquist(result: Result) -> Figure | None:
    panels = []
    for sample, spectra in drawn(result.data["spectra"]).items():
        lines, notes = [], []
        variant = str(spectra[0][1].item(0, "variant"))
        for place, (words, one) in enumerate(spectra):
            real, imaginary, fitted, other = _columns(
                one, "impedance_real", "impedance_imaginary", "fitted_real", "fitted_imaginary"
            )
            lines.append(Line(real, -imaginary, words, variant, sample, style="points"))
            lines.append(Line(fitted, -other, "", variant, sample))
            if place == len(spectra) - 1:
                notes = decade_notes(one)
        panels.append(
            Panel("Z' / Ω", "−Z'' / Ω", tuple(lines), title=sample, equal=True, notes=tuple(notes))
        )  # fmt: skip
    if not panels:
        return None
    caption = f"Points: measured; lines: fit of {result.how.options['circuit']}. Both axes have one scale; frequencies at whole decades."
    return Figure("nyquist", "Nyquist plots", caption, tuple(panels), width=2, columns=2)


def decade_notes(one: pl.DataFrame) -> list[Note]:
    """Frequencies at the points nearest to whole decades."""
    frequency, real, imaginary = _columns(one, "frequency", "impedance_real", "impedance_imaginary")
    decades = np.log10(frequency)
    size = max(float(np.ptp(real)), float(np.ptp(imaginary)), 1e-300)
    notes: list[Note] = []
    for decade in range(int(np.ceil(decades.min() - 0.05)), int(np.floor(decades.max() + 0.05)) + 1):
        near = int(np.argmin(np.abs(decades - decade)))
        x, y = float(real[near]), float(-imaginary[near])
        apart = all(np.hypot(x - one.x, y - one.y) > CLOSEST * size for one in notes)
        if abs(decades[near] - decade) <= 0.1 and apart:
            notes.append(Note(x, y, hertz(10.0**decade)))
    return notes


def _bode(result: Result) -> Figure | None:
    sizes, phases = [], []
    for sample, spectra in drawn(result.data["spectra"]).items():
        words, one = spectra[-1]
        variant = str(one.item(0, "variant"))
        frequency, real, imaginary, fitted, other = _columns(
            one, "frequency", "impedance_real", "impedance_imaginary", "fitted_real", "fitted_imaginary"
        )
        name = f"{sample}, {words}"
        for z, style in ((real + 1j * imaginary, True), (fitted + 1j * other, False)):
            label = name if style else ""
            sizes.append(Line(frequency, np.abs(z), label, variant, sample, style="points" if style else "line"))
            phases.append(
                Line(frequency, np.angle(z, deg=True), label, variant, sample, style="points" if style else "line")
            )
    if not sizes:
        return None
    panels = (
        Panel("Frequency / Hz", "|Z| / Ω", tuple(sizes), log_x=True, log_y=True),
        Panel("Frequency / Hz", "Phase / °", tuple(phases), log_x=True),
    )
    caption = f"Last spectrum of each specimen. Points: measured; lines: fit of {result.how.options['circuit']}."
    return Figure("bode", "Bode plots", caption, panels, width=2, columns=2)


def _validity(result: Result) -> Figure | None:
    rows = result.data["residuals"]
    panels = []
    for sample, spectra in drawn(rows).items():
        variant = str(spectra[0][1].item(0, "variant"))
        lines = []
        for words, one in spectra:
            frequency, real, imaginary = _columns(one, "frequency", "residual_real", "residual_imaginary")
            lines.append(Line(frequency, real, words, variant, sample))
            lines.append(Line(frequency, imaginary, "", variant, sample, dashed=True))
        failing = rows.filter((pl.col("sample") == sample) & pl.col("failing"))
        if failing.height:
            frequency, real = _columns(failing, "frequency", "residual_real")
            lines.append(Line(frequency, real, "failing points", "", sample, style="points"))
        panels.append(Panel("Frequency / Hz", "Residual / % of |Z|", tuple(lines), title=sample, log_x=True))
    if not panels:
        return None
    caption = "What the linear Kramers-Kronig test leaves of each spectrum: real parts full, imaginary parts dashed."
    return Figure("kramers_kronig", "Kramers-Kronig residuals", caption, tuple(panels), width=2, columns=2)


def _fit_residuals(result: Result) -> Figure | None:
    panels = []
    for sample, spectra in drawn(result.data["spectra"]).items():
        variant = str(spectra[0][1].item(0, "variant"))
        lines = []
        for words, one in spectra:
            frequency, real, imaginary = _columns(one, "frequency", "residual_real", "residual_imaginary")
            lines.append(Line(frequency, real, words, variant, sample))
            lines.append(Line(frequency, imaginary, "", variant, sample, dashed=True))
        panels.append(Panel("Frequency / Hz", "Residual / σ", tuple(lines), title=sample, log_x=True))
    if not panels:
        return None
    caption = (
        f"Measured minus fitted ({result.how.options['circuit']}) in standard uncertainties: real parts full, imaginary parts dashed. "
        "A slow wave means that the circuit does not follow the spectrum."
    )
    return Figure("circuit_residuals", "Residuals of the circuit", caption, tuple(panels), width=2, columns=2)
