"""Damaged patterns of all vendors: a refusal that says where, never another exception, never memory for a number in a header."""

from __future__ import annotations

import contextlib
import random
import tracemalloc
from pathlib import Path

import pytest

from interlith.errors import ReadError
from interlith.formats import (
    bruker_brml,
    bruker_raw,
    nexus_diffraction,
    panalytical_xrdml,
    rigaku_ras,
    rigaku_rasx,
    rigaku_raw,
)
from interlith.model import Reading, Table
from tests.formats.samples import make
from tests.formats.samples.diffraction_vendor import ABOUT, SAMPLES, pattern

FORMATS = {
    module.FORMAT.name: module.FORMAT
    for module in (bruker_brml, bruker_raw, nexus_diffraction, panalytical_xrdml, rigaku_ras, rigaku_rasx, rigaku_raw)
}


def _damaged(raw: bytes, luck: random.Random) -> bytes:
    """Some bytes changed, a piece cut out, doubled or cut off, or a number of a header made huge."""
    out = bytearray(raw)
    for _ in range(luck.randint(1, 4)):
        kind = luck.randrange(5)
        at = luck.randrange(max(1, len(out)))
        if kind == 0:
            out[at : at + 1] = bytes([luck.randrange(256)])
        elif kind == 1:
            out[at : at + 4] = luck.choice([b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\0\0\xc0\x7f"])
        elif kind == 2:
            del out[at : at + luck.randrange(1, 60)]
        elif kind == 3:
            out[at:at] = out[at : at + luck.randrange(1, 60)]
        else:
            del out[at:]
        if not out:
            break
    return bytes(out)


def _try(name: str, raw: bytes, target: Path) -> bool:
    """Whether it was read; anything but a reading or a refusal fails."""
    target.write_bytes(raw)
    assert 0.0 <= FORMATS[name].sniff(raw[:65_536], target) <= 1.0
    with contextlib.suppress(ReadError):
        reading = FORMATS[name].read(target, {})
        assert isinstance(reading, Reading)
        assert isinstance(reading.payload, Table)
        assert reading.payload.frame.collect().height > 0
        return True
    return False


def _fuzz(name: str, folder: Path, rounds: int, seed: int) -> int:
    source = make(name, folder).read_bytes()
    luck = random.Random(seed)
    target = folder / SAMPLES[name].file
    read = sum(_try(name, _damaged(source, luck), target) for _ in range(rounds))
    if name == "bruker_raw":
        for version in (1, 2, 4):
            bruker_raw.write(pattern(), target, ABOUT | {"version": version})
            raw = target.read_bytes()
            read += sum(_try(name, _damaged(raw, luck), target) for _ in range(rounds))
    return read


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_short_fuzz(name: str, tmp_path: Path) -> None:
    rounds = 60 if name == "nexus_diffraction" else 150
    tracemalloc.start()
    try:
        read = _fuzz(name, tmp_path, rounds, seed=11)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read < 4 * rounds  # some damage is always found
    assert peak < 60_000_000


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FORMATS))
def test_a_long_fuzz(name: str, tmp_path: Path) -> None:
    assert _fuzz(name, tmp_path, 5000 if name != "nexus_diffraction" else 1500, seed=12) >= 0


@pytest.mark.parametrize("name", list(FORMATS))
def test_only_its_own_reader_claims_a_sample(name: str, tmp_path: Path) -> None:
    path = make(name, tmp_path)
    scores = {other: item.sniff(path.read_bytes()[:65_536], path) for other, item in FORMATS.items()}
    assert scores.pop(name) >= 0.9
    assert max(scores.values()) == 0.0
