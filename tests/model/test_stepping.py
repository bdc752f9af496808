"""Are steps taken once each, in order, with nothing but what they declare, and put together without touching a table?"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import xarray as xr

from interlith.errors import FitError
from interlith.model import (
    Agreement,
    Choice,
    Decision,
    Flag,
    Given,
    How,
    Measurement,
    Observable,
    Refusal,
    Result,
    Sample,
    Series,
    Source,
    Step,
    Table,
    read_target,
    to_frame,
)
from interlith.model.merging import merged, parted, refused, restated
from interlith.model.stepping import agreed, in_steps

CALLS: list[str] = []


def _measurement(sample: str, size: float, part: int = 0) -> Measurement:
    frame = pl.LazyFrame({"size": [size]})
    source = Source(f"{sample}_{part}.csv", f"{hash((sample, part)) & 0xFFFFFFFF:064x}", 1, "made", "1")
    return Measurement(Sample(sample), "made", source, Table(frame, ("size",)), part=part)


def _result(step: str, sample: str, value: float | None = None, **more: Any) -> Result:
    rows = (
        []
        if value is None
        else [Observable("size", value, "1", sample, components={"noise:x": 0.1}, flag="" if value else "none")]
    )
    quality = pl.DataFrame({"sample": [sample], "step": [step], "ok": [True], "reason": [""]})
    return replace(Result("made", step, to_frame(rows), {}, quality, How("made", step)), **more)


def _weigh(given: Given) -> Result:
    item = given.series[0]
    CALLS.append(f"weigh {item.source.path}")
    assert isinstance(item.payload, Table)
    size = float(item.payload.frame.collect().item())
    if size < 0:
        raise FitError("it weighs less than nothing.")
    return _result("weigh", "", data={"weight": pl.DataFrame({"size": [size]})}, quality=refused(()))


def _add(given: Given) -> Result:
    sample = given.series[0].sample.name
    CALLS.append(f"add {sample}")
    total = sum(one.data["weight"].item() for one in given.results["weigh"])
    frame = pl.DataFrame({"sample": [sample], "total": [total * float(given.options.get("factor", 1.0))]})
    decided = tuple(
        Choice(one.target.text, one.field, str(one.value), "1", 1.0, (), one.reason, one.who) for one in given.decisions
    )
    return _result(
        "add", sample, total, data={"totals": frame}, choices=decided, flags={sample: (Flag("seen", sample),)}
    )


def _share(given: Given) -> Result:
    assert not len(given.series)  # it does not read
    assert set(given.results) == {"add"}
    assert not given.options
    frame = given.result("add").data["totals"]
    if frame.item(0, "total") == 0:
        raise FitError("there is nothing.")
    return _result("share", frame.item(0, "sample"), frame.item(0, "total") / given.agreed["largest"], choices=(SAME,))


def _largest(
    results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
) -> Agreement:
    found = max(one.data["totals"].item(0, "total") for one in results["add"])
    return Agreement({"largest": found}, (Choice("made", "largest", str(found), "", 0.5, (), "the largest."),))


def _behind(given: Given) -> Result:
    frame = given.result("add").data["totals"].rename({"total": "behind"})
    return _result("behind", frame.item(0, "sample"), quality=refused(()), data={"behind": frame})


SAME = Choice("made", "same", "1", "2", 0.5, (), "in all of them.")
STEPS = (
    Step("weigh", _weigh, over="file", reads=True, shown=False),
    Step("add", _add, after=("weigh",), words=("factor",), decides={"factor": "a number"}, reads=True),
    Step("behind", _behind, after=("add",), shown=False),
    Step("share", _share, after=("add",), agree=_largest, asked=lambda options: "share" in options),
    Step("never", _share, after=("add",), wanted=lambda options: "never" in options),
)  # fmt: skip


def _run(series: Series, options: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Result]:
    CALLS.clear()
    return {one.name: one for one in in_steps(STEPS, series, options or {}, technique="made", **more)}


def test_files_are_taken_where_they_are_needed_and_once() -> None:
    found = _run(Series((_measurement("A", 1.0), _measurement("B", 2.0), _measurement("A", 3.0, part=1))))
    assert CALLS == ["weigh A_0.csv", "weigh A_1.csv", "add A", "weigh B_0.csv", "add B"]
    assert list(found) == ["add", "share"]
    assert found["add"].table["value"].to_list() == [4.0, 2.0]
    assert found["share"].table["value"].to_list() == [1.0, 0.5]


def test_a_hidden_step_stands_with_the_one_before_it() -> None:
    found = _run(Series((_measurement("A", 1.0), _measurement("B", 2.0))))
    assert set(found["add"].data) == {"totals", "behind"}
    assert found["add"].data["behind"]["behind"].to_list() == [1.0, 2.0]


def test_agreed_choices_and_choices_of_all_are_told_once() -> None:
    found = _run(Series((_measurement("A", 1.0), _measurement("B", 2.0))))
    assert [one.field for one in found["share"].choices] == ["largest", "same"]
    assert found["add"].flags == {"A": (Flag("seen", "A"),), "B": (Flag("seen", "B"),)}


def test_options_without_a_value_are_absent() -> None:
    found = _run(Series((_measurement("A", 1.0),)), {"factor": None, "never": None})
    assert found["add"].data["totals"].item(0, "total") == 1.0
    assert "never" not in found
    assert _run(Series((_measurement("A", 1.0),)), {"factor": 3.0})["add"].data["totals"].item(0, "total") == 3.0


def test_what_a_file_refuses_its_specimen_refuses_by_name() -> None:
    found = _run(Series((_measurement("A", -1.0), _measurement("B", 2.0))))
    quality = found["add"].quality.rows()
    assert quality == [("A", "add", False, "A_0.csv: it weighs less than nothing."), ("B", "add", True, "")]
    assert found["share"].quality["sample"].to_list() == ["B"]


def test_a_refusal_is_told_only_where_somebody_asked() -> None:
    series = Series((_measurement("A", 0.0), _measurement("B", 2.0), _measurement("C", 0.0)))
    assert _run(series)["share"].quality["sample"].to_list() == ["B"]
    told = _run(series, {"share": True})["share"].quality
    assert told.rows() == [
        ("A", "share", False, "there is nothing."),
        ("B", "share", True, ""),
        ("C", "share", False, "there is nothing."),
    ]
    nobody = Series((_measurement("A", 0.0),))
    assert "share" not in _run(nobody)
    empty = _run(nobody, {"share": True})["share"]
    assert (empty.table.height, empty.table.columns, empty.how.technique) == (0, to_frame(()).columns, "made")


def test_decisions_reach_their_specimen_and_step_alone() -> None:
    items = (_measurement("A", 1.0), _measurement("B", 2.0))
    about = read_target(f"A.csv#sha256:{items[0].source.sha256[:12]}/total")
    mine = Decision(about, "factor", 2, "because", "mk")
    other = Decision(read_target("x#sha256:abcdefabcdef"), "factor", 3, "elsewhere", "mk")
    word = Decision(read_target("another"), "factor", 3, "another technique", "mk")
    found = _run(Series(items), decisions=(mine, other, word))
    assert [(one.target, one.value, one.who) for one in found["add"].choices] == [(about.text, "2", "mk")]
    moved = replace(mine, target=read_target(about.text.replace("A.csv", "b/A.csv")), reason="another reason", who="xy")
    (again,) = (restated(one, (moved,)) for one in found["add"].choices)
    assert (again.target, again.reason, again.who, again.value) == (moved.target.text, "another reason", "xy", "2")
    assert restated(SAME, (moved,)) == SAME
    overridden = replace(again, reason="an old reason [study.yaml: 4]")
    assert restated(overridden, (moved,)).reason == "another reason [study.yaml: 4]"


def test_earlier_outcomes_may_be_known() -> None:
    series = Series((_measurement("A", 1.0), _measurement("B", 2.0)))
    whole = _run(series)
    known = {"add": parted(whole["add"])}
    (again,) = in_steps(STEPS[3:4], Series(()), {}, technique="made", known=known)
    assert again.table.equals(whole["share"].table)
    known["add"]["B"] = Refusal("made", "add", "B", "lost")  # type: ignore[assignment]
    (less,) = in_steps(STEPS[3:4], Series(()), {}, technique="made", known=known)
    assert less.table["sample"].to_list() == ["A"]


def test_agreed_sees_its_own_words_and_fields() -> None:
    seen: list[object] = []

    def spy(
        results: Mapping[str, Sequence[Result]], options: Mapping[str, Any], decisions: Sequence[Decision]
    ) -> Agreement:
        seen.extend([sorted(results), dict(options), [one.field for one in decisions]])
        return Agreement()

    step = Step("x", _share, after=("add",), words=("a",), decides={"f": "..."}, agree=spy)
    every = [Decision(read_target("made"), name, 1, "r") for name in ("f", "g")]
    agreed(step, {"add": [], "other": []}, {"a": 1, "b": 2}, every)
    assert seen == [["add"], {"a": 1}, ["f"]]


class _Watched(Mapping[str, Any]):
    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value, self.touched = name, value, 0

    def __getitem__(self, name: str) -> Any:
        self.touched += 1
        return {self.name: self.value}[name]

    def __iter__(self) -> Iterator[str]:
        return iter((self.name,))

    def __contains__(self, name: object) -> bool:
        return name == self.name

    def __len__(self) -> int:
        return 1


def test_a_table_is_touched_when_it_is_asked_for_and_then_once() -> None:
    parts = [_Watched("a", pl.DataFrame({"x": [number]})) for number in (1, 2)]
    found = merged([_result("s", name, data=part) for name, part in zip("AB", parts, strict=True)])
    assert "a" in found.data
    assert found.data.get("b") is None
    assert [part.touched for part in parts] == [0, 0]
    for _ in range(2):
        assert found.data["a"]["x"].to_list() == [1, 2]
    assert [part.touched for part in parts] == [1, 1]


def test_empty_tables_and_unlike_types_merge() -> None:
    frames = [pl.DataFrame(), pl.DataFrame({"x": [None]}), pl.DataFrame({"x": [1.5]})]
    found = merged([_result("s", str(number), data={"a": frame}) for number, frame in enumerate(frames)])
    assert found.data["a"]["x"].to_list() == [None, 1.5]
    assert merged([_result("s", "0", data={"a": pl.DataFrame()})] * 2).data["a"].is_empty()


def test_datasets_stay_apart() -> None:
    sets = [xr.Dataset({"x": ("i", np.full(number, number))}) for number in (1, 2)]
    found = merged([_result("s", name, data={"a": one}) for name, one in zip("AB", sets, strict=True)])
    assert sorted(found.data) == ["a/A", "a/B"]
    assert found.data["a/B"].identical(sets[1])
    with pytest.raises(KeyError):
        found.data["a"]


def test_what_is_known_of_files_goes_when_no_step_needs_it() -> None:
    held: list[weakref.ref[_Watched]] = []
    most: list[int] = []

    def alive() -> int:
        return sum(one() is not None for one in held)

    def read(given: Given) -> Result:
        data = _Watched("weight", pl.DataFrame({"size": [1.0]}))
        held.append(weakref.ref(data))
        most.append(alive())
        return _result("read", "", data=data, quality=refused(()))

    def used(given: Given) -> Result:
        return _result("used", given.series[0].sample.name, 1.0)

    steps = (Step("read", read, over="file", reads=True, shown=False), Step("used", used, after=("read",), reads=True))
    series = Series(tuple(_measurement(name, 1.0) for name in "ABCD"))
    (found,) = in_steps(steps, series, {}, technique="made")
    assert found.table.height == 4
    assert (max(most), alive()) == (1, 0)
