"""Do traced models and chains give the derivatives, the fits and the sums of those written by hand?"""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from interlith.numerics.fitting import Curves, Parameter, Parameters, fit

jax = pytest.importorskip("jax", reason="JAX is an extra (interlith[autodiff]) and not installed")
tracing = pytest.importorskip("interlith.numerics.fitting.tracing")

x = np.linspace(0.0, 4.0, 60)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("INTERLITH_COMPILED", "")


def peak(p, x):
    numpy = jax.numpy
    return p[0] * numpy.exp(-0.5 * ((x - p[1]) / p[2]) ** 2) + p[3]


def by_hand(values, which):
    height, centre, width, level = (values[:, k, None] for k in range(4))
    u = (x - centre) / width
    bell = np.exp(-0.5 * u * u)
    parts = [bell, height * bell * u / width, height * bell * u * u / width, np.ones((len(values), x.size))]
    return height * bell + level, np.stack(parts, axis=1)


def parameters():
    return Parameters(
        [Parameter("height", 2.0), Parameter("centre", 1.8), Parameter("width", 0.5, low=0.05), Parameter("level", 0.0)]
    )


def data(members=5):
    truth = np.array([3.0, 2.0, 0.4, 0.5]) * np.random.default_rng(0).uniform(0.9, 1.1, (members, 4))
    return by_hand(truth, None)[0] + np.random.default_rng(1).normal(0, 0.05, (members, x.size))


def test_derivatives_equal_those_by_hand_for_every_batch_size() -> None:
    model = tracing.traced(peak, x)
    values = np.random.default_rng(2).uniform(0.5, 2.0, (7, 4))
    for size in (1, 2, 3, 7):
        for mine, theirs in zip(model(values[:size], np.arange(size)), by_hand(values[:size], None), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("loss", ["linear", "soft_l1"])
@pytest.mark.parametrize("sums", [False, True])
def test_the_same_fit_whoever_sums(loss, sums) -> None:
    observed = data()
    one = fit(Curves(parameters(), observed, by_hand, std=0.05), loss=loss)
    two = fit(tracing.TracedCurves(parameters(), observed, peak, x, std=0.05, sums=sums), loss=loss)
    np.testing.assert_allclose(two.values, one.values, rtol=1e-6)
    np.testing.assert_allclose(two.std, one.std, rtol=1e-5)


def test_poisson_sums_equal_those_of_numpy_with_points_left_out() -> None:
    counts = np.random.default_rng(3).poisson(by_hand(np.array([[30.0, 2.0, 0.4, 5.0]] * 3), None)[0]).astype(float)
    counts[1, :10] = np.nan
    one = fit(Curves(parameters(), counts, by_hand), start=[20.0, 1.9, 0.5, 4.0], loss="poisson")
    two = fit(
        tracing.TracedCurves(parameters(), counts, peak, x, sums=True), start=[20.0, 1.9, 0.5, 4.0], loss="poisson"
    )
    assert one.converged.all()
    np.testing.assert_allclose(two.values, one.values, rtol=1e-6)


def test_each_member_has_its_own_abscissa() -> None:
    grids = np.stack([x, x + 0.1, x + 0.2])
    model = tracing.traced(peak, grids)
    values = np.tile([3.0, 2.0, 0.4, 0.5], (2, 1))
    found, _ = model(values, np.array([2, 0]))
    np.testing.assert_allclose(found[0], by_hand(values[:1] - [0, 0.2, 0, 0], None)[0][0], rtol=1e-12)
    np.testing.assert_allclose(found[1], by_hand(values[:1], None)[0][0], rtol=1e-12)


def test_a_chain_is_the_model_of_the_model() -> None:
    # Bragg's law is traced, the sum over the points is by hand: the centre follows from a spacing.
    def spacing(p):
        numpy = jax.numpy
        return numpy.stack([p[0], 2 * numpy.arcsin(0.8 / p[1]), p[2], p[3]])

    model = tracing.chained(tracing.traced(spacing), by_hand)
    values = np.array([[3.0, 1.0, 0.4, 0.5], [2.0, 1.2, 0.3, 0.1]])
    found, derivatives = model(values, np.arange(2))
    step = 1e-6
    for place in range(4):
        up, down = values.copy(), values.copy()
        up[:, place] += step
        down[:, place] -= step
        expected = (model(up, np.arange(2))[0] - model(down, np.arange(2))[0]) / (2 * step)
        np.testing.assert_allclose(derivatives[:, place], expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        found[0], by_hand(np.array([[3.0, 2 * np.arcsin(0.8), 0.4, 0.5]]), None)[0][0], rtol=1e-12
    )


def test_compiled_code_is_kept_where_it_is_told(tmp_path) -> None:
    script = (
        "import numpy as np\nfrom interlith.numerics.fitting.tracing import traced\n"
        "traced(lambda p: p * p)(np.ones((2, 3)), np.arange(2))\n"
    )
    folder = tmp_path / "kept"
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"INTERLITH_COMPILED": str(folder)})
    assert any(folder.iterdir())


def test_without_jax_the_error_says_what_to_install(monkeypatch) -> None:
    from interlith.errors import MissingDependency

    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingDependency, match=r"install interlith\[autodiff\]"):
        tracing.traced(peak, x)
    assert tracing.devices() == ()
