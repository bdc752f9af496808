"""Is every entry sound after processes were killed at random moments while they wrote?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from interlith.model import Result
from interlith.workbench.store import Store, clean
from tests.workbench.store.entries import key_of, noisy_result

#: Starts a child, waits until it writes, kills it at a random moment, and again. Forking spares the start of Python;
#: polars starts its threads in the children, after the fork.
_NURSERY = """
import os, random, signal, sys, time
from pathlib import Path
from interlith.workbench.store import Store
from tests.workbench.store.entries import key_of, noisy_result

root, kills, start = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(start)

def child(first, ready):
    store = Store.open(root, catalogue=first % 2 == 0)
    for number in range(first * 1000, first * 1000 + 1000):
        found = noisy_result(number % 7)
        store.put(key_of(("kill", number)), found)
        store.put(key_of(("shared", number % 50)), noisy_result(number % 50 % 7))
        if first % 2 == 0:
            store.put_documents({f"note-{number}": {"number": number}})
            store.commit()
        os.write(ready, b".")

for first in range(start, start + kills):
    reader, writer = os.pipe()
    number = os.fork()
    if number == 0:
        try:
            child(first, writer)
        finally:
            os._exit(1)
    os.close(writer)
    os.read(reader, 1)
    time.sleep(chance.uniform(0.0, 0.06))
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    os.close(reader)
"""

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="Windows does not fork; kills there are tested over runs"
)


def killed(root: Path, kills: int) -> Store:
    """A store after some kills, two processes writing at any time."""
    Store.open(root).close()
    nurseries = [
        subprocess.Popen([sys.executable, "-c", _NURSERY, str(root), str(kills // 2), str(start)])
        for start in (0, 1_000_001)
    ]
    assert [nursery.wait(600) for nursery in nurseries] == [0, 0]
    return Store.open(root)


def examine(store: Store, kills: int) -> None:
    """Every entry is what was written, every note too, and kills did hit processes that were writing."""
    present = [one.key for one in store.layout.scan()]
    assert len(present) > kills
    shared = {key_of(("shared", number)): number % 7 for number in range(50)}
    for key in present:
        found = store.result(key)
        assert isinstance(found, Result)
        seed = round(found.table["value"][0])
        assert found.data["curves"].equals(noisy_result(seed).data["curves"])
        assert shared.get(key, seed) == seed
    assert store.damaged == 0
    assert list(store.layout.partial.iterdir()), "no kill hit a process while it wrote: the test shows nothing"
    notes = store.documents(
        f"note-{number}" for first in range(0, kills, 2) for number in range(first * 1000, first * 1000 + 99)
    )
    assert notes
    assert all(words == {"number": int(key.removeprefix("note-"))} for key, words in notes.items())
    assert not list(store.root.glob("*.damaged-*"))
    assert clean(store).kept == len(present)


def test_sixty_kills_leave_sound_entries(tmp_path: Path) -> None:
    with killed(tmp_path / "store", 60) as store:
        examine(store, 60)


@pytest.mark.slow
def test_hundreds_of_kills_leave_sound_entries(tmp_path: Path) -> None:
    with killed(tmp_path / "store", 400) as store:
        examine(store, 400)


_PUT = """
import sys
from pathlib import Path
from interlith.workbench.store import Store
from tests.workbench.store.entries import key_of, noisy_result

store = Store.open(Path(sys.argv[1]), catalogue=sys.argv[2] == "catalogue")
print("ready", flush=True)
sys.stdin.readline()
for number in range(60):
    store.put(key_of(number), noisy_result(number % 7, 2000))
store.close()
"""


@pytest.mark.parametrize("mode", ["catalogue", "files"])
def test_processes_that_write_the_same_entries_at_once_do_no_harm(tmp_path: Path, mode: str) -> None:
    Store.open(tmp_path / "store").close()
    command = [sys.executable, "-c", _PUT, str(tmp_path / "store"), mode]
    writers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=120)
        assert writer.returncode == 0
    with Store.open(tmp_path / "store") as store:
        for number in range(60):
            found = store.result(key_of(number))
            assert isinstance(found, Result)
            assert found.data["curves"].equals(noisy_result(number % 7, 2000).data["curves"])
        assert store.damaged == 0
        assert not list(store.layout.partial.iterdir())
        if mode == "catalogue":
            assert store.catalogue is not None
            assert len(store.catalogue.entries()) == 60
