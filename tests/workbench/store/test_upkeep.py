"""Does `verify` find what is damaged, and does `clean` remove what it should and nothing else?"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from interlith.workbench.store import Store, catalogue, clean, verify
from tests.workbench.store.entries import flipped, key_of, noisy_result, refusal, small_result

DAY = 86_400.0


def aged(store: Store, key: str, days: float) -> int:
    """Keep an entry that was written and used some days ago; returns its size."""
    size = store.put(key, noisy_result(1, 500))
    assert store.catalogue is not None
    store.commit()
    then = time.time() - days * DAY
    os.utime(store.layout.entry(key), (then, then))
    store.catalogue._connection.execute("UPDATE entries SET used = ? WHERE key = ?", (then, key))
    return size


def test_verify_finds_and_removes_damaged_entries(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        sizes = [store.put(key_of(number), small_result(float(number))) for number in range(6)]
        store.put(key_of("refusal"), refusal())
        assert verify(store).damaged == ()
        path = store.layout.entry(key_of(3))
        flipped(
            path, path.read_bytes().rindex(b"PAR1") - 40, 4
        )  # in the last member: a look at the table would miss it
        found = verify(store)
        assert found.damaged == (key_of(3),)
        assert (found.entries, found.size > sum(sizes)) == (7, True)
        assert store.damaged == 1
        assert store.has([key_of(number) for number in range(6)]) == {key_of(number) for number in (0, 1, 2, 4, 5)}
        assert verify(store).damaged == ()
        assert store.catalogue is not None
        assert key_of(3) not in store.catalogue.entries()


def test_clean_by_age(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        for days in (1, 10, 20):
            aged(store, key_of(days), days)
        store.put_documents({"old": {}, "new": {}})
        store.commit()
        assert store.catalogue is not None
        store.catalogue._connection.execute(
            "UPDATE documents SET used = ? WHERE key = 'old'", (time.time() - 20 * DAY,)
        )
        told = clean(store, older_than=timedelta(days=5), dry=True)
        assert len(list(store.layout.scan())) == 3
        done = clean(store, older_than=timedelta(days=5))
        assert (told.entries, told.size, told.kept) == (done.entries, done.size, done.kept) == (2, done.size, 1)
        assert done.notes == 1
        assert store.has([key_of(days) for days in (1, 10, 20)]) == {key_of(1)}
        assert set(store.documents(["old", "new"])) == {"new"}
        assert set(store.catalogue.entries()) == {key_of(1)}


def test_clean_by_size_takes_what_was_not_used_longest(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        size = 0
        for days in (1, 10, 20, 30):
            size = aged(store, key_of(days), days)
        store.used([key_of(30)])
        store.commit()
        done = clean(store, keep=2 * size + 1)
        assert (done.entries, done.size, done.kept, done.kept_size) == (2, 2 * size, 2, 2 * size)
        assert store.has([key_of(days) for days in (1, 10, 20, 30)]) == {key_of(1), key_of(30)}
        assert clean(store, keep=2 * size).entries == 0
        assert clean(store, keep=0).kept == 0


def test_clean_without_limits_removes_leftovers_of_killed_processes_only(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        aged(store, key_of(1), 3000)
        for name, hours in (("1-aa.part", 2), ("2-bb.part", 0.5)):
            (store.layout.partial / name).write_bytes(b"x" * 100)
            then = time.time() - hours * 3600
            os.utime(store.layout.partial / name, (then, then))
        (tmp_path / "catalogue.sqlite.damaged-1-2").write_bytes(b"y" * 10)
        assert clean(store, dry=True).leftovers == 2
        done = clean(store)
        assert (done.entries, done.leftovers, done.leftover_size) == (0, 2, 110)
        assert [path.name for path in store.layout.partial.iterdir()] == ["2-bb.part"]
        assert store.has([key_of(1)])


def test_clean_adopts_entries_that_no_catalogue_knows(tmp_path: Path) -> None:
    worker = Store.open(tmp_path, catalogue=False)
    for days in (1, 20):
        worker.put(key_of(days), refusal())
        then = time.time() - days * DAY
        os.utime(worker.layout.entry(key_of(days)), (then, then))
    with Store.open(tmp_path) as store:
        assert store.catalogue is not None
        store.catalogue.forget(entries=[key_of(1), key_of(20)])
        done = clean(store, older_than=timedelta(days=5))
        assert (done.entries, done.kept) == (1, 1)
        found = store.catalogue.entries()
        assert set(found) == {key_of(1)}
        assert time.time() - found[key_of(1)].used == pytest.approx(DAY, rel=0.01)


def test_clean_forgets_entries_that_are_gone(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.put(key_of(1), refusal())
        store.layout.entry(key_of(1)).unlink()
        assert clean(store).kept == 0
        assert store.catalogue is not None
        assert store.catalogue.entries() == {}


def test_notes_that_are_read_do_not_grow_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path) as store:
        monkeypatch.setattr(catalogue.time, "time", lambda: 1e9)
        store.put_documents({"read": {"a": 1}, "unread": {}})
        store.commit()
        monkeypatch.undo()
        assert store.documents(["read"]) == {"read": {"a": 1}}
        assert clean(store, older_than=timedelta(days=30)).notes == 1
        assert store.documents(["read", "unread"]) == {"read": {"a": 1}}


def test_a_store_without_its_catalogue_is_neither_verified_nor_cleaned(tmp_path: Path) -> None:
    worker = Store.open(tmp_path, catalogue=False)
    with pytest.raises(RuntimeError, match="catalogue=False"):
        clean(worker)
    with pytest.raises(RuntimeError, match="catalogue=False"):
        verify(worker)
