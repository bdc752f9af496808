"""What every format must keep, ours and those of others."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import interlith.formats
from interlith.errors import ReadError
from interlith.model import Format, Reading, Table
from interlith.units import QUANTITIES
from tests.formats.samples import SAMPLES, make


def _found() -> dict[str, Format]:
    found = {}
    for info in pkgutil.iter_modules(interlith.formats.__path__):
        module = importlib.import_module(f"interlith.formats.{info.name}")
        if isinstance(getattr(module, "FORMAT", None), Format):
            found[info.name] = module.FORMAT
    return found


FORMATS = _found()
#: Columns without which a technique can do nothing with a file.
NEEDED = {
    "cycling": {"test_time", "current", "voltage"},
    "impedance": {"frequency", "impedance_real", "impedance_imaginary", "vendor_cycle"},
    "diffraction": {"intensity"},
}
EVERY = pytest.mark.parametrize("name", list(FORMATS))
READERS = [name for name, item in FORMATS.items() if not item.refuses]
HEADS = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=300).map(lambda text: text.encode("utf-8", errors="replace")),
    st.sampled_from(
        [
            b"",
            b"\x00" * 64,
            b"PK\x03\x04",
            b"PK\x03\x04" + b"\xff" * 40,
            b"NEWARE",
            b"PAR1",
            b"\xff\xfe",
            b"\xd0\xcf\x11\xe0",
        ]
    ),
)


@EVERY
def test_it_is_declared(name: str) -> None:
    item = FORMATS[name]
    assert item.name == name
    assert item.title
    assert item.patterns
    assert all(pattern == pattern.lower() for pattern in item.patterns)
    assert len(item.source) > 10
    assert item.refuses or item.version
    # The table in the documentation is made of these.
    assert item.refuses or (item.reads and item.limits)


@EVERY
@given(head=HEADS)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_sniff_never_raises_and_stays_within_bounds(name: str, head: bytes) -> None:
    assert 0.0 <= FORMATS[name].sniff(head, Path("nowhere/absent.bin")) <= 1.0


@EVERY
@given(cut=st.integers(min_value=0, max_value=3000), flip=st.integers(min_value=0, max_value=3000))
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_gives_a_read_error_and_nothing_else(name: str, cut: int, flip: int, tmp_path: Path) -> None:
    source = make(name, tmp_path)
    raw = bytearray(source.read_bytes())
    if raw:
        raw[flip % len(raw)] ^= 0x5A
    target = tmp_path / f"damaged{''.join(source.suffixes)}"
    target.write_bytes(bytes(raw[: max(0, len(raw) - cut)]))
    head = target.read_bytes()[:65_536]
    assert 0.0 <= FORMATS[name].sniff(head, target) <= 1.0
    with contextlib.suppress(ReadError):
        assert isinstance(FORMATS[name].read(target, SAMPLES[name].options), Reading)


@EVERY
@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02" * 50, b"hello world\n", b"a,b,c\n1,2,3\n", b"PK\x03\x04 no archive"]
)
def test_garbage_is_refused_with_the_file_named(name: str, content: bytes, tmp_path: Path) -> None:
    target = tmp_path / "garbage.bin"
    target.write_bytes(content)
    with pytest.raises(ReadError, match=r"garbage\.bin"):
        FORMATS[name].read(target, {})


@EVERY
def test_an_absent_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="absent"):
        FORMATS[name].read(tmp_path / "absent.csv", {})


@EVERY
def test_it_recognises_its_own_sample_by_content_and_is_the_surest(name: str, tmp_path: Path) -> None:
    source = make(name, tmp_path)
    renamed = tmp_path / "renamed.bin"
    renamed.write_bytes(source.read_bytes())
    target = source if SAMPLES[name].needs_suffix else renamed
    head = target.read_bytes()[:65_536]
    scores = {other: item.sniff(head, target) for other, item in FORMATS.items()}
    assert scores[name] >= 0.3
    assert max(scores, key=lambda other: scores[other]) == name, scores


@pytest.mark.parametrize("name", READERS)
def test_its_sample_is_read_into_canonical_columns(name: str, tmp_path: Path) -> None:
    if SAMPLES[name].real:
        pytest.skip("a closed binary: read from the real files in tests/formats/test_truth.py")
    reading = FORMATS[name].read(make(name, tmp_path), SAMPLES[name].options)
    assert isinstance(reading.payload, Table)
    frame = reading.payload.frame.collect()
    assert tuple(frame.columns) == reading.payload.columns
    assert NEEDED[FORMATS[name].technique] <= set(frame.columns) <= set(QUANTITIES)
    expected = {
        "vendor_cycle": pl.Int64,
        "vendor_step": pl.Int64,
        "vendor_record": pl.Int64,
        "vendor_step_type": pl.String,
        "frame": pl.Int64,
    }
    for column, dtype in frame.schema.items():
        if column == "wall_clock":
            assert isinstance(dtype, pl.Datetime)
        else:
            assert dtype == expected.get(column, pl.Float64), column
    assert frame.height == SAMPLES[name].rows
    assert all(flag.severity in ("note", "warning", "error") and flag.message.endswith(".") for flag in reading.flags)


@pytest.mark.parametrize("name", [name for name, item in FORMATS.items() if item.refuses])
def test_a_refusal_names_the_export_to_make(name: str, tmp_path: Path) -> None:
    assert "export" in FORMATS[name].refuses.casefold()
    with pytest.raises(ReadError, match=r"(?i)export"):
        FORMATS[name].read(make(name, tmp_path), {})
