"""What does a Gamry .DTA file hold?

The tag in its second line says which experiment it was. Spectra (``EISPOT``, ``GALVEIS`` ...) feed impedance, scans of the
potential voltammetry, all others cycling: chronopotentiometry, chronoamperometry, charge and discharge, open circuit. Gamry
counts a current that oxidises the working electrode as positive unless the file says else; with the working lead at the
positive electrode this charges the cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError
from interlith.layouts import dates
from interlith.layouts.gamry_tables import Section, checked, scan, sections_of
from interlith.layouts.impedance_options import told
from interlith.layouts.impedance_spectra import Printed, spectra
from interlith.layouts.lazy_text import refusal
from interlith.model import Flag, Format, Reading, Table

_CURVE = {"T": "test_time", "Vf": "voltage", "Im": "current", "Temp": "temperature"}
_SPECTRUM = {
    "Freq": "frequency",
    "Zreal": "impedance_real",
    "Zimag": "impedance_imaginary",
    "Time": "test_time",
    "Vdc": "voltage",
    "Temp": "temperature",
    "Zmod": "modulus",
    "Zphz": "phase",
}
#: Quantity -> what the checks of spectra call it.
_PARTS = {"impedance_real": "real", "impedance_imaginary": "imaginary", "test_time": "time"}
_SCANS = re.compile(r"(?:PWR800_)?(?:CV|LSV|SQUARE_WAVE|DPV|NPV|RNPV|LPR|POTENTIODYNAMIC|CYCPOL|POTDYN|POLRES)\b")
_CURVES = re.compile(r"(?:CURVE\d*|OCVCURVE)$")
_SUMMARY = "PWR800_CYCLICCHARGEDISCHARGE"
#: Below this (degC) Gamry prints what stands for "no sensor".
NO_SENSOR = -200.0


def _tag(head: bytes) -> str:
    lines = head[:400].lstrip(b"\xef\xbb\xbf").decode("latin-1").splitlines()
    if len(lines) < 2 or not lines[0].startswith("EXPLAIN") or not lines[1].startswith("TAG\t"):
        return ""
    return lines[1].split("\t")[1].strip()


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first two lines: EXPLAIN and the tag of the experiment."""
    del path
    return 0.97 if _tag(head) else 0.0


