"""In which ways is a file damaged?

Bytes flip, blocks are lost, repeated or exchanged, a copy stops early, an editor or a spreadsheet touches numbers, a
header says something else. Each kind is a function of the bytes and a random generator, so that a number names the damage.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.formats.mutations.bases import Base
from tests.formats.mutations.members import in_member

#: Bytes at the start of a file that hold the header, where a part of the damage is aimed at.
HEAD = 3000
_NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")
_WORDS = (
    b"NaN",
    b"nan",
    b"inf",
    b"-inf",
    b"",
    b"-",
    b"--",
    b"1e999",
    b"#DIV/0!",
    b"999999",
    b"0",
    b"Infinity",
    b"1E+20",
)
_UNITS = (
    ((b"mAh", b"Ah"), (b"mA.h", b"A.h")), ((b"mA", b"A"), (b"uA", b"mA"), (b"ma", b"a")), ((b"mV", b"V"),),
    ((b"mWh", b"Wh"),), ((b"min", b"s"), (b"h", b"s"), (b"ms", b"s"), (b"Sec", b"Min")),
    ((b"volt", b"millivolt"), (b"ampere", b"milliampere"), (b"second", b"hour"), (b"ah", b"mah")),
)  # fmt: skip

Change = Callable[[bytes, random.Random, "Others"], bytes | None]


@dataclass(frozen=True, slots=True)
class Others:
    """Other files whose pieces get into this one."""

    contents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A damaged file: the number that names it, the kind of damage, the base and the bytes."""

    number: int
    kind: str
    base: Base
    content: bytes
    suffix: str


def is_text(content: bytes) -> bool:
    """Whether the bytes are lines of text."""
    return (
        b"\x00" not in content[:4096] and not content.startswith((b"PK\x03\x04", b"PAR1")) and content.count(b"\n") > 2
    )


# -- any bytes --------------------------------------------------------------------------------------------------------


def _spot(content: bytes, chance: random.Random) -> int:
    return chance.randrange(min(len(content), HEAD)) if chance.random() < 0.25 else chance.randrange(len(content))


def flip_bits(content: bytes, chance: random.Random, others: Others) -> bytes:
    """1 to 8 bits flip."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        made[_spot(content, chance)] ^= 1 << chance.randrange(8)
    return bytes(made)


def flip_bytes(content: bytes, chance: random.Random, others: Others) -> bytes:
    """1 to 8 bytes become others."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        made[_spot(content, chance)] = chance.randrange(256)
    return bytes(made)


