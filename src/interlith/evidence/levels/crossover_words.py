"""How does a crossing, or its absence, read in a report, and what must stand beside it?"""

from __future__ import annotations

import math

import numpy as np

from interlith.evidence.levels.crossover_fit import Pair, bends_left, shape_words
from interlith.evidence.wording import interval_words, named, number, plural
from interlith.numerics.levels.crossings import Piece
from interlith.numerics.trends.trend import BENT


def quantity_words(pair: Pair) -> str:
    """``The resistance of bare and coated``."""
    return f"The {named(pair.curves[0].quantity)} of {pair.first.name} and {pair.second.name}"


def state_range(pair: Pair, low: float, high: float) -> str:
    """``temperature 300 to 700 degC``."""
    curve = pair.curves[0]
    unit = "" if curve.axis_unit in ("", "1") else curve.axis_unit
    return f"{named(curve.axis)} {interval_words(low, high, (high - low) / 2, unit)}"


def basis(pair: Pair) -> str:
    """``3 and 3 specimens, straight lines``."""
    shape = shape_words(pair.degree)
    if pair.replicated:
        return f"{len(pair.first.curves)} and {len(pair.second.curves)} {plural('specimen')}, {shape}"
    return f"{len(pair.curves[0])} and {len(pair.curves[1])} points, {shape}"


def apart_sentence(pair: Pair, limits: tuple[float, float], closest: tuple[float, float, float]) -> str:
    """That the curves do not cross, and how close they come; no full stop."""
    at, difference, bound = closest
    upper, lower = (pair.second, pair.first) if difference > 0 else (pair.first, pair.second)
    curve = pair.curves[0]
    unit = "" if curve.unit == "1" else f" {curve.unit}"
    size = f"{number(abs(difference), abs(difference) - bound)}{unit}"
    share = f"{100 * pair.level:.4g} %"
    return (
        f"{quantity_words(pair)} do not cross within {state_range(pair, *limits)}: {upper.name} stays above {lower.name}, "
        f"closest at {_at(pair, at, limits)} with a difference of {size} ({share} confidence at each state, {basis(pair)})"
    )


def crossing_sentence(pair: Pair, piece: Piece, value: float) -> str:
    """That the curves cross, where, and which is above before and after; no full stop."""
    curve = pair.curves[0]
    unit = "" if curve.axis_unit in ("", "1") else curve.axis_unit
    half = (piece.high - piece.low) / 2
    above = pair.first.name if piece.before < 0 else pair.second.name
    other = pair.second.name if piece.before < 0 else pair.first.name
    bound = "at least as wide as " if pair.unknown else ""
    return (
        f"{quantity_words(pair)} cross at {named(curve.axis)} {number(value, half)} {unit}".rstrip()
        + f" ({100 * pair.level:.4g} % interval {bound}{interval_words(piece.low, piece.high, half, unit)}, {basis(pair)}): "
        f"before it {above} is the higher, after it {other}"
    )


def open_sentence(pair: Pair, piece: Piece, limits: tuple[float, float]) -> str:
    """That a crossing is possible but not shown; no full stop."""
    share = f"{100 * pair.level:.4g} % confidence, {basis(pair)}"
    text = quantity_words(pair)
    if piece.before == 0 and piece.after == 0:
        return f"{text} are not told apart anywhere within {state_range(pair, *limits)}, so whether they cross is undecided ({share})"
    where = state_range(pair, piece.low, piece.high)
    if piece.before and piece.after:
        return f"{text} come so close within {where} that it is undecided whether they touch or cross twice ({share})"
    edge, side = (piece.low, "below") if piece.before == 0 else (piece.high, "above")
    if piece.roots:
        return (
            f"{text} seem to cross at {_at(pair, piece.roots[0], (piece.low, piece.high))}, but are not told apart within "
            f"{where}, up to the end of the common range, so a crossing is not shown ({share})"
        )
    return (
        f"{text} are not told apart within {where}: a crossing there, or {side} {_at(pair, edge, limits)} where the common "
        f"range ends, is not excluded ({share})"
    )


def _at(pair: Pair, value: float, limits: tuple[float, float]) -> str:
    curve = pair.curves[0]
    unit = "" if curve.axis_unit in ("", "1") else f" {curve.axis_unit}"
    return f"{named(curve.axis)} {number(value, (limits[1] - limits[0]) / 10)}{unit}"


def caveats(pair: Pair, *, simulated: bool) -> tuple[str, ...]:
    """Sentences that must stand beside what is said of the two curves."""
    words = ["The data are simulated."] if simulated else []
    if not pair.replicated:
        words += _about_specimens(pair)
    bent = bends_left(pair)
    if bent < BENT:
        words.append(
            f"{shape_words(pair.degree).capitalize()} do not follow the points (p = {bent:.1g}); take a higher degree."
        )
    if pair.degree == "interpolation":
        words.append("Between states the curves are taken as straight.")
    if pair.errors == "scaled" and not pair.replicated:
        words.append("Points of one curve are taken as independent of each other.")
    if pair.unknown:
        words.append(
            f"The interval is a lower bound, and there is no verdict: {', '.join(pair.unknown)} is shared by several points "
            "and of unknown size; declare its uncertainty."
        )
    spread = _uncertain_states(pair)
    if spread > 0:
        curve = pair.curves[0]
        unit = "" if curve.axis_unit in ("", "1") else f" {curve.axis_unit}"
        words.append(
            f"The states themselves are known to ±{number(spread, spread)}{unit}, which is not in the interval."
        )
    return tuple(words)


def _about_specimens(pair: Pair) -> list[str]:
    words = []
    single = [side.name for side in pair.sides if len(side.samples) == 1]
    if single:
        words.append(f"One specimen stands for {' and one for '.join(single)}; this says nothing of other specimens.")
    several = [side.name for side in pair.sides if 1 < len(side.samples) < sum(map(len, side.curves))]
    if several:
        words.append(
            f"Points of several specimens of {' and of '.join(several)} are taken as one curve: what a specimen keeps to itself "
            "is taken for independent scatter, and the interval is too narrow."
        )
    return words


def _uncertain_states(pair: Pair) -> float:
    """Largest half-width of a state, where it is more than a hundredth of the common range."""
    widest = max(float(np.max(curve.x_high - curve.x_low)) / 2 for curve in pair.curves)
    reach = max(float(np.ptp(curve.x)) for curve in pair.curves)
    return widest if math.isfinite(widest) and widest > 0.01 * reach else 0.0
