"""Numbers of other programs against ours: verdicts, what shared bytes mean, and how often the rule errs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from interlith.errors import StudyError
from interlith.evidence.agreement import agreement
from interlith.evidence.agreement_summary import median_interval
from interlith.model import Finding, Observable, State
from interlith.model.observable import to_frame

RAW = "ab" * 32
OTHER = "cd" * 32


def _ours(value: float | None = 130.0, std: float = 0.2, **changes: object) -> Observable:
    parts = {"counter:B1/discharge/1": std, "mass:B1": 2.6}
    item = Observable(
        "discharge_capacity", value, "mAh/g", sample="B1", variant="bare", components=parts,
        state=State("cycle", 1, 1, 1, "1"), cycle=1, method="counter", source=f"sha256:{RAW}", id="0" * 16,
    )  # fmt: skip
    return replace(item, **changes)  # type: ignore[arg-type]


def _theirs(value: float | None, std: float = 0.5, *, raw: str = RAW, **changes: object) -> Observable:
    parts = {"fit:x": std} if math.isfinite(std) else {}
    source = f"sha256:{'11' * 32}" + (f" of sha256:{raw}" if raw else "")
    item = replace(
        _ours(),
        value=value,
        components=parts,
        method="external: BT-Export 8; default",
        source=source,
        flag="external",
        id="1" * 16,
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def _pair(ours: Observable, theirs: Observable) -> Finding:
    return agreement(to_frame([ours]), to_frame([theirs]))[0]


def test_agreement_over_the_same_bytes() -> None:
    found = _pair(_ours(), _theirs(130.9))
    assert found.verdict == "supported"
    assert found.estimate == pytest.approx(0.9)
    assert (found.low, found.high) == (
        pytest.approx(0.9 - 1.96 * 0.5, abs=1e-3),
        pytest.approx(0.9 + 1.96 * 0.5, abs=1e-3),
    )
    assert found.details["ours_std"] == pytest.approx(0.2)
    assert found.details["ours_std_all"] == pytest.approx(math.hypot(0.2, 2.6))
    assert (found.details["external"], found.details["external_std"]) == (130.9, 0.5)
    assert found.supporting == ("0" * 16, "1" * 16)
    assert "BT-Export 8 gives 130.90 +- 0.50 mAh/g, ours is 130.00 +- 0.20 mAh/g" in found.statement


def test_our_mass_excuses_no_difference_between_two_evaluations_of_the_same_bytes() -> None:
    assert _pair(_ours(), _theirs(132.6)).verdict == "contradicted"
    assert _pair(_ours(), _theirs(132.6, raw=OTHER)).verdict == "supported"


def test_between_the_two_bounds_there_is_no_verdict_over_the_same_bytes() -> None:
    ours = _ours(std=0.5)
    inside, between, beyond = 130 + 1.96 * 0.49, 130 + 1.96 * 0.6, 130 + 1.96 * 0.72
    assert [_pair(ours, _theirs(value)).verdict for value in (inside, between, beyond)] == [
        "supported",
        "undecided",
        "contradicted",
    ]
    unstated = [
        _pair(_ours(components={"counter:x": 0.5, "mass:B1": 0.0}), _theirs(value, raw=""))
        for value in (inside, between)
    ]
    assert [item.verdict for item in unstated] == ["supported", "undecided"]
    assert "not stated" in unstated[0].caveats[0]


@pytest.mark.parametrize("std", [math.inf, 0.5])
def test_an_unknown_uncertainty_gives_no_verdict(std: float) -> None:
    ours = _ours() if math.isinf(std) else _ours(components={"mass:B1": 2.6})
    found = _pair(ours, _theirs(150.0, std))
    assert found.verdict == "undecided"
    assert "lower bound" in found.statement
    assert found.low == -math.inf


def test_a_missing_calibration_gives_no_contradiction_between_different_measurements() -> None:
    found = _pair(_ours(), _theirs(160.0, raw=OTHER))
    assert (found.verdict, "holds no calibration" in found.statement) == ("undecided", True)
    stated = _theirs(160.0, raw=OTHER, components={"calibration:x": 0.5, "fit:x": 0.0})
    assert _pair(_ours(), stated).verdict == "contradicted"


def test_units_are_converted_and_foreign_ones_told() -> None:
    ours = _ours(value=4.1, unit="V", components={"noise:x": 0.001})
    assert _pair(ours, _theirs(4100.5, 1.0, unit="mV")).estimate == pytest.approx(0.0005)
    warm = _ours(value=25.0, unit="degC", components={"noise:x": 0.5})
    found = _pair(warm, _theirs(298.4, 1.0, unit="K"))
    assert found.estimate == pytest.approx(0.25)
    assert found.details["external_std"] == pytest.approx(1.0)
    assert _pair(_ours(), _theirs(1.0, unit="mAh")).verdict == "undecided"
    assert "mAh" in _pair(_ours(), _theirs(1.0, unit="mAh")).statement


def test_only_the_same_state_is_compared() -> None:
    second = {"cycle": 2, "state": State("cycle", 2, 2, 2, "1")}
    ours = to_frame([_ours(), _ours(140.0, **second)])
    found = agreement(
        ours, to_frame([_theirs(140.1, **second), _theirs(1.0, cycle=3, state=State("cycle", 3, 3, 3, "1"))])
    )
    assert [item.details.get("ours") for item in found if item.kind == "agreement"] == [140.0]
    assert found[-1].details["without_counterpart"] == 1
    volts = State("voltage", 4.7, 4.695, 4.705, "V")
    near = _theirs(130.1, cycle=None, state=State("voltage", 4702.0, 4701.5, 4702.5, "mV"))
    assert _pair(_ours(cycle=None, state=volts), near).verdict == "supported"
    with pytest.raises(StudyError, match="No external number has a counterpart"):
        _pair(_ours(cycle=None, state=volts), replace(near, state=State("voltage", 4.75, 4.745, 4.755, "V")))


def test_a_number_without_state_meets_the_only_one_of_ours() -> None:
    assert _pair(_ours(), _theirs(130.1, state=None, cycle=None)).verdict == "supported"


def test_a_missing_value_is_told_with_its_reason() -> None:
    found = _pair(_ours(value=None, flag="cycle not complete"), _theirs(130.0))
    assert (found.verdict, "cycle not complete" in found.statement) == ("undecided", True)


def test_the_summary_counts_and_finds_a_systematic_ratio() -> None:
    generator = np.random.default_rng(5)
    ours, theirs = [], []
    for cycle in range(1, 21):
        state = {"cycle": cycle, "state": State("cycle", cycle, cycle, cycle, "1")}
        value = 130 - cycle
        ours.append(_ours(float(value), **state))
        theirs.append(_theirs(float(value * 1.02 + generator.normal(0, 0.05)), **state))
    (summary,) = [item for item in agreement(to_frame(ours), to_frame(theirs)) if item.kind == "agreement_summary"]
    assert summary.verdict == "contradicted"
    assert (summary.details["compared"], summary.details["disagree"]) == (20, 20)
    assert summary.estimate == pytest.approx(1.02, abs=2e-4)
    assert summary.low is not None
    assert summary.low > 1.0
    assert "systematically higher, by 2 %" in summary.caveats[0]


def test_one_of_twenty_outside_is_chance() -> None:
    ours = [_ours(cycle=k, state=State("cycle", k, k, k, "1")) for k in range(1, 21)]
    theirs = [_theirs(133.0 if k == 7 else 130.1, cycle=k, state=State("cycle", k, k, k, "1")) for k in range(1, 21)]
    summary = agreement(to_frame(ours), to_frame(theirs))[-1]
    assert (summary.verdict, summary.details["disagree"]) == ("supported", 1)


def test_the_interval_of_the_median_covers() -> None:
    generator = np.random.default_rng(6)
    draws = np.sort(generator.exponential(size=(4000, 15)), axis=1)
    low, high = zip(*(median_interval(list(row), 0.95) for row in draws), strict=True)
    held = np.mean((np.array(low) <= math.log(2)) & (np.array(high) >= math.log(2)))
    assert 0.95 <= held <= 0.975
    assert median_interval([1.0] * 5, 0.95) == (None, None)


def _noise(kind: str, generator: np.random.Generator, repeats: int) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Errors of two evaluations of the same simulated noise, and their standard deviations."""
    if kind == "mean and median":
        data = generator.normal(size=(repeats, 41))
        one, two = data.mean(axis=1), np.median(data, axis=1)
    elif kind == "area by fit and by sum":
        x = np.linspace(-5, 5, 81)
        shape = np.exp(-(x**2) / 2)
        mean = 400 * shape + 30
        counts = generator.poisson(mean, size=(repeats, x.size))
        design = np.column_stack([shape, np.ones_like(x)]) / np.sqrt(mean)[:, None]
        fitted = (counts / np.sqrt(mean)) @ np.linalg.pinv(design).T
        sides = np.abs(x) > 3.5
        summed = (counts - counts[:, sides].mean(axis=1)[:, None])[:, ~sides].sum(axis=1)
        one, two = fitted[:, 0] * shape.sum(), summed.astype(float)
        one, two = one - one.mean(), two - two.mean()
    else:
        share = float(kind)
        common = generator.normal(size=repeats)
        one, two = (math.sqrt(share) * common + math.sqrt(1 - share) * generator.normal(size=repeats) for _ in range(2))
    return one, two, float(one.std()), float(two.std())


