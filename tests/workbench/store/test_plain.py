"""Do options and words come back as they were, and does nothing else pass?"""

from __future__ import annotations

import datetime as time
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlith.workbench.store.plain import from_plain, to_plain

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(max_size=20)
    | st.dates()
    | st.datetimes()
    | st.times()
    | st.timedeltas()
    | st.complex_numbers(allow_nan=False)
)
KEYS = st.text(max_size=5) | st.integers() | st.tuples(st.integers(), st.text(max_size=3))
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$float", "$tuple", "$"]), inner, max_size=2)
        | st.frozensets(st.integers() | st.text(max_size=3), max_size=4)
    ),
    max_leaves=12,
)


def shape(value: object) -> object:
    """Value with the types of everything in it."""
    if isinstance(value, dict):
        return "dict", [(shape(key), shape(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [shape(item) for item in value]
    return type(value).__name__, repr(value) if isinstance(value, (float, complex)) else value


@given(VALUES)
def test_a_value_comes_back_with_its_type(value: object) -> None:
    text = json.dumps(to_plain(value), allow_nan=False)
    assert shape(from_plain(json.loads(text))) == shape(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2])
def test_odd_floats_come_back(value: float) -> None:
    found = from_plain(json.loads(json.dumps(to_plain(value), allow_nan=False)))
    assert np.array(found).tobytes() == np.array(value).tobytes()


def test_numpy_numbers_become_python_numbers() -> None:
    found = from_plain(
        to_plain({"a": np.float64(0.1), "b": np.int64(3), "c": np.bool_(True), "d": np.array([1.0, math.nan])})
    )
    assert [type(item) for item in found.values()] == [float, int, bool, list]
    assert math.isnan(found["d"][1])


def test_paths_come_back() -> None:
    assert from_plain(to_plain(Path("a") / "ü b")) == Path("a") / "ü b"


def test_a_time_with_its_zone_keeps_its_offset() -> None:
    moment = time.datetime(2026, 1, 2, 3, 4, tzinfo=time.timezone(time.timedelta(hours=2)))
    assert from_plain(to_plain(moment)) == moment


@pytest.mark.parametrize("value", [object(), lambda: 1, open, range(3)])
def test_what_has_no_plain_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be kept in the store"):
        to_plain({"a": [value]})


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\$run"):
        from_plain({"$run": "rm"})
