"""What does a variant look like, the same in every figure, and how large is a journal column?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

#: Widths of one and two journal columns (mm): 85 and 178 are common to ACS, RSC, Elsevier and Wiley within 5 mm.
COLUMN_MM = {1: 85.0, 2: 178.0}
MM_PER_INCH = 25.4

#: Okabe & Ito, Color Universal Design (2008), in the order in which variants take them. Their yellow is left out: it
#: cannot be read on white. The reference takes the black, so that it is the quiet one.
OKABE_ITO = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
NEUTRAL = "#4d4d4d"
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (5, 1.5),
    (1.2, 1.2),
    (5, 1.5, 1.2, 1.5),
    (8, 2),
    (3, 1, 1, 1, 1, 1),
    (2, 2),
)


@dataclass(frozen=True, slots=True)
class Look:
    """Colour, marker and dash pattern of one variant; the three differ together, so that print in grey stays legible."""

    colour: str
    marker: str
    dash: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How figures are drawn.

    Parameters
    ----------
    variants
        Names in the order of the study, the reference first: fixes the look of each over all figures.
    font_size
        Of axis labels (pt); ticks and legend are half a point smaller.
    dashes
        Whether variants differ in dash pattern as well as in colour.
    rasterise_above
        Number of points in a figure above which curves go into the vector file as an image, so that a
        thousand cycles of two hundred cells stay small; words and axes remain vectors, the CSV holds every number.
    """

    variants: tuple[str, ...] = ()
    font_size: float = 7.5
    rasterise_above: int = 15_000
    dashes: bool = True

    def look(self, variant: str) -> Look:
        """The look of a variant; unknown or empty names are neutral grey."""
        if variant not in self.variants:
            return Look(NEUTRAL, "o", ())
        number = self.variants.index(variant)
        turn = number // len(OKABE_ITO)
        place = number % len(OKABE_ITO)
        return Look(OKABE_ITO[place], MARKERS[(place + turn) % len(MARKERS)], DASHES[(place + turn) % len(DASHES)])


def style_for(variants: Iterable[str], reference: str | None = None, also: Sequence[str] = ()) -> Style:
    """A style in which the reference comes first, then the variants in the order of the study, then any others."""
    names = [name for name in dict.fromkeys([*variants, *also]) if name]
    if reference in names:
        names.remove(reference)
        names.insert(0, reference)
    return Style(variants=tuple(names))


def with_names(style: Style | None, names: Iterable[str]) -> Style:
    """A style that knows all names of a figure; those of a figure without any known one begin with the first colour."""
    own = tuple(dict.fromkeys(names))
    if style is None:
        return Style(variants=own)
    unknown = [name for name in own if name not in style.variants]
    if not unknown:
        return style
    known = style.variants if len(unknown) < len(own) else ()
    return replace(style, variants=(*known, *unknown))


def placed(look: Look, colour: int | None) -> Look:
    """The look in the colour at a place of the palette, solid; unchanged where none is named."""
    return look if colour is None else Look(OKABE_ITO[colour % len(OKABE_ITO)], look.marker, ())


def mix(colour: str, share: float) -> str:
    """A colour diluted with white: ``share`` 1 keeps it, 0 is white."""
    channels = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * share):02x}" for channel in channels)
