"""Is the index right, does it survive damage, other runs and a full disk, and does it never serve what was not written?"""

from __future__ import annotations

import errno
import json
import math
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from interlith.errors import StudyError
from interlith.workbench.store import Store, catalogue, connection
from interlith.workbench.store.catalogue import Catalogue, Signature
from tests.workbench.store.entries import flipped, key_of, refusal

NOTES = {
    f"head-{number}": {"columns": ["time", "voltage"] * 5, "rows": number, "rate": 0.1 * number}
    for number in range(300)
}


def opened(path: Path, *, network: bool = False) -> Catalogue:
    return Catalogue(path, network=network, entries=lambda: ())


def filled(root: Path) -> Path:
    """A store with entries, notes and a remembered file; closed."""
    with Store.open(root) as store:
        for number in range(5):
            store.put(key_of(number), refusal())
        store.put_documents(NOTES)
        raw = root.parent / "raw.bin"
        raw.write_bytes(b"x" * 1_500_000)
        os.utime(raw, (1e9, 1e9))
        index = store.catalogue
        assert index is not None
        index.remember(signature(), "ab" * 32)
    return store.layout.catalogue


def signature() -> Signature:
    return Signature(b"/a/raw.bin", 1_500_000, 10**18, 10**18 + 1, "66:123456789012345678901234567890")


def test_notes_come_back_and_absent_ones_are_left_out(tmp_path: Path) -> None:
    words = {"text": "µ", "number": math.inf, "pair": (1, None), "rows": [1.5, {"a": True}]}
    with Store.open(tmp_path) as store:
        store.put_documents({"a": words, "b": {}})
        assert store.document("a") == words  # before they are written
        store.commit()
        assert store.documents(["a", "b", "c"]) == {"a": words, "b": {}}
        assert store.document("c") is None
        store.put_documents({"a": {"new": 1}})
    with Store.open(tmp_path) as store:
        assert store.document("a") == {"new": 1}


def test_thousands_of_notes_come_back(tmp_path: Path) -> None:
    notes = {f"n{number}": {"number": number} for number in range(5_000)}
    with Store.open(tmp_path) as store:
        store.put_documents(notes)
    with Store.open(tmp_path) as store:
        assert store.documents([*notes, "absent"]) == notes


def test_what_a_note_cannot_hold_is_refused(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, pytest.raises(TypeError, match="cannot be kept"):
        store.put_documents({"a": {"x": object()}})


def test_changes_are_written_in_few_transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    applied: list[int] = []
    apply = catalogue._apply
    monkeypatch.setattr(catalogue, "_apply", lambda *given: (applied.append(1), apply(*given))[1])
    with Store.open(tmp_path) as store:
        applied.clear()
        for number in range(1_000):
            store.register({key_of(number): 10})
            store.put_documents({f"n{number}": {}})
    assert len(applied) <= 2


def test_a_run_that_is_killed_loses_what_was_not_committed_only(tmp_path: Path) -> None:
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom interlith.workbench.store import Store\n"
        "store = Store.open(Path(sys.argv[1]))\nstore.put_documents({'a': {}})\nstore.commit()\n"
        "store.put_documents({'b': {}})\nos._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    with Store.open(tmp_path) as store:
        assert store.documents(["a", "b"]) == {"a": {}}


def test_the_last_use_of_entries_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path) as store:
        assert store.catalogue is not None
        monkeypatch.setattr(catalogue.time, "time", lambda: 1e9)
        store.register({key_of(1): 10, key_of(2): 20})
        store.commit()
        monkeypatch.setattr(catalogue.time, "time", lambda: 1e9 + 1e5)
        store.used([key_of(1), key_of("never kept")])
        found = store.catalogue.entries()
    assert {key: use.used for key, use in found.items()} == {key_of(1): 1e9 + 1e5, key_of(2): 1e9}
    assert found[key_of(2)].size == 20


