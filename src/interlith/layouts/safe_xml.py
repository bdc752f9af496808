"""What does an XML document of an instrument hold, without entities, without trust in its size?

Names are compared without their namespaces, which differ with every version of a vendor's program.
"""

from __future__ import annotations

import importlib
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from numpy.typing import NDArray

from interlith.errors import ReadError

#: Largest document (bytes) that is taken into memory.
LARGEST = 400_000_000


def parsed(data: bytes, where: str) -> Element:
    """The root of a document.

    Raises
    ------
    ReadError
        If it is too large, no well-formed XML, or declares entities.
    """
    if len(data) > LARGEST:
        raise ReadError(
            f"{where}: {len(data)} bytes of XML are more than is read ({LARGEST}); export fewer scans a file."
        )
    reader: Any = importlib.import_module("defusedxml.ElementTree")
    common: Any = importlib.import_module("defusedxml.common")
    try:
        root = reader.fromstring(data, forbid_dtd=True)
    except ParseError as error:
        line, column = getattr(error, "position", (0, 0))
        raise ReadError(
            f"{where}: line {line}, column {column}: this is no well-formed XML ({error}); the file is damaged or cut short. Copy it "
            "again."
        ) from error
    except common.DefusedXmlException as error:
        raise ReadError(f"{where}: the XML declares a document type or entities, which no instrument does.") from error
    except (ValueError, LookupError, MemoryError, RecursionError) as error:
        raise ReadError(f"{where}: the XML cannot be decoded ({error}); copy the file again.") from error
    assert isinstance(root, Element)  # the reader has no types
    return root


def local(element: Element) -> str:
    """Name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    """Namespace of an element; empty where it has none."""
    return str(element.tag)[1:].partition("}")[0] if str(element.tag).startswith("{") else ""


def every(element: Element | None, name: str) -> list[Element]:
    """Children of a name, in order."""
    return [] if element is None else [child for child in element if local(child) == name]


def find(element: Element | None, *path: str) -> Element | None:
    """The first child of a name, and so on down a path; `None` where there is none."""
    for name in path:
        element = next(iter(every(element, name)), None)
    return element


def below(element: Element, name: str) -> list[Element]:
    """All elements of a name at any depth, in order."""
    return [item for item in element.iter() if local(item) == name]


def text(element: Element | None) -> str:
    """Text of an element; empty where it is missing."""
    return "" if element is None or element.text is None else element.text.strip()


def attribute(element: Element | None, name: str) -> str:
    """An attribute without regard to its namespace; empty where it is missing."""
    if element is None:
        return ""
    return next((value.strip() for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def number(element: Element | None, where: str) -> float | None:
    """A number; `None` where the element is missing or empty.

    Raises
    ------
    ReadError
        If it holds something else.
    """
    written = text(element)
    if element is None or not written:
        return None
    return as_number(written, f"{where}: the element <{local(element)}>")


def as_number(written: str, where: str) -> float:
    """A written number.

    Raises
    ------
    ReadError
        If it is none.
    """
    try:
        return float(written)
    except ValueError:
        raise ReadError(f"{where} holds '{written[:40]}', which is no number; the file is damaged.") from None


def numbers(element: Element, where: str) -> NDArray[np.float64]:
    """A list of numbers between blanks.

    Raises
    ------
    ReadError
        If one is no number: its place in the list is named.
    """
    words = (element.text or "").split()
    try:
        return np.array(words, dtype=np.float64)
    except ValueError:
        spot = next(place for place, word in enumerate(words) if not _is_number(word))
        raise ReadError(
            f"{where}: value {spot + 1} of the element <{local(element)}> is '{words[spot][:40]}', which is no number; the file is "
            "damaged."
        ) from None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
