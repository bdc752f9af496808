"""What does a text export of EC-Lab or BT-Lab (.mpt, .txt) hold: cycling, spectra, or both?

With its header lines, or without them, when the file begins with the names of its columns.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from interlith.layouts import (
    biologic_charge,
    biologic_header,
    biologic_spectra,
    biologic_table,
    biologic_text,
    biologic_writing,
)
from interlith.layouts import table_writing as writing
from interlith.layouts.biologic_text import Export
from interlith.layouts.lazy_text import refusal
from interlith.layouts.text_layout import fields
from interlith.model import Flag, Format, Reading, State, Table, Within
from interlith.physics.step_words import step_word
from interlith.units import inside

#: Rows looked at to choose columns by.
LOOKED = 2000
_NAMES = (
    "mode", "ox/red", "error", "control changes", "Ns changes", "counter inc.", "Ns", "time/s", "Ewe/V", "I/mA", "dq/mA.h",
    "(Q-Qo)/mA.h", "Energy charge/W.h", "Energy discharge/W.h", "cycle number",
)  # fmt: skip


def write(frame: pl.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write canonical columns as a text export of EC-Lab: 1 us, 1 uV, 1 nA, 1e-12 Ah, 1e-9 Wh; spectra with eight digits.

    Parameters
    ----------
    frame
        Canonical columns in inside units; ``vendor_cycle``, ``vendor_step`` and ``vendor_step_type`` are needed too. With a
        ``frequency`` it is written as spectra (`interlith.layouts.biologic_writing`).
    path
        File to write.
    metadata
        ``start`` (ISO text) and ``active_mass`` (text with unit); of spectra also ``area`` and ``technique``.

    Raises
    ------
    StudyError
        If a needed column is missing or a key of `metadata` is unknown.
    """
    if "frequency" in frame.columns:
        biologic_writing.write_spectra(frame, path, metadata)
        return
    start = writing.start_of(metadata, ("start", "active_mass"))
    frame = writing.completed(frame, needed=("vendor_cycle", "vendor_step", "vendor_step_type"))
    words = frame.get_column("vendor_step_type").cast(pl.String).unique().drop_nulls().to_list()
    modes = {text: _mode(text) for text in words}
    current = pl.col("current")
    zero = pl.lit(0)
    changes = (pl.col("vendor_step") != pl.col("vendor_step").shift(1)).fill_null(False).cast(pl.Int64)
    out: dict[str, pl.Expr] = {
        "mode": pl.col("vendor_step_type").cast(pl.String).replace_strict(modes, default=1, return_dtype=pl.Int64),
        "ox/red": (current > 0).cast(pl.Int64), "error": zero, "control changes": zero, "Ns changes": changes,
        "counter inc.": zero, "Ns": pl.col("vendor_step"), "time/s": writing.fixed(pl.col("test_time"), 6),
        "Ewe/V": writing.fixed(pl.col("voltage"), 6), "I/mA": writing.fixed(current * 1e3, 6),
        "cycle number": pl.col("vendor_cycle"),
    }  # fmt: skip
    if {"charge_counter", "discharge_counter"} <= set(frame.columns):
        # The increments are those of the printed sum, so that their own rounding never adds up.
        net = ((_grown("charge_counter") - _grown("discharge_counter")) * 1e3).round(9)
        frame = frame.with_columns(net.alias("_net"))
        out["dq/mA.h"] = writing.fixed(pl.col("_net").diff().fill_null(0.0), 9)
        out["(Q-Qo)/mA.h"] = writing.fixed(pl.col("_net"), 9)
    if {"charge_energy_counter", "discharge_energy_counter"} <= set(frame.columns):
        out["Energy charge/W.h"] = writing.fixed(_grown("charge_energy_counter"), 9)
        out["Energy discharge/W.h"] = writing.fixed(_grown("discharge_energy_counter"), 9)
    table = frame.select(out[name].alias(name) for name in _NAMES if name in out)
    body = io.StringIO()
    table.write_csv(body, include_header=False, separator="\t", line_terminator="\r\n")
    lines = ["", "Galvanostatic Cycling with Potential Limitation", "", "Run on channel : 1 (SN 0)"]
    if start is not None:
        lines.append(f"Acquisition started on : {start:%m/%d/%Y %H:%M:%S}.{start.microsecond // 1000:03d}")
    if "active_mass" in metadata:
        lines.append(f"Mass of active material : {inside(metadata['active_mass'], 'active_mass') * 1e6:.6g} mg")
    lines += ["Cycle Definition : Charge/Discharge alternance", ""]
    head = [biologic_text.MAGIC[0], f"Nb header lines : {len(lines) + 3}", *lines, "\t".join(table.columns)]
    path.write_text("\r\n".join(head) + "\r\n" + body.getvalue(), encoding="cp1252", newline="")


