"""How does a study say which phases are refined, and what of each?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from interlith.errors import StudyError, nearest
from interlith.physics.powder.broadening import SIZES, STRAINS
from interlith.techniques.diffraction.named_files import crystal, file_of
from interlith.techniques.diffraction.option_values import number, quantity, texts
from interlith.techniques.diffraction.refinement.pattern import DISPLACEMENTS, INTENSITIES, MOVES, Phase

#: Words of one phase.
PHASE_WORDS = (
    "file", "name", "refine", "fixed", "positions", "u_iso", "u_aniso", "occupancies", "texture", "size", "strain", "particle_size",
    "size_shape", "strain_shape", "axis", "intensities", "displacement",
)  # fmt: skip


def phases(value: Any) -> tuple[Phase, ...]:
    """Phases by a study: names of files or of shipped structures in a list, or under names of their own, each with words if need be.

    Parameters
    ----------
    value
        ``[LNMO.cif, LaMnO3.cif]``, ``{spinel: LNMO.cif}`` or ``{spinel: {file: LNMO.cif, refine: [cell], u_iso: all}}``.

    Raises
    ------
    StudyError
        If it is none of these, a word is unknown or two phases have one name.
    ReadError
        If a file is no CIF of a structure.
    """
    if isinstance(value, str) or file_of(value) is not None:
        value = [value]
    if isinstance(value, Mapping):
        found = [_phase(str(name), one) for name, one in value.items()]
    elif isinstance(value, (list, tuple)):
        found = [one if isinstance(one, Phase) else _phase("", one) for one in value]
    else:
        found = []
    if not found:
        raise StudyError(f"phases is '{value}'; name CIF files or shipped structures, [LNMO.cif, LaMnO3.cif].")
    return tuple(found)


def _phase(name: str, value: Any) -> Phase:
    if not isinstance(value, Mapping) or file_of(value) is not None:
        return Phase(crystal(value, name=name), name=name)
    where = f"phases: {name}" if name else "phases"
    for word in value:
        if word not in PHASE_WORDS:
            raise StudyError(f"{where}: '{word}' is unknown; {nearest(str(word), PHASE_WORDS)}.")
    own = str(value.get("name", name))
    if "file" not in value and not own:
        raise StudyError(f"{where}: file is missing; name a CIF or a shipped structure.")
    structure = crystal(value.get("file", own), name=own)
    grains = value.get("particle_size")
    return Phase(
        structure, name=own, refine=_moves(value, where), positions=_sites(value, "positions", where),
        u_iso=_sites(value, "u_iso", where), u_aniso=_sites(value, "u_aniso", where),
        occupancies=_sites(value, "occupancies", where), texture=_plane(value.get("texture"), where),
        size=quantity(value.get("size", 100.0), "nm", f"{where}: size"), strain=number(value.get("strain", 5e-4), f"{where}: strain"),
        radius=None if grains is None else _radius(grains, where), size_shape=_word(value, "size_shape", SIZES, where),
        strain_shape=_word(value, "strain_shape", STRAINS, where), axis=_axis(value.get("axis"), where),
        intensities=_word(value, "intensities", INTENSITIES, where),  # type: ignore[arg-type]
        displacement=_word(value, "displacement", DISPLACEMENTS, where),  # type: ignore[arg-type]
    )  # fmt: skip


def _moves(value: Mapping[str, Any], where: str) -> tuple[str, ...]:
    held = value.get("fixed", False)
    if not isinstance(held, bool):
        raise StudyError(f"{where}: fixed is '{held}'; write true to refine nothing of the phase but its scale.")
    if held:
        wrong = [
            word for word in ("refine", "positions", "u_iso", "u_aniso", "occupancies", "texture") if value.get(word)
        ]
        if wrong:
            raise StudyError(f"{where}: it is fixed and {wrong[0]} is asked for; leave out one of the two.")
        return ()
    words = texts(value.get("refine", ("cell", "size", "strain")), f"{where}: refine")
    for word in words:
        if word not in MOVES:
            raise StudyError(f"{where}: refine holds '{word}'; {nearest(word, MOVES)}.")
    return words


def _sites(value: Mapping[str, Any], word: str, where: str) -> tuple[str | int, ...] | str:
    given = value.get(word, ())
    if given == "all":
        return "all"
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, (list, tuple)) or not all(
        isinstance(one, (str, int)) and not isinstance(one, bool) for one in listed
    ):
        raise StudyError(f"{where}: {word} is '{given}'; write all, or labels of sites in brackets, [O1, Mn1].")
    return tuple(listed)


def _plane(value: Any, where: str) -> tuple[int, int, int] | Literal["auto"] | None:
    if value is None:
        return None
    if value == "auto":
        return "auto"
    if not isinstance(value, (list, tuple)) or len(value) != 3 or not all(isinstance(one, int) for one in value):
        raise StudyError(
            f"{where}: texture is '{value}'; write the indices of the plane that crystallites lie on, [0, 0, 1], or auto."
        )
    return (value[0], value[1], value[2])


def _word(value: Mapping[str, Any], word: str, known: Sequence[str], where: str) -> str:
    given = str(value.get(word, known[0]))
    if given not in known:
        raise StudyError(f"{where}: {word} is '{given}'; {nearest(given, known)}.")
    return given


def _axis(value: Any, where: str) -> tuple[int, int, int] | None:
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 3 or not all(isinstance(one, int) for one in value):
        raise StudyError(f"{where}: axis is '{value}'; write the indices of the plane whose normal it is, [0, 0, 1].")
    return (value[0], value[1], value[2])


def _radius(value: Any, where: str) -> float:
    """Half the diameter of grains (um)."""
    size = quantity(value, "um", f"{where}: particle_size")
    if not size > 0:
        raise StudyError(f"{where}: particle_size is {size:g} um; write the diameter of the grains, 5 um.")
    return size / 2
