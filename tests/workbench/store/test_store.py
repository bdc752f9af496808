"""Where does the store lie, who may write it, and does it find what it holds quickly?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import platformdirs
import pytest

from interlith.errors import StudyError
from interlith.workbench.store import Store, default_root
from interlith.workbench.store import store as module
from tests.workbench.store.entries import key_of, refusal, small_result


def test_the_folder_is_declared_or_in_the_cache_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("INTERLITH_STORE", str(tmp_path / "here ü"))
    assert default_root() == tmp_path / "here ü"
    with Store.open() as store:
        assert store.root == tmp_path / "here ü"
        assert (store.root / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    for word in ("", " "):
        monkeypatch.setenv("INTERLITH_STORE", word)
        assert default_root() == platformdirs.user_cache_path("interlith") / "store"


def test_entries_outlast_the_run(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        assert store.result(key_of(1)) is None
        size = store.put(key_of(1), refusal())
        assert store.has([key_of(1), key_of(2)]) == {key_of(1)}
    with Store.open(tmp_path) as store:
        assert store.result(key_of(1)) == refusal()
        assert store.catalogue is not None
        assert store.catalogue.entries()[key_of(1)].size == size


def test_a_worker_writes_entries_and_never_the_catalogue(tmp_path: Path) -> None:
    worker = Store.open(tmp_path, catalogue=False)
    size = worker.put(key_of(1), small_result())
    worker.register({key_of(1): size})
    worker.used([key_of(1)])
    assert worker.documents(["a"]) == {}
    with pytest.raises(RuntimeError, match="hand them to the parent"):
        worker.put_documents({"a": {}})
    worker.close()
    assert worker.has([key_of(1)])
    assert not list(tmp_path.glob("catalogue*"))
    with Store.open(tmp_path) as store:
        assert store.catalogue is not None
        store.catalogue.forget(entries=[key_of(1)])
        store.register({key_of(1): size})
        assert store.catalogue.entries()[key_of(1)].size == size


def test_a_worker_does_not_even_import_sqlite(tmp_path: Path) -> None:
    script = (
        "import builtins, sys, sqlite3\nfrom pathlib import Path\nfrom interlith.workbench.store import Store\n"
        "def refuse(*_, **__): raise AssertionError('SQLite was touched')\nsqlite3.connect = refuse\n"
        "from tests.workbench.store.entries import key_of, refusal\n"
        "store = Store.open(Path(sys.argv[1]), catalogue=False)\nstore.put(key_of(1), refusal())\n"
        "assert store.result(key_of(1)) and store.has([key_of(1)])\nstore.digest(Path(sys.argv[1]) / 'CACHEDIR.TAG')\nstore.close()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)


@pytest.mark.parametrize("key", ["", "abc", "A" * 64, "g" * 64, "../" + "a" * 61, "a" * 65, "a" * 64 + "\n"])
def test_what_is_no_key_is_refused(tmp_path: Path, key: str) -> None:
    store = Store.open(tmp_path, catalogue=False)
    with pytest.raises(ValueError, match="is no key of the store"):
        store.put(key, refusal())
    with pytest.raises(ValueError, match="is no key of the store"):
        store.result(key)


def test_a_folder_that_cannot_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for catalogue in (True, False):
        with pytest.raises(StudyError, match=r"file.*cannot be written there.*set INTERLITH_STORE to a folder"):
            Store.open(tmp_path / "file" / "store", catalogue=catalogue)


def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object, **__: object) -> int:
        raise OSError(30, "Read-only file system")

    Store.open(tmp_path / "store").close()
    monkeypatch.setattr(module, "write_whole", read_only)
    with pytest.raises(StudyError, match=r"store.*Read-only file system.*set INTERLITH_STORE"):
        Store.open(tmp_path / "store")


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_of_somebody_else_is_told_with_the_remedy(tmp_path: Path) -> None:
    Store.open(tmp_path / "store").close()
    (tmp_path / "store").chmod(0o500)
    try:
        with pytest.raises(StudyError, match="set INTERLITH_STORE"):
            Store.open(tmp_path / "store")
    finally:
        (tmp_path / "store").chmod(0o700)


def test_a_full_disk_stays_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(OSError, match="No space left") as caught:
        Store.open(tmp_path)
    assert caught.value.errno == 28


def test_seventy_thousand_keys_are_looked_up_at_once(tmp_path: Path) -> None:
    store = Store.open(tmp_path, catalogue=False)
    keys = [key_of(number) for number in range(70_000)]
    for key in keys[:35_000]:
        path = store.layout.entry(key)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    began = time.perf_counter()
    found = store.has(keys)
    assert time.perf_counter() - began < 2.0  # 0.1 s on an idle computer
    assert found == set(keys[:35_000])
    assert store.has(keys[34_998:35_003]) == {keys[34_998], keys[34_999]}
    assert store.has([]) == set()


def test_long_folders_and_odd_names_work(tmp_path: Path) -> None:
    root = tmp_path / "a folder with spaces and ümläuts" / ("long " * 20).strip() / ("longer " * 15).strip()
    with Store.open(root) as store:
        store.put(key_of(1), small_result())
        assert store.result(key_of(1)) is not None
