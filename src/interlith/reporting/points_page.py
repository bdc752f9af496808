"""Which points of a spectrum matter? One page on which a point can be left out by a click, with what that changes."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from interlith.errors import StudyError
from interlith.reporting.whole import whole
from interlith.techniques.impedance.pointwise import Linearised, Pointwise
from interlith.techniques.impedance.records import described

#: Spectra on one page: more make it slow to open.
MOST_SPECTRA = 60


def write_points_page(
    spectra: Sequence[Pointwise], path: str | Path, *, title: str, folder: str = ".", simulated: bool = False
) -> Path:
    """Write the page of some spectra: one HTML file that asks no other machine for anything.

    Parameters
    ----------
    spectra
        At most `MOST_SPECTRA`.
    path
        File to write.
    title, folder
        Of the study, for the heading and for the lines of Python.
    simulated
        Whether the page must say that its data are simulated.

    Raises
    ------
    StudyError
        If there is no spectrum, or there are too many.
    """
    if not spectra or len(spectra) > MOST_SPECTRA:
        raise StudyError(f"A page of points holds 1 to {MOST_SPECTRA} spectra, not {len(spectra)}; name one specimen.")
    document = {"folder": folder, "spectra": [_spectrum(one) for one in spectra]}
    templates = files("interlith.reporting") / "templates"
    environment = Environment(loader=PackageLoader("interlith.reporting"), autoescape=True, undefined=StrictUndefined)
    # No tag may begin inside the script that holds the data, whatever a sample is called.
    data = json.dumps(document, allow_nan=False).replace("<", "\\u003c")
    text = environment.get_template("points.html").render(
        title=title, simulated=simulated, data=Markup(data),
        css=Markup((templates / "points.css").read_text("utf-8")), script=Markup((templates / "points.js").read_text("utf-8")),
    )  # fmt: skip
    return whole(Path(path), text.encode("utf-8"))


def _spectrum(one: Pointwise) -> dict[str, Any]:
    spectrum = one.spectrum
    return {
        "label": described(spectrum), "frequency": spectrum.frequency.tolist(), "real": spectrum.impedance.real.tolist(),
        "imaginary": spectrum.impedance.imag.tolist(), "used": spectrum.used.tolist(), "points": list(one.points),
        "parts": [_part(part, spectrum.used) for part in one.parts],
    }  # fmt: skip


def _part(part: Linearised, used: NDArray[np.bool_]) -> dict[str, Any]:
    spread = part.without(used, used)[1] if part.kind == "circuit" else np.zeros(part.values.size)
    return {
        "kind": part.kind, "title": part.title, "names": list(part.names), "units": list(part.units),
        "values": part.values.tolist(), "logarithmic": part.logarithmic.tolist(), "spread": np.nan_to_num(spread).tolist(),
        "residual": part.residual.tolist(), "size": part.size.tolist(), "jacobian": _packed(part.jacobian),
        "prior": _packed(part.prior), "places": part.places.tolist(), "shown": _packed(part.shown),
    }  # fmt: skip


def _packed(values: NDArray[np.float64]) -> str:
    """Single precision is enough: what is computed from it stays within a thousandth of a standard uncertainty."""
    return base64.b64encode(np.ascontiguousarray(values, dtype="<f4").tobytes()).decode("ascii")
