"""What does a person say about a pattern before it is refined: phases, instrument, background, what may move?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from interlith.crystal.phases import phase as structure_of
from interlith.crystal.structure import Structure
from interlith.errors import StudyError, nearest
from interlith.layouts.instrument_facts import InstrumentFacts
from interlith.numerics.fitting.parameters import Sum, Tie
from interlith.physics.powder.broadening import SIZES, STRAINS
from interlith.physics.powder.instrument import Instrument
from interlith.techniques.diffraction.refinement.plans import Plan

Sites = Sequence[str | int] | str
Range = tuple[float, float]

#: What may move of a phase beside its scale.
MOVES = ("cell", "size", "strain", "texture", "overall")
#: Where the intensities of a phase come from.
INTENSITIES = ("structure", "pawley", "le_bail")
DISPLACEMENTS = ("auto", "structure")
#: U of sites whose structure declares none (angstrom^2): B = 0.6, the middle of what ordered oxides have at room temperature.
UNKNOWN_DISPLACEMENT = 0.0076


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a pattern and what of it is refined.

    Parameters
    ----------
    structure
        A structure, the name of a shipped one, or the path of a CIF.
    name
        Begins the names of its parameters; that of the structure by default.
    refine
        Of ``cell``, ``size``, ``strain``, ``texture``, ``overall`` (one displacement added to all sites). The scale always is.
    positions, u_iso, u_aniso, occupancies
        Sites whose coordinates, displacements (angstrom^2) or occupancies are refined: labels, places, or ``all``.
    texture
        Indices of the plane that crystallites lie on; ``auto``: looked for in what the refined patterns leave over.
    size
        Start of the size of crystallites (nm).
    strain
        Start of the microstrain (1).
    radius
        Of the grains (um), where known: shares are corrected for their absorption.
    size_shape, strain_shape
        ``isotropic`` or ``uniaxial``; strain also ``stephens``: all terms that the symmetry allows.
    axis
        Indices of the plane whose normal is the axis of what is uniaxial.
    displacement
        ``auto``: where cell, size and strain are refined and a few patterns know displacements better than structures do, one common to all
        sites is refined too, and told as a choice. ``structure``: they stay.
    intensities
        ``structure``: they follow from the atoms. ``pawley``: each is a parameter of its own. ``le_bail``: they are shared out between
        the steps. The latter two want a cell and its symmetry only, and give no share of the phase.

    Raises
    ------
    StudyError
        If a word is unknown, or a texture is to be refined without its plane.
    """

    structure: Structure
    name: str = ""
    refine: tuple[str, ...] = ("cell", "size", "strain")
    positions: Sites = ()
    u_iso: Sites = ()
    u_aniso: Sites = ()
    occupancies: Sites = ()
    texture: tuple[int, int, int] | Literal["auto"] | None = None
    size: float = 100.0
    strain: float = 5e-4
    radius: float | None = None
    size_shape: str = "isotropic"
    strain_shape: str = "isotropic"
    axis: tuple[int, int, int] | None = None
    intensities: Literal["structure", "pawley", "le_bail"] = "structure"
    displacement: Literal["auto", "structure"] = "auto"

    def __init__(
        self, structure: Structure | str | Path, *, name: str = "", refine: Sequence[str] = ("cell", "size", "strain"),
        positions: Sites = (), u_iso: Sites = (), u_aniso: Sites = (), occupancies: Sites = (),
        texture: Sequence[int] | Literal["auto"] | None = None, size: float = 100.0, strain: float = 5e-4, radius: float | None = None,
        size_shape: str = "isotropic", strain_shape: str = "isotropic", axis: Sequence[int] | None = None,
        intensities: Literal["structure", "pawley", "le_bail"] = "structure", displacement: Literal["auto", "structure"] = "auto",
    ) -> None:  # fmt: skip
        found = structure_of(structure)
        sought = isinstance(texture, str)
        plane = None if texture is None or sought else tuple(int(one) for one in texture)
        if (sought and texture != "auto") or (plane is not None and (len(plane) != 3 or not any(plane))):
            raise StudyError(
                f"texture of {found.name} is {texture}; write the indices of a plane, (0, 0, 1), or 'auto' to have it looked for."
            )
        words = (*refine, "texture") if plane is not None and "texture" not in refine else tuple(refine)
        for word in words:
            if word not in MOVES:
                raise StudyError(
                    f"'{word}' of the phase {name or found.name} cannot be refined; {nearest(word, MOVES)}."
                )
        if "texture" in words and plane is None:
            raise StudyError(f"The texture of {name or found.name} needs its plane; give texture=(0, 0, 1).")
        for word, known, what in (
            (size_shape, SIZES, "size_shape"),
            (strain_shape, STRAINS, "strain_shape"),
            (intensities, INTENSITIES, "intensities"),
            (displacement, DISPLACEMENTS, "displacement"),
        ):
            if word not in known:
                raise StudyError(f"{what} of {name or found.name} is '{word}'; {nearest(word, known)}.")
        if "uniaxial" in (size_shape, strain_shape) and (axis is None or len(axis) != 3 or not any(axis)):
            raise StudyError(f"What is uniaxial in {name or found.name} needs its axis; give axis=(0, 0, 1).")
        if not size > 0 or not strain >= 0:
            raise StudyError(
                f"{name or found.name} starts with a size of {size} nm and a strain of {strain}; both must be positive."
            )
        for word, value in (
            ("structure", found), ("name", name or found.name), ("refine", words), ("positions", positions), ("u_iso", u_iso),
            ("u_aniso", u_aniso), ("occupancies", occupancies), ("texture", "auto" if sought else plane), ("size", float(size)), ("strain", float(strain)),
            ("radius", radius), ("size_shape", size_shape), ("strain_shape", strain_shape),
            ("axis", None if axis is None else (int(axis[0]), int(axis[1]), int(axis[2]))), ("intensities", intensities), ("displacement", displacement),
        ):  # fmt: skip
            object.__setattr__(self, word, value)

    @property
    def plane(self) -> tuple[int, int, int] | None:
        """Indices of the plane that crystallites lie on, where it is known."""
        return None if self.texture == "auto" else self.texture

    @property
    def moves_atoms(self) -> bool:
        """Whether displacements or occupancies are refined: roughness of the surface looks like them."""
        return bool(len(self.u_iso) or len(self.u_aniso) or len(self.occupancies) or "overall" in self.refine)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What is refined against a pattern, or against each of a series.

    Parameters
    ----------
    phases
        Structures, names, paths, or `Phase` where something else than cell, size and strain is refined.
    instrument
        An instrument file, an `Instrument`, or nothing: then what the measurement says, with usual values for the rest.
    background
        Number of Chebyshev polynomials; chosen from the first pattern by default.
    limits
        Part of the patterns that is used (deg).
    masks
        Number of a pattern -> ranges (deg) left out; -1 for all patterns.
    refine
        Patterns of names (``gauss_*``, ``zero``) refined beside the phases and the background; the default follows from geometry
        and instrument.
    fixed
        Patterns of names that stay where they start, whatever else is said: ``LNMO_*`` holds all of a phase but its scale.
    start
        Name -> where it starts.
    bounds
        Name -> lowest and highest value, in place of the usual ones.
    ties
        `Tie` and `Sum` between names.
    plan
        Stages; the usual ones by default.
    wavelength
        (angstrom) where neither instrument nor measurement says it.
    unbounded
        Whether bounds that are not of physics are released; see `without_bounds`.
    humps
        Position and full width (deg) of broad humps under the lines: of a capillary, of something without long-range order.
    texture
        ``auto``: looked for in every phase that says nothing of it.

    Raises
    ------
    StudyError
        If there is no phase, or two have one name.
    """

    phases: tuple[Phase, ...]
    instrument: str | Path | Instrument | InstrumentFacts | None = None
    background: int | None = None
    limits: Range | None = None
    masks: Mapping[int, Sequence[Range]] = field(default_factory=dict)
    refine: tuple[str, ...] | None = None
    fixed: tuple[str, ...] = ()
    start: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, Range] = field(default_factory=dict)
    ties: tuple[Tie | Sum, ...] = ()
    plan: Plan | None = None
    wavelength: float | None = None
    unbounded: bool = False
    humps: tuple[Range, ...] = ()
    texture: Literal["auto"] | None = None

    def __init__(
        self, phases: Sequence[Phase | Structure | str | Path] | Phase | Structure | str | Path, *,
        instrument: str | Path | Instrument | InstrumentFacts | None = None, background: int | None = None,
        limits: Range | None = None, masks: Mapping[int, Sequence[Range]] | None = None, refine: Sequence[str] | None = None,
        fixed: Sequence[str] = (), start: Mapping[str, float] | None = None, bounds: Mapping[str, Range] | None = None,
        ties: Sequence[Tie | Sum] = (), plan: Plan | None = None, wavelength: float | None = None, unbounded: bool = False,
        humps: Sequence[Range] = (), texture: Literal["auto"] | None = None,
    ) -> None:  # fmt: skip
        listed = [phases] if isinstance(phases, (Phase, Structure, str, Path)) else list(phases)
        made = tuple(one if isinstance(one, Phase) else Phase(one) for one in listed)
        if texture not in (None, "auto"):
            raise StudyError(f"texture of a pattern is '{texture}'; write 'auto', or give planes to its phases.")
        if texture == "auto":
            made = tuple(replace(one, texture="auto") if one.texture is None else one for one in made)
        names = [one.name for one in made]
        if not made:
            raise StudyError("A pattern without a phase has nothing to refine; name structures or CIF files.")
        if len(set(names)) < len(names):
            raise StudyError(
                f"Every phase needs a name of its own; got {', '.join(names)}. Give Phase(..., name='...')."
            )
        if background is not None and not 1 <= background <= 40:
            raise StudyError(f"background is {background}; give a number of polynomials from 1 to 40.")
        for what, ends in {
            "limits": limits,
            **{f"bounds of {name}": pair for name, pair in (bounds or {}).items()},
        }.items():
            if ends is not None and not (len(ends) == 2 and ends[0] < ends[1]):
                raise StudyError(f"{what}: {tuple(ends)}; give two numbers, the lower one first.")
        if isinstance(instrument, Mapping):
            raise StudyError(
                "instrument is a mapping; give the path of an instrument file, a word such as 'Cu', or an Instrument of "
                "interlith.physics.powder.instrument."
            )
        for word, value in (
            ("phases", made), ("instrument", instrument), ("background", background), ("limits", limits), ("masks", dict(masks or {})),
            ("refine", None if refine is None else tuple(refine)), ("fixed", tuple(fixed)), ("start", dict(start or {})),
            ("bounds", dict(bounds or {})), ("ties", tuple(ties)), ("plan", plan), ("wavelength", wavelength),
            ("unbounded", unbounded), ("humps", tuple((float(place), float(width)) for place, width in humps)), ("texture", texture),
        ):  # fmt: skip
            object.__setattr__(self, word, value)

    def with_textures(self, planes: Mapping[str, tuple[int, int, int]]) -> Pattern:
        """The same with textures along planes that were found, by phase, and none looked for any more."""
        phases = tuple(replace(one, texture=planes.get(one.name, one.plane)) for one in self.phases)
        return replace(self, phases=phases, texture=None)

    def with_displacements(self, names: Collection[str]) -> Pattern:
        """The same with a displacement common to all sites refined in some phases."""
        phases = [replace(one, refine=(*one.refine, "overall")) if one.name in names else one for one in self.phases]
        return replace(self, phases=tuple(phases))

    def without_bounds(self) -> Pattern:
        """The same with every bound released that is not one of physics (scales, widths and fractions stay positive)."""
        return replace(self, bounds={}, unbounded=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the phases."""
        return tuple(one.name for one in self.phases)
