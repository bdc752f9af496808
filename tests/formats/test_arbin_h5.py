"""Arbin HDF5 exports: every way in which tables are stored, and files that lead elsewhere or claim absurd sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.formats import arbin_h5
from interlith.model import Reading
from tests.formats.samples import make, table
from tests.formats.samples.arbin import START, columns, fielded

Columns = dict[str, np.ndarray[Any, Any]]


def _frame(reading: Reading) -> pl.DataFrame:
    return reading.payload.frame.collect()  # type: ignore[union-attr]


def _flags(reading: Reading) -> dict[str, str]:
    return {flag.code: flag.message for flag in reading.flags}


def _one_by_one(file: h5py.File, found: Columns) -> None:
    for name, values in found.items():
        file[f"raw/{name}"] = values


def _frame_fixed(file: h5py.File, found: Columns) -> None:
    for block, kind in enumerate("fi"):
        names = [name for name, values in found.items() if values.dtype.kind == kind]
        file[f"data_df/block{block}_items"] = np.array(names, dtype="S20")
        file[f"data_df/block{block}_values"] = np.column_stack([found[name] for name in names])
    file["data_df/block2_items"] = np.array(["Schedule"], dtype="S20")
    file.create_dataset("data_df/block2_values", data=[b"\x80\x04pickled"], dtype=h5py.special_dtype(vlen=bytes))


def _frame_table(file: h5py.File, found: Columns) -> None:
    blocks = [[name for name, values in found.items() if values.dtype.kind == kind] for kind in "fi"]
    rows = len(found["Test_ID"])
    fields = [(f"values_block_{spot}", "fi"[spot] + "8", (len(names),)) for spot, names in enumerate(blocks)]
    out = np.zeros(rows, dtype=[("index", "i8"), *fields])
    for spot, names in enumerate(blocks):
        out[f"values_block_{spot}"] = np.column_stack([found[name] for name in names])
    made = file.create_dataset("data_df/table", data=out)
    for spot, names in enumerate(blocks):
        listed = "".join(f"V{name}\np{place}\na" for place, name in enumerate(names, start=1))
        made.attrs[f"values_block_{spot}_kind"] = np.bytes_(f"(lp0\n{listed}.")


def _fields(file: h5py.File, found: Columns) -> None:
    file.create_dataset("data", data=fielded(found), chunks=(20,), compression="gzip")


@pytest.mark.parametrize("store", [_one_by_one, _frame_fixed, _frame_table, _fields])
def test_every_way_of_storing_a_table(store: Any, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        store(file, columns())
    path = tmp_path / "a.h5"
    assert arbin_h5.FORMAT.sniff(path.read_bytes()[:65_536], path) > 0.9
    reading = arbin_h5.FORMAT.read(path, {})
    got, want = _frame(reading), table()
    for name in ("test_time", "current", "voltage", "charge_counter", "discharge_counter", "vendor_step"):
        assert got[name].to_list() == want[name].to_list(), name
    assert got["wall_clock"][0] == START
    assert set(_flags(reading)) == {"units_assumed"}
    assert reading.test["test_id"] == "153"


def test_what_stands_beside_the_records(tmp_path: Path) -> None:
    about = {
        "IV_Ch_ID": np.array([7]), "Schedule_File_Name": np.array([b"C20.sdu"]), "SpecificMASS": np.array([0.00125]),
        "SpecificCapacity": np.array([0.16]), "First_Start_DateTime": np.array([1_600_000_000]),
    }  # fmt: skip
    with h5py.File(tmp_path / "a.h5", "w") as file:
        _fields(file, columns())
        file["stat_df"] = fielded(columns())[:3]
        file["info_df"] = fielded(about)
    reading = arbin_h5.FORMAT.read(tmp_path / "a.h5", {})
    assert reading.proposals == {"active_mass": "1.25 mg", "nominal_capacity": "0.2 mAh"}
    assert reading.test == {"channel": "7", "test_id": "153", "start": "2020-09-13T12:26:40"}
    assert reading.metadata["Schedule_File_Name"] == "C20.sdu"


def test_unprinted_units_are_asked_of_the_counters(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        _fields(file, columns() | {"Current": columns()["Current"] * 1e3})
    with pytest.raises(ReadError, match="1000 times what the counters say"):
        arbin_h5.FORMAT.read(tmp_path / "a.h5", {})


def test_records_twice_and_several_tests(tmp_path: Path) -> None:
    twice = {name: np.concatenate([values, values[:4]]) for name, values in columns().items()}
    with h5py.File(tmp_path / "a.h5", "w") as file:
        _fields(file, twice)
    reading = arbin_h5.FORMAT.read(tmp_path / "a.h5", {})
    assert _frame(reading).height == 60
    assert "4 records stand in the file twice" in _flags(reading)["repeated_records"]
    with h5py.File(tmp_path / "b.h5", "w") as file:
        _fields(file, columns() | {"Test_ID": np.repeat([153, 154], 30)})
    with pytest.raises(ReadError, match=r"2 tests.*153, 154.*never mixed"):
        arbin_h5.FORMAT.read(tmp_path / "b.h5", {})


def test_two_tables_of_records_are_never_mixed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["channel_1"], file["channel_2"] = fielded(columns()), fielded(columns())
    with pytest.raises(ReadError, match=r"2 tables could be the records: /channel_1 \(60 rows\), /channel_2"):
        arbin_h5.FORMAT.read(tmp_path / "a.h5", {})


def test_another_hdf5_file_is_refused_with_the_export_to_make(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw_data"] = fielded({"test_time": np.arange(3.0), "current": np.ones(3), "voltage": np.ones(3)})
    path = tmp_path / "a.h5"
    assert arbin_h5.FORMAT.sniff(path.read_bytes(), path) < 0.35
    with pytest.raises(ReadError, match=r"no table of this HDF5 file has Arbin's columns.*Export the record data"):
        arbin_h5.FORMAT.read(path, {})


def test_no_link_is_followed(tmp_path: Path) -> None:
    make("arbin_h5", tmp_path)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["out"] = h5py.ExternalLink("arbin.h5", "/Test/records")
        file["soft"] = h5py.SoftLink("/out")
        layout = h5py.VirtualLayout(shape=(60,), dtype="f8")
        layout[:] = h5py.VirtualSource(tmp_path / "arbin.h5", "Test/records", shape=(60,))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("external", (60,), "f8", external=[(str(tmp_path / "arbin.h5"), 0, 480)])
    with pytest.raises(ReadError, match="it holds no table"):
        arbin_h5.FORMAT.read(tmp_path / "b.h5", {})


def test_a_group_within_itself_ends(tmp_path: Path) -> None:
    path = make("arbin_h5", tmp_path)
    with h5py.File(path, "a") as file:
        file["Test/again"] = file["Test"]
        file["Test/root"] = file["/"]
    assert _frame(arbin_h5.FORMAT.read(path, {})).height == 60


def test_absurd_sizes_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    kinds = fielded(columns()).dtype
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("data", (10**12,), kinds, chunks=(1000,), compression="gzip")
    with pytest.raises(ReadError, match="above what is allowed"):
        arbin_h5.FORMAT.read(tmp_path / "a.h5", {})
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.create_dataset("data", (10_000_000,), kinds, chunks=(8_000_000,), compression="gzip")
    with pytest.raises(ReadError, match="above what is allowed"):
        arbin_h5.FORMAT.read(tmp_path / "b.h5", {})


def test_a_foreign_filter_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        made.set_chunk((20,))
        made.set_filter(32_001, h5py.h5z.FLAG_OPTIONAL, ())
        kinds = h5py.h5t.py_create(fielded(columns()).dtype, logical=True)
        h5py.h5d.create(file.id, b"data", kinds, h5py.h5s.create_simple((60,)), made)
    with pytest.raises(ReadError, match=r"filter \[32001\].*save it with gzip"):
        arbin_h5.FORMAT.read(tmp_path / "a.h5", {})


def test_broken_bytes(tmp_path: Path) -> None:
    raw = make("arbin_h5", tmp_path).read_bytes()
    path = tmp_path / "broken.h5"
    for place in range(0, len(raw), 7):
        broken = bytearray(raw)
        broken[place] ^= 0x5A
        path.write_bytes(broken)
        try:
            _frame(arbin_h5.FORMAT.read(path, {}))
        except ReadError as error:
            assert "broken.h5" in str(error)  # noqa: PT017
    for size in range(0, len(raw), 500):
        path.write_bytes(raw[:size])
        with pytest.raises(ReadError, match=r"broken\.h5"):
            arbin_h5.FORMAT.read(path, {})
