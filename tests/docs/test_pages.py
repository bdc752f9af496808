"""The pages run, block after block, as a reader would run them, and name what the code knows."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import interlith as il
from interlith.techniques.cycling import TECHNIQUE
from interlith.techniques.cycling.example import example

DOCS = Path(__file__).resolve().parents[2] / "docs"
#: Page -> fewest Python blocks, and words that its output must hold.
PAGES = {
    "tutorial": (8, ("contradicted", "digits and agreement of the charge counter", "of ['bare_2']")),
    "store": (3, ("steps taken at first, 0 again", "after one mass", "0 damaged")),
    "cycler-files": (
        3,
        (
            "arbin_csv     1.6667 mAh (truth 1.6667)",
            "error counter_disagrees",
            "a factor of 1000",
            "truncated",
            "refused:",
        ),
    ),
    "extending": (2, ("voltage_loss", "the highest of all cells")),
    "cycling": (2, ("bare_1", "counter")),
    "evidence": (10, ("supported", "descriptive", "holds", "contradicts")),
    "fitting": (7, ("bias by Poisson", "cannot be told apart", "profile")),
    "sums": (6, ("closes within the declared 0.25 mol", "energy stands apart", "The weight of open")),
    "onsets": (5, ("rises from", "No onset of the R ct", "levels off", "precedes", "shows no onset up to 4.7 V")),
    "levels": (
        4,
        (
            "straight line through 6 points",
            "3 of them below detection",
            "before it closed is the higher",
            "cannot be excluded as best",
        ),
    ),
    "causes": (7, ("rises by", "best explained by the spinel share", "too alike", "2 points where the rivals differ")),
    "explain": (6, ("digits and agreement of the charge counter", "package.zip", "neutral.zip")),
    "how-to-choose": (3, ("half-width",)),
    "joining": (4, ("as with equal cycles", "lie within their bounds")),
    "coverage": (
        10,
        (
            "N_S/N_V is 0.8666 nm / edge",
            "1.733 nm for La and TM together",
            "0.1521 wt% La of host, 0.1518 wt% La of host plus La",
            "edge 867 nm",
            "would carry 27 nm",
            "lead to 86 nm",
            "2717001 metals counted",
        ),
    ),
    "crystals": (
        7,
        (
            "16d",
            "by position: [[2, 2, 2]]",
            "(104) is [2. 1. 1.]",
            "12 variants",
            "zone (1, 1, 0)",
            "forbidden (False, False, True)",
        ),
    ),
    "design": (3, ("Stranski-Krastanov", "slip of units", "look like nm, not angstrom")),
    "growth": (
        6,
        (
            "Stranski-Krastanov mode with a probability of at least 0.99",
            "2.3 times softer",
            "330 GPa",
            "stable from 6.0 nm on",
            "with a full network below it: 15.7 nm",
        ),
    ),
    "miscibility": (
        6,
        (
            "(not told apart), then Y3+, then La3+",
            "agrees with",
            "slip of units",
            "global instability index",
            "above the site (eV)",
        ),
    ),
    "phases": (
        2,
        (
            "Li of NCM111: 49.4 +- 0.1 mol/L",
            "10.0 mol/L asks for 0.357 Li",
            "9.2 to 9.8 mol/L",
            "LRM_O3_shifted: Mn-O 1.93",
        ),
    ),
    "registry": (
        8,
        (
            "5.28 % along it",
            "346.8 on 339.0",
            "on the front of its host face",
            "nothing fits",
            "cannot separate a slab",
            "15.82 deg",
            "is closed to Li",
            "is open to Li",
        ),
    ),
    "surface-signals": (
        5,
        ("are told apart", "not distinguishable", "not identifiable from one ratio", "is not etched"),
    ),
    "impedance": (7, ("passes", "rises from", "truth", "In these specimens")),
    "impedance-files": (
        5,
        (
            "2 spectra of impedance",
            "imaginary_sign_by_physics",
            "refused: matrix.txt",
            "divided_by_area",
            "truncated",
        ),
    ),
    "impedance-validity": (4, ("fails at points", "is used: True", "during the sweep", "no repeats")),
    "circuits": (8, ("expected '-', '|', or ')'", "a lower bound: at least", "has the lowest Bayesian criterion")),
    "relaxation-times": (3, ("reaches beyond the slow end", "charge_transfer_resistance")),
    "conductivity": (3, ("mS/cm", "against 1/kT", "does not hold")),
    "external-impedance": (5, ("minimum for unit weights", "of 8 numbers 8 same", "GSAS-II 5.2 gives")),
    "diffraction": (
        4,
        (
            "c at 25 degC: 14.250",
            "windows - Tracked peaks in the patterns",
            "pattern 3: 1.108 h",
            "_cell_volume 545.339(24)",
        ),
    ),
    "diffraction-files": (
        4,
        ("gsas_powder      400 points, 25 degC", "2 null: 2 points", "no two theta", "refused: damaged.xye: line 121"),
    ),
    "instrument-files": (2, ("FWHM of the Gaussian part", "FWHM^2 = U tan^2", "True")),
    "quantitative-analysis": (
        5,
        ("by number", "amorphous", "from the misfit +-", "grains known to be of 0.5 um", "would take away"),
    ),
    "refinement": (
        7,
        ("goodness of fit", "apart", "not seen", "amorphous_absolute_weight_fraction", "M1_01_fluorite.cif"),
    ),
    "simulated-patterns": (4, ("threshold 0.42 at%", "saturated spikes", "0.168162")),
    "peaks-and-tracks": (4, ("the new peak appears between", "left for composition", "linear expansion", "resolved")),
    "voltammetry": (3, ("baseline - linear instead of level", "share of the surface couple", "not with its root")),
    "polarisation": (2, ("no more than", "linear range")),
    "external": (4, ("external: CasaXPS 2.3.26", "supported - discharge capacity of bare_1", "La")),
}


def _text(page: str) -> str:
    return (DOCS / f"{page}.md").read_text(encoding="utf-8")


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _text(page), flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_runs(page: str, tmp_path: Path) -> None:
    fewest, words = PAGES[page]
    blocks = _blocks(page, "python")
    assert len(blocks) >= fewest
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [word for word in words if word not in done.stdout] == []


def test_the_claims_file_of_the_page_is_one(tmp_path: Path) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(next(block for block in _blocks("evidence", "yaml") if "claims:" in block), encoding="utf-8")
    findings = il.audit(path)
    assert [finding.details["verdict"] for finding in findings] == ["holds", "contradicts"]
    assert [finding.details["expect"] for finding in findings] == ["", "contradicts"]


def test_every_function_of_the_grammar_is_on_the_page() -> None:
    from interlith.evidence.auditing.amounts import FUNCTIONS

    grammar = _text("evidence").partition("### Grammar")[2]
    assert [name for name in (*FUNCTIONS, "min", "max") if f"`{name}(x" not in grammar] == []


def test_every_quantity_of_cycling_is_on_the_page() -> None:
    page = _text("cycling").partition("## All observables")[2]
    listed = set(re.findall(r"`([\w<>]+)`", page))
    produced = TECHNIQUE.analyse(example().series, {"reference_cycle": 3})
    quantities = {name for result in produced for name in result.table.get_column("quantity").unique()}
    general = {re.sub(r"_P\d+_", "_P<n>_", name) for name in quantities}
    general = {re.sub(r"(?<![a-z])(dis)?charge(?=_(capacity|energy|mean|P))", "<direction>", name) for name in general}
    general = {re.sub(r"(?<=after_)(dis)?charge$", "<direction>", name) for name in general}
    assert {"capacity_retention", "<direction>_capacity"} <= general
    assert sorted(general - listed) == []


def test_verbs_and_options_on_the_pages_exist() -> None:
    """Nothing is documented that a reader cannot call or write into study.yaml, and nothing is left out."""
    pages = {page: _text(page) for page in ("cycling", "how-to-choose", "evidence")}
    named = {verb for text in pages.values() for verb in re.findall(r"il\.cycling\.(\w+)", text)}
    assert named == set(TECHNIQUE.verbs)
    words = pages["cycling"].partition("## Words in `study.yaml`")[2].partition("\n## ")[0]
    assert {word for word in re.findall(r"^\| `(\w+)` \|", words, flags=re.MULTILINE)} == set(TECHNIQUE.options)


def test_no_page_asks_another_host() -> None:
    """Formulas stay plain text: a page with math would load a script from elsewhere."""
    for path in DOCS.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert "{math}" not in text, path.name
        assert "<script" not in text, path.name
        assert "<img" not in text, path.name


def test_the_notebook_block_of_the_readme_runs(tmp_path: Path) -> None:
    from interlith.simulate.demo import write_demo

    write_demo(tmp_path / "my-study", seed=3)
    readme = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", readme, flags=re.DOTALL)
    script = tmp_path / "readme.py"
    ending = "\nfor finding in il.compare(cells, 'capacity_retention', at={'cycle': 200}, to='bare', study=study):\n    print(finding.statement)\n"
    script.write_text(block + ending, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "keeps" in done.stdout
