"""Files that no instrument ever wrote, for every format: a sentence with the file in it, and nothing else is lost."""

from __future__ import annotations

import os
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.errors import ReadError
from interlith.model import Table
from interlith.physics.counting import count
from interlith.workbench.discovery import formats
from interlith.workbench.reading import read_file, recognise
from tests.formats.mutations.bases import Base, cycles, own
from tests.formats.mutations.judging import Told, compare, tell
from tests.formats.samples import SAMPLES, make
from tests.formats.samples.common import instead

NAMES = sorted(SAMPLES.keys() & formats().keys())
EVERY = pytest.mark.parametrize("name", NAMES)
#: A damaged file is answered within this (s), and takes no more than this (bytes) of memory.
PATIENCE, MEMORY = 10.0, 300_000_000


def told(path: Path, base: Base) -> Told | None:
    """What a user gets, `None` where the file is refused; any other exception fails the test."""
    began = time.monotonic()
    try:
        return tell(path, base)
    except ReadError:
        return None
    finally:
        assert time.monotonic() - began < PATIENCE


def base_of(name: str, folder: Path) -> tuple[Base, Told | None]:
    base = own(name, folder)[0]
    path = folder / f"clean{base.suffix}"
    path.write_bytes(base.content)
    return base, told(path, base)


def is_text(content: bytes) -> bool:
    return b"\x00" not in content and not content.startswith(b"PK")


