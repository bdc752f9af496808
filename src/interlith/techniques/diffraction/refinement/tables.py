"""Which tables does a refined series leave behind: patterns, parameters, curves, reflections?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from interlith.crystal.writing import write_cif
from interlith.techniques.diffraction.refinement.chain import Refined
from interlith.techniques.diffraction.refinement.quality import not_fixed, quality
from interlith.techniques.diffraction.refinement.setup import Setup

#: Patterns whose curves are kept: all of a short series; of a long one the ends, the worst, and some between. The others follow
#: from the values of their names.
MOST_CURVES = 40


def pattern_table(refined: Sequence[Refined]) -> pl.DataFrame:
    """One row a pattern: where it comes from, its state, how well it was refined."""
    return pl.DataFrame([_pattern(one) for one in refined], infer_schema_length=None)


def _pattern(one: Refined) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sample": one.member.item.sample.name, "pattern": one.member.number, "file": one.member.item.source.path, "frame": one.member.frame,
        "state": one.member.state.value, "state_name": one.member.state.name, "state_unit": one.member.state.unit, "good": one.good,
        "reason": one.reason, "started_from": one.seed,
    }  # fmt: skip
    fitted = one.fitted
    names = ("r_p", "r_wp", "r_exp", "r_wp_peaks", "goodness", "durbin_watson", "inflation")
    found = None if fitted is None else quality(fitted)
    row |= {name: math.nan if found is None else getattr(found, name) for name in names}
    row |= {
        "points": 0 if fitted is None else fitted.points.two_theta.size, "refined": 0 if fitted is None else int(fitted.moving.sum()),
        "evaluations": 0 if fitted is None else fitted.steps, "held": "" if fitted is None else ", ".join(fitted.held),
        "entangled": "" if fitted is None else "; ".join(" and ".join(group) for group in not_fixed(fitted)),
    }  # fmt: skip
    return row


def parameter_table(refined: Sequence[Refined]) -> pl.DataFrame:
    """One row a pattern and name: value, standard uncertainty as stated and inflated, side of its bound (-1, 0, 1), whether refined."""
    parts = [_parameters(one) for one in refined if one.fitted is not None]
    return pl.concat(parts) if parts else pl.DataFrame()


def _parameters(one: Refined) -> pl.DataFrame:
    fitted = one.fitted
    assert fitted is not None
    count = len(fitted.model.names)
    spread = np.where(np.isfinite(np.diag(fitted.inflated)), np.diag(fitted.inflated), np.inf)
    one_sided = fitted.one_sided
    inflated = np.where(np.isnan(one_sided), np.sqrt(np.maximum(spread, 0.0)), one_sided)
    return pl.DataFrame(
        {
            "sample": [one.member.item.sample.name] * count, "pattern": [one.member.number] * count, "state": [one.member.state.value] * count,
            "name": list(fitted.model.names), "value": fitted.values, "std": fitted.fit.std[0, :count], "inflated": inflated,
            "side": fitted.fit.side[0, :count].astype(np.int64), "refined": fitted.moving,
        }
    )  # fmt: skip


def model_tables(setup: Setup, refined: Sequence[Refined]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Structures that the phases began with, as CIF (sample, phase, cif), and the beam (sample, radiation, wavelengths, ratio)."""
    samples = list(dict.fromkeys(one.member.item.sample.name for one in refined))
    texts = [(one.name, write_cif(one.structure)) for one in setup.phases]
    structures = [{"sample": sample, "phase": name, "cif": text} for sample in samples for name, text in texts]
    beam = setup.instrument
    told = {
        "radiation": beam.radiation,
        "wavelengths": list(beam.wavelengths),
        "ratio": beam.ratio,
        "geometry": beam.geometry,
    }
    return pl.DataFrame(structures), pl.DataFrame([{"sample": sample, **told} for sample in samples])


def curve_tables(setup: Setup, refined: Sequence[Refined]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Curves (two_theta, observed, std, calculated, background) and reflections of the patterns that are kept."""
    curves, lines = [], []
    for one in _kept(refined):
        fitted = one.fitted
        assert fitted is not None
        points, model = fitted.points, fitted.model
        curves.append(
            pl.DataFrame(
                {
                    "two_theta": points.two_theta, "observed": points.intensity, "std": points.std, "calculated": fitted.calculated,
                    "background": model.background_of(fitted.values),
                }
            ).with_columns(sample=pl.lit(one.member.item.sample.name), pattern=pl.lit(one.member.number))
        )  # fmt: skip
        for number, phase in enumerate(setup.phases):
            found = model.lines(fitted.values, only=(number,))
            first = found.position[: len(phase.hkl)]
            inside = (first >= points.two_theta[0]) & (first <= points.two_theta[-1])
            index = phase.hkl[inside].astype(np.int64)
            lines.append(
                pl.DataFrame(
                    {
                        "phase": [phase.name] * int(inside.sum()), "h": index[:, 0], "k": index[:, 1], "l": index[:, 2],
                        "two_theta": first[inside], "area": found.area[: len(phase.hkl)][inside],
                    }
                ).with_columns(sample=pl.lit(one.member.item.sample.name), pattern=pl.lit(one.member.number))
            )  # fmt: skip
    return (pl.concat(curves) if curves else pl.DataFrame(), pl.concat(lines) if lines else pl.DataFrame())


def _kept(refined: Sequence[Refined]) -> list[Refined]:
    made = [one for one in refined if one.fitted is not None]
    if len(made) <= MOST_CURVES:
        return made
    costs = np.array([one.fitted.reduced_cost if one.fitted is not None else 0.0 for one in made])
    worst = np.argsort(-costs)[: MOST_CURVES // 2]
    evenly = np.linspace(0, len(made) - 1, MOST_CURVES // 2).round().astype(int)
    return [made[place] for place in sorted({*worst.tolist(), *evenly.tolist()})]
