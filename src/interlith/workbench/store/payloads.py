"""How do tables and arrays become bytes and come back bit for bit?

Tables are Parquet as polars writes it, which keeps its exact types; arrays are NetCDF-4 by h5netcdf.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import polars as pl

from interlith.errors import MissingDependency

#: Bytes of a table in memory below which compressing costs more time than it saves space.
_WORTH_COMPRESSING = 12_000


def frame_bytes(frame: pl.DataFrame, *, name: str) -> bytes:
    """Parquet of a table with at least one column.

    Raises
    ------
    TypeError
        If a column holds Python objects or structures without fields, which have no Parquet form.
    """
    small = frame.estimated_size() < _WORTH_COMPRESSING
    buffer = io.BytesIO()
    try:
        # Statistics serve filters over many files; nobody filters in here, and they cost time and space a column.
        if small:
            frame.write_parquet(buffer, compression="uncompressed", statistics=False)
        else:
            frame.write_parquet(buffer, compression="zstd", compression_level=1, statistics=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise TypeError(f"The table '{name}' cannot be kept in the store: {error}") from error
    return buffer.getvalue()


def frame_from(content: bytes) -> pl.DataFrame:
    """The table of `frame_bytes`."""
    return pl.read_parquet(content)


def is_dataset(value: Any) -> bool:
    """Whether a value is an xarray dataset; asked without importing xarray, which takes its time."""
    module = sys.modules.get("xarray")
    return module is not None and isinstance(value, module.Dataset)


def dataset_bytes(dataset: Any, *, name: str) -> bytes:
    """NetCDF of a dataset, read back and compared: NetCDF has no form for some types, and changes others in silence.

    Raises
    ------
    TypeError
        If the dataset does not come back identical.
    MissingDependency
        If h5py, which h5netcdf writes with, is not installed.
    """
    buffer = io.BytesIO()
    try:
        dataset.to_netcdf(buffer, engine="h5netcdf")
        content = bytes(buffer.getbuffer())
        identical = dataset_from(content).identical(dataset)
    except ImportError as error:
        raise MissingDependency(
            f"The dataset '{name}' needs h5py to be kept; install it with `pip install h5py`."
        ) from error
    except OSError:
        raise
    except Exception as error:  # xarray, h5netcdf and h5py each have their own ways to say that there is no form for it
        raise TypeError(f"The dataset '{name}' cannot be kept in the store: {error}") from error
    if not identical:
        raise TypeError(
            f"The dataset '{name}' does not come back from NetCDF as it was; use plain numbers, text and times as "
            "variables, and text and numbers as attributes."
        )
    return content


def dataset_from(content: bytes) -> Any:
    """The dataset of `dataset_bytes`, in memory."""
    import xarray

    with xarray.open_dataset(io.BytesIO(content), engine="h5netcdf") as dataset:
        return dataset.load()
