"""The impedance that another program means is the impedance of our element with the parameters it was turned into."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from interlith.physics.circuits.circuit import Circuit
from interlith.workbench.external.impedance.circuits import our_circuit, translated
from interlith.workbench.external.impedance.definitions import turned
from interlith.workbench.external.impedance.evaluation import Evaluation, Stated

S = 2j * np.pi * np.logspace(-2, 4, 13)
Formula = Callable[..., NDArray[np.complex128]]


def _coth(x: NDArray[np.complex128]) -> NDArray[np.complex128]:
    return np.asarray(1 / np.tanh(x))


@pytest.mark.parametrize(
    ("dialect", "symbol", "values", "formula"),
    [
        ("zview", "CPE", {"T": 1e-3, "P": 0.8}, lambda T, P: 1 / (T * S**P)),
        ("zview", "Wo", {"R": 30.0, "T": 0.2, "P": 0.5}, lambda R, T, P: R * _coth((S * T) ** P) / (S * T) ** P),
        ("zview", "Ws", {"R": 30.0, "T": 0.2, "P": 0.5}, lambda R, T, P: R * np.tanh((S * T) ** P) / (S * T) ** P),
        ("relaxis", "P", {"Q": 1e-3, "alpha": 0.8}, lambda Q, alpha: 1 / (Q * S**alpha)),
        ("relaxis", "I", {"": 1e-6}, lambda value: S * value),
        ("pyimpspec", "Q", {"Y": 1e-3, "n": 0.8}, lambda Y, n: 1 / (Y * S**n)),
        ("pyimpspec", "W", {"Y": 0.02, "n": 0.5}, lambda Y, n: 1 / (Y * S**n)),
        ("pyimpspec", "Wo", {"Y": 3.0, "B": 0.2, "n": 0.5}, lambda Y, B, n: _coth((B * S) ** n) / (Y * S) ** n),
        ("pyimpspec", "Ws", {"Y": 3.0, "B": 0.2, "n": 0.5}, lambda Y, B, n: np.tanh((B * S) ** n) / (Y * S) ** n),
        ("pyimpspec", "G", {"Y": 3.0, "k": 0.2, "n": 0.5}, lambda Y, k, n: 1 / (Y * (k + S) ** n)),
        ("pyimpspec", "Ga", {"R": 3.0, "tau": 0.2, "n": 0.5}, lambda R, tau, n: R / (1 + S * tau) ** n),
        ("pyimpspec", "Ha", {"R": 3.0, "tau": 0.2, "a": 0.7, "b": 0.6}, lambda R, tau, a, b: R / (1 + (S * tau) ** a) ** b),
        ("pyimpspec", "Zarc", {"R": 3.0, "tau": 0.2, "n": 0.7}, lambda R, tau, n: R / (1 + (S * tau) ** n)),
        ("impedance_py", "CPE", {"0": 1e-3, "1": 0.8}, lambda a, b: 1 / (a * S**b)),
        ("impedance_py", "W", {"": 12.0}, lambda a: a * (1 - 1j) / np.sqrt(S.imag)),
        ("impedance_py", "Wo", {"0": 30.0, "1": 0.2}, lambda a, b: a * _coth(np.sqrt(b * S)) / np.sqrt(b * S)),
        ("impedance_py", "TLMQ", {"0": 3.0, "1": 0.1, "2": 0.7}, lambda a, b, c: a * _coth(np.sqrt(a * b * S**c)) / np.sqrt(a * b * S**c)),
    ],
)  # fmt: skip
def test_the_impedance_is_the_same(dialect: str, symbol: str, values: dict[str, float], formula: Formula) -> None:
    found = turned(dialect, symbol, {name: Stated(value, 0.01 * value) for name, value in values.items()})
    assert found is not None
    ours = Circuit(f"{found.symbol}1")
    made = ours.impedance(
        {f"{found.symbol}1{suffix}": one.value for suffix, one in found.parameters.items()}, S.imag / (2 * np.pi)
    )
    np.testing.assert_allclose(made, formula(*values.values()), rtol=1e-9)
    assert [one.unit for one in found.parameters.values()] == list(ours.units)


def test_errors_follow_where_they_can_and_are_unknown_where_a_covariance_is_missing() -> None:
    stated = {"Y": Stated(3.0, 0.03), "B": Stated(0.2, 0.01), "n": Stated(0.5, fixed=True)}
    found = turned("pyimpspec", "Wo", stated)
    assert found is not None
    assert found.parameters["_time_constant"].std == 0.01
    assert math.isinf(found.parameters["_resistance"].std)
    assert "covariance" in found.note
    warburg = turned("pyimpspec", "W", {"Y": Stated(0.02, 0.001, resolution=0.01)})
    assert warburg is not None
    up, down = (1 / (math.sqrt(2) * (0.02 + sign * 1e-6)) for sign in (1, -1))
    assert warburg.parameters[""].std == pytest.approx(0.001 * (down - up) / 2e-6, rel=1e-4)
    assert warburg.parameters[""].resolution == pytest.approx(0.01 * (down - up) / 2e-6, rel=1e-4)


@pytest.mark.parametrize("symbol", ["Ls", "H", "Tlmbo", "La"])
def test_what_is_not_ours_is_never_mapped(symbol: str) -> None:
    assert turned("pyimpspec", symbol, {"R": Stated(1.0), "tau": Stated(1.0), "n": Stated(0.5)}) is None
    one = Evaluation(
        "pyimpspec", dialect="pyimpspec", circuit=f"[R{symbol}]", parameters={f"{symbol}_1": {"n": Stated(0.8)}}
    )
    words = translated(one)
    assert words.circuit == ""
    assert not words.parameters
    assert set(words.others) == {f"{symbol}_1-n"}
    assert f"{symbol} has no counterpart" in words.notes[0]


@pytest.mark.parametrize(
    ("dialect", "text", "ours"),
    [
        ("relaxis", "R-(R-(R)(P))(P)-P", "R0-(R1-(R2|Q1)|Q2)-Q3"),
        ("relaxis", "(R)(C)", "R1|C1"),
        ("relaxis", "R-(R-W)(P)", ""),
        ("relaxis", "R-(R)(P", ""),
        ("pyimpspec", "!V=1![R{R=1/0/inf}(R{R=2}Q{Y=1,n=0.8F})W{Y=1}]", "R0-(R1|Q1)-W1"),
        ("pyimpspec", "[R(RGa)Ha]", "R0-(R1|G1)-HN1"),
        ("impedance_py", "R2-p(R1,CPE3)", "R2-(R1|Q3)"),
    ],
)
def test_circuits_are_translated_or_left_alone(dialect: str, text: str, ours: str) -> None:
    assert our_circuit(Evaluation("x", dialect=dialect, circuit=text)) == ours


def test_elements_are_paired_by_order_only_where_the_program_counts() -> None:
    counted = {f"R_{k}": {"R": Stated(float(k))} for k in (1, 10, 2, 3, 4, 5, 6, 7, 8, 9)}
    words = translated(Evaluation("x", dialect="pyimpspec", circuit="[" + "R" * 10 + "]", parameters=counted))
    assert [words.parameters[f"R{k}"].value for k in range(10)] == [float(k) for k in range(1, 11)]
    named = {"R2": {"": Stated(20.0)}, "R1": {"": Stated(10.0)}}
    words = translated(Evaluation("x", dialect="impedance_py", circuit="R2-R1", parameters=named))
    assert {name: one.value for name, one in words.parameters.items()} == {"R2": 20.0, "R1": 10.0}
