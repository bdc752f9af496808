"""Sample of Ivium, written as public readers describe these files; none of a real instrument was at hand."""

from __future__ import annotations

from pathlib import Path

from tests.formats.samples.common import Sample, table

HEAD = b"\x00" * 16 + b"\xfb\x00\x00\x00\r\x00Version=11\r\n"


def text(method: str = "TR", *, columns: int = 3, rows: int | None = None) -> bytes:
    """A whole file with the common table as one block."""
    body = [
        f"Method={method}",
        "Title=a test",
        "starttime=02/01/2026 03:04:05",
        "Mconfig",
        "primary_data",
        f" {columns}",
    ]
    numbers = list(table().select("test_time", "current", "voltage").iter_rows())
    body.append(f" {len(numbers) if rows is None else rows}")
    body += ["".join(f"{value: .5E}  " for value in row) for row in numbers]
    return HEAD + "\r\n".join([*body, "end", ""]).encode("latin-1")


def _write(path: Path) -> None:
    path.write_bytes(text())


SAMPLES = {"ivium": Sample("transient.idf", _write)}
