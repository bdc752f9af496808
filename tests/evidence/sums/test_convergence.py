"""Do routes agree, disagree or stay undecided for the right reasons, and is the right one named?"""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.evidence.sums.convergence import convergence
from interlith.model import Observable

ASKED = {"quantity": "monolayer_dose", "unit": "%"}


def route(value, own=0.04, *, common=0.0, **more):
    parts = {f"fit:{value}/{own}": own}
    if common:
        parts["calibration:icp"] = common
    return Observable("dose", value, "%", "", parts, **more)


def routes(**changed):
    made = {"XRD": route(0.42), "geometry": route(0.47), "XPS": route(0.46, 0.06), "TEM": route(0.44)}
    return made | changed


def kinds(statement):
    return {finding.kind: finding for finding in statement}


def test_agreement_needs_a_tolerance():
    bare = kinds(convergence(routes(), **ASKED))["convergence"]
    assert bare.verdict == "undecided"
    assert "is still compatible" in bare.statement
    told = kinds(convergence(routes(), tolerance=0.3, **ASKED))["convergence"]
    assert told.verdict == "supported"
    assert kinds(convergence(routes(), tolerance=0.05, **ASKED))["convergence"].verdict == "undecided"


def test_the_route_that_stands_apart_is_named_and_only_it():
    found = kinds(convergence(routes(energy=route(0.9, 0.07)), **ASKED))
    assert found["convergence"].verdict == "contradicted"
    assert found["stands_apart"].verdict == "supported"
    assert found["stands_apart"].statement.startswith("energy stands apart: it lies 0.4")
    assert found["combined_value"].details["without energy"] == pytest.approx(0.446, abs=0.01)
    assert found["convergence"].details["birge_ratio"] > 2


def test_general_scatter_names_nobody():
    wild = {name: route(value) for name, value in (("a", 0.1), ("b", 0.5), ("c", 0.9), ("d", 1.4), ("e", -0.4))}
    found = kinds(convergence(wild, **ASKED))["stands_apart"]
    assert found.verdict == "undecided"
    assert "No single route" in found.statement


def test_two_routes_never_show_which_errs():
    found = kinds(convergence({"a": route(0.1), "b": route(0.9)}, **ASKED))
    assert found["convergence"].verdict == "contradicted"
    assert found["stands_apart"].verdict == "undecided"
    assert "either may be" in found["stands_apart"].statement


def test_a_shared_source_makes_a_difference_larger_and_the_mean_less_sure():
    apart = {"a": route(0.40, 0.02, common=0.2), "b": route(0.52, 0.02, common=0.2)}
    alone = {"a": route(0.40, math.hypot(0.02, 0.2)), "b": route(0.52, math.hypot(0.02, 0.2))}
    assert kinds(convergence(apart, **ASKED))["convergence"].verdict == "contradicted"
    assert kinds(convergence(alone, **ASKED))["convergence"].verdict == "undecided"
    combined = convergence(apart, **ASKED).observables[0]
    assert combined.components["calibration:icp"] == pytest.approx(0.2)


def test_a_route_of_unknown_uncertainty_is_left_out_and_told():
    lone = replace(route(3.0), components={})
    found = convergence(routes(EDS=lone), **ASKED)
    assert found.observables[0].value == pytest.approx(convergence(routes(), **ASKED).observables[0].value)
    assert any("EDS cannot be judged" in words for words in found[0].caveats)
    lost = kinds(convergence({"a": route(0.1), "EDS": lone}, **ASKED))["convergence"]
    assert lost.verdict == "undecided"
    assert "cannot be judged" in lost.statement
    infinite = replace(route(3.0), components={"mass:x": math.inf})
    assert any("mass:x" in words for words in convergence(routes(EDS=infinite), **ASKED)[0].caveats)


@pytest.mark.parametrize(("limit", "verdict"), [(0.2, "contradicted"), (0.45, "undecided"), (0.9, "supported")])
def test_a_bound_is_held_against_the_others_and_moves_nothing(limit, verdict):
    bound = Observable("dose", None, "%", low=-math.inf, high=limit)
    found = convergence(routes(peaks=bound), **ASKED)
    assert kinds(found)["bound"].verdict == verdict
    assert found.observables[0].value == pytest.approx(convergence(routes(), **ASKED).observables[0].value)


