"""Archives and workbooks made to harm: sizes that lie, hollow sheets, entities, paths; refused before anything is taken up."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import psutil
import pytest
import xlsxwriter

from interlith.errors import ReadError
from interlith.formats import neware_ndax, neware_xlsx
from interlith.layouts import archives
from interlith.layouts.sheet_extent import refuse_hollow
from tests.formats.samples import make

ENTITIES = b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9)
) + b"]>"  # fmt: skip
OUTSIDE = b'<!DOCTYPE l [<!ENTITY j SYSTEM "file:///etc/hostname">]>'


def _zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def _lie(path: Path, real: int, told: int) -> Path:
    """Let the directory and the local header of a member tell another size."""
    raw = path.read_bytes()
    assert raw.count(struct.pack("<I", real)) == 2
    path.write_bytes(raw.replace(struct.pack("<I", real), struct.pack("<I", told)))
    return path


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_size_that_lies_is_found_without_unpacking(tmp_path: Path) -> None:
    path = _lie(_zip(tmp_path / "x.ndax", {"data.ndc": bytes(300_000_123)}), 300_000_123, 5000)
    before = psutil.Process().memory_info().rss
    with pytest.raises(ReadError, match=r"'data\.ndc' declares 5000 bytes but unpacks to more"):
        archives.members(path)
    assert psutil.Process().memory_info().rss - before < 50_000_000
    for read in (neware_ndax.read, neware_xlsx.read):
        with pytest.raises(ReadError):
            read(path, {})


def test_honest_archives_pass(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.zip", {"a": b"abc" * 900_000, "b": b"", "c/d": bytes(range(256)) * 4000})
    assert [item.filename for item in archives.members(path)] == ["a", "b", "c/d"]


def test_records_that_compress_like_nothing_else_are_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "x.ndax", {"data.ndc": bytes(30_000_000)})
    with pytest.raises(ReadError, match="ratio 40"):
        neware_ndax.read(path, {})


@pytest.mark.parametrize("entities", [ENTITIES, OUTSIDE])
@pytest.mark.parametrize("member", ["VersionInfo.xml", "TestInfo.xml", "Step.xml"])
def test_entities_in_the_header_are_not_expanded(
    entities: bytes, member: str, tmp_path: Path, cycling_folder: Path
) -> None:
    members = _members(cycling_folder / "fastnda_nw4-120-1-6-53.ndax")
    declaration, rest = members[member].split(b"?>", 1)
    members[member] = declaration + b"?>" + entities + rest.replace(b"<config", b'<config v="&j;"', 1)
    reading = neware_ndax.read(_zip(tmp_path / "x.ndax", members), {})
    assert reading.payload.frame.collect().height == 18_700  # type: ignore[union-attr]
    shown = str(reading.metadata)
    assert len(shown) < 200_000
    assert Path("/etc/hostname").read_text().strip() not in shown if Path("/etc/hostname").is_file() else True


def test_members_that_name_paths_stay_inside(tmp_path: Path, cycling_folder: Path) -> None:
    members = _members(cycling_folder / "fastnda_nw4-120-1-6-53.ndax") | {
        "../../out.ndc": b"x" * 10,
        "/tmp/out.ndc": b"y",
    }
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    neware_ndax.read(_zip(inner / "x.ndax", members), {})
    assert not list(tmp_path.rglob("out.ndc"))
    assert not Path("/tmp/out.ndc").exists()


def _hollow(path: Path, row: int, column: int) -> Path:
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet("record")
    page.write_row(0, 0, ["Time(h:min:s.ms)", "Voltage(V)", "Current(mA)", "Step Type", "DataPoint"])
    page.write(row, column, 1.0)
    book.close()
    return path


@pytest.mark.parametrize(("row", "column"), [(1_048_575, 16_383), (1_048_575, 30), (99_999, 701)])
def test_a_hollow_sheet_is_refused(row: int, column: int, tmp_path: Path) -> None:
    path = _hollow(tmp_path / "x.xlsx", row, column)
    with pytest.raises(ReadError, match="holds 6 cells spread over"):
        neware_xlsx.read(path, {})


@pytest.mark.parametrize("spelling", [b"<c  r='", b'<c\n r="', b'<c s="1" r="'])
def test_other_spellings_of_cells_do_not_hide_it(spelling: bytes, tmp_path: Path) -> None:
    path = _hollow(tmp_path / "x.xlsx", 1_048_575, 16_383)
    members = _members(path)
    sheet = members["xl/worksheets/sheet1.xml"].replace(b'<c r="', spelling)
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b'"><v>', b"'><v>") if b"'" in spelling else sheet
    with pytest.raises(ReadError, match="spread over"):
        refuse_hollow(_zip(path, members))


def test_usual_sheets_pass(tmp_path: Path) -> None:
    refuse_hollow(make("neware_xlsx", tmp_path))
    refuse_hollow(_hollow(tmp_path / "y.xlsx", 9_000, 40))


def test_entities_in_a_workbook_are_refused(tmp_path: Path) -> None:
    path = make("neware_xlsx", tmp_path)
    members = _members(path)
    declaration, rest = members["xl/sharedStrings.xml"].split(b"?>", 1)
    members["xl/sharedStrings.xml"] = declaration + b"?>" + ENTITIES + rest.replace(b"Voltage(V)", b"&j;", 1)
    with pytest.raises(ReadError, match=r"f\.xlsx"):
        neware_xlsx.read(_zip(path, members), {})


def test_an_archive_inside_an_archive_is_no_workbook(tmp_path: Path) -> None:
    inner = make("neware_xlsx", tmp_path)
    with pytest.raises(ReadError, match="no Excel workbook"):
        neware_xlsx.read(_zip(tmp_path / "outer.xlsx", {"inner.xlsx": inner.read_bytes()}), {})
