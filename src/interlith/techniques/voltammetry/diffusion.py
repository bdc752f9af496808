"""How fast does the redox species diffuse, by Randles and Sevcik, where that may be asked?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import FitError, StudyError
from interlith.model import Citation, Given, Observable, Result, Series, Step
from interlith.model.merging import merged
from interlith.physics.voltammetry import FARADAY, GAS, ZERO_CELSIUS
from interlith.techniques.voltammetry.b_value import exponent
from interlith.techniques.voltammetry.by_rate import FEWEST, Ladder, Straight, ladders, split, straight
from interlith.techniques.voltammetry.options import DIFFUSION_WORDS, check_options, is_off
from interlith.techniques.voltammetry.records import declared, result

#: Peak current function of a reversible wave (pi^1/2 chi), and its half-width and separation in RT/nF.
PEAK_FUNCTION, HALF_WIDTH, SEPARATION = 0.4463, 2.20, 2.218
#: Separation and half-width may exceed those of a reversible wave by this (V, over n) beyond twice their uncertainty.
MOST_OVER = 0.010
#: Growth of the separation per decade of the scan rate (V) from which transfer or resistance is in play.
MOST_GROWTH = 0.006
#: b may differ from 1/2, and the intercept from zero (share of the largest current), by so much beyond twice their uncertainty.
MOST_POWER, MOST_INTERCEPT = 0.03, 0.05
#: Scan rates span at least this factor.
LEAST_SPAN = 4.0
#: A sealed layer must be this many times deeper than the diffusion layer (D RT/nFv)^1/2 at the slowest rate.
DEEP = 6.0
#: Ohmic drop at the largest peak (V) that is told where the resistance is declared.
MOST_DROP = 0.005

RANDLES = Citation(
    "nicholson1964",
    "Nicholson and Shain 1964, Anal. Chem. 36, 706",
    "@article{nicholson1964, author={Nicholson, Richard S. and Shain, Irving}, title={Theory of stationary electrode polarography. Single scan and "
    "cyclic methods applied to reversible, irreversible, and kinetic systems}, journal={Analytical Chemistry}, volume={36}, pages={706--723}, "
    "year={1964}, doi={10.1021/ac60210a007}}",
)
METHODS = (
    "Diffusion coefficients are those of Randles and Sevcik, i_p = 0.4463 n F A c (n F v D / RT)^1/2, from the slope of the peak current of the "
    "first sweep over the root of the scan rate, where separation, half-width, power of the scan rate and intercept are those of a reversible wave."
)


@dataclass(frozen=True, slots=True)
class Words:
    """What is declared: electrons, concentration (mol/m^3), area (m^2), temperature (degC), each with uncertainty; depth (m)."""

    electrons: int
    concentration: tuple[float, float]
    area: tuple[float, float] | None
    temperature: tuple[float, float] | None
    thickness: float | None


def diffusion(
    peaks: Result,
    *,
    electrons: int,
    concentration: str,
    area: str | None = None,
    temperature: str | None = None,
    thickness: str | None = None,
    series: Series | None = None,
) -> Result:
    """Diffusion coefficient of every couple from its peak currents over the scan rate, or the reason why there is none.

    Parameters
    ----------
    peaks
        Result of `peaks` over three or more scan rates.
    electrons
        Transferred at once.
    concentration
        Of the species that reacts in the first sweep, in the solution or the particles: ``1 +- 0.02 mmol/L``. Without a standard
        uncertainty the coefficient has none either (``inf``).
    area
        ``0.0707 +- 0.001 cm^2``; that of the specimen in `series` where it is not given.
    temperature
        ``25 +- 1 degC``; the state of the measurements in `series` where it is not given.
    thickness
        Depth at which the diffusing medium is sealed, ``20 um``.
    series
        The measurements, for area and temperature.

    Returns
    -------
    Result
        Observables ``anodic_peak_1_diffusion`` (cm^2/s); null with the condition that failed. `data["conditions"]`: every condition with what
        was found.

    Raises
    ------
    StudyError
        If a declared number is no positive one, or the area is declared nowhere.
    FitError
        If no couple shows a peak at three scan rates.

    Notes
    -----
    The assumption that fails first in a battery electrode is the area: that of the particles, not of the current collector.

    References
    ----------
    Nicholson and Shain 1964, 10.1021/ac60210a007, equation 43 and table I.
    """
    given = {"concentration": concentration, "area": area, "temperature": temperature, "thickness": thickness}
    known = {word: value for word, value in given.items() if value is not None}
    check_options({"diffusion": {"electrons": electrons, **known}})
    numbers = {
        word: declared(value, DIFFUSION_WORDS[word], word, positive=word != "temperature")
        for word, value in known.items()
    }
    words = Words(
        electrons, numbers["concentration"], numbers.get("area"), numbers.get("temperature"),
        numbers["thickness"][0] if "thickness" in numbers else None,
    )  # fmt: skip
    return merged([_of_sample(name, table, peaks, words, series) for name, table in split(peaks).items()])


def _of_sample(name: str, table: pl.DataFrame, peaks: Result, words: Words, series: Series | None) -> Result:
    area, temperature = _cell(name, words, series)
    made: list[Observable] = []
    rows: list[dict[str, Any]] = []
    first = table.sort("part", "sweep").item(0, "direction") if table.height else ""
    for ladder in ladders(table, cycle="first"):
        if ladder.direction == first and len(ladder.rate) >= FEWEST:
            one, conditions = _coefficient(ladder, table, peaks, words, area, temperature)
            made.append(one)
            rows += conditions
    if not made:
        raise FitError("no couple shows a peak of the first direction at three scan rates; Randles-Sevcik needs them.")
    good = sum(one.value is not None for one in made)
    options = {
        "electrons": words.electrons,
        "concentration": words.concentration[0],
        "area": area[0],
        "temperature": temperature[0],
    }
    schema = {"sample": pl.String, "name": pl.String, "condition": pl.String, "found": pl.String, "holds": pl.Boolean}
    return result(
        "diffusion", made, method="Randles-Sevcik", options=options,
        quality=[(name, "diffusion", good > 0, "" if good == len(made) else f"{len(made) - good} of {len(made)} couples fail a condition")],
        data={"conditions": pl.DataFrame(rows, schema=schema)}, words=METHODS, citations=(RANDLES,),
    )  # fmt: skip


def _cell(name: str, words: Words, series: Series | None) -> tuple[tuple[float, float], tuple[float, float]]:
    """Area (m^2) and temperature (degC) of a specimen with their standard uncertainties."""
    area, temperature = words.area, words.temperature
    for item in series or ():
        if item.sample.name != name:
            continue
        if area is None and item.sample.area is not None and item.sample.area.confirmed:
            area = (item.sample.area.value, item.sample.area.std)
        if temperature is None and "temperature" in item.state:
            state = item.state["temperature"]
            temperature = (state.value, (state.high - state.low) / 2 / 1.96)
    if area is None:
        raise StudyError(
            f"Randles-Sevcik needs the area of {name}: write it into study.yaml, analyses: voltammetry: diffusion: {{area: 0.07 +- 0.001 cm^2}}, "
            "or into the column area of measurements.csv."
        )
    return area, temperature or (25.0, math.inf)


def _coefficient(
    ladder: Ladder, table: pl.DataFrame, peaks: Result, words: Words, area: tuple[float, float], temperature: tuple[float, float]
) -> tuple[Observable, list[dict[str, Any]]]:  # fmt: skip
    thermal = GAS * (temperature[0] + ZERO_CELSIUS) / (words.electrons * FARADAY)
    line = straight(np.sqrt(ladder.rate), ladder.current, np.hypot(ladder.relative, 0.003) * ladder.current)
    scale = PEAK_FUNCTION * words.electrons * FARADAY * area[0] * words.concentration[0] / math.sqrt(thermal)
    value = (line.slope / scale) ** 2
    failed, told, rows = _judged(ladder, table, words, line, value, thermal)
    relative = {
        f"fit:{ladder.sample}/{ladder.name}/randles": 2 * line.slope_std / abs(line.slope),
        f"area:{ladder.sample}": -2 * area[1] / area[0],
        f"calibration:{ladder.sample}/concentration": -2 * words.concentration[1] / words.concentration[0],
        f"temperature:{ladder.sample}": temperature[1] / (temperature[0] + ZERO_CELSIUS),
    }
    shown = 1e4 * value
    like = next(one for one in peaks.observables(f"{ladder.name}_current") if one.sample == ladder.sample)
    flag = "; ".join(failed) if failed else "; ".join(told)
    found = Observable(
        f"{ladder.name}_diffusion", None if failed else shown, "cm^2/s", ladder.sample,
        {source: size * shown for source, size in relative.items()}, like.variant, like.batch, like.replicate, "voltammetry",
        method=f"Randles-Sevcik, {len(ladder.rate)} scan rates", source=like.source, flag=flag,
    )  # fmt: skip
    return found, rows


def _judged(
    ladder: Ladder, table: pl.DataFrame, words: Words, line: Straight, value: float, thermal: float
) -> tuple[list[str], list[str], list[dict[str, Any]]]:
    """Conditions that fail, what must be said where all hold, and a row for each."""
    checks: list[tuple[str, str, bool]] = []
    span = float(ladder.rate.max() / ladder.rate.min())
    checks.append(
        (
            "range of scan rates",
            f"the scan rates span a factor of {span:.3g}; {LEAST_SPAN:g} are needed",
            span >= LEAST_SPAN,
        )
    )
    power, power_std, _ = exponent(ladder)
    holds = abs(power - 0.5) <= MOST_POWER + 2 * power_std
    checks.append(("power of the rate", f"the current grows with v^{power:.3f}, not with its root", holds))
    share = abs(line.level) / float(ladder.current.max())
    holds = share <= MOST_INTERCEPT or abs(line.level) <= 2 * line.level_std
    checks.append(("intercept", f"at zero scan rate {100 * share:.0f} % of the largest current is left", holds))
    checks += _reversible(ladder, table, words.electrons, thermal)
    told = []
    if words.thickness is None:
        told.append("semi-infinite diffusion is taken for granted: no thickness is declared")
    else:
        layers = words.thickness / math.sqrt(value * thermal / float(ladder.rate.min()))
        sentence = f"the medium is only {layers:.1f} diffusion layers deep at the slowest rate; {DEEP:g} are needed"
        checks.append(("semi-infinite", sentence, layers >= DEEP))
    rows = [
        {
            "sample": ladder.sample,
            "name": ladder.name,
            "condition": name,
            "found": sentence if not good else "holds",
            "holds": good,
        }
        for name, sentence, good in checks
    ]
    return [sentence for _, sentence, good in checks if not good], told, rows


def _reversible(ladder: Ladder, table: pl.DataFrame, electrons: int, thermal: float) -> list[tuple[str, str, bool]]:
    """Half-width and separation against those of a reversible wave, and whether the separation grows with the rate."""
    width = np.array([row["half_width"] for row in ladder.rows])
    width_std = np.array([math.hypot(row["half_width_std"], row["potential_std"]) for row in ladder.rows])
    over = width - HALF_WIDTH * thermal
    good = bool(np.nanmin(np.where(np.isfinite(over), np.abs(over) - 2 * width_std, np.nan)) <= MOST_OVER / electrons)
    good &= bool(np.all(np.abs(over) - 2 * width_std <= MOST_OVER / electrons))
    sentence = f"the half-width is {1e3 * width.min():.0f} to {1e3 * width.max():.0f} mV, that of a reversible wave {1e3 * HALF_WIDTH * thermal:.0f} mV"
    checks = [("half-width", sentence, good)]
    apart = _separations(ladder, table)
    if len(apart) < FEWEST:
        return [
            *checks,
            ("separation", "the way back shows no peak at three scan rates: nothing tells a reversible wave", False),
        ]
    rate, gap, gap_std = apart.T
    expected = SEPARATION * thermal
    good = bool(np.all(np.abs(gap - expected) - 2 * gap_std <= MOST_OVER / electrons))
    sentence = f"the separation is {1e3 * gap.min():.0f} to {1e3 * gap.max():.0f} mV, that of a reversible wave {1e3 * expected:.0f} to {1e3 * expected * 1.05:.0f} mV"
    checks.append(("separation", sentence, good))
    growth = straight(np.log10(rate), gap, np.maximum(gap_std, 1e-4))
    good = growth.slope - 2 * growth.slope_std <= MOST_GROWTH / electrons
    checks.append(
        ("separation over rate", f"the separation grows by {1e3 * growth.slope:.0f} mV a decade of the scan rate", good)
    )
    return checks


def _separations(ladder: Ladder, table: pl.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Scan rate (V/s), separation and its standard uncertainty (V) where the same cycle shows both peaks, shape (m, 3)."""
    found: list[Sequence[float]] = []
    for row in ladder.rows:
        back = table.filter(
            (pl.col("couple") == ladder.couple) & (pl.col("direction") != ladder.direction) & (pl.col("part") == row["part"])
            & (pl.col("cycle") == row["cycle"]) & ~pl.col("shoulder")
        )  # fmt: skip
        if back.height:
            other = back.row(0, named=True)
            std = math.hypot(math.hypot(row["potential_std"], other["potential_std"]), 2 * row["step"] / math.sqrt(12))
            found.append((row["scan_rate"], abs(row["potential"] - other["potential"]), std))
    return np.array(found, dtype=float).reshape(-1, 3)


def run(given: Given) -> Result:
    """Diffusion coefficients of one specimen.

    Raises
    ------
    StudyError
        If electrons or concentration are not declared.
    """
    words = {word: value for word, value in given.options["diffusion"].items() if value is not None}
    missing = [word for word in ("electrons", "concentration") if word not in words]
    if missing:
        raise StudyError(f"analyses: voltammetry: diffusion: lacks {' and '.join(missing)}; no file holds them.")
    return diffusion(given.result("peaks"), series=given.series, **words)


def wanted(options: Mapping[str, Any]) -> bool:
    """Only on request."""
    return options.get("diffusion") is not None and not is_off(options["diffusion"])


STEP = Step("diffusion", run, after=("peaks",), words=("diffusion",), reads=True, wanted=wanted)
