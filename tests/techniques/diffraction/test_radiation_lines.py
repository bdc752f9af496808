"""Wavelengths: those of files, of tubes and of persons, and who wins."""

from __future__ import annotations

import pytest

from interlith.errors import StudyError
from interlith.techniques.diffraction.radiation_lines import (
    Lines,
    agreed_lines,
    alone,
    anode_of,
    anodes,
    asked_lines,
    said_lines,
    tube_lines,
)

CU = (1.5405929, 1.5444274)


def test_lines_of_tubes_agree_with_their_energies() -> None:
    # Energies (eV) of K-alpha 1 and 2 in the X-ray Data Booklet, LBNL 2009, table 1-2: an independent compilation on the scale of Bearden 1967.
    energies = {"Cr": (5414.72, 5405.51), "Fe": (6403.84, 6390.84), "Co": (6930.32, 6915.30), "Cu": (8047.78, 8027.83)}
    energies |= {"Mo": (17479.34, 17374.3), "Ag": (22162.92, 21990.3)}
    assert set(anodes()) == set(energies)
    for name, pair in energies.items():
        for wavelength, energy in zip(anodes()[name], pair, strict=True):
            assert wavelength == pytest.approx(12398.419843 / energy, rel=6e-5), name


def test_two_lines_without_a_ratio_get_the_weights_of_the_levels_and_say_so() -> None:
    found = said_lines({"wavelengths": [1.5406, 1.54439]}, "a.ras")
    assert (found.wavelengths, found.ratio) == ((1.5406, 1.54439), 0.5)
    assert found.assumed[0].startswith("a.ras names two wavelengths")


def test_a_ratio_that_is_said_is_kept_and_zero_leaves_one_line() -> None:
    assert said_lines({"wavelengths": [1.5406, 1.54439], "ratio": 0.497}, "a") == Lines((1.5406, 1.54439), 0.497)
    assert said_lines({"wavelengths": [1.5406, 1.54439], "ratio": 0}, "a") == Lines((1.5406,))


def test_an_anode_alone_or_the_mean_of_its_doublet_gives_both_lines() -> None:
    for words in ({"anode": "Cu"}, {"anode": "Cu", "wavelengths": [1.5418]}):
        found = said_lines(words, "a.xy")
        assert found.wavelengths == CU
        assert found.ratio == 0.5
        assert len(found.assumed) == 1


def test_k_alpha_1_of_an_anode_stays_alone() -> None:
    assert said_lines({"anode": "Cu", "wavelengths": [1.5406]}, "a.brml") == Lines((1.5406,))


def test_nothing_said_is_nothing() -> None:
    assert said_lines({"anode": "Unobtainium", "step": 0.02}, "a") == Lines()


@pytest.mark.parametrize("word", ["Cu", "CuKa", "Cu K-alpha", "Cu Kα", "Cu_Ka"])
def test_a_tube_by_name(word: str) -> None:
    found = tube_lines(word)
    assert found is not None
    assert found.wavelengths == CU


@pytest.mark.parametrize("word", ["CuKa1", "Cu K-alpha 1", "Cu K-alpha1"])
def test_k_alpha_1_by_name(word: str) -> None:
    assert tube_lines(word) == Lines(CU[:1])


@pytest.mark.parametrize("word", ["Xx", "copper.prm", "CuKb", "", "Cu.toml"])
def test_other_words_are_no_tubes(word: str) -> None:
    assert tube_lines(word) is None


def test_an_instrument_file_wins_and_a_difference_is_told() -> None:
    found = agreed_lines(Lines((0.41389,)), Lines((0.413909,)), ("cal.prm", "scan.fxye"))
    assert found.wavelengths == (0.41389,)
    assert "cal.prm says 0.41389 and scan.fxye 0.413909" in found.notes[0]
    assert agreed_lines(Lines(CU, 0.5), Lines((1.5406, 1.54443), 0.5), ("a", "b")).notes == ()


def test_one_line_against_two_is_told() -> None:
    assert agreed_lines(Lines(CU[:1]), Lines(CU, 0.5), ("a", "b")).notes != ()


def test_two_instruments_are_refused() -> None:
    with pytest.raises(StudyError, match=r"0\.413909.*0\.413263.*two instruments"):
        agreed_lines(Lines((0.413909,)), Lines((0.413263,)), ("a.prm", "b.fxye"))


def test_a_person_wins_and_a_doublet_keeps_its_shape() -> None:
    found = asked_lines(Lines(CU, 0.51), 1.5406)
    assert found.wavelengths[0] == 1.5406
    assert found.wavelengths[1] / found.wavelengths[0] == pytest.approx(CU[1] / CU[0], rel=1e-12)
    assert found.ratio == 0.51
    other = asked_lines(Lines(CU, 0.5), 0.7)
    assert (other.wavelengths, other.ratio) == ((0.7,), 0.0)
    assert "replaces" in other.notes[0]
    assert asked_lines(Lines(), 0.2411) == Lines((0.2411,))


def test_no_wavelength_is_refused() -> None:
    for wrong in (0.0, -1.0, float("nan"), 300.0):
        with pytest.raises(StudyError, match="between 0 and 100"):
            asked_lines(Lines(), wrong)


def test_a_missing_twin_is_told_for_tubes_only() -> None:
    assert (anode_of(1.5418), anode_of(1.5406), anode_of(0.413263)) == ("Cu", "Cu", "")
    assert "K-alpha 2" in alone(1.5406)[0]
    assert alone(0.413263) == ()
