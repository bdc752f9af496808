"""Which formats and techniques are there, ours and those that others installed?"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from interlith.errors import MissingDependency, StudyError, nearest
from interlith.model import Format, Technique

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

Kind = TypeVar("Kind", Format, Technique)


def entry_points(group: str) -> EntryPoints:
    """What others installed for a group."""
    from importlib.metadata import entry_points

    return entry_points(group=group)


class Techniques(Mapping[str, Technique]):
    """Techniques by name: ours, each imported once somebody asks for it, and those that others installed.

    A name that is looked up imports one technique; values and items import all.
    """

    def __init__(self, own: tuple[str, ...], theirs: Mapping[str, Technique]) -> None:
        self._own, self._theirs = own, theirs
        self._found: dict[str, Technique] = {}

    def __getitem__(self, name: str) -> Technique:
        if name in self._theirs:
            return self._theirs[name]
        if name not in self._own:
            raise KeyError(name)
        if name not in self._found:
            module = importlib.import_module(f"interlith.techniques.{name}")
            self._found[name] = module.TECHNIQUE
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._theirs

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self._theirs

    def __len__(self) -> int:
        return len(self._own) + len(self._theirs)


@cache
def formats() -> Mapping[str, Format]:
    """All formats by name: one module each in `interlith.formats`, and entry points ``interlith.formats``.

    Raises
    ------
    MissingDependency
        If an installed plug-in cannot be imported: the message names it.
    StudyError
        If two formats carry one name.
    """
    return _collect("interlith.formats", "FORMAT", Format)


@cache
def techniques() -> Mapping[str, Technique]:
    """All techniques by name: one folder of that name each in `interlith.techniques`, and entry points ``interlith.techniques``.

    Ours are imported when they are looked up, each by itself.

    Raises
    ------
    MissingDependency
        If an installed plug-in cannot be imported: the message names it.
    StudyError
        If two techniques carry one name.
    """
    folders = sorted(
        one.name for one in pkgutil.iter_modules(importlib.import_module("interlith.techniques").__path__) if one.ispkg
    )
    theirs: dict[str, Technique] = {}
    for item, origin in _installed("interlith.techniques", Technique):
        _add(theirs, item, origin, folders)
    return Techniques(tuple(folders), theirs)


def technique(name: str) -> Technique:
    """Look up one technique.

    Raises
    ------
    StudyError
        If there is none of that name.
    """
    try:
        return techniques()[name]
    except KeyError:
        raise StudyError(f"There is no technique '{name}'; {nearest(name, techniques())}.") from None


def _collect(package_name: str, attribute: str, kind: type[Kind]) -> Mapping[str, Kind]:
    package = importlib.import_module(package_name)
    found: dict[str, Kind] = {}
    for module_info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{package_name}.{module_info.name}")
        item = getattr(module, attribute, None)
        if isinstance(item, kind):
            _add(found, item, f"{package_name}.{module_info.name}")
    for item, origin in _installed(package_name, kind):
        _add(found, item, origin)
    return MappingProxyType(found)


def _installed(group: str, kind: type[Kind]) -> Iterator[tuple[Kind, str]]:
    """Items that others installed, and where each comes from."""
    for point in sorted(entry_points(group), key=lambda point: point.name):
        try:
            item = point.load()
        except Exception as error:  # a stranger's plug-in may fail in any way; the message must name it
            raise MissingDependency(
                f"The plug-in '{point.name}' ({point.value}) cannot be loaded: {error}. Repair or uninstall its package."
            ) from error
        if not isinstance(item, kind):
            raise MissingDependency(
                f"The plug-in '{point.name}' ({point.value}) is a {type(item).__name__}, not a {kind.__name__}."
            )
        yield item, point.value


def _add(found: dict[str, Kind], item: Kind, origin: str, taken: Collection[str] = ()) -> None:
    if item.name in found or item.name in taken:
        raise StudyError(f"{origin} is named '{item.name}', a name already taken; rename one of the two.")
    found[item.name] = item
