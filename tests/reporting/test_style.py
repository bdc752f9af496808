"""Has every variant one look, and every figure colours that differ?"""

from __future__ import annotations

from interlith.reporting.style import Style, style_for, with_names


def test_the_reference_comes_first() -> None:
    assert style_for(["a", "b"], "b", ["c", "a"]).variants == ("b", "a", "c")


def test_names_of_a_figure_of_its_own_begin_with_the_first_colour() -> None:
    study = Style(variants=("bare", "coated"))
    assert with_names(study, ["coated"]) is study
    assert with_names(study, ["host", "film", "host"]).variants == ("host", "film")
    assert with_names(study, ["coated", "film"]).variants == ("bare", "coated", "film")
    assert with_names(None, ["film"]).variants == ("film",)
