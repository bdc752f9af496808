"""What do ratios of lines say of a layer: a value, a bound, or that they cannot tell?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from interlith.design.recording import number
from interlith.design.signals.estimating import Estimate, Estimated, Free, checked, solved
from interlith.design.signals.line_ratios import LAYER_LENGTH, SUBSTRATE_LENGTH, Sample
from interlith.design.signals.propagating import drawn, propagate, unknown
from interlith.model import Finding, Observable
from interlith.model.finding import Verdict
from interlith.notation import interval_text, significant, with_uncertainty

Array = NDArray[np.float64]

#: Draws for bounds, fewer for spheres, which are integrated.
_DRAWS, _SPHERE_DRAWS = 2000, 300
UNITS = {"thickness": "nm", "coverage": "1"}
QUANTITIES = {"thickness": "layer_thickness", "coverage": "layer_coverage"}
SOURCES = {LAYER_LENGTH: f"model:{LAYER_LENGTH}", SUBSTRATE_LENGTH: f"model:{SUBSTRATE_LENGTH}"}
#: Components of a number that has only bounds.
UNKNOWN = {"fit:overlayer": math.inf}
#: Chance below which several ratios contradict every layer.
MISFIT = 0.01


@dataclass(frozen=True)
class Told:
    """Observables, findings, and the fit where there was one."""

    observables: tuple[Observable, ...]
    findings: tuple[Finding, ...]
    fit: Estimated | None = None


def forward(sample: Sample) -> Told:
    """The ratio of a declared layer."""
    found = propagate(
        lambda values: sample.ratio(0, values), sample.declared,
        drawn(sample.declared, count=_SPHERE_DRAWS if sample.sphere else _DRAWS), sources=SOURCES,
    )  # fmt: skip
    item = number(
        "line_ratio", found.value, "1", found.components, sample=_name(sample), low=found.low, high=found.high,
        method=sample.options["ratio_is"],
    )  # fmt: skip
    one = sample.pairs[0]
    interval = f" ({interval_text(found.low, found.high)})" if found.low is not None else ""
    text = f"{one.line.name} over {one.substrate_line.name} is {significant(found.value, 3)}{interval} for {_name(sample)}."
    caveats = tuple(words for words in (unknown(found), *sample.caveats) if words)
    low, high = (found.low, found.high) if found.low is not None else (-math.inf, math.inf)
    finding = Finding(
        "line ratio", text, "descriptive", "line_ratio", found.value, low, high, unit="1", caveats=caveats
    )
    return Told((item,), (finding,))


def inverse(sample: Sample) -> Told:
    """Thickness, coverage or both from the measured ratios."""
    if len(sample.free) == 2 and len(sample.pairs) == 1:
        return _degenerate(sample)
    found = checked(
        lambda values: np.concatenate(
            [np.log(np.maximum(sample.ratio(place, values), 1e-300)) for place in range(len(sample.pairs))], axis=1
        ),
        [(math.log(item.value), item.std / item.value) for item in sample.ratios], _free(sample), sample.declared,
    )  # fmt: skip
    return concluded(found, sample)


def concluded(found: Estimated, sample: Sample) -> Told:
    """Numbers and findings of a fit, or that no layer agrees."""
    wrong = _misfit(found, sample)
    if wrong:
        flag = "no layer of one thickness explains all ratios"
        rows = [_row(sample, QUANTITIES[name], None, UNITS[name], UNKNOWN, None, None, flag) for name in sample.free]
        return Told(tuple(rows), tuple(wrong), found)
    observables, findings = [], []
    for name in sample.free:
        item, text, verdict = _told(found[name], sample)
        low, high = found[name].low, found[name].high
        if found.blind:
            # The interval holds only if these numbers are exact, which nobody said.
            parts = {f"declared:{other}": math.inf for other in found.blind}
            item = replace(item, components={**item.components, **parts}, low=None, high=None)
            verdict, low, high = "undecided", -math.inf, math.inf
        observables.append(item)
        findings.append(
            Finding(
                "layer",
                text,
                verdict,
                item.quantity,
                item.value,
                low,
                high,
                unit=UNITS[name],
                caveats=(*_unsure(found), *sample.caveats),
            )
        )
    if len(sample.free) == 2 and "coverage" in sample.free and math.isinf(found["coverage"].high):
        findings.append(_closed(sample))
    return Told(tuple(observables), tuple(findings), found)


def _unsure(found: Estimated) -> tuple[str, ...]:
    if not found.blind:
        return ()
    return (
        f"No uncertainty was declared of the {' and the '.join(found.blind)}: the interval holds only if it is exact.",
    )


def _free(sample: Sample) -> list[Free]:
    limits = {"thickness": (1e-4 * sample.deepest, sample.deepest), "coverage": (1e-4, 1.0)}
    return [Free(name, *limits[name]) for name in sample.free]


def _told(item: Estimate, sample: Sample) -> tuple[Observable, str, Verdict]:
    unit, quantity = UNITS[item.name], QUANTITIES[item.name]
    parts = {f"noise:line ratios ({item.name})": item.noise, f"model:attenuation lengths ({item.name})": item.model}
    inside = math.isfinite(item.low) and math.isfinite(item.high)
    rest = f"{_others(sample)} (attenuation lengths by {sample.formula})"
    name = f"The {item.name} of {sample.layer.name} on {sample.substrate.name}"
    if inside:
        text = f"{name} is {with_uncertainty(item.value, math.hypot(item.noise, item.model), unit)} ({interval_text(item.low, item.high, unit)}){rest}."
        return _row(sample, quantity, item.value, unit, parts, item.low, item.high), text, "supported"
    if math.isinf(item.low) and math.isinf(item.high):
        text = f"{name} is not identifiable: every value agrees with the lines{rest}."
        return _row(sample, quantity, None, unit, UNKNOWN, None, None, "not identifiable"), text, "undecided"
    bound = item.high if math.isinf(item.low) else item.low
    words = "at most" if math.isinf(item.low) else "at least"
    kept = "up to a closed layer" if item.name == "coverage" and words == "at least" else "no limit on the other side"
    text = (
        f"{name} is {words} {significant(bound, 3)}{'' if unit == '1' else ' ' + unit} (95 % interval, {kept}){rest}."
    )
    low, high = (None, bound) if math.isinf(item.low) else (bound, 1.0 if item.name == "coverage" else None)
    return _row(sample, quantity, None, unit, UNKNOWN, low, high, f"bound: {words}"), text, "supported"


def _row(
    sample: Sample, quantity: str, value: float | None, unit: str, parts: Mapping[str, float], low: float | None,
    high: float | None, flag: str = "",
) -> Observable:  # fmt: skip
    return number(
        quantity, value, unit, parts, sample=f"{sample.layer.name} on {sample.substrate.name}", low=low, high=high, flag=flag,
        method=f"XPS, {'spheres' if sample.sphere else 'flat'}, {sample.formula}",
    )  # fmt: skip


def _degenerate(sample: Sample) -> Told:
    """One ratio, two unknowns: the least thickness (closed) and the least coverage (thick)."""
    count = _SPHERE_DRAWS if sample.sphere else _DRAWS
    values = drawn(sample.declared, count=count)
    ratio = drawn({"ratio": sample.ratios[0]}, count=count)["ratio"]
    ones, thick = np.ones(count), np.full(count, sample.deepest)
    closed = solved(lambda t: sample.ratio(0, values | {"thickness": t, "coverage": ones}), ratio, 0.0, sample.deepest)
    least = solved(lambda c: sample.ratio(0, values | {"thickness": thick, "coverage": c}), ratio, 0.0, 1.0)
    bounds = {"thickness": float(np.quantile(closed, 0.05)), "coverage": float(np.quantile(least, 0.05))}
    rows = tuple(
        _row(
            sample,
            QUANTITIES[name],
            None,
            UNITS[name],
            {},
            bound,
            1.0 if name == "coverage" else None,
            "thickness and coverage are not separable with one ratio",
        )
        for name, bound in bounds.items()
    )
    text = (
        f"Thickness and coverage of {sample.layer.name} on {sample.substrate.name} are not identifiable from one ratio: a closed "
        f"layer of {significant(float(np.median(closed)), 3)} nm and thicker islands with less cover give the same. The thickness "
        f"is at least {significant(bounds['thickness'], 3)} nm and the coverage at least {significant(bounds['coverage'], 2)} "
        "(95 %, one-sided each). A second emission angle, or a second pair of lines of other kinetic energy, separates them."
    )
    return Told(
        rows,
        (
            Finding(
                "layer",
                text,
                "undecided",
                "layer_coverage",
                None,
                bounds["coverage"],
                1.0,
                unit="1",
                caveats=sample.caveats,
            ),
        ),
    )


def _closed(sample: Sample) -> Finding:
    text = f"A closed layer of {sample.layer.name} is not distinguishable from islands: a coverage of 1 agrees with the lines."
    return Finding("layer", text, "undecided", "layer_coverage")


def _misfit(found: Estimated, sample: Sample) -> list[Finding]:
    from scipy.special import gammaincc

    # A parameter at its bound is none: then even as many ratios as unknowns can contradict the model.
    dof = found.dof + sum(item.side != 0 for item in found.parameters)
    if dof < 1:
        return []
    chance = float(gammaincc(dof / 2.0, found.cost / 2.0))
    if chance > MISFIT:
        return []
    text = (
        f"No layer of {sample.layer.name} of one thickness on {sample.substrate.name} explains all ratios "
        f"(chance {chance:.1g}): thickness that varies, contamination or the separation of lines must be looked at."
    )
    return [Finding("misfit", text, "contradicted", details={"cost": found.cost, "dof": dof, "chance": chance})]


def _others(sample: Sample) -> str:
    if "coverage" not in sample.free:
        cover = sample.declared["coverage"].value
        return " if closed" if cover == 1 else f" for a coverage of {significant(cover, 3)}"
    if "thickness" not in sample.free:
        return f" for a thickness of {significant(sample.declared['thickness'].value, 3)} nm"
    return ""


def _name(sample: Sample) -> str:
    given = sample.declared
    round_ = f" round cores of {significant(given['radius'].value, 3)} nm" if sample.sphere else ""
    return (
        f"{significant(given['thickness'].value, 3)} nm of {sample.layer.name} on {sample.substrate.name}{round_}, coverage "
        f"{significant(given['coverage'].value, 3)}"
    )
