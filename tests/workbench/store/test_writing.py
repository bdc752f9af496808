"""Is a file there whole or not at all, whatever goes wrong while it is written?"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from interlith.workbench.store import Store, writing
from interlith.workbench.store import store as store_module
from interlith.workbench.store.container import write_entry
from interlith.workbench.store.writing import write_whole
from tests.workbench.store.entries import FullDisk, identical, key_of, noisy_result, small_result

KEY = key_of("one")


def fill(handle: BinaryIO) -> None:
    """A content of four bytes."""
    handle.write(b"abcd")


def nothing_left(store: Store) -> bool:
    """Whether neither an entry nor a part of one lies in the store."""
    return not list(store.layout.partial.iterdir()) and not list(store.layout.scan())


def test_a_file_is_written_and_its_size_told(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "new" / "a", fill, partial=tmp_path / "partial") == 4
    assert (tmp_path / "new" / "a").read_bytes() == b"abcd"
    assert not list((tmp_path / "partial").iterdir())


def test_the_content_is_on_the_disk_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(writing.os, "fsync", lambda handle: (happened.append("sync"), sync(handle))[1])
    monkeypatch.setattr(writing.os, "replace", lambda *names: (happened.append("name"), replace(*names))[1])
    write_whole(tmp_path / "a", fill, partial=tmp_path)
    assert happened == ["sync", "name"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_at_any_byte_leaves_nothing(tmp_path: Path, number: int) -> None:
    store = Store.open(tmp_path / "store", catalogue=False)
    path = store.layout.entry(KEY)
    size = store.put(KEY, small_result())
    path.unlink()
    for room in range(0, size, 37):
        error = OSError(number, os.strerror(number))

        def short(handle: BinaryIO, room: int = room, error: OSError = error) -> None:
            write_entry(FullDisk(handle, room, error), KEY, small_result())  # type: ignore[arg-type]

        with pytest.raises(OSError, match=os.strerror(number)) as caught:
            write_whole(path, short, partial=store.layout.partial)
        assert caught.value.errno == number
        assert nothing_left(store)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_at_the_end_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = Store.open(tmp_path / "store", catalogue=False)
    monkeypatch.setattr(writing.os, call, full)
    with pytest.raises(OSError, match="No space") as caught:
        store.put(KEY, small_result())
    assert caught.value.errno == errno.ENOSPC
    assert nothing_left(store)
    monkeypatch.undo()
    store.put(KEY, small_result())
    found = store.result(KEY)
    assert found is not None
    assert identical(found, small_result())


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from interlith.workbench.store import Store
from tests.workbench.store.entries import key_of, noisy_result

store = Store.open(Path(sys.argv[1]), catalogue=False)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.put(key_of("one"), noisy_result(1))
except OSError as error:
    sys.exit(error.errno)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no limit on the size of files")
def test_a_limit_of_the_operating_system_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", catalogue=False)
    done = subprocess.run([sys.executable, "-c", _LIMITED, str(tmp_path / "store")], check=False)
    assert done.returncode == errno.EFBIG
    assert nothing_left(store)


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(handle: BinaryIO) -> None:
        handle.write(b"ab")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "a", interrupted, partial=tmp_path / "partial")
    assert not (tmp_path / "a").exists()
    assert not list((tmp_path / "partial").iterdir())


def test_a_file_in_use_elsewhere_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, refusals = os.replace, [PermissionError(), PermissionError()]

    def sometimes(*names: Path) -> None:
        if refusals:
            raise refusals.pop()
        replace(*names)

    monkeypatch.setattr(writing.os, "replace", sometimes)
    monkeypatch.setattr(writing, "_WINDOWS", True)
    write_whole(tmp_path / "a", fill, partial=tmp_path / "partial")
    assert (tmp_path / "a").read_bytes() == b"abcd"


def test_a_file_that_stays_in_use_is_taken_if_it_is_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows an entry that another process has just written and holds open cannot be replaced."""
    store = Store.open(tmp_path / "store", catalogue=False)
    other = Store.open(tmp_path / "store", catalogue=False)
    replace = os.replace

    def in_use(source: Path, target: Path) -> None:
        monkeypatch.setattr(writing.os, "replace", replace)
        other.put(KEY, noisy_result(1, 100))
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(writing.os, "replace", in_use)
    assert store.put(KEY, noisy_result(1, 100)) == store.layout.entry(KEY).stat().st_size
    assert not list(store.layout.partial.iterdir())


def test_folders_are_settled_once_for_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name == "nt":
        pytest.skip("folders cannot be opened on Windows")
    store = Store.open(tmp_path / "store", catalogue=False)
    keys = [f"ab{key_of(number)[2:]}" for number in range(20)]
    for key in keys:
        store.put(key, small_result())
    synced: list[int] = []
    monkeypatch.setattr(writing.os, "fsync", synced.append)
    store.commit()
    assert len(synced) == 2  # the folder of the entries, and the one above it
    store.commit()
    assert len(synced) == 2


def test_the_parent_settles_what_its_workers_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name == "nt":
        pytest.skip("folders cannot be opened on Windows")
    worker = Store.open(tmp_path / "store", catalogue=False)
    size = worker.put(KEY, small_result())
    with Store.open(tmp_path / "store") as store:
        settled: list[Path] = []
        monkeypatch.setattr(store_module, "settle", settled.extend)
        store.register({KEY: size})
        store.commit()
        assert settled == [store.layout.entry(KEY).parent, store.layout.entries]
