"""How often is a number silently wrong after a file was damaged, how often does a reader crash or hang, format by format?

    python benchmarks/mutations.py [FORMAT ...] [--count 500] [--seed 1] [--processes 2] [--failures FILE]
    python benchmarks/mutations.py --replay FORMAT NUMBER [--seed 1]

Damages own-written files of several cycles and, where ``INTERLITH_DATA`` has them, real ones, in ways that
`tests/formats/mutations` lists, and takes each the whole way of a user: recognise, read, count, half-cycles. What counts as
refused, flagged, equal and silently wrong is written in `tests/formats/mutations/judging.py`. Children do the work; one that
hangs for more than 10 s is killed and counted, one that dies is counted, and another goes on behind the file that did it.
Format, seed and number name a damaged file; ``--replay`` shows it beside the undamaged one. The full study,
``--count 20000``, takes hours; the default takes minutes. Prints the table for `docs/benchmarks.md`.
"""

from __future__ import annotations

import argparse
import difflib
import json
import multiprocessing
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))
os.environ.setdefault("POLARS_MAX_THREADS", "1")

#: A reading that lasts longer (s) hangs.
HANG = 10.0
#: Resident memory may grow by the larger of these bytes and this many times the file.
MEMORY, TIMES_FILE = 300_000_000, 10
#: Mutations a child takes at once.
CHUNK = 100


