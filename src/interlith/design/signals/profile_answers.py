"""Where does a line vanish under the ions, and which layers agree with a measured sputter profile?"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from interlith.design.recording import number
from interlith.design.signals.estimating import Free, checked, solved
from interlith.design.signals.etching import DEPTH_SCALE, Profile
from interlith.design.signals.overlayer_answers import SOURCES, Told, concluded
from interlith.design.signals.propagating import drawn, propagate, unknown
from interlith.model import Finding
from interlith.notation import interval_text, significant

Array = NDArray[np.float64]

_DRAWS, _SPHERE_DRAWS = 1000, 60
_SOURCES = SOURCES | {DEPTH_SCALE: "calibration:etched depth"}


def predicted(profile: Profile, gone: float) -> Told:
    """Depths at which the line of a declared layer has fallen to a share, and that of the substrate has risen to the rest."""
    sample = profile.sample
    name = f"{sample.layer.name} on {sample.substrate.name}"
    farthest = 20.0 * (sample.declared["thickness"].value + sample.declared["mixing"].value) + sample.deepest
    observables, findings = [], []
    for quantity, place, words in (
        ("depth_layer_gone", 0, f"{sample.pairs[0].line.name} falls to {100 * gone:.2g} % of its first intensity"),
        ("depth_substrate_bare", 1, f"{sample.pairs[0].substrate_line.name} rises to {100 * (1 - gone):.2g} % of the bare substrate"),
    ):  # fmt: skip

        def reached(values: Mapping[str, Array], place: int = place) -> Array:
            rows = {key: item[:, None] for key, item in values.items()}
            first = profile.both(np.zeros((len(values["mixing"]), 1)), rows)[0][:, 0]

            def rise(depth: Array) -> Array:
                both = profile.both(depth[:, None], rows)
                return -both[0][:, 0] / first if place == 0 else both[1][:, 0]

            target = np.full(first.shape, -gone if place == 0 else 1.0 - gone)
            found = solved(rise, target, 0.0, farthest)
            return np.where(found > 0.999 * farthest, np.inf, found)

        draws = drawn(sample.declared, count=_SPHERE_DRAWS if sample.sphere else _DRAWS)
        centre = {key: np.array([item.value]) for key, item in sample.declared.items()}
        if math.isinf(float(reached(centre)[0])):
            flag = "never: the side of the particles away from the ions keeps its layer"
            observables.append(number(quantity, None, "nm", {"model:shadow": math.inf}, sample=name, flag=flag))
            text = f"{words[:1].upper() + words[1:]} at no depth: on spheres the side away from the ions is not etched."
            findings.append(Finding("sputter profile", text, "descriptive", quantity, caveats=sample.caveats))
            continue
        item = propagate(reached, sample.declared, draws, sources=_SOURCES)
        observables.append(
            number(
                quantity,
                item.value,
                "nm",
                item.components,
                sample=name,
                low=item.low,
                high=item.high,
                method="mixed zone",
            )
        )
        interval = f" ({interval_text(item.low, item.high, 'nm')})" if item.low is not None else ""
        low, high = (item.low, item.high) if item.low is not None and item.high is not None else (-math.inf, math.inf)
        text = f"{words[:1].upper() + words[1:]} at an etched depth of {significant(item.value, 3)} nm{interval}, for {name}."
        caveats = tuple(one for one in (unknown(item), *sample.caveats) if one)
        findings.append(
            Finding("sputter profile", text, "descriptive", quantity, item.value, low, high, unit="nm", caveats=caveats)
        )
    return Told(tuple(observables), tuple(findings))


def fitted(profile: Profile) -> Told:
    """Thickness, and coverage where asked for, from a measured profile."""
    sample = profile.sample
    depths = profile.depths[None, :]
    limits = {"thickness": (1e-3, max(sample.deepest, 2.0 * float(profile.depths.max()))), "coverage": (1e-3, 1.0)}
    free = [Free(name, *limits[name]) for name in sample.free]
    found = checked(lambda values: profile.ratio(depths, values), profile.ratios, free, sample.declared)
    return concluded(found, sample)
