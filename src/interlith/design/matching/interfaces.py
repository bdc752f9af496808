"""How does an interface look as atoms: a host slab, the strained film on it, a vacuum, and which atoms are held?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from interlith.crystal.cell import cell_of
from interlith.crystal.structure import Site, Structure
from interlith.crystal.writing import write_cif, write_poscar
from interlith.design.inputs import uncertain
from interlith.design.matching.anions import with_shared
from interlith.design.matching.match import Match
from interlith.design.matching.stacking import (
    Block,
    contact,
    film_block,
    film_without_first,
    host_block,
    nearest_allowed,
)
from interlith.design.matching.strain import elastic
from interlith.errors import StudyError

Array = NDArray[np.float64]

#: Least vacuum (angstrom): the density of electrons of a surface decays over 1 to 2 angstrom, and dipoles of two surfaces act on
#: each other further; 10 to 20 angstrom are usual, below 8 the two faces of a slab still bond or see each other.
LEAST_VACUUM = 8.0
#: Least thickness of host and film where no number of layers is given (angstrom).
THICKNESS = 10.0
#: Above this share of shared anions the layer is built once, as part of both.
SHARED = 0.5
#: Atoms closer than this (angstrom) lie in each other: no bond of two atoms heavier than hydrogen is so short.
OVERLAP = 1.0
#: Larger interfaces are not built.
MOST_ATOMS = 20_000


@dataclass(frozen=True, eq=False)
class Interface:
    """A host slab with a film on it.

    Parameters
    ----------
    match
        What was built.
    structure
        All atoms, without symmetry; third axis along the normal, host below.
    of_film
        Which atoms of ``structure.atoms`` belong to the film, shape (n,).
    frozen
        Which are to be held, shape (n,).
    gap
        Height of the lowest atom of the film above the highest of the host (angstrom).
    vacuum
        Empty height (angstrom).
    shortest
        Shortest distance of two atoms that do not share a position (angstrom), and their labels.
    words
        What was done, and what should be looked at.
    """

    match: Match
    structure: Structure
    of_film: NDArray[np.bool_]
    frozen: NDArray[np.bool_]
    gap: float
    vacuum: float
    shortest: tuple[float, str, str]
    words: tuple[str, ...]

    @property
    def composition(self) -> dict[str, float]:
        """Element -> atoms in the cell."""
        return self.structure.composition

    def write(self, path: str | Path) -> Path:
        """Write it: ``.cif`` as CIF; ``POSCAR`` or ``.vasp`` with the held atoms (selective dynamics).

        Raises
        ------
        StudyError
            For another name, or partly filled sites in a POSCAR.
        """
        target = Path(path)
        if target.suffix.lower() == ".cif":
            text = write_cif(self.structure)
        elif target.suffix.lower() == ".vasp" or target.name.upper().startswith("POSCAR"):
            text = write_poscar(self.structure, frozen=[bool(held) for held in self.frozen])
        else:
            raise StudyError(
                f"{target.name} names no format of ours; write a name that ends in .cif or .vasp, or POSCAR."
            )
        target.write_text(text, encoding="utf-8")
        return target


def checked_vacuum(vacuum: str | float) -> float:
    """A vacuum in angstrom.

    Raises
    ------
    StudyError
        If it cannot separate a slab from its next image.
    """
    value = uncertain(vacuum, "angstrom", "the vacuum").value
    if value < LEAST_VACUUM:
        hint = f"; {value * 10:g} angstrom ({value:g} nm) would" if value * 10 >= LEAST_VACUUM else ""
        raise StudyError(
            f"A vacuum of {value:g} angstrom cannot separate a slab from its next image: the two faces still bond or see each "
            f"other. Write at least {LEAST_VACUUM:g} angstrom, usually 15{hint}."
        )
    return value


def interface(
    match: Match, *, vacuum: str | float = "15 angstrom", host_layers: int | None = None, film_layers: int | None = None,
    gap: str | float | None = None, shift: ArrayLike | None = None, frozen: str | int = "half of the host",
    stiffness: ArrayLike | None = None,
) -> Interface:  # fmt: skip
    """Build the atoms of a match: the film strained onto the host.

    Parameters
    ----------
    match
        One of ``registry(...).data["matches"]``.
    vacuum
        Empty height above the film, at least `LEAST_VACUUM`.
    host_layers, film_layers
        Number of layers of each (`interlith.crystal.facets.layers`); by default as many as make `THICKNESS`.
    gap
        Height of the film's lowest layer above the host's top layer. By default the layer of anions that both share is built
        once where at least half of its anions are shared; else the film is set down until atoms touch.
    shift
        Shift of the film along the edges of the common cell (0 to 1), shape (2,). By default that at which most anions are
        shared, or at which the film comes nearest.
    frozen
        ``half of the host`` (its lower layers), ``host``, ``none``, or a number of host layers from below.
    stiffness
        Of the film (GPa), Voigt, shape (6, 6): its layers then keep the distances that leave its surface free of stress.
        Without it they keep those of the unstrained film.

    Raises
    ------
    StudyError
        If the vacuum is too small, atoms lie in each other, or the interface is too large.
    """
    empty = checked_vacuum(vacuum)
    built = match if match.shared is not None else with_shared([match])[0]
    stretch, words = _stretch(built, stiffness)
    host = host_block(built, host_layers, THICKNESS)
    film = film_block(built, film_layers, THICKNESS, stretch)
    _check_size(host, film)
    shared = built.shared
    if gap is None and shift is None and shared is not None and shared.share >= SHARED:
        film = film_without_first(film, again=film_layers is not None, match=built, layers=film_layers, stretch=stretch)
        words.append(
            f"Host and film share one layer of anions ({100 * shared.share:.3g} % of them meet): it is built once, with the "
            "atoms of the host."
        )
    else:
        film, said = _set_down(built, host, film, gap, shift)
        words.append(said)
    return _assembled(built, host, film, empty, _held(host, frozen), words)


def _stretch(match: Match, stiffness: ArrayLike | None) -> tuple[float, list[str]]:
    if stiffness is None:
        return 1.0, [
            "The distances between the film's layers are those of the unstrained film: no stiffness was given."
        ]
    normal = elastic(stiffness, match.film_mesh.frame, match.strain, match.film_mesh.spacing).normal
    return 1.0 + normal, [
        f"The film's layers are {100 * normal:+.3g} % apart against the unstrained film, without stress."
    ]


def _check_size(host: Block, film: Block) -> None:
    total = len(host.positions) + len(film.positions)
    if total > MOST_ATOMS:
        raise StudyError(
            f"The interface would hold {total:,} atoms; at most {MOST_ATOMS:,} are built. Take a smaller cell or fewer layers."
        )


def _set_down(
    match: Match, host: Block, film: Block, gap: str | float | None, shift: ArrayLike | None
) -> tuple[Block, str]:
    allowed = nearest_allowed(match.host, match.film)
    asked = None if shift is None else np.asarray(shift, dtype=float)
    if asked is not None and asked.shape != (2,):
        raise StudyError(f"shift is {shift!r}; write two numbers, the parts of the edges of the common cell.")
    moved, least = contact(host, film, match, allowed, None if asked is None else asked @ match.cell)
    if gap is None:
        height, said = (
            least,
            "The film was set down until two atoms are as near as the nearest of their kinds in the crystals.",
        )
    else:
        height = uncertain(gap, "angstrom", "the gap").value
        said = f"The film was set {height:g} angstrom above the host, as declared; atoms touch at {least:.3g} angstrom."
    rise = float(host.positions[:, 2].max()) + height - float(film.positions[:, 2].min())
    return replace(film, positions=film.positions + np.array([*moved, rise])), said


def _held(host: Block, frozen: str | int) -> NDArray[np.bool_]:
    count = int(host.layer.max()) + 1
    words = {"half of the host": count // 2, "host": count, "none": 0}
    if isinstance(frozen, bool) or (isinstance(frozen, str) and frozen not in words):
        raise StudyError(
            f"frozen is {frozen!r}; write one of {', '.join(words)}, or a number of host layers from below."
        )
    held = words[frozen] if isinstance(frozen, str) else frozen
    if not 0 <= held <= count:
        raise StudyError(f"frozen is {held}; the host has {count} layers.")
    return np.asarray(host.layer < held)


def _assembled(
    match: Match, host: Block, film: Block, vacuum: float, held: NDArray[np.bool_], words: list[str]
) -> Interface:  # fmt: skip
    positions = np.concatenate([host.positions, film.positions])
    gap = float(film.positions[:, 2].min() - host.positions[:, 2].max())
    positions[:, 2] -= positions[:, 2].min()
    thickness = float(positions[:, 2].max())
    edges = match.cell
    lengths = np.linalg.norm(edges, axis=1)
    angle = float(np.degrees(np.arccos(np.clip(edges[0] @ edges[1] / lengths.prod(), -1, 1))))
    cell = cell_of([*lengths, thickness + vacuum, 90.0, 90.0, round(angle, 10)])
    fractions = np.column_stack([(positions[:, :2] @ np.linalg.inv(edges)) % 1.0 % 1.0, positions[:, 2] / cell.c])
    sites = list[Site]()
    for block, start in ((host, 0), (film, len(host.positions))):
        for place, owner in enumerate(block.sites):
            x, y, z = (float(part) for part in fractions[start + place])
            label = f"{owner.element}{start + place + 1}"
            sites.append(
                replace(
                    owner, label=label, fraction=(x, y, z), u_aniso=None, wyckoff="", fraction_std=(float("nan"),) * 3
                )
            )
    made = Structure(
        match.name, cell, tuple(sites), np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)),
        source=f"built from {match.film.name} strained onto {match.host.name}",
    )  # fmt: skip
    of_film = np.arange(len(sites)) >= len(host.positions)
    shortest = _shortest(made)
    if shortest[0] < OVERLAP:
        raise StudyError(
            f"Atoms {shortest[1]} and {shortest[2]} would be {shortest[0]:.2f} angstrom apart; give a larger gap or another shift."
        )
    frozen = np.concatenate([held, np.zeros(len(film.positions), dtype=bool)])
    return Interface(match, made, of_film, frozen, gap, vacuum, shortest, tuple(words))


def _shortest(structure: Structure) -> tuple[float, str, str]:
    """Shortest distance (angstrom) of two atoms that are not two elements on one position."""
    from scipy.spatial import cKDTree

    at = structure.positions
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    images = np.concatenate([at + np.array([*pair, 0]) @ structure.cell.vectors for pair in shifts])
    lengths, places = cKDTree(images).query(at, k=min(len(images), 8))
    lengths = np.where(lengths < 0.05, np.inf, lengths)
    atom, rank = np.unravel_index(int(np.argmin(lengths)), lengths.shape)
    other = int(places[atom, rank]) % len(at)
    return float(lengths[atom, rank]), structure.sites[int(atom)].label, structure.sites[other].label
