"""Is "did not change" said with a bound, and only where the data carry it?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from interlith.errors import StudyError, UnitError
from interlith.evidence import equivalent
from interlith.model import Observable, Replication

Make = Callable[..., list[Observable]]
EDGE = {"quantity": "edge_position", "unit": "eV", "cycle": 1}


def edges(cells: Make, shift: float) -> list[Observable]:
    first = cells("pristine", [4493.00, 4493.02, 4492.98], **EDGE)
    return first + cells("charged", [4493.01 + shift, 4493.03 + shift, 4492.98 + shift], **EDGE)


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "supported"), (0.09, "undecided"), (0.3, "contradicted")])
def test_verdict_on_a_bound(cells: Make, shift: float, verdict: str) -> None:
    (found,) = equivalent(edges(cells, shift), "edge_position", at={"cycle": 1}, to="pristine", bound="0.1 eV")
    assert found.verdict == verdict
    assert found.kind == "equivalence"


def test_smallest_bound_is_where_two_one_sided_tests_reach_five_per_cent(cells: Make) -> None:
    data = edges(cells, 0.0)
    (found,) = equivalent(data, "edge_position", at={"cycle": 1}, to="pristine")
    bound = float(found.details["smallest_bound"] or 0)
    charged, pristine = (
        np.array([item.value for item in data if item.variant == name]) for name in ("charged", "pristine")
    )
    upper = stats.ttest_ind(charged, pristine + bound, alternative="less").pvalue
    lower = stats.ttest_ind(charged, pristine - bound, alternative="greater").pvalue
    # Equal scatter and Welch bracket the degrees of freedom that are used.
    wide = max(
        stats.ttest_ind(charged, pristine + bound, alternative="less", equal_var=False).pvalue,
        stats.ttest_ind(charged, pristine - bound, alternative="greater", equal_var=False).pvalue,
    )
    assert max(upper, lower) <= 0.05 <= wide
    assert wide - max(upper, lower) < 0.01
    assert found.verdict == "descriptive"


def test_wrong_equivalence_is_claimed_in_at_most_five_per_cent(cells: Make) -> None:
    random = np.random.default_rng(4)
    wrong = 0
    for _ in range(400):
        data = cells("a", list(random.normal(10, 0.2, 6)), **EDGE) + cells(
            "b", list(random.normal(10.5, 0.2, 6)), **EDGE
        )
        wrong += equivalent(data, "edge_position", at={"cycle": 1}, to="a", bound="0.5 eV")[0].verdict == "supported"
    assert wrong <= stats.binom.ppf(0.999, 400, 0.05)


def test_one_specimen_each_is_descriptive(cells: Make) -> None:
    data = cells("a", [10.0], **EDGE) + cells("b", [10.0], **EDGE)
    (found,) = equivalent(data, "edge_position", at={"cycle": 1}, to="a", bound="0.5 eV", replication=Replication())
    assert found.verdict == "descriptive"
    assert found.statement.startswith("In these specimens")


def test_bound_in_per_cent_is_relative_and_units_are_checked(cells: Make) -> None:
    data = cells("a", [100.0, 100.2, 99.9], **EDGE) + cells("b", [100.1, 100.3, 100.0], **EDGE)
    (found,) = equivalent(data, "edge_position", at={"cycle": 1}, to="a", bound="1 %")
    assert found.unit == "%"
    assert found.verdict == "supported"
    with pytest.raises(UnitError):
        equivalent(data, "edge_position", at={"cycle": 1}, to="a", bound="1 kg")
    with pytest.raises(StudyError, match="positive"):
        equivalent(data, "edge_position", at={"cycle": 1}, to="a", bound="-1 eV")