def _mode(text: str) -> int:
    word = step_word(text)
    return 3 if word.direction == "rest" else 2 if word.control == "cv" else 1


def _grown(name: str) -> pl.Expr:
    step = pl.col(name).diff().fill_null(0.0)
    return pl.when(step >= 0).then(step).otherwise(pl.col(name)).cum_sum()


def sniff(head: bytes, path: Path) -> float:
    """Confidence from the first line: the words of EC-Lab and BT-Lab, or the names of their columns."""
    del path
    lines = biologic_text.first_lines(head[:8192])
    if biologic_text.has_header(lines):
        return 0.98
    names = fields(next((line for line in lines[:3] if line.strip()), ""), "\t")
    exact = {name.strip().strip("\ufeff") for name in names}
    if len(names) < 3 or not biologic_text.names_table(sorted(exact)):
        return 0.0
    own = exact & {
        "mode",
        "ox/red",
        "Ns",
        "Ewe/V",
        "Ecell/V",
        "<Ewe>/V",
        "<I>/mA",
        "(Q-Qo)/mA.h",
        "-Im(Z)/Ohm",
        "cycle number",
    }
    return 0.96 if len(own) >= 3 else 0.6


def technique_of(head: bytes, path: Path) -> str:
    """``impedance`` for a file of spectra and ``voltammetry`` for scans, by technique and columns, else ``cycling``; never raises."""
    del path
    lines = biologic_text.first_lines(head)
    technique = lines[3].strip() if biologic_text.has_header(lines) and len(lines) > 3 else ""
    for number, line in enumerate(lines):
        names = fields(line, "\t")
        if "\t" in line and biologic_text.names_table(names):
            row = fields(lines[number + 1], "\t") if number + 1 < len(lines) else []
            if _spectra_only(technique, [name.strip() for name in names], row):
                return "impedance"
            return "voltammetry" if _scans(technique) else "cycling"
    return "impedance" if "impedance" in technique.casefold() else "voltammetry" if _scans(technique) else "cycling"


def _scans(technique: str) -> bool:
    plain = technique.casefold()
    return "voltammetry" in plain or "linear sweep" in plain


def _spectra_only(technique: str, names: list[str], row: list[str]) -> bool:
    """Whether an export is of spectra alone: by its technique, else by whether its first row has a frequency."""
    if "freq/Hz" not in names:
        return False
    if technique and ":" not in technique and "\t" not in technique:
        return "impedance" in technique.casefold() or "peis" in technique.casefold()
    place = names.index("freq/Hz")
    first = row[place].strip().replace(",", ".") if place < len(row) else "0"
    try:
        return "mode" not in names and float(first) > 0
    except ValueError:
        return "mode" not in names


