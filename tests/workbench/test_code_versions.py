"""Every module whose code runs in a step is in the code version of that step, so that an edit of it is never overlooked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import interlith
from interlith.model import Given, Result, Step
from interlith.workbench.discovery import formats, techniques
from interlith.workbench.running import performing
from interlith.workbench.running.code_versions import code_of, numerical_versions
from interlith.workbench.running.run import run
from interlith.workbench.running.waves import Waves
from tests.formats.samples import SAMPLES

from .folders import rows, write_cell, write_study

ROOT = Path(interlith.__file__).parent
#: What carries results to and from steps bit for bit, and is named in keys by its arrangement.
PLUMBING = ("interlith.workbench.",)
EVERYTHING = (
    "{reference_cycle: 1, plateau: {split: 3.5 V}, rate_blocks: [{cycles: 1-2, rate: C/10}], fade_window: [1, 3], "
    "exclude_rate: 1C, titration: {particle_radius: 5 +- 1 um}}"
)
DECISIONS = """\
- {target: cycling, field: reference_cycle, value: 2, reason: seen}
- {target: cycling, field: split_voltage, value: 3.6 V, reason: seen}
- {target: cycling, field: resolution, value: 20 mV, reason: seen}
"""


class Traced:
    """Which modules of ours ran code, by what ran."""

    def __init__(self) -> None:
        self.ran: dict[str, set[str]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        found = self.ran.setdefault(name, set())

        def look(frame: Any, event: str, _: object) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(str(ROOT)):
                found.add(frame.f_code.co_filename)

        before = sys.getprofile()
        sys.setprofile(look)
        try:
            yield
        finally:
            sys.setprofile(before)

    def modules(self, name: str) -> set[str]:
        dotted = {
            ".".join(["interlith", *Path(path).relative_to(ROOT).with_suffix("").parts]).removesuffix(".__init__")
            for path in self.ran[name]
        }
        return {module for module in dotted if not module.startswith(PLUMBING)}


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Traced:
    """Traces steps, agreements and readers of all runs."""
    found = Traced()
    attempt, agreed, read = performing._attempt, Waves._agreed, performing.read_file

    def traced_attempt(step: Step, given: Given, *rest: Any) -> Any:
        def traced_run(given: Given) -> Result:
            with found.of(f"step {step.name}"):
                return step.run(given)

        return attempt(replace(step, run=traced_run), given, *rest)

    def traced_agreed(self: Waves, agree: Callable[..., Any], *rest: Any) -> Any:
        def traced_agree(*given: Any) -> Any:
            with found.of(f"agree {agree.__module__}"):
                return agree(*given)

        return agreed(self, traced_agree, *rest)

    def traced_read(path: Path, *, format_name: str, options: Any) -> Any:
        with found.of(f"read {format_name}"):
            return read(path, format_name=format_name, options=options)

    monkeypatch.setattr(performing, "_attempt", traced_attempt)
    monkeypatch.setattr(Waves, "_agreed", traced_agreed)
    monkeypatch.setattr(performing, "read_file", traced_read)
    return found


def test_what_runs_in_a_step_is_in_its_version(tmp_path: Path, traced: Traced) -> None:
    folder = write_study(tmp_path / "study")
    # A file that breaks off and goes on elsewhere: one cell of two parts.
    whole = rows(4, fade=0.03)
    write_cell(folder / "cells" / "long.csv", whole.head(whole.height // 2))
    write_cell(folder / "cells" / "long_part2.csv", whole.tail(whole.height - whole.height // 2))
    with (folder / "measurements.csv").open("a", encoding="utf-8") as handle:
        for name in ("long", "long_part2"):
            handle.write(f"yes,cells/{name}.csv,cycling,coated,b1,9,7.1 mg,balance,,LP30,,,26 degC,,,\n")
    text = (folder / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text.replace("{reference_cycle: 1}", EVERYTHING), encoding="utf-8")
    run(folder, execute="inline")
    (folder / "decisions.yaml").write_text(DECISIONS, encoding="utf-8")
    run(folder, execute="inline")
    steps = techniques()["cycling"].steps
    assert {f"step {step.name}" for step in steps} <= traced.ran.keys()
    assert {f"agree {step.agree.__module__}" for step in steps if step.agree is not None} <= traced.ran.keys()
    for step in steps:
        assert len(traced.modules(f"step {step.name}")) > 1
        assert traced.modules(f"step {step.name}") <= set(code_of(step.run.__module__).modules), step.name
        if step.agree is not None:
            module = step.agree.__module__
            assert traced.modules(f"agree {module}") <= set(code_of(module).modules), module
    reader = formats()["neware_csv"].read.__module__
    assert traced.modules("read neware_csv") <= set(code_of(reader).modules)


@pytest.mark.parametrize("name", [name for name, one in formats().items() if one.write is not None])
def test_what_runs_in_a_reader_is_in_its_version(name: str, tmp_path: Path, traced: Traced) -> None:
    format_ = formats()[name]
    sample = SAMPLES[name]
    path = tmp_path / sample.file
    sample.write(path)
    with traced.of("read"):
        format_.read(path, dict(sample.options))
    with traced.of("sniff"):
        format_.sniff(path.read_bytes()[:65_536], path)
    assert traced.modules("read") <= set(code_of(format_.read.__module__).modules)
    assert traced.modules("sniff") <= set(code_of(format_.sniff.__module__).modules)


def test_python_and_the_libraries_are_in_the_version() -> None:
    code = code_of("interlith.techniques.cycling.retention")
    assert set(code.versions) >= {"python", "polars"}
    assert code.versions["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert set(numerical_versions()) > set(code.versions)
