"""How are compiled loops called without loading the compiler? Their machine code is kept on disk and linked by itself.

The compiler takes half a second of every process, also where all that it would compile is on disk already. Linking takes a twentieth
of that. What is kept belongs to one source, one compiler and one kind of processor, and is compiled again where any of them differs.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

#: What loops may call besides each other: functions of the C library, which every process has.
C_FUNCTIONS = frozenset(
    ("acos", "asin", "atan", "cos", "exp", "log", "log10", "memcpy", "memmove", "memset", "pow", "sin", "sqrt", "tan")
)
_FOLDER = "INTERLITH_COMPILED"
_DIGEST = 32

Entry = Callable[..., None]


class MachineCode:
    """Compiled entries of one module, loaded when the first of them is asked for.

    Parameters
    ----------
    name
        Of the file that is kept.
    compiled
        Gives functions of ``numba.cfunc`` by name; called only to compile.
    sources
        Files that the code follows from.
    arguments
        Name -> kinds of its arguments: ``a`` an address, ``n`` a whole number, ``d`` a number. No entry gives anything back.
    """

    def __init__(
        self,
        name: str,
        compiled: Callable[[], Mapping[str, Any]],
        sources: Sequence[Path],
        arguments: Mapping[str, str],
    ) -> None:
        self._name, self._compiled, self._sources, self._arguments = name, compiled, tuple(sources), dict(arguments)
        self._entries: dict[str, Entry] = {}
        self._engine: Any = None

    def __getitem__(self, name: str) -> Entry:
        if not self._entries:
            self._load()
        return self._entries[name]

    def _load(self) -> None:
        addresses: Mapping[str, int] = {}
        folder = kept_folder() if sys.platform.startswith("linux") else None
        if folder is not None:
            path = folder / f"{self._name}-{self.key()}.o"
            code = _read(path)
            if code is None:
                code = machine_code(self._compiled())
                if code is not None:
                    _write(path, code)
            if code is not None:
                self._engine, addresses = _linked(code, list(self._arguments))
        if not addresses:
            compiled = self._compiled()
            addresses = {name: compiled[name].address for name in self._arguments}
        kinds = {"a": ctypes.c_void_p, "n": ctypes.c_ssize_t, "d": ctypes.c_double}
        self._entries = {
            name: ctypes.CFUNCTYPE(None, *(kinds[kind] for kind in told))(addresses[name])
            for name, told in self._arguments.items()
        }

    def key(self) -> str:
        """What the code belongs to: its sources, the compiler, Python and the processor."""
        from importlib.metadata import version

        import llvmlite  # type: ignore[import-untyped]
        from llvmlite import binding as llvm

        digest = hashlib.sha256()
        for path in self._sources:
            digest.update(path.read_bytes())
        about = (
            *(llvmlite.__version__, version("numba"), sys.version, llvm.get_process_triple(), llvm.get_host_cpu_name()),
            *(llvm.get_host_cpu_features().flatten(), repr(sorted(self._arguments.items()))),
        )
        digest.update("\n".join(about).encode())
        return digest.hexdigest()[:32]


def kept_folder() -> Path | None:
    """Where compiled code is kept: ``INTERLITH_COMPILED``, by default in the user's cache; none where that is empty."""
    told = os.environ.get(_FOLDER)
    if told is None:
        from platformdirs import user_cache_path

        return user_cache_path("interlith") / "compiled"
    return Path(told) if told else None


def machine_code(entries: Mapping[str, Any]) -> bytes | None:
    """Machine code of functions of ``numba.cfunc``; none where it would call more than functions of the C library.

    Parameters
    ----------
    entries
        By name.
    """
    from llvmlite import binding as llvm

    machine = _machine(3)
    whole: Any = None
    for name, entry in entries.items():
        module = llvm.parse_assembly(entry.inspect_llvm())
        for item in (*module.functions, *module.global_variables):
            if not item.is_declaration and item.name != entry.native_name:
                item.linkage = "internal"
        # Nothing fails in the loops: what would tell Python of a failure is never reached, and goes.
        passes = llvm.create_new_module_pass_manager()
        passes.add_ipsccp_pass()
        passes.add_simplify_cfg_pass()
        passes.add_global_dead_code_eliminate_pass()
        passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
        outside = {item.name for item in module.functions if item.is_declaration and not item.name.startswith("llvm.")}
        if not outside <= C_FUNCTIONS:
            return None
        module.get_function(entry.native_name).name = f"entry_{name}"
        if whole is None:
            whole = module
        else:
            whole.link_in(module)
    return None if whole is None else bytes(machine.emit_object(whole))


def _machine(effort: int) -> Any:
    from llvmlite import binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=effort, reloc="default",
        codemodel="jitdefault", jit=True,
    )  # fmt: skip


def _linked(code: bytes, names: Sequence[str]) -> tuple[Any, Mapping[str, int]]:
    """The engine that holds the code while it lives, and the addresses of entries; none where one is missing."""
    from llvmlite import binding as llvm

    process = ctypes.CDLL(None)
    if not all(hasattr(process, name) for name in C_FUNCTIONS):
        return None, {}
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine(0))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    found = {name: engine.get_function_address(f"entry_{name}") for name in names}
    return engine, found if all(found.values()) else {}


def _read(path: Path) -> bytes | None:
    """Kept code that is whole."""
    try:
        kept = path.read_bytes()
    except OSError:
        return None
    code = kept[_DIGEST:]
    return code if hashlib.sha256(code).digest() == kept[:_DIGEST] else None


def _write(path: Path, code: bytes) -> None:
    """Keep code under its name at once; where nothing can be written, the next process compiles again."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(hashlib.sha256(code).digest() + code)
        Path(file.name).replace(path)
    except OSError:
        return
