"""What is the value, how sure are we, and which shared causes does its uncertainty have?

The uncertainty of an observable is held by component: source -> signed sensitivity times standard uncertainty. Two
observables that share a source (the mass of one cell) are correlated through it, so a ratio or difference adds
component by component and the shared part cancels by itself.

A source is a text ``kind:detail``, for instance ``mass:B1_01`` or ``counter:B1_01/discharge/12``. The kind says what
sort of uncertainty it is (`KINDS`); the detail makes it unique where it is independent and shared where it is common.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

#: First part of a source -> sort of uncertainty (DESIGN: counting, fit, calibration, model, replicate).
KINDS: dict[str, str] = {
    "counter": "counting",
    "sampling": "counting",
    "noise": "counting",
    "fit": "fit",
    "mass": "calibration",
    "area": "calibration",
    "loading": "calibration",
    "rate": "calibration",
    "current": "calibration",
    "voltage": "calibration",
    "temperature": "calibration",
    "calibration": "calibration",
    "split": "model",
    "join": "model",
    "model": "model",
    "replicate": "replicate",
    "batch": "replicate",
}
RANDOM_KINDS = frozenset({"counting", "fit", "replicate"})

#: Two-sided normal quantile of a 95 % interval.
NORMAL_95 = 1.959963984540054


def kind_of(source: str) -> str:
    """Sort of uncertainty of a source; an unknown prefix counts as ``model`` so that it is never taken for random."""
    return KINDS.get(source.partition(":")[0], "model")


@dataclass(frozen=True, slots=True)
class State:
    """Where on a state axis: name, value, interval and unit (``cycle`` 200, ``voltage`` 4.70 V in 4.695-4.705)."""

    name: str
    value: float
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class Observable:
    """A number that evidence may use.

    Parameters
    ----------
    quantity, value, unit
        Name, value (`None` if incomplete: then `flag` says why) and shown unit.
    sample, variant, batch, replicate, technique
        Whose it is.
    components
        Source -> signed sensitivity times standard uncertainty, in `unit`. ``inf`` where a kind is unknown.
    state, cycle
        Where on the state axis; own cycle number where there is one.
    low, high
        Interval at `level` where it is not the normal one of `std` (Student t, bounds, asymmetric); else `None`.
    method, fit, source, flag
        How, from which fit, from which bytes (``sha256:...``), and words that must be shown beside it.
    """

    quantity: str
    value: float | None
    unit: str
    sample: str = ""
    components: Mapping[str, float] = field(default_factory=dict)
    variant: str = ""
    batch: str = ""
    replicate: str = ""
    technique: str = ""
    state: State | None = None
    cycle: int | None = None
    method: str = ""
    fit: str = ""
    source: str = ""
    flag: str = ""
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    id: str = ""

    @property
    def std(self) -> float:
        """Standard uncertainty over all components; ``inf`` when nothing is known of it."""
        return _root_sum(self.components.values()) if self.components else math.inf

    @property
    def includes(self) -> frozenset[str]:
        """Sorts of uncertainty that are in, those of infinite size not counted."""
        return frozenset(kind_of(source) for source, size in self.components.items() if math.isfinite(size))

    def part(self, kinds: Iterable[str]) -> float:
        """Standard uncertainty from some sorts only."""
        wanted = frozenset(kinds)
        return _root_sum(size for source, size in self.components.items() if kind_of(source) in wanted)

    def interval(self) -> tuple[float, float]:
        """Interval at `level`: the stored one, else normal; of a number that is only bounded, the bounds."""
        if self.value is None:
            return (
                -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high,
            )  # fmt: skip
        if self.low is not None and self.high is not None:
            return (self.low, self.high)
        half = _quantile(self.level) * self.std
        return (self.value - half, self.value + half)

    def minus(self, other: Observable) -> Observable:
        """Difference; shared sources subtract component by component.

        Raises
        ------
        UnitError
            If the units have different dimensions.
        """
        from interlith.units import factor

        scale = 1.0 if self.unit == other.unit else factor(other.unit, self.unit)
        if self.value is None or other.value is None:
            return self._derived(None, {}, self.unit, other)
        parts = _combine(self.components, 1.0, other.components, -scale)
        return self._derived(self.value - scale * other.value, parts, self.unit, other)

    def over(self, other: Observable, *, unit: str = "1") -> Observable:
        """Ratio, in ``1`` or ``%``; shared relative sources cancel component by component (first order).

        Raises
        ------
        UnitError
            If the units have different dimensions.
        """
        from interlith.units import factor

        scale = (1.0 if self.unit == other.unit else factor(self.unit, other.unit)) * factor("1", unit)
        if self.value is None or other.value is None or other.value == 0:
            return self._derived(None, {}, unit, other)
        ratio = scale * self.value / other.value
        parts = _combine(self.components, scale / other.value, other.components, -ratio / other.value)
        return self._derived(ratio, parts, unit, other)

    def times(self, number: float, *, unit: str | None = None) -> Observable:
        """Multiple by an exact number."""
        parts = {source: size * number for source, size in self.components.items()}
        value = None if self.value is None else self.value * number
        return replace(self, value=value, components=parts, unit=unit or self.unit, low=None, high=None)

    def _derived(self, value: float | None, parts: dict[str, float], unit: str, other: Observable) -> Observable:
        flags = [flag for flag in dict.fromkeys((self.flag, other.flag)) if flag]
        return replace(
            self, value=value, components=parts, unit=unit, low=None, high=None, flag="; ".join(flags), id=""
        )


def _combine(first: Mapping[str, float], a: float, second: Mapping[str, float], b: float) -> dict[str, float]:
    parts: dict[str, float] = {}
    for source in {**first, **second}:
        one, two = first.get(source, 0.0), second.get(source, 0.0)
        # An unknown (infinite) source on both sides is the same unknown: it cancels only if the sensitivities do,
        # and with infinite size that cannot be told, so it stays unknown.
        parts[source] = math.inf if math.isinf(one) or math.isinf(two) else a * one + b * two
    return parts


def _root_sum(sizes: Iterable[float]) -> float:
    return math.sqrt(sum(size * size for size in sizes))


def _quantile(level: float) -> float:
    if level == 0.95:
        return NORMAL_95
    from statistics import NormalDist

    return NormalDist().inv_cdf(0.5 + level / 2)


#: Columns of `observables.csv`, in order.
SCHEMA: tuple[str, ...] = (
    "id", "study", "sample", "variant", "batch", "replicate", "technique", "quantity", "value", "std", "low", "high",
    "level", "unit", "std_random", "std_systematic", "includes", "state", "state_value", "state_low", "state_high",
    "state_unit", "cycle", "method", "fit", "source", "flag",
)  # fmt: skip

_FLOATS = (
    "value",
    "std",
    "low",
    "high",
    "level",
    "std_random",
    "std_systematic",
    "state_value",
    "state_low",
    "state_high",
)


def dtypes() -> dict[str, Any]:
    """Polars types of an observables table: `SCHEMA` and a last column ``components``, a list of (source, size)."""
    import polars as pl

    types: dict[str, Any] = dict.fromkeys(SCHEMA, pl.String)
    types |= dict.fromkeys(_FLOATS, pl.Float64)
    types["cycle"] = pl.Int64
    types["components"] = pl.List(pl.Struct({"source": pl.String, "size": pl.Float64}))
    return types


def to_frame(observables: Iterable[Observable]) -> pl.DataFrame:
    """Table of observables with the columns of `SCHEMA` and ``components``."""
    import polars as pl

    rows = []
    for item in observables:
        state = item.state
        rows.append(
            {
                "id": item.id, "sample": item.sample, "variant": item.variant, "batch": item.batch,
                "replicate": item.replicate, "technique": item.technique, "quantity": item.quantity,
                "value": item.value, "low": item.low, "high": item.high, "level": item.level, "unit": item.unit,
                "state": state.name if state else None, "state_value": state.value if state else None,
                "state_low": state.low if state else None, "state_high": state.high if state else None,
                "state_unit": state.unit if state else None, "cycle": item.cycle, "method": item.method,
                "fit": item.fit, "source": item.source, "flag": item.flag,
                "components": [{"source": source, "size": size} for source, size in item.components.items()],
            }
        )  # fmt: skip
    return finish(pl.DataFrame(rows, schema_overrides=dtypes(), infer_schema_length=None))


def finish(frame: pl.DataFrame) -> pl.DataFrame:
    """Complete a table that has values and components: std, interval, sorts included, missing columns as null.

    A row without components has ``inf`` as std. Rows with a null value keep null std, and the bounds that they came with.
    """
    import polars as pl

    types = dtypes()
    frame = frame.with_columns(
        [pl.lit(None, dtype=kind).alias(name) for name, kind in types.items() if name not in frame.columns]
    )
    frame = frame.with_columns(pl.col("level").fill_null(0.95)).with_columns(
        [pl.col(name).cast(kind) for name, kind in types.items() if name != "components"]
    )
    kinds = pl.DataFrame({"prefix": list(KINDS), "kind": list(KINDS.values())})
    long = (
        frame.select(pl.int_range(pl.len()).alias("_row"), "components")
        .explode("components", empty_as_null=True, keep_nulls=True)
        .unnest("components")
        .filter(pl.col("source").is_not_null())
        .with_columns(pl.col("source").str.split(":").list.first().alias("prefix"))
        .join(kinds, on="prefix", how="left")
        .with_columns(pl.col("kind").fill_null("model"), (pl.col("size") ** 2).alias("_square"))
    )
    random = pl.col("kind").is_in(list(RANDOM_KINDS))
    sums = long.group_by("_row").agg(
        pl.col("_square").sum().sqrt().alias("std"),
        pl.col("_square").filter(random).sum().sqrt().alias("std_random"),
        pl.col("_square").filter(~random).sum().sqrt().alias("std_systematic"),
        pl.col("prefix").filter(pl.col("size").is_finite()).unique().sort().str.join("+").alias("includes"),
    )
    done = (
        frame.drop("std", "std_random", "std_systematic", "includes")
        .with_columns(pl.int_range(pl.len()).alias("_row"))
        .join(sums, on="_row", how="left", maintain_order="left")
    )
    known = pl.col("value").is_not_null()
    done = done.with_columns(
        [
            pl.when(known).then(pl.col(name).fill_null(math.inf)).alias(name)
            for name in ("std", "std_random", "std_systematic")
        ]
    )
    levels = done.get_column("level").unique().to_list()
    half = pl.lit(NORMAL_95)
    for level in levels:
        if level != 0.95:
            half = pl.when(pl.col("level") == level).then(_quantile(level)).otherwise(half)
    done = done.with_columns(
        pl.when(known).then(pl.coalesce("low", pl.col("value") - half * pl.col("std"))).otherwise("low").alias("low"),
        pl.when(known)
        .then(pl.coalesce("high", pl.col("value") + half * pl.col("std")))
        .otherwise("high")
        .alias("high"),
    )
    return done.select(*SCHEMA, "components")


def from_frame(frame: pl.DataFrame) -> list[Observable]:
    """Observables of a table with the columns of `SCHEMA` and ``components``."""
    found = []
    for row in frame.iter_rows(named=True):
        state = None
        if row["state"] is not None:
            state = State(
                row["state"], row["state_value"], row["state_low"], row["state_high"], row["state_unit"] or ""
            )
        parts = {part["source"]: part["size"] for part in row["components"] or ()}
        texts = {name: row[name] or "" for name in _TEXTS}
        found.append(
            Observable(
                value=row["value"],
                components=parts,
                state=state,
                cycle=row["cycle"],
                low=row["low"],
                high=row["high"],
                level=row["level"],
                **texts,
            )
        )
    return found


_TEXTS = (
    "quantity",
    "unit",
    "sample",
    "variant",
    "batch",
    "replicate",
    "technique",
    "method",
    "fit",
    "source",
    "flag",
    "id",
)
