"""Which peak of dQ/dV is the same in all half-cycles and all cells, and what are its position, height and area?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from interlith.model import Agreement, Decision, Given, Observable, Result, Step
from interlith.numerics.peaks import Identity, track
from interlith.techniques.cycling.over_cycles import Cell, Scale, cells, cycle_state, result, scale_of, voltage_std
from interlith.techniques.cycling.resolution import DIRECTIONS, asked, settings_given, wanted

#: Two samples of one peak are looked for within this many gates: cells differ more than neighbouring cycles.
_BETWEEN_CELLS = 1.5
#: Columns of the table of named peaks, also where it is empty.
PEAK_SCHEMA = {
    "sample": pl.String, "variant": pl.String, "half_cycle": pl.Int64, "cycle": pl.Int64, "direction": pl.String,
    "peak": pl.String,
} | dict.fromkeys(
    ("position", "position_std", "height", "height_std", "area", "area_std", "low", "high", "width"), pl.Float64
) | {"at_edge": pl.Boolean, "unit": pl.String}  # fmt: skip
#: An identity in an agreement: number, position (V) and size (Ah) where it was seen first.
Known = list[list[float]]


def identities(sightings: Sequence[pl.DataFrame], *, gate: float) -> dict[str, Known]:
    """The peaks of all cells by direction, each where it was seen first, so that one peak has one name everywhere.

    Parameters
    ----------
    sightings
        Peaks of the cells, see `interlith.techniques.cycling.derivative_curves.SIGHTING_SCHEMA`.
    gate
        Largest shift (V) of a peak from one half-cycle to the next.
    """
    found: dict[str, Known] = {}
    for direction in DIRECTIONS:
        known: dict[int, Identity] = {}
        for frame in sightings:
            for cell in frame.filter(pl.col("direction") == direction).partition_by("sample", maintain_order=True):
                members = _members(cell)
                for row, member in zip(_names(members, list(known.values()), gate), members, strict=True):
                    for name, seen in zip(row, member, strict=True):
                        known.setdefault(name, Identity(name, *seen))
        found[direction] = [[item.name, item.position, item.size] for item in known.values()]
    return found


def _members(cell: pl.DataFrame) -> list[list[tuple[float, float]]]:
    """Position and size of the peaks of each half-cycle of a cell."""
    return [
        list(half.select("position", "size").iter_rows())
        for half in cell.partition_by("half_cycle", maintain_order=True)
    ]


def _names(members: list[list[tuple[float, float]]], known: Sequence[Identity], gate: float) -> list[list[int]]:
    """Numbers of the peaks of each half-cycle of one cell and direction."""
    if not members:
        return []
    # Peaks are named alike in all cells: those of the cell's first half-cycle are looked up among the known ones.
    first, _ = track(members[:1], gate=_BETWEEN_CELLS * gate, known=known)
    start = [Identity(name, *seen) for name, seen in zip(first[0], members[0], strict=True)]
    waiting = [item for item in known if item.name not in {one.name for one in start}]
    names, _ = track(members, gate=gate, known=[*start, *waiting])
    return names


def named(summary: Result, sightings: pl.DataFrame, known: Mapping[str, Known], *, gate: float) -> Result:
    """The peaks of the cells of a summary with their names, as table and as observables.

    Parameters
    ----------
    summary
        Result of `summarise`.
    sightings
        Peaks of its cells.
    known
        As `identities`, over all cells that are to share names.
    gate
        Largest shift (V) of a peak from one half-cycle to the next.
    """
    scales, offsets = scale_of(summary), voltage_std(summary)
    observables: list[Observable] = []
    rows: list[dict[str, Any]] = []
    for cell in cells(summary):
        for direction in DIRECTIONS:
            own = sightings.filter((pl.col("sample") == cell.sample) & (pl.col("direction") == direction))
            alike = [Identity(int(name), position, size) for name, position, size in known[direction]]
            numbers = [number for row in _names(_members(own), alike, gate) for number in row]
            for number, seen in zip(numbers, own.iter_rows(named=True), strict=True):
                observables += _observables(cell, number, seen, scales[cell.sample], offsets.get(cell.sample))
                rows.append({"peak": f"P{number}"} | {name: seen[name] for name in PEAK_SCHEMA if name != "peak"})
    return result(
        "peaks", summary, observables, data={"peaks": pl.DataFrame(rows, schema=PEAK_SCHEMA)}, quality=(),
        options={"gate": gate}, method="peaks in order along the cycles", methods_text="",
    )  # fmt: skip


def _observables(
    cell: Cell, number: int, seen: Mapping[str, Any], scale: Scale, offset: tuple[str, float] | None
) -> list[Observable]:
    cycle = int(seen["cycle"])
    stem, fit = f"dqdv_{seen['direction']}_P{number}", f"half-cycle {seen['half_cycle']}"
    source = f"noise:{cell.sample}/{stem}/{cycle}"
    words = [] if seen["complete"] else ["the half-cycle is incomplete"]
    if seen["finer"]:
        words.append("the resolution is finer than quantum, noise or sampling of this half-cycle")
    if seen["at_edge"]:
        words.append("within two resolutions of the end of the branch: one flank is cut off")
    flag = "; ".join(words)
    method = f"density of charge over voltage, resolution {1e3 * seen['resolution']:.3g} mV"
    resolved = {f"model:{cell.sample}/{stem}/resolution": seen["bias"]}
    position = {source: seen["position_std"]} | resolved | ({} if offset is None else {offset[0]: offset[1]})
    heights = {source: seen["height_std"]} | scale.components(seen["height"])
    areas = {source: seen["area_std"]} | scale.components(seen["area"])
    rows = (
        ("voltage", seen["position"], "V", position),
        ("height", seen["height"], f"{scale.unit}/V", heights),
        ("area", seen["area"], scale.unit, areas),
    )
    return [
        cell.observable(f"{stem}_{what}", value, unit, parts, cycle=cycle, state=cycle_state(cycle), method=method,
                        fit=fit, flag=flag)
        for what, value, unit, parts in rows
    ]  # fmt: skip


def agree(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    """The peaks of all cells."""
    frames = [one.data["sightings"] for one in results["differential"]]
    return Agreement(identities(frames, gate=settings_given(options).gate))


def run(given: Given) -> Result:
    """The named peaks of one specimen."""
    known = {direction: given.agreed[direction] for direction in DIRECTIONS}
    sightings = given.result("differential").data["sightings"]
    return named(given.result("summary"), sightings, known, gate=settings_given(given.options).gate)


STEP = Step(
    "peaks",
    run,
    after=("differential", "summary"),
    words=("dqdv",),
    agree=agree,
    wanted=wanted,
    asked=asked,
    shown=False,
)
