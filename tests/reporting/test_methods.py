"""Does the Methods section say what ran, and nothing that did not?"""

from dataclasses import replace

import interlith
from interlith.model import Citation
from interlith.reporting import methods
from tests.reporting.fakes import make_outcome


def test_what_ran_is_told_once_with_options_versions_and_sources() -> None:
    outcome = make_outcome(6, 10)
    made = methods([*outcome.results, *outcome.results], outcome=outcome)
    told = [text for text in made.paragraphs if text.startswith("Half-cycles were found")]
    assert len(told) == 1
    assert told[0].endswith("Options: normalise = active_mass, reference_cycle = 4.")
    assert ("polars", "2.1.0") in made.software
    assert ("interlith", interlith.__version__) in made.software
    assert made.bibtex.count("@article{weppner1977,") == 1
    assert "@software{interlith," in made.bibtex
    assert "6 raw files of 6 specimens" in made.text
    assert "The unit of replication is the cell" in made.text


def test_nothing_is_told_that_did_not_run() -> None:
    outcome = replace(make_outcome(1, 10, variants=1), results=(), findings=())
    made = methods(outcome.results, outcome=outcome)
    assert "half-cycle" not in made.text.lower()
    assert "replication" not in made.text
    assert [item.key for item in made.citations] == ["interlith"]


def test_a_result_without_text_is_named_and_citations_are_merged() -> None:
    result = make_outcome(2, 10).results[0]
    other = Citation("other", "Other", "@misc{other,}")
    plain = replace(result, how=replace(result.how, methods_text="", options={}, citations=(other,)))
    made = methods([plain, result])
    assert made.paragraphs[0] == "Cycling data were analysed by own half-cycles."
    assert [item.key for item in made.citations] == ["interlith", "other", "weppner1977"]