@pytest.mark.parametrize("content", [b"", b"no database at all" * 300, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_catalogue_that_is_none_is_made_anew_of_the_entries(tmp_path: Path, content: bytes) -> None:
    path = filled(tmp_path / "store")
    path.write_bytes(content)
    with Store.open(tmp_path / "store") as store:
        assert store.catalogue is not None
        assert set(store.catalogue.entries()) == {key_of(number) for number in range(5)}
        assert store.documents(NOTES) == {}
        store.put_documents({"a": {}})
    asides = list((tmp_path / "store").glob("catalogue.sqlite.damaged-*"))
    assert [aside.read_bytes() for aside in asides] == ([content] if content else [])
    with Store.open(tmp_path / "store") as store:
        assert store.document("a") == {}


@pytest.mark.parametrize(
    "change",
    ["PRAGMA user_version = 7", "DROP TABLE documents", "ALTER TABLE entries RENAME COLUMN used TO seen"],
)
def test_a_catalogue_of_another_version_is_made_anew(tmp_path: Path, change: str) -> None:
    path = filled(tmp_path / "store")
    base = sqlite3.connect(path)
    base.execute(change)
    base.commit()
    base.close()
    with Store.open(tmp_path / "store") as store:
        assert store.catalogue is not None
        assert len(store.catalogue.entries()) == 5
    assert len(list((tmp_path / "store").glob("catalogue.sqlite.damaged-*"))) == 1


def test_damage_in_the_middle_of_a_run_loses_no_new_note(tmp_path: Path) -> None:
    filled(tmp_path / "store")
    with Store.open(tmp_path / "store") as store:
        assert store.catalogue is not None
        store.catalogue._connection.execute("DROP TABLE documents")
        store.put_documents({"a": {"x": 1}})
        store.commit()
        assert store.documents(["a", "head-1"]) == {"a": {"x": 1}}
        assert len(store.catalogue.entries()) == 5


@pytest.mark.parametrize("count", [120, pytest.param(3000, marks=pytest.mark.slow)])
def test_changed_bytes_never_change_what_is_served(tmp_path: Path, count: int) -> None:
    path = filled(tmp_path / "store")
    content = path.read_bytes()
    chance = random.Random(7)
    lost = 0
    for number in range(count):
        for other in (tmp_path / "store").glob("catalogue.sqlite*"):
            other.unlink()
        path.write_bytes(content)
        # The head of the file, and then anywhere.
        flipped(path, number if number < 100 else chance.randrange(len(content)), chance.randrange(1, 256))
        with Store.open(tmp_path / "store") as store:
            assert store.catalogue is not None
            notes = store.documents(NOTES)
            assert notes.items() <= NOTES.items()
            assert store.catalogue.files() in ({}, {signature().path: (signature(), "ab" * 32)})
            store.put_documents({"new": {"number": number}})
            store.commit()
            assert store.document("new") == {"number": number}
            store.catalogue.entries()
            lost += len(notes) < len(NOTES)
    assert lost > 0


def test_a_changed_digit_in_a_value_is_found(tmp_path: Path) -> None:
    """SQLite does not notice this; the checksum of the row does."""
    path = filled(tmp_path / "store")
    base = sqlite3.connect(path)
    base.execute("UPDATE documents SET text = replace(text, '299', '298') WHERE key = 'head-299'")
    base.execute("UPDATE documents SET key = 'head-x' WHERE key = 'head-298'")
    base.execute("UPDATE files SET sha256 = ?", ("cd" * 32,))
    base.commit()
    base.close()
    with Store.open(tmp_path / "store") as store:
        assert store.catalogue is not None
        assert store.documents([*NOTES, "head-x"]) == {key: NOTES[key] for key in list(NOTES)[:298]}
        assert store.catalogue.files() == {}


def test_a_full_disk_is_told_as_such_and_loses_nothing_written(tmp_path: Path) -> None:
    index = opened(tmp_path / "catalogue.sqlite")
    index.put_documents({"a": "{}"})
    index.commit()
    pages = index._connection.execute("PRAGMA page_count").fetchone()[0]
    index._connection.execute(f"PRAGMA max_page_count = {pages}")
    index.put_documents({"b": json.dumps("x" * 100_000)})
    with pytest.raises(OSError, match="No space") as caught:
        index.commit()
    assert caught.value.errno == errno.ENOSPC
    index._connection.execute("PRAGMA max_page_count = 100000")
    assert set(index.documents(["a", "b"])) == {"a", "b"}
    index.close()
    assert set(opened(tmp_path / "catalogue.sqlite").documents(["a", "b"])) == {"a", "b"}


def test_a_second_run_waits_for_the_first(tmp_path: Path) -> None:
    first, second = Store.open(tmp_path), Store.open(tmp_path)
    assert first.catalogue is not None
    base = sqlite3.connect(tmp_path / "catalogue.sqlite", isolation_level=None, check_same_thread=False)
    base.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, lambda: base.execute("ROLLBACK")).start()
    began = time.monotonic()
    second.put_documents({"a": {}})
    second.commit()
    assert time.monotonic() - began > 0.2
    assert first.document("a") == {}
    first.close()
    second.close()
    base.close()


def test_a_run_that_waits_in_vain_says_so(tmp_path: Path) -> None:
    index = opened(tmp_path / "catalogue.sqlite")
    index._connection.execute("PRAGMA busy_timeout = 50")
    base = sqlite3.connect(tmp_path / "catalogue.sqlite", isolation_level=None)
    base.execute("BEGIN IMMEDIATE")
    index.put_documents({"a": "{}"})
    with pytest.raises(StudyError, match="another run has held the catalogue"):
        index.commit()
    base.execute("ROLLBACK")
    base.close()
    index.commit()
    assert index.documents(["a"]) == {"a": "{}"}
    index.close()


def test_modes_of_the_journal(tmp_path: Path) -> None:
    def modes(index: Catalogue) -> tuple[object, object]:
        base = index._connection
        return base.execute("PRAGMA journal_mode").fetchone()[0], base.execute("PRAGMA synchronous").fetchone()[0]

    local = opened(tmp_path / "local.sqlite")
    assert modes(local) == ("wal", 1)
    local.put_documents({"a": "{}"})
    local.close()
    network = opened(tmp_path / "local.sqlite", network=True)  # the same disk, now mounted over a network
    assert modes(network) == ("delete", 2)
    assert network.documents(["a"]) == {"a": "{}"}
    network.close()


def test_a_network_file_system_without_locks_is_refused(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    base.execute("CREATE TABLE x (y)")
    base.execute("BEGIN EXCLUSIVE")  # as a file system without locks answers: busy
    with pytest.raises(StudyError, match=r"gives no locks.*set INTERLITH_STORE to a folder on a disk of this computer"):
        connection.connect(tmp_path / "a.sqlite", network=True, patience=0.05)
    base.close()


def test_a_catalogue_is_opened_for_a_network_where_the_store_lies_on_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interlith.workbench.store import store as module
    from interlith.workbench.store.filesystem import FileSystem

    monkeypatch.setattr(module, "file_system", lambda folder: FileSystem("nfs4", str(folder), True))
    with Store.open(tmp_path) as store:
        assert store.catalogue is not None
        assert store.catalogue._connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete"


def test_another_process_may_not_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path) as store:
        store.put_documents({"a": {}})
        with monkeypatch.context() as patch:
            patch.setattr(catalogue.os, "getpid", lambda: -1)
            with pytest.raises(RuntimeError, match="catalogue=False"):
                store.document("b")
            with pytest.raises(RuntimeError, match="catalogue=False"):
                store.commit()
            assert store.catalogue is not None
            store.catalogue.close()  # a child that ends must not close what its parent uses
        assert store.document("a") == {}
    with Store.open(tmp_path) as store:
        assert store.document("a") == {}


def test_threads_may_share_it(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:

        def note(first: int) -> None:
            for number in range(200):
                store.put_documents({f"{first}-{number}": {"n": number}})
                store.documents([f"{first}-{number}"])
                if number % 20 == 0:
                    store.commit()

        threads = [threading.Thread(target=note, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(store.documents(f"{first}-{number}" for first in range(4) for number in range(200))) == 800


def test_a_catalogue_that_another_run_has_renewed_is_not_set_aside_again(tmp_path: Path) -> None:
    path = filled(tmp_path / "store")
    path.write_bytes(b"nothing" * 1000)
    first = Store.open(tmp_path / "store")
    second = Store.open(tmp_path / "store")
    assert first.catalogue is not None
    assert second.catalogue is not None
    first.catalogue._connection.execute("DROP TABLE documents")
    second.put_documents({"a": {}})
    second.commit()  # finds the damage, renews
    first.put_documents({"b": {}})
    first.commit()  # finds the damage in the file set aside, takes the new one
    assert first.documents(["a", "b"]) == {"a": {}, "b": {}}
    asides = [path for path in (tmp_path / "store").glob("*.damaged-*") if not path.name.endswith(("-wal", "-shm"))]
    assert len(asides) == 2
    first.close()
    second.close()
