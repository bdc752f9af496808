"""Which numbers and sentences does a registry answer with?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from interlith.crystal.cell import Cell
from interlith.design.matching.asking import Asked
from interlith.design.matching.faces import face_text
from interlith.design.matching.interfaces import LEAST_VACUUM
from interlith.design.matching.match import Match
from interlith.design.matching.pareto import front
from interlith.design.matching.search import nearest_miss
from interlith.design.matching.strain import NO_MISFIT, Elastic, elastic
from interlith.design.recording import cell_components, number
from interlith.design.reported import audited
from interlith.model import Finding, Observable
from interlith.notation import significant
from interlith.units import factor, parse

if TYPE_CHECKING:
    import polars as pl

_EDGES = ("a", "b", "c")


def fronts(matches: Sequence[Match]) -> tuple[list[bool], list[bool]]:
    """Whether each match is on the front over all faces, and on that of its own host face.

    The goals are a small area, small misfits (root mean square of both) and many shared anions.
    """
    goals = np.array(
        [
            [match.area, match.root_mean_square, 0.0 if match.shared is None else -match.shared.share]
            for match in matches
        ]
    ).reshape(-1, 3)
    overall = front(goals)
    own = np.zeros(len(matches), dtype=bool)
    host_faces = [match.host_hkl for match in matches]
    for face in dict.fromkeys(host_faces):
        places = np.array([place for place, one in enumerate(host_faces) if one == face])
        own[places] = front(goals[places])
    return overall.tolist(), own.tolist()


def table(matches: Sequence[Match], overall: Sequence[bool], own: Sequence[bool]) -> pl.DataFrame:
    """All matches as rows: angstrom, angstrom^2, deg; misfits, strains and shares as plain numbers."""
    import polars as pl

    rows = [
        {**match.row(), "front": best, "front_on_face": face}
        for match, best, face in zip(matches, overall, own, strict=True)
    ]
    return pl.DataFrame(rows, schema=_columns(), orient="row") if rows else pl.DataFrame(schema=_columns())


def _columns() -> dict[str, type[pl.DataType]]:
    import polars as pl

    text, whole, real, flag = pl.String, pl.Int64, pl.Float64, pl.Boolean
    return {
        "host_face": text, "film_face": text, "host_meshes": whole, "film_meshes": whole, "conventional": text,
        "multiple": whole, "area": real, "film_area": real, "misfit": real, "misfit_rms": real, "misfit_1": real,
        "misfit_2": real, "misfit_along": real, "misfit_across": real, "rotation": real, "host_direction": text,
        "film_direction": text, "turned_over": flag, "variants": whole, "shared_anions": real,
        "dislocation_spacing_1": real, "dislocation_spacing_2": real, "front": flag, "front_on_face": flag,
    }  # fmt: skip


def chosen(asked: Asked, matches: Sequence[Match], overall: Sequence[bool]) -> Match | None:
    """The match that is spelt out: the smallest of the faces asked for, else the smallest on the front."""
    if asked.detail is not None:
        return next((one for one in matches if (one.host_hkl, one.film_hkl) == asked.detail), None)
    return next((one for one, best in zip(matches, overall, strict=True) if best), None)


def numbers(match: Match, asked: Asked, source: str) -> tuple[Observable, ...]:
    """Numbers of one match with the uncertainty that the cells give them."""
    name, (along, across, shear) = match.name, match.along_and_across
    first, second = (float(value) for value in match.strain.principal)
    largest = 0 if abs(first) >= abs(second) else 1
    lengths, spacing = match.dislocations

    def cellwise(
        quantity: str, value: float, unit: str, of: Callable[[Cell, Cell], float], flag: str = ""
    ) -> Observable:
        known = math.isfinite(value)
        parts = _from_cells(match, of) if known else {}
        return number(quantity, value if known else None, unit, parts, sample=name, source=source, flag=flag)

    def principal(place: int) -> Callable[[Cell, Cell], float]:
        return lambda host, film: 100 * float(match.principal_for(host, film)[place])

    found = [
        cellwise("common_area", match.area, "angstrom^2", lambda host, film: _area(match, host, film)),
        cellwise("misfit", 100 * (first, second)[largest], "%", principal(largest)),
        cellwise("misfit_principal_1", 100 * first, "%", principal(0)),
        cellwise("misfit_principal_2", 100 * second, "%", principal(1)),
        cellwise("misfit_along", 100 * along, "%", lambda host, film: 100 * match.misfits_for(host, film)[0]),
        cellwise("misfit_across", 100 * across, "%", lambda host, film: 100 * match.misfits_for(host, film)[1]),
        number("misfit_shear", math.degrees(shear), "deg", {}, sample=name, source=source),
        number("rotation", match.angle, "deg", {}, sample=name, source=source),
    ]
    for place, (length, value) in enumerate(zip(lengths, spacing, strict=True)):
        flag = "" if math.isfinite(value) else "no misfit along this direction, so no dislocations"
        found.append(
            cellwise(f"dislocation_spacing_{place + 1}", float(value), "angstrom", _spaced(match, place, length), flag)
        )
    if match.shared is not None:
        found.append(number("shared_anions", 100 * match.shared.share, "%", {}, sample=name, source=source))
    return (*found, *_stored(match, asked, source))


def _spaced(match: Match, place: int, length: float) -> Callable[[Cell, Cell], float]:
    """Spacing of dislocations for other cells; the Burgers vector grows with the area of the host."""

    def spacing(host: Cell, film: Cell) -> float:
        misfit = abs(float(match.principal_for(host, film)[place]))
        return length * math.sqrt(_area(match, host, film) / match.area) / max(misfit, NO_MISFIT)

    return spacing


def _stored(match: Match, asked: Asked, source: str) -> tuple[Observable, ...]:
    stored = stored_energy(match, asked)
    if stored is None:
        return ()
    unknown = {"declared:stiffness": math.inf}
    rows = (
        ("strain_energy_density", stored.density, "GPa"),
        ("strain_energy_per_repeat", stored.layer, "J/m^2"),
        ("strain_normal", 100 * stored.normal, "%"),
    )
    return tuple(number(name, value, unit, unknown, sample=match.name, source=source) for name, value, unit in rows)


def stored_energy(match: Match, asked: Asked) -> Elastic | None:
    """What the strained film stores, where its stiffness was declared."""
    if asked.stiffness is None:
        return None
    return elastic(asked.stiffness[0], match.film_mesh.frame, match.strain, match.film_mesh.spacing)


def _from_cells(match: Match, of: Callable[[Cell, Cell], float]) -> dict[str, float]:
    host, film = match.host, match.film
    on = cell_components(host, lambda cell: of(cell, film.cell))
    onto = cell_components(film, lambda cell: of(host.cell, cell))
    if host.name != film.name:
        return {**on, **onto}
    if host.cell.parameters == film.cell.parameters:
        # One crystal on itself: its cell counts once, and cancels where both sides move together.
        return {key: on.get(key, 0.0) + onto.get(key, 0.0) for key in {**on, **onto}}
    return {**on, **{f"{key} (film)": size for key, size in onto.items()}}


def _area(match: Match, host: Cell, film: Cell) -> float:
    edges = match.edges_for(host, film)[0]
    return float(np.linalg.norm(np.cross(edges[0], edges[1])))


def lattice_numbers(asked: Asked, source: str) -> tuple[Observable, ...]:
    """Edges of both cells, so that printed ones can be checked."""
    found = []
    for side, structure in (("host", asked.host), ("film", asked.film)):
        for edge, value, std in zip(_EDGES, structure.cell.parameters[:3], structure.cell.std[:3], strict=True):
            parts = {f"calibration:{structure.name} {edge}": math.inf if math.isnan(std) else std}
            found.append(number(f"{side}_{edge}", value, "angstrom", parts, sample=structure.name, source=source))
    return tuple(found)


def summary(asked: Asked, matches: Sequence[Match], overall: Sequence[bool]) -> Finding:
    """How many common cells there are, or by how much the nearest one misses."""
    bounds = f"up to {asked.area:g} angstrom^2 and {100 * asked.strain:g} % of misfit"
    crystals = f"{asked.film.name} on {asked.host.name}, {len(asked.pairs)} pairs of faces"
    if matches:
        named = (
            f"{face_text(one.film_hkl)} on {face_text(one.host_hkl)}"
            for one, kept in zip(matches, overall, strict=True)
            if kept
        )
        best = ", ".join(dict.fromkeys(named))
        count = sum(one.multiple == 1 for one in matches)
        return Finding(
            "registry",
            f"{crystals}: {count} common cells {bounds}; on the front of area, misfit"
            f"{'' if asked.tolerance is None else ' and shared anions'} are {best}.",
            "descriptive", "common_cells", float(count), unit="1",
        )  # fmt: skip
    miss = nearest_miss(asked.host, asked.film, asked.pairs, area=asked.area)
    if miss is None:
        smallest = "no cell of any pair matches within 25 % of misfit; allow a larger area"
    else:
        smallest = (
            f"the nearest miss is {miss.name}: {significant(100 * miss.misfit, 3)} % of misfit in "
            f"{significant(miss.area)} angstrom^2"
        )
    return Finding(
        "registry", f"{crystals}: nothing fits {bounds}; {smallest}.", "descriptive", "common_cells", 0.0, unit="1"
    )


def spelt_out(match: Match, asked: Asked, overall: bool, own: bool) -> Finding:
    """One match in a sentence."""
    along, across, _ = match.along_and_across
    hosts, films = match.conventional
    _, spacing = match.dislocations
    on, onto = match.directions
    parts = [
        f"{asked.film.name} {face_text(match.film_hkl)} on {asked.host.name} {face_text(match.host_hkl)}: "
        f"{match.host_count} host {_meshes(match.host_count)} of {significant(match.host_mesh.area)} angstrom^2 on "
        f"{match.film_count} of the film of {significant(match.film_mesh.area)} angstrom^2 (without centring {hosts}:{films}), "
        f"{onto} of the film along {on} of the host; the misfit (host less film, over film) is "
        f"{100 * along:.2f} % along it and {100 * across:.2f} % across"
    ]
    if np.isfinite(spacing).any():
        shown = " and ".join(significant(float(value) / 10, 3) for value in _different(spacing))
        parts.append(f"dislocations would relax it every {shown} nm")
    if match.shared is not None:
        parts.append(f"{significant(100 * match.shared.share, 3)} % of the anions of both layers meet")
    stored = stored_energy(match, asked)
    if stored is not None:
        parts.append(
            f"one repeat of the film along its normal stores {significant(stored.layer, 3)} J/m^2 and changes its height by "
            f"{100 * stored.normal:+.2f} %"
        )
    place = "on the front of all faces" if overall else "on the front of its host face" if own else "not on a front"
    return Finding(
        "registry", f"{'; '.join(parts)}. It is {place}.", "descriptive", "misfit", 100 * match.misfit, unit="%",
        caveats=_caveats(match, asked), details=_details(match, hosts, films),
    )  # fmt: skip


def _meshes(count: int) -> str:
    return "mesh" if count == 1 else "meshes"


def _different(values: np.ndarray) -> list[float]:
    finite = sorted({round(float(value), 6) for value in values if math.isfinite(value)})
    return finite[:1] if len(finite) == 2 and finite[1] - finite[0] < 1e-4 * finite[1] else finite


def _caveats(match: Match, asked: Asked) -> tuple[str, ...]:
    found = ["Lattices are compared: whether the faces are stable, and wet each other, is another question."]
    if match.misfit > 0.03:
        found.append(
            "At several percent of misfit strain tensors differ in their second digit; small strain is meant here."
        )
    if asked.stiffness is not None:
        found.append(f"Stiffness of the film: {asked.stiffness[1]}.")
    for structure in (asked.host, asked.film):
        found += [f"{structure.name}: {note}" for note in structure.notes]
    return tuple(found)


def _details(match: Match, hosts: int, films: int) -> dict[str, float | int | str | None]:
    tensors = {
        "small": match.strain.small,
        "green_lagrange": match.strain.green_lagrange,
        "hencky": match.strain.hencky,
    }
    return {
        "host_meshes": match.host_count, "film_meshes": match.film_count, "conventional": f"{hosts}:{films}",
        "area": match.area, "variants": match.variants, "rotation": match.angle,
        **{f"{name}_{i + 1}{j + 1}": float(tensor[i, j]) for name, tensor in tensors.items() for i, j in ((0, 0), (1, 1), (0, 1))},
    }  # fmt: skip


def audits(
    observables: Sequence[Observable], reported: Mapping[str, str | float] | None
) -> tuple[Finding, ...]:  # fmt: skip
    """Reported numbers against ours; a vacuum is checked against what separates slabs."""
    given = dict(reported or {})
    vacuum = given.pop("vacuum", None)
    found = list(audited(observables, given))
    if vacuum is not None:
        found.append(_vacuum(vacuum))
    return tuple(found)


def _vacuum(text: str | float) -> Finding:
    read = parse(text, what="the reported vacuum")
    value = read.value * factor(read.unit, "angstrom") if read.unit else read.value
    enough = value >= LEAST_VACUUM
    slip = f" {value * 10:g} angstrom ({value:g} nm) would: a slip of units." if value * 10 >= LEAST_VACUUM else ""
    words = (
        f"The reported vacuum of {text} separates a slab from its next image."
        if enough
        else f"The reported vacuum of {text} cannot separate a slab from its next image, which takes at least "
        f"{LEAST_VACUUM:g} angstrom.{slip}"
    )
    return Finding(
        "audit", words, "supported" if enough else "contradicted", "vacuum", value, unit="angstrom",
        details={"verdict": "holds" if enough else "contradicts", "ours": LEAST_VACUUM, "reported": value},
    )  # fmt: skip
