"""What are the lines of a text with diffraction patterns, whatever its code page?"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from interlith.errors import ReadError
from interlith.layouts.bruker_binary import loaded
from interlith.layouts.text_layout import UTF16, is_text

#: Three letters in a row of the upper half of a code page: Cyrillic words have them, Western ones hardly ever.
_CYRILLIC = re.compile(rb"[\xc0-\xff\xa8\xb8]{3}")


def decoded(content: bytes) -> str:
    """Text of UTF-8, UTF-16 by its mark, else Windows-1251 where words are Cyrillic, else Windows-1252. Never raises."""
    if content[:2] in UTF16:
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        page = "cp1251" if _CYRILLIC.search(content) else "cp1252"
        return content.decode(page, errors="replace")


def lines_of(content: bytes, where: str) -> list[str]:
    """The lines of a text.

    Raises
    ------
    ReadError
        If it is empty or no text.
    """
    if not content:
        raise ReadError(f"{where}: the file is empty (0 bytes); copy it again from the instrument.")
    if not is_text(content[:65_536]) or (b"\0" in content and content[:2] not in UTF16):
        spot = max(content.find(b"\0"), 0)
        raise ReadError(f"{where}: byte {spot}: this is not text; export the pattern as text, or copy it again.")
    return decoded(content).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def read_lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises
    ------
    ReadError
        If it cannot be opened, is too large, empty or no text.
    """
    return lines_of(loaded(path).data, str(path))


@lru_cache(maxsize=4)
def head_lines(head: bytes) -> tuple[str, ...]:
    """The whole lines in the first bytes of a file, for recognising it; empty if it is no text. Never raises."""
    if not is_text(head):
        return ()
    lines = decoded(head).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(lines[:-1] if len(head) >= 65_536 else lines)
