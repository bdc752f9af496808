"""Which source code made a number: what must be computed again after an edit, and what need not?"""

from __future__ import annotations

import ast
import hashlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

#: Libraries whose version may change a number; only those that the code of a step imports enter its version.
NUMERICAL = frozenset(
    (
        *(
            "numpy",
            "polars",
            "scipy",
            "xarray",
            "h5netcdf",
            "numba",
            "jax",
            "fastnda",
            "python_calamine",
            "pint",
            "torch",
        ),
        *("gemmi", "spglib", "xraydb", "periodictable"),
    )
)
#: Data files that a module reads, if it names them.
DATA_SUFFIXES = (".toml", ".yaml", ".csv", ".json")


#: Sums of numbers, for one, changed their last digit from one to the next.
PYTHON = ".".join(platform.python_version_tuple()[:2])


@dataclass(frozen=True, slots=True)
class Code:
    """The code behind a step.

    Parameters
    ----------
    hash
        Of all of it.
    modules
        Module -> first twelve hex digits of the SHA-256 of its source.
    versions
        Library -> version, of Python and of the numerical libraries that these modules import.
    """

    hash: str
    modules: Mapping[str, str]
    versions: Mapping[str, str]


@cache
def code_of(*roots: str) -> Code:
    """The code of some modules with everything of the same packages that they import, directly or not.

    Parameters
    ----------
    roots
        Names of modules, for instance ``interlith.techniques.cycling.plateau``.

    Notes
    -----
    Imports are read from the source, those inside of functions included, those for type checking left out. A name that a
    package only passes on (``from interlith.model import Choice``) counts as an import of the module that defines it.
    The assumption that fails first: that no module is imported by a name that is made up at run time.
    """
    first_party = {"interlith"} | {root.partition(".")[0] for root in roots}
    seen: dict[str, str] = {}
    libraries: set[str] = set()
    waiting = list(roots)
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        source = _source(module)
        if source is None:
            continue
        seen[module] = source.digest
        for name in source.imports:
            top = name.partition(".")[0]
            if top in first_party:
                waiting += _resolve(name)
            elif top in NUMERICAL:
                libraries.add(top)
    versions = {"python": PYTHON} | {name: _version(name) for name in sorted(libraries)}
    modules = dict(sorted(seen.items()))
    digest = hashlib.sha256(json.dumps([modules, versions]).encode()).hexdigest()
    return Code(digest, {name: found[:12] for name, found in modules.items()}, versions)


def numerical_versions() -> dict[str, str]:
    """Versions of Python and of all numerical libraries, whoever imports them."""
    return {"python": PYTHON} | {name: _version(name) for name in sorted(NUMERICAL)}


@cache
def package_hash(package: str = "interlith") -> str:
    """Hash of the whole source of a package: for what follows from all of it and costs little."""
    folder = _folder(package)
    digest = hashlib.sha256()
    if folder is None:
        return ""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Source:
    digest: str
    imports: tuple[str, ...]
    passed_on: Mapping[str, str]


@cache
def _folder(top: str) -> Path | None:
    spec = find_spec(top)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)


@cache
def _path(module: str) -> Path | None:
    """File of a module, without importing it."""
    top, *rest = module.split(".")
    base = _folder(top)
    if base is None or base.is_file():
        return base if base is not None and not rest else None
    place = base.joinpath(*rest)
    if (place / "__init__.py").is_file():
        return place / "__init__.py"
    return place.with_suffix(".py") if rest and place.with_suffix(".py").is_file() else None


@cache
def _source(module: str) -> _Source | None:
    path = _path(module)
    if path is None:
        return None
    raw = path.read_bytes()
    tree = ast.parse(raw)
    found = list(_imports(tree.body, module if path.name == "__init__.py" else module.rpartition(".")[0]))
    digest = hashlib.sha256(raw)
    for data in _data_files(path, raw):
        digest.update(data.read_bytes())
    return _Source(
        digest.hexdigest(), tuple(name for name, _ in found), {alias: name for name, alias in found if alias}
    )


def _data_files(path: Path, raw: bytes) -> list[Path]:
    """Data files beside a module that its source names."""
    return [
        item for item in sorted(path.parent.iterdir()) if item.suffix in DATA_SUFFIXES and item.name.encode() in raw
    ]


def _imports(body: Iterable[ast.AST], package: str) -> Iterator[tuple[str, str]]:
    """Dotted names that are imported, and under which name; ``from a import b`` gives ``a.b``."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imports(node.orelse, package)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, alias.asname or ""
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([base] if base else [])])
            for alias in node.names:
                yield f"{base}.{alias.name}", alias.asname or alias.name
        else:
            # Imports are statements, and statements stand only in bodies: expressions need no look.
            for name in ("body", "orelse", "finalbody", "handlers", "cases"):
                yield from _imports(getattr(node, name, ()), package)


def _resolve(name: str) -> list[str]:
    """The module that an imported dotted name means: itself, or the one that defines the name."""
    if _path(name) is not None:
        return [name]
    module, _, attribute = name.rpartition(".")
    path = _path(module) if module else None
    if path is None:
        return _resolve(module) if module else []
    source = _source(module)
    if path.name == "__init__.py" and source is not None and attribute in source.passed_on:
        return _resolve(source.passed_on[attribute])
    return [module]


@cache
def _version(library: str) -> str:
    try:
        return version(library.replace("_", "-"))
    except PackageNotFoundError:
        return "absent"
