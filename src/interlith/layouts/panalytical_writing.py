"""How is an XRDML document written, for simulated scans?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.layouts.powder_scans import ZERO_CELSIUS

_SCHEMA = "http://www.xrdml.com/XRDMeasurement/{version}"
#: When a scan begins of which nothing is told.
_BEGIN = "2000-01-01T00:00:00+00:00"


def document(frame: pl.DataFrame, metadata: Mapping[str, Any]) -> str:
    """One document of one or several scans.

    Parameters
    ----------
    frame
        Columns ``two_theta`` (deg) and ``intensity`` (counts), where there are several scans ``frame``, and where known ``test_time``
        (s) and ``temperature`` (degC), one a scan.
    metadata
        ``instrument`` as readers give it, ``start`` (ISO text of the first scan), ``sample``, ``version`` ("1.5" or "2.1"),
        ``comment``.
    """
    version = str(metadata.get("version", "1.5"))
    about: Mapping[str, Any] = metadata.get("instrument", {})
    key = "frame" if "frame" in frame.columns else None
    parts = [frame] if key is None else frame.partition_by(key, maintain_order=True)
    begin = datetime.fromisoformat(str(metadata.get("start") or _BEGIN))
    scans = "".join(_scan(part, begin, about, version, order) for order, part in enumerate(parts))
    space = _SCHEMA.format(version=version)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<xrdMeasurements xmlns={quoteattr(space)} '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" status="Completed">\n'
        f"\t<comment><entry>{escape(str(metadata.get('comment', '')))}</entry></comment>\n"
        f'\t<sample type="To be analyzed"><id>{escape(str(metadata.get("sample", "")))}</id><name></name></sample>\n'
        '\t<xrdMeasurement measurementType="Scan" status="Completed" sampleMode="Reflection">\n'
        f"{_beam(about)}{scans}\t</xrdMeasurement>\n</xrdMeasurements>\n"
    )


def _beam(about: Mapping[str, Any]) -> str:
    lines: list[float] = [float(item) for item in about.get("wavelengths", [])]
    wave = "".join(
        f"<kAlpha{order}{' unit=' + quoteattr('Angstrom')}>{value:.7f}</kAlpha{order}>"
        for order, value in enumerate(lines[:2], start=1)
    )
    if len(lines) > 1 and "ratio" in about:
        wave += f"<ratioKAlpha2KAlpha1>{float(about['ratio']):.4f}</ratioKAlpha2KAlpha1>"
    radius = f'<radius unit="mm">{float(about["radius"]):.2f}</radius>' if "radius" in about else ""
    anode = (
        f"<xRayTube><anodeMaterial>{escape(str(about['anode']))}</anodeMaterial></xRayTube>" if "anode" in about else ""
    )
    return (
        f'\t\t<usedWavelength intended="K-Alpha 1">{wave}</usedWavelength>\n'
        f"\t\t<incidentBeamPath>{radius}{anode}</incidentBeamPath>\n"
        f"\t\t<diffractedBeamPath>{radius}</diffractedBeamPath>\n"
    )


def _scan(part: pl.DataFrame, begin: datetime, about: Mapping[str, Any], version: str, order: int) -> str:
    angle = part["two_theta"].to_numpy()
    counts = part["intensity"].fill_null(float("nan")).to_numpy()
    passed = float(part["test_time"][0]) if "test_time" in part.columns else 0.0
    start = begin + timedelta(seconds=passed)
    took = float(about.get("counting_time", 1.0))
    end = start + timedelta(seconds=took * angle.size)
    name = "counts" if version.startswith("2") else "intensities"
    warm = ""
    if "temperature" in part.columns:
        kelvin = float(part["temperature"][0]) + ZERO_CELSIUS
        warm = f'<nonAmbientPoints type="Temperature"><nonAmbientValues unit="K">{kelvin:.4f}</nonAmbientValues></nonAmbientPoints>'
    return (
        f'\t\t<scan appendNumber="{order}" mode="Continuous" scanAxis="Gonio" status="Completed">\n'
        f"\t\t\t<header><startTimeStamp>{start.isoformat()}</startTimeStamp><endTimeStamp>{end.isoformat()}</endTimeStamp></header>\n"
        f"\t\t\t<dataPoints>\n{_positions(angle)}"
        f'\t\t\t\t<commonCountingTime unit="seconds">{took!r}</commonCountingTime>\n'
        f'\t\t\t\t<{name} unit="counts">{_words(counts)}</{name}>\n\t\t\t</dataPoints>{warm}\n\t\t</scan>\n'
    )


def _positions(angle: NDArray[np.float64]) -> str:
    """Start and end where the steps are even to what is printed, else a list."""
    even = angle.size > 1 and np.allclose(angle, np.linspace(angle[0], angle[-1], angle.size), rtol=0, atol=5e-9)
    if even:
        inside = f"<startPosition>{angle[0]:.8f}</startPosition><endPosition>{angle[-1]:.8f}</endPosition>"
    else:
        inside = f"<listPositions>{' '.join(f'{value:.8f}' for value in angle)}</listPositions>"
    return f'\t\t\t\t<positions axis="2Theta" unit="deg">{inside}</positions>\n'


def _words(values: Sequence[float] | NDArray[np.float64]) -> str:
    return " ".join(str(int(value)) if float(value).is_integer() else repr(float(value)) for value in values)
