"""Are wrong words and values under ``analyses: cycling:`` told by name, and does one failure leave the rest?"""

from __future__ import annotations

from typing import Any

import pytest

from interlith.errors import FitError, StudyError
from interlith.model import Series
from interlith.techniques.cycling import analysis, derivative_curves, fade, rates, retention
from interlith.techniques.cycling.analysis import analyse, check_options
from interlith.techniques.cycling.derivative import differential
from interlith.techniques.cycling.figures import figures
from interlith.techniques.cycling.rates import rate_table
from interlith.techniques.cycling.summary import summarise
from tests.techniques.cycling.frames import cell, cycles, logged, measurement, series

WRONG: list[tuple[str, Any]] = [
    ("reference_cycle", "four"), ("reference_cycle", 2.7), ("reference_cycle", True), ("reference_cycle", None),
    ("fade_window", [1]), ("fade_window", 5), ("fade_window", ["a", "b"]), ("fade_window", [9, 2]),
    ("rate_blocks", 5), ("rate_blocks", [5]), ("rate_blocks", [{"cycles": 1.5}]), ("rate_blocks", [{"cycles": "1-5", "rate": "fast"}]),
    ("rate_blocks", [{"cycles": "1-5", "current": 5}]), ("rate_blocks", {"cycles": "1-5"}),
    ("exclude_rate", "foo"), ("exclude_rate", 0), ("exclude_rate", ["C/10", "x"]), ("exclude_rate", True),
    ("normalise", "mass"), ("normalise", 5), ("normalise", ["area"]),
    ("dqdv", True), ("dqdv", "yes"), ("dqdv", {"cycles": 5}), ("dqdv", {"points": 3}), ("dqdv", {"resolution": "5 mA"}), ("dqdv", {"width": 1}),
    ("plateau", "4.45 V"), ("plateau", {"split": "high"}), ("plateau", {"cycle": "first"}), ("plateau", {"direction": "up"}),
    ("titration", "5 um"), ("titration", {"particle_radius": 5}),
]  # fmt: skip


@pytest.mark.parametrize(("word", "value"), WRONG)
def test_a_wrong_value_is_told_before_anything_runs(word: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("ran before the options were checked")

    monkeypatch.setattr(analysis, "in_steps", never)
    with pytest.raises(StudyError, match=rf"{word}: .*Write for instance {word}: "):
        analyse(series(logged(cycles(2))), {word: value})


def test_good_values_pass() -> None:
    check_options({
        "reference_cycle": 3, "exclude_rate": ["C/10", 0.05], "normalise": "area", "fade_window": [10, 200],
        "rate_blocks": [{"cycles": "1-5", "rate": "C/10"}, {"cycles": [6, 10], "current": "1 mA"}, {"cycles": 11}],
        "plateau": {"split": None, "split_std": 0.02, "cycle": 1, "direction": "discharge"},
        "dqdv": {"cycles": [1, 10], "resolution": "5 mV", "points": 200, "gate": "40 mV", "charge_share": 0.02},
        "titration": {"particle_radius": "5 +- 1 um"}, "mapping": {"current": "I"},
    })  # fmt: skip
    for off in (False, "off", None, {}):
        check_options({"dqdv": off})


def test_a_reference_cycle_that_is_not_there_costs_only_the_retention() -> None:
    both = Series(tuple(measurement(logged(cycles(6, fade=0.01)), cell(name)) for name in ("A1", "A2")))
    results = {result.name: result for result in analyse(both, {"reference_cycle": 99})}
    plain = {result.name: result for result in analyse(both, {})}
    assert results["summary"].table.equals(plain["summary"].table)
    assert "differential" not in plain or results["differential"].table.equals(plain["differential"].table)
    kept = results["retention"]
    assert kept.table.is_empty()
    assert kept.table.columns == results["summary"].table.columns
    assert kept.quality["sample"].to_list() == ["A1", "A2"]
    assert not kept.quality["ok"].any()
    assert all("no cycle 99" in reason for reason in kept.quality["reason"].to_list())


def test_several_excluded_rates() -> None:
    results = {
        r.name: r
        for r in analyse(series(logged(cycles(6, fade=0.01))), {"exclude_rate": ["C/10", "C/20"], "reference_cycle": 1})
    }
    assert results["retention"].table.height == 6


def test_empty_tables_have_their_columns() -> None:
    two = summarise(series(logged(cycles(2), interval=600.0)))
    peaks = differential(two, cycles=[99])
    assert peaks.data["peaks"].is_empty()
    assert {"sample", "cycle", "direction", "peak", "position"} <= set(peaks.data["peaks"].columns)
    assert {"voltage", "dqdv"} <= set(peaks.data["dqdv"].columns)
    assert {"charge", "dvdq"} <= set(peaks.data["dvdq"].columns)
    assert {"integral"} <= set(peaks.data["areas"].columns)
    blocks = rate_table(two).data["blocks"]
    assert blocks.is_empty()
    assert {"sample", "block", "rate", "mean"} <= set(blocks.columns)


def test_a_failed_analysis_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise FitError("nothing to fit")

    for module, name in (
        (retention, "retention"),
        (fade, "lines_of"),
        (rates, "rate_table"),
        (derivative_curves, "curves"),
    ):
        monkeypatch.setattr(module, name, fails)
    asked = {"reference_cycle": 1, "fade_window": [1, 5], "rate_blocks": [{"cycles": "1-5"}], "dqdv": {"points": 100}}
    results = analyse(series(logged(cycles(6, fade=0.01))), asked)
    # No retention is tried: its default reference cycle would come from the decay.
    assert [result.name for result in results] == ["summary", "fade", "rate_table", "differential"]
    assert all(not result.quality["ok"].any() for result in results[1:])
    assert figures(results)