def delete_bytes(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A few bytes are missing."""
    spot = _spot(content, chance)
    return content[:spot] + content[spot + chance.choice((1, 1, 2, 3, 8, 20)) :]


def insert_bytes(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A few bytes are inserted."""
    spot, size = _spot(content, chance), chance.choice((1, 1, 2, 3, 8, 20))
    return content[:spot] + bytes(chance.randrange(256) for _ in range(size)) + content[spot:]


def blank_block(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A block of a disk was never written: zeros, or blanks, or ones."""
    spot, size = chance.randrange(len(content)), chance.choice((16, 64, 512, 4096))
    filler = chance.choice((b"\x00", b"\x00", b"\xff", b" "))
    end = min(len(content), spot + size)
    return content[:spot] + filler * (end - spot) + content[end:]


def truncate(content: bytes, chance: random.Random, others: Others) -> bytes:
    """The copy stopped anywhere."""
    return content[: chance.randrange(len(content))]


def truncate_round(content: bytes, chance: random.Random, others: Others) -> bytes:
    """The copy stopped at a round number of bytes, or of the ends of records and tables."""
    step = chance.choice((8, 64, 512, 4096))
    return content[: step * chance.randrange(1, max(2, len(content) // step))]


def double_block(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A block stands twice."""
    first, last = _block(content, chance)
    return content[:last] + content[first:last] + content[last:]


def lose_block(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A block is missing."""
    first, last = _block(content, chance)
    return content[:first] + content[last:]


def swap_blocks(content: bytes, chance: random.Random, others: Others) -> bytes:
    """Two neighbouring blocks are exchanged."""
    first, last = _block(content, chance)
    after = min(len(content), last + last - first)
    return content[:first] + content[last:after] + content[first:last] + content[after:]


def _block(content: bytes, chance: random.Random) -> tuple[int, int]:
    size = chance.choice((16, 64, 128, 512, 1024, 4096))
    first = chance.randrange(max(1, len(content) // size)) * size
    return first, min(len(content), first + size)


def other_file(content: bytes, chance: random.Random, others: Others) -> bytes | None:
    """A piece of another file got in between, in place of or beside what stood there."""
    if not others.contents:
        return None
    source = chance.choice(others.contents)
    size = chance.choice((64, 512, 4096))
    begin, spot = chance.randrange(max(1, len(source) - size)), chance.randrange(len(content))
    kept = content[spot + size :] if chance.random() < 0.5 else content[spot:]
    return content[:spot] + source[begin : begin + size] + kept


# -- lines of text ----------------------------------------------------------------------------------------------------


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def _some(lines: list[bytes], chance: random.Random) -> tuple[int, int]:
    """A stretch of 1 to 30 lines, seldom of the header."""
    first = chance.randrange(0 if chance.random() < 0.1 else min(len(lines) - 1, 3), len(lines))
    return first, min(len(lines), first + chance.choice((1, 1, 1, 2, 3, 5, 10, 30)))


def truncate_at_line(content: bytes, chance: random.Random, others: Others) -> bytes:
    """The copy stopped at the end of a line."""
    lines = _lines(content)
    return b"".join(lines[: chance.randrange(1, len(lines))])


def truncate_inside_number(content: bytes, chance: random.Random, others: Others) -> bytes:
    """The copy stopped a few bytes before the end of a line."""
    lines = _lines(content)
    last = lines[: chance.randrange(2, len(lines))]
    return b"".join(last).rstrip(b"\r\n")[: -chance.randint(1, 12)]


def double_lines(content: bytes, chance: random.Random, others: Others) -> bytes:
    """Lines stand twice."""
    lines = _lines(content)
    first, last = _some(lines, chance)
    return b"".join([*lines[:last], *lines[first:last], *lines[last:]])


def lose_lines(content: bytes, chance: random.Random, others: Others) -> bytes:
    """Lines are missing."""
    lines = _lines(content)
    first, last = _some(lines, chance)
    return b"".join([*lines[:first], *lines[last:]])


def swap_lines(content: bytes, chance: random.Random, others: Others) -> bytes:
    """Two stretches of lines are exchanged: neighbours, or any."""
    lines = _lines(content)
    first, last = _some(lines, chance)
    size = last - first
    if chance.random() < 0.5:
        return b"".join([*lines[:first], *lines[last : last + size], *lines[first:last], *lines[last + size :]])
    other = chance.randrange(len(lines))
    lines[first], lines[other] = lines[other], lines[first]
    return b"".join(lines)


def move_lines(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A stretch of lines stands somewhere else."""
    lines = _lines(content)
    first, last = _some(lines, chance)
    rest = [*lines[:first], *lines[last:]]
    spot = chance.randrange(len(rest) + 1)
    return b"".join([*rest[:spot], *lines[first:last], *rest[spot:]])


def header_again(content: bytes, chance: random.Random, others: Others) -> bytes:
    """The header stands in the middle once more: whole, or its last lines."""
    lines = _lines(content)
    count = _header_lines(lines)
    begin = 0 if chance.random() < 0.5 else max(0, count - 1)
    spot = chance.randrange(len(lines))
    return b"".join([*lines[:spot], *lines[begin:count], *lines[spot:]])


def file_again(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A part of the file is appended once more, as after a second export into the same file."""
    lines = _lines(content)
    count = _header_lines(lines)
    first = chance.choice((0, count, chance.randrange(len(lines))))
    return b"".join([*lines, *lines[first : first + chance.randrange(1, len(lines))]])


def note_between(content: bytes, chance: random.Random, others: Others) -> bytes:
    """A line that is no record stands between the records."""
    lines = _lines(content)
    spot = chance.randrange(len(lines))
    line = chance.choice(
        (b"\n", b"\r\n", b"# paused by operator\n", b"pause;;;\n", b",,,,,,\n", b"--- page 2 ---\n", b'"\n')
    )
    return b"".join([*lines[:spot], line, *lines[spot:]])


def _header_lines(lines: list[bytes]) -> int:
    for number, line in enumerate(lines):
        if len(_NUMBER.findall(line)) >= 3 and b":" not in line[:12]:
            return number
    return min(1, len(lines))


# -- numbers and words ------------------------------------------------------------------------------------------------


def _number_in(content: bytes, chance: random.Random) -> re.Match[bytes] | None:
    spot = chance.randrange(len(content))
    return _NUMBER.search(content, spot) or _NUMBER.search(content)


def change_digit(content: bytes, chance: random.Random, others: Others) -> bytes | None:
    """1 to 3 digits become others."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        found = _number_in(content, chance)
        if found is None:
            return None
        spots = [spot for spot in range(*found.span()) if content[spot : spot + 1].isdigit()]
        made[chance.choice(spots)] = chance.choice(b"0123456789")
    return bytes(made)


def change_number(content: bytes, chance: random.Random, others: Others) -> bytes | None:
    """One number loses its sign, its point, an exponent's sign, its last digits, or becomes a word, a comma or nothing."""
    found = _number_in(content, chance)
    if found is None:
        return None
    text = found[0]
    offers = [
        chance.choice(_WORDS), text.replace(b".", b","), text.replace(b".", b""), text.replace(b"e-", b"e").replace(b"E-", b"E"),
        text[1:] if text[:1] in b"+-" else b"-" + text, text[: max(1, len(text) // 2)], text + b"0", b" " + text,
        text.replace(b".", b". "), text + b"e3", b'"' + text + b'"', text[:-1] + b"e-" + text[-1:],
    ]  # fmt: skip
    return content[: found.start()] + chance.choice(offers) + content[found.end() :]


def change_units(content: bytes, chance: random.Random, others: Others) -> bytes | None:
    """The header names a unit a thousand times as large or small."""
    lines = _lines(content)
    head = b"".join(lines[: max(1, _header_lines(lines))])
    pairs = [pair for family in _UNITS for pair in family]
    chance.shuffle(pairs)
    for small, large in pairs:
        for old, new in ((small, large), (large, small)):
            found = list(re.finditer(rb"(?<![A-Za-z])" + re.escape(old) + rb"(?![A-Za-z])", head))
            if found:
                one = chance.choice(found)
                changed = head[: one.start()] + new + head[one.end() :]
                return changed + content[len(head) :]
    return None


def exchange_names(content: bytes, chance: random.Random, others: Others) -> bytes | None:
    """Two names of columns are exchanged, or one is misspelled."""
    lines = _lines(content)
    number = max(0, _header_lines(lines) - 1)
    line = lines[number].rstrip(b"\r\n")
    delimiter = max((b",", b"\t", b";"), key=line.count)
    names = line.split(delimiter)
    if len(names) < 3:
        return None
    first, second = chance.sample(range(len(names)), 2)
    if chance.random() < 0.6:
        names[first], names[second] = names[second], names[first]
    else:
        names[first] = names[first][:1] + names[first][2:]
    lines[number] = delimiter.join(names) + lines[number][len(line) :]
    return b"".join(lines)


ANY: tuple[Change, ...] = (
    flip_bits, flip_bytes, delete_bytes, insert_bytes, blank_block, truncate, truncate_round, double_block, lose_block,
    swap_blocks, other_file,
)  # fmt: skip
TEXT: tuple[Change, ...] = (
    flip_bits, flip_bytes, delete_bytes, insert_bytes, blank_block, truncate, truncate_at_line, truncate_inside_number,
    double_lines, lose_lines, swap_lines, move_lines, header_again, file_again, note_between, change_digit, change_digit,
    change_number, change_number, change_units, exchange_names, other_file,
)  # fmt: skip
NUMBERS: tuple[Change, ...] = (change_digit,) * 4 + (change_number,) * 4
_SUFFIXES = (".csv", ".txt", ".xlsx", ".ndax", ".mpr", ".res", ".parquet", ".001", "")


def mutation(bases: list[Base], others: Others, name: str, seed: int, number: int) -> Mutation:
    """The damage that format, seed and number name."""
    chance = random.Random(f"{name}/{seed}/{number}")
    base = bases[0] if chance.random() < 0.5 else chance.choice(bases)
    suffix = base.suffix
    if chance.random() < 0.02:
        return Mutation(number, "wrong_extension", base, base.content, chance.choice(_SUFFIXES))
    for _ in range(20):
        if base.content.startswith(b"PK\x03\x04") and chance.random() < 0.6:
            kind, content = in_member(base.content, chance, lambda inner: _changed(inner, chance, others))
        else:
            kind, content = _changed(base.content, chance, others)
        if content is not None and content != base.content:
            return Mutation(number, kind, base, content, suffix)
    return Mutation(number, "none", base, base.content, suffix)


def _changed(content: bytes, chance: random.Random, others: Others) -> tuple[str, bytes | None]:
    if len(content) < 2:
        return "none", None
    markup = content[:200].lstrip().startswith(b"<")
    change = chance.choice(TEXT if is_text(content) else (*ANY, *NUMBERS) if markup else ANY)
    return change.__name__, change(content, chance, others)
