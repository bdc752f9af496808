"""Observables of small studies for the evidence tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from interlith.model import Observable, State

Make = Callable[..., list[Observable]]


@pytest.fixture
def cells() -> Make:
    """Cells of one variant at one cycle, each with its own counter error unless components are given."""

    def make(
        variant: str,
        values: list[float],
        *,
        quantity: str = "capacity_retention",
        unit: str = "%",
        batches: list[str] | None = None,
        cycle: int = 200,
        components: Mapping[str, float] | None = None,
    ) -> list[Observable]:
        return [
            Observable(
                quantity,
                value,
                unit,
                f"{variant}_{index}",
                {f"counter:{variant}_{index}": 0.05} if components is None else dict(components),
                variant,
                "b1" if batches is None else batches[index],
                state=State("cycle", cycle, cycle, cycle, "1"),
                cycle=cycle,
            )
            for index, value in enumerate(values)
        ]

    return make
