"""Tiny patterns in the vendors' layouts, made by our writers; a .brml, for which there is no writer, is put together here."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.formats import bruker_raw, nexus_diffraction, panalytical_xrdml, rigaku_rasx, rigaku_raw
from interlith.layouts import rigaku_writing
from tests.formats.samples.common import Sample

POINTS = 40
INSTRUMENT: dict[str, Any] = {
    "anode": "Cu",
    "wavelengths": [1.5406, 1.54443],
    "ratio": 0.5,
    "radius": 240.0,
    "counting_time": 2.5,
}
ABOUT: dict[str, Any] = {"instrument": INSTRUMENT, "start": "2024-03-05T06:07:08", "sample": "LNMO <bare> & coated"}


def pattern(frames: int = 1, points: int = POINTS, seed: int = 7) -> pl.DataFrame:
    """A peak on a background, counted; several frames with times and temperatures."""
    rng = np.random.default_rng(seed)
    angle = np.round(18.0 + 0.02 * np.arange(points), 6)
    parts = []
    for frame in range(frames):
        counts = rng.poisson(20 + 900 * np.exp(-(((angle - 18.4 - 0.01 * frame) / 0.05) ** 2))).astype(float)
        parts.append(pl.DataFrame({"frame": frame, "two_theta": angle, "intensity": counts}))
        if frames > 1:
            parts[-1] = parts[-1].with_columns(test_time=pl.lit(600.0 * frame), temperature=pl.lit(25.0 + 10.0 * frame))
    made = pl.concat(parts).with_columns(pl.col("frame").cast(pl.Int64))
    return made if frames > 1 else made.drop("frame")


def brml(
    path: Path,
    frame: pl.DataFrame,
    *,
    factors: Sequence[float] | None = None,
    times: Sequence[float] | None = None,
    name: str = "Coupled TwoTheta/Theta",
    axes: Sequence[str] = ("TwoTheta", "Theta"),
    width: int = 1,
    before: str = "",
) -> Path:
    """A .brml of one scan a frame, with the columns in an order of its own."""
    parts = frame.partition_by("frame", maintain_order=True) if "frame" in frame.columns else [frame]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        listed = "".join(f"<string>Experiment0/RawData{order}.xml</string>" for order in range(len(parts)))
        archive.writestr(
            "Experiment0/DataContainer.xml",
            f"<DataContainer><CreatingVersion>6.5.0.0</CreatingVersion><RawDataReferenceList>{listed}</RawDataReferenceList>"
            '<MeasurementInfo SampleName="LNMO" UserName="me" /></DataContainer>',
        )
        for order, part in enumerate(parts):
            archive.writestr(
                f"Experiment0/RawData{order}.xml", before + _scan(part, order, factors, times, name, axes, width)
            )
    return path


def _scan(
    part: pl.DataFrame,
    order: int,
    factors: Sequence[float] | None,
    times: Sequence[float] | None,
    name: str,
    axes: Sequence[str],
    width: int,
) -> str:
    rows = ""
    for spot, (angle, counts) in enumerate(zip(part["two_theta"], part["intensity"], strict=True)):
        factor = 1.0 if factors is None else factors[spot]
        time = 2.5 if times is None else times[spot]
        # What is recorded behind an absorber already holds its factor.
        places = ",".join(f"{angle / (1 if axis == 'TwoTheta' else 2):.6f}" for axis in axes)
        rows += f"<Datum>{time:g},{factor:g},{places},{counts * factor:.10g}</Datum>"
    planned = sorted(set(times)) if times is not None else [2.5]
    fields = "".join(f'<FieldDefinitions FieldName="{axis}" AxisId="{axis}" />' for axis in axes)
    return (
        '<RawData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><MeasurementStatus>Measured</MeasurementStatus>'
        f"<TimeStampStarted>2024-03-05T06:{7 + order:02d}:08.1234567+01:00</TimeStampStarted>"
        f"<TimeStampFinished>2024-03-05T06:{7 + order:02d}:50.1234567+01:00</TimeStampFinished>"
        f'<DataRoutes><DataRoute RouteFlag="Measured"><ScanInformation ScanName="S" VisibleName="{name}">'
        "<TimePerStep>2.5</TimePerStep></ScanInformation><SubScans>"
        + "".join(f'<SubScanInfo PlannedTimePerStep="{time:g}" />' for time in planned)
        + f"</SubScans>{rows}<DataViews>"
        '<RawDataView xsi:type="FixedRawDataView" Start="0" Length="1" LogicName="MeasuredTime" Unit="s" />'
        '<RawDataView xsi:type="FixedRawDataView" Start="1" Length="1" LogicName="AbsorptionFactor" Unit="" />'
        f'<RawDataView xsi:type="VaryingRawDataView" Start="2" Length="{len(axes)}"><Varying>{fields}</Varying></RawDataView>'
        f'<RawDataView xsi:type="RecordedRawDataView" Start="{2 + len(axes)}" Length="{width}">'
        '<Recording LogicName="ScanCounter" Category="Count"><Unit Base="Counts" /></Recording></RawDataView>'
        "</DataViews></DataRoute></DataRoutes><FixedInformation><Instrument>"
        '<PrimaryTracks><TrackInfoData><Radius Unit="mm" Value="435" /><MountedOptics><InfoData><Tube>'
        '<WaveLengthAlpha1 Unit="A" Value="1.5406" /><WaveLengthAlpha2 Unit="A" Value="1.54439" />'
        '<WaveLengthRatio Unit="" Value="0.5" /><TubeMaterial>Cu</TubeMaterial></Tube></InfoData></MountedOptics></TrackInfoData>'
        '</PrimaryTracks><SecondaryTracks><TrackInfoData><Radius Unit="mm" Value="280" /></TrackInfoData></SecondaryTracks>'
        "</Instrument></FixedInformation></RawData>"
    )


def _brml(path: Path) -> None:
    brml(path, pattern())


def _ras(path: Path) -> None:
    path.write_bytes(rigaku_writing.words(pattern(), ABOUT).encode())


SAMPLES = {
    "panalytical_xrdml": Sample("a.xrdml", lambda path: panalytical_xrdml.write(pattern(), path, ABOUT), rows=POINTS),
    "bruker_raw": Sample("a.raw", lambda path: bruker_raw.write(pattern(), path, ABOUT), rows=POINTS),
    "bruker_brml": Sample("a.brml", _brml, rows=POINTS),
    "rigaku_ras": Sample("a.ras", _ras, rows=POINTS),
    "rigaku_rasx": Sample("a.rasx", lambda path: rigaku_rasx.write(pattern(), path, ABOUT), rows=POINTS),
    "rigaku_raw": Sample("b.raw", lambda path: rigaku_raw.write(pattern(), path, ABOUT), rows=POINTS),
    "nexus_diffraction": Sample(
        "a.nxs", lambda path: nexus_diffraction.write(pattern(3), path, ABOUT), rows=3 * POINTS
    ),
}
