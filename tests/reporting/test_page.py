"""Does the page open from disk, ask nobody for anything, hold every link it makes, and run no foreign word?"""

import base64
import hashlib
import html
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from interlith.errors import StudyError
from interlith.model import Figure, Line, Observable, Panel, Statement
from interlith.reporting import report, write_report
from interlith.reporting.headline import columns
from interlith.reporting.page import render, stems
from interlith.reporting.trace import component_text, included
from interlith.reporting.write import with_identifiers
from tests.reporting.fakes import HOSTILE, make_outcome


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.handlers: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href"):
                self.links.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def outcome():
    return make_outcome(6, 30, simulated=True)


@pytest.fixture(scope="module")
def page(outcome):
    return render(outcome)


def test_every_link_has_its_anchor_and_every_anchor_is_unique(page) -> None:
    seen = Reader(page)
    assert len(seen.ids) == len(set(seen.ids))
    targets = {link[1:] for link in seen.links if link.startswith("#")}
    assert targets
    assert targets <= set(seen.ids)


def test_nothing_is_asked_from_elsewhere(page, outcome) -> None:
    seen = Reader(page)
    files = {"results.xlsx", "observables.csv", "observables.parquet"}
    files |= {f"figures/{stem}.{kind}" for stem in stems(outcome.figures) for kind in ("csv", "svg", "pdf")}
    assert {link for link in seen.links if not link.startswith("#")} <= files
    assert "@import" not in page
    assert re.search(r"url\((?!#)", page) is None
    assert not seen.tags["link"] + seen.tags["iframe"] + seen.tags["img"] + seen.tags["object"]


def test_only_our_own_script_may_run(page) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert policy is not None
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert "unsafe-inline' 'unsafe-eval" not in policy[1]


def test_hostile_words_stay_words() -> None:
    hostile = make_outcome(6, 12, names=HOSTILE)
    word = HOSTILE[0]
    study = replace(
        hostile.study, name=word, unread=tuple(replace(item, path=word, reason=word) for item in hostile.study.unread),
        gaps=tuple(replace(gap, where=word, what=word) for gap in hostile.study.gaps),
    )  # fmt: skip
    findings = tuple(replace(item, statement=word, caveats=(word,)) for item in hostile.findings)
    choices = tuple(replace(item, value=word, reason=word, target=word) for item in hostile.choices)
    figures = tuple(replace(item, title=word, caption=word, name=word) for item in hostile.figures)
    page = render(
        replace(hostile, study=study, findings=findings, choices=choices, figures=figures, failures=((word, word),))
    )
    seen = Reader(page)
    assert seen.tags["script"] == 1
    assert not seen.handlers
    assert html.escape(word, quote=False).replace('"', "&#34;") in page
    assert word in "".join(seen.words)


def test_simulated_is_said_on_page_one_every_figure_and_every_table(page, outcome) -> None:
    first = page[page.index('id="decision"') : page.index('id="evidence"')]
    assert "SIMULATED DATA. No cell was measured" in first
    captions = re.findall(r"<caption>(.*?)</caption>", page, re.DOTALL)
    assert len(captions) > 8
    assert all("SIMULATED DATA" in caption for caption in captions)
    drawn = re.findall(r"<figcaption>.*?</figcaption>", page[page.index('id="figures"') :], re.DOTALL)
    assert len(drawn) == len(outcome.figures)
    assert all("Simulated data." in caption for caption in drawn)
    assert page.count(">SIMULATED DATA</text>") >= len(outcome.figures)
    assert "SIMULATED" not in render(make_outcome(2, 10))


def test_headline_numbers_lead_to_id_source_method_and_components(page, outcome) -> None:
    row = outcome.observables.filter(quantity="discharge_capacity", sample="bare_01", cycle=30).to_dicts()[0]
    assert f'<a href="#o-{row["id"]}">' in page
    origin = re.search(rf'<tr id="o-{row["id"]}">.*?</tr>', page, re.DOTALL)
    assert origin is not None
    assert "own half-cycle" in origin[0]
    assert "mass 2" in origin[0]
    assert f'href="#s-{row["source"][7:19]}"' in origin[0]
    assert 'href="#c-1"' in origin[0]
    assert f"{row['value']:.1f}" in origin[0]


