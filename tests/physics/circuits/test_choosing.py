"""The circuit that made the spectra is chosen, and what the choice rests on is said."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.errors import FitError
from interlith.physics.circuits import CAVEAT, LADDER, Circuit, choose_circuit
from interlith.physics.circuits.choosing import default_ladder, nested
from interlith.physics.circuits.spectra import spectra_of
from tests.physics.circuits.spectra import FREQUENCY, TRUTH, TWO_ARCS, noisy


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("R0-(R1|Q1)", [10.0, 50.0, 1e-4, 0.9]),
        ("R0-(R1|Q1)-(R2|Q2)", [10.0, 30.0, 1e-5, 0.9, 80.0, 2e-3, 0.82]),
        (TWO_ARCS, TRUTH),
        ("R0-Q1", [10.0, 1e-4, 0.9]),
        ("L1-R0-(R1|Q1)-W1", [2e-5, 10.0, 50.0, 1e-4, 0.9, 5.0]),
    ],
)
def test_the_circuit_behind_the_spectra_is_chosen(text: str, values: list[float]) -> None:
    arcs = text.count("R") - 1
    ladder = [one for one in LADDER if arcs - 1 <= one.count("R") - 1 <= arcs + 1 and not one.endswith("Q4")]
    if text.startswith("L"):
        ladder = [*(f"L1-{one}" for one in ladder if one.count("R") - 1 == arcs), "R0-(R1|Q1)-W1"]
    found = choose_circuit(FREQUENCY, noisy(text, values), ladder)
    assert found.best.circuit.text == text
    assert found.runner_up is not None
    assert 0 < found.margin <= 1
    assert CAVEAT in found.words


def test_an_inductive_end_brings_an_inductor() -> None:
    inductive = noisy("L1-R0-(R1|Q1)", [2e-5, 10.0, 50.0, 1e-4, 0.9])
    capacitive = noisy("R0-(R1|Q1)", [10.0, 50.0, 1e-6, 0.9], noise=1e-4)
    assert default_ladder(spectra_of(FREQUENCY, inductive)) == tuple(f"L1-{one}" for one in LADDER)
    assert default_ladder(spectra_of(FREQUENCY, capacitive)) == LADDER


def test_circuits_of_one_curve_are_called_as_good() -> None:
    spectra = noisy("R0-(R1|C1)-(R2|C2)", [10.0, 30.0, 1e-5, 80.0, 2e-3], count=2)
    found = choose_circuit(FREQUENCY, spectra, ["R0-(R1|C1)-(R2|C2)", "R0-(C1|R1-(R2|C2))", "R0-(R1|C1)"])
    assert found.as_good == ("R0-(C1|R1-(R2|C2))",) or found.as_good == ("R0-(R1|C1)-(R2|C2)",)
    assert found.margin < 0.1
    assert "As good" in found.words


def test_the_look_alike_of_two_arcs_draws_the_same_curve() -> None:
    assert nested(Circuit(TWO_ARCS)) == "R0-(Q1|R1-(R2|Q2))-W1"
    assert nested(Circuit("R0-(R1|Q1)")) == ""
    ladder = nested(Circuit("R0-(R1|C1)-(R2|C2)"))
    spectra = noisy("R0-(R1|C1)-(R2|C2)", [10.0, 30.0, 1e-5, 80.0, 2e-3], noise=0.0)
    found = choose_circuit(FREQUENCY, spectra, [ladder])
    assert found.best.fit.scatter[0] < 1e-6


def test_refusals() -> None:
    spectra = noisy("R0-(R1|Q1)", [10.0, 50.0, 1e-4, 0.9])
    with pytest.raises(FitError, match="unit or modulus"):
        choose_circuit(FREQUENCY, spectra, weights="noise")
    with pytest.raises(FitError, match="No circuit could be fitted"):
        choose_circuit(FREQUENCY[:3], spectra[:, :3], [TWO_ARCS])
    few = choose_circuit(FREQUENCY[:9:1], spectra[:, :9], ["R0-C1", TWO_ARCS])
    assert few.best.circuit.text == "R0-C1"
    assert np.isfinite(few.best.bayes)
