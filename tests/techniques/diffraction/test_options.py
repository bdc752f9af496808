"""Words under `analyses: diffraction:` are read with their units, or refused with what is allowed."""

from __future__ import annotations

from typing import Any

import pytest

from interlith.errors import ReadError, StudyError
from interlith.techniques.diffraction.options import OPTIONS, check_options, plain


def test_texts_with_units_and_bare_numbers_mean_the_same() -> None:
    texts = {
        "tracks": {"003": "18.7 deg", 104: "0.7745 rad"}, "limits": ["20 deg", 80], "wavelength": "0.07748 nm",
        "masks": {"all": [["35.8 deg", 36.2]], 12: [[40, 41]]}, "skip": [3], "widths": [0.05, "1 deg"],
    }  # fmt: skip
    found = plain(texts)
    assert found["tracks"]["003"] == 18.7
    assert found["tracks"]["104"] == pytest.approx(44.376, abs=1e-3)
    assert found["limits"] == (20.0, 80.0)
    assert found["wavelength"] == pytest.approx(0.7748)
    assert found["masks"] == {-1: ((35.8, 36.2),), 12: ((40.0, 41.0),)}
    assert plain(found) == {**found, "masks": found["masks"]}
    check_options(texts)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"trakcs": {}}, "tracks"),
        ({"tracks": {"003": "18.7 mm"}}, "mm"),
        ({"tracks": {"003": 190}}, "between 0 and 180"),
        ({"tracks": "003"}, "name each peak"),
        ({"limits": [80, 20]}, "the first must be the smaller"),
        ({"limits": 20}, "two angles"),
        ({"masks": [[1, 2]]}, "masks"),
        ({"masks": {"first": [[1, 2]]}}, "all or a number"),
        ({"skip": [-1]}, "numbers of patterns"),
        ({"wavelength": 0}, "wavelength"),
        ({"cell": "monoclinc"}, "tetragonal"),
        ({"peaks": "some"}, "on, each or off"),
        ({"expansion": {"of": "cell_a"}}, "reference"),
        ({"expansion": {"reference": "a", "formula": 2}}, "formulas"),
        ({"candidates": ["LNMOO"]}, "LNMO"),
    ],
)
def test_what_is_not_understood_is_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        check_options(words)


def test_a_file_of_the_study_is_checked_before_anything_runs() -> None:
    check_options({"candidates": ["LNMO"]})
    with pytest.raises((StudyError, ReadError), match=r"broken\.cif"):
        check_options({"candidates": [{"file": "broken.cif", "text": "no cif"}]})


def test_every_word_has_one_sentence() -> None:
    assert all(sentence and not sentence.endswith(".") for sentence in OPTIONS.values())