def test_bounds_alone_can_exclude_each_other():
    low, high = (Observable("dose", None, "%", low=a, high=b) for a, b in ((0.6, math.inf), (-math.inf, 0.5)))
    found = convergence({"a": low, "b": high}, **ASKED)[0]
    assert found.verdict == "contradicted"


def test_the_side_towards_the_mean_counts():
    skew = route(0.60, 0.08, low=0.45, high=0.64)
    turned = route(0.60, 0.08, low=0.56, high=0.75)
    towards = convergence({"a": route(0.40), "b": skew}, **ASKED)[1].details
    away = convergence({"a": route(0.40), "b": turned}, **ASKED)[1].details
    assert towards["stated_value"] < away["stated_value"]


def test_few_degrees_of_freedom_of_a_route_make_the_test_careful():
    half = 0.04 * 12.706
    few = {name: route(v, low=v - half, high=v + half) for name, v in (("a", 0.34), ("b", 0.5), ("c", 0.44))}
    many = {name: route(v) for name, v in (("a", 0.34), ("b", 0.5), ("c", 0.44))}
    assert convergence(few, **ASKED)[0].details["probability_if_all_agree"] > 0.05
    assert convergence(many, **ASKED)[0].details["probability_if_all_agree"] < 0.05


def test_coverage_of_the_combined_value():
    random = np.random.default_rng(4)
    held, named, repeats = 0, 0, 150
    for _ in range(repeats):
        values = 1.0 + 0.1 * random.standard_normal(5)
        made = {f"r{n}": Observable("dose", v, "%", "", {f"fit:{n}": 0.1}) for n, v in enumerate(values)}
        found = kinds(convergence(made, **ASKED))
        held += found["combined_value"].low <= 1.0 <= found["combined_value"].high
        named += found["stands_apart"].verdict == "supported"
    assert 0.90 <= held / repeats <= 0.99
    assert named / repeats <= 0.08


@given(st.permutations(["XRD", "geometry", "XPS", "TEM"]))
def test_order_does_not_matter(order):
    made = routes()
    base, moved = convergence(made, **ASKED), convergence({name: made[name] for name in order}, **ASKED)
    assert moved[1].low == pytest.approx(base[1].low)
    assert moved[0].estimate == pytest.approx(base[0].estimate)


def test_units_are_made_one():
    made = routes()
    share = replace(made["XPS"], value=0.0046, unit="1", components={"fit:x": 0.0006})
    assert convergence(made | {"XPS": share}, **ASKED)[1].low == pytest.approx(convergence(made, **ASKED)[1].low)


def test_names_come_from_technique_or_method_where_none_are_given():
    listed = [replace(item, technique=name) for name, item in routes().items()]
    assert "(XRD, geometry, XPS, TEM)" in convergence(listed, **ASKED)[0].statement


def test_the_figure_shows_the_numbers_of_the_finding():
    made = convergence(routes(energy=route(0.9, 0.07)), simulated=True, **ASKED)
    (figure,) = made.figures
    panel = figure.panels[0]
    together = next(line for line in panel.lines if line.label == "together")
    np.testing.assert_allclose(together.x, [made[1].low, made[1].estimate, made[1].high])
    assert next(line for line in panel.lines if line.label == "stands apart").x[1] == 0.9
    assert figure.simulated
    assert "%" in panel.x_label


@pytest.mark.parametrize(
    ("items", "asked", "words"),
    [
        ({"a": route(1.0)}, {}, "at least two routes"),
        ({"a": route(1.0), "b": 3.0}, {}, "'b' is no observable"),
        ({"a": route(1.0), "b": route(2.0)}, {"level": 0.1}, "level is 0.1"),
        ({"a": route(1.0), "b": route(2.0)}, {"tolerance": 0.0}, "tolerance is 0.0"),
    ],
)
def test_refusals_say_what_to_do(items, asked, words):
    with pytest.raises(StudyError, match=words):
        convergence(items, **(ASKED | asked))