def test_page_one_holds_the_whole_decision(page) -> None:
    first = html.unescape(page[page.index('id="decision"') : page.index('id="evidence"')])
    for words in ("Strongest evidence against", "Next measurement", "Most influential automatic choices", "Missing",
                  "Probability that the criterion is met", "C0.5La\u202f3, bare\u202f3", "active_mass"):  # fmt: skip
        assert words in first


def test_missing_and_unknown_numbers_are_shown_as_such(page) -> None:
    cells = page[page.index('id="cells"') :]
    assert "incomplete half-cycle" in cells
    assert "±\u202f?" in cells
    assert ">nan<" not in page
    assert ">None<" not in page
    assert ">inf<" not in page


def test_the_head_names_the_causes_that_an_uncertainty_holds(outcome, page) -> None:
    head = page[page.index('id="cells"') : page.index("</thead>", page.index('id="cells"'))]
    assert "±: counter, mass" in head
    assert "±: unknown" in head
    rows = pl.concat([
        outcome.observables.filter(quantity="discharge_capacity", cycle=30, sample=name) for name in ("bare_01", "C0.5La_06")
    ])  # fmt: skip
    assert included(rows) == "counter, mass in part"


def test_components_say_what_cancelled_and_what_is_unknown() -> None:
    parts = [
        {"source": "mass:a", "size": -1.4e-17}, {"source": "counter:a/1", "size": 0.03}, {"source": "counter:a/2", "size": 0.04},
    ]  # fmt: skip
    assert component_text(parts) == "counter 0.050, mass cancels"
    assert component_text([{"source": "area:study", "size": float("inf")}]) == "area unknown"
    assert component_text(None) == ""


def test_moments_and_sentences() -> None:
    dated = replace(make_outcome(1, 5, variants=1), created="2026-11-21T05:48:55+00:00")
    assert "2026-11-21 05:48 UTC" in render(dated)


def test_two_reports_of_one_outcome_are_equal(outcome, page) -> None:
    assert render(outcome) == page


def test_one_cell_and_no_cell_have_a_page() -> None:
    one = render(make_outcome(1, 10, variants=1))
    assert "nothing compared" in one
    assert "97" in one
    empty = make_outcome(1, 10, variants=1)
    bare = replace(empty, observables=empty.observables.clear(), results=(), figures=(), choices=())
    page = render(bare)
    assert "No number came out of this study" in page
    seen = Reader(page)
    assert {link[1:] for link in seen.links if link.startswith("#")} <= set(seen.ids)


def test_two_hundred_cells_stay_light() -> None:
    page = render(make_outcome(200, 100, variants=4))
    assert len(page.encode()) < 10_000_000
    seen = Reader(page)
    assert len(seen.ids) == len(set(seen.ids))


def test_write_report_leaves_every_promised_file(outcome, tmp_path) -> None:
    folder = tmp_path / "Ergebnisse für März"
    page = write_report(outcome, folder)
    assert page == folder / "report.html"
    names = {str(path.relative_to(folder)).replace("\\", "/") for path in folder.rglob("*") if path.is_file()}
    figures = {f"figures/{stem}.{kind}" for stem in stems(outcome.figures) for kind in ("svg", "pdf", "csv")}
    assert (
        names
        == {"report.html", "results.xlsx", "observables.csv", "observables.parquet", "figures/figures.txt"} | figures
    )


def test_figures_of_an_earlier_run_go_and_files_of_the_user_stay(outcome, tmp_path) -> None:
    folder = tmp_path / "results"
    write_report(outcome, folder)
    mine = folder / "figures" / "mine.svg"
    mine.write_text("x")
    outside = folder / "outside.csv"
    outside.write_text("x")
    manifest = folder / "figures" / "figures.txt"
    manifest.write_text(manifest.read_text() + "../outside.csv\n")
    write_report(replace(outcome, figures=outcome.figures[:1]), folder)
    stem = stems(outcome.figures)[0]
    left = {path.name for path in (folder / "figures").iterdir()}
    assert left == {"mine.svg", "figures.txt", *(f"{stem}.{kind}" for kind in ("svg", "pdf", "csv"))}
    assert outside.exists()


