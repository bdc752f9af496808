"""Samples of spectra: one cell of known impedance, printed as each vendor's software prints it, by code of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from interlith.formats import zplot
from tests.formats.samples.common import Sample

POINTS = 31
AXIS = {"from": "100 kHz", "to": "0.1 Hz", "points": POINTS}


def frequencies(points: int = POINTS) -> np.ndarray:
    """From 100 kHz to 0.1 Hz (Hz)."""
    return np.geomspace(1e5, 0.1, points)


def cell(frequency: np.ndarray | None = None, *, scale: float = 1.0) -> np.ndarray:
    """An ohmic resistance, two arcs and the start of a diffusion tail (ohm)."""
    omega = 2 * np.pi * (frequencies() if frequency is None else frequency)
    arcs = 35 / (1 + 1j * omega * 35 * 2e-6) + scale * 60 / (1 + (1j * omega * 60 * 4e-4) ** 0.85)
    return 12.0 + arcs + 4.0 / np.sqrt(1j * omega)


def frame(count: int = 1) -> pl.DataFrame:
    """Canonical columns of `count` spectra whose slow arc grows."""
    parts = []
    for number in range(1, count + 1):
        z = cell(scale=1 + 0.3 * (number - 1))
        parts.append(
            pl.DataFrame(
                {
                    "frequency": frequencies(), "impedance_real": z.real, "impedance_imaginary": z.imag,
                    "test_time": np.cumsum(5 / frequencies() + 0.7) + 1000.0 * number, "voltage": np.full(POINTS, 3.7 + 0.1 * number),
                    "vendor_cycle": np.full(POINTS, number),
                }
            )
        )  # fmt: skip
    return pl.concat(parts)


def rows(pattern: str, count: int = 1) -> list[str]:
    """A line for each point: `pattern` knows number, cycle, f, re, im, mod, phase (deg), time, volt."""
    made = []
    for at, (f, re, im, time, volt, cycle) in enumerate(frame(count).iter_rows()):
        z = complex(re, im)
        made.append(
            pattern.format(
                number=at % POINTS, cycle=cycle, f=f, re=re, im=im, minus=-im, mod=abs(z), phase=float(np.degrees(np.angle(z))),
                turned=-float(np.degrees(np.angle(z))), time=time, volt=volt,
            )
        )  # fmt: skip
    return made


def _put(lines: list[str], encoding: str = "utf-8", end: str = "\r\n") -> Callable[[Path], None]:
    return lambda path: path.write_bytes((end.join(lines) + end).encode(encoding)) and None


def z60w() -> list[str]:
    """Quoted comments, settings, count, names, rows between commas."""
    head = ['"Z60W Data File: Version 1.1"', *['""'] * 7, "0,2,0,1,0.1,100000", str(POINTS)]
    names = "\"  Freq (Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\""
    return [*head, names, *rows("{f:.7g},0,0,0,{re:.8g},{im:.8g},0,0,0")]


def nova(delimiter: str = ";", decimal: str = ".") -> list[str]:
    """Names with units in brackets, turned imaginary part and phase."""
    names = ["Index", "Frequency (Hz)", "Z' (Ω)", "-Z'' (Ω)", "Z (Ω)", "-Phase (°)", "Time (s)"]
    pattern = delimiter.join(
        ["{number}", "{f:.7g}", "{re:.8g}", "{minus:.8g}", "{mod:.8g}", "{turned:.8g}", "{time:.7g}"]
    )
    body = rows(pattern)
    return [delimiter.join(names), *(body if decimal == "." else [line.replace(".", ",") for line in body])]


def chi() -> list[str]:
    """Date, technique, model, settings, names, rows of four digits."""
    head = [
        "Feb. 20, 2026   15:55:08",
        "A.C. Impedance",
        "File: c:\\cell.bin",
        "Data Source:  Experiment",
        "Instrument Model:  CHI660E",
    ]
    head += ["Header: ", "Note: ", "", "Init E (V) = 0", "High Frequency (Hz) = 1e+5", "Amplitude (V) = 0.005", ""]
    return [
        *head,
        "Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg",
        "",
        *rows("{f:.3e}, {re:.3e}, {im:.3e}, {mod:.3e}, {phase:.1f}"),
    ]


def chi_scan(*, turned: bool = True, rate: float = 0.05) -> tuple[list[str], np.ndarray, np.ndarray]:
    """A voltammogram of two cycles as the software prints it, reduction positive where `turned`; its potential and current."""
    up = np.linspace(0.0, 0.6, 61)
    volts = np.concatenate([up, up[-2::-1], up[1:], up[-2::-1]])
    way = np.sign(np.gradient(volts))
    amperes = 1e-5 * way + 4e-5 * way * np.exp(-(((volts - 0.3 - 0.03 * way) / 0.06) ** 2))
    head = ["Feb. 20, 2026   15:55:08", "Cyclic Voltammetry", "File: c:\\cv.bin", "Instrument Model:  CHI660E", ""]
    head += [
        "Init E (V) = 0",
        "High E (V) = 0.6",
        f"Scan Rate (V/s) = {rate:g}",
        "Segment = 4",
        "",
        "Potential/V, Current/A",
        "",
    ]
    sign = -1 if turned else 1
    return [*head, *(f"{v:.3f}, {sign * i:.3e}" for v, i in zip(volts, amperes, strict=True))], volts, amperes


def pstrace(*, minus: bool = False, count: int = 2) -> list[str]:
    """Two blocks, the imaginary part printed turned although its name has no minus."""
    lines = ["Date and time:,2026-01-02 03:04:05", "Notes:,", "Measurement:,Impedance Spectroscopy"]
    body = rows("{f:.7g},{turned:.8g},0.5,{mod:.8g},{re:.8g},{minus:.8g},1e-9", count)
    names = f"freq / Hz,neg. Phase / °,Idc / uA,Z / Ohm,Z' / Ohm,{'-' if minus else ''}Z'' / Ohm,Cs / F"
    for number in range(count):
        lines += [f"CH {number + 1}: Fixed at {POINTS} freqs", names, *body[number * POINTS : (number + 1) * POINTS]]
    return lines


def session(count: int = 2) -> str:
    """A session of one measurement with several spectra; -Z'' is stored, as is the phase."""
    entries = []
    for number, part in enumerate(frame(count).partition_by("vendor_cycle", maintain_order=True)):
        z = part["impedance_real"].to_numpy() + 1j * part["impedance_imaginary"].to_numpy()
        arrays = {
            "Frequency": (part["frequency"].to_numpy(), "Hz"), "ZRe": (z.real, "Ω"), "ZIm": (-z.imag, "Ω"),
            "Z": (abs(z), "Ω"), "Phase": (-np.degrees(np.angle(z)), "°"),
        }  # fmt: skip
        values = [
            {
                "Type": "PalmSens.Data.DataArray",
                "Description": name,
                "Unit": {"S": unit},
                "DataValues": [{"V": float(v)} for v in array],
            }
            for name, (array, unit) in arrays.items()
        ]
        entries.append({"Title": f"CH {number + 1}: {POINTS} freqs", "DataSet": {"Values": values}})
    measurement = {"Title": "EIS", "Type": "PalmSens.Techniques.ImpedimetricMeasurement", "EISDataList": entries}
    return json.dumps(
        {"Type": "PalmSens.DataFiles.SessionFile", "Measurements": [measurement]}, indent=1, ensure_ascii=False
    )


def versastudio(count: int = 2) -> list[str]:
    """A segment at rest and one for each sweep."""
    names = (
        "Segment #, Point #, E(V), I(A), Elapsed Time(s), ADC Sync Input(V), Current Range, Status, E Applied(V), Frequency(Hz), "
        "E Real, E Imag, I Real, I Imag, Z Real, Z Imag, ActionId, AC Amplitude"
    )
    lines = [
        "<Application>",
        "Name=VersaStudio",
        "Version=2.66",
        "</Application>",
        "<Experiment>",
        "DataFormat=ASCII",
        "</Experiment>",
    ]
    rest = [f"0,{at},3.7,0,{10.0 * at},0,5,0,0,0,0,0,0,0,0,0,1,0" for at in range(5)]
    body = rows("{cycle},{number},{volt},0,{time:.7g},0,5,0,0,{f:.7g},0.005,0,0.001,0,{re:.8g},{im:.8g},2,5", count)
    for number in range(1, count + 1):
        lines += [f"<Segment{number}>", "Type=2", "Version=3", f"Definition={names}", *(rest if number == 1 else [])]
        lines += [*body[(number - 1) * POINTS : number * POINTS], f"</Segment{number}>"]
    return lines


def parstat() -> list[str]:
    """Rest, a spectrum, rest, a spectrum."""
    names = "\t".join(
        [
            "Potential (V)",
            "Current (A)",
            "Elapsed Time (s)",
            "Frequency (Hz)",
            "Zre (ohms)",
            "Zim (ohms)",
            "|Vac| (V)",
            "|Iac| (A)",
            "",
        ]
    )
    body = rows("{volt}\t0.001\t{time:.8g}\t{f:.8g}\t{re:.9g}\t{im:.9g}\t0.005\t0.001\t", 2)
    rest = [f"3.7\t-0.15\t{10 * at}\t0\t0\t0\t0\t0\t" for at in range(1, 8)]
    return [names, *rest, *body[:POINTS], *rest, *body[POINTS:]]


def zahner(*, run_up: bool = True) -> list[str]:
    """Modulus and phase set apart by blanks; the sweep begins at 1 kHz, runs up, then all the way down."""
    down = rows("{f:>14.6e} {mod:>14.6e} {phase:>12.5f}    0.998 {time:>12.3f}")
    up = [line for line in reversed(down) if 1e3 < float(line.split()[0]) < 9e4] if run_up else []
    body = [f"{number:>6} {line}" for number, line in enumerate([*up, *down], start=1)]
    return [
        "File Name: cell.ism",
        "Potential: 3.7 V",
        "",
        "Number  Frequency/Hz  Impedance/Ohm  Phase/deg  Significance  Time/s",
        *body,
    ]


def relaxis(count: int = 2) -> list[str]:
    """Spectra below each other, each with its constants."""
    lines = ["RelaxIS 3.0 Spectrum export", "Date: 12/16/2026 2:29:15 PM"]
    lines += ["Data: Frequency\tData: Z'\tData: Z''\tData: |Z|\tData: Theta (Z)"]
    body = rows("{f!r}\t{re!r}\t{im!r}\t{mod!r}\t{phase!r}", count)
    for number in range(1, count + 1):
        lines.append(
            f"DC={3.7 + 0.1 * number:.6g}, TM={number}\tModel: Unassigned Spectra\t(WE/RE Spectrum) cell.mpr_{number}\t\t"
        )
        lines += body[(number - 1) * POINTS : number * POINTS]
    return lines


def wide(*, cells: int = 1, unit: str = "") -> list[str]:
    """A row for each of four cycles of each cell, frequencies in the names."""
    names = ["", "cycle_Nr"]
    for f in frequencies():
        names += [f"Re(Z){f:.7g}{unit}", f"-Im(Z){f:.7g}{unit}"]
    lines = [",".join([*names, "Q_relative"])]
    for _ in range(cells):
        for at, cycle in enumerate((1.0, 2.0, 5.0, 9.0)):
            z = cell(scale=1 + 0.2 * at)
            pairs = [f"{value:.8g}" for one in z for value in (one.real, -one.imag)]
            lines.append(",".join([str(at), str(cycle), *pairs, f"{1 - 0.05 * at:.3f}"]))
    return lines


def lists(*, samples: int = 1) -> list[str]:
    """A row for each temperature of each sample, the spectrum in lists."""
    lines = [
        "experimentID;temperature [°C];resistance [Ohm];frequency [Hz];real impedance Z' [Ohm];imaginary impedance Z'' [Ohm];cell constant"
    ]
    for number in range(1, samples + 1):
        for at, temperature in enumerate((-20.0, 0.0, 20.0)):
            z = cell(scale=2 - 0.5 * at)
            columns = [
                "[" + ", ".join(f"{value:.9g}" for value in values) + "]" for values in (frequencies(), z.real, z.imag)
            ]
            lines.append(f"E{number};{temperature};{z.real.min():.4g};{';'.join(columns)};(4.7, 0.01)")
    return lines


def matrix(count: int = 3) -> list[str]:
    """All real parts, then all imaginary ones turned, without frequencies."""
    made = []
    for number in range(count):
        z = cell(scale=1 + 0.2 * number)
        made.append("\t".join(f"{value:.5f}" for value in (*z.real, *-z.imag)))
    return made


NAMED = ["f/Hz;Re(Z)/kOhm;-Im(Z)/kOhm;time/s", *rows("{f:.7g};{re:.8e};{minus:.8e};{time:.7g}")]
SAMPLES = {
    "zplot": Sample("cell.z", lambda path: zplot.write(frame(), path, {"start": "2026-01-22T03:04:05"}), rows=POINTS),
    "z60w": Sample("cell.txt", _put(z60w()), rows=POINTS),
    "autolab_nova": Sample("cell.txt", _put(nova()), rows=POINTS),
    "ch_instruments": Sample("cell.txt", _put(chi()), rows=POINTS),
    "palmsens_csv": Sample("cell.csv", _put(pstrace(), "utf-16"), rows=2 * POINTS),
    "palmsens_session": Sample("cell.pssession", _put([session()], "utf-16"), rows=2 * POINTS),
    "versastudio": Sample("cell.par", _put(versastudio()), rows=2 * POINTS),
    "powersuite": Sample("cell.txt", _put(["Frequency\t Zre\t Zimg", *rows("{f:.8g}\t {re:.8g}\t {im:.8g}")], end="\r\r\n"), rows=POINTS),
    "parstat": Sample("cell.txt", _put(parstat()), rows=2 * POINTS),
    "zahner_text": Sample("cell.txt", _put(zahner()), rows=POINTS),
    "relaxis": Sample("cell.txt", _put(relaxis()), rows=2 * POINTS),
    "impedance_csv": Sample("cell.csv", _put(NAMED), rows=POINTS),
    "impedance_bare": Sample("cell.csv", _put(rows("{f:.18e},{re:.18e},{im:.18e}")), rows=POINTS),
    "impedance_wide": Sample("cell.csv", _put(wide()), rows=4 * POINTS),
    "impedance_lists": Sample("cell.csv", _put(lists()), rows=3 * POINTS),
    "impedance_rows": Sample("cell.txt", _put(matrix()), rows=3 * POINTS, options={"frequencies": AXIS}),
}  # fmt: skip
