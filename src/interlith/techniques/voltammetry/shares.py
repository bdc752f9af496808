"""Which share of the current grows with the scan rate, and which with its root?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from interlith.errors import FitError
from interlith.model import Citation, Given, Observable, Result, State, Step
from interlith.model.merging import merged
from interlith.techniques.voltammetry.by_rate import FEWEST, LIKE, ladders, straight
from interlith.techniques.voltammetry.options import is_off
from interlith.techniques.voltammetry.records import result

Array = NDArray[np.float64]

GRID = 200
#: A part of the range at both ends is left out: the double layer is turned over there.
EDGE = 0.04
#: Integrals differ by this much between rates for reasons that no noise shows: the least weight of a point.
LEAST_RELATIVE = 0.003
#: Peaks that move by more than this share of their half-width are not compared at one voltage without a word.
MOST_MOVED = 0.25

DUNN = Citation(
    "wang2007",
    "Wang, Polleux, Lim and Dunn 2007, J. Phys. Chem. C 111, 14925",
    "@article{wang2007, author={Wang, John and Polleux, Julien and Lim, James and Dunn, Bruce}, title={Pseudocapacitive contributions to "
    "electrochemical energy storage in TiO2 (anatase) nanoparticles}, journal={The Journal of Physical Chemistry C}, volume={111}, "
    "pages={14925--14931}, year={2007}, doi={10.1021/jp074464w}}",
)
METHODS = (
    "Capacitive and diffusive shares are those of i = k1 v + k2 v^1/2 at every voltage, fitted to i/v^1/2 over v^1/2 with equal weights; the share "
    "is the integral of k1 v over that of both parts, with the interval of the same line through the integrals (Student)."
)


@dataclass(frozen=True, slots=True)
class _Stack:
    """Curves of one direction on one grid: rates (V/s), voltage along the sweep (V), current upwards (A), shape (rates, grid)."""

    sample: str
    direction: str
    rate: Array
    voltage: Array
    current: Array


def shares(peaks: Result) -> Result:
    """Capacitive share of the current at every scan rate, by direction, from k1 v + k2 v^1/2.

    Parameters
    ----------
    peaks
        Result of `peaks` over three or more scan rates.

    Returns
    -------
    Result
        Observables ``anodic_capacitive_share`` and ``cathodic_capacitive_share`` (%) at the state ``scan_rate``. `data["shares"]`: k1
        (A s/V) and k2 (A (s/V)^1/2) with standard uncertainties over the voltage.

    Raises
    ------
    FitError
        If there are fewer than three scan rates.

    Notes
    -----
    "Capacitive" means only: proportional to the rate. Thin layers and surface couples are among it, and so is any current that has
    no time to diffuse. The assumption that fails first is one state at one voltage for all rates: an ohmic drop or slow transfer moves
    the peaks, and a moved peak looks capacitive on one flank and more than diffusive on the other; the flag says how far they moved.
    With three rates one degree of freedom is left, and the interval is as wide as that deserves.

    References
    ----------
    Wang et al. 2007, 10.1021/jp074464w, equation 3.
    """
    curves = peaks.data["curves"]
    names = curves.get_column("sample").unique(maintain_order=True).to_list() if curves.height else []
    if not names:
        raise FitError("there is no sweep.")
    return merged([_of_sample(str(name), peaks) for name in names])


def _of_sample(name: str, peaks: Result) -> Result:
    curves = peaks.data["curves"].filter(pl.col("sample") == name)
    tops = peaks.data["peaks"].filter(pl.col("sample") == name)
    made: list[Observable] = []
    tables: list[pl.DataFrame] = []
    for direction in ("anodic", "cathodic"):
        stack = _stack(name, direction, curves)
        if stack is None:
            continue
        found, table = _shares(stack, _moved(tops, direction), peaks)
        made += found
        tables.append(table)
    if not made:
        raise FitError("fewer than three scan rates share a range of voltage; k1 and k2 need three.")
    return result(
        "shares", made, method="k1 v + k2 v^1/2", options={}, quality=[(name, "shares", True, "")],
        data={"shares": pl.concat(tables)}, words=METHODS, citations=(DUNN,),
    )  # fmt: skip


def _stack(name: str, direction: str, curves: pl.DataFrame) -> _Stack | None:
    """The last sweep of every rate in one direction, on the range that all of them cover."""
    own = curves.filter(pl.col("direction") == direction).sort("part", "sweep", maintain_order=True)
    kept: list[tuple[float, pl.DataFrame]] = []
    for part in own.partition_by("part", "sweep", maintain_order=True):
        rate = float(part.item(0, "scan_rate"))
        kept = [one for one in kept if abs(one[0] / rate - 1) > LIKE] + [(rate, part)]
    kept.sort(key=lambda one: one[0])
    if len(kept) < FEWEST:
        return None
    sign = 1.0 if direction == "anodic" else -1.0
    pairs = []
    for _, part in kept:
        x, y = (sign * part.get_column(column).to_numpy() for column in ("voltage", "current"))
        order = np.argsort(x, kind="stable")
        pairs.append((x[order], y[order]))
    low, high = max(x[0] for x, _ in pairs), min(x[-1] for x, _ in pairs)
    if high <= low:
        return None
    grid = np.linspace(low + EDGE * (high - low), high - EDGE * (high - low), GRID)
    return _Stack(
        name, direction, np.array([rate for rate, _ in kept]), grid, np.stack([np.interp(grid, *one) for one in pairs])
    )


def _moved(tops: pl.DataFrame, direction: str) -> str:
    """What to say of peaks that move with the scan rate."""
    worst, words = 0.0, ""
    for ladder in ladders(tops, cycle="last"):
        if ladder.direction != direction or len(ladder.rate) < FEWEST:
            continue
        place = np.array([row["potential"] for row in ladder.rows])
        width = float(np.median([row["half_width"] for row in ladder.rows]))
        share = float(np.ptp(place)) / width if width > 0 else 0.0
        if share > max(worst, MOST_MOVED):
            worst = share
            words = (
                f"the peak moves by {1e3 * np.ptp(place):.0f} mV between the scan rates, {100 * share:.0f} % of its half-width: at one voltage "
                "the rates do not show one state, and the share is biased"
            )
    return words


def _shares(stack: _Stack, moved: str, peaks: Result) -> tuple[list[Observable], pl.DataFrame]:
    root = np.sqrt(stack.rate)
    scaled = stack.current / root[:, None]
    centred = root - root.mean()
    norm = float(centred @ centred)
    k1 = centred @ scaled / norm
    k2 = scaled.mean(axis=0) - k1 * root.mean()
    residual = scaled - k2 - k1 * root[:, None]
    scatter = np.sqrt((residual**2).sum(axis=0) / (len(root) - 2))
    spacing = float(stack.voltage[1] - stack.voltage[0])
    integral = scaled.sum(axis=1) * spacing
    # Equal weights as at every voltage, so that the share is that of the drawn curves; what noise does not show is a floor.
    line = straight(root, integral, np.full(len(root), LEAST_RELATIVE * float(np.abs(integral).mean())))
    like = next((one for one in peaks.observables() if one.sample == stack.sample), None)
    made = [
        _share(stack, line.level, line.slope, line.covariance, line.student, rate, moved, like)
        for rate in stack.rate.tolist()
    ]
    sign = 1.0 if stack.direction == "anodic" else -1.0
    table = pl.DataFrame(
        {
            "voltage": sign * stack.voltage, "k1": sign * k1, "k1_std": scatter / math.sqrt(norm), "k2": sign * k2,
            "k2_std": scatter * np.sqrt(1 / len(root) + root.mean() ** 2 / norm), "current": sign * stack.current[-1],
        }
    ).with_columns(pl.lit(stack.sample).alias("sample"), pl.lit(stack.direction).alias("direction"), pl.lit(stack.rate[-1]).alias("scan_rate"))  # fmt: skip
    return made, table


def _share(
    stack: _Stack, diffusive: float, capacitive: float, covariance: Array, student: float, rate: float, moved: str,
    like: Observable | None,
) -> Observable:  # fmt: skip
    first = capacitive * math.sqrt(rate)
    whole = first + diffusive
    value = first / whole
    gradient = np.array([-first, diffusive * math.sqrt(rate)]) / whole**2
    # Columns of the Cholesky factor, so that two rates of one fit stay correlated.
    sizes = gradient @ np.linalg.cholesky(covariance)
    std = float(np.sqrt(sizes @ sizes))
    flags = [moved] if moved else []
    if not -2 * std <= value <= 1 + 2 * std:
        flags.append("outside 0 to 100 %: the current is no sum of these two powers")
    return Observable(
        f"{stack.direction}_capacitive_share", 100 * value, "%", stack.sample,
        {f"fit:{stack.sample}/{stack.direction}/shares/{k}": 100 * float(size) for k, size in enumerate(sizes)}, like.variant if like else "", like.batch if like else "",
        like.replicate if like else "", "voltammetry", State("scan_rate", rate, rate, rate, "V/s"),
        low=100 * (value - student * std), high=100 * (value + student * std), method=f"{len(stack.rate)} scan rates",
        source=like.source if like else "", flag="; ".join(flags),
    )  # fmt: skip


def run(given: Given) -> Result:
    """Shares of one specimen."""
    return shares(given.result("peaks"))


def wanted(options: Mapping[str, Any]) -> bool:
    """Unless it is switched off."""
    return not is_off(options.get("shares"))


def asked(options: Mapping[str, Any]) -> bool:
    """Whether a study asks for them."""
    return options.get("shares") is not None


STEP = Step("shares", run, after=("peaks",), words=("shares",), wanted=wanted, asked=asked)
