"""Are raw files read again exactly when they can have changed?"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path

import pytest

from interlith.workbench.store import Store, digests, verify

LARGE = 1_200_000


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as old at once, so that no test has to wait."""
    monkeypatch.setattr(digests, "_SETTLED", -60_000_000_000)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each file that is read."""
    times: list[int] = []
    hashed = hashlib.file_digest
    monkeypatch.setattr(digests.hashlib, "file_digest", lambda *given: (times.append(1), hashed(*given))[1])
    return times


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, LARGE])
def test_the_digest_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    expected = write(tmp_path / "a ü.bin", os.urandom(size))
    with Store.open(tmp_path / "store") as store:
        assert store.digest(tmp_path / "a ü.bin") == expected
        assert store.digest(tmp_path / "a ü.bin") == expected
    worker = Store.open(tmp_path / "store", catalogue=False)
    assert worker.digest(tmp_path / "a ü.bin") == expected


def test_a_large_file_is_read_once_over_runs_and_a_small_one_always(tmp_path: Path, read: list[int]) -> None:
    large, small = write(tmp_path / "large", b"a" * LARGE), write(tmp_path / "small", b"a")
    for run in range(3):
        with Store.open(tmp_path / "store") as store:
            assert store.digest(tmp_path / "large") == large
            assert store.digest(tmp_path / "small") == small
        assert len(read) == 2 + run


def test_the_catalogue_is_asked_once_for_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path / "store") as store:
        for number in range(5):
            write(tmp_path / str(number), b"a" * LARGE)
            store.digest(tmp_path / str(number))
    with Store.open(tmp_path / "store") as store:
        asked: list[str] = []
        assert store.catalogue is not None
        store.catalogue._connection.set_trace_callback(asked.append)
        for number in range(5):
            store.digest(tmp_path / str(number))
        assert len(asked) == 1


@pytest.mark.parametrize("change", ["bytes", "size", "replaced", "moved over", "elsewhere"])
def test_a_change_is_seen(tmp_path: Path, change: str, read: list[int]) -> None:
    path = tmp_path / "a"
    write(path, b"a" * LARGE)
    with Store.open(tmp_path / "store") as store:
        store.digest(path)
        about = path.stat()
        match change:
            case "bytes":
                expected = write(path, b"a" * (LARGE - 1) + b"b")
            case "size":
                expected = write(path, b"a" * (LARGE + 1))
            case "replaced":  # same size, same time of modification
                expected = write(tmp_path / "b", b"b" * LARGE)
                os.utime(tmp_path / "b", ns=(about.st_atime_ns, about.st_mtime_ns))
                os.replace(tmp_path / "b", path)
            case "moved over":
                expected = write(tmp_path / "b", b"b" * LARGE)
                shutil.move(tmp_path / "b", path)
            case _:
                path = tmp_path / "c"
                expected = write(path, b"c" * LARGE)
        assert store.digest(path) == expected
    assert len(read) == 2


@pytest.mark.skipif(os.name == "nt", reason="the time of change is that of creation on Windows")
def test_a_change_with_the_time_set_back_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write(path, b"a" * LARGE)
    with Store.open(tmp_path / "store") as store:
        store.digest(path)
        about = path.stat()
        time.sleep(0.02)
        expected = write(path, b"b" * LARGE)
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
        assert store.digest(path) == expected


def test_a_file_touched_just_now_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[int]
) -> None:
    monkeypatch.setattr(digests, "_SETTLED", 2_000_000_000)
    write(tmp_path / "a", b"a" * LARGE)
    with Store.open(tmp_path / "store") as store:
        store.digest(tmp_path / "a")
        store.digest(tmp_path / "a")
        assert len(read) == 2
        os.utime(tmp_path / "a", (1e9, 1e9))  # looks old, but the time of change is now
        store.digest(tmp_path / "a")
        store.digest(tmp_path / "a")
        assert len(read) == 4 or os.name == "nt"


def test_a_file_that_grows_while_it_is_read_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    write(path, b"a" * LARGE)
    hashed = hashlib.file_digest

    def grow(handle: object, name: str) -> object:
        found = hashed(handle, name)  # type: ignore[arg-type]
        with path.open("ab") as writer:
            writer.write(b"more")
        return found

    with Store.open(tmp_path / "store") as store:
        monkeypatch.setattr(digests.hashlib, "file_digest", grow)
        store.digest(path)
        monkeypatch.undo()
        assert store.digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store") as store, pytest.raises(FileNotFoundError):
        store.digest(tmp_path / "absent")


@pytest.mark.skipif(os.name == "nt", reason="names on Windows are text")
def test_names_that_are_no_text_are_remembered(tmp_path: Path, read: list[int]) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.bin"))
    try:
        expected = write(path, b"a" * LARGE)
    except OSError:
        pytest.skip("this file system takes no such names")
    for _ in range(2):
        with Store.open(tmp_path / "store") as store:
            assert store.digest(path) == expected
    assert len(read) == 1


def test_verify_finds_a_file_that_changed_in_silence(tmp_path: Path) -> None:
    path, gone = tmp_path / "a", tmp_path / "gone"
    write(path, b"a" * LARGE)
    write(gone, b"g" * LARGE)
    with Store.open(tmp_path / "store") as store:
        store.digest(path)
        store.digest(gone)
        gone.unlink()
        assert verify(store).changed == ()
        index = store.catalogue
        assert index is not None
        # As a failing disk does it: other bytes under the same size and times.
        expected = write(path, b"b" * LARGE)
        index.remember(digests.signature_of(path), hashlib.sha256(b"a" * LARGE).hexdigest())
        found = verify(store, files=[tmp_path / "never seen"])
        assert (found.files, found.changed, found.missing) == (1, (path,), (gone, tmp_path / "never seen"))
    with Store.open(tmp_path / "store") as store:
        assert store.digest(path) == expected
        assert verify(store).changed == ()
