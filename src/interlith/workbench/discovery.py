"""Which formats and techniques are there, ours and those that others installed?"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TypeVar

from interlith.errors import MissingDependency, StudyError, nearest
from interlith.model import Format, Technique

Kind = TypeVar("Kind", Format, Technique)


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
    """All techniques by name: one folder each in `interlith.techniques`, and entry points ``interlith.techniques``.

    Raises
    ------
    MissingDependency
        If an installed plug-in cannot be imported: the message names it.
    StudyError
        If two techniques carry one name.
    """
    return _collect("interlith.techniques", "TECHNIQUE", Technique)


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
    for point in sorted(entry_points(group=package_name), key=lambda point: point.name):
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
        _add(found, item, point.value)
    return MappingProxyType(found)


def _add(found: dict[str, Kind], item: Kind, origin: str) -> None:
    if item.name in found:
        raise StudyError(f"{origin} is named '{item.name}', a name already taken; rename one of the two.")
    found[item.name] = item
