"""Does a film fit a host: on which faces, turned how, in which cell, at what strain?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlith.design.matching.anions import TOLERANCE, with_shared
from interlith.design.matching.answers import (
    audits,
    chosen,
    fronts,
    lattice_numbers,
    numbers,
    spelt_out,
    summary,
    table,
)
from interlith.design.matching.asking import Asked, Phase, Stiffness, ask
from interlith.design.matching.citations import ZUR
from interlith.design.matching.faces import Miller, face_text
from interlith.design.matching.figures import cell_figure, front_figure
from interlith.design.matching.match import Match
from interlith.design.matching.search import search
from interlith.design.recording import answer, digest_of
from interlith.model import Statement


def registry(
    host: Phase, film: Phase, *, miller: Miller = 1, area: str | float = "400 angstrom^2", strain: str | float = "6 %",
    tolerance: str | float | None = TOLERANCE, multiples: bool = False, stiffness: Stiffness = None,
    detail: Sequence[Any] | None = None, reported: Mapping[str, str | float] | None = None,
) -> Statement:  # fmt: skip
    """All common cells of a film's and a host's faces, the film strained onto the host.

    Parameters
    ----------
    host, film
        Names, CIFs or structures. To strain the host instead, exchange them.
    miller
        Bound on the indices of both (every face with every face), ``{"host": 1, "film": [[0, 0, 3], [1, 0, 4]]}``, or a list of
        pairs ``[[[1, 1, 1], [1, 1, 2]]]``, host first.
    area, strain
        Largest area of the common cell on the host, and largest principal misfit (host - film) / film.
    tolerance
        Anions of the host's last and the film's first layer closer than this in the plane are shared; `None` leaves them out.
    multiples
        Whether larger cells of the same map are listed beside the smallest, with their number in the column ``multiple``.
    stiffness
        Of the film: row of the table, constants, or a (6, 6) matrix (GPa); adds normal strain and energy.
    detail
        Pair of faces ``[[1, 1, 1], [1, 1, 1]]``, host first, whose smallest cell is spelt out and drawn; by default the first of
        the front.
    reported
        Numbers of a paper to check, by quantity (of the cell spelt out): ``{"misfit": "5 %"}``; ``host_a`` and the other edges;
        ``vacuum`` of a slab.

    Returns
    -------
    Statement
        Findings: how many cells, or the nearest miss; the cell spelt out; one for each reported number. ``data``: ``matches``
        (a tuple of `interlith.design.matching.match.Match`), ``table`` and ``pareto`` (those on the front of all faces, or of
        their host face).

    Raises
    ------
    StudyError, UnitError, ReadError
        If the question is none, or a structure cannot be read.

    Notes
    -----
    Complete and without doubles, see `interlith.numerics.coincidence`: cells are merged by the point groups of both meshes; of
    variants that the atoms tell apart that with the most shared anions is returned. The assumption that fails first: that a film
    grows in the cell of least strain; kinetics, steps and chemistry may choose another.
    """
    asked = ask(host, film, miller, area, strain, tolerance, multiples, stiffness, detail)
    matches = _found(asked)
    overall, own = fronts(matches)
    whole = table(matches, overall, own)
    source = digest_of(asked.host, asked.film)
    detailed = chosen(asked, matches, overall)
    observables = list(lattice_numbers(asked, source))
    findings = [summary(asked, matches, overall)]
    figures = [front_figure(asked, matches, overall, own)] if matches else []
    if detailed is not None:
        place = next(place for place, one in enumerate(matches) if one is detailed)
        observables += numbers(detailed, asked, source)
        findings.append(spelt_out(detailed, asked, overall[place], own[place]))
        figures.append(cell_figure(detailed))
    checked = audits(observables, reported)
    for one, best in zip(matches, overall, strict=True):
        if best and one is not detailed:
            observables += numbers(one, asked, source)
    return answer(
        "registry", observables, options=_options(asked), words=_words(asked), findings=(*findings, *checked), figures=figures,
        data={"matches": matches, "table": whole, "pareto": whole.filter(whole["front"] | whole["front_on_face"])},
        citations=(ZUR,),
    )  # fmt: skip


def _found(asked: Asked) -> tuple[Match, ...]:
    matches = search(
        asked.host, asked.film, asked.pairs, area=asked.area, strain=asked.strain, with_multiples=asked.multiples
    )
    return matches if asked.tolerance is None else with_shared(matches, tolerance=asked.tolerance)


def _options(asked: Asked) -> dict[str, Any]:
    pairs = [f"{face_text(film)} on {face_text(host)}" for host, film in asked.pairs]
    return {
        "host": asked.host.name, "film": asked.film.name, "faces": pairs[:40], "pairs": len(pairs), "area": asked.area,
        "strain": asked.strain, "tolerance": asked.tolerance, "multiples": asked.multiples,
        "stiffness": "" if asked.stiffness is None else asked.stiffness[1],
    }  # fmt: skip


def _words(asked: Asked) -> str:
    anions = (
        ""
        if asked.tolerance is None
        else f" Anions of the facing layers within {asked.tolerance:g} angstrom in the plane count as shared, at the shift and in "
        "the variant with the most of them."
    )
    return (
        f"All coincidences of the meshes of {asked.film.name} and {asked.host.name} up to {asked.area:g} angstrom^2 and a largest "
        f"principal misfit of {100 * asked.strain:g} % were enumerated ({len(asked.pairs)} pairs of faces), doubles by symmetry "
        f"and multiples removed; the film is strained onto the host.{anions}"
    )
