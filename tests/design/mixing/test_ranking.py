"""Order of dopants, its probability, and where the uncertainty comes from."""

from __future__ import annotations

import numpy as np
import pytest

from interlith.design.inputs import uncertain
from interlith.design.mixing.draws import dopant_ways, host_noise, shared_draws
from interlith.design.mixing.hosts import host_ions, mean_radius
from interlith.design.mixing.ranking import above, parts_of, rank
from interlith.errors import StudyError
from tests.crystal.crystals import layered, perovskite, spinel


def test_above_is_a_probability() -> None:
    random = np.random.default_rng(1)
    energies = np.stack([random.normal(mean, 1, 20_000) for mean in (0, 1, 1)])
    found = above(energies)
    assert found + found.T == pytest.approx(np.ones((3, 3)))
    assert np.diag(found) == pytest.approx(np.full(3, 0.5))
    assert found[0, 1] == pytest.approx(0.760, abs=0.01)  # Phi(1 / sqrt 2)
    assert found[1, 2] == pytest.approx(0.5, abs=0.01)


def test_parts_add_up_to_the_variance() -> None:
    random = np.random.default_rng(2)
    first, second, still = random.normal(size=5000), random.random(5000), np.full(5000, 3.0)
    energy = 4 * first - 10 * second + first * second
    parts = parts_of(energy, {"a": first, "b": second, "still": still})
    assert "still" not in parts
    assert parts["b"] < 0 < parts["a"]
    assert sum(size**2 for size in parts.values()) == pytest.approx(energy.var(), rel=0.03)


def test_ions_of_a_mixed_position_know_their_neighbours() -> None:
    found = {host.element: host for host in host_ions(spinel())}
    assert set(found) == {"Li", "Mn", "Ni"}
    assert found["Li"].coordination == 4
    assert found["Ni"].ion == "Ni2+"
    assert found["Ni"].coordination == 6
    assert found["Ni"].radius == 0.69
    assert found["Ni"].position_radius == pytest.approx(0.75 * 0.53 + 0.25 * 0.69)
    assert found["Mn"].position_charge == pytest.approx(3.5)
    assert found["Ni"].share == pytest.approx(0.25)


def test_sites_can_be_named_and_are_checked() -> None:
    assert [host.element for host in host_ions(spinel(), sites=["Mn"])] == ["Mn"]
    with pytest.raises(StudyError, match="no site or element 'Fe'"):
        host_ions(spinel(), sites=["Fe"])
    with pytest.raises(StudyError, match="no cation that a dopant could replace"):
        host_ions(spinel(), sites=["O"])


def test_coordination_and_spin_come_into_the_radius() -> None:
    assert host_ions(perovskite(), sites=["La"])[0].coordination == 12
    assert host_ions(layered(), sites=["Co"])[0].radius == 0.545
    assert host_ions(layered(), sites=["Co"], spin={"Co3+": "high"})[0].radius == 0.61


def test_a_mean_charge_has_a_mean_radius() -> None:
    assert mean_radius("Mn", 3.5, 6).value == pytest.approx((0.645 + 0.53) / 2)
    mixed = host_ions(spinel(), charges={"Li": 1, "Mn": 3.5, "Ni": 2, "O": -2}, sites=["Mn"])[0]
    assert mixed.ion == "Mn3.5+"


def _dopants(*asked: tuple[str, float], count: int = 2000):  # type: ignore[no-untyped-def]
    random = np.random.default_rng(0)
    hosts = host_ions(spinel())
    shared = shared_draws(uncertain("87-191 GPa", "GPa", "E"), uncertain("10-40", "1", "eps"), count, random)
    noise = host_noise(hosts, count, random)
    made = [dopant_ways(element, charge, hosts, shared, noise, random) for element, charge in asked]
    return made, shared, noise, random


def test_ways_cancel_charges_where_they_can() -> None:
    (aluminium,), *_ = _dopants(("Al", 3))
    pairs = [way for way in aluminium.ways if len(way.hosts) == 2]
    assert {way.where for way in pairs} == {"Li+ and Mn4+ at once", "Ni2+ and Mn4+ at once"}
    for way in pairs:
        assert way.mismatch == 0
        assert sum(way.weights) == pytest.approx(1)
        assert sum(w * (3 - host.charge) for w, host in zip(way.weights, way.hosts, strict=True)) == pytest.approx(0)
        assert np.all(way.charge == 0)
    single = next(way for way in aluminium.ways if way.where == "Ni2+")
    assert single.mismatch == 1
    assert np.all(single.charge > 0)


def test_a_site_without_a_radius_is_said_and_left_out() -> None:
    (lanthanum,), *_ = _dopants(("La", 3))
    assert lanthanum.missing == ("Li+ (4): Shannon has no radius of La3+ with 4 neighbours",)
    assert all(way.hosts[0].element != "Li" for way in lanthanum.ways)


def test_the_same_ion_is_no_dopant() -> None:
    random = np.random.default_rng(0)
    hosts = host_ions(spinel(), sites=["Mn"])
    shared = shared_draws(uncertain(100.0, "GPa", "E"), uncertain(20.0, "1", "eps"), 10, random)
    noise = host_noise(hosts, 10, random)
    with pytest.raises(StudyError, match=r"no way into the host.*it is the same ion"):
        dopant_ways("Mn", 4, hosts, shared, noise, random)


def test_order_grows_with_misfit() -> None:
    made, shared, noise, random = _dopants(("La", 3), ("Sc", 3), ("Y", 3), ("Nd", 3))
    ranked = rank(
        made, shared, noise, competing=20.0, temperature=np.full(2000, 1123.15), dose=np.full(2000, 0.005), random=random
    )  # fmt: skip
    assert [dopant.ion for dopant in ranked.dopants] == ["Sc3+", "Y3+", "Nd3+", "La3+"]
    assert np.all(np.diff(ranked.enough) <= 0)
    assert ranked.above[0, 3] > 0.99
    for parts, energy in zip(ranked.parts, ranked.energies, strict=True):
        assert sum(size**2 for size in parts.values()) == pytest.approx(energy.var(), rel=0.1)


def test_errors_that_all_share_do_not_blur_the_order() -> None:
    made, shared, noise, random = _dopants(("Y", 3), ("La", 3))
    ranked = rank(
        made, shared, noise, competing=1e-6, temperature=np.full(2000, 1123.15), dose=np.full(2000, 0.005), random=random
    )  # fmt: skip
    apart = ranked.energies[1] - ranked.energies[0]
    independent = float(np.hypot(ranked.energies[0].std(), ranked.energies[1].std()))
    assert apart.std() < 0.7 * independent
    assert ranked.above[0, 1] > 0.999
