"""How do options, choices and flags travel as JSON and come back as they were?

JSON knows neither NaN, infinity, tuples, dates nor keys other than text. They are written as an object with one key
that begins with ``$``. Numpy numbers come back as Python numbers and arrays as lists; everything else comes back with
value and type. Nothing is ever executed on the way back.
"""

from __future__ import annotations

import base64
import datetime as time
import math
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

import numpy as np


def to_plain(value: Any) -> Any:
    """Turn a value into what JSON can hold.

    Raises
    ------
    TypeError
        If the value is of a type that has no plain form.
    """
    if value is None or isinstance(value, (bool, str)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, Mapping):
        return _plain_mapping(value)
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [to_plain(item) for item in value]}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    return _plain_other(value)


def _plain_mapping(value: Mapping[Any, Any]) -> Any:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {str(key): to_plain(item) for key, item in value.items()}
    return {"$pairs": [[to_plain(key), to_plain(item)] for key, item in value.items()]}


def _plain_other(value: Any) -> Any:
    if isinstance(value, (set, frozenset)):
        name = "$frozenset" if isinstance(value, frozenset) else "$set"
        return {name: sorted((to_plain(item) for item in value), key=repr)}
    if isinstance(value, time.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, time.date):
        return {"$date": value.isoformat()}
    if isinstance(value, time.time):
        return {"$time": value.isoformat()}
    if isinstance(value, time.timedelta):
        return {"$timedelta": [value.days, value.seconds, value.microseconds]}
    if isinstance(value, PurePath):
        return {"$path": str(value)}
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, complex):
        return {"$complex": [to_plain(value.real), to_plain(value.imag)]}
    raise TypeError(
        f"A value of type {type(value).__name__} cannot be kept in the store; use numbers, text, dates, lists, tuples, "
        "sets and mappings of these."
    )


def from_plain(value: Any) -> Any:
    """Turn what `to_plain` made back into the value.

    Raises
    ------
    ValueError
        If it was not made by `to_plain`.
    """
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (name, content), *_ = value.items()
        if name.startswith("$"):
            return _tagged(name, content)
    return {key: from_plain(item) for key, item in value.items()}


def _tagged(name: str, content: Any) -> Any:
    match name:
        case "$float":
            return float(content)
        case "$complex":
            return complex(*(from_plain(item) for item in content))
        case "$tuple":
            return tuple(from_plain(item) for item in content)
        case "$set":
            return {from_plain(item) for item in content}
        case "$frozenset":
            return frozenset(from_plain(item) for item in content)
        case "$pairs":
            return {from_plain(key): from_plain(item) for key, item in content}
        case "$bytes":
            return base64.b64decode(content, validate=True)
        case "$path":
            return Path(content)
        case "$datetime":
            return time.datetime.fromisoformat(content)
        case "$date":
            return time.date.fromisoformat(content)
        case "$time":
            return time.time.fromisoformat(content)
        case "$timedelta":
            return time.timedelta(*content)
    raise ValueError(f"'{name}' is no plain form of a value.")
