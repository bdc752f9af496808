"""A few damaged files of every format on every change; `benchmarks/mutations.py` makes them by the ten thousand.

No damage may crash a reader, and none may change a capacity without a word.
"""

from __future__ import annotations

import functools
import tempfile
import warnings
from pathlib import Path

import pytest

from interlith.errors import ReadError
from interlith.workbench.discovery import formats
from tests.formats.mutations import bases
from tests.formats.mutations.judging import HalfCycle, Told, compare, judge, tell
from tests.formats.mutations.kinds import Others, mutation
from tests.formats.samples import SAMPLES

NAMES = sorted(SAMPLES.keys() & formats().keys())
EVERY = pytest.mark.parametrize("name", NAMES)
#: Damaged files of each format on every change, and in the slow study.
FEW, MANY = 40, 1500

#: Damages that leave a file as an instrument may write it: bare counts in another order, a start that was typed otherwise, one
#: archive behind another.
UNKNOWABLE = {
    "fullprof_dat": {"swap_lines", "move_lines", "lose_lines", "double_lines", "change_digit", "change_number"},
    "bruker_uxd": {"swap_lines", "move_lines", "lose_lines", "double_lines", "change_digit", "change_number"},
    "pdcif": {"swap_lines"},
    "rigaku_rasx": {"other_file"},
}


@functools.cache
def _undamaged(name: str) -> tuple[list[bases.Base], dict[str, Told | None]]:
    """Own-written files only: what runs everywhere must not hang on files that are not in the repository."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        found = bases.bases(name, folder, with_real=False)
        clean: dict[str, Told | None] = {}
        for base in found:
            path = folder / f"clean{base.suffix}"
            path.write_bytes(base.content)
            try:
                clean[base.name] = tell(path, base)
            except ReadError:
                clean[base.name] = None
    return found, clean


def _study(name: str, count: int, folder: Path) -> None:
    found, clean = _undamaged(name)
    others = Others(tuple(base.content for base in found) + tuple(base.content for base in _undamaged("bdf")[0]))
    bad = []
    for number in range(count):
        made = mutation(found, others, name, 1, number)
        path = folder / f"damaged{made.suffix}"
        path.write_bytes(made.content)
        with warnings.catch_warnings():
            # Third parties' decoders of binaries warn of overflowing numbers; what counts is what comes out.
            warnings.simplefilter("ignore")
            outcome = judge(path, made.base, clean[made.base.name], made.kind)
        path.unlink()
        known = outcome.kind == "wrong" and made.kind in UNKNOWABLE.get(name, ())
        if outcome.kind in ("wrong", "crash") and not known:
            bad.append(f"{number} {made.kind}: {outcome.kind}: {outcome.detail}")
    assert not bad, "\n".join(bad)


@EVERY
def test_few_damaged_files_are_refused_told_or_right(name: str, tmp_path: Path) -> None:
    _study(name, FEW, tmp_path)


@pytest.mark.slow
@EVERY
def test_many_damaged_files_are_refused_told_or_right(name: str, tmp_path: Path) -> None:
    _study(name, MANY, tmp_path)


@EVERY
def test_a_number_names_one_damage(name: str) -> None:
    found, _ = _undamaged(name)
    once, again = (mutation(found, Others(()), name, 7, 3) for _ in range(2))
    assert (once.kind, once.content) == (again.kind, again.content)


def _told(*charges: float | None, words: tuple[str, ...] = (), codes: tuple[str, ...] = ()) -> Told:
    return Told(tuple(HalfCycle("charge", one, frozenset(words)) for one in charges), frozenset(codes))


@pytest.mark.parametrize(
    ("told", "kind", "word"),
    [
        (_told(1.0, 2.0), "flip_bits", "equal"),
        (_told(1.009, 2.0), "flip_bits", "equal"),
        (_told(1.02, 2.0), "flip_bits", "wrong"),
        (_told(1.0), "flip_bits", "wrong"),
        (_told(1.0), "truncate", "equal"),
        (_told(1.0, 2.0, 3.0), "truncate", "wrong"),
        (_told(1.0, None), "flip_bits", "flagged"),
        (_told(1.02, 2.0, words=("rows missing inside",)), "flip_bits", "flagged"),
        (_told(1.02, 2.0, codes=("charge_uncertain",)), "flip_bits", "flagged"),
        (_told(1.02, 2.0, codes=("known",)), "flip_bits", "wrong"),
    ],
)
def test_a_wrong_number_without_a_word_is_called_wrong(told: Told, kind: str, word: str) -> None:
    assert compare(_told(1.0, 2.0, codes=("known",)), told, kind)[0] == word
