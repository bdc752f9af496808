"""How often do the 95 % intervals of peaks, powers, shares and diffusion coefficients hold the truth, and what is refused?

Run: ``OMP_NUM_THREADS=1 python benchmarks/voltammetry.py --repeats 1000 --seed 1``; prints tables for ``docs/benchmarks.md``. All data
are simulated by `interlith.physics.voltammetry`; each repeat has its own noise, and its own place of the current within the
step of the voltage. Concentration and area are off by errors drawn with the declared uncertainties.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.model import Measurement, Sample, Series, Source, State, Table
from interlith.physics.voltammetry import FARADAY, GAS, Couple, triangle, voltammogram
from interlith.techniques.voltammetry.b_value import b_value
from interlith.techniques.voltammetry.diffusion import diffusion
from interlith.techniques.voltammetry.peaks import peaks
from interlith.techniques.voltammetry.shares import shares
from shares import shown

Array = NDArray[np.float64]

AREA, STEP = 1e-4, 2e-3
THERMAL = GAS * 298.15 / FARADAY
SOLVED = Couple(0.0, 1.0, 1e-9)
BOUND = Couple(0.0, 2e-6, confined=True)
RATES = (0.02, 0.05, 0.1, 0.2, 0.5)
#: Heights (mA) of both kinds of peak at 0.1 V/s.
BOUND_HEIGHT = 1e3 * FARADAY * 0.1 * AREA * 2e-6 / (4 * THERMAL)
SOLVED_HEIGHT = 1e3 * 0.44629 * FARADAY * AREA * math.sqrt(1e-9 * 0.1 / THERMAL)


@dataclass(frozen=True)
class Case:
    """One row: what is scanned, noise as a share of the peak, and the truth of some quantities (V, mA, 1)."""

    name: str
    couples: tuple[Couple, ...]
    noise: float
    truth: dict[str, float]
    resistance: float = 0.0
    layer: float = 2e-5
    stress: bool = False
    options: dict[str, str] = field(default_factory=dict)


def waveform(rate: float, case: Case) -> tuple[Array, Array, Array, Array]:
    """Time, voltage, sign of the sweep, and current without noise."""
    voltage = triangle(-0.4, 0.4, -0.4, step=STEP)
    current = voltammogram(
        voltage, case.couples, scan_rate=rate, area=AREA, resistance=case.resistance, capacitance=case.layer
    )
    sign = np.where(np.arange(len(voltage)) <= len(voltage) // 2, 1.0, -1.0)
    return np.arange(len(voltage)) * STEP / rate, voltage, sign, current


def measured(
    wave: tuple[Array, Array, Array, Array], noise: float, part: int, shift: float, random: np.random.Generator
) -> Measurement:
    """One file: noise on the current, and the voltage off by the same share of a step in all sweeps."""
    clock, voltage, sign, current = wave
    frame = pl.DataFrame(
        {
            "test_time": clock,
            "voltage": voltage + sign * shift,
            "current": current + random.normal(0.0, noise, len(current)),
        }
    )
    digest = hashlib.sha256(frame.get_column("current").to_numpy().tobytes()).hexdigest()
    return Measurement(
        Sample("S1", "S1"), "voltammetry", Source(f"{part}.csv", digest, 1, "simulated", "1"),
        Table(frame.lazy(), tuple(frame.columns)), {"temperature": State("temperature", 25.0, 24.0, 26.0, "degC")}, part=part,
    )  # fmt: skip


PEAKS = (
    Case("surface couple, noise 1 %", (BOUND,), 0.01, {"anodic_peak_1_potential": 0.0, "anodic_peak_1_current": BOUND_HEIGHT, "peak_1_separation": 0.0}),
    Case("surface couple, noise 5 %", (BOUND,), 0.05, {"anodic_peak_1_potential": 0.0, "anodic_peak_1_current": BOUND_HEIGHT, "peak_1_separation": 0.0}),
    Case("two surface couples 0.2 V apart, noise 1 %", (replace(BOUND, potential=-0.1), replace(BOUND, potential=0.1)), 0.01,
         {"anodic_peak_1_potential": -0.1, "anodic_peak_2_potential": 0.1}),
    Case("solution, noise 0.3 %", (SOLVED,), 0.003, {"anodic_peak_1_potential": 0.02850, "anodic_peak_1_current": SOLVED_HEIGHT, "peak_1_current_ratio": 1.0}),
    Case("solution, noise 2 %", (SOLVED,), 0.02, {"anodic_peak_1_potential": 0.02850, "anodic_peak_1_current": SOLVED_HEIGHT, "peak_1_current_ratio": 1.0}),
    Case("two surface couples 0.12 V apart (overlap)", (replace(BOUND, potential=-0.06), replace(BOUND, potential=0.06)), 0.01,
         {"anodic_peak_1_potential": -0.06, "anodic_peak_1_current": BOUND_HEIGHT}, stress=True),
    Case("second wave on the tail of the first (flagged as bound)", (replace(SOLVED, potential=-0.12), replace(SOLVED, potential=0.12)), 0.003,
         {"anodic_peak_2_potential": 0.1485, "anodic_peak_2_current": SOLVED_HEIGHT}, stress=True),
    Case("surface couple, 100 ohm, not taken off", (BOUND,), 0.01, {"peak_1_separation": 0.0}, resistance=100.0, stress=True),
    Case("surface couple, 100 ohm, declared", (BOUND,), 0.01, {"peak_1_separation": 0.0}, resistance=100.0, options={"resistance": "100 +- 2 ohm"}, stress=True),
)  # fmt: skip


def peak_rows(cases: Sequence[Case], repeats: int, seed: int) -> None:
    print("| case | quantity | found | coverage of 95 % | mean pull | width of pulls |\n|---|---|---|---|---|---|")
    for number, case in enumerate(cases):
        random = np.random.default_rng([seed, number])
        wave = waveform(0.1, case)
        level = case.noise * 1e-3 * (SOLVED_HEIGHT if not case.couples[0].confined else BOUND_HEIGHT)
        pulls: dict[str, list[float]] = {name: [] for name in case.truth}
        for _ in range(repeats):
            item = measured(wave, level, 0, random.uniform(-0.5, 0.5) * STEP, random)
            found = peaks(Series((item,)), **case.options)  # type: ignore[arg-type]
            for name, true in case.truth.items():
                rows = found.table.filter(pl.col("quantity") == name)
                if rows.height:
                    pulls[name].append((rows.item(0, "value") - true) / rows.item(0, "std"))
        for name, own in pulls.items():
            inside = int(np.sum(np.abs(own) <= 1.959964))
            words = f"{case.name}{' (stress)' if case.stress else ''}"
            print(
                f"| {words} | {name} | {len(own)}/{repeats} | {shown(inside, len(own))} | {np.mean(own):+.2f} | {np.std(own):.2f} |",
                flush=True,
            )


@dataclass(frozen=True)
class Ladder:
    """One row over the scan rates: b and share of the double layer at 0.5 V/s where they have a truth; words that must be refused."""

    name: str
    case: Case
    power: float | None
    capacity: float | None
    coefficient: bool


LADDERS = (
    Ladder("solution, layer 2 uF", Case("", (SOLVED,), 0.005, {}, layer=2e-6), 0.5, 2e-6, True),
    Ladder("surface couple", Case("", (BOUND,), 0.01, {}, layer=0.0), 1.0, None, False),
    Ladder("solution, layer 200 uF", Case("", (SOLVED,), 0.005, {}, layer=2e-4), 0.5, 2e-4, True),
    Ladder("solution, 150 ohm (stress)", Case("", (SOLVED,), 0.005, {}, layer=2e-6, resistance=150.0), 0.5, 2e-6, False),
    Ladder("slow transfer (stress)", Case("", (replace(SOLVED, rate_constant=2e-5),), 0.005, {}, layer=2e-6), 0.5, 2e-6, False),
    Ladder("half-fast transfer (stress)", Case("", (replace(SOLVED, rate_constant=2e-4),), 0.005, {}, layer=2e-6), 0.5, 2e-6, False),
    Ladder("sealed at 20 um, declared (stress)", Case("", (replace(SOLVED, thickness=2e-5),), 0.005, {}, layer=2e-6), None, None, False),
)  # fmt: skip


def ladder_rows(cases: Sequence[Ladder], repeats: int, seed: int) -> None:
    print(
        "\n| case | b holds the truth | share at 0.5 V/s holds the truth | D given | D holds the truth | mean of D over truth |\n|---|---|---|---|---|---|"
    )
    for number, one in enumerate(cases):
        random = np.random.default_rng([seed, 100 + number])
        waves = [waveform(rate, one.case) for rate in RATES]
        bare = waveform(0.5, replace(one.case, layer=0.0))
        half = len(bare[1]) // 2
        edge = round(0.04 * half)
        faradaic = float(np.mean(bare[3][edge : half - edge]))
        hits = {"b": 0, "share": 0, "D": 0}
        given, ratios = 0, []
        for _ in range(repeats):
            shift = random.uniform(-0.5, 0.5) * STEP
            off = random.normal(0.0, 1.0, 2)
            top = [max(float(np.abs(wave[3]).max()), 1e-12) for wave in waves]
            items = [
                measured(wave, one.case.noise * height, k, shift, random)
                for k, (wave, height) in enumerate(zip(waves, top, strict=True))
            ]
            found = peaks(Series(tuple(items)))
            try:
                power = b_value(found).table.filter(pl.col("quantity") == "anodic_peak_1_b_value").row(0, named=True)
                hits["b"] += int(one.power is not None and power["low"] <= one.power <= power["high"])
            except FitError:
                pass
            share = (
                shares(found)
                .table.filter(pl.col("quantity") == "anodic_capacitive_share")
                .sort("state_value")
                .row(-1, named=True)
            )
            if one.capacity is not None:
                true = 100 * one.capacity * 0.5 / (one.capacity * 0.5 + faradaic)
                hits["share"] += int(share["low"] <= true <= share["high"])
            elif one.power == 1.0:
                hits["share"] += int(share["low"] <= 100.0 <= share["high"])
            coefficient = diffusion(
                found, electrons=1, concentration=f"{1 + 0.02 * off[0]:.6f} +- 0.02 mmol/L", area=f"{1 + 0.01 * off[1]:.6f} +- 0.01 cm^2",
                temperature="25 +- 0.5 degC", thickness="20 um" if math.isfinite(one.case.couples[0].thickness) else None,
            ).table.filter(pl.col("quantity") == "anodic_peak_1_diffusion").row(0, named=True)  # fmt: skip
            if coefficient["value"] is not None:
                given += 1
                hits["D"] += int(coefficient["low"] <= 1e-5 <= coefficient["high"])
                ratios.append(coefficient["value"] / 1e-5)
        known = one.capacity is not None or one.power == 1.0
        cells = (
            shown(hits["b"], repeats if one.power is not None else 0), shown(hits["share"], repeats if known else 0), f"{given}/{repeats}",
            shown(hits["D"], given), f"{np.mean(ratios):.3f}" if ratios else "-",
        )  # fmt: skip
        print(f"| {one.name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("peaks", "rates"), default=None)
    given = parser.parse_args()
    begin = time.process_time()
    if given.only != "rates":
        peak_rows(PEAKS, given.repeats, given.seed)
    if given.only != "peaks":
        ladder_rows(LADDERS, given.repeats, given.seed)
    print(f"\n{given.repeats} repeats a row, seed {given.seed}, {time.process_time() - begin:.0f} s of CPU.")


if __name__ == "__main__":
    main()
