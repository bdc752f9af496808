"""How large is the effect, how wide is its interval, and does it reach what was declared? One picture for page 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from interlith.model import Finding
from interlith.reporting.numbers import elide, pretty_unit, significant
from interlith.reporting.style import Style

WIDTH, LEFT, RIGHT, ROW, AXIS = 660.0, 130.0, 16.0, 24.0, 30.0


@dataclass(frozen=True, slots=True)
class Scale:
    """From effect to horizontal position."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Position, kept within the axis."""
        share = (value - self.low) / (self.high - self.low)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)


def no_change(finding: Finding) -> float:
    """The value of the effect at which nothing changed: contrasts are relative changes in per cent or differences."""
    return 1.0 if finding.kind == "ratio" and finding.unit in ("", "1") else 0.0


def criterion_of(finding: Finding) -> float | None:
    """The declared criterion on the scale of the effect, where it is a limit on this effect."""
    limit, reading = finding.details.get("criterion_limit"), str(finding.details.get("criterion_reading") or "")
    same = reading.startswith({"ratio": "relative change", "difference": "difference"}.get(finding.kind, "\0"))
    return float(limit) if same and isinstance(limit, (int, float)) and math.isfinite(limit) else None


def forest(findings: Sequence[Finding], labels: Sequence[str], style: Style, variants: Sequence[str]) -> Markup:
    """Effects with intervals over one axis, as an SVG without outside references; empty where nothing can be drawn.

    Parameters
    ----------
    findings, labels, variants
        Effects to draw, their words, and the variant that colours each. Effects in another unit than the first are
        left out.
    style
        The looks of the figures.
    """
    drawn = [
        (item, label, variant)
        for item, label, variant in zip(findings, labels, variants, strict=True)
        if item.estimate is not None and math.isfinite(item.estimate) and item.unit == findings[0].unit
    ]
    if not drawn:
        return Markup("")
    scale = _scale([item for item, _, _ in drawn])
    height = ROW * len(drawn) + AXIS + 12
    bottom = 12 + ROW * len(drawn)
    parts = [
        f'<svg class="forest" viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{escape(_words(drawn))}">',
        *_reference(no_change(drawn[0][0]), "no change", scale, bottom, "ref"),
    ]
    goal = criterion_of(drawn[0][0])
    if goal is not None:
        parts += _reference(goal, "criterion", scale, bottom, "goal")
    for number, (item, label, variant) in enumerate(drawn):
        parts += _row(item, label, style.look(variant).colour, scale, 12 + ROW * (number + 0.5))
    parts += _axis(scale, bottom, drawn[0][0].unit)
    return Markup("".join(parts) + "</svg>")


def _scale(findings: Sequence[Finding]) -> Scale:
    ends: list[float] = [no_change(findings[0])]
    goal = criterion_of(findings[0])
    if goal is not None:
        ends.append(goal)
    for item in findings:
        ends += [end for end in (item.estimate, item.low, item.high) if end is not None and math.isfinite(end)]
    low, high = min(ends), max(ends)
    margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(low - margin, high + margin)


def _words(drawn: Sequence[tuple[Finding, str, str]]) -> str:
    return "Effects with their intervals: " + "; ".join(
        f"{label} {significant(item.estimate)} from {significant(item.low)} to {significant(item.high)} {item.unit}"
        for item, label, _ in drawn
    )


def _reference(value: float, words: str, scale: Scale, bottom: float, name: str) -> list[str]:
    x = scale.at(value)
    return [
        f'<line class="{name}" x1="{x:.1f}" x2="{x:.1f}" y1="10" y2="{bottom:g}"/>',
        f'<text class="{name}" x="{x:.1f}" y="7" text-anchor="middle">{escape(words)}</text>',
    ]


def _row(item: Finding, label: str, colour: str, scale: Scale, y: float) -> list[str]:
    low, high = (end if end is not None else math.nan for end in (item.low, item.high))
    start, end = (
        scale.at(low) if math.isfinite(low) else LEFT,
        scale.at(high) if math.isfinite(high) else WIDTH - RIGHT,
    )
    known = math.isfinite(low) and math.isfinite(high)
    short = elide(label, 22)
    dash = "" if known and item.verdict != "descriptive" else ' stroke-dasharray="4 3"'
    x = scale.at(item.estimate or 0.0)
    return [
        f'<text class="name" x="{LEFT - 8:g}" y="{y + 4:g}" text-anchor="end">{escape(short)}</text>',
        f'<line x1="{start:.1f}" x2="{end:.1f}" y1="{y:g}" y2="{y:g}" stroke="{colour}" stroke-width="2"{dash}/>',
        f'<circle cx="{x:.1f}" cy="{y:g}" r="4.5" fill="{colour}"/>',
    ]


def _axis(scale: Scale, y: float, unit: str) -> list[str]:
    parts = [f'<line class="axis" x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{y:g}" y2="{y:g}"/>']
    for tick in _ticks(scale.low, scale.high):
        x = scale.at(tick)
        parts.append(f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{y:g}" y2="{y + 4:g}"/>')
        text = f"{tick:.6g}".replace("-", "−")
        parts.append(f'<text class="tick" x="{x:.1f}" y="{y + 16:g}" text-anchor="middle">{text}</text>')
    if unit and unit != "1":
        words = escape(pretty_unit(unit))
        parts.append(f'<text class="tick" x="{LEFT - 8:g}" y="{y + 16:g}" text-anchor="end">{words}</text>')
    return parts


def _ticks(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1, 2, 5, 10) if power * size >= rough)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]
