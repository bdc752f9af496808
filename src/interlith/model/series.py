"""Which measurements, in which order, along which state?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from interlith.errors import StudyError, nearest
from interlith.model.measurement import Measurement
from interlith.model.sample import Sample

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Series:
    """An ordered tuple of measurements with one state table; a single measurement is a series of length one."""

    measurements: tuple[Measurement, ...]
    axis: str | None = None

    def __len__(self) -> int:
        return len(self.measurements)

    def __iter__(self) -> Iterator[Measurement]:
        return iter(self.measurements)

    def __getitem__(self, index: int) -> Measurement:
        return self.measurements[index]

    @property
    def state(self) -> pl.DataFrame:
        """State of every measurement: one row each, value, low and high of every state variable."""
        import polars as pl

        rows = []
        for number, item in enumerate(self.measurements):
            row: dict[str, object] = {"index": number, "sample": item.sample.name, "variant": item.sample.variant}
            for name, state in item.state.items():
                row |= {name: state.value, f"{name}_low": state.low, f"{name}_high": state.high}
            rows.append(row)
        return pl.DataFrame(rows, infer_schema_length=None)

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The specimens, in order of first appearance."""
        return tuple({item.sample.name: item.sample for item in self.measurements}.values())

    def where(
        self,
        *,
        sample: str | None = None,
        variant: str | None = None,
        batch: str | None = None,
        replicate: str | None = None,
    ) -> Series:
        """Keep the measurements of a specimen, variant, batch or replicate.

        `sample` accepts the name of a specimen or of a variant, as a user would say it.

        Raises
        ------
        StudyError
            If a name occurs nowhere in the series.
        """
        kept = list(self.measurements)
        wanted = {"sample": sample, "variant": variant, "batch": batch, "replicate": replicate}
        for name, value in wanted.items():
            if value is None:
                continue
            known = {_identity(item, name) for item in self.measurements}
            if name == "sample":
                known |= {item.sample.variant for item in self.measurements}
            if value not in known:
                raise StudyError(f"The series has no {name} '{value}'; {nearest(value, known)}.")
            kept = [
                item
                for item in kept
                if _identity(item, name) == value or (name == "sample" and item.sample.variant == value)
            ]
        return replace(self, measurements=tuple(kept))

    def order_by(self, name: str) -> Series:
        """Order by a state variable; measurements without it raise.

        Raises
        ------
        StudyError
            If a measurement has no such state: the message names the file.
        """
        for item in self.measurements:
            if name not in item.state:
                raise StudyError(f"{item.source.path} has no state '{name}'; {nearest(name, item.state)}.")
        ordered = sorted(self.measurements, key=lambda item: item.state[name].value)
        return Series(tuple(ordered), axis=name)

    def by_sample(self) -> dict[str, Series]:
        """Split into one series a specimen; parts of a restarted test stay together, in order."""
        groups: dict[str, list[Measurement]] = {}
        for item in self.measurements:
            groups.setdefault(item.sample.name, []).append(item)
        return {name: Series(tuple(sorted(items, key=lambda m: m.part)), self.axis) for name, items in groups.items()}


def _identity(item: Measurement, name: str) -> str:
    return item.sample.name if name == "sample" else str(getattr(item.sample, name))
