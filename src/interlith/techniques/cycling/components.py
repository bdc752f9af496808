"""Which shared and independent causes does the uncertainty of a capacity, an energy or a ratio have?

Components are built as polars expressions, so that a table of any length is made at once. Sizes are signed sensitivities
times standard uncertainties: a mass that is too large makes a specific capacity too small, hence the minus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from interlith.errors import StudyError, nearest
from interlith.model import Declared, Sample

NORMALISATIONS = ("active_mass", "area", "none")


@dataclass(frozen=True, slots=True)
class Scale:
    """Turns Ah (or Wh) into a shown number: ``value = Ah * factor``, with the relative sensitivity of every cause."""

    factor: float
    unit: str
    relative: tuple[tuple[str, float], ...] = ()
    flag: str = ""

    @property
    def energy_unit(self) -> str:
        """Unit of an energy on the same scale."""
        return self.unit.replace("mAh", "mWh")


def capacity_scale(sample: Sample, normalise: str) -> Scale:
    """Scale of ``charge_capacity`` and its like: per mass, per area or as it is.

    A number that is missing or unconfirmed normalises nothing: the capacity then stays in mAh and the flag says so.

    Raises
    ------
    StudyError
        If `normalise` is not one of ``active_mass``, ``area``, ``none``.
    """
    if normalise not in NORMALISATIONS:
        raise StudyError(f"normalise is '{normalise}'; {nearest(normalise, NORMALISATIONS)}.")
    if normalise == "active_mass":
        mass = _confirmed(sample.active_mass)
        if mass is not None:
            return Scale(1.0 / mass.value, "mAh/g", ((f"mass:{sample.name}", -_relative(mass)),))
        what = "unconfirmed" if sample.active_mass is not None else "not declared"
        return Scale(1e3, "mAh", flag=f"active mass {what}: absolute capacity")
    if normalise == "area":
        areal = areal_scale(sample)
        return (
            areal if areal is not None else Scale(1e3, "mAh", flag="area and loading not declared: absolute capacity")
        )
    return Scale(1e3, "mAh")


def areal_scale(sample: Sample) -> Scale | None:
    """Scale into mAh/cm^2 from the declared area, else from mass and loading; `None` where neither is known."""
    area = _confirmed(sample.area)
    if area is not None:
        owner = "study" if area.source == "study.yaml" else sample.name
        return Scale(0.1 / area.value, "mAh/cm^2", ((f"area:{owner}", -_relative(area)),))
    mass, loading = _confirmed(sample.active_mass), _confirmed(sample.loading)
    if mass is None or loading is None:
        return None
    owner = "study" if loading.source == "study.yaml" else sample.name
    relative = ((f"mass:{sample.name}", -_relative(mass)), (f"loading:{owner}", _relative(loading)))
    return Scale(0.1 * loading.value / mass.value, "mAh/cm^2", relative)


def _confirmed(declared: Declared | None) -> Declared | None:
    return declared if declared is not None and declared.confirmed and declared.value > 0 else None


def _relative(declared: Declared) -> float:
    return declared.std / declared.value


def counting_source(sample: str, direction: str, *, suffix: str = "") -> pl.Expr:
    """Source of the counting error of a half-cycle: independent of every other half-cycle."""
    kind = (
        pl.when(pl.col(f"{direction}_charge_method") == "integral")
        .then(pl.lit("sampling"))
        .otherwise(pl.lit("counter"))
    )
    return pl.concat_str([kind, pl.lit(f":{sample}/{direction}/"), pl.col("cycle").cast(pl.String), pl.lit(suffix)])


def own_source(kind: str, sample: str, direction: str, *, suffix: str = "") -> pl.Expr:
    """Source ``kind:sample/direction/cycle``."""
    return pl.concat_str([pl.lit(f"{kind}:{sample}/{direction}/"), pl.col("cycle").cast(pl.String), pl.lit(suffix)])


Part = tuple[pl.Expr, pl.Expr]


def shared(source: str, size: pl.Expr) -> Part:
    """A component with one source for all rows."""
    return pl.lit(source), size


def as_list(parts: Sequence[Part]) -> pl.Expr:
    """The column ``components`` from parts; parts of null size are left out."""
    if not parts:
        return pl.lit(None, dtype=pl.List(pl.Struct({"source": pl.String, "size": pl.Float64}))).alias("components")
    structs = [
        pl.when(size.is_not_null()).then(pl.struct(source.alias("source"), size.cast(pl.Float64).alias("size")))
        for source, size in parts
    ]
    return pl.concat_list(structs).list.drop_nulls().alias("components")
