"""Does what is kept come back bit for bit, and is every changed byte found?"""

from __future__ import annotations

import datetime as time
import math
import os
import random
import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from interlith.model import Refusal, Result
from interlith.workbench.store import Damaged, Store
from tests.workbench.store.entries import flipped, identical, key_of, noisy_result, refusal, small_result

KEY = key_of("one")
ONE_OF_EACH = {
    "categories": pl.Series(["a", "b", None], dtype=pl.Categorical),
    "enumeration": pl.Series(["a", "b", None], dtype=pl.Enum(["b", "a", "never"])),
    "big": pl.Series([1, 2**100, None], dtype=pl.Int128),
    "decimal": pl.Series([Decimal("1.23"), None, Decimal("4.50")], dtype=pl.Decimal(10, 2)),
    "duration": pl.Series([time.timedelta(1), None, time.timedelta(0, 1)], dtype=pl.Duration("ns")),
    "milliseconds": pl.Series([time.datetime(2026, 1, 1)] * 3, dtype=pl.Datetime("ms")),
    "zone": pl.Series([time.datetime(2026, 1, 1)] * 3, dtype=pl.Datetime("ns", "Europe/Berlin")),
    "date": pl.Series([time.date(2026, 1, 1), None, None]),
    "time": pl.Series([time.time(1, 2, 3, 4)] * 3),
    "binary": pl.Series([b"a", None, b""]),
    "nothing": pl.Series([None] * 3),
    "array": pl.Series([[1, 2]] * 3, dtype=pl.Array(pl.Int8, 2)),
    "components": pl.Series([[{"source": "mass:B1", "size": math.inf}], [], None]),
    "structure": pl.Series([{"a": 1, "b": None}] * 3),
    "byte": pl.Series([1, 2, 255], dtype=pl.UInt8),
    "single": pl.Series([1.5, math.nan, None], dtype=pl.Float32),
    "double": pl.Series([-0.0, math.inf, None]),
    "text": pl.Series(["", None, "µΩ\n\x00"]),
    "": pl.Series([True, None, False]),
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store", catalogue=False)


def kept(store: Store, found: Result | Refusal) -> Result | Refusal:
    """Keep something and take it out again."""
    assert store.put(KEY, found) == store.layout.entry(KEY).stat().st_size
    back = store.result(KEY)
    assert back is not None
    return back


@pytest.mark.parametrize("found", [small_result(), refusal()], ids=["result", "refusal"])
def test_every_word_comes_back(store: Store, found: Result | Refusal) -> None:
    assert identical(kept(store, found), found)


@pytest.mark.parametrize("rows", [3, 0])
@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_types_and_bits_of_a_column_come_back(store: Store, name: str, rows: int) -> None:
    found = replace(small_result(), table=pl.DataFrame({name: ONE_OF_EACH[name]}).head(rows))
    assert identical(kept(store, found), found)


def test_large_tables_come_back(store: Store) -> None:
    found = noisy_result(1)
    wide = pl.DataFrame(ONE_OF_EACH)
    found = replace(found, data={**found.data, "wide": pl.concat([wide] * 500)})
    assert identical(kept(store, found), found)


@pytest.mark.parametrize("height", [0, 3])
def test_tables_without_columns_come_back(store: Store, height: int) -> None:
    back = kept(
        store, replace(small_result(), table=pl.DataFrame(height=height), data={"a": pl.DataFrame(height=height)})
    )
    assert isinstance(back, Result)
    assert back.table.shape == back.data["a"].shape == (height, 0)


def test_names_that_no_archive_should_hold_come_back(store: Store) -> None:
    names = ["../../x", "a b", "ü", "", "no", "CON", "table", "x" * 200]
    frames = {name: pl.DataFrame({"n": [number]}) for number, name in enumerate(names)}
    found = replace(small_result(), data=frames)
    assert identical(kept(store, found), found)
    for name in zipfile.ZipFile(store.layout.entry(KEY)).namelist():
        assert ".." not in name.split("/")


def test_datasets_come_back(store: Store) -> None:
    pytest.importorskip("h5py", reason="h5netcdf writes with h5py")
    xarray = pytest.importorskip("xarray")
    days = np.array(["2026-01-01", "2026-01-02T03:04:05.123456789"], dtype="datetime64[ns]")
    dataset = xarray.Dataset(
        {"signal": (("day", "energy"), np.array([[1.0, np.nan, -0.0], [np.inf, 0.1, 2.0]])), "count": ("day", [1, 2])},
        coords={"day": days, "energy": [1.0, 2.0, 3.0], "label": ("day", ["a", "ü"])},
        attrs={"unit": "eV", "number": 1.5},
    )
    back = kept(store, replace(small_result(), data={"spectra": dataset}))
    assert isinstance(back, Result)
    assert back.data["spectra"].identical(dataset)
    assert back.data["spectra"].signal.values.tobytes() == dataset.signal.values.tobytes()


@pytest.mark.parametrize(
    "words",
    [{"how": {"nested": 1}}, {"how": (1,)}, {"how": True}, {"how": None}],
    ids=["mapping", "tuple", "truth", "nothing"],
)
def test_a_dataset_that_would_change_is_refused(store: Store, words: dict[str, object]) -> None:
    pytest.importorskip("h5py", reason="h5netcdf writes with h5py")
    xarray = pytest.importorskip("xarray")
    dataset = xarray.Dataset({"a": ("x", [1.0])}, attrs=words)
    with pytest.raises(TypeError, match=r"'bad' (cannot be kept|does not come back)"):
        store.put(KEY, replace(small_result(), data={"bad": dataset}))
    assert not store.has([KEY])


@pytest.mark.parametrize("value", [[1, 2], np.arange(3), pl.LazyFrame({"a": [1]}), pl.DataFrame({"a": [object()]})])
def test_what_has_no_form_is_refused_and_leaves_nothing(store: Store, value: object) -> None:
    with pytest.raises(TypeError, match="'bad'"):
        store.put(KEY, replace(small_result(), data={"bad": value}))
    assert not store.has([KEY])
    assert not list(store.layout.partial.iterdir())


def test_the_same_result_is_the_same_bytes(store: Store) -> None:
    store.put(KEY, small_result())
    first = store.layout.entry(KEY).read_bytes()
    store.layout.entry(KEY).unlink()
    store.put(KEY, small_result())
    assert store.layout.entry(KEY).read_bytes() == first


def test_results_of_a_technique_come_back(store: Store) -> None:
    from interlith.techniques.cycling import TECHNIQUE

    example = TECHNIQUE.example()
    for found in TECHNIQUE.analyse(example.series.where(sample="bare_1"), example.options):
        store.put(key_of(found.name), found)
        back = store.result(key_of(found.name))
        assert back is not None
        assert identical(back, found)


def served(store: Store) -> Result | Refusal | None:
    """What the store serves, curves included; `None` if it finds damage."""
    found = store.result(KEY)
    try:
        if isinstance(found, Result):
            dict(found.data)
    except Damaged:
        return None
    return found


TINY = replace(small_result(), quality=pl.DataFrame(height=1))


@pytest.mark.parametrize("found", [TINY, refusal()], ids=["result", "refusal"])
def test_every_changed_byte_is_found(store: Store, found: Result | Refusal) -> None:
    store.put(KEY, found)
    path = store.layout.entry(KEY)
    content = path.read_bytes()
    chance = random.Random(20261)
    harmless = 0
    for place in range(len(content)):
        path.write_bytes(content)
        flipped(path, place, chance.randrange(1, 256))
        back = served(store)
        assert back is None or identical(back, found), f"byte {place}"
        assert path.exists() == (back is not None)
        harmless += back is not None
    # Dates, rights and versions of the archive's members mean nothing to us; everything else does.
    assert harmless < 70 * len(zipfile.ZipFile(_write(path, content)).namelist())
    assert store.damaged == len(content) - harmless


@pytest.mark.parametrize("found", [small_result(), refusal()], ids=["result", "refusal"])
def test_every_truncation_is_found(store: Store, found: Result | Refusal) -> None:
    store.put(KEY, found)
    path = store.layout.entry(KEY)
    content = path.read_bytes()
    for length in range(0, len(content), 1 if isinstance(found, Refusal) else 7):
        assert served(_with(store, content[:length])) is None, f"{length} of {len(content)} bytes"
        assert not path.exists()
    assert served(_with(store, content + b"\0")) is None or identical(served(_with(store, content)), found)  # type: ignore[arg-type]


@pytest.mark.parametrize("member", ["manifest.json", "table.parquet", "data/points.parquet"])
def test_a_member_that_somebody_exchanged_is_found(store: Store, member: str) -> None:
    """The checksums of the archive itself are right here; ours are not."""
    store.put(KEY, small_result(1.0))
    store.put(key_of("two"), small_result(2.0))
    with zipfile.ZipFile(store.layout.entry(KEY)) as one, zipfile.ZipFile(store.layout.entry(key_of("two"))) as two:
        contents = {name: (two if name == member else one).read(name) for name in one.namelist()}
        contents["manifest.json"] = contents["manifest.json"].replace(key_of("two").encode(), KEY.encode())
        comment = one.comment
    with zipfile.ZipFile(store.layout.entry(KEY), "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        archive.comment = comment
    assert served(store) is None


@pytest.mark.slow
def test_every_flipped_bit_is_found(store: Store) -> None:
    found = small_result()
    store.put(KEY, found)
    path = store.layout.entry(KEY)
    content = path.read_bytes()
    for place in range(len(content)):
        for bit in range(8):
            path.write_bytes(content)
            flipped(path, place, 1 << bit)
            back = served(store)
            assert back is None or identical(back, found), f"byte {place}, bit {bit}"


def test_random_bytes_are_no_entry(store: Store) -> None:
    chance = random.Random(3)
    for length in (0, 1, 22, 100, 5000):
        assert served(_with(store, chance.randbytes(length))) is None


def test_an_entry_under_another_key_is_not_served(store: Store) -> None:
    store.put(KEY, small_result())
    other = store.layout.entry(key_of("two"))
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(store.layout.entry(KEY).read_bytes())
    assert store.result(key_of("two")) is None
    assert store.damaged == 1
    assert store.result(KEY) is not None


def test_damage_found_later_raises_and_removes_the_entry(store: Store) -> None:
    store.put(KEY, noisy_result(1, 2000))
    path = store.layout.entry(KEY)
    found = store.result(KEY)
    assert isinstance(found, Result)
    flipped(path, path.stat().st_size // 2, 1)
    with pytest.raises(Damaged, match=KEY[:16]):
        found.data["curves"]
    assert not path.exists()
    assert store.damaged == 1
    with pytest.raises(Damaged, match="removed while it was in use"):
        found.data["curves"]


def test_a_sound_entry_that_somebody_wrote_anew_is_not_removed(store: Store) -> None:
    store.put(KEY, noisy_result(1, 2000))
    path = store.layout.entry(KEY)
    found = store.result(KEY)
    assert isinstance(found, Result)
    path.unlink()
    store.put(KEY, noisy_result(2, 2000))
    with pytest.raises(Damaged):
        found.data["curves"]  # not the curves of the table we hold
    assert path.exists()
    assert store.damaged == 0


def test_curves_are_read_when_they_are_asked_for_and_once(store: Store) -> None:
    store.put(KEY, noisy_result(1, 2000))
    found = store.result(KEY)
    assert isinstance(found, Result)
    assert list(found.data) == ["curves"]
    assert len(found.data) == 1
    assert "curves" in found.data
    assert "other" not in found.data
    with pytest.raises(KeyError):
        found.data["other"]
    first = found.data["curves"]
    os.unlink(store.layout.entry(KEY))
    assert found.data["curves"] is first


def test_a_damaged_entry_is_written_anew(store: Store) -> None:
    store.put(KEY, small_result())
    path = store.layout.entry(KEY)
    content = path.read_bytes()
    flipped(path, content.index(b"PAR1") + 6, 1)
    store.put(KEY, small_result())
    assert path.read_bytes() == content


def test_a_sound_entry_is_left_alone(store: Store) -> None:
    store.put(KEY, small_result(1.0))
    before = store.layout.entry(KEY).stat()
    store.put(KEY, small_result(2.0))
    after = store.layout.entry(KEY).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def _with(store: Store, content: bytes) -> Store:
    _write(store.layout.entry(KEY), content)
    return store


def _write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path
