"""What of a refinement did people decide: the background, textures, a further phase?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from interlith.crystal.phases import phase as structure_of
from interlith.crystal.structure import Structure
from interlith.errors import StudyError
from interlith.model import Choice, Decision
from interlith.techniques.diffraction.refinement.pattern import Pattern, Phase

BACKGROUND = "number of polynomials of the background of a specimen, 1 to 40"
TEXTURE = "indices of the plane that crystallites of the phase of the target lie on, '0 0 1', or none"
PHASE = "a further phase of a specimen: the name of a crystal that was offered or is shipped, or none"
DISPLACEMENT = "refined or structure: whether a displacement common to all sites of the phase of the target is refined"
#: Fields that are decided before anything is refined.
DECIDES = {"background": BACKGROUND, "texture": TEXTURE, "phase": PHASE, "displacement": DISPLACEMENT}
#: Values that decide against something.
_NONE = ("none", "no further phase")


def decided(
    pattern: Pattern, decisions: Sequence[Decision], offered: Mapping[str, Structure]
) -> tuple[Pattern, list[Choice]]:
    """The pattern as people decided, and their choices.

    Parameters
    ----------
    pattern
        As the words of the study say.
    decisions
        In the fields of `DECIDES`.
    offered
        Crystals by name that a further phase may be.

    Raises
    ------
    StudyError
        If a value is not understood.
    """
    choices = []
    for one in sorted(decisions, key=lambda each: each.field):
        if one.field not in DECIDES:
            continue
        pattern = _DO[one.field](pattern, one, offered)
        choices.append(
            Choice(
                one.target.text, one.field, str(one.value), "as chosen by itself" if one.was is None else str(one.was), 1.0, (),
                one.reason, one.who or "a person",
            )
        )  # fmt: skip
    return pattern, choices


def _background(pattern: Pattern, one: Decision, offered: Mapping[str, Structure]) -> Pattern:
    del offered
    if not str(one.value).isdigit() or not 1 <= int(one.value) <= 40:
        raise StudyError(f"background of {one.target.text} is '{one.value}'; write {BACKGROUND}.")
    return replace(pattern, background=int(one.value))


def _named(pattern: Pattern, one: Decision) -> str:
    """Name of the phase of the target."""
    name = one.target.part.rpartition("/")[2]
    if name not in pattern.names:
        raise StudyError(
            f"{one.field} of {one.target.text}: the target names no phase; write one of {', '.join(pattern.names)} behind the pattern."
        )
    return name


def _texture(pattern: Pattern, one: Decision, offered: Mapping[str, Structure]) -> Pattern:
    del offered
    name = _named(pattern, one)
    words = str(one.value).strip("()[]").replace(",", " ").split()
    plane: tuple[int, int, int] | None = None
    if " ".join(words) not in _NONE:
        if len(words) != 3 or not all(word.lstrip("-").isdigit() for word in words) or not any(map(int, words)):
            raise StudyError(f"texture of {one.target.text} is '{one.value}'; write {TEXTURE}.")
        plane = (int(words[0]), int(words[1]), int(words[2]))
    phases = [_with_plane(each, plane) if each.name == name else each for each in pattern.phases]
    return replace(pattern, phases=tuple(phases))


def _displacement(pattern: Pattern, one: Decision, offered: Mapping[str, Structure]) -> Pattern:
    del offered
    name = _named(pattern, one)
    if one.value not in ("refined", "structure"):
        raise StudyError(f"displacement of {one.target.text} is '{one.value}'; write {DISPLACEMENT}.")
    phases = tuple(
        replace(each, displacement="structure", refine=tuple(word for word in each.refine if word != "overall"))
        if each.name == name else each for each in pattern.phases
    )  # fmt: skip
    pattern = replace(pattern, phases=phases)
    return pattern.with_displacements([name]) if one.value == "refined" else pattern


def _with_plane(phase: Phase, plane: tuple[int, int, int] | None) -> Phase:
    words = tuple(word for word in phase.refine if word != "texture")
    return replace(phase, texture=plane, refine=words if plane is None else (*words, "texture"))


def _phase(pattern: Pattern, one: Decision, offered: Mapping[str, Structure]) -> Pattern:
    name = str(one.value)
    if name in _NONE or name in pattern.names:
        return pattern
    structure = offered[name] if name in offered else structure_of(name)
    return replace(pattern, phases=(*pattern.phases, Phase(structure, name=name)))


_DO: dict[str, Any] = {"background": _background, "texture": _texture, "phase": _phase, "displacement": _displacement}
