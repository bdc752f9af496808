"""Does an attribution name the rival that acts, and say "not identifiable" where nothing can be told?"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlith.errors import StudyError
from interlith.evidence.causes.attribution import attribution
from interlith.model import Observable, State
from interlith.reporting.draw import picture

RIVALS = ("spinel_share", "defect_density")


def one(quantity, value, unit, sample, std, *, variant="", state=None, parts=None):
    own = {} if std is None else {f"fit:{quantity}/{sample}/{'' if state is None else state.value}": std}
    return Observable(
        quantity,
        float(value),
        unit,
        sample,
        own | (parts or {}),
        variant=variant,
        state=state,
        id=f"{quantity}/{sample}",
    )


def study(y, a, b, *, variants=None, errors=(0.3, 0.2, 0.2), shared=None):
    items = []
    for number, row in enumerate(zip(y, a, b, strict=True)):
        variant = variants[number] if variants else ""
        for (quantity, unit), value, std in zip(
            (("capacity_fade", "%"), ("spinel_share", "%"), ("defect_density", "1/um^2")), row, errors, strict=True
        ):
            parts = {source: share * value for source, share in (shared or {}).get(quantity, {}).items()}
            items.append(one(quantity, value, unit, f"s{number}", std, variant=variant, parts=parts))
    return items


def simulated(seed=1, count=16, correlation=0.3, slope=(3.0, 0.0), scatter=1.0, errors=(0.3, 0.2, 0.2), **options):
    random = np.random.default_rng(seed)
    a = random.standard_normal(count)
    b = correlation * a + math.sqrt(1 - correlation**2) * random.standard_normal(count)
    y = 20 + slope[0] * a + slope[1] * b + scatter * random.standard_normal(count)
    seen = [10 + a + errors[1] * random.standard_normal(count), 5 + b + errors[2] * random.standard_normal(count)]
    return study(y, *seen, errors=errors, **options)


def test_the_rival_that_acts_is_named() -> None:
    statement = attribution(simulated(), "capacity_fade", rivals=RIVALS, simulated=True)
    first, spinel, defects, none = statement
    assert first.verdict == "supported"
    assert first.statement.startswith(
        "Among spinel share and defect density, the capacity fade over 16 samples is best explained by the spinel share "
        "(probability over 0.99 that it takes part; defect density 0."
    )
    assert (spinel.verdict, defects.verdict, none.verdict) == ("supported", "undecided", "contradicted")
    assert spinel.low < 90 < spinel.high
    assert spinel.probability > 0.95 > defects.probability
    chances = [value for name, value in first.details.items() if name.startswith("probability of")]
    assert sum(chances) == pytest.approx(1)
    assert "The data are simulated." in first.caveats
    assert all(any("not cause" in words for words in finding.caveats) for finding in statement)


def test_both_that_act_are_named_and_none_where_none_acts() -> None:
    both = attribution(simulated(count=40, slope=(3, 3)), "capacity_fade", rivals=RIVALS)
    assert "best explained by the spinel share and defect density" in both[0].statement
    assert [finding.verdict for finding in both[1:3]] == ["supported", "supported"]
    null = attribution(simulated(count=16, slope=(0, 0)), "capacity_fade", rivals=RIVALS)
    assert null[0].verdict == "undecided"
    assert null[3].probability > 0.4
    far = attribution(simulated(count=400, slope=(0, 0), seed=2), "capacity_fade", rivals=RIVALS, level=0.8)
    assert far[0].verdict == "contradicted"
    assert far[0].statement.startswith("None of spinel share and defect density explains the capacity fade")
    assert {finding.verdict for finding in far[1:3]} == {"contradicted"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (simulated(correlation=0.995), "too like the"),
        (simulated(count=5), "there are 5 samples with all of these quantities, and at least 6 are needed"),
        (simulated(errors=(0.3, 4.0, 4.0)), "varies within its own error"),
    ],
)
def test_not_identifiable(data: list[Observable], reason: str) -> None:
    statement = attribution(data, "capacity_fade", rivals=RIVALS)
    assert {finding.verdict for finding in (statement[0], statement[1], statement[2])} == {"undecided"}
    assert "not identifiable" in statement[0].statement
    assert any(reason in finding.statement for finding in statement)
    assert all(finding.probability is None for finding in statement.findings[1:3])
    assert picture(statement.figures[0], "png")[:4] == b"\x89PNG"


@pytest.mark.parametrize("count", [12, 30])
def test_alike_rivals_are_not_told_apart_in_95_of_100_studies(count: int) -> None:
    answers = [
        attribution(simulated(seed, count, 0.98), "capacity_fade", rivals=RIVALS)[0] for seed in range(100, 180)
    ]  # fmt: skip
    assert np.mean(["not identifiable" in item.statement for item in answers]) >= 0.95
    assert np.mean([item.verdict == "supported" for item in answers]) <= 0.03


def test_two_variants_support_no_rival() -> None:
    random = np.random.default_rng(3)
    names = ["bare"] * 6 + ["coated"] * 6
    step = np.repeat([0.0, 4.0], 6)
    noise = random.standard_normal((3, 12))
    data = study(20 + step + 0.5 * noise[0], 10 + step + 0.2 * noise[1], 5 + step + 0.2 * noise[2], variants=names)
    statement = attribution(data, "capacity_fade", rivals=RIVALS)
    assert {finding.verdict for finding in statement} == {"undecided"}
    assert "12 samples of 2 variants are 2 points where the rivals differ between variants" in statement[0].statement
    blind = attribution([Observable(**{k: getattr(item, k) for k in ("quantity", "value", "unit", "sample", "components")}) for item in data], "capacity_fade", rivals=RIVALS)  # fmt: skip
    assert "not identifiable" in blind[0].statement


def test_within_variants_a_common_step_does_not_count() -> None:
    random = np.random.default_rng(4)
    names = ["bare"] * 8 + ["coated"] * 8
    step = np.repeat([0.0, 30.0], 8)
    a, b = random.standard_normal((2, 16))
    y = 20 + step + 3 * a + random.standard_normal(16)
    statement = attribution(study(y, 10 + a, 5 + b + step, variants=names), "capacity_fade", rivals=RIVALS)
    assert statement[0].verdict == "supported"
    assert "16 samples within 2 variants" in statement[0].statement
    assert statement[1].verdict == "supported"
    assert any("within their variants" in words for words in statement[0].caveats)
    assert statement[0].units == {"bare": 8, "coated": 8}


def test_many_variants_are_compared_by_their_means() -> None:
    random = np.random.default_rng(5)
    level = np.repeat(3 * random.standard_normal((2, 9)), 2, axis=1)
    y = 20 + 3 * level[0] + np.repeat(random.standard_normal(9), 2)
    seen = level + 0.1 * random.standard_normal((2, 18))
    data = study(y, 10 + seen[0], 5 + seen[1], variants=[f"v{number // 2}" for number in range(18)])
    statement = attribution(data, "capacity_fade", rivals=RIVALS)
    assert "the means of 9 variants" in statement[0].statement
    assert statement[1].verdict == "supported"


def test_a_rival_that_cannot_be_judged_keeps_the_other_from_being_preferred() -> None:
    data = simulated(errors=(0.3, 0.2, 5.0))
    statement = attribution(data, "capacity_fade", rivals=RIVALS)
    assert statement[0].verdict == "undecided"
    assert "the defect density varies within its own error" in statement[0].statement
    assert "cannot be preferred to defect density" in statement[1].statement
    assert attribution(data, "capacity_fade", rivals=["spinel_share"])[0].verdict == "supported"


def test_a_rival_of_unknown_error_gives_no_verdict() -> None:
    data = simulated(errors=(0.3, 0.2, 0.2))
    data = [one(x.quantity, x.value, x.unit, x.sample, None) if x.quantity == "spinel_share" else x for x in data]
    statement = attribution(data, "capacity_fade", rivals=RIVALS)
    assert statement[1].verdict == "undecided"
    assert "of the spinel share the error is not known" in statement[0].statement


def test_an_error_common_to_outcome_and_rival_is_no_evidence() -> None:
    random = np.random.default_rng(6)
    items = []
    for number in range(16):
        slip = random.standard_normal()
        mass = {f"mass:s{number}": 3.0}
        items.append(one("capacity_fade", 20 + 3 * slip + random.standard_normal(), "%", f"s{number}", 1.0, parts=mass))
        items.append(
            one("spinel_share", 10 + 3 * slip + 4 * random.standard_normal(), "%", f"s{number}", 0.2, parts=mass)
        )
        items.append(one("defect_density", random.standard_normal(), "1/um^2", f"s{number}", 0.1))
    statement = attribution(items, "capacity_fade", rivals=RIVALS)
    assert statement[1].verdict == "undecided"
    assert "shares an error with the capacity fade" in statement[1].statement


def test_changes_along_a_state_axis_take_out_a_common_drift() -> None:
    random = np.random.default_rng(7)
    items = []
    for sample in range(3):
        a, b = np.cumsum(1 + random.standard_normal((2, 8)), axis=1)
        y = 10 * sample + 2 * a + np.cumsum(0.5 + 0.3 * random.standard_normal(8))
        for k in range(8):
            state = State("cycle", 10.0 * k, 10.0 * k, 10.0 * k, "1")
            for quantity, value in (("capacity_fade", y[k]), ("spinel_share", a[k]), ("defect_density", b[k])):
                items.append(one(quantity, value, "%", f"s{sample}", 0.05, state=state))
    statement = attribution(items, "capacity_fade", rivals=RIVALS, against="cycle")
    assert "21 changes of state of 3 samples" in statement[0].statement
    assert (statement[1].verdict, statement[2].verdict) == ("supported", "undecided")
    effect = next(item for item in statement.observables if item.quantity == "effect_of_spinel_share_on_capacity_fade")
    assert effect.low < 2 < effect.high
    at = attribution(items, "capacity_fade", rivals=RIVALS, at={"cycle": 20})
    assert "there are 3 samples with all of these quantities" in at[0].statement
    with pytest.raises(StudyError, match="s0 has two values of capacity_fade; pass at="):
        attribution(items, "capacity_fade", rivals=RIVALS)


def test_a_drift_of_everything_is_no_evidence() -> None:
    random = np.random.default_rng(8)
    cycles = np.array([0.0, 5, 10, 50, 100, 200, 400, 800])
    items = []
    for sample in range(3):
        for cycle in cycles:
            state = State("cycle", cycle, cycle, cycle, "1")
            items += [
                one(quantity, cycle / 20 + random.standard_normal(), "%", f"s{sample}", 0.1, state=state)
                for quantity in ("capacity_fade", *RIVALS)
            ]
    statement = attribution(items, "capacity_fade", rivals=RIVALS, against="cycle")
    assert all(finding.verdict != "supported" for finding in statement.findings[:3])
    assert statement[1].low == 0


def test_shared_errors_are_components_of_the_effect() -> None:
    scale = {"spinel_share": {"calibration:xrd": 0.1}, "capacity_fade": {"rate:all": 0.05}}
    statement = attribution(simulated(shared=scale), "capacity_fade", rivals=RIVALS)
    effect = next(item for item in statement.observables if item.quantity == "effect_of_spinel_share_on_capacity_fade")
    assert effect.components["calibration:xrd"] == pytest.approx(-0.1 * effect.value, rel=0.3)
    assert effect.components["rate:all"] == pytest.approx(0.05 * effect.value, rel=1e-6)
    assert effect.unit == "%/(%)"
    other = next(item for item in statement.observables if item.quantity == "effect_of_defect_density_on_capacity_fade")
    assert "calibration:xrd" not in other.components
    unknown = {"spinel_share": {"calibration:xrd": math.inf}}
    opened = attribution(simulated(shared=unknown), "capacity_fade", rivals=RIVALS)
    assert {math.isinf(item.std) for item in opened.observables if item.quantity.startswith("effect")} == {True}
    assert any("unknown size" in words for words in opened[0].caveats)


@given(st.permutations(range(36)), st.floats(0.2, 5))
@settings(max_examples=10, deadline=None)
def test_order_and_units_change_nothing(order: list[int], scale: float) -> None:
    data = simulated(count=12)
    first = attribution(data, "capacity_fade", rivals=RIVALS)
    turned = [data[number] for number in order]
    turned = [item.times(scale) if item.quantity == "defect_density" else item for item in turned]
    second = attribution(turned, "capacity_fade", rivals=RIVALS)
    assert [finding.probability for finding in second] == pytest.approx([finding.probability for finding in first])
    assert second[2].high == pytest.approx(first[2].high)


def test_the_figure_shows_what_the_findings_say() -> None:
    statement = attribution(simulated(), "capacity_fade", rivals=RIVALS)
    spinel, _, bars = statement.figures[0].panels
    line = next(item for item in spinel.lines if item.dashed)
    effect = statement.observables[0]
    assert (line.y[-1] - line.y[0]) / (line.x[-1] - line.x[0]) == pytest.approx(effect.value)
    assert spinel.x_label == "Spinel share / %"
    heights = {band.label.split(" ", 1)[1].rsplit(":", 1)[0]: float(band.high[0]) for band in bars.bands}
    assert heights["spinel share"] == pytest.approx(statement[0].details["probability of spinel share"])
    assert sum(heights.values()) == pytest.approx(1)


def test_stated_errors_and_their_refusal() -> None:
    statement = attribution(simulated(scatter=0.3), "capacity_fade", rivals=RIVALS, errors="stated")
    assert statement[1].verdict == "supported"
    data = [
        one(x.quantity, x.value, x.unit, x.sample, None) if x.quantity == "capacity_fade" else x for x in simulated()
    ]
    with pytest.raises(StudyError, match="cannot be taken at its word"):
        attribution(data, "capacity_fade", rivals=RIVALS, errors="stated")
    assert attribution(data, "capacity_fade", rivals=RIVALS)[1].verdict == "supported"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rivals": "spinel_share"}, "list of names"),
        ({"rivals": []}, "list of names"),
        ({"rivals": ["spinel_share", "spinel_share"]}, "must differ"),
        ({"rivals": ["capacity_fade"]}, "must differ"),
        ({"rivals": ["spinel_shares"]}, "did you mean 'spinel_share'"),
        ({"rivals": [f"r{k}" for k in range(7)]}, "more than six"),
        ({"together": 4}, "allowed are 1, 2 and 3"),
        ({"errors": "state"}, "did you mean 'stated'"),
        ({"level": 95}, "between 0.5 and 1"),
        ({"exclude": {"s1": " "}}, "no reason"),
        ({"against": "cycle"}, "state cycle|state 'cycle'"),
    ],
)
def test_refusals(options: dict[str, object], words: str) -> None:
    asked = {"rivals": RIVALS} | options
    with pytest.raises(StudyError, match=words):
        attribution(simulated(), "capacity_fade", **asked)


def test_excluded_samples_are_left_out() -> None:
    statement = attribution(simulated(), "capacity_fade", rivals=RIVALS, exclude={"s3": "leaked"})
    assert "15 samples" in statement[0].statement
