"""Will a film wet its host, and what grows once it does: layers or islands, and how large?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from interlith.design.growing.asked import Phase, Text
from interlith.design.growing.asking import Call, ask
from interlith.design.growing.citations import BAUER, MATTHEWS, PEOPLE, TERSOFF
from interlith.design.growing.figures import figures
from interlith.design.growing.numbers import Answered, work_out
from interlith.design.growing.words import findings, hints, surface_for
from interlith.design.inputs import uncertain
from interlith.design.recording import answer
from interlith.design.reported import audited
from interlith.model import Finding, Statement
from interlith.physics.growth.layers import MODES

_LAYERS = 5


def growth(
    host: Phase, film: Phase, *, facet: ArrayLike = (1, 1, 1), film_facet: ArrayLike | None = None,
    misfit: Text | None = None, strain: ArrayLike | None = None, gain: Text | None = None, later_gain: Text = 0.0,
    elastic_cost: Text | None = None, stiffness: str | Mapping[str, Any] | None = None,
    stiffness_facet: ArrayLike | None = None, layer_spacing: Text | None = None,
    surface_energy_film: Text | None = None, surface_energy_host: Text | None = None,
    interface_energy: Text | None = None, facet_angle: Text | None = None, relaxed: Text = 1.0,
    network_energy: Text | None = None, burgers: Text | None = None, beta: Text = 90.0, lambda_: Text = 0.0,
    samples: int = 20_000, seed: int = 0, reported: Mapping[str, str | float] | None = None,
) -> Statement:  # fmt: skip
    """Energy per layer, growth mode with its probability, critical thickness and island sizes of a film on a host.

    Numbers are declared as ``"0.22-0.29 J/m^2"`` (a range), ``"0.16 +- 0.02 J/m^2"`` (normal) or ``"0.16 J/m^2"``, of which
    the rounding of the last digit is taken for the least uncertainty that it can have. All are drawn independently.

    Parameters
    ----------
    host, film, facet, film_facet
        Names, CIFs or structures (a name without structure needs `layer_spacing`), and facets: that of the film has the
        indices of the host's where it is not given.
    misfit, strain
        Strain of the film in all directions of the plane (default: that of the elastic cost); or a tensor, shape (2, 2), x
        along the first vector of the mesh of the film's facet, which needs a stiffness.
    gain, later_gain
        What the first layer gains over the bare host (J/m^2), and what every later one gains.
    surface_energy_host, surface_energy_film, interface_energy
        Instead of the gain: host less film less interface (J/m^2). That of the film is also the surface of the islands; where
        it is not declared a range is assumed.
    elastic_cost
        Strain energy of one layer, such as ``"0.16 J/m^2 at 5 %"``; default: from the stiffness.
    stiffness, stiffness_facet, layer_spacing
        Row of the table of stiffness or constants in GPa (`interlith.physics.stiffness.elastic`), the facet in its axes where
        they are not the film's, and the thickness of one layer (default: one repeat of the film along its normal).
    facet_angle, relaxed
        Angle between the sides of an island and its base, and the share of strain that an island relaxes.
    network_energy
        Energy of the dislocations below an island (J/m^2); default: worked out where `burgers` and a stiffness are known.
    burgers, beta, lambda_
        Of misfit dislocations: length of the Burgers vector, its angle to the line, and to the direction across the line.
    samples, seed, reported
        Draws and their seed; numbers of a paper to check, by quantity: ``{"stable_island_size": "about 8 nm"}``.

    Returns
    -------
    Statement
        Findings: mode, boundary, modulus, thickness, islands, and one for each reported number. ``data``: tables ``layers``,
        ``draws`` and ``quantiles``.

    Raises
    ------
    StudyError, UnitError
        If inputs are missing, contradict each other or cannot be read.

    Notes
    -----
    Equilibrium of a film that is thin against its host, in linear elasticity. At several percent of misfit linear elasticity
    fails first; then that surfaces keep their energy when strained.
    """
    call = Call(
        host, film, facet, film_facet, misfit, strain, gain, later_gain, elastic_cost, stiffness, stiffness_facet,
        layer_spacing, surface_energy_film, surface_energy_host, interface_energy, facet_angle, relaxed, network_energy,
        burgers, beta, lambda_,
    )  # fmt: skip
    answered = work_out(ask(call), samples, seed)
    return answer(
        "growth", answered.observables, options=_options(answered, samples, seed), words=_words(answered, samples),
        findings=(*findings(answered), *_audits(answered, reported)), figures=figures(answered), data=_tables(answered),
        citations=(BAUER, TERSOFF, *((MATTHEWS, PEOPLE) if answered.has("critical_thickness") else ())),
    )  # fmt: skip


def _audits(answered: Answered, reported: Mapping[str, str | float] | None) -> tuple[Finding, ...]:
    found = list(audited(answered.observables, reported, hints=hints(answered)))
    text = (reported or {}).get("stable_island_size")
    if text is not None and answered["stable_island_size"].value is not None:
        words = str(text).strip().lower().removeprefix("about ").lstrip("~")
        size = uncertain(words if isinstance(text, str) else text, "nm", "the reported island size").value
        sentence = surface_for(answered, size)
        found.append(Finding("implied surface energy", sentence, "descriptive", "film_surface_energy", unit="J/m^2"))
    return tuple(found)


def _options(answered: Answered, samples: int, seed: int) -> dict[str, Any]:
    asked = answered.asked
    made: dict[str, Any] = {
        "host": asked.host, "film": asked.film, "facet": list(asked.facet), "film_facet": list(asked.film_facet),
        "samples": samples, "seed": seed, "stiffness": "" if asked.row is None else asked.row.words,
    }  # fmt: skip
    for name, given in answered.inputs.items():
        made[name.replace(" ", "_")] = (
            f"{given.shape} {given.value:.6g} ({given.low:.6g} to {given.high:.6g}) {given.unit}"
        )
    return made


def _words(answered: Answered, samples: int) -> str:
    asked = answered.asked
    source = "the declared elastic cost" if "elastic cost" in answered.inputs else "the stiffness turned to the facet"
    return (
        f"Growth of {asked.where}: strain energy of layers from {source} (free surface, rigid host), mode from the sign of "
        f"the energy that the first and later layers add, {samples} draws of all inputs within their declared uncertainty. "
        "Islands are pyramids on the wetted host that relax a fixed share of their strain. "
        + (
            "Critical thickness by the balance of forces on a dislocation, isotropic."
            if answered.has("critical_thickness")
            else ""
        )
    ).strip()


def _tables(answered: Answered) -> dict[str, Any]:
    import polars as pl

    from interlith.physics.growth.layers import cumulative, marginal

    middle = answered.middle
    steps = marginal(middle.elastic, middle.gain, middle.later, count=_LAYERS)
    layers = pl.DataFrame(
        {
            "layer": np.arange(1, _LAYERS + 1),
            "added_energy": steps,
            "energy": cumulative(middle.elastic, middle.gain, middle.later, count=_LAYERS)[1:],
        }
    )
    size = len(next(iter(answered.draws.values())))
    columns = {name.replace(" ", "_"): np.broadcast_to(values, (size,)) for name, values in answered.draws.items()}
    draws = pl.DataFrame(columns).with_columns(
        pl.Series("mode", [MODES[int(code)] for code in np.broadcast_to(answered.drawn.mode, (size,))]),
        pl.Series("stable_island_size", 0.2 * np.broadcast_to(answered.drawn.island.stable, (size,))),
    )
    shares = (0.025, 0.16, 0.5, 0.84, 0.975)
    names = [name for name in draws.columns if name != "mode"]
    quantiles = pl.DataFrame(
        {
            "quantity": names,
            **{
                f"{100 * share:g} %": [
                    float(np.quantile(draws[name], share, method="closest_observation")) for name in names
                ]
                for share in shares
            },
        }
    )
    return {"layers": layers, "draws": draws, "quantiles": quantiles}