def read(path: Path, options: Mapping[str, Any]) -> Reading:
    """Read a text export; the table of a cycling file lazily.

    Raises
    ------
    ReadError
        If no line names time and voltage or a spectrum, or numbers could be misread.
    """
    found = biologic_text.export(path, decimal=options.get("decimal"))
    row = list(found.layout.head_rows[0]) if found.layout.head_rows else []
    try:
        if _spectra_only(found.header.technique, list(found.layout.names), row):
            payload, more = biologic_spectra.spectra_only(found.frame.collect(), where=str(path))
            return _reading(found, payload, (), more)
        return _cycling(found, options, str(path))
    except pl.exceptions.PolarsError as error:
        raise refusal(error, str(path)) from error


def _cycling(found: Export, options: Mapping[str, Any], where: str) -> Reading:
    names = set(found.names)
    told = names & {"current", "current_mean"} or biologic_charge.charge_column(names)
    seen = (found.frame.head(LOOKED) if told else found.frame).collect()
    technique = found.header.technique.casefold()
    chosen = biologic_table.choose(names, seen, options, rests="open circuit" in technique, where=where)
    remarks = list(chosen.remarks)
    columns = {name: expression.alias(name) for name, expression in chosen.columns.items()}
    if found.dated:
        columns["wall_clock"] = pl.col("wall_clock")
    spectra: tuple[biologic_spectra.Spectrum, ...] = ()
    if "frequency" in names and any(needed <= names for needed in biologic_spectra.NEEDED):
        spectra = biologic_spectra.split(found.frame.select(_spectral(names)).collect(), where=where)
    if spectra:
        lazy = found.frame.select(*columns.values(), pl.col("frequency").alias("_frequency"))
        payload = lazy.filter(~(pl.col("_frequency").fill_null(0.0) > 0)).drop("_frequency")
    else:
        payload = found.frame.select(columns.values())
    return _reading(found, payload, spectra, remarks)


def _spectral(names: set[str]) -> list[str]:
    """Columns that spectra and the voltage of their step need."""
    wanted = (
        "time", "frequency", "real", "minus_imaginary", "imaginary", "modulus", "phase", "z_cycle", "sequence", "cycle",
        "ewe", "ewe_mean", "ecell", "ecell_mean", "ewe_ece",
    )  # fmt: skip
    return [name for name in wanted if name in names]


def _reading(
    found: Export, payload: pl.LazyFrame, spectra: tuple[biologic_spectra.Spectrum, ...], remarks: Any
) -> Reading:
    every = (*found.header.remarks, *found.remarks, *remarks)
    return Reading(
        payload=Table(payload, tuple(payload.collect_schema().names())),
        metadata={**found.header.metadata, "columns": tuple(name for name in found.layout.names if name)},
        flags=tuple(Flag(item.code, item.message, item.where, item.severity) for item in every),
        proposals=dict(found.header.proposals),
        test=biologic_header.identity(found.header, found.first),
        within=tuple(_within(one) for one in spectra),
    )


def _within(one: biologic_spectra.Spectrum) -> Within:
    state = {"voltage": State("voltage", *one.voltage, "V")} if one.voltage is not None else {}
    table = Table(one.frame, tuple(one.frame.collect_schema().names()))
    return Within("impedance", table, state, f"rows {one.rows[0]}-{one.rows[1]}")


FORMAT = Format(
    name="biologic_mpt",
    title="BioLogic text export (.mpt, .txt)",
    patterns=("*.mpt", "*.txt"),
    sniff=sniff,
    read=read,
    technique_of=technique_of,
    source="EC-Lab and BT-Lab exports in public data sets (ImperialCollegeLondon/PyProBE, dgbowl/yadg, ECSHackWeek/impedance.py, "
    "jdhuang-csm/hybrid-drt)",
    versions_seen=("EC-Lab 11.18", "EC-Lab 11.36 to 11.61", "BT-Lab 1.75 to 1.80"),
    write=write,
    reads=(
        "text of EC-Lab and BT-Lab with or without header, decimal comma, times as seconds or dates; impedance and"
        " voltammetry as `biologic_mpr`"
    ),
    limits="two decimal signs in one file; unknown units of needed columns",
)