@EVERY
def test_cut_at_every_kind_of_boundary(name: str, tmp_path: Path) -> None:
    base, clean = base_of(name, tmp_path)
    size = len(base.content)
    cuts = {1, 2, 4, 8, 16, 63, 64, 65, 512, 4096, size // 3, size // 2, size - 1, size - 2, size - 22, size - 64}
    if is_text(base.content):
        ends = [spot + 1 for spot, byte in enumerate(base.content) if byte == 10]
        cuts |= {*ends[:3], *ends[:: max(1, len(ends) // 8)], ends[-1] - 3}
    for cut in sorted(cut for cut in cuts if 0 < cut < size):
        path = tmp_path / f"cut{base.suffix}"
        path.write_bytes(base.content[:cut])
        found = told(path, base)
        if found is not None:
            word, detail = compare(clean or Told((), frozenset()), found, "truncate")
            assert word != "wrong", (cut, detail)


@EVERY
@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a", b"\x00", b"\xff\xfe", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", bytes(range(256)) * 40, b"\r" * 9999, b'"' * 9999],
    ids=["empty", "newline", "a", "zero", "utf16", "zip", "hdf", "bytes", "returns", "quotes"],
)  # fmt: skip
def test_what_is_no_file_of_the_format_is_refused_by_name(name: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"hostile{''.join(Path(SAMPLES[name].file).suffixes)}"
    path.write_bytes(content)
    with pytest.raises(ReadError, match="hostile"):
        read_file(path, options=SAMPLES[name].options)
    with pytest.raises(ReadError, match="hostile"):
        read_file(path, format_name=name, options=SAMPLES[name].options)


@EVERY
def test_header_and_first_rows_only(name: str, tmp_path: Path) -> None:
    base, _ = base_of(name, tmp_path)
    if not is_text(base.content):
        pytest.skip("no lines")
    lines = base.content.splitlines(keepends=True)
    for stop in (*range(1, min(len(lines), 9)), *range(9, min(len(lines), 60), 7)):
        path = tmp_path / f"first{base.suffix}"
        path.write_bytes(b"".join(lines[:stop]))
        told(path, base)


@EVERY
def test_another_extension_changes_nothing_or_is_refused(name: str, tmp_path: Path) -> None:
    base, clean = base_of(name, tmp_path)
    for suffix in (".csv", ".txt", ".xlsx", ".ndax", ".nda", ".mpr", ".res", ".h5", ".parquet", ""):
        path = tmp_path / f"renamed{suffix}"
        path.write_bytes(base.content)
        found = told(path, base)
        if found is not None and clean is not None:
            assert compare(clean, found, "wrong_extension")[0] == "equal", suffix


@EVERY
@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "-inf", "1e999", "", "1e308", "-"])
def test_a_field_that_is_no_number_is_refused_told_or_does_no_harm(name: str, word: str, tmp_path: Path) -> None:
    base, clean = base_of(name, tmp_path)
    lines = base.content.split(b"\n")
    if not is_text(base.content) or len(lines) < 40 or clean is None:
        pytest.skip("no lines of numbers")
    row = len(lines) - 40
    delimiter = max((b",", b"\t", b";"), key=lines[row].count)
    for position in range(lines[row].count(delimiter) + 1):
        fields = lines[row].split(delimiter)
        fields[position] = word.encode()
        path = tmp_path / f"odd{base.suffix}"
        path.write_bytes(b"\n".join([*lines[:row], delimiter.join(fields), *lines[row + 1 :]]))
        found = told(path, base)
        if found is not None:
            assert compare(clean, found, "field")[0] != "wrong", position


def _written_with(name: str, frame: pl.DataFrame, folder: Path) -> Base | None:
    """The sample of a format with other rows; `None` where its writer takes none."""
    path = folder / SAMPLES[name].file
    try:
        with instead(frame):
            SAMPLES[name].write(path)
    except BaseException:  # written by hand, row by row, or a date beyond what is printed
        return None
    return Base("own", path.read_bytes(), "".join(path.suffixes), dict(SAMPLES[name].options))


@EVERY
@pytest.mark.parametrize("kind", ["backwards", "standing", "huge", "negative"])
def test_a_clock_that_cannot_be_is_told_refused_or_gives_no_number(name: str, kind: str, tmp_path: Path) -> None:
    frame = cycles()
    time_ = pl.col("test_time")
    changed = {
        "backwards": time_.max() - time_,
        "standing": pl.lit(1000.0),
        "huge": time_ * 1e9,
        "negative": time_ - 5000.0,
    }[kind]
    made = _written_with(name, frame.with_columns(changed.alias("test_time")), tmp_path)
    usual = _written_with(name, frame, tmp_path)
    if made is None or usual is None or made.content == usual.content:
        pytest.skip("the sample takes no other rows")
    path = tmp_path / f"clock{made.suffix}"
    path.write_bytes(usual.content)
    clean = told(path, usual)
    path.write_bytes(made.content)
    found = told(path, made)
    if found is not None and clean is not None:
        assert compare(clean, found, "clock")[0] != "wrong"


@EVERY
def test_absurd_lengths_in_a_binary_cost_no_memory(name: str, tmp_path: Path) -> None:
    base, _ = base_of(name, tmp_path)
    if is_text(base.content):
        pytest.skip("no lengths")
    if name == "nexus_diffraction":
        pytest.skip("the HDF5 library itself reserves what a damaged text claims; see the limits of the format")
    spots = list(range(0, min(512, len(base.content) - 8), 4))
    spots += [spot for spot in range(512, min(len(base.content) - 8, 8192), 4) if any(base.content[spot : spot + 4])]
    spots = spots[:: max(1, len(spots) // 60)]
    before = _resident()
    for spot in spots:
        for size in (b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff"):
            path = tmp_path / f"long{base.suffix}"
            path.write_bytes(base.content[:spot] + size + base.content[spot + 4 :])
            told(path, base)
    assert _resident() - before < MEMORY


def _resident() -> int:
    import psutil

    info = psutil.Process().memory_info()
    return int(getattr(info, "peak_wset", info.rss))


def _archive(path: Path, member: str, size: int) -> None:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(member, "w", force_zip64=True) as handle,
    ):
        block = b"\x00" * (1 << 20)
        for _ in range(size >> 20):
            handle.write(block)


ARCHIVES = pytest.mark.parametrize(
    ("file", "member"),
    [("bomb.ndax", "data.ndc"), ("bomb.xlsx", "xl/worksheets/sheet1.xml"), ("bomb.nda.zip", "a.nda")],
)


@ARCHIVES
def test_a_zip_bomb_is_refused_unopened(file: str, member: str, tmp_path: Path) -> None:
    path = tmp_path / file
    _archive(path, member, 200 << 20)
    before, began = _resident(), time.monotonic()
    for name in ("neware_ndax", "neware_nda", "neware_xlsx", "landt_xlsx", "other_workbook"):
        with pytest.raises(ReadError, match="bomb"):
            read_file(path, format_name=name)
    with pytest.raises(ReadError, match="bomb"):
        read_file(path)
    assert time.monotonic() - began < PATIENCE
    assert _resident() - before < 100_000_000


@ARCHIVES
def test_a_zip_bomb_that_lies_about_its_size_is_refused(file: str, member: str, tmp_path: Path) -> None:
    path = tmp_path / file
    _archive(path, member, 200 << 20)
    raw = bytearray(path.read_bytes())
    central = raw.rfind(b"PK\x01\x02")
    raw[central + 24 : central + 28] = struct.pack("<I", 5000)
    path.write_bytes(bytes(raw))
    before, began = _resident(), time.monotonic()
    with pytest.raises(ReadError, match="bomb"):
        read_file(path)
    assert time.monotonic() - began < PATIENCE
    assert _resident() - before < MEMORY


def test_entities_of_a_workbook_are_not_expanded(tmp_path: Path) -> None:
    source = make("landt_xlsx", tmp_path)
    path = tmp_path / "laughs.xlsx"
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    head = b'<!DOCTYPE x [<!ENTITY a0 "ha"><!ENTITY file SYSTEM "file:///etc/passwd">' + laughs + b"]>"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename.endswith(("sharedStrings.xml", "sheet2.xml")):
                begin = content.index(b"?>") + 2
                content = (
                    content[:begin]
                    + head
                    + content[begin:].replace(b"CCC", b"&a11;").replace(b"<v>3</v>", b"<v>&a11;</v>")
                )
            new.writestr(item, content)
    before = _resident()
    told(path, Base("laughs", b"", ".xlsx"))
    assert _resident() - before < MEMORY


def test_what_is_no_regular_file_is_refused_and_nothing_hangs(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "round.csv").symlink_to(tmp_path / "round.csv")
    names = ["folder.csv", "dangling.csv", "round.csv"]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        names.append("pipe.csv")
    for name in names:
        path = tmp_path / name
        with pytest.raises(ReadError, match=name):
            recognise(path)
        for form in formats():
            with pytest.raises(ReadError, match=name):
                read_file(path, format_name=form)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = make("neware_csv", tmp_path)
    path.chmod(0)
    with pytest.raises(ReadError, match="cannot be opened"):
        read_file(path)


@EVERY
def test_a_link_to_a_file_is_the_file(name: str, tmp_path: Path) -> None:
    base, clean = base_of(name, tmp_path)
    link = tmp_path / f"link{base.suffix}"
    link.symlink_to(tmp_path / f"clean{base.suffix}")
    assert told(link, base) == clean


def test_ten_thousand_cycles_are_counted_in_bounded_time(tmp_path: Path) -> None:
    per_step, cycles_ = 6, 10_000
    step = np.arange(2 * cycles_).repeat(per_step)
    since = np.tile(np.arange(per_step) * 60.0, 2 * cycles_)
    sign = np.where(step % 2 == 0, 1.0, -1.0)
    current = 1e-3 * sign
    frame = pl.DataFrame(
        {
            "test_time": step * 300.0 + since, "current": current, "voltage": 3.5 + sign * (since / 600.0 - 0.25),
            "vendor_cycle": step // 2 + 1, "vendor_step": step + 1,
            "vendor_step_type": np.where(sign > 0, "CC Chg", "CC DChg"),
            "charge_counter": np.where(sign > 0, 1e-3 * since / 3600, 0.0),
            "discharge_counter": np.where(sign < 0, 1e-3 * since / 3600, 0.0),
        }
    )  # fmt: skip
    path = tmp_path / "long.bdf.csv"
    write = formats()["bdf"].write
    assert write is not None
    write(frame, path, {})
    began = time.monotonic()
    reading = read_file(path)[1]
    assert isinstance(reading.payload, Table)
    counted = count(reading.payload.frame, reading.payload.columns)
    assert time.monotonic() - began < 30
    assert counted.steps.height == 2 * cycles_
    assert counted.steps["charge"].median() == pytest.approx(1e-3 * 300 / 3600, rel=1e-4)
