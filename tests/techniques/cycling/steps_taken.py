"""Series with a digest a file, all steps taken in memory, and decisions in short."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from interlith.model import Decision, Flag, Result, Sample, Series, read_target
from interlith.model.decision import Value
from interlith.model.stepping import in_steps
from interlith.techniques.cycling.analysis import STEPS
from tests.techniques.cycling.frames import cell, measurement


def files(*parts: pl.DataFrame, sample: Sample | None = None) -> Series:
    """One test in one or more files, each with a digest of its own."""
    made = []
    owner = sample or cell()
    for number, frame in enumerate(parts):
        item = measurement(frame, owner, part=number, name=f"{owner.name}_{number}.csv")
        digest = hashlib.sha256(item.source.path.encode()).hexdigest()
        made.append(replace(item, source=replace(item.source, sha256=digest)))
    return Series(tuple(made))


def together(*series: Series) -> Series:
    """Several cells."""
    return Series(tuple(item for one in series for item in one))


def decision(series: Series | None, part: str, field: str, value: Value, *, number: int = 0) -> Decision:
    """A decision about a part of a file, or about all cells where there is no series."""
    if series is None:
        return Decision(read_target(part), field, value, "see the lab book", "mk", line=4)
    source = series[number].source
    target = read_target(f"{source.path}#sha256:{source.sha256[:12]}/{part}")
    return Decision(target, field, value, "see the lab book", "mk", line=4)


def taken(series: Series, *decisions: Decision, options: Mapping[str, Any] | None = None) -> dict[str, Result]:
    """Results by name."""
    found = in_steps(STEPS, series, options or {}, decisions, technique="cycling")
    return {one.name: one for one in found}


def vanished(results: Mapping[str, Result]) -> list[Flag]:
    """What is told of decisions that changed nothing, once each."""
    every = [flag for one in results.values() for told in one.flags.values() for flag in told]
    return [flag for flag in dict.fromkeys(every) if flag.code == "decision_vanished"]
