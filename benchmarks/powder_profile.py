"""How long does a powder pattern take, with its slopes, and with the normal equations of a fit?

    python benchmarks/powder_profile.py --data /path/to/shared/data

CPU time, median of the repeats; the first call of a fresh process loads or compiles the loops and is given apart. With a folder of
data, the grid and the instrument are those of the patterns of a synchrotron (11-BM, CuCr2O4 with CuO) and of the round robin on
quantitative analysis, beside what is made here.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import interlith as il
from interlith.crystal.phases import phase
from interlith.layouts.instrument_files import instrument_bank
from interlith.model import Table
from interlith.physics.powder.instrument import Instrument
from interlith.physics.powder.pattern_model import PatternModel
from interlith.physics.powder.phase_lines import phase_lines
from interlith.physics.powder.profile import Lines, profile_sum, profile_terms

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Call = Callable[[], object]


def timed(call: Call, repeats: int) -> tuple[float, float]:
    """CPU seconds of the first call, and the median of the others."""
    found = []
    for _ in range(repeats + 1):
        began = time.process_time()
        call()
        found.append(time.process_time() - began)
    return found[0], float(np.median(found[1:]))


def calls_of(words: str, model: PatternModel, values: Array, moving: Mask) -> list[tuple[str, Call]]:
    """Intensity, slopes of what moves, normal equations."""
    count = sum(len(one.hkl) for one in model.phases) * len(model.instrument.lines)
    size, free = model.two_theta.size, int(moving.sum())
    observed, weight = model.intensity(values), np.ones(size)
    return [
        (f"{words}: {count} lines at {size:,} points", lambda: model.intensity(values)),
        (f"with {free} slopes", lambda: model.with_slopes(values, moving)),
        (f"normal equations of {free}", lambda: model.normal(values, moving, observed, weight)),
    ]


def made_here() -> list[tuple[str, Call]]:
    random = np.random.default_rng(1)
    x = np.arange(5, 26, 0.002)
    lines = Lines(np.sort(random.uniform(5, 26, 400)), np.ones(400), np.full(400, 0.006), np.full(400, 0.008), 0.001, 0.001)  # fmt: skip
    chain = np.zeros((400, 6, 30))
    chain[:, :4, :12] = 1.0
    tube = Instrument(
        (1.5406, 1.5444), 0.5, gauss=(0, 0, 0.006), lorentz=(0.02, 0.02), sample_ratio=0.02, slit_ratio=0.02
    )
    names = ("corundum", "zincite", "fluorite")
    model = PatternModel(
        np.arange(20, 150, 0.02), tuple(phase_lines(phase(name), tube, 150, name=name) for name in names), tube
    )
    every = np.ones(len(model.names), dtype=bool)
    return [
        (f"sum of 400 lines at {x.size:,} points", lambda: profile_sum(x, lines)),
        ("with 12 slopes of each", lambda: profile_terms(x, lines, chain)),
        *calls_of("three oxides, all that there is", model, model.start, every),
    ]


def synchrotron(folder: Path, step: float | None) -> list[tuple[str, Call]]:
    """The grid of the file, or a finer one."""
    series = folder / "diffraction" / "seq_CuCr2O4_11bm"
    table = il.read(series / "OH_00.fxye").payload
    assert isinstance(table, Table)
    x = np.asarray(table.frame.select("two_theta").collect().to_numpy()[:, 0])
    x = x[(x >= 5) & (x <= 26)] if step is None else np.arange(5, 26, step)
    bank = instrument_bank(series / "OH_00.prm")
    if bank.gauss is None or bank.lorentz is None:
        raise SystemExit("The instrument file says no widths.")
    instrument = Instrument(
        bank.wavelengths, 0.0, gauss=bank.gauss, lorentz=bank.lorentz, polarisation=bank.polarisation, sample_ratio=bank.sample_ratio,
        slit_ratio=bank.slit_ratio, geometry="debye-scherrer",
    )  # fmt: skip
    main = phase_lines(phase(series / "CuCr2O4.cif"), instrument, 26.5, name="main", positions="all", u_iso="all")
    model = PatternModel(x, (main, phase_lines(phase(series / "CuO.cif"), instrument, 26.5, name="trace")), instrument, background=8)  # fmt: skip
    values = widened(model, 0.002)
    held = (
        "displacement",
        "roughness",
        "gauss",
        "lorentz",
        "sample",
        "slit",
        "transparency",
        "absorption",
        "trace_inverse",
    )
    moving = np.array([not name.startswith(held) for name in model.names])
    return calls_of("11-BM", model, values, moving)


def laboratory(folder: Path) -> list[tuple[str, Call]]:
    x = np.loadtxt(folder / "diffraction" / "cpd_roundrobin" / "cpd-1e.prn")[:, 0]
    tube = Instrument(
        (1.54056, 1.54439), 0.5, monochromator=26.6, gauss=(0.004, -0.003, 0.006), lorentz=(0.02, 0.03), sample_ratio=0.02,
        slit_ratio=0.02, radius=173.0,
    )  # fmt: skip
    names = ("corundum", "zincite", "fluorite")
    model = PatternModel(
        x, tuple(phase_lines(phase(name), tube, x[-1], name=name, u_iso="all") for name in names), tube
    )
    moving = np.array([name in ("displacement", "roughness", "gauss_w") or name.startswith(("background", *names)) for name in model.names])  # fmt: skip
    return calls_of("round robin, three phases", model, widened(model, 0.005), moving)


def widened(model: PatternModel, inverse: float) -> Array:
    values = model.start
    for place, name in enumerate(model.names):
        if name.endswith("inverse_size"):
            values[place] = inverse
        if name.endswith("microstrain"):
            values[place] = 5e-4
    return values


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--repeats", type=int, default=15)
    reader.add_argument("--data", type=Path, default=os.environ.get("INTERLITH_DATA"))
    given = reader.parse_args()
    calls = made_here()
    if given.data is not None:
        folder = Path(given.data)
        calls += [*synchrotron(folder, None), *synchrotron(folder, 0.001), *laboratory(folder)]
    print("| what | first call | later calls |\n|---|---|---|")
    for words, call in calls:
        first, later = timed(call, given.repeats)
        print(f"| {words} | {1000 * first:.1f} ms | {1000 * later:.1f} ms |")


if __name__ == "__main__":
    main()
