"""Tiny patterns as text: what our writers write, and what other programs write, put together here."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from interlith.formats import diffraction_text, gsas_powder
from tests.formats.samples.common import Sample
from tests.formats.samples.diffraction_vendor import ABOUT, POINTS, pattern


def with_std(frame: pl.DataFrame) -> pl.DataFrame:
    """With the square root of counts as uncertainty, in the usual order of columns."""
    return frame.with_columns(intensity_std=pl.max_horizontal(pl.col("intensity"), pl.lit(1.0)).sqrt())


def uxd(frame: pl.DataFrame, *, mark: str = "_COUNTS", drive: str = "COUPLED", time: float = 2.5) -> str:
    """A .uxd of one range a frame."""
    parts = frame.partition_by("frame", maintain_order=True) if "frame" in frame.columns else [frame]
    lines = [
        "; made for this test",
        "_FILEVERSION=1",
        "_SAMPLE='LNMO'",
        "_WL1=1.540600",
        "_WL2=1.544430",
        "_WLRATIO=0.500000",
        "_ANODE='Cu'",
    ]
    for number, part in enumerate(parts, start=1):
        step = part["two_theta"][1] - part["two_theta"][0]
        lines += [f"; (Data for Range number {number})", f"_DRIVE='{drive}'", f"_STEPTIME={time:.6f}", f"_STEPSIZE={step:.6f}",
                  f"_START={part['two_theta'][0]:.6f}", f"_2THETA={part['two_theta'][0]:.6f}", mark]  # fmt: skip
        values = part["intensity"] / time if "CPS" in mark else part["intensity"]
        fields = [f"{value:.10g}" for value in values]
        if mark.startswith("_2THETA"):
            times = [f" {time:g}"] * len(fields) if mark.endswith("TIME") else [""] * len(fields)
            lines += [
                f"{angle:.4f} {field}{tail}"
                for angle, field, tail in zip(part["two_theta"], fields, times, strict=True)
            ]
        else:
            lines += ["".join(f"{field:>10}" for field in fields[at : at + 8]) for at in range(0, len(fields), 8)]
    return "\n".join(lines) + "\n"


def udf(frame: pl.DataFrame, *, end: str = ",/") -> str:
    """A .udf of one scan."""
    angle, counts = frame["two_theta"], [f"{value:.0f}" for value in frame["intensity"]]
    lines = ["SampleIdent,LNMO,/", "Title1,bare, coated,/", "Title2,,/", "DiffrType,PW1710,/", "Anode,Cu,/", "LabdaAlpha1, 1.540598,/",
             "LabdaAlpha2, 1.544426,/", "RatioAlpha21, 0.50000,/", "FileDateTime,03-jun-2025 15:55,/",
             f"DataAngleRange, {angle[0]:.5f}, {angle[-1]:.5f},/", f"ScanStepSize, {angle[1] - angle[0]:.8f},/",
             "ScanType,CONTINUOUS,/", "ScanStepTime, 18.87,/", "RawScan"]  # fmt: skip
    rows = [counts[at : at + 8] for at in range(0, len(counts), 8)]
    lines += [
        "".join(f"{field:>8}," for field in row).removesuffix(",") + ("" if row is rows[-1] else ",") for row in rows
    ]
    return "\n".join(lines) + f"{end}\n"


def dat(frame: pl.DataFrame) -> str:
    """Start, step and stop, then intensities."""
    angle, counts = frame["two_theta"], [f"{value:.0f}" for value in frame["intensity"]]
    lines = ["! made for this test", f"{angle[0]:.3f} {angle[1] - angle[0]:.5f} {angle[-1]:.3f} LNMO"]
    lines += ["".join(f"{field:>10}" for field in counts[at : at + 8]) for at in range(0, len(counts), 8)]
    return "\n".join(lines) + "\n"


def cif(frame: pl.DataFrame, *, dotted: bool = False) -> str:
    """A pdCIF of one block a frame."""
    parts = frame.partition_by("frame", maintain_order=True) if "frame" in frame.columns else [frame]
    lines: list[str] = []
    for number, part in enumerate(parts):
        lines += [f"data_p{number}", "_diffrn_radiation_probe x-ray", "_diffrn_ambient_temperature 298.0(5)", "loop_",
                  "_diffrn_radiation_wavelength", "_diffrn_radiation_wavelength_id", "_diffrn_radiation_wavelength_wt",
                  "1.5406 1 1.0", "1.54443 2 0.5", "loop_", "_pd_meas_2theta_scan", "_pd_meas_intensity_total",
                  "_pd_meas_intensity_total_su"]  # fmt: skip
        lines += [
            f"{row[0]:.4f} {row[1]:g} {row[2]:.6g}"
            for row in with_std(part).select("two_theta", "intensity", "intensity_std").iter_rows()
        ]
    text = "\n".join(lines) + "\n"
    return text.replace("_pd_meas_", "_pd_meas.") if dotted else text


def packed(members: Sequence[tuple[str, str]], mode: str = "w:gz") -> bytes:
    """A tar archive of texts."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, text in members:
            item = tarfile.TarInfo(name)
            item.size = len(text.encode())
            archive.addfile(item, io.BytesIO(text.encode()))
    return out.getvalue()


def members(count: int = 3) -> list[tuple[str, str]]:
    """Patterns without names of columns, as a beamline writes them, in the order of a directory."""
    frames = with_std(pattern(count)).partition_by("frame", maintain_order=True)
    found = []
    for number, part in enumerate(frames, start=1):
        rows = [
            f"{row[0]:.6f} {row[1]:14.6f} {row[2]:12.6f}      "
            for row in part.select("two_theta", "intensity", "intensity_std").iter_rows()
        ]
        found.append((f"series/{number}.xye", f"/*\n# run-{number:05d}.tif Azm= 180.00\n*/\n" + "\n".join(rows)))
    return sorted(found)


def fixed(
    kind: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], header: str, title: str = "LNMO"
) -> str:
    """A GSAS file of one bank with fields of fixed width: rows of `values` are points."""
    formats = {"STD": ("{:2.0f}{:6.0f}", 10), "ESD": ("{:8.1f}{:8.2f}", 5), "ALT": ("{:8.0f}{:7.0f}{:5.0f}", 4)}
    shape, repeat = formats[kind]
    fields = [shape.format(*row) for row in values]
    rows = ["".join(fields[at : at + repeat]).ljust(80) for at in range(0, len(fields), repeat)]
    bank = f"BANK 1 {len(values)} {len(rows)} {header} {kind}".ljust(80)
    return "\r\n".join([title.ljust(80), bank, *rows]) + "\r\n"


SAMPLES = {
    "diffraction_text": Sample(
        "a.xye", lambda path: diffraction_text.write(with_std(pattern()), path, ABOUT), rows=POINTS
    ),
    "gsas_powder": Sample("a.fxye", lambda path: gsas_powder.write(with_std(pattern(2)), path, ABOUT), rows=2 * POINTS),
    "bruker_uxd": Sample("a.uxd", lambda path: _text(path, uxd(pattern())), rows=POINTS),
    "philips_udf": Sample("a.udf", lambda path: _text(path, udf(pattern())), rows=POINTS),
    "fullprof_dat": Sample("a.dat", lambda path: _text(path, dat(pattern())), rows=POINTS),
    "pdcif": Sample("a.cif", lambda path: _text(path, cif(pattern())), rows=POINTS),
    "diffraction_archive": Sample("a.tar.gz", lambda path: _bytes(path, packed(members())), rows=3 * POINTS),
}


def _text(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def _bytes(path: Path, content: bytes) -> None:
    path.write_bytes(content)
