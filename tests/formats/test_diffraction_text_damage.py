"""Damaged patterns in text: a refusal that names the line, never another exception, and never another number without a word."""

from __future__ import annotations

import gzip
import random
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from interlith.errors import ReadError
from interlith.formats import (
    bruker_uxd,
    diffraction_archive,
    diffraction_text,
    fullprof_dat,
    gsas_powder,
    pdcif,
    philips_udf,
)
from interlith.model import Reading, Table
from tests.formats.samples import make
from tests.formats.samples.diffraction_texts import SAMPLES, cif, fixed, members, packed, udf, uxd
from tests.formats.samples.diffraction_vendor import pattern

FORMATS = {
    module.FORMAT.name: module.FORMAT
    for module in (bruker_uxd, diffraction_archive, diffraction_text, fullprof_dat, gsas_powder, pdcif, philips_udf)
}
_POINTS = np.stack([np.full(40, 2.0), pattern()["intensity"].to_numpy()], axis=1)
_LINES = np.stack([np.arange(40) * 320 + 64000, pattern()["intensity"].to_numpy() * 10, np.full(40, 99)], axis=1)
#: More texts of the formats than their one sample each.
OTHERS = {
    "gsas_powder": [fixed("STD", _POINTS, "CONST 1800 2 0 0"), fixed("ESD", _POINTS, "SLOG 5000 9000 0.001 0"),
                    fixed("ALT", _LINES, "RALF 64000 320 64000 0.001", "time of flight")],
    "bruker_uxd": [uxd(pattern(2), mark="_2THETACPS"), uxd(pattern(), mark="_2THETACOUNTSTIME")],
    "pdcif": [cif(pattern(2), dotted=True)],
    "philips_udf": [udf(pattern(), end="/")],
    "diffraction_text": ["'x,a.raw,Diff,Ycalc,Bkg\n" + "\n".join(f"{10 + n / 50:.4f},{n},{n}.5,3,2" for n in range(40)),
                         "2Theta;I\n" + "\n".join(f"{10 + n / 50:.4f};{n}".replace(".", ",") for n in range(40))],
}  # fmt: skip


def _damaged(raw: bytes, luck: random.Random) -> bytes:
    """Some bytes changed, a piece or a line cut out or doubled, a digit turned, or the rest cut off."""
    out = bytearray(raw)
    for _ in range(luck.randint(1, 4)):
        kind, at = luck.randrange(8), luck.randrange(max(1, len(out)))
        if kind == 0:
            out[at : at + 1] = bytes([luck.randrange(256)])
        elif kind == 1:
            out[at : at + 3] = luck.choice(
                [b"1e9", b"nan", b"-1.", b"999", b"***", b"0.0", b"1_0", b"inf", b"\xef\xbc\x91"]
            )
        elif kind == 2:
            del out[at : at + luck.randrange(1, 60)]
        elif kind == 3:
            out[at:at] = out[at : at + luck.randrange(1, 60)]
        elif kind == 4:
            del out[at:]
        elif kind == 5:
            out[at:at] = luck.choice(
                [b"\n", b"\t", b" ", b",", b"-", b"BANK 2 10 10 CONS 1 1 0 0 FXYE\n", b"loop_\n", b"_COUNTS\n"]
            )
        else:
            lines = bytes(out).split(b"\n")
            spot = luck.randrange(len(lines))
            lines[spot : spot + 1] = luck.choice([[], [lines[spot]] * 2, [lines[spot][::-1]], [lines[-1 - spot]]])
            out = bytearray(b"\n".join(lines))
        if not out:
            break
    return bytes(out)


def _try(name: str, raw: bytes, target: Path) -> str:
    """What the refusal says, empty where it was read; anything but a reading or a refusal fails."""
    target.write_bytes(raw)
    assert 0.0 <= FORMATS[name].sniff(raw[:65_536], target) <= 1.0
    said = ""
    try:
        reading = FORMATS[name].read(target, {})
    except ReadError as error:
        said = str(error)
    if said:
        assert target.name in said
        return said
    assert isinstance(reading, Reading)
    assert isinstance(reading.payload, Table)
    frame = reading.payload.frame.collect()
    axis = next(column for column in ("two_theta", "time_of_flight", "scattering_vector") if column in frame.columns)
    assert frame.height > 0
    assert frame[axis].is_finite().all()
    if "intensity_std" in frame.columns:
        std = frame["intensity_std"].drop_nulls()
        assert (std > 0).all()
        assert std.is_finite().all()
    return ""


def _fuzz(name: str, folder: Path, rounds: int, seed: int) -> list[str]:
    """What the refusals of damaged texts say."""
    luck = random.Random(seed)
    target = folder / f"damaged{''.join(Path(SAMPLES[name].file).suffixes)}"
    said = []
    for source in [make(name, folder).read_bytes(), *(text.encode() for text in OTHERS.get(name, ()))]:
        said += [_try(name, _damaged(source, luck), target) for _ in range(rounds)]
    return [text for text in said if text]


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_short_fuzz(name: str, tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        said = _fuzz(name, tmp_path, 120, seed=11)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said  # some damage is always found
    assert peak < 60_000_000
    if name != "diffraction_archive":
        placed = [text for text in said if re.search(r"lines? \d|byte \d|value \d|point \d|bank \d", text)]
        assert len(placed) > 0.5 * len(said)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FORMATS))
def test_a_long_fuzz(name: str, tmp_path: Path) -> None:
    assert _fuzz(name, tmp_path, 4000, seed=12)


def test_a_damaged_member_of_an_archive(tmp_path: Path) -> None:
    """Damage inside a member, where no checksum of the packing finds it."""
    luck = random.Random(3)
    raw = gzip.decompress(packed(members()))
    assert sum(bool(_try("diffraction_archive", _damaged(raw, luck), tmp_path / "a.tar")) for _ in range(150)) > 0


def test_a_huge_number_of_points_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.gsa"
    path.write_text("title\nBANK 1 19000000 1900000 CONST 1000 2 0 0 STD\n      10      11\n", encoding="utf-8")
    tracemalloc.start()
    try:
        assert gsas_powder.read(path, {}).payload.frame.collect().height == 2  # type: ignore[union-attr]
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    path.write_text(
        "title\nTIME_MAP 1 7 1 TIME_MAP 100\n" + "".join(f"{n:8d}" for n in (1, 10, 1, 2, 20, 1, 99999999)),
        encoding="utf-8",
    )
    with pytest.raises(ReadError, match=r"which no bank has"):
        gsas_powder.read(path, {})
