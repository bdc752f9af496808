"""Machine code is kept, linked without the compiler, and made again where it is damaged or may not be kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import carray, cfunc, float64, intp, types

from interlith.numerics.machine_code import C_FUNCTIONS, MachineCode, kept_folder, machine_code

REALS = types.CPointer(float64)
HOME = """
from pathlib import Path
from interlith.numerics.machine_code import MachineCode

def compiled():
    from numba import carray, cfunc, float64, intp, types
    import math
    @cfunc(types.void(types.CPointer(float64), intp, float64), error_model="numpy")
    def turned(x, n, angle):
        values = carray(x, (n,))
        for place in range(n):
            values[place] = math.sin(values[place] + angle) / 2
    return {"turned": turned}

CODE = MachineCode("toy", compiled, [Path(__file__)], {"turned": "and"})
"""
CALL = (
    "import sys, numpy as np, toy; x = np.array([0.5, 1.0, 2.0]); toy.CODE['turned'](x.ctypes.data, 3, 0.25); "
    "print(repr(x.tolist()), 'numba' in sys.modules)"
)


def called(folder: Path) -> tuple[str, str]:
    told = subprocess.run([sys.executable, "-c", CALL], capture_output=True, text=True, check=True, cwd=folder)
    values, _, loaded = told.stdout.strip().rpartition(" ")
    return values, loaded


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the compiler is loaded")
def test_later_processes_do_without_the_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLITH_COMPILED", str(tmp_path / "kept"))
    (tmp_path / "toy.py").write_text(HOME, encoding="utf-8")
    first = called(tmp_path)
    assert first == (repr((np.sin(np.array([0.75, 1.25, 2.25])) / 2).tolist()), "True")
    (kept,) = (tmp_path / "kept").iterdir()
    assert called(tmp_path) == (first[0], "False")
    # Damaged code is not linked.
    raw = bytearray(kept.read_bytes())
    raw[-100] ^= 1
    kept.write_bytes(bytes(raw))
    assert called(tmp_path) == first
    assert called(tmp_path) == (first[0], "False")
    # Another source is other code.
    (tmp_path / "toy.py").write_text(HOME.replace("/ 2", "/ 4"), encoding="utf-8")
    assert called(tmp_path)[1] == "True"
    assert len(list((tmp_path / "kept").iterdir())) == 2


def filled(x: float, n: int) -> None:
    values = carray(x, (n,))
    rooms = np.empty(n)
    for place in range(n):
        rooms[place] = 3.0 * place
    values[:] = rooms


def test_code_that_wants_more_than_the_c_library_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLITH_COMPILED", str(tmp_path / "kept"))
    entry = cfunc(types.void(REALS, intp))(filled)
    assert machine_code({"filled": entry}) is None
    code = MachineCode("filled", lambda: {"filled": entry}, [Path(__file__)], {"filled": "an"})
    x = np.zeros(4)
    code["filled"](x.ctypes.data, 4)
    assert x.tolist() == [0.0, 3.0, 6.0, 9.0]
    assert not (tmp_path / "kept").exists()


def test_an_empty_folder_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLITH_COMPILED", "")
    assert kept_folder() is None
    monkeypatch.delenv("INTERLITH_COMPILED")
    folder = kept_folder()
    assert folder is not None
    assert folder.name == "compiled"
    assert "NRT_Allocate" not in C_FUNCTIONS
