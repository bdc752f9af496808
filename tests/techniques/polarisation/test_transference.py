"""Transference numbers against truth, and bounds where the initial current was missed."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.model import Result, Series
from interlith.physics.polarisation import blocked, relaxing
from interlith.techniques.polarisation.transference import transference
from tests.techniques.polarisation.holds import held

#: Voltage (V), resistances (ohm) of electrolyte and interfaces before and after, transference number.
VOLTAGE, BULK, BEFORE, AFTER, NUMBER = 0.01, 60.0, 40.0, 45.0, 0.3
INITIAL = VOLTAGE / (BULK + BEFORE)
STEADY = VOLTAGE / (BULK / NUMBER + AFTER)
DECLARED = {"before": "40 +- 1 ohm", "after": "45 +- 1 ohm"}


def polarised(
    seed: int = 0, *, slow: float = 60.0, first: float | None = None, voltage: float = VOLTAGE, late: float = 0.0
) -> Series:
    """A symmetric cell; `late` is the share of the fall that has gone by before the first record."""
    fall = INITIAL - STEADY
    scale = voltage / VOLTAGE

    def answer(t: np.ndarray) -> np.ndarray:
        return scale * relaxing(t, STEADY, (fall * (1 - late), fall * late), (slow, 0.3))

    return Series((held([(voltage, answer)], noise=1e-7, seed=seed, duration=1200.0, first=first),))


def only(result: Result) -> dict[str, object]:
    """The row of the number."""
    return result.table.row(0, named=True)


def test_the_number_is_recovered_with_pulls_of_unit_width() -> None:
    pulls = []
    for seed in range(30):
        error = np.random.default_rng(100 + seed).normal(0.0, 1.0, 2)
        words = {"before": f"{40 + error[0]} +- 1 ohm", "after": f"{45 + error[1]} +- 1 ohm"}
        row = only(transference(polarised(seed), **words))
        pulls.append((float(str(row["value"])) - NUMBER) / float(str(row["std"])))
    assert abs(np.mean(pulls)) < 0.6
    assert 0.6 < np.std(pulls) < 1.4


def test_a_first_record_that_is_late_leaves_a_bound_unless_the_resistance_of_the_cell_is_known() -> None:
    missed = polarised(slow=20.0, first=40.0)
    row = only(transference(missed, **DECLARED))
    assert row["value"] is None
    assert "misses the start" in str(row["flag"])
    assert float(str(row["flag"]).split("no more than ")[1].split(":")[0]) > NUMBER
    known = only(transference(missed, total="100 +- 1 ohm", **DECLARED))
    assert abs(float(str(known["value"])) - NUMBER) < 3 * float(str(known["std"]))


def test_a_diffusive_start_is_never_taken_for_seen() -> None:
    item = held([(VOLTAGE, lambda t: blocked(t, STEADY, 1e-5, 300.0))], noise=1e-8, duration=2400.0)
    row = only(transference(Series((item,)), **DECLARED))
    assert row["value"] is None
    assert "misses the start" in str(row["flag"])


def test_conditions_are_told() -> None:
    assert "linear range" in str(only(transference(polarised(voltage=0.1), **DECLARED))["flag"])
    row = only(transference(polarised(), before="400 +- 5 ohm", after="45 +- 1 ohm"))
    assert row["value"] is None
    assert "takes all of the voltage" in str(row["flag"])
    unsteady = only(transference(polarised(slow=3e4), **DECLARED))
    assert unsteady["value"] is None
    assert "not over" in str(unsteady["flag"]) or "still changes" in str(unsteady["flag"])


def test_unknown_uncertainties_of_the_resistances_stay_unknown() -> None:
    assert only(transference(polarised(), before="40 ohm", after="45 +- 1 ohm"))["std"] == pytest.approx(np.inf)
