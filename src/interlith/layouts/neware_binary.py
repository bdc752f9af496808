"""What do the records of a Neware binary mean, once fastnda has decoded them?

Shared by the .nda and .ndax formats: silence and capture of what fastnda says, signs, units, wall clock, header numbers.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from interlith.errors import ReadError
from interlith.layouts.lazy_text import Remark
from interlith.physics.step_words import is_discharge


@dataclass(frozen=True, slots=True)
class Decoded:
    """The records as fastnda gives them, its header, and what it said."""

    records: pl.DataFrame
    header: Mapping[str, Any]
    said: tuple[str, ...]


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def decode(path: Path, *, shown: Path) -> Decoded:
    """Decode a binary with fastnda, with the vendor's own cycle numbers.

    Parameters
    ----------
    path
        A file whose suffix is .nda or .ndax, as fastnda wants it.
    shown
        The path that messages name.

    Raises
    ------
    ReadError
        If fastnda cannot decode it.
    """
    import fastnda

    logger = logging.getLogger("fastnda")
    listener = _Listener()
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            records = fastnda.read(path, cycle_mode="raw")
            header = _header(path)
    except (MemoryError, ReadError):
        raise
    except Exception as error:  # a decoder of a closed format fails in any way on damaged bytes
        raise ReadError(
            f"{shown}: the Neware file cannot be decoded ({type(error).__name__}: {error}). It may be cut short or of a "
            "newer BTS version; copy it again, or export it as csv from BTSDA with all columns."
        ) from error
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagate
    needed = {"voltage_V", "current_mA", "total_time_s"}
    if records.is_empty() or not needed <= set(records.columns):
        raise ReadError(f"{shown}: the Neware file holds no records of time, current and voltage; export it as csv.")
    return Decoded(records, header, tuple([*listener.said, *(str(item.message) for item in caught)]))


def _header(path: Path) -> Mapping[str, Any]:
    import fastnda

    try:
        found: Mapping[str, Any] = fastnda.read_metadata(path)
    except Exception as error:  # the header is for people; records without it are still good
        return {"header_error": f"{type(error).__name__}: {error}"}
    return found


def canonical(decoded: Decoded) -> tuple[pl.LazyFrame, list[Remark]]:
    """Canonical columns and what the records show about clock and sign."""
    records = decoded.records
    have = set(records.columns)
    milli = {"capacity_mAh": "capacity_counter", "energy_mWh": "energy_counter"}
    out = [
        pl.col("total_time_s").cast(pl.Float64).alias("test_time"),
        (pl.col("current_mA").cast(pl.Float64) * 1e-3).alias("current"),
        pl.col("voltage_V").cast(pl.Float64).alias("voltage"),
    ]
    if "cycle_count" in have and not any("Raw cycle column missing" in text for text in decoded.said):
        out.append(pl.col("cycle_count").cast(pl.Int64).alias("vendor_cycle"))
    if "step_index" in have or "step_count" in have:
        step = "step_index" if "step_index" in have else "step_count"
        out.append(pl.col(step).cast(pl.Int64).alias("vendor_step"))
    if "step_type" in have:
        out.append(pl.col("step_type").cast(pl.String).alias("vendor_step_type"))
    for name, quantity in milli.items():
        if name in have:
            out.append((pl.col(name).cast(pl.Float64).abs() * 1e-3).alias(quantity))
    if "index" in have:
        out.append(pl.col("index").cast(pl.Int64).alias("vendor_record"))
    if "step_time_s" in have:
        out.append(pl.col("step_time_s").cast(pl.Float64).alias("step_time"))
    if "unix_time_s" in have:
        clock = (pl.col("unix_time_s") * 1e3).round(0).cast(pl.Int64).cast(pl.Datetime("ms"))
        out.append(clock.alias("wall_clock"))
    temperature = next((name for name in records.columns if name.endswith("temperature_degC")), None)
    if temperature is not None:
        out.append(pl.col(temperature).cast(pl.Float64).alias("temperature"))
    return records.lazy().select(out), _remarks(decoded)


def _remarks(decoded: Decoded) -> list[Remark]:
    records = decoded.records
    found: list[Remark] = []
    if "unix_time_s" in records.columns:
        steps = records.get_column("unix_time_s").diff()
        back = int((steps < 0).sum())
        if back:
            low = steps.min()
            row = int(steps.arg_min() or 0)
            found.append(
                Remark(
                    "clock_jumps_back",
                    f"The wall clock jumps back {back} times, by up to {-float(str(low)):.0f} s; device time is used and is "
                    "not affected.",
                    f"record {row + 1}",
                    "note",
                )
            )
    if "step_type" in records.columns:
        by_type = records.group_by("step_type").agg(pl.col("current_mA").sum().alias("sum"))
        wrong = by_type.filter(is_discharge(pl.col("step_type")) & (pl.col("sum") > 0))
        if wrong.height:
            words = ", ".join(str(word) for word in wrong.get_column("step_type"))
            found.append(
                Remark(
                    "sign_contradicts_step_type",
                    f"Steps of type {words} have a positive current on the whole; charge and discharge may be swapped.",
                    severity="error",
                )
            )
    unsaid = (text for text in decoded.said if "unix_time_s" not in text)
    found.extend(Remark("decoder_warning", text.strip(), severity="note") for text in unsaid)
    return found


def find(header: Mapping[str, Any], *names: str) -> str:
    """First text under one of the given keys, at any depth of the vendor's header; empty if there is none."""
    for name in names:
        found = _search(header, name)
        if found:
            return found
    return ""


def _search(node: Any, name: str) -> str:
    if isinstance(node, Mapping):
        direct = node.get(name)
        if isinstance(direct, Mapping):
            direct = direct.get("Value", "")
        if isinstance(direct, (str, int, float)) and str(direct).strip():
            return str(direct).strip()
        for value in node.values():
            if text := _search(value, name):
                return text
    return ""
