"""Words of a refinement under `analyses: diffraction:` mean what a notebook would say, or are refused with what is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from interlith.crystal.phases import phase
from interlith.crystal.writing import write_cif
from interlith.errors import InterlithError, StudyError
from interlith.layouts.instrument_facts import InstrumentFacts
from interlith.techniques.diffraction.options import check_options, plain
from interlith.techniques.diffraction.refinement_words import pattern_of

INSTRUMENT = "[instrument]\nlayout = 1\nradiation = 'x-ray'\nwavelengths = [0.7748]\ngauss = [0, 0, 0.0004]\nlorentz = [0.01, 0.02]\n"


def test_a_study_says_what_a_notebook_says() -> None:
    words: dict[str, Any] = {
        "phases": {
            "spinel": {"file": {"file": "own.cif", "text": write_cif(phase("LNMO"))}, "u_iso": "all", "texture": [1, 1, 1], "size": "0.08 um"},
            "corundum": {"fixed": True, "particle_size": "5 um"},
        },
        "instrument": {"file": "id22.toml", "text": INSTRUMENT}, "background": 9, "refine": ["zero"], "fixed": "spinel_microstrain",
        "values": {"spinel_cell_a": "0.817 nm"}, "bounds": {"spinel_cell_a": ["8.1 angstrom", 8.2]},
        "ties": {"spinel_O1_u_iso": {"spinel_Ni1_u_iso": 2.0, "constant": 0.001}},
        "sums": [{"of": ["spinel_scale", "corundum_scale"], "equals": 1}], "plan": [["*_scale"], {"frees": ["*_cell_*"], "rounds": 4}],
        "limits": ["5 deg", 40], "masks": {"all": [[10, 11]]}, "element_fraction": {"element": "Al", "phase": "corundum", "per": "Ni"},
        "standard": {"phase": "corundum", "added": {"S1": "20 +- 0.1 %", "S2": "0.1 +- 0.001"}},
    }  # fmt: skip
    check_options(words)
    options = plain(words)
    pattern = pattern_of(options)
    spinel, corundum = pattern.phases
    assert (spinel.name, spinel.structure.name, spinel.u_iso, spinel.texture) == ("spinel", "spinel", "all", (1, 1, 1))
    assert spinel.size == pytest.approx(80)
    assert (corundum.refine, corundum.radius) == ((), 2.5)
    assert isinstance(pattern.instrument, InstrumentFacts)
    assert pattern.instrument.wavelengths == (0.7748,)
    assert pattern.start["spinel_cell_a"] == pytest.approx(8.17)
    assert pattern.bounds["spinel_cell_a"] == (8.1, 8.2)
    tie, total = pattern.ties
    assert (tie.terms, getattr(tie, "constant", None)) == ({"spinel_Ni1_u_iso": 2.0}, 0.001)
    assert getattr(total, "equals", None) == 1
    assert pattern.plan is not None
    assert [stage.rounds for stage in pattern.plan.stages] == [10, 4]
    assert (pattern.limits, pattern.masks) == ((5.0, 40.0), {-1: ((10.0, 11.0),)})
    assert options["element_fraction"].per == ("Ni",)
    assert {name: (one.added, one.added_std) for name, one in options["standard"].items()} == {
        "S1": (pytest.approx(0.2), pytest.approx(0.001)), "S2": (0.1, 0.001),
    }  # fmt: skip


@pytest.mark.parametrize(
    "instrument", ["Cu", "synchrotron", "neutron", {"wavelengths": [0.7748], "gauss": [0, 0, 4e-4]}]
)
def test_instruments_by_word_and_by_numbers(instrument: Any) -> None:
    check_options({"phases": "LNMO", "instrument": instrument})


def test_released_bounds_and_bare_lists() -> None:
    options = plain(
        {"phases": ["LNMO.cif", {"file": "LaMnO3", "name": "coat", "refine": "cell"}], "bounds": "released"}
    )
    pattern = pattern_of(options)
    assert pattern.unbounded
    assert pattern.names == ("LNMO", "coat")
    assert pattern.phases[1].refine == ("cell",)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"background": 8}, "needs phases"),
        ({"phases": []}, "name CIF files"),
        ({"phases": ["LNMOO"]}, "LNMO"),
        ({"phases": ["LNMO", "LNMO"]}, "name of its own"),
        ({"phases": {"a": {"file": "LNMO", "refined": ["cell"]}}}, "refine"),
        ({"phases": {"a": {"file": "LNMO", "refine": ["cel"]}}}, "cell"),
        ({"phases": {"a": {"file": "LNMO", "u_iso": ["Mn9"]}}}, "Mn9"),
        ({"phases": {"a": {"file": "LNMO", "texture": [1, 1]}}}, "indices"),
        ({"phases": {"a": {"file": "LNMO", "fixed": True, "u_iso": "all"}}}, "leave out one"),
        ({"phases": {"a": {"file": "LNMO", "particle_size": "5 kg"}}}, "kg"),
        ({"phases": "LNMO", "background": 41}, "1 to 40"),
        ({"phases": "LNMO", "start": "backwards"}, "backward"),
        ({"phases": "LNMO", "refine": ["zeros"]}, "zero"),
        ({"phases": "LNMO", "fixed": ["LNMO_cel_a"]}, "LNMO_cell_a"),
        ({"phases": "LNMO", "values": {"LNMO_cell_b": 8}}, "LNMO_cell_a"),
        ({"phases": "LNMO", "values": {"LNMO_cell_a": "8 deg"}}, "deg"),
        ({"phases": "LNMO", "bounds": {"LNMO_cell_a": [9, 8]}}, "smaller"),
        ({"phases": "LNMO", "bounds": "none"}, "released"),
        ({"phases": "LNMO", "ties": {"LNMO_O1_u_iso": "LNMO_scale"}}, "LNMO_scale"),
        ({"phases": "LNMO", "ties": {"LNMO_inverse_size": "LNMO_size"}}, "ties or sums"),
        ({"phases": "LNMO", "sums": [{"of": ["LNMO_scale"], "equals": 1}]}, "two names"),
        ({"phases": "LNMO", "plan": [{"frees": ["*_scale"], "rounds": 0}]}, "from 1"),
        ({"phases": "LNMO", "instrument": "Cuu"}, "Cu"),
        ({"phases": "LNMO", "instrument": {"wavelength": [1.5]}}, "wavelengths"),
        ({"phases": "LNMO", "instrument": {"file": "none.prm"}}, "no file"),
        ({"phases": "LNMO", "instrument": {"file": "x.toml", "text": "no"}}, "no instrument file"),
        ({"phases": "LNMO", "element_fraction": {"element": "La", "phase": "LaMnO3"}}, "LNMO"),
        ({"phases": "LNMO", "element_fraction": {"element": "La"}}, "phase is missing"),
        ({"phases": "LNMO", "standard": {"phase": "LNMO", "added": 0.2}}, "how sure"),
        ({"phases": "LNMO", "standard": {"phase": "LNMO", "added": "1.2 +- 0.1"}}, "between 0 and 1"),
        ({"phases": "LNMO", "texture": [1, 1, 1]}, "write auto"),
        ({"phases": "LNMO", "humps": [22, 8]}, "place and full width"),
        ({"phases": "LNMO", "humps": [[22, 0]]}, "above 0"),
        ({"phases": {"a": {"file": "LNMO", "size_shape": "round"}}}, "isotropic"),
        ({"phases": {"a": {"file": "LNMO", "strain_shape": "uniaxial"}}}, "axis"),
        ({"phases": {"a": {"file": "LNMO", "axis": 3}}}, "axis"),
        ({"phases": {"a": {"file": "LNMO", "intensities": "free"}}}, "pawley"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_before_anything_runs(words: dict[str, Any], said: str) -> None:
    with pytest.raises(InterlithError, match=said) as caught:
        check_options(words)
    assert isinstance(caught.value, StudyError)
    assert str(caught.value).startswith("analyses: diffraction:")
