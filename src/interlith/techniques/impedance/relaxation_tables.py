"""Which tables hold the distributions of a series: the map, the processes, the fitted spectra?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.numerics.relaxation import TERMS, Distributions, Peaks
from interlith.techniques.impedance.records import about
from interlith.techniques.impedance.spectra import Spectrum


def _with_about(spectrum: Spectrum, columns: Mapping[str, object]) -> pl.DataFrame:
    own = [pl.lit(value).alias(name) for name, value in about(spectrum).items()]
    return pl.DataFrame(columns).select(*own, pl.all())


def distribution_rows(spectrum: Spectrum, found: Distributions, member: int) -> pl.DataFrame:
    """A row a node within the window: tau (s), gamma per unit of ln tau, and its band (ohm)."""
    inside = found.grid.inside
    columns = {"tau": found.tau[inside]} | {
        name: getattr(found, name)[member][inside] for name in ("gamma", "low", "high")
    }  # fmt: skip
    return _with_about(spectrum, columns)


def curve_rows(spectrum: Spectrum, found: Distributions, member: int) -> pl.DataFrame:
    """A row a point: measured and fitted impedance (ohm), residuals in standard uncertainties."""
    count = spectrum.frequency.size
    order = np.argsort(np.argsort(-spectrum.frequency, kind="stable"), kind="stable")
    off, std = found.residuals[member][order], found.std[member]
    model = np.where(spectrum.used, spectrum.impedance - off, np.nan)
    columns = {
        "frequency": spectrum.frequency, "impedance_real": spectrum.impedance.real, "impedance_imaginary": spectrum.impedance.imag,
        "fitted_real": model.real, "fitted_imaginary": np.where(spectrum.used, model.imag, np.nan),
        "residual_real": np.where(spectrum.used, off.real / std[:count][order], np.nan),
        "residual_imaginary": np.where(spectrum.used, off.imag / std[count:][order], np.nan), "used": spectrum.used,
    }  # fmt: skip
    shown = ("fitted_real", "fitted_imaginary", "residual_real", "residual_imaginary")
    return _with_about(spectrum, columns).with_columns(pl.col(shown).fill_nan(None))


def peak_rows(
    spectrum: Spectrum, peaks: Peaks, numbers: NDArray[np.intp], names: Mapping[int, str]
) -> list[dict[str, object]]:
    """A row a process."""
    made = []
    for place, number in enumerate(numbers):
        resistance, log_tau, width = (float(value) for value in peaks.values[place])
        size, spread, wide = (float(value) for value in peaks.std[place])
        tau = math.exp(log_tau)
        made.append(
            about(spectrum)
            | {
                "peak": f"P{number}", "process": names.get(int(number), ""), "resistance": resistance, "resistance_std": size,
                "resistance_inside": float(peaks.inside[place]), "separation_std": float(peaks.separation[place, 0]), "time_constant": tau,
                "time_constant_std": tau * spread, "width": width, "width_std": wide, "probability": float(peaks.probability[place]),
                "side": peaks.side[place], "single": bool(peaks.discrete[place]),
            }
        )  # fmt: skip
    return made


def spectrum_row(spectrum: Spectrum, found: Distributions, member: int) -> dict[str, object]:
    """A row a spectrum: terms, noise, how many parameters the data fixed."""
    row = about(spectrum) | {
        "signed": found.signed, "polarisation": float(found.polarisation[member]), "polarisation_std": float(found.polarisation_std[member]),
        "noise_constant": float(found.noise[member, 0]), "noise_relative": 100 * float(found.noise[member, 1]),
        "parameters": float(found.freedom[member]), "misfit": float(found.misfit[member]), "converged": bool(found.converged[member]),
    }  # fmt: skip
    for k, name in enumerate(TERMS):
        row |= {name: float(found.terms[member, k]), f"{name}_std": float(found.terms_std[member, k])}
    return row