@pytest.mark.parametrize("kind", ["mean and median", "area by fit and by sum", "0.0", "0.25", "0.5", "0.8", "1.0"])
def test_true_agreement_is_rarely_called_a_contradiction(kind: str) -> None:
    """Of true agreements at most 5 % are called contradictions whatever noise is shared, and with half of it shared 95 % are seen."""
    repeats = 1500
    one, two, mine, others = _noise(kind, np.random.default_rng(11), repeats)
    ours = [_ours(float(100 + e), mine, cycle=k, state=State("cycle", k, k, k, "1")) for k, e in enumerate(one)]
    theirs = [_theirs(float(100 + e), others, cycle=k, state=State("cycle", k, k, k, "1")) for k, e in enumerate(two)]
    found = [item.verdict for item in agreement(to_frame(ours), to_frame(theirs)) if item.kind == "agreement"]
    assert len(found) == repeats
    slack = 3 * math.sqrt(0.05 * 0.95 / repeats)
    assert found.count("contradicted") / repeats <= 0.05 + slack
    if kind not in ("0.0", "0.25"):
        assert found.count("supported") / repeats >= 0.95 - slack


def test_a_true_difference_of_five_standard_uncertainties_is_seen() -> None:
    generator = np.random.default_rng(12)
    data = generator.normal(size=(400, 41))
    mine, others = 1 / math.sqrt(41), math.sqrt(math.pi / 2 / 41)
    ours = [_ours(float(x), mine, cycle=k, state=State("cycle", k, k, k, "1")) for k, x in enumerate(data.mean(axis=1))]
    theirs = [
        _theirs(float(x) + 5 * others, others, cycle=k, state=State("cycle", k, k, k, "1"))
        for k, x in enumerate(np.median(data, axis=1))
    ]
    found = agreement(to_frame(ours), to_frame(theirs))
    assert sum(item.verdict == "contradicted" for item in found[:-1]) > 390
    assert found[-1].verdict == "contradicted"