def technique_of(head: bytes, path: Path) -> str:
    """``impedance``, ``voltammetry`` or ``cycling``, from the tag."""
    del path
    tag = _tag(head).upper()
    return "impedance" if "EIS" in tag else "voltammetry" if _SCANS.match(tag) else "cycling"


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a Gamry .DTA.

    Raises
    ------
    ReadError
        If the file holds no table of the experiment that its tag names, or a column cannot be understood.
    """
    options = told(options, path)
    settings, sections = sections_of(path)
    tag = settings.get("TAG", "").upper()
    flags = [flag for section in sections for flag in _lost_rows(section)]
    metadata: dict[str, Any] = settings | {"tables": {item.name: (item.rows, item.names) for item in sections}}
    if "EIS" in tag:
        frame, more = _spectrum(path, sections, metadata, options)
        flags += more
    else:
        frame, more = _curves(path, tag, settings, sections)
        flags += more
    return Reading(
        payload=Table(frame, tuple(frame.collect_schema().names())),
        metadata=metadata,
        flags=tuple(flags),
        test=_test(settings),
    )


def _spectrum(
    path: Path, sections: Sequence[Section], metadata: dict[str, Any], options: Mapping[str, Any]
) -> tuple[pl.LazyFrame, list[Flag]]:
    found = [item for item in sections if item.name.startswith("ZCURVE")]
    if not found:
        raise ReadError(
            f"{path}: a file of impedance without the table ZCURVE; the measurement was probably broken off."
        )
    factors = [_without_dead_sensor(item, checked(item, _SPECTRUM)) for item in found]
    missing = {"Freq", "Zreal", "Zimag"} - set(factors[0])
    if missing:
        raise ReadError(f"{path}: the table ZCURVE has no column {', '.join(sorted(missing))}; export all columns.")
    rest = next((item for item in sections if item.name == "OCVCURVE" and "Vf" in checked(item, _CURVE)), None)
    if rest is not None:
        metadata["open_circuit_voltage_before"] = rest.numbers("Vf")[-1]
    try:
        parts = [frame.collect() for frame in scan(found, _SPECTRUM, factors)]
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(path)) from error
    common = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
    frame = pl.concat([part.select(common) for part in parts])
    columns = {_PARTS.get(name, name): frame[name].cast(pl.Float64).to_numpy() for name in frame.columns}
    if len(parts) > 1:
        columns["number"] = np.repeat(np.arange(1.0, len(parts) + 1), [part.height for part in parts])
    made = spectra(Printed(columns, phase_factor=1.0), options, where=str(path))
    flags = [Flag(item.code, item.message, item.where, item.severity) for item in made.remarks]
    return made.frame.lazy(), flags


def _curves(
    path: Path, tag: str, settings: Mapping[str, str], sections: Sequence[Section]
) -> tuple[pl.LazyFrame, list[Flag]]:
    found = [item for item in sections if _CURVES.match(item.name) and {"T", "Vf"} <= set(item.names)]
    if not found and (tag == _SUMMARY or any(item.name == "CAPACITYCURVE" for item in sections)):
        raise ReadError(
            f"{path}: this is the summary of a cyclic charge-discharge run, one row for each step, without records; use the "
            "files of its steps (CHARGE_#n.DTA, DISCHARGE_#n.DTA), or export the curves."
        )
    if not found:
        listed = ", ".join(f"{item.name} ({' '.join(item.names)})" for item in sections) or "none"
        raise ReadError(
            f"{path}: no table of time and voltage (T, Vf) is in this {tag or 'file'}; its tables: {listed}."
        )
    flags: list[Flag] = []
    factors = [_without_dead_sensor(item, checked(item, _CURVE)) for item in found]
    times, told = _offsets(found)
    flags += told
    sign, told = _sign(tag, settings, found)
    flags += told
    frames = []
    word = {"PWR800_CHARGE": "charge", "PWR800_DISCHARGE": "discharge"}.get(tag, tag.removeprefix("PWR800_").lower())
    silent = [item for item in found if "Im" not in item.names]
    for number, (frame, item, offset) in enumerate(
        zip(scan(found, _CURVE, factors), found, times, strict=True), start=1
    ):
        rest = item in silent
        current = pl.lit(0.0) if rest else pl.col("current") * sign
        frames.append(
            frame.with_columns(
                pl.col("test_time") + offset,
                current.alias("current"),
                pl.lit(number, dtype=pl.Int64).alias("vendor_step"),
                pl.lit("ocv" if rest else word).alias("vendor_step_type"),
            )
        )
    if silent:
        message = f"{len(silent)} of {len(found)} tables have no current: at open circuit it was taken as zero."
        flags.append(Flag("open_circuit", message, silent[0].name, "note"))
    common = [
        name for name in frames[0].collect_schema().names() if all(name in f.collect_schema().names() for f in frames)
    ]
    return pl.concat([frame.select(common) for frame in frames]), flags


def _without_dead_sensor(section: Section, factors: dict[str, float]) -> dict[str, float]:
    dead = "Temp" in factors and max(section.numbers("Temp")) < NO_SENSOR
    return {name: size for name, size in factors.items() if name != "Temp" or not dead}


def _offsets(sections: Sequence[Section]) -> tuple[list[float], list[Flag]]:
    """Time (s) to add to each table: one that begins before the end of the one above has a clock of its own."""
    offsets, end, restarted = [0.0], sections[0].numbers("T")[-1], 0
    for item in sections[1:]:
        times = item.numbers("T")
        own = times[0] < end
        restarted += own
        offsets.append(end if own else 0.0)
        end = times[-1] + offsets[-1]
    if not restarted:
        return offsets, []
    message = (
        f"{restarted} of {len(sections)} tables begin their time anew; each was set behind the one above, without the time "
        "that passed between them."
    )
    return offsets, [Flag("time_from_steps", message, "", "note")]


def _sign(tag: str, settings: Mapping[str, str], sections: Sequence[Section]) -> tuple[float, list[Flag]]:
    """Sign that makes a charging current positive; the tag of a charge or discharge goes before the file's convention."""
    currents = [value for item in sections if "Im" in item.names for value in item.numbers("Im")]
    middle = median(currents) if currents else 0.0
    if tag == "PWR800_DISCHARGE" and middle > 0:
        message = "A discharge is printed with a positive current; the sign was taken from the tag PWR800_DISCHARGE."
        return -1.0, [Flag("sign_from_step_type", message, "", "note")]
    if tag == "PWR800_CHARGE" and middle < 0:
        message = "The tag says PWR800_CHARGE, but the current is negative; charge and discharge may be swapped."
        return 1.0, [Flag("sign_contradicts_step_type", message, "", "error")]
    if not tag.startswith("PWR800") and settings.get("CONVENTION", "1") != "1":
        message = (
            f"The file has the current convention {settings['CONVENTION']}, not the usual 1 (oxidation positive); its signs "
            "were left as they are, so charge and discharge may be swapped."
        )
        return 1.0, [Flag("current_convention", message, "CONVENTION", "error")]
    return 1.0, []


def _lost_rows(section: Section) -> list[Flag]:
    if section.announced is None or section.rows >= section.announced:
        if not section.cut:
            return []
        message = "The last row is cut short and was left out; the file was probably copied while it was being written."
    else:
        message = f"The table {section.name} announces {section.announced} rows and holds {section.rows}; the file is cut short."
    return [Flag("truncated", message, f"line {section.line + section.rows + 1}")]


def _test(settings: Mapping[str, str]) -> dict[str, str]:
    """Instrument and start. A date such as 3/10/2019 is written as the computer was set up, so it is left out where it
    could be read in two ways."""
    found = {"channel": settings.get("PSTAT", "")}
    day, time = settings.get("DATE", ""), settings.get("TIME", "")
    parts = re.fullmatch(r"(\d{1,2})/(\d{1,2})/\d{4}", day)
    ambiguous = parts is not None and int(parts[1]) <= 12 and int(parts[2]) <= 12 and parts[1] != parts[2]
    start = dates.iso(f"{day} {time}")
    if day and time and not ambiguous and re.match(r"\d{4}-\d\d-\d\dT", start):
        found["start"] = start
    return {key: text for key, text in found.items() if text}


FORMAT = Format(
    name="gamry_dta",
    title="Gamry .DTA",
    patterns=("*.dta",),
    sniff=sniff,
    read=read,
    source="public data files (bcliang/gamry-parser, jdhuang-csm/hybrid-drt, ECSHackWeek/impedance.py) and the maker's help pages "
    "on signs of charge and discharge",
    technique_of=technique_of,
    versions_seen=("Framework 6.25", "Framework 7.8", "PWR800 charge", "decimal comma"),
    reads=(
        "chronopotentiometry, chronoamperometry, charge and discharge, open circuit and scans; EISPOT, GALVEIS "
        "and alike as impedance"
    ),
    limits="experiments without a table that is understood",
)
