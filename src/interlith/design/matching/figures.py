"""How do a front of matches and a common cell look?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from interlith.crystal.facets import Layer, Mesh, layers
from interlith.crystal.structure import Structure
from interlith.design.matching.asking import Asked
from interlith.design.matching.faces import face_text
from interlith.design.matching.match import Match
from interlith.model import Figure, Line, Note, Panel

Array = NDArray[np.float64]

#: So many matches of a front get their faces as words.
_NAMED = 12
#: The picture of a cell ends so far outside of it, in parts of its longer edge.
_MARGIN = 0.35
#: Half the least width of a picture (angstrom).
_LEAST = 8.0
#: Room that two faces in words take, in parts of both axes.
_WORD = (0.12, 0.05)


def front_figure(asked: Asked, matches: Sequence[Match], overall: Sequence[bool], own: Sequence[bool]) -> Figure:
    """Area and misfit of all matches, those on the front named."""
    area = np.array([match.area for match in matches])
    misfit = np.array([100 * match.root_mean_square for match in matches])
    best, face = np.array(overall, dtype=bool), np.array(own, dtype=bool) & ~np.array(overall, dtype=bool)
    rest = ~best & ~face
    groups = (
        (rest, "other common cells", "other", True), (face, "front of one host face", "one host face", False),
        (best, "front of all faces", "all faces", False),
    )  # fmt: skip
    lines = tuple(
        Line(area[some], misfit[some], label, variant, style="points", faint=faint)
        for some, label, variant, faint in groups
        if some.any()
    )
    named = [match for match, kept in zip(matches, overall, strict=True) if kept][:_NAMED]
    limits = (asked.area * 1.02, 100 * asked.strain * 1.1)
    notes = _apart(named, limits)
    caption = (
        f"Common cells of {asked.film.name} on {asked.host.name}, {len(asked.pairs)} pairs of faces: area on the host against "
        "the root mean square of both principal misfits of the film. "
        + (
            "On a front no other is better in area, misfit and share of anions that meet"
            if asked.tolerance is not None
            else "On a front no other is better in area and misfit"
        )
        + "; labels: film face on host face."
    )
    panel = Panel(
        "Area of the common cell / Å²", "Misfit, root mean square / %", lines, notes=notes,
        x_limits=(0.0, limits[0]), y_limits=(0.0, limits[1]),
    )  # fmt: skip
    return Figure(
        f"registry_{asked.film.name}_{asked.host.name}".replace(" ", "_"), "Registry", caption, (panel,), width=2
    )


def _apart(named: Sequence[Match], limits: tuple[float, float]) -> tuple[Note, ...]:
    """Faces as words beside their points, moved up where they would lie on each other."""
    wide, high = (part * limit for part, limit in zip(_WORD, limits, strict=True))
    notes: list[Note] = []
    for one in named:
        x, y = one.area, 100 * one.root_mean_square
        while any(abs(note.x - x) < wide and abs(note.y - y) < high for note in notes):
            y += high / 2
        notes.append(Note(x, y, f"{face_text(one.film_hkl)} on {face_text(one.host_hkl)}"))
    return tuple(notes)


def cell_figure(match: Match) -> Figure:
    """Top view of both lattices with the common cell, and of the two layers of atoms that meet."""
    edges = match.cell
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) @ edges
    # A square about the cell, so that nothing is cut off where the axes are scaled alike.
    half = max((0.5 + _MARGIN) * float(np.ptp(corners, axis=0).max()), _LEAST)
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    low, high = middle - half, middle + half
    film = match.film_mesh.in_plane @ match.mapped
    cell = Line(corners[:, 0], corners[:, 1], "common cell", "common cell")
    lattices = [
        _points(
            _inside(match.host_mesh.in_plane, np.zeros((1, 2)), low, high),
            f"{match.host.name} {face_text(match.host_hkl)}",
            "host",
        ),
        _points(
            _inside(film, np.zeros((1, 2)), low, high),
            f"{match.film.name} {face_text(match.film_hkl)}, strained",
            "film",
        ),
    ]
    panels = [_panel("Both lattices", [cell, *lattices])]
    if match.shared is not None:
        panels.append(_panel("Atoms of both layers", [cell, *_atoms(match, film, low, high)]))
    shared = ""
    if match.shared is not None:
        shared = (
            f" Right: the last layer of the host and the first of the film; {100 * match.shared.share:.3g} % of the anions of the "
            "denser layer have a partner."
        )
    return Figure(
        f"cell_{match.film.name}_{match.host.name}_{_stem(match)}".replace(" ", "_"), "Common cell",
        f"{match.name}: {match.host_count} meshes of the host and {match.film_count} of the film, {match.area:.4g} Å²; the film is "
        f"strained by {100 * match.misfit:.3g} % at most.{shared}",
        tuple(panels), width=2, columns=2,
    )  # fmt: skip


def _stem(match: Match) -> str:
    faces = (match.film_hkl, match.host_hkl)
    return "_".join("".join(str(index) for index in face) for face in faces) + f"_{match.host_count}_{match.film_count}"


def _panel(title: str, lines: Sequence[Line]) -> Panel:
    return Panel("x / Å", "y / Å", tuple(lines), title=title, equal=True)


def _points(at: Array, label: str, variant: str) -> Line:
    return Line(at[:, 0], at[:, 1], label, variant, style="points")


def _inside(basis: Array, offsets: Array, low: Array, high: Array) -> Array:
    """Points of lattices with some offsets that lie in a box, shape (n, 2)."""
    corners = np.array([[x, y] for x in (low[0], high[0]) for y in (low[1], high[1])]) @ np.linalg.inv(basis)
    slack = np.ceil(np.abs(offsets @ np.linalg.inv(basis)).max(initial=0)) + 1
    span = [
        np.arange(np.floor(corners[:, axis].min() - slack), np.ceil(corners[:, axis].max() + slack) + 1)
        for axis in (0, 1)
    ]
    grid = np.stack(np.meshgrid(*span, indexing="ij"), axis=-1).reshape(-1, 2) @ basis
    at = (offsets[:, None] + grid[None]).reshape(-1, 2)
    kept = np.all((at >= low - 1e-9) & (at <= high + 1e-9), axis=1)
    return np.asarray(at[kept])


def _atoms(match: Match, film: Array, low: Array, high: Array) -> list[Line]:
    assert match.shared is not None
    found = []
    for structure, plane, place, basis, turned, shift, word in (
        (match.host, match.host_mesh, match.shared.host_layer, match.host_mesh.in_plane, np.eye(2), (0.0, 0.0), "host"),
        (match.film, match.film_mesh, match.shared.film_layer, film, match.mapped, match.shared.shift, "film"),
    ):
        for element, offsets in _offsets(structure, plane, layers(structure, plane.hkl)[place]).items():
            at = _inside(basis, offsets @ turned + np.array(shift), low, high)
            found.append(_points(at, f"{element}, {word}", f"{element} {word}"))
    return found


def _offsets(structure: Structure, plane: Mesh, layer: Layer) -> dict[str, Array]:
    """Positions in the plane by what stands there, such as ``Mn/Ni``."""
    places: dict[tuple[float, float, float], list[str]] = {}
    for atom in layer.atoms:
        at = structure.positions[atom]
        at = at + round((layer.height - float(at @ plane.normal)) / plane.spacing) * plane.stacking
        x, y, z = (float(part) for part in np.round(plane.frame @ at, 3))
        places.setdefault((x, y, z), []).append(structure.atoms.elements[atom])
    found: dict[str, list[tuple[float, float]]] = {}
    for (x, y, _), elements in places.items():
        found.setdefault("/".join(dict.fromkeys(elements)), []).append((x, y))
    return {name: np.array(points) for name, points in found.items()}
