"""A state that a file itself says: taken where nothing is declared, held against the row where something is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.model import Format, Reading, Sample, State, Table, Within
from interlith.workbench import discovery
from interlith.workbench.opening import open_study
from interlith.workbench.reading import measure_all
from interlith.workbench.running.readings import file_words, measurement_of
from interlith.workbench.told_states import settled

RECORDS = pl.DataFrame({"frequency": [1e3, 1.0], "impedance_real": [1.0, 2.0], "impedance_imaginary": [-0.1, -0.2]})


def _read(path: Path, options: Mapping[str, Any]) -> Reading:
    payload = Table(RECORDS.lazy(), tuple(RECORDS.columns))
    inner = Within("cycling", payload, {"voltage": State("voltage", 3.5, 3.5, 3.5, "V")})
    return Reading(payload, state={"temperature": State("temperature", 26.3, 26.3, 26.3, "degC")}, within=(inner,))


TOY = Format(
    name="toy_warm", title="a warm one", patterns=("*.toy",), sniff=lambda head, path: float(head.startswith(b"toy")),
    read=_read, source="made for this test", technique="impedance",
)  # fmt: skip


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    point = SimpleNamespace(name="toy_warm", value="tests", load=lambda: TOY)
    monkeypatch.setattr(discovery, "entry_points", lambda group: [point] if group == "interlith.formats" else [])
    discovery.formats.cache_clear()
    yield
    discovery.formats.cache_clear()


def _state(low: float, high: float, unit: str = "degC") -> State:
    return State("temperature", (low + high) / 2, low, high, unit)


@pytest.mark.parametrize(
    ("declared", "value", "flagged"),
    [("", 26.3, False), ("26 degC", 26, False), ("25 degC", 25, True), ("25 +- 1 degC", 25, False)],
)
def test_the_table_wins_and_a_contradiction_is_told(tmp_path: Path, declared: str, value: float, flagged: bool) -> None:
    (tmp_path / "a.toy").write_bytes(b"toy")
    (tmp_path / "study.yaml").write_text("study: simulated\n", encoding="utf-8")
    table = f"include,file,technique,sample,replicate,temperature\nyes,a.toy,impedance,A,1,{declared}\n"
    (tmp_path / "measurements.csv").write_text(table, encoding="utf-8")
    for _ in ("cold", "warm"):
        (item,) = open_study(tmp_path, execute="inline", store=tmp_path / "store")["impedance"]
        assert item.state["temperature"].value == pytest.approx(value)
        assert [flag.code for flag in item.flags] == ["state_contradicts"] * flagged
        assert all("26.3 degC" in flag.message and "25" in flag.message for flag in item.flags)
        # What a job carries to another process is the same measurement, told once.
        again = measurement_of(file_words(item, {}).reading, file_words(item, {}), Sample("A"), key="", version="1",
                               technique="impedance")  # fmt: skip
        assert again.state == item.state
        assert again.flags == item.flags


def test_a_bare_path_has_the_state_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toy"
    path.write_bytes(b"toy")
    whole, inner = measure_all(path, Sample("A"))
    assert whole.state == {"temperature": State("temperature", 26.3, 26.3, 26.3, "degC")}
    # The mean over a file need not hold for one part of it.
    assert set(inner.state) == {"voltage"}
    declared = measure_all(path, Sample("A"), state={"temperature": _state(59.5, 60.5)})[0]
    assert declared.state["temperature"].value == 60
    assert [flag.code for flag in declared.flags] == ["state_contradicts"]


def test_units_are_converted_and_others_are_told() -> None:
    kelvin = _state(299.4, 299.5, "K")
    assert settled({"temperature": _state(26.2, 26.4)}, {"temperature": kelvin})[1] == ()
    assert settled({"temperature": _state(26.4, 26.5)}, {"temperature": kelvin})[1] != ()
    assert settled({"temperature": _state(26.2, 26.4)}, {"temperature": _state(26.2, 26.4, "V")})[1] != ()


@given(st.tuples(st.floats(-200, 900), st.floats(0, 50)), st.tuples(st.floats(-200, 900), st.floats(0, 50)))
def test_only_intervals_apart_contradict(first: tuple[float, float], second: tuple[float, float]) -> None:
    declared, told = (_state(low, low + width) for low, width in (first, second))
    found, flags = settled({"temperature": declared}, {"temperature": told})
    assert found == {"temperature": declared}
    apart = max(declared.low, told.low) - min(declared.high, told.high)
    if abs(apart) > 1e-5:
        assert bool(flags) == (apart > 0)
