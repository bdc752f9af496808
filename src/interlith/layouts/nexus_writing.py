"""How is a stack of patterns written as NeXus?"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from interlith.errors import ReadError

_AXES = {"two_theta": "deg", "scattering_vector": "1/angstrom", "time_of_flight": "us"}
_STATES = {"test_time": ("time", "s"), "temperature": ("temperature", "degC"), "voltage": ("voltage", "V")}


def stack(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write one NXdata of all frames.

    Parameters
    ----------
    frame
        Columns of one axis (``two_theta`` deg, ``scattering_vector`` 1/angstrom or ``time_of_flight`` us), ``intensity`` and, where there
        are, ``intensity_std``, ``frame``, ``test_time`` (s), ``temperature`` (degC), ``voltage`` (V). All frames have the same positions.
    path
        Where to.
    metadata
        ``instrument`` as readers give it, ``start`` (ISO text), ``title``, ``compression`` (``gzip`` or nothing).

    Raises
    ------
    ReadError
        If frames differ in their positions.
    """
    h5py = importlib.import_module("h5py")
    axis = next(name for name in _AXES if name in frame.columns)
    count = frame["frame"].n_unique() if "frame" in frame.columns else 1
    points = frame.height // count
    where = frame[axis].to_numpy().reshape(count, points) if points * count == frame.height else np.empty((2, 0))
    if not (where.size and np.all(where == where[0])):
        raise ReadError("The frames differ in their positions, which one NXdata cannot hold; write one file a frame.")
    shape = (count, points) if "frame" in frame.columns else (points,)
    with h5py.File(path, "w") as file:
        entry = _group(file, "entry", "NXentry")
        file.attrs["default"], entry.attrs["default"] = "entry", "data"
        if metadata.get("start"):
            entry["start_time"] = str(metadata["start"])
        entry["title"] = str(metadata.get("title", "simulated"))
        _instrument(entry, metadata.get("instrument", {}))
        data = _group(entry, "data", "NXdata")
        data.attrs["signal"] = "intensity"
        data.attrs["axes"] = [".", axis] if len(shape) == 2 else [axis]
        packed: Any = metadata.get("compression")
        chunks = (1, points) if len(shape) == 2 else None
        for name, target in (("intensity", "intensity"), ("intensity_std", "intensity_errors")):
            if name in frame.columns:
                values = frame[name].fill_null(float("nan")).to_numpy().reshape(shape)
                data.create_dataset(target, data=values, compression=packed, chunks=chunks if packed else None)
        data[axis] = where[0]
        data[axis].attrs["units"] = _AXES[axis]
        for name, (target, unit) in _STATES.items():
            if name in frame.columns and len(shape) == 2:
                data[target] = frame[name].to_numpy().reshape(shape)[:, 0]
                data[target].attrs["units"] = unit


def _group(parent: Any, name: str, kind: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    return group


def _instrument(entry: Any, about: Mapping[str, Any]) -> None:
    instrument = _group(entry, "instrument", "NXinstrument")
    lines = about.get("wavelengths", [])
    if len(lines) == 1:
        beam = _group(instrument, "beam", "NXbeam")
        beam["incident_wavelength"] = float(lines[0])
        beam["incident_wavelength"].attrs["units"] = "angstrom"
    if about.get("radiation"):
        source = _group(instrument, "source", "NXsource")
        source["probe"] = str(about["radiation"])
