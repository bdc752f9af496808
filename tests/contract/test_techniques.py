"""What every technique must keep, ours and those of others."""

from __future__ import annotations

import contextlib
import inspect
import sys

import numpy as np
import polars as pl
import pytest

from interlith.errors import FitError
from interlith.model import SCHEMA, Figure, Result, Series, Technique
from interlith.model.stepping import in_steps
from interlith.workbench.declaring.schema import TECHNIQUE_WORDS
from interlith.workbench.discovery import techniques

EVERY = pytest.mark.parametrize("technique", list(techniques().values()), ids=list(techniques()))


@pytest.fixture(scope="module")
def analysed() -> dict[str, tuple[Result, ...]]:
    """Each technique run once on its own example."""
    done = {}
    for name, technique in techniques().items():
        example = technique.example()
        done[name] = technique.analyse(example.series, example.options)
    return done


@EVERY
def test_it_is_declared(technique: Technique) -> None:
    assert technique.name in TECHNIQUE_WORDS
    assert technique.payload in ("table", "arrays", "run")
    assert technique.needs
    assert all(sentence.strip() for sentence in technique.options.values())
    assert all(cite.key and cite.text and cite.bibtex.startswith("@") for cite in technique.cites)


@EVERY
def test_its_verbs_are_documented_and_say_what_they_return(technique: Technique) -> None:
    for name, verb in technique.verbs.items():
        assert verb.__doc__, name
        assert len(verb.__doc__) > 80, name
        signature = inspect.signature(verb)
        assert signature.return_annotation not in (inspect.Signature.empty, None), name
        kinds = [parameter.kind for parameter in list(signature.parameters.values())[2:]]
        assert all(kind is inspect.Parameter.KEYWORD_ONLY for kind in kinds), name


@EVERY
def test_its_observables_have_the_published_columns(
    technique: Technique, analysed: dict[str, tuple[Result, ...]]
) -> None:
    for result in analysed[technique.name]:
        assert tuple(result.table.columns) == (*SCHEMA, "components"), result.name
        known = result.table.filter(pl.col("value").is_not_null())
        assert known.get_column("std").null_count() == 0, result.name
        assert (known.get_column("std") >= 0).all(), result.name
        empty = result.table.filter(pl.col("value").is_null())
        assert (empty.get_column("flag").fill_null("").str.len_chars() > 0).all(), (
            f"{result.name}: a null without a flag"
        )
        assert set(result.table.get_column("technique").unique()) <= {technique.name}


@EVERY
def test_its_results_say_how_they_came_about(technique: Technique, analysed: dict[str, tuple[Result, ...]]) -> None:
    for result in analysed[technique.name]:
        assert result.how.technique == technique.name
        assert result.how.method
        assert {"sample", "step", "ok", "reason"} <= set(result.quality.columns)


@EVERY
def test_it_recovers_its_truth(technique: Technique, analysed: dict[str, tuple[Result, ...]]) -> None:
    truth = technique.example().truth
    assert truth
    table = pl.concat([result.table for result in analysed[technique.name]])
    pulls = []
    for (sample, quantity, cycle), value in truth.items():
        rows = table.filter((pl.col("sample") == sample) & (pl.col("quantity") == quantity))
        if cycle is not None:
            rows = rows.filter(pl.col("cycle") == cycle)
        assert rows.height >= 1, (sample, quantity, cycle)
        row = rows.row(0, named=True)
        assert row["value"] is not None, (sample, quantity, cycle, row["flag"])
        if np.isfinite(row["std"]) and row["std"] > 0:
            pulls.append((row["value"] - value) / row["std"])
        else:
            assert row["value"] == pytest.approx(value, rel=1e-3)
    assert np.abs(pulls).max() < 5
    assert np.sqrt(np.mean(np.square(pulls))) < 2


@EVERY
def test_its_figures_hold_finite_numbers_and_units(
    technique: Technique, analysed: dict[str, tuple[Result, ...]]
) -> None:
    figures = technique.figures(analysed[technique.name])
    assert figures
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        assert isinstance(figure, Figure)
        assert figure.caption
        for panel in figure.panels:
            assert panel.x_label
            assert panel.y_label
            for line in panel.lines:
                assert len(line.x) == len(line.y)
                assert np.isfinite(line.x).any()


@EVERY
def test_an_empty_series_is_refused_or_empty(technique: Technique) -> None:
    with contextlib.suppress(FitError):
        assert all(result.table.height == 0 for result in technique.analyse(Series(()), {}))


@EVERY
def test_its_steps_can_be_kept_and_repeated_one_by_one(technique: Technique) -> None:
    names = [step.name for step in technique.steps]
    assert len(set(names)) == len(names) > 0
    for number, step in enumerate(technique.steps):
        assert set(step.after) <= set(names[:number]), f"{step.name} comes after a step that is not taken before it"
        assert set(step.words) <= set(technique.options), f"{step.name} reads a word that nobody may write"
        assert all(sentence.strip() for sentence in step.decides.values()), step.name
        assert step.reads or step.after, f"{step.name} has nothing to look at"
        for function in (step.run, step.agree):
            # The module of the function is the code version of the step: a lambda or a method would hide its code.
            assert function is None or getattr(sys.modules[function.__module__], function.__name__) is function, (
                step.name
            )


@EVERY
def test_its_steps_give_what_its_analysis_gives(technique: Technique, analysed: dict[str, tuple[Result, ...]]) -> None:
    example = technique.example()
    found = in_steps(technique.steps, example.series, example.options, technique=technique.name)
    assert [result.name for result in found] == [result.name for result in analysed[technique.name]]
    for one, other in zip(found, analysed[technique.name], strict=True):
        assert one.table.equals(other.table), one.name