@dataclass(slots=True)
class Tally:
    """What became of the damaged files of one format; `failures` holds number, kind, outcome and detail."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str, str, str]] = field(default_factory=list)
    seconds: float = 0.0
    growth: int = 0
    longest: float = 0.0


def peak_memory() -> int:
    """Largest resident memory (bytes) since it was last set back, or of now where the system does not keep it."""
    with suppress(OSError, ValueError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import psutil

    info = psutil.Process().memory_info()
    return int(getattr(info, "peak_wset", info.rss))


def _forget_peak() -> None:
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def child(pipe: Connection, name: str, seed: int) -> None:
    """Take ranges of numbers from the pipe until none comes; report the start and the outcome of each."""
    warnings.simplefilter("ignore")
    from tests.formats.mutations.judging import judge

    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        prepared = Prepared(name, folder)
        while (span := pipe.recv()) is not None:
            for number in range(*span):
                mutation = prepared.mutation(seed, number)
                path = folder / f"damaged{mutation.suffix}"
                path.write_bytes(mutation.content)
                pipe.send((number, mutation.kind, None))
                _forget_peak()
                before = peak_memory()
                found = judge(path, mutation.base, prepared.clean[mutation.base.name], mutation.kind)
                growth = peak_memory() - before
                path.unlink()
                word = "memory" if growth > max(MEMORY, TIMES_FILE * len(mutation.content)) else found.kind
                pipe.send(
                    (number, mutation.kind, (word, f"{mutation.base.name}: {found.detail}", found.seconds, growth))
                )
            pipe.send(None)


class Prepared:
    """Undamaged files of a format and what they give."""

    def __init__(self, name: str, folder: Path) -> None:
        from interlith.errors import ReadError
        from tests.formats.mutations import bases
        from tests.formats.mutations.judging import tell
        from tests.formats.mutations.kinds import Others

        self.name = name
        self.bases = bases.bases(name, folder)
        self.clean = {}
        for base in self.bases:
            path = folder / f"clean{base.suffix}"
            path.write_bytes(base.content)
            try:
                self.clean[base.name] = tell(path, base)
            except ReadError:
                self.clean[base.name] = None
        # A neighbour's file of the same format, and one of another.
        strange = [bases.own(other, folder)[0].content for other in ("neware_csv", "bdf") if other != name]
        self.others = Others((*(base.content for base in self.bases), *strange))

    def mutation(self, seed: int, number: int):  # type: ignore[no-untyped-def]
        """The damaged file of a number."""
        from tests.formats.mutations.kinds import mutation

        return mutation(self.bases, self.others, self.name, seed, number)


class Child:
    """A child process at work on ranges of numbers of one format."""

    def __init__(self, name: str, seed: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=child, args=(theirs, name, seed), daemon=True)
        self.process.start()
        theirs.close()
        self.span = (0, 0)
        self.now: tuple[int, str, float] | None = None

    def begin(self, span: tuple[int, int]) -> None:
        """Give it a range."""
        self.span, self.now = span, None
        self.pipe.send(span)

    def end(self) -> None:
        """Stop it, whatever it does."""
        with suppress(OSError):
            self.pipe.send(None)
        self.process.join(0.2)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def study(name: str, count: int, seed: int, processes: int) -> Tally:
    """Damage a format `count` times."""
    tally = Tally()
    spans = [(begin, min(begin + CHUNK, count)) for begin in range(0, count, CHUNK)][::-1]
    children = [Child(name, seed) for _ in range(min(processes, len(spans)))]
    for one in children:
        one.begin(spans.pop())
    while children:
        wait_for([one.pipe for one in children], timeout=0.5)
        for one in list(children):
            lost = _drain(one, tally)
            if lost is None:
                continue
            children.remove(one)
            if lost:
                number, kind, word = lost
                tally.outcomes[word] += 1
                tally.failures.append(
                    (number, kind, word, "the child was killed" if word == "hang" else "the child died")
                )
                if number + 1 < one.span[1]:
                    spans.append((number + 1, one.span[1]))
            if lost or not spans:
                one.end()
            if spans:
                next_one = Child(name, seed) if lost else one
                next_one.begin(spans.pop())
                children.append(next_one)
    return tally


def _drain(one: Child, tally: Tally) -> tuple[int, str, str] | tuple[()] | None:
    """Take what a child reports: `None` while it works, empty when its range is done, else what it was lost at."""
    try:
        while one.pipe.poll():
            message = one.pipe.recv()
            if message is None:
                return ()
            number, kind, result = message
            if result is None:
                one.now = (number, kind, time.monotonic())
                continue
            word, detail, seconds, growth = result
            one.now = None
            tally.outcomes[word] += 1
            tally.seconds += seconds
            tally.growth, tally.longest = max(tally.growth, growth), max(tally.longest, seconds)
            if word in ("wrong", "crash", "memory"):
                tally.failures.append((number, kind, word, detail))
    except (EOFError, OSError):
        number, kind, _ = one.now or (one.span[1] - 1, "start", 0.0)
        return number, kind, "crash"
    if one.now is not None and time.monotonic() - one.now[2] > HANG:
        return one.now[0], one.now[1], "hang"
    return None


def row(name: str, tally: Tally) -> str:
    """One line of the table."""
    done = sum(tally.outcomes.values())
    read = tally.outcomes["equal"] + tally.outcomes["flagged"] + tally.outcomes["wrong"]
    share = 100 * tally.outcomes["wrong"] / read if read else 0.0
    cells = [name, done, *(tally.outcomes[word] for word in ("refused", "flagged", "equal", "wrong"))]
    cells += [f"{share:.2f}", *(tally.outcomes[word] for word in ("crash", "hang", "memory"))]
    cells += [f"{tally.growth / 1e6:.0f}", f"{1e3 * tally.seconds / max(done, 1):.1f}", f"{tally.longest:.1f}"]
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def replay(name: str, seed: int, number: int) -> Iterator[str]:
    """What was damaged, and what came out."""
    from tests.formats.mutations.judging import judge

    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        prepared = Prepared(name, folder)
        mutation = prepared.mutation(seed, number)
        path = folder / f"damaged{mutation.suffix}"
        path.write_bytes(mutation.content)
        found = judge(path, mutation.base, prepared.clean[mutation.base.name], mutation.kind)
        yield f"{name} {seed} {number}: {mutation.kind} of '{mutation.base.name}' -> {found.kind}: {found.detail}"
        yield f"undamaged: {prepared.clean[mutation.base.name]}"
        # The damaged file may not be readable, and is shown all the same.
        with suppress(Exception):
            from tests.formats.mutations.judging import tell

            yield f"damaged:   {tell(path, mutation.base)}"
        before, after = (_shown(content) for content in (mutation.base.content, mutation.content))
        yield from difflib.unified_diff(before, after, "undamaged", "damaged", lineterm="", n=1)


def _shown(content: bytes) -> list[str]:
    """Lines of a text, rows of hexadecimal digits of other bytes, the longest member of an archive."""
    import io
    import zipfile

    if content.startswith(b"PK\x03\x04"):
        with suppress(zipfile.BadZipFile, OSError, RuntimeError), zipfile.ZipFile(io.BytesIO(content)) as archive:
            lines = []
            for item in archive.infolist():
                lines += [
                    f"[{item.filename}]",
                    *archive.read(item).replace(b"><", b">\n<").decode("latin-1").split("\n"),
                ]
            return lines
    if b"\x00" not in content[:4096]:
        return [repr(line)[2:-1] for line in content.splitlines()]
    return [content[at : at + 32].hex(" ") for at in range(0, len(content), 32)]


def main() -> int:
    """Print the table; the exit code is 1 where something crashed, hung or took too much memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("formats", nargs="*", help="names of formats; all without")
    parser.add_argument("--count", type=int, default=500, help="damaged files of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--failures", type=Path, help="file for what was wrong or crashed, one JSON line each")
    parser.add_argument("--replay", nargs=2, metavar=("FORMAT", "NUMBER"), help="show one damaged file")
    given = parser.parse_args()
    if given.replay:
        for line in replay(given.replay[0], given.seed, int(given.replay[1])):
            print(line)
        return 0
    from interlith.workbench.discovery import formats
    from tests.formats.samples import SAMPLES

    bad = 0
    print(
        "| format | files | refused | flagged | equal | silently wrong | % of those read | crash | hang | memory | growth MB | ms each | longest s |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in given.formats or [name for name in formats() if name in SAMPLES]:
        tally = study(name, given.count, given.seed, given.processes)
        print(row(name, tally), flush=True)
        bad += sum(tally.outcomes[word] for word in ("crash", "hang", "memory"))
        if given.failures:
            with given.failures.open("a", encoding="utf-8") as handle:
                for number, kind, word, detail in sorted(tally.failures):
                    handle.write(json.dumps([name, given.seed, number, kind, word, detail]) + "\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