def test_stems_are_safe_and_unique() -> None:
    figures = tuple(Figure(name, "t", "c", ()) for name in ("../../etc/x", "a b", "a_b", "", "Ü"))
    assert stems(figures) == ["etc_x", "a_b", "a_b_2", "figure", "figure_2"]


def test_a_statement_brings_its_findings_numbers_and_figures(outcome, tmp_path) -> None:
    figure = Figure("f", "Loose", "c", (Panel("x", "y", (Line(np.arange(3.0), np.arange(3.0)),)),))
    number = Observable("onset_of_resistance", 4.41, "V", "C5_01", {"fit:onset": 0.02}, variant="C0.5La")
    statement = Statement((outcome.findings[0],), (number,), (figure,))
    text = report([statement], tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Loose" in text
    assert "C5_01" in text
    assert html.escape(outcome.findings[0].statement, quote=False).replace("'", "&#39;") in text


def test_notebooks_get_a_page_of_loose_results(outcome, tmp_path) -> None:
    figure = Figure("f", "Loose", "c", (Panel("x", "y", (Line(np.arange(3.0), np.arange(3.0)),)),))
    page = report([*outcome.results, outcome.findings[0], figure], tmp_path / "loose" / "page.html")
    text = page.read_text(encoding="utf-8")
    assert "Loose" in text
    assert html.escape(outcome.findings[0].statement, quote=False).replace("'", "&#39;") in text
    assert "observables.csv" not in text
    assert list(page.parent.iterdir()) == [page]
    with pytest.raises(
        StudyError, match=r"given a str, which it cannot show\. Allowed: Result, Statement, Finding, Figure"
    ):
        report(["cells"], tmp_path / "x.html")
    with pytest.raises(StudyError, match="given nothing"):
        report([], tmp_path / "x.html")


def test_loose_results_get_stable_identifiers(outcome) -> None:
    bare = outcome.observables.with_columns(id=pl.lit(""))
    filled = with_identifiers(bare)
    assert filled["id"].str.len_chars().unique().to_list() == [16]
    assert filled["id"].n_unique() == filled.height
    assert filled["id"].to_list() == with_identifiers(bare)["id"].to_list()
    assert with_identifiers(outcome.observables)["id"].to_list() == outcome.observables["id"].to_list()


def test_flags_of_headline_values_stand_on_page_one(outcome) -> None:
    flag = "a line does not describe the fade (p = 8e-19): mean over the window."
    first = replace(outcome.findings[0], caveats=("Another caveat.", f"bare_01: {flag}", f"bare_02: {flag}"))
    page = render(replace(outcome, findings=(first, *outcome.findings[1:])))
    top = html.unescape(page[page.index('id="decision"') : page.index('id="evidence"')])
    assert f"bare_01: {flag}" in top
    assert "1 more like it" in top
    one = make_outcome(1, 10, variants=1)
    flagged = one.observables.with_columns(
        flag=pl.when(pl.col("quantity") == "capacity_decay").then(pl.lit(flag)).otherwise("flag")
    )
    page = render(replace(one, observables=flagged))
    assert "A line does not describe the fade" in page[page.index('id="decision"') : page.index('id="evidence"')]


def test_on_paper_the_table_of_cells_comes_in_parts_that_fit(page, outcome) -> None:
    parts = re.findall(r'<table class="part">.*?</table>', page, re.DOTALL)
    shown = columns(outcome)
    heads = [part[: part.index("</thead>")].count('class="num"') for part in parts]
    assert sum(heads) == len(shown) > 5
    assert max(heads) <= 5
    assert all(part.count("<tr>") == 1 + len(outcome.study.samples) for part in parts)
    assert "folded on the page and not printed" in page
