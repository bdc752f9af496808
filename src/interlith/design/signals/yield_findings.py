"""What does an electron yield say: how strong is the contrast, would it be seen, where is the dopant of a measured one?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from interlith.design.inputs import Uncertain, uncertain
from interlith.design.recording import number
from interlith.design.signals.asking import Asked, Placed
from interlith.design.signals.propagating import SEED, Propagated, unknown
from interlith.errors import StudyError
from interlith.model import Finding, Observable
from interlith.model.finding import Verdict
from interlith.notation import interval_text, significant
from interlith.units import parse

Array = NDArray[np.float64]

#: Chance of being told apart from which on a contrast counts as visible, and below which as not.
CLEAR, POOR = 0.95, 0.5
_TWO_SIDED = 1.959963984540054


def compared(asked: Asked, found: Mapping[str, Propagated], element: str) -> Finding:
    """The contrast with its interval, and the other convention beside it."""
    contrast, host = found["yield_contrast"], found["yield_contrast_to_host"]
    centre = {name: np.array([item.value]) for name, item in asked.inputs.items()}
    caveats = [
        f"Divided by the signal of the host in each sample it is {significant(host.value, 3)}: a layer weakens its host.",
        unknown(contrast),
    ]
    other = "straight" if asked.escape == "nearest" else "nearest"
    if other == "nearest" or asked.shape in ("sphere", "cube", "octahedron"):
        value = float(asked.contrast(centre, other)[0])  # type: ignore[arg-type]
        caveats.append(
            f"With {'electrons that fly straight' if other == 'straight' else 'loss by the distance to the nearest surface'} "
            f"and the same depth it would be {significant(value, 3)}; depths measured with flat layers go with the nearest surface."
        )
    where, size = _where(asked.surface, asked), asked.inputs[asked.size_is]
    statement = (
        f"{element} {where} of {article(asked.shape)} of {asked.size_is} {_shown(size)} gives {significant(contrast.value, 3)} times"
        f"{_interval(contrast)} the electron yield of {'the dose' if 'dose' in asked.inputs else 'the same dose'} "
        f"{_where(asked.other, asked)}, for an escape depth of {_shown(asked.inputs['escape depth'])}."
    )
    return Finding(
        "contrast", statement[:1].upper() + statement[1:], "descriptive", "yield_contrast", contrast.value,
        contrast.low if contrast.known else -math.inf, contrast.high if contrast.known else math.inf, unit="1",
        caveats=tuple(text for text in caveats if text),
    )  # fmt: skip


def distinguished(asked: Asked, contrast: Propagated, uncertainty: str | float) -> Finding:
    """Whether a measured ratio with a relative uncertainty would tell the two places apart.

    Raises
    ------
    StudyError
        If the uncertainty is not positive.
    """
    relative = parse(uncertainty, what="the relative uncertainty of a measured ratio")
    size = relative.value * (0.01 if relative.unit == "%" else 1.0)
    if not 0 < size < 1:
        raise StudyError(
            f"A relative uncertainty of {uncertainty} makes no sense; write for instance uncertainty='10 %'."
        )
    random = np.random.default_rng(SEED)
    seen = contrast.draws * (1.0 + size * random.standard_normal(contrast.draws.size))
    chance = float(np.mean(np.abs(seen - 1.0) > _TWO_SIDED * size))
    verdict: Verdict = "supported" if chance >= CLEAR else "contradicted" if chance < POOR else "undecided"
    words = {
        "supported": "are told apart", "contradicted": "are not distinguishable", "undecided": "may or may not be told apart",
    }[verdict]  # fmt: skip
    statement = (
        f"A dopant {_where(asked.surface, asked)} and one {_where(asked.other, asked)} {words} by a ratio of electron yields with "
        f"a relative uncertainty of {100 * size:.2g} %: the chance that it differs from 1 at 95 % is {chance:.2f}."
    )
    caveats = tuple(text for text in (unknown(contrast),) if text)
    return Finding(
        "distinguishable", statement, verdict, "yield_contrast", contrast.value, contrast.low, contrast.high, unit="1",
        probability=chance, caveats=caveats, details={"relative_uncertainty": size},
    )  # fmt: skip


def located(asked: Asked, contrast: Propagated, measured: str | float, element: str) -> tuple[Finding, Observable]:
    """Where the dopant of a measured ratio is: the share of it that is at the surface, the rest being in the other place."""
    ratio = uncertain(measured, "1", "the measured ratio")
    share = (ratio.value - 1.0) / (contrast.value - 1.0)
    random = np.random.default_rng([SEED, 1])
    low, high = _accepted(ratio.sample(random, contrast.draws.size) - 1.0, contrast.draws - 1.0)
    known = contrast.known and not math.isnan(ratio.std)
    components = {source: -share * size / (contrast.value - 1.0) for source, size in contrast.components.items()} | (
        {"noise:measured ratio": ratio.size / (contrast.value - 1.0)} if ratio.std != 0 else {}
    )
    words, verdict, flag = _verdict(low, high, known)
    share = min(max(share, 0.0), 1.0) if known and low < high else share
    statement = (
        f"The measured ratio of {_shown(ratio)} puts a share of {significant(share, 2)} of the {element} "
        f"{_where(asked.surface, asked)}{f' ({interval_text(low, high)})' if known and low < high else ''}: {words}."
    )
    observable = number(
        "share_at_surface", share, "1", components, sample=f"{element} in {asked.shape}", low=low if known else None,
        high=high if known else None, flag=flag, method="ratio of electron yields",
    )  # fmt: skip
    finding = Finding(
        "location", statement, verdict, "share_at_surface", share, low if known and low < high else -math.inf,
        high if known and low < high else math.inf, unit="1", caveats=tuple(text for text in (unknown(contrast), _BOUNDED if known else "") if text),
    )  # fmt: skip
    return finding, observable


_BOUNDED = "The interval is of the shares between 0 and 1 that agree with the ratio."


def _accepted(measured: Array, predicted: Array) -> tuple[float, float]:
    """Ends of the shares in 0 to 1 that the draws do not refuse at 95 %; beyond 1 or below 0 where all are refused.

    A share f is kept if 0 lies within the central 95 % of measured - f predicted: this holds also where the contrast may vanish.
    """
    shares = np.linspace(0.0, 1.0, 401)
    apart = np.stack([np.quantile(measured - share * predicted, [0.025, 0.975]) for share in shares])
    kept = shares[(apart[:, 0] <= 0.0) & (apart[:, 1] >= 0.0)]
    if kept.size:
        return float(kept[0]), float(kept[-1])
    beyond = float(np.median(measured) / np.median(predicted))
    return beyond, beyond


def _verdict(low: float, high: float, known: bool) -> tuple[str, Verdict, str]:
    if not known:
        return "its uncertainty is not known, so that nothing follows", "undecided", "uncertainty not declared"
    if low <= 0.0 and high >= 1.0:
        return "surface and bulk are not distinguishable", "undecided", "not distinguishable"
    if low > 1.0:
        return "more signal than all of the dose at the surface gives; dose, size or depth is not what was declared", "contradicted", "above the model"  # fmt: skip
    if high < 0.0:
        return "less signal than the same dose elsewhere gives; dose, size or depth is not what was declared", "contradicted", "below the model"  # fmt: skip
    if high >= 1.0:
        return "that all of it is there agrees, that none of it is does not", "supported", ""
    if low <= 0.0:
        return "that none of it is there agrees, that all of it is does not", "contradicted", ""
    return "neither all nor none", "undecided", ""


def article(shape: str) -> str:
    """``a sphere``, ``an octahedron``."""
    return f"{'an' if shape[0] in 'aeiou' else 'a'} {shape}"


def _shown(item: Uncertain) -> str:
    unit = "" if item.unit == "1" else f" {item.unit}"
    if item.shape == "uniform":
        return f"{significant(item.low, 3)}-{significant(item.high, 3)}{unit}"
    spread = f" ± {significant(item.std, 2)}" if item.shape == "normal" else ""
    return f"{significant(item.value, 4)}{spread}{unit}"


def _where(place: Placed, asked: Asked) -> str:
    if place.kind == "homogeneous":
        return "spread through the particle"
    width = _shown(asked.inputs[place.width])
    return f"in the outermost {width}" if place.kind == "layer" else f"falling inwards as {place.kind} over {width}"


def _interval(item: Propagated) -> str:
    return f" ({interval_text(item.low, item.high)})" if item.low is not None else ""
