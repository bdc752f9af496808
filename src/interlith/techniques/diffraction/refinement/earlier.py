"""What did an earlier refinement of a series settle that a later one of a part of it must take over?"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from interlith.model import Result
from interlith.techniques.diffraction.refinement.pattern import Pattern


def as_earlier(pattern: Pattern, earlier: Result | None, sample: str | None) -> Pattern:
    """The pattern with the number of polynomials, the textures and the displacements that an earlier refinement chose by itself.

    Parameters
    ----------
    pattern
        What the person said; what is said stays.
    earlier
        A refinement of the same series; `None` for none.
    sample
        The specimen; `None` for a chain of all.

    Notes
    -----
    A part of a series may ask for another background than the whole: then neither its values nor its residuals could be compared.
    """
    if earlier is None or "parameters" not in earlier.data:
        return pattern
    mine = pl.lit(True) if sample is None else pl.col("sample") == sample
    names = set(earlier.data["parameters"].filter(mine).get_column("name").unique().to_list())
    terms = sum(name.startswith("background_") for name in names)
    if pattern.background is None and terms:
        pattern = replace(pattern, background=terms)
    if any(one.texture == "auto" for one in pattern.phases):
        found = _planes(earlier, sample)
        planes = {
            one.name: found[one.name] for one in pattern.phases if f"{one.name}_texture" in names and one.name in found
        }
        pattern = pattern.with_textures(planes)
    swung = [one.name for one in pattern.phases if f"{one.name}_overall_u" in names and "overall" not in one.refine]
    kept = tuple(replace(one, displacement="structure") for one in pattern.phases)
    return replace(pattern, phases=kept).with_displacements(swung)


def _planes(earlier: Result, sample: str | None) -> dict[str, tuple[int, int, int]]:
    """Axes of textures by phase, as the choices tell them."""
    rows = earlier.data["refined"]
    files = set(
        rows.filter(pl.lit(True) if sample is None else pl.col("sample") == sample).get_column("file").to_list()
    )
    found = {}
    for one in earlier.choices:
        words = one.value.split()
        if one.field != "texture" or one.target.partition("#")[0] not in files or len(words) != 3:
            continue
        h, k, index = map(int, words)
        found[one.target.rpartition("/")[2]] = (h, k, index)
    return found
